"""Files of families that the staff import from another software: what they said, and what became of each family."""

from datetime import datetime
from enum import StrEnum, auto

from sqlalchemy import ForeignKey, Index, false
from sqlalchemy.orm import Mapped, mapped_column

from app.clock import now
from app.database import Base, EncryptedText, UtcDateTime, code_of


class ImportStatus(StrEnum):
    """How far an import is."""

    CHECKING = auto()  # the worker reads its families
    CHECKED = auto()  # it waits for an agent
    CREATING = auto()  # the worker makes the families
    CREATED = auto()
    ABANDONED = auto()  # before anything was made
    UNDOING = auto()  # the worker deletes what it made
    UNDONE = auto()


IMPORTS_AT_WORK = (ImportStatus.CHECKING, ImportStatus.CREATING, ImportStatus.UNDOING)


class ImportedState(StrEnum):
    """What became of a family of the file."""

    WAITING = auto()  # to be checked
    READY = auto()
    ALIKE = auto()  # may be there already
    WRONG = auto()  # something in it is refused
    CREATED = auto()
    FAILED = auto()  # it was to be made, and was not: the outcome says why
    DELETED = auto()  # the import was undone
    KEPT = auto()  # the import was undone but for this family, which did something meanwhile


class ImportOutcome(StrEnum):
    """Why a family that was to be made was not."""

    EMAIL_TAKEN = auto()
    ALIKE_SINCE = auto()  # somebody made a family meanwhile that may be this one
    NOT_VALID = auto()  # what was right when it was checked is not any more, such as a child who came of age
    ERROR = auto()


class FamilyImport(Base):
    """A file that an agent imports. It stays as the journal of imports when what was in it is gone."""

    __tablename__ = "family_import"

    id: Mapped[int] = mapped_column(primary_key=True)
    file_name: Mapped[str]
    digest: Mapped[str]  # SHA-256 of the file: sent twice, it is one import
    line_count: Mapped[int]
    ignored: Mapped[str]  # the headings of columns that are not read, separated by commas
    status: Mapped[ImportStatus] = mapped_column(code_of(ImportStatus), index=True)
    asked_at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)
    asked_by_id: Mapped[int] = mapped_column(ForeignKey("user_account.id"))
    ordered_at: Mapped[datetime | None] = mapped_column(UtcDateTime)  # that the families be made
    ordered_by_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))
    mails_codes: Mapped[bool] = mapped_column(default=False, server_default=false())
    verifies_quotients: Mapped[bool] = mapped_column(default=False, server_default=false())
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime)  # made, abandoned or undone
    undone_at: Mapped[datetime | None] = mapped_column(UtcDateTime)  # that the agent asked for it
    undone_by_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))
    purged_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class ImportedFamily(Base):
    """A family of a file: what its lines say, what was found, what became of it."""

    __tablename__ = "imported_family"
    __table_args__ = (Index("ix_imported_family_import_id_state", "import_id", "state", "id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    import_id: Mapped[int] = mapped_column(ForeignKey("family_import.id", ondelete="CASCADE"))
    first_line: Mapped[int]
    state: Mapped[ImportedState] = mapped_column(code_of(ImportedState))
    is_wanted: Mapped[bool] = mapped_column(default=False, server_default=false())  # it is to be made
    adult_count: Mapped[int] = mapped_column(default=0, server_default="0")
    child_count: Mapped[int] = mapped_column(default=0, server_default="0")
    content: Mapped[str | None] = mapped_column(EncryptedText)  # JSON: its lines; gone once it is made
    report: Mapped[str | None] = mapped_column(EncryptedText)  # JSON: its name, what is wrong, whom it is like
    codes: Mapped[str | None] = mapped_column(EncryptedText)  # JSON: by adult, the code with which they claim it
    outcome: Mapped[ImportOutcome | None] = mapped_column(code_of(ImportOutcome))
    family_id: Mapped[int | None] = mapped_column(ForeignKey("family.id", ondelete="SET NULL"), index=True)
