"""Starting: when the demo is built, what is refused, and that a second start changes nothing."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import urllib.error
import urllib.request
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import func, select, text
from sqlalchemy.engine import make_url
from werkzeug.test import run_wsgi_app

from app import clock, create_app, start
from app.config import Config
from app.crypto import cipher
from app.database import db, write_transaction
from app.integrations.payfip import PayFiPMode
from app.models.accounts import User
from app.models.councils import Council
from app.models.families import Child, Family
from app.proxies import TrustedProxies
from app.rules.capabilities import Role
from app.services.checks import find_inconsistencies
from app.services.installations import InstallationRefused, is_demo, is_empty
from app.services.staff_accounts import create_staff
from app.start import (
    Mode,
    check_payment_mode,
    decide_mode,
    greeting,
    plug_in_simulator,
    prepare,
    trusted_hosts,
    uses_simulator,
)
from tests.conftest import make_config

ROOT = Path(__file__).resolve().parent.parent
ANYWHERE = "0.0.0.0"
LOOPBACK = "127.0.0.1"


@pytest.fixture
def config(tmp_path: Path) -> Config:
    """Settings as they are without any: an empty SQLite database, no key yet."""
    return replace(make_config(tmp_path, f"sqlite:///{tmp_path / 'portal.sqlite3'}"), data_key=None)


@pytest.fixture(autouse=True)
def real_time_afterwards():
    clock.start_at(datetime(2026, 11, 23, 8, 30), frozen=True)
    yield
    clock.follow_real_time()


@pytest.fixture
def few_communes(monkeypatch):
    """The communes of one département: a start is quicker."""
    leave_few_communes(monkeypatch)


def leave_few_communes(monkeypatch: pytest.MonkeyPatch) -> None:
    from app.integrations.communes import read_communes
    from app.services import reference_data

    whole = read_communes()
    few = replace(whole, communes=tuple(c for c in whole.communes if c.insee_code.startswith("80")))
    monkeypatch.setattr(reference_data, "read_communes", lambda: few)


@pytest.fixture(scope="module")
def built_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What a first start leaves in its folder; made once."""
    folder = tmp_path_factory.mktemp("built")
    clock.start_at(datetime(2026, 11, 23, 8, 30), frozen=True)
    with pytest.MonkeyPatch.context() as patch:
        leave_few_communes(patch)
        first = replace(make_config(folder, f"sqlite:///{folder / 'portal.sqlite3'}"), data_key=None)
        with started(first).app_context():
            db.engine.dispose()
    return folder


@pytest.fixture
def after_first_start(config: Config, built_folder: Path) -> Config:
    """Settings whose folder holds what a first start left."""
    shutil.copytree(built_folder, config.instance_path, dirs_exist_ok=True)
    return config


def started(config: Config, **changes: object) -> Flask:
    app = create_app(replace(config, **changes))
    prepare(app)
    return app


def dump() -> list[tuple[object, ...]]:
    """Every row of every table."""
    with db.engine.connect() as connection:
        rows = [
            (table.name, *row)
            for table in db.metadata.sorted_tables
            for row in connection.execute(text(f"SELECT * FROM {table.name}"))
        ]
    db.session.remove()
    return rows


# --- Demo or not ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("demo_setting", "host", "database", "outcome"),
    [
        (None, LOOPBACK, "empty", Mode.BUILD_DEMO),
        (None, ANYWHERE, "empty", Mode.SERVE),
        (True, LOOPBACK, "empty", Mode.BUILD_DEMO),
        (True, ANYWHERE, "empty", Mode.BUILD_DEMO),
        (False, LOOPBACK, "empty", Mode.SERVE),
        (False, ANYWHERE, "empty", Mode.SERVE),
        (None, LOOPBACK, "demo", Mode.SERVE),
        (None, ANYWHERE, "demo", "DEMO=1"),
        (True, LOOPBACK, "demo", Mode.SERVE),
        (True, ANYWHERE, "demo", Mode.SERVE),
        (False, LOOPBACK, "demo", "DEMO=0"),
        (False, ANYWHERE, "demo", "DEMO=0"),
        (None, LOOPBACK, "real", Mode.SERVE),
        (None, ANYWHERE, "real", Mode.SERVE),
        (True, LOOPBACK, "real", "comptes réels"),
        (True, ANYWHERE, "real", "comptes réels"),
        (False, LOOPBACK, "real", Mode.SERVE),
        (False, ANYWHERE, "real", Mode.SERVE),
    ],
)
def test_what_a_start_does(config, demo_setting, host, database, outcome):
    settings = replace(config, demo=demo_setting, host=host)
    situation = {"empty": database == "empty", "demo": database == "demo"}
    if isinstance(outcome, Mode):
        assert decide_mode(settings, **situation) is outcome
    else:
        with pytest.raises(InstallationRefused, match=outcome):
            decide_mode(settings, **situation)


