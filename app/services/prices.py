"""Prices that change after a booking: the family sees the new one, with its reason, before it is invoiced."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import insert, select, update
from sqlalchemy.orm import Session

from app import clock
from app.models.bookings import Booking, BookingPriceChange
from app.models.bookings import PriceChangeReason as PriceChangeReason
from app.models.families import Family, FamilyChild, Guardian
from app.models.prepaid_books import BookEventKind, PrepaidBook, PrepaidBookEvent
from app.price_labels import explained
from app.rules.bills import Share
from app.rules.changes import Change
from app.rules.family_prices import price_of_book
from app.rules.file_fields import STREET_FIELDS, FileKind
from app.rules.rates import Unpriced
from app.rules.reaches import asks_siblings, told_days
from app.rules.states import Actor
from app.rules.tariff_grids import CountedSiblings
from app.services.catalogue import catalogue
from app.services.families import lock_children
from app.services.households import FamilyBill, FamilyPrices, load_prices, open_bookings
from app.services.mails import queue_mail
from app.services.proposed_prices import ProposedPrices, price_place

FAMILIES_PER_BATCH = 100
"""How many families are priced anew at once: the number of queries is that of one."""


@dataclass(frozen=True, slots=True)
class Repricing:
    """What a second look changed. Amounts in cents; the difference is negative when the family pays less."""

    count: int
    difference_cents: int


@dataclass(frozen=True, slots=True)
class AgreedPrice:
    """What a booking is to cost (cents), why, and the prepaid book that pays it."""

    amount_cents: int
    explanation: str
    book_id: int | None = None


def change_price(session: Session, booking: Booking, share: Share, reason: PriceChangeReason, at: datetime) -> int:
    """Keep another price with a booking, log it, and return the difference (cents); 0 where only its words change."""
    booking.price_outcome = share.outcome
    price = AgreedPrice(share.amount_cents, explained(share.steps), share.line.book)
    return agree_price(session, booking, price, reason, at)


def agree_price(session: Session, booking: Booking, price: AgreedPrice, reason: PriceChangeReason, at: datetime) -> int:
    """The same for a price whoever said it, a grid or an agent; what the quotient said stays."""
    booking.price_explanation, booking.book_id = price.explanation, price.book_id
    difference_cents = price.amount_cents - booking.price_cents
    if difference_cents:
        session.add(
            BookingPriceChange(
                booking_id=booking.id, from_cents=booking.price_cents, to_cents=price.amount_cents, reason=reason, at=at
            )
        )
        booking.price_cents = price.amount_cents
    return difference_cents


def move_prices(session: Session, prices: ProposedPrices, now: datetime) -> None:
    """Give the family's other bookings, and what is cancelled too late, the price that the new choices leave them."""
    moved = {each.booking_id: each.share for each in prices.moved()}
    if not moved:
        return
    for booking in session.scalars(select(Booking).where(Booking.id.in_(moved)).order_by(Booking.id)):
        is_late = booking.id in prices.late
        reason = PriceChangeReason.CANCELLED_LATE if is_late else PriceChangeReason.OTHER_BOOKINGS
        change_price(session, booking, moved[booking.id], reason, now)


def move_after(
    session: Session,
    before: Mapping[int, FamilyBill],
    after: Mapping[int, FamilyPrices],
    new: Collection[int],
    reason: PriceChangeReason,
    now: datetime,
) -> None:
    """Give the bookings of families the price that a change, stored since ``before`` was read, leaves them.

    What is ``new`` gets its first price; what costs as much with the change as without it keeps what it was told.
    """
    moved: dict[int, Share] = {}
    for family_id, prices in after.items():
        shares = before[family_id].shares
        for key, share in prices.bill().shares.items():
            if key not in shares or price_place(shares[key]) != price_place(share):
                moved[key] = share
    for booking in session.scalars(select(Booking).where(Booking.id.in_(moved)).order_by(Booking.id)):
        share = moved[booking.id]
        if booking.id in new:
            booking.price_cents = share.amount_cents
        change_price(session, booking, share, reason, now)


def reprice_family(session: Session, family_id: int, reason: PriceChangeReason) -> Repricing:
    """Give the family's bookings that no invoice holds yet the price that counts now; log it and tell the parents."""
    return reprice_families(session, [family_id], reason)[family_id]


