"""Saving a planning: what is booked, what is refused, and that nothing else moves."""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextvars import Context
from datetime import date, datetime, time, timedelta

import pytest
from flask import Flask
from sqlalchemy import delete, func, select, update

from app import clock
from app.database import WriteRefused, db, write_transaction
from app.models.bookings import Booking, BookingEvent, CapacityCounter, Opening, SaveReceipt
from app.models.enrolments import Enrolment
from app.models.families import Family, FamilyChild
from app.rules.cells import Reason
from app.rules.combinations import Combinations
from app.rules.deadlines import Counted, DaysBefore, Deadline, FixedMoment
from app.rules.quotients import QuotientOutcome
from app.rules.states import Actor, BookingStatus, CancelClass, EnrolmentStatus, FamilyStatus
from app.services import bookings, next_days
from app.services.checks import find_inconsistencies
from app.services.combination_settings import save_combinations
from app.services.errors import FamilyNotActive, NotFound
from app.services.verdicts import Result, SaveOutcome
from tests import factories
from tests.factories import (
    NEXT_WEDNESDAY,
    WEDNESDAY,
    PlanningSetup,
    add_family,
    bookings_of,
    event_count,
    make_planning,
    proposal,
    save,
    taken,
)


def results(outcome: SaveOutcome) -> dict[int, Result]:
    return {choice.opening_id: choice.result for choice in outcome.choices}


def reason_of(outcome: SaveOutcome, opening_id: int) -> Reason | None:
    return next(choice.reason for choice in outcome.choices if choice.opening_id == opening_id)


def assert_consistent() -> None:
    assert find_inconsistencies(db.session()) == ()


def test_parent_books_an_opening_and_everything_about_it_is_kept(app: Flask) -> None:
    planning = make_planning(quotient_cents=50_000)
    morning = planning.opening(WEDNESDAY, "Matin")

    outcome = save(planning.family, planning.child_id, book=[morning])

    assert results(outcome) == {morning: Result.BOOKED}
    assert outcome.change_cents == 210
    booking = db.session.scalars(select(Booking)).one()
    assert (booking.child_id, booking.family_id, booking.opening_id) == (
        planning.child_id, planning.family.family_id, morning,
    )  # fmt: skip
    assert (booking.day, booking.status, booking.cancel_class) == (WEDNESDAY, BookingStatus.CONFIRMED, None)
    assert (booking.price_cents, booking.price_outcome) == (210, QuotientOutcome.VERIFIED)
    event = db.session.scalars(select(BookingEvent)).one()
    assert (event.from_status, event.to_status, event.actor) == (None, BookingStatus.CONFIRMED, Actor.PARENT)
    assert (event.booking_id, event.user_id, event.at) == (booking.id, planning.family.user_id, clock.now())
    assert taken(WEDNESDAY, planning.activity.scope_id) == 1
    assert_consistent()


def test_family_without_quotient_pays_the_maximum(app: Flask) -> None:
    planning = make_planning()
    outcome = save(planning.family, planning.child_id, book=[planning.opening(WEDNESDAY, "Matin")])
    assert outcome.change_cents == 420
    assert db.session.scalars(select(Booking.price_outcome)).one() is not QuotientOutcome.VERIFIED


def test_a_price_once_seen_stays_with_its_booking(app: Flask) -> None:
    planning = make_planning()
    save(planning.family, planning.child_id, book=[planning.opening(WEDNESDAY, "Matin")])
    factories.set_prices(lambda _: 999)
    save(planning.family, planning.child_id, book=[planning.opening(NEXT_WEDNESDAY, "Matin")])
    assert db.session.scalars(select(Booking.price_cents).order_by(Booking.id)).all() == [420, 999]


