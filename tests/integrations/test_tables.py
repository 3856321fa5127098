"""Tables as files: what is a number is one, and no text becomes a formula."""

import zipfile
from datetime import date
from decimal import Decimal

from app.integrations.tables import TableFormat, write_table

ROWS = [("=1+1", date(2026, 11, 23), Decimal("12.50"), 3), ("TEST; Léa", "", Decimal("-3.00"), -1)]


def test_a_list_reads_as_spreadsheets_want_it() -> None:
    with write_table(TableFormat.CSV, ("Nom", "Jour", "Montant", "Nombre"), ROWS) as file:
        text = file.read().decode("utf-8")
    assert text == '\ufeffNom;Jour;Montant;Nombre\r\n\'=1+1;23/11/2026;12,50;3\r\n"TEST; Léa";;-3,00;-1\r\n'


def test_a_workbook_holds_numbers_days_and_plain_texts() -> None:
    with write_table(TableFormat.XLSX, ("Nom", "Jour", "Montant", "Nombre"), ROWS) as file:
        book = zipfile.ZipFile(file)
        sheet = book.read("xl/worksheets/sheet1.xml").decode()
    assert "<f>" not in sheet and "<t>&#39;=1+1</t>" in sheet.replace("'=1+1", "&#39;=1+1")
    assert "<v>12.5</v>" in sheet and "<v>-3</v>" in sheet and "hyperlink" not in sheet
