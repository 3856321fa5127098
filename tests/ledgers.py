"""Histories of money: days are booked, attended, closed, invoiced, aided, paid, credited, excused, reversed, given up,
given back, handed in and collected; and processes die at any statement.

`tests/guarantees/test_ledgers.py` lives through them step by step; `script/drill` does so for longer. What is issued or
recorded never changes, numbers have no gap, and every sum is the same whichever way it is made.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time, timedelta
from random import Random
from secrets import token_urlsafe
from typing import Any

from sqlalchemy import event, func, select
from sqlalchemy.orm import Session

from app import clock
from app.database import Base, db, write_transaction
from app.jobs.credits import CreditJob
from app.jobs.invoices import take_together
from app.jobs.payments import ask_payment_site
from app.models.absences import AbsenceJustification, JustifiedAbsence
from app.models.activities import Activity, Office
from app.models.aids import AidUse
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
from app.models.credits import Correction, CreditAllocation, CreditedBooking, CreditLine, CreditNote
from app.models.debts import DebtMove
from app.models.direct_debits import DebitBatch, DebitLine
from app.models.invoices import CarriedMonth, Invoice, InvoicedBooking, InvoiceLine, InvoiceRun, RunStatus
from app.models.payments import Payment, PaymentAllocation
from app.rules.absences import JustificationStatus
from app.rules.attendances import Seen, Turnout
from app.rules.bills import LineKind
from app.rules.calendars import add_months
from app.rules.cash_desks import IN_HAND_MODES, PaymentMode, ReversalKind
from app.rules.credits import Afterwards, CreditCause
from app.rules.deadlines import DaysBefore, Deadline
from app.rules.debts import DebtMoveKind
from app.rules.direct_debits import DebitRefusal, first_collection_day
from app.rules.states import BookingStatus
from app.services import (
    absence_decisions,
    absences,
    aids,
    attendances,
    closures,
    corrections,
    credits,
    debit_batches,
    debit_mandates,
    debts,
    deposits,
    invoice_runs,
    line_corrections,
    payments,
    refunds,
    reversals,
    run_pools,
    validated_days,
)
from app.services.absences import JustificationInput
from app.services.attendances import Mark
from app.services.cash_desks import minimum_of, read_desk, save_desk
from app.services.catalogue import catalogue
from app.services.closures import ClosureWish
from app.services.credits import CreditHead
from app.services.debit_mandates import MandateInput
from app.services.deposits import DepositInput
from app.services.household_credits import credit_of_family
from app.services.invoices import invoices_of
from app.services.line_corrections import LineWish
from app.services.refunds import RefundInput
from tests import factories
from tests.factories import ActivitySetup, FamilySetup
from tests.tills import Till, news, work_on_payments

BEGIN = datetime(2026, 10, 30, 9)  # four of the days are over
MONTHS = (date(2026, 10, 1), date(2026, 11, 1))
DAYS = tuple(factories.wednesdays(8, date(2026, 10, 7)))
MODES = (PaymentMode.CASH, PaymentMode.CHEQUE, PaymentMode.CESU)
NOTICE_DAYS = 1  # between telling and collecting

APPEND_ONLY: tuple[type[Base], ...] = (
    Invoice, InvoiceLine, CreditNote, CreditLine, CreditedBooking, CreditAllocation, Payment, PaymentAllocation,
    PaymentReversal, Refund, RefundShare, Deposit, DepositItem, JournalLine, DebtMove, AidUse,
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
    reason_id: int  # why a child was absent
    fund_id: int  # pays some of what two of the families owe


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
    agent_id = factories.make_staff()
    (first, first_child), (_second, _), (third, third_child) = families
    half = {"percent_hundredths": 50_00, "ceiling_cents": 900}
    fund_id, _ = factories.make_aid(first, first_child, agent_id, **half)
    factories.make_aid(third, third_child, agent_id, percent_hundredths=33_33, most_days=4, floor_cents=50)
    factories.set_notice(activity, Deadline.CANCEL_LATE, DaysBefore(0, time(20)))
    clock.start_at(BEGIN, frozen=True)
    with write_transaction() as session:
        office_id = session.scalars(select(Office.id)).one()
        session.get_one(Activity, activity.id).justify_days = 30
        for mode in MODES:
            session.add(OfficeMode(office_id=office_id, mode=mode, is_taken=True, note=""))
    desk = debit_mandates.DebitDesk(True, "FR72ZZZ123456", "Régie", factories.ANOTHER_IBAN, "", NOTICE_DAYS)
    with write_transaction() as session:
        debit_mandates.save_debit_desk(session, office_id, desk)
        for family, _child_id in families[:2]:
            typed = MandateInput(family.name, factories.AN_IBAN, clock.today())
            debit_mandates.record_mandate(session, office_id, family.family_id, typed, agent_id)
    reason_id = factories.make_absence_reason()
    return Desk(office_id, activity, openings, tuple(families), agent_id, reason_id, fund_id)


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
    """Some days later, or on the next day that is open; the worker asks the payment site what became of payments."""
    later = clock.now() + timedelta(days=rng.randint(1, 9))
    to_come = [day for day in DAYS if clock.today() < day <= clock.today() + timedelta(days=9)]
    if to_come and rng.random() < 0.5:
        later = datetime.combine(to_come[0], later.time())
    clock.start_at(later, frozen=True)
    work_on_payments(books.till)


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
    invoice_runs.prepare(session, books.desk.office_id, rng.choice(months), books.desk.agent_id)


def set_minimum(session: Session, books: Books, rng: Random) -> None:
    """The least that an invoice asks is another one from now on, or there is none."""
    office_id = books.desk.office_id
    save_desk(session, office_id, replace(read_desk(office_id), minimum_cents=rng.choice([None, None, 500, 2_000])))


def take_a_step(session: Session, books: Books, rng: Random) -> None:
    """What the worker does of a run: a family or two are prepared, or issued, in a transaction of its own."""
    step = invoice_runs.next_step(session)
    if step is None:
        return
    if step.status is RunStatus.ISSUING:
        run, minimum_cents = session.get_one(InvoiceRun, step.run_id), minimum_of(session, books.desk.office_id) or 0
        before = set(session.scalars(select(Invoice.id)))
        invoice_runs.issue_next(session, step.run_id, limit=rng.randint(1, 2))
        for invoice in session.scalars(select(Invoice).where(Invoice.id.not_in(before))):
            assert run.whatever_it_is or invoice.total_cents >= minimum_cents, (invoice.total_cents, minimum_cents)
    elif (batch := run_pools.draft_batch(session, step.run_id, limit=rng.randint(1, 3))) is not None:
        run_pools.store_batch(session, batch)


def decide_on_a_run(session: Session, books: Books, rng: Random) -> None:
    """An agent has a prepared run issued, now and then another prepared, or gives it up; the form is sent twice."""
    run = session.scalars(select(InvoiceRun).where(InvoiceRun.status == RunStatus.PREPARED)).first()
    if run is None:
        return
    run_id, agent_id, today = run.id, books.desk.agent_id, clock.today()
    what, whatever_it_is = rng.random(), rng.random() < 0.2
    due_on = today + timedelta(days=rng.choice([0, 8, 30]))
    for _ in range(2):
        if what < 0.1:
            invoice_runs.give_up(session, run_id, agent_id)
        elif what < 0.2:
            invoice_runs.prepare(session, run.office_id, run.month, agent_id, instead_of=run_id)
        else:
            for kind in run_pools.unsettled_kinds(session, run_id):
                run_pools.accept(session, run_id, kind, "Vu", agent_id)
            invoice_runs.issue(session, run_id, today, due_on, agent_id, whatever_it_is=whatever_it_is)


def invoice_a_month(books: Books, rng: Random) -> None:
    """A month is prepared, and issued as it was read; the worker goes on to the end, or is left in the midst."""
    with write_transaction() as session:
        start_run(session, books, rng)
    _work_on_runs(rng.randint(2, 9))
    with write_transaction() as session:
        decide_on_a_run(session, books, rng)
    _work_on_runs(rng.randint(0, 9))


def go_on() -> bool:
    """Take the oldest run a step further, as the worker does, but a failure is a failure here; False without any."""
    step = invoice_runs.next_step(db.session())
    if step is not None:
        take_together(step)
    return step is not None


def _work_on_runs(steps: int) -> None:
    while steps and go_on():
        steps -= 1
    db.session.rollback()


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


def hear_of_payments(books: Books, rng: Random) -> None:
    """The payment site tells of some operation, perhaps for the second time."""
    news(books.till, rng)


def give_up(session: Session, books: Books, rng: Random) -> None:
    """What is due is written off or transferred to the Treasury; or that is taken back."""
    moves = session.scalars(select(DebtMove.id).where(DebtMove.cancels_id.is_(None)).order_by(DebtMove.id)).all()
    if moves and rng.random() < 0.3:
        debts.cancel_move(session, rng.choice(moves), "La famille a écrit", books.desk.agent_id)
        return
    today = Invoice.due_on < clock.today()
    ids = session.scalars(select(Invoice.id).where(today).order_by(Invoice.id)).all()
    if ids:
        kind = rng.choice(list(DebtMoveKind))
        debts.give_up(session, rng.choice(ids), kind, "Bordereau", books.desk.agent_id)


def close_a_day(session: Session, books: Books, rng: Random) -> None:
    """A day is closed, or one unit of it, whatever was booked, seen and invoiced; or it opens again."""
    done = [row for row in closures.closures().rows if row.reopened_at is None]
    if done and rng.random() < 0.4:
        closures.reopen(session, rng.choice(done).id, books.desk.agent_id)
        return
    units = books.desk.activity.units.values()
    codes = [f"activity-{books.desk.activity.id}", *(f"unit-{id_}" for id_ in units)]
    day = rng.choice(DAYS)
    wish = ClosureWish(closures.find_place(rng.choice(codes)), day, day, "Grève")
    closures.close(session, wish, books.desk.agent_id, closures.plan_closure(session, wish).fingerprint)


def excuse(session: Session, books: Books, rng: Random) -> None:
    """A parent sends a reason for absences, however late; or an agent decides, whatever was invoiced meanwhile."""
    waiting = select(AbsenceJustification.id).where(AbsenceJustification.status == JustificationStatus.WAITING)
    ids = session.scalars(waiting.order_by(AbsenceJustification.id)).all()
    if ids and rng.random() < 0.6:
        sent_id = rng.choice(ids)
        asked = select(JustifiedAbsence.booking_id).where(JustifiedAbsence.justification_id == sent_id)
        accepted = [id_ for id_ in session.scalars(asked.order_by(JustifiedAbsence.booking_id)) if rng.random() < 0.8]
        absence_decisions.decide(session, sent_id, books.desk.agent_id, accepted, "Illisible")
        return
    family, _ = rng.choice(books.desk.families)
    missed = [id_ for each in absences.absences_of(family.family_id).to_justify for id_ in each.booking_ids]
    wanted = frozenset(id_ for id_ in missed if rng.random() < 0.7)
    if wanted:
        typed = JustificationInput(wanted, books.desk.reason_id, "", token_urlsafe(9))
        for _ in range(2):
            absences.send(session, family.ref, family.user_id, typed, None)


def amend(session: Session, books: Books, rng: Random) -> None:
    """What was seen on days that are invoiced was wrong: it waits as a correction."""
    past = [id_ for (day, _), id_ in books.desk.openings.items() if day <= clock.today()]
    child_id = rng.choice(books.desk.families)[1]
    marks = [
        Mark(token_urlsafe(9), child_id, opening_id, Seen(rng.choice(list(Turnout))))
        for opening_id in rng.sample(past, min(3, len(past)))
    ]
    attendances.correct(session, books.desk.agent_id, marks, "Feuille relue")


def end_correction(session: Session, books: Books, rng: Random) -> None:
    """A correction that waits is carried out by an agent, or left."""
    ids = session.scalars(select(Correction.id).where(Correction.ended_at.is_(None)).order_by(Correction.id)).all()
    if ids and rng.random() < 0.75:
        corrections.carry_out(session, rng.choice(ids), books.desk.agent_id)
    elif ids:
        corrections.leave(session, rng.choice(ids), books.desk.agent_id, "Vérifié")


def correct_line(session: Session, books: Books, rng: Random) -> None:
    """An agent takes some of a line back: for good, to be invoiced again, or at another price; the form is sent twice."""
    ids = session.execute(select(InvoiceLine.invoice_id, InvoiceLine.id).order_by(InvoiceLine.id)).all()
    if not ids:
        return
    invoice_id, line_id = rng.choice(ids)
    line = line_corrections.read_line(invoice_id, line_id)
    keys = frozenset(part.key for part in line.parts if rng.random() < 0.6)
    how = rng.choice(list(Afterwards)) if line.is_of_bookings else Afterwards.NOTHING
    wish = LineWish(keys, how, rng.randint(1, 600) if how is Afterwards.AT_PRICE else None, "Mauvais tarif")
    plan, key = line_corrections.plan_line(invoice_id, line_id, wish), token_urlsafe(9)
    for _ in range(2):
        line_corrections.correct_line(
            session, invoice_id, line_id, wish, books.desk.agent_id, fingerprint=plan.fingerprint, form_key=key
        )


def cancel_late(books: Books, rng: Random) -> None:
    """A parent tells in the morning that a child does not come: it is charged, and may be excused."""
    family, child_id = rng.choice(books.desk.families)
    today = [id_ for (day, _), id_ in books.desk.openings.items() if day == clock.today()]
    mine = select(Booking.opening_id).where(
        Booking.child_id == child_id, Booking.status == BookingStatus.CONFIRMED, Booking.opening_id.in_(today)
    )
    held = [id_ for id_ in db.session.scalars(mine.order_by(Booking.id)) if rng.random() < 0.8]
    db.session.rollback()
    if held:
        factories.save(family, child_id, charged=held, key=token_urlsafe(12))


def credit_by_the_worker(books: Books, rng: Random) -> None:
    """What was closed or excused after it was invoiced is credited, some of it."""
    job = CreditJob()
    for _ in range(rng.randint(1, 3)):
        job.credit_next()
    db.session.rollback()


def collect(session: Session, books: Books, rng: Random) -> None:
    """An agent prepares a collection, or carries one on: its file, its payments; or gives it up. Forms are sent twice."""
    office_id, agent_id = books.desk.office_id, books.desk.agent_id
    ongoing = select(DebitBatch).where(DebitBatch.abandoned_at.is_(None), DebitBatch.ordered_at.is_(None))
    batches = session.scalars(ongoing.order_by(DebitBatch.id)).all()
    if not batches or rng.random() < 0.3:
        day = first_collection_day(clock.today(), NOTICE_DAYS, catalogue().calendar.is_working_day)
        shown, key = debit_batches.preview(office_id, day).taken, token_urlsafe(9)
        for _ in range(2):
            debit_batches.prepare(session, office_id, day, shown, agent_id, key)
        return
    batch = rng.choice(batches)
    for _ in range(2):
        if batch.sent_at is not None:
            debit_batches.order_recording(session, batch.id, agent_id)
        elif rng.random() < 0.2:
            debit_batches.abandon(session, batch.id, agent_id)
        else:
            debit_batches.note_sent(session, batch.id, agent_id)


def refuse_debit(session: Session, books: Books, rng: Random) -> None:
    """A line is taken out, or comes back, recorded or not; the form is sent twice."""
    ids = session.scalars(select(DebitLine.id).where(DebitLine.refused_at.is_(None)).order_by(DebitLine.id)).all()
    if ids:
        code, line_id = rng.choice([DebitRefusal.AM04, DebitRefusal.MD06, DebitRefusal.TAKEN_OUT]), rng.choice(ids)
        for _ in range(2):
            debit_batches.refuse_line(session, line_id, books.desk.agent_id, code)


def change_mandate(session: Session, books: Books, rng: Random) -> None:
    """A family ends its mandate, or signs another."""
    family, _ = rng.choice(books.desk.families)
    for mandate in debit_mandates.mandates_of(family.family_id):
        if mandate.ended_at is None:
            debit_mandates.end_own_mandate(session, family.family_id, mandate.id, family.user_id)
            return
    typed = MandateInput(family.name, factories.AN_IBAN, clock.today())
    debit_mandates.record_mandate(session, books.desk.office_id, family.family_id, typed, books.desk.agent_id)


def record_debits(books: Books, rng: Random) -> None:
    """What the worker does of the collections whose payments were ordered, a line or two."""
    for _ in range(rng.randint(1, 3)):
        line_id = debit_batches.next_to_record(db.session(), 0)
        db.session.rollback()
        if line_id is not None:
            with write_transaction() as session:
                debit_batches.record_line(session, line_id)


@contextmanager
def dying(rng: Random) -> Iterator[None]:
    """The process dies at some statement to come, before it is executed; or lives, where there are fewer."""
    left = rng.randint(1, 80)

    def count(*_: object) -> None:
        nonlocal left
        left -= 1
        if left == 0:
            raise Crash

    engine = db.engine
    event.listen(engine, "before_cursor_execute", count)
    try:
        yield
    finally:
        event.remove(engine, "before_cursor_execute", count)


IN_A_TRANSACTION: tuple[Callable[[Session, Books, Random], None], ...] = (
    take_attendance, take_attendance, lock_a_day, set_minimum, start_run, start_run, *[take_a_step] * 7, *[decide_on_a_run] * 3,
    *[take_money] * 3, reverse, give_back, hand_in, hand_in, credit, credit, *[give_up] * 2, close_a_day,
    *[excuse] * 3, amend, amend, *[end_correction] * 2, correct_line, correct_line,
    *[collect] * 3, refuse_debit, change_mandate,
)  # fmt: skip
BY_ITSELF: tuple[Callable[[Books, Random], None], ...] = (
    book, book, let_days_pass, let_days_pass, let_days_pass, *[invoice_a_month] * 4, cancel_late, cancel_late, pay_online, pay_online,
    hear_of_payments, hear_of_payments, credit_by_the_worker, credit_by_the_worker, record_debits, record_debits,
)  # fmt: skip
"""What begins and ends its own transactions."""


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
    yield from _wrong_documents(session, desk)
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


def _wrong_documents(session: Session, desk: Desk) -> Iterator[str]:
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
    used = _sums(session, AidUse.line_id, AidUse.amount_cents, AidUse.credit_line_id.is_(None))
    given_back = _sums(session, AidUse.credit_line_id, AidUse.amount_cents, AidUse.credit_line_id.is_not(None))
    owed_by_fund = 0
    for id_, kind, cents in session.execute(select(InvoiceLine.id, InvoiceLine.kind, InvoiceLine.amount_cents)):
        if kind is LineKind.AID:
            owed_by_fund -= cents
        expected = -used[id_] if kind is LineKind.AID else per_line[id_]
        if cents != expected:
            yield f"line {id_}: {cents} cents, bookings or aids of {expected}"
    credited = select(CreditLine.id, CreditLine.amount_cents).join(InvoiceLine, InvoiceLine.id == CreditLine.line_id)
    for id_, cents in session.execute(credited.where(InvoiceLine.kind == LineKind.AID)):
        owed_by_fund += cents
        if cents != given_back[id_]:
            yield f"credit line {id_}: {cents} cents, aids of {given_back[id_]}"
    statement = aids.statement_of(desk.fund_id, date(2026, 1, 1), date(2030, 1, 1))
    if statement.total_cents != owed_by_fund:
        yield f"the fund owes {statement.total_cents} cents, the lines say {owed_by_fund}"


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
    given_up = Counter[int]()
    for invoice_id, cents, cancels_id in session.execute(
        select(DebtMove.invoice_id, DebtMove.amount_cents, DebtMove.cancels_id)
    ):
        given_up[invoice_id] += cents if cancels_id is None else -cents
    for family, _ in desk.families:
        views, id_ = invoices_of(family.family_id), family.family_id
        for view in views:
            expected = view.total_cents - paid[view.id] - credited[view.id] - given_up[view.id]
            if view.balance_cents != expected or expected < 0 or given_up[view.id] < 0:
                yield f"invoice {view.id}: {view.balance_cents} due, {expected} expected"
        left = sum(each.amount_cents for each in credit_of_family(id_))
        balance = sum(view.balance_cents for view in views) - left
        left_unasked = sum(given_up[view.id] for view in views)
        expected = invoiced[id_] - noted[id_] - received[id_] + refunded[id_] - left_unasked
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
