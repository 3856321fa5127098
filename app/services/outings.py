"""Outings: units of one day, with places, price and deadline of their own, as the staff set them.

What an outing has is kept where any unit has it: see rules.outings.
"""

from dataclasses import dataclass
from datetime import date, datetime, time

from sqlalchemy import Select, func, or_, select
from sqlalchemy.orm import Session

from app.database import db, take_turns
from app.models.activities import NO_DAY_YET, Activity, ActivityNoticeRule, TariffVersion, Unit
from app.models.bookings import Booking, Opening
from app.rules.capacity import LAST_PLACES, CapacityScope
from app.rules.combinations import Combinations
from app.rules.deadlines import Deadline
from app.rules.outings import (
    fixed_cents,
    fixed_price,
    grid_with_price,
    grid_without_price,
    like_of,
    moment_of,
    replaced_by,
    rule_with_moment,
    rules_with_replaced,
)
from app.rules.states import ACTIVE_STATUSES
from app.rules.tariff_grids import unit_code, version_on
from app.services.activity_settings import UnitInput, delete_unit, next_unit_position, save_unit
from app.services.catalogue import ActivityInfo, UnitInfo, catalogue
from app.services.counters import make_counters
from app.services.errors import DaysBooked, NotFound, StillUsed, Usage, UsageKind
from app.services.openings import DaysInput, open_days, withdraw_days
from app.services.places import stop_bookings
from app.services.scope_settings import ScopeInput, delete_scope, find_scope, save_scope

DEADLINES = (Deadline.BOOK, Deadline.CANCEL)


@dataclass(frozen=True, slots=True)
class OutingInput:
    """An outing. `cents` is one fixed price, `like_unit_id` the unit whose price it has; neither: the price it has.

    `deadline`: until when parents may book and cancel, a wall-clock time of Paris; None: as the activity says.
    """

    name: str
    day: date
    starts_at: time
    ends_at: time
    group_ids: frozenset[int]
    places: int
    online_places: int | None
    cents: int | None
    like_unit_id: int | None
    replaced_ids: frozenset[int]
    deadline: datetime | None


@dataclass(frozen=True, slots=True)
class OutingRow(OutingInput):
    """An outing that there is."""

    id: int
    activity: ActivityInfo
    last_places: int
    is_open: bool  # somewhere


def find_outing(unit_id: int) -> OutingRow:
    """An outing. Raises NotFound."""
    unit = catalogue().units.get(unit_id)
    if unit is None or unit.day is None:
        raise NotFound("outing")
    activity = catalogue().activities[unit.activity_id]
    opened = db.session.execute(select(Opening.group_id, Opening.is_open).where(Opening.unit_id == unit_id)).all()
    scope = _scope_of(unit_id)
    # A copy has no openings yet: its places say for which groups it is.
    group_ids = frozenset(group_id for group_id, _ in opened) or (scope.groups if scope else frozenset())
    version = version_on(activity.tariffs, unit.day)
    cents, like = None, None
    if version is not None:
        code = unit_code(unit_id)
        cents = fixed_cents(version.grid, code)
        units = {unit_code(each.id): each.id for each in activity.usual_units}
        found = like_of(version.grid, code, units) if cents is None else None
        like = None if found is None else units[found]
    return OutingRow(
        unit.name, unit.day, unit.starts_at, unit.ends_at, group_ids,
        scope.places if scope else 0, scope.online_places if scope else None, cents, like,
        replaced_by(Combinations(activity.combinations), unit_id),
        moment_of(activity.notices.get(Deadline.BOOK), unit_id), unit_id, activity,
        scope.last_places if scope else LAST_PLACES, any(is_open for _, is_open in opened),
    )  # fmt: skip


def outings_open(activity: ActivityInfo) -> frozenset[int]:
    """The outings of an activity that are not withdrawn. One query, none where it has no outing."""
    ids = [unit.id for unit in activity.outings]
    if not ids:
        return frozenset()
    return frozenset(db.session.scalars(select(Opening.unit_id).where(Opening.unit_id.in_(ids), Opening.is_open)))


def save_outing(session: Session, outing: OutingRow | None, activity_id: int, typed: OutingInput) -> int:
    """Add an outing (None), or change it; returns its id. Nobody books meanwhile.

    Raises NotFound, also where the activity has no prices that day, NameTaken, and StillUsed where children have it and
    it would be of another day, without their group or at another price.
    """
    take_turns(session, "settings")
    stop_bookings(session)
    if activity_id not in catalogue().activities:
        raise NotFound("activity")
    if outing is not None:
        _check_kept(session, outing, typed)
        left = outing.group_ids if outing.day != typed.day else outing.group_ids - typed.group_ids
        _withdraw(session, activity_id, outing.id, left, outing.day)
        position = session.get_one(Unit, outing.id).position
    else:
        position = next_unit_position(activity_id)
    unit = UnitInput(typed.name, typed.starts_at, typed.ends_at, False, position, typed.day)
    unit_id = save_unit(session, None if outing is None else outing.id, activity_id, unit)
    scope = _scope_of(unit_id)
    last_places = LAST_PLACES if outing is None else outing.last_places
    places = ScopeInput(
        typed.name, typed.places, typed.online_places, last_places, frozenset({unit_id}), typed.group_ids
    )
    scope_id = save_scope(session, None if scope is None else scope.id, places)
    open_days(session, activity_id, DaysInput(frozenset({unit_id}), typed.group_ids, (typed.day,)))
    make_counters(session, [typed.day], [find_scope(scope_id)])
    _set_rules(session, activity_id, unit_id, typed.replaced_ids, typed.deadline)
    _set_price(session, activity_id, unit_id, typed)
    session.flush()
    return unit_id


