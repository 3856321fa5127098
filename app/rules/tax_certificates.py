"""What a family paid in a year for the care of its young children. Money is integer cents.

Source: article 200 quater B of the CGI (domain.md section 5.7), docs/rules/tax_certificates.md.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum, auto

from app.rules.shares import spread

UNDER_AGE = 6


@dataclass(frozen=True, slots=True)
class InvoicePart:
    """What an invoice asks for one child (None: the family) for its care, or for all the rest; aids are taken off."""

    child_id: int | None
    is_care: bool
    cents: int


class MovementKind(StrEnum):
    """What happened to an invoice."""

    PAID = auto()
    TAKEN_BACK = auto()  # the payment of this key was reversed
    CREDITED = auto()


@dataclass(frozen=True, slots=True)
class Movement:
    """One movement: a payment or its reversal (`key`: the payment's, `cents` of it on this invoice), or a credit."""

    day: date
    kind: MovementKind
    key: int = 0
    cents: int = 0
    parts: tuple[InvoicePart, ...] = ()  # what is credited


@dataclass(frozen=True, slots=True)
class CarePaid:
    """What was paid on a day for the care of a child; negative: given back."""

    day: date
    child_id: int
    cents: int


def is_counted(born_on: date, year: int) -> bool:
    """Whether a child's care counts for a tax year: it is under six on 1 January, or born since."""
    return born_on > date(year - UNDER_AGE, 1, 1)


def care_paid(parts: Iterable[InvoicePart], movements: Iterable[Movement]) -> tuple[CarePaid, ...]:
    """What the movements of an invoice, in their order, paid for the care of each child."""
    account = _Account(parts)
    for movement in movements:
        match movement.kind:
            case MovementKind.PAID:
                account.pay(movement.day, movement.key, movement.cents)
            case MovementKind.TAKEN_BACK:
                account.take_back(movement.day, movement.key)
            case MovementKind.CREDITED:
                account.credit(movement.day, movement.parts)
    return tuple(account.found)


def sums_of_year(paid: Iterable[CarePaid], year: int) -> Mapping[int, int]:
    """What was paid in a year for each child; who got back as much or more is left out."""
    sums: dict[int, int] = {}
    for each in paid:
        if each.day.year == year:
            sums[each.child_id] = sums.get(each.child_id, 0) + each.cents
    return {child_id: cents for child_id, cents in sorted(sums.items()) if cents > 0}


class _Account:
    """What is left to pay of each part of an invoice, and what each payment paid of it."""

    def __init__(self, parts: Iterable[InvoicePart]) -> None:
        sums: dict[tuple[int | None, bool], int] = {}
        for part in parts:
            key = part.child_id, part.is_care
            sums[key] = sums.get(key, 0) + part.cents
        self.keys: list[tuple[int | None, bool]] = list(sums)
        self.left = _without_negatives(self.keys, list(sums.values()))
        self.paid = [0] * len(self.keys)
        self.of_payment: dict[int, Sequence[int]] = {}
        self.found: list[CarePaid] = []

    def pay(self, day: date, key: int, cents: int) -> None:
        """Share a payment out over what is left."""
        shares = spread(min(cents, sum(self.left)), self.left)
        self.of_payment[key] = shares
        self._move(day, shares)

    def take_back(self, day: date, key: int) -> None:
        """What a payment paid is to pay again."""
        self._move(day, [-cents for cents in self.of_payment.pop(key, ())])

    def credit(self, day: date, parts: Iterable[InvoicePart]) -> None:
        """Take credited parts off: what was paid of them pays the rest of the invoice, or is the family's again."""
        wanted = [0] * len(self.keys)
        for part in parts:
            if (part.child_id, part.is_care) in self.keys:
                wanted[self.keys.index((part.child_id, part.is_care))] += part.cents
        freed = [0] * len(self.keys)
        for place, cents in enumerate(_without_negatives(self.keys, wanted)):
            from_left = min(cents, self.left[place])
            self.left[place] -= from_left
            freed[place] = min(cents - from_left, self.paid[place])
        kept = spread(min(sum(freed), sum(self.left)), self.left)
        self._note(day, [kept_cents - cents for kept_cents, cents in zip(kept, freed, strict=True)])
        self.left = [before - cents for before, cents in zip(self.left, kept, strict=True)]

    def _move(self, day: date, shares: Sequence[int]) -> None:
        if shares:
            self.left = [before - cents for before, cents in zip(self.left, shares, strict=True)]
            self._note(day, shares)

    def _note(self, day: date, shares: Sequence[int]) -> None:
        self.paid = [before + cents for before, cents in zip(self.paid, shares, strict=True)]
        for (child_id, is_care), cents in zip(self.keys, shares, strict=True):
            if is_care and child_id is not None and cents:
                self.found.append(CarePaid(day, child_id, cents))


def _without_negatives(keys: Sequence[tuple[int | None, bool]], cents: list[int]) -> list[int]:
    """What is asked for each part, none negative: what is taken off one beyond it comes off the same child's other
    part, then off all the others in proportion."""
    for place, (child_id, is_care) in enumerate(keys):
        other = (child_id, not is_care)
        if cents[place] < 0 and other in keys:
            taken = min(-cents[place], max(0, cents[keys.index(other)]))
            cents[place] += taken
            cents[keys.index(other)] -= taken
    too_much = -sum(each for each in cents if each < 0)
    due = [max(0, each) for each in cents]
    taken_off = spread(min(too_much, sum(due)), due)
    return [each - less for each, less in zip(due, taken_off, strict=True)]
