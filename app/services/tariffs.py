"""Prices as the staff set them: one grid per activity, in dated versions.

A version that has begun is never edited: it is followed by a new one. What a new version changes for bookings that no
invoice holds yet is said before it is kept, then `reprice_next()` brings the kept prices up to date, batch by batch.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum, auto

from sqlalchemy import select
from sqlalchemy.orm import Session

from app import clock
from app.database import db
from app.models.activities import NO_DAY_YET, Activity, TariffVersion, Unit
from app.rules.grid_checks import grid_problems, priced_codes
from app.rules.reaches import DaySpan, moved_days, told_days
from app.rules.tariff_grids import (
    Criterion,
    Duration,
    EffortRate,
    Grid,
    GridVersion,
    NumberAxis,
    Rate,
    Span,
    Table,
    is_unit_code,
    unit_code,
    version_on,
)
from app.services.catalogue import ActivityInfo, UnitInfo, catalogue
from app.services.errors import DayTaken, NotFound, VersionBegun
from app.services.households import load_prices, open_bookings
from app.services.prices import FAMILIES_PER_BATCH, PriceChangeReason, reprice_families
from app.services.staff_scopes import EVERYWHERE, StaffScope


class VersionState(StrEnum):
    """Where a version stands today."""

    PAST = auto()
    IN_FORCE = auto()
    TO_COME = auto()


@dataclass(frozen=True, slots=True)
class Bracket:
    """A row of the grid: quotients from, included, to below, excluded (None: and above), and each unit's price; cents.

    A unit without price in this bracket has none.
    """

    qf_from_cents: int
    qf_below_cents: int | None
    amounts_cents: Mapping[int, int]  # by unit


@dataclass(frozen=True, slots=True)
class VersionView:
    """A version of an activity's prices."""

    id: int
    activity: ActivityInfo
    starts_on: date
    state: VersionState
    prices: Grid

    @property
    def grid(self) -> tuple[Bracket, ...]:
        """The units that have a table, as rows."""
        return brackets_of(self.activity, self.prices)

    @property
    def table_units(self) -> tuple[UnitInfo, ...]:
        """Those that one table shows, by quotients: not those whose price is of another kind, or a package's."""
        priced = priced_codes(self.prices)
        items = ((unit, self.prices.by_code.get(unit_code(unit.id))) for unit in self.activity.units)
        return tuple(
            unit
            for unit, item in items
            if (unit.day is None or item is not None)
            and (unit_code(unit.id) not in priced if item is None else amounts_by_quotient(item.rate))
        )

    @property
    def efforts(self) -> tuple[tuple[UnitInfo, EffortRate], ...]:
        """The units that cost a share of the quotient."""
        found = []
        for unit in self.activity.units:
            item = self.prices.by_code.get(unit_code(unit.id))
            if item is not None and isinstance(item.rate, EffortRate):
                found.append((unit, item.rate))
        return tuple(found)

    @property
    def stays(self) -> tuple[tuple[UnitInfo, Duration], ...]:
        """The units whose price is that of an hour."""
        items = ((unit, self.prices.by_code.get(unit_code(unit.id))) for unit in self.activity.units)
        return tuple((unit, item.duration) for unit, item in items if item is not None and item.duration is not None)


@dataclass(frozen=True, slots=True)
class ActivityTariffs:
    """An activity and its versions, latest first."""

    activity: ActivityInfo
    is_over: bool  # its season has ended
    versions: tuple[VersionView, ...]


@dataclass(frozen=True, slots=True)
class TariffInput:
    """A grid to keep, and the day it begins."""

    starts_on: date
    grid: Grid


@dataclass(frozen=True, slots=True)
class Effect:
    """What prices change for bookings that no invoice holds yet. The difference is in cents, for all together."""

    families: tuple[int, ...]  # their ids, in order
    count: int  # bookings
    difference_cents: int


_VERSIONS = select(TariffVersion).where(TariffVersion.starts_on < NO_DAY_YET)


def tariffs_by_activity(reach: StaffScope = EVERYWHERE) -> tuple[ActivityTariffs, ...]:
    """All activities within reach with their versions, those of seasons that are over at the end. One query."""
    versions: defaultdict[int, list[VersionView]] = defaultdict(list)
    for row in db.session.scalars(_VERSIONS.order_by(TariffVersion.starts_on.desc())):
        versions[row.activity_id].append(_view(row))
    today = clock.today()
    found = (
        ActivityTariffs(activity, activity.season.ends_on < today, tuple(versions[activity.id]))
        for activity in reach.activities()
    )
    return tuple(sorted(found, key=lambda each: each.is_over))


