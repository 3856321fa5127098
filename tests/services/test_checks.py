"""The check of the stored bookings finds what is wrong: each kind of damage, done by hand."""

from __future__ import annotations

from datetime import date, time, timedelta

import pytest
from flask import Flask
from sqlalchemy import select, text, update

from app.database import db, write_transaction
from app.models.activities import Activity, Office
from app.models.bookings import Booking, BookingEvent, CapacityCounter
from app.models.enrolments import Enrolment
from app.models.payments import PaymentBasket
from app.rules.baskets import BasketState
from app.rules.capabilities import Role
from app.rules.cash_desks import PaymentMode
from app.rules.combinations import Combinations
from app.rules.states import Actor, BookingStatus
from app.services import erasures
from app.services.checks import Problem, find_exceeded, find_inconsistencies
from app.services.payments import record_counter_payment
from app.services.places import enter_bookings
from tests.factories import (
    WEDNESDAY,
    PlanningSetup,
    book_past,
    enrol,
    issue,
    make_activity,
    make_basket,
    make_family,
    make_invoice,
    make_openings,
    make_planning,
    make_staff,
    save,
)


@pytest.fixture
def planning(app: Flask) -> PlanningSetup:
    """A child with a whole Wednesday booked."""
    made = make_planning()
    save(made.family, made.child_id, book=[made.opening(WEDNESDAY, name) for name in ("Matin", "Repas", "Après-midi")])
    return made


def problems() -> set[Problem]:
    db.session.expire_all()
    return {found.problem for found in find_inconsistencies(db.session())}


def test_what_services_wrote_is_consistent(planning):
    assert problems() == set()


def test_two_activities_at_the_same_hours_are_found_unless_a_reason_is_on_record(sqlite_app: Flask) -> None:
    setup = make_planning()
    music = make_activity("Musique", {"Cours": (time(10), time(11))}, needs={}, places=None)
    opening = make_openings(music, [WEDNESDAY])[WEDNESDAY, "Cours"]
    enrol(setup.child_id, setup.family, music)
    with write_transaction() as session:
        session.get_one(Activity, music.id).combinations = Combinations(may_overlap=True)
    save(setup.family, setup.child_id, book=[setup.opening(WEDNESDAY, "Matin"), opening])
    assert problems() == set()
    with write_transaction() as session:
        session.get_one(Activity, music.id).combinations = Combinations()
    assert problems() == {Problem.OVERLAP}
    with write_transaction() as session:
        event = session.scalars(select(BookingEvent).join(Booking).where(Booking.opening_id == opening)).one()
        event.actor, event.reason = Actor.STAFF, "Il part à dix heures."
    assert problems() == set()


def test_a_counter_that_disagrees_is_found(planning):
    with write_transaction() as session:
        session.scalars(select(CapacityCounter).where(CapacityCounter.taken == 1)).first().taken = 0
    assert problems() == {Problem.COUNTER}


def test_a_missing_counter_is_found(planning):
    with write_transaction() as session:
        session.delete(session.scalars(select(CapacityCounter).where(CapacityCounter.taken == 1)).first())
    assert problems() == {Problem.COUNTER}


def test_more_taken_than_places_is_found(planning):
    with write_transaction() as session:
        session.scalars(select(CapacityCounter).where(CapacityCounter.taken == 1)).first().places = 0
    assert problems() == {Problem.OVERSOLD}


def test_what_the_staff_booked_beyond_the_places_is_no_fault_and_what_is_more_than_that_is(planning):
    with write_transaction() as session:
        counter = session.scalars(select(CapacityCounter).where(CapacityCounter.taken == 1)).first()
        counter.places = 0
        for event in session.scalars(select(BookingEvent)):
            event.actor, event.reason, event.beyond_places = Actor.STAFF, "Fratrie", True
    assert problems() == set()
    (told,) = find_exceeded(db.session())
    assert (told.day, told.taken, told.places) == (WEDNESDAY, 1, 0)
    with write_transaction() as session:
        session.execute(update(BookingEvent).values(beyond_places=False))
    assert problems() == {Problem.OVERSOLD}
    assert find_exceeded(db.session()) == ()


def test_a_status_that_the_log_does_not_know_is_found(planning):
    with write_transaction() as session:
        event = session.scalars(select(BookingEvent).order_by(BookingEvent.id)).first()
        event.to_status = BookingStatus.REQUESTED
    assert problems() == {Problem.LOG}


