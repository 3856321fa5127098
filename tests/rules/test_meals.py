from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.rules import meals
from app.rules.attendances import Turnout
from app.rules.child_files import Diet
from app.rules.meals import STANDARD_OF_ADULTS, STANDARD_SPARE, Guest, Meal
from tests.rules.tables import Row, cases, ids, words


def band_words(first: int, last: int | None) -> str:
    return f"{first}-{'' if last is None else last}"


def meal_of(word: str) -> Meal:
    if word in ("adult", "spare"):
        return STANDARD_OF_ADULTS if word == "adult" else STANDARD_SPARE
    diets, ages = word.split("@")
    first, last = ages.split("-")
    return Meal(
        () if diets == "?" else tuple(Diet(each) for each in diets.split("+")),
        from_age=int(first), to_age=int(last) if last else None,
    )  # fmt: skip


def counts_of(cell: str) -> Mapping[Meal, int]:
    return {meal_of(word.split()[0]): int(word.split()[1]) for word in words(cell)}


@pytest.mark.parametrize("row", cases("meals", "diets"))
def test_which_diets_decide_on_the_plate(row: Row) -> None:
    assert list(meals.diets_of(Diet(word) for word in words(row["chosen"]))) == words(row["meal"])


@pytest.mark.parametrize("row", cases("meals", "bands"))
def test_of_which_age_a_child_is(row: Row) -> None:
    limits = ids(row["limits"])
    assert [band_words(*band) for band in meals.bands_of(limits)] == words(row["bands"])
    meal = meals.meal_of(int(row["a child of"]), [Diet.STANDARD], limits)
    assert band_words(meal.from_age, meal.to_age) == row["is of"]


@pytest.mark.parametrize("limits", [(0,), (12, 6), (6, 6), (26,)])
def test_limits_rise(limits: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match="rise"):
        meals.bands_of(limits)


@pytest.mark.parametrize("row", cases("meals", "served"))
def test_what_was_served(row: Row) -> None:
    guests = [
        Guest(meal_of(meal), None if seen == "nothing" else Turnout(seen))
        for meal, seen in (word.split() for word in words(row["children"]))
    ]
    found = meals.serve(guests, int(row["adults"]))
    if found is None:
        assert (row["served"], row["total"], row["unticked"]) == ("–", "–", "–")
    else:
        assert list(found.counts.items()) == list(counts_of(row["served"]).items())
        assert (meals.total(found.counts), found.unticked) == (int(row["total"]), int(row["unticked"]))


@pytest.mark.parametrize("row", cases("meals", "spare"))
def test_how_many_are_spare(row: Row) -> None:
    assert meals.spare_meals(int(row["cooked"]), int(row["percent"])) == int(row["spare"])


@pytest.mark.parametrize("row", cases("meals", "counts"))
def test_how_many_of_each_kind(row: Row) -> None:
    children = [meal_of(word) for word in words(row["children"])]
    found = meals.count_meals(children, int(row["adults"]), int(row["percent"]))
    assert list(found.items()) == list(counts_of(row["counts"]).items())
    assert meals.total(found) == int(row["total"])


@pytest.mark.parametrize("row", cases("meals", "changes"))
def test_what_changed_since_the_order(row: Row) -> None:
    found = meals.changes(counts_of(row["ordered"]), counts_of(row["now"]))
    assert [(each.meal, each.difference) for each in found] == list(counts_of(row["changes"]).items())


@given(st.sets(st.sampled_from(Diet)))
def test_a_diet_is_only_left_out_for_a_stricter_one(chosen: set[Diet]) -> None:
    found = meals.diets_of(chosen)
    assert set(found) <= chosen and bool(found) == bool(chosen)
    assert meals.diets_of(found) == found
