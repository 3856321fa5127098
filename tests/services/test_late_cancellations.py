"""Cancelling after the free deadline: the place is freed at once, the price stays, everybody concerned sees it."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, time

import pytest
from flask import Flask
from sqlalchemy import select

from app import clock
from app.database import db, write_transaction
from app.models.activities import TariffVersion
from app.models.bookings import Booking, BookingEvent, BookingPriceChange, PriceChangeReason
from app.models.invoices import Invoice
from app.rules.cells import Action, CellState, Reason
from app.rules.deadlines import PARIS, DaysBefore, Deadline, Never
from app.rules.states import Actor, BookingStatus, CancelClass
from app.rules.tariff_grids import AddRate, ChangePercent, Surcharge, SurchargeCause, flat
from app.services import agendas, day_planning, next_days
from app.services.checks import find_inconsistencies
from app.services.families import child_of
from app.services.planning import CellView, Week, build_week
from app.services.prepaid_books import books_of
from app.services.verdicts import Result, SaveOutcome
from tests import factories
from tests.factories import WEDNESDAY, FamilySetup, PlanningSetup, add_family, make_planning, save, set_notice, taken

LAST_FREE = datetime(2026, 11, 24, 10)
FIRST_CHARGED = datetime(2026, 11, 24, 10, 0, 1)
LAST_CHARGED = datetime(2026, 11, 25, 7)
TOO_LATE = datetime(2026, 11, 25, 7, 0, 1)
DECEMBER_1 = datetime(2026, 12, 1, 9)


@pytest.fixture
def planning(sqlite_app: Flask) -> PlanningSetup:
    """Léa has Wednesday morning and lunch: free to cancel until Tuesday 10:00, charged until Wednesday 7:00."""
    planning = make_planning(places=2)
    set_notice(planning.activity, Deadline.CANCEL_LATE, DaysBefore(0, time(7)))
    save(planning.family, planning.child_id, book=[planning.opening(WEDNESDAY, unit) for unit in ("Matin", "Repas")])
    return planning


def paris(moment: datetime) -> datetime:
    return moment.replace(tzinfo=PARIS)


def at(moment: datetime) -> None:
    clock.start_at(moment, frozen=True)


def week_of(planning: PlanningSetup, family: FamilySetup | None = None, **choices: list[int]) -> Week:
    family = family or planning.family
    child = child_of(family.family_id, planning.child_id)
    return build_week(family.ref, child, WEDNESDAY, factories.proposal(**choices) if choices else None)


def cell_of(week: Week, opening_id: int) -> CellView:
    cells = (cell for activity in week.activities for row in activity.rows for cell in row.cells if cell is not None)
    return next(cell for cell in cells if cell.opening_id == opening_id)


def both(planning: PlanningSetup) -> list[int]:
    return [planning.opening(WEDNESDAY, unit) for unit in ("Matin", "Repas")]


def results(outcome: SaveOutcome) -> set[Result]:
    return {choice.result for choice in outcome.choices}


def set_surcharges(*surcharges: Surcharge) -> None:
    with write_transaction() as session:
        for version in session.scalars(select(TariffVersion)):
            version.grid = replace(version.grid, surcharges=surcharges)


def test_the_place_is_freed_and_the_price_stays(planning: PlanningSetup) -> None:
    at(FIRST_CHARGED)
    outcome = save(planning.family, planning.child_id, charged=both(planning))
    assert results(outcome) == {Result.CANCELLED_LATE}
    assert [choice.price_cents for choice in outcome.choices] == [420, 420]
    assert (outcome.change_cents, outcome.effects) == (0, ())
    rows = db.session.scalars(select(Booking)).all()
    assert {(row.status, row.cancel_class, row.price_cents) for row in rows} == {
        (BookingStatus.CANCELLED, CancelClass.LATE_CHARGED, 420)
    }
    event = db.session.scalars(select(BookingEvent).order_by(BookingEvent.id.desc()).limit(1)).one()
    assert (event.to_status, event.actor, event.user_id) == (
        BookingStatus.CANCELLED, Actor.PARENT, planning.family.user_id,
    )  # fmt: skip
    assert taken(WEDNESDAY, planning.activity.scope_id) == 0
    assert find_inconsistencies(db.session()) == ()


@pytest.mark.parametrize(
    ("moment", "form", "result"),
    [
        (LAST_FREE, "cancel", Result.CANCELLED),
        (LAST_FREE, "charged", Result.CANCELLED),  # whatever the form says, the rules decide
        (FIRST_CHARGED, "charged", Result.CANCELLED_LATE),
        (FIRST_CHARGED, "cancel", Result.REFUSED),  # shown as free: nobody pays for it unasked
        (LAST_CHARGED, "charged", Result.CANCELLED_LATE),
        (TOO_LATE, "charged", Result.REFUSED),
    ],
)
def test_each_second_has_one_answer(planning: PlanningSetup, moment: datetime, form: str, result: Result) -> None:
    at(moment)
    meal = planning.opening(WEDNESDAY, "Repas")
    freely, charged = ([meal], []) if form == "cancel" else ([], [meal])
    outcome = save(planning.family, planning.child_id, cancel=freely, charged=charged)
    assert results(outcome) == {result}
    if result is Result.REFUSED:
        reason = Reason.CHARGED_BY_NOW if form == "cancel" else Reason.TOO_LATE_TO_CANCEL
        limit = LAST_FREE if form == "cancel" else LAST_CHARGED
        assert [(c.reason, c.until) for c in outcome.choices] == [(reason, paris(limit).isoformat())]
        assert taken(WEDNESDAY, planning.activity.scope_id) == 1
        assert bookings_statuses() == {"confirmed"}
    assert find_inconsistencies(db.session()) == ()


def bookings_statuses() -> set[str]:
    return {status.value for status in db.session.scalars(select(Booking.status))}


def test_without_the_rule_too_late_is_too_late(planning: PlanningSetup) -> None:
    set_notice(planning.activity, Deadline.CANCEL_LATE, Never())
    at(FIRST_CHARGED)
    (choice,) = save(planning.family, planning.child_id, charged=[planning.opening(WEDNESDAY, "Repas")]).choices
    assert (choice.result, choice.reason) == (Result.REFUSED, Reason.TOO_LATE_TO_CANCEL)
    assert not cell_of(week_of(planning), planning.opening(WEDNESDAY, "Repas")).cell.actions


def test_the_check_says_before_saving_that_the_price_stays(planning: PlanningSetup) -> None:
    morning, meal = both(planning)
    before = cell_of(week_of(planning), meal)
    assert (before.is_late, before.cell.actions) == (False, {Action.CANCEL})
    assert before.detail is not None and "ensuite, elle est facturée" in before.detail
    at(FIRST_CHARGED)
    week = week_of(planning, held=[morning, meal], ticked=[morning])
    cell = cell_of(week, meal)
    assert (cell.is_late, cell.cell.state, cell.price_cents) == (True, CellState.PRESENT, 420)
    assert cell.cell.cancel_until == paris(LAST_FREE)
    assert cell.cell.charged_until == paris(LAST_CHARGED)
    summary = week.summary
    assert (summary.removed, summary.absences, summary.amount_cents, summary.month_cents) == (0, 1, 0, 840)
    assert week.days[2].total_cents == 840
    assert week.shown == f"{morning}c,{meal}c"


def test_afterwards_it_is_an_absence_with_its_price_that_nobody_books_again(planning: PlanningSetup) -> None:
    at(FIRST_CHARGED)
    save(planning.family, planning.child_id, charged=both(planning))
    # Also where booking would be in time: a place is never charged twice.
    set_notice(planning.activity, Deadline.BOOK, DaysBefore(0, time(7)))
    week = week_of(planning)
    cell = cell_of(week, planning.opening(WEDNESDAY, "Repas"))
    assert (cell.cell.state, cell.cell.reason, cell.price_cents) == (CellState.ABSENT, Reason.CANCELLED_LATE, 420)
    assert (week.summary.month_cents, week.days[2].total_cents) == (840, 840)
    assert week.price_reasons and "tarif maximum" in week.price_reasons[0].explanations[0]
    (choice,) = save(planning.family, planning.child_id, book=[planning.opening(WEDNESDAY, "Matin")]).choices
    assert (choice.result, choice.reason) == (Result.REFUSED, Reason.CANCELLED_LATE)


def test_the_other_family_sees_an_absence_without_price_and_cannot_book_it(planning: PlanningSetup) -> None:
    other = factories.make_family("AUTRE")
    factories.share_child(planning.child_id, other)
    factories.enrol(planning.child_id, other, planning.activity)
    set_notice(planning.activity, Deadline.BOOK, DaysBefore(0, time(7)))
    at(FIRST_CHARGED)
    save(planning.family, planning.child_id, charged=both(planning))
    week = week_of(planning, other)
    morning = planning.opening(WEDNESDAY, "Matin")
    cell = cell_of(week, morning)
    assert (cell.cell.state, cell.cell.reason) == (CellState.ABSENT, Reason.CANCELLED_BY_OTHER_FAMILY)
    assert (cell.price_cents, cell.cell.badges) == (None, frozenset())
    assert (week.summary.month_cents, week.days[2].total_cents) == (0, 0)
    (choice,) = save(other, planning.child_id, book=[morning]).choices
    assert (choice.result, choice.reason) == (Result.REFUSED, Reason.CANCELLED_BY_OTHER_FAMILY)


def test_the_place_goes_to_another_child(planning: PlanningSetup) -> None:
    families = [add_family(planning, name) for name in ("AUTRE", "ENCORE")]
    set_notice(planning.activity, Deadline.BOOK, DaysBefore(0, time(7)))
    morning = planning.opening(WEDNESDAY, "Matin")
    assert results(save(*families[0], book=[morning])) == {Result.BOOKED}
    at(FIRST_CHARGED)
    assert results(save(*families[1], book=[morning])) == {Result.REFUSED}
    save(planning.family, planning.child_id, charged=both(planning))
    assert results(save(*families[1], book=[morning])) == {Result.BOOKED}
    assert taken(WEDNESDAY, planning.activity.scope_id) == 2
    assert find_inconsistencies(db.session()) == ()


def test_the_tariff_says_what_a_late_cancellation_costs(planning: PlanningSetup) -> None:
    set_surcharges(Surcharge(SurchargeCause.CANCELLED_LATE, ChangePercent(-50)))
    at(FIRST_CHARGED)
    morning, meal = both(planning)
    week = week_of(planning, held=[morning, meal], ticked=[morning])
    assert (cell_of(week, meal).price_cents, week.summary.amount_cents, week.summary.month_cents) == (210, -210, 630)
    outcome = save(planning.family, planning.child_id, charged=[meal])
    assert (outcome.change_cents, [choice.price_cents for choice in outcome.choices]) == (-210, [210])
    change = db.session.scalars(select(BookingPriceChange)).one()
    assert (change.from_cents, change.to_cents, change.reason) == (420, 210, PriceChangeReason.CANCELLED_LATE)
    row = db.session.scalars(select(Booking).where(Booking.opening_id == meal)).one()
    assert "annulé trop tard" in row.price_explanation
    week = week_of(planning)
    assert week.summary.month_cents == 630
    assert [(each.unit_name, each.to_cents) for each in week.changed_prices] == [("Repas", 210)]
    assert find_inconsistencies(db.session()) == ()


def test_a_penalty_of_its_own_is_told_before_saving_and_counted(planning: PlanningSetup) -> None:
    set_surcharges(Surcharge(SurchargeCause.CANCELLED_LATE, AddRate(flat(500))))
    at(FIRST_CHARGED)
    morning, meal = both(planning)
    summary = week_of(planning, held=[morning, meal], ticked=[morning]).summary
    assert (summary.amount_cents, summary.month_cents) == (500, 1340)
    (effect,) = summary.effects
    assert effect.replace("\u00a0", " ").startswith("S’ajoute une pénalité : ") and "5,00" in effect
    outcome = save(planning.family, planning.child_id, charged=[meal])
    assert (outcome.change_cents, outcome.effects) == (500, (effect,))
    assert week_of(planning).summary.month_cents == 1340


def test_an_entry_of_a_book_stays_spent(sqlite_app: Flask) -> None:
    planning = make_planning()
    set_notice(planning.activity, Deadline.CANCEL_LATE, DaysBefore(0, time(7)))
    factories.sell_books(planning.activity, "Matin", entries=2)
    factories.buy_book(planning.family, planning.child_id, planning.activity)
    morning = planning.opening(WEDNESDAY, "Matin")
    save(planning.family, planning.child_id, book=[morning])
    at(FIRST_CHARGED)
    outcome = save(planning.family, planning.child_id, charged=[morning])
    assert outcome.change_cents == 0
    assert [book.left for book in books_of(planning.family.family_id)] == [1]
    row = db.session.scalars(select(Booking)).one()
    assert (row.cancel_class, row.price_cents, row.book_id is None) == (CancelClass.LATE_CHARGED, 0, False)
    assert find_inconsistencies(db.session()) == ()


def test_the_invoice_asks_for_it_and_says_why(planning: PlanningSetup) -> None:
    agent_id = factories.make_staff()
    at(FIRST_CHARGED)
    save(planning.family, planning.child_id, charged=[planning.opening(WEDNESDAY, "Repas")])
    at(DECEMBER_1)
    (invoice_id,) = factories.issue(planning.activity, date(2026, 11, 1), agent_id)
    lines = {line.label: line for line in db.session.get_one(Invoice, invoice_id).lines}
    assert {label: line.amount_cents for label, line in lines.items()} == {
        "Mercredi, Matin": 420,
        "Mercredi, Repas (absence prévenue trop tard)": 420,
    }
    cell = cell_of(week_of(planning), planning.opening(WEDNESDAY, "Repas"))
    assert cell.cell.state is CellState.ABSENT and [badge.value for badge in cell.cell.badges] == ["invoiced"]
    assert week_of(planning).summary.invoiced_cents == 840
    assert find_inconsistencies(db.session()) == ()


def test_who_does_not_come_is_expected_nowhere_and_the_team_reads_when_it_was_told(planning: PlanningSetup) -> None:
    at(FIRST_CHARGED)
    save(planning.family, planning.child_id, charged=both(planning))
    assert next_days.next_days(planning.family.family_id) == ()
    assert agendas.visits_of(planning.family.family_id, WEDNESDAY, WEDNESDAY) == ()
    (activity,) = day_planning.read_day_planning(WEDNESDAY).activities
    assert (activity.children, activity.groups) == (0, ())
    (absence,) = activity.absences
    assert (absence.name, absence.unit_names, absence.told_at) == (
        "TEST Léa", ("Matin", "Repas"), paris(FIRST_CHARGED),
    )  # fmt: skip


def test_a_meal_alone_is_refused_late_as_in_time(planning: PlanningSetup) -> None:
    at(FIRST_CHARGED)
    outcome = save(planning.family, planning.child_id, charged=[planning.opening(WEDNESDAY, "Matin")])
    assert outcome.count(Result.CANCELLED_LATE) == 0 and bookings_statuses() == {"confirmed"}


def test_two_charges_for_one_place_are_found(planning: PlanningSetup) -> None:
    at(FIRST_CHARGED)
    meal = planning.opening(WEDNESDAY, "Repas")
    save(planning.family, planning.child_id, charged=[meal])
    with write_transaction() as session:
        late = session.scalars(select(Booking).where(Booking.opening_id == meal)).one()
        again = {name: getattr(late, name) for name in _COPIED}
        session.add(Booking(**again, status=BookingStatus.CONFIRMED))
    assert "booked_twice" in {each.problem.value for each in find_inconsistencies(db.session())}


_COPIED = ("child_id", "family_id", "enrolment_id", "opening_id", "day", "price_cents", "price_outcome")
