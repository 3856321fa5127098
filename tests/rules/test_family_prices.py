"""The engine on the worked examples of docs/rules/pricing.md, and what always holds."""

import random
from dataclasses import replace
from datetime import date, timedelta
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.price_labels import explained
from app.rules.bills import Bill, Household, LineKind, Usage
from app.rules.explanations import recompute, rounded_half_up
from app.rules.family_prices import price_family, price_of_book
from app.rules.grid_checks import grid_problems
from app.rules.quotients import Quotient, QuotientOutcome
from app.rules.rates import Facts, ProblemKind, Unpriced
from app.rules.tariff_grids import (
    CountedSiblings,
    CreditBook,
    Criterion,
    Grid,
    GridVersion,
    Item,
    NumberAxis,
    Package,
    Period,
    SiblingOrder,
    Span,
    Table,
    flat,
    version_on,
)
from tests.rules.tables import Row, rows, words
from tests.rules.worked_grids import ACTIVITIES, BRACKETS, STANDINGS, TARIFFS, WEDNESDAY, household, told, usages

TABLES = ("wednesday", "after_school", "holidays", "club")
CASES = [pytest.param(table, row, id=f"{table}: {row['case']}") for table in TABLES for row in rows("pricing", table)]


def euros(text: str) -> int:
    whole, rest = text.split(".")
    return int(whole) * 100 + int(rest)


@pytest.mark.parametrize(("activity", "row"), CASES)
def test_worked_examples(activity: str, row: Row) -> None:
    bill = price_family(household(row["family"]), usages(activity, row["had"]), TARIFFS)
    assert bill.unpriced == ()
    assert list(told(bill.lines)) == words(row["lines"])
    assert bill.total_cents == euros(row["total"])


@pytest.mark.parametrize("row", rows("pricing", "words"), ids=lambda row: f"{row['activity']} {row['had']}")
def test_the_words_of_a_price(row: Row) -> None:
    bill = price_family(household(row["family"]), usages(row["activity"], row["had"]), TARIFFS)
    said = " ; ".join(explained(line.steps) for line in bill.lines)
    assert said.replace("\u00a0", " ") == row["words"]


@pytest.mark.parametrize("row", rows("pricing", "checks"), ids=lambda row: row["case"])
def test_what_is_wrong_with_a_grid(row: Row) -> None:
    spans = []
    for text in words(row["columns"]):
        low, below = text.split("..")
        spans.append(Span(text, int(low), int(below) if below else None))
    axis = NumberAxis(Criterion(row["criterion"]), tuple(spans))
    grid = Grid(items=(Item("unit", Table((axis,), {(code,): 100 for code in axis.codes})),))
    found = [
        f"{each.kind} {each.at}"
        + ("" if each.kind == "no_open_end" else f"..{'' if each.below is None else each.below}")
        for each in grid_problems(grid)
    ]
    assert found == words(row["problems"])


def test_the_worked_grids_have_no_problem() -> None:
    assert [grid_problems(version.grid) for versions in TARIFFS.values() for version in versions] == [()] * 4


def test_each_usage_says_what_it_costs_by_itself() -> None:
    had = usages("wednesday", "A 04 morning meal afternoon")
    shares = price_family(household("QF 700"), had, TARIFFS).shares()
    assert {key: share.amount_cents for key, share in shares.items()} == {3: 1200, 2: 0, 1: 0}
    assert explained(shares[1].steps) == "compris avec les autres temps du jour"
    assert sum(recompute(share.steps) for share in shares.values()) == 1200


def test_the_parts_of_a_day_are_care_and_its_meal() -> None:
    (line,) = price_family(household("QF 700"), usages("wednesday", "A 04 morning meal afternoon"), TARIFFS).lines
    assert (line.care_cents, line.meal_cents, line.other_cents) == (850, 350, 0)
    (line,) = price_family(household("QF 700"), usages("wednesday", "A 04 morning~late"), TARIFFS).lines
    assert (line.care_cents, line.meal_cents, line.other_cents) == (0, 0, 225)


def test_a_fee_is_charged_once_also_where_two_versions_lie_in_its_year() -> None:
    grid = TARIFFS[3][0].grid
    versions = {3: (*TARIFFS[3], GridVersion(date(2026, 11, 3), grid))}
    bill = price_family(household("–"), usages("holidays", "A 02 day; A 03 day"), versions)
    assert [line.kind for line in bill.lines] == [LineKind.FEE, LineKind.UNIT, LineKind.UNIT]


