"""The demo council, built through the services."""

from dataclasses import dataclass

from sqlalchemy.orm import Session

from app.rules.capabilities import Role
from app.services.credentials import hash_password
from app.services.staff_accounts import create_staff, describe_council

PASSWORD = "Portail-Demo-2026"


@dataclass(frozen=True, slots=True)
class Account:
    """A demo account that the console names."""

    email: str
    meaning: str


ACCOUNTS = (Account("parent@example.org", "un parent (famille TEST)"), Account("admin@example.org", "administration"))


def build_demo(session: Session) -> None:
    """Fill an empty database."""
    describe_council(session, name="Communauté de communes de démonstration")
    create_staff(session, "admin@example.org", "Camille Admin", hash_password(PASSWORD), Role.ADMINISTRATOR)