def test_parent_cancels_in_time_and_the_place_is_free_again(app: Flask) -> None:
    planning = make_planning()
    morning = planning.opening(WEDNESDAY, "Matin")
    save(planning.family, planning.child_id, book=[morning])

    outcome = save(planning.family, planning.child_id, cancel=[morning])

    assert results(outcome) == {morning: Result.CANCELLED}
    booking = db.session.scalars(select(Booking)).one()
    assert (booking.status, booking.cancel_class) == (BookingStatus.CANCELLED, CancelClass.IN_TIME)
    event = db.session.scalars(select(BookingEvent).order_by(BookingEvent.id.desc()).limit(1)).one()
    assert (event.from_status, event.to_status) == (BookingStatus.CONFIRMED, BookingStatus.CANCELLED)
    assert taken(WEDNESDAY, planning.activity.scope_id) == 0
    assert_consistent()


def test_parent_books_again_after_cancelling(app: Flask) -> None:
    planning = make_planning()
    morning = planning.opening(WEDNESDAY, "Matin")
    save(planning.family, planning.child_id, book=[morning])
    save(planning.family, planning.child_id, cancel=[morning])
    save(planning.family, planning.child_id, book=[morning])
    assert bookings_of(planning.child_id) == [(morning, "cancelled"), (morning, "confirmed")]
    assert taken(WEDNESDAY, planning.activity.scope_id) == 1
    assert_consistent()


def test_same_form_sent_twice_books_once_and_answers_the_same(app: Flask) -> None:
    planning = make_planning()
    morning = planning.opening(WEDNESDAY, "Matin")
    first = save(planning.family, planning.child_id, book=[morning], key="same-key-same-key")
    second = save(planning.family, planning.child_id, book=[morning], key="same-key-same-key")
    assert second == first
    assert bookings_of(planning.child_id) == [(morning, "confirmed")]
    assert event_count() == 1


def test_key_of_another_user_is_another_key(app: Flask) -> None:
    planning = make_planning()
    other, other_child = add_family(planning)
    morning = planning.opening(WEDNESDAY, "Matin")
    save(planning.family, planning.child_id, book=[morning], key="same-key-same-key")
    outcome = save(other, other_child, book=[morning], key="same-key-same-key")
    assert outcome.child_id == other_child
    assert bookings_of(other_child) == [(morning, "confirmed")]


def test_receipts_are_forgotten_after_two_days(app: Flask) -> None:
    planning = make_planning()
    save(
        planning.family, planning.child_id, book=[planning.opening(NEXT_WEDNESDAY, "Matin")], key="first-key-first-key"
    )
    clock.start_at(clock.now() + timedelta(days=2, minutes=1), frozen=True)
    save(planning.family, planning.child_id, cancel=[planning.opening(NEXT_WEDNESDAY, "Matin")])
    assert db.session.scalar(select(func.count()).select_from(SaveReceipt)) == 1
    assert bookings.read_outcome(planning.family.user_id, "first-key-first-key", planning.child_id) is None


def test_outcome_is_read_again_by_its_user_for_its_child_only(app: Flask) -> None:
    planning = make_planning()
    other, _ = add_family(planning)
    late = planning.opening(WEDNESDAY, "Repas")
    saved = save(planning.family, planning.child_id, book=[late], key="key-of-the-first-form")
    user_id = planning.family.user_id
    assert bookings.read_outcome(user_id, "key-of-the-first-form", planning.child_id) == saved
    assert bookings.read_outcome(other.user_id, "key-of-the-first-form", planning.child_id) is None
    assert bookings.read_outcome(user_id, "key-of-the-first-form", planning.child_id + 1) is None
    assert bookings.read_outcome(user_id, None, planning.child_id) is None


def test_three_units_of_a_day_take_one_place(app: Flask) -> None:
    planning = make_planning(places=1)
    day = [planning.opening(WEDNESDAY, unit) for unit in factories.WEDNESDAY_UNITS]
    assert set(results(save(planning.family, planning.child_id, book=day)).values()) == {Result.BOOKED}
    assert taken(WEDNESDAY, planning.activity.scope_id) == 1
    save(planning.family, planning.child_id, cancel=day[1:])
    assert taken(WEDNESDAY, planning.activity.scope_id) == 1
    save(planning.family, planning.child_id, cancel=day[:1])
    assert taken(WEDNESDAY, planning.activity.scope_id) == 0
    assert_consistent()


