"""The statuses of what is stored, and which may follow which.

Source: product.md sections 4 and 5, docs/rules/states.md.
"""

from collections.abc import Mapping
from enum import StrEnum, auto
from typing import TypeVar, cast


class Actor(StrEnum):
    """Who makes a transition."""

    PARENT = auto()
    STAFF = auto()
    SYSTEM = auto()


class BookingStatus(StrEnum):
    """Where a booking stands."""

    REQUESTED = auto()
    CONFIRMED = auto()
    WAITING = auto()
    OFFERED = auto()
    AWAITING_PAYMENT = auto()
    CANCELLED = auto()
    REFUSED = auto()
    EXPIRED = auto()


class CancelClass(StrEnum):
    """How a booking was cancelled; a late one keeps its price, until the staff accept what justifies it."""

    IN_TIME = auto()
    LATE_CHARGED = auto()
    JUSTIFIED = auto()  # too late, and not charged any more
    STRUCTURE = auto()


class EnrolmentStatus(StrEnum):
    """Where an enrolment stands."""

    REQUESTED = auto()
    ACCEPTED = auto()
    REFUSED = auto()
    WAITING = auto()
    CANCELLED = auto()
    ENDED = auto()


class FamilyStatus(StrEnum):
    """Where a family's account stands."""

    PENDING = auto()
    ACTIVE = auto()
    REFUSED = auto()
    CLOSED = auto()
    ERASED = auto()  # nobody is named any more; what it was invoiced stays


class ChangeStatus(StrEnum):
    """Where a family's request for a change of its file stands."""

    PENDING = auto()
    ACCEPTED = auto()
    REFUSED = auto()
    WITHDRAWN = auto()


class ErasureStatus(StrEnum):
    """Where a family's request to be erased stands."""

    PENDING = auto()
    DONE = auto()
    REFUSED = auto()
    WITHDRAWN = auto()


class ErasureCause(StrEnum):
    """Why a family is to be erased."""

    ASKED = auto()
    CONSENT_WITHDRAWN = auto()
    AT_COUNTER = auto()  # asked by letter, by telephone or at the counter


ACTIVE_STATUSES = frozenset(
    {
        BookingStatus.REQUESTED,
        BookingStatus.CONFIRMED,
        BookingStatus.WAITING,
        BookingStatus.OFFERED,
        BookingStatus.AWAITING_PAYMENT,
    }
)
"""At most one booking of a child in an opening has one of these."""

HOLDING_STATUSES = ACTIVE_STATUSES - {BookingStatus.WAITING}
"""These spend a place."""

DECIDED_STATUSES = HOLDING_STATUSES - {BookingStatus.REQUESTED}
"""These have one that nobody has to decide about any more."""

BOOKING_TRANSITIONS: Mapping[BookingStatus | None, frozenset[BookingStatus]] = {
    None: frozenset(
        {
            BookingStatus.REQUESTED,
            BookingStatus.CONFIRMED,
            BookingStatus.WAITING,
            BookingStatus.AWAITING_PAYMENT,
        }
    ),
    BookingStatus.REQUESTED: frozenset(
        {
            BookingStatus.CONFIRMED,
            BookingStatus.AWAITING_PAYMENT,
            BookingStatus.WAITING,
            BookingStatus.REFUSED,
            BookingStatus.CANCELLED,
            BookingStatus.EXPIRED,
        }
    ),
    BookingStatus.WAITING: frozenset(
        {
            BookingStatus.OFFERED,
            BookingStatus.CONFIRMED,
            BookingStatus.AWAITING_PAYMENT,
            BookingStatus.REFUSED,
            BookingStatus.CANCELLED,
            BookingStatus.EXPIRED,
        }
    ),
    BookingStatus.OFFERED: frozenset(
        {
            BookingStatus.CONFIRMED,
            BookingStatus.AWAITING_PAYMENT,
            BookingStatus.CANCELLED,
            BookingStatus.EXPIRED,
        }
    ),
    BookingStatus.AWAITING_PAYMENT: frozenset(
        {BookingStatus.CONFIRMED, BookingStatus.CANCELLED, BookingStatus.EXPIRED}
    ),
    BookingStatus.CONFIRMED: frozenset({BookingStatus.CANCELLED}),
    BookingStatus.CANCELLED: frozenset(),
    BookingStatus.REFUSED: frozenset(),
    BookingStatus.EXPIRED: frozenset(),
}
"""An ended booking stays ended: booking the same opening again makes a new booking, so that the log stays readable."""

