"""Who was ticked while its booking waited for an answer, a place or its money: the booking has it once it is confirmed.

From then on times and a justification count for its price, as of any other booking (`services.attendances`).
"""

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import and_, select
from sqlalchemy.orm import Session

from app.models.attendances import Attendance
from app.models.bookings import Booking, Opening, PriceChangeReason
from app.rules.reaches import DaySpan
from app.rules.states import BookingStatus
from app.services.catalogue import catalogue
from app.services.households import load_prices, spans_to_tell
from app.services.prices import move_after


def join_ticks(session: Session, booking_ids: Collection[int], now: datetime) -> None:
    """Give what was recorded to the bookings that were confirmed since, and move the prices that no invoice holds.

    The caller holds the children. One query where nothing was recorded.
    """
    session.flush()
    rows = session.execute(
        select(Attendance, Booking, Opening.unit_id)
        .join(Booking, and_(Booking.child_id == Attendance.child_id, Booking.opening_id == Attendance.opening_id))
        .join(Opening, Opening.id == Booking.opening_id)
        .where(
            Booking.id.in_(booking_ids), Booking.status == BookingStatus.CONFIRMED, Attendance.booking_id.is_(None)
        )
        .order_by(Attendance.id)
    ).all()  # fmt: skip
    if not rows:
        return
    families = {booking.family_id for _, booking, _ in rows}
    days = [booking.day for _, booking, _ in rows]
    activities = {catalogue().units[unit_id].activity_id for _, _, unit_id in rows}
    spans = spans_to_tell(activities, DaySpan(min(days), max(days)))
    before = {id_: prices.bill() for id_, prices in load_prices(session, families, spans).items()}
    for attendance, booking, _ in rows:
        attendance.booking_id = booking.id
    session.flush()
    after = load_prices(session, families, spans)
    move_after(session, before, after, (), PriceChangeReason.ATTENDANCE, now)
    session.flush()
