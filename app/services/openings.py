"""Openings: generated from weekdays and the school calendar, opened and closed by hand, never taken from a child."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from sqlalchemy import ColumnElement, delete, func, insert, select, update
from sqlalchemy.orm import Session

from app import clock
from app.database import db
from app.models.bookings import Booking, Opening
from app.models.families import Child
from app.rules.calendars import DayKind
from app.rules.capacity import Slot
from app.rules.openings import Key, OpeningPlan, Present, SchoolTime, days_for, plan_openings
from app.rules.states import ACTIVE_STATUSES
from app.services.catalogue import ActivityInfo, catalogue
from app.services.counters import make_counters
from app.services.errors import BookedDay, DaysBooked, NotFound
from app.services.places import stop_bookings
from app.services.waiting_lists import promote, waiting_slots

ALL_WEEK = frozenset(range(7))


@dataclass(frozen=True, slots=True)
class OpeningWish:
    """Which units are to open for which groups, on which days of a span (both ends included).

    `withdraws_others`: the days of the span that are not meant go, unless they are booked.
    """

    unit_ids: frozenset[int]
    group_ids: frozenset[int]
    weekdays: frozenset[int]
    times: frozenset[SchoolTime]
    with_public_holidays: bool
    starts_on: date
    ends_on: date
    withdraws_others: bool


@dataclass(frozen=True, slots=True)
class DaysInput:
    """Openings of some days that are opened, closed or taken away by hand."""

    unit_ids: frozenset[int]
    group_ids: frozenset[int]
    days: tuple[date, ...]


def generate_openings(
    session: Session,
    activity_id: int,
    unit_ids: Collection[int],
    group_ids: Collection[int],
    day_kinds: Collection[DayKind],
    weekdays: Collection[int],
    starts_on: date,
    ends_on: date,
) -> int:
    """Open these units for these groups on every fitting day (rules.openings) and return how many openings are new.

    Existing openings stay as they are, closed ones too; counters that the days miss are made. Raises NotFound for an
    activity, unit or group that is not there, ValueError for a span that ends before it starts.
    """
    _known(activity_id, unit_ids, group_ids)
    days = days_for(day_kinds, weekdays, starts_on, ends_on, catalogue().calendar)
    wanted = _keys(days, unit_ids, group_ids)
    present = _present(session, unit_ids, group_ids, starts_on, ends_on) if days else {}
    return _open(session, plan_openings(wanted, present, withdraw_others=False).new, days)


def preview(activity_id: int, wish: OpeningWish) -> OpeningPlan:
    """What generating would do. Raises NotFound."""
    return _plan(db.session(), activity_id, wish)


def generate(session: Session, activity_id: int, wish: OpeningWish) -> OpeningPlan:
    """Open what is asked for, and take the rest away where that is asked too; returns what was done. Raises NotFound.

    Nobody books meanwhile.
    """
    stop_bookings(session)
    plan = _plan(session, activity_id, wish)
    _open(session, plan.new, plan.days)
    _withdraw(session, plan.withdrawn)
    _promote(session, wish.unit_ids, wish.group_ids)
    return plan


def open_days(session: Session, activity_id: int, wanted: DaysInput) -> None:
    """Open days by hand, those that were closed too. Raises NotFound."""
    stop_bookings(session)
    _known(activity_id, wanted.unit_ids, wanted.group_ids)
    keys = _keys(wanted.days, wanted.unit_ids, wanted.group_ids)
    present = _present(session, wanted.unit_ids, wanted.group_ids, min(wanted.days), max(wanted.days))
    session.execute(
        update(Opening).where(*_these(wanted)).values(is_open=True, closing_reason=None),
        execution_options={"synchronize_session": False},
    )
    _open(session, keys - present.keys(), wanted.days)
    _promote(session, wanted.unit_ids, wanted.group_ids)


def close_days(session: Session, activity_id: int, wanted: DaysInput, reason: str) -> int:
    """Close days that nobody has booked; parents read the reason. Returns how many days.

    Raises NotFound, DaysBooked.
    """
    stop_bookings(session)
    _check_free(session, activity_id, wanted)
    days = session.scalar(select(func.count(Opening.day.distinct())).where(*_these(wanted))) or 0
    session.execute(
        update(Opening).where(*_these(wanted)).values(is_open=False, closing_reason=reason),
        execution_options={"synchronize_session": False},
    )
    return days


def withdraw_days(session: Session, activity_id: int, wanted: DaysInput) -> int:
    """Take days away that nobody has booked: parents see nothing of them. Returns how many days.

    Raises NotFound, DaysBooked.
    """
    stop_bookings(session)
    _check_free(session, activity_id, wanted)
    keys = _present(session, wanted.unit_ids, wanted.group_ids, min(wanted.days), max(wanted.days)).keys()
    gone = keys & _keys(wanted.days, wanted.unit_ids, wanted.group_ids)
    _withdraw(session, gone)
    return len({day for day, _slot in gone})


def days_between(starts_on: date, ends_on: date, weekdays: Collection[int] = ALL_WEEK) -> tuple[date, ...]:
    """The days of a span, both ends included, on these weekdays."""
    span = (starts_on + timedelta(days=offset) for offset in range((ends_on - starts_on).days + 1))
    return tuple(day for day in span if day.weekday() in weekdays)


def _known(activity_id: int, unit_ids: Collection[int], group_ids: Collection[int]) -> ActivityInfo:
    activity = catalogue().activities.get(activity_id)
    if activity is None:
        raise NotFound("activity")
    if not {*unit_ids} <= {unit.id for unit in activity.units} or not {*group_ids} <= {g.id for g in activity.groups}:
        raise NotFound("unit or group")
    return activity


def _plan(session: Session, activity_id: int, wish: OpeningWish) -> OpeningPlan:
    _known(activity_id, wish.unit_ids, wish.group_ids)
    kinds = frozenset(DayKind) if wish.with_public_holidays else frozenset(DayKind) - {DayKind.PUBLIC_HOLIDAY}
    days = days_for(kinds, wish.weekdays, wish.starts_on, wish.ends_on, catalogue().calendar, wish.times)
    present = _present(session, wish.unit_ids, wish.group_ids, wish.starts_on, wish.ends_on)
    wanted = _keys(days, wish.unit_ids, wish.group_ids)
    return plan_openings(wanted, present, withdraw_others=wish.withdraws_others)


def _keys(days: Iterable[date], unit_ids: Collection[int], group_ids: Collection[int]) -> frozenset[Key]:
    """An outing opens on its own day only."""
    units = catalogue().units
    return frozenset(
        (day, Slot(unit, group))
        for day in days
        for unit in unit_ids
        if units[unit].day in (None, day)
        for group in group_ids
    )


def _present(
    session: Session, unit_ids: Collection[int], group_ids: Collection[int], starts_on: date, ends_on: date
) -> Mapping[Key, Present]:
    """The openings of these units and groups in a span. Two queries."""
    here = (
        Opening.day.between(starts_on, ends_on), Opening.unit_id.in_(unit_ids), Opening.group_id.in_(group_ids),
    )  # fmt: skip
    booked = set(
        session.scalars(
            select(Booking.opening_id)
            .join(Opening, Opening.id == Booking.opening_id)
            .where(*here, Booking.status.in_(ACTIVE_STATUSES))
            .distinct()
        )
    )
    rows = session.execute(
        select(Opening.id, Opening.day, Opening.unit_id, Opening.group_id, Opening.is_open).where(*here)
    )
    return {(day, Slot(unit, group)): Present(is_open, id_ in booked) for id_, day, unit, group, is_open in rows}


def _open(session: Session, keys: Collection[Key], days: Sequence[date]) -> int:
    """Make these openings, and the counters that the days miss; returns how many openings."""
    rows = [
        {"day": day, "unit_id": slot.unit_id, "group_id": slot.group_id, "is_open": True} for day, slot in sorted(keys)
    ]
    if rows:
        session.execute(insert(Opening), rows)
    units, groups = {slot.unit_id for _day, slot in keys}, {slot.group_id for _day, slot in keys}
    make_counters(
        session, days, [scope for scope in catalogue().scopes if scope.units & units and scope.groups & groups]
    )
    return len(rows)


def _withdraw(session: Session, keys: Collection[Key]) -> None:
    """Take openings away that no child holds; those that one held once are closed, their history stays."""
    if not keys:
        return
    days, slots = {day for day, _slot in keys}, {slot for _day, slot in keys}
    rows = session.execute(
        select(Opening.id, Opening.day, Opening.unit_id, Opening.group_id).where(
            Opening.day.between(min(days), max(days)), Opening.unit_id.in_({slot.unit_id for slot in slots})
        )
    )
    ids = sorted(id_ for id_, day, unit, group in rows if (day, Slot(unit, group)) in keys)
    for first in range(0, len(ids), _AT_ONCE):
        some = ids[first : first + _AT_ONCE]
        had = set(session.scalars(select(Booking.opening_id).where(Booking.opening_id.in_(some)).distinct()))
        session.execute(
            update(Opening).where(Opening.id.in_(had)).values(is_open=False, closing_reason=None),
            execution_options={"synchronize_session": False},
        )
        session.execute(delete(Opening).where(Opening.id.in_({*some} - had)))


_AT_ONCE = 500


def _promote(session: Session, unit_ids: Collection[int], group_ids: Collection[int]) -> None:
    """Whoever waits may come on a day that opened again."""
    promote(session, waiting_slots(session, clock.today(), unit_ids, group_ids), clock.now())


def _these(wanted: DaysInput) -> tuple[ColumnElement[bool], ...]:
    return Opening.day.in_(wanted.days), Opening.unit_id.in_(wanted.unit_ids), Opening.group_id.in_(wanted.group_ids)


def _check_free(session: Session, activity_id: int, wanted: DaysInput) -> None:
    """Raises NotFound, DaysBooked."""
    _known(activity_id, wanted.unit_ids, wanted.group_ids)
    rows = session.execute(
        select(Booking.day, Child.folded_name, Child.id, Child.last_name, Child.first_name)
        .join(Opening, Opening.id == Booking.opening_id)
        .join(Child, Child.id == Booking.child_id)
        .where(*_these(wanted), Booking.status.in_(ACTIVE_STATUSES))
        .order_by(Booking.day, Child.folded_name, Child.id)
        .distinct()
    )
    names: dict[date, list[str]] = {}
    for day, _folded, _child_id, last_name, first_name in rows:
        names.setdefault(day, []).append(f"{last_name} {first_name}")
    if names:
        raise DaysBooked([BookedDay(day, tuple(children)) for day, children in names.items()])
