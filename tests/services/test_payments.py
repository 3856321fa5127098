"""Money: online payments are recorded exactly once whatever the payment site says and when; the counter's go where told.

The payment site is the one of tests/payment_site.py; with PayFiP's own protocol, and through served processes, the same
is tried in tests/guarantees/test_payments.py.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from itertools import permutations

import pytest
from flask import Flask
from sqlalchemy import func, select

from app import clock
from app.database import db, write_transaction
from app.integrations.payments import (
    GatewayMode,
    PaymentOutcome,
    PaymentReading,
    PaymentRefused,
    PaymentUnavailable,
)
from app.jobs.payments import ask_payment_site, check_pending, end_forgotten, settle
from app.models.activities import Office
from app.models.mails import OutboxMail
from app.models.payments import BasketEvent, Payment, PaymentBasket
from app.rules.allocation import Allocation, RefusedAllocations
from app.rules.baskets import BasketState, UnpayableReason
from app.rules.capabilities import Role
from app.rules.cash_desks import PaymentMode
from app.rules.states import FamilyStatus
from app.services.checks import Problem, find_inconsistencies
from app.services.errors import NotFound, NothingToPay, OwnFamily
from app.services.invoices import balances, payments_of
from app.services.payments import (
    StartedBasket,
    oldest_pending,
    operations,
    plan_payment,
    record_asked,
    record_counter_payment,
    result_of,
)
from tests.factories import NOW, FamilySetup, make_basket, make_family, make_invoice, make_staff
from tests.payment_site import PaymentSite


@pytest.fixture
def family(app: Flask) -> FamilySetup:
    return make_family()


def start(site: PaymentSite, family: FamilySetup, *invoice_ids: int) -> str:
    """A payer on the payment site; the operation's id."""
    ask_payment_site(site, make_basket(family, invoice_ids))
    return site.last_operation


def received() -> list[int]:
    return list(db.session.scalars(select(Payment.amount_cents).order_by(Payment.id)))


def state() -> BasketState:
    db.session.expire_all()
    return db.session.scalars(select(PaymentBasket.state)).one()


def wrong_money() -> list[Problem]:
    """What the checks find, but for the invoices of the factory, which have no bookings."""
    return [found.problem for found in find_inconsistencies(db.session()) if "0 bookings" not in found.where]


def later(**elapsed: float) -> None:
    clock.start_at(clock.now() + timedelta(**elapsed), frozen=True)


def at_counter(family: FamilySetup, cents: int, staff_id: int, **more: object) -> int:
    with write_transaction() as session:
        return record_counter_payment(
            session,
            office_id=session.scalars(select(Office.id).where(Office.prefix == "pop")).one(),
            family_id=family.family_id,
            mode=PaymentMode.CASH,
            amount_cents=cents,
            received_on=clock.today(),
            reference="",
            recorded_by=staff_id,
            **more,  # type: ignore[arg-type]
        )


