import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.rules.bills import LineKind
from app.rules.invoicing import (
    DraftLine,
    DraftStanding,
    InvoiceableBooking,
    InvoiceDraft,
    MonthPart,
    MonthTotal,
    Oddity,
    OddityKind,
    carried_cents,
    draft_invoice,
    is_charged,
    is_told,
    join_months,
    must_be_settled,
    parts_by_month,
    rest_after,
    standing_of,
    usage_standing,
)
from app.rules.quotients import QuotientOutcome
from app.rules.states import BookingStatus, CancelClass
from tests.rules.tables import Row, cases, number_or_none, rows, word_or_none, words

NOVEMBER = date(2026, 11, 1)
TODAY = date(2026, 11, 23)
CHILDREN = {"Léa": 1, "Tom": 2}
UNITS = {"Matin": (10, time(7, 30)), "Repas": (11, time(12, 15))}
SPECIAL = {
    "late": (BookingStatus.CANCELLED, CancelClass.LATE_CHARGED, False),
    "in_time": (BookingStatus.CANCELLED, CancelClass.IN_TIME, False),
    "structure": (BookingStatus.CANCELLED, CancelClass.STRUCTURE, False),
    "invoiced": (BookingStatus.CONFIRMED, None, True),
    "": (BookingStatus.CONFIRMED, None, False),
}
BOOKING = re.compile(r"(\d+)(?:-(\d+))? (\w+) (\w+) (\d+) ([\d–]+)/([\d–]+) (\w+) ?(\w*)")


def bookings(text: str) -> Iterator[InvoiceableBooking]:
    """« 1-17 Léa Matin 02 415/415 verified » is seventeen bookings, from that day on."""
    found = BOOKING.fullmatch(text)
    assert found, text
    first, last, child, unit, day, kept, current, outcome, special = found.groups()
    status, cancel_class, is_invoiced = SPECIAL[special]
    for offset, booking_id in enumerate(range(int(first), int(last or first) + 1)):
        yield InvoiceableBooking(
            booking_id, CHILDREN[child], child, 100, "Mercredi", UNITS[unit][0], unit, UNITS[unit][1],
            date(2026, 11, int(day) + offset), status, cancel_class, number_or_none(kept), number_or_none(current),
            QuotientOutcome(outcome), "", is_invoiced,
        )  # fmt: skip


def told_line(line: DraftLine) -> str:
    mark = "!" if line.is_absence else ""
    return f"{line.child_name} {line.name}{mark} {line.quantity}×{line.unit_price_cents}={line.amount_cents}"


def told_oddity(oddity: Oddity) -> str:
    about = [str(oddity.kind)]
    if oddity.booking_ids:
        about.append("+".join(map(str, oddity.booking_ids)))
    if oddity.kind in (OddityKind.NO_PRICE, OddityKind.PRICE_CHANGED):
        prices = (oddity.kept_cents, oddity.current_cents)
        about.append("/".join("–" if cents is None else str(cents) for cents in prices))
    return " ".join(about)


@pytest.mark.parametrize("row", cases("invoicing", "charged"))
def test_what_is_charged(row: Row) -> None:
    cancelled = word_or_none(row["cancelled how"])
    charged = is_charged(BookingStatus(row["status"]), CancelClass(cancelled) if cancelled else None)
    assert charged == (row["charged"] == "yes")
    told = usage_standing(BookingStatus(row["status"]), CancelClass(cancelled) if cancelled else None)
    assert told == word_or_none(row["as"])


def test_what_must_be_settled_before_a_run_is_issued() -> None:
    told = {OddityKind(row["odd"]): row["must be settled"] == "yes" for row in rows("invoicing", "settled")}
    assert told == {kind: must_be_settled(kind) for kind in OddityKind}


@pytest.mark.parametrize("row", cases("invoicing", "drafts"))
def test_the_draft_of_an_invoice(row: Row) -> None:
    known = [booking for text in words(row["bookings"]) for booking in bookings(text)]
    draft = draft_invoice(NOVEMBER, known, today=TODAY)
    assert [told_line(line) for line in draft.lines] == words(row["lines"])
    assert draft.total_cents == int(row["total"])
    assert draft.is_issuable == (draft.total_cents > 0)
    assert [told_oddity(oddity) for oddity in draft.oddities] == words(row["oddities"])


