"""What families ask to change in their file: what waits, the staff's decision, and its mail.

Whoever decides locks the family first, so that of two at once the second sees what the first one did.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import ColumnElement, Select, and_, func, or_, select
from sqlalchemy.orm import Session, aliased

from app import clock
from app.database import db
from app.labels import label
from app.models.accounts import User
from app.models.changes import ChangeRequest, FileChange
from app.models.families import Child, Family, Guardian
from app.rules.changes import Change, Conflict, find_moved, merge
from app.rules.file_fields import ADDITIONS, GROUPS, FileField, FileKind, fields_named
from app.rules.namesakes import Person
from app.rules.states import ChangeStatus, FamilyStatus, check_transition
from app.services.errors import AlreadyDecided, NotFound, RequestChanged
from app.services.families import Values, check_not_own
from app.services.file_histories import (
    Changes,
    is_child,
    is_guardian,
    log_change,
    read_changes,
    subject_name,
    write_changes,
)
from app.services.file_parts import (
    add_part,
    first_day_of_address,
    has_login,
    lock_family,
    lock_part,
    name_part,
    read_part,
    write_part,
)
from app.services.mails import queue_mail
from app.services.prices import reprice_after_change

SHOWN_FOR = timedelta(days=120)
"""How long the family sees a request that was decided."""


@dataclass(frozen=True, slots=True)
class RequestView:
    """A request for a change."""

    id: int
    family_id: int
    family_name: str
    kind: FileKind
    subject_id: int | None
    subject_name: str  # empty for the family's own coordinates
    status: ChangeStatus
    version: int
    changes: Changes
    asked_at: datetime
    asked_by: str
    decided_at: datetime | None
    decided_by: str | None
    refusal_reason: str | None
    applied: Changes | None  # of one that was accepted: what was stored in the end

    @property
    def fields(self) -> tuple[FileField, ...]:
        """What it changes, as the staff's settings name it."""
        return fields_named(self.kind, _moved_names(self.changes))

    @property
    def has_address(self) -> bool:
        """Whether the family moves, so that the staff say from when on."""
        return self.kind is FileKind.COORDINATES and "street" in self.changes

    def is_about_child(self, child_id: int) -> bool:
        """Whether it waits, and is about this child."""
        is_child = self.kind in (FileKind.CHILD, FileKind.CUSTODY) and self.subject_id == child_id
        return is_child and self.status is ChangeStatus.PENDING

    @property
    def was_edited(self) -> bool:
        """Whether the staff stored something else than was asked."""
        if self.applied is None:
            return False
        return any(
            change.after != self.changes[name].after for name, change in self.applied.items() if name in self.changes
        ) or any(
            name not in self.applied and change.before != change.after and self.kind not in ADDITIONS
            for name, change in self.changes.items()
        )


@dataclass(frozen=True, slots=True)
class Review:
    """A request that waits, beside what is stored now."""

    request: RequestView
    stored: Values  # the whole part; nothing for somebody new
    moved: Mapping[str, Conflict]  # what was stored anew since the family asked


def withdraw(session: Session, family_id: int, request_id: int) -> None:
    """The family takes a request back. Raises NotFound for another family's, AlreadyDecided."""
    lock_family(session, family_id)
    row = _row(session, request_id)
    if row.family_id != family_id:
        raise NotFound("request")
    if row.status is not ChangeStatus.PENDING:
        raise AlreadyDecided
    _end(row, ChangeStatus.WITHDRAWN)


