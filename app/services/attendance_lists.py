"""« Pointage » as the teams read it: a group's day, child by child, with what they must know to look after it.

Who calls shows health data: it notes first who reads it (`children_with_health()`, `access.record_health_readings`).
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import ColumnElement, or_, select
from sqlalchemy.orm import Session

from app import clock
from app.models.accounts import User
from app.models.attendances import Attendance
from app.models.bookings import Booking, CapacityCounter, Opening
from app.models.enrolments import Enrolment
from app.models.families import Child, Family, FamilyChild
from app.models.invoices import Invoice, InvoicedBooking, InvoiceLine
from app.rules.attendances import NOT_SEEN, Seen, Turnout
from app.rules.capabilities import Capability
from app.rules.capacity import Slot, covering
from app.rules.child_files import SectionKind
from app.rules.enrolments import age_on
from app.rules.states import BookingStatus, CancelClass, EnrolmentStatus, FamilyStatus
from app.rules.texts import fold
from app.services.attendances import is_taken_by_run, timed_units
from app.services.care import Around, Called, Household, collectors_on, parents_of, sections_of
from app.services.catalogue import ActivityInfo, GroupInfo, UnitInfo, catalogue
from app.services.errors import NotFound, OwnFamily
from app.services.families import own_family_ids
from app.services.staff_scopes import scope_of
from app.services.validated_days import Reopening, Validation, validations_of

_FOUND = 20
"""So many children are found at once."""


@dataclass(frozen=True, slots=True)
class PlaceLine:
    """A child in one unit of the day: what was booked, and what is recorded."""

    opening_id: int
    unit: UnitInfo
    is_expected: bool  # booked for that day, before it
    told_absent: bool  # the parents said, too late, that it does not come
    seen: Seen
    version: int  # 0: nothing was ever recorded
    by: str
    at: datetime | None
    is_unbilled: bool
    asks_times: bool  # its price looks at how long the child stays, or at who is collected late


@dataclass(frozen=True, slots=True)
class HealthNotes:
    """What who looks after a child must know of its health."""

    has_care_plan: bool
    has_kit: bool
    allergies: tuple[str, ...]
    reaction: str
    has_treatment: bool

    @property
    def has_allergies(self) -> bool:
        """Whether anything is said of allergies."""
        return bool(self.allergies)


@dataclass(frozen=True, slots=True)
class Care:
    """What must be known to look after a child, and to let it go."""

    health: HealthNotes | None
    around: Around
    households: tuple[Household, ...]


@dataclass(frozen=True, slots=True)
class ChildLine:
    """A child of the list."""

    child_id: int
    last_name: str
    first_name: str
    age: int
    places: tuple[PlaceLine, ...]
    is_own: bool  # of the agent: a colleague ticks it
    care: Care

    @property
    def name(self) -> str:
        """« Léa TEST »."""
        return f"{self.first_name} {self.last_name}"

    @property
    def expected(self) -> tuple[PlaceLine, ...]:
        """What one tap ticks: what was booked, or where the child came all the same."""
        return tuple(place for place in self.places if place.is_expected or place.seen.turnout is not None)

    @property
    def turnout(self) -> Turnout | None:
        """What is recorded of the whole day; None where it is not, or not the same everywhere."""
        found = {place.seen.turnout for place in self.expected}
        return found.pop() if len(found) == 1 else None

    @property
    def is_ticked(self) -> bool:
        """Whether something is recorded of every unit."""
        return all(place.seen.turnout is not None for place in self.expected)

    @property
    def is_mixed(self) -> bool:
        """Whether it came to some units and not to others."""
        return self.is_ticked and self.turnout is None


@dataclass(frozen=True, slots=True)
class GroupDay:
    """A group's day."""

    activity: ActivityInfo
    group: GroupInfo
    day: date
    units: tuple[UnitInfo, ...]  # that open, or to which somebody comes
    unit: UnitInfo | None  # the one that is looked at; None: all
    children: tuple[ChildLine, ...]
    validation: Validation | None
    reopenings: tuple[Reopening, ...]
    may_reopen: bool

    @property
    def expected(self) -> tuple[ChildLine, ...]:
        """Those of whom something is to be recorded, or is."""
        return tuple(child for child in self.children if child.expected)

    @property
    def told_absent(self) -> tuple[ChildLine, ...]:
        """Those whose parents said too late that they do not come, and who did not."""
        return tuple(child for child in self.children if not child.expected)

    @property
    def ticked(self) -> int:
        """How many children are ticked."""
        return sum(child.is_ticked for child in self.expected)

    @property
    def unticked(self) -> tuple[ChildLine, ...]:
        """Those who are not."""
        return tuple(child for child in self.expected if not child.is_ticked)

    @property
    def present(self) -> int:
        """How many children came."""
        return sum(any(place.seen.turnout is Turnout.PRESENT for place in child.places) for child in self.children)

    @property
    def is_to_come(self) -> bool:
        """Whether nothing can be recorded yet."""
        return self.day > clock.today()


