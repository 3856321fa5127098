"""Enrolments: a child, through a family, admitted to an activity for a period."""

from datetime import date, datetime

from sqlalchemy import ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.clock import now
from app.database import Base, UtcDateTime, code_of
from app.models.families import Child, Family
from app.rules.states import EnrolmentStatus


class Enrolment(Base):
    """A child's enrolment in an activity, from the request to its end."""

    __tablename__ = "enrolment"
    __table_args__ = (Index("ix_enrolment_family_child", "family_id", "child_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    child_id: Mapped[int] = mapped_column(ForeignKey("child.id", ondelete="CASCADE"), index=True)
    family_id: Mapped[int] = mapped_column(ForeignKey("family.id", ondelete="CASCADE"))
    activity_id: Mapped[int] = mapped_column(ForeignKey("activity.id"))
    group_id: Mapped[int] = mapped_column(ForeignKey("activity_group.id"))
    starts_on: Mapped[date]
    ends_on: Mapped[date]
    status: Mapped[EnrolmentStatus] = mapped_column(code_of(EnrolmentStatus), index=True)
    requested_at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)
    requested_by_id: Mapped[int] = mapped_column(ForeignKey("user_account.id"))
    decided_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    decided_by_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))
    refusal_reason: Mapped[str | None]

    child: Mapped[Child] = relationship()
    family: Mapped[Family] = relationship()
