"""Months carried forward: what is less than the minimum waits, is asked once, and nothing is lost or asked twice."""

from __future__ import annotations

from collections.abc import Collection
from concurrent.futures import ThreadPoolExecutor
from contextvars import Context
from dataclasses import replace
from datetime import date, time, timedelta

import pytest
from flask import Flask
from sqlalchemy import delete, select, update

from app import clock
from app.database import db, write_transaction
from app.models.activities import Activity, Office, TariffVersion
from app.models.attendances import Attendance, AttendanceEvent, AttendanceEventKind
from app.models.bookings import Booking, BookingEvent
from app.models.invoices import CarriedMonth, Invoice, InvoicedBooking, InvoiceLine, InvoiceRun
from app.retention_labels import obstacle_words
from app.rules.aids import AidBalance
from app.rules.attendances import Turnout
from app.rules.capabilities import Role
from app.rules.credits import Afterwards, CreditCause
from app.rules.erasures import Obstacle
from app.rules.invoicing import DraftStanding
from app.rules.states import BookingStatus, CancelClass
from app.rules.tariff_grids import Grid, Item, Nature, YearlyFee, flat, unit_code
from app.services import activity_settings, aids, credits, erasures, invoice_runs, invoices, line_corrections, run_views
from app.services.attendances import months_being_issued
from app.services.carried_months import carried_of
from app.services.cash_desks import read_desk, save_desk
from app.services.checks import Inconsistency, Problem, find_inconsistencies
from app.services.corrections import months_to_invoice_again
from app.services.credits import CreditHead
from app.services.errors import ErasureHeld, OfficeHeld, Usage, UsageKind
from app.services.line_corrections import LineWish
from app.services.places import enter_bookings
from tests.factories import (
    ActivitySetup,
    FamilySetup,
    PlanningSetup,
    accept_all,
    add_family,
    book_past,
    enrol,
    issue,
    issue_run,
    make_activity,
    make_aid,
    make_child,
    make_family,
    make_planning,
    make_staff,
    order_run,
    prepare_run,
    prepared_drafts,
)

OCTOBER, NOVEMBER, DECEMBER = date(2026, 10, 1), date(2026, 11, 1), date(2026, 12, 1)
OCTOBER_DAYS = [date(2026, 10, 7), date(2026, 10, 14)]
NOVEMBER_DAYS = [date(2026, 11, 4), date(2026, 11, 18)]
MINIMUM_CENTS = 1_500


@pytest.fixture
def planning(app: Flask) -> PlanningSetup:
    """Léa came on two mornings of October, at 4,20 €; an invoice of the office asks 15,00 € at least."""
    made = make_planning()
    book_past(made.family, made.child_id, made.activity, OCTOBER_DAYS)
    set_minimum(made.activity, MINIMUM_CENTS)
    return made


@pytest.fixture
def staff_id(app: Flask) -> int:
    return make_staff(Role.REGISSEUR)


def office_of(activity: ActivitySetup) -> int:
    return db.session.get_one(Activity, activity.id).office_id


def set_minimum(activity: ActivitySetup, cents: int | None) -> None:
    with write_transaction() as session:
        office_id = office_of(activity)
        save_desk(session, office_id, replace(read_desk(office_id), minimum_cents=cents))


def at(day: date) -> None:
    clock.start_at(clock.now().replace(year=day.year, month=day.month, day=day.day), frozen=True)


def november(planning: PlanningSetup, days: Collection[date] = NOVEMBER_DAYS) -> None:
    """Léa comes in November too, and the month ends."""
    at(date(2026, 12, 2))
    if days:
        book_past(planning.family, planning.child_id, planning.activity, days)


def rows() -> list[tuple[date, int, int | None]]:
    """The carried months: the month, its cents, and the total of the invoice that settled it (0: none, None: open)."""
    db.session.rollback()
    found = []
    for row in db.session.scalars(select(CarriedMonth).order_by(CarriedMonth.id)):
        invoice = None if row.invoice_id is None else db.session.get_one(Invoice, row.invoice_id).total_cents
        found.append((row.month, row.total_cents, (invoice or 0) if row.settled_at else None))
    return found


