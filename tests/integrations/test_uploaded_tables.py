"""Tables that people upload: what is read of them, and what is refused before it costs anything."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Sequence

import pytest

from app.integrations import uploaded_tables
from app.integrations.uploaded_tables import Limits, Numbered, TableRefusal, TableRefused, read_table

LIMITS = Limits(most_bytes=100_000, most_lines=5, most_columns=6, longest_cell=50)
_MAIN = 'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'
_RELATIONS = "http://schemas.openxmlformats.org/package/2006/relationships"
_TYPES = "http://schemas.openxmlformats.org/package/2006/content-types"
_ID = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"


def count_known(cells: Sequence[str]) -> int:
    return sum(cell in ("Nom", "Ville") for cell in cells)


def read(content: bytes) -> list[Numbered]:
    return read_table(content, LIMITS, count_known, None)


def refusal(content: bytes) -> tuple[TableRefusal, int | None]:
    with pytest.raises(TableRefused) as refused:
        read(content)
    return refused.value.refusal, refused.value.line


def workbook(rows: str, *, texts: str = "", head: str = "") -> bytes:
    """A workbook whose second part comes first, as LibreOffice may write it."""
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as book:
        book.writestr(
            "xl/workbook.xml",
            f'<x:workbook xmlns:x="{_MAIN[7:-1]}" xmlns:r="{_ID}"><x:sheets><x:sheet name="a" sheetId="2" r:id="rId9"/>'
            '<x:sheet name="b" sheetId="1" r:id="rId1"/></x:sheets></x:workbook>',
        )
        book.writestr(
            "xl/_rels/workbook.xml.rels",
            f'<Relationships xmlns="{_RELATIONS}"><Relationship Id="rId1" Type="{_ID}/worksheet" '
            f'Target="worksheets/sheet1.xml"/><Relationship Id="rId9" Type="{_ID}/worksheet" '
            'Target="/xl/worksheets/sheet2.xml"/></Relationships>',
        )
        kinds = {"workbook": "sheet.main", "worksheets/sheet1": "worksheet", "worksheets/sheet2": "worksheet"}
        parts = "".join(
            f'<Override PartName="/xl/{name}.xml" ContentType="application/vnd.openxmlformats-officedocument.'
            f'spreadsheetml.{kind}+xml"/>'
            for name, kind in {**kinds, **({"sharedStrings": "sharedStrings"} if texts else {})}.items()
        )
        book.writestr("[Content_Types].xml", f'<Types xmlns="{_TYPES}">{parts}</Types>')
        book.writestr("xl/worksheets/sheet1.xml", "<worksheet/>")
        book.writestr("xl/worksheets/sheet2.xml", f"{head}<worksheet {_MAIN}><sheetData>{rows}</sheetData></worksheet>")
        if texts:
            book.writestr("xl/sharedStrings.xml", f"<sst {_MAIN}>{texts}</sst>")
    return made.getvalue()


def test_lists_are_read_whatever_separates_their_cells_and_whoever_wrote_them() -> None:
    wanted = [(1, ["Nom", "Ville"]), (3, ["L’Hôte, père", "Démuin"]), (5, ["a\nb"])]
    for separator, encoding in ((";", "utf-8"), (",", "utf-8-sig"), (";", "cp1252")):
        text = f'Nom{separator}Ville\r\n\r\n"L’Hôte, père"{separator} Démuin {separator}\r\n;,\r\n"a\nb"\r\n'
        text = text.replace(";,\r\n", f"{separator}\r\n")
        assert read(text.encode(encoding)) == wanted


def test_a_workbook_gives_its_first_sheet_without_computing_anything() -> None:
    rows = (
        '<row r="1"><c r="A1" t="s"><v>0</v></c><c r="C1" t="inlineStr"><is><t>Ville</t></is></c></row>'
        '<row r="4"><c r="A4"><f>1+1</f><v>2</v></c><c r="B4" t="str"><f>A1</f><v>Nom</v></c><c r="C4" t="e"><v>#N/A</v></c>'
        '<c r="D4"><v>3.3612345678E10</v></c><c r="E4"><v>812.50000000000011</v></c><c r="F4" s="3"><v>43599</v></c></row>'
        '<row><c t="s"><v>1</v></c><c/><c><f>A1</f></c><c t="b"><v>1</v></c></row>'
    )
    texts = "<si><t>Nom</t></si><si><r><t>L’</t></r><r><t>Hôte</t></r><rPh sb='0' eb='1'><t>lot</t></rPh></si>"
    assert read(workbook(rows, texts=texts)) == [
        (1, ["Nom", "", "Ville"]), (4, ["2", "Nom", "", "33612345678", "812.5", "43599"]), (5, ["L’Hôte", "", "", "1"]),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("content", "wanted"),
    [
        (b"", (TableRefusal.EMPTY, None)),
        (b";;\r\n;", (TableRefusal.EMPTY, None)),
        (b"%PDF-1.4 Nom;Ville", (TableRefusal.UNKNOWN_KIND, None)),
        (b"\xd0\xcf\x11\xe0 an old workbook", (TableRefusal.UNKNOWN_KIND, None)),
        ("Nom;Ville".encode("utf-16"), (TableRefusal.UNKNOWN_KIND, None)),
        (b"Nom;Ville\nx\x00;y", (TableRefusal.UNKNOWN_KIND, None)),
        (b'Nom;Ville\n"x" y;"z\n', (TableRefusal.BROKEN, 2)),
        (b"Nom\n" * 6, (TableRefusal.TOO_LONG, None)),
        (b"Nom\n" + b"x;" * 6 + b"x", (TableRefusal.TOO_WIDE, 2)),
        (b"Nom\n" + b"x" * 51, (TableRefusal.LONG_CELL, 2)),
        (b"x" * 100_001, (TableRefusal.TOO_HEAVY, None)),
        (b"PK\x03\x04 and no more", (TableRefusal.BROKEN, None)),
        (workbook('<row r="1"><c r="ZZ1"><v>1</v></c></row>'), (TableRefusal.TOO_WIDE, 1)),
        (workbook('<row r="1"><c r="1A"><v>1</v></c></row>'), (TableRefusal.BROKEN, None)),
        (workbook('<row r="1"><c t="s"><v>99</v></c></row>'), (TableRefusal.BROKEN, None)),
        (workbook('<row r="99999999999"><c><v>1</v></c></row>'), (TableRefusal.TOO_LONG, None)),
        (workbook('<row r="1"><c r="XFD1" s="0"/></row>'), (TableRefusal.TOO_WIDE, 1)),
        (workbook('<row r="x"/>'), (TableRefusal.BROKEN, None)),
        (workbook("<row>"), (TableRefusal.BROKEN, None)),
        (workbook("", head='<!DOCTYPE x [<!ENTITY a "aaaa">]>'), (TableRefusal.BROKEN, None)),
    ],
)  # fmt: skip
def test_what_is_no_table_is_refused(content: bytes, wanted: tuple[TableRefusal, int | None]) -> None:
    assert refusal(content) == wanted


def test_a_workbook_that_unpacks_to_much_more_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(uploaded_tables, "MOST_UNPACKED_BYTES", 200_000)
    bomb = workbook("", texts="<si><t>" + "a" * 1_000_000 + "</t></si>")
    assert len(bomb) < 5_000 and refusal(bomb) == (TableRefusal.TOO_HEAVY, None)


def test_a_text_that_many_cells_share_is_counted_as_often(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(uploaded_tables, "MOST_CHARACTERS", 100)
    rows = "".join(f'<row r="{number}"><c><v>{"1" * 15}</v></c><c t="s"><v>0</v></c></row>' for number in range(1, 5))
    assert refusal(workbook(rows, texts=f"<si><t>{'a' * 20}</t></si>")) == (TableRefusal.TOO_HEAVY, None)
