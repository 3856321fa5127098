"""Messages between families and the council: whom one may write to, threads, and what was written."""

from datetime import datetime

from sqlalchemy import ForeignKey, Index, UniqueConstraint, false, true
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.clock import now
from app.database import Base, EncryptedText, UtcDateTime, code_of
from app.models.accounts import User
from app.models.catalogue import CatalogueRow
from app.models.families import Family
from app.rules.messages import ThreadState


class MessageRecipient(CatalogueRow, Base):
    """Somebody at the council to whom families write."""

    __tablename__ = "message_recipient"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(unique=True)
    position: Mapped[int]  # order in the list
    email: Mapped[str | None]  # told of each message
    # The message itself in the mail, and not only that there is one: for who has no account of the portal.
    mails_text: Mapped[bool] = mapped_column(default=False, server_default=false())
    office_id: Mapped[int | None] = mapped_column(ForeignKey("office.id", ondelete="SET NULL"))
    activity_id: Mapped[int | None] = mapped_column(ForeignKey("activity.id", ondelete="SET NULL"))
    is_offered: Mapped[bool] = mapped_column(default=True, server_default=true())  # not any more: threads stay


class MessageThread(Base):
    """What a family and the council write to each other about one subject."""

    __tablename__ = "message_thread"
    __table_args__ = (Index("ix_message_thread_family_id", "family_id", "last_at"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    family_id: Mapped[int] = mapped_column(ForeignKey("family.id", ondelete="CASCADE"))
    recipient_id: Mapped[int] = mapped_column(ForeignKey("message_recipient.id"), index=True)
    subject: Mapped[str] = mapped_column(EncryptedText)
    state: Mapped[ThreadState] = mapped_column(code_of(ThreadState), index=True)
    started_at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)
    last_at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)  # of its last message, notes left out
    assigned_to_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"), index=True)
    closed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    closed_by_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))

    family: Mapped[Family] = relationship()
    recipient: Mapped[MessageRecipient] = relationship()
    assigned_to: Mapped[User | None] = relationship(foreign_keys=assigned_to_id)


class Message(Base):
    """What somebody wrote, with what they attached: one PDF, made anew of what they sent."""

    __tablename__ = "message"
    __table_args__ = (UniqueConstraint("author_id", "key"), Index("ix_message_thread_id", "thread_id", "id"))

    id: Mapped[int] = mapped_column(primary_key=True)
    thread_id: Mapped[int] = mapped_column(ForeignKey("message_thread.id", ondelete="CASCADE"))
    author_id: Mapped[int] = mapped_column(ForeignKey("user_account.id"))
    by_staff: Mapped[bool]
    is_note: Mapped[bool] = mapped_column(default=False, server_default=false())  # of the staff, for the staff
    key: Mapped[str]  # of the form that was sent: sent twice, it writes once
    at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)
    body: Mapped[str] = mapped_column(EncryptedText)
    # The attachment, where there is one: see SubmittedDocument.
    path: Mapped[str | None] = mapped_column(unique=True)
    file_key: Mapped[str | None] = mapped_column(EncryptedText)
    file_name: Mapped[str | None] = mapped_column(EncryptedText)
    file_bytes: Mapped[int | None]
    page_count: Mapped[int | None]

    thread: Mapped[MessageThread] = relationship()
    author: Mapped[User] = relationship()


class MessageReading(Base):
    """Up to which message a parent has read a thread."""

    __tablename__ = "message_reading"

    thread_id: Mapped[int] = mapped_column(ForeignKey("message_thread.id", ondelete="CASCADE"), primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("user_account.id", ondelete="CASCADE"), primary_key=True)
    up_to: Mapped[int]  # the id of a message; none of them is ever deleted by itself
    read_at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)
