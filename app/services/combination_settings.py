"""What the staff set of combinations: the rules of an activity, and the choices of a day that they allow."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations as subsets

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.models.activities import Activity
from app.rules.combinations import CombinationRule, Combinations, Violation, violations
from app.services.catalogue import ActivityInfo
from app.services.errors import NotFound

MOST_UNITS_SHOWN_WHOLE = 5
"""With more, only single units and pairs are shown: their choices are too many to read."""


@dataclass(frozen=True, slots=True)
class DayChoice:
    """Units that a parent may tick together on a day, and what is wrong with it."""

    unit_ids: tuple[int, ...]
    violation: Violation | None


def save_combinations(session: Session, activity_id: int, rules: Combinations) -> None:
    """Replace the rules of an activity. Call inside `write_transaction()`. Raises NotFound."""
    activity = session.scalar(select(Activity).where(Activity.id == activity_id).with_for_update())
    if activity is None:
        raise NotFound("activity")
    activity.combinations = rules


def preview(activity: ActivityInfo, rules: Sequence[CombinationRule]) -> tuple[DayChoice, ...]:
    """The choices of a day on which all units open, judged by the function of the planning and the save."""
    units = [unit.id for unit in activity.units]
    longest = len(units) if len(units) <= MOST_UNITS_SHOWN_WHOLE else 2
    choices = [chosen for size in range(1, longest + 1) for chosen in subsets(units, size)]
    return tuple(DayChoice(chosen, next(iter(violations(chosen, rules, units)), None)) for chosen in choices)
