"""The end of an enrolment: what it cancels, what stays due, and that everybody knows."""

from datetime import date, datetime

import pytest
from sqlalchemy import select

from app import clock
from app.database import db, write_transaction
from app.models.bookings import Booking, BookingEvent, CapacityCounter
from app.models.enrolments import Enrolment
from app.models.mails import OutboxMail
from app.rules.cells import Reason
from app.rules.deadlines import Days, Deadline, Never, NoNotice, NoticeLine, NoticeRule
from app.rules.enrolment_rules import EnrolmentRules
from app.rules.states import Actor, BookingStatus, CancelClass, EnrolmentStatus
from app.services import enrolment_ends
from app.services.checks import find_inconsistencies
from app.services.deadline_settings import save_rule
from app.services.enrolment_ends import EndPlan
from app.services.enrolment_settings import save_enrolment_rules
from app.services.errors import EndMoved, EnrolmentOver, NotFound, OwnFamily
from tests.factories import (
    MONDAY,
    NEXT_WEDNESDAY,
    WEDNESDAY,
    PlanningSetup,
    add_family,
    make_planning,
    make_staff,
    save,
    set_notice,
)
from tests.html import check_text

pytestmark = pytest.mark.usefixtures("app")


@pytest.fixture
def planning() -> PlanningSetup:
    planning = make_planning()
    with write_transaction() as session:
        save_enrolment_rules(session, planning.activity.id, EnrolmentRules(parents_may_end=True))
    days = [(WEDNESDAY, "Matin"), (WEDNESDAY, "Repas"), (NEXT_WEDNESDAY, "Matin")]
    save(planning.family, planning.child_id, book=[planning.opening(*each) for each in days])
    return planning


def enrolment_id() -> int:
    return db.session.scalars(select(Enrolment.id).order_by(Enrolment.id)).first() or 0


def plan_of(planning: PlanningSetup, day: date, *, by_staff: bool = False) -> EndPlan:
    return enrolment_ends.plan_end(db.session(), planning.family.ref, enrolment_id(), day, by_staff=by_staff)


def end(planning: PlanningSetup, day: date, *, agent: int | None = None, fingerprint: str | None = None) -> EndPlan:
    by_staff = agent is not None
    fingerprint = fingerprint or plan_of(planning, day, by_staff=by_staff).fingerprint
    with write_transaction() as session:
        return enrolment_ends.end_enrolment(
            session, planning.family.ref, enrolment_id(), day, user_id=agent or planning.family.user_id,
            reason="Déménagement" if by_staff else "", fingerprint=fingerprint, by_staff=by_staff,
        )  # fmt: skip


def test_what_may_still_be_cancelled_is_and_its_places_are_free(planning: PlanningSetup) -> None:
    told = [(each.day, each.unit.name, each.price_cents) for each in plan_of(planning, WEDNESDAY).cancelled]
    assert told == [(WEDNESDAY, "Matin", 420), (WEDNESDAY, "Repas", 420), (NEXT_WEDNESDAY, "Matin", 420)]
    plan = end(planning, WEDNESDAY)
    assert (plan.kept, plan.last_day, plan.never_begins) == ((), date(2026, 11, 24), False)
    row = db.session.get_one(Enrolment, enrolment_id())
    assert (row.status, row.ends_on, row.ended_by_id) == (
        EnrolmentStatus.ACCEPTED, date(2026, 11, 24), planning.family.user_id,
    )  # fmt: skip
    bookings = db.session.scalars(select(Booking)).all()
    assert {(each.status, each.cancel_class) for each in bookings} == {(BookingStatus.CANCELLED, CancelClass.IN_TIME)}
    assert set(db.session.scalars(select(CapacityCounter.taken))) == {0}
    events = db.session.scalars(select(BookingEvent).where(BookingEvent.to_status == BookingStatus.CANCELLED)).all()
    assert {each.actor for each in events} == {Actor.PARENT} and len(events) == 3
    (mail,) = db.session.scalars(select(OutboxMail).where(OutboxMail.template == "enrolment_ended"))
    assert "mercredi 25 novembre 2026" in mail.body and "Matin, Repas" in mail.body
    assert check_text(mail.subject) == [] and check_text(mail.body.replace("[[portail]]", "https://x.org")) == []
    assert find_inconsistencies(db.session()) == ()


