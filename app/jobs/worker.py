"""The background worker: a thread of the served process for all that runs beside requests.

Round after round: mails leave, invoice runs are issued, PDFs are made, and the payment site is asked about what is
pending. Each job has its turn and no more than a few seconds of it, so that none keeps the others waiting; an error of
one ends its turn alone.
"""

import logging
import mmap
import threading
import time
from collections.abc import Callable
from datetime import date
from typing import TYPE_CHECKING

from sqlalchemy.orm import Session

from app import clock
from app.config import Config
from app.database import db, write_transaction
from app.integrations.kept_files import remove_orphans, uploaded_paths
from app.integrations.mail import Mailer, MailMaybeTaken, MailRefused, MailRejected, MailServerAway
from app.integrations.payments import PaymentGateway
from app.integrations.pdf import PdfMaker
from app.jobs import invoices, payments
from app.jobs.credits import CreditJob
from app.jobs.debits import DebitJob
from app.jobs.imports import ImportJob
from app.jobs.pdfs import FOLDER, PaperJob
from app.services import (
    absences,
    booking_requests,
    debt_papers,
    document_decisions,
    enrolment_ends,
    mails,
    message_threads,
    papers,
    publications,
    reminders,
    required_document_settings,
    required_documents,
    tax_certificates,
    text_mailings,
    urgent_messages,
    waiting_lists,
)

if TYPE_CHECKING:
    from flask import Flask

logger = logging.getLogger(__name__)

PAUSE_SECONDS = 1.0
TURN_SECONDS = 5.0
MAIL_REST_SECONDS = 60.0
REMINDERS_REST_SECONDS = 300.0
LISTS_REST_SECONDS = 300.0
SILENT_AFTER_SECONDS = 60.0  # a worker that has not come round for this long is considered dead
ORPHAN_AFTER_SECONDS = 86_400.0  # a file whose row is not stored by then never will be
PDF_TIMEOUT_SECONDS = 15  # three of them, the longest that one may take, are less than the silence above


class _Pulse:
    """When the worker last came round: in memory that processes forked afterwards share."""

    def __init__(self) -> None:
        self._memory = memoryview(mmap.mmap(-1, mmap.PAGESIZE)).cast("d")  # 0.0 until the first beat

    def beat(self) -> None:
        """Note the present moment; the clock is the machine's, the same for all processes."""
        self._memory[0] = time.monotonic()

    def was_felt_within(self, seconds: float) -> bool:
        """Whether there was a beat in the last so many seconds."""
        return self._memory[0] > 0 and time.monotonic() - self._memory[0] < seconds


