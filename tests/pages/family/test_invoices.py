"""Mes factures: what is to pay, ticked, summed up and paid; what is settled; the papers."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import func, select, update

from app import clock
from app.database import db, write_transaction
from app.integrations.payments import PaymentOutcome, PaymentRefused, PaymentUnavailable
from app.models.accounts import User
from app.models.activities import Office
from app.models.bookings import PriceChangeReason
from app.models.cash_desks import CashDesk
from app.models.families import Family, FamilyQuotient, Guardian
from app.models.invoices import Invoice, StoredPdf
from app.models.mails import OutboxMail
from app.models.payments import Payment, PaymentBasket
from app.rules.baskets import LIVE_FOR, BasketState
from app.rules.cash_desks import PaymentMode
from app.rules.states import FamilyStatus
from app.services import payments
from app.services.mails import complete_body
from app.services.prices import reprice_family
from tests.client import Answer, Client
from tests.factories import (
    WEDNESDAY,
    FamilySetup,
    book_past,
    issue,
    make_family,
    make_invoice,
    make_planning,
    make_staff,
    make_user,
    save,
)
from tests.html import check_text
from tests.payment_site import ORIGIN, PaymentSite

GUIDE_DAY = date(2020, 3, 1)


def guide_invoices(family: FamilySetup) -> tuple[int, int]:
    """The two invoices of the parents' guide."""
    first = make_invoice(family, 620, prefix="AN", payfip_number="000002", issued_on=date(2019, 11, 30))
    second = make_invoice(family, 3_500, issued_on=GUIDE_DAY, paid_cents=2_000)
    return first, second


def summary_of(page: Answer) -> str:
    return " ".join("".join(page.by_id("invoice-summary").itertext()).split())


def baskets() -> list[tuple[BasketState, int]]:
    rows = db.session.execute(select(PaymentBasket.state, PaymentBasket.amount_cents).order_by(PaymentBasket.id))
    return [(state, cents) for state, cents in rows]


def test_what_is_too_small_for_an_invoice_is_told_and_its_invoice_says_both_months(sqlite_client: Client) -> None:
    planning, staff_id = make_planning(), make_staff()
    book_past(planning.family, planning.child_id, planning.activity, [date(2026, 10, 7), date(2026, 10, 14)])
    with write_transaction() as session:
        session.add(CashDesk(office_id=session.scalars(select(Office.id)).one(), minimum_cents=1_000))
    issue(planning.activity, date(2026, 10, 1), staff_id, date(2026, 11, 1))
    parent = sqlite_client.sign_in(planning.family.user_id)
    page = parent.get("/mes-factures")
    assert (
        "8,40 € d’octobre 2026 (Enfance) s’ajouteront à la prochaine facture de ce service, qui n’en émet pas"
        in page.text
    )
    assert "de moins de 10,00 €" in page.text and "Vous n’avez pas encore de facture" in page.text
    clock.start_at(clock.now().replace(month=12, day=2), frozen=True)
    book_past(planning.family, planning.child_id, planning.activity, [date(2026, 11, 4)])
    (invoice_id,) = issue(planning.activity, date(2026, 11, 1), staff_id, date(2026, 12, 1))
    page = parent.get("/mes-factures")
    assert "s’ajoute" not in page.text and "Enfance, octobre et novembre 2026" in page.text
    assert "octobre et novembre 2026" in parent.get(f"/mes-factures/{invoice_id}").text
    (body,) = db.session.scalars(select(OutboxMail.body).where(OutboxMail.template == "invoice_issued"))
    assert "pour octobre et novembre 2026, est disponible" in body
    with write_transaction() as session:
        payments.record_counter_payment(
            session, office_id=session.scalars(select(Office.id)).one(), family_id=planning.family.family_id,
            mode=PaymentMode.CHEQUE, amount_cents=1_260, received_on=date(2026, 12, 2), reference="12",
            recorded_by=staff_id,
        )  # fmt: skip
    assert "Enfance, octobre et novembre 2026" in parent.get("/mes-factures?soldees=1").text


def test_parent_sees_what_is_to_pay_as_in_the_guide(client: Client, payment_site: PaymentSite) -> None:
    family = make_family()
    guide_invoices(family)
    make_invoice(family, 1_000, paid_cents=1_000)
    page = client.sign_in(family.user_id).get("/mes-factures")
    assert page.heading == "Mes factures"
    assert "2 factures à payer, 21,20 € en tout" in page.text
    assert "pop-F200300001 du 01/03/2020" in page.text
    assert "35,00 €" in page.text and "15,00 €" in page.text
    assert "AN-F191100001 du 30/11/2019" in page.text
    assert "Le paiement partiel n’est pas autorisé." in page.text
    assert "pop-F261100001" not in page.text
    assert [e.get("name") for e in page.all("input", type="checkbox")] == ["f", "f"]
    assert summary_of(page) == "Aucune facture sélectionnée"


