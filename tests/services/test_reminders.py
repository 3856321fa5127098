"""The reminder before a booking deadline: to whom it goes, once, in time, and at what cost."""

from __future__ import annotations

import threading
from datetime import date, datetime, time

import pytest
from flask import Flask
from sqlalchemy import event, select, update

from app import clock
from app.config import Config
from app.database import db, write_transaction
from app.jobs.worker import Worker
from app.models.bookings import WeekReminder
from app.models.councils import Council
from app.models.families import Family, Guardian, Title
from app.models.mails import MailStatus, OutboxMail
from app.rules.audiences import Audience
from app.rules.deadlines import DaysBefore, Deadline, NoticeLine, NoticeRule, simple_rule
from app.rules.retention import DataClass
from app.rules.states import FamilyStatus
from app.services import deadline_settings, mails, purges, reminders
from tests import factories
from tests.factories import FamilySetup, PlanningSetup, make_planning

MONDAY_EVENING = datetime(2026, 11, 23, 18, 0)  # before Tuesday 10:00, when Wednesday can be booked no more


def want(family: FamilySetup, *, wanted: bool = True) -> None:
    with write_transaction() as session:
        reminders.choose_reminders(session, family.family_id, family.user_id, wanted=wanted)


def run() -> int:
    """All families, as the worker goes through them; how many mails were queued."""
    count = after = 0
    outlook = reminders.read_outlook(db.session())
    while (batch := reminders.next_batch(db.session(), outlook, after)) is not None:
        with write_transaction() as session:
            count += reminders.send_reminders(session, batch)
        after = batch.last_family_id
    return count


def told() -> list[OutboxMail]:
    return list(db.session.scalars(select(OutboxMail).where(OutboxMail.template == "week_reminder")))


def at(moment: datetime) -> None:
    clock.start_at(moment, frozen=True)


def test_who_asked_for_it_is_reminded_once_the_evening_before(app: Flask) -> None:
    planning = make_planning()
    want(planning.family)
    factories.add_family(planning)  # did not ask
    assert run() == 0
    at(MONDAY_EVENING)
    assert run() == 1 and run() == 0
    (mail,) = told()
    assert mail.recipient == planning.family.email and mail.family_id == planning.family.family_id
    assert mail.subject == "Semaine sans réservation\u00a0: Léa"
    assert (
        "- Léa, Mercredi, semaine du lundi 23 novembre 2026\u00a0: à réserver jusqu’au mardi 24 novembre" in mail.body
    )
    assert f"\n[[portail]]/mes-reservations/{planning.child_id}?jour=2026-11-23\n" in mail.body
    assert mail.not_after == datetime(2026, 11, 24, 10, 0, tzinfo=clock.PARIS)
    row = db.session.scalars(select(WeekReminder)).one()
    assert (row.child_id, row.activity_id, row.monday) == (
        planning.child_id, planning.activity.id, date(2026, 11, 23),
    )  # fmt: skip
    at(datetime(2026, 11, 30, 18, 0))  # the week after
    assert run() == 1


@pytest.mark.parametrize("moment", [datetime(2026, 11, 24, 10, 0, 1), datetime(2026, 11, 27, 9, 0)])
def test_what_was_not_told_in_time_is_not_told_at_all(sqlite_app: Flask, moment: datetime) -> None:
    want(make_planning().family)
    at(moment)
    assert run() == 0


def test_a_portal_that_was_stopped_catches_up_before_the_deadline(sqlite_app: Flask) -> None:
    want(make_planning().family)
    at(datetime(2026, 11, 24, 9, 59))
    assert run() == 1


def test_whoever_has_something_that_week_is_left_alone(sqlite_app: Flask) -> None:
    planning = make_planning()
    want(planning.family)
    opening = planning.opening(factories.WEDNESDAY, "Matin")
    factories.save(planning.family, planning.child_id, book=[opening])
    at(MONDAY_EVENING)
    assert run() == 0
    factories.save(planning.family, planning.child_id, cancel=[opening])
    assert run() == 1


