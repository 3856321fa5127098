"""Bookings that are paid when they are made: held, paid and invoiced at once, or released; money is never lost."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from datetime import date, timedelta
from random import Random

import pytest
from flask import Flask
from sqlalchemy import func, select, update

from app import clock
from app.database import db, write_transaction
from app.integrations.payments import PaymentOutcome
from app.jobs.payments import ask_payment_site, release_places, settle
from app.models.activities import Activity, Office, TariffVersion
from app.models.attendances import Attendance
from app.models.bookings import Booking
from app.models.invoices import Invoice, InvoicedBooking
from app.models.mails import OutboxMail
from app.models.payments import BasketEvent, Payment, PaymentAllocation, PaymentBasket
from app.rules.baskets import BasketState, UnpayableReason
from app.rules.capabilities import Role
from app.rules.paid_bookings import Unfit
from app.rules.tariff_grids import Item, Package, Period, flat, unit_code
from app.services import activity_settings, closings, paid_bookings
from app.services.checks import Problem, find_inconsistencies
from app.services.errors import PlacesMoved, UnfitToPay
from app.services.held_places import what_to_pay
from app.services.histories import StaffView, family_history
from app.services.history_sources import Act, HistoryKind
from app.services.invoices import invoice_of, invoices_of, payments_of
from app.services.payments import record_asked, result_of
from app.services.verdicts import Result
from tests.client import Client
from tests.factories import (
    NEXT_WEDNESDAY,
    WEDNESDAY,
    PlanningSetup,
    add_family,
    bookings_of,
    let_pay_at_booking,
    make_places_basket,
    make_planning,
    make_staff,
    prepared_drafts,
    save,
    taken,
    tick,
)
from tests.payment_site import PaymentSite
from tests.services.test_payments import later, received, together


def make_paid(*, places: int | None = 20, minutes: int = 20) -> PlanningSetup:
    planning = make_planning(places=places)
    let_pay_at_booking(planning.activity, minutes)
    return planning


def book(planning: PlanningSetup, *units: str, day: date = WEDNESDAY) -> list[Result]:
    outcome = save(planning.family, planning.child_id, book=[planning.opening(day, unit) for unit in units])
    return [choice.result for choice in outcome.choices]


def start(site: PaymentSite, planning: PlanningSetup) -> str:
    """A payer on the payment site for all that is held; the operation's id."""
    ask_payment_site(site, make_places_basket(planning.family))
    return site.last_operation


def paid(site: PaymentSite, operation: str) -> str:
    site.outcome = PaymentOutcome.PAID_CARD
    token = settle(site, operation)
    assert token is not None
    return token


def statuses(planning: PlanningSetup) -> list[str]:
    db.session.expire_all()
    return [status for _, status in bookings_of(planning.child_id)]


def mails() -> list[str]:
    return list(db.session.scalars(select(OutboxMail.template).order_by(OutboxMail.id)))


def unallocated() -> int:
    total = db.session.scalar(select(func.sum(Payment.amount_cents))) or 0
    return total - (db.session.scalar(select(func.sum(PaymentAllocation.amount_cents))) or 0)


# --- Kept -------------------------------------------------------------------------------------------------------------


def test_a_save_keeps_the_places_and_waits_for_the_money(app: Flask) -> None:
    planning = make_paid(places=1)
    assert book(planning, "Matin", "Repas") == [Result.TO_PAY, Result.TO_PAY]
    assert statuses(planning) == ["awaiting_payment"] * 2
    assert taken(WEDNESDAY, planning.activity.scope_id) == 1
    to_pay = what_to_pay(db.session(), planning.family.family_id, is_online=True)
    assert (to_pay.total_cents, to_pay.kept_until) == (840, clock.now() + timedelta(minutes=20))
    assert [(day.words, day.price_cents, day.obstacle) for day in to_pay.days] == [("Matin, Repas", 840, None)]
    rival, child_id = add_family(planning)
    refused = save(rival, child_id, book=[planning.opening(WEDNESDAY, "Matin")])
    assert refused.count(Result.REFUSED) == 1
    assert find_inconsistencies(db.session()) == ()


