"""What changes the price that a rate says: residence, siblings, staff, CCAS, fund, PAI meal, card, and surcharges.

Source: domain.md section 4.1, docs/rules/pricing.md.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from fractions import Fraction

from app.rules.explanations import Cause, Chosen, Operation, Step, Way, recompute
from app.rules.rates import Facts, PriceProblem, ProblemKind, Reading, Unpriced, rate_steps
from app.rules.tariff_grids import (
    AddCents,
    AddRate,
    ChangePercent,
    Condition,
    Criterion,
    Effect,
    FullPrice,
    Grid,
    Item,
    LowerBracket,
    ModifierKind,
    Rate,
    ReplaceRate,
    Surcharge,
    SurchargeCause,
)

CAUSE_OF_MODIFIER: Mapping[ModifierKind, Cause] = {
    ModifierKind.RESIDENCE: Cause.RESIDENCE,
    ModifierKind.SIBLING: Cause.SIBLING,
    ModifierKind.STAFF: Cause.STAFF,
    ModifierKind.SOCIAL: Cause.SOCIAL,
    ModifierKind.FUND: Cause.FUND,
    ModifierKind.MEAL_PLAN: Cause.MEAL_PLAN,
    ModifierKind.CARD: Cause.CARD,
}

CAUSE_OF_SURCHARGE: Mapping[SurchargeCause, Cause] = {
    SurchargeCause.UNBOOKED: Cause.UNBOOKED,
    SurchargeCause.CANCELLED_LATE: Cause.CANCELLED_LATE,
    SurchargeCause.ABSENT: Cause.ABSENT,
    SurchargeCause.LATE_PICKUP: Cause.LATE_PICKUP,
    SurchargeCause.LATE_PAYMENT: Cause.LATE_PAYMENT,
}


def holds(condition: Condition, item: Item, facts: Facts) -> bool:
    """Whether all that a condition asks is so. What is not known is not so."""
    return (
        (not condition.items or item.code in condition.items)
        and (not condition.natures or item.nature in condition.natures)
        and (not condition.residences or facts.residence in condition.residences)
        and (condition.ranks is None or condition.ranks.covers(facts.rank))
        and (condition.children is None or condition.children.covers(facts.children))
        and (
            condition.quotients is None
            or (facts.quotient_cents is not None and condition.quotients.covers(facts.quotient_cents))
        )
        and condition.standings <= facts.standings
    )


_MOST_KEPT = 4096


def item_price(
    grid: Grid, item: Item, facts: Facts, surcharge: SurchargeCause | None = None
) -> tuple[tuple[Step, ...], int]:
    """The steps of the price of one item of the grid, and the amount that they lead to (cents). Raises Unpriced.

    In this order: the rate (or what replaces it), the length of the stay, the modifiers as the grid lists them, the
    change for a cause such as a late cancellation, the item's floor and ceiling, the rounding. The grid remembers its
    latest answers: days and families are much alike.
    """
    key = item.code, facts, surcharge
    found: tuple[tuple[Step, ...], int] | None = grid.kept_prices.get(key)
    if found is None:
        steps = _item_steps(grid, item, facts, surcharge)
        found = steps, recompute(steps)
        if len(grid.kept_prices) >= _MOST_KEPT:
            grid.kept_prices.clear()
        grid.kept_prices[key] = found
    return found


def _item_steps(grid: Grid, item: Item, facts: Facts, surcharge: SurchargeCause | None) -> tuple[Step, ...]:
    changes = [
        _Change(CAUSE_OF_MODIFIER[modifier.kind], modifier.effect, _asked(modifier.when, facts))
        for modifier in grid.modifiers
        if holds(modifier.when, item, facts)
    ]
    changes += [
        _Change(CAUSE_OF_SURCHARGE[each.cause], each.effect)
        for each in surcharges_for(grid, item.code, surcharge)
        if not isinstance(each.effect, AddRate)
    ]
    way = Way(_base_steps(item, facts, changes))
    for change in changes:
        if isinstance(change.effect, AddCents):
            way.go(Step(Operation.ADD, change.effect.cents, change.cause, change.chosen))
        elif isinstance(change.effect, ChangePercent):
            way.go(Step(Operation.CHANGE_PERCENT, change.effect.percent, change.cause, change.chosen))
    if item.floor_cents is not None:
        way.go(Step(Operation.AT_LEAST, item.floor_cents, Cause.FLOOR))
    if item.ceiling_cents is not None:
        way.go(Step(Operation.AT_MOST, item.ceiling_cents, Cause.CEILING))
    way.go(Step(Operation.ROUND, grid.rounding.step_cents, Cause.ROUNDING))
    return way.steps


def surcharges_for(grid: Grid, code: str, cause: SurchargeCause | None) -> Iterable[Surcharge]:
    """What the grid says about a cause for an item."""
    return (each for each in grid.surcharges if each.cause is cause and (not each.items or code in each.items))


@dataclass(frozen=True, slots=True)
class _Change:
    """An effect with its cause: modifiers and surcharges work alike."""

    cause: Cause
    effect: Effect
    chosen: tuple[Chosen, ...] = ()  # what of the family its condition looked at


def _asked(condition: Condition, facts: Facts) -> tuple[Chosen, ...]:
    """The facts that made a condition hold, to be told with its effect."""
    chosen = []
    if condition.residences and facts.residence is not None:
        chosen.append(Chosen(Criterion.RESIDENCE, facts.residence))
    if condition.ranks is not None:
        chosen.append(Chosen(Criterion.RANK, str(facts.rank), facts.rank, facts.rank + 1))
    if condition.children is not None:
        chosen.append(Chosen(Criterion.CHILDREN, str(facts.children), facts.children, facts.children + 1))
    return tuple(chosen)


def _base_steps(item: Item, facts: Facts, changes: list[_Change]) -> tuple[Step, ...]:
    """The rate's steps, under the effects that choose the rate or the bracket; the last that names a rate counts."""
    rate: Rate = item.rate
    reading = Reading()
    because: Cause | None = None
    for change in changes:
        match change.effect:
            case ReplaceRate():
                rate = change.effect.rate
            case LowerBracket():
                reading = Reading(reading.is_full_price, reading.brackets_below + change.effect.places)
            case FullPrice():
                reading = Reading(True, reading.brackets_below)
            case _:
                continue
        because = change.cause
    first, *others = rate_steps(item.code, rate, facts, reading)
    if because is not None:
        first = replace(first, because=because)
    return (first, *others, *_stay_steps(item, facts))


def _stay_steps(item: Item, facts: Facts) -> tuple[Step, ...]:
    if item.duration is None:
        return ()
    if facts.minutes is None:
        raise Unpriced(PriceProblem(ProblemKind.FACT_MISSING, item.code, Criterion.DURATION))
    charged = item.duration.charged_minutes(facts.minutes)
    return (Step(Operation.TIMES, Fraction(charged, item.duration.per_minutes), Cause.QUANTITY),)
