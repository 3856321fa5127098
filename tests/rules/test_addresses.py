import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.rules.addresses import REPETITIONS, StreetLine, is_postal_code, join_street_line, split_street_line
from tests.rules.tables import Row, cases


@pytest.mark.parametrize("row", cases("addresses", "lines"))
def test_splitting_a_line(row: Row) -> None:
    number, repetition, street = ("" if row[part] == "–" else row[part] for part in ("number", "repetition", "street"))
    assert split_street_line(row["line"]) == StreetLine(number, repetition, street)


@pytest.mark.parametrize("row", cases("addresses", "postal codes"))
def test_postal_codes(row: Row) -> None:
    assert is_postal_code(row["text"]) is (row["is a postal code"] == "yes")


STREETS = st.sampled_from(["rue des Tilleuls", "avenue d’Amiens", "allée B", "place du 8 Mai 1945", "Terrasse Haute"])


@given(st.integers(1, 99_999), st.sampled_from(["", *REPETITIONS]), STREETS)
def test_splitting_undoes_joining(number: int, repetition: str, street: str) -> None:
    line = StreetLine(str(number), repetition, street)
    assert split_street_line(join_street_line(line)) == line


@given(st.text())
def test_nothing_typed_is_lost(text: str) -> None:
    kept = join_street_line(split_street_line(text))
    assert (
        "".join(char for char in kept if char.isalpha()).casefold()
        == "".join(char for char in text if char.isalpha()).casefold()
    )
