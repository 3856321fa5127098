"""Families that the counter makes, and the codes with which their adults open their own accounts."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import func, select

from app import clock
from app.database import db, write_transaction
from app.models.accounts import User
from app.models.families import ClaimCode, Consent, Family, Guardian
from app.models.mails import OutboxMail
from app.rules.capabilities import Role
from app.rules.states import FamilyStatus
from app.services import claims
from app.services.credentials import hash_code, new_code
from tests import factories
from tests.client import Client
from tests.routes import secret_for

NEW = "/gestion/familles/nouvelle"
CLAIM = "/creer-un-compte/code"
PAPER = {
    "title": "madam", "last_name": "L’Hôte", "first_name": "Odette", "street_line": "3 rue du Moulin",
    "postal_code": "80110", "city": "Démuin", "consent_on": "20/11/2026",
}  # fmt: skip


@pytest.fixture
def clerk(client: Client) -> Client:
    return client.sign_in(factories.make_staff(Role.FILE_CLERK))


@pytest.fixture
def parent(app: Flask) -> Client:
    return Client(app)


def mails() -> list[tuple[str, str]]:
    rows = db.session.execute(select(OutboxMail.template, OutboxMail.recipient).order_by(OutboxMail.id))
    return [(template, recipient) for template, recipient in rows]


def create(clerk: Client, **more: object) -> int:
    clerk.get(NEW)
    clerk.submit("family", **{**PAPER, **more})
    return db.session.scalars(select(func.max(Family.id))).one()


def letter(clerk: Client, family_id: int) -> str:
    """Make a code for the first adult and read it off the letter."""
    clerk.get(f"/gestion/familles/{family_id}/codes")
    guardian_id = db.session.scalars(select(Guardian.id).where(Guardian.family_id == family_id)).one()
    page = clerk.submit(f"/gestion/familles/{family_id}/codes/{guardian_id}", status=200)
    (code,) = re.findall(r"\b[A-Z]{4}-[A-Z]{4}-[A-Z]{4}\b", page.text)
    return code


def type_code(parent: Client, code: str, email: str = "odette@example.org", status: int | None = None) -> str:
    parent.get(CLAIM)
    return parent.submit("claim", status=status, code=code, email=email, email_again=email, consent="oui").text


def test_family_without_email_is_made_at_the_counter_and_nobody_writes_to_it(clerk: Client) -> None:
    assert NEW in clerk.get("/gestion/familles").links()
    family_id = create(clerk, child_1_first_name="Zoé", child_1_birth_date="14/05/2019", mobile_phone="06 00 00 00 01")
    page = clerk.get(f"/gestion/familles/{family_id}")
    assert "Zoé L’Hôte" in page.text and "Accord donné sur papier le 20/11/2026" in page.text
    assert "Sans compte" in page.text and "Codes famille" in page.text
    family = db.session.get_one(Family, family_id)
    assert family.status is FamilyStatus.ACTIVE and family.mobile_phone == "+33600000001"
    assert db.session.scalars(select(Consent.on_paper).where(Consent.family_id == family_id)).one()
    activity = factories.make_activity()
    setup = factories.FamilySetup(family_id, family.guardians[0].id, 1, "", family.name)
    factories.enrol(family.children[0].id, setup, activity)
    assert mails() == []


def test_email_at_the_counter_invites_at_once_and_a_known_one_is_refused(clerk: Client) -> None:
    create(clerk, email="Odette@example.org")
    assert mails() == [("activation", "odette@example.org")]
    clerk.get(NEW)
    page = clerk.submit(
        "family",
        status=422,
        **{**PAPER, "last_name": "AUTRE", "street_line": "9 rue Haute", "email": "odette@example.org"},
    )
    assert "Cette adresse est déjà celle d’un compte" in page.text
    assert page.value("last_name", "family") == "AUTRE"


def test_mistakes_of_the_paper_are_said_and_nothing_is_lost(clerk: Client) -> None:
    clerk.get(NEW)
    page = clerk.submit(
        "family",
        status=422,
        **{**PAPER, "consent_on": "20/11/2031", "child_2_last_name": "X", "child_3_first_name": "Léo"},
    )
    for said in (
        "Cette date n’est pas encore arrivée.",
        "Indiquez le prénom de l’enfant.",
        "Indiquez la date de naissance.",
    ):
        assert said in page.text
    assert page.value("child_3_first_name", "family") == "Léo"
    assert db.session.scalar(select(func.count(Family.id))) == 0


@pytest.mark.parametrize(
    "alike",
    [
        {"last_name": "Test", "first_name": "Fabrice", "street_line": "1 rue Haute"},
        {"last_name": "FABRICE", "first_name": "Test", "street_line": "1 rue Haute"},
        {"street_line": "12, rue des tilleuls"},
        {
            "street_line": "1 rue Haute",
            "child_1_first_name": "Lea",
            "child_1_last_name": "Test",
            "child_1_birth_date": "14/05/2019",
        },
    ],
    ids=["name", "other order", "address", "child"],
)
def test_family_that_looks_like_another_is_only_made_once_confirmed(sqlite_app: Flask, alike: dict[str, str]) -> None:
    known = factories.make_family()
    factories.make_child(known, "Léa")
    clerk = Client(sqlite_app).sign_in(factories.make_staff(Role.FILE_CLERK))
    clerk.get(NEW)
    page = clerk.submit("family", status=422, **{**PAPER, **alike})
    assert "Est-ce l’une de ces familles" in page.text and f"/gestion/familles/{known.family_id}" in page.links()
    clerk.submit("family", is_new="y")
    assert db.session.scalar(select(func.count(Family.id))) == 2


def test_double_tap_makes_one_family(clerk: Client) -> None:
    page = clerk.get(NEW)
    sent = {**PAPER, "csrf_token": page.value("csrf_token", "family"), "is_new": "y"}
    for _ in range(2):
        clerk.post(NEW, sent, status=303)
    assert db.session.scalar(select(func.count(Family.id))) == 1


def test_code_opens_the_account_of_that_adult_and_doubles_nothing(clerk: Client, parent: Client) -> None:
    family_id = create(clerk)
    code = letter(clerk, family_id)
    assert "Code famille remis" in clerk.get(f"/gestion/familles/{family_id}").text
    assert code not in clerk.get(f"/gestion/familles/{family_id}/codes").text
    assert code not in str(db.session.scalars(select(ClaimCode.code_hash)).all())
    assert CLAIM in parent.get("/connexion").links() and CLAIM in parent.get("/creer-un-compte").links()
    assert "Merci, votre compte vous attend" in type_code(parent, code.lower().replace("-", " "))
    assert mails() == [("activation", "odette@example.org")]
    parent.get(f"/activation/{secret_for('odette@example.org')}")
    password = "quatre chevaux sans rapport"
    parent.submit(password=password, confirmation=password)
    assert "L’Hôte" in parent.get("/ma-famille").text
    assert db.session.scalar(select(func.count(Family.id))) == 1
    assert "Code famille utilisé" in clerk.get(f"/gestion/familles/{family_id}").text
    other = Client(parent.app)
    assert "Ce code ne fonctionne pas" in type_code(other, code, "voleur@example.org", 422)


def test_same_claim_sent_twice_is_one(clerk: Client, parent: Client) -> None:
    code = letter(clerk, create(clerk))
    for _ in range(2):
        assert "votre compte vous attend" in type_code(parent, code)
    assert mails() == [("activation", "odette@example.org")]


def test_address_with_an_account_gets_the_family_into_it(clerk: Client, parent: Client) -> None:
    user_id = factories.make_user("odette@example.org", "Odette L’Hôte")
    code = letter(clerk, create(clerk))
    assert "votre compte vous attend" in type_code(parent, code)
    assert mails() == [("family_claimed", "odette@example.org")]
    assert "L’Hôte" in parent.sign_in(user_id).get("/ma-famille").text


def test_address_of_the_other_parent_is_refused(clerk: Client, parent: Client) -> None:
    family_id = create(clerk)
    with write_transaction() as session:
        session.add(
            Guardian(
                family_id=family_id, title="mister", last_name="L’Hôte", first_name="Paul", email="paul@example.org"
            )
        )
    guardian_id = min(db.session.scalars(select(Guardian.id).where(Guardian.family_id == family_id)))
    clerk.get(f"/gestion/familles/{family_id}/codes")
    page = clerk.submit(f"/gestion/familles/{family_id}/codes/{guardian_id}", status=200)
    (code,) = re.findall(r"\b[A-Z]{4}-[A-Z]{4}-[A-Z]{4}\b", page.text)
    assert "déjà celle d’un autre parent" in type_code(parent, code, "paul@example.org", 422)


def test_wrong_expired_revoked_and_replaced_codes_get_one_answer(clerk: Client, parent: Client) -> None:
    family_id = create(clerk)
    replaced, current = letter(clerk, family_id), letter(clerk, family_id)
    answers = {
        re.sub(r"[A-Z]{4}(-[A-Z]{4}){2}", "", type_code(parent, wrong, status=422)) for wrong in (new_code(), replaced)
    }
    clock.start_at(clock.now() + claims.CODE_VALIDITY + timedelta(minutes=1), frozen=True)
    clerk.sign_in(factories.make_staff(Role.ADMINISTRATOR))
    answers.add(re.sub(r"[A-Z]{4}(-[A-Z]{4}){2}", "", type_code(parent, current, status=422)))
    assert "Code expiré" in clerk.get(f"/gestion/familles/{family_id}/codes").text
    fresh = letter(clerk, family_id)
    clerk.get(f"/gestion/familles/{family_id}/codes")
    guardian_id = db.session.scalars(select(Guardian.id).where(Guardian.family_id == family_id)).one()
    assert (
        "Le code ne fonctionne plus." in clerk.submit(f"/gestion/familles/{family_id}/codes/{guardian_id}/annuler").text
    )
    answers.add(re.sub(r"[A-Z]{4}(-[A-Z]{4}){2}", "", type_code(parent, fresh, status=422)))
    assert len(answers) == 1
    assert db.session.scalar(select(func.count(User.id)).where(User.email == "odette@example.org")) == 0


def test_guessing_is_slowed_down(clerk: Client, parent: Client) -> None:
    code = letter(clerk, create(clerk))
    for _ in range(8):
        type_code(parent, new_code(), status=422)
    assert "Trop d’essais" in type_code(parent, code, status=429)
    clock.start_at(clock.now() + timedelta(minutes=16), frozen=True)
    assert "votre compte vous attend" in type_code(parent, code)


def test_nobody_gets_a_code_for_an_adult_with_a_login_or_for_their_own_family(clerk: Client) -> None:
    family = factories.make_family()
    page = clerk.get(f"/gestion/familles/{family.family_id}/codes")
    assert "Faire un code" not in page.text
    token = {"csrf_token": page.value("csrf_token", "/deconnexion")}
    clerk.post(f"/gestion/familles/{family.family_id}/codes/{family.guardian_id}", token, status=404)
    family_id = create(clerk)
    guardian_id = db.session.scalars(select(Guardian.id).where(Guardian.family_id == family_id)).one()
    with write_transaction() as session:
        agent = session.scalars(select(User.email).where(User.email.like("%clerk%"))).one()
        session.get_one(Guardian, guardian_id).email = agent
    clerk.post(f"/gestion/familles/{family_id}/codes/{guardian_id}", token, status=403)


def test_a_code_is_read_however_it_is_typed() -> None:
    assert hash_code("bcdf ghjk-mnpq") == hash_code("BCDF-GHJK-MNPQ") != hash_code("BCDF-GHJK-MNPR")
