"""The demo's invoices and payments: runs under past clocks, and money taken at the counter."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from random import Random

from sqlalchemy import select
from sqlalchemy.orm import Session

from app import clock
from app.models.activities import Office
from app.models.families import Family
from app.models.invoices import Invoice
from app.rules.allocation import Allocation
from app.rules.cash_desks import USUAL_DAYS_TO_PAY, PaymentDetails, PaymentMode
from app.rules.invoicing import OddityKind
from app.services.debt_reminders import send as send_reminders
from app.services.invoice_runs import issue, issue_next, prepare
from app.services.payments import record_counter_payment
from app.services.run_pools import accept, draft_batch, store_batch, unsettled_kinds

OVERPAID_CENTS = 10_00
_TIME_TO_PAY = timedelta(days=USUAL_DAYS_TO_PAY)
_AT_ONCE = 100
_WORDS = {
    OddityKind.DAY_NOT_VALIDATED: "Présences vérifiées sur les feuilles papier.",
    OddityKind.QUOTIENT_MISSING: "Familles relancées, le tarif maximum leur a été rappelé.",
}
_CHEQUE_BANK = "Banque des Vallées"


@dataclass(frozen=True, slots=True)
class Habits:
    """Who pays how, by last name: latecomers pay nothing of the settled month, the quick have paid the latest one."""

    late: frozenset[str]
    quick: frozenset[str]
    overpaying: str  # pays the latest month too, and more than was asked


HABITS = Habits(late=frozenset({"DUBOIS"}), quick=frozenset({"TEST", "LEFÈVRE", "MERCIER"}), overpaying="BERNARD")


def issue_month(session: Session, office_id: int, month: date, issued_on: date, moment: datetime, user_id: int) -> None:
    """One run, from its start to its end, at `moment`; what is odd in it was seen."""
    clock.start_at(moment, frozen=True)
    run_id = prepare(session, office_id, month, user_id)
    while batch := draft_batch(session, run_id, _AT_ONCE):
        store_batch(session, batch)
    for kind in unsettled_kinds(session, run_id):
        accept(session, run_id, kind, _WORDS.get(kind, "Vu avec les familles concernées."), user_id)
    issue(session, run_id, issued_on, issued_on + _TIME_TO_PAY, user_id)
    while issue_next(session, run_id):
        pass


def pay_at_counter(
    session: Session,
    office_id: int,
    family_id: int,
    mode: PaymentMode,
    cents: int,
    moment: datetime,
    user_id: int,
    wanted: Sequence[Allocation] | None = None,
) -> None:
    """Money taken at the counter at `moment`, for the `wanted` invoices, or the oldest first."""
    clock.start_at(moment, frozen=True)
    drawer = session.get_one(Family, family_id).name
    number = str(2_100_000 + family_id * 37)
    details = PaymentDetails(number, _CHEQUE_BANK, drawer, -(-cents // 10_00), moment.date())
    record_counter_payment(
        session, office_id=office_id, family_id=family_id, mode=mode, amount_cents=cents,
        received_on=moment.date(), reference="", details=details, recorded_by=user_id, wanted=wanted,
    )  # fmt: skip


def invoice_last_months(session: Session, now: datetime, user_id: int, rng: Random) -> None:
    """The month before the last: invoiced and settled by nearly all. The last month: invoiced, paid by some."""
    this_month = now.date().replace(day=1)
    last_month = month_before(this_month)
    offices = session.scalars(select(Office).order_by(Office.id)).all()
    for month, issued_on in ((month_before(last_month), last_month), (last_month, this_month)):
        # On the very first day of a month, the run has just been made.
        moment = min(datetime.combine(issued_on, time(18), now.tzinfo), now)
        for office in offices:
            issue_month(session, office.id, month, issued_on, moment, user_id)
    settled_at = datetime.combine(last_month.replace(day=20), time(10, 30), now.tzinfo)
    paid_at = max(now - timedelta(days=1), min(datetime.combine(this_month, time(18), now.tzinfo), now))
    is_overpaid = False
    for invoice, last_name in session.execute(
        select(Invoice, Family.last_name)
        .join(Family, Family.id == Invoice.family_id)
        .where(Invoice.issued_on.in_([last_month, this_month]))
        .order_by(Invoice.issued_on, Invoice.id)  # the order in which receipts take their numbers
    ).all():
        is_latest = invoice.issued_on == this_month
        if last_name in HABITS.late or (is_latest and last_name not in HABITS.quick | {HABITS.overpaying}):
            continue
        wanted = [Allocation(invoice.id, invoice.total_cents)]
        surplus_cents = 0
        if is_latest and last_name == HABITS.overpaying and not is_overpaid:
            surplus_cents, is_overpaid = OVERPAID_CENTS, True
        mode = rng.choice((PaymentMode.CASH, PaymentMode.CHEQUE))
        if not surplus_cents and invoice.id % 5 < 2:
            mode = (PaymentMode.CESU, PaymentMode.TRANSFER)[invoice.id % 5]
        moment = paid_at if is_latest else settled_at
        pay_at_counter(
            session, invoice.office_id, invoice.family_id, mode, invoice.total_cents + surplus_cents, moment, user_id,
            wanted,
        )  # fmt: skip
    _remind_latecomers(session, [office.id for office in offices], paid_at, user_id)


def _remind_latecomers(session: Session, office_ids: Sequence[int], moment: datetime, user_id: int) -> None:
    """The first reminder of who let a due date pass; nothing where it passed too lately."""
    clock.start_at(moment, frozen=True)
    late = session.scalars(select(Family.id).where(Family.last_name.in_(HABITS.late))).all()
    for office_id in office_ids:
        send_reminders(session, office_id, 1, late, user_id, f"demo-{office_id}")


def month_before(month: date) -> date:
    """The first day of the month before the one that begins on this day."""
    return (month - timedelta(days=1)).replace(day=1)
