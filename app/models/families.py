"""Families: the account unit. Dated address and quotient, guardians, children (who may belong to two families)."""

from datetime import date, datetime
from enum import StrEnum

from sqlalchemy import ForeignKey, Index, UniqueConstraint, event, false, text, true
from sqlalchemy.engine.default import DefaultExecutionContext
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.clock import now
from app.database import Base, EncryptedText, UtcDateTime, code_of
from app.models.accounts import User
from app.rules.states import FamilyStatus
from app.rules.texts import fold


class Regime(StrEnum):
    """The benefit fund of a family (régime allocataire)."""

    GENERAL = "general"  # CAF
    AGRICULTURAL = "agricultural"  # MSA
    OTHER = "other"
    NONE = "none"


class Title(StrEnum):
    """Civilité."""

    MISTER = "mister"
    MADAM = "madam"


class FamilySituation(StrEnum):
    """Situation familiale."""

    MARRIED = "married"
    CIVIL_UNION = "civil_union"  # pacsé(e)
    LIVING_TOGETHER = "living_together"
    SINGLE = "single"
    SEPARATED = "separated"
    DIVORCED = "divorced"
    WIDOWED = "widowed"


class Occupation(StrEnum):
    """Catégorie socio-professionnelle: the groups of INSEE's nomenclature of 2020 (PCS)."""

    FARMERS = "farmers"
    SELF_EMPLOYED = "self_employed"
    EXECUTIVES = "executives"
    INTERMEDIATE = "intermediate"
    EMPLOYEES = "employees"
    WORKERS = "workers"
    RETIRED = "retired"
    JOBSEEKERS = "jobseekers"
    STUDENTS = "students"
    OTHERS = "others"


class QuotientSource(StrEnum):
    """On which paper a quotient stands."""

    CAF = "caf"
    MSA = "msa"
    TAX_NOTICE = "tax_notice"  # avis d'imposition
    DECLARED = "declared"  # no paper named


def _folded_name(context: DefaultExecutionContext) -> str:
    typed = context.get_current_parameters()  # type: ignore[no-untyped-call]
    return fold(f"{typed['last_name']} {typed['first_name']}")


class NamedPerson:
    """Mixin of those whom the staff look for by name: kept without accents or capitals too."""

    last_name: Mapped[str]
    first_name: Mapped[str]
    folded_name: Mapped[str] = mapped_column(default=_folded_name, index=True)  # rules.texts.fold(last and first name)

    @property
    def full_name(self) -> str:
        """« Léa TEST »."""
        return f"{self.first_name} {self.last_name}"


@event.listens_for(NamedPerson, "before_update", propagate=True)
def _fold_changed_name(_mapper: object, _connection: object, person: NamedPerson) -> None:
    person.folded_name = fold(f"{person.last_name} {person.first_name}")


class Family(NamedPerson, Base):
    """A household (foyer), named after one of its adults: what bookings and invoices are for."""

    __tablename__ = "family"

    id: Mapped[int] = mapped_column(primary_key=True)
    status: Mapped[FamilyStatus] = mapped_column(code_of(FamilyStatus), index=True)
    home_phone: Mapped[str | None]  # E.164, as all phones
    mobile_phone: Mapped[str | None]
    regime: Mapped[Regime | None] = mapped_column(code_of(Regime))
    fund_number: Mapped[str | None] = mapped_column(EncryptedText)  # numéro d'allocataire (CAF, MSA)
    fund_holder_name: Mapped[str | None]  # nom de l'allocataire
    declines_quotient: Mapped[bool] = mapped_column(default=False, server_default=false())  # pays the maximum
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)
    decided_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    decided_by_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))
    refusal_reason: Mapped[str | None]
    purge_told_at: Mapped[datetime | None] = mapped_column(UtcDateTime)  # that the purge will soon erase it
    active_on: Mapped[date | None]  # the last day of its activity of which a purge took the trace

    addresses: Mapped[list["FamilyAddress"]] = relationship(order_by="FamilyAddress.starts_on")
    guardians: Mapped[list["Guardian"]] = relationship(back_populates="family", order_by="Guardian.id")
    quotients: Mapped[list["FamilyQuotient"]] = relationship(order_by="FamilyQuotient.starts_on, FamilyQuotient.id")
    children: Mapped[list["Child"]] = relationship(
        secondary="family_child", back_populates="families", order_by="Child.birth_date", viewonly=True
    )

    @property
    def name(self) -> str:
        """« TEST Fabrice », as the guide's band shows it."""
        return f"{self.last_name} {self.first_name}"


