"""What a sheet is about: the activities that an agent reaches, narrowed to a place, an activity, a group, a unit."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from app.services.catalogue import ActivityInfo, GroupInfo, SiteInfo, UnitInfo, catalogue


@dataclass(frozen=True, slots=True)
class Asked:
    """What an address asks for; None: all."""

    site_id: int | None = None
    activity_id: int | None = None
    group_id: int | None = None
    unit_id: int | None = None


@dataclass(frozen=True, slots=True)
class SheetScope:
    """The chosen ones (None: all that there are), and those that may be chosen instead."""

    activities: tuple[ActivityInfo, ...]  # reached, and chosen
    site: SiteInfo | None
    activity: ActivityInfo | None
    group: GroupInfo | None
    unit: UnitInfo | None
    sites: tuple[SiteInfo, ...]
    offered: tuple[ActivityInfo, ...]  # at the chosen place
    groups: tuple[GroupInfo, ...]  # of the chosen activity
    units: tuple[UnitInfo, ...]

    @property
    def unit_ids(self) -> frozenset[int]:
        """The units that it is about."""
        if self.unit is not None:
            return frozenset({self.unit.id})
        return frozenset(unit.id for activity in self.activities for unit in activity.units)

    @property
    def group_ids(self) -> frozenset[int]:
        """The groups that it is about."""
        if self.group is not None:
            return frozenset({self.group.id})
        return frozenset(group.id for activity in self.activities for group in activity.groups)

    @property
    def title(self) -> str:
        """« Mercredi, 3-5 ans, Matin », « Les Tilleuls »; « » where nothing is chosen."""
        if self.activity is None:
            return "" if self.site is None else self.site.name
        return ", ".join(each.name for each in (self.activity, self.group, self.unit) if each is not None)


def sheet_scope(reached: Sequence[ActivityInfo], asked: Asked, first: date, last: date) -> SheetScope:
    """Of the activities reached whose season has one of these days, those that are asked for.

    What is not among them counts as not asked for.
    """
    of_season = catalogue().activities_on(first, last)
    there = [activity for activity in reached if activity.id in of_season or activity.id == asked.activity_id]
    sites = {activity.site_id for activity in there}
    site = catalogue().sites[asked.site_id] if asked.site_id in sites and asked.site_id is not None else None
    offered = tuple(activity for activity in there if site is None or activity.site_id == site.id)
    activity = next((each for each in offered if each.id == asked.activity_id), None)
    groups = activity.groups if activity is not None else ()
    units = tuple(
        unit
        for unit in (activity.units if activity is not None else ())
        if unit.day is None or first <= unit.day <= last
    )
    return SheetScope(
        activities=offered if activity is None else (activity,),
        site=site,
        activity=activity,
        group=next((group for group in groups if group.id == asked.group_id), None),
        unit=next((unit for unit in units if unit.id == asked.unit_id), None),
        sites=tuple(each for each in catalogue().sites.values() if each.id in sites),
        offered=offered,
        groups=groups,
        units=units,
    )
