"""The served process (`python wsgi.py`) on a copy of the demo, and a quick HTTP client for it (a pytest plugin).

def test_x(demo_copy, serve):
    with demo_copy.people() as app: ...          # factories on its database, before or while it serves
    with serve(demo_copy) as server:             # ESPACE_FAMILLE_NOW is factories.NOW
        browser = server.browser(demo_copy.cookie_of(user_id))
        browser.get("/mes-reservations")
        server.kill()                            # as a power cut would
"""

from __future__ import annotations

import fcntl
import http.client
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlencode, urlsplit

import pytest
from flask import Flask
from sqlalchemy.engine import make_url

from app import clock, create_app
from app.crypto import cipher
from app.database import db, write_transaction
from app.integrations.pdf import PdfMaker
from app.jobs.pdfs import PaperJob
from app.services import sessions
from app.services.catalogue import forget_catalogue
from tests import factories

if TYPE_CHECKING:
    from tests.postgres import PostgresServer

ROOT = Path(__file__).resolve().parent.parent
SECRET_KEY = "tests-only-secret-key"
NOW = f"{factories.NOW:%Y-%m-%dT%H:%M}"
START_SECONDS = 240  # on a machine that does much else; a start that fails says so at once


def environment(instance: Path, database_url: str | None = None, **more: str) -> dict[str, str]:
    """The settings of a served process, and nothing of those of the person who runs the tests."""
    names = ("PATH", "HOME", "LANG", "TMPDIR", "VIRTUAL_ENV")
    return {
        **{name: os.environ[name] for name in names if name in os.environ},
        "INSTANCE_PATH": str(instance),
        "SECRET_KEY": SECRET_KEY,
        "ESPACE_FAMILLE_NOW": NOW,
        **({"DATABASE_URL": database_url} if database_url else {}),
        **more,
    }


def free_port() -> int:
    """A port of the loopback that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@dataclass(slots=True)
class Reply:
    """An answer of the served process."""

    status: int
    body: str
    location: str
    bytes_sent: int


class Browser:
    """Keeps its cookie, as a browser does."""

    def __init__(self, port: int, cookie: str = "") -> None:
        self.cookie = cookie
        self._port = port

    def get(self, path: str) -> Reply:
        """Fetch a page."""
        return self._ask("GET", path, None)

    def post(self, path: str, fields: Mapping[str, object]) -> Reply:
        """Send a form; redirects are not followed."""
        return self._ask("POST", path, urlencode(fields, doseq=True))

    def _ask(self, method: str, path: str, body: str | None) -> Reply:
        headers = {"Cookie": self.cookie, "Accept-Encoding": "identity"}
        if body is not None:
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        with closing(http.client.HTTPConnection("127.0.0.1", self._port, timeout=60)) as connection:
            connection.request(method, path, body, headers)
            response = connection.getresponse()
            content = response.read()
        for name, value in response.getheaders():
            if name.lower() == "set-cookie":
                self.cookie = value.split(";")[0]
        return Reply(response.status, content.decode(), response.getheader("Location") or "", len(content))


def hidden(body: str, name: str) -> str:
    """The value of a hidden field. Raises AssertionError."""
    found = re.search(rf'name="{name}" (?:type="hidden" )?value="([^"]*)"', body)
    assert found is not None, f"no field {name}"
    return found[1]


@dataclass(slots=True)
class Server:
    """A served process."""

    port: int
    process: subprocess.Popen[bytes]
    log: Path

    @property
    def address(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self.port}"

    def browser(self, cookie: str = "") -> Browser:
        """A browser, signed in by its cookie."""
        return Browser(self.port, cookie)

    def kill(self) -> None:
        """End it without any warning (SIGKILL)."""
        self.process.send_signal(signal.SIGKILL)
        self.process.wait(timeout=20)

    def stop(self) -> int:
        """Ask it to end and return its exit status."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        return self.process.wait(timeout=60)


@contextmanager
def served(env: dict[str, str], log: Path, port: int | None = None) -> Iterator[Server]:
    """Serve with these settings until the end of the block. Raises RuntimeError with its log when it does not answer."""
    port = port or free_port()
    with log.open("ab") as output:
        process = subprocess.Popen(
            [sys.executable, "wsgi.py"], cwd=ROOT, env={**env, "PORT": str(port)}, stdin=subprocess.DEVNULL,
            stdout=output, stderr=output,
        )  # fmt: skip
    server = Server(port, process, log)
    try:
        _wait_until_it_answers(server)
        yield server
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGTERM)
            try:
                process.wait(timeout=30)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def _wait_until_it_answers(server: Server) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        if server.process.poll() is not None:
            break
        try:
            reply = Browser(server.port).get("/sante")
        except (OSError, http.client.HTTPException):
            time.sleep(0.05)
        else:
            if reply.status == 200:
                return
    raise RuntimeError(f"the portal did not start:\n{server.log.read_text(errors='replace')}")


