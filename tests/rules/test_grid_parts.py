"""A grid taken apart and put together again."""

import pytest

from app.rules.grid_parts import (
    PartInUse,
    SameUnits,
    Section,
    named_item_code,
    parts_of,
    with_part,
    with_part_moved,
    without_part,
)
from app.rules.tariff_grids import Combination, Condition, FullPrice, Grid, Item, Modifier, ModifierKind, flat
from tests.rules.published_grids import GRIDS
from tests.rules.tables import Row, cases, words


@pytest.mark.parametrize("row", cases("pricing", "names"))
def test_a_name_makes_a_code_of_its_own(row: Row) -> None:
    assert named_item_code(row["name"], words(row["taken"])) == row["code"]


@pytest.mark.parametrize("name", GRIDS)
def test_a_grid_is_the_sum_of_its_parts(name: str) -> None:
    grid = GRIDS[name]
    again = Grid((), counted_siblings=grid.counted_siblings, sibling_order=grid.sibling_order, rounding=grid.rounding)
    for section in Section:
        for part in parts_of(grid, section):
            again = with_part(again, section, part)
    assert again == grid


def test_parts_move_change_and_go() -> None:
    a, b, c = (Item(code, flat(100)) for code in "abc")
    grid = Grid((a, b, c))
    assert with_part_moved(grid, Section.ITEMS, 2, -1).items == (a, c, b)
    assert with_part_moved(grid, Section.ITEMS, 0, -1).items == (a, b, c)
    assert with_part_moved(grid, Section.ITEMS, 2, 1).items == (a, b, c)
    assert with_part(grid, Section.ITEMS, Item("d", flat(1)), 1).items == (a, Item("d", flat(1)), c)
    assert without_part(grid, Section.ITEMS, 1).items == (a, c)
    for place in (-1, 3):
        with pytest.raises(IndexError):
            without_part(grid, Section.ITEMS, place)


def test_a_price_that_others_need_stays() -> None:
    day = Combination(frozenset({"a", "b"}), "c")
    grid = Grid(tuple(Item(code, flat(100)) for code in "abcd"), combinations=(day,))
    with pytest.raises(PartInUse):
        without_part(grid, Section.ITEMS, 2)
    named = Modifier(ModifierKind.STAFF, Condition(items=frozenset({"d"})), FullPrice())
    with pytest.raises(PartInUse):
        without_part(with_part(grid, Section.MODIFIERS, named), Section.ITEMS, 3)
    with pytest.raises(SameUnits):
        with_part(grid, Section.COMBINATIONS, Combination(frozenset({"b", "a"}), "d"))
    assert with_part(grid, Section.COMBINATIONS, Combination(frozenset({"b", "a"}), "d"), 0).combinations[0].item == "d"
