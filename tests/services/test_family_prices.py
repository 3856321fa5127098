"""A family is priced as a whole: what the planning says is what a save keeps, and what an invoice asks, to the cent."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import date, datetime, time, timedelta
from random import Random
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from app import clock
from app.database import db, write_transaction
from app.models.activities import Activity, TariffVersion
from app.models.bookings import Booking, BookingPriceChange, Opening, PriceChangeReason
from app.models.enrolments import Enrolment
from app.models.families import Child, Family, FamilyChild, FamilyQuotient
from app.models.invoices import Invoice, InvoiceLine
from app.rules.bills import LineKind
from app.rules.capabilities import Role
from app.rules.cells import Badge
from app.rules.choices import Shown
from app.rules.file_fields import FileKind
from app.rules.quotients import QuotientOutcome
from app.rules.states import BookingStatus, EnrolmentStatus, FamilyStatus
from app.rules.tariff_grids import (
    ChangePercent,
    Combination,
    Condition,
    CountedSiblings,
    DaysDeduction,
    Grid,
    Item,
    Modifier,
    ModifierKind,
    Nature,
    Package,
    Period,
    Span,
    YearlyFee,
    flat,
    unit_code,
)
from app.services import bookings, changes, enrolments, families, planning, tariffs
from app.services.cash_desks import read_desk, save_desk
from app.services.checks import find_inconsistencies
from app.services.households import family_bill
from app.services.planning import CellView, Proposal, Week
from app.services.prices import reprice_families
from app.services.verdicts import Result
from tests import factories
from tests.client import recorder
from tests.factories import ActivitySetup, FamilySetup, issue, make_staff, prepared_drafts, save

HOURS = {"Matin": (time(8), time(12)), "Repas": (time(12), time(13)), "Après-midi": (time(13), time(18))}
ALL_DAY = tuple(HOURS)
FIRST_WEEK = [date(2026, 11, 30) + timedelta(days=n) for n in range(5)]  # lies in two months
WEEK = [day + timedelta(days=7) for day in FIRST_WEEK]
NEXT_WEEK = [day + timedelta(days=14) for day in FIRST_WEEK]
DECEMBER, JANUARY = date(2026, 12, 1), date(2027, 1, 1)
AFTER = datetime(2027, 1, 4, 9)


@dataclass(frozen=True)
class Home:
    """A family with two children, enrolled in an activity of many rules."""

    family: FamilySetup
    elder: int
    younger: int
    activity: ActivitySetup
    openings: dict[tuple[date, str], int] = field(repr=False)

    def ids(self, days: list[date], units: tuple[str, ...] = ALL_DAY) -> list[int]:
        return [self.openings[day, unit] for day in days for unit in units]

    def week(self, child_id: int, day: date, proposal: Proposal | None = None) -> Week:
        return planning.build_week(self.family.ref, families.child_of(self.family.family_id, child_id), day, proposal)


def many_rules(activity: ActivitySetup, **changes: Any) -> Grid:
    """Matin and Après-midi 4.00, Repas 3.00, together 10.00; five days 45.00; 3 days −2.00; 2nd child −20 % of care;
    a card of 15.00 for the family."""
    morning, meal, afternoon = (unit_code(activity.units[name]) for name in ALL_DAY)
    units = frozenset({morning, meal, afternoon})
    care = frozenset({morning, afternoon, "day", "week"})
    parts: dict[str, Any] = {
        "items": (
            Item(morning, flat(400)),
            Item(meal, flat(300), Nature.MEAL),
            Item(afternoon, flat(400)),
            Item("day", flat(1_000), meal_cents=300),
            Item("week", flat(4_500)),
            Item("card", flat(1_500), Nature.OTHER),
        ),
        "combinations": (Combination(units, "day"),),
        "packages": (Package("week", Period.WEEK, units, least_days=5),),
        "deductions": (DaysDeduction("days", Period.WEEK, units, ((3, 200),)),),
        "fees": (YearlyFee("card", 9, is_per_child=False),),
        "modifiers": (
            Modifier(ModifierKind.SIBLING, Condition(items=care, ranks=Span("2+", 2, None)), ChangePercent(-20)),
        ),
    }
    return Grid(**(parts | changes))


def make_home(**changes: Any) -> Home:
    activity = factories.make_activity("Vacances", HOURS, needs={}, notice=None)
    openings = factories.make_openings(activity, [*FIRST_WEEK, *WEEK, *NEXT_WEEK])
    with write_transaction() as session:
        session.scalars(select(TariffVersion)).one().grid = many_rules(activity, **changes)
    family = factories.make_family()
    elder = factories.make_child(family, "Léa", date(2017, 5, 14))
    younger = factories.make_child(family, "Tom", date(2020, 2, 3))
    for child_id in (elder, younger):
        factories.enrol(child_id, family, activity)
    return Home(family, elder, younger, activity, openings)


@pytest.fixture
def home(sqlite_app: Flask) -> Home:
    return make_home()


def kept(child_id: int) -> list[int]:
    """The prices of a child's bookings that are not cancelled, by day."""
    db.session.rollback()
    rows = db.session.scalars(
        select(Booking.price_cents)
        .where(Booking.child_id == child_id, Booking.status == BookingStatus.CONFIRMED)
        .order_by(Booking.day, Booking.opening_id)
    )
    return list(rows)


