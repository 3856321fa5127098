"""Copies of a database at one moment while it is used, and databases made of such copies.

SQLite: its online backup, which holds up no writer. PostgreSQL: `pg_dump` of a snapshot that the caller holds, and
`pg_restore` in one transaction; both are programs of the installed PostgreSQL.
"""

import os
import shutil
import sqlite3
import subprocess
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from secrets import token_hex

import psycopg
from psycopg import sql
from sqlalchemy import URL

_DEBIAN = Path("/usr/lib/postgresql")


class CopyFailed(Exception):
    """The copy could not be made or loaded; the text says why, in the words of the database."""


class ProgramMissing(CopyFailed):
    """A program of PostgreSQL is not installed on this machine; the text is its name."""


def copy_sqlite(source: Path, target: Path) -> None:
    """Copy a database as it is at one moment. Raises CopyFailed."""
    try:
        with (
            closing(sqlite3.connect(f"{source.absolute().as_uri()}?mode=ro", uri=True)) as read,
            closing(sqlite3.connect(target)) as written,
        ):
            target.chmod(0o600)
            read.backup(written)
            written.execute("PRAGMA journal_mode=DELETE")  # one file, with nothing beside it
    except sqlite3.Error as error:
        raise CopyFailed(str(error)) from None


def sqlite_problems(path: Path) -> tuple[str, ...]:
    """What the database itself finds wrong in its pages, its indexes and its references; empty where it is whole."""
    try:
        with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)) as connection:
            pages = [row[0] for row in connection.execute("PRAGMA integrity_check(20)") if row[0] != "ok"]
            lost = [f"{row[0]} {row[1]} → {row[2]}" for row in connection.execute("PRAGMA foreign_key_check")]
    except sqlite3.Error as error:
        return (str(error),)
    return (*pages, *lost[:20])


def dump_postgres(url: URL, snapshot: str, target: Path, binaries: Path | None) -> None:
    """Write the rows of a snapshot, which a transaction of the caller exported. Raises CopyFailed."""
    target.touch(mode=0o600)
    _run(
        "pg_dump", url, binaries,
        "--format=custom", "--no-owner", "--no-privileges", f"--snapshot={snapshot}", f"--file={target}",
    )  # fmt: skip


def load_postgres(url: URL, dump: Path, binaries: Path | None) -> None:
    """Bring a dump into an empty database, whole or not at all. Raises CopyFailed."""
    _run(
        "pg_restore", url, binaries,
        "--single-transaction", "--exit-on-error", "--no-owner", "--no-privileges", str(dump),
    )  # fmt: skip


def has_tables(url: URL) -> bool:
    """Whether there is anything in a PostgreSQL database. Raises CopyFailed."""
    try:
        with psycopg.connect(_address(url)) as connection:
            found = connection.execute("SELECT count(*) FROM pg_stat_user_tables").fetchone()
    except psycopg.Error as error:
        raise CopyFailed(str(error).strip()) from None
    return bool(found and found[0])


@contextmanager
def passing_database(url: URL) -> Iterator[URL]:
    """A new database beside another one, gone at the end. Raises CopyFailed where the role may not make any."""
    name = sql.Identifier(f"espace_famille_{token_hex(8)}")
    try:
        with psycopg.connect(_address(url), autocommit=True) as connection:
            connection.execute(sql.SQL("CREATE DATABASE {} TEMPLATE template0").format(name))
    except psycopg.Error as error:
        raise CopyFailed(str(error).strip()) from None
    try:
        yield url.set(database=name.as_string().strip('"'))
    finally:
        with psycopg.connect(_address(url), autocommit=True) as connection:
            connection.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(name))


def _address(url: URL) -> str:
    return url.set(drivername="postgresql").render_as_string(hide_password=False)


def _run(program: str, url: URL, binaries: Path | None, *arguments: str) -> None:
    # The password goes by the environment: whoever lists the processes of the machine sees the arguments.
    address = url.set(drivername="postgresql", password=None).render_as_string(hide_password=False)
    environment = {**os.environ, **({"PGPASSWORD": str(url.password)} if url.password else {})}
    done = subprocess.run(
        [_find(program, binaries), f"--dbname={address}", *arguments],
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        check=False,
    )
    if done.returncode:
        raise CopyFailed(done.stderr.strip() or f"{program}: {done.returncode}")


def _find(program: str, binaries: Path | None) -> Path:
    """The program: in the folder of the setting, else of Debian's newest version (it must not be older than the
    server), else on the PATH. Raises ProgramMissing."""
    if binaries is not None:
        places = [binaries / program]
    else:
        versions = [place for place in _DEBIAN.glob("*/bin") if place.parent.name.isdigit()]
        places = [place / program for place in sorted(versions, key=lambda each: int(each.parent.name), reverse=True)]
        on_path = shutil.which(program)
        places += [Path(on_path)] if on_path else []
    for place in places:
        if os.access(place, os.X_OK):
            return place
    raise ProgramMissing(program)
