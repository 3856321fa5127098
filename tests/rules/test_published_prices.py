"""The prices that councils publish, through the engine: data/published_prices.md, row by row."""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, timedelta
from itertools import count
from pathlib import Path

import pytest

from app.rules.bills import Bill, FeePaid, Household, HouseholdChild, Usage, UsageStanding
from app.rules.calendars import Calendar
from app.rules.combinations import WeekCount, week_violations
from app.rules.deadlines import Days
from app.rules.explanations import recompute
from app.rules.family_prices import invoice_with_late_payment, price_family
from app.rules.grid_checks import GridProblemKind, grid_problems
from app.rules.quotients import Quotient
from app.rules.rates import ProblemKind
from app.rules.tariff_grids import Criterion, GridVersion, Standing
from tests.rules.published_grids import GRIDS, PUBLISHED
from tests.rules.tables import Row, rows_of

ROWS = rows_of(Path(__file__).parent / "data" / "published_prices.md", "published")
ACTIVITY = 1
STARTS = date(2000, 1, 1)
MONDAY = date(2026, 11, 2)
SEPTEMBER = date(2026, 9, 7)

SERVICES = {
    "accueil de loisirs, demi-journée": "alsh_half_day",
    "accueil de loisirs, journée avec repas": "alsh_day_with_meal",
    "repas": "meal",
    "sortie jeunes": "youth_outing",
    "sortie en famille": "family_outing",
    "journée": "day",
    "demi-journée": "half_day",
    "demi-journée avec repas": "half_day_meal",
    "journée enfant": "day_child",
    "journée ado": "day_teen",
    "périscolaire du matin": "peri_morning",
    "périscolaire du soir": "peri_evening",
    "mercredi": "wednesday",
    "mercredi entier": "wed_hour_full",
    "mercredi, demi-journée": "wed_hour_half",
    "adhésion de la famille": "family_membership",
    "pause méridienne": "lunch_break",
    "déjeuner PAI": "pai",
    "déjeuner": "lunch",
    "goûter": "snack",
    "repas occasionnel": "meal_occasional",
    "carte mensuelle": "card_meal",
    "panier PAI au mois": "own_meal",
    "garde": "care_quarter_hour",
    "semaine de vacances": "holiday_day",
    "activité": "activity",
    "pass jeunes": "pass_jeunes",
}
# « périscolaire » is measured as each page says.
AFTER_SCHOOL = {
    "donges-2024": "peri_quarter_hour",
    "2c2r": "half_hour",
    "roncq-2025": "half_hour",
    "medoc-estuaire-2015": "half_hour",
    "lieuvin-pays-auge": "peri_hour",
    "frans-2024": "peri_hour",
}
OWN_SERVICES = {
    ("vatteville-la-rue", "périscolaire du matin"): "morning",
    ("vatteville-la-rue", "périscolaire du soir"): "evening",
}
RESIDENCES = {
    "extérieur": "outside",
    "communauté": "cc",
    "commune": "commune",
    "résident": "resident",
    "intérieur": "inside",
    "Frans": "frans",
}
OUTCOMES = {
    "aucune tranche": ProblemKind.NO_BRACKET,
    "deux tranches": ProblemKind.SEVERAL_BRACKETS,
    "non proposé": ProblemKind.NOT_OFFERED,
}
# Fleury takes three days of a week at least: no price, but a rule of the week.
LEAST_DAYS = {"fleury-ligue-2018": WeekCount(Days(units=frozenset({1})), 3)}


@dataclass
class Case:
    """What « précisions » says."""

    minutes: int | None = None
    children: int = 1
    only_rank: int | None = None
    days: int = 1
    given_back: int = 0
    first_day: date = MONDAY
    standing: UsageStanding = UsageStanding.HAD
    standings: set[Standing] = field(default_factory=set)
    costs: list[int] = field(default_factory=list)
    categories: list[str] = field(default_factory=list)
    rhythm: str | None = None
    amount_cents: int = 0
    reminders: int = 0


def cents(text: str) -> int:
    whole, rest = text.removesuffix("€").strip().split(",")
    return int(whole) * 100 + int(rest)


def _set(**values: object) -> Callable[[Case, re.Match[str]], None]:
    def apply(case: Case, _: re.Match[str]) -> None:
        for name, value in values.items():
            setattr(case, name, value)

    return apply


def _number(name: str, times: int = 1) -> Callable[[Case, re.Match[str]], None]:
    return lambda case, found: setattr(case, name, int(found[1]) * times)


