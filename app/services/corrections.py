"""« Corrections à faire »: what issued invoices hold and is not charged any more, credited one by one.

Whoever takes a price away from an invoiced booking only writes it down here (`propose()`), in its own transaction: the
credit note follows in one of its own, which holds the family, the office and the children in this order. Closures and
justified absences are credited by the worker within seconds; the rest waits for an agent. A crash in between loses
nothing: what is open is taken up again.
"""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import ColumnElement, exists, func, or_, select, true, union
from sqlalchemy.orm import Session, aliased

from app import clock
from app.database import db
from app.models.accounts import User
from app.models.activities import Activity, Office, Unit
from app.models.bookings import Booking, Opening, PriceChangeReason
from app.models.credits import Correction, CorrectionBooking, CreditedBooking, CreditNote
from app.models.families import Child, Family
from app.models.invoices import CarriedMonth, Invoice, InvoicedBooking, InvoiceLine, InvoiceRun, RunStatus
from app.rules.bills import Share
from app.rules.calendars import add_months
from app.rules.credits import CreditCause, draft_credit
from app.rules.reaches import DaySpan
from app.services.catalogue import catalogue
from app.services.credits import CreditHead, hold_for_credit, invoices_holding, read_invoices, take_back
from app.services.errors import AlreadyDecided, NotFound
from app.services.families import check_not_own
from app.services.households import is_charged_booking, load_prices, spans_to_tell
from app.services.office_documents import offices_corrected
from app.services.offices import of_offices
from app.services.pages import Page, page_of
from app.services.prices import change_price

MONTHS_TO_INVOICE = 18
"""The months, with the present one, that may be chosen for a run, and in which what no run took is looked for."""


@dataclass(frozen=True, slots=True)
class CorrectionRow:
    """A correction, in the list: whose, why, and what it is about."""

    id: int
    family_id: int
    family_name: str
    cause: CreditCause
    reason: str
    is_automatic: bool
    asked_at: datetime
    asked_by: str
    child_names: tuple[str, ...]
    days: tuple[date, ...]
    invoice_numbers: tuple[str, ...]
    amount_cents: int  # what the bookings cost on their invoices, before aids


@dataclass(frozen=True, slots=True)
class PreviewLine:
    """What would be taken back of a line of an invoice (cents)."""

    invoice_number: str
    child_name: str
    label: str
    days: tuple[date, ...]
    quantity: int
    unit_cents: int
    amount_cents: int


@dataclass(frozen=True, slots=True)
class CorrectionView:
    """A correction, opened: what crediting it would take back."""

    row: CorrectionRow
    lines: tuple[PreviewLine, ...]
    ended_at: datetime | None
    ended_by: str | None
    left_because: str | None
    credits: tuple[tuple[int, str], ...]  # the credit notes that were issued, with their numbers

    @property
    def total_cents(self) -> int:
        """What the family would get back."""
        return sum(line.amount_cents for line in self.lines)


@dataclass(frozen=True, slots=True)
class ToInvoiceAgain:
    """An office's month whose run is over, and in which bookings that cost something are on no line."""

    office_id: int
    office_name: str
    month: date
    family_count: int
    booking_count: int


def propose(
    session: Session,
    family_id: int,
    booking_ids: Collection[int],
    cause: CreditCause,
    reason: str,
    asked_by: int,
    *,
    is_automatic: bool = False,
) -> int | None:
    """Write down that bookings on invoices are not charged any more, or not like that; returns the correction's id.

    None where no line of an invoice holds any of them, or all of them wait in another correction already. ``reason`` is
    what the family will read on its credit note.
    """
    waiting = (
        select(CorrectionBooking.booking_id)
        .join(Correction, Correction.id == CorrectionBooking.correction_id)
        .where(Correction.ended_at.is_(None))
    )
    held = session.scalars(
        select(InvoicedBooking.booking_id)
        .join(InvoiceLine, InvoiceLine.id == InvoicedBooking.line_id)
        .where(InvoicedBooking.booking_id.in_(booking_ids), InvoicedBooking.booking_id.not_in(waiting))
        .order_by(InvoicedBooking.booking_id)
    ).all()
    if not held:
        return None
    row = Correction(
        family_id=family_id, cause=cause, reason=reason, is_automatic=is_automatic, asked_at=clock.now(),
        asked_by_id=asked_by, bookings=[CorrectionBooking(booking_id=id_) for id_ in held],
    )  # fmt: skip
    session.add(row)
    session.flush()
    return row.id


