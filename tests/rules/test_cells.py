from dataclasses import fields, replace
from datetime import UTC, date, datetime, time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.rules.attendances import Turnout
from app.rules.audiences import Audience
from app.rules.cells import Action, Badge, CellFacts, CellState, Reason, judge
from app.rules.combinations import Breach, Violation
from app.rules.deadlines import (
    PARIS,
    Counted,
    DaysBefore,
    FixedMoment,
    HoursBefore,
    Never,
    NoNotice,
    NoticeLine,
    NoticeRule,
    Occasion,
    WeekdayBefore,
    simple_rule,
)
from app.rules.states import BookingStatus
from tests.rules.tables import Row, cases, rows, word_or_none, words
from tests.rules.worked_calendar import CALENDAR

KEPT_UNTIL = datetime(2026, 11, 21, 18, tzinfo=PARIS)
LATE = simple_rule(DaysBefore(0, time(6)))
VIOLATION = Violation(2, frozenset({1, 3}))
PLAIN = CellFacts(
    occasion=Occasion(date(2026, 11, 25), time(7, 30), 1),
    is_open=True,
    holding=False,
    is_invoiced=False,
    held_by_other_family=False,
    is_enrolled=True,
    has_price=True,
    may_act=True,
    places_left=None,
    opening_rule=None,
    book_rule=simple_rule(DaysBefore(2, time(10), Counted.WORKING)),
    cancel_rule=simple_rule(DaysBefore(1, time(10))),
    violation=None,
)


def facts_of(cell: str) -> CellFacts:
    facts = PLAIN
    for word in words(cell):
        match word.split():
            case ["held"]:
                facts = replace(facts, holding=True)
            case ["in", "vain"]:
                facts = replace(facts, waits_in_vain=True)
            case ["invoiced"]:
                facts = replace(facts, is_invoiced=True)
            case ["other", "family"]:
                facts = replace(facts, held_by_other_family=True)
            case ["closed"]:
                facts = replace(facts, is_open=False)
            case ["blocked"]:
                facts = replace(facts, may_act=False)
            case ["not", "enrolled"]:
                facts = replace(facts, is_enrolled=False)
            case ["no", "price"]:
                facts = replace(facts, has_price=False)
            case ["requested" | "waiting" | "offered" as standing]:
                facts = replace(facts, holding=True, standing=BookingStatus(standing), kept_until=KEPT_UNTIL)
            case ["to", "pay"]:
                facts = replace(facts, holding=True, standing=BookingStatus.AWAITING_PAYMENT, kept_until=KEPT_UNTIL)
            case ["paying"]:
                facts = replace(facts, is_paying=True)
            case ["present" | "absent" as outcome]:
                facts = replace(facts, attendance=Turnout(outcome))
            case ["unbooked"]:
                facts = replace(facts, came_unbooked=True)
            case ["locked"]:
                facts = replace(facts, is_locked=True)
            case ["special"]:
                facts = replace(facts, is_special=True)
            case ["was", "late"]:
                facts = replace(facts, was_late=True)
            case ["other", "was", "late"]:
                facts = replace(facts, other_was_late=True)
            case ["justified"]:
                facts = replace(facts, is_justified=True)
            case ["late"]:
                facts = replace(facts, late_rule=LATE)
            case ["list"]:
                facts = replace(facts, has_waiting_list=True)
            case ["package"]:
                facts = replace(facts, triggers_package=True)
            case ["overlap"]:
                facts = replace(facts, violation=replace(VIOLATION, breach=Breach.OVERLAPS))
            case ["too", "little"]:
                facts = replace(facts, is_too_little=True)
            case ["violation"]:
                facts = replace(facts, violation=VIOLATION)
            case ["no", "rules"]:
                facts = replace(facts, book_rule=None, cancel_rule=None)
            case ["opens", "on", "20"]:
                facts = replace(facts, opening_rule=simple_rule(FixedMoment(date(2026, 11, 20), time(8, 30))))
            case ["for", "residents"]:
                line = NoticeLine(NoNotice(), audiences=frozenset({Audience.RESIDENTS}))
                facts = replace(facts, opening_rule=NoticeRule((line,)))
            case ["resident"]:
                occasion = replace(facts.occasion, audiences=frozenset({Audience.RESIDENTS}))
                facts = replace(facts, occasion=occasion)
            case ["staff", "only"]:
                facts = replace(facts, book_rule=simple_rule(Never()), cancel_rule=simple_rule(Never()))
            case ["never", "opens"]:
                facts = replace(facts, opening_rule=simple_rule(Never()))
            case ["document"]:
                facts = replace(facts, lacks_document=True)
            case ["last"]:
                facts = replace(facts, is_last=True)
            case ["kept"]:
                facts = replace(facts, is_kept=True)
            case ["places", number]:
                facts = replace(facts, places_left=int(number))
            case _:
                pytest.fail(f"docs/rules/cells.md: unknown fact {word}")
    return facts


