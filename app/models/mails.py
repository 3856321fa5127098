"""The outbox: mails are rows, written in the transaction that causes them and sent by the worker."""

from datetime import datetime
from enum import StrEnum, auto

from sqlalchemy import ForeignKey, false
from sqlalchemy.orm import Mapped, mapped_column

from app.clock import now
from app.database import Base, EncryptedText, UtcDateTime, code_of
from app.models.catalogue import CatalogueRow


class MailStatus(StrEnum):
    """Where a mail stands."""

    QUEUED = "queued"
    SENDING = "sending"
    SENT = "sent"
    FAILED = "failed"  # given up after repeated refusals; shown to the staff
    EXPIRED = "expired"  # it had not left when what it says was over


class ResendObstacle(StrEnum):
    """Why a mail that was given up cannot be sent again."""

    TEXT_ERASED = auto()
    LINK_ERASED = auto()
    LINK_OVER = auto()  # used, replaced, or too old
    TOO_LATE = auto()  # what it says is over
    NO_ADDRESS = auto()  # nobody of the family has one any more


class OutboxMail(Base):
    """A mail to send. The secret of a one-time link is kept apart, encrypted, and dropped once sent."""

    __tablename__ = "outbox_mail"

    id: Mapped[int] = mapped_column(primary_key=True)
    template: Mapped[str]
    recipient: Mapped[str]
    subject: Mapped[str]
    body: Mapped[str]  # plain text; holds SECRET_MARK where the one-time secret goes
    secret: Mapped[str | None] = mapped_column(EncryptedText)
    # The last mail to somebody who was erased: its address and text go once it left.
    is_last: Mapped[bool] = mapped_column(default=False, server_default=false())
    family_id: Mapped[int | None] = mapped_column(ForeignKey("family.id", ondelete="CASCADE"), index=True)
    status: Mapped[MailStatus] = mapped_column(code_of(MailStatus), default=MailStatus.QUEUED, index=True)
    attempts: Mapped[int] = mapped_column(default=0)
    doubts: Mapped[int] = mapped_column(default=0, server_default="0")  # tries after which it may have arrived
    not_before: Mapped[datetime] = mapped_column(UtcDateTime, default=now)
    not_after: Mapped[datetime | None] = mapped_column(UtcDateTime)  # what it says is not true any more then
    error: Mapped[str | None]
    urgent_message_id: Mapped[int | None] = mapped_column(ForeignKey("urgent_message.id"), index=True)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=now, index=True)
    sent_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class MailResending(Base):
    """That an agent sent a mail again that had been given up, and the address that it had before. Append-only."""

    __tablename__ = "mail_resending"

    id: Mapped[int] = mapped_column(primary_key=True)
    mail_id: Mapped[int] = mapped_column(ForeignKey("outbox_mail.id", ondelete="CASCADE"), index=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("user_account.id"))
    at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)
    recipient: Mapped[str]


class MailText(CatalogueRow, Base):
    """The staff's words for a kind of mail, where they are not ours."""

    __tablename__ = "mail_text"

    kind: Mapped[str] = mapped_column(primary_key=True)  # a code of services.mail_kinds
    subject: Mapped[str]
    body: Mapped[str]
    changed_by_id: Mapped[int] = mapped_column(ForeignKey("user_account.id"))
    changed_at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)
