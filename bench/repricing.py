"""Pricing a month of many families anew, after a tariff has changed: seconds, and queries for each hundred families.

.venv/bin/python -m bench.repricing [--families 5000]
"""

from __future__ import annotations

import argparse
import gc
import tempfile
import time
from dataclasses import replace
from pathlib import Path

from sqlalchemy import delete, event, func, select

from app import clock
from app.database import db, write_transaction
from app.models.activities import TariffVersion
from app.models.bookings import Booking, BookingEvent, BookingPriceChange
from app.models.invoices import InvoicedBooking
from app.rules.tariff_grids import AddCents, Condition, Modifier, ModifierKind
from app.services import tariffs
from app.services.catalogue import catalogue
from app.services.households import month_span
from app.services.prices import FAMILIES_PER_BATCH
from bench.council import demo_council
from tests.client import recorder


def keep_one_month() -> int:
    """Forget the bookings of other months; how many are left that no invoice holds."""
    span = month_span(clock.today())
    others = select(Booking.id).where(~Booking.day.between(span.first, span.last))
    with write_transaction() as session:
        for table in (BookingEvent, BookingPriceChange, InvoicedBooking):
            session.execute(delete(table).where(table.booking_id.in_(others)))
        session.execute(delete(Booking).where(~Booking.day.between(span.first, span.last)))
    return db.session.scalar(select(func.count()).select_from(Booking)) or 0


def dearer_by_ten_cents() -> None:
    """Behind the staff's back, every price of every grid."""
    with write_transaction() as session:
        for version in session.scalars(select(TariffVersion)):
            more = Modifier(ModifierKind.STAFF, Condition(), AddCents(10))
            version.grid = replace(version.grid, modifiers=(*version.grid.modifiers, more))


def main() -> None:
    """Build, measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--families", type=int, default=5_000)
    families = parser.parse_args().families
    with tempfile.TemporaryDirectory() as folder:
        copy = demo_council(Path(folder), families)
        with copy.people():
            event.listen(db.engine, "before_cursor_execute", recorder.note)
            print(f"{keep_one_month()} bookings of a month, {families} families and those of the demo")
            dearer_by_ten_cents()
            gc.freeze()  # as wsgi.py does
            activities = list(catalogue().activities.values())
            started, cpu = time.monotonic(), time.process_time()
            effects = [tariffs.effect_of(each, each.tariffs, month_span(clock.today()).first) for each in activities]
            said = f"{time.monotonic() - started:6.1f} s   {time.process_time() - cpu:6.1f} s CPU"
            print(f"what it would change      {said}   {sum(each.count for each in effects)} bookings")
            left = tuple(sorted({family_id for effect in effects for family_id in effect.families}))
            queries = []
            started, cpu = time.monotonic(), time.process_time()
            while left:
                recorder.statements = statements = []
                with write_transaction() as session:
                    left = tariffs.reprice_next(session, left)
                queries.append(sum(1 for statement in statements if statement.startswith("SELECT")))
            recorder.statements = None
            said = f"{time.monotonic() - started:6.1f} s   {time.process_time() - cpu:6.1f} s CPU"
            print(f"priced anew               {said}   {len(queries)} batches of {FAMILIES_PER_BATCH} families")
            print(f"reading statements of a batch: {min(queries)} to {max(queries)}")
            changes = db.session.scalar(select(func.count()).select_from(BookingPriceChange))
            print(f"{changes} bookings have another price")


if __name__ == "__main__":
    main()
