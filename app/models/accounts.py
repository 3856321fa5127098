"""Logins: users, their sessions and one-time tokens, and the roles of the staff."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.clock import now
from app.database import Base, EncryptedText, UtcDateTime, code_of
from app.rules.capabilities import Role


class User(Base):
    """A login: one person, possibly guardian in several families and staff too."""

    __tablename__ = "user_account"

    id: Mapped[int] = mapped_column(primary_key=True)
    email: Mapped[str] = mapped_column(unique=True)  # lower case
    display_name: Mapped[str]
    password_hash: Mapped[str | None]  # None: the account is not confirmed yet, or was closed
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)
    closed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)  # then the address is free for another account

    staff_roles: Mapped[list["StaffRole"]] = relationship(back_populates="user", cascade="all, delete-orphan")


class StaffRole(Base):
    """A role that a user holds; office and site, when given, narrow it."""

    __tablename__ = "staff_role"
    __table_args__ = (UniqueConstraint("user_id", "role", "office_id", "site_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("user_account.id", ondelete="CASCADE"), index=True)
    role: Mapped[Role] = mapped_column(code_of(Role))
    office_id: Mapped[int | None] = mapped_column(ForeignKey("office.id"))
    site_id: Mapped[int | None] = mapped_column(ForeignKey("site.id"))

    user: Mapped[User] = relationship(back_populates="staff_roles")


class UserSession(Base):
    """A signed-in browser. The cookie holds the token, this row its SHA-256: ending the row ends the session."""

    __tablename__ = "user_session"

    id: Mapped[int] = mapped_column(primary_key=True)
    token_hash: Mapped[str] = mapped_column(unique=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("user_account.id", ondelete="CASCADE"), index=True)
    device: Mapped[str]  # what the browser says it is, shortened
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)
    last_seen_at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime)
    # When the password (and the code of a second factor) was last given: sensitive changes want it lately.
    confirmed_at: Mapped[datetime | None] = mapped_column(UtcDateTime, default=now)
    # The hat of who has several: the family in whose name they act; without, the staff or their first family.
    family_id: Mapped[int | None] = mapped_column(ForeignKey("family.id", ondelete="SET NULL"))

    user: Mapped[User] = relationship()


class TokenPurpose(StrEnum):
    """What a one-time link allows."""

    ACTIVATION = "activation"
    PASSWORD_RESET = "password_reset"
    EMAIL_CHANGE = "email_change"
    SECOND_STEP = "second_step"  # between password and code; its secret stays in the browser


class UserToken(Base):
    """A one-time link, most of them sent by mail; only the SHA-256 of its secret is kept."""

    __tablename__ = "user_token"

    id: Mapped[int] = mapped_column(primary_key=True)
    token_hash: Mapped[str] = mapped_column(unique=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("user_account.id", ondelete="CASCADE"), index=True)
    purpose: Mapped[TokenPurpose] = mapped_column(code_of(TokenPurpose))
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime)
    used_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    new_email: Mapped[str | None]  # of a change of address: the one that the link confirms

    user: Mapped[User] = relationship()


class SecondFactor(Base):
    """An app that makes one-time codes (TOTP); counts once a first code proved that it works."""

    __tablename__ = "second_factor"

    user_id: Mapped[int] = mapped_column(ForeignKey("user_account.id", ondelete="CASCADE"), primary_key=True)
    secret: Mapped[str] = mapped_column(EncryptedText)
    confirmed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    last_step: Mapped[int] = mapped_column(default=0)  # the step (30 s) of the last code used: no code serves twice


class RecoveryCode(Base):
    """A code that replaces the app once, for who lost it; only its SHA-256 is kept."""

    __tablename__ = "recovery_code"

    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("user_account.id", ondelete="CASCADE"), index=True)
    code_hash: Mapped[str] = mapped_column(unique=True)
    used_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class CalendarFeed(Base):
    """The secret address at which a telephone reads when the children of a family come; one for each of its adults."""

    __tablename__ = "calendar_feed"

    user_id: Mapped[int] = mapped_column(ForeignKey("user_account.id", ondelete="CASCADE"), primary_key=True)
    family_id: Mapped[int] = mapped_column(ForeignKey("family.id", ondelete="CASCADE"), primary_key=True)
    secret: Mapped[str] = mapped_column(EncryptedText)  # shown again to its adult
    secret_hash: Mapped[str] = mapped_column(unique=True)  # by which it is found
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)


class StaffActionKind(StrEnum):
    """What an administrator did to the account of an agent."""

    ADDED = "added"
    ROLES_CHANGED = "roles_changed"
    DEACTIVATED = "deactivated"
    SECOND_FACTOR_RESET = "second_factor_reset"
    SECOND_FACTOR_REQUIRED = "second_factor_required"
    SECOND_FACTOR_OPTIONAL = "second_factor_optional"


class StaffAction(Base):
    """Who did what to whose account, and when. Append-only."""

    __tablename__ = "staff_action"

    id: Mapped[int] = mapped_column(primary_key=True)
    at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)
    actor_id: Mapped[int] = mapped_column(ForeignKey("user_account.id"))
    user_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))  # None: it concerns all agents
    kind: Mapped[StaffActionKind] = mapped_column(code_of(StaffActionKind))
    roles: Mapped[str]  # those afterwards, as `rules.capabilities.Post.code` writes them, separated by commas


class SignInEvent(Base):
    """That a user signed in: when, and with what. Append-only; the parents read theirs in « Historique »."""

    __tablename__ = "sign_in_event"
    __table_args__ = (Index("ix_sign_in_event_user_at", "user_id", "at"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("user_account.id", ondelete="CASCADE"))
    at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)
    device: Mapped[str]  # what the browser said it was, shortened


class SignInFailure(Base):
    """A failed sign-in, by what was typed and where from (both as SHA-256): counted to slow guessing down."""

    __tablename__ = "sign_in_failure"

    id: Mapped[int] = mapped_column(primary_key=True)
    subject_hash: Mapped[str] = mapped_column(index=True)
    at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)
