"""Online payment: what may be paid together, and what an answer of the payment site means. Money is integer cents.

Source: product.md section 6, docs/rules/baskets.md.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum, auto
from typing import Protocol

from app.rules.allocation import Allocation

MINIMUM_CENTS = 100
"""The payment site takes no less than 1.00 €."""

LIVE_FOR = timedelta(minutes=20)
"""So long an attempt that has not ended keeps its invoices from being paid online a second time."""

REFERENCE_BYTES = 12
"""How many random bytes make a reference: it is guessed by nobody and never made twice."""


class BasketState(StrEnum):
    """Where an attempt to pay online stands."""

    CREATED = auto()
    ASKED = auto()
    PAID = auto()
    REFUSED = auto()
    CANCELLED = auto()
    EXPIRED = auto()
    FAILED = auto()


_ENDED_UNPAID = frozenset({BasketState.REFUSED, BasketState.CANCELLED, BasketState.EXPIRED, BasketState.FAILED})

BASKET_TRANSITIONS: Mapping[BasketState | None, frozenset[BasketState]] = {
    None: frozenset({BasketState.CREATED}),
    BasketState.CREATED: frozenset({BasketState.ASKED, BasketState.PAID, *_ENDED_UNPAID}),
    BasketState.ASKED: frozenset({BasketState.PAID, *_ENDED_UNPAID - {BasketState.FAILED}}),
    BasketState.REFUSED: frozenset({BasketState.PAID}),
    BasketState.CANCELLED: frozenset({BasketState.PAID}),
    BasketState.EXPIRED: frozenset({BasketState.PAID}),
    BasketState.FAILED: frozenset({BasketState.PAID}),
    BasketState.PAID: frozenset(),
}
"""Money that comes late is still taken. A created basket may end without being « asked »: its answer was lost."""


def may_follow(before: BasketState | None, after: BasketState) -> bool:
    """Whether a basket may go from ``before`` (None: it is being made) to ``after``."""
    return after in BASKET_TRANSITIONS[before]


def is_live(state: BasketState, since: datetime, now: datetime) -> bool:
    """Whether an attempt, created or asked at ``since``, still keeps its invoices; both moments are aware."""
    return state in (BasketState.CREATED, BasketState.ASKED) and _utc(now) - _utc(since) < LIVE_FOR


# What may be paid together


@dataclass(frozen=True, slots=True)
class TickedInvoice:
    """An invoice that a parent wants to pay: its office's PayFiP number, what is due, whether an attempt is live."""

    invoice_id: int
    payfip_number: str | None
    balance_cents: int
    has_live_attempt: bool
    is_debited: bool = False  # a direct debit of it is planned


class UnpayableReason(StrEnum):
    """Why an invoice cannot be paid online now."""

    SETTLED = auto()
    NOT_ONLINE = auto()
    UNDER_WAY = auto()
    DEBITED = auto()
    BELOW_MINIMUM = auto()


@dataclass(frozen=True, slots=True)
class Unpayable:
    """An invoice that cannot be paid online now, and why."""

    invoice_id: int
    reason: UnpayableReason


@dataclass(frozen=True, slots=True)
class BasketDraft:
    """One payment to make: the whole balance of each invoice, all of one PayFiP number."""

    payfip_number: str
    allocations: tuple[Allocation, ...]

    @property
    def amount_cents(self) -> int:
        """What the family pays: the sum of the balances."""
        return sum(allocation.amount_cents for allocation in self.allocations)


@dataclass(frozen=True, slots=True)
class BasketPlan:
    """The payments to make one after the other, and what cannot be paid online."""

    baskets: tuple[BasketDraft, ...]
    unpayable: tuple[Unpayable, ...]


