"""The emergency sheet and the outing sheet: the children of a day, whom to call, and what must be known of each.

They hold health data: whoever shows one notes the reading of each child first (`child_files.record_health_access`),
and none is kept.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import select

from app.database import db
from app.models.bookings import Booking, Opening
from app.models.families import Child
from app.rules.child_files import Diet, SectionKind
from app.rules.enrolments import age_on
from app.rules.meals import diets_of
from app.rules.sheets import Caution, Permission, SheetKind, cautions, permissions
from app.rules.states import BookingStatus
from app.services.care import Called, Values, collectors_on, diets_in, parents_of, sections_of
from app.services.catalogue import UnitInfo, catalogue
from app.services.sheet_scopes import SheetScope


@dataclass(frozen=True, slots=True)
class Expected:
    """A child who is expected, in which group and for which units, in the order of the day."""

    child_id: int
    name: str
    birth_date: date
    group_name: str
    units: tuple[UnitInfo, ...]


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
    sections = sections_of(db.session(), ids, SectionKind.DOCTOR, SectionKind.HEALTH, SectionKind.DIET)
    households = parents_of(ids)
    around = collectors_on(ids, day)
    lines = []
    for child in children:
        id_ = child.child_id
        health, people = sections.get((id_, SectionKind.HEALTH), {}), around[id_]
        lines.append(
            SafetyLine(
                child, age_on(child.birth_date, day),
                tuple(parent for home in households[id_] for parent in home.reached),
                people.called, people.collectors, people.leaves_alone, sections.get((id_, SectionKind.DOCTOR), {}),
                health, diets_of(diets_in(sections.get((id_, SectionKind.DIET), {}))),
                cautions(kind, health, people.allowed, day), permissions(kind, people.allowed),
            )
        )  # fmt: skip
    return tuple(lines)


def _in_order(units: Collection[UnitInfo]) -> tuple[UnitInfo, ...]:
    return tuple(sorted(units, key=lambda unit: (unit.starts_at, unit.id)))
