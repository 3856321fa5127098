"""What a council charges, as typed data: a grid is what the staff enter, and all that the price engine reads.

Money and quotients are integer cents, percents are integers or Fractions. Bounds are « from » included, « below »
excluded. Source: product.md section 6, domain.md section 4, docs/rules/pricing.md.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from enum import StrEnum, auto
from fractions import Fraction
from typing import Any

from app.rules.calendars import add_months

Rational = int | Fraction

MOST_AXES = 3


class Criterion(StrEnum):
    """What a table of prices may be read by."""

    QUOTIENT = auto()  # cents
    RANK = auto()  # of the child among the siblings that count, from 1
    CHILDREN = auto()  # how many of them count
    DURATION = auto()  # minutes of the stay
    DAYS = auto()  # different days of the package
    MONTH = auto()  # 1 to 12
    RESIDENCE = auto()
    CATEGORY = auto()  # of an event
    RHYTHM = auto()  # regular or occasional


WORD_CRITERIA = frozenset({Criterion.RESIDENCE, Criterion.CATEGORY, Criterion.RHYTHM})


@dataclass(frozen=True, slots=True)
class Span:
    """The numbers from ``low``, included, to ``below``, excluded; no ``below`` means « and above ».

    Raises ValueError for a negative number or an empty span.
    """

    code: str
    low: int
    below: int | None

    def __post_init__(self) -> None:
        if self.low < 0:
            raise ValueError("a span never begins below 0")
        if self.below is not None and self.below <= self.low:
            raise ValueError("an empty span")

    def covers(self, number: int) -> bool:
        """Whether a number falls in this span."""
        return self.low <= number and (self.below is None or number < self.below)


@dataclass(frozen=True, slots=True)
class NumberAxis:
    """A criterion cut into spans: quotient brackets, ranks, durations…"""

    criterion: Criterion
    spans: tuple[Span, ...]

    def __post_init__(self) -> None:
        if self.criterion in WORD_CRITERIA:
            raise ValueError(f"{self.criterion} is read by words")

    @property
    def codes(self) -> tuple[str, ...]:
        """The names of its columns."""
        return tuple(span.code for span in self.spans)


@dataclass(frozen=True, slots=True)
class WordAxis:
    """A criterion with named values: « resident », « outside »…"""

    criterion: Criterion
    words: tuple[str, ...]

    def __post_init__(self) -> None:
        if self.criterion not in WORD_CRITERIA:
            raise ValueError(f"{self.criterion} is read by numbers")

    @property
    def codes(self) -> tuple[str, ...]:
        """The names of its columns."""
        return self.words


Axis = NumberAxis | WordAxis


@dataclass(frozen=True, slots=True)
class Table:
    """A value for each place of up to three axes; none: one value for all. A place left out is not offered.

    Values are cents, or percents where the table says a share. Raises ValueError for a table that means nothing.
    """

    axes: tuple[Axis, ...]
    values: Mapping[tuple[str, ...], int]

    def __post_init__(self) -> None:
        if len(self.axes) > MOST_AXES or len({axis.criterion for axis in self.axes}) != len(self.axes):
            raise ValueError("a table has up to three different axes")
        if any(value < 0 for value in self.values.values()):
            raise ValueError("an amount is never negative")
        known = [set(axis.codes) for axis in self.axes]
        for key in self.values:
            if len(key) != len(known) or any(code not in codes for code, codes in zip(key, known, strict=True)):
                raise ValueError(f"no such place: {key}")


def flat(value: int) -> Table:
    """One value for all."""
    return Table((), {(): value})


@dataclass(frozen=True, slots=True)
class EffortPiece:
    """For quotients in ``span``: ``percent`` % of the quotient, ``times`` times, plus ``plus_cents``."""

    span: Span
    percent: Rational
    times: int = 1
    plus_cents: int = 0

    def __post_init__(self) -> None:
        if self.percent < 0 or self.times < 1 or self.plus_cents < 0:
            raise ValueError("a rate is never negative")


@dataclass(frozen=True, slots=True)
class EffortRate:
    """A share of the quotient (taux d'effort), by pieces, never below the floor nor above the ceiling (cents)."""

    pieces: tuple[EffortPiece, ...]
    floor_cents: int | None = None
    ceiling_cents: int | None = None

    def __post_init__(self) -> None:
        if (self.floor_cents or 0) < 0 or (self.ceiling_cents or 0) < 0:
            raise ValueError("an amount is never negative")
        if self.floor_cents is not None and self.ceiling_cents is not None and self.ceiling_cents < self.floor_cents:
            raise ValueError("the ceiling is below the floor")


@dataclass(frozen=True, slots=True)
class CostShare:
    """A share of the real cost of an event, in percent."""

    percents: Table


Rate = Table | EffortRate | CostShare


@dataclass(frozen=True, slots=True)
class Duration:
    """How a stay is measured: rounded up to ``step_minutes``, ``least`` at least and ``most`` at most (minutes).

    The rate is the price of ``per_minutes``.
    """

    step_minutes: int
    per_minutes: int
    least_minutes: int = 0
    most_minutes: int | None = None

    def __post_init__(self) -> None:
        if self.step_minutes < 1 or self.per_minutes < 1 or self.least_minutes < 0:
            raise ValueError("a step is at least a minute")
        if self.most_minutes is not None and self.most_minutes < max(1, self.least_minutes):
            raise ValueError("the longest stay is shorter than the shortest")

    def charged_minutes(self, minutes: int) -> int:
        """The minutes that are charged for a stay."""
        charged = max(-(-minutes // self.step_minutes) * self.step_minutes, self.least_minutes)
        return charged if self.most_minutes is None else min(charged, self.most_minutes)


class Nature(StrEnum):
    """What is paid for: the tax certificate counts care only, the kitchen counts meals only."""

    CARE = auto()
    MEAL = auto()
    OTHER = auto()  # fees, penalties, outings


@dataclass(frozen=True, slots=True)
class Item:
    """Something that has a price: a unit, a whole day, an event. ``meal_cents`` of a price of care are its meal.

    ``label`` is what people call a price that is not of a unit, where its code does not say it.
    ``floor_cents`` and ``ceiling_cents`` hold for what the family pays after all modifiers.
    """

    code: str
    rate: Rate
    nature: Nature = Nature.CARE
    duration: Duration | None = None
    meal_cents: int = 0
    floor_cents: int | None = None
    ceiling_cents: int | None = None
    label: str = ""

    def __post_init__(self) -> None:
        if min(self.meal_cents, self.floor_cents or 0, self.ceiling_cents or 0) < 0:
            raise ValueError("an amount is never negative")
        if self.meal_cents and self.nature is not Nature.CARE:
            raise ValueError("only a price of care holds a meal")
        if self.floor_cents is not None and self.ceiling_cents is not None and self.ceiling_cents < self.floor_cents:
            raise ValueError("the ceiling is below the floor")

    @property
    def is_plain(self) -> bool:
        """Whether its price is that of its rate, whatever the stay."""
        return self.duration is None and self.floor_cents is None and self.ceiling_cents is None


@dataclass(frozen=True, slots=True)
class Combination:
    """Units that a child has on the same day and that cost the price of ``item`` together."""

    units: frozenset[str]
    item: str

    def __post_init__(self) -> None:
        if len(self.units) < 2:
            raise ValueError("a combination has several units")


class Period(StrEnum):
    """What a package or a deduction looks at."""

    WEEK = auto()  # Monday to Sunday
    MONTH = auto()
    SEASON = auto()  # the grid's version as a whole


class PartlyCancelled(StrEnum):
    """What becomes of a package when units of it are cancelled in time."""

    FALL_BACK = auto()  # they do not count any more: the package holds with those left, or units cost their price
    KEEP = auto()  # the package is due whole
    REFUND = auto()  # the package is due, less an amount for each unit cancelled


@dataclass(frozen=True, slots=True)
class Package:
    """One price for all units of ``units`` that a child has in a period, from ``least_days`` different days on.

    ``is_the_only_price``: these units have no price outside of it. ``only_if_cheaper``: else the units' prices count.
    """

    item: str
    period: Period
    units: frozenset[str]
    least_days: int = 1
    when_partly_cancelled: PartlyCancelled = PartlyCancelled.FALL_BACK
    refund_cents: int = 0
    only_if_cheaper: bool = False
    is_the_only_price: bool = False

    def __post_init__(self) -> None:
        if not self.units or self.least_days < 1 or self.refund_cents < 0:
            raise ValueError("a package covers units on at least one day")
        if self.only_if_cheaper and self.is_the_only_price:
            raise ValueError("the only price is compared with nothing")


@dataclass(frozen=True, slots=True)
class DaysDeduction:
    """What is taken off a period for its number of different days: the amount of the highest step reached (cents)."""

    code: str
    period: Period
    units: frozenset[str]
    steps: tuple[tuple[int, int], ...]  # (days, cents)

    def __post_init__(self) -> None:
        if not self.steps or any(days < 1 or cents < 0 for days, cents in self.steps):
            raise ValueError("a deduction is for days and never negative")
        if len({days for days, _ in self.steps}) != len(self.steps):
            raise ValueError("a number of days is told twice")


@dataclass(frozen=True, slots=True)
class CreditBook:
    """A book of prepaid entries (carnet): ``item`` is its price, ``entries`` of ``units`` it pays for.

    It pays for days from its sale on, for ``valid_months``; without these to the end of the activity's season.
    """

    item: str
    units: frozenset[str]
    entries: int
    valid_months: int | None = None

    def __post_init__(self) -> None:
        if self.entries < 1 or not self.units:
            raise ValueError("a book has at least one entry")
        if self.valid_months is not None and self.valid_months < 1:
            raise ValueError("a book is valid for a month at least")

    def last_day(self, sold_on: date, season_ends_on: date) -> date:
        """The last day that an entry of a book sold on a day may pay for; never after the season."""
        if self.valid_months is None:
            return season_ends_on
        return min(add_months(sold_on, self.valid_months) - timedelta(days=1), season_ends_on)


@dataclass(frozen=True, slots=True)
class YearlyFee:
    """A membership, due once in the twelve months from ``first_month``, before the first unit of that year."""

    item: str
    first_month: int
    is_per_child: bool

    def __post_init__(self) -> None:
        if not 1 <= self.first_month <= 12:
            raise ValueError("no such month")


class Standing(StrEnum):
    """What is known of a family or child besides numbers, and may change a price."""

    STAFF = auto()  # works for the council
    SOCIAL = auto()  # helped by the CCAS
    FUND = auto()  # receives the benefits of a fund that pays the council (CAF)
    MEAL_PLAN = auto()  # brings its meal under a PAI
    CARD = auto()  # holds the yearly card


@dataclass(frozen=True, slots=True)
class Condition:
    """When a modifier holds: all that is set must be so. Empty sets and None ask nothing.

    A span of quotients asks for a verified one: nobody is given less for a quotient that is not known.
    """

    items: frozenset[str] = frozenset()
    natures: frozenset[Nature] = frozenset()
    residences: frozenset[str] = frozenset()
    ranks: Span | None = None
    children: Span | None = None
    quotients: Span | None = None
    standings: frozenset[Standing] = frozenset()


@dataclass(frozen=True, slots=True)
class AddCents:
    """So much more, or less when negative, each time."""

    cents: int


@dataclass(frozen=True, slots=True)
class ChangePercent:
    """So many percent more, or less when negative."""

    percent: Rational

    def __post_init__(self) -> None:
        if self.percent < -100:
            raise ValueError("a price is never negative")


@dataclass(frozen=True, slots=True)
class ReplaceRate:
    """Another rate instead of the item's."""

    rate: Rate


@dataclass(frozen=True, slots=True)
class LowerBracket:
    """The price of the quotient bracket so many below one's own; the first has none below and keeps its price."""

    places: int = 1

    def __post_init__(self) -> None:
        if self.places < 1:
            raise ValueError("a lower bracket is at least one below")


@dataclass(frozen=True, slots=True)
class FullPrice:
    """The maximum, whatever the quotient."""


Effect = AddCents | ChangePercent | ReplaceRate | LowerBracket | FullPrice


class ModifierKind(StrEnum):
    """Why a modifier is there, for the words of its explanation."""

    RESIDENCE = auto()
    SIBLING = auto()
    STAFF = auto()
    SOCIAL = auto()
    FUND = auto()
    MEAL_PLAN = auto()
    CARD = auto()


@dataclass(frozen=True, slots=True)
class Modifier:
    """A change of price. Modifiers work in the order in which the grid lists them."""

    kind: ModifierKind
    when: Condition
    effect: Effect


class SurchargeCause(StrEnum):
    """What costs more (or less) than a unit that was booked and had."""

    UNBOOKED = auto()  # came without a booking
    CANCELLED_LATE = auto()
    ABSENT = auto()  # did not come, and said nothing
    LATE_PICKUP = auto()
    LATE_PAYMENT = auto()  # of a whole invoice


@dataclass(frozen=True, slots=True)
class Surcharge:
    """What a cause does to the price of ``items`` (empty: all): AddRate is a line of its own, others change the price.

    ``reminders``: after how many of them an invoice that is paid late costs more.
    """

    cause: SurchargeCause
    effect: "AddRate | ChangePercent | ReplaceRate"
    items: frozenset[str] = frozenset()
    reminders: int = 0

    def __post_init__(self) -> None:
        if self.cause is SurchargeCause.LATE_PICKUP and not isinstance(self.effect, AddRate):
            raise ValueError("a late pick-up is a line of its own")
        if self.cause is SurchargeCause.LATE_PAYMENT and not isinstance(self.effect, ChangePercent):
            raise ValueError("a late payment costs a percentage of the invoice")


@dataclass(frozen=True, slots=True)
class AddRate:
    """A price on top, read by the same criteria; the duration is how late a child was picked up."""

    rate: Rate


class CountedSiblings(StrEnum):
    """Which children of a family count for rank and number. The child itself always does."""

    SAME_DAY = auto()  # those that have something that day in the activity
    SAME_MONTH = auto()  # … that month
    ENROLLED = auto()  # those enrolled in the activity
    DEPENDENT = auto()  # all dependent children


class SiblingOrder(StrEnum):
    """Who is the first child."""

    ELDEST_FIRST = auto()
    YOUNGEST_FIRST = auto()


class Rounding(StrEnum):
    """To what a line is rounded, half up."""

    CENT = auto()
    FIVE_CENTS = auto()

    @property
    def step_cents(self) -> int:
        """The coin."""
        return 5 if self is Rounding.FIVE_CENTS else 1


def _reads_duration(rate: Rate) -> bool:
    table = rate.percents if isinstance(rate, CostShare) else rate
    return isinstance(table, Table) and any(axis.criterion is Criterion.DURATION for axis in table.axes)


@dataclass(frozen=True)
class Grid:
    """All prices of an activity at one time. Raises ValueError for a name that it does not define or says twice."""

    items: tuple[Item, ...]
    combinations: tuple[Combination, ...] = ()
    packages: tuple[Package, ...] = ()  # the first that holds counts
    deductions: tuple[DaysDeduction, ...] = ()
    credit_books: tuple[CreditBook, ...] = ()
    fees: tuple[YearlyFee, ...] = ()
    surcharges: tuple[Surcharge, ...] = ()
    modifiers: tuple[Modifier, ...] = ()  # in the order in which they work
    counted_siblings: CountedSiblings = CountedSiblings.SAME_MONTH
    sibling_order: SiblingOrder = SiblingOrder.ELDEST_FIRST
    rounding: Rounding = Rounding.CENT
    by_code: Mapping[str, Item] = field(init=False, repr=False, compare=False)
    asks_duration: bool = field(init=False, repr=False, compare=False)  # whether the length of a stay plays a part
    kept_prices: dict[Any, Any] = field(default_factory=dict, init=False, repr=False, compare=False)  # a memory only

    def __post_init__(self) -> None:
        by_code = {item.code: item for item in self.items}
        if len(by_code) != len(self.items):
            raise ValueError("an item is told twice")
        named = {
            *(combination.item for combination in self.combinations),
            *(package.item for package in self.packages),
            *(book.item for book in self.credit_books),
            *(fee.item for fee in self.fees),
        }
        if not named <= by_code.keys():
            raise ValueError("an item that the grid does not define")
        if len({combination.units for combination in self.combinations}) != len(self.combinations):
            raise ValueError("a combination is told twice")
        object.__setattr__(self, "by_code", by_code)
        effects = [modifier.effect for modifier in self.modifiers] + [each.effect for each in self.surcharges]
        rates = [item.rate for item in self.items]
        rates += [effect.rate for effect in effects if isinstance(effect, ReplaceRate)]
        asks = any(item.duration is not None for item in self.items) or any(_reads_duration(rate) for rate in rates)
        object.__setattr__(self, "asks_duration", asks)

    @property
    def is_plain(self) -> bool:
        """Whether each item costs what its rate says, by itself and to the cent."""
        if self.rounding is not Rounding.CENT:
            return False
        return not (self.modifiers or self.combinations or self.packages or self.credit_books or self.surcharges)


@dataclass(frozen=True)
class GridVersion:
    """A grid and the days that it holds for: from ``starts_on``, to before ``ends_before`` (None: until the next)."""

    starts_on: date
    grid: Grid
    ends_before: date | None = None

    def covers(self, day: date) -> bool:
        """Whether ``day`` is one of its days."""
        return self.starts_on <= day and (self.ends_before is None or day < self.ends_before)


def quotient_item(code: str, prices: Sequence[tuple[int, int]], nature: Nature = Nature.CARE) -> Item:
    """An item that costs by quotient: each price (cents) from a quotient (cents) on, up to the next, the last for ever.

    One price alone is for all.
    """
    in_order = sorted(prices)
    if len(in_order) == 1:
        return Item(code, flat(in_order[0][1]), nature)
    ends = [*(low for low, _ in in_order[1:]), None]
    spans = tuple(Span(f"q{place + 1}", low, ends[place]) for place, (low, _) in enumerate(in_order))
    values: dict[tuple[str, ...], int] = {(f"q{place + 1}",): cents for place, (_, cents) in enumerate(in_order)}
    return Item(code, Table((NumberAxis(Criterion.QUOTIENT, spans),), values), nature)


_UNIT = "unit-"


def unit_code(unit_id: int) -> str:
    """What a unit of the council is called in its grids."""
    return f"{_UNIT}{unit_id}"


def is_unit_code(code: str) -> bool:
    """Whether a name in a grid is that of a unit of the council; else it is that of a price with a name of its own."""
    return code.startswith(_UNIT)


def version_on(versions: Iterable[GridVersion], day: date) -> GridVersion | None:
    """The version in force on the day of the service: the last that has started, unless it has ended."""
    started = [version for version in versions if version.starts_on <= day]
    last = max(started, key=lambda version: version.starts_on, default=None)
    return last if last is not None and last.covers(day) else None
