from datetime import date

import pytest

from app.rules.erasures import ErasureFacts, Fate, Obstacle, answer_due_on, plan_erasure
from app.rules.retention import DURATIONS, DataClass, Duration, Unit, duration_of, first_kept_day, kept_until, purge_act
from tests.rules.tables import Row, cases, number_or_none, rows, word_or_none, words


def test_the_durations_are_those_of_the_page() -> None:
    told = {
        DataClass(row["class"]): Duration(int(row["usual"]), int(row["least"]), int(row["most"]), Unit(row["unit"]))
        for row in rows("retention", "durations")
    }
    assert told == DURATIONS and set(DURATIONS) == set(DataClass)


@pytest.mark.parametrize("row", cases("retention", "first_days"))
def test_from_which_day_on_data_is_kept(row: Row) -> None:
    data, chosen, today = DataClass(row["class"]), number_or_none(row["chosen"]), date.fromisoformat(row["today"])
    amount = duration_of(data, {} if chosen is None else {data: chosen})
    first = first_kept_day(data, amount, today)
    assert first.isoformat() == row["kept from"]
    assert kept_until(data, amount, first) <= today


@pytest.mark.parametrize("row", cases("retention", "acts"))
def test_a_family_is_told_a_month_before_it_is_erased(row: Row) -> None:
    told, today = word_or_none(row["told"]), date(2026, 11, 23)
    act = purge_act(
        is_over=row["over"] == "yes", told_on=None if told is None else date.fromisoformat(told),
        has_address=row["address"] == "yes", first_kept=first_kept_day(DataClass.FAMILY_FILE, 60, today), today=today,
    )  # fmt: skip
    assert act == row["act"]


@pytest.mark.parametrize("row", cases("erasures", "plans"))
def test_what_becomes_of_the_data(row: Row) -> None:
    obstacles = dict(each.split() for each in words(row["obstacles"]))
    facts = ErasureFacts(
        counts={DataClass(name): 2 for name in words(row["classes"])},
        kept_bookings=int(row["kept bookings"]),
        last_document_on=date(2026, 10, 5),
        shared_children=int(row["shared children"]),
        shared_documents=int(row["shared documents"]),
        accounts_elsewhere=int(row["other logins"]),
        obstacles={Obstacle(name): int(amount) for name, amount in obstacles.items()},
    )
    plan = plan_erasure(facts, {})
    found = [
        " ".join(str(word) for word in (line.data, line.fate, line.ground, line.until) if word is not None)
        for line in (*plan.lines, *plan.exceptions)
    ]
    assert found == words(row["plan"])
    assert plan.is_possible == (row["possible"] == "yes")
    assert plan.fate_of(DataClass.FAMILY_FILE) is Fate.ERASED and plan.fate_of(DataClass.SIGN_UPS) is None


@pytest.mark.parametrize("row", cases("erasures", "answers"))
def test_until_when_a_request_is_answered(row: Row) -> None:
    assert answer_due_on(date.fromisoformat(row["asked"])).isoformat() == row["due"]
