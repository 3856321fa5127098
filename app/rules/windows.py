"""Windows: from when until when may this family ask for an enrolment?

Source: domain.md 2.4, docs/rules/windows.md. Instants are Paris's; an hour that comes twice or not at all is read as in
rules.deadlines.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from enum import StrEnum, auto

from app.rules.audiences import Audience, is_concerned
from app.rules.deadlines import is_in_time, paris_moment


@dataclass(frozen=True, slots=True)
class Window:
    """From a moment on, until another one (None: it stays open), for some families or, naming none, for all."""

    opens_on: date
    opens_at: time
    closes_on: date | None = None
    closes_at: time = time(23, 59, 59)
    audiences: frozenset[Audience] = frozenset()

    def __post_init__(self) -> None:
        if any(at.tzinfo is not None or at.microsecond for at in (self.opens_at, self.closes_at)):
            raise ValueError("the hours of a window are Paris wall-clock times in whole seconds")
        if self.closes is not None and self.closes <= self.opens:
            raise ValueError("a window closes after it opens")

    @property
    def opens(self) -> datetime:
        """The first instant."""
        return paris_moment(self.opens_on, self.opens_at)

    @property
    def closes(self) -> datetime | None:
        """The last instant."""
        return None if self.closes_on is None else paris_moment(self.closes_on, self.closes_at)


class WindowState(StrEnum):
    """What a family finds."""

    OPEN = auto()
    NOT_YET = auto()
    CLOSED = auto()
    OTHERS = auto()  # none of the windows is for this family


@dataclass(frozen=True, slots=True)
class WindowAnswer:
    """The state, and its instant: until when it is open (None: no end), from when it will be, when it was closed."""

    state: WindowState
    at: datetime | None = None


def judge_windows(windows: Collection[Window], own: Collection[Audience], now: datetime) -> WindowAnswer:
    """What a family of these audiences finds now; without windows it is always open."""
    if not windows:
        return WindowAnswer(WindowState.OPEN)
    mine = [window for window in windows if is_concerned(window.audiences, own)]
    if not mine:
        return WindowAnswer(WindowState.OTHERS)
    here = [window for window in mine if _is_open(window, now)]
    if here:
        ends = [window.closes for window in here]
        return WindowAnswer(WindowState.OPEN, None if None in ends else _last(end for end in ends if end is not None))
    to_come = [window.opens for window in mine if window.opens.astimezone(UTC) > now.astimezone(UTC)]
    if to_come:
        return WindowAnswer(WindowState.NOT_YET, min(to_come, key=lambda at: at.astimezone(UTC)))
    return WindowAnswer(WindowState.CLOSED, _last(window.closes for window in mine if window.closes is not None))


def _is_open(window: Window, now: datetime) -> bool:
    has_begun = now.astimezone(UTC) >= window.opens.astimezone(UTC)
    return has_begun and (window.closes is None or is_in_time(now, window.closes))


def _last(instants: Iterable[datetime]) -> datetime:
    return max(instants, key=lambda at: at.astimezone(UTC))
