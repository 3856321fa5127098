"""Money through the served process and the simulator of PayFiP: recorded exactly once, whatever comes, however often;
and invoices without a gap or a double when two processes issue at once and die in the midst of it."""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import date, timedelta
from http.client import HTTPException
from urllib.parse import parse_qs, urlsplit

import pytest
from sqlalchemy import func, select

from app import clock
from app.database import db, write_transaction
from app.demo.bulk import add_families
from app.models.accounts import User
from app.models.activities import CapacityScope, Office
from app.models.bookings import Booking, CapacityCounter
from app.models.families import Family
from app.models.invoices import Invoice, InvoicedBooking, InvoiceRun, InvoiceRunDraft, RunStatus
from app.models.payments import BasketEvent, Payment, PaymentBasket
from app.rules.baskets import BasketState
from app.rules.states import BookingStatus
from app.services.checks import find_inconsistencies
from app.services.held_places import held_places
from app.services.invoice_runs import issue, prepare
from app.services.invoices import due_of, invoices_of
from tests import factories
from tests.integrations.payfip_council import pay
from tests.served import Browser, DemoCopy, Serve, Server, hidden

PARENT = "parent@example.org"
RETURNS = 10
NOTIFICATIONS = 5
MANY_FAMILIES = 130


def sign_in_parent(copy: DemoCopy) -> tuple[str, int, list[int]]:
    """The cookie of family TEST's parent, the family, and what it has to pay: the guide's two invoices."""
    user_id = db.session.scalars(select(User.id).where(User.email == PARENT)).one()
    family_id = db.session.scalars(select(Family.id).where(Family.last_name == "TEST")).one()
    to_pay = [view.id for view in invoices_of(family_id) if view.balance_cents > 0]
    return copy.cookie_of(user_id), family_id, to_pay


def go_and_pay(server: Server, cookie: str, invoice_ids: list[int]) -> str:
    """The address to which PAYER EN LIGNE sends the parent."""
    browser = server.browser(cookie)
    page = browser.get("/mes-factures")
    assert page.status == 200
    answer = browser.post("/mes-factures/payer", {"csrf_token": hidden(page.body, "csrf_token"), "f": invoice_ids})
    assert answer.status == 303, answer.body[:500]
    return answer.location


def come_back(port: int, operation_id: str) -> tuple[int, str]:
    """The payer's browser, sent by the payment site without our cookie."""
    answer = Browser(port).post("/paiement/retour", {"idop": operation_id})
    return answer.status, answer.location


def wait_until(holds: Callable[[], bool], seconds: float = 60) -> None:
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline, "it did not happen"
        time.sleep(0.05)


def money(family_id: int) -> list[tuple[str, int]]:
    """What was received online, by receipt's series and amount."""
    rows = db.session.execute(
        select(Payment.receipt_number, Payment.amount_cents)
        .where(Payment.family_id == family_id, Payment.basket_id.is_not(None))
        .order_by(Payment.amount_cents)
    )
    return [(number.split("-")[0], cents) for number, cents in rows]


@pytest.mark.parametrize("order", ["before", "after", "never"])
def test_money_is_recorded_once_in_whatever_order_the_news_come(demo_copy: DemoCopy, serve: Serve, order: str) -> None:
    with demo_copy.people():
        cookie, family_id, to_pay = sign_in_parent(demo_copy)
        assert due_of(family_id).amount_cents == 21_20
    with serve(demo_copy) as server:
        address = go_and_pay(server, cookie, to_pay)
        assert not address.startswith(server.address)
        operation_id = parse_qs(urlsplit(address).query)["idop"][0]
        if order == "after":
            # The payer's browser is back before the payment site says anything, even before the payer has paid.
            assert come_back(server.port, operation_id)[0] == 303
        shown = pay(address, "P", notification="never" if order == "never" else "before", times=NOTIFICATIONS)
        assert shown.status == 200
        with ThreadPoolExecutor(RETURNS) as pool:
            answers = list(pool.map(lambda _: come_back(server.port, operation_id), range(RETURNS)))
        assert len(set(answers)) == 1 and answers[0][0] == 303, answers
        page = server.browser().get(answers[0][1])
        assert "Paiement accepté" in page.body and "TEST" not in page.body
    with demo_copy.people():
        assert money(family_id) == [("AN", 6_20), ("pop", 15_00)]
        assert due_of(family_id).count == 0
        assert find_inconsistencies(db.session()) == ()


