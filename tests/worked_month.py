"""The month of docs/rules/worked_month.md: what its tables say happens, day by day under the clock, and all that is checked.

    month = live(Services)      # tests/guarantees/test_worked_month.py: through the services
    month = live(Portal)        # tests/journeys/test_worked_month.py: through the forms of the portal

What is offered and who the families are is made before; every number that is expected is read from the document.
"""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time
from decimal import Decimal

from sqlalchemy import ColumnElement, select

from app import clock
from app.database import db, write_transaction
from app.jobs.credits import CreditJob
from app.models.activities import Activity, TariffVersion
from app.models.bookings import Booking
from app.models.cash_desks import Deposit, JournalLine
from app.models.invoices import Invoice
from app.models.payments import Payment
from app.rules.cash_desks import PaymentMode
from app.rules.deadlines import DaysBefore, Deadline
from app.rules.states import BookingStatus, CancelClass
from app.rules.tariff_grids import (
    AddRate,
    ChangePercent,
    Condition,
    Criterion,
    Grid,
    Item,
    Modifier,
    ModifierKind,
    NumberAxis,
    Package,
    Period,
    Span,
    Surcharge,
    SurchargeCause,
    Table,
    flat,
    unit_code,
)
from app.services import aids
from app.services.cash_desks import read_desk, save_desk
from app.services.checks import find_inconsistencies
from app.services.credits import credits_of
from app.services.deposits import cents_in_hand
from app.services.invoices import invoice_of, invoices_of
from tests import factories
from tests.factories import ActivitySetup, FamilySetup
from tests.rules.tables import Row, ids, rows

PAGE = "worked_month"
SEPTEMBER, OCTOBER = date(2026, 9, 1), date(2026, 10, 1)
BOOKED_AT = datetime(2026, 8, 24, 9)
HOURS = {
    "Matin": (time(8), time(12)), "Repas": (time(12), time(13, 30)), "Après-midi": (time(13, 30), time(18)),
    "Soir": (time(16, 30), time(18, 30)),
}  # fmt: skip
MODES = {PaymentMode.CASH, PaymentMode.CHEQUE, PaymentMode.CESU, PaymentMode.TRANSFER}
BRACKETS = NumberAxis(Criterion.QUOTIENT, (Span("A", 0, 60_000), Span("B", 60_000, 100_000), Span("C", 100_000, None)))


def cents(text: str) -> int:
    """« 12.60 » → 1260."""
    return int(Decimal(text) * 100)


def day(number: int | str) -> date:
    return SEPTEMBER.replace(day=int(number))


@dataclass(slots=True)
class Month:
    """What the tables name, as it is in the database."""

    agent_id: int
    office_id: int
    activities: dict[str, ActivitySetup]
    openings: dict[tuple[str, date, str], int]
    families: dict[str, FamilySetup] = field(default_factory=dict)
    children: dict[tuple[str, str], int] = field(default_factory=dict)
    sent: dict[tuple[str, str], int] = field(default_factory=dict)  # certificates, by family and day

    def family_of(self, family_id: int) -> str:
        return next(name for name, family in self.families.items() if family.family_id == family_id)


def open_activities(agent_id: int) -> Month:
    prices = rows(PAGE, "prices")
    activities = {}
    for name in dict.fromkeys(row["activity"] for row in prices):
        units = {row["unit"]: HOURS[row["unit"]] for row in prices if row["activity"] == name}
        activities[name] = factories.make_activity(name, units, needs={})
        factories.set_notice(activities[name], Deadline.CANCEL_LATE, DaysBefore(0, time(7)))
        write_grid(activities[name], [row for row in prices if row["activity"] == name])
    office_id = db.session.scalars(select(Activity.office_id).distinct()).one()
    with write_transaction() as session:
        desk = read_desk(office_id)
        taken = tuple(replace(each, is_taken=each.mode in MODES) for each in desk.modes)
        save_desk(session, office_id, replace(desk, modes=taken))
    month = Month(agent_id, office_id, activities, {})
    for name, days in (
        ("Mercredi", [day(number) for number in range(2, 31, 7)]),
        ("Soir", [day(number) for number in range(1, 31) if day(number).weekday() in (0, 1, 3, 4)]),
    ):
        for (on, unit), id_ in factories.make_openings(activities[name], days).items():
            month.openings[name, on, unit] = id_
    return month


