"""Collections (« prélèvements »): which invoices, told to the families, written down as payments, refused or abandoned.

Where a collection stands is read from its moments (`rules.direct_debits.batch_state()`). Whoever changes one of its
lines holds the family, where money moves, and then the office, which all others wait for.
"""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, case, exists, func, literal, or_, select, true
from sqlalchemy.orm import Session

from app import clock, labels
from app.database import db
from app.models.accounts import User
from app.models.activities import Office
from app.models.cash_desks import PaymentReversal
from app.models.debts import DebtMove, InvoiceHold
from app.models.direct_debits import DebitBatch, DebitLine, DebitMandate
from app.models.families import Family
from app.models.invoices import Invoice
from app.models.payments import BasketInvoice, Payment, PaymentBasket
from app.rules.allocation import Allocation
from app.rules.baskets import LIVE_FOR, BasketState
from app.rules.cash_desks import ReversalKind
from app.rules.debts import DebtMoveKind, HoldKind
from app.rules.direct_debits import (
    BANK_REFUSALS,
    BatchState,
    DebitRefusal,
    DebitSequence,
    LeftOut,
    LineState,
    batch_state,
    day_obstacle,
    sequence_of,
    used_since,
)
from app.rules.ibans import masked_iban
from app.rules.spreadsheets import Cell, Table, euros_of
from app.services.catalogue import catalogue
from app.services.debit_mandates import debit_desk
from app.services.debit_terms import is_open, last_collected, open_lines
from app.services.debts import is_held
from app.services.errors import DebitMoved, DebitTooHigh, NotFound
from app.services.families import check_not_own, emails_of_families, own_family_ids
from app.services.invoices import balance_in_sql
from app.services.journals import lock_office
from app.services.mails import queue_mail, queue_mails
from app.services.pages import Page, page_of
from app.services.payments import record_direct_debit
from app.services.reversals import reverse_payment

MOST_NAMED = 25


@dataclass(frozen=True, slots=True)
class Candidate:
    """An invoice due by the day of a collection; ``reason``: why it is not collected."""

    invoice_id: int
    invoice_number: str
    due_on: date
    family_id: int
    family_name: str
    amount_cents: int
    mandate_reference: str
    reason: LeftOut | None
    has_email: bool


@dataclass(frozen=True, slots=True)
class PreviewSum:
    """How many invoices, and how much together (cents)."""

    count: int
    amount_cents: int


@dataclass(frozen=True, slots=True)
class Preview:
    """What a collection would be: what it takes and, by reason, what it leaves out."""

    taken: PreviewSum
    left_out: Mapping[LeftOut, PreviewSum]


@dataclass(frozen=True, slots=True)
class BatchRow:
    """A collection, with what its lines come to (cents)."""

    id: int
    office_id: int
    office_name: str
    reference: str
    collected_on: date
    made_at: datetime
    made_by: str
    sent_at: datetime | None
    state: BatchState
    count: int  # of the lines that the file has, or would have
    amount_cents: int
    recorded_count: int
    recorded_cents: int  # of what stands
    refused_count: int
    open_count: int
    is_purged: bool

    @property
    def may_record(self) -> bool:
        """Whether its payments may be recorded now."""
        return self.state is BatchState.SENT and clock.today() >= self.collected_on


@dataclass(frozen=True, slots=True)
class LineView:
    """A line; of its IBAN only what is shown."""

    id: int
    batch_id: int
    office_id: int
    family_id: int
    family_name: str
    invoice_id: int
    invoice_number: str
    amount_cents: int
    mandate_reference: str
    holder: str
    masked_iban: str
    sequence: DebitSequence
    payment_id: int | None
    receipt_number: str | None
    refusal: DebitRefusal | None
    refused_on: date | None
    state: LineState
    may_refuse: bool


# --- what would be collected ----------------------------------------------------------------------------------------


def preview(office_id: int, collected_on: date) -> Preview:
    """What a collection on this day would take, and what not. One query."""
    found = _candidates(office_id, collected_on).subquery()
    rows = db.session.execute(
        select(found.c.reason, func.count(), func.sum(found.c.cents)).group_by(found.c.reason)
    ).all()
    sums = {reason: PreviewSum(count, int(cents)) for reason, count, cents in rows}
    taken = sums.pop("", PreviewSum(0, 0))
    return Preview(taken, {reason: sums[reason] for reason in LeftOut if reason in sums})


