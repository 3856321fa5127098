"""Messages at the staff's door: the inbox, answering, and what a colleague did meanwhile."""

import io

import pytest
from flask import Flask
from sqlalchemy import select

from app.database import db, write_transaction
from app.models.families import Guardian
from app.models.mails import OutboxMail
from app.models.messages import Message
from app.rules.capabilities import Role
from app.services import message_inbox
from app.services.message_threads import Written
from tests.awkward_files import pdf
from tests.client import Client
from tests.factories import (
    FamilySetup,
    answer_message,
    make_child,
    make_family,
    make_recipient,
    make_staff,
    share_child,
    write_message,
)


@pytest.fixture
def family(sqlite_app: Flask) -> FamilySetup:
    return make_family()


@pytest.fixture
def clerk(sqlite_client: Client) -> Client:
    return sqlite_client.sign_in(make_staff(Role.FILE_CLERK))


def bodies() -> list[str]:
    db.session.rollback()
    return list(db.session.scalars(select(Message.body).order_by(Message.id)))


def test_an_agent_finds_answers_and_closes_what_waits(family: FamilySetup, clerk: Client) -> None:
    sent = write_message(family, pdf(), subject="Cantine", body="Léa mange-t-elle demain ?")
    page = clerk.get("/gestion/a-traiter?type=messages")
    assert "Messages 1" in page.text and "Lire et répondre" in page.text
    page = clerk.get("/gestion/messages")
    assert "Cantine" in page.text and "À répondre 1" in page.text
    page = clerk.get(f"/gestion/messages/{sent.thread_id}")
    assert "Léa mange-t-elle demain" in page.text and "scan.pdf" in page.text
    page = clerk.submit("answer", content="Oui, elle mange.")
    assert "Votre réponse est envoyée" in page.text and "Aucun message n’attend de réponse." in page.text
    mail = db.session.scalars(select(OutboxMail).where(OutboxMail.template == "message_answered")).one()
    assert mail.recipient == family.email and "mange" not in mail.body + mail.subject and "/contact" in mail.body
    assert "Cantine" in clerk.get("/gestion/messages?etat=repondus").text
    clerk.get(f"/gestion/messages/{sent.thread_id}")
    assert "Clos le" in clerk.submit("closing").text
    assert "Cantine" in clerk.get("/gestion/messages?etat=clos").text
    clerk.get(f"/gestion/messages/{sent.thread_id}")
    assert "En attente de réponse" in clerk.submit("reopening").text


def test_the_second_agent_sees_the_answer_of_the_first_and_loses_nothing(family: FamilySetup, clerk: Client) -> None:
    sent = write_message(family)
    clerk.get(f"/gestion/messages/{sent.thread_id}")
    answer_message(sent.thread_id, make_staff(Role.REGISSEUR), "La réponse d’un collègue")
    page = clerk.submit("answer", status=409, content="Ma réponse")
    assert "Quelqu’un a écrit dans cet échange entre-temps" in page.text
    assert "La réponse d’un collègue" in page.text and "Ma réponse" in page.text
    assert "Ma réponse" not in bodies()
    clerk.submit("answer")
    assert bodies()[-1] == "Ma réponse"


def test_closing_what_the_family_just_wrote_in_asks_to_read_it(family: FamilySetup, clerk: Client) -> None:
    sent = write_message(family)
    clerk.get(f"/gestion/messages/{sent.thread_id}")
    answer_message(sent.thread_id, make_staff(Role.REGISSEUR))
    assert "relisez-le avant de le clore" in clerk.submit("closing").text


def test_notes_and_assignment(family: FamilySetup, clerk: Client) -> None:
    sent = write_message(family)
    clerk.get(f"/gestion/messages/{sent.thread_id}")
    assert "Écrivez votre note." in clerk.submit("note", status=422, **{"note-note": " "}).text
    page = clerk.submit("note", **{"note-note": "À voir avec la régie"})
    assert "À voir avec la régie" in page.text and "Note interne" in page.text
    agent_id = next(iter(message_inbox.answering_agents(family.family_id)))
    assert "L’échange est attribué." in clerk.submit("assignment", agent=agent_id).text
    assert "Une question" in clerk.get("/gestion/messages?moi=oui").text
    clerk.get(f"/gestion/messages/{sent.thread_id}")
    assert "Choisissez une réponse de la liste." in clerk.submit("assignment", status=422, agent=family.user_id).text
    assert "n’est plus attribué" in clerk.submit("assignment", agent="").text


