"""Recording what happened on a day: who has the last word, what it makes of the prices, and the locked day."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, time, timedelta
from functools import partial
from itertools import count
from typing import Any

import pytest
from sqlalchemy import select

from app import clock
from app.database import db, write_transaction
from app.models.accounts import StaffRole
from app.models.activities import Activity, Site, TariffVersion
from app.models.attendances import Attendance, AttendanceEvent, AttendanceEventKind
from app.models.bookings import Booking, BookingPriceChange, PriceChangeReason
from app.models.credits import Correction
from app.models.invoices import Invoice, InvoiceLine, InvoiceRun, RunStatus
from app.rules.absences import JustificationStatus
from app.rules.attendances import Obstacle, Seen, Turnout
from app.rules.capabilities import Role
from app.rules.credits import Afterwards, CreditCause
from app.rules.states import BookingStatus, CancelClass
from app.rules.tariff_grids import ChangePercent, Duration, Surcharge, SurchargeCause, unit_code
from app.services import (
    absence_decisions,
    absences,
    attendances,
    booking_requests,
    corrections,
    line_corrections,
    validated_days,
)
from app.services.attendances import Answer, Mark, Result
from app.services.catalogue import catalogue
from app.services.checks import find_inconsistencies
from app.services.errors import DayInvoiced, DayNotTicked, DayNotValidated, NotFound, RunUnderWay
from app.services.invoice_drafts import drafts_of
from app.services.invoices import invoices_of
from tests.factories import (
    WEDNESDAY,
    PlanningSetup,
    add_family,
    bookings_of,
    issue,
    justify,
    make_child,
    make_family,
    make_planning,
    make_staff,
    miss,
    put_on_request,
    save,
    taken,
)
from tests.services.test_bookings import run_together

PRESENT, ABSENT, NOTHING = Seen(Turnout.PRESENT), Seen(Turnout.ABSENT), Seen()
JUSTIFIED = replace(ABSENT, is_justified=True)
_ids = count(1)


def mark(planning: PlanningSetup, seen: Seen = PRESENT, unit: str = "Matin", **changes: Any) -> Mark:
    made = Mark(f"essai-{next(_ids)}", planning.child_id, planning.opening(WEDNESDAY, unit), seen)
    return replace(made, **changes)


def record(agent_id: int, *marks: Mark) -> tuple[Answer, ...]:
    with write_transaction() as session:
        return attendances.record_all(session, agent_id, marks)


def booking_of(planning: PlanningSetup, unit: str = "Matin") -> Booking:
    """The last one of the child in the unit."""
    db.session.expire_all()
    mine = select(Booking).where(
        Booking.child_id == planning.child_id, Booking.opening_id == planning.opening(WEDNESDAY, unit)
    )
    return db.session.scalars(mine.order_by(Booking.id.desc()).limit(1)).one()


def charge(planning: PlanningSetup, cause: SurchargeCause, percent: int) -> None:
    """Let an absence, or a presence without booking, cost so many percent more or less."""
    with write_transaction() as session:
        version = session.scalars(select(TariffVersion).where(TariffVersion.activity_id == planning.activity.id)).one()
        version.grid = replace(version.grid, surcharges=(Surcharge(cause, ChangePercent(percent)),))


@pytest.fixture
def agent(sqlite_app) -> int:
    return make_staff(Role.YOUTH_WORKER)


@pytest.fixture
def planning(sqlite_app) -> PlanningSetup:
    return a_day()


def a_day() -> PlanningSetup:
    """Léa has « Matin » on Wednesday, and it is Wednesday, 8 o'clock."""
    made = make_planning(quotient_cents=70_000)
    save(made.family, made.child_id, book=[made.opening(WEDNESDAY, "Matin")])
    clock.start_at(datetime.combine(WEDNESDAY, time(8)), frozen=True)
    return made


def test_a_mark_is_recorded_once_beside_the_booking(planning, agent):
    said = mark(planning)
    assert [answer.result for answer in record(agent, said)] == [Result.RECORDED]
    assert [answer.result for answer in record(agent, said)] == [Result.ALREADY]
    row = db.session.scalars(select(Attendance)).one()
    assert (row.turnout, row.version, row.booking_id) == (Turnout.PRESENT, 1, booking_of(planning).id)
    assert booking_of(planning).status is BookingStatus.CONFIRMED and booking_of(planning).price_cents == 420
    assert db.session.scalars(select(AttendanceEvent.kind)).all() == [AttendanceEventKind.RECORDED]


