"""The planning of a day or of a week as the teams need it: who comes to which unit, who collects whom, and how many
places are taken.
"""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import ColumnElement, exists, func, select
from sqlalchemy.orm import aliased

from app import labels
from app.database import db
from app.models.bookings import Booking, BookingEvent, CapacityCounter, Opening
from app.models.families import Child
from app.rules.calendars import DayKind
from app.rules.capacity import Left, Slot, covering, left_of
from app.rules.enrolments import age_on
from app.rules.states import BookingStatus, CancelClass
from app.rules.texts import fold
from app.services.care import Around, collectors_on
from app.services.catalogue import ActivityInfo, Catalogue, UnitInfo, catalogue
from app.services.sheet_scopes import Asked, SheetScope, sheet_scope


@dataclass(frozen=True, slots=True)
class Closing:
    """A unit that does not open for a group that day."""

    unit_name: str
    group_name: str
    reason: str | None


@dataclass(frozen=True, slots=True)
class UnitColumn:
    """A unit that opens that day, and how many children come."""

    unit: UnitInfo
    count: int


@dataclass(frozen=True, slots=True)
class ChildLine:
    """A child who comes, and to which of the activity's columns."""

    child_id: int
    name: str  # « TEST Léa », as in a register
    age: int  # completed years that day
    present: tuple[bool, ...]  # in the order of the columns
    notes: tuple[tuple[str, str], ...]  # « Présence spéciale »: the unit, and what the staff noted; where asked for
    around: Around | None  # who collects the child, where asked for


@dataclass(frozen=True, slots=True)
class GroupBlock:
    """The children of a group, by name."""

    name: str
    children: tuple[ChildLine, ...]


@dataclass(frozen=True, slots=True)
class Absence:
    """A child that was expected and whose parent said, after the deadline, that it does not come; when they did."""

    child_id: int
    name: str
    told_at: datetime
    unit_names: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Places:
    """The places of a capacity scope that day."""

    name: str
    taken: int
    places: int
    online_places: int | None  # of them, those that parents may take; None: all

    @property
    def left(self) -> Left:
        """What is left, to parents and of all."""
        return left_of(self.places, self.online_places, self.taken)

    @property
    def over(self) -> int:
        """How many children there are beyond the places."""
        return max(0, self.taken - self.places)

    @property
    def is_full(self) -> bool:
        """Whether no place is left."""
        return self.taken >= self.places


@dataclass(frozen=True, slots=True)
class ActivityDay:
    """An activity that has openings that day, closed ones included."""

    id: int
    name: str
    site_name: str
    columns: tuple[UnitColumn, ...]
    groups: tuple[GroupBlock, ...]
    absences: tuple[Absence, ...]  # those told last first
    places: tuple[Places, ...]
    closings: tuple[Closing, ...]
    children: int  # distinct ones


@dataclass(frozen=True, slots=True)
class DayPlanning:
    """A day, and the activities asked for."""

    day: date
    kind: DayKind
    note: str | None  # « Férié : Noël », « Vacances de Noël »
    activities: tuple[ActivityDay, ...]
    scope: SheetScope
    next_open_day: date | None  # looked for only when nothing opens on this one


@dataclass(frozen=True, slots=True)
class WeekLine:
    """A child who comes in a week: the units of each day, in the order of its columns."""

    child_id: int
    name: str
    age: int  # completed years on the Monday
    units: tuple[tuple[str, ...], ...]


@dataclass(frozen=True, slots=True)
class ActivityWeek:
    """An activity of a week: how many children come on each day, and who, by group."""

    id: int
    name: str
    site_name: str
    days: tuple[date, ...]  # those on which it opens, or somebody comes
    counts: tuple[int, ...]
    groups: tuple[tuple[str, tuple[WeekLine, ...]], ...]
    children: int  # distinct ones


@dataclass(frozen=True, slots=True)
class WeekPlanning:
    """A week, and the activities asked for that have openings or bookings in it."""

    days: tuple[date, ...]  # those on which something opens or somebody comes
    notes: tuple[str | None, ...]  # what kind of day each is
    activities: tuple[ActivityWeek, ...]
    scope: SheetScope


@dataclass(frozen=True, slots=True)
class _Presence:
    day: date
    unit_id: int
    group_id: int
    child_id: int
    name: str
    birth_date: date
    note: str | None


@dataclass(frozen=True, slots=True)
class _OpeningRow:
    unit_id: int
    group_id: int
    is_open: bool
    closing_reason: str | None


