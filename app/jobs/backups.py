"""Backups: the database as it is at one moment, and every file that its rows name, in one encrypted archive.

Files are written once and before the rows that name them, and while `files_stay()` holds none that a row names goes:
so what a snapshot taken inside names is there. An archive gets its name when it is whole and on the disk; only then
older ones go (docs/rules/backups.md). A backup that breaks off leaves nothing but a folder that the next one removes.
"""

import errno
import os
import re
import shutil
import tempfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import Engine, create_engine, func, make_url, select
from sqlalchemy.exc import SQLAlchemyError

from app import clock
from app.clock import PARIS
from app.config import DATABASE_FILE, Config
from app.crypto import split_keys
from app.integrations.backup_archives import DATABASE_MEMBER, FILES_FOLDER, ArchiveWriter, Contents, read_archive
from app.integrations.database_copies import (
    CopyFailed,
    ProgramMissing,
    copy_sqlite,
    dump_postgres,
    has_tables,
    load_postgres,
    passing_database,
    sqlite_problems,
)
from app.integrations.kept_files import FilesMustStay, files_stay
from app.integrations.sealed_streams import StreamRefused, WrongPassphrase
from app.rules.backups import kept
from app.services.snapshots import Snapshot, read_snapshot

_NAME = re.compile(r"espace-famille-(\d{8}T\d{6})Z\.backup")
_TIME = "%Y%m%dT%H%M%S"
_WORK_PREFIX = ".partial-"
_SQLITE, _POSTGRESQL = "sqlite", "postgresql"
# What an instance folder may hold in which a backup is restored: what a command makes there by being called.
_NO_CONTENT = frozenset({"secret_key", "backup.lock", "backups"})


class BackupFailed(Exception):
    """Nothing was made, and nothing that was there before has changed; the text says why, and what to do."""


@dataclass(frozen=True, slots=True)
class Made:
    """A backup that was made."""

    path: Path
    size_bytes: int
    row_count: int
    file_count: int
    problems: tuple[str, ...]  # what it shows to be wrong with what was saved
    removed: int  # older archives


@dataclass(frozen=True, slots=True)
class Unpacked:
    """An archive that was read to its end, and the database that was in it."""

    contents: Contents
    database_url: str
    problems: tuple[str, ...]


def archives_in(folder: Path) -> dict[datetime, Path]:
    """The archives in a folder, by the moment they were made."""
    found = {}
    for path in folder.glob("espace-famille-*.backup"):
        if name := _NAME.fullmatch(path.name):
            found[datetime.strptime(name[1], _TIME).replace(tzinfo=UTC).astimezone(PARIS)] = path
    return found


def last_made(folder: Path) -> datetime | None:
    """When the newest archive of a folder was made."""
    return max(archives_in(folder), default=None)


def back_up(engine: Engine, config: Config, passphrase: str) -> Made:
    """Make a backup, and remove the older ones that are not to be kept any more. Raises BackupFailed."""
    folder = config.backup_folder
    with _told(folder):
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        with files_stay(config.instance_path), _work_folder(folder, _WORK_PREFIX) as work:
            return _back_up(engine, config, passphrase, work)


def _back_up(engine: Engine, config: Config, passphrase: str, work: Path) -> Made:
    made_at = clock.now()
    final = config.backup_folder / f"espace-famille-{made_at.astimezone(UTC):{_TIME}}Z.backup"
    if final.exists():
        raise BackupFailed(f"{final.name} existe déjà.")
    keys = _key_texts(config)
    copy, partial = work / DATABASE_MEMBER, work / final.name
    snapshot, problems = _copy_database(engine, copy, config)
    missing, altered = [], []
    with partial.open("xb") as target, ArchiveWriter(target, passphrase) as archive:
        partial.chmod(0o600)
        archive.add(DATABASE_MEMBER, copy)
        copy.unlink()
        for path, digest in sorted(snapshot.files.items()):
            try:
                member = archive.add(f"{FILES_FOLDER}/{path}", config.instance_path / path)
            except FileNotFoundError:
                missing.append(path)
                continue
            if digest is not None and member.sha256 != digest:
                altered.append(path)
        archive.end(
            Contents(
                made_at=made_at.astimezone(UTC).isoformat(),
                engine=engine.dialect.name,
                revision=snapshot.revision,
                # Those from before and after: the key may be replaced meanwhile, with rows of both in the copy.
                data_key=",".join(dict.fromkeys((*_key_texts(config), *keys))) or None,
                rows=snapshot.rows,
                cents=snapshot.cents,
                missing=tuple(missing),
                altered=tuple(altered),
                members=archive.members,
            )
        )
        target.flush()
        os.fsync(target.fileno())
    partial.rename(final)
    _sync(config.backup_folder)
    problems = (*problems, *_file_problems(missing, altered))
    removed = 0 if problems else _rotate(config)
    return Made(final, final.stat().st_size, sum(snapshot.rows.values()), len(archive.members) - 1, problems, removed)


