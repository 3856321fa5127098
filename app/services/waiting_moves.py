"""The staff move an entry of a waiting list, or take it off: never by editing a moment, always with a reason."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app import clock
from app.models.bookings import Booking, Opening
from app.models.waiting_lists import LIVE, WaitingEntry, WaitingMove
from app.rules.capacity import Slot, covering
from app.rules.states import Actor, BookingStatus
from app.rules.waiting_lists import rank, reordered
from app.services.catalogue import catalogue
from app.services.errors import NotFound, OwnFamily, RankingMoved
from app.services.families import check_not_own, own_family_ids
from app.services.waiting_lists import Told, end_entries, enter, going_together, promote, read_entries


@dataclass(frozen=True, slots=True)
class MoveInput:
    """From the rank that the agent read to another one, and why."""

    seen_rank: int
    to_rank: int
    reason: str


def move(session: Session, entry_id: int, wish: MoveInput, user_id: int) -> int:
    """Move an entry within what waits for the same places; the others keep their order. Returns its rank now: the last
    one where fewer wait.

    Raises NotFound for one that does not wait, OwnFamily (also where the agent's own family waits there and would have
    another rank), and RankingMoved where its rank is another one by now.
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
    moved = [replace(each, position=positions[each.id]) for each in everybody]
    reached = next(rank(each, moved) for each in moved if each.id == entry_id)
    own = own_family_ids(user_id)
    for before, after in zip(everybody, moved, strict=True):
        if entries[after.id].row.family_id in own and rank(after, moved) != rank(before, everybody):
            raise OwnFamily
    for id_, position in positions.items():
        entries[id_].row.position = position
    session.flush()
    session.add(
        WaitingMove(
            entry_id=entry_id, from_rank=seen, to_rank=reached, reason=wish.reason, user_id=user_id, at=clock.now()
        )
    )  # fmt: skip
    session.flush()
    return reached


def remove(session: Session, entry_id: int, reason: str, user_id: int) -> None:
    """Take an entry off its list, or take back what it is offered (with those bound to it), and tell the family why.

    The place goes to the next one. Raises NotFound for one that has ended, OwnFamily (also where the agent's own family
    waits behind it for one of its places).
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
    _check_not_for_own(session, ended, user_id)
    freed = end_entries(
        session, ended, BookingStatus.CANCELLED, Actor.STAFF, user_id, now, told=(told, "waiting_removed"),
        reason=reason,
    )  # fmt: skip
    told.write(session, reason)
    promote(session, freed, now)


def _check_not_for_own(session: Session, ended: Sequence[WaitingEntry], user_id: int) -> None:
    """Raises OwnFamily where the agent's own family waits for what these entries wait for, or hold, before it."""
    own_ids, days = own_family_ids(user_id), {row.day for row in ended}
    own = read_entries(session, WaitingEntry.day.in_(days), WaitingEntry.family_id.in_(own_ids)) if own_ids else []
    if not own:
        return
    scopes = catalogue().scopes
    slots = session.execute(
        select(WaitingEntry, Opening.unit_id, Opening.group_id)
        .join(Booking, Booking.waiting_id == WaitingEntry.id)
        .join(Opening, Opening.id == Booking.opening_id)
        .where(WaitingEntry.id.in_({row.id for row in ended}))
    )
    for row, unit_id, group_id in slots:
        taken = {(row.day, scope.id) for scope in covering(Slot(unit_id, group_id), scopes)}
        comes_first = row.offered_until is not None
        for each in own:
            if taken & each.entry.needs and (comes_first or row.position < each.row.position):
                raise OwnFamily


def _live_entry(session: Session, entry_id: int, user_id: int) -> WaitingEntry:
    row = session.scalar(select(WaitingEntry).where(LIVE, WaitingEntry.id == entry_id))
    if row is None:
        raise NotFound("waiting entry")
    check_not_own(row.family_id, user_id)
    return row
