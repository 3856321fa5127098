"""Guessing passwords and codes is slowed down; see docs/rules/sign_ins.md."""

from dataclasses import dataclass
from ipaddress import IPv6Address, ip_address

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from app import clock
from app.database import db
from app.models.accounts import SignInFailure
from app.rules.sign_ins import MOST_FAILURES, THROTTLE_WINDOW, Subject, retry_at, subjects_of
from app.services.accounts import normalise_email
from app.services.credentials import hash_secret
from app.services.errors import TooManyAttempts

_BITS_OF_A_HOUSE = 64  # whoever has one IPv6 address has a whole /64 of them


@dataclass(frozen=True, slots=True)
class Attempt:
    """Somebody gives a password or a code: for which account, from where."""

    email: str
    address: str  # the IP address; empty where there is none
    device: str | None  # the name of a browser that signed in to this account before


def check_throttle(attempt: Attempt) -> None:
    """Raise TooManyAttempts when there were too many failures; then nothing may be looked at."""
    now = clock.now()
    for subject, subject_hash in _subjects(attempt):
        times = db.session.scalars(
            select(SignInFailure.at)
            .where(SignInFailure.subject_hash == subject_hash, SignInFailure.at > now - THROTTLE_WINDOW)
            .order_by(SignInFailure.at.desc())
            .limit(MOST_FAILURES[subject])
        ).all()
        moment = retry_at(subject, times, now)
        if moment is not None:
            raise TooManyAttempts(moment)


def record_failure(session: Session, attempt: Attempt) -> None:
    """Count a failure and forget those that no longer matter."""
    now = clock.now()
    session.execute(delete(SignInFailure).where(SignInFailure.at <= now - THROTTLE_WINDOW))
    session.add_all(SignInFailure(subject_hash=subject_hash, at=now) for _subject, subject_hash in _subjects(attempt))


def place_of(address: str) -> str:
    """What counts as one place: an IPv4 address, or the network of an IPv6 address."""
    try:
        parsed = ip_address(address)
    except ValueError:
        return address
    if not isinstance(parsed, IPv6Address):
        return address
    if parsed.ipv4_mapped is not None:
        return str(parsed.ipv4_mapped)
    return f"{int(parsed) >> (128 - _BITS_OF_A_HOUSE):x}::"


def _subjects(attempt: Attempt) -> tuple[tuple[Subject, str], ...]:
    email, place = normalise_email(attempt.email), place_of(attempt.address)
    names = {
        Subject.ACCOUNT_AND_PLACE: f"{email} {place}",
        Subject.PLACE: f"* {place}",
        Subject.DEVICE: f"{email} device {attempt.device}",
    }
    return tuple(
        (subject, hash_secret(names[subject])) for subject in subjects_of(knows_device=attempt.device is not None)
    )
