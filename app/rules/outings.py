"""What an outing adds to the rules and prices of its activity: its price, its deadline, the units that it replaces.

An outing is a unit of one day. Source: product.md section 5, docs/rules/outings.md.
"""

from collections.abc import Collection
from dataclasses import replace
from datetime import datetime

from app.rules.combinations import Combinations, Exclusion
from app.rules.deadlines import Days, FixedMoment, NoticeLine, NoticeRule
from app.rules.tariff_grids import Grid, Item, Modifier, Nature, Table, flat


def fixed_price(code: str, cents: int) -> Item:
    """One amount for everybody."""
    return Item(code, flat(cents), Nature.OTHER)


def fixed_cents(grid: Grid, code: str) -> int | None:
    """The one amount that an outing costs in a grid; None where its price is of another kind."""
    item = grid.by_code.get(code)
    if item is None or not isinstance(item.rate, Table) or item.rate.axes:
        return None
    (cents,) = item.rate.values.values()
    return cents if item == fixed_price(code, cents) else None


def like_of(grid: Grid, code: str, others: Collection[str]) -> str | None:
    """The unit whose price an outing has, of some; None where it has another one."""
    item = grid.by_code.get(code)
    if item is None:
        return None
    same = (other for other in others if other in grid.by_code and replace(grid.by_code[other], code=code) == item)
    return next(same, None)


def grid_with_price(grid: Grid, code: str, price: Item | str) -> Grid:
    """A grid in which an outing has a price of its own, or that of another unit with its reductions; no other moves."""
    grid = grid_without_price(grid, code)
    if isinstance(price, Item):
        return replace(grid, items=(*grid.items, price))
    items = (*grid.items, replace(grid.by_code[price], code=code))
    modifiers = (
        replace(each, when=replace(each.when, items=each.when.items | {code})) if price in each.when.items else each
        for each in grid.modifiers
    )
    return replace(grid, items=items, modifiers=tuple(modifiers))


def grid_without_price(grid: Grid, code: str) -> Grid:
    """A grid without the price of an outing; what packages and other parts say of it by name is left alone."""
    modifiers = (_without(each, code) for each in grid.modifiers)
    return replace(
        grid, items=tuple(item for item in grid.items if item.code != code),
        modifiers=tuple(each for each in modifiers if each is not None),
    )  # fmt: skip


def _without(modifier: Modifier, code: str) -> Modifier | None:
    if code not in modifier.when.items:
        return modifier
    others = modifier.when.items - {code}
    # Naming none would mean all.
    return replace(modifier, when=replace(modifier.when, items=others)) if others else None


def moment_of(rule: NoticeRule | None, unit_id: int) -> datetime | None:
    """The day and hour that is the outing's own deadline, a wall-clock time of Paris."""
    lines = () if rule is None else rule.lines
    own = next((line.notice for line in lines if _is_own(line, unit_id)), None)
    return datetime.combine(own.on, own.at) if isinstance(own, FixedMoment) else None


def rule_with_moment(rule: NoticeRule | None, unit_id: int, moment: datetime | None) -> NoticeRule | None:
    """A notice rule whose first line is the outing's own deadline, or that has none of its own."""
    others = () if rule is None else tuple(line for line in rule.lines if not _is_own(line, unit_id))
    if moment is not None:
        days = Days(units=frozenset({unit_id}))
        others = (NoticeLine(FixedMoment(moment.date(), moment.time()), days), *others)
    return NoticeRule(others) if others else None


def replaced_by(rules: Combinations, unit_id: int) -> frozenset[int]:
    """The units that an outing excludes, each by itself."""
    pairs = (rule.units for rule in rules.rules if isinstance(rule, Exclusion) and len(rule.units) == 2)
    return frozenset(other for pair in pairs if unit_id in pair for other in pair - {unit_id})


def rules_with_replaced(rules: Combinations, unit_id: int, replaced: Collection[int]) -> Combinations:
    """Combination rules by which an outing excludes these units, each by itself, and no others."""
    kept = (
        rule
        for rule in rules.rules
        if not (isinstance(rule, Exclusion) and len(rule.units) == 2 and unit_id in rule.units)
    )
    pairs = (Exclusion(frozenset({unit_id, other})) for other in sorted(replaced))
    return replace(rules, rules=(*kept, *pairs))


def _is_own(line: NoticeLine, unit_id: int) -> bool:
    return isinstance(line.notice, FixedMoment) and line.days == Days(units=frozenset({unit_id}))
