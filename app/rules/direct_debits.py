"""Direct debits: is an identifier of the scheme well formed, how long does a mandate hold, when may money be collected.

Source: domain.md section 5.4, docs/rules/direct_debits.md.
"""

import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum, auto

from app.rules.calendars import ONE_DAY, add_months

USUAL_NOTICE_DAYS = 14
"""Between telling a family and collecting, where the office says nothing else."""

LAPSES_AFTER_MONTHS = 36
"""A mandate that nothing was collected with for so long holds no more."""

LONGEST_REFERENCE = 35
_ICS = re.compile(r"[A-Z]{2}[0-9]{2}[A-Z0-9]{3}[A-Z0-9]{1,28}")
_FRENCH_ICS_LENGTH = 13
_BIC = re.compile(r"[A-Z]{4}[A-Z]{2}[A-Z0-9]{2}([A-Z0-9]{3})?")


def read_creditor_identifier(text: str) -> str | None:
    """A creditor identifier (ICS) without spaces; None for what is none: its length, its letters or its key.

    The three characters after the key are the creditor's own and do not count in it.
    """
    ics = re.sub(r"\s", "", text).upper()
    if _ICS.fullmatch(ics) is None or (ics.startswith("FR") and len(ics) != _FRENCH_ICS_LENGTH):
        return None
    digits = "".join(str(int(char, 36)) for char in ics[7:] + ics[:4])
    return ics if int(digits) % 97 == 1 else None


def read_bic(text: str) -> str | None:
    """The code of a bank, 8 or 11 characters, without spaces; None for what is none."""
    bic = re.sub(r"\s", "", text).upper()
    return bic if _BIC.fullmatch(bic) else None


def mandate_reference(prefix: str, family_id: int, number: int) -> str:
    """The RUM of the ``number``-th mandate of a family for an office: « pop-M000012-1 ».

    Raises ValueError where it would be longer than the scheme allows.
    """
    reference = f"{prefix}-M{family_id:06}-{number}"
    if len(reference) > LONGEST_REFERENCE:
        raise ValueError(f"a reference has {LONGEST_REFERENCE} characters at most")
    return reference


# Mandates


class MandateState(StrEnum):
    """Whether a mandate lets an office collect."""

    ACTIVE = auto()
    LAPSED = auto()
    ENDED = auto()


def holds_until(signed_on: date, collected_on: date | None) -> date:
    """The last day on which a mandate holds: 36 months after the last collection, else after its signature."""
    return add_months(signed_on if collected_on is None else max(signed_on, collected_on), LAPSES_AFTER_MONTHS)


def used_since(day: date) -> date:
    """The first day such that a mandate signed or used on it still holds on ``day``."""
    first = add_months(day, -LAPSES_AFTER_MONTHS)
    return first if holds_until(first, None) >= day else first + ONE_DAY


def mandate_state(signed_on: date, collected_on: date | None, day: date, *, is_ended: bool) -> MandateState:
    """What a mandate is worth on a day; ``collected_on``: the last collection that a bank was asked for with it."""
    if is_ended:
        return MandateState.ENDED
    return MandateState.ACTIVE if day <= holds_until(signed_on, collected_on) else MandateState.LAPSED


class DebitSequence(StrEnum):
    """What the file says of a collection: the first with a mandate, or one of those that follow.

    Mandates are for as long as they hold: a last one (FNAL) need not be told, a single one (OOFF) is never asked.
    """

    FIRST = "FRST"
    RECURRENT = "RCUR"


def sequence_of(earlier: int) -> DebitSequence:
    """What a collection is, after so many with the same mandate that were not refused."""
    return DebitSequence.RECURRENT if earlier else DebitSequence.FIRST


# Days


def easter(year: int) -> date:
    """Easter Sunday (Gregorian; Meeus, Astronomical Algorithms, chapter 8)."""
    a, b, c = year % 19, year // 100, year % 100
    d, e = divmod(b, 4)
    g = (8 * b + 13) // 25
    h = (19 * a + b - d - g + 15) % 30
    i, k = divmod(c, 4)
    l_ = (32 + 2 * e + 2 * i - h - k) % 7
    m = (a + 11 * h + 19 * l_) // 433
    month = (h + l_ - 7 * m + 90) // 25
    return date(year, month, (h + l_ - 7 * m + 33 * month + 19) % 32)


def is_bank_day(day: date, is_working_day: Callable[[date], bool]) -> bool:
    """Whether banks collect: a working day of the council's calendar, but Good Friday and 26 December (T2)."""
    is_closed = day == easter(day.year) - 2 * ONE_DAY or (day.month, day.day) == (12, 26)
    return is_working_day(day) and not is_closed


def first_collection_day(today: date, notice_days: int, is_working_day: Callable[[date], bool]) -> date:
    """The first day on which what is told today may be collected."""
    day = today + timedelta(days=notice_days)
    while not is_bank_day(day, is_working_day):
        day += ONE_DAY
    return day


