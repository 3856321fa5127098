from datetime import date

import pytest

from app.rules.publications import (
    Readership,
    ReadingChild,
    Shown,
    VersionDay,
    concerns,
    hash_of,
    is_new,
    is_offered,
    text_state,
    version_in_force,
)
from tests.rules.tables import Row, cases, ids, words

TODAY = date(2026, 11, 23)
FAMILIES = {
    "home": (ReadingChild(frozenset({1}), "CE2"), ReadingChild(frozenset({2}), "CP")),
    "alone": (),
}


def day(text: str) -> date | None:
    return None if text == "–" else date.fromisoformat(text)


@pytest.mark.parametrize("row", cases("publications", "readers"))
def test_whom_something_concerns(row: Row) -> None:
    activities = None if row["activities"] == "any" else frozenset(ids(row["activities"]))
    readership = Readership(activities, frozenset(words(row["levels"])))
    for name, children in FAMILIES.items():
        assert concerns(readership, children) == (row[name] == "yes"), name


@pytest.mark.parametrize("row", cases("publications", "offered"))
def test_when_something_is_offered_and_new(row: Row) -> None:
    first, replaced_on = day(row["first"]), day(row["file of"])
    assert first is not None and replaced_on is not None
    shown = Shown(first, day(row["last"]), row["withdrawn"] == "yes")
    assert is_offered(shown, TODAY) == (row["offered"] == "yes")
    assert is_new(shown, replaced_on, TODAY) == (row["new"] == "yes")


@pytest.mark.parametrize("row", cases("publications", "versions"))
def test_which_version_counts_and_who_must_accept_it(row: Row) -> None:
    versions = []
    for each in row["versions"].split(", "):
        number, _, starts_on = each.partition(": ")
        versions.append(VersionDay(int(number), date.fromisoformat(starts_on)))
    found = version_in_force(versions, TODAY)
    assert ("–" if found is None else str(found.id)) == row["in force"]
    if found is not None:
        assert text_state(found.id, ids(row["accepted"])) == row["state"]


def test_a_hash_tells_every_part_of_what_was_read() -> None:
    found = {hash_of("Article 1", None), hash_of("Article 2", None), hash_of("Article 1", "abc"), hash_of("", "abc")}
    assert len(found) == 4 and all(len(each) == 64 for each in found)
