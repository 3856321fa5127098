"""What a save holds on PostgreSQL until it is committed: its child and the counters that it may spend, nothing else."""

from __future__ import annotations

import pytest
from flask import Flask
from sqlalchemy import select

from app.database import db, write_transaction
from app.models.bookings import CapacityCounter
from app.services import bookings
from tests.factories import NEXT_WEDNESDAY, WEDNESDAY, add_scope, make_planning, proposal, save


@pytest.mark.postgres
@pytest.mark.parametrize("app", ["postgresql"], indirect=True)
def test_a_save_holds_the_counters_that_it_may_spend_and_no_others(app: Flask) -> None:
    setup = make_planning()
    with write_transaction() as session:
        afternoon = {setup.activity.units["Après-midi"]}
        other = add_scope(session, "Après-midi", 10, afternoon, {setup.activity.group_id})
    # Bookings make the counters of both scopes and days.
    for day in (WEDNESDAY, NEXT_WEDNESDAY):
        save(setup.family, setup.child_id, book=[setup.opening(day, unit) for unit in ("Matin", "Après-midi")])

    morning = setup.opening(WEDNESDAY, "Matin")
    cancelling = proposal(held=[morning])
    with write_transaction() as session:
        bookings.save(session, setup.family.ref, setup.family.user_id, setup.child_id, "key-of-16-letters", cancelling)
        counters = select(CapacityCounter.day, CapacityCounter.scope_id)
        everything = {tuple(row) for row in session.execute(counters)}
        with db.engine.connect() as somebody_else:
            free = {tuple(row) for row in somebody_else.execute(counters.with_for_update(skip_locked=True))}
    assert {(WEDNESDAY, other), (NEXT_WEDNESDAY, other)} <= everything
    assert everything - free == {(WEDNESDAY, setup.activity.scope_id)}