def cells_of(week: Week) -> dict[int, CellView]:
    return {
        cell.opening_id: cell for each in week.activities for row in each.rows for cell in row.cells if cell is not None
    }


def wanted(free: list[int], ticked: list[int], held: list[int] | None = None) -> Proposal:
    return factories.proposal(held=held or [], free=free, ticked=ticked)


def lines_of(invoice_id: int) -> list[tuple[LineKind, str, int, int]]:
    rows = db.session.scalars(
        select(InvoiceLine).where(InvoiceLine.invoice_id == invoice_id).order_by(InvoiceLine.position)
    )
    return [(row.kind, row.label.split(", ", 1)[1], row.quantity, row.amount_cents) for row in rows]


def test_a_day_together_costs_its_own_price_and_says_so_before_it_is_saved(home: Home) -> None:
    ids = home.ids(WEEK[:1])
    before = cells_of(home.week(home.elder, WEEK[0], wanted(ids, ids[:2])))
    assert [before[id_].price_cents for id_ in ids] == [400, 300, 300]  # the third makes a day of them
    assert before[ids[2]].effects == (
        "Déclenche le prix «\u00a0Journée (Matin, Repas, Après-midi)\u00a0»\u00a0: 10,00\u00a0€ au lieu de 11,00\u00a0€",
    )
    assert [before[id_].cell.badges for id_ in ids] == [frozenset(), frozenset(), {Badge.PACKAGE}]
    week = home.week(home.elder, WEEK[0], wanted(ids, ids))
    assert (week.summary.amount_cents, week.days[0].total_cents) == (1_000 + 1_500, 1_000)
    assert [cells_of(week)[id_].is_included for id_ in ids] == [False, True, True]
    assert week.summary.effects[1] == "S’ajoute la cotisation de l’année\u00a0: 15,00\u00a0€"
    outcome = save(home.family, home.elder, book=ids)
    assert (outcome.change_cents, outcome.effects) == (week.summary.amount_cents, week.summary.effects)
    assert kept(home.elder) == [1_000, 0, 0]
    assert [cell.is_included for cell in cells_of(home.week(home.elder, WEEK[0])).values()].count(True) == 2


