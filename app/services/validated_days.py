"""The end of a group's day: validating it, opening it again, and what an invoice run finds unsettled of a month."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import ColumnElement, and_, func, select
from sqlalchemy.orm import Session, aliased

from app import clock
from app.models.accounts import User
from app.models.activities import Activity, Unit
from app.models.attendances import Attendance, ValidatedDay, locks_opening
from app.models.bookings import Booking, Opening
from app.models.families import Child
from app.rules.attendances import Seen, Turnout
from app.rules.calendars import add_months
from app.rules.capabilities import Capability
from app.rules.states import BookingStatus
from app.services.attendances import Mark, lock_day, record_rest, runs_under_way, taken_by_runs
from app.services.catalogue import catalogue
from app.services.errors import DayInvoiced, DayNotTicked, DayNotValidated, NotFound, RunUnderWay
from app.services.staff_scopes import scope_of


@dataclass(frozen=True, slots=True)
class Validation:
    """That a day is locked: who, when."""

    by: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Reopening:
    """That it was opened again."""

    by: str
    at: datetime
    reason: str


@dataclass(frozen=True, slots=True)
class OpenDay:
    """A day of a group that is not validated, with its children who were expected or came, and those ticked."""

    group_id: int
    day: date
    activity_name: str
    group_name: str
    expected: int
    ticked: int


@dataclass(frozen=True, slots=True)
class UnbilledPresence:
    """A child that came, and for whom nothing can be charged: not enrolled, or what was asked for is not decided."""

    child_id: int
    child_name: str
    day: date
    activity_name: str
    unit_name: str


def is_locked(session: Session, group_id: int, day: date) -> bool:
    """Whether a group's day is validated. One query."""
    return session.scalar(select(ValidatedDay.id).where(*_is_validated(group_id, day))) is not None


def validate_day(session: Session, agent_id: int, group_id: int, day: date, rest: Turnout | None) -> None:
    """Lock a group's day; who was not ticked is recorded as ``rest``.

    Raises DayNotTicked where some were not and ``rest`` does not say, NotFound outside the agent's sites and for days
    to come, RunUnderWay. A day that is validated already stays so. An agent's own children stay as they were booked.
    """
    _check_reach(session, agent_id, group_id, day, Capability.TAKE_ATTENDANCE)
    if day > clock.today():
        raise NotFound("day")
    left = _unticked(session, group_id, day)
    if left and rest is None:
        raise DayNotTicked(len({child_id for child_id, _ in left}))
    marks = [
        Mark(f"{group_id}/{day}/{child_id}/{opening_id}/{clock.now().timestamp()}", child_id, opening_id, Seen(rest))
        for child_id, opening_id in left
    ]
    may_lock = record_rest(session, agent_id, group_id, day, marks)
    if is_locked(session, group_id, day):
        return
    if not may_lock:
        raise RunUnderWay
    session.add(ValidatedDay(group_id=group_id, day=day, validated_at=clock.now(), validated_by_id=agent_id))
    session.flush()


def reopen_day(session: Session, agent_id: int, group_id: int, day: date, reason: str) -> None:
    """Open a validated day again, with a reason that is kept.

    Raises NotFound outside the agent's sites, DayNotValidated, RunUnderWay, and DayInvoiced once an invoice run took
    something of it: then it is corrected (`correct()`).
    """
    _check_reach(session, agent_id, group_id, day, Capability.REOPEN_ATTENDANCE)
    lock_day(session, group_id, day)
    row = session.scalar(
        select(ValidatedDay).where(*_is_validated(group_id, day)).execution_options(populate_existing=True)
    )
    if row is None:
        raise DayNotValidated
    group = catalogue().groups[group_id]
    office_id = catalogue().activities[group.activity_id].office_id
    if (office_id, day.replace(day=1)) in runs_under_way(session):
        raise RunUnderWay
    bookings = select(Booking.id).join(Opening, Opening.id == Booking.opening_id)
    if taken_by_runs(session, bookings.where(Opening.group_id == group_id, Opening.day == day)):
        raise DayInvoiced
    row.reopened_at, row.reopened_by_id, row.reopen_reason = clock.now(), agent_id, reason
    session.flush()


def validations_of(session: Session, group_id: int, day: date) -> tuple[Validation | None, tuple[Reopening, ...]]:
    """That a group's day is locked, if it is, and each time that it was opened again. One query."""
    opener = aliased(User)
    rows = session.execute(
        select(ValidatedDay, User.display_name, opener.display_name)
        .join(User, User.id == ValidatedDay.validated_by_id)
        .outerjoin(opener, opener.id == ValidatedDay.reopened_by_id)
        .where(ValidatedDay.group_id == group_id, ValidatedDay.day == day)
        .order_by(ValidatedDay.id)
    ).all()
    standing = next((Validation(by, row.validated_at) for row, by, _ in rows if row.reopened_at is None), None)
    reopenings = tuple(
        Reopening(opened_by, row.reopened_at, row.reopen_reason or "")
        for row, _, opened_by in rows
        if row.reopened_at is not None
    )
    return standing, reopenings


