"""« Contacter la structure »: what families and the council write to each other, thread by thread.

A thread belongs to one family and is loaded through it: the other home of a child never sees it. Agents read neither
the threads of their own family nor those of their children's other home. Files are written by whoever calls before the
transaction, and removed where it fails (`blueprints/attachments.py`).
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, func, select
from sqlalchemy.orm import Session, aliased, joinedload

from app import clock
from app.database import db, take_turns
from app.integrations.kept_files import SealedFile
from app.models.accounts import StaffRole, User
from app.models.families import Family, Guardian
from app.models.messages import Message, MessageReading, MessageThread
from app.rules.capabilities import ROLE_CAPABILITIES, Capability
from app.rules.messages import MOST_MESSAGES, ThreadAct, ThreadState, is_unread, may_write_at, state_after
from app.services.catalogue import RecipientInfo, catalogue
from app.services.errors import FamilyNotActive, NotFound, OwnFamily, ThreadMoved, TooManyMessages
from app.services.families import FamilyRef, own_family_ids, stays_active
from app.services.mails import queue_mail
from app.services.pages import Page, page_of
from app.services.required_documents import HandedInFile


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


@dataclass(frozen=True, slots=True)
class InboxFilter:
    """Which threads an agent wants to see; what is None is not asked."""

    state: ThreadState | None = None
    recipient_id: int | None = None
    assigned_to_id: int | None = None
    family_id: int | None = None


# --- The family -----------------------------------------------------------------------------------------------------


def offered_recipients() -> tuple[RecipientInfo, ...]:
    """To whom one may write now."""
    return tuple(info for info in catalogue().recipients if info.is_offered)


def count_unread(family_id: int, user_id: int) -> Select[tuple[int]]:
    """How many messages of the staff a parent has not read: a statement, asked alone or as a part of another."""
    return (
        select(func.count(Message.id))
        .join(MessageThread, MessageThread.id == Message.thread_id)
        .outerjoin(MessageReading, _read_by(user_id))
        .where(MessageThread.family_id == family_id, _UNREAD)
    )


def unread_count(family_id: int, user_id: int) -> int:
    """The same, asked. One query."""
    return db.session.scalar(count_unread(family_id, user_id)) or 0


def threads_of_family(family_id: int, user_id: int, page: int) -> Page[ThreadLine]:
    """Its threads, the latest first, with what is new to one parent. Two queries."""
    total = db.session.scalar(select(func.count()).where(MessageThread.family_id == family_id)) or 0
    place: Page[ThreadLine] = page_of(page, total)
    unread = (
        select(func.count(Message.id))
        .outerjoin(MessageReading, _read_by(user_id))
        .where(Message.thread_id == MessageThread.id, _UNREAD)
        .scalar_subquery()
    )
    rows = db.session.execute(
        _thread_rows()
        .add_columns(unread)
        .where(MessageThread.family_id == family_id)
        .order_by(MessageThread.last_at.desc(), MessageThread.id.desc())
        .offset(place.offset)
        .limit(place.size)
    )
    return place.filled(tuple(_line(thread, count) for thread, count in rows))


def thread_of_family(family_id: int, user_id: int, thread_id: int) -> ThreadView:
    """One of its threads, as a parent reads it: without notes. Raises NotFound for others. Two queries."""
    row = db.session.execute(
        _thread_rows()
        .add_columns(MessageReading.up_to)
        .outerjoin(
            MessageReading, and_(MessageReading.thread_id == MessageThread.id, MessageReading.user_id == user_id)
        )
        .where(MessageThread.id == thread_id, MessageThread.family_id == family_id)
    ).first()
    if row is None:
        raise NotFound("thread")
    thread, read_up_to = row
    messages = _messages(Message.thread_id == thread_id, Message.is_note.is_(False), read_up_to=read_up_to or 0)
    return _thread(thread, messages)


def file_of_family(family_id: int, message_id: int) -> tuple[SealedFile, str]:
    """What was attached to a message of the family, and how it was called. Raises NotFound for others."""
    row = db.session.scalar(
        select(Message)
        .join(MessageThread, MessageThread.id == Message.thread_id)
        .where(Message.id == message_id, MessageThread.family_id == family_id, Message.is_note.is_(False))
    )
    return _file(row)


def start_thread(
    session: Session, family: FamilyRef, user_id: int, recipient_id: int, subject: str, written: Written
) -> Sent:
    """A parent writes to a recipient. Raises NotFound for one that is not offered, FamilyNotActive, TooManyMessages."""
    known = _begin(session, family.id, user_id, written.key)
    if known is not None:
        return known
    _check_may_write(session, family.id)
    if all(info.id != recipient_id for info in offered_recipients()):
        raise NotFound("recipient")
    thread = _new_thread(session, family.id, recipient_id, subject, ThreadAct.FAMILY_WRITES)
    sent = _write(session, thread, user_id, written)
    _tell_staff(session, thread, user_id, written, is_first=True)
    return sent


def answer(session: Session, family: FamilyRef, user_id: int, thread_id: int, written: Written) -> Sent:
    """A parent writes in a thread of the family, which they have read with it.

    Raises NotFound, FamilyNotActive, TooManyMessages.
    """
    known = _begin(session, family.id, user_id, written.key)
    if known is not None:
        return known
    thread = _thread_row(session, thread_id, family.id)
    _check_may_write(session, family.id)
    _move(thread, ThreadAct.FAMILY_WRITES)
    _read(session, thread.id, user_id)
    sent = _write(session, thread, user_id, written)
    _tell_staff(session, thread, user_id, written, is_first=False)
    return sent


def mark_read(session: Session, family_id: int, user_id: int, thread_id: int) -> int | None:
    """A parent reads a thread of the family; returns the first message that was new to them. Raises NotFound."""
    take_turns(session, _turn(family_id))
    thread = _thread_row(session, thread_id, family_id)
    first = session.scalar(
        select(func.min(Message.id))
        .outerjoin(MessageReading, _read_by(user_id))
        .where(Message.thread_id == thread.id, _UNREAD)
    )
    _read(session, thread.id, user_id)
    return first


# --- The staff ------------------------------------------------------------------------------------------------------


def inbox(user_id: int, wanted: InboxFilter, page: int) -> Page[ThreadLine]:
    """The threads that an agent asks for: those that wait for an answer oldest first, others latest first."""
    conditions: list[ColumnElement[bool]] = [MessageThread.family_id.not_in(own_family_ids(user_id))]
    if wanted.state is not None:
        conditions.append(MessageThread.state == wanted.state)
    if wanted.recipient_id is not None:
        conditions.append(MessageThread.recipient_id == wanted.recipient_id)
    if wanted.assigned_to_id is not None:
        conditions.append(MessageThread.assigned_to_id == wanted.assigned_to_id)
    if wanted.family_id is not None:
        conditions.append(MessageThread.family_id == wanted.family_id)
    total = db.session.scalar(select(func.count()).select_from(MessageThread).where(*conditions)) or 0
    place: Page[ThreadLine] = page_of(page, total)
    is_waiting = wanted.state is ThreadState.TO_ANSWER
    last = MessageThread.last_at.asc() if is_waiting else MessageThread.last_at.desc()
    rows = db.session.scalars(
        _thread_rows().where(*conditions).order_by(last, MessageThread.id).offset(place.offset).limit(place.size)
    )
    return place.filled(tuple(_line(thread) for thread in rows))


def inbox_counts(user_id: int) -> Mapping[ThreadState, int]:
    """How many threads stand where, as far as an agent may read them. Two queries."""
    found = dict.fromkeys(ThreadState, 0)
    rows = db.session.execute(
        select(MessageThread.state, func.count())
        .where(MessageThread.family_id.not_in(own_family_ids(user_id)))
        .group_by(MessageThread.state)
    )
    return {**found, **{row[0]: row[1] for row in rows}}


def is_in_queue() -> ColumnElement[bool]:
    """Whether a thread waits for an answer of the staff."""
    return MessageThread.state == ThreadState.TO_ANSWER


def threads_to_answer(own: Collection[int], *, at_most: int) -> tuple[ThreadLine, ...]:
    """What waits for an answer, oldest first; of the agent's `own` families without the subject. One query."""
    rows = db.session.scalars(
        _thread_rows().where(is_in_queue()).order_by(MessageThread.last_at, MessageThread.id).limit(at_most)
    )
    return tuple(_line(thread, is_own=thread.family_id in own) for thread in rows)


