from datetime import datetime, timedelta

import pytest
from sqlalchemy import select

from app import clock
from app.database import db, write_transaction
from app.models.child_files import HealthAccess
from app.rules.child_files import SectionKind
from app.rules.retention import DataClass
from app.services import child_files, child_settings, contacts, purges
from tests import factories
from tests.client import Client
from tests.factories import FamilySetup


@pytest.fixture
def family(client: Client) -> FamilySetup:
    family = factories.make_family()
    client.sign_in(family.user_id)
    return family


@pytest.fixture
def child(family: FamilySetup) -> str:
    return f"/ma-famille/enfants/{factories.make_child(family, 'Léa')}"


def child_id_of(child: str) -> int:
    return int(child.rsplit("/", 1)[1])


def test_child_shows_its_blue_buttons_and_what_is_left(client: Client, child: str) -> None:
    page = client.get(child)
    for words in ("École et classe", "Médecin traitant", "Vaccinations", "Santé", "Régime alimentaire", "Assurance",
                  "Personnes autorisées et contacts d’urgence", "Autorisations", "0 rubrique à jour sur 8"):  # fmt: skip
        assert words in page.text, words
    client.get(f"{child}/medecin")
    page = client.submit("section", name="Dr Martin", phone="03 22 00 00 00")
    assert "Médecin traitant : c’est enregistré." in page.text and "1 rubrique à jour sur 8" in page.text
    assert "Léa TEST Dossier à compléter : 1 rubrique à jour sur 8" in client.get("/ma-famille").text


def test_allergy_is_saved_and_shown_again(client: Client, child: str) -> None:
    client.get(f"{child}/sante")
    page = client.submit("section", has_allergies="yes", status=422, has_treatment="no")
    assert "c’est vital" in page.text
    page = client.submit("section", food_allergies="arachide\n\nœuf", has_care_plan="no", aids=["glasses", "dental"])
    assert "Santé : c’est enregistré." in page.text
    page = client.get(f"{child}/sante")
    assert page.value("has_allergies", "section") == "yes"
    assert page.value("has_treatment", "section") == "no"  # typed before the error: not lost
    assert child_files.section_of(db.session(), child_id_of(child), SectionKind.HEALTH)["aids"] == "glasses,dental"
    assert "arachide" in page.body


def test_change_of_the_other_parent_is_shown_and_kept(client: Client, child: str, family: FamilySetup) -> None:
    client.get(f"{child}/assurance")
    with write_transaction() as session:
        child_files.save_section(
            session, family.family_id, child_id_of(child), SectionKind.INSURANCE, family.user_id, {},
            {"insurer": "La Leur", "ends_on": "2027-08-31"},
        )  # fmt: skip
    page = client.submit("section", status=409, insurer="La Nôtre")
    assert "« La Leur »" in page.text and page.value("insurer", "section") == "La Nôtre"
    client.submit("section")  # once more: it is meant
    values = child_files.section_of(db.session(), child_id_of(child), SectionKind.INSURANCE)
    assert values == {"insurer": "La Nôtre", "ends_on": "2027-08-31"}


def test_school_comes_from_the_list_or_from_the_parents(client: Client, child: str) -> None:
    with write_transaction() as session:
        child_settings.add_school(session, "École Jules-Verne")
    client.get(f"{child}/ecole")
    page = client.submit("section", status=422, school="Autre établissement", level="CM1")
    assert "Indiquez le nom de l’établissement." in page.text
    client.submit("section", school="École Jules-Verne", level="CM1")
    assert child_files.section_of(db.session(), child_id_of(child), SectionKind.SCHOOL) == {
        "school": "École Jules-Verne", "level": "CM1", "school_year": "2026",
    }  # fmt: skip
    page = client.get(f"{child}/ecole")
    page = client.submit("section", status=422, school="École inventée")
    assert "Choisissez une réponse de la liste." in page.text


def test_vaccines_are_those_of_the_birth_date(client: Client, child: str) -> None:
    page = client.get(f"{child}/vaccinations")
    assert "Il manque : DTP, ROR." in page.text
    first, second = child_files.asked_vaccines(factories.MONDAY.replace(year=2019))
    page = client.submit("section", status=422, **{f"dose_{first.id}": "2031-01-01"})
    assert "Cette date n’est pas encore arrivée." in page.text
    client.submit("section", **{f"dose_{first.id}": "12/06/2021", f"dose_{second.id}": "2021-06-12"})
    assert "Tout ce que la loi demande à son âge est là." in client.get(f"{child}/vaccinations").text


def test_people_around_the_child(client: Client, child: str) -> None:
    assert "Personne pour l’instant." in client.get(f"{child}/personnes").text
    client.get(f"{child}/personnes/nouvelle")
    page = client.submit("contact", status=422, first_name="Odette", last_name="L’Hôte", link="grand-mère")
    assert "Indiquez un numéro de téléphone." in page.text and "Répondez par oui ou par non." in page.text
    page = client.submit("contact", phone="06.00.00.00.01", may_collect="yes", may_be_called="no")
    assert "Odette est dans la liste." in page.text and "06 00 00 00 01" in page.text
    assert "Pas pour les urgences" in page.text
    (contact,) = contacts.contacts_of(child_id_of(child))
    client.get(f"{child}/personnes/{contact.id}")
    page = client.submit("contact", may_be_called="yes")
    assert "Urgences : à appeler en 1er" in page.text
    client.get(f"{child}/personnes/{contact.id}")
    assert "Odette n’est plus dans la liste." in client.submit("removal").text