def test_what_costs_nothing_is_confirmed_at_once(sqlite_app: Flask) -> None:
    planning = make_paid()
    with write_transaction() as session:
        version = session.scalars(select(TariffVersion)).one()
        version.grid = replace(version.grid, items=tuple(Item(item.code, flat(0)) for item in version.grid.items))
    assert book(planning, "Matin") == [Result.BOOKED]
    assert statuses(planning) == ["confirmed"]


def test_what_is_not_paid_in_time_is_released_told_once_and_free_again(app: Flask) -> None:
    planning = make_paid(places=1)
    book(planning, "Matin")
    rival, child_id = add_family(planning)
    later(minutes=19, seconds=59)
    assert not release_places()
    later(seconds=1)
    to_pay = what_to_pay(db.session(), planning.family.family_id, is_online=True)
    assert (to_pay.booking_ids, [day.is_over for day in to_pay.days]) == ((), [True])
    assert release_places() and not release_places()
    assert statuses(planning) == ["expired"]
    assert mails() == ["places_released"]
    assert save(rival, child_id, book=[planning.opening(WEDNESDAY, "Matin")]).count(Result.TO_PAY) == 1
    assert find_inconsistencies(db.session()) == ()


def test_who_saves_gets_what_nobody_paid_though_the_worker_has_not_come_round(app: Flask) -> None:
    planning = make_paid(places=1)
    book(planning, "Matin")
    rival, child_id = add_family(planning)
    opening_id = planning.opening(WEDNESDAY, "Matin")
    later(minutes=19, seconds=59)
    assert save(rival, child_id, book=[opening_id]).count(Result.REFUSED) == 1
    later(seconds=1)
    assert save(rival, child_id, book=[opening_id]).count(Result.TO_PAY) == 1
    assert (statuses(planning), mails()) == (["expired"], ["places_released"])
    assert not release_places()
    assert find_inconsistencies(db.session()) == ()


def test_what_a_family_did_not_pay_it_may_book_again_at_once(sqlite_app: Flask) -> None:
    planning = make_paid(places=1)
    book(planning, "Matin")
    later(minutes=20)
    assert book(planning, "Matin") == [Result.TO_PAY]
    assert statuses(planning) == ["expired", "awaiting_payment"]


def test_a_meal_that_is_added_later_is_kept_no_longer_than_its_morning(sqlite_app: Flask) -> None:
    planning = make_paid()
    book(planning, "Matin")
    later(minutes=5)
    book(planning, "Repas")
    book(planning, "Matin", day=NEXT_WEDNESDAY)
    later(minutes=15)
    assert release_places()
    assert statuses(planning) == ["expired", "expired", "awaiting_payment"]


def test_a_parent_takes_back_what_is_not_paid_at_no_cost(sqlite_app: Flask) -> None:
    planning = make_paid()
    book(planning, "Matin", "Repas")
    opening_ids = [planning.opening(WEDNESDAY, unit) for unit in ("Matin", "Repas")]
    # The meal alone is not sold: what is given back is judged as the planning does.
    refused = save(planning.family, planning.child_id, cancel=opening_ids[:1])
    assert refused.count(Result.REFUSED) + refused.count(Result.HELD_BACK) == 1
    done = save(planning.family, planning.child_id, cancel=opening_ids)
    assert done.count(Result.CANCELLED) == 2 and done.change_cents == 0
    assert taken(WEDNESDAY, planning.activity.scope_id) == 0
    assert set(db.session.scalars(select(Booking.cancel_class))) == {None}
    assert find_inconsistencies(db.session()) == ()


def test_closing_the_account_releases_what_is_kept(sqlite_app: Flask) -> None:
    planning = make_paid()
    book(planning, "Matin")
    with write_transaction() as session:
        closings.close_account(session, planning.family.user_id)
    assert statuses(planning) == ["cancelled"]
    assert taken(WEDNESDAY, planning.activity.scope_id) == 0


# --- Paid -------------------------------------------------------------------------------------------------------------


def test_an_office_reads_in_the_history_what_was_tried_for_its_places_alone(
    sqlite_app: Flask, sqlite_payment_site: PaymentSite
) -> None:
    planning = make_paid()
    book(planning, "Matin")
    start(sqlite_payment_site, planning)
    office_id = db.session.scalars(select(Activity.office_id)).one()

    def told(*office_ids: int) -> list[Act]:
        view = StaffView(frozenset({HistoryKind.PAYMENTS}), frozenset(office_ids))
        return [event.act for event in family_history(planning.family.family_id, view, None, 1).rows]

    assert told(office_id) == [Act.PAID] and told(office_id + 1) == [] == told()


