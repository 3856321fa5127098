"""Any history of bookings, attendance, invoices, aids, payments, credit notes and write-offs: the money is right to the cent.

What people do, at which statements processes die, and what must be true, is in tests/ledgers.py (Hypothesis).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress
from random import Random

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, rule, run_state_machine_as_test

from app import clock
from app.database import db, write_transaction
from app.rules.allocation import RefusedAllocations
from app.rules.cash_desks import RefusedRefund
from app.services import corrections, debit_batches
from app.services.catalogue import forget_catalogue
from app.services.checks import find_inconsistencies
from app.services.errors import DomainError
from tests import ledgers
from tests.conftest import TestBed, running
from tests.ledgers import Books, Crash, Desk, go_on

REFUSED = (DomainError, RefusedAllocations, RefusedRefund)


class Ledgers(RuleBasedStateMachine):
    """Parents, agents, a régie, the worker and the clock."""

    desk: Desk  # both are given by the test
    bring_back: Callable[[], None]

    def __init__(self) -> None:
        super().__init__()
        db.session.remove()
        type(self).bring_back()
        forget_catalogue()
        clock.start_at(ledgers.BEGIN, frozen=True)
        self.steps = 0
        self.books = Books(self.desk)
        self.books.rows = ledgers.read_rows(db.session())

    def teardown(self) -> None:
        db.session.rollback()
        assert find_inconsistencies(db.session()) == ()
        while go_on():  # a run that was left in its midst, however it died, comes to its end
            pass
        while (correction_id := corrections.next_automatic(db.session())) is not None:
            db.session.rollback()
            with write_transaction() as session:  # as the worker does, but a failure is a failure here
                corrections.carry_out(session, correction_id)
        while (line_id := debit_batches.next_to_record(db.session(), 0)) is not None:
            db.session.rollback()
            with write_transaction() as session:
                debit_batches.record_line(session, line_id)
        self.look()
        assert find_inconsistencies(db.session()) == ()

    @rule(dice=st.integers(0, 2**64))
    def live(self, dice: int) -> None:
        """Three things that somebody does, or is refused, or that a crash undoes; what was issued stays as it was."""
        self.steps += 1
        rng = Random(f"{dice} {self.steps}")
        for _ in range(3):
            with suppress(*REFUSED):
                self.act(rng)
            db.session.rollback()
        self.look()

    def look(self) -> None:
        """What was issued is as it was, and every sum is right."""
        before, self.books.rows = self.books.rows, ledgers.read_rows(db.session())
        assert list(ledgers.changed(before, self.books.rows)) == []
        assert list(ledgers.wrongs(db.session(), self.desk)) == []

    def act(self, rng: Random) -> None:
        """One of them."""
        with ExitStack() as stack:
            stack.enter_context(suppress(Crash))
            if rng.random() < 0.25:
                stack.enter_context(ledgers.dying(rng))
            if rng.random() < 0.3:
                rng.choice(ledgers.BY_ITSELF)(self.books, rng)
                return
            with write_transaction() as session:
                rng.choice(ledgers.IN_A_TRANSACTION)(session, self.books, rng)
                session.flush()
                if rng.random() < 0.05:
                    raise Crash


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def bed(request: pytest.FixtureRequest) -> Iterator[TestBed]:
    """The frame of an application, on each database."""
    yield request.getfixturevalue("sqlite_bed" if request.param == "sqlite" else "postgres_bed")
    clock.follow_real_time()


def test_the_money_is_right_after_any_history(bed: TestBed, request: pytest.FixtureRequest) -> None:
    is_sqlite = "sqlite" in request.node.callspec.id
    run(bed, examples=5 if is_sqlite else 1, steps=25)


def run(bed: TestBed, examples: int, steps: int, phases: tuple[Phase, ...] = (Phase.generate,)) -> None:
    """Run the machine. `script/drill` does it longer, and looks for the shortest history that fails."""
    with running(bed), ExitStack() as stack:
        desk = ledgers.make_desk()
        bring_back = stack.enter_context(bed.kept())
        machine = type("LedgersOfOffice", (Ledgers,), {"desk": desk, "bring_back": staticmethod(bring_back)})
        run_state_machine_as_test(
            machine,
            settings=settings(
                max_examples=examples, stateful_step_count=steps, phases=phases, deadline=None, derandomize=True,
                database=None, suppress_health_check=list(HealthCheck),
            ),
        )  # fmt: skip
