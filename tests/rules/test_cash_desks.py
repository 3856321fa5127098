from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.rules.cash_desks import (
    ASKED,
    COUNTER_MODES,
    IN_HAND_MODES,
    NOTED,
    VOUCHERS,
    CreditLeft,
    Detail,
    Keeper,
    KeeperRole,
    Kept,
    Left,
    PaymentDetails,
    PaymentMode,
    RefusedRefund,
    ceiling_state,
    credit_in_money,
    in_order_of_refund,
    in_order_of_use,
    keepers_on,
    kept_details,
    missing_details,
    plan_refund,
    refundable_cents,
)
from app.rules.ibans import masked_iban, read_iban
from tests.rules.tables import Row, cases, number_or_none, rows, word_or_none, words

ALL = PaymentDetails("12", "Banque", "TEST", 3, date(2026, 11, 23))


def left(text: str) -> Left:
    payment_id, mode, cents = text.split()
    return Left(int(payment_id), None if mode == "credit" else PaymentMode(mode), int(cents))


def keeper(text: str) -> Keeper:
    name, role, first, last = text.split()
    ends_on = None if last == "–" else date.fromisoformat(last)
    return Keeper(name, KeeperRole(role), date.fromisoformat(first), ends_on)


@pytest.mark.parametrize("row", cases("cash_desks", "modes"))
def test_what_a_mode_asks_and_where_its_money_lies(row: Row) -> None:
    mode = PaymentMode(row["mode"])
    assert ASKED[mode] == set(map(Detail, words(row["asks"])))
    assert NOTED[mode] - ASKED[mode] == set(map(Detail, words(row["may note"])))
    assert (mode in IN_HAND_MODES, mode in COUNTER_MODES) == (row["in hand"] == "yes", row["at the counter"] == "yes")
    assert missing_details(mode, ALL) == () and set(missing_details(mode, PaymentDetails())) == ASKED[mode]
    assert {detail for detail in Detail if kept_details(mode, ALL).has(detail)} == NOTED[mode]


def test_every_mode_has_its_row() -> None:
    assert {row["mode"] for row in rows("cash_desks", "modes")} == set(PaymentMode)


@pytest.mark.parametrize("row", cases("cash_desks", "ceilings"))
def test_cash_against_its_ceiling(row: Row) -> None:
    assert ceiling_state(int(row["cash"]), number_or_none(row["ceiling"])) == row["state"]


@pytest.mark.parametrize("row", cases("cash_desks", "refunds"))
def test_a_refund_comes_out_of_what_is_left(row: Row) -> None:
    found = [left(text) for text in words(row["left"])]
    assert refundable_cents(found) == int(row["most"])
    if row["parts"] == "refused":
        with pytest.raises(RefusedRefund) as caught:
            plan_refund(int(row["amount"]), found)
        assert caught.value.limit_cents == int(row["most"])
    else:
        parts = plan_refund(int(row["amount"]), found)
        assert [f"{part.source_id} {part.amount_cents}" for part in parts] == words(row["parts"])
        modes = {each.source_id: each.mode for each in found}
        assert all(part.is_credit_note == (modes[part.source_id] is None) for part in parts)


@pytest.mark.parametrize("row", cases("cash_desks", "credits"))
def test_of_a_credit_note_goes_back_what_was_paid_in_money(row: Row) -> None:
    notes = []
    for text in words(row["credit notes"]):
        note_id, invoice, left_cents, money_cents = text.split()
        notes.append(CreditLeft(int(note_id), int(invoice[1:]), int(left_cents), int(money_cents)))
    assert [f"{each.source_id} {each.left_cents}" for each in credit_in_money(notes)] == words(row["may go back"])
    assert all(each.mode is None for each in credit_in_money(notes))


def kept(text: str) -> Kept:
    source_id, mode, cents, day, *credit = text.split()
    invoice, money = (int(credit[0][1:]), int(credit[1])) if credit else (0, 0)
    known = None if mode == "credit" else PaymentMode(mode)
    return Kept(int(source_id), known, date.fromisoformat(day), int(cents), invoice, money)


@pytest.mark.parametrize("row", cases("cash_desks", "orders"))
def test_what_is_kept_is_used_in_one_order_and_given_back_in_another(row: Row) -> None:
    for found in (words(row["kept"]), words(row["kept"])[::-1]):
        known = [kept(text) for text in found]
        used, left = in_order_of_use(known), in_order_of_refund(known)
        assert [str(each.source_id) for each in used] == words(row["used"])
        assert [each.mode is not None for each in used] == sorted(each.mode is not None for each in known)
        assert [f"{each.source_id} {each.left_cents}" for each in left] == words(row["given back"])


@given(st.lists(st.tuples(st.sampled_from(PaymentMode), st.integers(0, 500)), max_size=6), st.integers(1, 1_000))
def test_a_refund_is_the_sum_of_its_parts_or_refused(paid: list[tuple[PaymentMode, int]], amount: int) -> None:
    found = [Left(number, mode, cents) for number, (mode, cents) in enumerate(paid)]
    if amount > refundable_cents(found):
        with pytest.raises(RefusedRefund):
            plan_refund(amount, found)
        return
    parts = plan_refund(amount, found)
    assert sum(each.amount_cents for each in parts) == amount
    for each in parts:
        assert 0 < each.amount_cents <= found[each.source_id].left_cents
        assert found[each.source_id].mode not in VOUCHERS


@pytest.mark.parametrize("amount", [0, -1])
def test_a_refund_of_nothing_is_an_error(amount: int) -> None:
    with pytest.raises(ValueError):
        plan_refund(amount, [Left(1, PaymentMode.CASH, 500)])


@pytest.mark.parametrize("row", cases("cash_desks", "keepers"))
def test_who_is_named_on_a_day(row: Row) -> None:
    named = keepers_on([keeper(text) for text in words(row["named"])], date.fromisoformat(row["day"]))
    assert [each.name for each in named] == words(row["shown"])


@pytest.mark.parametrize("row", cases("ibans", "ibans"))
def test_ibans(row: Row) -> None:
    iban = read_iban(row["typed"])
    assert iban == word_or_none(row["iban"])
    assert (None if iban is None else masked_iban(iban)) == word_or_none(row["shown"])