def read_version(version_id: int) -> VersionView:
    """A version with its grid. Raises NotFound."""
    row = db.session.get(TariffVersion, version_id)
    if row is None or row.starts_on == NO_DAY_YET:
        raise NotFound("tariff version")
    return _view(row)


def read_activity(activity_id: int) -> ActivityInfo:
    """The activity whose prices are to be set. Raises NotFound."""
    activity = catalogue().activities.get(activity_id)
    if activity is None:
        raise NotFound("activity")
    return activity


def version_to_copy(activity: ActivityInfo, version_id: int | None) -> VersionView | None:
    """The version of this activity with this id, or its draft, else its latest version; None when it has none."""
    rows = db.session.scalars(
        select(TariffVersion).where(TariffVersion.activity_id == activity.id).order_by(TariffVersion.starts_on.desc())
    ).all()
    latest = next((row for row in rows if row.starts_on < NO_DAY_YET), None)
    chosen = next((row for row in rows if row.id == version_id), latest)
    return None if chosen is None else _view(chosen)


def effect_of(activity: ActivityInfo, tariffs: Sequence[GridVersion], since: date) -> Effect:
    """What these versions would change in the kept prices of bookings from a day on.

    The days before it that move with these count as well: a week that two versions share is a package in neither.
    A constant number of queries for each hundred families.
    """
    session = db.session()
    families, spans = open_bookings(session, [activity.id], since=since)
    changed: dict[int, list[int]] = {}
    for start in range(0, len(families), FAMILIES_PER_BATCH):
        moved = moved_days([*activity.tariffs, *tariffs], DaySpan(since, max(since, spans[activity.id].last)))
        told = told_days(tariffs, moved)
        batch = families[start : start + FAMILIES_PER_BATCH]
        loaded = load_prices(session, batch, {activity.id: told}, {activity.id: tariffs})
        for family_id in batch:
            prices = loaded[family_id]
            differences = [
                share.amount_cents - prices.booked[key].price_cents
                for key, share in prices.bill().shares.items()
                if moved.covers(prices.booked[key].usage.day)
            ]
            if any(differences):
                changed[family_id] = [cents for cents in differences if cents]
    return Effect(
        tuple(changed), sum(map(len, changed.values())), sum(cents for each in changed.values() for cents in each)
    )


def effect_of_input(activity: ActivityInfo, typed: TariffInput, replaced: VersionView | None = None) -> Effect:
    """What keeping this grid, in the place of a version to come or as a new one, would change."""
    others = _without(activity, replaced)
    since = typed.starts_on if replaced is None else min(typed.starts_on, replaced.starts_on)
    return effect_of(activity, (*others, GridVersion(typed.starts_on, typed.grid)), since)


def effect_of_deletion(version: VersionView) -> Effect:
    """What the deletion of a version to come would change."""
    return effect_of(version.activity, _without(version.activity, version), version.starts_on)


def pending_effect(activity: ActivityInfo) -> Effect:
    """The bookings from today on whose kept price is not that of the grids: they are still to be repriced."""
    return effect_of(activity, activity.tariffs, clock.today())


def add_version(session: Session, activity_id: int, typed: TariffInput) -> int:
    """Keep a new version and return its id. Raises NotFound, DayTaken, and ValueError for a grid with problems.

    It begins today at the earliest, unless it is the activity's first: then nothing can have been priced before it.
    """
    if session.get(Activity, activity_id, with_for_update=True) is None:
        raise NotFound("activity")
    typed = _with_outings(session, activity_id, typed)
    _check_grid(session, activity_id, typed)
    days = session.scalars(
        select(TariffVersion.starts_on).where(
            TariffVersion.activity_id == activity_id, TariffVersion.starts_on < NO_DAY_YET
        )
    ).all()
    if typed.starts_on in days or (days and typed.starts_on < clock.today()):
        raise DayTaken(typed.starts_on.isoformat())
    version = TariffVersion(activity_id=activity_id, starts_on=typed.starts_on, grid=typed.grid)
    session.add(version)
    session.flush()
    return version.id


def change_version(session: Session, version_id: int, typed: TariffInput) -> None:
    """Change a version to come. Raises NotFound, VersionBegun, DayTaken, and ValueError for a grid with problems."""
    version = _version_to_come(session, version_id)
    typed = _with_outings(session, version.activity_id, typed)
    _check_grid(session, version.activity_id, typed)
    taken = select(TariffVersion.id).where(
        TariffVersion.activity_id == version.activity_id,
        TariffVersion.starts_on == typed.starts_on,
        TariffVersion.id != version_id,
    )
    if typed.starts_on < clock.today() or session.scalar(taken) is not None:
        raise DayTaken(typed.starts_on.isoformat())
    version.starts_on = typed.starts_on
    version.grid = typed.grid
    session.flush()