def test_settled_invoices_stand_behind_their_button(client: Client) -> None:
    family = make_family()
    make_invoice(family, 1_000, paid_cents=1_000)
    make_invoice(family, 2_000)
    page = client.sign_in(family.user_id).get("/mes-factures")
    assert "/mes-factures?soldees=1" in page.links()
    settled = client.get("/mes-factures?soldees=1")
    assert settled.heading == "Factures soldées"
    assert "pop-F261100001" in settled.text and "pop-F261100002" not in settled.text
    assert "/mes-factures" in settled.links()


def test_family_without_invoice_and_family_that_paid_all(client: Client) -> None:
    family = make_family()
    assert "Vous n’avez pas encore de facture." in client.sign_in(family.user_id).get("/mes-factures").text
    assert "Aucune facture soldée" in client.get("/mes-factures?soldees=1").text
    make_invoice(family, 1_000, paid_cents=1_000)
    assert "Vous n’avez rien à payer." in client.get("/mes-factures").text


def test_too_much_paid_is_said(client: Client) -> None:
    family = make_family()
    make_invoice(family, 1_000, paid_cents=1_250)
    assert "Avoir disponible : 2,50 €" in client.sign_in(family.user_id).get("/mes-factures").text


def test_ticks_are_summed_up_with_and_without_script(client: Client, payment_site: PaymentSite) -> None:
    family = make_family()
    first, second = guide_invoices(family)
    client.sign_in(family.user_id).get("/mes-factures")
    page = client.submit("invoices", button="Calculer", status=200, f=[second])
    assert "1 facture sélectionnée · Total 15,00 €" in page.text
    assert [e.get("value") for e in page.all("input", name="f") if e.get("checked") is not None] == [str(second)]
    fragment = client.submit("invoices", to="/mes-factures/total", status=200, htmx=True, f=[first, second])
    assert fragment.text == (
        "2 factures sélectionnées · Total 21,20 € Deux paiements, l’un après l’autre : 6,20 €, puis 15,00 €."
    )
    assert len(fragment.body.encode()) <= 1_500
    assert len(fragment.queries) <= 5
    assert baskets() == []


def test_offices_that_share_a_number_are_paid_together(client: Client, payment_site: PaymentSite) -> None:
    family = make_family()
    ticked = [make_invoice(family, 500), make_invoice(family, 700, prefix="caj")]
    client.sign_in(family.user_id).get("/mes-factures")
    page = client.submit("invoices", button="Calculer", status=200, f=ticked)
    assert "2 factures sélectionnées · Total 12,00 €" in page.text
    assert "l’un après l’autre" not in page.text


def test_parent_is_sent_to_the_payment_site_with_what_we_know(client: Client, payment_site: PaymentSite) -> None:
    family = make_family()
    _, second = guide_invoices(family)
    page = client.sign_in(family.user_id).get("/mes-factures")
    answer = client.submit("invoices", button="Payer en ligne", follow=False, f=[second])
    assert answer.location == f"{ORIGIN}/payer?idop=operation-0001"
    assert f"form-action 'self' {ORIGIN}" in page.headers["Content-Security-Policy"]
    request = payment_site.asked["operation-0001"]
    assert (request.client_number, request.amount_cents, request.email) == ("000001", 1_500, family.email)
    assert request.notify_url == "http://localhost/paiement/notification"
    assert request.return_url == "http://localhost/paiement/retour"
    assert baskets() == [(BasketState.ASKED, 1_500)]


def test_amounts_that_the_browser_sends_mean_nothing(client: Client, payment_site: PaymentSite) -> None:
    family = make_family()
    invoice = make_invoice(family, 2_000)
    page = client.sign_in(family.user_id).get("/mes-factures")
    forged = {"csrf_token": page.value("csrf_token", "invoices"), "f": str(invoice), "amount": "1", "total": "1"}
    client.post("/mes-factures/payer", forged, status=303)
    assert payment_site.asked["operation-0001"].amount_cents == 2_000


@pytest.mark.parametrize("tick", ["x", "-1", "9999999999", "1;2"])
def test_ticks_that_no_page_of_ours_sends_are_refused(client: Client, payment_site: PaymentSite, tick: str) -> None:
    family = make_family()
    make_invoice(family)
    page = client.sign_in(family.user_id).get("/mes-factures")
    for path in ("/mes-factures/payer", "/mes-factures/total"):
        client.post(path, {"csrf_token": page.value("csrf_token", "invoices"), "f": tick}, status=400)