def test_the_other_home_of_a_child_is_left_alone_too(sqlite_app: Flask) -> None:
    planning, other = make_planning(), factories.make_family("AUTRE")
    factories.share_child(planning.child_id, other)
    factories.enrol(planning.child_id, other, planning.activity)
    want(other)
    factories.save(planning.family, planning.child_id, book=[planning.opening(factories.WEDNESDAY, "Matin")])
    at(MONDAY_EVENING)
    assert run() == 0


def test_one_mail_tells_all_children_and_each_parent_gets_their_own(sqlite_app: Flask) -> None:
    planning = make_planning()
    second = factories.make_child(planning.family, "Hugo")
    factories.enrol(second, planning.family, planning.activity)
    other_user = factories.make_user("autre@example.org", "Claude TEST")
    with write_transaction() as session:
        session.add(
            Guardian(
                family_id=planning.family.family_id, user_id=other_user, title=Title.MISTER, last_name="TEST",
                first_name="Claude", email="autre@example.org",
            )
        )  # fmt: skip
    want(planning.family)
    with write_transaction() as session:
        reminders.choose_reminders(session, planning.family.family_id, other_user, wanted=True)
    at(MONDAY_EVENING)
    assert run() == 2
    assert {mail.recipient for mail in told()} == {planning.family.email, "autre@example.org"}
    assert all(mail.subject.endswith("Léa, Hugo") or mail.subject.endswith("Hugo, Léa") for mail in told())


def test_nothing_in_weeks_without_openings_nor_after_the_enrolment_nor_for_a_closed_file(sqlite_app: Flask) -> None:
    planning = make_planning(weeks=1)
    want(planning.family)
    at(datetime(2026, 11, 30, 18, 0))
    assert run() == 0
    at(MONDAY_EVENING)
    with write_transaction() as session:
        session.execute(update(Family).values(status=FamilyStatus.CLOSED))
    assert run() == 0


def test_a_period_that_is_open_to_others_is_no_reason_to_hurry(sqlite_app: Flask) -> None:
    planning = make_planning()
    want(planning.family)
    lines = (NoticeLine(DaysBefore(60, time(8)), audiences=frozenset({Audience.STAFF})),)
    with write_transaction() as session:
        deadline_settings.save_rule(session, planning.activity.id, Deadline.OPENING, NoticeRule(lines))
    at(MONDAY_EVENING)
    assert run() == 0


def test_many_families_cost_as_many_queries_as_one(sqlite_app: Flask) -> None:
    planning = make_planning()
    want(planning.family)
    at(MONDAY_EVENING)

    def queries() -> int:
        seen: list[str] = []

        def note(_connection: object, _cursor: object, statement: str, *_more: object) -> None:
            seen.append(statement)

        outlook = reminders.read_outlook(db.session())
        event.listen(db.engine, "before_cursor_execute", note)
        assert reminders.next_batch(db.session(), outlook, 0) is not None
        event.remove(db.engine, "before_cursor_execute", note)
        return sum(statement.startswith("SELECT") for statement in seen)

    one = queries()
    for name in ("UN", "DEUX", "TROIS"):
        want(factories.add_family(planning, name)[0])
    assert queries() == one == 4  # parents, children, bookings, what was told


def test_two_workers_at_once_remind_once(app: Flask) -> None:
    planning = make_planning()
    want(planning.family)
    at(MONDAY_EVENING)
    batch = reminders.next_batch(db.session(), reminders.read_outlook(db.session()), 0)
    assert batch is not None
    db.session.rollback()

    def send() -> None:
        with app.app_context(), write_transaction() as session:
            reminders.send_reminders(session, batch)

    threads = [threading.Thread(target=send) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=30)
    assert len(told()) == 1