def test_a_mark_is_changed_and_taken_back_with_its_trace(planning, agent):
    record(agent, mark(planning))
    record(agent, mark(planning, ABSENT, known=1))
    assert record(agent, mark(planning, NOTHING, known=2))[0].version == 3
    kinds = db.session.scalars(select(AttendanceEvent.kind).order_by(AttendanceEvent.id)).all()
    assert kinds == [AttendanceEventKind.RECORDED, AttendanceEventKind.CHANGED, AttendanceEventKind.UNDONE]
    assert db.session.scalars(select(Attendance.turnout)).one() is None


def test_what_another_tablet_recorded_is_told(planning, agent):
    colleague = make_staff(Role.SITE_DIRECTOR)
    record(colleague, mark(planning, ABSENT))
    answer = record(agent, mark(planning))[0]
    assert answer.result is Result.CONFLICT and answer.other is not None
    assert (answer.other.seen, answer.other.by, answer.other.stays) == (ABSENT, "Camille AGENT", False)
    assert db.session.scalars(select(Attendance.turnout)).one() is Turnout.PRESENT
    assert record(colleague, mark(planning, known=2))[0].result is Result.RECORDED


def test_who_says_the_same_is_in_no_conflict(planning, agent):
    record(make_staff(Role.SITE_DIRECTOR), mark(planning))
    assert record(agent, mark(planning))[0].result is Result.RECORDED


def test_a_mark_of_a_tablet_without_network_does_not_undo_what_came_later(planning, agent):
    record(make_staff(Role.SITE_DIRECTOR), mark(planning, ABSENT))
    earlier = clock.now() - timedelta(minutes=10)
    answer = record(agent, mark(planning, meant_at=earlier))[0]
    assert answer.result is Result.CONFLICT and answer.other is not None and answer.other.stays
    assert db.session.scalars(select(Attendance.turnout)).one() is Turnout.ABSENT
    events = db.session.scalars(select(AttendanceEvent).order_by(AttendanceEvent.id)).all()
    assert [event.kind for event in events] == [AttendanceEventKind.RECORDED, AttendanceEventKind.TOO_OLD]


def test_a_clock_that_is_fast_wins_nothing(planning, agent):
    record(agent, mark(planning, meant_at=clock.now() + timedelta(hours=2)))
    clock.start_at(datetime.combine(WEDNESDAY, time(8, 5)), frozen=True)
    assert record(agent, mark(planning, ABSENT, known=1))[0].result is Result.RECORDED


def test_a_batch_is_answered_mark_by_mark(planning, agent):
    said = mark(planning)
    answers = record(
        agent, said, mark(planning, ABSENT, "Repas"), said, mark(planning, NOTHING), mark(planning, ABSENT),
        mark(planning, opening_id=999),
    )  # fmt: skip
    results = [answer.result for answer in answers]
    assert results == [
        Result.RECORDED, Result.REFUSED, Result.ALREADY, Result.RECORDED, Result.RECORDED, Result.REFUSED,
    ]  # fmt: skip
    assert [answer.obstacle for answer in answers][1] is Obstacle.NOT_EXPECTED
    assert db.session.scalars(select(Attendance.turnout)).all() == [Turnout.ABSENT]
    assert len(db.session.scalars(select(AttendanceEvent)).all()) == 3


def test_an_absence_costs_what_the_tariff_says_and_nothing_once_it_is_justified(planning, agent):
    charge(planning, SurchargeCause.ABSENT, -50)
    record(agent, mark(planning, ABSENT))
    assert booking_of(planning).price_cents == 210
    change = db.session.scalars(select(BookingPriceChange)).one()
    assert (change.from_cents, change.to_cents, change.reason) == (420, 210, PriceChangeReason.ATTENDANCE)
    record(agent, mark(planning, replace(ABSENT, is_justified=True), known=1))
    office_id = db.session.get_one(Activity, planning.activity.id).office_id
    clock.start_at(datetime.combine(WEDNESDAY + timedelta(days=1), time(8)), frozen=True)
    assert drafts_of(db.session(), office_id, WEDNESDAY, [planning.family.family_id], lock=False) == {}
    record(agent, mark(planning, PRESENT, known=2))
    assert booking_of(planning).price_cents == 420


