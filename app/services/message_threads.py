"""Threads of messages, as both doors see and write them. See services.messages for whose they are."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, func, select
from sqlalchemy.orm import Session, joinedload

from app import clock
from app.database import db, take_turns
from app.integrations.kept_files import HandedInFile, SealedFile
from app.models.accounts import User
from app.models.families import Guardian
from app.models.messages import Message, MessageReading, MessageThread
from app.rules.messages import ThreadAct, ThreadState, is_unread, state_after
from app.services.catalogue import RecipientInfo, catalogue
from app.services.errors import NotFound


@dataclass(frozen=True, slots=True)
class Written:
    """What somebody writes: `key` names the form, so that it counts once, whatever happens to the line."""

    body: str
    key: str
    file: HandedInFile | None = None


@dataclass(frozen=True, slots=True)
class Sent:
    """A message that was written; `is_new` is False where the same form had come before."""

    thread_id: int
    message_id: int
    is_new: bool


@dataclass(frozen=True, slots=True)
class Attachment:
    """What a message brings."""

    name: str
    size_bytes: int
    page_count: int


@dataclass(frozen=True, slots=True)
class MessageView:
    """One message."""

    id: int
    at: datetime
    by_staff: bool
    is_note: bool
    author_id: int
    author_name: str
    body: str
    attachment: Attachment | None
    is_unread: bool  # by the parent who looks


@dataclass(frozen=True, slots=True)
class ThreadLine:
    """A thread in a list."""

    id: int
    family_id: int
    family_name: str
    recipient: RecipientInfo
    subject: str
    state: ThreadState
    started_at: datetime
    last_at: datetime
    assigned_to: str | None
    unread: int = 0  # messages, by the parent who looks
    is_own: bool = False  # of the agent's own family: its subject is left out
    is_left: bool = False  # its agent's role does not reach the family any more


@dataclass(frozen=True, slots=True)
class ThreadView:
    """A thread with its messages, oldest first."""

    line: ThreadLine
    messages: tuple[MessageView, ...]
    assigned_to_id: int | None
    closed_at: datetime | None

    @property
    def last_id(self) -> int:
        """Its last message, notes included: who answers has read up to this one."""
        return self.messages[-1].id

    @property
    def unread(self) -> int:
        """How many messages are new to the parent who looks."""
        return sum(message.is_unread for message in self.messages)


# `rules.messages.is_unread()`, for the database.
UNREAD = Message.by_staff.is_(True) & Message.is_note.is_(False) & (Message.id > func.coalesce(MessageReading.up_to, 0))


def read_by(user_id: int) -> ColumnElement[bool]:
    """The row that says up to where a user has read the thread of a message."""
    return and_(MessageReading.thread_id == Message.thread_id, MessageReading.user_id == user_id)


def thread_rows() -> Select[Any]:
    """Threads, with what a line of a list says of them."""
    return select(MessageThread).options(joinedload(MessageThread.family), joinedload(MessageThread.assigned_to))


def line_of(thread: MessageThread, unread: int = 0, *, is_own: bool = False, is_left: bool = False) -> ThreadLine:
    """A thread as a line; `is_own`: of the agent's own family, so without its subject; `is_left`: to be taken over."""
    return ThreadLine(
        id=thread.id,
        family_id=thread.family_id,
        family_name=thread.family.name,
        recipient=next(info for info in catalogue().recipients if info.id == thread.recipient_id),
        subject="" if is_own else thread.subject,
        state=thread.state,
        started_at=thread.started_at,
        last_at=thread.last_at,
        assigned_to=thread.assigned_to.display_name if thread.assigned_to else None,
        unread=unread,
        is_own=is_own,
        is_left=is_left,
    )


def view_of(thread: MessageThread, messages: tuple[MessageView, ...], line: ThreadLine | None = None) -> ThreadView:
    """A thread with its messages, and its line as it is unless it is told."""
    return ThreadView(line or line_of(thread), messages, thread.assigned_to_id, thread.closed_at)


