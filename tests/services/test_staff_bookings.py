"""Agents act on a planning for its family: what does not bind them, what they must say, and what is kept of it."""

from __future__ import annotations

import threading
from collections.abc import Collection
from contextvars import Context
from dataclasses import replace
from datetime import datetime, time

import pytest
from flask import Flask
from sqlalchemy import select, update

from app import clock
from app.database import db, write_transaction
from app.models.bookings import Booking, BookingEvent, CapacityCounter, Opening
from app.models.families import Family, Guardian
from app.models.mails import OutboxMail
from app.models.waiting_lists import WaitingEntry
from app.rules.cells import CellState, Reason
from app.rules.deadlines import DaysBefore, Deadline, FixedMoment
from app.rules.required_documents import DocumentDemand
from app.rules.staff_bookings import ListAnswer
from app.rules.states import Actor, BookingStatus, CancelClass, FamilyStatus
from app.services import bookings, staff_bookings, waiting_wishes
from app.services.bookings import StaffSave
from app.services.checks import find_exceeded, find_inconsistencies
from app.services.errors import NotFound, OfferGone, OwnFamily, PlacesExceeded
from app.services.families import FamilyRef, child_of
from app.services.histories import STAFF, Span, history_of, period_around
from app.services.history_sources import Act, HistoryKind
from app.services.planning import CellView, build_week
from app.services.verdicts import Result, SaveOutcome
from tests import factories
from tests.factories import (
    NEXT_WEDNESDAY,
    WEDNESDAY,
    FamilySetup,
    PlanningSetup,
    add_family,
    make_planning,
    save,
    set_notice,
    taken,
)

CALLED = "La mère a appelé."
TUESDAY_EVENING = datetime(2026, 11, 24, 20)


@pytest.fixture
def planning(sqlite_app: Flask) -> PlanningSetup:
    return make_planning(places=1)


@pytest.fixture
def agent_id(planning: PlanningSetup) -> int:
    return factories.make_staff()


def act(
    planning: PlanningSetup,
    agent_id: int,
    *,
    book: Collection[int] = (),
    cancel: Collection[int] = (),
    said: StaffSave | None = None,
    key: str = "une-cle-d-agent-0001",
    family: FamilyRef | None = None,
) -> SaveOutcome:
    said = said or StaffSave(CALLED, CancelClass.IN_TIME)
    wanted = factories.proposal(held=cancel, free=book, ticked=book)
    with write_transaction() as session:
        return staff_bookings.save_for_family(
            session, family or planning.family.ref, agent_id, planning.child_id, key, wanted, said
        )


def event() -> BookingEvent:
    return db.session.scalars(select(BookingEvent).order_by(BookingEvent.id.desc()).limit(1)).one()


def results(outcome: SaveOutcome) -> set[Result]:
    return {choice.result for choice in outcome.choices}


def mails() -> list[OutboxMail]:
    return list(db.session.scalars(select(OutboxMail).where(OutboxMail.template == "bookings_by_staff")))


def cell_of(planning: PlanningSetup, opening_id: int, *, staff: CancelClass | None = None) -> CellView:
    child = child_of(planning.family.family_id, planning.child_id)
    week = build_week(planning.family.ref, child, WEDNESDAY, staff_class=staff)
    cells = (cell for activity in week.activities for row in activity.rows for cell in row.cells if cell is not None)
    return next(cell for cell in cells if cell.opening_id == opening_id)


def test_an_agent_books_what_is_too_late_for_parents(planning: PlanningSetup, agent_id: int) -> None:
    set_notice(planning.activity, Deadline.BOOK, DaysBefore(1, time(10)))
    morning = planning.opening(WEDNESDAY, "Matin")
    clock.start_at(TUESDAY_EVENING, frozen=True)
    assert results(save(planning.family, planning.child_id, book=[morning])) == {Result.REFUSED}

    outcome = act(planning, agent_id, book=[morning])

    assert [(choice.result, choice.price_cents) for choice in outcome.choices] == [(Result.BOOKED, 420)]
    stored = event()
    assert (stored.actor, stored.user_id, stored.reason, stored.beyond_places) == (Actor.STAFF, agent_id, CALLED, False)
    (mail,) = mails()
    assert (
        "mercredi 25 novembre 2026, Mercredi\u00a0: Matin, réservé (4,20\u00a0€)" in mail.body and CALLED in mail.body
    )
    assert find_inconsistencies(db.session()) == ()