def wrong_money() -> list[Inconsistency]:
    """All that is wrong but the prices, which a test has changed without a reason."""
    db.session.rollback()
    return [each for each in find_inconsistencies(db.session()) if each.problem is not Problem.PRICE]


def told(family: FamilySetup) -> list[tuple[date, int | None]]:
    db.session.rollback()
    return [(each.month, each.amount_cents) for each in carried_of(family.family_id)]


def test_what_is_less_than_the_minimum_waits_and_comes_with_the_next_month(planning, staff_id) -> None:
    assert issue(planning.activity, OCTOBER, staff_id) == []
    assert rows() == [(OCTOBER, 840, None)]
    (view,) = carried_of(planning.family.family_id)
    assert (view.month, view.amount_cents, view.minimum_cents) == (OCTOBER, 840, MINIMUM_CENTS)
    assert db.session.scalars(select(InvoicedBooking)).all() == []
    november(planning)
    (invoice_id,) = issue(planning.activity, NOVEMBER, staff_id)
    invoice = db.session.get_one(Invoice, invoice_id)
    assert (invoice.month, invoice.total_cents) == (NOVEMBER, 1_680)
    assert [line.days for line in invoice.lines] == ["7 et 14 octobre 2026", "4 et 18 novembre 2026"]
    assert rows() == [(OCTOBER, 840, 1_680)] and told(planning.family) == []
    assert find_inconsistencies(db.session()) == ()
    assert issue(planning.activity, OCTOBER, staff_id) == issue(planning.activity, NOVEMBER, staff_id) == []
    assert rows() == [(OCTOBER, 840, 1_680)]


def test_together_they_reach_it_or_wait_on(planning, staff_id) -> None:
    issue(planning.activity, OCTOBER, staff_id)
    november(planning, NOVEMBER_DAYS[:1])
    assert issue(planning.activity, NOVEMBER, staff_id) == []
    assert rows() == [(OCTOBER, 840, None), (NOVEMBER, 420, None)]
    at(date(2027, 1, 2))
    assert issue(planning.activity, DECEMBER, staff_id) == []
    assert rows() == [(OCTOBER, 840, None), (NOVEMBER, 420, None)]
    set_minimum(planning.activity, 1_260)
    (invoice_id,) = issue(planning.activity, DECEMBER, staff_id)
    assert db.session.get_one(Invoice, invoice_id).total_cents == 1_260
    assert rows() == [(OCTOBER, 840, 1_260), (NOVEMBER, 420, 1_260)]
    assert find_inconsistencies(db.session()) == ()


def test_staff_may_invoice_whatever_it_is(planning, staff_id) -> None:
    issue(planning.activity, OCTOBER, staff_id)
    issue_run(office_of(planning.activity), NOVEMBER, staff_id, clock.today(), whatever_it_is=True)
    assert db.session.scalars(select(Invoice.total_cents)).all() == [840]
    assert rows() == [(OCTOBER, 840, 840)]


def test_the_same_month_again_takes_it_only_once_it_reaches_the_minimum(planning, staff_id) -> None:
    issue(planning.activity, OCTOBER, staff_id)
    assert issue(planning.activity, OCTOBER, staff_id) == []
    assert rows() == [(OCTOBER, 840, None)]
    book_past(planning.family, planning.child_id, planning.activity, [date(2026, 10, 21), date(2026, 10, 28)])
    (invoice_id,) = issue(planning.activity, OCTOBER, staff_id)
    assert db.session.get_one(Invoice, invoice_id).total_cents == 1_680
    assert rows() == [(OCTOBER, 840, 1_680)]


