"""« Relances »: who would get what, sending, letters to print, what holds back and what is given up."""

from __future__ import annotations

import io
from datetime import date
from pathlib import Path

import pytest
from flask import current_app
from pypdf import PdfReader
from sqlalchemy import select, update

from app import clock
from app.database import db, write_transaction
from app.integrations.pdf import PdfMaker
from app.jobs.pdfs import PaperJob, printed_together
from app.models.debts import InvoiceReminder
from app.models.families import Guardian
from app.models.invoices import Invoice
from app.models.mails import OutboxMail
from app.rules.capabilities import Role
from app.rules.debts import HoldKind
from app.services import debt_reminders, debts
from tests import factories
from tests.client import Client
from tests.factories import FamilySetup

DEBTS = "/gestion/relances"
LONG_AGO = date(2026, 9, 1)


@pytest.fixture
def regisseur(sqlite_client: Client) -> Client:
    return sqlite_client.sign_in(factories.make_staff(Role.REGISSEUR))


def test_all_that_is_unpaid_is_taken_away_reminded_of_or_not(regisseur: Client) -> None:
    late, held, soon = (factories.make_family(name) for name in ("AAA", "=BBB", "CCC"))
    factories.make_invoice(late, 2_000, issued_on=LONG_AGO)
    disputed = factories.make_invoice(held, 1_500, issued_on=LONG_AGO)
    factories.make_invoice(soon, 900, issued_on=clock.today())
    agent_id = factories.make_staff()
    with write_transaction() as session:
        debts.hold_back(session, disputed, HoldKind.DISPUTE, None, "Contestée", agent_id)
    office_id = db.session.scalars(select(Invoice.office_id)).first()
    address = f"{DEBTS}/fichier?service={office_id}"
    assert f"{DEBTS}/fichier?format=xlsx&service={office_id}" in regisseur.get(DEBTS).links()
    answer = regisseur.get(address)
    head, *lines = answer.body.removeprefix("\ufeff").splitlines()
    assert head.startswith("Facture;Date;Échéance;Jours de retard;") and len(lines) == 2
    assert "'=BBB" in lines[0] and "15,00;;;Litige;" in lines[0] and "20,00;20,00;;;;" in lines[1]
    assert len(answer.queries) <= 20
    regisseur.get(f"{DEBTS}/fichier?service={office_id + 1}", status=404)


def on_paper(family: FamilySetup) -> None:
    with write_transaction() as session:
        session.execute(update(Guardian).where(Guardian.family_id == family.family_id).values(email=None))


def test_families_are_seen_then_reminded_by_mail_and_letter(regisseur: Client) -> None:
    mailed, printed, spared = (factories.make_family(name) for name in ("AAA", "BBB", "CCC"))
    on_paper(printed)
    first = factories.make_invoice(mailed, 2_000, issued_on=LONG_AGO)
    factories.make_invoice(printed, 1_500, issued_on=LONG_AGO)
    factories.make_invoice(spared, 900, issued_on=LONG_AGO)
    regisseur.get(DEBTS)  # the settings are read once
    page = regisseur.get(DEBTS)
    assert "Niveau 1 : 3 familles" in page.text and "Lettre à imprimer" in page.text
    assert len(page.queries) <= 20
    nobody = regisseur.submit("reminders", status=422, famille=[])
    assert "Cochez au moins une famille" in nobody.text
    regisseur.get(DEBTS)
    sent = regisseur.submit("reminders", status=303, famille=[str(mailed.family_id), str(printed.family_id)])
    run = regisseur.get(sent.location)
    assert "2 familles relancées, dont 1 par lettre à imprimer" in run.text
    assert "AAA" in run.text and "CCC" not in run.text and "lettre en préparation" in run.text
    waiting = regisseur.get(f"{sent.location}/lettres/pdf", status=303)
    assert "pas toutes prêtes" in regisseur.get(waiting.location).text
    with PdfMaker() as maker:
        job = PaperJob(maker, Path(current_app.instance_path), "http://portail.example.org")
        while job.make_next(online=True):
            pass
    assert regisseur.get(f"{sent.location}/lettres/pdf").headers["Content-Type"] == "application/pdf"
    paths = debt_reminders.letter_paths(int(sent.location.rpartition("/")[2]))
    content = printed_together(Path(current_app.instance_path), paths * 2)
    pages = PdfReader(io.BytesIO(content)).pages
    text = "".join(each.extract_text() for each in pages)
    assert len(pages) == 2
    assert "15,00" in text and "BBB" in text and "http://portail.example.org/mes-factures" in text
    (letter,) = [link for link in regisseur.get(sent.location).links() if link.startswith(f"{DEBTS}/lettres/")]
    assert regisseur.get(letter).headers["Content-Type"] == "application/pdf"
    assert "1 à imprimer" in regisseur.get(f"{DEBTS}/envois").text
    assert "Niveau 1, le 23/11/2026" in regisseur.get(f"{DEBTS}/factures/{first}").text
    assert "Relancée le 23/11/2026" in regisseur.get(f"/gestion/factures/{first}").text
    assert "Relances" in regisseur.get(f"/gestion/familles/{mailed.family_id}").text
    assert "Niveau 1 : 1 famille" in regisseur.get(DEBTS).text
    assert len(db.session.scalars(select(OutboxMail)).all()) == 1