def test_authorisations_are_signed_for_the_school_year(client: Client, child: str) -> None:
    assert "Pour l’année scolaire 2026-2027, jusqu’au 31 août 2027." in client.get(f"{child}/autorisations").text
    assert "Indiquez l’heure" in client.submit("section", status=422, leave_alone="yes").text
    client.submit("section", leaves_at="17h30", outings="no")
    page = client.get(f"{child}/autorisations")
    assert page.value("leaves_at", "section") == "17:30"
    assert "Autorisations À compléter" in client.get(child).text


def test_family_certifies_its_file(client: Client, child: str, family: FamilySetup) -> None:
    client.get(f"{child}/medecin")
    client.submit("section", name="Dr Martin", phone="03 22 00 00 00")
    page = client.get("/ma-famille")
    assert "Il manque encore : Léa : école et classe, vaccinations," in page.text and "médecin" not in page.text
    page = client.submit("certification")
    assert "Certifié pour cette année scolaire par Fabrice TEST, le 23/11/2026 à 08:30" in page.text
    clock.start_at(datetime(2027, 9, 1, 9), frozen=True)
    client.sign_in(family.user_id)
    assert "Je certifie que mon dossier est à jour" in client.get("/ma-famille").text


def test_class_is_proposed_each_september_and_last_years_is_kept(
    client: Client, child: str, family: FamilySetup
) -> None:
    client.get(f"{child}/ecole")
    client.submit("section", school="Autre établissement", other_school="École du Moulin", level="CE1")
    assert "École et classe À jour" in client.get(child).text
    clock.start_at(datetime(2027, 9, 2, 9), frozen=True)
    client.sign_in(family.user_id)
    assert "École et classe À compléter" in client.get(child).text
    page = client.get(f"{child}/ecole")
    assert "L’an dernier : CE1. Nous proposons la classe suivante" in page.text
    assert (page.value("level", "section"), page.value("school_year", "section")) == ("CE2", "2027")
    assert page.value("other_school", "section") == "École du Moulin"
    assert "École et classe À jour" in client.submit("section").text
    page = client.get(f"{child}/ecole")
    assert "2026-2027 : CE1, École du Moulin" in page.text and "L’an dernier" not in page.text


def test_boosters_and_insurance_are_recalled(client: Client, child: str) -> None:
    (first, *_) = child_files.asked_vaccines(factories.MONDAY.replace(year=2019))
    client.get(f"{child}/vaccinations")
    client.submit("section", **{f"dose_{first.id}": "12/06/2021", f"booster_{first.id}": "20/12/2026"})
    client.get(f"{child}/assurance")
    client.submit("section", insurer="La Nôtre", ends_on="01/11/2026")
    page = client.get(child)
    assert "L’assurance a pris fin le 01/11/2026." in page.text and "Rappel à prévoir" in page.text
    page = client.get(f"{child}/vaccinations")
    assert "Prochain rappel noté" in page.text and "20/12/2026" in page.text and "L’assurance" not in page.text


def test_order_of_call_passes_over_who_is_not_called(client: Client, child: str, family: FamilySetup) -> None:
    child_id = child_id_of(child)
    for name, phone in (("Odette", "+33600000001"), ("Marc", "+33600000002"), ("Paul", "+33600000003")):
        factories.make_contact(family.family_id, child_id, name, phone)
    marc, paul = contacts.contacts_of(child_id)[1:]
    client.get(f"{child}/personnes/{marc.id}")
    page = client.submit("contact", may_be_called="no")
    assert "Urgences : à appeler en 2e" in page.text and "à appeler en 3e" not in page.text
    client.submit(f"{child}/personnes/{paul.id}/monter")
    assert [each.first_name for each in contacts.contacts_of(child_id)] == ["Paul", "Odette", "Marc"]


def test_family_sees_who_read_health_data(client: Client, child: str, family: FamilySetup) -> None:
    agent = factories.make_staff(email="agent@example.org")
    assert "Personne n’a consulté" in client.get(f"{child}/consultations").text
    with write_transaction() as session:
        child_files.record_health_access(session, [child_id_of(child)], agent)
    assert "(Administration)" in client.get(f"{child}/consultations").text
    assert db.session.scalars(select(HealthAccess.user_id)).all() == [agent]
    for _ in range(26):
        with write_transaction() as session:
            child_files.record_health_access(session, [child_id_of(child)], agent)
    assert "Page 1 sur 2" in client.get(f"{child}/consultations").text
    clock.start_at(clock.now() + timedelta(days=366), frozen=True)
    client.sign_in(family.user_id)
    with write_transaction() as session:
        child_files.record_health_access(session, [child_id_of(child)], agent)
    with write_transaction() as session:
        purges.purge_next(session, purges.begin_purge(session), DataClass.HEALTH_READS)
    assert len(db.session.scalars(select(HealthAccess.id)).all()) == 1
    assert "Page 1" not in client.get(f"{child}/consultations").text


def test_closed_family_reads_and_changes_nothing(client: Client) -> None:
    family = factories.make_family("FERMÉE", "Alix", status="closed")
    child = f"/ma-famille/enfants/{factories.make_child(family, 'Zoé')}"
    page = client.sign_in(family.user_id).get(f"{child}/medecin")
    assert "Enregistrer" not in page.text
    client.post(f"{child}/medecin", {"csrf_token": page.value("csrf_token", "section"), "name": "x"}, status=403)
