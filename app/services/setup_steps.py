"""What a new council still has to set before families can book, in order."""

from collections.abc import Collection
from dataclasses import dataclass
from enum import StrEnum, auto

from sqlalchemy import exists, select

from app import clock
from app.database import db
from app.models.activities import Office, Season, Site, Unit
from app.models.bookings import Opening
from app.services.catalogue import ActivityInfo, catalogue
from app.services.deadline_settings import current_activities


class SetupStep(StrEnum):
    """What is set, in the order in which one thing needs another."""

    OFFICE = auto()
    SITE = auto()
    SEASON = auto()
    ACTIVITY = auto()
    GROUPS = auto()
    UNITS = auto()
    PLACES = auto()
    OPENINGS = auto()
    DEADLINES = auto()
    PRICES = auto()


OPTIONAL_STEPS = frozenset({SetupStep.PLACES, SetupStep.DEADLINES})
"""Without them places have no limit, and parents book until the last minute: families can book all the same."""


@dataclass(frozen=True, slots=True)
class StepState:
    """How far a step is: the activities that lack it, where it is one of activities."""

    step: SetupStep
    is_done: bool
    missing: tuple[ActivityInfo, ...] = ()

    @property
    def is_optional(self) -> bool:
        """Whether families can book without it."""
        return self.step in OPTIONAL_STEPS


def setup_steps() -> tuple[StepState, ...]:
    """All steps, in order. Four queries."""
    activities = current_activities()
    scoped = {unit_id for scope in catalogue().scopes for unit_id in scope.units}
    opened = _activities_that_open()
    lacking = {
        SetupStep.GROUPS: [each for each in activities if not each.groups],
        SetupStep.UNITS: [each for each in activities if not each.units],
        SetupStep.PLACES: [each for each in activities if scoped.isdisjoint(unit.id for unit in each.units)],
        SetupStep.OPENINGS: [each for each in activities if each.id not in opened],
        SetupStep.DEADLINES: [each for each in activities if not each.notices],
        SetupStep.PRICES: [each for each in activities if not each.tariffs],
    }
    return (
        StepState(SetupStep.OFFICE, bool(db.session.scalar(select(exists(select(Office.id)))))),
        StepState(SetupStep.SITE, bool(db.session.scalar(select(exists(select(Site.id)))))),
        StepState(
            SetupStep.SEASON,
            bool(db.session.scalar(select(exists(select(Season.id).where(Season.ends_on >= clock.today()))))),
        ),
        StepState(SetupStep.ACTIVITY, bool(activities)),
        *(StepState(step, bool(activities) and not missing, tuple(missing)) for step, missing in lacking.items()),
    )


def steps_left(steps: Collection[StepState]) -> int:
    """How many steps keep families from booking."""
    return sum(1 for each in steps if not each.is_done and not each.is_optional)


def _activities_that_open() -> frozenset[int]:
    opens = exists(select(Opening.id).where(Opening.unit_id == Unit.id, Opening.is_open))
    return frozenset(db.session.scalars(select(Unit.activity_id).where(opens).distinct()))
