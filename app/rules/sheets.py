"""The teams' sheets: for which days they are made, and what of a child stands on them.

Source: CASF R227-7 (the health sheet follows the child, in confidence), product.md section 7, docs/rules/sheets.md.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum, auto

from app.rules.child_files import AuthorisationKind

AHEAD = timedelta(days=14)
MOST_CHILDREN = 150
"""On one sheet: more is no group that somebody answers for."""

Values = Mapping[str, str]


class SheetKind(StrEnum):
    """What a sheet is for."""

    EMERGENCY = auto()  # on the place: whom to call, what to know
    OUTING = auto()  # follows the children


AUTHORISATIONS: Mapping[SheetKind, tuple[AuthorisationKind, ...]] = {
    SheetKind.EMERGENCY: (
        AuthorisationKind.EMERGENCY_CARE, AuthorisationKind.MEDICINE, AuthorisationKind.TRANSPORT,
    ),
    SheetKind.OUTING: (
        AuthorisationKind.EMERGENCY_CARE, AuthorisationKind.MEDICINE, AuthorisationKind.TRANSPORT,
        AuthorisationKind.OUTINGS, AuthorisationKind.SWIMMING, AuthorisationKind.LEAVE_ALONE,
    ),
}  # fmt: skip
"""What parents allow, as far as the sheet needs it."""


class Caution(StrEnum):
    """Something that whoever holds the sheet must not miss."""

    HEALTH_UNKNOWN = auto()  # the family said nothing, or left a question open: that is not « no »
    ALLERGY = auto()
    CARE_PLAN = auto()
    CARE_PLAN_ENDED = auto()
    TREATMENT = auto()
    NO_CARE = auto()  # care in an emergency is not allowed: the parents are called first
    NO_OUTING = auto()


@dataclass(frozen=True, slots=True)
class Permission:
    """An answer of the parents; no answer is a refusal, and shown as none."""

    kind: AuthorisationKind
    is_allowed: bool
    is_answered: bool


def may_be_made(day: date, today: date) -> bool:
    """Whether a sheet with health data is made for a day: not for one that is over, nor weeks ahead."""
    return today <= day <= today + AHEAD


def permissions(kind: SheetKind, answers: Mapping[AuthorisationKind, bool]) -> tuple[Permission, ...]:
    """What parents answered of what the sheet needs."""
    return tuple(Permission(each, answers.get(each, False), each in answers) for each in AUTHORISATIONS[kind])


def cautions(
    kind: SheetKind, health: Values, answers: Mapping[AuthorisationKind, bool], day: date
) -> tuple[Caution, ...]:
    """What must not be missed of a child on a day, the worst first."""
    ends_on = health.get("care_plan_ends_on", "")
    has_plan = health.get("has_care_plan") == "yes"
    has_ended = has_plan and bool(ends_on) and date.fromisoformat(ends_on) < day
    open_question = any(not health.get(name) for name in ("has_allergies", "has_care_plan", "has_treatment"))
    found = {
        Caution.HEALTH_UNKNOWN: open_question,
        Caution.ALLERGY: health.get("has_allergies") == "yes",
        Caution.CARE_PLAN: has_plan and not has_ended,
        Caution.CARE_PLAN_ENDED: has_ended,
        Caution.TREATMENT: health.get("has_treatment") == "yes",
        Caution.NO_CARE: not answers.get(AuthorisationKind.EMERGENCY_CARE, False),
        Caution.NO_OUTING: kind is SheetKind.OUTING and not answers.get(AuthorisationKind.OUTINGS, False),
    }
    return tuple(caution for caution in Caution if found[caution])
