"""How long each class of personal data is kept before the purge takes it.

Source: docs/rules/retention.md (RGPD article 5-1-e, the guide, Code de commerce L123-22, CASF R227-7, CNIL).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum, auto

from app.rules.calendars import add_months


class DataClass(StrEnum):
    """A class of personal data; each table belongs to one (services.kept_tables)."""

    FAMILY_FILE = auto()  # a family without activity goes with all that the other classes do not keep
    SIGN_UPS = auto()  # refused requests for an account
    HEALTH = auto()
    HEALTH_READS = auto()
    DOCUMENTS = auto()
    CERTIFICATES = auto()  # what justifies absences
    FILE_CHANGES = auto()
    MESSAGES = auto()  # what families and the council write to each other
    BOOKINGS = auto()
    ACCOUNTING = auto()
    MAILS = auto()
    SIGN_INS = auto()
    ACCESS = auto()  # sessions, links, codes, throttles
    IMPORTS = auto()  # what a file of families said, and the codes of its adults
    ACCOUNTS = auto()  # closed ones
    LOG = auto()  # erasures and purges: names nobody


class Unit(StrEnum):
    """What a duration counts."""

    DAYS = auto()
    MONTHS = auto()


@dataclass(frozen=True, slots=True)
class Duration:
    """How long a class is kept unless the staff say otherwise, and between what bounds they may."""

    usual: int
    least: int
    most: int
    unit: Unit = Unit.MONTHS


DURATIONS: Mapping[DataClass, Duration] = {
    DataClass.FAMILY_FILE: Duration(60, 12, 60),
    DataClass.SIGN_UPS: Duration(12, 1, 12),
    DataClass.HEALTH: Duration(6, 1, 12),
    DataClass.HEALTH_READS: Duration(12, 6, 36),
    DataClass.DOCUMENTS: Duration(12, 1, 36),
    DataClass.CERTIFICATES: Duration(3, 1, 12),
    DataClass.FILE_CHANGES: Duration(36, 6, 60),
    DataClass.MESSAGES: Duration(36, 6, 60),
    DataClass.BOOKINGS: Duration(60, 24, 60),
    DataClass.ACCOUNTING: Duration(120, 120, 180),
    DataClass.MAILS: Duration(12, 1, 36),
    DataClass.SIGN_INS: Duration(12, 6, 36),
    DataClass.ACCESS: Duration(30, 1, 90, Unit.DAYS),
    DataClass.IMPORTS: Duration(30, 1, 90, Unit.DAYS),
    DataClass.ACCOUNTS: Duration(60, 12, 60),
    DataClass.LOG: Duration(60, 12, 60),
}


def duration_of(data: DataClass, chosen: Mapping[DataClass, int]) -> int:
    """How long a class is kept, in its unit: as the staff chose, within today's bounds."""
    duration = DURATIONS[data]
    return min(max(chosen.get(data, duration.usual), duration.least), duration.most)


def first_kept_day(data: DataClass, amount: int, today: date) -> date:
    """The first day that is still kept: what is older goes."""
    if DURATIONS[data].unit is Unit.DAYS:
        return today - timedelta(days=amount)
    return add_months(today, -amount)


def kept_until(data: DataClass, amount: int, day: date) -> date:
    """The last day on which something of this day is kept."""
    if DURATIONS[data].unit is Unit.DAYS:
        return day + timedelta(days=amount)
    return add_months(day, amount)


class PurgeAct(StrEnum):
    """What a purge does with a family without activity."""

    WAIT = auto()
    TELL = auto()  # by mail, that it will go
    ERASE = auto()


TOLD_MONTHS_BEFORE = 1


def purge_act(*, is_over: bool, told_on: date | None, has_address: bool, first_kept: date, today: date) -> PurgeAct:
    """What to do with a family whose time is over, or will be within a month.

    `is_over`: it is already; `told_on`: when it was told last; `has_address`: anybody of it can be told; `first_kept`:
    the first day that the class keeps.
    """
    if not has_address:
        return PurgeAct.ERASE if is_over else PurgeAct.WAIT
    # It was told before it was active again, and has been inactive anew since.
    if told_on is None or told_on < add_months(first_kept, TOLD_MONTHS_BEFORE):
        return PurgeAct.TELL
    return PurgeAct.ERASE if is_over and add_months(told_on, TOLD_MONTHS_BEFORE) <= today else PurgeAct.WAIT
