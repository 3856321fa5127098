import json
from collections.abc import Callable
from datetime import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.labels import combination_sentence
from app.rules.combination_documents import combinations_document, read_combinations
from app.rules.combinations import (
    Breach,
    CombinationRule,
    Combinations,
    DayCount,
    Exclusion,
    Hours,
    Requirement,
    Together,
    Violation,
    overlaps,
    violations,
)
from tests.rules.tables import Row, cases, ids

UNITS = st.integers(1, 6)
SETS = st.frozensets(UNITS, min_size=2)
RULES = st.one_of(
    st.builds(Requirement, UNITS, SETS),
    st.builds(Exclusion, SETS),
    st.builds(Together, SETS),
    st.builds(DayCount, SETS, st.just(2), st.none() | st.integers(2, 4)),
)


def rule_of(text: str) -> CombinationRule:
    match text.split():
        case [unit, "needs", *others]:
            return Requirement(int(unit), frozenset(map(int, others)))
        case ["one", "of", *units]:
            return Exclusion(frozenset(map(int, units)))
        case ["all", "of", *units]:
            return Together(frozenset(map(int, units)))
        case ["at", "least", number, "of", *units]:
            return DayCount(frozenset(map(int, units)), least=int(number))
        case ["at", "most", number, "of", *units]:
            return DayCount(frozenset(map(int, units)), most=int(number))
    raise AssertionError(text)


@pytest.mark.parametrize("row", cases("combinations", "choices"))
def test_what_a_choice_breaks(row: Row) -> None:
    rules = [rule_of(text) for text in row["rules"].split("; ")]
    offered = ids(row["open"]) or range(1, 10)
    broken = violations(ids(row["chosen"]), rules, offered)
    told = [f"{v.unit_id} {v.breach} {' '.join(str(id_) for id_ in sorted(v.any_of))}" for v in broken]
    assert told == ([] if row["what is broken"] == "–" else row["what is broken"].split("; "))


@given(st.frozensets(UNITS), st.lists(st.builds(Requirement, UNITS, SETS)))
def test_choosing_everything_that_would_do_leaves_no_violation_of_it(
    chosen: frozenset[int], requirements: list[Requirement]
) -> None:
    for violation in violations(chosen, requirements):
        assert violation.unit_id in chosen
        assert not violation.any_of & chosen
        assert violation not in violations(chosen | violation.any_of, requirements)


@given(st.frozensets(UNITS), st.lists(RULES, max_size=4), st.frozensets(UNITS))
def test_only_what_is_chosen_breaks_a_rule_and_choosing_nothing_breaks_none(
    chosen: frozenset[int], rules: list[CombinationRule], offered: frozenset[int]
) -> None:
    assert {violation.unit_id for violation in violations(chosen, rules, offered)} <= chosen
    assert violations((), rules, offered) == ()


@given(st.lists(RULES, max_size=4))
def test_rules_are_written_and_read_back(rules: list[CombinationRule]) -> None:
    combinations = Combinations(tuple(rules))
    assert read_combinations(json.loads(json.dumps(combinations_document(combinations)))) == combinations


@pytest.mark.parametrize(
    "make",
    [
        pytest.param(lambda: Requirement(1, frozenset()), id="needs nothing"),
        pytest.param(lambda: Requirement(1, frozenset({1})), id="needs itself"),
        pytest.param(lambda: Exclusion(frozenset({1})), id="excludes itself"),
        pytest.param(lambda: Together(frozenset({1})), id="alone together"),
        pytest.param(lambda: DayCount(frozenset({1, 2}), least=3), id="more than there are"),
        pytest.param(lambda: DayCount(frozenset({1, 2}), least=2, most=1), id="backwards"),
    ],
)
def test_a_rule_that_means_nothing_is_refused(make: Callable[[], object]) -> None:
    with pytest.raises(ValueError):
        make()


@pytest.mark.parametrize(
    ("violation", "words"),
    [
        (Violation(2, frozenset({1, 3})), "Repas se réserve avec Matin ou Après-midi."),
        (Violation(1, frozenset({3, 5}), Breach.EXCLUDES), "Matin ne se réserve pas le même jour que Après-midi et Journée."),
        (Violation(1, frozenset({2}), Breach.TOGETHER), "Matin se réserve avec Repas."),
        (Violation(1, frozenset({1, 2, 3}), Breach.TOO_FEW, 2), "Réservez au moins 2 de ces temps ce jour-là : Matin, Repas et Après-midi."),
        (Violation(1, frozenset({1, 2}), Breach.TOO_MANY, 1), "Réservez au plus 1 de ces temps ce jour-là : Matin et Repas."),
    ],
)  # fmt: skip
def test_what_is_broken_is_said_in_words(violation: Violation, words: str) -> None:
    names = {1: "Matin", 2: "Repas", 3: "Après-midi", 5: "Journée"}
    assert combination_sentence(violation, names).replace("\u00a0", " ") == words


HOURS = {
    1: Hours(1, time(7, 30), time(11, 45)),
    2: Hours(1, time(11), time(13)),
    3: Hours(2, time(9), time(10)),
    4: Hours(2, time(11, 45), time(14)),
    5: Hours(3, time(8), time(18), may_overlap=True),
}


@pytest.mark.parametrize("row", cases("combinations", "overlaps"))
def test_units_of_different_activities_do_not_cross(row: Row) -> None:
    found = overlaps(ids(row["chosen"]), HOURS)
    assert [each.unit_id for each in found] == ids(row["crossing"])
    assert all(each.breach is Breach.OVERLAPS and each.unit_id not in each.any_of for each in found)
