"""The staff move an entry of a waiting list, or take it off: never by editing a moment, always with a reason."""

from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app import clock
from app.models.waiting_lists import LIVE, WaitingEntry, WaitingMove
from app.rules.states import Actor, BookingStatus
from app.rules.waiting_lists import rank, reordered
from app.services.errors import NotFound, RankingMoved
from app.services.families import check_not_own
from app.services.waiting_lists import Told, end_entries, enter, going_together, promote, read_entries


@dataclass(frozen=True, slots=True)
class MoveInput:
    """From the rank that the agent read to another one, and why."""

    seen_rank: int
    to_rank: int
    reason: str


def move(session: Session, entry_id: int, wish: MoveInput, user_id: int) -> None:
    """Move an entry within what waits for the same places; the others keep their order.

    Raises NotFound for one that does not wait, OwnFamily, and RankingMoved where its rank is another one by now.
    """
    row = _live_entry(session, entry_id, user_id)
    enter(session, [row.day], alone=True)
    entries = {each.entry.id: each for each in read_entries(session, WaitingEntry.day == row.day)}
    found = entries.get(entry_id)
    if found is None:
        raise NotFound("waiting entry")
    everybody = [each.entry for each in entries.values()]
    seen = rank(found.entry, everybody)
    if seen != wish.seen_rank:
        raise RankingMoved
    positions = reordered(everybody, entry_id, wish.to_rank)
    for id_, position in positions.items():
        entries[id_].row.position = position
    session.flush()
    session.add(
        WaitingMove(
            entry_id=entry_id, from_rank=seen, to_rank=wish.to_rank, reason=wish.reason, user_id=user_id,
            at=clock.now(),
        )
    )  # fmt: skip
    session.flush()


def remove(session: Session, entry_id: int, reason: str, user_id: int) -> None:
    """Take an entry off its list, or take back what it is offered (with those bound to it), and tell the family why.

    The place goes to the next one. Raises NotFound for one that has ended, OwnFamily.
    """
    row = _live_entry(session, entry_id, user_id)
    bound = select(WaitingEntry).where(
        LIVE, WaitingEntry.family_id == row.family_id,
        func.coalesce(WaitingEntry.bound_to_id, WaitingEntry.id) == row.bundle,
    )  # fmt: skip
    enter(session, {each.day for each in session.scalars(bound)}, [row.family_id], alone=True)
    rows = session.scalars(bound.order_by(WaitingEntry.id).execution_options(populate_existing=True)).all()
    if entry_id not in {each.id for each in rows}:
        raise NotFound("waiting entry")
    now, told = clock.now(), Told()
    ended = going_together(rows, entry_id)
    freed = end_entries(
        session, ended, BookingStatus.CANCELLED, Actor.STAFF, user_id, now, told=(told, "waiting_removed"),
        reason=reason,
    )  # fmt: skip
    told.write(session, reason)
    promote(session, freed, now)


def _live_entry(session: Session, entry_id: int, user_id: int) -> WaitingEntry:
    row = session.scalar(select(WaitingEntry).where(LIVE, WaitingEntry.id == entry_id))
    if row is None:
        raise NotFound("waiting entry")
    check_not_own(row.family_id, user_id)
    return row
