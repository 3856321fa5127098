"""A copy of an activity in another season: its groups, units, rules, prices and places, without openings."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum, auto
from typing import Any

from sqlalchemy import inspect, select
from sqlalchemy.orm import Session

from app import clock
from app.database import Base, take_turns
from app.models.activities import (
    NO_DAY_YET,
    Activity,
    ActivityNoticeRule,
    CapacityScope,
    CapacityScopeGroup,
    CapacityScopeUnit,
    Group,
    Season,
    TariffVersion,
    Unit,
)
from app.models.publications import PublicationActivity, TextActivity
from app.models.required_documents import RequiredDocumentActivity
from app.rules.calendars import add_months
from app.rules.copies import combinations_of_copy, enrolment_rules_of_copy, grid_of_copy, months_between, notice_of_copy
from app.services.errors import NameTaken, NotFound


class PricesOfCopy(StrEnum):
    """What becomes of the prices."""

    DRAFT = auto()  # a draft: the staff give it its first day
    VERSION = auto()  # in force from the first day of the season
    NONE = auto()


@dataclass(frozen=True, slots=True)
class CopyInput:
    """Into which season, under which name, with which prices."""

    season_id: int
    name: str
    prices: PricesOfCopy


def copy_activity(session: Session, activity_id: int, typed: CopyInput) -> int:
    """Copy an activity; returns the id of the copy. Raises NotFound, NameTaken."""
    take_turns(session, "settings")
    model, season = session.get(Activity, activity_id), session.get(Season, typed.season_id)
    if model is None or season is None:
        raise NotFound("activity or season")
    namesake = select(Activity.id).where(Activity.season_id == season.id, Activity.name == typed.name)
    if session.scalar(namesake) is not None:
        raise NameTaken
    copy: Activity = _copied(model, season_id=season.id, name=typed.name)
    session.add(copy)
    session.flush()
    groups = _copy_children(session, Group, activity_id, copy.id)
    units = _copy_children(session, Unit, activity_id, copy.id)
    months = months_between(session.get_one(Season, model.season_id).starts_on, season.starts_on)
    for outing in session.scalars(select(Unit).where(Unit.activity_id == copy.id, Unit.day.is_not(None))):
        outing.day = add_months(outing.day, months) if outing.day is not None else None
    copy.combinations = combinations_of_copy(model.combinations, units, months)
    copy.enrolment_rules = enrolment_rules_of_copy(model.enrolment_rules, groups, months)
    rules = select(ActivityNoticeRule).where(ActivityNoticeRule.activity_id == activity_id)
    for row in session.scalars(rules.order_by(ActivityNoticeRule.id)):
        session.add(_copied(row, activity_id=copy.id, rule=notice_of_copy(row.rule, units, months)))
    for kind in (RequiredDocumentActivity, PublicationActivity, TextActivity):
        links = select(kind).where(kind.activity_id == activity_id)
        session.add_all([_copied(row, activity_id=copy.id) for row in session.scalars(links)])
    _copy_prices(session, activity_id, copy.id, units, season, typed.prices)
    _copy_scopes(session, season.id, units, groups)
    session.flush()
    return copy.id


def _copied(row: Any, **changes: object) -> Any:
    """A new row with the columns of another, whatever they are, apart from its id and these changes."""
    columns = inspect(type(row)).column_attrs
    return type(row)(**{**{each.key: getattr(row, each.key) for each in columns if each.key != "id"}, **changes})


def _copy_children(session: Session, kind: type[Base], activity_id: int, copy_id: int) -> dict[int, int]:
    """Copy the groups or units of an activity; the new ids by the old ones."""
    key: Any = kind
    rows: Sequence[Any] = session.scalars(select(kind).where(key.activity_id == activity_id).order_by(key.id)).all()
    copies = [_copied(row, activity_id=copy_id) for row in rows]
    session.add_all(copies)
    session.flush()
    return {old.id: new.id for old, new in zip(rows, copies, strict=True)}


def _copy_prices(
    session: Session, activity_id: int, copy_id: int, units: Mapping[int, int], season: Season, prices: PricesOfCopy
) -> None:
    if prices is PricesOfCopy.NONE:
        return
    version = _version_to_copy(session, activity_id)
    if version is None:
        return
    starts_on: date = season.starts_on if prices is PricesOfCopy.VERSION else NO_DAY_YET
    session.add(TariffVersion(activity_id=copy_id, starts_on=starts_on, grid=grid_of_copy(version.grid, units)))


def _version_to_copy(session: Session, activity_id: int) -> TariffVersion | None:
    """The version that is in force today, else the next one; the draft is never taken."""
    versions = session.scalars(
        select(TariffVersion)
        .where(TariffVersion.activity_id == activity_id, TariffVersion.starts_on < NO_DAY_YET)
        .order_by(TariffVersion.starts_on)
    ).all()
    begun = [version for version in versions if version.starts_on <= clock.today()]
    return begun[-1] if begun else next(iter(versions), None)


def _copy_scopes(session: Session, season_id: int, units: Mapping[int, int], groups: Mapping[int, int]) -> None:
    """Copy the places that cover units of the activity; those that cover other activities too are made once."""
    covering = select(CapacityScopeUnit.scope_id).where(CapacityScopeUnit.unit_id.in_(units))
    for scope in session.scalars(
        select(CapacityScope).where(CapacityScope.id.in_(covering)).order_by(CapacityScope.id)
    ):
        is_shared = session.scalar(
            select(CapacityScopeUnit.unit_id).where(
                CapacityScopeUnit.scope_id == scope.id, CapacityScopeUnit.unit_id.not_in(units)
            )
        )
        copy_id = _scope_of_season(session, season_id, scope.name, units) if is_shared is not None else None
        if copy_id is None:
            copy = _copied(scope)
            session.add(copy)
            session.flush()
            copy_id = copy.id
        of_units = select(CapacityScopeUnit.unit_id).where(CapacityScopeUnit.scope_id == scope.id)
        of_groups = select(CapacityScopeGroup.group_id).where(CapacityScopeGroup.scope_id == scope.id)
        session.add_all(
            CapacityScopeUnit(scope_id=copy_id, unit_id=units[id_]) for id_ in session.scalars(of_units) if id_ in units
        )
        session.add_all(
            CapacityScopeGroup(scope_id=copy_id, group_id=groups[id_])
            for id_ in session.scalars(of_groups)
            if id_ in groups
        )


def _scope_of_season(session: Session, season_id: int, name: str, units: Mapping[int, int]) -> int | None:
    """The places of this name that the copy of another activity made in the season."""
    found: int | None = session.scalar(
        select(CapacityScope.id)
        .join(CapacityScopeUnit, CapacityScopeUnit.scope_id == CapacityScope.id)
        .join(Unit, Unit.id == CapacityScopeUnit.unit_id)
        .join(Activity, Activity.id == Unit.activity_id)
        .where(Activity.season_id == season_id, CapacityScope.name == name, Unit.id.not_in(units.values()))
        .limit(1)
    )
    return found