def test_a_season_that_earlier_prices_charged_is_not_triggered_again_by_the_next_ones(sqlite_app: Flask) -> None:
    home = make_home(fees=(), deductions=())
    units = frozenset(unit_code(id_) for id_ in home.activity.units.values())
    season = many_rules(home.activity, packages=(Package("week", Period.SEASON, units),), fees=(), deductions=())
    with write_transaction() as session:
        session.scalars(select(TariffVersion)).one().grid = season
        session.add(TariffVersion(activity_id=home.activity.id, starts_on=WEEK[0], grid=season))
    first, later = home.ids(FIRST_WEEK[:1], ("Matin",)), home.ids(WEEK[:1], ("Matin",))
    assert cells_of(home.week(home.elder, FIRST_WEEK[0]))[first[0]].cell.badges == {Badge.PACKAGE}
    assert save(home.family, home.elder, book=first).change_cents == 4_500
    cell = cells_of(home.week(home.elder, WEEK[0]))[later[0]]
    assert (cell.price_cents, cell.cell.badges, cell.effects) == (0, frozenset(), ())
    outcome = save(home.family, home.elder, book=later)
    assert (outcome.change_cents, outcome.effects) == (0, ())


def test_the_tick_that_makes_a_package_moves_the_other_days_and_breaking_it_moves_them_back(home: Home) -> None:
    save(home.family, home.elder, book=home.ids(WEEK[:4], ("Matin",)))
    assert kept(home.elder) == [400] * 4
    friday = home.ids(WEEK[4:])
    checked = home.week(home.elder, WEEK[4], wanted(friday, friday))
    assert checked.summary.effects == (
        "Déclenche le forfait semaine\u00a0: 45,00\u00a0€ au lieu de 26,00\u00a0€",
        "La réduction pour le nombre de jours passe de 2,00\u00a0€ à 0,00\u00a0€",
    )
    outcome = save(home.family, home.elder, book=friday)
    assert (outcome.change_cents, outcome.effects) == (checked.summary.amount_cents, checked.summary.effects)
    assert kept(home.elder) == [4_500, *[0] * 6]
    changes = db.session.execute(select(BookingPriceChange.from_cents, BookingPriceChange.to_cents)).tuples().all()
    assert changes == [(400, 4_500), (400, 0), (400, 0), (400, 0)]
    assert set(db.session.scalars(select(BookingPriceChange.reason))) == {PriceChangeReason.OTHER_BOOKINGS}
    moved = home.week(home.elder, WEEK[0]).changed_prices
    assert [(each.from_cents, each.to_cents) for each in moved] == [(400, 4_500), (400, 0), (400, 0), (400, 0)]

    monday = home.ids(WEEK[:1], ("Matin",))
    checked = home.week(home.elder, WEEK[0], wanted([], [], held=monday))
    assert checked.summary.effects[0] == (
        "Sans le forfait semaine, les autres jours reviennent au prix à l’unité\u00a0: "
        "22,00\u00a0€ au lieu de 45,00\u00a0€"
    )
    outcome = save(home.family, home.elder, cancel=monday)
    assert (outcome.change_cents, outcome.effects) == (checked.summary.amount_cents, checked.summary.effects)
    assert kept(home.elder) == [400, 400, 400, 1_000, 0, 0]


def test_a_second_child_pays_less_and_again_more_when_the_first_gives_back(home: Home) -> None:
    save(home.family, home.younger, book=home.ids(WEEK[:1], ("Matin",)))
    assert kept(home.younger) == [400]
    outcome = save(home.family, home.elder, book=home.ids(WEEK[1:2], ("Matin",)))
    assert outcome.effects == ("Change aussi le prix d’une autre réservation\u00a0: −0,80\u00a0€",)
    assert (kept(home.elder), kept(home.younger), outcome.change_cents) == ([400], [320], 320)
    save(home.family, home.elder, cancel=home.ids(WEEK[1:2], ("Matin",)))
    assert kept(home.younger) == [400]


