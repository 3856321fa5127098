"""« Attestations fiscales » and « Relevé de compte »: what the staff and the family see of them."""

from __future__ import annotations

from datetime import date
from pathlib import Path

from flask import current_app

from app.database import db, write_transaction
from app.integrations.pdf import PdfMaker
from app.jobs.pdfs import PaperJob
from app.models.invoices import Invoice
from app.rules.capabilities import Role
from app.services import tax_certificates
from tests import factories
from tests.client import Client
from tests.services.test_tax_certificates import an_invoice, born, pay

CERTIFICATES = "/gestion/attestations-fiscales"


def test_a_year_is_seen_then_published_and_the_family_gets_its_pdf(sqlite_client: Client) -> None:
    family = factories.make_family()
    child_id = factories.make_child(family, "Léa")
    born(child_id, date(2022, 5, 14))
    invoice_id = an_invoice(family, child_id, 3_000, 1_000)
    regisseur_id = factories.make_staff(Role.REGISSEUR)
    pay(family, invoice_id, 4_000, date(2025, 6, 1), regisseur_id)
    office_id = db.session.get_one(Invoice, invoice_id).office_id
    regisseur = sqlite_client.sign_in(regisseur_id)
    regisseur.get(CERTIFICATES)
    page = regisseur.get(f"{CERTIFICATES}?service={office_id}&annee=2025")
    assert "30,00" in page.text and len(page.queries) <= 20
    done = regisseur.submit("publish", status=303)
    assert "Publication en cours" in regisseur.get(done.location).text
    while (publication_id := tax_certificates.unfinished_publication(db.session())) is not None:
        with write_transaction() as session:
            tax_certificates.publish_next(session, publication_id)
    listed = regisseur.get(f"{CERTIFICATES}?service={office_id}&annee=2025")
    (pdf,) = [link for link in listed.links() if link.endswith("/pdf")]
    assert "en préparation" in regisseur.get(pdf).text
    with PdfMaker() as maker:
        job = PaperJob(maker, Path(current_app.instance_path), "http://portail.example.org")
        while job.make_next(online=True):
            pass
    assert regisseur.get(pdf).headers["Content-Type"] == "application/pdf"
    assert "n’est faite que pour les familles" in regisseur.get(f"{listed.path}&apercu=1").text
    parent = sqlite_client.sign_in(family.user_id)
    account = parent.get("/mes-factures/releve")
    assert "Attestations fiscales" in account.text and "30,00" in account.text and len(account.queries) <= 12
    (own,) = [link for link in account.links() if "/attestations/" in link]
    assert parent.get(own).headers["Content-Type"] == "application/pdf"


def test_a_family_and_the_staff_read_the_account(sqlite_client: Client) -> None:
    family = factories.make_family()
    factories.make_invoice(family, 2_000, paid_cents=500)
    parent = sqlite_client.sign_in(family.user_id)
    assert "/mes-factures/releve" in parent.get("/mes-factures").links()
    page = parent.get("/mes-factures/releve?du=2026-11-01&au=2026-11-30")
    assert "20,00" in page.text and "15,00" in page.text
    assert "avant le premier" in parent.get("/mes-factures/releve?du=2026-11-30&au=2026-11-01", status=422).text
    assert parent.get("/mes-factures/releve/pdf").headers["Content-Type"] == "application/pdf"
    regisseur = sqlite_client.sign_in(factories.make_staff(Role.REGISSEUR))
    address = f"/gestion/familles/{family.family_id}/releve"
    assert address in regisseur.get(f"/gestion/familles/{family.family_id}").links()
    assert "15,00" in regisseur.get(address).text
    assert regisseur.get(f"{address}/pdf").headers["Content-Type"] == "application/pdf"
    assert regisseur.get(f"{address}?du=hier", status=422)
