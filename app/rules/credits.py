"""What a credit note takes back of an invoice, and where it goes. Money is integer cents.

Source: product.md section 6, domain.md 5.2 and 5.3, docs/rules/credits.md.
"""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum, auto

from app.rules.allocation import AllocationPlan, OpenInvoice, allocate_oldest_first
from app.rules.bills import CARRYING, LineKind


class CreditCause(StrEnum):
    """Why something of an issued invoice is taken back."""

    CLOSURE = auto()  # the council closed the day
    ABSENCE = auto()  # an absence was justified after the invoice
    ATTENDANCE = auto()  # what really happened was corrected
    CORRECTION = auto()  # an agent corrected a line


class Afterwards(StrEnum):
    """What becomes of bookings whose line is taken back by hand."""

    NOTHING = auto()  # they are not charged any more
    AGAIN = auto()  # the next run invoices them, at the price that the tariffs say
    AT_PRICE = auto()  # a new invoice asks another price, at once


@dataclass(frozen=True, slots=True)
class LineFacts:
    """A line of an issued invoice. ``item`` is what it is in the grid; amounts of aids and deductions are negative.

    ``is_aided``: what aids looked at; an absence that is charged is not.
    """

    id: int
    kind: LineKind
    item: str
    child_id: int | None
    activity_id: int | None
    first_day: date | None
    unit_cents: int
    amount_cents: int
    is_aided: bool = True


@dataclass(frozen=True, slots=True)
class InvoicedShare:
    """A booking on a line, with what it costs there; ``item`` is its unit in the grid."""

    booking_id: int
    line_id: int
    child_id: int
    activity_id: int
    item: str
    day: date
    amount_cents: int


@dataclass(frozen=True, slots=True)
class AidShare:
    """What a line of an aid takes off on a day, less what was given back of it (cents, not negative)."""

    line_id: int
    day: date
    amount_cents: int


@dataclass(frozen=True, slots=True)
class CreditedLine:
    """What is taken back of a line: ``quantity`` × ``unit_cents``, with the bookings and days that it is for."""

    line_id: int
    quantity: int
    unit_cents: int
    days: tuple[date, ...]
    booking_ids: tuple[int, ...]

    @property
    def amount_cents(self) -> int:
        """Negative where the line took something off."""
        return self.quantity * self.unit_cents


@dataclass(frozen=True, slots=True)
class CreditDraft:
    """What a credit note on an invoice would say."""

    lines: tuple[CreditedLine, ...]

    @property
    def total_cents(self) -> int:
        """What the family gets back, or has not to pay any more."""
        return sum(line.amount_cents for line in self.lines)

    @property
    def is_issuable(self) -> bool:
        """Whether there is something to take back: what cost nothing needs no credit note."""
        return any(line.amount_cents for line in self.lines)


def group_of(kind: LineKind, share: InvoicedShare) -> tuple[object, ...]:
    """What bookings that were priced together share: the day of a combination, the whole line of a package."""
    if kind is LineKind.PACKAGE:
        return (share.line_id,)
    if kind is LineKind.COMBINATION:
        return share.line_id, share.day
    return share.line_id, share.booking_id


def priced_together(
    wanted: Collection[int], shares: Sequence[InvoicedShare], kinds: Mapping[int, LineKind]
) -> frozenset[int]:
    """The bookings that go with those ``wanted``: a price for several is taken back whole, and what is left of it is
    invoiced anew. ``kinds`` are those of the lines."""
    groups = {group_of(kinds[share.line_id], share) for share in shares if share.booking_id in wanted}
    return frozenset(share.booking_id for share in shares if group_of(kinds[share.line_id], share) in groups)


