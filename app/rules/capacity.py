"""Places on a date over sets of units and groups, counting distinct children.

Source: docs/rules/capacity.md.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import NamedTuple

LAST_PLACES = 3
"""From this many places down « dernières places » is said, unless the staff set another number."""


@dataclass(frozen=True, slots=True)
class CapacityScope:
    """``places`` children at most, each day, over these units and groups together.

    Parents take ``online_places`` of them at most (None: all). « Dernières places » from ``last_places`` left to them
    down.
    """

    id: int
    name: str
    units: frozenset[int]
    groups: frozenset[int]
    places: int
    online_places: int | None = None
    last_places: int = LAST_PLACES


class Left(NamedTuple):
    """What is left of a scope on a day (negative when staff went over): to parents, and of all its places."""

    online: int
    whole: int


class Room(NamedTuple):
    """What is left for a child: how many places (None: no limit), whether they are the last ones, and whether parents
    have none because the service keeps those that are left.
    """

    left: int | None
    is_last: bool
    is_kept: bool


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


def online_limit(places: int, online_places: int | None) -> int:
    """How many of the places parents may take."""
    return places if online_places is None else min(places, online_places)


def left_of(places: int, online_places: int | None, taken: int) -> Left:
    """What is left of so many places, some of them for parents, once some are taken."""
    return Left(online_limit(places, online_places) - taken, places - taken)


def room(slot: Slot, counted: Collection[int], left: Mapping[int, Left], scopes: Iterable[CapacityScope]) -> Room:
    """The room for one child in ``slot``, whom a parent books: the least of its scopes.

    ``left`` gives what is left by scope id; a scope without a counter yet has all its places. A scope of ``counted``,
    where the child is already counted that day, takes no further place.
    """
    limits = [
        (left.get(scope.id) or left_of(scope.places, scope.online_places, 0), scope.last_places)
        for scope in covering(slot, scopes)
        if scope.id not in counted
    ]
    online = min((each.online for each, _ in limits), default=None)
    is_kept = online is not None and online <= 0 < min(each.whole for each, _ in limits)
    return Room(online, any(each.online <= last for each, last in limits), is_kept)


def _counts_in(scope: CapacityScope, slots: Collection[Slot]) -> int:
    return int(any(covering(slot, (scope,)) for slot in slots))
