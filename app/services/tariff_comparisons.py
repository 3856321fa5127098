"""What a version of prices to come would have changed for last year's bookings: who pays how much more or less."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import pairwise

from sqlalchemy import extract, func, select

from app import clock
from app.database import db
from app.models.bookings import Booking, Opening
from app.rules.invoicing import is_charged
from app.rules.quotients import Quotient, QuotientRead, quotient_on
from app.rules.rates import Unpriced
from app.rules.tariff_grids import Grid, GridVersion
from app.services.catalogue import catalogue
from app.services.families import quotients_of_families
from app.services.prices import unit_price
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

    Three queries, however many the bookings.
    """
    today = clock.today()
    activity = version.activity
    current = max((v for v in activity.tariffs if v.starts_on <= today), key=lambda v: v.starts_on, default=None)
    if current is None:
        return None
    since = today - A_YEAR
    year, month = extract("year", Booking.day), extract("month", Booking.day)
    rows = db.session.execute(
        select(
            Booking.family_id, Opening.unit_id, year, month, Booking.status, Booking.cancel_class, func.count()
        )
        .join(Opening, Opening.id == Booking.opening_id)
        .where(
            Opening.unit_id.in_([unit.id for unit in activity.units]), Booking.day > since, Booking.day <= today
        )
        .group_by(Booking.family_id, Opening.unit_id, year, month, Booking.status, Booking.cancel_class)
    ).all()  # fmt: skip
    quotients = quotients_of_families(db.session(), {row.family_id for row in rows})
    before, after = _Prices(current.grid), _Prices(version.prices)
    changes: defaultdict[int, int] = defaultdict(int)
    bookings = now_cents = then_cents = unpriced = 0
    for family_id, unit_id, booked_year, booked_month, status, cancel_class, count in rows:
        if not is_charged(status, cancel_class):
            continue
        day = date(int(booked_year), int(booked_month), 1)
        now, then = (each.of(unit_id, day, quotients.get(family_id, ())) for each in (before, after))
        if now is None or then is None:
            unpriced += count
            continue
        bookings += count
        now_cents += count * now
        then_cents += count * then
        changes[family_id] += count * (then - now)
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


class _Prices:
    """The prices of a grid, each asked for once: a unit costs the same for the same quotient."""

    def __init__(self, grid: Grid) -> None:
        self._versions = (GridVersion(date.min, grid),)
        self._known: dict[tuple[int, date, QuotientRead], int | None] = {}

    def of(self, unit_id: int, day: date, quotients: Sequence[Quotient]) -> int | None:
        """The price in cents; None where the grid has none."""
        key = unit_id, day, quotient_on(quotients, day)
        if key not in self._known:
            try:
                price = unit_price(catalogue().units[unit_id], day, self._versions, quotients)
                self._known[key] = price.amount_cents
            except Unpriced:
                self._known[key] = None
        return self._known[key]


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
