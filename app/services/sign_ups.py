"""Sign-ups: a family asks for an account, the staff decide.

Whatever the address typed, the answer is the same: nobody learns who has an account.
"""

from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from app import clock
from app.database import db, take_turns
from app.models.accounts import User
from app.models.families import Consent, ConsentText, Family, Guardian, Title
from app.rules.states import FamilyStatus, check_transition
from app.services.accounts import is_known, normalise_email
from app.services.catalogue import catalogue
from app.services.errors import AlreadyDecided, EmailTaken, NotFound
from app.services.families import AddressInput, check_not_own
from app.services.links import send_activation
from app.services.mails import queue_mail, was_just_mailed

SAME_SIGN_UP_WITHIN = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class SignUp:
    """What a parent sent after the three steps."""

    address: AddressInput
    title: Title
    last_name: str
    first_name: str
    email: str
    consent_text_id: int


def current_consent_text() -> ConsentText | None:
    """The text on personal data that a family must accept today."""
    return db.session.scalar(
        select(ConsentText)
        .where(ConsentText.starts_on <= clock.today())
        .order_by(ConsentText.starts_on.desc(), ConsentText.id.desc())
        .limit(1)
    )


def request_sign_up(session: Session, sign_up: SignUp) -> None:
    """Record a family that waits for activation; its address and the council are told by mail.

    An address that is known already records nothing new; it gets a mail saying so, and the screen says the same. The
    same form sent twice (a double tap) is one request.
    """
    email = normalise_email(sign_up.email)
    take_turns(session, email)
    if _has_just_signed_up(session, email):
        return
    if is_known(session, email):
        if not was_just_mailed(session, email, "sign_up_known"):
            queue_mail(session, "sign_up_known", email)
        return
    check_transition(None, FamilyStatus.PENDING)
    family = Family(status=FamilyStatus.PENDING, last_name=sign_up.last_name, first_name=sign_up.first_name)
    family.guardians.append(
        Guardian(title=sign_up.title, last_name=sign_up.last_name, first_name=sign_up.first_name, email=email)
    )
    family.addresses.append(sign_up.address.as_row(starts_on=clock.today()))
    session.add(family)
    session.flush()
    session.add(Consent(family_id=family.id, text_id=sign_up.consent_text_id, given_at=clock.now()))
    queue_mail(session, "sign_up_received", email, family_id=family.id, family=family)
    queue_mail(session, "sign_up_to_review", catalogue().council.email, family_id=family.id, family=family)


def accept_sign_up(session: Session, family_id: int, decided_by: int) -> None:
    """Activate a waiting family and invite its parent by mail to confirm the account.

    Raises NotFound, AlreadyDecided (another agent was faster) and OwnFamily.
    """
    family = _pending_family(session, family_id, decided_by)
    _decide(family, FamilyStatus.ACTIVE, decided_by)
    guardian = family.guardians[0]
    assert guardian.email is not None  # a sign-up always has one
    take_turns(session, guardian.email)
    user = session.scalar(select(User).where(User.email == guardian.email))
    if user is None:
        user = User(email=guardian.email, display_name=guardian.full_name)
        session.add(user)
    guardian.user = user
    session.flush()
    send_activation(session, user, family)


def refuse_sign_up(session: Session, family_id: int, decided_by: int, reason: str) -> None:
    """Refuse a waiting family, with the reason that the mail will give. Raises like `accept_sign_up`."""
    family = _pending_family(session, family_id, decided_by)
    _decide(family, FamilyStatus.REFUSED, decided_by)
    family.refusal_reason = reason
    email = family.guardians[0].email
    assert email is not None
    queue_mail(session, "sign_up_refused", email, family_id=family.id, family=family, reason=reason)


def correct_email(session: Session, family_id: int, email: str) -> None:
    """Give a family that never confirmed its account the right address; its last mail is sent there again.

    Raises NotFound when there is no such family or its account is confirmed, EmailTaken when another has the address.
    """
    family = session.get(Family, family_id, with_for_update={"key_share": True})
    if family is None or family.status not in (FamilyStatus.PENDING, FamilyStatus.ACTIVE):
        raise NotFound("family")
    guardian = family.guardians[0]
    user = guardian.user
    # An agent's address is not the counter's to change: its link would open the agent's rights to whoever gets it.
    if user is not None and (user.password_hash is not None or user.staff_roles):
        raise NotFound("unconfirmed account")
    email = normalise_email(email)
    take_turns(session, email)
    if email != guardian.email and is_known(session, email):
        raise EmailTaken(email)
    guardian.email = email
    if guardian.user is not None:
        guardian.user.email = email
        session.flush()
        send_activation(session, guardian.user, family)
    elif family.status is FamilyStatus.PENDING:
        queue_mail(session, "sign_up_received", email, family_id=family.id, family=family)


def _has_just_signed_up(session: Session, email: str) -> bool:
    recent = (
        select(Guardian.id)
        .join(Family)
        .where(
            Guardian.email == email,
            Family.status == FamilyStatus.PENDING,
            Family.created_at > clock.now() - SAME_SIGN_UP_WITHIN,
        )
    )
    return session.scalar(recent.limit(1)) is not None


def _pending_family(session: Session, family_id: int, decided_by: int) -> Family:
    family = session.scalar(select(Family).where(Family.id == family_id).with_for_update(key_share=True))
    if family is None:
        raise NotFound("family")
    if family.status is not FamilyStatus.PENDING:
        raise AlreadyDecided
    check_not_own(family.id, decided_by)
    return family


def _decide(family: Family, status: FamilyStatus, decided_by: int) -> None:
    check_transition(family.status, status)
    family.status = status
    family.decided_at = clock.now()
    family.decided_by_id = decided_by
