"""Requests that are decided together: the ranking of an activity, its draw, and the one decision of all of it.

Waiting lists of activities that are decided otherwise are ranked here too, by arrival.
"""

import secrets
from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session, joinedload

from app import clock
from app.database import db
from app.enrolment_labels import rank_words
from app.models.activities import Activity
from app.models.enrolments import AllocationBatch, Enrolment
from app.models.families import Guardian, Occupation
from app.rules.audiences import Audience
from app.rules.enrolment_rules import Allocation, RankFact, Ranking, Ties
from app.rules.rankings import Candidate, Ranked, rank_candidates
from app.rules.states import EnrolmentStatus, check_transition
from app.services.audiences import audiences_of
from app.services.catalogue import ActivityInfo, catalogue
from app.services.enrolments import accept_together, lock_groups, places_left, tell_parents, waits_here
from app.services.errors import NotFound, OwnFamily, RankingMoved
from app.services.families import lock_children, own_family_ids
from app.services.households import households_of
from app.services.staff_scopes import EVERYWHERE, StaffScope

_FACT_OF = {
    Audience.RESIDENTS: RankFact.RESIDENT,
    Audience.ENROLLED_BEFORE: RankFact.ENROLLED_BEFORE,
    Audience.SIBLINGS: RankFact.SIBLING,
    Audience.STAFF: RankFact.STAFF,
}
_NO_WORK = (None, Occupation.JOBSEEKERS, Occupation.STUDENTS, Occupation.OTHERS)


@dataclass(frozen=True, slots=True)
class RankedRequest:
    """A request at its rank, and what the decision would make of it."""

    enrolment_id: int
    family_id: int
    family_name: str
    child_name: str
    requested_at: datetime
    status: EnrolmentStatus
    rank: int
    reason: str
    is_taken: bool


@dataclass(frozen=True, slots=True)
class GroupRanking:
    """The requests for a group, first rank first. ``places``: how many are left; None: without limit."""

    group_id: int
    name: str
    places: int | None
    requests: Sequence[RankedRequest]


@dataclass(frozen=True, slots=True)
class AllocationPlan:
    """What a decision would do now. ``needs_draw``: the seed is to be drawn first, nothing is ranked yet."""

    activity: ActivityInfo
    ranking: Ranking
    seed: str
    drawn_at: datetime | None
    needs_draw: bool
    groups: Sequence[GroupRanking]
    own_family: bool  # the agent's own child is among them: a colleague decides

    @property
    def count(self) -> int:
        """How many requests there are."""
        return sum(len(group.requests) for group in self.groups)

    @property
    def taken(self) -> int:
        """How many would be accepted."""
        return sum(request.is_taken for group in self.groups for request in group.requests)

    @property
    def fingerprint(self) -> str:
        """What is the same as long as the decision would be."""
        told = [(each.enrolment_id, each.reason, each.is_taken) for group in self.groups for each in group.requests]
        return sha256(repr((self.seed, told)).encode()).hexdigest()[:16]


@dataclass(frozen=True, slots=True)
class AllocationSummary:
    """An activity with requests to be decided together, or that wait for a place."""

    activity: ActivityInfo
    requested: int
    waiting: int


def summaries(reach: StaffScope = EVERYWHERE) -> tuple[AllocationSummary, ...]:
    """The activities within reach that collect requests, or on whose list somebody waits. One query."""
    counts: defaultdict[int, dict[EnrolmentStatus, int]] = defaultdict(dict)
    rows = db.session.execute(
        select(Enrolment.activity_id, Enrolment.status, func.count(Enrolment.id))
        .where(Enrolment.status.in_([EnrolmentStatus.REQUESTED, EnrolmentStatus.WAITING]))
        .where(Enrolment.ends_on >= clock.today())
        .group_by(Enrolment.activity_id, Enrolment.status)
    )
    for activity_id, status, count in rows:
        counts[activity_id][status] = count
    found = []
    for activity in reach.activities():
        is_ranked = activity.enrolment_rules.allocation is Allocation.RANKED
        requested = counts[activity.id].get(EnrolmentStatus.REQUESTED, 0) if is_ranked else 0
        waiting = counts[activity.id].get(EnrolmentStatus.WAITING, 0)
        if (is_ranked and activity.season.ends_on >= clock.today()) or waiting:
            found.append(AllocationSummary(activity, requested, waiting))
    return tuple(found)


def read_plan(session: Session, activity_id: int, user_id: int) -> AllocationPlan:
    """What a decision would do now; ten queries, however many the requests. Raises NotFound."""
    activity = catalogue().activities.get(activity_id)
    if activity is None:
        raise NotFound("activity")
    rules = activity.enrolment_rules
    ranking = rules.ranking if rules.allocation is Allocation.RANKED else Ranking()
    rows = session.scalars(
        select(Enrolment)
        .where(_waits_in(activity))
        .options(joinedload(Enrolment.child), joinedload(Enrolment.family))
        .order_by(Enrolment.id)
    ).all()
    batch = _open_batch(session, activity_id)
    needs_draw = ranking.ties is Ties.DRAW and batch is None
    facts = _facts(session, activity, rows, ranking)
    left = places_left(session, [group.id for group in activity.groups])
    groups = []
    for group in activity.groups:
        here = {row.id: row for row in rows if row.group_id == group.id}
        candidates = [Candidate(row.id, row.requested_at, facts[row.id]) for row in here.values()]
        ranked = rank_candidates(candidates, ranking, batch.seed if batch is not None else "")
        places = left.get(group.id)
        requests = [_request(here[each.enrolment_id], each, ranking, places) for each in ranked]
        groups.append(GroupRanking(group.id, group.name, places, requests))
    own = own_family_ids(user_id)
    return AllocationPlan(
        activity, ranking, batch.seed if batch is not None else "", batch.drawn_at if batch is not None else None,
        needs_draw, groups, any(row.family_id in own for row in rows),
    )  # fmt: skip