def test_the_same_form_sent_twice_books_and_tells_once(planning: PlanningSetup, agent_id: int) -> None:
    morning = planning.opening(WEDNESDAY, "Matin")
    first, second = (act(planning, agent_id, book=[morning]) for _ in range(2))
    assert first == second
    assert len(mails()) == 1 and len(db.session.scalars(select(Booking)).all()) == 1


def test_what_is_not_told_is_not_told(planning: PlanningSetup, agent_id: int) -> None:
    said = StaffSave(CALLED, CancelClass.IN_TIME, tells_family=False)
    act(planning, agent_id, book=[planning.opening(WEDNESDAY, "Matin")], said=said)
    assert mails() == []


def test_what_changed_nothing_is_not_told(planning: PlanningSetup, agent_id: int) -> None:
    morning = planning.opening(WEDNESDAY, "Matin")
    save(planning.family, planning.child_id, book=[morning])
    assert results(act(planning, agent_id, book=[morning])) == {Result.ALREADY_BOOKED}
    assert mails() == []


def test_places_are_exceeded_once_the_agent_has_said_yes(planning: PlanningSetup, agent_id: int) -> None:
    other, other_child = add_family(planning)
    morning = planning.opening(WEDNESDAY, "Matin")
    save(other, other_child, book=[morning])

    with pytest.raises(PlacesExceeded) as refused:
        act(planning, agent_id, book=[morning])
    assert refused.value.opening_ids == {morning}
    assert taken(WEDNESDAY, planning.activity.scope_id) == 1
    cell = cell_of(planning, morning, staff=CancelClass.IN_TIME)
    assert (cell.cell.state, cell.cell.beyond, cell.over_places) == (CellState.FULL, (Reason.FULL,), 1)

    yes = StaffSave(CALLED, CancelClass.IN_TIME, frozenset({morning}))
    assert results(act(planning, agent_id, book=[morning], said=yes)) == {Result.BOOKED}
    assert taken(WEDNESDAY, planning.activity.scope_id) == 2
    assert event().beyond_places
    assert find_inconsistencies(db.session()) == ()
    assert [(each.taken, each.places) for each in find_exceeded(db.session())] == [(2, 1)]

    # Who leaves makes no room for parents until there are fewer children than places.
    third, third_child = add_family(planning, "TROISIEME")
    save(other, other_child, cancel=[morning])
    assert results(save(third, third_child, book=[morning])) == {Result.REFUSED}
    act(planning, agent_id, cancel=[morning], key="une-cle-d-agent-0002")
    assert results(save(third, third_child, book=[morning])) == {Result.BOOKED}
    assert find_exceeded(db.session()) == ()


def test_a_yes_for_one_day_is_none_for_another(planning: PlanningSetup, agent_id: int) -> None:
    other, other_child = add_family(planning)
    mornings = [planning.opening(day, "Matin") for day in (WEDNESDAY, NEXT_WEDNESDAY)]
    save(other, other_child, book=mornings)
    with pytest.raises(PlacesExceeded) as refused:
        act(planning, agent_id, book=mornings, said=StaffSave(CALLED, CancelClass.IN_TIME, frozenset(mornings[:1])))
    assert refused.value.opening_ids == set(mornings)
    assert event().actor is Actor.PARENT


def test_places_that_the_service_keeps_need_a_reason_only(planning: PlanningSetup, agent_id: int) -> None:
    morning = planning.opening(WEDNESDAY, "Matin")
    with write_transaction() as session:
        session.execute(update(CapacityCounter).values(online_places=0))
    assert results(save(planning.family, planning.child_id, book=[morning])) == {Result.REFUSED}
    assert results(act(planning, agent_id, book=[morning])) == {Result.BOOKED}
    assert not event().beyond_places and taken(WEDNESDAY, planning.activity.scope_id) == 1


