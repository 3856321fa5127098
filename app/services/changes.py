"""Changes of a family's file: what applies at once and what waits for the staff.

Whoever changes locks the family first, so that of two at once the second sees what the first one did.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from app import clock
from app.database import db
from app.models.changes import ChangeRequest
from app.models.families import Child, FamilyChild
from app.rules.changes import Change, Conflict, FieldPolicy, merge, plan_save, show
from app.rules.file_fields import ADDITIONS, GROUPS, FileKind, policy_of
from app.rules.file_fields import policies_for as rules_policies_for
from app.rules.namesakes import Person, may_be_same
from app.rules.states import ChangeStatus
from app.services.catalogue import catalogue
from app.services.change_requests import ask_for_person, keep_asked, pending_row, person_from
from app.services.errors import NotFound
from app.services.families import Values, check_not_own, children_of, has_enrolments
from app.services.file_histories import Changes, log_change, read_changes
from app.services.file_parts import (
    add_part,
    first_day_of_address,
    has_login,
    lock_family,
    lock_part,
    read_part,
    write_part,
)
from app.services.guardians import guardians_of
from app.services.prices import reprice_after_change

DOUBLE_TAP = timedelta(minutes=10)
"""The same child sent again within this time is a second tap on one button, not a second child."""


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
        log_change(session, family_id, kind, subject_id, plan.applied, user_id)
        reprice_after_change(session, family_id, kind, subject_id, plan.applied)
    if plan.pending != part.pending:
        keep_asked(session, family_id, user_id, kind, subject_id, plan.pending)
    return Saved({}, frozenset(plan.applied), plan.asked, plan.withdrawn)


def save_as_staff(
    session: Session, family_id: int, user_id: int, kind: FileKind, subject_id: int, shown: Values, typed: Values,
    starts_on: date,
) -> Saved:  # fmt: skip
    """Store what the staff changed, whatever parents may do; a new address, and what prices depend on, holds from
    `starts_on`.

    Raises NotFound, and OwnFamily: a colleague does that.
    """
    check_not_own(family_id, user_id)
    lock_part(session, family_id, kind, subject_id)
    stored = read_part(session, family_id, kind, subject_id)
    own = {name: value for name, value in typed.items() if name in stored}
    if kind is FileKind.GUARDIAN and "email" in own and has_login(session, subject_id):
        own["email"] = stored["email"]
    merged = merge(shown, own, stored, GROUPS[kind])
    if merged.conflicts or not merged.changes:
        return Saved(merged.conflicts)
    has_address = kind is FileKind.COORDINATES
    begins = first_day_of_address(session, family_id, starts_on) if has_address else starts_on
    write_part(session, family_id, kind, subject_id, merged.changes, begins)
    log_change(session, family_id, kind, subject_id, merged.changes, user_id)
    reprice_after_change(session, family_id, kind, subject_id, merged.changes)
    return Saved({}, frozenset(merged.changes))


def add_person(
    session: Session, family_id: int, user_id: int, kind: FileKind, typed: Values, *, is_confirmed: bool,
    is_staff: bool = False,
) -> Added:  # fmt: skip
    """Add a parent or a child to the family, or ask the staff for it.

    The same person sent twice (a double tap) is one. A namesake born on the same day is only added once it is
    confirmed: see `Added.namesake`. Raises NotFound where the staff let nobody add, and OwnFamily.
    """
    if is_staff:
        check_not_own(family_id, user_id)
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
        ask_for_person(session, family_id, user_id, kind, changes)
        return Added(is_asked=True)
    subject_id = add_part(session, family_id, kind, typed)
    log_change(session, family_id, kind, subject_id, changes, user_id)
    reprice_after_change(session, family_id, kind, subject_id, changes)
    return Added(subject_id)


def _part(session: Session, family_id: int, kind: FileKind, subject_id: int) -> Part:
    stored = read_part(session, family_id, kind, subject_id)
    row = pending_row(session, family_id, kind, subject_id)
    is_enrolled = kind is not FileKind.CHILD or has_enrolments(subject_id)
    return Part(stored, {} if row is None else read_changes(row.body), policies_for(kind, is_enrolled=is_enrolled))


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
        if may_be_same(Person(child.last_name, child.first_name, child.birth_date), person_from(typed)):
            return Added(child.id)
    return None


def _namesake(session: Session, family_id: int, kind: FileKind, typed: Values) -> str | None:
    known: list[Person]
    if kind is FileKind.NEW_GUARDIAN:
        known = [person_from(guardian.values) for guardian in guardians_of(family_id)]
    else:
        known = [Person(child.last_name, child.first_name, child.birth_date) for child in children_of(family_id)]
    person = person_from(typed)
    same = (each for each in known if may_be_same(each, person))
    return next((f"{each.first_name} {each.last_name}" for each in same), None)
