"""The only place that reads the time.

`now()` is an aware moment in Europe/Paris. In the demo and in tests the clock may be started at
another moment (`ESPACE_FAMILLE_NOW`); it then ticks on from there. Elapsed time for heartbeats and
time-outs is `time.monotonic()`, which needs no clock.
"""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

PARIS = ZoneInfo("Europe/Paris")


class Clock:
    """A clock that starts at a given moment, or at the real one, and ticks on unless frozen."""

    def __init__(self) -> None:
        self._started_at: datetime | None = None
        self._started_monotonic = 0.0
        self._frozen = False

    def start_at(self, moment: datetime, *, frozen: bool = False) -> None:
        """Make the clock read `moment` (naive: Europe/Paris) now; frozen, it stays there."""
        self._started_at = moment.replace(tzinfo=PARIS) if moment.tzinfo is None else moment.astimezone(PARIS)
        self._started_monotonic = time.monotonic()
        self._frozen = frozen

    def follow_real_time(self) -> None:
        """Read the machine's time again."""
        self._started_at = None
        self._frozen = False

    @contextmanager
    def moved(self) -> Iterator[None]:
        """Inside, the clock may be started at other moments; afterwards it reads as if nothing had been."""
        before = (self._started_at, self._started_monotonic, self._frozen)
        try:
            yield
        finally:
            self._started_at, self._started_monotonic, self._frozen = before

    def now(self) -> datetime:
        """The present moment, aware, in Europe/Paris."""
        if self._started_at is None:
            return datetime.now(PARIS)
        if self._frozen:
            return self._started_at
        elapsed = timedelta(seconds=time.monotonic() - self._started_monotonic)
        # Added in UTC, so that a night in which clocks change has its right length.
        return (self._started_at.astimezone(UTC) + elapsed).astimezone(PARIS)


_clock = Clock()

start_at = _clock.start_at
follow_real_time = _clock.follow_real_time
moved = _clock.moved
now = _clock.now


def today() -> date:
    """The present day in Europe/Paris."""
    return now().date()


def later(length: timedelta) -> datetime:
    """The moment that comes so long after now, also in the night when clocks change: `now() + length` adds on the
    clock's face, and in the second turn of that hour came out an hour too early.
    """
    return (now().astimezone(UTC) + length).astimezone(PARIS)
