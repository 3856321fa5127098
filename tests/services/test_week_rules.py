"""Rules of the week: a minimum, a maximum, all days or none, on the screen and in the save."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from itertools import product
from random import Random

import pytest
from flask import Flask
from sqlalchemy import event, select

from app import clock
from app.database import db, write_transaction
from app.models.activities import Activity, CapacityScope
from app.models.bookings import Booking, Opening
from app.models.enrolments import Enrolment
from app.rules.calendars import week_of
from app.rules.capabilities import Role
from app.rules.cells import CellState, Reason
from app.rules.combinations import EVERY_DAY, Breach, CombinationRule, Combinations, WeekCount
from app.rules.deadlines import Days, DaysBefore, Deadline, When
from app.rules.states import ACTIVE_STATUSES
from app.services import booking_requests, enrolment_ends
from app.services.booking_reports import report_save
from app.services.catalogue import catalogue
from app.services.families import children_of
from app.services.planning import CellView, Week, build_week
from app.services.verdicts import Result, SaveOutcome
from tests import factories
from tests.factories import ActivitySetup, FamilySetup, save, set_notice

MONDAY = date(2026, 12, 7)
WEEK = week_of(MONDAY)[:5]
NEXT_WEEK = week_of(MONDAY + timedelta(weeks=1))[:5]
HOURS = {"Journée": (time(9), time(17)), "Soirée": (time(18), time(20))}


@dataclass(frozen=True, slots=True)
class Home:
    family: FamilySetup
    child_id: int
    activity: ActivitySetup
    openings: dict[tuple[date, str], int]

    def ids(self, days: Iterable[date], unit: str = "Journée") -> list[int]:
        return [self.openings[day, unit] for day in days]

    def set_rules(self, *rules: CombinationRule) -> None:
        with write_transaction() as session:
            session.get_one(Activity, self.activity.id).combinations = Combinations(rules)

    def at_least(self, days: int, when: When = When.ALWAYS) -> WeekCount:
        return WeekCount(Days(when=when, units=frozenset({self.activity.units["Journée"]})), days)

    def save(
        self, *, book: Collection[int] = (), cancel: Collection[int] = (), charged: Collection[int] = ()
    ) -> SaveOutcome:
        return save(self.family, self.child_id, book=book, cancel=cancel, charged=charged)

    def week(self, held: Collection[int] = (), free: Collection[int] = (), ticked: Collection[int] = ()) -> Week:
        (child,) = children_of(self.family.family_id)
        db.session.rollback()
        return build_week(self.family.ref, child, MONDAY, factories.proposal(held, free, ticked))

    def held(self) -> set[date]:
        db.session.rollback()
        return set(
            db.session.scalars(
                select(Booking.day).where(Booking.child_id == self.child_id, Booking.status.in_(ACTIVE_STATUSES))
            )
        )


@pytest.fixture
def home(sqlite_app: Flask) -> Home:
    activity = factories.make_activity("Vacances", HOURS, needs={}, notice=None)
    openings = factories.make_openings(activity, [*WEEK, *NEXT_WEEK])
    family = factories.make_family()
    child_id = factories.make_child(family)
    factories.enrol(child_id, family, activity)
    return Home(family, child_id, activity, openings)


def cells_of(week: Week) -> dict[int, CellView]:
    return {cell.opening_id: cell for a in week.activities for row in a.rows for cell in row.cells if cell is not None}


def plain(text: str | None) -> str:
    return (text or "").replace("\u00a0", " ")


def test_a_week_with_too_few_days_is_refused_as_a_whole_and_others_are_saved(home: Home) -> None:
    home.set_rules(home.at_least(3))
    two, evening, enough = home.ids(WEEK[:2]), home.ids(WEEK[3:4], "Soirée"), home.ids(NEXT_WEEK[:3])
    week = home.week(free=two + evening, ticked=two + evening)
    said = {id_: plain(cell.reason_text) for id_, cell in cells_of(week).items() if cell.reason_text}
    assert said == dict.fromkeys(two, "Choisissez au moins 3 jours cette semaine : encore 1.")
    assert [plain(text) for text in week.summary.problems] == [
        "Semaine du lundi 7 décembre, Journée : Choisissez au moins 3 jours cette semaine : encore 1."
    ]
    outcome = home.save(book=two + evening + enough)
    assert {c.opening_id: c.result for c in outcome.choices} == {
        **dict.fromkeys(two, Result.REFUSED), **dict.fromkeys(evening + enough, Result.BOOKED),
    }  # fmt: skip
    refused = [choice for choice in outcome.choices if choice.result is Result.REFUSED]
    assert {(c.reason, c.breach, c.number, c.by) for c in refused} == {
        (Reason.BREAKS_COMBINATION, Breach.TOO_FEW_DAYS, 3, 1)
    }
    report = report_save(SaveOutcome.from_json(outcome.as_json()))
    assert plain(report.not_done[0].sentence) == (
        "Non enregistré. Choisissez au moins 3 jours cette semaine : encore 1."
    )
    assert home.held() == {WEEK[3], *NEXT_WEEK[:3]}


def test_the_staff_accept_a_week_day_by_day_but_not_what_is_left_of_it_nor_too_many_days(home: Home) -> None:
    home.set_rules(home.at_least(3))
    factories.put_on_request(home.activity)
    home.save(book=[*home.ids(WEEK[:3]), *home.ids(NEXT_WEEK[:3])])
    ordered = select(Booking.id).where(Booking.child_id == home.child_id).order_by(Booking.day)
    rows = [(id_,) for id_ in db.session.scalars(ordered)]
    agent = factories.make_staff(Role.FILE_CLERK)

    def decide(*row: tuple[int], despite: str | None = None) -> list[Breach | None]:
        with write_transaction() as session:
            found = booking_requests.accept_requests(session, home.family.family_id, row, agent, despite)
        return [each.violation and each.violation.breach for each in found.conflicts]

    assert decide(rows[0]) == []  # Monday before Tuesday
    with write_transaction() as session:
        booking_requests.refuse_requests(session, home.family.family_id, rows[1:2], agent, "Trop peu d’enfants.")
    assert decide(rows[2]) == [Breach.TOO_FEW_DAYS]
    assert decide(rows[2], despite="La famille le veut ainsi.") == []
    home.set_rules(WeekCount(Days(units=frozenset({home.activity.units["Journée"]})), most=2))
    assert decide(rows[3], rows[4]) == []
    assert decide(rows[5]) == [Breach.TOO_MANY_DAYS]


def test_a_save_of_one_day_knows_the_week_and_its_held_cells_say_why_not(home: Home) -> None:
    home.set_rules(home.at_least(3))
    home.save(book=home.ids(WEEK[:3]))
    one = home.ids(WEEK[2:3])
    outcome = home.save(cancel=one)
    assert {(choice.opening_id, choice.result) for choice in outcome.choices} == {
        (id_, Result.STAYS) for id_ in home.ids(WEEK[:2])
    } | {(one[0], Result.WEEK_HELD_BACK)}
    report = report_save(outcome)
    assert "Un autre jour de cette semaine" in report.messages[one[0]]
    assert report.not_done_count == 1  # what stays was nobody's choice
    assert plain(report.messages[home.ids(WEEK[:1])[0]]).startswith("Reste réservé. Choisissez au moins 3 jours")
    assert home.save(book=home.ids(WEEK[3:4])).count(Result.BOOKED) == 1
    assert home.save(cancel=one).count(Result.CANCELLED) == 1
    assert home.save(cancel=home.ids([WEEK[0], WEEK[1], WEEK[3]])).count(Result.CANCELLED) == 3
    assert home.held() == set()


def test_a_full_day_keeps_the_other_days_of_its_week_back(home: Home) -> None:
    home.set_rules(home.at_least(2))
    with write_transaction() as session:
        session.get_one(CapacityScope, home.activity.scope_id).places = 0
    other = factories.make_openings(home.activity, [week_of(MONDAY)[5]])  # its counter has no place
    saturday = other[week_of(MONDAY)[5], "Journée"]
    outcome = home.save(book=[*home.ids(WEEK[:2]), saturday, *home.ids(NEXT_WEEK[:2])])
    results = {choice.opening_id: (choice.result, choice.reason) for choice in outcome.choices}
    assert results[saturday] == (Result.REFUSED, Reason.FULL)
    assert {results[id_] for id_ in home.ids(WEEK[:2])} == {(Result.WEEK_HELD_BACK, None)}
    assert {results[id_] for id_ in home.ids(NEXT_WEEK[:2])} == {(Result.BOOKED, None)}


def test_closed_days_lower_the_minimum(home: Home) -> None:
    home.set_rules(home.at_least(EVERY_DAY))
    with write_transaction() as session:
        for id_ in home.ids(WEEK[1:4]):
            session.get_one(Opening, id_).is_open = False
    assert home.save(book=home.ids(WEEK[:1])).count(Result.BOOKED) == 0
    assert home.save(book=home.ids([WEEK[0], WEEK[4]])).count(Result.BOOKED) == 2


def test_who_has_come_already_gives_the_other_days_back(home: Home) -> None:
    home.set_rules(home.at_least(3))
    home.save(book=home.ids(WEEK[:3]))
    clock.start_at(datetime.combine(WEEK[0], time(20)), frozen=True)
    assert home.save(cancel=home.ids(WEEK[1:2])).count(Result.CANCELLED) == 0
    assert home.save(cancel=home.ids(WEEK[1:3])).count(Result.CANCELLED) == 2
    assert home.held() == {WEEK[0]}


@pytest.mark.parametrize("least", [3, EVERY_DAY])
def test_who_falls_ill_keeps_the_other_days_of_a_week_that_stays_charged(home: Home, least: int) -> None:
    home.set_rules(home.at_least(least))
    set_notice(home.activity, Deadline.CANCEL, DaysBefore(1, time(10)))
    set_notice(home.activity, Deadline.CANCEL_LATE, DaysBefore(0, time(7)))
    home.save(book=home.ids(WEEK if least == EVERY_DAY else WEEK[:3]))
    clock.start_at(datetime.combine(WEEK[0], time(6)), frozen=True)
    ill, in_time = home.ids(WEEK[:1]), home.ids(WEEK[2:3])
    assert CellState.NOT_ALLOWED not in {cell.cell.state for cell in cells_of(home.week(held=ill)).values()}
    assert home.save(charged=ill).count(Result.CANCELLED_LATE) == 1
    assert home.save(cancel=in_time).count(Result.CANCELLED) == 0
    clock.start_at(datetime.combine(WEEK[0], time(9)), frozen=True)
    assert home.save(cancel=home.ids(sorted(home.held()))).count(Result.REFUSED) == 0
    assert home.held() == set()


def test_a_charged_absence_counts_for_the_week_that_the_staff_accept(home: Home) -> None:
    home.set_rules(home.at_least(3))
    set_notice(home.activity, Deadline.CANCEL, DaysBefore(1, time(10)))
    set_notice(home.activity, Deadline.CANCEL_LATE, DaysBefore(0, time(7)))
    factories.put_on_request(home.activity)
    days = home.ids(WEEK[:3])
    assert home.save(book=days).count(Result.REQUESTED) == 3
    asked = dict(db.session.execute(select(Booking.opening_id, Booking.id)).tuples().all())
    agent_id = factories.make_staff()

    def conflicts(*opening_ids: int) -> int:
        rows = [(asked[id_],) for id_ in opening_ids]
        with write_transaction() as session:
            return len(booking_requests.accept_requests(session, home.family.family_id, rows, agent_id).conflicts)

    assert conflicts(days[0]) == 0
    clock.start_at(datetime.combine(WEEK[0], time(6)), frozen=True)
    assert home.save(charged=days[:1]).count(Result.CANCELLED_LATE) == 1
    assert conflicts(*days[1:]) == 0


def test_the_other_familys_days_count_and_a_maximum_is_of_both(home: Home) -> None:
    units = frozenset({home.activity.units["Journée"]})
    home.set_rules(home.at_least(3), WeekCount(Days(units=units), most=4))
    other = factories.make_family("AUTRE")
    factories.share_child(home.child_id, other)
    factories.enrol(home.child_id, other, home.activity)
    home.save(book=home.ids(WEEK[:3]))
    assert save(other, home.child_id, book=home.ids(WEEK[3:4])).count(Result.BOOKED) == 1
    outcome = save(other, home.child_id, book=home.ids(WEEK[4:5]))
    assert {choice.breach for choice in outcome.choices} == {Breach.TOO_MANY_DAYS}
    # Without the fourth day the first family's three are still enough.
    assert save(other, home.child_id, cancel=home.ids(WEEK[3:4])).count(Result.CANCELLED) == 1


def test_a_rule_set_later_bars_nobody_from_undoing(home: Home) -> None:
    home.save(book=home.ids(WEEK[:2]))
    home.set_rules(home.at_least(4))
    assert home.save(cancel=home.ids(WEEK[:1])).count(Result.CANCELLED) == 1
    assert home.save(book=home.ids(WEEK[2:3])).count(Result.BOOKED) == 0
    assert home.save(book=home.ids(WEEK[2:5])).count(Result.BOOKED) == 3


def test_an_end_in_the_middle_of_a_week_keeps_its_days_together(home: Home) -> None:
    home.set_rules(home.at_least(3))
    home.save(book=[*home.ids(WEEK[:3]), *home.ids(NEXT_WEEK[:3])])
    enrolment_id = db.session.scalars(select(Enrolment.id)).one()
    plan = enrolment_ends.plan_end(db.session(), home.family.ref, enrolment_id, WEEK[2], by_staff=True)
    assert [each.day for each in plan.kept] == [WEEK[2]]
    assert [each.day for each in plan.cancelled] == list(NEXT_WEEK[:3])


def test_a_save_reads_a_constant_number_of_times(home: Home) -> None:
    def count_reads(days: Collection[date]) -> int:
        statements: list[str] = []

        def listener(_connection: object, _cursor: object, statement: str, *_rest: object) -> None:
            statements.append(statement)

        event.listen(db.engine, "before_cursor_execute", listener)
        try:
            home.save(book=home.ids(days))
        finally:
            event.remove(db.engine, "before_cursor_execute", listener)
        return sum(statement.startswith("SELECT") for statement in statements)

    catalogue()
    without = count_reads(WEEK[:1])
    home.set_rules(home.at_least(2))
    catalogue()
    assert count_reads(WEEK[1:2]) == without
    assert count_reads(WEEK[2:5]) == without


def test_the_save_does_what_the_screen_says_whatever_is_held_and_wished(home: Home) -> None:
    random = Random(7)
    units = frozenset({home.activity.units["Journée"]})
    outcomes = {True: 0, False: 0}
    for rule, held_count in product(
        (home.at_least(3), home.at_least(EVERY_DAY), WeekCount(Days(units=units), 2, 3)), (0, 2, 3, 5)
    ):
        home.set_rules()
        days = home.held()
        more, less = home.ids({*WEEK[:held_count]} - days), home.ids(days - {*WEEK[:held_count]})
        if more or less:
            home.save(book=more, cancel=less)
        home.set_rules(rule)
        for _ in range(4):
            held, free = home.ids(sorted(home.held())), home.ids(d for d in WEEK if d not in home.held())
            ticked = {id_ for id_ in held + free if random.random() < 0.5}
            week = home.week(held, free, ticked)
            refused = {id_ for id_, cell in cells_of(week).items() if cell.cell.state is CellState.NOT_ALLOWED}
            wanted = ticked ^ set(held)
            if not wanted:
                continue
            outcome = home.save(book=sorted(ticked - set(held)), cancel=sorted(set(held) - ticked))
            done = outcome.count(Result.BOOKED, Result.CANCELLED)
            assert done == (0 if refused else len(wanted))
            told = {choice.opening_id for choice in outcome.choices if choice.result in (Result.REFUSED, Result.STAYS)}
            assert told == refused
            outcomes[bool(refused)] += 1
    assert min(outcomes.values()) > 10, outcomes
