"""What a child has in a week, a month or a season: which package that makes, and what is taken off.

Source: domain.md sections 4.1 and 4.4, docs/rules/pricing.md.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from app.rules.bills import Usage
from app.rules.tariff_grids import DaysDeduction, Package, PartlyCancelled, Period


@dataclass(frozen=True, slots=True)
class PackageUse:
    """What a child has of a package in one period, by day.

    ``charged`` is covered by it; ``cancelled`` was given back in time and counts as the package says.
    """

    package: Package
    child_id: int
    charged: tuple[Usage, ...]
    cancelled: tuple[Usage, ...]

    @property
    def days(self) -> tuple[date, ...]:
        """The different days that count, in order."""
        counted = self.charged
        if self.package.when_partly_cancelled is not PartlyCancelled.FALL_BACK:
            counted = (*self.charged, *self.cancelled)
        return different_days(counted)

    @property
    def is_reached(self) -> bool:
        """Whether there are enough days. What is cancelled altogether is no package."""
        return bool(self.charged) and len(self.days) >= self.package.least_days

    @property
    def refund_cents(self) -> int:
        """What is given back for the units cancelled in time."""
        if self.package.when_partly_cancelled is not PartlyCancelled.REFUND:
            return 0
        return self.package.refund_cents * len(self.cancelled)


def package_uses(package: Package, usages: Iterable[Usage]) -> Iterable[PackageUse]:
    """Child by child, period by period, what there is of a package. The order of the usages does not matter."""
    for (child_id, _), group in by_child_and_period(package.period, package.units, usages):
        yield PackageUse(
            package,
            child_id,
            tuple(usage for usage in group if usage.is_charged),
            tuple(usage for usage in group if not usage.is_charged),
        )


def by_child_and_period(
    period: Period, units: Collection[str], usages: Iterable[Usage]
) -> Sequence[tuple[tuple[int, date], list[Usage]]]:
    """Usages of some units by child and period, in order."""
    groups: dict[tuple[int, date], list[Usage]] = {}
    for usage in usages:
        if usage.code in units:
            groups.setdefault((usage.child_id, period_start(period, usage.day)), []).append(usage)
    for group in groups.values():
        group.sort(key=usage_order)
    return sorted(groups.items(), key=lambda each: (each[0][1], each[0][0]))


def period_start(period: Period, day: date) -> date:
    """The first day of the week or month of a day. A season is one period: that of the grid's version."""
    match period:
        case Period.WEEK:
            return day - timedelta(days=day.weekday())
        case Period.MONTH:
            return day.replace(day=1)
        case Period.SEASON:
            return date.min


def different_days(usages: Iterable[Usage]) -> tuple[date, ...]:
    """The different days of some usages, in order."""
    return tuple(sorted({usage.day for usage in usages}))


def deducted_cents(deduction: DaysDeduction, days: int) -> int:
    """What is taken off for so many days: the highest step reached counts, alone."""
    reached = [step for step in deduction.steps if step[0] <= days]
    return max(reached)[1] if reached else 0


def usage_order(usage: Usage) -> tuple[date, str, int]:
    """The order in which usages of a child are looked at: by day."""
    return usage.day, usage.code, usage.key
