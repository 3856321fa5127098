"""Whether a child may ask for an activity, and its group by age.

Source: product.md section 4, docs/rules/enrolments.md.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum, auto

from app.rules.states import EnrolmentStatus


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
    SEASON_OVER = auto()
    ALREADY_ENROLLED = auto()
    ALREADY_REQUESTED = auto()


def age_on(birth_date: date, day: date) -> int:
    """Completed years on ``day``, negative before birth. The 29 February has its birthday on 1 March in other years."""
    return day.year - birth_date.year - ((day.month, day.day) < (birth_date.month, birth_date.day))


def fitting_group(birth_date: date, day: date, groups: Iterable[GroupAges]) -> int | None:
    """The id of the first group that receives the child's age on ``day``."""
    age = age_on(birth_date, day)
    return next((group.group_id for group in groups if group.fits(age)), None)


def blockers(
    birth_date: date,
    groups: Sequence[GroupAges],
    season_starts_on: date,
    season_ends_on: date,
    today: date,
    existing: Collection[EnrolmentStatus],
) -> tuple[EnrolmentBlocker, ...]:
    """Everything that keeps a child from asking for an activity; empty when it may.

    The age counts on the later of today and the first day of the season. A child between the ages of two groups is too
    young for the next. ``existing`` are the statuses of the child's enrolments in this activity; refused, cancelled
    and ended ones block nothing. An activity without groups receives every age.
    """
    found: list[EnrolmentBlocker] = []
    age = age_on(birth_date, max(today, season_starts_on))
    if groups and not any(group.fits(age) for group in groups):
        waits = any(group.min_age is not None and age < group.min_age for group in groups)
        found.append(EnrolmentBlocker.TOO_YOUNG if waits else EnrolmentBlocker.TOO_OLD)
    if season_ends_on < today:
        found.append(EnrolmentBlocker.SEASON_OVER)
    if EnrolmentStatus.ACCEPTED in existing:
        found.append(EnrolmentBlocker.ALREADY_ENROLLED)
    if EnrolmentStatus.REQUESTED in existing or EnrolmentStatus.WAITING in existing:
        found.append(EnrolmentBlocker.ALREADY_REQUESTED)
    return tuple(found)