def test_an_earlier_month_takes_nothing_of_a_later_one(planning, staff_id) -> None:
    november(planning)
    issue(planning.activity, NOVEMBER, staff_id)
    assert issue(planning.activity, OCTOBER, staff_id) == []
    assert rows() == [(NOVEMBER, 840, None), (OCTOBER, 840, None)]
    assert told(planning.family) == [(OCTOBER, 840), (NOVEMBER, 840)]


def test_another_family_and_another_office_neither_take_nor_count_it(planning, staff_id) -> None:
    issue(planning.activity, OCTOBER, staff_id)
    other, child_id = add_family(planning)
    music = make_activity("Musique", {"Soir": (time(18), time(19))}, needs={})
    with write_transaction() as session:
        office = Office(prefix="AN", name="Accueils de loisirs")
        session.add(office)
        session.flush()
        session.get_one(Activity, music.id).office_id = office.id
    enrol(planning.child_id, planning.family, music)
    november(planning)
    book_past(planning.family, planning.child_id, music, NOVEMBER_DAYS[:1], units=["Soir"])
    book_past(other, child_id, planning.activity, [date(2026, 11, 6)])
    (of_music,) = issue(music, NOVEMBER, staff_id)
    assert [line.label for line in db.session.get_one(Invoice, of_music).lines] == ["Musique, Soir"]
    assert told(planning.family) == [(OCTOBER, 840)]
    assert len(issue(planning.activity, NOVEMBER, staff_id)) == 1
    assert (told(planning.family), told(other)) == ([], [(NOVEMBER, 420)])
    assert find_inconsistencies(db.session()) == ()


def other_office() -> int:
    with write_transaction() as session:
        office = Office(prefix="AN", name="Accueils de loisirs")
        session.add(office)
        session.flush()
        return office.id


def move(activity: ActivitySetup, office_id: int) -> set[Usage]:
    """« Réglages » give an activity to another office; what they say against it."""
    row = activity_settings.find_activity(activity.id)
    try:
        with write_transaction() as session:
            activity_settings.save_activity(session, activity.id, replace(row, office_id=office_id))
    except OfficeHeld as error:
        return set(error.usages)
    return set()


def test_an_activity_stays_with_its_office_while_a_month_of_it_is_carried(planning, staff_id) -> None:
    old_id, new_id = office_of(planning.activity), other_office()
    issue(planning.activity, OCTOBER, staff_id)
    assert move(planning.activity, new_id) == {Usage(UsageKind.CARRIED_MONTH, 1)}
    assert office_of(planning.activity) == old_id
    row = activity_settings.find_activity(planning.activity.id)
    with write_transaction() as session:
        activity_settings.save_activity(session, row.id, replace(row, name="Mercredis"))  # all else may change
    at(date(2026, 12, 2))
    issue_run(old_id, NOVEMBER, staff_id, clock.today(), whatever_it_is=True)
    assert rows() == [(OCTOBER, 840, 840)]
    assert move(planning.activity, new_id) == set() and office_of(planning.activity) == new_id
    assert find_inconsistencies(db.session()) == ()


def test_what_is_carried_of_other_activities_and_months_holds_none(planning, staff_id) -> None:
    music = make_activity("Musique", {"Soir": (time(18), time(19))}, needs={})
    enrol(planning.child_id, planning.family, music)
    issue(planning.activity, OCTOBER, staff_id)
    november(planning, [])
    book_past(planning.family, planning.child_id, music, NOVEMBER_DAYS[:1], units=["Soir"])
    new_id = other_office()
    assert move(music, new_id) == set()
    assert move(planning.activity, new_id) == {Usage(UsageKind.CARRIED_MONTH, 1)}
    with write_transaction() as session:
        for booking in session.scalars(select(Booking).where(Booking.day < NOVEMBER)):
            booking.status, booking.cancel_class = BookingStatus.CANCELLED, CancelClass.JUSTIFIED
    assert move(planning.activity, new_id) == set()


