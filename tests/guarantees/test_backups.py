"""Backups: one moment of database and files though people work meanwhile; whole, and readable, or not there at all.

What is saved is restored elsewhere and compared row by row and file by file; archives are altered, cut off, opened with
another passphrase; and the disk fills up, or the process is killed, in the middle of one.
"""

from __future__ import annotations

import errno
import hashlib
import os
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from datetime import date, timedelta
from pathlib import Path

import flask_migrate
import pytest
from click.testing import Result
from flask import Flask
from sqlalchemy import create_engine, delete, inspect, make_url, select, text, update

from app import clock, create_app
from app.backup_commands import PROBLEMS_EXIT_STATUS
from app.config import Config
from app.crypto import new_key, replace_keys
from app.database import db, write_transaction
from app.integrations import sealed_streams
from app.integrations.database_copies import ProgramMissing, dump_postgres
from app.integrations.kept_files import FilesMustStay, files_stay, keep_file, remove_file
from app.integrations.sealed_streams import PIECE_BYTES, SealedReader, SealedWriter, StreamRefused, WrongPassphrase
from app.jobs import backups
from app.jobs.backups import BackupFailed, archives_in, back_up, last_made, restore, unpack_to_check
from app.jobs.pdfs import keep_paper
from app.models.child_files import ChildSection
from app.models.invoices import Invoice, StoredPdf
from app.rules.backups import Keep
from app.rules.cash_desks import PaymentMode
from app.rules.child_files import SectionKind
from app.services import papers
from app.services.catalogue import forget_catalogue
from app.services.checks import Problem, find_inconsistencies
from app.services.installations import install_data_key
from app.services.papers import PaperSubject
from app.services.payments import record_counter_payment
from app.services.snapshots import read_snapshot
from tests import factories
from tests.client import Client
from tests.conftest import DATA_KEY
from tests.served import ROOT, environment

PASSPHRASE = "quatre tortues violettes au printemps"


@pytest.fixture(autouse=True)
def quick_passphrases(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sealed_streams, "SCRYPT_LOG_N", 10)


@pytest.fixture
def config(app: Flask, tmp_path: Path) -> Config:
    """The settings of the portal: its key in the instance folder, and its backups in a folder of this test."""
    portal: Config = app.config["PORTAL"]
    instance = tmp_path / "instance"
    instance.mkdir()
    (instance / "data_key").write_text(DATA_KEY)
    return replace(portal, instance_path=instance, data_key=None, backup_path=tmp_path / "backups")


