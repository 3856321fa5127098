"""What people attach to messages: decoded before the transaction, and removed again where no row names it."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from flask import Response, current_app
from flask_wtf.file import MultipleFileField
from werkzeug.datastructures import FileStorage

from app.config import Config
from app.document_labels import refusal_sentence
from app.downloads import send_handed_in
from app.integrations.handed_in_files import DecodedFile, FileRefused, receive_files
from app.integrations.kept_files import SealedFile, keep_sealed, read_sealed, remove_file
from app.rules.handed_in_files import FileKind, shown_name
from app.services.required_documents import HandedInFile


@dataclass(frozen=True, slots=True)
class Received:
    """What a field brought, made into one PDF."""

    decoded: DecodedFile
    name: str


@dataclass(slots=True)
class Kept:
    """A file that lies there; it stays where `is_named` is set before the end."""

    file: HandedInFile | None
    is_named: bool = False


def receive_attachment(field: MultipleFileField) -> Received | None:
    """What a field brings; None for nothing, and for what is refused: then the field says why."""
    uploads = [each for each in field.data or [] if isinstance(each, FileStorage) and each.filename]
    if not uploads:
        return None
    names = [upload.filename or "" for upload in uploads]
    portal: Config = current_app.config["PORTAL"]
    try:
        decoded = receive_files([upload.read() for upload in uploads], frozenset(FileKind), portal.clamd)
    except FileRefused as refused:
        field.errors = [refusal_sentence(refused.judgement, names)]
        return None
    return Received(decoded, shown_name(names[0]))


@contextmanager
def kept(received: Received | None) -> Iterator[Kept]:
    """Write what was received, around the transaction that names it."""
    if received is None:
        yield Kept(None)
        return
    folder, decoded = Path(current_app.instance_path), received.decoded
    sealed = keep_sealed(folder, decoded.content)
    made = Kept(HandedInFile(sealed, received.name, len(decoded.content), decoded.page_count))
    try:
        yield made
    finally:
        if not made.is_named:
            remove_file(folder, sealed.path)


def send_attachment(sealed: SealedFile, name: str) -> Response:
    """The PDF, under the name that its sender knows."""
    content = read_sealed(Path(current_app.instance_path), sealed)
    return send_handed_in(content, "application/pdf", f"{Path(name).stem or 'piece-jointe'}.pdf")
