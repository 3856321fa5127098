"""The grids of the worked examples of docs/rules/pricing.md and aids.md, and the short notation of their tables."""

import re
from collections.abc import Iterator
from datetime import date
from fractions import Fraction
from itertools import count

from app.rules.bills import BookEntries, FeePaid, Household, HouseholdChild, LineKind, PricedLine, Usage, UsageStanding
from app.rules.quotients import Quotient
from app.rules.tariff_grids import (
    AddRate,
    ChangePercent,
    Combination,
    Condition,
    CreditBook,
    Criterion,
    DaysDeduction,
    Duration,
    EffortPiece,
    EffortRate,
    Grid,
    GridVersion,
    Item,
    Modifier,
    ModifierKind,
    Nature,
    NumberAxis,
    Package,
    PartlyCancelled,
    Period,
    Rounding,
    Span,
    Standing,
    Surcharge,
    SurchargeCause,
    Table,
    YearlyFee,
    flat,
)
from tests.rules.tables import words

BRACKETS = NumberAxis(Criterion.QUOTIENT, (Span("A", 0, 60_000), Span("B", 60_000, 100_000), Span("C", 100_000, None)))
LATENESS = NumberAxis(Criterion.DURATION, (Span("short", 1, 16), Span("long", 16, None)))
CARE = frozenset({"morning", "afternoon", "day"})


def by_quotient(*cents: int) -> Table:
    return Table((BRACKETS,), {(code,): value for code, value in zip("ABC", cents, strict=True)})


def modifier(kind: ModifierKind, percent: int, **when: object) -> Modifier:
    return Modifier(kind, Condition(**when), ChangePercent(percent))  # type: ignore[arg-type]


WEDNESDAY = Grid(
    items=(
        Item("morning", by_quotient(300, 450, 600)),
        Item("afternoon", by_quotient(300, 450, 600)),
        Item("day", by_quotient(800, 1200, 1600), meal_cents=350),
        Item(
            "meal", EffortRate((EffortPiece(Span("all", 0, None), Fraction("0.36")),), 260, 450), nature=Nature.MEAL
        ),
    ),
    combinations=(Combination(frozenset({"morning", "meal", "afternoon"}), "day"),),
    modifiers=(
        modifier(ModifierKind.RESIDENCE, 20, items=CARE, residences=frozenset({"outside"})),
        modifier(ModifierKind.SIBLING, -20, items=CARE, ranks=Span("2", 2, 3)),
        modifier(ModifierKind.SIBLING, -40, items=CARE, ranks=Span("3+", 3, None)),
        modifier(ModifierKind.STAFF, -10, items=CARE, standings=frozenset({Standing.STAFF})),
        modifier(ModifierKind.MEAL_PLAN, -50, items=frozenset({"meal"}), standings=frozenset({Standing.MEAL_PLAN})),
    ),
    surcharges=(
        Surcharge(SurchargeCause.UNBOOKED, AddRate(flat(200))),
        Surcharge(SurchargeCause.CANCELLED_LATE, ChangePercent(-50)),
        Surcharge(SurchargeCause.LATE_PICKUP, AddRate(Table((LATENESS,), {("short",): 200, ("long",): 500}))),
    ),
)  # fmt: skip

AFTER_SCHOOL = Grid(
    items=(
        Item("evening", by_quotient(120, 180, 240), duration=Duration(15, 60, 30, 150)),
        Item("month", flat(2_000)),
    ),
    packages=(Package("month", Period.MONTH, frozenset({"evening"}), least_days=4, only_if_cheaper=True),),
    rounding=Rounding.FIVE_CENTS,
)

HOLIDAYS = Grid(
    items=(
        Item("day", flat(1_000), meal_cents=350),
        Item("week", flat(4_000)),
        Item("book", flat(8_000)),
        Item("card", flat(1_500), nature=Nature.OTHER),
    ),
    packages=(Package("week", Period.WEEK, frozenset({"day"}), least_days=5),),
    deductions=(DaysDeduction("three_days", Period.WEEK, frozenset({"day"}), ((3, 200), (4, 500))),),
    credit_books=(CreditBook("book", frozenset({"day"}), 10),),
    fees=(YearlyFee("card", 9, is_per_child=False),),
)

CLUB = Grid(
    items=(Item("month", flat(3_000)),),
    packages=(
        Package(
            "month", Period.MONTH, frozenset({"session"}), when_partly_cancelled=PartlyCancelled.REFUND,
            refund_cents=400, is_the_only_price=True,
        ),
    ),
)  # fmt: skip

