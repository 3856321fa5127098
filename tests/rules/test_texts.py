import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.rules.texts import fold
from tests.rules.tables import Row, cases


@pytest.mark.parametrize("row", cases("texts", "folds"))
def test_folding(row: Row) -> None:
    assert fold(row["text"]) == row["folded"]


@pytest.mark.parametrize("space", [" ", "\N{NO-BREAK SPACE}", "\N{NARROW NO-BREAK SPACE}", "\t", "  ", " - "])
def test_any_run_of_spaces_is_one(space: str) -> None:
    assert fold(f" Jean{space}Luc ") == "jean luc"


def test_composed_and_decomposed_accents_fold_alike() -> None:
    assert fold("De\N{COMBINING ACUTE ACCENT}muin") == fold("Démuin") == "demuin"


@given(st.text())
def test_folding_twice_changes_nothing(text: str) -> None:
    assert fold(fold(text)) == fold(text)
