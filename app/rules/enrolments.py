"""Whether a child may ask for an activity, and its group by age.

Source: product.md section 4, docs/rules/enrolments.md.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum, auto

from app.rules.audiences import Audience
from app.rules.child_files import next_level
from app.rules.enrolment_rules import NO_RULES, AgeOn, EnrolmentRules
from app.rules.states import EnrolmentStatus
from app.rules.windows import WindowState, judge_windows


@dataclass(frozen=True, slots=True)
class GroupAges:
    """The ages, in completed years and both included, that a group receives. None: no limit."""

    group_id: int
    min_age: int | None
    max_age: int | None

    def fits(self, age: int) -> bool:
        """Whether a child of ``age`` completed years belongs in the group."""
        return (self.min_age is None or self.min_age <= age) and (self.max_age is None or age <= self.max_age)


class EnrolmentBlocker(StrEnum):
    """Why a child cannot ask for an activity."""

    TOO_YOUNG = auto()
    TOO_OLD = auto()
    CLASS_UNKNOWN = auto()
    WRONG_CLASS = auto()
    NOT_RESIDENT = auto()
    SEASON_OVER = auto()
    NOT_OPEN_YET = auto()
    WINDOW_CLOSED = auto()
    OTHER_AUDIENCE = auto()
    ALREADY_ENROLLED = auto()
    ALREADY_REQUESTED = auto()
    NOT_CERTIFIED = auto()
    NOT_INSURED = auto()
    DOCUMENTS_MISSING = auto()
    TEXTS_NOT_ACCEPTED = auto()
    UNPAID = auto()


@dataclass(frozen=True, slots=True)
class Blocker:
    """A reason, with what it is about: an instant (opening, closing), a day (that of the age), cents (unpaid),
    documents or texts."""

    kind: EnrolmentBlocker
    at: datetime | None = None
    day: date | None = None
    cents: int | None = None
    documents: tuple[str, ...] = ()  # their names


@dataclass(frozen=True, slots=True)
class Applicant:
    """A child of a family, as far as enrolments look. ``level``: its class in that school year, if it is known."""

    birth_date: date
    existing: Collection[EnrolmentStatus] = ()  # of its enrolments in the activity
    level: str | None = None
    residence: str | None = None  # the council's word
    audiences: frozenset[Audience] = frozenset()
    is_certified: bool = True
    is_insured: bool = True
    unpaid_cents: int = 0  # past their due date
    missing_documents: tuple[str, ...] = ()  # names of those that keep it from the activity
    unaccepted_texts: tuple[str, ...] = ()  # likewise


@dataclass(frozen=True, slots=True)
class AskedActivity:
    """An activity, as far as enrolments look. ``has_school_meals``: meals on days of class are among its units."""

    groups: Sequence[GroupAges]
    season_starts_on: date
    season_ends_on: date
    rules: EnrolmentRules = NO_RULES
    has_school_meals: bool = False


def age_on(birth_date: date, day: date) -> int:
    """Completed years on ``day``, negative before birth. The 29 February has its birthday on 1 March in other years."""
    return day.year - birth_date.year - ((day.month, day.day) < (birth_date.month, birth_date.day))


def fitting_group(birth_date: date, day: date, groups: Iterable[GroupAges]) -> int | None:
    """The id of the first group that receives the child's age on ``day``."""
    age = age_on(birth_date, day)
    return next((group.group_id for group in groups if group.fits(age)), None)


def age_day(rules: EnrolmentRules, first_day: date, season_starts_on: date) -> date:
    """The day on which a child must have the age of a group, for an enrolment from a first day on."""
    match rules.age_on:
        case AgeOn.JANUARY:
            return date(season_starts_on.year, 1, 1)
        case AgeOn.DECEMBER:
            return date(season_starts_on.year, 12, 31)
        case AgeOn.DAY:
            assert rules.age_day is not None
            return rules.age_day
        case _:
            return first_day


