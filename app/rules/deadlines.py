"""Notice rules: from when and until when may a parent book, until when may they cancel?

A rule is a list of lines: for which days and units, counted from where, and the notice itself. Source: product.md
section 5, docs/rules/deadlines.md.
"""

from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum, auto
from zoneinfo import ZoneInfo

from app.rules.audiences import Audience, is_concerned
from app.rules.calendars import ONE_DAY, Calendar, DayKind, add_months, day_before, week_of

PARIS = ZoneInfo("Europe/Paris")
LONGEST_NOTICE = timedelta(days=366)
MONTHS_OF_A_YEAR = 12
ALL_WEEK = frozenset(range(7))


class Deadline(StrEnum):
    """What a notice rule is about."""

    OPENING = auto()  # from when bookings are taken
    BOOK = auto()
    CANCEL = auto()  # free of charge
    CANCEL_LATE = auto()  # still, though it stays charged
    MEAL = auto()  # that a caterer takes orders: of a place, not of an activity


class Counted(StrEnum):
    """Which days a notice in days counts."""

    CALENDAR = auto()  # all
    WORKING = auto()  # Monday to Friday without public holiday
    SCHOOL = auto()  # days of class, Wednesdays not
    SCHOOL_AND_WEDNESDAYS = auto()
    SITE = auto()  # days on which the place receives children


def _check_count(count: int, unit: timedelta) -> None:
    if count < 0 or count * unit > LONGEST_NOTICE:
        raise ValueError("a notice is counted from 0 and lasts one year at most")


def _check_months(months: int) -> None:
    if not 0 <= months <= MONTHS_OF_A_YEAR:
        raise ValueError("a notice in months is counted from 0 and lasts one year at most")


def _check_hour(at: time) -> None:
    if at.tzinfo is not None or at.microsecond:
        raise ValueError("the hour of a notice is a Paris wall-clock time in whole seconds")


def _check_weekdays(weekdays: Collection[int]) -> None:
    if not ALL_WEEK.issuperset(weekdays):
        raise ValueError("a weekday goes from 0, Monday, to 6, Sunday")


@dataclass(frozen=True, slots=True)
class DaysBefore:
    """So many days before, at an hour; « clear » days (jours francs) leave so many whole days in between."""

    count: int
    at: time
    counted: Counted = Counted.CALENDAR
    clear: bool = False

    def __post_init__(self) -> None:
        _check_count(self.count, ONE_DAY)
        _check_hour(self.at)


@dataclass(frozen=True, slots=True)
class HoursBefore:
    """So many hours before the unit starts, or before an hour of its day (`anchor`); whole days may not count."""

    hours: int
    anchor: time | None = None
    without: frozenset[int] = frozenset()  # weekdays
    without_public_holidays: bool = False

    def __post_init__(self) -> None:
        _check_count(self.hours, timedelta(hours=1))
        _check_weekdays(self.without)
        if self.without == ALL_WEEK:
            raise ValueError("a notice in hours counts one weekday at least")
        if self.anchor is not None:
            _check_hour(self.anchor)


@dataclass(frozen=True, slots=True)
class WeekdayBefore:
    """A weekday (0 = Monday) of the same week (0), of the week before (1), or of an earlier one, at an hour."""

    weeks: int
    weekday: int
    at: time

    def __post_init__(self) -> None:
        _check_count(self.weeks, timedelta(weeks=1))
        _check_weekdays({self.weekday})
        _check_hour(self.at)


@dataclass(frozen=True, slots=True)
class MonthDayBefore:
    """A day of the same month (0), of the month before (1)…, at an hour; clipped to the last day of a shorter month."""

    months: int
    day: int
    at: time

    def __post_init__(self) -> None:
        _check_months(self.months)
        if not 1 <= self.day <= 31:
            raise ValueError("a day of the month goes from 1 to 31")
        _check_hour(self.at)


@dataclass(frozen=True, slots=True)
class MonthsBefore:
    """The same day so many months before, or with « clear » months the day before that one, at an hour."""

    months: int
    at: time
    clear: bool = False

    def __post_init__(self) -> None:
        _check_months(self.months)
        _check_hour(self.at)


