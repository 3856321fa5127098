from datetime import date

import pytest

from app.rules.repeats import Rhythm, TypicalWeek, repeated
from tests.rules.tables import Row, cases

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


def typical(text: str) -> TypicalWeek:
    choices = []
    for part in [] if text == "–" else text.split(", "):
        name, *units = part.split()
        choices += [(DAYS.index(name), int(unit)) for unit in units]
    return TypicalWeek.of(choices)


@pytest.mark.parametrize("row", cases("repeats", "repeats"))
def test_the_days_of_a_typical_week(row: Row) -> None:
    days = repeated(
        typical(row["week"]), date.fromisoformat(row["first"]), date.fromisoformat(row["last"]), Rhythm(row["rhythm"])
    )
    found = ", ".join(" ".join([day.isoformat(), *(str(unit) for unit in sorted(units))]) for day, units in days)
    assert (found or "–") == row["days"]


def test_the_units_of_a_week() -> None:
    assert typical("mon 1 2, thu 2 3").unit_ids == {1, 2, 3}
