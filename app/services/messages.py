"""« Contacter la structure »: what families and the council write to each other, thread by thread.

A thread belongs to one family and is loaded through it: the other home of a child never sees it. Agents read neither
the threads of their own family nor those of their children's other home. Files are written by whoever calls before the
transaction, and removed where it fails (`blueprints/attachments.py`).
"""

from sqlalchemy import Select, and_, func, select
from sqlalchemy.orm import Session, aliased

from app import clock
from app.database import db, take_turns
from app.integrations.kept_files import SealedFile
from app.models.accounts import User
from app.models.families import Family
from app.models.messages import Message, MessageReading, MessageThread
from app.rules.messages import MOST_MESSAGES, ThreadAct, may_write_at
from app.services.catalogue import RecipientInfo, catalogue
from app.services.errors import FamilyNotActive, NotFound, TooManyMessages
from app.services.families import FamilyRef, stays_active
from app.services.mails import queue_mail
from app.services.message_threads import (
    UNREAD,
    Sent,
    ThreadLine,
    ThreadView,
    Written,
    attached_file,
    line_of,
    messages_where,
    move,
    new_thread,
    note_reading,
    read_by,
    take_turn,
    thread_in_turn,
    thread_rows,
    turn_of,
    view_of,
    write,
)
from app.services.pages import Page, page_of


def offered_recipients() -> tuple[RecipientInfo, ...]:
    """To whom one may write now."""
    return tuple(info for info in catalogue().recipients if info.is_offered)


def count_unread(family_id: int, user_id: int) -> Select[tuple[int]]:
    """How many messages of the staff a parent has not read: a statement, asked alone or as a part of another."""
    return (
        select(func.count(Message.id))
        .join(MessageThread, MessageThread.id == Message.thread_id)
        .outerjoin(MessageReading, read_by(user_id))
        .where(MessageThread.family_id == family_id, UNREAD)
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
        .outerjoin(MessageReading, read_by(user_id))
        .where(Message.thread_id == MessageThread.id, UNREAD)
        .scalar_subquery()
    )
    rows = db.session.execute(
        thread_rows()
        .add_columns(unread)
        .where(MessageThread.family_id == family_id)
        .order_by(MessageThread.last_at.desc(), MessageThread.id.desc())
        .offset(place.offset)
        .limit(place.size)
    )
    return place.filled(tuple(line_of(thread, count) for thread, count in rows))


def thread_of_family(family_id: int, user_id: int, thread_id: int) -> ThreadView:
    """One of its threads, as a parent reads it: without notes. Raises NotFound for others. Two queries."""
    row = db.session.execute(
        thread_rows()
        .add_columns(MessageReading.up_to)
        .outerjoin(
            MessageReading, and_(MessageReading.thread_id == MessageThread.id, MessageReading.user_id == user_id)
        )
        .where(MessageThread.id == thread_id, MessageThread.family_id == family_id)
    ).first()
    if row is None:
        raise NotFound("thread")
    thread, read_up_to = row
    messages = messages_where(Message.thread_id == thread_id, Message.is_note.is_(False), read_up_to=read_up_to or 0)
    return view_of(thread, messages)


def file_of_family(family_id: int, message_id: int) -> tuple[SealedFile, str]:
    """What was attached to a message of the family, and how it was called. Raises NotFound for others."""
    row = db.session.scalar(
        select(Message)
        .join(MessageThread, MessageThread.id == Message.thread_id)
        .where(Message.id == message_id, MessageThread.family_id == family_id, Message.is_note.is_(False))
    )
    return attached_file(row)


def start_thread(
    session: Session, family: FamilyRef, user_id: int, recipient_id: int, subject: str, written: Written
) -> Sent:
    """A parent writes to a recipient. Raises NotFound for one that is not offered, FamilyNotActive, TooManyMessages."""
    known = take_turn(session, family.id, user_id, written.key)
    if known is not None:
        return known
    _check_may_write(session, family.id)
    if all(info.id != recipient_id for info in offered_recipients()):
        raise NotFound("recipient")
    thread = new_thread(session, family.id, recipient_id, subject, ThreadAct.FAMILY_WRITES)
    sent = write(session, thread, user_id, written)
    _tell_staff(session, thread, user_id, written, is_first=True)
    return sent


def answer(session: Session, family: FamilyRef, user_id: int, thread_id: int, written: Written) -> Sent:
    """A parent writes in a thread of the family, which they have read with it.

    Raises NotFound, FamilyNotActive, TooManyMessages.
    """
    known = take_turn(session, family.id, user_id, written.key)
    if known is not None:
        return known
    thread = thread_in_turn(session, thread_id, family.id)
    _check_may_write(session, family.id)
    move(thread, ThreadAct.FAMILY_WRITES)
    note_reading(session, thread.id, user_id)
    sent = write(session, thread, user_id, written)
    _tell_staff(session, thread, user_id, written, is_first=False)
    return sent


def mark_read(session: Session, family_id: int, user_id: int, thread_id: int) -> int | None:
    """A parent reads a thread of the family; returns the first message that was new to them. Raises NotFound."""
    take_turns(session, turn_of(family_id))
    thread = thread_in_turn(session, thread_id, family_id)
    first = session.scalar(
        select(func.min(Message.id))
        .outerjoin(MessageReading, read_by(user_id))
        .where(Message.thread_id == thread.id, UNREAD)
    )
    note_reading(session, thread.id, user_id)
    return first


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