def test_full_day_is_refused_and_the_other_day_saved(app: Flask) -> None:
    planning = make_planning(places=1)
    other, other_child = add_family(planning)
    full, free = planning.opening(WEDNESDAY, "Matin"), planning.opening(NEXT_WEDNESDAY, "Matin")
    save(planning.family, planning.child_id, book=[full])

    outcome = save(other, other_child, book=[full, free])

    assert results(outcome) == {full: Result.REFUSED, free: Result.BOOKED}
    assert reason_of(outcome, full) is Reason.FULL
    assert bookings_of(other_child) == [(free, "confirmed")]
    assert taken(WEDNESDAY, planning.activity.scope_id) == 1
    assert_consistent()


def test_day_is_saved_whole_or_not_at_all(app: Flask) -> None:
    planning = make_planning()
    morning, meal = planning.opening(WEDNESDAY, "Matin"), planning.opening(WEDNESDAY, "Repas")
    save(planning.family, planning.child_id, book=[morning])
    before = event_count()
    # The meal may not come alone: neither is the morning given up, nor the meal booked.
    wanted = proposal(held=[morning], free=[meal], ticked=[meal])
    with write_transaction() as session:
        outcome = bookings.save(
            session, planning.family.ref, planning.family.user_id, planning.child_id, "whole-or-not-at-all", wanted
        )
    assert results(outcome) == {meal: Result.REFUSED, morning: Result.HELD_BACK}
    assert reason_of(outcome, meal) is Reason.BREAKS_COMBINATION
    assert bookings_of(planning.child_id) == [(morning, "confirmed")]
    assert event_count() == before


def test_removal_that_breaks_what_stays_is_told_on_what_stays(app: Flask) -> None:
    planning = make_planning()
    morning, meal = planning.opening(WEDNESDAY, "Matin"), planning.opening(WEDNESDAY, "Repas")
    save(planning.family, planning.child_id, book=[morning, meal])
    outcome = save(planning.family, planning.child_id, cancel=[morning])
    assert results(outcome) == {morning: Result.HELD_BACK, meal: Result.STAYS}
    assert [status for _, status in bookings_of(planning.child_id)] == ["confirmed", "confirmed"]


def test_swap_of_half_days_keeps_the_meal(app: Flask) -> None:
    planning = make_planning(places=1)
    morning, meal, afternoon = (planning.opening(WEDNESDAY, unit) for unit in ("Matin", "Repas", "Après-midi"))
    save(planning.family, planning.child_id, book=[morning, meal])
    wanted = proposal(held=[morning, meal], free=[afternoon], ticked=[meal, afternoon])
    with write_transaction() as session:
        outcome = bookings.save(
            session, planning.family.ref, planning.family.user_id, planning.child_id, "swap-of-half-days", wanted
        )
    assert results(outcome) == {morning: Result.CANCELLED, afternoon: Result.BOOKED}
    assert taken(WEDNESDAY, planning.activity.scope_id) == 1
    assert_consistent()


@pytest.mark.parametrize(
    ("now", "in_time"),
    [
        (datetime(2026, 11, 24, 10, 0), True),
        (datetime(2026, 11, 24, 10, 0, 0, 999_999), True),
        (datetime(2026, 11, 24, 10, 0, 1), False),
    ],
)
def test_deadline_is_kept_to_the_second(app: Flask, now: datetime, in_time: bool) -> None:
    planning = make_planning()
    held, free = planning.opening(WEDNESDAY, "Matin"), planning.opening(WEDNESDAY, "Après-midi")
    save(planning.family, planning.child_id, book=[held])
    clock.start_at(now, frozen=True)
    booked = save(planning.family, planning.child_id, book=[free])
    assert results(booked)[free] is (Result.BOOKED if in_time else Result.REFUSED)
    cancelled = save(planning.family, planning.child_id, cancel=[held])
    assert results(cancelled)[held] is (Result.CANCELLED if in_time else Result.REFUSED)
    if not in_time:
        assert reason_of(booked, free) is Reason.TOO_LATE_TO_BOOK
        assert reason_of(cancelled, held) is Reason.TOO_LATE_TO_CANCEL
        assert booked.choices[0].until == "2026-11-24T10:00:00+01:00"


