"""The price of one unit by itself: docs/rules/pricing.md."""

from datetime import date

import pytest

from app.rules.bills import Household, HouseholdChild, Usage
from app.rules.family_prices import price_of_one
from app.rules.quotients import Quotient, QuotientOutcome
from app.rules.rates import ProblemKind, Unpriced
from app.rules.tariff_grids import Grid, GridVersion, quotient_item
from tests.rules.tables import Row, cases, words


def grid(more_cents: int) -> Grid:
    by_quotient = [(0, 200 + more_cents), (60_000, 300 + more_cents), (100_000, 420 + more_cents)]
    return Grid((quotient_item("1", by_quotient), quotient_item("2", [(0, 310 + more_cents)])))


TARIFFS = {1: (GridVersion(date(2027, 1, 1), grid(10)), GridVersion(date(2026, 9, 1), grid(0)))}


def quotient(text: str) -> Quotient:
    value, period, standing = text.split()
    first, last = period.split("..")
    ends_on = date.fromisoformat(last) if last else None
    return Quotient(int(value), date.fromisoformat(first), ends_on, standing == "verified")


@pytest.mark.parametrize("row", cases("pricing", "prices"))
def test_the_price_of_a_unit(row: Row) -> None:
    quotients = [quotient(text) for text in words(row["QF rows: value in cents, from..to, verified or declared"])]
    family = Household((HouseholdChild(1, None),), tuple(quotients))
    usage = Usage(1, 1, 1, row["unit"], date.fromisoformat(row["day"]))
    if row["amount"] == "–":
        with pytest.raises(Unpriced) as caught:
            price_of_one(family, usage, TARIFFS)
        assert caught.value.problem.kind is ProblemKind(row["outcome"])
        assert caught.value.problem.item == row["unit"]
        return
    found = price_of_one(family, usage, TARIFFS)
    assert found.amount_cents == int(row["amount"])
    assert found.outcome is QuotientOutcome(row["outcome"])