@pytest.mark.parametrize("row", cases("cells", "cells"))
def test_a_cell_has_one_state_reason_and_set_of_actions(row: Row) -> None:
    cell = judge(facts_of(row["facts"]), datetime.fromisoformat(row["now"]), CALENDAR)
    assert cell.state == CellState(row["state"])
    assert cell.reason == word_or_none(row["reason"])
    assert cell.actions == {Action(word) for word in words(row["actions"])}
    assert cell.badges == {Badge(word) for word in words(row["badges"])}


AXES = {row["axis"]: row for row in rows("cells", "axes")}
BESIDE = rows("cells", "states by axis")


def beside(row: Row) -> dict[str, tuple[CellFacts, datetime]]:
    """The cell of a row with each of its axes."""
    met = {name.strip(): AXES[name.strip()] for name in row["with"].split(";")}
    return {
        name: (
            facts_of(", ".join([*words(row["facts"]), *words(axis["facts"])]) or "–"),
            datetime.fromisoformat(axis["now"]),
        )
        for name, axis in met.items()
    }


@pytest.mark.parametrize("row", [pytest.param(row, id=f"{row['cell']} {row['with'][:30]}") for row in BESIDE])
def test_each_cell_beside_each_fact(row: Row) -> None:
    for name, (facts, now) in beside(row).items():
        cell = judge(facts, now, CALENDAR)
        assert cell.state == CellState(row["state"]), name
        assert cell.reason == word_or_none(row["reason"]), name
        assert cell.actions == {Action(word) for word in words(row["actions"])}, name
        assert cell.badges == {Badge(word) for word in words(row["badges"])}, name


def test_the_tables_leave_out_no_state_no_fact_and_no_pair_of_them() -> None:
    met = [(row["cell"], name.strip()) for row in BESIDE for name in row["with"].split(";")]
    cells = {row["cell"]: facts_of(row["facts"]) for row in BESIDE}
    assert sorted(met) == sorted((cell, axis) for cell in cells for axis in AXES)
    first = datetime(2026, 11, 20, 12, tzinfo=PARIS)
    assert {judge(facts, first, CALENDAR).state for facts in cells.values()} == set(CellState)
    plain = rows("cells", "cells")
    told = [*plain, *BESIDE]
    assert {row["state"] for row in told} == set(CellState)
    assert {row["reason"] for row in told} - {"–"} == set(Reason) - {Reason.CHARGED_BY_NOW}  # of a save alone
    assert {word for row in told for word in words(row["actions"])} == set(Action)
    assert {word for row in told for word in words(row["badges"])} == set(Badge)
    every = [facts_of(row["facts"]) for row in plain]
    every += [facts for row in BESIDE for facts, _ in beside(row).values()]
    for each in fields(CellFacts):
        values = {getattr(facts, each.name) for facts in every}
        assert len(values) > 1, f"{each.name} is always {values}"


def test_the_last_instants_are_told_even_when_they_have_passed() -> None:
    cell = judge(PLAIN, datetime(2026, 11, 26, 12, tzinfo=PARIS), CALENDAR)
    assert cell.book_until == datetime(2026, 11, 23, 10, tzinfo=PARIS)
    assert cell.cancel_until == datetime(2026, 11, 24, 10, tzinfo=PARIS)


def test_a_last_instant_is_never_after_the_start() -> None:
    same_evening = simple_rule(DaysBefore(0, time(18)))
    cell = judge(replace(PLAIN, cancel_rule=same_evening), datetime(2026, 11, 20, tzinfo=PARIS), CALENDAR)
    assert cell.cancel_until == datetime(2026, 11, 25, 7, 30, tzinfo=PARIS)


def test_both_limits_of_cancelling_are_told_and_the_last_one_refuses() -> None:
    cell = judge(facts_of("held, late"), datetime(2026, 11, 25, 7, tzinfo=PARIS), CALENDAR)
    assert cell.cancel_until == datetime(2026, 11, 24, 10, tzinfo=PARIS)
    assert cell.charged_until == cell.refusing_instant == datetime(2026, 11, 25, 6, tzinfo=PARIS)


def test_without_a_notice_rule_there_is_no_last_instant() -> None:
    cell = judge(facts_of("no rules"), datetime(2026, 11, 20, tzinfo=PARIS), CALENDAR)
    assert (cell.book_from, cell.book_until, cell.cancel_until) == (None, None, None)