def test_money_confirms_invoices_and_pays_in_one_go(app: Flask, payment_site: PaymentSite) -> None:
    planning = make_paid()
    book(planning, "Matin", "Repas")
    book(planning, "Matin", day=NEXT_WEDNESDAY)  # of another month: an invoice of its own
    token = paid(payment_site, start(payment_site, planning))
    assert statuses(planning) == ["confirmed"] * 3
    views = sorted(invoices_of(planning.family.family_id), key=lambda view: view.number)
    assert [(v.number, v.month, v.total_cents, v.balance_cents) for v in views] == [
        ("pop-F261100001", date(2026, 11, 1), 840, 0), ("pop-F261100002", date(2026, 12, 1), 420, 0),
    ]  # fmt: skip
    (first, _) = (invoice_of(planning.family.family_id, view.id) for view in views)
    assert [(line.label, line.quantity, line.amount_cents) for line in first.lines] == [
        ("Mercredi, Matin", 1, 420), ("Mercredi, Repas", 1, 420),
    ]  # fmt: skip
    assert [(p.amount_cents, p.unallocated_cents) for p in payments_of(planning.family.family_id)] == [(1_260, 0)]
    result = result_of(token)
    assert (result.place_count, result.unplaced_cents, len(result.invoice_numbers)) == (3, 0, 2)
    assert mails() == ["payment_received"]
    assert find_inconsistencies(db.session()) == ()


def test_who_was_ticked_before_the_money_came_is_ticked_in_its_booking(
    sqlite_app: Flask, sqlite_payment_site: PaymentSite
) -> None:
    planning = make_paid()
    book(planning, "Matin")
    tick(planning.child_id, planning.opening(WEDNESDAY, "Matin"))
    paid(sqlite_payment_site, start(sqlite_payment_site, planning))
    assert db.session.scalars(select(Attendance.booking_id)).all() == db.session.scalars(select(Booking.id)).all()


def test_what_was_paid_is_not_invoiced_again_nor_priced_anew(
    sqlite_app: Flask, sqlite_payment_site: PaymentSite
) -> None:
    planning = make_paid()
    book(planning, "Matin")
    paid(sqlite_payment_site, start(sqlite_payment_site, planning))
    later(days=40)
    assert prepared_drafts(planning.activity, WEDNESDAY, make_staff(Role.REGISSEUR)) == ()


def test_what_is_paid_is_locked(sqlite_app: Flask, sqlite_payment_site: PaymentSite) -> None:
    planning = make_paid()
    book(planning, "Matin")
    paid(sqlite_payment_site, start(sqlite_payment_site, planning))
    outcome = save(planning.family, planning.child_id, cancel=[planning.opening(WEDNESDAY, "Matin")])
    assert [choice.reason for choice in outcome.choices] == ["invoiced"]


def test_places_stay_as_long_as_somebody_pays_them(app: Flask, payment_site: PaymentSite) -> None:
    planning = make_paid()
    book(planning, "Matin")
    later(minutes=19)
    operation = start(payment_site, planning)
    with pytest.raises(PlacesMoved):
        make_places_basket(planning.family)  # the other parent, at the same moment
    refused = save(planning.family, planning.child_id, cancel=[planning.opening(WEDNESDAY, "Matin")])
    assert [choice.reason for choice in refused.choices] == ["payment_under_way"]
    later(minutes=24, seconds=59)
    assert not release_places()
    paid(payment_site, operation)
    assert statuses(planning) == ["confirmed"]
    assert find_inconsistencies(db.session()) == ()


@pytest.mark.parametrize("outcome", [PaymentOutcome.REFUSED, PaymentOutcome.CANCELLED])
def test_who_was_refused_or_gave_up_may_try_again(
    sqlite_app: Flask, sqlite_payment_site: PaymentSite, outcome: PaymentOutcome
) -> None:
    planning = make_paid()
    book(planning, "Matin")
    sqlite_payment_site.outcome = outcome
    settle(sqlite_payment_site, start(sqlite_payment_site, planning))
    assert statuses(planning) == ["awaiting_payment"]
    paid(sqlite_payment_site, start(sqlite_payment_site, planning))
    assert statuses(planning) == ["confirmed"] and received() == [420]
    assert find_inconsistencies(db.session()) == ()


