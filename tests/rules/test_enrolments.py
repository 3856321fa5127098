from collections.abc import Iterable
from dataclasses import replace
from datetime import date, datetime, time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.rules.audiences import Audience
from app.rules.deadlines import PARIS
from app.rules.enrolment_documents import enrolment_document, read_enrolment_rules
from app.rules.enrolment_rules import (
    AgeOn,
    Allocation,
    EnrolmentRules,
    GroupPlaces,
    RankCriterion,
    RankFact,
    Ranking,
    Ties,
)
from app.rules.enrolments import Applicant, AskedActivity, GroupAges, age_day, age_on, blockers, fitting_group, level_in
from app.rules.states import EnrolmentStatus
from app.rules.windows import Window
from tests.rules.tables import Row, cases, number_or_none, word_or_none, words

GROUPS = (GroupAges(10, 3, 5), GroupAges(20, 6, 8), GroupAges(30, 10, None))
STARTS_ON, ENDS_ON = date(2026, 9, 1), date(2027, 7, 2)
PLAIN = AskedActivity(GROUPS, STARTS_ON, ENDS_ON)
CHILD = Applicant(date(2019, 5, 1))
JUNE = Window(date(2026, 12, 1), time(7), date(2026, 12, 31), audiences=frozenset({Audience.RESIDENTS}))


def noon(day: str) -> datetime:
    return datetime.combine(date.fromisoformat(day), time(12), PARIS)


def kinds(applicant: Applicant, activity: AskedActivity, now: datetime) -> list[str]:
    return [each.kind.value for each in blockers(applicant, activity, now)]


@pytest.mark.parametrize("row", cases("enrolments", "ages"))
def test_ages_are_completed_years(row: Row) -> None:
    assert age_on(date.fromisoformat(row["birth"]), date.fromisoformat(row["day"])) == int(row["age"])


@pytest.mark.parametrize("row", cases("enrolments", "age days"))
def test_the_day_on_which_the_age_counts(row: Row) -> None:
    kind = AgeOn(row["age on"])
    rules = EnrolmentRules(age_on=kind, age_day=date(2026, 10, 1) if kind is AgeOn.DAY else None)
    found = age_day(rules, date.fromisoformat(row["first day"]), date.fromisoformat(row["season"]))
    assert found == date.fromisoformat(row["day"])


@pytest.mark.parametrize("row", cases("enrolments", "blockers"))
def test_what_keeps_a_child_from_asking(row: Row) -> None:
    birth_date = date.fromisoformat(row["birth"])
    applicant = Applicant(birth_date, [EnrolmentStatus(word) for word in words(row["existing"])])
    assert kinds(applicant, PLAIN, noon(row["today"])) == words(row["blockers"])
    assert fitting_group(birth_date, date.fromisoformat(row["today"]), GROUPS) == number_or_none(row["group today"])


def ruled(asked: Iterable[str]) -> AskedActivity:
    activity, rules = PLAIN, EnrolmentRules()
    for word in asked:
        match word:
            case "class":
                rules = replace(rules, levels=frozenset({"CP", "CE1"}))
            case "residence":
                rules = replace(rules, residences=frozenset({"resident"}))
            case "window":
                rules = replace(rules, windows=(JUNE,))
            case "certification":
                rules = replace(rules, needs_certification=True)
            case "insurance":
                rules = replace(rules, needs_insurance=True)
            case "unpaid":
                rules = replace(rules, most_unpaid_cents=50_00)
            case "school meals":
                activity = replace(activity, has_school_meals=True)
            case _:
                pytest.fail(f"docs/rules/enrolments.md: unknown rule {word}")
    return replace(activity, rules=rules)


def known(facts: Iterable[str]) -> Applicant:
    applicant = CHILD
    for word in facts:
        match word.split():
            case ["class", level]:
                applicant = replace(applicant, level=level)
            case ["lives", residence]:
                applicant = replace(applicant, residence=residence)
            case ["resident"]:
                applicant = replace(applicant, residence="resident", audiences=frozenset({Audience.RESIDENTS}))
            case ["not", "certified"]:
                applicant = replace(applicant, is_certified=False)
            case ["not", "insured"]:
                applicant = replace(applicant, is_insured=False)
            case ["accepts", "no", "text"]:
                applicant = replace(applicant, unaccepted_texts=("Règlement intérieur",))
            case ["owes", cents]:
                applicant = replace(applicant, unpaid_cents=int(cents))
            case _:
                pytest.fail(f"docs/rules/enrolments.md: unknown fact {word}")
    return applicant


