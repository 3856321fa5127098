import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.rules.changes import Change, FieldPolicy, Merge, merge, sort_changes
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


def test_changes_go_where_their_policy_says() -> None:
    change = Change("old", "new")
    policies = {"a": FieldPolicy.APPROVAL, "b": FieldPolicy.READ_ONLY}
    found = sort_changes({"a": change, "b": change, "c": change}, policies)
    assert (set(found.applied), set(found.asked), set(found.refused)) == ({"c"}, {"a"}, {"b"})
