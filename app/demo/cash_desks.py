"""The demo's régies: their modes and keepers, deposits, a cheque that bounced, a refund and a collection."""

from datetime import date, datetime, time, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from app import clock
from app.demo.invoices import HABITS, month_before
from app.models.activities import Office
from app.models.families import Family
from app.models.invoices import Invoice
from app.models.payments import Payment
from app.rules.cash_desks import COUNTER_MODES, IN_HAND_MODES, Keeper, KeeperRole, PaymentMode, ReversalKind
from app.rules.direct_debits import first_collection_day
from app.services.cash_desks import DeskSettings, ModeSetting, save_desk, save_keeper
from app.services.catalogue import catalogue
from app.services.debit_batches import prepare, preview
from app.services.debit_mandates import DebitDesk, MandateInput, record_mandate, save_debit_desk
from app.services.deposits import DepositInput, hand_in, items_in_hand
from app.services.invoices import balance_in_sql, open_views
from app.services.payment_terms import left_cents
from app.services.refunds import RefundInput, refund
from app.services.reversals import reverse_payment

_NOTES = {
    PaymentMode.CESU: "la garde des moins de 6 ans, pas les repas",
    PaymentMode.HOLIDAY_VOUCHERS: "les vacances et les sorties",
}
_CEILING_CENTS, _FLOAT_CENTS = 1_200_00, 50_00
_KEEPERS = (("Odile RENAUD", KeeperRole.KEEPER), ("Marc TESSIER", KeeperRole.DEPUTY))
_REFUND_CENTS = 4_00
_MINIMUM_CENTS = 3_00  # of an invoice: a family with a day or two in the month waits for the next
_IBAN = "FR7630006000011234567890189"  # the example that banks print
_OWN_IBAN = "FR1420041010050500013M02606"
_CREDITOR = DebitDesk(True, "FR72ZZZ123456", "Régie enfance", _OWN_IBAN, "BDFEFRPP")


def set_up_desks(session: Session, since: date) -> None:
    """Every office takes every mode, and has a régisseur and a deputy; the first carries small amounts forward."""
    modes = tuple(ModeSetting(mode, True, _NOTES.get(mode, "")) for mode in COUNTER_MODES)
    for place, office_id in enumerate(session.scalars(select(Office.id).order_by(Office.id)).all()):
        minimum_cents = None if place else _MINIMUM_CENTS
        save_desk(session, office_id, DeskSettings(modes, _CEILING_CENTS, _FLOAT_CENTS, minimum_cents))
        for name, role in _KEEPERS:
            save_keeper(session, None, office_id, Keeper(name, role, since, None))


def keep_desks(session: Session, now: datetime, user_id: int) -> None:
    """Last month was handed in at its end; a cheque of it came back since, and money that was too much goes back."""
    last_month = month_before(now.date().replace(day=1))
    clock.start_at(datetime.combine(last_month.replace(day=25), time(16), now.tzinfo), frozen=True)
    offices = session.scalars(select(Office.id).order_by(Office.id)).all()
    today = clock.today()
    for office_id in offices:
        for mode in IN_HAND_MODES:
            if items_in_hand(session, office_id, mode, today):
                typed = DepositInput(office_id, mode, today, None, None)
                hand_in(session, typed, user_id, f"demo-{office_id}-{mode}")
    clock.start_at(now - timedelta(hours=20), frozen=True)
    bounced = session.scalar(
        select(Payment.id)
        .join(Family, Family.id == Payment.family_id)
        .where(
            Payment.mode == PaymentMode.CHEQUE, Payment.received_on >= last_month, left_cents() == 0,
            Family.last_name.not_in(HABITS.quick | HABITS.late | {HABITS.overpaying}),
        )
        .order_by(Payment.id)
        .limit(1)
    )  # fmt: skip
    if bounced is not None:
        reverse_payment(session, bounced, user_id, ReversalKind.UNPAID, "Provision insuffisante")
    left = left_cents()
    overpaid = session.execute(
        select(Payment.family_id, Payment.office_id, Family.last_name)
        .join(Family, Family.id == Payment.family_id)
        .where(left >= _REFUND_CENTS, Payment.mode.in_([PaymentMode.CASH, PaymentMode.CHEQUE]))
        .order_by(Payment.id)
        .limit(1)
    ).first()
    if overpaid is not None:
        typed_refund = RefundInput(_REFUND_CENTS, overpaid.last_name, _IBAN, "Trop payé, à la demande de la famille")
        refund(session, overpaid.family_id, overpaid.office_id, user_id, typed_refund, "demo-refund")
    _collect(session, offices[0], user_id)


def _collect(session: Session, office_id: int, user_id: int) -> None:
    """The first office collects by direct debit: a family signed, and its next invoice is announced."""
    save_debit_desk(session, office_id, _CREDITOR)
    family = session.scalars(
        select(Family)
        .join(Invoice, Invoice.family_id == Family.id)
        .where(
            Invoice.office_id == office_id,
            balance_in_sql() > 0,
            Family.last_name.not_in(HABITS.quick | HABITS.late | {HABITS.overpaying}),
        )
        .order_by(Family.id)
        .limit(1)
    ).first()
    if family is None:
        return
    signed_on = clock.today() - timedelta(days=20)
    record_mandate(session, office_id, family.id, MandateInput(family.name, _IBAN, signed_on), user_id)
    due_on = max(view.due_on for view in open_views(session, office_id, [family.id]))
    day, working = clock.today(), catalogue().calendar.is_working_day
    day = first_collection_day(day, max(_CREDITOR.notice_days, (due_on - day).days), working)
    prepare(session, office_id, day, preview(office_id, day).taken, user_id, "demo-debits")
