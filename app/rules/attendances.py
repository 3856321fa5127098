"""Attendance: what may be recorded of a child on a day, who has the last word, and what it makes of the price.

What happened never overwrites what was booked. Source: domain.md 3.2 and 7, docs/rules/attendances.md.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, time
from enum import StrEnum, auto

from app.rules.bills import UsageStanding

LONGEST_REASON = 300
"""Characters of the reason for which a validated day is opened again."""


class Turnout(StrEnum):
    """Whether a child came, as the staff saw it."""

    PRESENT = auto()
    ABSENT = auto()


@dataclass(frozen=True, slots=True)
class Seen:
    """What is recorded of a child in an opening; without ``turnout`` nothing is, or not any more.

    ``is_justified``: of an absence, that it is not charged. The times are those of Paris, where they were noted.
    """

    turnout: Turnout | None = None
    is_justified: bool = False
    arrived_at: time | None = None
    left_at: time | None = None

    @property
    def is_sound(self) -> bool:
        """Whether it can be so: times of who came alone, in their order; only an absence is justified."""
        if self.is_justified and self.turnout is not Turnout.ABSENT:
            return False
        if self.turnout is not Turnout.PRESENT and (self.arrived_at or self.left_at):
            return False
        return self.arrived_at is None or self.left_at is None or self.arrived_at < self.left_at


NOT_SEEN = Seen()


class Button(StrEnum):
    """The buttons of a child: there, not there, taken back, or come and gone with the hour that it is."""

    PRESENT = auto()
    ABSENT = auto()
    NOTHING = auto()
    ARRIVED = auto()
    LEFT = auto()


def seen_after(button: Button, seen: Seen, hour: time | None) -> Seen:
    """What a button says, pressed at an hour (None: after the day) where this was recorded.

    Who is there already keeps the times, and who is absent already what excuses it.
    """
    match button:
        case Button.PRESENT:
            return seen if seen.turnout is Turnout.PRESENT else Seen(Turnout.PRESENT)
        case Button.ABSENT:
            return seen if seen.turnout is Turnout.ABSENT else Seen(Turnout.ABSENT)
        case Button.ARRIVED:
            return Seen(Turnout.PRESENT, arrived_at=hour)
        case Button.LEFT:
            return Seen(Turnout.PRESENT, arrived_at=seen.arrived_at, left_at=hour)
        case Button.NOTHING:
            return NOT_SEEN


class Obstacle(StrEnum):
    """Why something may not be recorded."""

    UNKNOWN = auto()  # no such child or opening, or a place that is not the agent's
    OWN_FAMILY = auto()  # a colleague ticks an agent's own children
    TO_COME = auto()
    CLOSED = auto()
    VALIDATED = auto()  # the day is locked: who may opens it again, with a reason
    RUN_UNDER_WAY = auto()  # the month is being invoiced just now
    INVOICED = auto()  # what was recorded is on an invoice: a credit note corrects it
    NOT_EXPECTED = auto()  # who was not booked is not absent
    UNSOUND = auto()  # times that cannot be


@dataclass(frozen=True, slots=True)
class MarkFacts:
    """What decides whether a mark may be recorded, beside what it says.

    ``is_known``: child and opening exist, where the agent may act. ``is_invoiced``: an invoice run took the booking.
    ``corrects``: who makes credit notes corrects what is validated and invoiced.
    """

    day: date
    is_known: bool = True
    is_own: bool = False
    is_open: bool = True
    is_expected: bool = True
    is_recorded: bool = False
    is_validated: bool = False
    is_invoiced: bool = False
    run_under_way: bool = False
    corrects: bool = False


def obstacle(mark: Seen, facts: MarkFacts, today: date) -> Obstacle | None:
    """What stands against a mark; the first that applies. Whoever is there is recorded, booked or not."""
    if not facts.is_known:
        return Obstacle.UNKNOWN
    if facts.is_own:
        return Obstacle.OWN_FAMILY
    if facts.day > today:
        return Obstacle.TO_COME
    if not facts.is_open and not facts.is_expected and not facts.is_recorded:
        return Obstacle.CLOSED
    if facts.is_validated and not facts.corrects:
        return Obstacle.VALIDATED
    if facts.run_under_way:
        return Obstacle.RUN_UNDER_WAY
    if facts.is_invoiced and facts.is_recorded and not facts.corrects:
        return Obstacle.INVOICED
    if mark.turnout is Turnout.ABSENT and not facts.is_expected:
        return Obstacle.NOT_EXPECTED
    return None if mark.is_sound else Obstacle.UNSOUND


def as_decided(mark: Seen, *, is_excused: bool) -> Seen:
    """What a mark says where the family's reason was accepted (``is_excused``): it stands until the child was there."""
    if not is_excused or mark.turnout is Turnout.PRESENT:
        return mark
    return Seen(Turnout.ABSENT, is_justified=True)


