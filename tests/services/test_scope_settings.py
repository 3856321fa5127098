"""Places: what a scope covers is counted again under the locks of saves, and less places cancel nothing."""

from __future__ import annotations

import threading
from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.database import db, write_transaction
from app.models.bookings import CapacityCounter
from app.services import scope_settings
from app.services.catalogue import catalogue
from app.services.checks import find_inconsistencies
from app.services.counters import lock_counters
from app.services.errors import NotFound, StillUsed
from app.services.places import enter_bookings
from app.services.scope_settings import ScopeInput
from app.services.verdicts import Result
from tests.factories import NEXT_WEDNESDAY, WEDNESDAY, PlanningSetup, add_family, make_planning, save


def typed(setup: PlanningSetup, *units: str, **changes: Any) -> ScopeInput:
    """All units and the group unless told otherwise."""
    ids = frozenset(setup.activity.units[name] for name in units or setup.activity.units)
    whole = ScopeInput("Places", 20, None, 3, ids, frozenset({setup.activity.group_id}))
    return replace(whole, **changes)


def save_scope(scope_id: int | None, wanted: ScopeInput) -> int:
    with write_transaction() as session:
        return scope_settings.save_scope(session, scope_id, wanted)


def counter(scope_id: int | None, day: date = WEDNESDAY) -> tuple[int, int, int | None]:
    """Taken, places, online places."""
    db.session.rollback()
    row = db.session.scalars(
        select(CapacityCounter).where(CapacityCounter.scope_id == scope_id, CapacityCounter.day == day)
    ).one()
    return row.taken, row.places, row.online_places


def test_what_a_scope_covers_is_counted_again(app: Flask) -> None:
    setup = make_planning()
    other, other_child = add_family(setup, "AUTRE")
    save(setup.family, setup.child_id, book=[setup.opening(WEDNESDAY, name) for name in ("Matin", "Après-midi")])
    lunch = [setup.opening(WEDNESDAY, name) for name in ("Matin", "Repas")]
    save(other, other_child, book=lunch)
    scope_id = setup.activity.scope_id
    assert counter(scope_id)[0] == 2
    save_scope(scope_id, typed(setup, "Repas"))
    assert counter(scope_id)[0] == 1
    save_scope(scope_id, typed(setup, "Après-midi", "Repas"))
    assert counter(scope_id)[0] == 2
    save_scope(scope_id, typed(setup, "Matin", "Après-midi"))
    assert counter(scope_id)[0] == 2  # three bookings of two children
    new_id = save_scope(None, typed(setup, name="Tout"))
    assert counter(new_id)[0] == 2
    assert find_inconsistencies(db.session()) == ()
    save(other, other_child, cancel=lunch)
    assert counter(new_id)[0] == 1


def test_fewer_places_cancel_nothing_and_let_nobody_in(app: Flask) -> None:
    setup = make_planning()
    other, other_child = add_family(setup, "AUTRE")
    morning = setup.opening(WEDNESDAY, "Matin")
    save(setup.family, setup.child_id, book=[morning])
    save_scope(setup.activity.scope_id, typed(setup, places=0))
    assert counter(setup.activity.scope_id) == (1, 0, None)
    assert counter(setup.activity.scope_id, NEXT_WEDNESDAY)[1] == 0
    (day,) = scope_settings.overfull_days(setup.activity.scope_id or 0)
    assert (day.day, day.taken, day.places) == (WEDNESDAY, 1, 0)
    assert {each.result for each in save(other, other_child, book=[morning]).choices} == {Result.REFUSED}
    assert {each.result for each in save(setup.family, setup.child_id, cancel=[morning]).choices} == {Result.CANCELLED}


def test_parents_stop_at_the_online_quota(sqlite_app: Flask) -> None:
    setup = make_planning()
    other, other_child = add_family(setup, "AUTRE")
    save_scope(setup.activity.scope_id, typed(setup, places=5, online_places=1))
    morning = setup.opening(WEDNESDAY, "Matin")
    assert {each.result for each in save(setup.family, setup.child_id, book=[morning]).choices} == {Result.BOOKED}
    assert {each.result for each in save(other, other_child, book=[morning]).choices} == {Result.REFUSED}
    assert counter(setup.activity.scope_id) == (1, 5, 1)


def test_places_of_a_day_are_its_own_until_the_usual_ones_are_back(sqlite_app: Flask) -> None:
    setup = make_planning()
    scope_id = setup.activity.scope_id or 0
    days = [WEDNESDAY, date(2026, 11, 26)]
    with write_transaction() as session:
        assert scope_settings.set_day_places(session, scope_id, days, 2, 1) == 1  # on Thursdays nothing opens
    assert counter(scope_id) == (0, 2, 1) and counter(scope_id, NEXT_WEDNESDAY) == (0, 20, None)
    save_scope(scope_id, typed(setup, places=30))
    assert counter(scope_id) == (0, 2, 1) and counter(scope_id, NEXT_WEDNESDAY) == (0, 30, None)
    (shown,) = scope_settings.places_on(WEDNESDAY, catalogue().scopes)
    assert (shown.places, shown.online_places, shown.is_set_by_hand) == (2, 1, True)
    with write_transaction() as session:
        scope_settings.set_day_places(session, scope_id, days, None, None)
    assert counter(scope_id) == (0, 30, None)


def test_past_days_keep_their_places(sqlite_app: Flask) -> None:
    setup = make_planning()
    with write_transaction() as session:
        session.add(CapacityCounter(scope_id=setup.activity.scope_id, day=date(2026, 11, 18), places=20, taken=0))
    save_scope(setup.activity.scope_id, typed(setup, places=7))
    assert counter(setup.activity.scope_id, date(2026, 11, 18))[1] == 20


def test_scope_is_deleted_once_nobody_holds_a_place(sqlite_app: Flask) -> None:
    setup = make_planning()
    scope_id = setup.activity.scope_id or 0
    morning = setup.opening(WEDNESDAY, "Matin")
    save(setup.family, setup.child_id, book=[morning])
    with pytest.raises(StillUsed), write_transaction() as session:
        scope_settings.delete_scope(session, scope_id)
    save(setup.family, setup.child_id, cancel=[morning])
    with write_transaction() as session:
        scope_settings.delete_scope(session, scope_id)
    assert catalogue().scopes == ()
    with pytest.raises(NotFound), write_transaction() as session:
        scope_settings.delete_scope(session, scope_id)


@pytest.mark.postgres
@pytest.mark.parametrize("app", ["postgresql"], indirect=True)
def test_a_scope_waits_for_the_save_that_is_under_way(app: Flask) -> None:
    """A save that read the old scope must be counted by the new one."""
    setup = make_planning()
    inside, done = threading.Event(), threading.Event()

    def change() -> None:
        with app.app_context():
            inside.wait(timeout=10)
            save_scope(setup.activity.scope_id, typed(setup, "Repas"))
            done.set()

    thread = threading.Thread(target=change)
    thread.start()
    with write_transaction() as session:
        enter_bookings(session)
        with Session(db.engine) as somebody_else:
            enter_bookings(somebody_else)  # saves go on side by side
        inside.set()
        assert not done.wait(timeout=0.5)
    assert done.wait(timeout=10)
    thread.join()


def test_places_are_not_spent_by_who_did_not_enter(sqlite_app: Flask) -> None:
    with pytest.raises(RuntimeError), write_transaction() as session:
        lock_counters(session, {})
