import pytest
from sqlalchemy import select

from app.database import db, write_transaction
from app.models.child_files import HealthAccess
from app.rules.capabilities import Role
from app.rules.child_files import SectionKind
from app.services import child_files
from app.services.catalogue import catalogue
from tests import factories
from tests.client import Client


@pytest.fixture
def child_id(client: Client) -> int:
    family = factories.make_family()
    child_id = factories.make_child(family, "Léa")
    factories.make_contact(family.family_id, child_id)
    with write_transaction() as session:
        child_files.save_section(
            session, family.family_id, child_id, SectionKind.HEALTH, family.user_id, {},
            {"has_allergies": "yes", "food_allergies": "arachide"},
        )  # fmt: skip
    client.sign_in(factories.make_staff(Role.FILE_CLERK))
    return child_id


def test_reading_health_is_noted_before_it_is_shown(client: Client, child_id: int) -> None:
    page = client.get(f"/gestion/enfants/{child_id}")
    assert "Odette TEST" in page.text and "arachide" not in page.text
    assert db.session.scalars(select(HealthAccess.id)).all() == []
    page = client.get(f"/gestion/enfants/{child_id}/sante")
    assert "arachide" in page.text
    assert len(db.session.scalars(select(HealthAccess.id)).all()) == 1


def test_nothing_is_shown_when_the_reading_cannot_be_noted(
    client: Client, child_id: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise RuntimeError("the log is away")

    monkeypatch.setattr(child_files, "record_health_access", fail)
    page = client.get(f"/gestion/enfants/{child_id}/sante", status=500)
    assert "arachide" not in page.body


def test_changes_are_told_until_somebody_has_seen_them(client: Client, child_id: int) -> None:
    page = client.get("/gestion/sante-et-securite")
    assert "2 changements à voir" in page.text
    assert "Santé de Léa TEST" in page.text and "Personnes autorisées et contacts d’urgence de Léa TEST" in page.text
    tokens = [e.get("value") or "" for e in page.all("input", name="vu")]
    csrf = page.value("csrf_token", "/deconnexion")
    client.post("/gestion/sante-et-securite", {"csrf_token": csrf, "vu": tokens[-1]}, status=303)
    assert "1 changement à voir" in client.get("/gestion/sante-et-securite").text
    client.post("/gestion/sante-et-securite", {"csrf_token": csrf, "vu": tokens}, status=303)
    page = client.get("/gestion/sante-et-securite")
    assert "Rien de nouveau." in page.text and "déjà vu" in page.text


def test_schools_are_offered_and_withdrawn(client: Client) -> None:
    client.sign_in(factories.make_staff(Role.ADMINISTRATOR)).get("/gestion/reglages/ecoles")
    assert "Indiquez le nom de l’établissement." in client.submit("school", status=422, name=" ").text
    page = client.submit("school", name="École Jules-Verne")
    assert "L’établissement est dans la liste." in page.text
    client.submit("school", name="ÉCOLE JULES VERNE")
    (school,) = catalogue().schools
    page = client.submit(f"/gestion/reglages/ecoles/{school.id}/retirer")
    assert "Plus proposé" in page.text and not catalogue().schools[0].is_offered


def test_vaccines_follow_the_law(client: Client) -> None:
    client.sign_in(factories.make_staff(Role.ADMINISTRATOR)).get("/gestion/reglages/vaccins/nouveau")
    page = client.submit("vaccine", status=422, name="Méningocoque C", born_from="2018-01-01", born_before="2017-01-01")
    assert "ne concernerait personne" in page.text
    page = client.submit("vaccine", born_before="2025-01-01")
    assert "Méningocoque C" in page.text and "01/01/2025" in page.text
    rule = catalogue().vaccines[-1]
    client.get(f"/gestion/reglages/vaccins/{rule.id}")
    client.submit("vaccine", name="Méningocoque C", born_before="2026-01-01")
    assert catalogue().vaccines[-1].born_before == factories.MONDAY.replace(2026, 1, 1)