@pytest.mark.parametrize(
    ("demo_setting", "empty", "demo", "allowed"),
    [(None, True, False, True), (None, False, True, True), (False, True, False, False), (None, False, False, False)],
)
def test_the_clock_is_moved_in_the_demo_only(config, demo_setting, empty, demo, allowed):
    settings = replace(config, demo=demo_setting, start_clock_at=datetime(2026, 11, 23, 8, 30))
    if allowed:
        decide_mode(settings, empty=empty, demo=demo)
    else:
        with pytest.raises(InstallationRefused, match="ESPACE_FAMILLE_NOW"):
            decide_mode(settings, empty=empty, demo=demo)


# --- Preparing ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("database", ["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def test_the_first_start_builds_the_demo_and_the_second_changes_nothing(request, config, few_communes, database):
    if database == "postgresql":
        url = make_url(request.getfixturevalue("postgres_url")).set(drivername="postgresql+psycopg")
        config = replace(config, database_url=url.render_as_string(hide_password=False))
        app = started(config)
    else:
        app = create_app(request.getfixturevalue("after_first_start"))
        cipher.follow(config.data_key_file)
    with app.app_context():
        assert is_demo(db.session())
        assert find_inconsistencies(db.session()) == ()
        before = dump()
    again = started(config)
    with again.app_context():
        assert dump() == before
        db.engine.dispose()
    with app.app_context():
        db.engine.dispose()


def test_an_interrupted_build_leaves_an_empty_database_that_the_next_start_fills(config, few_communes, monkeypatch):
    def fail(*_arguments: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as broken:
        broken.setattr("app.demo.council._leave_work_to_do", fail)
        with pytest.raises(KeyboardInterrupt):
            started(config)
    app = create_app(config)
    with app.app_context():
        assert is_empty(db.session())
        assert not is_demo(db.session())
        db.session.remove()
    prepare(app)
    with app.app_context():
        assert is_demo(db.session())
        assert db.session.scalar(select(func.count()).select_from(Child)) == 20


def test_demo_0_starts_empty_and_no_demo_account_can_exist(config, few_communes):
    with started(config, demo=False).app_context():
        assert is_empty(db.session())
        assert db.session.scalars(select(Council.name)).one() == "Espace famille"
        db.session.remove()
    with pytest.raises(InstallationRefused, match="DEMO=0"):
        started(config)  # becomes the demo: it was still empty
        started(config, demo=False)


def test_a_real_database_stays_as_it_is(config, few_communes):
    app = started(config, demo=False)
    with app.app_context(), write_transaction() as session:
        create_staff(session, "admin@example.org", "Camille ADMIN", "hash", Role.ADMINISTRATOR)
    with started(config).app_context():
        assert not is_demo(db.session())
        assert db.session.scalars(select(User.email)).all() == ["admin@example.org"]
        db.session.remove()
    with pytest.raises(InstallationRefused, match="comptes réels"):
        started(config, demo=True)


def test_a_waiting_family_keeps_the_demo_out(config, few_communes):
    app = started(config, demo=False)
    with app.app_context():
        with write_transaction() as session:
            session.add(Family(status="pending", last_name="PETIT", first_name="Anne"))
        assert not is_empty(db.session())


def test_without_its_data_key_an_encrypted_database_is_refused(after_first_start, few_communes):
    config = after_first_start
    config.data_key_file.rename(config.instance_path / "elsewhere")
    with pytest.raises(InstallationRefused, match="DATA_KEY manque"):
        started(config)
    assert not config.data_key_file.exists()


def test_another_data_key_is_refused(after_first_start, few_communes):
    config = after_first_start
    key = config.data_key_file.read_text()
    with pytest.raises(InstallationRefused, match="DATA_KEY n’est pas"):
        started(config, data_key=make_config(config.instance_path, "sqlite://").data_key)
    cipher.use_key(key)


def test_a_newer_version_of_a_data_set_is_loaded_by_the_next_start(config, few_communes, monkeypatch):
    from app.services import reference_data

    started(config, demo=False)
    old = reference_data.read_communes()
    newer = replace(old, version="99.0.0", communes=old.communes[:-1])
    monkeypatch.setattr(reference_data, "read_communes", lambda: newer)
    with started(config, demo=False).app_context():
        row = db.session.get_one(reference_data.ReferenceDataset, "communes")
        assert (row.version, row.row_count) == ("99.0.0", len(newer.communes))


# --- Names and proxies ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("base_url", "names"),
    [
        ("https://portail.example.org", ["portail.example.org", "localhost", "127.0.0.1"]),
        ("http://127.0.0.1:8000", ["127.0.0.1", "localhost"]),
        ("http://0.0.0.0:8000", None),
        ("http://[::1]:8000", None),
    ],
)
def test_the_names_under_which_the_portal_answers(config, base_url, names):
    assert trusted_hosts(replace(config, base_url=base_url)) == names


