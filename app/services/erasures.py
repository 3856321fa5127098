"""Erasing families: what their parents ask for, the plan, the decision of the staff, and doing it.

The plan is `rules.erasures.plan_erasure()` on what `facts_of()` counts; `erase()` follows it table by table
(`services.kept_tables`). What stands against an erasure is looked for again under the family's lock.
"""

import json
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, Table, and_, delete, func, or_, select, union, update
from sqlalchemy.orm import Session, aliased

from app import clock
from app.database import Base, db
from app.models.accounts import StaffAction, StaffRole, User, UserSession
from app.models.bookings import Booking
from app.models.changes import ChangeRequest, FileChange
from app.models.credits import CreditNote
from app.models.enrolments import Enrolment
from app.models.families import Consent, Family, FamilyChild, Guardian
from app.models.invoices import CarriedMonth, InvoicedBooking
from app.models.payments import Payment, PaymentBasket
from app.models.prepaid_books import PrepaidBook
from app.models.required_documents import SubmittedDocument
from app.models.retention import ErasureRequest
from app.rules.baskets import BasketState
from app.rules.erasures import ErasureFacts, ErasurePlan, Fate, Obstacle, answer_due_on, plan_erasure
from app.rules.retention import DataClass
from app.rules.states import (
    ACTIVE_STATUSES,
    FAMILY_TRANSITIONS,
    BookingStatus,
    CancelClass,
    EnrolmentStatus,
    ErasureCause,
    ErasureStatus,
    FamilyStatus,
    check_transition,
)
from app.services.catalogue import catalogue
from app.services.errors import AlreadyDecided, ErasureHeld, FamilyNotActive, NotFound
from app.services.families import check_not_own, lock_children, stays_active
from app.services.household_credits import money_kept
from app.services.invoices import invoices_of
from app.services.kept_tables import TABLES, Scope, of_other_home
from app.services.mails import queue_mail
from app.services.places import enter_bookings


@dataclass(frozen=True, slots=True)
class RequestView:
    """A family's request, as both sides read it."""

    id: int
    family_id: int
    family_name: str
    family_status: FamilyStatus
    cause: ErasureCause
    status: ErasureStatus
    asked_at: datetime
    asked_by: str
    decided_at: datetime | None
    decided_by: str | None
    refusal_reason: str | None

    @property
    def due_on(self) -> date:
        """Until when it is answered."""
        return answer_due_on(self.asked_at.date())

    @property
    def is_late(self) -> bool:
        """Whether it still waits after that day."""
        return self.status is ErasureStatus.PENDING and clock.today() > self.due_on


@dataclass(frozen=True, slots=True)
class Erased:
    """What an erasure did: rows by class, and the files that no row names any more, to be removed after the commit."""

    counts: Mapping[DataClass, int]
    paths: tuple[str, ...]


# --- What is asked --------------------------------------------------------------------------------------------------


def request_of(family_id: int) -> RequestView | None:
    """The last request of a family. One query."""
    return next(iter(_views(ErasureRequest.family_id == family_id)), None)


def find_request(request_id: int) -> RequestView:
    """A request, for the staff. Raises NotFound."""
    found = _views(ErasureRequest.id == request_id)
    if not found:
        raise NotFound("erasure request")
    return found[0]


def pending_requests(only: int | None = None, *, at_most: int) -> Sequence[RequestView]:
    """Those that wait, oldest first. One query."""
    wanted = is_in_queue() if only is None else and_(is_in_queue(), ErasureRequest.id == only)
    return _views(wanted, latest_first=False)[:at_most]


def is_in_queue() -> ColumnElement[bool]:
    """That a request waits for the staff."""
    return ErasureRequest.status == ErasureStatus.PENDING


def ask_erasure(session: Session, family_id: int, user_id: int, cause: ErasureCause) -> int:
    """A parent asks that the family be erased; every adult with an address is told. Asked twice, it is one request.

    Returns its id. Raises FamilyNotActive: a closed file is erased at the counter's demand.
    """
    if not stays_active(session, family_id, alone=True):
        raise FamilyNotActive
    return _ask(session, family_id, user_id, cause)


