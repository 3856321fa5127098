"""Absences that families justify: asked for once, decided once, and what the decision changes of what they pay."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime
from functools import partial

import pytest
from flask import Flask
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from sqlalchemy import select, update

from app import clock
from app.database import db, write_transaction
from app.jobs.credits import CreditJob
from app.models.absences import AbsenceJustification, JustifiedAbsence
from app.models.activities import Activity, TariffVersion
from app.models.bookings import Booking, BookingEvent, BookingPriceChange, PriceChangeReason
from app.models.families import Family
from app.models.mails import OutboxMail
from app.rules.absences import AbsenceState, JustificationStatus, Outcome
from app.rules.capabilities import Role
from app.rules.states import Actor, BookingStatus, CancelClass, FamilyStatus
from app.rules.tariff_grids import Item, Package, Period, flat, unit_code
from app.services import absence_decisions, absences, day_planning, purges
from app.services.absence_decisions import Decided
from app.services.checks import Problem, find_inconsistencies
from app.services.errors import AbsencesMoved, AlreadyDecided, FamilyNotActive, NotFound, OwnFamily
from app.services.households import family_bill
from app.services.invoices import invoices_of
from tests import factories
from tests.factories import FamilySetup, PlanningSetup, justify, make_planning, make_staff, miss
from tests.services.test_bookings import run_together

TUESDAY, WEDNESDAY, THURSDAY, FRIDAY = (date(2026, 11, day) for day in (17, 18, 19, 20))
NOVEMBER = date(2026, 11, 1)


@pytest.fixture
def planning(sqlite_app: Flask) -> PlanningSetup:
    return make_planning()


def due_cents(family: FamilySetup, planning: PlanningSetup) -> int:
    """What the family will be invoiced for November."""
    bill = family_bill(db.session(), family.family_id, NOVEMBER, [planning.activity.id])
    return bill.bill.total_cents


def decide(
    justification_id: int, accepted: list[int], reason: str | None = "Illisible", agent: int | None = None
) -> Decided:
    agent = agent or make_staff(Role.FILE_CLERK)
    with write_transaction() as session:
        return absence_decisions.decide(session, justification_id, agent, accepted, reason)


def outcomes() -> list[Outcome]:
    return list(db.session.scalars(select(JustifiedAbsence.outcome).order_by(JustifiedAbsence.booking_id)))


def classes() -> list[CancelClass | None]:
    return list(db.session.scalars(select(Booking.cancel_class).order_by(Booking.id)))


def keep_days(planning: PlanningSetup, count: int) -> None:
    with write_transaction() as session:
        session.execute(
            update(Activity).where(Activity.id == planning.activity.id).values(absence_days_kept=count)
        )  # fmt: skip
        session.get_one(Activity, planning.activity.id).position += 1  # the settings have moved


def test_what_is_accepted_is_not_charged_any_more_and_the_family_is_told_once(planning: PlanningSetup) -> None:
    ids = miss(planning.family, planning.child_id, planning.activity, [WEDNESDAY], ["Matin", "Repas"])
    (offered,) = absences.absences_of(planning.family.family_id).to_justify
    assert (offered.booking_ids, offered.unit_names, offered.amount_cents) == (tuple(ids), ("Matin", "Repas"), 840)
    assert offered.until is not None and offered.until.date() == date(2026, 11, 25)
    before = due_cents(planning.family, planning)
    sent = justify(planning.family, ids, remark="Grippe")
    found = absences.absences_of(planning.family.family_id)
    assert not found.to_justify and [each.state for each in found.justifications[0].absences] == [AbsenceState.SENT]
    assert due_cents(planning.family, planning) == before
    assert absence_decisions.effect_of_accepting(db.session(), sent).difference_cents == -840
    decided = decide(sent, ids)
    assert (decided.status, decided.difference_cents) == (JustificationStatus.ACCEPTED, -840)
    assert before - due_cents(planning.family, planning) == 840
    assert classes() == [CancelClass.JUSTIFIED] * 2
    event = db.session.scalars(select(BookingEvent).order_by(BookingEvent.id.desc()).limit(1)).one()
    assert (event.from_status, event.to_status, event.actor, event.reason) == (
        BookingStatus.CANCELLED, BookingStatus.CANCELLED, Actor.STAFF, "Absence justifiée",
    )  # fmt: skip
    (mail,) = db.session.scalars(select(OutboxMail)).all()
    assert (
        "Acceptée\u00a0: elle n’est plus facturée." in mail.body and "−8,40" in mail.body and "Grippe" not in mail.body
    )
    assert find_inconsistencies(db.session()) == ()


def test_the_team_still_reads_once_who_was_given_up(planning: PlanningSetup) -> None:
    ids = miss(planning.family, planning.child_id, planning.activity, [WEDNESDAY])
    decide(justify(planning.family, ids), ids)
    day = day_planning.read_day_planning(WEDNESDAY)
    assert [absence.unit_names for each in day.activities for absence in each.absences] == [("Matin",)]


def test_one_certificate_for_two_children_is_decided_line_by_line(planning: PlanningSetup) -> None:
    other = factories.make_child(planning.family, "Tom")
    factories.enrol(other, planning.family, planning.activity)
    first = miss(planning.family, planning.child_id, planning.activity, [WEDNESDAY])
    second = miss(planning.family, other, planning.activity, [FRIDAY])
    decided = decide(justify(planning.family, [*first, *second]), first, "Ne couvre pas vendredi")
    assert (decided.status, decided.difference_cents) == (JustificationStatus.PARTLY, -420)
    assert outcomes() == [Outcome.ACCEPTED, Outcome.REFUSED]
    assert classes() == [CancelClass.JUSTIFIED, CancelClass.LATE_CHARGED]
    (mail,) = db.session.scalars(select(OutboxMail)).all()
    assert "Motif du refus : Ne couvre pas vendredi".replace(" :", "\u00a0:") in mail.body.replace(" :", "\u00a0:")
    assert find_inconsistencies(db.session()) == ()


def test_the_first_day_of_an_absence_stays_charged_where_the_activity_says_so(planning: PlanningSetup) -> None:
    ids = miss(planning.family, planning.child_id, planning.activity, [TUESDAY, WEDNESDAY, FRIDAY])
    keep_days(planning, 1)
    shown = absences.absences_of(planning.family.family_id).to_justify
    assert [(each.day, each.is_kept) for each in shown] == [(TUESDAY, True), (WEDNESDAY, False), (FRIDAY, False)]
    decided = decide(justify(planning.family, ids), ids)
    assert (decided.status, decided.difference_cents) == (JustificationStatus.ACCEPTED, -840)
    assert outcomes() == [Outcome.KEPT, Outcome.ACCEPTED, Outcome.ACCEPTED]
    assert find_inconsistencies(db.session()) == ()


def test_what_an_invoice_holds_is_asked_for_like_the_rest_and_credited(planning: PlanningSetup) -> None:
    ids = miss(planning.family, planning.child_id, planning.activity, [TUESDAY, WEDNESDAY])
    sent = justify(planning.family, ids[:1])
    factories.issue(planning.activity, NOVEMBER, make_staff(Role.REGISSEUR))
    (other,) = absences.absences_of(planning.family.family_id).to_justify
    assert other.state is AbsenceState.TO_JUSTIFY and other.invoice_number
    later = justify(planning.family, ids[1:])
    assert decide(sent, ids).difference_cents == -420
    assert find_inconsistencies(db.session()) == ()  # the worker has not come round yet
    worker = CreditJob()
    assert worker.credit_next() and not worker.credit_next()
    assert decide(later, []).status is JustificationStatus.REFUSED
    assert not worker.credit_next()
    assert outcomes() == [Outcome.ACCEPTED, Outcome.REFUSED]
    assert classes() == [CancelClass.JUSTIFIED, CancelClass.LATE_CHARGED]
    (invoice,) = invoices_of(planning.family.family_id)
    assert (invoice.total_cents, invoice.balance_cents) == (840, 420)
    assert find_inconsistencies(db.session()) == ()


def test_a_package_is_priced_again_as_after_a_cancellation(planning: PlanningSetup) -> None:
    with write_transaction() as session:
        version = session.scalars(select(TariffVersion)).one()
        unit = unit_code(planning.activity.units["Matin"])
        package = Package("semaine", Period.WEEK, frozenset({unit}), least_days=3)
        item = Item("semaine", flat(1_000), label="Forfait semaine")
        version.grid = replace(version.grid, items=(*version.grid.items, item), packages=(package,))
    factories.book_past(planning.family, planning.child_id, planning.activity, [TUESDAY, WEDNESDAY])
    ids = miss(planning.family, planning.child_id, planning.activity, [FRIDAY])
    assert due_cents(planning.family, planning) == 1_000
    sent = justify(planning.family, ids)
    expected = absence_decisions.effect_of_accepting(db.session(), sent)
    decided = decide(sent, ids)
    assert due_cents(planning.family, planning) == 840
    assert decided.difference_cents == expected.difference_cents == 840 - 1_000
    changes = db.session.scalars(select(BookingPriceChange)).all()
    assert {each.reason for each in changes} == {PriceChangeReason.OTHER_BOOKINGS}
    assert find_inconsistencies(db.session()) == ()


def test_each_absence_is_asked_for_once_and_a_form_counts_once(planning: PlanningSetup) -> None:
    ids = miss(planning.family, planning.child_id, planning.activity, [WEDNESDAY, FRIDAY])
    assert justify(planning.family, ids[:1], key="same") == justify(planning.family, ids[:1], key="same")
    with pytest.raises(AbsencesMoved):
        justify(planning.family, ids)
    sent = justify(planning.family, ids[1:])
    decide(sent, [], "Illisible")
    with pytest.raises(AbsencesMoved):  # refused is decided too
        justify(planning.family, ids[1:])
    with pytest.raises(AlreadyDecided):
        decide(sent, ids)
    assert classes() == [CancelClass.LATE_CHARGED] * 2


def test_who_may_ask_and_who_may_decide(planning: PlanningSetup) -> None:
    ids = miss(planning.family, planning.child_id, planning.activity, [WEDNESDAY, FRIDAY])
    stranger, _ = factories.add_family(planning)
    with pytest.raises(NotFound):
        justify(stranger, ids)
    sent = justify(planning.family, ids[:1])
    with pytest.raises(NotFound):
        absences.own_certificate(stranger.family_id, sent)
    with pytest.raises(OwnFamily):
        decide(sent, ids, agent=planning.family.user_id)
    clock.start_at(datetime(2026, 11, 28), frozen=True)
    with pytest.raises(AbsencesMoved):
        justify(planning.family, ids[1:])
    with write_transaction() as session:
        session.get_one(Family, planning.family.family_id).status = FamilyStatus.CLOSED
    with pytest.raises(FamilyNotActive):
        justify(planning.family, ids[1:])


def test_the_certificate_goes_before_what_was_decided(planning: PlanningSetup) -> None:
    ids = miss(planning.family, planning.child_id, planning.activity, [WEDNESDAY])
    sent = justify(planning.family, ids, remark="Grippe")
    decide(sent, [], "Illisible")
    (path,) = absences.stored_paths(db.session())
    clock.start_at(datetime(2027, 3, 24), frozen=True)
    with write_transaction() as session:
        step = purges.purge_next(session, purges.begin_purge(session), purges.DataClass.CERTIFICATES)
    assert step.paths == (path,) and not absences.stored_paths(db.session())
    row = db.session.scalars(select(AbsenceJustification)).one()
    assert (row.remark, row.file_name, row.refusal_reason, row.status) == ("", None, None, JustificationStatus.REFUSED)
    with pytest.raises(NotFound):
        absences.certificate_for_staff(sent)
    assert absences.find_justification(sent, make_staff()).is_forgotten


def test_an_accepted_absence_that_is_charged_is_found(planning: PlanningSetup) -> None:
    ids = miss(planning.family, planning.child_id, planning.activity, [WEDNESDAY, FRIDAY])
    decide(justify(planning.family, ids[:1]), ids)
    with write_transaction() as session:
        session.get_one(Booking, ids[0]).cancel_class = CancelClass.LATE_CHARGED
        session.get_one(Booking, ids[1]).cancel_class = CancelClass.JUSTIFIED
    assert [each.problem for each in find_inconsistencies(db.session())] == [Problem.ABSENCE] * 2


@given(st.sets(st.sampled_from([16, 17, 18, 19, 20]), min_size=1), st.sets(st.integers(0, 9)), st.integers(0, 2))
@settings(
    max_examples=12, deadline=None, phases=[Phase.explicit, Phase.reuse, Phase.generate],
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)  # fmt: skip
def test_what_will_be_invoiced_moves_by_what_is_accepted(
    planning: PlanningSetup, days: set[int], accepted: set[int], kept: int
) -> None:
    family, child_id = factories.add_family(planning, f"AUTRE{next(factories._numbers)}")
    activity = factories.make_activity(f"Essai {next(factories._numbers)}")
    factories.enrol(child_id, family, activity)
    own = PlanningSetup(family, child_id, activity, {})
    ids = miss(family, child_id, activity, [date(2026, 11, day) for day in sorted(days)], ["Matin", "Repas"])
    keep_days(own, kept)
    before = due_cents(family, own)
    taken = [id_ for place, id_ in enumerate(ids) if place in accepted]
    sent = justify(family, ids)
    decided = decide(sent, taken)
    lifted = db.session.scalars(
        select(Booking.price_cents)
        .join(JustifiedAbsence, JustifiedAbsence.booking_id == Booking.id)
        .where(JustifiedAbsence.justification_id == sent, JustifiedAbsence.outcome == Outcome.ACCEPTED)
    ).all()
    assert before - due_cents(family, own) == sum(lifted) == -decided.difference_cents
    assert len(lifted) <= len(taken) and (kept or len(lifted) == len(taken))
    assert find_inconsistencies(db.session()) == ()


def test_two_parents_and_two_agents_at_once(app: Flask) -> None:
    planning = make_planning()
    ids = miss(planning.family, planning.child_id, planning.activity, [WEDNESDAY])
    factories.make_absence_reason()
    agents = [make_staff(Role.FILE_CLERK), make_staff(Role.FILE_CLERK)]

    def send() -> int | None:
        try:
            return justify(planning.family, ids)
        except AbsencesMoved:
            return None

    sent = [each for each in run_together(app, send, send) if isinstance(each, int)]
    assert len(sent) == 1

    def answer(agent: int, accepted: list[int]) -> bool:
        try:
            decide(sent[0], accepted, agent=agent)
        except AlreadyDecided:
            return False
        return True

    found = run_together(app, partial(answer, agents[0], ids), partial(answer, agents[1], []))
    assert sorted(map(str, found)) == ["False", "True"]
    assert len(db.session.scalars(select(OutboxMail)).all()) == 1
    assert find_inconsistencies(db.session()) == ()
