"""The journal of a régie: every receipt, reversal, refund and deposit, numbered in the order in which it happened."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, func, select
from sqlalchemy.orm import Session, aliased

from app import clock
from app.database import db
from app.models.accounts import User
from app.models.activities import Office
from app.models.cash_desks import Deposit, JournalLine, PaymentReversal, Refund
from app.models.families import Family
from app.models.payments import Payment
from app.rules.cash_desks import JournalKind, PaymentMode
from app.services.pages import Page, page_of

_Paid, _Reversed = aliased(Payment), aliased(Payment)


@dataclass(frozen=True, slots=True)
class JournalFilter:
    """Which lines of an office's journal; days included, None: all."""

    office_id: int
    first: date
    last: date
    mode: PaymentMode | None = None
    kind: JournalKind | None = None
    agent_id: int | None = None


@dataclass(frozen=True, slots=True)
class JournalRow:
    """A line of the journal. Cents above 0 come in."""

    n: int
    day: date
    at: datetime
    kind: JournalKind
    mode: PaymentMode
    amount_cents: int
    number: str  # of the receipt, the refund or the slip
    received_on: date | None  # of a receipt: when the money came
    family_name: str  # empty for a deposit
    reason: str  # of a reversal or a refund
    agent_name: str  # empty: paid online
    payment_id: int | None  # received, or reversed
    deposit_id: int | None
    refund_id: int | None


@dataclass(frozen=True, slots=True)
class JournalTotal:
    """What the lines of a kind and mode come to."""

    kind: JournalKind
    mode: PaymentMode
    count: int
    amount_cents: int


def list_journal(wanted: JournalFilter, page: int) -> Page[JournalRow]:
    """The lines in their order, a page of them. Two queries."""
    conditions = _conditions(wanted)
    place: Page[JournalRow] = page_of(
        page, db.session.scalar(select(func.count(JournalLine.id)).where(*conditions)) or 0
    )
    rows = db.session.execute(_lines(wanted).offset(place.offset).limit(place.size))
    return place.filled(tuple(map(_row, rows)))


def read_journal(wanted: JournalFilter) -> Iterator[JournalRow]:
    """All lines in their order, a few at a time."""
    return map(_row, db.session.execute(_lines(wanted).execution_options(yield_per=500)))


def totals_of(wanted: JournalFilter) -> tuple[JournalTotal, ...]:
    """What the lines come to, by kind and mode, in their order. One query."""
    rows = db.session.execute(
        select(JournalLine.kind, JournalLine.mode, func.count(JournalLine.id), func.sum(JournalLine.amount_cents))
        .where(*_conditions(wanted))
        .group_by(JournalLine.kind, JournalLine.mode)
    )
    kinds, modes = list(JournalKind), list(PaymentMode)
    totals = (JournalTotal(*row) for row in rows)
    return tuple(sorted(totals, key=lambda each: (kinds.index(each.kind), modes.index(each.mode))))


def agents_in(office_id: int) -> tuple[tuple[int, str], ...]:
    """Who wrote in the journal of an office: id and name, by name. One query."""
    wrote = select(JournalLine.agent_id).where(JournalLine.office_id == office_id)
    rows = db.session.execute(select(User.id, User.display_name).where(User.id.in_(wrote)).order_by(User.display_name))
    return tuple((id_, name) for id_, name in rows)


def _conditions(wanted: JournalFilter) -> tuple[ColumnElement[bool], ...]:
    found = [JournalLine.office_id == wanted.office_id, JournalLine.day >= wanted.first, JournalLine.day <= wanted.last]
    if wanted.mode is not None:
        found.append(JournalLine.mode == wanted.mode)
    if wanted.kind is not None:
        found.append(JournalLine.kind == wanted.kind)
    if wanted.agent_id is not None:
        found.append(JournalLine.agent_id == wanted.agent_id)
    return tuple(found)


def _lines(wanted: JournalFilter) -> Select[Any]:
    family_id = func.coalesce(_Paid.family_id, _Reversed.family_id, Refund.family_id)
    return (
        select(
            JournalLine.n, JournalLine.day, JournalLine.at, JournalLine.kind, JournalLine.mode,
            JournalLine.amount_cents,
            func.coalesce(_Paid.receipt_number, _Reversed.receipt_number, Refund.number, Deposit.number),
            _Paid.received_on, Family.last_name, Family.first_name,
            func.coalesce(PaymentReversal.reason, Refund.reason, ""), func.coalesce(User.display_name, ""),
            func.coalesce(JournalLine.payment_id, JournalLine.reversed_id), JournalLine.deposit_id,
            JournalLine.refund_id,
        )
        .outerjoin(_Paid, _Paid.id == JournalLine.payment_id)
        .outerjoin(_Reversed, _Reversed.id == JournalLine.reversed_id)
        .outerjoin(PaymentReversal, PaymentReversal.payment_id == JournalLine.reversed_id)
        .outerjoin(Refund, Refund.id == JournalLine.refund_id)
        .outerjoin(Deposit, Deposit.id == JournalLine.deposit_id)
        .outerjoin(Family, Family.id == family_id)
        .outerjoin(User, User.id == JournalLine.agent_id)
        .where(*_conditions(wanted))
        .order_by(JournalLine.n)
    )  # fmt: skip


def _row(row: Any) -> JournalRow:
    n, day, at, kind, mode, cents, number, received_on, last, first, reason, agent, *subjects = row
    family = f"{last} {first}" if last else ""
    return JournalRow(n, day, at, kind, mode, cents, number, received_on, family, reason, agent, *subjects)


def lock_office(session: Session, office_id: int) -> Office:
    """Wait for whoever else writes in the journal of an office; its family's row, if any, is locked before."""
    return session.get_one(Office, office_id, with_for_update=True)


def write_receipt(session: Session, payment: Payment) -> None:
    """Write down money received, in the transaction that records it; the office is locked."""
    _write(
        session, payment.office_id, JournalKind.RECEIPT, payment.mode, payment.amount_cents, payment.recorded_by_id,
        payment_id=payment.id,
    )  # fmt: skip


def write_reversal(session: Session, payment: Payment, reversal: PaymentReversal) -> None:
    """Write down that a payment counts no more; the office is locked."""
    _write(
        session, payment.office_id, JournalKind.REVERSAL, payment.mode, -payment.amount_cents, reversal.reversed_by_id,
        reversed_id=payment.id,
    )  # fmt: skip


def write_refund(session: Session, refund: Refund) -> None:
    """Write down money that goes back to a family; the office is locked."""
    _write(
        session, refund.office_id, JournalKind.REFUND, PaymentMode.TRANSFER, -refund.amount_cents, refund.made_by_id,
        refund_id=refund.id,
    )  # fmt: skip


def write_deposit(session: Session, deposit: Deposit) -> None:
    """Write down money that was handed in; the office is locked."""
    _write(
        session, deposit.office_id, JournalKind.DEPOSIT, deposit.mode, -deposit.total_cents, deposit.made_by_id,
        deposit_id=deposit.id,
    )  # fmt: skip


def _write(
    session: Session,
    office_id: int,
    kind: JournalKind,
    mode: PaymentMode,
    amount_cents: int,
    agent_id: int | None,
    **subject: int,
) -> None:
    last = session.scalar(select(func.max(JournalLine.n)).where(JournalLine.office_id == office_id)) or 0
    session.add(
        JournalLine(
            office_id=office_id,
            n=last + 1,
            day=clock.today(),
            at=clock.now(),
            kind=kind,
            mode=mode,
            amount_cents=amount_cents,
            agent_id=agent_id,
            **subject,
        )
    )
    session.flush()
