"""The frame of the tests that need the application: on SQLite and on PostgreSQL, a fresh database for each test.

    def test_parent_saves_a_week(client): ...       # twice: once on each database
    def test_counters_agree(app): ...               # the same, without requests; an application context is open

`app` and `client` start with the council, the real school calendar and a handful of communes, and nothing else: see
tests/factories.py for families and activities. The clock stands still at `factories.NOW`, a Monday at 8:30; move it with
`clock.start_at(moment, frozen=True)`.
"""

from __future__ import annotations

import gc
import re
import shutil
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from contextvars import Context
from dataclasses import dataclass
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import TYPE_CHECKING

import psycopg
import pytest
from flask import Flask
from sqlalchemy import event
from sqlalchemy.engine import make_url
from sqlalchemy.pool import QueuePool

from app import clock, create_app
from app.config import Config
from app.crypto import cipher
from app.database import Base, db, write_transaction
from app.services.catalogue import forget_catalogue
from tests import factories
from tests.client import Client, recorder
from tests.routes import World, make_world

if TYPE_CHECKING:  # pytest imports its plugins itself
    from tests.postgres import PostgresServer

pytest_plugins = [
    "tests.postgres",
    "tests.browser",
    "tests.completeness",
    "tests.order",
    "tests.served",
    "tests.payment_site",
]


def pytest_collection_finish() -> None:
    """Modules and collected tests stay until the end: looking for garbage among them took a tenth of the run."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 20)


DATA_KEY = "dGVzdHMtb25seS10ZXN0cy1vbmx5LXRlc3RzLW9ubHk="


def make_config(instance_path: Path, database_url: str) -> Config:
    """The settings of an application under test."""
    return Config(
        host="127.0.0.1",
        port=8000,
        instance_path=instance_path,
        database_url=database_url,
        secret_key="tests-only",
        data_key=DATA_KEY,
        demo=None,
        mail_url=None,
        mail_from="Espace famille <ne-pas-repondre@example.org>",
        payfip_mode=None,
        base_url="http://localhost",
        trusted_proxies=(),
        start_clock_at=None,
    )


@dataclass(frozen=True, slots=True)
class TestBed:
    """An application on one kind of database, and how its database becomes fresh again."""

    __test__ = False

    app: Flask
    refresh: Callable[[], None]
    kept: Callable[[], AbstractContextManager[Callable[[], None]]]
    """`with bed.kept() as bring_back:` keeps the database as it is now, for tests that try many things on it."""


def fill_template(app: Flask) -> None:
    """Make the tables and what every test starts with."""
    with app.app_context():
        db.create_all()
        with write_transaction() as session:
            factories.fill_reference_data(session)
        db.session.remove()
        db.engine.dispose()


def make_app(instance_path: Path, database_url: str) -> Flask:
    """An application whose statements are counted; its database need not exist yet."""
    app = create_app(make_config(instance_path, database_url))
    app.testing = True
    app.config["PROPAGATE_EXCEPTIONS"] = False  # parents get an error page, so do tests
    with app.app_context():
        engine = db.engine

    @event.listens_for(engine, "connect")
    def hurry(connection: object, _record: object) -> None:
        if engine.dialect.name == "sqlite":
            connection.execute("PRAGMA synchronous=OFF")  # type: ignore[attr-defined]  # nothing here outlives the test

    event.listen(engine, "before_cursor_execute", recorder.note)
    return app


@pytest.fixture(scope="session")
def sqlite_bed(tmp_path_factory: pytest.TempPathFactory) -> TestBed:
    """The application on a SQLite file; fresh by copying a file."""
    return make_sqlite_bed(tmp_path_factory.mktemp("sqlite"))


def make_sqlite_bed(home: Path) -> TestBed:
    """The same in a folder; the drill has one too."""
    cipher.use_key(DATA_KEY)
    template, database = home / "template.sqlite3", home / "tests.sqlite3"
    fill_template(make_app(home, f"sqlite:///{template}"))
    app = make_app(home, f"sqlite:///{database}")

    def fill_from(file: Path) -> None:
        with app.app_context():
            db.engine.dispose()
        for leftover in (f"{database}-wal", f"{database}-shm"):
            Path(leftover).unlink(missing_ok=True)
        shutil.copyfile(file, database)

    @contextmanager
    def kept() -> Iterator[Callable[[], None]]:
        db.session.remove()
        db.engine.dispose()  # the last connection folds the WAL in
        with NamedTemporaryFile(dir=home, suffix=".sqlite3") as file:
            shutil.copyfile(database, file.name)
            yield lambda: fill_from(Path(file.name))

    return TestBed(app, lambda: fill_from(template), kept)


class KeptRows:
    """The rows of all tables of a PostgreSQL database at a moment, and how the tables written since get them back.

    Restoring what was written takes 2 ms where all tables take 15, and a copy of the database 150.
    """

    _WRITES = re.compile(r'\s*(?:INSERT INTO|UPDATE|(DELETE FROM)) "?(\w+)', re.IGNORECASE)
    _READS = re.compile(r"\s*(?:SELECT|BEGIN|SAVEPOINT|RELEASE|ROLLBACK|SHOW)\b", re.IGNORECASE)

    def __init__(self, connection: psycopg.Connection[tuple[object, ...]], schema: str) -> None:
        self._connection = connection
        self._schema = schema
        self._written: set[str] = set()
        self._rounds = 0
        self._restore: dict[str, str] = {}
        self._emptied_with: dict[str, set[str]] = {}  # table: those whose rows go with its rows
        connection.execute(f"CREATE SCHEMA {schema}")
        for table in Base.metadata.sorted_tables:
            connection.execute(f"CREATE TABLE {schema}.{table.name} AS TABLE public.{table.name}")
            statements = [f"DELETE FROM {table.name}", f"INSERT INTO {table.name} SELECT * FROM {schema}.{table.name}"]
            if "id" in table.columns and table.name not in ("council", "installation"):
                statements.append(
                    f"SELECT setval(pg_get_serial_sequence('{table.name}', 'id'), "
                    f"(SELECT coalesce(max(id), 0) + 1 FROM {table.name}), false)"
                )
            self._restore[table.name] = "; ".join(statements)
            for key in table.foreign_keys:
                if key.ondelete:
                    self._emptied_with.setdefault(key.column.table.name, set()).add(table.name)

    def note(self, _connection: object, _cursor: object, statement: str, *_rest: object) -> None:
        """Called by SQLAlchemy before each statement: which tables will differ."""
        if found := self._WRITES.match(statement):
            self._mark(found[2], deletes=found[1] is not None)
        elif not self._READS.match(statement):
            self._written.update(self._restore)

    def _mark(self, table: str, *, deletes: bool) -> None:
        if table not in self._restore:
            self._written.update(self._restore)
            return
        self._written.add(table)
        if deletes:
            for other in self._emptied_with.get(table, ()):
                self._mark(other, deletes=True)

    def restore(self) -> None:
        """Bring back the first rows."""
        self._rounds += 1
        statements = [statement for table, statement in self._restore.items() if table in self._written]
        self._written.clear()
        # No foreign keys meanwhile: the copy obeys them.
        statements = ["BEGIN", "SET LOCAL session_replication_role = replica", *statements, "COMMIT"]
        self._connection.execute("; ".join(statements))
        if self._rounds % 50 == 0:  # autovacuum is off
            self._connection.execute("VACUUM")

    def forget(self) -> None:
        """Drop what is kept."""
        self._connection.execute(f"DROP SCHEMA {self._schema} CASCADE")

    def end_other_sessions(self) -> None:
        """End the connections that somebody forgot, with what they hold."""
        self._connection.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() "
            "AND pid <> pg_backend_pid()"
        )


@pytest.fixture(scope="session")
def postgres_bed(postgres_server: PostgresServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestBed]:
    """The application on a PostgreSQL database; fresh by putting its first rows back."""
    cipher.use_key(DATA_KEY)
    home = tmp_path_factory.mktemp("postgres")

    with postgres_server.fresh_database() as url:
        app = make_app(home, make_url(url).set(drivername="postgresql+psycopg").render_as_string(hide_password=False))
        fill_template(app)
        with psycopg.connect(url, autocommit=True) as connection:
            first = KeptRows(connection, "first_rows")
            with app.app_context():
                engine = db.engine
            event.listen(engine, "before_cursor_execute", first.note)

            def bring_back(rows: KeptRows) -> None:
                # Connections stay open from test to test, as in a server; unless one is still in use.
                if not isinstance(engine.pool, QueuePool) or engine.pool.checkedout():
                    engine.dispose()
                    rows.end_other_sessions()
                rows.restore()

            @contextmanager
            def kept() -> Iterator[Callable[[], None]]:
                db.session.remove()
                rows = KeptRows(connection, "kept_rows")
                event.listen(engine, "before_cursor_execute", rows.note)
                try:
                    yield lambda: bring_back(rows)
                finally:
                    event.remove(engine, "before_cursor_execute", rows.note)
                    rows.forget()

            yield TestBed(app, lambda: bring_back(first), kept)
        engine.dispose()


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def app(request: pytest.FixtureRequest) -> Iterator[Flask]:
    """The application on a fresh database, its context open and its clock standing still; once for each database."""
    bed: TestBed = request.getfixturevalue("sqlite_bed" if request.param == "sqlite" else "postgres_bed")
    with running(bed) as flask_app:
        yield flask_app


@pytest.fixture
def sqlite_app(sqlite_bed: TestBed) -> Iterator[Flask]:
    """Like `app`, on SQLite alone: for what no database can change, such as a page's bytes."""
    with running(sqlite_bed) as flask_app:
        yield flask_app


