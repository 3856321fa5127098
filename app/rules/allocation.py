"""Which invoices a sum of money pays, and what is left to pay. Money is integer cents.

Source: product.md section 6, docs/rules/allocation.md.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum, auto


@dataclass(frozen=True, slots=True)
class OpenInvoice:
    """An invoice that money may go to, its date, and what is still due on it, in cents (nothing when not above 0)."""

    invoice_id: int
    issued_on: date
    balance_cents: int


@dataclass(frozen=True, slots=True)
class Allocation:
    """So many cents of a payment go to an invoice."""

    invoice_id: int
    amount_cents: int


@dataclass(frozen=True, slots=True)
class AllocationPlan:
    """Where a payment goes, and what of it goes nowhere: the family's credit. Together they are the whole payment."""

    allocations: tuple[Allocation, ...]
    rest_cents: int


def allocate_oldest_first(amount_cents: int, open_invoices: Iterable[OpenInvoice]) -> AllocationPlan:
    """Give a payment to the oldest invoices first (of a same day: the first issued), each up to its balance.

    Raises ValueError for a negative amount or an invoice told twice.
    """
    if amount_cents < 0:
        raise ValueError("a payment is never negative")
    invoices = sorted(open_invoices, key=lambda invoice: (invoice.issued_on, invoice.invoice_id))
    if len({invoice.invoice_id for invoice in invoices}) != len(invoices):
        raise ValueError("an invoice is told twice")
    allocations = []
    rest_cents = amount_cents
    for invoice in invoices:
        given_cents = min(rest_cents, invoice.balance_cents)
        if given_cents > 0:
            allocations.append(Allocation(invoice.invoice_id, given_cents))
            rest_cents -= given_cents
    return AllocationPlan(tuple(allocations), rest_cents)


class AllocationProblemKind(StrEnum):
    """What can be wrong with allocations that staff typed."""

    NOT_POSITIVE = auto()
    TWICE = auto()
    UNKNOWN_INVOICE = auto()
    ABOVE_BALANCE = auto()
    ABOVE_PAYMENT = auto()


@dataclass(frozen=True, slots=True)
class AllocationProblem:
    """A problem, the invoice it is about (None: the whole), and the most in cents that would be right, where one is."""

    kind: AllocationProblemKind
    invoice_id: int | None = None
    limit_cents: int | None = None


def allocation_problems(
    amount_cents: int, open_invoices: Iterable[OpenInvoice], wanted: Sequence[Allocation]
) -> tuple[AllocationProblem, ...]:
    """What keeps typed allocations from being taken: never above an invoice's balance, never above the payment."""
    balances = {invoice.invoice_id: invoice.balance_cents for invoice in open_invoices}
    problems = []
    seen: set[int] = set()
    for allocation in wanted:
        invoice_id = allocation.invoice_id
        if allocation.amount_cents <= 0:
            problems.append(AllocationProblem(AllocationProblemKind.NOT_POSITIVE, invoice_id))
        if invoice_id in seen:
            problems.append(AllocationProblem(AllocationProblemKind.TWICE, invoice_id))
        elif invoice_id not in balances:
            problems.append(AllocationProblem(AllocationProblemKind.UNKNOWN_INVOICE, invoice_id))
        elif allocation.amount_cents > max(balances[invoice_id], 0):
            limit_cents = max(balances[invoice_id], 0)
            problems.append(AllocationProblem(AllocationProblemKind.ABOVE_BALANCE, invoice_id, limit_cents))
        seen.add(invoice_id)
    if sum(max(allocation.amount_cents, 0) for allocation in wanted) > amount_cents:
        problems.append(AllocationProblem(AllocationProblemKind.ABOVE_PAYMENT, limit_cents=amount_cents))
    return tuple(problems)


class RefusedAllocations(ValueError):
    """Typed allocations that cannot be taken, with all that is wrong."""

    def __init__(self, problems: tuple[AllocationProblem, ...]) -> None:
        super().__init__(", ".join(f"{problem.kind} {problem.invoice_id or ''}".strip() for problem in problems))
        self.problems = problems


def allocate_as_wanted(
    amount_cents: int, open_invoices: Iterable[OpenInvoice], wanted: Sequence[Allocation]
) -> AllocationPlan:
    """Give a payment to the invoices that staff chose. Raises RefusedAllocations; ValueError for a negative amount."""
    if amount_cents < 0:
        raise ValueError("a payment is never negative")
    problems = allocation_problems(amount_cents, open_invoices, wanted)
    if problems:
        raise RefusedAllocations(problems)
    return AllocationPlan(tuple(wanted), amount_cents - sum(allocation.amount_cents for allocation in wanted))


def balance(total_cents: int, credits_cents: Iterable[int] = (), allocated_cents: Iterable[int] = ()) -> int:
    """What is still due on an invoice: its lines less its credit notes and what was paid; below 0 is an overpayment."""
    return total_cents - sum(credits_cents) - sum(allocated_cents)


class InvoiceState(StrEnum):
    """What a family reads of an invoice: derived, never stored."""

    UNPAID = auto()
    PARTIAL = auto()
    PAID = auto()
    OVERPAID = auto()
    WRITTEN_OFF = auto()
    TRANSFERRED = auto()
    CREDITED = auto()


def invoice_state(
    total_cents: int,
    balance_cents: int,
    taken_back_cents: int = 0,
    *,
    is_written_off: bool = False,
    is_transferred: bool = False,
) -> InvoiceState:
    """The state of an invoice from its total, what is still due and what its own credit notes take back.

    Money of a credit note counts like a payment. What the office does not ask for any more (docs/rules/debts.md) is not
    due; where all the rest was paid, the invoice is called after it. Raises ValueError for a negative total and for a
    balance above the total.
    """
    if total_cents < 0 or balance_cents > total_cents:
        raise ValueError("a total is never negative and a balance never above it")
    if balance_cents < 0:
        return InvoiceState.OVERPAID
    if balance_cents == 0 and 0 < total_cents <= taken_back_cents:
        return InvoiceState.CREDITED
    if balance_cents == 0:
        if is_transferred:
            return InvoiceState.TRANSFERRED
        return InvoiceState.WRITTEN_OFF if is_written_off else InvoiceState.PAID
    return InvoiceState.UNPAID if balance_cents == total_cents else InvoiceState.PARTIAL
