"""Contacter la structure: writing, reading the answers, and what of it nobody else sees."""

import io
from pathlib import Path

import pikepdf
import pytest
from flask import Flask
from sqlalchemy import delete, select

from app.database import db, write_transaction
from app.models.accounts import UserSession
from app.models.families import Family
from app.models.messages import Message
from app.rules.capabilities import Role
from app.rules.messages import MOST_MESSAGES
from app.rules.states import FamilyStatus
from app.services import message_inbox
from tests.awkward_files import FILES, pdf, photo
from tests.client import Client
from tests.factories import (
    PASSWORD,
    answer_message,
    make_child,
    make_family,
    make_recipient,
    make_staff,
    share_child,
    write_message,
)


def rows() -> list[Message]:
    db.session.rollback()
    return list(db.session.scalars(select(Message).order_by(Message.id)))


def sealed_files(app: Flask) -> set[str]:
    return {path.name for path in (Path(app.instance_path) / "handed-in").glob("*/*")}


def test_anybody_reads_how_to_reach_the_council_and_a_parent_gets_the_form(sqlite_client: Client) -> None:
    make_recipient()
    page = sqlite_client.get("/contact")
    assert "Vous pouvez nous contacter" in page.text and "Connectez-vous" in page.text
    assert "Formulaire de contact" not in page.text
    page = sqlite_client.sign_in(make_family().user_id).get("/contact")
    for label in ("Formulaire de contact", "Choisir le destinataire", "Objet du message", "Contenu du message"):
        assert label in page.text
    assert "Envoyer le message" in page.text and "Mes factures" in page.text  # the menu
    staff = sqlite_client.sign_in(make_staff(Role.FILE_CLERK)).get("/contact")
    assert "Formulaire de contact" not in staff.text


def test_a_parent_writes_with_photos_and_reads_the_answer(sqlite_app: Flask, sqlite_client: Client) -> None:
    family, staff_id = make_family(), make_staff(Role.FILE_CLERK)
    recipient_id, before = make_recipient(), sealed_files(sqlite_app)
    client = sqlite_client.sign_in(family.user_id)
    page = client.get("/contact")
    assert page.value("recipient", "message") == str(recipient_id)  # the only one
    fields = {name: page.value(name, "message") for name in ("csrf_token", "key", "recipient")}
    fields |= {"subject": "Cantine", "content": "Bonjour,\n\nLéa mange-t-elle demain ?"}
    files = [(io.BytesIO(photo()), "IMG 1.jpg"), (io.BytesIO(photo("PNG")), "../IMG 2.png")]
    client.post("/contact", {**fields, "files": files}, status=303)
    page = client.get(f"/contact/{rows()[0].thread_id}")
    assert "Léa mange-t-elle demain" in page.text and "IMG 1.jpg, PDF, 2 pages" in page.text
    (message,) = rows()
    (name,) = sealed_files(sqlite_app) - before
    assert message.path is not None and message.path.endswith(name)
    answer = sqlite_app.test_client()
    answer.set_cookie("session", client.cookie or "")
    download = answer.get(f"/contact/pieces/{message.id}")
    assert len(pikepdf.Pdf.open(io.BytesIO(download.data)).pages) == 2
    assert download.headers["Content-Disposition"].startswith("attachment")
    assert download.headers["Cache-Control"] == "no-store" and "sandbox" in download.headers["Content-Security-Policy"]
    # The same form again, as after a double tap: nothing more.
    files = [(io.BytesIO(photo()), "IMG 1.jpg"), (io.BytesIO(photo("PNG")), "../IMG 2.png")]
    client.post("/contact", {**fields, "files": files}, status=303)
    assert len(rows()) == 1 and len(sealed_files(sqlite_app) - before) == 1
    sent = answer_message(message.thread_id, staff_id, "Oui, elle mange.")
    assert "1 message non lu" in client.get("/tableau-de-bord").text
    page = client.get("/contact")
    assert "Vous avez 1 message non lu" in page.text
    location = client.submit(f"read-{message.thread_id}", status=303).location
    assert location.endswith(f"/contact/{message.thread_id}#message-{sent.message_id}")
    page = client.get(f"/contact/{message.thread_id}")
    assert "Oui, elle mange." in page.text and "Service enfance" in page.text and "Nouveau" not in page.text
    assert "message non lu" not in client.get("/tableau-de-bord").text