def ask_at_counter(session: Session, family_id: int, user_id: int) -> int:
    """The staff write down what a family asked by letter or at the counter. Raises NotFound, OwnFamily."""
    family = _locked(session, family_id)
    check_not_own(family_id, user_id)
    if FamilyStatus.ERASED not in FAMILY_TRANSITIONS[family.status]:
        raise NotFound("family to erase")
    return _ask(session, family_id, user_id, ErasureCause.AT_COUNTER)


def withdraw_consent(session: Session, family_id: int, user_id: int) -> int:
    """A parent takes back the consent that the whole file stands on: it is written down, and the erasure asked for.

    Returns the request's id. Raises FamilyNotActive.
    """
    request_id = ask_erasure(session, family_id, user_id, ErasureCause.CONSENT_WITHDRAWN)
    session.get_one(ErasureRequest, request_id).cause = ErasureCause.CONSENT_WITHDRAWN  # it may have been asked before
    session.execute(
        update(Consent)
        .where(Consent.family_id == family_id, Consent.withdrawn_at.is_(None))
        .values(withdrawn_at=clock.now(), withdrawn_by_id=user_id)
    )
    session.flush()
    return request_id


def withdraw_request(session: Session, family_id: int, user_id: int, *, agrees_to: int | None) -> None:
    """A parent takes the request back; every adult is told. `agrees_to`: the text that they accept anew where the
    consent had been withdrawn.

    Raises AlreadyDecided where none waits.
    """
    row = session.scalar(
        select(ErasureRequest).where(ErasureRequest.family_id == family_id, is_in_queue()).with_for_update()
    )
    if row is None:
        raise AlreadyDecided
    _decide(row, ErasureStatus.WITHDRAWN, user_id)
    if row.cause is ErasureCause.CONSENT_WITHDRAWN and agrees_to is not None:
        session.add(Consent(family_id=family_id, text_id=agrees_to, given_at=clock.now()))
    session.flush()
    _tell(session, family_id, "erasure_withdrawn")


def refuse_request(session: Session, request_id: int, user_id: int, reason: str) -> None:
    """Refuse, with the reason that the family reads. Raises NotFound, OwnFamily, AlreadyDecided."""
    row = _waiting(session, request_id, user_id)
    _decide(row, ErasureStatus.REFUSED, user_id)
    row.refusal_reason = reason
    session.flush()
    _tell(session, row.family_id, "erasure_refused", reason=reason)


def accept_request(session: Session, request_id: int, user_id: int, words: Sequence[str]) -> Erased:
    """Erase the family; its adults are told what became of their data in these words, and their addresses go too.

    Raises NotFound, OwnFamily, AlreadyDecided, and ErasureHeld where something must be ended first.
    """
    enter_bookings(session)
    row = _waiting(session, request_id, user_id)
    family_id = row.family_id
    emails = emails_of(session, family_id)
    erased = erase(session, family_id)
    _decide(row, ErasureStatus.DONE, user_id)
    row.counts = json.dumps({data.value: count for data, count in erased.counts.items()})
    for email in emails:
        queue_mail(session, "erasure_done", email, is_last=True, words=words, inactive_for=None)
    session.flush()
    return erased


# --- The plan -------------------------------------------------------------------------------------------------------


def plan_of(session: Session, family_id: int) -> ErasurePlan:
    """What would become of a family's data today. Raises NotFound."""
    return plan_erasure(facts_of(session, family_id), catalogue().retention)


