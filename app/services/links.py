"""One-time links: confirming an account, a forgotten password; and what proves the first of two steps of a sign-in.

Whatever the address typed, the answer is the same: nobody learns who has an account.
"""

from datetime import timedelta

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from app import clock
from app.database import db, take_turns
from app.models.accounts import TokenPurpose, User, UserToken
from app.models.families import Family, Guardian
from app.rules.states import FamilyStatus
from app.services.accounts import normalise_email
from app.services.agendas import forget_feeds
from app.services.credentials import hash_secret, new_secret
from app.services.errors import LinkExpired
from app.services.mails import LINK_EVERY, queue_mail, was_just_mailed
from app.services.sessions import end_sessions

ACTIVATION_VALIDITY = timedelta(days=7)
PASSWORD_RESET_VALIDITY = timedelta(hours=1)
SECOND_STEP_VALIDITY = timedelta(minutes=10)


def send_activation(session: Session, user: User, family: Family) -> None:
    """Send the link that confirms the account; links sent before stop working."""
    secret = issue_token(session, user, TokenPurpose.ACTIVATION, ACTIVATION_VALIDITY)
    queue_mail(
        session, "activation", user.email, family_id=family.id, secret=secret, family=family,
        expires_at=clock.now() + ACTIVATION_VALIDITY,
    )  # fmt: skip


def send_staff_activation(session: Session, user: User) -> None:
    """The same for a member of the staff."""
    secret = issue_token(session, user, TokenPurpose.ACTIVATION, ACTIVATION_VALIDITY)
    queue_mail(
        session, "staff_invited", user.email, secret=secret, user=user, expires_at=clock.now() + ACTIVATION_VALIDITY
    )


def open_link(secret: str, purpose: TokenPurpose) -> User:
    """Whose one-time link it is. Raises LinkExpired."""
    return valid_token(db.session(), secret, purpose).user


def begin_second_step(session: Session, user_id: int) -> str:
    """The password was right; a code is asked next. Returns what the browser keeps meanwhile."""
    return issue_token(session, session.get_one(User, user_id), TokenPurpose.SECOND_STEP, SECOND_STEP_VALIDITY)


def finish_second_step(session: Session, secret: str) -> int:
    """The code was right too: whom to sign in. Raises LinkExpired."""
    token = valid_token(session, secret, TokenPurpose.SECOND_STEP)
    token.used_at = clock.now()
    return token.user_id


def confirm_account(session: Session, secret: str, password_hash: str) -> User:
    """Use an activation link: the account gets its password. Raises LinkExpired."""
    token = valid_token(session, secret, TokenPurpose.ACTIVATION)
    token.used_at = clock.now()
    token.user.password_hash = password_hash
    return token.user


def request_activation(session: Session, email: str) -> None:
    """Send a new activation link to an account that waits for one; a confirmed account is told to sign in.

    An unknown address gets nothing: whoever asks sees the same answer.
    """
    take_turns(session, normalise_email(email))
    user = session.scalar(select(User).where(User.email == normalise_email(email)))
    if user is None:
        return
    family = _family_of_user(session, user.id)
    if family is None and not user.staff_roles:
        return
    if user.password_hash is None:
        if was_just_sent(session, user, TokenPurpose.ACTIVATION, ACTIVATION_VALIDITY):
            return
        if family is None:
            send_staff_activation(session, user)
        else:
            send_activation(session, user, family)
    elif not was_just_mailed(session, user.email, "activation_not_needed"):
        queue_mail(session, "activation_not_needed", user.email, family_id=family.id if family else None)


def request_password_reset(session: Session, email: str) -> None:
    """Send the link of a forgotten password; an account that was never confirmed gets its activation link instead."""
    take_turns(session, normalise_email(email))
    user = session.scalar(select(User).where(User.email == normalise_email(email)))
    if user is not None and user.password_hash is None:
        request_activation(session, email)
    elif user is not None and not was_just_sent(session, user, TokenPurpose.PASSWORD_RESET, PASSWORD_RESET_VALIDITY):
        secret = issue_token(session, user, TokenPurpose.PASSWORD_RESET, PASSWORD_RESET_VALIDITY)
        queue_mail(
            session, "password_reset", user.email, secret=secret, expires_at=clock.now() + PASSWORD_RESET_VALIDITY
        )


def reset_password(session: Session, secret: str, password_hash: str) -> User:
    """Use a link of a forgotten password: the new one counts and every session of the user ends. Raises LinkExpired.

    So does what somebody who knew the old password had begun: a change of address, a sign-in that waits for its code.
    """
    token = valid_token(session, secret, TokenPurpose.PASSWORD_RESET)
    token.used_at = clock.now()
    session.flush()
    token.user.password_hash = password_hash
    end_sessions(session, token.user_id)
    forget_feeds(session, token.user_id)
    session.execute(delete(UserToken).where(UserToken.user_id == token.user_id, UserToken.used_at.is_(None)))
    queue_mail(session, "password_changed", token.user.email)
    return token.user


def _family_of_user(session: Session, user_id: int) -> Family | None:
    return session.scalar(
        select(Family)
        .join(Guardian)
        .where(Guardian.user_id == user_id, Family.status == FamilyStatus.ACTIVE)
        .order_by(Family.id)
        .limit(1)
    )


def was_just_sent(session: Session, user: User, purpose: TokenPurpose, validity: timedelta) -> bool:
    """Whether such a link was sent in the last minutes, so that asking again sends none."""
    fresh = clock.now() + validity - LINK_EVERY
    unused = (UserToken.user_id == user.id, UserToken.purpose == purpose, UserToken.used_at.is_(None))
    return session.scalar(select(UserToken.id).where(*unused, UserToken.expires_at > fresh).limit(1)) is not None


def issue_token(
    session: Session, user: User, purpose: TokenPurpose, validity: timedelta, *, new_email: str | None = None
) -> str:
    """A new link in the place of the user's unused ones of this purpose; returns its secret."""
    session.execute(
        delete(UserToken).where(UserToken.user_id == user.id, UserToken.purpose == purpose, UserToken.used_at.is_(None))
    )
    secret = new_secret()
    session.add(
        UserToken(
            token_hash=hash_secret(secret),
            user_id=user.id,
            purpose=purpose,
            expires_at=clock.now() + validity,
            new_email=new_email,
        )
    )
    return secret


def valid_token(session: Session, secret: str, purpose: TokenPurpose) -> UserToken:
    """The link with this secret, locked until the transaction ends. Raises LinkExpired."""
    token = session.scalar(
        select(UserToken)
        .where(UserToken.token_hash == hash_secret(secret), UserToken.purpose == purpose)
        .with_for_update()
    )
    if token is None or token.used_at is not None or token.expires_at <= clock.now():
        raise LinkExpired
    return token
