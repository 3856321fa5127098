"""Prepaid books (carnets): what a child may be sold, the sale, what is left of each, and taking one back.

A sale is priced by the one engine, kept, and stands on the next invoice of its month; what its entries pay is priced
anew with it, in the same transaction. Source: docs/rules/pricing.md.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app import clock
from app.bill_labels import book_name
from app.database import db
from app.models.accounts import User
from app.models.bookings import Booking
from app.models.families import Child
from app.models.invoices import Invoice, InvoicedBooking, InvoiceLine
from app.models.prepaid_books import BookEventKind, PrepaidBook, PrepaidBookEvent
from app.price_labels import explained, problem_words
from app.rules.bills import BookEntries, PricedLine
from app.rules.family_prices import price_of_book
from app.rules.quotients import QuotientOutcome
from app.rules.rates import Unpriced
from app.rules.reaches import ALWAYS
from app.rules.states import Actor
from app.rules.tariff_grids import CreditBook, Grid, unit_code, version_on
from app.services.catalogue import ActivityInfo, catalogue
from app.services.errors import BookSettled, FamilyNotActive, NotFound, PriceMoved
from app.services.families import check_not_own, child_of, lock_children, stays_active
from app.services.households import EnrolledChild, FamilyPrices, is_charged_booking, load_prices, read_children
from app.services.prices import PriceChangeReason, reprice_families

_NOT_SOLD_YET = 0
"""The key of a book that is only looked at: those that were sold have positive ones."""


@dataclass(frozen=True, slots=True)
class BookOffer:
    """A book that a child may be sold today: its price (cents; None: it has none, ``explanation`` says why)."""

    child_id: int
    child_name: str
    activity_id: int
    activity_name: str
    item: str
    name: str
    entries: int
    unit_names: tuple[str, ...]
    last_day: date
    price_cents: int | None
    outcome: QuotientOutcome
    explanation: str
    pays_bookings: int  # that are made already
    change_cents: int  # of what these cost


@dataclass(frozen=True, slots=True)
class BookEvent:
    """One thing that happened to a book."""

    kind: BookEventKind
    by: str | None  # None: nobody, the prices themselves moved
    price_cents: int
    reason: str | None
    at: datetime


@dataclass(frozen=True, slots=True)
class BookView:
    """A book that was sold, with what is left of it beside all bookings."""

    id: int
    child_id: int
    child_name: str
    activity_id: int
    activity_name: str
    name: str
    entries: int
    left: int
    unit_names: tuple[str, ...]
    bought_on: date
    last_day: date
    price_cents: int
    explanation: str
    invoice_number: str | None
    taken_back_at: datetime | None
    is_over: bool  # its last day is past
    events: tuple[BookEvent, ...]

    @property
    def is_live(self) -> bool:
        """Whether its entries may still pay for something."""
        return self.taken_back_at is None and not self.is_over

    @property
    def may_go_back(self) -> bool:
        """Whether no invoice holds it, as far as the book itself tells."""
        return self.taken_back_at is None and self.invoice_number is None


@dataclass(frozen=True, slots=True)
class BookSale:
    """What a form asks for: a book of an activity's grid, at the price that it showed (cents); ``key``: of the form."""

    activity_id: int
    item: str
    seen_cents: int
    key: str


def offers_for(family_id: int, child_ids: Collection[int]) -> tuple[BookOffer, ...]:
    """The books that children of a family may be sold today: those of the grids of what they are enrolled in.

    A constant number of queries; none where no grid in force sells any.
    """
    today = clock.today()
    selling = {id_: grid for id_, each in catalogue().activities.items() if (grid := _selling(each, today)) is not None}
    if not selling:
        return ()
    children = read_children(db.session(), [family_id])
    places = {
        (each.child_id, each.activity_id): f"{each.first_name} {each.last_name}"
        for each in children
        if each.child_id in child_ids and each.activity_id in selling and _goes_on(each, today)
    }
    if not places:
        return ()
    prices = _prices(family_id, [id_ for _, id_ in places], children)
    return tuple(
        _offer(prices, child_id, name, _activity(id_), selling[id_], book, today)
        for (child_id, id_), name in places.items()
        for book in selling[id_].credit_books
    )


def live_books_of(family_id: int) -> tuple[BookView, ...]:
    """The books of a family that still pay, without what happened to them. One query, none where no grid knows any."""
    if not are_sold():
        return ()
    return tuple(book for book in books_of(family_id, with_events=False) if book.is_live)


