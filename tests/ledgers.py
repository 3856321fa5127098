"""Histories of money: days are booked, attended, invoiced, paid, credited, reversed, given back and handed in.

`tests/guarantees/test_ledgers.py` lives through them step by step; `script/drill` does so for longer. What is issued or
recorded never changes, numbers have no gap, and every sum is the same whichever way it is made.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from random import Random
from secrets import token_urlsafe
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app import clock
from app.database import Base, db, write_transaction
from app.jobs.payments import ask_payment_site
from app.models.activities import Office
from app.models.attendances import ValidatedDay
from app.models.bookings import Booking
from app.models.cash_desks import (
    Deposit,
    DepositItem,
    JournalLine,
    OfficeMode,
    PaymentReversal,
    Refund,
    RefundShare,
)
from app.models.credits import CreditAllocation, CreditedBooking, CreditLine, CreditNote
from app.models.invoices import CarriedMonth, Invoice, InvoicedBooking, InvoiceLine, InvoiceRun
from app.models.payments import Payment, PaymentAllocation
from app.rules.attendances import Seen, Turnout
from app.rules.calendars import add_months
from app.rules.cash_desks import IN_HAND_MODES, PaymentMode, ReversalKind
from app.rules.credits import CreditCause
from app.rules.states import BookingStatus
from app.services import attendances, credits, deposits, invoice_runs, payments, refunds, reversals, validated_days
from app.services.attendances import Mark
from app.services.cash_desks import minimum_of, read_desk, save_desk
from app.services.credits import CreditHead
from app.services.deposits import DepositInput
from app.services.household_credits import credit_of_family
from app.services.invoices import invoices_of
from app.services.refunds import RefundInput
from tests import factories
from tests.factories import ActivitySetup, FamilySetup
from tests.tills import Till

BEGIN = datetime(2026, 10, 30, 9)  # four of the days are over
MONTHS = (date(2026, 10, 1), date(2026, 11, 1))
DAYS = tuple(factories.wednesdays(8, date(2026, 10, 7)))
MODES = (PaymentMode.CASH, PaymentMode.CHEQUE, PaymentMode.CESU)

APPEND_ONLY: tuple[type[Base], ...] = (
    Invoice, InvoiceLine, CreditNote, CreditLine, CreditedBooking, CreditAllocation, Payment, PaymentAllocation,
    PaymentReversal, Refund, RefundShare, Deposit, DepositItem, JournalLine,
)  # fmt: skip
"""What is issued or recorded: a row that is there stays as it is."""

NUMBERED: Mapping[type[Base], str] = {
    Invoice: "number", CreditNote: "number", Payment: "receipt_number", Refund: "number", Deposit: "number",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Desk:
    """An office, its activity, and the families whose children come; by ids."""

    office_id: int
    activity: ActivitySetup
    openings: Mapping[tuple[date, str], int]
    families: tuple[tuple[FamilySetup, int], ...]  # with its child
    agent_id: int


@dataclass
class Books:
    """What is kept between two steps of a history."""

    desk: Desk
    till: Till = field(default_factory=Till)
    rows: Mapping[type[Base], Mapping[Any, tuple[Any, ...]]] = field(default_factory=dict)


class Crash(Exception):
    """The process dies before the commit."""


def make_desk() -> Desk:
    """« Mercredi » on eight Wednesdays, and three families who have booked most of them."""
    clock.start_at(BEGIN - timedelta(days=29), frozen=True)
    activity = factories.make_activity()
    openings = factories.make_openings(activity, DAYS)
    families = []
    for number in range(3):
        family = factories.make_family(f"TEST {number}", quotient_cents=50_000 if number else None)
        child_id = factories.make_child(family, f"Enfant {number}")
        factories.enrol(child_id, family, activity)
        families.append((family, child_id))
        units = ("Matin", "Repas", "Après-midi")[: number + 1]
        wanted = [openings[day, unit] for day in DAYS[number:] for unit in units]
        factories.save(family, child_id, book=wanted)
    clock.start_at(BEGIN, frozen=True)
    with write_transaction() as session:
        office_id = session.scalars(select(Office.id)).one()
        session.add(OfficeMode(office_id=office_id, mode=PaymentMode.CESU, is_taken=True, note=""))
        session.add(OfficeMode(office_id=office_id, mode=PaymentMode.CASH, is_taken=True, note=""))
        session.add(OfficeMode(office_id=office_id, mode=PaymentMode.CHEQUE, is_taken=True, note=""))
    return Desk(office_id, activity, openings, tuple(families), factories.make_staff())


# --- What people do -------------------------------------------------------------------------------------------------


def book(books: Books, rng: Random) -> None:
    """A parent books or cancels some units of some days to come."""
    family, child_id = rng.choice(books.desk.families)
    cells = [id_ for (day, _), id_ in books.desk.openings.items() if rng.random() < 0.3 and day > clock.today()]
    held = set(
        db.session.scalars(
            select(Booking.opening_id).where(
                Booking.child_id == child_id, Booking.status == BookingStatus.CONFIRMED, Booking.opening_id.in_(cells)
            )
        )
    )
    db.session.rollback()
    if cells:
        factories.save(
            family, child_id, book=[id_ for id_ in cells if id_ not in held], cancel=sorted(held), key=token_urlsafe(12)
        )


def let_days_pass(books: Books, rng: Random) -> None:
    """Some days later."""
    clock.start_at(clock.now() + timedelta(days=rng.randint(1, 9)), frozen=True)


def take_attendance(session: Session, books: Books, rng: Random) -> None:
    """Children came, or not, or came without a booking; some recorded late, or on a day that is locked."""
    past = [(day, id_) for (day, _), id_ in books.desk.openings.items() if day <= clock.today()]
    marks = [
        Mark(token_urlsafe(9), rng.choice(books.desk.families)[1], opening_id, Seen(rng.choice(list(Turnout))))
        for _, opening_id in rng.sample(past, min(4, len(past)))
    ]
    attendances.record_all(session, books.desk.agent_id, marks)


def lock_a_day(session: Session, books: Books, rng: Random) -> None:
    """Validate a day, or open it again."""
    group_id = books.desk.activity.group_id
    locked = set(session.scalars(select(ValidatedDay.day).where(ValidatedDay.reopened_at.is_(None))))
    past = [day for day in DAYS if day <= clock.today()]
    if locked and rng.random() < 0.3:
        validated_days.reopen_day(
            session, books.desk.agent_id, group_id, rng.choice(sorted(locked)), "Erreur de saisie"
        )
    elif past:
        validated_days.validate_day(session, books.desk.agent_id, group_id, rng.choice(past), Turnout.PRESENT)


def start_run(session: Session, books: Books, rng: Random) -> None:
    """Begin to invoice a month that has begun."""
    months = [month for month in MONTHS if month <= clock.today()]
    today = clock.today()
    invoice_runs.start_run(
        session, books.desk.office_id, rng.choice(months), today, add_months(today, 1), books.desk.agent_id,
        whatever_it_is=rng.random() < 0.2,
    )  # fmt: skip


def set_minimum(session: Session, books: Books, rng: Random) -> None:
    """The least that an invoice asks is another one from now on, or there is none."""
    office_id = books.desk.office_id
    save_desk(session, office_id, replace(read_desk(office_id), minimum_cents=rng.choice([None, 1_000, 4_000])))


def issue_some(session: Session, books: Books, rng: Random) -> None:
    """What the worker does of a run: a family or two, in a transaction of its own."""
    run_id = invoice_runs.unfinished_run(session)
    if run_id is not None:
        run, minimum_cents = session.get_one(InvoiceRun, run_id), minimum_of(session, books.desk.office_id) or 0
        before = set(session.scalars(select(Invoice.id)))
        invoice_runs.issue_next(session, run_id, limit=rng.randint(1, 2))
        for invoice in session.scalars(select(Invoice).where(Invoice.id.not_in(before))):
            assert run.whatever_it_is or invoice.total_cents >= minimum_cents, (invoice.total_cents, minimum_cents)


def take_money(session: Session, books: Books, rng: Random) -> None:
    """Money at the counter, more or less than is due; the form is sent twice."""
    family, _ = rng.choice(books.desk.families)
    due = [view.balance_cents for view in invoices_of(family.family_id) if view.balance_cents]
    cents = rng.choice([*due, sum(due) or 100, rng.randint(1, 3_000)])
    mode, key = rng.choice(MODES), token_urlsafe(9)
    for _ in range(rng.randint(1, 2)):
        payments.record_counter_payment(
            session, office_id=books.desk.office_id, family_id=family.family_id, mode=mode, amount_cents=cents,
            received_on=clock.today(), reference="", recorded_by=books.desk.agent_id, form_key=key,
        )  # fmt: skip


def reverse(session: Session, books: Books, rng: Random) -> None:
    """A payment counts no more, handed in or not."""
    ids = session.scalars(select(Payment.id).order_by(Payment.id)).all()
    if ids:
        kind = rng.choice(list(ReversalKind))
        reversals.reverse_payment(session, rng.choice(ids), books.desk.agent_id, kind, "Erreur de saisie")


def give_back(session: Session, books: Books, rng: Random) -> None:
    """A refund of something, all, or more than is left; the form is sent twice."""
    family, _ = rng.choice(books.desk.families)
    most = refunds.refundable_of(family.family_id, books.desk.office_id)
    if most:
        cents = rng.choice([most, rng.randint(1, most), most + 1])
        typed, key = RefundInput(cents, family.name, "FR7630006000011234567890189", "Trop-perçu"), token_urlsafe(9)
        for _ in range(2):
            refunds.refund(session, family.family_id, books.desk.office_id, books.desk.agent_id, typed, key)


def hand_in(session: Session, books: Books, rng: Random) -> None:
    """All that is in hand of a mode, or some of it; the form is sent twice."""
    mode = rng.choice(MODES)
    items = list(deposits.items_in_hand(session, books.desk.office_id, mode))
    if rng.random() < 0.4:
        items = [each for each in items if rng.random() < 0.6]
    if items:
        cents = sum(each.amount_cents for each in items)
        typed = DepositInput(books.desk.office_id, mode, None, [each.payment_id for each in items], cents)
        key = token_urlsafe(9)
        for _ in range(2):
            deposits.hand_in(session, typed, books.desk.agent_id, key)


def credit(session: Session, books: Books, rng: Random) -> None:
    """Some of what a family was invoiced is taken back; the next run invoices it again."""
    family, _ = rng.choice(books.desk.families)
    rows = select(InvoicedBooking.booking_id).join(Booking, Booking.id == InvoicedBooking.booking_id)
    invoiced = session.scalars(rows.where(Booking.family_id == family.family_id).order_by(Booking.id)).all()
    wanted = [id_ for id_ in invoiced if rng.random() < 0.4]
    credits.hold_for_credit(session, family.family_id, credits.invoices_holding(session, wanted).values())
    credits.take_back(session, wanted, CreditHead(CreditCause.CORRECTION, "Prix corrigé", books.desk.agent_id))


def pay_online(books: Books, rng: Random) -> None:
    """A parent goes to the payment site with some invoices."""
    family, _ = rng.choice(books.desk.families)
    due = [view.id for view in invoices_of(family.family_id) if view.balance_cents > 0 and rng.random() < 0.7]
    db.session.rollback()
    if due:
        ask_payment_site(books.till, factories.make_basket(family, due))


IN_A_TRANSACTION: tuple[Callable[[Session, Books, Random], None], ...] = (
    take_attendance, take_attendance, lock_a_day, set_minimum, start_run, start_run, *[issue_some] * 4, *[take_money] * 3, reverse,
    give_back, hand_in, hand_in, *[credit] * 3,
)  # fmt: skip


# --- What must be true ----------------------------------------------------------------------------------------------


def read_rows(session: Session) -> Mapping[type[Base], Mapping[Any, tuple[Any, ...]]]:
    """All that is issued or recorded, by table and key."""
    found: dict[type[Base], Mapping[Any, tuple[Any, ...]]] = {}
    for model in APPEND_ONLY:
        table = model.__table__
        keys = [index for index, column in enumerate(table.columns) if column.primary_key]
        rows = session.execute(select(table)).all()
        found[model] = {tuple(row[index] for index in keys): tuple(row) for row in rows}
    return found


def changed(before: Mapping[type[Base], Any], after: Mapping[type[Base], Any]) -> Iterator[str]:
    """What was issued or recorded before and is another thing now."""
    for model, rows in before.items():
        for key, row in rows.items():
            if after[model].get(key) != row:
                yield f"{model.__name__} {key}: {row} became {after[model].get(key)}"


def wrongs(session: Session, desk: Desk) -> Iterator[str]:
    """Which numbers have gaps, and which sums are not the same when they are made in another way."""
    yield from _gaps(session)
    yield from _wrong_documents(session)
    yield from _wrong_balances(session, desk)
    yield from _wrong_till(session, desk)
    yield from _wrong_carried(session)


def _wrong_carried(session: Session) -> Iterator[str]:
    """A month that is carried forward is on no invoice since; one that is settled is on this family's, of later or then."""
    for row in session.scalars(select(CarriedMonth)):
        if row.invoice_id is not None:
            invoice = session.get_one(Invoice, row.invoice_id)
            same = (invoice.office_id, invoice.family_id) == (row.office_id, row.family_id)
            if not same or invoice.month < row.month:
                yield f"carried month {row.id} on invoice {invoice.id}"
        elif row.settled_at is None:
            taken = (
                select(Invoice.id)
                .join(InvoiceLine, InvoiceLine.invoice_id == Invoice.id)
                .join(InvoicedBooking, InvoicedBooking.line_id == InvoiceLine.id)
                .join(Booking, Booking.id == InvoicedBooking.booking_id)
                .where(
                    Invoice.office_id == row.office_id, Invoice.family_id == row.family_id,
                    Invoice.run_id.is_not(None), Invoice.issued_at > row.carried_at, Booking.day >= row.month,
                    Booking.day < add_months(row.month, 1),
                )
            )  # fmt: skip
            for invoice_id in session.scalars(taken):
                yield f"carried month {row.id} waits, and is on invoice {invoice_id}"


