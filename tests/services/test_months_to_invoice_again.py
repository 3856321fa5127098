"""What no invoice holds although its month's run is over: it is listed until another run of that month takes it."""

from __future__ import annotations

from datetime import date, datetime

import pytest
from flask import Flask
from sqlalchemy import select, update

from app import clock
from app.database import db, write_transaction
from app.models.activities import Activity
from app.models.attendances import Attendance
from app.models.bookings import Booking
from app.models.families import Child
from app.rules.attendances import Turnout
from app.rules.capabilities import Role
from app.services import invoice_runs, run_views
from app.services.corrections import ToInvoiceAgain, months_to_invoice_again
from tests.factories import PlanningSetup, add_family, book_past, issue, make_planning, make_staff, order_run

AUGUST, OCTOBER, NOVEMBER = date(2026, 8, 1), date(2026, 10, 1), date(2026, 11, 1)
DAYS = [date(2026, 10, 7), date(2026, 10, 14)]
LATE = date(2026, 10, 21)


@pytest.fixture
def planning(app: Flask) -> PlanningSetup:
    """Léa came on two mornings of October."""
    made = make_planning()
    book_past(made.family, made.child_id, made.activity, DAYS)
    return made


@pytest.fixture
def staff_id(app: Flask) -> int:
    return make_staff(Role.REGISSEUR)


def office_id() -> int:
    return db.session.scalars(select(Activity.office_id)).one()


def listed() -> list[tuple[date, int, int]]:
    """Each month with its families and bookings."""
    db.session.rollback()
    return [(each.month, each.family_count, each.booking_count) for each in months_to_invoice_again()]


def issue_but_leave_aside(staff_id: int) -> int:
    """October is issued, but Léa's name was corrected since it was prepared."""
    run_id = order_run(office_id(), OCTOBER, staff_id, date(2026, 11, 2))
    with write_transaction() as session:
        session.execute(update(Child).values(first_name="Léah"))
    looked_at = 1
    while looked_at:
        with write_transaction() as session:
            looked_at = invoice_runs.issue_next(session, run_id)
    return run_id


def test_nothing_is_listed_before_the_run_of_a_month_nor_after_it_took_all(planning, staff_id) -> None:
    assert listed() == []
    issue(planning.activity, OCTOBER, staff_id)
    assert listed() == []


def test_a_family_left_aside_is_listed_until_a_run_takes_it(planning, staff_id) -> None:
    run_id = issue_but_leave_aside(staff_id)
    assert listed() == [(OCTOBER, 1, 2)]
    assert run_views.read_run(run_id).left_count == 1
    issue(planning.activity, NOVEMBER, staff_id)
    assert listed() == [(OCTOBER, 1, 2)]  # another month does not take it
    assert len(issue(planning.activity, OCTOBER, staff_id)) == 1
    assert listed() == []
    assert run_views.read_run(run_id).left_count == 0


def test_a_day_recorded_after_the_run_is_listed(planning, staff_id) -> None:
    issue(planning.activity, OCTOBER, staff_id)
    other, child_id = add_family(planning)
    book_past(planning.family, planning.child_id, planning.activity, [LATE])
    book_past(other, child_id, planning.activity, [date(2026, 10, 28)])
    assert listed() == [(OCTOBER, 2, 2)]
    assert months_to_invoice_again([]) == ()
    assert months_to_invoice_again([office_id() + 1]) == ()
    (found,) = months_to_invoice_again([office_id()])
    assert found == ToInvoiceAgain(office_id(), found.office_name, OCTOBER, 2, 2)


def test_an_excused_absence_corrected_back_is_listed(planning, staff_id) -> None:
    with write_transaction() as session:
        session.add_all(
            Attendance(
                child_id=each.child_id, opening_id=each.opening_id, booking_id=each.id, turnout=Turnout.ABSENT,
                is_justified=True, version=1, meant_at=clock.now(), recorded_by_id=staff_id,
            )
            for each in session.scalars(select(Booking))
        )  # fmt: skip
    issue(planning.activity, OCTOBER, staff_id)
    assert listed() == []
    with write_transaction() as session:
        session.execute(update(Attendance).values(turnout=Turnout.PRESENT, is_justified=False))
    assert listed() == [(OCTOBER, 1, 2)]


def test_days_that_cost_nothing_or_are_not_over_are_not_listed(planning, staff_id) -> None:
    issue(planning.activity, OCTOBER, staff_id)
    issue(planning.activity, NOVEMBER, staff_id)
    book_past(planning.family, planning.child_id, planning.activity, [LATE, date(2026, 11, 4)])
    with write_transaction() as session:
        session.execute(update(Booking).where(Booking.day == LATE).values(price_cents=0))
    assert listed() == [(NOVEMBER, 1, 1)]
    clock.start_at(datetime(2026, 11, 4, 9), frozen=True)
    assert listed() == []


def test_months_without_a_run_between_two_others_are_not_listed(planning, staff_id) -> None:
    september = date(2026, 9, 9)
    book_past(planning.family, planning.child_id, planning.activity, [september])
    issue(planning.activity, AUGUST, staff_id)
    issue(planning.activity, OCTOBER, staff_id)
    assert listed() == []
    issue(planning.activity, september, staff_id)
    book_past(planning.family, planning.child_id, planning.activity, [date(2026, 9, 16), LATE])
    assert listed() == [(date(2026, 9, 1), 1, 1), (OCTOBER, 1, 1)]