def test_another_familys_invoice_is_not_found(client: Client, payment_site: PaymentSite) -> None:
    family, other = make_family(), make_family("AUTRE")
    foreign = make_invoice(other)
    make_invoice(family)
    page = client.sign_in(family.user_id).get("/mes-factures")
    for path in ("/mes-factures/payer", "/mes-factures/total"):
        client.post(path, {"csrf_token": page.value("csrf_token", "invoices"), "f": str(foreign)}, status=404)
    client.get(f"/mes-factures?f={foreign}", status=404)
    assert baskets() == [] and payment_site.asked == {}


def test_nothing_ticked_is_told_kindly(client: Client, payment_site: PaymentSite) -> None:
    family = make_family()
    make_invoice(family)
    client.sign_in(family.user_id).get("/mes-factures")
    page = client.submit("invoices", button="Payer en ligne", status=422)
    assert "Cochez au moins une facture" in page.text


def test_what_was_paid_meanwhile_is_not_paid_again(client: Client, payment_site: PaymentSite) -> None:
    family = make_family()
    invoice = make_invoice(family, 2_000)
    client.sign_in(family.user_id).get("/mes-factures")
    with write_transaction() as session:
        row = session.get_one(Invoice, invoice)
        row.total_cents = 0  # as if the counter had taken it all
    page = client.submit("invoices", button="Payer en ligne", status=422, f=[invoice])
    assert "ne peut être payé en ligne maintenant" in page.text
    assert baskets() == []


def test_two_parents_who_pay_at_once_make_one_payment(client: Client, payment_site: PaymentSite) -> None:
    family = make_family()
    invoice = make_invoice(family)
    second_user = make_user("second@example.org")
    with write_transaction() as session:
        guardian = session.get_one(Guardian, family.guardian_id)
        session.add(
            Guardian(
                family_id=family.family_id, title=guardian.title, last_name="TEST", first_name="Claude",
                user_id=second_user,
            )
        )  # fmt: skip
    other = Client(client.app)
    client.sign_in(family.user_id).get("/mes-factures")
    other.sign_in(second_user).get("/mes-factures")
    client.submit("invoices", follow=False, f=[invoice])
    page = other.submit("invoices", status=422, f=[invoice])
    assert "Un paiement en ligne est en cours." in page.text
    assert "vous pourrez recommencer à 8 h 50" in page.text
    assert len(baskets()) == 1
    clock.start_at(clock.now() + LIVE_FOR + timedelta(seconds=1), frozen=True)
    assert "en cours" not in other.get("/mes-factures").text


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        (PaymentUnavailable("down"), "Le site de paiement ne répond pas."),
        (PaymentRefused("T1", "Numéro inconnu"), "Le site de paiement n’a pas ouvert ce paiement."),
    ],
)
def test_payment_site_that_fails_is_told_kindly_and_nothing_is_lost(
    client: Client, payment_site: PaymentSite, fault: Exception, said: str
) -> None:
    family = make_family()
    invoice = make_invoice(family)
    client.sign_in(family.user_id).get("/mes-factures")
    payment_site.fault = fault
    page = client.submit("invoices", button="Payer en ligne", status=503, f=[invoice])
    assert said in page.text and "Rien n’a été débité" in page.text and "Numéro inconnu" not in page.text
    assert page.value("f", "invoices") == str(invoice)
    assert baskets() == [(BasketState.FAILED, 2_000)]
    payment_site.fault = None
    client.submit("invoices", button="Payer en ligne", follow=False)
    assert baskets() == [(BasketState.FAILED, 2_000), (BasketState.ASKED, 2_000)]


def test_small_invoice_goes_with_another_one_or_says_why_not(client: Client, payment_site: PaymentSite) -> None:
    family = make_family()
    small = make_invoice(family, 60)
    page = client.sign_in(family.user_id).get("/mes-factures")
    assert "Moins de 1,00 € : le site de paiement ne l’accepte pas." in page.text
    assert page.all("input", type="checkbox") == []
    make_invoice(family, 500)
    page = client.get("/mes-factures")
    assert "à payer avec une autre facture" in page.text
    page = client.submit("invoices", status=422, f=[small])
    assert "Moins de 1,00 €" in page.text


def test_invoice_of_an_office_without_online_payment_says_so(client: Client, payment_site: PaymentSite) -> None:
    family = make_family()
    make_invoice(family, prefix="caj", payfip_number=None)
    make_invoice(family)
    page = client.sign_in(family.user_id).get("/mes-factures")
    assert "Ne se paie pas en ligne" in page.text
    assert len(page.all("input", type="checkbox")) == 1


