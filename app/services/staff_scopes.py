"""Where a member of the staff may act: at the sites and for the offices that their roles name, or everywhere.

Source: docs/rules/capabilities.md.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import ColumnElement, select, true
from sqlalchemy.orm import InstrumentedAttribute, Session

from app.models.accounts import StaffRole
from app.models.enrolments import Enrolment
from app.models.families import FamilyChild
from app.models.invoices import Invoice
from app.models.payments import Payment
from app.rules.capabilities import ROLE_CAPABILITIES, ROLE_PLACES, Capability, PlaceKind, Post, Role
from app.rules.states import EnrolmentStatus
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
        offices = {office.id: office.name for office in list_offices()}
        sites = {site.id: site.name for site in catalogue().sites.values()}
        both = {*offices.values()} & {*sites.values()}
        self._offices = {id_: f"{name} (service)" if name in both else name for id_, name in offices.items()}
        self._sites = {id_: f"{name} (lieu d’accueil)" if name in both else name for id_, name in sites.items()}

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

    @property
    def is_everywhere(self) -> bool:
        """Whether nothing narrows it."""
        return (None, None) in self.places

    @property
    def activity_ids(self) -> frozenset[int]:
        """The activities within it."""
        return frozenset(activity.id for activity in self.activities())

    @property
    def known_activity_ids(self) -> frozenset[int] | None:
        """The same; None for all."""
        return None if self.is_everywhere else self.activity_ids

    @property
    def group_ids(self) -> frozenset[int]:
        """The groups of these."""
        return frozenset(group.id for activity in self.activities() for group in activity.groups)

    def has_activity(self, column: InstrumentedAttribute[int]) -> ColumnElement[bool]:
        """A condition: the activity is within it."""
        return true() if self.is_everywhere else column.in_(self.activity_ids)

    def has_family(self, column: InstrumentedAttribute[int]) -> ColumnElement[bool]:
        """A condition: a child of the family has, had or asks for a place in an activity within it, or the family has
        an invoice or a payment of an office that is wholly within it."""
        if self.is_everywhere:
            return true()
        children = select(Enrolment.child_id).where(
            Enrolment.activity_id.in_(self.activity_ids),
            Enrolment.status.not_in((EnrolmentStatus.REFUSED, EnrolmentStatus.CANCELLED)),
        )
        offices = [office for office, site in self.places if site is None]
        return (
            column.in_(select(FamilyChild.family_id).where(FamilyChild.child_id.in_(children)))
            | column.in_(select(Invoice.family_id).where(Invoice.office_id.in_(offices)))
            | column.in_(select(Payment.family_id).where(Payment.office_id.in_(offices)))
        )

    def offices(self) -> tuple[OfficeView, ...]:
        """The offices within it, by name; where a role is for one site, those of its activities there. One query."""
        whole = {office for office, site in self.places if site is None}
        named = whole | {activity.office_id for activity in self.activities()}
        return tuple(office for office in list_offices() if None in whole or office.id in named)

    def activities(self) -> Iterable[ActivityInfo]:
        """Those within it, in the order of the planning."""
        return (activity for activity in catalogue().activities.values() if self.covers(activity))


EVERYWHERE = StaffScope(frozenset({(None, None)}))


def scope_of_posts(posts: Iterable[Post], capability: Capability) -> StaffScope:
    """Where who holds these posts may do one thing."""
    able = (post for post in posts if capability in ROLE_CAPABILITIES[post.role])
    return StaffScope(frozenset((post.office_id, post.site_id) for post in able))


def scope_of(session: Session, user_id: int, capability: Capability) -> StaffScope:
    """Where an agent may do one thing, as the database says it now: what writes asks again. One query.

    `access.reach()` tells what the request read when it began.
    """
    rows = session.execute(
        select(StaffRole.role, StaffRole.office_id, StaffRole.site_id).where(StaffRole.user_id == user_id)
    )
    return scope_of_posts((Post(*row) for row in rows), capability)
