"""« Chiffres »: a month worked by hand, cut each way, and money shared out, on both databases."""

from dataclasses import dataclass, replace
from datetime import date, datetime, time

import pytest
from flask import Flask
from sqlalchemy import delete, select, update

from app import clock
from app.database import db, write_transaction
from app.models.activities import Unit
from app.models.attendances import Attendance
from app.models.bookings import Booking
from app.models.credits import CreditAllocation, CreditLine, CreditNote
from app.models.families import Family, FamilyAddress, FamilyQuotient, Regime
from app.models.invoices import Invoice, InvoicedBooking, InvoiceLine
from app.models.price_facts import FamilyResidence, ResidenceCommune
from app.rules.attendances import Turnout
from app.rules.calendars import DayKind
from app.rules.credits import CreditCause
from app.rules.figures import AgeBand, DebtAge, FigureAxis, FigureRule, HourCaps, RegimeBand
from app.rules.quotients import QuotientOutcome
from app.rules.states import BookingStatus, CancelClass
from app.services import figure_settings, figures, revenues
from app.services.catalogue import catalogue
from app.services.figures import NOT_KNOWN, FigureRow, Figures
from app.services.revenues import Revenue, Total
from app.services.sheet_scopes import Asked, SheetScope, sheet_scope
from tests import factories
from tests.factories import ActivitySetup, FamilySetup
from tests.rules.tables import Row, cases, words

FIRST, LAST = date(2026, 10, 1), date(2026, 10, 31)
THE_7TH, THE_8TH, THE_14TH, THE_21ST = (date(2026, 10, day) for day in (7, 8, 14, 21))  # the last is in holidays
ALL_DAY = ("Matin", "Repas", "Après-midi")


@dataclass(frozen=True, slots=True)
class October:
    """Three children of three families."""

    activity: ActivitySetup
    openings: dict[tuple[date, str], int]
    lea: FamilySetup
    noe: FamilySetup
    zoe: FamilySetup
    children: dict[str, int]

    def scope(self) -> SheetScope:
        return sheet_scope(tuple(catalogue().activities.values()), Asked(), FIRST, LAST)

    def read(self, **more: int) -> Figures:
        return figures.read_figures(self.scope(), FIRST, LAST, **more)


class Places:
    """Bookings of a child, with what was seen of them."""

    def __init__(self, month: October, name: str, family: FamilySetup, agent_id: int) -> None:
        self.month, self.child_id, self.family, self.agent_id = month, month.children[name], family, agent_id
        self.enrolment_id = factories.enrol(self.child_id, family, month.activity)
        self.line_id = self._line()

    def _line(self) -> int:
        invoice_id = factories.make_invoice(self.family)
        return db.session.scalars(select(InvoiceLine.id).where(InvoiceLine.invoice_id == invoice_id)).one()

    def book(
        self, day: date, units: tuple[str, ...], seen: Turnout | None, *, invoiced: bool = False, given_up: bool = False
    ) -> None:
        with write_transaction() as session:
            for unit in units:
                opening_id = self.month.openings[day, unit]
                booking = Booking(
                    child_id=self.child_id, family_id=self.family.family_id, enrolment_id=self.enrolment_id,
                    opening_id=opening_id, day=day, price_cents=420, price_outcome=QuotientOutcome.VERIFIED,
                    status=BookingStatus.CANCELLED if given_up else BookingStatus.CONFIRMED,
                    cancel_class=CancelClass.LATE_CHARGED if given_up else None,
                )  # fmt: skip
                session.add(booking)
                session.flush()
                if seen is not None:
                    self.mark(opening_id, seen, booking.id)
                if invoiced:
                    session.add(InvoicedBooking(booking_id=booking.id, line_id=self.line_id))

    def mark(self, opening_id: int, seen: Turnout, booking_id: int | None = None) -> None:
        db.session.add(
            Attendance(
                child_id=self.child_id, opening_id=opening_id, booking_id=booking_id, turnout=seen, version=1,
                meant_at=clock.now(), recorded_by_id=self.agent_id,
            )
        )  # fmt: skip