@pytest.mark.parametrize("result", ["R", "Z", "A"])
def test_what_was_not_paid_is_not_recorded(sqlite_demo_copy: DemoCopy, serve: Serve, result: str) -> None:
    with sqlite_demo_copy.people():
        cookie, family_id, to_pay = sign_in_parent(sqlite_demo_copy)
    with serve(sqlite_demo_copy) as server:
        address = go_and_pay(server, cookie, to_pay)
        pay(address, result, times=NOTIFICATIONS)
        operation_id = parse_qs(urlsplit(address).query)["idop"][0]
        assert come_back(server.port, operation_id)[0] == 303
        assert server.browser().post("/paiement/notification", {"idop": "0" * 36}).status == 200  # forged
    with sqlite_demo_copy.people():
        assert money(family_id) == []
        assert due_of(family_id).amount_cents == 21_20
        assert find_inconsistencies(db.session()) == ()


def test_the_worker_finds_the_money_when_nobody_comes_back_and_the_portal_was_away(
    demo_copy: DemoCopy, serve: Serve
) -> None:
    with demo_copy.people():
        cookie, family_id, to_pay = sign_in_parent(demo_copy)
    with serve(demo_copy) as server:
        address = go_and_pay(server, cookie, to_pay)
        pay(address, "V", notification="never")
        server.kill()
    later = f"{factories.NOW + timedelta(minutes=30):%Y-%m-%dT%H:%M}"
    with serve(demo_copy, ESPACE_FAMILLE_NOW=later):

        def is_settled() -> bool:
            with demo_copy.people():
                state = db.session.scalars(select(PaymentBasket.state)).one()
                db.session.rollback()
                return state is BasketState.PAID

        wait_until(is_settled)
    with demo_copy.people():
        assert money(family_id) == [("AN", 6_20), ("pop", 15_00)]
        assert find_inconsistencies(db.session()) == ()


@pytest.mark.parametrize("away", [timedelta(minutes=5), timedelta(hours=3)], ids=["short", "too long"])
def test_killed_while_places_are_being_paid_it_takes_the_money_once(
    sqlite_demo_copy: DemoCopy, serve: Serve, away: timedelta
) -> None:
    with sqlite_demo_copy.people():
        cookie, family_id, _ = sign_in_parent(sqlite_demo_copy)
        (place,) = held_places(db.session(), Booking.family_id == family_id)
    with serve(sqlite_demo_copy) as server:
        browser = server.browser(cookie)
        page = browser.get("/mes-reservations/a-regler")
        form = {"csrf_token": hidden(page.body, "csrf_token"), "b": hidden(page.body, "b")}
        address = browser.post("/mes-reservations/a-regler/payer", form).location
        operation_id = parse_qs(urlsplit(address).query)["idop"][0]
        pay(address, "P", notification="never")

        def come_back_in_vain(_number: int) -> None:
            with suppress(OSError, HTTPException):
                come_back(server.port, operation_id)

        with ThreadPoolExecutor(NOTIFICATIONS) as pool:
            news = pool.map(come_back_in_vain, range(NOTIFICATIONS))
            server.kill()
            list(news)
    later = f"{factories.NOW + away:%Y-%m-%dT%H:%M}"
    with serve(sqlite_demo_copy, ESPACE_FAMILLE_NOW=later) as server:
        assert {come_back(server.port, operation_id)[0] for _ in range(2)} == {303}
        if away > timedelta(hours=1):

            def is_released() -> bool:
                with sqlite_demo_copy.people():
                    left = held_places(db.session(), Booking.family_id == family_id)
                    db.session.rollback()
                    return not left

            wait_until(is_released)
    with sqlite_demo_copy.people():
        booking = db.session.get_one(Booking, place.booking_id)
        payment = db.session.scalars(select(Payment).where(Payment.basket_id.is_not(None))).one()
        used = sum(each.amount_cents for each in payment.allocations)
        assert payment.amount_cents == place.price_cents
        assert (booking.status, used) in (
            (BookingStatus.CONFIRMED, place.price_cents), (BookingStatus.EXPIRED, 0),
        )  # fmt: skip
        is_flagged = db.session.scalar(select(BasketEvent.id).where(BasketEvent.detail.contains("trop-perçu")))
        assert (is_flagged is None) is (used > 0)
        assert used > 0 or away > timedelta(hours=1)
        assert find_inconsistencies(db.session()) == ()