def delete_version(session: Session, version_id: int) -> None:
    """Delete a version to come. Raises NotFound and VersionBegun."""
    session.delete(_version_to_come(session, version_id))
    session.flush()


def reprice_next(session: Session, families: Sequence[int]) -> tuple[int, ...]:
    """Reprice the first families of a list, in a transaction of their own, and return those that are left."""
    reprice_families(session, families[:FAMILIES_PER_BATCH], PriceChangeReason.TARIFF)
    return tuple(families[FAMILIES_PER_BATCH:])


def brackets_of(activity: ActivityInfo, grid: Grid) -> tuple[Bracket, ...]:
    """A grid as rows with common bounds: a bound of one unit is a bound of all."""
    items = {unit.id: grid.by_code[unit_code(unit.id)] for unit in activity.units if unit_code(unit.id) in grid.by_code}
    bounds = sorted({span.low for item in items.values() for span, _ in amounts_by_quotient(item.rate)})
    ends: list[int | None] = [*bounds[1:], None][: len(bounds)]
    return tuple(
        Bracket(
            low,
            below,
            {
                unit_id: cents
                for unit_id, item in items.items()
                for span, cents in amounts_by_quotient(item.rate)
                if span.covers(low)
            },
        )
        for low, below in zip(bounds, ends, strict=True)
    )


def amounts_by_quotient(rate: Rate) -> Sequence[tuple[Span, int]]:
    """What a rate says by quotient: nothing where it is of another kind."""
    if not isinstance(rate, Table):
        return []
    match rate.axes:
        case ():
            return [(Span("", 0, None), cents) for cents in rate.values.values()]
        case (NumberAxis(criterion=Criterion.QUOTIENT, spans=spans),):
            return [(span, rate.values[span.code,]) for span in spans if (span.code,) in rate.values]
        case _:
            return []


def _view(row: TariffVersion) -> VersionView:
    activity = catalogue().activities[row.activity_id]
    return VersionView(row.id, activity, row.starts_on, _state(activity, row.starts_on), row.grid)


def _state(activity: ActivityInfo, starts_on: date) -> VersionState:
    today = clock.today()
    if starts_on > today:
        return VersionState.TO_COME
    in_force = max(tariff.starts_on for tariff in activity.tariffs if tariff.starts_on <= today)
    return VersionState.IN_FORCE if starts_on == in_force else VersionState.PAST


def _without(activity: ActivityInfo, version: VersionView | None) -> tuple[GridVersion, ...]:
    return tuple(tariff for tariff in activity.tariffs if version is None or tariff.starts_on != version.starts_on)


def _version_to_come(session: Session, version_id: int) -> TariffVersion:
    version = session.get(TariffVersion, version_id, with_for_update=True)
    if version is None or version.starts_on == NO_DAY_YET:
        raise NotFound("tariff version")
    if version.starts_on <= clock.today():
        raise VersionBegun(version.starts_on.isoformat())
    return version


def _with_outings(session: Session, activity_id: int, typed: TariffInput) -> TariffInput:
    """A grid keeps the prices of the outings that it will be in force for: they are set on their own screen."""
    outings = session.execute(
        select(Unit.id, Unit.day).where(Unit.activity_id == activity_id, Unit.day >= typed.starts_on)
    ).all()
    versions = [
        GridVersion(row.starts_on, row.grid)
        for row in session.scalars(_VERSIONS.where(TariffVersion.activity_id == activity_id))
    ]
    grid = typed.grid
    for unit_id, day in outings:
        code, version = unit_code(unit_id), version_on(versions, day)
        if code not in grid.by_code and version is not None and code in version.grid.by_code:
            grid = replace(grid, items=(*grid.items, version.grid.by_code[code]))
    return replace(typed, grid=grid)


def _check_grid(session: Session, activity_id: int, typed: TariffInput) -> None:
    found = session.execute(select(Unit.id, Unit.day).where(Unit.activity_id == activity_id)).all()
    units, usual = {unit_code(id_) for id_, _ in found}, {unit_code(id_) for id_, day in found if day is None}
    strangers = {item.code for item in typed.grid.items if is_unit_code(item.code)} - units
    if strangers or not usual <= priced_codes(typed.grid) or grid_problems(typed.grid):
        raise ValueError("a grid prices each unit of the activity and of no other, without gap or overlap")
