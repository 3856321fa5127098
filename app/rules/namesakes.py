"""Whether two persons of a file may be one and the same.

Source: docs/rules/namesakes.md.
"""

from dataclasses import dataclass
from datetime import date

from app.rules.texts import fold


@dataclass(frozen=True, slots=True)
class Person:
    """A name and, where it is known, a birth date."""

    last_name: str
    first_name: str
    birth_date: date | None


def may_be_same(one: Person, other: Person) -> bool:
    """Same birth date (or none on both sides) and the same names, whatever their order, case and accents."""
    return one.birth_date == other.birth_date and name_words(one) == name_words(other)


def name_words(person: Person) -> tuple[str, ...]:
    """The words of a name, in an order that does not depend on which field they were typed in."""
    return tuple(sorted(fold(f"{person.last_name} {person.first_name}").split()))
