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


def test_a_duration_that_a_colleague_stored_meanwhile_is_shown_before_it_is_overwritten(sqlite_app: Flask) -> None:
    client, colleague = Client(sqlite_app), Client(sqlite_app)
    client.sign_in(factories.make_staff(Role.ADMINISTRATOR)).get("/gestion/reglages/conservation")
    colleague.sign_in(factories.make_staff(Role.ADMINISTRATOR)).get("/gestion/reglages/conservation")
    colleague.submit("retention", mails="6", health="3")
    page = client.submit("retention", mails="3", sign_ins="9", status=409)
    assert "Un autre agent vient de changer ce réglage : « 6 »" in page.text
    assert (page.value("mails", "retention"), page.value("sign_ins", "retention")) == ("3", "9")
    assert page.value("health", "retention") == "6"  # as it was shown: said too, since it would be put back
    assert purges.durations()[DataClass.MAILS] == 6 and purges.durations()[DataClass.SIGN_INS] == 12
    client.submit("retention", health="3")  # once more: it is meant
    found = purges.durations()
    assert (found[DataClass.MAILS], found[DataClass.SIGN_INS], found[DataClass.HEALTH]) == (3, 9, 3)


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
