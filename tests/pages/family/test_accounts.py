"""« Mon compte » of a parent: password, address, devices, hats, closing; and giving the password again first."""

from __future__ import annotations

from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import select, update

from app import clock
from app.database import db, write_transaction
from app.models.accounts import StaffRole, TokenPurpose, User, UserSession
from app.models.families import Family, Guardian
from app.models.mails import OutboxMail
from app.rules.capabilities import Role
from app.rules.sign_ins import MOST_FAILURES, STEP_UP_WITHIN, Subject
from app.rules.states import FamilyStatus
from app.services import email_changes, links
from app.services.email_changes import EMAIL_CHANGE_VALIDITY
from app.services.errors import LinkExpired
from tests import factories
from tests.client import Answer, Client, form_fields
from tests.factories import (
    NOW,
    PASSWORD,
    WEDNESDAY,
    bookings_of,
    enrol,
    make_family,
    make_planning,
    make_user,
    share_child,
)
from tests.html import check_text

GOOD = "lampe violette quatorze girafes"
EMAIL, NEW_EMAIL = "parent@example.org", "nouvelle@example.org"


def mails() -> list[tuple[str, str]]:
    """Template and recipient of every mail, in their order."""
    return [(mail.template, mail.recipient) for mail in db.session.scalars(select(OutboxMail).order_by(OutboxMail.id))]


def last_secret() -> str:
    secrets = select(OutboxMail.secret).where(OutboxMail.secret.is_not(None)).order_by(OutboxMail.id.desc())
    return db.session.scalars(secrets).first() or ""


def later(wait: timedelta) -> None:
    clock.start_at(clock.now() + wait, frozen=True)


@pytest.fixture
def parent(sqlite_client: Client) -> Client:
    """The browser of a signed-in parent."""
    return sqlite_client.sign_in(make_family(email=EMAIL).user_id)


def sign_in(client: Client, email: str, password: str, **how: int) -> Answer:
    client.forget_cookies()
    client.get("/connexion")
    return client.submit("/connexion", email=email, password=password, **how)


# --- Password -------------------------------------------------------------------------------------------------------


def test_parent_changes_the_password_and_other_devices_are_signed_out(parent: Client) -> None:
    user = db.session.scalars(select(User)).one()
    other = Client(parent.app).sign_in(user.id)
    assert parent.get("/tableau-de-bord").all("a", href="/mon-compte")
    parent.get("/mon-compte/mot-de-passe")
    page = parent.submit("password-change", present_password=PASSWORD, password=GOOD, confirmation=GOOD)
    assert page.heading == "Mon compte" and "Votre mot de passe est changé." in page.text
    assert other.get("/tableau-de-bord", follow=True).path.startswith("/connexion")
    assert mails() == [("password_changed", EMAIL)]
    assert sign_in(parent, EMAIL, GOOD).path == "/tableau-de-bord"


@pytest.mark.parametrize(
    ("present", "new", "sentence"),
    [
        ("un autre mot", GOOD, "Ce n’est pas votre mot de passe actuel."),
        (PASSWORD, "court", "Choisissez au moins 12 caractères."),
        (PASSWORD, PASSWORD, "C’est déjà votre mot de passe"),
        ("", GOOD, "Indiquez votre mot de passe actuel."),
    ],
)
def test_what_is_wrong_is_said_and_no_password_is_sent_back(
    parent: Client, present: str, new: str, sentence: str
) -> None:
    parent.get("/mon-compte/mot-de-passe")
    page = parent.submit("password-change", status=422, present_password=present, password=new, confirmation=new)
    assert sentence in page.text and new not in page.body
    assert mails() == []


def test_guessing_the_present_password_is_slowed_down(parent: Client) -> None:
    parent.get("/mon-compte/mot-de-passe")
    for _try in range(MOST_FAILURES[Subject.ACCOUNT_AND_PLACE]):
        parent.submit("password-change", status=422, present_password="x", password=GOOD, confirmation=GOOD)
    page = parent.submit("password-change", status=429, present_password=PASSWORD, password=GOOD, confirmation=GOOD)
    assert "attendez 8 h 45" in page.text


# --- Address --------------------------------------------------------------------------------------------------------


