"""The payment site's notification, the return of the payer's browser in any order, and the page that tells the outcome."""

from __future__ import annotations

from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import func, select

from app import clock
from app.database import db
from app.integrations.payments import PaymentOutcome, PaymentRefused, PaymentUnavailable
from app.models.mails import OutboxMail
from app.models.payments import Payment, PaymentBasket
from tests.client import Client
from tests.factories import FamilySetup, make_basket, make_family, make_invoice
from tests.payment_site import PaymentSite

FROM_PAYMENT_SITE = {"Sec-Fetch-Site": "cross-site", "Origin": "https://paiement.example.org"}


def start(client: Client, payment_site: PaymentSite, cents: int = 2_120) -> tuple[FamilySetup, str, str]:
    """A family on the payment site: itself, the operation, and the path of the page that will tell the outcome."""
    family = make_family("DURAND", "Sylvie")
    invoice = make_invoice(family, cents)
    payer = Client(client.app)
    payer.sign_in(family.user_id).get("/mes-factures")
    payer.submit("invoices", follow=False, f=[invoice])
    token = db.session.scalars(select(PaymentBasket.public_token)).one()
    return family, payment_site.last_operation, f"/paiements/{token}"


def paid() -> int:
    return db.session.scalar(select(func.count()).select_from(Payment)) or 0


def notify(client: Client, operation: str, status: int = 200, name: str = "idop") -> None:
    client.post("/paiement/notification", {name: operation}, status=status, headers=FROM_PAYMENT_SITE)


@pytest.mark.parametrize("name", ["idop", "idOp", "IDOP"])
def test_notification_records_the_money_once(client: Client, payment_site: PaymentSite, name: str) -> None:
    _family, operation, result = start(client, payment_site)
    payment_site.outcome = PaymentOutcome.PAID_CARD
    for _ in range(3):
        notify(client, operation, name=name)
    client.post("/paiement/retour", {name: operation}, status=303, headers=FROM_PAYMENT_SITE)
    assert paid() == 1
    page = client.get(result)
    assert page.heading == "Paiement accepté"
    assert "21,20 €" in page.text and "pop-F261100001" in page.text


def test_return_before_the_notification_records_the_money_too(client: Client, payment_site: PaymentSite) -> None:
    _family, operation, result = start(client, payment_site)
    payment_site.outcome = PaymentOutcome.PAID_DEBIT
    answer = client.post("/paiement/retour", {"idop": operation}, status=303, headers=FROM_PAYMENT_SITE)
    assert answer.location == result
    assert "Set-Cookie" not in answer.headers, "it would end the session that the browser did not send"
    notify(client, operation)
    client.get(f"/paiement/retour?idOp={operation}", status=303, headers=FROM_PAYMENT_SITE)
    assert paid() == 1


def test_outcome_page_names_nobody_and_asks_for_no_sign_in(client: Client, payment_site: PaymentSite) -> None:
    family, _operation, result = start(client, payment_site)
    page = client.get(result)
    assert page.heading == "Paiement en cours"
    assert "DURAND" not in page.body and "Sylvie" not in page.body and family.email not in page.body
    client.get(result[:-1] + ("x" if result[-1] != "x" else "y"), status=404)


@pytest.mark.parametrize(
    ("outcome", "heading"),
    [
        (PaymentOutcome.REFUSED, "Paiement refusé"),
        (PaymentOutcome.CANCELLED, "Paiement abandonné"),
        (PaymentOutcome.PENDING, "Paiement en cours"),
    ],
)
def test_each_outcome_is_told(client: Client, payment_site: PaymentSite, outcome: PaymentOutcome, heading: str) -> None:
    _family, operation, _result = start(client, payment_site)
    payment_site.outcome = outcome
    page = client.get(f"/paiement/retour?idop={operation}", follow=True)
    assert page.heading == heading
    assert paid() == 0
    assert ("Rien n’a été débité" in page.text) is not (outcome is PaymentOutcome.PENDING)


