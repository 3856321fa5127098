"""« Réglages › Pièces demandées »: which documents families are asked for."""

from dataclasses import dataclass

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from app.database import take_turns
from app.models.activities import Activity
from app.models.required_documents import RequiredDocument, RequiredDocumentActivity, SubmittedDocument
from app.rules.required_documents import DocumentDemand, DocumentScope, FilesWanted, Validity
from app.services.catalogue import DocumentInfo, catalogue
from app.services.errors import NameTaken, NotFound, Usage, UsageKind
from app.services.publications import NewFile
from app.services.usages import check_unused


@dataclass(frozen=True, slots=True)
class DocumentInput:
    """A document as the staff set it."""

    name: str
    instructions: str
    scope: DocumentScope
    demand: DocumentDemand
    wanted: FilesWanted
    activities: frozenset[int]
    min_age: int | None
    max_age: int | None
    levels: tuple[str, ...]
    validity: Validity
    is_health: bool
    is_asked: bool
    grace_days: int = 0  # of one that blocks bookings


def find_document(document_id: int) -> DocumentInfo:
    """A document that is asked, or was. Raises NotFound."""
    for info in catalogue().documents:
        if info.id == document_id:
            return info
    raise NotFound("document")


def save_document(session: Session, document_id: int | None, typed: DocumentInput) -> int:
    """Add a document (None), or change it; returns its id.

    Raises NotFound, NameTaken, and StillUsed where what was handed in would be somebody else's, or health's no more.
    """
    take_turns(session, "settings")
    row = RequiredDocument() if document_id is None else _existing(session, document_id)
    namesake = select(RequiredDocument.id).where(
        RequiredDocument.name == typed.name, RequiredDocument.id != (document_id or 0)
    )
    if session.scalar(namesake) is not None:
        raise NameTaken
    if document_id is not None and (row.scope is not typed.scope or (row.is_health and not typed.is_health)):
        check_unused([_handed_in(session, document_id)])
    row.name, row.instructions = typed.name, typed.instructions
    row.scope, row.demand, row.wanted = typed.scope, typed.demand, typed.wanted
    row.min_age, row.max_age, row.levels = typed.min_age, typed.max_age, ",".join(typed.levels)
    row.validity, row.validity_months = typed.validity.kind, typed.validity.months
    row.validity_until, row.is_health, row.is_asked = typed.validity.until, typed.is_health, typed.is_asked
    row.grace_days = typed.grace_days if typed.demand is DocumentDemand.BLOCKS_BOOKING else 0
    session.add(row)
    session.flush()
    session.execute(delete(RequiredDocumentActivity).where(RequiredDocumentActivity.document_id == row.id))
    known = session.scalars(select(Activity.id).where(Activity.id.in_(typed.activities)))
    session.add_all([RequiredDocumentActivity(document_id=row.id, activity_id=id_) for id_ in known])
    session.flush()
    return row.id


def attach_template(session: Session, document_id: int, file: NewFile) -> None:
    """Let families download a form for a document, in the place of one before, whose file the worker removes.

    Raises NotFound.
    """
    take_turns(session, "settings")
    row = _existing(session, document_id)
    row.template_path, row.template_bytes, row.template_pages = file.path, file.size_bytes, file.page_count
    session.flush()


def remove_template(session: Session, document_id: int) -> None:
    """Take the form of a document away; the worker removes its file. Raises NotFound."""
    take_turns(session, "settings")
    row = _existing(session, document_id)
    row.template_path = row.template_bytes = row.template_pages = None
    session.flush()


def stored_paths(session: Session) -> frozenset[str]:
    """Where all files lie that a row names."""
    named = select(RequiredDocument.template_path).where(RequiredDocument.template_path.is_not(None))
    return frozenset(path for path in session.scalars(named) if path)


def delete_document(session: Session, document_id: int) -> None:
    """Delete a document that nobody handed in. Raises NotFound, StillUsed."""
    take_turns(session, "settings")
    row = _existing(session, document_id)
    check_unused([_handed_in(session, document_id)])
    session.delete(row)
    session.flush()


def _handed_in(session: Session, document_id: int) -> Usage:
    count = session.scalar(select(func.count()).where(SubmittedDocument.document_id == document_id)) or 0
    return Usage(UsageKind.SUBMITTED_DOCUMENT, count)


def _existing(session: Session, document_id: int) -> RequiredDocument:
    row = session.get(RequiredDocument, document_id)
    if row is None:
        raise NotFound("document")
    return row