def test_ages_and_new_children_move_the_prices_of_brothers_and_sisters(sqlite_app: Flask) -> None:
    home = make_home(counted_siblings=CountedSiblings.DEPENDENT, fees=())
    day = home.ids(WEEK[:1], ("Matin",))
    save(home.family, home.elder, book=day)
    save(home.family, home.younger, book=day)
    other = factories.make_family("AUTRE", email="autre@example.org")
    factories.share_child(home.elder, other)
    assert (kept(home.elder), kept(home.younger)) == ([400], [320])
    staff_id = make_staff(Role.REGISSEUR)

    def tell_birth(born_on: str) -> None:
        shown = changes.stored_part(other.family_id, FileKind.CHILD, home.elder)
        typed = {**shown, "birth_date": born_on}
        with write_transaction() as session:
            # Told by the other home.
            changes.save_as_staff(
                session, other.family_id, staff_id, FileKind.CHILD, home.elder, shown, typed, clock.today()
            )

    tell_birth("2021-05-14")
    assert (kept(home.elder), kept(home.younger)) == ([320], [400])
    typed = {"last_name": "TEST", "first_name": "Zoé", "birth_date": "2010-01-01"}
    with write_transaction() as session:
        changes.add_person(
            session, home.family.family_id, staff_id, FileKind.NEW_CHILD, typed, is_confirmed=True, is_staff=True
        )
    assert (kept(home.elder), kept(home.younger)) == ([320], [320])
    assert find_inconsistencies(db.session()) == ()


def test_a_booking_given_back_and_booked_again_counts_once(home: Home) -> None:
    ids = home.ids(WEEK, ("Matin",))
    save(home.family, home.elder, book=ids)
    save(home.family, home.elder, cancel=ids[:1])
    save(home.family, home.elder, book=ids[:1])
    assert kept(home.elder) == [4_500, 0, 0, 0, 0]


def test_days_that_are_only_sold_as_a_package_are_refused_one_by_one(sqlite_app: Flask) -> None:
    home = make_home()
    with write_transaction() as session:
        units = frozenset(unit_code(id_) for id_ in home.activity.units.values())
        package = Package("week", Period.WEEK, units, least_days=3, is_the_only_price=True)
        session.scalars(select(TariffVersion)).one().grid = many_rules(home.activity, packages=(package,), fees=())
    two, three = (home.ids(WEEK[:count], ("Matin",)) for count in (2, 3))
    week = home.week(home.elder, WEEK[0], wanted(two, two))
    assert {cells_of(week)[id_].reason_text for id_ in two} == {
        "Pas assez de jours\u00a0: cette activité se réserve pour plusieurs jours de la semaine ensemble."
    }
    assert save(home.family, home.elder, book=two).count(Result.REFUSED) == 2
    with write_transaction() as session:
        session.get_one(Opening, home.openings[WEEK[2], "Matin"]).is_open = False
    # A day that cannot be had takes the others with it.
    assert save(home.family, home.elder, book=three).count(Result.REFUSED) == 3
    with write_transaction() as session:
        session.get_one(Opening, home.openings[WEEK[2], "Matin"]).is_open = True
    assert save(home.family, home.elder, book=three).count(Result.BOOKED) == 3
    assert kept(home.elder) == [4_500, 0, 0]


