"""The statement of a régie for a month: what was in hand, came and went by mode; what was invoiced and credited."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta

from sqlalchemy import func, select

from app.database import db
from app.models.activities import Office
from app.models.credits import CreditNote
from app.models.invoices import Invoice
from app.rules.calendars import add_months
from app.rules.cash_desks import IN_HAND_MODES, JournalKind, Keeper, PaymentMode
from app.services.cash_desks import named_on, read_desk
from app.services.deposits import cents_in_hand
from app.services.errors import NotFound
from app.services.journals import JournalFilter, totals_of


@dataclass(frozen=True, slots=True)
class ModeLine:
    """A mode in a month; cents. What goes straight to the account is never in hand."""

    mode: PaymentMode
    is_held: bool
    opening_cents: int
    received_cents: int
    received_count: int
    reversed_cents: int  # not above 0, as the two that follow
    refunded_cents: int
    handed_in_cents: int

    @property
    def closing_cents(self) -> int:
        """What is in hand at the end of the month."""
        moved = self.received_cents + self.reversed_cents + self.handed_in_cents
        return self.opening_cents + moved if self.is_held else 0


@dataclass(frozen=True, slots=True)
class CashStatement:
    """The statement of an office for a month (its first day). Money in cents."""

    office_name: str
    month: date
    lines: tuple[ModeLine, ...]  # the modes that had anything
    invoice_count: int
    invoiced_cents: int
    credit_count: int
    credited_cents: int
    float_cents: int
    keepers: tuple[Keeper, ...]  # named on its last day

    @property
    def total(self) -> ModeLine:
        """All modes together."""
        return ModeLine(
            PaymentMode.CASH, True, *(
                sum(getattr(line, name) for line in self.lines)
                for name in (
                    "opening_cents", "received_cents", "received_count", "reversed_cents", "refunded_cents",
                    "handed_in_cents",
                )
            ),
        )  # fmt: skip

    @property
    def closing_cents(self) -> int:
        """What is in hand at the end of the month, all modes together."""
        return sum(line.closing_cents for line in self.lines)


def statement_of(office_id: int, month: date) -> CashStatement:
    """The statement of an office for a month, by its first day. Raises NotFound. Nine queries."""
    session = db.session()
    office = session.get(Office, office_id)
    if office is None:
        raise NotFound("office")
    following = add_months(month, 1)
    last = following - timedelta(days=1)
    opening = cents_in_hand(session, [office_id], month)
    totals = totals_of(JournalFilter(office_id, month, last))
    sums: Mapping[tuple[JournalKind, PaymentMode], int] = {(each.kind, each.mode): each.amount_cents for each in totals}
    counts = {each.mode: each.count for each in totals if each.kind is JournalKind.RECEIPT}
    lines = [
        ModeLine(
            mode, mode in IN_HAND_MODES, opening.get((office_id, mode), 0), sums.get((JournalKind.RECEIPT, mode), 0),
            counts.get(mode, 0), sums.get((JournalKind.REVERSAL, mode), 0), sums.get((JournalKind.REFUND, mode), 0),
            sums.get((JournalKind.DEPOSIT, mode), 0),
        )
        for mode in PaymentMode
    ]  # fmt: skip
    invoices, invoiced = session.execute(
        select(func.count(Invoice.id), func.coalesce(func.sum(Invoice.total_cents), 0)).where(
            Invoice.office_id == office_id, Invoice.issued_on >= month, Invoice.issued_on < following
        )
    ).one()
    credits, credited = session.execute(
        select(func.count(CreditNote.id), func.coalesce(func.sum(CreditNote.total_cents), 0)).where(
            CreditNote.office_id == office_id, CreditNote.issued_on >= month, CreditNote.issued_on < following
        )
    ).one()
    return CashStatement(
        office_name=office.name,
        month=month,
        lines=tuple(line for line in lines if line.opening_cents or line.mode in {each.mode for each in totals}),
        invoice_count=invoices,
        invoiced_cents=invoiced,
        credit_count=credits,
        credited_cents=credited,
        float_cents=read_desk(office_id).float_cents,
        keepers=named_on(session, office_id, last),
    )
