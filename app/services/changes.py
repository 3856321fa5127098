"""Changes of a family's file: what applies at once, what waits for the staff, their decision, and who changed what.

Whoever changes or decides locks the family first, so that of two at once the second sees what the first one did.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import ColumnElement, and_, or_, select
from sqlalchemy.orm import Session, aliased

from app import clock
from app.database import db
from app.labels import label
from app.models.accounts import User
from app.models.changes import ChangeRequest, FileChange
from app.models.families import Child, Family, FamilyAddress, FamilyChild, Guardian
from app.rules.changes import Change, Conflict, FieldPolicy, find_moved, merge, plan_save, show
from app.rules.file_fields import ADDITIONS, GROUPS, FileField, FileKind, fields_named, policy_of
from app.rules.file_fields import policies_for as rules_policies_for
from app.rules.namesakes import Person, may_be_same
from app.rules.states import ChangeStatus, FamilyStatus, check_transition
from app.services.catalogue import catalogue
from app.services.errors import AlreadyDecided, NotFound, OwnFamily, RequestChanged
from app.services.families import Values, children_of, has_enrolments, own_family_ids
from app.services.file_parts import add_part, has_login, lock_family, lock_part, name_part, read_part, write_part
from app.services.guardians import guardians_of
from app.services.mails import queue_mail

DOUBLE_TAP = timedelta(minutes=10)
"""The same child sent again within this time is a second tap on one button, not a second child."""

SHOWN_FOR = timedelta(days=120)
"""How long the family sees a request that was decided."""

Changes = Mapping[str, Change]


@dataclass(frozen=True, slots=True)
class Part:
    """A part of the file as its parents see it."""

    stored: Values
    pending: Changes  # what waits for the staff
    policies: Mapping[str, FieldPolicy]

    @property
    def values(self) -> dict[str, str]:
        """What a form shows: what was asked for takes the place of what is stored."""
        return show(self.stored, self.pending)

    @property
    def needs_approval(self) -> bool:
        """Whether something that parents change here waits for the staff."""
        return FieldPolicy.APPROVAL in self.policies.values()

    @property
    def read_only(self) -> frozenset[str]:
        """The fields that parents may only read."""
        return frozenset(name for name, policy in self.policies.items() if policy is FieldPolicy.READ_ONLY)


@dataclass(frozen=True, slots=True)
class Saved:
    """What a save did; with conflicts it did nothing."""

    conflicts: Mapping[str, Conflict]
    applied: frozenset[str] = frozenset()  # names of fields
    asked: frozenset[str] = frozenset()
    withdrawn: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Added:
    """What adding somebody did: `subject_id` where it applied at once, `is_asked` where it waits."""

    subject_id: int | None = None
    is_asked: bool = False
    namesake: str | None = None  # nothing was done: this person is there already, unless the parent confirms


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
class HistoryEntry:
    """That somebody changed a part of the file."""

    kind: FileKind
    subject_id: int
    subject_name: str
    changes: Changes
    changed_at: datetime
    changed_by: str
    was_asked: bool  # a family asked for it, and the staff accepted


@dataclass(frozen=True, slots=True)
class Review:
    """A request that waits, beside what is stored now."""

    request: RequestView
    stored: Values  # the whole part; nothing for somebody new
    moved: Mapping[str, Conflict]  # what was stored anew since the family asked


def policies_for(kind: FileKind, *, is_enrolled: bool = True) -> Mapping[str, FieldPolicy]:
    """What parents may do with each field of a part, as the staff chose."""
    return rules_policies_for(kind, catalogue().field_policies, is_enrolled=is_enrolled)


def may_add(kind: FileKind) -> bool:
    """Whether parents may add somebody, at once or by asking for it."""
    return policy_of(ADDITIONS[kind], catalogue().field_policies) is not FieldPolicy.READ_ONLY


def part_of(family_id: int, kind: FileKind, subject_id: int) -> Part:
    """A part of the file as its parents see it. Raises NotFound. At most five queries."""
    return _part(db.session(), family_id, kind, subject_id)


def stored_part(family_id: int, kind: FileKind, subject_id: int) -> Values:
    """A part of the file as it is stored, for the staff. Raises NotFound."""
    return read_part(db.session(), family_id, kind, subject_id)


def save(
    session: Session, family_id: int, user_id: int, kind: FileKind, subject_id: int, shown: Values, typed: Values
) -> Saved:
    """Store what a parent may change alone, and ask the staff for the rest, as one request for each part of the file.

    Nothing is done while somebody else's change conflicts. Raises NotFound for a person of another family.
    """
    lock_part(session, family_id, kind, subject_id)
    part = _part(session, family_id, kind, subject_id)
    values = part.values
    own = {name: value for name, value in typed.items() if name in values}
    if kind is FileKind.GUARDIAN and "email" in own and has_login(session, subject_id):
        own["email"] = values["email"]
    merged = merge(shown, own, values, GROUPS[kind])
    if merged.conflicts or not merged.changes:
        return Saved(merged.conflicts)
    plan = plan_save(merged.changes, part.stored, part.pending, part.policies, GROUPS[kind])
    if plan.applied:
        write_part(session, family_id, kind, subject_id, plan.applied, clock.today())
        _log(session, family_id, kind, subject_id, plan.applied, user_id)
    if plan.pending != part.pending:
        _keep_asked(session, family_id, user_id, kind, subject_id, plan.pending)
    return Saved({}, frozenset(plan.applied), plan.asked, plan.withdrawn)


def save_as_staff(
    session: Session, family_id: int, user_id: int, kind: FileKind, subject_id: int, shown: Values, typed: Values,
    starts_on: date,
) -> Saved:  # fmt: skip
    """Store what the staff changed, whatever parents may do; a new address holds from `starts_on`.

    Raises NotFound, and OwnFamily: a colleague does that.
    """
    if family_id in own_family_ids(user_id):
        raise OwnFamily
    lock_part(session, family_id, kind, subject_id)
    stored = read_part(session, family_id, kind, subject_id)
    own = {name: value for name, value in typed.items() if name in stored}
    if kind is FileKind.GUARDIAN and "email" in own and has_login(session, subject_id):
        own["email"] = stored["email"]
    merged = merge(shown, own, stored, GROUPS[kind])
    if merged.conflicts or not merged.changes:
        return Saved(merged.conflicts)
    begins = first_day_of_address(session, family_id, starts_on)
    write_part(session, family_id, kind, subject_id, merged.changes, begins)
    _log(session, family_id, kind, subject_id, merged.changes, user_id)
    return Saved({}, frozenset(merged.changes))


def add_person(
    session: Session, family_id: int, user_id: int, kind: FileKind, typed: Values, *, is_confirmed: bool,
    is_staff: bool = False,
) -> Added:  # fmt: skip
    """Add a parent or a child to the family, or ask the staff for it.

    The same person sent twice (a double tap) is one. A namesake born on the same day is only added once it is
    confirmed: see `Added.namesake`. Raises NotFound where the staff let nobody add, and OwnFamily.
    """
    if is_staff and family_id in own_family_ids(user_id):
        raise OwnFamily
    policy = FieldPolicy.EDITABLE if is_staff else policy_of(ADDITIONS[kind], catalogue().field_policies)
    if policy is FieldPolicy.READ_ONLY:
        raise NotFound("right to add somebody")
    lock_family(session, family_id)
    tapped = _double_tap(session, family_id, kind, typed)
    if tapped is not None:
        return tapped
    if not is_confirmed:
        namesake = _namesake(session, family_id, kind, typed)
        if namesake is not None:
            return Added(namesake=namesake)
    changes = {name: Change("", value) for name, value in typed.items()}
    if policy is FieldPolicy.APPROVAL:
        session.add(
            ChangeRequest(
                family_id=family_id, kind=kind, status=ChangeStatus.PENDING, body=_write(changes), asked_by_id=user_id
            )
        )
        return Added(is_asked=True)
    subject_id = add_part(session, family_id, kind, typed)
    _log(session, family_id, kind, subject_id, changes, user_id)
    return Added(subject_id)


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
    `starts_on`, or else from the day it was asked. Raises NotFound, OwnFamily, AlreadyDecided, and RequestChanged when
    the family has asked for something else since `version`.
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
    _log(session, row.family_id, row.kind, subject_id, applied, decided_by, row.id)
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


def first_day_of_address(session: Session, family_id: int, wanted: date) -> date:
    """From when on a new address holds: the day wanted, but never before the present one began."""
    present = session.scalar(
        select(FamilyAddress.starts_on)
        .where(FamilyAddress.family_id == family_id, FamilyAddress.starts_on <= clock.today())
        .order_by(FamilyAddress.starts_on.desc())
        .limit(1)
    )
    return wanted if present is None else max(wanted, present)


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


def person_of(changes: Changes) -> Person:
    """Whom a request asks to add."""
    return _person({name: change.after for name, change in changes.items()})


def history_of(family_id: int, at_most: int = 100) -> tuple[HistoryEntry, ...]:
    """Who changed what of a family's file, latest first. One query."""
    rows = db.session.execute(
        select(FileChange, User.display_name, Guardian, Child)
        .join(User, User.id == FileChange.changed_by_id)
        .outerjoin(Guardian, _is_guardian(FileChange))
        .outerjoin(Child, _is_child(FileChange))
        .where(FileChange.family_id == family_id)
        .order_by(FileChange.id.desc())
        .limit(at_most)
    )
    return tuple(
        HistoryEntry(
            row.kind, row.subject_id, _name(guardian, child, {}), read_changes(row.body), row.changed_at, by,
            row.request_id is not None,
        )
        for row, by, guardian, child in rows
    )  # fmt: skip


