"""Accounts: one login per adult, known by an e-mail address."""

from sqlalchemy import ColumnElement, delete, or_, select
from sqlalchemy.orm import Session

from app.database import db
from app.models.accounts import User, UserToken
from app.models.families import Child, Family, FamilyAddress, FamilyChild, Guardian
from app.rules.states import FamilyStatus
from app.services.agendas import forget_feeds
from app.services.mails import queue_mail
from app.services.sessions import end_sessions


def normalise_email(email: str) -> str:
    """The form under which addresses are stored, compared and written to: lower case, an accented domain as IDNA."""
    name, at, domain = email.strip().lower().rpartition("@")
    try:
        return f"{name}{at}{domain.encode('idna').decode()}"
    except UnicodeError:  # no domain at all: nobody has such an address
        return f"{name}{at}{domain}"


def is_known(session: Session, email: str) -> bool:
    """Whether the address has a login, or stands in the file of a family that waits or is active."""
    if session.scalar(select(User.id).where(User.email == email)) is not None:
        return True
    waiting: ColumnElement[bool] = or_(Family.status == FamilyStatus.PENDING, Family.status == FamilyStatus.ACTIVE)
    known = select(Guardian.id).join(Family).where(Guardian.email == email, waiting).limit(1)
    return session.scalar(known) is not None


def change_password(session: Session, user_id: int, password_hash: str, session_id: int) -> None:
    """Give a user another password, hashed before; the user is told by mail and every other session ends."""
    user = session.get_one(User, user_id, with_for_update=True)
    user.password_hash = password_hash
    end_sessions(session, user_id, but=session_id)
    forget_feeds(session, user_id)
    # A link of « mot de passe oublié » that somebody else asked for is worth nothing any more.
    session.execute(delete(UserToken).where(UserToken.user_id == user_id, UserToken.used_at.is_(None)))
    queue_mail(session, "password_changed", user.email)


def personal_words_of(user_id: int) -> tuple[str, ...]:
    """What somebody who knows the user would try as a password: names, towns and addresses of the families."""
    user = db.session.get_one(User, user_id)
    words = [user.email, user.display_name]
    families = select(Guardian.family_id).where(Guardian.user_id == user_id)
    guardians = db.session.execute(
        select(Guardian.last_name, Guardian.first_name).where(Guardian.family_id.in_(families))
    )
    children = db.session.execute(
        select(Child.last_name, Child.first_name)
        .join(FamilyChild, FamilyChild.child_id == Child.id)
        .where(FamilyChild.family_id.in_(families))
    )
    addresses = db.session.execute(
        select(FamilyAddress.street, FamilyAddress.city).where(FamilyAddress.family_id.in_(families))
    )
    words += [word for rows in (guardians, children, addresses) for row in rows for word in row]
    return tuple(words)


def find_credentials(email: str) -> tuple[int, str | None] | None:
    """Id and password hash of an address, or None."""
    row = db.session.execute(select(User.id, User.password_hash).where(User.email == normalise_email(email))).first()
    return None if row is None else (row[0], row[1])
