from datetime import date

import pytest

from app.rules.child_files import AuthorisationKind
from app.rules.sheets import SheetKind, cautions, may_be_made, permissions
from tests.rules.tables import Row, cases, words

DAY = date(2026, 11, 25)


@pytest.mark.parametrize("row", cases("sheets", "days"))
def test_for_which_days_a_sheet_is_made(row: Row) -> None:
    found = may_be_made(date.fromisoformat(row["day"]), date.fromisoformat(row["today"]))
    assert found == (row["made"] == "yes")


@pytest.mark.parametrize("row", cases("sheets", "cautions"))
def test_what_must_not_be_missed(row: Row) -> None:
    answers = dict.fromkeys(map(AuthorisationKind, words(row["allowed"])), True)
    answers |= dict.fromkeys(map(AuthorisationKind, words(row["refused"])), False)
    health = dict(word.split("=") for word in words(row["health"]))
    assert list(cautions(SheetKind(row["sheet"]), health, answers, DAY)) == words(row["cautions"])


def test_no_answer_is_a_refusal_and_shown_as_none() -> None:
    found = permissions(
        SheetKind.EMERGENCY, {AuthorisationKind.EMERGENCY_CARE: True, AuthorisationKind.MEDICINE: False}
    )
    assert [(each.kind.value, each.is_allowed, each.is_answered) for each in found] == [
        ("emergency_care", True, True), ("medicine", False, True), ("transport", False, False),
    ]  # fmt: skip