@pytest.mark.parametrize("is_new", [False, True])
def test_an_activity_stays_with_its_office_while_a_run_is_under_way(planning, staff_id, is_new: bool) -> None:
    old_id, new_id = office_of(planning.activity), other_office()
    run_id = prepare_run(new_id if is_new else old_id, OCTOBER, staff_id)
    assert move(planning.activity, new_id) == {Usage(UsageKind.RUN, 1)}
    assert move(planning.activity, old_id) == set()  # nothing changes
    with write_transaction() as session:
        invoice_runs.give_up(session, run_id, staff_id)
    assert move(planning.activity, new_id) == set()


def test_a_move_and_a_run_that_begins_wait_for_each_other(app: Flask, planning, staff_id) -> None:
    old_id, new_id = office_of(planning.activity), other_office()

    def other() -> set[Usage]:
        with app.app_context():
            return move(planning.activity, new_id)

    with ThreadPoolExecutor(1) as threads:
        with write_transaction() as session:
            invoice_runs.prepare(session, old_id, OCTOBER, staff_id)
            moved = threads.submit(Context().run, other)
            with pytest.raises(TimeoutError):
                moved.result(timeout=1)
        assert moved.result(timeout=60) == {Usage(UsageKind.RUN, 1)}


def test_a_carried_month_that_ended_with_its_days_on_no_invoice_is_found(planning, staff_id) -> None:
    issue(planning.activity, OCTOBER, staff_id)
    with write_transaction() as session:
        session.scalars(select(CarriedMonth)).one().settled_at = clock.now()
    assert [each.problem for each in wrong_money()] == [Problem.CARRIED, Problem.CARRIED]
    at(date(2026, 12, 2))
    set_minimum(planning.activity, None)
    assert len(issue(planning.activity, OCTOBER, staff_id)) == 1
    assert not wrong_money()


def test_what_became_due_after_its_month_was_carried_is_not_lost(planning, staff_id) -> None:
    issue(planning.activity, OCTOBER, staff_id)
    with write_transaction() as session:
        marks = [
            Attendance(
                child_id=row.child_id, opening_id=row.opening_id, booking_id=row.id, turnout=Turnout.ABSENT,
                is_justified=True, version=1, meant_at=clock.now(), recorded_by_id=staff_id,
            )
            for row in session.scalars(select(Booking))
        ]  # fmt: skip
        session.add_all(marks)
    at(date(2026, 12, 2))
    issue(planning.activity, NOVEMBER, staff_id)
    assert rows() == [(OCTOBER, 840, 0)]
    book_past(planning.family, planning.child_id, planning.activity, [date(2026, 10, 21)])
    with write_transaction() as session:
        late = session.scalars(select(Booking).where(Booking.day == date(2026, 10, 21))).one()
        session.execute(update(BookingEvent).where(BookingEvent.booking_id == late.id).values(at=clock.now()))
        for row in session.scalars(select(Attendance)):
            row.turnout, row.is_justified = Turnout.PRESENT, False
            session.add(
                AttendanceEvent(
                    attendance_id=row.id, kind=AttendanceEventKind.CHANGED, turnout=Turnout.PRESENT, user_id=staff_id,
                    meant_at=clock.now(),
                )
            )  # fmt: skip
    assert Problem.CARRIED not in {each.problem for each in wrong_money()}
    with write_transaction() as session:
        session.execute(delete(AttendanceEvent))
    assert Problem.CARRIED in {each.problem for each in wrong_money()}


def test_what_the_families_read_follows_corrections(planning, staff_id) -> None:
    issue(planning.activity, OCTOBER, staff_id)
    with write_transaction() as session:
        first, second = session.scalars(select(Booking).order_by(Booking.day)).all()
        first.status, first.cancel_class = BookingStatus.CANCELLED, CancelClass.STRUCTURE
    assert told(planning.family) == [(OCTOBER, 420)]
    with write_transaction() as session:
        row = session.get_one(Booking, second.id)
        row.status, row.cancel_class = BookingStatus.CANCELLED, CancelClass.JUSTIFIED
    assert told(planning.family) == []
    november(planning)
    assert issue(planning.activity, NOVEMBER, staff_id) == []
    assert rows() == [(OCTOBER, 840, 0), (NOVEMBER, 840, None)]