def ask_for(client: Client, email: str) -> Answer:
    client.get("/mon-compte/adresse-email")
    return client.submit("email-change", email=email, present_password=PASSWORD)


def test_parent_changes_the_address_once_the_link_is_confirmed(parent: Client) -> None:
    user = db.session.scalars(select(User)).one()
    other = Client(parent.app).sign_in(user.id)
    assert NEW_EMAIL in ask_for(parent, NEW_EMAIL).text
    assert mails() == [("email_change", NEW_EMAIL), ("email_change_asked", EMAIL)]
    for _ in range(2):  # looking at the link changes nothing
        page = parent.get(f"/nouvelle-adresse/{last_secret()}")
    assert EMAIL in page.text and NEW_EMAIL in page.text
    assert db.session.get_one(User, user.id).email == EMAIL
    page = parent.submit("email-change")
    assert page.path == "/tableau-de-bord" and "Votre adresse est changée" in page.text
    assert db.session.get_one(User, user.id).email == NEW_EMAIL
    assert db.session.scalars(select(Guardian.email)).all() == [NEW_EMAIL]
    assert mails()[2:] == [("email_changed", EMAIL)]
    assert other.get("/tableau-de-bord", follow=True).path.startswith("/connexion")
    sign_in(parent, EMAIL, PASSWORD, status=422)
    assert sign_in(parent, NEW_EMAIL, PASSWORD).path == "/tableau-de-bord"


def test_link_confirmed_in_another_browser_signs_nobody_in(parent: Client) -> None:
    ask_for(parent, NEW_EMAIL)
    stranger = Client(parent.app)
    stranger.get(f"/nouvelle-adresse/{last_secret()}")
    assert stranger.submit("email-change").path == "/connexion"
    assert db.session.scalars(select(UserSession)).all() == []


def test_taken_address_gets_the_same_answer_and_a_mail_alone_tells(parent: Client) -> None:
    make_user("prise@example.org")
    free = ask_for(parent, "libre@example.org")
    later(timedelta(minutes=5))
    taken = ask_for(parent, "prise@example.org")
    assert taken.text.replace("prise@", "libre@") == free.text
    assert taken.status == free.status
    assert [pair for pair in mails() if pair[0] != "email_change_asked"] == [
        ("email_change", "libre@example.org"), ("email_change_known", "prise@example.org"),
    ]  # fmt: skip


def test_nobodys_letter_box_is_flooded_and_the_owner_learns_of_each_address(parent: Client) -> None:
    for email in ("un@example.org", "deux@example.org", "un@example.org", "un@example.org", *["un@example.org"] * 3):
        ask_for(parent, email)
        later(timedelta(minutes=3))
    links_sent = [recipient for template, recipient in mails() if template == "email_change"]
    assert links_sent.count("un@example.org") == 3
    told = [recipient for template, recipient in mails() if template == "email_change_asked"]
    assert len(told) == len(links_sent)


def test_address_taken_meanwhile_is_refused_and_nothing_changes(parent: Client) -> None:
    ask_for(parent, NEW_EMAIL)
    make_user(NEW_EMAIL)
    parent.get(f"/nouvelle-adresse/{last_secret()}")
    assert parent.submit("email-change", status=409).heading == "Cette adresse est déjà prise"
    assert EMAIL in db.session.scalars(select(User.email)).all()


def test_link_of_an_address_works_once_and_for_a_day(parent: Client) -> None:
    ask_for(parent, NEW_EMAIL)
    secret = last_secret()
    later(EMAIL_CHANGE_VALIDITY)
    parent.get(f"/nouvelle-adresse/{secret}", status=410)
    clock.start_at(NOW, frozen=True)
    parent.get(f"/nouvelle-adresse/{secret}")
    parent.submit("email-change")
    parent.get(f"/nouvelle-adresse/{secret}", status=410)
    parent.get("/nouvelle-adresse/inconnu", status=410)


def test_new_password_stops_the_change_of_address_that_somebody_else_asked_for(parent: Client) -> None:
    user_id = db.session.scalars(select(User.id)).one()
    with write_transaction() as session:
        email_changes.request_email_change(session, user_id, NEW_EMAIL)
    stolen = last_secret()
    with write_transaction() as session:
        links.request_password_reset(session, EMAIL)
        half_way = links.begin_second_step(session, user_id)
    forgotten = last_secret()
    with write_transaction() as session:
        links.reset_password(session, forgotten, "hash")
    parent.get(f"/nouvelle-adresse/{stolen}", status=410)
    with pytest.raises(LinkExpired):
        links.open_link(half_way, TokenPurpose.SECOND_STEP)