def thread_for_staff(thread_id: int, user_id: int) -> ThreadView:
    """A thread with its notes. Raises NotFound, and OwnFamily for that of the agent's own. Three queries."""
    thread = db.session.scalar(_thread_rows().where(MessageThread.id == thread_id))
    if thread is None:
        raise NotFound("thread")
    if thread.family_id in own_family_ids(user_id):
        raise OwnFamily
    return _thread(thread, _messages(Message.thread_id == thread_id))


def file_for_staff(message_id: int, user_id: int) -> tuple[SealedFile, str]:
    """What was attached to any message. Raises NotFound, OwnFamily."""
    row = db.session.scalar(select(Message).where(Message.id == message_id).options(joinedload(Message.thread)))
    file = _file(row)
    assert row is not None
    if row.thread.family_id in own_family_ids(user_id):
        raise OwnFamily
    return file


def answering_agents() -> Mapping[int, str]:
    """Who may be given a thread: the name by id, in the order of names. One query."""
    roles = [role for role, allowed in ROLE_CAPABILITIES.items() if Capability.ANSWER_MESSAGES in allowed]
    rows = db.session.execute(
        select(User.id, User.display_name)
        .where(User.id.in_(select(StaffRole.user_id).where(StaffRole.role.in_(roles))))
        .order_by(User.display_name, User.id)
    )
    return {row[0]: row[1] for row in rows}


