"""Waiting lists as pages show them: the ranks of a family's entries, and the lists of a day for the staff."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime

from sqlalchemy import ColumnElement, Select, func, select, true
from sqlalchemy.orm import Session

from app import clock
from app.database import db
from app.models.accounts import User
from app.models.activities import Unit
from app.models.bookings import Booking, Opening
from app.models.families import Child, Family
from app.models.waiting_lists import LIVE, WaitingEntry, WaitingMove
from app.rules.states import BookingStatus
from app.rules.waiting_lists import is_over, rank
from app.services.catalogue import UnitInfo, catalogue
from app.services.errors import NotFound
from app.services.staff_scopes import EVERYWHERE, StaffScope
from app.services.waiting_lists import read_entries


@dataclass(frozen=True, slots=True)
class WaitingDay:
    """What a family waits for, or is offered, for one child on one day. Cents."""

    entry_id: int
    family_id: int
    family_name: str
    child_id: int
    child_name: str
    day: date
    bundle: int
    activity_name: str
    units: tuple[UnitInfo, ...]
    price_cents: int
    wants_booking: bool
    waits_until: datetime
    offered_until: datetime | None  # None: it waits
    created_at: datetime
    rank: int | None  # None: it is offered a place
    is_bound: bool = False  # to others, of the same family

    @property
    def words(self) -> str:
        """« Matin, Repas »."""
        return ", ".join(unit.name for unit in self.units)

    @property
    def is_offered(self) -> bool:
        """Whether its places are held, and may still be taken."""
        return self.offered_until is not None and not is_over(self.offered_until, clock.now())


@dataclass(frozen=True, slots=True)
class FamilyLists:
    """All that a family waits for, in the order of the days."""

    days: tuple[WaitingDay, ...]

    def may_bind(self, day: date) -> bool:
        """Whether several of its children wait on a day, each for itself."""
        waiting = [each for each in self.days if each.day == day and each.rank is not None]
        return len({each.child_id for each in waiting}) > 1 and not any(each.is_bound for each in waiting)

    def is_bound(self, day: date) -> bool:
        """Whether its children who wait on a day are bound together, by nothing but the family's wish."""
        waiting = [each for each in self.days if each.day == day and each.rank is not None]
        bundles = {each.bundle for each in waiting if each.is_bound}
        elsewhere = {each.bundle for each in self.days if each.day != day}
        return len({each.child_id for each in waiting}) > 1 and bool(bundles - elsewhere)


def first_offered_until(family_id: int) -> Select[tuple[datetime | None]]:
    """The first time by which a family must accept a place that is offered to it, as a query."""
    offered = (LIVE, WaitingEntry.ended_at.is_(None), WaitingEntry.offered_until > clock.now())
    return select(func.min(WaitingEntry.offered_until)).where(*offered, WaitingEntry.family_id == family_id)


def lists_of_family(family_id: int) -> FamilyLists:
    """What a family waits for. Three queries, one where it waits for nothing."""
    rows = _days(WaitingEntry.family_id == family_id)
    return FamilyLists(_ranked(rows, ranks(db.session(), {row.day for row in rows if row.offered_until is None})))


def ranks(session: Session, days: Collection[date]) -> Mapping[int, int]:
    """The rank of every entry that waits on some days. Two queries, none without a day."""
    if not days:
        return {}
    entries = [each.entry for each in read_entries(session, WaitingEntry.day.in_(days))]
    return {entry.id: rank(entry, entries) for entry in entries}


def lists_of_day(day: date, activity_id: int | None = None, reach: StaffScope = EVERYWHERE) -> tuple[WaitingDay, ...]:
    """What families wait for within reach on a day, in the order of their turns; in one activity, where it is given."""
    found = _ranked(_days(WaitingEntry.day == day), ranks(db.session(), [day]))
    wanted = reach.activity_ids if activity_id is None else reach.activity_ids & {activity_id}
    return tuple(each for each in found if any(unit.activity_id in wanted for unit in each.units))


@dataclass(frozen=True, slots=True)
class ListedDay:
    """How many wait, and are offered a place, on a day."""

    day: date
    waiting: int
    offered: int


def listed_days(reach: StaffScope = EVERYWHERE) -> tuple[ListedDay, ...]:
    """The days to come on which somebody waits within reach. One query."""
    units = select(Unit.id).where(reach.has_activity(Unit.activity_id))
    there = select(Booking.waiting_id).join(Opening, Opening.id == Booking.opening_id).where(Opening.unit_id.in_(units))
    offered = func.count(WaitingEntry.offered_until)
    rows = db.session.execute(
        select(WaitingEntry.day, func.count(), offered)
        .where(LIVE, WaitingEntry.day >= clock.today(), true() if reach.is_everywhere else WaitingEntry.id.in_(there))
        .group_by(WaitingEntry.day)
        .order_by(WaitingEntry.day)
    )
    return tuple(ListedDay(day, count - held, held) for day, count, held in rows)


def _days(condition: ColumnElement[bool]) -> list[WaitingDay]:
    known = catalogue()
    rows = db.session.execute(
        select(WaitingEntry, Family, Child, Booking.price_cents, Opening.unit_id)
        .join(Family, Family.id == WaitingEntry.family_id)
        .join(Child, Child.id == WaitingEntry.child_id)
        .join(Booking, Booking.waiting_id == WaitingEntry.id)
        .join(Opening, Opening.id == Booking.opening_id)
        .where(LIVE, condition, Booking.status.in_([BookingStatus.WAITING, BookingStatus.OFFERED]))
        .order_by(WaitingEntry.day, WaitingEntry.position, WaitingEntry.id)
    )
    found: dict[int, WaitingDay] = {}
    for entry, family, child, price_cents, unit_id in rows:
        unit = known.units[unit_id]
        present = found.get(entry.id) or WaitingDay(
            entry.id, family.id, family.name, child.id, child.first_name, entry.day, entry.bundle,
            known.activities[unit.activity_id].name, (), 0, entry.wants_booking, entry.waits_until,
            entry.offered_until, entry.created_at, None,
        )  # fmt: skip
        units = tuple(sorted((*present.units, unit), key=lambda each: (each.starts_at, each.id)))
        found[entry.id] = replace(present, units=units, price_cents=present.price_cents + price_cents)
    return list(found.values())


def _ranked(rows: Iterable[WaitingDay], by_entry: Mapping[int, int]) -> tuple[WaitingDay, ...]:
    found = list(rows)
    bound: defaultdict[int, int] = defaultdict(int)
    for row in found:
        bound[row.bundle] += 1
    return tuple(replace(row, rank=by_entry.get(row.entry_id), is_bound=bound[row.bundle] > 1) for row in found)


def find_entry(entry_id: int) -> WaitingDay:
    """An entry that waits, or is offered a place. Raises NotFound."""
    found = _days(WaitingEntry.id == entry_id)
    if not found:
        raise NotFound("waiting entry")
    return _ranked(found, ranks(db.session(), [found[0].day]))[0]


@dataclass(frozen=True, slots=True)
class MoveView:
    """That an entry was moved."""

    from_rank: int
    to_rank: int
    reason: str
    agent: str
    at: datetime


def moves_of(entry_id: int) -> tuple[MoveView, ...]:
    """How the staff moved an entry, the first time first. One query."""
    rows = select(WaitingMove, User.display_name).join(User, User.id == WaitingMove.user_id)
    found = db.session.execute(rows.where(WaitingMove.entry_id == entry_id).order_by(WaitingMove.id))
    return tuple(MoveView(row.from_rank, row.to_rank, row.reason, agent, row.at) for row, agent in found)