def write_grid(activity: ActivitySetup, prices: list[Row]) -> None:
    columns = [title for title in prices[0] if "QF" in title]
    codes = {row["unit"]: unit_code(activity.units[row["unit"]]) for row in prices}
    items = tuple(
        Item(
            codes[row["unit"]],
            Table((BRACKETS,), {(key,): cents(row[title]) for key, title in zip("ABC", columns, strict=True)}),
        )
        for row in prices
    )
    if "Soir" in codes:
        evening = frozenset({codes["Soir"]})
        month = Item("month", flat(2_000), label="Forfait du mois")
        grid = Grid((*items, month), packages=(Package("month", Period.MONTH, evening, only_if_cheaper=True),))
    else:
        care = frozenset({codes["Matin"], codes["Après-midi"]})
        second = Modifier(ModifierKind.SIBLING, Condition(items=care, ranks=Span("2", 2, 3)), ChangePercent(-20))
        unbooked = Surcharge(SurchargeCause.UNBOOKED, AddRate(flat(200)))
        grid = Grid(items, modifiers=(second,), surcharges=(unbooked,))
    with write_transaction() as session:
        version = session.scalars(select(TariffVersion).where(TariffVersion.activity_id == activity.id)).one()
        version.grid = grid
        session.get_one(Activity, activity.id).justify_days = 7


def book_all(month: Month, acts: Acts) -> None:
    """The families and their children, who book all that the document says."""
    wanted: dict[tuple[str, str], list[int]] = {}
    for row in rows(PAGE, "booked"):
        name, child = row["family"], (row["family"], row["child"])
        if name not in month.families:
            quotient = None if row["QF"] == "–" else int(row["QF"]) * 100
            month.families[name] = factories.make_family(name, "Alix", quotient_cents=quotient)
        family, activity = month.families[name], month.activities[row["activity"]]
        if child not in month.children:
            month.children[child] = factories.make_child(family, row["child"], date(int(row["born"]), 3, 1), name)
            factories.enrol(month.children[child], family, activity)
        wanted.setdefault(child, []).extend(
            month.openings[row["activity"], day(number), unit]
            for number in ids(row["days"])
            for unit in row["units"].split(" + ")
        )
    for (name, first_name), opening_ids in wanted.items():
        acts.book(month.families[name], month.children[name, first_name], opening_ids)
        assert held_by(month.children[name, first_name]) == sorted(opening_ids)


def held_by(child_id: int, *conditions: ColumnElement[bool]) -> list[int]:
    """The openings that a child holds."""
    mine = select(Booking.opening_id).where(
        Booking.child_id == child_id, Booking.status == BookingStatus.CONFIRMED, *conditions
    )
    return list(db.session.scalars(mine.order_by(Booking.opening_id)))


