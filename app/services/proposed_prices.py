"""Prices of choices that are not saved: what each costs, and what it changes of the family's other prices.

The planning shows what this says, and the save keeps it: one judgement for both.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property

from app.bill_labels import change_sentences
from app.price_labels import explained
from app.rules.bill_changes import BillChange, BillChangeKind, bill_changes, extras_cents
from app.rules.bills import CARRYING, LineKind, Share, Usage
from app.rules.family_prices import price_of_one
from app.rules.rates import PriceProblem, ProblemKind, Unpriced
from app.rules.reaches import DaySpan, is_solitary, moved_days
from app.rules.tariff_grids import Grid, unit_code, version_on
from app.services.catalogue import UnitInfo, catalogue
from app.services.households import FamilyBill, FamilyPrices, usage_of

TOO_LITTLE = frozenset({ProblemKind.TOO_FEW_DAYS, ProblemKind.NOT_OFFERED})
"""Problems of a choice that more choices may solve."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """An opening, as prices look at it."""

    opening_id: int
    unit: UnitInfo
    day: date


@dataclass(frozen=True, slots=True)
class Moved:
    """A booking that is kept and whose price moves with the choices (cents); it was another one before."""

    booking_id: int
    from_cents: int
    share: Share


@dataclass(frozen=True, slots=True)
class ChoicePrice:
    """What one more choice would cost (cents), why, and what it would trigger."""

    amount_cents: int
    explanation: str
    effects: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class BookLeft:
    """A prepaid book, with its entries that are left beside all bookings and choices."""

    child_id: int
    name: str
    left: int
    last_day: date


class ProposedPrices:
    """The prices of a family if one of its children had some openings more, and some bookings less.

    Those given back ``late`` cost what the grid says of late cancellations, or what they did. What is only ``asked`` of
    the staff, or is to be paid first, has the price that it would have if it were booked, beside all the rest; it
    changes neither the bill nor any other price yet.
    """

    def __init__(
        self,
        prices: FamilyPrices,
        child_id: int,
        added: Iterable[Wanted],
        given_back: Collection[int],
        late: Collection[int] = (),
        asked: Iterable[Wanted] = (),
    ) -> None:
        self.prices = prices
        self.child_id = child_id
        self.added = {each.opening_id: each for each in added}
        self.asked = {each.opening_id: each for each in asked}
        self.given_back = frozenset(given_back)
        self.late = frozenset(late)
        self._activities: dict[int, _ActivityPrices] = {}

    @cached_property
    def _if_accepted(self) -> "ProposedPrices":
        """With what is asked as if it were booked."""
        chosen = (*self.added.values(), *self.asked.values())
        return ProposedPrices(self.prices, self.child_id, chosen, self.given_back, self.late)

    def is_chosen(self, opening_id: int) -> bool:
        """Whether an opening is among the choices."""
        return opening_id in self.added or opening_id in self.asked

    def share_of(self, opening_id: int) -> Share | None:
        """What a chosen opening costs by itself; None where it has no price."""
        if opening_id in self.asked:
            return self._if_accepted.share_of(opening_id)
        return self._of(self.added[opening_id].unit.activity_id).after.shares.get(_key(opening_id))

    def price_of(self, opening_id: int) -> int:
        """The same in cents; 0 where it has no price."""
        share = self.share_of(opening_id)
        return 0 if share is None else share.amount_cents

    def problem_of(self, wanted: Wanted) -> PriceProblem | None:
        """Why an opening has no price: a chosen one among all choices, another one by itself."""
        if wanted.opening_id in self.asked:
            return self._if_accepted.problem_of(wanted)
        if wanted.opening_id in self.added:
            return self._of(wanted.unit.activity_id).problems.get(_key(wanted.opening_id))
        found = self._alone(wanted)
        return found if isinstance(found, PriceProblem) else None

    def one_more(self, wanted: Wanted) -> ChoicePrice | None:
        """What an opening that is not among the choices would add to them; None where it has no price."""
        if self.asked:
            return self._if_accepted.one_more(wanted)
        activity = self._of(wanted.unit.activity_id)
        if activity.is_solitary_on(wanted.day):
            found = self._alone(wanted)
            if isinstance(found, PriceProblem):
                return None
            return ChoicePrice(found.amount_cents, explained(found.steps), ())
        key = _key(wanted.opening_id)
        with_it = activity.bill([*activity.added, self._usage(wanted)])
        share = with_it.shares.get(key)
        if share is None:
            return None
        amount_cents = _carried_cents(with_it) - _carried_cents(activity.after)
        changes = bill_changes(activity.after.bill, with_it.bill, with_it.instead_of)
        triggered = [change for change in changes if change.kind is BillChangeKind.REACHED]
        return ChoicePrice(amount_cents, explained(share.steps), activity.sentences(triggered))

    def moved(self) -> Sequence[Moved]:
        """The bookings that are kept, that no invoice holds, and whose price moves with these choices."""
        return [moved for activity in self._changed() for moved in activity.moved]

    def moved_share(self, booking_id: int) -> Share | None:
        """The new price of a booking that moves with these choices."""
        return next((each.share for each in self.moved() if each.booking_id == booking_id), None)

    def late_cents(self, booking_id: int) -> int:
        """What a booking that is cancelled too late goes on costing."""
        share = self.moved_share(booking_id)
        return self.prices.booked[booking_id].price_cents if share is None else share.amount_cents

    def effects(self) -> tuple[str, ...]:
        """What these choices change besides their own prices, in sentences."""
        return tuple(sentence for activity in self._changed() for sentence in activity.effects())

    @property
    def change_cents(self) -> int:
        """By how much the family's bill changes: what is kept counts as it was told, not as it would be priced now."""
        total = sum(activity.extras_change_cents for activity in self._changed())
        for opening_id in self.added:
            share = self.share_of(opening_id)
            total += 0 if share is None else share.amount_cents
        total -= sum(self.prices.booked[key].price_cents for key in self.given_back)
        return total + sum(each.share.amount_cents - each.from_cents for each in self.moved())

    def total_cents(self, span: DaySpan, activity_ids: Collection[int] | None = None) -> int:
        """What the family's days of a span cost with these choices, in the activities that were told, or some of them.

        All that is due for them counts, invoiced or not, and the prepaid books that were bought on them.
        """
        return sum(each.total_cents(span) for each in self._among(activity_ids))

    def invoiced_cents(self, span: DaySpan, activity_ids: Collection[int] | None = None) -> int:
        """What invoices hold of it already."""
        return sum(each.invoiced_cents(span) for each in self._among(activity_ids))

    def books(self, activity_ids: Collection[int] | None = None) -> Sequence[BookLeft]:
        """What is left with these choices of the books of the child that may pay for what was told."""
        return [
            book
            for activity in self._among(activity_ids)
            for book in activity.books_left()
            if book.child_id == self.child_id
        ]

    def _among(self, activity_ids: Collection[int] | None) -> Iterable["_ActivityPrices"]:
        return (self._of(id_) for id_ in self.prices.tariffs if activity_ids is None or id_ in activity_ids)

    def _of(self, activity_id: int) -> "_ActivityPrices":
        if activity_id not in self._activities:
            added = [self._usage(each) for each in self.added.values() if each.unit.activity_id == activity_id]
            prices = self.prices.of_activity(activity_id)
            self._activities[activity_id] = _ActivityPrices(
                activity_id, prices, added, self.given_back & prices.booked.keys(), self.late & prices.booked.keys()
            )
        return self._activities[activity_id]

    def _changed(self) -> Iterable["_ActivityPrices"]:
        ids = {each.unit.activity_id for each in self.added.values()}
        ids |= {self.prices.booked[key].usage.activity_id for key in self.given_back | self.late}
        return (self._of(id_) for id_ in sorted(ids))

    def _alone(self, wanted: Wanted) -> Share | PriceProblem:
        try:
            return price_of_one(self.prices.household, self._usage(wanted), self.prices.tariffs)
        except Unpriced as error:
            return error.problem

    def _usage(self, wanted: Wanted) -> Usage:
        return usage_of(_key(wanted.opening_id), self.child_id, wanted.unit, wanted.day)