@dataclass(frozen=True, slots=True)
class FixedMoment:
    """A day and hour, for all the days of the line."""

    on: date
    at: time

    def __post_init__(self) -> None:
        _check_hour(self.at)


@dataclass(frozen=True, slots=True)
class DaysAfter:
    """So many days after, at an hour: until when an absence is proved."""

    count: int
    at: time

    def __post_init__(self) -> None:
        _check_count(self.count, ONE_DAY)
        _check_hour(self.at)


@dataclass(frozen=True, slots=True)
class NoNotice:
    """Until the unit starts; for the opening of bookings, at any time."""


@dataclass(frozen=True, slots=True)
class Never:
    """Not by the parents themselves: a booking is final, or only the staff book."""


DatedNotice = DaysBefore | HoursBefore | WeekdayBefore | MonthDayBefore | MonthsBefore | FixedMoment | DaysAfter
Notice = DatedNotice | NoNotice | Never


class When(StrEnum):
    """The days of the year that a line is about."""

    ALWAYS = auto()
    SCHOOL_TIME = auto()
    SCHOOL_HOLIDAYS = auto()
    MONDAY_OFF = auto()  # the weeks whose Monday is a public holiday


class CountedFrom(StrEnum):
    """The day from which a notice counts back."""

    DAY = auto()  # that of the unit
    WEEK = auto()  # the Monday of its week
    HOLIDAYS = auto()  # the first day without class of its school holidays
    HOLIDAYS_MONDAY = auto()  # their first Monday; their first day where there is none


@dataclass(frozen=True, slots=True)
class Days:
    """Which units, on which days. None named (weekdays, units): all. First and last day are included."""

    weekdays: frozenset[int] = frozenset()
    when: When = When.ALWAYS
    starts_on: date | None = None
    ends_on: date | None = None
    units: frozenset[int] = frozenset()  # ids

    def __post_init__(self) -> None:
        _check_weekdays(self.weekdays)
        if self.starts_on is not None and self.ends_on is not None and self.ends_on < self.starts_on:
            raise ValueError("these days end before they start")

    def cover(self, day: date, unit_id: int, calendar: Calendar) -> bool:
        """Whether the line is about this unit on this day."""
        return (
            (not self.weekdays or day.weekday() in self.weekdays)
            and (not self.units or unit_id in self.units)
            and (self.starts_on is None or self.starts_on <= day)
            and (self.ends_on is None or day <= self.ends_on)
            and self._is_when(day, calendar)
        )

    def _is_when(self, day: date, calendar: Calendar) -> bool:
        match self.when:
            case When.ALWAYS:
                return True
            case When.MONDAY_OFF:
                return calendar.public_holiday(week_of(day)[0]) is not None
            case _:
                return (calendar.school_holiday(day) is not None) == (self.when is When.SCHOOL_HOLIDAYS)


@dataclass(frozen=True, slots=True)
class NoticeLine:
    """The notice of some days and units, for some families or, naming none, for all."""

    notice: Notice
    days: Days = Days()
    counted_from: CountedFrom = CountedFrom.DAY
    audiences: frozenset[Audience] = frozenset()


@dataclass(frozen=True, slots=True)
class NoticeRule:
    """The notice of an activity, for one deadline. The first line about a family, unit and day decides.

    Where none is, no notice is set.
    """

    lines: tuple[NoticeLine, ...]

    @property
    def audiences(self) -> frozenset[Audience]:
        """Those that its lines name."""
        return frozenset[Audience]().union(*(line.audiences for line in self.lines))

    @property
    def counts_site_days(self) -> bool:
        """Whether it must be known on which days the place receives children."""
        return any(isinstance(line.notice, DaysBefore) and line.notice.counted is Counted.SITE for line in self.lines)


@dataclass(frozen=True, slots=True)
class Occasion:
    """A unit on a day, for somebody. ``site_days``: the days on which its place receives children, where a rule counts
    them; ``audiences``: what the child and its family belong to, where a rule asks.
    """

    day: date
    starts_at: time
    unit_id: int
    site_days: Collection[date] = frozenset()
    audiences: frozenset[Audience] = frozenset()