class Worker:
    """Does the jobs one after the other, each step in its own short transactions; survives every error."""

    def __init__(self, app: "Flask", config: Config) -> None:
        self._app = app
        self._base_url = config.base_url
        self._mailer = Mailer(config.mail_url, config.mail_from) if config.mail_url else None
        self._pdf_maker = PdfMaker(timeout_seconds=PDF_TIMEOUT_SECONDS)
        self._papers = PaperJob(self._pdf_maker, config.instance_path, config.base_url)
        self._credits = CreditJob()
        self._imports = ImportJob()
        self._debits = DebitJob()
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None
        self._pulse = _Pulse()
        self._mail_rests_until = 0.0  # the server is away: the mails that wait are not tried one by one
        self._lists_rest_until = 0.0
        self._ended_on: date | None = None
        self._documents_on: date | None = None
        self._reminders_rest_until = 0.0
        self._reminded_up_to = 0  # the last family that this round looked at
        self._instance_path = config.instance_path

    @property
    def is_alive(self) -> bool:
        """Whether the thread came round lately, in whichever of the processes that serve; for the health page."""
        if self._thread is not None and not self._thread.is_alive():
            return False
        return self._pulse.was_felt_within(SILENT_AFTER_SECONDS)

    def start(self) -> None:
        """Start the thread (once)."""
        self._thread = threading.Thread(target=self._run, name="worker", daemon=True)
        self._pulse.beat()
        self._thread.start()

    def stop(self) -> None:
        """Ask the thread to end and wait for it."""
        self._stop.set()
        if self._thread is not None:
            self._thread.join(timeout=10)
        self._pdf_maker.close()

    def send_due_mails(self) -> int:
        """Send all that may leave now and return how many left. Without SMTP mails wait in « Courriels »."""
        if self._mailer is None or time.monotonic() < self._mail_rests_until or not mails.has_due_mail(db.session()):
            return 0
        mailer, sent = self._mailer, 0

        def send_next() -> bool:
            nonlocal sent
            left = self._send_one(mailer)
            sent += left is True
            return left is not None and time.monotonic() >= self._mail_rests_until

        self._take_turn(send_next)
        return sent

    def _send_one(self, mailer: Mailer) -> bool | None:
        """Whether the next mail left; None where none waits. No transaction is open while the server is spoken to."""
        with write_transaction() as session:
            mail = mails.claim_mail(session, self._base_url)
        if mail is None:
            return None
        try:
            mailer.send(mail.letter)
        except MailRefused as refusal:
            # Only its kind: the server's sentence, kept with the mail, names the recipient.
            logger.warning("mail %s refused: %s", mail.id, type(refusal).__name__)
            if isinstance(refusal, MailServerAway):
                self._mail_rests_until = time.monotonic() + MAIL_REST_SECONDS
            with write_transaction() as session:
                mails.record_failure(
                    session, mail.id, str(refusal), is_final=isinstance(refusal, MailRejected),
                    may_have_arrived=isinstance(refusal, MailMaybeTaken),
                )  # fmt: skip
            return False
        with write_transaction() as session:
            mails.record_sent(session, mail.id)
        return True

    def queue_urgent_messages(self) -> int:
        """Queue the mails of urgent messages, some families at a time; returns how many times."""
        return self._take_turn(_queue_some)

    def queue_text_mailings(self) -> int:
        """Queue the mails that tell of versions of texts, some families at a time; returns how many times."""
        return self._take_turn(_tell_some)

    def make_papers(self) -> int:
        """Make the PDFs that are missing and return how many were tried: one by one, as long as a turn lasts."""
        return self._take_turn(lambda: self._papers.make_next(online=self._gateway is not None))

    def issue_invoices(self) -> int:
        """Prepare and issue what runs have left; returns how many steps that were: as long as a turn lasts."""
        return self._take_turn(invoices.go_on)

    def import_families(self) -> int:
        """Check, make or undo what imports have left; returns how many steps that were: as long as a turn lasts."""
        return self._take_turn(self._imports.go_on)

    def publish_certificates(self) -> int:
        """Publish what is left of the tax certificates of a year, some families at a time; returns how many times."""
        return self._take_turn(_publish_some)

    def credit_corrections(self) -> int:
        """Credit what was closed, or excused, after it was invoiced; returns how many corrections were tried."""
        return self._take_turn(self._credits.credit_next)

    def record_debits(self) -> int:
        """Record the payments of collections that agents ordered; returns how many were tried."""
        return self._take_turn(self._debits.record_next)

    def check_payments(self) -> int:
        """Ask the payment site what became of the operations whose time has come; returns how many were asked about."""
        payments.end_forgotten()
        gateway = self._gateway
        if gateway is None:
            return 0
        return self._take_turn(lambda: payments.check_pending(gateway, limit=1) > 0)

    def end_enrolments(self) -> int:
        """End the enrolments whose last day, told before, has passed; once a day, and returns how many."""
        today = clock.today()
        if self._ended_on == today:
            return 0
        count = 0
        if enrolment_ends.has_due_end(db.session()):
            with write_transaction() as session:
                count = enrolment_ends.finish_due(session)
        self._ended_on = today
        return count

    def remind_of_weeks(self) -> int:
        """Remind parents who want it of weeks without bookings; returns how many mails that were.

        All families are looked at every few minutes, some at a time; where a turn is too short the next one goes on.
        """
        if time.monotonic() < self._reminders_rest_until or not reminders.is_wanted(db.session()):
            return 0
        outlook, count = reminders.read_outlook(db.session()), 0

        def remind_some() -> bool:
            nonlocal count
            batch = reminders.next_batch(db.session(), outlook, self._reminded_up_to)
            if batch is None:
                self._reminded_up_to = 0
                self._reminders_rest_until = time.monotonic() + REMINDERS_REST_SECONDS
                return False
            if batch.due:
                with write_transaction() as session:
                    count += reminders.send_reminders(session, batch)
            self._reminded_up_to = batch.last_family_id
            return True

        self._take_turn(remind_some)
        return count

    def expire_requests(self) -> int:
        """End what families asked for and nobody decided before it began; returns how many families were told."""
        return self._take_turn(_expire_requests)

    def release_places(self) -> int:
        """Release what families did not pay in time; returns how many families were told."""
        return self._take_turn(payments.release_places)

    def look_after_lists(self) -> int:
        """End offers without answer and entries past their deadline; now and then look at who could not come before.

        Returns how many families and days were looked at.
        """
        count = self._take_turn(_end_waiting)
        if time.monotonic() >= self._lists_rest_until:
            self._lists_rest_until = time.monotonic() + LISTS_REST_SECONDS
            for day in waiting_lists.days_to_look_at(db.session()):
                with write_transaction() as session:
                    waiting_lists.look_at(session, day)
                self._pulse.beat()
                count += 1
        return count

    def look_after_documents(self) -> int:
        """Once a day tell of documents that end, family by family, then remove files that no row names.

        Returns how many families were told; where a turn is too short the next one goes on.
        """
        today = clock.today()
        if self._documents_on == today:
            return 0
        count = self._take_turn(_warn_of_ends)
        if document_decisions.family_to_warn(db.session()) is not None:
            return count
        # The list of files comes first: what is written later is not in it.
        left_over = uploaded_paths(self._instance_path, ORPHAN_AFTER_SECONDS, FOLDER)
        owners = (
            required_documents,
            absences,
            required_document_settings,
            publications,
            message_threads,
            papers,
            debt_papers,
        )
        named = frozenset[str]().union(*(owner.stored_paths(db.session()) for owner in owners))
        remove_orphans(self._instance_path, left_over, named)
        self._documents_on = today
        return count

    @property
    def _gateway(self) -> PaymentGateway | None:
        gateway: PaymentGateway | None = self._app.extensions["payments"]
        return gateway

    def _take_turn(self, step: Callable[[], bool]) -> int:
        ends_at = time.monotonic() + TURN_SECONDS
        count = 0
        while not self._stop.is_set() and time.monotonic() < ends_at:
            self._pulse.beat()
            if not step():
                break
            count += 1
        return count

    def _run(self) -> None:
        jobs: tuple[Callable[[], int], ...] = (
            self.queue_urgent_messages, self.queue_text_mailings, self.send_due_mails, self.issue_invoices,
            self.import_families, self.credit_corrections, self.record_debits, self.publish_certificates,
            self.make_papers, self.check_payments, self.release_places, self.end_enrolments, self.expire_requests,
            self.look_after_lists,
            self.remind_of_weeks, self.look_after_documents,
        )  # fmt: skip
        while not self._stop.wait(PAUSE_SECONDS):
            for job in jobs:
                self._pulse.beat()
                try:
                    with self._app.app_context():
                        job()
                except Exception:
                    # The next round tries again: a database that is away for a while must not end the worker.
                    logger.exception("the worker's round failed: %s", job.__name__)


