"""« Prélèvements »: settings, mandates, a collection from its preview to its payments, on the pages of both doors."""

from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import select

from app import clock
from app.database import db, write_transaction
from app.jobs.debits import DebitJob
from app.models.direct_debits import DebitMandate, DebitSettings
from app.models.invoices import Invoice
from app.models.mails import OutboxMail
from app.rules.capabilities import Role
from app.rules.cash_desks import PaymentMode
from app.services import debit_batches, payments
from app.services.mail_texts import PORTAL_MARK
from tests import factories
from tests.client import Client
from tests.factories import FamilySetup
from tests.html import check_text

DEBITS = "/gestion/prelevements"
OWN = "/mes-factures/prelevement"


@pytest.fixture
def family(sqlite_client: Client) -> FamilySetup:
    return factories.make_family("AAA")


@pytest.fixture
def invoice_id(family: FamilySetup) -> int:
    return factories.make_invoice(family, 2_000)


@pytest.fixture
def office_id(invoice_id: int) -> int:
    return db.session.get_one(Invoice, invoice_id).office_id


@pytest.fixture
def regie(sqlite_client: Client) -> Client:
    return sqlite_client.sign_in(factories.make_staff(Role.REGISSEUR))


@pytest.fixture
def parent(sqlite_app: Flask, family: FamilySetup) -> Client:
    return Client(sqlite_app).sign_in(family.user_id)


def a_mandate(family: FamilySetup, office_id: int) -> tuple[int, int]:
    """A mandate, and who recorded it."""
    factories.let_collect(office_id)
    agent_id = factories.make_user("autre-regie@example.org")
    return factories.make_mandate(family, office_id, agent_id), agent_id


def test_an_office_says_how_it_collects(sqlite_client: Client, office_id: int) -> None:
    admin = sqlite_client.sign_in(factories.make_staff(Role.ADMINISTRATOR))
    page = admin.get(f"/gestion/reglages/regies/{office_id}")
    assert f"/gestion/reglages/regies/{office_id}/prelevement" in page.links()
    admin.get(f"/gestion/reglages/regies/{office_id}/prelevement")
    page = admin.submit("setting", status=422, is_on="y", creditor_identifier="FR73ZZZ123456", bic="X", notice_days="0")
    assert "Cet ICS n’est pas juste" in page.text and "8 ou 11 caractères" in page.text
    assert page.value("creditor_identifier", "setting") == "FR73ZZZ123456"
    page = admin.submit(
        "setting", creditor_identifier="fr72 zzz 123456", creditor_name="Régie de l’Île", iban=factories.AN_IBAN,
        bic="", notice_days="14",
    )  # fmt: skip
    assert "ICS FR72ZZZ123456" in page.text and "FR76 … 0189" in page.text and factories.AN_IBAN not in page.body
    page = admin.get(f"/gestion/reglages/regies/{office_id}/prelevement")
    assert page.value("iban", "setting") == "" and "FR76 … 0189" in page.text
    admin.submit("setting", creditor_name="Régie")  # without an IBAN: it stays
    row = db.session.get_one(DebitSettings, office_id)
    assert (row.iban, row.creditor_name) == (factories.AN_IBAN, "Régie")


