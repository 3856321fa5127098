"""Closing booked days: cancelled by the structure, never charged, the families told once, in bounded statements."""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextvars import Context
from datetime import date, datetime, time
from functools import partial

import pytest
from flask import Flask
from sqlalchemy import func, select

from app import clock
from app.database import db, write_transaction
from app.jobs.credits import CreditJob
from app.models.bookings import Booking, BookingEvent, Opening
from app.models.families import Guardian
from app.models.mails import OutboxMail
from app.rules.cells import CellState, Reason
from app.rules.credits import CreditCause
from app.rules.deadlines import DaysBefore, Deadline
from app.rules.states import Actor, BookingStatus, CancelClass
from app.services import closures
from app.services.checks import find_inconsistencies
from app.services.closures import ClosureWish
from app.services.credits import credits_of
from app.services.errors import ClosureMoved, NotFound
from app.services.families import child_of
from app.services.invoices import invoices_of
from app.services.planning import build_week
from tests import factories
from tests.client import recorder
from tests.factories import NEXT_WEDNESDAY, WEDNESDAY, PlanningSetup, add_family, make_planning, save, taken

SNOW = "Neige"


@pytest.fixture
def planning(sqlite_app: Flask) -> PlanningSetup:
    return make_planning(places=5)


@pytest.fixture
def agent_id(planning: PlanningSetup) -> int:
    return factories.make_staff()


def wish(planning: PlanningSetup, code: str | None = None, day: date = WEDNESDAY) -> ClosureWish:
    return ClosureWish(closures.find_place(code or f"activity-{planning.activity.id}"), day, day, SNOW)


def close(planning: PlanningSetup, agent_id: int, code: str | None = None, day: date = WEDNESDAY) -> int:
    wanted = wish(planning, code, day)
    seen = closures.plan_closure(db.session(), wanted).fingerprint
    db.session.rollback()
    with write_transaction() as session:
        return closures.close(session, wanted, agent_id, seen)


def statuses() -> set[tuple[str, str | None]]:
    rows = db.session.execute(select(Booking.status, Booking.cancel_class))
    return {(status.value, None if cancelled is None else cancelled.value) for status, cancelled in rows}


def mails() -> list[OutboxMail]:
    return list(db.session.scalars(select(OutboxMail).where(OutboxMail.template == "days_closed")))


def test_what_is_booked_is_cancelled_by_the_structure_and_told_once(planning: PlanningSetup, agent_id: int) -> None:
    hugo = factories.make_child(planning.family, "Hugo")
    factories.enrol(hugo, planning.family, planning.activity)
    for child_id in (planning.child_id, hugo):
        save(planning.family, child_id, book=[planning.opening(WEDNESDAY, unit) for unit in ("Matin", "Repas")])
    save(planning.family, planning.child_id, book=[planning.opening(NEXT_WEDNESDAY, "Matin")])
    plan = closures.plan_closure(db.session(), wish(planning))
    assert (plan.children, plan.by_status, plan.invoiced) == (2, [(BookingStatus.CONFIRMED, 4)], ())

    closure_id = close(planning, agent_id)

    assert statuses() == {("cancelled", "structure"), ("confirmed", None)}
    assert taken(WEDNESDAY, planning.activity.scope_id) == 0 and taken(NEXT_WEDNESDAY, planning.activity.scope_id) == 1
    event = db.session.scalars(select(BookingEvent).order_by(BookingEvent.id.desc()).limit(1)).one()
    assert (event.actor, event.user_id, event.reason) == (Actor.STAFF, agent_id, SNOW)
    (mail,) = mails()
    assert "Léa TEST" in mail.body and "Hugo TEST" in mail.body and SNOW in mail.body
    child = child_of(planning.family.family_id, planning.child_id)
    week = build_week(planning.family.ref, child, WEDNESDAY)
    cell = next(c for c in week.activities[0].rows[0].cells if c is not None)
    assert (cell.cell.state, cell.cell.reason, cell.reason_text) == (
        CellState.IMPOSSIBLE, Reason.CLOSED, f"Fermé\u00a0: {SNOW}.",
    )  # fmt: skip
    view = closures.read_closure(closure_id)
    assert (view.cancelled, view.children, len(view.families)) == (4, 2, 1)
    assert find_inconsistencies(db.session()) == ()


def test_an_absence_that_was_charged_is_not_due_any_more_and_a_request_ends(
    planning: PlanningSetup, agent_id: int
) -> None:
    factories.set_notice(planning.activity, Deadline.CANCEL, DaysBefore(3, time(10)))
    factories.set_notice(planning.activity, Deadline.CANCEL_LATE, DaysBefore(0, time(7)))
    morning = planning.opening(WEDNESDAY, "Matin")
    save(planning.family, planning.child_id, book=[morning])
    save(planning.family, planning.child_id, charged=[morning])
    assert ("cancelled", "late_charged") in statuses()
    other, other_child = add_family(planning)
    factories.put_on_request(planning.activity)
    save(other, other_child, book=[morning])
    close(planning, agent_id)
    assert statuses() == {("cancelled", "structure"), ("cancelled", None)}
    assert len(mails()) == 2
    assert find_inconsistencies(db.session()) == ()


