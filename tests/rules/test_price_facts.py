from datetime import date

import pytest

from app.rules.bills import Household, HouseholdChild
from app.rules.price_facts import AddressFrom, HeldStanding, ResidenceFrom, residence_on, residences_of, standings_on
from app.rules.tariff_grids import Standing
from tests.rules.tables import Row, cases, word_or_none, words

COMMUNES = {"Demuin": "resident", "Moreuil": "resident"}


def dated(cell: str) -> list[tuple[date, str]]:
    """« 2026-01-01 Paris, 2026-11-10 Demuin »."""
    parts = (each.split() for each in words(cell))
    return [(date.fromisoformat(day), word) for day, word in parts]


@pytest.mark.parametrize("row", cases("price_facts", "residence"))
def test_where_a_family_lives_for_a_price(row: Row) -> None:
    lives = [AddressFrom(*each) for each in dated(row["lives"])]
    told = [ResidenceFrom(day, word_or_none(word)) for day, word in dated(row["told by the staff"])]
    found = residences_of(reversed(lives), reversed(told), COMMUNES)
    assert residence_on(found, date.fromisoformat(row["service on"])) == row["residence"]


def test_residence_is_not_known_where_no_commune_is_listed() -> None:
    lives = [AddressFrom(date(2026, 1, 1), "Demuin")]
    assert residences_of(lives, (), {}) == (ResidenceFrom(date.min, None),)


def held(text: str) -> HeldStanding:
    """« meal_plan 2026-09-01 child 1 », « social 2026-09-01 2026-10-31 »."""
    name, start, *rest = text.split()
    child_id = int(rest.pop()) if "child" in rest else None
    ends_on = date.fromisoformat(rest[0]) if rest and rest[0] != "child" else None
    return HeldStanding(Standing(name), date.fromisoformat(start), ends_on, child_id)


@pytest.mark.parametrize("row", cases("price_facts", "standings"))
def test_which_standings_count(row: Row) -> None:
    known = [held(each) for each in words(row["held"])]
    found = standings_on(known, int(row["child"]), date.fromisoformat(row["service on"]))
    assert sorted(found) == sorted(words(row["standings"]))


def test_a_household_reads_what_is_dated_by_the_day() -> None:
    household = Household(
        (HouseholdChild(1, None),), residence="outside", held=(held("staff 2026-09-01"),),
        residences=(ResidenceFrom(date.min, "outside"), ResidenceFrom(date(2026, 12, 1), "resident")),
    )  # fmt: skip
    assert [household.residence_on(date(2026, month, 15)) for month in (11, 12)] == ["outside", "resident"]
    child = household.children[0]
    assert household.standings_on(child, date(2026, 11, 3)) == {Standing.STAFF}
    assert household.standings_on(child, date(2026, 8, 3)) == frozenset()
