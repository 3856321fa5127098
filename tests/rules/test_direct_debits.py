from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.rules.calendars import ONE_DAY
from app.rules.direct_debits import (
    BANK_REFUSALS,
    Collectable,
    DayObstacle,
    DebitRefusal,
    DebitSequence,
    LeftOut,
    MandateState,
    bank_text,
    batch_state,
    day_obstacle,
    easter,
    first_collection_day,
    holds_until,
    left_out,
    mandate_reference,
    mandate_state,
    read_bic,
    read_creditor_identifier,
    sequence_of,
    used_since,
)
from tests.rules.tables import Row, cases, rows, word_or_none, words
from tests.rules.worked_calendar import CALENDAR


def day_or_none(cell: str) -> date | None:
    return None if cell == "–" else date.fromisoformat(cell)


@pytest.mark.parametrize("row", cases("direct_debits", "identifiers"))
def test_creditor_identifiers(row: Row) -> None:
    assert read_creditor_identifier(row["typed"]) == word_or_none(row["ics"])


@pytest.mark.parametrize("row", cases("direct_debits", "bics"))
def test_codes_of_banks(row: Row) -> None:
    assert read_bic(row["typed"]) == word_or_none(row["bic"])


@pytest.mark.parametrize("row", cases("direct_debits", "references"))
def test_references_of_mandates(row: Row) -> None:
    assert mandate_reference(row["prefix"], int(row["family"]), int(row["number"])) == row["reference"]


def test_a_reference_is_never_longer_than_the_scheme_allows() -> None:
    with pytest.raises(ValueError, match="35"):
        mandate_reference("a" * 30, 1, 1)


@pytest.mark.parametrize("row", cases("direct_debits", "mandates"))
def test_how_long_a_mandate_holds(row: Row) -> None:
    signed_on, collected_on, day = (day_or_none(row[name]) for name in ("signed", "collected", "day"))
    assert signed_on is not None and day is not None
    assert mandate_state(signed_on, collected_on, day, is_ended=row["ended"] == "yes") == row["state"]


@given(day=st.dates(date(2020, 1, 1), date(2035, 12, 31)), back=st.integers(-3, 3))
def test_what_the_database_asks_is_the_rule(day: date, back: int) -> None:
    used_on = used_since(day) + timedelta(days=back)
    assert (used_on >= used_since(day)) == (holds_until(used_on, None) >= day)


@pytest.mark.parametrize("row", cases("direct_debits", "sequences"))
def test_sequences(row: Row) -> None:
    assert sequence_of(int(row["earlier"])) is DebitSequence(row["sequence"])


@pytest.mark.parametrize("row", cases("direct_debits", "days"))
def test_days_of_collections(row: Row) -> None:
    day, today = date.fromisoformat(row["day"]), date.fromisoformat(row["today"])
    found = day_obstacle(day, today, 14, CALENDAR.is_working_day)
    assert found == (None if row["obstacle"] == "–" else DayObstacle(row["obstacle"]))


@pytest.mark.parametrize("row", cases("direct_debits", "firsts"))
def test_the_first_day(row: Row) -> None:
    today = date.fromisoformat(row["today"])
    first = first_collection_day(today, int(row["notice"]), CALENDAR.is_working_day)
    assert first == date.fromisoformat(row["first"])
    assert day_obstacle(first, today, int(row["notice"]), CALENDAR.is_working_day) is None


def test_easter_is_the_calendars() -> None:
    for holiday, name in CALENDAR.public_holidays.items():
        if name == "Lundi de Pâques":
            assert easter(holiday.year) + ONE_DAY == holiday


@pytest.mark.parametrize("row", cases("direct_debits", "left out"))
def test_why_an_invoice_is_left_out(row: Row) -> None:
    special = words(row["special"])
    invoice = Collectable(
        "transferred" in special, "batch" in special, "paying" in special, "disputed" in special, "plan" in special,
        None if row["mandate"] == "–" else MandateState(row["mandate"]),
    )  # fmt: skip
    assert left_out(invoice) == (None if row["reason"] == "–" else LeftOut(row["reason"]))


def test_every_reason_has_its_row() -> None:
    assert {row["reason"] for row in rows("direct_debits", "left out")} - {"–"} == set(LeftOut)


@pytest.mark.parametrize("row", cases("direct_debits", "standings"))
def test_where_a_collection_stands(row: Row) -> None:
    sent, ordered, recorded, abandoned = (
        row[name] == "yes" for name in ("sent", "ordered", "recorded", "abandoned")
    )  # fmt: skip
    found = batch_state(is_sent=sent, is_ordered=ordered, is_recorded=recorded, is_abandoned=abandoned)
    assert found == row["state"]


def test_a_bank_answers_with_the_codes_of_the_scheme_alone() -> None:
    assert set(DebitRefusal) - set(BANK_REFUSALS) == {DebitRefusal.MANDATE_ENDED, DebitRefusal.TAKEN_OUT}


@pytest.mark.parametrize("row", cases("direct_debits", "letters"))
def test_the_letters_of_banks(row: Row) -> None:
    assert bank_text(row["text"], int(row["longest"])) == row["bank"]