def test_what_is_invoiced_is_closed_too_and_the_worker_credits_it(planning: PlanningSetup, agent_id: int) -> None:
    save(planning.family, planning.child_id, book=[planning.opening(WEDNESDAY, "Matin")])
    clock.start_at(datetime(2026, 12, 1, 9), frozen=True)
    factories.issue(planning.activity, WEDNESDAY.replace(day=1), factories.make_staff(email="regie@example.org"))
    plan = closures.plan_closure(db.session(), wish(planning))
    assert (len(plan.touched), len(plan.invoiced)) == (1, 1)
    close(planning, agent_id)
    assert statuses() == {("cancelled", "structure")}
    assert len(mails()) == 1
    assert find_inconsistencies(db.session()) == ()
    worker = CreditJob()
    assert worker.credit_next() and not worker.credit_next()
    (credit,) = credits_of(planning.family.family_id)
    assert (credit.cause, credit.total_cents) == (CreditCause.CLOSURE, 420)
    assert credit.reason == wish(planning).reason
    assert invoices_of(planning.family.family_id)[0].balance_cents == 0
    assert find_inconsistencies(db.session()) == ()


def test_what_changed_since_it_was_read_is_read_again(planning: PlanningSetup, agent_id: int) -> None:
    wanted = wish(planning)
    seen = closures.plan_closure(db.session(), wanted).fingerprint
    save(planning.family, planning.child_id, book=[planning.opening(WEDNESDAY, "Matin")])
    with pytest.raises(ClosureMoved), write_transaction() as session:
        closures.close(session, wanted, agent_id, seen)
    close(planning, agent_id)
    with pytest.raises(ClosureMoved):
        close(planning, agent_id)  # nothing is open any more


def test_one_unit_is_closed_and_the_rest_stays(planning: PlanningSetup, agent_id: int) -> None:
    save(
        planning.family, planning.child_id,
        book=[planning.opening(WEDNESDAY, unit) for unit in ("Matin", "Après-midi")],
    )  # fmt: skip
    close(planning, agent_id, f"unit-{planning.activity.units['Matin']}")
    assert statuses() == {("cancelled", "structure"), ("confirmed", None)}
    assert taken(WEDNESDAY, planning.activity.scope_id) == 1
    assert find_inconsistencies(db.session()) == ()


def test_opening_the_days_again_brings_no_booking_back(planning: PlanningSetup, agent_id: int) -> None:
    morning = planning.opening(WEDNESDAY, "Matin")
    save(planning.family, planning.child_id, book=[morning])
    closure_id = close(planning, agent_id)
    with write_transaction() as session:
        closures.reopen(session, closure_id, agent_id)
    assert statuses() == {("cancelled", "structure")}
    assert db.session.scalars(select(Opening.is_open).distinct()).all() == [True]
    save(planning.family, planning.child_id, book=[morning])
    assert ("confirmed", None) in statuses()
    with pytest.raises(NotFound), write_transaction() as session:
        closures.reopen(session, closure_id, agent_id)


def test_families_without_an_address_are_named_with_their_telephones(planning: PlanningSetup, agent_id: int) -> None:
    save(planning.family, planning.child_id, book=[planning.opening(WEDNESDAY, "Matin")])
    with write_transaction() as session:
        for guardian in session.scalars(select(Guardian)):
            guardian.email, guardian.mobile_phone = None, "+33600000009"
    plan = closures.plan_closure(db.session(), wish(planning))
    assert ["+33600000009" in each.phones for each in plan.to_call] == [True]
    assert [each.name for each in closures.read_closure(close(planning, agent_id)).to_call] == [plan.to_call[0].name]


def test_many_families_cost_no_more_statements_than_few(sqlite_app: Flask) -> None:
    counts = []
    planning = make_planning(places=None)
    agent_id = factories.make_staff()
    for families, day in ((5, WEDNESDAY), (40, NEXT_WEDNESDAY)):
        for number in range(families):
            family, child_id = add_family(planning, f"FAMILLE {families}-{number}")
            save(family, child_id, book=[planning.opening(day, "Matin")])
        recorder.statements = statements = []
        close(planning, agent_id, day=day)
        recorder.statements = None
        # A mail is a row of its own, of which the outbox knows the id.
        counts.append(sum(1 for each in statements if not each.startswith("INSERT INTO outbox_mail")))
        assert db.session.scalar(select(func.count()).where(Booking.cancel_class == CancelClass.STRUCTURE)) >= families
    assert counts[1] <= counts[0] + 2 and counts[1] < 60, counts


def test_nobody_is_left_in_a_day_that_closes_while_parents_save(app: Flask) -> None:
    """Both databases: who saves beside the closure is before it, and cancelled, or after it, and refused."""
    planning = make_planning(places=20)
    agent_id = factories.make_staff()
    morning = planning.opening(WEDNESDAY, "Matin")
    families = [add_family(planning, f"RIVALE {number}") for number in range(5)]
    errors: list[BaseException] = []
    start = threading.Barrier(len(families) + 1)

    def run(act: Callable[[], object]) -> None:
        try:
            with app.app_context():
                start.wait()
                act()
        except BaseException as error:
            errors.append(error)

    def close_until_done() -> None:
        while True:
            try:
                close(planning, agent_id)
                return
            except ClosureMoved:
                db.session.rollback()

    acts = [close_until_done, *(partial(save, family, child_id, book=[morning]) for family, child_id in families)]
    threads = [threading.Thread(target=Context().run, args=(run, act)) for act in acts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []
    db.session.rollback()
    assert statuses() <= {("cancelled", "structure")}
    assert taken(WEDNESDAY, planning.activity.scope_id) in (0, None)
    assert find_inconsistencies(db.session()) == ()
