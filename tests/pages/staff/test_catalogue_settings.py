"""« Réglages »: what the council offers is set on screens, refusals stand beside their fields, nothing typed is lost."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

from app.database import write_transaction
from app.rules.capabilities import Role
from app.services import activity_settings, cash_desks, council_settings
from app.services.catalogue import catalogue
from app.services.council_settings import OfficeInput
from tests import factories
from tests.client import Client, form_fields
from tests.factories import WEDNESDAY, make_planning, save

ROOT = "/gestion/reglages"


def test_administrator_sets_up_an_activity_from_nothing(sqlite_client: Client) -> None:
    client = sqlite_client.sign_in(factories.make_staff())
    assert "Ajouter une saison" in client.get(f"{ROOT}/activites").text
    client.get(f"{ROOT}/services/nouveau")
    page = client.submit("setting", status=422, name="Enfance", prefix="p o", payfip_number="12")
    assert "Utilisez de 1 à 10 lettres" in page.text and "a six chiffres" in page.text
    assert page.value("name", "setting") == "Enfance" and page.value("payfip_number", "setting") == "12"
    assert "Le service est enregistré." in client.submit("setting", prefix="pop", payfip_number="012345").text
    client.get(f"{ROOT}/lieux/nouveau")
    client.submit("setting", name="Les Marronniers", address="3 rue de l’École, 80110 Moreuil")
    client.get(f"{ROOT}/saisons/nouveau")
    page = client.submit("setting", status=422, name="2026-2027", starts_on="2026-09-01", ends_on="2026-08-31")
    assert "Ce jour est avant le premier jour." in page.text
    client.submit("setting", ends_on="2027-08-31")
    client.get(f"{ROOT}/activites/nouveau")
    page = client.submit("setting", status=422, name="", position="0")
    assert "Indiquez le nom de l’activité." in page.text and "de 1 à 999" in page.text
    page = client.submit("setting", name="Mercredi", position="1")
    assert page.heading == "Mercredi 2026-2027" and "Aucun groupe" in page.text
    (activity,) = catalogue().activities.values()
    client.get(f"{ROOT}/groupes/nouveau/{activity.id}")
    page = client.submit("setting", status=422, name="6–8 ans", min_age="8", max_age="6")
    assert "en dessous" in page.text
    page = client.submit("setting", min_age="6", max_age="8")
    assert page.heading.startswith("Mercredi") and "de 6 à 8 ans" in page.text
    client.get(f"{ROOT}/temps/nouveau/{activity.id}")
    page = client.submit("setting", status=422, name="Matin", starts_at="11:45", ends_at="7:30")
    assert "La fin vient après le début" in page.text
    page = client.submit("setting", starts_at="7 h 30", ends_at="11:45")
    assert "Matin 07:30–11:45" in page.text


def test_two_agents_at_one_setting_read_what_the_other_stored_before_they_overwrite_it(sqlite_client: Client) -> None:
    planning = make_planning()
    client = sqlite_client.sign_in(factories.make_staff())
    unit_id = planning.activity.units["Matin"]
    address = f"{ROOT}/temps/{unit_id}"
    page = client.get(address)
    mine = dict(form_fields(page.form("setting")))
    client.submit("setting", name="Matinée")  # a colleague
    answer = client.post(address, {**mine, "name": "Tôt", "starts_at": "07:45"}, status=409)
    assert "Un autre agent vient de changer ce réglage : « Matinée »" in answer.text
    assert (answer.value("name", "setting"), answer.value("starts_at", "setting")) == ("Tôt", "07:45")
    assert catalogue().units[unit_id].name == "Matinée"
    again = dict(form_fields(answer.form("setting")))
    client.post(address, again, status=303)  # read, and meant
    assert catalogue().units[unit_id].name == "Tôt"
    client.post(address, again, status=303)  # a double tap says the same


def test_name_that_is_taken_is_refused_beside_its_field(sqlite_client: Client) -> None:
    planning = make_planning()
    client = sqlite_client.sign_in(factories.make_staff())
    client.get(f"{ROOT}/temps/nouveau/{planning.activity.id}")
    page = client.submit("setting", status=422, name="Matin", starts_at="07:30", ends_at="09:00")
    assert "porte déjà ce nom" in page.text
    client.get(f"{ROOT}/services/nouveau")
    page = client.submit("setting", status=422, name="Autre", prefix="POP")
    assert "Un autre service a déjà ce préfixe." in page.text


def test_what_is_used_is_not_deleted_and_the_page_says_by_what(sqlite_client: Client) -> None:
    planning = make_planning()
    save(planning.family, planning.child_id, book=[planning.opening(WEDNESDAY, "Matin")])
    client = sqlite_client.sign_in(factories.make_staff())
    client.get(f"{ROOT}/groupes/{planning.activity.group_id}")
    page = client.submit("delete")
    assert "Rien n’est supprimé : 1 inscription et 1 réservation (même annulée) en dépendent." in page.text
    client.get(f"{ROOT}/activites/{planning.activity.id}")
    assert "1 inscription et 1 réservation" in client.submit("delete").text
    season = council_settings.seasons()[0]
    client.get(f"{ROOT}/saisons/{season.id}")
    page = client.submit("setting", status=422, ends_on="2026-11-26")
    assert "ouvertures hors de ces dates" in page.text and page.value("ends_on", "setting") == "2026-11-26"


def test_another_office_is_refused_beside_its_field_while_money_is_carried(sqlite_client: Client) -> None:
    planning = make_planning()
    factories.book_past(planning.family, planning.child_id, planning.activity, [date(2026, 10, 7)])
    (office,) = council_settings.offices()
    with write_transaction() as session:
        cash_desks.save_desk(session, office.id, replace(cash_desks.read_desk(office.id), minimum_cents=1_500))
        other_id = council_settings.save_office(session, None, OfficeInput("AN", "Loisirs", None))
    factories.issue(planning.activity, date(2026, 10, 1), factories.make_staff(Role.REGISSEUR))
    factories.prepare_run(other_id, date(2026, 10, 1), factories.make_staff(Role.REGISSEUR))
    client = sqlite_client.sign_in(factories.make_staff())
    client.get(f"{ROOT}/activites/{planning.activity.id}")
    page = client.submit("setting", status=422, name="Mercredis", office_id=str(other_id))
    assert (
        "L’activité garde son service : 1 mois reporté et 1 facturation en cours. Émettez d’abord les mois reportés,"
        " même en dessous du minimum, et terminez ou abandonnez les facturations de l’ancien et du nouveau service."
    ) in page.text
    assert page.value("name", "setting") == "Mercredis" and page.value("office_id", "setting") == str(other_id)
    assert activity_settings.find_activity(planning.activity.id).office_id == office.id


def test_activity_is_changed_copied_and_deleted(sqlite_client: Client) -> None:
    activity = factories.make_activity()
    client = sqlite_client.sign_in(factories.make_staff())
    page = client.get(f"{ROOT}/activites/{activity.id}")
    page = client.submit("setting", name="Mercredis", position="2")
    assert page.heading.startswith("Mercredis")
    client.get(f"{ROOT}/activites/{activity.id}/copie")
    assert "porte déjà ce nom" in client.submit("copy", status=422).text
    page = client.submit("copy", name="Mercredis bis", prices="version")
    assert "L’activité est copiée." in page.text and page.heading.startswith("Mercredis bis")
    client.get(f"{ROOT}/activites/{activity.id}")
    page = client.submit("delete")
    assert page.heading == "Activités" and "L’activité est supprimée." in page.text
    assert [each.name for each in catalogue().activities.values()] == ["Mercredis bis"]


def test_places_are_set_and_a_day_that_has_too_many_children_is_said(sqlite_client: Client) -> None:
    planning = make_planning(places=None)
    save(planning.family, planning.child_id, book=[planning.opening(WEDNESDAY, "Matin")])
    client = sqlite_client.sign_in(factories.make_staff())
    client.get(f"{ROOT}/places/nouveau/{planning.activity.id}")
    page = client.submit("setting", status=422, name="Mercredi", places="4", online_places="5", groups=[])
    assert "C’est plus que le nombre de places." in page.text and "Cochez au moins un groupe." in page.text
    page = client.submit(
        "setting",
        online_places="3",
        last_places="2",
        groups=[planning.activity.group_id],
        units=list(planning.activity.units.values()),
    )
    assert "4 places par jour, dont 3 en ligne" in page.text
    (scope,) = catalogue().scopes
    assert (scope.places, scope.online_places, scope.last_places) == (4, 3, 2)
    client.get(f"{ROOT}/places/{scope.id}")
    page = client.submit("setting", places="0", online_places="")
    assert "Un jour a plus d’enfants que de places." in page.text and "mercredi 25 novembre 2026 : 1 sur 0" in page.text
    assert "1 place prise un jour à venir en dépend." in client.submit("delete").text


def test_half_covered_activity_is_refused(sqlite_client: Client) -> None:
    planning, music = make_planning(), factories.make_activity("Musique")
    client = sqlite_client.sign_in(factories.make_staff())
    client.get(f"{ROOT}/places/nouveau/{planning.activity.id}")
    units = [planning.activity.units["Repas"], music.units["Repas"]]
    page = client.submit("setting", status=422, name="Cantine", places="4", units=units)
    assert "« Musique » : cochez au moins un temps d’accueil et un groupe, ou rien." in page.text
    client.submit("setting", groups=[planning.activity.group_id, music.group_id])
    assert [scope.units for scope in catalogue().scopes if scope.name == "Cantine"] == [frozenset(units)]


def test_pages_of_an_activity_cost_few_queries(sqlite_client: Client) -> None:
    planning = make_planning()
    client = sqlite_client.sign_in(factories.make_staff())
    for path in ("", f"/{planning.activity.id}/fiche", f"/{planning.activity.id}"):
        client.get(f"{ROOT}/activites{path}")  # the catalogue is loaded
        assert len(client.get(f"{ROOT}/activites{path}").queries) <= 12
    assert activity_settings.find_unit(planning.activity.units["Matin"]).activity.name == "Mercredi"


def test_clerk_sets_nothing(sqlite_client: Client) -> None:
    client = sqlite_client.sign_in(factories.make_staff(Role.FILE_CLERK))
    for path in ("services", "lieux", "saisons", "activites"):
        client.get(f"{ROOT}/{path}", status=403)
