"""Where the days of groups stand: validating one, opening it again, and what nobody validated or nobody can charge."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import ColumnElement, Select, and_, case, func, or_, select
from sqlalchemy.orm import Session, aliased

from app import clock
from app.models.accounts import User
from app.models.activities import Activity, Unit
from app.models.attendances import Attendance, ValidatedDay, locks_opening
from app.models.bookings import Booking, Opening
from app.models.families import Child
from app.models.invoices import InvoicedBooking
from app.rules.attendances import Seen, Turnout
from app.rules.calendars import add_months
from app.rules.capabilities import Capability
from app.rules.states import BookingStatus
from app.services.attendances import Mark, lock_day, months_being_issued, record_rest, taken_by_runs
from app.services.catalogue import ActivityInfo, GroupInfo, catalogue
from app.services.errors import DayInvoiced, DayNotTicked, DayNotValidated, NotFound, RunUnderWay
from app.services.staff_scopes import scope_of

_EXPECTED = func.count(func.distinct(Booking.child_id))
_UNTICKED = func.count(func.distinct(case((Attendance.turnout.is_(None), Booking.child_id))))

LOOKED_BACK = timedelta(days=62)
"""So long ago a day may be that is told not to be validated."""
MOST_TOLD = 20
"""So many of them are, the latest first."""


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
class GroupLine:
    """Where a group's day stands: how many children are expected, and how many of them are ticked in each unit."""

    activity: ActivityInfo
    group: GroupInfo
    day: date
    expected: int
    ticked: int
    is_validated: bool


@dataclass(frozen=True, slots=True)
class UnbilledPresence:
    """A child that came, and for whom nothing can be charged: not enrolled, or what was asked for is not decided."""

    child_id: int
    child_name: str
    day: date
    unit_id: int


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
    if (office_id, day.replace(day=1)) in months_being_issued(session):
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


def groups_of_day(session: Session, activities: Iterable[ActivityInfo], day: date) -> tuple[GroupLine, ...]:
    """The groups of some activities that have anything that day. One query."""
    return _group_lines(session, activities, _group_days().where(Opening.day == day))


def days_to_validate(
    session: Session, activities: Iterable[ActivityInfo], first: date, end: date, latest: int | None = None
) -> tuple[GroupLine, ...]:
    """The days that are over, that nobody validated and of which something is still to be invoiced, earliest first, of
    some activities: from ``first``, before ``end``; of them the ``latest`` so many, or all. One query.
    """
    rows = (
        _group_days()
        .outerjoin(InvoicedBooking, InvoicedBooking.booking_id == Booking.id)
        .where(Opening.day >= first, Opening.day < min(end, clock.today()), ValidatedDay.id.is_(None))
        .having(func.count(case((InvoicedBooking.booking_id.is_(None), Booking.id))) > 0)
        .order_by(Opening.day.desc(), Opening.group_id)
        .limit(latest)
    )
    return _group_lines(session, activities, rows)


def days_to_tell(session: Session, activities: Iterable[ActivityInfo]) -> tuple[GroupLine, ...]:
    """Those of the last weeks that a team is told of, the latest first. One query."""
    today = clock.today()
    return days_to_validate(session, activities, today - LOOKED_BACK, today, MOST_TOLD)[::-1]


def unbilled_presences(session: Session, office_id: int, month: date) -> tuple[UnbilledPresence, ...]:
    """The children who came in a month of an office, and for whom nothing can be charged. One query."""
    first = month.replace(day=1)
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
        UnbilledPresence(child_id, f"{first_name} {last_name}", day, unit_id)
        for child_id, last_name, first_name, day, unit_id in rows
    )


def _group_days() -> Select[tuple[int, date, int, int, bool]]:
    return (
        select(Opening.group_id, Opening.day, _EXPECTED, _EXPECTED - _UNTICKED, func.max(ValidatedDay.id).is_not(None))
        .outerjoin(Booking, and_(Booking.opening_id == Opening.id, Booking.status == BookingStatus.CONFIRMED))
        .outerjoin(Attendance, Attendance.booking_id == Booking.id)
        .outerjoin(ValidatedDay, locks_opening())
        .where(or_(Opening.is_open, Booking.id.is_not(None)))
        .group_by(Opening.group_id, Opening.day)
    )


def _group_lines(
    session: Session, activities: Iterable[ActivityInfo], rows: Select[tuple[int, date, int, int, bool]]
) -> tuple[GroupLine, ...]:
    """Those of the activities, by day and in the order of the planning."""
    known = catalogue()
    groups = {group.id: activity for activity in activities for group in activity.groups}
    lines = [
        GroupLine(groups[id_], known.groups[id_], day, expected, ticked, is_validated)
        for id_, day, expected, ticked, is_validated in session.execute(rows.where(Opening.group_id.in_(groups)))
    ]
    order = {id_: place for place, id_ in enumerate(known.activities)}
    return tuple(sorted(lines, key=lambda line: (line.day, order[line.activity.id], line.group.id)))


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
