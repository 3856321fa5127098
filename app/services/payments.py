"""Payments: online baskets of invoices or of bookings, and their settlement; money taken at the counter.

The payment site is always asked outside any transaction, by `jobs/payments.py`; what it said comes in through
`record_reading()` alone, which records the money of a basket exactly once.
"""

import secrets
from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import ColumnElement, func, or_, select, true
from sqlalchemy.orm import Session

from app import clock, labels
from app.database import db
from app.filters import euros
from app.integrations.payments import AskedPayment, PaymentOutcome, PaymentReading, PaymentRequest
from app.models.activities import Activity, Office, Unit
from app.models.bookings import TO_PAY, Booking, Opening
from app.models.families import Family
from app.models.invoices import Invoice
from app.models.payments import (
    BasketBooking,
    BasketEvent,
    BasketInvoice,
    Payment,
    PaymentAllocation,
    PaymentBasket,
)
from app.rules.allocation import Allocation, allocate_as_wanted, allocate_oldest_first
from app.rules.baskets import (
    REFERENCE_BYTES,
    BasketDraft,
    BasketPlan,
    BasketState,
    ExpectedPayment,
    TickedInvoice,
    Verdict,
    allocate_still_due,
    basket_reference,
    judge_reading,
    may_follow,
    next_check,
    plan_baskets,
)
from app.rules.cash_desks import PaymentDetails, PaymentMode, kept_details
from app.rules.numbers import DocumentKind
from app.rules.states import BookingStatus
from app.services.cash_desks import taken_modes
from app.services.catalogue import catalogue
from app.services.documents import next_number
from app.services.errors import FamilyNotActive, ModeNotTaken, NotFound, NothingToPay, PlacesMoved
from app.services.families import FamilyRef, check_not_own, emails_of_adults, lock_children, stays_active
from app.services.held_places import held_places, plan_of
from app.services.invoices import balances, invoices_of, open_invoices
from app.services.journals import lock_office, write_receipt
from app.services.mails import queue_mail
from app.services.pages import Page, page_of
from app.services.paid_bookings import Settlement, confirm_paid, confirmed_among

LOST_ANSWER_WITHIN = timedelta(days=1)
LONGEST_EMAIL = 80  # that the payment site takes; beyond, its ticket goes to the council, our own mail to the parent


@dataclass(frozen=True, slots=True)
class StartedBasket:
    """A basket to ask the payment site about, and how many more payments must follow it."""

    basket_id: int
    public_token: str
    request: PaymentRequest
    next_invoice_ids: tuple[int, ...]  # of other PayFiP numbers: the parent pays them afterwards


@dataclass(frozen=True, slots=True)
class BasketResult:
    """How an online payment ended, for the page to which the payment site sends the browser."""

    state: BasketState
    amount_cents: int
    reference: str
    operation_id: str | None  # None: the payment site never told one
    invoice_numbers: tuple[str, ...]  # that were to be paid, or that the bookings came to
    place_count: int  # bookings that were to be paid
    unplaced_cents: int  # of what was paid for bookings: it came when they were not kept any more, or had already
    expected_count: int  # of these bookings, in how many places the children are expected
    kept_until: datetime | None  # until when a payment of some of them may still begin


@dataclass(frozen=True, slots=True)
class PaymentAddresses:
    """Where the payment site reports to, and which mode it must answer with."""

    notify_url: str
    return_url: str
    mode: str  # T, X or W


def plan_payment(family_id: int, invoice_ids: Sequence[int]) -> BasketPlan:
    """The payments that these invoices need, one per PayFiP number. Raises NotFound for another family's invoice."""
    views = {view.id: view for view in invoices_of(family_id)}
    if not set(invoice_ids) <= views.keys():
        raise NotFound("invoice")
    wanted = dict.fromkeys(invoice_ids)
    return plan_baskets(
        [
            TickedInvoice(
                id_,
                views[id_].payfip_number,
                views[id_].balance_cents,
                views[id_].has_live_attempt,
                views[id_].debit_on is not None,
            )
            for id_ in wanted
        ]
    )


