"""What goes into the prices of a family and what comes out: what its children had, and the lines that it costs.

Money is integer cents. Source: domain.md section 4, docs/rules/pricing.md.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum, auto

from app.rules.explanations import Cause, Operation, Step, outcome_of
from app.rules.price_facts import HeldStanding, ResidenceFrom, residence_on, standings_on
from app.rules.quotients import Quotient, QuotientOutcome
from app.rules.rates import PriceProblem
from app.rules.shares import spread
from app.rules.tariff_grids import Nature, Standing


class UsageStanding(StrEnum):
    """How a usage came about. All but one cancelled in time are charged."""

    HAD = auto()  # booked, to come or had
    UNBOOKED = auto()  # came without a booking
    CANCELLED_LATE = auto()
    ABSENT = auto()  # did not come, unexcused
    CANCELLED_IN_TIME = auto()  # or excused: told because packages look at it


@dataclass(frozen=True, slots=True)
class Usage:
    """A unit (``code``) that a child has on a day. ``minutes``: the stay; ``late_minutes``: picked up so late.

    ``cost_cents`` is the real cost of an event, ``category`` its class of prices. What an invoice holds
    (``is_invoiced``) takes no entry of a book any more; ``book`` is the one whose entry it says has paid.
    """

    key: int
    child_id: int
    activity_id: int
    code: str
    day: date
    standing: UsageStanding = UsageStanding.HAD
    minutes: int | None = None
    late_minutes: int | None = None
    cost_cents: int | None = None
    category: str | None = None
    rhythm: str | None = None
    is_invoiced: bool = False
    book: int | None = None

    @property
    def is_charged(self) -> bool:
        """Whether it costs something."""
        return self.standing is not UsageStanding.CANCELLED_IN_TIME


@dataclass(frozen=True, slots=True)
class HouseholdChild:
    """A child of the family, as prices look at it; ``enrolled_in`` are activities."""

    id: int
    born_on: date | None
    standings: frozenset[Standing] = frozenset()
    enrolled_in: frozenset[int] = frozenset()
    is_dependent: bool = True


@dataclass(frozen=True, slots=True)
class FeePaid:
    """A yearly fee that was charged before, for the year that began in ``year``; of a child, or of the family."""

    activity_id: int
    item: str
    year: int
    child_id: int | None


@dataclass(frozen=True, slots=True)
class BookEntries:
    """A prepaid book of a child: how many entries no invoice has spent yet, for which units, on which days.

    These are those of its sale, whatever a later grid says.
    """

    key: int
    activity_id: int
    item: str
    child_id: int
    left: int
    units: frozenset[str]
    first_day: date = date.min
    last_day: date = date.max

    def pays(self, usage: Usage) -> bool:
        """Whether an entry may pay for a usage, if one is left."""
        return (
            (usage.activity_id, usage.child_id) == (self.activity_id, self.child_id)
            and usage.code in self.units
            and self.first_day <= usage.day <= self.last_day
        )


@dataclass(frozen=True, slots=True)
class Household:
    """A family, as prices look at it. One that declines to tell its quotient pays the maximum, and is asked no more.

    ``residences`` and ``held`` are dated and told by day; where there are none, ``residence`` and ``standings`` hold.
    """

    children: tuple[HouseholdChild, ...]
    quotients: tuple[Quotient, ...] = ()
    residence: str | None = None
    standings: frozenset[Standing] = frozenset()
    declines_quotient: bool = False
    fees_paid: frozenset[FeePaid] = frozenset()
    book_entries: tuple[BookEntries, ...] = ()
    residences: tuple[ResidenceFrom, ...] = ()
    held: tuple[HeldStanding, ...] = ()

    def residence_on(self, day: date) -> str | None:
        """The residence that counts for a service on a day."""
        return residence_on(self.residences, day) if self.residences else self.residence

    def standings_on(self, child: HouseholdChild, day: date) -> frozenset[Standing]:
        """The standings of the family and of a child that count for a service on a day."""
        return self.standings | child.standings | standings_on(self.held, child.id, day)


class LineKind(StrEnum):
    """What a line is for, in the order in which lines of a day follow each other."""

    UNIT = auto()
    COMBINATION = auto()
    PACKAGE = auto()
    BOOK = auto()  # paid with a prepaid entry
    SURCHARGE = auto()
    DEDUCTION = auto()
    FEE = auto()
    BOOK_SALE = auto()  # a prepaid book itself
    AID = auto()


@dataclass(frozen=True, slots=True)
class PricedLine:
    """One line of a family's bill: ``amount_cents`` is what its steps lead to, and the sum of its three parts.

    ``day`` is the first of ``days``. ``usage_keys`` are what it is for. Deductions and aids are negative; of an aid,
    ``fund`` owes what it takes off. ``book`` is the prepaid book whose entry pays.
    """

    kind: LineKind
    activity_id: int
    item: str
    child_id: int | None  # None: the family's
    days: tuple[date, ...]
    usage_keys: tuple[int, ...]
    amount_cents: int
    care_cents: int
    meal_cents: int
    other_cents: int
    steps: tuple[Step, ...]
    fund: str | None = None
    book: int | None = None

    @property
    def day(self) -> date:
        """The day that it counts for: its first."""
        return self.days[0]

    @property
    def outcome(self) -> QuotientOutcome:
        """What the quotient said for this price."""
        return outcome_of(self.steps)


@dataclass(frozen=True, slots=True)
class UnpricedUsage:
    """A usage that has no price, and why."""

    usage: Usage
    problem: PriceProblem


@dataclass(frozen=True)
class Bill:
    """What a family owes for some days, and what could not be priced."""

    lines: tuple[PricedLine, ...]
    unpriced: tuple[UnpricedUsage, ...]
    total_cents: int = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "total_cents", sum(line.amount_cents for line in self.lines))

    def shares(self) -> Mapping[int, "Share"]:
        """What each usage costs by itself: a line that is for several is told with the first, the others say so."""
        shares: dict[int, Share] = {}
        for line in self.lines:
            if line.kind not in CARRYING:
                continue
            for place, key in enumerate(line.usage_keys):
                shares[key] = Share(line, line.amount_cents) if place == 0 else Share(line, 0)
        return shares


CARRYING = frozenset({LineKind.UNIT, LineKind.COMBINATION, LineKind.PACKAGE, LineKind.BOOK})
"""The lines that usages carry: each of these is in one of them. Other lines are the child's or the family's."""


@dataclass(frozen=True, slots=True)
class Share:
    """What a usage costs (cents), and the line that says so; ``settled_cents`` of it are on an invoice already."""

    line: PricedLine
    amount_cents: int
    settled_cents: int = 0

    @property
    def outcome(self) -> QuotientOutcome:
        """What the quotient said for its line."""
        return self.line.outcome

    @property
    def steps(self) -> tuple[Step, ...]:
        """The steps of the amount: within another usage's package or combination it is nothing more."""
        if self.settled_cents:
            return (*self.line.steps, Step(Operation.ADD, -self.settled_cents, Cause.INVOICED))
        if self.amount_cents == self.line.amount_cents:
            return self.line.steps
        cause = Cause.IN_PACKAGE if self.line.kind is LineKind.PACKAGE else Cause.IN_COMBINATION
        return (Step(Operation.SET, 0, cause),)


