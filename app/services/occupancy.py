"""« Occupation »: how full the units of groups are, over a day, a week or a month."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import case, func, select

from app.database import db
from app.models.bookings import Booking, CapacityCounter, Opening
from app.rules.capacity import Slot, covering
from app.rules.occupancy import DayPlaces, Filling, Level, fill, tightest
from app.rules.states import HOLDING_STATUSES, BookingStatus
from app.services.catalogue import ActivityInfo, GroupInfo, UnitInfo, catalogue
from app.services.pages import Page, page_of
from app.services.sheet_scopes import SheetScope

PAGE_SIZE = 50


@dataclass(frozen=True, slots=True)
class OccupancyRow:
    """A unit for a group: how full, and how many bookings it has itself, held and waiting."""

    activity: ActivityInfo
    unit: UnitInfo
    group: GroupInfo
    filling: Filling
    scope_names: tuple[str, ...]  # those that decided on a day, where they cover more than this row
    held: int
    waiting: int


def read_occupancy(
    scope: SheetScope, first: date, last: date, level: Level | None = None, page: int | None = 1
) -> Page[OccupancyRow]:
    """The rows of the units that open on these days, in the order of the planning; of one level alone where it is asked
    for. Without page: all of them on one. Three queries, whatever the size.
    """
    days: defaultdict[Slot, list[date]] = defaultdict(list)
    rows = db.session.execute(
        select(Opening.unit_id, Opening.group_id, Opening.day).where(
            Opening.day.between(first, last), Opening.is_open, Opening.unit_id.in_(scope.unit_ids),
            Opening.group_id.in_(scope.group_ids),
        )
    )  # fmt: skip
    for unit_id, group_id, day in rows:
        days[Slot(unit_id, group_id)].append(day)
    counters = _counters(first, last)
    found = []
    for activity in scope.activities:
        for group in activity.groups:
            for unit in activity.units:
                slot = Slot(unit.id, group.id)
                if slot in days:
                    filling, names = _fill(slot, days[slot], counters)
                    if level in (None, filling.level):
                        found.append((activity, unit, group, filling, names))
    place: Page[OccupancyRow] = page_of(page or 1, len(found), PAGE_SIZE if page is not None else max(1, len(found)))
    shown = found[place.offset : place.offset + place.size]
    numbers = _bookings([Slot(unit.id, group.id) for _, unit, group, *_ in shown], first, last)
    return place.filled(
        tuple(
            OccupancyRow(activity, unit, group, filling, names, *numbers.get(Slot(unit.id, group.id), (0, 0)))
            for activity, unit, group, filling, names in shown
        )
    )


def _fill(
    slot: Slot, days: Sequence[date], counters: Mapping[tuple[int, date], tuple[int, int]]
) -> tuple[Filling, tuple[str, ...]]:
    scopes = {each.id: each for each in covering(slot, catalogue().scopes)}
    deciding: list[DayPlaces | None] = []
    for day in days:
        there = (counters.get((each.id, day), (each.places, 0)) for each in scopes.values())
        deciding.append(
            tightest(DayPlaces(id_, places, taken) for id_, (places, taken) in zip(scopes, there, strict=True))
        )
    shared = dict.fromkeys(
        scopes[each.scope_id].name
        for each in deciding
        if each is not None and len(scopes[each.scope_id].units) * len(scopes[each.scope_id].groups) > 1
    )
    return fill(deciding), tuple(shared)


def _counters(first: date, last: date) -> Mapping[tuple[int, date], tuple[int, int]]:
    """By scope and day: places, and taken ones. One query."""
    rows = select(CapacityCounter.scope_id, CapacityCounter.day, CapacityCounter.places, CapacityCounter.taken).where(
        CapacityCounter.day.between(first, last)
    )
    return {(scope_id, day): (places, taken) for scope_id, day, places, taken in db.session.execute(rows)}


def _bookings(slots: Collection[Slot], first: date, last: date) -> Mapping[Slot, tuple[int, int]]:
    """By unit and group: how many bookings hold a place, and how many wait for one. One query."""
    held = func.sum(case((Booking.status.in_(HOLDING_STATUSES), 1), else_=0))
    waiting = func.sum(case((Booking.status == BookingStatus.WAITING, 1), else_=0))
    rows = db.session.execute(
        select(Opening.unit_id, Opening.group_id, held, waiting)
        .join(Booking, Booking.opening_id == Opening.id)
        .where(
            Opening.day.between(first, last), Opening.is_open, Opening.unit_id.in_({slot.unit_id for slot in slots}),
            Opening.group_id.in_({slot.group_id for slot in slots}),
            Booking.status.in_(HOLDING_STATUSES | {BookingStatus.WAITING}),
        )
        .group_by(Opening.unit_id, Opening.group_id)
    )  # fmt: skip
    return {Slot(unit_id, group_id): (int(a), int(b)) for unit_id, group_id, a, b in rows}
