"""An invoice run of many families: seconds to prepare and to issue a whole month, and how long its longest step is.

.venv/bin/python -m bench.runs [--families 5000] [--minimum 1500]
"""

from __future__ import annotations

import argparse
import gc
import tempfile
import time
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

from sqlalchemy import event, func, select

from app import clock
from app.database import db, write_transaction
from app.jobs.invoices import take
from app.models.accounts import User
from app.models.activities import Activity, Office, Unit
from app.models.bookings import Booking, Opening
from app.models.invoices import CarriedMonth, Invoice, InvoiceRun, RunStatus
from app.rules.calendars import add_months
from app.services.cash_desks import read_desk, save_desk
from app.services.invoice_runs import issue, next_step, prepare
from app.services.run_pools import accept, unsettled_kinds
from bench.council import demo_council
from tests.client import recorder

MOST_SECONDS = 60


def largest_office() -> tuple[int, int]:
    """The office with the most bookings of the month that has just ended, and how many."""
    last_day = clock.today() - timedelta(days=1)
    row = db.session.execute(
        select(Activity.office_id, func.count())
        .join(Unit, Unit.activity_id == Activity.id)
        .join(Opening, Opening.unit_id == Unit.id)
        .join(Booking, Booking.opening_id == Opening.id)
        .where(Booking.day.between(last_day.replace(day=1), last_day))
        .group_by(Activity.office_id)
        .order_by(func.count().desc())
    ).first()
    assert row is not None
    return row[0], row[1]


def work(name: str, run_id: int, status: RunStatus) -> float:
    """Let the worker go on with the run as long as it has this status; returns the seconds of CPU."""
    longest, queries, steps = 0.0, 0, 0
    started, cpu = time.monotonic(), time.process_time()
    while (step := next_step(db.session())) is not None and (step.run_id, step.status) == (run_id, status):
        recorder.statements = statements = []
        began = time.process_time()
        take(step)
        longest = max(longest, time.process_time() - began)
        queries, steps = max(queries, len(statements)), steps + 1
    recorder.statements = None
    spent = time.process_time() - cpu
    print(f"{name}   {time.monotonic() - started:6.1f} s   {spent:6.1f} s CPU   {steps} steps, "
          f"the longest {longest:.2f} s CPU, {queries} statements at most")  # fmt: skip
    return spent


def count_of(model: type[Invoice | CarriedMonth], run_id: int) -> int:
    """How many rows a run made."""
    return db.session.scalar(select(func.count()).select_from(model).where(model.run_id == run_id)) or 0


def main() -> None:
    """Build, measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--families", type=int, default=5_000)
    parser.add_argument("--minimum", type=int, default=15_00, help="the least that an invoice asks, in cents")
    wanted = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        copy = demo_council(Path(folder), wanted.families)
        with copy.people():
            event.listen(db.engine, "before_cursor_execute", recorder.note)
            user_id = db.session.scalars(select(User.id).where(User.email == "regie@example.org")).one()
            month = clock.today().replace(day=1)
            clock.start_at(datetime.combine(add_months(month, 1), clock.now().time()))
            office_id, bookings = largest_office()
            with write_transaction() as session:
                save_desk(session, office_id, replace(read_desk(office_id), minimum_cents=wanted.minimum or None))
            name = db.session.get_one(Office, office_id).name
            print(f"{bookings} bookings of a month, {wanted.families} families and those of the demo, {name}")
            gc.freeze()  # as wsgi.py does
            with write_transaction() as session:
                run_id = prepare(session, office_id, month, user_id)
            spent = work("prepared", run_id, RunStatus.PREPARING)
            with write_transaction() as session:
                for kind in unsettled_kinds(session, run_id):
                    accept(session, run_id, kind, "Vu", user_id)
                issue(session, run_id, clock.today(), clock.today() + timedelta(days=30), user_id)
            spent += work("issued  ", run_id, RunStatus.ISSUING)
            run = db.session.get_one(InvoiceRun, run_id)
            assert run.status is RunStatus.ISSUED
            print(f"both       {spent:19.1f} s CPU   ({MOST_SECONDS} s at most)")
            print(f"{count_of(Invoice, run_id)} invoices, {count_of(CarriedMonth, run_id)} families below the minimum")


if __name__ == "__main__":
    main()