def start_basket(
    session: Session,
    family: FamilyRef,
    user_id: int,
    email: str,
    invoice_ids: Sequence[int],
    addresses: PaymentAddresses,
) -> StartedBasket:
    """Freeze what is due on the first group of these invoices as a basket with its own reference.

    The family is locked, so that two parents who pay at once make one basket: the second finds the invoices under way.
    A family that is closed may still pay what it owes. Raises NotFound, and NothingToPay when nothing of it can be paid
    online now.
    """
    session.get_one(Family, family.id, with_for_update={"key_share": True})
    plan = plan_payment(family.id, invoice_ids)
    if not plan.baskets:
        raise NothingToPay(plan.unpayable)
    draft = plan.baskets[0]
    basket = _make_basket(session, family.id, user_id, email, draft, addresses.mode)
    session.add_all(
        BasketInvoice(basket_id=basket.id, invoice_id=each.invoice_id, amount_cents=each.amount_cents)
        for each in draft.allocations
    )
    session.flush()
    following = tuple(each.invoice_id for later in plan.baskets[1:] for each in later.allocations)
    return StartedBasket(basket.id, basket.public_token, _request_of(basket, addresses), following)


def start_places_basket(
    session: Session,
    family: FamilyRef,
    user_id: int,
    email: str,
    booking_ids: Collection[int],
    addresses: PaymentAddresses,
) -> StartedBasket:
    """Freeze the first payment of what the family holds and has to pay: its bookings, each with its price.

    `booking_ids` is what the form showed. The family and its children are locked: of two parents who pay at once the
    second finds a payment under way, and nobody takes back or releases what is being paid. Raises PlacesMoved where the
    payment would be for something else by now, and FamilyNotActive: a closed family holds nothing.
    """
    if not stays_active(session, family.id, alone=True):
        raise FamilyNotActive
    lock_children(session, [family.id])
    plan = plan_of(held_places(session, Booking.family_id == family.id), clock.now())
    if not plan.baskets or {each.invoice_id for each in plan.baskets[0].allocations} != set(booking_ids):
        raise PlacesMoved
    draft = plan.baskets[0]
    basket = _make_basket(session, family.id, user_id, email, draft, addresses.mode)
    session.add_all(
        BasketBooking(basket_id=basket.id, booking_id=each.invoice_id, amount_cents=each.amount_cents)
        for each in draft.allocations
    )
    session.flush()
    return StartedBasket(basket.id, basket.public_token, _request_of(basket, addresses), ())


def _request_of(basket: PaymentBasket, addresses: PaymentAddresses) -> PaymentRequest:
    return PaymentRequest(
        client_number=basket.client_number,
        reference=basket.reference,
        amount_cents=basket.amount_cents,
        subject="Espace famille",
        email=basket.email if len(basket.email) <= LONGEST_EMAIL else catalogue().council.email,
        year=clock.today().year,
        notify_url=addresses.notify_url,
        return_url=addresses.return_url,
    )


def record_asked(session: Session, basket_id: int, asked: AskedPayment) -> None:
    """Keep the operation that the payment site opened for a basket.

    News of it may have come in the meantime, and the basket with it: what they said stays.
    """
    basket = session.get_one(PaymentBasket, basket_id, with_for_update=True)
    basket.operation_id = asked.operation_id
    basket.redirect_url = asked.redirect_url
    if may_follow(basket.state, BasketState.ASKED):
        basket.next_check_at = next_check(basket.created_at, None, clock.now())
        _move(session, basket, BasketState.ASKED, "")


def record_not_asked(session: Session, basket_id: int, detail: str) -> None:
    """The payment site refused or did not answer: nobody was sent there, the invoices are free again."""
    basket = session.get_one(PaymentBasket, basket_id, with_for_update=True)
    if may_follow(basket.state, BasketState.FAILED):
        _move(session, basket, BasketState.FAILED, detail)


def is_worth_asking(operation_id: str) -> bool:
    """Whether an operation may be ours: a basket has it, or one lost its answer (a crash after the site was asked)."""
    known = PaymentBasket.operation_id == operation_id
    lost = PaymentBasket.operation_id.is_(None) & (PaymentBasket.created_at > clock.now() - LOST_ANSWER_WITHIN)
    return db.session.scalar(select(PaymentBasket.id).where(known | lost).limit(1)) is not None


