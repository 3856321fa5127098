"""Requests decided together: who is accepted, who waits, why, and that each is told once."""

from datetime import date, datetime, timedelta

import pytest
from sqlalchemy import select

from app import clock
from app.database import db, write_transaction
from app.models.enrolments import AllocationBatch, Enrolment
from app.models.families import Guardian, Occupation
from app.models.mails import OutboxMail
from app.rules.enrolment_rules import (
    Allocation,
    EnrolmentRules,
    GroupPlaces,
    RankCriterion,
    RankFact,
    Ranking,
    Ties,
)
from app.rules.states import EnrolmentStatus
from app.services import allocations, enrolments, staff_queue
from app.services.allocations import AllocationPlan
from app.services.enrolment_settings import save_enrolment_rules
from app.services.errors import NotFound, OwnFamily, RankingMoved
from app.services.queue_items import ItemKind
from app.services.staff_scopes import EVERYWHERE
from tests.factories import ActivitySetup, FamilySetup, enrol, make_activity, make_child, make_family, make_staff
from tests.html import check_text

pytestmark = pytest.mark.usefixtures("sqlite_app")

POINTS = Ranking(
    (RankCriterion(RankFact.SIBLING, 5), RankCriterion(RankFact.BOTH_WORK, 3)), by_points=True, ties=Ties.DRAW
)


def make_ranked(places: int | None = 1, ranking: Ranking = POINTS) -> ActivitySetup:
    activity = make_activity(places=None)
    limits = () if places is None else (GroupPlaces(activity.group_id, places),)
    rules = EnrolmentRules(allocation=Allocation.RANKED, places=limits, ranking=ranking)
    with write_transaction() as session:
        save_enrolment_rules(session, activity.id, rules)
    return activity


def ask(family: FamilySetup, activity: ActivitySetup, name: str = "Léa") -> int:
    child = make_child(family, name)
    clock.start_at(clock.now() + timedelta(minutes=1), frozen=True)
    with write_transaction() as session:
        return enrolments.request_enrolment(session, family.ref, family.user_id, child, activity.id)


def draw(activity: ActivitySetup, agent: int) -> None:
    with write_transaction() as session:
        allocations.draw_seed(session, activity.id, agent)


def plan_of(activity: ActivitySetup, agent: int) -> AllocationPlan:
    return allocations.read_plan(db.session(), activity.id, agent)


def decide(activity: ActivitySetup, agent: int, fingerprint: str | None = None) -> None:
    fingerprint = plan_of(activity, agent).fingerprint if fingerprint is None else fingerprint
    with write_transaction() as session:
        allocations.decide_together(session, activity.id, agent, fingerprint)


def statuses() -> dict[int, EnrolmentStatus]:
    return {row.id: row.status for row in db.session.scalars(select(Enrolment))}


def test_the_first_by_points_are_accepted_and_the_others_wait_with_their_reason() -> None:
    agent, activity = make_staff(), make_ranked()
    plain, working, sibling = make_family("UN"), make_family("DEUX"), make_family("TROIS")
    with write_transaction() as session:
        session.get_one(Guardian, working.guardian_id).occupation = Occupation.EMPLOYEES
    enrol(make_child(sibling, "Aînée"), sibling, activity, ends_on=clock.today() - timedelta(days=1))
    ids = [ask(family, activity) for family in (plain, working, sibling)]
    plan = plan_of(activity, agent)
    assert plan.needs_draw
    with pytest.raises(RankingMoved):
        decide(activity, agent)
    draw(activity, agent)
    plan = plan_of(activity, agent)
    (group,) = plan.groups
    assert [each.enrolment_id for each in group.requests] == ids[::-1]
    assert [each.is_taken for each in group.requests] == [True, False, False]
    reasons = [each.reason.replace("\u00a0", " ") for each in group.requests]
    assert reasons == [
        "5 points : frère ou sœur déjà inscrit (5)",
        "3 points : tous les parents travaillent (3)",
        "0 point",
    ]
    decide(activity, agent)
    found = statuses()
    assert [found[id_] for id_ in ids] == [EnrolmentStatus.WAITING, EnrolmentStatus.WAITING, EnrolmentStatus.ACCEPTED]
    mails = db.session.scalars(select(OutboxMail).order_by(OutboxMail.recipient)).all()
    assert sorted(mail.template for mail in mails) == ["enrolment_accepted", "enrolment_waiting", "enrolment_waiting"]
    assert len({mail.recipient for mail in mails}) == 3
    assert any("Elle est classée au rang 2." in mail.body for mail in mails)
    for mail in mails:
        assert check_text(mail.subject) == [] and check_text(mail.body.replace("[[portail]]", "https://x.org")) == []
    batch = db.session.scalars(select(AllocationBatch)).one()
    assert batch.decided_by_id == agent and batch.seed
    view = enrolments.enrolment_of(plain.family_id, ids[0])
    assert (view.rank, view.rank_reason) == (3, "0 point")


