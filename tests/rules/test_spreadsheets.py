import pytest

from app.rules.spreadsheets import defused, written
from tests.rules.tables import Row, cases


@pytest.mark.parametrize("row", cases("spreadsheets", "cells"))
def test_no_cell_is_a_formula(row: Row) -> None:
    assert defused(row["cell"]) == row["written"]


@pytest.mark.parametrize("cell", ["\t=1", "\r=1", "\n=1", " =1", "\u00a0=1", " @A1"])
def test_space_before_a_formula_hides_nothing(cell: str) -> None:
    assert defused(cell) == f"'{cell}"


@pytest.mark.parametrize("row", cases("spreadsheets", "within"))
def test_no_part_of_a_cell_of_a_list_is_a_formula(row: Row) -> None:
    assert written(row["cell"]) == row["written"]


@pytest.mark.parametrize("end", ["|'/C calc'!A0", "\n=1", '"', "#$A", "&A", "*2", "^2", "[1]", "{1}", "<1", "\\x"])
def test_a_sign_within_a_text_is_left_where_nothing_after_it_computes(end: str) -> None:
    assert written("Léa\n- lait\n- œuf") == "Léa\n- lait\n- œuf"
    assert written(f"Léa\n- lait\n- œuf{end}").startswith("Léa\n'- lait\n'- œuf")


def test_a_long_text_of_signs_takes_no_time() -> None:
    assert written(",-" * 20_000) == ",-" * 20_000
    assert written(",-" * 20_000 + "=").count("'") == 20_000
