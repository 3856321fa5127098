import pytest

from app.rules.spreadsheets import defused, spreadsheet
from tests.rules.tables import Row, cases


@pytest.mark.parametrize("row", cases("spreadsheets", "cells"))
def test_no_cell_is_a_formula(row: Row) -> None:
    assert defused(row["cell"]) == row["written"]


@pytest.mark.parametrize("cell", ["\t=1", "\r=1", "\n=1", " =1", "\u00a0=1", " @A1"])
def test_space_before_a_formula_hides_nothing(cell: str) -> None:
    assert defused(cell) == f"'{cell}"


def test_rows_are_quoted_where_they_must_be() -> None:
    assert spreadsheet([["Jour", "Qui"], ["1", 'TEST; "Léa"'], ["", "=A1"]]) == (
        'Jour;Qui\r\n1;"TEST; ""Léa"""\r\n;\'=A1\r\n'
    )
