"""Openings: generated on the real calendar, once, and never over what staff did by hand."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import delete, func, select

from app.database import db, write_transaction
from app.models.bookings import CapacityCounter, Opening
from app.rules.calendars import DayKind
from app.rules.openings import SchoolTime, days_of
from app.services import openings
from app.services.catalogue import ActivityInfo, catalogue
from app.services.errors import BookedDay, DaysBooked, NotFound
from app.services.openings import DaysInput, OpeningWish, generate_openings
from tests.factories import NEXT_WEDNESDAY, WEDNESDAY, make_planning, save

SEPTEMBER, AUGUST = date(2026, 9, 1), date(2027, 8, 31)


@pytest.fixture
def activity(app: Flask) -> ActivityInfo:
    """« Mercredi », without any opening or counter yet."""
    make_planning()
    with write_transaction() as session:
        session.execute(delete(Opening))
        session.execute(delete(CapacityCounter))
    return next(iter(catalogue().activities.values()))


def generate(activity: ActivityInfo, starts_on: date = SEPTEMBER, ends_on: date = AUGUST) -> int:
    with write_transaction() as session:
        return generate_openings(
            session,
            activity.id,
            [unit.id for unit in activity.units],
            [group.id for group in activity.groups],
            {DayKind.WEDNESDAY},
            {2},
            starts_on,
            ends_on,
        )


def count(table: type[Opening] | type[CapacityCounter]) -> int:
    return db.session.scalar(select(func.count()).select_from(table)) or 0


def test_every_wednesday_of_the_school_year_is_opened_with_its_counters(activity):
    new = generate(activity)
    days = set(db.session.scalars(select(Opening.day)))
    assert new == count(Opening) == len(days) * len(activity.units) * len(activity.groups)
    assert date(2026, 11, 25) in days
    assert date(2026, 11, 11) not in days  # public holiday
    assert date(2026, 10, 21) not in days  # school holidays
    assert 30 <= len(days) <= 37
    assert count(CapacityCounter) == len(days) * len(catalogue().scopes)
    for day, places, taken in db.session.execute(
        select(CapacityCounter.day, CapacityCounter.places, CapacityCounter.taken)
    ):
        assert day in days
        assert (places > 0, taken) == (True, 0)


def test_generating_again_adds_nothing(activity):
    generate(activity)
    openings, counters = count(Opening), count(CapacityCounter)
    assert generate(activity) == 0
    assert (count(Opening), count(CapacityCounter)) == (openings, counters)


def test_a_longer_span_adds_only_what_is_missing(activity):
    first = generate(activity, ends_on=date(2026, 12, 31))
    second = generate(activity)
    assert first and second
    assert count(Opening) == first + second


def test_what_staff_closed_or_changed_stays(activity):
    generate(activity)
    with write_transaction() as session:
        opening = session.scalars(select(Opening).where(Opening.day == date(2026, 11, 25))).first()
        opening.is_open, opening.closing_reason = False, "Sortie de l’équipe"
        counter = session.scalars(select(CapacityCounter).where(CapacityCounter.day == date(2026, 11, 25))).first()
        counter.places, counter.taken = 3, 2
        kept = opening.id, counter.id
    generate(activity)
    db.session.expire_all()
    opening, counter = db.session.get_one(Opening, kept[0]), db.session.get_one(CapacityCounter, kept[1])
    assert (opening.is_open, opening.closing_reason) == (False, "Sortie de l’équipe")
    assert (counter.places, counter.taken) == (3, 2)


def test_a_span_without_fitting_day_opens_nothing(activity):
    assert generate(activity, date(2026, 11, 26), date(2026, 11, 27)) == 0


@pytest.mark.parametrize("which", ["activity", "unit", "group"])
def test_what_is_not_there_is_refused(activity, which):
    units, groups = [activity.units[0].id], [activity.groups[0].id]
    activity_id = activity.id
    if which == "activity":
        activity_id = 10_000
    elif which == "unit":
        units = [*units, 10_000]
    else:
        groups = [10_000]
    with pytest.raises(NotFound), write_transaction() as session:
        generate_openings(session, activity_id, units, groups, {DayKind.WEDNESDAY}, {2}, SEPTEMBER, AUGUST)
    assert count(Opening) == 0


def test_ten_years_are_planned_at_once(activity):
    assert generate(activity, SEPTEMBER, date(2036, 8, 31)) > 400


def wish(activity: ActivityInfo, **changes: Any) -> OpeningWish:
    """Wednesdays of school time, all units and groups, the whole season."""
    units, groups = (frozenset(each.id for each in several) for several in (activity.units, activity.groups))
    whole = OpeningWish(units, groups, frozenset({2}), frozenset({SchoolTime.SCHOOL}), False, SEPTEMBER, AUGUST, False)
    return replace(whole, **changes)


def days_input(activity: ActivityInfo, *days: date) -> DaysInput:
    units, groups = (frozenset(each.id for each in several) for several in (activity.units, activity.groups))
    return DaysInput(units, groups, days)


def test_preview_says_what_generating_does_and_again_does_nothing(activity):
    plan = openings.preview(activity.id, wish(activity))
    assert len(plan.days) == 35 and not plan.kept and count(Opening) == 0
    with write_transaction() as session:
        assert openings.generate(session, activity.id, wish(activity)) == plan
    assert count(Opening) == len(plan.new)
    again = openings.preview(activity.id, wish(activity))
    assert not again.new and len(again.days) == 35


def test_days_that_are_not_meant_go_unless_a_child_comes(app):
    setup = make_planning()
    activity = catalogue().activities[setup.activity.id]
    save(setup.family, setup.child_id, book=[setup.opening(WEDNESDAY, "Matin")])
    save(setup.family, setup.child_id, book=[setup.opening(NEXT_WEDNESDAY, "Matin")])
    save(setup.family, setup.child_id, cancel=[setup.opening(NEXT_WEDNESDAY, "Matin")])
    mondays = wish(activity, weekdays=frozenset({0}), withdraws_others=True)
    with write_transaction() as session:
        plan = openings.generate(session, activity.id, mondays)
    assert days_of(plan.kept_booked) == (WEDNESDAY,)
    left = db.session.execute(select(Opening.day, Opening.is_open).where(Opening.day.in_([WEDNESDAY, NEXT_WEDNESDAY])))
    # What was booked once keeps its history: it is closed, not deleted.
    assert sorted(left.tuples()) == [(WEDNESDAY, True), (NEXT_WEDNESDAY, False)]


def test_days_are_opened_closed_and_taken_away_by_hand(activity):
    day = date(2027, 7, 14)
    with write_transaction() as session:
        openings.open_days(session, activity.id, days_input(activity, day))
    with write_transaction() as session:
        assert openings.close_days(session, activity.id, days_input(activity, day), "Fête nationale") == 1
    assert set(db.session.execute(select(Opening.is_open, Opening.closing_reason)).tuples()) == {
        (False, "Fête nationale")
    }
    generate(activity)
    with write_transaction() as session:
        openings.open_days(session, activity.id, days_input(activity, day))
    reopened = db.session.execute(select(Opening.is_open, Opening.closing_reason).where(Opening.day == day))
    assert set(reopened.tuples()) == {(True, None)}
    with write_transaction() as session:
        assert openings.withdraw_days(session, activity.id, days_input(activity, day)) == 1
    assert not db.session.scalar(select(func.count()).where(Opening.day == day))


def test_a_booked_day_is_neither_closed_nor_taken_away(app):
    setup = make_planning()
    activity = catalogue().activities[setup.activity.id]
    save(setup.family, setup.child_id, book=[setup.opening(WEDNESDAY, "Matin")])
    for command in (
        lambda session: openings.close_days(session, activity.id, days_input(activity, WEDNESDAY), "Pont"),
        lambda session: openings.withdraw_days(session, activity.id, days_input(activity, WEDNESDAY)),
    ):
        with pytest.raises(DaysBooked) as refused, write_transaction() as session:
            command(session)
        assert refused.value.days == (BookedDay(WEDNESDAY, ("TEST Léa",)),)
    assert set(db.session.scalars(select(Opening.is_open).where(Opening.day == WEDNESDAY))) == {True}
