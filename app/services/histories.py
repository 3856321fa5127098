"""« Historique »: when one signed in, what the family paid online, what became of its account and what else its parents
did, by week or by month; for the staff whole, with what keeps invoices from being asked for and with the agents' names.

What one parent does with their own login stays theirs: each sees their own sign-ins only, and passwords, addresses and
second factors are told to nobody. What they do for the family is told to all its parents, and so is what an agent hands
in for them; another family of the same child sees none of it.
"""

import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from enum import StrEnum, auto
from functools import partial
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Date,
    Integer,
    ScalarSelect,
    Select,
    String,
    Subquery,
    and_,
    case,
    cast,
    func,
    literal,
    null,
    or_,
    select,
    true,
    union,
    union_all,
)
from sqlalchemy.orm import InstrumentedAttribute, aliased

from app.clock import PARIS
from app.database import db
from app.models.absences import AbsenceJustification, JustifiedAbsence
from app.models.accounts import SignInEvent, User
from app.models.bookings import Booking, BookingEvent
from app.models.cash_desks import PaymentReversal, Refund
from app.models.changes import ChangeRequest, FileChange
from app.models.child_files import ChildAuthorisation, ChildSection, FileCertification
from app.models.credits import CreditNote
from app.models.debts import DebtMove, InvoiceHold, InvoiceReminder, ReminderRun
from app.models.enrolments import Enrolment
from app.models.families import Child, Consent, Guardian, GuardianInvitation
from app.models.invoices import Invoice
from app.models.messages import Message, MessageRecipient, MessageThread
from app.models.payments import BasketInvoice, Payment, PaymentAllocation, PaymentBasket
from app.models.prepaid_books import BookEventKind, PrepaidBook, PrepaidBookEvent
from app.models.publications import TextAcceptance, TextToAccept, TextVersion
from app.models.required_documents import RequiredDocument, SubmittedDocument
from app.models.retention import ErasureRequest
from app.rules.debts import HoldKind
from app.rules.states import Actor, BookingStatus, EnrolmentStatus, ErasureStatus
from app.services.catalogue import catalogue
from app.services.file_histories import is_child, is_guardian
from app.services.pages import Page, page_of


class Span(StrEnum):
    """How long a stretch of the history is; the codes stand in the page's address."""

    WEEK = "semaine"
    MONTH = "mois"


@dataclass(frozen=True, slots=True)
class Period:
    """A week from Monday to Sunday, or a month."""

    span: Span
    first: date
    last: date

    @property
    def previous_day(self) -> date:
        """A day of the period before."""
        return self.first - timedelta(days=1)

    @property
    def next_day(self) -> date:
        """A day of the period after."""
        return self.last + timedelta(days=1)


class HistoryKind(StrEnum):
    """What part of the history an event is of; the codes stand in the page's address."""

    SIGN_INS = "connexions"
    PAYMENTS = "paiements"
    ACCOUNT = "facturation"
    BOOKINGS = "reservations"
    ENROLMENTS = "inscriptions"
    BOOKS = "carnets"
    FILE = "dossier"
    MESSAGES = "messages"


