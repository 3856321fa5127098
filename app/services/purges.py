"""The purge: what its class does not keep any more goes, a few rows per transaction (docs/rules/retention.md).

It is run by hand or by cron (`flask purge`), never by itself. Interrupted, it is just run again: what is gone is not
found any more. A family whose time is over goes like one that asked for it, by `services.erasures.erase()`, a month
after it was told; one that owes or is owed something is held.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Date,
    Row,
    Select,
    and_,
    bindparam,
    case,
    delete,
    exists,
    false,
    func,
    or_,
    select,
    true,
    tuple_,
    update,
)
from sqlalchemy.orm import InstrumentedAttribute, Session

from app import clock
from app.clock import PARIS
from app.database import Base, db, take_turns
from app.models.absences import AbsenceJustification
from app.models.accounts import CalendarFeed, SignInEvent, SignInFailure, User, UserSession, UserToken
from app.models.aids import ChildAid
from app.models.attendances import AttendanceEvent, ValidatedDay
from app.models.bookings import Booking, BookingEvent, BookingPriceChange, SaveReceipt, WeekReminder
from app.models.cash_desks import PaymentReversal, Refund
from app.models.changes import ChangeRequest, FileChange
from app.models.child_files import ChildSection, HealthAccess, SafetyNotice
from app.models.credits import Correction, CreditLine, CreditNote
from app.models.debts import DebtMove, InvoiceHold, ReminderLetter, TaxCertificate, TaxCertificateChild
from app.models.direct_debits import DebitBatch, DebitLine, DebitMandate
from app.models.enrolments import Enrolment
from app.models.families import ClaimCode, Family, Guardian, GuardianInvitation
from app.models.family_imports import FamilyImport, ImportStatus
from app.models.invoices import Invoice, InvoiceLine, RunAcceptance, StoredPdf
from app.models.mails import MailStatus, OutboxMail
from app.models.messages import Message, MessageThread
from app.models.payments import Payment, PaymentBasket
from app.models.prepaid_books import PrepaidBookEvent
from app.models.publications import TextRecipient
from app.models.required_documents import SubmittedDocument
from app.models.retention import ErasureRequest, PurgeRun, RetentionChoice
from app.models.urgent_messages import UrgentRecipient
from app.retention_labels import duration_words, plan_words
from app.rules.calendars import add_months
from app.rules.child_files import SectionKind
from app.rules.messages import ThreadState
from app.rules.required_documents import SubmissionStatus
from app.rules.retention import (
    DURATIONS,
    TOLD_MONTHS_BEFORE,
    DataClass,
    PurgeAct,
    duration_of,
    first_kept_day,
    purge_act,
)
from app.rules.states import ChangeStatus, EnrolmentStatus, ErasureStatus, FamilyStatus
from app.services import family_imports
from app.services.catalogue import catalogue
from app.services.erasures import emails_of, erase, plan_of
from app.services.errors import ErasureHeld
from app.services.household_credits import left_of_credit
from app.services.invoices import balance_in_sql
from app.services.mails import queue_mail
from app.services.places import enter_bookings

BATCH_ROWS = 500

_HEALTH = (SectionKind.DOCTOR, SectionKind.VACCINATIONS, SectionKind.HEALTH, SectionKind.DIET)
_FORGOTTEN = "effacé"
_NO_DAY = date(1900, 1, 1)  # of a birth that is forgotten


@dataclass(frozen=True, slots=True)
class PurgeLine:
    """Of a class: how long it is kept, how many rows a purge would take, and of when the oldest is."""

    data: DataClass
    amount: int
    count: int
    oldest: date | None
    to_tell: int = 0  # families that would only be told


@dataclass(frozen=True, slots=True)
class PurgeView:
    """What a purge took."""

    started_at: datetime
    ended_at: datetime | None
    counts: Mapping[DataClass, int]
    told: int  # families, that they will go in a month
    held: int


@dataclass(frozen=True, slots=True)
class Step:
    """What one transaction of a purge did."""

    count: int
    told: int = 0  # families, that they will go in a month
    held: int = 0
    paths: tuple[str, ...] = ()  # of files that no row names any more: to be removed after the commit
    after: int = 0  # the last family looked at
    is_last: bool = False


Column = InstrumentedAttribute[Any]
Extra = Callable[[date], ColumnElement[bool]]
Take = Callable[[Session, Sequence[Any]], tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class Source:
    """Rows of a table that go once `at` is before what the class keeps; without `take` they are deleted."""

    table: Any
    at: Column
    extra: Extra | None = None
    take: Take | None = None

    def is_over(self, first_kept: date) -> ColumnElement[bool]:
        """That a row's time is over."""
        over: ColumnElement[bool] = self.at < _boundary(self.at, first_kept)
        return over if self.extra is None else and_(over, self.extra(first_kept))


