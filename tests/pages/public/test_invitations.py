"""A second parent gets a login of their own: invited by the family, from « Parents »."""

from __future__ import annotations

import pytest
from sqlalchemy import select, update

from app import clock
from app.database import db, write_transaction
from app.models.accounts import User, UserSession
from app.models.families import Family, Guardian
from app.models.mails import OutboxMail
from app.rules.capabilities import Role
from app.rules.sign_ins import STEP_UP_WITHIN
from app.rules.states import FamilyStatus
from app.services import guardians
from app.services.invitations import INVITATION_VALIDITY, INVITATIONS_WITHIN, MOST_INVITATIONS
from app.services.mails import LINK_EVERY
from tests.client import Client
from tests.factories import PASSWORD, FamilySetup, guardian_values, make_family, make_staff, make_user
from tests.html import check_text

GOOD = "lampe violette quatorze girafes"
EMAIL = "claire@example.org"


@pytest.fixture
def family(sqlite_app: object) -> FamilySetup:
    return make_family(email="parent@example.org")


@pytest.fixture
def parent(family: FamilySetup, sqlite_client: Client) -> Client:
    return sqlite_client.sign_in(family.user_id)


def add(family: FamilySetup, email: str = EMAIL) -> str:
    """Another adult of the family; the address of their page."""
    with write_transaction() as session:
        return f"/ma-famille/parents/{guardians.add_guardian(session, family.family_id, guardian_values(email))}"


def invite(client: Client, page: str) -> str:
    """Invite them, and return the address of the link."""
    client.get(page)
    assert "L’invitation est envoyée" in client.submit("invitation").text
    return link()


def link() -> str:
    mail = db.session.scalars(
        select(OutboxMail).where(OutboxMail.template == "guardian_invited").order_by(OutboxMail.id.desc())
    ).first()
    assert mail is not None and mail.recipient == EMAIL
    return f"/invitation/{mail.secret}"


def test_second_parent_chooses_a_password_and_sees_the_family(family: FamilySetup, parent: Client) -> None:
    page = add(family)
    address = invite(parent, page)
    assert "Invitation envoyée" in parent.get(page).text
    assert "invitation envoyée" in parent.get("/ma-famille/parents").text
    assert db.session.scalars(select(User.email)).all() == ["parent@example.org"]  # nobody yet
    other = Client(parent.app)
    for _ in range(2):  # looking changes nothing
        assert other.get(address).heading == "Rejoindre la famille TEST Fabrice"
    assert "Choisissez au moins 12" in other.submit(status=422, password="court", confirmation="court").text
    arrived = other.submit(password=GOOD, confirmation=GOOD)
    assert arrived.path == "/tableau-de-bord" and "Bienvenue" in arrived.text
    other.get(address, status=410)
    told = select(OutboxMail).where(OutboxMail.template == "guardian_joined")
    mail = db.session.scalars(told).one()  # whoever invited it: nobody joins a family unnoticed
    assert mail.recipient == family.email and EMAIL in mail.body
    assert check_text(mail.subject) == [] and check_text(mail.body) == []
    assert "se connecte" in parent.get("/ma-famille/parents").text
    assert "Invitation" not in parent.get(page).text_of("main")


def test_parent_of_another_family_attaches_this_one_after_signing_in(family: FamilySetup, parent: Client) -> None:
    own = make_family("AILLEURS", "Claire", email=EMAIL)
    address = invite(parent, add(family))
    other = Client(parent.app)
    page = other.get(address)
    assert "Vous avez déjà un compte" in page.text and not page.all("input", type="password")
    other.post(address, {"csrf_token": token_of(other)}, status=422)
    other.get(f"/connexion?suite={address}")
    page = other.submit("/connexion", email=EMAIL, password=PASSWORD)
    assert page.path == address
    page = other.submit("invitation")
    assert page.path == "/tableau-de-bord" and "ajoutée" in page.text
    users = db.session.scalars(select(Guardian.user_id).where(Guardian.email == EMAIL)).all()
    assert users == [own.user_id, own.user_id]


def token_of(client: Client) -> str:
    client.get("/connexion")
    assert client.page is not None
    return client.page.value("csrf_token", "/connexion") or ""


def test_somebody_else_who_is_signed_in_cannot_take_the_link(family: FamilySetup, parent: Client) -> None:
    make_family("AILLEURS", "Claire", email=EMAIL)
    address = invite(parent, add(family))
    stranger = Client(parent.app).sign_in(make_family("AUTRE").user_id)
    page = stranger.get(address)
    assert "mais l’invitation est pour" in page.text
    token = stranger.get("/mon-compte/mot-de-passe").value("csrf_token")
    stranger.post(address, {"csrf_token": token}, status=422)


