from datetime import UTC, datetime
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.rules.enrolment_rules import RankCriterion, RankFact, Ranking, Ties
from app.rules.rankings import Candidate, draw_number, rank_candidates
from tests.rules.tables import Row, cases, ids

CRITERIA = {
    "none": Ranking(),
    "points": Ranking(
        (
            RankCriterion(RankFact.SIBLING, 5),
            RankCriterion(RankFact.RESIDENT, 10),
            RankCriterion(RankFact.BOTH_WORK, 5),
        ),
        by_points=True,
    ),
    "places": Ranking((RankCriterion(RankFact.RESIDENT, 2), RankCriterion(RankFact.SIBLING, 1))),
}


def candidate(text: str) -> Candidate:
    number, _, rest = text.strip().partition(": ")
    minute, *facts = rest.split()
    at = datetime(2026, 6, 1, 7, int(minute), tzinfo=UTC)
    return Candidate(int(number), at, frozenset(RankFact(fact) for fact in facts))


@pytest.mark.parametrize("row", cases("rankings", "rankings"))
def test_requests_have_a_rank_and_its_reason(row: Row) -> None:
    method = CRITERIA[row["method"]]
    ranking = Ranking(method.criteria, method.by_points, Ties(row["ties"]))
    column = "requests (number: minute of arrival, facts)"
    found = rank_candidates(map(candidate, row[column].split(";")), ranking, "s")
    assert [each.enrolment_id for each in found] == ids(row["order"])
    assert sorted(each.enrolment_id for each in found if each.is_tied) == ids(row["tied"])
    assert [each.rank for each in found] == list(range(1, len(found) + 1))


def test_points_and_criteria_met_are_told_the_heaviest_first() -> None:
    (found,) = rank_candidates([candidate("1: 1 sibling resident staff")], CRITERIA["points"], "")
    assert (found.points, [each.fact for each in found.met]) == (15, [RankFact.RESIDENT, RankFact.SIBLING])


CANDIDATES = st.lists(
    st.builds(
        Candidate,
        st.integers(1, 50),
        st.datetimes(datetime(2026, 6, 1), datetime(2026, 6, 2), timezones=st.just(UTC)),
        st.frozensets(st.sampled_from(list(RankFact))),
    ),
    unique_by=lambda each: each.enrolment_id,
    max_size=8,
)


@given(CANDIDATES, st.sampled_from(list(CRITERIA)), st.sampled_from(list(Ties)), st.randoms())
def test_the_ranking_does_not_depend_on_the_order_in_which_requests_are_read(
    candidates: list[Candidate], method: str, ties: Ties, chance: Random
) -> None:
    ranking = Ranking(CRITERIA[method].criteria, CRITERIA[method].by_points, ties)
    shuffled = list(candidates)
    chance.shuffle(shuffled)
    assert rank_candidates(candidates, ranking, "s") == rank_candidates(shuffled, ranking, "s")


def test_another_seed_draws_otherwise() -> None:
    drawn = {tuple(sorted(range(5), key=lambda id_: draw_number(seed, id_))) for seed in "abcdef"}
    assert len(drawn) > 1