def test_the_inbox_takes_any_address(family: FamilySetup, clerk: Client) -> None:
    write_message(family)
    for query in ("etat=x", "destinataire=²", "destinataire=9999999999999", "page=0", "page=99", "moi="):
        clerk.get(f"/gestion/messages?{query}")
    clerk.get("/gestion/messages?famille=999", status=404)


def test_what_is_wrong_is_said_and_kept(family: FamilySetup, clerk: Client) -> None:
    sent = write_message(family)
    clerk.get(f"/gestion/messages/{sent.thread_id}")
    assert "Écrivez votre réponse." in clerk.submit("answer", status=422, content="").text
    token = clerk.page.value("csrf_token", "answer") if clerk.page else ""
    bad = {"files": [(io.BytesIO(b"<svg/>"), "x.pdf")], "content": "Ma réponse", "key": "k", "seen": "1"}
    page = clerk.post(f"/gestion/messages/{sent.thread_id}", {"csrf_token": token, **bad}, status=422)
    assert "Ma réponse" in page.text and len(bodies()) == 1


def test_an_agent_writes_first_from_the_file_of_a_family(family: FamilySetup, clerk: Client) -> None:
    make_recipient()
    page = clerk.get(f"/gestion/familles/{family.family_id}")
    assert "Écrire à la famille" in page.text
    page = clerk.get(f"/gestion/messages/famille/{family.family_id}")
    assert "Lu par" in page.text
    page = clerk.submit("message", status=422, recipient="", subject="Vos papiers", content="Bonjour")
    assert "Choisissez à qui vous écrivez." in page.text and page.value("subject", "message") == "Vos papiers"
    recipient_id = make_recipient()
    page = clerk.submit("message", recipient=recipient_id)
    assert "Le message est envoyé" in page.text and bodies() == ["Bonjour"]
    assert "Vos papiers" in clerk.get(f"/gestion/messages?famille={family.family_id}").text


def test_nobody_reads_the_threads_of_their_own_families(family: FamilySetup, sqlite_client: Client) -> None:
    staff_id = make_staff(Role.FILE_CLERK, email="agent.parent@example.org")
    own = make_family("AGENT", email="agent.parent@example.org", user_id=staff_id)
    share_child(make_child(own), family)
    client = sqlite_client.sign_in(staff_id)
    for each in (own, family):
        sent = write_message(each, pdf(), subject="Secret")
        client.get(f"/gestion/messages/{sent.thread_id}", status=403)
        client.get(f"/gestion/messages/pieces/{sent.message_id}", status=403)
        client.get(f"/gestion/messages/famille/{each.family_id}", status=403)
    assert "Secret" not in client.get("/gestion/messages?etat=tous").text
    page = client.get("/gestion/a-traiter?type=messages")
    assert "Secret" not in page.text and "un collègue doit répondre" in page.text


def test_a_family_without_login_cannot_read(sqlite_client: Client, family: FamilySetup) -> None:
    with write_transaction() as session:
        session.get_one(Guardian, family.guardian_id).user_id = None
    client = sqlite_client.sign_in(make_staff(Role.FILE_CLERK))
    assert "n’a de compte en ligne" in client.get(f"/gestion/messages/famille/{family.family_id}").text


def test_recipients_are_set_in_the_browser(family: FamilySetup, sqlite_client: Client) -> None:
    client = sqlite_client.sign_in(make_staff(Role.ADMINISTRATOR))
    assert "ne peuvent pas encore écrire" in client.get("/gestion/reglages/destinataires").text
    client.get("/gestion/reglages/destinataires/nouveau")
    page = client.submit("setting", status=422, name="Régie", position="x", mails_text="y")
    assert "Écrivez un nombre entier" in page.text and "Indiquez l’adresse qui reçoit le texte." in page.text
    page = client.submit("setting", position="1", email="regie@example.org")
    assert "Régie" in page.text and "Avec le texte" in page.text
    client.get("/gestion/reglages/destinataires/nouveau")
    page = client.submit("setting", status=422, name="Régie")
    assert "porte déjà ce nom" in page.text
    recipient_id = make_recipient("Régie")
    write_message(family, recipient="Régie")
    client.get(f"/gestion/reglages/destinataires/{recipient_id}")
    assert "1 échange avec une famille" in client.submit("delete").text.replace("\u00a0", " ")


def test_a_note_is_in_no_page_of_the_family(family: FamilySetup, sqlite_client: Client) -> None:
    sent, staff_id = write_message(family), make_staff(Role.FILE_CLERK)
    with write_transaction() as session:
        message_inbox.add_note(session, sent.thread_id, staff_id, Written("Entre nous", "n"))
    client = sqlite_client.sign_in(family.user_id)
    assert "Entre nous" not in client.get(f"/contact/{sent.thread_id}").text