def readers_of(family_id: int) -> tuple[str, ...]:
    """The adults of a family who can read a message: who have a login. One query."""
    return tuple(name for _email, name in _logins(db.session(), family_id))


def start_for_family(
    session: Session, family_id: int, user_id: int, recipient_id: int, subject: str, written: Written
) -> Sent:
    """An agent writes to a family, in the name of a recipient. Raises NotFound, FamilyNotActive, OwnFamily."""
    known = _begin_as_staff(session, family_id, user_id, written.key)
    if known is not None:
        return known
    if not stays_active(session, family_id):
        raise FamilyNotActive
    if all(info.id != recipient_id for info in catalogue().recipients):
        raise NotFound("recipient")
    thread = _new_thread(session, family_id, recipient_id, subject, ThreadAct.STAFF_WRITES)
    sent = _write(session, thread, user_id, written, by_staff=True)
    _tell_family(session, thread)
    return sent


def answer_family(session: Session, thread_id: int, user_id: int, written: Written, *, seen: int) -> Sent:
    """An agent answers, having read up to the message `seen`.

    Raises NotFound, OwnFamily, and ThreadMoved where somebody wrote since.
    """
    thread, known = _begin_in_thread(session, thread_id, user_id, written.key)
    if known is not None:
        return known
    _check_seen(session, thread_id, seen)
    _move(thread, ThreadAct.STAFF_WRITES)
    sent = _write(session, thread, user_id, written, by_staff=True)
    _tell_family(session, thread)
    return sent


def add_note(session: Session, thread_id: int, user_id: int, written: Written) -> Sent:
    """An agent writes something for colleagues. Raises NotFound, OwnFamily."""
    thread, known = _begin_in_thread(session, thread_id, user_id, written.key)
    if known is not None:
        return known
    thread.state = state_after(thread.state, ThreadAct.NOTE)
    return _write(session, thread, user_id, written, by_staff=True, is_note=True)


