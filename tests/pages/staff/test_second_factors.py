"""The second factor of the staff: setting it up, signing in with it, recovery codes, what an administrator requires."""

from __future__ import annotations

from datetime import timedelta

import pyotp
import pytest
from sqlalchemy import delete, select

from app import clock
from app.database import db, write_transaction
from app.models.accounts import RecoveryCode, SecondFactor, User, UserSession, UserToken
from app.models.mails import OutboxMail
from app.rules.capabilities import Role
from app.rules.sign_ins import MOST_FAILURES, STEP_UP_WITHIN, Subject
from app.services import second_factors, staff_accounts
from app.services.links import SECOND_STEP_VALIDITY
from tests.client import Answer, Client
from tests.factories import PASSWORD, make_family, make_staff
from tests.html import check_text

EMAIL = "agent@example.org"


@pytest.fixture
def agent_id(sqlite_app: object) -> int:
    return make_staff(Role.FILE_CLERK, email=EMAIL)


def set_up(user_id: int) -> tuple[str, ...]:
    """Put the second factor in place; returns the recovery codes. The code of now has been used."""
    with write_transaction() as session:
        second_factors.begin_set_up(session, user_id)
        session.flush()
        secret = session.get_one(SecondFactor, user_id).secret
        return second_factors.finish_set_up(session, user_id, code_of(secret))


def code_of(secret: str) -> str:
    return pyotp.TOTP(secret).at(clock.now())


def next_code(user_id: int) -> str:
    """The app's code half a minute later."""
    clock.start_at(clock.now() + timedelta(seconds=30), frozen=True)
    return code_of(db.session.get_one(SecondFactor, user_id).secret)


def give_password(client: Client, email: str = EMAIL) -> Answer:
    client.forget_cookies()
    client.get("/connexion?suite=/gestion/familles")
    return client.submit("/connexion", email=email, password=PASSWORD)


def test_agent_sets_it_up_and_signs_in_with_a_code(sqlite_client: Client, agent_id: int) -> None:
    client = sqlite_client.sign_in(agent_id)
    client.get("/gestion/mon-compte/double-verification")
    page = client.submit("second-factor", button="Mettre en place")
    assert page.heading == "Relier mon application"
    image = client.get("/gestion/mon-compte/double-verification/application/image.svg")
    assert image.headers["Content-Type"].startswith("image/svg+xml")
    assert image.headers["Cache-Control"] == "no-store" and "<style" not in image.body
    secret = db.session.get_one(SecondFactor, agent_id).secret
    assert secret in page.text.replace(" ", "")
    assert "Ce code n’est pas le bon" in client.submit("set-up", status=422, code="000000").text
    client.get("/gestion/mon-compte/double-verification/application")
    page = client.submit("set-up", status=200, code=code_of(secret))
    codes = [code.text for code in page.all("code")]
    assert len(codes) == 10 and len(set(codes)) == 10
    assert not client.get("/gestion/mon-compte/double-verification").all("code")  # shown once
    page = give_password(client)
    assert page.heading == "Code de vérification"
    client.get("/gestion/familles", status=303)  # half signed in is not signed in
    client.get("/connexion/code?suite=/gestion/familles")
    assert client.submit("/connexion/code", code=next_code(agent_id)).path == "/gestion/familles"