@pytest.mark.parametrize("row", cases("enrolments", "settings"))
def test_what_the_staff_ask_keeps_a_child_away(row: Row) -> None:
    assert kinds(known(words(row["child"])), ruled(words(row["asked"])), noon(row["today"])) == words(row["blockers"])


def test_a_blocker_says_what_it_is_about() -> None:
    activity = ruled(["window", "unpaid"])
    found = blockers(known(["resident", "owes 6000"]), activity, noon("2026-11-25"))
    assert [(each.at, each.cents) for each in found] == [(JUNE.opens, None), (None, 60_00)]
    later = AskedActivity(GROUPS, STARTS_ON, ENDS_ON, EnrolmentRules(age_on=AgeOn.DECEMBER))
    (young,) = blockers(Applicant(date(2024, 1, 1)), later, noon("2026-11-25"))
    assert young.day == date(2026, 12, 31)


@pytest.mark.parametrize("row", cases("enrolments", "levels"))
def test_the_class_of_a_school_year(row: Row) -> None:
    values = {"level": word_or_none(row["class"]) or "", "school_year": word_or_none(row["of"]) or ""}
    assert level_in(values, 2026) == word_or_none(row["in 2026"])


def test_above_the_last_group_a_child_is_too_old() -> None:
    activity = AskedActivity(GROUPS[:2], STARTS_ON, ENDS_ON)
    assert kinds(Applicant(date(2010, 5, 1)), activity, noon("2026-11-25")) == ["too_old"]


def test_an_activity_without_groups_receives_every_age() -> None:
    assert blockers(Applicant(date(1990, 5, 1)), AskedActivity((), STARTS_ON, ENDS_ON), noon("2026-11-25")) == ()


@given(st.dates(date(2005, 1, 1), date(2026, 9, 1)), st.dates(STARTS_ON, ENDS_ON))
def test_in_the_season_age_blocks_exactly_when_no_group_fits(birth_date: date, today: date) -> None:
    found = blockers(Applicant(birth_date), PLAIN, noon(today.isoformat()))
    assert bool(found) == (fitting_group(birth_date, today, GROUPS) is None)


@given(st.dates(date(1990, 1, 1), date(2026, 1, 1)), st.integers(0, 60))
def test_a_birthday_adds_one_year(birth_date: date, years: int) -> None:
    is_leap_day = (birth_date.month, birth_date.day) == (2, 29)
    birthday = date(birth_date.year + years, 3, 1) if is_leap_day else birth_date.replace(year=birth_date.year + years)
    if is_leap_day and birthday.year % 4 == 0:
        birthday = birth_date.replace(year=birthday.year)
    assert age_on(birth_date, birthday) == years
    assert age_on(birth_date, birthday - timedelta(days=1)) == years - 1


FULL = EnrolmentRules(
    age_on=AgeOn.DAY,
    age_day=date(2026, 10, 1),
    levels=frozenset({"CP"}),
    residences=frozenset({"resident"}),
    windows=(JUNE, Window(date(2026, 6, 8), time(7, 30))),
    needs_certification=True,
    needs_insurance=True,
    most_unpaid_cents=0,
    allocation=Allocation.RANKED,
    places=(GroupPlaces(10, 24),),
    ranking=Ranking((RankCriterion(RankFact.SIBLING, 2), RankCriterion(RankFact.RESIDENT, 10)), True, Ties.DRAW),
    parents_may_end=True,
)


@pytest.mark.parametrize("rules", [EnrolmentRules(), FULL])
def test_rules_are_read_back_from_their_document(rules: EnrolmentRules) -> None:
    assert read_enrolment_rules(enrolment_document(rules)) == rules


def test_rules_that_ask_nothing_are_a_short_document() -> None:
    assert enrolment_document(EnrolmentRules()) == {"is": "EnrolmentRules"}


def test_rules_that_mean_nothing_are_refused() -> None:
    for wrong in (
        lambda: EnrolmentRules(age_on=AgeOn.DAY),
        lambda: EnrolmentRules(levels=frozenset({"CM3"})),
        lambda: EnrolmentRules(most_unpaid_cents=-1),
        lambda: RankCriterion(RankFact.SIBLING, 0),
        lambda: Ranking((RankCriterion(RankFact.SIBLING, 1), RankCriterion(RankFact.STAFF, 1))),
        lambda: Ranking((RankCriterion(RankFact.STAFF, 2), RankCriterion(RankFact.STAFF, 1)), by_points=True),
    ):
        with pytest.raises(ValueError):
            wrong()
