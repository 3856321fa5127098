"""Sessions: who is signed in, in which browser, under which hat, until when; see docs/rules/sign_ins.md."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import bindparam, delete, func, select, update
from sqlalchemy.orm import Session

from app import clock
from app.database import db
from app.models.accounts import SecondFactor, SignInEvent, StaffRole, User, UserSession
from app.models.families import Guardian
from app.rules.capabilities import Post, Role
from app.rules.sign_ins import PARENT_SESSION, STAFF_SESSION, SessionTimes, has_ended
from app.services.credentials import hash_secret, new_secret
from app.services.devices import device_name
from app.services.errors import NotFound

SEEN_EVERY = timedelta(minutes=5)  # a session's "last seen" is written no more often than this


@dataclass(frozen=True, slots=True)
class SignedInUser:
    """Who a session belongs to."""

    session_id: int
    user_id: int
    email: str
    display_name: str
    posts: frozenset[Post]
    needs_touch: bool  # "last seen" should be written again
    confirmed_at: datetime | None  # when the password (and the code) was last given
    family_id: int | None  # the hat: in whose name they act; None: the staff, or the first family
    has_second_factor: bool
    is_guardian: bool  # of a family, whatever its status

    @property
    def roles(self) -> frozenset[Role]:
        """The roles at the council, wherever they are."""
        return frozenset(post.role for post in self.posts)

    @property
    def is_staff(self) -> bool:
        """Whether the user has a role at the council."""
        return bool(self.posts)


@dataclass(frozen=True, slots=True)
class Device:
    """A browser in which the user is signed in."""

    session_id: int
    name: str  # « Firefox sur Windows »
    signed_in_at: datetime
    last_seen_at: datetime


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
            confirmed_at=now,
            expires_at=now + (STAFF_SESSION if is_staff else PARENT_SESSION),
        )
    )
    session.add(SignInEvent(user_id=user_id, at=now, device=device[:200]))
    return token


def read_session(token: str) -> SignedInUser | None:
    """Who the session's token belongs to, or None when it ended. One query."""
    rows = db.session.execute(_WHO, {"token": hash_secret(token)}).all()
    if not rows:
        return None
    user_session, user, second_factor_since, is_guardian, *_ = rows[0]
    posts = frozenset(Post(*row[4:]) for row in rows if row[4] is not None)
    now = clock.now()
    if has_ended(SessionTimes(user_session.expires_at, user_session.last_seen_at), bool(posts), now):
        return None
    return SignedInUser(
        session_id=user_session.id,
        user_id=user.id,
        email=user.email,
        display_name=user.display_name,
        posts=posts,
        needs_touch=user_session.last_seen_at <= now - SEEN_EVERY,
        confirmed_at=user_session.confirmed_at,
        family_id=user_session.family_id,
        has_second_factor=second_factor_since is not None,
        is_guardian=is_guardian,
    )


# Of every request: made once, since that takes longer than to ask.
_WHO = (
    select(
        UserSession,
        User,
        SecondFactor.confirmed_at,
        select(Guardian.id).where(Guardian.user_id == User.id).exists(),
        StaffRole.role,
        StaffRole.office_id,
        StaffRole.site_id,
    )
    .join(User, UserSession.user_id == User.id)
    .outerjoin(StaffRole, StaffRole.user_id == User.id)
    .outerjoin(SecondFactor, SecondFactor.user_id == User.id)
    .where(UserSession.token_hash == bindparam("token"))
)


def touch_session(session: Session, session_id: int) -> None:
    """Note that a session is in use; asked for at most every five minutes."""
    session.execute(update(UserSession).where(UserSession.id == session_id).values(last_seen_at=clock.now()))


def confirm_session(session: Session, session_id: int) -> None:
    """Note that the password (and the code) was given again."""
    session.execute(update(UserSession).where(UserSession.id == session_id).values(confirmed_at=clock.now()))


def wear_hat(session: Session, session_id: int, family_id: int | None) -> None:
    """Act in the name of a family from now on, whose guardian the caller knows the user to be; None: of the staff."""
    session.execute(update(UserSession).where(UserSession.id == session_id).values(family_id=family_id))


def devices_of(user: SignedInUser) -> tuple[Device, ...]:
    """Where the user is signed in, the one seen last first. One query."""
    rows = db.session.scalars(
        select(UserSession)
        .where(UserSession.user_id == user.user_id)
        .order_by(UserSession.last_seen_at.desc(), UserSession.id.desc())
    )
    now = clock.now()
    return tuple(
        Device(row.id, device_name(row.device), row.created_at, row.last_seen_at)
        for row in rows
        if not has_ended(SessionTimes(row.expires_at, row.last_seen_at), user.is_staff, now)
    )


def end_session(session: Session, session_id: int) -> None:
    """Sign out: the cookie is worth nothing from now on."""
    session.execute(delete(UserSession).where(UserSession.id == session_id))


def end_device(session: Session, user_id: int, session_id: int) -> None:
    """Sign out one of the user's own browsers. Raises NotFound for any other, and for one that is signed out."""
    owned = select(UserSession.id).where(UserSession.id == session_id, UserSession.user_id == user_id)
    if session.scalar(owned) is None:
        raise NotFound("session")
    end_session(session, session_id)


def end_sessions(session: Session, user_id: int, *, but: int | None = None) -> None:
    """Sign the user out everywhere; `but` is the session that stays."""
    ended = delete(UserSession).where(UserSession.user_id == user_id)
    session.execute(ended if but is None else ended.where(UserSession.id != but))