def unvalidated_days(session: Session, office_id: int, month: date) -> tuple[OpenDay, ...]:
    """The past days of a month of an office's groups that nobody has validated, earliest first. One query."""
    first = month.replace(day=1)
    activities = {id_ for id_, each in catalogue().activities.items() if each.office_id == office_id}
    return open_days(session, activities, first, add_months(first, 1))


def open_days(session: Session, activity_ids: Collection[int], first: date, end: date) -> tuple[OpenDay, ...]:
    """The same of some activities, for the days from ``first`` and before ``end`` that are over. One query."""
    known = catalogue()
    units = [unit.id for id_ in activity_ids for unit in known.activities[id_].units]
    rows = session.execute(
        select(
            Opening.group_id, Opening.day, func.count(func.distinct(Booking.child_id)),
            func.count(func.distinct(Attendance.child_id)),
        )
        .join(Booking, Booking.opening_id == Opening.id)
        .outerjoin(Attendance, and_(Attendance.booking_id == Booking.id, Attendance.turnout.is_not(None)))
        .outerjoin(ValidatedDay, locks_opening())
        .where(
            Opening.unit_id.in_(units), Opening.day >= first, Opening.day < min(end, clock.today()),
            Booking.status == BookingStatus.CONFIRMED, ValidatedDay.id.is_(None),
        )
        .group_by(Opening.group_id, Opening.day)
        .order_by(Opening.day, Opening.group_id)
    )  # fmt: skip
    return tuple(
        OpenDay(
            group_id, day, known.activities[known.groups[group_id].activity_id].name, known.groups[group_id].name,
            expected, ticked,
        )
        for group_id, day, expected, ticked in rows
    )  # fmt: skip


def unbilled_presences(session: Session, office_id: int, month: date) -> tuple[UnbilledPresence, ...]:
    """The children who came in a month of an office, and for whom nothing can be charged. One query."""
    first, known = month.replace(day=1), catalogue()
    rows = session.execute(
        select(Child.id, Child.last_name, Child.first_name, Opening.day, Opening.unit_id)
        .join(Attendance, Attendance.child_id == Child.id)
        .join(Opening, Opening.id == Attendance.opening_id)
        .join(Unit, Unit.id == Opening.unit_id)
        .join(Activity, Activity.id == Unit.activity_id)
        .where(
            Activity.office_id == office_id, Opening.day >= first, Opening.day < add_months(first, 1),
            Attendance.turnout == Turnout.PRESENT, Attendance.booking_id.is_(None),
        )
        .order_by(Opening.day, Child.folded_name, Child.id, Opening.unit_id)
    )  # fmt: skip
    return tuple(
        UnbilledPresence(
            child_id, f"{first_name} {last_name}", day, known.activities[known.units[unit_id].activity_id].name,
            known.units[unit_id].name,
        )
        for child_id, last_name, first_name, day, unit_id in rows
    )  # fmt: skip


def _is_validated(group_id: int, day: date) -> Iterable[ColumnElement[bool]]:
    return ValidatedDay.group_id == group_id, ValidatedDay.day == day, ValidatedDay.reopened_at.is_(None)


def _unticked(session: Session, group_id: int, day: date) -> Sequence[tuple[int, int]]:
    """Who was expected in a group's day and was not ticked: child and opening."""
    rows = session.execute(
        select(Booking.child_id, Booking.opening_id)
        .join(Opening, Opening.id == Booking.opening_id)
        .outerjoin(
            Attendance, and_(Attendance.child_id == Booking.child_id, Attendance.opening_id == Booking.opening_id)
        )
        .where(
            Opening.group_id == group_id, Opening.day == day, Booking.status == BookingStatus.CONFIRMED,
            Attendance.turnout.is_(None),
        )
        .order_by(Booking.child_id, Booking.opening_id)
    )  # fmt: skip
    return rows.tuples().all()


def _check_reach(session: Session, agent_id: int, group_id: int, day: date, capability: Capability) -> None:
    known = catalogue()
    group = known.groups.get(group_id)
    if group is None or not scope_of(session, agent_id, capability).covers(known.activities[group.activity_id]):
        raise NotFound("group")
    if session.scalar(select(Opening.id).where(Opening.group_id == group_id, Opening.day == day).limit(1)) is None:
        raise NotFound("day")
