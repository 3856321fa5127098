"""What a family owes: its children's days, then weeks and months, siblings among each other, then fees.

`price_family()` is a pure function: the same usages in any order give the same bill. Source: domain.md section 4.4,
docs/rules/pricing.md.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date

from app.rules.bills import (
    Bill,
    BookEntries,
    FeePaid,
    Household,
    HouseholdChild,
    LineKind,
    PricedLine,
    Share,
    UnpricedUsage,
    Usage,
    UsageStanding,
    parts_of,
    taken_off,
)
from app.rules.explanations import Cause, Operation, Step, Way, recompute
from app.rules.modifiers import CAUSE_OF_SURCHARGE, item_price, surcharges_for
from app.rules.packages import (
    PackageUse,
    by_child_and_period,
    deducted_cents,
    different_days,
    package_uses,
    usage_order,
)
from app.rules.quotients import QuotientOutcome, quotient_on
from app.rules.rates import Facts, PriceProblem, ProblemKind, Unpriced, rate_steps
from app.rules.siblings import Birth, SiblingPlace, sibling_place
from app.rules.tariff_grids import (
    AddRate,
    ChangePercent,
    Combination,
    CountedSiblings,
    DaysDeduction,
    Grid,
    GridVersion,
    Item,
    Nature,
    Period,
    Standing,
    SurchargeCause,
    YearlyFee,
    version_on,
)

_SURCHARGE_OF_STANDING: Mapping[UsageStanding, SurchargeCause] = {
    UsageStanding.UNBOOKED: SurchargeCause.UNBOOKED,
    UsageStanding.CANCELLED_LATE: SurchargeCause.CANCELLED_LATE,
    UsageStanding.ABSENT: SurchargeCause.ABSENT,
}
_WHO_COMES = frozenset({CountedSiblings.SAME_DAY, CountedSiblings.SAME_MONTH})
_NO_CARE_WAS_HAD = frozenset({UsageStanding.CANCELLED_LATE, UsageStanding.ABSENT})


def price_family(household: Household, usages: Iterable[Usage], tariffs: Mapping[int, Sequence[GridVersion]]) -> Bill:
    """The bill of a family for what its children have, each activity by its grids.

    Where packages or deductions look at weeks, all usages of the weeks concerned must be told, also those of the month
    before or after: a line counts for its first day. Raises ValueError for a usage told twice or a child of others.
    """
    unpriced: list[UnpricedUsage] = []
    lines: list[PricedLine] = []
    for evaluation in _evaluations(household, usages, tariffs, unpriced):
        evaluation.run()
        lines += evaluation.charges.lines
        unpriced += evaluation.charges.unpriced
    return Bill(
        tuple(sorted(lines, key=_line_order)),
        tuple(sorted(unpriced, key=lambda each: (each.usage.day, each.usage.child_id, each.usage.key))),
    )


def price_instead(
    household: Household, usages: Iterable[Usage], tariffs: Mapping[int, Sequence[GridVersion]], line: PricedLine
) -> int | None:
    """What the usages of a package would cost without packages, those of a combination one by one; cents.

    ``usages`` are all that the bill of the line was made of. None where they have no price then.
    """
    for evaluation in _evaluations(household, usages, tariffs, []):
        concerned = [usage for usage in evaluation.usages if usage.key in line.usage_keys]
        if concerned:
            is_package = line.kind is LineKind.PACKAGE
            return evaluation.without_package(concerned) if is_package else evaluation.one_by_one(concerned)
    raise ValueError("a line of another bill")


def _evaluations(
    household: Household,
    usages: Iterable[Usage],
    tariffs: Mapping[int, Sequence[GridVersion]],
    unpriced: list[UnpricedUsage],
) -> "Iterable[_Evaluation]":
    """One for each version that counts for what the family has; what has no version at all is told in ``unpriced``."""
    known = sorted(usages, key=lambda usage: (usage.day, usage.child_id, usage.code, usage.key))
    children = {child.id: child for child in household.children}
    if len({usage.key for usage in known}) != len(known):
        raise ValueError("a usage is told twice")
    if any(usage.child_id not in children for usage in known):
        raise ValueError("a child of another family")
    groups: dict[tuple[int, date], list[Usage]] = {}
    present: defaultdict[int, list[Usage]] = defaultdict(list)
    versions: dict[tuple[int, date], GridVersion | None] = {}  # by activity and day
    for usage in known:
        key = usage.activity_id, usage.day
        if key not in versions:
            versions[key] = version_on(tariffs.get(usage.activity_id, ()), usage.day)
        version = versions[key]
        if usage.is_charged:
            present[usage.activity_id].append(usage)
        if version is not None:
            groups.setdefault((usage.activity_id, version.starts_on), []).append(usage)
        elif usage.is_charged:
            unpriced.append(UnpricedUsage(usage, PriceProblem(ProblemKind.NO_VERSION, usage.code)))
    facts = _HouseholdFacts(household, children)
    for activity_id, starts_on in sorted(groups):
        group = groups[activity_id, starts_on]
        counting = versions[activity_id, group[0].day]
        assert counting is not None
        yield _Evaluation(activity_id, counting.grid, facts, group, present[activity_id])


def price_of_one(household: Household, usage: Usage, tariffs: Mapping[int, Sequence[GridVersion]]) -> Share:
    """What one usage costs by itself. Raises Unpriced."""
    bill = price_family(household, [usage], tariffs)
    if bill.unpriced:
        raise Unpriced(bill.unpriced[0].problem)
    return bill.shares()[usage.key]


def price_of_book(
    household: Household, tariffs: Sequence[GridVersion], activity_id: int, item: str, child_id: int, day: date
) -> PricedLine:
    """What a prepaid book costs a child that buys it on a day. Raises Unpriced."""
    version = version_on(tariffs, day)
    if version is None:
        raise Unpriced(PriceProblem(ProblemKind.NO_VERSION, item))
    if all(book.item != item for book in version.grid.credit_books):
        raise Unpriced(PriceProblem(ProblemKind.NO_ITEM, item))
    facts = _HouseholdFacts(household, {child.id: child for child in household.children})
    return _Evaluation(activity_id, version.grid, facts, [], []).sale(item, child_id, day)


def invoice_with_late_payment(grid: Grid, invoice_cents: int, reminders: int) -> tuple[Step, ...]:
    """What an invoice comes to when it is still unpaid after so many reminders: its steps. The latest rule counts."""
    rules = {
        each.reminders: each.effect.percent
        for each in grid.surcharges
        if each.cause is SurchargeCause.LATE_PAYMENT and isinstance(each.effect, ChangePercent)
    }
    reached = [count for count in rules if count <= reminders]
    steps = [Step(Operation.SET, invoice_cents, Cause.COST)]
    if reached:
        steps.append(Step(Operation.CHANGE_PERCENT, rules[max(reached)], Cause.LATE_PAYMENT))
        steps.append(Step(Operation.ROUND, grid.rounding.step_cents, Cause.ROUNDING))
    return tuple(steps)


class _HouseholdFacts:
    """What prices depend on and that is the family's: read once a month."""

    def __init__(self, household: Household, children: Mapping[int, HouseholdChild]) -> None:
        self.household = household
        self.children = children
        self.births = {child.id: Birth(child.id, child.born_on) for child in household.children}
        self._standings: dict[tuple[int, int, int], frozenset[Standing]] = {}
        self._residences: dict[tuple[int, int], str | None] = {}
        self.fees_charged = set(household.fees_paid)  # two versions of a grid may lie in the year of a fee
        self.season_packages: set[tuple[int, str, int]] = set()  # … or in a season: activity, package, child
        self.entries_left = {book.key: book.left for book in household.book_entries}  # … or in the time of a book
        self._quotients: dict[tuple[int, int], tuple[QuotientOutcome, int | None]] = {}

    def quotient(self, day: date) -> tuple[QuotientOutcome, int | None]:
        """The outcome and the value (cents) that count in the month of a day."""
        month = day.year, day.month
        if month not in self._quotients:
            read = quotient_on(self.household.quotients, day)
            if read.outcome is QuotientOutcome.VERIFIED and read.quotient is not None:
                self._quotients[month] = read.outcome, read.quotient.value_cents
            elif self.household.declines_quotient:
                self._quotients[month] = QuotientOutcome.DECLINED, None
            else:
                self._quotients[month] = read.outcome, None
        return self._quotients[month]

    def residence(self, day: date) -> str | None:
        """The residence that counts in the month of a day."""
        month = day.year, day.month
        if month not in self._residences:
            self._residences[month] = self.household.residence_on(day)
        return self._residences[month]

    def standings(self, child_id: int, day: date) -> frozenset[Standing]:
        """The standings of a child and of its family that count in the month of a day."""
        key = child_id, day.year, day.month
        if key not in self._standings:
            self._standings[key] = self.household.standings_on(self.children[child_id], day)
        return self._standings[key]


