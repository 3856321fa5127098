"""The background worker: a thread of the served process that sends what waits in the outbox."""

import logging
import threading
import time
from typing import TYPE_CHECKING

from app.config import Config
from app.database import db, write_transaction
from app.integrations.mail import Mailer, MailRefused
from app.services import mails

if TYPE_CHECKING:
    from flask import Flask

logger = logging.getLogger(__name__)

PAUSE_SECONDS = 1.0
SILENT_AFTER_SECONDS = 60.0  # a worker that has not come round for this long is considered dead


class Worker:
    """Sends mails one after the other, each in its own short transactions; survives every error."""

    def __init__(self, app: "Flask", config: Config) -> None:
        self._app = app
        self._base_url = config.base_url
        self._mailer = Mailer(config.mail_url, config.mail_from) if config.mail_url else None
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None
        self._last_round = time.monotonic()

    @property
    def is_alive(self) -> bool:
        """Whether the thread runs and came round lately; for the health page."""
        if self._thread is None or not self._thread.is_alive():
            return False
        return time.monotonic() - self._last_round < SILENT_AFTER_SECONDS

    def start(self) -> None:
        """Start the thread (once)."""
        self._thread = threading.Thread(target=self._run, name="worker", daemon=True)
        self._last_round = time.monotonic()
        self._thread.start()

    def stop(self) -> None:
        """Ask the thread to end and wait for it."""
        self._stop.set()
        if self._thread is not None:
            self._thread.join(timeout=10)

    def send_due_mails(self) -> int:
        """Send all that may leave now and return how many left. Without SMTP mails wait in « Courriels »."""
        if self._mailer is None:
            return 0
        sent = 0
        while not self._stop.is_set():
            self._last_round = time.monotonic()
            with write_transaction() as session:
                mail = mails.claim_mail(session, self._base_url)
            if mail is None:
                break
            try:
                self._mailer.send(mail.recipient, mail.subject, mail.body)
            except MailRefused as refusal:
                # Only its kind: the server's sentence, kept with the mail, names the recipient.
                logger.warning("mail %s refused: %s", mail.id, type(refusal.__cause__).__name__)
                with write_transaction() as session:
                    mails.record_failure(session, mail.id, str(refusal))
            else:
                with write_transaction() as session:
                    mails.record_sent(session, mail.id)
                sent += 1
        return sent

    def _run(self) -> None:
        while not self._stop.wait(PAUSE_SECONDS):
            self._last_round = time.monotonic()
            try:
                with self._app.app_context():
                    if mails.has_due_mail(db.session()):
                        self.send_due_mails()
            except Exception:
                # The next round tries again: a database that is away for a while must not end the worker.
                logger.exception("the worker's round failed")
