"""The staff's inbox: the threads that an agent may read, answers, notes, who deals with them."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from itertools import compress

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session, joinedload

from app import clock
from app.database import db
from app.integrations.kept_files import SealedFile
from app.models.accounts import StaffRole, User
from app.models.families import Family
from app.models.messages import Message, MessageThread
from app.rules.capabilities import ROLE_CAPABILITIES, Capability
from app.rules.messages import ThreadAct, ThreadState, state_after
from app.services.catalogue import catalogue
from app.services.errors import FamilyNotActive, NotFound, ThreadMoved
from app.services.families import check_not_own, own_family_ids, stays_active
from app.services.mails import queue_mail
from app.services.message_threads import (
    Sent,
    ThreadLine,
    ThreadView,
    Written,
    attached_file,
    line_of,
    logins_of,
    messages_where,
    move,
    new_thread,
    take_turn,
    thread_in_turn,
    thread_rows,
    view_of,
    write,
)
from app.services.pages import Page, page_of
from app.services.staff_scopes import EVERYWHERE, StaffScope


@dataclass(frozen=True, slots=True)
class InboxFilter:
    """Which threads an agent wants to see; what is None is not asked."""

    state: ThreadState | None = None
    recipient_id: int | None = None
    assigned_to_id: int | None = None
    family_id: int | None = None


def inbox(user_id: int, wanted: InboxFilter, page: int, reach: StaffScope = EVERYWHERE) -> Page[ThreadLine]:
    """The threads within reach that an agent asks for: those that wait oldest first, others latest first.

    Three queries, two more where one has an agent.
    """
    conditions: list[ColumnElement[bool]] = [
        MessageThread.family_id.not_in(own_family_ids(user_id)),
        reach.has_family(MessageThread.family_id),
    ]
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
        thread_rows().where(*conditions).order_by(last, MessageThread.id).offset(place.offset).limit(place.size)
    ).all()
    left = _left_threads(rows)
    return place.filled(tuple(line_of(thread, is_left=thread.id in left) for thread in rows))


def inbox_counts(user_id: int, reach: StaffScope = EVERYWHERE) -> Mapping[ThreadState, int]:
    """How many threads stand where, as far as an agent may read them. Two queries."""
    found = dict.fromkeys(ThreadState, 0)
    rows = db.session.execute(
        select(MessageThread.state, func.count())
        .where(MessageThread.family_id.not_in(own_family_ids(user_id)), reach.has_family(MessageThread.family_id))
        .group_by(MessageThread.state)
    )
    return {**found, **{row[0]: row[1] for row in rows}}


def is_in_queue() -> ColumnElement[bool]:
    """Whether a thread waits for an answer of the staff."""
    return MessageThread.state == ThreadState.TO_ANSWER


def threads_to_answer(own: Collection[int], *, at_most: int, reach: StaffScope = EVERYWHERE) -> tuple[ThreadLine, ...]:
    """What waits within reach, oldest first; of the agent's `own` families without the subject.

    One query, two more where one has an agent.
    """
    rows = db.session.scalars(
        thread_rows()
        .where(is_in_queue(), reach.has_family(MessageThread.family_id))
        .order_by(MessageThread.last_at, MessageThread.id)
        .limit(at_most)
    ).all()
    left = _left_threads(rows)
    return tuple(line_of(each, is_own=each.family_id in own, is_left=each.id in left) for each in rows)


def thread_for_staff(thread_id: int, user_id: int) -> ThreadView:
    """A thread with its notes. Raises NotFound, and OwnFamily for that of the agent's own.

    Three queries, two more where it has an agent.
    """
    thread = db.session.scalar(thread_rows().where(MessageThread.id == thread_id))
    if thread is None:
        raise NotFound("thread")
    check_not_own(thread.family_id, user_id)
    line = line_of(thread, is_left=bool(_left_threads([thread])))
    return view_of(thread, messages_where(Message.thread_id == thread_id), line)


def file_for_staff(message_id: int, user_id: int) -> tuple[SealedFile, str]:
    """What was attached to any message. Raises NotFound, OwnFamily."""
    row = db.session.scalar(select(Message).where(Message.id == message_id).options(joinedload(Message.thread)))
    file = attached_file(row)
    assert row is not None
    check_not_own(row.thread.family_id, user_id)
    return file


def answering_agents(family_id: int) -> Mapping[int, str]:
    """Who may be given a thread of a family, which their role reaches: the name by id, in the order of names.

    Two queries.
    """
    return _answering([family_id])[family_id]


def _left_threads(threads: Iterable[MessageThread]) -> frozenset[int]:
    """Those of some threads whose agent's role does not reach their family any more: somebody has to take them over.

    Two queries, none where no thread has an agent.
    """
    given = [thread for thread in threads if thread.assigned_to_id is not None]
    if not given:
        return frozenset()
    agents = _answering({thread.family_id for thread in given})
    return frozenset(thread.id for thread in given if thread.assigned_to_id not in agents[thread.family_id])


def _answering(family_ids: Collection[int]) -> Mapping[int, Mapping[int, str]]:
    """By family, who may be given its threads. Two queries."""
    roles = [role for role, allowed in ROLE_CAPABILITIES.items() if Capability.ANSWER_MESSAGES in allowed]
    rows = db.session.execute(
        select(User.id, User.display_name, StaffRole.office_id, StaffRole.site_id)
        .join(StaffRole, StaffRole.user_id == User.id)
        .where(StaffRole.role.in_(roles))
        .order_by(User.display_name, User.id)
    ).all()
    reaching = _places_reaching(family_ids, {(row[2], row[3]) for row in rows})
    return {
        family_id: {row[0]: row[1] for row in rows if (row[2], row[3]) in reaching.get(family_id, ())}
        for family_id in family_ids
    }


def _places_reaching(
    family_ids: Collection[int], places: Collection[tuple[int | None, int | None]]
) -> Mapping[int, frozenset[tuple[int | None, int | None]]]:
    """By family, those of some pairs of an office and a site whose scope has it. One query."""
    asked = list(places)
    within = (StaffScope(frozenset({place})).has_family(Family.id) for place in asked)
    found = db.session.execute(select(Family.id, *within).where(Family.id.in_(family_ids)))
    return {row[0]: frozenset(compress(asked, row[1:])) for row in found}


def readers_of(family_id: int) -> tuple[str, ...]:
    """The adults of a family who can read a message: who have a login. One query."""
    return tuple(name for _email, name in logins_of(db.session(), family_id))


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
    thread = new_thread(session, family_id, recipient_id, subject, ThreadAct.STAFF_WRITES)
    sent = write(session, thread, user_id, written, by_staff=True)
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
    move(thread, ThreadAct.STAFF_WRITES)
    sent = write(session, thread, user_id, written, by_staff=True)
    _tell_family(session, thread)
    return sent


def add_note(session: Session, thread_id: int, user_id: int, written: Written) -> Sent:
    """An agent writes something for colleagues. Raises NotFound, OwnFamily."""
    thread, known = _begin_in_thread(session, thread_id, user_id, written.key)
    if known is not None:
        return known
    thread.state = state_after(thread.state, ThreadAct.NOTE)
    return write(session, thread, user_id, written, by_staff=True, is_note=True)


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
        if agent_id not in answering_agents(thread.family_id):
            raise NotFound("agent")
        check_not_own(thread.family_id, agent_id)
    thread.assigned_to_id = agent_id


def _begin_as_staff(session: Session, family_id: int, user_id: int, key: str) -> Sent | None:
    check_not_own(family_id, user_id)
    return take_turn(session, family_id, user_id, key)


def _begin_in_thread(
    session: Session, thread_id: int, user_id: int, key: str = ""
) -> tuple[MessageThread, Sent | None]:
    family_id = session.scalar(select(MessageThread.family_id).where(MessageThread.id == thread_id))
    if family_id is None:
        raise NotFound("thread")
    known = _begin_as_staff(session, family_id, user_id, key)
    return thread_in_turn(session, thread_id, family_id), known


def _check_seen(session: Session, thread_id: int, seen: int) -> None:
    if session.scalar(select(func.max(Message.id)).where(Message.thread_id == thread_id)) != seen:
        raise ThreadMoved


def _tell_family(session: Session, thread: MessageThread) -> None:
    """Write to those who can sign in that there is something to read; what it is stays in the portal."""
    recipient = next(info for info in catalogue().recipients if info.id == thread.recipient_id)
    for email, _name in logins_of(session, thread.family_id):
        queue_mail(session, "message_answered", email, family_id=thread.family_id, service=recipient.name)