@dataclass(frozen=True, slots=True)
class FoundChild:
    """A child that may have come without a booking, and what must be said of it first."""

    child_id: int
    name: str
    age: int
    families: tuple[tuple[int, str], ...]  # through which it is enrolled in the group that day
    expected_in: tuple[str, ...]  # the units in which it is on the list already
    health: HealthNotes | None
    refused: tuple[Called, ...]

    @property
    def is_enrolled(self) -> bool:
        """Whether its family can be charged."""
        return bool(self.families)


def read_group_day(session: Session, agent_id: int, group_id: int, day: date, unit_id: int | None) -> GroupDay:
    """A group's day. Raises NotFound outside the agent's sites. A constant number of queries."""
    known = catalogue()
    group = _group(session, agent_id, group_id)
    activity = known.activities[group.activity_id]
    openings = {
        id_: (known.units[unit], is_open)
        for id_, unit, is_open in session.execute(
            select(Opening.id, Opening.unit_id, Opening.is_open).where(Opening.group_id == group_id, Opening.day == day)
        )
    }
    chosen = next((unit for unit, _ in openings.values() if unit.id == unit_id), None)
    places = _places(session, activity, openings, day)
    if chosen is not None:
        places = {
            child: [place for place in of_child if place.unit.id == chosen.id] for child, of_child in places.items()
        }
        places = {child: of_child for child, of_child in places.items() if of_child}
    children = session.scalars(select(Child).where(Child.id.in_(places)).order_by(Child.folded_name, Child.id)).all()
    care = care_of(session, [child.id for child in children], day)
    homes = _homes(session, places)
    own = own_family_ids(agent_id)
    used = {place.unit.id for of_child in places.values() for place in of_child}
    units = [unit for unit, is_open in openings.values() if is_open or unit.id in used]
    validation, reopenings = validations_of(session, group_id, day)
    return GroupDay(
        activity, group, day, tuple(sorted(units, key=lambda unit: (unit.starts_at, unit.id))), chosen,
        tuple(
            ChildLine(
                child.id, child.last_name, child.first_name, age_on(child.birth_date, day), tuple(places[child.id]),
                not own.isdisjoint(homes[child.id]), care[child.id],
            )
            for child in children
        ),
        validation, reopenings,
        validation is not None and scope_of(session, agent_id, Capability.REOPEN_ATTENDANCE).covers(activity),
    )  # fmt: skip


def find_child(page: GroupDay, child_id: int) -> ChildLine:
    """A child of a day's list. Raises NotFound."""
    found = next((each for each in page.children if each.child_id == child_id), None)
    if found is None:
        raise NotFound("child")
    return found


def check_correction(session: Session, agent_id: int, page: GroupDay, child: ChildLine) -> None:
    """Raises OwnFamily, and NotFound where the child's day is recorded and not corrected (`may_correct()`)."""
    if not may_correct(session, agent_id, page, child):
        raise OwnFamily if child.is_own else NotFound("correction")


def may_correct(session: Session, agent_id: int, page: GroupDay, child: ChildLine) -> bool:
    """Whether an agent corrects a child's day instead of recording it: an invoice looks at what was recorded.

    A run took it, or it was corrected by hand; or the day is validated, and cannot be opened again since a run took
    something of it, or the child's was paid when it was booked. Two queries.
    """
    if child.is_own or page.is_to_come:
        return False
    if not scope_of(session, agent_id, Capability.REOPEN_ATTENDANCE).covers(page.activity):
        return False
    rows = session.execute(
        select(Booking.child_id, is_taken_by_run())
        .join(Opening, Opening.id == Booking.opening_id)
        .join(InvoicedBooking, InvoicedBooking.booking_id == Booking.id)
        .outerjoin(InvoiceLine, InvoiceLine.id == InvoicedBooking.line_id)
        .outerjoin(Invoice, Invoice.id == InvoiceLine.invoice_id)
        .where(Opening.group_id == page.group.id, Opening.day == page.day)
    )
    held = {(child_id, bool(is_of_run)) for child_id, is_of_run in rows}
    if page.validation is None:
        return (child.child_id, True) in held
    return any(is_of_run or child_id == child.child_id for child_id, is_of_run in held)