def test_money_after_the_release_is_kept_for_the_family_and_flagged(app: Flask, payment_site: PaymentSite) -> None:
    planning = make_paid(places=1)
    book(planning, "Matin")
    operation = start(payment_site, planning)
    later(minutes=25)
    assert release_places()
    rival, child_id = add_family(planning)
    save(rival, child_id, book=[planning.opening(WEDNESDAY, "Matin")])
    token = paid(payment_site, operation)
    assert statuses(planning) == ["expired"]
    assert [(p.amount_cents, p.unallocated_cents) for p in payments_of(planning.family.family_id)] == [(420, 420)]
    assert invoices_of(planning.family.family_id) == ()
    assert result_of(token).unplaced_cents == 420
    assert mails() == ["places_released", "paid_too_late", "payment_received"]
    details = list(db.session.scalars(select(BasketEvent.detail).where(BasketEvent.detail.contains("trop-perçu"))))
    assert len(details) == 1 and "plus gardées" in details[0]
    assert find_inconsistencies(db.session()) == ()


def test_what_was_taken_back_after_a_lost_attempt_is_left_over_and_the_rest_confirmed(
    sqlite_app: Flask, sqlite_payment_site: PaymentSite
) -> None:
    planning = make_paid(minutes=120)
    book(planning, "Matin")
    book(planning, "Matin", day=NEXT_WEDNESDAY)
    operation = start(sqlite_payment_site, planning)
    later(minutes=30)  # the site never answered: the family may change what it holds again
    save(planning.family, planning.child_id, cancel=[planning.opening(WEDNESDAY, "Matin")])
    token = paid(sqlite_payment_site, operation)
    assert statuses(planning) == ["cancelled", "confirmed"]
    assert result_of(token).unplaced_cents == unallocated() == 420
    assert find_inconsistencies(db.session()) == ()


def test_paid_by_two_attempts_it_is_confirmed_once(sqlite_app: Flask, sqlite_payment_site: PaymentSite) -> None:
    planning = make_paid(minutes=120)
    book(planning, "Matin")
    first = start(sqlite_payment_site, planning)
    later(minutes=30)
    second = start(sqlite_payment_site, planning)
    paid(sqlite_payment_site, second)
    token = paid(sqlite_payment_site, first)
    assert statuses(planning) == ["confirmed"]
    assert (received(), unallocated()) == ([420, 420], 420)
    assert find_inconsistencies(db.session()) == ()
    assert mails().count("paid_twice") == 1 and "paid_too_late" not in mails()
    assert "Votre enfant est attendu comme prévu." in Client(sqlite_app).get(f"/paiements/{token}").text


def test_money_for_a_place_that_was_booked_again_since_says_that_the_child_is_expected(
    sqlite_app: Flask, sqlite_payment_site: PaymentSite
) -> None:
    planning = make_paid()
    book(planning, "Matin")
    first = start(sqlite_payment_site, planning)
    later(minutes=26)
    assert release_places()
    book(planning, "Matin")
    paid(sqlite_payment_site, start(sqlite_payment_site, planning))
    paid(sqlite_payment_site, first)
    assert statuses(planning) == ["expired", "confirmed"] and unallocated() == 420
    assert "paid_twice" in mails() and "paid_too_late" not in mails()


def test_what_has_begun_is_not_confirmed_by_money(sqlite_app: Flask, sqlite_payment_site: PaymentSite) -> None:
    planning = make_paid()
    book(planning, "Matin")
    operation = start(sqlite_payment_site, planning)
    later(days=3)  # the worker stood still
    paid(sqlite_payment_site, operation)
    assert statuses(planning) == ["awaiting_payment"] and unallocated() == 420
    assert release_places()
    assert find_inconsistencies(db.session()) == ()


def test_told_by_many_at_once_it_is_recorded_once(app: Flask, payment_site: PaymentSite) -> None:
    planning = make_paid()
    book(planning, "Matin", "Repas")
    operation = start(payment_site, planning)
    payment_site.outcome = PaymentOutcome.PAID_CARD
    assert len(set(together(app, lambda: settle(payment_site, operation), 4))) == 1
    assert received() == [840]
    assert db.session.scalars(select(Invoice.total_cents)).all() == [840]
    assert find_inconsistencies(db.session()) == ()


