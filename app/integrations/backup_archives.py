"""The archive of a backup: a compressed tar within an encrypted stream, its list at the end.

The list (`Contents`) says of every member how large it is and its SHA-256; what is read is compared with it. Members
are written and read one after the other: nothing is ever in memory as a whole.
"""

import gzip
import hashlib
import io
import json
import tarfile
import zlib
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import asdict, dataclass, field
from pathlib import Path, PurePosixPath
from typing import IO, Any

from app.integrations.sealed_streams import SealedReader, SealedWriter, StreamRefused

DATABASE_MEMBER = "database"
FILES_FOLDER = "files"
_LIST_MEMBER = "contents.json"
_COMPRESSION = 3  # PDFs hardly shrink, the database does: more would only take longer
_CHUNK_BYTES = 1 << 20
_LONGEST_LIST_BYTES = 512 << 20


@dataclass(frozen=True, slots=True)
class Member:
    """A file of the archive."""

    size_bytes: int
    sha256: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Contents:
    """What an archive holds, and what its database held when it was made."""

    made_at: str  # ISO 8601, UTC
    engine: str  # "sqlite" or "postgresql"
    revision: str  # the version of the tables
    data_key: str | None  # None: a setting, which is kept elsewhere
    rows: Mapping[str, int]  # of each table
    cents: Mapping[str, int]  # the sum of each column of money
    missing: tuple[str, ...] = ()  # files that rows name, and that were not there
    altered: tuple[str, ...] = ()  # files that are not what their rows say
    members: Mapping[str, Member] = field(default_factory=dict)


class ArchiveWriter:
    """Writes an archive into an open file, within a `with` block; `end()` makes it whole, else it stays broken."""

    def __init__(self, target: IO[bytes], passphrase: str) -> None:
        self._sealed = SealedWriter(target, passphrase)
        packed = gzip.GzipFile(filename="", fileobj=self._sealed, mode="wb", compresslevel=_COMPRESSION, mtime=0)
        with ExitStack() as stack:
            stack.enter_context(packed)
            self._tar = stack.enter_context(tarfile.open(mode="w|", fileobj=packed))
            self._open = stack.pop_all()
        self.members: dict[str, Member] = {}

    def __enter__(self) -> "ArchiveWriter":
        return self

    def __exit__(self, *_error: object) -> None:
        self._sealed.give_up()
        self._open.close()  # what the parts wrote when they are forgotten would come too late

    def add(self, name: str, path: Path) -> Member:
        """Put a file in. Raises OSError."""
        with path.open("rb") as source:
            info = tarfile.TarInfo(name)
            info.size = path.stat().st_size
            digest = _Digesting(source)
            self._tar.addfile(info, digest)
        self.members[name] = Member(info.size, digest.found.hexdigest())
        return self.members[name]

    def end(self, contents: Contents) -> None:
        """Put the list in and end the stream."""
        text = json.dumps(asdict(contents)).encode()
        info = tarfile.TarInfo(_LIST_MEMBER)
        info.size = len(text)
        self._tar.addfile(info, io.BytesIO(text))
        self._open.close()
        self._sealed.end()


def read_archive(source: IO[bytes], passphrase: str, place_of: Callable[[str], Path | None]) -> Contents:
    """Read a whole archive, compare all with its list, and write members where `place_of(name)` says (None: nowhere).

    Raises StreamRefused where anything is not as it was written, once nothing else could come; and OSError.
    """
    try:
        return _read(source, passphrase, place_of)
    except (tarfile.TarError, zlib.error, gzip.BadGzipFile, EOFError, ValueError, KeyError, TypeError) as error:
        raise StreamRefused(f"not readable: {error}") from None


def _read(source: IO[bytes], passphrase: str, place_of: Callable[[str], Path | None]) -> Contents:
    found: dict[str, Member] = {}
    listed: Contents | None = None
    sealed = io.BufferedReader(SealedReader(source, passphrase), _CHUNK_BYTES)
    with gzip.GzipFile(fileobj=sealed, mode="rb") as packed, tarfile.open(mode="r|", fileobj=packed) as tar:
        for info in tar:
            stream = tar.extractfile(info)
            if stream is None or not _is_inside(info.name) or listed is not None:
                raise StreamRefused(f"an unexpected member: {info.name}")
            if info.name == _LIST_MEMBER:
                if info.size > _LONGEST_LIST_BYTES:
                    raise StreamRefused("a list that is too long")
                listed = _contents(json.loads(stream.read()))
            else:
                found[info.name] = _copy(stream, place_of(info.name))
        while packed.read(_CHUNK_BYTES):  # to the end, which shows that nothing was cut off
            pass
    if sealed.read(1):
        raise StreamRefused("more than was written")
    if listed is None or dict(listed.members) != found:
        raise StreamRefused("not what its list says")
    return listed


def _copy(stream: IO[bytes], place: Path | None) -> Member:
    digest, size = hashlib.sha256(), 0
    with ExitStack() as stack:
        target = None
        if place is not None:
            place.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            target = stack.enter_context(place.open("xb"))
            place.chmod(0o600)
        while chunk := stream.read(_CHUNK_BYTES):
            digest.update(chunk)
            size += len(chunk)
            if target is not None:
                target.write(chunk)
    return Member(size, digest.hexdigest())


def _contents(read: dict[str, Any]) -> Contents:
    members = read.pop("members")
    missing, altered = read.pop("missing"), read.pop("altered")
    if not isinstance(members, dict) or not isinstance(missing, list) or not isinstance(altered, list):
        raise TypeError("a list of another form")
    known = {name: Member(**each) for name, each in members.items()}
    return Contents(**read, missing=tuple(missing), altered=tuple(altered), members=known)


def _is_inside(name: str) -> bool:
    path = PurePosixPath(name)
    return not path.is_absolute() and ".." not in path.parts


class _Digesting(io.RawIOBase):
    """Reads a file and keeps its digest."""

    def __init__(self, source: IO[bytes]) -> None:
        self._source = source
        self.found = hashlib.sha256()

    def read(self, size: int = -1) -> bytes:
        """Some bytes."""
        content = self._source.read(size)
        self.found.update(content)
        return content