# --- What goes, class by class --------------------------------------------------------------------------------------


_OF_FAMILIES = (
    (Booking.family_id, Booking.day), (Enrolment.family_id, Enrolment.ends_on),
    (Invoice.family_id, Invoice.issued_on), (CreditNote.family_id, CreditNote.issued_on),
    (Payment.family_id, Payment.received_on), (FileChange.family_id, FileChange.changed_at),
    (ChangeRequest.family_id, ChangeRequest.asked_at), (SubmittedDocument.family_id, SubmittedDocument.handed_in_at),
    (ChildAid.family_id, ChildAid.ends_on), (ErasureRequest.family_id, ErasureRequest.asked_at),
    (MessageThread.family_id, MessageThread.last_at),
)  # fmt: skip
_OF_USERS = ((SignInEvent.user_id, SignInEvent.at), (UserSession.user_id, UserSession.last_seen_at))
"""What shows that a family is active: whose it is, and when it was."""


def _is_inactive(first_kept: date) -> ColumnElement[bool]:
    """That a family did nothing, and nothing was done for it, from a day on, as far as traces tell that are there or
    were purged.
    """
    seen = [exists().where(owner == Family.id, at >= _boundary(at, first_kept)) for owner, at in _OF_FAMILIES]
    seen += [
        exists().where(Guardian.family_id == Family.id, user_id == Guardian.user_id, at >= _boundary(at, first_kept))
        for user_id, at in _OF_USERS
    ]
    was_active = func.coalesce(Family.active_on >= first_kept, false())
    return and_(Family.status.in_([FamilyStatus.ACTIVE, FamilyStatus.CLOSED]), ~was_active, *(~each for each in seen))


def _last_activity(table: Any, chosen: ColumnElement[bool]) -> Select[tuple[int, Any]] | None:
    """By family, when it was active last among some rows of a table; None where the table tells nothing of it."""
    for owner, at in _OF_FAMILIES:
        if at.class_ is table:
            return select(owner, func.max(at)).where(chosen, owner.is_not(None)).group_by(owner)
    for user_id, at in _OF_USERS:
        if at.class_ is table:
            of_users = select(Guardian.family_id, func.max(at)).join(table, user_id == Guardian.user_id)
            return of_users.where(chosen).group_by(Guardian.family_id)
    return None


def _note_activity(session: Session, last: Select[tuple[int, Any]]) -> None:
    """Let families look no less active once these rows are gone; the caller holds the families."""
    found = [
        {"of": family_id, "day": at.date() if isinstance(at, datetime) else at}
        for family_id, at in session.execute(last)
    ]
    if found:
        families = Base.metadata.tables["family"]
        is_later = func.coalesce(families.c.active_on < bindparam("day"), true())
        session.connection().execute(
            update(families).where(families.c.id == bindparam("of"), is_later).values(active_on=bindparam("day")), found
        )


def _child_has_left(first_kept: date) -> ColumnElement[bool]:
    ended = Enrolment.status.in_([EnrolmentStatus.REFUSED, EnrolmentStatus.CANCELLED])
    comes = exists().where(Enrolment.child_id == ChildSection.child_id, Enrolment.ends_on >= first_kept, ~ended)
    came = exists().where(Booking.child_id == ChildSection.child_id, Booking.day >= first_kept)
    return and_(ChildSection.kind.in_(_HEALTH), ~comes, ~came)


def _is_settled(_first_kept: date) -> ColumnElement[bool]:
    return and_(Invoice.purged_at.is_(None), balance_in_sql() <= 0)


def _is_taken(_first_kept: date) -> ColumnElement[bool]:
    return and_(CreditNote.purged_at.is_(None), left_of_credit() == 0)


