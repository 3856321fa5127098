"""Bookings that are paid when they are made: which, how long their places are kept, and what money that comes confirms.

Source: product.md sections 5 and 6, docs/rules/paid_bookings.md.
"""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from enum import StrEnum, auto

from app.rules.baskets import LIVE_FOR
from app.rules.deadlines import PARIS
from app.rules.reaches import asks_siblings
from app.rules.states import BookingStatus
from app.rules.tariff_grids import CountedSiblings, Grid

LEAST_MINUTES, MOST_MINUTES = 10, 120
"""So long may an activity keep its places for who has to pay."""

USUAL_MINUTES = 20

HELD_AT_SITE_FOR = LIVE_FOR + timedelta(minutes=5)
"""So long the places are kept for a payer who is on the payment site: as long as its page is of use, and until it has
been asked what became of that."""


class Unfit(StrEnum):
    """Why bookings of an activity cannot be paid when they are made."""

    NOT_ONLINE = auto()  # its office takes no money online
    ON_REQUEST = auto()  # the staff decide first
    PRICED_TOGETHER = auto()  # what a booking costs depends on others


def is_priced_alone(grid: Grid) -> bool:
    """Whether each booking has a price of its own, which nothing that is booked later moves and nothing comes with."""
    if grid.combinations or grid.packages or grid.deductions or grid.credit_books or grid.fees or grid.surcharges:
        return False
    counts_bookings = grid.counted_siblings in (CountedSiblings.SAME_DAY, CountedSiblings.SAME_MONTH)
    return not (counts_bookings and asks_siblings(grid))


def what_stands_against(*, takes_online: bool, on_request: bool, grids: Iterable[Grid]) -> Unfit | None:
    """Why an activity cannot be paid at booking; the first reason that applies, None where nothing does."""
    if not takes_online:
        return Unfit.NOT_ONLINE
    if on_request:
        return Unfit.ON_REQUEST
    return None if all(is_priced_alone(grid) for grid in grids) else Unfit.PRICED_TOGETHER


def status_to_pay(otherwise: BookingStatus, *, is_paid_at_booking: bool, price_cents: int | None) -> BookingStatus:
    """As what a parent's tick is stored; ``otherwise``: without payment. What costs nothing is confirmed at once.

    ``price_cents``: None where it is not known yet.
    """
    if otherwise is BookingStatus.CONFIRMED and is_paid_at_booking and price_cents != 0:
        return BookingStatus.AWAITING_PAYMENT
    return otherwise


def keep_until(now: datetime, minutes: int, beside: Iterable[datetime]) -> datetime:
    """Until when a place that is booked now is kept: so many minutes, or as long as what is kept beside it already."""
    return min([_after(now, timedelta(minutes=minutes)), *beside], key=_utc)


def held_until(kept_until: datetime, paying_since: datetime | None) -> datetime:
    """Until when a place is kept. ``paying_since``: the begin of the last attempt that has no result; None: none has.

    An attempt begins before ``kept_until``, so that nobody keeps a place by beginning again and again.
    """
    return kept_until if paying_since is None else max(kept_until, _after(paying_since, HELD_AT_SITE_FOR), key=_utc)


def is_over(kept_until: datetime, paying_since: datetime | None, now: datetime) -> bool:
    """Whether a place is not kept any more. All moments are aware."""
    return _utc(now) >= _utc(held_until(kept_until, paying_since))


def is_paying(paying_since: datetime | None, now: datetime) -> bool:
    """Whether somebody may be on the payment site for it: nothing is taken out of what they pay."""
    return paying_since is not None and _utc(now) < _utc(_after(paying_since, HELD_AT_SITE_FOR))


def may_be_paid(kept_until: datetime, paying_since: datetime | None, now: datetime) -> bool:
    """Whether a payment of it may begin now."""
    return _utc(now) < _utc(kept_until) and not is_paying(paying_since, now)


def is_confirmed_by_money(status: BookingStatus, *, has_started: bool, price_cents: int, paid_cents: int) -> bool:
    """Whether money that has come confirms a booking; if not, the money is the family's, and the staff settle it.

    A place that is still held is confirmed though its time is over: nobody else has got it.
    """
    return status is BookingStatus.AWAITING_PAYMENT and not has_started and price_cents == paid_cents


def _after(moment: datetime, length: timedelta) -> datetime:
    """So much later, also in the night in which the clocks change: an aware moment adds on its clock's face."""
    return (_utc(moment) + length).astimezone(PARIS)


def _utc(moment: datetime) -> datetime:
    return moment.astimezone(UTC)