def test_half_signed_state_used_elsewhere_meanwhile_begins_again(
    sqlite_client: Client, agent_id: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    code = set_up(agent_id)[0]
    give_password(sqlite_client)
    looked = db.session.scalars(select(User).where(User.id == agent_id)).one()
    monkeypatch.setattr("app.services.links.open_link", lambda *_: looked)  # the first look, just before
    with write_transaction() as session:
        session.execute(delete(UserToken))
    assert sqlite_client.submit("/connexion/code", code=code).path.startswith("/connexion")
    assert second_factors.recovery_codes_left(agent_id) == 10  # not spent for nothing
    sqlite_client.get("/gestion/familles", status=303)


def test_a_code_serves_once(sqlite_client: Client, agent_id: int) -> None:
    set_up(agent_id)
    code = next_code(agent_id)
    give_password(sqlite_client)
    sqlite_client.submit("/connexion/code", code=code)
    give_password(sqlite_client)
    assert "il a déjà servi" in sqlite_client.submit("/connexion/code", status=422, code=code).text


def test_recovery_code_replaces_the_app_once(sqlite_client: Client, agent_id: int) -> None:
    code = set_up(agent_id)[0]
    assert code not in repr(db.session.execute(select(RecoveryCode.__table__)).all())
    give_password(sqlite_client)
    assert sqlite_client.submit("/connexion/code", code=code.upper().replace("-", " ")).path == "/gestion/familles"
    give_password(sqlite_client)
    sqlite_client.submit("/connexion/code", status=422, code=code)
    assert second_factors.recovery_codes_left(agent_id) == 9


def test_half_signed_state_is_short_and_guessing_codes_is_slowed_down(sqlite_client: Client, agent_id: int) -> None:
    set_up(agent_id)
    give_password(sqlite_client)
    start = clock.now()
    clock.start_at(start + SECOND_STEP_VALIDITY, frozen=True)
    assert "attendu trop longtemps" in sqlite_client.submit("/connexion/code", code="000000").text
    clock.start_at(start, frozen=True)
    give_password(sqlite_client)
    for _try in range(MOST_FAILURES[Subject.ACCOUNT_AND_PLACE]):
        sqlite_client.submit("/connexion/code", status=422, code="000000")
    page = sqlite_client.submit(
        "/connexion/code", status=429, code=code_of(db.session.get_one(SecondFactor, agent_id).secret)
    )
    assert "Trop d’essais" in page.text
    assert db.session.scalars(select(UserSession)).all() == []


def test_code_page_without_the_password_leads_back(sqlite_client: Client, agent_id: int) -> None:
    assert sqlite_client.get("/connexion/code", follow=True).path == "/connexion"


def test_link_of_a_forgotten_password_does_not_pass_the_second_step_by(sqlite_client: Client, agent_id: int) -> None:
    set_up(agent_id)
    sqlite_client.get("/mot-de-passe-oublie")
    sqlite_client.submit(email=EMAIL)
    secret = db.session.scalars(select(OutboxMail.secret).where(OutboxMail.template == "password_reset")).one()
    sqlite_client.get(f"/mot-de-passe/{secret}")
    good = "lampe violette quatorze girafes"
    assert sqlite_client.submit(password=good, confirmation=good).heading == "Code de vérification"


def test_password_again_wants_the_code_too(sqlite_client: Client, agent_id: int) -> None:
    set_up(agent_id)
    client = sqlite_client.sign_in(agent_id)
    clock.start_at(clock.now() + STEP_UP_WITHIN, frozen=True)
    page = client.get("/gestion/mon-compte/mot-de-passe", follow=True)
    assert page.heading == "Est-ce bien vous ?"
    client.submit("confirm", status=422, password=PASSWORD, code="000000")
    page = client.submit("confirm", password=PASSWORD, code=next_code(agent_id))
    assert page.heading == "Changer mon mot de passe"


def test_agent_renews_the_codes_and_takes_it_away(sqlite_client: Client, agent_id: int) -> None:
    old = set_up(agent_id)
    client = sqlite_client.sign_in(agent_id)
    client.get("/gestion/mon-compte/double-verification")
    page = client.submit("second-factor", status=200, button="Recevoir dix nouveaux codes de secours")
    assert not {code.text for code in page.all("code")} & set(old)
    client.get("/gestion/mon-compte/double-verification")
    page = client.submit("second-factor", button="Retirer la double vérification")
    assert "La double vérification est retirée." in page.text
    assert give_password(client).path == "/gestion/familles"


def test_required_of_all_it_comes_before_anything_else(sqlite_client: Client, agent_id: int) -> None:
    administrator = make_staff()
    boss = sqlite_client.sign_in(administrator)
    boss.get("/gestion/agents")
    boss.submit("second-factor", button="L’exiger de tous les agents", follow=False)
    client = Client(boss.app).sign_in(agent_id)
    for path in ("/gestion", "/gestion/familles", "/gestion/a-traiter"):
        assert client.get(path, follow=True).heading == "Double vérification"
    client.get("/gestion/mon-compte")
    set_up(agent_id)
    client.get("/gestion/familles")
    make = make_family(email="parent@example.org")
    Client(boss.app).sign_in(make.user_id).get("/tableau-de-bord")


def test_administrator_resets_it_for_who_lost_everything(sqlite_client: Client, agent_id: int) -> None:
    set_up(agent_id)
    lost = Client(sqlite_client.app).sign_in(agent_id)
    boss = sqlite_client.sign_in(make_staff())
    boss.get(f"/gestion/agents/{agent_id}")
    page = boss.submit("second-factor")
    assert "remise à zéro" in page.text
    assert "Double vérification remise à zéro" in boss.get("/gestion/agents").text
    lost.get("/gestion/familles", status=303)
    assert give_password(lost).path == "/gestion/familles"
    templates = db.session.scalars(select(OutboxMail.template).where(OutboxMail.recipient == EMAIL)).all()
    assert templates == ["second_factor_on", "second_factor_reset"]


def test_every_mail_is_written_in_good_french(agent_id: int) -> None:
    boss = make_staff()
    code = set_up(agent_id)[0]
    with write_transaction() as session:
        second_factors.use_code(session, agent_id, code)
        staff_accounts.reset_second_factor(session, boss, agent_id)
        second_factors.turn_off_second_factor(session, agent_id)
    sent = db.session.scalars(select(OutboxMail)).all()
    assert {mail.template for mail in sent} == {
        "second_factor_on", "second_factor_off", "second_factor_reset", "recovery_code_used",
    }  # fmt: skip
    for mail in sent:
        assert check_text(mail.subject) == [] and check_text(mail.body) == [], mail.template
