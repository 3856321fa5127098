"""Closing days that are booked (a strike, snow): who is touched, doing it in one transaction, opening the days again.

Bookings are cancelled by the structure and never charged: what an invoice holds is credited (`services.corrections`).
Who was there, by the attendance, stays, and is said. The number of statements does not grow with the families, but for
those that were invoiced. Opening the days again brings no booking back.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from hashlib import sha256

from sqlalchemy import ColumnElement, Select, and_, func, insert, or_, select, true, update
from sqlalchemy.orm import Session

from app import clock
from app.database import db
from app.models.accounts import User
from app.models.attendances import Attendance
from app.models.bookings import Booking, BookingEvent, Opening, PriceChangeReason
from app.models.closures import Closure, ClosureOpening
from app.models.families import Child, Guardian
from app.models.invoices import InvoicedBooking
from app.models.waiting_lists import LIVE, WaitingEntry
from app.rules.attendances import Turnout
from app.rules.capacity import Slot, counter_changes
from app.rules.credits import CreditCause
from app.rules.reaches import DaySpan
from app.rules.states import ACTIVE_STATUSES, HOLDING_STATUSES, Actor, BookingStatus, CancelClass, check_transition
from app.services.booking_mails import DecidedDay, DecidedUnit
from app.services.catalogue import catalogue
from app.services.corrections import propose
from app.services.counters import lock_counters, move_counters
from app.services.errors import ClosureMoved, NotFound
from app.services.households import load_prices, spans_to_tell
from app.services.mails import queue_mail
from app.services.openings import days_between
from app.services.pages import Page, page_of
from app.services.prices import change_price
from app.services.proposed_prices import ProposedPrices
from app.services.reached_things import closure_within
from app.services.staff_scopes import EVERYWHERE, StaffScope
from app.services.urgent_messages import Concerned, audiences, families_of
from app.services.waiting_lists import enter, promote, waiting_slots

LONGEST_CLOSURE = timedelta(days=62)
EARLIEST = timedelta(days=31)
"""How long ago a day may be that is closed after the event: its bookings are not charged."""
_AT_ONCE = 500


@dataclass(frozen=True, slots=True)
class Place:
    """What can be closed: a place, an activity, a group, or one unit of an activity."""

    code: str  # « site-1 », « activity-2 », « group-3 », « unit-4 »
    name: str
    group_ids: frozenset[int]
    unit_ids: frozenset[int] | None  # None: all


@dataclass(frozen=True, slots=True)
class ClosureWish:
    """What an agent wants to close, and why."""

    place: Place
    starts_on: date
    ends_on: date
    reason: str


@dataclass(frozen=True, slots=True)
class TouchedBooking:
    """A booking in what is to be closed."""

    id: int
    child_id: int
    child_name: str
    family_id: int
    opening_id: int
    day: date
    slot: Slot
    status: BookingStatus
    waiting_id: int | None
    price_cents: int
    is_invoiced: bool  # by a line: a credit note follows

    @property
    def is_absence(self) -> bool:
        """Whether it was cancelled too late, and is charged."""
        return self.status is BookingStatus.CANCELLED


@dataclass(frozen=True, slots=True)
class ClosurePlan:
    """What a closure would do."""

    wish: ClosureWish
    opening_ids: tuple[int, ...]
    days: tuple[date, ...]  # that have something open
    touched: tuple[TouchedBooking, ...]
    families: tuple[Concerned, ...]

    @property
    def invoiced(self) -> tuple[TouchedBooking, ...]:
        """Those that will be credited."""
        return tuple(each for each in self.touched if each.is_invoiced)

    @property
    def children(self) -> int:
        """How many distinct children."""
        return len({each.child_id for each in self.touched})

    @property
    def by_status(self) -> Sequence[tuple[BookingStatus, int]]:
        """How many bookings of each status; those cancelled too late are « cancelled »."""
        return sorted(Counter(each.status for each in self.touched).items())

    @property
    def to_call(self) -> tuple[Concerned, ...]:
        """The families without an address."""
        return tuple(each for each in self.families if not each.has_email)

    @property
    def fingerprint(self) -> str:
        """What is the same as long as the closure would do the same."""
        rows = [(each.id, each.status.value) for each in self.touched], [each.id for each in self.invoiced]
        wish = self.wish
        told = wish.place.code, wish.starts_on, wish.ends_on, wish.reason, self.opening_ids, rows
        return sha256(repr(told).encode()).hexdigest()[:16]


@dataclass(frozen=True, slots=True)
class ClosureRow:
    """A closure, in the list and opened."""

    id: int
    place: str
    starts_on: date
    ends_on: date
    reason: str
    closed_at: datetime
    closed_by: str
    reopened_at: datetime | None


@dataclass(frozen=True, slots=True)
class ClosureView:
    """A closure, opened: what it did."""

    row: ClosureRow
    cancelled: int
    children: int
    families: tuple[Concerned, ...]

    @property
    def to_call(self) -> tuple[Concerned, ...]:
        """The families without an address."""
        return tuple(each for each in self.families if not each.has_email)


def places(reach: StaffScope = EVERYWHERE) -> tuple[Place, ...]:
    """What can be closed within reach, place by place."""
    found: list[Place] = []
    activities = {f"activity-{each.id}": each for each in catalogue().activities.values()}
    for each in audiences(reach):
        found.append(Place(each.code, each.name, each.group_ids, None))
        activity = activities.get(each.code)
        if activity is not None and len(activity.units) > 1:
            found += [
                Place(
                    f"unit-{unit.id}", f"{activity.name}, {unit.name} seulement", each.group_ids, frozenset({unit.id})
                )
                for unit in activity.units
            ]
    return tuple(found)


def find_place(code: str) -> Place:
    """Raises NotFound."""
    found = next((each for each in places() if each.code == code), None)
    if found is None:
        raise NotFound("place")
    return found


def plan_closure(session: Session, wish: ClosureWish) -> ClosurePlan:
    """What a closure would do. A constant number of queries."""
    openings = session.execute(
        select(Opening.id, Opening.day).where(*_these(wish), Opening.is_open).order_by(Opening.day, Opening.id)
    ).all()
    rows = session.execute(
        select(
            Booking.id, Booking.child_id, Child.first_name, Child.last_name, Booking.family_id, Booking.opening_id,
            Booking.day, Opening.unit_id, Opening.group_id, Booking.status, Booking.waiting_id, Booking.price_cents,
            InvoicedBooking.line_id.is_not(None),
        )
        .join(Opening, Opening.id == Booking.opening_id)
        .join(Child, Child.id == Booking.child_id)
        .outerjoin(InvoicedBooking, InvoicedBooking.booking_id == Booking.id)
        .outerjoin(Attendance, Attendance.booking_id == Booking.id)
        .where(*_these(wish), Opening.is_open, _is_touched(), Attendance.turnout.is_distinct_from(Turnout.PRESENT))
        .order_by(Booking.id)
    ).all()  # fmt: skip
    touched: list[TouchedBooking] = []
    for id_, child_id, first, last, family_id, opening_id, day, unit_id, group_id, status, waiting, cents, held in rows:
        slot, name = Slot(unit_id, group_id), f"{first} {last}"
        touched.append(
            TouchedBooking(id_, child_id, name, family_id, opening_id, day, slot, status, waiting, cents, held)
        )
    return ClosurePlan(
        wish, tuple(row[0] for row in openings), tuple(sorted({row[1] for row in openings})), tuple(touched),
        families_of({each.family_id for each in touched}),
    )  # fmt: skip


def close(session: Session, wish: ClosureWish, agent_id: int, fingerprint: str) -> int:
    """Close what is open, cancel what is booked there, tell the families once; returns the closure's id.

    Nobody books meanwhile. Raises ClosureMoved when it would do something else than was read.
    """
    family_ids = {each.family_id for each in plan_closure(session, wish).touched}
    enter(session, days_between(wish.starts_on, wish.ends_on), family_ids, alone=True)
    session.expire_all()
    plan = plan_closure(session, wish)
    if plan.fingerprint != fingerprint or not plan.opening_ids or not set(_families(plan)) <= family_ids:
        raise ClosureMoved
    now = clock.now()
    prices = _prices_without(session, plan)
    freed = _free_places(session, plan)
    _cancel(session, plan, agent_id, now)
    _end_entries(session, plan, agent_id, now)
    closure = Closure(
        place=wish.place.name, starts_on=plan.days[0], ends_on=plan.days[-1], reason=wish.reason, closed_at=now,
        closed_by_id=agent_id,
    )  # fmt: skip
    session.add(closure)
    session.flush()
    for ids in _some(plan.opening_ids):
        session.execute(
            update(Opening).where(Opening.id.in_(ids)).values(is_open=False, closing_reason=wish.reason),
            execution_options={"synchronize_session": False},
        )
        session.execute(insert(ClosureOpening), [{"closure_id": closure.id, "opening_id": id_} for id_ in ids])
    _move_prices(session, prices, now)
    _propose_credits(session, plan, agent_id)
    _tell(session, plan)
    session.flush()
    promote(session, freed, now)  # who waits for what stays open, where a place counts over several units
    return closure.id


def reopen(session: Session, closure_id: int, agent_id: int) -> None:
    """Open again what a closure closed; no booking comes back. Raises NotFound, also for one that is undone."""
    row = session.get(Closure, closure_id)
    if row is None:
        raise NotFound("closure")
    days = days_between(row.starts_on, row.ends_on)
    enter(session, days, alone=True)
    session.refresh(row)
    if row.reopened_at is not None:
        raise NotFound("closure")
    row.reopened_at, row.reopened_by_id = clock.now(), agent_id
    closed = select(ClosureOpening.opening_id).where(ClosureOpening.closure_id == closure_id)
    session.execute(
        update(Opening)
        .where(Opening.id.in_(closed), Opening.is_open.is_(False), Opening.closing_reason == row.reason)
        .values(is_open=True, closing_reason=None),
        execution_options={"synchronize_session": False},
    )
    session.flush()
    promote(session, waiting_slots(session, row.starts_on, days=days), clock.now())


def closures(page: int = 1, reach: StaffScope = EVERYWHERE) -> Page[ClosureRow]:
    """The closures within reach, latest first. Two queries."""
    within = true() if reach.is_everywhere else closure_within(reach)
    total = db.session.scalar(select(func.count(Closure.id)).where(within)) or 0
    place: Page[ClosureRow] = page_of(page, total)
    rows = db.session.execute(_rows().where(within).offset(place.offset).limit(place.size))
    return place.filled(tuple(_row(*each) for each in rows))


def read_closure(closure_id: int) -> ClosureView:
    """A closure and what it did. Raises NotFound."""
    found = db.session.execute(_rows().where(Closure.id == closure_id)).first()
    if found is None:
        raise NotFound("closure")
    row = _row(*found)
    done = db.session.execute(
        select(Booking.id, Booking.child_id, Booking.family_id)
        .join(ClosureOpening, ClosureOpening.opening_id == Booking.opening_id)
        .join(BookingEvent, BookingEvent.booking_id == Booking.id)
        .where(
            ClosureOpening.closure_id == closure_id, BookingEvent.at == row.closed_at,
            BookingEvent.actor == Actor.STAFF, BookingEvent.to_status == BookingStatus.CANCELLED,
        )
    ).all()  # fmt: skip
    return ClosureView(
        row, len({each[0] for each in done}), len({each[1] for each in done}), families_of({each[2] for each in done})
    )


def _rows() -> Select[tuple[Closure, str]]:
    return (
        select(Closure, User.display_name)
        .join(User, User.id == Closure.closed_by_id)
        .order_by(Closure.closed_at.desc(), Closure.id.desc())
    )


def _row(closure: Closure, closed_by: str) -> ClosureRow:
    return ClosureRow(
        closure.id, closure.place, closure.starts_on, closure.ends_on, closure.reason, closure.closed_at, closed_by,
        closure.reopened_at,
    )  # fmt: skip


def _these(wish: ClosureWish) -> Iterator[ColumnElement[bool]]:
    yield Opening.day.between(wish.starts_on, wish.ends_on)
    yield Opening.group_id.in_(wish.place.group_ids)
    if wish.place.unit_ids is not None:
        yield Opening.unit_id.in_(wish.place.unit_ids)


def _is_touched() -> ColumnElement[bool]:
    late = and_(Booking.status == BookingStatus.CANCELLED, Booking.cancel_class == CancelClass.LATE_CHARGED)
    return or_(Booking.status.in_(ACTIVE_STATUSES), late)


def _families(plan: ClosurePlan) -> list[int]:
    return sorted({each.family_id for each in plan.touched})


def _some(ids: Iterable[int]) -> Iterator[list[int]]:
    every = list(ids)
    for first in range(0, len(every), _AT_ONCE):
        yield every[first : first + _AT_ONCE]


def _prices_without(session: Session, plan: ClosurePlan) -> Sequence[ProposedPrices]:
    """The prices of each family without what is cancelled, read before it is."""
    charged = [each for each in plan.touched if each.is_absence or each.status is BookingStatus.CONFIRMED]
    if not charged:
        return ()
    units = catalogue().units
    days = [each.day for each in charged]
    spans = spans_to_tell({units[each.slot.unit_id].activity_id for each in charged}, DaySpan(min(days), max(days)))
    given_back: defaultdict[int, set[int]] = defaultdict(set)
    for each in charged:
        given_back[each.family_id].add(each.id)
    loaded = load_prices(session, given_back.keys(), spans)
    return [
        ProposedPrices(prices, 0, (), given_back[family_id] & prices.booked.keys())
        for family_id, prices in sorted(loaded.items())
    ]


def _move_prices(session: Session, families: Sequence[ProposedPrices], now: datetime) -> None:
    """Give the other bookings of the families the price that is left to them."""
    moved = {each.booking_id: each.share for prices in families for each in prices.moved()}
    for ids in _some(sorted(moved)):
        for booking in session.scalars(select(Booking).where(Booking.id.in_(ids)).order_by(Booking.id)):
            change_price(session, booking, moved[booking.id], PriceChangeReason.CLOSURE, now)


def _propose_credits(session: Session, plan: ClosurePlan, agent_id: int) -> None:
    """What families were invoiced for is theirs again: the worker credits it."""
    invoiced: defaultdict[int, list[int]] = defaultdict(list)
    for each in plan.invoiced:
        invoiced[each.family_id].append(each.id)
    for family_id, ids in sorted(invoiced.items()):
        propose(session, family_id, ids, CreditCause.CLOSURE, plan.wish.reason, agent_id, is_automatic=True)


def _free_places(session: Session, plan: ClosurePlan) -> Mapping[date, set[Slot]]:
    """Free the places of what is cancelled, counter by counter; returns the slots."""
    freed: defaultdict[date, set[Slot]] = defaultdict(set)
    gone: defaultdict[tuple[int, date], set[int]] = defaultdict(set)
    for each in plan.touched:
        if each.status in HOLDING_STATUSES:
            freed[each.day].add(each.slot)
            gone[each.child_id, each.day].add(each.id)
    if not freed:
        return freed
    lock_counters(session, freed)
    scopes = catalogue().scopes
    held: defaultdict[tuple[int, date], dict[int, Slot]] = defaultdict(dict)
    for child_ids in _some({child_id for child_id, _ in gone}):
        for id_, child_id, day, unit_id, group_id in session.execute(
            select(Booking.id, Booking.child_id, Booking.day, Opening.unit_id, Opening.group_id)
            .join(Opening, Opening.id == Booking.opening_id)
            .where(
                Booking.child_id.in_(child_ids), Booking.day.in_(freed), Booking.status.in_(HOLDING_STATUSES)
            )
        ):  # fmt: skip
            held[child_id, day][id_] = Slot(unit_id, group_id)
    changes: defaultdict[date, Counter[int]] = defaultdict(Counter)
    for key, ids in gone.items():
        before = held[key]
        after = [slot for id_, slot in before.items() if id_ not in ids]
        changes[key[1]].update(counter_changes(list(before.values()), after, scopes))
    for day, of_day in sorted(changes.items()):
        move_counters(session, day, of_day)
    return freed


def _cancel(session: Session, plan: ClosurePlan, agent_id: int, now: datetime) -> None:
    """Cancel what is held, and take the price off what was cancelled too late; each with its event."""
    for each in plan.touched:
        if not each.is_absence:
            check_transition(each.status, BookingStatus.CANCELLED)
    for status, ids in _by_status(plan.touched).items():
        # What was only asked for, or waited for, is cancelled without a class: nothing was given back.
        is_asked = status in (BookingStatus.REQUESTED, BookingStatus.WAITING, BookingStatus.OFFERED)
        for some in _some(ids):
            session.execute(
                update(Booking)
                .where(Booking.id.in_(some))
                .values(status=BookingStatus.CANCELLED, cancel_class=None if is_asked else CancelClass.STRUCTURE),
                execution_options={"synchronize_session": False},
            )
    events = [
        {
            "booking_id": each.id, "from_status": each.status, "to_status": BookingStatus.CANCELLED,
            "actor": Actor.STAFF, "user_id": agent_id, "reason": plan.wish.reason, "at": now,
        }
        for each in plan.touched
    ]  # fmt: skip
    if events:
        session.execute(insert(BookingEvent), events)
    session.expire_all()


def _by_status(touched: Iterable[TouchedBooking]) -> Mapping[BookingStatus, list[int]]:
    found: defaultdict[BookingStatus, list[int]] = defaultdict(list)
    for each in touched:
        found[each.status].append(each.id)
    return found


def _end_entries(session: Session, plan: ClosurePlan, agent_id: int, now: datetime) -> None:
    """An entry of which nothing is left to wait for ends."""
    for ids in _some({each.waiting_id for each in plan.touched if each.waiting_id is not None}):
        still = select(Booking.waiting_id).where(
            Booking.waiting_id.in_(ids), Booking.status.in_([BookingStatus.WAITING, BookingStatus.OFFERED])
        )
        session.execute(
            update(WaitingEntry)
            .where(LIVE, WaitingEntry.id.in_(ids), WaitingEntry.id.not_in(still))
            .values(ended_at=now),
            execution_options={"synchronize_session": False},
        )


def _tell(session: Session, plan: ClosurePlan) -> None:
    """One mail to each adult of a family, with all its children and days."""
    units = catalogue().units
    found: defaultdict[int, defaultdict[tuple[date, int, str, int], list[DecidedUnit]]]
    found = defaultdict(lambda: defaultdict(list))
    for each in sorted(plan.touched, key=lambda each: (units[each.slot.unit_id].starts_at, each.id)):
        unit = units[each.slot.unit_id]
        key = each.day, each.child_id, each.child_name, unit.activity_id
        found[each.family_id][key].append(DecidedUnit(unit.name, each.price_cents, each.price_cents))
    activities = catalogue().activities
    guardians = select(Guardian.family_id, Guardian.email).where(Guardian.email.is_not(None))
    emails = [
        row
        for ids in _some(found)
        for row in session.execute(guardians.where(Guardian.family_id.in_(ids)).order_by(Guardian.id))
    ]
    with session.no_autoflush:  # all of them go in together
        for family_id, email in emails:
            days = [
                DecidedDay(child_name, activities[activity_id].name, day, tuple(of_day))
                for (day, _, child_name, activity_id), of_day in sorted(found[family_id].items())
            ]
            queue_mail(session, "days_closed", email, family_id=family_id, days=days, reason=plan.wish.reason)
