"""What a posted planning means, given what it showed and what is held now.

Source: product.md section 5, docs/rules/choices.md.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Shown:
    """An opening that the form showed, whether it was held then, and whether it said that cancelling it is charged."""

    opening_id: int
    held: bool
    charged: bool = False


@dataclass(frozen=True, slots=True)
class Choices:
    """Opening ids by what has to happen to them.

    ``additions`` are to be booked, ``removals`` cancelled, ``kept`` stay. What changed meanwhile is never overwritten:
    ``lost`` was shown held, is ticked and no longer held; ``already_held`` was shown free, is ticked and held by now;
    ``already_gone`` was shown held, is unticked and no longer held; ``appeared`` was shown free, is unticked and by now
    held.
    """

    additions: frozenset[int]
    removals: frozenset[int]
    kept: frozenset[int]
    lost: frozenset[int]
    already_held: frozenset[int]
    already_gone: frozenset[int]
    appeared: frozenset[int]


class UnknownTick(ValueError):
    """Openings were ticked that the form never showed: a forged form."""

    def __init__(self, opening_ids: frozenset[int]) -> None:
        super().__init__(f"ticked but never shown: {sorted(opening_ids)}")
        self.opening_ids = opening_ids


def read_choices(shown: Iterable[Shown], ticked: Collection[int], held_now: Collection[int]) -> Choices:
    """Additions, removals and conflicts. Raises UnknownTick for ticks that were never shown.

    A removal needs all three: shown held, unticked, held now. What was shown free, unticked, and booked meanwhile by
    somebody else, or was not shown at all, is left alone. An opening shown twice with both states counts as shown free.
    """
    rows = tuple(shown)
    shown_free = frozenset(row.opening_id for row in rows if not row.held)
    shown_held = frozenset(row.opening_id for row in rows if row.held) - shown_free
    wanted = frozenset(ticked)
    held = frozenset(held_now)
    unknown = wanted - shown_free - shown_held
    if unknown:
        raise UnknownTick(unknown)
    return Choices(
        additions=(shown_free & wanted) - held,
        removals=(shown_held - wanted) & held,
        kept=shown_held & wanted & held,
        lost=(shown_held & wanted) - held,
        already_held=shown_free & wanted & held,
        already_gone=(shown_held - wanted) - held,
        appeared=(shown_free - wanted) & held,
    )
