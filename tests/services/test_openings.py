"""Openings: generated on the real calendar, once, and never over what staff did by hand."""

from __future__ import annotations

import time
from datetime import date

import pytest
from flask import Flask
from sqlalchemy import delete, func, select

from app.database import db, write_transaction
from app.models.bookings import CapacityCounter, Opening
from app.rules.calendars import DayKind
from app.services.catalogue import ActivityInfo, catalogue
from app.services.errors import NotFound
from app.services.openings import generate_openings
from tests.factories import make_planning

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


def test_ten_years_are_a_matter_of_seconds(activity):
    began = time.monotonic()
    assert generate(activity, SEPTEMBER, date(2036, 8, 31)) > 400
    assert time.monotonic() - began < 10
