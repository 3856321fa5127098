"""What was booked, with what was recorded of it, in any statement: who counts where children are counted afterwards."""

from sqlalchemy import ColumnElement, Integer, Subquery, cast, false, null, select, true, union_all

from app.models.attendances import Attendance
from app.models.bookings import Booking, Opening
from app.rules.attendances import Turnout
from app.rules.states import BookingStatus


def places_told(*condition: ColumnElement[bool]) -> Subquery:
    """The places in some openings: confirmed bookings, and who came though nothing could be booked.

    Columns: day, unit_id, group_id, child_id, family_id (None without a booking), is_booked, and of `Attendance`
    turnout, is_justified, arrived_at, left_at, all None where nothing was recorded.
    """
    where = (Opening.day, Opening.unit_id, Opening.group_id)
    seen = (Attendance.turnout, Attendance.is_justified, Attendance.arrived_at, Attendance.left_at)
    same_place = (Attendance.child_id == Booking.child_id) & (Attendance.opening_id == Booking.opening_id)
    stands = Booking.status == BookingStatus.CONFIRMED
    booked = (
        select(*where, Booking.child_id, Booking.family_id, true().label("is_booked"), *seen)
        .join(Opening, Opening.id == Booking.opening_id)
        .outerjoin(Attendance, same_place)
        .where(*condition, stands)
    )
    unbooked = (
        select(*where, Attendance.child_id, cast(null(), Integer), false().label("is_booked"), *seen)
        .join(Opening, Opening.id == Attendance.opening_id)
        .outerjoin(Booking, same_place & stands)
        .where(*condition, Booking.id.is_(None), Attendance.turnout == Turnout.PRESENT)
    )
    return union_all(booked, unbooked).subquery()
