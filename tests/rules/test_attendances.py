"""What may be recorded of a day, and what it makes of the price: the tables of docs/rules/attendances.md."""

from dataclasses import astuple, replace
from datetime import date, datetime, time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.rules.attendances import (
    Button,
    MarkFacts,
    Obstacle,
    PlaceSeen,
    Seen,
    Turnout,
    as_decided,
    count_turnouts,
    late_minutes,
    obstacle,
    rule_mark,
    seen_after,
    standing_after,
    stay_minutes,
)
from app.rules.bills import UsageStanding
from tests.rules.tables import Row, cases, rows, word_or_none, words

TODAY = date(2026, 11, 25)
TIMES = st.none() | st.times().map(lambda each: each.replace(second=0, microsecond=0))
SEEN = st.builds(Seen, st.none() | st.sampled_from(Turnout), st.booleans(), TIMES, TIMES)


def seen_of(cell: str) -> Seen:
    seen = Seen()
    for word in cell.split():
        if word == "justified":
            seen = replace(seen, is_justified=True)
        elif word in {*Turnout}:
            seen = replace(seen, turnout=Turnout(word))
        elif word != "nothing":
            arrived, left = (time.fromisoformat(part) if part else None for part in word.split("-"))
            seen = replace(seen, arrived_at=arrived, left_at=left)
    return seen


def facts_of(cell: str) -> MarkFacts:
    facts = MarkFacts(TODAY)
    for word in words(cell):
        match word:
            case "yesterday" | "tomorrow":
                facts = replace(facts, day=TODAY + timedelta(days=1 if word == "tomorrow" else -1))
            case "unknown":
                facts = replace(facts, is_known=False)
            case "not expected":
                facts = replace(facts, is_expected=False)
            case "closed":
                facts = replace(facts, is_open=False)
            case "run":
                facts = replace(facts, run_under_way=True)
            case "corrects":
                facts = replace(facts, corrects=True)
            case "own" | "recorded" | "validated" | "invoiced":
                facts = replace(facts, **{f"is_{word}": True})
            case _:
                pytest.fail(f"docs/rules/attendances.md: unknown fact {word}")
    return facts


@pytest.mark.parametrize("row", cases("attendances", "obstacles"))
def test_what_stands_against_a_mark(row: Row) -> None:
    assert obstacle(seen_of(row["mark"]), facts_of(row["facts"]), TODAY) == word_or_none(row["obstacle"])


@pytest.mark.parametrize("row", cases("attendances", "rulings"))
def test_who_has_the_last_word(row: Row) -> None:
    def at(cell: str) -> datetime:
        return datetime.combine(TODAY, time.fromisoformat(cell))

    stored_at = word_or_none(row["stored at"])
    found = rule_mark(
        known=int(row["known"]), stored=int(row["stored"]), is_others=row["by another"] == "yes",
        meant_at=at(row["pressed"]), stored_at=None if stored_at is None else at(stored_at),
    )  # fmt: skip
    assert found == row["ruling"]


@pytest.mark.parametrize("row", rows("attendances", "decided"))
def test_what_the_staff_accepted_stays(row: Row) -> None:
    assert as_decided(seen_of(row["mark"]), is_excused=row["accepted"] == "yes") == seen_of(row["says"])


@pytest.mark.parametrize("row", rows("attendances", "buttons"))
def test_what_a_button_says(row: Row) -> None:
    hour = word_or_none(row["hour"])
    button = Button(row["button"].split(",")[0])
    found = seen_after(button, seen_of(row["recorded"]), None if hour is None else time.fromisoformat(hour))
    assert found == seen_of(row["says"])


@pytest.mark.parametrize("row", rows("attendances", "standings"))
def test_as_what_a_booking_counts(row: Row) -> None:
    found = standing_after(
        UsageStanding(row["booked as"]), seen_of(row["seen"]), came_unbooked=row["without booking"] == "yes"
    )
    assert found == row["counts as"]


@pytest.mark.parametrize("row", rows("attendances", "stays"))
def test_how_long_a_child_stayed(row: Row) -> None:
    starts_at, ends_at = (time.fromisoformat(part) for part in row["unit"].split("-"))
    planned = (ends_at.hour - starts_at.hour) * 60 + ends_at.minute - starts_at.minute
    late = late_minutes(ends_at, seen_of(row["seen"]))
    assert (str(stay_minutes(planned, seen_of(row["seen"]))), "–" if late is None else str(late)) == (
        row["stay"], row["late"],
    )  # fmt: skip


@pytest.mark.parametrize("row", cases("attendances", "months"))
def test_what_a_month_comes_to(row: Row) -> None:
    places = [place.split(maxsplit=1) for place in words(row["places"])]
    found = count_turnouts(PlaceSeen(booked == "booked", 120, seen_of(seen)) for booked, seen in places)
    assert [str(number) for number in astuple(found)] == list(row.values())[2:]


@given(SEEN)
def test_a_sound_stay_lasts_and_nobody_is_late_by_nothing(seen: Seen) -> None:
    if seen.is_sound:
        assert stay_minutes(60, seen) > 0
    late = late_minutes(time(18, 30), seen)
    assert late is None or late > 0


@given(SEEN, st.booleans(), st.booleans(), st.booleans())
def test_what_is_validated_never_changes_but_by_a_correction(
    seen: Seen, is_expected: bool, is_recorded: bool, is_open: bool
) -> None:
    facts = MarkFacts(
        TODAY, is_validated=True, is_expected=is_expected, is_recorded=is_recorded, is_open=is_open
    )  # fmt: skip
    assert obstacle(seen, facts, TODAY) in {Obstacle.VALIDATED, Obstacle.CLOSED}