def list_candidates(office_id: int, collected_on: date, reason: LeftOut | None, page: int) -> Page[Candidate]:
    """The invoices that it takes, or those left out for a reason, by family. Three queries."""
    session = db.session()
    found = _candidates(office_id, collected_on).subquery()
    wanted = found.c.reason == (reason.value if reason else "")
    place: Page[Candidate] = page_of(page, session.scalar(select(func.count()).select_from(found).where(wanted)) or 0)
    rows = session.execute(
        select(found, Family.last_name, Family.first_name)
        .join(Family, Family.id == found.c.family_id)
        .where(wanted)
        .order_by(Family.folded_name, Family.id, found.c.due_on, found.c.invoice_id)
        .offset(place.offset)
        .limit(place.size)
    ).all()
    emails = emails_of_families(session, {row.family_id for row in rows})
    return place.filled(
        tuple(
            Candidate(
                row.invoice_id, row.number, row.due_on, row.family_id, f"{row.last_name} {row.first_name}", row.cents,
                row.reference or "", reason, bool(emails[row.family_id]),
            )
            for row in rows
        )
    )  # fmt: skip


def _candidates(office_id: int, collected_on: date) -> Select[Any]:
    """The invoices due by a day with the reason of `rules.direct_debits.left_out()`, « » for none, in SQL."""
    today, balance = clock.today(), balance_in_sql()
    taken_back = select(DebtMove.cancels_id).where(DebtMove.cancels_id.is_not(None))
    transferred = exists().where(
        DebtMove.invoice_id == Invoice.id, DebtMove.kind == DebtMoveKind.TRANSFER, DebtMove.cancels_id.is_(None),
        DebtMove.id.not_in(taken_back),
    )  # fmt: skip
    in_batch = Invoice.id.in_(open_lines().with_only_columns(DebitLine.invoice_id))
    live = select(PaymentBasket.id).where(
        PaymentBasket.state.in_([BasketState.CREATED, BasketState.ASKED]),
        PaymentBasket.created_at > clock.now() - LIVE_FOR,
    )
    paying = exists().where(BasketInvoice.invoice_id == Invoice.id, BasketInvoice.basket_id.in_(live))

    def held(kind: HoldKind) -> ColumnElement[bool]:
        return exists().where(InvoiceHold.invoice_id == Invoice.id, InvoiceHold.kind == kind, is_held(today))

    since = used_since(collected_on)
    lapsed = and_(DebitMandate.signed_on < since, func.coalesce(last_collected(), DebitMandate.signed_on) < since)
    reason = case(
        (transferred, LeftOut.TRANSFERRED.value),
        (in_batch, LeftOut.IN_BATCH.value),
        (paying, LeftOut.PAYING.value),
        (held(HoldKind.DISPUTE), LeftOut.DISPUTED.value),
        (held(HoldKind.PLAN), LeftOut.PLAN.value),
        (DebitMandate.id.is_(None), LeftOut.NO_MANDATE.value),
        (lapsed, LeftOut.LAPSED.value),
        else_=literal(""),
    )
    return (
        select(
            Invoice.id.label("invoice_id"), Invoice.number, Invoice.due_on, Invoice.family_id, balance.label("cents"),
            DebitMandate.id.label("mandate_id"), DebitMandate.reference, reason.label("reason"),
        )
        .outerjoin(
            DebitMandate,
            and_(
                DebitMandate.office_id == Invoice.office_id, DebitMandate.family_id == Invoice.family_id,
                DebitMandate.ended_at.is_(None),
            ),
        )
        .where(
            Invoice.office_id == office_id, Invoice.due_on <= collected_on,
            # What was transferred is not asked for: it is named where the family counts on being debited.
            or_(balance > 0, and_(transferred, DebitMandate.id.is_not(None))),
        )
    )  # fmt: skip


# --- preparing ------------------------------------------------------------------------------------------------------