def _gaps(session: Session) -> Iterator[str]:
    for model, column in NUMBERED.items():
        series: defaultdict[str, list[int]] = defaultdict(list)
        for number in session.scalars(select(getattr(model, column))):
            series[number[:-5]].append(int(number[-5:]))
        for name, numbers in series.items():
            if sorted(numbers) != list(range(1, len(numbers) + 1)):
                yield f"{name}: {sorted(numbers)}"
    lines = sorted(session.scalars(select(JournalLine.n)))
    if lines != list(range(1, len(lines) + 1)):
        yield f"journal: {lines}"


def _wrong_documents(session: Session) -> Iterator[str]:
    for document, line, key in (
        (Invoice, InvoiceLine, InvoiceLine.invoice_id), (CreditNote, CreditLine, CreditLine.credit_note_id),
    ):  # fmt: skip
        sums = _sums(session, key, line.amount_cents)
        for id_, cents in session.execute(select(document.id, document.total_cents)):
            if sums[id_] != cents:
                yield f"{document.__name__} {id_}: {cents} cents, lines of {sums[id_]}"
    # A line is what its bookings cost: those that are on it still, and those that credit notes took off it.
    per_line = _sums(session, CreditedBooking.line_id, CreditedBooking.amount_cents)
    on_lines = select(InvoicedBooking.line_id, Booking.price_cents).join(
        Booking, Booking.id == InvoicedBooking.booking_id
    )
    for line_id, cents in session.execute(on_lines):
        per_line[line_id] += cents
    for id_, cents in session.execute(select(InvoiceLine.id, InvoiceLine.amount_cents)):
        if per_line[id_] != cents:
            yield f"line {id_}: {cents} cents, bookings of {per_line[id_]}"


