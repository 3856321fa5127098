"""What a save holds on PostgreSQL until it is committed: its child and the counters that it may spend, nothing else.

And that nobody else holds them in another order: of two who wait for each other, one would be thrown out.
"""

from __future__ import annotations

from collections.abc import Callable
from contextvars import Context
from dataclasses import replace
from threading import Thread
from time import sleep

import pytest
from flask import Flask
from sqlalchemy import select, text
from sqlalchemy.orm import Session

from app.database import db, write_transaction
from app.models.activities import TariffVersion
from app.models.bookings import CapacityCounter
from app.models.enrolments import Enrolment
from app.models.families import Child
from app.models.waiting_lists import WaitingEntry
from app.rules.states import EnrolmentStatus
from app.rules.tariff_grids import ChangePercent, Condition, CountedSiblings, Modifier, ModifierKind, Span
from app.services import bookings, enrolment_ends, enrolments, waiting_wishes
from app.services.catalogue import catalogue
from app.services.places import enter_bookings, stop_bookings
from app.services.scope_settings import ScopeInput, save_scope
from tests.factories import (
    NEXT_WEDNESDAY,
    WEDNESDAY,
    add_scope,
    bookings_of,
    enrol,
    give_list,
    join_list,
    make_child,
    make_planning,
    make_staff,
    proposal,
    save,
)

WAITS = text("select count(*) from pg_stat_activity where wait_event_type = 'Lock' and datname = current_database()")


def let_wait(thread: Thread) -> None:
    """Start a thread and come back once it waits for a lock, or is done. A transaction keeps what it saw of others."""
    thread.start()
    with db.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as outside:
        while thread.is_alive() and not outside.scalar(WAITS):
            sleep(0.01)


@pytest.mark.postgres
@pytest.mark.parametrize("app", ["postgresql"], indirect=True)
def test_a_save_holds_the_counters_that_it_may_spend_and_no_others(app: Flask) -> None:
    setup = make_planning()
    with write_transaction() as session:
        afternoon = {setup.activity.units["Après-midi"]}
        other = add_scope(session, "Après-midi", 10, afternoon, {setup.activity.group_id})
    # Bookings make the counters of both scopes and days.
    for day in (WEDNESDAY, NEXT_WEDNESDAY):
        save(setup.family, setup.child_id, book=[setup.opening(day, unit) for unit in ("Matin", "Après-midi")])

    morning = setup.opening(WEDNESDAY, "Matin")
    cancelling = proposal(held=[morning])
    with write_transaction() as session:
        bookings.save(session, setup.family.ref, setup.family.user_id, setup.child_id, "key-of-16-letters", cancelling)
        counters = select(CapacityCounter.day, CapacityCounter.scope_id)
        everything = {tuple(row) for row in session.execute(counters)}
        with db.engine.connect() as somebody_else:
            free = {tuple(row) for row in somebody_else.execute(counters.with_for_update(skip_locked=True))}
    assert {(WEDNESDAY, other), (NEXT_WEDNESDAY, other)} <= everything
    assert everything - free == {(WEDNESDAY, setup.activity.scope_id)}


@pytest.mark.postgres
@pytest.mark.parametrize("app", ["postgresql"], indirect=True)
def test_who_accepts_an_enrolment_holds_the_familys_children_in_the_order_of_a_save(app: Flask) -> None:
    setup = make_planning()
    save(setup.family, setup.child_id, book=[setup.opening(WEDNESDAY, "Matin")])
    with write_transaction() as session:
        version = session.scalars(select(TariffVersion)).one()
        second = Modifier(ModifierKind.SIBLING, Condition(ranks=Span("2+", 2, None)), ChangePercent(-20))
        version.grid = replace(version.grid, modifiers=(second,), counted_siblings=CountedSiblings.ENROLLED)
    younger = make_child(setup.family, "Tom")
    enrolment_id = enrol(younger, setup.family, setup.activity, EnrolmentStatus.REQUESTED)
    agent = make_staff()

    def accept() -> None:
        with app.app_context(), write_transaction() as session:
            enrolments.accept_enrolment(session, enrolment_id, agent)

    thread = Thread(target=Context().run, args=(accept,))
    # A save that holds the elder, and comes to the younger.
    with db.engine.begin() as saving:
        saving.execute(select(Child.id).where(Child.id == setup.child_id).with_for_update())
        let_wait(thread)
        free = saving.scalar(select(Child.id).where(Child.id == younger).with_for_update(skip_locked=True))
    thread.join(timeout=30)
    assert free == younger
    db.session.rollback()
    assert db.session.get_one(Enrolment, enrolment_id).status is EnrolmentStatus.ACCEPTED


