"""The week of a child as pages show it, and as it would be after saving the choices proposed."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime, timedelta

from flask import Flask
from sqlalchemy import update

from app import clock
from app.database import db, write_transaction
from app.models.bookings import Booking, Opening
from app.rules.cells import Action, Badge, CellState, Reason
from app.rules.states import BookingStatus, FamilyStatus
from app.services import families, planning
from app.services.planning import CellView, Proposal, Week
from tests import factories
from tests.client import recorder
from tests.factories import NEXT_WEDNESDAY, WEDNESDAY, PlanningSetup, add_family, make_planning, proposal, save


def week_of(setup: PlanningSetup, day: date = WEDNESDAY, wanted: Proposal | None = None) -> Week:
    child = families.child_of(setup.family.family_id, setup.child_id)
    return planning.build_week(setup.family.ref, child, day, wanted)


def cells_of(week: Week) -> dict[tuple[date, str], CellView]:
    return {
        (cell.day.day, row.name): cell
        for activity in week.activities
        for row in activity.rows
        for cell in row.cells
        if cell is not None
    }


def cell_of(
    setup: PlanningSetup, unit: str = "Matin", day: date = WEDNESDAY, wanted: Proposal | None = None
) -> CellView:
    return cells_of(week_of(setup, day, wanted))[day, unit]


def show_all(setup: PlanningSetup, ticked: Iterable[str] = (), held: Iterable[str] = ()) -> Proposal:
    ids = {unit: setup.opening(WEDNESDAY, unit) for unit in setup.activity.units}
    return proposal(
        held=[ids[unit] for unit in held],
        free=[id_ for unit, id_ in ids.items() if unit not in held],
        ticked=[ids[unit] for unit in ticked],
    )


def test_what_waits_costs_the_day_nothing_yet(sqlite_app: Flask) -> None:
    setup = make_planning()
    save(setup.family, setup.child_id, book=[setup.opening(WEDNESDAY, unit) for unit in ("Matin", "Repas")])
    assert week_of(setup).days[2].total_cents == 840
    with write_transaction() as session:
        waits = Booking.opening_id == setup.opening(WEDNESDAY, "Repas")
        session.execute(update(Booking).where(waits).values(status=BookingStatus.WAITING))
    week = week_of(setup)
    assert (week.days[2].total_cents, week.summary.month_cents) == (420, 420)


def test_week_shows_units_in_rows_and_seven_days(app: Flask) -> None:
    setup = make_planning()
    week = week_of(setup)
    assert [day.day for day in week.days] == [date(2026, 11, 23) + timedelta(days=n) for n in range(7)]
    assert [(a.name, [row.name for row in a.rows]) for a in week.activities] == [
        ("Mercredi", ["Matin", "Repas", "Après-midi"])
    ]
    assert set(cells_of(week)) == {(WEDNESDAY, unit) for unit in setup.activity.units}
    assert week.shown_day.day == WEDNESDAY
    assert [day.day for day in week.days if day.is_today] == [date(2026, 11, 23)]
    assert [day.day for day in week.days if not day.is_closed] == [WEDNESDAY]


def test_all_activities_of_a_child_are_in_one_planning(app: Flask) -> None:
    setup = make_planning()
    evening = factories.make_activity(
        "Périscolaire", {"Acc soir": (datetime(1, 1, 1, 16, 30).time(), datetime(1, 1, 1, 19).time())}
    )
    factories.make_openings(evening, [factories.MONDAY, WEDNESDAY])
    assert [a.name for a in week_of(setup).activities] == ["Mercredi"]
    factories.enrol(setup.child_id, setup.family, evening)
    assert [a.name for a in week_of(setup).activities] == ["Mercredi", "Périscolaire"]


def test_free_cell_says_its_price_its_deadline_and_that_it_can_be_booked(app: Flask) -> None:
    cell = cell_of(make_planning(quotient_cents=50_000))
    assert (cell.cell.state, cell.cell.actions, cell.price_cents) == (CellState.AVAILABLE, {Action.BOOK}, 210)
    assert cell.cell.book_until == datetime(2026, 11, 24, 10, 0, tzinfo=clock.PARIS)
    assert (cell.holding, cell.ticked) == (False, False)


def test_held_cell_can_be_cancelled_until_its_deadline(app: Flask) -> None:
    setup = make_planning()
    save(setup.family, setup.child_id, book=[setup.opening(WEDNESDAY, "Matin")])
    cell = cell_of(setup)
    assert (cell.cell.state, cell.cell.actions) == (CellState.PRESENT, {Action.CANCEL})
    assert cell.holding and cell.ticked
    clock.start_at(datetime(2026, 11, 24, 10, 0, 1), frozen=True)
    cell = cell_of(setup)
    assert (cell.cell.state, cell.cell.reason, cell.cell.actions) == (
        CellState.PRESENT, Reason.TOO_LATE_TO_CANCEL, frozenset(),
    )  # fmt: skip


def test_past_day_offers_nothing(app: Flask) -> None:
    setup = make_planning()
    save(setup.family, setup.child_id, book=[setup.opening(WEDNESDAY, "Matin")])
    clock.start_at(datetime(2026, 11, 26, 9, 0), frozen=True)
    cells = cells_of(week_of(setup))
    assert all(cell.cell.actions == frozenset() for cell in cells.values())
    assert cells[WEDNESDAY, "Matin"].cell.state is CellState.PRESENT
    assert cells[WEDNESDAY, "Repas"].cell.reason is Reason.PAST


def test_full_cell_is_full_for_the_others_only(app: Flask) -> None:
    setup = make_planning(places=1)
    other, other_child = add_family(setup)
    save(other, other_child, book=[setup.opening(WEDNESDAY, "Matin")])
    cell = cell_of(setup)
    assert (cell.cell.state, cell.cell.reason, cell.cell.actions) == (CellState.FULL, Reason.FULL, frozenset())
    theirs = planning.build_week(other.ref, families.child_of(other.family_id, other_child), WEDNESDAY)
    assert cells_of(theirs)[WEDNESDAY, "Après-midi"].cell.state is CellState.AVAILABLE


def test_last_places_are_announced(app: Flask) -> None:
    few, many = make_planning(places=3), None
    assert cell_of(few).cell.badges == {Badge.LAST_PLACES}
    assert cell_of(few).places_left == 3
    many = factories.make_activity("Grand", places=4)
    opening = factories.make_openings(many, [WEDNESDAY])[WEDNESDAY, "Matin"]
    factories.enrol(few.child_id, few.family, many)
    cell = next(
        c for a in week_of(few).activities for row in a.rows for c in row.cells if c and c.opening_id == opening
    )
    assert cell.cell.badges == frozenset()


def test_without_scope_nothing_limits(app: Flask) -> None:
    setup = make_planning(places=None)
    assert cell_of(setup).places_left is None


def test_closed_opening_says_why(app: Flask) -> None:
    setup = make_planning()
    with write_transaction() as session:
        session.execute(
            update(Opening)
            .where(Opening.id == setup.opening(WEDNESDAY, "Matin"))
            .values(is_open=False, closing_reason="Grève du personnel")
        )
    cell = cell_of(setup)
    assert (cell.cell.state, cell.cell.reason) == (CellState.IMPOSSIBLE, Reason.CLOSED)
    assert cell.reason_text is not None and "Grève du personnel" in cell.reason_text


def test_family_that_may_only_look_sees_everything_and_can_do_nothing(app: Flask) -> None:
    setup = make_planning()
    save(setup.family, setup.child_id, book=[setup.opening(WEDNESDAY, "Matin")])
    closed = factories.FamilySetup(
        setup.family.family_id, setup.family.guardian_id, setup.family.user_id, setup.family.email, FamilyStatus.CLOSED
    )
    child = families.child_of(closed.family_id, setup.child_id)
    week = planning.build_week(closed.ref, child, WEDNESDAY)
    assert [cell.cell.actions for cell in cells_of(week).values()] == [frozenset()] * 3
    assert week.shown == ""


def test_meal_alone_breaks_its_rule_and_says_with_what_it_would_go(app: Flask) -> None:
    setup = make_planning()
    week = week_of(setup, wanted=show_all(setup, ticked=["Repas"]))
    meal = cells_of(week)[WEDNESDAY, "Repas"]
    assert (meal.cell.state, meal.cell.reason) == (CellState.NOT_ALLOWED, Reason.BREAKS_COMBINATION)
    assert meal.reason_text is not None and "Matin" in meal.reason_text and "Après-midi" in meal.reason_text
    assert len(week.summary.problems) == 1
    assert cells_of(week)[WEDNESDAY, "Matin"].cell.state is CellState.AVAILABLE
    week = week_of(setup, wanted=show_all(setup, ticked=["Matin", "Repas"]))
    assert week.summary.problems == ()


def test_proposal_is_counted_and_priced_and_stores_nothing(app: Flask) -> None:
    setup = make_planning()
    save(setup.family, setup.child_id, book=[setup.opening(WEDNESDAY, "Matin")])
    before = factories.event_count()
    week = week_of(setup, wanted=show_all(setup, held=["Matin"], ticked=["Repas", "Après-midi"]))
    assert (week.summary.added, week.summary.removed, week.summary.amount_cents) == (2, 1, 420)
    assert week.summary.has_changes
    assert not week_of(setup).summary.has_changes
    assert factories.event_count() == before
    assert not db.session.new and not db.session.dirty


def test_proposal_leaves_alone_what_it_did_not_show_and_what_is_no_opening_of_the_child(app: Flask) -> None:
    setup = make_planning()
    save(setup.family, setup.child_id, book=[setup.opening(WEDNESDAY, "Matin")])
    stranger = factories.make_openings(factories.make_activity("Ados"), [WEDNESDAY])[WEDNESDAY, "Matin"]
    meal = setup.opening(WEDNESDAY, "Repas")
    week = week_of(setup, wanted=proposal(free=[meal, stranger], ticked=[meal, stranger]))
    assert (week.summary.added, week.summary.removed, week.summary.problems) == (1, 0, ())


def test_form_tells_the_openings_that_can_change_and_which_are_held(app: Flask) -> None:
    setup = make_planning()
    morning, meal, afternoon = (setup.opening(WEDNESDAY, unit) for unit in setup.activity.units)
    save(setup.family, setup.child_id, book=[morning])
    assert week_of(setup).shown == f"{morning}h,{meal},{afternoon}"
    with write_transaction() as session:
        session.execute(update(Opening).where(Opening.id == meal).values(is_open=False))
    assert week_of(setup).shown == f"{morning}h,{afternoon}"


def test_other_family_of_a_shared_child_sees_the_place_but_not_the_price(app: Flask) -> None:
    setup = make_planning()
    other = factories.make_family("SEPARE", "Dominique")
    factories.share_child(setup.child_id, other)
    factories.enrol(setup.child_id, other, setup.activity)
    save(setup.family, setup.child_id, book=[setup.opening(WEDNESDAY, "Matin")])
    week = planning.build_week(other.ref, families.child_of(other.family_id, setup.child_id), WEDNESDAY)
    cell = cells_of(week)[WEDNESDAY, "Matin"]
    assert (cell.cell.state, cell.cell.reason) == (CellState.PRESENT, Reason.HELD_BY_OTHER_FAMILY)
    assert (cell.price_cents, cell.holding, cell.cell.actions) == (None, False, frozenset())
    assert cells_of(week)[WEDNESDAY, "Repas"].cell.state is CellState.AVAILABLE


def test_days_say_what_they_are(app: Flask) -> None:
    setup = make_planning()
    week = week_of(setup, date(2026, 12, 25))
    notes = {day.day: day.note for day in week.days}
    assert notes[date(2026, 12, 25)] is not None and "Noël" in notes[date(2026, 12, 25)]
    assert all(
        note is not None and "Vacances de Noël" in note for day, note in notes.items() if day < date(2026, 12, 25)
    )
    assert all(day.is_closed for day in week.days)
    assert week_of(setup).days[0].note is None


def test_planning_costs_the_same_number_of_queries_however_much_is_in_it(app: Flask) -> None:
    setup = make_planning(weeks=2)
    week_of(setup)  # the catalogue is loaded once for the process

    def count() -> int:
        db.session.rollback()
        recorder.statements = statements = []
        try:
            week_of(setup)
        finally:
            recorder.statements = None
        return len(statements)

    before = count()
    week = [factories.MONDAY + timedelta(days=n) for n in range(5)]
    for name in ("Périscolaire", "Études", "Sport"):
        activity = factories.make_activity(name)
        openings = factories.make_openings(activity, week)
        factories.enrol(setup.child_id, setup.family, activity)
        save(setup.family, setup.child_id, book=list(openings.values()))
    week_of(setup)
    assert count() == before
    assert before <= 9


def test_next_week_is_another_page(app: Flask) -> None:
    setup = make_planning()
    assert set(cells_of(week_of(setup, NEXT_WEDNESDAY))) == {(NEXT_WEDNESDAY, unit) for unit in setup.activity.units}


def test_child_without_enrolment_has_an_empty_planning(app: Flask) -> None:
    setup = make_planning()
    child_id = factories.make_child(setup.family, "Hugo")
    week = planning.build_week(setup.family.ref, families.child_of(setup.family.family_id, child_id), WEDNESDAY)
    assert (week.activities, week.shown) == ((), "")
