"""Sending mail by SMTP (smtp://, smtp+starttls:// or smtps://user:password@host:port)."""

import contextlib
import smtplib
import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime, parseaddr
from urllib.parse import unquote, urlsplit

STEP_SECONDS = 10.0  # how long the server may take for one answer
WHOLE_SECONDS = 30.0  # and for all of a mail, however slowly it drips
_DEFAULT_PORTS = {"smtp": 25, "smtp+starttls": 587, "smtps": 465}
_PERMANENT = range(500, 600)


@dataclass(frozen=True, slots=True)
class Letter:
    """A mail as it leaves: the same text twice, plain and as light HTML."""

    recipient: str
    subject: str
    text: str
    html: str
    reference: str  # the part of its Message-ID that names it, the same at each try
    written_at: datetime  # aware


class MailRefused(Exception):
    """The mail could not be handed over; worth trying again later."""


class MailRejected(MailRefused):
    """The server will never take this mail: the address does not exist, or it can be no mail at all."""


class MailServerAway(MailRefused):
    """The server does not answer, or does not let us in: no other mail will leave now either."""


class MailMaybeTaken(MailServerAway):
    """The server fell silent after it got the whole mail: it may have arrived."""


class Mailer:
    """Hands mails to one SMTP server, one connection a mail."""

    def __init__(self, url: str, sender: str) -> None:
        parts = urlsplit(url)
        self._scheme = parts.scheme
        self._host = parts.hostname or "localhost"
        self._port = parts.port or _DEFAULT_PORTS[parts.scheme]
        self._user = unquote(parts.username) if parts.username else None
        self._password = unquote(parts.password) if parts.password else ""
        self._sender = sender
        self._address = parseaddr(sender)[1]

    def send(self, letter: Letter) -> None:
        """Hand a mail over. Raises MailRefused, as the one of its kinds that says what to do next."""
        if not letter.recipient.isascii():
            raise MailRejected(f"the address is not in ASCII: {letter.recipient}")
        try:
            content = self._message(letter).as_bytes(policy=SMTP)
        except (ValueError, UnicodeError, LookupError) as error:
            raise MailRejected(_told(error)) from error  # an address or a subject that no mail can carry
        with self._connection() as server:
            self._hand_over(server, letter.recipient, content)

    def _message(self, letter: Letter) -> EmailMessage:
        message = EmailMessage()
        message["From"] = self._sender
        message["To"] = letter.recipient
        message["Subject"] = letter.subject
        message["Date"] = format_datetime(letter.written_at)
        # Tried again after an answer that was lost, it is the same mail: who gets it twice may know.
        message["Message-ID"] = f"<{letter.reference}@{self._address.rpartition('@')[2] or 'localhost'}>"
        message["Auto-Submitted"] = "auto-generated"
        message["Content-Language"] = "fr"
        message.set_content(letter.text)
        message.add_alternative(letter.html, subtype="html")
        return message

    @contextmanager
    def _connection(self) -> Iterator[smtplib.SMTP]:
        """A server that greeted and let us in; what it says when it is left again no longer matters."""
        try:
            server = self._connect()
        except (OSError, smtplib.SMTPException) as error:
            raise MailServerAway(_told(error)) from error
        watch = threading.Timer(WHOLE_SECONDS, _hang_up, [server])
        watch.daemon = True
        watch.start()
        try:
            try:
                if self._scheme == "smtp+starttls":
                    server.starttls(context=ssl.create_default_context())
                if self._user is not None:
                    server.login(self._user, self._password)
                server.ehlo_or_helo_if_needed()
            except (OSError, smtplib.SMTPException) as error:
                raise MailServerAway(_told(error)) from error
            yield server
            with contextlib.suppress(OSError, smtplib.SMTPException):
                server.quit()
        finally:
            watch.cancel()
            server.close()

    def _connect(self) -> smtplib.SMTP:
        if self._scheme == "smtps":
            context = ssl.create_default_context()
            return smtplib.SMTP_SSL(self._host, self._port, timeout=STEP_SECONDS, context=context)
        return smtplib.SMTP(self._host, self._port, timeout=STEP_SECONDS)

    def _hand_over(self, server: smtplib.SMTP, recipient: str, content: bytes) -> None:
        try:
            code, answer = server.mail(self._address, [f"size={len(content)}"] if server.has_extn("size") else ())
            if code != 250:  # our own address: to set right, and then all can leave
                raise MailServerAway(_said("MAIL", code, answer))
            code, answer = server.rcpt(parseaddr(recipient)[1] or recipient)
            if code not in (250, 251):
                raise _refusal("RCPT", code, answer)
        except (OSError, smtplib.SMTPException) as error:
            raise MailServerAway(_told(error)) from error
        try:
            code, answer = server.data(content)
        except smtplib.SMTPDataError as error:  # it did not want to hear it
            raise _refusal("DATA", error.smtp_code, error.smtp_error) from error
        except (OSError, smtplib.SMTPException) as error:
            raise MailMaybeTaken(_told(error)) from error
        if code != 250:
            raise _refusal("DATA", code, answer)


def _refusal(step: str, code: int, answer: bytes | str) -> MailRefused:
    if code == 421:  # « I am closing »: not about this mail
        return MailServerAway(_said(step, code, answer))
    kind = MailRejected if code in _PERMANENT else MailRefused
    return kind(_said(step, code, answer))


def _said(step: str, code: int, answer: bytes | str) -> str:
    text = answer.decode("utf-8", "replace") if isinstance(answer, bytes) else answer
    return f"{step}: {code} {text}"


def _told(error: Exception) -> str:
    return f"{type(error).__name__}: {error}"


def _hang_up(server: smtplib.SMTP) -> None:
    """Ends whatever the other thread waits for."""
    connection = server.sock
    if connection is not None:
        with contextlib.suppress(OSError):
            connection.shutdown(socket.SHUT_RDWR)
