"""Meals: how many adults eat with the children, and what was ordered. Numbers only: no child is named."""

from datetime import date, datetime

from sqlalchemy import ForeignKey, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from app.clock import now
from app.database import Base, UtcDateTime


class MealAdults(Base):
    """How many of the team eat a meal (a unit) on a day."""

    __tablename__ = "meal_adults"

    unit_id: Mapped[int] = mapped_column(ForeignKey("unit.id", ondelete="CASCADE"), primary_key=True)
    day: Mapped[date] = mapped_column(primary_key=True)
    count: Mapped[int]
    changed_by_id: Mapped[int] = mapped_column(ForeignKey("user_account.id"))
    changed_at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)


class MealOrder(Base):
    """What was ordered for a meal of a day. Append-only: a later order is a new version, the former ones remain."""

    __tablename__ = "meal_order"
    __table_args__ = (UniqueConstraint("day", "unit_id", "version"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    unit_id: Mapped[int] = mapped_column(ForeignKey("unit.id", ondelete="CASCADE"))
    day: Mapped[date]
    version: Mapped[int]  # from 1
    counts: Mapped[str]  # JSON: [[meal, number], …], see services.meals
    is_late: Mapped[bool]  # after the caterer's deadline
    ordered_at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)
    ordered_by_id: Mapped[int] = mapped_column(ForeignKey("user_account.id"))
