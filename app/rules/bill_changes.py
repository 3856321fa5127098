"""What changes between two bills of a family: which package a choice triggers, which one falls back, and what else.

Source: product.md section 5 (« Déclenche un forfait »), docs/rules/pricing.md.
"""

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum, auto

from app.rules.bills import CARRYING, Bill, LineKind, PricedLine
from app.rules.explanations import Cause


class BillChangeKind(StrEnum):
    """What a change is about."""

    REACHED = auto()  # a package or combination comes to hold
    LOST = auto()  # one holds no more: what is left of it costs its own prices
    CHANGED = auto()  # a package goes on holding at another price
    FEE = auto()
    DEDUCTION = auto()  # a deduction comes, goes or changes
    SURCHARGE = auto()  # a late cancellation adds an amount of its own


@dataclass(frozen=True, slots=True)
class BillChange:
    """A change, with the line that tells it; ``was_cents`` and ``now_cents``: what the same cost before, and costs.

    Of what is reached, ``was_cents`` is what its usages would cost without it (None: they would have no price).
    """

    kind: BillChangeKind
    line: PricedLine
    was_cents: int | None
    now_cents: int


_GROUPING = frozenset({LineKind.PACKAGE, LineKind.COMBINATION})


def bill_changes(before: Bill, after: Bill, instead_of: Callable[[PricedLine], int | None]) -> Sequence[BillChange]:
    """What changes besides single prices. ``instead_of`` tells what a line of ``after`` is instead of."""
    changes: list[BillChange] = []
    reached: set[int] = set()
    broken = {
        key for line in _lines(before, {LineKind.PACKAGE}) if _matching(line, after) is None for key in line.usage_keys
    }
    for line in _lines(after, _GROUPING):
        same = _matching(line, before)
        if same is None and broken.issuperset(line.usage_keys):
            continue  # a combination that a package had taken up: told with what becomes of the package
        if same is None and any(step.cause is Cause.IN_PACKAGE for step in line.steps):
            reached |= set(line.usage_keys)
            continue  # of a season that earlier prices charged: nothing is triggered again
        if same is None:
            reached |= set(line.usage_keys)
            changes.append(BillChange(BillChangeKind.REACHED, line, instead_of(line), line.amount_cents))
        elif same.amount_cents != line.amount_cents:
            changes.append(BillChange(BillChangeKind.CHANGED, line, same.amount_cents, line.amount_cents))
    for line in _lines(before, _GROUPING):
        left = _still_charged(line.usage_keys, after)
        # All of it given back, or taken up by a larger package: nothing more to tell.
        if _matching(line, after) is None and left and not left <= reached:
            now_cents = sum(
                each.amount_cents for each in _lines(after, CARRYING) if not left.isdisjoint(each.usage_keys)
            )
            changes.append(BillChange(BillChangeKind.LOST, line, line.amount_cents, now_cents))
    fees = {(line.activity_id, line.item, line.child_id) for line in _lines(before, {LineKind.FEE})}
    for line in _lines(after, {LineKind.FEE}):
        if (line.activity_id, line.item, line.child_id) not in fees:
            changes.append(BillChange(BillChangeKind.FEE, line, 0, line.amount_cents))
    for line in _lines(after, {LineKind.SURCHARGE}):
        if _matching(line, before) is None:
            changes.append(BillChange(BillChangeKind.SURCHARGE, line, 0, line.amount_cents))
    for line in _lines(after, {LineKind.DEDUCTION}):
        same = _matching(line, before)
        was_cents = 0 if same is None else same.amount_cents
        if was_cents != line.amount_cents:
            changes.append(BillChange(BillChangeKind.DEDUCTION, line, was_cents, line.amount_cents))
    changes += [
        BillChange(BillChangeKind.DEDUCTION, line, line.amount_cents, 0)
        for line in _lines(before, {LineKind.DEDUCTION})
        if _matching(line, after) is None and _still_charged(line.usage_keys, after)
    ]
    return changes


def extras_cents(bill: Bill) -> int:
    """What a bill holds besides the lines that usages carry: deductions, fees, surcharges."""
    return sum(line.amount_cents for line in bill.lines if line.kind not in CARRYING)


def _lines(bill: Bill, kinds: Collection[LineKind]) -> Iterable[PricedLine]:
    return (line for line in bill.lines if line.kind in kinds)


def _matching(line: PricedLine, bill: Bill) -> PricedLine | None:
    """The same package, combination or deduction in another bill: it shares a usage with this one."""
    return next(
        (
            other
            for other in bill.lines
            if (other.kind, other.item, other.child_id) == (line.kind, line.item, line.child_id)
            and not set(other.usage_keys).isdisjoint(line.usage_keys)
        ),
        None,
    )


def _still_charged(keys: Iterable[int], bill: Bill) -> set[int]:
    charged = {key for line in _lines(bill, CARRYING) for key in line.usage_keys}
    return set(keys) & charged