def _publish_some() -> bool:
    publication_id = tax_certificates.unfinished_publication(db.session())
    if publication_id is None:
        return False
    with write_transaction() as session:
        tax_certificates.publish_next(session, publication_id)
    return True


def _queue_some() -> bool:
    """Of the families that an urgent message is for; whether there were any."""
    if not urgent_messages.has_unqueued(db.session()):
        return False
    with write_transaction() as session:
        return urgent_messages.queue_some(session) > 0


def _tell_some() -> bool:
    """Of the families that a version of a text is for; whether there were any."""
    if not text_mailings.has_unqueued(db.session()):
        return False
    with write_transaction() as session:
        return text_mailings.queue_some(session)


def _one_family(find: Callable[[Session], int | None], act: Callable[[Session, int], object]) -> Callable[[], bool]:
    """A step that finds a family something is due for and does it, in one transaction; whether there was any.

    What it is told is queued in that transaction: once, whatever happens.
    """

    def step() -> bool:
        family_id = find(db.session())
        if family_id is None:
            return False
        with write_transaction() as session:
            act(session, family_id)
        return True

    return step


_warn_of_ends = _one_family(document_decisions.family_to_warn, document_decisions.warn_of_ends)
_expire_requests = _one_family(booking_requests.family_with_unanswered, booking_requests.expire_requests)
_end_waiting = _one_family(waiting_lists.family_with_due, waiting_lists.expire_due)