def test_a_missing_document_a_broken_rule_and_a_period_to_come_do_not_bind_the_staff(
    planning: PlanningSetup, agent_id: int
) -> None:
    factories.make_document("Attestation d’assurance", demand=DocumentDemand.BLOCKS_BOOKING)
    set_notice(planning.activity, Deadline.OPENING, FixedMoment(WEDNESDAY, time(6)))
    lunch = planning.opening(WEDNESDAY, "Repas")  # never without a half-day
    cell = cell_of(planning, lunch, staff=CancelClass.IN_TIME)
    assert cell.cell.beyond == (Reason.NOT_OPEN_YET, Reason.DOCUMENT_MISSING)
    assert results(act(planning, agent_id, book=[lunch])) == {Result.BOOKED}
    assert find_inconsistencies(db.session()) == ()


@pytest.mark.parametrize(
    ("cancel_class", "result", "price"),
    [
        (CancelClass.IN_TIME, Result.CANCELLED, "annulé, sans frais"),
        (CancelClass.LATE_CHARGED, Result.CANCELLED_LATE, "annulé, reste facturé (4,20\u00a0€)"),
        (CancelClass.STRUCTURE, Result.CANCELLED, "annulé par le service, sans frais"),
    ],
)
def test_the_agent_says_how_a_cancellation_counts(
    planning: PlanningSetup, agent_id: int, cancel_class: CancelClass, result: Result, price: str
) -> None:
    morning = planning.opening(WEDNESDAY, "Matin")
    save(planning.family, planning.child_id, book=[morning])
    clock.start_at(TUESDAY_EVENING, frozen=True)
    outcome = act(planning, agent_id, cancel=[morning], said=StaffSave(CALLED, cancel_class))
    assert results(outcome) == {result}
    booking = db.session.scalars(select(Booking)).one()
    assert (booking.status, booking.cancel_class) == (BookingStatus.CANCELLED, cancel_class)
    assert event().reason == CALLED and taken(WEDNESDAY, planning.activity.scope_id) == 0
    assert price in mails()[0].body
    assert find_inconsistencies(db.session()) == ()


def test_an_absence_that_is_booked_again_is_charged_once(planning: PlanningSetup, agent_id: int) -> None:
    morning = planning.opening(WEDNESDAY, "Matin")
    save(planning.family, planning.child_id, book=[morning])
    said = StaffSave(CALLED, CancelClass.LATE_CHARGED)
    act(planning, agent_id, cancel=[morning], said=said)
    assert cell_of(planning, morning).cell.state is CellState.ABSENT

    outcome = act(planning, agent_id, book=[morning], key="une-cle-d-agent-0002")

    assert results(outcome) == {Result.BOOKED} and outcome.change_cents == 0
    rows = db.session.scalars(select(Booking).order_by(Booking.id)).all()
    assert [(row.status, row.cancel_class) for row in rows] == [
        (BookingStatus.CANCELLED, CancelClass.IN_TIME), (BookingStatus.CONFIRMED, None),
    ]  # fmt: skip
    assert find_inconsistencies(db.session()) == ()


def test_an_absence_that_was_justified_stays_so_and_the_new_booking_has_its_price(
    planning: PlanningSetup, agent_id: int
) -> None:
    morning = planning.opening(WEDNESDAY, "Matin")
    save(planning.family, planning.child_id, book=[morning])
    act(planning, agent_id, cancel=[morning], said=StaffSave(CALLED, CancelClass.LATE_CHARGED))
    with write_transaction() as session:
        session.scalars(select(Booking)).one().cancel_class = CancelClass.JUSTIFIED

    outcome = act(planning, agent_id, book=[morning], key="une-cle-d-agent-0002")

    assert results(outcome) == {Result.BOOKED} and outcome.change_cents == 420
    rows = db.session.scalars(select(Booking).order_by(Booking.id)).all()
    assert [(row.status, row.cancel_class) for row in rows] == [
        (BookingStatus.CANCELLED, CancelClass.JUSTIFIED), (BookingStatus.CONFIRMED, None),
    ]  # fmt: skip