def _between(case: Case, found: re.Match[str]) -> None:
    case.minutes = (int(found[3]) * 60 + int(found[4])) - (int(found[1]) * 60 + int(found[2]))


DETAILS: dict[str, Callable[[Case, re.Match[str]], None]] = {
    r"(\d+) quarts? d’heure": _number("minutes", 15),
    r"(\d+) demi-heures?": _number("minutes", 30),
    r"(\d+) heures?": _number("minutes", 60),
    r"(\d+) minutes?": _number("minutes"),
    r"(\d+):(\d+)–(\d+):(\d+)": _between,
    r"(\d+) enfants? (?:le même jour|inscrits?)": _number("children"),
    r"(\d+) enfants?": _number("children"),
    r"rang (\d+)": lambda case, found: case.__dict__.update(children=int(found[1]), only_rank=int(found[1])),
    r"(\d+) jours?": _number("days"),
    r"(\d+) repas(?: chacun)?": _number("days"),
    r"(\d+) repas rendus": _number("given_back"),
    r"(\d+) relances": _number("reminders"),
    r"coûts? réels? (.+)": lambda case, found: case.costs.extend(cents(each) for each in found[1].split(" ; ")),
    r"montant (.+)": lambda case, found: setattr(case, "amount_cents", cents(found[1])),
    r"catégories? (.+)": lambda case, found: case.categories.extend(found[1].split(" ; ")),
    r"sans réservation": _set(standing=UsageStanding.UNBOOKED),
    r"septembre": _set(first_day=SEPTEMBER),
    r"régulier": _set(rhythm="regular"),
    r"occasionnel": _set(rhythm="occasional"),
    r"PAI": lambda case, _: case.standings.add(Standing.MEAL_PLAN),
    r"CCAS": lambda case, _: case.standings.add(Standing.SOCIAL),
    r"CAF": lambda case, _: case.standings.add(Standing.FUND),
    r"carte": lambda case, _: case.standings.add(Standing.CARD),
}


def read_case(details: str) -> Case:
    case = Case()
    for detail in [] if details == "–" else re.split(r", (?=\D|\d+ )", details):
        pattern = next(pattern for pattern in DETAILS if re.fullmatch(pattern, detail))
        found = re.fullmatch(pattern, detail)
        assert found
        DETAILS[pattern](case, found)
    return case


def quotients(text: str) -> tuple[Quotient, ...]:
    if text in ("–", "inconnu"):
        return ()
    whole, _, rest = text.partition(",")
    return (Quotient(int(whole) * 100 + int(rest or 0), STARTS, None, True),)


def codes(grid_id: str, services: str) -> list[str]:
    if services == "camp":
        return ["meal", "meal"]  # two meals a day; the activity is added once
    return [
        OWN_SERVICES.get((grid_id, service))
        or (AFTER_SCHOOL[grid_id] if service == "périscolaire" else SERVICES[service])
        for service in services.split(" + ")
    ]


def bill_of(row: Row) -> Bill:
    """The bill of a family as the row describes it. Its yearly fees are paid already."""
    grid_id = row["cas"].split("/")[0]
    grid, case = GRIDS[grid_id], read_case(row["précisions"])
    keys, costs, categories = count(1), iter(case.costs), iter(case.categories)
    usages = []
    for child in range(1, case.children + 1):
        for offset in range(case.days + case.given_back):
            given_back = offset >= case.days
            for code in codes(grid_id, row["réservé"]):
                usages.append(
                    Usage(
                        next(keys), child, ACTIVITY, code, case.first_day + timedelta(days=offset),
                        UsageStanding.CANCELLED_IN_TIME if given_back else case.standing,
                        minutes=case.minutes,
                        cost_cents=next(costs, None) if code in ("activity", "youth_outing", "family_outing") else None,
                        category=next(categories, None), rhythm=case.rhythm,
                    )
                )  # fmt: skip
    if row["réservé"] == "camp":
        usages.append(Usage(next(keys), 1, ACTIVITY, "activity", case.first_day, cost_cents=next(costs)))
    residence = RESIDENCES.get(row["résidence"], "resident")
    if grid_id == "roncq-2025":
        residence = "out" if residence == "outside" else "in"
    household = Household(
        children=tuple(
            HouseholdChild(id_, date(2015 + id_, 5, 1), enrolled_in=frozenset({ACTIVITY}))
            for id_ in range(1, case.children + 1)
        ),
        quotients=quotients(row["QF"]),
        residence=residence,
        standings=frozenset(case.standings),
        fees_paid=frozenset(
            FeePaid(ACTIVITY, fee.item, year, child_id)
            for fee in grid.fees
            for year in (2025, 2026)
            for child_id in (None, *range(1, case.children + 1))
        ),
    )
    bill = price_family(household, usages, {ACTIVITY: [GridVersion(STARTS, grid)]})
    if case.only_rank is None:
        return bill
    return Bill(tuple(line for line in bill.lines if line.child_id == case.only_rank), bill.unpriced)