def test_bookings_that_are_not_open_yet_are_refused_with_the_opening(sqlite_app: Flask) -> None:
    planning = make_planning()
    factories.set_notice(planning.activity, Deadline.OPENING, FixedMoment(date(2026, 11, 24), time(8, 30)))
    free = planning.opening(WEDNESDAY, "Matin")
    early = save(planning.family, planning.child_id, book=[free])
    assert (reason_of(early, free), early.choices[0].until) == (Reason.NOT_OPEN_YET, "2026-11-24T08:30:00+01:00")
    clock.start_at(datetime(2026, 11, 24, 8, 30), frozen=True)
    assert results(save(planning.family, planning.child_id, book=[free]))[free] is Result.BOOKED


def test_days_of_the_site_are_counted_in_its_openings(sqlite_app: Flask) -> None:
    """Two days of opening before a Wednesday: the Monday, where another activity of the site opens on Tuesday."""
    planning = make_planning()
    factories.set_notice(planning.activity, Deadline.BOOK, DaysBefore(2, time(10), Counted.SITE))
    free = planning.opening(WEDNESDAY, "Matin")
    factories.make_openings(
        factories.make_activity("Périscolaire"), [date(2026, 11, 16), date(2026, 11, 23), date(2026, 11, 24)]
    )
    clock.start_at(datetime(2026, 11, 23, 10, 0, 1), frozen=True)
    late = save(planning.family, planning.child_id, book=[free])
    assert (reason_of(late, free), late.choices[0].until) == (Reason.TOO_LATE_TO_BOOK, "2026-11-23T10:00:00+01:00")


def test_concurrent_change_is_told_and_never_overwritten(app: Flask) -> None:
    planning = make_planning()
    child, family = planning.child_id, planning.family
    morning, afternoon = planning.opening(WEDNESDAY, "Matin"), planning.opening(WEDNESDAY, "Après-midi")
    kept, unseen = planning.opening(NEXT_WEDNESDAY, "Matin"), planning.opening(NEXT_WEDNESDAY, "Après-midi")
    save(family, child, book=[morning, unseen])
    # This form was drawn before: it saw `afternoon` and `kept` held, and `morning` free; `unseen` it did not see free.
    stale = proposal(held=[afternoon, kept], free=[morning], ticked=[morning, kept])
    with write_transaction() as session:
        outcome = bookings.save(session, family.ref, family.user_id, child, "stale-form-stale", stale)
    assert results(outcome) == {
        morning: Result.ALREADY_BOOKED, afternoon: Result.ALREADY_CANCELLED, kept: Result.LOST,
    }  # fmt: skip
    assert sorted(bookings_of(child)) == sorted([(morning, "confirmed"), (unseen, "confirmed")])
    assert event_count() == 2


def test_other_parent_cannot_touch_what_the_first_family_booked(app: Flask) -> None:
    planning = make_planning()
    other = factories.make_family("SEPARE", "Dominique")
    factories.share_child(planning.child_id, other)
    factories.enrol(planning.child_id, other, planning.activity)
    morning, meal = planning.opening(WEDNESDAY, "Matin"), planning.opening(WEDNESDAY, "Repas")
    save(planning.family, planning.child_id, book=[morning])

    again = save(other, planning.child_id, book=[morning])
    assert results(again) == {morning: Result.REFUSED}
    assert reason_of(again, morning) is Reason.HELD_BY_OTHER_FAMILY
    undone = save(other, planning.child_id, cancel=[morning])
    assert results(undone) == {morning: Result.ALREADY_CANCELLED}  # of this family nothing is held
    # The morning counts for the rule of the meal, and for the place: the child is there already.
    assert results(save(other, planning.child_id, book=[meal])) == {meal: Result.BOOKED}
    assert bookings_of(planning.child_id) == [(morning, "confirmed"), (meal, "confirmed")]
    assert taken(WEDNESDAY, planning.activity.scope_id) == 1
    assert_consistent()


