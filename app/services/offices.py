"""The offices (services, régies) that invoice and bank."""

from dataclasses import dataclass

from sqlalchemy import or_, select

from app.database import db
from app.models.accounts import StaffRole
from app.models.activities import Office
from app.rules.capabilities import ROLE_CAPABILITIES, Capability


@dataclass(frozen=True, slots=True)
class OfficeView:
    """An office, as lists of choices name it."""

    id: int
    name: str


def list_offices() -> tuple[OfficeView, ...]:
    """All offices, by name. One query."""
    return tuple(OfficeView(*row) for row in db.session.execute(select(Office.id, Office.name).order_by(Office.name)))


def offices_of_agent(user_id: int, capability: Capability) -> tuple[OfficeView, ...]:
    """The offices in which an agent may do something, by name: those that a role of theirs names, or all. One query."""
    roles = [role for role, may in ROLE_CAPABILITIES.items() if capability in may]
    own = select(StaffRole.id).where(
        StaffRole.user_id == user_id,
        StaffRole.role.in_(roles),
        or_(StaffRole.office_id.is_(None), StaffRole.office_id == Office.id),
    )
    rows = db.session.execute(select(Office.id, Office.name).where(own.exists()).order_by(Office.name))
    return tuple(OfficeView(*row) for row in rows)