def test_an_invoice_shows_packages_days_and_dues_and_sums_to_what_the_planning_said(home: Home) -> None:
    save(home.family, home.elder, book=home.ids(WEEK))
    save(home.family, home.elder, book=home.ids(NEXT_WEEK[:2]))
    save(home.family, home.younger, book=home.ids(NEXT_WEEK[:3], ("Matin",)))
    said = home.week(home.elder, WEEK[0]).summary.month_cents
    clock.start_at(AFTER, frozen=True)
    staff_id = make_staff(Role.REGISSEUR)
    (prepared,) = prepared_drafts(home.activity, DECEMBER, staff_id)
    (invoice_id,) = issue(home.activity, DECEMBER, staff_id)
    assert lines_of(invoice_id) == [
        (LineKind.PACKAGE, "Forfait semaine", 1, 4_500),
        (LineKind.COMBINATION, "Journée (Matin, Repas, Après-midi)", 2, 2_000),
        (LineKind.UNIT, "Matin", 3, 960),
        (LineKind.FEE, "Cotisation de l’année", 1, 1_500),
        (LineKind.DEDUCTION, "Réduction pour le nombre de jours", 1, -200),
    ]
    total = db.session.get_one(Invoice, invoice_id).total_cents
    assert total == said == prepared.total_cents == 8_760
    differences = [each for of_kind in prepared.oddities.values() for each in of_kind]
    assert not [each for each in differences if each.kept_cents != each.current_cents]
    with db.session.no_autoflush:
        assert family_bill(db.session(), home.family.family_id, DECEMBER, [home.activity.id]).bill.total_cents == (
            total - 1_500  # the card is paid now
        )
    assert find_inconsistencies(db.session()) == ()


def test_a_yearly_fee_is_asked_once(home: Home) -> None:
    january = date(2027, 1, 4)
    openings = factories.make_openings(home.activity, [january])
    save(home.family, home.elder, book=home.ids(WEEK[:1], ("Matin",)))
    save(home.family, home.younger, book=[openings[january, "Matin"]])
    clock.start_at(datetime(2027, 2, 1, 9), frozen=True)
    staff_id = make_staff(Role.REGISSEUR)
    fees = []
    for month in (DECEMBER, JANUARY):
        (invoice_id,) = issue(home.activity, month, staff_id)
        fees.append([line for line in lines_of(invoice_id) if line[0] is LineKind.FEE])
        # The month is told whole: the fee that is invoiced stays part of it.
        total_cents = db.session.get_one(Invoice, invoice_id).total_cents
        summary = home.week(home.elder, month).summary
        assert (summary.month_cents, summary.invoiced_cents) == (total_cents, total_cents)
    assert [len(each) for each in fees] == [1, 0]


def test_a_package_in_two_months_is_paid_once_over_both_invoices(home: Home) -> None:
    save(home.family, home.elder, book=home.ids(FIRST_WEEK[:1], ("Matin",)))
    clock.start_at(datetime(2026, 12, 1, 6), frozen=True)
    staff_id = make_staff(Role.REGISSEUR)
    (november,) = issue(home.activity, date(2026, 11, 1), staff_id)
    save(home.family, home.elder, book=home.ids(FIRST_WEEK[1:], ("Matin",)))
    assert kept(home.elder) == [400, 4_100, 0, 0, 0]  # what was invoiced counts towards the package
    (reason,) = home.week(home.elder, FIRST_WEEK[1]).price_reasons
    assert "tarif unique, déjà facturé −4,00\u00a0€" in reason.explanations
    clock.start_at(AFTER, frozen=True)
    (december,) = issue(home.activity, DECEMBER, staff_id)
    totals = [db.session.get_one(Invoice, id_).total_cents for id_ in (november, december)]
    assert totals == [400 + 1_500, 4_100]


def test_what_one_month_holds_counts_as_invoiced_for_the_next_on_the_same_invoice(home: Home) -> None:
    office_id = db.session.get_one(Activity, home.activity.id).office_id
    with write_transaction() as session:
        save_desk(session, office_id, replace(read_desk(office_id), minimum_cents=2_500))
    save(home.family, home.elder, book=home.ids(FIRST_WEEK[:3], ("Matin",)))
    said = family_bill(db.session(), home.family.family_id, DECEMBER, [home.activity.id]).bill.total_cents
    assert said == 3 * 400 - 200 + 1_500
    clock.start_at(datetime(2026, 12, 1, 6), frozen=True)
    staff_id = make_staff(Role.REGISSEUR)
    assert issue(home.activity, date(2026, 11, 1), staff_id) == []  # 4.00 and the card
    clock.start_at(AFTER, frozen=True)
    (december,) = issue(home.activity, DECEMBER, staff_id)
    # The card is asked once, and all three days count for the deduction.
    assert lines_of(december) == [
        (LineKind.UNIT, "Matin", 1, 400), (LineKind.FEE, "Cotisation de l’année", 1, 1_500),
        (LineKind.UNIT, "Matin", 2, 800), (LineKind.DEDUCTION, "Réduction pour le nombre de jours", 1, -200),
    ]  # fmt: skip
    assert db.session.get_one(Invoice, december).total_cents == said
    assert find_inconsistencies(db.session()) == ()


