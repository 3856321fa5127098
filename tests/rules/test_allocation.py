from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.rules.allocation import (
    Allocation,
    InvoiceState,
    OpenInvoice,
    RefusedAllocations,
    allocate_as_wanted,
    allocate_oldest_first,
    allocation_problems,
    balance,
    invoice_state,
)
from tests.rules.tables import Row, cases, ids, number_or_none, words


def open_invoice(text: str) -> OpenInvoice:
    invoice_id, issued_on, balance_cents = text.split()
    return OpenInvoice(int(invoice_id), date.fromisoformat(issued_on), int(balance_cents))


def allocation(text: str) -> Allocation:
    invoice_id, amount_cents = text.split()
    return Allocation(int(invoice_id), int(amount_cents))


@pytest.mark.parametrize("row", cases("allocation", "oldest first"))
def test_money_goes_to_the_oldest_invoices_first(row: Row) -> None:
    plan = allocate_oldest_first(int(row["amount"]), map(open_invoice, words(row["open invoices"])))
    assert plan.allocations == tuple(map(allocation, words(row["allocations"])))
    assert plan.rest_cents == int(row["rest"])


@pytest.mark.parametrize("row", cases("allocation", "chosen"))
def test_staff_choose_the_invoices(row: Row) -> None:
    amount, invoices = int(row["amount"]), [open_invoice(text) for text in words(row["open invoices"])]
    wanted = [allocation(text) for text in words(row["wanted"])]
    problems = allocation_problems(amount, invoices, wanted)
    told = [f"{problem.kind} {problem.invoice_id or '–'} {_told(problem.limit_cents)}" for problem in problems]
    assert told == words(row["problems"])
    rest = number_or_none(row["rest"])
    if rest is None:
        with pytest.raises(RefusedAllocations) as caught:
            allocate_as_wanted(amount, invoices, wanted)
        assert caught.value.problems == problems
    else:
        plan = allocate_as_wanted(amount, invoices, wanted)
        assert (plan.allocations, plan.rest_cents) == (tuple(wanted), rest)


def _told(limit_cents: int | None) -> str:
    return "–" if limit_cents is None else str(limit_cents)


@pytest.mark.parametrize("row", cases("allocation", "states"))
def test_balance_and_state(row: Row) -> None:
    total = int(row["total"])
    left = balance(total, ids(row["credits"]), ids(row["allocated"]))
    assert left == int(row["balance"])
    assert invoice_state(total, left, sum(ids(row["taken back"]))) == InvoiceState(row["state"])


@pytest.mark.parametrize(("total", "left"), [(-1, -1), (100, 101)])
def test_a_state_of_impossible_amounts_is_refused(total: int, left: int) -> None:
    with pytest.raises(ValueError):
        invoice_state(total, left)


def test_a_negative_payment_and_an_invoice_told_twice_are_refused() -> None:
    invoice = OpenInvoice(1, date(2026, 1, 1), 100)
    with pytest.raises(ValueError):
        allocate_oldest_first(-1, [invoice])
    with pytest.raises(ValueError):
        allocate_as_wanted(-1, [invoice], [])
    with pytest.raises(ValueError):
        allocate_oldest_first(100, [invoice, invoice])


AMOUNTS = st.integers(0, 50_000)
INVOICES = st.lists(
    st.builds(OpenInvoice, st.integers(1, 20), st.dates(date(2026, 1, 1), date(2026, 3, 1)), st.integers(-500, 10_000)),
    unique_by=lambda invoice: invoice.invoice_id,
    max_size=8,
)


@given(AMOUNTS, INVOICES)
def test_no_cent_is_lost_or_made_and_no_invoice_gets_too_much(amount: int, invoices: list[OpenInvoice]) -> None:
    plan = allocate_oldest_first(amount, invoices)
    balances = {invoice.invoice_id: invoice.balance_cents for invoice in invoices}
    assert sum(given.amount_cents for given in plan.allocations) + plan.rest_cents == amount
    assert plan.rest_cents >= 0
    assert all(0 < given.amount_cents <= balances[given.invoice_id] for given in plan.allocations)
    # Money is left over only when nothing is due any more.
    due = sum(max(invoice.balance_cents, 0) for invoice in invoices)
    assert plan.rest_cents == max(amount - due, 0)
    assert allocation_problems(amount, invoices, plan.allocations) == ()


@given(AMOUNTS, INVOICES, st.randoms())
def test_the_order_in_which_invoices_are_told_changes_nothing(amount: int, invoices: list[OpenInvoice], dice) -> None:
    shuffled = list(invoices)
    dice.shuffle(shuffled)
    assert allocate_oldest_first(amount, shuffled) == allocate_oldest_first(amount, invoices)


@given(AMOUNTS, AMOUNTS, INVOICES)
def test_two_payments_pay_what_one_of_both_would(first: int, second: int, invoices: list[OpenInvoice]) -> None:
    def after(amount: int, before: list[OpenInvoice]) -> tuple[list[OpenInvoice], int]:
        plan = allocate_oldest_first(amount, before)
        paid = {given.invoice_id: given.amount_cents for given in plan.allocations}
        left = [
            OpenInvoice(one.invoice_id, one.issued_on, balance(one.balance_cents, (), [paid.get(one.invoice_id, 0)]))
            for one in before
        ]
        return left, plan.rest_cents

    between, rest = after(first, invoices)
    left, other_rest = after(second, between)
    assert (left, rest + other_rest) == after(first + second, invoices)


@given(AMOUNTS, INVOICES, st.lists(st.builds(Allocation, st.integers(1, 20), st.integers(-100, 12_000)), max_size=5))
def test_chosen_allocations_are_right_or_refused(
    amount: int, invoices: list[OpenInvoice], wanted: list[Allocation]
) -> None:
    try:
        plan = allocate_as_wanted(amount, invoices, wanted)
    except RefusedAllocations as refused:
        assert refused.problems
        return
    balances = {invoice.invoice_id: invoice.balance_cents for invoice in invoices}
    assert sum(given.amount_cents for given in plan.allocations) + plan.rest_cents == amount
    assert plan.rest_cents >= 0
    assert all(0 < given.amount_cents <= balances[given.invoice_id] for given in plan.allocations)