@dataclass(slots=True)
class DemoCopy:
    """A demo council of one's own: an instance folder, and a database."""

    instance: Path
    database_url: str | None  # None: SQLite in the instance folder
    _app: Flask | None = field(default=None, repr=False)

    @property
    def app(self) -> Flask:
        """An application on this database, in the test's own process."""
        if self._app is None:
            from tests.conftest import make_config

            url = self.database_url or f"sqlite:///{self.instance / 'espace-famille.sqlite3'}"
            if not url.startswith("sqlite"):
                url = make_url(url).set(drivername="postgresql+psycopg").render_as_string(hide_password=False)
            config = make_config(self.instance, url)
            self._app = create_app(config)
            self._app.secret_key = SECRET_KEY
            self._app.testing = True
        return self._app

    @contextmanager
    def people(self) -> Iterator[Flask]:
        """Work on the database from here: factories, and looking what is stored. The clock stands at NOW."""
        cipher.use_key((self.instance / "data_key").read_text())
        clock.start_at(factories.NOW, frozen=True)
        try:
            with self.app.app_context():
                forget_catalogue()
                yield self.app
        finally:
            clock.follow_real_time()

    def cookie_of(self, user_id: int) -> str:
        """The cookie of somebody who has just signed in; inside `people()`."""
        with write_transaction() as session:
            token = sessions.open_session(session, user_id, device="tests")
        serializer = self.app.session_interface.get_signing_serializer(self.app)  # type: ignore[attr-defined]
        return f"session={serializer.dumps({'_user_id': token, '_fresh': True, '_permanent': True})}"

    def close(self) -> None:
        """Let go of the database."""
        if self._app is not None:
            with self._app.app_context():
                db.session.remove()
                db.engine.dispose()


def build_demo(instance: Path, database_url: str | None = None) -> None:
    """Let the portal itself make its demo, by a start that is ended once it answers, and its papers: the worker of
    each served copy would spend seconds on them."""
    instance.mkdir(parents=True, exist_ok=True)
    with served(environment(instance, database_url), instance / "build.log") as server:
        assert server.stop() == 0
    copy, maker = DemoCopy(instance, database_url), PdfMaker()
    try:
        with copy.people():
            papers = PaperJob(maker, instance, server.address)
            while papers.make_next(online=True):
                pass
    finally:
        maker.close()
        copy.close()
    # One file, so that a copy is a copy.
    for leftover in instance.glob("*.sqlite3-*"):
        assert leftover.stat().st_size == 0 or leftover.suffix.endswith("shm"), "the last connection folds the WAL in"


@pytest.fixture(scope="session")
def sqlite_demo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The instance folder of a demo that nobody may touch; made once for all test processes of a run."""
    shared = tmp_path_factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        shared = shared.parent
    home = shared / "demo"
    with (shared / "demo.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (home / "ready").exists():
            shutil.rmtree(home, ignore_errors=True)
            build_demo(home)
            (home / "ready").touch()
    return home


@pytest.fixture(scope="session")
def postgres_demo(postgres_server: PostgresServer, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """The instance folder, and the template database, of a demo on PostgreSQL."""
    home = tmp_path_factory.mktemp("demo-postgres")
    name = postgres_server.make_template("demo", lambda url: build_demo(home, url))
    return home, name


@pytest.fixture
def sqlite_demo_copy(sqlite_demo: Path, tmp_path: Path) -> Iterator[DemoCopy]:
    """A demo of one's own, on SQLite."""
    instance = tmp_path / "instance"
    shutil.copytree(sqlite_demo, instance)
    copy = DemoCopy(instance, None)
    yield copy
    copy.close()


@pytest.fixture
def postgres_demo_copy(
    postgres_server: PostgresServer, postgres_demo: tuple[Path, str], tmp_path: Path
) -> Iterator[DemoCopy]:
    """A demo of one's own, on PostgreSQL."""
    home, template = postgres_demo
    instance = tmp_path / "instance"
    shutil.copytree(home, instance)
    with postgres_server.fresh_database(template) as url:
        copy = DemoCopy(instance, url)
        yield copy
        copy.close()


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def demo_copy(request: pytest.FixtureRequest) -> DemoCopy:
    """A demo of one's own; once on each database."""
    copy: DemoCopy = request.getfixturevalue(f"{'sqlite' if request.param == 'sqlite' else 'postgres'}_demo_copy")
    return copy


Serve = Callable[..., AbstractContextManager[Server]]


@pytest.fixture
def serve(tmp_path: Path) -> Serve:
    """`with serve(demo_copy) as server:` serves a demo; further settings by name."""

    def serve_one(copy: DemoCopy, port: int | None = None, **settings: str) -> AbstractContextManager[Server]:
        return served(environment(copy.instance, copy.database_url, **settings), tmp_path / "served.log", port)

    return serve_one


def path_of(address: str) -> str:
    """Path and query of an address."""
    parts = urlsplit(address)
    return parts.path + (f"?{parts.query}" if parts.query else "")