def test_capacity_lowered_below_what_is_booked_lets_out_but_not_in(app: Flask) -> None:
    planning = make_planning(places=3)
    other, other_child = add_family(planning)
    morning, afternoon = planning.opening(WEDNESDAY, "Matin"), planning.opening(WEDNESDAY, "Après-midi")
    save(planning.family, planning.child_id, book=[morning])
    with write_transaction() as session:
        session.execute(update(CapacityCounter).where(CapacityCounter.day == WEDNESDAY).values(places=0))
    assert reason_of(save(other, other_child, book=[morning]), morning) is Reason.FULL
    # Who is counted already spends nothing more.
    assert results(save(planning.family, planning.child_id, book=[afternoon])) == {afternoon: Result.BOOKED}
    save(planning.family, planning.child_id, cancel=[morning, afternoon])
    assert taken(WEDNESDAY, planning.activity.scope_id) == 0


def test_day_without_counters_yet_gets_them_and_keeps_to_them(app: Flask) -> None:
    planning = make_planning(places=1)
    other, other_child = add_family(planning)
    day = date(2027, 1, 6)
    openings = factories.make_openings(planning.activity, [day], counters=False)
    first = save(planning.family, planning.child_id, book=[openings[day, "Matin"]])
    second = save(other, other_child, book=[openings[day, "Matin"]])
    assert (first.count(Result.BOOKED), second.count(Result.BOOKED)) == (1, 0)
    assert taken(day, planning.activity.scope_id) == 1


def forged_ticked_but_not_shown(planning: PlanningSetup) -> object:
    one, two = planning.opening(WEDNESDAY, "Matin"), planning.opening(WEDNESDAY, "Repas")
    return proposal(free=[one], ticked=[one, two])


def forged_unknown_opening(planning: PlanningSetup) -> object:
    return proposal(free=[987_654], ticked=[987_654])


def forged_other_activity(planning: PlanningSetup) -> object:
    stranger = factories.make_activity("Ados")
    opening = factories.make_openings(stranger, [WEDNESDAY])[WEDNESDAY, "Matin"]
    return proposal(free=[opening], ticked=[opening])


def forged_real_and_unknown(planning: PlanningSetup) -> object:
    one = planning.opening(WEDNESDAY, "Matin")
    return proposal(free=[one, 987_654], ticked=[one])


def forged_nothing_shown(planning: PlanningSetup) -> object:
    return proposal(ticked=[planning.opening(WEDNESDAY, "Matin")])


def forged_too_many(planning: PlanningSetup) -> object:
    return proposal(free=[planning.opening(WEDNESDAY, "Matin"), *range(10_000, 10_500)])


@pytest.mark.parametrize(
    "forge",
    [
        forged_ticked_but_not_shown, forged_unknown_opening, forged_other_activity, forged_real_and_unknown,
        forged_nothing_shown, forged_too_many,
    ],
)  # fmt: skip
def test_forged_openings_are_not_found_and_nothing_is_stored(
    app: Flask, forge: Callable[[PlanningSetup], object]
) -> None:
    planning = make_planning()
    forged = forge(planning)
    with pytest.raises(NotFound), write_transaction() as session:
        bookings.save(
            session, planning.family.ref, planning.family.user_id, planning.child_id, "forged-forged-forged", forged
        )
    assert bookings_of(planning.child_id) == []
    assert db.session.scalar(select(func.count()).select_from(SaveReceipt)) == 0


def test_child_of_another_family_is_not_found(app: Flask) -> None:
    planning = make_planning()
    other, _ = add_family(planning)
    with pytest.raises(NotFound):
        save(other, planning.child_id, book=[planning.opening(WEDNESDAY, "Matin")])
    assert bookings_of(planning.child_id) == []


