"""For whom something opens earlier than for others, or at all: residents, those who were there before, siblings, staff.

Source: domain.md 2.4, docs/rules/windows.md.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date
from enum import StrEnum, auto


class Audience(StrEnum):
    """A kind of families or children; naming none of them is everybody."""

    RESIDENTS = auto()
    ENROLLED_BEFORE = auto()  # the child was enrolled in the same activity of the season before
    SIBLINGS = auto()  # a brother or sister is enrolled in the activity
    STAFF = auto()  # a parent works for the council


@dataclass(frozen=True, slots=True)
class KnownActivity:
    """What tells an activity from the same one of another season."""

    id: int
    name: str
    starts_on: date  # of its season
    ends_on: date


def season_before(activity: KnownActivity, others: Iterable[KnownActivity]) -> frozenset[int]:
    """The ids of the same activity, told by its name, in the last season that ended before this one begins."""
    earlier = [each for each in others if each.name == activity.name and each.ends_on < activity.starts_on]
    last = max((each.ends_on for each in earlier), default=None)
    return frozenset(each.id for each in earlier if each.ends_on == last)


def is_concerned(named: Collection[Audience], own: Collection[Audience]) -> bool:
    """Whether what names these audiences (none: everybody) is for a child that belongs to its own."""
    return not named or not set(named).isdisjoint(own)