def record_reading(session: Session, operation_id: str, reading: PaymentReading) -> str | None:
    """Record what the payment site said of an operation; the second time the same changes nothing.

    Returns the public token of its basket, or None for an operation that is none of ours.
    """
    basket = session.scalar(
        select(PaymentBasket).where(PaymentBasket.operation_id == operation_id).with_for_update()
    ) or _adopt(session, operation_id, reading)
    if basket is None:
        return None
    now = clock.now()
    basket.checks += 1
    # An ended basket is still asked about, on the same schedule: a payer may go back and pay after giving up.
    basket.next_check_at = None if basket.state is BasketState.PAID else next_check(basket.created_at, now, now)
    expected = ExpectedPayment(basket.client_number, basket.reference, basket.amount_cents, basket.mode)
    judgement = judge_reading(expected, reading, now - basket.created_at)
    if judgement.verdict is Verdict.MISMATCH:
        differences = ", ".join(labels.label(mismatch) for mismatch in judgement.mismatches)
        detail = f"réponse différente de la demande : {differences}"
        session.add(BasketEvent(basket_id=basket.id, at=now, state=basket.state, detail=detail))
    elif judgement.state is not None and may_follow(basket.state, judgement.state):
        if judgement.state is BasketState.PAID:
            _record_money(session, basket, reading)
        _move(session, basket, judgement.state, "")
    return basket.public_token


def _adopt(session: Session, operation_id: str, reading: PaymentReading) -> PaymentBasket | None:
    """The basket whose reference the payment site names for an operation that we never learnt of."""
    basket = session.scalar(
        select(PaymentBasket)
        .where(PaymentBasket.reference == (reading.reference or ""), PaymentBasket.operation_id.is_(None))
        .with_for_update()
    )
    if basket is not None:
        basket.operation_id = operation_id
        session.flush()
    return basket


def baskets_to_check(session: Session, limit: int = 20) -> Sequence[str]:
    """The operations that the clock must ask about now."""
    return [
        operation_id
        for operation_id in session.scalars(
            select(PaymentBasket.operation_id)
            .where(PaymentBasket.next_check_at <= clock.now(), PaymentBasket.operation_id.is_not(None))
            .order_by(PaymentBasket.next_check_at)
            .limit(limit)
        )
        if operation_id is not None
    ]


def _forgotten() -> ColumnElement[bool]:
    """Attempts without an operation that a day has passed over (a crash while the site was asked), and those about
    which the site was asked in vain up to the end of the schedule."""
    return (
        PaymentBasket.state.in_([BasketState.CREATED, BasketState.ASKED])
        & PaymentBasket.next_check_at.is_(None)
        & (PaymentBasket.created_at < clock.now() - LOST_ANSWER_WITHIN)
    )


def has_forgotten(session: Session) -> bool:
    """Whether there are attempts to end without an answer: asked before taking the write lock."""
    return session.scalar(select(PaymentBasket.id).where(_forgotten()).limit(1)) is not None


def end_forgotten(session: Session) -> int:
    """End the attempts that nobody will hear of any more, and return how many; money that comes late is still taken."""
    baskets = session.scalars(select(PaymentBasket).where(_forgotten()).with_for_update()).all()
    for basket in baskets:
        _move(session, basket, BasketState.EXPIRED, "sans réponse du site de paiement")
    return len(baskets)


def oldest_pending(session: Session) -> datetime | None:
    """Since when the oldest online payment without a result has been waiting for one; None when none does."""
    return session.scalar(
        select(PaymentBasket.created_at)
        .where(PaymentBasket.state.in_([BasketState.CREATED, BasketState.ASKED]))
        .order_by(PaymentBasket.created_at)
        .limit(1)
    )


def postpone_check(session: Session, operation_id: str) -> None:
    """The payment site did not answer: ask again at the next time of the schedule."""
    basket = session.scalars(select(PaymentBasket).where(PaymentBasket.operation_id == operation_id)).one()
    now = clock.now()
    basket.next_check_at = next_check(basket.created_at, now, now)


