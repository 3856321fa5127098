import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.rules.shares import spread
from tests.rules.tables import Row, cases, words


@pytest.mark.parametrize("row", cases("shares", "spread"))
def test_an_amount_is_shared_out_to_the_cent(row: Row) -> None:
    assert spread(int(row["amount"]), list(map(int, words(row["weights"])))) == tuple(map(int, words(row["shares"])))


@given(st.lists(st.integers(0, 10_000), min_size=1, max_size=8), st.lists(st.integers(0, 10_000), max_size=5))
def test_payments_one_after_the_other_pay_each_line_wholly_and_never_more(due: list[int], payments: list[int]) -> None:
    left = list(due)
    for payment in [*payments, sum(due)]:
        paid = spread(min(payment, sum(left)), left)
        assert sum(paid) == min(payment, sum(left))
        left = [before - cents for before, cents in zip(left, paid, strict=True)]
        assert min(left) >= 0
    assert sum(left) == 0


@pytest.mark.parametrize("weights", [[-1, 2], []])
def test_nobody_shares_out_among_nobody(weights: list[int]) -> None:
    with pytest.raises(ValueError, match="weights"):
        spread(1, weights)
