"""A booking that the staff decide: from when to when it waits, and what stands against accepting it.

Source: product.md section 5, docs/rules/booking_requests.md.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from enum import StrEnum, auto

from app.rules.combinations import Breach
from app.rules.deadlines import paris_moment
from app.rules.states import BookingStatus


class Obstacle(StrEnum):
    """Why a request cannot be accepted as it is."""

    CHANGED = auto()  # decided by a colleague, or withdrawn, since it was shown
    FAMILY_CLOSED = auto()
    STARTED = auto()
    CLOSED = auto()
    NOT_ENROLLED = auto()
    NO_PRICE = auto()
    FULL = auto()
    BREAKS_COMBINATION = auto()
    OVERLAPS = auto()


OVERRULABLE = frozenset({Obstacle.FULL, Obstacle.BREAKS_COMBINATION, Obstacle.OVERLAPS})
"""What the staff may accept all the same, with a reason."""


@dataclass(frozen=True, slots=True)
class RequestFacts:
    """All that is known of a request when it is decided. ``breach``: of the day with it and all that is decided."""

    family_may_act: bool = True
    has_started: bool = False
    is_open: bool = True
    is_enrolled: bool = True
    has_price: bool = True
    has_place: bool = True
    breach: Breach | None = None


def obstacle(facts: RequestFacts) -> Obstacle | None:
    """What stands against a request; the first that applies, None where nothing does."""
    standing = {
        Obstacle.FAMILY_CLOSED: not facts.family_may_act,
        Obstacle.STARTED: facts.has_started,
        Obstacle.CLOSED: not facts.is_open,
        Obstacle.NOT_ENROLLED: not facts.is_enrolled,
        Obstacle.NO_PRICE: not facts.has_price,
        Obstacle.FULL: not facts.has_place,
        Obstacle.OVERLAPS: facts.breach is Breach.OVERLAPS,
        Obstacle.BREAKS_COMBINATION: facts.breach is not None,
    }
    return next((each for each, stands in standing.items() if stands), None)


def first_status(*, on_request: bool, is_beside_request: bool) -> BookingStatus:
    """As what a parent's tick is stored: ``is_beside_request``: another request of that day and activity waits."""
    return BookingStatus.REQUESTED if on_request or is_beside_request else BookingStatus.CONFIRMED


def answer_until(day: date, starts: Iterable[time]) -> datetime:
    """Until when the requests of one child, day and activity wait: the start of the first of them, in Paris."""
    return paris_moment(day, min(starts))


def is_unanswered(until: datetime, now: datetime) -> bool:
    """Whether nobody decided in time."""
    return now.astimezone(UTC) >= until.astimezone(UTC)