def test_child_that_left_the_family_is_not_found_though_it_is_still_enrolled(app: Flask) -> None:
    planning = make_planning()
    with write_transaction() as session:
        session.execute(delete(FamilyChild).where(FamilyChild.child_id == planning.child_id))
    with pytest.raises(NotFound):
        save(planning.family, planning.child_id, book=[planning.opening(WEDNESDAY, "Matin")])
    assert bookings_of(planning.child_id) == []


def test_closed_family_books_nothing(app: Flask) -> None:
    planning = make_planning()
    closed = factories.make_family("FERMÉE", "Alix", status=FamilyStatus.CLOSED)
    factories.share_child(planning.child_id, closed)
    with pytest.raises(FamilyNotActive):
        save(closed, planning.child_id, book=[planning.opening(WEDNESDAY, "Matin")])
    assert db.session.get_one(Family, closed.family_id).status is FamilyStatus.CLOSED
    assert bookings_of(planning.child_id) == []


def test_family_that_was_closed_while_its_request_ran_changes_nothing(app: Flask) -> None:
    planning = make_planning()
    assert planning.family.status is FamilyStatus.ACTIVE  # as the request read it
    with write_transaction() as session:
        session.get_one(Family, planning.family.family_id).status = FamilyStatus.CLOSED
    with pytest.raises(FamilyNotActive):
        save(planning.family, planning.child_id, book=[planning.opening(WEDNESDAY, "Matin")])
    assert bookings_of(planning.child_id) == []


@pytest.mark.parametrize("status", sorted(set(EnrolmentStatus) - {EnrolmentStatus.ACCEPTED, EnrolmentStatus.ENDED}))
def test_only_an_accepted_enrolment_books(app: Flask, status: EnrolmentStatus) -> None:
    planning = make_planning()
    child_id = factories.make_child(planning.family, "Hugo")
    factories.enrol(child_id, planning.family, planning.activity, status)
    with pytest.raises(NotFound):
        save(planning.family, child_id, book=[planning.opening(WEDNESDAY, "Matin")])


def test_enrolment_counts_only_from_its_first_to_its_last_day(app: Flask) -> None:
    planning = make_planning()
    child_id = factories.make_child(planning.family, "Hugo")
    factories.enrol(child_id, planning.family, planning.activity, starts_on=NEXT_WEDNESDAY, ends_on=NEXT_WEDNESDAY)
    before, inside, after = (
        planning.opening(day, "Matin") for day in (WEDNESDAY, NEXT_WEDNESDAY, NEXT_WEDNESDAY + timedelta(weeks=1))
    )
    outcome = save(planning.family, child_id, book=[before, inside, after])
    assert results(outcome) == {before: Result.REFUSED, inside: Result.BOOKED, after: Result.REFUSED}
    assert reason_of(outcome, before) is Reason.NOT_ENROLLED


@pytest.mark.parametrize("changes", [{}, {"status": EnrolmentStatus.ENDED}], ids=["shortened", "ended"])
def test_enrolment_that_ended_meanwhile_holds_up_no_other_choice(app: Flask, changes: dict[str, object]) -> None:
    """The form was shown before the staff ended the enrolment: its days are refused, those of the others are saved."""
    planning = make_planning()
    held, wanted = planning.opening(WEDNESDAY, "Matin"), planning.opening(WEDNESDAY, "Repas")
    save(planning.family, planning.child_id, book=[held])
    other = factories.make_activity("Autre accueil", needs={})
    factories.enrol(planning.child_id, planning.family, other)
    thursday = WEDNESDAY + timedelta(days=1)
    elsewhere = factories.make_openings(other, [thursday])[thursday, "Matin"]
    with write_transaction() as session:
        ended = update(Enrolment).where(Enrolment.activity_id == planning.activity.id)
        session.execute(ended.values(ends_on=WEDNESDAY - timedelta(days=30), **changes))
    outcome = save(planning.family, planning.child_id, book=[wanted, elsewhere], cancel=[held])
    assert results(outcome) == {wanted: Result.REFUSED, held: Result.HELD_BACK, elsewhere: Result.BOOKED}
    assert reason_of(outcome, wanted) is Reason.NOT_ENROLLED
    # What nobody of the family was ever enrolled in is no part of any form of theirs.
    with pytest.raises(NotFound):
        stranger = factories.make_openings(factories.make_activity("Ailleurs", needs={}), [thursday])
        save(planning.family, planning.child_id, book=[elsewhere, stranger[thursday, "Matin"]])


