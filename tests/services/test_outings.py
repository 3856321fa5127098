"""Outings: set as units of one day, booked, priced and counted as any unit, and never taken from a child."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, timedelta

import pytest
from flask import Flask
from sqlalchemy import select

from app.database import db, write_transaction
from app.models.activities import Season, TariffVersion, Unit
from app.models.bookings import Opening
from app.rules.cells import Reason
from app.rules.combinations import Breach
from app.rules.deadlines import Deadline
from app.services.activity_copies import CopyInput, PricesOfCopy, copy_activity
from app.services.catalogue import catalogue
from app.services.errors import NameTaken, StillUsed
from app.services.families import children_of
from app.services.openings import DaysInput, open_days
from app.services.outings import OutingInput, find_outing, save_outing, withdraw_outing
from app.services.planning import Week, build_week
from app.services.tariffs import TariffInput, add_version
from app.services.verdicts import Result
from tests import factories
from tests.factories import NEXT_WEDNESDAY, WEDNESDAY, PlanningSetup, add_family, make_outing, make_planning, save


@pytest.fixture
def planning(sqlite_app: Flask) -> PlanningSetup:
    return make_planning()


def opening_of(unit_id: int) -> int:
    return db.session.scalars(select(Opening.id).where(Opening.unit_id == unit_id)).one()


def week_of(planning: PlanningSetup, day: date) -> Week:
    db.session.rollback()
    (child,) = children_of(planning.family.family_id)
    return build_week(planning.family.ref, child, day)


def change(unit_id: int, **changes: object) -> None:
    with write_transaction() as session:
        row = find_outing(unit_id)
        typed = OutingInput(**{name: getattr(row, name) for name in OutingInput.__dataclass_fields__})
        save_outing(session, row, row.activity.id, replace(typed, **changes))


def test_an_outing_is_seen_in_its_week_with_its_places_and_price_and_booked_like_any_unit(
    planning: PlanningSetup,
) -> None:
    unit_id = make_outing(planning.activity, places=1)
    rows = [row for activity in week_of(planning, WEDNESDAY).activities for row in activity.rows]
    outing = next(row for row in rows if row.name == "Sortie à la mer")
    (cell,) = [cell for cell in outing.cells if cell is not None]
    assert (cell.price_cents, cell.places_left, cell.day.day) == (1_200, 1, WEDNESDAY)
    names = [row.name for activity in week_of(planning, NEXT_WEDNESDAY).activities for row in activity.rows]
    assert names == ["Matin", "Repas", "Après-midi"]
    outcome = save(planning.family, planning.child_id, book=[opening_of(unit_id)])
    assert (outcome.count(Result.BOOKED), outcome.change_cents) == (1, 1_200)
    family, child_id = add_family(planning)
    outcome = save(family, child_id, book=[opening_of(unit_id), planning.opening(WEDNESDAY, "Matin")])
    assert {choice.reason for choice in outcome.choices if choice.result is Result.REFUSED} == {Reason.FULL}


def test_what_it_replaces_is_not_booked_besides_and_stays_what_it_is_otherwise(planning: PlanningSetup) -> None:
    units = planning.activity.units
    unit_id = make_outing(planning.activity, replaced_ids=frozenset({units["Matin"], units["Après-midi"]}))
    outing, morning = opening_of(unit_id), planning.opening(WEDNESDAY, "Matin")
    outcome = save(planning.family, planning.child_id, book=[outing, morning])
    assert {choice.breach for choice in outcome.choices} == {Breach.EXCLUDES}
    both = [morning, planning.opening(WEDNESDAY, "Après-midi")]
    assert save(planning.family, planning.child_id, book=both).count(Result.BOOKED) == 2
    assert find_outing(unit_id).replaced_ids == {units["Matin"], units["Après-midi"]}


def test_its_own_deadline_is_that_of_booking_and_cancelling_and_of_nothing_else(planning: PlanningSetup) -> None:
    unit_id = make_outing(planning.activity, deadline=datetime(2026, 11, 20, 12))
    outcome = save(planning.family, planning.child_id, book=[opening_of(unit_id)])
    assert [choice.reason for choice in outcome.choices] == [Reason.TOO_LATE_TO_BOOK]
    assert save(planning.family, planning.child_id, book=[planning.opening(WEDNESDAY, "Matin")]).count(Result.BOOKED)
    change(unit_id, deadline=None)
    assert save(planning.family, planning.child_id, book=[opening_of(unit_id)]).count(Result.BOOKED) == 1
    notices = catalogue().activities[planning.activity.id].notices
    assert all(len(notices[kind].lines) == 1 for kind in (Deadline.BOOK, Deadline.CANCEL))


def test_it_costs_what_another_unit_costs_where_the_staff_say_so(planning: PlanningSetup) -> None:
    unit_id = make_outing(planning.activity, cents=None, like_unit_id=planning.activity.units["Matin"])
    assert find_outing(unit_id).like_unit_id == planning.activity.units["Matin"]
    outcome = save(planning.family, planning.child_id, book=[opening_of(unit_id)])
    assert outcome.change_cents == 420


def test_it_moves_to_another_day_until_a_child_has_it(planning: PlanningSetup) -> None:
    unit_id = make_outing(planning.activity)
    change(unit_id, day=NEXT_WEDNESDAY, name="Sortie au lac", places=3)
    assert db.session.scalars(select(Opening.day).where(Opening.unit_id == unit_id)).all() == [NEXT_WEDNESDAY]
    save(planning.family, planning.child_id, book=[opening_of(unit_id)])
    for changes in ({"day": WEDNESDAY}, {"cents": 900}, {"group_ids": frozenset()}):
        with pytest.raises(StillUsed):
            change(unit_id, **changes)
    change(unit_id, places=0, name="Sortie en forêt")
    with pytest.raises(StillUsed), write_transaction() as session:
        withdraw_outing(session, unit_id)
    assert catalogue().units[unit_id].name == "Sortie en forêt"


def test_withdrawn_it_leaves_nothing_unless_a_child_had_it(planning: PlanningSetup) -> None:
    before = catalogue().activities[planning.activity.id]
    scopes = catalogue().scopes
    had, never = make_outing(planning.activity, "Au lac"), make_outing(
        planning.activity, replaced_ids=frozenset({planning.activity.units["Matin"]}), deadline=datetime(2026, 11, 24)
    )  # fmt: skip
    opening_id = opening_of(had)
    save(planning.family, planning.child_id, book=[opening_id])
    save(planning.family, planning.child_id, cancel=[opening_id])
    for unit_id in (had, never):
        with write_transaction() as session:
            withdraw_outing(session, unit_id)
    db.session.rollback()
    assert db.session.get(Unit, never) is None
    assert not find_outing(had).is_open
    after = catalogue().activities[planning.activity.id]
    assert (after.combinations, after.notices) == (before.combinations, before.notices)
    assert [scope.units for scope in catalogue().scopes] == [*(scope.units for scope in scopes), frozenset({had})]
    codes = set(db.session.scalars(select(TariffVersion)).one().grid.by_code)
    assert f"unit-{never}" not in codes and f"unit-{had}" in codes


def test_it_opens_on_no_other_day_and_its_name_is_its_own(planning: PlanningSetup) -> None:
    unit_id = make_outing(planning.activity)
    days = tuple(WEDNESDAY + timedelta(days=offset) for offset in range(7))
    groups = frozenset({planning.activity.group_id})
    with write_transaction() as session:
        open_days(session, planning.activity.id, DaysInput(frozenset({unit_id}), groups, days))
    assert db.session.scalars(select(Opening.day).where(Opening.unit_id == unit_id)).all() == [WEDNESDAY]
    with pytest.raises(NameTaken):
        factories.make_outing(planning.activity, "Matin")


def test_new_prices_take_the_outing_over_and_ask_no_price_of_it(planning: PlanningSetup) -> None:
    unit_id = make_outing(planning.activity, day=NEXT_WEDNESDAY)
    grid = factories.make_grid(planning.activity.units.values(), [(0, None, 300)])
    with write_transaction() as session:
        add_version(session, planning.activity.id, TariffInput(date(2026, 12, 1), grid))
        add_version(session, planning.activity.id, TariffInput(date(2027, 1, 1), grid))
    assert save(planning.family, planning.child_id, book=[opening_of(unit_id)]).change_cents == 1_200
    versions = [version.grid for version in catalogue().activities[planning.activity.id].tariffs]
    assert [f"unit-{unit_id}" in version.by_code for version in versions] == [True, True, False]


def test_a_copy_has_its_outing_a_year_later_withdrawn_until_it_is_saved(planning: PlanningSetup) -> None:
    make_outing(planning.activity, deadline=datetime(2026, 11, 20, 12))
    with write_transaction() as session:
        season = Season(name="2027-2028", starts_on=date(2027, 9, 1), ends_on=date(2028, 8, 31))
        session.add(season)
        session.flush()
        wanted = CopyInput(season.id, "Mercredi", PricesOfCopy.VERSION)
        copy_id = copy_activity(session, planning.activity.id, wanted)
    (unit,) = catalogue().activities[copy_id].outings
    row = find_outing(unit.id)
    assert (row.day, row.deadline) == (date(2027, 11, 25), datetime(2027, 11, 20, 12))
    assert (row.is_open, row.cents, row.places, len(row.group_ids)) == (False, 1_200, 8, 1)
    change(unit.id)
    assert find_outing(unit.id).is_open