def test_a_mandate_from_its_paper_to_its_end(
    regie: Client, parent: Client, office_id: int, family: FamilySetup
) -> None:
    family_id = family.family_id
    address = f"/gestion/mandats/famille/{family_id}"
    assert address in regie.get(f"/gestion/familles/{family_id}").links()
    assert "Le service Service pop ne prélève pas." in regie.get(address).text
    factories.let_collect(office_id)
    page = regie.get(address)
    assert f"/gestion/mandats/famille/{family_id}/pdf?service={office_id}" in page.links()
    page = regie.submit("mandate", status=422, holder="Élodie AAA", iban="FR76 1234", signed_on="2027-01-01")
    assert "Cet IBAN n’est pas juste" in page.text and page.value("iban", "mandate") == "FR76 1234"
    assert "Cette date n’est pas encore arrivée." in page.text
    assert "caduc" in regie.submit("mandate", status=422, signed_on="2023-11-23").text
    page = regie.submit("mandate", iban=factories.AN_IBAN, signed_on="2026-11-02")
    assert "FR76 … 0189" in page.text and "Actif" in page.text and factories.AN_IBAN not in page.body
    history = f"/gestion/familles/{family_id}/historique"
    reference = f"pop-M{family_id:06}-1"
    assert f"Mandat de prélèvement {reference} enregistré" in regie.get(history).text
    page = parent.get("/mes-factures")
    assert "Prélèvement automatique : Service pop, compte FR76 … 0189" in page.text and OWN in page.links()
    page = parent.get(OWN)
    assert reference in page.text and "chaque prélèvement vous sera annoncé" in page.text
    mandate_id = db.session.scalars(select(DebitMandate.id)).one()
    parent.get(f"{OWN}/{mandate_id}/fin")
    page = parent.submit("mandate-end")
    assert "Votre mandat est terminé" in page.text and "Vous n’avez pas de mandat" in page.text
    assert "Prélèvement automatique" not in parent.get("/mes-factures").text
    assert f"Fin du mandat de prélèvement {reference}" in regie.get(history).text
    assert "(la famille)" in regie.get(address).text


def test_the_paper_to_sign_is_printed(regie: Client, office_id: int, family: FamilySetup) -> None:
    family_id = family.family_id
    factories.let_collect(office_id)
    answer = regie.get(f"/gestion/mandats/famille/{family_id}/pdf?service={office_id}")
    assert answer.headers["Content-Type"] == "application/pdf" and f"mandat-pop-M{family_id:06}-1.pdf" in str(
        answer.headers
    )


def test_a_collection_on_the_pages(
    regie: Client, parent: Client, office_id: int, family: FamilySetup, invoice_id: int
) -> None:
    family_id = family.family_id
    assert "Ce service ne prélève pas." in regie.get(f"{DEBITS}?service={office_id}").text
    regie.get(f"{DEBITS}/nouveau?service={office_id}", status=404)
    a_mandate(family, office_id)
    left = factories.make_family("BBB")
    left_id = factories.make_invoice(left, 700)
    assert f"{DEBITS}?service={office_id}" in regie.get(f"/gestion/regie?service={office_id}").links()
    page = regie.get(f"{DEBITS}/nouveau?service={office_id}")
    assert "lundi 7 décembre 2026" in page.text and "1 prélevée, 20,00 €" in page.text
    assert "Pas de mandat : 1 facture, 7,00 €" in page.text
    page = regie.get(f"{DEBITS}/nouveau?service={office_id}&montrer=no_mandate")
    number = db.session.get_one(Invoice, left_id).number
    assert number in page.text
    page = regie.get(f"{DEBITS}/nouveau?service={office_id}&jour=2026-12-01", status=422)
    assert "Ce jour est trop proche" in page.text
    assert (
        "Les banques ne travaillent pas"
        in regie.get(f"{DEBITS}/nouveau?service={office_id}&jour=2026-12-25", status=422).text
    )
    regie.get(f"{DEBITS}/nouveau?service={office_id}")
    page = regie.submit("prepare")
    batch = page.path
    assert "Préparé" in page.text and "FR76 … 0189" in page.text and factories.AN_IBAN not in page.body
    mail = db.session.scalars(select(OutboxMail).where(OutboxMail.template == "debit_planned")).one()
    assert (
        check_text(mail.subject) == []
        and check_text(mail.body.replace(PORTAL_MARK, "https://portail.example.org")) == []
    )
    # The family reads it, and does not pay it a second time.
    page = parent.get("/mes-factures")
    assert "Prélèvement prévu le 07/12/2026." in page.text and "Payer en ligne" not in page.text
    assert "Prélèvement prévu le lundi 7 décembre 2026" in parent.get(f"/mes-factures/{invoice_id}").text
    assert "20,00 € le lundi 7 décembre 2026" in parent.get(OWN).text
    assert "Prélèvement prévu le 07/12/2026." in regie.get(f"/gestion/factures/{invoice_id}").text
    # Its file, then its payments.
    regie.get(f"{batch}/fichier", status=404)
    regie.get(batch)
    page = regie.submit("bank-file")
    assert "Fichier remis" in page.text and f"{batch}/fichier" in page.links()
    first = regie.get(f"{batch}/fichier")
    assert '<InstdAmt Ccy="EUR">20.00</InstdAmt>' in first.body
    assert first.body == regie.get(f"{batch}/fichier").body
    clock.start_at(factories.NOW + timedelta(days=14), frozen=True)
    regie.sign_in(factories.make_staff(Role.REGISSEUR))
    regie.get(batch)
    page = regie.submit("record")
    assert "Enregistrement en cours : 1 ligne à enregistrer" in page.text
    assert DebitJob().record_next()
    page = regie.get(f"{batch}?etat=recorded")
    assert "Encaissé" in page.text and "pop-Q261200001" in page.text
    assert "Prélèvement automatique" in regie.get(f"/gestion/familles/{family_id}").text
    assert "En caisse" in regie.get(f"/gestion/regie?service={office_id}").text
    assert "20,00 €" not in regie.get(f"/gestion/regie?service={office_id}").text
    table = regie.get(f"{batch}/lignes?format=csv").body
    assert "pop-Q261200001" in table and factories.AN_IBAN not in table
    # It comes back.
    line_id = debit_batches.list_lines(int(batch.rpartition("/")[2]), None, 1, 0).rows[0].id
    regie.get(f"{DEBITS}/lignes/{line_id}/rejet")
    assert "Choisissez le motif" in regie.submit("refusal", status=422).text
    page = regie.submit("refusal", code="AM04")
    assert "AM04 : provision insuffisante" in page.text and "de nouveau à régler" in page.text
    assert "Prélèvement rejeté, facture" in regie.get(f"/gestion/familles/{family_id}/historique").text
    assert "Payer" in parent.sign_in(family.user_id).get(f"/mes-factures/{invoice_id}").text


