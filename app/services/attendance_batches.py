"""What a tablet ticked without network, once it is sent: each tick becomes a mark, each mark is answered.

The same batch may come again, since an answer can be lost: it is recorded once, and answered as the first time.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from app import clock
from app.models.accounts import User
from app.models.attendances import Attendance, AttendanceEvent, AttendanceEventKind
from app.models.bookings import Opening
from app.rules.attendances import NOT_SEEN, Button, Obstacle, Seen, seen_after
from app.services.attendances import Answer, Mark, OtherMark, Result, record_all
from app.services.catalogue import catalogue


@dataclass(frozen=True, slots=True)
class KeptTick:
    """One tick. ``what``: the button; or ``seen``: what the agent chose after a conflict."""

    client_id: str
    child_id: int
    opening_id: int
    known: int
    meant_at: datetime
    what: Button | None
    seen: Seen | None


@dataclass(frozen=True, slots=True)
class Answered:
    """What became of a tick, and the unit that it is of ("" where there is none that the agent may know)."""

    answer: Answer
    unit_name: str


def record_ticks(session: Session, agent_id: int, ticks: Sequence[KeptTick]) -> tuple[Answered, ...]:
    """Record them, in their order, and answer each; call inside `write_transaction()`."""
    rows = session.execute(
        select(Opening.id, Opening.day, Opening.unit_id).where(Opening.id.in_({tick.opening_id for tick in ticks}))
    ).all()
    days, units = {id_: day for id_, day, _ in rows}, {id_: unit_id for id_, _, unit_id in rows}
    stored = _stored(session, ticks)
    now, marks = clock.now(), []
    for tick in ticks:
        place = tick.child_id, tick.opening_id
        meant_at = min(tick.meant_at, now).astimezone(clock.PARIS)
        if tick.seen is not None:
            seen = tick.seen
        else:
            is_that_day = days.get(tick.opening_id) == meant_at.date()
            hour = meant_at.time().replace(second=0, microsecond=0) if is_that_day else None
            seen = seen_after(tick.what, stored.get(place, NOT_SEEN), hour) if tick.what else NOT_SEEN
        stored[place] = seen
        marks.append(Mark(tick.client_id, tick.child_id, tick.opening_id, seen, tick.known, meant_at))
    answers = record_all(session, agent_id, marks)
    repeated = [answer for answer in answers if answer.result is Result.ALREADY]
    told = _told_before(session, agent_id, repeated) if repeated else {}
    found = []
    for answer in answers:
        if (other := told.get(answer.mark.client_id)) is not None:
            answer = replace(answer, result=Result.CONFLICT, other=other)
        if answer.other is not None and answer.other.seen == answer.mark.seen:
            answer = replace(answer, result=Result.RECORDED, other=None)  # they say the same
        is_known = answer.result is not Result.REFUSED or answer.obstacle is not Obstacle.UNKNOWN
        unit_id = units.get(answer.mark.opening_id) if is_known else None
        found.append(Answered(answer, "" if unit_id is None else catalogue().units[unit_id].name))
    return tuple(found)


def _stored(session: Session, ticks: Collection[KeptTick]) -> dict[tuple[int, int], Seen]:
    rows = session.scalars(
        select(Attendance).where(
            Attendance.child_id.in_({tick.child_id for tick in ticks}),
            Attendance.opening_id.in_({tick.opening_id for tick in ticks}),
        )
    )
    return {(row.child_id, row.opening_id): row.seen for row in rows}


def _told_before(session: Session, agent_id: int, answers: Collection[Answer]) -> Mapping[str, OtherMark]:
    """By id, the conflicts that an earlier answer to the same marks told, and that may never have arrived.

    What a mark was recorded over is what its log holds before it, where that was not what the page had shown.
    """
    ids = {answer.mark.client_id for answer in answers}
    mine = select(AttendanceEvent.attendance_id).where(
        AttendanceEvent.client_id.in_(ids), AttendanceEvent.user_id == agent_id
    )
    logs: dict[int, list[tuple[AttendanceEvent, str]]] = {}
    for event, by in session.execute(
        select(AttendanceEvent, User.display_name)
        .join(User, User.id == AttendanceEvent.user_id)
        .where(AttendanceEvent.attendance_id.in_(mine))
        .order_by(AttendanceEvent.id)
    ):
        logs.setdefault(event.attendance_id, []).append((event, by))
    known = {answer.mark.client_id: answer.mark.known for answer in answers}
    found: dict[str, OtherMark] = {}
    for log in logs.values():
        standing = [(event, by) for event, by in log if event.kind is not AttendanceEventKind.TOO_OLD]
        for event, _ in log:
            if event.client_id not in ids or event.user_id != agent_id:
                continue
            if event.kind is AttendanceEventKind.TOO_OLD:
                last, by = standing[-1]
                found[event.client_id or ""] = _other(last, by, stays=True)
                continue
            before = [each for each in standing if each[0].id < event.id]
            if before and len(before) != known[event.client_id or ""] and before[-1][0].user_id != agent_id:
                found[event.client_id or ""] = _other(*before[-1], stays=False)
    return found


def _other(event: AttendanceEvent, by: str, *, stays: bool) -> OtherMark:
    seen = Seen(event.turnout, event.is_justified, event.arrived_at, event.left_at)
    return OtherMark(seen, by, event.meant_at, stays=stays)
