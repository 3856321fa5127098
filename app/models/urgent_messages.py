"""Urgent messages to families: what was written, by whom, to whom."""

from datetime import date, datetime

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from app.clock import now
from app.database import Base, EncryptedText, UtcDateTime


class UrgentMessage(Base):
    """A message of an agent to the families of a place, an activity or a group, perhaps of one day. Append-only."""

    __tablename__ = "urgent_message"

    id: Mapped[int] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(unique=True)  # of the form: sent twice, it leaves once
    audience: Mapped[str]  # in words, as the agent chose it
    day: Mapped[date | None]
    subject: Mapped[str]
    body: Mapped[str] = mapped_column(EncryptedText)
    sent_by_id: Mapped[int] = mapped_column(ForeignKey("user_account.id"))
    sent_at: Mapped[datetime] = mapped_column(UtcDateTime, default=now, index=True)


class UrgentRecipient(Base):
    """A family that a message is for. Its mails are queued by the worker, some families at a time."""

    __tablename__ = "urgent_recipient"

    message_id: Mapped[int] = mapped_column(ForeignKey("urgent_message.id", ondelete="CASCADE"), primary_key=True)
    family_id: Mapped[int] = mapped_column(ForeignKey("family.id", ondelete="CASCADE"), primary_key=True, index=True)
    queued_at: Mapped[datetime | None] = mapped_column(UtcDateTime, index=True)
