"""Waiting lists: ranks are the order of commit, a freed place goes to the first who may come, in the same transaction."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, time

import pytest
from flask import Flask
from sqlalchemy import select, update

from app import clock
from app.database import db, write_transaction
from app.models.attendances import Attendance
from app.models.bookings import Booking, BookingEvent, BookingPriceChange, CapacityCounter, PriceChangeReason
from app.models.mails import OutboxMail
from app.models.waiting_lists import WaitingEntry
from app.rules.cells import Reason
from app.rules.choices import Shown
from app.rules.deadlines import DaysBefore, Deadline, Never
from app.services import bookings, enrolment_ends, histories, scope_settings, waiting_lists, waiting_wishes
from app.services.checks import find_inconsistencies
from app.services.errors import NotFound, OfferGone
from app.services.histories import Period, Span
from app.services.history_sources import Act
from app.services.planning import Proposal
from app.services.scope_settings import set_day_places
from app.services.verdicts import Result
from tests import factories
from tests.factories import (
    NEXT_WEDNESDAY,
    FamilySetup,
    PlanningSetup,
    add_family,
    bookings_of,
    give_list,
    join_list,
    make_planning,
    save,
    set_notice,
    taken,
    tick,
)

DAY = NEXT_WEDNESDAY


@pytest.fixture
def planning(sqlite_app: Flask) -> PlanningSetup:
    return full_day()


def full_day(places: int = 1) -> PlanningSetup:
    """« Mercredi » with a list, full next Wednesday: Léa has the morning."""
    planning = make_planning(places=places)
    give_list(planning.activity)
    save(planning.family, planning.child_id, book=[morning(planning)])
    return planning


def morning(planning: PlanningSetup) -> int:
    return planning.opening(DAY, "Matin")


def rivals(planning: PlanningSetup, count: int, *, wants_booking: bool = True) -> list[tuple[FamilySetup, int]]:
    found = [add_family(planning, f"RIVAL{number}") for number in range(count)]
    for family, child_id in found:
        join_list(family, child_id, [morning(planning)], wants_booking=wants_booking)
    return found


def status(child_id: int) -> str:
    db.session.rollback()
    return bookings_of(child_id)[-1][1]


def mails() -> list[tuple[str, str]]:
    db.session.rollback()
    rows = db.session.execute(select(OutboxMail.template, OutboxMail.recipient).order_by(OutboxMail.id))
    return [(template, recipient) for template, recipient in rows if template.startswith("waiting")]


def entry_of(child_id: int) -> WaitingEntry:
    db.session.rollback()
    of_child = select(WaitingEntry).where(WaitingEntry.child_id == child_id)
    return db.session.scalars(of_child.order_by(WaitingEntry.id.desc()).limit(1)).one()


def leave(family: FamilySetup, child_id: int) -> None:
    entry_id = entry_of(child_id).id
    with write_transaction() as session:
        waiting_wishes.leave(session, family.ref, family.user_id, entry_id)


def accept(family: FamilySetup, child_id: int) -> None:
    entry_id = entry_of(child_id).id
    with write_transaction() as session:
        waiting_wishes.accept(session, family.ref, family.user_id, entry_id)


def expire() -> int:
    """As the worker does."""
    count = 0
    while (family_id := waiting_lists.family_with_due(db.session())) is not None:
        with write_transaction() as session:
            count += waiting_lists.expire_due(session, family_id)
    db.session.rollback()
    return count


def at(year: int, month: int, day: int, hour: int = 0, minute: int = 0, second: int = 0) -> None:
    clock.start_at(datetime(year, month, day, hour, minute, second), frozen=True)


def test_a_place_that_is_freed_goes_to_the_first_of_the_list(app: Flask) -> None:
    planning = full_day()
    (first, first_child), (_, second_child) = rivals(planning, 2)
    assert [status(first_child), status(second_child)] == ["waiting", "waiting"]
    assert taken(DAY, planning.activity.scope_id) == 1
    save(planning.family, planning.child_id, cancel=[morning(planning)])
    assert [status(first_child), status(second_child)] == ["confirmed", "waiting"]
    assert mails() == [("waiting_confirmed", first.email)]
    assert taken(DAY, planning.activity.scope_id) == 1
    assert not find_inconsistencies(db.session())


@pytest.mark.parametrize("is_offered", [False, True])
def test_who_was_ticked_while_it_waited_is_ticked_in_its_booking(planning: PlanningSetup, is_offered: bool) -> None:
    ((family, child_id),) = rivals(planning, 1, wants_booking=not is_offered)
    tick(child_id, morning(planning))
    save(planning.family, planning.child_id, cancel=[morning(planning)])
    if is_offered:
        accept(family, child_id)
    assert status(child_id) == "confirmed"
    booked = select(Booking.child_id).join(Attendance, Attendance.booking_id == Booking.id)
    assert db.session.scalars(booked).all() == [child_id]


def test_a_newcomer_does_not_take_what_somebody_waits_for(planning: PlanningSetup) -> None:
    """The document that kept the first one from booking is in order by now, and nobody has looked since."""
    family, child_id = add_family(planning, "PATIENT")
    newcomer, newcomer_child = add_family(planning, "PRESSE")
    join_list(family, child_id, [morning(planning)])
    with write_transaction() as session:  # a place that was freed without anybody being looked at
        session.execute(update(CapacityCounter).where(CapacityCounter.day == DAY).values(places=2))
    outcome = save(newcomer, newcomer_child, book=[morning(planning)])
    assert [choice.result for choice in outcome.choices] == [Result.REFUSED]
    assert status(child_id) == "confirmed"


def test_what_is_offered_is_held_and_accepted(planning: PlanningSetup) -> None:
    (family, child_id), (_, next_child) = rivals(planning, 2, wants_booking=False)
    save(planning.family, planning.child_id, cancel=[morning(planning)])
    assert [status(child_id), status(next_child)] == ["offered", "waiting"]
    assert taken(DAY, planning.activity.scope_id) == 1
    assert mails() == [("waiting_offered", family.email)]
    entry = entry_of(child_id)
    assert entry.offered_until is not None and entry.offered_until.replace(tzinfo=None) == datetime(2026, 11, 24, 8, 30)
    accept(family, child_id)
    assert status(child_id) == "confirmed" and entry_of(child_id).ended_at is not None
    assert taken(DAY, planning.activity.scope_id) == 1
    events = factories.event_count()
    accept(family, child_id)  # a double tap
    assert (status(child_id), factories.event_count()) == ("confirmed", events)
    with pytest.raises(OfferGone), write_transaction() as session:  # the other parent declined on an older page
        waiting_wishes.leave(session, family.ref, family.user_id, entry.id)
    assert status(child_id) == "confirmed"


def test_who_leaves_twice_has_left_and_what_was_declined_cannot_be_taken(planning: PlanningSetup) -> None:
    ((family, child_id),) = rivals(planning, 1, wants_booking=False)
    save(planning.family, planning.child_id, cancel=[morning(planning)])
    entry_id = entry_of(child_id).id
    for _ in range(2):
        with write_transaction() as session:
            waiting_wishes.leave(session, family.ref, family.user_id, entry_id)
    with pytest.raises(OfferGone), write_transaction() as session:
        waiting_wishes.accept(session, family.ref, family.user_id, entry_id)
    assert status(child_id) == "cancelled" and taken(DAY, planning.activity.scope_id) == 0


def test_nothing_may_need_what_is_only_offered(planning: PlanningSetup) -> None:
    ((family, child_id),) = rivals(planning, 1, wants_booking=False)
    save(planning.family, planning.child_id, cancel=[morning(planning)])
    lunch = planning.opening(DAY, "Repas")
    refused = save(family, child_id, book=[lunch])
    assert [(each.result, each.reason) for each in refused.choices] == [(Result.REFUSED, Reason.BREAKS_COMBINATION)]
    accept(family, child_id)
    assert [each.result for each in save(family, child_id, book=[lunch]).choices] == [Result.BOOKED]


def test_a_declined_offer_goes_to_the_next_one(planning: PlanningSetup) -> None:
    (family, child_id), (_, next_child) = rivals(planning, 2, wants_booking=False)
    save(planning.family, planning.child_id, cancel=[morning(planning)])
    leave(family, child_id)
    assert [status(child_id), status(next_child)] == ["cancelled", "offered"]
    assert taken(DAY, planning.activity.scope_id) == 1


def test_an_offer_without_answer_goes_to_the_next_one_and_is_told_once(planning: PlanningSetup) -> None:
    (family, child_id), (next_family, next_child) = rivals(planning, 2, wants_booking=False)
    save(planning.family, planning.child_id, cancel=[morning(planning)])
    at(2026, 11, 24, 8, 30, 0)
    assert expire() == 0
    at(2026, 11, 24, 8, 30, 1)
    with pytest.raises(OfferGone):
        accept(family, child_id)
    assert expire() == 1 and expire() == 0
    assert [status(child_id), status(next_child)] == ["expired", "offered"]
    assert mails()[1:] == [("waiting_unanswered", family.email), ("waiting_offered", next_family.email)]
    assert taken(DAY, planning.activity.scope_id) == 1


def test_an_expired_offer_is_given_on_by_whoever_comes_next(planning: PlanningSetup) -> None:
    (_, child_id), (_, next_child) = rivals(planning, 2, wants_booking=False)
    newcomer, newcomer_child = add_family(planning, "PRESSE")
    save(planning.family, planning.child_id, cancel=[morning(planning)])
    at(2026, 11, 24, 8, 31)
    save(newcomer, newcomer_child, book=[morning(planning)])
    assert [status(child_id), status(next_child)] == ["expired", "offered"]
    assert bookings_of(newcomer_child) == []


def test_no_offer_after_the_deadline_and_who_waited_is_told(planning: PlanningSetup) -> None:
    (family, child_id), _ = rivals(planning, 2)
    at(2026, 12, 1, 10, 0, 0)
    assert expire() == 0
    at(2026, 12, 1, 10, 0, 1)
    with write_transaction() as session:
        scope = planning.activity.scope_id
        assert scope is not None
        set_day_places(session, scope, [DAY], 5, None)
    assert status(child_id) == "waiting"
    assert expire() == 2
    assert status(child_id) == "expired"
    assert mails()[0] == ("waiting_over", family.email) and len(mails()) == 2


def test_automatic_is_offered_once_cancelling_is_not_free_any_more(planning: PlanningSetup) -> None:
    ((_, child_id),) = rivals(planning, 1)
    set_notice(planning.activity, Deadline.CANCEL, Never())
    with write_transaction() as session:
        scope = planning.activity.scope_id
        assert scope is not None
        set_day_places(session, scope, [DAY], 2, None)
    assert status(child_id) == "offered"


def test_an_offer_never_outlasts_the_deadline(planning: PlanningSetup) -> None:
    ((_, child_id),) = rivals(planning, 1, wants_booking=False)
    at(2026, 11, 30, 20, 0)
    set_notice(planning.activity, Deadline.BOOK, DaysBefore(1, time(10)))
    save(planning.family, planning.child_id, cancel=[morning(planning)])
    until = entry_of(child_id).offered_until
    assert until is not None and until.replace(tzinfo=None) == datetime(2026, 12, 1, 10)


def test_a_day_waits_as_a_whole_and_who_does_not_fit_yet_keeps_the_turn(planning: PlanningSetup) -> None:
    """The lunch is full too, for one child more: the first needs both, the second only the morning."""
    lunch, scope = planning.opening(DAY, "Repas"), planning.activity.scope_id
    with write_transaction() as session:
        meals = factories.add_scope(
            session, "Repas", 0, [planning.activity.units["Repas"]], [planning.activity.group_id]
        )
    both, both_child = add_family(planning, "DEUX")
    one, one_child = add_family(planning, "UN")
    join_list(both, both_child, [morning(planning), lunch])
    join_list(one, one_child, [morning(planning)])
    save(planning.family, planning.child_id, cancel=[morning(planning)])
    assert {found for _, found in bookings_of(both_child)} == {"waiting"} and status(one_child) == "confirmed"
    with write_transaction() as session:
        set_day_places(session, meals, [DAY], 1, None)
    assert {found for _, found in bookings_of(both_child)} == {"waiting"}
    save(one, one_child, cancel=[morning(planning)])
    assert {found for _, found in bookings_of(both_child)} == {"confirmed"}
    assert (taken(DAY, scope), taken(DAY, meals)) == (1, 1)


def test_nobody_waits_in_vain_for_what_would_break_a_rule(planning: PlanningSetup) -> None:
    """A meal that is full asks for a morning: one that is had, or waited for already."""
    lunch = planning.opening(DAY, "Repas")
    family, child_id = add_family(planning, "SEUL")
    ((waiting, waiting_child),) = rivals(planning, 1)
    (refused,) = save(family, child_id, book=[lunch]).choices
    assert (refused.reason, refused.can_wait) == (Reason.BREAKS_COMBINATION, False)
    assert join_list(family, child_id, [lunch]).refused == (DAY,)
    (full,) = save(waiting, waiting_child, book=[lunch]).choices
    assert (full.reason, full.can_wait) == (Reason.FULL, True)
    assert join_list(waiting, waiting_child, [lunch]).waiting == (DAY,)
    save(planning.family, planning.child_id, cancel=[morning(planning)])
    assert {found for _, found in bookings_of(waiting_child)} == {"confirmed"}


def test_siblings_that_are_bound_come_together_or_not_at_all(planning: PlanningSetup) -> None:
    family, eldest = add_family(planning, "FRATRIE")
    youngest = factories.make_child(family, "Zoé", last_name="FRATRIE")
    factories.enrol(youngest, family, planning.activity)
    for child_id in (eldest, youngest):
        join_list(family, child_id, [morning(planning)])
    with write_transaction() as session:
        waiting_wishes.bind(session, family.ref, DAY, together=True)
    ((_, later),) = rivals(planning, 1)
    save(planning.family, planning.child_id, cancel=[morning(planning)])
    assert [status(child_id) for child_id in (eldest, youngest, later)] == ["waiting", "waiting", "confirmed"]
    scope = planning.activity.scope_id
    assert scope is not None
    with write_transaction() as session:
        set_day_places(session, scope, [DAY], 3, None)
    assert [status(child_id) for child_id in (eldest, youngest)] == ["confirmed", "confirmed"]
    with pytest.raises(NotFound), write_transaction() as session:
        waiting_wishes.bind(session, family.ref, DAY, together=False)


def test_whoever_cannot_come_now_is_passed_over(planning: PlanningSetup) -> None:
    """The first has booked the afternoon elsewhere at these hours meanwhile."""
    (family, child_id), (_, next_child) = rivals(planning, 2)
    workshop = factories.make_activity("Atelier", {"Peinture": (time(8), time(9))}, needs={})
    openings = factories.make_openings(workshop, [DAY])
    factories.enrol(child_id, family, workshop)
    save(family, child_id, book=[openings[DAY, "Peinture"]])
    save(planning.family, planning.child_id, cancel=[morning(planning)])
    assert entry_of(child_id).ended_at is None and status(next_child) == "confirmed"


def test_nobody_waits_without_a_list_or_twice(planning: PlanningSetup) -> None:
    family, child_id = add_family(planning)
    join_list(family, child_id, [morning(planning)])
    assert join_list(family, child_id, [morning(planning)]).waiting == ()
    assert len(bookings_of(child_id)) == 1
    leave(family, child_id)
    give_list(planning.activity, hours=None)
    joined = join_list(family, child_id, [morning(planning)])
    assert joined.waiting == () and joined.refused == (DAY,)


def test_a_place_that_is_free_by_now_is_given_at_once(planning: PlanningSetup) -> None:
    save(planning.family, planning.child_id, cancel=[morning(planning)])
    family, child_id = add_family(planning)
    assert join_list(family, child_id, [morning(planning)]).given == (DAY,)
    assert status(child_id) == "confirmed"


def test_whoever_waits_holds_nothing_and_pays_nothing(planning: PlanningSetup) -> None:
    family, child_id = add_family(planning)
    join_list(family, child_id, [morning(planning)])
    lunch = save(family, child_id, book=[planning.opening(DAY, "Repas")])
    assert lunch.choices[0].result is Result.REFUSED
    again = save(family, child_id, book=[morning(planning)])
    assert [choice.result for choice in again.choices] == [Result.WAITING]
    assert not find_inconsistencies(db.session())


def test_the_price_is_that_of_the_promotion(planning: PlanningSetup) -> None:
    ((_, child_id),) = rivals(planning, 1)
    factories.set_prices(lambda cents: cents + 100)
    save(planning.family, planning.child_id, cancel=[morning(planning)])
    booking = db.session.scalars(select(Booking).where(Booking.child_id == child_id)).one()
    assert booking.price_cents == 520
    change = db.session.scalars(select(BookingPriceChange)).one()
    assert (change.from_cents, change.to_cents, change.reason) == (420, 520, PriceChangeReason.PLACE_FREED)


def test_other_homes_and_families_see_nothing_of_an_entry(planning: PlanningSetup) -> None:
    (_, child_id), (other, _) = rivals(planning, 2)
    entry_id = entry_of(child_id).id
    for act in (waiting_wishes.leave, waiting_wishes.accept):
        with pytest.raises(NotFound), write_transaction() as session:
            act(session, other.ref, other.user_id, entry_id)


def test_the_end_of_an_enrolment_ends_what_it_waits_for_and_frees_what_it_was_offered(planning: PlanningSetup) -> None:
    (family, child_id), (_, next_child) = rivals(planning, 2, wants_booking=False)
    save(planning.family, planning.child_id, cancel=[morning(planning)])
    staff_id = factories.make_staff()
    enrolment_id = db.session.scalars(select(Booking.enrolment_id).where(Booking.child_id == child_id)).one()
    plan = enrolment_ends.plan_end(db.session(), family.ref, enrolment_id, clock.today(), by_staff=True)
    with write_transaction() as session:
        enrolment_ends.end_enrolment(
            session, family.ref, enrolment_id, clock.today(), user_id=staff_id, reason="Départ",
            fingerprint=plan.fingerprint, by_staff=True,
        )  # fmt: skip
    assert [status(child_id), status(next_child)] == ["cancelled", "offered"]
    assert taken(DAY, planning.activity.scope_id) == 1


def test_more_places_and_a_reopened_day_are_given_on(planning: PlanningSetup) -> None:
    (_, first_child), (_, second_child), _ = rivals(planning, 3)
    scope_id = planning.activity.scope_id
    assert scope_id is not None
    scope = scope_settings.find_scope(scope_id)
    with write_transaction() as session:
        scope_settings.save_scope(
            session, scope_id, scope_settings.ScopeInput(scope.name, 3, None, 3, scope.units, scope.groups)
        )
    assert [status(first_child), status(second_child)] == ["confirmed", "confirmed"]
    assert taken(DAY, scope_id) == 3


def test_rivals_at_once_have_one_place_and_ranks_in_order_of_commit(app: Flask) -> None:
    count = int(os.environ.get("RIVALS", "8"))  # 200 by `script/drill list`
    planning = make_planning(places=1)
    give_list(planning.activity)
    families = [add_family(planning, f"RIVAL{number}") for number in range(count)]
    opening_id = morning(planning)

    def come(family: FamilySetup, child_id: int) -> None:
        with app.app_context():
            outcome = save(family, child_id, book=[opening_id])
            if outcome.count(Result.BOOKED) == 0:
                join_list(family, child_id, [opening_id])

    together(come, families)
    assert sorted(status(child_id) for _, child_id in families) == ["confirmed", *["waiting"] * (count - 1)]
    entries = db.session.scalars(select(WaitingEntry).order_by(WaitingEntry.position)).all()
    assert len({entry.position for entry in entries}) == count - 1
    joined = db.session.execute(
        select(Booking.waiting_id)
        .join(BookingEvent, BookingEvent.booking_id == Booking.id)
        .where(BookingEvent.from_status.is_(None), Booking.waiting_id.is_not(None))
        .order_by(BookingEvent.id)
    )
    assert [entry.id for entry in entries] == [waiting_id for (waiting_id,) in joined]
    assert not find_inconsistencies(db.session())


def test_places_freed_at_once_are_all_given_on(app: Flask) -> None:
    """Parents who cancel, join and leave side by side: nobody waits for a place that is free, nothing deadlocks."""
    planning = make_planning(places=4)
    give_list(planning.activity)
    holders = [add_family(planning, f"LA{number}") for number in range(4)]
    comers = [add_family(planning, f"APRES{number}") for number in range(6)]
    for family, child_id in holders:
        save(family, child_id, book=[morning(planning)])

    def act(family: FamilySetup, child_id: int) -> None:
        with app.app_context():
            if any(child_id == child for _, child in holders):
                save(family, child_id, cancel=[morning(planning)])
            else:
                join_list(family, child_id, [morning(planning)])

    together(act, [who for pair in zip(holders, comers, strict=False) for who in pair] + comers[4:])
    db.session.rollback()
    found = [status(child_id) for _, child_id in comers]
    assert sorted(found) == ["confirmed"] * 4 + ["waiting"] * 2
    assert taken(DAY, planning.activity.scope_id) == 4
    assert not find_inconsistencies(db.session())


def together(act: Callable[[FamilySetup, int], None], families: Iterable[tuple[FamilySetup, int]]) -> None:
    with ThreadPoolExecutor(max_workers=10) as pool:  # no more than the connections that PostgreSQL is asked for
        for done in [pool.submit(act, *who) for who in families]:
            done.result()
    db.session.rollback()


def test_a_form_that_showed_a_full_cell_is_not_queued_silently(planning: PlanningSetup) -> None:
    family, child_id = add_family(planning)
    form = Proposal((Shown(morning(planning), False),), frozenset({morning(planning)}))
    with write_transaction() as session:
        outcome = bookings.save(session, family.ref, family.user_id, child_id, "a-key-that-is-long", form)
    assert outcome.choices[0].result is Result.REFUSED and bookings_of(child_id) == []


def test_what_a_list_did_stands_in_the_history_of_the_family(planning: PlanningSetup) -> None:
    (family, child_id), (other, other_child) = rivals(planning, 2, wants_booking=False)
    save(planning.family, planning.child_id, cancel=[morning(planning)])
    leave(family, child_id)
    leave(other, other_child)
    period = Period(Span.MONTH, clock.today().replace(day=1), clock.today())
    acts = {event.act for event in histories.whole_history(family.user_id, family.family_id, period, None)}
    assert {Act.JOINED_LIST, Act.OFFERED_PLACE, Act.LEFT_LIST} <= acts


@pytest.mark.parametrize("becomes", [factories.put_on_request, factories.let_pay_at_booking])
def test_a_list_decides_nothing_that_the_staff_decide_or_that_is_paid_first(planning: PlanningSetup, becomes) -> None:  # type: ignore[no-untyped-def]
    """The staff changed the activity while somebody waits."""
    ((_, child_id),) = rivals(planning, 1)
    becomes(planning.activity)
    save(planning.family, planning.child_id, cancel=[morning(planning)])
    assert status(child_id) == "waiting" and taken(DAY, planning.activity.scope_id) == 0
    assert waiting_lists.days_to_look_at(db.session()) == [DAY]
    at(2026, 12, 1, 10, 0, 1)
    assert expire() == 1 and status(child_id) == "expired"
    assert not find_inconsistencies(db.session())


def test_a_child_that_both_homes_want_there_waits_once(planning: PlanningSetup) -> None:
    ((_, child_id),) = rivals(planning, 1)
    other = factories.make_family("SEPARE", "Alix")
    factories.share_child(child_id, other)
    factories.enrol(child_id, other, planning.activity)
    joined = join_list(other, child_id, [morning(planning)])
    assert (joined.waiting, joined.given) == ((), ())
    entry_id = entry_of(child_id).id
    with pytest.raises(NotFound), write_transaction() as session:
        waiting_wishes.leave(session, other.ref, other.user_id, entry_id)
    save(planning.family, planning.child_id, cancel=[morning(planning)])
    assert status(child_id) == "confirmed" and taken(DAY, planning.activity.scope_id) == 1
    assert not find_inconsistencies(db.session())


def test_places_that_are_taken_away_do_not_break_what_was_offered(planning: PlanningSetup) -> None:
    (family, child_id), (_, next_child) = rivals(planning, 2, wants_booking=False)
    save(planning.family, planning.child_id, cancel=[morning(planning)])
    scope = planning.activity.scope_id
    assert scope is not None
    with write_transaction() as session:
        set_day_places(session, scope, [DAY], 0, None)
    accept(family, child_id)
    save(family, child_id, cancel=[morning(planning)])
    assert [status(child_id), status(next_child)] == ["cancelled", "waiting"]
    assert taken(DAY, scope) == 0 and not find_inconsistencies(db.session())