def result_of(public_token: str) -> BasketResult:
    """How an online payment ended. Raises NotFound for an unknown token."""
    basket = db.session.scalar(select(PaymentBasket).where(PaymentBasket.public_token == public_token))
    if basket is None:
        raise NotFound("basket")
    asked = select(BasketInvoice.invoice_id).where(BasketInvoice.basket_id == basket.id)
    paid = select(PaymentAllocation.invoice_id).join(Payment).where(Payment.basket_id == basket.id)
    numbers = db.session.scalars(
        select(Invoice.number).where(Invoice.id.in_(asked) | Invoice.id.in_(paid)).order_by(Invoice.number)
    )
    place_count = len(basket.bookings)
    unplaced_cents = expected_count = 0
    if place_count and basket.state is BasketState.PAID:
        expected_count = len(confirmed_among(db.session(), [each.booking_id for each in basket.bookings]))
        used = select(func.sum(PaymentAllocation.amount_cents)).join(Payment).where(Payment.basket_id == basket.id)
        unplaced_cents = basket.amount_cents - (db.session.scalar(used) or 0)
    return BasketResult(
        basket.state, basket.amount_cents, basket.reference, basket.operation_id, tuple(numbers), place_count,
        unplaced_cents, expected_count, _kept_until(basket) if place_count else None,
    )  # fmt: skip


def _kept_until(basket: PaymentBasket) -> datetime | None:
    to_pay = (TO_PAY, Booking.status == BookingStatus.AWAITING_PAYMENT, Booking.kept_until > clock.now())
    own = Booking.id.in_([each.booking_id for each in basket.bookings])
    return db.session.scalar(select(func.min(Booking.kept_until)).where(*to_pay, own))


def token_of(operation_id: str) -> str | None:
    """The public token of the basket that has this operation, or None."""
    return db.session.scalar(select(PaymentBasket.public_token).where(PaymentBasket.operation_id == operation_id))


def record_counter_payment(
    session: Session,
    *,
    office_id: int,
    family_id: int,
    mode: PaymentMode,
    amount_cents: int,
    received_on: date,
    reference: str,
    recorded_by: int,
    wanted: Sequence[Allocation] | None = None,
    form_key: str | None = None,
    details: PaymentDetails | None = None,
) -> int:
    """Record money taken at the counter and return the payment's id; oldest invoices first unless `wanted` says.

    `details` are what the mode asks; without them, its `reference` is.

    The same `form_key` a second time (a double tap) records nothing more. What no invoice takes stays the family's,
    unallocated and flagged. Raises NotFound for an unknown family or office, OwnFamily, ModeNotTaken, and
    RefusedAllocations (rules.allocation) for allocations that cannot be taken.
    """
    if (
        session.get(Family, family_id, with_for_update={"key_share": True}) is None
        or session.get(Office, office_id) is None
    ):
        raise NotFound("family or office")
    check_not_own(family_id, recorded_by)
    recorded = select(Payment.id).where(Payment.form_key == form_key, Payment.family_id == family_id)
    if form_key is not None and (payment_id := session.scalar(recorded)) is not None:
        return payment_id
    if mode not in {each.mode for each in taken_modes(session, office_id)}:
        raise ModeNotTaken
    # An invoice run holds the office while it lets what is left of the family's money pay what it issues.
    lock_office(session, office_id)
    due = open_invoices(session, family_id, office_id)
    plan = allocate_oldest_first(amount_cents, due) if wanted is None else allocate_as_wanted(amount_cents, due, wanted)
    payment = _record_payment(
        session, office_id, family_id, mode, amount_cents, received_on,
        kept_details(mode, details or PaymentDetails(reference)), plan.allocations,
        recorded_by=recorded_by, form_key=form_key,
    )  # fmt: skip
    return payment.id


