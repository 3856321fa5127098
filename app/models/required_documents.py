"""The documents (pièces) that the council asks of families, and what families handed in."""

from datetime import date, datetime

from sqlalchemy import ForeignKey, Index, UniqueConstraint, false, true
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.clock import now
from app.database import Base, EncryptedText, UtcDateTime, code_of
from app.models.catalogue import CatalogueRow
from app.models.families import Child, Family, Guardian
from app.rules.required_documents import DocumentDemand, DocumentScope, FilesWanted, SubmissionStatus, ValidityKind


class RequiredDocument(CatalogueRow, Base):
    """A document that is asked: of whom, until when one counts, and what happens without it."""

    __tablename__ = "required_document"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(unique=True)
    instructions: Mapped[str] = mapped_column(default="")
    scope: Mapped[DocumentScope] = mapped_column(code_of(DocumentScope))
    demand: Mapped[DocumentDemand] = mapped_column(code_of(DocumentDemand))
    # Of one that blocks bookings: so many days from the first day of the enrolment are booked without it.
    grace_days: Mapped[int] = mapped_column(default=0, server_default="0")
    wanted: Mapped[FilesWanted] = mapped_column(code_of(FilesWanted))
    min_age: Mapped[int | None]  # in whole years, both included
    max_age: Mapped[int | None]
    levels: Mapped[str] = mapped_column(default="")  # classes, separated by commas; empty: all
    validity: Mapped[ValidityKind] = mapped_column(code_of(ValidityKind))
    validity_months: Mapped[int | None]
    validity_until: Mapped[date | None]
    is_health: Mapped[bool] = mapped_column(default=False, server_default=false())  # each reading of one is logged
    is_asked: Mapped[bool] = mapped_column(
        default=True, server_default=true()
    )  # not any more: what was handed in stays
    # A form that families fill in, of the instance folder; all of the three, or none.
    template_path: Mapped[str | None] = mapped_column(unique=True)
    template_bytes: Mapped[int | None]
    template_pages: Mapped[int | None]


class RequiredDocumentActivity(CatalogueRow, Base):
    """That a document is asked only where a child is enrolled in some activities, this one among them."""

    __tablename__ = "required_document_activity"

    document_id: Mapped[int] = mapped_column(ForeignKey("required_document.id", ondelete="CASCADE"), primary_key=True)
    # No cascade: a document whose last activity went would be asked of everybody.
    activity_id: Mapped[int] = mapped_column(ForeignKey("activity.id"), primary_key=True)


class SubmittedDocument(Base):
    """A version that was handed in, never overwritten: a file, and what became of it."""

    __tablename__ = "submitted_document"
    __table_args__ = (UniqueConstraint("family_id", "key"), Index("ix_submitted_document_child", "child_id"))

    id: Mapped[int] = mapped_column(primary_key=True)
    document_id: Mapped[int] = mapped_column(ForeignKey("required_document.id"), index=True)
    family_id: Mapped[int] = mapped_column(ForeignKey("family.id", ondelete="CASCADE"))  # who handed it in
    guardian_id: Mapped[int | None] = mapped_column(ForeignKey("guardian.id", ondelete="CASCADE"))  # whose it is
    child_id: Mapped[int | None] = mapped_column(ForeignKey("child.id", ondelete="CASCADE"))
    status: Mapped[SubmissionStatus] = mapped_column(code_of(SubmissionStatus), index=True)
    key: Mapped[str]  # of the form that was sent: sent twice, it hands in once
    handed_in_at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)
    handed_in_by_id: Mapped[int] = mapped_column(ForeignKey("user_account.id"))
    by_staff: Mapped[bool] = mapped_column(default=False, server_default=false())  # scanned at the counter
    dated_on: Mapped[date | None]  # as the family says, then as the staff confirmed
    valid_until: Mapped[date | None]
    decided_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    decided_by_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))
    refusal_reason: Mapped[str | None]
    # The file: where it lies in the instance folder, the key that opens it, how the family called it.
    path: Mapped[str] = mapped_column(unique=True)
    file_key: Mapped[str] = mapped_column(EncryptedText)
    file_name: Mapped[str] = mapped_column(EncryptedText)
    file_bytes: Mapped[int]
    page_count: Mapped[int]
    # When the family was told by mail that it ends, and that it has ended.
    told_soon_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    told_over_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    document: Mapped[RequiredDocument] = relationship()
    family: Mapped[Family] = relationship()
    guardian: Mapped[Guardian | None] = relationship()
    child: Mapped[Child | None] = relationship()
