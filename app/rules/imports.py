"""What a file of families from another software says: its columns, its cells, which lines are one family.

A cell is read as a spreadsheet may have left it (a date as a number, a phone without its first zero). What is no such
thing stays as it was typed: the rules of the forms then say what is wrong with it.

Source: product.md section 7, docs/rules/imports.md.
"""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum, auto
from typing import TypeVar

from app.rules.namesakes import Person, name_words
from app.rules.texts import fold

MOST_BYTES = 10_000_000
MOST_LINES = 20_000
MOST_COLUMNS = 100
LONGEST_CELL = 1_000  # characters
LONGEST_FAMILY = 20  # lines

Mark = TypeVar("Mark")

Line = tuple[int, Mapping[str, str]]
"""The number of a line in the file, and its cells by column."""


class CellKind(StrEnum):
    """What a column holds, as far as a spreadsheet may have changed it."""

    TEXT = auto()
    TITLE = auto()
    PHONE = auto()
    POSTAL_CODE = auto()
    REGIME = auto()
    DAY = auto()
    MONTH = auto()


class Trace(StrEnum):
    """What a family did since it was imported: then its import is not undone any more."""

    ACCOUNT = auto()  # an adult opened theirs, or was invited
    ENROLMENT = auto()
    BOOKING = auto()
    MONEY = auto()
    FILE = auto()  # the file was changed, or something was handed in
    MESSAGE = auto()
    OTHER_HOME = auto()  # a child belongs to another family too
    OTHER = auto()


@dataclass(frozen=True, slots=True)
class Column:
    """A column of the file."""

    key: str
    heading: str
    explanation: str
    kind: CellKind = CellKind.TEXT
    is_required: bool = False
    aliases: tuple[str, ...] = ()  # other headings under which it is found


def _adult(number: int, *, is_required: bool) -> tuple[Column, ...]:
    who, must = f"adulte {number}", "Obligatoire. " if is_required else ""
    if_any = "" if is_required else " Vide s’il n’y a pas de second adulte."
    return (
        Column(
            f"title_{number}", f"Civilité {who}", f"{must}M. ou Mme, en toutes lettres ou non.{if_any}",
            CellKind.TITLE, is_required,
        ),
        Column(f"last_name_{number}", f"Nom {who}", f"{must}Nom de famille.{if_any}", is_required=is_required),
        Column(f"first_name_{number}", f"Prénom {who}", f"{must}Prénom usuel.{if_any}", is_required=is_required),
        Column(
            f"email_{number}", f"Email {who}", "Son adresse personnelle. Elle n’est à aucune autre famille.",
            aliases=(f"Courriel {who}", f"Mail {who}"),
        ),
        Column(
            f"mobile_phone_{number}", f"Tél. portable {who}", "Dix chiffres.", CellKind.PHONE,
            aliases=(f"Portable {who}", f"Téléphone portable {who}"),
        ),
    )  # fmt: skip


COLUMNS = (
    Column(
        "family", "N° famille", "Obligatoire. Le numéro du dossier\u00a0: le même sur toutes les lignes d’une famille.",
        is_required=True, aliases=("Numéro famille", "N° de famille", "Numéro de famille", "N° dossier", "Dossier"),
    ),
    *_adult(1, is_required=True),
    *_adult(2, is_required=False),
    Column("home_phone", "Tél. fixe", "Dix chiffres.", CellKind.PHONE, aliases=("Téléphone fixe",)),
    Column("street_line", "Adresse", "Obligatoire. Numéro et rue, par exemple 12 bis rue Haute.", is_required=True),
    Column("complement", "Complément d’adresse", "Bâtiment, appartement.", aliases=("Complément",)),
    Column("postal_code", "Code postal", "Obligatoire. Cinq chiffres.", CellKind.POSTAL_CODE, True, aliases=("CP",)),
    Column("city", "Commune", "Son nom officiel.", aliases=("Ville",)),
    Column("regime", "Régime", "CAF, MSA, autre ou aucun.", CellKind.REGIME, aliases=("Régime allocataire",)),
    Column(
        "fund_number", "N° allocataire", "Obligatoire avec CAF ou MSA.",
        aliases=("Numéro allocataire", "Num. allocataire"),
    ),
    Column("fund_holder_name", "Nom allocataire", "Vide\u00a0: le premier adulte."),
    Column("quotient", "Quotient familial", "En euros, par exemple 812,50.", aliases=("QF", "Quotient")),
    Column("quotient_month", "Mois du quotient", "Obligatoire avec un quotient, par exemple 10/2026.", CellKind.MONTH),
    Column("child_last_name", "Nom enfant", "Vide\u00a0: le nom du premier adulte."),
    Column("child_first_name", "Prénom enfant", "Obligatoire pour un enfant."),
    Column(
        "child_birth_date", "Date de naissance enfant", "Obligatoire pour un enfant, par exemple 14/05/2019.",
        CellKind.DAY, aliases=("Naissance enfant", "Né(e) le"),
    ),
)  # fmt: skip
"""One line of the file is one child, with its family beside it; a family without child is one line."""