class Ruling(StrEnum):
    """What becomes of a mark beside what is recorded already."""

    RECORDED = auto()
    OVER_OTHER = auto()  # recorded, over what somebody else recorded that the page did not show
    TOO_OLD = auto()  # what somebody recorded later stays


def rule_mark(*, known: int, stored: int, is_others: bool, meant_at: datetime, stored_at: datetime | None) -> Ruling:
    """Two tablets, one child: the last intention wins, and what the page did not show is told.

    ``known`` and ``stored`` are versions (0: nothing was ever recorded), ``is_others``: somebody else made the stored
    one, ``stored_at``: when it was meant. Offline marks arrive late: ``meant_at`` is when the button was pressed.
    """
    if stored_at is not None and meant_at < stored_at:
        return Ruling.TOO_OLD
    return Ruling.OVER_OTHER if is_others and known != stored else Ruling.RECORDED


def standing_after(standing: UsageStanding, seen: Seen, *, came_unbooked: bool) -> UsageStanding:
    """As what a booking is told to the prices once the day is over: what nobody recorded counts as it was booked."""
    if standing is not UsageStanding.HAD or seen.turnout is None:
        return standing
    if seen.turnout is Turnout.ABSENT:
        return UsageStanding.CANCELLED_IN_TIME if seen.is_justified else UsageStanding.ABSENT
    return UsageStanding.UNBOOKED if came_unbooked else UsageStanding.HAD


def stay_minutes(planned: int, seen: Seen) -> int:
    """How long the child was there: between the times, where both were noted, else as long as the unit lasts."""
    if seen.arrived_at is None or seen.left_at is None:
        return planned
    return _minutes(seen.left_at) - _minutes(seen.arrived_at)


def late_minutes(ends_at: time, seen: Seen) -> int | None:
    """By how many minutes the child was collected after the end of the unit; None where nobody was late."""
    if seen.left_at is None or seen.left_at <= ends_at:
        return None
    return _minutes(seen.left_at) - _minutes(ends_at)


@dataclass(frozen=True, slots=True)
class PlaceSeen:
    """A child's place in an opening, booked or not, with what was recorded; ``count`` alike are told as one."""

    is_booked: bool
    planned_minutes: int
    seen: Seen
    count: int = 1


@dataclass(frozen=True, slots=True)
class Turnouts:
    """What places come to: how many, and how long the children stayed. What nobody recorded is in neither."""

    booked: int = 0
    came: int = 0
    excused: int = 0
    missed: int = 0
    unticked: int = 0
    booked_minutes: int = 0
    stayed_minutes: int = 0


def count_turnouts(places: Iterable[PlaceSeen]) -> Turnouts:
    """What some places come to."""
    booked = came = excused = missed = unticked = booked_minutes = stayed_minutes = 0
    for place in places:
        if place.is_booked:
            booked += place.count
            booked_minutes += place.count * place.planned_minutes
        match place.seen.turnout:
            case Turnout.PRESENT:
                came += place.count
                stayed_minutes += place.count * stay_minutes(place.planned_minutes, place.seen)
            case Turnout.ABSENT if place.seen.is_justified:
                excused += place.count
            case Turnout.ABSENT:
                missed += place.count
            case None:
                unticked += place.count
    return Turnouts(booked, came, excused, missed, unticked, booked_minutes, stayed_minutes)


def _minutes(moment: time) -> int:
    return moment.hour * 60 + moment.minute
