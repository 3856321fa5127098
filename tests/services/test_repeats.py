"""A typical week over many weeks: what the preview says is what the saves do, child by child."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, time, timedelta
from itertools import count

from flask import Flask
from sqlalchemy import event

from app.database import db, write_transaction
from app.models.bookings import Opening
from app.rules.cells import Reason
from app.rules.deadlines import DaysBefore, Deadline
from app.rules.repeats import Rhythm, TypicalWeek
from app.services import bookings, repeats
from app.services.households import read_children
from app.services.repeats import ChildPlan, Wish
from app.services.verdicts import Result, SaveOutcome
from tests import factories
from tests.factories import NEXT_WEDNESDAY, WEDNESDAY, FamilySetup, PlanningSetup, make_planning, save, wednesdays
from tests.services.test_family_prices import FIRST_WEEK, NEXT_WEEK, WEEK, make_home

WEDNESDAYS = 2
_keys = count(1)


def typical(planning: PlanningSetup, *units: str) -> TypicalWeek:
    return TypicalWeek.of((WEDNESDAYS, planning.activity.units[unit]) for unit in units)


def plan(family: FamilySetup, child_ids: Sequence[int], wish: Wish) -> tuple[ChildPlan, ...]:
    db.session.rollback()
    return repeats.plan(family.ref, read_children(db.session(), [family.family_id]), child_ids, wish)


def save_plans(family: FamilySetup, plans: Sequence[ChildPlan]) -> list[SaveOutcome]:
    outcomes = []
    for each in plans:
        with write_transaction() as session:
            key = f"a-repeat-{next(_keys)}"
            outcomes.append(bookings.save(session, family.ref, family.user_id, each.child.id, key, each.proposal))
    return outcomes


def results(outcome: SaveOutcome) -> dict[int, Result]:
    return {choice.opening_id: choice.result for choice in outcome.choices}


def test_all_that_is_open_is_proposed_but_what_the_child_has(sqlite_app: Flask) -> None:
    planning = make_planning(weeks=5)
    first, second, third, fourth, fifth = wednesdays(5)
    save(planning.family, planning.child_id, book=[planning.opening(second, "Matin")])
    with write_transaction() as session:
        session.get_one(Opening, planning.opening(third, "Matin")).is_open = False
    wish = Wish(typical(planning, "Matin", "Repas"), first, fifth - timedelta(days=1))
    (found,) = plan(planning.family, [planning.child_id], wish)
    assert found.has_already == 1 and found.closed_days == (third,)
    # The meal of the third has no half-day beside it.
    said = results(found.outcome)
    assert said.pop(planning.opening(third, "Repas")) is Result.REFUSED
    assert said == dict.fromkeys(
        [
            planning.opening(first, "Matin"), planning.opening(first, "Repas"), planning.opening(second, "Repas"),
            planning.opening(fourth, "Matin"), planning.opening(fourth, "Repas"),
        ],
        Result.BOOKED,
    )  # fmt: skip
    assert save_plans(planning.family, [found]) == [found.outcome]


def test_every_other_week_from_that_of_the_first_day(sqlite_app: Flask) -> None:
    planning = make_planning(weeks=4)
    days = wednesdays(4)
    wish = Wish(typical(planning, "Matin"), days[0] - timedelta(days=2), days[-1], Rhythm.EVERY_OTHER_WEEK)
    (found,) = plan(planning.family, [planning.child_id], wish)
    assert results(found.outcome).keys() == {planning.opening(days[0], "Matin"), planning.opening(days[2], "Matin")}


def test_days_that_are_past_or_too_late_or_full_are_told_apart(sqlite_app: Flask) -> None:
    planning = make_planning(places=1)
    other, other_child = factories.add_family(planning)
    save(other, other_child, book=[planning.opening(NEXT_WEDNESDAY, "Matin")])
    factories.set_notice(planning.activity, Deadline.BOOK, DaysBefore(4, time(12)))
    wish = Wish(typical(planning, "Matin"), date(2026, 9, 1), wednesdays(3)[-1])
    (found,) = plan(planning.family, [planning.child_id], wish)
    assert {choice.day: choice.reason for choice in found.outcome.choices} == {
        str(WEDNESDAY): Reason.TOO_LATE_TO_BOOK, str(NEXT_WEDNESDAY): Reason.FULL, str(wednesdays(3)[-1]): None,
    }  # fmt: skip
    assert save_plans(planning.family, [found]) == [found.outcome]


def test_what_is_asked_of_the_staff_says_so(sqlite_app: Flask) -> None:
    planning = make_planning()
    factories.put_on_request(planning.activity)
    (found,) = plan(planning.family, [planning.child_id], Wish(typical(planning, "Matin"), *_ends()))
    assert set(results(found.outcome).values()) == {Result.REQUESTED} and found.outcome.change_cents == 0
    assert save_plans(planning.family, [found]) == [found.outcome]


def _ends() -> tuple[date, date]:
    days = wednesdays(3)
    return days[0], days[-1]


def test_a_period_is_cleared_of_what_costs_nothing_to_cancel(sqlite_app: Flask) -> None:
    planning = make_planning()
    days = wednesdays(3)
    save(planning.family, planning.child_id, book=[planning.opening(day, "Matin") for day in days])
    factories.set_notice(planning.activity, Deadline.CANCEL, DaysBefore(4, time(12)))
    factories.set_notice(planning.activity, Deadline.CANCEL_LATE, DaysBefore(0, time(7)))
    (found,) = plan(planning.family, [planning.child_id], Wish(typical(planning, "Matin"), *_ends(), gives_back=True))
    assert found.charged == 1  # the first one
    assert results(found.outcome) == {planning.opening(day, "Matin"): Result.CANCELLED for day in days[1:]}
    assert save_plans(planning.family, [found]) == [found.outcome]
    assert [status for _, status in factories.bookings_of(planning.child_id)].count("confirmed") == 1


def test_siblings_packages_and_deductions_cost_in_the_preview_what_they_cost_saved(sqlite_app: Flask) -> None:
    home = make_home()
    units = home.activity.units.values()
    for first, last, weekdays in (
        (FIRST_WEEK[0], FIRST_WEEK[-1], (0, 1)), (WEEK[0], NEXT_WEEK[-1], (0, 1, 2, 3, 4)), (WEEK[0], WEEK[0], (0,)),
    ):  # fmt: skip
        wish = Wish(TypicalWeek.of((weekday, unit) for weekday in weekdays for unit in units), first, last)
        plans = plan(home.family, [home.elder, home.younger], wish)
        assert save_plans(home.family, plans) == [each.outcome for each in plans]
    assert sum(each.outcome.count(Result.BOOKED) for each in plans) == 0  # the last one had all of it already
    wish = Wish(TypicalWeek.of((4, unit) for unit in units), WEEK[0], WEEK[-1], gives_back=True)
    plans = plan(home.family, [home.elder, home.younger], wish)
    assert plans[0].outcome.change_cents < 0
    assert save_plans(home.family, plans) == [each.outcome for each in plans]


def test_a_school_year_of_three_children_takes_few_queries(sqlite_app: Flask) -> None:
    activity = factories.make_activity("Périscolaire", needs={})
    family = factories.make_family()
    child_ids = [factories.make_child(family, name) for name in ("Léa", "Tom", "Zoé")]
    for child_id in child_ids:
        factories.enrol(child_id, family, activity)
    days = [date(2026, 11, 30) + timedelta(days=offset) for offset in range(210)]
    factories.make_openings(activity, [day for day in days if day.weekday() < 5])
    week = TypicalWeek.of((weekday, unit) for weekday in range(5) for unit in activity.units.values())
    asked: list[str] = []
    event.listen(db.engine, "before_cursor_execute", lambda *args: asked.append(args[2]))
    plans = plan(family, child_ids, Wish(week, days[0], days[-1]))
    assert len(asked) <= 30
    assert [each.outcome.count(Result.BOOKED) for each in plans] == [450] * 3


def test_nothing_to_do_is_an_empty_plan(sqlite_app: Flask) -> None:
    planning = make_planning()
    wish = Wish(TypicalWeek.of([(5, planning.activity.units["Matin"])]), *_ends())
    (found,) = plan(planning.family, [planning.child_id], wish)
    assert found.proposal.shown == () and found.outcome.choices == ()
    assert plan(planning.family, [planning.child_id + 99], wish) == ()
