"""« À régler »: from a save that keeps places to the payment that confirms them, and what is said when it does not."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select

from app import clock
from app.database import db
from app.integrations.payments import PaymentOutcome, PaymentUnavailable
from app.jobs.payments import release_places
from app.models.bookings import Booking
from tests.client import Client
from tests.factories import WEDNESDAY, PlanningSetup, bookings_of, let_pay_at_booking, make_planning
from tests.payment_site import ORIGIN, PaymentSite

TO_PAY = "/mes-reservations/a-regler"


@pytest.fixture
def planning(sqlite_client: Client) -> PlanningSetup:
    planning = make_planning(places=5)
    let_pay_at_booking(planning.activity)
    sqlite_client.sign_in(planning.family.user_id)
    return planning


def book(client: Client, planning: PlanningSetup, *units: str) -> str:
    """Save the ticks on the planning; where the answer leads."""
    page = client.get(f"/mes-reservations/{planning.child_id}?jour={WEDNESDAY}")
    ticks = [planning.opening(WEDNESDAY, unit) for unit in units]
    check = client.submit(
        "planning", to=f"/mes-reservations/{planning.child_id}/verification", status=200, htmx=True, t=ticks
    )
    assert "à régler" in check.text and page.heading.startswith("Réservations")
    client.get(f"/mes-reservations/{planning.child_id}?jour={WEDNESDAY}")
    return client.submit("planning", status=303, t=ticks).location


def statuses(planning: PlanningSetup) -> list[str]:
    db.session.expire_all()
    return [status for _, status in bookings_of(planning.child_id)]


def test_a_save_leads_to_what_is_to_pay_and_paying_confirms_it(
    sqlite_client: Client, sqlite_payment_site: PaymentSite, planning: PlanningSetup
) -> None:
    client = sqlite_client
    page = client.get(book(client, planning, "Matin", "Repas"))
    assert page.heading == "À régler"
    assert "Total 8,40 €" in page.text and "Rien n’a changé" not in page.text
    assert "gardées pour vous jusqu’à 8 h 50" in page.text and "Mercredi : Matin, Repas" in page.text
    week = client.get(f"/mes-reservations/{planning.child_id}?jour={WEDNESDAY}")
    assert "À régler" in week.text and "gardées jusqu’à 8 h 50" in week.text and TO_PAY in week.links()
    assert "gardées jusqu’à 8 h 50" in client.get("/tableau-de-bord").text
    children = client.get("/mes-reservations")
    assert "gardées jusqu’à 8 h 50" in children.text and TO_PAY in children.links()
    client.get(TO_PAY)
    sent = client.submit("pay", status=303)
    assert sent.location.startswith(ORIGIN)
    assert "Un paiement est en cours" in client.get(TO_PAY).text
    sqlite_payment_site.outcome = PaymentOutcome.PAID_CARD
    result = client.get(f"/paiement/retour?idOp={sqlite_payment_site.last_operation}", follow=True)
    assert "vos réservations sont confirmées" in result.text and "Facture : pop-F261100001" in result.text
    assert statuses(planning) == ["confirmed", "confirmed"]
    assert "Facturé" in client.get(f"/mes-reservations/{planning.child_id}?jour={WEDNESDAY}").text
    assert "Rien n’est à régler" in client.get(TO_PAY).text
    assert "pop-F261100001" in client.get("/mes-factures?soldees=1").text
    assert "2 réservations à régler pour Léa TEST" in client.get("/historique").text


def test_a_day_is_taken_back_as_a_whole(sqlite_client: Client, planning: PlanningSetup) -> None:
    book(sqlite_client, planning, "Matin", "Repas")
    sqlite_client.get(TO_PAY)
    page = sqlite_client.get(sqlite_client.submit("take-back-1", status=303).location)
    assert "2 réservations annulées" in page.text and "Rien n’est à régler" in page.text
    assert statuses(planning) == ["cancelled", "cancelled"]


def test_who_comes_back_late_is_told_and_may_book_again(
    sqlite_client: Client, sqlite_payment_site: PaymentSite, planning: PlanningSetup
) -> None:
    client = sqlite_client
    book(client, planning, "Matin")
    client.get(TO_PAY)
    clock.start_at(clock.now() + timedelta(minutes=20), frozen=True)
    assert "quelque chose a changé" in client.submit("pay", status=409).text
    assert "n’est plus gardée" in client.get(TO_PAY).text
    release_places()
    week = client.get(f"/mes-reservations/{planning.child_id}?jour={WEDNESDAY}")
    assert "le paiement n’est pas arrivé à temps" in week.text
    book(client, planning, "Matin")
    assert statuses(planning) == ["expired", "awaiting_payment"]


def test_money_that_comes_too_late_is_said_on_the_page(
    sqlite_client: Client, sqlite_payment_site: PaymentSite, planning: PlanningSetup
) -> None:
    client = sqlite_client
    book(client, planning, "Matin")
    client.get(TO_PAY)
    client.submit("pay", status=303)
    clock.start_at(clock.now() + timedelta(minutes=25), frozen=True)
    release_places()
    sqlite_payment_site.outcome = PaymentOutcome.PAID_CARD
    page = client.get(f"/paiement/retour?idOp={sqlite_payment_site.last_operation}", follow=True)
    assert "il est arrivé trop tard" in page.text and "4,20 € restent à vous" in page.text
    assert "Avoir disponible : 4,20 €" in client.get("/mes-factures").text


def test_a_refusal_leaves_the_places_and_a_silent_site_too(
    sqlite_client: Client, sqlite_payment_site: PaymentSite, planning: PlanningSetup
) -> None:
    client = sqlite_client
    book(client, planning, "Matin")
    client.get(TO_PAY)
    sqlite_payment_site.fault = PaymentUnavailable("down")
    assert "Le site de paiement ne répond pas" in client.submit("pay", status=503).text
    sqlite_payment_site.fault = None
    client.get(TO_PAY)
    client.submit("pay", status=303)
    sqlite_payment_site.outcome = PaymentOutcome.REFUSED
    page = client.get(f"/paiement/retour?idOp={sqlite_payment_site.last_operation}", follow=True)
    assert "refusé par votre banque" in page.text and TO_PAY in page.links()
    assert "reste gardé jusqu’à 8 h 50" in page.text
    assert statuses(planning) == ["awaiting_payment"]
    client.get(TO_PAY)
    assert client.submit("pay", status=303).location.startswith(ORIGIN)
    # Where their time is over meanwhile, nothing is promised any more.
    clock.start_at(clock.now() + timedelta(minutes=20), frozen=True)
    page = client.get(f"/paiement/retour?idOp={sqlite_payment_site.last_operation}", follow=True)
    assert "Les places ne sont plus gardées" in page.text and TO_PAY not in page.links()
    assert "essayer à nouveau" not in page.text


def test_without_a_payment_site_it_is_said(sqlite_client: Client, planning: PlanningSetup) -> None:
    book(sqlite_client, planning, "Matin")
    page = sqlite_client.get(TO_PAY)
    assert "Le paiement en ligne n’est pas ouvert" in page.text
    assert not page.all("form", id="pay")
    assert db.session.scalars(select(Booking.kept_until)).one() is not None
