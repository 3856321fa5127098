"""Which units go together on one day (« a meal needs a half-day »).

Source: product.md section 5, docs/rules/combinations.md.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Requirement:
    """``unit_id`` may only be chosen together with at least one unit of ``any_of``, for the same child and day."""

    unit_id: int
    any_of: frozenset[int]


@dataclass(frozen=True, slots=True)
class Violation:
    """``unit_id`` is chosen and none of ``any_of`` is."""

    unit_id: int
    any_of: frozenset[int]


def violations(chosen: Collection[int], requirements: Iterable[Requirement]) -> tuple[Violation, ...]:
    """The requirements that ``chosen`` breaks, in the order of ``requirements``.

    ``chosen`` holds all the units of one child on one day, of every activity and through both families, after the
    removals and the additions.
    """
    units = frozenset(chosen)
    return tuple(
        Violation(requirement.unit_id, requirement.any_of)
        for requirement in requirements
        if requirement.unit_id in units and not requirement.any_of & units
    )
