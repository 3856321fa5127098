"""The papers of a régie: the slip of a deposit and the statement of a month, printed while their reader waits."""

from dataclasses import dataclass
from datetime import date, datetime

from app import clock, labels
from app.integrations.pdf import Letterhead
from app.payment_labels import detail_words
from app.rules.cash_desks import PaymentDetails, PaymentMode
from app.services.cash_exports import ModeWords, mode_words
from app.services.cash_statements import CashStatement
from app.services.deposits import DepositFile
from app.services.papers import letterhead


@dataclass(frozen=True, slots=True)
class SlipLine:
    """A payment of the slip; one that was reversed since an earlier slip has its amount taken off."""

    receipt_number: str
    received_on: date
    family_name: str
    details: str
    amount_cents: int


@dataclass(frozen=True, slots=True)
class SlipPaper:
    """All that `deposit_slip.html` says. ``keeper_name`` may be empty."""

    number: str
    mode: str
    made_at: datetime
    made_by: str
    keeper_name: str
    letterhead: Letterhead
    recipient_lines: tuple[str, ...]
    lines: tuple[SlipLine, ...]
    voucher_count: int | None  # of vouchers: how many papers there are
    total_cents: int


@dataclass(frozen=True, slots=True)
class CashStatementPaper:
    """All that `cash_statement.html` says."""

    month: date
    made_on: date
    letterhead: Letterhead
    recipient_lines: tuple[str, ...]
    lines: tuple[ModeWords, ...]
    statement: CashStatement
    keepers: tuple[str, ...]


def slip_paper(deposit: DepositFile) -> SlipPaper:
    """What the slip of a deposit says."""
    row = deposit.row
    counts = [each.voucher_count for each in deposit.items if each.voucher_count is not None and not each.is_reversed]
    return SlipPaper(
        number=row.number,
        mode=labels.label(row.mode).lower() if row.mode is not PaymentMode.CESU else labels.label(row.mode),
        made_at=row.made_at,
        made_by=row.made_by,
        keeper_name=row.keeper_name,
        letterhead=letterhead(row.office_name),
        recipient_lines=("Comptable public",),
        lines=tuple(
            SlipLine(
                each.receipt_number,
                each.received_on,
                each.family_name,
                detail_words(row.mode, PaymentDetails(each.reference, each.bank, each.drawer, each.voucher_count)),
                each.amount_cents,
            )
            for each in deposit.items
        ),
        voucher_count=sum(counts) if counts else None,
        total_cents=row.total_cents,
    )


def statement_paper(statement: CashStatement) -> CashStatementPaper:
    """What the statement of a month says, as a paper to sign."""
    return CashStatementPaper(
        month=statement.month,
        made_on=clock.today(),
        letterhead=letterhead(statement.office_name),
        recipient_lines=("Comptable public",),
        lines=tuple(map(mode_words, statement.lines)),
        statement=statement,
        keepers=tuple(f"{each.name}, {labels.label(each.role).lower()}" for each in statement.keepers),
    )
