"""The end of an enrolment before its time: what it cancels, what stays due, and doing it.

A booking is cancelled as if the parent did it now, by the planning's own judgement; one that cannot be any more stays,
and the enrolment lasts until its day. Source: docs/rules/enrolments.md.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from hashlib import sha256

from sqlalchemy import select
from sqlalchemy.orm import Session

from app import clock
from app.models.bookings import Booking
from app.models.enrolments import Enrolment
from app.rules.calendars import ONE_DAY, week_of
from app.rules.capacity import Slot
from app.rules.cells import Action, Cell, Reason
from app.rules.combinations import WEEKLY
from app.rules.states import (
    ACTIVE_STATUSES,
    HOLDING_STATUSES,
    Actor,
    BookingStatus,
    EnrolmentStatus,
    FamilyStatus,
    check_transition,
)
from app.services.bookings import cancel_bookings
from app.services.catalogue import UnitInfo, catalogue
from app.services.counters import lock_counters
from app.services.enrolments import EnrolmentView, tell_parents, view_of
from app.services.errors import EndMoved, EnrolmentOver, FamilyNotActive, NotFound
from app.services.families import ChildView, FamilyRef, check_not_own, child_of, lock_children, stays_active
from app.services.judgements import judge_days
from app.services.planning_facts import PlanningFacts, load_facts
from app.services.prices import reprice_siblings
from app.services.waiting_lists import end_waiting, enter, promote


@dataclass(frozen=True, slots=True)
class ComingBooking:
    """A booking on or after the day of the end. Cents."""

    opening_id: int
    day: date
    unit: UnitInfo
    price_cents: int


@dataclass(frozen=True, slots=True)
class EndPlan:
    """What the end from a day on would do."""

    enrolment: EnrolmentView
    child: ChildView
    from_day: date  # the first day without it
    cancelled: tuple[ComingBooking, ...]
    kept: tuple[ComingBooking, ...]  # too late to cancel, or on an invoice: they stay due
    facts: PlanningFacts | None = field(repr=False, compare=False)

    @property
    def never_begins(self) -> bool:
        """Whether nothing of the enrolment is left."""
        return self.from_day <= self.enrolment.starts_on and not self.kept

    @property
    def last_day(self) -> date:
        """The last day of the enrolment; what stays due is still in it."""
        return max([self.from_day - ONE_DAY, *(booking.day for booking in self.kept)])

    @property
    def fingerprint(self) -> str:
        """What is the same as long as the end would do the same."""
        told = [[(each.opening_id, each.price_cents) for each in rows] for rows in (self.cancelled, self.kept)]
        return sha256(repr((self.from_day, told)).encode()).hexdigest()[:16]


def plan_end(session: Session, family: FamilyRef, enrolment_id: int, from_day: date, *, by_staff: bool) -> EndPlan:
    """What the end of an enrolment from a day on would do; an earlier day than today is today.

    Raises NotFound for another family's enrolment and where parents may not end it themselves, EnrolmentOver for one
    that is not accepted or is over.
    """
    row = session.scalar(select(Enrolment).where(Enrolment.id == enrolment_id, Enrolment.family_id == family.id))
    if row is None:
        raise NotFound("enrolment")
    enrolment = view_of(row)
    if not enrolment.may_book:
        raise EnrolmentOver
    if not by_staff and not catalogue().activities[row.activity_id].enrolment_rules.parents_may_end:
        raise NotFound("enrolment")
    child = child_of(family.id, row.child_id)
    from_day = min(max(from_day, clock.today()), row.ends_on)
    coming = session.execute(
        select(Booking.opening_id, Booking.day)
        .where(Booking.enrolment_id == row.id, Booking.status.in_(_ENDED), Booking.day >= from_day)
        .order_by(Booking.day, Booking.opening_id)
    ).all()
    if not coming:
        return EndPlan(enrolment, child, from_day, (), (), None)
    days = sorted({day for _, day in coming})
    acting = replace(family, status=FamilyStatus.ACTIVE) if by_staff else family
    facts = load_facts(session, acting, child.id, days, {opening_id for opening_id, _ in coming})
    free = _cancellable(facts, {opening_id for opening_id, _ in coming}, by_staff=by_staff)
    bookings = [_coming(facts, opening_id) for opening_id, _ in coming]
    bookings.sort(key=lambda each: (each.day, each.unit.starts_at, each.opening_id))
    return EndPlan(
        enrolment, child, from_day, tuple(each for each in bookings if each.opening_id in free),
        tuple(each for each in bookings if each.opening_id not in free), facts,
    )  # fmt: skip


def end_enrolment(
    session: Session,
    family: FamilyRef,
    enrolment_id: int,
    from_day: date,
    *,
    user_id: int,
    reason: str,
    fingerprint: str,
    by_staff: bool,
) -> EndPlan:
    """End an enrolment, cancel what comes after, and write to the parents.

    Raises as `plan_end`, EndMoved when it would do something else than was read, FamilyNotActive where a parent of a
    closed family asks, OwnFamily where an agent of the family does.
    """
    # The order of a save (PostgreSQL): what places are of, the family, its children, the counters. Alone: what the
    # family joins or books while this waits for its turn ends with it, too.
    days = select(Booking.day).where(Booking.enrolment_id == enrolment_id, Booking.status.in_(ACTIVE_STATUSES))
    enter(session, set(session.scalars(days.distinct())), [family.id], alone=True)
    is_active = stays_active(session, family.id)
    if by_staff:
        check_not_own(family.id, user_id)
    if not by_staff and not is_active:
        raise FamilyNotActive
    lock_children(session, [family.id])
    plan = plan_end(session, family, enrolment_id, from_day, by_staff=by_staff)
    if plan.facts is not None:
        lock_counters(session, _slots(plan.facts, plan))
        plan = plan_end(session, family, enrolment_id, from_day, by_staff=by_staff)
    if plan.fingerprint != fingerprint:
        raise EndMoved
    row = session.get_one(Enrolment, enrolment_id, with_for_update=True)
    actor, now = Actor.STAFF if by_staff else Actor.PARENT, clock.now()
    if plan.facts is not None and plan.cancelled:
        opening_ids = {each.opening_id for each in plan.cancelled}
        cancel_bookings(session, plan.facts, opening_ids, actor, user_id, reason or None, now)
    freed = dict(_slots(plan.facts, plan)) if plan.facts is not None else {}
    offered = end_waiting(session, family.id, actor, user_id, now, row.id, plan.from_day)
    promote(session, {day: freed.get(day, set()) | offered.get(day, set()) for day in {*freed, *offered}}, now)
    row.ended_at, row.ended_by_id, row.end_reason = clock.now(), user_id, reason or None
    if plan.never_begins:
        _finish(row, EnrolmentStatus.CANCELLED)
    else:
        row.ends_on = plan.last_day
        if row.ends_on < clock.today():
            _finish(row, EnrolmentStatus.ENDED)
    session.flush()
    if row.status is not EnrolmentStatus.ACCEPTED:
        reprice_siblings(session, [row.family_id], row.activity_id)
    tell_parents(session, row, "enrolment_ended", plan=plan)
    return plan


def has_due_end(session: Session) -> bool:
    """Whether an enrolment whose end was told has come to it."""
    return session.scalar(select(Enrolment.id).where(*_DUE, Enrolment.ends_on < clock.today()).limit(1)) is not None


def finish_due(session: Session) -> int:
    """End the enrolments whose last day has passed since it was told, and price their families anew."""
    found = session.execute(select(Enrolment.id, Enrolment.family_id).where(*_DUE, Enrolment.ends_on < clock.today()))
    by_id = dict(found.tuples().all())
    lock_children(session, set(by_id.values()))
    rows = session.scalars(select(Enrolment).where(Enrolment.id.in_(by_id), *_DUE).with_for_update()).all()
    families: dict[int, set[int]] = {}
    for row in rows:
        _finish(row, EnrolmentStatus.ENDED)
        families.setdefault(row.activity_id, set()).add(row.family_id)
    session.flush()
    for activity_id, family_ids in families.items():
        reprice_siblings(session, family_ids, activity_id)
    return len(rows)


_DUE = (Enrolment.status == EnrolmentStatus.ACCEPTED, Enrolment.ended_at.is_not(None))


_ENDED = HOLDING_STATUSES - {BookingStatus.OFFERED}
"""What the plan names: waiting, and an offer, end without it."""


def _finish(row: Enrolment, status: EnrolmentStatus) -> None:
    check_transition(row.status, status)
    row.status = status


def _cancellable(facts: PlanningFacts, coming: set[int], *, by_staff: bool) -> frozenset[int]:
    """What may be cancelled now; nothing of a day, or of a week, whose rest would break a rule."""
    now = clock.now()
    held = {day: facts.held_ids(day) for day in facts.openings_by_day}
    free: dict[date, frozenset[int]] = {}
    for day, judgement in judge_days(facts, held, facts.proposed_prices({}), now).items():
        cells = judgement.cells
        free[day] = frozenset(
            id_
            for id_ in held.get(day, frozenset()) & coming
            if facts.held[id_].status is BookingStatus.REQUESTED
            or Action.CANCEL in cells[id_].actions
            or (by_staff and _only_staff_cancel(cells[id_]))
        )
    while True:
        left = {day: held[day] - free[day] for day in held}
        judged = judge_days(facts, left, facts.proposed_prices(left), now)
        kept = {day for day, judgement in judged.items() if judgement.broken}
        weeks = {
            week_of(day)[0]
            for day in kept
            if any(violation.breach in WEEKLY for violation in judged[day].broken.values())
        }
        kept = {day for day, ids in free.items() if ids and (day in kept or week_of(day)[0] in weeks)}
        if not kept:
            return frozenset().union(*free.values())
        free |= dict.fromkeys(kept, frozenset())


def _only_staff_cancel(cell: Cell) -> bool:
    """Whether parents never cancel it free of charge."""
    return cell.reason is Reason.STAFF_ONLY or (Action.CANCEL_LATE in cell.actions and cell.cancel_until is None)


def _coming(facts: PlanningFacts, opening_id: int) -> ComingBooking:
    booking = facts.held[opening_id]
    return ComingBooking(opening_id, booking.day, facts.catalogue.units[booking.slot.unit_id], booking.price_cents)


def _slots(facts: PlanningFacts, plan: EndPlan) -> Mapping[date, set[Slot]]:
    slots: dict[date, set[Slot]] = {}
    for booking in plan.cancelled:
        slots.setdefault(booking.day, set()).add(facts.held[booking.opening_id].slot)
    return slots
