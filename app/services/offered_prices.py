"""What an activity would cost a family for one of its children, before it is enrolled: by the one price engine."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta

from app.bill_labels import book_name, line_name
from app.filters import NBSP, enumeration, hour_table, spaced
from app.price_labels import explained, problem_words
from app.rules.bills import Bill, Household, HouseholdChild, LineKind, PricedLine, Usage
from app.rules.family_prices import price_family, price_of_book
from app.rules.packages import period_start
from app.rules.rates import Unpriced
from app.rules.tariff_grids import CreditBook, Grid, Package, Period, unit_code, version_on
from app.services.catalogue import ActivityInfo, UnitInfo
from app.services.households import usage_of


@dataclass(frozen=True, slots=True)
class OfferedPrice:
    """What a unit, a combination or a package costs this family, in cents, and why; None where it has no price.

    ``detail`` says when it is, or from how many days on.
    """

    name: str
    detail: str
    amount_cents: int | None
    explanation: str


def offered_prices(activity: ActivityInfo, household: Household, child_id: int, day: date) -> tuple[OfferedPrice, ...]:
    """The prices of an activity for a child that would be enrolled on a day.

    Brothers and sisters who are enrolled already are taken to come too: so the child has its rank among them.
    """
    asked = _Asked(activity, household, child_id)
    prices = [_unit_price(asked, unit, day) for unit in activity.usual_units]
    version = version_on(activity.tariffs, day)
    if version is not None:
        prices += _prices_together(asked, version.grid, day)
    return tuple(prices)


class _Asked:
    """The household as it would be, asked for what all who are enrolled would have."""

    def __init__(self, activity: ActivityInfo, household: Household, child_id: int) -> None:
        self.activity = activity
        self.child_id = child_id
        self.household = replace(
            household, children=tuple(self._enrolled(child) for child in household.children), fees_paid=frozenset(),
            book_entries=(),
        )  # fmt: skip
        self.coming = [child.id for child in self.household.children if activity.id in child.enrolled_in]

    def bill(self, units: Iterable[UnitInfo], days: Sequence[date]) -> Bill:
        """What these units cost on these days; the child's usages come first."""
        children = sorted(self.coming, key=lambda id_: id_ != self.child_id)
        places = ((child_id, unit, day) for child_id in children for unit in units for day in days)
        usages: list[Usage] = [usage_of(key, *place) for key, place in enumerate(places)]
        return price_family(self.household, usages, {self.activity.id: self.activity.tariffs})

    def line(self, bill: Bill, kind: LineKind, item: str) -> PricedLine | None:
        """The child's line of this kind."""
        return next(
            (line for line in bill.lines if (line.kind, line.item, line.child_id) == (kind, item, self.child_id)), None
        )

    def _enrolled(self, child: HouseholdChild) -> HouseholdChild:
        if child.id != self.child_id:
            return child
        return replace(child, enrolled_in=child.enrolled_in | {self.activity.id})


def _unit_price(asked: _Asked, unit: UnitInfo, day: date) -> OfferedPrice:
    hours = f"{hour_table(unit.starts_at)}–{hour_table(unit.ends_at)}"
    bill = asked.bill([unit], [day])
    share = bill.shares().get(0)
    if share is None:
        problem = next(each.problem for each in bill.unpriced if each.usage.key == 0)
        return OfferedPrice(unit.name, hours, None, problem_words(problem))
    return OfferedPrice(unit.name, hours, share.amount_cents, explained(share.steps))


def _prices_together(asked: _Asked, grid: Grid, day: date) -> Iterable[OfferedPrice]:
    """What units cost together: on the same day, or as a package from its number of days on."""
    by_code = {unit_code(unit.id): unit for unit in asked.activity.units}
    names = {code: unit.name for code, unit in by_code.items()}
    for combination in grid.combinations:
        units = [unit for code, unit in by_code.items() if code in combination.units]
        line = asked.line(asked.bill(units, [day]), LineKind.COMBINATION, combination.item)
        if line is not None:
            yield OfferedPrice(line_name(line, grid, names), "le même jour", line.amount_cents, explained(line.steps))
    for package in grid.packages:
        units = [unit for code, unit in by_code.items() if code in package.units][:1]
        line = asked.line(asked.bill(units, _days_of(package, day)), LineKind.PACKAGE, package.item)
        if line is not None:
            days = package.least_days
            detail = f"à partir de {days}{NBSP}jours" if days > 1 else ""
            yield OfferedPrice(line_name(line, grid, names), detail, line.amount_cents, explained(line.steps))
    for book in grid.credit_books:
        yield _book_price(asked, grid, book, day)


def _book_price(asked: _Asked, grid: Grid, book: CreditBook, day: date) -> OfferedPrice:
    """What a prepaid book costs: the prices of single days stand without it."""
    name = book_name(grid, book)
    paid = [unit.name for unit in asked.activity.units if unit_code(unit.id) in book.units]
    detail = spaced(f"{book.entries} entrées pour {enumeration(paid)}, à acheter après l’inscription")
    activity = asked.activity
    try:
        line = price_of_book(asked.household, activity.tariffs, activity.id, book.item, asked.child_id, day)
    except Unpriced as error:
        return OfferedPrice(name, detail, None, problem_words(error.problem))
    return OfferedPrice(name, detail, line.amount_cents, explained(line.steps))


def _days_of(package: Package, day: date) -> Sequence[date]:
    """As many days as a package asks for, in its period of a day."""
    first = day if package.period is Period.SEASON else period_start(package.period, day)
    return [first + timedelta(days=offset) for offset in range(package.least_days)]
