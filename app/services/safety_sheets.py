"""The emergency sheet and the outing sheet: the children of a day, whom to call, and what must be known of each.

They hold health data: whoever shows one notes the reading of each child first (`child_files.record_health_access`),
and none is kept.
"""

import json
from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import select

from app.database import db
from app.models.bookings import Booking, Opening
from app.models.child_files import ChildSection
from app.models.families import Child, Family, FamilyChild, Guardian
from app.rules.child_files import AuthorisationKind, Diet, SectionKind
from app.rules.enrolments import age_on
from app.rules.meals import diets_of
from app.rules.school_years import school_year_of
from app.rules.sheets import Caution, Permission, SheetKind, cautions, permissions
from app.rules.states import BookingStatus
from app.services.authorisations import AuthorisationView, answers_of_children
from app.services.catalogue import UnitInfo, catalogue
from app.services.contacts import ContactView, contacts_of_children
from app.services.sheet_scopes import SheetScope

Values = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Expected:
    """A child who is expected, in which group and for which units, in the order of the day."""

    child_id: int
    name: str
    birth_date: date
    group_name: str
    units: tuple[UnitInfo, ...]


@dataclass(frozen=True, slots=True)
class Called:
    """Somebody to call: who they are for the child, and their numbers (E.164), the best one first."""

    name: str
    link: str
    phones: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class SafetyLine:
    """All that a sheet says of a child."""

    expected: Expected
    age: int
    parents: tuple[Called, ...]
    others: tuple[Called, ...]  # who may be called, in the order of call
    collectors: tuple[Called, ...]  # who may collect the child that day, besides its parents
    leaves_alone: str | None  # from what time; "": at any; None: not allowed
    doctor: Values
    health: Values
    diets: tuple[Diet, ...]
    cautions: tuple[Caution, ...]
    permissions: tuple[Permission, ...]


@dataclass(frozen=True, slots=True)
class Around:
    """Who may collect a child on a day besides its parents, and whether it may leave alone."""

    collectors: tuple[Called, ...]
    leaves_alone: str | None  # from what time; "": at any; None: not allowed


def expected_children(day: date, scope: SheetScope) -> tuple[Expected, ...]:
    """The children who are expected on a day, by group and name. One query."""
    known = catalogue()
    rows = db.session.execute(
        select(Child.id, Child.last_name, Child.first_name, Child.birth_date, Opening.group_id, Opening.unit_id)
        .join(Booking, Booking.child_id == Child.id)
        .join(Opening, Opening.id == Booking.opening_id)
        .where(
            Opening.day == day, Opening.unit_id.in_(scope.unit_ids), Opening.group_id.in_(scope.group_ids),
            Booking.status == BookingStatus.CONFIRMED,
        )
        .order_by(Child.folded_name, Child.id)
    )  # fmt: skip
    found: dict[tuple[int, int], tuple[str, date, list[UnitInfo]]] = {}
    for child_id, last_name, first_name, birth_date, group_id, unit_id in rows:
        place = group_id, child_id
        found.setdefault(place, (f"{last_name} {first_name}", birth_date, []))[2].append(known.units[unit_id])
    order = {group.id: place for place, group in enumerate(known.groups.values())}
    return tuple(
        Expected(child_id, name, birth_date, known.groups[group_id].name, _in_order(units))
        for (group_id, child_id), (name, birth_date, units) in sorted(found.items(), key=lambda each: order[each[0][0]])
    )


def safety_lines(kind: SheetKind, day: date, children: Sequence[Expected]) -> tuple[SafetyLine, ...]:
    """What a sheet says of these children. Four queries, however many there are."""
    ids = {child.child_id for child in children}
    sections = _sections(ids)
    parents = _parents(ids)
    contacts = contacts_of_children(ids)
    answers = answers_of_children(ids, school_year_of(day))
    lines = []
    for child in children:
        id_ = child.child_id
        health = sections.get((id_, SectionKind.HEALTH), {})
        said = sections.get((id_, SectionKind.DIET), {}).get("diets", "")
        allowed = {answer.kind: answer.is_allowed for answer in answers[id_]}
        around = _around(contacts[id_], answers[id_], day)
        lines.append(
            SafetyLine(
                child, age_on(child.birth_date, day), tuple(parents.get(id_, ())),
                tuple(_called(contact) for contact in contacts[id_] if contact.may_be_called), around.collectors,
                around.leaves_alone, sections.get((id_, SectionKind.DOCTOR), {}), health,
                diets_of(Diet(each) for each in said.split(",") if each), cautions(kind, health, allowed, day),
                permissions(kind, allowed),
            )
        )  # fmt: skip
    return tuple(lines)


def around_children(child_ids: Collection[int], day: date) -> Mapping[int, Around]:
    """Who may collect children on a day, and who leaves alone; by child. Two queries."""
    contacts = contacts_of_children(child_ids)
    answers = answers_of_children(child_ids, school_year_of(day))
    return {id_: _around(contacts[id_], answers[id_], day) for id_ in child_ids}


def _around(contacts: Sequence[ContactView], answers: Sequence[AuthorisationView], day: date) -> Around:
    alone = next((answer for answer in answers if answer.kind is AuthorisationKind.LEAVE_ALONE), None)
    return Around(
        tuple(_called(contact) for contact in contacts if contact.collects_on(day)),
        alone.detail if alone is not None and alone.is_allowed else None,
    )


def _called(contact: ContactView) -> Called:
    phones = (contact.phone, *([contact.other_phone] if contact.other_phone else []))
    return Called(contact.full_name, contact.link, phones)


def _in_order(units: Collection[UnitInfo]) -> tuple[UnitInfo, ...]:
    return tuple(sorted(units, key=lambda unit: (unit.starts_at, unit.id)))


def _sections(child_ids: Collection[int]) -> Mapping[tuple[int, SectionKind], Values]:
    kinds = (SectionKind.DOCTOR, SectionKind.HEALTH, SectionKind.DIET)
    rows = select(ChildSection).where(ChildSection.child_id.in_(child_ids), ChildSection.kind.in_(kinds))
    return {(row.child_id, row.kind): json.loads(row.body) for row in db.session.scalars(rows)}


def _parents(child_ids: Collection[int]) -> Mapping[int, Sequence[Called]]:
    """By child, the adults of its families with their numbers, mobile phones first, then the family's own."""
    found: defaultdict[int, list[Called]] = defaultdict(list)
    rows = db.session.execute(
        select(FamilyChild.child_id, Guardian, Family.mobile_phone, Family.home_phone)
        .join(Family, Family.id == FamilyChild.family_id)
        .join(Guardian, Guardian.family_id == Family.id)
        .where(FamilyChild.child_id.in_(child_ids))
        .order_by(FamilyChild.child_id, Family.id, Guardian.id)
    )
    for child_id, adult, mobile, home in rows:
        phones = (
            adult.mobile_phone, adult.work_mobile_phone, mobile, adult.home_phone, home, adult.work_phone,
        )  # fmt: skip
        own = tuple(dict.fromkeys(phone for phone in phones if phone))
        found[child_id].append(Called(f"{adult.first_name} {adult.last_name}", "parent", own))
    return found
