"""The adults of a family: every field of the guide's « Parents »."""

from dataclasses import dataclass
from datetime import date

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.database import db
from app.models.accounts import User
from app.models.families import FamilySituation, Guardian, Occupation, Title
from app.services.errors import NotFound
from app.services.families import Values
from app.services.mails import queue_mail

FAMILY_HOME, OWN_HOME = "family", "own"
"""Where an adult lives: with the family, or at an address of their own."""

_TEXTS = (
    "last_name", "first_name", "number", "repetition", "street", "complement", "postal_code", "city", "profession",
    "employer", "home_phone", "work_phone", "mobile_phone", "work_mobile_phone",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class GuardianView:
    """An adult of the family."""

    id: int
    has_login: bool  # then the e-mail is the one they sign in with, and not a field of the file
    values: Values

    @property
    def full_name(self) -> str:
        """« Fabrice TEST »."""
        return f"{self.values['first_name']} {self.values['last_name']}"

    @property
    def email(self) -> str:
        """Where we write; empty for none."""
        return self.values["email"]

    @property
    def phones(self) -> tuple[str, ...]:
        """Those given, in E.164, the mobile phone first."""
        names = ("mobile_phone", "home_phone", "work_phone", "work_mobile_phone")
        return tuple(self.values[name] for name in names if self.values[name])


def guardians_of(family_id: int) -> tuple[GuardianView, ...]:
    """The adults of a family, in the order in which they came. One query."""
    rows = db.session.scalars(select(Guardian).where(Guardian.family_id == family_id).order_by(Guardian.id))
    return tuple(_view(row) for row in rows)


def guardian_of(family_id: int, guardian_id: int) -> GuardianView:
    """One of them. Raises NotFound for an adult of another family."""
    return _view(guardian_row(db.session(), family_id, guardian_id))


def shares_email(family_id: int, guardian_id: int, email: str) -> bool:
    """Whether another adult of the family signs in with this adult's address: then this one cannot. One query."""
    other = select(Guardian.id).where(
        Guardian.family_id == family_id,
        Guardian.id != guardian_id,
        Guardian.email == email,
        Guardian.user_id.is_not(None),
    )
    return db.session.scalar(other.limit(1)) is not None


def add_guardian(session: Session, family_id: int, typed: Values) -> int:
    """Add an adult, who has no login yet, and return the id. Whether they are there already: `changes.add_person`."""
    row = Guardian(family_id=family_id)
    write_values(row, typed)
    session.add(row)
    session.flush()
    return row.id


def read_values(row: Guardian) -> dict[str, str]:
    """The columns of an adult as canonical text."""
    return {
        **{name: getattr(row, name) for name in _TEXTS},
        "title": row.title,
        "situation": row.situation or "",
        "birth_date": row.birth_date.isoformat() if row.birth_date else "",
        "home": OWN_HOME if row.street else FAMILY_HOME,
        "email": row.email or "",
        "occupation": row.occupation or "",
    }


def write_values(row: Guardian, values: Values) -> None:
    """The contrary of `read_values`. Raises ValueError for a code that no list has."""
    for name in _TEXTS:
        setattr(row, name, values[name])
    if values["home"] == FAMILY_HOME:
        row.number = row.repetition = row.street = row.complement = row.postal_code = row.city = ""
    row.title = Title(values["title"])
    row.situation = FamilySituation(values["situation"]) if values["situation"] else None
    row.birth_date = date.fromisoformat(values["birth_date"]) if values["birth_date"] else None
    row.email = values["email"] or None
    row.occupation = Occupation(values["occupation"]) if values["occupation"] else None


def tell_of_new_login(session: Session, joined: Guardian) -> None:
    """Tell the family's other adults who sign in, by mail, that this one does too from now on."""
    others = select(User.email).join(Guardian, Guardian.user_id == User.id).where(
        Guardian.family_id == joined.family_id, User.id != joined.user_id, User.password_hash.is_not(None)
    )  # fmt: skip
    for email in session.scalars(others.distinct().order_by(User.email)):
        queue_mail(
            session, "guardian_joined", email, family_id=joined.family_id, family=joined.family, guardian=joined
        )  # fmt: skip


def _view(row: Guardian) -> GuardianView:
    return GuardianView(row.id, row.user_id is not None, read_values(row))


def guardian_row(session: Session, family_id: int, guardian_id: int) -> Guardian:
    """The row of one of them. Raises NotFound for an adult of another family."""
    row = session.scalar(select(Guardian).where(Guardian.family_id == family_id, Guardian.id == guardian_id))
    if row is None:
        raise NotFound("guardian")
    return row
