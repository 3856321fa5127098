"""« Combien vais-je payer ? »: what a month of an activity would cost, for days chosen in a typical week.

Nothing is read of a family but its quotients and what else its prices depend on, and nothing is kept.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from itertools import count

from sqlalchemy import select

from app import clock
from app.bill_labels import line_name
from app.database import db
from app.models.bookings import Opening
from app.price_labels import explained, problem_words
from app.rules.bills import Bill, Household, HouseholdChild, Usage
from app.rules.calendars import add_months
from app.rules.family_prices import price_family
from app.rules.quotients import Quotient, QuotientOutcome, outcome_on
from app.rules.tariff_grids import unit_code, version_on
from app.services.catalogue import ActivityInfo, UnitInfo, catalogue
from app.services.errors import NotFound
from app.services.price_facts import FamilyFacts

MOST_CHILDREN = 6
MONTHS_AHEAD = 12
_ELDEST_BORN = 2012


@dataclass(frozen=True, slots=True)
class Wish:
    """What to simulate: units by weekday (0 is Monday), for so many children, in the month that begins on ``month``."""

    activity_id: int
    month: date
    children: int
    ticked: frozenset[tuple[int, int]]  # (unit id, weekday)


@dataclass(frozen=True, slots=True)
class SimulatedLine:
    """One line: a child (1 is the eldest), what it has how many times at one price (cents), and why that price."""

    child: int | None  # None: the family's
    label: str
    quantity: int
    unit_cents: int
    explanation: str

    @property
    def amount_cents(self) -> int:
        """Quantity × price."""
        return self.quantity * self.unit_cents


@dataclass(frozen=True, slots=True)
class OfferedUnit:
    """A unit with the weekdays on which it is open in the month."""

    unit: UnitInfo
    weekdays: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Simulation:
    """What may be chosen, and what the choice would cost."""

    activity: ActivityInfo
    month: date
    units: tuple[OfferedUnit, ...]
    lines: tuple[SimulatedLine, ...]
    problems: tuple[str, ...]
    total_cents: int
    days: int  # different days on which the children would come
    outcome: QuotientOutcome  # of the quotients in that month
    is_without_books: bool  # the grid knows prepaid books, which nobody is asked about

    @property
    def weekdays(self) -> tuple[int, ...]:
        """The weekdays on which anything is open."""
        return tuple(sorted({weekday for offered in self.units for weekday in offered.weekdays}))


def activities_to_simulate() -> tuple[ActivityInfo, ...]:
    """Those that are not over and have a price."""
    today = clock.today()
    return tuple(each for each in catalogue().activities.values() if each.season.ends_on >= today and each.tariffs)


def months_to_simulate() -> tuple[date, ...]:
    """The present month and those that follow."""
    first = clock.today().replace(day=1)
    return tuple(add_months(first, ahead) for ahead in range(MONTHS_AHEAD))


def typed_quotient(cents: int) -> Quotient:
    """A quotient as if the staff had verified it."""
    return Quotient(cents, date.min, None, True)


def simulate(
    wish: Wish, quotients: Sequence[Quotient], *, facts: FamilyFacts | None = None, residence: str | None = None
) -> Simulation:
    """What a wish would cost a family with these quotients. One query. Raises NotFound for an unknown activity.

    `facts` are what else is known of it; `residence`, where it lives instead. Standings of its children do not count:
    nobody says which of them come.
    """
    activity = catalogue().activities.get(wish.activity_id)
    if activity is None:
        raise NotFound("activity")
    days = _open_days(activity, wish.month)
    children = tuple(
        HouseholdChild(number, date(_ELDEST_BORN + number, 1, 1), enrolled_in=frozenset({activity.id}))
        for number in range(1, wish.children + 1)
    )
    keys = count()
    usages = [
        Usage(next(keys), child.id, activity.id, unit_code(unit.id), day, minutes=unit.minutes)
        for child in children
        for unit in activity.units
        for day in days[unit.id]
        if (unit.id, day.weekday()) in wish.ticked
    ]
    household = Household(children, tuple(quotients), residence)
    if facts is not None:
        household = replace(
            household, declines_quotient=facts.declines_quotient,
            held=tuple(each for each in facts.held if each.child_id is None),
            residences=() if residence is not None else facts.residences,
        )  # fmt: skip
    bill = price_family(household, usages, {activity.id: activity.tariffs})
    return Simulation(
        activity=activity,
        month=wish.month,
        units=tuple(
            OfferedUnit(unit, tuple(sorted({day.weekday() for day in days[unit.id]})))
            for unit in activity.units
            if days[unit.id]
        ),
        lines=tuple(_lines(bill, activity)),
        problems=tuple(dict.fromkeys(problem_words(each.problem) for each in bill.unpriced)),
        total_cents=bill.total_cents,
        days=len({usage.day for usage in usages}),
        outcome=outcome_on(quotients, wish.month, declines=household.declines_quotient),
        is_without_books=any(
            version.grid.credit_books
            for day in (wish.month, add_months(wish.month, 1) - timedelta(days=1))
            if (version := version_on(activity.tariffs, day)) is not None
        ),
    )


def _open_days(activity: ActivityInfo, month: date) -> Mapping[int, Sequence[date]]:
    """The days of a month on which each unit is open, for whichever group."""
    found: defaultdict[int, list[date]] = defaultdict(list)
    rows = db.session.execute(
        select(Opening.unit_id, Opening.day)
        .where(
            Opening.day >= month,
            Opening.day < add_months(month, 1),
            Opening.is_open,
            Opening.unit_id.in_([unit.id for unit in activity.units]),
        )
        .distinct()
        .order_by(Opening.day)
    )
    for unit_id, day in rows:
        found[unit_id].append(day)
    return found


def _lines(bill: Bill, activity: ActivityInfo) -> Iterable[SimulatedLine]:
    """The lines of a bill, the same ones told once with their number."""
    names = {unit_code(unit.id): unit.name for unit in activity.units}
    counted: dict[tuple[int | None, str, int, str], int] = {}
    for line in bill.lines:
        version = version_on(activity.tariffs, line.day)
        assert version is not None  # it made the line
        key = line.child_id, line_name(line, version.grid, names), line.amount_cents, explained(line.steps)
        counted[key] = counted.get(key, 0) + 1
    for (child, label, cents, explanation), quantity in sorted(counted.items(), key=lambda each: each[0][0] or 0):
        yield SimulatedLine(child, label, quantity, cents, explanation)