class FamilyAddress(Base):
    """Where a family lives from a day on; a move adds a row, so that residence is known at any date."""

    __tablename__ = "family_address"
    __table_args__ = (UniqueConstraint("family_id", "starts_on"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    family_id: Mapped[int] = mapped_column(ForeignKey("family.id", ondelete="CASCADE"))
    starts_on: Mapped[date]
    number: Mapped[str] = mapped_column(default="")
    repetition: Mapped[str] = mapped_column(default="")  # bis, ter…
    street: Mapped[str]
    complement: Mapped[str] = mapped_column(default="")
    postal_code: Mapped[str]
    city: Mapped[str]
    insee_code: Mapped[str] = mapped_column(ForeignKey("commune.insee_code"))


class FamilyQuotient(Base):
    """A family quotient (CAF's income index), in cents, valid from its month on; one that was refused never counts.

    Never overwritten once the staff have decided: a correction is a row of its own, beside the one that it corrects.
    """

    __tablename__ = "family_quotient"

    id: Mapped[int] = mapped_column(primary_key=True)
    family_id: Mapped[int] = mapped_column(ForeignKey("family.id", ondelete="CASCADE"), index=True)
    value_cents: Mapped[int]
    starts_on: Mapped[date]  # first day of its month
    ends_on: Mapped[date | None]
    source: Mapped[QuotientSource] = mapped_column(
        code_of(QuotientSource), default=QuotientSource.DECLARED, server_default=QuotientSource.DECLARED.value
    )
    verified_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    verified_by_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))
    declared_at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)
    refused_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    refused_by_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))
    refusal_reason: Mapped[str | None]


class Guardian(NamedPerson, Base):
    """An adult of a family; may have a login."""

    __tablename__ = "guardian"
    __table_args__ = (UniqueConstraint("family_id", "user_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    family_id: Mapped[int] = mapped_column(ForeignKey("family.id", ondelete="CASCADE"), index=True)
    user_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"), index=True)
    title: Mapped[Title] = mapped_column(code_of(Title))
    email: Mapped[str | None] = mapped_column(index=True)  # lower case
    situation: Mapped[FamilySituation | None] = mapped_column(code_of(FamilySituation))
    birth_date: Mapped[date | None]
    # An address of their own; without street they live where the family does.
    number: Mapped[str] = mapped_column(default="", server_default="")
    repetition: Mapped[str] = mapped_column(default="", server_default="")
    street: Mapped[str] = mapped_column(default="", server_default="")
    complement: Mapped[str] = mapped_column(default="", server_default="")
    postal_code: Mapped[str] = mapped_column(default="", server_default="")
    city: Mapped[str] = mapped_column(default="", server_default="")
    occupation: Mapped[Occupation | None] = mapped_column(code_of(Occupation))
    profession: Mapped[str] = mapped_column(default="", server_default="")
    employer: Mapped[str] = mapped_column(default="", server_default="")
    home_phone: Mapped[str] = mapped_column(default="", server_default="")  # E.164, as all phones
    work_phone: Mapped[str] = mapped_column(default="", server_default="")
    mobile_phone: Mapped[str] = mapped_column(default="", server_default="")
    work_mobile_phone: Mapped[str] = mapped_column(default="", server_default="")
    # To be reminded of weeks without bookings before their deadline: of who has a login.
    wants_reminders: Mapped[bool] = mapped_column(default=False, server_default=false())

    family: Mapped[Family] = relationship(back_populates="guardians")
    user: Mapped[User | None] = relationship()
    invitation: Mapped["GuardianInvitation | None"] = relationship(back_populates="guardian", viewonly=True)
    claim_codes: Mapped[list["ClaimCode"]] = relationship(back_populates="guardian", order_by="ClaimCode.id")


class GuardianInvitation(Base):
    """A one-time link by which an adult of a family gets a login; the one sent last to an adult is the one that counts.

    No login is made before the link is used, so that the family learns nothing about the address.
    """

    __tablename__ = "guardian_invitation"

    guardian_id: Mapped[int] = mapped_column(ForeignKey("guardian.id", ondelete="CASCADE"), primary_key=True)
    token_hash: Mapped[str] = mapped_column(unique=True)
    email: Mapped[str]  # where it was sent
    invited_by_id: Mapped[int] = mapped_column(ForeignKey("user_account.id"))
    sent_at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime)

    guardian: Mapped[Guardian] = relationship(back_populates="invitation")


class Child(NamedPerson, Base):
    """A child, who may belong to two families (separated parents)."""

    __tablename__ = "child"

    id: Mapped[int] = mapped_column(primary_key=True)
    birth_date: Mapped[date]
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)

    families: Mapped[list[Family]] = relationship(secondary="family_child", back_populates="children", viewonly=True)