@pytest.fixture(autouse=True)
def own_instance(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """The files of these tests lie in their own folder."""
    if "config" in request.fixturenames:
        app, config = request.getfixturevalue("app"), request.getfixturevalue("config")
        monkeypatch.setattr(app, "instance_path", str(config.instance_path))


@pytest.fixture
def elsewhere(request: pytest.FixtureRequest, app: Flask, tmp_path: Path) -> Iterator[tuple[Path, str | None]]:
    """An empty folder, and an empty database of the same kind where it does not lie in the folder."""
    if db.engine.dialect.name == "sqlite":
        yield tmp_path / "elsewhere", None
        return
    with request.getfixturevalue("postgres_server").fresh_database() as url:
        yield tmp_path / "elsewhere", make_url(url).set(drivername="postgresql+psycopg").render_as_string(False)


def rows_of(url: str) -> dict[str, list[tuple[object, ...]]]:
    """Every row of every table, as it is stored."""
    engine = create_engine(url)
    with engine.connect() as connection:
        found = {
            name: sorted(map(tuple, connection.execute(text(f"SELECT * FROM {name}"))), key=repr)
            for name in inspect(connection).get_table_names()
        }
    engine.dispose()
    return found


def files_of(folder: Path, url: str) -> dict[str, str]:
    """The files that the rows of a database name, with their digests."""
    engine = create_engine(url)
    with engine.connect() as connection:
        named = read_snapshot(connection).files
    engine.dispose()
    return {path: hashlib.sha256((folder / path).read_bytes()).hexdigest() for path in named}


@contextmanager
def app_on(config: Config, folder: Path, url: str) -> Iterator[Flask]:
    """The portal on a restored database."""
    app = create_app(replace(config, instance_path=folder, database_url=url))
    with app.app_context():
        forget_catalogue()
        try:
            yield app
        finally:
            db.session.remove()
            db.engine.dispose()
            forget_catalogue()


def url_of_database() -> str:
    return db.engine.url.render_as_string(hide_password=False)


def make_paper(app: Flask, invoice_id: int, content: bytes) -> str:
    """The PDF of an invoice as the worker keeps it; where it lies."""
    stored = keep_paper(Path(app.instance_path), content)
    with write_transaction() as session:
        assert papers.record_paper(session, PaperSubject(invoice_id=invoice_id), stored)
    return str(stored.path)


# --- Under load -----------------------------------------------------------------------------------------------------


@dataclass(slots=True)
class Load:
    """What people did while it went on."""

    saves: int = 0
    papers: int = 0
    error: BaseException | None = None


@contextmanager
def people_at_work(app: Flask) -> Iterator[Load]:
    """Parents book and cancel, and invoices get their PDFs, every second of which is erased again; all at once."""
    planning = factories.make_planning(places=50)
    families = [factories.add_family(planning, f"FAMILLE {number}") for number in range(3)]
    openings = [planning.opening(factories.WEDNESDAY, unit) for unit in ("Matin", "Après-midi")]
    agent_id = factories.make_staff()
    done, stop = Load(), threading.Event()

    def book(family: factories.FamilySetup, child_id: int) -> None:
        factories.save(family, child_id, book=openings)
        factories.save(family, child_id, cancel=openings)
        done.saves += 2

    def invoice() -> None:
        invoice_id = factories.make_invoice(planning.family)
        path = make_paper(app, invoice_id, os.urandom(20_000))
        with write_transaction() as session:
            record_counter_payment(
                session, office_id=session.get_one(Invoice, invoice_id).office_id, family_id=planning.family.family_id,
                mode=PaymentMode.CASH, amount_cents=500, received_on=clock.today(), reference="", recorded_by=agent_id,
            )  # fmt: skip
        done.papers += 1
        if done.papers % 2:
            with write_transaction() as session:
                session.execute(delete(StoredPdf).where(StoredPdf.path == path))
            remove_file(Path(app.instance_path), path)

    def go_on(step: Callable[[], None]) -> None:
        with app.app_context():
            while not stop.is_set() and done.error is None:
                try:
                    step()
                except BaseException as error:
                    done.error = error
                finally:
                    db.session.remove()

    threads = [threading.Thread(target=go_on, args=(lambda pair=pair: book(*pair),)) for pair in families]
    threads.append(threading.Thread(target=go_on, args=(invoice,)))
    for thread in threads:
        thread.start()
    try:
        yield done
    finally:
        stop.set()
        for thread in threads:
            thread.join(timeout=60)
    assert done.error is None, done.error


def wait_for(load: Load, *, saves: int = 0, papers: int = 0) -> None:
    """Until so many more were made."""
    saves, papers, ends_at = load.saves + saves, load.papers + papers, time.monotonic() + 60
    while load.saves < saves or load.papers < papers:
        assert load.error is None and time.monotonic() < ends_at, load
        time.sleep(0.01)


def test_what_is_saved_while_people_work_is_one_moment(
    app: Flask, config: Config, elsewhere: tuple[Path, str | None], monkeypatch: pytest.MonkeyPatch
) -> None:
    add = backups.ArchiveWriter.add

    def add_slowly(self: backups.ArchiveWriter, name: str, path: Path) -> object:
        wait_for(load, saves=1, papers=1)  # people go on between any two files
        return add(self, name, path)

    with people_at_work(app) as load:
        wait_for(load, saves=6, papers=4)
        monkeypatch.setattr(backups.ArchiveWriter, "add", add_slowly)
        made = back_up(db.engine, config, PASSPHRASE)
    assert made.problems == () and made.file_count >= 2
    folder, database = elsewhere
    restored = restore(made.path, PASSPHRASE, folder, database, config.postgres_bin)
    assert restored.problems == ()  # rows, sums and files are those of the moment
    with app_on(config, folder, restored.database_url):
        found = {each.problem for each in find_inconsistencies(db.session())}
        assert found <= {Problem.INVOICED_BOOKING}  # the invoices of these tests stand for no booking
        stored = db.session.scalars(select(StoredPdf)).all()
        assert len(stored) == made.file_count
        for paper in stored:
            assert hashlib.sha256((folder / paper.path).read_bytes()).hexdigest() == paper.sha256
    assert list(config.backup_folder.iterdir()) == [made.path]


def test_what_is_restored_is_what_was_there_row_by_row_and_file_by_file(
    app: Flask, config: Config, elsewhere: tuple[Path, str | None]
) -> None:
    family = factories.make_planning().family
    for number in range(3):
        invoice_id = factories.make_invoice(family, paid_cents=500)
        make_paper(app, invoice_id, b"%PDF" + bytes([number]) * (PIECE_BYTES // 2))
    factories.write_message(family, b"%PDF-1.4 secret", body="Mot secret")
    (config.instance_path / "orphan.pdf").write_bytes(b"named by nobody")
    made = back_up(db.engine, config, PASSPHRASE)
    assert (made.problems, made.file_count) == ((), 4)
    sealed = made.path.read_bytes()
    assert b"%PDF" not in sealed and DATA_KEY.encode() not in sealed and b"TEST" not in sealed
    assert made.path.stat().st_mode & 0o077 == 0
    folder, database = elsewhere
    restored = restore(made.path, PASSPHRASE, folder, database, config.postgres_bin)
    here, there = url_of_database(), restored.database_url
    assert rows_of(there) == rows_of(here)
    assert files_of(folder, there) == files_of(config.instance_path, here)
    assert (folder / "data_key").read_text() == DATA_KEY and (folder / "data_key").stat().st_mode & 0o077 == 0
    assert not (folder / "orphan.pdf").exists() and not list(folder.glob(".*"))
    # Sequences too: the next row gets a number of its own.
    with app_on(config, folder, there):
        factories.make_invoice(family)
    with pytest.raises(BackupFailed, match="vide"):
        restore(made.path, PASSPHRASE, folder, database, config.postgres_bin)


def test_a_file_stays_while_a_backup_is_made_and_two_are_not_made_at_once(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setattr("app.integrations.kept_files._LOCK_WAIT_SECONDS", 0.1)
    path = str(keep_file(tmp_path, "documents", b"x", ".pdf"))
    with files_stay(tmp_path):
        remove_file(tmp_path, path)
        assert (tmp_path / path).exists()
        with pytest.raises(FilesMustStay), files_stay(tmp_path):
            pass
    remove_file(tmp_path, path)
    assert not (tmp_path / path).exists()


# --- Archives that are not what was written --------------------------------------------------------------------------


@pytest.fixture
def portal(sqlite_app: Flask, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Config:
    """An installation on SQLite with an invoice, whose PDF takes two pieces, and its tables at this version."""
    flask_migrate.stamp()
    instance = tmp_path / "instance"
    instance.mkdir()
    (instance / "data_key").write_text(DATA_KEY)
    monkeypatch.setattr(sqlite_app, "instance_path", str(instance))
    with write_transaction() as session:
        install_data_key(session, DATA_KEY, instance / "not-used")
    setup = factories.make_planning()
    factories.book_past(setup.family, setup.child_id, setup.activity, [date(2026, 10, 7)])
    (invoice_id,) = factories.issue(setup.activity, date(2026, 10, 1), factories.make_staff(email="regie@example.org"))
    make_paper(sqlite_app, invoice_id, b"%PDF" + os.urandom(2 * PIECE_BYTES))
    return replace(sqlite_app.config["PORTAL"], instance_path=instance, data_key=None, backup_path=tmp_path / "backups")


def back_up_later(config: Config, **later: float) -> backups.Made:
    """Another backup, an hour after the one before unless told otherwise."""
    clock.start_at(clock.now() + timedelta(**(later or {"hours": 1})), frozen=True)
    return back_up(db.engine, config, PASSPHRASE)


def check(archive: Path, config: Config, passphrase: str = PASSPHRASE) -> tuple[str, ...]:
    """What reading an archive to its end finds."""
    with unpack_to_check(archive, passphrase, config) as unpacked:
        return unpacked.problems


def test_an_archive_that_was_altered_anywhere_or_cut_off_anywhere_is_refused(portal: Config, tmp_path: Path) -> None:
    whole = back_up(db.engine, portal, PASSPHRASE).path
    content = whole.read_bytes()
    assert check(whole, portal) == () and len(content) > 2 * PIECE_BYTES
    other = tmp_path / "other.backup"
    size = len(content)
    for place in (0, 24, 30, 60, 100, PIECE_BYTES, 2 * PIECE_BYTES, size - 1):
        other.write_bytes(content[:place] + bytes([content[place] ^ 1]) + content[place + 1 :])
        with pytest.raises(BackupFailed):
            check(other, portal)
    header, piece = 73, PIECE_BYTES + 16
    for cut in (0, 10, header, header + piece, header + piece + 1, size - 1):
        other.write_bytes(content[:cut])
        with pytest.raises(BackupFailed, match="abîmé"):
            check(other, portal)
    pieces = [content[header + n * piece : header + (n + 1) * piece] for n in range(3)]
    for forged in ([1, 0, 2], [0, 2], [0, 1, 1, 2], [0, 1, 2, 2]):
        other.write_bytes(content[:header] + b"".join(pieces[n] for n in forged))
        with pytest.raises(BackupFailed, match="abîmée"):
            check(other, portal)
    other.write_bytes(content + b"more")
    with pytest.raises(BackupFailed, match="abîmée"):
        check(other, portal)


def test_another_passphrase_opens_nothing_and_leaves_nothing(portal: Config, tmp_path: Path) -> None:
    archive = back_up(db.engine, portal, PASSPHRASE).path
    with pytest.raises(BackupFailed, match="phrase secrète n’est pas"):
        check(archive, portal, "une autre phrase tout aussi longue")
    place = tmp_path / "elsewhere"
    with pytest.raises(BackupFailed, match="phrase secrète n’est pas"):
        restore(archive, "une autre phrase tout aussi longue", place, None, None)
    archive.write_bytes(archive.read_bytes()[:-1])
    with pytest.raises(BackupFailed, match="abîmée"):
        restore(archive, PASSPHRASE, place, None, None)
    assert list(place.iterdir()) == []


@pytest.mark.parametrize("size", [0, 1, PIECE_BYTES - 1, PIECE_BYTES, PIECE_BYTES + 1, 3 * PIECE_BYTES])
def test_a_stream_gives_back_what_was_written(tmp_path: Path, size: int) -> None:
    content, path = os.urandom(size), tmp_path / "stream"
    with path.open("wb") as target:
        writer = SealedWriter(target, PASSPHRASE)
        for start in range(0, size, 700_001):
            writer.write(content[start : start + 700_001])
        writer.end()
    with path.open("rb") as source:
        assert SealedReader(source, PASSPHRASE).read() == content
    with path.open("rb") as source, pytest.raises(WrongPassphrase):
        SealedReader(source, PASSPHRASE + ".")
    path.write_bytes(path.read_bytes()[:-1])
    with path.open("rb") as source, pytest.raises(StreamRefused):
        SealedReader(source, PASSPHRASE).read()


Run = Callable[..., Result]


@pytest.fixture
def run(portal: Config, sqlite_app: Flask, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    passphrase = tmp_path / "passphrase"
    passphrase.write_text(f"{PASSPHRASE}\n")

    def invoke(*words: str, typed: str = "", **changes: object) -> Result:
        settings = {"backup_passphrase_file": passphrase, **changes}
        monkeypatch.setitem(sqlite_app.config, "PORTAL", replace(portal, **settings))  # type: ignore[arg-type]
        return sqlite_app.test_cli_runner().invoke(args=list(words), input=typed)

    return invoke


# --- What breaks off, and what is kept --------------------------------------------------------------------------------


def test_older_backups_go_once_the_new_one_is_good_and_only_then(portal: Config) -> None:
    keep_two = replace(portal, backup_keep=Keep(days=2, weeks=0, months=0))
    for _ in range(3):
        made = back_up_later(keep_two, days=1)
    assert made.removed == 1 and len(archives_in(keep_two.backup_folder)) == 2
    assert last_made(keep_two.backup_folder) == clock.now()
    (keep_two.backup_folder / "notes.txt").write_text("of somebody else")
    path = db.session.scalars(select(StoredPdf.path)).one()
    (portal.instance_path / path).write_bytes(b"%PDF of another")
    altered = back_up_later(keep_two, days=1)
    assert altered.problems == (f"fichier différent de celui qui fut enregistré : {path}",) and altered.removed == 0
    (portal.instance_path / path).unlink()
    missing = back_up_later(keep_two, days=1)
    assert missing.problems == (f"fichier absent : {path}",) and missing.removed == 0
    assert check(missing.path, portal) == missing.problems
    assert len(archives_in(keep_two.backup_folder)) == 4 and (keep_two.backup_folder / "notes.txt").exists()


def test_a_database_with_a_page_of_zeros_is_told_at_once_and_by_the_check(portal: Config, tmp_path: Path) -> None:
    good = back_up(db.engine, portal, PASSPHRASE)
    broken = tmp_path / "broken.sqlite3"
    backups.copy_sqlite(Path(str(db.engine.url.database)), broken)
    with closing(sqlite3.connect(broken)) as connection:
        page = connection.execute(
            "SELECT rootpage FROM sqlite_master WHERE type = 'index' AND tbl_name = 'booking' AND sql IS NOT NULL"
        ).fetchone()[0]
        size = connection.execute("PRAGMA page_size").fetchone()[0]
    with broken.open("r+b") as file:
        file.seek((page - 1) * size)
        file.write(bytes(size))
    engine = create_engine(f"sqlite:///{broken}")
    clock.start_at(clock.now() + timedelta(days=400), frozen=True)
    made = back_up(engine, portal, PASSPHRASE)
    engine.dispose()
    assert made.problems and made.removed == 0 and good.path.exists()
    assert check(made.path, portal)


@pytest.mark.parametrize("member", ["database", "file", "end"])
def test_a_full_disk_leaves_the_older_backups_and_nothing_else(
    portal: Config, monkeypatch: pytest.MonkeyPatch, member: str
) -> None:
    first = back_up(db.engine, portal, PASSPHRASE)
    content = first.path.read_bytes()

    def fill(*_arguments: object, **_named: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    if member == "database":
        monkeypatch.setattr(backups, "copy_sqlite", fill)
    elif member == "file":
        monkeypatch.setattr(sealed_streams.SealedWriter, "_write_piece", fill)
    else:
        monkeypatch.setattr(backups.os, "fsync", fill)
    with pytest.raises(BackupFailed, match="plus de place"):
        back_up_later(portal)
    assert list(portal.backup_folder.iterdir()) == [first.path] and first.path.read_bytes() == content


KILLED = """
import os, signal
from app.jobs import backups
end = backups.ArchiveWriter.end
def die(self, contents):
    end(self, contents)
    os.kill(os.getpid(), signal.SIGKILL)
backups.ArchiveWriter.end = die
from wsgi import app
raise SystemExit(app.test_cli_runner().invoke(args=["backup"]).exit_code)
"""


def killed(config: Config, url: str) -> int:
    """The exit status of the command as the council's IT runs it, but that it dies when the archive has no name yet."""
    settings = {
        "DEMO": "0", "ESPACE_FAMILLE_NOW": "", "BACKUP_PATH": str(config.backup_folder),
        "BACKUP_PASSPHRASE_FILE": str(config.instance_path.parent / "passphrase"),
    }  # fmt: skip
    return subprocess.run(
        [sys.executable, "-c", KILLED], cwd=ROOT, timeout=120, check=False,
        env={**environment(config.instance_path, url), **settings}, capture_output=True,
    ).returncode  # fmt: skip


def test_a_command_that_is_killed_leaves_no_archive_and_the_next_one_is_whole(
    portal: Config, run: Run, tmp_path: Path
) -> None:
    url = url_of_database()
    assert killed(portal, url) == -signal.SIGKILL and archives_in(portal.backup_folder) == {}
    assert list(portal.backup_folder.glob(".partial-*/*.backup"))  # what it had begun
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(backups.ArchiveWriter, "end", lambda *_arguments: os.kill(os.getpid(), signal.SIGTERM))
        assert run("backup").exit_code == 128 + signal.SIGTERM
    assert list(portal.backup_folder.iterdir()) == []
    whole = run("backup")
    assert whole.exit_code == 0 and "Sauvegarde faite" in whole.output
    (archive,) = map(str, portal.backup_folder.iterdir())
    checked = run("restore", "--check", archive)
    assert checked.exit_code == 0 and "Tout s’accorde." in checked.output
    restored = run("restore", archive, "--into", str(tmp_path / "new"))
    assert restored.exit_code == 0 and "Restaurée." in restored.output
    assert rows_of(f"sqlite:///{tmp_path / 'new' / 'espace-famille.sqlite3'}") == rows_of(url)


# --- The commands ----------------------------------------------------------------------------------------------------


def test_the_check_finds_what_the_data_itself_says_is_wrong(portal: Config, run: Run) -> None:
    assert run("backup").exit_code == 0
    with write_transaction() as session:
        session.execute(update(Invoice).values(total_cents=Invoice.total_cents + 1))
    clock.start_at(clock.now() + timedelta(days=1), frozen=True)
    assert run("backup").exit_code == 0
    first, second = (str(path) for _, path in sorted(archives_in(portal.backup_folder).items()))
    good, bad = run("restore", "--check", first), run("restore", "--check", second)
    assert (good.exit_code, bad.exit_code) == (0, PROBLEMS_EXIT_STATUS), good.output + bad.output
    assert "1 fichier, 4,20\u00a0€ facturés, 0,00\u00a0€ encaissés" in good.output and "invoice_total" in bad.output
    assert db.session.scalar(select(Invoice.total_cents)) == 421  # nothing here was touched


def test_the_check_wants_the_key_of_the_data(portal: Config, run: Run) -> None:
    child_id = factories.make_child(factories.make_family("AUTRE"))
    with write_transaction() as session:
        session.add(ChildSection(child_id=child_id, kind=SectionKind.HEALTH, body="{}"))
    assert run("backup", data_key=DATA_KEY).exit_code == 0  # a setting: it is not in the archive
    (archive,) = archives_in(portal.backup_folder).values()
    assert "DATA_KEY" in run("restore", "--check", str(archive)).output
    assert run("restore", "--check", str(archive), data_key=DATA_KEY).exit_code == 0
    wrong = run("restore", "--check", str(archive), data_key=new_key())
    assert wrong.exit_code == PROBLEMS_EXIT_STATUS and "n’est pas celle" in wrong.output
    restored = run("restore", str(archive), "--into", str(portal.backup_folder.parent / "new"))
    assert restored.exit_code == 0 and "DATA_KEY" in restored.output
    assert not (portal.backup_folder.parent / "new" / "data_key").exists()


def test_both_keys_are_saved_while_the_key_is_replaced(portal: Config, run: Run) -> None:
    new, read = new_key(), backups.copy_sqlite

    def replace_key_meanwhile(source: Path, target: Path) -> None:
        read(source, target)
        replace_keys(portal.data_key_file, (new,))

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(backups, "copy_sqlite", replace_key_meanwhile)
        made = back_up(db.engine, portal, PASSPHRASE)
    with unpack_to_check(made.path, PASSPHRASE, portal) as unpacked:
        assert unpacked.contents.data_key == f"{new},{DATA_KEY}"


def test_the_passphrase_is_a_long_one_in_a_file_or_typed(portal: Config, run: Run, tmp_path: Path) -> None:
    none = run("backup", backup_passphrase_file=None)
    assert none.exit_code == 1 and "BACKUP_PASSPHRASE_FILE" in none.output
    (tmp_path / "short").write_text("tortue")
    for name in ("short", "not there"):
        refused = run("backup", backup_passphrase_file=tmp_path / name)
        assert refused.exit_code == 1 and not portal.backup_folder.exists(), refused.output
    assert run("backup").exit_code == 0
    (archive,) = archives_in(portal.backup_folder).values()
    typed = run("restore", "--check", str(archive), typed=f"{PASSPHRASE}\n", backup_passphrase_file=None)
    assert typed.exit_code == 0 and PASSPHRASE not in typed.output
    for words in ([], ["--check", "--into", str(tmp_path / "new")]):
        assert run("restore", str(archive), *words).exit_code == 2


def test_a_missing_program_of_postgresql_is_named(tmp_path: Path) -> None:
    url = make_url("postgresql+psycopg://portail@127.0.0.1:1/portail")
    with pytest.raises(ProgramMissing, match="pg_dump"):
        dump_postgres(url, "1", tmp_path / "dump", binaries=tmp_path)


@pytest.mark.postgres
@pytest.mark.parametrize("app", ["postgresql"], indirect=True)
def test_a_backup_of_postgresql_is_checked_in_a_database_that_is_gone_afterwards(app: Flask, config: Config) -> None:
    make_paper(app, factories.make_invoice(factories.make_family()), b"%PDF")
    archive = back_up(db.engine, config, PASSPHRASE).path
    names = text("SELECT datname FROM pg_database ORDER BY datname")
    before = db.session.execute(names).all()
    with unpack_to_check(archive, PASSPHRASE, config) as unpacked:
        assert unpacked.problems == () and len(db.session.execute(names).all()) == len(before) + 1
    assert db.session.execute(names).all() == before
    with pytest.raises(BackupFailed, match="--database"):
        restore(archive, PASSPHRASE, config.instance_path.parent / "new", None, None)
    with pytest.raises(BackupFailed, match="La base indiquée n’est pas vide"):
        restore(archive, PASSPHRASE, config.instance_path.parent / "new", url_of_database(), None)
    with pytest.raises(BackupFailed, match="DATABASE_URL"):
        check(archive, replace(config, database_url="sqlite://"))


# --- How old it is ---------------------------------------------------------------------------------------------------


def test_the_age_of_the_last_backup_is_told_to_the_monitor_and_to_the_administrator(
    portal: Config, sqlite_client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sqlite_client.app.config, "PORTAL", portal)
    client = sqlite_client.sign_in(factories.make_staff())
    assert "Aucune sauvegarde des données" in client.get("/gestion/reglages").text
    back_up(db.engine, portal, PASSPHRASE)
    clock.start_at(clock.now() + timedelta(minutes=20), frozen=True)
    page = client.get("/gestion/reglages").text
    assert "Dernière sauvegarde des données : le 23/11/2026 à 08:30." in page and "prévenez" not in page
    assert client.app.test_client().get("/sante").get_json()["backup"] == {"age_seconds": 20 * 60}
    clock.start_at(clock.now() + timedelta(days=2), frozen=True)
    client = sqlite_client.sign_in(factories.make_staff(email="admin2@example.org"))
    assert "Elle a plus de deux jours" in client.get("/gestion/reglages").text
