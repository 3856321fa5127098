"""CPU of the planning among 40,000 bookings and among 4 million (the aim: the same within 1.3), and beside a bare page.

.venv/bin/python -m bench.volumes [--bookings 4000000]
"""

from __future__ import annotations

import argparse
import sqlite3
import tempfile
import time
from collections.abc import Callable
from contextlib import ExitStack
from contextvars import Context
from datetime import date, timedelta
from pathlib import Path

from sqlalchemy import select
from werkzeug.test import Client as WerkzeugClient

from app.database import db
from app.models.accounts import User
from app.models.families import FamilyChild, Guardian
from bench.council import demo_council
from tests import factories
from tests.served import DemoCopy, hidden
from tests.weights import fetch, signed_in

FEW, FEW_FAMILIES = 40_000, 200
ROUNDS = 40
LAYOUT_ONLY = "/mon-compte/mot-de-passe"
FIRST_PAST, LAST_PAST = date(2023, 9, 1), date(2026, 8, 31)


_OVER = "SELECT a.id FROM activity a JOIN season s ON s.id = a.season_id WHERE s.ends_on < '2023-01-01'"
_A_DAY = f"""
    SELECT (SELECT count(DISTINCT child_id || '-' || family_id) FROM enrolment)
           * (SELECT count(*) FROM unit WHERE activity_id IN ({_OVER}))
"""
_PAST_OPENINGS = f"""
    INSERT OR IGNORE INTO opening (unit_id, group_id, day, is_open)
    SELECT u.id, g.id, past.day, 1 FROM unit u JOIN activity_group g ON g.activity_id = u.activity_id, past
    WHERE u.activity_id IN ({_OVER})
"""
_PAST_ENROLMENTS = f"""
    INSERT INTO enrolment (child_id, family_id, activity_id, group_id, starts_on, ends_on, status, requested_at,
                           requested_by_id)
    SELECT DISTINCT e.child_id, e.family_id, g.activity_id, min(g.id) OVER (PARTITION BY g.activity_id),
           '2023-09-01', '2026-08-31', 'accepted', '2023-08-01', e.requested_by_id
    FROM enrolment e, activity_group g WHERE g.activity_id IN ({_OVER})
"""
_PAST_BOOKINGS = f"""
    INSERT OR IGNORE INTO booking (child_id, family_id, enrolment_id, opening_id, day, status, price_cents,
                                   price_outcome, price_explanation, created_at)
    SELECT e.child_id, e.family_id, min(e.id), o.id, o.day, 'confirmed', 100, 'verified', '', '2023-01-01'
    FROM past JOIN opening o ON o.day = past.day JOIN enrolment e ON e.group_id = o.group_id
    WHERE e.activity_id IN ({_OVER}) GROUP BY past.day, o.id, e.child_id, e.family_id LIMIT ?
"""


def grow(database: Path, bookings: int) -> int:
    """Fill three past years with bookings of all children, in the activities of a season that is over.

    Past the services, and the same number for each child; returns how many bookings there are then.
    """
    weekdays = [FIRST_PAST + timedelta(days=n) for n in range((LAST_PAST - FIRST_PAST).days + 1)]
    weekdays = [day for day in weekdays if day.weekday() < 5]
    with sqlite3.connect(database) as connection:
        (each_day,) = connection.execute(_A_DAY).fetchone()
        step = max(1, len(weekdays) * each_day // max(bookings, each_day))  # spread over the three years
        connection.execute("CREATE TEMP TABLE past (day)")
        connection.executemany("INSERT INTO past VALUES (?)", [(day.isoformat(),) for day in weekdays[::step]])
        connection.execute(_PAST_OPENINGS)
        connection.execute(_PAST_ENROLMENTS)
        (there,) = connection.execute("SELECT count(*) FROM booking").fetchone()
        connection.execute(_PAST_BOOKINGS, (max(0, bookings - there),))
        (found,) = connection.execute("SELECT count(*) FROM booking").fetchone()
    return int(found)


def cpu_ms(action: Callable[[], object], prepare: Callable[[], object] = lambda: None) -> float:
    """CPU of one action in milliseconds, without what prepares it: the least of many, so that noise matters little."""
    times = []
    for _ in range(ROUNDS):
        prepare()
        started = time.process_time()
        action()
        times.append(time.process_time() - started)
    return min(times) * 1_000


class Planning:
    """A week of the demo's family, as one of its parents uses it."""

    def __init__(self, browser: WerkzeugClient, child_id: int) -> None:
        self._browser = browser
        self.address = f"/mes-reservations/{child_id}"
        self._monday = factories.WEDNESDAY - timedelta(days=2) + timedelta(weeks=7)
        self._fields: dict[str, object] = {}

    def show(self) -> str:
        """The page."""
        return fetch(self._browser, f"{self.address}?jour={self._monday}")[1]

    def turn(self) -> None:
        """Fill in the form anew: what is held is given back, else the first time of the week is taken."""
        page = self.show()
        self._fields = {name: hidden(page, name) for name in ("csrf_token", "key", "shown")}
        shown = str(self._fields["shown"]).split(",")
        self._fields |= {"jour": self._monday.isoformat(), "t": [] if any("h" in each for each in shown) else shown[:1]}

    def send(self, path: str = "") -> None:
        """Send the form as it is."""
        response = Context().run(self._browser.post, self.address + path, data=self._fields)
        assert response.status_code in (200, 303), response.status_code
        response.close()


def measure(copy: DemoCopy) -> dict[str, float]:
    """CPU in milliseconds of the week, of the check of a tick, of a save, and of a page with the layout alone."""
    with copy.people() as app:
        user_id, family_id = db.session.execute(
            select(User.id, Guardian.family_id).join(Guardian).where(User.email == "parent@example.org")
        ).one()
        child_id = db.session.scalars(
            select(FamilyChild.child_id).where(FamilyChild.family_id == family_id).order_by(FamilyChild.child_id)
        ).first()
        assert child_id is not None
        browser = signed_in(app, copy.cookie_of(user_id))
        db.session.rollback()
        planning = Planning(browser, child_id)
        return {
            "week": cpu_ms(planning.show),
            "check": cpu_ms(lambda: planning.send("/verification"), planning.turn),
            "save": cpu_ms(planning.send, planning.turn),
            "layout alone": cpu_ms(lambda: fetch(browser, LAYOUT_ONLY)),
        }


def main() -> None:
    """Measure in two councils, print both and their ratios."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--families", type=int, default=5_000, help="how many more families the large one gets")
    parser.add_argument("--bookings", type=int, default=4_000_000)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, ExitStack() as stack:
        found = []
        for families, bookings in ((FEW_FAMILIES, FEW), (asked.families, asked.bookings)):
            copy = demo_council(Path(folder) / str(families), families)
            stack.callback(copy.close)
            count = grow(copy.instance / "espace-famille.sqlite3", bookings)
            found.append((count, measure(copy)))
        (few_count, few), (many_count, many) = found
        print(f"{'CPU in ms':14} {few_count:>12,} {many_count:>12,} {'ratio':>7}")
        for name in few:
            print(f"{name:14} {few[name]:>12.2f} {many[name]:>12.2f} {many[name] / few[name]:>7.2f}")
        print(f"a week is {many['week'] / many['layout alone']:.1f} times a signed-in page with the layout alone")


if __name__ == "__main__":
    main()
