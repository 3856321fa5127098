from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.integrations.payments import PaymentOutcome, PaymentReading
from app.rules.allocation import Allocation
from app.rules.baskets import (
    BASKET_TRANSITIONS,
    CHECKS,
    LIVE_FOR,
    MINIMUM_CENTS,
    REFERENCE_BYTES,
    BasketState,
    ExpectedPayment,
    ReadingOutcome,
    TickedInvoice,
    Verdict,
    allocate_still_due,
    basket_reference,
    is_live,
    is_reference,
    judge_reading,
    may_follow,
    next_check,
    plan_baskets,
)
from tests.rules.tables import Row, cases, number_or_none, rows, word_or_none, words

PARIS = ZoneInfo("Europe/Paris")
START = datetime(2026, 11, 23, 8, 30, tzinfo=PARIS)


def ticked(text: str) -> TickedInvoice:
    invoice_id, number, balance_cents, *special = text.split()
    return TickedInvoice(
        int(invoice_id), word_or_none(number), int(balance_cents), special == ["live"], special == ["debited"]
    )


def allocation(text: str) -> Allocation:
    invoice_id, amount_cents = text.split()
    return Allocation(int(invoice_id), int(amount_cents))


def reading(
    outcome: str, number: str | None, reference: str | None, amount_cents: int | None, mode: str | None
) -> PaymentReading:
    return PaymentReading(PaymentOutcome(outcome), amount_cents, reference, number, mode, None, None, {})


def after(text: str) -> datetime:
    return START + timedelta(minutes=int(text.removesuffix(" min")))


@pytest.mark.parametrize("row", cases("baskets", "plans"))
def test_what_is_paid_together(row: Row) -> None:
    plan = plan_baskets([ticked(text) for text in words(row["ticked"])])
    told = [
        f"{basket.payfip_number}: {'+'.join(str(each.invoice_id) for each in basket.allocations)} = {basket.amount_cents}"
        for basket in plan.baskets
    ]
    assert told == words(row["baskets"])
    assert [f"{each.invoice_id} {each.reason}" for each in plan.unpayable] == words(row["unpayable"])


def test_an_invoice_ticked_twice_is_refused() -> None:
    with pytest.raises(ValueError):
        plan_baskets([ticked("1 000101 1500"), ticked("1 000101 1500")])


@pytest.mark.parametrize("row", rows("baskets", "live"), ids=lambda row: f"{row['state']} {row['minutes ago']}")
def test_how_long_an_attempt_is_live(row: Row) -> None:
    now = START + timedelta(minutes=int(row["minutes ago"]))
    assert is_live(BasketState(row["state"]), START, now) == (row["live"] == "yes")


def test_an_attempt_is_live_for_twenty_true_minutes_in_the_night_when_clocks_go_back() -> None:
    before = datetime(2026, 10, 25, 2, 55, tzinfo=PARIS)
    assert is_live(BasketState.ASKED, before, datetime(2026, 10, 25, 2, 5, fold=1, tzinfo=PARIS))
    assert not is_live(BasketState.ASKED, before, datetime(2026, 10, 25, 2, 15, fold=1, tzinfo=PARIS))


def test_the_transitions_are_those_of_the_page() -> None:
    told = {word_or_none(row["from"]): set(words(row["to"])) for row in rows("baskets", "states")}
    assert told == {before: set(following) for before, following in BASKET_TRANSITIONS.items()}
    assert set(BASKET_TRANSITIONS) == {None, *BasketState}
    assert may_follow(BasketState.EXPIRED, BasketState.PAID) and not may_follow(BasketState.PAID, BasketState.EXPIRED)


@pytest.mark.parametrize("row", rows("baskets", "readings"), ids=lambda row: f"{row['outcome']} {row['judgement']}")
def test_what_an_answer_means(row: Row) -> None:
    expected = ExpectedPayment("000101", "EFABC123", 1500, row["mode"])
    answer = reading(
        row["outcome"],
        word_or_none(row["number"]),
        word_or_none(row["reference"]),
        number_or_none(row["amount"]),
        word_or_none(row["answered mode"]),
    )
    judgement = judge_reading(expected, answer, timedelta(hours=1))
    told = [str(judgement.verdict), *([str(judgement.state)] if judgement.state else []), *judgement.mismatches]
    assert " ".join(told) == row["judgement"]