def next_automatic(session: Session, after_id: int = 0) -> int | None:
    """The next correction that the worker credits. One query."""
    return session.scalar(
        select(Correction.id)
        .where(Correction.ended_at.is_(None), Correction.is_automatic, Correction.id > after_id)
        .order_by(Correction.id)
        .limit(1)
    )


def carry_out(session: Session, correction_id: int, ended_by: int | None = None) -> tuple[CreditNote, ...]:
    """Credit what a correction is about, and price anew what is left of it: the next run of the month invoices that.

    Without an agent (the worker) the credit notes name who asked. Raises NotFound, AlreadyDecided, and OwnFamily.
    """
    row = _hold(session, correction_id, ended_by)
    wanted = [each.booking_id for each in row.bookings]
    agent_id = row.asked_by_id if ended_by is None else ended_by
    head = CreditHead(row.cause, row.reason, agent_id, correction_id=row.id)
    notes = take_back_and_reprice(session, row.family_id, wanted, head)
    row.ended_at, row.ended_by_id = clock.now(), agent_id
    session.flush()
    return notes


def leave(session: Session, correction_id: int, ended_by: int, because: str) -> None:
    """Leave the invoice as it is, for a reason. Raises NotFound, AlreadyDecided and OwnFamily.

    What the council closed, or excused, is never left: nothing of it is charged.
    """
    row = _hold(session, correction_id, ended_by)
    if row.is_automatic:
        raise AlreadyDecided
    row.ended_at, row.ended_by_id, row.left_because = clock.now(), ended_by, because
    session.flush()


def take_back_and_reprice(
    session: Session, family_id: int, wanted: Collection[int], head: CreditHead
) -> tuple[CreditNote, ...]:
    """Take bookings off their invoices; what was priced with them, and whatever else moves with it, is priced anew.

    The caller holds the family, the offices and the children.
    """
    before = _shares(session, family_id, wanted)
    notes = take_back(session, wanted, head)
    after = _shares(session, family_id, wanted)
    moved = {
        key: share for key, share in after.items()
        if key not in before or before[key].amount_cents != share.amount_cents
    }  # fmt: skip
    now = clock.now()
    for booking in session.scalars(select(Booking).where(Booking.id.in_(moved)).order_by(Booking.id)):
        change_price(session, booking, moved[booking.id], PriceChangeReason.CREDITED, now)
    session.flush()
    return notes


def corrections(page: int, office_ids: Collection[int] | None = None, *, is_open: bool = True) -> Page[CorrectionRow]:
    """The corrections that wait, oldest first; or those that ended, latest first. Four queries.

    Of all offices, or those that are of some offices alone.
    """
    condition = _is_of(office_ids) & (Correction.ended_at.is_(None) if is_open else Correction.ended_at.is_not(None))
    place: Page[CorrectionRow] = page_of(page, _count(condition))
    order = (Correction.id,) if is_open else (Correction.ended_at.desc(), Correction.id.desc())
    ids = db.session.scalars(
        select(Correction.id).where(condition).order_by(*order).offset(place.offset).limit(place.size)
    ).all()
    return place.filled(tuple(_rows(ids)))


def count_open(office_ids: Collection[int] | None = None) -> int:
    """How many corrections wait, of all offices or of some."""
    return _count(_is_of(office_ids) & Correction.ended_at.is_(None))


