"""« À traiter › Absences »: the certificate and the decision; and what the staff set of absences."""

from __future__ import annotations

from datetime import date

import pytest
from flask import Flask
from sqlalchemy import select

from app.database import db, write_transaction
from app.models.child_files import HealthAccess
from app.models.families import Guardian
from app.models.mails import OutboxMail
from app.rules.absences import JustificationStatus, JustifyRule
from app.rules.capabilities import Role
from app.services import absences
from app.services.catalogue import catalogue
from tests import factories
from tests.awkward_files import pdf
from tests.client import Client
from tests.factories import PlanningSetup, justify, make_planning, make_staff, miss

WEDNESDAY, FRIDAY = date(2026, 11, 18), date(2026, 11, 20)


@pytest.fixture
def planning(sqlite_app: Flask) -> PlanningSetup:
    return make_planning()


def status_of(sent: int) -> JustificationStatus:
    db.session.rollback()
    return absences.find_justification(sent, make_staff()).status


def test_an_agent_reads_the_certificate_and_decides_by_line(sqlite_client: Client, planning: PlanningSetup) -> None:
    first, second = miss(planning.family, planning.child_id, planning.activity, [WEDNESDAY, FRIDAY])
    sent = justify(planning.family, [first, second], pdf(), remark="Grippe")
    client = sqlite_client.sign_in(make_staff(Role.FILE_CLERK))
    queue = client.get("/gestion/a-traiter?type=absences")
    assert "2 jours d’absence" in queue.text and "Grippe" not in queue.text
    page = client.get(f"/gestion/absences/{sent}")
    assert "Grippe" in page.text and "Tout accepter change la facture à venir de" in page.text and "−8,40" in page.text
    assert db.session.scalars(select(HealthAccess.child_id)).all() == [planning.child_id]
    client.get(f"/gestion/absences/{sent}/page?n=1")
    client.get(f"/gestion/absences/{sent}/page?n=9", status=404)
    assert len(db.session.scalars(select(HealthAccess.id)).all()) == 1
    client.page = page
    answer = client.submit("decision", status=422, absences=[str(first)])
    assert "Une absence n’est pas cochée" in answer.text and status_of(sent) is JustificationStatus.WAITING
    client.submit("decision", absences=[str(first)], refusal="Ne couvre pas vendredi")
    assert status_of(sent) is JustificationStatus.PARTLY
    assert len(db.session.scalars(select(OutboxMail)).all()) == 1
    client.page = page
    late = client.submit("decision", status=409, absences=[str(first), str(second)])
    assert "Déjà traité" in late.text and status_of(sent) is JustificationStatus.PARTLY
    assert "Tout est traité" in client.get("/gestion/a-traiter").text


def test_nobody_decides_on_their_own_family_or_without_the_right(
    sqlite_client: Client, planning: PlanningSetup
) -> None:
    missed = miss(planning.family, planning.child_id, planning.activity, [WEDNESDAY])
    sent = justify(planning.family, missed)
    agent = make_staff(Role.FILE_CLERK)
    with write_transaction() as session:
        session.get_one(Guardian, planning.family.guardian_id).user_id = agent
    client = sqlite_client.sign_in(agent)
    assert "un collègue doit décider" in client.get("/gestion/a-traiter?type=absences").text
    for path in ("", "/page", "/fichier"):
        assert "votre propre famille" in client.get(f"/gestion/absences/{sent}{path}", status=403).text
    client = Client(sqlite_client.app).sign_in(make_staff(Role.REGISSEUR))
    client.get(f"/gestion/absences/{sent}", status=403)


def test_a_colleagues_rule_is_not_overwritten_unseen(sqlite_client: Client, planning: PlanningSetup) -> None:
    address = f"/gestion/reglages/absences/{planning.activity.id}"
    client, colleague = sqlite_client, Client(sqlite_client.app).sign_in(make_staff())
    client.sign_in(make_staff()).get(address)
    colleague.get(address)
    colleague.submit("setting", days="8", kept_days="1")
    page = client.submit("setting", status=409, days="5", kept_days="0")
    assert "Un autre agent vient de changer ce réglage : « 8 »" in page.text
    assert catalogue().activities[planning.activity.id].absences == JustifyRule(8, 1)
    client.submit("setting")  # once more: it is meant
    assert catalogue().activities[planning.activity.id].absences == JustifyRule(5, 0)
    assert "Dans les 5" in client.get("/gestion/reglages/delais").text
    client.get(address)
    client.submit("setting", status=422, days="61", kept_days="x")


def test_reasons_are_set_and_those_that_were_given_stay(sqlite_client: Client, planning: PlanningSetup) -> None:
    client = sqlite_client.sign_in(make_staff())
    client.get("/gestion/reglages/motifs-d-absence/nouveau")
    client.submit("setting", name="Deuil", position="1")
    assert "Deuil" in client.get("/gestion/reglages/motifs-d-absence").text
    justify(planning.family, miss(planning.family, planning.child_id, planning.activity, [WEDNESDAY]), None)
    given = factories.make_absence_reason()
    client.get(f"/gestion/reglages/motifs-d-absence/{given}")
    assert "1 justificatif envoyé par une famille en dépend" in client.submit("delete").text
