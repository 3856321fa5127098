"""Nobody learns who has an account: known and unknown addresses get the same answer at every door.

That they also take as long is measured by `script/drill`, not here: two busy cores prove nothing about time.
"""

from __future__ import annotations

import re

import pytest
from flask import Flask
from sqlalchemy import select

from app import clock
from app.database import db, write_transaction
from app.models.mails import OutboxMail
from app.services import credentials
from tests import factories
from tests.client import Answer, Client
from tests.guarantees.test_wrong_input import ADDRESS, PARENT

KNOWN, UNCONFIRMED, WAITING = "connue@example.org", "attend@example.org", "inscrite@example.org"
UNKNOWN = "inconnue@example.org"


@pytest.fixture
def council(app: Flask) -> Flask:
    factories.make_family("CONNU", "Alix", email=KNOWN)
    user_id = factories.make_user(UNCONFIRMED, confirmed=False)
    factories.make_family("ATTEND", "Alix", email=UNCONFIRMED, user_id=user_id)
    factories.make_pending_family(email=WAITING)
    return app


def seen(answer: Answer) -> tuple[object, ...]:
    """All that tells one answer from another: what must differ for everybody is taken out."""
    body = re.sub(r'name="csrf_token"[^>]*value="[^"]*"', "", answer.body)
    headers = {name: value for name, value in answer.headers.items() if name not in ("Set-Cookie", "Content-Length")}
    return answer.status, re.sub(r"(?i)[\w.]+@example\.org", "x@example.org", body), headers, answer.location


def send_sign_in(client: Client, email: str) -> Answer:
    client.get("/connexion")
    return client.submit("/connexion", status=422, email=email, password="pas le bon mot de passe")


def send_sign_up(client: Client, email: str) -> Answer:
    client.get("/creer-un-compte")
    client.submit("/creer-un-compte", **ADDRESS)
    client.submit("/creer-un-compte/parent", **{**PARENT, "email": email, "email_again": email})
    return client.submit("/creer-un-compte/verification", button="Valider mon inscription")


def send_forgotten(client: Client, email: str) -> Answer:
    client.get("/mot-de-passe-oublie")
    return client.submit("/mot-de-passe-oublie", email=email)


def send_new_link(client: Client, email: str) -> Answer:
    client.get("/activation/nouveau-lien")
    return client.submit("/activation/nouveau-lien", email=email)


@pytest.mark.parametrize("send", [send_sign_in, send_sign_up, send_forgotten, send_new_link])
def test_answers_are_the_same_for_every_address(council: Flask, send) -> None:
    unknown = seen(send(Client(council), UNKNOWN))
    for email in (KNOWN, KNOWN.upper(), UNCONFIRMED, WAITING):
        assert seen(send(Client(council), email)) == unknown, email


def send_change(client: Client, email: str) -> Answer:
    client.sign_in(factories.make_family("DEMANDE").user_id)
    client.get("/mon-compte/adresse-email")
    return client.submit("email-change", email=email, present_password=factories.PASSWORD)


def test_who_changes_the_address_learns_nothing_either(council: Flask) -> None:
    unknown = seen(send_change(Client(council), UNKNOWN))
    for email in (KNOWN, UNCONFIRMED, WAITING):
        assert seen(send_change(Client(council), email)) == unknown, email


def test_password_is_hashed_whatever_the_address(council: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    verified = []

    class Hasher:
        def verify(self, password_hash: str, password: str) -> bool:
            verified.append(password_hash)
            return hasher.verify(password_hash, password)

    hasher = credentials._hasher
    monkeypatch.setattr(credentials, "_hasher", Hasher())
    for email in (KNOWN, UNCONFIRMED, WAITING, UNKNOWN):
        send_sign_in(Client(council), email)
    assert len(verified) == 4
    assert len(set(verified)) == 2  # the known one's, and nobody's


def test_sign_in_costs_the_same_queries_whatever_the_address(council: Flask) -> None:
    def queries(email: str) -> list[str]:
        client = Client(council)
        client.get("/connexion")
        return list(client.submit("/connexion", status=422, email=email, password="pas le bon mot de passe").queries)

    queries(UNKNOWN)
    expected = queries(UNKNOWN)
    assert queries(KNOWN) == queries(UNCONFIRMED) == expected


def test_too_many_tries_are_slowed_down_for_known_and_unknown_alike(council: Flask) -> None:
    pages = []
    for email in (KNOWN, UNKNOWN):
        client = Client(council)
        for _ in range(8):
            send_sign_in(client, email)
        client.get("/connexion")
        pages.append(client.submit("/connexion", status=429, email=email, password=factories.PASSWORD))
    assert seen(pages[0]) == seen(pages[1])
    clock.start_at(clock.now().replace(hour=9), frozen=True)
    client.submit("/connexion", status=422, email=UNKNOWN, password="pas le bon mot de passe")


def test_the_owner_of_a_known_address_is_told_by_mail_alone(council: Flask) -> None:
    with write_transaction() as session:
        for mail in session.scalars(select(OutboxMail)):
            session.delete(mail)
    send_sign_up(Client(council), KNOWN)
    mails = db.session.scalars(select(OutboxMail)).all()
    assert [(mail.recipient, mail.template) for mail in mails] == [(KNOWN, "sign_up_known")]