@contextmanager
def unpack_to_check(archive: Path, passphrase: str, config: Config) -> Iterator[Unpacked]:
    """Read an archive to its end and bring its database to a place of its own, which is gone afterwards.

    Raises BackupFailed.
    """
    with _told(archive), tempfile.TemporaryDirectory(prefix="espace-famille-") as name:
        place = Path(name)
        copy = place / DATABASE_FILE
        contents = _read(archive, passphrase, lambda member: copy if member == DATABASE_MEMBER else None)
        if contents.engine == _SQLITE:
            url = f"sqlite:///{copy}"
            yield Unpacked(contents, url, _compare(url, contents, copy))
            return
        server = make_url(config.database_url)
        if server.get_backend_name() != _POSTGRESQL:
            raise BackupFailed(
                "Cette sauvegarde est celle d’une base PostgreSQL : indiquez dans DATABASE_URL une base du serveur à "
                "côté de laquelle l’ouvrir un instant."
            )
        with passing_database(server) as passing:
            load_postgres(passing, copy, config.postgres_bin)
            url = passing.render_as_string(hide_password=False)
            yield Unpacked(contents, url, _compare(url, contents))


def restore(
    archive: Path, passphrase: str, folder: Path, database_url: str | None, postgres_bin: Path | None
) -> Unpacked:
    """Bring a backup into an empty instance folder and, where it is one of PostgreSQL, an empty database.

    All is read to its end before anything gets its name. Raises BackupFailed.
    """
    with _told(folder):
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        there = {path.name for path in folder.iterdir() if not path.name.startswith(_WORK_PREFIX)}
        if there - _NO_CONTENT:
            raise BackupFailed(
                f"{folder} n’est pas vide : restaurez dans un dossier neuf, puis indiquez-le dans INSTANCE_PATH."
            )
        server = None if database_url is None else make_url(database_url)
        if server is not None and has_tables(server):
            raise BackupFailed("La base indiquée n’est pas vide : restaurez dans une base neuve.")
        with _work_folder(folder, _WORK_PREFIX) as work:
            contents = _read(archive, passphrase, lambda member: work / _place_of(member))
            if (contents.engine == _POSTGRESQL) != (server is not None):
                raise BackupFailed(
                    "Cette sauvegarde est celle d’une base PostgreSQL : indiquez une base vide avec --database."
                    if server is None
                    else "Cette sauvegarde contient une base SQLite, qui va dans le dossier : enlevez --database."
                )
            copy = work / DATABASE_FILE
            if server is None:
                url = f"sqlite:///{folder / DATABASE_FILE}"
                problems = _compare(f"sqlite:///{copy}", contents, copy)
            else:
                load_postgres(server, copy, postgres_bin)
                copy.unlink()
                url = server.render_as_string(hide_password=False)
                problems = _compare(url, contents)
            if contents.data_key is not None:
                _write_key(work / "data_key", contents.data_key)
            _move_up(work, folder)
        return Unpacked(contents, url, problems)


def _place_of(member: str) -> Path:
    return Path(DATABASE_FILE) if member == DATABASE_MEMBER else Path(member).relative_to(FILES_FOLDER)


def _read(archive: Path, passphrase: str, place_of: Callable[[str], Path | None]) -> Contents:
    with archive.open("rb") as source:
        try:
            return read_archive(source, passphrase, place_of)
        except WrongPassphrase:
            raise BackupFailed(
                "La phrase secrète n’est pas celle de cette sauvegarde (ou le début du fichier est abîmé)."
            ) from None
        except StreamRefused as refused:
            raise BackupFailed(f"Cette sauvegarde est abîmée, incomplète ou modifiée ({refused}).") from None


