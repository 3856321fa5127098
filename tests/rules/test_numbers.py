from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.rules.numbers import (
    LAST_NUMBER,
    LETTERS,
    DocumentKind,
    DocumentNumber,
    document_number,
    read_document_number,
    series_month,
)
from tests.rules.tables import Row, cases, word_or_none


@pytest.mark.parametrize("row", cases("numbers", "numbers"))
def test_a_number_is_written_and_read(row: Row) -> None:
    kind, month, n = DocumentKind(row["kind"]), date.fromisoformat(row["month"]), int(row["n"])
    assert document_number(row["prefix"], kind, month, n) == row["number"]
    assert read_document_number(row["number"]) == DocumentNumber(row["prefix"], kind, month, n)


@pytest.mark.parametrize("row", cases("numbers", "refused"))
def test_what_is_no_number_is_refused(row: Row) -> None:
    with pytest.raises(ValueError):
        read_document_number(row["text"])


@pytest.mark.parametrize("text", ["", " pop-F200300001", "pop-F200300001\n"])
def test_nothing_around_a_number_is_read(text: str) -> None:
    with pytest.raises(ValueError):
        read_document_number(text)


@pytest.mark.parametrize("row", cases("numbers", "months"))
def test_the_month_of_the_series(row: Row) -> None:
    last = word_or_none(row["last issued in"])
    month = series_month(date.fromisoformat(row["document date"]), date.fromisoformat(last) if last else None)
    assert month == date.fromisoformat(row["series"])


@pytest.mark.parametrize(
    ("prefix", "month", "n"),
    [
        pytest.param("", date(2020, 3, 1), 1, id="no prefix"),
        pytest.param("p-p", date(2020, 3, 1), 1, id="a dash"),
        pytest.param("pop", date(1999, 12, 1), 1, id="before 2000"),
        pytest.param("pop", date(2100, 1, 1), 1, id="after 2099"),
        pytest.param("pop", date(2020, 3, 1), 0, id="place 0"),
        pytest.param("pop", date(2020, 3, 1), LAST_NUMBER + 1, id="six digits"),
    ],
)
def test_what_the_form_cannot_hold_is_refused(prefix: str, month: date, n: int) -> None:
    with pytest.raises(ValueError):
        document_number(prefix, DocumentKind.INVOICE, month, n)


def test_every_kind_has_its_own_letter() -> None:
    assert set(LETTERS) == set(DocumentKind)
    assert len(set(LETTERS.values())) == len(LETTERS)


PREFIXES = st.text("abcXYZ019", min_size=1, max_size=10)
MONTHS = st.dates(date(2000, 1, 1), date(2099, 12, 31)).map(lambda day: day.replace(day=1))


@given(PREFIXES, st.sampled_from(DocumentKind), MONTHS, st.integers(1, LAST_NUMBER))
def test_reading_gives_back_what_was_written(prefix: str, kind: DocumentKind, month: date, n: int) -> None:
    assert read_document_number(document_number(prefix, kind, month, n)) == DocumentNumber(prefix, kind, month, n)


@given(st.lists(st.dates(date(2000, 1, 1), date(2099, 12, 31)), max_size=8))
def test_in_the_order_of_issue_numbers_only_grow(dates: list[date]) -> None:
    issued: list[str] = []
    last: date | None = None
    places: dict[date, int] = {}
    for day in dates:
        last = series_month(day, last)
        places[last] = places.get(last, 0) + 1
        issued.append(document_number("pop", DocumentKind.INVOICE, last, places[last]))
    assert issued == sorted(set(issued))
