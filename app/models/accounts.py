"""Logins: users, their sessions and one-time tokens, and the roles of the staff."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.clock import now
from app.database import Base, UtcDateTime, code_of
from app.rules.capabilities import Role


class User(Base):
    """A login: one person, possibly guardian in several families and staff too."""

    __tablename__ = "user_account"

    id: Mapped[int] = mapped_column(primary_key=True)
    email: Mapped[str] = mapped_column(unique=True)  # lower case
    display_name: Mapped[str]
    password_hash: Mapped[str | None]  # None: the account is not confirmed yet
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)

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

    user: Mapped[User] = relationship()


class TokenPurpose(StrEnum):
    """What a one-time link allows."""

    ACTIVATION = "activation"
    PASSWORD_RESET = "password_reset"


class UserToken(Base):
    """A one-time link sent by mail; only the SHA-256 of its secret is kept."""

    __tablename__ = "user_token"

    id: Mapped[int] = mapped_column(primary_key=True)
    token_hash: Mapped[str] = mapped_column(unique=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("user_account.id", ondelete="CASCADE"), index=True)
    purpose: Mapped[TokenPurpose] = mapped_column(code_of(TokenPurpose))
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime)
    used_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    user: Mapped[User] = relationship()


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