def test_a_closed_file_may_be_emptied_and_not_filled(planning: PlanningSetup, agent_id: int) -> None:
    mornings = [planning.opening(day, "Matin") for day in (WEDNESDAY, NEXT_WEDNESDAY)]
    save(planning.family, planning.child_id, book=mornings[:1])
    with write_transaction() as session:
        session.get_one(Family, planning.family.family_id).status = FamilyStatus.CLOSED
    family = replace(planning.family.ref, status=FamilyStatus.CLOSED)
    refused = act(planning, agent_id, book=mornings[1:], family=family)
    assert [(each.result, each.reason) for each in refused.choices] == [(Result.REFUSED, Reason.BLOCKED_FAMILY)]
    done = act(planning, agent_id, cancel=mornings[:1], family=family, key="une-cle-d-agent-0002")
    assert results(done) == {Result.CANCELLED}


def test_a_closed_opening_takes_nobody_and_lets_go(planning: PlanningSetup, agent_id: int) -> None:
    morning, meal = (planning.opening(WEDNESDAY, unit) for unit in ("Matin", "Repas"))
    save(planning.family, planning.child_id, book=[morning])
    with write_transaction() as session:
        session.execute(update(Opening).values(is_open=False))
    refused = act(planning, agent_id, book=[meal])
    assert [each.reason for each in refused.choices] == [Reason.CLOSED]
    assert results(act(planning, agent_id, cancel=[morning], key="une-cle-d-agent-0002")) == {Result.CANCELLED}


def test_nobody_acts_on_their_own_family_or_on_what_another_family_holds(
    planning: PlanningSetup, agent_id: int
) -> None:
    morning = planning.opening(WEDNESDAY, "Matin")
    with write_transaction() as session:
        session.scalars(
            select(Guardian).where(Guardian.family_id == planning.family.family_id)
        ).one().user_id = agent_id
    with pytest.raises(OwnFamily):
        act(planning, agent_id, book=[morning])
    other, _ = add_family(planning)
    with pytest.raises(NotFound):
        act(planning, factories.make_staff(email="collegue@example.org"), book=[morning], family=other.ref)


def test_an_opening_that_the_other_home_holds_is_left_alone(planning: PlanningSetup, agent_id: int) -> None:
    other = factories.make_family("SEPARE", "Dominique")
    factories.share_child(planning.child_id, other)
    factories.enrol(planning.child_id, other, planning.activity)
    morning = planning.opening(WEDNESDAY, "Matin")
    save(other, planning.child_id, book=[morning])
    cell = cell_of(planning, morning, staff=CancelClass.IN_TIME)
    assert not cell.cell.actions and cell.cell.reason is Reason.HELD_BY_OTHER_FAMILY


def test_parents_read_in_their_history_what_the_service_did_and_why(planning: PlanningSetup, agent_id: int) -> None:
    morning = planning.opening(WEDNESDAY, "Matin")
    act(planning, agent_id, book=[morning])
    act(planning, agent_id, cancel=[morning], key="une-cle-d-agent-0002")
    period = period_around(clock.today(), Span.MONTH)
    page = history_of(planning.family.user_id, planning.family.family_id, period, HistoryKind.BOOKINGS, 1).page
    assert {(each.act, each.by, each.what) for each in page.rows} == {
        (Act.BOOKED_BY_STAFF, STAFF, CALLED), (Act.CANCELLED_BY_STAFF, STAFF, CALLED),
    }  # fmt: skip


