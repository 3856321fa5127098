"""Guessing passwords and codes is slowed down; see docs/rules/sign_ins.md."""

from datetime import timedelta

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from app import clock
from app.database import db
from app.models.accounts import SignInFailure
from app.services.accounts import normalise_email
from app.services.credentials import hash_secret
from app.services.errors import TooManyAttempts

THROTTLE_WINDOW = timedelta(minutes=15)
MAX_FAILURES_PER_ACCOUNT_AND_PLACE = 8
MAX_FAILURES_PER_PLACE = 200  # a whole village may share a mobile operator's address


def check_throttle(email: str, place: str) -> None:
    """Raise TooManyAttempts when this address was mistyped too often from this place in the last 15 minutes."""
    since = clock.now() - THROTTLE_WINDOW
    for subject, limit in _throttle_subjects(email, place):
        times = db.session.scalars(
            select(SignInFailure.at)
            .where(SignInFailure.subject_hash == subject, SignInFailure.at > since)
            .order_by(SignInFailure.at.desc())
            .limit(limit)
        ).all()
        if len(times) >= limit:
            raise TooManyAttempts(times[-1] + THROTTLE_WINDOW)


def record_failure(session: Session, email: str, place: str) -> None:
    """Count a failed sign-in and forget those that no longer matter."""
    session.execute(delete(SignInFailure).where(SignInFailure.at <= clock.now() - THROTTLE_WINDOW))
    for subject, _limit in _throttle_subjects(email, place):
        session.add(SignInFailure(subject_hash=subject, at=clock.now()))


def _throttle_subjects(email: str, place: str) -> tuple[tuple[str, int], ...]:
    return (
        (hash_secret(f"{normalise_email(email)} {place}"), MAX_FAILURES_PER_ACCOUNT_AND_PLACE),
        (hash_secret(f"* {place}"), MAX_FAILURES_PER_PLACE),
    )
