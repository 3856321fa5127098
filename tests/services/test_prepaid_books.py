"""Prepaid books: sold, spent, given back, invoiced; always by the prices that the planning, a save and a run share."""

from __future__ import annotations

from datetime import date, datetime

import pytest
from flask import Flask
from sqlalchemy import select

from app import clock
from app.database import db, write_transaction
from app.models.bookings import Booking, BookingPriceChange, PriceChangeReason
from app.models.families import FamilyQuotient
from app.models.invoices import Invoice, InvoicedBooking
from app.models.prepaid_books import BookEventKind, PrepaidBook, PrepaidBookEvent
from app.rules.bills import LineKind
from app.rules.capabilities import Role
from app.rules.invoicing import DraftStanding, OddityKind
from app.rules.states import Actor, EnrolmentStatus
from app.services import prepaid_books, quotients
from app.services.checks import find_inconsistencies
from app.services.errors import BookSettled, NotFound, OwnFamily, PriceMoved
from app.services.planning import build_week
from app.services.prepaid_books import BookSale, books_of, offers_for, take_back
from app.services.prices import reprice_family
from tests import factories
from tests.factories import NEXT_WEDNESDAY, PlanningSetup, buy_book, prepared_drafts, save, sell_books

NOVEMBER, DECEMBER = date(2026, 11, 1), date(2026, 12, 1)
LATER = date(2026, 12, 9)


@pytest.fixture
def planning(sqlite_app: Flask) -> PlanningSetup:
    made = factories.make_planning(weeks=4)
    sell_books(made.activity, "Matin", entries=2)
    return made


@pytest.fixture
def agent_id(sqlite_app: Flask) -> int:
    return factories.make_staff(Role.REGISSEUR)


def prices(planning: PlanningSetup) -> list[tuple[int, str]]:
    rows = db.session.scalars(select(Booking).where(Booking.status == "confirmed").order_by(Booking.day, Booking.id))
    return [(row.price_cents, row.price_explanation) for row in rows]


def book_mornings(planning: PlanningSetup, *days: date) -> list[int]:
    ids = [planning.opening(day, "Matin") for day in days]
    save(planning.family, planning.child_id, book=ids)
    return ids


def left(planning: PlanningSetup) -> list[int]:
    return [book.left for book in books_of(planning.family.family_id)]


MAXIMUM = (420, "tarif maximum, sans quotient familial")
IN_BOOK = (0, "compris dans votre carnet")


def test_a_book_pays_what_is_booked_already_and_what_is_booked_then(planning: PlanningSetup) -> None:
    family, child_id = planning.family, planning.child_id
    book_mornings(planning, NEXT_WEDNESDAY)
    (offer,) = offers_for(family.family_id, [child_id])
    assert (offer.name, offer.price_cents, offer.last_day) == ("Carnet de 2 entrées", 2_500, date(2027, 8, 31))
    assert (offer.pays_bookings, offer.change_cents) == (1, -420)
    buy_book(family, child_id, planning.activity)
    assert (prices(planning), left(planning)) == ([IN_BOOK], [1])
    change = db.session.scalars(select(BookingPriceChange)).one()
    assert (change.from_cents, change.to_cents, change.reason) == (420, 0, PriceChangeReason.BOOK)
    # What the planning says of two more, the save keeps: the first day has the entry that is left.
    first, second = planning.opening(LATER, "Matin"), planning.opening(date(2026, 12, 16), "Matin")
    child = factories.families.child_of(family.family_id, child_id)
    week = build_week(family.ref, child, LATER, factories.proposal(free=[first], ticked=[first]))
    assert [(book.name, book.left) for book in week.summary.books] == [("Carnet de 2 entrées", 0)]
    assert (week.summary.amount_cents, week.summary.month_cents) == (0, 0)  # it was bought in November
    outcome = save(family, child_id, book=[first, second])
    assert outcome.change_cents == 420
    assert (prices(planning), left(planning)) == ([IN_BOOK, IN_BOOK, MAXIMUM], [0])
    # Cancelled in time, its entry pays the last day instead.
    cancelled = save(family, child_id, cancel=[planning.opening(NEXT_WEDNESDAY, "Matin")])
    assert cancelled.change_cents == -420
    assert (prices(planning), left(planning)) == ([IN_BOOK, IN_BOOK], [0])
    assert find_inconsistencies(db.session()) == ()


