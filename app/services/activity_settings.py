"""Activities with their groups and units, as the staff set them."""

from dataclasses import dataclass, replace
from datetime import date, time
from typing import TypeVar

from sqlalchemy import delete, func, or_, select
from sqlalchemy.orm import Session

from app.database import db, take_turns
from app.models.activities import (
    Activity,
    CapacityScope,
    CapacityScopeGroup,
    CapacityScopeUnit,
    Group,
    Office,
    Season,
    Unit,
)
from app.models.bookings import CapacityCounter, Opening
from app.rules.paid_bookings import what_stands_against
from app.services.catalogue import ActivityInfo, catalogue
from app.services.errors import NameTaken, NotFound, OfficeHeld, UnfitToPay, Usage, UsageKind
from app.services.places import stop_bookings
from app.services.usages import (
    check_unused,
    mentions_of_activity,
    usages_of_activity,
    usages_of_billing,
    usages_of_group,
    usages_of_unit,
)

Row = TypeVar("Row", Activity, Group, Unit)


@dataclass(frozen=True, slots=True)
class ActivityInput:
    """An activity of a season, at a place, invoiced by an office; `position` is its order in the planning.

    `on_request`: what parents tick waits for the staff. `pay_within_minutes`: it is paid when it is booked, and so long
    its places are kept. `waiting_hours`: how long a freed place is offered to who waits; None: there is no waiting
    list.
    """

    name: str
    description: str
    season_id: int
    site_id: int
    office_id: int
    position: int
    on_request: bool
    pay_within_minutes: int | None
    waiting_hours: int | None


@dataclass(frozen=True, slots=True)
class GroupInput:
    """An age group; ages in completed years, both included (None: no limit)."""

    name: str
    min_age: int | None
    max_age: int | None


@dataclass(frozen=True, slots=True)
class UnitInput:
    """A bookable part of a day, or of one day; `position` is its order in the day."""

    name: str
    starts_at: time
    ends_at: time
    is_meal: bool
    position: int
    day: date | None  # of an outing; see services.outings


@dataclass(frozen=True, slots=True)
class ActivityRow(ActivityInput):
    """An activity that there is."""

    id: int


@dataclass(frozen=True, slots=True)
class GroupRow(GroupInput):
    """A group that there is."""

    id: int
    activity: ActivityInfo


@dataclass(frozen=True, slots=True)
class UnitRow(UnitInput):
    """A unit that there is."""

    id: int
    activity: ActivityInfo


@dataclass(frozen=True, slots=True)
class OpeningSpan:
    """On how many days an activity opens, from a first to a last one."""

    days: int
    first: date | None
    last: date | None


def find_activity(activity_id: int) -> ActivityRow:
    """An activity. Raises NotFound."""
    row = _existing(db.session(), Activity, activity_id)
    return ActivityRow(
        row.name, row.description, row.season_id, row.site_id, row.office_id, row.position, row.on_request,
        row.pay_within_minutes, row.waiting_hours, row.id,
    )  # fmt: skip


def find_group(group_id: int) -> GroupRow:
    """A group. Raises NotFound."""
    row = _existing(db.session(), Group, group_id)
    return GroupRow(row.name, row.min_age, row.max_age, row.id, catalogue().activities[row.activity_id])


def find_unit(unit_id: int) -> UnitRow:
    """A unit that is no outing. Raises NotFound."""
    row = _existing(db.session(), Unit, unit_id)
    if row.day is not None:
        raise NotFound("unit")
    activity = catalogue().activities[row.activity_id]
    return UnitRow(row.name, row.starts_at, row.ends_at, row.is_meal, row.position, row.day, row.id, activity)


def next_activity_position() -> int:
    """The place after all activities."""
    return (db.session.scalar(select(func.max(Activity.position))) or 0) + 1


def next_unit_position(activity_id: int) -> int:
    """The place after all units of an activity."""
    return (db.session.scalar(select(func.max(Unit.position)).where(Unit.activity_id == activity_id)) or 0) + 1


def opening_span(activity: ActivityInfo) -> OpeningSpan:
    """The days on which an activity opens."""
    row = db.session.execute(
        select(func.count(Opening.day.distinct()), func.min(Opening.day), func.max(Opening.day)).where(
            Opening.unit_id.in_([unit.id for unit in activity.units]), Opening.is_open
        )
    ).one()
    return OpeningSpan(*row)


def save_activity(session: Session, activity_id: int | None, typed: ActivityInput) -> int:
    """Add an activity (None), or change it; returns its id.

    Raises NotFound, NameTaken within its season, StillUsed where another season would leave its openings outside,
    OfficeHeld where another office would not ask for what this one carried forward or is invoicing, and UnfitToPay
    where its bookings cannot be paid when they are made.
    """
    take_turns(session, "settings")
    row = Activity() if activity_id is None else _existing(session, Activity, activity_id)
    namesake = select(Activity.id).where(
        Activity.season_id == typed.season_id, Activity.name == typed.name, Activity.id != (activity_id or 0)
    )
    if session.scalar(namesake) is not None:
        raise NameTaken
    season = session.get(Season, typed.season_id)
    if season is None:
        raise NotFound("season")
    if activity_id is not None and row.season_id != season.id:
        usages = usages_of_activity(session, activity_id, _unit_ids(session, activity_id))
        outside = or_(Opening.day < season.starts_on, Opening.day > season.ends_on)
        openings = select(func.count()).where(Opening.unit_id.in_(_unit_ids(session, activity_id)), outside)
        check_unused((*usages, Usage(UsageKind.OPENING_OUTSIDE, session.scalar(openings) or 0)))
    if activity_id is not None and row.office_id != typed.office_id:
        _check_office_free(session, row, typed.office_id)
    row.name, row.description, row.position = typed.name, typed.description, typed.position
    row.season_id, row.site_id, row.office_id = typed.season_id, typed.site_id, typed.office_id
    row.on_request, row.waiting_hours = typed.on_request, typed.waiting_hours
    row.pay_within_minutes = typed.pay_within_minutes
    if typed.pay_within_minutes is not None:
        _check_fit_to_pay(session, activity_id, typed)
    session.add(row)
    session.flush()
    return row.id


