"""The published grids of data/published_grids.yaml, said in the typed data of the price engine.

What a page leaves open is said beside the grid (`doubts`, `read_as`), and here where it is decided.
"""

from collections.abc import Mapping
from fractions import Fraction
from itertools import product
from pathlib import Path
from typing import Any

import yaml

from app.rules.tariff_grids import (
    AddCents,
    AddRate,
    Axis,
    ChangePercent,
    Condition,
    CostShare,
    CountedSiblings,
    Criterion,
    DaysDeduction,
    Duration,
    EffortPiece,
    EffortRate,
    FullPrice,
    Grid,
    Item,
    LowerBracket,
    Modifier,
    ModifierKind,
    Nature,
    NumberAxis,
    Package,
    PartlyCancelled,
    Period,
    ReplaceRate,
    Span,
    Standing,
    Surcharge,
    SurchargeCause,
    Table,
    WordAxis,
    YearlyFee,
    flat,
)

DATA = Path(__file__).parent / "data"
PUBLISHED: Mapping[str, dict[str, Any]] = {
    grid["id"]: grid for grid in yaml.safe_load((DATA / "published_grids.yaml").read_text(encoding="utf-8"))
}

RANKS = (Span("r1", 1, 2), Span("r2", 2, 3), Span("r3", 3, 4), Span("r4", 4, None))
TWO_OR_MORE, THREE_OR_MORE, SECOND = Span("2+", 2, None), Span("3+", 3, None), Span("2", 2, 3)
_WORDS = {
    "residence": Criterion.RESIDENCE,
    "category": Criterion.CATEGORY,
    "formula_type": Criterion.RHYTHM,
}
_NUMBERS = {"children": Criterion.CHILDREN, "days": Criterion.DAYS, "rank": Criterion.RANK}


def span(published: dict[str, Any]) -> Span:
    """Published bounds, strict or not, as « from included, below excluded » in whole cents."""
    low = published["from"] + (0 if published["from_incl"] else 1)
    to = published["to"]
    return Span(published.get("id", ""), low, None if to is None else to + (1 if published["to_incl"] else 0))


def brackets(grid_id: str, name: str) -> NumberAxis:
    return NumberAxis(Criterion.QUOTIENT, tuple(span(each) for each in PUBLISHED[grid_id]["brackets"][name]))


def table(grid_id: str, name: str) -> Table:
    """A published table, axis by axis."""
    published = PUBLISHED[grid_id]["tables"][name]
    axes: list[Axis] = []
    level = published["values"]
    for axis in published["axes"]:
        codes = [str(code) for code in level]
        if axis.startswith("qf:"):
            axes.append(brackets(grid_id, axis.removeprefix("qf:")))
        elif axis in _WORDS:
            axes.append(WordAxis(_WORDS[axis], tuple(codes)))
        elif axis == "rank":
            axes.append(NumberAxis(Criterion.RANK, RANKS))
        else:
            axes.append(NumberAxis(_NUMBERS[axis], tuple(Span(code, int(code), int(code) + 1) for code in codes)))
        level = next(iter(level.values()))
    values: dict[tuple[str, ...], int] = {}
    for key in product(*(axis.codes for axis in axes)):
        value = published["values"]
        for code in key:
            value = value[code]
        values[key] = value
    return Table(tuple(axes), values)


def effort(grid_id: str, name: str) -> EffortRate:
    """A published formula: pieces, or one percentage between a floor and a ceiling."""
    published = PUBLISHED[grid_id]["formulas"][name]
    pieces = published.get("pieces") or [
        {"range": {"from": 0, "from_incl": True, "to": None}, "pct_of_qf": published["pct_of_qf"]}
    ]
    return EffortRate(
        tuple(
            EffortPiece(
                span(piece["range"]),
                Fraction(piece.get("pct_of_qf", 0)),
                piece.get("times", 1),
                piece.get("cents", piece.get("plus_cents", 0)),
            )
            for piece in pieces
        ),
        published.get("floor_cents"),
        published.get("ceiling_cents"),
    )


