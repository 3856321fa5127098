"""The money of a family, as the staff read it in its file: what offices asked, took back, received and still have."""

from collections.abc import Collection
from dataclasses import dataclass

from app.services.carried_months import CarriedView, carried_of
from app.services.credits import CreditView, credits_of
from app.services.debts import ReminderView, reminders_of_family
from app.services.household_credits import OfficeCredit, credit_of_family
from app.services.invoices import InvoiceView, PaymentView, invoices_of, payments_of
from app.services.refunds import RefundRow, refunds_of


@dataclass(frozen=True, slots=True)
class FamilyMoney:
    """All of it, latest first."""

    invoices: tuple[InvoiceView, ...]
    carried: tuple[CarriedView, ...]
    kept: tuple[OfficeCredit, ...]
    credits: tuple[CreditView, ...]
    refunds: tuple[RefundRow, ...]
    reminders: tuple[ReminderView, ...]
    payments: tuple[PaymentView, ...]


def money_of(family_id: int, office_ids: Collection[int]) -> FamilyMoney:
    """What is between a family and these offices. Nine queries."""
    return FamilyMoney(
        invoices_of(family_id, office_ids), carried_of(family_id, office_ids), credit_of_family(family_id, office_ids),
        credits_of(family_id, office_ids), refunds_of(family_id, office_ids),
        reminders_of_family(family_id, office_ids), payments_of(family_id, office_ids),
    )  # fmt: skip
