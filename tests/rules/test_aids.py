from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.rules.aids import Aid, AidBalance, AidUse, ClaimLine, apply_aids, balance, statement
from app.rules.bills import LineKind
from app.rules.calendars import DayKind
from app.rules.explanations import recompute
from app.rules.family_prices import price_family
from tests.rules.tables import Row, cases, words
from tests.rules.worked_grids import TARIFFS, household, usages


def november(day: str) -> date:
    return date(2026, 11, int(day))


def aid(place: int, text: str) -> Aid:
    """« day 400 ceiling 1000 », « percent 50 alone »."""
    made = Aid(f"aid{place}", "CAF", 1, date(2026, 1, 1), date(2026, 12, 31), {})
    parts = iter(text.split())
    for part in parts:
        match part:
            case "day":
                made = replace(made, by_item={"day": int(next(parts))})
            case "percent":
                made = replace(made, percent=int(next(parts)))
            case "ceiling":
                made = replace(made, ceiling_cents=int(next(parts)))
            case "days":
                made = replace(made, most_days=int(next(parts)))
            case "floor":
                made = replace(made, floor_cents=int(next(parts)))
            case "until":
                made = replace(made, ends_on=november(next(parts)))
            case "holidays":
                made = replace(made, day_kinds=frozenset({DayKind.SCHOOL_HOLIDAY}))
            case "alone":
                made = replace(made, is_cumulative=False)
    return made


def a_school_day(_: date) -> DayKind:
    return DayKind.SCHOOL_DAY


def money(cents: int) -> str:
    return f"{'-' if cents < 0 else ''}{abs(cents) // 100}.{abs(cents) % 100:02d}"


def told(left: AidBalance) -> str:
    if left.cents is not None:
        return f"{left.cents} cents"
    return "no limit" if left.days is None else f"{left.days} days"


@pytest.mark.parametrize("row", cases("aids", "aids"))
def test_what_a_fund_pays(row: Row) -> None:
    bill = price_family(household("card paid"), usages("holidays", row["had"]), TARIFFS)
    aids = [aid(place, text) for place, text in enumerate(row["aids"].split(";"))]
    ledger = [
        AidUse("aid0", november(day), int(cents))
        for day, cents in (each.split() for each in words(row["spent before"]))
    ]
    aided = apply_aids(bill, aids, ledger, a_school_day)
    lines = [line for line in aided.bill.lines if line.kind is LineKind.AID]
    assert [f"{line.day:%d} {money(line.amount_cents)}" for line in lines] == words(row["aid lines"])
    assert money(aided.bill.total_cents) == row["left to pay"]
    assert told(balance(aids[0], [*ledger, *aided.uses])) == row["left of the first aid"]
    assert all(recompute(line.steps) == line.amount_cents for line in lines)


def test_the_statement_for_a_fund_is_the_sum_of_its_lines() -> None:
    bill = price_family(household("card paid"), usages("holidays", "A 02 day; A 03 day; B 03 day"), TARIFFS)
    aids = [aid(0, "day 400"), replace(aid(1, "day 300"), child_id=2), replace(aid(2, "percent 10"), fund="CSE")]
    aided = apply_aids(bill, aids, (), a_school_day)
    claimed = statement(aided.uses, {each.code: each.child_id for each in aids})
    assert claimed == (
        ClaimLine("aid0", 1, (november("2"), november("3")), 800),
        ClaimLine("aid2", 1, (november("2"), november("3")), 200),
        ClaimLine("aid1", 2, (november("3"),), 300),
    )
    assert -sum(claim.amount_cents for claim in claimed) == aided.bill.total_cents - bill.total_cents


def test_what_was_given_back_is_not_claimed() -> None:
    ledger = [
        AidUse("aid0", november("4"), 400),
        AidUse("aid0", november("5"), 400),
        AidUse("aid0", november("5"), -400),
    ]
    assert statement(ledger, {"aid0": 1}) == (ClaimLine("aid0", 1, (november("4"),), 400),)


@pytest.mark.parametrize(
    "wrong",
    [
        pytest.param({"percent": 101}, id="more than all"),
        pytest.param({"floor_cents": -1}, id="negative"),
        pytest.param({"ends_on": date(2025, 1, 1)}, id="ends before it starts"),
    ],
)
def test_an_aid_that_means_nothing_is_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(ValueError):
        replace(aid(0, "day 400"), **wrong)


AIDS = st.lists(
    st.builds(
        Aid,
        st.sampled_from(["one", "two"]),
        st.sampled_from(["CAF", "CSE"]),
        st.integers(1, 2),
        st.just(date(2026, 11, 1)),
        st.just(date(2026, 11, 30)),
        st.sampled_from([{}, {"day": 300}, {"day": 2000}]),
        st.integers(0, 100),
        ceiling_cents=st.none() | st.integers(0, 2_000),
        most_days=st.none() | st.integers(0, 3),
        floor_cents=st.integers(0, 500),
        is_cumulative=st.booleans(),
    ),
    max_size=3,
    unique_by=lambda each: each.code,
)


@given(AIDS, st.lists(st.tuples(st.sampled_from("AB"), st.integers(1, 28)), unique=True, max_size=8))
def test_aids_never_pay_more_than_the_bill_nor_than_they_promise(aids: list[Aid], days: list[tuple[str, int]]) -> None:
    had = usages("holidays", "; ".join(f"{name} {day:02d} day" for name, day in days)) if days else []
    bill = price_family(household("card paid"), had, TARIFFS)
    aided = apply_aids(bill, aids, (), a_school_day)
    paid = sum(use.amount_cents for use in aided.uses)
    assert bill.total_cents - paid == aided.bill.total_cents >= 0
    for each in aids:
        uses = [use for use in aided.uses if use.code == each.code]
        assert each.ceiling_cents is None or sum(use.amount_cents for use in uses) <= each.ceiling_cents
        assert each.most_days is None or len({use.day for use in uses}) <= each.most_days
    for line in aided.bill.lines:
        assert line.amount_cents == line.care_cents + line.meal_cents + line.other_cents
    assert sum(claim.amount_cents for claim in statement(aided.uses, {each.code: 1 for each in aids})) == paid