class Act(StrEnum):
    """What somebody did."""

    SIGNED_IN = auto()
    PAID = auto()  # or tried to: `state` says what became of it
    REMINDED = auto()  # of what is not paid: `what` is the level
    CREDITED = auto()  # an invoice, by a credit note: `what` says why
    REVERSED = auto()  # a payment that counts no more
    REFUNDED = auto()
    DISPUTED = auto()  # told to the staff alone, like the four that follow: an invoice is not reminded of
    AGREED_PLAN = auto()  # until `last`
    ENDED_HOLD = auto()
    GAVE_UP = auto()  # what was due: written off, or transferred to the Treasury; `detail` is the code of which
    TOOK_UP_AGAIN = auto()
    BOOKED = auto()
    ASKED_BOOKING = auto()  # where the staff decide
    KEPT_PLACE = auto()  # which is to be paid
    CANCELLED = auto()
    JOINED_LIST = auto()  # of what is full
    LEFT_LIST = auto()  # or declined what was offered
    GIVEN_PLACE = auto()  # by a waiting list: booked without asking again
    OFFERED_PLACE = auto()  # by a waiting list
    BOOKED_BY_STAFF = auto()  # `what` says why
    CANCELLED_BY_STAFF = auto()
    FREED_BY_STAFF = auto()  # an absence that is not charged any more
    MARKED_BY_STAFF = auto()  # as a special presence, or no more
    JUSTIFIED = auto()  # absences: `what` says what became of it
    ASKED_ENROLMENT = auto()
    WITHDREW_ENROLMENT = auto()
    ENDED_ENROLMENT = auto()
    BOUGHT_BOOK = auto()
    CHANGED_FILE = auto()
    ASKED_CHANGE = auto()
    FILLED_SECTION = auto()  # of a child's file, when last
    SIGNED_AUTHORISATIONS = auto()
    CERTIFIED_FILE = auto()
    HANDED_IN = auto()
    HANDED_IN_FOR_THEM = auto()  # by an agent, at the counter
    INVITED = auto()
    CONSENTED = auto()
    WITHDREW_CONSENT = auto()
    ASKED_ERASURE = auto()
    KEPT_FILE = auto()  # they took the request back
    WROTE = auto()
    ACCEPTED_TEXT = auto()


STAFF = "Le service"
"""By whom what the staff do was done, for the parents: an agent acts for the council."""

