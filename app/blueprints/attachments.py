"""What people attach to messages and to absences: one PDF, written around the transaction that names it."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from flask import Response, current_app
from flask_wtf.file import MultipleFileField
from wtforms import Field

from app.blueprints.uploads import Lying, decode, digest_of, names_of, removed_unless_named, sent_in
from app.document_labels import refusal_sentence
from app.downloads import send_handed_in
from app.integrations.handed_in_files import DecodedFile, FileRefused
from app.integrations.kept_files import HandedInFile, SealedFile, keep_sealed, read_sealed
from app.rules.handed_in_files import shown_name
from app.rules.required_documents import FilesWanted


@dataclass(frozen=True, slots=True)
class Received:
    """What a field brought, made into one PDF."""

    decoded: DecodedFile
    name: str
    digest: str  # of what was sent


@dataclass(slots=True, kw_only=True)
class Kept(Lying):
    """What was received, written; None where nothing was."""

    file: HandedInFile | None = None
    digest: str = ""


def receive_attachment(field: MultipleFileField, *others: Field) -> Received | None:
    """What a field brings, and others; None for nothing, and for what is refused: then the first field says why."""
    uploads = sent_in(field, *others)
    if not uploads:
        return None
    names, digest = names_of(uploads), digest_of(uploads)
    try:
        decoded = decode(uploads, FilesWanted.ANY.kinds)
    except FileRefused as refused:
        field.errors = [refusal_sentence(refused.judgement, names)]
        return None
    return Received(decoded, shown_name(names[0]), digest)


@contextmanager
def kept(received: Received | None) -> Iterator[Kept]:
    """Write what was received, around the transaction that names it."""
    if received is None:
        yield Kept()
        return
    decoded = received.decoded
    sealed = keep_sealed(Path(current_app.instance_path), decoded.content)
    file = HandedInFile(sealed, received.name, len(decoded.content), decoded.page_count)
    made = Kept(file=file, digest=received.digest)
    with removed_unless_named(sealed.path, made):
        yield made


def send_attachment(sealed: SealedFile, name: str) -> Response:
    """The PDF, under the name that its sender knows."""
    content = read_sealed(Path(current_app.instance_path), sealed)
    return send_handed_in(content, "application/pdf", f"{Path(name).stem or 'piece-jointe'}.pdf")
