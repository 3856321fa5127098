"""Why a price is what it is, as data: the steps that lead to it, which anybody can work out again.

`recompute()` does. The French words are made from the steps in `app/price_labels.py`. Source: docs/rules/pricing.md.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum, auto
from fractions import Fraction

from app.rules.quotients import QuotientOutcome
from app.rules.tariff_grids import Criterion, Rational


class Operation(StrEnum):
    """What a step does to the amount so far (cents; it begins at 0)."""

    SET = auto()  # it becomes the value
    TIMES = auto()  # multiplied by it
    TAKE_PERCENT = auto()  # so many percent of it
    CHANGE_PERCENT = auto()  # so many percent more, or less
    ADD = auto()  # so many cents more, or less; never below 0
    AT_LEAST = auto()
    AT_MOST = auto()
    ROUND = auto()  # half up, to a multiple of the value


class Cause(StrEnum):
    """Where a step comes from."""

    TABLE = auto()  # a place of a table of the grid
    QUOTIENT = auto()  # the quotient itself, of which a share is due
    EFFORT = auto()  # the rate of effort
    COST = auto()  # the real cost of an event
    SHARE = auto()  # the family's share of it
    QUANTITY = auto()  # so many times the price of a step of the stay, or of a unit
    RESIDENCE = auto()
    SIBLING = auto()
    STAFF = auto()
    SOCIAL = auto()
    FUND = auto()
    MEAL_PLAN = auto()
    CARD = auto()
    FLOOR = auto()
    CEILING = auto()
    UNBOOKED = auto()
    CANCELLED_LATE = auto()
    ABSENT = auto()
    LATE_PICKUP = auto()
    LATE_PAYMENT = auto()
    DAYS = auto()  # a deduction for a number of days
    CANCELLED_UNIT = auto()  # a refund within a package
    IN_PACKAGE = auto()
    IN_COMBINATION = auto()
    IN_BOOK = auto()  # paid with an entry of a prepaid book
    AID = auto()
    INVOICED = auto()  # asked on an invoice before
    ROUNDING = auto()


@dataclass(frozen=True, slots=True)
class Chosen:
    """The column of a table that a fact falls in: its name, and its bounds where it has some."""

    criterion: Criterion
    code: str
    low: int | None = None
    below: int | None = None


@dataclass(frozen=True, slots=True)
class Step:
    """One step: what it does with ``value``, and why.

    ``chosen`` are the columns that were read. ``outcome`` is there where the quotient was asked for: anything but
    ``VERIFIED`` is the maximum. ``because``: the modifier that chose this rate or bracket instead of the usual one.
    """

    operation: Operation
    value: Rational
    cause: Cause
    chosen: tuple[Chosen, ...] = ()
    outcome: QuotientOutcome | None = None
    because: Cause | None = None
    is_full_price: bool = False  # the maximum by a rule of the grid, whatever the quotient
    brackets_below: int = 0  # the bracket read is so many below the family's own


def recompute(steps: Iterable[Step]) -> int:
    """The price that the steps lead to, in cents. Raises ValueError where they do not end on whole cents."""
    amount: Rational = 0
    for step in steps:
        amount = applied(amount, step)
    if amount != int(amount):
        raise ValueError("a price is whole cents")
    return int(amount)


class Way:
    """Steps with the amount that they have reached; a step that changes nothing is not taken."""

    def __init__(self, steps: Iterable[Step]) -> None:
        self.steps = tuple(steps)
        self.amount: Rational = 0
        for step in self.steps:
            self.amount = applied(self.amount, step)

    def go(self, step: Step) -> None:
        """Take one more step."""
        reached = applied(self.amount, step)
        if reached != self.amount:
            self.amount = reached
            self.steps = (*self.steps, step)


def applied(amount: Rational, step: Step) -> Rational:
    """The amount after one step."""
    value = step.value
    match step.operation:
        case Operation.SET:
            return value
        case Operation.TIMES:
            return _exact(amount * value)
        case Operation.TAKE_PERCENT:
            return _exact(Fraction(amount * value, 100))
        case Operation.CHANGE_PERCENT:
            return _exact(Fraction(amount * (100 + value), 100))
        case Operation.ADD:
            return max(amount + value, 0)
        case Operation.AT_LEAST:
            return max(amount, value)
        case Operation.AT_MOST:
            return min(amount, value)
        case Operation.ROUND:
            return rounded_half_up(amount, int(value))


def _exact(amount: Rational) -> Rational:
    """A whole number as int: the same value, quicker to go on with."""
    return amount.numerator if amount.denominator == 1 else amount


def rounded_half_up(amount: Rational, step_cents: int) -> int:
    """The nearest multiple of a coin; what lies in the middle goes up."""
    return (2 * amount + step_cents) // (2 * step_cents) * step_cents


def outcome_of(steps: Sequence[Step]) -> QuotientOutcome:
    """What the quotient said for a price."""
    said = (step.outcome for step in reversed(steps) if step.outcome is not None)
    return next(said, QuotientOutcome.NOT_APPLICABLE)
