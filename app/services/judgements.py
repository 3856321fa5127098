"""The one judgement of what is stored about a child and of the choices proposed for some days, for page and save.

`services.planning` shows the cells, `services.bookings.save()` judges again inside its transaction.
"""

from collections.abc import Collection, Iterable, Mapping, Set
from dataclasses import dataclass, replace
from datetime import date, datetime

from app.rules.calendars import week_of
from app.rules.capacity import Slot
from app.rules.cells import Cell, CellFacts, CellState, judge
from app.rules.combinations import Hours, Violation, broken_anew, overlaps, violations, week_violations
from app.rules.deadlines import Deadline
from app.rules.paid_bookings import is_paying
from app.rules.staff_bookings import judge_for_staff
from app.rules.states import BookingStatus
from app.services.planning_facts import OpeningInfo, PlanningFacts
from app.services.proposed_prices import TOO_LITTLE, ProposedPrices


@dataclass(frozen=True, slots=True)
class DayJudgement:
    """The cells of a day under proposed choices, and the rules that these choices break anew."""

    cells: dict[int, Cell]  # by opening id
    broken: dict[int, Violation]  # by opening id, for the cells that are « non autorisée »
    facts: dict[int, CellFacts]  # by opening id: what the cells were judged by


def judge_days(
    facts: PlanningFacts, proposed: Mapping[date, Collection[int]], prices: ProposedPrices, now: datetime
) -> dict[date, DayJudgement]:
    """Judge every opening of some days if this family held exactly the openings `proposed` on each.

    Where a rule counts the days of a week, all the days of that week are judged, the others as they are held. `prices`
    are those of all that is proposed.

    A broken rule counts only if the present bookings did not break it already: nobody is barred from undoing.
    """
    judged = {day: _judge_day(facts, day, ids, prices, now) for day, ids in proposed.items()}
    if facts.week_counts:
        for monday in sorted({week_of(day)[0] for day in proposed}):
            _judge_week(facts, monday, proposed, judged, prices, now)
    return judged


def _judge_day(
    facts: PlanningFacts, day: date, proposed: Collection[int], prices: ProposedPrices, now: datetime
) -> DayJudgement:
    had = {slot.unit_id for slot in facts.slots_held(day)}
    chosen = facts.slots_after(day, proposed)
    units = {slot.unit_id for slot in chosen}
    by_unit = {violation.unit_id: violation for violation in broken_rules(facts, day, had, units)}
    judgement = DayJudgement({}, {}, {})
    for opening in facts.openings_by_day.get(day, ()):
        violation = by_unit.get(opening.unit.id) if opening.slot in chosen else None
        _judge_cell(facts, judgement, opening, violation, prices, now)
    return judgement


def broken_rules(facts: PlanningFacts, day: date, before: Set[int], after: Set[int]) -> tuple[Violation, ...]:
    """What is broken if the child has units instead of others on a day, and was not broken already.

    A place that is only offered to who waits may be gone tomorrow: nothing else may need it to be right.
    """
    open_units = {opening.unit.id for opening in facts.openings_by_day.get(day, ()) if opening.is_open}
    known = (*overlaps(before, _hours(facts, before)), *violations(before, facts.combinations, open_units))
    found = (*overlaps(after, _hours(facts, after)), *violations(after, facts.combinations, open_units))
    offered = {
        booking.slot.unit_id
        for booking in facts.held.values()
        if booking.day == day and booking.status is BookingStatus.OFFERED
    }
    if offered:
        known += violations(before - offered, facts.combinations, open_units)
        found += violations(after - offered, facts.combinations, open_units)
    return broken_anew(known, found)


def _judge_cell(
    facts: PlanningFacts,
    judgement: DayJudgement,
    opening: OpeningInfo,
    violation: Violation | None,
    prices: ProposedPrices,
    now: datetime,
) -> None:
    judgement.facts[opening.id] = _cell_facts(facts, opening, prices, violation, now)
    cell = _judged(facts, judgement.facts[opening.id], now)
    judgement.cells[opening.id] = cell
    # What has started breaks nothing any more: its cell says so, and the save must agree with the screen.
    if violation is not None and cell.state is CellState.NOT_ALLOWED:
        judgement.broken[opening.id] = violation


