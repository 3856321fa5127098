"""A family that asks to be erased: « À traiter », the plan, the decision."""

from pathlib import Path

from flask import Flask, current_app
from sqlalchemy import select

from app import clock
from app.database import db
from app.models.families import Family
from app.models.mails import OutboxMail
from app.models.required_documents import SubmittedDocument
from app.rules.capabilities import Role
from app.rules.states import FamilyStatus
from tests import factories
from tests.client import Client


def test_agent_finds_the_request_and_erases_the_family(sqlite_app: Flask) -> None:
    family = factories.make_family("ZINZOLIN", "Philomène")
    child_id = factories.make_child(family)
    factories.hand_in(family, f"{factories.make_document()}-{child_id}")
    path = Path(current_app.instance_path) / db.session.scalars(select(SubmittedDocument.path)).one()
    request_id = factories.ask_erasure(family)
    clock.start_at(factories.NOW.replace(month=12, day=24), frozen=True)
    agent, parent = Client(sqlite_app), Client(sqlite_app)
    parent.sign_in(family.user_id).get("/mes-donnees")
    agent.sign_in(factories.make_staff(Role.FILE_CLERK))
    page = agent.get("/gestion/a-traiter?type=effacements")
    assert "En retard" in page.text and "réponse avant le 23/12/2026" in page.text
    page = agent.get(f"/gestion/effacements/{request_id}")
    assert "Le délai d’un mois est passé" in page.text and "Documents remis effacé" in page.text
    assert path.exists()
    agent.submit("acceptance", status=422)
    page = agent.submit("acceptance", understood=True)
    assert "La famille est effacée." in page.text and "ZINZOLIN" not in page.text
    assert not path.exists()
    assert db.session.get_one(Family, family.family_id).status is FamilyStatus.ERASED
    told = db.session.scalars(select(OutboxMail).where(OutboxMail.template == "erasure_done")).one()
    assert told.recipient == family.email and "Documents remis\u00a0: effacé" in told.body
    assert parent.get("/mes-donnees", status=303).location.startswith("/connexion")
    assert "Ce dossier est effacé" in agent.get(f"/gestion/familles/{family.family_id}").text


def test_agent_refuses_with_a_reason_and_what_is_due_keeps_from_erasing(sqlite_app: Flask) -> None:
    family = factories.make_family()
    factories.make_invoice(family, 1_500)
    client = Client(sqlite_app)
    client.sign_in(factories.make_staff(Role.FILE_CLERK)).get(f"/gestion/familles/{family.family_id}")
    page = client.submit("erasure")
    assert "15,00 € à payer" in page.text
    assert not page.all("form", id="acceptance")
    client.submit("refusal", reason="", status=422)
    assert "La demande est refusée." in client.submit("refusal", reason="Une facture reste à payer.").text
    assert "Une facture reste à payer." in Client(sqlite_app).sign_in(family.user_id).get("/mes-donnees").text
