"""Parents who pay for places that are kept for them, a payment site that tells so early, late or never, and the money.

A part of the histories of tests/histories.py: what it takes in is what is received, invoiced and left over, to the cent.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from random import Random
from threading import Lock
from uuid import uuid4

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.database import db, write_transaction
from app.integrations.payments import AskedPayment, PaymentOutcome, PaymentReading, PaymentRequest
from app.jobs.payments import ask_payment_site, check_pending, end_forgotten, release_places, settle
from app.models.bookings import Booking, BookingEvent
from app.models.invoices import Invoice, InvoicedBooking
from app.models.payments import BasketBooking, BasketEvent, Payment, PaymentAllocation, PaymentBasket
from app.rules.baskets import BasketState
from app.rules.states import BookingStatus
from app.services import payments
from app.services.errors import DomainError
from app.services.families import FamilyRef
from app.services.held_places import what_to_pay
from app.services.payments import PaymentAddresses
from tests.payment_site import ORIGIN, PaymentSite

_ADDRESSES = PaymentAddresses("http://localhost/paiement/notification", "http://localhost/paiement/retour", "T")
_ENDS = (PaymentOutcome.PAID_CARD, PaymentOutcome.PAID_DEBIT, PaymentOutcome.REFUSED, PaymentOutcome.CANCELLED)


@dataclass
class Till(PaymentSite):
    """A payment site that keeps what became of each operation; several threads may ask it."""

    results: dict[str, PaymentOutcome] = field(default_factory=dict)
    received: set[str] = field(default_factory=set)  # operations whose money the portal was told of
    lock: Lock = field(default_factory=Lock)

    def ask(self, request: PaymentRequest) -> AskedPayment:
        """See PaymentGateway."""
        operation_id = str(uuid4())
        self.asked[operation_id] = request
        return AskedPayment(operation_id, f"{ORIGIN}/payer?idop={operation_id}")

    def look_up(self, operation_id: str) -> PaymentReading:
        """See PaymentGateway."""
        self.outcome = self.results.get(operation_id, PaymentOutcome.PENDING)
        return super().look_up(operation_id)


def go_and_pay(till: Till, family: FamilyRef, user_id: int, rng: Random) -> None:
    """A parent goes to the payment site with all that is held; sometimes the portal dies before it learns how."""
    shown = what_to_pay(db.session(), family.id, is_online=True).booking_ids
    db.session.rollback()
    with suppress(DomainError):
        with write_transaction() as session:
            started = payments.start_places_basket(session, family, user_id, "parent@example.org", shown, _ADDRESSES)
        if rng.random() < 0.1:
            till.ask(started.request)
        else:
            ask_payment_site(till, started)


def news(till: Till, rng: Random) -> int | None:
    """The payment site tells of some operation, perhaps for the second time; returns the user who had opened it."""
    if not till.asked:
        return None
    with till.lock:
        operation_id = rng.choice(list(till.asked))
        if not till.results.get(operation_id, PaymentOutcome.PENDING).is_paid:
            till.results[operation_id] = rng.choice(_ENDS)
        token = settle(till, operation_id)
        if token is not None and till.results[operation_id].is_paid:
            till.received.add(operation_id)
        reference = till.asked[operation_id].reference
        user_id = db.session.scalar(select(PaymentBasket.user_id).where(PaymentBasket.reference == reference))
        db.session.rollback()
        return user_id


def work_on_payments(till: Till, *, releases: bool = True) -> None:
    """What the worker does about payments and the places that are kept for them."""
    with till.lock:
        check_pending(till)
    end_forgotten()
    while releases and release_places():
        pass
    db.session.rollback()


def money_wrongs(session: Session, till: Till) -> Iterator[str]:
    """Where what was received, invoiced and left over differ."""
    paid = [till.asked[operation_id] for operation_id in till.received]
    baskets = session.execute(select(PaymentBasket.id, PaymentBasket.reference, PaymentBasket.state)).all()
    if {each.reference for each in paid} != {row.reference for row in baskets if row.state is BasketState.PAID}:
        yield f"{len(paid)} operations were paid, baskets: {baskets}"
    received = session.scalar(select(func.sum(Payment.amount_cents))) or 0
    if received != sum(each.amount_cents for each in paid):
        yield f"{sum(each.amount_cents for each in paid)} cents were paid, {received} received"
    confirmed = dict(
        session.execute(
            select(Booking.id, Booking.price_cents)
            .join(BookingEvent, BookingEvent.booking_id == Booking.id)
            .where(
                BookingEvent.from_status == BookingStatus.AWAITING_PAYMENT,
                BookingEvent.to_status == BookingStatus.CONFIRMED,
            )
        )
        .tuples()
        .all()
    )
    if confirmed.keys() != set(session.scalars(select(InvoicedBooking.booking_id))):
        yield f"money confirmed {sorted(confirmed)}, invoices hold something else"
    invoiced = session.scalar(select(func.sum(Invoice.total_cents))) or 0
    allocated = session.scalar(select(func.sum(PaymentAllocation.amount_cents))) or 0
    if not invoiced == allocated == sum(confirmed.values()):
        yield f"{sum(confirmed.values())} cents confirmed, {invoiced} invoiced, {allocated} allocated"
    # What was paid for bookings that this money did not confirm is left over, and the staff are told of it.
    used = dict(
        session.execute(
            select(Payment.basket_id, func.sum(PaymentAllocation.amount_cents))
            .join(PaymentAllocation, PaymentAllocation.payment_id == Payment.id)
            .group_by(Payment.basket_id)
        )
        .tuples()
        .all()
    )
    asked = select(BasketBooking.basket_id, func.sum(BasketBooking.amount_cents)).group_by(BasketBooking.basket_id)
    flagged = set(session.scalars(select(BasketEvent.basket_id).where(BasketEvent.detail.contains("trop-perçu"))))
    states = {row.id: row.state for row in baskets}
    for basket_id, cents in session.execute(asked):
        is_left = states[basket_id] is BasketState.PAID and used.get(basket_id, 0) < cents
        if is_left is not (basket_id in flagged):
            yield f"basket {basket_id}: {used.get(basket_id, 0)} of {cents} cents used, flagged: {basket_id in flagged}"