def _check_office_free(session: Session, row: Activity, office_id: int) -> None:
    """Holds both offices, as their runs do: what begins meanwhile waits, and finds the activity where it is then."""
    both = (row.office_id, office_id)
    session.execute(select(Office.id).where(Office.id.in_(both)).order_by(Office.id).with_for_update())
    usages = [usage for usage in usages_of_billing(session, row.id, *both) if usage.count]
    if usages:
        raise OfficeHeld(usages)


def _check_fit_to_pay(session: Session, activity_id: int | None, typed: ActivityInput) -> None:
    office = session.get(Office, typed.office_id)
    if office is None:
        raise NotFound("office")
    tariffs = () if activity_id is None else catalogue().activities[activity_id].tariffs
    unfit = what_stands_against(
        takes_online=office.payfip_number is not None,
        on_request=typed.on_request,
        grids=[version.grid for version in tariffs],
    )
    if unfit is not None:
        raise UnfitToPay(unfit)


def save_group(session: Session, group_id: int | None, activity_id: int, typed: GroupInput) -> int:
    """Add a group to an activity (None), or change it; returns its id. Raises NotFound, NameTaken.

    Children who are enrolled stay so, whatever the ages become.
    """
    take_turns(session, "settings")
    _existing(session, Activity, activity_id)
    row = Group(activity_id=activity_id) if group_id is None else _existing(session, Group, group_id)
    namesake = select(Group.id).where(
        Group.activity_id == activity_id, Group.name == typed.name, Group.id != (group_id or 0)
    )
    if session.scalar(namesake) is not None:
        raise NameTaken
    row.name, row.min_age, row.max_age = typed.name, typed.min_age, typed.max_age
    session.add(row)
    session.flush()
    return row.id


def save_unit(session: Session, unit_id: int | None, activity_id: int, typed: UnitInput) -> int:
    """Add a unit to an activity (None), or change it; returns its id. Raises NotFound, NameTaken."""
    take_turns(session, "settings")
    _existing(session, Activity, activity_id)
    row = Unit(activity_id=activity_id) if unit_id is None else _existing(session, Unit, unit_id)
    namesake = select(Unit.id).where(
        Unit.activity_id == activity_id, Unit.name == typed.name, Unit.id != (unit_id or 0)
    )
    if session.scalar(namesake) is not None:
        raise NameTaken
    row.name, row.starts_at, row.ends_at = typed.name, typed.starts_at, typed.ends_at
    row.is_meal, row.position, row.day = typed.is_meal, typed.position, typed.day
    session.add(row)
    session.flush()
    return row.id


def delete_activity(session: Session, activity_id: int) -> None:
    """Delete an activity that no family has anything of, with all that is set for it. Raises NotFound, StillUsed."""
    take_turns(session, "settings")
    stop_bookings(session)
    row = _existing(session, Activity, activity_id)
    unit_ids = _unit_ids(session, activity_id)
    check_unused((*usages_of_activity(session, activity_id, unit_ids), *mentions_of_activity(session, activity_id)))
    session.execute(delete(Opening).where(Opening.unit_id.in_(unit_ids)))
    session.delete(row)
    session.flush()
    _drop_empty_scopes(session)


def delete_group(session: Session, group_id: int) -> None:
    """Delete a group without enrolment, with its openings. Raises NotFound, StillUsed."""
    take_turns(session, "settings")
    stop_bookings(session)
    row = _existing(session, Group, group_id)
    check_unused(usages_of_group(session, group_id))
    session.execute(delete(Opening).where(Opening.group_id == group_id))
    activity = session.get_one(Activity, row.activity_id)
    rules = activity.enrolment_rules
    activity.enrolment_rules = replace(rules, places=tuple(each for each in rules.places if each.group_id != group_id))
    session.delete(row)
    session.flush()
    _drop_empty_scopes(session)


def delete_unit(session: Session, unit_id: int) -> None:
    """Delete a unit that was never booked and that no rule names, with its openings. Raises NotFound, StillUsed."""
    take_turns(session, "settings")
    stop_bookings(session)
    row = _existing(session, Unit, unit_id)
    check_unused(usages_of_unit(session, row.activity_id, unit_id))
    session.execute(delete(Opening).where(Opening.unit_id == unit_id))
    session.delete(row)
    session.flush()
    _drop_empty_scopes(session)


def _drop_empty_scopes(session: Session) -> None:
    """Places that cover no unit or no group any more are of nothing: nobody ever took one."""
    with_units, with_groups = select(CapacityScopeUnit.scope_id), select(CapacityScopeGroup.scope_id)
    is_empty = or_(CapacityScope.id.not_in(with_units), CapacityScope.id.not_in(with_groups))
    ids = session.scalars(select(CapacityScope.id).where(is_empty)).all()
    if ids:
        session.execute(delete(CapacityCounter).where(CapacityCounter.scope_id.in_(ids)))
        session.execute(delete(CapacityScope).where(CapacityScope.id.in_(ids)))


def _unit_ids(session: Session, activity_id: int) -> list[int]:
    return list(session.scalars(select(Unit.id).where(Unit.activity_id == activity_id)))


def _existing(session: Session, kind: type[Row], id_: int) -> Row:
    row = session.get(kind, id_)
    if row is None:
        raise NotFound(kind.__tablename__)
    return row