def parts_of(amount_cents: int, nature: Nature, meal_cents: int) -> tuple[int, int, int]:
    """An amount as care, meal and other (cents)."""
    if nature is Nature.OTHER:
        return 0, 0, amount_cents
    if nature is Nature.MEAL:
        return 0, amount_cents, 0
    meal = min(meal_cents, amount_cents)
    return amount_cents - meal, meal, 0


def parts_like(amount_cents: int, line: PricedLine) -> tuple[int, int, int]:
    """An amount as care, meal and other (cents), in the proportions of a line that the tariffs say now.

    The price that was kept with a booking may be another one than today's; what has no price today is care.
    """
    parts = line.care_cents, line.meal_cents, line.other_cents
    if line.amount_cents == amount_cents:
        return parts
    if line.amount_cents <= 0 or min(parts) < 0:
        return amount_cents, 0, 0
    care, meal, other = spread(amount_cents, parts)
    return care, meal, other


def taken_off(amount_cents: int, lines: Iterable[PricedLine]) -> tuple[int, int, int]:
    """From which parts of some lines an amount is taken: care first, then meals, then the rest (all negative)."""
    left = amount_cents
    parts = []
    known = list(lines)
    for available in (
        sum(line.care_cents for line in known),
        sum(line.meal_cents for line in known),
        sum(line.other_cents for line in known),
    ):
        taken = min(left, max(0, available))
        parts.append(-taken)
        left -= taken
    return parts[0], parts[1], parts[2]
