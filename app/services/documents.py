"""The numbers of invoices, credit notes and receipts, and where their PDFs lie.

One gapless series per office, kind and month.
"""

from collections.abc import Sequence
from datetime import date

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.database import db
from app.models.activities import Office
from app.models.invoices import DocumentSeries, StoredPdf
from app.rules.numbers import DocumentKind, document_number, series_month


def next_number(session: Session, office_id: int, kind: DocumentKind, document_date: date) -> str:
    """Take the next number of a series, as `next_numbers()`."""
    return next_numbers(session, office_id, kind, document_date, 1)[0]


def next_numbers(
    session: Session, office_id: int, kind: DocumentKind, document_date: date, count: int
) -> Sequence[str]:
    """Take the next numbers of a series, in the transaction that uses them: rolled back together, so without a gap.

    The office's row is locked (PostgreSQL), so that two issuers wait for each other.
    """
    office = session.get_one(Office, office_id, with_for_update=True)
    last_month = session.scalar(
        select(func.max(DocumentSeries.month)).where(DocumentSeries.office_id == office_id, DocumentSeries.kind == kind)
    )
    month = series_month(document_date, last_month)
    series = session.scalar(
        select(DocumentSeries).where(
            DocumentSeries.office_id == office_id, DocumentSeries.kind == kind, DocumentSeries.month == month
        )
    )
    if series is None:
        series = DocumentSeries(office_id=office_id, kind=kind, month=month, last_number=0)
        session.add(series)
    first = series.last_number + 1
    series.last_number += count
    session.flush()
    return [document_number(office.prefix, kind, month, number) for number in range(first, first + count)]


def pdf_of_invoice(invoice_id: int) -> str | None:
    """Where the PDF of an invoice lies in the instance folder; None while it is not made yet."""
    return db.session.scalar(select(StoredPdf.path).where(StoredPdf.invoice_id == invoice_id))


def pdf_of_credit(credit_id: int) -> str | None:
    """Where the PDF of a credit note lies in the instance folder; None while it is not made yet."""
    return db.session.scalar(select(StoredPdf.path).where(StoredPdf.credit_note_id == credit_id))


def pdf_of_payment(payment_id: int) -> str | None:
    """Where the PDF of a payment's receipt lies in the instance folder; None while it is not made yet."""
    return db.session.scalar(select(StoredPdf.path).where(StoredPdf.payment_id == payment_id))
