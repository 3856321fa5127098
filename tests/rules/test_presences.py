from datetime import time

import pytest

from app.rules.attendances import NOT_SEEN, Seen, Turnout
from app.rules.presences import Stay, presence
from tests.rules.tables import Row, cases, words


def stay_of(text: str) -> Stay:
    hours, _, said = text.partition(" ")
    starts_at, ends_at = (time.fromisoformat(hour) for hour in hours.split("-"))
    turnout, _, left = said.partition(">")
    seen = Seen(Turnout(turnout), left_at=time.fromisoformat(left) if left else None) if turnout else NOT_SEEN
    return Stay(starts_at, ends_at, seen)


@pytest.mark.parametrize("row", cases("presences", "presences"))
def test_where_a_child_is_thought_to_be(row: Row) -> None:
    found = presence([stay_of(word) for word in words(row["units"])], time.fromisoformat(row["now"]))
    assert (found or "–") == row["presence"]
