"""What a version of prices to come would have changed for last year's bookings: who pays how much more or less."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from itertools import pairwise

from sqlalchemy import select

from app import clock
from app.database import db
from app.models.bookings import Booking, Opening
from app.rules.family_prices import price_family
from app.rules.reaches import DaySpan
from app.rules.tariff_grids import GridVersion
from app.services.households import load_prices
from app.services.prices import FAMILIES_PER_BATCH
from app.services.tariffs import VersionView

A_YEAR = timedelta(days=365)
_BANDS = (-10_000, -5_000, -2_000, -500, 0, 500, 2_000, 5_000, 10_000)


@dataclass(frozen=True, slots=True)
class Band:
    """Families whose year would change by more than ``above_cents`` and at most ``to_cents`` (None: no limit).

    Those whose year stays the same are the band from 0 to 0.
    """

    above_cents: int | None
    to_cents: int | None
    families: int


@dataclass(frozen=True, slots=True)
class Comparison:
    """The bookings of a year under two grids: what all families together pay now and would pay (cents)."""

    since: date
    bookings: int
    now_cents: int
    then_cents: int
    paying_more: int  # families
    paying_less: int
    paying_the_same: int
    bands: tuple[Band, ...]  # from what falls most to what rises most
    unpriced: int  # bookings that one of the grids has no price for: left out


def compare(version: VersionView) -> Comparison | None:
    """A version against the one in force today, on the bookings of the last year. None when none is in force.

    All that the year's families had is priced twice, whole: siblings, packages and fees count in both, prepaid books in
    neither. A constant number of queries for each hundred families.
    """
    today = clock.today()
    activity = version.activity
    current = max((v for v in activity.tariffs if v.starts_on <= today), key=lambda v: v.starts_on, default=None)
    if current is None:
        return None
    since = today - A_YEAR
    session = db.session()
    families = session.scalars(
        select(Booking.family_id)
        .join(Opening, Opening.id == Booking.opening_id)
        .where(
            Opening.unit_id.in_([unit.id for unit in activity.units]), Booking.day > since, Booking.day <= today
        )
        .distinct()
        .order_by(Booking.family_id)
    ).all()  # fmt: skip
    span = DaySpan(since + timedelta(days=1), today)
    grids = [{activity.id: (GridVersion(date.min, each),)} for each in (current.grid, version.prices)]
    changes: dict[int, int] = {}
    bookings = now_cents = then_cents = unpriced = 0
    for start in range(0, len(families), FAMILIES_PER_BATCH):
        loaded = load_prices(session, families[start : start + FAMILIES_PER_BATCH], {activity.id: span})
        for family_id, prices in loaded.items():
            usages = [replace(each.usage, is_invoiced=False, book=None) for each in prices.booked.values()]
            # A fee is due in this year, whether or not it was asked before; a book would hide what a day costs.
            household = replace(prices.household, fees_paid=frozenset(), book_entries=())
            missing = {
                each.usage.key for tariffs in grids for each in price_family(household, usages, tariffs).unpriced
            }
            known = [usage for usage in usages if usage.key not in missing]
            now, then = (price_family(household, known, tariffs).total_cents for tariffs in grids)
            unpriced += len(missing)
            count = sum(1 for usage in known if usage.is_charged)
            if count:
                bookings += count
                now_cents += now
                then_cents += then
                changes[family_id] = then - now
    differences = list(changes.values())
    return Comparison(
        since=since,
        bookings=bookings,
        now_cents=now_cents,
        then_cents=then_cents,
        paying_more=sum(1 for cents in differences if cents > 0),
        paying_less=sum(1 for cents in differences if cents < 0),
        paying_the_same=differences.count(0),
        bands=_bands(differences),
        unpriced=unpriced,
    )


def _bands(differences: Sequence[int]) -> tuple[Band, ...]:
    """How many families in each band; those without change stand apart, in the middle."""
    falls = [bound for bound in _BANDS if bound <= 0]
    rises = [bound for bound in _BANDS if bound >= 0]
    bands = [Band(None, falls[0], sum(1 for cents in differences if cents <= falls[0]))]
    for low, high in pairwise(falls):
        count = sum(1 for cents in differences if low < cents <= high and cents != 0)
        bands.append(Band(low, high, count))
    bands.append(Band(0, 0, differences.count(0)))
    for low, high in pairwise(rises):
        bands.append(Band(low, high, sum(1 for cents in differences if low < cents <= high)))
    bands.append(Band(rises[-1], None, sum(1 for cents in differences if cents > rises[-1])))
    return tuple(bands)