class FamilyChild(Base):
    """That a child belongs to a family, and what this family says about where it lives."""

    __tablename__ = "family_child"

    family_id: Mapped[int] = mapped_column(ForeignKey("family.id", ondelete="CASCADE"), primary_key=True)
    child_id: Mapped[int] = mapped_column(ForeignKey("child.id", ondelete="CASCADE"), primary_key=True, index=True)
    custody: Mapped[str | None] = mapped_column(EncryptedText)  # JSON: text by name of field
    is_dependent: Mapped[bool] = mapped_column(default=True, server_default=true())  # counts among its siblings


class ConsentText(Base):
    """A version of the text on personal data shown at sign-up; never changed, only followed by a newer one."""

    __tablename__ = "consent_text"

    id: Mapped[int] = mapped_column(primary_key=True)
    body: Mapped[str]
    starts_on: Mapped[date]


class Consent(Base):
    """That a family said yes to a version of the text, and when."""

    __tablename__ = "consent"

    id: Mapped[int] = mapped_column(primary_key=True)
    family_id: Mapped[int] = mapped_column(ForeignKey("family.id", ondelete="CASCADE"), index=True)
    text_id: Mapped[int] = mapped_column(ForeignKey("consent_text.id"))
    given_at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)
    on_paper: Mapped[bool] = mapped_column(default=False, server_default=false())  # signed at the counter
    withdrawn_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    withdrawn_by_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))


_IS_OPEN = text("used_at IS NULL AND revoked_at IS NULL")


class ClaimCode(Base):
    """A code that the counter hands to an adult whose family it made: with it they open their own account.

    Only a slow hash of it is kept. At most one per adult is neither used nor revoked.
    """

    __tablename__ = "claim_code"
    __table_args__ = (
        Index(
            "uq_claim_code_open", "guardian_id", unique=True, sqlite_where=_IS_OPEN, postgresql_where=_IS_OPEN
        ),
    )  # fmt: skip

    id: Mapped[int] = mapped_column(primary_key=True)
    guardian_id: Mapped[int] = mapped_column(ForeignKey("guardian.id", ondelete="CASCADE"), index=True)
    code_hash: Mapped[str] = mapped_column(unique=True)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)
    created_by_id: Mapped[int] = mapped_column(ForeignKey("user_account.id"))
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime)
    used_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    revoked_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    guardian: Mapped[Guardian] = relationship(back_populates="claim_codes")