def test_a_form_taken_up_again_with_another_text_or_file_is_not_lost(sqlite_client: Client) -> None:
    """« Back » in the browser shows the form with the key that was sent already."""
    family, staff_id = make_family(), make_staff(Role.FILE_CLERK)
    recipient_id = make_recipient()
    client = sqlite_client.sign_in(family.user_id)
    fields = {"csrf_token": client.get("/contact").value("csrf_token", "message"), "key": "same"}
    fields |= {"recipient": str(recipient_id), "subject": "Cantine", "content": "Léa mange."}
    for changes in ({}, {}, {"subject": "Lundi"}, {"content": "Léa ne mange pas."}):
        client.post("/contact", {**fields, **changes}, status=303)
    assert [row.body for row in rows()] == ["Léa mange.", "Léa mange.", "Léa ne mange pas."]
    client.post("/contact", {**fields, "files": [(io.BytesIO(photo()), "1.jpg")]}, status=303)
    assert rows()[-1].path is not None and len(rows()) == 4
    thread_id = rows()[0].thread_id
    for content in ("Merci.", "Merci.", "Merci beaucoup."):
        client.post(f"/contact/{thread_id}", {**fields, "content": content}, status=303)
    assert [row.body for row in rows()[4:]] == ["Merci.", "Merci beaucoup."]
    client = sqlite_client.sign_in(staff_id)
    page = client.get(f"/gestion/messages/{thread_id}")
    note = {"csrf_token": page.value("csrf_token", "answer"), "note-key": "same"}
    for text in ("Vu.", "Vu.", "Vu avec l’école."):
        client.post(f"/gestion/messages/{thread_id}/note", {**note, "note-note": text}, status=303)
    assert [row.body for row in rows()[6:]] == ["Vu.", "Vu avec l’école."]


def test_opening_a_thread_by_its_address_changes_nothing_until_it_is_marked(sqlite_client: Client) -> None:
    family, staff_id = make_family(), make_staff(Role.FILE_CLERK)
    thread_id = write_message(family).thread_id
    answer_message(thread_id, staff_id)
    client = sqlite_client.sign_in(family.user_id)
    for _ in range(2):
        assert "Nouveau" in client.get(f"/contact/{thread_id}").text
    client.submit("reading")
    assert "Nouveau" not in client.get(f"/contact/{thread_id}").text


@pytest.mark.parametrize(
    ("field", "value", "sentence"),
    [
        ("recipient", "", "Choisissez à qui vous écrivez."),
        ("recipient", "999", "Choisissez une réponse de la liste."),
        ("recipient", "² OR 1=1", "Choisissez une réponse de la liste."),
        ("subject", "   ", "Indiquez l’objet de votre message."),
        ("subject", "a" * 121, "Écrivez au plus 120 caractères."),
        ("content", "\n \n", "Écrivez votre message."),
        ("content", "a" * 4001, "Écrivez au plus 4000 caractères."),
        ("key", "k" * 61, "Rechargez la page."),
    ],
)
def test_what_is_wrong_is_said_beside_its_field(sqlite_client: Client, field: str, value: str, sentence: str) -> None:
    recipient_id = make_recipient()
    client = sqlite_client.sign_in(make_family().user_id)
    token = client.get("/contact").value("csrf_token", "message")
    typed = {"recipient": str(recipient_id), "subject": "Objet", "content": "Texte", "key": "k", field: value}
    page = client.post("/contact", {"csrf_token": token, **typed}, status=422)
    assert sentence in page.text and not rows()
    if field != "subject":
        assert page.value("subject", "message") == "Objet"
    if field != "content":
        assert "Texte" in page.text