def messages_where(*wanted: ColumnElement[bool], read_up_to: int = 0) -> tuple[MessageView, ...]:
    """Messages, oldest first, as who has read up to one of them sees them. One query."""
    rows = db.session.scalars(select(Message).where(*wanted).options(joinedload(Message.author)).order_by(Message.id))
    return tuple(
        MessageView(
            id=row.id,
            at=row.at,
            by_staff=row.by_staff,
            is_note=row.is_note,
            author_id=row.author_id,
            author_name=row.author.display_name,
            body=row.body,
            attachment=Attachment(row.file_name or "", row.file_bytes or 0, row.page_count or 0) if row.path else None,
            is_unread=is_unread(row.id, read_up_to, by_staff=row.by_staff, is_note=row.is_note),
        )
        for row in rows
    )


def attached_file(row: Message | None) -> tuple[SealedFile, str]:
    """What is attached to a message. Raises NotFound."""
    if row is None or row.path is None or row.file_key is None:
        raise NotFound("attachment")
    return SealedFile(row.path, row.file_key), row.file_name or ""


def turn_of(family_id: int) -> str:
    """What writes and readings of a family's threads wait for, one after the other."""
    return f"messages of family {family_id}"


def take_turn(session: Session, family_id: int, user_id: int, key: str) -> Sent | None:
    """Take the family's turn: of two taps the second one finds what the first one wrote."""
    take_turns(session, turn_of(family_id))
    row = session.execute(
        select(Message.thread_id, Message.id).where(Message.author_id == user_id, Message.key == key)
    ).first()
    return None if row is None else Sent(row.thread_id, row.id, is_new=False)


def thread_in_turn(session: Session, thread_id: int, family_id: int) -> MessageThread:
    """Read only now that the turn is taken, and held: the purge, which takes no turns, does not take it away meanwhile.
    Raises NotFound.
    """
    row = session.scalar(
        select(MessageThread)
        .where(MessageThread.id == thread_id, MessageThread.family_id == family_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    if row is None:
        raise NotFound("thread")
    return row


def new_thread(session: Session, family_id: int, recipient_id: int, subject: str, act: ThreadAct) -> MessageThread:
    """A thread that begins with an act."""
    now = clock.now()
    thread = MessageThread(
        family_id=family_id, recipient_id=recipient_id, subject=subject, state=state_after(None, act), started_at=now,
        last_at=now,
    )  # fmt: skip
    session.add(thread)
    session.flush()
    return thread


def move(thread: MessageThread, act: ThreadAct) -> None:
    """What an act makes of a thread; whoever writes opens a closed one again."""
    thread.state = state_after(thread.state, act)
    thread.last_at = clock.now()
    thread.closed_at = thread.closed_by_id = None


def write(
    session: Session, thread: MessageThread, user_id: int, written: Written, *, by_staff: bool = False,
    is_note: bool = False,
) -> Sent:  # fmt: skip
    """Add a message to a thread."""
    file = written.file
    row = Message(
        thread_id=thread.id,
        author_id=user_id,
        by_staff=by_staff,
        is_note=is_note,
        key=written.key,
        at=clock.now(),
        body=written.body,
        path=file.sealed.path if file else None,
        file_key=file.sealed.key if file else None,
        file_name=file.name if file else None,
        file_bytes=file.size_bytes if file else None,
        page_count=file.page_count if file else None,
    )
    session.add(row)
    session.flush()
    return Sent(thread.id, row.id, is_new=True)


def note_reading(session: Session, thread_id: int, user_id: int) -> None:
    """All that is in a thread by now; who writes reads first what was there."""
    last = session.scalar(select(func.max(Message.id)).where(Message.thread_id == thread_id)) or 0
    row = session.get(MessageReading, (thread_id, user_id))
    if row is None:
        session.add(MessageReading(thread_id=thread_id, user_id=user_id, up_to=last, read_at=clock.now()))
    elif row.up_to < last:
        row.up_to, row.read_at = last, clock.now()
    session.flush()


def logins_of(session: Session, family_id: int) -> list[tuple[str, str]]:
    """The address and the name of each adult of a family who can sign in."""
    rows = session.execute(
        select(User.email, User.display_name)
        .join(Guardian, Guardian.user_id == User.id)
        .where(Guardian.family_id == family_id)
        .order_by(Guardian.id)
    )
    return [(email, name) for email, name in rows]


def stored_paths(session: Session) -> frozenset[str]:
    """Where all files lie that a message names."""
    return frozenset(path for path in session.scalars(select(Message.path).where(Message.path.is_not(None))) if path)
