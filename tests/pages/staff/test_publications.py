"""« Documentation », the staff's side: adding, replacing, ordering, withdrawing, deleting."""

import hashlib
import io
from pathlib import Path

from flask import Flask
from sqlalchemy import select

from app.database import db
from app.integrations.kept_files import PUBLISHED_FOLDER
from app.models.publications import PublicationFile
from app.rules.capabilities import Role
from app.services.catalogue import catalogue
from tests.awkward_files import pdf, photo
from tests.client import Answer, Client
from tests.factories import enrol, make_activity, make_child, make_family, make_staff, publish

LIST = "/gestion/documentation"


def files_of(app: Flask) -> set[Path]:
    return {path for path in (Path(app.instance_path) / PUBLISHED_FOLDER).glob("*/*") if path.is_file()}


def send(client: Client, page: str, form: str, address: str, content: bytes, status: int, **fields: object) -> Answer:
    token = client.get(page).value("csrf_token", form)
    return client.post(
        address, {"csrf_token": token, **fields, "file": (io.BytesIO(content), "fichier.bin")}, status=status
    )


def test_the_clerk_adds_a_file_replaces_it_and_sees_who_reads_it(sqlite_app: Flask, sqlite_client: Client) -> None:
    family, _ = make_family(), make_family("AUTRE")
    activity = make_activity()
    enrol(make_child(family), family, activity)
    client = sqlite_client.sign_in(make_staff(Role.FILE_CLERK))
    before = files_of(sqlite_app)
    fields = {
        "name": "Fiche d’inscription", "shown_from": "2026-11-01", "is_shown": "y", "season_id": "", "document_id": "",
        "activities": str(activity.id),
    }  # fmt: skip
    send(client, f"{LIST}/nouvelle", "publication", f"{LIST}/nouvelle", photo(), 303, **fields)
    (info,) = catalogue().publications
    (path,) = files_of(sqlite_app) - before
    content = path.read_bytes()
    assert content.startswith(b"%PDF") and "fichier" not in path.name
    assert (info.files[0].size_bytes, info.files[0].content_hash) == (
        len(content), hashlib.sha256(content).hexdigest()
    )  # fmt: skip
    page = client.get(f"{LIST}/{info.id}")
    assert "1 famille est concernée aujourd’hui." in page.text and "TEST Fabrice" in page.text
    send(client, f"{LIST}/{info.id}", "replacement", f"{LIST}/{info.id}/fichier", pdf(), 303)
    assert len(files_of(sqlite_app) - before) == 2
    links = [link for link in client.get(f"{LIST}/{info.id}").links() if "version=" in link]
    assert len(links) == 2 and all(client.get_any(link, htmx=True) for link in links)


def test_what_is_refused_stores_nothing_and_says_why(sqlite_app: Flask, sqlite_client: Client) -> None:
    publication = publish("Livret")
    client = sqlite_client.sign_in(make_staff())
    before = files_of(sqlite_app)
    new, fields = f"{LIST}/nouvelle", {"shown_from": "2026-11-01", "season_id": "", "document_id": ""}
    page = send(client, new, "publication", new, b"PK\x03\x04 un fichier de bureautique", 422, name="Menu", **fields)
    assert "nous acceptons les PDF et les photos" in page.text and page.value("name", "publication") == "Menu"
    page = send(client, new, "publication", new, pdf(), 422, name="Livret", **fields)
    assert "Une autre publication porte déjà ce titre." in page.text
    page = send(client, new, "publication", new, pdf(), 422, name="Menu", **{**fields, "shown_until": "2026-10-01"})
    assert "Le dernier jour est avant le premier." in page.text
    address = f"{LIST}/{publication}"
    page = send(client, address, "replacement", f"{address}/fichier", b"", 422)
    assert files_of(sqlite_app) == before and len(catalogue().publications[0].files) == 1


def test_publications_are_ordered_withdrawn_and_deleted(sqlite_app: Flask, sqlite_client: Client) -> None:
    first, second = publish("Premier"), publish("Deuxième")
    client = sqlite_client.sign_in(make_staff())
    token = client.get(LIST).value("csrf_token")
    client.post(f"{LIST}/{second}/monter", {"csrf_token": token}, status=303)
    client.post(f"{LIST}/{second}/monter", {"csrf_token": token}, status=303)  # already the first one
    assert [each.id for each in catalogue().publications] == [second, first]
    fields = {"name": "Deuxième", "shown_from": "2026-09-01", "season_id": "", "document_id": ""}
    client.post(f"{LIST}/{second}", {"csrf_token": token, **fields}, status=303)
    assert "Retirée" in client.get(LIST).text
    client.post(f"{LIST}/{second}/supprimer", {"csrf_token": token}, status=303)
    db.session.rollback()
    assert db.session.scalars(select(PublicationFile.publication_id)).all() == [first]
