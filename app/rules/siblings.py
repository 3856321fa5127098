"""Who is the first, second, third child of a family for a price.

Source: domain.md section 4.1, docs/rules/pricing.md.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date

from app.rules.tariff_grids import SiblingOrder


@dataclass(frozen=True, slots=True)
class SiblingPlace:
    """A child's rank from 1, and how many children count, itself included."""

    rank: int
    children: int


@dataclass(frozen=True, slots=True)
class Birth:
    """A child and when it was born: twins follow each other by their ids. No birth date comes last."""

    child_id: int
    born_on: date | None


def sibling_place(child: Birth, counted: Collection[Birth], order: SiblingOrder) -> SiblingPlace:
    """The place of a child among those that count; it always does itself."""
    everyone = {*counted, child}
    own = _key(child, order)
    return SiblingPlace(1 + sum(1 for other in everyone if _key(other, order) < own), len(everyone))


def _key(birth: Birth, order: SiblingOrder) -> tuple[bool, int, int]:
    if birth.born_on is None:
        return True, 0, birth.child_id
    day = birth.born_on.toordinal()
    if order is SiblingOrder.YOUNGEST_FIRST:
        return False, -day, -birth.child_id
    return False, day, birth.child_id
