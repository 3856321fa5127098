"""What the file of a child holds, section by section, and how complete it is.

Source: the guide's blue buttons, domain.md 1.2 and 1.3, docs/rules/child_files.md. The values of a section are text by
name of field, "" where nothing was said: an answer that nobody gave is never read as « no harm ».
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum, auto

from app.rules.vaccinations import VaccinationState, VaccinationStatus

Values = Mapping[str, str]


class SectionKind(StrEnum):
    """A section of a child's file: one blue button each, in this order."""

    SCHOOL = auto()
    DOCTOR = auto()
    VACCINATIONS = auto()
    HEALTH = auto()
    DIET = auto()
    INSURANCE = auto()
    CONTACTS = auto()
    AUTHORISATIONS = auto()


class SectionState(StrEnum):
    """How complete a section is."""

    EMPTY = auto()
    DUE = auto()  # begun, or out of date
    DONE = auto()


class Diet(StrEnum):
    """What a child eats, in neutral words: no religion, no reason (CNIL, NS-058)."""

    STANDARD = auto()
    NO_PORK = auto()
    NO_MEAT = auto()
    VEGETARIAN = auto()
    GLUTEN_FREE = auto()
    LACTOSE_FREE = auto()
    CARE_PLAN_MEAL = auto()
    PARENTS_MEAL = auto()


class AuthorisationKind(StrEnum):
    """What parents allow or refuse for a school year. No answer is a refusal."""

    LEAVE_ALONE = auto()
    EMERGENCY_CARE = auto()
    MEDICINE = auto()
    TRANSPORT = auto()
    SWIMMING = auto()
    OUTINGS = auto()
    PHOTO_INSIDE = auto()
    PHOTO_PRESS = auto()
    PHOTO_ONLINE = auto()


class ReminderKind(StrEnum):
    """What ends, or comes, on a day."""

    INSURANCE = auto()
    CARE_PLAN = auto()
    BOOSTER = auto()


SOON = timedelta(days=60)

LEVELS = (
    "TPS", "PS", "MS", "GS", "CP", "CE1", "CE2", "CM1", "CM2", "6e", "5e", "4e", "3e", "2de", "1re", "Tle", "ULIS",
)  # fmt: skip
"""The classes, in the order in which a child goes through them; ULIS is none of them."""

_LAST_OF_A_SCHOOL = ("GS", "CM2", "3e", "Tle")

HEALTH_SECTIONS = frozenset({SectionKind.DOCTOR, SectionKind.VACCINATIONS, SectionKind.HEALTH, SectionKind.DIET})
"""Read by those who may see health data alone, and each read is logged."""

HEALTH_QUESTIONS = ("has_allergies", "has_care_plan", "has_treatment")
"""« yes » or « no », each to be answered."""


@dataclass(frozen=True, slots=True)
class Gauge:
    """How complete a child's file is."""

    done: int
    total: int
    due: tuple[SectionKind, ...]  # what is still to do, in the order of the page

    @property
    def percent(self) -> int:
        """0 to 100, rounded down: 100 means that nothing is left."""
        return 100 * self.done // self.total

    @property
    def is_complete(self) -> bool:
        """Whether nothing is left to do."""
        return not self.due


@dataclass(frozen=True, slots=True)
class Reminder:
    """Something of a file that ends or comes on a day, and is near or past."""

    section: SectionKind
    kind: ReminderKind
    on: date
    is_past: bool
    subject: str = ""  # the vaccine


@dataclass(frozen=True, slots=True)
class PastClass:
    """Where a child went to school in an earlier year."""

    school_year: int
    school: str
    level: str


def is_filled(values: Values) -> bool:
    """Whether anything was said in a section."""
    return any(values.values())


def school_state(values: Values, school_year: int) -> SectionState:
    """The school and the class, of this school year."""
    if not is_filled(values):
        return SectionState.EMPTY
    known = values.get("school") and values.get("level") and values.get("school_year") == str(school_year)
    return SectionState.DONE if known else SectionState.DUE


def doctor_state(values: Values) -> SectionState:
    """A doctor whom one can call."""
    if not is_filled(values):
        return SectionState.EMPTY
    return SectionState.DONE if values.get("name") and values.get("phone") else SectionState.DUE