@pytest.fixture
def october(app: Flask) -> October:
    """Démuin alone is the council's. Léa (general, 450 €) is six on the 10th; Noé has no regime, no quotient and lives
    outside; Zoé (agricultural, 900 €) came once without a booking.
    """
    activity = factories.make_activity()
    openings = factories.make_openings(activity, (THE_7TH, THE_8TH, THE_14TH, THE_21ST), counters=False)
    lea, noe = factories.make_family("A", quotient_cents=45_000), factories.make_family("B")
    zoe = factories.make_family("C", quotient_cents=90_000)
    births = {"Léa": date(2020, 10, 10), "Noé": date(2018, 1, 1), "Zoé": date(2021, 6, 1)}
    children = {
        name: factories.make_child(family, name, born)
        for (name, born), family in zip(births.items(), (lea, noe, zoe), strict=True)
    }
    month = October(activity, openings, lea, noe, zoe, children)
    agent_id = factories.make_staff()
    with write_transaction() as session:
        session.add(ResidenceCommune(insee_code="80237", word="resident"))
        session.get_one(Family, lea.family_id).regime = Regime.GENERAL
        session.get_one(Family, zoe.family_id).regime = Regime.AGRICULTURAL
        session.execute(
            update(FamilyAddress).where(FamilyAddress.family_id == noe.family_id).values(insee_code="80021")
        )
    of_lea, of_noe = Places(month, "Léa", lea, agent_id), Places(month, "Noé", noe, agent_id)
    of_zoe = Places(month, "Zoé", zoe, agent_id)
    of_lea.book(THE_7TH, ("Matin",), Turnout.PRESENT, invoiced=True)
    of_lea.book(THE_7TH, ("Repas", "Après-midi"), Turnout.PRESENT)
    of_lea.book(THE_14TH, ("Matin",), Turnout.ABSENT)
    of_lea.book(THE_21ST, ALL_DAY, None)
    of_noe.book(THE_7TH, ("Matin",), Turnout.PRESENT)
    of_noe.book(THE_7TH, ("Après-midi",), None)
    of_noe.book(THE_8TH, ("Matin",), Turnout.PRESENT)
    of_noe.book(THE_14TH, ("Matin",), None, invoiced=True, given_up=True)
    with write_transaction():
        of_zoe.mark(openings[THE_14TH, "Repas"], Turnout.PRESENT)
    return month


def test_a_month_worked_by_hand(october: October) -> None:
    found = october.read()
    assert found.whole == FigureRow("", 2085, 480, 1095, 240, 4, 2, 2, 3)
    lea = (1350, 240, 540, 240, 3, 1, 1, 1)
    noe = (735, 240, 495, 0, 1, 1, 1, 1)
    zoe = (0, 0, 60, 0, 0, 0, 0, 1)
    assert found.axes == {
        FigureAxis.ACTIVITY: (replace(found.whole, code=str(october.activity.id)),),
        FigureAxis.REGIME: (
            FigureRow(RegimeBand.GENERAL, *lea), FigureRow(RegimeBand.AGRICULTURAL, *zoe),
            FigureRow(RegimeBand.OTHER), FigureRow(RegimeBand.UNKNOWN, *noe),
        ),
        FigureAxis.AGE: (
            FigureRow(AgeBand.YOUNG, 540, 240, 600, 0, 0, 1, 1, 2),
            FigureRow(AgeBand.OLDER, 1545, 240, 495, 240, 4, 2, 1, 1),
        ),
        FigureAxis.QUOTIENT: (
            FigureRow("0"), FigureRow("40000", *lea), FigureRow("60000"), FigureRow("80000", *zoe),
            FigureRow("100000"), FigureRow("120000"), FigureRow(NOT_KNOWN, *noe),
        ),
        FigureAxis.RESIDENCE: (
            FigureRow("resident", 1350, 240, 600, 240, 3, 1, 1, 2), FigureRow("outside", *noe),
        ),
        FigureAxis.DAY: (
            FigureRow(DayKind.SCHOOL_DAY, 255, 0, 255, 0, 0, 1, 0, 1),
            FigureRow(DayKind.WEDNESDAY, 1260, 480, 840, 240, 1, 2, 2, 3),
            FigureRow(DayKind.SCHOOL_HOLIDAY, 570, 0, 0, 0, 3, 1, 0, 0),
        ),
    }  # fmt: skip
    assert found.unknown_regime.children == (1, 1, 1)


