"""A throw-away PostgreSQL server for the tests, and quick fresh databases in it (a pytest plugin).

Each test process starts its own server when a test first asks for one; it ends with the process, even a killed one.
`postgres_url` gives a fresh, empty database. For one with tables, make a template once and copy it:

    @pytest.fixture(scope="session")
    def migrated_template(postgres_server):
        return postgres_server.make_template("migrated", migrate)     # migrate(url) fills it

    @pytest.fixture
    def database_url(postgres_server, migrated_template):
        with postgres_server.fresh_database(migrated_template) as url:
            yield url
"""

from __future__ import annotations

import itertools
import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import psycopg
import pytest
from psycopg import sql

SUPERUSER = "tests"
EMPTY_TEMPLATE = "template1"

# Nothing here outlives the tests, so nothing is worth waiting for the disk.
SETTINGS = {
    "listen_addresses": "127.0.0.1",
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "max_connections": "120",
    "shared_buffers": "32MB",
    "max_wal_size": "1GB",
    "autovacuum": "off",
    "timezone": "UTC",
    "log_min_messages": "error",
}


def server_binaries() -> Path | None:
    """The directory of `initdb` and `postgres`: POSTGRES_BIN, Debian's newest version, or that of PATH."""
    named = os.environ.get("POSTGRES_BIN")
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda bin: int(bin.parent.name), reverse=True)
    on_path = shutil.which("initdb")
    candidates = [Path(named)] if named else [*found, *([Path(on_path).parent] if on_path else [])]
    return next((place for place in candidates if (place / "initdb").exists() and (place / "postgres").exists()), None)


@dataclass(slots=True)
class PostgresServer:
    """A running server of our own on a free port of the loopback."""

    port: int
    process: subprocess.Popen[bytes]
    _numbers: Iterator[int] = field(default_factory=lambda: itertools.count(1))

    def url(self, database: str) -> str:
        """The address of one of its databases, as `DATABASE_URL` takes it."""
        return f"postgresql://{SUPERUSER}@127.0.0.1:{self.port}/{database}"

    def make_template(self, name: str, fill: Callable[[str], object]) -> str:
        """Make a database, let `fill(url)` put tables and rows in it, and return its name for `fresh_database`.

        `fill` must close its connections: PostgreSQL copies only a database that nobody uses.
        """
        self._run(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
        fill(self.url(name))
        return name

    @contextmanager
    def fresh_database(self, template: str = EMPTY_TEMPLATE) -> Iterator[str]:
        """The address of a new database, a copy of `template`; dropped afterwards, with whoever is still connected."""
        name = sql.Identifier(f"test_{next(self._numbers)}")
        # FILE_COPY waits for a checkpoint, which costs nothing without fsync and beats logging every page.
        self._run(sql.SQL("CREATE DATABASE {} TEMPLATE {} STRATEGY FILE_COPY").format(name, sql.Identifier(template)))
        try:
            yield self.url(name.as_string().strip('"'))
        finally:
            self._run(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(name))

    def stop(self) -> None:
        """Stop at once; what is in the databases is of no use to anybody."""
        self.process.send_signal(signal.SIGQUIT)
        try:
            self.process.wait(timeout=20)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()

    def _run(self, statement: sql.Composed) -> None:
        with psycopg.connect(self.url("postgres"), autocommit=True) as connection:
            connection.execute(statement)


@contextmanager
def running_server(binaries: Path) -> Iterator[PostgresServer]:
    """Start a new, empty server in a temporary directory; stop it and remove everything at the end.

    PostgreSQL refuses to run as root, so root hands it to the user `postgres`, or `nobody`.
    Raises RuntimeError with the server's own words when it does not start.
    """
    home = Path(tempfile.mkdtemp(prefix="postgres-tests-"))
    try:
        as_owner: list[str] = []
        if os.geteuid() == 0:
            owner = _unprivileged_user()
            os.chown(home, owner.pw_uid, owner.pw_gid)
            as_owner = [f"--reuid={owner.pw_uid}", f"--regid={owner.pw_gid}", "--clear-groups"]
        # The server is told to quit when this process dies, however it dies.
        prefix = ["setpriv", *as_owner, "--pdeathsig", "QUIT"]
        data = home / "data"
        made = subprocess.run(
            [*prefix, binaries / "initdb", "--pgdata", data, "--username", SUPERUSER, "--auth=trust",
             "--encoding=UTF8", "--locale=C.UTF-8", "--no-sync", "--no-instructions"],
            cwd=home, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False,
        )  # fmt: skip
        if made.returncode != 0:
            raise RuntimeError(f"initdb failed:\n{made.stdout}")
        server = _start(prefix, binaries, home, data)
        try:
            yield server
        finally:
            server.stop()
    finally:
        shutil.rmtree(home, ignore_errors=True)


def _start(prefix: list[str], binaries: Path, home: Path, data: Path) -> PostgresServer:
    """Start on a free port; try again when somebody else takes the port in between."""
    log = home / "log"
    for _ in range(5):
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        settings = {**SETTINGS, "port": str(port), "unix_socket_directories": str(home)}
        with log.open("wb") as output:
            process = subprocess.Popen(
                [*prefix, binaries / "postgres", "-D", data, *(f"--{k}={v}" for k, v in settings.items())],
                cwd=home, stdin=subprocess.DEVNULL, stdout=output, stderr=output, start_new_session=True,
            )  # fmt: skip
        server = PostgresServer(port, process)
        deadline = time.monotonic() + 60
        while process.poll() is None and time.monotonic() < deadline:
            try:
                psycopg.connect(server.url("postgres"), connect_timeout=5).close()
            except psycopg.OperationalError:
                time.sleep(0.05)
            else:
                return server
        server.stop()
    raise RuntimeError(f"PostgreSQL did not start:\n{log.read_text(errors='replace')}")


def _unprivileged_user() -> pwd.struct_passwd:
    """Debian's `postgres`, or `nobody` where the package made no such user."""
    try:
        return pwd.getpwnam("postgres")
    except KeyError:
        return pwd.getpwnam("nobody")


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[PostgresServer]:
    """The server of this test process; the test is skipped, by name, on a machine without the binaries."""
    binaries = server_binaries()
    if binaries is None:
        pytest.skip("PostgreSQL: no server binaries on this machine")
    with running_server(binaries) as server:
        yield server


@pytest.fixture
def postgres_url(postgres_server: PostgresServer) -> Iterator[str]:
    """The address of a fresh, empty PostgreSQL database."""
    with postgres_server.fresh_database() as url:
        yield url
