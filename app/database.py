"""Engine set-up, the declarative base, and `write_transaction()`: the only commit of the web application.

SQLite: WAL, foreign keys on, synchronous FULL (it is money), `BEGIN IMMEDIATE` inside `write_transaction()`.
PostgreSQL: READ COMMITTED; what a command spends is locked by the command, in id order.
"""

import fcntl
import tempfile
import threading
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager, nullcontext
from contextvars import ContextVar
from datetime import UTC, datetime
from enum import StrEnum
from typing import IO, Any

from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import DateTime, Dialect, Engine, Enum, MetaData, String, event, func, select
from sqlalchemy.dialects.postgresql import array
from sqlalchemy.orm import DeclarativeBase, Session
from sqlalchemy.types import TypeDecorator

from app.clock import PARIS
from app.crypto import cipher

NAMING_CONVENTION = {
    "ix": "ix_%(column_0_label)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}


class UtcDateTime(TypeDecorator[datetime]):
    """A moment: aware on both sides, UTC in the database, Europe/Paris when read."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a moment without time zone cannot be stored")
        value = value.astimezone(UTC)
        return value.replace(tzinfo=None) if dialect.name == "sqlite" else value

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return (value.replace(tzinfo=UTC) if value.tzinfo is None else value).astimezone(PARIS)


class EncryptedText(TypeDecorator[str]):
    """A text that the database only holds encrypted (health, fund numbers, secrets of mails)."""

    impl = String
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:
        return None if value is None else cipher.encrypt(value)

    def process_result_value(self, value: str | None, dialect: Dialect) -> str | None:
        return None if value is None else cipher.decrypt(value)


def code_of(enum: type[StrEnum]) -> Enum:
    """A column type that stores an enumeration's English codes as text, checked in Python only.

    No CHECK constraint: a new member needs no migration.
    """
    return Enum(
        enum,
        native_enum=False,
        create_constraint=False,
        length=40,
        values_callable=lambda members: [member.value for member in members],
    )


class Base(DeclarativeBase):
    """The base of all tables."""

    metadata = MetaData(naming_convention=NAMING_CONVENTION)


db = SQLAlchemy(model_class=Base)

_read_only: ContextVar[bool] = ContextVar("read_only", default=False)
_in_write: ContextVar[bool] = ContextVar("in_write", default=False)
# SQLite has one writer; waiting in line here is fairer than its busy-wait (p99 of 32 savers: a fifth).
_sqlite_writer = threading.Lock()
_sqlite_writers: IO[bytes] | None = None  # where several processes serve, they wait in line at a lock of this file


def share_writer() -> None:
    """Make the processes that are forked from now on wait for each other's writes in line as well."""
    global _sqlite_writers
    _sqlite_writers = tempfile.TemporaryFile()  # noqa: SIM115  # as long as the processes


@contextmanager
def _turn_of_sqlite() -> Iterator[None]:
    with _sqlite_writer:
        if _sqlite_writers is None:
            yield
            return
        fcntl.lockf(_sqlite_writers, fcntl.LOCK_EX)  # of the process, which gives it back when it dies
        try:
            yield
        finally:
            fcntl.lockf(_sqlite_writers, fcntl.LOCK_UN)


class WriteRefused(Exception):
    """Something tried to change data outside `write_transaction()`, or within a read-only request."""


def forbid_writes(forbidden: bool) -> None:
    """Make `write_transaction()` refuse, for the present request (GET), or allow it again."""
    _read_only.set(forbidden)


@contextmanager
def write_transaction() -> Iterator[Session]:
    """A short transaction that writes; commits at its end, rolls everything back on any exception.

    Ends the read transaction that loading the signed-in user opened, so that what the command reads is what
    it changes. Everything loaded before is stale inside: load it again. Raises WriteRefused in a GET.
    """
    if _read_only.get():
        raise WriteRefused("a GET request must not change data")
    if _in_write.get():
        raise WriteRefused("write transactions do not nest")
    session: Session = db.session()
    session.rollback()
    session.info.clear()  # what services noted about the transaction before
    is_sqlite = db.engine.dialect.name == "sqlite"
    mark = _in_write.set(True)
    try:
        with _turn_of_sqlite() if is_sqlite else nullcontext():
            session.connection(execution_options={"sqlite_begin": "IMMEDIATE"} if is_sqlite else None)
            try:
                yield session
                session.commit()
            except BaseException:
                session.rollback()
                raise
            finally:
                session.info.clear()
    finally:
        _in_write.reset(mark)


def take_turns(session: Session, subject: str) -> None:
    """Wait for other write transactions on the same subject, such as an address that no row stands for yet.

    PostgreSQL: until the commit. SQLite has one writer anyway.
    """
    if session.get_bind().dialect.name == "postgresql":
        session.execute(select(func.pg_advisory_xact_lock(func.hashtextextended(subject, 0))))


def take_all_turns(session: Session, subjects: Collection[str]) -> None:
    """The same for several subjects, in their alphabetical order; in one statement."""
    if subjects and session.get_bind().dialect.name == "postgresql":
        each = func.unnest(array(sorted(subjects), type_=String)).column_valued("subject")
        session.execute(select(func.pg_advisory_xact_lock(func.hashtextextended(each, 0))))


def share_turn(session: Session, subject: str) -> None:
    """Wait until nobody has the turn of a subject, and let nobody take it before the commit; others may share it."""
    if session.get_bind().dialect.name == "postgresql":
        session.execute(select(func.pg_advisory_xact_lock_shared(func.hashtextextended(subject, 0))))


def share_turn_while(session: Session, subject: str, holds: Callable[[], bool]) -> bool:
    """Share the turn of a subject if something holds while it is shared; otherwise it is given back, to be taken alone.

    Two who share a turn and then take it would wait for each other.
    """
    if session.get_bind().dialect.name != "postgresql":
        return holds()
    attempt = session.begin_nested()
    share_turn(session, subject)
    if holds():
        attempt.commit()
        return True
    attempt.rollback()  # gives back what was taken since its beginning
    return False


def prepare_engine(engine: Engine) -> None:
    """Set up the connections of the application's engine; called once per engine."""
    if engine.dialect.name != "sqlite":
        return

    @event.listens_for(engine, "connect")
    def set_pragmas(dbapi_connection: Any, _record: object) -> None:
        dbapi_connection.isolation_level = None  # the driver must not begin transactions of its own
        for pragma in ("journal_mode=WAL", "synchronous=FULL", "busy_timeout=15000", "foreign_keys=ON"):
            dbapi_connection.execute(f"PRAGMA {pragma}")

    @event.listens_for(engine, "begin")
    def begin(connection: Any) -> None:
        immediate = connection.get_execution_options().get("sqlite_begin") == "IMMEDIATE"
        connection.exec_driver_sql("BEGIN IMMEDIATE" if immediate else "BEGIN")


@event.listens_for(Session, "before_flush")
def refuse_stray_writes(session: Session, _context: object, _instances: object) -> None:
    """No flush outside `write_transaction()`: a forgotten transaction is an error, not a lost save."""
    if (session.new or session.dirty or session.deleted) and not _in_write.get():
        raise WriteRefused("data changed outside write_transaction()")
