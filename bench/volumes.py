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

FEW = 40_000
ROUNDS = 40
LAYOUT_ONLY = "/mon-compte/mot-de-passe"
FIRST_PAST, LAST_PAST = date(2023, 9, 1), date(2026, 8, 31)


def grow(database: Path, bookings: int) -> int:
    """Fill three past years with bookings of all enrolled children, past the services; return how many there are."""
    days = [FIRST_PAST + timedelta(days=n) for n in range((LAST_PAST - FIRST_PAST).days + 1)]
    with sqlite3.connect(database) as connection:
        connection.execute("CREATE TEMP TABLE past (day)")
        connection.executemany("INSERT INTO past VALUES (?)", [(day.isoformat(),) for day in days if day.weekday() < 5])
        connection.execute(
            "INSERT OR IGNORE INTO opening (unit_id, group_id, day, is_open)"
            " SELECT u.id, g.id, past.day, 1 FROM unit u JOIN activity_group g ON g.activity_id = u.activity_id, past"
        )
        (there,) = connection.execute("SELECT count(*) FROM booking").fetchone()
        connection.execute(
            "INSERT OR IGNORE INTO booking (child_id, family_id, enrolment_id, opening_id, day, status, price_cents,"
            " price_outcome, price_explanation, created_at)"
            " SELECT e.child_id, e.family_id, e.id, o.id, o.day, 'confirmed', 100, 'verified', '', '2023-01-01'"
            " FROM enrolment e JOIN opening o ON o.group_id = e.group_id JOIN past ON past.day = o.day"
            " WHERE e.status = 'accepted' ORDER BY o.day, e.id LIMIT ?",
            (max(0, bookings - there),),
        )
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
    """Measure twice, print both and their ratios."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--families", type=int, default=1_000, help="how many more families the demo gets")
    parser.add_argument("--bookings", type=int, default=4_000_000)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, ExitStack() as stack:
        copy = demo_council(Path(folder), asked.families)
        stack.callback(copy.close)
        database = copy.instance / "espace-famille.sqlite3"
        few_count, few = grow(database, FEW), measure(copy)
        many_count, many = grow(database, asked.bookings), measure(copy)
        print(f"{'CPU in ms':14} {few_count:>12,} {many_count:>12,} {'ratio':>7}")
        for name in few:
            print(f"{name:14} {few[name]:>12.2f} {many[name]:>12.2f} {many[name] / few[name]:>7.2f}")
        print(f"a week is {many['week'] / many['layout alone']:.1f} times a signed-in page with the layout alone")


if __name__ == "__main__":
    main()
