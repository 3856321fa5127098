"""docs/rules/credits.md: what is taken back of an invoice, and where it goes."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.rules.allocation import Allocation, OpenInvoice
from app.rules.bills import LineKind
from app.rules.credits import (
    AidShare,
    CreditDraft,
    CreditedLine,
    InvoicedShare,
    LineFacts,
    allocate_credit,
    draft_credit,
    may_be_credited,
    priced_together,
)
from tests.rules.tables import Row, cases, words

CHILDREN = {"Léa": 1, "Tom": 2}
ACTIVITY = 7


def day(text: str) -> date:
    return date(2026, 11, int(text))


def activity(item: str) -> int:
    return ACTIVITY + item.startswith("B:")


def line(text: str) -> LineFacts:
    id_, kind, child, item, cents, *more = text.split()
    first = [word for word in more if word != "absent"]
    return LineFacts(
        int(id_), LineKind(kind), item, CHILDREN[child], activity(item), day(first[0]) if first else day("02"),
        int(cents), int(cents), is_aided="absent" not in more,
    )  # fmt: skip


def share(text: str) -> InvoicedShare:
    booking, line_id, child, item, on, cents = text.split()
    return InvoicedShare(int(booking), int(line_id), CHILDREN[child], activity(item), item, day(on), int(cents))


def aid(text: str) -> AidShare:
    line_id, on, cents = text.split()
    return AidShare(int(line_id), day(on), int(cents))


def told(draft: CreditDraft) -> list[str]:
    return [f"{each.line_id} {each.quantity}×{each.unit_cents}={each.amount_cents}" for each in draft.lines]


@pytest.mark.parametrize("row", cases("credits", "drafts"))
def test_what_is_taken_back(row: Row) -> None:
    lines, shares = [line(text) for text in words(row["lines"])], [share(text) for text in words(row["bookings"])]
    aids = [aid(text) for text in words(row["aids"])]
    wanted = row["taken back"]
    if wanted.startswith("line "):
        draft = draft_credit(lines, shares, aids, (), {int(wanted.removeprefix("line "))})
    else:
        kinds = {each.id: each.kind for each in lines}
        released = priced_together([int(id_) for id_ in wanted.split("+")], shares, kinds)
        draft = draft_credit(lines, shares, aids, released)
    assert told(draft) == words(row["credit note"])
    assert draft.total_cents == int(row["total"])
    assert draft.is_issuable == any(each.amount_cents for each in draft.lines)


def test_a_part_of_what_was_priced_together_is_refused() -> None:
    lines = [line("1 package Léa semaine 4000")]
    shares = [share("11 1 Léa matin 02 4000"), share("12 1 Léa matin 04 0")]
    with pytest.raises(ValueError):
        draft_credit(lines, shares, (), {11})


def test_staff_take_back_what_was_had_and_fees() -> None:
    credited = {kind for kind in LineKind if may_be_credited(line(f"1 {kind} Léa x 100"))}
    assert credited == set(LineKind) - {LineKind.AID, LineKind.DEDUCTION, LineKind.BOOK_SALE}


@pytest.mark.parametrize("row", cases("credits", "allocation"))
def test_where_a_credit_goes(row: Row) -> None:
    def invoice(text: str) -> OpenInvoice:
        id_, issued_on, cents = text.split()
        return OpenInvoice(int(id_), date.fromisoformat(issued_on), int(cents))

    own = [invoice(text) for text in words(row["own invoice"])]
    others = [invoice(text) for text in words(row["others"])]
    plan = allocate_credit(int(row["amount"]), own[0] if own else None, others)
    assert plan.allocations == tuple(Allocation(*map(int, text.split())) for text in words(row["allocations"]))
    assert plan.rest_cents == int(row["rest"])


@given(st.lists(st.tuples(st.integers(0, 900), st.integers(0, 900)), min_size=1, max_size=6), st.data())
def test_day_after_day_all_of_an_invoice_comes_back_and_no_more(days: list[tuple[int, int]], data) -> None:
    """Two units a day with an aid, taken back one by one in any order."""
    lines = [line("3 aid Léa caf 0")]
    shares, aids = [], []
    for place, (morning, lunch) in enumerate(days):
        for part, cents in enumerate((morning, lunch)):
            id_ = 100 + 2 * place + part
            lines.append(line(f"{id_} unit Léa u{part} {cents}"))
            shares.append(InvoicedShare(id_, id_, 1, ACTIVITY, f"u{part}", day(str(place + 1)), cents))
        aids.append(AidShare(3, day(str(place + 1)), data.draw(st.integers(0, morning + lunch))))
    total = sum(each.amount_cents for each in shares) - sum(each.amount_cents for each in aids)
    back = 0
    for id_ in data.draw(st.permutations([each.booking_id for each in shares])):
        draft = draft_credit(lines, shares, aids, {id_})
        assert draft.total_cents >= 0
        back += draft.total_cents
        shares = [each for each in shares if each.booking_id != id_]
        given_back = {on: each.unit_cents for each in draft.lines if each.line_id == 3 for on in each.days}
        aids = [AidShare(3, each.day, each.amount_cents + given_back.get(each.day, 0)) for each in aids]
    unpaid = sum(each.amount_cents for each in aids)  # an aid of a day that cost nothing: there is none
    assert back == total + unpaid
    assert unpaid == 0


def test_a_credited_line_says_its_amount() -> None:
    assert CreditedLine(1, 3, 420, (), ()).amount_cents == 1260
