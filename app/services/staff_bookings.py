"""The staff act on a child's planning for its family: any cell that does not bind them too, with a reason, and logged.

The save is that of parents (`services.bookings`); what the staff may go beyond is in `rules.staff_bookings`.
"""

from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from app import clock
from app.database import db
from app.models.activities import Unit
from app.models.bookings import Booking, BookingEvent, Opening
from app.models.waiting_lists import WaitingEntry
from app.rules.staff_bookings import Became, ListAnswer, may_mark
from app.rules.states import Actor, BookingStatus, CancelClass
from app.services import waiting_moves, waiting_wishes
from app.services.bookings import StaffSave, save
from app.services.catalogue import catalogue
from app.services.errors import NotFound
from app.services.families import FamilyRef, check_not_own, child_of, lock_children, stays_active
from app.services.judgements import judge_days
from app.services.places import enter_bookings
from app.services.planning import Proposal
from app.services.planning_facts import PlanningFacts, load_facts
from app.services.staff_booking_mails import ChangedDay, tell_family
from app.services.staff_scopes import StaffScope
from app.services.verdicts import SaveOutcome


def check_reached(reach: StaffScope, opening_ids: Iterable[int]) -> None:
    """Raises NotFound for an opening of an activity that an agent's role does not reach. One query."""
    wanted = set(opening_ids)
    if reach.is_everywhere or not wanted:
        return
    units = select(Opening.id).join(Unit, Unit.id == Opening.unit_id)
    found = db.session.scalars(units.where(Opening.id.in_(wanted), Unit.activity_id.in_(reach.activity_ids)))
    if set(found) != wanted:
        raise NotFound("opening")


def save_for_family(
    session: Session, family: FamilyRef, agent_id: int, child_id: int, key: str, proposal: Proposal, said: StaffSave
) -> SaveOutcome:
    """Book and cancel for a family what a form asks for. Raises like `bookings.save()`, and OwnFamily."""
    check_not_own(family.id, agent_id)
    return save(session, family, agent_id, child_id, key, proposal, said)


def mark_special(
    session: Session,
    family: FamilyRef,
    agent_id: int,
    child_id: int,
    opening_id: int,
    note: str | None,
    *,
    tells_family: bool,
) -> None:
    """Mark what a family holds as « Présence spéciale », with what the parents read; without a note, take it back.

    Raises OwnFamily, and NotFound for what nobody may mark: not held, begun, invoiced, recorded.
    """
    enter_bookings(session)
    stays_active(session, family.id)
    check_not_own(family.id, agent_id)
    lock_children(session, [family.id])
    child = child_of(family.id, child_id)
    booking = session.scalar(
        select(Booking).where(
            Booking.family_id == family.id, Booking.child_id == child_id, Booking.opening_id == opening_id,
            Booking.status == BookingStatus.CONFIRMED,
        )
    )  # fmt: skip
    if booking is None or booking.special_note == note:
        if booking is None:
            raise NotFound("booking")
        return
    facts = load_facts(session, family, child_id, [booking.day], {opening_id}, staff_class=CancelClass.IN_TIME)
    now = clock.now()
    if not _may_mark(facts, booking, now):
        raise NotFound("booking")
    booking.special_note = note
    session.add(
        BookingEvent(
            booking_id=booking.id, from_status=booking.status, to_status=booking.status, actor=Actor.STAFF,
            user_id=agent_id, reason=None, at=now,
        )
    )  # fmt: skip
    session.flush()
    if tells_family:
        unit = facts.openings[opening_id].unit
        became = Became.UNMARKED if note is None else Became.MARKED
        day = ChangedDay(booking.day, facts.catalogue.activities[unit.activity_id].name, unit.name, became, None)
        tell_family(session, family, child, [day], note or "")


def answer_list(
    session: Session, family: FamilyRef, agent_id: int, child_id: int, entry_id: int, answer: ListAnswer, reason: str
) -> None:
    """Take an entry of a family off its list, or the offer back, or accept the offer for it; the family reads why.

    Raises OwnFamily, NotFound for another child's entry and for one that has ended, and, of an offer to be accepted,
    OfferGone and FamilyNotActive.
    """
    check_not_own(family.id, agent_id)
    own = select(WaitingEntry.id).where(
        WaitingEntry.id == entry_id, WaitingEntry.family_id == family.id, WaitingEntry.child_id == child_id
    )
    if session.scalar(own) is None:
        raise NotFound("waiting entry")
    if answer is ListAnswer.REMOVE:
        waiting_moves.remove(session, entry_id, reason, agent_id)
        return
    by_child: defaultdict[int, list[Booking]] = defaultdict(list)
    for booking in waiting_wishes.accept(session, family, agent_id, entry_id, Actor.STAFF, reason):
        by_child[booking.child_id].append(booking)
    for id_, taken in by_child.items():
        tell_family(session, family, child_of(family.id, id_), [_booked(session, each) for each in taken], reason)


def _booked(session: Session, booking: Booking) -> ChangedDay:
    known = catalogue()
    unit = known.units[session.get_one(Opening, booking.opening_id).unit_id]
    activity = known.activities[unit.activity_id]
    return ChangedDay(booking.day, activity.name, unit.name, Became.BOOKED, booking.price_cents)


def _may_mark(facts: PlanningFacts, booking: Booking, now: datetime) -> bool:
    held = {booking.day: facts.held_ids(booking.day)}
    judged = judge_days(facts, held, facts.proposed_prices({}), now)
    cells = judged[booking.day].facts
    return booking.opening_id in cells and may_mark(cells[booking.opening_id], now, facts.catalogue.calendar)