def simple_rule(notice: Notice) -> NoticeRule:
    """One notice for all units and days."""
    return NoticeRule((NoticeLine(notice),))


def line_for(
    rule: NoticeRule, day: date, unit_id: int, calendar: Calendar, own: Collection[Audience] = ()
) -> NoticeLine | None:
    """The line that decides, for a family of these audiences."""
    about = (line for line in rule.lines if is_concerned(line.audiences, own))
    return next((line for line in about if line.days.cover(day, unit_id, calendar)), None)


def is_for_others(rule: NoticeRule, occasion: Occasion, calendar: Calendar) -> bool:
    """Whether the lines about a unit and day are all for other families: a booking period that opens to them alone."""
    if line_for(rule, occasion.day, occasion.unit_id, calendar, occasion.audiences) is not None:
        return False
    return any(line.days.cover(occasion.day, occasion.unit_id, calendar) for line in rule.lines)


def limit(rule: NoticeRule, occasion: Occasion, calendar: Calendar) -> datetime | Never | None:
    """The instant, aware in Paris, that a rule sets: the last one allowed, or that from which bookings are taken.

    None where the line sets no notice; `Never` where parents may not do it at all.
    """
    line = line_for(rule, occasion.day, occasion.unit_id, calendar, occasion.audiences)
    if line is None or isinstance(line.notice, NoNotice):
        return None
    if isinstance(line.notice, Never):
        return line.notice
    day = counted_from(line.counted_from, occasion.day, calendar)
    return cutoff(line.notice, day, occasion.starts_at, calendar, occasion.site_days)


def instant(rule: NoticeRule, occasion: Occasion, calendar: Calendar) -> datetime | Never | None:
    """The same, never after the start of the unit: what the planning says, what the save checks."""
    found = limit(rule, occasion, calendar)
    if found is None or isinstance(found, Never):
        return found
    return min(found, paris_moment(occasion.day, occasion.starts_at), key=lambda moment: moment.astimezone(UTC))


@dataclass(frozen=True, slots=True)
class CancelLimits:
    """Until when a parent cancels free of charge (what `instant` says), and until when still, though it is charged.

    ``charged`` is None where nothing comes after ``free``: it is not offered, or ends no later.
    """

    free: datetime | Never | None
    charged: datetime | None

    def is_charged_at(self, now: datetime) -> bool:
        """Whether what is cancelled now may be, and stays charged."""
        if self.charged is None or not is_in_time(now, self.charged):
            return False
        return isinstance(self.free, Never) or (self.free is not None and not is_in_time(now, self.free))


def cancel_limits(
    free_rule: NoticeRule | None, late_rule: NoticeRule | None, occasion: Occasion, calendar: Calendar
) -> CancelLimits:
    """Both limits of cancelling. No late rule, or none of its lines: nothing can be cancelled late.

    Where the free limit is not before the other, it alone counts: nobody pays for what is free as long.
    """
    free = None if free_rule is None else instant(free_rule, occasion, calendar)
    if late_rule is None or free is None:
        return CancelLimits(free, None)
    line = line_for(late_rule, occasion.day, occasion.unit_id, calendar, occasion.audiences)
    charged = instant(late_rule, occasion, calendar)
    if line is None or isinstance(charged, Never):
        return CancelLimits(free, None)
    if charged is None:
        charged = paris_moment(occasion.day, occasion.starts_at)
    is_covered = not isinstance(free, Never) and charged.astimezone(UTC) <= free.astimezone(UTC)
    return CancelLimits(free, None if is_covered else charged)


def counted_from(start: CountedFrom, day: date, calendar: Calendar) -> date:
    """The day from which the notice of a day counts back; outside school holidays theirs are the day itself."""
    if start is CountedFrom.DAY:
        return day
    if start is CountedFrom.WEEK:
        return week_of(day)[0]
    holidays = calendar.school_holiday(day)
    if holidays is None:
        return day
    monday = holidays.starts_on + timedelta(days=-holidays.starts_on.weekday() % 7)
    return monday if start is CountedFrom.HOLIDAYS_MONDAY and holidays.covers(monday) else holidays.starts_on


