from collections.abc import Mapping
from enum import StrEnum
from itertools import product
from typing import Any

import pytest

from app.rules.states import (
    ACTIVE_STATUSES,
    BOOKING_TRANSITIONS,
    CHANGE_TRANSITIONS,
    ENROLMENT_TRANSITIONS,
    ERASURE_TRANSITIONS,
    FAMILY_TRANSITIONS,
    HOLDING_STATUSES,
    BookingStatus,
    ChangeStatus,
    EnrolmentStatus,
    ErasureStatus,
    FamilyStatus,
    ForbiddenTransition,
    check_transition,
)
from tests.rules.tables import rows, word_or_none, words

Table = Mapping[Any, frozenset[Any]]
TABLES = [
    pytest.param("bookings", BookingStatus, BOOKING_TRANSITIONS, id="bookings"),
    pytest.param("enrolments", EnrolmentStatus, ENROLMENT_TRANSITIONS, id="enrolments"),
    pytest.param("families", FamilyStatus, FAMILY_TRANSITIONS, id="families"),
    pytest.param("changes", ChangeStatus, CHANGE_TRANSITIONS, id="changes"),
    pytest.param("erasures", ErasureStatus, ERASURE_TRANSITIONS, id="erasures"),
]


@pytest.mark.parametrize(("page_table", "statuses", "transitions"), TABLES)
def test_the_transitions_are_those_of_the_page(page_table: str, statuses: type[StrEnum], transitions: Table) -> None:
    told = {word_or_none(row["from"]): set(words(row["to"])) for row in rows("states", page_table)}
    assert told == {before: set(after) for before, after in transitions.items()}
    assert set(transitions) == {None, *statuses}


@pytest.mark.parametrize(("page_table", "statuses", "transitions"), TABLES)
def test_every_other_transition_is_refused(page_table: str, statuses: Any, transitions: Table) -> None:
    for before, after in product((None, *statuses), statuses):
        if after in transitions[before]:
            check_transition(before, after)
        else:
            with pytest.raises(ForbiddenTransition) as caught:
                check_transition(before, after)
            assert (caught.value.before, caught.value.after) == (before, after)


@pytest.mark.parametrize(("page_table", "statuses", "transitions"), TABLES)
def test_every_status_can_be_reached(page_table: str, statuses: type[StrEnum], transitions: Table) -> None:
    reached: set[Any] = set()
    found = set(transitions[None])
    while found - reached:
        reached |= found
        found = {after for before in reached for after in transitions[before]}
    assert reached == set(statuses)


def test_a_status_of_another_kind_with_the_same_word_is_refused() -> None:
    before: Any = EnrolmentStatus.REQUESTED
    with pytest.raises(ForbiddenTransition):
        check_transition(before, BookingStatus.CONFIRMED)


def test_a_waiting_child_holds_no_place_and_ended_bookings_are_not_active() -> None:
    assert HOLDING_STATUSES < ACTIVE_STATUSES
    assert ACTIVE_STATUSES.difference(HOLDING_STATUSES) == {BookingStatus.WAITING}
    ended = {status for status in BookingStatus if not BOOKING_TRANSITIONS[status]}
    assert ended.isdisjoint(ACTIVE_STATUSES)
    assert ended.union(ACTIVE_STATUSES) == set(BookingStatus)