def line_of(text: str) -> tuple[date, DraftLine | None]:
    """« Matin 2×310 10 » is a line of October, « none 11 » that November has none."""
    name, *price, month = text.split()
    first = date(2026, int(month), 1)
    if name == "none":
        return first, None
    quantity, cents = price[0].split("×")
    kind = {"aid": LineKind.AID, "deduction": LineKind.DEDUCTION}.get(name, LineKind.UNIT)
    days = tuple(first + timedelta(days=offset) for offset in range(int(quantity)))
    ids = tuple(int(month) * 100 + day.day for day in days) if kind is LineKind.UNIT else ()
    return first, DraftLine(kind, name, 1, "Léa", 1, "Mercredi", name, False, int(quantity), int(cents), "", days, ids)


def drafts_by_month(cell: str) -> dict[date, InvoiceDraft]:
    by_month: dict[date, InvoiceDraft] = {}
    for text in words(cell):
        month, line = line_of(text)
        lines = (*(by_month[month].lines if month in by_month else ()), *([line] if line else []))
        by_month[month] = InvoiceDraft(lines, ())
    return by_month


@pytest.mark.parametrize("row", cases("invoicing", "minimum"))
def test_what_is_carried_forward(row: Row) -> None:
    by_month = drafts_by_month(row["lines"])
    draft = join_months(by_month)
    assert draft.total_cents == int(row["total"])
    whatever = row["whatever it is"] == "yes"
    assert standing_of(draft, number_or_none(row["minimum"]), whatever_it_is=whatever) is DraftStanding(row["standing"])
    *earlier, _last = by_month
    assert draft.earlier == tuple(MonthTotal(month, by_month[month].total_cents) for month in earlier)


@pytest.mark.parametrize("row", cases("invoicing", "rests"))
def test_how_long_a_run_that_fails_rests(row: Row) -> None:
    failures = int(row["failures in a row"])
    assert rest_after(failures).total_seconds() == int(row["minutes of rest"]) * 60
    assert is_told(failures) is (row["told"] == "yes")


@pytest.mark.parametrize("row", cases("invoicing", "carried"))
def test_what_a_family_reads_of_a_carried_month(row: Row) -> None:
    cents = (int(row[name]) for name in ("drafted", "its bookings then", "its bookings now"))
    assert carried_cents(*cents) == number_or_none(row["told"])


def test_a_draft_is_carried_month_by_month_where_there_is_anything() -> None:
    november = date(2026, 11, 1)
    draft = join_months(drafts_by_month("none 09, Matin 2×310 10, aid 1×-100 10, Matin 1×0 11"))
    assert parts_by_month(draft, november) == (
        MonthPart(date(2026, 10, 1), 520, 620), MonthPart(november, 0, 0),
    )  # fmt: skip
    assert parts_by_month(join_months(drafts_by_month("none 11")), november) == ()


def test_lines_of_several_months_follow_one_another_oldest_first() -> None:
    october, november = drafts_by_month("Matin 1×310 10, Matin 1×300 11").values()
    joined = join_months({date(2026, 11, 1): november, date(2026, 10, 1): october})
    assert joined.lines == (*october.lines, *november.lines)
    assert join_months({date(2026, 10, 1): october}) is october
    with pytest.raises(ValueError):
        join_months({})


def test_what_is_odd_in_one_month_is_odd_together_but_for_nothing_to_invoice() -> None:
    odd = Oddity(OddityKind.QUOTIENT_MISSING, (1,))
    nothing = InvoiceDraft((), (Oddity(OddityKind.NOTHING_TO_INVOICE),))
    october = InvoiceDraft(drafts_by_month("Matin 1×310 10")[date(2026, 10, 1)].lines, (odd,))
    assert join_months({date(2026, 10, 1): october, date(2026, 11, 1): nothing}).oddities == (odd,)
    both = join_months({date(2026, 10, 1): nothing, date(2026, 11, 1): nothing})
    assert both.oddities == nothing.oddities
    free = join_months({date(2026, 10, 1): nothing, **drafts_by_month("Matin 1×0 11")})
    assert free.oddities == (Oddity(OddityKind.ALL_FREE, (1101,)),)


def test_staff_may_include_the_days_to_come() -> None:
    known = list(bookings("1-3 Léa Matin 22 420/420 verified"))
    draft = draft_invoice(NOVEMBER, known, today=TODAY, with_days_to_come=True)
    assert draft.total_cents == 3 * 420
    assert draft.oddities == (Oddity(OddityKind.DAY_NOT_OVER, (2, 3)),)


def test_a_line_keeps_its_days_and_bookings_in_their_order() -> None:
    first, second, third = bookings("1-3 Léa Matin 02 415/415 verified")
    (line,) = draft_invoice(NOVEMBER, [third, first, second], today=TODAY).lines
    assert line.booking_ids == (1, 2, 3)
    assert line.days == (date(2026, 11, 2), date(2026, 11, 3), date(2026, 11, 4))


