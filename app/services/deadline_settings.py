"""What the staff set of notice: the rules of an activity, and what they give on its next days."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import product

from sqlalchemy import select
from sqlalchemy.orm import Session

from app import clock
from app.database import db
from app.models.activities import Activity, ActivityNoticeRule
from app.models.bookings import Opening
from app.models.councils import Council
from app.rules.audiences import Audience
from app.rules.calendars import Calendar
from app.rules.deadlines import (
    Deadline,
    Never,
    NoticeRule,
    Occasion,
    cancel_limits,
    instant,
    is_for_others,
    line_for,
)
from app.rules.notice_documents import notice_document
from app.rules.reminders import LEAST_HOURS, MOST_HOURS
from app.services.catalogue import ActivityInfo, UnitInfo, catalogue
from app.services.errors import NotFound
from app.services.planning_facts import site_days
from app.services.reminders import take_back_queued
from app.services.seen_rules import check_seen

DAYS_LOOKED_AT = timedelta(days=400)
MOST_DAYS = 12
AFTER_A_HOLIDAY = timedelta(days=4)


@dataclass(frozen=True, slots=True)
class PreviewLine:
    """Units of a day that have the same limit, for an audience (None: all others). Without instant: no notice.

    `is_free`: of a limit for cancelling though it is charged, that cancelling is free as long.
    """

    audience: Audience | None
    day: date
    units: tuple[UnitInfo, ...]
    instant: datetime | Never | None
    is_free: bool = False


@dataclass(frozen=True, slots=True)
class Preview:
    """What a rule gives on some real days, and the places (from 0) of its lines that no opening needs."""

    lines: tuple[PreviewLine, ...]
    unused: tuple[int, ...]


def current_activities() -> tuple[ActivityInfo, ...]:
    """The activities whose season is not over."""
    today = clock.today()
    return tuple(each for each in catalogue().activities.values() if each.season.ends_on >= today)


def read_activity(activity_id: int) -> ActivityInfo:
    """An activity. Raises NotFound."""
    found = catalogue().activities.get(activity_id)
    if found is None:
        raise NotFound("activity")
    return found


def save_reminders(session: Session, *, is_on: bool, hours: int) -> None:
    """Whether parents may be reminded of a week without bookings, and how long before its deadline at least.

    Raises ValueError for hours outside of the bounds.
    """
    if not LEAST_HOURS <= hours <= MOST_HOURS:
        raise ValueError(hours)
    council = session.get_one(Council, 1)
    council.reminds_of_weeks, council.reminder_hours = is_on, hours
    session.flush()


def save_rule(
    session: Session, activity_id: int, deadline: Deadline, rule: NoticeRule, seen: str | None = None
) -> None:
    """Replace a notice rule; one without lines sets no notice. Call inside `write_transaction()`.

    Raises NotFound, and SettingMoved where another is stored than the one `seen` (its mark).
    """
    if session.scalar(select(Activity.id).where(Activity.id == activity_id).with_for_update()) is None:
        raise NotFound("activity")
    row = session.scalar(
        select(ActivityNoticeRule).where(
            ActivityNoticeRule.activity_id == activity_id, ActivityNoticeRule.deadline == deadline
        )
    )
    stored = NoticeRule(()) if row is None else row.rule
    check_seen(notice_document(stored), notice_document(rule), seen)
    if not rule.lines:
        if row is not None:
            session.delete(row)
    elif row is None:
        session.add(ActivityNoticeRule(activity_id=activity_id, deadline=deadline, rule=rule))
    else:
        row.rule = rule
    if deadline in (Deadline.OPENING, Deadline.BOOK):
        take_back_queued(session, activity_id)


def preview(activity: ActivityInfo, deadline: Deadline, rule: NoticeRule) -> Preview:
    """What a rule gives, by the same function as the planning and the save: the next opening of each weekday, of each
    line, and the first one after a public holiday; for each audience that the rule names, and for all others.
    """
    known = catalogue()
    openings = _openings(activity)
    audiences = (*(each for each in Audience if each in rule.audiences), None)
    chosen: set[date] = set()
    weekdays: set[int] = set()
    lines: set[int] = set()
    after_holiday = False
    for day in sorted(openings):
        places = {_place(rule, day, unit.id, known.calendar, each) for unit in openings[day] for each in audiences}
        places -= {None}
        follows = not after_holiday and _follows_a_holiday(day, known.calendar)
        if day.weekday() not in weekdays or not places <= lines or follows:
            chosen.add(day)
        weekdays.add(day.weekday())
        lines |= {place for place in places if place is not None}
        after_holiday = after_holiday or follows
    days = sorted(chosen)[:MOST_DAYS]
    open_at = site_days(db.session(), known, [activity.site_id] if rule.counts_site_days and days else (), days)
    shown = []
    for day, audience in product(days, audiences):
        by_instant: dict[tuple[datetime | Never | None, bool], list[UnitInfo]] = {}
        for unit in openings[day]:
            of_site = open_at.get(activity.site_id, frozenset())
            occasion = Occasion(day, unit.starts_at, unit.id, of_site, _of(audience))
            found = _instant(rule, deadline, occasion, known.calendar)
            is_free = (
                deadline is Deadline.CANCEL_LATE
                and not isinstance(found, Never)
                and (
                    cancel_limits(activity.notices.get(Deadline.CANCEL), rule, occasion, known.calendar).charged is None
                )
            )
            by_instant.setdefault((found, is_free), []).append(unit)
        shown += [
            PreviewLine(audience, day, tuple(units), found, is_free) for (found, is_free), units in by_instant.items()
        ]
    unused = tuple(place for place in range(len(rule.lines)) if place not in lines) if openings else ()
    return Preview(tuple(shown), unused)


def _instant(rule: NoticeRule, deadline: Deadline, occasion: Occasion, calendar: Calendar) -> datetime | Never | None:
    if deadline is Deadline.OPENING and is_for_others(rule, occasion, calendar):
        return Never()
    is_late = deadline is Deadline.CANCEL_LATE
    if is_late and line_for(rule, occasion.day, occasion.unit_id, calendar, occasion.audiences) is None:
        return Never()
    return instant(rule, occasion, calendar)


def _of(audience: Audience | None) -> frozenset[Audience]:
    return frozenset() if audience is None else frozenset({audience})


def _openings(activity: ActivityInfo) -> Mapping[date, list[UnitInfo]]:
    """The units that open on each day to come."""
    today = clock.today()
    rows = db.session.execute(
        select(Opening.day, Opening.unit_id)
        .where(
            Opening.unit_id.in_([unit.id for unit in activity.units]), Opening.is_open,
            Opening.day.between(today, today + DAYS_LOOKED_AT),
        )
        .distinct()
    )  # fmt: skip
    by_day: dict[date, set[int]] = {}
    for day, unit_id in rows:
        by_day.setdefault(day, set()).add(unit_id)
    return {day: [unit for unit in activity.units if unit.id in ids] for day, ids in by_day.items()}


def _place(rule: NoticeRule, day: date, unit_id: int, calendar: Calendar, audience: Audience | None) -> int | None:
    line = line_for(rule, day, unit_id, calendar, _of(audience))
    return None if line is None else next(place for place, each in enumerate(rule.lines) if each is line)


def _follows_a_holiday(day: date, calendar: Calendar) -> bool:
    return any(calendar.public_holiday(day - timedelta(days=back)) for back in range(1, AFTER_A_HOLIDAY.days + 1))