def books_of(family_id: int, child_id: int | None = None, *, with_events: bool = True) -> tuple[BookView, ...]:
    """The books of a family, or of one of its children: those that still pay first, then the latest. Two queries."""
    spent = (
        select(func.count(Booking.id))
        .where(Booking.book_id == PrepaidBook.id, is_charged_booking())
        .correlate(PrepaidBook)
        .scalar_subquery()
    )
    wanted = select(PrepaidBook, Child, Invoice.number, PrepaidBook.entries - spent)
    wanted = wanted.join(Child, Child.id == PrepaidBook.child_id)
    wanted = wanted.outerjoin(InvoiceLine, InvoiceLine.id == PrepaidBook.line_id)
    wanted = wanted.outerjoin(Invoice, Invoice.id == InvoiceLine.invoice_id).where(PrepaidBook.family_id == family_id)
    if child_id is not None:
        wanted = wanted.where(PrepaidBook.child_id == child_id)
    rows = db.session.execute(wanted.order_by(PrepaidBook.id.desc())).tuples().all()
    if not rows:
        return ()
    events = _events([row.id for row, *_ in rows]) if with_events else defaultdict(list)
    views = (_view(row, child.full_name, number, left, events[row.id]) for row, child, number, left in rows)
    return tuple(sorted(views, key=lambda view: not view.is_live))


def are_sold() -> bool:
    """Whether any grid knows books. No query."""
    activities = catalogue().activities.values()
    return any(version.grid.credit_books for activity in activities for version in activity.tariffs)


def selling_activities() -> frozenset[int]:
    """The activities whose grid in force today sells books. No query."""
    today = clock.today()
    return frozenset(id_ for id_, each in catalogue().activities.items() if _selling(each, today) is not None)


def find_book(family_id: int, book_id: int) -> PrepaidBook:
    """A book of the family. Raises NotFound for any other."""
    book = db.session.scalar(select(PrepaidBook).where(PrepaidBook.family_id == family_id, PrepaidBook.id == book_id))
    if book is None:
        raise NotFound("prepaid book")
    return book


def sell_book(session: Session, family_id: int, user_id: int, child_id: int, sale: BookSale, actor: Actor) -> int:
    """Sell a child a book, price what it pays anew, and return its id; the same form sent twice sells once.

    Raises NotFound for another family's child or a book that is not offered to it, PriceMoved where it costs another
    price than the form showed, FamilyNotActive, and OwnFamily for an agent who sells to themselves.
    """
    if actor is Actor.STAFF:
        check_not_own(family_id, user_id)
    may_act = stays_active(session, family_id)
    lock_children(session, [family_id])
    sold = select(PrepaidBook.id).where(PrepaidBook.sold_by_id == user_id, PrepaidBook.form_key == sale.key)
    book_id = session.scalar(sold)
    if book_id is not None:
        return book_id
    if not may_act:
        raise FamilyNotActive
    child_of(family_id, child_id)
    today = clock.today()
    activity = catalogue().activities.get(sale.activity_id)
    children = read_children(session, [family_id])
    is_enrolled = any(
        (each.child_id, each.activity_id) == (child_id, sale.activity_id) and _goes_on(each, today) for each in children
    )
    grid = _selling(activity, today) if activity is not None and is_enrolled else None
    offered = None if grid is None else next((each for each in grid.credit_books if each.item == sale.item), None)
    if activity is None or grid is None or offered is None:
        raise NotFound("prepaid book")
    line = _priced(_prices(family_id, [activity.id], children), activity, offered.item, child_id, today)
    if line.amount_cents != sale.seen_cents:
        raise PriceMoved
    book = PrepaidBook(
        family_id=family_id,
        child_id=child_id,
        activity_id=activity.id,
        item=offered.item,
        name=book_name(grid, offered),
        units=",".join(sorted(offered.units)),
        entries=offered.entries,
        bought_on=today,
        last_day=offered.last_day(today, activity.season.ends_on),
        price_cents=line.amount_cents,
        price_outcome=line.outcome,
        price_explanation=explained(line.steps),
        sold_by_id=user_id,
        form_key=sale.key,
    )
    book.events.append(_event(BookEventKind.SOLD, actor, user_id, line.amount_cents))
    session.add(book)
    session.flush()
    reprice_families(session, [family_id], PriceChangeReason.BOOK, [activity.id])
    return book.id


def take_back(session: Session, family_id: int, user_id: int, book_id: int, reason: str) -> None:
    """Take back a book that no invoice holds: what its entries paid gets its own price again.

    Raises NotFound, OwnFamily, and BookSettled where it, or a day that it paid, is invoiced. Twice is once.
    """
    check_not_own(family_id, user_id)
    lock_children(session, [family_id])
    book = find_book(family_id, book_id)
    session.refresh(book)  # as an invoice run left it, which holds the children too
    if book.taken_back_at is not None:
        return
    spent = session.scalar(
        select(InvoicedBooking.booking_id)
        .join(Booking, Booking.id == InvoicedBooking.booking_id)
        .where(Booking.book_id == book_id)
        .limit(1)
    )
    if book.line_id is not None or spent is not None:
        raise BookSettled
    book.taken_back_at = clock.now()
    book.events.append(_event(BookEventKind.TAKEN_BACK, Actor.STAFF, user_id, book.price_cents, reason))
    session.flush()
    reprice_families(session, [family_id], PriceChangeReason.BOOK, [book.activity_id])


