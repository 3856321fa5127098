"""Any history of parents, staff and the clock: places, rules, logs and prices hold after every step (Hypothesis).

What people do, and what must be true, is in tests/histories.py.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress
from contextvars import Context
from functools import partial
from itertools import chain
from random import Random

import pytest
from flask import Flask
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

from app import clock
from app.database import db, write_transaction
from app.rules.choices import Shown
from app.rules.states import Actor
from app.services import bookings
from app.services.catalogue import forget_catalogue
from app.services.errors import DomainError, FamilyNotActive, NotFound
from app.services.planning import Proposal
from app.services.verdicts import SaveOutcome
from tests import factories, histories
from tests.client import Client, query_of
from tests.conftest import TestBed, running
from tests.histories import ALONE, DAYS, STAFF, Council, Parent, Record
from tests.served import hidden
from tests.tills import Till, go_and_pay, money_wrongs, news, work_on_payments
from tests.weights import fetch, signed_in

ACTIONS = [*STAFF, *ALONE]
MOST_VISITS = 2  # of a page, in a history


class Histories(RuleBasedStateMachine):
    """Parents of one child in two families, a rival family, the staff and the clock."""

    app: Flask  # these three are given by the test
    council: Council
    bring_back: Callable[[], None]

    def __init__(self) -> None:
        super().__init__()
        db.session.remove()
        type(self).bring_back()
        forget_catalogue()
        clock.start_at(factories.NOW, frozen=True)
        self.steps = self.visits = 0
        self.keys: Counter[int] = Counter()
        self.till = Till()
        self.record = Record()
        self.books = histories.read_books(db.session())
        self.record.note(self.books)

    def teardown(self) -> None:
        work_on_payments(self.till)
        assert histories.deep_wrongs(db.session()) == []
        assert list(money_wrongs(db.session(), self.till)) == []

    def key(self, parent: Parent) -> str:
        """A key that this parent has not used; others have."""
        self.keys[parent.user_id] += 1
        return f"history-{self.keys[parent.user_id]:08}"

    def saved(self, parent: Parent, proposal: Proposal, save: Callable[[], SaveOutcome]) -> None:
        """A save, compared with what its form asked for."""
        before = self.books
        outcome = save()
        self.look()
        assert list(histories.save_wrongs(before, self.books, parent, proposal, outcome)) == []
        assert list(histories.list_wrongs(db.session(), before, self.books)) == []
        self.record.narrow(self.books)

    def nothing_changed(self) -> None:
        """Raises AssertionError where the last step did something."""
        before = self.books
        self.look()
        assert self.books == before and self.books.counters == before.counters

    def look(self) -> None:
        """Read what is stored now."""
        db.session.rollback()
        self.books = histories.read_books(db.session())

    def save_forms(self, parent: Parent, rng: Random) -> None:
        """Two forms one after the other, as a page shows them, or one that contradicts itself."""
        for _ in range(2):
            form = histories.contradictory_form if rng.random() < 0.1 else histories.some_form
            proposal = form(self.books, parent, rng)
            if proposal is not None:
                key = self.key(parent)
                self.saved(parent, proposal, partial(histories.save, parent, key, proposal))

    def tap_twice(self, parent: Parent, rng: Random) -> None:
        """The second tap changes nothing and reads the same; so does the key with another form."""
        key = self.key(parent)
        proposal = histories.some_form(self.books, parent, rng)
        if proposal is None:
            return
        outcomes: list[SaveOutcome] = []

        def save() -> SaveOutcome:
            outcomes.append(histories.save(parent, key, proposal))
            return outcomes[0]

        self.saved(parent, proposal, save)
        other = histories.some_form(self.books, parent, rng) or proposal
        assert histories.save(parent, key, rng.choice([proposal, other])) == outcomes[0]
        self.nothing_changed()

    def save_on_the_page(self, parent: Parent, rng: Random) -> None:
        """Through HTTP: the week as the page shows it, some cells toggled."""
        if self.visits == MOST_VISITS:
            return
        self.visits += 1
        browser = signed_in(self.app, f"session={Client(self.app).sign_in(parent.user_id).cookie}")
        address = f"/mes-reservations/{parent.child_id}"
        _, page = fetch(browser, f"{address}?jour={rng.choice(DAYS)}")
        text = hidden(page, "shown")
        shown = tuple(Shown(int(each.rstrip("h")), each.endswith("h")) for each in text.split(",") if each)
        ticked = frozenset(each.opening_id for each in shown if each.held != (rng.random() < 0.35))
        form = {**{name: hidden(page, name) for name in ("csrf_token", "key", "shown")}, "t": sorted(ticked)}

        def save() -> SaveOutcome:
            answer = Context().run(browser.post, address, data=form)
            assert answer.status_code == 303, answer.get_data(as_text=True)
            key = query_of(answer.headers["Location"])["enregistrement"]
            answer.close()
            db.session.rollback()
            outcome = bookings.read_outcome(parent.user_id, key, parent.child_id)
            assert outcome is not None
            return outcome

        self.saved(parent, Proposal(shown, ticked), save)

    def save_what_no_page_holds(self, parent: Parent, rng: Random) -> None:
        forms = histories.hostile_forms(self.council, self.books, parent, rng)
        for kind in rng.sample(sorted(forms), 2):
            who, proposal = forms[kind]
            with pytest.raises((NotFound, FamilyNotActive)):
                histories.save(who, self.key(who), proposal)
                pytest.fail(f"{kind} was saved")
        self.nothing_changed()

    def wait_for_a_place(self, parent: Parent, rng: Random) -> None:
        """Join, take, decline, leave, bind: nothing of others moves but what the list gives them."""
        before = self.books
        with suppress(DomainError):
            if rng.random() < 0.6:
                histories.join_list(self.council, before, parent, rng)
            else:
                histories.answer_list(parent, rng)
        self.look()
        self.record.narrow(self.books)
        self.told(before, Actor.PARENT, parent.user_id)

    def told(self, before: histories.Books, actor: Actor, user_id: int | None) -> None:
        """What a step changed is in the log as theirs, and lists gave what they gave in time and in turn."""
        assert list(histories.step_wrongs(before, self.books, actor, user_id)) == []
        assert list(histories.list_wrongs(db.session(), before, self.books)) == []

    def pay(self, parent: Parent, rng: Random) -> None:
        """Go to the payment site with all that is kept: nothing is booked by it."""
        go_and_pay(self.till, parent.family, parent.user_id, rng)
        self.nothing_changed()

    def hear_of_a_payment(self, parent: Parent, rng: Random) -> None:
        """The payment site tells, early, late or again: money confirms what is kept, or is left over."""
        before = self.books
        user_id = news(self.till, rng)
        self.look()
        self.told(before, Actor.PARENT, user_id)
        assert list(money_wrongs(db.session(), self.till)) == []

    def justify(self, parent: Parent, rng: Random) -> None:
        with suppress(DomainError):
            histories.justify(self.council, parent, self.key(parent), rng)
        self.nothing_changed()

    def ask_for_an_activity(self, parent: Parent, rng: Random) -> None:
        with suppress(DomainError), write_transaction() as session:
            histories.ask_enrolment(session, self.council, parent, rng)
        self.look()

    def staff_act(self, parent: Parent, rng: Random) -> None:
        for action in rng.sample(ACTIONS, 2):
            before = self.books
            histories.staff_act(action, self.council, self.record, rng)
            self.look()
            self.told(before, Actor.STAFF, self.council.staff_id)

    def time_passes(self, parent: Parent, rng: Random) -> None:
        histories.wait(rng)
        self.work()

    def work(self, *, releases: bool = True) -> None:
        """The worker comes round: it ends what is over, and looks at who could not come before."""
        before = self.books
        work_on_payments(self.till, releases=releases)
        for _ in chain([None], histories.work_on_lists()):
            self.look()
            self.record.narrow(self.books)
            self.told(before, Actor.SYSTEM, None)
            before = self.books

    @rule(dice=st.integers(0, 2**64))
    def live(self, dice: int) -> None:
        """Hypothesis throws few dice and likes to repeat them: those of a step are thrown with its number."""
        self.steps += 1
        rng = Random(f"{dice} {self.steps}")
        ways = (
            *[self.save_forms] * 8, *[self.staff_act] * 4, *[self.time_passes] * 2, *[self.tap_twice] * 2,
            *[self.save_what_no_page_holds] * 2, self.save_on_the_page, self.ask_for_an_activity,
            *[self.wait_for_a_place] * 4, *[self.pay] * 2, *[self.hear_of_a_payment] * 2, self.justify,
        )  # fmt: skip
        self.work(releases=rng.random() < 0.7)
        way = rng.choice(ways)
        way(rng.choice(self.council.parents), rng)
        if way != self.staff_act:  # a rule that they change is looked at by the worker
            assert histories.unserved(db.session()) == []

    @invariant()
    def all_is_well(self) -> None:
        assert histories.wrongs(db.session(), self.books, self.record) == []


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def bed(request: pytest.FixtureRequest) -> Iterator[TestBed]:
    """The frame of an application, on each database."""
    yield request.getfixturevalue("sqlite_bed" if request.param == "sqlite" else "postgres_bed")
    clock.follow_real_time()


def test_all_is_well_after_any_history(bed: TestBed, request: pytest.FixtureRequest) -> None:
    is_sqlite = "sqlite" in request.node.callspec.id
    run(bed, examples=14 if is_sqlite else 3, steps=25)


def test_all_is_well_while_everybody_saves_at_once(app: Flask) -> None:
    told = histories.live_at_once(app, histories.make_council(rivals=4), seconds=5)
    assert told["booked"] > 10, told


def run(bed: TestBed, examples: int, steps: int, phases: tuple[Phase, ...] = (Phase.generate,)) -> None:
    """Run the machine. `script/drill` does it longer, and looks for the shortest history that fails."""
    with running(bed) as app, ExitStack() as stack:
        council = histories.make_council()
        bring_back = stack.enter_context(bed.kept())
        machine = type(
            "HistoriesOfCouncil", (Histories,), {"app": app, "council": council, "bring_back": staticmethod(bring_back)}
        )
        run_state_machine_as_test(
            machine,
            settings=settings(
                max_examples=examples, stateful_step_count=steps, phases=phases, deadline=None, derandomize=True,
                database=None, suppress_health_check=list(HealthCheck),
            ),
        )  # fmt: skip
