from datetime import date, time

import pytest

from app.rules.calendars import DayKind
from app.rules.enrolments import age_on
from app.rules.figures import (
    YOUNG_UNTIL,
    DaySlot,
    FigureRule,
    HourCaps,
    born_by,
    brackets_from,
    brackets_of,
    counted_minutes,
    untold,
)
from app.rules.tariff_grids import EffortPiece, EffortRate, Grid, Item, Span, flat, quotient_item
from tests.rules.tables import Row, cases, words

CAPPED = FigureRule(holidays=HourCaps(480, 180))


def slot_of(text: str) -> DaySlot:
    hours, _, meal = text.partition(" ")
    starts_at, ends_at = (time.fromisoformat(hour) for hour in hours.split("-"))
    minutes = (ends_at.hour - starts_at.hour) * 60 + ends_at.minute - starts_at.minute
    return DaySlot(starts_at, minutes, meal == "meal")


@pytest.mark.parametrize("row", cases("figures", "hours"))
def test_how_long_a_day_counts(row: Row) -> None:
    kind, _, capped = row["day"].partition(" ")
    caps = (CAPPED if capped else FigureRule()).caps(DayKind(kind))
    assert counted_minutes([slot_of(word) for word in words(row["units"])], caps) == int(row["minutes"])


@pytest.mark.parametrize("row", cases("figures", "ages"))
def test_who_is_in_the_older_band(row: Row) -> None:
    day, last = date.fromisoformat(row["day"]), date.fromisoformat(row["last birthday of the older"])
    assert born_by(day) == last
    assert age_on(last, day) >= YOUNG_UNTIL > age_on(date.fromordinal(last.toordinal() + 1), day)


@pytest.mark.parametrize("row", cases("figures", "untold"))
def test_which_groups_are_not_told(row: Row) -> None:
    groups = [tuple(int(count) for count in word.split("/")) for word in words(row["groups"])]
    assert untold(groups, 3) == {int(word) - 1 for word in words(row["untold"])}


def test_brackets_are_those_of_the_first_price_that_has_any() -> None:
    thirds = (Span("0", 0, 40_000), Span("40000", 40_000, 60_000), Span("60000", 60_000, None))
    assert brackets_from((60_000, 40_000)) == thirds
    by_bracket = quotient_item("unit-1", [(0, 100), (70_000, 200)])
    assert brackets_of(Grid((Item("fee", flat(500)), by_bracket))) == (Span("q1", 0, 70_000), Span("q2", 70_000, None))
    effort = EffortRate((EffortPiece(Span("low", 0, 50_000), 1), EffortPiece(Span("high", 50_000, None), 2)))
    assert [span.code for span in brackets_of(Grid((Item("unit-1", effort),)))] == ["low", "high"]
    assert brackets_of(Grid((Item("fee", flat(500)),))) == ()
