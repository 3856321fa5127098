"""The logins of the council's staff."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from app import clock
from app.models.accounts import StaffRole, User
from app.models.councils import Council
from app.rules.capabilities import Role
from app.services.accounts import normalise_email
from app.services.errors import EmailTaken


def create_staff(session: Session, email: str, display_name: str, password_hash: str, role: Role) -> int:
    """Make a login with a role, its password hashed before, and return its id.

    Raises EmailTaken when the address has a login already.
    """
    email = normalise_email(email)
    if session.scalar(select(User.id).where(User.email == email)) is not None:
        raise EmailTaken(email)
    user = User(email=email, display_name=display_name, password_hash=password_hash, created_at=clock.now())
    user.staff_roles.append(StaffRole(role=role))
    session.add(user)
    session.flush()
    return user.id


def describe_council(
    session: Session,
    *,
    name: str | None = None,
    school_zone: str | None = None,
    address: str | None = None,
    email: str | None = None,
    phone: str | None = None,
    dpo_email: str | None = None,
) -> None:
    """Write what is given about the council; None leaves a value as it is. `phone` is in E.164."""
    council = session.scalars(select(Council)).one()
    given = {
        "name": name,
        "school_zone": school_zone,
        "address": address,
        "email": email,
        "phone": phone,
        "dpo_email": dpo_email,
    }
    for field, value in given.items():
        if value is not None:
            setattr(council, field, value)
    session.flush()
