"""What was booked, with what was recorded of it, in any statement: who counts where children are counted afterwards."""

from sqlalchemy import ColumnElement, Integer, Subquery, cast, exists, false, func, null, or_, select, true, union_all
from sqlalchemy.orm import aliased

from app.models.attendances import Attendance
from app.models.bookings import Booking, Opening
from app.rules.attendances import Turnout
from app.rules.states import BookingStatus


def places_told(*condition: ColumnElement[bool]) -> Subquery:
    """The places in some openings: confirmed bookings, and who came though nothing could be booked.

    Columns: day, unit_id, group_id, child_id, of the booking (None without one) family_id, booking_id and book_id,
    is_booked, and of `Attendance` turnout, is_justified, arrived_at, left_at, all None where nothing was recorded.
    """
    where = (Opening.day, Opening.unit_id, Opening.group_id)
    seen = (Attendance.turnout, Attendance.is_justified, Attendance.arrived_at, Attendance.left_at)
    nothing = cast(null(), Integer)
    stands = Booking.status == BookingStatus.CONFIRMED
    booked = (
        select(
            *where, Booking.child_id, Booking.family_id, Booking.id.label("booking_id"), Booking.book_id,
            true().label("is_booked"), *seen,
        )
        .join(Opening, Opening.id == Booking.opening_id)
        .outerjoin(
            Attendance, (Attendance.child_id == Booking.child_id) & (Attendance.opening_id == Booking.opening_id)
        )
        .where(*condition, stands)
    )  # fmt: skip
    another = aliased(Booking)
    unbooked = (
        select(*where, Attendance.child_id, nothing, nothing, nothing, false().label("is_booked"), *seen)
        .join(Opening, Opening.id == Attendance.opening_id)
        .outerjoin(Booking, Booking.id == Attendance.booking_id)
        .where(
            *condition,
            Attendance.turnout == Turnout.PRESENT,
            or_(Booking.id.is_(None), ~stands),
            # Another one than that: so the database asks it last, of a few, by the index of a child's day.
            ~exists().where(
                another.child_id == Attendance.child_id, another.day == Opening.day,
                another.opening_id == Attendance.opening_id, another.status == BookingStatus.CONFIRMED,
                another.id != func.coalesce(Booking.id, 0),
            ),
        )
    )  # fmt: skip
    return union_all(booked, unbooked).subquery()