def test_links_sent_to_the_old_address_stop_with_the_change(parent: Client) -> None:
    with write_transaction() as session:
        links.request_password_reset(session, EMAIL)
    reset = last_secret()
    ask_for(parent, NEW_EMAIL)
    with write_transaction() as session:
        email_changes.confirm_email_change(session, last_secret(), None)
    parent.get(f"/mot-de-passe/{reset}", status=410)


def test_same_address_and_wrong_password_are_refused_and_the_address_stays_typed(parent: Client) -> None:
    parent.get("/mon-compte/adresse-email")
    page = parent.submit("email-change", status=422, email=EMAIL.upper(), present_password=PASSWORD)
    assert "C’est déjà votre adresse." in page.text
    page = parent.submit("email-change", status=422, email=NEW_EMAIL, present_password="x")
    assert page.value("email") == NEW_EMAIL and "Ce n’est pas votre mot de passe actuel." in page.text
    assert mails() == []


# --- Devices --------------------------------------------------------------------------------------------------------


def test_parent_sees_and_ends_the_sessions_of_other_devices(parent: Client) -> None:
    user = db.session.scalars(select(User)).one()
    phone = Client(parent.app)
    agent = "Mozilla/5.0 (Android 15; Mobile; rv:140.0) Gecko/140.0 Firefox/140.0"
    phone.get("/connexion")
    form = {"email": EMAIL, "password": PASSWORD, "csrf_token": phone.page.value("csrf_token", "/connexion") or ""}  # type: ignore[union-attr]
    phone.post("/connexion", form, status=303, headers={"User-Agent": agent})
    page = parent.get("/mon-compte/appareils")
    assert "Firefox sur Android" in page.text and page.text.count("Cet appareil") == 1
    other = db.session.scalars(select(UserSession).where(UserSession.device == agent)).one()
    page = parent.submit(f"/mon-compte/appareils/{other.id}")
    assert "Cet appareil est déconnecté." in page.text
    assert phone.get("/tableau-de-bord", follow=True).path.startswith("/connexion")
    Client(parent.app).sign_in(user.id)
    parent.get("/mon-compte/appareils")
    assert parent.submit("everywhere", button="Me déconnecter partout").path == "/connexion"
    assert db.session.scalars(select(UserSession)).all() == []


# --- The password again ---------------------------------------------------------------------------------------------


def test_sensitive_change_asks_for_the_password_and_goes_on(parent: Client) -> None:
    later(STEP_UP_WITHIN)
    page = parent.get("/mon-compte/fermer", follow=True)
    assert page.heading == "Est-ce bien vous ?"
    page = parent.submit("confirm", status=422, password="x")
    assert "Ce n’est pas votre mot de passe actuel." in page.text
    assert parent.submit("confirm", password=PASSWORD).heading == "Fermer mon compte"
    parent.get("/mon-compte/fermer")


def test_device_is_not_ended_before_the_password_is_given_again(parent: Client) -> None:
    (device,) = db.session.scalars(select(UserSession)).all()
    parent.get("/mon-compte/appareils")
    later(STEP_UP_WITHIN)
    page = parent.submit(f"/mon-compte/appareils/{device.id}")
    assert page.heading == "Est-ce bien vous ?"
    assert parent.submit("confirm", password=PASSWORD).heading == "Mes appareils connectés"
    assert db.session.scalars(select(UserSession)).all() != []


def test_what_was_typed_comes_back_after_the_password(parent: Client) -> None:
    parent.get("/mon-compte/fermer")
    later(STEP_UP_WITHIN)
    page = parent.submit("closing", status=401, understood="y")
    assert page.heading == "Est-ce bien vous ?" and "n’est pas perdu" in page.text
    parent.submit("confirm", status=422, password="x")
    page = parent.submit("confirm", status=200, password=PASSWORD)
    assert page.heading == "Votre saisie est encore là"
    assert "Votre compte est fermé." in parent.submit("kept").text


