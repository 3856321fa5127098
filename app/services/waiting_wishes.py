"""What families do with waiting lists: join them, take or decline what is offered, leave, bind brothers and sisters.

All of it is done alone (`waiting_lists.enter`), so that ranks are the order of commit. Source:
docs/rules/waiting_lists.md.
"""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session

from app import clock
from app.models.bookings import Booking, BookingEvent, Opening
from app.models.waiting_lists import LIVE, WaitingEntry
from app.price_labels import explained
from app.rules.calendars import week_of
from app.rules.capacity import Slot
from app.rules.cells import Action, Reason
from app.rules.combinations import WEEKLY
from app.rules.states import Actor, BookingStatus, check_transition
from app.rules.waiting_lists import is_over
from app.services.counters import lock_counters
from app.services.errors import FamilyNotActive, NotFound, OfferGone
from app.services.families import FamilyRef, child_of, lock_children, stays_active
from app.services.judgements import DayJudgement, judge_days
from app.services.planning_facts import OpeningInfo, PlanningFacts, load_facts
from app.services.prices import PriceChangeReason, change_price, move_prices
from app.services.proposed_prices import ProposedPrices
from app.services.waiting_lists import (
    end_entries,
    enter,
    going_together,
    move_booking,
    promote,
    waiting_slots,
    waits_until_of,
)
from app.services.waiting_ticks import join_ticks


@dataclass(frozen=True, slots=True)
class Joined:
    """What became of a wish to wait, by day."""

    waiting: tuple[date, ...]
    given: tuple[date, ...]  # a place was free: it is booked, or offered
    refused: tuple[date, ...]  # they cannot be had any more, or break a rule


def join(
    session: Session,
    family: FamilyRef,
    user_id: int,
    child_id: int,
    opening_ids: Collection[int],
    *,
    wants_booking: bool,
) -> Joined:
    """Put what is full on the waiting list: what is asked for on a day waits as a whole.

    The days of a week that a rule counts are bound together. Where places were freed meanwhile they are given at once.
    What the child has or waits for already is left as it is. Raises NotFound for another family's child and openings
    that it cannot see, FamilyNotActive.
    """
    rows = session.execute(
        select(Opening.id, Opening.day, Opening.unit_id, Opening.group_id).where(Opening.id.in_(opening_ids))
    ).all()
    slots: defaultdict[date, set[Slot]] = defaultdict(set)
    for _, day, unit_id, group_id in rows:
        slots[day].add(Slot(unit_id, group_id))
    if not rows or len(rows) < len(set(opening_ids)):
        raise NotFound("openings")
    enter(session, slots.keys(), [family.id], alone=True)
    may_act = stays_active(session, family.id)
    if not may_act:
        raise FamilyNotActive
    lock_children(session, [family.id])
    child_of(family.id, child_id)
    lock_counters(session, slots)
    now = clock.now()
    promote(session, slots, now)  # who waits already comes first
    facts = load_facts(session, family, child_id, sorted(slots), opening_ids)
    if not set(opening_ids) <= facts.openings.keys():
        raise NotFound("openings")
    wanted = {id_ for id_ in opening_ids if id_ not in facts.held and id_ not in facts.waiting}
    by_day = {day: {id_ for id_ in wanted if facts.openings[id_].day == day} for day in slots}
    days, prices = _judge_joining(facts, {day: ids for day, ids in by_day.items() if ids}, now)
    position = (session.scalar(select(func.max(WaitingEntry.position))) or 0) + 1
    entries: list[WaitingEntry] = []
    bound: dict[date, int] = {}  # by Monday, the first entry of those that a rule of the week binds
    for day in sorted(days):
        openings = [facts.openings[id_] for id_ in sorted(by_day[day])]
        entry = WaitingEntry(
            family_id=family.id, child_id=child_id, day=day, position=position, wants_booking=wants_booking,
            waits_until=waits_until_of(facts, openings), created_at=now,
        )  # fmt: skip
        position += 1
        session.add(entry)
        entries.append(entry)
        session.flush()
        if facts.is_of_week(day, by_day[day]):
            first = bound.setdefault(week_of(day)[0], entry.id)
            entry.bound_to_id = None if first == entry.id else first
        for opening in openings:
            _wait(session, facts, prices, opening, entry.id, user_id, now)
    session.flush()
    promote(session, slots, now)
    given = {entry.day for entry in entries if entry.ended_at is not None or entry.offered_until is not None}
    refused = {day for day, ids in by_day.items() if ids and day not in days}
    return Joined(tuple(sorted(days - given)), tuple(sorted(given)), tuple(sorted(refused)))