BY_KEY: Mapping[str, Column] = {column.key: column for column in COLUMNS}
OF_CHILD = ("child_last_name", "child_first_name", "child_birth_date")


@dataclass(frozen=True, slots=True)
class Headings:
    """What the first line of a file says: where each column is, and what is wrong with it."""

    places: Mapping[str, int]
    missing: tuple[str, ...]  # headings that must be there
    twice: tuple[str, ...]  # headings that are there more than once
    unknown: tuple[str, ...]  # headings that are not read

    @property
    def is_usable(self) -> bool:
        """Whether the file can be read."""
        return not self.missing and not self.twice


def read_headings(cells: Sequence[str]) -> Headings:
    """The columns of a file, in whichever order; case, accents and signs do not matter."""
    places: dict[str, int] = {}
    twice: list[str] = []
    unknown: list[str] = []
    for place, cell in enumerate(cells):
        if not _plain(cell):
            continue
        key = _KEYS.get(_plain(cell))
        if key is None:
            unknown.append(cell)
        elif key in places:
            twice.append(BY_KEY[key].heading)
        else:
            places[key] = place
    missing = tuple(column.heading for column in COLUMNS if column.is_required and column.key not in places)
    return Headings(places, missing, tuple(dict.fromkeys(twice)), tuple(unknown))


def is_explanation(cells: Mapping[str, str]) -> bool:
    """Whether a line is the one of the model that says what to write."""
    return cells.get("family") == BY_KEY["family"].explanation


def read_cell(key: str, text: str) -> str:
    """A cell as a form takes it: codes of lists, ISO dates, phones and postal codes with the zero that was lost.

    What is none of that is returned as it is.
    """
    read = _READERS.get(BY_KEY[key].kind)
    return text if read is None or not text else read(text)


@dataclass(frozen=True, slots=True)
class Conflict:
    """That a line says something else of the family than a line above it."""

    line: int
    key: str
    first_line: int


@dataclass(frozen=True, slots=True)
class FamilyLines:
    """The lines of a family, as they are in the file."""

    reference: str  # its number in the other software
    lines: tuple[Line, ...]

    @property
    def first_line(self) -> int:
        """The number of its first line."""
        return self.lines[0][0]

    def home(self) -> Mapping[str, tuple[int, str]]:
        """What the lines say of the family and its adults: by column, the first that is not empty, with its line."""
        found: dict[str, tuple[int, str]] = {}
        for line, cells in self.lines:
            for key, text in cells.items():
                if text and key not in OF_CHILD:
                    found.setdefault(key, (line, text))
        return found

    def conflicts(self) -> tuple[Conflict, ...]:
        """What the lines do not say alike of the family; an empty cell says nothing."""
        said = self.home()
        return tuple(
            Conflict(line, key, said[key][0])
            for line, cells in self.lines
            for key, text in cells.items()
            if text and key in said and fold(read_cell(key, text)) != fold(read_cell(key, said[key][1]))
        )

    def children(self) -> tuple[Line, ...]:
        """The lines that tell of a child."""
        return tuple((line, cells) for line, cells in self.lines if any(cells.get(key) for key in OF_CHILD))

    def people(self) -> tuple[Person, ...]:
        """Its adults, whose birth the file does not tell, and its children; without those who cannot be read."""
        home = {key: text for key, (_, text) in self.home().items()}
        names = [(home.get(f"last_name_{each}", ""), home.get(f"first_name_{each}", "")) for each in (1, 2)]
        adults = [Person(last, first, None) for last, first in names if first]
        return (*adults, *(person for _, person in self._born()))

    def repeated(self) -> tuple[tuple[int, int], ...]:
        """The lines of a child who is on a line above already, with that line."""
        seen: dict[tuple[tuple[str, ...], date | None], int] = {}
        found = []
        for line, person in self._born():
            first = seen.setdefault((name_words(person), person.birth_date), line)
            if first != line:
                found.append((line, first))
        return tuple(found)

    def _born(self) -> Iterable[tuple[int, Person]]:
        """Its children who can be read, with their lines."""
        last_name = self.home().get("last_name_1", (0, ""))[1]
        for line, cells in self.children():
            first, born = cells.get("child_first_name"), cells.get("child_birth_date", "")
            day = _iso(read_cell("child_birth_date", born))
            if first and day is not None:
                yield line, Person(cells.get("child_last_name") or last_name, first, day)

    def emails(self) -> tuple[str, ...]:
        """The addresses of its adults, in lower case."""
        home = self.home()
        return tuple(home[key][1].lower() for key in ("email_1", "email_2") if key in home)


def gather(lines: Iterable[Line]) -> tuple[FamilyLines, ...]:
    """The families of a file, in the order of their first lines; they need not stand together.

    A line without number is a family of its own, which the rules of the forms will refuse.
    """
    found: dict[str | int, list[Line]] = {}
    for line, cells in lines:
        found.setdefault(cells.get("family") or line, []).append((line, cells))
    return tuple(FamilyLines(own[0][1].get("family", ""), tuple(own)) for own in found.values())