def record_direct_debit(
    session: Session, *, office_id: int, family_id: int, wanted: Allocation, collected_on: date, reference: str,
    recorded_by: int, form_key: str,
) -> int:  # fmt: skip
    """Record what was collected for an invoice, and return the payment's id; the same `form_key` again records nothing.

    The invoice gets what is due on it still; the rest stays the family's, unallocated and flagged. The caller holds
    the family and the office; `reference` is the mandate's.
    """
    if (payment_id := session.scalar(select(Payment.id).where(Payment.form_key == form_key))) is not None:
        return payment_id
    settled = allocate_still_due([wanted], balances(session, [wanted.invoice_id]))
    payment = _record_payment(
        session, office_id, family_id, PaymentMode.DIRECT_DEBIT, wanted.amount_cents, collected_on,
        PaymentDetails(reference), settled.allocations, recorded_by=recorded_by, form_key=form_key,
    )  # fmt: skip
    return payment.id


def _make_basket(
    session: Session, family_id: int, user_id: int, email: str, draft: BasketDraft, mode: str
) -> PaymentBasket:
    now = clock.now()
    basket = PaymentBasket(
        reference=basket_reference(secrets.token_bytes(REFERENCE_BYTES)),
        public_token=secrets.token_urlsafe(24),
        family_id=family_id,
        user_id=user_id,
        client_number=draft.payfip_number,
        mode=mode,
        amount_cents=draft.amount_cents,
        email=email,
        state=BasketState.CREATED,
        created_at=now,
    )
    session.add(basket)
    session.flush()
    session.add(BasketEvent(basket_id=basket.id, at=now, state=BasketState.CREATED, detail=""))
    return basket


def _move(session: Session, basket: PaymentBasket, state: BasketState, detail: str) -> None:
    basket.state = state
    if state is not BasketState.ASKED:
        basket.ended_at = clock.now()
    if state is BasketState.PAID:
        basket.next_check_at = None
    session.add(BasketEvent(basket_id=basket.id, at=clock.now(), state=state, detail=detail[:500]))
    session.flush()


def _record_money(session: Session, basket: PaymentBasket, reading: PaymentReading) -> None:
    # The family is locked as in `start_basket` and at the counter: balances cannot move under our feet.
    session.get_one(Family, basket.family_id, with_for_update={"key_share": True})
    settled = _confirm_places(session, basket) if basket.bookings else _settle_invoices(session, basket)
    mode = PaymentMode.ONLINE_DEBIT if reading.outcome is PaymentOutcome.PAID_DEBIT else PaymentMode.ONLINE_CARD
    paid_on = (reading.paid_at or clock.now()).date()
    for office_id in sorted(settled.amounts_cents):
        _record_payment(
            session, office_id, basket.family_id, mode, settled.amounts_cents[office_id], paid_on,
            PaymentDetails(basket.reference), settled.allocations[office_id], basket=basket,
        )  # fmt: skip
    if settled.surplus_cents:
        detail = f"trop-perçu : {euros(settled.surplus_cents)}"
        if settled.late_days:
            detail += " (places qui n’étaient plus gardées)"
        if settled.twice_days:
            detail += " (places déjà réservées)"
        session.add(BasketEvent(basket_id=basket.id, at=clock.now(), state=BasketState.PAID, detail=detail))


def _confirm_places(session: Session, basket: PaymentBasket) -> Settlement:
    paid = {each.booking_id: each.amount_cents for each in basket.bookings}
    return confirm_paid(session, basket.family_id, basket.user_id, paid, basket.reference, basket.email)


def _settle_invoices(session: Session, basket: PaymentBasket) -> Settlement:
    wanted = [Allocation(each.invoice_id, each.amount_cents) for each in basket.invoices]
    invoice_ids = [each.invoice_id for each in wanted]
    rows = session.execute(select(Invoice.id, Invoice.office_id).where(Invoice.id.in_(invoice_ids)))
    office_of = {row.id: row.office_id for row in rows}
    for office_id in sorted(set(office_of.values())):  # an invoice run moves balances while it holds one
        lock_office(session, office_id)
    found = allocate_still_due(wanted, balances(session, invoice_ids))
    settled = Settlement(surplus_cents=found.surplus_cents)
    for each in wanted:
        settled.amounts_cents[office_of[each.invoice_id]] += each.amount_cents
    for each in found.allocations:
        settled.allocations[office_of[each.invoice_id]].append(each)
    return settled


