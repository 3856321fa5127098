"""The logins of the council's agents: who has which roles, and the log of what administrators did to them."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session, aliased

from app import clock
from app.database import db, take_turns
from app.models.accounts import (
    SecondFactor,
    SignInEvent,
    StaffAction,
    StaffActionKind,
    StaffRole,
    TokenPurpose,
    User,
    UserToken,
)
from app.models.councils import Council
from app.models.families import Guardian
from app.rules.capabilities import Post, Role, read_post
from app.services.accounts import normalise_email
from app.services.errors import AlreadyDecided, EmailTaken, LastAdministrator, NotFound, OwnAccount
from app.services.links import ACTIVATION_VALIDITY, send_staff_activation, was_just_sent
from app.services.mails import queue_mail
from app.services.pages import Page, page_of
from app.services.second_factors import remove_second_factor
from app.services.sessions import end_sessions
from app.services.staff_scopes import HeldRole, PlaceNames

_ADMINISTRATORS = "administrators"  # who changes them waits for who changes them


@dataclass(frozen=True, slots=True)
class Agent:
    """A member of the staff."""

    id: int
    name: str
    email: str
    posts: tuple[Post, ...]  # in the order of the list of roles
    roles: tuple[HeldRole, ...]  # the same by name
    is_confirmed: bool  # has chosen a password
    has_second_factor: bool
    last_sign_in: datetime | None


@dataclass(frozen=True, slots=True)
class StaffLogEntry:
    """Who did what to whose account, and when."""

    at: datetime
    actor: str
    agent: str | None  # None: it concerns all agents
    kind: StaffActionKind
    roles: tuple[HeldRole, ...]  # those that the agent has had since


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


def agents() -> tuple[Agent, ...]:
    """All who have a role, by name. Three queries."""
    names = PlaceNames()
    posts: dict[int, list[Post]] = {}
    rows_of_roles = select(StaffRole.user_id, StaffRole.role, StaffRole.office_id, StaffRole.site_id)
    for user_id, *post in db.session.execute(rows_of_roles):
        posts.setdefault(user_id, []).append(Post(*post))
    last = (
        select(SignInEvent.user_id, func.max(SignInEvent.at).label("at"))
        .where(SignInEvent.user_id.in_(posts))
        .group_by(SignInEvent.user_id)
        .subquery()
    )
    rows = db.session.execute(
        select(User, last.c.at, SecondFactor.confirmed_at)
        .outerjoin(last, last.c.user_id == User.id)
        .outerjoin(SecondFactor, SecondFactor.user_id == User.id)
        .where(User.id.in_(posts))
        .order_by(User.display_name, User.id)
    )
    return tuple(
        Agent(
            user.id, user.display_name, user.email, _in_order(posts[user.id]), names.roles(_in_order(posts[user.id])),
            user.password_hash is not None, second_factor is not None, last_at,
        )
        for user, last_at, second_factor in rows
    )  # fmt: skip


def agent(user_id: int) -> Agent:
    """One of them. Raises NotFound."""
    found = next((each for each in agents() if each.id == user_id), None)
    if found is None:
        raise NotFound("agent")
    return found


def staff_log(page: int) -> Page[StaffLogEntry]:
    """What was done, latest first. Three queries."""
    names = PlaceNames()
    total = db.session.scalar(select(func.count()).select_from(StaffAction)) or 0
    place: Page[StaffLogEntry] = page_of(page, total)
    actor, whom = aliased(User), aliased(User)
    rows = db.session.execute(
        select(StaffAction, actor.display_name, whom.display_name)
        .join(actor, StaffAction.actor_id == actor.id)
        .outerjoin(whom, StaffAction.user_id == whom.id)
        .order_by(StaffAction.id.desc())
        .offset(place.offset)
        .limit(place.size)
    )
    return place.filled(
        tuple(
            StaffLogEntry(row.at, by, agent_name, row.kind, names.roles(_logged(row.roles)))
            for row, by, agent_name in rows
        )
    )


def add_agent(session: Session, actor_id: int, email: str, name: str, posts: Collection[Post]) -> int:
    """Give an address posts at the council, and return the user: the login of a parent stays the same one.

    Without a login or a password, a link to choose one is sent; else a mail tells. Raises OwnAccount, and EmailTaken
    for who is an agent already.
    """
    email = normalise_email(email)
    take_turns(session, email)
    user = session.scalar(select(User).where(User.email == email).with_for_update())
    if user is None:
        user = User(email=email, display_name=name, created_at=clock.now())
        session.add(user)
        session.flush()
    if user.id == actor_id:
        raise OwnAccount
    if user.staff_roles:
        raise EmailTaken(email)
    user.staff_roles = [_row(post) for post in _in_order(posts)]
    session.flush()
    end_sessions(session, user.id)  # those of a parent last too long for the staff
    if user.password_hash is None:
        send_staff_activation(session, user)
    else:
        queue_mail(session, "staff_added", user.email, user=user)
    _log(session, actor_id, user.id, StaffActionKind.ADDED, posts)
    return user.id


def invite_agent_again(session: Session, user_id: int) -> str:
    """Send an agent who never chose a password a new link, at most every few minutes; returns the address.

    Raises NotFound for who is no agent or has a password.
    """
    user = _locked_agent(session, user_id)
    if user.password_hash is not None:
        raise NotFound("unconfirmed agent")
    if not was_just_sent(session, user, TokenPurpose.ACTIVATION, ACTIVATION_VALIDITY):
        send_staff_activation(session, user)
    return user.email


def change_roles(
    session: Session, actor_id: int, user_id: int, posts: Collection[Post], shown: Collection[Post]
) -> bool:
    """Give an agent these posts instead, and end their sessions; False where they have them already.

    Raises NotFound, OwnAccount, LastAdministrator, and AlreadyDecided when they are no longer those that were shown.
    """
    take_turns(session, _ADMINISTRATORS)
    user = _locked_agent(session, user_id)
    if user_id == actor_id:
        raise OwnAccount
    before = {_post(row) for row in user.staff_roles}
    if before == set(posts):
        return False
    if before != set(shown):
        raise AlreadyDecided
    if Post(Role.ADMINISTRATOR) in before - set(posts):
        _check_another_administrator(session, user_id)
    kept = [row for row in user.staff_roles if _post(row) in posts]
    user.staff_roles = kept + [_row(post) for post in _in_order(posts) if post not in before]
    session.flush()
    end_sessions(session, user_id)
    _log(session, actor_id, user_id, StaffActionKind.ROLES_CHANGED, posts)
    return True


def deactivate(session: Session, actor_id: int, user_id: int) -> None:
    """Take all roles from an agent and end their sessions; who is a parent too stays one.

    Raises NotFound, OwnAccount and LastAdministrator.
    """
    take_turns(session, _ADMINISTRATORS)
    user = _locked_agent(session, user_id)
    if user_id == actor_id:
        raise OwnAccount
    if any(_post(row) == Post(Role.ADMINISTRATOR) for row in user.staff_roles):
        _check_another_administrator(session, user_id)
    user.staff_roles = []
    session.flush()
    end_sessions(session, user_id)
    remove_second_factor(session, user_id)
    session.execute(delete(UserToken).where(UserToken.user_id == user_id, UserToken.used_at.is_(None)))
    if session.scalar(select(Guardian.id).where(Guardian.user_id == user_id).limit(1)) is None:
        user.password_hash = None  # nothing is left to sign in to
    _log(session, actor_id, user_id, StaffActionKind.DEACTIVATED, ())


def reset_second_factor(session: Session, actor_id: int, user_id: int) -> None:
    """For an agent who lost the app and the codes: the next sign-in asks for the password alone. The agent is told.

    Raises NotFound for who is no agent or has no second factor, and OwnAccount.
    """
    user = _locked_agent(session, user_id)
    if user_id == actor_id:
        raise OwnAccount
    if session.get(SecondFactor, user_id) is None:
        raise NotFound("second factor")
    remove_second_factor(session, user_id)
    end_sessions(session, user_id)
    queue_mail(session, "second_factor_reset", user.email)
    _log(session, actor_id, user_id, StaffActionKind.SECOND_FACTOR_RESET, [_post(row) for row in user.staff_roles])


def require_second_factor(session: Session, actor_id: int, required: bool) -> None:
    """Ask a second factor of all agents, or leave it to each."""
    council = session.scalars(select(Council).with_for_update()).one()
    if council.requires_second_factor == required:
        return
    council.requires_second_factor = required
    kind = StaffActionKind.SECOND_FACTOR_REQUIRED if required else StaffActionKind.SECOND_FACTOR_OPTIONAL
    _log(session, actor_id, None, kind, ())
    session.flush()


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


def _in_order(posts: Iterable[Post]) -> tuple[Post, ...]:
    return tuple(sorted(set(posts), key=lambda post: post.order))


def _post(row: StaffRole) -> Post:
    return Post(row.role, row.office_id, row.site_id)


def _row(post: Post) -> StaffRole:
    return StaffRole(role=post.role, office_id=post.office_id, site_id=post.site_id)


def _logged(codes: str) -> tuple[Post, ...]:
    return _in_order(post for post in map(read_post, codes.split(",")) if post is not None)


def _locked_agent(session: Session, user_id: int) -> User:
    user = session.scalar(select(User).where(User.id == user_id).with_for_update())
    if user is None or not user.staff_roles:
        raise NotFound("agent")
    return user


def _check_another_administrator(session: Session, user_id: int) -> None:
    others = (
        select(User.id)
        .join(StaffRole, StaffRole.user_id == User.id)
        .where(
            StaffRole.role == Role.ADMINISTRATOR, StaffRole.office_id.is_(None), StaffRole.site_id.is_(None),
            User.id != user_id, User.password_hash.is_not(None),
        )
    )  # fmt: skip
    if session.scalar(others.limit(1)) is None:
        raise LastAdministrator


def _log(session: Session, actor_id: int, user_id: int | None, kind: StaffActionKind, posts: Iterable[Post]) -> None:
    codes = ",".join(post.code for post in _in_order(posts))
    session.add(StaffAction(at=clock.now(), actor_id=actor_id, user_id=user_id, kind=kind, roles=codes))
    session.flush()
