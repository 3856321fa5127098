"""The attendance of a month, by unit and by child: how many times, how many hours."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, time
from decimal import Decimal
from itertools import groupby

from sqlalchemy import Subquery, func, select

from app import labels
from app.database import db
from app.models.bookings import Opening
from app.models.families import Child, Family
from app.rules.attendances import PlaceSeen, Seen, Turnout, Turnouts, count_turnouts
from app.rules.calendars import ONE_DAY, add_months
from app.rules.spreadsheets import Cell, Table
from app.services.catalogue import ActivityInfo, GroupInfo, UnitInfo, catalogue
from app.services.sheet_scopes import SheetScope
from app.services.turnouts import places_told

_HEADINGS = (
    "Enfant", "Né(e) le", "Famille", "Régime", "Lieu", "Activité", "Groupe", "Temps d’accueil", "Réservations",
    "Présences", "Absences justifiées", "Absences", "Non pointées", "Heures réservées", "Heures de présence",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class MonthRow:
    """A unit for a group in a month: how many children, and what their places come to."""

    activity: ActivityInfo
    unit: UnitInfo
    group: GroupInfo
    children: int
    turnouts: Turnouts


def month_span(month: date) -> tuple[date, date]:
    """The first and the last day of a month."""
    first = month.replace(day=1)
    return first, add_months(first, 1) - ONE_DAY


def hours_of(minutes: int) -> Decimal:
    """Hours with two decimals."""
    return (Decimal(minutes) / 60).quantize(Decimal("0.01"))


def read_month(scope: SheetScope, month: date) -> tuple[MonthRow, ...]:
    """The units of a month in the order of the planning, those of which there is anything. Two queries."""
    places = _places(scope, month)
    slot = (places.c.unit_id, places.c.group_id)
    seen = (places.c.is_booked, places.c.turnout, places.c.is_justified, places.c.arrived_at, places.c.left_at)
    children = {
        (unit_id, group_id): count
        for unit_id, group_id, count in db.session.execute(
            select(*slot, func.count(places.c.child_id.distinct())).group_by(*slot)
        )
    }
    found: defaultdict[tuple[int, int], list[PlaceSeen]] = defaultdict(list)
    for unit_id, group_id, is_booked, *marks, count in db.session.execute(
        select(*slot, *seen, func.count()).group_by(*slot, *seen)
    ):
        minutes = catalogue().units[unit_id].minutes
        found[unit_id, group_id].append(PlaceSeen(is_booked, minutes, _seen(*marks), count))
    return tuple(
        MonthRow(activity, unit, group, children[unit.id, group.id], count_turnouts(found[unit.id, group.id]))
        for activity in scope.activities
        for unit in activity.units
        for group in activity.groups
        if (unit.id, group.id) in found
    )


def month_table(scope: SheetScope, month: date) -> Table:
    """The same child by child, by name: a row for each family, unit and group. One query."""
    return Table(_HEADINGS, _rows(scope, month))


def _rows(scope: SheetScope, month: date) -> Iterator[Sequence[Cell]]:
    places, known = _places(scope, month), catalogue()
    rows = db.session.execute(
        select(
            Child.id, Family.id, places.c.unit_id, places.c.group_id, Child.last_name, Child.first_name,
            Child.birth_date, Family.last_name, Family.first_name, Family.regime, places.c.is_booked, places.c.turnout,
            places.c.is_justified, places.c.arrived_at, places.c.left_at,
        )
        .join(Child, Child.id == places.c.child_id)
        .outerjoin(Family, Family.id == places.c.family_id)
        .order_by(Child.folded_name, Child.id, Family.id, places.c.unit_id, places.c.group_id)
        .execution_options(yield_per=500)
    )  # fmt: skip
    for (_, family_id, unit_id, group_id), of_child in groupby(rows, key=lambda row: tuple(row[:4])):
        unit = known.units[unit_id]
        first, *rest = of_child
        last_name, first_name, birth_date, family_last, family_first, regime = first[4:10]
        found = count_turnouts(PlaceSeen(row[10], unit.minutes, _seen(*row[11:])) for row in (first, *rest))
        activity = known.activities[unit.activity_id]
        yield (
            f"{last_name} {first_name}", birth_date, f"{family_last} {family_first}" if family_id else "",
            labels.label(regime) if regime else "", activity.site_name, activity.name, known.groups[group_id].name,
            unit.name, found.booked, found.came, found.excused, found.missed, found.unticked,
            hours_of(found.booked_minutes), hours_of(found.stayed_minutes),
        )  # fmt: skip


def _places(scope: SheetScope, month: date) -> Subquery:
    return places_told(
        Opening.day.between(*month_span(month)), Opening.unit_id.in_(scope.unit_ids),
        Opening.group_id.in_(scope.group_ids),
    )  # fmt: skip


def _seen(turnout: Turnout | None, is_justified: bool | None, arrived_at: time | None, left_at: time | None) -> Seen:
    return Seen(turnout, bool(is_justified), arrived_at, left_at)
