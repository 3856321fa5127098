"""« Présents maintenant »: who is on a place at this moment, as far as attendance says."""

from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select

from app.database import db
from app.models.attendances import Attendance
from app.models.bookings import Booking, Opening
from app.models.families import Child
from app.rules.attendances import NOT_SEEN, Seen
from app.rules.presences import Presence, Stay, presence
from app.rules.states import BookingStatus
from app.services.catalogue import SiteInfo, catalogue
from app.services.sheet_scopes import SheetScope


@dataclass(frozen=True, slots=True)
class PresentChild:
    """A child who is there, or is to be looked for."""

    child_id: int
    name: str
    group_name: str


@dataclass(frozen=True, slots=True)
class PresentGroup:
    """The children of a group, by name."""

    activity_name: str
    name: str
    children: tuple[PresentChild, ...]


@dataclass(frozen=True, slots=True)
class SitePresence:
    """A place at a moment: who is there, by group; who came and is to be checked; who was not ticked."""

    site: SiteInfo
    groups: tuple[PresentGroup, ...]
    to_check: tuple[PresentChild, ...]
    not_ticked: tuple[PresentChild, ...]

    @property
    def here(self) -> int:
        """How many children are there."""
        return len({child.child_id for group in self.groups for child in group.children})


@dataclass(frozen=True, slots=True)
class _Place:
    """A child in an opening."""

    child_id: int
    folded_name: str
    last_name: str
    first_name: str
    opening_id: int
    unit_id: int
    group_id: int


def present_now(scope: SheetScope, now: datetime) -> tuple[SitePresence, ...]:
    """The places of a scope on which a child is, or may be, by name. Two queries."""
    known = catalogue()
    stays: defaultdict[tuple[int, int, int], list[Stay]] = defaultdict(list)
    names: dict[int, tuple[str, str]] = {}
    for place, seen in _places(scope, now).items():
        unit = known.units[place.unit_id]
        site_id = known.activities[unit.activity_id].site_id
        stays[site_id, place.child_id, place.group_id].append(Stay(unit.starts_at, unit.ends_at, seen))
        names[place.child_id] = place.folded_name, f"{place.last_name} {place.first_name}"
    at = now.time().replace(second=0, microsecond=0)
    by_site: defaultdict[int, dict[Presence, list[tuple[int, PresentChild]]]] = defaultdict(dict)
    for (site_id, child_id, group_id), days in sorted(stays.items(), key=lambda each: (names[each[0][1]], each[0])):
        where = presence(days, at)
        if where is not None:
            child = PresentChild(child_id, names[child_id][1], known.groups[group_id].name)
            by_site[site_id].setdefault(where, []).append((group_id, child))
    return tuple(_site(site, by_site[site.id]) for site in scope.sites if site.id in by_site)


def _site(site: SiteInfo, found: dict[Presence, list[tuple[int, PresentChild]]]) -> SitePresence:
    known = catalogue()
    here: defaultdict[int, list[PresentChild]] = defaultdict(list)
    for group_id, child in found.get(Presence.HERE, ()):
        here[group_id].append(child)
    return SitePresence(
        site,
        tuple(
            PresentGroup(known.activities[group.activity_id].name, group.name, tuple(here[group.id]))
            for group in known.groups.values()
            if group.id in here
        ),
        tuple(child for _, child in found.get(Presence.TO_CHECK, ())),
        tuple(child for _, child in found.get(Presence.NOT_TICKED, ())),
    )


def _places(scope: SheetScope, now: datetime) -> dict[_Place, Seen]:
    """What is booked today, with what was recorded of it; and who came without a booking."""
    child = Child.id, Child.folded_name, Child.last_name, Child.first_name
    here = (Opening.day == now.date(), Opening.unit_id.in_(scope.unit_ids), Opening.group_id.in_(scope.group_ids))
    booked = db.session.execute(
        select(*child, Opening.id, Opening.unit_id, Opening.group_id)
        .join(Booking, Booking.child_id == Child.id)
        .join(Opening, Opening.id == Booking.opening_id)
        .where(*here, Booking.status == BookingStatus.CONFIRMED)
    )
    found = {_Place(*row): NOT_SEEN for row in booked}
    ticked = db.session.execute(
        select(*child, Opening.id, Opening.unit_id, Opening.group_id, Attendance)
        .join(Attendance, Attendance.child_id == Child.id)
        .join(Opening, Opening.id == Attendance.opening_id)
        .where(*here, Attendance.turnout.is_not(None))
    )
    return found | {_Place(*place): attendance.seen for *place, attendance in ticked}
