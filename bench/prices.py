"""CPU of pricing a family's month: three children, every school day and Wednesday, all kinds of rules at once.

.venv/bin/python -m bench.prices [--rounds 200]
"""

from __future__ import annotations

import argparse
import gc
import time
from datetime import date, timedelta
from itertools import count

from app.rules.bills import Usage
from app.rules.explanations import recompute
from app.rules.family_prices import price_family
from tests.rules.worked_grids import ACTIVITIES, TARIFFS, household

FIRST = date(2026, 11, 2)


def month() -> list[Usage]:
    """Twenty working days: evenings of different lengths, whole Wednesdays, holidays in the last week."""
    keys = count(1)
    found = []
    for offset in range(28):
        day = FIRST + timedelta(days=offset)
        if day.weekday() >= 5:
            continue
        for child in (1, 2, 3):
            if offset >= 21:
                units = [(ACTIVITIES["holidays"], "day")]
            elif day.weekday() == 2:
                units = [(ACTIVITIES["wednesday"], code) for code in ("morning", "meal", "afternoon")]
            else:
                units = [(ACTIVITIES["after_school"], "evening"), (ACTIVITIES["club"], "session")]
            found += [
                Usage(next(keys), child, activity, code, day, minutes=30 + 7 * (offset % 9)) for activity, code in units
            ]
    return found


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=200)
    rounds = parser.parse_args().rounds
    had = month()
    family = household("QF 905, outside, staff, PAI A")
    bill = price_family(family, had, TARIFFS)
    gc.freeze()  # as wsgi.py does
    for kept in (False, True):
        started = time.process_time()
        for _ in range(rounds):
            if not kept:
                for versions in TARIFFS.values():
                    versions[0].grid.kept_prices.clear()
            price_family(family, had, TARIFFS)
        each = (time.process_time() - started) / rounds * 1000
        what = "a family like the last" if kept else "a family's month"
        print(f"{what:22} {each:6.2f} ms CPU   ({len(had)} usages, {len(bill.lines)} lines)")
    started = time.process_time()
    for _ in range(rounds):
        assert all(recompute(line.steps) == line.amount_cents for line in bill.lines)
    print(f"{'recomputed':22} {(time.process_time() - started) / rounds * 1000:6.2f} ms CPU")


if __name__ == "__main__":
    main()