def test_a_presence_is_marked_and_the_mark_taken_back(planning: PlanningSetup, agent_id: int) -> None:
    morning = planning.opening(WEDNESDAY, "Matin")
    save(planning.family, planning.child_id, book=[morning])

    def mark(note: str | None, opening_id: int = morning) -> None:
        with write_transaction() as session:
            staff_bookings.mark_special(
                session, planning.family.ref, agent_id, planning.child_id, opening_id, note, tells_family=True
            )

    mark("Sortie à la piscine.")
    cell = cell_of(planning, morning)
    assert (cell.cell.state, cell.reason_text, cell.cell.actions) == (
        CellState.SPECIAL, "Sortie à la piscine.", frozenset(),
    )  # fmt: skip
    assert "présence spéciale" in mails()[0].body and "Sortie à la piscine." in mails()[0].body
    assert results(save(planning.family, planning.child_id, cancel=[morning])) == {Result.REFUSED}
    mark("Sortie à la piscine.")  # again: nothing new
    assert len(mails()) == 1
    mark(None)
    assert cell_of(planning, morning).cell.state is CellState.PRESENT
    with pytest.raises(NotFound):
        mark("Rien n’y est réservé", planning.opening(WEDNESDAY, "Repas"))
    clock.start_at(datetime(2026, 11, 25, 12), frozen=True)
    with pytest.raises(NotFound):
        mark("Trop tard")
    assert find_inconsistencies(db.session()) == ()


def test_a_form_that_shows_an_opening_of_another_group_is_refused(planning: PlanningSetup, agent_id: int) -> None:
    excursion = factories.make_activity("Sortie", {"Journée": (time(9), time(17))}, needs={})
    opening = factories.make_openings(excursion, [WEDNESDAY])[WEDNESDAY, "Journée"]
    with pytest.raises(NotFound):
        act(planning, agent_id, book=[opening])