def facts_of(session: Session, family_id: int) -> ErasureFacts:
    """What there is of a family, and what stands against erasing it. Seven queries."""
    scope = scope_of(session, family_id)
    tables = Base.metadata.tables
    counted = [(kept.data, _count(tables[name], kept.whose(tables[name], scope))) for name, kept in TABLES.items()]
    row = session.execute(select(*(count.scalar_subquery() for _data, count in counted))).one()
    counts: Counter[DataClass] = Counter()
    for (data, _), count in zip(counted, row, strict=True):
        counts[data] += count
    invoices = invoices_of(family_id)
    shared = select(func.count()).where(
        FamilyChild.family_id == family_id, FamilyChild.child_id.not_in(scope.child_ids)
    )
    documents = _count(tables["submitted_document"], of_other_home(tables["submitted_document"], scope))
    logins = select(func.count()).where(
        Guardian.family_id == family_id, Guardian.user_id.is_not(None), Guardian.user_id.not_in(scope.user_ids)
    )
    waiting = select(func.count()).where(
        PaymentBasket.family_id == family_id, PaymentBasket.state.in_([BasketState.CREATED, BasketState.ASKED])
    )
    coming = select(func.count()).where(
        Booking.family_id == family_id, Booking.status.in_(ACTIVE_STATUSES), Booking.day >= clock.today()
    )
    charged = or_(Booking.status == BookingStatus.CONFIRMED, Booking.cancel_class == CancelClass.LATE_CHARGED)
    to_invoice = select(func.count()).where(
        Booking.family_id == family_id, charged, Booking.price_cents > 0, Booking.day < clock.today(),
        Booking.book_id.is_(None),
        Booking.id.not_in(select(InvoicedBooking.booking_id).where(InvoicedBooking.booking_id == Booking.id)),
    )  # fmt: skip
    unpaid_books = select(func.count()).where(
        PrepaidBook.family_id == family_id, PrepaidBook.price_cents > 0, PrepaidBook.line_id.is_(None),
        PrepaidBook.taken_back_at.is_(None),
    )  # fmt: skip
    carried = select(func.count()).where(
        CarriedMonth.family_id == family_id, CarriedMonth.settled_at.is_(None), CarriedMonth.total_cents > 0
    )
    kept = _count(tables["booking"], and_(tables["booking"].c.family_id == family_id, charged))
    money = money_kept()
    left = select(func.coalesce(func.sum(money.c.left_cents), 0)).where(money.c.family_id == family_id)
    last_credit = select(func.max(CreditNote.issued_on)).where(CreditNote.family_id == family_id)
    last_payment = select(func.max(Payment.received_on)).where(Payment.family_id == family_id)
    numbers = (
        left, last_payment, shared, documents, logins, waiting, coming, to_invoice, unpaid_books, carried,
        kept, last_credit,
    )  # fmt: skip
    (
        left_, last_paid_on, shared_, documents_, logins_, waiting_, coming_, to_invoice_, books_, carried_,
        kept_, last_credit_on,
    ) = session.execute(select(*(each.scalar_subquery() for each in numbers))).one()  # fmt: skip
    return ErasureFacts(
        counts=counts,
        kept_bookings=kept_,
        last_document_on=max(
            (*(each.issued_on for each in invoices), *filter(None, [last_paid_on, last_credit_on])), default=None
        ),
        shared_children=shared_,
        shared_documents=documents_,
        accounts_elsewhere=logins_,
        obstacles={
            Obstacle.COMING_BOOKINGS: coming_,
            Obstacle.TO_INVOICE: to_invoice_ + books_ or carried_,  # months may carry what no booking costs
            Obstacle.DUE: sum(max(each.balance_cents, 0) for each in invoices),
            Obstacle.OVERPAID: left_ + sum(max(-each.balance_cents, 0) for each in invoices),
            Obstacle.PAYMENT_UNDER_WAY: waiting_,
        },
    )


def scope_of(session: Session, family_id: int) -> Scope:
    """Who goes with a family. Raises NotFound."""
    adults = session.execute(
        select(Guardian.id, Guardian.user_id, Guardian.email, User.email)
        .outerjoin(User, User.id == Guardian.user_id)
        .where(Guardian.family_id == family_id)
    ).all()
    elsewhere = select(FamilyChild.child_id).where(FamilyChild.family_id != family_id)
    children = session.scalars(
        select(FamilyChild.child_id).where(FamilyChild.family_id == family_id, FamilyChild.child_id.not_in(elsewhere))
    )
    user_ids = _own_logins(session, family_id, {user_id for _, user_id, _, _ in adults if user_id is not None})
    emails = {
        email for _, user_id, own, login in adults if user_id is None or user_id in user_ids
        for email in (own, login) if email
    }  # fmt: skip
    kept = session.scalars(
        select(User.email).where(User.email.in_(emails), User.id.not_in(user_ids), User.closed_at.is_(None))
    )
    return Scope(
        family_id, frozenset(row[0] for row in adults), frozenset(children), user_ids, frozenset(emails - set(kept))
    )


