"""Payments: money received and what it is allocated to; online attempts (baskets) and their life."""

from datetime import date, datetime

from sqlalchemy import CheckConstraint, ForeignKey, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.clock import now
from app.database import Base, UtcDateTime, code_of
from app.rules.baskets import BasketState
from app.rules.cash_desks import PaymentMode


class PaymentBasket(Base):
    """One attempt to pay online, with one PayFiP number, invoices or bookings. The payment site knows its reference."""

    __tablename__ = "payment_basket"

    id: Mapped[int] = mapped_column(primary_key=True)
    reference: Mapped[str] = mapped_column(unique=True)
    public_token: Mapped[str] = mapped_column(unique=True)  # names the result page, where no sign-in is needed
    family_id: Mapped[int] = mapped_column(ForeignKey("family.id"), index=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("user_account.id"))
    client_number: Mapped[str]  # PayFiP
    mode: Mapped[str]  # T, X or W: what the payment site must answer
    amount_cents: Mapped[int]
    email: Mapped[str]
    state: Mapped[BasketState] = mapped_column(code_of(BasketState), index=True)
    operation_id: Mapped[str | None] = mapped_column(unique=True)
    redirect_url: Mapped[str | None]
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)
    checks: Mapped[int] = mapped_column(default=0)
    next_check_at: Mapped[datetime | None] = mapped_column(UtcDateTime, index=True)
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    invoices: Mapped[list["BasketInvoice"]] = relationship(order_by="BasketInvoice.invoice_id")
    bookings: Mapped[list["BasketBooking"]] = relationship(order_by="BasketBooking.booking_id")
    events: Mapped[list["BasketEvent"]] = relationship(order_by="BasketEvent.id")


class BasketInvoice(Base):
    """An invoice of a basket, with the balance that was asked for."""

    __tablename__ = "basket_invoice"

    basket_id: Mapped[int] = mapped_column(ForeignKey("payment_basket.id"), primary_key=True)
    invoice_id: Mapped[int] = mapped_column(ForeignKey("invoice.id"), primary_key=True)
    amount_cents: Mapped[int]


class BasketBooking(Base):
    """A booking of a basket, paid when it is made, with its price then."""

    __tablename__ = "basket_booking"

    basket_id: Mapped[int] = mapped_column(ForeignKey("payment_basket.id"), primary_key=True)
    booking_id: Mapped[int] = mapped_column(ForeignKey("booking.id"), primary_key=True, index=True)
    amount_cents: Mapped[int]


class BasketEvent(Base):
    """What happened to a basket: append-only, for the staff's list of operations."""

    __tablename__ = "basket_event"

    id: Mapped[int] = mapped_column(primary_key=True)
    basket_id: Mapped[int] = mapped_column(ForeignKey("payment_basket.id"), index=True)
    at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)
    state: Mapped[BasketState] = mapped_column(code_of(BasketState))
    detail: Mapped[str]


class Payment(Base):
    """Money received by an office from a family, with its receipt; what no invoice takes is the family's, and flagged.

    It is never changed: a `models.cash_desks.PaymentReversal` makes that it counts no more.
    """

    __tablename__ = "payment"
    __table_args__ = (
        UniqueConstraint("basket_id", "office_id"),
        CheckConstraint("amount_cents > 0", name="positive"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    receipt_number: Mapped[str] = mapped_column(unique=True)
    office_id: Mapped[int] = mapped_column(ForeignKey("office.id"))
    family_id: Mapped[int] = mapped_column(ForeignKey("family.id"), index=True)
    mode: Mapped[PaymentMode] = mapped_column(code_of(PaymentMode))
    amount_cents: Mapped[int]
    received_on: Mapped[date]
    reference: Mapped[str] = mapped_column(default="")  # of a cheque, vouchers, a transfer; or the payment site's
    bank: Mapped[str] = mapped_column(default="", server_default="")  # of a cheque
    drawer: Mapped[str] = mapped_column(default="", server_default="")  # who signed the cheque
    voucher_count: Mapped[int | None]
    value_on: Mapped[date | None]  # of a transfer: when it reached the account
    basket_id: Mapped[int | None] = mapped_column(ForeignKey("payment_basket.id"))
    recorded_by_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))
    recorded_at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)
    form_key: Mapped[str | None] = mapped_column(unique=True)  # of the counter's form: sent twice, it records once
    purged_at: Mapped[datetime | None] = mapped_column(UtcDateTime)  # its time is over: its receipt is gone

    allocations: Mapped[list["PaymentAllocation"]] = relationship(order_by="PaymentAllocation.invoice_id")


class PaymentAllocation(Base):
    """How much of a payment pays which invoice."""

    __tablename__ = "payment_allocation"
    __table_args__ = (CheckConstraint("amount_cents > 0", name="positive"),)

    payment_id: Mapped[int] = mapped_column(ForeignKey("payment.id"), primary_key=True)
    invoice_id: Mapped[int] = mapped_column(ForeignKey("invoice.id"), primary_key=True, index=True)
    amount_cents: Mapped[int]
