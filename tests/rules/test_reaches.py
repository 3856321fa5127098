"""How far a change of what a family has reaches."""

from datetime import date

import pytest

from app.rules.reaches import ALWAYS, DaySpan, is_solitary, moved_days, told_days
from app.rules.tariff_grids import (
    ChangePercent,
    Condition,
    CountedSiblings,
    Criterion,
    Grid,
    GridVersion,
    Item,
    Modifier,
    ModifierKind,
    NumberAxis,
    Package,
    Period,
    ReplaceRate,
    Span,
    Table,
    flat,
)
from tests.rules.tables import Row, cases, words

UNIT = Item("unit", flat(100))
RANKS = Table((NumberAxis(Criterion.RANK, (Span("1", 1, 2), Span("2+", 2, None))),), {("1",): 100, ("2+",): 80})


def package(period: Period) -> Package:
    return Package("unit", period, frozenset({"unit"}))


def span(text: str) -> DaySpan:
    if text == "always":
        return ALWAYS
    return DaySpan(*(date.fromisoformat(day) for day in text.split("..")))


@pytest.mark.parametrize("row", cases("pricing", "reaches"))
def test_how_far_a_change_reaches(row: Row) -> None:
    packages = tuple(package(Period(word)) for word in words(row["looks at"]))
    versions = (GridVersion(date(2026, 9, 1), Grid((UNIT,), packages=packages)),)
    assert moved_days(versions, span(row["changed"])) == span(row["may move"])
    assert told_days(versions, span(row["changed"])) == span(row["must be told"])


def test_siblings_reach_over_their_month_where_a_price_asks_for_them() -> None:
    later = ReplaceRate(flat(50))
    by_rank = Modifier(ModifierKind.SIBLING, Condition(ranks=Span("2+", 2, None)), ChangePercent(-20))
    for grid in (
        Grid((Item("unit", RANKS),)),
        Grid((UNIT,), modifiers=(by_rank,)),
        Grid((UNIT,), modifiers=(Modifier(ModifierKind.SOCIAL, Condition(), ReplaceRate(RANKS)),)),
    ):
        versions = (GridVersion(date(2026, 9, 1), grid),)
        assert moved_days(versions, span("2026-12-09..2026-12-09")) == span("2026-12-01..2026-12-31")
        assert not is_solitary(grid)
    for grid in (
        Grid((UNIT,), modifiers=(Modifier(ModifierKind.SOCIAL, Condition(), later),)),
        Grid((Item("unit", RANKS),), counted_siblings=CountedSiblings.SAME_DAY),
    ):
        versions = (GridVersion(date(2026, 9, 1), grid),)
        assert moved_days(versions, span("2026-12-09..2026-12-09")) == span("2026-12-09..2026-12-09")