def test_the_page_begins_with_an_office_that_has_somebody_to_remind(regisseur: Client) -> None:
    paid, late = factories.make_family("AAA"), factories.make_family("BBB")
    factories.make_invoice(paid, 2_000, prefix="AAA", issued_on=LONG_AGO, paid_cents=2_000)
    invoice_id = factories.make_invoice(late, 2_000, prefix="BBB", issued_on=LONG_AGO)
    assert "BBB" in regisseur.get(DEBTS).text.split("Familles à relancer")[1]
    office_id = next(iter(db.session.scalars(select(Invoice.office_id).where(Invoice.id != invoice_id))))
    assert "Personne à relancer" in regisseur.get(f"{DEBTS}?service={office_id}").text


def test_an_office_sets_its_delays(regisseur: Client) -> None:
    family = factories.make_family()
    invoice_id = factories.make_invoice(family, 2_000, issued_on=LONG_AGO)
    office_id = db.session.get_one(Invoice, invoice_id).office_id
    address = f"{DEBTS}/reglages/{office_id}"
    regisseur.get(address)
    refused = regisseur.submit("rule", status=422, second="10", minimum="beaucoup")
    assert "part après la précédente" in refused.text
    done = regisseur.submit("rule", status=303, first="60", second="70", third="80", minimum="5")
    assert "Personne à relancer" in regisseur.get(done.location).text
    regisseur.get(address)
    regisseur.submit("rule", status=303, first="10", is_on=None)
    assert "n’envoie pas de relances" in regisseur.get(f"{DEBTS}?service={office_id}").text


def test_a_dispute_and_a_plan_hold_an_invoice_back(regisseur: Client) -> None:
    invoice_id = factories.make_invoice(factories.make_family(), 2_000, issued_on=LONG_AGO)
    address = f"{DEBTS}/factures/{invoice_id}"
    regisseur.get(address)
    wrong = {"suspension-kind": "plan", "suspension-until": "", "suspension-reason": "Trois fois"}
    assert "dernier jour de l’échéancier" in regisseur.submit("hold", status=422, **wrong).text
    regisseur.submit("hold", status=303, **{**wrong, "suspension-until": "2026-12-31"})
    page = regisseur.get(address)
    assert "jusqu’au 31/12/2026" in page.text and "Trois fois" in page.text
    assert "Personne à relancer" in regisseur.get(DEBTS).text
    regisseur.get(address)
    regisseur.submit("lift", status=303)
    assert "levé par" in regisseur.get(address).text


def test_what_is_given_up_is_said_and_can_be_taken_back(regisseur: Client) -> None:
    family = factories.make_family()
    invoice_id = factories.make_invoice(family, 2_000, issued_on=LONG_AGO)
    address = f"{DEBTS}/factures/{invoice_id}"
    regisseur.get(address)
    nothing = {"abandon-kind": "transfer", "abandon-reason": ""}
    assert "Indiquez le motif" in regisseur.submit("give-up", status=422, **nothing).text
    regisseur.submit("give-up", status=303, **{**nothing, "abandon-reason": "Bordereau 12"})
    page = regisseur.get(address)
    assert "Transmise au Trésor public" in page.text and "20,00 € transmis" in page.text
    listed = regisseur.get(f"{DEBTS}/sans-suite?quoi=transfer&du=2026-11-01")
    assert "Bordereau 12" in listed.text and len(listed.queries) <= 20
    assert regisseur.get(f"{DEBTS}/sans-suite?du=2026-11-02&au=2026-11-01", status=422)
    assert "20,00" in regisseur.get(f"{DEBTS}/sans-suite/fichier").body
    assert regisseur.get(f"{DEBTS}/sans-suite/pdf").headers["Content-Type"] == "application/pdf"
    (cancel,) = [link for link in page.links() if link.endswith("/annulation")]
    regisseur.get(cancel)
    assert "Indiquez le motif" in regisseur.submit("cancel", status=422, reason="").text
    regisseur.submit("cancel", status=303, reason="Erreur")
    assert "annulée" in regisseur.get(address).text
    assert "déjà annulé" in regisseur.get(cancel).text


def test_nobody_reads_or_decides_without_the_right(sqlite_client: Client) -> None:
    invoice_id = factories.make_invoice(factories.make_family(), 2_000, issued_on=LONG_AGO)
    clerk = sqlite_client.sign_in(factories.make_staff(Role.FILE_CLERK))
    clerk.get(DEBTS, status=403)
    clerk.get(f"{DEBTS}/factures/{invoice_id}", status=403)
    assert not db.session.scalars(select(InvoiceReminder)).all()