def test_two_parents_who_press_at_once_make_one_payment(demo_copy: DemoCopy, serve: Serve) -> None:
    with demo_copy.people():
        cookie, _family_id, to_pay = sign_in_parent(demo_copy)
        other, _family, _ids = sign_in_parent(demo_copy)
    with serve(demo_copy) as server:
        browsers = [server.browser(cookie), server.browser(other)]
        tokens = [hidden(browser.get("/mes-factures").body, "csrf_token") for browser in browsers]
        with ThreadPoolExecutor(2) as pool:
            answers = list(
                pool.map(
                    lambda pair: pair[0].post("/mes-factures/payer", {"csrf_token": pair[1], "f": to_pay}),
                    zip(browsers, tokens, strict=True),
                )
            )
        assert sorted(answer.status for answer in answers) == [303, 422]
    with demo_copy.people():
        assert db.session.scalar(select(func.count()).select_from(PaymentBasket)) == 1


def test_two_processes_that_issue_at_once_and_are_killed_leave_no_gap_and_no_double(
    demo_copy: DemoCopy, serve: Serve
) -> None:
    with demo_copy.people():
        with write_transaction() as session:
            for row in (*session.scalars(select(CapacityScope)), *session.scalars(select(CapacityCounter))):
                row.places += 2 * MANY_FAMILIES
            session.flush()
            add_families(session, MANY_FAMILIES, factories.password_hash())
        regisseur_id = db.session.scalars(select(User.id).where(User.email == "regie@example.org")).one()
        office_id = db.session.scalars(select(Office.id).where(Office.prefix == "AN")).one()
        today = clock.today()
        with write_transaction() as session:
            run_id = prepare(session, office_id, date(2026, 11, 1), regisseur_id)

    def count(table: type[Invoice] | type[InvoiceRunDraft]) -> int:
        with demo_copy.people():
            found = db.session.scalar(select(func.count()).where(table.run_id == run_id)) or 0
            db.session.rollback()
            return found

    def issued() -> int:
        return count(Invoice)

    def is_now(status: RunStatus) -> bool:
        with demo_copy.people():
            found = db.session.get_one(InvoiceRun, run_id).status
            db.session.rollback()
            return found is status

    def is_done() -> bool:
        return is_now(RunStatus.ISSUED)

    with serve(demo_copy) as first, serve(demo_copy) as second:
        wait_until(lambda: count(InvoiceRunDraft) > 0)
        first.kill()
        second.kill()
    with serve(demo_copy):
        wait_until(lambda: is_now(RunStatus.PREPARED))
    with demo_copy.people():
        factories.accept_all(run_id, regisseur_id)
        with write_transaction() as session:
            issue(session, run_id, today, today + timedelta(days=30), regisseur_id)
    prepared = count(InvoiceRunDraft)
    with serve(demo_copy) as first, serve(demo_copy) as second:
        wait_until(lambda: issued() > 0)
        first.kill()
        second.kill()
    interrupted = issued()
    with serve(demo_copy):
        wait_until(is_done)
    assert 0 < interrupted <= issued() <= prepared
    with demo_copy.people():
        numbers = db.session.scalars(
            select(Invoice.number).where(Invoice.run_id == run_id).order_by(Invoice.number)
        ).all()
        assert len(numbers) > MANY_FAMILIES / 2
        first_number = int(numbers[0][-5:])
        assert [int(number[-5:]) for number in numbers] == list(range(first_number, first_number + len(numbers)))
        families = db.session.scalars(select(Invoice.family_id).where(Invoice.run_id == run_id)).all()
        assert len(families) == len(set(families))
        assert db.session.scalar(select(func.count()).select_from(InvoicedBooking))
        assert find_inconsistencies(db.session()) == ()
