"""What prices depend on besides quotients: where a family lives in the council's words, and the standings it has.

Both are dated; as with quotients, the first day of the month of the service counts. Source: domain.md 4.1 and 4.4,
docs/rules/price_facts.md.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from app.rules.tariff_grids import Standing

RESIDENT = "resident"
OUTSIDE = "outside"


@dataclass(frozen=True, slots=True)
class AddressFrom:
    """The commune (INSEE code) in which a family lives from a day on."""

    starts_on: date
    insee_code: str


@dataclass(frozen=True, slots=True)
class ResidenceFrom:
    """The residence, in the council's words, that counts from a day on. None: it is not known.

    As what the staff say, None goes back to the family's commune.
    """

    starts_on: date
    word: str | None


@dataclass(frozen=True, slots=True)
class HeldStanding:
    """A standing of the family, or of one of its children, from a day to a day, both included; no end: it goes on."""

    standing: Standing
    starts_on: date
    ends_on: date | None = None
    child_id: int | None = None

    def covers(self, day: date) -> bool:
        """Whether it is held on a day."""
        return self.starts_on <= day and (self.ends_on is None or day <= self.ends_on)


def residences_of(
    addresses: Iterable[AddressFrom], told: Iterable[ResidenceFrom], communes: Mapping[str, str]
) -> tuple[ResidenceFrom, ...]:
    """The residences of a family one after the other, the first of them since ever.

    What the staff told counts before the commune's word. ``communes`` are those that the council listed: all others
    are outside, and so is a family that told no address; where none is listed nobody knows.
    """
    lived = sorted(addresses, key=lambda each: each.starts_on)
    said = sorted(told, key=lambda each: each.starts_on)
    days = {each.starts_on for each in lived[1:]} | {each.starts_on for each in said}
    found: list[ResidenceFrom] = []
    for day in (date.min, *sorted(days)):
        word = _word_on(day, lived, said, communes)
        if not found or found[-1].word != word:
            found.append(ResidenceFrom(day, word))
    return tuple(found)


def residence_on(residences: Iterable[ResidenceFrom], day: date) -> str | None:
    """The residence that counts for a service on a day: that of the first day of its month."""
    first = day.replace(day=1)
    started = [each for each in residences if each.starts_on <= first]
    return max(started, key=lambda each: each.starts_on).word if started else None


def standings_on(held: Iterable[HeldStanding], child_id: int, day: date) -> frozenset[Standing]:
    """The standings that count for a child and a service on a day: those of the first day of its month."""
    first = day.replace(day=1)
    return frozenset(each.standing for each in held if each.child_id in (None, child_id) and each.covers(first))


def _word_on(
    day: date, lived: Sequence[AddressFrom], said: Sequence[ResidenceFrom], communes: Mapping[str, str]
) -> str | None:
    told = [each for each in said if each.starts_on <= day]
    if told and told[-1].word is not None:
        return told[-1].word
    if not communes:
        return None
    # Before its first address a family lived where it first told us.
    present = [each for each in lived if each.starts_on <= day] or list(lived[:1])
    return communes.get(present[-1].insee_code, OUTSIDE) if present else OUTSIDE