def _record_payment(
    session: Session,
    office_id: int,
    family_id: int,
    mode: PaymentMode,
    amount_cents: int,
    received_on: date,
    details: PaymentDetails,
    allocations: Sequence[Allocation],
    *,
    basket: PaymentBasket | None = None,
    recorded_by: int | None = None,
    form_key: str | None = None,
) -> Payment:
    payment = Payment(
        receipt_number=next_number(session, office_id, DocumentKind.RECEIPT, received_on),
        office_id=office_id,
        family_id=family_id,
        mode=mode,
        amount_cents=amount_cents,
        received_on=received_on,
        reference=details.reference,
        bank=details.bank,
        drawer=details.drawer,
        voucher_count=details.voucher_count,
        value_on=details.value_on,
        basket_id=None if basket is None else basket.id,
        recorded_by_id=recorded_by,
        recorded_at=clock.now(),
        form_key=form_key,
    )
    session.add(payment)
    session.flush()
    session.add_all(
        PaymentAllocation(payment_id=payment.id, invoice_id=each.invoice_id, amount_cents=each.amount_cents)
        for each in allocations
    )
    write_receipt(session, payment)
    emails = (basket.email,) if basket is not None else emails_of_adults(session, family_id)
    for email in emails:
        queue_mail(session, "payment_received", email, family_id=family_id, payment=payment)
    return payment


@dataclass(frozen=True, slots=True)
class OperationEvent:
    """One moment of an operation's life."""

    at: datetime
    state: BasketState
    detail: str


@dataclass(frozen=True, slots=True)
class OperationView:
    """An online payment as the staff follow it."""

    id: int
    reference: str
    operation_id: str | None
    family_id: int
    family_name: str
    client_number: str
    amount_cents: int
    state: BasketState
    created_at: datetime
    next_check_at: datetime | None
    events: tuple[OperationEvent, ...]


def operations(
    page: int, office_ids: Collection[int] | None = None, *, only_pending: bool = False
) -> Page[OperationView]:
    """The online payments with their life, of all offices or of some, newest first. Three queries."""
    condition = is_for(office_ids)
    if only_pending:
        condition = condition & PaymentBasket.state.in_([BasketState.CREATED, BasketState.ASKED])
    place: Page[OperationView] = page_of(
        page, db.session.scalar(select(func.count(PaymentBasket.id)).where(condition)) or 0
    )
    rows = db.session.execute(
        select(PaymentBasket, Family.last_name, Family.first_name)
        .join(Family, Family.id == PaymentBasket.family_id)
        .where(condition)
        .order_by(PaymentBasket.id.desc())
        .offset(place.offset)
        .limit(place.size)
    ).all()
    events: defaultdict[int, list[OperationEvent]] = defaultdict(list)
    for event in db.session.scalars(
        select(BasketEvent).where(BasketEvent.basket_id.in_([row[0].id for row in rows])).order_by(BasketEvent.id)
    ):
        events[event.basket_id].append(OperationEvent(event.at, event.state, event.detail))
    return place.filled(tuple(
        OperationView(
            basket.id, basket.reference, basket.operation_id, basket.family_id, f"{last} {first}",
            basket.client_number, basket.amount_cents, basket.state, basket.created_at, basket.next_check_at,
            tuple(events[basket.id]),
        )
        for basket, last, first in rows
    ))  # fmt: skip


def is_for(office_ids: Collection[int] | None) -> ColumnElement[bool]:
    """That a basket pays something to one of these offices; None: to any."""
    if office_ids is None:
        return true()
    invoices = (
        select(BasketInvoice.basket_id)
        .join(Invoice, Invoice.id == BasketInvoice.invoice_id)
        .where(Invoice.office_id.in_(office_ids))
    )
    bookings = (
        select(BasketBooking.basket_id)
        .join(Booking, Booking.id == BasketBooking.booking_id)
        .join(Opening, Opening.id == Booking.opening_id)
        .join(Unit, Unit.id == Opening.unit_id)
        .join(Activity, Activity.id == Unit.activity_id)
        .where(Activity.office_id.in_(office_ids))
    )
    return or_(PaymentBasket.id.in_(invoices), PaymentBasket.id.in_(bookings))
