"""Sending mail by SMTP (smtp://, smtp+starttls:// or smtps://user:password@host:port)."""

import smtplib
import ssl
from email.message import EmailMessage
from email.utils import formatdate, make_msgid
from urllib.parse import unquote, urlsplit

_TIMEOUT_SECONDS = 20
_DEFAULT_PORTS = {"smtp": 25, "smtp+starttls": 587, "smtps": 465}


class MailRefused(Exception):
    """The mail could not be handed over; worth trying again later."""


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

    def send(self, recipient: str, subject: str, body: str) -> None:
        """Send a plain text mail. Raises MailRefused."""
        try:
            message = EmailMessage()
            message["From"] = self._sender
            message["To"] = recipient
            message["Subject"] = subject
            message["Date"] = formatdate(localtime=True)
            message["Message-ID"] = make_msgid(domain="espace-famille.invalid")
            message["Auto-Submitted"] = "auto-generated"
            message.set_content(body)
            with self._connect() as server:
                if self._user is not None:
                    server.login(self._user, self._password)
                server.send_message(message)
        except (OSError, smtplib.SMTPException, ValueError) as error:
            # ValueError: an address or a subject that no mail can carry.
            raise MailRefused(f"{type(error).__name__}: {error}") from error

    def _connect(self) -> smtplib.SMTP:
        if self._scheme == "smtps":
            context = ssl.create_default_context()
            return smtplib.SMTP_SSL(self._host, self._port, timeout=_TIMEOUT_SECONDS, context=context)
        server = smtplib.SMTP(self._host, self._port, timeout=_TIMEOUT_SECONDS)
        if self._scheme == "smtp+starttls":
            server.starttls(context=ssl.create_default_context())
        return server