def _judge_week(
    facts: PlanningFacts,
    monday: date,
    proposed: Mapping[date, Collection[int]],
    judged: dict[date, DayJudgement],
    prices: ProposedPrices,
    now: datetime,
) -> None:
    """Add what the choices of a week break as a whole; a rule of the day comes first."""
    had: dict[date, set[int]] = {}
    chosen: dict[date, frozenset[Slot]] = {}
    possible: dict[date, set[int]] = {}
    settled: dict[date, set[int]] = {}
    absent = {day: set(units) for day, units in facts.absences().items()}
    for booking in facts.held.values():
        if booking.id in prices.late:
            absent.setdefault(booking.day, set()).add(booking.slot.unit_id)
    for day in week_of(monday):
        ids = proposed.get(day)
        if ids is None:
            ids = facts.held_ids(day)
            judged[day] = _judge_day(facts, day, ids, prices, now)
        had[day] = {slot.unit_id for slot in facts.slots_held(day)}
        chosen[day] = facts.slots_after(day, ids)
        movable = {
            opening.slot for opening in facts.openings_by_day.get(day, ()) if judged[day].cells[opening.id].can_be_saved
        }
        possible[day] = {slot.unit_id for slot in movable}
        settled[day] = {slot.unit_id for slot in chosen[day] - movable}
    broken = week_violations(
        {day: {slot.unit_id for slot in slots} for day, slots in chosen.items()},
        had, possible, settled, facts.week_counts, facts.catalogue.calendar,
        {day: absent.get(day, ()) for day in week_of(monday)},
    )  # fmt: skip
    for day, judgement in judged.items():
        for opening in facts.openings_by_day.get(day, ()):
            violation = broken.get((day, opening.unit.id)) if opening.slot in chosen.get(day, ()) else None
            if violation is not None and opening.id not in judgement.broken:
                _judge_cell(facts, judgement, opening, violation, prices, now)


def mark_packages(
    facts: PlanningFacts, judged: Mapping[date, DayJudgement], triggering: Iterable[int], now: datetime
) -> None:
    """Judge again the cells whose booking would trigger a package. Only the page asks the prices for it, and only once
    it knows what can be booked.
    """
    for id_ in triggering:
        judgement = judged[facts.openings[id_].day]
        wanted = replace(judgement.facts[id_], triggers_package=True)
        judgement.cells[id_] = _judged(facts, wanted, now)


def _judged(facts: PlanningFacts, cell: CellFacts, now: datetime) -> Cell:
    return (judge_for_staff if facts.by_staff else judge)(cell, now, facts.catalogue.calendar)


def _hours(facts: PlanningFacts, unit_ids: Iterable[int]) -> Mapping[int, Hours]:
    """When these units are, and whether their activities let others overlap them."""
    found = {}
    for id_ in unit_ids:
        unit = facts.catalogue.units[id_]
        may_overlap = facts.catalogue.activities[unit.activity_id].may_overlap
        found[id_] = Hours(unit.activity_id, unit.starts_at, unit.ends_at, may_overlap)
    return found


def _cell_facts(
    facts: PlanningFacts, opening: OpeningInfo, prices: ProposedPrices, violation: Violation | None, now: datetime
) -> CellFacts:
    activity = facts.catalogue.activities[opening.unit.activity_id]
    present = facts.held.get(opening.id) or facts.waiting.get(opening.id)
    problem = None if present is not None else prices.problem_of(opening.wanted)
    left = facts.room(opening)
    is_too_little = problem is not None and problem.kind in TOO_LITTLE
    late = facts.late.get(opening.id)
    return CellFacts(
        occasion=facts.occasion_of(opening),
        is_open=opening.is_open,
        holding=facts.holds(opening.id) or facts.waits(opening.id),
        is_invoiced=facts.is_invoiced(opening.id),
        held_by_other_family=facts.held_by_other(opening.id),
        is_enrolled=facts.enrolment_for(opening) is not None,
        may_act=facts.family.may_act,
        has_price=problem is None or is_too_little,
        places_left=left.left,
        is_last=left.is_last,
        is_kept=left.is_kept,
        opening_rule=activity.notices.get(Deadline.OPENING),
        book_rule=activity.notices.get(Deadline.BOOK),
        cancel_rule=activity.notices.get(Deadline.CANCEL),
        late_rule=activity.notices.get(Deadline.CANCEL_LATE),
        violation=violation,
        waits_in_vain=violation is not None and not facts.waiting_ids(opening.day),
        is_too_little=is_too_little and prices.is_chosen(opening.id),
        standing=BookingStatus.CONFIRMED if present is None else present.status,
        kept_until=None if present is None else present.kept_until,
        has_waiting_list=activity.has_waiting_list,
        is_special=opening.id in facts.held and facts.held[opening.id].special_note is not None,
        is_paying=present is not None and is_paying(present.paying_since, now),
        was_late=late is not None and late.family_id == facts.family.id,
        is_justified=late is not None and late.is_justified,
        lacks_document=bool(facts.documents_missing(opening)),
        other_was_late=late is not None and late.family_id != facts.family.id,
        attendance=None if present is None else present.seen.turnout,
        is_locked=present is not None and present.is_locked,
        came_unbooked=present is not None and present.came_unbooked,
    )