def test_family_learns_nothing_about_the_address(family: FamilySetup, parent: Client) -> None:
    page = add(family)
    invite(parent, page)
    unknown = parent.get(page).text
    with write_transaction() as session:
        session.add(User(email=EMAIL, display_name="Claire", password_hash="x"))
    assert parent.get(page).text == unknown


def test_two_parents_with_one_address_are_told_why(family: FamilySetup, parent: Client) -> None:
    page = add(family, "parent@example.org")
    assert "une adresse ouvre un seul compte" in parent.get(page).text
    token = parent.page.value("csrf_token", "guardian")  # type: ignore[union-attr]
    refused = parent.post(f"{page}/invitation", {"csrf_token": token}, status=409)
    assert "Un autre parent se connecte déjà avec cette adresse" in refused.text
    assert "enregistrez d’abord son adresse email" in parent.get(add(family, "")).text


def test_invitation_is_sent_again_now_and_then_and_the_old_link_stops(family: FamilySetup, parent: Client) -> None:
    page = add(family)
    first = invite(parent, page)
    assert invite(parent, page) == first  # at once: nothing is sent
    clock.start_at(clock.now() + LINK_EVERY, frozen=True)
    second = invite(parent, page)
    assert second != first
    Client(parent.app).get(first, status=410)
    Client(parent.app).get(second)


def test_one_letter_box_is_not_flooded_with_invitations(family: FamilySetup, parent: Client) -> None:
    pages = [add(family) for _ in range(MOST_INVITATIONS + 1)]
    for page in pages[:-1]:
        invite(parent, page)
    parent.get(pages[-1])
    refused = parent.submit("invitation", status=429)
    assert "Plusieurs invitations sont déjà parties" in refused.text
    clock.start_at(clock.now() + INVITATIONS_WITHIN, frozen=True)
    with write_transaction() as session:
        session.execute(update(UserSession).values(confirmed_at=clock.now()))
    invite(parent, pages[-1])


def test_device_left_signed_in_invites_nobody(family: FamilySetup, parent: Client) -> None:
    page = add(family)
    clock.start_at(clock.now() + STEP_UP_WITHIN, frozen=True)
    parent.get(page)
    assert parent.submit("invitation").heading == "Est-ce bien vous ?"
    assert db.session.scalars(select(OutboxMail)).all() == []


def test_withdrawn_expired_and_outdated_invitations_stop(family: FamilySetup, parent: Client) -> None:
    page = add(family)
    address = invite(parent, page)
    parent.get(page)
    assert "L’invitation est retirée." in parent.submit("withdrawal").text
    other = Client(parent.app)
    assert other.get(address, status=410).heading == "Cette invitation ne fonctionne plus"
    address = invite(parent, page)
    start = clock.now()
    clock.start_at(start + INVITATION_VALIDITY, frozen=True)
    other.get(address, status=410)
    assert "Invitation expirée" in parent.get(page).text
    clock.start_at(start, frozen=True)
    other.get(address)
    parent.get(page)
    parent.submit("guardian", email="autre@example.org")  # another address: the link went to the wrong one
    other.get(address, status=410)
    assert "Inviter à se connecter" in parent.get(page).text


def test_closed_family_invites_nobody(family: FamilySetup, parent: Client) -> None:
    page = add(family)
    address = invite(parent, page)
    with write_transaction() as session:
        session.get_one(Family, family.family_id).status = FamilyStatus.CLOSED
    Client(parent.app).get(address, status=410)
    assert not parent.get(page).all("form", id="invitation")


def test_staff_see_how_it_stands(family: FamilySetup, parent: Client) -> None:
    invite(parent, add(family))
    agent = Client(parent.app).sign_in(make_staff(Role.FILE_CLERK))
    assert "Invitation envoyée" in agent.get(f"/gestion/familles/{family.family_id}").text


def test_unconfirmed_login_of_the_address_gets_its_password_here(family: FamilySetup, parent: Client) -> None:
    user_id = make_user(EMAIL, confirmed=False)
    other = Client(parent.app)
    other.get(invite(parent, add(family)))
    other.submit(password=GOOD, confirmation=GOOD)
    assert db.session.scalars(select(Guardian.user_id).where(Guardian.email == EMAIL)).one() == user_id


def test_the_mail_is_written_in_good_french(family: FamilySetup, parent: Client) -> None:
    invite(parent, add(family))
    mail = db.session.scalars(select(OutboxMail)).one()
    assert check_text(mail.subject) == [] and check_text(mail.body.replace("[[secret]]", "x")) == []
