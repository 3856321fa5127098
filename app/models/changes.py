"""Changes of families' files: what waits for the staff, who changed what, and what the staff let parents change."""

from datetime import datetime

from sqlalchemy import ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from app.clock import now
from app.database import Base, EncryptedText, UtcDateTime, code_of
from app.models.catalogue import CatalogueRow
from app.rules.changes import FieldPolicy
from app.rules.file_fields import FileField, FileKind
from app.rules.states import ChangeStatus

_PENDING = text(f"status = '{ChangeStatus.PENDING}'")


class ChangeRequest(Base):
    """What a family asks to change in its file (demande): one that waits for each part of the file."""

    __tablename__ = "change_request"
    __table_args__ = (
        # At most one that waits for each part; somebody new has no subject yet, and several may wait.
        Index(
            "uq_change_request_pending", "family_id", "kind", "subject_id", unique=True, sqlite_where=_PENDING,
            postgresql_where=_PENDING,
        ),
    )  # fmt: skip

    id: Mapped[int] = mapped_column(primary_key=True)
    family_id: Mapped[int] = mapped_column(ForeignKey("family.id", ondelete="CASCADE"), index=True)
    kind: Mapped[FileKind] = mapped_column(code_of(FileKind))
    subject_id: Mapped[int | None]  # of the family, guardian or child; none for somebody new
    status: Mapped[ChangeStatus] = mapped_column(code_of(ChangeStatus), index=True)
    body: Mapped[str] = mapped_column(EncryptedText)  # JSON: [before, after] by name of field
    version: Mapped[int] = mapped_column(default=1)  # moves when the family asks for something else meanwhile
    asked_by_id: Mapped[int] = mapped_column(ForeignKey("user_account.id"))
    asked_at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)
    decided_by_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))
    decided_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    refusal_reason: Mapped[str | None]


class FileChange(Base):
    """That somebody changed a part of a family's file, and how. Append-only."""

    __tablename__ = "file_change"
    __table_args__ = (Index("ix_file_change_family_at", "family_id", "changed_at"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    family_id: Mapped[int] = mapped_column(ForeignKey("family.id", ondelete="CASCADE"))
    kind: Mapped[FileKind] = mapped_column(code_of(FileKind))
    subject_id: Mapped[int]
    body: Mapped[str] = mapped_column(EncryptedText)  # JSON: [before, after] by name of field
    changed_by_id: Mapped[int] = mapped_column(ForeignKey("user_account.id"))
    changed_at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)
    request_id: Mapped[int | None] = mapped_column(ForeignKey("change_request.id", ondelete="CASCADE"))


class FieldPolicyChoice(CatalogueRow, Base):
    """What the staff let parents do with a field, where it is not the default of rules.file_fields."""

    __tablename__ = "field_policy"

    field: Mapped[FileField] = mapped_column(code_of(FileField), primary_key=True)
    policy: Mapped[FieldPolicy] = mapped_column(code_of(FieldPolicy))
