import re

import pytest

from app.rules.occupancy import DayPlaces, fill, tightest
from tests.rules.tables import Row, cases, number_or_none, words


def day_of(text: str) -> DayPlaces | None:
    if text == "none":
        return None
    found = [re.fullmatch(r"(\d+): (\d+)/(\d+)", part.strip()) for part in text.split("+")]
    return tightest(DayPlaces(int(m[1]), int(m[3]), int(m[2])) for m in found if m is not None)


@pytest.mark.parametrize("row", cases("occupancy", "fillings"))
def test_how_full_a_row_is(row: Row) -> None:
    found = fill(day_of(word) for word in words(row["days"]))
    assert (found.days, found.places, found.taken) == (len(words(row["days"])), int(row["places"]), int(row["taken"]))
    assert found.percent == number_or_none(row["percent"])
    assert found.level == row["level"]