def level_in(values: Mapping[str, str], school_year: int) -> str | None:
    """The class of a child in a school year, by the section of its file; the year after its own, the next class."""
    level, year = values.get("level", ""), values.get("school_year", "")
    if year == str(school_year):
        return level or None
    return next_level(level) or None if year == str(school_year - 1) else None


def blockers(applicant: Applicant, activity: AskedActivity, now: datetime) -> tuple[Blocker, ...]:
    """Everything that keeps a child from asking for an activity; empty when it may. ``now`` is Paris's.

    A child between the ages of two groups is too young for the next. Refused, cancelled and ended enrolments block
    nothing. An activity without groups receives every age. Certification, insurance and unpaid invoices never keep a
    child from school meals.
    """
    rules, today = activity.rules, now.date()
    found: list[Blocker] = []
    counted_on = age_day(rules, max(today, activity.season_starts_on), activity.season_starts_on)
    age = age_on(applicant.birth_date, counted_on)
    if activity.groups and not any(group.fits(age) for group in activity.groups):
        waits = any(group.min_age is not None and age < group.min_age for group in activity.groups)
        kind = EnrolmentBlocker.TOO_YOUNG if waits else EnrolmentBlocker.TOO_OLD
        found.append(Blocker(kind, day=None if rules.age_on is AgeOn.FIRST_DAY else counted_on))
    if rules.levels and applicant.level not in rules.levels:
        is_known = applicant.level is not None
        found.append(Blocker(EnrolmentBlocker.WRONG_CLASS if is_known else EnrolmentBlocker.CLASS_UNKNOWN))
    if rules.residences and applicant.residence not in rules.residences:
        found.append(Blocker(EnrolmentBlocker.NOT_RESIDENT))
    if activity.season_ends_on < today:
        found.append(Blocker(EnrolmentBlocker.SEASON_OVER))
    else:
        found += _closed_window(rules, applicant, now)
    if EnrolmentStatus.ACCEPTED in applicant.existing:
        found.append(Blocker(EnrolmentBlocker.ALREADY_ENROLLED))
    if EnrolmentStatus.REQUESTED in applicant.existing or EnrolmentStatus.WAITING in applicant.existing:
        found.append(Blocker(EnrolmentBlocker.ALREADY_REQUESTED))
    if not activity.has_school_meals:
        found += _unsettled(rules, applicant)
    return tuple(found)


def _closed_window(rules: EnrolmentRules, applicant: Applicant, now: datetime) -> Iterator[Blocker]:
    answer = judge_windows(rules.windows, applicant.audiences, now)
    match answer.state:
        case WindowState.NOT_YET:
            yield Blocker(EnrolmentBlocker.NOT_OPEN_YET, at=answer.at)
        case WindowState.CLOSED:
            yield Blocker(EnrolmentBlocker.WINDOW_CLOSED, at=answer.at)
        case WindowState.OTHERS:
            yield Blocker(EnrolmentBlocker.OTHER_AUDIENCE)
        case _:
            return


def _unsettled(rules: EnrolmentRules, applicant: Applicant) -> Iterator[Blocker]:
    if rules.needs_certification and not applicant.is_certified:
        yield Blocker(EnrolmentBlocker.NOT_CERTIFIED)
    if rules.needs_insurance and not applicant.is_insured:
        yield Blocker(EnrolmentBlocker.NOT_INSURED)
    if applicant.missing_documents:
        yield Blocker(EnrolmentBlocker.DOCUMENTS_MISSING, documents=applicant.missing_documents)
    if applicant.unaccepted_texts:
        yield Blocker(EnrolmentBlocker.TEXTS_NOT_ACCEPTED, documents=applicant.unaccepted_texts)
    if rules.most_unpaid_cents is not None and applicant.unpaid_cents > rules.most_unpaid_cents:
        yield Blocker(EnrolmentBlocker.UNPAID, cents=applicant.unpaid_cents)
