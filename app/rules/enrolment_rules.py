"""What the staff set of an activity's enrolments, as typed data: who may ask, when, and how it is decided.

Source: product.md section 4, domain.md 2.3 and 2.4, docs/rules/enrolments.md, docs/rules/rankings.md.
"""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum, auto

from app.rules.child_files import LEVELS
from app.rules.windows import Window


class AgeOn(StrEnum):
    """The day on which a child must have the age of a group."""

    FIRST_DAY = auto()  # of its enrolment
    JANUARY = auto()  # 1 January of the year in which the season begins
    DECEMBER = auto()  # 31 December of that year
    DAY = auto()  # a day that the staff name


class Allocation(StrEnum):
    """How requests are decided."""

    STAFF = auto()  # one by one, in « À traiter »
    AUTOMATIC = auto()  # at once, as long as there is room
    RANKED = auto()  # collected, then ranked and decided together


class RankFact(StrEnum):
    """What a criterion asks of a child or its family."""

    RESIDENT = auto()
    ENROLLED_BEFORE = auto()
    SIBLING = auto()
    STAFF = auto()
    BOTH_WORK = auto()  # every adult of the family works


@dataclass(frozen=True, slots=True)
class RankCriterion:
    """A published criterion. ``weight``: its points, or its place among the criteria, first is 1."""

    fact: RankFact
    weight: int

    def __post_init__(self) -> None:
        if not 1 <= self.weight <= 1000:
            raise ValueError("a criterion weighs from 1 to 1000")


class Ties(StrEnum):
    """What decides between equals."""

    ARRIVAL = auto()
    DRAW = auto()  # by a seed that is kept


@dataclass(frozen=True, slots=True)
class Ranking:
    """The criteria, added up as points or compared one after the other."""

    criteria: tuple[RankCriterion, ...] = ()
    by_points: bool = False
    ties: Ties = Ties.ARRIVAL

    def __post_init__(self) -> None:
        if len({each.fact for each in self.criteria}) < len(self.criteria):
            raise ValueError("a criterion counts once")
        if not self.by_points and len({each.weight for each in self.criteria}) < len(self.criteria):
            raise ValueError("criteria that are compared one after the other have different places")


@dataclass(frozen=True, slots=True)
class GroupPlaces:
    """How many children a group enrols at most."""

    group_id: int
    places: int


@dataclass(frozen=True, slots=True)
class EnrolmentRules:
    """All that the staff set of an activity's enrolments; the defaults ask nothing but the age of a group.

    None named (levels, residences): all. ``most_unpaid_cents``: what a family may owe; None: whatever it owes.
    """

    age_on: AgeOn = AgeOn.FIRST_DAY
    age_day: date | None = None
    levels: frozenset[str] = frozenset()
    residences: frozenset[str] = frozenset()
    windows: tuple[Window, ...] = ()
    needs_certification: bool = False
    needs_insurance: bool = False
    most_unpaid_cents: int | None = None
    allocation: Allocation = Allocation.STAFF
    places: tuple[GroupPlaces, ...] = ()
    ranking: Ranking = Ranking()
    parents_may_end: bool = False

    def __post_init__(self) -> None:
        if (self.age_on is AgeOn.DAY) != (self.age_day is not None):
            raise ValueError("a day is named where the age counts on one")
        if not self.levels <= set(LEVELS):
            raise ValueError("a class of no school")
        if self.most_unpaid_cents is not None and self.most_unpaid_cents < 0:
            raise ValueError("a family owes nothing or more")

    @property
    def keeps_away(self) -> bool:
        """Whether it asks what never keeps a child from school meals."""
        return self.needs_certification or self.needs_insurance or self.most_unpaid_cents is not None

    def places_of(self, group_id: int) -> int | None:
        """The limit of a group; None: there is none."""
        return next((each.places for each in self.places if each.group_id == group_id), None)


NO_RULES = EnrolmentRules()
"""What holds until the staff say otherwise."""
