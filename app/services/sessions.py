"""Sessions: who is signed in, in which browser, until when."""

from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import delete, func, select, update
from sqlalchemy.orm import Session

from app import clock
from app.database import db
from app.models.accounts import SignInEvent, StaffRole, User, UserSession
from app.rules.capabilities import Role
from app.services.credentials import hash_secret, new_secret

PARENT_SESSION = timedelta(days=30)
STAFF_SESSION = timedelta(hours=12)
STAFF_IDLE = timedelta(minutes=30)
SEEN_EVERY = timedelta(minutes=5)  # a session's "last seen" is written no more often than this


@dataclass(frozen=True, slots=True)
class SignedInUser:
    """Who a session belongs to."""

    session_id: int
    user_id: int
    email: str
    display_name: str
    roles: frozenset[Role]
    needs_touch: bool  # "last seen" should be written again

    @property
    def is_staff(self) -> bool:
        """Whether the user has a role at the council."""
        return bool(self.roles)


def open_session(session: Session, user_id: int, device: str) -> str:
    """Start a session for a user, note it for « Historique », and return the token for its cookie.

    The user's expired sessions are forgotten.
    """
    is_staff = session.scalar(select(func.count()).select_from(StaffRole).where(StaffRole.user_id == user_id))
    token = new_secret()
    now = clock.now()
    session.execute(delete(UserSession).where(UserSession.user_id == user_id, UserSession.expires_at <= now))
    session.add(
        UserSession(
            token_hash=hash_secret(token),
            user_id=user_id,
            device=device[:200],
            created_at=now,
            last_seen_at=now,
            expires_at=now + (STAFF_SESSION if is_staff else PARENT_SESSION),
        )
    )
    session.add(SignInEvent(user_id=user_id, at=now, device=device[:200]))
    return token


def read_session(token: str) -> SignedInUser | None:
    """Who the session's token belongs to, or None when it ended. One query."""
    rows = db.session.execute(
        select(UserSession, User, StaffRole.role)
        .join(User, UserSession.user_id == User.id)
        .outerjoin(StaffRole, StaffRole.user_id == User.id)
        .where(UserSession.token_hash == hash_secret(token))
    ).all()
    if not rows:
        return None
    user_session, user, _role = rows[0]
    roles = frozenset(role for _session, _user, role in rows if role is not None)
    now = clock.now()
    if user_session.expires_at <= now or (roles and user_session.last_seen_at + STAFF_IDLE <= now):
        return None
    needs_touch = user_session.last_seen_at <= now - SEEN_EVERY
    return SignedInUser(user_session.id, user.id, user.email, user.display_name, roles, needs_touch)


def touch_session(session: Session, session_id: int) -> None:
    """Note that a session is in use; asked for at most every five minutes."""
    session.execute(update(UserSession).where(UserSession.id == session_id).values(last_seen_at=clock.now()))


def end_session(session: Session, session_id: int) -> None:
    """Sign out: the cookie is worth nothing from now on."""
    session.execute(delete(UserSession).where(UserSession.id == session_id))


def owner_of(token: str) -> int | None:
    """Whose session a token was, ended or not; None for one that is forgotten. One query."""
    return db.session.scalar(select(UserSession.user_id).where(UserSession.token_hash == hash_secret(token)))