def test_two_parents_who_pay_at_once_make_one_payment(app: Flask, payment_site: PaymentSite) -> None:
    planning = make_paid()
    book(planning, "Matin")
    answers = together(app, lambda: make_places_basket(planning.family).basket_id, 3)
    assert sum(isinstance(answer, int) for answer in answers) == 1
    assert sum(isinstance(answer, PlacesMoved) for answer in answers) == 2


def test_money_and_release_at_the_same_moment_are_one_or_the_other(app: Flask, payment_site: PaymentSite) -> None:
    planning = make_paid(places=1)
    book(planning, "Matin")
    operation = start(payment_site, planning)
    payment_site.outcome = PaymentOutcome.PAID_CARD
    later(minutes=25)
    actions = iter([lambda: settle(payment_site, operation), release_places])
    answers = together(app, lambda: next(actions)(), 2)
    assert not any(isinstance(answer, Exception) for answer in answers)
    assert (statuses(planning), unallocated()) in ((["confirmed"], 0), (["expired"], 420))
    assert find_inconsistencies(db.session()) == ()


def test_an_answer_for_another_amount_changes_nothing(sqlite_app: Flask, sqlite_payment_site: PaymentSite) -> None:
    planning = make_paid()
    book(planning, "Matin")
    operation = start(sqlite_payment_site, planning)
    sqlite_payment_site.asked[operation] = replace(sqlite_payment_site.asked[operation], amount_cents=100)
    paid(sqlite_payment_site, operation)
    assert statuses(planning) == ["awaiting_payment"] and received() == []


def test_a_payment_whose_answer_was_lost_is_still_taken(sqlite_app: Flask, sqlite_payment_site: PaymentSite) -> None:
    planning = make_paid()
    book(planning, "Matin")
    started = make_places_basket(planning.family)
    sqlite_payment_site.ask(started.request)  # and the process dies before it keeps the operation
    paid(sqlite_payment_site, sqlite_payment_site.last_operation)
    assert statuses(planning) == ["confirmed"] and received() == [420]
    with write_transaction() as session:  # what it had to keep comes in later
        record_asked(session, started.basket_id, sqlite_payment_site.ask(started.request))
    assert db.session.scalars(select(PaymentBasket.state)).all() == [BasketState.PAID]
    assert find_inconsistencies(db.session()) == ()