def test_a_season_package_is_charged_once_also_where_two_versions_lie_in_the_season() -> None:
    package = Package("season", Period.SEASON, frozenset({"session"}), is_the_only_price=True)
    first = Grid(items=(Item("season", flat(9_000)),), packages=(package,))
    second = replace(first, items=(Item("season", flat(9_500)),))
    versions = {4: (GridVersion(date(2026, 9, 1), first), GridVersion(date(2026, 11, 9), second))}

    def lines(had: str) -> list[tuple[int, str]]:
        bill = price_family(household("–"), usages("club", had), versions)
        return [(line.amount_cents, explained(line.steps)) for line in bill.lines]

    assert lines("A 02 session; A 10 session; A 17 session") == [
        (9_000, "tarif unique"),
        (0, "compris dans le forfait"),
    ]
    assert lines("A 10 session; A 17 session") == [(9_500, "tarif unique")]
    assert lines("A 02 session; B 10 session") == [(9_000, "tarif unique"), (9_500, "tarif unique")]
    other = replace(first, items=(Item("autumn", flat(9_000)),), packages=(replace(package, item="autumn"),))
    versions[4] = (GridVersion(date(2026, 9, 1), other), versions[4][1])
    assert [cents for cents, _ in lines("A 02 session; A 10 session")] == [9_000, 9_500]


def test_a_fee_that_is_called_otherwise_is_the_same_and_one_with_another_price_is_new() -> None:
    grid = TARIFFS[3][0].grid
    items = {item.code: item for item in grid.items}
    renamed = replace(grid, items=tuple({**items, "card": replace(items["card"], label="Adhésion")}.values()))
    replaced = replace(
        grid, fees=(replace(grid.fees[0], item="other"),), items=(*grid.items, Item("other", flat(1_000)))
    )
    for later, fees in ((renamed, ["card"]), (replaced, ["card", "other"])):
        versions = {3: (*TARIFFS[3], GridVersion(date(2026, 11, 9), later))}
        bill = price_family(household("–"), usages("holidays", "A 02 day; A 09 day"), versions)
        assert [line.item for line in bill.lines if line.kind is LineKind.FEE] == fees


def test_entries_of_a_book_are_spent_once_over_two_versions_also_where_the_later_one_knows_no_book() -> None:
    grid = TARIFFS[3][0].grid
    without = replace(grid, credit_books=(), items=tuple(item for item in grid.items if item.code != "book"))
    versions = {3: (*TARIFFS[3], GridVersion(date(2026, 11, 9), without))}
    had = usages("holidays", "A 02 day; A 09 day; A 16 day")
    bill = price_family(household("card paid, book A 2"), had, versions)
    assert [line.kind for line in bill.lines] == [LineKind.BOOK, LineKind.BOOK, LineKind.UNIT]


def test_a_book_costs_what_the_grid_of_its_day_says() -> None:
    line = price_of_book(household("QF 700"), TARIFFS[3], 3, "book", 1, date(2026, 11, 4))
    assert (line.kind, line.amount_cents, line.care_cents) == (LineKind.BOOK_SALE, 8_000, 8_000)
    with pytest.raises(Unpriced):
        price_of_book(household("QF 700"), TARIFFS[3], 3, "week", 1, date(2026, 11, 4))
    with pytest.raises(Unpriced):
        price_of_book(household("QF 700"), TARIFFS[3], 3, "book", 1, date(2026, 8, 4))


@pytest.mark.parametrize(
    ("months", "sold_on", "last"),
    [
        (None, date(2026, 11, 4), date(2027, 7, 31)),
        (3, date(2026, 11, 30), date(2027, 2, 27)),
        (12, date(2026, 11, 4), date(2027, 7, 31)),
    ],
)
def test_the_last_day_of_a_book(months: int | None, sold_on: date, last: date) -> None:
    book = CreditBook("book", frozenset({"day"}), 10, months)
    assert book.last_day(sold_on, date(2027, 7, 31)) == last


@pytest.mark.parametrize(
    ("day", "code", "kind"),
    [
        pytest.param(date(2026, 8, 31), "morning", ProblemKind.NO_VERSION, id="before any grid"),
        pytest.param(date(2026, 11, 4), "night", ProblemKind.NO_ITEM, id="a unit that has no price"),
    ],
)
def test_no_price_has_a_name(day: date, code: str, kind: ProblemKind) -> None:
    bill = price_family(household("QF 700"), [Usage(1, 1, 1, code, day)], TARIFFS)
    assert [(each.usage.key, each.problem.kind) for each in bill.unpriced] == [(1, kind)]
    assert bill.lines == ()


