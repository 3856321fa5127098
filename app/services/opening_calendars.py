"""The year of an activity, day by day, as the staff see and edit it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum, auto

from sqlalchemy import Integer, func, select

from app import labels
from app.database import db
from app.models.bookings import Booking, Opening
from app.rules.calendars import DayKind, add_months
from app.rules.states import ACTIVE_STATUSES
from app.services.catalogue import ActivityInfo, catalogue
from app.services.scope_settings import DayPlaces, places_on, scopes_of_activity


class DayState(StrEnum):
    """What of an activity is open on a day."""

    NONE = auto()  # no opening
    OPEN = auto()
    PARTLY = auto()
    CLOSED = auto()


@dataclass(frozen=True, slots=True)
class YearDay:
    """A day of the year: what is open, how many children are booked, what kind of day it is."""

    day: date
    state: DayState
    children: int
    kind: DayKind
    note: str | None  # « Férié : Armistice », « Vacances de Noël »


@dataclass(frozen=True, slots=True)
class YearMonth:
    """A month as weeks of seven days, Monday first; None: a day of another month."""

    first_day: date
    weeks: tuple[tuple[YearDay | None, ...], ...]


@dataclass(frozen=True, slots=True)
class OpeningLine:
    """An opening of a day: is it open, why not, how many children are booked."""

    unit_name: str
    group_name: str
    is_open: bool
    closing_reason: str | None
    children: int


@dataclass(frozen=True, slots=True)
class DayDetail:
    """A day with its openings and places."""

    day: date
    note: str | None
    openings: tuple[OpeningLine, ...]
    places: tuple[DayPlaces, ...]


def read_year(activity: ActivityInfo) -> tuple[YearMonth, ...]:
    """The months of an activity's season. Two queries."""
    season = activity.season
    days = _days(activity)
    months = []
    first = season.starts_on.replace(day=1)
    while first <= season.ends_on:
        months.append(YearMonth(first, _weeks(first, days)))
        first = add_months(first, 1)
    return tuple(months)


def read_day(activity: ActivityInfo, day: date) -> DayDetail:
    """A day of an activity. Three queries."""
    unit_ids = [unit.id for unit in activity.units]
    booked = (
        select(Booking.opening_id, func.count().label("children"))
        .where(Booking.day == day, Booking.status.in_(ACTIVE_STATUSES))
        .group_by(Booking.opening_id)
        .subquery()
    )
    rows = db.session.execute(
        select(
            Opening.unit_id, Opening.group_id, Opening.is_open, Opening.closing_reason,
            func.coalesce(booked.c.children, 0),
        )
        .outerjoin(booked, booked.c.opening_id == Opening.id)
        .where(Opening.day == day, Opening.unit_id.in_(unit_ids))
    )  # fmt: skip
    found = {(unit, group): rest for unit, group, *rest in rows}
    lines = tuple(
        OpeningLine(unit.name, group.name, *found[unit.id, group.id])
        for unit in activity.units
        for group in activity.groups
        if (unit.id, group.id) in found
    )
    note = labels.day_note(catalogue().calendar, day)
    return DayDetail(day, note, lines, places_on(day, scopes_of_activity(activity)) if lines else ())


def calendar_ends_on() -> date | None:
    """The last day that the school calendar knows."""
    return max((each.ends_on for each in catalogue().calendar.school_holidays), default=None)


def _days(activity: ActivityInfo) -> Mapping[date, tuple[int, int, int]]:
    """By day: its openings, those that are open, the children booked."""
    of_activity = Opening.unit_id.in_([unit.id for unit in activity.units])
    children = dict(
        db.session.execute(
            select(Opening.day, func.count(Booking.child_id.distinct()))
            .join(Booking, Booking.opening_id == Opening.id)
            .where(of_activity, Booking.status.in_(ACTIVE_STATUSES))
            .group_by(Opening.day)
        )
        .tuples()
        .all()
    )
    rows = db.session.execute(
        select(Opening.day, func.count(), func.sum(Opening.is_open.cast(Integer)))
        .where(of_activity)
        .group_by(Opening.day)
    )
    return {day: (count, is_open, children.get(day, 0)) for day, count, is_open in rows}


def _weeks(first: date, days: Mapping[date, tuple[int, int, int]]) -> tuple[tuple[YearDay | None, ...], ...]:
    monday = first - timedelta(days=first.weekday())
    weeks = []
    while monday < add_months(first, 1):
        span = (monday + timedelta(days=offset) for offset in range(7))
        weeks.append(tuple(_year_day(day, days) if day.month == first.month else None for day in span))
        monday += timedelta(days=7)
    return tuple(weeks)


def _year_day(day: date, days: Mapping[date, tuple[int, int, int]]) -> YearDay:
    calendar = catalogue().calendar
    count, is_open, children = days.get(day, (0, 0, 0))
    if not count:
        state = DayState.NONE
    elif not is_open:
        state = DayState.CLOSED
    else:
        state = DayState.OPEN if is_open == count else DayState.PARTLY
    return YearDay(day, state, children, calendar.kind(day), labels.day_note(calendar, day))
