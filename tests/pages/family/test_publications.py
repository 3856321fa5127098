"""Documentation structure: who downloads what, and what comes back."""

from datetime import date, timedelta

from flask import Flask

from app import clock
from app.rules.states import EnrolmentStatus
from app.services.catalogue import Readers
from tests.client import Client
from tests.factories import enrol, hand_in, make_activity, make_child, make_document, make_family, publish


def test_a_family_downloads_what_is_for_it_and_nothing_else(sqlite_app: Flask, sqlite_client: Client) -> None:
    family, other = make_family(), make_family("AUTRE")
    activity = make_activity()
    child = make_child(family)
    booklet = publish("Livret d’accueil", category="Vie pratique", description="À lire en famille.")
    form = publish("Fiche de la sortie", Readers(activities=frozenset({activity.id})))
    yesterday = clock.today() - timedelta(days=1)
    hidden = [
        publish("Retirée", is_shown=False),
        publish("Passée", shown_until=yesterday),
        publish("À venir", shown_from=clock.today() + timedelta(days=1)),
    ]
    client = sqlite_client.sign_in(other.user_id)
    page = client.get("/documentation")
    assert "Livret d’accueil" in page.text and "À lire en famille." in page.text and "PDF, 1 page" in page.text
    assert "Vie pratique" in page.text and "Nouveau" in page.text
    assert not any(name in page.text for name in ("Fiche de la sortie", "Retirée", "Passée", "À venir"))
    for publication in (form, *hidden):
        client.get(f"/documentation/fichiers/{publication}", status=404)
    # Who asks for the activity reads what is to be filled in for it.
    enrol(child, family, activity, EnrolmentStatus.REQUESTED)
    client = sqlite_client.sign_in(family.user_id)
    assert "Fiche de la sortie" in client.get("/documentation").text
    answers = sqlite_app.test_client()
    answers.set_cookie("session", client.cookie or "")
    for publication in (booklet, form):
        answer = answers.get(f"/documentation/fichiers/{publication}", buffered=True)
        assert (answer.status_code, answer.data) == (200, b"%PDF-1.4 essai")
        assert answer.headers["Content-Type"] == "application/pdf"
        assert answer.headers["Content-Disposition"].startswith("attachment")
        assert answer.headers["Cache-Control"] == "no-store" and answer.headers["X-Content-Type-Options"] == "nosniff"


def test_what_is_to_return_leads_to_the_document_of_each_child(sqlite_app: Flask, sqlite_client: Client) -> None:
    family = make_family()
    children = [make_child(family), make_child(family, "Tom", date(2021, 3, 2))]
    document = make_document("Autorisation de sortie")
    publish("Autorisation à remplir", document_id=document, shown_from=date(2026, 10, 1))
    hand_in(family, f"{document}-{children[0]}")
    page = sqlite_client.sign_in(family.user_id).get("/documentation")
    assert "À retourner" in page.text
    for child, words in zip(children, ("Voir l’envoi", "Le retourner"), strict=True):
        assert f"/mes-documents/{document}-{child}" in page.links()
        assert words in page.text