ENROLMENT_TRANSITIONS: Mapping[EnrolmentStatus | None, frozenset[EnrolmentStatus]] = {
    None: frozenset({EnrolmentStatus.REQUESTED, EnrolmentStatus.ACCEPTED}),
    EnrolmentStatus.REQUESTED: frozenset(
        {
            EnrolmentStatus.ACCEPTED,
            EnrolmentStatus.REFUSED,
            EnrolmentStatus.WAITING,
            EnrolmentStatus.CANCELLED,
        }
    ),
    EnrolmentStatus.WAITING: frozenset({EnrolmentStatus.ACCEPTED, EnrolmentStatus.REFUSED, EnrolmentStatus.CANCELLED}),
    EnrolmentStatus.ACCEPTED: frozenset({EnrolmentStatus.ENDED, EnrolmentStatus.CANCELLED}),
    EnrolmentStatus.REFUSED: frozenset(),
    EnrolmentStatus.CANCELLED: frozenset(),
    EnrolmentStatus.ENDED: frozenset(),
}
"""A refused child may be requested again: that is a new enrolment."""

FAMILY_TRANSITIONS: Mapping[FamilyStatus | None, frozenset[FamilyStatus]] = {
    None: frozenset({FamilyStatus.PENDING, FamilyStatus.ACTIVE}),
    FamilyStatus.PENDING: frozenset({FamilyStatus.ACTIVE, FamilyStatus.REFUSED}),
    FamilyStatus.ACTIVE: frozenset({FamilyStatus.CLOSED, FamilyStatus.ERASED}),
    FamilyStatus.REFUSED: frozenset({FamilyStatus.PENDING, FamilyStatus.ERASED}),
    FamilyStatus.CLOSED: frozenset({FamilyStatus.ACTIVE, FamilyStatus.ERASED}),
    FamilyStatus.ERASED: frozenset(),
}
"""A file made at the counter starts active; a refusal by mistake goes back to the queue; a closed file may reopen; what
is erased is erased."""

ERASURE_TRANSITIONS: Mapping[ErasureStatus | None, frozenset[ErasureStatus]] = {
    None: frozenset({ErasureStatus.PENDING}),
    ErasureStatus.PENDING: frozenset({ErasureStatus.DONE, ErasureStatus.REFUSED, ErasureStatus.WITHDRAWN}),
    ErasureStatus.DONE: frozenset(),
    ErasureStatus.REFUSED: frozenset(),
    ErasureStatus.WITHDRAWN: frozenset(),
}
"""What was refused may be asked again, as a new request."""

CHANGE_TRANSITIONS: Mapping[ChangeStatus | None, frozenset[ChangeStatus]] = {
    None: frozenset({ChangeStatus.PENDING}),
    ChangeStatus.PENDING: frozenset({ChangeStatus.ACCEPTED, ChangeStatus.REFUSED, ChangeStatus.WITHDRAWN}),
    ChangeStatus.ACCEPTED: frozenset(),
    ChangeStatus.REFUSED: frozenset(),
    ChangeStatus.WITHDRAWN: frozenset(),
}
"""A decision is never taken back: what was refused may be asked again, as a new request."""

TRANSITIONS: Mapping[type[StrEnum], Mapping[StrEnum | None, frozenset[StrEnum]]] = {
    BookingStatus: cast(Mapping[StrEnum | None, frozenset[StrEnum]], BOOKING_TRANSITIONS),
    EnrolmentStatus: cast(Mapping[StrEnum | None, frozenset[StrEnum]], ENROLMENT_TRANSITIONS),
    FamilyStatus: cast(Mapping[StrEnum | None, frozenset[StrEnum]], FAMILY_TRANSITIONS),
    ChangeStatus: cast(Mapping[StrEnum | None, frozenset[StrEnum]], CHANGE_TRANSITIONS),
    ErasureStatus: cast(Mapping[StrEnum | None, frozenset[StrEnum]], ERASURE_TRANSITIONS),
}

Status = TypeVar("Status", BookingStatus, EnrolmentStatus, FamilyStatus, ChangeStatus, ErasureStatus)


class ForbiddenTransition(ValueError):
    """A status may not follow another; ``before`` is None for a beginning."""

    def __init__(self, before: StrEnum | None, after: StrEnum) -> None:
        super().__init__(f"{type(after).__name__}: {before or 'nothing'} to {after}")
        self.before = before
        self.after = after


def check_transition(before: Status | None, after: Status) -> None:
    """Raise ForbiddenTransition unless ``after`` may follow ``before`` (None: the thing is being made)."""
    if after not in _followers(before, after):
        raise ForbiddenTransition(before, after)


def _followers(before: StrEnum | None, after: StrEnum) -> frozenset[StrEnum]:
    # Members of different enums with the same word compare equal, so the kind is checked before the word.
    if before is not None and type(before) is not type(after):
        return frozenset()
    return TRANSITIONS[type(after)].get(before, frozenset())
