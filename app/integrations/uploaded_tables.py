"""Tables that people upload, read line by line: CSV, and the first sheet of a workbook (XLSX).

A workbook is a ZIP of XML from anybody. Of it two parts are read, as a stream and no further than a limit, whatever
their headers say; no document type is allowed, so that no entity expands. A formula is never computed: what counts is
the value that the spreadsheet stored beside it. A number stays the number that it is stored as, also where the
spreadsheet shows it as a date (`rules.imports` reads those).
"""

import csv
import io
import logging
import re
import threading
import zipfile
import zlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from enum import StrEnum, auto
from typing import Any
from xml.parsers import expat

from app.integrations import clamd

MOST_UNPACKED_BYTES = 100_000_000  # of a part of a workbook
MOST_PARTS = 1_000
MOST_CHARACTERS = 30_000_000  # of all cells: a text that many cells of a workbook share is there once
_CHUNK_BYTES = 1 << 16
_LONGEST_WAIT_SECONDS = 20
_ONE_AT_A_TIME = threading.Semaphore(1)
"""A large file takes much memory for some seconds."""

logger = logging.getLogger(__name__)


class TableRefusal(StrEnum):
    """Why a file is not read."""

    EMPTY = auto()
    UNKNOWN_KIND = auto()  # a PDF, a picture, an old workbook (XLS), whatever its name
    BROKEN = auto()
    TOO_HEAVY = auto()
    TOO_LONG = auto()  # lines
    TOO_WIDE = auto()  # columns
    LONG_CELL = auto()
    INFECTED = auto()
    NOT_SCANNED = auto()
    BUSY = auto()


class TableRefused(Exception):
    """The file is refused."""

    def __init__(self, refusal: TableRefusal, line: int | None = None) -> None:
        super().__init__(refusal)
        self.refusal = refusal
        self.line = line


@dataclass(frozen=True, slots=True)
class Limits:
    """How large a file may be."""

    most_bytes: int
    most_lines: int  # that hold something
    most_columns: int
    longest_cell: int  # characters


Numbered = tuple[int, Sequence[str]]


def read_table(
    content: bytes, limits: Limits, count_known: Callable[[Sequence[str]], int], clamd_address: str | None
) -> list[Numbered]:
    """The lines of a file that hold something, with their numbers in it. Raises TableRefused.

    `count_known`: how many of some cells are headings that are looked for; it tells `;` from `,`.
    """
    if not content.strip():
        raise TableRefused(TableRefusal.EMPTY)
    if len(content) > limits.most_bytes:
        raise TableRefused(TableRefusal.TOO_HEAVY)
    _scan(content, clamd_address)
    if not _ONE_AT_A_TIME.acquire(timeout=_LONGEST_WAIT_SECONDS):
        raise TableRefused(TableRefusal.BUSY)
    try:
        is_zip = content.startswith(b"PK\x03\x04")
        found = list(_checked(_lines_of_workbook(content) if is_zip else _lines_of_csv(content, count_known), limits))
    finally:
        _ONE_AT_A_TIME.release()
    if not found:
        raise TableRefused(TableRefusal.EMPTY)
    return found


def _scan(content: bytes, address: str | None) -> None:
    if address is None:
        return
    try:
        is_infected = clamd.is_infected(address, content)
    except clamd.ScannerSilent:
        logger.warning("the antivirus does not answer: a file was refused")
        raise TableRefused(TableRefusal.NOT_SCANNED) from None
    if is_infected:
        raise TableRefused(TableRefusal.INFECTED)