@pytest.mark.parametrize("row", cases("baskets", "checks"))
def test_when_a_basket_is_asked_about_again(row: Row) -> None:
    last = word_or_none(row["last check, after"])
    expected = word_or_none(row["next check, after"])
    found = next_check(START, after(last) if last else None, after(row["now, after"]))
    assert found == (after(expected) if expected else None)


def test_a_moment_without_a_zone_is_refused() -> None:
    with pytest.raises(ValueError):
        next_check(datetime(2026, 11, 23, 8, 30), None, START)


def test_checks_count_hours_that_passed_in_the_night_when_clocks_go_back() -> None:
    created_at = datetime(2026, 10, 25, 1, 30, tzinfo=PARIS)
    checked_at = datetime(2026, 10, 25, 2, 0, tzinfo=PARIS)
    assert next_check(created_at, checked_at, checked_at) == datetime(2026, 10, 25, 0, 30, tzinfo=UTC)


@pytest.mark.parametrize("row", cases("baskets", "settlements"))
def test_where_the_money_goes(row: Row) -> None:
    balances = {each.invoice_id: each.amount_cents for each in map(allocation, words(row["balances now"]))}
    settlement = allocate_still_due([allocation(text) for text in words(row["wanted"])], balances)
    assert settlement.allocations == tuple(map(allocation, words(row["allocations"])))
    assert settlement.surpluses == tuple(map(allocation, words(row["surpluses"])))


def test_a_basket_that_makes_no_sense_is_refused() -> None:
    with pytest.raises(ValueError):
        allocate_still_due([Allocation(1, 100), Allocation(1, 100)], {1: 200})
    with pytest.raises(ValueError):
        allocate_still_due([Allocation(1, 0)], {1: 200})
    with pytest.raises(KeyError):
        allocate_still_due([Allocation(1, 100)], {})


@pytest.mark.parametrize(
    ("text", "is_good"),
    [
        ("ABC12", False), ("ABC123", True), ("A" * 30, True), ("A" * 31, False), ("ABC-123", False), ("ABC 123", False),
        ("ÉBC123", False), ("ABC12３", False), ("ABC123\n", False), ("", False),
    ],
)  # fmt: skip
def test_what_the_payment_site_takes_as_a_reference(text: str, is_good: bool) -> None:
    assert is_reference(text) == is_good


def test_a_reference_needs_enough_randomness() -> None:
    with pytest.raises(ValueError):
        basket_reference(b"12345678901")


RANDOMNESS = st.binary(min_size=REFERENCE_BYTES, max_size=REFERENCE_BYTES)


@given(RANDOMNESS, RANDOMNESS)
def test_references_are_good_and_as_different_as_their_randomness(first: bytes, second: bytes) -> None:
    references = [basket_reference(first), basket_reference(second)]
    assert all(is_reference(reference) and len(reference) == 22 for reference in references)
    assert (references[0] == references[1]) == (first == second)


TICKED = st.lists(
    st.builds(
        TickedInvoice,
        st.integers(1, 50),
        st.none() | st.sampled_from(("000101", "000202", "000303")),
        st.integers(-200, 3_000),
        st.booleans(),
    ),
    unique_by=lambda invoice: invoice.invoice_id,
    max_size=10,
)


@given(TICKED)
def test_every_ticked_invoice_is_paid_whole_and_once_or_told_why_not(invoices: list[TickedInvoice]) -> None:
    plan = plan_baskets(invoices)
    paid = {each.invoice_id: each.amount_cents for basket in plan.baskets for each in basket.allocations}
    refused = {each.invoice_id for each in plan.unpayable}
    assert sum(len(basket.allocations) for basket in plan.baskets) == len(paid)
    assert paid.keys() | refused == {invoice.invoice_id for invoice in invoices}
    assert not paid.keys() & refused
    for invoice in invoices:
        if invoice.invoice_id in paid:
            assert paid[invoice.invoice_id] == invoice.balance_cents > 0
            assert invoice.payfip_number and not invoice.has_live_attempt
    numbers = [basket.payfip_number for basket in plan.baskets]
    assert len(numbers) == len(set(numbers))
    assert all(basket.amount_cents >= MINIMUM_CENTS for basket in plan.baskets)


