"""The offices (services, régies) that invoice and bank."""

from dataclasses import dataclass

from sqlalchemy import select

from app.database import db
from app.models.activities import Office


@dataclass(frozen=True, slots=True)
class OfficeView:
    """An office, as lists of choices name it."""

    id: int
    name: str


def list_offices() -> tuple[OfficeView, ...]:
    """All offices, by name. One query."""
    return tuple(OfficeView(*row) for row in db.session.execute(select(Office.id, Office.name).order_by(Office.name)))
