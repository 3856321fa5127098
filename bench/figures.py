"""Seconds and queries of « Chiffres » over a month, a quarter and a school year among 4 million bookings (the aims: 3 s
for a month, 20 queries), with what was seen and invoiced of each.

.venv/bin/python -m bench.figures [--bookings 4000000] [--families 5000]
"""

from __future__ import annotations

import argparse
import sqlite3
import tempfile
import time
from datetime import date
from pathlib import Path

from sqlalchemy import event, text

from app.database import db
from app.services import figures, revenues
from app.services.catalogue import catalogue
from app.services.offices import list_offices
from app.services.sheet_scopes import Asked, sheet_scope
from bench.council import demo_council
from bench.volumes import grow

SPANS = {
    "a month": (date(2025, 3, 1), date(2025, 3, 31)),
    "a quarter": (date(2025, 1, 1), date(2025, 3, 31)),
    "a school year": (date(2024, 9, 1), date(2025, 8, 31)),
}
_OPEN_SEASON = "UPDATE season SET ends_on = '2026-08-31' WHERE ends_on < '2023-01-01'"
_MOVE_SETTINGS = "UPDATE council SET settings_version = settings_version + 1"
_SEE = """
    INSERT OR IGNORE INTO attendance (child_id, opening_id, booking_id, turnout, version, meant_at, recorded_by_id)
    SELECT child_id, opening_id, id, CASE WHEN id % 9 THEN 'present' ELSE 'absent' END, 1, '2025-01-01',
           (SELECT min(id) FROM user_account)
    FROM booking WHERE status = 'confirmed' AND day < '2026-09-01'
"""
_INVOICE = """
    INSERT OR IGNORE INTO invoiced_booking (booking_id, line_id)
    SELECT id, (SELECT min(id) FROM invoice_line) FROM booking WHERE status = 'confirmed' AND day < '2026-09-01'
"""


def see_and_invoice(database: Path) -> None:
    """Tick and invoice all that is past, past the services, in a season that is long enough for it."""
    with sqlite3.connect(database) as connection:
        for statement in (_OPEN_SEASON, _MOVE_SETTINGS, _SEE, _INVOICE, "ANALYZE"):
            connection.execute(statement)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--families", type=int, default=5_000)
    parser.add_argument("--bookings", type=int, default=4_000_000)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        copy = demo_council(Path(folder), asked.families)
        try:
            database = copy.instance / "espace-famille.sqlite3"
            print(f"{grow(database, asked.bookings):,} bookings")
            see_and_invoice(database)
            with copy.people():
                measure()
        finally:
            copy.close()


def measure() -> None:
    """Print how long each span takes, in how many queries."""
    sent = []
    event.listen(db.engine, "before_cursor_execute", lambda *_args: sent.append(1))
    known, offices = catalogue(), [office.id for office in list_offices()]
    for name, (first, last) in SPANS.items():
        scope = sheet_scope(tuple(known.activities.values()), Asked(), first, last)
        sent.clear()
        started = time.perf_counter()
        found = figures.read_figures(scope, first, last)
        took = time.perf_counter() - started
        count = db.session.scalar(
            text("SELECT count(*) FROM booking WHERE day BETWEEN :first AND :last"), {"first": first, "last": last}
        )
        hours = found.whole.came_minutes // 60
        print(f"{name:14} {count:>10,} bookings {hours:>10,} h {took:>7.2f} s {len(sent) - 1} queries")
        started = time.perf_counter()
        revenues.read_revenues(offices, first, last)
        print(f"{name:14} revenues {time.perf_counter() - started:>7.2f} s")
    started = time.perf_counter()
    revenues.debts_by_age(offices)
    print(f"{'due by age':14} {time.perf_counter() - started:>7.2f} s")


if __name__ == "__main__":
    main()
