from collections.abc import Iterator
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.rules.tax_certificates import (
    CarePaid,
    InvoicePart,
    Movement,
    MovementKind,
    care_paid,
    is_counted,
    sums_of_year,
)
from tests.rules.tables import Row, cases, words

CHILDREN = {"Léa": 1, "Tom": 2, "family": None}
NAMES = {1: "Léa", 2: "Tom"}


def day(text: str) -> date:
    return date.fromisoformat(text if text.startswith("20") else f"2026-{text}")


def part(text: str) -> InvoicePart:
    child, kind, cents = text.split()
    return InvoicePart(CHILDREN[child], kind == "care", int(cents))


def movement(text: str) -> Movement:
    """« 02-10 p1 5000 », « 03-01 p1 back », « 04-02 credit Léa care 500 »."""
    when, what, *rest = text.split()
    if what == "credit":
        parts = tuple(part(each) for each in " ".join(rest).split(" + "))
        return Movement(day(when), MovementKind.CREDITED, parts=parts)
    key = int(what.removeprefix("p"))
    if rest == ["back"]:
        return Movement(day(when), MovementKind.TAKEN_BACK, key)
    return Movement(day(when), MovementKind.PAID, key, int(rest[0]))


def paid(text: str) -> Iterator[CarePaid]:
    """« 02-10 Léa 750, Tom 250 »: the day of the one before where none is told."""
    when = date.min
    for each in words(text):
        *told, child, cents = each.split()
        when = day(told[0]) if told else when
        child_id = CHILDREN[child]
        assert child_id is not None
        yield CarePaid(when, child_id, int(cents))


@pytest.mark.parametrize("row", cases("tax_certificates", "ages"))
def test_which_children_count(row: Row) -> None:
    assert is_counted(date.fromisoformat(row["born on"]), int(row["year"])) == (row["counts"] == "yes")


@pytest.mark.parametrize("row", cases("tax_certificates", "paid"))
def test_what_of_an_invoice_was_paid_for_care(row: Row) -> None:
    found = care_paid(map(part, words(row["parts"])), map(movement, words(row["movements"])))
    assert found == tuple(paid(row["care paid"]))


@pytest.mark.parametrize("row", cases("tax_certificates", "years"))
def test_what_was_paid_in_a_year(row: Row) -> None:
    sums = sums_of_year(paid(row["care paid"]), int(row["year"]))
    assert [f"{NAMES[child_id]} {cents}" for child_id, cents in sums.items()] == words(row["sums"])


AMOUNTS = st.integers(0, 9_000)


@given(st.lists(st.tuples(AMOUNTS, AMOUNTS), min_size=1, max_size=4), st.lists(AMOUNTS, max_size=5))
def test_an_invoice_that_is_paid_in_any_steps_is_paid_to_the_cent(
    lines: list[tuple[int, int]], payments: list[int]
) -> None:
    parts = [
        InvoicePart(child_id, is_care, cents)
        for child_id, (care, rest) in enumerate(lines)
        for is_care, cents in ((True, care), (False, rest))
    ]
    whole = sum(each.cents for each in parts)
    movements = [Movement(date(2026, 1, 1), MovementKind.PAID, key, cents) for key, cents in enumerate(payments)]
    movements.append(Movement(date(2026, 2, 1), MovementKind.PAID, 99, whole))
    sums = sums_of_year(care_paid(parts, movements), 2026)
    assert sums == {child_id: care for child_id, (care, _rest) in enumerate(lines) if care}
