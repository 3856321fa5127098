"""Historique: sign-ins with their device, online payments and what else parents did, by week, month and kind."""

from __future__ import annotations

from datetime import date, datetime, timedelta

import pytest
from sqlalchemy import delete

from app import clock
from app.database import write_transaction
from app.models.accounts import SignInEvent
from app.models.families import Guardian, Title
from app.services.devices import device_name
from app.services.histories import Span, period_around
from tests.client import Client
from tests.factories import (
    NOW,
    PASSWORD,
    WEDNESDAY,
    PlanningSetup,
    make_basket,
    make_family,
    make_invoice,
    make_planning,
    make_user,
    save,
)

FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
PHONE = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 Version/18.0 Mobile/15E148 Safari/604.1"


def test_sign_in_by_the_form_is_noted_with_its_device(client: Client) -> None:
    family = make_family()
    client.get("/connexion", headers={"User-Agent": FIREFOX})
    page = client.page
    assert page is not None
    data = {"csrf_token": page.value("csrf_token"), "email": family.email, "password": PASSWORD}
    client.post("/connexion", data, status=303, headers={"User-Agent": PHONE})
    page = client.get("/historique")
    assert page.heading == "Historique"
    assert "Novembre 2026" in page.text
    assert "Lundi 23 novembre à 8 h 30 Connexion à l’Espace famille : Safari sur iPhone" in page.text
    assert "Aucun paiement en ligne" in client.get("/historique?genre=paiements").text


def test_own_sign_ins_and_the_familys_payments_only(client: Client) -> None:
    family, other = make_family(), make_family("AUTRE")
    Client(client.app).sign_in(other.user_id)
    make_basket(other, [make_invoice(other, 9_900)])
    make_basket(family, [make_invoice(family, 1_500)])
    page = client.sign_in(family.user_id).get("/historique")
    assert page.text.count("Navigateur") == 1
    assert "15,00 € : pop-F261100002 En cours" in page.text
    assert "99,00" not in page.text


def test_weeks_and_months_follow_each_other(client: Client) -> None:
    family = make_family()
    clock.start_at(datetime(2026, 11, 1, 0, 5), frozen=True)  # a Sunday, just after midnight in Paris
    client.sign_in(family.user_id)
    clock.start_at(NOW, frozen=True)
    month = client.get("/historique")
    assert "Dimanche 1er novembre à 0 h 05" in month.text
    assert "/historique?periode=mois&jour=2026-10-31" in month.links()
    assert "/historique?periode=mois&jour=2026-12-01" in month.links()
    assert "Aucune connexion" in client.get("/historique?periode=mois&jour=2026-10-31&genre=connexions").text
    week = client.get("/historique?periode=semaine&jour=2026-11-01")
    assert "Semaine du lundi 26 octobre au dimanche 1er novembre 2026" in week.text
    assert "Dimanche 1er novembre à 0 h 05" in week.text
    assert "/historique?periode=semaine&jour=2026-10-25" in week.links()
    assert "/historique?periode=semaine&jour=2026-11-02" in week.links()
    for nonsense in ("periode=an&jour=hier", "jour=9999-99-99", "periode="):
        assert "Novembre 2026" in client.get(f"/historique?{nonsense}").text


def test_empty_history(client: Client) -> None:
    family = make_family()
    client.sign_in(family.user_id)
    with write_transaction() as session:
        session.execute(delete(SignInEvent))
    assert "Aucune connexion pendant cette période." in client.get("/historique?genre=connexions").text
    assert "Rien pendant cette période." in client.get("/historique?genre=reservations").text


def test_queries_do_not_grow(client: Client) -> None:
    family = make_family()
    client.sign_in(family.user_id).get("/historique")
    few = client.get("/historique")
    for _ in range(3):
        make_basket(family, [make_invoice(family), make_invoice(family)])
        Client(client.app).sign_in(family.user_id)
    client.get("/historique")
    many = client.get("/historique")
    assert len(many.queries) == len(few.queries) <= 12