def read_correction(correction_id: int) -> CorrectionView:
    """A correction with what crediting it would take back. Raises NotFound."""
    found = _rows([correction_id])
    if not found:
        raise NotFound("correction")
    (row,) = found
    session = db.session()
    stored = session.get_one(Correction, correction_id)
    wanted = [each.booking_id for each in stored.bookings]
    lines: list[PreviewLine] = []
    for facts in read_invoices(session, invoices_holding(session, wanted)).values() if stored.ended_at is None else ():
        draft = draft_credit(facts.lines, facts.shares, facts.aids, facts.with_its_group(wanted))
        lines += [
            PreviewLine(
                facts.invoice.number, facts.rows[line.line_id].child_name, facts.rows[line.line_id].label, line.days,
                line.quantity, line.unit_cents, line.amount_cents,
            )
            for line in draft.lines
        ]  # fmt: skip
    credits = session.execute(
        select(CreditNote.id, CreditNote.number)
        .where(CreditNote.correction_id == correction_id)
        .order_by(CreditNote.id)
    )
    ender = None if stored.ended_by_id is None else session.get_one(User, stored.ended_by_id).display_name
    return CorrectionView(
        row, tuple(lines), stored.ended_at, ender, stored.left_because, tuple(credits.tuples().all())
    )  # fmt: skip


def months_to_invoice_again(office_ids: Collection[int] | None = None) -> tuple[ToInvoiceAgain, ...]:
    """The months in which bookings cost something and are on no line although their run is over, oldest first.

    Nothing but another run of that month takes them: families that a run left aside, days recorded or charged since,
    and what credit notes took back. What was carried forward comes with a later month by itself. Of all offices, or of
    some; of the last `MONTHS_TO_INVOICE` months, what was credited of any month. Three queries.
    """
    there = of_offices(Office.id, office_ids)
    carried = set(
        db.session.execute(
            select(CarriedMonth.office_id, CarriedMonth.family_id, CarriedMonth.month)
            .join(Office, Office.id == CarriedMonth.office_id)
            .where(CarriedMonth.settled_at.is_(None), there)
        ).tuples()
    )
    on_no_line = (
        select(Office.id, Office.name, Booking.family_id, Booking.day, Booking.id)
        .select_from(Opening)
        .join(Booking, Booking.opening_id == Opening.id)
        .join(Unit, Unit.id == Opening.unit_id)
        .join(Activity, Activity.id == Unit.activity_id)
        .join(Office, Office.id == Activity.office_id)
        .where(
            Booking.price_cents > 0, Opening.day < clock.today(),
            ~exists().where(InvoicedBooking.booking_id == Booking.id), is_charged_booking(), there,
        )
    )  # fmt: skip
    parts = [on_no_line.where(Booking.id.in_(select(CreditedBooking.booking_id)))]
    issued = _issued_spans(there)
    if issued:
        # The openings of these days first: neither database has an index on the days of all bookings.
        first, last = min(span.first for _, span in issued), max(span.last for _, span in issued)
        in_issued = or_(
            *((Office.id == office_id) & Opening.day.between(span.first, span.last) for office_id, span in issued)
        )
        parts.append(on_no_line.where(Opening.day.between(first, last), in_issued))
    found: defaultdict[tuple[date, str, int], list[int]] = defaultdict(list)
    for office_id, name, family_id, day, _ in db.session.execute(union(*parts)):
        month = day.replace(day=1)
        if (office_id, family_id, month) not in carried:
            found[month, name, office_id].append(family_id)
    return tuple(
        ToInvoiceAgain(office_id, name, month, len(set(ids)), len(ids))
        for (month, name, office_id), ids in sorted(found.items())
    )


def _issued_spans(there: ColumnElement[bool]) -> list[tuple[int, DaySpan]]:
    """The months whose run is over, of offices; those that follow one another as one span."""
    spans: list[tuple[int, DaySpan]] = []
    for office_id, month in db.session.execute(
        select(InvoiceRun.office_id, InvoiceRun.month)
        .join(Office, Office.id == InvoiceRun.office_id)
        .where(
            InvoiceRun.status == RunStatus.ISSUED, there,
            InvoiceRun.month > add_months(clock.today().replace(day=1), -MONTHS_TO_INVOICE),
        )
        .distinct()
        .order_by(InvoiceRun.office_id, InvoiceRun.month)
    ):  # fmt: skip
        last = add_months(month, 1) - timedelta(days=1)
        if spans and spans[-1][0] == office_id and spans[-1][1].last + timedelta(days=1) == month:
            spans[-1] = (office_id, DaySpan(spans[-1][1].first, last))
        else:
            spans.append((office_id, DaySpan(month, last)))
    return spans


