"""What the lines of a bill are called."""

from datetime import date

import pytest

from app.bill_labels import line_name
from app.rules.bills import LineKind, PricedLine
from app.rules.tariff_grids import Combination, Grid, Item, Package, Period, flat

UNITS = {"unit-1": "Matin", "unit-2": "Repas"}
BOTH = frozenset(UNITS)


@pytest.mark.parametrize(
    ("kind", "item", "name"),
    [
        (LineKind.UNIT, "unit-1", "Matin"),
        (LineKind.PACKAGE, "week", "Forfait semaine"),
        (LineKind.PACKAGE, "month", "Forfait mensuel complet"),
        (LineKind.PACKAGE, "season", "Forfait « Pass »"),
        (LineKind.COMBINATION, "day", "Journée (Matin, Repas)"),
        (LineKind.COMBINATION, "lunch", "Midi au centre"),
        (LineKind.FEE, "card", "Carte jeune"),
        (LineKind.FEE, "week", "Cotisation de l’année"),
        (LineKind.SURCHARGE, "season", "Supplément, Pass"),
    ],
)
def test_a_price_is_called_as_the_staff_call_it(kind: LineKind, item: str, name: str) -> None:
    labels = {"month": "Forfait mensuel complet", "season": "Pass", "lunch": "Midi au centre", "card": "Carte jeune"}
    codes = ("week", "month", "season", "day", "lunch", "card")
    grid = Grid(
        tuple(Item(code, flat(100), label=labels.get(code, "")) for code in codes),
        combinations=(Combination(BOTH, "day"), Combination(BOTH | {"unit-3"}, "lunch")),
        packages=(Package("week", Period.WEEK, BOTH), Package("month", Period.MONTH, BOTH)),
    )
    line = PricedLine(kind, 1, item, None, (date(2026, 11, 25),), (), 100, 100, 0, 0, ())
    assert line_name(line, grid, UNITS).replace("\xa0", " ") == name
