"""Absences that families justify: the reasons that the council knows, what a family sent, and what was decided."""

from datetime import datetime

from sqlalchemy import ForeignKey, Index, UniqueConstraint, true
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.clock import now
from app.database import Base, EncryptedText, UtcDateTime, code_of
from app.models.bookings import Booking
from app.models.catalogue import CatalogueRow
from app.models.families import Family
from app.rules.absences import JustificationStatus, Outcome


class AbsenceReason(CatalogueRow, Base):
    """A reason for which a family may be excused."""

    __tablename__ = "absence_reason"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(unique=True)
    position: Mapped[int]  # order in the list
    needs_proof: Mapped[bool] = mapped_column(default=True, server_default=true())
    is_offered: Mapped[bool] = mapped_column(default=True, server_default=true())  # not any more: what was sent stays


class AbsenceJustification(Base):
    """What a family sent for some absences: a reason, a certificate, and what the staff decided."""

    __tablename__ = "absence_justification"
    __table_args__ = (UniqueConstraint("family_id", "key"), Index("ix_absence_justification_status", "status"))

    id: Mapped[int] = mapped_column(primary_key=True)
    family_id: Mapped[int] = mapped_column(ForeignKey("family.id", ondelete="CASCADE"))
    reason_id: Mapped[int] = mapped_column(ForeignKey("absence_reason.id"), index=True)
    status: Mapped[JustificationStatus] = mapped_column(code_of(JustificationStatus))
    key: Mapped[str]  # of the form that was sent: sent twice, it asks once
    remark: Mapped[str] = mapped_column(EncryptedText, default="")
    sent_at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)
    sent_by_id: Mapped[int] = mapped_column(ForeignKey("user_account.id"))
    decided_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    decided_by_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))
    refusal_reason: Mapped[str | None] = mapped_column(EncryptedText)
    difference_cents: Mapped[int] = mapped_column(default=0, server_default="0")  # by which the decision moved the bill
    # The certificate, where there is one: see SubmittedDocument. It goes before the rest does.
    path: Mapped[str | None] = mapped_column(unique=True)
    file_key: Mapped[str | None] = mapped_column(EncryptedText)
    file_name: Mapped[str | None] = mapped_column(EncryptedText)
    file_bytes: Mapped[int | None]
    page_count: Mapped[int | None]
    forgotten_at: Mapped[datetime | None] = mapped_column(UtcDateTime)  # the purge took the certificate and the remark

    family: Mapped[Family] = relationship()
    absences: Mapped[list["JustifiedAbsence"]] = relationship(order_by="JustifiedAbsence.booking_id")


class JustifiedAbsence(Base):
    """One of the absences that it is about. Each is asked for once."""

    __tablename__ = "justified_absence"

    booking_id: Mapped[int] = mapped_column(ForeignKey("booking.id"), primary_key=True)
    justification_id: Mapped[int] = mapped_column(
        ForeignKey("absence_justification.id", ondelete="CASCADE"), index=True
    )
    outcome: Mapped[Outcome] = mapped_column(code_of(Outcome))

    booking: Mapped[Booking] = relationship()
