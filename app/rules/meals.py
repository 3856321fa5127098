"""How many meals of which kind: what the kitchen cooks or orders for a service (a unit that is a meal) on a day.

Source: product.md sections 1 and 7, domain.md 7 (point 3), docs/rules/meals.md.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum, auto

from app.rules.attendances import Turnout
from app.rules.child_files import Diet

OLDEST_LIMIT = 25
MOST_LIMITS = 5
MOST_ADULTS = 999
MOST_SPARE_PERCENT = 50

NAMED_DIETS = frozenset({Diet.CARE_PLAN_MEAL, Diet.PARENTS_MEAL})
"""Of these meals the kitchen has to know whose they are."""

_INCLUDED: Mapping[Diet, frozenset[Diet]] = {
    Diet.VEGETARIAN: frozenset({Diet.NO_MEAT, Diet.NO_PORK}),
    Diet.NO_MEAT: frozenset({Diet.NO_PORK}),
}


class Eater(StrEnum):
    """For whom a meal is."""

    CHILD = auto()
    ADULT = auto()  # of the team
    SPARE = auto()  # for whoever comes unexpected, or drops a plate


@dataclass(frozen=True, slots=True)
class Meal:
    """A kind of meal: its diets in the order of the list (none: nobody said), for whom, and for which ages."""

    diets: tuple[Diet, ...]
    eater: Eater = Eater.CHILD
    from_age: int = 0  # of a child, in whole years
    to_age: int | None = None  # included; None: and older

    @property
    def is_cooked(self) -> bool:
        """Whether the kitchen makes it: parents bring the others."""
        return Diet.PARENTS_MEAL not in self.diets

    @property
    def order(self) -> tuple[int, bool, Sequence[int], int]:
        """Where it stands in a list: children first, the usual meal, then the diets, what nobody said last; by age."""
        diets = list(Diet)
        return list(Eater).index(self.eater), not self.diets, [diets.index(each) for each in self.diets], self.from_age


@dataclass(frozen=True, slots=True)
class MealChange:
    """A kind of meal of which there are more or fewer than before."""

    meal: Meal
    before: int
    after: int

    @property
    def difference(self) -> int:
        """+2, -1."""
        return self.after - self.before


@dataclass(frozen=True, slots=True)
class Guest:
    """A child for whom a meal is made, with what attendance says: booked, or come without a booking."""

    meal: Meal
    turnout: Turnout | None = None


@dataclass(frozen=True, slots=True)
class Served:
    """What was eaten, and how many booked children nobody ticked."""

    counts: Mapping[Meal, int]
    unticked: int


STANDARD_OF_ADULTS = Meal((Diet.STANDARD,), Eater.ADULT)
STANDARD_SPARE = Meal((Diet.STANDARD,), Eater.SPARE)


def diets_of(chosen: Iterable[Diet]) -> tuple[Diet, ...]:
    """The diets that decide on the plate: a vegetarian meal has no pork anyway, and one from home is nobody else's."""
    said = set(chosen)
    if Diet.PARENTS_MEAL in said:
        return (Diet.PARENTS_MEAL,)
    if len(said) > 1:
        said.discard(Diet.STANDARD)
    included = frozenset[Diet]().union(*(_INCLUDED.get(each, frozenset()) for each in said))
    return tuple(diet for diet in Diet if diet in said - included)


def bands_of(limits: Sequence[int]) -> tuple[tuple[int, int | None], ...]:
    """The bands of age, first and last year included, that limits make: 6 and 12 give 0–5, 6–11, 12 and older.

    Raises ValueError for limits that do not rise, or lie outside of 1 to OLDEST_LIMIT.
    """
    if list(limits) != sorted(set(limits)) or any(not 0 < limit <= OLDEST_LIMIT for limit in limits):
        raise ValueError("the limits of age rise, from 1 to 25")
    starts = (0, *limits)
    return tuple((start, end) for start, end in zip(starts, [limit - 1 for limit in limits] + [None], strict=True))


def meal_of(age: int, chosen: Iterable[Diet], limits: Sequence[int]) -> Meal:
    """The meal of a child of this age, in whole years on the day."""
    first, last = next((a, b) for a, b in reversed(bands_of(limits)) if a <= age)
    return Meal(diets_of(chosen), Eater.CHILD, first, last)


def spare_meals(cooked: int, percent: int) -> int:
    """How many meals are added to so many that are cooked: the part of a meal counts as a whole one."""
    return -(-cooked * percent // 100)


def count_meals(children: Iterable[Meal], adults: int, spare_percent: int) -> dict[Meal, int]:
    """How many of each kind, in the order of a list: those of children, of adults, and the spare ones of all cooked."""
    counts = Counter(children)
    if adults:
        counts[STANDARD_OF_ADULTS] = adults
    cooked = sum(count for meal, count in counts.items() if meal.is_cooked)
    spare = spare_meals(cooked, spare_percent)
    if spare:
        counts[STANDARD_SPARE] = spare
    return {meal: counts[meal] for meal in sorted(counts, key=lambda meal: meal.order)}


def serve(guests: Sequence[Guest], adults: int) -> Served | None:
    """What was eaten: by who was ticked present, and by the adults who were told. None where nobody is ticked yet."""
    if all(guest.turnout is None for guest in guests):
        return None
    came = [guest.meal for guest in guests if guest.turnout is Turnout.PRESENT]
    return Served(count_meals(came, adults, 0), sum(guest.turnout is None for guest in guests))


def total(counts: Mapping[Meal, int]) -> int:
    """All meals that the kitchen makes."""
    return sum(count for meal, count in counts.items() if meal.is_cooked)


def changes(before: Mapping[Meal, int], after: Mapping[Meal, int]) -> tuple[MealChange, ...]:
    """What is more or fewer than before, in the order of a list; nothing where all is the same."""
    meals = sorted({*before, *after}, key=lambda meal: meal.order)
    found = (MealChange(meal, before.get(meal, 0), after.get(meal, 0)) for meal in meals)
    return tuple(change for change in found if change.difference)
