"""How long personal data is kept, what purges took, and families' requests for erasure."""

from datetime import datetime

from sqlalchemy import ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from app.clock import now
from app.database import Base, EncryptedText, UtcDateTime, code_of
from app.models.catalogue import CatalogueRow
from app.rules.retention import DataClass
from app.rules.states import ErasureCause, ErasureStatus

_PENDING = text(f"status = '{ErasureStatus.PENDING}'")


class RetentionChoice(CatalogueRow, Base):
    """How long the staff let a class of data be kept, where it is not the usual duration of rules.retention."""

    __tablename__ = "retention_choice"

    data: Mapped[DataClass] = mapped_column(code_of(DataClass), primary_key=True)
    amount: Mapped[int]  # in the unit of the class
    changed_at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)
    changed_by_id: Mapped[int] = mapped_column(ForeignKey("user_account.id"))


class PurgeRun(Base):
    """That a purge was run, and how much it took of each class. Names nobody."""

    __tablename__ = "purge_run"

    id: Mapped[int] = mapped_column(primary_key=True)
    started_at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime)  # None: it was cut off, the next one goes on
    counts: Mapped[str] = mapped_column(default="{}")  # JSON: how many by class
    told: Mapped[int] = mapped_column(default=0, server_default="0")  # families: that they will go in a month
    held: Mapped[int] = mapped_column(default=0)  # families whose term is over and that owe or are owed something


class ErasureRequest(Base):
    """That a family asked to be erased, and the answer. What it says of an accepted one names nobody."""

    __tablename__ = "erasure_request"
    __table_args__ = (
        Index(
            "uq_erasure_request_pending", "family_id", unique=True, sqlite_where=_PENDING, postgresql_where=_PENDING
        ),
    )  # fmt: skip

    id: Mapped[int] = mapped_column(primary_key=True)
    family_id: Mapped[int] = mapped_column(ForeignKey("family.id"))
    cause: Mapped[ErasureCause] = mapped_column(code_of(ErasureCause))
    status: Mapped[ErasureStatus] = mapped_column(code_of(ErasureStatus), default=ErasureStatus.PENDING, index=True)
    asked_by_id: Mapped[int] = mapped_column(ForeignKey("user_account.id"))  # a parent, or an agent at the counter
    asked_at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)
    decided_by_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))
    decided_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    refusal_reason: Mapped[str | None] = mapped_column(EncryptedText)
    counts: Mapped[str | None]  # JSON: of an accepted one, how many rows by class and fate
