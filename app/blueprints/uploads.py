"""Files that people send: decoded outside any transaction, written before it, removed again where no row names them."""

import hashlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from flask import current_app
from werkzeug.datastructures import FileStorage
from wtforms import Field

from app.config import Config
from app.database import db
from app.document_labels import refusal_sentence
from app.integrations.handed_in_files import DecodedFile, FileRefused, receive_files
from app.integrations.kept_files import PUBLISHED_FOLDER, keep_file, remove_file
from app.rules.handed_in_files import FileKind
from app.rules.required_documents import FilesWanted
from app.services.publications import NewFile


@dataclass(slots=True, kw_only=True)
class Lying:
    """A file that was written; it stays where `is_named` is set before the end."""

    is_named: bool = False


def sent_in(*fields: Field) -> list[FileStorage]:
    """The files that some fields brought; an empty field sends one without a name."""
    found: list[FileStorage] = []
    for field in fields:
        data = field.data if isinstance(field.data, list) else [field.data]
        found += [each for each in data if isinstance(each, FileStorage) and each.filename]
    return found


def names_of(uploads: Sequence[FileStorage]) -> list[str]:
    """What their sender calls them."""
    return [upload.filename or "" for upload in uploads]


_CHUNK_BYTES = 1 << 20


def digest_of(uploads: Sequence[FileStorage]) -> str:
    """What tells these files from any others."""
    found = hashlib.sha256()
    for upload in uploads:
        content = hashlib.sha256()
        while chunk := upload.read(_CHUNK_BYTES):
            content.update(chunk)
        found.update(content.digest())
        upload.seek(0)
    return found.hexdigest()


def decode(uploads: Sequence[FileStorage], kinds: frozenset[FileKind]) -> DecodedFile:
    """The files made into one PDF. Raises FileRefused."""
    portal: Config = current_app.config["PORTAL"]
    db.session.rollback()  # no transaction stays open while the child process works
    return receive_files([upload.read() for upload in uploads], kinds, portal.clamd)


def publish_file(field: Field) -> NewFile | None:
    """What the council offers for download: the file of a field as one PDF, decoded like those of families and written.

    None: it is refused, and the field says why. Whoever calls keeps it within `removed_unless_named`.
    """
    uploads = sent_in(field)
    try:
        decoded = decode(uploads, FilesWanted.ANY.kinds)
    except FileRefused as refused:
        field.errors = [refusal_sentence(refused.judgement, names_of(uploads))]
        return None
    path = keep_file(Path(current_app.instance_path), PUBLISHED_FOLDER, decoded.content, ".pdf")
    digest = hashlib.sha256(decoded.content).hexdigest()
    return NewFile(str(path), len(decoded.content), decoded.page_count, digest)


@contextmanager
def removed_unless_named(path: str, lying: Lying | None = None) -> Iterator[Lying]:
    """Around the transaction that names a file of the instance folder; whoever names it says so."""
    lying = lying or Lying()
    try:
        yield lying
    finally:
        if not lying.is_named:
            remove_file(Path(current_app.instance_path), path)
