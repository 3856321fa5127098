"""Texts to accept: read, accepted once for the family, asked again when they change, and what waits for them."""

from flask import Flask
from sqlalchemy import select

from app import clock
from app.database import db, write_transaction
from app.models.publications import TextAcceptance
from app.rules.publications import hash_of
from app.rules.required_documents import DocumentDemand
from app.services import text_settings
from app.services.catalogue import Readers, catalogue
from app.services.text_settings import VersionInput
from tests.client import Answer, Client
from tests.factories import make_activity, make_child, make_family, make_staff, make_text, publish

BODY = "# Article 1\nLe respect.\n- des lieux\n- des <b>personnes</b>"


def say(text: int, body: str) -> None:
    agent = make_staff()
    with write_transaction() as session:
        text_settings.add_version(session, text, agent, VersionInput(body, None, clock.today(), is_told=False))


def accept(client: Client, text: int, page: Answer, status: int = 303) -> Answer:
    form = {name: page.value(name, "acceptance") or "" for name in ("csrf_token", "version")}
    return client.post(f"/documentation/textes/{text}", {**form, "accepts": "y"}, status=status)


def test_a_parent_reads_and_accepts_and_a_new_version_asks_again(sqlite_app: Flask, sqlite_client: Client) -> None:
    family = make_family()
    text = make_text(body=BODY)
    address = f"/documentation/textes/{text}"
    client = sqlite_client.sign_in(family.user_id)
    assert address in client.get("/tableau-de-bord").links()
    assert "À accepter" in client.get("/documentation").text
    page = client.get(address)
    assert "des <b>personnes</b>" in page.text_of("main")  # shown as it was typed
    token = page.value("csrf_token", "acceptance") or ""
    refused = client.post(address, {"csrf_token": token, "version": "1"}, status=422)
    assert "Cochez la case pour accepter." in refused.text
    accept(client, text, page)
    accept(client, text, page)  # twice counts once
    db.session.rollback()
    row = db.session.scalars(select(TextAcceptance)).one()
    assert (row.accepted_by_id, row.signed_by, row.on_paper) == (family.user_id, "Fabrice TEST", False)
    assert row.content_hash == hash_of(BODY, None) and row.accepted_at == clock.now()
    assert address not in client.get("/tableau-de-bord").links()
    assert "par Fabrice TEST" in client.get("/documentation").text
    assert "Règlement intérieur" in client.get("/mes-donnees").text
    assert "Texte accepté" in client.get("/historique?rubrique=file").text
    say(text, "Autre chose")
    page = client.get(address)
    assert "Nouvelle version à accepter" in page.text
    say(text, "Encore autre chose")  # while it is read
    refused = accept(client, text, page, 422)
    assert "Ce texte vient de changer." in refused.text and "Encore autre chose" in refused.text
    accept(client, text, refused)
    db.session.rollback()
    assert len(db.session.scalars(select(TextAcceptance)).all()) == 2


def test_a_text_keeps_from_enrolling_until_it_is_accepted(sqlite_app: Flask, sqlite_client: Client) -> None:
    family = make_family()
    child, activity = make_child(family), make_activity(needs={}, units={})
    readers = Readers(activities=frozenset({activity.id}))
    text = make_text("Charte", readers, demand=DocumentDemand.BLOCKS_ENROLMENT)
    client = sqlite_client.sign_in(family.user_id)
    offers = f"/mes-inscriptions/{child}/nouvelle"
    page = client.get(offers)
    assert "À lire et à accepter d’abord" in page.text and "Charte" in page.text
    accept(client, text, client.get(f"/documentation/textes/{text}"))
    assert "À lire et à accepter d’abord" not in client.get(offers).text


def test_others_neither_see_a_text_nor_its_file(sqlite_app: Flask, sqlite_client: Client) -> None:
    family = make_family()
    theirs = make_text("Aux autres", Readers(levels=frozenset({"CM2"})))
    publication = publish("Règlement en PDF")
    text = make_text("Règlement", body="", publication_id=publication)
    client = sqlite_client.sign_in(family.user_id)
    assert "Aux autres" not in client.get("/documentation").text
    client.get(f"/documentation/textes/{theirs}", status=404)
    client.get(f"/documentation/textes/{theirs}/fichier", status=404)
    assert f"/documentation/textes/{text}/fichier" in client.get(f"/documentation/textes/{text}").links()
    answers = sqlite_app.test_client()
    answers.set_cookie("session", client.cookie or "")
    answer = answers.get(f"/documentation/textes/{text}/fichier", buffered=True)
    assert (answer.status_code, answer.data) == (200, b"%PDF-1.4 essai")
    assert len(catalogue().texts) == 2


def test_my_documents_list_the_texts_and_lead_to_their_record(sqlite_client: Client) -> None:
    family = make_family()
    text = make_text()
    client = sqlite_client.sign_in(family.user_id)
    page = client.get("/mes-documents")
    assert "Règlement intérieur À accepter" in page.text and f"/documentation/textes/{text}" in page.links()
    client.get(f"/documentation/textes/{text}")
    client.submit("acceptance", accepts="y")
    assert "Règlement intérieur Accepté le 23/11/2026 à 08:30 par Fabrice TEST" in client.get("/mes-documents").text
