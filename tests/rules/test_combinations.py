import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.rules.combinations import Requirement, Violation, violations
from tests.rules.tables import Row, cases, ids

MEAL = Requirement(2, frozenset({1, 3}))
SNACK = Requirement(4, frozenset({3}))
UNITS = st.integers(1, 6)


@pytest.mark.parametrize("row", cases("combinations", "choices"))
def test_units_that_break_a_rule(row: Row) -> None:
    broken = violations(ids(row["chosen"]), (MEAL, SNACK))
    assert [violation.unit_id for violation in broken] == ids(row["units that break a rule"])


def test_a_violation_names_the_units_that_would_do() -> None:
    assert violations({2}, (MEAL,)) == (Violation(2, frozenset({1, 3})),)


@given(st.frozensets(UNITS), st.lists(st.builds(Requirement, UNITS, st.frozensets(UNITS, min_size=1))))
def test_choosing_everything_that_would_do_leaves_no_violation_of_it(
    chosen: frozenset[int], requirements: list[Requirement]
) -> None:
    for violation in violations(chosen, requirements):
        assert violation.unit_id in chosen
        assert not violation.any_of & chosen
        assert violation not in violations(chosen | violation.any_of, requirements)
