from datetime import datetime

import pytest

from app.rules.cells import Action, Reason, judge
from app.rules.staff_bookings import BOOKING, CANCELLING, judge_for_staff, may_mark
from tests.rules.tables import Row, cases, rows, words
from tests.rules.test_cells import facts_of
from tests.rules.worked_calendar import CALENDAR


@pytest.mark.parametrize("row", cases("staff_bookings", "reasons"))
def test_what_is_asked_of_the_staff(row: Row) -> None:
    reason = None if row["reason of the cell"] == "–" else Reason(row["reason of the cell"])
    for may, asked, table in (
        ("free: may they book", "asked to book", BOOKING), ("held: may they cancel", "asked to cancel", CANCELLING),
    ):  # fmt: skip
        if reason is not None:
            assert (row[may] == "yes") is (reason in table)
            assert row[asked] == (table.get(reason, "–"))


def test_every_reason_is_in_the_table() -> None:
    assert {row["reason of the cell"] for row in rows("staff_bookings", "reasons")} == {"–", *Reason}


@pytest.mark.parametrize("row", cases("staff_bookings", "cells"))
def test_what_the_staff_may_do_in_a_cell(row: Row) -> None:
    facts, now = facts_of(row["facts"]), datetime.fromisoformat(row["now"])
    cell = judge_for_staff(facts, now, CALENDAR)
    assert (cell.state, cell.actions) == (row["state"], set(words(row["actions"])))
    assert list(cell.beyond) == words(row["beyond"])
    seen = judge(facts, now, CALENDAR)
    assert (cell.state, cell.reason, cell.badges) == (seen.state, seen.reason, seen.badges)
    assert may_mark(facts, now, CALENDAR) is (Action.CANCEL in cell.actions and "to pay" not in row["facts"])
