"""« Relevé de compte »: all that moved between a family and the offices, in order, with what it came to each time.

A positive balance is what the family owes. What moved is read from the documents themselves: each kind is one select.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import accumulate
from typing import Any, NamedTuple

from sqlalchemy import (
    ColumnElement,
    Date,
    Integer,
    Select,
    String,
    Subquery,
    case,
    cast,
    func,
    literal,
    select,
    type_coerce,
    union_all,
)

from app.database import db
from app.models.activities import Office
from app.models.cash_desks import PaymentReversal, Refund
from app.models.credits import CreditNote
from app.models.debts import DebtMove
from app.models.invoices import Invoice
from app.models.payments import Payment
from app.rules.debts import DebtMoveKind, EntryKind
from app.services.offices import of_offices


@dataclass(frozen=True, slots=True)
class Entry:
    """One movement: what the family owes more (`cents` positive) or less, and what it owed then (cents)."""

    kind: EntryKind
    id: int  # of the document, or of the invoice of what was given up
    number: str
    day: date
    office_name: str
    cents: int
    balance_cents: int


@dataclass(frozen=True, slots=True)
class AccountStatement:
    """A family's account over some days, both included."""

    family_id: int
    first: date
    last: date
    opening_cents: int
    entries: tuple[Entry, ...]

    @property
    def closing_cents(self) -> int:
        """What it owed in the end; negative: what the offices had of its money."""
        return self.entries[-1].balance_cents if self.entries else self.opening_cents


def statement_of(
    family_id: int, first: date, last: date, office_ids: Collection[int] | None = None
) -> AccountStatement:
    """What moved between two days, both included, at these offices (None: at all). Four queries."""
    moves = _moves(family_id)
    there = of_offices(moves.c.office_id, office_ids)
    before = db.session.scalar(select(func.coalesce(func.sum(moves.c.cents), 0)).where(moves.c.day < first, there))
    found = [
        _Move(EntryKind(kind), id_, number, day, office_name, cents)
        for kind, _place, id_, number, day, _office_id, cents, office_name in db.session.execute(
            select(moves, Office.name)
            .join(Office, Office.id == moves.c.office_id)
            .where(moves.c.day >= first, moves.c.day <= last, there)
        )
    ]
    given_back = _given_back(family_id, of_offices(Office.id, office_ids))
    found += [each for each in given_back if first <= each.day <= last]
    order = list(EntryKind)
    found.sort(key=lambda each: (each.day, order.index(each.kind), each.id))
    opening_cents = int(before or 0) + sum(each.cents for each in given_back if each.day < first)
    balances = accumulate((each.cents for each in found), initial=opening_cents)
    next(balances)
    entries = (
        Entry(each.kind, each.id, each.number, each.day, each.office_name, each.cents, balance_cents)
        for each, balance_cents in zip(found, balances, strict=True)
    )
    return AccountStatement(family_id, first, last, opening_cents, tuple(entries))


class _Move(NamedTuple):
    """A movement that is not in its place yet."""

    kind: EntryKind
    id: int
    number: str
    day: date
    office_name: str
    cents: int


def _given_back(family_id: int, there: ColumnElement[bool]) -> list[_Move]:
    """Payments that count no more, and money that went back: few, and dated by a moment, whose day is that of Paris."""
    reversals = db.session.execute(
        select(Payment, PaymentReversal.reversed_at, Office.name)
        .join(PaymentReversal, PaymentReversal.payment_id == Payment.id)
        .join(Office, Office.id == Payment.office_id)
        .where(Payment.family_id == family_id, there)
    )
    refunds = db.session.execute(
        select(Refund.id, Refund.number, Refund.made_at, Office.name, Refund.amount_cents)
        .join(Office, Office.id == Refund.office_id)
        .where(Refund.family_id == family_id, there)
    )
    return [
        *(
            _Move(EntryKind.REVERSAL, payment.id, payment.receipt_number, at.date(), name, payment.amount_cents)
            for payment, at, name in reversals
        ),
        *(_Move(EntryKind.REFUND, id_, number, at.date(), name, cents) for id_, number, at, name, cents in refunds),
    ]


def _moves(family_id: int) -> Subquery:
    return union_all(*(_columns(*source) for source in _sources(family_id))).subquery()


_Source = tuple[EntryKind | ColumnElement[str], Any, Any, Any, Any, Any, Select[Any]]


def _sources(family_id: int) -> Sequence[_Source]:
    """Of each kind: what it is, its id, number, day, office and cents, and where these come from."""
    cancelled = DebtMove.cancels_id.is_not(None)
    given_up = case(
        (cancelled, literal(EntryKind.CANCELLED.value)),
        (DebtMove.kind == DebtMoveKind.WRITE_OFF, literal(EntryKind.WRITE_OFF.value)),
        else_=literal(EntryKind.TRANSFER.value),
    )
    of_move = case((cancelled, DebtMove.amount_cents), else_=-DebtMove.amount_cents)
    return (
        (
            EntryKind.INVOICE, Invoice.id, Invoice.number, Invoice.issued_on, Invoice.office_id, Invoice.total_cents,
            select().select_from(Invoice).where(Invoice.family_id == family_id),
        ),
        (
            EntryKind.CREDIT_NOTE, CreditNote.id, CreditNote.number, CreditNote.issued_on, CreditNote.office_id,
            -CreditNote.total_cents, select().select_from(CreditNote).where(CreditNote.family_id == family_id),
        ),
        (
            EntryKind.PAYMENT, Payment.id, Payment.receipt_number, Payment.received_on, Payment.office_id,
            -Payment.amount_cents, select().select_from(Payment).where(Payment.family_id == family_id),
        ),
        (
            given_up, Invoice.id, Invoice.number, DebtMove.recorded_on, Invoice.office_id, of_move,
            select().select_from(DebtMove).join(Invoice, Invoice.id == DebtMove.invoice_id)
            .where(Invoice.family_id == family_id),
        ),
    )  # fmt: skip


def _columns(
    kind: EntryKind | ColumnElement[str], id_: Any, number: Any, day: Any, office_id: Any, cents: Any, base: Select[Any]
) -> Select[Any]:
    """The columns that all statements share; typed, since PostgreSQL asks it of each."""
    place = len(EntryKind) if not isinstance(kind, EntryKind) else list(EntryKind).index(kind)
    code = literal(kind.value) if isinstance(kind, EntryKind) else kind
    return base.add_columns(
        cast(code, String).label("kind"), literal(place, Integer).label("place"), cast(id_, Integer).label("id"),
        cast(number, String).label("number"), type_coerce(day, Date).label("day"),
        cast(office_id, Integer).label("office_id"),
        cast(cents, Integer).label("cents"),
    )  # fmt: skip
