"""What the staff set of combinations: the rules of an activity, and the choices of a day that they allow."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import combinations as subsets

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.models.activities import Activity
from app.rules.calendars import Calendar, week_of
from app.rules.combination_documents import combinations_document
from app.rules.combinations import CombinationRule, Combinations, Violation, WeekCount, violations, week_violations
from app.services.catalogue import ActivityInfo
from app.services.errors import NotFound
from app.services.seen_rules import check_seen

MOST_UNITS_SHOWN_WHOLE = 5
"""With more, only single units and pairs are shown: their choices are too many to read."""


@dataclass(frozen=True, slots=True)
class DayChoice:
    """Units that a parent may tick together on a day, and what is wrong with it."""

    unit_ids: tuple[int, ...]
    violation: Violation | None


def save_combinations(session: Session, activity_id: int, rules: Combinations, seen: str | None = None) -> None:
    """Replace the rules of an activity. Call inside `write_transaction()`.

    Raises NotFound, and SettingMoved where others are stored than those `seen` (their mark).
    """
    activity = session.scalar(select(Activity).where(Activity.id == activity_id).with_for_update())
    if activity is None:
        raise NotFound("activity")
    check_seen(combinations_document(activity.combinations), combinations_document(rules), seen)
    activity.combinations = rules


def preview(activity: ActivityInfo, rules: Sequence[CombinationRule]) -> tuple[DayChoice, ...]:
    """The choices of a day on which all units open, judged by the function of the planning and the save."""
    units = [unit.id for unit in activity.usual_units]
    longest = len(units) if len(units) <= MOST_UNITS_SHOWN_WHOLE else 2
    choices = [chosen for size in range(1, longest + 1) for chosen in subsets(units, size)]
    return tuple(DayChoice(chosen, next(iter(violations(chosen, rules, units)), None)) for chosen in choices)


@dataclass(frozen=True, slots=True)
class WeekChoice:
    """So many days of a week, from its first open one on, and what is wrong with them."""

    days: int
    violation: Violation | None


@dataclass(frozen=True, slots=True)
class WeekPreview:
    """The numbers of days that a parent may tick in a week that the rules count."""

    monday: date
    open_days: int
    choices: tuple[WeekChoice, ...]


def preview_weeks(activity: ActivityInfo, rules: Sequence[CombinationRule], calendar: Calendar) -> list[WeekPreview]:
    """For each rule of the week, the first of the season's weeks of which it counts most days.

    Monday to Friday without public holidays are open, with all the units that the rules count.
    """
    counts = [rule for rule in rules if isinstance(rule, WeekCount)]
    mondays = {monday for rule in counts if (monday := _first_week(activity, rule, calendar)) is not None}
    return [_preview_week(monday, counts, calendar) for monday in sorted(mondays)]


def _first_week(activity: ActivityInfo, rule: WeekCount, calendar: Calendar) -> date | None:
    mondays = []
    monday = week_of(activity.season.starts_on)[0]
    while monday <= activity.season.ends_on:
        mondays.append(monday)
        monday += timedelta(weeks=1)
    best = max(mondays, key=lambda each: len(_open_days(each, [rule], calendar)))
    return best if _open_days(best, [rule], calendar) else None


def _open_days(monday: date, counts: Sequence[WeekCount], calendar: Calendar) -> dict[date, frozenset[int]]:
    open_units = {
        day: frozenset(id_ for rule in counts for id_ in rule.days.units if rule.days.cover(day, id_, calendar))
        for day in week_of(monday)
        if calendar.is_working_day(day)
    }
    return {day: units for day, units in open_units.items() if units}


def _preview_week(monday: date, counts: Sequence[WeekCount], calendar: Calendar) -> WeekPreview:
    possible = _open_days(monday, counts, calendar)
    choices = []
    for number in range(1, len(possible) + 1):
        chosen = dict(list(possible.items())[:number])
        broken = week_violations(chosen, {}, possible, {}, counts, calendar)
        choices.append(WeekChoice(number, next(iter(broken.values()), None)))
    return WeekPreview(monday, len(possible), tuple(choices))
