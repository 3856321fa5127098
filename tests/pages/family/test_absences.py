"""« Mes absences »: what a family sees of them, and asking with a certificate that they are not charged."""

from __future__ import annotations

import io
from datetime import date
from importlib import import_module
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import delete, select

from app.database import db, write_transaction
from app.models.absences import AbsenceJustification, JustifiedAbsence
from app.models.accounts import UserSession
from app.rules.capabilities import Role
from app.services import absence_decisions
from tests import factories
from tests.awkward_files import photo
from tests.client import Client
from tests.factories import PlanningSetup, justify, make_absence_reason, make_planning, make_staff, miss

ADDRESS = "/mes-reservations/absences"
WEDNESDAY, FRIDAY = date(2026, 11, 18), date(2026, 11, 20)


@pytest.fixture
def planning(sqlite_app: Flask) -> PlanningSetup:
    return make_planning()


def send(client: Client, *ticked: str, files: bool = True, status: int = 303, **fields: str) -> str:
    page = client.page if client.page is not None and client.page.path == ADDRESS else client.get(ADDRESS)
    data = {"csrf_token": page.value("csrf_token", "hand-in"), "key": page.value("key", "hand-in"), **fields}
    sent = {"files": [(io.BytesIO(photo()), "certificat.jpg")]} if files else {}
    return client.post(ADDRESS, {**data, "absences": list(ticked), **sent}, status=status).text


def sealed_files(app: Flask) -> int:
    return len(list((Path(app.instance_path) / "handed-in").glob("*/*")))


def rows() -> list[AbsenceJustification]:
    db.session.rollback()
    return list(db.session.scalars(select(AbsenceJustification)))


def test_a_parent_justifies_two_days_with_one_certificate(
    sqlite_app: Flask, sqlite_client: Client, planning: PlanningSetup
) -> None:
    first = miss(planning.family, planning.child_id, planning.activity, [WEDNESDAY], ["Matin", "Repas"])
    second = miss(planning.family, planning.child_id, planning.activity, [FRIDAY])
    reason = str(make_absence_reason())
    client = sqlite_client.sign_in(planning.family.user_id)
    page = client.get(ADDRESS)
    assert "mercredi 18 novembre" in page.text and "Matin, Repas" in page.text
    assert "À justifier jusqu’au mercredi 25 novembre" in page.text
    before = sealed_files(sqlite_app)
    ticked = f"{first[0]}-{first[1]}", str(second[0])
    text = send(client, *ticked, status=422, files=False, reason=reason, remark="Grippe")
    assert "Ce motif demande un justificatif" in text and "Grippe" in text
    assert client.page is not None
    assert len(client.page.document.root.findall(".//input[@checked]")) >= 2
    assert not rows() and sealed_files(sqlite_app) == before
    send(client, *ticked, reason=reason, remark="Grippe")
    (row,) = rows()
    assert (row.remark, row.page_count, len(row.absences)) == ("Grippe", 1, 3)
    assert sealed_files(sqlite_app) == before + 1
    page = client.get(ADDRESS)
    assert "Vos demandes" in page.text and "En attente" in page.text and "À justifier jusqu’au" not in page.text
    client.get(f"{ADDRESS}/{row.id}/justificatif")


def test_what_was_typed_comes_back_after_a_session_that_ended(
    sqlite_client: Client, planning: PlanningSetup, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        import_module("app.blueprints.public.sign_in"), "password_matches", lambda *_: True
    )  # slow, and not the subject
    (missed,) = miss(planning.family, planning.child_id, planning.activity, [WEDNESDAY])
    reason = str(make_absence_reason(needs_proof=False))
    sqlite_client.sign_in(planning.family.user_id).get(ADDRESS)
    with write_transaction() as session:
        session.execute(delete(UserSession))
    send(sqlite_client, str(missed), files=False, status=401, reason=reason, remark="Grippe")
    kept = sqlite_client.submit("/connexion", email=planning.family.email, password="x", status=200)
    assert "Votre saisie est encore là" in kept.text
    sqlite_client.submit(ADDRESS, status=303)
    assert [(row.remark, len(row.absences)) for row in rows()] == [("Grippe", 1)]