@pytest.mark.parametrize("row", [pytest.param(row, id=f"{row['cas']} {row['collectivité, année']}") for row in ROWS])
def test_prices_that_councils_publish(row: Row) -> None:
    if row["réservé"] == "facture":
        case = read_case(row["précisions"])
        steps = invoice_with_late_payment(GRIDS[row["cas"].split("/")[0]], case.amount_cents, case.reminders)
        assert recompute(steps) == cents(row["prix"])
        return
    if row["prix"] == "refusé":
        (days,) = re.findall(r"(\d+) jours", row["précisions"])
        week = [date(2026, 11, 23) + timedelta(offset) for offset in range(5)]
        chosen = {day: {1} for day in week[: int(days)]}
        rules = [LEAST_DAYS[row["cas"].split("/")[0]]]
        assert week_violations(chosen, {}, {day: {1} for day in week}, {}, rules, Calendar({}, ()))
        return
    bill = bill_of(row)
    outcome, _, candidates = row["prix"].partition(" : ")
    if outcome in OUTCOMES:
        assert {each.problem.kind for each in bill.unpriced} == {OUTCOMES[outcome]}
        assert bill.lines == ()
        if candidates:
            assert bill.unpriced[0].problem.candidates_cents == tuple(cents(each) for each in candidates.split(" ou "))
        return
    assert bill.unpriced == ()
    assert bill.total_cents == cents(row["prix"])
    assert all(recompute(line.steps) == line.amount_cents for line in bill.lines)


def test_there_are_enough_cases_and_each_grid_has_some() -> None:
    assert len(ROWS) >= 60
    assert {row["cas"].split("/")[0] for row in ROWS} == PUBLISHED.keys() == GRIDS.keys()


# Where the grids as published leave a family without a price, or with two: item, criterion, first number, and below.
HOLES = {
    "donges-2024": [("peri_quarter_hour", 50_001, 50_101), ("peri_quarter_hour", 100_001, 100_101), ("peri_quarter_hour", 127_501, 127_601), ("peri_quarter_hour", 150_001, 150_101), ("youth_outing", 50_000, 50_101), ("youth_outing", 100_001, 100_101), ("youth_outing", 127_501, 127_601), ("youth_outing", 150_001, 150_101)],
    "roncq-2025": [("meal", 190_000, 190_001)],
    "champcevinel-2022": [("meal", 62_201, 62_300), ("meal", 100_001, 100_100), ("meal", 150_001, 150_100)],
    "2c2r": [("half_hour", 65_001, 65_100), ("half_hour", 115_001, 115_100)],
}  # fmt: skip
WITHOUT_HOLE = {"wavrin-2025", "fay-aux-loges", "tregueux-2009", "vatteville-la-rue", "frans-2024"}


@pytest.mark.parametrize("grid_id", sorted(GRIDS))
def test_grids_with_a_hole_are_refused_and_told_where(grid_id: str) -> None:
    found = grid_problems(GRIDS[grid_id])
    gaps = [(each.name, each.at, each.below) for each in found if each.kind is GridProblemKind.GAP]
    assert (not found) is (grid_id in WITHOUT_HOLE)
    for hole in HOLES.get(grid_id, ()):
        assert hole in gaps


def test_an_overlap_is_refused_and_told_where() -> None:
    overlaps = [
        (each.name, each.criterion, each.at, each.below)
        for each in grid_problems(GRIDS["medoc-estuaire-2015"])
        if each.kind is GridProblemKind.OVERLAP
    ]
    assert overlaps == [
        ("half_day", Criterion.QUOTIENT, 150_000, 150_001),
        ("half_hour", Criterion.QUOTIENT, 150_000, 150_001),
    ]


def test_a_number_of_children_without_price_is_an_open_end() -> None:
    found = grid_problems(GRIDS["saussay-2025"])
    assert {(each.name, each.kind, each.criterion, each.at) for each in found} == {
        ("meal_occasional", GridProblemKind.NO_OPEN_END, Criterion.CHILDREN, 4),
        ("monthly_card", GridProblemKind.NO_OPEN_END, Criterion.CHILDREN, 4),
    }
