"""« Importer des familles » on the screen: the file, the report, the choices, the codes."""

from __future__ import annotations

import io

import pytest
from sqlalchemy import func, select

from app.database import db
from app.models.families import Family
from app.models.family_imports import FamilyImport, ImportedFamily
from app.rules.capabilities import Role
from app.rules.imports import BY_KEY
from tests import factories
from tests.awkward_files import pdf
from tests.client import Answer, Client
from tests.family_files import ALONE, HUGO, LEA, WRONG, csv_of, work_off, xlsx_of

IMPORTS = "/gestion/familles/imports"


@pytest.fixture
def clerk(client: Client) -> Client:
    return client.sign_in(factories.make_staff(Role.FILE_CLERK))


def send(clerk: Client, content: bytes, name: str = "familles.csv", status: int | None = None) -> Answer:
    token = clerk.get(IMPORTS).value("csrf_token", "upload")
    return clerk.post(IMPORTS, {"csrf_token": token, "file": (io.BytesIO(content), name)}, status=status)


def address() -> str:
    db.session.rollback()
    return f"{IMPORTS}/{db.session.scalars(select(func.max(FamilyImport.id))).one()}"


def test_the_clerk_imports_a_file_from_its_upload_to_the_letters_and_undoes_it(clerk: Client) -> None:
    assert IMPORTS in clerk.get("/gestion/familles").links()
    send(clerk, csv_of(LEA, HUGO, ALONE, WRONG), status=303)
    path = address()
    page = clerk.get(path)
    assert "Lecture en cours" in page.text and "0 famille lue sur 3" in page.text
    page = clerk.submit("carry-on")
    work_off()
    page = clerk.get(path)
    assert "2 familles, 3 adultes et 2 enfants" in page.text
    assert "Ligne 5, colonne « Tél. portable adulte 1 » (06 12)" in page.text.replace("\u00a0", " ")
    report = clerk.get(f"{path}/rapport?format=csv").body
    assert "Date de naissance enfant" in report and "Cette date" in report
    page = clerk.get(f"{path}?voir=pretes")
    ids = db.session.scalars(select(ImportedFamily.id).order_by(ImportedFamily.id)).all()
    page = clerk.submit("choices", creer=[str(ids[0])])
    assert "1 famille, 2 adultes et 2 enfants" in page.text
    clerk.submit("confirm", mails_codes=True)
    work_off()
    page = clerk.get(path)
    assert "Terminé" in page.text and "2 adultes" in page.text
    table = clerk.get(f"{path}/codes?format=csv").body
    assert "Fabrice TEST" in table and "12 bis rue des Tilleuls" in table
    assert clerk.get(f"{path}/lettres").headers["Content-Type"] == "application/pdf"
    clerk.get(path)
    clerk.submit("undo")
    work_off()
    assert "Annulé" in clerk.get(path).text
    assert db.session.scalar(select(func.count()).select_from(Family)) == 0
    assert "familles.csv" in clerk.get(IMPORTS).text


def test_a_workbook_is_read_like_a_list_and_abandoned(clerk: Client) -> None:
    send(clerk, xlsx_of(LEA, HUGO, ALONE), "familles.xlsx", status=303)
    path = address()
    work_off()
    assert "2 familles, 3 adultes et 2 enfants" in clerk.get(path).text
    clerk.submit("give-up")
    assert "Abandonné" in clerk.get(IMPORTS).text
    assert set(db.session.scalars(select(ImportedFamily.content))) == {None}


_FEW = ("family", "title_1", "last_name_1", "first_name_1", "street_line", "postal_code")


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"", "Ce fichier est vide."),
        (b" \r\n ", "Ce fichier est vide."),
        (pdf(), "Ce n’est pas un fichier CSV ou XLSX"),
        (csv_of(LEA) + b"\0", "Ce n’est pas un fichier CSV ou XLSX"),
        (b"PK\x03\x04 rien", "Ce fichier est abîmé."),
        (csv_of(LEA, keys=_FEW[1:]), "Il manque « N° famille » à la première ligne."),
        (csv_of(LEA, keys=(*_FEW, "family")), "La première ligne a deux fois « N° famille »."),
        (csv_of(keys=_FEW), "Ce fichier n’a que des titres"),
        (csv_of({key: BY_KEY[key].explanation for key in _FEW}, keys=_FEW), "Ce fichier n’a que des titres"),
        (csv_of(LEA) + b"\r\n" + b"x;" * 10_000 + b"x", "Ligne 3 : Ce fichier a plus de 100 colonnes."),
        (csv_of({**LEA, "complement": "x" * 1_001}), "Ligne 2 : Une case a plus de"),
    ],
    ids=[
        "empty", "blank", "a PDF", "NUL", "no workbook", "a heading is missing", "a heading twice", "headings alone",
        "the model", "10,000 columns", "a long cell",
    ],
)  # fmt: skip
def test_a_file_that_cannot_be_read_is_refused_beside_the_field(clerk: Client, content: bytes, sentence: str) -> None:
    page = send(clerk, content, status=422)
    assert sentence in page.text.replace("\u00a0", " "), page.text
    assert db.session.scalar(select(func.count()).select_from(FamilyImport)) == 0


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252"])
@pytest.mark.parametrize("separator", [";", ","])
def test_any_usual_csv_in_any_order_is_read(clerk: Client, encoding: str, separator: str) -> None:
    content = csv_of(ALONE, keys=_FEW[::-1], separator=separator, encoding=encoding)
    content = content.replace("Prénom adulte 1".encode(encoding), b"PRENOM ADULTE 1")
    send(clerk, content, status=303)
    work_off()
    assert "1 famille, 1 adulte et 0 enfant" in clerk.get(address()).text


def test_what_a_file_says_is_never_a_formula_in_the_report(clerk: Client) -> None:
    send(clerk, csv_of({**ALONE, "first_name_1": "=1+1", "last_name_1": "@SUM(A1)"}), status=303)
    work_off()
    report = clerk.get(f"{address()}/rapport?format=csv").body
    assert "'=1+1" in report and "'@SUM(A1)" in report and ";=" not in report
