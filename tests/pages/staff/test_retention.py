"""« Réglages › Conservation des données »: durations within bounds, and what a purge would take."""

from flask import Flask

from app.database import write_transaction
from app.rules.capabilities import Role
from app.rules.retention import DataClass
from app.services import purges
from tests import factories
from tests.client import Client


def test_administrator_chooses_how_long_data_is_kept(sqlite_app: Flask) -> None:
    client = Client(sqlite_app)
    client.sign_in(factories.make_staff(Role.ADMINISTRATOR))
    page = client.get("/gestion/reglages/conservation")
    assert "Code de commerce, article L123-22" in page.text and "de 10 ans à 15 ans" in page.text
    page = client.submit("retention", accounting="12", mails="3", status=422)
    assert "Choisissez une durée de 10 ans à 15 ans." in page.text
    assert purges.durations()[DataClass.MAILS] == 12
    page = client.submit("retention", accounting="120", mails="3")
    assert "Les durées sont enregistrées." in page.text and purges.durations()[DataClass.MAILS] == 3
    assert "Rien n’a changé." in client.submit("retention").text


def test_administrator_reads_what_a_purge_would_take(sqlite_app: Flask) -> None:
    client = Client(sqlite_app)
    client.sign_in(factories.make_staff(Role.ADMINISTRATOR))
    assert "Aucune purge n’a encore été lancée." in client.get("/gestion/reglages/conservation/purge").text
    with write_transaction() as session:
        run_id = purges.begin_purge(session)
    assert "interrompue" in client.get("/gestion/reglages/conservation/purge").text
    with write_transaction() as session:
        purges.end_purge(session, run_id)
    assert "Il n’y avait rien à effacer." in client.get("/gestion/reglages/conservation/purge").text