def test_the_instant_that_refuses_is_told_with_the_reason() -> None:
    def instant(facts: str, day: int) -> datetime | None:
        return judge(facts_of(facts), datetime(2026, 11, day, 7, tzinfo=PARIS), CALENDAR).refusing_instant

    assert instant("opens on 20", 20) == datetime(2026, 11, 20, 8, 30, tzinfo=PARIS)
    assert instant("opens on 20", 24) == datetime(2026, 11, 23, 10, tzinfo=PARIS)
    assert instant("held", 25) == datetime(2026, 11, 24, 10, tzinfo=PARIS)
    assert instant("staff only", 20) is None
    assert instant("–", 20) is None


RULES = st.sampled_from(
    [
        None,
        simple_rule(DaysBefore(2, time(10), Counted.WORKING)),
        simple_rule(DaysBefore(0, time(18))),
        simple_rule(HoursBefore(48)),
        simple_rule(WeekdayBefore(1, 2, time(12))),
        simple_rule(Never()),
        simple_rule(NoNotice()),
    ]
)
PLAIN_FACTS = st.builds(
    CellFacts,
    occasion=st.builds(
        Occasion,
        st.dates(date(2026, 10, 20), date(2026, 11, 30)),
        st.sampled_from([time(7, 30), time(12, 15), time(16, 30)]),
        st.just(1),
    ),
    is_open=st.booleans(),
    holding=st.booleans(),
    is_invoiced=st.just(False),
    held_by_other_family=st.booleans(),
    is_enrolled=st.booleans(),
    has_price=st.booleans(),
    may_act=st.booleans(),
    places_left=st.none() | st.integers(-2, 6),
    opening_rule=st.none(),
    book_rule=RULES,
    cancel_rule=RULES,
    violation=st.none() | st.just(VIOLATION),
)
FACTS = PLAIN_FACTS | PLAIN_FACTS.map(
    lambda facts: replace(facts, holding=True, held_by_other_family=False, is_invoiced=True)
)
MOMENTS = st.datetimes(datetime(2026, 10, 15), datetime(2026, 12, 2), timezones=st.just(UTC))


@given(FACTS, MOMENTS)
def test_state_reason_and_actions_agree(facts: CellFacts, now: datetime) -> None:
    cell = judge(facts, now, CALENDAR)
    held = facts.holding or facts.held_by_other_family
    assert cell.actions <= {Action.CANCEL if held else Action.BOOK}
    assert (cell.reason is None) == (bool(cell.actions) and cell.state is not CellState.NOT_ALLOWED)
    assert (cell.state is CellState.AVAILABLE) <= (cell.actions == {Action.BOOK})
    assert (cell.state is CellState.NOT_ALLOWED) == (cell.reason is Reason.BREAKS_COMBINATION)
    assert (cell.state is CellState.FULL) == (cell.reason is Reason.FULL)
    assert (cell.state is CellState.PRESENT) <= held
    if held:
        assert cell.state in {CellState.PRESENT, CellState.INVOICED, CellState.NOT_ALLOWED}
    assert (cell.state is CellState.INVOICED) == (cell.reason is Reason.INVOICED)
    if facts.is_invoiced:
        assert not cell.actions
    if not facts.may_act or facts.held_by_other_family:
        assert not cell.actions
    if facts.violation is None:
        assert cell.state is not CellState.NOT_ALLOWED


@given(FACTS, MOMENTS, st.timedeltas(timedelta(0), timedelta(days=20)))
def test_what_time_has_taken_away_never_comes_back(facts: CellFacts, now: datetime, later: timedelta) -> None:
    assert judge(facts, now + later, CALENDAR).actions <= judge(facts, now, CALENDAR).actions


@given(FACTS, RULES, MOMENTS, st.timedeltas(timedelta(0), timedelta(days=20)))
def test_a_late_rule_only_adds_a_charged_cancellation_where_none_is_free(
    facts: CellFacts, late_rule: NoticeRule | None, now: datetime, later: timedelta
) -> None:
    cell, plain = (judge(replace(facts, late_rule=rule), now, CALENDAR) for rule in (late_rule, None))
    if Action.CANCEL_LATE in cell.actions:
        assert not plain.actions and plain.reason in {
            Reason.TOO_LATE_TO_CANCEL, Reason.STAFF_ONLY, Reason.BREAKS_COMBINATION
        }  # fmt: skip
        assert cell.can_be_ticked and facts.holding and facts.may_act and not facts.is_invoiced
    else:
        assert (cell.state, cell.actions) == (plain.state, plain.actions)
    if not cell.can_be_ticked:
        assert not judge(replace(facts, late_rule=late_rule), now + later, CALENDAR).can_be_ticked


