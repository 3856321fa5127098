"""Tables as files: what is a number is one, and no text becomes a formula."""

import csv
import io
import zipfile
from datetime import date
from decimal import Decimal

import pytest

from app.integrations.tables import TableFormat, write_table
from app.rules.spreadsheets import Table

HEADINGS = ("Nom", "Jour", "Montant", "Nombre")
ROWS = [("=1+1", date(2026, 11, 23), Decimal("12.50"), 3), ("TEST; Léa", "", Decimal("-3.00"), -1)]


def test_a_list_reads_as_spreadsheets_want_it() -> None:
    with write_table(TableFormat.CSV, Table(HEADINGS, ROWS)) as file:
        text = file.read().decode("utf-8")
    assert text == '\ufeffNom;Jour;Montant;Nombre\r\n\'=1+1;23/11/2026;12,50;3\r\n"TEST; Léa";;-3,00;-1\r\n'


def test_cells_are_quoted_where_they_must_be() -> None:
    with write_table(TableFormat.CSV, Table(("Jour", "Qui"), [["1", 'TEST; "Léa"'], ["", "=A1"]])) as file:
        assert file.read().decode("utf-8-sig") == 'Jour;Qui\r\n1;"TEST; ""Léa"""\r\n;\'=A1\r\n'


def test_a_workbook_holds_numbers_days_and_plain_texts() -> None:
    with write_table(TableFormat.XLSX, Table(HEADINGS, ROWS)) as file:
        book = zipfile.ZipFile(file)
        sheet = book.read("xl/worksheets/sheet1.xml").decode()
    assert "<f>" not in sheet and "<t>&#39;=1+1</t>" in sheet.replace("'=1+1", "&#39;=1+1")
    assert "<v>12.5</v>" in sheet and "<v>-3</v>" in sheet and "hyperlink" not in sheet


@pytest.mark.parametrize("separator", [",", ";", "\t", "|"])
def test_whatever_separator_a_reader_takes_no_cell_is_a_formula(separator: str) -> None:
    texts = [
        f"{before}{between}{begin}1+1"
        for before in ("", "Léa", '"', "Léa;")
        for between in (",", ", ", ";", "\t", "|", "\n", "\r\n", ',"', ', "', ',""')
        for begin in "=+-@"
    ]
    rows = [("TEST", text, Decimal("-3.00"), text) for text in texts] + [(text, 1, text, "TEST") for text in texts]
    with write_table(TableFormat.CSV, Table(HEADINGS, rows)) as file:
        read = list(csv.reader(io.StringIO(file.read().decode("utf-8-sig"), newline=""), delimiter=separator))
    found = {cell for line in read for cell in line if cell.strip(' "')[:1] in (*"=+-@",) and cell != "-3,00"}
    assert not found


def test_a_text_too_long_for_a_cell_of_a_workbook_is_cut() -> None:
    texts = ["a" * 32_767, "b" * 32_768, "=" * 32_767]
    with write_table(TableFormat.XLSX, Table(("Texte",), [[text] for text in texts])) as file:
        sheet = zipfile.ZipFile(file).read("xl/worksheets/sheet1.xml").decode()
    assert f"<t>{texts[0]}</t>" in sheet and f"<t>{'b' * 32_766}…</t>" in sheet and f"{'=' * 32_765}…</t>" in sheet