def test_the_worker_goes_round_some_families_at_a_time(sqlite_app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reminders, "BATCH_FAMILIES", 1)
    planning = make_planning()
    other, _child_id = factories.add_family(planning)
    config: Config = sqlite_app.config["PORTAL"]
    worker = Worker(sqlite_app, config)
    try:
        assert worker.remind_of_weeks() == 0  # nobody wants it
        want(planning.family)
        want(other)
        at(MONDAY_EVENING)
        assert worker.remind_of_weeks() == 2
        assert worker.remind_of_weeks() == 0  # rests
    finally:
        worker.stop()


def test_who_does_not_want_it_any_more_gets_none_that_is_being_queued_or_waits(sqlite_app: Flask) -> None:
    planning = make_planning()
    other, _child_id = factories.add_family(planning)
    want(planning.family)
    want(other)
    at(MONDAY_EVENING)
    batch = reminders.next_batch(db.session(), reminders.read_outlook(db.session()), 0)
    assert batch is not None and len(batch.due) == 2
    want(planning.family, wanted=False)
    with write_transaction() as session:
        assert reminders.send_reminders(session, batch) == 1
    want(other, wanted=False)
    (mail,) = told()
    assert (mail.recipient, mail.status) == (other.email, MailStatus.EXPIRED)


@pytest.mark.parametrize("status", [FamilyStatus.CLOSED, FamilyStatus.ERASED])
def test_a_family_that_went_meanwhile_is_not_reminded(sqlite_app: Flask, status: FamilyStatus) -> None:
    want(make_planning().family)
    at(MONDAY_EVENING)
    batch = reminders.next_batch(db.session(), reminders.read_outlook(db.session()), 0)
    assert batch is not None and batch.due
    with write_transaction() as session:
        session.execute(update(Family).values(status=status))
    with write_transaction() as session:
        assert reminders.send_reminders(session, batch) == 0
    assert not told() and not db.session.scalars(select(WeekReminder)).all()


def test_a_council_that_switched_it_off_reminds_nobody(sqlite_app: Flask) -> None:
    want(make_planning().family)
    assert reminders.is_wanted(db.session())
    with write_transaction() as session:
        deadline_settings.save_reminders(session, is_on=False, hours=12)
    assert not reminders.is_wanted(db.session()) and not db.session.scalars(select(Council.reminds_of_weeks)).one()


def test_a_reminder_that_could_not_leave_in_time_is_given_up(app: Flask) -> None:
    want(make_planning().family)
    at(MONDAY_EVENING)
    run()
    at(datetime(2026, 11, 24, 10, 0, 1))
    with write_transaction() as session:
        assert mails.claim_mail(session, "http://localhost") is None
    assert [mail.status for mail in told()] == [MailStatus.EXPIRED]
    at(datetime(2027, 12, 1))
    lines = {line.data: line.count for line in purges.dry_run(db.session())}
    assert lines[DataClass.MAILS] == 2  # the mail, and that the parent was told


def test_a_deadline_that_the_staff_move_takes_back_what_has_not_left_and_is_told_anew(sqlite_app: Flask) -> None:
    planning = make_planning()
    want(planning.family)
    at(MONDAY_EVENING)
    assert run() == 1
    with write_transaction() as session:
        rule = simple_rule(DaysBefore(1, time(9)))
        deadline_settings.save_rule(session, planning.activity.id, Deadline.BOOK, rule)
    db.session.expire_all()
    assert [mail.status for mail in told()] == [MailStatus.EXPIRED]
    assert run() == 1 and run() == 0
    assert told()[-1].not_after == datetime(2026, 11, 24, 9, 0, tzinfo=clock.PARIS)


def test_the_staff_set_hours_within_bounds(sqlite_app: Flask) -> None:
    planning: PlanningSetup = make_planning()
    want(planning.family)
    with write_transaction() as session:
        deadline_settings.save_reminders(session, is_on=True, hours=24)
    at(MONDAY_EVENING)
    assert run() == 1  # Sunday evening was missed
    for hours in (0, 169):
        with pytest.raises(ValueError, match=str(hours)), write_transaction() as session:
            deadline_settings.save_reminders(session, is_on=True, hours=hours)