def accept(
    session: Session, request_id: int, decided_by: int, version: int, *, starts_on: date | None = None,
    shown: Values | None = None, typed: Values | None = None,
) -> Mapping[str, Conflict]:  # fmt: skip
    """Apply a request as it was asked, or as the staff typed it over what they were `shown`; the parents get a mail.

    Answers with the conflicts, and does nothing, where what is stored has moved since. A new address holds from
    `starts_on`, or else from the day it was asked. Raises NotFound, OwnFamily, AlreadyDecided, UnknownCommune, and
    RequestChanged when the family has asked for something else since `version`.
    """
    row = _waiting(session, request_id, decided_by)
    if row.version != version:
        raise RequestChanged
    asked = read_changes(row.body)
    if row.kind in ADDITIONS:
        wanted = {name: (typed or {}).get(name, change.after) for name, change in asked.items()}
        subject_id = add_part(session, row.family_id, row.kind, wanted)
        applied = {name: Change("", value) for name, value in wanted.items()}
    else:
        assert row.subject_id is not None
        subject_id = row.subject_id
        lock_part(session, row.family_id, row.kind, subject_id)
        stored = read_part(session, row.family_id, row.kind, subject_id)
        conflicts = find_moved(asked, stored, GROUPS[row.kind])
        wanted = {name: change.after for name, change in asked.items()}
        if typed is not None:
            wanted = {name: typed[name] for name in asked if name in typed}
            conflicts = merge(shown or {}, wanted, stored, GROUPS[row.kind]).conflicts
        if conflicts:
            return conflicts
        if row.kind is FileKind.GUARDIAN and "email" in wanted and has_login(session, subject_id):
            wanted["email"] = stored["email"]  # the adult signs in with it since: they alone change it, by a link
        applied = {name: Change(stored[name], value) for name, value in wanted.items() if stored[name] != value}
        if applied:
            begins = first_day_of_address(session, row.family_id, starts_on or row.asked_at.date())
            write_part(session, row.family_id, row.kind, subject_id, applied, begins)
    log_change(session, row.family_id, row.kind, subject_id, applied, decided_by, row.id)
    reprice_after_change(session, row.family_id, row.kind, subject_id, applied)
    _end(row, ChangeStatus.ACCEPTED, decided_by)
    is_edited = any(wanted.get(name, change.after) != change.after for name, change in asked.items())
    _tell_parents(session, row, "change_edited" if is_edited else "change_accepted", subject_id)
    return {}


def refuse(session: Session, request_id: int, decided_by: int, reason: str) -> None:
    """Refuse a request; the mail gives the reason. Raises NotFound, OwnFamily, AlreadyDecided."""
    row = _waiting(session, request_id, decided_by)
    _end(row, ChangeStatus.REFUSED, decided_by)
    row.refusal_reason = reason
    _tell_parents(session, row, "change_refused", row.subject_id)


def requests_of_family(family_id: int) -> tuple[RequestView, ...]:
    """What waits, and what was decided in the last months; latest first. One query."""
    since = clock.now() - SHOWN_FOR
    shown = or_(
        ChangeRequest.status == ChangeStatus.PENDING,
        and_(
            ChangeRequest.status.in_([ChangeStatus.ACCEPTED, ChangeStatus.REFUSED]), ChangeRequest.decided_at >= since
        ),
    )
    return tuple(reversed(_views(ChangeRequest.family_id == family_id, shown)))


def count_waiting(family_id: int) -> Select[tuple[int]]:
    """How many changes of a family wait for the staff: a statement, to be a part of another."""
    waiting = (ChangeRequest.family_id == family_id, ChangeRequest.status == ChangeStatus.PENDING)
    return select(func.count(ChangeRequest.id)).where(*waiting)


def pending_requests(only: int | None = None, at_most: int | None = None) -> tuple[RequestView, ...]:
    """What waits for the staff, of active families, oldest first. One query."""
    conditions = [ChangeRequest.status == ChangeStatus.PENDING, Family.status == FamilyStatus.ACTIVE]
    if only is not None:
        conditions.append(ChangeRequest.id == only)
    return _views(*conditions, at_most=at_most)


def find_request(request_id: int) -> RequestView:
    """A request, whatever became of it. Raises NotFound."""
    found = _views(ChangeRequest.id == request_id)
    if not found:
        raise NotFound("request")
    return found[0]


def review_of(request_id: int) -> Review:
    """A request that waits, for the agent who decides on it. Raises NotFound, AlreadyDecided."""
    request = find_request(request_id)
    if request.status is not ChangeStatus.PENDING:
        raise AlreadyDecided
    if request.subject_id is None:
        return Review(request, {}, {})
    stored = read_part(db.session(), request.family_id, request.kind, request.subject_id)
    return Review(request, stored, find_moved(request.changes, stored, GROUPS[request.kind]))


def pending_row(session: Session, family_id: int, kind: FileKind, subject_id: int) -> ChangeRequest | None:
    """What the family asks for in a part of its file, while it waits."""
    return session.scalar(
        select(ChangeRequest).where(
            ChangeRequest.family_id == family_id,
            ChangeRequest.kind == kind,
            ChangeRequest.subject_id == subject_id,
            ChangeRequest.status == ChangeStatus.PENDING,
        )
    )