def prepare(
    session: Session, office_id: int, collected_on: date, expected: PreviewSum, user_id: int, form_key: str
) -> int:
    """Store what the preview showed and tell the families; returns the batch's id; the same form again makes no other.

    Raises NotFound for an office that does not collect, and DebitMoved where the day is none any more, or other
    invoices would be taken than were shown.
    """
    found = _candidates(office_id, collected_on).subquery()
    family_ids = select(found.c.family_id).where(found.c.reason == "")
    locked = set(
        session.scalars(
            select(Family.id).where(Family.id.in_(family_ids)).order_by(Family.id).with_for_update(key_share=True)
        )
    )
    if session.get(Office, office_id) is None:
        raise NotFound("office")
    office = lock_office(session, office_id)
    made = session.scalar(select(DebitBatch.id).where(DebitBatch.form_key == form_key))
    if made is not None:
        return made
    desk = debit_desk(session, office_id)
    if not desk.is_on:
        raise NotFound("office that collects")
    rows = session.execute(select(found).where(found.c.reason == "").order_by(found.c.invoice_id)).all()
    is_day = day_obstacle(collected_on, clock.today(), desk.notice_days, catalogue().calendar.is_working_day) is None
    if (
        not rows
        or not is_day
        or {row.family_id for row in rows} - locked
        or expected != PreviewSum(len(rows), sum(row.cents for row in rows))
    ):
        raise DebitMoved
    number = session.scalar(select(func.count(DebitBatch.id)).where(DebitBatch.office_id == office_id)) or 0
    batch = DebitBatch(
        office_id=office_id, reference=f"{office.prefix}-PRLV{number + 1:05}", collected_on=collected_on,
        creditor_identifier=desk.creditor_identifier, creditor_name=desk.creditor_name, iban=desk.iban, bic=desk.bic,
        made_at=clock.now(), made_by_id=user_id, form_key=form_key,
    )  # fmt: skip
    session.add(batch)
    session.flush()
    mandates = {
        row.id: row
        for row in session.scalars(select(DebitMandate).where(DebitMandate.id.in_({row.mandate_id for row in rows})))
    }
    earlier = _earlier(session, mandates)
    for row in rows:
        mandate = mandates[row.mandate_id]
        session.add(
            DebitLine(
                batch_id=batch.id, family_id=row.family_id, invoice_id=row.invoice_id, mandate_id=mandate.id,
                amount_cents=row.cents, mandate_reference=mandate.reference, signed_on=mandate.signed_on,
                holder=mandate.holder, iban=mandate.iban, sequence=sequence_of(earlier[mandate.id]),
            )
        )  # fmt: skip
        earlier[mandate.id] += 1
    session.flush()
    _tell(session, "debit_planned", batch, office.name)
    return batch.id


def _earlier(session: Session, mandate_ids: Collection[int]) -> defaultdict[int, int]:
    """How often a bank was asked with each mandate, without refusal."""
    counts = session.execute(
        select(DebitLine.mandate_id, func.count())
        .join(DebitBatch, DebitBatch.id == DebitLine.batch_id)
        .where(
            DebitLine.mandate_id.in_(mandate_ids), DebitLine.refused_at.is_(None), DebitBatch.abandoned_at.is_(None)
        )
        .group_by(DebitLine.mandate_id)
    )  # fmt: skip
    return defaultdict(int, counts.tuples().all())


def _tell(session: Session, template: str, batch: DebitBatch, office_name: str) -> None:
    """One mail to each adult of the families whose lines stand, with what is collected of it."""
    rows = session.execute(
        select(DebitLine, Invoice.number, Family)
        .join(Invoice, Invoice.id == DebitLine.invoice_id)
        .join(Family, Family.id == DebitLine.family_id)
        .where(DebitLine.batch_id == batch.id, DebitLine.refused_at.is_(None))
        .order_by(DebitLine.family_id, DebitLine.id)
    ).all()
    of_family: defaultdict[int, list[tuple[DebitLine, str]]] = defaultdict(list)
    families = {}
    for line, number, family in rows:
        families[family.id] = family
        of_family[family.id].append((line, number))
    emails = emails_of_families(session, families)
    queue_mails(
        session, template, [
            (
                family_id, email, {
                    "family": families[family_id], "office_name": office_name, "collected_on": batch.collected_on,
                    "lines": [{"number": number, "amount_cents": line.amount_cents} for line, number in lines],
                    "total_cents": sum(line.amount_cents for line, _ in lines),
                    "creditor_name": batch.creditor_name, "creditor_identifier": batch.creditor_identifier,
                    "mandate_reference": lines[0][0].mandate_reference, "account": masked_iban(lines[0][0].iban),
                },
            )
            for family_id, lines in of_family.items()
            for email in emails[family_id]
        ],
    )  # fmt: skip


# --- what becomes of it ---------------------------------------------------------------------------------------------