@pytest.fixture(scope="session")
def make_kept_world(sqlite_bed: TestBed) -> Iterator[Callable[[], World]]:
    """The world of tests/routes.py on SQLite, inside `sqlite_app`: made once, then its rows are brought back."""
    kept: list[tuple[World, Callable[[], None]]] = []
    with ExitStack() as stack:

        def make() -> World:
            if not kept:
                world = make_world(sqlite_bed.app)
                kept.append((world, stack.enter_context(sqlite_bed.kept())))
            world, bring_back = kept[0]
            db.session.remove()
            bring_back()
            forget_catalogue()
            return world

        yield make


@pytest.fixture
def world(sqlite_app: Flask, make_kept_world: Callable[[], World]) -> World:
    """Something of everything, on SQLite: see tests/routes.py."""
    return make_kept_world()


@contextmanager
def running(bed: TestBed) -> Iterator[Flask]:
    """The application of a bed, its database fresh, its context open and its clock standing still."""
    bed.refresh()
    cipher.use_key(DATA_KEY)
    clock.start_at(factories.NOW, frozen=True)
    with bed.app.app_context():
        forget_catalogue()
        yield bed.app
        db.session.remove()
    clock.follow_real_time()


@pytest.fixture
def client(app: Flask) -> Client:
    """A browser without script that checks every page it gets, on both databases."""
    return Client(app)


@pytest.fixture
def sqlite_client(sqlite_app: Flask) -> Client:
    """Like `client`, on SQLite alone."""
    return Client(sqlite_app)


@pytest.fixture
def outside_context() -> Callable[..., object]:
    """Runs a function where no application context is open, as a request or a thread finds it."""
    return lambda function, *args, **kwargs: Context().run(function, *args, **kwargs)
