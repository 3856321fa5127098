from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.rules.quotients import Quotient, QuotientOutcome, quotient_on, usual_quotient_end
from tests.rules.tables import Row, cases


@pytest.mark.parametrize("row", cases("quotients", "ends"))
def test_end_that_is_proposed(row: Row) -> None:
    starts_on, today, end = (date.fromisoformat(row[name]) for name in ("quotient of", "verified on", "proposed end"))
    assert usual_quotient_end(starts_on, today) == end


def test_the_read_keeps_the_row_it_comes_from() -> None:
    ended = Quotient(45_000, date(2025, 1, 1), date(2025, 12, 31), True)
    assert quotient_on([ended], date(2026, 11, 25)).quotient is ended
    assert quotient_on([], date(2026, 11, 25)).quotient is None


ROWS = st.builds(
    Quotient,
    st.integers(0, 300_000),
    st.dates(date(2025, 1, 1), date(2027, 1, 1)),
    st.none() | st.dates(date(2025, 1, 1), date(2027, 1, 1)),
    st.booleans(),
)


@given(st.lists(ROWS, max_size=5), ROWS, st.dates(date(2025, 1, 1), date(2027, 1, 1)))
def test_declaring_a_qf_that_staff_have_not_verified_never_changes_a_verified_price(
    quotients: list[Quotient], declared: Quotient, day: date
) -> None:
    before = quotient_on(quotients, day)
    after = quotient_on([*quotients, replace(declared, is_verified=False)], day)
    assert (after == before) or before.outcome is not QuotientOutcome.VERIFIED
