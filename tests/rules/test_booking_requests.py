from datetime import date, datetime, time
from typing import Any

import pytest

from app.rules.booking_requests import (
    OVERRULABLE,
    Obstacle,
    RequestFacts,
    answer_until,
    first_status,
    is_unanswered,
    obstacle,
)
from app.rules.combinations import Breach
from tests.rules.tables import Row, cases, rows, word_or_none, words

FACTS: dict[str, dict[str, Any]] = {
    "family closed": {"family_may_act": False},
    "started": {"has_started": True},
    "closed": {"is_open": False},
    "not enrolled": {"is_enrolled": False},
    "no price": {"has_price": False},
    "no place": {"has_place": False},
    "combination": {"breach": Breach.REQUIRES},
    "overlap": {"breach": Breach.OVERLAPS},
}


@pytest.mark.parametrize("row", cases("booking_requests", "obstacles"))
def test_what_stands_against_a_request(row: Row) -> None:
    given: dict[str, Any] = {}
    for word in words(row["facts"]):
        given |= FACTS[word]
    found = obstacle(RequestFacts(**given))
    assert found == word_or_none(row["obstacle"])
    overrule = "–" if found is None else "yes" if found in OVERRULABLE else "no"
    assert overrule == row["staff may overrule"]


def test_every_obstacle_of_the_facts_is_in_the_table() -> None:
    told = {word_or_none(row["obstacle"]) for row in rows("booking_requests", "obstacles")}
    assert told == {None, *Obstacle} - {Obstacle.CHANGED}  # which no fact tells: the rows themselves do


@pytest.mark.parametrize("row", cases("booking_requests", "first"))
def test_as_what_a_tick_is_stored(row: Row) -> None:
    found = first_status(
        on_request=row["activity on request"] == "yes", is_beside_request=row["a request waits that day"] == "yes"
    )
    assert found == row["status"]


@pytest.mark.parametrize("row", cases("booking_requests", "answers"))
def test_until_when_a_request_waits(row: Row) -> None:
    starts = [time.fromisoformat(each) for each in words(row["starts"])]
    until = answer_until(date.fromisoformat(row["day"]), starts)
    assert until.isoformat() == row["until"]
    assert is_unanswered(until, datetime.fromisoformat(row["now"])) is (row["unanswered"] == "yes")