def close_thread(session: Session, thread_id: int, user_id: int, *, seen: int) -> None:
    """Nothing is left to answer. Raises NotFound, OwnFamily, and ThreadMoved where somebody wrote since."""
    thread, _ = _begin_in_thread(session, thread_id, user_id)
    if thread.state is ThreadState.CLOSED:
        return
    _check_seen(session, thread_id, seen)
    thread.state = state_after(thread.state, ThreadAct.CLOSE)
    thread.closed_at, thread.closed_by_id = clock.now(), user_id


def reopen_thread(session: Session, thread_id: int, user_id: int) -> None:
    """There is something to answer after all. Raises NotFound, OwnFamily."""
    thread, _ = _begin_in_thread(session, thread_id, user_id)
    thread.state = state_after(thread.state, ThreadAct.REOPEN)
    thread.closed_at = thread.closed_by_id = None


def assign_thread(session: Session, thread_id: int, user_id: int, agent_id: int | None) -> None:
    """Give a thread to an agent, or to nobody (None). Raises NotFound, OwnFamily: also where it is the agent's own."""
    thread, _ = _begin_in_thread(session, thread_id, user_id)
    if agent_id is not None:
        if agent_id not in answering_agents():
            raise NotFound("agent")
        if thread.family_id in own_family_ids(agent_id):
            raise OwnFamily
    thread.assigned_to_id = agent_id


def stored_paths(session: Session) -> frozenset[str]:
    """Where all files lie that a message names."""
    return frozenset(path for path in session.scalars(select(Message.path).where(Message.path.is_not(None))) if path)


# --- What both share ------------------------------------------------------------------------------------------------

_UNREAD = (
    Message.by_staff.is_(True) & Message.is_note.is_(False) & (Message.id > func.coalesce(MessageReading.up_to, 0))
)


def _read_by(user_id: int) -> ColumnElement[bool]:
    return and_(MessageReading.thread_id == Message.thread_id, MessageReading.user_id == user_id)


def _thread_rows() -> Select[Any]:
    return select(MessageThread).options(joinedload(MessageThread.family), joinedload(MessageThread.assigned_to))


def _line(thread: MessageThread, unread: int = 0, *, is_own: bool = False) -> ThreadLine:
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
    )


def _thread(thread: MessageThread, messages: tuple[MessageView, ...]) -> ThreadView:
    return ThreadView(_line(thread), messages, thread.assigned_to_id, thread.closed_at)


def _messages(*wanted: ColumnElement[bool], read_up_to: int = 0) -> tuple[MessageView, ...]:
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


def _file(row: Message | None) -> tuple[SealedFile, str]:
    if row is None or row.path is None or row.file_key is None:
        raise NotFound("attachment")
    return SealedFile(row.path, row.file_key), row.file_name or ""


def _turn(family_id: int) -> str:
    return f"messages of family {family_id}"


def _begin(session: Session, family_id: int, user_id: int, key: str) -> Sent | None:
    """Take the family's turn: of two taps the second one finds what the first one wrote."""
    take_turns(session, _turn(family_id))
    row = session.execute(
        select(Message.thread_id, Message.id).where(Message.author_id == user_id, Message.key == key)
    ).first()
    return None if row is None else Sent(row.thread_id, row.id, is_new=False)


def _begin_as_staff(session: Session, family_id: int, user_id: int, key: str) -> Sent | None:
    if family_id in own_family_ids(user_id):
        raise OwnFamily
    return _begin(session, family_id, user_id, key)


def _begin_in_thread(
    session: Session, thread_id: int, user_id: int, key: str = ""
) -> tuple[MessageThread, Sent | None]:
    family_id = session.scalar(select(MessageThread.family_id).where(MessageThread.id == thread_id))
    if family_id is None:
        raise NotFound("thread")
    known = _begin_as_staff(session, family_id, user_id, key)
    return _thread_row(session, thread_id, family_id), known


def _thread_row(session: Session, thread_id: int, family_id: int) -> MessageThread:
    """Read only now that the turn is taken."""
    row = session.scalar(
        select(MessageThread)
        .where(MessageThread.id == thread_id, MessageThread.family_id == family_id)
        .execution_options(populate_existing=True)
    )
    if row is None:
        raise NotFound("thread")
    return row