def note_sent(session: Session, batch_id: int, user_id: int) -> None:
    """Note that the file is taken away: from now on it is what it is. The second time changes nothing.

    Raises NotFound, DebitMoved for one that was abandoned, or that has nothing to collect, and DebitTooHigh where more
    would be collected than is due by now.
    """
    family_ids = select(DebitLine.family_id).where(DebitLine.batch_id == batch_id)
    session.scalars(
        select(Family.id).where(Family.id.in_(family_ids)).order_by(Family.id).with_for_update(key_share=True)
    ).all()
    batch = _locked(session, batch_id)
    in_file = select(DebitLine.id).where(DebitLine.batch_id == batch_id, DebitLine.is_in_file).limit(1)
    if batch.abandoned_at is not None or session.scalar(in_file) is None:
        raise DebitMoved
    if batch.sent_at is None:
        if session.scalar(_too_high(batch_id).with_only_columns(DebitLine.id).limit(1)) is not None:
            raise DebitTooHigh
        batch.sent_at, batch.sent_by_id = clock.now(), user_id
        session.flush()


def abandon(session: Session, batch_id: int, user_id: int) -> None:
    """Give a collection up before its file ever left, and tell the families. The second time changes nothing.

    Raises NotFound, and DebitMoved where the file was taken away.
    """
    batch = _locked(session, batch_id)
    if batch.abandoned_at is not None:
        return
    if batch.sent_at is not None:
        raise DebitMoved
    batch.abandoned_at, batch.abandoned_by_id = clock.now(), user_id
    session.flush()
    _tell(session, "debit_abandoned", batch, session.get_one(Office, batch.office_id).name)


def order_recording(session: Session, batch_id: int, user_id: int) -> None:
    """Order that the payments of a collection be recorded: the worker does, line by line. Once.

    Raises NotFound, and DebitMoved before its day, or where no bank was asked.
    """
    batch = _locked(session, batch_id)
    if batch.ordered_at is not None:
        return
    if batch.abandoned_at is not None or batch.sent_at is None or clock.today() < batch.collected_on:
        raise DebitMoved
    batch.ordered_at, batch.ordered_by_id = clock.now(), user_id
    session.flush()
    _close_if_done(session, batch)


def next_to_record(session: Session, after_id: int) -> int | None:
    """The next line beyond an id whose payment is to be recorded; None: there is none. One query."""
    return session.scalar(
        open_lines()
        .with_only_columns(DebitLine.id)
        .where(DebitBatch.ordered_at.is_not(None), DebitLine.id > after_id)
        .order_by(DebitLine.id)
        .limit(1)
    )


def record_line(session: Session, line_id: int) -> None:
    """Record the payment of a line, with its receipt; one that has it, or was refused meanwhile, stays as it is."""
    family_id = session.scalars(select(DebitLine.family_id).where(DebitLine.id == line_id)).one()
    session.get_one(Family, family_id, with_for_update={"key_share": True})
    batch_id = session.scalars(select(DebitLine.batch_id).where(DebitLine.id == line_id)).one()
    batch = _locked(session, batch_id)
    line = session.get_one(DebitLine, line_id, populate_existing=True)
    if line.payment_id is not None or line.refused_at is not None or batch.ordered_by_id is None:
        return
    line.payment_id = record_direct_debit(
        session, office_id=batch.office_id, family_id=family_id,
        wanted=Allocation(line.invoice_id, line.amount_cents), collected_on=batch.collected_on,
        reference=line.mandate_reference, recorded_by=batch.ordered_by_id, form_key=f"direct-debit-{line.id}",
    )  # fmt: skip
    session.flush()
    _close_if_done(session, batch)


def refuse_line(session: Session, line_id: int, user_id: int, code: DebitRefusal) -> None:
    """Note that a line is not collected, or was sent back: its invoice is due again, and the family is told.

    A payment that was recorded is reversed. Once the file has left a bank says why; before, an agent takes the line
    out. The second time changes nothing. Raises NotFound, OwnFamily, PartlyRefunded, and DebitMoved for the reason of
    another moment, or where the collection was abandoned.
    """
    found = session.execute(select(DebitLine.family_id, DebitLine.batch_id).where(DebitLine.id == line_id)).first()
    if found is None:
        raise NotFound("line")
    family_id, batch_id = found
    family = session.get_one(Family, family_id, with_for_update={"key_share": True})
    check_not_own(family_id, user_id)
    batch = _locked(session, batch_id)
    line = session.get_one(DebitLine, line_id, populate_existing=True)
    if line.refused_at is not None:
        return
    is_sent = batch.sent_at is not None
    if batch.abandoned_at is not None or is_sent != (code in BANK_REFUSALS) or code is DebitRefusal.MANDATE_ENDED:
        raise DebitMoved
    line.refusal, line.refused_at, line.refused_by_id = code, clock.now(), user_id
    line.is_in_file = is_sent
    session.flush()
    if line.payment_id is None:
        invoice = session.get_one(Invoice, line.invoice_id)
        for email in emails_of_families(session, [family_id])[family_id]:
            queue_mail(
                session, "debit_refused", email, family_id=family_id, family=family, number=invoice.number,
                due_on=invoice.due_on, amount_cents=line.amount_cents, collected_on=batch.collected_on,
                reason=labels.label(code),
            )  # fmt: skip
    elif session.get(PaymentReversal, line.payment_id) is None:
        reverse_payment(session, line.payment_id, user_id, ReversalKind.UNPAID, labels.label(code))
    _close_if_done(session, batch)