def test_council_without_payment_site_says_so(client: Client) -> None:
    family = make_family()
    invoice = make_invoice(family)
    page = client.sign_in(family.user_id).get("/mes-factures")
    assert "Le paiement en ligne n’est pas ouvert" in page.text
    assert page.all("input", type="checkbox") == [] and "Payer en ligne" not in page.text
    assert page.headers["Content-Security-Policy"].count("form-action 'self';") == 1
    client.post(
        "/mes-factures/payer", {"csrf_token": page.value("csrf_token", "invoices"), "f": str(invoice)}, status=422
    )


def test_closed_family_still_pays_what_it_owes(client: Client, payment_site: PaymentSite) -> None:
    family = make_family(status=FamilyStatus.CLOSED)
    invoice = make_invoice(family, 3_000)
    client.sign_in(family.user_id).get("/mes-factures")
    client.submit("invoices", follow=False, f=[invoice])
    assert payment_site.asked["operation-0001"].amount_cents == 3_000


def test_address_too_long_for_the_payment_site_does_not_stop_the_parent(
    client: Client, payment_site: PaymentSite
) -> None:
    family = make_family()
    invoice = make_invoice(family)
    long_address = "a" * 60 + "@" + "b" * 40 + ".example.org"
    with write_transaction() as session:
        session.execute(update(User).where(User.id == family.user_id).values(email=long_address))
    client.sign_in(family.user_id).get("/mes-factures")
    client.submit("invoices", follow=False, f=[invoice])
    assert len(payment_site.asked["operation-0001"].email) <= 80
    assert db.session.scalars(select(PaymentBasket.email)).one() == long_address


def test_ended_session_comes_back_to_the_ticks(client: Client, payment_site: PaymentSite) -> None:
    family = make_family()
    invoice = make_invoice(family)
    client.sign_in(family.user_id).get("/mes-factures")
    clock.start_at(clock.now() + timedelta(days=31), frozen=True)
    answer = client.submit("invoices", follow=False, f=[invoice])
    assert answer.location == f"/connexion?suite=/mes-factures?f%3D{invoice}"
    page = client.sign_in(family.user_id).get(f"/mes-factures?f={invoice}")
    assert page.value("f", "invoices") == str(invoice)
    assert "1 facture sélectionnée" in page.text


def test_two_hundred_invoices(client: Client, payment_site: PaymentSite) -> None:
    family = make_family()
    first = make_invoice(family, 100)
    client.sign_in(family.user_id).get("/mes-factures")
    few = client.get("/mes-factures")
    source = db.session.get_one(Invoice, first)
    columns = {c.key: getattr(source, c.key) for c in Invoice.__table__.columns if c.key not in ("id", "number")}
    with write_transaction() as session:
        session.add_all(Invoice(number=f"pop-F2611{n:05}", **columns) for n in range(2, 201))
    many = client.get("/mes-factures")
    assert "200 factures à payer, 200,00 € en tout" in many.text
    assert len(many.queries) == len(few.queries) <= 12
    assert len(many.all("input", type="checkbox")) == 25
    second_page = client.submit("invoices", button="Suivantes", status=200, f=[first])
    assert "Page 2 sur 8" in second_page.text
    assert "1 facture sélectionnée · Total 1,00 €" in second_page.text
    own = second_page.all("input", type="checkbox")[0].get("value")
    client.submit("invoices", button="Payer en ligne", follow=False, f=[first, own])
    assert payment_site.asked["operation-0001"].amount_cents == 200


def test_invoice_as_a_page_tells_lines_reasons_and_payments(client: Client, payment_site: PaymentSite) -> None:
    family = make_family()
    _, second = guide_invoices(family)
    client.sign_in(family.user_id).get("/mes-factures")
    page = client.get(f"/mes-factures/{second}")
    assert page.heading == "Facture pop-F200300001"
    assert "Léa TEST Mercredi, Matin 7 octobre 2026 Tarif maximum, sans quotient familial" in page.text
    assert "pop-Q261100001 du 23/11/2026 Espèces" in page.text
    assert "Solde dû 15,00 €" in page.text
    assert f"/mes-factures?f={second}" in page.links()
    assert len(page.queries) <= 12


