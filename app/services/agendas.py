"""« Mes journées »: when the children of a family come, on a page to print and as a calendar that a telephone follows.

The calendar has a secret address, one for each adult and family; whoever has it reads names, days and places.
"""

from dataclasses import dataclass
from datetime import date, timedelta

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from app import clock
from app.database import db
from app.models.accounts import CalendarFeed
from app.models.bookings import Booking, Opening
from app.models.families import Child, Family, Guardian
from app.rules.agendas import Stay, Visit, visits
from app.rules.states import BookingStatus, FamilyStatus
from app.services.catalogue import catalogue
from app.services.credentials import hash_secret, new_secret
from app.services.errors import NotFound

FEED_PAST, FEED_AHEAD = timedelta(days=31), timedelta(days=400)
"""What a calendar holds, around today."""


@dataclass(frozen=True, slots=True)
class Agenda:
    """What a calendar tells."""

    family_name: str
    visits: tuple[Visit, ...]


def visits_of(family_id: int, first: date, last: date) -> tuple[Visit, ...]:
    """The visits that a family has booked from a day to a day, both included. One query."""
    known = catalogue()
    rows = db.session.execute(
        select(Booking.id, Booking.child_id, Child.first_name, Opening.unit_id, Booking.day)
        .join(Opening, Opening.id == Booking.opening_id)
        .join(Child, Child.id == Booking.child_id)
        .where(
            Booking.family_id == family_id, Booking.day.between(first, last), Booking.status == BookingStatus.CONFIRMED
        )
    )
    stays = []
    for booking_id, child_id, child_name, unit_id, day in rows:
        unit = known.units[unit_id]
        activity = known.activities[unit.activity_id]
        stays.append(
            Stay(
                booking_id, child_id, child_name, activity.id, activity.name, activity.site_name, day, unit.name,
                unit.starts_at, unit.ends_at,
            )
        )  # fmt: skip
    return visits(stays)


def feed_secret(user_id: int, family_id: int) -> str | None:
    """The secret of the address of an adult's calendar, None where there is none. One query."""
    row = db.session.get(CalendarFeed, (user_id, family_id))
    return None if row is None else row.secret


def renew_feed(session: Session, user_id: int, family_id: int) -> None:
    """Give an adult of a family a calendar with a new secret address; the one before stops working."""
    forget_feeds(session, user_id, family_id)
    secret = new_secret()
    session.add(CalendarFeed(user_id=user_id, family_id=family_id, secret=secret, secret_hash=hash_secret(secret)))
    session.flush()


def forget_feeds(session: Session, user_id: int, family_id: int | None = None) -> None:
    """The addresses of an adult's calendars stop working, of one family or of all."""
    wanted = delete(CalendarFeed).where(CalendarFeed.user_id == user_id)
    session.execute(wanted if family_id is None else wanted.where(CalendarFeed.family_id == family_id))


def read_feed(secret: str) -> Agenda:
    """What the calendar at an address tells. Raises NotFound, also once its adult has left the family. Two queries."""
    family = db.session.scalar(
        select(Family)
        .join(CalendarFeed, CalendarFeed.family_id == Family.id)
        .join(Guardian, (Guardian.family_id == Family.id) & (Guardian.user_id == CalendarFeed.user_id))
        .where(CalendarFeed.secret_hash == hash_secret(secret), Family.status == FamilyStatus.ACTIVE)
    )
    if family is None:
        raise NotFound("calendar")
    today = clock.today()
    return Agenda(family.name, visits_of(family.id, today - FEED_PAST, today + FEED_AHEAD))