def children_with_health(children: Iterable[tuple[int, HealthNotes | None]]) -> frozenset[int]:
    """Those of whose health a page says something: their reading is noted."""
    return frozenset(child_id for child_id, health in children if health is not None)


def search_children(session: Session, agent_id: int, group_id: int, day: date, words: str) -> tuple[FoundChild, ...]:
    """The children with such a name, those enrolled in the group first. Raises NotFound outside the agent's sites."""
    group = _group(session, agent_id, group_id)
    wanted = fold(words).split()
    if sum(map(len, wanted)) < 2:
        return ()
    enrolled = _enrolled(group_id, day)
    is_enrolled = select(Enrolment.id).where(Enrolment.child_id == Child.id, *enrolled).exists()
    active = (
        select(FamilyChild.child_id)
        .join(Family, Family.id == FamilyChild.family_id)
        .where(Family.status == FamilyStatus.ACTIVE)
    )
    children = session.scalars(
        select(Child)
        .where(
            *(Child.folded_name.contains(word, autoescape=True) for word in wanted), Child.id.in_(active)
        )
        .order_by(is_enrolled.desc(), Child.folded_name, Child.id)
        .limit(_FOUND)
    ).all()  # fmt: skip
    ids = [child.id for child in children]
    families: defaultdict[int, list[tuple[int, str]]] = defaultdict(list)
    for child_id, family in session.execute(
        select(Enrolment.child_id, Family)
        .join(Family, Family.id == Enrolment.family_id)
        .where(Enrolment.child_id.in_(ids), *enrolled)
        .order_by(Family.id)
    ):
        families[child_id].append((family.id, family.name))
    expected: defaultdict[int, list[str]] = defaultdict(list)
    for child_id, unit_id in session.execute(
        select(Booking.child_id, Opening.unit_id)
        .join(Opening, Opening.id == Booking.opening_id)
        .where(
            Booking.child_id.in_(ids), Opening.group_id == group.id, Opening.day == day,
            Booking.status == BookingStatus.CONFIRMED,
        )
    ):  # fmt: skip
        expected[child_id].append(catalogue().units[unit_id].name)
    health = _health(session, ids)
    around = collectors_on(ids, day)
    return tuple(
        FoundChild(
            child.id, child.full_name, age_on(child.birth_date, day), tuple(dict.fromkeys(families[child.id])),
            tuple(expected[child.id]), health.get(child.id), around[child.id].refused,
        )
        for child in children
    )  # fmt: skip


def places_over(session: Session, group_id: int, day: date, unit_ids: Collection[int]) -> bool:
    """Whether one child more in these units would be more than there are places. One query."""
    scopes = catalogue().scopes
    ids = {scope.id for unit_id in unit_ids for scope in covering(Slot(unit_id, group_id), scopes)}
    full = select(CapacityCounter.id).where(
        CapacityCounter.day == day, CapacityCounter.scope_id.in_(ids), CapacityCounter.taken >= CapacityCounter.places
    )
    return session.scalar(full.limit(1)) is not None


def care_of(session: Session, child_ids: Collection[int], day: date) -> Mapping[int, Care]:
    """What must be known of children, by child. Four queries."""
    health, around, households = _health(session, child_ids), collectors_on(child_ids, day), parents_of(child_ids)
    return {id_: Care(health.get(id_), around[id_], tuple(households[id_])) for id_ in child_ids}


def _group(session: Session, agent_id: int, group_id: int) -> GroupInfo:
    known = catalogue()
    group = known.groups.get(group_id)
    scope = scope_of(session, agent_id, Capability.TAKE_ATTENDANCE)
    if group is None or not scope.covers(known.activities[group.activity_id]):
        raise NotFound("group")
    return group