def withdraw_outing(session: Session, unit_id: int) -> None:
    """Take an outing away: all of it where no child ever had it, else it is closed and its history stays.

    Raises NotFound, and StillUsed as long as a child has it, or something that the staff set names it besides.
    """
    take_turns(session, "settings")
    stop_bookings(session)
    outing = find_outing(unit_id)
    _check_free(session, unit_id, frozenset())
    _withdraw(session, outing.activity.id, unit_id, outing.group_ids, outing.day)
    if session.scalar(_bookings(unit_id)):
        return
    _set_rules(session, outing.activity.id, unit_id, frozenset(), None)
    for version in session.scalars(select(TariffVersion).where(TariffVersion.activity_id == outing.activity.id)):
        version.grid = grid_without_price(version.grid, unit_code(unit_id))
    session.flush()
    scope = _scope_of(unit_id)
    if scope is not None:
        delete_scope(session, scope.id)
    delete_unit(session, unit_id)


def price_units(activity: ActivityInfo, day: date) -> tuple[UnitInfo, ...]:
    """The units whose price an outing of a day may have."""
    version = version_on(activity.tariffs, day)
    if version is None:
        return ()
    return tuple(unit for unit in activity.usual_units if unit_code(unit.id) in version.grid.by_code)


def _check_kept(session: Session, outing: OutingRow, typed: OutingInput) -> None:
    price = (typed.cents, typed.like_unit_id)
    changes_price = price not in ((None, None), (outing.cents, outing.like_unit_id))
    moves = typed.day != outing.day or changes_price
    _check_free(session, outing.id, frozenset() if moves else typed.group_ids)


def _check_free(session: Session, unit_id: int, kept_groups: frozenset[int]) -> None:
    """Raises StillUsed where children have the outing in other groups than these."""
    held = _bookings(unit_id).where(Booking.status.in_(ACTIVE_STATUSES), Opening.group_id.not_in(kept_groups))
    count = session.scalar(held) or 0
    if count:
        raise StillUsed((Usage(UsageKind.BOOKING, count),))


def _bookings(unit_id: int) -> Select[tuple[int]]:
    return (
        select(func.count(Booking.id)).join(Opening, Opening.id == Booking.opening_id).where(Opening.unit_id == unit_id)
    )


def _withdraw(session: Session, activity_id: int, unit_id: int, group_ids: frozenset[int], day: date) -> None:
    if not group_ids:
        return
    try:
        withdraw_days(session, activity_id, DaysInput(frozenset({unit_id}), group_ids, (day,)))
    except DaysBooked as error:  # asked before, under the same lock
        raise StillUsed((Usage(UsageKind.BOOKING, len(error.days)),)) from None


def _scope_of(unit_id: int) -> CapacityScope | None:
    return next((scope for scope in catalogue().scopes if scope.units == {unit_id}), None)


def _set_rules(
    session: Session, activity_id: int, unit_id: int, replaced_ids: frozenset[int], deadline: datetime | None
) -> None:
    activity = session.get_one(Activity, activity_id)
    activity.combinations = rules_with_replaced(activity.combinations, unit_id, replaced_ids)
    rows = {
        row.deadline: row
        for row in session.scalars(
            select(ActivityNoticeRule).where(
                ActivityNoticeRule.activity_id == activity_id, ActivityNoticeRule.deadline.in_(DEADLINES)
            )
        )
    }
    for kind in DEADLINES:
        row = rows.get(kind)
        rule = rule_with_moment(None if row is None else row.rule, unit_id, deadline)
        if rule is not None and row is not None:
            row.rule = rule
        elif rule is not None:
            session.add(ActivityNoticeRule(activity_id=activity_id, deadline=kind, rule=rule))
        elif row is not None:
            session.delete(row)


def _set_price(session: Session, activity_id: int, unit_id: int, typed: OutingInput) -> None:
    """In the prices in force that day, and in the draft."""
    code = unit_code(unit_id)
    of_activity = TariffVersion.activity_id == activity_id
    in_force = session.scalars(
        select(TariffVersion.id).where(of_activity, TariffVersion.starts_on <= typed.day)
        .order_by(TariffVersion.starts_on.desc()).limit(1)
    ).first()  # fmt: skip
    if in_force is None:
        raise NotFound("tariff")
    if typed.cents is None and typed.like_unit_id is None:
        return
    price = fixed_price(code, typed.cents) if typed.cents is not None else unit_code(typed.like_unit_id or 0)
    wanted = or_(TariffVersion.id == in_force, TariffVersion.starts_on == NO_DAY_YET)
    for version in session.scalars(select(TariffVersion).where(of_activity, wanted)):
        if isinstance(price, str) and price not in version.grid.by_code:
            continue  # a draft that does not have it says so itself
        version.grid = grid_with_price(version.grid, code, price)