def test_closed_opening_takes_nobody_and_keeps_who_is_in(app: Flask) -> None:
    planning = make_planning()
    other, other_child = add_family(planning)
    morning = planning.opening(WEDNESDAY, "Matin")
    save(planning.family, planning.child_id, book=[morning])
    with write_transaction() as session:
        session.execute(
            update(Opening).where(Opening.id == morning).values(is_open=False, closing_reason="Grève du personnel")
        )
    assert reason_of(save(other, other_child, book=[morning]), morning) is Reason.CLOSED
    assert reason_of(save(planning.family, planning.child_id, cancel=[morning]), morning) is Reason.CLOSED


def test_save_outside_a_write_transaction_is_refused(app: Flask) -> None:
    planning = make_planning()
    morning = planning.opening(WEDNESDAY, "Matin")
    wanted = proposal(free=[morning], ticked=[morning])
    with pytest.raises(WriteRefused):
        bookings.save(
            db.session(), planning.family.ref, planning.family.user_id, planning.child_id, "outside-outside", wanted
        )
        db.session.flush()
    db.session.rollback()
    assert bookings_of(planning.child_id) == []


def run_together(app: Flask, *actions: Callable[[], object]) -> list[object]:
    """Start all actions at the same moment, each in its own thread and context; what each returned or raised."""
    answers: list[object] = [None] * len(actions)
    start = threading.Barrier(len(actions))

    def run(index: int) -> None:
        with app.app_context():
            start.wait(timeout=30)
            try:
                answers[index] = actions[index]()
            except Exception as error:  # the test looks at it
                answers[index] = error

    threads = [threading.Thread(target=Context().run, args=(run, index)) for index in range(len(actions))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    db.session.rollback()
    return answers


@pytest.mark.parametrize("with_counters", [True, False], ids=["counters", "no counters yet"])
def test_simultaneous_savers_never_exceed_the_places(app: Flask, with_counters: bool) -> None:
    planning = make_planning(places=3)
    day = date(2027, 1, 6)
    opening = factories.make_openings(planning.activity, [day], counters=with_counters)[day, "Matin"]
    people = [add_family(planning, f"FAMILLE-{number}") for number in range(10)]

    answers = run_together(app, *(lambda f=f, c=c: save(f, c, book=[opening]) for f, c in people))

    assert all(isinstance(answer, SaveOutcome) for answer in answers), answers
    kinds = [answer.choices[0].result for answer in answers if isinstance(answer, SaveOutcome)]
    assert sorted(kinds) == [Result.BOOKED] * 3 + [Result.REFUSED] * 7
    assert taken(day, planning.activity.scope_id) == 3
    assert_consistent()


def test_form_sent_twice_at_the_same_moment_books_once(app: Flask) -> None:
    planning = make_planning()
    morning = planning.opening(WEDNESDAY, "Matin")

    def tap() -> SaveOutcome:
        return save(planning.family, planning.child_id, book=[morning], key="double-tap-double-tap")

    first, second = run_together(app, tap, tap)
    assert isinstance(first, SaveOutcome) and first == second
    assert bookings_of(planning.child_id) == [(morning, "confirmed")]


def test_both_families_of_a_child_book_the_same_place_at_once_and_one_has_it(app: Flask) -> None:
    planning = make_planning(places=1)
    other = factories.make_family("SEPARE", "Dominique")
    factories.share_child(planning.child_id, other)
    factories.enrol(planning.child_id, other, planning.activity)
    morning = planning.opening(WEDNESDAY, "Matin")
    answers = run_together(
        app,
        *(lambda family=family: save(family, planning.child_id, book=[morning]) for family in (planning.family, other)),
    )
    assert all(isinstance(answer, SaveOutcome) for answer in answers), answers
    assert [status for _, status in bookings_of(planning.child_id)] == ["confirmed"]
    assert taken(WEDNESDAY, planning.activity.scope_id) == 1


def test_two_children_crossing_days_do_not_block_each_other(app: Flask) -> None:
    planning = make_planning(weeks=8)
    people = [add_family(planning, f"FAMILLE-{number}") for number in range(6)]
    days = factories.wednesdays(8)
    openings = [planning.opening(day, "Matin") for day in days]
    answers = run_together(
        app,
        *(
            lambda f=f, c=c, ids=openings if number % 2 else openings[::-1]: save(f, c, book=ids)
            for number, (f, c) in enumerate(people)
        ),
    )
    assert all(isinstance(answer, SaveOutcome) for answer in answers), answers
    assert all(taken(day, planning.activity.scope_id) == 6 for day in days)
    assert_consistent()


def test_next_days_tell_what_comes_soonest_in_the_order_of_the_day(app: Flask) -> None:
    planning = make_planning()
    for day, units in ((NEXT_WEDNESDAY, ["Matin"]), (WEDNESDAY, ["Après-midi", "Repas"])):
        save(planning.family, planning.child_id, book=[planning.opening(day, unit) for unit in units])
    found = next_days.next_days(planning.family.family_id)
    assert [(day.day, day.child_name, day.unit_names) for day in found] == [
        (WEDNESDAY, "Léa", ("Repas", "Après-midi")),
        (NEXT_WEDNESDAY, "Léa", ("Matin",)),
    ]


def test_next_days_leave_out_cancelled_bookings_those_of_others_and_those_far_away(app: Flask) -> None:
    planning = make_planning(weeks=4)
    other, other_child = add_family(planning)
    morning = planning.opening(WEDNESDAY, "Matin")
    save(other, other_child, book=[morning])
    save(planning.family, planning.child_id, book=[morning, planning.opening(date(2026, 12, 9), "Matin")])
    save(planning.family, planning.child_id, cancel=[morning])
    assert next_days.next_days(planning.family.family_id) == ()


def test_children_are_listed_with_their_activities_and_their_next_day(app: Flask) -> None:
    planning = make_planning()
    younger = factories.make_child(planning.family, "Hugo", birth_date=date(2022, 1, 1))
    save(planning.family, planning.child_id, book=[planning.opening(NEXT_WEDNESDAY, "Matin")])
    save(planning.family, planning.child_id, book=[planning.opening(WEDNESDAY, "Matin")])
    lea, hugo = next_days.children_with_next_days(planning.family.family_id)
    assert (lea.child.id, lea.activity_names) == (planning.child_id, ("Mercredi",))
    assert lea.next_day is not None and lea.next_day.day == WEDNESDAY
    assert (hugo.child.id, hugo.activity_names, hugo.next_day) == (younger, (), None)


@pytest.mark.usefixtures("app")
def test_two_activities_at_the_same_hours_are_not_booked_together() -> None:
    planning = factories.make_planning()
    club = factories.make_activity("Club", {"Foot": (time(9), time(10))}, places=None, needs={})
    foot = factories.make_openings(club, [WEDNESDAY])[WEDNESDAY, "Foot"]
    factories.enrol(planning.child_id, planning.family, club)
    morning = planning.opening(WEDNESDAY, "Matin")
    factories.save(planning.family, planning.child_id, book=[morning])
    outcome = factories.save(planning.family, planning.child_id, book=[foot])
    refused = {choice.opening_id: choice for choice in outcome.choices}[foot]
    assert (refused.result, refused.reason) == (Result.REFUSED, Reason.OVERLAPS)
    assert refused.any_of == (planning.activity.units["Matin"],)
    both = factories.save(planning.family, planning.child_id, book=[foot], cancel=[morning])
    assert {choice.result for choice in both.choices} == {Result.BOOKED, Result.CANCELLED}
    with write_transaction() as session:
        save_combinations(session, club.id, Combinations(may_overlap=True))
    outcome = factories.save(planning.family, planning.child_id, book=[morning])
    assert [choice.result for choice in outcome.choices] == [Result.BOOKED]
