"""Full Wednesdays of the demo on which children wait, one place that is offered, and one that waits for its payment."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from app import clock
from app.models.bookings import Booking, CapacityCounter, Opening
from app.models.enrolments import Enrolment
from app.rules.capacity import Slot, covering
from app.rules.choices import Shown
from app.rules.states import ACTIVE_STATUSES, EnrolmentStatus
from app.services import bookings, scope_settings, waiting_wishes
from app.services.catalogue import UnitInfo, catalogue
from app.services.families import FamilyRef
from app.services.planning import Proposal

WAITED_FOR = ("Mercredi", "Après-midi")
PAID = ("Atelier théâtre", "Répétition")


@dataclass(frozen=True, slots=True)
class WaitingChild:
    """A child who may wait, and the parent who says so."""

    family: FamilyRef
    user_id: int
    child_id: int


def wait_for_places(session: Session, now: datetime, first: WaitingChild, others: Sequence[WaitingChild]) -> None:
    """Afternoons that are full: on one day a place has become free and is offered to `first`, on a later one it waits
    behind another child. Nothing of it where no Wednesday is near.
    """
    unit = _unit(*WAITED_FOR)
    clock.start_at(now - timedelta(hours=5), frozen=True)
    for soonest, latest, line in (
        (6, 13, (first, *others)),  # before the outing of `council._plan_an_outing`
        (21, 34, (*others[:1], first, *others[1:])),
    ):
        day = _next_day(session, unit, now.date() + timedelta(days=soonest), now.date() + timedelta(days=latest))
        if day is None:
            continue
        scope_id, taken = _fill(session, unit, day)
        for each in line:
            opening_id = _free_opening(session, unit, day, each)
            if opening_id is not None:
                waiting_wishes.join(
                    session, each.family, each.user_id, each.child_id, [opening_id], wants_booking=each is not first
                )
        if soonest < 14:
            scope_settings.set_day_places(session, scope_id, [day], taken + 1, None)


def keep_for_payment(session: Session, now: datetime, child: WaitingChild) -> None:
    """An evening that was booked a moment ago and is to be paid; nothing where none is near."""
    clock.start_at(now - timedelta(minutes=2), frozen=True)
    unit = _unit(*PAID)
    day = _next_day(session, unit, now.date() + timedelta(days=6), now.date() + timedelta(days=60))
    opening_id = None if day is None else _free_opening(session, unit, day, child)
    if opening_id is not None:
        bookings.save(
            session, child.family, child.user_id, child.child_id, f"demo-{opening_id}-to-pay",
            Proposal((Shown(opening_id, held=False),), frozenset({opening_id})),
        )  # fmt: skip


def _unit(activity_name: str, unit_name: str) -> UnitInfo:
    """A unit of the season of today, or of the next one."""
    today = clock.today()
    found = (each for each in catalogue().activities.values() if each.name == activity_name)
    coming = sorted((each for each in found if each.season.ends_on >= today), key=lambda each: each.season.starts_on)
    return next(unit for unit in coming[0].units if unit.name == unit_name)


def _next_day(session: Session, unit: UnitInfo, soonest: date, latest: date) -> date | None:
    opened = select(Opening.day).where(Opening.unit_id == unit.id, Opening.is_open)
    return session.scalar(opened.where(Opening.day.between(soonest, latest)).order_by(Opening.day).limit(1))


def _fill(session: Session, unit: UnitInfo, day: date) -> tuple[int, int]:
    """Leave as many places on a day as are taken; the scope that all groups share, and how many these are."""
    groups = session.scalars(select(Opening.group_id).where(Opening.unit_id == unit.id, Opening.day == day)).all()
    shared = [each for group_id in groups for each in covering(Slot(unit.id, group_id), catalogue().scopes)]
    scope = max(shared, key=lambda each: len(each.groups))
    counter = CapacityCounter.scope_id == scope.id, CapacityCounter.day == day
    taken = session.scalar(select(CapacityCounter.taken).where(*counter)) or 0
    scope_settings.set_day_places(session, scope.id, [day], taken, None)
    return scope.id, taken


def _free_opening(session: Session, unit: UnitInfo, day: date, child: WaitingChild) -> int | None:
    """The child's opening of that day, where it is not booked."""
    own = (
        select(Opening.id)
        .join(Enrolment, Enrolment.group_id == Opening.group_id)
        .where(
            Opening.unit_id == unit.id, Opening.day == day, Enrolment.child_id == child.child_id,
            Enrolment.family_id == child.family.id, Enrolment.status == EnrolmentStatus.ACCEPTED,
        )
    )  # fmt: skip
    booked = select(Booking.opening_id).where(
        Booking.child_id == child.child_id, Booking.day == day, Booking.status.in_(ACTIVE_STATUSES)
    )
    return session.scalar(own.where(Opening.id.not_in(booked)))