def _check_may_write(session: Session, family_id: int) -> None:
    if not stays_active(session, family_id):
        raise FamilyNotActive
    now, longest = clock.now(), max(within for within, _ in MOST_MESSAGES)
    sent = session.scalars(
        select(Message.at)
        .join(MessageThread, MessageThread.id == Message.thread_id)
        .where(MessageThread.family_id == family_id, Message.by_staff.is_(False), Message.at > now - longest)
        .order_by(Message.at.desc())
        .limit(max(most for _, most in MOST_MESSAGES))
    ).all()
    moment = may_write_at(sent, now)
    if moment is not None:
        raise TooManyMessages(moment)


def _check_seen(session: Session, thread_id: int, seen: int) -> None:
    if session.scalar(select(func.max(Message.id)).where(Message.thread_id == thread_id)) != seen:
        raise ThreadMoved


def _new_thread(session: Session, family_id: int, recipient_id: int, subject: str, act: ThreadAct) -> MessageThread:
    now = clock.now()
    thread = MessageThread(
        family_id=family_id, recipient_id=recipient_id, subject=subject, state=state_after(None, act), started_at=now,
        last_at=now,
    )  # fmt: skip
    session.add(thread)
    session.flush()
    return thread


def _move(thread: MessageThread, act: ThreadAct) -> None:
    thread.state = state_after(thread.state, act)
    thread.last_at = clock.now()
    thread.closed_at = thread.closed_by_id = None


def _write(
    session: Session, thread: MessageThread, user_id: int, written: Written, *, by_staff: bool = False,
    is_note: bool = False,
) -> Sent:  # fmt: skip
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


def _read(session: Session, thread_id: int, user_id: int) -> None:
    """All that is in a thread by now; who writes reads first what was there."""
    last = session.scalar(select(func.max(Message.id)).where(Message.thread_id == thread_id)) or 0
    row = session.get(MessageReading, (thread_id, user_id))
    if row is None:
        session.add(MessageReading(thread_id=thread_id, user_id=user_id, up_to=last, read_at=clock.now()))
    elif row.up_to < last:
        row.up_to, row.read_at = last, clock.now()
    session.flush()


def _logins(session: Session, family_id: int) -> list[tuple[str, str]]:
    rows = session.execute(
        select(User.email, User.display_name)
        .join(Guardian, Guardian.user_id == User.id)
        .where(Guardian.family_id == family_id)
        .order_by(Guardian.id)
    )
    return [(email, name) for email, name in rows]


def _tell_staff(session: Session, thread: MessageThread, user_id: int, written: Written, *, is_first: bool) -> None:
    """Write to the recipient, and to the agent who has the thread.

    What was written goes into the mail only where the recipient is set so. It is the mail's secret, so that the outbox
    holds it encrypted, and no longer than until it is sent.
    """
    recipient = next(info for info in catalogue().recipients if info.id == thread.recipient_id)
    agent = aliased(User)
    family, author, assigned = session.execute(
        select(Family, User.display_name, agent.email)
        .select_from(Family)
        .join(User, User.id == user_id)
        .outerjoin(agent, agent.id == thread.assigned_to_id)
        .where(Family.id == thread.family_id)
    ).one()
    addresses = dict.fromkeys(each for each in (recipient.email, assigned) if each)
    for address in addresses:
        text = f"Objet : {thread.subject}"
        if recipient.mails_text and address == recipient.email:
            text = f"{text}\n\n{written.body}"
        queue_mail(
            session, "message_received", address, family_id=family.id, secret=text, family_name=family.name,
            author=author, service=recipient.name, is_first=is_first, has_file=written.file is not None,
            thread_id=thread.id,
        )  # fmt: skip


def _tell_family(session: Session, thread: MessageThread) -> None:
    """Write to those who can sign in that there is something to read; what it is stays in the portal."""
    recipient = next(info for info in catalogue().recipients if info.id == thread.recipient_id)
    for email, _name in _logins(session, thread.family_id):
        queue_mail(session, "message_answered", email, family_id=thread.family_id, service=recipient.name)