def test_what_the_staff_accepted_of_an_absence_no_later_mark_undoes(planning, agent):
    record(agent, mark(planning, ABSENT))
    with write_transaction() as session:
        session.get_one(Activity, planning.activity.id).justify_days = 7
    booking_id = booking_of(planning).id
    sent_id = justify(planning.family, [booking_id])
    with write_transaction() as session:
        absence_decisions.decide(session, sent_id, agent, [booking_id], None)
    for seen in (ABSENT, NOTHING):  # of a tablet that heard of nothing, and of who takes the mark back
        record(agent, mark(planning, seen, known=1))
        assert db.session.scalars(select(Attendance)).one().seen == JUSTIFIED
        assert find_inconsistencies(db.session()) == ()
    assert [event.is_justified for event in db.session.scalars(select(AttendanceEvent))] == [False, True, True, True]
    record(agent, mark(planning, PRESENT, known=4))
    assert db.session.scalars(select(Attendance)).one().seen == PRESENT and booking_of(planning).price_cents == 420
    assert find_inconsistencies(db.session()) == ()


@pytest.mark.parametrize("seen", [PRESENT, NOTHING], ids=["present", "taken back"])
def test_an_absence_that_was_none_is_decided_and_excuses_nothing(planning, agent, seen):
    record(agent, mark(planning, ABSENT))
    with write_transaction() as session:
        session.get_one(Activity, planning.activity.id).justify_days = 7
    booking_id = booking_of(planning).id
    sent_id = justify(planning.family, [booking_id])
    record(agent, mark(planning, seen, known=1))
    (view,) = absences.find_justification(sent_id, agent).absences
    assert view.was_there and absence_decisions.effect_of_accepting(db.session(), sent_id).difference_cents == 0
    with write_transaction() as session:
        decided = absence_decisions.decide(session, sent_id, agent, [booking_id], None)
    assert (decided.status, booking_of(planning).price_cents) == (JustificationStatus.REFUSED, 420)
    assert db.session.scalars(select(Attendance)).one().seen == seen
    assert find_inconsistencies(db.session()) == ()


def test_who_comes_without_a_booking_has_one_that_says_so(planning, agent):
    charge(planning, SurchargeCause.UNBOOKED, 50)
    before = taken(WEDNESDAY, planning.activity.scope_id)
    answer = record(agent, mark(planning, unit="Après-midi"))[0]
    booking = booking_of(planning, "Après-midi")
    assert (answer.is_unbilled, booking.status, booking.price_cents) == (False, BookingStatus.CONFIRMED, 630)
    assert taken(WEDNESDAY, planning.activity.scope_id) == before  # counted already, in the morning
    assert find_inconsistencies(db.session()) == ()
    record(agent, mark(planning, NOTHING, "Après-midi", known=1))
    gone = booking_of(planning, "Après-midi")
    assert (gone.status, gone.cancel_class) == (BookingStatus.CANCELLED, CancelClass.STRUCTURE)
    assert record(agent, mark(planning, ABSENT, "Après-midi", known=2))[0].obstacle is Obstacle.NOT_EXPECTED
    record(agent, mark(planning, unit="Après-midi", known=2))
    assert booking_of(planning, "Après-midi").id > gone.id
    assert find_inconsistencies(db.session()) == ()


def test_who_comes_where_no_place_is_left_takes_one_more(agent):
    planning = make_planning(places=1)
    other, other_child = add_family(planning)
    save(other, other_child, book=[planning.opening(WEDNESDAY, "Matin")])
    clock.start_at(datetime.combine(WEDNESDAY, time(8)), frozen=True)
    record(agent, mark(planning))
    assert taken(WEDNESDAY, planning.activity.scope_id) == 2
    assert find_inconsistencies(db.session()) == ()
    record(agent, mark(planning, NOTHING, known=1))
    assert taken(WEDNESDAY, planning.activity.scope_id) == 1