def paris_moment(day: date, at: time) -> datetime:
    """The moment, aware in Paris, of a wall-clock time.

    On the nights when the clocks change, a time that comes twice or not at all is read as the later of its two
    meanings: the doubt is for the parent.
    """
    first, second = (datetime.combine(day, at.replace(fold=fold), PARIS).astimezone(UTC) for fold in (0, 1))
    return max(first, second).astimezone(PARIS)


def cutoff(
    notice: DatedNotice, day: date, starts_at: time, calendar: Calendar, site_days: Collection[date] = frozenset()
) -> datetime:
    """The instant, aware in Paris, of a notice counted from ``day``, for a unit that starts at ``starts_at``.

    Days, weeks and months end at a wall-clock time; hours are elapsed time, so that « 48 hours before » stays 48 hours
    over a change of clocks.
    """
    match notice:
        case HoursBefore():
            return _hours_before(notice, day, starts_at, calendar)
        case DaysBefore():
            last_day = _days_before(notice, day, calendar, site_days)
        case WeekdayBefore():
            last_day = week_of(day - timedelta(weeks=notice.weeks))[notice.weekday]
        case MonthDayBefore():
            first = add_months(day.replace(day=1), -notice.months)
            last_day = min(first + timedelta(days=notice.day - 1), add_months(first, 1) - ONE_DAY)
        case MonthsBefore():
            last_day = add_months(day, -notice.months) - (ONE_DAY if notice.clear else timedelta(0))
        case FixedMoment():
            last_day = notice.on
        case DaysAfter():
            last_day = day + timedelta(days=notice.count)
    return paris_moment(last_day, notice.at)


def is_in_time(now: datetime, cutoff: datetime) -> bool:
    """Whether ``now``, cut to the second, is not after ``cutoff``: 10:00:00.9 is still « until 10:00 »."""
    return now.astimezone(UTC).replace(microsecond=0) <= cutoff.astimezone(UTC)


def _days_before(notice: DaysBefore, day: date, calendar: Calendar, site_days: Collection[date]) -> date:
    return day_before(day, notice.count + notice.clear, _counter(notice.counted, calendar, site_days))


def _counter(counted: Counted, calendar: Calendar, site_days: Collection[date]) -> Callable[[date], bool]:
    match counted:
        case Counted.CALENDAR:
            return lambda day: True
        case Counted.WORKING:
            return calendar.is_working_day
        case Counted.SCHOOL:
            return lambda day: calendar.kind(day) is DayKind.SCHOOL_DAY
        case Counted.SCHOOL_AND_WEDNESDAYS:
            return lambda day: calendar.kind(day) in (DayKind.SCHOOL_DAY, DayKind.WEDNESDAY)
        case Counted.SITE:
            # Before the first day that is known, working days stand in: the first days of a season can be booked.
            first = min(site_days, default=None)
            return lambda day: day in site_days if first is not None and day >= first else calendar.is_working_day(day)


def _hours_before(notice: HoursBefore, day: date, starts_at: time, calendar: Calendar) -> datetime:
    at = paris_moment(day, starts_at if notice.anchor is None else notice.anchor).astimezone(UTC)
    left = timedelta(hours=notice.hours)
    if not notice.without and not notice.without_public_holidays:
        return (at - left).astimezone(PARIS)
    while left:
        # The day that ends at this instant, or that it lies in.
        running = (at - timedelta(microseconds=1)).astimezone(PARIS).date()
        begins = paris_moment(running, time(0)).astimezone(UTC)
        is_off = running.weekday() in notice.without or (
            notice.without_public_holidays and calendar.public_holiday(running) is not None
        )
        step = timedelta(0) if is_off else min(left, at - begins)
        at = begins if is_off else at - step
        left -= step
    return at.astimezone(PARIS)
