from datetime import date, datetime, timedelta

import pytest

from app.clock import PARIS
from app.rules.messages import ThreadAct, ThreadState, is_unread, is_urgent_shown, may_write_at, state_after
from tests.rules.tables import Row, cases, words

NOW = datetime(2026, 11, 23, 8, 30, tzinfo=PARIS)


@pytest.mark.parametrize("row", cases("messages", "states"))
def test_where_a_thread_stands(row: Row) -> None:
    state: ThreadState | None = None
    for word in words(row["acts"]):
        state = state_after(state, ThreadAct(word))
    assert state is ThreadState(row["state"])


@pytest.mark.parametrize("row", cases("messages", "unread"))
def test_what_is_new_to_a_parent(row: Row) -> None:
    found = is_unread(
        int(row["message"]), int(row["read up to"]), by_staff=row["by"] != "family", is_note=row["by"] == "note"
    )
    assert found == (row["unread"] == "yes")


@pytest.mark.parametrize("row", cases("messages", "throttle"))
def test_when_a_family_may_write_again(row: Row) -> None:
    sent: list[datetime] = []
    if row["sent so far"] != "–":
        count, _, ago = row["sent so far"].partition(" × ")
        sent = [NOW - timedelta(minutes=int(ago.split()[0]))] * int(count)
    wanted = None
    if row["may write"] != "now":
        wanted = datetime.strptime(row["may write"], "%Y-%m-%d %H:%M").replace(tzinfo=PARIS)
    assert may_write_at(sent, NOW) == wanted


@pytest.mark.parametrize("row", cases("messages", "urgent"))
def test_how_long_an_urgent_message_is_shown(row: Row) -> None:
    day = None if row["about"] == "–" else date.fromisoformat(row["about"])
    sent = datetime.fromisoformat(row["sent"]).replace(tzinfo=PARIS)
    assert is_urgent_shown(day, sent, NOW) == (row["shown"] == "yes")
