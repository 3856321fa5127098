"""« Réglages › Destinataires des messages »: to whom families write."""

from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.database import take_turns
from app.models.activities import Activity, Office
from app.models.messages import MessageRecipient, MessageThread
from app.services.catalogue import RecipientInfo, catalogue
from app.services.errors import NameTaken, NotFound, Usage, UsageKind
from app.services.usages import check_unused


@dataclass(frozen=True, slots=True)
class RecipientInput:
    """A recipient as the staff set it; `email` is empty where only the inbox is told."""

    name: str
    position: int
    email: str
    mails_text: bool
    office_id: int | None
    activity_id: int | None
    is_offered: bool


def find_recipient(recipient_id: int) -> RecipientInfo:
    """A recipient that is offered, or was. Raises NotFound."""
    for info in catalogue().recipients:
        if info.id == recipient_id:
            return info
    raise NotFound("recipient")


def save_recipient(session: Session, recipient_id: int | None, typed: RecipientInput) -> int:
    """Add a recipient (None), or change it; returns its id. Raises NotFound, NameTaken."""
    take_turns(session, "settings")
    row = MessageRecipient() if recipient_id is None else _existing(session, recipient_id)
    namesake = select(MessageRecipient.id).where(
        MessageRecipient.name == typed.name, MessageRecipient.id != (recipient_id or 0)
    )
    if session.scalar(namesake) is not None:
        raise NameTaken
    for kind, id_ in ((Office, typed.office_id), (Activity, typed.activity_id)):
        if id_ is not None and session.get(kind, id_) is None:
            raise NotFound("what a recipient is of")
    row.name, row.position, row.email = typed.name, typed.position, typed.email or None
    row.mails_text, row.office_id, row.activity_id = typed.mails_text, typed.office_id, typed.activity_id
    row.is_offered = typed.is_offered
    session.add(row)
    session.flush()
    return row.id


def delete_recipient(session: Session, recipient_id: int) -> None:
    """Delete a recipient to whom nobody wrote. Raises NotFound, StillUsed."""
    take_turns(session, "settings")
    row = _existing(session, recipient_id)
    count = session.scalar(select(func.count()).where(MessageThread.recipient_id == recipient_id)) or 0
    check_unused([Usage(UsageKind.MESSAGE_THREAD, count)])
    session.delete(row)
    session.flush()


def _existing(session: Session, recipient_id: int) -> MessageRecipient:
    row = session.get(MessageRecipient, recipient_id)
    if row is None:
        raise NotFound("recipient")
    return row