def plan_baskets(ticked: Sequence[TickedInvoice]) -> BasketPlan:
    """Group what may be paid by PayFiP number, in the order of the ticked invoices.

    Offices that share a number are paid together; a group below the minimum is not payable. Raises ValueError for an
    invoice ticked twice.
    """
    if len({invoice.invoice_id for invoice in ticked}) != len(ticked):
        raise ValueError("an invoice is ticked twice")
    reasons: dict[int, UnpayableReason] = {}
    groups: dict[str, list[Allocation]] = {}
    for invoice in ticked:
        reason = _unpayable(invoice)
        if reason is not None or invoice.payfip_number is None:
            reasons[invoice.invoice_id] = reason or UnpayableReason.NOT_ONLINE
        else:
            groups.setdefault(invoice.payfip_number, []).append(Allocation(invoice.invoice_id, invoice.balance_cents))
    drafts = [BasketDraft(number, tuple(allocations)) for number, allocations in groups.items()]
    for draft in drafts:
        if draft.amount_cents < MINIMUM_CENTS:
            reasons.update((each.invoice_id, UnpayableReason.BELOW_MINIMUM) for each in draft.allocations)
    return BasketPlan(
        tuple(draft for draft in drafts if draft.amount_cents >= MINIMUM_CENTS),
        tuple(
            Unpayable(invoice.invoice_id, reasons[invoice.invoice_id])
            for invoice in ticked
            if invoice.invoice_id in reasons
        ),
    )


def _unpayable(invoice: TickedInvoice) -> UnpayableReason | None:
    if invoice.balance_cents <= 0:
        return UnpayableReason.SETTLED
    if invoice.payfip_number is None:
        return UnpayableReason.NOT_ONLINE
    if invoice.has_live_attempt:
        return UnpayableReason.UNDER_WAY
    return UnpayableReason.DEBITED if invoice.is_debited else None


# References

_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
"""32 characters without I, L, O and U: they are read aloud at the counter."""

_REFERENCE = re.compile(r"[A-Za-z0-9]{6,30}")


def is_reference(text: str) -> bool:
    """Whether the payment site takes this as a reference: 6 to 30 unaccented letters or digits."""
    return _REFERENCE.fullmatch(text) is not None


def basket_reference(randomness: bytes) -> str:
    """A basket's own reference, « EF » and 20 characters, from ``REFERENCE_BYTES`` random bytes, else ValueError."""
    if len(randomness) != REFERENCE_BYTES:
        raise ValueError(f"a reference is made of {REFERENCE_BYTES} random bytes")
    number = int.from_bytes(randomness, "big")
    return "EF" + "".join(_ALPHABET[number >> shift & 31] for shift in range(95, -1, -5))


# What the payment site's answer means


class ReadingOutcome(StrEnum):
    """What the payment site says of an operation. ``PENDING``: not known yet; ``UNKNOWN``: not known any more."""

    PAID_CARD = auto()
    PAID_DEBIT = auto()
    REFUSED = auto()
    CANCELLED = auto()
    PENDING = auto()
    UNKNOWN = auto()


@dataclass(frozen=True, slots=True)
class ExpectedPayment:
    """What was asked: number, reference, cents, and the mode that this installation works in (T, X or W)."""

    client_number: str
    reference: str
    amount_cents: int
    mode: str


class Answer(Protocol):
    """What the payment site says, as ``integrations.payments.PaymentReading`` has it; what it does not say is None."""

    @property
    def outcome(self) -> str:
        """The code of a ReadingOutcome."""

    @property
    def client_number(self) -> str | None:
        """Whom the money is for: six digits."""

    @property
    def reference(self) -> str | None:
        """The basket's."""

    @property
    def amount_cents(self) -> int | None:
        """What was, or was not, paid."""

    @property
    def mode(self) -> str | None:
        """T, X or W."""


class Mismatch(StrEnum):
    """In what an answer differs from what was asked."""

    CLIENT_NUMBER = auto()
    REFERENCE = auto()
    AMOUNT = auto()
    MODE = auto()


class Verdict(StrEnum):
    """What to do with an answer."""

    SETTLE = auto()
    PENDING = auto()
    END = auto()
    MISMATCH = auto()


@dataclass(frozen=True, slots=True)
class Judgement:
    """The verdict; the state to end in for ``END`` (and ``SETTLE``: paid), and what differs for ``MISMATCH``."""

    verdict: Verdict
    state: BasketState | None = None
    mismatches: tuple[Mismatch, ...] = ()


_END_STATES: Mapping[ReadingOutcome, BasketState] = {
    ReadingOutcome.REFUSED: BasketState.REFUSED,
    ReadingOutcome.CANCELLED: BasketState.CANCELLED,
}


