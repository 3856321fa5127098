"""What a rate says for the facts of one child on one day: the first steps of a price, before any modifier.

Source: domain.md section 4, docs/rules/pricing.md.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum, auto
from itertools import product

from app.rules.explanations import Cause, Chosen, Operation, Step, Way
from app.rules.quotients import QuotientOutcome
from app.rules.tariff_grids import (
    Axis,
    CostShare,
    Criterion,
    EffortPiece,
    EffortRate,
    NumberAxis,
    Rate,
    Rational,
    Span,
    Standing,
    Table,
)


class ProblemKind(StrEnum):
    """Why there is no price. Never read as free of charge."""

    NO_VERSION = auto()  # no grid holds on that day
    NO_ITEM = auto()  # the grid says nothing about this unit
    NO_BRACKET = auto()  # the fact falls in a hole of the grid
    SEVERAL_BRACKETS = auto()  # … or in two brackets
    NOT_OFFERED = auto()  # the table has no such place
    TOO_FEW_DAYS = auto()  # fewer days than what is only sold as a package takes
    FACT_MISSING = auto()  # what the table is read by is not known
    NO_MAXIMUM = auto()  # without quotient the maximum counts, and the rate has none


@dataclass(frozen=True, slots=True)
class PriceProblem:
    """A named reason, where it is in the grid, and, where several prices are possible, which (cents)."""

    kind: ProblemKind
    item: str
    criterion: Criterion | None = None
    value: int | str | None = None
    candidates_cents: tuple[int, ...] = ()


class Unpriced(LookupError):
    """There is no price, for a reason with a name."""

    def __init__(self, problem: PriceProblem) -> None:
        super().__init__(f"{problem.kind}: {problem.item}")
        self.problem = problem


@dataclass(frozen=True, slots=True)
class Facts:
    """All that a price may depend on, for one child on one day. Quotients in cents; None: not known.

    Raises ValueError for a verified quotient without its value.
    """

    outcome: QuotientOutcome
    quotient_cents: int | None = None  # a verified one only
    residence: str | None = None
    rank: int = 1
    children: int = 1
    month: int = 1
    minutes: int | None = None
    days: int | None = None
    category: str | None = None
    rhythm: str | None = None
    cost_cents: int | None = None
    standings: frozenset[Standing] = frozenset()

    def __post_init__(self) -> None:
        if (self.outcome is QuotientOutcome.VERIFIED) is (self.quotient_cents is None):
            raise ValueError("a quotient counts when it is verified")

    def number(self, criterion: Criterion) -> int | None:
        """The number to look for on an axis."""
        match criterion:
            case Criterion.QUOTIENT:
                return self.quotient_cents
            case Criterion.RANK:
                return self.rank
            case Criterion.CHILDREN:
                return self.children
            case Criterion.DURATION:
                return self.minutes
            case Criterion.DAYS:
                return self.days
            case Criterion.MONTH:
                return self.month
            case _:
                raise ValueError(f"{criterion} is read by words")

    def word(self, criterion: Criterion) -> str | None:
        """The word to look for on an axis."""
        match criterion:
            case Criterion.RESIDENCE:
                return self.residence
            case Criterion.CATEGORY:
                return self.category
            case Criterion.RHYTHM:
                return self.rhythm
            case _:
                raise ValueError(f"{criterion} is read by numbers")


@dataclass(frozen=True, slots=True)
class Reading:
    """How the quotient is read: as it is, as the maximum, or some brackets below."""

    is_full_price: bool = False
    brackets_below: int = 0


PLAIN = Reading()


def rate_steps(item: str, rate: Rate, facts: Facts, reading: Reading = PLAIN) -> tuple[Step, ...]:
    """The steps that set a price. Raises Unpriced, naming ``item``."""
    match rate:
        case Table():
            return (_table_step(item, rate, facts, reading, Operation.SET, Cause.TABLE),)
        case EffortRate():
            return _effort_steps(item, rate, facts, reading)
        case CostShare():
            if facts.cost_cents is None:
                raise Unpriced(PriceProblem(ProblemKind.FACT_MISSING, item))
            share = _table_step(item, rate.percents, facts, reading, Operation.TAKE_PERCENT, Cause.SHARE)
            return Step(Operation.SET, facts.cost_cents, Cause.COST), share


def _table_step(
    item: str, table: Table, facts: Facts, reading: Reading, operation: Operation, cause: Cause
) -> Step:  # fmt: skip
    asks_quotient = any(axis.criterion is Criterion.QUOTIENT for axis in table.axes)
    is_maximum = asks_quotient and (reading.is_full_price or facts.quotient_cents is None)
    columns = [_columns(item, axis, facts, reading, is_maximum) for axis in table.axes]
    places = [tuple(column[0] for column in columns)] if all(len(c) == 1 for c in columns) else product(*columns)
    found = [
        (table.values[key], place)
        for place in places
        if (key := tuple([chosen.code for chosen in place])) in table.values
    ]
    if not found:
        raise Unpriced(PriceProblem(ProblemKind.NOT_OFFERED, item))
    if not is_maximum and any(len(column) > 1 for column in columns):
        axis = next(axis for axis, column in zip(table.axes, columns, strict=True) if len(column) > 1)
        candidates = tuple(sorted(value for value, _ in found))
        raise Unpriced(
            PriceProblem(
                ProblemKind.SEVERAL_BRACKETS, item, axis.criterion, facts.number(axis.criterion), candidates
            )
        )  # fmt: skip
    value, chosen = found[0] if len(found) == 1 else max(found, key=lambda each: each[0])
    return Step(
        operation,
        value,
        cause,
        chosen,
        facts.outcome if asks_quotient else None,
        is_full_price=asks_quotient and reading.is_full_price,
        brackets_below=0 if is_maximum or not asks_quotient else reading.brackets_below,
    )


def _columns(item: str, axis: Axis, facts: Facts, reading: Reading, is_maximum: bool) -> Sequence[Chosen]:
    """The columns of an axis that the facts fall in: all brackets where the maximum counts."""
    if not isinstance(axis, NumberAxis):
        word = facts.word(axis.criterion)
        if word is None:
            raise Unpriced(PriceProblem(ProblemKind.FACT_MISSING, item, axis.criterion))
        if word not in axis.words:
            raise Unpriced(PriceProblem(ProblemKind.NOT_OFFERED, item, axis.criterion, word))
        return [Chosen(axis.criterion, word)]
    spans: Sequence[Span] = axis.spans
    if axis.criterion is not Criterion.QUOTIENT or not is_maximum:
        number = facts.number(axis.criterion)
        if number is None:
            raise Unpriced(PriceProblem(ProblemKind.FACT_MISSING, item, axis.criterion))
        spans = [span for span in spans if span.covers(number)]
        if not spans:
            kind = ProblemKind.NOT_OFFERED if axis.criterion is Criterion.DAYS else ProblemKind.NO_BRACKET
            raise Unpriced(PriceProblem(kind, item, axis.criterion, number))
        if axis.criterion is Criterion.QUOTIENT and reading.brackets_below:
            in_order = sorted(axis.spans, key=lambda span: span.low)
            spans = [in_order[max(0, in_order.index(span) - reading.brackets_below)] for span in spans]
    return [Chosen(axis.criterion, span.code, span.low, span.below) for span in spans]


def _effort_steps(item: str, rate: EffortRate, facts: Facts, reading: Reading) -> tuple[Step, ...]:
    if reading.is_full_price or facts.quotient_cents is None:
        return (
            Step(
                Operation.SET, _effort_maximum(item, rate), Cause.CEILING, outcome=facts.outcome,
                is_full_price=reading.is_full_price,
            ),
        )  # fmt: skip
    quotient_cents = facts.quotient_cents
    pieces = [piece for piece in rate.pieces if piece.span.covers(quotient_cents)]
    if not pieces:
        raise Unpriced(PriceProblem(ProblemKind.NO_BRACKET, item, Criterion.QUOTIENT, quotient_cents))
    if len(pieces) > 1:
        amounts = tuple(sorted(int(_piece_amount(piece, quotient_cents)) for piece in pieces))
        raise Unpriced(
            PriceProblem(ProblemKind.SEVERAL_BRACKETS, item, Criterion.QUOTIENT, quotient_cents, amounts)
        )  # fmt: skip
    way = Way(_piece_steps(pieces[0], quotient_cents, facts.outcome))
    if rate.floor_cents is not None:
        way.go(Step(Operation.AT_LEAST, rate.floor_cents, Cause.FLOOR))
    if rate.ceiling_cents is not None:
        way.go(Step(Operation.AT_MOST, rate.ceiling_cents, Cause.CEILING))
    return way.steps


def _piece_steps(piece: EffortPiece, quotient_cents: int, outcome: QuotientOutcome) -> list[Step]:
    chosen = (Chosen(Criterion.QUOTIENT, piece.span.code, piece.span.low, piece.span.below),)
    if not piece.percent:
        return [Step(Operation.SET, piece.plus_cents, Cause.TABLE, chosen, outcome)]
    steps = [
        Step(Operation.SET, quotient_cents, Cause.QUOTIENT, chosen, outcome),
        Step(Operation.TAKE_PERCENT, piece.percent, Cause.EFFORT),
    ]
    if piece.times != 1:
        steps.append(Step(Operation.TIMES, piece.times, Cause.QUANTITY))
    if piece.plus_cents:
        steps.append(Step(Operation.ADD, piece.plus_cents, Cause.TABLE))
    return steps


def _piece_amount(piece: EffortPiece, quotient_cents: int) -> Rational:
    return Way(_piece_steps(piece, quotient_cents, QuotientOutcome.VERIFIED)).amount


def _effort_maximum(item: str, rate: EffortRate) -> Rational:
    """What the highest quotient pays: the ceiling, or the dearest piece. Raises Unpriced where it grows without end."""
    if rate.ceiling_cents is not None:
        return rate.ceiling_cents
    if not rate.pieces or any(piece.span.below is None and piece.percent for piece in rate.pieces):
        raise Unpriced(PriceProblem(ProblemKind.NO_MAXIMUM, item))
    highest = max(
        _piece_amount(piece, piece.span.low if piece.span.below is None else piece.span.below - 1)
        for piece in rate.pieces
    )
    return max(highest, rate.floor_cents or 0)
