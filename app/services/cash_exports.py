"""What the régie takes away: receipts, invoices, credit notes and the journal of a period, a run, a monthly statement.

Rows are read a few at a time. Money is `Decimal` euros, so that spreadsheets add it up.
"""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum, auto

from sqlalchemy import ColumnElement, select

from app import labels
from app.database import db
from app.models.accounts import User
from app.models.activities import Office
from app.models.cash_desks import PaymentReversal
from app.models.credits import CreditNote
from app.models.families import Family
from app.models.invoices import Invoice
from app.models.payments import Payment
from app.payment_labels import detail_words, reversal_words
from app.rules.spreadsheets import Cell, Table, euros_of
from app.services.cash_statements import CashStatement, ModeLine
from app.services.household_credits import left_of_credit
from app.services.invoices import balance_in_sql
from app.services.journals import JournalFilter, read_journal
from app.services.payment_lists import payments_shown
from app.services.payment_terms import details_of, left_cents


class ExportKind(StrEnum):
    """What is exported."""

    RECEIPTS = auto()
    INVOICES = auto()
    CREDITS = auto()
    JOURNAL = auto()


@dataclass(frozen=True, slots=True)
class ModeWords:
    """A line of a statement with its name; cents."""

    name: str
    opening_cents: int
    received_cents: int
    count: int
    reversed_cents: int
    refunded_cents: int
    handed_in_cents: int
    closing_cents: int


def mode_words(line: ModeLine) -> ModeWords:
    """A line as it is shown and printed."""
    return ModeWords(
        labels.label(line.mode), line.opening_cents, line.received_cents, line.received_count, line.reversed_cents,
        line.refunded_cents, line.handed_in_cents, line.closing_cents,
    )  # fmt: skip


def export(kind: ExportKind, office_id: int, first: date, last: date) -> Table:
    """The table of an office from a day to a day: receipts by the day of the money, invoices by their date."""
    headings: tuple[str, ...]
    match kind:
        case ExportKind.RECEIPTS:
            return _receipts((Payment.office_id == office_id) & Payment.received_on.between(first, last))
        case ExportKind.INVOICES:
            return _invoices((Invoice.office_id == office_id) & Invoice.issued_on.between(first, last))
        case ExportKind.CREDITS:
            headings = ("Avoir", "Date", "Facture", "Famille", "Payeur", "Nature", "Motif", "Montant", "Reste")
            return Table(headings, _credits(office_id, first, last))
        case ExportKind.JOURNAL:
            headings = (
                "Ligne", "Inscrit le", "Nature", "Numéro", "Reçu le", "Famille", "Mode", "Montant", "Motif", "Agent",
            )  # fmt: skip
            return Table(headings, _journal(office_id, first, last))


def run_table(run_id: int) -> Table:
    """The invoices of a run, with what is due on each today."""
    return _invoices(Invoice.run_id == run_id)


def payments_table(office_ids: Collection[int], *, only_overpaid: bool, family_id: int | None) -> Table:
    """The payments that the list of `payment_lists.list_payments()` shows, all of them."""
    return _receipts(payments_shown(office_ids, only_overpaid=only_overpaid, family_id=family_id))


def statement_table(statement: CashStatement) -> Table:
    """The statement of a month, mode by mode, then its invoices and credit notes."""
    headings = (
        "Mode", "En caisse au début", "Encaissé", "Nombre", "Annulé", "Remboursé", "Versé", "En caisse à la fin",
    )  # fmt: skip
    rows: list[Sequence[Cell]] = [_mode_row(labels.label(line.mode), line) for line in statement.lines]
    rows.append((*_mode_row("Total", statement.total)[:-1], euros_of(statement.closing_cents)))
    rows.append(("Factures émises", "", euros_of(statement.invoiced_cents), statement.invoice_count))
    rows.append(("Avoirs émis", "", euros_of(statement.credited_cents), statement.credit_count))
    return Table(headings, rows)


