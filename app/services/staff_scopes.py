"""Where a member of the staff may act: at the sites and for the offices that their roles name, or everywhere."""

from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.models.accounts import StaffRole
from app.rules.capabilities import ROLE_CAPABILITIES, ROLE_PLACES, Capability, PlaceKind, Post, Role
from app.services.catalogue import ActivityInfo, catalogue
from app.services.offices import OfficeView, list_offices


@dataclass(frozen=True, slots=True)
class HeldRole:
    """A role of an agent, and by name the offices and sites that narrow it; without: everywhere."""

    role: Role
    places: tuple[str, ...]


class PlaceNames:
    """The offices and sites, by name. One query."""

    def __init__(self) -> None:
        self._offices = {office.id: office.name for office in list_offices()}
        self._sites = {site.id: site.name for site in catalogue().sites.values()}

    def of(self, post: Post) -> str:
        """« Les Tilleuls », « Service enfance », « Service enfance, Les Tilleuls », « Partout »."""
        office = self._offices.get(post.office_id, "service supprimé") if post.office_id is not None else None
        site = self._sites.get(post.site_id, "lieu supprimé") if post.site_id is not None else None
        return ", ".join(name for name in (office, site) if name is not None) or "Partout"

    def roles(self, posts: Iterable[Post]) -> tuple[HeldRole, ...]:
        """The roles of posts in order."""
        places: dict[Role, list[str]] = {}
        for post in posts:
            places.setdefault(post.role, []).extend([] if post.is_everywhere else [self.of(post)])
        return tuple(HeldRole(role, tuple(names)) for role, names in places.items())

    def posts(self, role: Role) -> tuple[Post, ...]:
        """What a role may be: everywhere, for one of the offices, at one of the sites, as far as it makes sense."""
        offices = self._offices if PlaceKind.OFFICE in ROLE_PLACES[role] else ()
        sites = self._sites if PlaceKind.SITE in ROLE_PLACES[role] else ()
        return (
            Post(role),
            *(Post(role, office_id=id_) for id_ in offices),
            *(Post(role, site_id=id_) for id_ in sites),
        )


@dataclass(frozen=True, slots=True)
class StaffScope:
    """The offices and sites of the roles that let an agent do something; a pair of None: everywhere."""

    places: frozenset[tuple[int | None, int | None]]

    def covers(self, activity: ActivityInfo) -> bool:
        """Whether an activity is within it."""
        return any(
            office in (None, activity.office_id) and site in (None, activity.site_id) for office, site in self.places
        )

    def offices(self) -> tuple[OfficeView, ...]:
        """The offices within it, by name; where a role is for one site, those of its activities there. One query."""
        whole = {office for office, site in self.places if site is None}
        named = whole | {activity.office_id for activity in self.activities()}
        return tuple(office for office in list_offices() if None in whole or office.id in named)

    def activities(self) -> Iterable[ActivityInfo]:
        """Those within it, in the order of the planning."""
        return (activity for activity in catalogue().activities.values() if self.covers(activity))


def scope_of(session: Session, user_id: int, capability: Capability) -> StaffScope:
    """Where an agent may do one thing. One query."""
    able = [role for role, capabilities in ROLE_CAPABILITIES.items() if capability in capabilities]
    rows = session.execute(
        select(StaffRole.office_id, StaffRole.site_id).where(StaffRole.user_id == user_id, StaffRole.role.in_(able))
    )
    return StaffScope(frozenset(rows.tuples()))
