from datetime import date, datetime, timedelta

import pytest

from app.clock import PARIS
from app.rules.deadlines import Never
from app.rules.waiting_lists import (
    Entry,
    bundles,
    is_booked_at_once,
    next_fitting,
    offered_until,
    rank,
    reordered,
    waits_until,
)
from tests.rules.tables import Row, cases, words

DAY = date(2026, 11, 25)


def read_entries(text: str) -> tuple[list[Entry], set[int]]:
    """« 1: A B; 2=x: A »: by position, the bundle after =, ! for who cannot come now; and whose bundles those are."""
    found, away = [], set()
    for each in text.split(";") if text != "–" else ():
        name, needs = each.split(":")
        position, _, bundle = name.strip().partition("=")
        number = int(position.rstrip("!"))
        places = frozenset((DAY, ord(name)) for name in needs.split() if name != "–")
        entry = Entry(number, number, 1000 if bundle else number, places)
        found.append(entry)
        if "!" in position:
            away.add(entry.bundle)
    return found, away


def moments(text: str) -> list[datetime | Never | None]:
    return [Never() if each == "never" else datetime.fromisoformat(each) for each in words(text)] or [None]


@pytest.mark.parametrize("row", cases("waiting_lists", "next"))
def test_who_is_next(row: Row) -> None:
    entries, away = read_entries(row["waiting"])
    left = {(DAY, ord(name)): int(count) for name, count in (each.split() for each in words(row["left"]))}
    found = next_fitting(bundles(entries), left, away)
    wanted = [] if row["next"] == "–" else [int(each.partition("=")[0]) for each in row["next"].split()]
    assert [each.id for each in found or ()] == wanted


@pytest.mark.parametrize("row", cases("waiting_lists", "ranks"))
def test_the_rank_that_a_family_reads(row: Row) -> None:
    entries, _ = read_entries(row["waiting"])
    entry = next(each for each in entries if each.id == int(row["entry"]))
    assert rank(entry, entries) == int(row["rank"])


@pytest.mark.parametrize("row", cases("waiting_lists", "moves"))
def test_the_staff_move_an_entry(row: Row) -> None:
    entries, _ = read_entries(row["waiting"])
    positions = reordered(entries, int(row["entry"]), int(row["to rank"]))
    assert sorted(positions.values()) == sorted(each.position for each in entries)
    assert sorted(positions, key=positions.__getitem__) == [int(each) for each in row["order"].split()]


@pytest.mark.parametrize("row", cases("waiting_lists", "offers"))
def test_booked_at_once_or_offered_until(row: Row) -> None:
    now, until = (datetime.fromisoformat(row[name]).astimezone(PARIS) for name in ("now", "deadline"))
    at_once = is_booked_at_once(
        wants_it=row["chose"] == "automatic", cancel_untils=moments(row["cancel"]), waits_until=until, now=now
    )
    offered = offered_until(now, timedelta(hours=int(row["hours"])), until)
    told = "booked" if at_once else "–" if offered is None else offered.isoformat()
    assert told == row["becomes"]


@pytest.mark.parametrize("row", cases("waiting_lists", "waits"))
def test_until_when_an_entry_waits(row: Row) -> None:
    starts = [datetime.fromisoformat(each) for each in words(row["starts"])]
    assert waits_until(moments(row["deadlines"]), starts) == datetime.fromisoformat(row["until"])


def test_any_move_keeps_the_others_in_order() -> None:
    entries = [Entry(n, n, n, frozenset({(DAY, n % 2)})) for n in range(6)]
    for moved in range(6):
        for to_rank in range(1, 5):
            positions = reordered(entries, moved, to_rank)
            order = [id_ for id_ in sorted(positions, key=positions.__getitem__) if id_ != moved]
            assert order == sorted(order)