def read_day_planning(day: date, scope: SheetScope | None = None, *, with_details: bool = False) -> DayPlanning:
    """Who comes on a day; without scope, to all activities. With the details: special notes, who collects the child.

    Five queries, two more with the details.
    """
    known = catalogue()
    if scope is None:
        scope = sheet_scope(tuple(known.activities.values()), Asked(), day, day)
    openings: defaultdict[int, list[_OpeningRow]] = defaultdict(list)
    rows = select(Opening.unit_id, Opening.group_id, Opening.is_open, Opening.closing_reason).where(
        Opening.day == day, *_within(scope)
    )
    for row in db.session.execute(rows):
        openings[known.units[row.unit_id].activity_id].append(_OpeningRow(*row))
    presences = _presences(known, day, day, scope)
    absences = _absences(known, day, scope)
    taken = _taken(day)
    children = {presence.child_id for here in presences.values() for presence in here} if with_details else set()
    around = collectors_on(children, day) if with_details else None
    activities = tuple(
        _activity_day(
            known, activity, day, openings[activity.id], presences[activity.id], tuple(absences[activity.id]), taken,
            around,
        )
        for activity in scope.activities
        if activity.id in openings
    )  # fmt: skip
    return DayPlanning(
        day=day,
        kind=known.calendar.kind(day),
        note=labels.day_note(known.calendar, day),
        activities=activities,
        scope=scope,
        next_open_day=None if activities else _next_open_day(day, scope),
    )


def read_week_planning(days: Sequence[date], scope: SheetScope) -> WeekPlanning:
    """Who comes on the days of a week. Two queries."""
    known = catalogue()
    presences = _presences(known, days[0], days[-1], scope)
    openings = db.session.execute(
        select(Opening.day, Opening.unit_id)
        .where(Opening.day.between(days[0], days[-1]), Opening.is_open, *_within(scope))
        .distinct()
    ).all()
    open_days: defaultdict[int, set[date]] = defaultdict(set)
    for day, unit_id in openings:
        open_days[known.units[unit_id].activity_id].add(day)
    for activity_id, here in presences.items():
        open_days[activity_id].update(each.day for each in here)
    shown = tuple(day for day in days if any(day in those for those in open_days.values()))
    return WeekPlanning(
        days=shown,
        notes=tuple(labels.day_note(known.calendar, day) for day in shown),
        activities=tuple(
            _activity_week(activity, sorted(open_days[activity.id]), presences[activity.id])
            for activity in scope.activities
            if activity.id in open_days
        ),
        scope=scope,
    )


def _activity_week(activity: ActivityInfo, days: Sequence[date], presences: Collection[_Presence]) -> ActivityWeek:
    groups = []
    for group in activity.groups:
        here = [presence for presence in presences if presence.group_id == group.id]
        held = {(each.child_id, each.day, each.unit_id) for each in here}
        children = {each.child_id: each for each in here}
        lines = tuple(
            WeekLine(
                child.child_id, child.name, age_on(child.birth_date, days[0]),
                tuple(
                    tuple(unit.name for unit in activity.units if (child.child_id, day, unit.id) in held)
                    for day in days
                ),
            )
            for child in sorted(children.values(), key=lambda each: (fold(each.name), each.child_id))
        )  # fmt: skip
        if lines:
            groups.append((group.name, lines))
    return ActivityWeek(
        activity.id, activity.name, activity.site_name, tuple(days),
        tuple(len({each.child_id for each in presences if each.day == day}) for day in days), tuple(groups),
        len({each.child_id for each in presences}),
    )  # fmt: skip


def _within(scope: SheetScope) -> tuple[ColumnElement[bool], ...]:
    """The openings of the scope; its lists stay short: activities, not children."""
    return Opening.unit_id.in_(scope.unit_ids), Opening.group_id.in_(scope.group_ids)


def _presences(known: Catalogue, first: date, last: date, scope: SheetScope) -> defaultdict[int, list[_Presence]]:
    """By activity: the confirmed bookings of the days."""
    found: defaultdict[int, list[_Presence]] = defaultdict(list)
    rows = db.session.execute(
        select(
            Opening.day, Opening.unit_id, Opening.group_id, Child.id, Child.last_name, Child.first_name,
            Child.birth_date, Booking.special_note,
        )
        .join(Booking, Booking.opening_id == Opening.id)
        .join(Child, Child.id == Booking.child_id)
        .where(Opening.day.between(first, last), *_within(scope), Booking.status == BookingStatus.CONFIRMED)
        .order_by(Child.folded_name, Child.id)
    )  # fmt: skip
    for day, unit_id, group_id, child_id, last_name, first_name, birth_date, note in rows:
        presence = _Presence(day, unit_id, group_id, child_id, f"{last_name} {first_name}", birth_date, note)
        found[known.units[unit_id].activity_id].append(presence)
    return found