FIELDS = st.none() | st.sampled_from(("000101", "000102", "EFABC123", "W", "T"))
ANSWERS = st.builds(
    reading,
    st.sampled_from(ReadingOutcome).map(str),
    FIELDS,
    FIELDS,
    st.none() | st.sampled_from((0, 1499, 1500)),
    FIELDS,
)


def test_an_operation_unknown_in_its_first_minutes_is_pending() -> None:
    expected = ExpectedPayment("000101", "EFABC123", 1500, "W")
    answer = reading("unknown", None, None, None, None)
    assert judge_reading(expected, answer, LIVE_FOR - timedelta(seconds=1)).verdict is Verdict.PENDING
    assert judge_reading(expected, answer, LIVE_FOR).state is BasketState.EXPIRED


def test_the_rule_and_the_gateway_know_the_same_outcomes() -> None:
    assert {str(outcome) for outcome in ReadingOutcome} == {str(outcome) for outcome in PaymentOutcome}


@given(ANSWERS)
def test_nothing_settles_but_exactly_what_was_asked(answer: PaymentReading) -> None:
    expected = ExpectedPayment("000101", "EFABC123", 1500, "W")
    judgement = judge_reading(expected, answer, timedelta(hours=1))
    same = (answer.client_number, answer.reference, answer.amount_cents, answer.mode) == (
        "000101", "EFABC123", 1500, "W",
    )  # fmt: skip
    is_paid = answer.outcome.is_paid
    assert (judgement.verdict is Verdict.SETTLE) == (same and is_paid)
    assert (judgement.verdict is Verdict.MISMATCH) == bool(judgement.mismatches)
    assert judgement == judge_reading(expected, answer, timedelta(hours=1))


@given(st.lists(st.sampled_from(BasketState), max_size=12))
def test_whatever_comes_in_whatever_order_a_basket_is_paid_once(told: list[BasketState]) -> None:
    """Notification, return and poller each report; a report that may not follow changes nothing."""
    state, paid_times = BasketState.CREATED, 0
    for reported in told:
        if may_follow(state, reported):
            state = reported
            paid_times += state is BasketState.PAID
    assert paid_times == (BasketState.PAID in told)
    assert (state is BasketState.PAID) == (BasketState.PAID in told)


@given(st.lists(st.integers(0, 3_000), max_size=60))
def test_checks_come_to_an_end_and_never_twice_for_the_same_moment(delays: list[int]) -> None:
    """The worker may be late by any number of minutes."""
    checked_at: datetime | None = None
    now, made = START.astimezone(UTC), 0
    for delay in [*delays, *[0] * len(CHECKS)]:
        due = next_check(START, checked_at, now)
        if due is None:
            break
        assert due >= now and (checked_at is None or due > checked_at)
        now = checked_at = due + timedelta(minutes=delay)
        made += 1
    assert next_check(START, checked_at, now) is None
    assert made <= len(CHECKS)


WANTED = st.lists(
    st.builds(Allocation, st.integers(1, 20), st.integers(1, 5_000)), unique_by=lambda each: each.invoice_id, max_size=8
)


@given(WANTED, st.lists(st.integers(-1_000, 6_000), min_size=21, max_size=21))
def test_every_cent_paid_is_allocated_or_flagged(wanted: list[Allocation], amounts: list[int]) -> None:
    balances = dict(enumerate(amounts))
    settlement = allocate_still_due(wanted, balances)
    given_cents = sum(each.amount_cents for each in settlement.allocations)
    assert given_cents + settlement.surplus_cents == sum(each.amount_cents for each in wanted)
    assert all(each.amount_cents > 0 for each in (*settlement.allocations, *settlement.surpluses))
    left = dict(balances)
    for each in settlement.allocations:
        left[each.invoice_id] -= each.amount_cents
        assert left[each.invoice_id] >= 0
    # Nothing is called a surplus while its invoice is still due.
    assert all(left[each.invoice_id] <= 0 for each in settlement.surpluses)


@given(WANTED)
def test_the_same_money_a_second_time_is_all_surplus(wanted: list[Allocation]) -> None:
    again = allocate_still_due(wanted, {each.invoice_id: 0 for each in wanted})
    assert again.allocations == ()
    assert again.surpluses == tuple(wanted)
