"""« Repas »: how many of which kind a place needs on a day or in a week, what was ordered, and what changed since."""

import json
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import cached_property

from sqlalchemy import select
from sqlalchemy.orm import Session

from app import clock
from app.database import db, take_turns
from app.models.accounts import User
from app.models.bookings import Opening
from app.models.families import Child
from app.models.meals import MealAdults, MealOrder
from app.rules import meals as rules
from app.rules.attendances import Turnout
from app.rules.child_files import Diet, SectionKind
from app.rules.deadlines import Never, Occasion, instant, is_in_time
from app.rules.enrolments import age_on
from app.rules.meal_documents import counts_document, read_counts
from app.rules.meals import Guest, Meal, MealChange, Served
from app.services.care import diets_in, sections_of
from app.services.catalogue import ActivityInfo, SiteInfo, UnitInfo, catalogue
from app.services.errors import NotFound, SettingMoved
from app.services.planning_facts import site_days
from app.services.seen_rules import mark_of
from app.services.turnouts import places_told

Counts = Mapping[Meal, int]


@dataclass(frozen=True, slots=True)
class OrderView:
    """A version of what was ordered for a meal."""

    version: int
    counts: Counts
    is_late: bool
    ordered_at: datetime
    ordered_by: str

    @property
    def total(self) -> int:
        """All meals that it asks for."""
        return rules.total(self.counts)


@dataclass(frozen=True)
class MealService:
    """A meal of a day: a unit that opens, or that has bookings all the same."""

    day: date
    unit: UnitInfo
    activity_name: str
    counts: Counts
    adults: int
    orders: tuple[OrderView, ...]  # the last one first
    deadline: datetime | Never | None  # of the caterer; None: until the meal
    served: Served | None  # None: nobody was ticked yet

    @property
    def total(self) -> int:
        """All meals to be made."""
        return rules.total(self.counts)

    @property
    def served_total(self) -> int | None:
        """All meals that the kitchen made and that were eaten, as attendance says."""
        return None if self.served is None else rules.total(self.served.counts)

    @property
    def order(self) -> OrderView | None:
        """The one that counts."""
        return self.orders[0] if self.orders else None

    @cached_property
    def changes(self) -> tuple[MealChange, ...]:
        """What is more or fewer than what was ordered; nothing where nothing was."""
        return () if self.order is None else rules.changes(self.order.counts, self.counts)

    @property
    def is_to_order(self) -> bool:
        """Whether an order would say something new: a meal that nobody eats needs none."""
        return bool(self.changes) if self.order is not None else bool(self.counts)

    @property
    def is_late(self) -> bool:
        """Whether the caterer takes no orders any more, as far as its deadline says."""
        if self.deadline is None:
            return False
        return isinstance(self.deadline, Never) or not is_in_time(clock.now(), self.deadline)

    @property
    def token(self) -> str:
        """What a form says of what it shows: see `order_meals`."""
        version = self.order.version if self.order else 0
        return f"{self.unit.id}.{self.day.isoformat()}.{version}.{mark_of({'counts': counts_document(self.counts)})}"


@dataclass(frozen=True, slots=True)
class MealSheet:
    """The meals of a place, from a first to a last day; days without any are left out."""

    site: SiteInfo
    first: date
    last: date
    services: tuple[MealService, ...]

    @property
    def days(self) -> Mapping[date, tuple[MealService, ...]]:
        """The same by day."""
        found: defaultdict[date, list[MealService]] = defaultdict(list)
        for service in self.services:
            found[service.day].append(service)
        return {day: tuple(services) for day, services in found.items()}

    @property
    def counts(self) -> Counts:
        """All of them together, in the order of a list."""
        found: defaultdict[Meal, int] = defaultdict(int)
        for service in self.services:
            for meal, number in service.counts.items():
                found[meal] += number
        return {meal: found[meal] for meal in sorted(found, key=lambda meal: meal.order)}


@dataclass(frozen=True, slots=True)
class NamedMeal:
    """A child whose meal the kitchen has to tell apart, and why."""

    child_id: int
    name: str
    age: int
    day: date
    unit_name: str
    group_name: str
    diets: tuple[Diet, ...]
    food_allergies: str
    remarks: str