def test_a_package_that_was_invoiced_and_falls_back_counts_for_the_other_days(home: Home) -> None:
    save(home.family, home.elder, book=home.ids(FIRST_WEEK, ("Matin",)))
    clock.start_at(datetime(2026, 12, 1, 6), frozen=True)
    (november,) = issue(home.activity, date(2026, 11, 1), make_staff(Role.REGISSEUR))
    assert db.session.get_one(Invoice, november).total_cents == 4_500 + 1_500
    save(home.family, home.elder, cancel=home.ids(FIRST_WEEK[4:], ("Matin",)))
    # Four days cost 16.00, and 45.00 are asked already: nothing more, and the rest is for a credit note.
    assert kept(home.elder) == [4_500, 0, 0, 0]


def test_a_version_that_begins_within_a_week_is_told_with_all_that_it_moves(home: Home) -> None:
    save(home.family, home.elder, book=home.ids(WEEK, ("Matin",)))
    assert kept(home.elder) == [4_500, 0, 0, 0, 0]
    db.session.rollback()
    activity = tariffs.read_activity(home.activity.id)
    typed = tariffs.TariffInput(WEEK[2], many_rules(home.activity))
    said = tariffs.effect_of_input(activity, typed)
    with write_transaction() as session:
        tariffs.add_version(session, activity.id, typed)
    with write_transaction() as session:
        done = reprice_families(session, said.families, PriceChangeReason.TARIFF)[home.family.family_id]
    assert kept(home.elder) == [400] * 5
    assert (said.count, said.difference_cents) == (done.count, done.difference_cents) == (5, 5 * 400 - 4_500)


class Undo(Exception):
    """Ends what was only tried."""


@pytest.mark.parametrize("seed", range(8))
def test_screen_save_and_invoice_say_the_same_over_random_baskets(home: Home, seed: int) -> None:
    random = Random(seed)
    office_id = db.session.get_one(Activity, home.activity.id).office_id
    staff_id = make_staff(Role.REGISSEUR)
    db.session.rollback()
    for _ in range(5):
        child_id, days = random.choice((home.elder, home.younger)), random.choice((WEEK, NEXT_WEEK))
        shown = cells_of(home.week(child_id, days[0]))
        flips = {id_ for id_ in shown if random.random() < random.choice((0.2, 0.8))}
        ticked = frozenset(id_ for id_, cell in shown.items() if cell.holding != (id_ in flips))
        proposal = Proposal(tuple(Shown(id_, cell.holding) for id_, cell in shown.items()), ticked)
        checked = home.week(child_id, days[0], proposal)
        with write_transaction() as session:
            outcome = bookings.save(
                session, home.family.ref, home.family.user_id, child_id, f"{random.random()}", proposal
            )
        assert (outcome.change_cents, outcome.effects) == (checked.summary.amount_cents, checked.summary.effects)
        after = home.week(child_id, days[0])
        assert after.summary.month_cents == checked.summary.month_cents
        assert [cell.price_cents for cell in cells_of(after).values() if cell.holding] == [
            cell.price_cents for cell in cells_of(checked).values() if cell.ticked
        ]
    bill = family_bill(db.session(), home.family.family_id, DECEMBER, [home.activity.id])
    said = home.week(home.elder, WEEK[0]).summary.month_cents
    assert said == bill.bill.total_cents
    clock.start_at(AFTER, frozen=True)
    factories.issue_run(office_id, DECEMBER, staff_id, clock.today(), clock.today())
    assert sum(db.session.scalars(select(Invoice.total_cents))) == said
    assert find_inconsistencies(db.session()) == ()


