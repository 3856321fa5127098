"""Files of families to import, as an older software would write them."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Sequence

from app.database import db, write_transaction
from app.integrations.tables import TableFormat, write_table
from app.jobs import imports
from app.rules.imports import BY_KEY, COLUMNS, gather
from app.rules.spreadsheets import Table
from app.services.family_imports import Step, begin, next_step

LEA = {
    "family": "7", "title_1": "M.", "last_name_1": "TEST", "first_name_1": "Fabrice",
    "email_1": "fabrice@example.org", "mobile_phone_1": "612345678", "title_2": "Mme", "last_name_2": "L’HÔTE",
    "first_name_2": "Odette", "street_line": "12 bis rue des Tilleuls", "postal_code": "80110", "city": "Démuin",
    "regime": "CAF", "fund_number": "1234567", "quotient": "812,50", "quotient_month": "10/2026",
    "child_first_name": "Léa", "child_birth_date": "43599",
}  # fmt: skip
HUGO = {"family": "7", "child_first_name": "Hugo", "child_birth_date": "02/03/2017"}
ALONE = {
    "family": "8", "title_1": "Madame", "last_name_1": "SEULE", "first_name_1": "Alix", "street_line": "lieu-dit Haut",
    "postal_code": "80000",
}  # fmt: skip
WRONG = {
    "family": "9", "title_1": "Dr", "last_name_1": "FAUX", "first_name_1": "Dominique", "street_line": "3 rue Haute",
    "postal_code": "80110", "city": "Paris", "mobile_phone_1": "06 12", "child_first_name": "Zoé",
    "child_birth_date": "01/01/2027",
}  # fmt: skip

Cells = dict[str, str]


def csv_of(
    *rows: Cells, keys: Sequence[str] = tuple(BY_KEY), separator: str = ";", encoding: str = "utf-8-sig"
) -> bytes:
    """A CSV of some lines, with only some columns."""
    lines = [[BY_KEY[key].heading for key in keys], *([row.get(key, "") for key in keys] for row in rows)]
    return "\r\n".join(separator.join(line) for line in lines).encode(encoding)


def xlsx_of(*rows: Cells) -> bytes:
    """The same as a workbook, with the line that explains the columns; numbers are numbers."""
    table = Table(
        [column.heading for column in COLUMNS],
        [
            [column.explanation for column in COLUMNS],
            *([_number(row.get(column.key, "")) for column in COLUMNS] for row in rows),
        ],
    )
    with write_table(TableFormat.XLSX, table) as file:
        return file.read()


def changed_part(book: bytes, part: str, content: bytes) -> bytes:
    """A workbook with other bytes in one of its parts."""
    made = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(book)) as old, zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            new.writestr(name, content if name == part else old.read(name))
    return made.getvalue()


def begin_import(agent_id: int, *rows: Cells) -> int:
    """An import of some lines, as it waits to be checked."""
    families = gather((number, row) for number, row in enumerate(rows, 2))
    with write_transaction() as session:
        return begin(session, agent_id, "familles.csv", str(sorted(map(str, rows))), (), families)


def work_off() -> int:
    """Do all that imports have to do; returns how many steps that were."""
    count = 0
    while (step := next_step(db.session())) is not None:
        imports.take(Step(step.import_id, step.status))
        count += 1
    return count


def _number(text: str) -> str | int:
    return int(text) if text.isascii() and text.isdigit() and not text.startswith("0") else text


def make_import(agent_id: int) -> int:
    """An import that waits for an agent: a family to make, and one of which something is wrong."""
    import_id = begin_import(agent_id, {**ALONE, "last_name_1": "IMPORTÉE"}, WRONG)
    work_off()
    return import_id