def test_days_to_come_of_the_same_month_are_not_told_as_carried(planning, staff_id) -> None:
    at(date(2026, 10, 8))
    issue(planning.activity, OCTOBER, staff_id)
    assert told(planning.family) == [(OCTOBER, 420)]
    at(date(2026, 11, 2))
    assert told(planning.family) == [(OCTOBER, 420)]
    assert issue(planning.activity, OCTOBER, staff_id) == []
    assert told(planning.family) == [(OCTOBER, 840)]


def test_nothing_left_of_it_is_settled_without_an_invoice(planning, staff_id) -> None:
    issue(planning.activity, OCTOBER, staff_id)
    with write_transaction() as session:
        for booking in session.scalars(select(Booking)):
            booking.price_cents = 0
    assert told(planning.family) == []
    at(date(2026, 12, 2))
    assert issue(planning.activity, NOVEMBER, staff_id) == []
    assert rows() == [(OCTOBER, 840, 0)]
    assert len(db.session.scalars(select(InvoicedBooking)).all()) == 2  # free days, closed by the run
    assert not wrong_money()


def test_free_days_beside_what_is_carried_wait_with_it(planning, staff_id) -> None:
    issue(planning.activity, OCTOBER, staff_id)
    november(planning)
    with write_transaction() as session:
        for booking in session.scalars(select(Booking).where(Booking.day >= NOVEMBER)):
            booking.price_cents = 0
    issue(planning.activity, NOVEMBER, staff_id)
    assert rows() == [(OCTOBER, 840, None), (NOVEMBER, 0, None)] and told(planning.family) == [(OCTOBER, 840)]
    set_minimum(planning.activity, None)
    at(date(2027, 1, 2))
    issue(planning.activity, DECEMBER, staff_id)
    assert rows() == [(OCTOBER, 840, 840), (NOVEMBER, 0, 840)]
    assert len(db.session.scalars(select(InvoicedBooking)).all()) == 4
    assert not wrong_money()


def test_an_aid_goes_on_from_month_to_month_of_one_invoice(planning, staff_id) -> None:
    _, aid_id = make_aid(planning.family, planning.child_id, staff_id, percent_hundredths=100_00, ceiling_cents=500)
    issue(planning.activity, OCTOBER, staff_id)
    assert rows() == [(OCTOBER, 340, None)]
    november(planning)
    set_minimum(planning.activity, 1_000)
    (invoice_id,) = issue(planning.activity, NOVEMBER, staff_id)
    assert db.session.get_one(Invoice, invoice_id).total_cents == 340 + 840
    (view,) = aids.aids_of_family(planning.family.family_id)
    assert (view.id, view.left, view.used_cents) == (aid_id, AidBalance(0, None), 500)
    assert find_inconsistencies(db.session()) == ()


def test_what_a_credit_note_takes_back_of_it_may_be_carried_once_more(planning, staff_id) -> None:
    issue(planning.activity, OCTOBER, staff_id)
    november(planning)
    (invoice_id,) = issue(planning.activity, NOVEMBER, staff_id)
    october = db.session.scalars(select(Booking.id).where(Booking.day < NOVEMBER)).all()
    with write_transaction() as session:
        credits.take_back(session, october, CreditHead(CreditCause.CORRECTION, "Erreur", staff_id))
    assert find_inconsistencies(db.session()) == ()
    assert [each.month for each in months_to_invoice_again()] == [OCTOBER]
    assert issue(planning.activity, OCTOBER, staff_id) == []
    assert rows() == [(OCTOBER, 840, 1_680), (OCTOBER, 840, None)]
    assert months_to_invoice_again() == ()  # a later month takes it by itself
    at(date(2027, 1, 2))
    set_minimum(planning.activity, 800)
    (again,) = issue(planning.activity, DECEMBER, staff_id)
    assert db.session.get_one(Invoice, again).total_cents == 840 and again != invoice_id
    assert find_inconsistencies(db.session()) == ()