def test_what_is_too_late_to_cancel_stays_due_and_the_enrolment_lasts_until_then(planning: PlanningSetup) -> None:
    clock.start_at(datetime(2026, 11, 24, 10, 1), frozen=True)
    plan = end(planning, date(2026, 11, 24))
    assert [each.day for each in plan.kept] == [WEDNESDAY, WEDNESDAY]
    assert [each.day for each in plan.cancelled] == [NEXT_WEDNESDAY]
    assert plan.last_day == WEDNESDAY
    assert find_inconsistencies(db.session()) == ()
    assert not enrolment_ends.has_due_end(db.session())
    clock.start_at(datetime(2026, 11, 26, 0, 1), frozen=True)
    assert enrolment_ends.has_due_end(db.session())
    with write_transaction() as session:
        assert enrolment_ends.finish_due(session) == 1
    assert db.session.get_one(Enrolment, enrolment_id()).status is EnrolmentStatus.ENDED
    assert not enrolment_ends.has_due_end(db.session())


def test_staff_end_what_only_they_cancel_with_a_reason(planning: PlanningSetup) -> None:
    set_notice(planning.activity, Deadline.CANCEL, Never())
    set_notice(planning.activity, Deadline.CANCEL_LATE, NoNotice())  # a parent would go on paying
    assert len(plan_of(planning, MONDAY).kept) == 3
    agent = make_staff()
    plan = end(planning, MONDAY, agent=agent)
    assert (len(plan.cancelled), plan.kept) == (3, ())
    row = db.session.get_one(Enrolment, enrolment_id())
    assert (row.status, row.ends_on, row.end_reason) == (EnrolmentStatus.ENDED, date(2026, 11, 22), "Déménagement")
    events = db.session.scalars(select(BookingEvent).where(BookingEvent.to_status == BookingStatus.CANCELLED)).all()
    assert {(each.actor, each.reason) for each in events} == {(Actor.STAFF, "Déménagement")}
    with pytest.raises(EnrolmentOver):
        end(planning, MONDAY, agent=agent, fingerprint="x")


def test_an_enrolment_that_has_not_begun_is_cancelled(planning: PlanningSetup) -> None:
    with write_transaction() as session:
        session.get_one(Enrolment, enrolment_id()).starts_on = WEDNESDAY
    assert end(planning, MONDAY).never_begins
    assert db.session.get_one(Enrolment, enrolment_id()).status is EnrolmentStatus.CANCELLED


def test_what_was_not_read_is_not_done(planning: PlanningSetup) -> None:
    read = plan_of(planning, WEDNESDAY).fingerprint
    save(planning.family, planning.child_id, book=[planning.opening(NEXT_WEDNESDAY, "Repas")])
    with pytest.raises(EndMoved):
        end(planning, WEDNESDAY, fingerprint=read)
    assert set(db.session.scalars(select(Booking.status))) == {BookingStatus.CONFIRMED}


def test_a_day_whose_rest_would_break_a_rule_stays_whole(planning: PlanningSetup) -> None:
    meal = planning.activity.units["Repas"]
    lines = (NoticeLine(Never(), Days(units=frozenset({meal}))), NoticeLine(NoNotice()))
    with write_transaction() as session:
        save_rule(session, planning.activity.id, Deadline.CANCEL, NoticeRule(lines))
    plan = plan_of(planning, WEDNESDAY)
    assert [(each.day, each.unit.name) for each in plan.kept] == [(WEDNESDAY, "Matin"), (WEDNESDAY, "Repas")]
    assert [each.day for each in plan.cancelled] == [NEXT_WEDNESDAY]


def test_another_familys_enrolment_is_not_found(planning: PlanningSetup) -> None:
    other, _ = add_family(planning)
    with pytest.raises(NotFound):
        enrolment_ends.plan_end(db.session(), other.ref, enrolment_id(), WEDNESDAY, by_staff=False)


def test_parents_end_only_where_the_activity_lets_them(planning: PlanningSetup) -> None:
    with write_transaction() as session:
        save_enrolment_rules(session, planning.activity.id, EnrolmentRules())
    with pytest.raises(NotFound):
        plan_of(planning, WEDNESDAY)
    with pytest.raises(OwnFamily):
        end(planning, WEDNESDAY, agent=planning.family.user_id)


def test_a_form_that_still_shows_an_enrolment_that_never_began_is_told_why(planning: PlanningSetup) -> None:
    with write_transaction() as session:
        session.get_one(Enrolment, enrolment_id()).starts_on = WEDNESDAY
    end(planning, WEDNESDAY, agent=make_staff())
    assert db.session.get_one(Enrolment, enrolment_id()).status is EnrolmentStatus.CANCELLED
    (choice,) = save(planning.family, planning.child_id, book=[planning.opening(NEXT_WEDNESDAY, "Repas")]).choices
    assert choice.reason is Reason.NOT_ENROLLED
