"""The parts of a family's file as text by name of field: reading one, and writing what changed.

Which changes are written, and when, is decided in `services.changes`.
"""

import json
from collections.abc import Mapping
from datetime import date

from sqlalchemy import select
from sqlalchemy.orm import Session

from app import clock
from app.database import db
from app.models.families import Child, Family, FamilyAddress, FamilyChild, Guardian
from app.rules.changes import Change
from app.rules.file_fields import CUSTODY_FIELDS, FileKind
from app.services.errors import NotFound
from app.services.families import ChildInput, Values, add_child, lock_children, read_coordinates, write_coordinates
from app.services.guardians import add_guardian, guardian_row, read_values, write_values
from app.services.price_facts import read_child_facts, read_family_facts, write_child_facts, write_family_facts


def lock_family(session: Session, family_id: int) -> None:
    """Make other changes of the family's file wait until this transaction ends."""
    session.execute(select(Family.id).where(Family.id == family_id).with_for_update(key_share=True))


def lock_part(session: Session, family_id: int, kind: FileKind, subject_id: int) -> None:
    """The same, before a part is read to be changed; of a child of two homes, the other home waits as well.

    The child is held with all children of its homes: its age may move their prices.
    """
    lock_family(session, family_id)
    if kind is FileKind.CHILD:
        homes = session.scalars(select(FamilyChild.family_id).where(FamilyChild.child_id == subject_id)).all()
        lock_children(session, homes)


def read_part(session: Session, family_id: int, kind: FileKind, subject_id: int) -> dict[str, str]:
    """What a part of the file holds. Raises NotFound for a guardian or child of another family."""
    match kind:
        case FileKind.COORDINATES:
            family = session.get(Family, family_id)
            if family is None:
                raise NotFound("family")
            return read_coordinates(family)
        case FileKind.GUARDIAN:
            return read_values(guardian_row(session, family_id, subject_id))
        case FileKind.CHILD:
            child, _ = _child(session, family_id, subject_id)
            return {
                "last_name": child.last_name, "first_name": child.first_name,
                "birth_date": child.birth_date.isoformat(),
            }  # fmt: skip
        case FileKind.CUSTODY:
            _, link = _child(session, family_id, subject_id)
            answers: dict[str, str] = json.loads(link.custody) if link.custody else {}
            return {name: answers.get(name, "") for name in CUSTODY_FIELDS}
        case FileKind.PRICE_FACTS:
            return read_family_facts(session, family_id)
        case FileKind.CHILD_PRICE_FACTS:
            return read_child_facts(session, family_id, subject_id)
        case FileKind.AID | FileKind.REMINDERS | FileKind.NEW_GUARDIAN | FileKind.NEW_CHILD:
            return {}


def write_part(
    session: Session, family_id: int, kind: FileKind, subject_id: int, changes: Mapping[str, Change], starts_on: date
) -> None:
    """Store what changed of a part; a new address and facts of prices hold from `starts_on`. Raises NotFound."""
    values = {
        **read_part(session, family_id, kind, subject_id),
        **{name: change.after for name, change in changes.items()},
    }
    match kind:
        case FileKind.COORDINATES:
            write_coordinates(session, session.get_one(Family, family_id), values, starts_on)
        case FileKind.GUARDIAN:
            write_values(guardian_row(session, family_id, subject_id), values)
        case FileKind.CHILD:
            child, _ = _child(session, family_id, subject_id)
            child.last_name = values["last_name"]
            child.first_name = values["first_name"]
            child.birth_date = date.fromisoformat(values["birth_date"])
        case FileKind.CUSTODY:
            _, link = _child(session, family_id, subject_id)
            link.custody = json.dumps({name: value for name, value in values.items() if value}, ensure_ascii=False)
        case FileKind.PRICE_FACTS:
            write_family_facts(session, family_id, changes, starts_on)
        case FileKind.CHILD_PRICE_FACTS:
            write_child_facts(session, family_id, subject_id, changes, starts_on)
        case FileKind.AID | FileKind.REMINDERS | FileKind.NEW_GUARDIAN | FileKind.NEW_CHILD:
            raise ValueError("what is new is added, and what has a page of its own is changed there")
    session.flush()


def first_day_of_address(session: Session, family_id: int, wanted: date) -> date:
    """From when on a new address holds: the day wanted, but never before the present one began."""
    present = session.scalar(
        select(FamilyAddress.starts_on)
        .where(FamilyAddress.family_id == family_id, FamilyAddress.starts_on <= clock.today())
        .order_by(FamilyAddress.starts_on.desc())
        .limit(1)
    )
    return wanted if present is None else max(wanted, present)


def add_part(session: Session, family_id: int, kind: FileKind, values: Values) -> int:
    """Add a guardian or a child to the family, and return the id."""
    if kind is FileKind.NEW_GUARDIAN:
        return add_guardian(session, family_id, values)
    born_on = date.fromisoformat(values["birth_date"])
    return add_child(session, family_id, ChildInput(values["last_name"], values["first_name"], born_on))


def name_part(session: Session, family_id: int, kind: FileKind, subject_id: int) -> str:
    """The name of the person that a part is about; empty for the family's own coordinates. Raises NotFound."""
    if kind in (FileKind.COORDINATES, FileKind.PRICE_FACTS):
        return ""
    if kind in (FileKind.GUARDIAN, FileKind.NEW_GUARDIAN):
        return guardian_row(session, family_id, subject_id).full_name
    return _child(session, family_id, subject_id)[0].full_name


def custody_of(child_id: int) -> tuple[tuple[str, Values], ...]:
    """Where a child lives: the name of each of its families, and what it answered. For the staff. One query."""
    rows = db.session.execute(
        select(Family, FamilyChild.custody)
        .join(FamilyChild, FamilyChild.family_id == Family.id)
        .where(FamilyChild.child_id == child_id, FamilyChild.custody.is_not(None))
        .order_by(Family.id)
    )
    return tuple((family.name, json.loads(answers)) for family, answers in rows)


def _child(session: Session, family_id: int, child_id: int) -> tuple[Child, FamilyChild]:
    found = session.execute(
        select(Child, FamilyChild)
        .join(FamilyChild, FamilyChild.child_id == Child.id)
        .where(FamilyChild.family_id == family_id, Child.id == child_id)
    ).first()
    if found is None:
        raise NotFound("child")
    return found[0], found[1]


def has_login(session: Session, guardian_id: int) -> bool:
    """Whether an adult signs in: the address is then changed with the account, not with the file."""
    return session.scalar(select(Guardian.user_id).where(Guardian.id == guardian_id)) is not None