class _ActivityPrices:
    """The same in one activity."""

    def __init__(
        self,
        activity_id: int,
        prices: FamilyPrices,
        added: Sequence[Usage],
        given_back: Collection[int],
        late: Collection[int],
    ) -> None:
        self.activity_id = activity_id
        self.prices = prices
        self.added = added
        self.given_back = given_back
        self.late = late
        self.versions = prices.tariffs[activity_id]

    @cached_property
    def before(self) -> FamilyBill:
        """As it is stored."""
        return self.prices.bill()

    @cached_property
    def after(self) -> FamilyBill:
        """With the choices."""
        return self.bill(self.added) if self.added or self.given_back or self.late else self.before

    @cached_property
    def problems(self) -> Mapping[int, PriceProblem]:
        """What has no price with the choices, by usage."""
        return {each.usage.key: each.problem for each in self.after.bill.unpriced}

    def bill(self, added: Iterable[Usage]) -> FamilyBill:
        """With other additions."""
        return self.prices.bill(added, self.given_back, self.late)

    def is_solitary_on(self, day: date) -> bool:
        """Whether prices of a day look at nothing else that the family has."""
        if self.prices.books:
            return False  # an entry that it takes is another's no more
        version = version_on(self.versions, day)
        return version is None or is_solitary(version.grid)

    @cached_property
    def moved(self) -> Sequence[Moved]:
        """Kept bookings that cost something else because of the choices, and of nothing else."""
        if not self.added and not self.given_back and not self.late:
            return ()
        days = [usage.day for usage in self.added]
        days += [self.prices.booked[key].usage.day for key in (*self.given_back, *self.late)]
        reach = moved_days(self.versions, DaySpan(min(days), max(days)))
        found = []
        for key, share in self.after.shares.items():
            was = self.before.shares.get(key)
            if was is None or key in self.given_back or not reach.covers(self.prices.booked[key].usage.day):
                continue
            if price_place(was) != price_place(share):
                found.append(Moved(key, self.prices.booked[key].price_cents, share))
        return found

    @property
    def extras_change_cents(self) -> int:
        """By how much deductions, fees and surcharges change."""
        return extras_cents(self.after.bill) - extras_cents(self.before.bill)

    def effects(self) -> tuple[str, ...]:
        """The sentences: what is reached, lost or changes, and how many others move besides."""
        changes = bill_changes(self.before.bill, self.after.bill, self.after.instead_of)
        told = {key for change in changes for key in change.line.usage_keys}.union(self.late)
        differences = [each.share.amount_cents - each.from_cents for each in self.moved if each.booking_id not in told]
        return self.sentences(changes, [cents for cents in differences if cents])

    def sentences(self, changes: Iterable[BillChange], moved: Iterable[int] = ()) -> tuple[str, ...]:
        """Changes in words."""
        units = {unit_code(unit.id): unit.name for unit in catalogue().activities[self.activity_id].units}
        return change_sentences([(change, self._grid(change.line.day)) for change in changes], units, moved)

    def total_cents(self, span: DaySpan) -> int:
        """What the days of a span cost: kept prices, new ones for what is added or moves, and what is due besides."""
        moved = {each.booking_id: each.share.amount_cents for each in self.moved}
        total = sum(
            line.amount_cents for line in self.after.bill.lines if line.kind not in CARRYING and span.covers(line.day)
        )
        for key, each in self.prices.booked.items():
            if each.usage.is_charged and key not in self.given_back and span.covers(each.usage.day):
                total += moved.get(key, each.price_cents)
        for usage in self.added:
            share = self.after.shares.get(usage.key)
            if share is not None and span.covers(usage.day):
                total += share.amount_cents
        # The engine does not charge a fee again that an invoice holds.
        total += sum(
            line.amount_cents
            for line in self.prices.invoiced_besides
            if line.kind is LineKind.FEE and span.covers(line.day)
        )
        return total + sum(book.price_cents for book in self.prices.books if span.covers(book.entries.first_day))

    def invoiced_cents(self, span: DaySpan) -> int:
        """What invoices hold of the days of a span."""
        booked = (each for each in self.prices.booked.values() if each.invoiced is not None)
        total = sum(each.price_cents for each in booked if span.covers(each.usage.day))
        total += sum(line.amount_cents for line in self.prices.invoiced_besides if span.covers(line.day))
        return total + sum(
            book.price_cents for book in self.prices.books if book.is_invoiced and span.covers(book.entries.first_day)
        )

    def books_left(self) -> Iterable[BookLeft]:
        """The books of the activity, those that end first before the others."""
        left = self.prices.entries_left(self.after.bill) if self.prices.books else {}
        for book in sorted(self.prices.books, key=lambda each: (each.entries.last_day, each.entries.key)):
            entries = book.entries
            yield BookLeft(entries.child_id, book.name, left[entries.key], entries.last_day)

    def _grid(self, day: date) -> Grid:
        version = version_on(self.versions, day)
        assert version is not None  # it made the line
        return version.grid


def price_place(share: Share) -> tuple[int, LineKind, int | None]:
    """What a booking's price is, and where it stands."""
    return share.amount_cents, share.line.kind, share.line.book


def _key(opening_id: int) -> int:
    """The key of a usage that is no booking yet: bookings have positive ones."""
    return -opening_id


def _carried_cents(bill: FamilyBill) -> int:
    return sum(share.amount_cents for share in bill.shares.values())
