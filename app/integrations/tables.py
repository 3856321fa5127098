"""Tables as files for spreadsheets: CSV and XLSX, written row by row into a temporary file."""

import csv
import io
import tempfile
from collections.abc import Iterable, Sequence
from contextlib import ExitStack
from datetime import date
from decimal import Decimal
from enum import StrEnum, auto
from typing import IO

from app.rules.spreadsheets import Cell, Table, defused, written

_LONGEST_XLSX = 32_767  # characters in a cell of a workbook
_SMALL_BYTES = 1_000_000  # up to so many bytes no file is made on the disk


class TableFormat(StrEnum):
    """What kind of file."""

    CSV = auto()
    XLSX = auto()


MIMETYPES = {
    TableFormat.CSV: "text/csv; charset=utf-8",
    TableFormat.XLSX: "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}


def write_table(format_: TableFormat, table: Table) -> IO[bytes]:
    """The file, to be read from its beginning and closed by whoever asked for it."""
    with ExitStack() as stack:
        file = stack.enter_context(tempfile.SpooledTemporaryFile(_SMALL_BYTES))
        if format_ is TableFormat.CSV:
            _write_csv(file, table.headings, table.rows)
        else:
            _write_xlsx(file, table.headings, table.rows)
        file.seek(0)
        stack.pop_all()  # whole: it is closed by who sends it
    return file


def _write_csv(file: IO[bytes], headings: Sequence[str], rows: Iterable[Sequence[Cell]]) -> None:
    text = io.TextIOWrapper(file, encoding="utf-8-sig", newline="", write_through=True)
    writer = csv.writer(text, delimiter=";", lineterminator="\r\n")
    writer.writerow(headings)
    writer.writerows([written(cell) for cell in row] for row in rows)
    text.detach()


def _cut(text: str) -> str:
    return text if len(text) <= _LONGEST_XLSX else f"{text[: _LONGEST_XLSX - 1]}…"


def _write_xlsx(file: IO[bytes], headings: Sequence[str], rows: Iterable[Sequence[Cell]]) -> None:
    from xlsxwriter import Workbook  # rarely needed, and not small

    options = {"constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    with Workbook(file, options) as book:
        sheet = book.add_worksheet()
        bold = book.add_format({"bold": True})
        money, day = book.add_format({"num_format": "#,##0.00"}), book.add_format({"num_format": "dd/mm/yyyy"})
        sheet.freeze_panes(1, 0)
        for column, heading in enumerate(headings):
            sheet.write_string(0, column, heading, bold)
        for number, row in enumerate(rows, start=1):
            for column, cell in enumerate(row):
                if isinstance(cell, str):
                    sheet.write_string(number, column, _cut(defused(cell)))
                elif isinstance(cell, date):
                    sheet.write_datetime(number, column, cell, day)
                else:
                    sheet.write_number(number, column, float(cell), money if isinstance(cell, Decimal) else None)
