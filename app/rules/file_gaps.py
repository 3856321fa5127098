"""What a family's file lacks, and what that costs the family.

Source: the guide's « Ma famille » A (without these the maximum price, without aid), docs/rules/file_gaps.md.
"""

from dataclasses import dataclass
from enum import StrEnum, auto

from app.rules.quotients import QuotientOutcome


class FileGap(StrEnum):
    """Something that the family can still give."""

    PHONE = auto()
    ADDRESS = auto()
    REGIME = auto()
    FUND_NUMBER = auto()
    QUOTIENT = auto()
    QUOTIENT_OUT_OF_DATE = auto()
    QUOTIENT_REFUSED = auto()


@dataclass(frozen=True, slots=True)
class FileFacts:
    """What the file holds."""

    has_phone: bool
    has_address: bool
    has_regime: bool
    asks_fund: bool  # the regime has numbers of its own (CAF, MSA)
    has_fund_number: bool
    quotient: QuotientOutcome  # today
    was_refused: bool  # the staff refused the quotient given last


@dataclass(frozen=True, slots=True)
class FileGaps:
    """What is missing, in the order in which one would fill it in, and what it costs."""

    gaps: tuple[FileGap, ...]
    pays_maximum: bool  # no verified quotient counts today
    loses_aid: bool  # without regime or number no aid can be asked for
    is_checked: bool  # a quotient waits for the staff


def find_gaps(facts: FileFacts) -> FileGaps:
    """What a file lacks. A quotient that waits for the staff is no gap: the family has done its part."""
    fund_is_missing = facts.asks_fund and not facts.has_fund_number
    quotient_gap = {
        QuotientOutcome.MISSING: FileGap.QUOTIENT_REFUSED if facts.was_refused else FileGap.QUOTIENT,
        QuotientOutcome.OUT_OF_DATE: FileGap.QUOTIENT_REFUSED if facts.was_refused else FileGap.QUOTIENT_OUT_OF_DATE,
    }.get(facts.quotient)
    found = (
        (FileGap.PHONE, not facts.has_phone),
        (FileGap.ADDRESS, not facts.has_address),
        (FileGap.REGIME, not facts.has_regime),
        (FileGap.FUND_NUMBER, fund_is_missing),
    )
    gaps = tuple(gap for gap, is_missing in found if is_missing)
    return FileGaps(
        gaps=gaps if quotient_gap is None else (*gaps, quotient_gap),
        pays_maximum=facts.quotient is not QuotientOutcome.VERIFIED,
        loses_aid=not facts.has_regime or fund_is_missing,
        is_checked=facts.quotient is QuotientOutcome.UNVERIFIED,
    )
