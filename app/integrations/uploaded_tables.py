"""Tables that people upload, read line by line: CSV, and the first sheet of a workbook (XLSX).

A workbook is a ZIP of XML from anybody: openpyxl reads it as a stream, once its parts are known to unpack to no more
than a limit, and with defusedxml, so that no entity expands. A formula is never computed: what counts is the value that
the spreadsheet stored beside it. A date comes with its hour, « 2019-05-14 00:00:00 » (`rules.imports` reads those).
"""

import csv
import io
import logging
import threading
import zipfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum, auto

from app.integrations import clamd

MOST_UNPACKED_BYTES = 200_000_000  # of all parts of a workbook
MOST_PARTS = 1_000
MOST_CHARACTERS = 30_000_000  # of all cells: a text that many cells of a workbook share is there once
MOST_ROWS = 100_000  # of a sheet, empty ones counted
MOST_CELLS_IN_ROW = 2_000  # empty ones counted
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
        _check_parts(content)
        yield from _rows_of_first_sheet(content)
    except TableRefused:
        raise
    except Exception:  # openpyxl does not say what it raises for a file that is broken, and it is much
        logger.info("a workbook was not read", exc_info=True)
        raise TableRefused(TableRefusal.BROKEN) from None


def _check_parts(content: bytes) -> None:
    """No part is read beyond the size that the ZIP tells of it: zipfile sees to that."""
    with zipfile.ZipFile(io.BytesIO(content)) as book:
        parts = book.infolist()
        if "xl/workbook.xml" not in book.NameToInfo:
            raise TableRefused(TableRefusal.UNKNOWN_KIND)
        if len(parts) > MOST_PARTS or sum(part.file_size for part in parts) > MOST_UNPACKED_BYTES:
            raise TableRefused(TableRefusal.TOO_HEAVY)


def _rows_of_first_sheet(content: bytes) -> Iterator[Numbered]:
    from openpyxl import load_workbook  # rarely needed, and not small
    from openpyxl.cell.cell import ERROR_CODES

    book = load_workbook(io.BytesIO(content), read_only=True, data_only=True, keep_links=False)
    sheet = book.worksheets[0]
    sheet.reset_dimensions()  # what the file says of them need not be true
    for number, row in enumerate(sheet.iter_rows(values_only=True), 1):
        if number > MOST_ROWS:
            raise TableRefused(TableRefusal.TOO_LONG)
        if len(row) > MOST_CELLS_IN_ROW:
            raise TableRefused(TableRefusal.TOO_WIDE, number)
        yield number, ["" if value in ERROR_CODES else _written(value) for value in row]


def _written(value: object) -> str:
    """What a cell holds, as a person would write it: « 812.5 », « 33612345678 »."""
    if value is None:
        return ""
    if isinstance(value, int):
        return str(int(value))  # a tick is 1
    if isinstance(value, float):
        number = Decimal(f"{value:.15g}").normalize()
        return f"{number:f}" if abs(number) < 10**20 else str(value)
    return str(value)
