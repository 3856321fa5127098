"""Files in the instance folder, which no web server serves: under names that nobody guesses, whole or not at all.

Papers lie there as they are. What families hand in lies there encrypted (`seal`), each file with a key of its own that
only the database holds, itself encrypted with DATA_KEY: changing that key leaves the files as they are, and a file
whose row is gone opens for nobody.
"""

import fcntl
import os
import secrets
import time
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from app.crypto import open_sealed, seal

SEALED_FOLDER = "handed-in"
PUBLISHED_FOLDER = "publications"  # what the council offers for download: nobody's secret, and not encrypted
_SEALED = ".sealed"
_PARTIAL = ".partial"
_STAY_LOCK = "backup.lock"
_LOCK_WAIT_SECONDS = 10.0


@dataclass(frozen=True, slots=True)
class SealedFile:
    """Where a sealed file lies in the instance folder, and the key that opens it."""

    path: str
    key: str


@dataclass(frozen=True, slots=True)
class HandedInFile:
    """A file that was decoded and written: where it lies, how the family called it, its size as it is downloaded."""

    sealed: SealedFile
    name: str
    size_bytes: int
    page_count: int


def keep_file(instance_path: Path, folder: str, content: bytes, suffix: str) -> PurePosixPath:
    """Write a file and return where it lies; it is whole, and on the disk, before any row names it."""
    name = f"{secrets.token_hex(24)}{suffix}"
    path = PurePosixPath(folder, name[:2], name)
    final = instance_path / path
    final.parent.mkdir(parents=True, exist_ok=True)
    partial = final.with_suffix(_PARTIAL)
    descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        partial.rename(final)
    except BaseException:
        partial.unlink(missing_ok=True)  # a full disk must not be fuller for it
        raise
    directory = os.open(final.parent, os.O_RDONLY)
    try:
        os.fsync(directory)
    finally:
        os.close(directory)
    return path


def keep_sealed(instance_path: Path, content: bytes) -> SealedFile:
    """Encrypt a file and write it. Whoever calls removes it again where the row that names it is not stored."""
    key, sealed = seal(content)
    return SealedFile(str(keep_file(instance_path, SEALED_FOLDER, sealed, _SEALED)), key)


def read_sealed(instance_path: Path, file: SealedFile) -> bytes:
    """What a sealed file holds. Raises OSError and crypto.WrongDataKey."""
    return open_sealed(file.key, (instance_path / file.path).read_bytes())


class FilesMustStay(Exception):
    """Another backup is being made."""


@contextmanager
def files_stay(instance_path: Path) -> Iterator[None]:
    """Inside, no process removes a file that a row named: what the rows of a snapshot taken inside name is there.

    Raises FilesMustStay where somebody else is inside.
    """
    with _opened(instance_path) as lock:
        ends_at = time.monotonic() + _LOCK_WAIT_SECONDS
        while not _lock(lock, fcntl.LOCK_EX):  # who removes files has it for an instant
            if time.monotonic() > ends_at:
                raise FilesMustStay
            time.sleep(0.05)
        yield


def remove_file(instance_path: Path, path: str) -> None:
    """Remove a file that no row names. While a backup is made it stays, for the daily look for such files."""
    with _opened(instance_path) as lock:
        if _lock(lock, fcntl.LOCK_SH):
            (instance_path / path).unlink(missing_ok=True)


@contextmanager
def _opened(instance_path: Path) -> Iterator[int]:
    descriptor = os.open(instance_path / _STAY_LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        yield descriptor
    finally:
        os.close(descriptor)  # gives the lock back


def _lock(descriptor: int, kind: int) -> bool:
    try:
        fcntl.flock(descriptor, kind | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def uploaded_paths(instance_path: Path, older_than_seconds: float, *more_folders: str) -> list[str]:
    """What was handed in or published, and what was begun of some, that has been there for so long; and what lies in
    some more folders."""
    last = time.time() - older_than_seconds
    return [
        str(PurePosixPath(path.relative_to(instance_path)))
        for folder in (SEALED_FOLDER, PUBLISHED_FOLDER, *more_folders)
        for path in (instance_path / folder).glob("*/*")
        if path.is_file() and path.stat().st_mtime < last
    ]


def remove_orphans(instance_path: Path, candidates: Collection[str], named: Collection[str]) -> int:
    """Remove the files among the candidates that no row names, and return how many."""
    orphans = set(candidates).difference(named)
    for path in orphans:
        remove_file(instance_path, path)
    return len(orphans)
