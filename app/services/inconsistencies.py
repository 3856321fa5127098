"""What can be wrong in a database, as `services.checks` says it."""

from dataclasses import dataclass
from enum import StrEnum, auto


class Problem(StrEnum):
    """What can be wrong."""

    COUNTER = auto()  # a counter is not the number of distinct children that hold a place
    OVERSOLD = auto()  # more taken than there are places, and than the staff booked beyond them for a reason
    BOOKED_TWICE = auto()  # a child has two active bookings of an opening, or of a unit on one day, or is charged two
    LOG = auto()  # a booking's log does not end with its status
    PRICE = auto()  # a price that the tariff of that day does not have
    WAITING = auto()  # an entry of a waiting list and its bookings disagree, or an offer has no end
    ENROLMENT = auto()  # a booking that its enrolment does not cover
    COMBINATION = auto()  # the bookings of a day break a combination rule
    OVERLAP = auto()  # a child is in two activities at hours that cross, and nobody said why
    ABSENCE = auto()  # an absence that was accepted is charged, or one is not that nobody accepted
    INVOICE_TOTAL = auto()  # an invoice is not the sum of its lines
    INVOICED_BOOKING = auto()  # a line is not the sum of its bookings, or a booking that costs nothing is on one
    CARRIED = auto()  # a month carried forward ended without an invoice, and its days are on none
    AID = auto()  # the ledger of an aid is not what the lines of invoices take off, or has more than was promised
    BOOK = auto()  # a prepaid book is invoiced at another price, or has spent more entries than it has
    CREDIT = auto()  # a credit note is not the sum of its lines, or takes back more than was asked
    ALLOCATION = auto()  # more is allocated than a payment or an invoice is worth, or across families or offices
    BASKET = auto()  # an online payment and the money recorded for it differ, or it paid for places that nobody has
    HELD = auto()  # a place is kept for its payment without end, or long after it
    DEBIT = auto()  # a line of a collection and its payment differ, or one was recorded of no line
    CASH_DESK = auto()  # receipts are not deposits and what is in hand, or the journal does not tell all, once
    NUMBERS = auto()  # the numbers of a series have a gap, or end elsewhere than the series says


@dataclass(frozen=True, slots=True)
class Inconsistency:
    """One thing that is wrong, and where; without names."""

    problem: Problem
    where: str
