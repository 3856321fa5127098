"""How long a session lasts, when a password is asked again, and how guessing is slowed down.

Source: product.md section 8, docs/rules/sign_ins.md.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum, auto

PARENT_SESSION = timedelta(days=30)
STAFF_SESSION = timedelta(hours=12)
STAFF_IDLE = timedelta(minutes=30)

STEP_UP_WITHIN = timedelta(minutes=15)
"""A sensitive change wants the password (and the code) given this lately."""

THROTTLE_WINDOW = timedelta(minutes=15)

CODE_SECONDS = 30
"""How long a one-time code is shown; a code is accepted one such step too early or too late."""


class Subject(StrEnum):
    """What failures are counted by."""

    ACCOUNT_AND_PLACE = auto()
    PLACE = auto()
    DEVICE = auto()


MOST_FAILURES = {
    Subject.ACCOUNT_AND_PLACE: 8,
    Subject.PLACE: 200,  # a whole village may share a mobile operator's address
    Subject.DEVICE: 8,
}


@dataclass(frozen=True, slots=True)
class SessionTimes:
    """When a session was opened until when it may last, and when it was used last."""

    expires_at: datetime
    last_seen_at: datetime


def has_ended(session: SessionTimes, is_staff: bool, now: datetime) -> bool:
    """Whether nobody is signed in with this session any more."""
    return session.expires_at <= now or (is_staff and session.last_seen_at + STAFF_IDLE <= now)


def must_confirm(confirmed_at: datetime | None, now: datetime) -> bool:
    """Whether the password must be given again before a sensitive change."""
    return confirmed_at is None or confirmed_at + STEP_UP_WITHIN <= now


def subjects_of(knows_device: bool) -> tuple[Subject, ...]:
    """What a failure counts for: a device that signed in to this account before answers for itself alone."""
    return (Subject.DEVICE,) if knows_device else (Subject.ACCOUNT_AND_PLACE, Subject.PLACE)


def retry_at(subject: Subject, failures: Sequence[datetime], now: datetime) -> datetime | None:
    """From when on one may try again after these failures, in any order; None: at once."""
    counted = sorted((at for at in failures if at + THROTTLE_WINDOW > now), reverse=True)
    most = MOST_FAILURES[subject]
    return counted[most - 1] + THROTTLE_WINDOW if len(counted) >= most else None


def usable_steps(now: datetime, last_step: int) -> tuple[int, ...]:
    """The steps whose code is accepted now: the present one and its neighbours, none that a used code reached."""
    present = int(now.timestamp()) // CODE_SECONDS
    return tuple(step for step in (present - 1, present, present + 1) if step > last_step)