def test_the_month_of_the_sale_holds_its_price(planning: PlanningSetup) -> None:
    buy_book(planning.family, planning.child_id, planning.activity)
    child = factories.families.child_of(planning.family.family_id, planning.child_id)
    week = build_week(planning.family.ref, child, factories.WEDNESDAY)
    assert (week.summary.month_cents, week.summary.invoiced_cents) == (2_500, 0)


def test_the_next_invoice_asks_for_the_book_and_spends_its_entries_for_good(app: Flask) -> None:
    planning, agent_id = factories.make_planning(weeks=4), factories.make_staff(Role.REGISSEUR)
    sell_books(planning.activity, "Matin", entries=2)
    assert offers_for(planning.family.family_id, [planning.child_id])
    book_mornings(planning, NEXT_WEDNESDAY, LATER)
    book_id = buy_book(planning.family, planning.child_id, planning.activity)
    clock.start_at(datetime(2027, 1, 4, 9), frozen=True)
    (invoice_id,) = factories.issue(planning.activity, DECEMBER, agent_id)
    invoice = db.session.get_one(Invoice, invoice_id)
    assert [(line.kind, line.label, line.quantity, line.amount_cents) for line in invoice.lines] == [
        (LineKind.BOOK, "Mercredi, Carnet de 2 entrées", 2, 0),
        (LineKind.BOOK_SALE, "Mercredi, Carnet de 2 entrées", 1, 2_500),
    ]
    assert "compris dans votre carnet" in invoice.lines[0].explanation
    assert "2 entrées, jusqu’au" in invoice.lines[1].explanation
    assert set(db.session.scalars(select(Booking.book_id))) == {book_id}
    (view,) = books_of(planning.family.family_id)
    assert (view.left, view.invoice_number) == (0, invoice.number)
    with pytest.raises(BookSettled), write_transaction() as session:
        take_back(session, planning.family.family_id, agent_id, book_id, "erreur")
    assert factories.issue(planning.activity, DECEMBER, agent_id) == []
    assert find_inconsistencies(db.session()) == ()


def test_a_book_alone_is_invoiced_with_its_month(planning: PlanningSetup, agent_id: int) -> None:
    buy_book(planning.family, planning.child_id, planning.activity)
    assert prepared_drafts(planning.activity, date(2026, 10, 1), agent_id) == ()
    (entry,) = prepared_drafts(planning.activity, NOVEMBER, agent_id)
    assert (entry.total_cents, entry.standing) == (2_500, DraftStanding.INVOICED)
    (invoice_id,) = factories.issue(planning.activity, NOVEMBER, agent_id)
    assert db.session.get_one(Invoice, invoice_id).total_cents == 2_500
    assert prepared_drafts(planning.activity, DECEMBER, agent_id) == ()


def test_days_that_a_book_pays_alone_are_closed_without_an_invoice(planning: PlanningSetup, agent_id: int) -> None:
    book_id = buy_book(planning.family, planning.child_id, planning.activity)
    factories.issue(planning.activity, NOVEMBER, agent_id)
    book_mornings(planning, NEXT_WEDNESDAY)
    clock.start_at(datetime(2027, 1, 4, 9), frozen=True)
    (entry,) = prepared_drafts(planning.activity, DECEMBER, agent_id)
    assert (list(entry.oddities), entry.standing) == ([OddityKind.ALL_FREE], DraftStanding.FREE)
    assert factories.issue(planning.activity, DECEMBER, agent_id) == []
    closed = db.session.scalars(select(InvoicedBooking)).one()
    assert closed.line_id is None
    assert db.session.scalars(select(Booking.book_id)).all() == [book_id]
    assert closed.run_id is not None
    assert prepared_drafts(planning.activity, DECEMBER, agent_id) == ()
    assert left(planning) == [1]
    assert find_inconsistencies(db.session()) == ()


