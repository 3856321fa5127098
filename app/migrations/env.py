"""How Alembic reaches the database: on the application's engine, all revisions in one transaction.

SQLite rebuilds a table to alter it, which foreign keys would turn into deletions: they are switched off *before* the
transaction begins (inside one, the pragma does nothing) and checked before it commits. Two processes that start
together migrate one after the other. Revisions have no way down: going back is restoring the backup made before.
"""

from typing import Any

from alembic import context
from alembic.autogenerate.api import AutogenContext
from sqlalchemy import Connection, DateTime, Enum, text

from app.database import EncryptedText, UtcDateTime, db

# Any number that no other user of the PostgreSQL database locks.
_MIGRATION_LOCK = 4_270_001


class BrokenReferences(Exception):
    """The migration left rows that refer to nothing; it was rolled back."""


def render_item(kind: str, item: Any, _context: AutogenContext) -> str | bool:
    """Our own column types as plain ones: an old revision must not depend on today's application."""
    if kind == "type" and isinstance(item, UtcDateTime):
        return f"sa.{DateTime(timezone=True)!r}"
    if kind == "type" and isinstance(item, EncryptedText):
        return "sa.String()"
    if kind == "type" and isinstance(item, Enum):
        return f"sa.String(length={item.length})"
    return False


def run_migrations(connection: Connection) -> None:
    """Run what is missing, and commit it as a whole or not at all."""
    is_sqlite = connection.dialect.name == "sqlite"
    context.configure(
        connection=connection,
        target_metadata=db.metadata,
        render_as_batch=True,
        compare_type=True,
        render_item=render_item,
        transactional_ddl=True,
    )
    with context.begin_transaction():
        if not is_sqlite:
            connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _MIGRATION_LOCK})
        context.run_migrations()
        if is_sqlite and connection.exec_driver_sql("PRAGMA foreign_key_check").first() is not None:
            raise BrokenReferences


def switch_foreign_keys(connection: Connection, *, on: bool) -> None:
    """Switch SQLite's foreign keys, past SQLAlchemy, which would begin a transaction first."""
    if connection.dialect.name == "sqlite":
        raw: Any = connection.connection.dbapi_connection
        raw.execute(f"PRAGMA foreign_keys={'ON' if on else 'OFF'}")


with db.engine.connect().execution_options(sqlite_begin="IMMEDIATE") as open_connection:
    switch_foreign_keys(open_connection, on=False)
    try:
        run_migrations(open_connection)
    finally:
        open_connection.rollback()
        switch_foreign_keys(open_connection, on=True)
