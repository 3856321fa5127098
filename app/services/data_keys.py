"""Replacing DATA_KEY: every encrypted column is written anew with the first key, a few rows per transaction.

The way of it (docs/decisions/0008-data-key.md): the new key stands before the old one, all rows are written anew, and
only then the old key goes. At each moment every row opens with one of the two, and a rotation that was interrupted is
just started again. New columns need nothing: they are found by their type.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Column, String, Table, and_, literal, or_, select, tuple_, type_coerce, update
from sqlalchemy.orm import Session

from app.crypto import WrongDataKey, cipher
from app.database import Base, EncryptedText
from app.models.councils import Installation

BATCH_ROWS = 200


@dataclass(frozen=True, slots=True)
class Place:
    """How far a pass has come: the table, and the key of the last row that was seen."""

    table: int = 0
    after: tuple[Any, ...] | None = None


@dataclass(frozen=True, slots=True)
class Step:
    """What a batch did: how many rows it wrote anew, and where to go on (None: all rows were seen)."""

    changed: int
    next_place: Place | None


def encrypted_columns(table: Table) -> Sequence[Column[Any]]:
    """The columns of a table that the database only holds encrypted."""
    return [column for column in table.columns if isinstance(column.type, EncryptedText)]


def encrypted_tables() -> Sequence[Table]:
    """The tables that have such columns."""
    return [table for table in Base.metadata.sorted_tables if encrypted_columns(table)]


def reencrypt_next(session: Session, place: Place) -> Step:
    """Write the next rows anew whose text does not open with the first key alone. Raises WrongDataKey.

    A row that somebody changes at the same moment is left to the next pass: what they wrote is never overwritten.
    """
    tables = encrypted_tables()
    table = tables[place.table]
    keys, columns = list(table.primary_key.columns), encrypted_columns(table)
    stored = [type_coerce(column, String).label(f"stored_{column.name}") for column in columns]  # as it is stored
    rows = select(*keys, *stored).where(or_(*(column.is_not(None) for column in columns)))
    if place.after is not None:
        last = tuple_(*(literal(value, key.type) for key, value in zip(keys, place.after, strict=True)))
        rows = rows.where(tuple_(*keys) > last)
    found = session.execute(rows.order_by(*keys).limit(BATCH_ROWS)).all()
    changed = 0
    for row in found:
        identity = and_(*(key == value for key, value in zip(keys, row[: len(keys)], strict=True)))
        for column, token in zip(columns, row[len(keys) :], strict=True):
            if token is not None and not cipher.is_current(token):
                session.execute(
                    update(table)
                    .where(identity, type_coerce(column, String) == token)
                    .values({column: literal(cipher.renew(token), String)})
                )
                changed += 1
    if len(found) == BATCH_ROWS:
        return Step(changed, Place(place.table, tuple(found[-1][: len(keys)])))
    return Step(changed, Place(place.table + 1) if place.table + 1 < len(tables) else None)


def unreadable(session: Session) -> Sequence[str]:
    """The encrypted columns that hold something that no key opens, each once, as « table.column ». Reads all rows."""
    found = []
    for table in encrypted_tables():
        for column in encrypted_columns(table):
            stored = (
                select(type_coerce(column, String)).where(column.is_not(None)).execution_options(yield_per=BATCH_ROWS)
            )
            if not all(_opens(token) for token in session.scalars(stored)):
                found.append(f"{table.name}.{column.name}")
    return found


def _opens(token: str) -> bool:
    try:
        cipher.decrypt(token)
    except WrongDataKey:
        return False
    return True


def finish_rotation(session: Session) -> None:
    """Note that the first key alone is enough from now on."""
    row = session.get_one(Installation, 1)
    row.data_key_check = cipher.renew(row.data_key_check)
    row.next_key_check = None
