"""Letters of reminders to print and tax certificates: what they say, which are to be made, where the made ones lie."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from app import clock, labels
from app.database import db
from app.filters import day_plain
from app.integrations.pdf import CertificatePaper, CertificatePaperChild, DebtMovePaperLine, DebtMovesPaper, LetterPaper
from app.models.activities import Office
from app.models.debts import InvoiceHold, InvoiceReminder, ReminderLetter, ReminderRun, TaxCertificate
from app.models.families import Family
from app.models.invoices import Invoice
from app.rules.spreadsheets import Cell, Table, euros_of
from app.services.debt_reminders import ReminderLine, last_reminders, mail_of_level
from app.services.debts import MoveFilter, MoveTotals, MoveView, is_held
from app.services.errors import NotFound
from app.services.invoice_issues import address_on
from app.services.invoices import balance_in_sql
from app.services.mail_texts import PORTAL_MARK, write_mail
from app.services.papers import StoredPaper, letterhead


@dataclass(frozen=True, slots=True)
class LetterSubject:
    """A letter to be made."""

    letter_id: int


@dataclass(frozen=True, slots=True)
class CertificateSubject:
    """A tax certificate to be made."""

    certificate_id: int


DebtSubject = LetterSubject | CertificateSubject


def letters_to_make(session: Session, after_id: int, limit: int) -> Sequence[LetterSubject]:
    """Letters beyond an id that were not made yet."""
    found = (
        select(ReminderLetter.id)
        .where(ReminderLetter.id > after_id, ReminderLetter.path.is_(None), ReminderLetter.purged_at.is_(None))
        .order_by(ReminderLetter.id)
        .limit(limit)
    )
    return [LetterSubject(id_) for id_ in session.scalars(found)]


def letter_paper(letter_id: int, base_url: str) -> LetterPaper:
    """What a letter says: the mail of its level, on paper. Raises NotFound."""
    session = db.session()
    row = session.execute(
        select(ReminderRun, Office.name, Family)
        .join(ReminderLetter, ReminderLetter.run_id == ReminderRun.id)
        .join(Office, Office.id == ReminderRun.office_id)
        .join(Family, Family.id == ReminderLetter.family_id)
        .where(ReminderLetter.id == letter_id)
    ).first()
    if row is None:
        raise NotFound("letter")
    run, office_name, family = row
    reminded = session.execute(
        select(Invoice.number, Invoice.issued_on, Invoice.due_on, InvoiceReminder.balance_cents)
        .join(InvoiceReminder, InvoiceReminder.invoice_id == Invoice.id)
        .where(InvoiceReminder.letter_id == letter_id)
        .order_by(Invoice.due_on, Invoice.id)
    )
    lines = tuple(ReminderLine(*each) for each in reminded)
    words = write_mail(mail_of_level(run.level), {"family": family, "office_name": office_name, "lines": lines})
    body = words.body.replace(PORTAL_MARK, base_url)
    return LetterPaper(
        subject=words.subject,
        written_on=run.sent_at.date(),
        letterhead=letterhead(office_name),
        recipient_lines=(family.name, *address_on(session, family.id, run.sent_at.date()).splitlines()),
        paragraphs=tuple(
            tuple(line for line in paragraph.splitlines() if line)
            for paragraph in body.split("\n\n")
            if paragraph.strip()
        ),
    )


def move_words(move: MoveView) -> str:
    """« Admission en non-valeur », or its cancellation."""
    what = labels.label(move.kind)
    return what if move.cancels_id is None else f"Annulation : {what.lower()}"


def moves_paper(wanted: MoveFilter, moves: Sequence[MoveView], totals: MoveTotals) -> DebtMovesPaper:
    """What the list of write-offs and transfers says on paper, the oldest first."""
    first, last = wanted.first, wanted.last
    since = f"du {day_plain(first)}" if first else "depuis le début"
    until = f"au {day_plain(last)}" if last else "à ce jour"
    kind = "Toutes les écritures" if wanted.kind is None else labels.label(wanted.kind)
    office_name = moves[0].office_name if wanted.office_id is not None and moves else ""
    return DebtMovesPaper(
        about=f"{kind}, {since} {until}",
        made_on=clock.today(),
        letterhead=letterhead(office_name),
        lines=tuple(
            DebtMovePaperLine(
                move.invoice_number, move.recorded_on, move.family_name, move_words(move), move.reason,
                move.recorded_by, move.signed_cents,
            )
            for move in reversed(moves)
        ),
        written_off_cents=totals.written_off_cents,
        transferred_cents=totals.transferred_cents,
    )  # fmt: skip


def moves_table(moves: Sequence[MoveView]) -> Table:
    """The same for a spreadsheet."""
    rows = [
        (
            move.recorded_on, move.invoice_number, move.office_name, move.family_name, move_words(move),
            euros_of(move.signed_cents), move.reason, move.recorded_by,
        )
        for move in reversed(moves)
    ]  # fmt: skip
    return Table(("Date", "Facture", "Service", "Famille", "Écriture", "Montant", "Motif", "Par"), rows)


def unpaid_table(office_id: int) -> Table:
    """All that an office is owed past its date, reminded of or not, with what holds it back; one query."""
    return Table(
        (
            "Facture", "Date", "Échéance", "Jours de retard", "Mois", "Famille", "Payeur", "Montant", "Solde dû",
            "Dernière relance", "Relancée le", "Suspendue", "Jusqu’au",
        ),
        _unpaid(office_id),
    )  # fmt: skip


def _unpaid(office_id: int) -> Iterator[Sequence[Cell]]:
    today, last, balance = clock.today(), last_reminders(), balance_in_sql()
    rows = db.session.execute(
        select(
            Invoice, Family.last_name, Family.first_name, balance, last.c.level, last.c.sent_on, InvoiceHold.kind,
            InvoiceHold.until,
        )
        .join(Family, Family.id == Invoice.family_id)
        .outerjoin(last, last.c.invoice_id == Invoice.id)
        .outerjoin(InvoiceHold, (InvoiceHold.invoice_id == Invoice.id) & is_held(today))
        .where(Invoice.office_id == office_id, Invoice.due_on < today, balance > 0)
        .order_by(Family.folded_name, Family.id, Invoice.due_on, Invoice.id)
        .execution_options(yield_per=500)
    )  # fmt: skip
    for invoice, last_name, first_name, balance_cents, level, sent_on, hold, until in rows:
        yield (
            invoice.number, invoice.issued_on, invoice.due_on, (today - invoice.due_on).days, f"{invoice.month:%m/%Y}",
            f"{last_name} {first_name}", invoice.payer_name, euros_of(invoice.total_cents), euros_of(balance_cents),
            "" if level is None else level, sent_on or "", "" if hold is None else labels.label(hold), until or "",
        )  # fmt: skip


def certificates_to_make(session: Session, after_id: int, limit: int) -> Sequence[CertificateSubject]:
    """Tax certificates beyond an id that were not made yet."""
    found = (
        select(TaxCertificate.id)
        .where(TaxCertificate.id > after_id, TaxCertificate.path.is_(None), TaxCertificate.purged_at.is_(None))
        .order_by(TaxCertificate.id)
        .limit(limit)
    )
    return [CertificateSubject(id_) for id_ in session.scalars(found)]


def certificate_paper(certificate_id: int) -> CertificatePaper:
    """What a tax certificate says. Raises NotFound."""
    row = db.session.execute(
        select(TaxCertificate, Office.name)
        .join(Office, Office.id == TaxCertificate.office_id)
        .where(TaxCertificate.id == certificate_id)
    ).first()
    if row is None:
        raise NotFound("certificate")
    certificate, office_name = row
    return CertificatePaper(
        year=certificate.year,
        version=certificate.version,
        issued_on=certificate.issued_on,
        letterhead=letterhead(office_name),
        payer_name=certificate.payer_name,
        recipient_lines=(certificate.payer_name, *certificate.payer_address.splitlines()),
        children=tuple(
            CertificatePaperChild(each.child_name, each.born_on, each.is_shared, each.paid_cents)
            for each in certificate.children
        ),
        total_cents=certificate.total_cents,
    )


def record_paper(session: Session, subject: DebtSubject, stored: StoredPaper) -> bool:
    """Keep where a made paper lies; False where another process made it first, so that this file is not needed."""
    row: ReminderLetter | TaxCertificate
    if isinstance(subject, LetterSubject):
        row = session.get_one(ReminderLetter, subject.letter_id, with_for_update=True)
    else:
        row = session.get_one(TaxCertificate, subject.certificate_id, with_for_update=True)
    if row.path is not None:
        return False
    row.path, row.sha256, row.made_at = str(stored.path), stored.sha256, clock.now()
    session.flush()
    return True


def stored_paths(session: Session) -> frozenset[str]:
    """Where all papers of debts lie that a row names."""
    papers = select(ReminderLetter.path).union_all(select(TaxCertificate.path))
    return frozenset(filter(None, session.scalars(papers)))