def _checked(lines: Iterator[Numbered], limits: Limits) -> Iterator[Numbered]:
    count = characters = 0
    for number, cells in lines:
        stripped = [cell.strip() for cell in cells]
        while stripped and not stripped[-1]:
            stripped.pop()
        if not stripped:
            continue
        count += 1
        characters += sum(map(len, stripped))
        if characters > MOST_CHARACTERS:
            raise TableRefused(TableRefusal.TOO_HEAVY)
        if count > limits.most_lines:
            raise TableRefused(TableRefusal.TOO_LONG)
        if len(stripped) > limits.most_columns:
            raise TableRefused(TableRefusal.TOO_WIDE, number)
        if any(len(cell) > limits.longest_cell for cell in stripped):
            raise TableRefused(TableRefusal.LONG_CELL, number)
        yield number, stripped


# --- CSV ------------------------------------------------------------------------------------------------------------


def _lines_of_csv(content: bytes, count_known: Callable[[Sequence[str]], int]) -> Iterator[Numbered]:
    if b"\0" in content or content.startswith((b"%PDF", b"\x89PNG", b"\xff\xd8\xff", b"\xd0\xcf\x11\xe0", b"{\\rtf")):
        raise TableRefused(TableRefusal.UNKNOWN_KIND)
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        try:
            text = content.decode("cp1252")
        except UnicodeDecodeError:
            raise TableRefused(TableRefusal.UNKNOWN_KIND) from None
    first = text.lstrip().split("\n", 1)[0]
    separator = max((";", ","), key=lambda each: count_known(next(csv.reader([first], delimiter=each))))
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True)
    number = 1
    try:
        for cells in reader:
            yield number, cells
            number = reader.line_num + 1
    except csv.Error:
        raise TableRefused(TableRefusal.BROKEN, number) from None


# --- Workbooks ------------------------------------------------------------------------------------------------------


def _lines_of_workbook(content: bytes) -> Iterator[Numbered]:
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as book:
            names = set(book.namelist())
            if len(names) > MOST_PARTS:
                raise TableRefused(TableRefusal.TOO_HEAVY)
            sheet = _first_sheet(book, names)
            texts = _Texts()
            if "xl/sharedStrings.xml" in names:
                for _ in _parse(book, "xl/sharedStrings.xml", texts):
                    pass
            yield from _parse(book, sheet, _Sheet(texts.found))
    except (zipfile.BadZipFile, zlib.error, expat.ExpatError, EOFError, NotImplementedError, RuntimeError, ValueError):
        raise TableRefused(TableRefusal.BROKEN) from None


def _first_sheet(book: zipfile.ZipFile, names: set[str]) -> str:
    """The part of the sheet that stands first in the workbook."""
    if "xl/workbook.xml" not in names:
        raise TableRefused(TableRefusal.UNKNOWN_KIND)
    first, targets = _Sheets(), _Targets()
    for _ in _parse(book, "xl/workbook.xml", first):
        pass
    if "xl/_rels/workbook.xml.rels" in names:
        for _ in _parse(book, "xl/_rels/workbook.xml.rels", targets):
            pass
    target = targets.found.get(first.found, "worksheets/sheet1.xml")
    path = target.removeprefix("/") if target.startswith("/") else f"xl/{target}"
    if path not in names:
        raise TableRefused(TableRefusal.BROKEN)
    return path


class _Part:
    """Handles the elements of a part; what `begin` and `end` put into `lines` is taken as it comes."""

    def __init__(self) -> None:
        self.lines: list[Numbered] = []

    def begin(self, name: str, attributes: dict[str, str]) -> None:
        """An element begins."""

    def end(self, name: str) -> None:
        """An element ends."""

    def text(self, data: str) -> None:
        """Characters of the present element."""


class _Sheets(_Part):
    found = ""

    def begin(self, name: str, attributes: dict[str, str]) -> None:
        if name == "sheet" and not self.found:
            self.found = next((value for key, value in attributes.items() if _local(key) == "id"), "")


class _Targets(_Part):
    def __init__(self) -> None:
        super().__init__()
        self.found: dict[str, str] = {}

    def begin(self, name: str, attributes: dict[str, str]) -> None:
        if name == "Relationship":
            self.found[attributes.get("Id", "")] = attributes.get("Target", "")


