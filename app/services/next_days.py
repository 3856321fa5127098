"""When the children of a family are expected next: for « Mes réservations » and the dashboard."""

from dataclasses import dataclass
from datetime import date, timedelta

from sqlalchemy import select

from app import clock
from app.database import db
from app.models.bookings import Booking, Opening
from app.models.enrolments import Enrolment
from app.models.families import Child
from app.rules.states import BookingStatus, EnrolmentStatus
from app.services.catalogue import catalogue
from app.services.families import ChildView, children_of


@dataclass(frozen=True, slots=True)
class NextDay:
    """A day on which a child is expected."""

    child_id: int
    child_name: str
    day: date
    unit_names: tuple[str, ...]


def next_days(family_id: int) -> tuple[NextDay, ...]:
    """The days of the coming two weeks on which a child of the family is expected, soonest first. One query."""
    today = clock.today()
    rows = db.session.execute(
        select(Booking.day, Child.id, Child.first_name, Opening.unit_id)
        .join(Child, Child.id == Booking.child_id)
        .join(Opening, Opening.id == Booking.opening_id)
        .where(
            Booking.family_id == family_id,
            Booking.day.between(today, today + timedelta(days=14)),
            Booking.status == BookingStatus.CONFIRMED,
        )
        .order_by(Booking.day, Child.birth_date, Child.id)
    )
    units = catalogue().units
    found: dict[tuple[date, int], tuple[str, list[int]]] = {}
    for day, child_id, first_name, unit_id in rows:
        found.setdefault((day, child_id), (first_name, []))[1].append(unit_id)
    return tuple(
        NextDay(
            child_id, name, day, tuple(units[id_].name for id_ in sorted(ids, key=lambda id_: units[id_].starts_at))
        )
        for (day, child_id), (name, ids) in found.items()
    )


@dataclass(frozen=True, slots=True)
class ChildBookings:
    """A child of the family, what it is enrolled in, and when it is expected next."""

    child: ChildView
    activity_names: tuple[str, ...]
    next_day: NextDay | None


def children_with_next_days(family_id: int) -> tuple[ChildBookings, ...]:
    """The people of « Mes réservations »."""
    activities = catalogue().activities
    enrolled: dict[int, set[int]] = {}
    for child_id, activity_id in db.session.execute(
        select(Enrolment.child_id, Enrolment.activity_id).where(
            Enrolment.family_id == family_id,
            Enrolment.status == EnrolmentStatus.ACCEPTED,
            Enrolment.ends_on >= clock.today(),
        )
    ):
        enrolled.setdefault(child_id, set()).add(activity_id)
    first_day = {day.child_id: day for day in reversed(next_days(family_id))}
    return tuple(
        ChildBookings(
            child,
            tuple(activity.name for activity in activities.values() if activity.id in enrolled.get(child.id, ())),
            first_day.get(child.id),
        )
        for child in children_of(family_id)
    )