def reprice_families(
    session: Session,
    family_ids: Collection[int],
    reason: PriceChangeReason,
    activity_ids: Collection[int] | None = None,
) -> Mapping[int, Repricing]:
    """The same for many families, in some activities or in all. The queries do not grow with the families.

    What has no price now keeps the one that it had: the run's preview names it, until the tariff is mended.
    """
    lock_children(session, family_ids)
    known = catalogue().activities
    _, days = open_bookings(session, known.keys() if activity_ids is None else activity_ids, family_ids)
    spans = {id_: told_days(known[id_].tariffs, span) for id_, span in days.items()}
    priced = load_prices(session, family_ids, spans)
    now = clock.now()
    words: dict[int, str] = {}  # by the identity of steps: families are much alike, and the grid remembers them
    if reason is not PriceChangeReason.TARIFF:  # a book costs what the grid of the day of its sale said
        _reprice_books(session, priced, known.keys() if activity_ids is None else activity_ids)
    bookings: list[dict[str, object]] = []
    changes: list[dict[str, object]] = []
    found: dict[int, Repricing] = {}
    bills = {family_id: prices.bill() for family_id, prices in priced.items()}
    for family_id, bill in bills.items():
        differences = []
        for key, share in bill.shares.items():
            kept_cents, steps = priced[family_id].booked[key].price_cents, share.steps
            if id(steps) not in words or steps is not share.line.steps:
                words[id(steps)] = explained(steps)
            bookings.append(
                {
                    "id": key, "price_cents": share.amount_cents, "price_outcome": share.outcome,
                    "price_explanation": words[id(steps)], "book_id": share.line.book,
                }
            )  # fmt: skip
            if share.amount_cents != kept_cents:
                differences.append(share.amount_cents - kept_cents)
                changes.append(
                    {
                        "booking_id": key, "from_cents": kept_cents, "to_cents": share.amount_cents, "reason": reason,
                        "at": now,
                    }
                )  # fmt: skip
        found[family_id] = Repricing(len(differences), sum(differences))
    if bookings:
        session.execute(update(Booking), bookings)
    if changes:
        session.execute(insert(BookingPriceChange), changes)
    for row in session.identity_map.values():
        if isinstance(row, Booking):
            session.expire(row)
    _tell_parents(session, {id_: each for id_, each in found.items() if each.count})
    return found


def _reprice_books(session: Session, priced: Mapping[int, FamilyPrices], activity_ids: Collection[int]) -> None:
    """Give the books that no invoice holds the price that the family's facts make of it now, and log it."""
    known = catalogue().activities
    for prices in priced.values():
        for book in prices.books:
            entries = book.entries
            if book.is_invoiced or entries.activity_id not in activity_ids:
                continue
            tariffs = known[entries.activity_id].tariffs
            try:
                line = price_of_book(
                    prices.household, tariffs, entries.activity_id, entries.item, entries.child_id, entries.first_day
                )
            except Unpriced:
                continue  # it keeps the price that it was sold for
            if line.amount_cents == book.price_cents:
                continue
            row = session.get_one(PrepaidBook, entries.key)
            row.price_cents, row.price_outcome = line.amount_cents, line.outcome
            row.price_explanation = explained(line.steps)
            row.events.append(
                PrepaidBookEvent(
                    kind=BookEventKind.REPRICED, actor=Actor.SYSTEM, price_cents=line.amount_cents, at=clock.now()
                )
            )


def _tell_parents(session: Session, changed: Mapping[int, Repricing]) -> None:
    if not changed:
        return
    families: Sequence[Family] = session.scalars(select(Family).where(Family.id.in_(changed))).all()
    by_id = {family.id: family for family in families}
    guardians = session.execute(
        select(Guardian.family_id, Guardian.email)
        .where(Guardian.family_id.in_(changed), Guardian.email.is_not(None))
        .order_by(Guardian.id)
    )
    for family_id, email in guardians:
        assert email is not None
        queue_mail(
            session, "prices_changed", email, family_id=family_id, family=by_id[family_id],
            count=changed[family_id].count, difference_cents=changed[family_id].difference_cents,
        )  # fmt: skip


def reprice_siblings(session: Session, family_ids: Collection[int], activity_id: int) -> None:
    """The same where another child of families was enrolled, and the prices of the activity count who is."""
    if family_ids and activity_id in _where_siblings_count([CountedSiblings.ENROLLED]):
        session.flush()
        reprice_families(session, family_ids, PriceChangeReason.SIBLINGS, [activity_id])


def reprice_after_change(
    session: Session, family_id: int, kind: FileKind, subject_id: int, changes: Mapping[str, Change]
) -> None:
    """The same after a change of the family's file, where prices depend on what has changed.

    A child's age makes its rank in each of its homes; one more child counts where all of a family's children do.
    """
    if kind in (FileKind.PRICE_FACTS, FileKind.CHILD_PRICE_FACTS):
        reprice_family(session, family_id, PriceChangeReason.FACTS)
    elif kind is FileKind.COORDINATES and "declines_quotient" in changes:
        reprice_family(session, family_id, PriceChangeReason.QUOTIENT)
    elif kind is FileKind.COORDINATES and not changes.keys().isdisjoint(STREET_FIELDS):
        reprice_family(session, family_id, PriceChangeReason.FACTS)
    elif kind is FileKind.CHILD and "birth_date" in changes:
        activity_ids = _where_siblings_count(tuple(CountedSiblings))
        if activity_ids:
            homes = session.scalars(select(FamilyChild.family_id).where(FamilyChild.child_id == subject_id)).all()
            reprice_families(session, homes, PriceChangeReason.FACTS, activity_ids)
    elif kind is FileKind.NEW_CHILD:
        activity_ids = _where_siblings_count([CountedSiblings.DEPENDENT])
        if activity_ids:
            reprice_families(session, [family_id], PriceChangeReason.FACTS, activity_ids)


def _where_siblings_count(ways: Collection[CountedSiblings]) -> Collection[int]:
    """The activities where prices depend on siblings that are counted in one of these ways."""
    return [
        activity.id
        for activity in catalogue().activities.values()
        if any(each.grid.counted_siblings in ways and asks_siblings(each.grid) for each in activity.tariffs)
    ]
