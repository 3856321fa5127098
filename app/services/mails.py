"""Mails: written into the outbox in the transaction that causes them; the worker sends them later.

What they say comes from services.mail_texts. Two marks stand in a stored body and are filled in only when it is sent or
shown: the portal's address, and the secret of a one-time link.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import repeat

from sqlalchemy import func, insert, select, update
from sqlalchemy.orm import Session

from app import clock
from app.integrations.mail import Letter
from app.models.mails import MailStatus, OutboxMail
from app.rules.mail_texts import html_body, html_page
from app.services.mail_texts import PORTAL_MARK, SECRET_MARK, button_of, write_mail

MASKED_SECRET = "••••••"

# After each refusal the next try waits longer; after the last one, five days later, the mail is given up and shown to
# the staff: a server may be away for a long weekend.
RETRY_AFTER = tuple(timedelta(minutes=m) for m in (1, 5, 15, 60, *[240] * 29))
MOST_DOUBTS = 2  # tries that may have arrived without our knowing: the second is the last, whoever reads it decides
LINK_EVERY = timedelta(minutes=2)  # asked for more often, a link is not sent again: nobody's letter box is flooded
_SENDING_LEASE = timedelta(minutes=5)  # a sender that died gives its mail back after this


@dataclass(frozen=True, slots=True)
class MailToSend:
    """A claimed mail, complete: the only place where its secret is in clear."""

    id: int
    letter: Letter


def queue_mail(
    session: Session,
    template: str,
    recipient: str,
    *,
    family_id: int | None = None,
    secret: str | None = None,
    is_last: bool = False,
    not_after: datetime | None = None,
    **values: object,
) -> OutboxMail:
    """Add a mail to the outbox, in the present transaction: it leaves only if the transaction commits.

    `not_after`: what it says is not true any more then; it is given up where it did not leave in time.
    """
    words = write_mail(template, values)
    mail = OutboxMail(
        template=template,
        recipient=recipient,
        subject=words.subject,
        body=words.body,
        secret=secret,
        family_id=family_id,
        is_last=is_last,
        not_before=clock.now(),
        not_after=not_after,
    )
    session.add(mail)
    return mail


def queue_mails(
    session: Session,
    template: str,
    wanted: Iterable[tuple[int, str, Mapping[str, object]]],
    *,
    secrets: Iterable[str | None] = repeat(None),
    not_after: datetime | None = None,
) -> None:
    """Add a mail of one kind for each family, address and values, as `queue_mail()`; in one statement.

    `secrets`: that of each, in their order.
    """
    rows: list[dict[str, object]] = []
    for (family_id, recipient, values), secret in zip(wanted, secrets, strict=False):
        words = write_mail(template, values)
        rows.append(
            {
                "template": template, "recipient": recipient, "subject": words.subject, "body": words.body,
                "family_id": family_id, "not_before": clock.now(), "secret": secret, "not_after": not_after,
            }
        )  # fmt: skip
    if rows:
        session.execute(insert(OutboxMail), rows)


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
    """Take the next mail that may leave now; two senders never take the same one. Call in a write transaction.

    One-time links go first: somebody waits in front of them. A mail whose sender died may have left, which happens to
    it once at most: the second time it is given up, and the staff see it.
    """
    now = clock.now()
    due = (
        select(OutboxMail.id)
        .where(OutboxMail.status.in_([MailStatus.QUEUED, MailStatus.SENDING]), OutboxMail.not_before <= now)
        .order_by(OutboxMail.secret.is_(None), OutboxMail.not_before, OutboxMail.id)
        .limit(1)
        .with_for_update(skip_locked=True)
    )
    while (mail_id := session.scalar(due)) is not None:
        mail = session.get_one(OutboxMail, mail_id)
        if mail.not_after is not None and mail.not_after < now:
            mail.status = MailStatus.EXPIRED
            session.flush()
            continue
        if mail.status is MailStatus.SENDING:
            mail.doubts += 1
            if mail.doubts >= MOST_DOUBTS:
                mail.status = MailStatus.FAILED
                mail.error = mail.error or "the sender stopped before it knew whether the mail had left"
                session.flush()
                continue
        mail.status = MailStatus.SENDING
        mail.not_before = clock.later(_SENDING_LEASE)
        body = complete_body(mail, base_url, show_secret=True)
        html = html_page(mail.subject, html_body(body, base_url, button_of(mail.template)))
        reference = f"{mail.id}.{mail.created_at:%Y%m%d%H%M%S}"
        return MailToSend(mail.id, Letter(mail.recipient, mail.subject, body, html, reference, mail.created_at))
    return None


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


def record_failure(
    session: Session, mail_id: int, error: str, *, is_final: bool = False, may_have_arrived: bool = False
) -> None:
    """The mail was refused: try again later, or give it up at once or after the last try.

    `is_final`: no try will ever do. `may_have_arrived`: the answer was lost; a second such try is the last.
    """
    mail = session.get_one(OutboxMail, mail_id)
    mail.error = error[:500]
    mail.doubts += may_have_arrived
    if is_final or mail.doubts >= MOST_DOUBTS or mail.attempts >= len(RETRY_AFTER):
        mail.status = MailStatus.FAILED
    else:
        mail.status = MailStatus.QUEUED
        mail.not_before = clock.later(RETRY_AFTER[mail.attempts])
    mail.attempts += 1


def oldest_waiting(session: Session) -> datetime | None:
    """Since when the oldest unsent mail has been waiting, for the health page; None when nothing waits."""
    return session.scalar(
        select(OutboxMail.created_at)
        .where(OutboxMail.status.in_([MailStatus.QUEUED, MailStatus.SENDING]))
        .order_by(OutboxMail.created_at)
        .limit(1)
    )
