"""The links of mails: confirming an account, and a forgotten password."""

import time
from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy import select

from app import clock
from app.database import db, write_transaction
from app.even_answers import SHORTEST_SECONDS
from app.models.accounts import User, UserSession
from app.models.mails import OutboxMail
from app.services import links, sign_ups
from app.services.links import ACTIVATION_VALIDITY, PASSWORD_RESET_VALIDITY
from app.services.mails import LINK_EVERY
from tests.client import Client
from tests.factories import NOW, PASSWORD, make_family, make_pending_family, make_staff

GOOD = "lampe violette quatorze girafes"


def last_secret() -> str:
    return db.session.scalars(select(OutboxMail.secret).order_by(OutboxMail.id.desc())).first() or ""


def templates() -> list[str]:
    return list(db.session.scalars(select(OutboxMail.template).order_by(OutboxMail.id)))


def accepted_family(email: str = "attente@example.org") -> str:
    """The secret of the link that an accepted sign-up gets."""
    family_id = make_pending_family(email=email)
    agent = make_staff()
    with write_transaction() as session:
        sign_ups.accept_sign_up(session, family_id, agent)
    return last_secret()


def forgotten(email: str = "parent@example.org") -> str:
    make_family(email=email)
    with write_transaction() as session:
        links.request_password_reset(session, email)
    return last_secret()


def test_parent_confirms_the_account(client: Client) -> None:
    address = f"/activation/{accepted_family()}"
    for _ in range(2):  # looking at the link does not use it up
        page = client.get(address)
    assert page.heading == "Confirmer mon compte"
    page = client.submit(password=GOOD, confirmation=GOOD)
    assert page.path == "/tableau-de-bord"
    assert "Votre compte est confirmé." in page.text
    client.forget_cookies()
    client.get("/connexion")
    assert client.submit("/connexion", email="attente@example.org", password=GOOD).path == "/tableau-de-bord"
    client.forget_cookies()
    assert client.get(address, status=410).heading == "Ce lien ne fonctionne plus"


@pytest.mark.parametrize(
    ("password", "confirmation", "sentence"),
    [
        ("court", "court", "Choisissez au moins 12 caractères."),
        (GOOD, GOOD + "x", "Les deux mots de passe sont différents."),
        ("nouveau-alix", "nouveau-alix", "Évitez votre nom"),
        ("motdepasse123", "motdepasse123", "trop facile à deviner"),
        ("", "", "Choisissez un mot de passe."),
    ],
)
def test_weak_password_is_refused_and_the_link_stays_good(
    client: Client, password: str, confirmation: str, sentence: str
) -> None:
    client.get(f"/activation/{accepted_family()}")
    page = client.submit(status=422, password=password, confirmation=confirmation)
    assert sentence in page.text
    assert not password or password not in page.body
    assert client.submit(password=GOOD, confirmation=GOOD).path == "/tableau-de-bord"


@pytest.mark.parametrize(
    ("make", "path", "validity"),
    [(accepted_family, "/activation/", ACTIVATION_VALIDITY), (forgotten, "/mot-de-passe/", PASSWORD_RESET_VALIDITY)],
)
def test_old_and_unknown_links_say_what_to_do(
    client: Client, make: Callable[[], str], path: str, validity: timedelta
) -> None:
    secret = make()
    clock.start_at(NOW + validity, frozen=True)
    for link in (secret, "inconnu"):
        page = client.get(path + link, status=410)
        assert page.heading == "Ce lien ne fonctionne plus"
        assert "Recevoir le lien" in page.text
        token = page.value("csrf_token")
        client.post(path + link, {"csrf_token": token, "password": GOOD, "confirmation": GOOD}, status=410)
    # A link of one kind is none of the other.
    other = "/mot-de-passe/" if path == "/activation/" else "/activation/"
    clock.start_at(NOW, frozen=True)
    client.get(other + secret, status=410)


def test_parent_gets_a_new_link_and_the_old_one_stops(client: Client) -> None:
    old = accepted_family()
    clock.start_at(NOW + LINK_EVERY, frozen=True)
    client.get(f"/activation/{'x' * 43}", status=410)
    page = client.submit(email="Attente@example.org")
    assert page.heading == "Regardez vos courriels"
    assert templates() == ["activation", "activation"]
    new = last_secret()
    client.get(f"/activation/{old}", status=410)
    client.get(f"/activation/{new}")


@pytest.mark.parametrize("path", ["/activation/nouveau-lien", "/mot-de-passe-oublie"])
def test_time_of_the_answer_does_not_tell_who_has_an_account(sqlite_client: Client, path: str) -> None:
    sqlite_client.get(path)
    started = time.perf_counter()
    sqlite_client.submit(path, email="inconnue@example.org")
    assert time.perf_counter() - started >= SHORTEST_SECONDS


@pytest.mark.parametrize("path", ["/activation/nouveau-lien", "/mot-de-passe-oublie"])
def test_asking_for_a_link_tells_nothing_about_who_has_an_account(client: Client, path: str) -> None:
    accepted_family()
    make_family(email="parent@example.org")
    make_pending_family(email="demande@example.org")
    clock.start_at(NOW + LINK_EVERY, frozen=True)
    answers = set()
    for email in ("attente@example.org", "parent@example.org", "demande@example.org", "personne@example.org"):
        client.forget_cookies()
        client.get(path)
        answers.add(client.submit(email=email).body)
    assert len(answers) == 1
    confirmed = "activation_not_needed" if "activation" in path else "password_reset"
    assert templates() == ["activation", "activation", confirmed]


@pytest.mark.parametrize("path", ["/activation/nouveau-lien", "/mot-de-passe-oublie"])
def test_nobody_fills_a_letter_box_with_links(client: Client, path: str) -> None:
    make_family(email="parent@example.org")
    for _ in range(3):
        client.get(path)
        client.submit(email="parent@example.org")
    assert len(templates()) == 1


def test_wrong_address_is_kept_and_named(client: Client) -> None:
    client.get("/mot-de-passe-oublie")
    page = client.submit(status=422, email="parent@")
    assert "Cette adresse n’est pas complète." in page.text
    assert page.value("email") == "parent@"


def test_parent_who_forgot_chooses_a_new_password_and_every_session_ends(client: Client) -> None:
    secret = forgotten()
    user = db.session.scalars(select(User)).one()
    other_device = Client(client.app).sign_in(user.id)
    client.get(f"/mot-de-passe/{secret}")
    page = client.submit(password=GOOD, confirmation=GOOD)
    assert page.path == "/tableau-de-bord"
    assert other_device.get("/tableau-de-bord", follow=True).path.startswith("/connexion")
    assert len(db.session.scalars(select(UserSession)).all()) == 1
    assert templates() == ["password_reset", "password_changed"]
    client.forget_cookies()
    client.get(f"/mot-de-passe/{secret}", status=410)
    client.get("/connexion")
    client.submit("/connexion", status=422, email="parent@example.org", password=PASSWORD)
