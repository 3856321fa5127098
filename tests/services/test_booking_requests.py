"""Bookings that the staff decide: asked for with their place, rechecked, told once, costing nothing before."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date, datetime, timedelta

import pytest
from flask import Flask
from sqlalchemy import select, update

from app import clock
from app.database import db, write_transaction
from app.models.bookings import Booking, BookingEvent, BookingPriceChange, CapacityCounter, Opening, PriceChangeReason
from app.models.enrolments import Enrolment
from app.models.mails import OutboxMail
from app.rules.booking_requests import Obstacle
from app.rules.capabilities import Role
from app.rules.states import Actor, BookingStatus
from app.services import agendas, booking_requests, bookings, closings, enrolment_ends, next_days, planning
from app.services.booking_requests import Decided, places_of, waiting_requests
from app.services.checks import find_inconsistencies
from app.services.day_planning import read_day_planning
from app.services.errors import NotFound, OwnFamily
from app.services.families import child_of
from app.services.verdicts import Result
from tests import factories
from tests.factories import (
    NEXT_WEDNESDAY,
    WEDNESDAY,
    FamilySetup,
    PlanningSetup,
    add_family,
    bookings_of,
    make_planning,
    make_staff,
    proposal,
    put_on_request,
    save,
    taken,
)
from tests.services.test_bookings import run_together


def ids_of(child_id: int) -> tuple[int, ...]:
    return tuple(db.session.scalars(select(Booking.id).where(Booking.child_id == child_id).order_by(Booking.id)))


def mails() -> list[OutboxMail]:
    return list(db.session.scalars(select(OutboxMail).order_by(OutboxMail.id)))


def asked(*, places: int | None = 20, book: Collection[str] = ("Matin",)) -> PlanningSetup:
    setup = make_planning(places=places)
    put_on_request(setup.activity)
    save(setup.family, setup.child_id, book=[setup.opening(WEDNESDAY, unit) for unit in book])
    return setup


def accept(
    family: FamilySetup, *rows: tuple[int, ...], agent: int | None = None, despite: str | None = None
) -> Decided:
    agent = agent or make_staff(Role.FILE_CLERK)
    with write_transaction() as session:
        return booking_requests.accept_requests(session, family.family_id, rows, agent, despite)


def refuse(family: FamilySetup, *rows: tuple[int, ...], reason: str = "Sortie annulée") -> Decided:
    agent = make_staff(Role.FILE_CLERK)
    with write_transaction() as session:
        return booking_requests.refuse_requests(session, family.family_id, rows, agent, reason)


def assert_consistent() -> None:
    assert find_inconsistencies(db.session()) == ()


def test_what_a_parent_ticks_is_asked_for_with_its_place_and_costs_nothing_yet(sqlite_app: Flask) -> None:
    setup = make_planning(places=1)
    put_on_request(setup.activity)
    morning = setup.opening(WEDNESDAY, "Matin")
    outcome = save(setup.family, setup.child_id, book=[morning])
    [choice] = outcome.choices
    assert (choice.result, choice.price_cents, outcome.change_cents) == (Result.REQUESTED, 420, 0)
    assert datetime.fromisoformat(choice.until or "") == datetime(2026, 11, 25, 7, 30, tzinfo=clock.PARIS)
    booking = db.session.scalars(select(Booking)).one()
    assert (booking.status, booking.price_cents) == (BookingStatus.REQUESTED, 420)
    assert taken(WEDNESDAY, setup.activity.scope_id) == 1
    other, child_id = add_family(setup)
    assert save(other, child_id, book=[morning]).choices[0].result is Result.REFUSED
    week = planning.build_week(setup.family.ref, child_of(setup.family.family_id, setup.child_id), WEDNESDAY)
    assert (week.summary.month_cents, week.days[2].total_cents) == (0, 0)
    # Asked for, it is no presence.
    assert next_days.next_days(setup.family.family_id) == ()
    assert agendas.visits_of(setup.family.family_id, WEDNESDAY, WEDNESDAY) == ()
    assert read_day_planning(WEDNESDAY).activities[0].children == 0
    assert_consistent()


def test_parent_withdraws_a_request_at_any_time_and_the_place_is_free(sqlite_app: Flask) -> None:
    setup = asked()
    clock.start_at(datetime(2026, 11, 25, 7, 0), frozen=True)  # far too late to book or to cancel
    morning = setup.opening(WEDNESDAY, "Matin")
    outcome = save(setup.family, setup.child_id, cancel=[morning])
    assert [choice.result for choice in outcome.choices] == [Result.WITHDRAWN]
    booking = db.session.scalars(select(Booking)).one()
    assert (booking.status, booking.cancel_class) == (BookingStatus.CANCELLED, None)
    assert taken(WEDNESDAY, setup.activity.scope_id) == 0
    assert_consistent()


def test_parent_withdraws_a_request_of_a_day_that_was_closed_since(sqlite_app: Flask) -> None:
    setup = asked()
    with write_transaction() as session:
        session.execute(update(Opening).values(is_open=False))
    outcome = save(setup.family, setup.child_id, cancel=[setup.opening(WEDNESDAY, "Matin")])
    assert [choice.result for choice in outcome.choices] == [Result.WITHDRAWN]
    assert taken(WEDNESDAY, setup.activity.scope_id) == 0


def test_what_is_ticked_beside_a_request_is_one_too(sqlite_app: Flask) -> None:
    setup = asked()
    put_on_request(setup.activity, on_request=False)
    meal, other_day = setup.opening(WEDNESDAY, "Repas"), setup.opening(NEXT_WEDNESDAY, "Matin")
    save(setup.family, setup.child_id, book=[meal, other_day])
    assert bookings_of(setup.child_id)[1:] == [(meal, "requested"), (other_day, "confirmed")]


def test_withdrawing_what_another_request_needs_is_refused(sqlite_app: Flask) -> None:
    setup = asked(book=["Matin", "Repas"])
    outcome = save(setup.family, setup.child_id, cancel=[setup.opening(WEDNESDAY, "Matin")])
    assert {choice.result for choice in outcome.choices} == {Result.HELD_BACK, Result.STAYS}
    assert {status for _, status in bookings_of(setup.child_id)} == {"requested"}


def test_accepted_days_are_booked_logged_and_told_once(app: Flask) -> None:
    setup = make_planning()
    put_on_request(setup.activity)
    days = [setup.opening(day, "Matin") for day in (WEDNESDAY, NEXT_WEDNESDAY)]
    save(setup.family, setup.child_id, book=days)
    first, second = ids_of(setup.child_id)
    agent = make_staff(Role.FILE_CLERK)
    decided = accept(setup.family, (first,), (second,), agent=agent)
    assert [day.day for day in decided.days] == [WEDNESDAY, NEXT_WEDNESDAY]
    assert decided.conflicts == ()
    assert {status for _, status in bookings_of(setup.child_id)} == {"confirmed"}
    event = db.session.scalars(select(BookingEvent).order_by(BookingEvent.id.desc())).first()
    assert event is not None
    assert (event.from_status, event.actor, event.user_id) == (BookingStatus.REQUESTED, Actor.STAFF, agent)
    [mail] = mails()
    assert (mail.template, mail.recipient) == ("bookings_accepted", setup.family.email)
    assert "mercredi 25 novembre 2026\u00a0: Matin" in mail.body and "au lieu de" not in mail.body
    assert taken(WEDNESDAY, setup.activity.scope_id) == 1
    assert_consistent()


def test_another_price_than_the_one_seen_is_kept_and_told(sqlite_app: Flask) -> None:
    setup = asked()
    factories.set_prices(lambda _: 999)
    accept(setup.family, ids_of(setup.child_id))
    assert db.session.scalars(select(Booking.price_cents)).one() == 999
    change = db.session.scalars(select(BookingPriceChange)).one()
    assert (change.from_cents, change.to_cents, change.reason) == (420, 999, PriceChangeReason.DECISION)
    assert "Matin\u00a0: 9,99\u00a0€ au lieu de 4,20\u00a0€ lors de votre demande" in mails()[0].body
    assert_consistent()


def test_place_that_went_meanwhile_is_a_conflict_until_a_reason_is_given(app: Flask) -> None:
    setup = make_planning(places=2)
    other, child_id = add_family(setup)
    morning = setup.opening(WEDNESDAY, "Matin")
    save(other, child_id, book=[morning])
    put_on_request(setup.activity)
    save(setup.family, setup.child_id, book=[morning])
    with write_transaction() as session:
        session.execute(update(CapacityCounter).values(places=1))
    [conflict] = accept(setup.family, ids_of(setup.child_id)).conflicts
    assert (conflict.obstacle, conflict.may_be_overruled) == (Obstacle.FULL, True)
    assert bookings_of(setup.child_id) == [(morning, "requested")] and mails() == []
    decided = accept(setup.family, ids_of(setup.child_id), despite="Fratrie")
    assert decided.conflicts == () and bookings_of(setup.child_id) == [(morning, "confirmed")]
    assert db.session.scalars(select(BookingEvent.reason).order_by(BookingEvent.id.desc())).first() == "Fratrie"
    assert taken(WEDNESDAY, setup.activity.scope_id) == 2


def test_who_only_asks_stands_in_nobodys_way(sqlite_app: Flask) -> None:
    setup = make_planning(places=2)
    put_on_request(setup.activity)
    other, child_id = add_family(setup)
    for family, child in ((setup.family, setup.child_id), (other, child_id)):
        save(family, child, book=[setup.opening(WEDNESDAY, "Matin")])
    with write_transaction() as session:
        session.execute(update(CapacityCounter).values(places=1))
    [scope] = [each for (day, _), each in places_of(db.session(), [WEDNESDAY]).items() if day == WEDNESDAY]
    assert (scope.places, scope.decided, scope.asking, scope.left) == (1, 0, 2, 1)
    assert accept(other, ids_of(child_id)).conflicts == ()
    assert accept(setup.family, ids_of(setup.child_id)).conflicts[0].obstacle is Obstacle.FULL


def test_a_part_of_a_day_that_breaks_a_combination_is_a_conflict(sqlite_app: Flask) -> None:
    setup = asked(book=["Matin", "Repas"])
    morning, meal = ids_of(setup.child_id)
    [conflict] = accept(setup.family, (meal,)).conflicts
    assert conflict.obstacle is Obstacle.BREAKS_COMBINATION
    refuse(setup.family, (meal,))
    accept(setup.family, (morning,))
    assert sorted(status for _, status in bookings_of(setup.child_id)) == ["confirmed", "refused"]
    assert_consistent()


@pytest.mark.parametrize("what", [Obstacle.CLOSED, Obstacle.STARTED, Obstacle.NOT_ENROLLED, Obstacle.NO_PRICE])
def test_what_no_reason_overrules(sqlite_app: Flask, what: Obstacle) -> None:
    setup = asked()
    with write_transaction() as session:
        if what is Obstacle.CLOSED:
            session.execute(update(Opening).values(is_open=False))
        if what is Obstacle.NOT_ENROLLED:
            session.execute(update(Enrolment).values(ends_on=date(2026, 11, 24)))
    if what is Obstacle.STARTED:
        clock.start_at(datetime(2026, 11, 25, 7, 30), frozen=True)
    if what is Obstacle.NO_PRICE:
        factories.set_prices(None)
    [conflict] = accept(setup.family, ids_of(setup.child_id), despite="Quand même").conflicts
    assert (conflict.obstacle, conflict.may_be_overruled) == (what, False)
    assert {status for _, status in bookings_of(setup.child_id)} == {"requested"}


def test_refused_request_frees_its_place_and_says_why_in_the_mail_and_the_planning(app: Flask) -> None:
    setup = asked(places=1)
    decided = refuse(setup.family, ids_of(setup.child_id), reason="Le car est complet")
    assert [day.words for day in decided.days] == ["Matin"]
    assert taken(WEDNESDAY, setup.activity.scope_id) == 0
    [mail] = mails()
    assert mail.template == "bookings_refused" and "Le car est complet" in mail.body
    child = child_of(setup.family.family_id, setup.child_id)
    week = planning.build_week(setup.family.ref, child, WEDNESDAY)
    cells = [cell for row in week.activities[0].rows for cell in row.cells if cell and cell.answer]
    assert [cell.answer for cell in cells] == ["Demande refusée\u00a0: Le car est complet"]
    save(setup.family, setup.child_id, book=[setup.opening(WEDNESDAY, "Matin")])  # asked for again
    week = planning.build_week(setup.family.ref, child, WEDNESDAY)
    assert not [cell for row in week.activities[0].rows for cell in row.cells if cell and cell.answer]
    assert_consistent()


def test_two_agents_decide_at_once_and_one_is_told_that_it_is_done(app: Flask) -> None:
    setup = asked()
    row = ids_of(setup.child_id)
    first, second = make_staff(Role.FILE_CLERK), make_staff(Role.FILE_CLERK)
    answers = run_together(
        app, lambda: accept(setup.family, row, agent=first), lambda: accept(setup.family, row, agent=second)
    )
    decided = [answer for answer in answers if isinstance(answer, Decided)]
    assert len(decided) == 2, answers
    assert sorted(len(answer.days) for answer in decided) == [0, 1]
    [conflict] = [each for answer in decided for each in answer.conflicts]
    assert conflict.obstacle is Obstacle.CHANGED
    assert len(mails()) == 1
    assert_consistent()


def test_agent_accepts_while_the_parent_withdraws(app: Flask) -> None:
    setup = asked()
    row, morning = ids_of(setup.child_id), setup.opening(WEDNESDAY, "Matin")
    agent = make_staff(Role.FILE_CLERK)
    run_together(
        app,
        lambda: accept(setup.family, row, agent=agent),
        lambda: save(setup.family, setup.child_id, cancel=[morning]),
    )
    # Whoever was first: what is accepted is cancelled in time, what is withdrawn is not accepted.
    assert bookings_of(setup.child_id) == [(morning, "cancelled")]
    assert taken(WEDNESDAY, setup.activity.scope_id) == 0
    assert_consistent()


def test_nobody_decides_on_their_own_family_or_on_what_is_not_that_familys(sqlite_app: Flask) -> None:
    setup = asked()
    row = ids_of(setup.child_id)
    with pytest.raises(OwnFamily):
        accept(setup.family, row, agent=setup.family.user_id)
    other, _ = add_family(setup)
    with pytest.raises(NotFound):
        accept(other, row)
    with pytest.raises(NotFound):
        accept(setup.family, (*row, 999))
    assert {status for _, status in bookings_of(setup.child_id)} == {"requested"}


def test_unanswered_requests_expire_at_the_start_of_the_first_and_are_told_once(app: Flask) -> None:
    setup = asked(book=["Matin", "Après-midi"])
    save(setup.family, setup.child_id, book=[setup.opening(NEXT_WEDNESDAY, "Matin")])
    clock.start_at(datetime(2026, 11, 25, 7, 29, 59), frozen=True)
    assert booking_requests.family_with_unanswered(db.session()) is None
    clock.start_at(datetime(2026, 11, 25, 7, 30), frozen=True)
    assert booking_requests.family_with_unanswered(db.session()) == setup.family.family_id
    for expected in (1, 0):  # done again after a worker was killed: nothing is left to do
        with write_transaction() as session:
            assert booking_requests.expire_requests(session, setup.family.family_id) == expected
    assert [status for _, status in bookings_of(setup.child_id)] == ["expired", "expired", "requested"]
    assert taken(WEDNESDAY, setup.activity.scope_id) == 0
    [mail] = mails()
    assert mail.template == "bookings_unanswered" and "Matin, Après-midi" in mail.body
    [expired] = booking_requests.expired_requests()
    assert expired.words == "Matin, Après-midi"
    clock.start_at(datetime(2026, 12, 12, 7, 30), frozen=True)
    assert booking_requests.expired_requests() == ()
    assert_consistent()


def test_what_is_killed_before_the_commit_is_done_again(sqlite_app: Flask) -> None:
    setup = asked()
    clock.start_at(datetime(2026, 11, 25, 7, 30), frozen=True)
    with pytest.raises(KeyboardInterrupt), write_transaction() as session:
        booking_requests.expire_requests(session, setup.family.family_id)
        raise KeyboardInterrupt
    assert mails() == [] and booking_requests.family_with_unanswered(db.session()) is not None


def test_the_end_of_an_enrolment_withdraws_what_was_asked_for_later_even_on_a_closed_day(sqlite_app: Flask) -> None:
    setup = asked()
    with write_transaction() as session:
        session.execute(update(Opening).values(is_open=False))
        enrolment_id = session.scalars(select(Enrolment.id)).one()
    args = (setup.family.ref, enrolment_id, WEDNESDAY - timedelta(days=1))
    plan = enrolment_ends.plan_end(db.session(), *args, by_staff=True)
    assert (len(plan.cancelled), plan.kept) == (1, ())
    agent = make_staff()
    with write_transaction() as session:
        enrolment_ends.end_enrolment(
            session, *args, user_id=agent, reason="Déménagement", fingerprint=plan.fingerprint, by_staff=True
        )
    booking = db.session.scalars(select(Booking)).one()
    assert (booking.status, booking.cancel_class) == (BookingStatus.CANCELLED, None)
    assert_consistent()


def test_closing_the_account_withdraws_what_was_asked_for(sqlite_app: Flask) -> None:
    setup = asked()
    assert closings.read_closing(setup.family.user_id)[0].bookings == ()
    with write_transaction() as session:
        closings.close_account(session, setup.family.user_id)
    assert {status for _, status in bookings_of(setup.child_id)} == {"cancelled"}
    assert waiting_requests() == ()
    assert_consistent()


def test_a_form_that_still_shows_a_refused_request_books_nothing(sqlite_app: Flask) -> None:
    setup = asked()
    morning = setup.opening(WEDNESDAY, "Matin")
    refuse(setup.family, ids_of(setup.child_id))
    with write_transaction() as session:
        outcome = bookings.save(
            session, setup.family.ref, setup.family.user_id, setup.child_id, "key-of-16-letters",
            proposal(held=[morning], ticked=[morning]),
        )  # fmt: skip
    assert [choice.result for choice in outcome.choices] == [Result.LOST]
    assert bookings_of(setup.child_id) == [(morning, "refused")]
