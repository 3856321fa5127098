"""Absences that families justify: until when, which ones, and what a decision does to what they cost.

Source: docs/rules/absences.md (product.md section 5, domain.md 2.9, councils' published rules).
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from enum import StrEnum, auto

from app.rules.calendars import Calendar
from app.rules.deadlines import DaysAfter, cutoff, is_in_time

MOST_DAYS = 60
"""So many days after an absence it may be justified at most."""

MOST_KEPT_DAYS = 10
"""So many days of an absence stay charged at most."""

_END_OF_DAY = time(23, 59, 59)
_NO_CALENDAR = Calendar(public_holidays={}, school_holidays=())


@dataclass(frozen=True, slots=True)
class JustifyRule:
    """What an activity says: until how many days after the day (0: not at all), and how many days of an absence stay
    charged all the same (« jours de carence »).
    """

    days: int = 0
    kept_days: int = 0

    def __post_init__(self) -> None:
        if not 0 <= self.days <= MOST_DAYS or not 0 <= self.kept_days <= MOST_KEPT_DAYS:
            raise ValueError("days of a rule of absences")


class Outcome(StrEnum):
    """What became of an absence that a family asked to be excused."""

    WAITING = auto()  # the staff decide
    ACCEPTED = auto()  # it is not charged any more
    KEPT = auto()  # justified, but among the first days, which stay charged
    REFUSED = auto()
    INVOICED = auto()  # decided before there were credit notes: an invoice had it


class AbsenceState(StrEnum):
    """Where an absence stands for its family."""

    TO_JUSTIFY = auto()
    TOO_LATE = auto()
    NOT_POSSIBLE = auto()  # its activity does not take back what is charged
    INVOICED = auto()  # decided before there were credit notes
    SENT = auto()
    ACCEPTED = auto()
    KEPT = auto()
    REFUSED = auto()


class JustificationStatus(StrEnum):
    """Where what a family sent for some absences stands."""

    WAITING = auto()
    ACCEPTED = auto()
    PARTLY = auto()
    REFUSED = auto()


@dataclass(frozen=True, slots=True)
class AbsenceFacts:
    """An absence that was charged: its day, its activity's rule, what the family has asked and the staff have said."""

    day: date
    rule: JustifyRule
    outcome: Outcome | None = None


_STATES = {
    Outcome.WAITING: AbsenceState.SENT,
    Outcome.ACCEPTED: AbsenceState.ACCEPTED,
    Outcome.KEPT: AbsenceState.KEPT,
    Outcome.REFUSED: AbsenceState.REFUSED,
    Outcome.INVOICED: AbsenceState.INVOICED,
}


def justify_until(day: date, rule: JustifyRule) -> datetime | None:
    """The last instant, aware in Paris, at which an absence may be justified; None where it may not be."""
    if not rule.days:
        return None
    return cutoff(DaysAfter(rule.days, _END_OF_DAY), day, _END_OF_DAY, _NO_CALENDAR)


def state_of(absence: AbsenceFacts, now: datetime) -> AbsenceState:
    """Where an absence stands. What was asked counts first."""
    if absence.outcome is not None:
        return _STATES[absence.outcome]
    until = justify_until(absence.day, absence.rule)
    if until is None:
        return AbsenceState.NOT_POSSIBLE
    return AbsenceState.TO_JUSTIFY if is_in_time(now, until) else AbsenceState.TOO_LATE


def kept_days(absent: Iterable[date], present: Collection[date], rule: JustifyRule) -> frozenset[date]:
    """The days that stay charged though they are justified: the first ones of each absence of a child in an activity.

    An absence goes on until the child is ``present`` again; weekends, holidays and days that were never booked do not
    end it.
    """
    kept: set[date] = set()
    last: date | None = None
    count = 0
    for day in sorted(set(absent)):
        if last is None or any(last < back < day for back in present):
            count = 0
        if count < rule.kept_days:
            kept.add(day)
        count += 1
        last = day
    return frozenset(kept)


def outcome_of(*, is_accepted: bool, is_kept: bool, was_there: bool = False) -> Outcome:
    """What becomes of an absence by a decision; ``was_there``: by now no absence is recorded any more."""
    if not is_accepted or was_there:
        return Outcome.REFUSED
    return Outcome.KEPT if is_kept else Outcome.ACCEPTED


def status_of(outcomes: Sequence[Outcome]) -> JustificationStatus:
    """What a decision comes to, from what became of each absence."""
    if Outcome.WAITING in outcomes:
        return JustificationStatus.WAITING
    taken = [each for each in outcomes if each in (Outcome.ACCEPTED, Outcome.KEPT)]
    if not taken:
        return JustificationStatus.REFUSED
    return JustificationStatus.ACCEPTED if len(taken) == len(outcomes) else JustificationStatus.PARTLY
