"""What prices depend on and that no form of the parents tells: where a family lives for a price, and its standings."""

from datetime import date

from sqlalchemy import ForeignKey, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from app.database import Base, code_of
from app.models.catalogue import CatalogueRow
from app.rules.tariff_grids import Standing


class ResidenceCommune(CatalogueRow, Base):
    """A commune that the council listed, with its word for who lives there; all others are outside."""

    __tablename__ = "residence_commune"

    insee_code: Mapped[str] = mapped_column(ForeignKey("commune.insee_code"), primary_key=True)
    word: Mapped[str]  # "resident", or the council's own


class FamilyResidence(Base):
    """What the staff say about where a family lives, from a month on; no word: as its commune says."""

    __tablename__ = "family_residence"
    __table_args__ = (UniqueConstraint("family_id", "starts_on"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    family_id: Mapped[int] = mapped_column(ForeignKey("family.id", ondelete="CASCADE"))
    starts_on: Mapped[date]
    word: Mapped[str | None]


class FamilyStanding(Base):
    """A standing of a family, or of one of its children in it, from a month on; without end it goes on."""

    __tablename__ = "family_standing"

    id: Mapped[int] = mapped_column(primary_key=True)
    family_id: Mapped[int] = mapped_column(ForeignKey("family.id", ondelete="CASCADE"), index=True)
    child_id: Mapped[int | None] = mapped_column(ForeignKey("child.id", ondelete="CASCADE"), index=True)
    standing: Mapped[Standing] = mapped_column(code_of(Standing))
    starts_on: Mapped[date]
    ends_on: Mapped[date | None]
