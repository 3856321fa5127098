"""The régie: how money comes, what is asked of each mode, what is in hand until it is handed in, and refunds of money.

Money is integer cents. Source: domain.md sections 5.4 and 5.6, docs/rules/cash_desks.md.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum, auto


class PaymentMode(StrEnum):
    """How money came."""

    ONLINE_CARD = auto()
    ONLINE_DEBIT = auto()
    CASH = auto()
    CHEQUE = auto()
    CESU = auto()
    HOLIDAY_VOUCHERS = auto()
    TRANSFER = auto()
    CARD = auto()
    DIRECT_DEBIT = auto()


COUNTER_MODES = (
    PaymentMode.CASH,
    PaymentMode.CHEQUE,
    PaymentMode.CARD,
    PaymentMode.CESU,
    PaymentMode.HOLIDAY_VOUCHERS,
    PaymentMode.TRANSFER,
)
"""What an agent may record, in the order of the form; what is paid online, or collected, records itself."""

USUAL_MODES = frozenset({PaymentMode.CASH, PaymentMode.CHEQUE})
"""What an office takes as long as nobody has chosen."""

IN_HAND_MODES = (PaymentMode.CASH, PaymentMode.CHEQUE, PaymentMode.CESU, PaymentMode.HOLIDAY_VOUCHERS)
"""What lies in the till until it is handed in; all else goes straight to the account of the régie."""

VOUCHERS = frozenset({PaymentMode.CESU, PaymentMode.HOLIDAY_VOUCHERS})
"""No change is given on them, and nothing of them becomes money again."""


class Detail(StrEnum):
    """What is noted of a payment besides its amount and its day."""

    REFERENCE = auto()
    BANK = auto()
    DRAWER = auto()
    VOUCHER_COUNT = auto()
    VALUE_DATE = auto()


ASKED: Mapping[PaymentMode, frozenset[Detail]] = {
    PaymentMode.ONLINE_CARD: frozenset(),
    PaymentMode.ONLINE_DEBIT: frozenset(),
    PaymentMode.CASH: frozenset(),
    PaymentMode.CHEQUE: frozenset({Detail.REFERENCE, Detail.BANK, Detail.DRAWER}),
    PaymentMode.CESU: frozenset({Detail.VOUCHER_COUNT}),
    PaymentMode.HOLIDAY_VOUCHERS: frozenset({Detail.VOUCHER_COUNT}),
    PaymentMode.TRANSFER: frozenset({Detail.REFERENCE, Detail.VALUE_DATE}),
    PaymentMode.CARD: frozenset(),
    PaymentMode.DIRECT_DEBIT: frozenset(),
}
"""What each mode asks. The numbers of vouchers, or the ticket of a card, may be noted too."""

NOTED: Mapping[PaymentMode, frozenset[Detail]] = {
    mode: asked | ({Detail.REFERENCE} if mode in VOUCHERS | {PaymentMode.CARD} else frozenset())
    for mode, asked in ASKED.items()
}
"""What each mode keeps; what was typed for another mode is dropped."""


@dataclass(frozen=True, slots=True)
class PaymentDetails:
    """What is noted of a payment: the number of a cheque or of vouchers or the words of a transfer, and so on."""

    reference: str = ""
    bank: str = ""
    drawer: str = ""
    voucher_count: int | None = None
    value_on: date | None = None

    def has(self, detail: Detail) -> bool:
        """Whether it is there."""
        return bool(
            {
                Detail.REFERENCE: self.reference,
                Detail.BANK: self.bank,
                Detail.DRAWER: self.drawer,
                Detail.VOUCHER_COUNT: self.voucher_count,
                Detail.VALUE_DATE: self.value_on,
            }[detail]
        )


def missing_details(mode: PaymentMode, details: PaymentDetails) -> tuple[Detail, ...]:
    """What a mode asks and was not told, in the order of the form."""
    return tuple(detail for detail in Detail if detail in ASKED[mode] and not details.has(detail))


def kept_details(mode: PaymentMode, details: PaymentDetails) -> PaymentDetails:
    """What of the details belongs to the mode."""
    noted = NOTED[mode]
    return PaymentDetails(
        details.reference if Detail.REFERENCE in noted else "",
        details.bank if Detail.BANK in noted else "",
        details.drawer if Detail.DRAWER in noted else "",
        details.voucher_count if Detail.VOUCHER_COUNT in noted else None,
        details.value_on if Detail.VALUE_DATE in noted else None,
    )


class ReversalKind(StrEnum):
    """Why a payment counts no more."""

    MISTAKE = auto()
    UNPAID = auto()  # a cheque that bounced, a debit that was sent back
    GIVEN_BACK = auto()


class JournalKind(StrEnum):
    """What a line of the journal is about."""

    RECEIPT = auto()
    REVERSAL = auto()
    REFUND = auto()
    DEPOSIT = auto()


USUAL_DAYS_TO_PAY = 30
"""Between the date of an invoice and the last day to pay it, where an office says nothing else."""


class Ceiling(StrEnum):
    """Where the cash in hand stands against what the régie may keep."""

    NONE = auto()
    BELOW = auto()
    NEAR = auto()
    OVER = auto()


NEAR_PERCENT = 80
"""From so much of the ceiling on, the régisseur is warned."""


def ceiling_state(cash_cents: int, ceiling_cents: int | None) -> Ceiling:
    """Where the cash taken and not handed in stands; the float, which the régie was lent, is not counted."""
    if ceiling_cents is None:
        return Ceiling.NONE
    if cash_cents > ceiling_cents:
        return Ceiling.OVER
    return Ceiling.NEAR if cash_cents * 100 >= ceiling_cents * NEAR_PERCENT else Ceiling.BELOW


@dataclass(frozen=True, slots=True)
class Left:
    """What is left of a payment, or of a credit note (without a mode): no invoice took it, nor was it given back."""

    source_id: int
    mode: PaymentMode | None
    left_cents: int


@dataclass(frozen=True, slots=True)
class CreditLeft:
    """What is left of a credit note, and what was paid in money of the invoice that it takes back (cents).

    ``money_cents`` leaves out vouchers and reversed payments, and what was given back of the invoice already.
    """

    note_id: int
    invoice_id: int
    left_cents: int
    money_cents: int


def credit_in_money(notes: Iterable[CreditLeft]) -> tuple[Left, ...]:
    """What of credit notes may be given back, in their order: of an invoice never more than was paid of it in money."""
    given: Counter[int] = Counter()
    found = []
    for note in notes:
        cents = max(0, min(note.left_cents, note.money_cents - given[note.invoice_id]))
        given[note.invoice_id] += cents
        found.append(Left(note.note_id, None, cents))
    return tuple(found)


@dataclass(frozen=True, slots=True)
class Kept:
    """What an office still has of a payment, or of a credit note (without a mode) on an invoice (cents).

    ``came_on``: the day of the payment or of the credit note; ``money_cents``: see `CreditLeft`.
    """

    source_id: int
    mode: PaymentMode | None
    came_on: date
    left_cents: int
    invoice_id: int = 0
    money_cents: int = 0


def in_order_of_use(kept: Iterable[Kept]) -> tuple[Kept, ...]:
    """What the next invoices take first: credit notes, then payments, which can be given back; each as recorded."""
    return tuple(sorted(kept, key=lambda each: (each.mode is not None, each.source_id)))


def in_order_of_refund(kept: Iterable[Kept]) -> tuple[Left, ...]:
    """What is given back first: payments, the oldest first, then what of credit notes may be (`credit_in_money()`)."""
    known = sorted(kept, key=lambda each: (each.came_on, each.source_id))
    paid = (Left(each.source_id, each.mode, each.left_cents) for each in known if each.mode is not None)
    notes = sorted((each for each in known if each.mode is None), key=lambda each: each.source_id)
    left = (CreditLeft(each.source_id, each.invoice_id, each.left_cents, each.money_cents) for each in notes)
    return (*paid, *credit_in_money(left))


@dataclass(frozen=True, slots=True)
class RefundPart:
    """How much of a refund comes out of a payment, or of a credit note."""

    source_id: int
    is_credit_note: bool
    amount_cents: int


def refundable_cents(left: Sequence[Left]) -> int:
    """The most that may be given back: of vouchers nothing is."""
    return sum(each.left_cents for each in left if each.mode not in VOUCHERS)


class RefusedRefund(ValueError):
    """A refund that cannot be made, with the most that could be given back (cents)."""

    def __init__(self, limit_cents: int) -> None:
        super().__init__(f"{limit_cents} cents at most")
        self.limit_cents = limit_cents


def plan_refund(amount_cents: int, left: Sequence[Left]) -> tuple[RefundPart, ...]:
    """Take a refund out of what is left of payments and credit notes, in their order, and of vouchers nothing.

    Raises RefusedRefund for more than is left; ValueError for an amount that is not above 0.
    """
    if amount_cents <= 0:
        raise ValueError("a refund is above 0")
    limit_cents = refundable_cents(left)
    if amount_cents > limit_cents:
        raise RefusedRefund(limit_cents)
    parts = []
    rest_cents = amount_cents
    for each in left:
        given_cents = 0 if each.mode in VOUCHERS else min(rest_cents, each.left_cents)
        if given_cents > 0:
            parts.append(RefundPart(each.source_id, each.mode is None, given_cents))
            rest_cents -= given_cents
    return tuple(parts)


class KeeperRole(StrEnum):
    """What somebody is named as, in a régie."""

    KEEPER = auto()
    DEPUTY = auto()
    AGENT = auto()


@dataclass(frozen=True, slots=True)
class Keeper:
    """Who is named for a régie, from a day to a day (None: until further notice), both included."""

    name: str
    role: KeeperRole
    starts_on: date
    ends_on: date | None


def keepers_on(keepers: Sequence[Keeper], day: date) -> tuple[Keeper, ...]:
    """Who was named on a day: the régisseur first, then the deputies and agents, by name."""
    roles = list(KeeperRole)
    named = [each for each in keepers if each.starts_on <= day and (each.ends_on is None or day <= each.ends_on)]
    return tuple(sorted(named, key=lambda each: (roles.index(each.role), each.name)))