def test_a_line_of_a_carried_month_is_corrected_as_of_its_month(planning, staff_id) -> None:
    issue(planning.activity, OCTOBER, staff_id)
    november(planning)
    (invoice_id,) = issue(planning.activity, NOVEMBER, staff_id)
    detail = invoices.invoice_for_staff(invoice_id)
    assert detail.months == (OCTOBER, NOVEMBER)
    line_id = detail.lines[0].id
    keys = frozenset(part.key for part in line_corrections.read_line(invoice_id, line_id).parts)
    wish = LineWish(keys, Afterwards.AT_PRICE, 400, "Prix convenu")
    fingerprint = line_corrections.plan_line(invoice_id, line_id, wish).fingerprint
    with write_transaction() as session:
        line_corrections.correct_line(
            session, invoice_id, line_id, wish, staff_id, fingerprint=fingerprint, form_key="essai"
        )
    again = db.session.scalars(select(Invoice).where(Invoice.id != invoice_id)).one()
    assert (again.month, again.total_cents) == (OCTOBER, 800)
    assert find_inconsistencies(db.session()) == ()


def test_attendance_of_the_carried_months_is_locked_with_the_run(planning, staff_id) -> None:
    issue(planning.activity, OCTOBER, staff_id)
    november(planning)
    office_id = office_of(planning.activity)
    run_id = prepare_run(office_id, NOVEMBER, staff_id)
    assert months_being_issued(db.session()) == frozenset()  # nothing is locked yet
    accept_all(run_id, staff_id)
    with write_transaction() as session:
        invoice_runs.issue(session, run_id, clock.today(), clock.today(), staff_id)
        assert months_being_issued(session) == {(office_id, OCTOBER), (office_id, NOVEMBER)}
        while invoice_runs.issue_next(session, run_id):
            pass
        assert months_being_issued(session) == frozenset()


def test_a_family_that_carries_something_is_not_erased(planning, staff_id) -> None:
    issue(planning.activity, OCTOBER, staff_id)
    facts = erasures.facts_of(db.session(), planning.family.family_id)
    assert facts.obstacles[Obstacle.TO_INVOICE] == 2


def test_a_family_that_carries_only_what_no_booking_costs_is_not_erased(app: Flask, staff_id) -> None:
    activity = make_activity(needs={})
    morning = unit_code(activity.units["Matin"])
    card = Item("card", flat(500), Nature.OTHER)
    with write_transaction() as session:
        session.scalars(select(TariffVersion)).one().grid = Grid(
            items=(Item(morning, flat(0)), card), fees=(YearlyFee("card", 9, is_per_child=False),)
        )
    family = make_family()
    child_id = make_child(family)
    enrol(child_id, family, activity)
    book_past(family, child_id, activity, OCTOBER_DAYS)
    set_minimum(activity, MINIMUM_CENTS)
    assert issue(activity, OCTOBER, staff_id) == []
    assert rows() == [(OCTOBER, 500, None)]
    assert erasures.facts_of(db.session(), family.family_id).obstacles[Obstacle.TO_INVOICE] == 1
    assert obstacle_words(Obstacle.TO_INVOICE, 1) == "1 réservation, carnet ou mois reporté à facturer d’abord"
    with pytest.raises(ErasureHeld), write_transaction() as session:
        enter_bookings(session)
        erasures.erase(session, family.family_id)
    at(date(2026, 12, 2))
    set_minimum(activity, None)
    assert len(issue(activity, NOVEMBER, staff_id)) == 1
    assert erasures.facts_of(db.session(), family.family_id).obstacles[Obstacle.TO_INVOICE] == 0


