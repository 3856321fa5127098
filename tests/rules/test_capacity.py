import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.rules.capacity import CapacityScope, Left, Slot, counter_changes, covering, online_limit, room
from tests.rules.tables import Row, cases, ids, number_or_none, words

SCOPES = (
    CapacityScope(100, "Centre", frozenset({1, 2, 3}), frozenset({10, 20}), 24),
    CapacityScope(101, "Matin petits", frozenset({1}), frozenset({10}), 8),
    CapacityScope(102, "Cantine", frozenset({2}), frozenset({10, 20}), 12),
    CapacityScope(103, "Ados", frozenset({3}), frozenset({30}), 6, online_places=4, last_places=5),
)
SLOTS = st.frozensets(st.builds(Slot, st.sampled_from([1, 2, 3, 9]), st.sampled_from([10, 20, 30])))


def slot(text: str) -> Slot:
    unit, group = text.split("/")
    return Slot(int(unit), int(group))


def left(text: str) -> dict[int, Left]:
    """What is left by scope: « 100: 5 » to parents and of all, « 100: 0/3 » where they differ."""
    pairs = (each.split(":") for each in words(text))
    counts = ((int(scope), [int(number) for number in places.split("/")]) for scope, places in pairs)
    return {scope: Left(numbers[0], numbers[-1]) for scope, numbers in counts}


@pytest.mark.parametrize("row", cases("capacity", "changes"))
def test_counters_move_once_per_child(row: Row) -> None:
    before = [slot(text) for text in words(row["before"])]
    after = [slot(text) for text in words(row["after"])]
    expected = {int(scope): int(change) for scope, change in (text.split() for text in words(row["counters"]))}
    assert counter_changes(before, after, SCOPES) == expected


@pytest.mark.parametrize("row", cases("capacity", "places"))
def test_places_left_for_a_child(row: Row) -> None:
    found = room(slot(row["slot"]), ids(row["already counted"]), left(row["left"]), SCOPES)
    assert found.left == number_or_none(row["places left"])


@pytest.mark.parametrize("row", cases("capacity", "online"))
def test_parents_take_no_more_than_the_online_quota(row: Row) -> None:
    limit = online_limit(int(row["places"]), number_or_none(row["online quota"]))
    assert limit == int(row["parents may take"])


@pytest.mark.parametrize("row", cases("capacity", "last"))
def test_last_places_are_those_from_the_scopes_level_down(row: Row) -> None:
    assert room(slot(row["slot"]), (), left(row["left"]), SCOPES).is_last == (row["the last ones"] == "yes")


@pytest.mark.parametrize("row", cases("capacity", "kept"))
def test_places_that_the_service_keeps_are_not_full(row: Row) -> None:
    found = room(slot(row["slot"]), (), left(row["online and whole"]), SCOPES)
    assert found.is_kept == (row["kept by the service"] == "yes")


def test_a_scope_covers_a_slot_by_unit_and_group() -> None:
    assert [scope.id for scope in covering(Slot(1, 10), SCOPES)] == [100, 101]
    assert [scope.id for scope in covering(Slot(1, 20), SCOPES)] == [100]
    assert covering(Slot(1, 30), SCOPES) == ()
    assert [scope.id for scope in covering(Slot(3, 30), SCOPES)] == [103]


@given(SLOTS, SLOTS, SLOTS)
def test_the_path_from_one_day_to_another_does_not_matter(
    before: frozenset[Slot], between: frozenset[Slot], after: frozenset[Slot]
) -> None:
    direct = counter_changes(before, after, SCOPES)
    first, second = counter_changes(before, between, SCOPES), counter_changes(between, after, SCOPES)
    summed = {scope.id: first.get(scope.id, 0) + second.get(scope.id, 0) for scope in SCOPES}
    assert {scope_id: change for scope_id, change in summed.items() if change} == direct


@given(SLOTS, SLOTS)
def test_undoing_a_change_gives_every_place_back(before: frozenset[Slot], after: frozenset[Slot]) -> None:
    there, back = counter_changes(before, after, SCOPES), counter_changes(after, before, SCOPES)
    assert back == {scope_id: -change for scope_id, change in there.items()}
    assert set(there.values()) <= {-1, 1}