def draw_seed(session: Session, activity_id: int, user_id: int) -> None:
    """Draw the seed of the next decision, once: a second time changes nothing. Raises NotFound."""
    _lock_activity(session, activity_id)
    if _open_batch(session, activity_id) is None:
        session.add(
            AllocationBatch(
                activity_id=activity_id, seed=secrets.token_hex(8), drawn_at=clock.now(), drawn_by_id=user_id
            )
        )
        session.flush()


def decide_together(session: Session, activity_id: int, user_id: int, fingerprint: str) -> AllocationPlan:
    """Accept the first of each group as far as there are places, let the others wait, and write to each once.

    Raises NotFound, OwnFamily, and RankingMoved when the decision would not be the one that was shown.
    """
    _lock_activity(session, activity_id)
    activity = catalogue().activities[activity_id]
    family_ids = set(session.scalars(select(Enrolment.family_id).where(_waits_in(activity))))
    lock_children(session, family_ids)
    lock_groups(session, [group.id for group in activity.groups])
    rows = {row.id: row for row in session.scalars(select(Enrolment).where(_waits_in(activity)).with_for_update())}
    plan = read_plan(session, activity_id, user_id)
    if plan.needs_draw or plan.fingerprint != fingerprint or {row.family_id for row in rows.values()} - family_ids:
        raise RankingMoved
    if plan.own_family:
        raise OwnFamily
    now = clock.now()
    batch = _open_batch(session, activity_id)
    if batch is None:
        batch = AllocationBatch(activity_id=activity_id, seed="", drawn_at=now, drawn_by_id=user_id)
        session.add(batch)
    batch.decided_at, batch.decided_by_id = now, user_id
    session.flush()
    accepted = []
    for request in (each for group in plan.groups for each in group.requests):
        enrolment = rows[request.enrolment_id]
        enrolment.batch_id, enrolment.rank, enrolment.rank_reason = batch.id, request.rank, request.reason
        if request.is_taken:
            accepted.append(enrolment)
        elif enrolment.status is EnrolmentStatus.REQUESTED:
            check_transition(enrolment.status, EnrolmentStatus.WAITING)
            enrolment.status = EnrolmentStatus.WAITING
            tell_parents(session, enrolment, "enrolment_waiting")
    accept_together(session, activity_id, accepted, user_id)
    return plan


def _request(row: Enrolment, ranked: Ranked, ranking: Ranking, places: int | None) -> RankedRequest:
    return RankedRequest(
        row.id, row.family_id, row.family.name, row.child.full_name, row.requested_at, row.status, ranked.rank,
        rank_words(ranked, ranking), places is None or ranked.rank <= places,
    )  # fmt: skip


def _waits_in(activity: ActivityInfo) -> ColumnElement[bool]:
    return waits_here(activity) & (Enrolment.ends_on >= clock.today())


def _lock_activity(session: Session, activity_id: int) -> None:
    if session.scalar(select(Activity.id).where(Activity.id == activity_id).with_for_update(key_share=True)) is None:
        raise NotFound("activity")


def _open_batch(session: Session, activity_id: int) -> AllocationBatch | None:
    return session.scalar(
        select(AllocationBatch).where(AllocationBatch.activity_id == activity_id, AllocationBatch.decided_at.is_(None))
    )


def _facts(
    session: Session, activity: ActivityInfo, rows: Collection[Enrolment], ranking: Ranking
) -> Mapping[int, frozenset[RankFact]]:
    """By request, what is true of its child."""
    asked = {each.fact for each in ranking.criteria}
    if not asked or not rows:
        return {row.id: frozenset() for row in rows}
    family_ids = {row.family_id for row in rows}
    households = households_of(session, family_ids)
    working = _families_at_work(session, family_ids) if RankFact.BOTH_WORK in asked else frozenset()
    found = {}
    for row in rows:
        facts = {_FACT_OF[each] for each in audiences_of(households[row.family_id], row.child_id, activity)}
        if row.family_id in working:
            facts.add(RankFact.BOTH_WORK)
        found[row.id] = frozenset(facts & asked)
    return found


def _families_at_work(session: Session, family_ids: Collection[int]) -> frozenset[int]:
    """The families in which every adult tells an occupation that is work. One query."""
    rows = session.execute(
        select(Guardian.family_id, Guardian.occupation).where(Guardian.family_id.in_(family_ids))
    ).all()
    idle = {family_id for family_id, occupation in rows if occupation in _NO_WORK}
    return frozenset(family_id for family_id, _ in rows) - idle
