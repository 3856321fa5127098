"""What aids take off the draft of an invoice: negative lines of their own, in the order in which the aids work.

Source: docs/rules/aids.md.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date

from app.rules.aids import Aid, AidUse, apply_aids
from app.rules.bills import Bill, LineKind, PricedLine
from app.rules.calendars import DayKind
from app.rules.invoicing import DraftLine, InvoiceDraft
from app.rules.shares import spread
from app.rules.tariff_grids import is_unit_code


def with_aids(
    draft: InvoiceDraft,
    aids: Sequence[Aid],
    ledger: Iterable[AidUse],
    kind_of: Callable[[date], DayKind],
    names: Mapping[str, str],
) -> InvoiceDraft:
    """The draft less what aids pay. ``ledger`` is what they paid before, ``names`` are theirs by code.

    A booking that was cancelled too late is not aided: funds pay for children who came. Nor is a book of entries, which
    is no day. Each line says on which days
    its aid pays the same amount: those are its uses.
    """
    bill = Bill(tuple(priced for line in draft.lines for priced in _priced(line)), ())
    children = {line.child_id: line.child_name for line in draft.lines}
    groups: dict[tuple[int, str, int, int], list[PricedLine]] = {}
    for line in apply_aids(bill, aids, ledger, kind_of).bill.lines:
        if line.kind is LineKind.AID and line.child_id is not None:
            key = line.child_id, line.item, line.activity_id, line.amount_cents
            groups.setdefault(key, []).append(line)
    added = tuple(
        DraftLine(
            kind=LineKind.AID,
            item=code,
            child_id=child_id,
            child_name=children[child_id],
            activity_id=activity_id,
            activity_name="",
            name=names[code],
            is_absence=False,
            quantity=len(lines),
            unit_price_cents=amount_cents,
            explanation="",
            days=tuple(line.day for line in lines),
            booking_ids=(),
            care_cents=sum(line.care_cents for line in lines),
            meal_cents=sum(line.meal_cents for line in lines),
        )
        for (child_id, code, activity_id, amount_cents), lines in groups.items()
    )
    return replace(draft, lines=(*draft.lines, *added))


def item_of_activity(activity_id: int, code: str) -> str:
    """What an aid calls an item that is no unit (a whole day, a package): grids of two activities may name it alike."""
    return f"{activity_id}/{code}"


def _priced(line: DraftLine) -> Iterable[PricedLine]:
    """What a line costs, day by day; what is one price for several days (a package) on its first."""
    if line.is_absence or line.child_id is None or line.kind is LineKind.BOOK_SALE:
        return
    is_by_day = line.quantity == len(line.days)
    days, cents = (line.days, line.unit_price_cents) if is_by_day else (line.days[:1], line.amount_cents)
    is_of_unit = line.kind in (LineKind.UNIT, LineKind.BOOK, LineKind.SURCHARGE) or is_unit_code(line.item)
    item = line.item if is_of_unit else item_of_activity(line.activity_id, line.item)
    care, meal = spread(line.care_cents, [1] * len(days)), spread(line.meal_cents, [1] * len(days))
    for place, day in enumerate(days):
        meal_cents = min(meal[place], cents - care[place])
        parts = care[place], meal_cents, cents - care[place] - meal_cents
        yield PricedLine(line.kind, line.activity_id, item, line.child_id, (day,), (), cents, *parts, ())