def _mode_row(name: str, line: ModeLine) -> Sequence[Cell]:
    return (
        name, euros_of(line.opening_cents), euros_of(line.received_cents), line.received_count,
        euros_of(line.reversed_cents), euros_of(line.refunded_cents),
        euros_of(line.handed_in_cents), euros_of(line.closing_cents),
    )  # fmt: skip


def _receipts(condition: ColumnElement[bool]) -> Table:
    headings = (
        "Reçu", "Reçu le", "Service", "Famille", "Mode", "Précisions", "Montant", "Non affecté", "État", "Agent",
    )  # fmt: skip
    return Table(headings, _receipt_rows(condition))


def _receipt_rows(condition: ColumnElement[bool]) -> Iterator[Sequence[Cell]]:
    rows = db.session.execute(
        select(
            Payment, Office.name, Family.last_name, Family.first_name, left_cents(), PaymentReversal.kind,
            User.display_name,
        )
        .join(Office, Office.id == Payment.office_id)
        .join(Family, Family.id == Payment.family_id)
        .outerjoin(PaymentReversal, PaymentReversal.payment_id == Payment.id)
        .outerjoin(User, User.id == Payment.recorded_by_id)
        .where(condition)
        .order_by(Payment.received_on, Payment.id)
        .execution_options(yield_per=500)
    )  # fmt: skip
    for payment, office_name, last_name, first_name, left, reversed_as, agent in rows:
        yield (
            payment.receipt_number, payment.received_on, office_name, f"{last_name} {first_name}",
            labels.label(payment.mode), detail_words(payment.mode, details_of(payment)),
            euros_of(payment.amount_cents), euros_of(left),
            reversal_words(reversed_as) if reversed_as else "", agent or "",
        )  # fmt: skip


def _invoices(condition: ColumnElement[bool]) -> Table:
    headings = ("Facture", "Date", "Échéance", "Mois", "Famille", "Payeur", "Montant", "Solde dû")
    return Table(headings, _invoice_rows(condition))


def _invoice_rows(condition: ColumnElement[bool]) -> Iterator[Sequence[Cell]]:
    rows = db.session.execute(
        select(Invoice, Family.last_name, Family.first_name, balance_in_sql())
        .join(Family, Family.id == Invoice.family_id)
        .where(condition)
        .order_by(Invoice.issued_on, Invoice.id)
        .execution_options(yield_per=500)
    )
    for invoice, last_name, first_name, balance_cents in rows:
        yield (
            invoice.number, invoice.issued_on, invoice.due_on, f"{invoice.month:%m/%Y}", f"{last_name} {first_name}",
            invoice.payer_name, euros_of(invoice.total_cents), euros_of(balance_cents),
        )  # fmt: skip


def _credits(office_id: int, first: date, last: date) -> Iterator[Sequence[Cell]]:
    rows = db.session.execute(
        select(CreditNote, Invoice.number, Family.last_name, Family.first_name, left_of_credit())
        .join(Invoice, Invoice.id == CreditNote.invoice_id)
        .join(Family, Family.id == CreditNote.family_id)
        .where(CreditNote.office_id == office_id, CreditNote.issued_on.between(first, last))
        .order_by(CreditNote.issued_on, CreditNote.id)
        .execution_options(yield_per=500)
    )
    for note, invoice_number, last_name, first_name, left in rows:
        yield (
            note.number, note.issued_on, invoice_number, f"{last_name} {first_name}", note.payer_name,
            labels.label(note.cause), note.reason, euros_of(note.total_cents), euros_of(left),
        )  # fmt: skip


def _journal(office_id: int, first: date, last: date) -> Iterator[Sequence[Cell]]:
    for row in read_journal(JournalFilter(office_id, first, last)):
        yield (
            row.n, row.day, labels.label(row.kind), row.number, row.received_on or "", row.family_name,
            labels.label(row.mode), euros_of(row.amount_cents), row.reason, row.agent_name,
        )  # fmt: skip
