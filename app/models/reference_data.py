"""Published reference data, stored with its source and date: communes, public and school holidays."""

from datetime import date, datetime

from sqlalchemy import ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from app.clock import now
from app.database import Base, UtcDateTime
from app.models.catalogue import CatalogueRow


class ReferenceDataset(Base):
    """Where a set of reference rows comes from and when it was loaded."""

    __tablename__ = "reference_dataset"

    name: Mapped[str] = mapped_column(primary_key=True)  # "communes", "calendar-B"
    source: Mapped[str]
    version: Mapped[str]
    row_count: Mapped[int]
    loaded_at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)


class Commune(Base):
    """A French commune (INSEE code)."""

    __tablename__ = "commune"

    insee_code: Mapped[str] = mapped_column(primary_key=True)
    name: Mapped[str]
    folded_name: Mapped[str] = mapped_column(index=True)  # rules.texts.fold(name), for searching


class CommunePostalCode(Base):
    """A postal code of a commune; several communes may share one, a commune may have several."""

    __tablename__ = "commune_postal_code"
    __table_args__ = (Index("ix_commune_postal_code_postal_code", "postal_code"),)

    insee_code: Mapped[str] = mapped_column(ForeignKey("commune.insee_code", ondelete="CASCADE"), primary_key=True)
    postal_code: Mapped[str] = mapped_column(primary_key=True)


class PublicHoliday(CatalogueRow, Base):
    """A public holiday (jour férié)."""

    __tablename__ = "public_holiday"

    day: Mapped[date] = mapped_column(primary_key=True)
    name: Mapped[str]


class SchoolHoliday(CatalogueRow, Base):
    """A school holiday of the council's zone: first to last day without class, both included."""

    __tablename__ = "school_holiday"

    id: Mapped[int] = mapped_column(primary_key=True)
    zone: Mapped[str]
    name: Mapped[str]
    starts_on: Mapped[date]
    ends_on: Mapped[date]