def test_what_is_prepared_shows_what_would_wait(planning, staff_id) -> None:
    office_id = office_of(planning.activity)
    pool = run_views.read_pool(prepare_run(office_id, OCTOBER, staff_id), office_id)
    assert (pool.invoiced.count, pool.carried.count, pool.carried.total_cents) == (0, 1, 840) and pool.has_work
    assert pool.minimum_cents == 1_500
    (row,) = prepared_drafts(planning.activity, OCTOBER, staff_id)
    assert (row.standing, row.total_cents) == (DraftStanding.CARRIED, 840)
    issue(planning.activity, OCTOBER, staff_id)
    november(planning)
    pool = run_views.read_pool(prepare_run(office_id, NOVEMBER, staff_id), office_id)
    assert (pool.invoiced.count, pool.invoiced.total_cents, pool.carried.count) == (1, 1_680, 0)


def test_a_minimum_that_changes_after_the_preparation_issues_nothing_unseen(planning, staff_id) -> None:
    run_id = order_run(office_of(planning.activity), OCTOBER, staff_id, clock.today())
    set_minimum(planning.activity, None)
    for _ in range(2):
        with write_transaction() as session:
            invoice_runs.issue_next(session, run_id)
    assert rows() == [] and db.session.scalars(select(Invoice)).all() == []
    assert run_views.changed_families(run_id, 1).total == 1


def test_a_run_that_dies_carries_and_settles_nothing(planning, staff_id) -> None:
    issue(planning.activity, OCTOBER, staff_id)
    november(planning)
    run_id = order_run(office_of(planning.activity), NOVEMBER, staff_id, clock.today())
    with pytest.raises(RuntimeError), write_transaction() as session:
        invoice_runs.issue_next(session, run_id)
        raise RuntimeError  # the process dies before the commit
    assert rows() == [(OCTOBER, 840, None)]
    for _ in range(2):
        with write_transaction() as session:
            invoice_runs.issue_next(session, run_id)
    assert rows() == [(OCTOBER, 840, 1_680)]


def test_two_runs_at_once_take_a_carried_month_once(app: Flask, planning, staff_id) -> None:
    issue(planning.activity, OCTOBER, staff_id)
    november(planning)
    office_id = office_of(planning.activity)
    run_ids = [order_run(office_id, month, staff_id, clock.today()) for month in (OCTOBER, NOVEMBER)]

    def run(run_id: int) -> None:
        with app.app_context():
            left = 1
            while left:
                with write_transaction() as session:
                    left = invoice_runs.issue_next(session, run_id, 1)

    with ThreadPoolExecutor(2) as threads:
        for each in [threads.submit(Context().run, run, run_id) for run_id in run_ids]:
            each.result(timeout=60)
    db.session.rollback()
    assert db.session.scalars(select(Invoice.total_cents)).all() == [1_680]
    assert rows() == [(OCTOBER, 840, 1_680)]
    assert db.session.scalars(select(InvoiceRun.ended_at).where(InvoiceRun.ended_at.is_(None))).all() == []
    assert find_inconsistencies(db.session()) == ()


def test_lines_say_their_days_over_the_end_of_a_year(planning, staff_id) -> None:
    issue(planning.activity, OCTOBER, staff_id)
    at(date(2027, 2, 2))
    book_past(planning.family, planning.child_id, planning.activity, [date(2027, 1, 6), date(2027, 1, 13)])
    (invoice_id,) = issue(planning.activity, date(2027, 1, 1), staff_id)
    days = db.session.scalars(select(InvoiceLine.days).where(InvoiceLine.invoice_id == invoice_id)).all()
    assert days == ["7 et 14 octobre 2026", "6 et 13 janvier 2027"]
    assert db.session.get_one(Invoice, invoice_id).due_on == clock.today() + timedelta(days=30)
