"""Tables for spreadsheets: what a downloaded list looks like, and why no cell of it is a formula.

Source: domain.md (exports: formula injection), docs/rules/spreadsheets.md.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

Cell = str | int | Decimal | date
"""What a cell may hold; a `Decimal` (euros, hours) has two decimals."""


@dataclass(frozen=True, slots=True)
class Table:
    """A list for spreadsheets: its headings, and its rows, which may be read as they are written."""

    headings: Sequence[str]
    rows: Iterable[Sequence[Cell]]


_FORMULA = re.compile(r"\s*[=+\-@\uff1d\uff0b\uff0d\uff20]|[\t\r\n]")
_FORMULA_WITHIN = re.compile(r'([,;|\t\r\n][\s"]*)(?=([=+\-@\uff1d\uff0b\uff0d\uff20]))')
_PLAIN_BACKWARDS = re.compile(
    r"(?:[^\W\d_]|[0-9](?![^\W\d_])|[\s.,;:’'/€%?…«»]|[+\-](?=[ \u00a0\u202f]*(?:[^\W\d_]|[,;\n])))*"
)
_NUMBER = re.compile(r"-[0-9]+(,[0-9]+)?")


def defused(cell: str) -> str:
    """A cell that no spreadsheet takes for a formula: numbers may be negative, all else never begins like one."""
    is_formula = _FORMULA.match(cell) is not None and _NUMBER.fullmatch(cell) is None
    return f"'{cell}" if is_formula else cell


def written(cell: Cell) -> str:
    """A cell as a list for spreadsheets has it: « 12,50 », « 23/11/2026 », and no text that is a formula.

    Nor any part of a text that is a cell to whoever reads the list with another separator.
    """
    if isinstance(cell, str):
        return _defused_within(defused(cell))
    if isinstance(cell, Decimal):
        return f"{cell:.2f}".replace(".", ",")
    return f"{cell:%d/%m/%Y}" if isinstance(cell, date) else str(cell)


def _defused_within(text: str) -> str:
    """Where « + » or « - » begins nothing but words and one number each, up to the end, it computes nothing.

    A formula that does anything has an equals sign, a parenthesis, a bar, a reference or another such character.
    """
    last = _PLAIN_BACKWARDS.match(text[::-1])
    plain_from = len(text) - (last.end() if last else 0)

    def answer(found: re.Match[str]) -> str:
        is_plain = found[2] in "+-" and found.end() + 1 >= plain_from
        return found[1] if is_plain else f"{found[1]}'"

    return _FORMULA_WITHIN.sub(answer, text)


def euros_of(cents: int) -> Decimal:
    """An amount in cents as a cell."""
    return Decimal(cents) / 100
