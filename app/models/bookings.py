"""Openings, places, bookings and the log of what happened to each. How a cell looks is never stored."""

from datetime import date, datetime
from enum import StrEnum, auto

from sqlalchemy import ForeignKey, Index, UniqueConstraint, false, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.clock import now
from app.database import Base, EncryptedText, UtcDateTime, code_of
from app.rules.quotients import QuotientOutcome
from app.rules.states import ACTIVE_STATUSES, Actor, BookingStatus, CancelClass

_ACTIVE = text("status IN (" + ", ".join(f"'{status.value}'" for status in sorted(ACTIVE_STATUSES)) + ")")


_IN_BOOK = text("book_id IS NOT NULL")

_WAITS = text("waiting_id IS NOT NULL")

_ASKED = "status IN ('expired', 'requested')"

ASKED = text(f"booking.{_ASKED}")
"""What waits for the staff, and what nobody decided in time: said like this, the index below finds it."""

_TO_PAY = "status = 'awaiting_payment'"

TO_PAY = text(f"booking.{_TO_PAY}")
"""What waits for its payment, likewise."""


class Opening(Base):
    """A unit open on a day for a group."""

    __tablename__ = "opening"
    __table_args__ = (UniqueConstraint("day", "unit_id", "group_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    unit_id: Mapped[int] = mapped_column(ForeignKey("unit.id"))
    group_id: Mapped[int] = mapped_column(ForeignKey("activity_group.id"))
    day: Mapped[date]
    is_open: Mapped[bool] = mapped_column(default=True)
    closing_reason: Mapped[str | None]


class CapacityCounter(Base):
    """The places of a capacity scope on a day, and how many distinct children hold one.

    `taken` may exceed `places`: capacity may be lowered below what is booked, and staff may exceed it.
    """

    __tablename__ = "capacity_counter"
    __table_args__ = (UniqueConstraint("day", "scope_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    scope_id: Mapped[int] = mapped_column(ForeignKey("capacity_scope.id"))
    day: Mapped[date]
    places: Mapped[int]
    online_places: Mapped[int | None]  # what of them parents may take; None: all
    taken: Mapped[int] = mapped_column(default=0)
    is_set_by_hand: Mapped[bool] = mapped_column(
        default=False, server_default=false()
    )  # its places are not the usual ones


class Booking(Base):
    """A child's place in one opening, through the family that booked it."""

    __tablename__ = "booking"
    __table_args__ = (
        Index(
            "uq_booking_active", "child_id", "opening_id", unique=True, sqlite_where=_ACTIVE, postgresql_where=_ACTIVE
        ),
        # A partial index does not serve the planning: its condition is sent as parameters, which SQLite cannot compare.
        Index("ix_booking_child_day", "child_id", "day"),
        Index("ix_booking_family_day", "family_id", "day"),
        Index("ix_booking_book", "book_id", sqlite_where=_IN_BOOK, postgresql_where=_IN_BOOK),
        Index("ix_booking_waiting", "waiting_id", sqlite_where=_WAITS, postgresql_where=_WAITS),
        Index("ix_booking_asked", "day", sqlite_where=text(_ASKED), postgresql_where=text(_ASKED)),
        Index("ix_booking_to_pay", "kept_until", sqlite_where=text(_TO_PAY), postgresql_where=text(_TO_PAY)),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    child_id: Mapped[int] = mapped_column(ForeignKey("child.id"))
    family_id: Mapped[int] = mapped_column(ForeignKey("family.id"))
    enrolment_id: Mapped[int] = mapped_column(ForeignKey("enrolment.id"))
    opening_id: Mapped[int] = mapped_column(ForeignKey("opening.id"), index=True)
    day: Mapped[date]  # of the opening, so that a family's bookings are found by day
    status: Mapped[BookingStatus] = mapped_column(code_of(BookingStatus))
    cancel_class: Mapped[CancelClass | None] = mapped_column(code_of(CancelClass))
    # The price that the parent saw when saving, and why it was that one.
    price_cents: Mapped[int]
    price_outcome: Mapped[QuotientOutcome] = mapped_column(code_of(QuotientOutcome))
    price_explanation: Mapped[str] = mapped_column(default="")  # in words, as the planning and the invoice show it
    book_id: Mapped[int | None] = mapped_column(ForeignKey("prepaid_book.id"))  # whose entry pays it, by that price
    waiting_id: Mapped[int | None] = mapped_column(ForeignKey("waiting_entry.id"))  # what it waits with, or waited
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)
    # « Présence spéciale »: what the staff say of it to the parents; it may be about health.
    special_note: Mapped[str | None] = mapped_column(EncryptedText)
    kept_until: Mapped[datetime | None] = mapped_column(UtcDateTime)  # the place, for who has to pay it

    opening: Mapped[Opening] = relationship()
    events: Mapped[list["BookingEvent"]] = relationship(order_by="BookingEvent.id")


class WeekReminder(Base):
    """That a parent was reminded, before its deadline, of a week in which nothing was booked: once."""

    __tablename__ = "week_reminder"

    guardian_id: Mapped[int] = mapped_column(ForeignKey("guardian.id", ondelete="CASCADE"), primary_key=True)
    child_id: Mapped[int] = mapped_column(ForeignKey("child.id", ondelete="CASCADE"), primary_key=True)
    activity_id: Mapped[int] = mapped_column(ForeignKey("activity.id", ondelete="CASCADE"), primary_key=True)
    monday: Mapped[date] = mapped_column(primary_key=True)
    sent_at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)


class BookingEvent(Base):
    """One transition of a booking: who, when, from what to what, and why. Append-only.

    From a status to the same: the staff marked a presence as special or took the mark back, or a cancellation has
    another class since.
    """

    __tablename__ = "booking_event"

    id: Mapped[int] = mapped_column(primary_key=True)
    booking_id: Mapped[int] = mapped_column(ForeignKey("booking.id"), index=True)
    from_status: Mapped[BookingStatus | None] = mapped_column(code_of(BookingStatus))
    to_status: Mapped[BookingStatus] = mapped_column(code_of(BookingStatus))
    actor: Mapped[Actor] = mapped_column(code_of(Actor))
    user_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))
    reason: Mapped[str | None]
    beyond_places: Mapped[bool] = mapped_column(default=False, server_default=false())  # the staff, where none was left
    at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)