def _forget_invoices(session: Session, ids: Sequence[Any]) -> tuple[str, ...]:
    session.execute(
        update(Invoice)
        .where(Invoice.id.in_(ids))
        .values(payer_name=_FORGOTTEN, payer_address="", purged_at=clock.now())
    )
    session.execute(
        update(InvoiceLine).where(InvoiceLine.invoice_id.in_(ids)).values(child_name=_FORGOTTEN, explanation="")
    )
    # A dispute may never have been ended.
    session.execute(update(InvoiceHold).where(InvoiceHold.invoice_id.in_(ids)).values(reason=""))
    return _forget_papers(session, StoredPdf.invoice_id.in_(ids))


def _forget_corrections(session: Session, ids: Sequence[Any]) -> tuple[str, ...]:
    left = case((Correction.left_because.is_not(None), ""))
    session.execute(update(Correction).where(Correction.id.in_(ids)).values(reason="", left_because=left))
    return ()


def _forget_reopenings(session: Session, ids: Sequence[Any]) -> tuple[str, ...]:
    session.execute(update(ValidatedDay).where(ValidatedDay.id.in_(ids)).values(reopen_reason=""))
    return ()


def _forget_payments(session: Session, ids: Sequence[Any]) -> tuple[str, ...]:
    session.execute(
        update(Payment).where(Payment.id.in_(ids)).values(reference="", bank="", drawer="", purged_at=clock.now())
    )
    session.execute(update(PaymentReversal).where(PaymentReversal.payment_id.in_(ids)).values(reason=""))
    return _forget_papers(session, StoredPdf.payment_id.in_(ids))


def _forget_letters(session: Session, ids: Sequence[Any]) -> tuple[str, ...]:
    paths = tuple(filter(None, session.scalars(select(ReminderLetter.path).where(ReminderLetter.id.in_(ids)))))
    session.execute(
        update(ReminderLetter).where(ReminderLetter.id.in_(ids)).values(path=None, sha256=None, purged_at=clock.now())
    )
    return paths


def _forget_holds(session: Session, ids: Sequence[Any]) -> tuple[str, ...]:
    session.execute(update(InvoiceHold).where(InvoiceHold.id.in_(ids)).values(reason=""))
    return ()


def _forget_moves(session: Session, ids: Sequence[Any]) -> tuple[str, ...]:
    session.execute(update(DebtMove).where(DebtMove.id.in_(ids)).values(reason=""))
    return ()


def _forget_acceptances(session: Session, ids: Sequence[Any]) -> tuple[str, ...]:
    session.execute(update(RunAcceptance).where(RunAcceptance.id.in_(ids)).values(reason=""))
    return ()


def _forget_tax_certificates(session: Session, ids: Sequence[Any]) -> tuple[str, ...]:
    of_certificates = TaxCertificate.id.in_(ids)
    paths = tuple(filter(None, session.scalars(select(TaxCertificate.path).where(of_certificates))))
    session.execute(
        update(TaxCertificate)
        .where(of_certificates)
        .values(payer_name=_FORGOTTEN, payer_address="", path=None, sha256=None, purged_at=clock.now())
    )
    session.execute(
        update(TaxCertificateChild)
        .where(TaxCertificateChild.certificate_id.in_(ids))
        .values(child_name=_FORGOTTEN, born_on=_NO_DAY)
    )
    return paths


def _forget_credits(session: Session, ids: Sequence[Any]) -> tuple[str, ...]:
    session.execute(
        update(CreditNote)
        .where(CreditNote.id.in_(ids))
        .values(payer_name=_FORGOTTEN, payer_address="", reason="", purged_at=clock.now())
    )
    session.execute(update(CreditLine).where(CreditLine.credit_note_id.in_(ids)).values(child_name=_FORGOTTEN))
    return _forget_papers(session, StoredPdf.credit_note_id.in_(ids))


def _forget_refunds(session: Session, ids: Sequence[Any]) -> tuple[str, ...]:
    session.execute(
        update(Refund).where(Refund.id.in_(ids)).values(holder="", iban="", reason="", purged_at=clock.now())
    )
    return ()


def _forget_mandates(session: Session, ids: Sequence[Any]) -> tuple[str, ...]:
    session.execute(
        update(DebitMandate)
        .where(DebitMandate.id.in_(ids))
        .values(holder="", iban="", end_reason="", purged_at=clock.now())
    )
    return ()


def _forget_debits(session: Session, ids: Sequence[Any]) -> tuple[str, ...]:
    session.execute(update(DebitLine).where(DebitLine.batch_id.in_(ids)).values(holder="", iban=""))
    session.execute(update(DebitBatch).where(DebitBatch.id.in_(ids)).values(purged_at=clock.now()))
    return ()


