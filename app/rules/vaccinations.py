"""Which vaccinations the law asks of a child, and whether its file shows them.

Source: docs/rules/vaccinations.md (CSP L3111-2, R3111-2, R3111-8; decree 2024-694 of 5 July 2024). The table of
obligations is a setting, dated by birth: law changes, code need not.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum, auto

from app.rules.calendars import add_months

PROVISIONAL_MONTHS = 3


class VaccinationStatus(StrEnum):
    """Where a child stands with what is asked of it."""

    NOTHING_ASKED = auto()
    COMPLETE = auto()
    CONTRA_INDICATED = auto()
    PROVISIONAL = auto()
    MISSING = auto()


@dataclass(frozen=True, slots=True)
class VaccineRule:
    """That children born from a day on, and before another, need a vaccine."""

    id: int
    name: str
    born_from: date | None  # None: whatever the age
    born_before: date | None

    def asks(self, birth_date: date) -> bool:
        """Whether a child born on this day needs the vaccine."""
        return (self.born_from is None or self.born_from <= birth_date) and (
            self.born_before is None or birth_date < self.born_before
        )


@dataclass(frozen=True, slots=True)
class VaccinationState:
    """The status, what is missing by name, and until when a child may come without."""

    status: VaccinationStatus
    missing: tuple[str, ...] = ()
    until: date | None = None  # of a provisional admission


def rules_for(rules: Iterable[VaccineRule], birth_date: date) -> tuple[VaccineRule, ...]:
    """The vaccines asked of a child, in the order of the table."""
    return tuple(rule for rule in rules if rule.asks(birth_date))


def judge_vaccinations(
    asked: Sequence[VaccineRule],
    given: Mapping[int, date],
    contra_indicated: bool,
    admitted_on: date | None,
    today: date,
) -> VaccinationState:
    """Where a child stands: `given` has the last dose by rule, `admitted_on` is the first day that it came or comes.

    A medical contra-indication replaces what is missing. Without either, a child may come for three months from its
    first day (CSP R3111-8); before the first day is known, it is simply missing.
    """
    if not asked:
        return VaccinationState(VaccinationStatus.NOTHING_ASKED)
    missing = tuple(rule.name for rule in asked if rule.id not in given)
    if not missing:
        return VaccinationState(VaccinationStatus.COMPLETE)
    if contra_indicated:
        return VaccinationState(VaccinationStatus.CONTRA_INDICATED, missing)
    until = add_months(admitted_on, PROVISIONAL_MONTHS) if admitted_on is not None else None
    if until is not None and today <= until:
        return VaccinationState(VaccinationStatus.PROVISIONAL, missing, until)
    return VaccinationState(VaccinationStatus.MISSING, missing)
