from datetime import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.rules.backups import Keep, kept
from tests.rules.tables import Row, cases, words


def moment(text: str) -> datetime:
    return datetime.strptime(text if text.count("-") == 2 else f"2026-{text}", "%Y-%m-%d %H")


@pytest.mark.parametrize("row", cases("backups", "kept"))
def test_what_is_kept(row: Row) -> None:
    keep = Keep(int(row["days"]), int(row["weeks"]), int(row["months"]))
    made = [moment(text) for text in words(row["made"])]
    assert kept(made, keep) == {moment(text) for text in words(row["kept"])}


KEEPS = st.builds(Keep, st.integers(0, 4), st.integers(0, 4), st.integers(0, 4))


@given(st.sets(st.datetimes(datetime(2025, 11, 1), datetime(2026, 3, 1)), max_size=30), KEEPS)
def test_backups_made_one_by_one_leave_no_more_than_they_may_and_always_the_newest(
    made: set[datetime], keep: Keep
) -> None:
    present: set[datetime] = set()
    for each in sorted(made):
        present = set(kept(present | {each}, keep))
        assert each in present
        assert len(present) <= max(1, keep.days + keep.weeks + keep.months)
        assert kept(present, keep) == present
