"""« Documentation structure »: what the council offers for download, the texts that families accept, and who did."""

from datetime import date, datetime

from sqlalchemy import ForeignKey, Index, UniqueConstraint, false, true
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.clock import now
from app.database import Base, UtcDateTime, code_of
from app.models.catalogue import CatalogueRow
from app.rules.required_documents import DocumentDemand


class Publication(CatalogueRow, Base):
    """A file that families may download, and which of them."""

    __tablename__ = "publication"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(unique=True)
    description: Mapped[str] = mapped_column(default="")
    category: Mapped[str] = mapped_column(default="")  # the heading under which it stands
    position: Mapped[int]  # within all of them, from 1
    shown_from: Mapped[date]
    shown_until: Mapped[date | None]  # its last day
    is_shown: Mapped[bool] = mapped_column(default=True, server_default=true())  # False: withdrawn
    # Who reads it, as in rules/publications.py; its activities are rows of their own.
    season_id: Mapped[int | None] = mapped_column(ForeignKey("season.id"))
    levels: Mapped[str] = mapped_column(default="")  # classes, separated by commas; empty: all
    # The document (pièce) as which it comes back; where that is deleted nothing comes back.
    document_id: Mapped[int | None] = mapped_column(ForeignKey("required_document.id", ondelete="SET NULL"))


class PublicationActivity(CatalogueRow, Base):
    """That a publication is for families with a child in some activities, this one among them."""

    __tablename__ = "publication_activity"

    publication_id: Mapped[int] = mapped_column(ForeignKey("publication.id", ondelete="CASCADE"), primary_key=True)
    # No cascade: a publication whose last activity went would be for everybody.
    activity_id: Mapped[int] = mapped_column(ForeignKey("activity.id"), primary_key=True)


class PublicationFile(CatalogueRow, Base):
    """A version of a publication's file, never overwritten; the last one is offered."""

    __tablename__ = "publication_file"

    id: Mapped[int] = mapped_column(primary_key=True)
    publication_id: Mapped[int] = mapped_column(ForeignKey("publication.id", ondelete="CASCADE"), index=True)
    path: Mapped[str] = mapped_column(unique=True)  # in the instance folder
    size_bytes: Mapped[int]
    page_count: Mapped[int]
    content_hash: Mapped[str]  # SHA-256, in hexadecimal
    added_at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)
    added_by_id: Mapped[int] = mapped_column(ForeignKey("user_account.id"))


class TextToAccept(CatalogueRow, Base):
    """A text that families accept, such as the rules of the house; what it says are its versions."""

    __tablename__ = "text_to_accept"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(unique=True)
    demand: Mapped[DocumentDemand] = mapped_column(code_of(DocumentDemand))
    is_asked: Mapped[bool] = mapped_column(default=True, server_default=true())  # not any more: what was accepted stays
    season_id: Mapped[int | None] = mapped_column(ForeignKey("season.id"))
    levels: Mapped[str] = mapped_column(default="")


class TextActivity(CatalogueRow, Base):
    """That a text is for families with a child in some activities, this one among them."""

    __tablename__ = "text_activity"

    text_id: Mapped[int] = mapped_column(ForeignKey("text_to_accept.id", ondelete="CASCADE"), primary_key=True)
    activity_id: Mapped[int] = mapped_column(ForeignKey("activity.id"), primary_key=True)


class TextVersion(CatalogueRow, Base):
    """What a text says from a day on. A version is never changed, only followed by another."""

    __tablename__ = "text_version"

    id: Mapped[int] = mapped_column(primary_key=True)
    text_id: Mapped[int] = mapped_column(ForeignKey("text_to_accept.id", ondelete="CASCADE"), index=True)
    body: Mapped[str]  # may be empty where a file says it all
    file_id: Mapped[int | None] = mapped_column(ForeignKey("publication_file.id"))
    content_hash: Mapped[str]  # of rules.publications.hash_of
    starts_on: Mapped[date]
    written_at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)
    written_by_id: Mapped[int] = mapped_column(ForeignKey("user_account.id"))

    text: Mapped[TextToAccept] = relationship()


class TextMailing(Base):
    """That the families of whom a version is asked are told by mail, once it is in force."""

    __tablename__ = "text_mailing"

    version_id: Mapped[int] = mapped_column(ForeignKey("text_version.id", ondelete="CASCADE"), primary_key=True)
    listed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)  # when they were written down


class TextRecipient(Base):
    """A family that is told of a version. Its mails are queued by the worker, some families at a time."""

    __tablename__ = "text_recipient"

    version_id: Mapped[int] = mapped_column(ForeignKey("text_version.id", ondelete="CASCADE"), primary_key=True)
    family_id: Mapped[int] = mapped_column(ForeignKey("family.id", ondelete="CASCADE"), primary_key=True, index=True)
    queued_at: Mapped[datetime | None] = mapped_column(UtcDateTime, index=True)


class TextAcceptance(Base):
    """That a family accepted a version: who said so, when, on which device, and the hash of what was read."""

    __tablename__ = "text_acceptance"
    __table_args__ = (
        UniqueConstraint("version_id", "family_id"), Index("ix_text_acceptance_family", "family_id"),
    )  # fmt: skip

    id: Mapped[int] = mapped_column(primary_key=True)
    version_id: Mapped[int] = mapped_column(ForeignKey("text_version.id"))
    family_id: Mapped[int] = mapped_column(ForeignKey("family.id", ondelete="CASCADE"))
    accepted_at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)
    accepted_by_id: Mapped[int] = mapped_column(ForeignKey("user_account.id"))  # a parent; of a paper, the agent
    signed_by: Mapped[str]  # the parent's name as it was then
    on_paper: Mapped[bool] = mapped_column(default=False, server_default=false())
    content_hash: Mapped[str]
    device: Mapped[str] = mapped_column(default="")  # what the browser says of itself; empty on paper
