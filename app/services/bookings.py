"""Saving a planning: one transaction, idempotent, by the screen's rules. `services.verdicts` says what is refused.

Parents save, and the staff on their behalf (`services.staff_bookings`): the same save, judged by what binds who acts.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from app import clock
from app.database import db
from app.models.bookings import Booking, BookingEvent, Opening, SaveReceipt
from app.price_labels import explained
from app.rules.capacity import Slot, counter_changes
from app.rules.states import ACTIVE_STATUSES, Actor, BookingStatus, CancelClass, check_transition
from app.services.counters import Limit, lock_counters, move_counters
from app.services.errors import FamilyNotActive, NotFound, PlacesExceeded
from app.services.families import FamilyRef, child_of, lock_children, stays_active
from app.services.paid_bookings import families_with_overdue, release_unpaid
from app.services.planning import Proposal
from app.services.planning_facts import PlanningFacts, load_facts
from app.services.prices import move_prices
from app.services.staff_booking_mails import tell_changes
from app.services.verdicts import MADE, DayWish, SaveOutcome, Verdict, judge_proposal
from app.services.waiting_lists import enter, promote

RECEIPTS_KEPT = timedelta(days=2)


@dataclass(frozen=True, slots=True)
class StaffSave:
    """What an agent says with a save on behalf of a family.

    The parents read the reason. ``exceeds``: the openings in which the agent has read that no place is left.
    """

    reason: str
    cancel_class: CancelClass
    exceeds: frozenset[int] = frozenset()
    tells_family: bool = True


def save(
    session: Session,
    family: FamilyRef,
    user_id: int,
    child_id: int,
    key: str,
    proposal: Proposal,
    staff: StaffSave | None = None,
) -> SaveOutcome:
    """Book and cancel what the form asks for; call inside `write_transaction()`.

    The same `key` sent again by the same user changes nothing and answers the same. Raises NotFound for another
    family's child and for openings that the child's planning does not have, FamilyNotActive when it may only look.
    `staff`: an agent saves; raises PlacesExceeded where that would go beyond places without having been agreed.
    """
    # Locked in this order (PostgreSQL): what places are of, shared with other saves unless somebody waits on a day that
    # changes; the family, so that it stays what it is; its children, whose parents save one after the other, since what
    # one has moves the prices of all; the counters in id order.
    slots = _slots(session, {shown.opening_id for shown in proposal.shown})
    changing = {shown.opening_id for shown in proposal.shown if shown.held != (shown.opening_id in proposal.ticked)}
    days = {day for day, by_id in slots.items() if changing & by_id.keys()}
    unpaid = families_with_overdue(session, days)  # whose places nobody pays any more: who saves may have them
    is_waited_for = enter(session, days, {family.id, *unpaid}, alone=bool(unpaid))
    may_act = stays_active(session, family.id)
    lock_children(session, [family.id])
    receipt = session.scalar(select(SaveReceipt).where(SaveReceipt.user_id == user_id, SaveReceipt.key == key))
    if receipt is not None:
        return SaveOutcome.from_json(receipt.outcome)
    if not may_act and staff is None:
        raise FamilyNotActive
    child = child_of(family.id, child_id)
    now = clock.now()
    for family_id in sorted(unpaid):
        release_unpaid(session, family_id, days)
    asked = {day: set(by_id.values()) for day, by_id in slots.items()}
    if is_waited_for:
        promote(session, asked, now)  # nobody takes a place that somebody waits for
    verdict = _apply(session, family, user_id, child_id, proposal, asked, staff, now)
    if is_waited_for:
        promote(session, asked, now)
    outcome = SaveOutcome(child_id, ()) if verdict is None else verdict.outcome()
    if verdict is not None and staff is not None and staff.tells_family:
        tell_changes(session, family, child, verdict, staff.reason)
    session.execute(delete(SaveReceipt).where(SaveReceipt.saved_at < now - RECEIPTS_KEPT))
    session.add(SaveReceipt(user_id=user_id, key=key, outcome=outcome.as_json(), saved_at=now))
    return outcome


def read_outcome(user_id: int, key: str | None, child_id: int) -> SaveOutcome | None:
    """What an earlier save of this child's planning answered; None when it is too old, or somebody else's.

    A page that « back » brings back may be sent again long after: what has been cancelled since is not told as booked.
    One query, or two.
    """
    if not key:
        return None
    receipt = db.session.scalar(select(SaveReceipt).where(SaveReceipt.user_id == user_id, SaveReceipt.key == key))
    outcome = None if receipt is None else SaveOutcome.from_json(receipt.outcome)
    if outcome is None or outcome.child_id != child_id:
        return None
    made = {choice.opening_id for choice in outcome.choices if choice.result in MADE}
    return outcome.without(made - _active(child_id, made)) if made else outcome


def _active(child_id: int, opening_ids: Collection[int]) -> frozenset[int]:
    """Of some openings, those in which a child still has, or asks for, a place. One query."""
    active = Booking.child_id == child_id, Booking.status.in_(ACTIVE_STATUSES)
    return frozenset(db.session.scalars(select(Booking.opening_id).where(*active, Booking.opening_id.in_(opening_ids))))


def _apply(
    session: Session,
    family: FamilyRef,
    user_id: int,
    child_id: int,
    proposal: Proposal,
    slots: Mapping[date, set[Slot]],
    staff: StaffSave | None,
    now: datetime,
) -> Verdict | None:
    ids = {shown.opening_id for shown in proposal.shown}
    if not ids and not proposal.ticked:
        return None  # a week of which nothing can be ticked: there is a button all the same
    if not ids:
        raise NotFound("openings")
    if not slots:
        raise NotFound("openings")
    days = sorted(slots)
    lock_counters(session, slots)
    # Read after the locks, so that what is judged is what is changed.
    facts = load_facts(session, family, child_id, days, ids, staff_class=None if staff is None else staff.cancel_class)
    verdict = judge_proposal(facts, proposal, now)
    exceeded = verdict.exceeded
    if staff is not None and not exceeded <= staff.exceeds:
        raise PlacesExceeded(exceeded)
    act = _Act(Actor.PARENT if staff is None else Actor.STAFF, user_id, None if staff is None else staff.reason, now)
    with session.no_autoflush:  # the bookings of all days go in together, not day by day before each counter
        for wish in verdict.accepted:
            _save_day(session, verdict, wish, act)
    move_prices(session, verdict.prices, now)
    return verdict


def _slots(session: Session, opening_ids: Collection[int]) -> dict[date, dict[int, Slot]]:
    """What openings are of, by day and id: that never changes."""
    found: dict[date, dict[int, Slot]] = {}
    if opening_ids:
        openings = select(Opening.id, Opening.day, Opening.unit_id, Opening.group_id)
        for id_, day, unit_id, group_id in session.execute(openings.where(Opening.id.in_(opening_ids))):
            found.setdefault(day, {})[id_] = Slot(unit_id, group_id)
    return found


@dataclass(frozen=True, slots=True)
class _Act:
    """Who changes bookings, why, and when."""

    actor: Actor
    user_id: int
    reason: str | None
    at: datetime


def _save_day(session: Session, verdict: Verdict, wish: DayWish, act: _Act) -> None:
    facts = verdict.facts
    otherwise = facts.staff_class or CancelClass.IN_TIME
    for opening_id in wish.removals:
        cancel_class = CancelClass.LATE_CHARGED if opening_id in verdict.late else otherwise
        _cancel(session, facts, opening_id, act, cancel_class)
    exceeded = verdict.exceeded.intersection(wish.additions)
    for opening_id in wish.additions:
        late = facts.late.get(opening_id)
        if late is not None and not late.is_justified:
            reclass(session, [late.id], CancelClass.IN_TIME, act.user_id, act.reason, act.at)
        _book(session, verdict, opening_id, act)
    limit = Limit.ONLINE if not facts.by_staff else Limit.NONE if exceeded else Limit.PLACES
    _spend(session, facts, wish.day, wish.final, limit)


def _book(session: Session, verdict: Verdict, opening_id: int, act: _Act) -> None:
    facts = verdict.facts
    opening = facts.openings[opening_id]
    price = verdict.prices.share_of(opening_id)
    enrolment = facts.enrolment_for(opening)
    assert price is not None and enrolment is not None  # judged: the cell offered to book
    status = facts.first_status(opening, price.amount_cents)
    waits = status is not BookingStatus.CONFIRMED
    check_transition(None, status)
    booking = Booking(
        child_id=facts.child_id,
        family_id=facts.family.id,
        enrolment_id=enrolment.id,
        opening_id=opening_id,
        day=opening.day,
        status=status,
        price_cents=price.amount_cents,
        price_outcome=price.outcome,
        price_explanation=explained(price.steps),
        book_id=None if waits else price.line.book,
        created_at=act.at,
        kept_until=facts.keep_until(opening, act.at) if status is BookingStatus.AWAITING_PAYMENT else None,
    )
    booking.events.append(
        BookingEvent(
            from_status=None, to_status=status, actor=act.actor, user_id=act.user_id, reason=act.reason, at=act.at,
            beyond_places=opening_id in verdict.exceeded,
        )
    )  # fmt: skip
    session.add(booking)


def cancel_bookings(
    session: Session,
    facts: PlanningFacts,
    opening_ids: Collection[int],
    actor: Actor,
    user_id: int,
    reason: str | None,
    now: datetime,
) -> None:
    """Cancel in time what the family holds in these openings, free their places and move the other prices.

    The caller judged them by these facts, under the locks of a save: the family, its children, the counters.
    """
    left: dict[date, frozenset[int]] = {}
    for day in facts.openings_by_day:
        held = facts.held_ids(day)
        given_back = held & set(opening_ids)
        if given_back:
            left[day] = held - given_back
            for opening_id in sorted(given_back):
                _cancel(session, facts, opening_id, _Act(actor, user_id, reason, now), CancelClass.IN_TIME)
            _spend(session, facts, day, left[day], Limit.PLACES)
    move_prices(session, facts.proposed_prices(left), now)


def reclass(
    session: Session,
    booking_ids: Collection[int],
    cancel_class: CancelClass,
    user_id: int,
    reason: str | None,
    now: datetime,
) -> None:
    """Give what was cancelled too late another class: it is not charged any more. The caller has seen to its price."""
    for booking in session.scalars(select(Booking).where(Booking.id.in_(booking_ids)).order_by(Booking.id)):
        booking.cancel_class = cancel_class
        session.add(
            BookingEvent(
                booking_id=booking.id, from_status=booking.status, to_status=booking.status, actor=Actor.STAFF,
                user_id=user_id, reason=reason, at=now,
            )
        )  # fmt: skip


def _cancel(session: Session, facts: PlanningFacts, opening_id: int, act: _Act, cancel_class: CancelClass) -> None:
    booking = session.get_one(Booking, facts.held[opening_id].id)
    check_transition(booking.status, BookingStatus.CANCELLED)
    was_had = booking.status is BookingStatus.CONFIRMED  # else nothing was given back
    session.add(
        BookingEvent(
            booking_id=booking.id,
            from_status=booking.status,
            to_status=BookingStatus.CANCELLED,
            actor=act.actor,
            user_id=act.user_id,
            reason=act.reason,
            at=act.at,
        )
    )
    booking.status = BookingStatus.CANCELLED
    booking.cancel_class = cancel_class if was_had else None
    session.flush()


def _spend(session: Session, facts: PlanningFacts, day: date, final: Iterable[int], limit: Limit) -> None:
    changes = counter_changes(facts.slots_held(day), facts.slots_after(day, frozenset(final)), facts.catalogue.scopes)
    move_counters(session, day, changes, limit)
