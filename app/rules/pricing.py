"""The price of a unit on a day for a family. Money and QF are integer cents.

Source: product.md section 6, docs/rules/pricing.md.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum, auto

from app.rules.quotients import Quotient, QuotientOutcome, quotient_on


@dataclass(frozen=True, slots=True)
class TariffLine:
    """What ``unit_id`` costs for a QF from ``qf_from_cents``, included, to ``qf_below_cents``, excluded. All in cents.

    No upper bound means « and above ». Raises ValueError for a bracket or an amount that means nothing.
    """

    unit_id: int
    qf_from_cents: int
    qf_below_cents: int | None
    amount_cents: int

    def __post_init__(self) -> None:
        if self.qf_from_cents < 0 or self.amount_cents < 0:
            raise ValueError("a QF and an amount are never negative")
        if self.qf_below_cents is not None and self.qf_below_cents <= self.qf_from_cents:
            raise ValueError("an empty QF bracket")

    def covers(self, qf_cents: int) -> bool:
        """Whether a QF, in cents, falls in this bracket."""
        return self.qf_from_cents <= qf_cents and (self.qf_below_cents is None or qf_cents < self.qf_below_cents)


@dataclass(frozen=True, slots=True)
class Tariff:
    """The prices in force from a day on, until the next version."""

    starts_on: date
    lines: tuple[TariffLine, ...]


@dataclass(frozen=True, slots=True)
class Price:
    """An amount in cents, the line that gives it, and why that line: anything but ``VERIFIED`` is the maximum price."""

    amount_cents: int
    outcome: QuotientOutcome
    line: TariffLine


class NoPrice(LookupError):
    """The tariffs say nothing for this unit, day and QF. Never read as free of charge."""

    def __init__(self, unit_id: int, day: date) -> None:
        super().__init__(f"no price for unit {unit_id} on {day.isoformat()}")
        self.unit_id = unit_id
        self.day = day


class TariffProblemKind(StrEnum):
    """What can be wrong with the QF brackets of a unit."""

    GAP = auto()
    OVERLAP = auto()
    NO_OPEN_END = auto()


@dataclass(frozen=True, slots=True)
class TariffProblem:
    """A defect in the brackets of ``unit_id``, at the QF (cents) where it begins."""

    unit_id: int
    kind: TariffProblemKind
    qf_cents: int


def tariff_on(tariffs: Iterable[Tariff], day: date) -> Tariff | None:
    """The version in force on ``day``: the last that has started; None before the first."""
    started = [tariff for tariff in tariffs if tariff.starts_on <= day]
    return max(started, key=lambda tariff: tariff.starts_on, default=None)


def price(unit_id: int, day: date, tariffs: Sequence[Tariff], quotients: Iterable[Quotient]) -> Price:
    """What ``unit_id`` costs on ``day``: the bracket of the family's QF, or the maximum line without a verified one.

    Where brackets overlap, the cheaper line counts. Raises NoPrice when no version or no line says a price.
    """
    tariff = tariff_on(tariffs, day)
    lines = [line for line in tariff.lines if line.unit_id == unit_id] if tariff is not None else []
    if not lines:
        raise NoPrice(unit_id, day)
    read = quotient_on(quotients, day)
    if read.outcome is not QuotientOutcome.VERIFIED or read.quotient is None:
        line = max(lines, key=lambda line: line.amount_cents)
        return Price(line.amount_cents, read.outcome, line)
    qf_cents = read.quotient.value_cents
    line_of_qf = min(
        (line for line in lines if line.covers(qf_cents)), key=lambda line: line.amount_cents, default=None
    )
    if line_of_qf is None:
        raise NoPrice(unit_id, day)
    return Price(line_of_qf.amount_cents, read.outcome, line_of_qf)


def tariff_problems(lines: Iterable[TariffLine]) -> tuple[TariffProblem, ...]:
    """The gaps, overlaps and missing open ends that keep a unit's brackets from giving one price to every QF from 0."""
    by_unit: dict[int, list[TariffLine]] = {}
    for line in lines:
        by_unit.setdefault(line.unit_id, []).append(line)
    return tuple(problem for unit_id in sorted(by_unit) for problem in _unit_problems(unit_id, by_unit[unit_id]))


def _unit_problems(unit_id: int, lines: list[TariffLine]) -> Iterable[TariffProblem]:
    reached: int | None = 0
    for line in sorted(lines, key=lambda line: line.qf_from_cents):
        if reached is None or line.qf_from_cents < reached:
            yield TariffProblem(unit_id, TariffProblemKind.OVERLAP, line.qf_from_cents)
        elif line.qf_from_cents > reached:
            yield TariffProblem(unit_id, TariffProblemKind.GAP, reached)
        if reached is not None:
            reached = None if line.qf_below_cents is None else max(reached, line.qf_below_cents)
    if reached is not None:
        yield TariffProblem(unit_id, TariffProblemKind.NO_OPEN_END, reached)