class _Texts(_Part):
    """The texts that cells share, in their order; how they are to be read aloud (`rPh`) is left out."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []
        self._parts: list[str] = []
        self._is_text = self._is_reading = False

    def begin(self, name: str, attributes: dict[str, str]) -> None:
        if name == "si":
            self._parts = []
        elif name == "rPh":
            self._is_reading = True
        elif name == "t":
            self._is_text = not self._is_reading

    def end(self, name: str) -> None:
        if name == "si":
            self.found.append("".join(self._parts))
        elif name == "rPh":
            self._is_reading = False
        elif name == "t":
            self._is_text = False

    def text(self, data: str) -> None:
        if self._is_text:
            self._parts.append(data)


class _Sheet(_Part):
    """The rows of a sheet."""

    def __init__(self, texts: Sequence[str]) -> None:
        super().__init__()
        self._texts = texts
        self._number = 0
        self._cells: dict[int, str] = {}
        self._place = 0
        self._kind = ""
        self._parts: list[str] = []
        self._is_value = False

    def begin(self, name: str, attributes: dict[str, str]) -> None:
        if name == "row":
            self._number = int(attributes.get("r", self._number + 1))
            self._cells, self._place = {}, -1
        elif name == "c":
            self._place = _place_of(attributes["r"]) if "r" in attributes else self._place + 1
            self._kind, self._parts = attributes.get("t", "n"), []
        elif name in ("v", "t"):
            self._is_value = True

    def end(self, name: str) -> None:
        if name in ("v", "t"):
            self._is_value = False
        elif name == "c":
            value = self._value("".join(self._parts))
            if value:
                self._cells[self._place] = value
        elif name == "row" and self._cells:
            last = max(self._cells)
            self.lines.append((self._number, [self._cells.get(place, "") for place in range(last + 1)]))

    def text(self, data: str) -> None:
        if self._is_value:
            self._parts.append(data)

    def _value(self, text: str) -> str:
        if self._kind == "s":
            place = int(text) if text.isascii() and text.isdigit() else -1
            return self._texts[place] if 0 <= place < len(self._texts) else ""
        if self._kind == "n":
            return _number(text)
        return "" if self._kind == "e" else text


def _number(text: str) -> str:
    """« 812.5 », « 33612345678 »: as a person would write it."""
    try:
        value = Decimal(f"{Decimal(text):.15g}").normalize()
    except InvalidOperation:
        return text
    return f"{value:f}" if abs(value) < 10**20 else text


def _place_of(reference: str) -> int:
    """The column of « AB12 », from 0. Raises ValueError."""
    letters = re.match(r"[A-Z]{1,3}", reference)
    if letters is None:
        raise ValueError(reference)
    place = 0
    for letter in letters[0]:
        place = place * 26 + ord(letter) - ord("A") + 1
    return place - 1


def _local(name: str) -> str:
    return name.rpartition(":")[2]


def _parse(book: zipfile.ZipFile, path: str, part: _Part) -> Iterator[Numbered]:
    """Read a part of a workbook as a stream, and hand out its rows as they come."""
    parser = expat.ParserCreate()
    parser.StartElementHandler = lambda name, attributes: part.begin(_local(name), attributes)
    parser.EndElementHandler = lambda name: part.end(_local(name))
    parser.CharacterDataHandler = part.text
    parser.StartDoctypeDeclHandler = _refuse
    count = 0
    with book.open(path) as stream:
        while chunk := stream.read(_CHUNK_BYTES):
            count += len(chunk)
            if count > MOST_UNPACKED_BYTES:
                raise TableRefused(TableRefusal.TOO_HEAVY)
            parser.Parse(chunk, False)
            yield from part.lines
            part.lines.clear()
        parser.Parse(b"", True)
    yield from part.lines


def _refuse(*_declaration: Any) -> None:
    raise TableRefused(TableRefusal.BROKEN)