def test_parents_are_never_oversold_beside_agents_who_go_beyond_the_places(app: Flask) -> None:
    """One place, six parents and two agents at once, on both databases: a parent at most gets it, the agents do."""
    planning = make_planning(places=1)
    agent_id = factories.make_staff()
    morning = planning.opening(WEDNESDAY, "Matin")
    families = [add_family(planning, f"RIVALE {number}") for number in range(8)]
    yes = StaffSave(CALLED, CancelClass.IN_TIME, frozenset({morning}))
    wanted = factories.proposal(free=[morning], ticked=[morning])
    outcomes: list[tuple[bool, Result]] = []
    errors: list[BaseException] = []
    start = threading.Barrier(len(families))

    def run(number: int) -> None:
        family, child_id = families[number]
        key = f"une-cle-de-course-{number:04}"
        try:
            with app.app_context():
                start.wait()
                with write_transaction() as session:
                    if number < 2:
                        outcome = staff_bookings.save_for_family(
                            session, family.ref, agent_id, child_id, key, wanted, yes
                        )
                    else:
                        outcome = bookings.save(session, family.ref, family.user_id, child_id, key, wanted)
                outcomes.append((number < 2, outcome.choices[0].result))
        except BaseException as error:
            errors.append(error)

    threads = [threading.Thread(target=Context().run, args=(run, number)) for number in range(len(families))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []
    db.session.rollback()
    assert [result for by_agent, result in outcomes if by_agent] == [Result.BOOKED] * 2
    by_parents = [result for by_agent, result in outcomes if not by_agent]
    assert by_parents.count(Result.BOOKED) <= 1
    assert taken(WEDNESDAY, planning.activity.scope_id) == 2 + by_parents.count(Result.BOOKED)
    assert find_inconsistencies(db.session()) == ()


def queue(
    planning: PlanningSetup, *, wants_booking: bool = False
) -> tuple[int, list[tuple[FamilySetup, int]], list[int]]:
    """The one place of a morning is taken; two children wait for it. Returns the opening, them and their entries."""
    factories.give_list(planning.activity)
    morning = planning.opening(NEXT_WEDNESDAY, "Matin")
    save(planning.family, planning.child_id, book=[morning])
    waiting = [add_family(planning, name) for name in ("PREMIER", "SECOND")]
    for family, child_id in waiting:
        factories.join_list(family, child_id, [morning], wants_booking=wants_booking)
    entries = db.session.scalars(select(WaitingEntry.id).order_by(WaitingEntry.position)).all()
    return morning, waiting, list(entries)


def answer(
    family: FamilySetup, child_id: int, agent_id: int, entry_id: int, said: ListAnswer, reason: str = CALLED
) -> None:
    with write_transaction() as session:
        staff_bookings.answer_list(session, family.ref, agent_id, child_id, entry_id, said, reason)


def statuses(*child_ids: int) -> list[str]:
    db.session.rollback()
    found = dict(db.session.execute(select(Booking.child_id, Booking.status)).tuples().all())
    return [found[child_id].value for child_id in child_ids]


def test_an_agent_takes_off_a_list_and_takes_an_offer_back(app: Flask) -> None:
    planning = make_planning(places=1)
    agent_id = factories.make_staff()
    morning, [(first, child), (second, next_child)], entries = queue(planning)
    answer(first, child, agent_id, entries[0], ListAnswer.REMOVE)
    assert statuses(child, next_child) == ["cancelled", "waiting"]
    stored = event()
    assert (stored.actor, stored.user_id, stored.reason) == (Actor.STAFF, agent_id, CALLED)
    save(planning.family, planning.child_id, cancel=[morning])
    assert statuses(next_child) == ["offered"]
    answer(second, next_child, agent_id, entries[1], ListAnswer.REMOVE)
    assert statuses(next_child) == ["cancelled"]
    assert taken(NEXT_WEDNESDAY, planning.activity.scope_id) == 0
    with pytest.raises(NotFound):
        answer(second, next_child, agent_id, entries[1], ListAnswer.REMOVE)
    told = db.session.scalars(select(OutboxMail).where(OutboxMail.template == "waiting_removed")).all()
    assert [mail.recipient for mail in told] == [first.email, second.email] and CALLED in told[0].body
    assert find_inconsistencies(db.session()) == ()


def test_an_agent_accepts_an_offer_for_the_family(app: Flask) -> None:
    planning = make_planning(places=1)
    agent_id = factories.make_staff()
    morning, [(first, child), (second, next_child)], entries = queue(planning)
    with pytest.raises(OfferGone):
        answer(first, child, agent_id, entries[0], ListAnswer.ACCEPT)
    save(planning.family, planning.child_id, cancel=[morning])
    for _ in range(2):  # a double tap
        answer(first, child, agent_id, entries[0], ListAnswer.ACCEPT)
    assert statuses(child, next_child) == ["confirmed", "waiting"]
    stored = event()
    assert (stored.actor, stored.user_id, stored.reason) == (Actor.STAFF, agent_id, CALLED)
    (mail,) = mails()
    assert "Matin, réservé" in mail.body and CALLED in mail.body
    with pytest.raises(NotFound):
        answer(first, child, agent_id, entries[1], ListAnswer.REMOVE)  # another family's
    own = factories.make_staff()
    with write_transaction() as session:
        session.execute(update(Guardian).where(Guardian.family_id == second.family_id).values(user_id=own))
    with pytest.raises(OwnFamily):
        answer(second, next_child, own, entries[1], ListAnswer.REMOVE)
    assert find_inconsistencies(db.session()) == ()


def test_an_offer_is_answered_once_whoever_comes_first(app: Flask) -> None:
    planning = make_planning(places=1)
    agent_id = factories.make_staff()
    morning, [(family, child_id), (_, next_child)], entries = queue(planning)
    save(planning.family, planning.child_id, cancel=[morning])
    start, gone, errors = threading.Barrier(2), [], []

    def run(by_agent: bool) -> None:
        try:
            with app.app_context():
                start.wait()
                with write_transaction() as session:
                    if by_agent:
                        staff_bookings.answer_list(
                            session, family.ref, agent_id, child_id, entries[0], ListAnswer.REMOVE, CALLED
                        )
                    else:
                        waiting_wishes.accept(session, family.ref, family.user_id, entries[0])
        except (NotFound, OfferGone) as error:
            gone.append(error)
        except BaseException as error:
            errors.append(error)

    threads = [threading.Thread(target=Context().run, args=(run, by_agent)) for by_agent in (True, False)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == [] and len(gone) == 1
    assert statuses(child_id, next_child) in (["confirmed", "waiting"], ["cancelled", "offered"])
    assert taken(NEXT_WEDNESDAY, planning.activity.scope_id) == 1
    assert find_inconsistencies(db.session()) == ()
