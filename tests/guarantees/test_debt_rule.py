"""Whom an office reminds is said twice: by `rules.debts`, and in SQL for lists that count and page. Both say the same.

Hypothesis makes families with invoices in every standing around the days and amounts that decide.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta

import pytest
from flask import Flask
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from sqlalchemy.orm import Session

from app import clock
from app.database import db, write_transaction
from app.models.debts import DebtMove, InvoiceHold, InvoiceReminder, ReminderRun
from app.models.invoices import Invoice, InvoiceRun, RunStatus
from app.models.payments import BasketInvoice, Payment, PaymentAllocation, PaymentBasket
from app.rules.baskets import LIVE_FOR, BasketState
from app.rules.cash_desks import PaymentMode
from app.rules.debts import LAST_LEVEL, Debt, DebtMoveKind, HoldKind, ReminderRule, due_reminders
from app.services import debt_reminders
from tests import factories
from tests.factories import FamilySetup

LEVELS = range(1, LAST_LEVEL + 1)
TODAY = factories.NOW.date()
EDGES = st.sampled_from([-1, 0, 1])  # a day, a cent, a second before, at and after what decides
DAYS = (15, 30, 45)
RULES = st.builds(
    ReminderRule,
    is_on=st.integers(0, 9).map(bool),
    days=st.sampled_from([DAYS, DAYS, (1, 2, 3), (15, 29, 60)]),
    minimum_cents=st.sampled_from([0, 1, 500]),
)


@dataclass(frozen=True, slots=True)
class Case:
    """An invoice as it is made; days count from today."""

    due_in: int
    cents: int
    paid_cents: int
    given_up: bool
    levels_ago: tuple[int, ...]  # how many days ago each level was sent
    hold: tuple[HoldKind, int, bool] | None  # until in so many days, and whether it ended
    basket: tuple[BasketState, int] | None  # its age, in seconds more than an attempt lives


@st.composite
def cases(draw: st.DrawFn) -> Case:
    """One invoice around the edges of a level, with one thing at most that may keep it back."""
    level = draw(st.integers(0, LAST_LEVEL))
    last = 15 + draw(EDGES)
    cents = draw(st.sampled_from([1, 250, 499, 500, 501, 2_000, 2_000, 2_000]))
    twist = draw(st.sampled_from(["none", "none", "none", "paid", "given up", "hold", "attempt"]))
    return Case(
        due_in=-(DAYS[min(level, LAST_LEVEL - 1)] + draw(st.sampled_from([0, 15, 60])) + draw(EDGES)),
        cents=cents,
        paid_cents=draw(st.sampled_from([1, cents - 1, cents])) if twist == "paid" else 0,
        given_up=twist == "given up",
        levels_ago=tuple(last + 15 * before for before in reversed(range(level))),
        hold=draw(st.tuples(st.sampled_from(HoldKind), EDGES, st.booleans())) if twist == "hold" else None,
        basket=draw(st.tuples(st.sampled_from(BasketState), EDGES)) if twist == "attempt" else None,
    )


FAMILIES = st.lists(
    st.tuples(st.lists(cases(), max_size=3), st.sampled_from([0, 0, 0, 1, 499, 500, 2_000])), min_size=3, max_size=3
)


class _Undo(Exception):
    """Nothing of an example is kept."""


@pytest.fixture
def families(app: Flask) -> Iterator[tuple[list[FamilySetup], int, int]]:
    """Three families, what they owe elsewhere, the office that reminds, and an agent."""
    agent_id = factories.make_staff()
    found = [factories.make_family(f"TEST {number}") for number in range(3)]
    for family in found:  # of another office: it is none of this one's business
        factories.make_invoice(family, 5_000, prefix="AN", payfip_number="000002", issued_on=date(2026, 2, 2))
    seed = factories.make_invoice(factories.make_family("SEED"), 1, issued_on=TODAY)
    office_id = db.session.get_one(Invoice, seed).office_id
    db.session.rollback()
    yield found, office_id, agent_id


def test_the_rule_and_its_statement_in_sql_agree(families: tuple[list[FamilySetup], int, int]) -> None:
    setups, office_id, agent_id = families
    seen: set[int] = set()

    @settings(
        max_examples=50, deadline=None, derandomize=True, database=None, phases=(Phase.generate,),
        suppress_health_check=list(HealthCheck),
    )  # fmt: skip
    @given(rule=RULES, wanted=FAMILIES)
    def agree(rule: ReminderRule, wanted: list[tuple[list[Case], int]]) -> None:
        with pytest.raises(_Undo), write_transaction() as session:
            make = Maker(session, office_id, agent_id)
            debt_reminders.save_rule(session, office_id, rule, agent_id)
            expected = {level: set[int]() for level in LEVELS}
            lines: dict[tuple[int, int], list[int]] = {}
            for family, (invoices, kept_cents) in zip(setups, wanted, strict=True):
                debts = [make.invoice(family, case) for case in invoices]
                make.keep(family, kept_cents)
                for level, due in due_reminders(rule, debts, kept_cents, TODAY).items():
                    expected[level].add(family.family_id)
                    lines[family.family_id, level] = sorted(debt.balance_cents for debt in due)
            session.flush()
            counts = debt_reminders.count_due(office_id)
            for level in LEVELS:
                page = debt_reminders.families_to_remind(office_id, level, 1)
                assert {row.family_id for row in page.rows} == expected[level], level
                assert page.total == counts[level] == len(expected[level]), level
                for row in page.rows:
                    cents = sorted(line.balance_cents for line in row.lines)
                    assert cents == lines[row.family_id, level]
                seen.update([level] if expected[level] else [])
            raise _Undo

    agree()
    assert seen == set(LEVELS)  # the cases are not so odd that nobody is reminded


class Maker:
    """Makes the rows of an example, and says what they are to the rule."""

    def __init__(self, session: Session, office_id: int, agent_id: int) -> None:
        self._session = session
        self._office_id = office_id
        self._agent_id = agent_id
        self._number = itertools.count(1)
        self._run = InvoiceRun(
            office_id=office_id, month=date(2026, 1, 1), invoice_date=date(2026, 2, 1), due_on=date(2026, 3, 1),
            status=RunStatus.ISSUED, started_by_id=agent_id,
        )  # fmt: skip
        session.add(self._run)
        session.flush()

    def invoice(self, family: FamilySetup, case: Case) -> Debt:
        """An invoice in its standing."""
        session, number, today = self._session, next(self._number), TODAY
        row = Invoice(
            number=f"essai-{number}", office_id=self._office_id, family_id=family.family_id, run_id=self._run.id,
            issued_on=date(2026, 1, 2), due_on=today + timedelta(days=case.due_in), month=date(2026, 1, 1),
            total_cents=case.cents, payer_name=family.name, payer_address="",
        )  # fmt: skip
        session.add(row)
        session.flush()
        if case.paid_cents:
            self._pay(family, case.paid_cents, row.id)
        balance_cents = case.cents - case.paid_cents
        if case.given_up and balance_cents:
            session.add(
                DebtMove(
                    invoice_id=row.id, kind=DebtMoveKind.WRITE_OFF, amount_cents=balance_cents, reason="Essai",
                    recorded_on=today, recorded_at=clock.now(), recorded_by_id=self._agent_id,
                )
            )  # fmt: skip
            balance_cents = 0
        for level, ago in enumerate(case.levels_ago, 1):
            self._remind(family, row.id, level, today - timedelta(days=ago))
        hold = None if case.hold is None else self._hold(row.id, *case.hold)
        is_under_way = case.basket is not None and self._try_to_pay(family, row.id, *case.basket)
        return Debt(
            row.id, row.due_on, balance_cents, len(case.levels_ago),
            today - timedelta(days=case.levels_ago[-1]) if case.levels_ago else None,
            is_disputed=hold is not None and hold.kind is HoldKind.DISPUTE,
            held_until=None if hold is None else hold.until, is_under_way=is_under_way,
        )  # fmt: skip

    def keep(self, family: FamilySetup, cents: int) -> None:
        """Money that no invoice took."""
        if cents:
            self._pay(family, cents, None)

    def _pay(self, family: FamilySetup, cents: int, invoice_id: int | None) -> None:
        payment = Payment(
            receipt_number=f"essai-{next(self._number)}", office_id=self._office_id, family_id=family.family_id,
            mode=PaymentMode.CASH, amount_cents=cents, received_on=TODAY,
        )  # fmt: skip
        if invoice_id is not None:
            payment.allocations.append(PaymentAllocation(invoice_id=invoice_id, amount_cents=cents))
        self._session.add(payment)

    def _remind(self, family: FamilySetup, invoice_id: int, level: int, on: date) -> None:
        run = ReminderRun(office_id=self._office_id, level=level, sent_by_id=self._agent_id)
        self._session.add(run)
        self._session.flush()
        self._session.add(
            InvoiceReminder(
                run_id=run.id, family_id=family.family_id, invoice_id=invoice_id, level=level, balance_cents=1,
                sent_on=on,
            )
        )  # fmt: skip

    def _hold(self, invoice_id: int, kind: HoldKind, until_in: int, is_ended: bool) -> InvoiceHold | None:
        """A hold; None where it ended."""
        hold = InvoiceHold(
            invoice_id=invoice_id, kind=kind, reason="Essai", made_by_id=self._agent_id,
            until=TODAY + timedelta(days=until_in) if kind is HoldKind.PLAN else None,
            ended_at=clock.now() if is_ended else None,
        )  # fmt: skip
        self._session.add(hold)
        return None if is_ended else hold

    def _try_to_pay(self, family: FamilySetup, invoice_id: int, state: BasketState, more_seconds: int) -> bool:
        """An attempt to pay online, and whether it is under way still."""
        began = clock.now() - LIVE_FOR - timedelta(seconds=more_seconds)
        basket = PaymentBasket(
            reference=f"essai-{next(self._number)}", public_token=f"essai-{next(self._number)}",
            family_id=family.family_id, user_id=family.user_id, client_number="000001", mode="T", amount_cents=1,
            email="parent@example.org", state=state, created_at=began,
        )  # fmt: skip
        basket.invoices.append(BasketInvoice(invoice_id=invoice_id, amount_cents=1))
        self._session.add(basket)
        return state in (BasketState.CREATED, BasketState.ASKED) and more_seconds < 0
