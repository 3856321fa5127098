"""Making PDFs beside requests, once each, then kept: invoices, credit notes, receipts, letters, certificates.

What nobody keeps, a statement for a fund, is printed while its reader waits.
"""

import hashlib
import io
import logging
import time
from collections.abc import Iterable, Mapping
from pathlib import Path

from pypdf import PdfWriter
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from app.database import db, write_transaction
from app.integrations.kept_files import keep_file
from app.integrations.pdf import PdfFailed, PdfMaker
from app.services import debt_papers, papers
from app.services.debt_papers import CertificateSubject, DebtSubject, LetterSubject
from app.services.papers import PaperSubject, StoredPaper

FOLDER = "documents"
LOOK_AGAIN_SECONDS = 600.0
PRINT_NOW_SECONDS = 20

logger = logging.getLogger(__name__)

Subject = PaperSubject | DebtSubject


class PaperJob:
    """Makes what is missing. It remembers up to where nothing is, and looks at everything again now and then: for an
    older invoice whose transaction ended later, and for a paper that failed."""

    def __init__(self, maker: PdfMaker, instance_path: Path, base_url: str) -> None:
        self._maker = maker
        self._instance_path = instance_path
        self._base_url = base_url
        self._looked_at: float | None = None
        self._invoices_done = 0
        self._payments_done = 0
        self._credits_done = 0
        self._letters_done = 0
        self._certificates_done = 0

    def make_next(self, *, online: bool) -> bool:
        """Make one paper; False when none is missing. `online`: whether families can pay on the portal."""
        now = time.monotonic()
        if self._looked_at is None or now - self._looked_at > LOOK_AGAIN_SECONDS:
            self._looked_at = now
            self._invoices_done = self._payments_done = self._credits_done = 0
            self._letters_done = self._certificates_done = 0
        session = db.session()
        for subject in papers.invoices_without_paper(session, self._invoices_done, 1):
            assert subject.invoice_id is not None
            self._invoices_done = subject.invoice_id
            self._make(subject, online=online)
            return True
        for subject in papers.receipts_without_paper(session, self._payments_done, 1):
            assert subject.payment_id is not None
            self._payments_done = subject.payment_id
            self._make(subject, online=online)
            return True
        for subject in papers.credits_without_paper(session, self._credits_done, 1):
            assert subject.credit_note_id is not None
            self._credits_done = subject.credit_note_id
            self._make(subject, online=online)
            return True
        for letter in debt_papers.letters_to_make(session, self._letters_done, 1):
            self._letters_done = letter.letter_id
            self._make(letter, online=online)
            return True
        for certificate in debt_papers.certificates_to_make(session, self._certificates_done, 1):
            self._certificates_done = certificate.certificate_id
            self._make(certificate, online=online)
            return True
        return False

    def _make(self, subject: Subject, *, online: bool) -> None:
        template, context = self._words(subject, online=online)
        db.session.rollback()  # no transaction stays open while the child process works
        try:
            content = self._maker.render(template, context)
        except PdfFailed:
            logger.exception("no PDF of %s", subject)
            return
        stored = keep_paper(self._instance_path, content)
        recorded = False
        try:
            with write_transaction() as session:
                recorded = _record(session, subject, stored)
        except IntegrityError:
            logger.info("another process made the PDF of %s", subject)
        finally:
            if not recorded:
                (self._instance_path / stored.path).unlink(missing_ok=True)

    def _words(self, subject: Subject, *, online: bool) -> tuple[str, dict[str, object]]:
        if isinstance(subject, LetterSubject):
            return "letter.html", {"letter": debt_papers.letter_paper(subject.letter_id, self._base_url)}
        if isinstance(subject, CertificateSubject):
            return "tax_certificate.html", {"certificate": debt_papers.certificate_paper(subject.certificate_id)}
        if subject.invoice_id is not None:
            return "invoice.html", {"invoice": papers.invoice_paper(subject.invoice_id, self._base_url, online=online)}
        if subject.credit_note_id is not None:
            return "credit.html", {"credit": papers.credit_paper(subject.credit_note_id)}
        assert subject.payment_id is not None
        return "receipt.html", {"receipt": papers.receipt_paper(subject.payment_id)}


def _record(session: Session, subject: Subject, stored: StoredPaper) -> bool:
    if isinstance(subject, PaperSubject):
        return papers.record_paper(session, subject, stored)
    return debt_papers.record_paper(session, subject, stored)


def print_now(template: str, context: Mapping[str, object]) -> bytes:
    """A paper that is not kept, for whoever waits for it. Raises PdfFailed. Never call it inside a transaction."""
    with PdfMaker(timeout_seconds=PRINT_NOW_SECONDS) as maker:
        return maker.render(template, context)


def printed_together(instance_path: Path, paths: Iterable[str]) -> bytes:
    """Papers that are kept, one after the other, as one to print."""
    together = PdfWriter()
    for path in paths:
        together.append(instance_path / path)
    content = io.BytesIO()
    together.write(content)
    return content.getvalue()


def keep_paper(instance_path: Path, content: bytes) -> StoredPaper:
    """Write a paper; it is whole, and on the disk, before any row names it."""
    path = keep_file(instance_path, FOLDER, content, ".pdf")
    return StoredPaper(path, hashlib.sha256(content).hexdigest())
