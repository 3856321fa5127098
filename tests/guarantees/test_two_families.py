"""Any sequence of saves by two families that share a child, over few places: the books always balance (Hypothesis)."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from datetime import date, timedelta
from itertools import pairwise

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test
from sqlalchemy import func, select
from sqlalchemy.orm import selectinload

from app import clock
from app.database import db, write_transaction
from app.models.bookings import Booking, BookingEvent, CapacityCounter
from app.rules.states import ACTIVE_STATUSES, BOOKING_TRANSITIONS
from app.services import bookings
from app.services.bookings import Result
from app.services.catalogue import forget_catalogue
from app.services.checks import find_inconsistencies
from tests import factories
from tests.conftest import TestBed

PLACES = 2
DAYS = factories.wednesdays(3)
UNITS = list(factories.WEDNESDAY_UNITS)
Cell = tuple[date, str]
CELLS: list[Cell] = [(day, unit) for day in DAYS for unit in UNITS]


class Families(RuleBasedStateMachine):
    """Two separated parents of one child, one of them with a child of their own, and a neighbour."""

    bed: TestBed  # given by the test

    def __init__(self) -> None:
        super().__init__()
        self.open = ExitStack()
        self.bed.refresh()
        self.open.enter_context(self.bed.app.app_context())
        forget_catalogue()
        clock.start_at(factories.NOW, frozen=True)
        self.serial = 0

    def teardown(self) -> None:
        db.session.remove()
        self.open.close()

    @initialize()
    def make_people(self) -> None:
        planning = factories.make_planning(weeks=len(DAYS), places=PLACES)
        other = factories.make_family("SEPARE", "Dominique")
        factories.share_child(planning.child_id, other)
        factories.enrol(planning.child_id, other, planning.activity)
        own = factories.make_child(other, "Hugo")
        factories.enrol(own, other, planning.activity)
        neighbour, child = factories.add_family(planning)
        self.openings = planning.openings
        self.people = [
            (planning.family, planning.child_id), (other, planning.child_id), (other, own), (neighbour, child)
        ]  # fmt: skip

    @rule(
        who=st.integers(0, 3),
        days=st.sets(st.sampled_from(DAYS), min_size=1, max_size=2),
        toggled=st.sets(st.sampled_from(CELLS), min_size=1, max_size=5),
        stale=st.sets(st.sampled_from(CELLS), max_size=1),
    )
    def save(self, who: int, days: set[date], toggled: set[Cell], stale: set[Cell]) -> None:
        """A form that showed some days, one cell perhaps with a state that is no longer true, some of them toggled."""
        family, child_id = self.people[who]
        held = set(
            db.session.scalars(
                select(Booking.opening_id).where(
                    Booking.child_id == child_id,
                    Booking.family_id == family.family_id,
                    Booking.status.in_(ACTIVE_STATUSES),
                )
            )
        )
        shown = [cell for cell in CELLS if cell[0] in days]
        seen_held = {cell for cell in shown if (self.openings[cell] in held) != (cell in stale)}
        wanted = factories.proposal(
            held=[self.openings[cell] for cell in shown if cell in seen_held],
            free=[self.openings[cell] for cell in shown if cell not in seen_held],
            ticked=[self.openings[cell] for cell in shown if (cell in seen_held) != (cell in toggled)],
        )
        self.serial += 1
        key = f"state-machine-{self.serial:06}"
        before = self.count_events()
        for _tap in range(2):  # the second one changes nothing
            with write_transaction() as session:
                outcome = bookings.save(session, family.ref, family.user_id, child_id, key, wanted)
        assert self.count_events() - before == outcome.count(Result.BOOKED, Result.CANCELLED)

    @rule(hours=st.sampled_from([1, 25, 72]))
    def time_passes(self, hours: int) -> None:
        clock.start_at(clock.now() + timedelta(hours=hours), frozen=True)

    @rule(day=st.sampled_from(DAYS), places=st.integers(0, 3))
    def staff_change_places(self, day: date, places: int) -> None:
        with write_transaction() as session:
            counter = session.scalars(select(CapacityCounter).where(CapacityCounter.day == day)).one()
            # Never below what is booked here, so that "more taken than places" stays an error.
            counter.places = max(places, counter.taken)

    def count_events(self) -> int:
        return db.session.scalar(select(func.count()).select_from(BookingEvent)) or 0

    @invariant()
    def books_balance(self) -> None:
        db.session.rollback()
        assert find_inconsistencies(db.session()) == ()

    @invariant()
    def log_is_complete_and_legal(self) -> None:
        for booking in db.session.scalars(select(Booking).options(selectinload(Booking.events))):
            steps = [(event.from_status, event.to_status) for event in booking.events]
            assert steps[0][0] is None and steps[-1][1] is booking.status
            assert all(following[0] is step[1] for step, following in pairwise(steps))
            assert all(after in BOOKING_TRANSITIONS[before] for before, after in steps)


@pytest.fixture
def bed(sqlite_bed: TestBed) -> Iterator[TestBed]:
    yield sqlite_bed
    clock.follow_real_time()


def test_books_balance_after_any_sequence_of_saves(bed: TestBed) -> None:
    run(bed, examples=30, steps=30)


def run(bed: TestBed, examples: int, steps: int, phases: tuple[Phase, ...] = (Phase.generate,)) -> None:
    """Run the machine. `script/drill` does it longer, and looks for the shortest sequence that fails."""
    machine = type("FamiliesOnBed", (Families,), {"bed": bed})
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=examples, stateful_step_count=steps, phases=phases, deadline=None,
            derandomize=True, database=None,
            suppress_health_check=list(HealthCheck),
        ),
    )  # fmt: skip
