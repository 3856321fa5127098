"""What an invoice holds besides bookings, each once."""

import pytest

from app.rules.dues import Deducted, dues_besides
from app.rules.family_prices import price_family
from tests.rules.tables import Row, cases, ids
from tests.rules.worked_grids import ACTIVITIES, TARIFFS, household, told, usages


@pytest.mark.parametrize("row", cases("invoicing", "dues"))
def test_what_no_booking_carries_is_asked_once(row: Row) -> None:
    who, _, had = row["had"].rpartition(":")
    activity = "holidays" if "day" in had.split() or "day;" in had else "wednesday"
    family, known = household(who.strip() or "–"), usages(activity, had)
    bill = price_family(family, known, TARIFFS)
    deducted = []
    if row["deducted before"] != "–":
        cents = int(row["deducted before"].replace(".", ""))
        deducted.append(Deducted(ACTIVITIES["holidays"], "three_days", 1, known[0].day, cents))
    drafted = dict.fromkeys(ids(row["on this invoice"]), 1_000)
    lines = dues_besides(family, known, TARIFFS, bill, drafted, ids(row["invoiced before"]), deducted)
    said = [line.split(" ", 1)[1].replace(" surcharge", "") for line in told(lines)]
    assert said == ([] if row["dues"] == "–" else [row["dues"]])


def test_a_deduction_never_makes_an_invoice_negative() -> None:
    family, known = household("card paid"), usages("holidays", "A 02 day; A 03 day; A 04 day")
    bill = price_family(family, known, TARIFFS)
    (line,) = dues_besides(family, known, TARIFFS, bill, {3: 150}, (1, 2), ())
    assert line.amount_cents == line.care_cents + line.meal_cents + line.other_cents == -150