def test_each_way_to_cut_it_adds_up_to_the_whole(october: October) -> None:
    found = october.read()
    for axis, rows in found.axes.items():
        for measure in ("booked_minutes", "invoiced_minutes", "came_minutes", "missed_minutes", "unticked"):
            assert sum(getattr(row, measure) for row in rows) == getattr(found.whole, measure), (axis, measure)


def test_it_is_narrowed_to_an_activity_with_its_brackets_and_to_days(october: October) -> None:
    scope = sheet_scope(tuple(catalogue().activities.values()), Asked(activity_id=october.activity.id), FIRST, LAST)
    found = figures.read_figures(scope, THE_7TH, THE_8TH)
    assert found.has_own_brackets
    assert [(row.code, row.booked_minutes) for row in found.axes[FigureAxis.QUOTIENT]] == [
        ("q1", 540), ("q2", 0), (NOT_KNOWN, 735),
    ]  # fmt: skip
    nothing = figures.read_figures(scope, date(2026, 10, 9), date(2026, 10, 9))
    assert nothing.whole == FigureRow("") and nothing.axes[FigureAxis.DAY] == ()


def test_quotients_and_residences_are_those_of_the_month(october: October) -> None:
    """Of two verified quotients the later counts, none after its end; what the staff said counts before the commune."""
    with write_transaction() as session:
        mine = FamilyQuotient.family_id == october.lea.family_id
        session.execute(update(FamilyQuotient).where(mine).values(ends_on=date(2026, 9, 30)))
        session.add_all(
            FamilyQuotient(family_id=october.noe.family_id, starts_on=starts_on, value_cents=cents, **answer)
            for starts_on, cents, answer in (
                (date(2026, 8, 1), 50_000, {"verified_at": clock.now()}),
                (date(2026, 9, 1), 70_000, {"verified_at": clock.now()}),
                (date(2026, 10, 1), 90_000, {}),  # nobody has verified it
                (date(2026, 11, 1), 130_000, {"verified_at": clock.now()}),
            )
        )
        session.add_all(
            [
                FamilyResidence(family_id=october.noe.family_id, starts_on=date(2026, 9, 1), word="resident"),
                FamilyResidence(family_id=october.lea.family_id, starts_on=date(2026, 9, 1), word=None),
                FamilyAddress(
                    family_id=october.zoe.family_id, starts_on=date(2026, 10, 2), street="rue", postal_code="80000",
                    city="Amiens", insee_code="80021",
                ),
            ]
        )  # fmt: skip
    found = october.read()
    quotients = {row.code: row.booked_minutes for row in found.axes[FigureAxis.QUOTIENT] if not row.is_empty}
    assert quotients == {"60000": 735, "80000": 0, NOT_KNOWN: 1350}
    assert [(row.code, row.children) for row in found.axes[FigureAxis.RESIDENCE]] == [("resident", (2, 2, 3))]
    with write_transaction() as session:
        session.execute(delete(ResidenceCommune))
    words = [(row.code, row.children) for row in october.read().axes[FigureAxis.RESIDENCE]]
    assert words == [("resident", (1, 1, 1)), (NOT_KNOWN, (1, 1, 2))]


def test_the_council_sets_caps_brackets_and_the_smallest_group(october: October) -> None:
    with write_transaction() as session:
        figure_settings.save_rule(session, FigureRule(HourCaps(480, None), HourCaps(300, 200), (50_000,), 5))
    found = october.read(least_children=2)
    whole = {row.code: row.booked_minutes for row in found.axes[FigureAxis.DAY]}
    assert whole == {DayKind.SCHOOL_DAY: 255, DayKind.WEDNESDAY: 480 + 255 + 510, DayKind.SCHOOL_HOLIDAY: 300}
    assert [row.code for row in found.axes[FigureAxis.QUOTIENT]] == ["0", "50000", NOT_KNOWN]
    assert found.untold[FigureAxis.AGE] == {AgeBand.YOUNG, AgeBand.OLDER} and not found.is_whole_untold
    assert october.read(least_children=4).is_whole_untold