def _absences(known: Catalogue, day: date, scope: SheetScope) -> defaultdict[int, list[Absence]]:
    """By activity: what was cancelled too late and not booked again, the units that a child gave up together as one."""
    again = aliased(Booking)
    is_booked_again = exists().where(
        again.child_id == Booking.child_id, again.opening_id == Booking.opening_id,
        again.status == BookingStatus.CONFIRMED,
    )  # fmt: skip
    rows = db.session.execute(
        select(Opening.unit_id, Child.id, Child.last_name, Child.first_name, BookingEvent.at)
        .join(Booking, Booking.opening_id == Opening.id)
        .join(Child, Child.id == Booking.child_id)
        .join(BookingEvent, BookingEvent.booking_id == Booking.id)
        .where(
            Opening.day == day, *_within(scope),
            Booking.cancel_class.in_([CancelClass.LATE_CHARGED, CancelClass.JUSTIFIED]),
            BookingEvent.from_status == BookingStatus.CONFIRMED, BookingEvent.to_status == BookingStatus.CANCELLED,
            ~is_booked_again,
        )
        .order_by(BookingEvent.at.desc(), Child.folded_name, Child.id)
    )  # fmt: skip
    together: dict[tuple[int, int, datetime], tuple[str, list[UnitInfo]]] = {}
    for unit_id, child_id, last_name, first_name, told_at in rows:
        unit = known.units[unit_id]
        place = unit.activity_id, child_id, told_at
        together.setdefault(place, (f"{last_name} {first_name}", []))[1].append(unit)
    found: defaultdict[int, list[Absence]] = defaultdict(list)
    for (activity_id, child_id, told_at), (name, units) in together.items():
        names = tuple(unit.name for unit in sorted(units, key=lambda unit: unit.starts_at))
        found[activity_id].append(Absence(child_id, name, told_at, names))
    return found


def _taken(day: date) -> dict[int, tuple[int, int, int | None]]:
    """By capacity scope: places taken, places, and those of parents, where the day says otherwise than the scope."""
    counter = CapacityCounter
    rows = db.session.execute(
        select(counter.scope_id, counter.taken, counter.places, counter.online_places).where(counter.day == day)
    )
    return {scope_id: (taken, places, online_places) for scope_id, taken, places, online_places in rows}


def _activity_day(
    known: Catalogue,
    activity: ActivityInfo,
    day: date,
    openings: list[_OpeningRow],
    presences: list[_Presence],
    absences: tuple[Absence, ...],
    taken: Mapping[int, tuple[int, int, int | None]],
    around: Mapping[int, Around] | None,
) -> ActivityDay:
    wanted = {row.unit_id for row in openings if row.is_open} | {presence.unit_id for presence in presences}
    units = [unit for unit in activity.units if unit.id in wanted]
    spent = {scope.id for row in openings for scope in covering(Slot(row.unit_id, row.group_id), known.scopes)}
    return ActivityDay(
        id=activity.id,
        name=activity.name,
        site_name=activity.site_name,
        columns=tuple(UnitColumn(unit, sum(1 for p in presences if p.unit_id == unit.id)) for unit in units),
        groups=tuple(
            _group_block(group.name, units, here, day, around)
            for group in activity.groups
            if (here := [presence for presence in presences if presence.group_id == group.id])
        ),
        absences=absences,
        places=tuple(
            Places(scope.name, *taken.get(scope.id, (0, scope.places, scope.online_places)))
            for scope in known.scopes
            if scope.id in spent
        ),
        closings=tuple(
            Closing(known.units[row.unit_id].name, known.groups[row.group_id].name, row.closing_reason)
            for row in openings
            if not row.is_open
        ),
        children=len({presence.child_id for presence in presences}),
    )


def _group_block(
    name: str,
    units: list[UnitInfo],
    presences: list[_Presence],
    day: date,
    around: Mapping[int, Around] | None,
) -> GroupBlock:
    held = {(presence.child_id, presence.unit_id): presence for presence in presences}
    children = {presence.child_id: presence for presence in presences}
    return GroupBlock(
        name,
        tuple(
            ChildLine(
                child.child_id,
                child.name,
                age_on(child.birth_date, day),
                tuple((child.child_id, unit.id) in held for unit in units),
                ()
                if around is None
                else tuple(
                    (unit.name, note)
                    for unit in units
                    if (child.child_id, unit.id) in held and (note := held[child.child_id, unit.id].note)
                ),
                None if around is None else around[child.child_id],
            )
            for child in children.values()
        ),
    )


def _next_open_day(day: date, scope: SheetScope) -> date | None:
    return db.session.scalar(select(func.min(Opening.day)).where(Opening.day > day, Opening.is_open, *_within(scope)))
