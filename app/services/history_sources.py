"""Where « Historique » reads: one statement for each thing that may be done, all with the same columns.

What one parent does with their own login stays theirs: each sees their own sign-ins only, and passwords, addresses and
second factors are told to nobody. What they do for the family is told to all its parents, and so is what an agent hands
in for them; another family of the same child sees none of it.
"""

from collections.abc import Callable, Collection, Mapping
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
    and_,
    case,
    cast,
    func,
    literal,
    null,
    or_,
    select,
)
from sqlalchemy.orm import InstrumentedAttribute, aliased

from app.models.absences import AbsenceJustification, JustifiedAbsence
from app.models.accounts import SignInEvent
from app.models.activities import Office
from app.models.bookings import Booking, BookingEvent
from app.models.cash_desks import PaymentReversal, Refund
from app.models.changes import ChangeRequest, FileChange
from app.models.child_files import ChildAuthorisation, ChildSection, FileCertification
from app.models.credits import CreditNote
from app.models.debts import DebtMove, InvoiceHold, InvoiceReminder, ReminderRun
from app.models.direct_debits import DebitLine, DebitMandate
from app.models.enrolments import Enrolment
from app.models.families import Child, Consent, Guardian, GuardianInvitation
from app.models.invoices import Invoice
from app.models.messages import Message, MessageRecipient, MessageThread
from app.models.payments import Payment, PaymentBasket
from app.models.prepaid_books import BookEventKind, PrepaidBook, PrepaidBookEvent
from app.models.publications import TextAcceptance, TextToAccept, TextVersion
from app.models.required_documents import RequiredDocument, SubmittedDocument
from app.models.retention import ErasureRequest
from app.rules.debts import HoldKind
from app.rules.states import Actor, BookingStatus, EnrolmentStatus, ErasureStatus
from app.services.file_histories import is_child, is_guardian
from app.services.offices import of_offices
from app.services.payments import is_for


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
    GAVE_MANDATE = auto()  # of direct debits; `what`: the office
    ENDED_MANDATE = auto()  # `what` says why
    REFUSED_DEBIT = auto()  # `detail` is the code of why; what was recorded of it is reversed
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
    return (
        _columns(
            HistoryKind.PAYMENTS, Act.PAID, row.created_at, row.id, row.user_id, what=row.state,
            token=row.public_token, amount_cents=row.amount_cents,
        ).where(row.family_id == family_id, inside(row.created_at), is_for(office_ids)),
    )  # fmt: skip


def _account(_user_id: int, family_id: int, inside: Inside, office_ids: Collection[int] | None = None) -> Statements:
    """What became of what is due and of what was paid, at these offices (None: at all)."""
    kind = HistoryKind.ACCOUNT
    run, told = ReminderRun, InvoiceReminder
    reminded = (
        _columns(
            kind, Act.REMINDED, run.sent_at, run.id, run.sent_by_id, what=run.level, count=func.count(),
            amount_cents=func.sum(told.balance_cents),
        )
        .select_from(run)
        .join(told, told.run_id == run.id)
        .where(told.family_id == family_id, inside(run.sent_at), of_offices(run.office_id, office_ids))
        .group_by(run.sent_at, run.id, run.sent_by_id, run.level)
    )  # fmt: skip
    note = CreditNote
    credited = _columns(
        kind, Act.CREDITED, note.issued_at, note.id, note.issued_by_id, subject=note.number, what=note.reason,
        amount_cents=note.total_cents,
    ).where(note.family_id == family_id, inside(note.issued_at), of_offices(note.office_id, office_ids))  # fmt: skip
    row = PaymentReversal
    reversed_ = (
        _columns(
            kind, Act.REVERSED, row.reversed_at, row.payment_id, row.reversed_by_id, subject=Payment.receipt_number,
            what=row.reason, token=row.kind, amount_cents=Payment.amount_cents,
        )
        .select_from(row)
        .join(Payment, Payment.id == row.payment_id)
        .where(Payment.family_id == family_id, inside(row.reversed_at), of_offices(Payment.office_id, office_ids))
    )  # fmt: skip
    refunded = _columns(
        kind, Act.REFUNDED, Refund.made_at, Refund.id, Refund.made_by_id, subject=Refund.number, what=Refund.reason,
        amount_cents=Refund.amount_cents,
    ).where(
        Refund.family_id == family_id, inside(Refund.made_at), of_offices(Refund.office_id, office_ids)
    )  # fmt: skip
    return (reminded, credited, reversed_, refunded, *_direct_debits(family_id, inside, office_ids))


def _direct_debits(family_id: int, inside: Inside, office_ids: Collection[int] | None) -> Statements:
    kind, row, line = HistoryKind.ACCOUNT, DebitMandate, DebitLine
    of_family = (row.family_id == family_id) & of_offices(row.office_id, office_ids)
    given = (
        _columns(
            kind, Act.GAVE_MANDATE, row.recorded_at, row.id, row.recorded_by_id, subject=row.reference,
            what=Office.name,
        )
        .select_from(row)
        .join(Office, Office.id == row.office_id)
        .where(of_family, inside(row.recorded_at))
    )  # fmt: skip
    ended = _columns(
        kind, Act.ENDED_MANDATE, row.ended_at, row.id, row.ended_by_id, subject=row.reference, what=row.end_reason
    ).where(of_family, inside(row.ended_at))
    refused = (
        _columns(
            kind, Act.REFUSED_DEBIT, line.refused_at, line.id, line.refused_by_id, subject=Invoice.number,
            token=line.refusal, amount_cents=line.amount_cents,
        )
        .select_from(line)
        .join(Invoice, Invoice.id == line.invoice_id)
        .where(line.family_id == family_id, inside(line.refused_at), of_offices(Invoice.office_id, office_ids))
    )  # fmt: skip
    return given, ended, refused


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


SOURCES: Mapping[HistoryKind, tuple[Source, ...]] = {
    HistoryKind.SIGN_INS: (_sign_ins,),
    HistoryKind.PAYMENTS: (_payments,),
    HistoryKind.ACCOUNT: (_account,),
    HistoryKind.BOOKINGS: (_bookings, _absences),
    HistoryKind.ENROLMENTS: (_enrolments,),
    HistoryKind.BOOKS: (_books,),
    HistoryKind.FILE: (_file_changes, _child_files, _papers),
    HistoryKind.MESSAGES: (_messages,),
}
"""What the parents read."""


def sources_for_staff(office_ids: Collection[int]) -> Mapping[HistoryKind, tuple[Source, ...]]:
    """What the staff read: of money what is of these offices, with what keeps invoices from being asked for."""
    return {
        **SOURCES,
        HistoryKind.PAYMENTS: (partial(_payments, office_ids=office_ids),),
        HistoryKind.ACCOUNT: (partial(_account, office_ids=office_ids), partial(_debts, office_ids=office_ids)),
    }