def _copy_database(engine: Engine, target: Path, config: Config) -> tuple[Snapshot, tuple[str, ...]]:
    if engine.dialect.name == _SQLITE:
        copy_sqlite(Path(str(engine.url.database)), target)
        return _read_url(f"sqlite:///{target}"), sqlite_problems(target)
    snapshot_of = engine.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
    with snapshot_of.connect() as connection:
        snapshot_id = connection.scalar(select(func.pg_export_snapshot()))
        dump_postgres(engine.url, str(snapshot_id), target, config.postgres_bin)
        return read_snapshot(connection), ()


def _read_url(url: str) -> Snapshot:
    engine = create_engine(url)
    try:
        with engine.connect() as connection:
            return read_snapshot(connection)
    finally:
        engine.dispose()


def _compare(url: str, contents: Contents, sqlite_file: Path | None = None) -> tuple[str, ...]:
    """What differs between a database that came out of an archive, its files, and what the archive says of them."""
    damaged = () if sqlite_file is None else sqlite_problems(sqlite_file)
    found = _read_url(url)
    tables = [name for name in sorted({*found.rows, *contents.rows}) if found.rows.get(name) != contents.rows.get(name)]
    sums = [
        name for name in sorted({*found.cents, *contents.cents}) if found.cents.get(name) != contents.cents.get(name)
    ]
    members = {name: contents.members.get(f"{FILES_FOLDER}/{name}") for name in found.files}
    missing = [name for name, member in sorted(members.items()) if member is None]
    altered = [
        name
        for name, member in sorted(members.items())
        if member is not None and found.files[name] is not None and member.sha256 != found.files[name]
    ]
    return (
        *damaged,
        *(f"lignes de {name} : {found.rows.get(name)} au lieu de {contents.rows.get(name)}" for name in tables),
        *(f"somme de {name} : {found.cents.get(name)} au lieu de {contents.cents.get(name)}" for name in sums),
        *_file_problems(missing, altered),
    )


def _file_problems(missing: Iterable[str], altered: Iterable[str]) -> tuple[str, ...]:
    return (
        *(f"fichier absent : {path}" for path in missing),
        *(f"fichier différent de celui qui fut enregistré : {path}" for path in altered),
    )


def _rotate(config: Config) -> int:
    there = archives_in(config.backup_folder)
    gone = there.keys() - kept(there, config.backup_keep)
    for moment in gone:
        there[moment].unlink(missing_ok=True)
    return len(gone)


def _key_texts(config: Config) -> tuple[str, ...]:
    """The keys of the instance folder; a key that is a setting is kept elsewhere, by whoever set it."""
    if config.data_key is not None or not config.data_key_file.exists():
        return ()
    return split_keys(config.data_key_file.read_text())


def _write_key(path: Path, text: str) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write(text)


def _move_up(work: Path, folder: Path) -> None:
    """Give all its place, on the disk first; the database last, so that a portal finds all or none."""
    for path in work.rglob("*"):
        _sync(path)
    for path in sorted(work.iterdir(), key=lambda each: each.name == DATABASE_FILE):
        path.rename(folder / path.name)
    _sync(folder)


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


@contextmanager
def _work_folder(folder: Path, prefix: str) -> Iterator[Path]:
    """A folder of one's own; what one that was killed left is removed."""
    for left_over in folder.glob(f"{prefix}*"):
        shutil.rmtree(left_over, ignore_errors=True)
    work = Path(tempfile.mkdtemp(prefix=prefix, dir=folder))
    try:
        yield work
    finally:
        shutil.rmtree(work, ignore_errors=True)


@contextmanager
def _told(place: Path) -> Iterator[None]:
    """What goes wrong, as BackupFailed with a sentence."""
    try:
        yield
    except FilesMustStay:
        raise BackupFailed("Une autre sauvegarde est en cours.") from None
    except ProgramMissing as missing:
        raise BackupFailed(
            f"{missing} ne se trouve pas sur cette machine : installez les programmes de PostgreSQL (apt-get install "
            "postgresql-client), ou indiquez leur dossier dans POSTGRES_BIN."
        ) from None
    except CopyFailed as failed:
        raise BackupFailed(f"La base de données ne s’y prête pas : {failed}") from None
    except SQLAlchemyError as error:
        raise BackupFailed(f"La base de données ne répond pas comme il faut : {error}") from None
    except OSError as error:
        if error.errno == errno.ENOSPC:
            raise BackupFailed(f"Il n’y a plus de place sur le disque ({place}).") from None
        raise BackupFailed(f"{error.strerror or error} ({error.filename or place}).") from None
