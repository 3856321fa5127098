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
    despite_reason: Mapped[str | None]  # why it was accepted though the group had no place left
    # Put on the waiting list by itself: who said so and when.
    listed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    listed_by_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))
    # Decided together with others: its rank among those of its group, and why, as the parents read it.
    batch_id: Mapped[int | None] = mapped_column(ForeignKey("allocation_batch.id"))
    rank: Mapped[int | None]
    rank_reason: Mapped[str | None]
    # Ended before its time: who said so and when; `ends_on` is the last day.
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    ended_by_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))
    end_reason: Mapped[str | None]

    child: Mapped[Child] = relationship()
    family: Mapped[Family] = relationship()


class AllocationBatch(Base):
    """A decision on all requests of an activity together, open from the draw of its seed until it is taken."""

    __tablename__ = "allocation_batch"

    id: Mapped[int] = mapped_column(primary_key=True)
    activity_id: Mapped[int] = mapped_column(ForeignKey("activity.id", ondelete="CASCADE"), index=True)
    seed: Mapped[str]  # of the draw between equals; empty where nothing is drawn
    drawn_at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)
    drawn_by_id: Mapped[int] = mapped_column(ForeignKey("user_account.id"))
    decided_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    decided_by_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))