def test_a_draw_is_made_once_and_a_place_that_frees_goes_to_the_next() -> None:
    agent, activity = make_staff(), make_ranked(ranking=Ranking(ties=Ties.DRAW))
    families = [make_family(name) for name in ("UN", "DEUX", "TROIS")]
    for family in families:
        ask(family, activity)
    draw(activity, agent)
    seed = plan_of(activity, agent).seed
    draw(activity, agent)
    assert plan_of(activity, agent).seed == seed
    decide(activity, agent)
    (taken,) = [id_ for id_, status in statuses().items() if status is EnrolmentStatus.ACCEPTED]
    assert plan_of(activity, agent).needs_draw  # the next decision draws anew
    with write_transaction() as session:
        row = session.get_one(Enrolment, taken)
        row.status, row.ends_on = EnrolmentStatus.ENDED, date(2026, 11, 20)
    draw(activity, agent)
    decide(activity, agent)
    assert sorted(statuses().values()) == ["accepted", "ended", "waiting"]
    templates = db.session.scalars(select(OutboxMail.template)).all()
    assert sorted(templates) == ["enrolment_accepted"] * 2 + ["enrolment_waiting"] * 2


def test_what_was_not_read_is_not_decided() -> None:
    agent, activity = make_staff(), make_ranked(ranking=Ranking())
    first, second = make_family("UN"), make_family("DEUX")
    ask(first, activity)
    read = plan_of(activity, agent).fingerprint
    ask(second, activity)
    with pytest.raises(RankingMoved):
        decide(activity, agent, read)
    assert set(statuses().values()) == {EnrolmentStatus.REQUESTED}
    with pytest.raises(NotFound):
        decide(ActivitySetup(999, 0, {}, None), agent, read)


def test_nobody_decides_with_a_child_of_their_own_among_the_requests() -> None:
    agent = make_staff(email="agent@example.org")
    activity = make_ranked(ranking=Ranking())
    ask(make_family(email="agent@example.org", user_id=agent), activity)
    assert plan_of(activity, agent).own_family
    with pytest.raises(OwnFamily):
        decide(activity, agent)


def test_ranked_requests_are_not_in_the_queue_and_waiting_lists_are_ranked_by_arrival() -> None:
    agent, activity = make_staff(), make_ranked(ranking=Ranking())
    ask(make_family("UN"), activity)
    queue = staff_queue.read_queue(agent, {ItemKind.ENROLMENT: EVERYWHERE})
    assert (queue.items, queue.total) == ((), 0)
    (summary,) = allocations.summaries()
    assert (summary.requested, summary.waiting) == (1, 0)
    other, rules = make_activity("Musique", places=None), EnrolmentRules(allocation=Allocation.AUTOMATIC)
    with write_transaction() as session:
        places = (GroupPlaces(other.group_id, 1),)
        save_enrolment_rules(session, other.id, EnrolmentRules(allocation=rules.allocation, places=places))
    ids = [ask(make_family(name), other) for name in ("UN", "DEUX", "TROIS")]
    (group,) = plan_of(other, agent).groups
    assert ([each.enrolment_id for each in group.requests], group.places) == (ids[1:], 0)
    assert [each.reason for each in group.requests] == ["Ordre d’arrivée"] * 2
    assert clock.now() > datetime(2026, 11, 23, 8, 30, tzinfo=clock.now().tzinfo)
