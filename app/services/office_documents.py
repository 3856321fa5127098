"""Of which office the documents of money are, by the argument that names them in an address."""

from collections.abc import Mapping

from sqlalchemy import Select, select
from sqlalchemy.orm import InstrumentedAttribute

from app.database import db
from app.models.activities import Activity, Unit
from app.models.bookings import Booking, Opening
from app.models.cash_desks import Deposit, Refund
from app.models.credits import CorrectionBooking, CreditNote
from app.models.debts import DebtMove, InvoiceHold, ReminderLetter, ReminderRun, TaxCertificate
from app.models.direct_debits import DebitBatch, DebitLine, DebitMandate
from app.models.invoices import Invoice, InvoiceRun
from app.models.payments import Payment

_Offices = Select[tuple[int]]

_OFFICES: Mapping[str, tuple[_Offices, InstrumentedAttribute[int]]] = {
    "invoice_id": (select(Invoice.office_id), Invoice.id),
    "credit_id": (select(CreditNote.office_id), CreditNote.id),
    "payment_id": (select(Payment.office_id), Payment.id),
    "refund_id": (select(Refund.office_id), Refund.id),
    "deposit_id": (select(Deposit.office_id), Deposit.id),
    "run_id": (select(InvoiceRun.office_id), InvoiceRun.id),
    "sending_id": (select(ReminderRun.office_id), ReminderRun.id),
    "letter_id": (
        select(ReminderRun.office_id).join(ReminderLetter, ReminderLetter.run_id == ReminderRun.id), ReminderLetter.id,
    ),
    "hold_id": (select(Invoice.office_id).join(InvoiceHold, InvoiceHold.invoice_id == Invoice.id), InvoiceHold.id),
    "move_id": (select(Invoice.office_id).join(DebtMove, DebtMove.invoice_id == Invoice.id), DebtMove.id),
    "mandate_id": (select(DebitMandate.office_id), DebitMandate.id),
    "batch_id": (select(DebitBatch.office_id), DebitBatch.id),
    "debit_id": (
        select(DebitBatch.office_id).join(DebitLine, DebitLine.batch_id == DebitBatch.id), DebitLine.id,
    ),
    "certificate_id": (select(TaxCertificate.office_id), TaxCertificate.id),
}  # fmt: skip


def offices_of_document(argument: str, id_: int) -> frozenset[int] | None:
    """The offices of what an address names: none where there is no such thing, several only of a correction.

    None for an argument that names no document of an office, such as a family. One query.
    """
    if argument == "office_id":
        return frozenset({id_})
    if argument == "correction_id":
        return frozenset(db.session.scalars(offices_corrected().where(CorrectionBooking.correction_id == id_)))
    if argument not in _OFFICES:
        return None
    offices, key = _OFFICES[argument]
    return frozenset(db.session.scalars(offices.where(key == id_)))


def offices_corrected() -> _Offices:
    """The offices of what corrections take back: a correction is of all of them."""
    return (
        select(Activity.office_id)
        .join(Unit, Unit.activity_id == Activity.id)
        .join(Opening, Opening.unit_id == Unit.id)
        .join(Booking, Booking.opening_id == Opening.id)
        .join(CorrectionBooking, CorrectionBooking.booking_id == Booking.id)
    )
