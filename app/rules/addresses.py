"""The parts of a French street line.

Source: the guide's « Coordonnées » (Numéro, Bis/Ter, Voie), docs/rules/addresses.md.
"""

import re
from dataclasses import dataclass

REPETITIONS = ("bis", "ter", "quater", "A", "B", "C", "D")

_SPELLING = {repetition.casefold(): repetition for repetition in REPETITIONS}
_STREET_LINE = re.compile(
    r"""
    (?P<number>\d{1,5}(?:\s*[-/]\s*\d{1,5})?)    # 12, 12-14, 12/14
    (?:\s*(?P<repetition>bis|ter|quater|[abcd])(?![\w’'.-]))?
    (?:\s*,\s*|\s+)
    (?!(?:bis|ter|quater|[abcd])$)                 # « 12 bis » alone has no street
    (?P<street>[^\W\d_].*)                         # a street begins with a letter
    """,
    re.IGNORECASE | re.VERBOSE,
)
_POSTAL_CODE = re.compile(r"(?:0[1-9]|[1-8][0-9]|9[0-8])[0-9]{3}", re.ASCII)


@dataclass(frozen=True, slots=True)
class StreetLine:
    """Number (« 12 », « 12-14 » or empty), repetition (one of ``REPETITIONS`` or empty), and street."""

    number: str
    repetition: str
    street: str


def split_street_line(line: str) -> StreetLine:
    """Split « 12 bis rue des Tilleuls ». A line without a number, such as a « lieu-dit », is all street."""
    text = " ".join(line.split())
    match = _STREET_LINE.fullmatch(text)
    if match is None:
        return StreetLine("", "", text)
    number = re.sub(r"\s", "", match["number"])
    return StreetLine(number, _SPELLING.get((match["repetition"] or "").casefold(), ""), match["street"])


def join_street_line(line: StreetLine) -> str:
    """« 12 bis rue des Tilleuls »: the line as the post office wants it."""
    return " ".join(part for part in (line.number, line.repetition, line.street) if part)


def is_postal_code(text: str) -> bool:
    """Whether ``text`` has the shape of a French postal code (01000 to 98999)."""
    return _POSTAL_CODE.fullmatch(text) is not None
