from datetime import date

import pytest

from app.rules.aided_invoices import with_aids
from app.rules.aids import Aid, AidUse
from app.rules.bills import LineKind
from app.rules.calendars import DayKind
from app.rules.invoicing import DraftLine, InvoiceDraft
from tests.rules.tables import Row, cases, words

CHILDREN = {"Léa": 1, "Tom": 2}
NAMES = {"caf": "Aide aux vacances (CAF)", "half": "Moitié (CSE)"}


def day(text: str) -> date:
    return date(2026, 11, int(text))


def line(text: str) -> DraftLine:
    """« Léa matin 2×420 04+18 », « Tom forfait 1×3000 02+03+04 package », « Léa matin 1×420 04 late »."""
    child, item, price, days, *rest = text.split()
    quantity, cents = price.split("×")
    kind = LineKind(rest[0]) if rest and rest[0] != "late" else LineKind.UNIT
    return DraftLine(
        kind, item, CHILDREN.get(child), child, 1, "Mercredi", item, "late" in rest, int(quantity), int(cents), "",
        tuple(day(each) for each in days.split("+")), (),
    )  # fmt: skip


def aid(code: str, text: str) -> Aid:
    """« Léa matin=400 ceiling 500 », « Tom 50% »."""
    child, pays, *limits = text.split()
    percent, amounts = (
        (int(pays[:-1]), {}) if pays.endswith("%") else (0, {pays.split("=")[0]: int(pays.split("=")[1])})
    )
    ceiling = int(limits[1]) if limits else None
    return Aid(code, "", CHILDREN[child], date(2026, 1, 1), date(2026, 12, 31), amounts, percent, ceiling_cents=ceiling)


def told(line: DraftLine) -> str:
    days = "+".join(f"{each:%d}" for each in line.days)
    return f"{line.child_name} {line.item} {line.quantity}×{line.unit_price_cents} {days}"


@pytest.mark.parametrize("row", cases("aids", "invoices"))
def test_what_aids_take_off_an_invoice(row: Row) -> None:
    draft = InvoiceDraft(tuple(line(text) for text in words(row["lines"])), ())
    aids = [aid(code, text) for code, text in zip(NAMES, row["aids"].split("; "), strict=False)]
    ledger = [AidUse("caf", day(text.split()[0]), int(text.split()[1])) for text in words(row["spent before"])]
    aided = with_aids(draft, aids, ledger, lambda _: DayKind.WEDNESDAY, NAMES)
    assert aided.lines[: len(draft.lines)] == draft.lines
    assert [told(each) for each in aided.lines[len(draft.lines) :]] == words(row["aid lines"])
    assert aided.total_cents == int(row["total"])
    assert aided.is_issuable == (row["issued"] == "yes")
