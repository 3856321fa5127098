"""The texts that families are asked to accept, as the staff set them: whom they concern, and their versions."""

from dataclasses import dataclass
from datetime import date

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from app import clock
from app.database import take_turns
from app.models.publications import (
    PublicationFile,
    TextAcceptance,
    TextActivity,
    TextMailing,
    TextToAccept,
    TextVersion,
)
from app.rules.publications import hash_of
from app.rules.required_documents import DocumentDemand
from app.services.catalogue import Readers
from app.services.errors import NameTaken, NotFound, Usage, UsageKind
from app.services.publications import find_publication, known_activities, known_season
from app.services.usages import check_unused


@dataclass(frozen=True, slots=True)
class TextInput:
    """A text as the staff set it."""

    name: str
    demand: DocumentDemand
    is_asked: bool
    readers: Readers


@dataclass(frozen=True, slots=True)
class VersionInput:
    """What a text says from a day on: words, the present file of a publication, or both."""

    body: str
    publication_id: int | None
    starts_on: date
    is_told: bool  # by mail, to the families who must accept it


def add_text(session: Session, user_id: int, typed: TextInput, version: VersionInput) -> int:
    """Add a text with its first version; returns its id. Raises NameTaken, NotFound."""
    take_turns(session, "settings")
    row = TextToAccept()
    _write(session, row, typed)
    _add_version(session, row.id, user_id, version)
    return row.id


def save_text(session: Session, text_id: int, typed: TextInput) -> None:
    """Change whom a text concerns and what it means, never what it says. Raises NotFound, NameTaken."""
    take_turns(session, "settings")
    _write(session, _existing(session, text_id), typed)


def add_version(session: Session, text_id: int, user_id: int, version: VersionInput) -> None:
    """Let a text say something else from a day on: whoever accepted it is asked again. Raises NotFound.

    The same version sent twice, as by a double tap, is one.
    """
    take_turns(session, "settings")
    _existing(session, text_id)
    _add_version(session, text_id, user_id, version)


def delete_text(session: Session, text_id: int) -> None:
    """Delete a text that nobody accepted. Raises NotFound, StillUsed."""
    take_turns(session, "settings")
    row = _existing(session, text_id)
    versions = select(TextVersion.id).where(TextVersion.text_id == text_id)
    used = session.scalar(select(func.count()).where(TextAcceptance.version_id.in_(versions))) or 0
    check_unused([Usage(UsageKind.TEXT_ACCEPTANCE, used)])
    session.delete(row)
    session.flush()


def _write(session: Session, row: TextToAccept, typed: TextInput) -> None:
    namesake = select(TextToAccept.id).where(TextToAccept.name == typed.name, TextToAccept.id != (row.id or 0))
    if session.scalar(namesake) is not None:
        raise NameTaken
    row.name, row.demand, row.is_asked = typed.name, typed.demand, typed.is_asked
    row.season_id = known_season(session, typed.readers)
    row.levels = ",".join(sorted(typed.readers.levels))
    session.add(row)
    session.flush()
    session.execute(delete(TextActivity).where(TextActivity.text_id == row.id))
    activities = known_activities(session, typed.readers)
    session.add_all([TextActivity(text_id=row.id, activity_id=id_) for id_ in activities])
    session.flush()


def _add_version(session: Session, text_id: int, user_id: int, version: VersionInput) -> None:
    file_id, file_hash = None, None
    if version.publication_id is not None:
        file_id = find_publication(version.publication_id).files[-1].id
        file_hash = session.get_one(PublicationFile, file_id).content_hash
    content_hash = hash_of(version.body, file_hash)
    row = session.scalar(
        select(TextVersion).where(TextVersion.text_id == text_id).order_by(TextVersion.id.desc()).limit(1)
    )
    if row is None or (row.content_hash, row.starts_on) != (content_hash, version.starts_on):
        row = TextVersion(
            text_id=text_id, body=version.body, file_id=file_id, content_hash=content_hash,
            starts_on=version.starts_on, written_at=clock.now(), written_by_id=user_id,
        )  # fmt: skip
        session.add(row)
        session.flush()
    if version.is_told and session.get(TextMailing, row.id) is None:
        session.add(TextMailing(version_id=row.id))
        session.flush()


def _existing(session: Session, text_id: int) -> TextToAccept:
    row = session.get(TextToAccept, text_id)
    if row is None:
        raise NotFound("text")
    return row
