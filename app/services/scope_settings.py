"""Places as the staff set them: which units and groups share them, how many, and those of single days."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date

from sqlalchemy import delete, func, select, update
from sqlalchemy.orm import Session

from app import clock
from app.database import db, take_turns
from app.models.activities import CapacityScope, CapacityScopeGroup, CapacityScopeUnit
from app.models.bookings import Booking, CapacityCounter, Opening
from app.rules.capacity import CapacityScope as Scope
from app.rules.states import HOLDING_STATUSES
from app.services.catalogue import ActivityInfo, catalogue
from app.services.counters import make_counters
from app.services.errors import NotFound, Usage, UsageKind
from app.services.places import stop_bookings
from app.services.usages import check_unused
from app.services.waiting_lists import promote, waiting_slots


@dataclass(frozen=True, slots=True)
class ScopeInput:
    """Places that units and groups share on a day; see models.activities.CapacityScope."""

    name: str
    places: int
    online_places: int | None
    last_places: int
    unit_ids: frozenset[int]
    group_ids: frozenset[int]


@dataclass(frozen=True, slots=True)
class FullDay:
    """A day on which more children hold a place than there are."""

    day: date
    taken: int
    places: int


@dataclass(frozen=True, slots=True)
class DayPlaces:
    """The places of a scope on a day."""

    scope: Scope
    places: int
    online_places: int | None
    taken: int
    is_set_by_hand: bool


def find_scope(scope_id: int) -> Scope:
    """A scope. Raises NotFound."""
    found = next((scope for scope in catalogue().scopes if scope.id == scope_id), None)
    if found is None:
        raise NotFound("scope")
    return found


def activity_of_scope(scope: Scope) -> ActivityInfo:
    """The activity on whose page the scope is found first."""
    return catalogue().activities[min(catalogue().units[id_].activity_id for id_ in scope.units)]


def scopes_of_activity(activity: ActivityInfo) -> tuple[Scope, ...]:
    """The scopes that cover something of an activity."""
    units, groups = {unit.id for unit in activity.units}, {group.id for group in activity.groups}
    return tuple(scope for scope in catalogue().scopes if scope.units & units and scope.groups & groups)


def overfull_days(scope_id: int) -> tuple[FullDay, ...]:
    """The days to come on which more children hold a place than the scope has, soonest first."""
    rows = db.session.execute(
        select(CapacityCounter.day, CapacityCounter.taken, CapacityCounter.places)
        .where(
            CapacityCounter.scope_id == scope_id, CapacityCounter.day >= clock.today(),
            CapacityCounter.taken > CapacityCounter.places,
        )
        .order_by(CapacityCounter.day)
    )  # fmt: skip
    return tuple(FullDay(*row) for row in rows)


def places_on(day: date, scopes: Collection[Scope]) -> tuple[DayPlaces, ...]:
    """The places of scopes on a day."""
    rows = {
        row.scope_id: row
        for row in db.session.scalars(
            select(CapacityCounter).where(
                CapacityCounter.day == day, CapacityCounter.scope_id.in_([scope.id for scope in scopes])
            )
        )
    }
    return tuple(
        DayPlaces(scope, row.places, row.online_places, row.taken, row.is_set_by_hand)
        if (row := rows.get(scope.id)) is not None
        else DayPlaces(scope, scope.places, scope.online_places, 0, False)
        for scope in scopes
    )


def save_scope(session: Session, scope_id: int | None, typed: ScopeInput) -> int:
    """Add a scope (None), or change it; returns its id. Raises NotFound.

    Nobody books meanwhile. All its days are counted again, those to come get its places unless they were set by hand;
    nothing is cancelled where they are fewer than what is booked.
    """
    take_turns(session, "settings")
    stop_bookings(session)
    row = CapacityScope() if scope_id is None else session.get(CapacityScope, scope_id)
    known = catalogue()
    if row is None or not typed.unit_ids <= known.units.keys() or not typed.group_ids <= known.groups.keys():
        raise NotFound("scope, unit or group")
    row.name, row.places = typed.name, typed.places
    row.online_places, row.last_places = typed.online_places, typed.last_places
    session.add(row)
    session.flush()
    session.execute(delete(CapacityScopeUnit).where(CapacityScopeUnit.scope_id == row.id))
    session.execute(delete(CapacityScopeGroup).where(CapacityScopeGroup.scope_id == row.id))
    session.add_all(CapacityScopeUnit(scope_id=row.id, unit_id=id_) for id_ in sorted(typed.unit_ids))
    session.add_all(CapacityScopeGroup(scope_id=row.id, group_id=id_) for id_ in sorted(typed.group_ids))
    session.flush()
    _count_again(session, find_scope(row.id))
    session.execute(
        update(CapacityCounter)
        .where(
            CapacityCounter.scope_id == row.id, CapacityCounter.day >= clock.today(),
            CapacityCounter.is_set_by_hand.is_(False),
        )
        .values(places=typed.places, online_places=typed.online_places),
        execution_options={"synchronize_session": False},
    )  # fmt: skip
    session.flush()
    _promote_in(session, find_scope(row.id))
    return row.id


def delete_scope(session: Session, scope_id: int) -> None:
    """Delete a scope of which no child holds a place any more. Raises NotFound, StillUsed."""
    take_turns(session, "settings")
    stop_bookings(session)
    row = session.get(CapacityScope, scope_id)
    if row is None:
        raise NotFound("scope")
    to_come = (CapacityCounter.scope_id == scope_id, CapacityCounter.day >= clock.today())
    taken = session.scalar(select(func.coalesce(func.sum(CapacityCounter.taken), 0)).where(*to_come)) or 0
    check_unused([Usage(UsageKind.PLACE, taken)])
    session.execute(delete(CapacityCounter).where(CapacityCounter.scope_id == scope_id))
    scope = find_scope(scope_id)
    session.delete(row)
    session.flush()
    _promote_in(session, scope)


def set_day_places(
    session: Session, scope_id: int, days: Collection[date], places: int | None, online_places: int | None
) -> int:
    """Give a scope other places on those of the days on which it opens (None: the usual ones); returns how many.

    Nothing is cancelled where they are fewer than what is booked. Raises NotFound.
    """
    stop_bookings(session)
    scope = find_scope(scope_id)
    opened = _days_open(session, scope, days)
    make_counters(session, opened, [scope])
    usual = places is None
    session.execute(
        update(CapacityCounter)
        .where(CapacityCounter.scope_id == scope_id, CapacityCounter.day.in_(opened))
        .values(
            places=scope.places if places is None else places,
            online_places=scope.online_places if usual else online_places,
            is_set_by_hand=not usual,
        ),
        execution_options={"synchronize_session": False},
    )
    _promote_in(session, scope)
    return len(opened)


def _promote_in(session: Session, scope: Scope) -> None:
    """Whoever waits may find a place in it now."""
    promote(session, waiting_slots(session, clock.today(), scope.units, scope.groups), clock.now())


def _days_open(session: Session, scope: Scope, days: Collection[date]) -> list[date]:
    if not days:
        return []
    found = session.scalars(
        select(Opening.day.distinct()).where(
            Opening.day.between(min(days), max(days)),
            Opening.unit_id.in_(scope.units), Opening.group_id.in_(scope.groups),
        )
    )  # fmt: skip
    return sorted({*found} & {*days})


def _count_again(session: Session, scope: Scope) -> None:
    """Let the counters say how many distinct children hold a place each day, by what the scope covers now."""
    holding = (
        select(Opening.day, func.count(Booking.child_id.distinct()))
        .join(Booking, Booking.opening_id == Opening.id)
        .where(
            Opening.unit_id.in_(scope.units), Opening.group_id.in_(scope.groups),
            Booking.status.in_(HOLDING_STATUSES),
        )
        .group_by(Opening.day)
    )  # fmt: skip
    taken = dict(session.execute(holding).tuples().all())
    make_counters(session, taken, [scope])
    counters = select(CapacityCounter).where(CapacityCounter.scope_id == scope.id).order_by(CapacityCounter.id)
    for counter in session.scalars(counters, execution_options={"populate_existing": True}):
        counter.taken = taken.get(counter.day, 0)
    session.flush()


def units_of_season(season_id: int) -> dict[int, str]:
    """The units of all activities of a season: « Mercredi, Matin »."""
    activities = [each for each in catalogue().activities.values() if each.season.id == season_id]
    return {unit.id: f"{activity.name}, {unit.name}" for activity in activities for unit in activity.units}


def groups_of_season(season_id: int) -> dict[int, str]:
    """The groups of all activities of a season: « Mercredi, 3–5 ans »."""
    activities = [each for each in catalogue().activities.values() if each.season.id == season_id]
    return {group.id: f"{activity.name}, {group.name}" for activity in activities for group in activity.groups}


def activities_half_covered(unit_ids: Collection[int], group_ids: Collection[int]) -> tuple[str, ...]:
    """The activities of which units are covered without a group, or groups without a unit: nothing of them counts."""
    known = catalogue()
    of_units = {known.units[id_].activity_id for id_ in unit_ids if id_ in known.units}
    of_groups = {known.groups[id_].activity_id for id_ in group_ids if id_ in known.groups}
    return tuple(known.activities[id_].name for id_ in sorted(of_units ^ of_groups))