def _judge_joining(
    facts: PlanningFacts, wanted: Mapping[date, Collection[int]], now: datetime
) -> tuple[set[date], ProposedPrices]:
    """The days that may wait, by the judgement of a save but for the places, and the prices that they would have."""
    days = set(wanted)
    while True:
        proposed = {day: facts.held_ids(day).union(wanted[day]) for day in days}
        prices = facts.proposed_prices(proposed)
        judged = judge_days(facts, proposed, prices, now) if proposed else {}
        refused = {day for day in days if not _may_wait(facts, judged[day], wanted[day])}
        refused |= _waiting_in_vain(facts, {day: wanted[day] for day in days - refused}, judged, now)
        for day, judgement in judged.items():
            if any(violation.breach in WEEKLY for violation in judgement.broken.values()):
                refused |= {each for each in days if week_of(each) == week_of(day)}
        if not refused:
            return days, prices
        days -= refused


def _waiting_in_vain(
    facts: PlanningFacts, wanted: Mapping[date, Collection[int]], judged: Mapping[date, DayJudgement], now: datetime
) -> set[date]:
    """The days whose places would break a rule once they are there, so that they never would be: as things are, and
    with what the child waits for on that day already.
    """
    broken = {day for day, ids in wanted.items() if _breaks_a_rule(judged[day], ids)}
    if not broken:
        return broken
    beside = {day: facts.held_ids(day) | facts.waiting_ids(day) | frozenset(wanted[day]) for day in broken}
    together = judge_days(facts, beside, facts.proposed_prices(beside), now)
    return {day for day in broken if _breaks_a_rule(together[day], wanted[day])}


def _breaks_a_rule(judgement: DayJudgement, opening_ids: Collection[int]) -> bool:
    return any(judgement.facts[id_].violation is not None for id_ in opening_ids)


def _may_wait(facts: PlanningFacts, judgement: DayJudgement, opening_ids: Collection[int]) -> bool:
    cells = [judgement.cells[id_] for id_ in opening_ids]
    return (
        not judgement.broken
        and all(Action.JOIN_LIST in cell.actions or Action.BOOK in cell.actions for cell in cells)
        and not any(cell.reason is Reason.TOO_FEW_DAYS for cell in cells)
        # What the staff decide is not decided by a list, and somewhere there is a list.
        and all(facts.first_status(facts.openings[id_]) is BookingStatus.CONFIRMED for id_ in opening_ids)
        and any(
            facts.catalogue.activities[facts.openings[id_].unit.activity_id].has_waiting_list for id_ in opening_ids
        )
    )


def _wait(
    session: Session, facts: PlanningFacts, prices: ProposedPrices, opening: OpeningInfo, entry_id: int, user_id: int,
    now: datetime,
) -> None:  # fmt: skip
    share = prices.share_of(opening.id)
    enrolment = facts.enrolment_for(opening)
    assert share is not None and enrolment is not None  # judged: the cell offered to wait
    check_transition(None, BookingStatus.WAITING)
    booking = Booking(
        child_id=facts.child_id,
        family_id=facts.family.id,
        enrolment_id=enrolment.id,
        opening_id=opening.id,
        day=opening.day,
        status=BookingStatus.WAITING,
        price_cents=share.amount_cents,
        price_outcome=share.outcome,
        price_explanation=explained(share.steps),
        waiting_id=entry_id,
        created_at=now,
    )
    booking.events.append(
        BookingEvent(from_status=None, to_status=BookingStatus.WAITING, actor=Actor.PARENT, user_id=user_id, at=now)
    )
    session.add(booking)


def accept(
    session: Session, family: FamilyRef, user_id: int, entry_id: int, actor: Actor = Actor.PARENT,
    reason: str | None = None,
) -> tuple[Booking, ...]:  # fmt: skip
    """Take an offered place, with those that are bound to it, and return what is booked by it; taken already (a double
    tap), it stays so. `reason`: of the staff, who do so for the family.

    Raises NotFound for another family's entry, FamilyNotActive, and OfferGone once nothing can be taken any more.
    """
    rows = _hold_bundle(session, family, entry_id)
    if not rows:
        if _became(session, entry_id) is not BookingStatus.CONFIRMED:
            raise OfferGone
        return ()
    now = clock.now()
    taken: list[Booking] = []
    if any(row.offered_until is None or is_over(row.offered_until, now) for row in rows):
        raise OfferGone
    by_child: defaultdict[int, list[WaitingEntry]] = defaultdict(list)
    for row in rows:
        by_child[row.child_id].append(row)
    for child_id, entries in sorted(by_child.items()):
        ids = [row.id for row in entries]
        bookings = session.scalars(
            select(Booking)
            .where(Booking.waiting_id.in_(ids), Booking.status == BookingStatus.OFFERED)
            .order_by(Booking.id)
        ).all()
        opening_ids = {booking.opening_id for booking in bookings}
        facts = load_facts(session, family, child_id, sorted({row.day for row in entries}), opening_ids)
        prices = ProposedPrices(facts.prices, child_id, [facts.openings[id_].wanted for id_ in sorted(opening_ids)], ())
        held = {day: facts.held_ids(day) for day in {row.day for row in entries}}
        judged = judge_days(facts, held, facts.proposed_prices({}), now)
        for booking in bookings:
            share = prices.share_of(booking.opening_id)
            if share is None or Action.ACCEPT not in judged[booking.day].cells[booking.opening_id].actions:
                raise OfferGone
            move_booking(session, booking, BookingStatus.CONFIRMED, actor, user_id, now, reason)
            change_price(session, booking, share, PriceChangeReason.PLACE_FREED, now)
        move_prices(session, prices, now)
        join_ticks(session, [booking.id for booking in bookings], now)
        for row in entries:
            row.ended_at = now
        session.flush()
        taken += bookings
    return tuple(taken)