def test_payment_that_expired_is_told(client: Client, payment_site: PaymentSite) -> None:
    _family, operation, _result = start(client, payment_site)
    clock.start_at(clock.now() + timedelta(minutes=30), frozen=True)
    payment_site.outcome = PaymentOutcome.UNKNOWN
    assert client.get(f"/paiement/retour?idop={operation}", follow=True).heading == "Paiement sans suite"


def test_payer_asks_again_for_news(client: Client, payment_site: PaymentSite) -> None:
    _family, _operation, result = start(client, payment_site)
    page = client.get(result)
    (again,) = [link for link in page.links() if link.startswith("/paiement/retour")]
    payment_site.outcome = PaymentOutcome.PAID_CARD
    assert client.get(again, follow=True).heading == "Paiement accepté"
    assert paid() == 1


def test_silent_site_is_asked_again_and_the_payer_is_told_to_wait(client: Client, payment_site: PaymentSite) -> None:
    _family, operation, result = start(client, payment_site)
    payment_site.fault = PaymentUnavailable("down")
    notify(client, operation, status=503)
    page = client.get(f"/paiement/retour?idop={operation}", follow=True)
    assert page.path == result and "ne payez pas une deuxième fois" in page.text
    payment_site.fault = PaymentRefused("P4", "délai dépassé")
    notify(client, operation)
    assert client.get(f"/paiement/retour?idop={operation}", follow=True).path == result


def test_forged_operations_cost_and_change_nothing(client: Client, payment_site: PaymentSite) -> None:
    _family, operation, result = start(client, payment_site)
    payment_site.outcome = PaymentOutcome.PAID_CARD
    for forged in ("operation-9999", operation.upper() + "X", "x", "", "'; DROP TABLE payment; --"):
        notify(client, forged)
        client.post("/paiement/retour", {"idop": forged}, status=404, headers=FROM_PAYMENT_SITE)
        client.get("/paiement/retour", query_string={"idop": forged}, status=404)
    client.post("/paiement/notification", status=200)
    client.get("/paiement/retour", status=404)
    assert payment_site.looked_up == []
    assert paid() == 0
    assert client.get(result).heading == "Paiement en cours"


def test_answer_about_another_amount_settles_nothing(client: Client, payment_site: PaymentSite) -> None:
    _family, operation, _result = start(client, payment_site)
    request = payment_site.asked[operation]
    other = make_family("AUTRE")
    small = make_basket(other, [make_invoice(other, 100)]).request
    payment_site.asked[operation] = small
    payment_site.outcome = PaymentOutcome.PAID_CARD
    notify(client, operation)
    assert paid() == 0
    payment_site.asked[operation] = request
    notify(client, operation)
    assert paid() == 1


def test_late_payment_is_taken(client: Client, payment_site: PaymentSite) -> None:
    _family, operation, result = start(client, payment_site)
    payment_site.outcome = PaymentOutcome.CANCELLED
    notify(client, operation)
    assert client.get(result).heading == "Paiement abandonné"
    payment_site.outcome = PaymentOutcome.PAID_CARD
    notify(client, operation)
    assert client.get(result).heading == "Paiement accepté"
    assert paid() == 1


def test_parent_gets_a_mail(client: Client, payment_site: PaymentSite) -> None:
    family, operation, _result = start(client, payment_site)
    payment_site.outcome = PaymentOutcome.PAID_CARD
    notify(client, operation)
    mail = db.session.scalars(select(OutboxMail).where(OutboxMail.template == "payment_received")).one()
    assert mail.recipient == family.email
    assert "21,20\u00a0€" in mail.subject and "pop-Q261100001" in mail.body


def test_portal_that_stopped_online_payment_keeps_the_money_waiting(
    client: Client, payment_site: PaymentSite, app: Flask
) -> None:
    _family, operation, result = start(client, payment_site)
    app.extensions["payments"] = None
    notify(client, operation, status=503)
    assert client.get(f"/paiement/retour?idop={operation}", follow=True).path == result