def test_the_kept_bookings_of_an_erased_family_need_no_log(sqlite_app: Flask) -> None:
    made = make_planning()
    book_past(made.family, made.child_id, made.activity, [date(2026, 10, 7)])
    with write_transaction() as session:
        session.execute(update(Booking).values(price_cents=0))
    issue(made.activity, date(2026, 10, 1), make_staff(Role.REGISSEUR))
    before = problems()
    with write_transaction() as session:
        enter_bookings(session)
        erasures.erase(session, made.family.family_id)
    assert db.session.scalars(select(Booking.family_id)).all() == [made.family.family_id]
    assert db.session.scalars(select(BookingEvent)).all() == []
    assert problems() == before


def test_a_price_that_no_tariff_has_is_found(planning):
    with write_transaction() as session:
        session.scalars(select(Booking)).first().price_cents = 1
    assert problems() == {Problem.PRICE}


def test_a_booking_outside_its_enrolment_is_found(planning):
    with write_transaction() as session:
        session.scalars(select(Enrolment)).one().ends_on = WEDNESDAY - timedelta(days=1)
    assert problems() == {Problem.ENROLMENT}


def test_a_meal_alone_is_found(planning):
    with write_transaction() as session:
        for name in ("Matin", "Après-midi"):
            opening_id = planning.opening(WEDNESDAY, name)
            session.scalars(
                select(Booking).where(Booking.opening_id == opening_id)
            ).one().status = BookingStatus.CANCELLED
    assert Problem.COMBINATION in problems()


def test_a_double_booking_is_found(planning):
    with write_transaction() as session:
        session.execute(text("DROP INDEX uq_booking_active"))
        first = session.scalars(select(Booking).order_by(Booking.id)).first()
        copied = {column.key: getattr(first, column.key) for column in Booking.__table__.columns if column.key != "id"}
        session.add(Booking(**copied))
        session.flush()
        found = {inconsistency.problem for inconsistency in find_inconsistencies(session)}
        assert Problem.BOOKED_TWICE in found
        session.rollback()


# --- Money ----------------------------------------------------------------------------------------------------------


@pytest.fixture
def invoiced(app: Flask) -> PlanningSetup:
    """A morning of October, invoiced (4,20 €) and paid at the counter."""
    made = make_planning()
    book_past(made.family, made.child_id, made.activity, [date(2026, 10, 7)])
    staff_id = make_staff(Role.REGISSEUR)
    issue(made.activity, date(2026, 10, 1), staff_id, date(2026, 11, 2))
    with write_transaction() as session:
        record_counter_payment(
            session, office_id=session.scalars(select(Office.id)).one(), family_id=made.family.family_id,
            mode=PaymentMode.CASH, amount_cents=420, received_on=date(2026, 11, 20), reference="", recorded_by=staff_id,
        )  # fmt: skip
    return made


def test_invoices_and_payments_that_services_wrote_are_consistent(invoiced):
    assert problems() == set()


@pytest.mark.parametrize(
    ("damage", "found"),
    [
        ("UPDATE invoice SET total_cents = total_cents + 1", {Problem.INVOICE_TOTAL}),
        ("DELETE FROM invoiced_booking", {Problem.INVOICED_BOOKING}),
        ("UPDATE booking SET price_cents = 210", {Problem.INVOICED_BOOKING}),
        ("UPDATE booking SET status = 'cancelled', cancel_class = 'in_time'", {Problem.INVOICED_BOOKING}),
        ("UPDATE payment_allocation SET amount_cents = 421", {Problem.ALLOCATION}),
        ("UPDATE payment SET amount_cents = 419", {Problem.ALLOCATION, Problem.CASH_DESK}),
        ("UPDATE journal_line SET amount_cents = 419", {Problem.CASH_DESK}),
        ("DELETE FROM journal_line", {Problem.CASH_DESK}),
        ("UPDATE document_series SET last_number = 2 WHERE kind = 'invoice'", {Problem.NUMBERS}),
        ("UPDATE invoice SET number = 'pop-F261100002'", {Problem.NUMBERS}),
        ("UPDATE payment SET receipt_number = 'pop-Q261200001'", {Problem.NUMBERS}),
    ],
)
def test_damage_to_invoices_and_payments_is_found(invoiced, damage, found):
    with write_transaction() as session:
        session.execute(text(damage))
    assert found <= problems() <= found | {Problem.LOG, Problem.COUNTER}


def test_a_paid_basket_without_its_money_is_found(app, payment_site):
    family = make_family()
    basket = make_basket(family, [make_invoice(family)])
    with write_transaction() as session:
        session.get_one(PaymentBasket, basket.basket_id).state = BasketState.PAID
    assert Problem.BASKET in problems()
