"""What counts of collections: the terms that mandates, invoices and batches share."""

from datetime import date

from sqlalchemy import ColumnElement, ScalarSelect, Select, func, select

from app.models.direct_debits import DebitBatch, DebitLine, DebitMandate


def is_open() -> ColumnElement[bool]:
    """That a line, joined to its batch, will be collected or recorded: neither paid, refused nor abandoned."""
    return DebitLine.payment_id.is_(None) & DebitLine.refused_at.is_(None) & DebitBatch.abandoned_at.is_(None)


def open_lines() -> Select[tuple[DebitLine]]:
    """These lines, each joined to its batch."""
    return select(DebitLine).join(DebitBatch, DebitBatch.id == DebitLine.batch_id).where(is_open())


def last_collected() -> ScalarSelect[date]:
    """The last day that a bank was asked for with a mandate, beside a `DebitMandate` in a statement."""
    return (
        select(func.max(DebitBatch.collected_on))
        .join(DebitLine, DebitLine.batch_id == DebitBatch.id)
        .where(
            DebitLine.mandate_id == DebitMandate.id, DebitLine.is_in_file, DebitBatch.abandoned_at.is_(None)
        )
        .correlate(DebitMandate)
        .scalar_subquery()
    )  # fmt: skip