def _forget_papers(session: Session, rows: ColumnElement[bool]) -> tuple[str, ...]:
    paths = tuple(session.scalars(select(StoredPdf.path).where(rows)))
    session.execute(delete(StoredPdf).where(rows))
    return paths


def _forget_payers(session: Session, ids: Sequence[Any]) -> tuple[str, ...]:
    session.execute(update(PaymentBasket).where(PaymentBasket.id.in_(ids)).values(email="", redirect_url=None))
    return ()


def _forget_certificates(session: Session, ids: Sequence[Any]) -> tuple[str, ...]:
    row = AbsenceJustification
    paths = session.scalars(select(row.path).where(row.id.in_(ids), row.path.is_not(None))).all()
    without = dict.fromkeys(("path", "file_key", "file_name", "file_bytes", "page_count", "refusal_reason"))
    session.execute(update(row).where(row.id.in_(ids)).values(**without, remark="", forgotten_at=clock.now()))
    return tuple(path for path in paths if path is not None)


def _forget_imports(session: Session, ids: Sequence[Any]) -> tuple[str, ...]:
    """What the files said goes; one of which nothing was made yet is abandoned."""
    family_imports.forget(session, ids)
    waited = FamilyImport.status.in_([ImportStatus.CHECKING, ImportStatus.CHECKED])
    session.execute(
        update(FamilyImport)
        .where(FamilyImport.id.in_(ids))
        .values(
            purged_at=clock.now(), status=case((waited, ImportStatus.ABANDONED), else_=FamilyImport.status),
            ended_at=func.coalesce(FamilyImport.ended_at, clock.now()),
        )
    )  # fmt: skip
    return ()


def _forget_names(session: Session, ids: Sequence[Any]) -> tuple[str, ...]:
    session.execute(update(User).where(User.id.in_(ids)).values(display_name="Compte effacé"))
    return ()


def _forget_threads(session: Session, ids: Sequence[Any]) -> tuple[str, ...]:
    """Their messages and what was read of them go with them."""
    paths = session.scalars(select(Message.path).where(Message.thread_id.in_(ids), Message.path.is_not(None)))
    found = tuple(path for path in paths if path is not None)
    session.execute(delete(MessageThread).where(MessageThread.id.in_(ids)))
    return found


def _no_more(_first_kept: date) -> ColumnElement[bool]:
    active = select(Guardian.user_id).join(Family, Family.id == Guardian.family_id)
    active = active.where(Family.status == FamilyStatus.ACTIVE, Guardian.user_id.is_not(None))
    return CalendarFeed.user_id.not_in(active)


_FAMILIES = {
    DataClass.FAMILY_FILE: Source(Family, Family.created_at, _is_inactive),
    DataClass.SIGN_UPS: Source(Family, Family.decided_at, lambda _day: Family.status == FamilyStatus.REFUSED),
}

