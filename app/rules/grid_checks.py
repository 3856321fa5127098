"""What is wrong with a grid before it is kept: a family that would have no price, or two.

Source: domain.md section 4.2, docs/rules/pricing.md.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum, auto
from itertools import product

from app.rules.tariff_grids import (
    AddRate,
    CostShare,
    Criterion,
    EffortRate,
    Grid,
    NumberAxis,
    Rate,
    ReplaceRate,
    Span,
    Table,
)


class GridProblemKind(StrEnum):
    """What can be wrong."""

    GAP = auto()
    OVERLAP = auto()
    NO_OPEN_END = auto()
    NO_AMOUNT = auto()  # a place of a table is left empty
    NO_MAXIMUM = auto()  # a rate that grows without end says no maximum for a family without quotient
    SAME_NAME = auto()  # two columns of an axis with one name
    UNKNOWN_UNIT = auto()  # a combination, package… of something that is not priced


class Part(StrEnum):
    """Where in a grid."""

    ITEM = auto()
    MODIFIER = auto()
    SURCHARGE = auto()
    COMBINATION = auto()
    PACKAGE = auto()
    DEDUCTION = auto()
    BOOK = auto()


@dataclass(frozen=True, slots=True)
class GridProblem:
    """One defect and where it is: in which part (``place`` counts from 0), on which criterion, from which number.

    ``name`` is the item, or what is unknown. A gap or overlap goes from ``at``, included, to ``below``, excluded.
    """

    kind: GridProblemKind
    part: Part
    name: str
    place: int = 0
    criterion: Criterion | None = None
    at: int | None = None
    below: int | None = None
    columns: tuple[str, ...] = ()  # of an empty place


@dataclass(frozen=True, slots=True)
class _Where:
    part: Part
    name: str
    place: int


# Where an axis begins, and whether every number above must have its column. A number of days may be left out: that
# package is not offered. A stay ends when the doors close.
FIRST_NUMBERS: Mapping[Criterion, int] = {
    Criterion.QUOTIENT: 0,
    Criterion.RANK: 1,
    Criterion.CHILDREN: 1,
    Criterion.MONTH: 1,
}
_OPEN_ENDED = frozenset({Criterion.QUOTIENT, Criterion.RANK, Criterion.CHILDREN})
_LAST_MONTH = 12


def grid_problems(grid: Grid) -> tuple[GridProblem, ...]:
    """All that keeps a grid from giving one price to everybody, in the order of its parts."""
    found: list[GridProblem] = []
    for place, item in enumerate(grid.items):
        found += _rate_problems(_Where(Part.ITEM, item.code, place), item.rate)
    for place, modifier in enumerate(grid.modifiers):
        where = _Where(Part.MODIFIER, modifier.kind, place)
        if isinstance(modifier.effect, ReplaceRate):
            found += _rate_problems(where, modifier.effect.rate)
        found += _unknown(grid, where, modifier.when.items)
    for place, surcharge in enumerate(grid.surcharges):
        where = _Where(Part.SURCHARGE, surcharge.cause, place)
        if isinstance(surcharge.effect, AddRate | ReplaceRate):
            found += _rate_problems(where, surcharge.effect.rate)
        found += _unknown(grid, where, surcharge.items)
    in_packages = priced_codes(grid) - grid.by_code.keys()
    for place, package in enumerate(grid.packages):
        units = package.units - in_packages
        found += _unknown(grid, _Where(Part.PACKAGE, package.item, place), units)
    for place, combination in enumerate(grid.combinations):
        found += _unknown(grid, _Where(Part.COMBINATION, combination.item, place), combination.units)
    for place, deduction in enumerate(grid.deductions):
        found += _unknown(grid, _Where(Part.DEDUCTION, deduction.code, place), deduction.units - in_packages)
    for place, book in enumerate(grid.credit_books):
        found += _unknown(grid, _Where(Part.BOOK, book.item, place), book.units - in_packages)
    return tuple(found)


def priced_codes(grid: Grid) -> frozenset[str]:
    """What has a price: items, and the units of a package that is their only price, which need none of their own."""
    in_packages = {unit for package in grid.packages if package.is_the_only_price for unit in package.units}
    return frozenset(grid.by_code.keys() | in_packages)


def _unknown(grid: Grid, where: _Where, codes: Iterable[str]) -> Iterable[GridProblem]:
    for code in sorted(codes):
        if code not in grid.by_code:
            yield GridProblem(GridProblemKind.UNKNOWN_UNIT, where.part, code, where.place)


def _rate_problems(where: _Where, rate: Rate) -> Iterable[GridProblem]:
    match rate:
        case Table():
            yield from _table_problems(where, rate)
        case CostShare():
            yield from _table_problems(where, rate.percents)
        case EffortRate():
            yield from _span_problems(where, Criterion.QUOTIENT, [piece.span for piece in rate.pieces])
            grows = any(piece.span.below is None and piece.percent for piece in rate.pieces)
            if rate.ceiling_cents is None and (grows or not rate.pieces):
                yield GridProblem(
                    GridProblemKind.NO_MAXIMUM, where.part, where.name, where.place, Criterion.QUOTIENT
                )  # fmt: skip


def _table_problems(where: _Where, table: Table) -> Iterable[GridProblem]:
    for axis in table.axes:
        for code in sorted({code for code in axis.codes if axis.codes.count(code) > 1}):
            yield GridProblem(
                GridProblemKind.SAME_NAME, where.part, where.name, where.place, axis.criterion, columns=(code,)
            )
        if isinstance(axis, NumberAxis):
            yield from _span_problems(where, axis.criterion, axis.spans)
    for key in product(*(dict.fromkeys(axis.codes) for axis in table.axes)):
        if key not in table.values:
            yield GridProblem(GridProblemKind.NO_AMOUNT, where.part, where.name, where.place, columns=key)


def _span_problems(where: _Where, criterion: Criterion, spans: Sequence[Span]) -> Iterable[GridProblem]:
    """Walk along an axis: what is in no column, what is in two, and where it ends too early."""

    def problem(kind: GridProblemKind, at: int, below: int | None) -> GridProblem:
        return GridProblem(kind, where.part, where.name, where.place, criterion, at, below)

    in_order = sorted(spans, key=lambda span: span.low)
    reached: int | None = FIRST_NUMBERS.get(criterion, in_order[0].low if in_order else 0)
    for span in in_order:
        if reached is None or span.low < reached:
            ends = [end for end in (reached, span.below) if end is not None]
            yield problem(GridProblemKind.OVERLAP, span.low, min(ends, default=None))
        elif span.low > reached and criterion is not Criterion.DAYS:
            yield problem(GridProblemKind.GAP, reached, span.low)
        if reached is not None:
            reached = None if span.below is None else max(reached, span.below)
    if reached is None:
        return
    if criterion in _OPEN_ENDED:
        yield problem(GridProblemKind.NO_OPEN_END, reached, None)
    elif criterion is Criterion.MONTH and reached <= _LAST_MONTH:
        yield problem(GridProblemKind.GAP, reached, _LAST_MONTH + 1)