def _places(
    session: Session, activity: ActivityInfo, openings: Mapping[int, tuple[UnitInfo, bool]], day: date
) -> dict[int, list[PlaceLine]]:
    """By child, what was booked in the openings and what is recorded there. Two queries."""
    late = (CancelClass.LATE_CHARGED, CancelClass.JUSTIFIED)
    booked: dict[tuple[int, int], bool] = {}  # whether it was given up too late
    for child_id, opening_id, status in session.execute(
        select(Booking.child_id, Booking.opening_id, Booking.status)
        .where(
            Booking.opening_id.in_(openings),
            or_(Booking.status == BookingStatus.CONFIRMED, Booking.cancel_class.in_(late)),
        )
        .order_by(Booking.id)
    ):
        is_late = status is not BookingStatus.CONFIRMED
        booked[child_id, opening_id] = is_late and booked.get((child_id, opening_id), True)
    recorded = {
        (row.child_id, row.opening_id): (row, by)
        for row, by in session.execute(
            select(Attendance, User.display_name)
            .join(User, User.id == Attendance.recorded_by_id)
            .where(Attendance.opening_id.in_(openings))
        )
    }
    timed = timed_units(activity, day)
    found: defaultdict[int, list[PlaceLine]] = defaultdict(list)
    for child_id, opening_id in booked.keys() | {key for key, (row, _) in recorded.items() if row.turnout is not None}:
        unit = openings[opening_id][0]
        row, by = recorded.get((child_id, opening_id), (None, ""))
        is_made_here = row is not None and row.booking_id is not None and (
            row.came_unbooked or row.lifted_booking_id is not None
        )  # fmt: skip
        told = booked.get((child_id, opening_id))
        found[child_id].append(
            PlaceLine(
                opening_id, unit, told is False and not is_made_here, told is True,
                NOT_SEEN if row is None else row.seen, 0 if row is None else row.version, by,
                None if row is None else row.meant_at,
                row is not None and row.turnout is Turnout.PRESENT and row.booking_id is None,
                unit.id in timed,
            )
        )  # fmt: skip
    return {
        child: sorted(of_child, key=lambda place: (place.unit.starts_at, place.unit.id))
        for child, of_child in found.items()
    }


def _homes(session: Session, child_ids: Collection[int]) -> Mapping[int, set[int]]:
    found: defaultdict[int, set[int]] = defaultdict(set)
    rows = select(FamilyChild.child_id, FamilyChild.family_id).where(FamilyChild.child_id.in_(child_ids))
    for child_id, family_id in session.execute(rows):
        found[child_id].add(family_id)
    return found


def _enrolled(group_id: int, day: date) -> tuple[ColumnElement[bool], ...]:
    return (
        Enrolment.group_id == group_id, Enrolment.status == EnrolmentStatus.ACCEPTED, Enrolment.starts_on <= day,
        Enrolment.ends_on >= day,
    )  # fmt: skip


def _health(session: Session, child_ids: Collection[int]) -> Mapping[int, HealthNotes]:
    """What must be known of their health, of those of whom anything must. One query."""
    found: dict[int, HealthNotes] = {}
    for (child_id, _), said in sections_of(session, child_ids, SectionKind.HEALTH).items():
        named = ("food_allergies", "drug_allergies", "other_allergies")
        allergies = tuple(words for name in named if (words := said.get(name, "").strip()))
        if said.get("has_allergies") == "yes" and not allergies:
            allergies = ("non précisées",)
        has_plan, has_treatment = said.get("has_care_plan") == "yes", said.get("has_treatment") == "yes"
        if has_plan or allergies or has_treatment:
            found[child_id] = HealthNotes(
                has_plan, said.get("care_plan_kit") == "yes", allergies, said.get("reaction", ""), has_treatment
            )
    return found


def openings_of(session: Session, page: GroupDay) -> Mapping[int, UnitInfo]:
    """The open openings of a group's day, with their units, by hour. One query."""
    units = catalogue().units
    rows = session.execute(
        select(Opening.id, Opening.unit_id).where(
            Opening.group_id == page.group.id, Opening.day == page.day, Opening.is_open
        )
    )
    found = {id_: units[unit_id] for id_, unit_id in rows}
    return dict(sorted(found.items(), key=lambda each: (each[1].starts_at, each[1].id)))


def openings_to_add(session: Session, page: GroupDay) -> Mapping[int, UnitInfo]:
    """Those in which a child that came may be noted: of the unit that is shown, where it opens, else all. One query."""
    found = openings_of(session, page)
    return {id_: unit for id_, unit in found.items() if page.unit is not None and unit.id == page.unit.id} or found