@dataclass(slots=True)
class _Charges:
    """Lines and problems as they come."""

    lines: list[PricedLine] = field(default_factory=list)
    unpriced: list[UnpricedUsage] = field(default_factory=list)

    def refuse(self, usages: Iterable[Usage], problem: PriceProblem) -> None:
        """These usages have no price."""
        self.unpriced += [UnpricedUsage(usage, problem) for usage in usages]


class _Evaluation:
    """One version of an activity's grid on what the family's children have under it. Usages come sorted by day.

    ``present`` are all charged usages of the activity: who comes may count for siblings across two versions.
    """

    def __init__(
        self, activity_id: int, grid: Grid, facts: _HouseholdFacts, usages: list[Usage], present: list[Usage]
    ) -> None:
        self.activity_id = activity_id
        self.grid = grid
        self.facts = facts
        self.usages = usages
        self.charges = _Charges()
        self._places: dict[tuple[int, date], SiblingPlace] = {}
        self._present: dict[date, set[Birth]] = defaultdict(set)
        if grid.counted_siblings in _WHO_COMES:
            for usage in present:
                self._present[self._sibling_period(usage.day)].add(facts.births[usage.child_id])
        self._combinations = sorted(grid.combinations, key=lambda combination: -len(combination.units))
        self._apart = {each.cause for each in grid.surcharges}

    def run(self) -> None:
        """Price everything: packages, prepaid entries, days, surcharges, deductions, fees."""
        left = [usage for usage in self._after_packages(self.usages) if usage.is_charged]
        left = self._after_books(left)
        self._price_days(left, self.charges)
        refused = {each.usage.key for each in self.charges.unpriced}
        for usage in self.usages:
            if usage.is_charged and usage.key not in refused:
                self._add_surcharges(usage)
        for deduction in self.grid.deductions:
            self._deduct(deduction)
        for fee in self.grid.fees:
            self._charge_fee(fee)

    # -- facts ---------------------------------------------------------------------------------------------------

    def _sibling_period(self, day: date) -> date:
        match self.grid.counted_siblings:
            case CountedSiblings.SAME_DAY:
                return day
            case CountedSiblings.SAME_MONTH:
                return day.replace(day=1)
            case _:
                return date.min

    def _place(self, child_id: int, day: date) -> SiblingPlace:
        key = child_id, self._sibling_period(day)
        if key not in self._places:
            births = self.facts.births
            match self.grid.counted_siblings:
                case CountedSiblings.ENROLLED:
                    counted = {
                        births[child.id]
                        for child in self.facts.children.values()
                        if self.activity_id in child.enrolled_in
                    }
                case CountedSiblings.DEPENDENT:
                    counted = {births[child.id] for child in self.facts.children.values() if child.is_dependent}
                case _:
                    counted = self._present[key[1]]
            self._places[key] = sibling_place(births[child_id], counted, self.grid.sibling_order)
        return self._places[key]

    def _facts(self, usages: Sequence[Usage], days: int | None = None) -> Facts:
        """The facts of usages of one child, on the day of the first; their stays are one."""
        first = usages[0]
        outcome, quotient_cents = self.facts.quotient(first.day)
        place = self._place(first.child_id, first.day)
        stays = [usage.minutes for usage in usages if usage.minutes is not None] if self.grid.asks_duration else []
        return Facts(
            outcome=outcome,
            quotient_cents=quotient_cents,
            residence=self.facts.residence(first.day),
            rank=place.rank,
            children=place.children,
            month=first.day.month,
            minutes=sum(stays) if len(stays) == len(usages) else None,
            days=days,
            category=first.category,
            rhythm=first.rhythm,
            cost_cents=first.cost_cents,
            standings=self.facts.standings(first.child_id, first.day),
        )

    # -- packages and books --------------------------------------------------------------------------------------

    def _after_packages(self, usages: list[Usage]) -> list[Usage]:
        """Charge the packages that hold, and return what no package covers."""
        for package in self.grid.packages:
            done: set[int] = set()
            for use in package_uses(package, usages):
                if use.charged and self._charge_package(use):
                    done |= {usage.key for usage in (*use.charged, *use.cancelled)}
            usages = [usage for usage in usages if usage.key not in done]
        return usages

    def _charge_package(self, use: PackageUse) -> bool:
        """Whether this package settles its usages, by a line or by a problem."""
        package = use.package
        item = self.grid.by_code[package.item]
        season = self.activity_id, package.item, use.child_id
        if package.period is Period.SEASON and season in self.facts.season_packages:
            # An earlier version of the prices charged it: what is had under this one costs nothing more.
            steps: tuple[Step, ...] = (Step(Operation.SET, 0, Cause.IN_PACKAGE),)
            self.charges.lines.append(self._line(LineKind.PACKAGE, item, use.charged, steps, 0))
            return True
        if not use.is_reached:
            if package.is_the_only_price:
                self.charges.refuse(use.charged, PriceProblem(ProblemKind.TOO_FEW_DAYS, item.code))
            return package.is_the_only_price
        try:
            steps, amount_cents = item_price(self.grid, item, self._facts(use.charged, len(use.days)))
        except Unpriced as error:
            if error.problem.kind is ProblemKind.NOT_OFFERED and not package.is_the_only_price:
                return False
            self.charges.refuse(use.charged, error.problem)
            return True
        if use.refund_cents:
            steps = (*steps, Step(Operation.ADD, -use.refund_cents, Cause.CANCELLED_UNIT))
            amount_cents = recompute(steps)
        if package.only_if_cheaper:
            instead_cents = self.without_package(use.charged)
            if instead_cents is not None and instead_cents <= amount_cents:
                return False
        self.charges.lines.append(self._line(LineKind.PACKAGE, item, use.charged, steps, amount_cents))
        if package.period is Period.SEASON:
            self.facts.season_packages.add(season)
        return True

    def without_package(self, usages: Sequence[Usage]) -> int | None:
        """What some usages would cost without any package; None where one of them has no price then."""
        trial = _Charges()
        self._price_days(usages, trial)
        return None if trial.unpriced else sum(line.amount_cents for line in trial.lines)

    def one_by_one(self, usages: Sequence[Usage]) -> int | None:
        """What some usages would cost without any package or combination; None where one has no price then."""
        trial = _Charges()
        for usage in usages:
            self._charge(LineKind.UNIT, usage.code, [usage], self._cause(usage), trial)
        return None if trial.unpriced else sum(line.amount_cents for line in trial.lines)

    def _after_books(self, usages: list[Usage]) -> list[Usage]:
        """Pay with prepaid entries, day by day, and return what they do not pay."""
        books = [book for book in self.facts.household.book_entries if book.activity_id == self.activity_id]
        if not books:
            return usages
        left = []
        for usage in usages:
            book = self._book_for(usage, books)
            if book is None:
                left.append(usage)
                continue
            self.charges.lines.append(
                PricedLine(
                    LineKind.BOOK, self.activity_id, book.item, usage.child_id, (usage.day,), (usage.key,), 0, 0, 0, 0,
                    (Step(Operation.SET, 0, Cause.IN_BOOK),), book=book.key,
                )
            )  # fmt: skip
        return left

    def _book_for(self, usage: Usage, books: Sequence[BookEntries]) -> BookEntries | None:
        """The book that pays a usage: of those that have an entry left, the one that ends first. It takes the entry."""
        if usage.is_invoiced:
            return next((book for book in books if book.key == usage.book), None)
        able = [book for book in books if self.facts.entries_left[book.key] > 0 and book.pays(usage)]
        if not able:
            return None
        book = min(able, key=lambda each: (each.last_day, each.first_day, each.key))
        self.facts.entries_left[book.key] -= 1
        return book

    # -- days ----------------------------------------------------------------------------------------------------

    def _price_days(self, usages: Sequence[Usage], into: _Charges) -> None:
        """Price each child's day: the largest combinations first, then what is left of it, unit by unit."""
        days: dict[tuple[date, int, SurchargeCause | None], list[Usage]] = {}
        for usage in usages:
            days.setdefault((usage.day, usage.child_id, self._cause(usage)), []).append(usage)
        for (_, _, cause), group in days.items():
            left = group
            for combination in self._combinations:
                while taken := _taken(combination, left):
                    keys = {usage.key for usage in taken}
                    left = [usage for usage in left if usage.key not in keys]
                    self._charge(LineKind.COMBINATION, combination.item, taken, cause, into)
            for usage in left:
                self._charge(LineKind.UNIT, usage.code, [usage], cause, into)

    def _cause(self, usage: Usage) -> SurchargeCause | None:
        """What makes this usage cost otherwise than one booked and had, where the grid has a rule for it."""
        cause = _SURCHARGE_OF_STANDING.get(usage.standing)
        return cause if cause in self._apart else None

    def _charge(
        self, kind: LineKind, code: str, usages: Sequence[Usage], cause: SurchargeCause | None, into: _Charges
    ) -> None:
        item = self.grid.by_code.get(code)
        if item is None:
            into.refuse(usages, PriceProblem(ProblemKind.NO_ITEM, code))
            return
        try:
            steps, amount_cents = item_price(self.grid, item, self._facts(usages), cause)
        except Unpriced as error:
            into.refuse(usages, error.problem)
            return
        into.lines.append(self._line(kind, item, usages, steps, amount_cents))

    def _add_surcharges(self, usage: Usage) -> None:
        """Lines of their own for coming without a booking, a late cancellation or a late pick-up."""
        causes = [_SURCHARGE_OF_STANDING.get(usage.standing)]
        if usage.late_minutes:
            causes.append(SurchargeCause.LATE_PICKUP)
        for cause in causes:
            for surcharge in surcharges_for(self.grid, usage.code, cause) if cause else ():
                if isinstance(surcharge.effect, AddRate):
                    self._add_surcharge(usage, surcharge.effect, surcharge.cause)

    def _add_surcharge(self, usage: Usage, effect: AddRate, cause: SurchargeCause) -> None:
        facts = self._facts([usage])
        if cause is SurchargeCause.LATE_PICKUP:
            facts = replace(facts, minutes=usage.late_minutes)
        try:
            first, *others = rate_steps(usage.code, effect.rate, facts)
        except Unpriced as error:
            self.charges.refuse([usage], error.problem)
            return
        way = Way((replace(first, because=CAUSE_OF_SURCHARGE[cause]), *others))
        way.go(Step(Operation.ROUND, self.grid.rounding.step_cents, Cause.ROUNDING))
        amount_cents = int(way.amount)
        self.charges.lines.append(
            PricedLine(
                LineKind.SURCHARGE, self.activity_id, usage.code, usage.child_id, (usage.day,), (usage.key,),
                amount_cents, 0, 0, amount_cents, way.steps,
            )
        )  # fmt: skip

    # -- periods -------------------------------------------------------------------------------------------------

    def _deduct(self, deduction: DaysDeduction) -> None:
        """Take off what a number of different days earns, never more than they cost. A package is reduced enough."""
        settled = {
            key
            for line in self.charges.lines
            if line.kind in (LineKind.PACKAGE, LineKind.BOOK)
            for key in line.usage_keys
        }
        charged = [usage for usage in self.usages if usage.is_charged and usage.key not in settled]
        for (child_id, _), group in by_child_and_period(deduction.period, deduction.units, charged):
            keys = {usage.key for usage in group}
            about = [
                line
                for line in self.charges.lines
                if line.kind is not LineKind.DEDUCTION and not keys.isdisjoint(line.usage_keys)
            ]
            days = different_days(group)
            cents = min(deducted_cents(deduction, len(days)), sum(line.amount_cents for line in about))
            if cents > 0:
                care, meal, other = taken_off(cents, about)
                self.charges.lines.append(
                    PricedLine(
                        LineKind.DEDUCTION, self.activity_id, deduction.code, child_id, days,
                        tuple(usage.key for usage in group), -cents, care, meal, other,
                        (Step(Operation.SET, -cents, Cause.DAYS),),
                    )
                )  # fmt: skip

    def _charge_fee(self, fee: YearlyFee) -> None:
        """Charge a yearly fee before the first unit of a year, once for the child or for the family."""
        item = self.grid.by_code[fee.item]
        for usage in self.usages:
            child_id = usage.child_id if fee.is_per_child else None
            due = FeePaid(self.activity_id, fee.item, fee_year(fee, usage.day), child_id)
            if not usage.is_charged or due in self.facts.fees_charged:
                continue
            self.facts.fees_charged.add(due)
            try:
                steps, amount_cents = item_price(self.grid, item, self._facts([usage]))
            except Unpriced as error:
                self.charges.refuse([usage], error.problem)
                continue
            self.charges.lines.append(
                PricedLine(
                    LineKind.FEE, self.activity_id, item.code, child_id, (usage.day,), (), amount_cents,
                    *parts_of(amount_cents, item.nature, item.meal_cents), steps,
                )
            )  # fmt: skip

    def sale(self, code: str, child_id: int, day: date) -> PricedLine:
        """What a price with a name of its own costs a child on a day, by itself. Raises Unpriced."""
        item = self.grid.by_code[code]
        steps, amount_cents = item_price(
            self.grid, item, self._facts([Usage(0, child_id, self.activity_id, code, day)])
        )
        return PricedLine(
            LineKind.BOOK_SALE, self.activity_id, code, child_id, (day,), (), amount_cents,
            *parts_of(amount_cents, item.nature, item.meal_cents), steps,
        )  # fmt: skip

    # -- lines ---------------------------------------------------------------------------------------------------

    def _line(
        self, kind: LineKind, item: Item, usages: Sequence[Usage], steps: tuple[Step, ...], amount_cents: int
    ) -> PricedLine:
        # What nobody had is no care and no meal: neither the tax certificate nor the kitchen counts it.
        nobody_came = all(usage.standing in _NO_CARE_WAS_HAD for usage in usages)
        nature = Nature.OTHER if nobody_came else item.nature
        return PricedLine(
            kind, self.activity_id, item.code, usages[0].child_id, different_days(usages),
            tuple(usage.key for usage in usages), amount_cents,
            *parts_of(amount_cents, nature, item.meal_cents), steps,
        )  # fmt: skip


def fee_year(fee: YearlyFee, day: date) -> int:
    """The calendar year in which the fee's year of this day began."""
    return day.year if day.month >= fee.first_month else day.year - 1


def _taken(combination: Combination, usages: Sequence[Usage]) -> list[Usage]:
    """One usage for each unit of a combination, or nothing where one is missing."""
    taken: dict[str, Usage] = {}
    for usage in usages:
        if usage.code in combination.units:
            taken.setdefault(usage.code, usage)
    if len(taken) < len(combination.units):
        return []
    return sorted(taken.values(), key=usage_order)


def _line_order(line: PricedLine) -> tuple[date, int, int, str, tuple[int, ...]]:
    return line.day, line.child_id or 0, list(LineKind).index(line.kind), line.item, line.usage_keys
