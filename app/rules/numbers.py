"""The numbers of invoices, credit notes, receipts, refunds and slips of deposits.

Source: product.md section 6, docs/rules/numbers.md.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum, auto

LAST_NUMBER = 99_999
"""What five digits hold: no office issues as many in a month."""


class DocumentKind(StrEnum):
    """What has a number of its own; each kind of an office is a series."""

    INVOICE = auto()
    CREDIT_NOTE = auto()
    RECEIPT = auto()
    REFUND = auto()
    DEPOSIT = auto()


LETTERS: Mapping[DocumentKind, str] = {
    DocumentKind.INVOICE: "F",
    DocumentKind.CREDIT_NOTE: "A",
    DocumentKind.RECEIPT: "Q",
    DocumentKind.REFUND: "R",
    DocumentKind.DEPOSIT: "V",
}
_KINDS = {letter: kind for kind, letter in LETTERS.items()}
_PREFIX = re.compile(r"[A-Za-z0-9]{1,10}")
_NUMBER = re.compile(r"([A-Za-z0-9]{1,10})-([FAQRV])([0-9]{2})([0-9]{2})([0-9]{5})")


@dataclass(frozen=True, slots=True)
class DocumentNumber:
    """The parts of a number: the office's prefix, the kind, the first day of the series' month, the place in it."""

    prefix: str
    kind: DocumentKind
    month: date
    n: int


def is_prefix(text: str) -> bool:
    """Whether an office's numbers may begin with this: 1 to 10 unaccented letters or digits."""
    return _PREFIX.fullmatch(text) is not None


def document_number(prefix: str, kind: DocumentKind, month: date, n: int) -> str:
    """« pop-F200300001 »: the ``n``-th document of this kind in this month (any of its days), counted from 1.

    Raises ValueError for a prefix, a year or a place that the form cannot hold.
    """
    if not is_prefix(prefix):
        raise ValueError("a prefix is 1 to 10 letters or digits")
    if not 2000 <= month.year <= 2099:
        raise ValueError("two digits tell the years 2000 to 2099 only")
    if not 1 <= n <= LAST_NUMBER:
        raise ValueError(f"a place in a series is 1 to {LAST_NUMBER}")
    return f"{prefix}-{LETTERS[kind]}{month:%y%m}{n:05d}"


def read_document_number(text: str) -> DocumentNumber:
    """The parts of a number. Raises ValueError for anything that ``document_number`` does not write."""
    found = _NUMBER.fullmatch(text)
    if found is None or found[5] == "00000":
        raise ValueError("not the number of a document")
    month = date(2000 + int(found[3]), int(found[4]), 1)
    return DocumentNumber(found[1], _KINDS[found[2]], month, int(found[5]))


def series_month(document_date: date, last_issued_month: date | None) -> date:
    """The first day of the month whose series a document dated ``document_date`` takes its number from.

    It is the month of the date, but never before the last month in which this office issued a document of this kind:
    numbers in the order of issue never go back. ``last_issued_month`` is any day of that month, None for the first.
    """
    month = document_date.replace(day=1)
    return month if last_issued_month is None else max(month, last_issued_month.replace(day=1))
