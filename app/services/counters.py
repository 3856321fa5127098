"""The counters of places: made, held until the commit, and spent only while there is a place."""

from collections.abc import Iterable, Mapping
from datetime import date
from enum import StrEnum, auto

from sqlalchemy import or_, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from app.models.bookings import CapacityCounter
from app.rules.capacity import CapacityScope, Slot, covering
from app.services.catalogue import catalogue
from app.services.places import check_entered


class Limit(StrEnum):
    """How far a counter may be spent."""

    ONLINE = auto()  # by parents: without the places that the service keeps
    PLACES = auto()
    NONE = auto()  # by the staff, who have said so


class OverSpent(Exception):
    """A place was spent that was not there: the judgement and the counters disagree, so nothing is saved."""


def move_counters(session: Session, day: date, changes: Mapping[int, int], limit: Limit = Limit.ONLINE) -> None:
    """Spend and free places of a day, by capacity scope; the caller holds their counters. Raises OverSpent."""
    for scope_id, change in sorted(changes.items()):
        counter = (CapacityCounter.day == day, CapacityCounter.scope_id == scope_id)
        statement = update(CapacityCounter).where(*counter).values(taken=CapacityCounter.taken + change)
        if change > 0 and limit is not Limit.NONE:
            statement = statement.where(CapacityCounter.taken < CapacityCounter.places)
        if change > 0 and limit is Limit.ONLINE:
            online = CapacityCounter.online_places
            statement = statement.where(or_(online.is_(None), CapacityCounter.taken < online))
        # Nobody reads a counter's row as an object here: nothing to keep in step.
        done = session.execute(statement, execution_options={"synchronize_session": False})
        if done.rowcount != 1:  # type: ignore[attr-defined]
            raise OverSpent(f"scope {scope_id} on {day}")


def lock_counters(session: Session, slots: Mapping[date, set[Slot]]) -> None:
    """Hold, until the commit, the counters that a save may spend: in id order, and no others of these days.

    Missing ones are made first: what is not there cannot be locked.
    """
    check_entered(session)
    scopes = catalogue().scopes
    needed = {
        day: {scope.id: scope for slot in slots_of_day for scope in covering(slot, scopes)}
        for day, slots_of_day in sorted(slots.items())
    }
    counters = (
        CapacityCounter.day.in_(needed),
        CapacityCounter.scope_id.in_({scope_id for by_id in needed.values() for scope_id in by_id}),
    )
    present = set(session.execute(select(CapacityCounter.day, CapacityCounter.scope_id).where(*counters)).tuples())
    for day, by_id in needed.items():
        make_counters(session, {day}, [scope for id_, scope in by_id.items() if (day, id_) not in present])
    session.execute(select(CapacityCounter.id).where(*counters).order_by(CapacityCounter.id).with_for_update())


def make_counters(session: Session, days: Iterable[date], scopes: Iterable[CapacityScope]) -> None:
    """Make the counters that are missing on these days, with their scope's places; existing ones stay as they are."""
    rows = [
        {"scope_id": scope.id, "day": day, "places": scope.places, "online_places": scope.online_places, "taken": 0}
        for day in sorted(days)
        for scope in sorted(scopes, key=lambda scope: scope.id)
    ]
    if not rows:
        return
    insert = postgresql.insert if session.get_bind().dialect.name == "postgresql" else sqlite.insert
    session.execute(insert(CapacityCounter).on_conflict_do_nothing(), rows)
