from dataclasses import replace
from datetime import date, datetime, time

import pytest

from app.rules.combinations import Combinations, Exclusion
from app.rules.deadlines import Days, DaysBefore, FixedMoment, NoticeLine, NoticeRule, simple_rule
from app.rules.outings import (
    fixed_cents,
    fixed_price,
    grid_with_price,
    grid_without_price,
    like_of,
    moment_of,
    replaced_by,
    rule_with_moment,
    rules_with_replaced,
)
from app.rules.tariff_grids import ChangePercent, Condition, Grid, Item, Modifier, ModifierKind, flat
from tests.rules.tables import Row, cases, ids

OUTING = 9
GRID = Grid(
    (Item("unit-1", flat(400)), Item("unit-5", flat(900))),
    modifiers=(Modifier(ModifierKind.SIBLING, Condition(items=frozenset({"unit-5"})), ChangePercent(-10)),),
)


def exclusions(cell: str) -> Combinations:
    texts = [] if cell == "–" else cell.split("; ")
    return Combinations(
        tuple(Exclusion(frozenset(map(int, text.removeprefix("one of ").split()))) for text in texts), may_overlap=True
    )


@pytest.mark.parametrize("row", cases("outings", "replaced"))
def test_an_outing_excludes_what_it_replaces_and_no_more(row: Row) -> None:
    replaced = ids(row["replaces"])
    after = rules_with_replaced(exclusions(row["rules"]), OUTING, replaced)
    assert after == exclusions(row["rules after"])
    assert replaced_by(after, OUTING) == frozenset(replaced)


def test_a_price_of_its_own_moves_no_other_and_goes_again() -> None:
    priced = grid_with_price(GRID, "unit-9", fixed_price("unit-9", 1_200))
    assert (fixed_cents(priced, "unit-9"), like_of(priced, "unit-9", ["unit-1", "unit-5"])) == (1_200, None)
    assert priced.items[:2] == GRID.items and priced.modifiers == GRID.modifiers
    assert grid_without_price(priced, "unit-9") == GRID


def test_the_price_of_another_unit_comes_with_its_reductions() -> None:
    priced = grid_with_price(GRID, "unit-9", "unit-5")
    assert (fixed_cents(priced, "unit-9"), like_of(priced, "unit-9", ["unit-1", "unit-5"])) == (None, "unit-5")
    assert priced.modifiers[0].when.items == {"unit-5", "unit-9"}
    assert grid_without_price(priced, "unit-9") == GRID
    # Changed to one amount it leaves the reductions again.
    assert grid_with_price(priced, "unit-9", fixed_price("unit-9", 500)).modifiers == GRID.modifiers


def test_a_reduction_of_the_outing_alone_goes_with_it_and_does_not_become_one_for_all() -> None:
    own = replace(GRID.modifiers[0], when=Condition(items=frozenset({"unit-9"})))
    grid = replace(grid_with_price(GRID, "unit-9", fixed_price("unit-9", 500)), modifiers=(*GRID.modifiers, own))
    assert grid_without_price(grid, "unit-9") == GRID


def test_its_own_deadline_comes_first_and_leaves_the_others() -> None:
    usual = simple_rule(DaysBefore(2, time(12)))
    moment = datetime(2026, 11, 20, 12)
    rule = rule_with_moment(usual, OUTING, moment)
    own = NoticeLine(FixedMoment(date(2026, 11, 20), time(12)), Days(units=frozenset({OUTING})))
    assert rule == NoticeRule((own, *usual.lines))
    assert (moment_of(rule, OUTING), moment_of(rule, 1), moment_of(None, OUTING)) == (moment, None, None)
    assert rule_with_moment(rule, OUTING, None) == usual
    assert rule_with_moment(NoticeRule((own,)), OUTING, None) is None