class DayObstacle(StrEnum):
    """Why nothing is collected on a day."""

    TOO_SOON = auto()
    NOT_A_BANK_DAY = auto()
    TOO_LATE = auto()


FURTHEST_DAYS = 120
"""So far ahead at most a collection is prepared: what is due changes until then."""


def day_obstacle(
    day: date, today: date, notice_days: int, is_working_day: Callable[[date], bool]
) -> DayObstacle | None:
    """What keeps a day from being that of a collection; None: nothing does."""
    if day < today + timedelta(days=notice_days):
        return DayObstacle.TOO_SOON
    if day > today + timedelta(days=FURTHEST_DAYS):
        return DayObstacle.TOO_LATE
    return None if is_bank_day(day, is_working_day) else DayObstacle.NOT_A_BANK_DAY


# Which invoices


class LeftOut(StrEnum):
    """Why an invoice is not collected."""

    TRANSFERRED = auto()  # to the Treasury, which asks for it
    IN_BATCH = auto()  # another collection has it already
    PAYING = auto()  # online, now
    DISPUTED = auto()
    PLAN = auto()  # paid as agreed
    NO_MANDATE = auto()
    LAPSED = auto()


@dataclass(frozen=True, slots=True)
class Collectable:
    """An invoice that is due by the day of a collection, as the rule looks at it."""

    is_transferred: bool = False
    is_in_batch: bool = False
    is_paying: bool = False
    is_disputed: bool = False
    has_plan: bool = False
    mandate: MandateState | None = None  # of its family for its office; an ended one is none


def left_out(invoice: Collectable) -> LeftOut | None:
    """Why an invoice is not collected; None: it is. The first reason that holds, in the order of `LeftOut`."""
    reasons = {
        LeftOut.TRANSFERRED: invoice.is_transferred,
        LeftOut.IN_BATCH: invoice.is_in_batch,
        LeftOut.PAYING: invoice.is_paying,
        LeftOut.DISPUTED: invoice.is_disputed,
        LeftOut.PLAN: invoice.has_plan,
        LeftOut.NO_MANDATE: invoice.mandate in (None, MandateState.ENDED),
        LeftOut.LAPSED: invoice.mandate is MandateState.LAPSED,
    }
    return next((reason for reason, holds in reasons.items() if holds), None)


# What came back


class DebitRefusal(StrEnum):
    """Why a collection is refused or sent back: the codes of the scheme (R-transactions), and one of the council's."""

    AC01 = "AC01"
    AC04 = "AC04"
    AC06 = "AC06"
    AC13 = "AC13"
    AG01 = "AG01"
    AG02 = "AG02"
    AM04 = "AM04"
    AM05 = "AM05"
    BE05 = "BE05"
    CNOR = "CNOR"
    DNOR = "DNOR"
    FF01 = "FF01"
    MD01 = "MD01"
    MD02 = "MD02"
    MD06 = "MD06"
    MD07 = "MD07"
    MS02 = "MS02"
    MS03 = "MS03"
    RC01 = "RC01"
    RR01 = "RR01"
    RR02 = "RR02"
    RR03 = "RR03"
    RR04 = "RR04"
    SL01 = "SL01"
    MANDATE_ENDED = "mandate_ended"  # before the file left: no bank was asked
    TAKEN_OUT = "taken_out"  # by an agent, before the file left


BANK_REFUSALS = tuple(each for each in DebitRefusal if each.value.isupper())
"""What a bank may answer."""


class BatchState(StrEnum):
    """Where a collection stands."""

    PREPARED = auto()  # families are told, the file was never taken away
    SENT = auto()  # the file was taken away
    RECORDING = auto()  # the payments are being written down
    RECORDED = auto()
    ABANDONED = auto()


def batch_state(*, is_sent: bool, is_ordered: bool, is_recorded: bool, is_abandoned: bool) -> BatchState:
    """Where a collection stands, read from what was done."""
    if is_abandoned:
        return BatchState.ABANDONED
    if is_recorded:
        return BatchState.RECORDED
    if is_ordered:
        return BatchState.RECORDING
    return BatchState.SENT if is_sent else BatchState.PREPARED


class LineState(StrEnum):
    """What became of a line."""

    PLANNED = auto()
    RECORDED = auto()
    REFUSED = auto()  # before any payment was recorded
    RETURNED = auto()  # afterwards: the payment is reversed
    ABANDONED = auto()


# The letters that banks take

_LIGATURES = str.maketrans({"œ": "oe", "Œ": "OE", "æ": "ae", "Æ": "AE", "ß": "ss", "ø": "o", "Ø": "O", "’": "'"})
_NOT_TAKEN = re.compile(r"[^A-Za-z0-9/\-?:().,'+ ]+")


def bank_text(text: str, longest: int) -> str:
    """A text in the letters that all banks of the scheme take: without accents, other signs become spaces."""
    plain = unicodedata.normalize("NFKD", text.translate(_LIGATURES))
    plain = "".join(char for char in plain if not unicodedata.combining(char))
    return " ".join(_NOT_TAKEN.sub(" ", plain).split())[:longest].rstrip()