def test_a_collection_is_abandoned_on_its_page(regie: Client, office_id: int, family: FamilySetup) -> None:
    _mandate_id, agent_id = a_mandate(family, office_id)
    batch_id = factories.prepare_debit(office_id, agent_id)
    regie.get(f"{DEBITS}/{batch_id}/abandon")
    page = regie.submit("abandon")
    assert "Le prélèvement est abandonné" in page.text and "Abandonné" in page.text
    regie.get(f"{DEBITS}/{batch_id}/abandon", status=409)
    assert "Abandonné" in regie.get(f"{DEBITS}?service={office_id}").text


def test_what_was_paid_meanwhile_is_named_and_keeps_the_file_from_leaving(
    regie: Client, office_id: int, family: FamilySetup
) -> None:
    _mandate_id, agent_id = a_mandate(family, office_id)
    batch = f"{DEBITS}/{factories.prepare_debit(office_id, agent_id)}"
    regie.get(batch)
    with write_transaction() as session:
        payments.record_counter_payment(
            session, office_id=office_id, family_id=family.family_id, mode=PaymentMode.CASH, amount_cents=2_000,
            received_on=clock.today(), reference="", recorded_by=agent_id,
        )  # fmt: skip
    assert "retirez sa ligne" in regie.submit("bank-file", status=409).text  # the page was shown before
    page = regie.get(batch)
    assert "retirez leurs lignes" in page.text and "Retirer pop-F" in page.text and "bank-file" not in page.body
    regie.get(next(link for link in page.links() if link.endswith("/rejet")))
    page = regie.submit("refusal")
    assert "Il ne reste rien à prélever" in page.text and "retirez leurs lignes" not in page.text


def test_who_collects_for_one_office_reaches_its_collections_alone(
    sqlite_client: Client, office_id: int, family: FamilySetup
) -> None:
    mandate_id, agent_id = a_mandate(family, office_id)
    batch_id = factories.prepare_debit(office_id, agent_id)
    other_office = db.session.get_one(Invoice, factories.make_invoice(family, prefix="AN")).office_id
    narrow = sqlite_client.sign_in(factories.make_staff(Role.REGISSEUR, office_id=other_office))
    for path in (
        f"{DEBITS}?service={office_id}", f"{DEBITS}/{batch_id}", f"{DEBITS}/{batch_id}/lignes",
        f"/gestion/mandats/{mandate_id}/fin",
    ):  # fmt: skip
        narrow.get(path, status=404)
    assert "FR76 … 0189" not in narrow.get(f"/gestion/mandats/famille/{family.family_id}").text
