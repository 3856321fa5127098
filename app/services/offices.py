"""The offices (services, régies) that invoice and bank."""

from collections.abc import Collection
from dataclasses import dataclass

from sqlalchemy import ColumnElement, select, true
from sqlalchemy.orm import InstrumentedAttribute

from app.database import db
from app.models.activities import Office


@dataclass(frozen=True, slots=True)
class OfficeView:
    """An office, as lists of choices name it."""

    id: int
    name: str


def of_offices(
    office: ColumnElement[int] | InstrumentedAttribute[int], ids: Collection[int] | None
) -> ColumnElement[bool]:
    """A condition: it is of one of these offices; None: of any."""
    return true() if ids is None else office.in_(ids)


def list_offices() -> tuple[OfficeView, ...]:
    """All offices, by name. One query."""
    return tuple(OfficeView(*row) for row in db.session.execute(select(Office.id, Office.name).order_by(Office.name)))