def read_changes(body: str) -> dict[str, Change]:
    """The changes that a row holds."""
    return {name: Change(*pair) for name, pair in json.loads(body).items()}


def _write(changes: Changes) -> str:
    return json.dumps({name: [change.before, change.after] for name, change in changes.items()}, ensure_ascii=False)


def _moved_names(changes: Changes) -> frozenset[str]:
    return frozenset(name for name, change in changes.items() if change.before != change.after)


def _part(session: Session, family_id: int, kind: FileKind, subject_id: int) -> Part:
    stored = read_part(session, family_id, kind, subject_id)
    row = _pending_row(session, family_id, kind, subject_id)
    is_enrolled = kind is not FileKind.CHILD or has_enrolments(subject_id)
    return Part(stored, {} if row is None else read_changes(row.body), policies_for(kind, is_enrolled=is_enrolled))


def _pending_row(session: Session, family_id: int, kind: FileKind, subject_id: int) -> ChangeRequest | None:
    return session.scalar(
        select(ChangeRequest).where(
            ChangeRequest.family_id == family_id,
            ChangeRequest.kind == kind,
            ChangeRequest.subject_id == subject_id,
            ChangeRequest.status == ChangeStatus.PENDING,
        )
    )


def _keep_asked(
    session: Session, family_id: int, user_id: int, kind: FileKind, subject_id: int, pending: Changes
) -> None:
    row = _pending_row(session, family_id, kind, subject_id)
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
    row.body = _write(pending)
    row.version += 1
    row.asked_by_id = user_id
    row.asked_at = clock.now()
    session.flush()


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
    if family_id in own_family_ids(decided_by):
        raise OwnFamily
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