def _sums(session: Session, key: Any, cents: Any, *conditions: Any) -> Counter[Any]:
    return Counter(dict(session.execute(select(key, func.sum(cents)).where(*conditions).group_by(key)).tuples().all()))


def _standing() -> Any:
    return Payment.id.not_in(select(PaymentReversal.payment_id))


def _wrong_balances(session: Session, desk: Desk) -> Iterator[str]:
    paid = Counter(
        dict(
            session.execute(
                select(PaymentAllocation.invoice_id, func.sum(PaymentAllocation.amount_cents))
                .join(Payment, Payment.id == PaymentAllocation.payment_id)
                .where(_standing())
                .group_by(PaymentAllocation.invoice_id)
            )
            .tuples()
            .all()
        )
    )
    credited = _sums(session, CreditAllocation.invoice_id, CreditAllocation.amount_cents)
    invoiced, noted = (_sums(session, each.family_id, each.total_cents) for each in (Invoice, CreditNote))
    received = _sums(session, Payment.family_id, Payment.amount_cents, _standing())
    refunded = _sums(session, Refund.family_id, Refund.amount_cents)
    for family, _ in desk.families:
        views, id_ = invoices_of(family.family_id), family.family_id
        for view in views:
            expected = view.total_cents - paid[view.id] - credited[view.id]
            if view.balance_cents != expected or expected < 0:
                yield f"invoice {view.id}: {view.balance_cents} due, {expected} expected"
        left = sum(each.amount_cents for each in credit_of_family(id_))
        balance = sum(view.balance_cents for view in views) - left
        expected = invoiced[id_] - noted[id_] - received[id_] + refunded[id_]
        if balance != expected or left < 0:
            yield f"family {id_}: {balance} cents due less {left} left, the documents say {expected}"


def _wrong_till(session: Session, desk: Desk) -> Iterator[str]:
    received = _sums(session, Payment.mode, Payment.amount_cents, _standing())
    handed_in = _sums(session, Deposit.mode, Deposit.total_cents)
    in_hand = deposits.cents_in_hand(session, [desk.office_id])
    for mode in IN_HAND_MODES:
        held = in_hand.get((desk.office_id, mode), 0)
        listed = sum(each.amount_cents for each in deposits.items_in_hand(session, desk.office_id, mode))
        if received[mode] != handed_in[mode] + held or held != listed:
            yield f"{mode}: {received[mode]} received, {handed_in[mode]} handed in, {held} in hand, {listed} listed"
