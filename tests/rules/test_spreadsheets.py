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