@dataclass(frozen=True, slots=True)
class _Guest:
    day: date
    unit_id: int
    group_id: int
    child_id: int
    name: str
    birth_date: date
    turnout: Turnout | None


def sites_with_meals(activities: Iterable[ActivityInfo]) -> tuple[SiteInfo, ...]:
    """The places where one of these activities has a meal, by name."""
    found = {activity.site_id for activity in activities if any(unit.is_meal for unit in activity.units)}
    return tuple(site for site in catalogue().sites.values() if site.id in found)


def read_meals(site: SiteInfo, first: date, last: date, activities: Iterable[ActivityInfo]) -> MealSheet:
    """The meals of these activities at a place. Six queries, however many there are."""
    units = _meal_units(site, activities)
    known = catalogue()
    guests: defaultdict[tuple[date, int], list[_Guest]] = defaultdict(list)
    everybody = _guests(units, first, last)
    for guest in everybody:
        guests[guest.day, guest.unit_id].append(guest)
    sections = sections_of(db.session(), {guest.child_id for guest in everybody}, SectionKind.DIET)
    diets = {child_id: diets_in(said) for (child_id, _), said in sections.items()}
    orders, adults = _orders(units, first, last), _adults(units, first, last)
    wanted = {*guests, *orders, *adults, *_openings(units, first, last)}
    rule = site.meal_notice
    days = sorted({day for day, _ in wanted})
    open_at = site_days(db.session(), known, [site.id] if rule.counts_site_days and days else (), days)
    services = []
    for day, unit_id in sorted(wanted, key=lambda each: (each[0], units[each[1]].starts_at, each[1])):
        unit = units[unit_id]
        eaters = [
            Guest(
                rules.meal_of(age_on(guest.birth_date, day), diets.get(guest.child_id, ()), site.meal_limits),
                guest.turnout,
            )
            for guest in guests[day, unit_id]
        ]
        number = adults.get((day, unit_id), 0)
        occasion = Occasion(day, unit.starts_at, unit_id, open_at.get(site.id, frozenset()))
        services.append(
            MealService(
                day, unit, known.activities[unit.activity_id].name,
                rules.count_meals((eater.meal for eater in eaters), number, site.meal_spare_percent), number,
                tuple(orders.get((day, unit_id), ())), instant(rule, occasion, known.calendar),
                rules.serve(eaters, number),
            )
        )  # fmt: skip
    return MealSheet(site, first, last, tuple(services))


def named_meals(site: SiteInfo, first: date, last: date, activities: Iterable[ActivityInfo]) -> tuple[NamedMeal, ...]:
    """The children whose meal is made for them, brought, or to be watched: a care plan, an allergy to food, a remark
    for the kitchen. By day and name. Two queries. Whoever shows it calls `record_health_access` first.
    """
    units, known = _meal_units(site, activities), catalogue()
    guests = _guests(units, first, last)
    ids = {guest.child_id for guest in guests}
    sections = sections_of(db.session(), ids, SectionKind.DIET, SectionKind.HEALTH)
    found = []
    for guest in guests:
        diet = sections.get((guest.child_id, SectionKind.DIET), {})
        allergies = sections.get((guest.child_id, SectionKind.HEALTH), {}).get("food_allergies", "")
        diets, remarks = diets_in(diet), diet.get("remarks", "")
        if rules.NAMED_DIETS.isdisjoint(diets) and not allergies and not remarks:
            continue
        found.append(
            NamedMeal(
                guest.child_id, guest.name, age_on(guest.birth_date, guest.day), guest.day, units[guest.unit_id].name,
                known.groups[guest.group_id].name, rules.diets_of(diets), allergies, remarks,
            )
        )  # fmt: skip
    return tuple(found)


def set_adults(session: Session, unit: UnitInfo, day: date, count: int, user_id: int) -> None:
    """Say how many of the team eat a meal. Raises ValueError outside of 0 to MOST_ADULTS."""
    if not 0 <= count <= rules.MOST_ADULTS:
        raise ValueError(count)
    take_turns(session, "meals")
    row = session.get(MealAdults, (unit.id, day))
    if row is None:
        session.add(MealAdults(unit_id=unit.id, day=day, count=count, changed_by_id=user_id))
    else:
        row.count, row.changed_by_id, row.changed_at = count, user_id, clock.now()
    session.flush()


