"""A grid taken apart, and put together again with one part more, changed, moved or taken away.

Source: docs/rules/pricing.md.
"""

import re
import unicodedata
from collections.abc import Collection, Sequence
from dataclasses import replace
from enum import StrEnum, auto
from typing import Any

from app.rules.tariff_grids import (
    Combination,
    CreditBook,
    DaysDeduction,
    Grid,
    Item,
    Modifier,
    Package,
    Surcharge,
    YearlyFee,
    is_unit_code,
)

GridPart = (
    Item | Modifier | Package | Combination | YearlyFee | CreditBook | Surcharge | DaysDeduction
)  # fmt: skip


class Section(StrEnum):
    """The lists of parts that a grid is made of; the order in which they are read."""

    ITEMS = auto()
    MODIFIERS = auto()
    PACKAGES = auto()
    COMBINATIONS = auto()
    DEDUCTIONS = auto()
    FEES = auto()
    CREDIT_BOOKS = auto()
    SURCHARGES = auto()


ORDERED = frozenset({Section.ITEMS, Section.MODIFIERS, Section.PACKAGES, Section.COMBINATIONS})
"""Where the order of the parts plays a part, or is that of the page."""


class PartInUse(ValueError):
    """Another part needs this price: it goes first."""


class SameUnits(ValueError):
    """Two prices of the day are for the same units."""


def parts_of(grid: Grid, section: Section) -> tuple[GridPart, ...]:
    """The parts of one list."""
    parts: tuple[GridPart, ...] = getattr(grid, section.value)
    return parts


def with_part(grid: Grid, section: Section, part: GridPart, place: int | None = None) -> Grid:
    """The grid with this part at a place, from 0, instead of what is there; None: at the end.

    Raises SameUnits, and IndexError for a place that it has not.
    """
    parts = list(parts_of(grid, section))
    if place is None:
        parts.append(part)
    else:
        parts[_known(parts, place)] = part
    if section is Section.COMBINATIONS and len({each.units for each in parts if isinstance(each, Combination)}) < len(
        parts
    ):
        raise SameUnits
    return _with(grid, section, parts)


def without_part(grid: Grid, section: Section, place: int) -> Grid:
    """The grid without the part at a place. Raises PartInUse, and IndexError for a place that it has not."""
    parts = list(parts_of(grid, section))
    part = parts.pop(_known(parts, place))
    if isinstance(part, Item) and part.code in codes_in_use(grid):
        raise PartInUse(part.code)
    return _with(grid, section, parts)


def with_part_moved(grid: Grid, section: Section, place: int, by: int) -> Grid:
    """The grid with the part at a place so many places further; the first and the last stay where they are.

    Raises IndexError for a place that it has not.
    """
    parts = list(parts_of(grid, section))
    part = parts.pop(_known(parts, place))
    parts.insert(max(0, place + by), part)
    return _with(grid, section, parts)


def codes_in_use(grid: Grid) -> frozenset[str]:
    """The items that other parts of a grid name."""
    prices = {
        *(combination.item for combination in grid.combinations),
        *(package.item for package in grid.packages),
        *(book.item for book in grid.credit_books),
        *(fee.item for fee in grid.fees),
    }
    lists: Sequence[Collection[str]] = (
        *(modifier.when.items for modifier in grid.modifiers),
        *(surcharge.items for surcharge in grid.surcharges),
    )
    return frozenset(prices.union(*lists))


def named_item_code(name: str, taken: Collection[str]) -> str:
    """The code of a price with a name of its own: « Journée entière » → « journee-entiere », and never a unit's."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    code = re.sub(r"[^a-z0-9_]+", "-", plain).strip("-") or "prix"
    if is_unit_code(code):
        code = f"prix-{code}"
    found, number = code, 1
    while found in taken:
        number += 1
        found = f"{code}-{number}"
    return found


def _known(parts: Sequence[GridPart], place: int) -> int:
    if not 0 <= place < len(parts):
        raise IndexError(place)
    return place


def _with(grid: Grid, section: Section, parts: Sequence[GridPart]) -> Grid:
    changed: dict[str, Any] = {section.value: tuple(parts)}
    return replace(grid, **changed)
