"""Bookings that parents asked for: what waits for the staff, their decisions, and what nobody decided in time.

A request holds its place and costs nothing yet. Source: docs/rules/booking_requests.md.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from sqlalchemy import ColumnElement, Row, Select, func, select, true
from sqlalchemy.orm import Session, aliased, contains_eager

from app import clock
from app.database import db
from app.models.activities import Unit
from app.models.bookings import ASKED, TO_PAY, Booking, BookingEvent, CapacityCounter, Opening
from app.models.families import Child, Family
from app.rules.booking_requests import (
    OVERRULABLE,
    Obstacle,
    RequestFacts,
    answer_until,
    is_unanswered,
    obstacle,
)
from app.rules.calendars import week_of
from app.rules.capacity import Slot, counter_changes, covering
from app.rules.combinations import UnitDays, Violation, WeekCount, week_violations
from app.rules.states import (
    DECIDED_STATUSES,
    HOLDING_STATUSES,
    Actor,
    BookingStatus,
    FamilyStatus,
    check_transition,
)
from app.services.booking_mails import DecidedDay, DecidedUnit, tell_family
from app.services.catalogue import ActivityInfo, UnitInfo, catalogue
from app.services.counters import lock_counters, move_counters
from app.services.errors import NotFound
from app.services.families import FamilyRef, check_not_own, lock_children, stays_active
from app.services.judgements import broken_rules
from app.services.planning_facts import PlanningFacts, load_facts
from app.services.prices import PriceChangeReason, change_price, move_prices
from app.services.proposed_prices import ProposedPrices
from app.services.staff_scopes import EVERYWHERE, StaffScope
from app.services.waiting_lists import days_of, end_waiting, enter, promote
from app.services.waiting_ticks import join_ticks

EXPIRED_SHOWN_FOR = timedelta(days=14)


@dataclass(frozen=True, slots=True)
class AskedUnit:
    """One booking that is asked for. Cents."""

    booking_id: int
    opening_id: int
    slot: Slot
    unit: UnitInfo
    price_cents: int
    is_open: bool


@dataclass(frozen=True, slots=True)
class DayRequest:
    """What a family asks for one child on one day of one activity: decided as a whole, unless the staff choose."""

    family_id: int
    family_name: str
    child_id: int
    child_name: str
    activity: ActivityInfo
    day: date
    requested_at: datetime  # of the first
    units: tuple[AskedUnit, ...]  # in the order of the day
    first_id: int  # of all that waits with it

    @property
    def booking_ids(self) -> tuple[int, ...]:
        """All of it."""
        return tuple(each.booking_id for each in self.units)

    @property
    def answer_until(self) -> datetime:
        """Until when it waits."""
        return answer_until(self.day, [each.unit.starts_at for each in self.units])

    @property
    def price_cents(self) -> int:
        """What it would cost, as the parent saw it."""
        return sum(each.price_cents for each in self.units)

    @property
    def words(self) -> str:
        """« Journée, Veillée »."""
        return ", ".join(each.unit.name for each in self.units)


@dataclass(frozen=True, slots=True)
class ScopePlaces:
    """The places of a scope on a day, and how many children have one without having to wait for a decision."""

    name: str
    places: int
    decided: int
    asking: int  # children who only ask

    @property
    def left(self) -> int:
        """How many may still be accepted."""
        return self.places - self.decided


def waiting_requests(
    only: int | None = None, *, at_most: int | None = None, reach: StaffScope = EVERYWHERE
) -> tuple[DayRequest, ...]:
    """What waits within reach, by day, then in the order of asking; `only`: what the booking of this id waits with.

    One query.
    """
    wanted = _waiting().where(_within(reach))
    if only is not None:
        one = aliased(Booking)
        wanted = wanted.join(
            one, (one.family_id == Booking.family_id) & (one.child_id == Booking.child_id) & (one.day == Booking.day)
        ).where(one.id == only)
    found = _grouped(db.session.execute(wanted).all())
    if only is not None:
        found = [each for each in found if only in each.booking_ids]
    return tuple(found[:at_most])


def count_of_requests(reach: StaffScope = EVERYWHERE) -> Select[tuple[int]]:
    """How many days of children wait within reach, as a query."""
    days = (
        select(Booking.family_id, Booking.child_id, Booking.day, Unit.activity_id)
        .join(Opening, Opening.id == Booking.opening_id)
        .join(Unit, Unit.id == Opening.unit_id)
        .where(ASKED, Booking.status == BookingStatus.REQUESTED, reach.has_activity(Unit.activity_id))
        .distinct()
    )
    return select(func.count()).select_from(days.subquery())


def expired_requests(reach: StaffScope = EVERYWHERE) -> tuple[DayRequest, ...]:
    """What nobody decided within reach in the last two weeks, the latest first. One query."""
    today = clock.today()
    recent = Booking.day.between(today - EXPIRED_SHOWN_FOR, today)
    wanted = _asked(BookingStatus.EXPIRED).where(recent, Booking.waiting_id.is_(None), _within(reach))
    wanted = wanted.where(Booking.kept_until.is_(None))  # else nobody had to decide: it was not paid
    return tuple(reversed(_grouped(db.session.execute(wanted).all())))


def places_of(session: Session, days: Collection[date]) -> Mapping[tuple[date, int], ScopePlaces]:
    """By day and capacity scope. Two queries."""
    known = catalogue()
    names = {scope.id: scope.name for scope in known.scopes}
    asking = aliased(Booking)
    of_askers = select(Booking.day, Booking.child_id, Booking.status, Opening.unit_id, Opening.group_id)
    of_askers = of_askers.join(Opening, Opening.id == Booking.opening_id).join(
        asking,
        (asking.child_id == Booking.child_id)
        & (asking.day == Booking.day)
        & (asking.status == BookingStatus.REQUESTED),
    )
    held: defaultdict[tuple[date, int], dict[int, bool]] = defaultdict(dict)  # children, by whether that is decided
    for day, child_id, status, unit_id, group_id in session.execute(
        of_askers.where(Booking.day.in_(days), Booking.status.in_(HOLDING_STATUSES))
    ):
        for scope in covering(Slot(unit_id, group_id), known.scopes):
            children = held[day, scope.id]
            children[child_id] = children.get(child_id, False) or status in DECIDED_STATUSES
    counters = select(CapacityCounter.day, CapacityCounter.scope_id, CapacityCounter.places, CapacityCounter.taken)
    found = {}
    for day, scope_id, places, taken in session.execute(counters.where(CapacityCounter.day.in_(days))):
        waiting = sum(1 for is_decided in held[day, scope_id].values() if not is_decided)
        found[day, scope_id] = ScopePlaces(names[scope_id], places, taken - waiting, waiting)
    return found


@dataclass(frozen=True, slots=True)
class Conflict:
    """A request that was not accepted, and why."""

    request: DayRequest | None  # as it is stored now; None: nothing of it waits any more
    booking_ids: tuple[int, ...]
    child_name: str
    day: date
    obstacle: Obstacle
    violation: Violation | None = None

    @property
    def may_be_overruled(self) -> bool:
        """Whether a reason is enough."""
        return self.obstacle in OVERRULABLE


@dataclass(frozen=True, slots=True)
class Decided:
    """What a decision did and did not do."""

    days: tuple[DecidedDay, ...]
    conflicts: tuple[Conflict, ...]


def families_of(booking_ids: Collection[int], reach: StaffScope) -> Mapping[int, int]:
    """The family of each of some bookings, as far as they are within reach. One query."""
    rows = (
        select(Booking.id, Booking.family_id)
        .join(Opening, Opening.id == Booking.opening_id)
        .where(Booking.id.in_(booking_ids), _within(reach))
    )
    return dict(db.session.execute(rows).tuples().all())


def accept_requests(
    session: Session, family_id: int, rows: Collection[tuple[int, ...]], decided_by: int, despite: str | None = None
) -> Decided:
    """Accept what one family asked for, and tell it once; each row whole or not at all.

    A row is what was shown together: one day of a child. `despite`: the reason for accepting what has no place any more
    or breaks a combination. What stands in the way is answered, the other rows are accepted. Raises OwnFamily, and
    NotFound for bookings of others.
    """
    locked = _lock(session, family_id, rows, decided_by)
    now = clock.now()
    conflicts = list(locked.changed)
    days: list[DecidedDay] = []
    by_child: defaultdict[int, list[DayRequest]] = defaultdict(list)
    for request in locked.requests:
        by_child[request.child_id].append(request)
    # What one child has moves the prices of the others: each is read after those before were accepted.
    for child_id, requests in sorted(by_child.items()):
        opening_ids = {each.opening_id for request in requests for each in request.units}
        facts = load_facts(session, locked.family, child_id, sorted({each.day for each in requests}), opening_ids)
        accepted, found, prices = _judge(session, facts, requests, despite, now)
        conflicts += found
        for request in accepted:
            days.append(_accept(session, request, prices, decided_by, despite, now))
        if accepted:
            move_prices(session, prices, now)
            join_ticks(session, [each.booking_id for request in accepted for each in request.units], now)
        session.flush()
    tell_family(session, family_id, "bookings_accepted", days)
    return Decided(tuple(days), tuple(conflicts))


def refuse_requests(
    session: Session, family_id: int, rows: Collection[tuple[int, ...]], decided_by: int, reason: str
) -> Decided:
    """Refuse what one family asked for, free its places and tell it the reason, once. Raises like `accept_requests`."""
    locked = _lock(session, family_id, rows, decided_by)
    end_requests(
        session, [id_ for each in locked.requests for id_ in each.booking_ids], BookingStatus.REFUSED, Actor.STAFF,
        decided_by, reason,
    )  # fmt: skip
    days = [_told(request) for request in locked.requests]
    tell_family(session, family_id, "bookings_refused", days, reason=reason)
    return Decided(tuple(days), locked.changed)


def withdraw_requests(session: Session, family_id: int, user_id: int) -> None:
    """Withdraw all that a family asked for or has not paid: its account is closed. The caller is alone and holds the
    family.
    """
    lock_children(session, [family_id])
    ids: list[int] = []
    for index, status in ((ASKED, BookingStatus.REQUESTED), (TO_PAY, BookingStatus.AWAITING_PAYMENT)):
        waiting = select(Booking.id).where(index, Booking.family_id == family_id, Booking.status == status)
        ids += session.scalars(waiting)
    end_requests(session, ids, BookingStatus.CANCELLED, Actor.PARENT, user_id, None)
    now = clock.now()
    promote(session, end_waiting(session, family_id, Actor.PARENT, user_id, now), now)


def family_with_unanswered(session: Session) -> int | None:
    """A family that asked for something that has begun without an answer. One query."""
    now = clock.now()
    due = _due(session, now)
    return due[0].family_id if due else None


def expire_requests(session: Session, family_id: int) -> int:
    """End what the family asked for and nobody decided in time, tell it once, and return how many days that were."""
    enter(session, days_of(session, family_id), [family_id])
    stays_active(session, family_id)
    lock_children(session, [family_id])
    due = [each for each in _due(session, clock.now()) if each.family_id == family_id]
    ids = [id_ for each in due for id_ in each.booking_ids]
    end_requests(session, ids, BookingStatus.EXPIRED, Actor.SYSTEM, None, None)
    tell_family(session, family_id, "bookings_unanswered", [_told(each) for each in due])
    return len(due)


def end_requests(
    session: Session,
    booking_ids: Collection[int],
    status: BookingStatus,
    actor: Actor,
    user_id: int | None,
    reason: str | None,
) -> None:
    """Let what is asked for, or is to be paid, end otherwise, and free its places. The caller holds the children."""
    if not booking_ids:
        return
    scopes = catalogue().scopes
    bookings = session.scalars(
        select(Booking)
        .join(Booking.opening)
        .where(Booking.id.in_(booking_ids))
        .order_by(Booking.id)
        .options(contains_eager(Booking.opening))
    ).all()
    slots: defaultdict[date, set[Slot]] = defaultdict(set)
    for booking in bookings:
        slots[booking.day].add(Slot(booking.opening.unit_id, booking.opening.group_id))
    lock_counters(session, slots)
    child_ids = {booking.child_id for booking in bookings}
    held: defaultdict[tuple[date, int], dict[int, Slot]] = defaultdict(dict)
    for id_, day, child_id, unit_id, group_id in session.execute(
        select(Booking.id, Booking.day, Booking.child_id, Opening.unit_id, Opening.group_id)
        .join(Opening, Opening.id == Booking.opening_id)
        .where(Booking.child_id.in_(child_ids), Booking.day.in_(slots), Booking.status.in_(HOLDING_STATUSES))
    ):
        held[day, child_id][id_] = Slot(unit_id, group_id)
    now = clock.now()
    for booking in bookings:
        _move(session, booking, status, actor, user_id, reason, now)
    session.flush()
    ended = {booking.id for booking in bookings}
    for (day, _child_id), before in sorted(held.items()):
        after = [slot for id_, slot in before.items() if id_ not in ended]
        move_counters(session, day, counter_changes(list(before.values()), after, scopes))
    promote(session, slots, now)


def _waiting() -> Select[tuple[Booking, int, int, bool, Family, Child]]:
    return _asked(BookingStatus.REQUESTED)


def _within(reach: StaffScope) -> ColumnElement[bool]:
    return (
        true()
        if reach.is_everywhere
        else Opening.unit_id.in_(select(Unit.id).where(reach.has_activity(Unit.activity_id)))
    )


def _asked(status: BookingStatus) -> Select[tuple[Booking, int, int, bool, Family, Child]]:
    return (
        select(Booking, Opening.unit_id, Opening.group_id, Opening.is_open, Family, Child)
        .join(Opening, Opening.id == Booking.opening_id)
        .join(Family, Family.id == Booking.family_id)
        .join(Child, Child.id == Booking.child_id)
        .where(ASKED, Booking.status == status)
        .order_by(Booking.day, Booking.created_at, Booking.id)
        .execution_options(populate_existing=True)
    )


def _grouped(rows: Iterable[Row[tuple[Booking, int, int, bool, Family, Child]]]) -> list[DayRequest]:
    known = catalogue()
    found: dict[tuple[int, int, date, int], DayRequest] = {}
    for booking, unit_id, group_id, is_open, family, child in rows:
        unit = known.units[unit_id]
        key = booking.family_id, booking.child_id, booking.day, unit.activity_id
        present = found.get(key) or DayRequest(
            booking.family_id, family.name, booking.child_id, child.full_name, known.activities[unit.activity_id],
            booking.day, booking.created_at, (), booking.id,
        )  # fmt: skip
        asked = AskedUnit(
            booking.id, booking.opening_id, Slot(unit_id, group_id), unit, booking.price_cents, is_open
        )  # fmt: skip
        units = sorted((*present.units, asked), key=lambda each: (each.unit.starts_at, each.booking_id))
        found[key] = replace(present, units=tuple(units), first_id=min(present.first_id, booking.id))
    return list(found.values())


@dataclass(frozen=True, slots=True)
class _Locked:
    """What a decision is about, held until the commit."""

    family: FamilyRef
    requests: tuple[DayRequest, ...]  # only what is to be decided
    changed: tuple[Conflict, ...]  # rows of which something waits no more


def _lock(session: Session, family_id: int, rows: Collection[tuple[int, ...]], decided_by: int) -> _Locked:
    """In the order of a save (PostgreSQL): what places are of, the family, its children, the counters."""
    wanted = {id_ for row in rows for id_ in row}
    days = set(session.scalars(select(Booking.day).where(Booking.id.in_(wanted)).distinct()))
    enter(session, days, [family_id])
    may_act = stays_active(session, family_id)
    check_not_own(family_id, decided_by)
    lock_children(session, [family_id])
    stored = session.execute(
        select(Booking.id, Booking.day, Child)
        .join(Child, Child.id == Booking.child_id)
        .where(Booking.id.in_(wanted), Booking.family_id == family_id)
    ).all()
    children = {id_: (day, child.full_name) for id_, day, child in stored}
    if not wanted or children.keys() != wanted:
        raise NotFound("booking")
    waiting = _grouped(session.execute(_waiting().where(Booking.family_id == family_id)).all())
    by_booking = {id_: request for request in waiting for id_ in request.booking_ids}
    requests: list[DayRequest] = []
    changed: list[Conflict] = []
    for row in rows:
        left = [id_ for id_ in row if id_ in by_booking]
        if len(left) < len(row):
            day, child_name = children[row[0]]
            now = by_booking[left[0]] if left else None
            changed.append(Conflict(now, row, child_name, day, Obstacle.CHANGED))
            continue
        for request in {by_booking[id_].first_id: by_booking[id_] for id_ in row}.values():
            requests.append(replace(request, units=tuple(u for u in request.units if u.booking_id in row)))
    slots: defaultdict[date, set[Slot]] = defaultdict(set)
    for request in requests:
        slots[request.day] |= {each.slot for each in request.units}
    lock_counters(session, slots)
    name = session.get_one(Family, family_id).name
    family = FamilyRef(family_id, name, FamilyStatus.ACTIVE if may_act else FamilyStatus.CLOSED, 0)
    return _Locked(family, tuple(requests), tuple(changed))


def _judge(
    session: Session,
    facts: PlanningFacts,
    requests: Sequence[DayRequest],
    despite: str | None,
    now: datetime,
) -> tuple[list[DayRequest], list[Conflict], ProposedPrices]:
    """What may be accepted of what one child asks for, what not, and the prices of what may."""
    places = places_of(session, {request.day for request in requests})
    accepted = [r for r in requests if all(each.opening_id in facts.openings for each in r.units)]
    conflicts = [_conflict(each, Obstacle.NOT_ENROLLED) for each in requests if each not in accepted]
    while True:
        wanted = [facts.openings[each.opening_id].wanted for request in accepted for each in request.units]
        prices = ProposedPrices(facts.prices, facts.child_id, wanted, ())
        found = []
        for request in accepted:
            beside = [each for each in accepted if each is not request]
            violation = _violation(facts, request, beside) or _week_violation(facts, request, beside, now)
            stands = obstacle(
                RequestFacts(
                    family_may_act=facts.family.may_act,
                    has_started=is_unanswered(request.answer_until, now),
                    is_open=all(each.is_open for each in request.units),
                    is_enrolled=all(facts.enrolment_for(facts.openings[u.opening_id]) for u in request.units),
                    has_price=all(prices.share_of(each.opening_id) is not None for each in request.units),
                    has_place=_has_place(facts, request, places),
                    breach=None if violation is None else violation.breach,
                )
            )
            if stands is None or (stands in OVERRULABLE and despite):
                continue
            found.append(_conflict(request, stands, violation))
        if not found:
            return accepted, conflicts, prices
        # The others are judged again without what cannot be accepted: it counts no more for prices and combinations.
        conflicts += found
        refused = {each.booking_ids for each in found}
        accepted = [each for each in accepted if each.booking_ids not in refused]


def _conflict(request: DayRequest, stands: Obstacle, violation: Violation | None = None) -> Conflict:
    return Conflict(request, request.booking_ids, request.child_name, request.day, stands, violation)


def _violation(facts: PlanningFacts, request: DayRequest, beside: Iterable[DayRequest]) -> Violation | None:
    """What the request breaks with all that is decided, or accepted together with it; None for nothing new."""
    had = {b.slot.unit_id for b in facts.held.values() if b.day == request.day and b.status in DECIDED_STATUSES}
    had |= {each.unit.id for other in beside if other.day == request.day for each in other.units}
    asked = {each.unit.id for each in request.units}
    broken = broken_rules(facts, request.day, had, had | asked)
    return next((each for each in broken if each.unit_id in asked), None) or next(iter(broken), None)


def _week_violation(
    facts: PlanningFacts, request: DayRequest, beside: Iterable[DayRequest], now: datetime
) -> Violation | None:
    """What the request breaks of the week as a whole.

    It is too short only if it would be with all else that the child asks for, so that one day is accepted before the
    next; it is too long already with what is decided, or accepted together with it.
    """
    every: dict[date, set[int]] = {day: set() for day in week_of(request.day)}
    decided: dict[date, set[int]] = {day: set() for day in every}
    for booking in facts.held.values():
        if booking.day in every:
            every[booking.day].add(booking.slot.unit_id)
            if booking.status in DECIDED_STATUSES:
                decided[booking.day].add(booking.slot.unit_id)
    for other in beside:
        if other.day in decided:
            decided[other.day] |= {each.unit.id for each in other.units}
    shortest = [replace(rule, most=None) for rule in facts.week_counts]
    longest = [replace(rule, least=1) for rule in facts.week_counts]
    return _breaks_week(facts, request, every, shortest, now) or _breaks_week(facts, request, decided, longest, now)


def _breaks_week(
    facts: PlanningFacts, request: DayRequest, others: UnitDays, rules: Iterable[WeekCount], now: datetime
) -> Violation | None:
    """What the request breaks of these rules beside what the child has otherwise in its week."""
    asked = {each.unit.id for each in request.units}
    rest = set(others[request.day]) - asked
    possible = {
        day: {o.unit.id for o in facts.openings_by_day.get(day, ()) if o.is_open and facts.room(o).left != 0}
        for day in others
        if day > now.date()
    }
    broken = week_violations(
        {**others, request.day: rest | asked}, {**others, request.day: rest}, possible, {}, rules,
        facts.catalogue.calendar, {day: units for day, units in facts.absences().items() if day in others},
    )  # fmt: skip
    return next((broken[key] for key in sorted(broken) if key[0] == request.day and key[1] in asked), None)


def _has_place(facts: PlanningFacts, request: DayRequest, places: Mapping[tuple[date, int], ScopePlaces]) -> bool:
    """Whether every scope has a place beside the children who have one without waiting for a decision."""
    scopes = facts.catalogue.scopes
    counted = {
        scope.id
        for booking in facts.held.values()
        if booking.day == request.day and booking.status in DECIDED_STATUSES
        for scope in covering(booking.slot, scopes)
    }
    needed = {scope.id for each in request.units for scope in covering(each.slot, scopes)} - counted
    return all(places[request.day, scope_id].left > 0 for scope_id in needed if (request.day, scope_id) in places)


def _accept(
    session: Session, request: DayRequest, prices: ProposedPrices, decided_by: int, despite: str | None, now: datetime
) -> DecidedDay:
    units = []
    for each in request.units:
        booking = session.get_one(Booking, each.booking_id)
        share = prices.share_of(each.opening_id)
        assert share is not None  # judged: it has a price
        _move(session, booking, BookingStatus.CONFIRMED, Actor.STAFF, decided_by, despite or None, now)
        change_price(session, booking, share, PriceChangeReason.DECISION, now)
        units.append(DecidedUnit(each.unit.name, share.amount_cents, each.price_cents))
    return DecidedDay(request.child_name, request.activity.name, request.day, tuple(units))


def _move(
    session: Session,
    booking: Booking,
    status: BookingStatus,
    actor: Actor,
    user_id: int | None,
    reason: str | None,
    now: datetime,
) -> None:
    check_transition(booking.status, status)
    session.add(
        BookingEvent(
            booking_id=booking.id, from_status=booking.status, to_status=status, actor=actor, user_id=user_id,
            reason=reason, at=now,
        )
    )  # fmt: skip
    booking.status = status


def _due(session: Session, now: datetime) -> list[DayRequest]:
    """What has begun without an answer."""
    begun = _waiting().where(Booking.day <= now.date())
    return [each for each in _grouped(session.execute(begun).all()) if is_unanswered(each.answer_until, now)]


def _told(request: DayRequest) -> DecidedDay:
    units = (DecidedUnit(each.unit.name, each.price_cents, each.price_cents) for each in request.units)
    return DecidedDay(request.child_name, request.activity.name, request.day, tuple(units))