def first_alike(families: Sequence[FamilyLines]) -> Mapping[int, int]:
    """By the place of a family, the first line of one above it of which an adult or a child may be the same person."""
    seen: dict[tuple[tuple[str, ...], date | None], int] = {}
    return _firsts(families, lambda family: [(name_words(each), each.birth_date) for each in family.people()], seen)


def first_with_email(families: Sequence[FamilyLines]) -> Mapping[int, int]:
    """By the place of a family, the first line of one above it that has an address of its adults."""
    seen: dict[str, int] = {}
    return _firsts(families, FamilyLines.emails, seen)


def _firsts(
    families: Sequence[FamilyLines], marks_of: Callable[[FamilyLines], Iterable[Mark]], seen: dict[Mark, int]
) -> Mapping[int, int]:
    found: dict[int, int] = {}
    for place, family in enumerate(families):
        marks = set(marks_of(family))
        above = [seen[mark] for mark in marks if mark in seen]
        if above:
            found[place] = min(above)
        for mark in marks:
            seen.setdefault(mark, family.first_line)
    return found


# --- Cells ----------------------------------------------------------------------------------------------------------

_EPOCH = date(1899, 12, 30)  # of the days that spreadsheets count
_SERIALS = range(10_000, 80_000)  # 1927 to 2119
_MONTHS = (
    "janvier", "fevrier", "mars", "avril", "mai", "juin", "juillet", "aout", "septembre", "octobre", "novembre",
    "decembre",
)  # fmt: skip
_TITLES = {
    "m": "mister", "mr": "mister", "monsieur": "mister", "h": "mister", "mme": "madam", "madame": "madam",
    "mlle": "madam", "mademoiselle": "madam", "f": "madam",
}  # fmt: skip
_REGIMES = {
    "caf": "general", "general": "general", "regimegeneral": "general", "msa": "agricultural",
    "agricole": "agricultural", "regimeagricole": "agricultural", "autre": "other", "aucun": "none",
}  # fmt: skip


def _plain(text: str) -> str:
    return "".join(char for char in fold(text) if char.isalnum())


_KEYS = {_plain(heading): column.key for column in COLUMNS for heading in (column.heading, *column.aliases)}


def _phone(text: str) -> str:
    digits = re.sub(r"[\s.]", "", text)
    if re.fullmatch(r"[1-9][0-9]{8}", digits, re.ASCII):
        return f"0{digits}"
    return f"+{digits}" if re.fullmatch(r"33[1-9][0-9]{8}", digits, re.ASCII) else text


def _postal_code(text: str) -> str:
    return f"0{text}" if re.fullmatch(r"[1-9][0-9]{3}", text, re.ASCII) else text


def _iso(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def _day_of(year: str, month: str, day: str) -> date | None:
    try:
        return date(int(year), int(month), int(day))
    except ValueError:
        return None


def _read_day(text: str) -> date | None:
    if re.fullmatch(r"[0-9]{5}", text, re.ASCII) and int(text) in _SERIALS:
        return _EPOCH + timedelta(days=int(text))
    if found := re.fullmatch(r"([0-9]{4})-([0-9]{2})-([0-9]{2})(?:[ T]00:00(?::00(?:\.0+)?)?)?", text, re.ASCII):
        return _day_of(*found.groups())
    if found := re.fullmatch(r"([0-9]{1,2})[/. -]([0-9]{1,2})[/. -]([0-9]{4})(?: 00:00(?::00)?)?", text, re.ASCII):
        return _day_of(found[3], found[2], found[1])
    if found := re.fullmatch(r"([0-9]{1,2})(?:er)? ([a-z]+) ([0-9]{4})", fold(text), re.ASCII):
        return _day_of(found[3], str(_month_named(found[2])), found[1])
    return None


def _month_named(word: str) -> int:
    return _MONTHS.index(word) + 1 if word in _MONTHS else 0


def _day(text: str) -> str:
    day = _read_day(text)
    return text if day is None else day.isoformat()


def _month(text: str) -> str:
    if found := re.fullmatch(r"([0-9]{4})[-/]([0-9]{1,2})", text, re.ASCII):
        day = _day_of(found[1], found[2], "1")
    elif found := re.fullmatch(r"([0-9]{1,2})[-/. ]([0-9]{4})", text, re.ASCII):
        day = _day_of(found[2], found[1], "1")
    elif found := re.fullmatch(r"([a-z]+) ([0-9]{4})", fold(text), re.ASCII):
        day = _day_of(found[2], str(_month_named(found[1])), "1")
    else:
        day = _read_day(text)
    return text if day is None else day.replace(day=1).isoformat()


_READERS: Mapping[CellKind, Callable[[str], str]] = {
    CellKind.TITLE: lambda text: _TITLES.get(_plain(text), text),
    CellKind.PHONE: _phone,
    CellKind.POSTAL_CODE: _postal_code,
    CellKind.REGIME: lambda text: _REGIMES.get(_plain(text), text),
    CellKind.DAY: _day,
    CellKind.MONTH: _month,
}
