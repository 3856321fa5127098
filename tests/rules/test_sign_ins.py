from datetime import datetime, timedelta

import pytest

from app.clock import PARIS
from app.rules.sign_ins import (
    PARENT_SESSION,
    STAFF_SESSION,
    SessionTimes,
    Subject,
    has_ended,
    must_confirm,
    retry_at,
    subjects_of,
    usable_steps,
)
from tests.rules.tables import Row, cases, ids, number_or_none, words

NOW = datetime(2026, 11, 23, 8, 30, tzinfo=PARIS)


def ago(minutes: str | int) -> datetime:
    return NOW - timedelta(minutes=int(minutes))


@pytest.mark.parametrize("row", cases("sign_ins", "sessions"))
def test_sessions_of_the_page(row: Row) -> None:
    is_staff = row["who"] == "staff"
    expires_at = ago(row["opened (min ago)"]) + (STAFF_SESSION if is_staff else PARENT_SESSION)
    times = SessionTimes(expires_at, ago(row["last used (min ago)"]))
    assert has_ended(times, is_staff, NOW) is (row["ended"] == "yes")


@pytest.mark.parametrize("row", cases("sign_ins", "step up"))
def test_step_up_of_the_page(row: Row) -> None:
    minutes = number_or_none(row["password given (min ago)"])
    assert must_confirm(None if minutes is None else ago(minutes), NOW) is (row["asked again"] == "yes")


@pytest.mark.parametrize("row", cases("sign_ins", "throttle"))
def test_throttle_of_the_page(row: Row) -> None:
    failures = []
    for part in words(row["failures (min ago)"]):
        count, minutes = part.split(" × ")
        failures += [ago(minutes)] * int(count)
    wait = number_or_none(row["may try again in (min)"])
    expected = None if wait is None else NOW + timedelta(minutes=wait)
    assert retry_at(Subject(row["counted by"]), failures, NOW) == expected


@pytest.mark.parametrize("row", cases("sign_ins", "codes"))
def test_codes_of_the_page(row: Row) -> None:
    now = datetime.fromtimestamp(int(row["seconds of the clock"]), PARIS)
    last = int(row["step of the last code used"])
    assert list(usable_steps(now, last)) == ids(row["accepted steps"])


def test_a_known_device_answers_for_itself_alone() -> None:
    assert subjects_of(knows_device=True) == (Subject.DEVICE,)
    assert Subject.DEVICE not in subjects_of(knows_device=False)