# --- Doing it -------------------------------------------------------------------------------------------------------


def erase(session: Session, family_id: int) -> Erased:
    """Erase a family as its plan says. The caller has entered the bookings, tells the family and removes the files.

    Raises NotFound, and ErasureHeld where something must be ended first.
    """
    family = _locked(session, family_id)
    lock_children(session, [family_id])
    plan = plan_of(session, family_id)
    if not plan.is_possible:
        raise ErasureHeld(plan.obstacles)
    check_transition(family.status, FamilyStatus.ERASED)
    scope = scope_of(session, family_id)
    _end_enrolments(session, family_id)
    session.execute(update(UserSession).where(UserSession.family_id == family_id).values(family_id=None))
    session.execute(
        update(User)
        .where(User.id.in_(scope.user_ids))
        .values(password_hash=None, closed_at=func.coalesce(User.closed_at, clock.now()))
    )
    session.flush()
    paths: list[str] = []
    for table in reversed(Base.metadata.sorted_tables):
        kept = TABLES.get(table.name)
        if kept is None or plan.fate_of(kept.data) is None:
            continue
        rows = kept.whose(table, scope)
        if plan.fate_of(kept.data) is not Fate.KEPT:
            paths += _delete(session, table, rows if kept.spared is None else and_(rows, ~kept.spared(table, scope)))
        if kept.blank is not None:
            _blank(session, table, rows, kept.blank)
    session.expire_all()
    return Erased({line.data: line.count for line in plan.lines if line.fate is not Fate.KEPT}, tuple(paths))


def _delete(session: Session, table: Table, rows: ColumnElement[bool]) -> list[str]:
    """Delete the rows that nothing names any more; returns where the files of the deleted ones lie."""
    unnamed = and_(rows, *(~_is_named(table, column) for column in _references_to(table)))
    paths: list[str] = []
    if "path" in table.c:
        paths += session.scalars(select(table.c.path).where(unnamed, table.c.path.is_not(None)))
    session.execute(delete(table).where(unnamed))
    return paths


def _references_to(table: Table) -> list[Any]:
    return [
        key.parent for other in Base.metadata.tables.values() for key in other.foreign_keys
        if key.column.table is table and other is not table
    ]  # fmt: skip


def _is_named(table: Table, column: Any) -> ColumnElement[bool]:
    (key,) = (each for each in column.foreign_keys if each.column.table is table)
    return select(column).where(column == key.column).correlate(table).exists()


def _blank(session: Session, table: Table, rows: ColumnElement[bool], blank: Any) -> None:
    if not callable(blank):
        session.execute(update(table).where(rows).values(**blank))
        return
    for row in session.execute(select(table).where(rows)).mappings().all():
        session.execute(update(table).where(table.c.id == row["id"]).values(**blank(row)))


def _end_enrolments(session: Session, family_id: int) -> None:
    """So that none of those that stay for the figures is counted among the present ones."""
    today = clock.today()
    for row in session.scalars(
        select(Enrolment).where(
            Enrolment.family_id == family_id,
            Enrolment.status.in_([EnrolmentStatus.REQUESTED, EnrolmentStatus.WAITING, EnrolmentStatus.ACCEPTED]),
        )
    ):
        after = EnrolmentStatus.ENDED if row.status is EnrolmentStatus.ACCEPTED else EnrolmentStatus.CANCELLED
        check_transition(row.status, after)
        row.status = after
        row.ends_on = max(row.starts_on, min(row.ends_on, today))