def item(grid_id: str, name: str, **more: Any) -> Item:
    return Item(name, table(grid_id, name), **more)


def meal(grid_id: str, name: str) -> Item:
    return item(grid_id, name, nature=Nature.MEAL)


def other(grid_id: str, name: str) -> Item:
    return item(grid_id, name, nature=Nature.OTHER)


def stay(grid_id: str, name: str, minutes: int) -> Item:
    return item(grid_id, name, duration=Duration(minutes, minutes))


def outside(items: set[str], effect: Any, word: str = "outside") -> Modifier:
    when = Condition(items=frozenset(items), residences=frozenset({word}))
    return Modifier(ModifierKind.RESIDENCE, when, effect)


def donges() -> Grid:
    g = "donges-2024"
    care = {"alsh_half_day", "alsh_day_with_meal"}
    return Grid(
        items=(
            meal(g, "meal"),
            meal(g, "meal_exceptional"),
            stay(g, "peri_quarter_hour", 15),
            meal(g, "snack"),
            Item("alsh_half_day", effort(g, "alsh_half_day")),
            Item("alsh_day_with_meal", effort(g, "alsh_day_with_meal"), meal_cents=395),
            other(g, "youth_card"),
            Item("youth_outing", CostShare(table(g, "youth_outing_share")), nature=Nature.OTHER),
        ),
        modifiers=(outside(care, ChangePercent(20)),),
        fees=(YearlyFee("youth_card", 9, is_per_child=True),),
    )


def saffre() -> Grid:
    g = "saffre-copains-2025"
    care = {"day", "half_day", "half_day_meal"}
    three = Condition(items=frozenset(care), children=THREE_OR_MORE)
    return Grid(
        items=(item(g, "day"), item(g, "half_day"), item(g, "half_day_meal"), other(g, "membership")),
        modifiers=(
            Modifier(ModifierKind.SIBLING, three, LowerBracket()),
            outside(care, AddCents(200)),
        ),
        fees=(YearlyFee("membership", 9, is_per_child=False),),
        counted_siblings=CountedSiblings.ENROLLED,
    )


def wavrin() -> Grid:
    g = "wavrin-2025"

    def by_residence(name: str) -> Table:
        """« outside » is printed as one more rank: for any rank, in fact."""
        axis, published = brackets(g, "w"), PUBLISHED[g]["tables"][name]["values"]
        values = {
            (bracket, residence, rank.code): published[bracket][rank.code if residence == "resident" else "outside"]
            for bracket in published
            for residence in ("resident", "outside")
            for rank in RANKS
        }
        residences = WordAxis(Criterion.RESIDENCE, ("resident", "outside"))
        return Table((axis, residences, NumberAxis(Criterion.RANK, RANKS)), values)

    social = Condition(standings=frozenset({Standing.SOCIAL}))
    return Grid(
        items=(Item("day_child", by_residence("day_child")), Item("day_teen", by_residence("day_teen"))),
        modifiers=(Modifier(ModifierKind.SOCIAL, social, ReplaceRate(table(g, "ccas"))),),
        counted_siblings=CountedSiblings.SAME_DAY,
    )


def loon_plage() -> Grid:
    g = "loon-plage"
    months = NumberAxis(Criterion.MONTH, (Span("first_half", 1, 7), Span("second_half", 7, 13)))
    residences = WordAxis(Criterion.RESIDENCE, ("resident", "outside"))
    whole = PUBLISHED[g]["tables"]["family_membership"]["values"]
    membership = {
        (residence, half): whole[residence] // (1 if half == "first_half" else 2)
        for residence in whole
        for half in months.codes
    }
    return Grid(
        items=(
            item(g, "peri_morning"),
            item(g, "peri_evening"),
            item(g, "wednesday"),
            Item("family_outing", CostShare(table(g, "family_outing_share")), nature=Nature.OTHER),
            Item("family_membership", Table((residences, months), membership), nature=Nature.OTHER),
            other(g, "youth_card"),
        ),
        fees=(YearlyFee("family_membership", 1, is_per_child=False),),
    )


def two_rivers() -> Grid:
    g = "2c2r"
    return Grid(items=(stay(g, "half_hour", 30), item(g, "lunch_break")))