def health_state(values: Values, today: date) -> SectionState:
    """The three questions answered, and a care plan (PAI) that still holds."""
    if not is_filled(values):
        return SectionState.EMPTY
    if not all(values.get(question) for question in HEALTH_QUESTIONS):
        return SectionState.DUE
    return SectionState.DUE if _has_ended(values.get("care_plan_ends_on", ""), today) else SectionState.DONE


def diet_state(values: Values) -> SectionState:
    """An answer, were it « standard »."""
    return SectionState.DONE if values.get("diets") else SectionState.EMPTY


def insurance_state(values: Values, today: date) -> SectionState:
    """An insurer and a contract that still holds."""
    if not is_filled(values):
        return SectionState.EMPTY
    known = values.get("insurer") and values.get("ends_on")
    return SectionState.DONE if known and not _has_ended(values.get("ends_on", ""), today) else SectionState.DUE


def vaccination_state(state: VaccinationState, values: Values, has_late_booster: bool = False) -> SectionState:
    """What the law asks, shown or excused; a booster whose day has passed is still to do."""
    if has_late_booster:
        return SectionState.DUE
    done = (VaccinationStatus.COMPLETE, VaccinationStatus.CONTRA_INDICATED, VaccinationStatus.NOTHING_ASKED)
    if state.status in done:
        return SectionState.DONE
    return SectionState.DUE if is_filled(values) else SectionState.EMPTY


def contacts_state(may_be_called: int) -> SectionState:
    """One person at least, besides the parents, who may be called."""
    return SectionState.DONE if may_be_called else SectionState.EMPTY


def authorisations_state(answered: int) -> SectionState:
    """Every question of this school year answered, with yes or no."""
    if not answered:
        return SectionState.EMPTY
    return SectionState.DONE if answered >= len(AuthorisationKind) else SectionState.DUE


def gauge(states: Mapping[SectionKind, SectionState]) -> Gauge:
    """How complete a file is: every section counts the same."""
    due = tuple(kind for kind in SectionKind if states[kind] is not SectionState.DONE)
    return Gauge(len(SectionKind) - len(due), len(SectionKind), due)


def reminders(
    insurance_ends_on: date | None, care_plan_ends_on: date | None, boosters: Iterable[tuple[str, date]], today: date
) -> tuple[Reminder, ...]:
    """What ends or comes within two months, or has passed, earliest first. The last day of a contract still counts."""
    found = [
        (SectionKind.INSURANCE, ReminderKind.INSURANCE, insurance_ends_on, ""),
        (SectionKind.HEALTH, ReminderKind.CARE_PLAN, care_plan_ends_on, ""),
        *((SectionKind.VACCINATIONS, ReminderKind.BOOSTER, day, name) for name, day in boosters),
    ]
    return tuple(
        Reminder(section, kind, day, day < today, subject)
        for section, kind, day, subject in sorted(found, key=lambda each: each[2] or today)
        if day is not None and day <= today + SOON
    )


def next_level(level: str) -> str:
    """The class after this one; nothing after the last one, or where none follows by itself (ULIS)."""
    place = LEVELS.index(level) if level in LEVELS else -1
    return LEVELS[place + 1] if 0 <= place < LEVELS.index("Tle") else ""


def leaves_school(level: str) -> bool:
    """Whether the next class is in another school."""
    return level in _LAST_OF_A_SCHOOL


def past_classes(before: Values, after: Values) -> str:
    """The classes of earlier years, one a line, when a class of another year takes the place of one."""
    past = before.get("past", "")
    year = before.get("school_year", "")
    if not year or not before.get("level") or year == after.get("school_year"):
        return past
    school = before.get("other_school") or before.get("school", "")
    kept = [line for line in past.splitlines() if not line.startswith(f"{year}\t")]
    return "\n".join([*kept, f"{year}\t{school}\t{before['level']}"])


def read_past_classes(values: Values) -> tuple[PastClass, ...]:
    """The same, latest first."""
    rows = (line.split("\t") for line in values.get("past", "").splitlines())
    return tuple(
        sorted((PastClass(int(year), school, level) for year, school, level in rows), key=lambda p: -p.school_year)
    )


def may_collect_on(may_collect: bool, starts_on: date | None, ends_on: date | None, day: date) -> bool:
    """Whether a person may collect the child on a day; without dates the permission lasts."""
    has_begun = starts_on is None or starts_on <= day
    return may_collect and has_begun and (ends_on is None or day <= ends_on)


def _has_ended(last_day: str, today: date) -> bool:
    return bool(last_day) and date.fromisoformat(last_day) < today