class PriceChangeReason(StrEnum):
    """Why kept prices were looked at again."""

    QUOTIENT = auto()  # the staff verified a quotient, or ended one
    TARIFF = auto()  # the staff corrected a tariff
    FACTS = auto()  # the family moved, or what else prices depend on has changed
    OTHER_BOOKINGS = auto()  # the family booked or cancelled something else: a package, a combination, a sibling's rank
    SIBLINGS = auto()  # another child of the family was enrolled
    BOOK = auto()  # a prepaid book was sold or taken back
    CANCELLED_LATE = auto()  # the family cancelled it too late, and the tariff says what that costs
    CLOSURE = auto()  # the council closed days on which the family had booked
    DECISION = auto()  # the staff accepted what was asked for, at the price of that day
    ATTENDANCE = auto()  # what the staff recorded on the day: an absence, a stay, who came without a booking
    CREDITED = auto()  # a credit note took its line back: it is priced anew, or not charged any more
    PLACE_FREED = auto()  # a place was freed for who waited, at the price of that day


class BookingPriceChange(Base):
    """That a booking's kept price changed before it was invoiced: from what to what (cents), and why. Append-only."""

    __tablename__ = "booking_price_change"

    id: Mapped[int] = mapped_column(primary_key=True)
    booking_id: Mapped[int] = mapped_column(ForeignKey("booking.id"), index=True)
    from_cents: Mapped[int]
    to_cents: Mapped[int]
    reason: Mapped[PriceChangeReason] = mapped_column(code_of(PriceChangeReason))
    at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)


class SaveReceipt(Base):
    """What a save answered, by the key of its form: the same form sent twice books once and answers the same."""

    __tablename__ = "save_receipt"
    __table_args__ = (UniqueConstraint("user_id", "key"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("user_account.id", ondelete="CASCADE"))
    key: Mapped[str]
    outcome: Mapped[str]  # JSON of services.verdicts.SaveOutcome
    saved_at: Mapped[datetime] = mapped_column(UtcDateTime, default=now, index=True)