def judge_reading(expected: ExpectedPayment, answer: Answer, age: timedelta) -> Judgement:
    """What an answer means for a basket: it counts only when number, reference, amount and mode are those asked.

    So a payment of the test mode never settles anything in production, and an answer about another operation never
    ends this one. An operation that the site does not know is lost, unless its ``age`` says that it may not know it
    yet. Whether the basket may still go there is ``may_follow``'s question. Raises ValueError for an outcome
    that is none of ReadingOutcome.
    """
    outcome = ReadingOutcome(answer.outcome)
    if outcome is ReadingOutcome.PENDING or (outcome is ReadingOutcome.UNKNOWN and age < LIVE_FOR):
        return Judgement(Verdict.PENDING)
    if outcome is ReadingOutcome.UNKNOWN:
        return Judgement(Verdict.END, BasketState.EXPIRED)
    mismatches = tuple(_mismatches(expected, answer))
    if mismatches:
        return Judgement(Verdict.MISMATCH, mismatches=mismatches)
    if outcome in (ReadingOutcome.PAID_CARD, ReadingOutcome.PAID_DEBIT):
        return Judgement(Verdict.SETTLE, BasketState.PAID)
    return Judgement(Verdict.END, _END_STATES[outcome])


def _mismatches(expected: ExpectedPayment, answer: Answer) -> Iterable[Mismatch]:
    if answer.client_number != expected.client_number:
        yield Mismatch.CLIENT_NUMBER
    if answer.reference != expected.reference:
        yield Mismatch.REFERENCE
    if answer.amount_cents != expected.amount_cents:
        yield Mismatch.AMOUNT
    if answer.mode != expected.mode:
        yield Mismatch.MODE


# When to ask again

CHECKS: tuple[timedelta, ...] = (
    *(timedelta(minutes=minutes) for minutes in (2, 5, 10, 20, 60, 120)),
    *(timedelta(hours=hours) for hours in range(3, 25)),
    *(timedelta(days=days) for days in range(2, 8)),
)
"""How long after its creation a basket without a result is asked about."""


def next_check(created_at: datetime, checked_at: datetime | None, now: datetime) -> datetime | None:
    """When to ask about a basket again: a moment in UTC, ``now`` when one is overdue, None when it is given up.

    ``checked_at`` is the last time it was asked about. Checks that nobody made (the worker stood still) are made up for
    by one, not by all. All moments are aware.
    """
    start = _utc(created_at)
    last = start if checked_at is None else _utc(checked_at)
    for delay in CHECKS:
        if start + delay > last:
            return max(start + delay, _utc(now))
    return None


def _utc(moment: datetime) -> datetime:
    # Between two moments of one zone Python counts the hours of the clock on the wall, not those that passed.
    if moment.tzinfo is None:
        raise ValueError("a moment without a zone")
    return moment.astimezone(UTC)


# Where the money goes


@dataclass(frozen=True, slots=True)
class BasketSettlement:
    """What each invoice still takes, and what it does not (paid meanwhile): kept for the family, flagged to staff."""

    allocations: tuple[Allocation, ...]
    surpluses: tuple[Allocation, ...]

    @property
    def surplus_cents(self) -> int:
        """All that was paid too much."""
        return sum(surplus.amount_cents for surplus in self.surpluses)


def allocate_still_due(wanted: Sequence[Allocation], balances_now: Mapping[int, int]) -> BasketSettlement:
    """Give a paid basket's money to its invoices: what is still due, up to what was paid for each; the rest is surplus.

    ``balances_now`` tells the balance of each invoice in cents. Raises KeyError for one that it does not tell, and
    ValueError for a wanted amount that is not positive or an invoice told twice.
    """
    if len({each.invoice_id for each in wanted}) != len(wanted) or any(each.amount_cents <= 0 for each in wanted):
        raise ValueError("each invoice once, with what was paid for it")
    taken = [(each, min(each.amount_cents, max(balances_now[each.invoice_id], 0))) for each in wanted]
    return BasketSettlement(
        tuple(Allocation(each.invoice_id, cents) for each, cents in taken if cents > 0),
        tuple(
            Allocation(each.invoice_id, each.amount_cents - cents) for each, cents in taken if cents < each.amount_cents
        ),
    )