def order_meals(
    session: Session, site: SiteInfo, activities: Collection[ActivityInfo], tokens: Sequence[str], user_id: int
) -> int:
    """Order what a page showed, meal by meal (`MealService.token`): a version more where something is new. How many.

    Raises SettingMoved, and orders nothing, where anything has changed since it was shown: nobody orders what they have
    not seen. What no page of ours shows, and days that are over, count as changed too.
    """
    take_turns(session, "meals")
    if not tokens:
        return 0
    days = sorted(filter(None, (_day_of(token) for token in tokens)))
    if not days or days[0] < clock.today():
        raise SettingMoved
    shown = {service.token: service for service in read_meals(site, days[0], days[-1], activities).services}
    if not set(tokens) <= set(shown):
        raise SettingMoved
    ordered = [shown[token] for token in dict.fromkeys(tokens) if shown[token].is_to_order]
    for service in ordered:
        session.add(
            MealOrder(
                unit_id=service.unit.id, day=service.day, version=service.order.version + 1 if service.order else 1,
                counts=json.dumps(counts_document(service.counts)), is_late=service.is_late, ordered_by_id=user_id,
            )
        )  # fmt: skip
    session.flush()
    return len(ordered)


def find_meal(unit_id: int, activities: Iterable[ActivityInfo]) -> tuple[UnitInfo, SiteInfo]:
    """A unit of these activities that is a meal, and its place. Raises NotFound."""
    for activity in activities:
        for unit in activity.units:
            if unit.id == unit_id and unit.is_meal:
                return unit, catalogue().sites[activity.site_id]
    raise NotFound("meal")


def _day_of(token: str) -> date | None:
    parts = token.split(".")
    try:
        return date.fromisoformat(parts[1]) if len(parts) == 4 else None
    except ValueError:
        return None


def _meal_units(site: SiteInfo, activities: Iterable[ActivityInfo]) -> dict[int, UnitInfo]:
    here = (activity for activity in activities if activity.site_id == site.id)
    return {unit.id: unit for activity in here for unit in activity.units if unit.is_meal}


def _guests(units: Collection[int], first: date, last: date) -> Sequence[_Guest]:
    """The children who are expected, and who came without a booking, by day and name. One query."""
    places = places_told(Opening.day.between(first, last), Opening.unit_id.in_(units)).c
    rows = db.session.execute(
        select(
            places.day, places.unit_id, places.group_id, Child.id, Child.last_name, Child.first_name, Child.birth_date,
            places.turnout,
        )
        .join(Child, Child.id == places.child_id)
        .order_by(places.day, Child.folded_name, Child.id)
    )  # fmt: skip
    return [
        _Guest(day, unit_id, group_id, child_id, f"{last_name} {first_name}", birth_date, turnout)
        for day, unit_id, group_id, child_id, last_name, first_name, birth_date, turnout in rows
    ]


def _openings(units: Collection[int], first: date, last: date) -> Collection[tuple[date, int]]:
    rows = select(Opening.day, Opening.unit_id).where(
        Opening.day.between(first, last), Opening.unit_id.in_(units), Opening.is_open
    )
    return {(day, unit_id) for day, unit_id in db.session.execute(rows.distinct())}


def _adults(units: Collection[int], first: date, last: date) -> Mapping[tuple[date, int], int]:
    rows = select(MealAdults).where(MealAdults.day.between(first, last), MealAdults.unit_id.in_(units))
    return {(row.day, row.unit_id): row.count for row in db.session.scalars(rows)}


def _orders(units: Collection[int], first: date, last: date) -> Mapping[tuple[date, int], Sequence[OrderView]]:
    """The versions of each meal, the last one first."""
    found: defaultdict[tuple[date, int], list[OrderView]] = defaultdict(list)
    rows = db.session.execute(
        select(MealOrder, User.display_name)
        .join(User, User.id == MealOrder.ordered_by_id)
        .where(MealOrder.day.between(first, last), MealOrder.unit_id.in_(units))
        .order_by(MealOrder.version.desc())
    )
    for row, name in rows:
        view = OrderView(row.version, read_counts(json.loads(row.counts)), row.is_late, row.ordered_at, name)
        found[row.day, row.unit_id].append(view)
    return found