def test_who_is_not_enrolled_is_recorded_and_the_invoice_run_told(planning, agent):
    stranger = make_child(make_family("AILLEURS"), "Noé", last_name="AILLEURS")
    answer = record(agent, mark(planning, child_id=stranger))[0]
    assert (answer.result, answer.is_unbilled) == (Result.RECORDED, True)
    assert bookings_of(stranger) == []
    office_id = db.session.get_one(Activity, planning.activity.id).office_id
    found = validated_days.unbilled_presences(db.session(), office_id, WEDNESDAY)
    assert [(each.child_name, each.unit_id) for each in found] == [("Noé AILLEURS", planning.activity.units["Matin"])]


def test_who_was_cancelled_too_late_and_comes_pays_once(agent):
    planning = make_planning(quotient_cents=70_000, weeks=1)
    day = WEDNESDAY - timedelta(weeks=1)
    charge(planning, SurchargeCause.UNBOOKED, 50)
    (late_id,) = miss(planning.family, planning.child_id, planning.activity, [day])
    opening_id = db.session.get_one(Booking, late_id).opening_id
    record(agent, mark(planning, opening_id=opening_id))
    db.session.expire_all()
    late = db.session.get_one(Booking, late_id)
    made = db.session.scalars(select(Booking).where(Booking.status == BookingStatus.CONFIRMED)).one()
    assert (late.cancel_class, made.price_cents) == (CancelClass.IN_TIME, 420)
    record(agent, mark(planning, NOTHING, opening_id=opening_id, known=1))
    db.session.expire_all()
    assert db.session.get_one(Booking, late_id).cancel_class is CancelClass.LATE_CHARGED
    assert find_inconsistencies(db.session()) == ()


def pay_by_the_hour(planning: PlanningSetup) -> None:
    with write_transaction() as session:
        version = session.scalars(select(TariffVersion)).one()
        hourly = Duration(per_minutes=60, step_minutes=30)
        items = tuple(
            replace(item, duration=hourly) if item.code == unit_code(planning.activity.units["Matin"]) else item
            for item in version.grid.items
        )
        version.grid = replace(version.grid, items=items)


def test_a_stay_is_paid_by_the_hour(planning, agent):
    pay_by_the_hour(planning)
    record(agent, mark(planning, replace(PRESENT, arrived_at=time(8), left_at=time(9, 40))))
    assert booking_of(planning).price_cents == 840  # two hours


def test_what_was_ticked_while_its_request_waited_counts_once_it_is_accepted(agent):
    planning = make_planning(quotient_cents=70_000)
    pay_by_the_hour(planning)
    put_on_request(planning.activity)
    save(planning.family, planning.child_id, book=[planning.opening(WEDNESDAY, "Matin")])
    clock.start_at(datetime.combine(WEDNESDAY, time(7, 20)), frozen=True)
    record(agent, mark(planning, replace(PRESENT, arrived_at=time(7, 15), left_at=time(8, 55))))
    assert db.session.scalars(select(Attendance.booking_id)).one() is None
    booking_id, clerk = booking_of(planning).id, make_staff(Role.FILE_CLERK)
    with write_transaction() as session:
        assert not booking_requests.accept_requests(
            session, planning.family.family_id, [(booking_id,)], clerk
        ).conflicts
    assert db.session.scalars(select(Attendance.booking_id)).one() == booking_id
    assert booking_of(planning).price_cents == 840
    record(agent, mark(planning, replace(ABSENT, is_justified=True), known=1))
    assert find_inconsistencies(db.session()) == ()


def test_an_agent_ticks_neither_own_children_nor_other_sites(planning, agent):
    with write_transaction() as session:
        elsewhere = Site(name="Ailleurs", address="")
        session.add(elsewhere)
        session.flush()
        session.add(StaffRole(user_id=planning.family.user_id, role=Role.SITE_DIRECTOR))
        session.scalars(select(StaffRole).where(StaffRole.user_id == agent)).one().site_id = elsewhere.id
    assert record(planning.family.user_id, mark(planning))[0].obstacle is Obstacle.OWN_FAMILY
    assert record(agent, mark(planning))[0].obstacle is Obstacle.UNKNOWN
    with pytest.raises(NotFound), write_transaction() as session:
        validated_days.validate_day(session, agent, planning.activity.group_id, WEDNESDAY, None)


