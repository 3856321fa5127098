"""Inviting another adult of the family to sign in.

The family learns nothing about the address: whether it has a login already shows to its owner alone, behind the link.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from app import clock
from app.database import db, take_turns
from app.models.accounts import User
from app.models.families import Family, Guardian, GuardianInvitation
from app.rules.states import FamilyStatus
from app.services.accounts import normalise_email
from app.services.credentials import hash_secret, new_secret
from app.services.errors import EmailTaken, LinkExpired, NotFound, SharedEmail, TooManyInvitations
from app.services.file_parts import lock_family
from app.services.guardians import guardian_row, shares_email, tell_of_new_login
from app.services.mails import LINK_EVERY, mails_since, queue_mail

INVITATION_VALIDITY = timedelta(days=7)
MOST_INVITATIONS, INVITATIONS_WITHIN = 3, timedelta(hours=1)  # to one address


@dataclass(frozen=True, slots=True)
class SentInvitation:
    """An invitation, as the family and the staff see it."""

    email: str
    sent_at: datetime
    expires_at: datetime

    @property
    def is_open(self) -> bool:
        """Whether its link still works."""
        return self.expires_at > clock.now()


@dataclass(frozen=True, slots=True)
class OpenInvitation:
    """An invitation, as the one who holds its link sees it."""

    email: str
    family_name: str
    guardian_name: str
    has_account: bool


def invitations_of(family_id: int) -> Mapping[int, SentInvitation]:
    """The invitations of a family, by adult. One query."""
    rows = db.session.scalars(
        select(GuardianInvitation)
        .join(Guardian, GuardianInvitation.guardian_id == Guardian.id)
        .where(Guardian.family_id == family_id, Guardian.email == GuardianInvitation.email, Guardian.user_id.is_(None))
    )
    return {row.guardian_id: SentInvitation(row.email, row.sent_at, row.expires_at) for row in rows}


def invite(session: Session, family_id: int, guardian_id: int, invited_by: int) -> str:
    """Send an adult of the family a link that gives them a login, and return the address; links before stop working.

    Asked for again within minutes, nothing is sent. Raises NotFound for an adult of another family, without address or
    with a login, SharedEmail for one whose address another adult of the family signs in with, and TooManyInvitations
    when several went to the address lately, whoever sent them.
    """
    family = session.scalar(select(Family).where(Family.id == family_id).with_for_update(key_share=True))
    guardian = guardian_row(session, family_id, guardian_id)
    if family is None or family.status is not FamilyStatus.ACTIVE or not guardian.email or guardian.user_id is not None:
        raise NotFound("guardian to invite")
    if shares_email(family_id, guardian.id, guardian.email):
        raise SharedEmail(guardian.email)
    row = session.get(GuardianInvitation, guardian_id)
    if row is not None and row.email == guardian.email and row.sent_at > clock.now() - LINK_EVERY:
        return guardian.email
    secret, now = new_secret(), clock.now()
    if mails_since(session, guardian.email, "guardian_invited", now - INVITATIONS_WITHIN) >= MOST_INVITATIONS:
        raise TooManyInvitations
    if row is None:
        row = GuardianInvitation(guardian_id=guardian_id)
        session.add(row)
    row.token_hash = hash_secret(secret)
    row.email = guardian.email
    row.invited_by_id = invited_by
    row.sent_at = now
    row.expires_at = now + INVITATION_VALIDITY
    queue_mail(
        session, "guardian_invited", guardian.email, family_id=family_id, secret=secret, family=family,
        guardian=guardian, inviter=session.get_one(User, invited_by).display_name, expires_at=row.expires_at,
    )  # fmt: skip
    return guardian.email


def withdraw(session: Session, family_id: int, guardian_id: int) -> None:
    """The link stops working. Raises NotFound where there is none, as when it was used meanwhile."""
    lock_family(session, family_id)
    guardian_row(session, family_id, guardian_id)
    row = session.get(GuardianInvitation, guardian_id)
    if row is None:
        raise NotFound("invitation")
    session.delete(row)
    session.flush()


def open_invitation(secret: str) -> OpenInvitation:
    """What a link offers. Raises LinkExpired."""
    row = _valid_invitation(db.session(), secret)
    user = _user_of(db.session(), row.email)
    return OpenInvitation(
        row.email, row.guardian.family.name, row.guardian.full_name, user is not None and user.password_hash is not None
    )


def accept_with_password(session: Session, secret: str, password_hash: str) -> int:
    """Use the link for an address without login: it gets one, with this password hashed before; returns the user.

    Raises LinkExpired, and EmailTaken when the address got a login meanwhile.
    """
    row = _valid_invitation(session, secret)
    take_turns(session, row.email)
    user = _user_of(session, row.email)
    if user is None:
        user = User(email=row.email, display_name=row.guardian.full_name)
        session.add(user)
    elif user.password_hash is not None:
        raise EmailTaken(row.email)
    user.password_hash = password_hash
    session.flush()
    _attach(session, row, user)
    return user.id


def accept_as(session: Session, secret: str, user_id: int) -> None:
    """Use the link for an address with a login, whose owner is signed in. Raises LinkExpired, also for anybody else."""
    row = _valid_invitation(session, secret)
    user = session.get_one(User, user_id)
    if user.email != row.email:
        raise LinkExpired
    _attach(session, row, user)


def _attach(session: Session, row: GuardianInvitation, user: User) -> None:
    if shares_email(row.guardian.family_id, row.guardian.id, row.email):
        raise LinkExpired
    row.guardian.user_id = user.id
    session.delete(row)
    session.flush()
    tell_of_new_login(session, row.guardian)


def _user_of(session: Session, email: str) -> User | None:
    return session.scalar(select(User).where(User.email == normalise_email(email)))


def _valid_invitation(session: Session, secret: str) -> GuardianInvitation:
    family_id = session.scalar(
        select(Guardian.family_id)
        .join(GuardianInvitation, GuardianInvitation.guardian_id == Guardian.id)
        .where(GuardianInvitation.token_hash == hash_secret(secret))
    )
    # The family's row is the lock of all that gives its adults a login: invitations and claim codes.
    family = session.scalar(select(Family).where(Family.id == family_id).with_for_update(key_share=True))
    row = session.scalar(
        select(GuardianInvitation)
        .where(GuardianInvitation.token_hash == hash_secret(secret))
        .execution_options(populate_existing=True)
    )
    if family is None or row is None or row.expires_at <= clock.now() or family.status is not FamilyStatus.ACTIVE:
        raise LinkExpired
    if row.guardian.user_id is not None or row.guardian.email != row.email:
        raise LinkExpired
    return row
