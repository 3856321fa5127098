"""Who changed what of a family's file: the record that every change leaves."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session

from app.database import db
from app.models.accounts import User
from app.models.changes import ChangeRequest, FileChange
from app.models.families import Child, Guardian
from app.rules.changes import Change
from app.rules.file_fields import FileKind

Changes = Mapping[str, Change]


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


def history_of(family_id: int, at_most: int = 100) -> tuple[HistoryEntry, ...]:
    """Who changed what of a family's file, latest first. One query."""
    rows = db.session.execute(
        select(FileChange, User.display_name, Guardian, Child)
        .join(User, User.id == FileChange.changed_by_id)
        .outerjoin(Guardian, is_guardian(FileChange))
        .outerjoin(Child, is_child(FileChange))
        .where(FileChange.family_id == family_id)
        .order_by(FileChange.id.desc())
        .limit(at_most)
    )
    return tuple(
        HistoryEntry(
            row.kind, row.subject_id, subject_name(guardian, child, {}), read_changes(row.body), row.changed_at, by,
            row.request_id is not None,
        )
        for row, by, guardian, child in rows
    )  # fmt: skip


def log_change(
    session: Session, family_id: int, kind: FileKind, subject_id: int, changes: Changes, user_id: int,
    request_id: int | None = None,
) -> None:  # fmt: skip
    """Record a change; `request_id`: the family had asked for it."""
    session.add(
        FileChange(
            family_id=family_id, kind=kind, subject_id=subject_id, body=write_changes(changes), changed_by_id=user_id,
            request_id=request_id,
        )
    )  # fmt: skip
    session.flush()


def read_changes(body: str) -> dict[str, Change]:
    """The changes that a row holds."""
    return {name: Change(*pair) for name, pair in json.loads(body).items()}


def write_changes(changes: Changes) -> str:
    """What `read_changes` reads again."""
    return json.dumps({name: [change.before, change.after] for name, change in changes.items()}, ensure_ascii=False)


def is_guardian(table: type[ChangeRequest | FileChange]) -> ColumnElement[bool]:
    """Joins the parent whom a row is about."""
    kinds = [FileKind.GUARDIAN, FileKind.REMINDERS, FileKind.NEW_GUARDIAN]
    return (Guardian.id == table.subject_id) & table.kind.in_(kinds) & (Guardian.family_id == table.family_id)


def is_child(table: type[ChangeRequest | FileChange]) -> ColumnElement[bool]:
    """Joins the child whom a row is about."""
    kinds = [FileKind.CHILD, FileKind.CUSTODY, FileKind.CHILD_PRICE_FACTS, FileKind.AID, FileKind.NEW_CHILD]
    return (Child.id == table.subject_id) & table.kind.in_(kinds)


def subject_name(guardian: Guardian | None, child: Child | None, changes: Changes) -> str:
    """Whom a row is about; of somebody who is to be added, the name asked for."""
    person = guardian or child
    if person is not None:
        return person.full_name
    if "first_name" in changes and "last_name" in changes and not changes["last_name"].before:
        return f"{changes['first_name'].after} {changes['last_name'].after}"
    return ""