def test_what_cannot_be_priced_does_not_hide_the_rest() -> None:
    bill = price_family(household("QF 700"), usages("wednesday", "A 04 morning night"), TARIFFS)
    assert (bill.total_cents, len(bill.unpriced)) == (450, 1)


def test_a_stay_of_unknown_length_has_no_price() -> None:
    bill = price_family(household("QF 700"), usages("after_school", "A 03 evening"), TARIFFS)
    assert [(each.problem.kind, each.problem.criterion) for each in bill.unpriced] == [
        (ProblemKind.FACT_MISSING, Criterion.DURATION)
    ]


def test_the_version_of_the_day_counts_and_ends() -> None:
    first = GridVersion(date(2026, 9, 1), WEDNESDAY)
    second = GridVersion(date(2027, 1, 1), WEDNESDAY, date(2027, 7, 1))
    versions = (second, first)
    assert version_on(versions, date(2026, 8, 31)) is None
    assert version_on(versions, date(2026, 12, 31)) is first
    assert version_on(versions, date(2027, 1, 1)) is second
    assert version_on(versions, date(2027, 7, 1)) is None


def test_the_quotient_of_the_first_of_the_month_counts() -> None:
    rows_of_family = (
        Quotient(70_000, date(2026, 1, 1), date(2026, 11, 30), True),
        Quotient(20_000, date(2026, 11, 2), None, True),
    )
    family = replace(household("–"), quotients=rows_of_family)
    had = [Usage(1, 1, 1, "morning", date(2026, 11, 25)), Usage(2, 1, 1, "morning", date(2026, 12, 2))]
    assert [line.amount_cents for line in price_family(family, had, TARIFFS).lines] == [450, 300]


@pytest.mark.parametrize(
    ("counted", "order", "amounts"),
    [
        pytest.param(CountedSiblings.SAME_DAY, SiblingOrder.ELDEST_FIRST, [450, 450], id="each alone on its day"),
        pytest.param(CountedSiblings.SAME_MONTH, SiblingOrder.ELDEST_FIRST, [450, 360], id="same month"),
        pytest.param(CountedSiblings.SAME_MONTH, SiblingOrder.YOUNGEST_FIRST, [360, 450], id="youngest first"),
        pytest.param(CountedSiblings.ENROLLED, SiblingOrder.ELDEST_FIRST, [450, 450], id="the other is not enrolled"),
        pytest.param(CountedSiblings.DEPENDENT, SiblingOrder.YOUNGEST_FIRST, [270, 360], id="all dependent children"),
    ],
)
def test_which_siblings_count_is_the_grids_choice(
    counted: CountedSiblings, order: SiblingOrder, amounts: list[int]
) -> None:
    grid = replace(WEDNESDAY, counted_siblings=counted, sibling_order=order)
    had = usages("wednesday", "A 04 morning; B 18 morning")
    bill = price_family(household("QF 700"), had, {1: (GridVersion(date(2026, 9, 1), grid),)})
    assert [line.amount_cents for line in bill.lines] == amounts


def test_17_times_4_15_is_70_55() -> None:
    grid = Grid(items=(Item("evening", flat(415)),))
    had = [Usage(n, 1, 1, "evening", date(2026, 11, 1) + timedelta(days=n)) for n in range(17)]
    assert price_family(household("–"), had, {1: (GridVersion(date(2026, 9, 1), grid),)}).total_cents == 7055


def test_halves_are_rounded_up() -> None:
    assert [rounded_half_up(Fraction(n, 2), 1) for n in (1, 2, 3, 5)] == [1, 1, 2, 3]
    assert [rounded_half_up(Fraction(n, 2), 5) for n in (4, 5, 14, 15)] == [0, 5, 5, 10]


def test_a_usage_told_twice_or_of_another_family_is_refused() -> None:
    one = Usage(1, 1, 1, "morning", date(2026, 11, 4))
    with pytest.raises(ValueError, match="twice"):
        price_family(household("–"), [one, one], TARIFFS)
    with pytest.raises(ValueError, match="another family"):
        price_family(household("–"), [replace(one, child_id=99)], TARIFFS)


def test_a_quotient_that_is_not_verified_is_no_fact() -> None:
    with pytest.raises(ValueError):
        Facts(QuotientOutcome.MISSING, 1000)
    with pytest.raises(ValueError):
        Facts(QuotientOutcome.VERIFIED)


# -- what always holds ----------------------------------------------------------------------------------------------

