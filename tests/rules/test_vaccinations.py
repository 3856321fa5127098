from datetime import date

import pytest

from app.rules.vaccinations import VaccineRule, judge_vaccinations, rules_for
from tests.rules.tables import Row, cases, words

RULES = (
    VaccineRule(1, "DTP", None, None),
    VaccineRule(2, "ROR", date(2018, 1, 1), None),
    VaccineRule(3, "MenC", date(2018, 1, 1), date(2025, 1, 1)),
    VaccineRule(4, "ACWY", date(2025, 1, 1), None),
)
IDS = {rule.name: rule.id for rule in RULES}


def day_or_none(cell: str) -> date | None:
    return None if cell == "–" else date.fromisoformat(cell)


@pytest.mark.parametrize("row", cases("vaccinations", "asked"))
def test_what_is_asked_depends_on_the_day_of_birth(row: Row) -> None:
    assert [rule.name for rule in rules_for(RULES, date.fromisoformat(row["born"]))] == words(row["asked"])


@pytest.mark.parametrize("row", cases("vaccinations", "states"))
def test_where_a_child_stands(row: Row) -> None:
    asked = rules_for(RULES, date.fromisoformat(row["born"]))
    given = {IDS[name]: date(2020, 1, 1) for name in words(row["given"])}
    state = judge_vaccinations(
        asked,
        given,
        row["contra-indicated"] == "yes",
        day_or_none(row["admitted on"]),
        date.fromisoformat(row["today"]),
    )
    assert state.status == row["status"]
    assert list(state.missing) == words(row["missing"])
    assert state.until == day_or_none(row["until"])


def test_nothing_is_asked_where_the_table_is_empty() -> None:
    assert judge_vaccinations((), {}, False, None, date(2026, 11, 23)).status == "nothing_asked"
