from datetime import UTC, datetime, time, timedelta
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.rules.deadlines import PARIS
from app.rules.paid_bookings import (
    HELD_AT_SITE_FOR,
    Unfit,
    held_until,
    is_confirmed_by_money,
    is_over,
    is_paying,
    is_priced_alone,
    keep_until,
    may_be_paid,
    status_to_pay,
    what_stands_against,
)
from app.rules.states import BookingStatus
from app.rules.tariff_grids import (
    ChangePercent,
    Combination,
    Condition,
    CountedSiblings,
    CreditBook,
    DaysDeduction,
    Grid,
    Item,
    Modifier,
    ModifierKind,
    Package,
    Period,
    Span,
    Surcharge,
    SurchargeCause,
    YearlyFee,
    flat,
)
from tests.rules.tables import Row, cases, number_or_none, rows, word_or_none, words

KEPT_UNTIL = datetime(2026, 11, 23, 10, 42, tzinfo=PARIS)
MINUTES = st.integers(-200, 200).map(lambda minutes: KEPT_UNTIL + timedelta(minutes=minutes))
LUNCH = Item("unit:1", flat(420))
BESIDE = Item("beside", flat(1000))
GRIDS = {
    "plain": Grid((LUNCH,)),
    "combination": Grid((LUNCH, BESIDE), combinations=(Combination(frozenset({"unit:1", "unit:2"}), "beside"),)),
    "package": Grid((LUNCH, BESIDE), packages=(Package("beside", Period.WEEK, frozenset({"unit:1"})),)),
    "deduction": Grid((LUNCH,), deductions=(DaysDeduction("less", Period.WEEK, frozenset({"unit:1"}), ((3, 100),)),)),
    "fee": Grid((LUNCH, BESIDE), fees=(YearlyFee("beside", 9, is_per_child=True),)),
    "book": Grid((LUNCH, BESIDE), credit_books=(CreditBook("beside", frozenset({"unit:1"}), 10),)),
    "surcharge": Grid((LUNCH,), surcharges=(Surcharge(SurchargeCause.CANCELLED_LATE, ChangePercent(Fraction(50))),)),
}


def grid_of(words_: str) -> Grid:
    match words_.split():
        case ["siblings", counted]:
            second = Modifier(
                ModifierKind.SIBLING, Condition(ranks=Span("second", 2, None)), ChangePercent(Fraction(-10))
            )
            return Grid((LUNCH,), modifiers=(second,), counted_siblings=CountedSiblings(counted))
        case [name]:
            return GRIDS[name]
        case _:
            pytest.fail(f"docs/rules/paid_bookings.md: unknown grid {words_}")


@pytest.mark.parametrize("row", cases("paid_bookings", "fit"))
def test_which_activities_are_paid_at_booking(row: Row) -> None:
    found = what_stands_against(
        takes_online=row["takes online"] == "yes",
        on_request=row["on request"] == "yes",
        grids=[grid_of(each) for each in words(row["grid"])],
    )
    assert found == word_or_none(row["unfit"])


def test_the_table_tells_every_reason() -> None:
    assert {word_or_none(row["unfit"]) for row in rows("paid_bookings", "fit")} == {None, *Unfit}


@pytest.mark.parametrize("row", cases("paid_bookings", "first"))
def test_as_what_a_tick_is_stored(row: Row) -> None:
    found = status_to_pay(
        BookingStatus(row["otherwise"]),
        is_paid_at_booking=row["paid"] == "yes",
        price_cents=number_or_none(row["price"]),
    )
    assert found == row["status"]


@pytest.mark.parametrize("row", cases("paid_bookings", "kept"))
def test_how_long_a_place_is_kept(row: Row) -> None:
    def moment(cell: str) -> datetime:
        return datetime.combine(KEPT_UNTIL, time.fromisoformat(cell), PARIS)

    now = moment(row["now"])
    since = None if row["paying since"] == "–" else moment(row["paying since"])
    assert is_over(KEPT_UNTIL, since, now) is (row["over"] == "yes")
    assert may_be_paid(KEPT_UNTIL, since, now) is (row["may be paid"] == "yes")
    assert is_paying(since, now) is (row["paying"] == "yes")


def test_a_place_is_kept_for_true_minutes_in_the_night_when_clocks_go_back() -> None:
    first_turn = datetime(2026, 10, 25, 2, 50, tzinfo=PARIS)
    second_turn = datetime(2026, 10, 25, 2, 10, fold=1, tzinfo=PARIS)
    for now in (first_turn, second_turn):
        until = keep_until(now, 20, ())
        assert until.astimezone(UTC) - now.astimezone(UTC) == timedelta(minutes=20)
        assert not is_over(until, None, now)
        assert held_until(now, now).astimezone(UTC) - now.astimezone(UTC) == HELD_AT_SITE_FOR
        assert is_paying(now, now)
    assert keep_until(second_turn, 20, [first_turn]) == first_turn


@pytest.mark.parametrize("row", cases("paid_bookings", "money"))
def test_what_money_confirms(row: Row) -> None:
    found = is_confirmed_by_money(
        BookingStatus(row["status"]),
        has_started=row["begun"] == "yes",
        price_cents=int(row["price"]),
        paid_cents=int(row["paid"]),
    )
    assert found is (row["confirmed"] == "yes")


@given(MINUTES, MINUTES)
def test_who_may_begin_to_pay_keeps_the_place_until_the_site_has_answered(since: datetime, now: datetime) -> None:
    if may_be_paid(KEPT_UNTIL, None, since):
        assert held_until(KEPT_UNTIL, since) >= since + HELD_AT_SITE_FOR
        assert held_until(KEPT_UNTIL, since) < KEPT_UNTIL + HELD_AT_SITE_FOR  # nobody keeps it for ever
        assert not (is_paying(since, now) and is_over(KEPT_UNTIL, since, now))
    assert not (may_be_paid(KEPT_UNTIL, since, now) and is_over(KEPT_UNTIL, since, now))


def test_a_plain_grid_is_priced_alone_whatever_siblings_it_could_count() -> None:
    assert all(is_priced_alone(Grid((LUNCH,), counted_siblings=counted)) for counted in CountedSiblings)