def _locked(session: Session, batch_id: int) -> DebitBatch:
    """A collection that nobody else changes until the commit: its office is held. Raises NotFound."""
    office_id = session.scalar(select(DebitBatch.office_id).where(DebitBatch.id == batch_id))
    if office_id is None:
        raise NotFound("batch")
    lock_office(session, office_id)
    return session.get_one(DebitBatch, batch_id, populate_existing=True)


def _close_if_done(session: Session, batch: DebitBatch) -> None:
    """Note that nothing is left to record."""
    left = open_lines().with_only_columns(DebitLine.id).where(DebitLine.batch_id == batch.id).limit(1)
    if batch.ordered_at is not None and batch.recorded_at is None and session.scalar(left) is None:
        batch.recorded_at = clock.now()
        session.flush()


# --- what is there --------------------------------------------------------------------------------------------------


def list_batches(office_id: int, page: int) -> Page[BatchRow]:
    """The collections of an office, the latest first. Two queries."""
    condition = DebitBatch.office_id == office_id
    place: Page[BatchRow] = page_of(page, db.session.scalar(select(func.count(DebitBatch.id)).where(condition)) or 0)
    return place.filled(_batches(condition, place.offset, place.size))


def read_batch(batch_id: int) -> BatchRow:
    """A collection. Raises NotFound. One query."""
    found = _batches(DebitBatch.id == batch_id, 0, 1)
    if not found:
        raise NotFound("batch")
    return found[0]


def _batches(condition: ColumnElement[bool], offset: int, limit: int) -> tuple[BatchRow, ...]:
    stands = exists().where(PaymentReversal.payment_id == DebitLine.payment_id)
    recorded = and_(DebitLine.payment_id.is_not(None), ~stands)

    def count(of: ColumnElement[bool]) -> ColumnElement[int]:
        return func.coalesce(func.sum(case((of, 1), else_=0)), 0)

    def cents(of: ColumnElement[bool]) -> ColumnElement[int]:
        return func.coalesce(func.sum(case((of, DebitLine.amount_cents), else_=0)), 0)

    is_asked = DebitLine.is_in_file.is_(True)
    sums = (
        select(
            DebitLine.batch_id, count(is_asked).label("asked"), cents(is_asked).label("cents"),
            count(recorded).label("recorded"), cents(recorded).label("recorded_cents"),
            count(DebitLine.refused_at.is_not(None)).label("refused"),
            count(and_(DebitLine.payment_id.is_(None), DebitLine.refused_at.is_(None))).label("open"),
        )
        .where(DebitLine.batch_id.in_(select(DebitBatch.id).where(condition)))
        .group_by(DebitLine.batch_id)
        .subquery()
    )  # fmt: skip
    rows = db.session.execute(
        select(
            DebitBatch, Office.name, User.display_name, sums.c.asked, sums.c.cents, sums.c.recorded,
            sums.c.recorded_cents, sums.c.refused, sums.c.open,
        )
        .join(Office, Office.id == DebitBatch.office_id)
        .join(User, User.id == DebitBatch.made_by_id)
        .join(sums, sums.c.batch_id == DebitBatch.id)
        .where(condition)
        .order_by(DebitBatch.id.desc())
        .offset(offset)
        .limit(limit)
    )  # fmt: skip
    return tuple(
        BatchRow(
            row.id, row.office_id, office, row.reference, row.collected_on, row.made_at, made_by, row.sent_at,
            _state(row), asked, amount_cents, recorded_count, recorded_cents, refused_count, open_count,
            row.purged_at is not None,
        )
        for row, office, made_by, asked, amount_cents, recorded_count, recorded_cents, refused_count, open_count
        in rows
    )  # fmt: skip