@pytest.mark.parametrize(
    ("proxies", "remote", "seen"),
    [
        ((), "192.0.2.1", ("192.0.2.1", "http", "here")),
        (("192.0.2.1",), "192.0.2.1", ("203.0.113.9", "https", "portail.example.org")),
        (("10.0.0.0/8", "192.0.2.1"), "10.1.2.3", ("203.0.113.9", "https", "portail.example.org")),
        (("192.0.2.1",), "192.0.2.2", ("192.0.2.2", "http", "here")),
        (("192.0.2.1",), "", ("", "http", "here")),
    ],
)
def test_only_named_proxies_are_believed(proxies, remote, seen):
    def application(environ, start_response):
        assert "HTTP_X_FORWARDED_FOR" not in environ or remote in ("192.0.2.1", "10.1.2.3")
        start_response("200 OK", [])
        return [f"{environ['REMOTE_ADDR']} {environ['wsgi.url_scheme']} {environ['HTTP_HOST']}".encode()]

    environ = {
        "REMOTE_ADDR": remote, "wsgi.url_scheme": "http", "HTTP_HOST": "here", "SERVER_NAME": "here", "SERVER_PORT": "80",
        "HTTP_X_FORWARDED_FOR": "198.51.100.1, 203.0.113.9", "HTTP_X_FORWARDED_PROTO": "https",
        "HTTP_X_FORWARDED_HOST": "portail.example.org",
    }  # fmt: skip
    body, _status, _headers = run_wsgi_app(TrustedProxies(application, proxies), environ)
    assert b"".join(body).decode() == " ".join(seen)


def test_the_console_names_the_address_and_the_accounts_of_the_demo_only(config):
    shown = greeting(config, demo=True)
    assert config.base_url in shown
    assert "Portail-Demo-2026" in shown
    for name in ("parent", "agent", "regie", "animation", "admin"):
        assert f"{name}@example.org" in shown
    assert "Portail-Demo-2026" not in greeting(config, demo=False)


# --- Online payment -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("mode", "demo", "refused"),
    [
        (PayFiPMode.SIMULATOR, False, "simulator n’existe que pour la démonstration"),
        (PayFiPMode.ACTIVATION, True, "n’encaisse pas d’argent"),
        (PayFiPMode.PRODUCTION, True, "n’encaisse pas d’argent"),
        (PayFiPMode.SIMULATOR, True, None),
        (PayFiPMode.TEST, True, None),
        (None, True, None),
        (None, False, None),
        (PayFiPMode.TEST, False, None),
        (PayFiPMode.ACTIVATION, False, None),
        (PayFiPMode.PRODUCTION, False, None),
    ],
)
def test_the_mode_of_payfip_goes_with_what_is_served(config, mode, demo, refused):
    settings = replace(config, payfip_mode=mode)
    if refused is None:
        check_payment_mode(settings, demo=demo)
    else:
        with pytest.raises(InstallationRefused, match=refused):
            check_payment_mode(settings, demo=demo)


def test_a_refused_mode_builds_no_demo(config, few_communes):
    app = create_app(replace(config, payfip_mode=PayFiPMode.PRODUCTION))
    with pytest.raises(InstallationRefused, match="n’encaisse pas"):
        prepare(app)
    with app.app_context():
        assert is_empty(db.session())
        db.session.remove()
        db.engine.dispose()


@pytest.mark.parametrize(
    ("mode", "letter"),
    [(PayFiPMode.TEST, "T"), (PayFiPMode.ACTIVATION, "X"), (PayFiPMode.PRODUCTION, "W"), (None, None)],
)
def test_outside_the_demo_families_pay_at_payfip_or_not_at_all(config, mode, letter):
    app = create_app(replace(config, payfip_mode=mode))
    gateway = app.extensions["payments"]
    assert (None if gateway is None else gateway.mode.value) == letter
    assert not uses_simulator(replace(config, payfip_mode=mode), demo=False)


