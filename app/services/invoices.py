"""Invoices as families and staff read them.

What is still due is always derived: lines less what payments and credit notes pay of them.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import ColumnElement, Select, case, func, select
from sqlalchemy.orm import Session

from app import clock
from app.database import db
from app.models.activities import Office
from app.models.cash_desks import PaymentReversal
from app.models.credits import CreditAllocation, CreditNote
from app.models.debts import DebtMove, InvoiceReminder
from app.models.direct_debits import DebitBatch, DebitLine
from app.models.invoices import Invoice, InvoiceLine
from app.models.payments import BasketInvoice, Payment, PaymentAllocation, PaymentBasket
from app.rules.allocation import InvoiceState, OpenInvoice, invoice_state
from app.rules.baskets import LIVE_FOR, BasketState
from app.rules.cash_desks import PaymentMode, ReversalKind
from app.rules.debts import DebtMoveKind
from app.services.debit_terms import open_lines
from app.services.errors import NotFound
from app.services.offices import of_offices
from app.services.payment_terms import left_cents, stands


@dataclass(frozen=True, slots=True)
class InvoiceView:
    """An issued invoice and what is still due on it. All amounts in cents."""

    id: int
    number: str
    office_name: str
    payfip_number: str | None
    family_id: int
    issued_on: date
    due_on: date
    month: date
    total_cents: int
    balance_cents: int
    taken_back_cents: int  # by its own credit notes, wherever these went
    live_until: datetime | None  # an online payment of it is under way, and keeps it from another one until then
    office_id: int
    written_off_cents: int = 0
    transferred_cents: int = 0  # to the Treasury, which asks for it
    reminded_on: date | None = None  # last
    debit_on: date | None = None  # it will be collected then, or was and is not recorded yet

    @property
    def has_live_attempt(self) -> bool:
        """Whether an online payment of it is under way."""
        return self.live_until is not None

    @property
    def is_under_way(self) -> bool:
        """Whether its money is on its way: an online payment, or a direct debit."""
        return self.has_live_attempt or self.debit_on is not None

    @property
    def state(self) -> InvoiceState:
        """What a family reads of it."""
        return invoice_state(
            self.total_cents, self.balance_cents, self.taken_back_cents,
            is_written_off=self.written_off_cents > 0, is_transferred=self.transferred_cents > 0,
        )  # fmt: skip


@dataclass(frozen=True, slots=True)
class InvoiceLineView:
    """One line of an invoice."""

    id: int
    child_name: str
    label: str
    days: str
    quantity: int
    unit_cents: int
    amount_cents: int
    explanation: str


@dataclass(frozen=True, slots=True)
class PaymentView:
    """Money received, with its receipt."""

    id: int
    receipt_number: str
    office_name: str
    mode: PaymentMode
    received_on: date
    amount_cents: int
    unallocated_cents: int  # paid too much: kept for the family, flagged to the staff
    reversed_as: ReversalKind | None  # it counts no more


@dataclass(frozen=True, slots=True)
class InvoiceDetail:
    """An invoice with its lines, its payer and the payments that went to it."""

    invoice: InvoiceView
    payer_name: str
    payer_address: str
    lines: tuple[InvoiceLineView, ...]
    payments: tuple[PaymentView, ...]
    credited_cents: int  # that credit notes pay of it
    months: tuple[date, ...]  # that it asks for, by their first days: also those that were carried forward to it


@dataclass(frozen=True, slots=True)
class Due:
    """What a family has to pay, for the dashboard."""

    count: int
    amount_cents: int
    reminded_on: date | None = None  # the last of its invoices that are to pay, last


def invoices_of(family_id: int, office_ids: Collection[int] | None = None) -> tuple[InvoiceView, ...]:
    """The invoices of a family by these offices (None: by all), latest first, with their balances. One query."""
    return _views(db.session(), (Invoice.family_id == family_id) & of_offices(Invoice.office_id, office_ids))


def due_invoices(family_id: int, office_id: int) -> tuple[InvoiceView, ...]:
    """What a family has to pay to an office, oldest first. One query."""
    found = _views(db.session(), (Invoice.family_id == family_id) & (Invoice.office_id == office_id))
    return tuple(view for view in reversed(found) if view.balance_cents > 0)


def office_owed(family_id: int, office_ids: Collection[int]) -> int | None:
    """The one of some offices to which a family has something to pay: that of the latest invoice. One query."""
    owed = (view.office_id for view in invoices_of(family_id) if view.balance_cents > 0)
    return next((office_id for office_id in owed if office_id in office_ids), None)


def invoice_of(family_id: int, invoice_id: int) -> InvoiceDetail:
    """An invoice of the family, complete. Raises NotFound for any other."""
    views = _views(db.session(), (Invoice.family_id == family_id) & (Invoice.id == invoice_id))
    if not views:
        raise NotFound("invoice")
    return _detail(db.session(), views[0])


def invoice_for_staff(invoice_id: int) -> InvoiceDetail:
    """Any invoice, complete. Raises NotFound."""
    return _detail(db.session(), invoice_view(db.session(), invoice_id))


def invoice_view(session: Session, invoice_id: int) -> InvoiceView:
    """Any invoice with its balance, without its lines. Raises NotFound. One query."""
    views = _views(session, Invoice.id == invoice_id)
    if not views:
        raise NotFound("invoice")
    return views[0]


def overdue_of(session: Session, family_id: int) -> int:
    """What a family should have paid already (cents)."""
    today = clock.today()
    views = _views(session, Invoice.family_id == family_id)
    return sum(max(view.balance_cents, 0) for view in views if view.due_on < today)


def due_of(family_id: int) -> Due:
    """How many invoices a family has to pay, and how much together."""
    open_ones = [view for view in invoices_of(family_id) if view.balance_cents > 0]
    reminded_on = max((view.reminded_on for view in open_ones if view.reminded_on), default=None)
    return Due(len(open_ones), sum(view.balance_cents for view in open_ones), reminded_on)


def open_invoices(session: Session, family_id: int, office_id: int) -> tuple[OpenInvoice, ...]:
    """What a family owes an office, for the allocation of a payment."""
    views = _views(session, (Invoice.family_id == family_id) & (Invoice.office_id == office_id))
    return tuple(OpenInvoice(view.id, view.issued_on, view.balance_cents) for view in views if view.balance_cents > 0)


def open_views(session: Session, office_id: int, family_ids: Collection[int]) -> tuple[InvoiceView, ...]:
    """What some families owe an office, latest invoice first. One query."""
    views = _views(session, Invoice.family_id.in_(family_ids) & (Invoice.office_id == office_id))
    return tuple(view for view in views if view.balance_cents > 0)


def balances(session: Session, invoice_ids: Collection[int]) -> dict[int, int]:
    """What is due on each invoice, in cents (negative: overpaid)."""
    return {view.id: view.balance_cents for view in _views(session, Invoice.id.in_(invoice_ids))}


def months_of(session: Session, invoice_ids: Collection[int]) -> Mapping[int, tuple[date, ...]]:
    """The months that invoices ask for, by their first days: also those carried forward to them. One query."""
    rows = session.execute(
        select(Invoice.id, Invoice.month, InvoiceLine.first_day)
        .outerjoin(InvoiceLine, InvoiceLine.invoice_id == Invoice.id)
        .where(Invoice.id.in_(invoice_ids))
        .distinct()
    )
    found: defaultdict[int, set[date]] = defaultdict(set)
    for invoice_id, month, first_day in rows:
        found[invoice_id] |= _months(month, [first_day])
    return {invoice_id: tuple(sorted(months)) for invoice_id, months in found.items()}


def _months(month: date, first_days: Iterable[date | None]) -> set[date]:
    return {month, *(day.replace(day=1) for day in first_days if day is not None)}


def payments_of(family_id: int, office_ids: Collection[int] | None = None) -> tuple[PaymentView, ...]:
    """The payments of a family to these offices (None: to all), latest first. One query."""
    return _payments(db.session(), (Payment.family_id == family_id) & of_offices(Payment.office_id, office_ids))


def payment_of(family_id: int, payment_id: int) -> PaymentView:
    """A payment of the family. Raises NotFound for any other."""
    found = _payments(db.session(), (Payment.family_id == family_id) & (Payment.id == payment_id))
    if not found:
        raise NotFound("payment")
    return found[0]


def _allocated() -> Select[tuple[int, int]]:
    """What payments that were not reversed gave each invoice."""
    return (
        select(
            PaymentAllocation.invoice_id.label("invoice_id"),
            func.sum(PaymentAllocation.amount_cents).label("allocated"),
        )
        .where(stands(PaymentAllocation.payment_id))
        .group_by(PaymentAllocation.invoice_id)
    )


def _credited() -> Select[tuple[int, int]]:
    return select(
        CreditAllocation.invoice_id.label("invoice_id"), func.sum(CreditAllocation.amount_cents).label("credited")
    ).group_by(CreditAllocation.invoice_id)


def _taken_back() -> Select[tuple[int, int]]:
    return select(
        CreditNote.invoice_id.label("invoice_id"), func.sum(CreditNote.total_cents).label("taken_back")
    ).group_by(CreditNote.invoice_id)


def _given_up_cents() -> ColumnElement[int]:
    return case((DebtMove.cancels_id.is_(None), DebtMove.amount_cents), else_=-DebtMove.amount_cents)


def _given_up() -> Select[tuple[int, int, int]]:
    """What an office does not ask for any more, by invoice and way; a row that cancels another takes it back."""
    cents = _given_up_cents()
    written_off = func.sum(case((DebtMove.kind == DebtMoveKind.WRITE_OFF, cents), else_=0))
    transferred = func.sum(case((DebtMove.kind == DebtMoveKind.TRANSFER, cents), else_=0))
    return select(
        DebtMove.invoice_id.label("invoice_id"), written_off.label("written_off"), transferred.label("transferred")
    ).group_by(DebtMove.invoice_id)


def balance_in_sql() -> ColumnElement[int]:
    """What is due on an invoice (cents), in any statement over `Invoice`: the same terms as in `_views()`."""
    allocated = select(func.sum(PaymentAllocation.amount_cents)).where(
        PaymentAllocation.invoice_id == Invoice.id, stands(PaymentAllocation.payment_id)
    )
    credited = select(func.sum(CreditAllocation.amount_cents)).where(CreditAllocation.invoice_id == Invoice.id)
    given_up = select(func.sum(_given_up_cents())).where(DebtMove.invoice_id == Invoice.id)
    balance: ColumnElement[int] = Invoice.__table__.c.total_cents
    for term in (allocated, credited, given_up):
        balance = balance - func.coalesce(term.correlate(Invoice).scalar_subquery(), 0)
    return balance


def _views(session: Session, condition: ColumnElement[bool]) -> tuple[InvoiceView, ...]:
    wanted = select(Invoice.id).where(condition)
    allocated = _allocated().where(PaymentAllocation.invoice_id.in_(wanted)).subquery()
    credited = _credited().where(CreditAllocation.invoice_id.in_(wanted)).subquery()
    taken_back = _taken_back().where(CreditNote.invoice_id.in_(wanted)).subquery()
    given_up = _given_up().where(DebtMove.invoice_id.in_(wanted)).subquery()
    reminded = (
        select(InvoiceReminder.invoice_id, func.max(InvoiceReminder.sent_on).label("sent_on"))
        .where(InvoiceReminder.invoice_id.in_(wanted))
        .group_by(InvoiceReminder.invoice_id)
        .subquery()
    )
    live = (
        select(BasketInvoice.invoice_id.label("invoice_id"), func.max(PaymentBasket.created_at).label("since"))
        .join(PaymentBasket, PaymentBasket.id == BasketInvoice.basket_id)
        .where(
            BasketInvoice.invoice_id.in_(wanted),
            PaymentBasket.state.in_([BasketState.CREATED, BasketState.ASKED]),
            PaymentBasket.created_at > clock.now() - LIVE_FOR,
        )
        .group_by(BasketInvoice.invoice_id)
        .subquery()
    )
    debits = (
        open_lines()
        .with_only_columns(DebitLine.invoice_id.label("invoice_id"), func.max(DebitBatch.collected_on).label("day"))
        .where(DebitLine.invoice_id.in_(wanted))
        .group_by(DebitLine.invoice_id)
        .subquery()
    )
    rows = session.execute(
        select(
            Invoice, Office.name, Office.payfip_number, func.coalesce(allocated.c.allocated, 0),
            live.c.since, func.coalesce(given_up.c.written_off, 0),
            func.coalesce(given_up.c.transferred, 0), func.coalesce(credited.c.credited, 0),
            func.coalesce(taken_back.c.taken_back, 0), reminded.c.sent_on, debits.c.day,
        )
        .join(Office, Office.id == Invoice.office_id)
        .outerjoin(allocated, allocated.c.invoice_id == Invoice.id)
        .outerjoin(given_up, given_up.c.invoice_id == Invoice.id)
        .outerjoin(credited, credited.c.invoice_id == Invoice.id)
        .outerjoin(taken_back, taken_back.c.invoice_id == Invoice.id)
        .outerjoin(reminded, reminded.c.invoice_id == Invoice.id)
        .outerjoin(live, live.c.invoice_id == Invoice.id)
        .outerjoin(debits, debits.c.invoice_id == Invoice.id)
        .where(condition)
        .order_by(Invoice.issued_on.desc(), Invoice.id.desc())
    )  # fmt: skip
    return tuple(
        InvoiceView(
            id=invoice.id,
            number=invoice.number,
            office_name=office_name,
            payfip_number=payfip_number,
            family_id=invoice.family_id,
            issued_on=invoice.issued_on,
            due_on=invoice.due_on,
            month=invoice.month,
            total_cents=invoice.total_cents,
            balance_cents=(
                invoice.total_cents - allocated_cents - credited_cents - written_off_cents - transferred_cents
            ),
            taken_back_cents=taken_back_cents,
            live_until=None if live_since is None else live_since + LIVE_FOR,
            office_id=invoice.office_id,
            written_off_cents=written_off_cents,
            transferred_cents=transferred_cents,
            reminded_on=reminded_on,
            debit_on=debit_on,
        )
        for (
            invoice, office_name, payfip_number, allocated_cents, live_since, written_off_cents,
            transferred_cents, credited_cents, taken_back_cents, reminded_on, debit_on,
        ) in rows
    )  # fmt: skip


def _detail(session: Session, view: InvoiceView) -> InvoiceDetail:
    invoice = session.get_one(Invoice, view.id)
    lines = session.scalars(
        select(InvoiceLine).where(InvoiceLine.invoice_id == view.id).order_by(InvoiceLine.position)
    ).all()
    months = _months(view.month, (line.first_day for line in lines))
    paid_by = select(PaymentAllocation.payment_id).where(PaymentAllocation.invoice_id == view.id)
    return InvoiceDetail(
        invoice=view,
        payer_name=invoice.payer_name,
        payer_address=invoice.payer_address,
        lines=tuple(
            InvoiceLineView(
                line.id, line.child_name, line.label, line.days, line.quantity, line.unit_cents, line.amount_cents,
                line.explanation,
            )
            for line in lines
        ),
        payments=_payments(session, Payment.id.in_(paid_by)),
        credited_cents=session.scalar(
            select(func.coalesce(func.sum(CreditAllocation.amount_cents), 0)).where(
                CreditAllocation.invoice_id == view.id
            )
        )
        or 0,
        months=tuple(sorted(months)),
    )  # fmt: skip


def _payments(session: Session, condition: ColumnElement[bool]) -> tuple[PaymentView, ...]:
    rows = session.execute(
        select(Payment, Office.name, left_cents(), PaymentReversal.kind)
        .join(Office, Office.id == Payment.office_id)
        .outerjoin(PaymentReversal, PaymentReversal.payment_id == Payment.id)
        .where(condition)
        .order_by(Payment.received_on.desc(), Payment.id.desc())
    )
    return tuple(
        PaymentView(
            payment.id, payment.receipt_number, office_name, payment.mode, payment.received_on, payment.amount_cents,
            left, reversed_as,
        )
        for payment, office_name, left, reversed_as in rows
    )  # fmt: skip
