"""What an invoice holds besides bookings: surcharges, yearly fees, deductions for a number of days. Each counts once.

Source: domain.md section 4.4, docs/rules/invoicing.md.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date

from app.rules.bills import Bill, Household, LineKind, PricedLine, Usage, taken_off
from app.rules.explanations import Cause, Operation, Step
from app.rules.family_prices import price_family
from app.rules.packages import period_start
from app.rules.tariff_grids import GridVersion, version_on

_SETTLED_AS_A_WHOLE = frozenset({LineKind.PACKAGE, LineKind.BOOK})


@dataclass(frozen=True, slots=True)
class Deducted:
    """What an issued invoice took off for days of a period, which ``day`` is one of; ``cents`` are positive."""

    activity_id: int
    item: str
    child_id: int
    day: date
    cents: int


def dues_besides(
    household: Household,
    usages: Sequence[Usage],
    tariffs: Mapping[int, Sequence[GridVersion]],
    bill: Bill,
    drafted: Mapping[int, int],
    invoiced: Collection[int],
    deducted: Iterable[Deducted],
) -> tuple[PricedLine, ...]:
    """The lines of a draft that no booking carries.

    ``bill`` is that of all ``usages``; ``drafted`` are those that the invoice asks for, with their cents, ``invoiced``
    those that earlier ones did. A surcharge comes with its usage and a fee with the first day of its year. A deduction
    counts the days that are invoiced by then, less what was taken off before, and never makes an invoice negative.
    """
    by_key = {usage.key: usage for usage in usages}
    now = [by_key[key] for key in drafted]
    found = [
        line
        for line in bill.lines
        if (line.kind is LineKind.SURCHARGE and not drafted.keys().isdisjoint(line.usage_keys))
        or (line.kind is LineKind.FEE and any(_calls_for(usage, line) for usage in now))
    ]
    left_cents = sum(drafted.values()) + sum(line.amount_cents for line in found)
    covered = {key for line in bill.lines if line.kind in _SETTLED_AS_A_WHOLE for key in line.usage_keys}
    counted = [
        usage for usage in usages if (usage.key in drafted or usage.key in invoiced) and usage.key not in covered
    ]
    before = list(deducted)
    for line in price_family(household, counted, tariffs).lines if _asks_days(tariffs) else ():
        if line.kind is LineKind.DEDUCTION and not drafted.keys().isdisjoint(line.usage_keys):
            cents = min(-line.amount_cents - _taken_before(line, before, tariffs), left_cents)
            if cents > 0:
                left_cents -= cents
                found.append(_less(line, cents, bill))
    return tuple(found)


def _calls_for(usage: Usage, fee: PricedLine) -> bool:
    return (
        usage.activity_id == fee.activity_id
        and usage.is_charged
        and fee.child_id in (None, usage.child_id)
        and usage.day >= fee.day
    )


def _asks_days(tariffs: Mapping[int, Sequence[GridVersion]]) -> bool:
    return any(version.grid.deductions for versions in tariffs.values() for version in versions)


def _taken_before(line: PricedLine, before: Iterable[Deducted], tariffs: Mapping[int, Sequence[GridVersion]]) -> int:
    version = version_on(tariffs[line.activity_id], line.day)
    assert version is not None  # it made the line
    period = next(each.period for each in version.grid.deductions if each.code == line.item)
    return sum(
        each.cents
        for each in before
        if (each.activity_id, each.item, each.child_id) == (line.activity_id, line.item, line.child_id)
        and version.covers(each.day)
        and period_start(period, each.day) == period_start(period, line.day)
    )


def _less(line: PricedLine, cents: int, bill: Bill) -> PricedLine:
    """A deduction of so much."""
    keys = set(line.usage_keys)
    about = [
        other for other in bill.lines if other.kind is not LineKind.DEDUCTION and not keys.isdisjoint(other.usage_keys)
    ]
    care, meal, other = taken_off(cents, about)
    steps = (Step(Operation.SET, -cents, Cause.DAYS),)
    return replace(line, amount_cents=-cents, care_cents=care, meal_cents=meal, other_cents=other, steps=steps)