def list_lines(batch_id: int, state: LineState | None, page: int, user_id: int) -> Page[LineView]:
    """The lines of a collection, or those of a state, by family. Three queries."""
    condition = (DebitLine.batch_id == batch_id) & _is(state)
    count = select(func.count(DebitLine.id)).join(DebitBatch, DebitBatch.id == DebitLine.batch_id).where(condition)
    place: Page[LineView] = page_of(page, db.session.scalar(count) or 0)
    own = own_family_ids(user_id)
    rows = db.session.execute(_lines().where(condition).offset(place.offset).limit(place.size))
    return place.filled(tuple(_line(row, own) for row in rows))


def lines_too_high(batch_id: int, user_id: int) -> tuple[LineView, ...]:
    """The first lines that ask for more than is due by now: they are taken out before the file leaves. Two queries."""
    own = own_family_ids(user_id)
    return tuple(_line(row, own) for row in db.session.execute(_too_high(batch_id).limit(MOST_NAMED)))


def read_line(line_id: int, user_id: int) -> LineView:
    """A line. Raises NotFound. Two queries."""
    row = db.session.execute(_lines().where(DebitLine.id == line_id)).first()
    if row is None:
        raise NotFound("line")
    return _line(row, own_family_ids(user_id))


def batch_table(batch_id: int) -> Table:
    """The lines of a collection for a spreadsheet. One query."""
    rows: list[Sequence[Cell]] = []
    for row in db.session.execute(_lines().where(DebitLine.batch_id == batch_id)):
        line = _line(row, frozenset())
        rows.append(
            (
                line.family_name, line.invoice_number, euros_of(line.amount_cents), line.mandate_reference, line.holder,
                line.masked_iban, line.sequence.value, labels.label(line.state), line.receipt_number or "",
                "" if line.refusal is None else labels.label(line.refusal), line.refused_on or "",
            )
        )  # fmt: skip
    return Table(
        (
            "Famille", "Facture", "Montant", "RUM", "Titulaire", "IBAN", "Séquence", "État", "Reçu", "Motif de rejet",
            "Rejeté le",
        ),
        rows,
    )  # fmt: skip


def _lines() -> Select[Any]:
    return (
        select(DebitLine, DebitBatch, Invoice.number, Family.last_name, Family.first_name, Payment.receipt_number)
        .join(DebitBatch, DebitBatch.id == DebitLine.batch_id)
        .join(Invoice, Invoice.id == DebitLine.invoice_id)
        .join(Family, Family.id == DebitLine.family_id)
        .outerjoin(Payment, Payment.id == DebitLine.payment_id)
        .order_by(Family.folded_name, Family.id, DebitLine.id)
    )


def _too_high(batch_id: int) -> Select[Any]:
    """The lines of a collection whose invoice was paid, credited or given up meanwhile, in part at least."""
    return _lines().where(DebitLine.batch_id == batch_id, is_open(), DebitLine.amount_cents > balance_in_sql())


def _line(row: Any, own: Collection[int]) -> LineView:
    line, batch, number, last, first, receipt_number = row
    if line.refused_at is not None:
        state = LineState.REFUSED if line.payment_id is None else LineState.RETURNED
    elif batch.abandoned_at is not None:
        state = LineState.ABANDONED
    else:
        state = LineState.PLANNED if line.payment_id is None else LineState.RECORDED
    return LineView(
        line.id, batch.id, batch.office_id, line.family_id, f"{last} {first}", line.invoice_id, number,
        line.amount_cents, line.mandate_reference, line.holder, masked_iban(line.iban), line.sequence, line.payment_id,
        receipt_number, line.refusal, None if line.refused_at is None else line.refused_at.date(), state,
        state in (LineState.PLANNED, LineState.RECORDED) and line.family_id not in own,
    )  # fmt: skip


def _is(state: LineState | None) -> ColumnElement[bool]:
    refused, recorded = DebitLine.refused_at.is_not(None), DebitLine.payment_id.is_not(None)
    match state:
        case None:
            return true()
        case LineState.PLANNED:
            return is_open()
        case LineState.RECORDED:
            return and_(recorded, ~refused)
        case LineState.REFUSED:
            return and_(refused, ~recorded)
        case LineState.RETURNED:
            return and_(refused, recorded)
        case LineState.ABANDONED:
            return and_(DebitBatch.abandoned_at.is_not(None), ~refused)


def _state(batch: DebitBatch) -> BatchState:
    return batch_state(
        is_sent=batch.sent_at is not None, is_ordered=batch.ordered_at is not None,
        is_recorded=batch.recorded_at is not None, is_abandoned=batch.abandoned_at is not None,
    )  # fmt: skip