UNITS = [
    *((ACTIVITIES["wednesday"], code) for code in ("morning", "meal", "afternoon")),
    (ACTIVITIES["after_school"], "evening"),
    (ACTIVITIES["holidays"], "day"),
    (ACTIVITIES["club"], "session"),
]
FAMILIES = st.sampled_from(
    [
        "–",
        "QF 0",
        "QF 700",
        "QF 905, outside",
        "QF 2000, staff, PAI A",
        "QF 300, outside, staff, book A 2",
        "declines",
        "book A 3 from 05 until 20, book A 1, book B 2 until 12",
    ]
)


@st.composite
def months(draw: st.DrawFn) -> list[Usage]:
    """What three children have in a month, in any order."""
    chosen = draw(
        st.lists(
            st.tuples(
                st.integers(1, 3), st.sampled_from(UNITS), st.integers(1, 30), st.sampled_from(sorted(STANDINGS)),
                st.integers(1, 240), st.sampled_from([None, 5, 40]),
            ),
            max_size=14,
            unique_by=lambda each: (each[0], each[1], each[2]),
        )
    )  # fmt: skip
    return [
        Usage(
            key, child, unit[0], unit[1], date(2026, 11, day), STANDINGS[standing],
            minutes=minutes, late_minutes=late, is_invoiced=standing == "invoiced",
        )
        for key, (child, unit, day, standing, minutes, late) in enumerate(chosen)
    ]  # fmt: skip


@given(FAMILIES, months())
def test_a_bill_is_never_negative_adds_up_and_is_explained(family: str, had: list[Usage]) -> None:
    bill = price_family(household(family), had, TARIFFS)
    assert bill.total_cents == sum(line.amount_cents for line in bill.lines) >= 0
    assert sum(line.care_cents for line in bill.lines) >= 0 and sum(line.meal_cents for line in bill.lines) >= 0
    for line in bill.lines:
        assert recompute(line.steps) == line.amount_cents == line.care_cents + line.meal_cents + line.other_cents
        assert line.amount_cents >= 0 or line.kind is LineKind.DEDUCTION
        assert explained(line.steps)
    priced = {key for line in bill.lines for key in line.usage_keys}
    charged = {usage.key for usage in had if usage.is_charged}
    assert charged == (priced & charged) | {each.usage.key for each in bill.unpriced}
    shares = bill.shares()
    assert sum(share.amount_cents for share in shares.values()) == sum(
        line.amount_cents for line in bill.lines if line.kind in (LineKind.UNIT, LineKind.COMBINATION, LineKind.PACKAGE)
    )
    by_key = {usage.key: usage for usage in had}
    for book in household(family).book_entries:
        paid = [by_key[key] for line in bill.lines if line.book == book.key for key in line.usage_keys]
        assert sum(not usage.is_invoiced for usage in paid) <= book.left
        assert all(usage.is_invoiced or book.pays(usage) for usage in paid)


@given(FAMILIES, months(), st.randoms(use_true_random=False))
def test_the_order_of_days_and_siblings_changes_nothing(family: str, had: list[Usage], rng: random.Random) -> None:
    asked = household(family)
    shuffled = list(had)
    rng.shuffle(shuffled)
    children = list(asked.children)
    rng.shuffle(children)
    other: Household = replace(asked, children=tuple(children))
    first: Bill = price_family(asked, had, TARIFFS)
    assert price_family(asked, had, TARIFFS) == first
    assert price_family(other, shuffled, TARIFFS) == first


@given(months(), st.integers(0, 250_000), st.integers(0, 250_000))
def test_a_higher_quotient_never_pays_less_and_none_pays_the_most(had: list[Usage], one: int, two: int) -> None:
    low, high = sorted((one, two))

    def total(quotient_cents: int | None) -> int:
        rows_of_family = () if quotient_cents is None else (Quotient(quotient_cents, date(2026, 1, 1), None, True),)
        return price_family(replace(household("–"), quotients=rows_of_family), had, TARIFFS).total_cents

    assert total(low) <= total(high) <= total(None)


@given(st.integers(0, 300_000), st.integers(0, 100), st.integers(0, 5_000))
def test_each_quotient_has_one_price_in_a_grid_without_problem(quotient_cents: int, step: int, cents: int) -> None:
    values = {(code,): cents + place * step for place, code in enumerate(BRACKETS.codes)}
    grid = Grid(items=(Item("unit", Table((BRACKETS,), values)),))
    assert grid_problems(grid) == ()
    family = replace(household("–"), quotients=(Quotient(quotient_cents, date(2026, 1, 1), None, True),))
    bill = price_family(
        family, [Usage(1, 1, 1, "unit", date(2026, 11, 4))], {1: (GridVersion(date(2026, 9, 1), grid),)}
    )
    assert bill.unpriced == () and bill.total_cents in values.values()
