"""Signing in with another e-mail address: it counts once a link that went there was used.

Whether the new address belongs to somebody already is told to that address alone, never on the screen.
"""

from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from app import clock
from app.database import db, take_turns
from app.models.accounts import TokenPurpose, User, UserToken
from app.models.families import Guardian
from app.services.accounts import normalise_email
from app.services.errors import EmailTaken
from app.services.links import issue_token, valid_token, was_just_sent
from app.services.mails import mails_since, queue_mail, was_just_mailed
from app.services.sessions import end_sessions

EMAIL_CHANGE_VALIDITY = timedelta(hours=24)
MOST_LINKS, LINKS_WITHIN = 3, timedelta(hours=1)  # to one address: nobody's letter box is flooded


@dataclass(frozen=True, slots=True)
class EmailChange:
    """A change that waits for its confirmation."""

    old_email: str
    new_email: str


def request_email_change(session: Session, user_id: int, new_email: str) -> None:
    """Send the link that confirms the new address there, and a notice to the present one. Nothing changes yet.

    An address that has a login already gets a mail that says so, and no link. Asked for twice within minutes, nothing
    is sent again; nor is it to an address that got several links lately.
    """
    user = session.get_one(User, user_id, with_for_update=True)
    new_email, now = normalise_email(new_email), clock.now()
    take_turns(session, new_email)
    if session.scalar(select(User.id).where(User.email == new_email)) is not None:
        if was_just_mailed(session, new_email, "email_change_known"):
            return
        queue_mail(session, "email_change_known", new_email)
    else:
        sent = mails_since(session, new_email, "email_change", now - LINKS_WITHIN)
        if sent >= MOST_LINKS or (_waiting_email(session, user) == new_email and _was_just_sent(session, user)):
            return
        secret = issue_token(session, user, TokenPurpose.EMAIL_CHANGE, EMAIL_CHANGE_VALIDITY, new_email=new_email)
        expires_at = now + EMAIL_CHANGE_VALIDITY
        queue_mail(session, "email_change", new_email, secret=secret, old_email=user.email, expires_at=expires_at)
    queue_mail(session, "email_change_asked", user.email, new_email=new_email)


def open_email_change(secret: str) -> EmailChange:
    """What a link would change. Raises LinkExpired."""
    token = valid_token(db.session(), secret, TokenPurpose.EMAIL_CHANGE)
    assert token.new_email is not None
    return EmailChange(token.user.email, token.new_email)


def confirm_email_change(session: Session, secret: str, session_id: int | None) -> int:
    """Use the link: the user signs in with the new address, and their files as a parent say it too; returns the user.

    Every session ends but this one, links that went to the old address stop working, and it is told. Raises
    LinkExpired, and EmailTaken when somebody else took the address meanwhile.
    """
    token = valid_token(session, secret, TokenPurpose.EMAIL_CHANGE)
    assert token.new_email is not None
    user, old_email, new_email = token.user, token.user.email, token.new_email
    take_turns(session, new_email)
    if session.scalar(select(User.id).where(User.email == new_email)) is not None:
        raise EmailTaken(new_email)
    token.used_at = clock.now()
    user.email = new_email
    session.flush()
    session.execute(update(Guardian).where(Guardian.user_id == user.id).values(email=new_email))
    end_sessions(session, user.id, but=session_id)
    session.execute(delete(UserToken).where(UserToken.user_id == user.id, UserToken.used_at.is_(None)))
    queue_mail(session, "email_changed", old_email, new_email=new_email)
    return user.id


def _waiting_email(session: Session, user: User) -> str | None:
    waiting = select(UserToken.new_email).where(
        UserToken.user_id == user.id, UserToken.purpose == TokenPurpose.EMAIL_CHANGE, UserToken.used_at.is_(None)
    )
    return session.scalar(waiting.limit(1))


def _was_just_sent(session: Session, user: User) -> bool:
    return was_just_sent(session, user, TokenPurpose.EMAIL_CHANGE, EMAIL_CHANGE_VALIDITY)