def leave(session: Session, family: FamilyRef, user_id: int, entry_id: int) -> None:
    """Wait no more, or decline an offered place, with those that are bound to it: the next one gets it. What has ended
    without a place already stays so.

    Raises NotFound for another family's entry, OfferGone where a place was booked meanwhile, FamilyNotActive.
    """
    rows = _hold_bundle(session, family, entry_id)
    if not rows:
        if _became(session, entry_id) is BookingStatus.CONFIRMED:
            raise OfferGone
        return
    now = clock.now()
    ended = going_together(rows, entry_id)
    promote(session, end_entries(session, ended, BookingStatus.CANCELLED, Actor.PARENT, user_id, now), now)


def bind(session: Session, family: FamilyRef, day: date, *, together: bool) -> None:
    """Let the children of a family who wait on a day have their places together or not at all, or each by itself.

    Raises NotFound where fewer than two wait, FamilyNotActive.
    """
    enter(session, [day], [family.id], alone=True)
    if not stays_active(session, family.id):
        raise FamilyNotActive
    rows = session.scalars(
        select(WaitingEntry)
        .where(LIVE, WaitingEntry.family_id == family.id, WaitingEntry.day == day, WaitingEntry.offered_until.is_(None))
        .order_by(WaitingEntry.id)
        .execution_options(populate_existing=True)
    ).all()
    if len({row.child_id for row in rows}) < 2 or len({row.bundle for row in rows} & _bundles_of_weeks(session, rows)):
        raise NotFound("entries of siblings")
    for row in rows:
        row.bound_to_id = rows[0].id if together and row is not rows[0] else None
    session.flush()
    promote(session, waiting_slots(session, day, days=[day]), clock.now())


def _bundles_of_weeks(session: Session, rows: Sequence[WaitingEntry]) -> set[int]:
    """Of these entries' bundles, those of several days: a rule of the week binds them."""
    bundle = func.coalesce(WaitingEntry.bound_to_id, WaitingEntry.id)
    several = (
        select(bundle)
        .where(LIVE, bundle.in_({row.bundle for row in rows}))
        .group_by(bundle)
        .having(func.count(WaitingEntry.day.distinct()) > 1)
    )
    return set(session.scalars(several))


def _hold_bundle(session: Session, family: FamilyRef, entry_id: int) -> list[WaitingEntry]:
    """The entry of the family, with those bound to it, none once it has ended; nobody else books until the commit."""
    entry = select(WaitingEntry).where(WaitingEntry.id == entry_id, WaitingEntry.family_id == family.id)
    row = session.scalar(entry)
    if row is None:
        raise NotFound("waiting entry")
    enter(session, set(session.scalars(_bundle(row).with_only_columns(WaitingEntry.day))), [family.id], alone=True)
    if not stays_active(session, family.id):
        raise FamilyNotActive
    # What goes together may have changed while this waited: the other parent binds brothers and sisters.
    session.refresh(row)
    rows = list(session.scalars(_bundle(row).execution_options(populate_existing=True)))
    return rows if entry_id in {each.id for each in rows} else []


def _bundle(row: WaitingEntry) -> Select[tuple[WaitingEntry]]:
    bundle = func.coalesce(WaitingEntry.bound_to_id, WaitingEntry.id)
    own = select(WaitingEntry).where(LIVE, WaitingEntry.family_id == row.family_id, bundle == row.bundle)
    return own.order_by(WaitingEntry.id)


def _became(session: Session, entry_id: int) -> BookingStatus | None:
    """What an entry that has ended came to."""
    return session.scalar(select(Booking.status).where(Booking.waiting_id == entry_id).limit(1))