def fay_aux_loges() -> Grid:
    g = "fay-aux-loges"
    own_meal = Condition(items=frozenset({"meal"}), standings=frozenset({Standing.MEAL_PLAN}))
    return Grid(
        items=(Item("meal", effort(g, "meal"), nature=Nature.MEAL), meal(g, "adult_meal")),
        modifiers=(Modifier(ModifierKind.MEAL_PLAN, own_meal, ReplaceRate(table(g, "pai_meal"))),),
    )


def fleury() -> Grid:
    g = "fleury-ligue-2018"
    half, whole = frozenset({"half_day", "half_day_meal"}), frozenset({"day"})
    care = half | whole
    resident, fund = frozenset({"resident"}), frozenset({Standing.FUND})
    low = Span("below 621", 0, 62_100)
    return Grid(
        items=(
            item(g, "half_day"),
            item(g, "half_day_meal"),
            item(g, "day"),
            other(g, "membership"),
        ),
        modifiers=(
            Modifier(ModifierKind.RESIDENCE, Condition(items=half, residences=resident), AddCents(-137)),
            Modifier(ModifierKind.RESIDENCE, Condition(items=whole, residences=resident), AddCents(-274)),
            Modifier(ModifierKind.FUND, Condition(items=half, standings=fund), AddCents(-208)),
            Modifier(ModifierKind.FUND, Condition(items=whole, standings=fund), AddCents(-416)),
            Modifier(
                ModifierKind.FUND,
                Condition(items=frozenset({"day", "half_day_meal"}), standings=fund, quotients=low),
                AddCents(-92),
            ),
            Modifier(ModifierKind.SIBLING, Condition(items=half, ranks=SECOND), AddCents(-20)),
            Modifier(ModifierKind.SIBLING, Condition(items=whole, ranks=SECOND), AddCents(-40)),
        ),
        deductions=(DaysDeduction("week", Period.WEEK, care, ((4, 700), (5, 1500))),),
        fees=(YearlyFee("membership", 9, is_per_child=False),),
        counted_siblings=CountedSiblings.SAME_DAY,
    )


def roncq() -> Grid:
    g = "roncq-2025"
    names = ("meal", "pai", "amis", "half_hour")
    return Grid(
        items=(
            Item("meal", table(g, "meal_in"), nature=Nature.MEAL),
            Item("pai", table(g, "pai_in")),
            Item("amis", table(g, "amis_in"), nature=Nature.OTHER),
            Item("half_hour", table(g, "half_hour_in"), duration=Duration(30, 30)),
        ),
        modifiers=tuple(outside({name}, ReplaceRate(table(g, f"{name}_out")), "out") for name in names),
        surcharges=(Surcharge(SurchargeCause.UNBOOKED, AddRate(flat(250))),),
    )


def champcevinel() -> Grid:
    return Grid(items=(meal("champcevinel-2022", "meal"),))


def lieuvin() -> Grid:
    g = "lieuvin-pays-auge"
    return Grid(
        items=(
            stay(g, "peri_hour", 60),
            item(g, "half_day"),
            item(g, "day"),
            *(meal(g, name) for name in ("breakfast", "lunch", "snack")),
            other(g, "membership"),
        ),
        modifiers=(outside({"peri_hour", "half_day", "day"}, FullPrice()),),
        fees=(YearlyFee("membership", 9, is_per_child=False),),
    )


def saussay() -> Grid:
    g = "saussay-2025"

    def monthly(name: str, unit: str, **more: Any) -> Package:
        return Package(name, Period.MONTH, frozenset({unit}), is_the_only_price=True, **more)

    return Grid(
        items=(
            meal(g, "meal_occasional"),
            meal(g, "monthly_card"),
            meal(g, "pai_special_meal"),
            item(g, "pai_own_meal"),
            meal(g, "adult_meal"),
        ),
        packages=(
            monthly(
                "monthly_card",
                "card_meal",
                when_partly_cancelled=PartlyCancelled.REFUND,
                refund_cents=PUBLISHED[g]["tables"]["refund"]["values"],
            ),
            monthly("pai_special_meal", "special_meal"),
            monthly("pai_own_meal", "own_meal"),
        ),
    )


