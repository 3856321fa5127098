"""« Courriels »: the outbox as the staff see it, and trying again what was given up."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select, true
from sqlalchemy.orm import Session

from app import clock
from app.database import db
from app.models.mails import MailStatus, OutboxMail
from app.services.errors import AlreadyDecided, NotFound
from app.services.mails import MASKED_SECRET, complete_body
from app.services.pages import Page, page_of


@dataclass(frozen=True, slots=True)
class MailRow:
    """A mail in the list."""

    id: int
    status: MailStatus
    recipient: str
    subject: str
    created_at: datetime
    sent_at: datetime | None
    next_try_at: datetime | None  # of a mail that was refused and will be tried again
    error: str | None  # what the mail server answered last
    family_id: int | None


@dataclass(frozen=True, slots=True)
class MailView:
    """A mail, opened."""

    row: MailRow
    body: str | None  # None: not for this member of the staff

    @property
    def is_whole(self) -> bool:
        """Whether its links work: nothing of it is masked."""
        return self.body is not None and MASKED_SECRET not in self.body


def list_mails(status: MailStatus | None, page: int) -> Page[MailRow]:
    """The mails of a status, or all, latest first. Two queries."""
    condition = true() if status is None else OutboxMail.status == status
    total = db.session.scalar(select(func.count()).select_from(OutboxMail).where(condition)) or 0
    place: Page[MailRow] = page_of(page, total)
    mails = db.session.scalars(
        select(OutboxMail)
        .where(condition)
        .order_by(OutboxMail.created_at.desc(), OutboxMail.id.desc())
        .offset(place.offset)
        .limit(place.size)
    )
    return place.filled(tuple(_row(mail) for mail in mails))


def count_mails() -> dict[MailStatus, int]:
    """How many mails there are of each status."""
    rows = db.session.execute(select(OutboxMail.status, func.count()).group_by(OutboxMail.status))
    return dict.fromkeys(MailStatus, 0) | {row[0]: row[1] for row in rows}


def read_mail(mail_id: int, base_url: str, *, is_demo: bool, may_read: bool) -> MailView:
    """A mail: in the demo whole; elsewhere its text only with `may_read`, its one-time secret always masked.

    Source: product.md section 2. Raises NotFound.
    """
    mail = db.session.get(OutboxMail, mail_id)
    if mail is None:
        raise NotFound("mail")
    body = complete_body(mail, base_url, show_secret=is_demo) if is_demo or may_read else None
    return MailView(_row(mail), body)


def retry_mail(session: Session, mail_id: int) -> None:
    """Put a mail that was given up back into the outbox, with all its tries.

    Raises NotFound, and AlreadyDecided for one that has not failed (somebody else tried it again already).
    """
    mail = session.scalar(select(OutboxMail).where(OutboxMail.id == mail_id).with_for_update())
    if mail is None:
        raise NotFound("mail")
    if mail.status is not MailStatus.FAILED:
        raise AlreadyDecided
    mail.status = MailStatus.QUEUED
    mail.attempts = mail.doubts = 0
    mail.not_before = clock.now()


def _row(mail: OutboxMail) -> MailRow:
    will_retry = mail.status is MailStatus.QUEUED and mail.attempts > 0
    return MailRow(
        id=mail.id,
        status=mail.status,
        recipient=mail.recipient,
        subject=mail.subject,
        created_at=mail.created_at,
        sent_at=mail.sent_at,
        next_try_at=mail.not_before if will_retry else None,
        error=mail.error,
        family_id=mail.family_id,
    )
