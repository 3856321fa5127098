"""The papers of invoices, credit notes and receipts: what they say, which are to be made, where the made ones lie."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from app import clock, labels
from app.database import db
from app.filters import NBSP, day_list, day_plain
from app.integrations.pdf import (
    CreditPaper,
    CreditPaperUse,
    InvoicePaper,
    InvoicePaperLine,
    Letterhead,
    ReceiptPaper,
    ReceiptPaperLine,
    StatementPaper,
    StatementPaperLine,
)
from app.models.activities import Office
from app.models.cash_desks import PaymentReversal
from app.models.credits import CreditNote
from app.models.families import Family
from app.models.invoices import Invoice, StoredPdf
from app.models.payments import Payment, PaymentAllocation
from app.payment_labels import detail_words
from app.rules.spreadsheets import Cell, Table, euros_of
from app.services.aids import FundStatement
from app.services.catalogue import catalogue
from app.services.credits import credit_for_staff
from app.services.errors import NotFound
from app.services.invoices import invoice_for_staff
from app.services.payment_terms import details_of

_BEFORE_POSTAL_CODE = re.compile(r",\s*(?=[0-9]{5}\b)|\n")


@dataclass(frozen=True, slots=True)
class PaperSubject:
    """What a paper is about: an invoice, a payment or a credit note, exactly one of them."""

    invoice_id: int | None = None
    payment_id: int | None = None
    credit_note_id: int | None = None


@dataclass(frozen=True, slots=True)
class StoredPaper:
    """A paper that was made: where it lies in the instance folder, and the SHA-256 of its bytes."""

    path: PurePosixPath
    sha256: str


def invoices_without_paper(session: Session, after_id: int, limit: int) -> list[PaperSubject]:
    """Issued invoices beyond an id whose PDF was not made yet, first issued first."""
    found = (
        select(Invoice.id)
        .outerjoin(StoredPdf, StoredPdf.invoice_id == Invoice.id)
        .where(Invoice.id > after_id, StoredPdf.id.is_(None), Invoice.purged_at.is_(None))
        .order_by(Invoice.id)
        .limit(limit)
    )
    return [PaperSubject(invoice_id=id_) for id_ in session.scalars(found)]


def receipts_without_paper(session: Session, after_id: int, limit: int) -> list[PaperSubject]:
    """Payments beyond an id whose receipt was not made yet, first recorded first."""
    found = (
        select(Payment.id)
        .outerjoin(StoredPdf, StoredPdf.payment_id == Payment.id)
        .where(Payment.id > after_id, StoredPdf.id.is_(None), Payment.purged_at.is_(None))
        .order_by(Payment.id)
        .limit(limit)
    )
    return [PaperSubject(payment_id=id_) for id_ in session.scalars(found)]


def credits_without_paper(session: Session, after_id: int, limit: int) -> list[PaperSubject]:
    """Credit notes beyond an id whose PDF was not made yet, first issued first."""
    found = (
        select(CreditNote.id)
        .outerjoin(StoredPdf, StoredPdf.credit_note_id == CreditNote.id)
        .where(CreditNote.id > after_id, StoredPdf.id.is_(None), CreditNote.purged_at.is_(None))
        .order_by(CreditNote.id)
        .limit(limit)
    )
    return [PaperSubject(credit_note_id=id_) for id_ in session.scalars(found)]


def stored_paths(session: Session) -> frozenset[str]:
    """Where all papers lie that a row names."""
    return frozenset(session.scalars(select(StoredPdf.path)))


def invoice_paper(invoice_id: int, base_url: str, *, online: bool) -> InvoicePaper:
    """What the PDF of an invoice says; `online`: whether families can pay on the portal. Raises NotFound."""
    detail = invoice_for_staff(invoice_id)
    invoice = detail.invoice
    return InvoicePaper(
        number=invoice.number,
        issued_on=invoice.issued_on,
        due_on=invoice.due_on,
        months=detail.months,
        letterhead=letterhead(invoice.office_name),
        recipient_lines=(detail.payer_name, *detail.payer_address.splitlines()),
        lines=tuple(
            InvoicePaperLine(
                line.child_name, line.label, line.days, line.explanation, line.quantity, line.unit_cents,
                line.amount_cents,
            )
            for line in detail.lines
        ),
        total_cents=invoice.total_cents,
        credited_cents=detail.credited_cents,
        paid_cents=invoice.total_cents - invoice.balance_cents - detail.credited_cents,
        balance_cents=invoice.balance_cents,
        how_to_pay=_how_to_pay(base_url, online=online and invoice.payfip_number is not None),
    )  # fmt: skip


def receipt_paper(payment_id: int) -> ReceiptPaper:
    """What the PDF of a receipt says. Raises NotFound."""
    session = db.session()
    found = session.execute(
        select(Payment, Office.name, Family, PaymentReversal)
        .join(Office, Office.id == Payment.office_id)
        .join(Family, Family.id == Payment.family_id)
        .outerjoin(PaymentReversal, PaymentReversal.payment_id == Payment.id)
        .where(Payment.id == payment_id)
    ).first()
    if found is None:
        raise NotFound("payment")
    payment, office_name, family, reversal = found
    rows = session.execute(
        select(Invoice.number, Invoice.issued_on, PaymentAllocation.amount_cents, Invoice.payer_name,
               Invoice.payer_address)
        .join(PaymentAllocation, PaymentAllocation.invoice_id == Invoice.id)
        .where(PaymentAllocation.payment_id == payment_id)
        .order_by(Invoice.issued_on, Invoice.id)
    ).all()  # fmt: skip
    # Who pays an invoice is named as that invoice names them; money that no invoice took is the family's.
    recipient = (rows[-1][3], *rows[-1][4].splitlines()) if rows else (family.name,)
    lines = tuple(ReceiptPaperLine(number, issued_on, cents) for number, issued_on, cents, *_payer in rows)
    return ReceiptPaper(
        number=payment.receipt_number,
        received_on=payment.received_on,
        letterhead=letterhead(office_name),
        recipient_lines=recipient,
        means=labels.label(payment.mode).lower(),
        reference=detail_words(payment.mode, details_of(payment)),
        lines=lines,
        surplus_cents=payment.amount_cents - sum(line.amount_cents for line in lines),
        amount_cents=payment.amount_cents,
        reversed_on=None if reversal is None else reversal.reversed_at.date(),
        reversed_because="" if reversal is None else f"{labels.label(reversal.kind)}. {reversal.reason}",
    )


def credit_paper(credit_id: int) -> CreditPaper:
    """What the PDF of a credit note says. Raises NotFound."""
    detail = credit_for_staff(credit_id)
    credit = detail.credit
    return CreditPaper(
        number=credit.number,
        issued_on=credit.issued_on,
        invoice_number=credit.invoice_number,
        reason=credit.reason,
        letterhead=letterhead(credit.office_name),
        recipient_lines=(detail.payer_name, *detail.payer_address.splitlines()),
        lines=tuple(
            InvoicePaperLine(
                line.child_name, line.label, line.days, "", line.quantity, line.unit_cents, line.amount_cents
            )
            for line in detail.lines
        ),
        total_cents=credit.total_cents,
        uses=tuple(CreditPaperUse(use.invoice_number, use.amount_cents) for use in detail.uses),
        left_cents=credit.left_cents,
    )


def statement_paper(statement: FundStatement) -> StatementPaper:
    """What the PDF of a statement says to its fund."""
    fund = statement.fund
    return StatementPaper(
        fund_name=fund.name,
        reference=fund.reference,
        first=statement.first,
        last=statement.last,
        made_on=clock.today(),
        letterhead=letterhead(""),
        recipient_lines=(fund.name, *fund.address.splitlines()),
        lines=tuple(
            StatementPaperLine(
                claim.child_name, claim.born_on, claim.family_name, claim.fund_number or "", claim.aid_name,
                day_list(claim.days), len(claim.days), ", ".join(claim.invoice_numbers), claim.amount_cents,
            )
            for claim in statement.claims
        ),
        day_count=statement.day_count,
        total_cents=statement.total_cents,
    )  # fmt: skip


def statement_table(statement: FundStatement) -> Table:
    """A statement for a spreadsheet."""
    headings = (
        "Enfant", "Né(e) le", "Famille", "N° allocataire", "Aide", "Jours", "Nombre de jours", "Factures", "Montant",
    )  # fmt: skip
    rows: list[Sequence[Cell]] = [
        (
            claim.child_name, claim.born_on, claim.family_name, claim.fund_number or "", claim.aid_name,
            ", ".join(day_plain(day) for day in claim.days), len(claim.days), ", ".join(claim.invoice_numbers),
            euros_of(claim.amount_cents),
        )
        for claim in statement.claims
    ]  # fmt: skip
    rows.append(("Total", "", "", "", "", "", statement.day_count, "", euros_of(statement.total_cents)))
    return Table(headings, rows)


def record_paper(session: Session, subject: PaperSubject, stored: StoredPaper) -> bool:
    """Keep where a made paper lies; False where another process made it first, so that this file is not needed."""
    if session.scalar(_stored(subject)) is not None:
        return False
    session.add(
        StoredPdf(
            invoice_id=subject.invoice_id,
            payment_id=subject.payment_id,
            credit_note_id=subject.credit_note_id,
            path=str(stored.path),
            sha256=stored.sha256,
            made_at=clock.now(),
        )
    )
    session.flush()
    return True


def _stored(subject: PaperSubject) -> Select[tuple[StoredPdf]]:
    if subject.invoice_id is not None:
        return select(StoredPdf).where(StoredPdf.invoice_id == subject.invoice_id)
    if subject.credit_note_id is not None:
        return select(StoredPdf).where(StoredPdf.credit_note_id == subject.credit_note_id)
    return select(StoredPdf).where(StoredPdf.payment_id == subject.payment_id)


def letterhead(office_name: str) -> Letterhead:
    """Who writes: the council, and one of its offices."""
    council = catalogue().council
    lines = tuple(line.strip() for line in _BEFORE_POSTAL_CODE.split(council.address) if line.strip())
    return Letterhead(council.name, office_name, lines, council.phone, council.email)


def _how_to_pay(base_url: str, *, online: bool) -> tuple[str, ...]:
    at_the_counter = "Au guichet de la collectivité, en espèces ou par chèque."
    if not online:
        return (at_the_counter,)
    where = f"rubrique «{NBSP}Mes factures{NBSP}» de {base_url}"
    return (f"En ligne, par carte bancaire ou par prélèvement{NBSP}: {where}.", at_the_counter)
