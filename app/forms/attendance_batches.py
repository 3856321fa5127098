"""The shape of what a tablet sends of « Pointage »: the ticks that it kept, in the order in which they were pressed."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, time
from typing import Any

from app.rules.attendances import Button, Seen, Turnout
from app.services.attendance_batches import KeptTick
from app.services.errors import ForgedForm

MOST_AT_ONCE = 200

_ID = re.compile(r"[A-Za-z0-9-]{16,64}")
_LATEST = datetime(2100, 1, 1, tzinfo=UTC)
_EARLIEST = datetime(2000, 1, 1, tzinfo=UTC)
_MAX_ID = 2**31 - 1


@dataclass(frozen=True, slots=True)
class Batch:
    """What was sent, and which agent ticked it."""

    agent_id: int
    ticks: tuple[KeptTick, ...]


def read_batch(sent: object) -> Batch:
    """What a tablet sent. Raises ForgedForm."""
    body = _mapping(sent)
    ticks = body.get("marks")
    if not isinstance(ticks, list) or len(ticks) > MOST_AT_ONCE:
        raise ForgedForm
    return Batch(_number(body.get("agent")), tuple(_tick(_mapping(tick)) for tick in ticks))


def seen_as_sent(seen: Seen) -> dict[str, object]:
    """The same for a tablet, which sends it back where the agent chooses it."""
    return {
        "turnout": seen.turnout, "justified": seen.is_justified,
        "arrived": seen.arrived_at and f"{seen.arrived_at:%H:%M}", "left": seen.left_at and f"{seen.left_at:%H:%M}",
    }  # fmt: skip


def _tick(tick: Mapping[str, Any]) -> KeptTick:
    id_, what, seen = tick.get("id"), tick.get("what"), tick.get("seen")
    if not isinstance(id_, str) or not _ID.fullmatch(id_) or (what is None) == (seen is None):
        raise ForgedForm
    if what is not None and what not in list(Button):
        raise ForgedForm
    return KeptTick(
        id_, _number(tick.get("child")), _number(tick.get("opening")), _number(tick.get("known")),
        _moment(tick.get("at")),
        None if what is None else Button(what),
        None if seen is None else _seen(_mapping(seen)),
    )  # fmt: skip


def _seen(seen: Mapping[str, Any]) -> Seen:
    turnout, justified = seen.get("turnout"), seen.get("justified", False)
    if turnout not in (None, *(each.value for each in Turnout)) or not isinstance(justified, bool):
        raise ForgedForm
    return Seen(
        None if turnout is None else Turnout(turnout), justified, _hour(seen.get("arrived")), _hour(seen.get("left"))
    )


def _mapping(sent: object) -> Mapping[str, Any]:
    if not isinstance(sent, dict):
        raise ForgedForm
    return sent


def _number(sent: object) -> int:
    if type(sent) is not int or not 0 <= sent <= _MAX_ID:
        raise ForgedForm
    return sent


def _moment(sent: object) -> datetime:
    """Milliseconds since 1970. A moment to come is the service's to judge."""
    if type(sent) is not int or not _EARLIEST.timestamp() <= sent / 1000 <= _LATEST.timestamp():
        raise ForgedForm
    return datetime.fromtimestamp(sent / 1000, UTC)


def _hour(sent: object) -> time | None:
    if sent is None:
        return None
    if not isinstance(sent, str) or not re.fullmatch(r"([01]\d|2[0-3]):[0-5]\d", sent):
        raise ForgedForm
    return time.fromisoformat(sent)
