"""The check of the stored bookings finds what is wrong: each kind of damage, done by hand."""

from __future__ import annotations

from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import select, text

from app.database import db, write_transaction
from app.models.bookings import Booking, BookingEvent, CapacityCounter
from app.models.enrolments import Enrolment
from app.rules.states import BookingStatus
from app.services.checks import Problem, find_inconsistencies
from tests.factories import WEDNESDAY, PlanningSetup, make_planning, save


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


def test_a_status_that_the_log_does_not_know_is_found(planning):
    with write_transaction() as session:
        event = session.scalars(select(BookingEvent).order_by(BookingEvent.id)).first()
        event.to_status = BookingStatus.REQUESTED
    assert problems() == {Problem.LOG}


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