ACTIVITIES = {"wednesday": 1, "after_school": 2, "holidays": 3, "club": 4}
_SINCE = date(2026, 9, 1)
TARIFFS = {
    1: (GridVersion(_SINCE, WEDNESDAY),),
    2: (GridVersion(_SINCE, AFTER_SCHOOL),),
    3: (GridVersion(_SINCE, HOLIDAYS),),
    4: (GridVersion(_SINCE, CLUB),),
}

STANDINGS = {
    "": UsageStanding.HAD,
    "late": UsageStanding.CANCELLED_LATE,
    "unbooked": UsageStanding.UNBOOKED,
    "absent": UsageStanding.ABSENT,
    "given": UsageStanding.CANCELLED_IN_TIME,
    "invoiced": UsageStanding.HAD,
    "entry1": UsageStanding.HAD,  # … with an entry of the first book
}
_CHILDREN = {"A": (1, date(2015, 3, 1)), "B": (2, date(2017, 3, 1)), "C": (3, date(2019, 3, 1))}
_NAMES = {id_: name for name, (id_, _) in _CHILDREN.items()}
_USAGE = re.compile(r"(?P<code>\w+?)(?::(?P<minutes>\d+))?(?:\+(?P<late>\d+))?(?:~(?P<standing>\w+))?")


def household(text: str) -> Household:
    """« QF 700, outside, staff, PAI A, card paid, book A 2 »: children A (2015), B (2017) and C (2019)."""
    quotients: tuple[Quotient, ...] = ()
    residence, standings, with_plan = "resident", set[Standing](), set[str]()
    fees: frozenset[FeePaid] = frozenset()
    books: list[BookEntries] = []
    declines = False
    for word in words(text):
        kind, *rest = word.split()
        match kind:
            case "QF":
                quotients = (Quotient(int(rest[0]) * 100, date(2026, 1, 1), None, len(rest) == 1),)
            case "outside":
                residence = "outside"
            case "staff":
                standings.add(Standing.STAFF)
            case "PAI":
                with_plan.add(rest[0])
            case "declines":
                declines = True
            case "card":
                fees = frozenset({FeePaid(ACTIVITIES["holidays"], "card", 2026, None)})
            case "book":
                books.append(_book(len(books) + 1, *rest))
            case _:
                raise ValueError(word)
    children = tuple(
        HouseholdChild(id_, born_on, frozenset({Standing.MEAL_PLAN}) if name in with_plan else frozenset())
        for name, (id_, born_on) in _CHILDREN.items()
    )
    return Household(children, quotients, residence, frozenset(standings), declines, fees, tuple(books))


def _book(key: int, name: str, left: str, *days: str) -> BookEntries:
    """« book A 2 from 05 until 09 »: entries that no invoice has spent, for days of November 2026."""
    bounds = {word: date(2026, 11, int(day)) for word, day in zip(days[::2], days[1::2], strict=True)}
    return BookEntries(
        key, ACTIVITIES["holidays"], "book", _CHILDREN[name][0], int(left), frozenset({"day"}),
        bounds.get("from", date.min), bounds.get("until", date.max),
    )  # fmt: skip


def usages(activity: str, text: str) -> list[Usage]:
    """« A 04 morning meal; B 04 morning~late », days of November 2026: evening:50 minutes, +20 minutes late."""
    keys = count(1)
    return [
        _usage(next(keys), activity, name, day, word)
        for part in text.split(";")
        for name, day, *codes in [part.split()]
        for word in codes
    ]


def _usage(key: int, activity: str, name: str, day: str, word: str) -> Usage:
    found = _USAGE.fullmatch(word)
    assert found, word
    return Usage(
        key,
        _CHILDREN[name][0],
        ACTIVITIES[activity],
        found["code"],
        date(2026, 11, int(day)),
        STANDINGS[found["standing"] or ""],
        minutes=int(found["minutes"]) if found["minutes"] else None,
        late_minutes=int(found["late"]) if found["late"] else None,
        is_invoiced=found["standing"] in ("invoiced", "entry1"),
        book=1 if found["standing"] == "entry1" else None,
    )


def told(lines: tuple[PricedLine, ...]) -> Iterator[str]:
    """« A day 12.00 » for each line; a surcharge says so, a fee is the family's."""
    for line in lines:
        name = _NAMES[line.child_id] if line.child_id is not None else "family"
        what = f"{line.item} surcharge" if line.kind is LineKind.SURCHARGE else line.item
        sign = "-" if line.amount_cents < 0 else ""
        yield f"{name} {what} {sign}{abs(line.amount_cents) // 100}.{abs(line.amount_cents) % 100:02d}"