def _hold(session: Session, correction_id: int, ended_by: int | None) -> Correction:
    row = session.get(Correction, correction_id)
    if row is None:
        raise NotFound("correction")
    if ended_by is not None:
        check_not_own(row.family_id, ended_by)
    wanted = [each.booking_id for each in row.bookings]
    hold_for_credit(session, row.family_id, set(invoices_holding(session, wanted).values()))
    session.refresh(row, with_for_update=True)
    if row.ended_at is not None:
        raise AlreadyDecided
    return row


def _shares(session: Session, family_id: int, wanted: Collection[int]) -> Mapping[int, Share]:
    """What each booking that no invoice holds costs by itself, in the activities of some bookings."""
    rows = session.execute(
        select(Booking.day, Opening.unit_id)
        .join(Opening, Opening.id == Booking.opening_id)
        .where(Booking.id.in_(wanted))
    ).all()
    if not rows:
        return {}
    units, days = catalogue().units, [day for day, _ in rows]
    spans = spans_to_tell({units[unit_id].activity_id for _, unit_id in rows}, DaySpan(min(days), max(days)))
    return load_prices(session, [family_id], spans)[family_id].bill().shares


def _is_of(office_ids: Collection[int] | None) -> ColumnElement[bool]:
    """That a correction takes nothing back of any other office."""
    if office_ids is None:
        return true()
    others = offices_corrected().where(
        CorrectionBooking.correction_id == Correction.id, Activity.office_id.not_in(office_ids)
    )
    return ~others.correlate(Correction).exists()


def _count(condition: ColumnElement[bool]) -> int:
    return db.session.scalar(select(func.count(Correction.id)).where(condition)) or 0


def _rows(ids: Sequence[int]) -> Sequence[CorrectionRow]:
    asker = aliased(User)
    found = db.session.execute(
        select(Correction, Family.last_name, Family.first_name, asker.display_name)
        .join(Family, Family.id == Correction.family_id)
        .join(asker, asker.id == Correction.asked_by_id)
        .where(Correction.id.in_(ids))
    ).all()
    about: defaultdict[int, list[tuple[str, date, int]]] = defaultdict(list)
    for correction_id, name, day, cents in db.session.execute(
        select(CorrectionBooking.correction_id, Child.first_name, Booking.day, Booking.price_cents)
        .join(Booking, Booking.id == CorrectionBooking.booking_id)
        .join(Child, Child.id == Booking.child_id)
        .where(CorrectionBooking.correction_id.in_(ids))
        .order_by(Booking.day, Booking.id)
    ):
        about[correction_id].append((name, day, cents))
    numbers: defaultdict[int, list[str]] = defaultdict(list)
    for correction_id, number in db.session.execute(
        select(CorrectionBooking.correction_id, Invoice.number)
        .join(InvoicedBooking, InvoicedBooking.booking_id == CorrectionBooking.booking_id)
        .join(InvoiceLine, InvoiceLine.id == InvoicedBooking.line_id)
        .join(Invoice, Invoice.id == InvoiceLine.invoice_id)
        .where(CorrectionBooking.correction_id.in_(ids))
        .distinct()
        .order_by(Invoice.number)
    ):
        numbers[correction_id].append(number)
    by_id = {
        row.id: CorrectionRow(
            row.id, row.family_id, f"{last} {first}", row.cause, row.reason, row.is_automatic, row.asked_at, asked_by,
            tuple(dict.fromkeys(name for name, _, _ in about[row.id])),
            tuple(dict.fromkeys(day for _, day, _ in about[row.id])), tuple(numbers[row.id]),
            sum(cents for _, _, cents in about[row.id]),
        )
        for row, last, first, asked_by in found
    }  # fmt: skip
    return [by_id[id_] for id_ in ids if id_ in by_id]
