"""Waiting lists: joining and leaving, and the places that are given to who waits when some are freed.

Whoever frees or adds places calls `promote()` before the commit, after `enter()` or `stop_bookings()`. What waits holds
no place; what is offered does. Source: docs/rules/waiting_lists.md.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta

from sqlalchemy import ColumnElement, func, or_, select
from sqlalchemy.orm import Session

from app import clock
from app.models.bookings import Booking, BookingEvent, CapacityCounter, Opening
from app.models.families import Child, Family
from app.models.waiting_lists import LIVE, WaitingEntry
from app.rules.capacity import Slot, counter_changes, covering, left_of
from app.rules.cells import Action, Reason
from app.rules.deadlines import Deadline, Never, cancel_limits, instant, paris_moment
from app.rules.states import HOLDING_STATUSES, Actor, BookingStatus, check_transition
from app.rules.waiting_lists import (
    Entry,
    Need,
    bundles,
    fits,
    is_booked_at_once,
    is_over,
    next_fitting,
    offered_until,
    waits_until,
)
from app.services.booking_mails import DecidedDay, DecidedUnit, tell_family
from app.services.catalogue import catalogue
from app.services.counters import lock_counters, move_counters
from app.services.families import FamilyRef, hold_families
from app.services.judgements import judge_days
from app.services.places import check_alone, enter_bookings_while, stop_bookings
from app.services.planning_facts import OpeningInfo, PlanningFacts, load_facts
from app.services.prices import PriceChangeReason, change_price, move_prices
from app.services.proposed_prices import ProposedPrices
from app.services.waiting_ticks import join_ticks

SlotsByDay = Mapping[date, set[Slot]]


# --- Entering -------------------------------------------------------------------------------------------------------


def enter(session: Session, days: Collection[date], family_ids: Collection[int] = (), *, alone: bool = False) -> bool:
    """For a command that books, cancels or frees places of these days: the first thing that it does, instead of
    `enter_bookings()`. Returns whether somebody waits there, or is offered a place: `promote()` once places are free.

    Where somebody does (or `alone`), nobody else books until the commit, and the families that wait are held with
    `family_ids`, in the order of their ids: promoting touches them (PostgreSQL).
    """
    # Joining a list is done alone: while others are shared with, nobody joins who was not seen.
    if not alone and enter_bookings_while(session, lambda: not _families_on(session, days)):
        return False
    stop_bookings(session)
    waiting = _families_on(session, days)
    hold_families(session, {*family_ids, *waiting})
    return bool(waiting)


def waiting_slots(
    session: Session,
    since: date,
    unit_ids: Collection[int] | None = None,
    group_ids: Collection[int] | None = None,
    days: Collection[date] | None = None,
) -> SlotsByDay:
    """What is waited for from a day on: of some units, groups or days only, where they are given. One query."""
    wanted = (
        select(Booking.day, Opening.unit_id, Opening.group_id)
        .join(WaitingEntry, WaitingEntry.id == Booking.waiting_id)
        .join(Opening, Opening.id == Booking.opening_id)
        .where(LIVE, WaitingEntry.day >= since, Booking.status == BookingStatus.WAITING)
    )
    if unit_ids is not None:
        wanted = wanted.where(Opening.unit_id.in_(unit_ids))
    if group_ids is not None:
        wanted = wanted.where(Opening.group_id.in_(group_ids))
    if days is not None:
        wanted = wanted.where(WaitingEntry.day.in_(days))
    found: defaultdict[date, set[Slot]] = defaultdict(set)
    for day, unit_id, group_id in session.execute(wanted):
        found[day].add(Slot(unit_id, group_id))
    return dict(found)


# --- Promoting ------------------------------------------------------------------------------------------------------


def promote(session: Session, slots: SlotsByDay, now: datetime) -> None:
    """Give the places that are free around these slots to who waits for them, in the order of their turns.

    The caller came through `enter()` or `stop_bookings()` and has written what frees the places. Offers that have
    expired free theirs first. Families are told by mail, once each.
    """
    session.flush()
    days = [day for day, of_day in slots.items() if of_day]
    if not days or not _families_on(session, days):
        return
    check_alone(session)
    told = Told()
    passed_over: dict[int, int] = {}  # bundles, with their families
    freed = {day: set(of_day) for day, of_day in slots.items()}
    for day, of_day in _expire_offers(session, days, now, told).items():
        freed.setdefault(day, set()).update(of_day)
    while True:
        waiting = _read_waiting(session, freed)
        if not waiting:
            break
        bundle = next_fitting(bundles(each.entry for each in waiting.values()), _left(session, freed), passed_over)
        if bundle is None:
            break
        family_id = waiting[bundle[0].id].row.family_id
        if _promote_bundle(session, [waiting[each.id] for each in bundle], now, told):
            # Its meal that could not come without the morning may come by now.
            passed_over = {id_: family for id_, family in passed_over.items() if family != family_id}
        else:
            passed_over[bundle[0].bundle] = family_id
    told.write(session)


@dataclass(frozen=True, slots=True)
class _Waiting:
    """An entry with its row and its bookings."""

    row: WaitingEntry
    bookings: tuple[tuple[Booking, Slot], ...]
    entry: Entry

    @property
    def opening_ids(self) -> frozenset[int]:
        """What it waits for."""
        return frozenset(booking.opening_id for booking, _ in self.bookings)


@dataclass(slots=True)
class Told:
    """What families are told of when all is done: by mail and family."""

    days: dict[tuple[str, int], list[DecidedDay]] = field(default_factory=dict)

    def add(self, template: str, row: WaitingEntry, day: DecidedDay) -> None:
        """A day of a family."""
        self.days.setdefault((template, row.family_id), []).append(day)

    def write(self, session: Session, reason: str | None = None) -> None:
        """Queue the mails; with the reason of the staff, where they give one."""
        for (template, family_id), days in self.days.items():
            tell_family(session, family_id, template, days, reason=reason)


def _families_on(session: Session, days: Collection[date]) -> set[int]:
    """The families that wait, or are offered a place, on these days."""
    if not days:
        return set()
    return set(session.scalars(select(WaitingEntry.family_id).where(LIVE, WaitingEntry.day.in_(days)).distinct()))


def _read_waiting(session: Session, freed: SlotsByDay) -> dict[int, _Waiting]:
    """By id, the entries that may have their places now: they need one of those freed, or none any more; with those
    bound to them. Two queries.
    """
    scopes = catalogue().scopes
    near = {(day, scope.id) for day, of_day in freed.items() for slot in of_day for scope in covering(slot, scopes)}
    on_days = select(func.coalesce(WaitingEntry.bound_to_id, WaitingEntry.id)).where(
        LIVE, WaitingEntry.day.in_(freed), WaitingEntry.offered_until.is_(None)
    )
    found = read_entries(session, func.coalesce(WaitingEntry.bound_to_id, WaitingEntry.id).in_(on_days))
    wanted = {each.row.bundle for each in found if not each.entry.needs or each.entry.needs & near}
    return {each.row.id: each for each in found if each.row.bundle in wanted}


def read_entries(session: Session, *conditions: ColumnElement[bool]) -> list[_Waiting]:
    """Entries that wait, with what they still need. Two queries."""
    scopes = catalogue().scopes
    rows: dict[int, WaitingEntry] = {}
    bookings: defaultdict[int, list[tuple[Booking, Slot]]] = defaultdict(list)
    for row, booking, unit_id, group_id in session.execute(
        select(WaitingEntry, Booking, Opening.unit_id, Opening.group_id)
        .join(Booking, Booking.waiting_id == WaitingEntry.id)
        .join(Opening, Opening.id == Booking.opening_id)
        .where(LIVE, WaitingEntry.offered_until.is_(None), Booking.status == BookingStatus.WAITING, *conditions)
        .order_by(WaitingEntry.position, WaitingEntry.id, Booking.id)
        .execution_options(populate_existing=True)
    ):
        rows[row.id] = row
        bookings[row.id].append((booking, Slot(unit_id, group_id)))
    if not rows:
        return []
    counted: defaultdict[tuple[int, date], set[int]] = defaultdict(set)
    for child_id, day, unit_id, group_id in session.execute(
        select(Booking.child_id, Booking.day, Opening.unit_id, Opening.group_id)
        .join(Opening, Opening.id == Booking.opening_id)
        .where(
            Booking.child_id.in_({row.child_id for row in rows.values()}),
            Booking.day.in_({row.day for row in rows.values()}),
            Booking.status.in_(HOLDING_STATUSES),
        )
    ):
        counted[child_id, day].update(scope.id for scope in covering(Slot(unit_id, group_id), scopes))
    found = []
    for id_, row in rows.items():
        needed = {scope.id for _, slot in bookings[id_] for scope in covering(slot, scopes)}
        needs = frozenset((row.day, scope_id) for scope_id in needed - counted[row.child_id, row.day])
        found.append(_Waiting(row, tuple(bookings[id_]), Entry(id_, row.position, row.bundle, needs)))
    return found


def _left(session: Session, slots: SlotsByDay) -> Mapping[Need, int]:
    """What is left to parents, by day and scope; a scope without a counter yet has all its places."""
    known = {scope.id: scope for scope in catalogue().scopes}
    left = {
        (day, scope.id): left_of(scope.places, scope.online_places, 0).online
        for day in slots
        for scope in known.values()
    }
    counters = select(
        CapacityCounter.day, CapacityCounter.scope_id, CapacityCounter.places, CapacityCounter.online_places,
        CapacityCounter.taken,
    ).where(CapacityCounter.day.in_(slots))  # fmt: skip
    for day, scope_id, places, online_places, taken in session.execute(counters):
        left[day, scope_id] = left_of(places, online_places, taken).online
    return left


def _promote_bundle(session: Session, bundle: Sequence[_Waiting], now: datetime, told: Told) -> bool:
    """Book, or offer, its places if it may come now; whether it was."""
    family = _family_ref(session, bundle[0].row.family_id)
    hold_families(session, [family.id])
    slots: defaultdict[date, set[Slot]] = defaultdict(set)
    for each in bundle:
        slots[each.row.day].update(slot for _, slot in each.bookings)
    lock_counters(session, slots)
    by_child: defaultdict[int, list[_Waiting]] = defaultdict(list)
    for each in bundle:
        by_child[each.row.child_id].append(each)
    judged = {child_id: _judge_promotion(session, family, each, now) for child_id, each in by_child.items()}
    if not all(judged.values()):
        return False
    terms = [
        _terms(found.facts, each, now) for child_id, found in judged.items() if found for each in by_child[child_id]
    ]
    until = min(term.offer_until for term in terms)
    at_once = all(term.is_at_once for term in terms)
    for child_id, entries in sorted(by_child.items()):
        found = judged[child_id]
        if len(by_child) > 1:  # what its sibling has by now moves its prices
            found = _judge_promotion(session, family, entries, now)
        assert found is not None
        for each in entries:
            _give(session, found, each, None if at_once else until, now, told)
        if at_once:
            move_prices(session, found.prices, now)
            join_ticks(session, [booking.id for each in entries for booking, _ in each.bookings], now)
        session.flush()
    return True


@dataclass(frozen=True, slots=True)
class _Promotion:
    """What a child would have with its entries."""

    facts: PlanningFacts
    prices: ProposedPrices


def _judge_promotion(
    session: Session, family: FamilyRef, entries: Sequence[_Waiting], now: datetime
) -> _Promotion | None:
    """As a save would judge these entries of a child now; None where it would refuse."""
    opening_ids = {id_ for each in entries for id_ in each.opening_ids}
    days = sorted({each.row.day for each in entries})
    facts = load_facts(session, family, entries[0].row.child_id, days, opening_ids)
    facts = replace(facts, waiting={id_: each for id_, each in facts.waiting.items() if id_ not in opening_ids})
    if not opening_ids <= facts.openings.keys():
        return None
    # Since they came, the activity may have become one where the staff decide, or that is paid when it is booked.
    if any(facts.first_status(facts.openings[id_]) is not BookingStatus.CONFIRMED for id_ in opening_ids):
        return None
    proposed = {
        day: facts.held_ids(day).union(*(each.opening_ids for each in entries if each.row.day == day)) for day in days
    }
    prices = facts.proposed_prices(proposed)
    judged = judge_days(facts, proposed, prices, now)
    if any(judgement.broken for judgement in judged.values()):
        return None
    cells = (judged[facts.openings[id_].day].cells[id_] for id_ in opening_ids)
    if any(Action.BOOK not in cell.actions or cell.reason is Reason.TOO_FEW_DAYS for cell in cells):
        return None
    return _Promotion(facts, prices)


@dataclass(frozen=True, slots=True)
class _Terms:
    """How an entry gets its places: at once, or offered until a moment."""

    is_at_once: bool
    offer_until: datetime


def _terms(facts: PlanningFacts, each: _Waiting, now: datetime) -> _Terms:
    openings = [facts.openings[id_] for id_ in each.opening_ids]
    until = waits_until_of(facts, openings)
    at_once = is_booked_at_once(
        wants_it=each.row.wants_booking, cancel_untils=[_cancel_until(facts, opening) for opening in openings],
        waits_until=until, now=now,
    )  # fmt: skip
    hours = min(facts.catalogue.activities[opening.unit.activity_id].waiting_hours or 0 for opening in openings)
    offer = offered_until(now, timedelta(hours=hours or _USUAL_HOURS), until)
    assert offer is not None  # judged: the cells offered to book
    return _Terms(at_once, offer)


_USUAL_HOURS = 24
"""Where the staff took the list away while somebody waits."""


def waits_until_of(facts: PlanningFacts, openings: Iterable[OpeningInfo]) -> datetime:
    """Until when an entry of these openings waits, by the rules as they are now."""
    limits: list[datetime | Never | None] = []
    starts = []
    for opening in openings:
        rule = facts.catalogue.activities[opening.unit.activity_id].notices.get(Deadline.BOOK)
        occasion = facts.occasion_of(opening)
        limits.append(None if rule is None else instant(rule, occasion, facts.catalogue.calendar))
        starts.append(paris_moment(opening.day, opening.unit.starts_at))
    return waits_until(limits, starts)


def _cancel_until(facts: PlanningFacts, opening: OpeningInfo) -> datetime | Never | None:
    notices = facts.catalogue.activities[opening.unit.activity_id].notices
    rules = notices.get(Deadline.CANCEL), notices.get(Deadline.CANCEL_LATE)
    return cancel_limits(*rules, facts.occasion_of(opening), facts.catalogue.calendar).free


def _give(
    session: Session, found: _Promotion, each: _Waiting, until: datetime | None, now: datetime, told: Told
) -> None:
    """Confirm an entry, or offer its places `until` then; its prices are those of now."""
    facts, day = found.facts, each.row.day
    held = facts.slots_held(day)
    move_counters(
        session, day, counter_changes(held, held | {slot for _, slot in each.bookings}, facts.catalogue.scopes)
    )
    status = BookingStatus.CONFIRMED if until is None else BookingStatus.OFFERED
    units = []
    for booking, slot in each.bookings:
        share = found.prices.share_of(booking.opening_id)
        enrolment = facts.enrolment_for(facts.openings[booking.opening_id])
        assert share is not None and enrolment is not None  # judged: the cell offered to book
        was_cents = booking.price_cents
        booking.enrolment_id = enrolment.id
        move_booking(session, booking, status, Actor.SYSTEM, None, now)
        change_price(session, booking, share, PriceChangeReason.PLACE_FREED, now)
        if until is not None:
            booking.book_id = None  # it costs nothing yet
        units.append(DecidedUnit(facts.catalogue.units[slot.unit_id].name, share.amount_cents, was_cents))
    if until is None:
        each.row.ended_at = now
    else:
        each.row.offered_until = until
    template = "waiting_confirmed" if until is None else "waiting_offered"
    told.add(template, each.row, _decided(session, each.row, each.bookings[0][1], units, until))
    session.flush()


def _decided(
    session: Session, row: WaitingEntry, slot: Slot, units: Iterable[DecidedUnit], until: datetime | None = None
) -> DecidedDay:
    known = catalogue()
    child = session.get_one(Child, row.child_id)
    activity = known.activities[known.units[slot.unit_id].activity_id]
    return DecidedDay(child.full_name, activity.name, row.day, tuple(units), until)


def move_booking(
    session: Session, booking: Booking, status: BookingStatus, actor: Actor, user_id: int | None, now: datetime,
    reason: str | None = None,
) -> None:  # fmt: skip
    """Give a booking that waits, or is offered, another status, and log it."""
    check_transition(booking.status, status)
    session.add(
        BookingEvent(
            booking_id=booking.id, from_status=booking.status, to_status=status, actor=actor, user_id=user_id,
            reason=reason, at=now,
        )
    )  # fmt: skip
    booking.status = status


def _family_ref(session: Session, family_id: int) -> FamilyRef:
    row = session.get_one(Family, family_id, populate_existing=True)
    return FamilyRef(family_id, row.name, row.status, 0)


# --- Ending ---------------------------------------------------------------------------------------------------------


def family_with_due(session: Session) -> int | None:
    """A family whose offer was not answered, or that waited until the deadline. One query."""
    return session.scalar(select(WaitingEntry.family_id).where(LIVE, _is_due(clock.now())).limit(1))


def expire_due(session: Session, family_id: int) -> int:
    """End what a family was offered and did not answer, and what it waited for until the deadline; tell it once of
    each, give the places to the next ones, and return how many entries that were.
    """
    now = clock.now()
    due = select(WaitingEntry).where(LIVE, WaitingEntry.family_id == family_id, _is_due(now)).order_by(WaitingEntry.id)
    enter(session, {row.day for row in session.scalars(due)}, [family_id], alone=True)
    rows = session.scalars(due.execution_options(populate_existing=True)).all()
    told = Told()
    offers = [row for row in rows if row.offered_until is not None]
    freed = end_entries(
        session, offers, BookingStatus.EXPIRED, Actor.SYSTEM, None, now, told=(told, "waiting_unanswered")
    )
    over = [row for row in rows if row.offered_until is None and not _waits_longer(session, row, now)]
    end_entries(session, over, BookingStatus.EXPIRED, Actor.SYSTEM, None, now, told=(told, "waiting_over"))
    told.write(session)
    promote(session, freed, now)
    return len(offers) + len(over)


def days_to_look_at(session: Session) -> list[date]:
    """The days on which somebody waits whose places are there: who could not come then may by now, since a document
    was accepted or a rule changed. Three queries.
    """
    found = read_entries(session, WaitingEntry.day >= clock.today())
    slots: dict[date, set[Slot]] = {each.row.day: set() for each in found}
    if not slots:
        return []
    left = _left(session, slots)
    fitting = [bundle for bundle in bundles(each.entry for each in found) if fits(bundle, left)]
    ids = {entry.id for bundle in fitting for entry in bundle}
    return sorted({each.row.day for each in found if each.row.id in ids})


def look_at(session: Session, day: date) -> None:
    """Give the places of a day to who may come by now."""
    enter(session, [day], alone=True)
    promote(session, waiting_slots(session, day, days=[day]), clock.now())


def end_waiting(
    session: Session,
    family_id: int,
    actor: Actor,
    user_id: int | None,
    now: datetime,
    enrolment_id: int | None = None,
    since: date = date.min,
) -> dict[date, set[Slot]]:
    """End all that a family waits for, or is offered, from a day on: of one enrolment only, where it is given.

    Returns what was held by offers, to be promoted by the caller, who is alone.
    """
    wanted = select(WaitingEntry).where(LIVE, WaitingEntry.family_id == family_id, WaitingEntry.day >= since)
    if enrolment_id is not None:
        own = select(Booking.waiting_id).where(Booking.enrolment_id == enrolment_id, Booking.waiting_id.is_not(None))
        wanted = wanted.where(WaitingEntry.id.in_(own))
    rows = session.scalars(wanted.order_by(WaitingEntry.id).execution_options(populate_existing=True)).all()
    return end_entries(session, rows, BookingStatus.CANCELLED, actor, user_id, now)


def days_of(session: Session, family_id: int, since: date = date.min) -> set[date]:
    """The days on which a family waits, or is offered a place, or asked for one: those to `enter()`. One query."""
    days = select(Booking.day).where(Booking.family_id == family_id, Booking.day >= since)
    asked = (BookingStatus.REQUESTED, BookingStatus.WAITING, BookingStatus.OFFERED)
    return set(session.scalars(days.where(Booking.status.in_(asked)).distinct()))


def _is_due(now: datetime) -> ColumnElement[bool]:
    second = now.replace(microsecond=0)
    return or_(
        WaitingEntry.offered_until < second, WaitingEntry.offered_until.is_(None) & (WaitingEntry.waits_until < second)
    )


def _expire_offers(session: Session, days: Collection[date], now: datetime, told: Told) -> SlotsByDay:
    """End the offers of these days that nobody answered; returns what they held."""
    late = select(WaitingEntry).where(
        LIVE, WaitingEntry.day.in_(days), WaitingEntry.offered_until < now.replace(microsecond=0)
    )
    rows = session.scalars(late.order_by(WaitingEntry.id).execution_options(populate_existing=True)).all()
    return end_entries(session, rows, BookingStatus.EXPIRED, Actor.SYSTEM, None, now, told=(told, "waiting_unanswered"))


def _waits_longer(session: Session, row: WaitingEntry, now: datetime) -> bool:
    """Whether the staff have set a later deadline since the entry was made; then it waits until that one."""
    opening_ids = set(session.scalars(select(Booking.opening_id).where(Booking.waiting_id == row.id)))
    family = _family_ref(session, row.family_id)
    facts = load_facts(session, family, row.child_id, [row.day], opening_ids)
    row.waits_until = waits_until_of(facts, [facts.openings[id_] for id_ in opening_ids if id_ in facts.openings])
    return not is_over(row.waits_until, now)


def going_together(rows: Iterable[WaitingEntry], entry_id: int) -> list[WaitingEntry]:
    """Of a bundle, what ends with one of its entries: those that are offered places, which are taken together only."""
    return [row for row in rows if row.id == entry_id or row.offered_until is not None]


def end_entries(
    session: Session,
    rows: Collection[WaitingEntry],
    status: BookingStatus,
    actor: Actor,
    user_id: int | None,
    now: datetime,
    told: tuple[Told, str] | None = None,
    reason: str | None = None,
) -> dict[date, set[Slot]]:
    """Let entries end without a place, and free those that were held for them; returns these."""
    if not rows:
        return {}
    scopes = catalogue().scopes
    by_id = {row.id: row for row in rows}
    hold_families(session, {row.family_id for row in rows})
    found = session.execute(
        select(Booking, Opening.unit_id, Opening.group_id)
        .join(Opening, Opening.id == Booking.opening_id)
        .where(Booking.waiting_id.in_(by_id), Booking.status.in_([BookingStatus.WAITING, BookingStatus.OFFERED]))
        .order_by(Booking.id)
        .execution_options(populate_existing=True)
    ).all()
    slots: defaultdict[date, set[Slot]] = defaultdict(set)
    ended: defaultdict[tuple[date, int], set[int]] = defaultdict(set)
    words: defaultdict[int, list[tuple[Slot, DecidedUnit]]] = defaultdict(list)
    for booking, unit_id, group_id in found:
        slot = Slot(unit_id, group_id)
        if booking.status is BookingStatus.OFFERED:
            slots[booking.day].add(slot)
            ended[booking.day, booking.child_id].add(booking.id)
        unit = DecidedUnit(catalogue().units[unit_id].name, booking.price_cents, booking.price_cents)
        words[booking.waiting_id].append((slot, unit))
        move_booking(session, booking, status, actor, user_id, now, reason)
    lock_counters(session, slots)
    for (day, child_id), ids in sorted(ended.items()):
        held = {
            id_: Slot(unit_id, group_id)
            for id_, unit_id, group_id in session.execute(
                select(Booking.id, Opening.unit_id, Opening.group_id)
                .join(Opening, Opening.id == Booking.opening_id)
                .where(
                    Booking.child_id == child_id, Booking.day == day,
                    or_(Booking.status.in_(HOLDING_STATUSES), Booking.id.in_(ids)),
                )
            )
        }  # fmt: skip
        after = [slot for id_, slot in held.items() if id_ not in ids]
        move_counters(session, day, counter_changes(list(held.values()), after, scopes))
    for id_, row in by_id.items():
        row.ended_at = now
        if told is not None and words[id_]:
            mails, template = told
            units = [unit for _, unit in words[id_]]
            mails.add(template, row, _decided(session, row, words[id_][0][0], units))
    session.flush()
    return dict(slots)
