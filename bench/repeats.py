"""CPU and queries of previewing a school year for three children (the aim: 1.5 s and 30 queries at most).

.venv/bin/python -m bench.repeats
"""

from __future__ import annotations

import tempfile
import time
from datetime import date, timedelta
from pathlib import Path

from sqlalchemy import event

from app.database import db
from app.rules.repeats import TypicalWeek
from app.services import repeats
from app.services.households import read_children
from app.services.repeats import ChildPlan, Wish
from bench.council import demo_council
from tests import factories
from tests.client import recorder

FIRST, LAST = date(2026, 11, 30), date(2027, 7, 2)
ROUNDS = 5


def preview(family: factories.FamilySetup, child_ids: list[int], wish: Wish) -> tuple[ChildPlan, ...]:
    """What the page asks of the service."""
    db.session.rollback()
    return repeats.plan(family.ref, read_children(db.session(), [family.family_id]), child_ids, wish)


def main() -> None:
    """Measure and print; the best of five rounds."""
    with tempfile.TemporaryDirectory() as folder:
        copy = demo_council(Path(folder))
        with copy.people():
            activity = factories.make_activity("Périscolaire de mesure", needs={})
            family = factories.make_family("MESURE", "Alix")
            child_ids = [factories.make_child(family, name) for name in ("Léa", "Tom", "Zoé")]
            for child_id in child_ids:
                factories.enrol(child_id, family, activity)
            days = [FIRST + timedelta(days=offset) for offset in range((LAST - FIRST).days + 1)]
            factories.make_openings(activity, [day for day in days if day.weekday() < 5])
            week = TypicalWeek.of((weekday, unit) for weekday in range(5) for unit in activity.units.values())
            event.listen(db.engine, "before_cursor_execute", recorder.note)
            recorder.statements = statements = []
            plans = preview(family, child_ids, Wish(week, FIRST, LAST))
            recorder.statements = None
            times = []
            for _ in range(ROUNDS):
                started = time.process_time()
                preview(family, child_ids, Wish(week, FIRST, LAST))
                times.append(time.process_time() - started)
        copy.close()
    proposed = sum(len(plan.proposal.shown) for plan in plans)
    print(f"{proposed} choices of three children: {min(times):.2f} s of CPU, {len(statements)} queries")


if __name__ == "__main__":
    main()