def test_nobody_is_led_to_another_site_after_the_password(parent: Client) -> None:
    parent.get("/mon-compte/confirmation", query_string={"suite": "//example.org"})
    assert parent.submit("confirm", password=PASSWORD).path == "/mon-compte"


# --- Hats -----------------------------------------------------------------------------------------------------------


def test_guardian_of_two_families_switches_between_them(sqlite_client: Client) -> None:
    one = make_family("PREMIER", "Alix", email=EMAIL)
    make_family("SECOND", "Alix", email=EMAIL, user_id=one.user_id)
    client = sqlite_client.sign_in(one.user_id)
    assert client.get("/ma-famille").text.count("Famille PREMIER Alix") > client.page.text.count("Famille SECOND") == 1  # type: ignore[union-attr]
    assert client.submit("/mon-compte/role", button="Famille SECOND Alix").path == "/tableau-de-bord"
    assert "Famille SECOND Alix" in client.get("/ma-famille").text_of("main")
    with write_transaction() as session:  # taken out of the family: acts for it no more
        session.scalars(select(Guardian).where(Guardian.family_id != one.family_id)).one().user_id = None
    assert "Famille PREMIER Alix" in client.get("/ma-famille").text_of("main")


def test_form_of_one_family_is_never_stored_in_the_other(sqlite_client: Client) -> None:
    first = make_family(email=EMAIL)
    second = make_family("AUTRE", "Zoé", user_id=first.user_id)
    client = sqlite_client.sign_in(first.user_id)
    for path in ("/ma-famille/parents/nouveau", "/ma-famille/enfants/nouveau", "/ma-famille/coordonnees"):
        sent = dict(form_fields(client.get(path).form(path)))
        with write_transaction() as session:  # in another tab
            session.execute(update(UserSession).values(family_id=second.family_id))
        answer = client.post(path, {**sent, "last_name": "SECRET"}, status=409)
        with write_transaction() as session:
            session.execute(update(UserSession).values(family_id=first.family_id))
        assert "était celle d’une autre de vos familles" in answer.text


def test_no_tab_of_another_hat_books_or_pays_in_the_name_of_this_one(sqlite_client: Client) -> None:
    planning = make_planning()
    other = make_family("AUTRE", "Zoé", user_id=planning.family.user_id)
    share_child(planning.child_id, other)
    enrol(planning.child_id, other, planning.activity)
    client = sqlite_client.sign_in(planning.family.user_id)
    page = client.get(f"/mes-reservations/{planning.child_id}?jour={WEDNESDAY}")
    forms = [form for form in page.all("form") if (form.get("method") or "").lower() == "post"]
    sent = [dict(form_fields(form)) for form in forms if form.get("action") not in ("/mon-compte/role", "/deconnexion")]
    assert sent and all(fields["hat"] == str(planning.family.family_id) for fields in sent)
    ticked = [*form_fields(page.form("planning")), ("t", str(planning.opening(WEDNESDAY, "Matin")))]
    with write_transaction() as session:  # in another tab
        session.execute(update(UserSession).values(family_id=other.family_id))
    action = page.form("planning").get("action")
    for fields in (ticked, [each for each in ticked if each[0] != "hat"]):
        answer = client.post(action, fields, status=409)
        assert "Vous avez changé de famille dans un autre onglet" in answer.text
    assert bookings_of(planning.child_id) == []
    with write_transaction() as session:
        session.execute(update(UserSession).values(family_id=planning.family.family_id))
    client.post(action, ticked, status=303)
    assert len(bookings_of(planning.child_id)) == 1


def test_who_has_one_family_sends_no_hat(sqlite_client: Client) -> None:
    assert 'name="hat"' not in sqlite_client.sign_in(make_family().user_id).get("/ma-famille/coordonnees").text


def test_nobody_takes_the_hat_of_others(sqlite_client: Client) -> None:
    stranger = make_family("AUTRE")
    client = sqlite_client.sign_in(make_family(email=EMAIL).user_id)
    token = client.get("/mon-compte/mot-de-passe").value("csrf_token")
    for wanted in (str(stranger.family_id), "gestion", "x", ""):
        client.post("/mon-compte/role", {"csrf_token": token, "role": wanted}, status=404)