class Acts(ABC):
    """What parents, agents and the worker do; each step of it is a row of the document's tables."""

    def __init__(self, month: Month) -> None:
        self.month = month

    def do(self, row: Row) -> None:
        """Set the clock, and do it."""
        clock.start_at(datetime.strptime(f"2026-{row['when']}", "%Y-%m-%d %H:%M"), frozen=True)
        what = row["what"]
        if found := re.fullmatch(r"quotient (\d+) accepted", what):
            self.accept_quotient(self.month.families[row["family"]], int(found[1]) * 100)
            return
        steps: dict[str, Callable[[Row], None]] = {
            "cancels": self._cancel, "cancels too late": self._cancel_late, "comes without a booking": self._come,
            "certificate": self._justify, "certificate accepted": self._decide, "closed by a strike": self._close,
            "all days validated": self._validate, "invoices issued": self._issue, "pays": self._pay,
            "handed in": self._hand_in, "unpaid": self._take_back, "the worker credits": self._credit,
            "books in October": self._book_in_october, "October invoiced": self._issue_october,
        }  # fmt: skip
        steps[what](row)

    @abstractmethod
    def book(self, family: FamilySetup, child_id: int, opening_ids: list[int]) -> None:
        """A parent books, on any number of weeks."""

    @abstractmethod
    def cancel(self, family: FamilySetup, child_id: int, on: date, opening_ids: list[int], *, is_late: bool) -> None:
        """A parent cancels all that a child holds on a day; too late, it stays charged."""

    @abstractmethod
    def accept_quotient(self, family: FamilySetup, value_cents: int) -> None:
        """A parent declares a quotient from September on, and an agent accepts it until the end of January."""

    @abstractmethod
    def come(self, family: FamilySetup, child_id: int, on: date, opening_id: int) -> None:
        """An agent notes a child that comes without a booking."""

    @abstractmethod
    def justify(self, family: FamilySetup, booking_ids: list[int]) -> int:
        """A parent sends a certificate for absences; returns its id."""

    @abstractmethod
    def accept_certificate(self, sent_id: int, booking_ids: list[int]) -> None:
        """An agent accepts all that was asked for."""

    @abstractmethod
    def close(self, activity: ActivitySetup, on: date) -> None:
        """An agent closes a day of an activity."""

    @abstractmethod
    def validate(self, group_id: int, on: date) -> None:
        """An agent validates a day of a group; who was not ticked was present."""

    @abstractmethod
    def issue(self, month: date) -> None:
        """An agent has the invoices of a month issued, dated today."""

    @abstractmethod
    def pay(self, family: FamilySetup, mode: PaymentMode, amount_cents: int, vouchers: int | None) -> None:
        """Money comes to the counter, the oldest invoice first."""

    @abstractmethod
    def hand_in(self, mode: PaymentMode, amount_cents: int) -> None:
        """All that is in hand of a mode goes to the Treasury."""

    @abstractmethod
    def reverse_unpaid(self, payment_id: int) -> None:
        """A cheque came back."""

    def _child(self, row: Row) -> tuple[FamilySetup, int]:
        return self.month.families[row["family"]], self.month.children[row["family"], row["child"]]

    def _cancel(self, row: Row, *, is_late: bool = False) -> None:
        family, child_id = self._child(row)
        held = held_by(child_id, Booking.day == day(row["day"]))
        self.cancel(family, child_id, day(row["day"]), held, is_late=is_late)
        expected = CancelClass.LATE_CHARGED if is_late else CancelClass.IN_TIME
        after = select(Booking.cancel_class).where(Booking.child_id == child_id, Booking.opening_id.in_(held))
        assert set(db.session.scalars(after)) == {expected}, row

    def _cancel_late(self, row: Row) -> None:
        self._cancel(row, is_late=True)

    def _come(self, row: Row) -> None:
        family, child_id = self._child(row)
        on = day(row["day"])
        self.come(family, child_id, on, self.month.openings["Mercredi", on, "Matin"])
        assert len(held_by(child_id, Booking.day == on)) == 1, row

    def _justify(self, row: Row) -> None:
        family, child_id = self._child(row)
        self.month.sent[row["family"], row["day"]] = self.justify(family, self._absences(child_id, row))

    def _decide(self, row: Row) -> None:
        _family, child_id = self._child(row)
        self.accept_certificate(self.month.sent[row["family"], row["day"]], self._absences(child_id, row))

    def _absences(self, child_id: int, row: Row) -> list[int]:
        absent = select(Booking.id).where(Booking.child_id == child_id, Booking.day == day(row["day"]))
        return list(db.session.scalars(absent.order_by(Booking.id)))

    def _close(self, row: Row) -> None:
        self.close(self.month.activities["Mercredi"], day(row["day"]))

    def _validate(self, _row: Row) -> None:
        for group_id, on in sorted({(self.month.activities[name].group_id, on) for name, on, _ in self.month.openings}):
            self.validate(group_id, on)

    def _pay(self, row: Row) -> None:
        mode, amount_cents = PaymentMode(row["mode"]), cents(row["amount"])
        vouchers = amount_cents // 1_000 if mode is PaymentMode.CESU else None
        self.pay(self.month.families[row["family"]], mode, amount_cents, vouchers)

    def _hand_in(self, row: Row) -> None:
        self.hand_in(PaymentMode(row["mode"]), cents(row["amount"]))

    def _take_back(self, row: Row) -> None:
        family = self.month.families[row["family"]]
        mine = select(Payment.id).where(Payment.family_id == family.family_id, Payment.mode == row["mode"])
        self.reverse_unpaid(db.session.scalars(mine).one())

    def _credit(self, _row: Row) -> None:
        job, count = CreditJob(), 0
        while job.credit_next():
            count += 1
        assert count == 1

    def _book_in_october(self, row: Row) -> None:
        on = OCTOBER.replace(day=int(row["day"]))
        openings = factories.make_openings(self.month.activities["Mercredi"], [on])
        self.book(*self._child(row), [openings[on, "Matin"]])

    def _issue_october(self, row: Row) -> None:
        self.validate(self.month.activities["Mercredi"].group_id, OCTOBER.replace(day=int(row["day"])))
        self.issue(OCTOBER)

    def _issue(self, _row: Row) -> None:
        self.issue(SEPTEMBER)


