"""What a save did and did not do, in sentences: cell by cell, and all together."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, datetime

from app.cell_labels import refusal
from app.combination_labels import combination_sentence
from app.rules.calendars import week_of
from app.rules.cells import Reason
from app.rules.combinations import Violation
from app.services.catalogue import UnitInfo, catalogue
from app.services.verdicts import NOT_DONE, Result, SavedChoice, SaveOutcome


@dataclass(frozen=True, slots=True)
class ReportDay:
    """What became of the choices of one day: « mercredi 2 décembre : Matin, Repas »."""

    day: date
    unit_names: tuple[str, ...]
    answer_until: datetime | None = None  # until when the staff may decide on a request


@dataclass(frozen=True, slots=True)
class NotDone:
    """A choice that was not saved, or what stays booked because of it, and why."""

    day: date
    unit_name: str
    became: str  # « Non enregistré. »
    why: str

    @property
    def sentence(self) -> str:
        """Both, for a cell."""
        return f"{self.became} {self.why}"


@dataclass(frozen=True, slots=True)
class WaitingChoice:
    """A day that may go on the waiting list."""

    day: date
    unit_names: tuple[str, ...]
    opening_ids: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class SaveReport:
    """All that the page after a save tells."""

    booked: tuple[ReportDay, ...]
    booked_count: int
    cancelled: tuple[ReportDay, ...]
    cancelled_count: int
    absences: tuple[ReportDay, ...]  # cancelled too late: the place is freed, the price stays
    absences_count: int
    absences_cents: int  # what stays due for them
    requested: tuple[ReportDay, ...]
    requested_count: int
    requested_cents: int  # what they would cost
    to_pay: tuple[ReportDay, ...]  # kept until they are paid
    to_pay_count: int
    to_pay_cents: int
    withdrawn: tuple[ReportDay, ...]
    withdrawn_count: int
    gone: tuple[ReportDay, ...]  # was booked, and is not any more
    not_done: tuple[NotDone, ...]
    not_done_count: int  # how many choices were not saved
    change_cents: int  # by how much the family's bill changed
    effects: tuple[str, ...]
    may_wait: tuple[WaitingChoice, ...]  # the days of which something is full, and that may wait as a whole
    messages: Mapping[int, str]  # by opening id: what stands in the cells that were not saved


def report_save(outcome: SaveOutcome, activity_ids: Collection[int] | None = None) -> SaveReport:
    """The report of a save; `activity_ids`: those that the reader may know of, None for all."""
    units = catalogue().units
    not_done = {
        choice: NotDone(_day(choice), units[choice.unit_id].name, _became(choice), _why(choice, activity_ids))
        for choice in outcome.choices
        if choice.result in (*NOT_DONE, Result.STAYS)
    }
    return SaveReport(
        booked=_by_day(outcome, _BOOKED, units),
        booked_count=outcome.count(*_BOOKED),
        cancelled=_by_day(outcome, _CANCELLED, units),
        cancelled_count=outcome.count(*_CANCELLED),
        absences=_by_day(outcome, _ABSENCES, units),
        absences_count=outcome.count(*_ABSENCES),
        absences_cents=sum(choice.price_cents for choice in outcome.choices if choice.result in _ABSENCES),
        requested=_by_day(outcome, [Result.REQUESTED], units),
        requested_count=outcome.count(Result.REQUESTED),
        requested_cents=sum(each.price_cents for each in outcome.choices if each.result is Result.REQUESTED),
        to_pay=_by_day(outcome, [Result.TO_PAY], units),
        to_pay_count=outcome.count(Result.TO_PAY),
        to_pay_cents=sum(each.price_cents for each in outcome.choices if each.result is Result.TO_PAY),
        withdrawn=_by_day(outcome, [Result.WITHDRAWN], units),
        withdrawn_count=outcome.count(Result.WITHDRAWN),
        gone=_by_day(outcome, [Result.GONE_SINCE], units),
        not_done=tuple(sorted(not_done.values(), key=lambda line: line.day)),
        not_done_count=outcome.count(*NOT_DONE),
        change_cents=outcome.change_cents,
        effects=outcome.effects,
        may_wait=_may_wait(outcome, units),
        messages={choice.opening_id: line.sentence for choice, line in not_done.items()},
    )


_BOOKED = (Result.BOOKED, Result.ALREADY_BOOKED)
_CANCELLED = (Result.CANCELLED, Result.ALREADY_CANCELLED)
_ABSENCES = (Result.CANCELLED_LATE,)


def _by_day(outcome: SaveOutcome, results: Collection[Result], units: Mapping[int, UnitInfo]) -> tuple[ReportDay, ...]:
    by_day: dict[date, list[UnitInfo]] = {}
    untils: dict[date, list[datetime]] = {}
    for choice in outcome.choices:
        if choice.result in results:
            by_day.setdefault(_day(choice), []).append(units[choice.unit_id])
            if choice.until:
                untils.setdefault(_day(choice), []).append(datetime.fromisoformat(choice.until))
    return tuple(
        ReportDay(
            day,
            tuple(unit.name for unit in sorted(found, key=lambda unit: unit.starts_at)),
            max(untils[day], default=None) if day in untils else None,
        )
        for day, found in sorted(by_day.items())
    )


def _may_wait(outcome: SaveOutcome, units: Mapping[int, UnitInfo]) -> tuple[WaitingChoice, ...]:
    """What is full, with the rest of its day, and of its week where a rule counts its days."""
    by_day: dict[date, list[SavedChoice]] = {}
    for choice in outcome.choices:
        if choice.can_wait:
            by_day.setdefault(_day(choice), []).append(choice)
    full = {week_of(day)[0] for day, found in by_day.items() if any(c.result is Result.REFUSED for c in found)}
    return tuple(
        WaitingChoice(
            day,
            tuple(each.name for each in sorted((units[c.unit_id] for c in found), key=lambda unit: unit.starts_at)),
            tuple(sorted(c.opening_id for c in found)),
        )
        for day, found in sorted(by_day.items())
        if week_of(day)[0] in full
    )


def _day(choice: SavedChoice) -> date:
    return date.fromisoformat(choice.day)


def _became(choice: SavedChoice) -> str:
    if choice.result is Result.LOST:
        return "Annulé entre-temps par une autre personne, ou refusé."
    return "Reste réservé." if choice.result is Result.STAYS else "Non enregistré."


def _why(choice: SavedChoice, activity_ids: Collection[int] | None) -> str:
    if choice.result is Result.LOST:
        return "Rien n’a été réservé à nouveau."
    if choice.result is Result.HELD_BACK:
        return "Un autre temps de ce jour ne le permet pas."
    if choice.result is Result.WEEK_HELD_BACK:
        return "Un autre jour de cette semaine ne le permet pas."
    until = datetime.fromisoformat(choice.until) if choice.until else None
    violation = Violation(choice.unit_id, frozenset(choice.any_of), choice.breach, choice.number, choice.by)
    is_broken = choice.reason in (Reason.BREAKS_COMBINATION, Reason.OVERLAPS)
    names = catalogue().unit_names(choice.breach, activity_ids)
    broken = combination_sentence(violation, names) if is_broken else None
    return refusal(choice.reason or Reason.CLOSED, broken, until, catalogue().council.phone)