def _log(
    session: Session, family_id: int, kind: FileKind, subject_id: int, changes: Changes, user_id: int,
    request_id: int | None = None,
) -> None:  # fmt: skip
    session.add(
        FileChange(
            family_id=family_id, kind=kind, subject_id=subject_id, body=_write(changes), changed_by_id=user_id,
            request_id=request_id,
        )
    )  # fmt: skip
    session.flush()


def _double_tap(session: Session, family_id: int, kind: FileKind, typed: Values) -> Added | None:
    waiting = session.scalars(
        select(ChangeRequest).where(
            ChangeRequest.family_id == family_id,
            ChangeRequest.kind == kind,
            ChangeRequest.status == ChangeStatus.PENDING,
        )
    )
    if any({name: c.after for name, c in read_changes(row.body).items()} == typed for row in waiting):
        return Added(is_asked=True)
    if kind is FileKind.NEW_GUARDIAN:
        same = [guardian.id for guardian in guardians_of(family_id) if guardian.values == typed]
        return Added(same[0]) if same else None
    lately = Child.created_at > clock.now() - DOUBLE_TAP
    of_family = (
        select(Child).join(FamilyChild, FamilyChild.child_id == Child.id).where(FamilyChild.family_id == family_id)
    )
    for child in session.scalars(of_family.where(lately)):
        if may_be_same(Person(child.last_name, child.first_name, child.birth_date), _person(typed)):
            return Added(child.id)
    return None


def _namesake(session: Session, family_id: int, kind: FileKind, typed: Values) -> str | None:
    known: list[Person]
    if kind is FileKind.NEW_GUARDIAN:
        known = [_person(guardian.values) for guardian in guardians_of(family_id)]
    else:
        known = [Person(child.last_name, child.first_name, child.birth_date) for child in children_of(family_id)]
    person = _person(typed)
    same = (each for each in known if may_be_same(each, person))
    return next((f"{each.first_name} {each.last_name}" for each in same), None)


def _person(values: Values) -> Person:
    born_on = values["birth_date"]
    return Person(values["last_name"], values["first_name"], date.fromisoformat(born_on) if born_on else None)


def _views(*conditions: ColumnElement[bool], at_most: int | None = None) -> tuple[RequestView, ...]:
    decider = aliased(User)
    rows = db.session.execute(
        select(ChangeRequest, Family, User.display_name, decider.display_name, Guardian, Child, FileChange)
        .join(Family, Family.id == ChangeRequest.family_id)
        .join(User, User.id == ChangeRequest.asked_by_id)
        .outerjoin(decider, decider.id == ChangeRequest.decided_by_id)
        .outerjoin(Guardian, _is_guardian(ChangeRequest))
        .outerjoin(Child, _is_child(ChangeRequest))
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
            subject_name=_name(guardian, child, changes := read_changes(row.body)),
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


def _is_guardian(table: type[ChangeRequest | FileChange]) -> ColumnElement[bool]:
    kinds = [FileKind.GUARDIAN, FileKind.NEW_GUARDIAN]
    return (Guardian.id == table.subject_id) & table.kind.in_(kinds) & (Guardian.family_id == table.family_id)


def _is_child(table: type[ChangeRequest | FileChange]) -> ColumnElement[bool]:
    return (Child.id == table.subject_id) & table.kind.in_([FileKind.CHILD, FileKind.CUSTODY, FileKind.NEW_CHILD])


def _name(guardian: Guardian | None, child: Child | None, changes: Changes) -> str:
    person = guardian or child
    if person is not None:
        return person.full_name
    if "first_name" in changes and "last_name" in changes and not changes["last_name"].before:
        return f"{changes['first_name'].after} {changes['last_name'].after}"
    return ""


def _tell_parents(session: Session, row: ChangeRequest, template: str, subject_id: int | None) -> None:
    family = session.get_one(Family, row.family_id)
    changes = read_changes(row.body)
    if row.kind in ADDITIONS:
        name = _name(None, None, changes)
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
