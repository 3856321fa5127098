import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.rules.changes import Change, FieldPolicy, Merge, find_moved, merge, plan_save, show
from tests.rules.tables import Row, cases, word_or_none

ADDRESS = ("number", "street")
VALUES = st.dictionaries(st.sampled_from(["a", "b", "c"]), st.sampled_from(["", "x", "y", "z"]), min_size=3)


def answer(merged: Merge) -> str:
    return "conflict" if merged.conflicts else "change" if merged.changes else "nothing"


@pytest.mark.parametrize("row", cases("changes", "fields"))
def test_one_field(row: Row) -> None:
    shown, typed, stored = ({"name": word_or_none(row[title]) or ""} for title in ("shown", "typed", "stored"))
    assert answer(merge(shown, typed, stored)) == row["answer"]


@pytest.mark.parametrize("row", cases("changes", "together"))
def test_fields_that_mean_something_only_together(row: Row) -> None:
    shown, typed, stored = ({name: row[f"{who} {name}"] for name in ADDRESS} for who in ("shown", "typed", "stored"))
    assert answer(merge(shown, typed, stored, together=[ADDRESS])) == row["answer"]


@given(VALUES, VALUES, VALUES)
def test_nothing_that_somebody_else_stored_is_overwritten_unseen(
    shown: dict[str, str], typed: dict[str, str], stored: dict[str, str]
) -> None:
    for merged in (merge(shown, typed, stored), merge(shown, typed, stored, together=["ab"])):
        assert all(stored[name] == shown[name] for name in merged.changes)
        assert all(stored[name] not in (shown[name], typed[name]) for name in merged.conflicts)


def test_saving_again_means_it() -> None:
    assert not merge({"a": "2"}, {"a": "3"}, {"a": "2"}).conflicts


@pytest.mark.parametrize("row", cases("changes", "plans"))
def test_policy_says_what_becomes_of_a_change(row: Row) -> None:
    stored = {"a": row["stored"]}
    waiting = word_or_none(row["waiting"])
    pending = {} if waiting is None else {"a": Change("A", waiting)}
    shown = show(stored, pending)
    changes = merge(shown, {"a": row["typed"]}, shown).changes
    plan = plan_save(changes, stored, pending, {"a": FieldPolicy(row["policy"])})
    then = plan.applied["a"].after if "a" in plan.applied else stored["a"]
    waits = plan.pending["a"].after if "a" in plan.pending else "–"
    assert (then, waits) == (row["stored then"], row["waiting then"])


@pytest.mark.parametrize("row", cases("changes", "moved"))
def test_what_moved_since_it_was_asked(row: Row) -> None:
    pending = {"a": Change(row["when asked"], row["asked"])}
    assert bool(find_moved(pending, {"a": row["stored now"]})) == (row["moved"] == "yes")


def test_parts_of_an_address_wait_and_apply_together() -> None:
    stored = {"number": "1", "street": "rue A"}
    waits = dict.fromkeys(ADDRESS, FieldPolicy.APPROVAL)
    plan = plan_save({"number": Change("1", "2")}, stored, {}, waits, [ADDRESS])
    assert plan.pending == {"number": Change("1", "2"), "street": Change("rue A", "rue A")}
    assert plan.asked == {"number"}
    freed = plan_save({"street": Change("rue A", "rue B")}, stored, plan.pending, {}, [ADDRESS])
    assert freed.applied == {"number": Change("1", "2"), "street": Change("rue A", "rue B")} and not freed.pending
    back = plan_save({"number": Change("2", "1")}, stored, plan.pending, waits, [ADDRESS])
    assert not back.pending and back.withdrawn == {"number", "street"}


@given(
    VALUES, st.dictionaries(st.sampled_from("abc"), st.sampled_from(["x", "y"])), VALUES, st.sampled_from(FieldPolicy)
)
def test_nothing_waits_that_is_stored_already(
    stored: dict[str, str], asked: dict[str, str], typed: dict[str, str], policy: FieldPolicy
) -> None:
    pending = {name: Change(stored[name], value) for name, value in asked.items() if value != stored[name]}
    shown = show(stored, pending)
    plan = plan_save(merge(shown, typed, shown).changes, stored, pending, dict.fromkeys("abc", policy))
    assert all(change.before != change.after for change in (*plan.applied.values(), *plan.pending.values()))
    assert not set(plan.applied) & set(plan.pending)
    assert not plan.withdrawn & (set(plan.pending) | set(plan.applied))