def test_another_child_enrolled_moves_the_prices_that_count_who_is(sqlite_app: Flask) -> None:
    home = make_home(counted_siblings=CountedSiblings.ENROLLED)
    with write_transaction() as session:
        asked = session.scalars(select(Enrolment).where(Enrolment.child_id == home.elder)).one()
        asked.status, asked_id = EnrolmentStatus.REQUESTED, asked.id
    save(home.family, home.younger, book=home.ids(WEEK[:1], ("Matin",)))
    assert kept(home.younger) == [400]
    staff_id = make_staff(Role.FILE_CLERK)
    with write_transaction() as session:
        enrolments.accept_enrolment(session, asked_id, staff_id)
    assert kept(home.younger) == [320]
    assert db.session.scalars(select(BookingPriceChange.reason)).all() == [PriceChangeReason.SIBLINGS]


def test_an_offer_says_what_this_child_would_pay_among_its_siblings(home: Home) -> None:
    with write_transaction() as session:
        session.execute(delete(Enrolment).where(Enrolment.child_id == home.younger))
    child = families.child_of(home.family.family_id, home.younger)
    (offer,) = enrolments.offers_for(home.family.ref, child)
    assert [(each.name, each.amount_cents) for each in offer.prices] == [
        ("Matin", 320), ("Repas", 300), ("Après-midi", 320), ("Journée (Matin, Repas, Après-midi)", 800), ("Forfait semaine", 3_600),
    ]  # fmt: skip
    assert offer.prices[0].explanation == "tarif unique, 2e enfant −20\u00a0%"
    assert offer.prices[4].detail == "à partir de 5\u00a0jours"


def add_families(session: Session, home: Home, count: int) -> list[int]:
    """More families like TEST, with a child that has a whole day each; in bulk."""
    template = session.scalars(select(Booking)).first()
    assert template is not None
    made = []
    for number in range(count):
        family = Family(status=FamilyStatus.ACTIVE, last_name=f"FAMILLE {number}", first_name="Dominique")
        child = Child(last_name=f"FAMILLE {number}", first_name="Sacha", birth_date=date(2018, 1, 1))
        session.add_all([family, child])
        session.flush()
        session.add(FamilyChild(family_id=family.id, child_id=child.id))
        session.add(FamilyQuotient(family_id=family.id, value_cents=50_000, starts_on=date(2026, 1, 1)))
        session.add_all(
            Booking(
                child_id=child.id, family_id=family.id, enrolment_id=template.enrolment_id, opening_id=id_, day=WEEK[0],
                status=BookingStatus.CONFIRMED, price_cents=1, price_outcome=QuotientOutcome.NOT_APPLICABLE,
            )
            for id_ in home.ids(WEEK[:1])
        )  # fmt: skip
        made.append(family.id)
    session.flush()
    return made


def test_repricing_a_hundred_families_asks_as_much_as_repricing_ten(home: Home) -> None:
    save(home.family, home.elder, book=home.ids(WEEK[:1]))
    counts = []
    for many in (10, 100):
        with write_transaction() as session:
            ids = add_families(session, home, many)
        with write_transaction() as session:
            recorder.statements = statements = []
            try:
                found = reprice_families(session, ids, PriceChangeReason.TARIFF)
                session.flush()
            finally:
                recorder.statements = None
        assert {each.difference_cents for each in found.values()} == {1_000 - 3}
        counts.append(sum(1 for statement in statements if statement.startswith("SELECT")))
    assert counts[0] == counts[1] <= 12