SOURCES: Mapping[DataClass, tuple[Source, ...]] = {
    DataClass.FAMILY_FILE: (_FAMILIES[DataClass.FAMILY_FILE],),
    DataClass.SIGN_UPS: (_FAMILIES[DataClass.SIGN_UPS],),
    DataClass.HEALTH: (
        Source(ChildSection, ChildSection.changed_at, _child_has_left),
        Source(SafetyNotice, SafetyNotice.changed_at, lambda _day: SafetyNotice.seen_at.is_not(None)),
    ),
    DataClass.HEALTH_READS: (Source(HealthAccess, HealthAccess.at),),
    DataClass.DOCUMENTS: (
        Source(
            SubmittedDocument, SubmittedDocument.handed_in_at,
            lambda _day: SubmittedDocument.status.in_([SubmissionStatus.REFUSED, SubmissionStatus.REPLACED]),
        ),
        Source(
            SubmittedDocument, SubmittedDocument.valid_until,
            lambda _day: SubmittedDocument.status == SubmissionStatus.ACCEPTED,
        ),
    ),
    DataClass.CERTIFICATES: (
        Source(
            AbsenceJustification, AbsenceJustification.decided_at,
            lambda _day: AbsenceJustification.forgotten_at.is_(None), _forget_certificates,
        ),
    ),
    DataClass.FILE_CHANGES: (
        Source(FileChange, FileChange.changed_at),
        Source(ChangeRequest, ChangeRequest.asked_at, lambda _day: ChangeRequest.status != ChangeStatus.PENDING),
    ),
    DataClass.MESSAGES: (
        Source(
            MessageThread, MessageThread.last_at, lambda _day: MessageThread.state != ThreadState.TO_ANSWER,
            _forget_threads,
        ),
    ),
    DataClass.BOOKINGS: (
        Source(BookingEvent, BookingEvent.at),
        Source(BookingPriceChange, BookingPriceChange.at),
        Source(AttendanceEvent, AttendanceEvent.at),
        Source(
            ValidatedDay, ValidatedDay.reopened_at, lambda _day: ValidatedDay.reopen_reason != "", _forget_reopenings
        ),
        Source(PrepaidBookEvent, PrepaidBookEvent.at),
    ),
    DataClass.ACCOUNTING: (
        Source(Invoice, Invoice.issued_on, _is_settled, _forget_invoices),
        Source(CreditNote, CreditNote.issued_on, _is_taken, _forget_credits),
        Source(
            Correction, Correction.ended_at, lambda _day: or_(Correction.reason != "", Correction.left_because != ""),
            _forget_corrections,
        ),
        Source(Payment, Payment.received_on, lambda _day: Payment.purged_at.is_(None), _forget_payments),
        Source(
            ReminderLetter, ReminderLetter.made_at, lambda _day: ReminderLetter.purged_at.is_(None), _forget_letters
        ),
        Source(InvoiceHold, InvoiceHold.ended_at, lambda _day: InvoiceHold.reason != "", _forget_holds),
        Source(DebtMove, DebtMove.recorded_at, lambda _day: DebtMove.reason != "", _forget_moves),
        Source(RunAcceptance, RunAcceptance.accepted_at, lambda _day: RunAcceptance.reason != "", _forget_acceptances),
        Source(
            TaxCertificate, TaxCertificate.issued_on, lambda _day: TaxCertificate.purged_at.is_(None),
            _forget_tax_certificates,
        ),
        Source(Refund, Refund.made_at, lambda _day: Refund.purged_at.is_(None), _forget_refunds),
        Source(DebitMandate, DebitMandate.ended_at, lambda _day: DebitMandate.purged_at.is_(None), _forget_mandates),
        Source(DebitBatch, DebitBatch.collected_on, lambda _day: DebitBatch.purged_at.is_(None), _forget_debits),
        Source(PaymentBasket, PaymentBasket.created_at, lambda _day: PaymentBasket.email != "", _forget_payers),
    ),
    DataClass.MAILS: (
        Source(
            OutboxMail, OutboxMail.created_at,
            lambda _day: OutboxMail.status.in_([MailStatus.SENT, MailStatus.FAILED, MailStatus.EXPIRED]),
        ),
        Source(WeekReminder, WeekReminder.sent_at),
        Source(UrgentRecipient, UrgentRecipient.queued_at),
        Source(TextRecipient, TextRecipient.queued_at),
    ),
    DataClass.SIGN_INS: (Source(SignInEvent, SignInEvent.at),),
    DataClass.ACCESS: (
        Source(UserSession, UserSession.expires_at),
        Source(UserToken, UserToken.expires_at),
        Source(GuardianInvitation, GuardianInvitation.expires_at),
        Source(ClaimCode, ClaimCode.expires_at),
        Source(SignInFailure, SignInFailure.at),
        Source(SaveReceipt, SaveReceipt.saved_at),
        Source(CalendarFeed, CalendarFeed.created_at, _no_more),
    ),
    DataClass.IMPORTS: (
        Source(
            FamilyImport, FamilyImport.asked_at,
            lambda _day: and_(
                FamilyImport.purged_at.is_(None),
                FamilyImport.status.not_in([ImportStatus.CREATING, ImportStatus.UNDOING]),
            ),
            _forget_imports,
        ),
    ),
    DataClass.ACCOUNTS: (
        Source(User, User.closed_at, lambda _day: User.display_name != "Compte effacé", _forget_names),
    ),
    DataClass.LOG: (
        Source(ErasureRequest, ErasureRequest.asked_at, lambda _day: ErasureRequest.status != ErasureStatus.PENDING),
        Source(PurgeRun, PurgeRun.started_at),
        Source(FamilyImport, FamilyImport.asked_at, lambda _day: FamilyImport.purged_at.is_not(None)),
    ),
}  # fmt: skip
"""By class, what goes and since when it counts; a class is purged in this order."""


# --- Looking ahead, and doing it ------------------------------------------------------------------------------------