@pytest.mark.parametrize("step", ["issue_invoice", "lock_children", "check_transition"])
def test_what_dies_in_the_midst_of_settling_loses_nothing(
    sqlite_app: Flask, sqlite_payment_site: PaymentSite, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    planning = make_paid()
    book(planning, "Matin")
    operation = start(sqlite_payment_site, planning)

    def dies(*_arguments: object, **_named: object) -> None:
        raise RuntimeError("the process dies")

    with monkeypatch.context() as broken:
        broken.setattr(paid_bookings, step, dies)
        with pytest.raises(RuntimeError):
            paid(sqlite_payment_site, operation)
    assert (statuses(planning), received()) == (["awaiting_payment"], [])
    assert invoices_of(planning.family.family_id) == () and mails() == []
    paid(sqlite_payment_site, operation)
    assert [view.number for view in invoices_of(planning.family.family_id)] == ["pop-F261100001"]
    assert (statuses(planning), received()) == (["confirmed"], [420])
    assert find_inconsistencies(db.session()) == ()


# --- What may be paid, and what is wrong ------------------------------------------------------------------------------


def test_too_little_is_not_paid_online(sqlite_app: Flask) -> None:
    planning = make_paid()
    book(planning, "Matin")
    with write_transaction() as session:
        session.execute(update(Booking).values(price_cents=99))
    to_pay = what_to_pay(db.session(), planning.family.family_id, is_online=True)
    assert [day.obstacle for day in to_pay.days] == [UnpayableReason.BELOW_MINIMUM]
    with pytest.raises(PlacesMoved):
        make_places_basket(planning.family)
    offline = what_to_pay(db.session(), planning.family.family_id, is_online=False)
    assert [day.obstacle for day in offline.days] == [UnpayableReason.NOT_ONLINE]


def test_an_activity_that_is_unfit_now_books_as_any_other(sqlite_app: Flask) -> None:
    planning = make_paid()
    with write_transaction() as session:
        session.execute(update(Office).values(payfip_number=None))
        session.scalars(select(Activity)).one().description = "now"  # settings have changed
    assert book(planning, "Matin") == [Result.BOOKED]


def test_only_what_can_be_paid_is_set_so(sqlite_app: Flask) -> None:
    planning = make_planning()
    row = activity_settings.find_activity(planning.activity.id)

    def unfit(*, on_request: bool = row.on_request) -> Unfit | None:
        typed = replace(row, pay_within_minutes=20, on_request=on_request)
        try:
            with write_transaction() as session:
                activity_settings.save_activity(session, row.id, typed)
        except UnfitToPay as error:
            return error.unfit
        return None

    assert unfit() is None
    assert unfit(on_request=True) is Unfit.ON_REQUEST
    with write_transaction() as session:
        version = session.scalars(select(TariffVersion)).one()
        units = frozenset({unit_code(planning.activity.units["Matin"])})
        version.grid = replace(version.grid, packages=(Package(version.grid.items[0].code, Period.WEEK, units),))
    assert unfit() is Unfit.PRICED_TOGETHER
    with write_transaction() as session:
        session.get_one(Office, row.office_id).payfip_number = None
    assert unfit() is Unfit.NOT_ONLINE


def test_what_is_wrong_is_found(sqlite_app: Flask, sqlite_payment_site: PaymentSite) -> None:
    planning = make_paid()
    book(planning, "Matin")
    book(planning, "Matin", day=NEXT_WEDNESDAY)
    with write_transaction() as session:
        session.execute(update(Booking).values(kept_until=None))
    assert [each.problem for each in find_inconsistencies(db.session())] == [Problem.HELD, Problem.HELD]
    with write_transaction() as session:
        session.execute(update(Booking).values(kept_until=clock.now() - timedelta(days=2)))
    assert [each.problem for each in find_inconsistencies(db.session())] == [Problem.HELD, Problem.HELD]
    with write_transaction() as session:
        session.execute(update(Booking).values(kept_until=clock.now() + timedelta(minutes=5)))
    paid(sqlite_payment_site, start(sqlite_payment_site, planning))
    with write_transaction() as session:
        session.execute(InvoicedBooking.__table__.delete())
    assert Problem.BASKET in {each.problem for each in find_inconsistencies(db.session())}


STEPS = ("book", "next", "rival", "back", "pay", "paid", "first paid", "refused", "wait", "long", "release")


@pytest.mark.parametrize("seed", range(3))
def test_whatever_happens_money_and_places_are_conserved(
    sqlite_app: Flask, sqlite_payment_site: PaymentSite, seed: int
) -> None:
    planning = make_paid(places=1)
    rival, child_id = add_family(planning)
    matin, dice = planning.opening(WEDNESDAY, "Matin"), Random(seed)
    for step in dice.choices(STEPS, weights=(4, 2, 2, 1, 4, 2, 2, 1, 2, 1, 2), k=30):
        match step:
            case "book":
                book(planning, "Matin")
            case "next":
                book(planning, "Matin", day=NEXT_WEDNESDAY)
            case "rival":
                save(rival, child_id, book=[matin])
            case "back":
                save(planning.family, planning.child_id, cancel=[matin])
            case "pay":
                with suppress(PlacesMoved):
                    start(sqlite_payment_site, planning)
            case "wait":
                later(minutes=7)
            case "long":
                later(minutes=26)
            case "release":
                release_places()
            case _ if sqlite_payment_site.asked:
                sqlite_payment_site.outcome = PaymentOutcome.REFUSED if step == "refused" else PaymentOutcome.PAID_CARD
                settle(sqlite_payment_site, list(sqlite_payment_site.asked)[0 if step == "first paid" else -1])
        db.session.expire_all()
        assert find_inconsistencies(db.session()) == ()
        paid_cents = select(func.sum(PaymentBasket.amount_cents)).where(PaymentBasket.state == BasketState.PAID)
        assert (db.session.scalar(paid_cents) or 0) == sum(received())
    assert received()  # something was paid
