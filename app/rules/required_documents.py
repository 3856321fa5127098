"""Which documents (pièces) are asked of whom, until when one counts, and where a family stands with it.

Source: docs/rules/required_documents.md, domain.md section 6.
"""

import calendar
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum, auto

from app.rules.enrolments import age_on
from app.rules.handed_in_files import FileKind
from app.rules.school_years import first_day_of, school_year_of

WARNED_BEFORE = timedelta(days=30)
"""A document that ends within so many days is asked for again."""

NEXT_YEAR_FROM_MONTH = 6
"""What is dated from June on counts for the school year that begins in September."""


class DocumentScope(StrEnum):
    """Whose document it is."""

    FAMILY = auto()
    GUARDIAN = auto()  # of each adult
    CHILD = auto()  # of each child


class DocumentDemand(StrEnum):
    """What it means that a document is not there."""

    OPTIONAL = auto()
    MANDATORY = auto()  # asked again and again, and keeps nobody from anything
    BLOCKS_ENROLMENT = auto()
    BLOCKS_BOOKING = auto()


class ValidityKind(StrEnum):
    """Until when a document counts."""

    FOREVER = auto()
    MONTHS = auto()  # from the document's own date
    UNTIL = auto()  # a day
    SCHOOL_YEAR = auto()


class FilesWanted(StrEnum):
    """Which files may be handed in."""

    ANY = auto()
    PDF = auto()
    PHOTOS = auto()

    @property
    def kinds(self) -> frozenset[FileKind]:
        """The kinds of file."""
        match self:
            case FilesWanted.PDF:
                return frozenset({FileKind.PDF})
            case FilesWanted.PHOTOS:
                return frozenset(kind for kind in FileKind if kind.is_photo)
            case FilesWanted.ANY:
                return frozenset(FileKind)


class SubmissionStatus(StrEnum):
    """What became of a version that was handed in."""

    HANDED_IN = auto()
    ACCEPTED = auto()
    REFUSED = auto()
    REPLACED = auto()  # by a later version


class DocumentState(StrEnum):
    """Where somebody stands with a document."""

    MISSING = auto()
    WAITING = auto()
    ACCEPTED = auto()
    EXPIRING = auto()
    EXPIRED = auto()
    REFUSED = auto()

    @property
    def is_in_order(self) -> bool:
        """Whether the family has done its part: what waits for the staff blocks nobody."""
        return self in (DocumentState.WAITING, DocumentState.ACCEPTED, DocumentState.EXPIRING)

    @property
    def wants_another(self) -> bool:
        """Whether the family should hand something in now."""
        return self not in (DocumentState.WAITING, DocumentState.ACCEPTED)


class WarningStage(StrEnum):
    """A mail about the end of a document: each is sent once."""

    SOON = auto()
    OVER = auto()


@dataclass(frozen=True, slots=True)
class Validity:
    """Until when a document counts; `months` and `until` belong to their kinds."""

    kind: ValidityKind = ValidityKind.FOREVER
    months: int | None = None
    until: date | None = None


@dataclass(frozen=True, slots=True)
class Applicability:
    """Of whom a document is asked. Empty or None: of everybody. Ages are completed years, both included."""

    scope: DocumentScope
    activities: frozenset[int] = frozenset()
    min_age: int | None = None
    max_age: int | None = None
    levels: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Holder:
    """Somebody of whom documents may be asked, or the family itself.

    `activities`: those that the child is enrolled in or asks for; of an adult and of the family, all its children's.
    """

    scope: DocumentScope
    activities: frozenset[int] = frozenset()
    birth_date: date | None = None  # of a child
    level: str | None = None  # of a child: its class in the present school year


@dataclass(frozen=True, slots=True)
class Version:
    """What was handed in once. `valid_until` is its last day, once it is accepted; None: without end."""

    status: SubmissionStatus
    valid_until: date | None = None


def is_asked_of(asked: Applicability, holder: Holder, today: date) -> bool:
    """Whether a document is asked of somebody on a day. Ages and classes are looked at of children alone."""
    if asked.scope is not holder.scope:
        return False
    if asked.activities and asked.activities.isdisjoint(holder.activities):
        return False
    if holder.scope is not DocumentScope.CHILD:
        return True
    if holder.birth_date is not None:
        age = age_on(holder.birth_date, today)
        if (asked.min_age is not None and age < asked.min_age) or (asked.max_age is not None and age > asked.max_age):
            return False
    return not asked.levels or holder.level in asked.levels


def last_day_of(validity: Validity, dated_on: date) -> date | None:
    """The last day on which a document of this date counts; None: without end."""
    match validity.kind:
        case ValidityKind.MONTHS:
            assert validity.months is not None
            return _months_later(dated_on, validity.months)
        case ValidityKind.UNTIL:
            return validity.until
        case ValidityKind.SCHOOL_YEAR:
            year = dated_on.year if dated_on.month >= NEXT_YEAR_FROM_MONTH else school_year_of(dated_on)
            return first_day_of(year + 1) - timedelta(days=1)
        case ValidityKind.FOREVER:
            return None


def counting_version(versions: Sequence[Version]) -> Version | None:
    """The accepted version, of all that were handed in, oldest first; it counts until a later one is accepted."""
    return next((each for each in reversed(versions) if each.status is SubmissionStatus.ACCEPTED), None)


def state_of(versions: Sequence[Version], today: date) -> DocumentState:
    """Where somebody stands with a document, of which these versions were handed in, oldest first."""
    waits = any(each.status is SubmissionStatus.HANDED_IN for each in versions)
    accepted = counting_version(versions)
    if accepted is not None and (accepted.valid_until is None or accepted.valid_until >= today):
        is_ending = accepted.valid_until is not None and accepted.valid_until - today <= WARNED_BEFORE
        return DocumentState.EXPIRING if is_ending and not waits else DocumentState.ACCEPTED
    if waits:
        return DocumentState.WAITING
    decided = [each for each in versions if each.status is not SubmissionStatus.REPLACED]
    if not decided:
        return DocumentState.MISSING
    is_refused = decided[-1].status is SubmissionStatus.REFUSED
    return DocumentState.REFUSED if is_refused else DocumentState.EXPIRED


def keeps_from_booking(day: date, enrolled_on: date, grace_days: int) -> bool:
    """Whether a document that is not in order keeps from booking a day, for an enrolment that begins then."""
    return day >= enrolled_on + timedelta(days=grace_days)


def warning_due(valid_until: date, told: Collection[WarningStage], today: date) -> WarningStage | None:
    """The mail about its end that is to be sent now; who was told nothing before it ended is told that it is over."""
    if valid_until < today:
        return None if WarningStage.OVER in told else WarningStage.OVER
    if valid_until - today <= WARNED_BEFORE and WarningStage.SOON not in told:
        return WarningStage.SOON
    return None


def _months_later(day: date, months: int) -> date:
    """The same day so many months later, or the last one of a shorter month."""
    years, month = divmod(day.month - 1 + months, 12)
    year = day.year + years
    return date(year, month + 1, min(day.day, calendar.monthrange(year, month + 1)[1]))
