"""Sign-in and sign-out: nobody learns who has an account, and guessing is slowed down."""

import pytest
from sqlalchemy import func, select

from app import clock
from app.database import db
from app.models.accounts import UserSession
from app.services.throttles import MAX_FAILURES_PER_ACCOUNT_AND_PLACE, THROTTLE_WINDOW
from tests.client import Answer, Client
from tests.factories import NOW, PASSWORD, make_family, make_staff, make_user


def sign_in(client: Client, email: str, password: str = PASSWORD, **how: int) -> Answer:
    client.get("/connexion")
    return client.submit("/connexion", email=email, password=password, **how)


def sessions() -> int:
    return db.session.scalar(select(func.count()).select_from(UserSession)) or 0


def test_parent_signs_in_and_out(client: Client) -> None:
    family = make_family(email="parent@example.org")
    page = sign_in(client, " Parent@example.org ")
    assert page.path == "/tableau-de-bord"
    assert client.get("/connexion", follow=True).path == "/tableau-de-bord"
    page = client.get("/tableau-de-bord")
    page = client.submit("/deconnexion")
    assert "Vous êtes déconnecté." in page.text
    assert sessions() == 0
    assert client.get("/tableau-de-bord", follow=True).path.startswith("/connexion")
    assert family.user_id


def test_staff_arrive_at_their_queue(client: Client) -> None:
    make_staff(email="agent@example.org")
    client.get("/connexion")
    answer = client.submit("/connexion", follow=False, email="agent@example.org", password=PASSWORD)
    assert answer.location == "/gestion"


def test_unknown_unconfirmed_and_wrong_answer_alike(client: Client) -> None:
    make_family(email="parent@example.org")
    make_user("attente@example.org", confirmed=False)
    bodies = set()
    for email in ("parent@example.org", "personne@example.org", "attente@example.org"):
        page = sign_in(client, email, "Un-Autre-Mot-2026", status=422)
        bodies.add(page.body.replace(email, "").replace(page.value("csrf_token") or "", ""))
    assert len(bodies) == 1
    assert sessions() == 0


def test_password_is_never_shown_again(client: Client) -> None:
    page = sign_in(client, "personne@example.org", "Un-Autre-Mot-2026", status=422)
    assert "Un-Autre-Mot-2026" not in page.body
    assert page.value("email") == "personne@example.org"


def test_missing_fields_are_named(client: Client) -> None:
    page = sign_in(client, "", "", status=422)
    assert "Indiquez votre adresse email." in page.text
    assert "Indiquez votre mot de passe." in page.text


@pytest.mark.parametrize("email", ["parent@example.org", "personne@example.org"])
def test_guessing_is_slowed_down_whoever_it_is(client: Client, email: str) -> None:
    make_family(email="parent@example.org")
    for _ in range(MAX_FAILURES_PER_ACCOUNT_AND_PLACE):
        sign_in(client, email, "Un-Autre-Mot-2026", status=422)
    page = sign_in(client, email, status=429)
    assert "8 h 45" in page.text
    clock.start_at(NOW + THROTTLE_WINDOW, frozen=True)
    sign_in(client, email, status=422 if email.startswith("personne") else None)  # type: ignore[arg-type]


def test_parent_returns_to_the_page_that_asked(client: Client) -> None:
    make_family(email="parent@example.org")
    page = client.get("/mes-inscriptions", follow=True)
    assert page.path == "/connexion?suite=/mes-inscriptions"
    assert client.submit("/connexion", email="parent@example.org", password=PASSWORD).path == "/mes-inscriptions"


@pytest.mark.parametrize(
    "suite",
    [
        "https://example.org/", "//example.org", "/\\example.org", "/gestion/familles",
        # Browsers drop these characters, and what is left leads away.
        "/\t/example.org", "/\n/example.org", "/\r\n/example.org", "/\x85/example.org",
        "/mes-reservations/1?shown=" + "1," * 5_000,
    ],
)  # fmt: skip
def test_nobody_is_sent_elsewhere(client: Client, suite: str) -> None:
    make_family(email="parent@example.org")
    client.get("/connexion", query_string={"suite": suite})
    assert client.submit("/connexion", email="parent@example.org", password=PASSWORD).path == "/tableau-de-bord"


def test_home_leads_to_the_first_page(client: Client) -> None:
    assert client.get("/", follow=True).path == "/connexion"
    client.sign_in(make_family().user_id)
    assert client.get("/", follow=True).path == "/tableau-de-bord"