def _activity(activity_id: int) -> ActivityInfo:
    return catalogue().activities[activity_id]


def _selling(activity: ActivityInfo, day: date) -> Grid | None:
    """The grid in force on a day, where it sells books; none after the season, when nothing is left to pay for."""
    version = version_on(activity.tariffs, day)
    sells = version is not None and version.grid.credit_books and day <= activity.season.ends_on
    return version.grid if version is not None and sells else None


def _prices(
    family_id: int, activity_ids: Iterable[int], children: Sequence[EnrolledChild] | None = None
) -> FamilyPrices:
    spans = dict.fromkeys(activity_ids, ALWAYS)
    return load_prices(db.session(), [family_id], spans, children=children)[family_id]


def _goes_on(enrolled: EnrolledChild, day: date) -> bool:
    """Whether an accepted enrolment has not ended."""
    return enrolled.ends_on is not None and enrolled.ends_on >= day


def _priced(prices: FamilyPrices, activity: ActivityInfo, item: str, child_id: int, day: date) -> PricedLine:
    return price_of_book(prices.household, activity.tariffs, activity.id, item, child_id, day)


def _offer(
    prices: FamilyPrices,
    child_id: int,
    child_name: str,
    activity: ActivityInfo,
    grid: Grid,
    book: CreditBook,
    today: date,
) -> BookOffer:
    last_day = book.last_day(today, activity.season.ends_on)
    entries = BookEntries(_NOT_SOLD_YET, activity.id, book.item, child_id, book.entries, book.units, today, last_day)
    before, after = prices.bill().shares, prices.with_book(entries).bill()
    pays = [line for line in after.bill.lines if line.book == _NOT_SOLD_YET]
    change_cents = sum(each.amount_cents for each in after.shares.values())
    change_cents -= sum(each.amount_cents for each in before.values())
    try:
        line = _priced(prices, activity, book.item, child_id, today)
    except Unpriced as error:
        cents, outcome, words = None, QuotientOutcome.NOT_APPLICABLE, problem_words(error.problem)
    else:
        cents, outcome, words = line.amount_cents, line.outcome, explained(line.steps)
    return BookOffer(
        child_id, child_name, activity.id, activity.name, book.item, book_name(grid, book), book.entries,
        _unit_names(activity, book.units), last_day, cents, outcome, words, len(pays), change_cents,
    )  # fmt: skip


def _unit_names(activity: ActivityInfo, codes: Iterable[str]) -> tuple[str, ...]:
    wanted = set(codes)
    return tuple(unit.name for unit in activity.units if unit_code(unit.id) in wanted)


def _view(
    row: PrepaidBook, child_name: str, number: str | None, left: int, events: Sequence[BookEvent]
) -> BookView:  # fmt: skip
    activity = _activity(row.activity_id)
    return BookView(
        id=row.id,
        child_id=row.child_id,
        child_name=child_name,
        activity_id=activity.id,
        activity_name=activity.name,
        name=row.name,
        entries=row.entries,
        left=left,
        unit_names=_unit_names(activity, row.units.split(",")),
        bought_on=row.bought_on,
        last_day=row.last_day,
        price_cents=row.price_cents,
        explanation=row.price_explanation,
        invoice_number=number,
        taken_back_at=row.taken_back_at,
        is_over=row.last_day < clock.today(),
        events=tuple(events),
    )


def _events(book_ids: Sequence[int]) -> Mapping[int, Sequence[BookEvent]]:
    rows = db.session.execute(
        select(PrepaidBookEvent, User.display_name)
        .outerjoin(User, User.id == PrepaidBookEvent.user_id)
        .where(PrepaidBookEvent.book_id.in_(book_ids))
        .order_by(PrepaidBookEvent.id)
    )
    found: defaultdict[int, list[BookEvent]] = defaultdict(list)
    for row, name in rows:
        found[row.book_id].append(BookEvent(row.kind, name, row.price_cents, row.reason, row.at))
    return found


def _event(
    kind: BookEventKind, actor: Actor, user_id: int | None, price_cents: int, reason: str | None = None
) -> PrepaidBookEvent:  # fmt: skip
    return PrepaidBookEvent(
        kind=kind, actor=actor, user_id=user_id, price_cents=price_cents, reason=reason, at=clock.now()
    )