def _own_logins(session: Session, family_id: int, of_adults: Collection[int]) -> frozenset[int]:
    """The logins of its adults, and those closed before that acted for it, but for what serves somebody else."""
    acted = [
        select(User.id).join(table, column == User.id).where(table.family_id == family_id, User.closed_at.is_not(None))
        for table, column in (
            (ChangeRequest, ChangeRequest.asked_by_id), (FileChange, FileChange.changed_by_id),
            (Enrolment, Enrolment.requested_by_id), (PaymentBasket, PaymentBasket.user_id),
            (SubmittedDocument, SubmittedDocument.handed_in_by_id), (PrepaidBook, PrepaidBook.sold_by_id),
        )
    ]  # fmt: skip
    found = {*of_adults, *session.scalars(union(*acted))}
    agents = select(StaffRole.user_id).union(select(StaffAction.user_id).where(StaffAction.user_id.is_not(None)))
    others = select(Guardian.user_id).where(Guardian.family_id != family_id, Guardian.user_id.is_not(None))
    serving = set(
        session.scalars(select(User.id).where(User.id.in_(found), or_(User.id.in_(agents), User.id.in_(others))))
    )
    return frozenset(found - serving)


def _count(table: Table, rows: ColumnElement[bool]) -> Select[tuple[int]]:
    return select(func.count()).select_from(table).where(rows)


def _locked(session: Session, family_id: int) -> Family:
    family = session.scalar(select(Family).where(Family.id == family_id).with_for_update(key_share=True))
    if family is None:
        raise NotFound("family")
    return family


def _ask(session: Session, family_id: int, user_id: int, cause: ErasureCause) -> int:
    _locked(session, family_id)  # two adults who ask at once: one request
    found = session.scalar(select(ErasureRequest).where(ErasureRequest.family_id == family_id, is_in_queue()))
    if found is not None:
        return found.id
    row = ErasureRequest(family_id=family_id, cause=cause, asked_by_id=user_id, asked_at=clock.now())
    session.add(row)
    session.flush()
    _tell(session, family_id, "erasure_asked", due_on=answer_due_on(clock.today()))
    return row.id


def _waiting(session: Session, request_id: int, user_id: int) -> ErasureRequest:
    row = session.scalar(select(ErasureRequest).where(ErasureRequest.id == request_id).with_for_update())
    if row is None:
        raise NotFound("erasure request")
    check_not_own(row.family_id, user_id)
    if row.status is not ErasureStatus.PENDING:
        raise AlreadyDecided
    return row


def _decide(row: ErasureRequest, status: ErasureStatus, user_id: int) -> None:
    check_transition(row.status, status)
    row.status = status
    row.decided_by_id = user_id
    row.decided_at = clock.now()


def emails_of(session: Session, family_id: int) -> tuple[str, ...]:
    """The addresses of the adults of a family, each once; a closed account has none any more. One query."""
    rows = session.execute(
        select(Guardian.email, User.email)
        .outerjoin(User, and_(User.id == Guardian.user_id, User.closed_at.is_(None)))
        .where(Guardian.family_id == family_id)
        .order_by(Guardian.id)
    )
    return tuple(dict.fromkeys(login or own for own, login in rows if login or own))


def _tell(
    session: Session, family_id: int, template: str, *, reason: str | None = None, due_on: date | None = None
) -> None:
    for email in emails_of(session, family_id):
        queue_mail(session, template, email, family_id=family_id, reason=reason, due_on=due_on)


def _views(condition: ColumnElement[bool], *, latest_first: bool = True) -> list[RequestView]:
    order = ErasureRequest.id.desc() if latest_first else ErasureRequest.id
    asker, decider = aliased(User), aliased(User)
    rows = db.session.execute(
        select(ErasureRequest, Family, asker.display_name, decider.display_name)
        .join(Family, Family.id == ErasureRequest.family_id)
        .join(asker, asker.id == ErasureRequest.asked_by_id)
        .outerjoin(decider, decider.id == ErasureRequest.decided_by_id)
        .where(condition)
        .order_by(order)
    )
    return [
        RequestView(
            row.id, family.id, family.name, family.status, row.cause, row.status, row.asked_at, asked_by,
            row.decided_at, decided_by, row.refusal_reason,
        )
        for row, family, asked_by, decided_by in rows
    ]  # fmt: skip
