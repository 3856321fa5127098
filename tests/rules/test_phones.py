import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.rules.phones import InvalidPhone, format_phone, normalise_phone
from tests.rules.tables import Row, cases


@pytest.mark.parametrize("row", cases("phones", "phones"))
def test_phones_as_typed_stored_and_shown(row: Row) -> None:
    if row["stored"] == "–":
        with pytest.raises(InvalidPhone):
            normalise_phone(row["typed"])
    else:
        assert normalise_phone(row["typed"]) == row["stored"]
        assert format_phone(row["stored"]) == row["shown"]


@pytest.mark.parametrize("text", ["", " ", "0", "+", "((((((", "0" * 60, "06\N{NO-BREAK SPACE}00"])
def test_what_cannot_be_a_phone_is_refused(text: str) -> None:
    with pytest.raises(InvalidPhone):
        normalise_phone(text)


@given(st.integers(1, 9), st.integers(0, 99_999_999))
def test_what_is_shown_reads_back_as_what_is_stored(first: int, rest: int) -> None:
    stored = f"+33{first}{rest:08}"
    assert normalise_phone(format_phone(stored)) == stored


@given(st.text(max_size=60))
def test_any_text_is_a_phone_or_is_refused(text: str) -> None:
    try:
        stored = normalise_phone(text)
    except InvalidPhone:
        return
    assert normalise_phone(stored) == stored
