"""Which of the requests that were collected come first, by published criteria, and why.

Source: domain.md 2.4, docs/rules/rankings.md.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256

from app.rules.enrolment_rules import RankCriterion, RankFact, Ranking, Ties


@dataclass(frozen=True, slots=True)
class Candidate:
    """A request, with what is true of its child."""

    enrolment_id: int
    requested_at: datetime
    facts: frozenset[RankFact]


@dataclass(frozen=True, slots=True)
class Ranked:
    """A request at its rank, from 1 on. ``met``: the criteria that it meets; ``is_tied``: others meet the same."""

    enrolment_id: int
    rank: int
    points: int
    met: tuple[RankCriterion, ...]
    is_tied: bool


def rank_candidates(candidates: Iterable[Candidate], ranking: Ranking, seed: str) -> tuple[Ranked, ...]:
    """The requests in their order. Between equals the oldest comes first, or the one that the seed draws."""
    scored = [(_score(each, ranking), each) for each in candidates]
    scores = [score for score, _ in scored]
    scored.sort(key=lambda pair: ([-part for part in pair[0]], _tie_key(pair[1], ranking, seed)))
    return tuple(
        Ranked(
            each.enrolment_id,
            place,
            sum(criterion.weight for criterion in _met(each, ranking)) if ranking.by_points else 0,
            _met(each, ranking),
            scores.count(score) > 1,
        )
        for place, (score, each) in enumerate(scored, 1)
    )


def draw_number(seed: str, enrolment_id: int) -> str:
    """What a request draws: the same for the same seed, so that anybody can check the draw; the lowest comes first."""
    return sha256(f"{seed}/{enrolment_id}".encode()).hexdigest()


def _ordered(ranking: Ranking) -> tuple[RankCriterion, ...]:
    """First the criterion that counts most."""
    return tuple(sorted(ranking.criteria, key=lambda each: -each.weight if ranking.by_points else each.weight))


def _met(candidate: Candidate, ranking: Ranking) -> tuple[RankCriterion, ...]:
    return tuple(each for each in _ordered(ranking) if each.fact in candidate.facts)


def _score(candidate: Candidate, ranking: Ranking) -> tuple[int, ...]:
    if ranking.by_points:
        return (sum(each.weight for each in _met(candidate, ranking)),)
    return tuple(int(each.fact in candidate.facts) for each in _ordered(ranking))


def _tie_key(candidate: Candidate, ranking: Ranking, seed: str) -> tuple[str, int]:
    if ranking.ties is Ties.DRAW:
        return draw_number(seed, candidate.enrolment_id), candidate.enrolment_id
    return candidate.requested_at.astimezone(UTC).isoformat(), candidate.enrolment_id