def test_what_is_taken_back_pays_no_more(planning: PlanningSetup, agent_id: int) -> None:
    family = planning.family
    book_mornings(planning, NEXT_WEDNESDAY)
    book_id = buy_book(family, planning.child_id, planning.activity, user_id=agent_id)
    assert prices(planning) == [IN_BOOK]
    for _ in range(2):
        with write_transaction() as session:
            take_back(session, family.family_id, agent_id, book_id, "Vendu au mauvais enfant")
    assert prices(planning) == [MAXIMUM]
    (view,) = books_of(family.family_id)
    assert [(event.kind, event.reason) for event in view.events] == [
        (BookEventKind.SOLD, None),
        (BookEventKind.TAKEN_BACK, "Vendu au mauvais enfant"),
    ]
    assert (view.left, view.is_live) == (2, False)
    assert prepared_drafts(planning.activity, NOVEMBER, agent_id) == ()


def test_the_same_form_sells_once_and_only_at_the_price_that_it_showed(planning: PlanningSetup) -> None:
    family = planning.family

    def buy(cents: int, child_id: int = planning.child_id, item: str = "carnet") -> int:
        sale = BookSale(planning.activity.id, item, cents, "la-meme-cle-la-meme")
        with write_transaction() as session:
            return prepaid_books.sell_book(session, family.family_id, family.user_id, child_id, sale, Actor.PARENT)

    with pytest.raises(PriceMoved):
        buy(2_400)
    _, strangers_child_id = factories.add_family(planning)
    sister_id = factories.make_child(family, "Zoé")  # not enrolled
    for child_id, item in ((strangers_child_id, "carnet"), (sister_id, "carnet"), (planning.child_id, "autre")):
        with pytest.raises(NotFound):
            buy(2_500, child_id, item)
    assert buy(2_500) == buy(2_500)
    assert len(db.session.scalars(select(PrepaidBook)).all()) == 1


def test_nobody_sells_or_takes_back_for_their_own_family(planning: PlanningSetup) -> None:
    family = planning.family
    book_id = buy_book(family, planning.child_id, planning.activity)
    with pytest.raises(OwnFamily):
        buy_book(family, planning.child_id, planning.activity, user_id=family.user_id)
    with pytest.raises(OwnFamily), write_transaction() as session:
        take_back(session, family.family_id, family.user_id, book_id, "pour moi")


def test_a_verified_quotient_prices_the_book_anew_until_it_is_invoiced(planning: PlanningSetup, agent_id: int) -> None:
    with write_transaction() as session:
        version = session.scalars(select(factories.TariffVersion)).one()
        matin = version.grid.items[0]
        items = [
            factories.replace(item, rate=matin.rate) if item.code == "carnet" else item for item in version.grid.items
        ]
        version.grid = factories.replace(version.grid, items=tuple(items))
    book_id = buy_book(planning.family, planning.child_id, planning.activity, cents=420)
    quotient_id = factories.declare_quotient(planning.family)
    with write_transaction() as session:
        quotients.accept_quotient(session, quotient_id, agent_id, date(2027, 1, 31))
    book = db.session.get_one(PrepaidBook, book_id)
    assert (book.price_cents, book.price_explanation) == (210, "quotient de moins de 600")
    event = db.session.scalars(select(PrepaidBookEvent).where(PrepaidBookEvent.kind == BookEventKind.REPRICED)).one()
    assert event.price_cents == 210
    factories.issue(planning.activity, NOVEMBER, agent_id)
    with write_transaction() as session:
        session.get_one(FamilyQuotient, quotient_id).value_cents = 90_000
        session.flush()
        reprice_family(session, planning.family.family_id, PriceChangeReason.QUOTIENT)
    assert db.session.get_one(PrepaidBook, book_id).price_cents == 210


def test_a_child_whose_enrolment_has_ended_is_offered_nothing(planning: PlanningSetup) -> None:
    _, other_id = factories.add_family(planning)
    assert offers_for(planning.family.family_id, [other_id]) == ()
    activity = factories.make_activity("Sans carnet")
    sister_id = factories.make_child(planning.family, "Zoé")
    factories.enrol(sister_id, planning.family, activity)
    factories.enrol(sister_id, planning.family, planning.activity, EnrolmentStatus.REQUESTED)
    assert offers_for(planning.family.family_id, [sister_id]) == ()