@given(FACTS, MOMENTS)
def test_a_combination_never_changes_the_actions(facts: CellFacts, now: datetime) -> None:
    fine, broken = (judge(replace(facts, violation=each), now, CALENDAR) for each in (None, VIOLATION))
    assert fine.actions == broken.actions


@given(
    FACTS,
    MOMENTS,
    st.sampled_from([*BookingStatus][:5]),
    st.none() | st.sampled_from(Turnout),
    st.booleans(),
    st.booleans(),
)
def test_every_state_of_every_booking_is_decided(
    facts: CellFacts,
    now: datetime,
    standing: BookingStatus,
    attendance: Turnout | None,
    is_locked: bool,
    is_special: bool,
) -> None:
    whole = replace(
        facts, standing=standing, attendance=attendance, is_locked=is_locked, is_special=is_special,
        kept_until=KEPT_UNTIL,
    )  # fmt: skip
    cell = judge(whole, now, CALENDAR)
    assert cell.actions or cell.reason is not None
    if not facts.may_act or facts.is_invoiced or facts.held_by_other_family:
        assert not cell.actions
    if cell.state in {CellState.RECORDED, CellState.ABSENT, CellState.SPECIAL}:
        assert not cell.actions and not cell.can_be_ticked
    assert (Action.BOOK in cell.actions) <= (not facts.holding and not facts.held_by_other_family)


WHOLE_FACTS = st.builds(
    CellFacts,
    occasion=st.builds(
        Occasion,
        st.dates(date(2026, 10, 20), date(2026, 11, 30)),
        st.sampled_from([time(7, 30), time(16, 30)]),
        st.just(1),
        audiences=st.sampled_from([frozenset(), frozenset({Audience.RESIDENTS})]),
    ),
    **{
        name: st.booleans()
        for name in (
            "is_open", "holding", "is_invoiced", "held_by_other_family", "is_enrolled", "has_price", "may_act",
            "is_too_little", "is_last", "is_kept", "has_waiting_list", "triggers_package", "is_special", "is_locked",
            "came_unbooked",
            "was_late", "other_was_late",
        )
    },
    places_left=st.none() | st.integers(-2, 6),
    opening_rule=RULES
    | st.just(NoticeRule((NoticeLine(NoNotice(), audiences=frozenset({Audience.RESIDENTS})),)))
    | st.just(simple_rule(FixedMoment(date(2026, 11, 20), time(8, 30)))),
    book_rule=RULES,
    cancel_rule=RULES,
    late_rule=RULES,
    violation=st.sampled_from([None, VIOLATION, replace(VIOLATION, breach=Breach.OVERLAPS)]),
    standing=st.sampled_from([*BookingStatus][:5]),
    kept_until=st.sampled_from([None, KEPT_UNTIL]),
    attendance=st.none() | st.sampled_from(Turnout),
)  # fmt: skip


@given(WHOLE_FACTS, MOMENTS)
def test_whatever_the_facts_there_is_one_answer_and_it_says_why(facts: CellFacts, now: datetime) -> None:
    cell = judge(facts, now, CALENDAR)
    held = facts.holding or facts.held_by_other_family
    assert cell == judge(facts, now, CALENDAR)
    assert cell.actions or cell.reason is not None  # whoever may do nothing is told why
    assert (cell.state is CellState.FULL) == (cell.reason in {Reason.FULL, Reason.KEPT_BY_SERVICE})
    assert cell.state is not CellState.IMPOSSIBLE or not held
    free = {CellState.AVAILABLE, CellState.FULL, CellState.IMPOSSIBLE}
    assert not (held and cell.state in free)
    may_touch = {CellState.AVAILABLE, CellState.NOT_ALLOWED, CellState.PRESENT, CellState.FULL} | {
        CellState.REQUESTED, CellState.TO_PAY, CellState.WAITING, CellState.OFFERED
    }  # fmt: skip
    assert not cell.actions or cell.state in may_touch
    assert not cell.actions or (facts.may_act and facts.is_open and not facts.held_by_other_family)
    assert (Badge.INVOICED in cell.badges) == (facts.is_invoiced and cell.state is not CellState.INVOICED)
    assert (Badge.PACKAGE in cell.badges) == (facts.triggers_package and Action.BOOK in cell.actions)
    assert (Badge.LAST_PLACES in cell.badges) == (facts.is_last and Action.BOOK in cell.actions)