def draft_credit(
    lines: Iterable[LineFacts],
    shares: Sequence[InvoicedShare],
    aids: Iterable[AidShare],
    released: Collection[int],
    whole_lines: Collection[int] = (),
) -> CreditDraft:
    """What is taken back of an invoice when bookings (``released``) leave it, and lines that no booking carries.

    ``shares`` are all bookings that are on the invoice still, and ``lines`` have no fee nor surcharge that was taken
    back before. A surcharge goes with its booking. An aid gives back as
    much of a day as that day loses of its price, in proportion; deductions and fees stay. Raises ValueError where
    only a part of what was priced together is released.
    """
    known = list(lines)
    kinds = {line.id: line.kind for line in known}
    gone = [share for share in shares if share.booking_id in released]
    if priced_together(released, shares, kinds) != {share.booking_id for share in gone}:
        raise ValueError("what was priced together is taken back together")
    usages = {(share.child_id, share.activity_id, share.item, share.day) for share in gone}
    found: list[CreditedLine] = []
    for line in known:
        own = [share for share in gone if share.line_id == line.id]
        if own:
            quantity = len({group_of(line.kind, share) for share in own})
            days = tuple(dict.fromkeys(sorted(share.day for share in own)))
            found.append(
                CreditedLine(line.id, quantity, line.unit_cents, days, tuple(share.booking_id for share in own))
            )
        elif line.id in whole_lines or _is_surcharge_of(line, usages):
            days = () if line.first_day is None else (line.first_day,)
            found.append(CreditedLine(line.id, 1, line.amount_cents, days, ()))
    whole = {line.line_id for line in found if not line.booking_ids}
    left = [share for share in shares if share.booking_id not in released]
    before, after = _by_day(shares, known), _by_day(left, known, without=whole)
    return CreditDraft((*found, *_given_back(known, aids, before, after)))


def _is_surcharge_of(line: LineFacts, usages: Collection[tuple[int, int, str, date]]) -> bool:
    place = line.child_id, line.activity_id, line.item, line.first_day
    return line.kind is LineKind.SURCHARGE and place in usages


_Day = tuple[int | None, date | None]


def _by_day(
    shares: Iterable[InvoicedShare], lines: Iterable[LineFacts], without: Collection[int] = ()
) -> Counter[_Day]:
    """What aids looked at of each day of a child, in all activities: a package is told on its first.

    ``without`` are fees and surcharges that do not count.
    """
    by_id = {line.id: line for line in lines}
    found: Counter[_Day] = Counter()
    for share in shares:
        line = by_id[share.line_id]
        if line.is_aided:
            day = line.first_day if line.kind is LineKind.PACKAGE else share.day
            found[share.child_id, day] += share.amount_cents
    for line in by_id.values():
        if line.kind in WITHOUT_BOOKINGS and line.is_aided and line.id not in without:
            found[line.child_id, line.first_day] += line.amount_cents
    return found


def _given_back(
    lines: Iterable[LineFacts], aids: Iterable[AidShare], before: Counter[_Day], after: Counter[_Day]
) -> Iterable[CreditedLine]:
    """By line and amount, so that each day is told with what it loses."""
    by_id = {line.id: line for line in lines}
    found: defaultdict[tuple[int, int], list[date]] = defaultdict(list)
    for aid in aids:
        line = by_id[aid.line_id]
        place = line.child_id, aid.day
        if not before[place]:
            continue
        kept_cents = (2 * aid.amount_cents * after[place] + before[place]) // (2 * before[place])
        if kept_cents < aid.amount_cents:
            found[aid.line_id, kept_cents - aid.amount_cents].append(aid.day)
    for (line_id, cents), days in found.items():
        yield CreditedLine(line_id, len(days), cents, tuple(days), ())


WITHOUT_BOOKINGS = frozenset({LineKind.FEE, LineKind.SURCHARGE})
"""Lines that no booking carries, and that are taken back whole."""


def may_be_credited(line: LineFacts) -> bool:
    """Whether staff may take a line back by hand: aids follow their days, and a book was sold for other days."""
    return line.kind in CARRYING | WITHOUT_BOOKINGS


def allocate_credit(amount_cents: int, own: OpenInvoice | None, others: Iterable[OpenInvoice]) -> AllocationPlan:
    """Where a credit goes: to what is due on its own invoice (None: nothing), then to the oldest of the others."""
    first = allocate_oldest_first(amount_cents, [] if own is None else [own])
    rest = allocate_oldest_first(first.rest_cents, others)
    return AllocationPlan((*first.allocations, *rest.allocations), rest.rest_cents)
