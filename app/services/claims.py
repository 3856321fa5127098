"""Claim codes: an adult of a family that the counter made opens their own account, without a double.

The code proves who comes: it was handed over at the counter. Whatever is wrong with one, the answer is the same.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from app import clock
from app.database import db, take_turns
from app.models.accounts import User
from app.models.families import ClaimCode, Consent, Family, Guardian
from app.rules.states import FamilyStatus
from app.services.accounts import normalise_email
from app.services.claim_codes import CodeView, view_of
from app.services.errors import EmailTaken, LinkExpired, NotFound
from app.services.families import check_not_own
from app.services.family_files import address_lines
from app.services.file_parts import lock_family
from app.services.guardians import tell_of_new_login
from app.services.links import send_activation
from app.services.mails import queue_mail

CODE_VALIDITY = timedelta(days=60)
SAME_CLAIM_WITHIN = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class Letter:
    """What the paper says that the counter hands over; the code itself is nowhere else."""

    family_id: int
    family_name: str
    guardian_name: str
    address: tuple[str, ...]
    expires_at: datetime


def issue_code(session: Session, family_id: int, guardian_id: int, issued_by: int, code_hash: str) -> Letter:
    """Give an adult a code, of which only the hash comes here; one given before stops working.

    Raises NotFound for an adult who has a login or whose family is not active, OwnFamily for the agent's own.
    """
    guardian = _guardian(session, family_id, guardian_id, issued_by)
    _revoke(session, guardian.id)
    expires_at = clock.now() + CODE_VALIDITY
    session.add(ClaimCode(guardian_id=guardian.id, code_hash=code_hash, created_by_id=issued_by, expires_at=expires_at))
    session.flush()
    family = guardian.family
    address = address_lines(family.addresses[-1] if family.addresses else None)
    return Letter(family.id, family.name, guardian.full_name, address, expires_at)


def revoke_code(session: Session, family_id: int, guardian_id: int, revoked_by: int) -> None:
    """The code of an adult stops working. Raises like `issue_code`."""
    _revoke(session, _guardian(session, family_id, guardian_id, revoked_by).id)


def claim(session: Session, code_hash: str, email: str, consent_text_id: int) -> None:
    """Attach a login with this address to the adult who holds the code, note the consent, and send the mail.

    An address that has an account already gets the family into it, and is told so. The same form sent twice (a double
    tap) is one. Raises LinkExpired for a code that does not work, EmailTaken when another adult of the family has the
    address.
    """
    email = normalise_email(email)
    # The family first, as whoever invites its adults, accepts for one or closes it: of two at once one is the second.
    family_of_code = select(Guardian.family_id).join(ClaimCode).where(ClaimCode.code_hash == code_hash)
    lock_family(session, session.scalar(family_of_code) or 0)
    take_turns(session, email)
    row = session.scalar(select(ClaimCode).where(ClaimCode.code_hash == code_hash).with_for_update())
    if row is None or row.revoked_at is not None:
        raise LinkExpired
    guardian, family = row.guardian, row.guardian.family
    if row.used_at is not None and guardian.email == email and row.used_at > clock.now() - SAME_CLAIM_WITHIN:
        return
    is_open = row.used_at is None and row.expires_at > clock.now()
    if not is_open or guardian.user_id is not None or family.status is not FamilyStatus.ACTIVE:
        raise LinkExpired
    user = session.scalar(select(User).where(User.email == email))
    others = [other for other in family.guardians if other is not guardian]
    if any(other.email == email or (user is not None and other.user_id == user.id) for other in others):
        raise EmailTaken(email)
    if user is None:
        user = User(email=email, display_name=guardian.full_name)
        session.add(user)
    guardian.email = email
    guardian.user = user
    row.used_at = clock.now()
    session.add(Consent(family_id=family.id, text_id=consent_text_id, given_at=clock.now()))
    session.flush()
    if user.password_hash is None:
        send_activation(session, user, family)
    else:
        queue_mail(session, "family_claimed", email, family_id=family.id, family=family)
    tell_of_new_login(session, guardian)


def _guardian(session: Session, family_id: int, guardian_id: int, agent_id: int) -> Guardian:
    lock_family(session, family_id)
    guardian = session.scalar(
        select(Guardian)
        .join(Family)
        .where(
            Guardian.id == guardian_id, Guardian.family_id == family_id, Guardian.user_id.is_(None),
            Family.status == FamilyStatus.ACTIVE,
        )
    )  # fmt: skip
    if guardian is None:
        raise NotFound("guardian who may have a code")
    check_not_own(family_id, agent_id)
    return guardian


def _revoke(session: Session, guardian_id: int) -> None:
    session.execute(
        update(ClaimCode)
        .where(ClaimCode.guardian_id == guardian_id, ClaimCode.used_at.is_(None), ClaimCode.revoked_at.is_(None))
        .values(revoked_at=clock.now())
    )


def read_codes(family_id: int) -> tuple[CodeView, ...]:
    """The codes of a family's adults. Raises NotFound. Three queries."""
    family = db.session.get(Family, family_id)
    if family is None:
        raise NotFound("family")
    return tuple(view_of(guardian, family.status) for guardian in family.guardians)
