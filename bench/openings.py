"""Opening an activity on every day of ten years, in one transaction: seconds (the aim: 10 s at most).

.venv/bin/python -m bench.openings
"""

from __future__ import annotations

import tempfile
import time
from datetime import date
from pathlib import Path

from app.database import write_transaction
from app.rules.calendars import DayKind
from app.services.catalogue import catalogue
from app.services.openings import generate_openings
from bench.council import demo_council


def main() -> None:
    """Build, measure and print."""
    with tempfile.TemporaryDirectory() as folder:
        copy = demo_council(Path(folder))
        with copy.people():
            activity = next(iter(catalogue().activities.values()))
            units, groups = [unit.id for unit in activity.units], [group.id for group in activity.groups]
            began = time.perf_counter()
            with write_transaction() as session:
                opened = generate_openings(
                    session, activity.id, units, groups, set(DayKind), set(range(7)), date(2028, 9, 1),
                    date(2038, 8, 31),
                )  # fmt: skip
            print(f"{opened} openings of ten years in {time.perf_counter() - began:.1f} s")
        copy.close()


if __name__ == "__main__":
    main()
