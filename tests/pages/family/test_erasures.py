"""« Mes données »: withdrawing the consent and asking to be erased, told before, with the password."""

from flask import Flask
from sqlalchemy import select, update

from app.database import db, write_transaction
from app.models.accounts import UserSession
from app.models.families import Consent
from app.models.retention import ErasureRequest
from app.rules.states import ErasureCause, ErasureStatus, FamilyStatus
from tests import factories
from tests.client import Client


def test_parent_reads_the_plan_asks_and_takes_it_back(sqlite_app: Flask) -> None:
    client, planning = Client(sqlite_app), factories.make_planning()
    factories.save(planning.family, planning.child_id, book=[planning.opening(factories.WEDNESDAY, "Matin")])
    client.sign_in(planning.family.user_id)
    assert "/mes-donnees/effacement" in client.get("/mes-donnees").links()
    page = client.get("/mes-donnees/effacement")
    assert "1 réservation à venir, à annuler d’abord" in page.text and "Dossier de la famille effacé" in page.text
    assert "Cochez cette case pour envoyer votre demande." in client.submit("erasure", status=422).text
    page = client.submit("erasure", understood=True)
    assert page.path == "/mes-donnees" and "Réponse avant le 23/12/2026" in page.text
    assert "Demande d’effacement du dossier" in client.get("/historique").text
    client.get("/mes-donnees/effacement/annuler")
    assert "votre dossier reste comme il est" in client.submit("keeping").text
    assert db.session.scalars(select(ErasureRequest.status)).all() == [ErasureStatus.WITHDRAWN]


def test_parent_withdraws_the_consent_and_gives_it_again(sqlite_app: Flask) -> None:
    client, family = Client(sqlite_app), factories.make_family()
    child_id = factories.make_child(family)
    client.sign_in(family.user_id)
    links = client.get("/mes-donnees").links()
    assert any(str(child_id) in link and "autorisations" in link for link in links)
    page = client.get("/mes-donnees/effacement?motif=accord")
    assert page.heading == "Retirer mon accord" and "nous ne pouvons plus tenir le dossier" in page.text
    client.submit("erasure", understood=True)
    assert "Retiré par" in client.get("/mes-donnees").text
    assert db.session.scalars(select(ErasureRequest.cause)).all() == [ErasureCause.CONSENT_WITHDRAWN]
    client.get("/mes-donnees/effacement/annuler")
    client.submit("keeping", status=422)
    client.submit("keeping", agreed=True)
    assert len(db.session.scalars(select(Consent.id).where(Consent.withdrawn_at.is_(None))).all()) == 1


def test_the_request_asks_for_the_password_after_a_while(sqlite_app: Flask) -> None:
    client = Client(sqlite_app)
    client.sign_in(factories.make_family().user_id).get("/mes-donnees/effacement")
    with write_transaction() as session:
        session.execute(update(UserSession).values(confirmed_at=None))
    assert client.submit("erasure", understood=True).heading == "Est-ce bien vous ?"
    assert db.session.scalars(select(ErasureRequest.id)).all() == []


def test_a_closed_file_is_erased_by_letter(sqlite_app: Flask) -> None:
    client = Client(sqlite_app)
    client.sign_in(factories.make_family(status=FamilyStatus.CLOSED).user_id)
    assert "Pour le faire effacer, écrivez" in client.get("/mes-donnees").text
    client.get("/mes-donnees/effacement", status=403)
