"""Places on a date over sets of units and groups, counting distinct children.

Source: docs/rules/capacity.md.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import NamedTuple


@dataclass(frozen=True, slots=True)
class CapacityScope:
    """``places`` children at most, each day, over these units and groups together."""

    id: int
    name: str
    units: frozenset[int]
    groups: frozenset[int]
    places: int


class Slot(NamedTuple):
    """What one child holds on a day: a unit, in a group."""

    unit_id: int
    group_id: int


def covering(slot: Slot, scopes: Iterable[CapacityScope]) -> tuple[CapacityScope, ...]:
    """The scopes that ``slot`` spends a place of."""
    return tuple(scope for scope in scopes if slot.unit_id in scope.units and slot.group_id in scope.groups)


def counter_changes(
    before: Collection[Slot], after: Collection[Slot], scopes: Iterable[CapacityScope]
) -> dict[int, int]:
    """How the counter of each scope moves (+1 or -1 by scope id, unmoved ones left out).

    One child and one day: a child counts once in a scope, however many of its units it holds.
    """
    changes: dict[int, int] = {}
    for scope in scopes:
        change = _counts_in(scope, after) - _counts_in(scope, before)
        if change:
            changes[scope.id] = change
    return changes


def places_left(
    slot: Slot, counted: Collection[int], left: Mapping[int, int], scopes: Iterable[CapacityScope]
) -> int | None:
    """Places left for one child in ``slot``: the least of its scopes, None when nothing limits it.

    ``left`` gives the places left by scope id (negative when staff went over); a scope without a counter yet has all
    its places. A scope of ``counted``, where the child is already counted that day, takes no further place.
    """
    limits = [left.get(scope.id, scope.places) for scope in covering(slot, scopes) if scope.id not in counted]
    return min(limits, default=None)


def _counts_in(scope: CapacityScope, slots: Collection[Slot]) -> int:
    return int(any(covering(slot, (scope,)) for slot in slots))
