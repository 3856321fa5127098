"""Who is there now, as far as attendance says: for an evacuation, doubt is a child to look for.

Source: domain.md 7 (point 4), docs/rules/presences.md.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import time
from enum import StrEnum, auto

from app.rules.attendances import Seen, Turnout


class Presence(StrEnum):
    """Where a child is thought to be."""

    HERE = auto()
    TO_CHECK = auto()  # came, its time is over, and nobody noted that it left
    NOT_TICKED = auto()  # expected now, and nobody said whether it came


@dataclass(frozen=True, slots=True)
class Stay:
    """A unit of the day for which a child is expected, or was ticked; the times are those of Paris."""

    starts_at: time
    ends_at: time
    seen: Seen


def presence(stays: Iterable[Stay], now: time) -> Presence | None:
    """Where a child is thought to be at this time; None: it did not come, has left, or is not expected yet.

    The last unit for which it was ticked counts. Who came is there until its last unit that nobody said it misses is
    over.
    """
    in_order = sorted(stays, key=lambda stay: (stay.starts_at, stay.ends_at))
    ticked = [stay for stay in in_order if stay.seen.turnout is not None]
    came = [stay for stay in ticked if stay.seen.turnout is Turnout.PRESENT]
    if came and came[-1].seen.left_at is None:
        until = max(stay.ends_at for stay in in_order if stay.seen.turnout is not Turnout.ABSENT)
        return Presence.HERE if now <= until else Presence.TO_CHECK
    open_ones = [stay for stay in in_order if stay.seen.turnout is None]
    runs = any(stay.starts_at <= now <= stay.ends_at for stay in open_ones)
    return Presence.NOT_TICKED if runs else None