def test_a_day_is_validated_and_opened_again_with_a_reason(planning, agent):
    director = make_staff(Role.SITE_DIRECTOR)
    group_id = planning.activity.group_id
    with pytest.raises(DayNotTicked), write_transaction() as session:
        validated_days.validate_day(session, agent, group_id, WEDNESDAY, None)
    with write_transaction() as session:
        validated_days.validate_day(session, agent, group_id, WEDNESDAY, Turnout.ABSENT)
    assert db.session.scalars(select(Attendance.turnout)).one() is Turnout.ABSENT
    assert record(agent, mark(planning, known=1))[0].obstacle is Obstacle.VALIDATED
    with write_transaction() as session:
        validated_days.validate_day(session, agent, group_id, WEDNESDAY, None)  # twice is once
    with pytest.raises(NotFound), write_transaction() as session:
        validated_days.reopen_day(session, agent, group_id, WEDNESDAY, "Erreur")
    with write_transaction() as session:
        validated_days.reopen_day(session, director, group_id, WEDNESDAY, "Erreur")
    assert not validated_days.is_locked(db.session(), group_id, WEDNESDAY)
    assert record(agent, mark(planning, known=1))[0].result is Result.RECORDED
    with pytest.raises(DayNotValidated), write_transaction() as session:
        validated_days.reopen_day(session, director, group_id, WEDNESDAY, "Erreur")


def test_days_that_nobody_validated_are_listed(planning, agent):
    listed = partial(validated_days.days_to_validate, first=WEDNESDAY.replace(day=1), end=date(2026, 12, 1))
    activities = [catalogue().activities[planning.activity.id]]
    assert listed(db.session(), activities) == ()  # it is not over
    record(agent, mark(planning))
    clock.start_at(datetime.combine(WEDNESDAY + timedelta(days=1), time(8)), frozen=True)
    (found,) = listed(db.session(), activities)
    assert (found.day, found.expected, found.ticked) == (WEDNESDAY, 1, 1)
    with write_transaction() as session:
        validated_days.validate_day(session, agent, planning.activity.group_id, WEDNESDAY, None)
    assert listed(db.session(), activities) == ()


def test_a_day_that_is_invoiced_waits_for_nobody(planning, agent):
    activities = [catalogue().activities[planning.activity.id]]
    clock.start_at(datetime(2026, 12, 1, 9), frozen=True)
    listed = partial(validated_days.days_to_validate, first=WEDNESDAY.replace(day=1), end=date(2026, 12, 1))
    assert [line.day for line in listed(db.session(), activities)] == [WEDNESDAY]
    issue(planning.activity, date(2026, 11, 1), make_staff())
    assert listed(db.session(), activities) == ()


def test_what_is_being_invoiced_or_invoiced_stays(planning, agent):
    director = make_staff(Role.SITE_DIRECTOR)
    record(agent, mark(planning, ABSENT))
    with write_transaction() as session:
        validated_days.validate_day(session, agent, planning.activity.group_id, WEDNESDAY, None)
    clock.start_at(datetime(2026, 12, 1, 9), frozen=True)
    (invoice_id,) = issue(planning.activity, date(2026, 11, 1), make_staff())
    line = db.session.scalars(select(InvoiceLine).where(InvoiceLine.invoice_id == invoice_id)).one()
    assert line.label == "Mercredi, Matin (absence)"
    assert line.is_absence
    with pytest.raises(DayInvoiced), write_transaction() as session:
        validated_days.reopen_day(session, director, planning.activity.group_id, WEDNESDAY, "Erreur")
    with write_transaction() as session:
        made = attendances.correct(session, director, [mark(planning, known=1)], "Erreur de pointage")
    (answer,) = made.answers
    assert len(made.correction_ids) == 1
    assert answer.result is Result.RECORDED and booking_of(planning).price_cents == line.amount_cents
    with write_transaction() as session:
        run = session.scalars(select(InvoiceRun)).one()
        run.status = RunStatus.ISSUING
    assert record(agent, mark(planning, known=2))[0].obstacle is Obstacle.VALIDATED
    with pytest.raises(RunUnderWay), write_transaction() as session:
        validated_days.reopen_day(session, director, planning.activity.group_id, WEDNESDAY, "Erreur")


