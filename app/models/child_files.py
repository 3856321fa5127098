"""The file of a child: its sections, the people around it, what its parents allow, and who read it."""

from datetime import date, datetime

from sqlalchemy import ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from app.clock import now
from app.database import Base, EncryptedText, UtcDateTime, code_of
from app.models.catalogue import CatalogueRow
from app.rules.child_files import AuthorisationKind, SectionKind


class ChildSection(Base):
    """A section of a child's file as one encrypted text: a copy of the database shows nothing of it."""

    __tablename__ = "child_section"

    child_id: Mapped[int] = mapped_column(ForeignKey("child.id", ondelete="CASCADE"), primary_key=True)
    kind: Mapped[SectionKind] = mapped_column(code_of(SectionKind), primary_key=True)
    body: Mapped[str] = mapped_column(EncryptedText)  # JSON: text by name of field
    changed_at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)
    changed_by_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))


class ChildContact(Base):
    """Somebody who may collect a child, or be called in an emergency: two permissions of their own."""

    __tablename__ = "child_contact"

    id: Mapped[int] = mapped_column(primary_key=True)
    child_id: Mapped[int] = mapped_column(ForeignKey("child.id", ondelete="CASCADE"), index=True)
    position: Mapped[int]  # the order in which they are called
    last_name: Mapped[str]
    first_name: Mapped[str]
    link: Mapped[str]  # « grand-mère »
    phone: Mapped[str]  # E.164
    other_phone: Mapped[str | None]
    may_collect: Mapped[bool]
    may_be_called: Mapped[bool]
    starts_on: Mapped[date | None]  # of a permission for a time
    ends_on: Mapped[date | None]
    changed_at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)


class ChildAuthorisation(Base):
    """An answer of a parent for a school year. Append-only: the latest counts, the earlier ones remain as proof."""

    __tablename__ = "child_authorisation"
    __table_args__ = (Index("ix_child_authorisation_child_year", "child_id", "school_year"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    child_id: Mapped[int] = mapped_column(ForeignKey("child.id", ondelete="CASCADE"))
    school_year: Mapped[int]  # the calendar year in which it begins
    kind: Mapped[AuthorisationKind] = mapped_column(code_of(AuthorisationKind))
    is_allowed: Mapped[bool]
    detail: Mapped[str] = mapped_column(default="")  # from what time a child may leave alone
    signed_by_id: Mapped[int] = mapped_column(ForeignKey("guardian.id"))
    signed_at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)


class HealthAccess(Base):
    """That an agent read a child's health data. Append-only; shown to the family."""

    __tablename__ = "health_access"
    __table_args__ = (Index("ix_health_access_child_at", "child_id", "at"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    child_id: Mapped[int] = mapped_column(ForeignKey("child.id", ondelete="CASCADE"))
    user_id: Mapped[int] = mapped_column(ForeignKey("user_account.id"))
    at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)


class SafetyNotice(Base):
    """That parents changed what matters for a child's safety: it holds already, and the staff are to know."""

    __tablename__ = "safety_notice"

    id: Mapped[int] = mapped_column(primary_key=True)
    family_id: Mapped[int] = mapped_column(ForeignKey("family.id", ondelete="CASCADE"))
    child_id: Mapped[int] = mapped_column(ForeignKey("child.id", ondelete="CASCADE"), index=True)
    kind: Mapped[SectionKind] = mapped_column(code_of(SectionKind))
    changed_at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)
    seen_at: Mapped[datetime | None] = mapped_column(UtcDateTime, index=True)
    seen_by_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))


class FileCertification(Base):
    """« Je certifie que mon dossier est à jour », once a school year."""

    __tablename__ = "file_certification"

    family_id: Mapped[int] = mapped_column(ForeignKey("family.id", ondelete="CASCADE"), primary_key=True)
    school_year: Mapped[int] = mapped_column(primary_key=True)
    certified_at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)
    guardian_id: Mapped[int] = mapped_column(ForeignKey("guardian.id"))


class School(CatalogueRow, Base):
    """A school that parents may choose; one that closed stays, for the files that name it."""

    __tablename__ = "school"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(unique=True)
    is_offered: Mapped[bool] = mapped_column(default=True)


class VaccineObligation(CatalogueRow, Base):
    """That the law asks a vaccine of children born from a day on, and before another (rules.vaccinations)."""

    __tablename__ = "vaccine_obligation"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]
    born_from: Mapped[date | None]
    born_before: Mapped[date | None]