def live(make_acts: Callable[[Month], Acts]) -> Month:
    """Live the month, and check every table of the document on its way."""
    clock.start_at(BOOKED_AT, frozen=True)
    agent_id = factories.make_staff()
    month = open_activities(agent_id)
    acts = make_acts(month)
    book_all(month, acts)
    factories.make_aid(month.families["EVRARD"], month.children["EVRARD", "Ugo"], agent_id)
    for row in rows(PAGE, "happens"):
        acts.do(row)
    assert find_inconsistencies(db.session()) == ()
    check_lines(month)
    check_invoices(month)
    check_claims()
    for row in sorted((*rows(PAGE, "money"), *rows(PAGE, "taken back")), key=lambda row: row["when"]):
        acts.do(row)
    assert find_inconsistencies(db.session()) == ()
    check_receipts(month)
    check_journal()
    check_deposits()
    check_credits(month)
    check_balances(month)
    for row in rows(PAGE, "october"):
        acts.do(row)
    assert find_inconsistencies(db.session()) == ()
    check_november(month)
    return month


def check_lines(month: Month) -> None:
    """Each line of each invoice, in their order."""
    found = [
        (
            month.family_of(invoice.family_id), line.child_name.split()[0], line.label,
            [int(number) for number in re.findall(r"\b(\d{1,2})(?:er)?\b", line.days)], line.quantity,
            line.unit_cents, line.amount_cents,
        )
        for invoice in db.session.scalars(select(Invoice).order_by(Invoice.id))
        for line in invoice.lines
    ]  # fmt: skip
    expected = [
        (
            row["family"], row["child"], row["line"], ids(row["days"]), int(row["quantity"]), cents(row["unit price"]),
            cents(row["amount"]),
        )
        for row in rows(PAGE, "lines")
    ]  # fmt: skip
    assert found == expected


def check_invoices(month: Month) -> None:
    for row in rows(PAGE, "issued"):
        (invoice,) = invoices_of(month.families[row["family"]].family_id)
        assert (invoice.number, invoice.total_cents) == (row["number"], cents(row["total"])), row