def test_agent_who_is_a_parent_passes_both_doors_and_stays_where_they_chose(sqlite_client: Client) -> None:
    family = make_family(email=EMAIL)
    with write_transaction() as session:
        session.add(StaffRole(user_id=family.user_id, role=Role.FILE_CLERK))
    client = sqlite_client.sign_in(family.user_id)
    assert client.get("/", follow=True).path == "/gestion/a-traiter"
    assert client.submit("/gestion/mon-compte/role", button=f"Famille {family.name}").path == "/tableau-de-bord"
    assert client.get("/", follow=True).path == "/tableau-de-bord"
    assert client.submit("/mon-compte/role", button="Agent").path == "/gestion/a-traiter"
    assert client.get("/", follow=True).path == "/gestion/a-traiter"
    assert client.get("/mon-compte/fermer", follow=True).heading == "Mon compte"


# --- Closing --------------------------------------------------------------------------------------------------------


def test_last_parent_closes_the_account_and_the_file(sqlite_client: Client) -> None:
    planning = factories.make_planning()
    family = planning.family
    factories.save(family, planning.child_id, book=[planning.opening(factories.WEDNESDAY, "Matin")])
    factories.make_invoice(family, 4_000)
    client = sqlite_client.sign_in(family.user_id)
    page = client.get("/mon-compte/fermer")
    assert "son dossier sera fermé" in page.text and "40,00 €" in page.text
    assert "Léa TEST, Mercredi : 25 novembre 2026" in page.text
    assert "Cochez cette case" in client.submit("closing", status=422).text
    page = client.submit("closing", understood="y")
    assert page.path == "/connexion" and "Votre compte est fermé." in page.text
    assert db.session.get_one(Family, family.family_id).status is FamilyStatus.CLOSED
    user = db.session.get_one(User, family.user_id)
    assert user.password_hash is None and user.closed_at is not None and "@" not in user.email
    assert mails()[-1] == ("account_closed", family.email)
    sign_in(client, family.email, PASSWORD, status=422)
    # The address is free again.
    assert make_user(family.email) != family.user_id
    agent = Client(client.app).sign_in(factories.make_staff(Role.FILE_CLERK))
    agent.get(f"/gestion/familles/{family.family_id}")
    page = agent.submit("reopening")
    assert "Le dossier est rouvert." in page.text and "Codes famille" in page.text
    assert db.session.get_one(Family, family.family_id).status is FamilyStatus.ACTIVE


def test_file_stays_open_for_the_other_parent(sqlite_client: Client) -> None:
    family = make_family(email=EMAIL)
    other_id = make_user("autre@example.org")
    with write_transaction() as session:
        row = session.get_one(Guardian, family.guardian_id)
        session.add(
            Guardian(family_id=family.family_id, title=row.title, last_name="B", first_name="A", user_id=other_id)
        )
    client = sqlite_client.sign_in(family.user_id)
    page = client.get("/mon-compte/fermer")
    assert "reste ouvert" in page.text
    client.submit("closing", understood="y")
    assert db.session.get_one(Family, family.family_id).status is FamilyStatus.ACTIVE
    assert db.session.get_one(Guardian, family.guardian_id).user_id is None
    Client(client.app).sign_in(other_id).get("/tableau-de-bord")


def test_every_mail_is_written_in_good_french(sqlite_app: Flask) -> None:
    client = Client(sqlite_app).sign_in(make_family(email=EMAIL).user_id)
    make_user("prise@example.org")
    ask_for(client, "prise@example.org")
    later(timedelta(minutes=5))
    ask_for(client, NEW_EMAIL)
    client.get(f"/nouvelle-adresse/{last_secret()}")
    client.submit("email-change")
    client.get("/mon-compte/fermer")
    client.submit("closing", understood="y")
    sent = db.session.scalars(select(OutboxMail)).all()
    assert {mail.template for mail in sent} == {
        "email_change", "email_change_asked", "email_change_known", "email_changed", "account_closed",
    }  # fmt: skip
    for mail in sent:
        body = mail.body.replace("[[portail]]", "https://example.org").replace("[[secret]]", "x")
        assert check_text(mail.subject) == [] and check_text(body) == [], mail.template
        assert "\n\n\n" not in body, mail.template
