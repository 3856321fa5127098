import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.rules.choices import Choices, Shown, UnknownTick, read_choices
from tests.rules.tables import Row, cases, words

IDS = st.frozensets(st.integers(1, 12))


def meanings(choices: Choices) -> dict[str, frozenset[int]]:
    return {name: getattr(choices, name) for name in Choices.__slots__}


@pytest.mark.parametrize("row", cases("choices", "choices"))
def test_the_meaning_of_one_opening(row: Row) -> None:
    ticked = {7} if row["ticked"] == "yes" else set()
    held_now = {7} if row["held now"] == "yes" else set()
    choices = read_choices([Shown(7, row["shown as"] == "held")], ticked, held_now)
    assert [name for name, found in meanings(choices).items() if found] == words(row["meaning"])


def test_a_tick_that_was_never_shown_is_refused() -> None:
    with pytest.raises(UnknownTick) as caught:
        read_choices([Shown(1, False)], {1, 2, 3}, {2})
    assert caught.value.opening_ids == {2, 3}


def test_an_opening_shown_twice_with_both_states_is_never_removed() -> None:
    choices = read_choices([Shown(1, True), Shown(1, False)], set(), {1})
    assert [name for name, found in meanings(choices).items() if found] == ["appeared"]


@given(IDS, IDS, IDS, st.data())
def test_the_meanings_are_apart_and_leave_out_only_what_nobody_asked_for(
    free: frozenset[int], held: frozenset[int], held_now: frozenset[int], data: st.DataObject
) -> None:
    held -= free
    ticked = data.draw(st.frozensets(st.sampled_from(sorted(free | held)))) if free | held else frozenset()
    shown = [Shown(each, False) for each in free] + [Shown(each, True) for each in held]
    found = list(meanings(read_choices(shown, ticked, held_now)).values())
    assert sum(map(len, found)) == len(frozenset().union(*found))
    assert frozenset().union(*found) == ticked | held | (free & held_now)


@given(IDS, IDS, IDS, st.data())
def test_saving_the_same_form_again_changes_nothing(
    free: frozenset[int], held: frozenset[int], held_now: frozenset[int], data: st.DataObject
) -> None:
    held -= free
    ticked = data.draw(st.frozensets(st.sampled_from(sorted(free | held)))) if free | held else frozenset()
    shown = [Shown(each, False) for each in free] + [Shown(each, True) for each in held]
    first = read_choices(shown, ticked, held_now)
    after = (held_now - first.removals) | first.additions
    again = read_choices(shown, ticked, after)
    assert (again.additions, again.removals) == (frozenset(), frozenset())
    assert first.additions.isdisjoint(held_now)
    assert first.removals <= held_now