@pytest.mark.parametrize("row", cases("figures", "hours"))
def test_the_database_counts_a_day_as_the_rule_does(sqlite_app: Flask, row: Row) -> None:
    kind, _, capped = row["day"].partition(" ")
    day = {"school_day": THE_8TH, "school_holiday": THE_21ST, "weekend": date(2026, 10, 10)}.get(kind, THE_7TH)
    units = {f"{place} {word}": word for place, word in enumerate(words(row["units"]))}
    hours = {name: (time.fromisoformat(word[:5]), time.fromisoformat(word[6:11])) for name, word in units.items()}
    activity = factories.make_activity(units=hours or factories.WEDNESDAY_UNITS, needs={})
    family = factories.make_family()
    child_id = factories.make_child(family)
    month = October(activity, factories.make_openings(activity, [day]), family, family, family, {"": child_id})
    with write_transaction() as session:
        for name, word in units.items():
            session.get_one(Unit, activity.units[name]).is_meal = word.endswith("meal")
        if capped:
            figure_settings.save_rule(session, FigureRule(holidays=HourCaps(480, 180)))
    Places(month, "", family, factories.make_staff()).book(day, tuple(units), Turnout.PRESENT)
    assert month.read().whole.came_minutes == int(row["minutes"])


def test_children_without_a_regime_are_found_by_name(october: October) -> None:
    (child,) = figures.children_without_regime(october.scope(), FIRST, LAST, 1).rows
    assert (child.child_id, child.family_id, child.family_name) == (
        october.children["Noé"], october.noe.family_id, "B Fabrice",
    )  # fmt: skip


def test_revenue_is_shared_out_to_the_cent(october: October) -> None:
    """10,00 € of which 7,00 for one activity, 1,00 credited of the other's 3,00, and 5,00 paid; another is not paid."""
    agent_id = factories.make_staff()
    other = factories.make_activity("Périscolaire")
    invoice_id = factories.make_invoice(october.lea, 700, paid_cents=500)
    late_id = factories.make_invoice(october.noe, 2_000, issued_on=date(2026, 9, 2))
    with write_transaction() as session:
        session.execute(delete(InvoicedBooking))
        session.execute(delete(InvoiceLine).where(InvoiceLine.invoice_id.not_in((invoice_id, late_id))))
        session.execute(delete(Invoice).where(Invoice.id.not_in((invoice_id, late_id))))
        invoice = session.get_one(Invoice, invoice_id)
        invoice.total_cents = 1_000
        invoice.lines[0].activity_id = october.activity.id
        line = InvoiceLine(
            position=1, child_name="", label="", days="", quantity=1, unit_cents=300, amount_cents=300, explanation="",
            activity_id=other.id,
        )  # fmt: skip
        invoice.lines.append(line)
        session.flush()
        note = CreditNote(
            number="A1", office_id=invoice.office_id, family_id=invoice.family_id, invoice_id=invoice.id,
            cause=CreditCause.CLOSURE, reason="", issued_on=date(2026, 11, 3), total_cents=100, payer_name="",
            payer_address="", issued_by_id=agent_id,
        )  # fmt: skip
        note.lines.append(
            CreditLine(
                line_id=line.id, position=0, child_name="", label="", days="", quantity=1, unit_cents=100,
                amount_cents=100,
            )
        )  # fmt: skip
        session.add(note)
        session.flush()
        session.add(CreditAllocation(credit_note_id=note.id, invoice_id=invoice.id, amount_cents=100))
        office_id, due_on = invoice.office_id, invoice.due_on
    found = revenues.read_revenues([office_id], date(2026, 8, 1), LAST)
    assert found == (
        Revenue(date(2026, 8, 1), None, "", 2_000, 0, 0),
        Revenue(FIRST, october.activity.id, "Mercredi", 700, 0, 389),
        Revenue(FIRST, other.id, "Périscolaire", 300, 100, 111),
    )
    assert revenues.total_of(found) == Total(3_000, 100, 2_900, 500)
    assert revenues.by_month(found)[FIRST] == Total(1_000, 100, 900, 500)
    assert revenues.read_revenues([], FIRST, LAST) == ()
    clock.start_at(datetime.combine(due_on, time(9)), frozen=True)
    due = {row.age: (row.invoices, row.cents) for row in revenues.debts_by_age([office_id]) if row.invoices}
    assert due == {DebtAge.NOT_YET: (1, 400), DebtAge.QUARTER: (1, 2_000)}
