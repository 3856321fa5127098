from datetime import date, time

import pytest

from app.rules.agendas import Stay, visits
from tests.rules.tables import Row, cases, words

DAY = date(2026, 12, 2)


def stay(place: int, told: str, day: date = DAY, child_id: int = 1) -> Stay:
    activity, unit, hours = told.split()
    starts_at, ends_at = (time.fromisoformat(hour) for hour in hours.split("-"))
    return Stay(place, child_id, "Léa", ord(activity), activity, "Site", day, unit, starts_at, ends_at)


@pytest.mark.parametrize("row", cases("agendas", "visits"))
def test_units_that_follow_each_other_are_one_visit(row: Row) -> None:
    stays = [stay(place, told) for place, told in enumerate(words(row["booked (activity unit hours)"]))]
    told = [f"{v.starts_at:%H:%M}-{v.ends_at:%H:%M} {' '.join(v.unit_names)}" for v in visits(reversed(stays))]
    assert told == words(row["visits"])


def test_days_and_children_are_never_one_visit() -> None:
    stays = [
        stay(1, "M Matin 07:30-11:45"),
        stay(2, "M Repas 12:00-13:00", child_id=2),
        stay(3, "M Repas 12:00-13:00", date(2026, 12, 3)),
    ]
    assert [(each.day.day, each.child_id) for each in visits(stays)] == [(2, 1), (2, 2), (3, 1)]
