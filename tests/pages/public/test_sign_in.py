"""Sign-in and sign-out: nobody learns who has an account, and guessing is slowed down."""

import pytest
from sqlalchemy import func, select

from app import clock
from app.database import db, write_transaction
from app.models.accounts import UserSession
from app.models.mails import OutboxMail
from app.rules.sign_ins import MOST_FAILURES, THROTTLE_WINDOW, Subject
from app.services.throttles import Attempt, place_of, record_failure
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
    for _ in range(MOST_FAILURES[Subject.ACCOUNT_AND_PLACE]):
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


# --- Nobody is locked out by somebody else --------------------------------------------------------------------------


def fail(client: Client, email: str, times: int, place: str) -> None:
    """Wrong passwords from an address of the network."""
    token = client.get("/connexion").value("csrf_token", "/connexion")
    data = {"csrf_token": token, "email": email, "password": "Un-Autre-Mot-2026"}
    for _ in range(times):
        client.post("/connexion", data, status=422, environ_overrides={"REMOTE_ADDR": place})


def give(client: Client, email: str, place: str, *, password: str = PASSWORD, status: int = 303) -> Answer:
    """One sign-in from an address of the network."""
    token = client.get("/connexion").value("csrf_token", "/connexion")
    data = {"csrf_token": token, "email": email, "password": password}
    return client.post("/connexion", data, status=status, environ_overrides={"REMOTE_ADDR": place})


def signed_out(client: Client) -> Client:
    """The same browser, signed out: it keeps what says that it was here."""
    client.get("/tableau-de-bord")
    client.submit("/deconnexion")
    return client


def many_failures(email: str, place: str, count: int) -> None:
    with write_transaction() as session:
        for _ in range(count):
            record_failure(session, Attempt(email, place, None))


def test_whoever_guesses_elsewhere_locks_nobody_out(sqlite_client: Client) -> None:
    make_family(email="parent@example.org")
    for place in ("192.0.2.1", "2001:db8::1"):
        fail(Client(sqlite_client.app), "parent@example.org", MOST_FAILURES[Subject.ACCOUNT_AND_PLACE], place)
        give(Client(sqlite_client.app), "parent@example.org", place, status=429)
    give(sqlite_client, "parent@example.org", "192.0.2.2")


def test_whoever_guesses_at_the_same_place_does_not_stop_a_device_that_was_here_before(sqlite_client: Client) -> None:
    make_family(email="parent@example.org")
    village = "192.0.2.1"
    give(sqlite_client, "parent@example.org", village)
    signed_out(sqlite_client)
    many_failures("parent@example.org", village, MOST_FAILURES[Subject.PLACE])
    give(Client(sqlite_client.app), "parent@example.org", village, status=429)
    give(sqlite_client, "parent@example.org", village)


def test_a_device_answers_for_itself_and_for_its_own_accounts(sqlite_client: Client) -> None:
    make_family(email="parent@example.org")
    make_family("AUTRE", email="autre@example.org")
    home = "192.0.2.1"
    give(sqlite_client, "parent@example.org", home)
    signed_out(sqlite_client)
    fail(sqlite_client, "parent@example.org", MOST_FAILURES[Subject.DEVICE], home)
    give(sqlite_client, "parent@example.org", home, status=429)
    give(Client(sqlite_client.app), "parent@example.org", home)  # its failures are nobody else's
    fail(sqlite_client, "autre@example.org", MOST_FAILURES[Subject.ACCOUNT_AND_PLACE], home)
    give(sqlite_client, "autre@example.org", home, status=429)  # it was never here with this account


def test_a_made_up_device_is_none(sqlite_client: Client) -> None:
    make_family(email="parent@example.org")
    sqlite_client._browser.set_cookie("device", "gAAAAA-invented")
    many_failures("parent@example.org", "192.0.2.1", MOST_FAILURES[Subject.ACCOUNT_AND_PLACE])
    give(sqlite_client, "parent@example.org", "192.0.2.1", status=429)


def test_lost_password_lets_in_while_the_place_waits(sqlite_client: Client) -> None:
    make_family(email="parent@example.org")
    many_failures("parent@example.org", "", MOST_FAILURES[Subject.PLACE])
    sign_in(sqlite_client, "parent@example.org", status=429)
    sqlite_client.get("/mot-de-passe-oublie")
    sqlite_client.submit(email="parent@example.org")
    secret = db.session.scalars(select(OutboxMail.secret)).one()
    sqlite_client.get(f"/mot-de-passe/{secret}")
    good = "lampe violette quatorze girafes"
    assert sqlite_client.submit(password=good, confirmation=good).path == "/tableau-de-bord"


@pytest.mark.parametrize(
    ("address", "place"),
    [
        ("192.0.2.1", "192.0.2.1"),
        ("::ffff:192.0.2.1", "192.0.2.1"),
        ("2001:db8::1", "20010db800000000::"),
        ("2001:db8::ffff:1", "20010db800000000::"),
        ("", ""),
    ],
)
def test_a_place_is_an_address_or_a_network_of_one_house(address: str, place: str) -> None:
    assert place_of(address) == place


def test_a_slash_too_many_leads_to_the_page(client: Client) -> None:
    assert client.get("/connexion/?suite=/mes-factures", status=308).location == "/connexion?suite=/mes-factures"
    assert client.get("/connexion//", status=308).location == "/connexion"
    client.get("/n-existe-pas/", status=404)
    client.post("/connexion/", {}, status=404)
    for elsewhere in ("//evil.example.org/", "/%2Fevil.example.org/"):
        answer = client.get_any(elsewhere)
        assert answer.status == 404 or (answer.location.startswith("/") and not answer.location.startswith("//"))
