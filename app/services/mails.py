"""Mails: written into the outbox in the transaction that causes them; the worker sends them later.

A template is `templates/emails/<name>.txt`: its first line is the subject, the rest the body. Two marks stand in a
stored body and are filled in only when it is sent or shown: the portal's address, and the secret of a one-time link.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from app import clock
from app.filters import TEMPLATE_FILTERS
from app.models.mails import MailStatus, OutboxMail
from app.services.catalogue import catalogue

PORTAL_MARK = "[[portail]]"
SECRET_MARK = "[[secret]]"
MASKED_SECRET = "••••••"

# After each refusal the next try waits longer; after the last one the mail is given up and shown to the staff.
RETRY_AFTER = tuple(timedelta(minutes=m) for m in (1, 5, 15, 60, 240, 720))
LINK_EVERY = timedelta(minutes=2)  # asked for more often, a link is not sent again: nobody's letter box is flooded
_SENDING_LEASE = timedelta(minutes=5)  # a sender that died gives its mail back after this

_environment = Environment(
    loader=FileSystemLoader(Path(__file__).parent.parent / "templates" / "emails"),
    undefined=StrictUndefined,
    keep_trailing_newline=False,
    autoescape=False,  # plain text
)
_environment.filters.update(TEMPLATE_FILTERS)


@dataclass(frozen=True, slots=True)
class MailToSend:
    """A claimed mail, complete: the only place where its secret is in clear."""

    id: int
    recipient: str
    subject: str
    body: str


def queue_mail(
    session: Session,
    template: str,
    recipient: str,
    *,
    family_id: int | None = None,
    secret: str | None = None,
    is_last: bool = False,
    **values: object,
) -> OutboxMail:
    """Add a mail to the outbox, in the present transaction: it leaves only if the transaction commits."""
    text = _environment.get_template(f"{template}.txt").render(
        council=catalogue().council, portal=PORTAL_MARK, secret=SECRET_MARK, **values
    )
    subject, _, body = text.partition("\n")
    mail = OutboxMail(
        template=template,
        recipient=recipient,
        subject=subject.strip(),
        body=body.strip() + "\n",
        secret=secret,
        family_id=family_id,
        is_last=is_last,
        not_before=clock.now(),
    )
    session.add(mail)
    return mail


def was_just_mailed(session: Session, email: str, template: str) -> bool:
    """Whether the address got this mail in the last minutes, so that asking again sends none."""
    mailed = select(OutboxMail.id).where(OutboxMail.recipient == email, OutboxMail.template == template)
    return session.scalar(mailed.where(OutboxMail.created_at > clock.now() - LINK_EVERY).limit(1)) is not None


def mails_since(session: Session, email: str, template: str, since: datetime) -> int:
    """How many mails of this kind went to an address since then."""
    mailed = select(func.count()).where(OutboxMail.recipient == email, OutboxMail.template == template)
    return session.scalar(mailed.where(OutboxMail.created_at > since)) or 0


def complete_body(mail: OutboxMail, base_url: str, *, show_secret: bool) -> str:
    """The body as the recipient reads it; without `show_secret`, the one-time secret is masked."""
    secret = mail.secret if show_secret and mail.secret else MASKED_SECRET
    return mail.body.replace(PORTAL_MARK, base_url).replace(SECRET_MARK, secret)


def has_due_mail(session: Session) -> bool:
    """Whether a mail may leave now: asked before taking the write lock."""
    due = OutboxMail.status.in_([MailStatus.QUEUED, MailStatus.SENDING]) & (OutboxMail.not_before <= clock.now())
    return session.scalar(select(OutboxMail.id).where(due).limit(1)) is not None


def claim_mail(session: Session, base_url: str) -> MailToSend | None:
    """Take the next mail that may leave now; two senders never take the same one. Call in a write transaction."""
    now = clock.now()
    due = (
        select(OutboxMail.id)
        .where(OutboxMail.status.in_([MailStatus.QUEUED, MailStatus.SENDING]), OutboxMail.not_before <= now)
        .order_by(OutboxMail.not_before, OutboxMail.id)
        .limit(1)
        .with_for_update(skip_locked=True)
    )
    mail_id = session.scalar(due)
    if mail_id is None:
        return None
    mail = session.get_one(OutboxMail, mail_id)
    mail.status = MailStatus.SENDING
    mail.not_before = now + _SENDING_LEASE
    return MailToSend(mail.id, mail.recipient, mail.subject, complete_body(mail, base_url, show_secret=True))


def record_sent(session: Session, mail_id: int) -> None:
    """The mail left: its secret is dropped, and of the last one to somebody who was erased all that names them."""
    session.execute(
        update(OutboxMail)
        .where(OutboxMail.id == mail_id)
        .values(status=MailStatus.SENT, sent_at=clock.now(), secret=None, error=None)
    )
    session.execute(
        update(OutboxMail).where(OutboxMail.id == mail_id, OutboxMail.is_last).values(recipient="", body="")
    )


def record_failure(session: Session, mail_id: int, error: str) -> None:
    """The mail was refused: try again later, or give it up after the last try."""
    mail = session.get_one(OutboxMail, mail_id)
    mail.error = error[:500]
    if mail.attempts < len(RETRY_AFTER):
        mail.status = MailStatus.QUEUED
        mail.not_before = clock.now() + RETRY_AFTER[mail.attempts]
    else:
        mail.status = MailStatus.FAILED
    mail.attempts += 1


def oldest_waiting(session: Session) -> datetime | None:
    """Since when the oldest unsent mail has been waiting, for the health page; None when nothing waits."""
    return session.scalar(
        select(OutboxMail.created_at)
        .where(OutboxMail.status.in_([MailStatus.QUEUED, MailStatus.SENDING]))
        .order_by(OutboxMail.created_at)
        .limit(1)
    )