def durations() -> Mapping[DataClass, int]:
    """How long each class is kept, in its unit."""
    return {data: duration_of(data, catalogue().retention) for data in SOURCES}


def save_durations(session: Session, user_id: int, wanted: Mapping[DataClass, int]) -> bool:
    """Store what the staff chose; says whether anything changed. Raises ValueError outside of a class's bounds."""
    present = durations()
    changed = {data: amount for data, amount in wanted.items() if data in present and amount != present[data]}
    for data, amount in changed.items():
        if not DURATIONS[data].least <= amount <= DURATIONS[data].most:
            raise ValueError(f"{data}: {amount}")
        session.merge(RetentionChoice(data=data, amount=amount, changed_at=clock.now(), changed_by_id=user_id))
    session.flush()
    return bool(changed)


def dry_run(session: Session) -> tuple[PurgeLine, ...]:
    """What a purge would take now; families that would be held are counted too. Two queries."""
    amounts, today = durations(), clock.today()
    columns: list[Any] = []
    for data, sources in SOURCES.items():
        first_kept = first_kept_day(data, amounts[data], today)
        for source in () if data is DataClass.FAMILY_FILE else sources:
            over = source.is_over(first_kept)
            columns.append(select(func.count()).select_from(source.table).where(over).scalar_subquery())
            columns.append(select(func.min(source.at)).select_from(source.table).where(over).scalar_subquery())
    found = iter(session.execute(select(*columns)).one())
    lines = []
    for data, sources in SOURCES.items():
        if data is DataClass.FAMILY_FILE:
            lines.append(_line_of_families(session, amounts[data], today))
            continue
        values = [(next(found), next(found)) for _ in sources]
        days = [at.date() if isinstance(at, datetime) else at for _, at in values if at is not None]
        lines.append(PurgeLine(data, amounts[data], sum(count for count, _ in values), min(days, default=None)))
    return tuple(lines)


def _line_of_families(session: Session, amount: int, today: date) -> PurgeLine:
    first_kept = first_kept_day(DataClass.FAMILY_FILE, amount, today)
    acts = [(_act(row, first_kept), row.created_at) for row in session.execute(_inactive_families(first_kept))]
    goes = [at.date() for act, at in acts if act is PurgeAct.ERASE]
    told = sum(act is PurgeAct.TELL for act, _ in acts)
    return PurgeLine(DataClass.FAMILY_FILE, amount, len(goes), min(goes, default=None), told)


def last_purge() -> PurgeView | None:
    """The purge that was run last. One query."""
    row = db.session.scalars(select(PurgeRun).order_by(PurgeRun.id.desc()).limit(1)).first()
    if row is None:
        return None
    counts = {DataClass(name): count for name, count in json.loads(row.counts).items()}
    return PurgeView(row.started_at, row.ended_at, counts, row.told, row.held)


def begin_purge(session: Session) -> int:
    """Note that a purge begins; returns its id."""
    row = PurgeRun(started_at=clock.now())
    session.add(row)
    session.flush()
    return row.id


def end_purge(session: Session, run_id: int) -> None:
    """Note that it came to its end."""
    session.get_one(PurgeRun, run_id).ended_at = clock.now()
    session.flush()


def purge_next(session: Session, run_id: int, data: DataClass, after: int = 0) -> Step:
    """Take the next rows of a class; call it until `is_last`, each time in a transaction of its own.

    `after`: the last family that the step before looked at.
    """
    if data in _FAMILIES:
        enter_bookings(session)
    take_turns(session, "purge")
    first_kept = first_kept_day(data, durations()[data], clock.today())
    if data is DataClass.FAMILY_FILE:
        step = _next_inactive_family(session, first_kept, after)
    elif data in _FAMILIES:
        step = _next_family(session, _FAMILIES[data], first_kept, after)
    else:
        step = next(
            (step for source in SOURCES[data] if (step := _next_rows(session, source, first_kept)).count),
            Step(0, is_last=True),
        )
    run = session.get(PurgeRun, run_id)
    if run is not None and (step.count or step.told or step.held):
        counts = json.loads(run.counts)
        if step.count:
            counts[data.value] = counts.get(data.value, 0) + step.count
        run.counts, run.told, run.held = json.dumps(counts), run.told + step.told, run.held + step.held
    session.flush()
    return step


