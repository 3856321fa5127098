"""Papers of direct debits: the mandate that a family signs, and the bank's file of a collection."""

from sqlalchemy import select

from app import clock
from app.clock import PARIS
from app.database import db
from app.integrations.debit_files import DebitFile, DebitFileLine
from app.integrations.pdf import MandatePaper
from app.models.activities import Office
from app.models.direct_debits import DebitBatch, DebitLine
from app.models.families import Family
from app.models.invoices import Invoice
from app.services.debit_mandates import debit_desk, next_reference
from app.services.errors import NotFound
from app.services.invoice_issues import address_on
from app.services.papers import letterhead


def mandate_paper(office_id: int, family_id: int) -> MandatePaper:
    """The mandate to sign, with the reference that it will have.

    Raises NotFound, also of an office that does not collect.
    """
    session = db.session()
    office, family = session.get(Office, office_id), session.get(Family, family_id)
    if office is None or family is None:
        raise NotFound("office or family")
    desk = debit_desk(session, office_id)
    if not desk.is_on:
        raise NotFound("office that collects")
    return MandatePaper(
        letterhead=letterhead(office.name),
        reference=next_reference(session, office_id, family_id),
        creditor_name=desk.creditor_name,
        creditor_identifier=desk.creditor_identifier,
        notice_days=desk.notice_days,
        family_name=family.name,
        address_lines=tuple(address_on(session, family_id, clock.today()).splitlines()),
    )


def debit_file(batch_id: int) -> DebitFile:
    """What the bank's file of a collection says, the same each time. Raises NotFound while it was never taken away,
    and once its time is over. Two queries.
    """
    session = db.session()
    batch = session.get(DebitBatch, batch_id)
    if batch is None or batch.sent_at is None or batch.purged_at is not None:
        raise NotFound("file of a collection")
    rows = session.execute(
        select(DebitLine, Invoice.number)
        .join(Invoice, Invoice.id == DebitLine.invoice_id)
        .where(DebitLine.batch_id == batch_id, DebitLine.is_in_file)
        .order_by(DebitLine.id)
    )
    return DebitFile(
        reference=batch.reference,
        made_at=batch.made_at.astimezone(PARIS),
        collected_on=batch.collected_on,
        creditor_identifier=batch.creditor_identifier,
        creditor_name=batch.creditor_name,
        iban=batch.iban,
        bic=batch.bic,
        lines=[
            DebitFileLine(
                f"{batch.reference}-{line.id}", line.amount_cents, line.mandate_reference, line.signed_on, line.holder,
                line.iban, line.sequence, f"Facture {number}",
            )
            for line, number in rows
        ],
    )  # fmt: skip