@pytest.mark.postgres
@pytest.mark.parametrize("app", ["postgresql"], indirect=True)
def test_who_leaves_a_list_while_the_other_parent_unbinds_the_children_has_left_it(app: Flask) -> None:
    setup = make_planning(places=0)
    give_list(setup.activity)
    younger = make_child(setup.family, "Tom")
    enrol(younger, setup.family, setup.activity)
    for child_id in (setup.child_id, younger):
        join_list(setup.family, child_id, [setup.opening(WEDNESDAY, "Matin")])
    with write_transaction() as session:
        waiting_wishes.bind(session, setup.family.ref, WEDNESDAY, together=True)
    entry_id = db.session.scalar(select(WaitingEntry.id).where(WaitingEntry.child_id == younger))
    assert entry_id is not None

    def leave() -> None:
        with app.app_context(), write_transaction() as session:
            waiting_wishes.leave(session, setup.family.ref, setup.family.user_id, entry_id)

    thread = Thread(target=Context().run, args=(leave,))
    with write_transaction() as session:
        waiting_wishes.bind(session, setup.family.ref, WEDNESDAY, together=False)
        let_wait(thread)
    thread.join(timeout=30)
    assert (bookings_of(setup.child_id)[-1][1], bookings_of(younger)[-1][1]) == ("waiting", "cancelled")


@pytest.mark.postgres
@pytest.mark.parametrize("app", ["postgresql"], indirect=True)
def test_what_the_other_parent_queues_for_while_the_enrolment_ends_is_ended_with_it(app: Flask) -> None:
    setup = make_planning(places=0)
    give_list(setup.activity)
    enrolment_id = db.session.scalars(select(Enrolment.id)).one()
    plan = enrolment_ends.plan_end(db.session(), setup.family.ref, enrolment_id, WEDNESDAY, by_staff=True)
    agent = make_staff()
    db.session.rollback()

    def end() -> None:
        with app.app_context(), write_transaction() as session:
            enrolment_ends.end_enrolment(
                session, setup.family.ref, enrolment_id, WEDNESDAY, user_id=agent, reason="",
                fingerprint=plan.fingerprint, by_staff=True,
            )  # fmt: skip

    thread = Thread(target=Context().run, args=(end,))
    with write_transaction() as session:
        matin = setup.opening(NEXT_WEDNESDAY, "Matin")
        joined = waiting_wishes.join(
            session, setup.family.ref, setup.family.user_id, setup.child_id, [matin], wants_booking=True
        )
        let_wait(thread)
    thread.join(timeout=30)
    assert joined.waiting == (NEXT_WEDNESDAY,) and bookings_of(setup.child_id) == [(matin, "cancelled")]


@pytest.mark.postgres
@pytest.mark.parametrize("app", ["postgresql"], indirect=True)
@pytest.mark.parametrize("enter", [enter_bookings, stop_bookings])
def test_who_looked_before_waiting_for_the_staff_looks_again(app: Flask, enter: Callable[[Session], None]) -> None:
    setup = make_planning()
    scope_id, group_id = setup.activity.scope_id, setup.activity.group_id
    afternoon = frozenset({setup.activity.units["Après-midi"]})

    def change() -> None:
        with app.app_context(), write_transaction() as staff:
            save_scope(staff, scope_id, ScopeInput("Après-midi", 5, None, 0, afternoon, frozenset({group_id})))

    with write_transaction() as session:
        assert catalogue().scopes[0].units != afternoon
        thread = Thread(target=Context().run, args=(change,))
        thread.start()
        thread.join(timeout=30)
        enter(session)
        assert catalogue().scopes[0].units == afternoon
