from datetime import date

import pytest

from app.rules.allocation import invoice_state
from app.rules.debts import Debt, ReminderRule, due_reminders, move_obstacle
from tests.rules.tables import Row, cases, word_or_none, words

RULE = ReminderRule(days=(15, 30, 45), minimum_cents=500)


def day(text: str) -> date:
    return date.fromisoformat(f"2026-{text}")


def debt(text: str) -> Debt:
    """« 1 11-20 2000 L1@12-05 », « 1 12-05 2000 until@12-20 »."""
    invoice_id, due_on, balance, *rest = text.split()
    facts = dict(each.split("@") for each in rest if "@" in each)
    level = next((name for name in facts if name.startswith("L")), "L0")
    return Debt(
        int(invoice_id), day(due_on), int(balance), int(level[1:]), day(facts[level]) if level in facts else None,
        "disputed" in rest, day(facts["until"]) if "until" in facts else None, "paying" in rest,
    )  # fmt: skip


def told(row: Row, rule: ReminderRule = RULE) -> list[str]:
    found = due_reminders(rule, map(debt, words(row["debts"])), int(row["credit"]), day(row["day"]))
    return [f"L{level}: {' '.join(str(each.invoice_id) for each in of_level)}" for level, of_level in found.items()]


@pytest.mark.parametrize("row", cases("debts", "reminders"))
def test_who_is_reminded_of_what(row: Row) -> None:
    assert "; ".join(told(row)) == (word_or_none(row["reminded of"]) or "")


@pytest.mark.parametrize("row", cases("debts", "reminders"))
def test_an_office_that_does_not_remind_sends_nothing(row: Row) -> None:
    assert told(row, ReminderRule(is_on=False)) == []


@pytest.mark.parametrize("row", cases("debts", "moves"))
def test_what_keeps_an_invoice_from_being_written_off(row: Row) -> None:
    due_on, today = date.fromisoformat(row["due on"]), date.fromisoformat(row["today"])
    found = move_obstacle(int(row["balance"]), due_on, today, is_under_way=row["under way"] == "yes")
    assert found == word_or_none(row["obstacle"])


@pytest.mark.parametrize("row", cases("debts", "states"))
def test_what_a_family_reads_of_an_invoice(row: Row) -> None:
    state = invoice_state(
        int(row["total"]), int(row["balance"]), is_written_off=row["written off"] == "yes",
        is_transferred=row["transferred"] == "yes",
    )  # fmt: skip
    assert state == row["state"]


def test_levels_follow_each_other() -> None:
    with pytest.raises(ValueError, match="level"):
        ReminderRule(days=(15, 15, 30))