def check_claims() -> None:
    """What the fund owes for these invoices."""
    (fund,) = aids.funds()
    claims = aids.statement_of(fund.id, OCTOBER, date(2026, 10, 31)).claims
    assert [
        (claim.child_name.split()[0], [on.day for on in claim.days], *claim.invoice_numbers, claim.amount_cents)
        for claim in claims
    ] == [(row["family"], ids(row["days"]), row["invoice"], cents(row["amount"])) for row in rows(PAGE, "claims")]


def check_receipts(month: Month) -> None:
    """Each receipt, with what the invoice took of it when it was recorded."""
    found = [
        (
            month.family_of(payment.family_id), payment.receipt_number, payment.mode, payment.amount_cents,
            sum(each.amount_cents for each in payment.allocations),
        )
        for payment in db.session.scalars(select(Payment).order_by(Payment.id))
    ]  # fmt: skip
    expected = rows(PAGE, "receipts")
    assert found == [
        (row["family"], row["receipt"], row["mode"], cents(row["amount"]), cents(row["on the invoice"]))
        for row in expected
    ]
    assert all(cents(row["amount"]) - cents(row["on the invoice"]) == cents(row["left over"]) for row in expected)


def check_journal() -> None:
    found = [(line.n, line.kind, line.mode, line.amount_cents) for line in db.session.scalars(select(JournalLine))]
    assert sorted(found) == [
        (int(row["n"]), row["kind"], row["mode"], cents(row["amount"])) for row in rows(PAGE, "journal")
    ]


def check_deposits() -> None:
    """Each slip, with the places of its receipts in their series."""
    receipts = dict(db.session.execute(select(Payment.id, Payment.receipt_number)).tuples().all())
    found = [
        (row.number, row.mode, [int(receipts[item.payment_id][-5:]) for item in row.items], row.total_cents)
        for row in db.session.scalars(select(Deposit).order_by(Deposit.id))
    ]
    assert found == [
        (row["number"], row["mode"], ids(row["receipts"]), cents(row["total"])) for row in rows(PAGE, "deposits")
    ]


def check_credits(month: Month) -> None:
    found = [
        (
            month.family_of(view.family_id), view.number, view.invoice_number, view.total_cents,
            view.total_cents - view.left_cents, view.left_cents,
        )
        for family in month.families.values()
        for view in credits_of(family.family_id)
    ]  # fmt: skip
    amounts = ("total", "went to invoices", "left on 20 October")
    assert found == [
        (row["family"], row["number"], row["of the invoice"], *(cents(row[title]) for title in amounts))
        for row in rows(PAGE, "credits")
    ]


def check_november(month: Month) -> None:
    """The invoices of October, and what the credit notes pay of them."""
    found = [
        (month.family_of(family_id), invoice.number, invoice.total_cents, detail.credited_cents, invoice.balance_cents)
        for family_id in (family.family_id for family in month.families.values())
        for invoice in invoices_of(family_id)
        if invoice.month == OCTOBER
        for detail in [invoice_of(family_id, invoice.id)]
    ]
    amounts = ("total", "by the credit", "balance")
    assert found == [
        (row["family"], row["number"], *(cents(row[title]) for title in amounts)) for row in rows(PAGE, "november")
    ]


def check_balances(month: Month) -> None:
    for row in rows(PAGE, "balances"):
        (invoice,) = invoices_of(month.families[row["family"]].family_id)
        paid_cents = invoice.total_cents - invoice.balance_cents
        assert (invoice.number, invoice.total_cents, paid_cents, invoice.balance_cents) == (
            row["number"], cents(row["total"]), cents(row["paid"]), cents(row["balance"]),
        ), row  # fmt: skip
    held = cents_in_hand(db.session(), [month.office_id])
    for row in rows(PAGE, "in hand"):
        assert held.get((month.office_id, PaymentMode(row["mode"])), 0) == cents(row["in hand"]), row