def medoc() -> Grid:
    g = "medoc-estuaire-2015"
    return Grid(items=(item(g, "half_day"), stay(g, "half_hour", 30)))


def aiaj() -> Grid:
    g = "aiaj-2024"
    return Grid(
        items=(item(g, "day"), item(g, "half_day"), meal(g, "meal"), stay(g, "care_quarter_hour", 15)),
        surcharges=(Surcharge(SurchargeCause.LATE_PAYMENT, ChangePercent(15), reminders=3),),
    )


def frans() -> Grid:
    g = "frans-2024"
    package = table(g, "holiday_package")
    # Printed for residents of Frans; what others pay is cut off in the text, so nothing is offered to them.
    for_residents = Table(
        (*package.axes, WordAxis(Criterion.RESIDENCE, ("frans",))),
        {(*key, "frans"): cents for key, cents in package.values.items()},
    )
    return Grid(
        items=(
            stay(g, "peri_hour", 60),
            stay(g, "wed_hour_half", 60),
            stay(g, "wed_hour_full", 60),
            meal(g, "meal"),
            Item("holiday_package", for_residents),
            other(g, "membership"),
        ),
        packages=(Package("holiday_package", Period.WEEK, frozenset({"holiday_day"}), is_the_only_price=True),),
        fees=(YearlyFee("membership", 9, is_per_child=False),),
    )


def faucigny() -> Grid:
    return Grid(items=(item("faucigny-glieres-jeunesse", "activity", nature=Nature.OTHER),))


def tregueux() -> Grid:
    g = "tregueux-2009"
    holder = Condition(items=frozenset({"activity"}), standings=frozenset({Standing.CARD}))
    return Grid(
        items=(
            Item("activity", CostShare(flat(100)), nature=Nature.OTHER),
            other(g, "pass_jeunes"),
            meal(g, "meal"),
        ),
        modifiers=(Modifier(ModifierKind.CARD, holder, ChangePercent(-50)),),
        fees=(YearlyFee("pass_jeunes", 7, is_per_child=True),),
    )


def vatteville() -> Grid:
    """Every started half hour is due; in the morning the last quarter of an hour costs its own price.

    Mornings of 45 minutes are not printed: 30 minutes and the last quarter (the page allows two half hours as well).
    """
    prices = {
        int(minutes): cents for minutes, cents in PUBLISHED["vatteville-la-rue"]["tables"]["duration"]["values"].items()
    }
    morning = {15: prices[15], 30: prices[30], 45: prices[30] + prices[15], 60: prices[60], 75: prices[75]}
    evening = {minutes: prices[minutes] for minutes in (30, 60, 90, 120, 150)}

    def by_duration(prices: dict[int, int]) -> Table:
        starts = [1, *(minutes + 1 for minutes in prices)]
        spans = tuple(Span(str(end), low, end + 1) for low, end in zip(starts, prices, strict=False))
        return Table((NumberAxis(Criterion.DURATION, spans),), {(str(end),): cents for end, cents in prices.items()})

    return Grid(items=(Item("morning", by_duration(morning)), Item("evening", by_duration(evening))))


GRIDS: Mapping[str, Grid] = {
    "donges-2024": donges(),
    "saffre-copains-2025": saffre(),
    "wavrin-2025": wavrin(),
    "loon-plage": loon_plage(),
    "2c2r": two_rivers(),
    "fay-aux-loges": fay_aux_loges(),
    "fleury-ligue-2018": fleury(),
    "roncq-2025": roncq(),
    "champcevinel-2022": champcevinel(),
    "lieuvin-pays-auge": lieuvin(),
    "saussay-2025": saussay(),
    "medoc-estuaire-2015": medoc(),
    "aiaj-2024": aiaj(),
    "frans-2024": frans(),
    "faucigny-glieres-jeunesse": faucigny(),
    "tregueux-2009": tregueux(),
    "vatteville-la-rue": vatteville(),
}