@pytest.mark.parametrize(
    ("day", "span", "first", "last"),
    [
        (date(2026, 11, 23), Span.WEEK, date(2026, 11, 23), date(2026, 11, 29)),
        (date(2026, 11, 29), Span.WEEK, date(2026, 11, 23), date(2026, 11, 29)),
        (date(2027, 1, 1), Span.WEEK, date(2026, 12, 28), date(2027, 1, 3)),
        (date(2028, 2, 29), Span.MONTH, date(2028, 2, 1), date(2028, 2, 29)),
        (date(2026, 12, 31), Span.MONTH, date(2026, 12, 1), date(2026, 12, 31)),
    ],
)
def test_periods(day: date, span: Span, first: date, last: date) -> None:
    period = period_around(day, span)
    assert (period.first, period.last) == (first, last)
    assert period_around(period.next_day, span).first == last + timedelta(days=1)
    assert period_around(period.previous_day, span).last == first - timedelta(days=1)


@pytest.mark.parametrize(
    ("user_agent", "name"),
    [
        (FIREFOX, "Firefox sur Linux"),
        (PHONE, "Safari sur iPhone"),
        ("Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/130.0 Safari/537.36", "Chrome sur Windows"),
        ("Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537.36 Chrome/130.0 Safari/537.36 Edg/130.0", "Edge sur Windows"),
        ("Mozilla/5.0 (Linux; Android 14; SM-S911B) SamsungBrowser/27.0 Chrome/125.0 Mobile Safari/537.36",
         "Samsung Internet sur Android"),
        ("Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) Version/17.0 Safari/605.1.15", "Safari sur Mac"),
        ("", "Navigateur"),
        ("curl/8.0", "Navigateur"),
    ],
)  # fmt: skip
def test_devices_in_words(user_agent: str, name: str) -> None:
    assert device_name(user_agent) == name


@pytest.fixture
def busy(client: Client) -> PlanningSetup:
    """A family whose parent booked and signed in."""
    planning = make_planning()
    save(planning.family, planning.child_id, book=[planning.opening(WEDNESDAY, unit) for unit in ("Matin", "Repas")])
    client.sign_in(planning.family.user_id)
    return planning


def test_the_other_parent_sees_what_was_done_and_by_whom_but_no_sign_in(busy: PlanningSetup, client: Client) -> None:
    second = make_user("claire@example.org", "Claire TEST")
    with write_transaction() as session:
        session.add(Guardian(family_id=busy.family.family_id, user_id=second, title=Title.MADAM, last_name="TEST",
                             first_name="Claire"))  # fmt: skip
    client.sign_in(second)
    page = client.get("/historique")
    assert "2 réservations pour Léa TEST, mercredi 25 novembre par " in page.text
    assert client.get("/historique?genre=connexions").text.count("23 novembre à") == 1


def test_history_has_pages_and_a_whole_download(busy: PlanningSetup, client: Client) -> None:
    with write_transaction() as session:
        session.add_all(
            SignInEvent(user_id=busy.family.user_id, device="", at=clock.now() - timedelta(minutes=each))
            for each in range(30)
        )
    first = client.get("/historique?genre=connexions")
    assert "Page 1 sur 2" in first.text
    assert "/historique?page=2&periode=mois&jour=2026-11-23&genre=connexions" in first.links()
    assert "Page 2 sur 2" in client.get("/historique?genre=connexions&page=99").text
    answer = client.get("/historique/fichier?genre=connexions")
    assert answer.headers["Content-Type"].startswith("text/csv")
    assert "filename=historique-2026-11.csv" in answer.headers["Content-Disposition"]
    assert answer.body.startswith("\ufeffDate;Heure;Rubrique;Action;Personne\r\n")
    assert len(answer.body.splitlines()) == 32
    book = client.get("/historique/fichier?genre=connexions&format=xlsx")
    assert book.headers["Content-Type"].endswith("spreadsheetml.sheet")