_BY_STAFF = frozenset(
    {
        Act.BOOKED_BY_STAFF, Act.CANCELLED_BY_STAFF, Act.FREED_BY_STAFF, Act.MARKED_BY_STAFF, Act.GIVEN_PLACE,
        Act.OFFERED_PLACE, Act.REMINDED, Act.CREDITED, Act.REVERSED, Act.REFUNDED,
    }
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class HistoryEvent:
    """One thing that was done; what does not apply is empty, or 0."""

    kind: HistoryKind
    act: Act
    at: datetime
    by: str  # the name of the parent, or of the agent; empty where only one's own are shown, or where it was not kept
    subject: str  # the child or adult whom it is about, or the number of a document
    what: str  # a device, the code of a part of the file or of a payment's state, a book or document by its name, why
    activity_name: str
    count: int  # bookings
    first: date | None  # and their days
    last: date | None
    amount_cents: int
    invoice_numbers: tuple[str, ...]
    public_token: str  # of an online payment
    detail: str  # the code of a kind, where `what` is somebody's words


@dataclass(frozen=True, slots=True)
class History:
    """A page of what happened in a period, latest first."""

    period: Period
    kind: HistoryKind | None  # None: all
    page: Page[HistoryEvent]


def period_around(day: date, span: Span) -> Period:
    """The week or the month in which a day lies."""
    if span is Span.WEEK:
        monday = day - timedelta(days=day.weekday())
        return Period(span, monday, monday + timedelta(days=6))
    first = day.replace(day=1)
    return Period(span, first, (first + timedelta(days=31)).replace(day=1) - timedelta(days=1))


def history_of(user_id: int, family_id: int, period: Period, kind: HistoryKind | None, page: int) -> History:
    """One's own sign-ins, what the family paid online and what else its parents did. Three queries."""
    found = _events(user_id, family_id, period, kind)
    total = db.session.scalar(select(func.count()).select_from(found)) or 0
    place: Page[HistoryEvent] = page_of(page, total)
    return History(period, kind, place.filled(_read(found, place.offset, place.size)))


def whole_history(user_id: int, family_id: int, period: Period, kind: HistoryKind | None) -> tuple[HistoryEvent, ...]:
    """The same without pages, for the download. Two queries."""
    return _read(_events(user_id, family_id, period, kind))


@dataclass(frozen=True, slots=True)
class StaffView:
    """What of a family's history an agent may read, and at which offices its money."""

    kinds: frozenset[HistoryKind]
    office_ids: frozenset[int]


def family_history(family_id: int, view: StaffView, kind: HistoryKind | None, page: int) -> Page[HistoryEvent]:
    """All that a family's parents did and that became of its money, for the staff, latest first. Three queries.

    `kind`: one of those of the view alone. Nobody's sign-ins are told.
    """
    offices = view.office_ids
    sources: dict[HistoryKind, tuple[Source, ...]] = {
        **_SOURCES,
        HistoryKind.PAYMENTS: (partial(_payments, office_ids=offices),),
        HistoryKind.ACCOUNT: (partial(_account, office_ids=offices), partial(_debts, office_ids=offices)),
    }
    statements = [
        statement for of, found in sources.items() if of in view.kinds - {HistoryKind.SIGN_INS} and kind in (None, of)
        for source in found for statement in source(0, family_id, _whenever)
    ]  # fmt: skip
    events = union_all(*statements).subquery()
    place: Page[HistoryEvent] = page_of(page, db.session.scalar(select(func.count()).select_from(events)) or 0)
    return place.filled(_read(events, place.offset, place.size, names_agents=True))


def _whenever(at: InstrumentedAttribute[Any]) -> ColumnElement[bool]:
    return at.is_not(None)


def device_name(user_agent: str) -> str:
    """« Firefox sur Windows », from what a browser says of itself; what is not known is « Navigateur » or left out."""
    browser = _first(_BROWSERS, user_agent) or "Navigateur"
    system = _first(_SYSTEMS, user_agent)
    return f"{browser} sur {system}" if system else browser


def _read(
    found: Subquery, offset: int = 0, limit: int | None = None, *, names_agents: bool = False
) -> tuple[HistoryEvent, ...]:
    rows = db.session.execute(
        select(found, User.display_name)
        .outerjoin(User, and_(User.id == found.c.user_id, found.c.kind != HistoryKind.SIGN_INS.value))
        .order_by(found.c.at.desc(), found.c.act, found.c.id.desc())
        .offset(offset)
        .limit(limit)
    ).all()
    numbers = _invoice_numbers([row.id for row in rows if row.act == Act.PAID])
    activities = catalogue().activities
    return tuple(
        HistoryEvent(
            kind=HistoryKind(row.kind),
            act=Act(row.act),
            at=row.at,
            by=STAFF if row.act in _BY_STAFF and not names_agents else row.display_name or "",
            subject=row.subject,
            what=row.what,
            activity_name=activities[row.activity_id].name if row.activity_id else "",
            count=row.count_,
            first=row.first_,
            last=row.last_,
            amount_cents=row.amount_cents,
            invoice_numbers=tuple(numbers.get(row.id, ())) if row.act == Act.PAID else (),
            public_token=row.token if row.act == Act.PAID else "",
            detail=row.token if row.act != Act.PAID else "",
        )
        for row in rows
    )


def _invoice_numbers(basket_ids: list[int]) -> Mapping[int, list[str]]:
    numbers: dict[int, list[str]] = {}
    asked = select(BasketInvoice.basket_id, BasketInvoice.invoice_id).where(BasketInvoice.basket_id.in_(basket_ids))
    paid = select(Payment.basket_id, PaymentAllocation.invoice_id).join(PaymentAllocation)  # bookings become an invoice
    both = union(asked, paid.where(Payment.basket_id.in_(basket_ids))).subquery()
    for basket_id, number in db.session.execute(
        select(both.c.basket_id, Invoice.number).join(Invoice, Invoice.id == both.c.invoice_id).order_by(Invoice.number)
    ):
        numbers.setdefault(basket_id, []).append(number)
    return numbers


def _events(user_id: int, family_id: int, period: Period, kind: HistoryKind | None) -> Subquery:
    """What is in the logs, one statement for each, with the same columns."""
    since = datetime.combine(period.first, time(), PARIS)
    until = datetime.combine(period.next_day, time(), PARIS)

    def inside(at: InstrumentedAttribute[Any]) -> ColumnElement[bool]:
        return and_(at >= since, at < until)

    statements = [
        statement for of, sources in _SOURCES.items() if kind in (None, of)
        for source in sources for statement in source(user_id, family_id, inside)
    ]  # fmt: skip
    return union_all(*statements).subquery()


Inside = Callable[[InstrumentedAttribute[Any]], ColumnElement[bool]]
Statements = tuple[Select[Any], ...]
Source = Callable[[int, int, Inside], Statements]


def _columns(
    kind: HistoryKind,
    act: Act | ColumnElement[str],
    at: Any,
    id_: Any,
    user_id: Any = None,
    **others: Any,
) -> Select[Any]:
    """The columns that all statements share; typed, since PostgreSQL asks it of each."""
    return select(
        cast(literal(kind.value), String).label("kind"),
        (cast(literal(act.value), String) if isinstance(act, Act) else act).label("act"),
        at.label("at"),
        cast(id_, Integer).label("id"),
        cast(null() if user_id is None else user_id, Integer).label("user_id"),
        cast(others.get("subject", literal("")), String).label("subject"),
        cast(others.get("what", literal("")), String).label("what"),
        cast(others.get("token", literal("")), String).label("token"),
        cast(others.get("activity_id", literal(0)), Integer).label("activity_id"),
        cast(others.get("count", literal(0)), Integer).label("count_"),
        cast(others.get("amount_cents", literal(0)), Integer).label("amount_cents"),
        others.get("first", cast(null(), Date)).label("first_"),
        others.get("last", cast(null(), Date)).label("last_"),
    )


def _name(person: type[Child] | type[Guardian]) -> ColumnElement[str]:
    return person.first_name + " " + person.last_name


def _parents(family_id: int) -> ScalarSelect[int | None]:
    parents = aliased(Guardian)  # not the one whom a row is about
    return select(parents.user_id).where(parents.family_id == family_id, parents.user_id.is_not(None)).scalar_subquery()


def _sign_ins(user_id: int, _family_id: int, inside: Inside) -> Statements:
    row = SignInEvent
    return (
        _columns(HistoryKind.SIGN_INS, Act.SIGNED_IN, row.at, row.id, row.user_id, what=row.device).where(
            row.user_id == user_id, inside(row.at)
        ),
    )


def _payments(_user_id: int, family_id: int, inside: Inside, office_ids: Collection[int] | None = None) -> Statements:
    row = PaymentBasket
    asked = select(BasketInvoice.basket_id).join(Invoice, Invoice.id == BasketInvoice.invoice_id)
    of_offices = or_(
        row.id.in_(asked.where(Invoice.office_id.in_(office_ids or ()))),
        row.id.in_(select(Payment.basket_id).where(Payment.office_id.in_(office_ids or ()))),
    )
    there = true() if office_ids is None else of_offices
    return (
        _columns(
            HistoryKind.PAYMENTS, Act.PAID, row.created_at, row.id, row.user_id, what=row.state,
            token=row.public_token, amount_cents=row.amount_cents,
        ).where(row.family_id == family_id, inside(row.created_at), there),
    )  # fmt: skip


def _account(_user_id: int, family_id: int, inside: Inside, office_ids: Collection[int] | None = None) -> Statements:
    """What became of what is due and of what was paid, at these offices (None: at all)."""
    kind = HistoryKind.ACCOUNT

    def at_offices(column: InstrumentedAttribute[int]) -> ColumnElement[bool]:
        return true() if office_ids is None else column.in_(office_ids)

    run, told = ReminderRun, InvoiceReminder
    reminded = (
        _columns(
            kind, Act.REMINDED, run.sent_at, run.id, run.sent_by_id, what=run.level, count=func.count(),
            amount_cents=func.sum(told.balance_cents),
        )
        .select_from(run)
        .join(told, told.run_id == run.id)
        .where(told.family_id == family_id, inside(run.sent_at), at_offices(run.office_id))
        .group_by(run.sent_at, run.id, run.sent_by_id, run.level)
    )  # fmt: skip
    note = CreditNote
    credited = _columns(
        kind, Act.CREDITED, note.issued_at, note.id, note.issued_by_id, subject=note.number, what=note.reason,
        amount_cents=note.total_cents,
    ).where(note.family_id == family_id, inside(note.issued_at), at_offices(note.office_id))  # fmt: skip
    row = PaymentReversal
    reversed_ = (
        _columns(
            kind, Act.REVERSED, row.reversed_at, row.payment_id, row.reversed_by_id, subject=Payment.receipt_number,
            what=row.reason, token=row.kind, amount_cents=Payment.amount_cents,
        )
        .select_from(row)
        .join(Payment, Payment.id == row.payment_id)
        .where(Payment.family_id == family_id, inside(row.reversed_at), at_offices(Payment.office_id))
    )  # fmt: skip
    refunded = _columns(
        kind, Act.REFUNDED, Refund.made_at, Refund.id, Refund.made_by_id, subject=Refund.number, what=Refund.reason,
        amount_cents=Refund.amount_cents,
    ).where(Refund.family_id == family_id, inside(Refund.made_at), at_offices(Refund.office_id))  # fmt: skip
    return reminded, credited, reversed_, refunded


def _debts(_user_id: int, family_id: int, inside: Inside, office_ids: Collection[int]) -> Statements:
    """What keeps invoices from being asked for: the staff's own business."""
    kind, hold, move = HistoryKind.ACCOUNT, InvoiceHold, DebtMove
    held: ColumnElement[str] = case(
        (hold.kind == HoldKind.PLAN, literal(Act.AGREED_PLAN.value)), else_=literal(Act.DISPUTED.value)
    )
    given_up: ColumnElement[str] = case(
        (move.cancels_id.is_not(None), literal(Act.TOOK_UP_AGAIN.value)), else_=literal(Act.GAVE_UP.value)
    )
    statements = (
        (hold, hold.made_at, _columns(
            kind, cast(held, String), hold.made_at, hold.id, hold.made_by_id, subject=Invoice.number,
            what=hold.reason, last=hold.until,
        )),
        (hold, hold.ended_at, _columns(
            kind, Act.ENDED_HOLD, hold.ended_at, hold.id, hold.ended_by_id, subject=Invoice.number, token=hold.kind
        )),
        (move, move.recorded_at, _columns(
            kind, cast(given_up, String), move.recorded_at, move.id, move.recorded_by_id, subject=Invoice.number,
            what=move.reason, token=move.kind, amount_cents=move.amount_cents,
        )),
    )  # fmt: skip
    return tuple(
        statement.select_from(row)
        .join(Invoice, Invoice.id == row.invoice_id)
        .where(Invoice.family_id == family_id, inside(at), Invoice.office_id.in_(office_ids))
        for row, at, statement in statements
    )


def _bookings(_user_id: int, family_id: int, inside: Inside) -> Statements:
    """What one save did for a child is one event, of a parent or of the staff for them.

    What the staff decided about a request is not told again: a mail did.
    """
    row = BookingEvent
    acts = {
        BookingStatus.CONFIRMED: Act.BOOKED, BookingStatus.CANCELLED: Act.CANCELLED,
        BookingStatus.AWAITING_PAYMENT: Act.KEPT_PLACE,
    }  # fmt: skip
    waited = row.from_status.in_([BookingStatus.WAITING, BookingStatus.OFFERED])
    act: ColumnElement[str] = case(
        (row.to_status == BookingStatus.WAITING, literal(Act.JOINED_LIST.value)),
        (and_(waited, row.to_status == BookingStatus.CANCELLED), literal(Act.LEFT_LIST.value)),
        *((row.to_status == status, literal(act.value)) for status, act in acts.items()),
        else_=literal(Act.ASKED_BOOKING.value),
    )
    by_staff: ColumnElement[str] = case(
        (row.from_status.is_(None), literal(Act.BOOKED_BY_STAFF.value)),
        (row.from_status == BookingStatus.CANCELLED, literal(Act.FREED_BY_STAFF.value)),
        (row.to_status == BookingStatus.CANCELLED, literal(Act.CANCELLED_BY_STAFF.value)),
        else_=literal(Act.MARKED_BY_STAFF.value),
    )
    by_list: ColumnElement[str] = case(
        (row.to_status == BookingStatus.OFFERED, literal(Act.OFFERED_PLACE.value)),
        else_=literal(Act.GIVEN_PLACE.value),
    )
    given = and_(row.actor == Actor.SYSTEM, row.to_status.in_([BookingStatus.OFFERED, BookingStatus.CONFIRMED]), waited)
    told = or_(
        row.from_status.is_(None), row.to_status == BookingStatus.CANCELLED, row.from_status == row.to_status
    )  # fmt: skip
    return tuple(
        _columns(
            HistoryKind.BOOKINGS, cast(what_act, String), row.at, func.max(row.id), row.user_id, subject=_name(Child),
            what=func.coalesce(row.reason, ""), count=func.count(), first=func.min(Booking.day),
            last=func.max(Booking.day),
        )
        .select_from(row)
        .join(Booking, Booking.id == row.booking_id)
        .join(Child, Child.id == Booking.child_id)
        .where(Booking.family_id == family_id, condition, inside(row.at))
        .group_by(
            row.at, row.user_id, row.from_status, row.to_status, row.reason, Child.id, Child.first_name,
            Child.last_name,
        )
        for what_act, condition in (
            (act, row.actor == Actor.PARENT), (by_staff, and_(row.actor == Actor.STAFF, told)), (by_list, given),
        )
    )  # fmt: skip


def _absences(_user_id: int, family_id: int, inside: Inside) -> Statements:
    """What was asked for absences of some children at once is one event."""
    row = AbsenceJustification
    return (
        _columns(
            HistoryKind.BOOKINGS, Act.JUSTIFIED, row.sent_at, row.id, row.sent_by_id, what=row.status,
            count=func.count(), first=func.min(Booking.day), last=func.max(Booking.day),
        )
        .select_from(row)
        .join(JustifiedAbsence, JustifiedAbsence.justification_id == row.id)
        .join(Booking, Booking.id == JustifiedAbsence.booking_id)
        .where(row.family_id == family_id, inside(row.sent_at))
        .group_by(row.sent_at, row.id, row.sent_by_id, row.status),
    )  # fmt: skip


def _enrolments(_user_id: int, family_id: int, inside: Inside) -> Statements:
    row, kind = Enrolment, HistoryKind.ENROLMENTS
    about = {"subject": _name(Child), "activity_id": row.activity_id}
    asked = _columns(kind, Act.ASKED_ENROLMENT, row.requested_at, row.id, row.requested_by_id, **about)
    withdrawn = _columns(kind, Act.WITHDREW_ENROLMENT, row.decided_at, row.id, **about)
    ended = _columns(kind, Act.ENDED_ENROLMENT, row.ended_at, row.id, row.ended_by_id, **about)
    parents = _parents(family_id)
    return tuple(
        statement.select_from(row).join(Child, Child.id == row.child_id).where(row.family_id == family_id, condition)
        for statement, condition in (
            (asked, and_(row.requested_by_id.in_(parents), inside(row.requested_at))),
            # Nobody but the family takes a request back, so that nobody is written down as having decided it.
            (withdrawn, and_(
                row.status == EnrolmentStatus.CANCELLED, row.decided_by_id.is_(None), inside(row.decided_at)
            )),
            (ended, and_(row.ended_by_id.in_(parents), inside(row.ended_at))),
        )
    )  # fmt: skip


def _books(_user_id: int, family_id: int, inside: Inside) -> Statements:
    row = PrepaidBookEvent
    return (
        _columns(
            HistoryKind.BOOKS, Act.BOUGHT_BOOK, row.at, row.id, row.user_id, subject=_name(Child),
            what=PrepaidBook.name, activity_id=PrepaidBook.activity_id, amount_cents=row.price_cents,
        )
        .select_from(row)
        .join(PrepaidBook, PrepaidBook.id == row.book_id)
        .join(Child, Child.id == PrepaidBook.child_id)
        .where(
            PrepaidBook.family_id == family_id, row.kind == BookEventKind.SOLD, row.actor == Actor.PARENT,
            inside(row.at),
        ),
    )  # fmt: skip


def _file_changes(_user_id: int, family_id: int, inside: Inside) -> Statements:
    """What applied at once, and what was asked for: not what it said, which the file itself shows."""
    found = []
    for row, act, by, at in (
        (FileChange, Act.CHANGED_FILE, FileChange.changed_by_id, FileChange.changed_at),
        (ChangeRequest, Act.ASKED_CHANGE, ChangeRequest.asked_by_id, ChangeRequest.asked_at),
    ):
        subject = func.coalesce(_name(Guardian), _name(Child), "")
        found.append(
            _columns(HistoryKind.FILE, act, at, row.id, by, subject=subject, what=row.kind)
            .select_from(row)
            .outerjoin(Guardian, is_guardian(row))
            .outerjoin(Child, is_child(row))
            .where(row.family_id == family_id, by.in_(_parents(family_id)), inside(at))
        )
    return tuple(found)


def _child_files(_user_id: int, family_id: int, inside: Inside) -> Statements:
    """A child's file may be filled in by two families: each sees what its own parents did."""
    section, signed = ChildSection, ChildAuthorisation
    filled = (
        _columns(
            HistoryKind.FILE, Act.FILLED_SECTION, section.changed_at, Child.id, section.changed_by_id,
            subject=_name(Child), what=section.kind,
        )
        .select_from(section)
        .join(Child, Child.id == section.child_id)
        .where(section.changed_by_id.in_(_parents(family_id)), inside(section.changed_at))
    )  # fmt: skip
    authorised = (
        _columns(
            HistoryKind.FILE, Act.SIGNED_AUTHORISATIONS, signed.signed_at, func.max(signed.id), Guardian.user_id,
            subject=_name(Child),
        )
        .select_from(signed)
        .join(Child, Child.id == signed.child_id)
        .join(Guardian, Guardian.id == signed.signed_by_id)
        .where(Guardian.family_id == family_id, inside(signed.signed_at))
        .group_by(signed.signed_at, Guardian.user_id, Child.id, Child.first_name, Child.last_name)
    )  # fmt: skip
    certified = (
        _columns(
            HistoryKind.FILE, Act.CERTIFIED_FILE, FileCertification.certified_at, FileCertification.school_year,
            Guardian.user_id,
        )
        .select_from(FileCertification)
        .join(Guardian, Guardian.id == FileCertification.guardian_id)
        .where(FileCertification.family_id == family_id, inside(FileCertification.certified_at))
    )  # fmt: skip
    return filled, authorised, certified


def _papers(_user_id: int, family_id: int, inside: Inside) -> Statements:
    handed_in, invitation = SubmittedDocument, GuardianInvitation
    at_counter = case((handed_in.by_staff, literal(Act.HANDED_IN_FOR_THEM.value)), else_=literal(Act.HANDED_IN.value))
    documents = (
        _columns(
            HistoryKind.FILE, cast(at_counter, String), handed_in.handed_in_at, handed_in.id, handed_in.handed_in_by_id,
            subject=func.coalesce(_name(Guardian), _name(Child), ""), what=RequiredDocument.name,
        )
        .select_from(handed_in)
        .join(RequiredDocument, RequiredDocument.id == handed_in.document_id)
        .outerjoin(Guardian, Guardian.id == handed_in.guardian_id)
        .outerjoin(Child, Child.id == handed_in.child_id)
        .where(handed_in.family_id == family_id, inside(handed_in.handed_in_at))
    )  # fmt: skip
    invited = (
        _columns(
            HistoryKind.FILE, Act.INVITED, invitation.sent_at, Guardian.id, invitation.invited_by_id,
            subject=_name(Guardian),
        )
        .select_from(invitation)
        .join(Guardian, Guardian.id == invitation.guardian_id)
        .where(
            Guardian.family_id == family_id, invitation.invited_by_id.in_(_parents(family_id)),
            inside(invitation.sent_at),
        )
    )  # fmt: skip
    consents = _columns(HistoryKind.FILE, Act.CONSENTED, Consent.given_at, Consent.id).where(
        Consent.family_id == family_id, Consent.on_paper.is_(False), inside(Consent.given_at)
    )
    withdrawn = _columns(
        HistoryKind.FILE, Act.WITHDREW_CONSENT, Consent.withdrawn_at, Consent.id, Consent.withdrawn_by_id
    ).where(Consent.family_id == family_id, inside(Consent.withdrawn_at))
    request, parents = ErasureRequest, _parents(family_id)
    asked = _columns(HistoryKind.FILE, Act.ASKED_ERASURE, request.asked_at, request.id, request.asked_by_id).where(
        request.family_id == family_id, request.asked_by_id.in_(parents), inside(request.asked_at)
    )
    kept = _columns(HistoryKind.FILE, Act.KEPT_FILE, request.decided_at, request.id, request.decided_by_id).where(
        request.family_id == family_id, request.status == ErasureStatus.WITHDRAWN, inside(request.decided_at)
    )
    text = TextAcceptance
    texts = (
        _columns(
            HistoryKind.FILE, Act.ACCEPTED_TEXT, text.accepted_at, text.id, text.accepted_by_id, what=TextToAccept.name
        )
        .select_from(text)
        .join(TextVersion, TextVersion.id == text.version_id)
        .join(TextToAccept, TextToAccept.id == TextVersion.text_id)
        .where(text.family_id == family_id, text.on_paper.is_(False), inside(text.accepted_at))
    )  # fmt: skip
    return documents, invited, consents, withdrawn, asked, kept, texts


def _messages(_user_id: int, family_id: int, inside: Inside) -> Statements:
    """To whom one wrote: what one wrote stands in « Contacter la structure »."""
    row = Message
    return (
        _columns(HistoryKind.MESSAGES, Act.WROTE, row.at, row.id, row.author_id, what=MessageRecipient.name)
        .select_from(row)
        .join(MessageThread, MessageThread.id == row.thread_id)
        .join(MessageRecipient, MessageRecipient.id == MessageThread.recipient_id)
        .where(MessageThread.family_id == family_id, row.by_staff.is_(False), inside(row.at)),
    )


_SOURCES: Mapping[HistoryKind, tuple[Source, ...]] = {
    HistoryKind.SIGN_INS: (_sign_ins,),
    HistoryKind.PAYMENTS: (_payments,),
    HistoryKind.ACCOUNT: (_account,),
    HistoryKind.BOOKINGS: (_bookings, _absences),
    HistoryKind.ENROLMENTS: (_enrolments,),
    HistoryKind.BOOKS: (_books,),
    HistoryKind.FILE: (_file_changes, _child_files, _papers),
    HistoryKind.MESSAGES: (_messages,),
}


# The first that is found counts: browsers name those that they resemble.
_BROWSERS: Mapping[str, str] = {
    r"\bEdgA?/|\bEdgiOS/": "Edge",
    r"\bSamsungBrowser/": "Samsung Internet",
    r"\bOPR/|\bOpera\b": "Opera",
    r"\bFirefox/|\bFxiOS/": "Firefox",
    r"\bChrome/|\bCriOS/|\bChromium/": "Chrome",
    r"\bSafari/": "Safari",
}
_SYSTEMS: Mapping[str, str] = {
    r"\biPhone\b": "iPhone",
    r"\biPad\b": "iPad",
    r"\bAndroid\b": "Android",
    r"\bWindows\b": "Windows",
    r"\bMacintosh\b|\bMac OS X\b": "Mac",
    r"\bCrOS\b": "ChromeOS",
    r"\bLinux\b": "Linux",
}


def _first(names: Mapping[str, str], user_agent: str) -> str | None:
    return next((name for pattern, name in names.items() if re.search(pattern, user_agent)), None)
