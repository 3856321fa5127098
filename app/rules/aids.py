"""Aids: what a fund pays of a family's bill, as lines of their own, with what is left of each aid.

The fund owes what an aid takes off, so that it is claimed from it with a statement. Money is integer cents.
Source: domain.md section 4.3, docs/rules/pricing.md.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from fractions import Fraction

from app.rules.bills import Bill, LineKind, PricedLine, taken_off
from app.rules.calendars import DayKind
from app.rules.explanations import Cause, Operation, Step
from app.rules.tariff_grids import Rational


@dataclass(frozen=True, slots=True)
class Aid:
    """An aid of a fund for one child, from ``starts_on`` to ``ends_on``, both included.

    On an eligible day it pays ``by_item`` for what the child has, or ``percent`` of it, while days and money last.
    ``floor_cents`` is what the family pays of a day at least. An aid that is not cumulative takes nothing of a day
    that another has paid for."""

    code: str
    fund: str
    child_id: int
    starts_on: date
    ends_on: date
    by_item: Mapping[str, int]  # cents for an item (a unit, a whole day), once a day each
    percent: Rational = 0  # of items that are not named
    items: frozenset[str] = frozenset()  # those that the percentage is for; empty: all
    day_kinds: frozenset[DayKind] = frozenset()  # empty: all
    ceiling_cents: int | None = None
    most_days: int | None = None
    floor_cents: int = 0
    is_cumulative: bool = True

    def __post_init__(self) -> None:
        amounts = (*self.by_item.values(), self.ceiling_cents or 0, self.most_days or 0, self.floor_cents)
        if min(amounts) < 0 or not 0 <= self.percent <= 100:
            raise ValueError("an aid is never negative")
        if self.ends_on < self.starts_on:
            raise ValueError("ends before it starts")


@dataclass(frozen=True, slots=True)
class AidUse:
    """What an aid has paid on one day (negative: given back): its ledger is made of these."""

    code: str
    day: date
    amount_cents: int


@dataclass(frozen=True, slots=True)
class AidBalance:
    """What is left of an aid: cents and days; None: no limit."""

    cents: int | None
    days: int | None


@dataclass(frozen=True, slots=True)
class AidedBill:
    """A bill after aids, and what each aid has paid for it."""

    bill: Bill
    uses: tuple[AidUse, ...]


@dataclass(frozen=True, slots=True)
class ClaimLine:
    """A line of the statement for a fund: a child, an aid, its days and the sum that the fund owes (cents).

    A day that was given back whole is none of its days.
    """

    code: str
    child_id: int
    days: tuple[date, ...]
    amount_cents: int


def balance(aid: Aid, ledger: Iterable[AidUse]) -> AidBalance:
    """What is left of an aid after what its ledger says."""
    days: defaultdict[date, int] = defaultdict(int)
    for use in ledger:
        if use.code == aid.code:
            days[use.day] += use.amount_cents
    spent_cents, spent_days = sum(days.values()), sum(1 for cents in days.values() if cents)
    return AidBalance(
        None if aid.ceiling_cents is None else max(0, aid.ceiling_cents - spent_cents),
        None if aid.most_days is None else max(0, aid.most_days - spent_days),
    )


def apply_aids(
    bill: Bill, aids: Sequence[Aid], ledger: Iterable[AidUse], kind_of: Callable[[date], DayKind]
) -> AidedBill:
    """The bill with a negative line for each aid and day, in the order of ``aids``; the ledger is what was paid before.

    Deductions of a period have no day of their own: they lower what is left to pay on its first. A price that is for
    several days (a package) is aided on its first day.
    """
    known = list(ledger)
    days: defaultdict[tuple[int, date], list[PricedLine]] = defaultdict(list)
    for line in bill.lines:
        if line.child_id is not None and line.kind is not LineKind.AID:
            days[line.child_id, line.day].append(line)
    owed_cents: defaultdict[int, int] = defaultdict(int)  # by child, over the whole bill: it never goes below nothing
    for (child_id, _), lines in days.items():
        owed_cents[child_id] += sum(line.amount_cents for line in lines)
    added: list[PricedLine] = []
    uses: list[AidUse] = []
    for child_id, day in sorted(days, key=lambda key: (key[1], key[0])):
        lines = days[child_id, day]
        aided: list[PricedLine] = []
        for aid in aids:
            if aid.child_id != child_id or not _holds(aid, day, kind_of):
                continue
            if not aid.is_cumulative and _another_paid(day, aid, aids, (*known, *uses)):
                continue
            left = _left_on(day, aid, (*known, *uses))
            to_pay_cents = min(sum(line.amount_cents for line in (*lines, *aided)), owed_cents[child_id])
            amount_cents = _amount(aid, lines, left, to_pay_cents)
            if amount_cents > 0:
                owed_cents[child_id] -= amount_cents
                aided.append(_aid_line(aid, lines, aided, day, amount_cents))
                uses.append(AidUse(aid.code, day, amount_cents))
        added += aided
    return AidedBill(Bill((*bill.lines, *added), bill.unpriced), tuple(uses))


def statement(uses: Iterable[AidUse], child_of: Mapping[str, int]) -> tuple[ClaimLine, ...]:
    """What a fund owes for what its aids have paid: child by child, aid by aid. ``child_of`` tells whose an aid is."""
    groups: defaultdict[tuple[int, str], defaultdict[date, int]] = defaultdict(lambda: defaultdict(int))
    for use in uses:
        groups[child_of[use.code], use.code][use.day] += use.amount_cents
    return tuple(
        ClaimLine(code, child_id, tuple(sorted(day for day, cents in days.items() if cents)), sum(days.values()))
        for (child_id, code), days in sorted(groups.items())
    )


def _holds(aid: Aid, day: date, kind_of: Callable[[date], DayKind]) -> bool:
    return aid.starts_on <= day <= aid.ends_on and (not aid.day_kinds or kind_of(day) in aid.day_kinds)


def _another_paid(day: date, aid: Aid, aids: Sequence[Aid], ledger: Sequence[AidUse]) -> bool:
    """Whether another aid of the child has paid something of a day, on this bill or on one before."""
    others = {each.code for each in aids if each.child_id == aid.child_id} - {aid.code}
    return sum(use.amount_cents for use in ledger if use.code in others and use.day == day) > 0


def _left_on(day: date, aid: Aid, ledger: Sequence[AidUse]) -> AidBalance:
    """What is left of an aid for a day: one that it paid something of before costs it no other."""
    left = balance(aid, ledger)
    is_counted = sum(use.amount_cents for use in ledger if (use.code, use.day) == (aid.code, day)) > 0
    return AidBalance(left.cents, None) if is_counted else left


def _amount(aid: Aid, lines: Sequence[PricedLine], left: AidBalance, to_pay_cents: int) -> int:
    """What an aid pays of a child's day: never more than is left of it, nor than the family would pay above its floor.

    Cut to the cent, never up: a fund is not asked for more than it promised.
    """
    if left.days == 0:
        return 0
    promised: Rational = 0
    for line in lines:
        if line.amount_cents <= 0:
            continue
        if line.item in aid.by_item:
            promised += min(aid.by_item[line.item], line.amount_cents)
        elif not aid.items or line.item in aid.items:
            promised += Fraction(line.amount_cents * aid.percent, 100)
    most = max(0, to_pay_cents - aid.floor_cents)
    return min(int(promised), most, most if left.cents is None else left.cents)


def _aid_line(
    aid: Aid, lines: Sequence[PricedLine], aided: Sequence[PricedLine], day: date, amount_cents: int
) -> PricedLine:  # fmt: skip
    care, meal, other = taken_off(amount_cents, (*lines, *aided))
    return PricedLine(
        LineKind.AID, lines[0].activity_id, aid.code, aid.child_id, (day,), (), -amount_cents, care, meal, other,
        (Step(Operation.SET, -amount_cents, Cause.AID),), aid.fund,
    )  # fmt: skip