def test_one_price_with_two_explanations_is_two_lines() -> None:
    first, second = bookings("1-2 Léa Matin 02 415/415 verified")
    lines = draft_invoice(NOVEMBER, [first, replace(second, explanation="Tarif maximum")], today=TODAY).lines
    assert [(line.explanation, line.booking_ids) for line in lines] == [("", (1,)), ("Tarif maximum", (2,))]


def test_two_children_of_one_name_have_lines_of_their_own() -> None:
    first, second = bookings("1-2 Léa Matin 02 415/415 verified")
    lines = draft_invoice(NOVEMBER, [first, replace(second, child_id=7)], today=TODAY).lines
    assert [line.child_id for line in lines] == [1, 7]


def test_what_makes_no_sense_is_refused() -> None:
    (booking,) = bookings("1 Léa Matin 02 415/415 verified")
    for wrong in (
        [booking, booking],
        [replace(booking, day=date(2026, 12, 1))],
        [replace(booking, day=date(2025, 11, 2))],
        [replace(booking, price_cents=-1)],
    ):
        with pytest.raises(ValueError):
            draft_invoice(NOVEMBER, wrong, today=TODAY)


PRICES = st.none() | st.integers(0, 2_000)
BOOKINGS = st.lists(
    st.builds(
        InvoiceableBooking,
        booking_id=st.integers(1, 1_000),
        child_id=st.integers(1, 2),
        child_name=st.just("Léa"),
        activity_id=st.integers(1, 2),
        activity_name=st.just("Mercredi"),
        unit_id=st.integers(1, 3),
        unit_name=st.just("Matin"),
        unit_starts_at=st.just(time(7, 30)),
        day=st.dates(NOVEMBER, date(2026, 11, 30)),
        status=st.sampled_from(BookingStatus),
        cancel_class=st.none() | st.sampled_from(CancelClass),
        price_cents=PRICES,
        current_price_cents=PRICES,
        outcome=st.sampled_from(QuotientOutcome),
        explanation=st.sampled_from(("", "Tarif maximum")),
        already_invoiced=st.booleans(),
    ),
    unique_by=lambda booking: booking.booking_id,
    max_size=15,
)


def ids_of(draft: InvoiceDraft) -> list[int]:
    return [booking_id for line in draft.lines for booking_id in line.booking_ids]


@given(BOOKINGS, st.dates(NOVEMBER, date(2026, 12, 5)), st.booleans())
def test_every_charged_booking_is_on_one_line_at_its_kept_price(
    known: list[InvoiceableBooking], today: date, with_days_to_come: bool
) -> None:
    draft = draft_invoice(NOVEMBER, known, today=today, with_days_to_come=with_days_to_come)
    by_id = {booking.booking_id: booking for booking in known}
    listed = ids_of(draft)
    assert len(listed) == len(set(listed))
    assert set(listed) == {
        booking.booking_id
        for booking in known
        if is_charged(booking.status, booking.cancel_class)
        and not booking.already_invoiced
        and booking.price_cents is not None
        and (with_days_to_come or booking.day < today)
    }
    assert draft.total_cents == sum(by_id[booking_id].price_cents or 0 for booking_id in listed) >= 0
    for line in draft.lines:
        assert line.days == tuple(by_id[booking_id].day for booking_id in line.booking_ids)
        assert {by_id[booking_id].price_cents for booking_id in line.booking_ids} == {line.unit_price_cents}
    asks_nothing = {OddityKind.NOTHING_TO_INVOICE, OddityKind.ALL_FREE}
    assert draft.is_issuable == asks_nothing.isdisjoint(oddity.kind for oddity in draft.oddities)


@given(BOOKINGS, st.randoms())
def test_the_order_of_the_bookings_changes_nothing(known: list[InvoiceableBooking], dice) -> None:
    shuffled = list(known)
    dice.shuffle(shuffled)
    assert draft_invoice(NOVEMBER, shuffled, today=TODAY) == draft_invoice(NOVEMBER, known, today=TODAY)


@given(BOOKINGS)
def test_a_second_run_takes_nothing_that_the_first_one_invoiced(known: list[InvoiceableBooking]) -> None:
    first = draft_invoice(NOVEMBER, known, today=TODAY)
    invoiced = set(ids_of(first))
    after = [
        replace(booking, already_invoiced=True) if booking.booking_id in invoiced else booking for booking in known
    ]
    assert draft_invoice(NOVEMBER, after, today=TODAY).lines == ()
    later = draft_invoice(NOVEMBER, after, today=date(2026, 12, 1))
    whole = draft_invoice(NOVEMBER, known, today=date(2026, 12, 1))
    assert first.total_cents + later.total_cents == whole.total_cents