@pytest.mark.parametrize(
    ("seen", "is_automatic"), [(replace(ABSENT, is_justified=True), [True]), (ABSENT, [False]), (PRESENT, [])]
)
def test_what_was_invoiced_before_it_was_recorded_is_to_be_credited(planning, agent, seen, is_automatic):
    charge(planning, SurchargeCause.ABSENT, -50)
    clock.start_at(datetime(2026, 12, 1, 9), frozen=True)
    issue(planning.activity, date(2026, 11, 1), make_staff())
    record(agent, mark(planning, seen))
    found = db.session.scalars(select(Correction)).all()
    assert [(each.cause, each.is_automatic) for each in found] == [
        (CreditCause.ATTENDANCE, expected) for expected in is_automatic
    ]  # fmt: skip
    for each in found:
        with write_transaction() as session:
            (note,) = corrections.carry_out(session, each.id)
            assert note.total_cents == 420
    assert find_inconsistencies(db.session()) == ()


@pytest.mark.parametrize("afterwards", [Afterwards.NOTHING, Afterwards.AT_PRICE])
def test_what_was_corrected_by_hand_counts_as_invoiced(planning, agent, afterwards):
    record(agent, mark(planning))
    clock.start_at(datetime(2026, 12, 1, 9), frozen=True)
    (invoice_id,) = issue(planning.activity, date(2026, 11, 1), make_staff())
    line_id = db.session.scalars(select(InvoiceLine.id).where(InvoiceLine.invoice_id == invoice_id)).one()
    keys = frozenset(part.key for part in line_corrections.read_line(invoice_id, line_id).parts)
    wish = line_corrections.LineWish(keys, afterwards, 100, "Erreur de tarif")
    plan, director = line_corrections.plan_line(invoice_id, line_id, wish), make_staff()
    with write_transaction() as session:
        line_corrections.correct_line(
            session, invoice_id, line_id, wish, director, fingerprint=plan.fingerprint, form_key="essai"
        )
    assert record(agent, mark(planning, ABSENT, known=1))[0].obstacle is Obstacle.INVOICED


def test_an_absence_at_another_price_stays_one_and_says_so_once(planning, agent):
    record(agent, mark(planning, ABSENT))
    clock.start_at(datetime(2026, 12, 1, 9), frozen=True)
    (invoice_id,) = issue(planning.activity, date(2026, 11, 1), make_staff())
    line_id = db.session.scalars(select(InvoiceLine.id).where(InvoiceLine.invoice_id == invoice_id)).one()
    keys = frozenset(part.key for part in line_corrections.read_line(invoice_id, line_id).parts)
    wish = line_corrections.LineWish(keys, Afterwards.AT_PRICE, 100, "Erreur de tarif")
    plan, director = line_corrections.plan_line(invoice_id, line_id, wish), make_staff()
    with write_transaction() as session:
        line_corrections.correct_line(
            session, invoice_id, line_id, wish, director, fingerprint=plan.fingerprint, form_key="essai"
        )
    lines = db.session.scalars(select(InvoiceLine).order_by(InvoiceLine.id)).all()
    assert [(line.label, line.is_absence, line.amount_cents) for line in lines] == [
        ("Mercredi, Matin (absence)", True, 420), ("Mercredi, Matin (absence)", True, 100)
    ]  # fmt: skip


def test_who_was_ticked_while_the_day_was_read_stays_as_ticked(planning, agent, monkeypatch):
    record(agent, mark(planning))
    read_before = [(planning.child_id, planning.opening(WEDNESDAY, "Matin"))]
    monkeypatch.setattr(validated_days, "_unticked", lambda *_: read_before)
    with write_transaction() as session:
        validated_days.validate_day(session, agent, planning.activity.group_id, WEDNESDAY, Turnout.ABSENT)
    assert db.session.scalars(select(Attendance.turnout)).one() is Turnout.PRESENT
    assert validated_days.is_locked(db.session(), planning.activity.group_id, WEDNESDAY)