def test_the_policy_of_pages_names_the_payment_site(config):
    def policy(app: Flask) -> str:
        with app.test_request_context():
            address = app.jinja_env.globals["asset"]("css/site.css")
        with app.test_client().get(address) as answer:
            return str(answer.headers["Content-Security-Policy"])

    assert "form-action 'self';" in policy(create_app(config))
    with_payfip = policy(create_app(replace(config, payfip_mode=PayFiPMode.TEST)))
    assert "form-action 'self' https://www.payfip.gouv.fr;" in with_payfip


def test_the_simulator_stands_beside_the_demo_on_the_next_port_or_another(config):
    app = create_app(replace(config, port=free_port()))
    first = plug_in_simulator(app)
    first.start()
    try:
        assert app.extensions["payments"].mode.value == "T"
        assert app.extensions["payments"].payment_origin == first.url
        second = plug_in_simulator(app)  # its port is taken now
        second.stop()
        assert second.url != first.url
    finally:
        first.stop()
    last = plug_in_simulator(create_app(replace(config, port=65_535)))
    last.stop()


# --- The process ----------------------------------------------------------------------------------------------------

SLOW_PORTAL = """
import time
from app.start import make_app, serve

app = make_app()


@app.get("/lent")
def answer_slowly() -> str:
    print("begun", flush=True)
    time.sleep(1.5)
    return "fini"


serve(app)
"""


def environment(folder: Path, **settings: str) -> dict[str, str]:
    kept = {name: os.environ[name] for name in ("PATH", "LANG", "HOME") if name in os.environ}
    return {**kept, "INSTANCE_PATH": str(folder), "PYTHONUNBUFFERED": "1", **settings}


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def test_sigterm_finishes_the_request_that_runs_and_exits_with_0(tmp_path):
    port = free_port()
    server = subprocess.Popen(
        [sys.executable, "-c", SLOW_PORTAL], cwd=ROOT, env=environment(tmp_path, PORT=str(port), DEMO="0"),
        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
    )  # fmt: skip
    try:
        assert server.stdout is not None
        assert any(f"http://127.0.0.1:{port}" in line for line in iter(server.stdout.readline, ""))
        with subprocess.Popen(
            [
                sys.executable,
                "-c",
                f"import urllib.request as r; print(r.urlopen('http://127.0.0.1:{port}/lent').read())",
            ],
            stdout=subprocess.PIPE,
            text=True,
        ) as browser:
            assert any(line.strip() == "begun" for line in iter(server.stdout.readline, ""))
            server.send_signal(signal.SIGTERM)
            assert browser.communicate(timeout=10)[0].strip() == "b'fini'"
        assert server.wait(timeout=10) == 0
    finally:
        server.kill()
        server.wait()
        server.stdout.close()


@pytest.mark.parametrize(
    ("settings", "said"),
    [({"PORT": "trop"}, "PORT"), ({"DEMO": "0", "ESPACE_FAMILLE_NOW": "2026-11-23T08:30"}, "ESPACE_FAMILLE_NOW")],
)
def test_a_refusal_is_one_sentence_and_status_2(tmp_path, settings, said):
    done = subprocess.run(
        [sys.executable, "wsgi.py"], cwd=ROOT, env=environment(tmp_path, **settings), capture_output=True, text=True,
        timeout=60, check=False,
    )  # fmt: skip
    assert done.returncode == start.REFUSED_EXIT_STATUS
    assert said in done.stderr
    assert done.stderr.count("\n") == 1


def test_another_host_name_is_refused_by_the_served_portal(tmp_path):
    port = free_port()
    server = subprocess.Popen(
        [sys.executable, "wsgi.py"], cwd=ROOT, env=environment(tmp_path, PORT=str(port), DEMO="0"),
        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
    )  # fmt: skip
    try:
        assert server.stdout is not None
        assert any("http://" in line for line in iter(server.stdout.readline, ""))
        address = f"http://127.0.0.1:{port}/sante"
        with urllib.request.urlopen(address, timeout=5) as answer:
            assert answer.status == 200
        with pytest.raises(urllib.error.HTTPError) as refused:
            urllib.request.urlopen(urllib.request.Request(address, headers={"Host": "evil.example.org"}), timeout=5)
        assert refused.value.code == 400
        refused.value.close()
    finally:
        server.terminate()
        assert server.wait(timeout=15) == 0
        server.stdout.close()
