"""What a booking costs beside what invoices hold already: these never move, and count towards the same package.

Source: product.md section 6, docs/rules/pricing.md.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date

from app.rules.bills import CARRYING, Bill, LineKind, Share, Usage
from app.rules.packages import period_start, usage_order
from app.rules.tariff_grids import GridVersion, Package, version_on


@dataclass(frozen=True, slots=True)
class Invoiced:
    """What an invoice asks for a usage (cents), and the package (its item) that this was for, if any."""

    amount_cents: int
    package: str | None = None


def shares_to_keep(
    bill: Bill,
    usages: Mapping[int, Usage],
    invoiced: Mapping[int, Invoiced],
    tariffs: Mapping[int, Sequence[GridVersion]],
) -> Mapping[int, Share]:
    """What each usage that no invoice holds costs by itself.

    Of a line that is partly invoiced what is left is told, never less than nothing, with the first usage that is not.
    Where a package was invoiced and holds no more, what was asked too much for it is taken off the child's other
    usages of its period, in order.
    """
    shares: dict[int, Share] = {}
    for line in bill.lines:
        if line.kind not in CARRYING:
            continue
        settled = sum(invoiced[key].amount_cents for key in line.usage_keys if key in invoiced)
        left = [key for key in line.usage_keys if key not in invoiced]
        for key in left[:1]:
            settled_cents = min(settled, line.amount_cents)
            shares[key] = Share(line, line.amount_cents - settled_cents, settled_cents)
        for key in left[1:]:
            shares[key] = Share(line, 0)
    if any(each.package for each in invoiced.values()):
        _take_off(bill, usages, invoiced, tariffs, shares)
    return shares


def _take_off(
    bill: Bill,
    usages: Mapping[int, Usage],
    invoiced: Mapping[int, Invoiced],
    tariffs: Mapping[int, Sequence[GridVersion]],
    shares: dict[int, Share],
) -> None:
    """Lower the shares by what was invoiced for packages that hold no more."""
    holding = {(line.item, key) for line in bill.lines if line.kind is LineKind.PACKAGE for key in line.usage_keys}
    alone = bill.shares()
    groups: defaultdict[tuple[int, int, date, Package], list[int]] = defaultdict(list)
    for key, each in invoiced.items():
        if each.package is None or (each.package, key) in holding:
            continue
        package = _package(usages[key], each.package, tariffs)
        if package is not None:
            usage = usages[key]
            groups[usage.activity_id, usage.child_id, period_start(package.period, usage.day), package].append(key)
    for (activity_id, child_id, start, package), keys in groups.items():
        surplus = sum(invoiced[key].amount_cents - (alone[key].amount_cents if key in alone else 0) for key in keys)
        others = (
            usages[key]
            for key in shares
            if (usages[key].activity_id, usages[key].child_id) == (activity_id, child_id)
            and usages[key].code in package.units
            and period_start(package.period, usages[key].day) == start
        )
        for usage in sorted(others, key=usage_order):
            share = shares[usage.key]
            taken = max(0, min(surplus, share.amount_cents))
            surplus -= taken
            shares[usage.key] = replace(
                share, amount_cents=share.amount_cents - taken, settled_cents=share.settled_cents + taken
            )


def _package(usage: Usage, item: str, tariffs: Mapping[int, Sequence[GridVersion]]) -> Package | None:
    version = version_on(tariffs.get(usage.activity_id, ()), usage.day)
    packages = () if version is None else version.grid.packages
    return next((package for package in packages if package.item == item and usage.code in package.units), None)