@pytest.mark.parametrize("name", ["a PDF with a script", "a drawing with a script (SVG)"])
def test_a_file_that_is_refused_leaves_nothing_and_keeps_the_text(
    sqlite_app: Flask, sqlite_client: Client, name: str
) -> None:
    recipient_id, before = make_recipient(), sealed_files(sqlite_app)
    client = sqlite_client.sign_in(make_family().user_id)
    token = client.get("/contact").value("csrf_token", "message")
    typed = {"recipient": str(recipient_id), "subject": "Objet", "content": "Texte", "key": "k", "csrf_token": token}
    files = [(io.BytesIO(content), "envoi.bin") for content in FILES[name]()]
    page = client.post("/contact", {**typed, "files": files}, status=422)
    assert "Pièce jointe" in page.text and "Texte" in page.text
    assert not rows() and sealed_files(sqlite_app) == before


def test_another_family_and_the_other_home_find_nothing(sqlite_app: Flask, sqlite_client: Client) -> None:
    family, other, stranger = make_family(), make_family("AUTRE"), make_family("LOIN")
    share_child(make_child(family), other)
    sent = write_message(family, pdf())
    note = answer_message(sent.thread_id, make_staff(Role.FILE_CLERK))
    for user_id in (other.user_id, stranger.user_id):
        client = sqlite_client.sign_in(user_id)
        assert "Une question" not in client.get("/contact").text
        token = client.get("/contact").value("csrf_token")
        client.get(f"/contact/{sent.thread_id}", status=404)
        client.get(f"/contact/pieces/{sent.message_id}", status=404)
        client.get(f"/contact/pieces/{note.message_id}", status=404)
        client.post(f"/contact/{sent.thread_id}", {"csrf_token": token, "content": "x", "key": "k"}, status=404)
        client.post(f"/contact/{sent.thread_id}/lu", {"csrf_token": token}, status=404)
    assert len(rows()) == 2


def test_too_many_messages_wait_and_lose_nothing(sqlite_client: Client) -> None:
    family = make_family()
    for _ in range(MOST_MESSAGES[0][1]):
        sent = write_message(family)
    client = sqlite_client.sign_in(family.user_id)
    client.get(f"/contact/{sent.thread_id}")
    page = client.submit("answer", status=429, content="Encore une chose")
    assert "envoyez-le à 9 h 30" in page.text.replace("\u00a0", " ") and "Encore une chose" in page.text


def test_a_closed_thread_says_so_and_an_answer_opens_it_again(sqlite_client: Client) -> None:
    family, staff_id = make_family(), make_staff(Role.FILE_CLERK)
    sent = write_message(family)
    with write_transaction() as session:
        message_inbox.close_thread(session, sent.thread_id, staff_id, seen=sent.message_id)
    client = sqlite_client.sign_in(family.user_id)
    page = client.get(f"/contact/{sent.thread_id}")
    assert "Cet échange est clos" in page.text
    client.submit("answer", content="Une question encore")
    assert "En attente de réponse" in client.get(f"/contact/{sent.thread_id}").text


def test_a_closed_family_reads_and_is_told_how_to_reach_us(sqlite_client: Client) -> None:
    family = make_family()
    sent = write_message(family)
    with write_transaction() as session:
        session.get_one(Family, family.family_id).status = FamilyStatus.CLOSED
    client = sqlite_client.sign_in(family.user_id)
    page = client.get("/contact")
    assert "Votre dossier est fermé" in page.text and "Envoyer le message" not in page.text
    assert "Envoyer la réponse" not in client.get(f"/contact/{sent.thread_id}").text


def test_what_was_typed_survives_a_session_that_ended(sqlite_client: Client) -> None:
    family, recipient_id = make_family(), make_recipient()
    client = sqlite_client.sign_in(family.user_id)
    client.get("/contact")
    with write_transaction() as session:
        session.execute(delete(UserSession))
    page = client.submit("message", status=401, recipient=recipient_id, subject="Objet", content="Un long texte")
    page = client.submit("/connexion", status=200, email=family.email, password=PASSWORD)
    assert "Un long texte" in page.body and not rows()
    # What brings files is not read at all: it would be 25 MB of anybody's.
    with write_transaction() as session:
        session.execute(delete(UserSession))
    heavy = {"data": b"x" * 1_100_000, "content_type": "multipart/form-data; boundary=b"}
    assert client._ask("POST", "/contact", status=303, htmx=False, **heavy).location.startswith("/connexion")
