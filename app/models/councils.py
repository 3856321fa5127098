"""The council (collectivité) that this installation serves: one row, and what only the installation knows."""

from sqlalchemy import CheckConstraint, false, true
from sqlalchemy.orm import Mapped, mapped_column

from app.database import Base
from app.models.catalogue import CatalogueRow


class Council(CatalogueRow, Base):
    """The single row of the installation's council."""

    __tablename__ = "council"
    __table_args__ = (CheckConstraint("id = 1", name="single_row"),)

    id: Mapped[int] = mapped_column(primary_key=True, default=1)
    name: Mapped[str]
    school_zone: Mapped[str]  # "A", "B" or "C"
    address: Mapped[str]
    email: Mapped[str]
    phone: Mapped[str]  # E.164
    dpo_email: Mapped[str]
    is_demo: Mapped[bool] = mapped_column(default=False)
    requires_second_factor: Mapped[bool] = mapped_column(default=False, server_default=false())  # of all staff
    # Parents who want it are reminded of a week without bookings, so many hours before its deadline at least.
    reminds_of_weeks: Mapped[bool] = mapped_column(default=True, server_default=true())
    reminder_hours: Mapped[int] = mapped_column(default=12, server_default="12")
    # Moves with every change of a setting: tells each process that its catalogue is out of date.
    settings_version: Mapped[int] = mapped_column(default=1)


class FigureSettings(CatalogueRow, Base):
    """How « Chiffres » counts; without the row as `rules.figures.FigureRule` says by itself."""

    __tablename__ = "figure_settings"
    __table_args__ = (CheckConstraint("id = 1", name="single_row"),)

    id: Mapped[int] = mapped_column(primary_key=True, default=1)
    # How many minutes of a child's day count at most, with a meal, and of a half-day without one; None: all.
    wednesday_day_minutes: Mapped[int | None]
    wednesday_half_minutes: Mapped[int | None]
    holiday_day_minutes: Mapped[int | None]
    holiday_half_minutes: Mapped[int | None]
    bracket_limits: Mapped[str]  # the quotients at which brackets begin, in cents: « 40000,60000 »
    least_children: Mapped[int]


class Installation(Base):
    """What proves that the process's DATA_KEY is the one the encrypted columns were written with."""

    __tablename__ = "installation"
    __table_args__ = (CheckConstraint("id = 1", name="single_row"),)

    id: Mapped[int] = mapped_column(primary_key=True, default=1)
    data_key_check: Mapped[str]
    next_key_check: Mapped[str | None]  # while the key is replaced: the same, with the key that rows are written with