def keep_asked(
    session: Session, family_id: int, user_id: int, kind: FileKind, subject_id: int, pending: Changes
) -> None:
    """Let the staff know what a part of the file should become; nothing any more: the request is withdrawn."""
    row = pending_row(session, family_id, kind, subject_id)
    if not pending:
        assert row is not None
        _end(row, ChangeStatus.WITHDRAWN)
        return
    if row is None:
        check_transition(None, ChangeStatus.PENDING)
        row = ChangeRequest(
            family_id=family_id, kind=kind, subject_id=subject_id, status=ChangeStatus.PENDING, version=0
        )
        session.add(row)
    row.body = write_changes(pending)
    row.version += 1
    row.asked_by_id = user_id
    row.asked_at = clock.now()
    session.flush()


def ask_for_person(session: Session, family_id: int, user_id: int, kind: FileKind, changes: Changes) -> None:
    """Ask the staff to add somebody to the family."""
    check_transition(None, ChangeStatus.PENDING)
    session.add(
        ChangeRequest(
            family_id=family_id, kind=kind, status=ChangeStatus.PENDING, body=write_changes(changes),
            asked_by_id=user_id,
        )
    )  # fmt: skip


def person_of(changes: Changes) -> Person:
    """Whom a request asks to add."""
    return person_from({name: change.after for name, change in changes.items()})


def person_from(values: Values) -> Person:
    """Somebody, as typed."""
    born_on = values["birth_date"]
    return Person(values["last_name"], values["first_name"], date.fromisoformat(born_on) if born_on else None)


def _moved_names(changes: Changes) -> frozenset[str]:
    return frozenset(name for name, change in changes.items() if change.before != change.after)


def _row(session: Session, request_id: int) -> ChangeRequest:
    row = session.scalar(
        select(ChangeRequest)
        .where(ChangeRequest.id == request_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    if row is None:
        raise NotFound("request")
    return row


def _waiting(session: Session, request_id: int, decided_by: int) -> ChangeRequest:
    family_id = session.scalar(select(ChangeRequest.family_id).where(ChangeRequest.id == request_id))
    if family_id is None:
        raise NotFound("request")
    check_not_own(family_id, decided_by)
    lock_family(session, family_id)
    row = _row(session, request_id)
    if row.status is not ChangeStatus.PENDING:
        raise AlreadyDecided
    return row


def _end(row: ChangeRequest, status: ChangeStatus, decided_by: int | None = None) -> None:
    check_transition(row.status, status)
    row.status = status
    row.decided_at = clock.now()
    row.decided_by_id = decided_by


def _views(*conditions: ColumnElement[bool], at_most: int | None = None) -> tuple[RequestView, ...]:
    decider = aliased(User)
    rows = db.session.execute(
        select(ChangeRequest, Family, User.display_name, decider.display_name, Guardian, Child, FileChange)
        .join(Family, Family.id == ChangeRequest.family_id)
        .join(User, User.id == ChangeRequest.asked_by_id)
        .outerjoin(decider, decider.id == ChangeRequest.decided_by_id)
        .outerjoin(Guardian, is_guardian(ChangeRequest))
        .outerjoin(Child, is_child(ChangeRequest))
        .outerjoin(FileChange, FileChange.request_id == ChangeRequest.id)
        .where(*conditions)
        .order_by(ChangeRequest.asked_at, ChangeRequest.id)
        .limit(at_most)
    )
    return tuple(
        RequestView(
            id=row.id,
            family_id=family.id,
            family_name=family.name,
            kind=row.kind,
            subject_id=row.subject_id,
            subject_name=subject_name(guardian, child, changes := read_changes(row.body)),
            status=row.status,
            version=row.version,
            changes=changes,
            asked_at=row.asked_at,
            asked_by=asked_by,
            decided_at=row.decided_at,
            decided_by=decided_by,
            refusal_reason=row.refusal_reason,
            applied=None if applied is None else read_changes(applied.body),
        )
        for row, family, asked_by, decided_by, guardian, child, applied in rows
    )


def _tell_parents(session: Session, row: ChangeRequest, template: str, subject_id: int | None) -> None:
    family = session.get_one(Family, row.family_id)
    changes = read_changes(row.body)
    if row.kind in ADDITIONS:
        name = subject_name(None, None, changes)
    else:
        assert subject_id is not None
        name = name_part(session, row.family_id, row.kind, subject_id)
    fields: Sequence[str] = [label(field) for field in fields_named(row.kind, _moved_names(changes))]
    emails = dict.fromkeys(guardian.email for guardian in family.guardians if guardian.email)
    for email in emails:
        queue_mail(
            session, template, email, family_id=family.id, family=family, what=label(row.kind), name=name,
            fields=() if row.kind in ADDITIONS else fields, reason=row.refusal_reason,
        )  # fmt: skip