def test_papers_are_sent_once_made_and_announced_before(client: Client, app: Flask) -> None:
    family = make_family()
    invoice = make_invoice(family, paid_cents=500)
    payment = db.session.scalars(select(Payment.id)).one()
    client.sign_in(family.user_id)
    assert "en préparation" in client.get(f"/mes-factures/{invoice}/pdf").heading
    assert "en préparation" in client.get(f"/mes-factures/recus/{payment}/pdf").heading
    folder = Path(app.instance_path) / "documents"
    folder.mkdir(exist_ok=True)
    (folder / "paper.pdf").write_bytes(b"%PDF-1.4 paper")
    with write_transaction() as session:
        for subject in ({"invoice_id": invoice}, {"payment_id": payment}):
            session.add(StoredPdf(path="documents/paper.pdf", sha256="0" * 64, **subject))
    for path, name in (
        (f"/mes-factures/{invoice}/pdf", "pop-F261100001.pdf"),
        (f"/mes-factures/recus/{payment}/pdf", "pop-Q261100001.pdf"),
    ):
        headers = client.get(path).headers
        assert headers["Content-Type"] == "application/pdf"
        assert headers["Content-Disposition"] == f"attachment; filename={name}"
        assert headers["Cache-Control"] == "no-store"
        assert headers["X-Content-Type-Options"] == "nosniff"


def test_dashboard_says_what_is_due(client: Client, payment_site: PaymentSite) -> None:
    family = make_family()
    guide_invoices(family)
    page = client.sign_in(family.user_id).get("/tableau-de-bord")
    assert "2 factures à payer : 21,20 €." in page.text
    assert "Mes factures 2 factures à payer : 21,20 €" in page.text
    with write_transaction() as session:
        session.get_one(Family, family.family_id).status = FamilyStatus.CLOSED
    assert "21,20 €." not in client.get("/tableau-de-bord").text


def test_payment_from_the_tick_to_the_receipt(client: Client, payment_site: PaymentSite) -> None:
    family = make_family()
    invoices = guide_invoices(family)
    client.sign_in(family.user_id).get("/mes-factures")
    client.submit("invoices", follow=False, f=list(invoices))
    payment_site.outcome = PaymentOutcome.PAID_CARD
    page = client.get(f"/paiement/retour?idOp={payment_site.last_operation}", status=200, follow=True)
    assert page.heading == "Paiement accepté"
    assert "AN-F191100001" in page.text and "pop-F200300001" not in page.text
    assert "Il reste un paiement à faire" in page.text
    (continued,) = [link for link in page.links() if link.startswith("/mes-factures?f=")]
    page = client.get(continued)
    assert "1 facture sélectionnée · Total 15,00 €" in page.text
    client.submit("invoices", follow=False)
    page = client.get(f"/paiement/retour?idop={payment_site.last_operation}", follow=True)
    assert page.heading == "Paiement accepté" and "Il reste" not in page.text
    assert "Vous n’avez rien à payer" in client.get("/mes-factures").text
    assert "AN-Q261100001" in client.get(f"/mes-factures/{invoices[0]}").text
    assert db.session.scalar(select(func.count()).select_from(Payment)) == 3


def test_mails_of_invoices_payments_and_prices_are_well_written(app: Flask) -> None:
    planning = make_planning()
    book_past(planning.family, planning.child_id, planning.activity, [date(2026, 10, 7)])
    (invoice,) = issue(planning.activity, date(2026, 10, 1), make_staff())
    save(planning.family, planning.child_id, book=[planning.opening(WEDNESDAY, "Matin")])
    agent = make_user("regie@example.org")
    with write_transaction() as session:
        office_id = session.get_one(Invoice, invoice).office_id
        payments.record_counter_payment(
            session, office_id=office_id, family_id=planning.family.family_id, mode=PaymentMode.CHEQUE,
            amount_cents=123_450, received_on=date(2026, 11, 20), reference="12", recorded_by=agent,
        )  # fmt: skip
        session.add(
            FamilyQuotient(
                family_id=planning.family.family_id, value_cents=50_000, starts_on=date(2026, 1, 1),
                verified_at=clock.now(),
            )
        )  # fmt: skip
    with write_transaction() as session:
        reprice_family(session, planning.family.family_id, PriceChangeReason.QUOTIENT)
    mails = {mail.template: mail for mail in db.session.scalars(select(OutboxMail))}
    assert mails.keys() == {"invoice_issued", "payment_received", "prices_changed"}
    for mail in mails.values():
        body = complete_body(mail, "https://famille.example.org", show_secret=False)
        assert check_text(mail.subject) == [] and check_text(body) == [], body
    assert "pop-F261100001" in mails["invoice_issued"].subject
    assert "1\u202f234,50\u00a0€" in mails["payment_received"].subject
    assert "Vous paierez 2,10\u00a0€ de moins." in mails["prices_changed"].body
    assert mails["prices_changed"].subject == "Le prix de 1 réservation a changé"