def test_an_absence_seen_after_the_invoice_is_credited_and_not_invoiced_again(planning, agent):
    """Money is conserved: what was invoiced is credited, and what is right instead is invoiced once."""
    charge(planning, SurchargeCause.ABSENT, -50)
    director, regie = make_staff(Role.SITE_DIRECTOR), make_staff(Role.REGISSEUR)
    record(agent, mark(planning))
    with write_transaction() as session:
        validated_days.validate_day(session, agent, planning.activity.group_id, WEDNESDAY, None)
    clock.start_at(datetime(2026, 12, 1, 9), frozen=True)
    november = date(2026, 11, 1)
    issue(planning.activity, november, regie)
    for seen, known, credited, invoiced in [(ABSENT, 1, 420, 210), (JUSTIFIED, 2, 210, 0)]:
        said = mark(planning, seen, known=known)
        for is_first in (True, False):  # sent twice, it counts once
            with write_transaction() as session:
                made = attendances.correct(session, director, [said], "Erreur de pointage")
            assert len(made.correction_ids) == is_first
        correction_id = db.session.scalars(select(Correction.id).where(Correction.ended_at.is_(None))).one()
        assert corrections.next_automatic(db.session()) is None and find_inconsistencies(db.session()) == ()
        with write_transaction() as session:
            (note,) = corrections.carry_out(session, correction_id, regie)
            assert (note.total_cents, note.reason) == (credited, "Erreur de pointage")
        ids = issue(planning.activity, november, regie)
        assert [invoice.total_cents for invoice in invoices_of(planning.family.family_id)][:1] == [invoiced or 210]
        assert len(ids) == bool(invoiced)
        assert find_inconsistencies(db.session()) == ()
    assert sum(invoice.balance_cents for invoice in invoices_of(planning.family.family_id)) == 0
    # Justified, the booking is on no invoice any more: it is corrected all the same, and the next run invoices it.
    with write_transaction() as session:
        made = attendances.correct(session, director, [mark(planning, known=3)], "Il était là")
    assert made.correction_ids == () and made.answers[0].result is Result.RECORDED
    (again,) = issue(planning.activity, november, regie)
    assert db.session.get_one(Invoice, again).total_cents == 420 and find_inconsistencies(db.session()) == ()


def test_a_correction_keeps_to_who_may_open_days_again_and_to_what_is_charged_otherwise(planning, agent):
    director = make_staff(Role.SITE_DIRECTOR)
    record(agent, mark(planning))
    clock.start_at(datetime(2026, 12, 1, 9), frozen=True)
    issue(planning.activity, date(2026, 11, 1), make_staff(Role.REGISSEUR))
    timed = replace(PRESENT, arrived_at=time(9))
    for agent_id, seen, obstacle in [(agent, ABSENT, Obstacle.UNKNOWN), (director, timed, None)]:
        with write_transaction() as session:
            made = attendances.correct(session, agent_id, [mark(planning, seen, known=1)], "Erreur")
        assert (made.answers[0].obstacle, made.correction_ids) == (obstacle, ())


# --- Two at once, on both databases -----------------------------------------------------------------------------------


def test_two_tablets_at_once_lose_nothing(app):
    planning = a_day()
    agents = [make_staff(Role.YOUTH_WORKER), make_staff(Role.SITE_DIRECTOR)]
    said = [mark(planning, PRESENT), mark(planning, ABSENT)]
    unbooked = [mark(planning, unit="Repas") for _ in agents]
    found = run_together(
        app, *(partial(record, agent, *marks) for agent, *marks in zip(agents, said, unbooked, strict=True))
    )
    results = sorted(str(answer.result) for answers in found for answer in answers)
    assert results == ["conflict", "recorded", "recorded", "recorded"]
    rows = db.session.scalars(select(Attendance).order_by(Attendance.opening_id)).all()
    assert [row.version for row in rows] == [2, 2]
    assert len(db.session.scalars(select(AttendanceEvent)).all()) == 4
    assert len(bookings_of(planning.child_id)) == 2
    assert find_inconsistencies(db.session()) == ()


def test_a_mark_and_the_end_of_the_day_wait_for_each_other(app):
    planning = a_day()
    agent, colleague = make_staff(Role.YOUTH_WORKER), make_staff(Role.SITE_DIRECTOR)

    def validate() -> None:
        with write_transaction() as session:
            validated_days.validate_day(session, colleague, planning.activity.group_id, WEDNESDAY, Turnout.ABSENT)

    answers = run_together(app, partial(record, agent, mark(planning)), validate, validate)
    assert answers[1:] == [None, None]
    (answer,) = answers[0]
    # Either the mark came first and is what was validated, or the day was locked before it.
    turnout = db.session.scalars(select(Attendance.turnout)).one()
    assert (answer.obstacle, turnout) in {(None, Turnout.PRESENT), (Obstacle.VALIDATED, Turnout.ABSENT)}
