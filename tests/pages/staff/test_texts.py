"""« Textes à accepter », the staff's side: versions, who accepted, signatures on paper, the list to download."""

from flask import Flask
from sqlalchemy import select

from app import clock
from app.database import db, write_transaction
from app.models.publications import TextAcceptance
from app.rules.capabilities import Role
from app.services import families, texts_to_accept
from app.services.catalogue import catalogue
from tests.client import Client
from tests.factories import make_family, make_staff, make_text, publish

LIST = "/gestion/textes-a-accepter"


def test_the_clerk_writes_a_text_and_another_version(sqlite_app: Flask, sqlite_client: Client) -> None:
    publication = publish("Règlement en PDF")
    client = sqlite_client.sign_in(make_staff(Role.FILE_CLERK))
    token = client.get(f"{LIST}/nouveau").value("csrf_token", "text") or ""
    fields = {
        "csrf_token": token, "name": "Règlement", "demand": "mandatory", "is_asked": "y", "season_id": "",
        "publication_id": "", "body": "", "starts_on": clock.today().isoformat(),
    }  # fmt: skip
    page = client.post(f"{LIST}/nouveau", fields, status=422)
    assert "Écrivez le texte, ou choisissez un fichier." in page.text
    client.post(f"{LIST}/nouveau", {**fields, "body": "Article 1"}, status=303)
    (info,) = catalogue().texts
    past = {"csrf_token": token, "body": "Article 2", "publication_id": "", "starts_on": "2026-01-01"}
    page = client.post(f"{LIST}/{info.id}/versions", past, status=422)
    assert "Ce jour est passé" in page.text and "Article 2" in page.text
    later = {**past, "starts_on": "2027-01-01", "publication_id": str(publication)}
    client.post(f"{LIST}/{info.id}/versions", later, status=303)
    page = client.get(f"{LIST}/{info.id}/version")
    assert "Article 2" in page.text and "Télécharger le fichier" in page.text
    # A file that a version includes stays.
    client.post(f"/gestion/documentation/{publication}/supprimer", {"csrf_token": token}, status=303)
    assert len(catalogue().publications) == 1


def test_who_accepted_is_listed_downloaded_and_noted_on_paper(sqlite_app: Flask, sqlite_client: Client) -> None:
    first, second = make_family("PREMIER"), make_family("SECOND")
    text = make_text()
    (info,) = catalogue().texts
    with write_transaction() as session:
        texts_to_accept.accept(
            session, families.family_ref(first.family_id), first.user_id, text, info.versions[0].id,
            device="Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0",
        )  # fmt: skip
    client = sqlite_client.sign_in(make_staff(Role.FILE_CLERK))
    page = client.get(f"{LIST}/{text}/reponses")
    assert "1 sur 2" in page.text and "Firefox sur Linux" in page.text
    missing = client.get(f"{LIST}/{text}/reponses?etat=manquants")
    assert "SECOND" in missing.text and "PREMIER" not in missing.text
    paper = client.get(f"{LIST}/{text}/papier?famille={second.family_id}")
    fields = {name: paper.value(name, "paper") or "" for name in ("csrf_token", "version", "family_id")}
    fields |= {"signed_by": "Claire SECOND", "signed_on": "2027-01-01"}
    address = f"{LIST}/{text}/papier"
    assert "une signature déjà faite" in client.post(address, fields, status=422).text
    client.post(address, {**fields, "signed_on": clock.today().isoformat()}, status=303)
    db.session.rollback()
    row = db.session.scalars(select(TextAcceptance).where(TextAcceptance.family_id == second.family_id)).one()
    assert (row.on_paper, row.signed_by, row.device) == (True, "Claire SECOND", "")
    assert "2 sur 2" in client.get(f"{LIST}/{text}/reponses").text
    lines = client.get(f"{LIST}/{text}/reponses/fichier").body.removeprefix("\ufeff").splitlines()
    assert lines[0] == "Famille;État;Date;Heure;Signé par;Appareil" and len(lines) == 3
    assert lines[2].endswith(";;Claire SECOND;Sur papier")
    # What was accepted is not deleted.
    client.post(f"{LIST}/{text}/supprimer", {"csrf_token": fields["csrf_token"]}, status=303)
    assert len(catalogue().texts) == 1


def test_answers_come_in_pages_whatever_the_number_of_families(sqlite_app: Flask, sqlite_client: Client) -> None:
    setups = [make_family(f"FAMILLE {'abcdefghijklmnopqrstuvwxyz'[number]}") for number in range(26)]
    text = make_text()
    (info,) = catalogue().texts
    with write_transaction() as session:
        for each in setups[:2]:
            texts_to_accept.accept(
                session, families.family_ref(each.family_id), each.user_id, text, info.versions[0].id, device=""
            )
    client = sqlite_client.sign_in(make_staff(Role.FILE_CLERK))
    client.get(f"{LIST}/{text}/reponses")
    page = client.get(f"{LIST}/{text}/reponses")
    assert "2 sur 26" in page.text and "FAMILLE y" in page.text and "FAMILLE z" not in page.text
    assert len(page.queries) <= 6
    assert "FAMILLE z" in client.get(f"{LIST}/{text}/reponses?page=2").text
    accepted = client.get(f"{LIST}/{text}/reponses?etat=acceptes").text
    assert "FAMILLE b" in accepted and "FAMILLE c" not in accepted
    missing = client.get(f"{LIST}/{text}/reponses?etat=manquants&page=9").text
    assert "FAMILLE z" in missing and "FAMILLE b" not in missing
