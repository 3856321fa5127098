from dataclasses import replace
from datetime import date
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.rules.pricing import NoPrice, Tariff, TariffLine, price, tariff_problems
from app.rules.quotients import Quotient, QuotientOutcome
from tests.rules.tables import Row, cases, words

GRID = (
    TariffLine(1, 0, 60_000, 200),
    TariffLine(1, 60_000, 100_000, 300),
    TariffLine(1, 100_000, None, 420),
    TariffLine(2, 0, None, 310),
)
DEARER = tuple(replace(line, amount_cents=line.amount_cents + 10) for line in GRID)
TARIFFS = (Tariff(date(2027, 1, 1), DEARER), Tariff(date(2026, 9, 1), GRID))


def quotient(text: str) -> Quotient:
    value, period, standing = text.split()
    first, last = period.split("..")
    ends_on = date.fromisoformat(last) if last else None
    return Quotient(int(value), date.fromisoformat(first), ends_on, standing == "verified")


def bracket(text: str) -> TariffLine:
    first, below = text.split("..")
    return TariffLine(1, int(first), int(below) if below else None, 100)


@pytest.mark.parametrize("row", cases("pricing", "prices"))
def test_the_price_for_a_family(row: Row) -> None:
    quotients = [quotient(text) for text in words(row["QF rows: value in cents, from..to, verified or declared"])]
    unit_id, day = int(row["unit"]), date.fromisoformat(row["day"])
    if row["outcome"] == "no price":
        with pytest.raises(NoPrice) as caught:
            price(unit_id, day, TARIFFS, quotients)
        assert (caught.value.unit_id, caught.value.day) == (unit_id, day)
        return
    found = price(unit_id, day, TARIFFS, quotients)
    assert found.amount_cents == found.line.amount_cents == int(row["amount"])
    assert found.outcome == QuotientOutcome(row["outcome"])


@pytest.mark.parametrize("row", cases("pricing", "problems"))
def test_problems_of_a_grid(row: Row) -> None:
    problems = tariff_problems([bracket(text) for text in words(row["brackets"])])
    assert [f"{problem.kind} {problem.qf_cents}" for problem in problems] == words(row["problems"])


def test_a_qf_in_a_gap_has_no_price() -> None:
    tariffs = (Tariff(date(2026, 9, 1), (TariffLine(1, 60_000, None, 300),)),)
    with pytest.raises(NoPrice):
        price(1, date(2026, 11, 25), tariffs, [Quotient(0, date(2026, 1, 1), None, True)])


def test_where_brackets_overlap_the_cheaper_counts() -> None:
    tariffs = (Tariff(date(2026, 9, 1), (TariffLine(1, 0, None, 300), TariffLine(1, 0, 60_000, 200))),)
    assert price(1, date(2026, 11, 25), tariffs, [Quotient(100, date(2026, 1, 1), None, True)]).amount_cents == 200


def test_problems_are_told_unit_by_unit() -> None:
    problems = tariff_problems([TariffLine(2, 0, 600, 100), TariffLine(1, 5, None, 100)])
    assert [(problem.unit_id, problem.kind, problem.qf_cents) for problem in problems] == [
        (1, "gap", 0),
        (2, "no_open_end", 600),
    ]


@pytest.mark.parametrize(
    ("first", "below", "amount"),
    [
        pytest.param(-1, None, 100, id="negative QF"),
        pytest.param(0, None, -1, id="negative amount"),
        pytest.param(600, 600, 100, id="empty bracket"),
    ],
)
def test_a_line_that_means_nothing_is_refused(first: int, below: int | None, amount: int) -> None:
    with pytest.raises(ValueError):
        TariffLine(1, first, below, amount)


LIMITS = st.lists(st.integers(1, 300_000), unique=True, max_size=6).map(sorted)


@given(LIMITS, st.integers(0, 400_000), st.data())
def test_a_grid_without_problems_prices_every_qf_and_never_above_the_maximum(
    limits: list[int], qf_cents: int, data: st.DataObject
) -> None:
    bounds = [0, *limits, None]
    lines = [
        TariffLine(1, first, below, data.draw(st.integers(0, 5_000)))
        for first, below in pairwise(bounds)
        if first is not None
    ]
    tariffs = (Tariff(date(2026, 9, 1), tuple(lines)),)
    day = date(2026, 11, 25)
    assert tariff_problems(lines) == ()
    verified = price(1, day, tariffs, [Quotient(qf_cents, date(2026, 1, 1), None, True)])
    unknown = price(1, day, tariffs, [])
    assert verified.line.covers(qf_cents)
    assert verified.amount_cents <= unknown.amount_cents == max(line.amount_cents for line in lines)
