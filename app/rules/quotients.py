"""Which family quotient counts for a day. Quotients are integer cents.

Source: product.md section 6, docs/rules/quotients.md.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from enum import StrEnum, auto


@dataclass(frozen=True, slots=True)
class Quotient:
    """One dated QF of a family, in cents. Only a verified one lowers a price; without ``ends_on`` it is still valid."""

    value_cents: int
    starts_on: date
    ends_on: date | None
    is_verified: bool

    def covers(self, day: date) -> bool:
        """Whether this QF is valid on ``day``."""
        return self.starts_on <= day and (self.ends_on is None or day <= self.ends_on)


class QuotientOutcome(StrEnum):
    """What a family's QF rows say for a month.

    ``DECLINED``: it does not wish to tell, and is asked no more. ``NOT_APPLICABLE``: the price does not depend on it.
    """

    VERIFIED = auto()
    MISSING = auto()
    OUT_OF_DATE = auto()
    UNVERIFIED = auto()
    DECLINED = auto()
    NOT_APPLICABLE = auto()


@dataclass(frozen=True, slots=True)
class QuotientRead:
    """The outcome and the row it comes from (none when the QF is missing)."""

    outcome: QuotientOutcome
    quotient: Quotient | None


def quotient_on(quotients: Iterable[Quotient], day: date) -> QuotientRead:
    """The QF that counts on ``day``: the row valid on the first day of its month, the latest if several.

    A verified row that is still valid counts before a newer one that staff have not verified yet: declaring a new QF
    never raises the price by itself. A QF of 0 is a value.
    """
    month_start = day.replace(day=1)
    rows = sorted(quotients, key=lambda row: row.starts_on)
    valid = [row for row in rows if row.covers(month_start)]
    verified = [row for row in valid if row.is_verified]
    if verified:
        return QuotientRead(QuotientOutcome.VERIFIED, verified[-1])
    if valid:
        return QuotientRead(QuotientOutcome.UNVERIFIED, valid[-1])
    ended = [row for row in rows if row.starts_on <= month_start]
    if ended:
        return QuotientRead(QuotientOutcome.OUT_OF_DATE, ended[-1])
    return QuotientRead(QuotientOutcome.MISSING, None)


def outcome_on(quotients: Iterable[Quotient], day: date, *, declines: bool) -> QuotientOutcome:
    """What is known on ``day`` of a family that perhaps declines to tell: a verified QF counts all the same."""
    outcome = quotient_on(quotients, day).outcome
    return QuotientOutcome.DECLINED if declines and outcome is not QuotientOutcome.VERIFIED else outcome


def usual_quotient_end(starts_on: date, today: date) -> date:
    """Until when a quotient is usually valid: CAF reviews them each January, so 31 January after its month.

    One that is verified so late that this has passed is proposed until the next 31 January.
    """
    for year in (starts_on.year + 1, today.year):
        if date(year, 1, 31) >= today:
            return date(year, 1, 31)
    return date(today.year + 1, 1, 31)