def together(app: Flask, action: Callable[[], object], count: int) -> list[object]:
    """Run an action in so many threads at once; what each returned or raised."""
    answers: list[object] = [None] * count
    gate = threading.Barrier(count)

    def run(index: int) -> None:
        with app.app_context():
            gate.wait(timeout=30)
            try:
                answers[index] = action()
            except Exception as error:
                answers[index] = error

    threads = [threading.Thread(target=run, args=(index,)) for index in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    return answers


# --- Online ---------------------------------------------------------------------------------------------------------


def test_what_is_asked_is_what_is_due_under_a_reference_of_its_own(family, payment_site) -> None:
    first, second = make_invoice(family, 3_500, paid_cents=2_000), make_invoice(family, 620, prefix="AN")
    start(payment_site, family, first, second)
    request = payment_site.asked[payment_site.last_operation]
    assert (request.amount_cents, request.client_number, request.email) == (2_120, "000001", family.email)
    (operation,) = operations(1).rows
    assert (operation.reference, operation.state) == (request.reference, BasketState.ASKED)
    assert [event.state for event in operation.events] == [BasketState.CREATED, BasketState.ASKED]


def test_one_payment_with_its_receipt_for_each_office(family, payment_site) -> None:
    first, second = make_invoice(family, 1_500), make_invoice(family, 620, prefix="AN")
    payment_site.outcome = PaymentOutcome.PAID_CARD
    operation = start(payment_site, family, first, second)
    token = settle(payment_site, operation)
    assert token is not None
    views = payments_of(family.family_id)
    assert sorted((view.receipt_number, view.amount_cents, view.mode) for view in views) == [
        ("AN-Q261100001", 620, PaymentMode.ONLINE_CARD), ("pop-Q261100001", 1_500, PaymentMode.ONLINE_CARD),
    ]  # fmt: skip
    assert balances(db.session(), [first, second]) == {first: 0, second: 0}
    result = result_of(token)
    assert (result.state, result.amount_cents) == (BasketState.PAID, 2_120)
    mails = db.session.scalars(select(OutboxMail.recipient).where(OutboxMail.template == "payment_received")).all()
    assert list(mails) == [family.email] * 2
    assert wrong_money() == []


def test_fifteen_messages_at_once_record_the_money_once(app, family, payment_site) -> None:
    invoice = make_invoice(family)
    payment_site.outcome = PaymentOutcome.PAID_CARD
    operation = start(payment_site, family, invoice)
    db.session.rollback()
    answers = together(app, lambda: settle(payment_site, operation), 15)
    assert len(set(map(str, answers))) == 1 and isinstance(answers[0], str), answers
    assert received() == [2_000]
    assert len(payments_of(family.family_id)) == 1
    assert wrong_money() == []


@pytest.mark.parametrize(
    "outcomes",
    [
        *permutations([PaymentOutcome.PENDING, PaymentOutcome.CANCELLED, PaymentOutcome.PAID_CARD]),
        [PaymentOutcome.REFUSED, PaymentOutcome.PAID_DEBIT, PaymentOutcome.UNKNOWN],
    ],
    ids=lambda outcomes: "-".join(outcomes),
)
def test_in_whatever_order_news_come_money_counts_once(family, payment_site, outcomes) -> None:
    operation = start(payment_site, family, make_invoice(family))
    for outcome in outcomes:
        payment_site.outcome = outcome
        later(minutes=3)
        settle(payment_site, operation)
    assert state() is BasketState.PAID
    assert received() == [2_000]


@pytest.mark.parametrize(
    "changes",
    [{"amount_cents": 1_999}, {"reference": "EF99999999999999999999"}, {"client_number": "999999"}, {"mode": "W"},
     {"amount_cents": None}, {"mode": None}],
    ids=str,
)  # fmt: skip
def test_an_answer_that_differs_from_what_was_asked_settles_nothing(family, payment_site, changes) -> None:
    operation = start(payment_site, family, make_invoice(family))
    payment_site.outcome = PaymentOutcome.PAID_CARD
    truth = payment_site.look_up

    def lie(operation_id: str) -> PaymentReading:
        return replace(truth(operation_id), **changes)

    payment_site.look_up = lie
    settle(payment_site, operation)
    assert received() == []
    assert state() is BasketState.ASKED
    assert "réponse différente" in db.session.scalars(select(BasketEvent.detail).order_by(BasketEvent.id)).all()[-1]


def test_a_test_payment_never_settles_in_production(family, payment_site) -> None:
    ask_payment_site(payment_site, make_basket(family, [make_invoice(family)], mode="W"))
    payment_site.outcome, payment_site.mode = PaymentOutcome.PAID_CARD, GatewayMode.TEST
    settle(payment_site, payment_site.last_operation)
    assert received() == []


def test_a_forged_operation_is_not_even_asked_about(family, payment_site) -> None:
    start(payment_site, family, make_invoice(family))
    assert settle(payment_site, "forged-operation") is None
    assert payment_site.looked_up == []


def test_money_is_found_by_the_clock_when_nobody_says_anything(family, payment_site) -> None:
    operation = start(payment_site, family, make_invoice(family))
    assert check_pending(payment_site) == 0  # not its time yet
    later(minutes=2)
    assert check_pending(payment_site) == 1
    assert state() is BasketState.ASKED
    assert check_pending(payment_site) == 0
    payment_site.outcome = PaymentOutcome.PAID_CARD
    later(minutes=3)
    assert check_pending(payment_site) == 1
    assert (state(), received()) == (BasketState.PAID, [2_000])
    later(days=1)
    assert check_pending(payment_site) == 0
    assert payment_site.looked_up == [operation] * 2


def test_a_silent_site_is_asked_again_on_schedule_and_given_up_after_a_week(family, payment_site) -> None:
    start(payment_site, family, make_invoice(family))
    payment_site.fault = PaymentUnavailable("down")
    asked = 0
    for _hour in range(24 * 9):
        later(hours=1)
        asked += check_pending(payment_site)
    assert 25 < asked < 40
    assert state() is BasketState.ASKED
    assert oldest_pending(db.session()) is not None
    assert (end_forgotten(), end_forgotten()) == (1, 0)
    assert state() is BasketState.EXPIRED
    assert oldest_pending(db.session()) is None


def test_money_that_comes_after_the_end_is_taken(family, payment_site) -> None:
    invoice = make_invoice(family)
    operation = start(payment_site, family, invoice)
    payment_site.outcome = PaymentOutcome.UNKNOWN
    later(minutes=30)
    settle(payment_site, operation)
    assert state() is BasketState.EXPIRED
    payment_site.outcome = PaymentOutcome.PAID_CARD
    later(minutes=1)
    settle(payment_site, operation)
    assert (state(), received()) == (BasketState.PAID, [2_000])
    assert balances(db.session(), [invoice]) == {invoice: 0}


def test_money_for_what_was_paid_at_the_counter_meanwhile_is_kept_and_flagged(family, payment_site) -> None:
    first, second = make_invoice(family, 2_000), make_invoice(family, 500)
    operation = start(payment_site, family, first, second)
    at_counter(family, 1_800, make_staff(Role.REGISSEUR), wanted=[Allocation(first, 1_800)])
    payment_site.outcome = PaymentOutcome.PAID_CARD
    settle(payment_site, operation)
    online = next(view for view in payments_of(family.family_id) if view.mode is PaymentMode.ONLINE_CARD)
    assert (online.amount_cents, online.unallocated_cents) == (2_500, 1_800)
    assert balances(db.session(), [first, second]) == {first: 0, second: 0}
    details = db.session.scalars(select(BasketEvent.detail)).all()
    assert any("trop-perçu" in detail and "18,00" in detail for detail in details)
    assert wrong_money() == []


def test_two_parents_who_pay_at_once_make_one_basket(app, family, payment_site) -> None:
    invoice = make_invoice(family)
    db.session.rollback()
    answers = together(app, lambda: make_basket(family, [invoice]), 2)
    (refusal,) = (answer for answer in answers if isinstance(answer, NothingToPay))
    assert [each.reason for each in refusal.unpayable] == [UnpayableReason.UNDER_WAY]
    assert sum(isinstance(answer, StartedBasket) for answer in answers) == 1


def test_an_attempt_that_was_left_frees_its_invoices_after_twenty_minutes_and_both_may_be_paid(
    family, payment_site
) -> None:
    invoice = make_invoice(family)
    first = start(payment_site, family, invoice)
    later(minutes=21)
    second = start(payment_site, family, invoice)
    payment_site.outcome = PaymentOutcome.PAID_CARD
    settle(payment_site, first)
    settle(payment_site, second)
    assert received() == [2_000, 2_000]
    assert sum(view.unallocated_cents for view in payments_of(family.family_id)) == 2_000
    assert wrong_money() == []


def test_a_crash_between_asking_and_keeping_the_answer_loses_no_money(family, payment_site) -> None:
    invoice = make_invoice(family)
    started = make_basket(family, [invoice])
    asked = payment_site.ask(started.request)  # and here the process dies
    payment_site.outcome = PaymentOutcome.PAID_CARD
    assert settle(payment_site, asked.operation_id) is not None  # the notification adopts it by its reference
    assert (state(), received()) == (BasketState.PAID, [2_000])


def test_an_answer_that_comes_after_the_notification_changes_nothing(family, payment_site) -> None:
    started = make_basket(family, [make_invoice(family)])
    asked = payment_site.ask(started.request)
    payment_site.outcome = PaymentOutcome.PAID_CARD
    settle(payment_site, asked.operation_id)
    with write_transaction() as session:
        record_asked(session, started.basket_id, asked)
    assert (state(), received()) == (BasketState.PAID, [2_000])


def test_an_attempt_whose_answer_was_lost_ends_after_a_day(family, payment_site) -> None:
    make_basket(family, [make_invoice(family)])
    assert end_forgotten() == 0
    later(days=1, seconds=1)
    assert end_forgotten() == 1
    assert state() is BasketState.EXPIRED


@pytest.mark.parametrize("fault", [PaymentUnavailable("down"), PaymentRefused("A2", "adresse mél incorrecte")], ids=str)
def test_a_site_that_opens_no_payment_leaves_the_invoices_free(family, payment_site, fault) -> None:
    invoice = make_invoice(family)
    payment_site.fault = fault
    with pytest.raises(type(fault)):
        start(payment_site, family, invoice)
    assert state() is BasketState.FAILED
    payment_site.fault = None
    start(payment_site, family, invoice)
    assert len(payment_site.asked) == 1


def test_what_cannot_be_paid_online_is_said_invoice_by_invoice(family, payment_site) -> None:
    settled = make_invoice(family, 500, paid_cents=500)
    small = make_invoice(family, 99)
    counter_only = make_invoice(family, 700, prefix="AN", payfip_number=None)
    other = make_invoice(family, 800, prefix="caj", payfip_number="000002")
    plan = plan_payment(family.family_id, [settled, counter_only, small, other])
    assert [(draft.payfip_number, draft.amount_cents) for draft in plan.baskets] == [("000002", 800)]
    assert {each.invoice_id: each.reason for each in plan.unpayable} == {
        settled: UnpayableReason.SETTLED, counter_only: UnpayableReason.NOT_ONLINE,
        small: UnpayableReason.BELOW_MINIMUM,
    }  # fmt: skip
    with pytest.raises(NothingToPay):
        make_basket(family, [settled, counter_only])


def test_nobody_pays_for_others(family, payment_site) -> None:
    others = make_invoice(make_family("AUTRE", "Dominique"))
    with pytest.raises(NotFound):
        make_basket(family, [others])


def test_closed_family_still_pays_what_it_owes(payment_site) -> None:
    closed = make_family("FERMÉE", "Alix", status=FamilyStatus.CLOSED)
    started = make_basket(closed, [make_invoice(closed, 3_000)])
    assert started.request.amount_cents == 3_000


# --- At the counter -------------------------------------------------------------------------------------------------


def test_money_goes_to_the_oldest_invoices_of_the_office_first(family) -> None:
    staff_id = make_staff(Role.REGISSEUR)
    new = make_invoice(family, 1_000, issued_on=date(2026, 11, 2))
    old = make_invoice(family, 700, issued_on=date(2026, 10, 1))
    elsewhere = make_invoice(family, 300, prefix="AN", issued_on=date(2026, 9, 1))
    at_counter(family, 900, staff_id)
    assert balances(db.session(), [old, new, elsewhere]) == {old: 0, new: 800, elsewhere: 300}
    (view,) = payments_of(family.family_id)
    assert (view.receipt_number, view.mode, view.received_on) == ("pop-Q261100001", PaymentMode.CASH, NOW.date())


def test_money_goes_where_the_staff_say(family) -> None:
    staff_id = make_staff(Role.REGISSEUR)
    old, new = make_invoice(family, 700, issued_on=date(2026, 10, 1)), make_invoice(family, 1_000)
    at_counter(family, 900, staff_id, wanted=[Allocation(new, 900)])
    assert balances(db.session(), [old, new]) == {old: 700, new: 100}
    with pytest.raises(RefusedAllocations):
        at_counter(family, 900, staff_id, wanted=[Allocation(new, 101)])
    with pytest.raises(RefusedAllocations):
        at_counter(family, 50, staff_id, wanted=[Allocation(old, 51)])
    assert received() == [900]


def test_what_no_invoice_takes_stays_the_familys(family) -> None:
    make_invoice(family, 700)
    at_counter(family, 1_000, make_staff(Role.REGISSEUR))
    (view,) = payments_of(family.family_id)
    assert view.unallocated_cents == 300
    assert wrong_money() == []


def test_a_form_sent_twice_records_one_payment(app, family) -> None:
    make_invoice(family)
    staff_id = make_staff(Role.REGISSEUR)
    db.session.rollback()
    answers = together(app, lambda: at_counter(family, 500, staff_id, form_key="the-same-form"), 2)
    assert answers[0] == answers[1] and isinstance(answers[0], int), answers
    assert received() == [500]


def test_nobody_records_money_for_their_own_family(family) -> None:
    make_invoice(family)
    with pytest.raises(OwnFamily):
        at_counter(family, 500, family.user_id)
    assert received() == []


def test_receipts_have_no_gaps(family) -> None:
    staff_id = make_staff(Role.REGISSEUR)
    make_invoice(family, 1_000)
    for _ in range(3):
        at_counter(family, 100, staff_id)
    with pytest.raises(RefusedAllocations):
        at_counter(family, 100, staff_id, wanted=[Allocation(999, 100)])
    at_counter(family, 100, staff_id)
    numbers = db.session.scalars(select(Payment.receipt_number).order_by(Payment.id)).all()
    assert numbers == [f"pop-Q26110000{n}" for n in range(1, 5)]
    assert db.session.scalar(select(func.sum(Payment.amount_cents))) == 400
