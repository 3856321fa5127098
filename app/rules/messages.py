"""Messages between a family and the council: where a thread stands, what is unread, how fast one may write.

Source: docs/rules/messages.md.
"""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from enum import StrEnum, auto

LONGEST_SUBJECT = 120
LONGEST_CONTENT = 4_000

MOST_MESSAGES = ((timedelta(hours=1), 10), (timedelta(days=1), 30))
"""How many messages a family may send within how long."""

URGENT_FOR = timedelta(days=3)
"""How long an urgent message is shown that is about no day to come."""


class ThreadState(StrEnum):
    """Where a thread stands."""

    TO_ANSWER = auto()  # the staff have to
    ANSWERED = auto()
    CLOSED = auto()


class ThreadAct(StrEnum):
    """What somebody does to a thread."""

    FAMILY_WRITES = auto()
    STAFF_WRITES = auto()
    NOTE = auto()  # of the staff, for the staff
    CLOSE = auto()
    REOPEN = auto()


def state_after(state: ThreadState | None, act: ThreadAct) -> ThreadState:
    """Where a thread stands after an act; None: it begins with it. Whoever writes opens a closed one again."""
    match act:
        case ThreadAct.FAMILY_WRITES:
            return ThreadState.TO_ANSWER
        case ThreadAct.STAFF_WRITES:
            return ThreadState.ANSWERED
        case ThreadAct.CLOSE:
            return ThreadState.CLOSED
        case ThreadAct.REOPEN:
            return ThreadState.TO_ANSWER if state in (None, ThreadState.CLOSED) else state
        case ThreadAct.NOTE:
            return ThreadState.TO_ANSWER if state is None else state


def is_unread(message_id: int, read_up_to: int, *, by_staff: bool, is_note: bool) -> bool:
    """Whether a message is new to a parent who has read the thread up to this one (0: nothing of it)."""
    return by_staff and not is_note and message_id > read_up_to


def may_write_at(sent: Sequence[datetime], now: datetime) -> datetime | None:
    """When a family that sent at these moments may write again, latest first; None: now."""
    waits = [sent[most - 1] + within for within, most in MOST_MESSAGES if len(sent) >= most]
    return max((moment for moment in waits if moment > now), default=None)


def is_urgent_shown(day: date | None, sent_at: datetime, now: datetime) -> bool:
    """Whether the families still see an urgent message on the dashboard: until the day is over that it is about."""
    if day is not None and day >= sent_at.date():
        return now.date() <= day
    return now < sent_at + URGENT_FOR