def test_a_photo_that_nobody_reads_yet_leads_back_to_its_page(sqlite_app: Flask) -> None:
    photo_form = {"data": bytes(1_000_001), "content_type": "multipart/form-data; boundary=x"}
    page = {"Referer": f"http://localhost{ADDRESS}"}
    answer = sqlite_app.test_client().post(ADDRESS, **photo_form, headers=page)
    assert answer.status_code == 303 and answer.location == f"/connexion?suite={ADDRESS}"
    elsewhere = {"Referer": f"http://example.org{ADDRESS}"}
    assert sqlite_app.test_client().post(ADDRESS, **photo_form, headers=elsewhere).location == "/connexion"


def test_a_form_sent_twice_asks_once_and_leaves_no_file(
    sqlite_app: Flask, sqlite_client: Client, planning: PlanningSetup
) -> None:
    (missed,) = miss(planning.family, planning.child_id, planning.activity, [WEDNESDAY])
    reason = str(make_absence_reason())
    client = sqlite_client.sign_in(planning.family.user_id)
    page, before = client.get(ADDRESS), sealed_files(sqlite_app)
    key = page.value("key", "hand-in")
    send(client, str(missed), reason=reason)
    client.page = page
    send(client, str(missed), reason=reason, key=str(key))
    assert len(rows()) == 1 and sealed_files(sqlite_app) == before + 1


def test_what_the_other_parent_asked_for_meanwhile_is_said(sqlite_client: Client, planning: PlanningSetup) -> None:
    first, second = miss(planning.family, planning.child_id, planning.activity, [WEDNESDAY, FRIDAY])
    reason = str(make_absence_reason())
    client = sqlite_client.sign_in(planning.family.user_id)
    client.get(ADDRESS)
    justify(planning.family, [first])
    text = send(client, str(first), str(second), status=409, reason=reason)
    assert "Une de ces absences ne peut plus être justifiée" in text and len(rows()) == 1


def test_another_family_finds_nothing(sqlite_client: Client, planning: PlanningSetup) -> None:
    (missed,) = miss(planning.family, planning.child_id, planning.activity, [WEDNESDAY])
    stranger, child_id = factories.add_family(planning)
    miss(stranger, child_id, planning.activity, [FRIDAY])
    sent = justify(planning.family, [missed])
    client = sqlite_client.sign_in(stranger.user_id)
    client.get(f"{ADDRESS}/{sent}/justificatif", status=404)
    send(client, str(missed), status=404, reason=str(make_absence_reason()))
    assert len(rows()) == 1


def test_what_is_invoiced_is_said_and_asked_for_like_the_rest(sqlite_client: Client, planning: PlanningSetup) -> None:
    miss(planning.family, planning.child_id, planning.activity, [WEDNESDAY])
    factories.issue(planning.activity, date(2026, 11, 1), make_staff(Role.REGISSEUR))
    make_absence_reason()
    page = sqlite_client.sign_in(planning.family.user_id).get(ADDRESS)
    assert "Déjà facturée (pop-F2611" in page.text and "un avoir" in page.text
    assert "Envoyer" in page.text


def test_the_planning_and_the_history_follow(sqlite_client: Client, planning: PlanningSetup) -> None:
    (missed,) = miss(planning.family, planning.child_id, planning.activity, [WEDNESDAY])
    client = sqlite_client.sign_in(planning.family.user_id)
    address = f"/mes-reservations/{planning.child_id}?jour={WEDNESDAY}"
    page = client.get(address)
    assert "le prix reste dû" in page.text and "Mes absences" in page.text and "4,20" in page.text
    sent, agent = justify(planning.family, [missed]), make_staff(Role.FILE_CLERK)
    with write_transaction() as session:
        absence_decisions.decide(session, sent, agent, [missed], None)
    page = client.get(address)
    assert "elle n’est plus facturée" in page.text and "le prix reste dû" not in page.text
    assert db.session.scalars(select(JustifiedAbsence.outcome)).one() == "accepted"
    history = client.get("/historique")
    assert "Justificatif pour 1 absence" in history.text and "acceptée" in history.text