def _next_family(session: Session, source: Source, first_kept: date, after: int) -> Step:
    wanted = select(Family.id).where(source.is_over(first_kept), Family.id > after).order_by(Family.id).limit(1)
    family_id = session.scalar(wanted)
    if family_id is None:
        return Step(0, is_last=True)
    try:
        erased = erase(session, family_id)
    except ErasureHeld:
        return Step(0, held=1, after=family_id)
    return Step(1, paths=erased.paths, after=family_id)


def _inactive_families(first_kept: date) -> Select[Any]:
    """The families whose time is over, or will be within a month."""
    source = _FAMILIES[DataClass.FAMILY_FILE]
    has_address = exists().where(
        Guardian.family_id == Family.id, or_(Guardian.email.is_not(None), Guardian.user_id.is_not(None))
    )
    return (
        select(
            Family.id, Family.created_at, Family.purge_told_at, has_address.label("has_address"),
            source.is_over(first_kept).label("is_over"),
        )
        .where(source.is_over(add_months(first_kept, TOLD_MONTHS_BEFORE)))
        .order_by(Family.id)
    )  # fmt: skip


def _act(row: Row[Any], first_kept: date) -> PurgeAct:
    return purge_act(
        is_over=row.is_over, told_on=row.purge_told_at and row.purge_told_at.date(), has_address=row.has_address,
        first_kept=first_kept, today=clock.today(),
    )  # fmt: skip


def _next_inactive_family(session: Session, first_kept: date, after: int) -> Step:
    row = session.execute(_inactive_families(first_kept).where(Family.id > after).limit(1)).first()
    if row is None:
        return Step(0, is_last=True)
    act = _act(row, first_kept)
    if act is PurgeAct.WAIT:
        return Step(0, after=row.id)
    plan, emails = plan_of(session, row.id), emails_of(session, row.id)
    if not plan.is_possible:
        return Step(0, held=1, after=row.id)
    if act is PurgeAct.TELL:
        family = session.get_one(Family, row.id)
        family.purge_told_at = clock.now()
        erased_from = add_months(clock.today(), TOLD_MONTHS_BEFORE)
        for email in emails:
            queue_mail(session, "purge_soon", email, family_id=row.id, family=family, erased_from=erased_from)
        return Step(0, told=1, after=row.id)
    words, inactive_for = plan_words(plan), duration_words(DataClass.FAMILY_FILE, durations()[DataClass.FAMILY_FILE])
    erased = erase(session, row.id)
    for email in emails:
        queue_mail(session, "erasure_done", email, is_last=True, words=words, inactive_for=inactive_for)
    return Step(1, paths=erased.paths, after=row.id)


def _next_rows(session: Session, source: Source, first_kept: date) -> Step:
    keys = tuple(source.table.__table__.primary_key.columns)
    wanted = select(*keys).where(source.is_over(first_kept)).order_by(*keys).limit(BATCH_ROWS)
    batch = _among(keys, session.execute(wanted).all())
    last = _last_activity(source.table, batch)
    if last is not None:  # before their rows, as whoever writes such rows does
        ids = [family_id for family_id, _ in session.execute(last)]
        session.execute(select(Family.id).where(Family.id.in_(ids)).order_by(Family.id).with_for_update(key_share=True))
        wanted = wanted.where(batch)  # whose families are held
    # A row that somebody writes to just now, such as a thread that is answered, is left to the next purge.
    rows = session.execute(wanted.with_for_update(skip_locked=True)).all()
    if not rows:
        return Step(0)
    chosen = _among(keys, rows)
    last = _last_activity(source.table, chosen)
    if last is not None:
        _note_activity(session, last)
    if source.take is not None:
        return Step(len(rows), paths=source.take(session, [row[0] for row in rows]))
    path = source.table.__table__.c.get("path")
    paths = () if path is None else tuple(session.scalars(select(path).where(chosen)))
    session.execute(delete(source.table).where(chosen))
    return Step(len(rows), paths=paths)


def _among(keys: Sequence[Any], rows: Sequence[Row[Any]]) -> ColumnElement[bool]:
    """That a row is one of these."""
    if len(keys) == 1:
        one: ColumnElement[bool] = keys[0].in_([row[0] for row in rows])
        return one
    return tuple_(*keys).in_([tuple(row) for row in rows])


def _boundary(column: Column, first_kept: date) -> date | datetime:
    if isinstance(column.type, Date):
        return first_kept
    return datetime.combine(first_kept, time(), PARIS)
