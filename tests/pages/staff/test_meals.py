"""« Repas »: what to make, what was ordered, what changed since, whose meal has a name, and for whom of the staff."""

from datetime import datetime, time

import pytest
from flask import Flask
from sqlalchemy import func, select, update

from app import clock
from app.database import db, write_transaction
from app.models.accounts import StaffRole
from app.models.activities import Site
from app.models.child_files import HealthAccess
from app.models.meals import MealOrder
from app.rules.capabilities import Role
from app.rules.child_files import SectionKind
from app.rules.deadlines import DaysBefore, simple_rule
from app.services import child_files
from tests import factories
from tests.client import Client
from tests.factories import NEXT_WEDNESDAY, FamilySetup, PlanningSetup

MEALS = "/gestion/repas"
DAY = f"{MEALS}?jour={NEXT_WEDNESDAY}"


def fill(family: FamilySetup, child_id: int, kind: SectionKind, **values: str) -> None:
    with write_transaction() as session:
        child_files.save_section(session, family.family_id, child_id, kind, family.user_id, {}, values)


def eat(planning: PlanningSetup, family: FamilySetup, child_id: int) -> None:
    book = [planning.opening(NEXT_WEDNESDAY, unit) for unit in ("Matin", "Repas")]
    factories.save(family, child_id, book=book)


@pytest.fixture
def planning(sqlite_app: Flask) -> PlanningSetup:
    """Léa, seven, eats without pork; Sacha, seven too, never said."""
    setup = factories.make_planning()
    fill(setup.family, setup.child_id, SectionKind.DIET, diets="no_pork")
    eat(setup, setup.family, setup.child_id)
    eat(setup, *factories.add_family(setup))
    return setup


@pytest.fixture
def cook(sqlite_client: Client) -> Client:
    return sqlite_client.sign_in(factories.make_staff(Role.KITCHEN))


def test_cook_sees_how_many_of_which_kind_and_no_name(planning: PlanningSetup, cook: Client) -> None:
    page = cook.get(DAY)
    assert page.heading == "Repas, mercredi 2 décembre 2026"
    assert "2 repas à préparer Pas commandé" in page.text
    assert "Sans porc 1 1" in page.text and "Régime non renseigné 1 1" in page.text
    assert "Léa" not in page.text and "Sacha" not in page.text
    assert "Aucun repas ce jour-là" in cook.get(f"{MEALS}?jour=2026-12-01").text
    cook.get("/gestion/planning", status=403)


def test_cook_orders_and_sees_what_changed_since(planning: PlanningSetup, cook: Client) -> None:
    cook.get(DAY)
    page = cook.submit("order")
    assert "La commande est enregistrée" in page.text
    assert "Commande n° 1 du 23/11/2026 à 08:30, Camille AGENT : 2 repas" in page.text
    assert "Rien n’a changé depuis la dernière commande." in cook.submit("order").text
    family, child_id = factories.add_family(planning, "NOUVEAU")
    fill(family, child_id, SectionKind.DIET, diets="no_pork")
    eat(planning, family, child_id)
    page = cook.get(DAY)
    assert "Changé depuis la commande" in page.text and "Depuis : +1 sans porc (6 ans et plus)" in page.text
    page = cook.submit("order")
    assert "Commande n° 2" in page.text and "Commandes précédentes" in page.text and "N° 1 du" in page.text
    assert "1 sans porc (6 ans et plus), 1 régime non renseigné (6 ans et plus)" in page.text


def test_nobody_orders_what_they_have_not_seen(planning: PlanningSetup, cook: Client) -> None:
    cook.get(DAY)
    eat(planning, *factories.add_family(planning, "NOUVEAU"))
    page = cook.submit("order", status=409)
    assert "Rien n’est commandé" in page.text and "3 repas à préparer" in page.text
    assert "Commande n° 1" in cook.submit("order").text
    token = {"csrf_token": cook.get(DAY).value("csrf_token", "order")}
    for forged in ("x", "1.2026-12-02.0.x", "999.2026-12-02.0.x"):
        cook.post(f"{MEALS}/commande?jour={NEXT_WEDNESDAY}", token | {"repas": forged}, status=409)
    assert db.session.scalar(select(func.count(MealOrder.id))) == 1


def test_adults_and_spare_meals_are_added(planning: PlanningSetup, cook: Client) -> None:
    with write_transaction() as session:
        session.execute(update(Site).values(meal_spare_percent=10, meal_limits="6,12"))
        session.scalars(select(Site)).first().name = "Les Tilleuls"  # type: ignore[union-attr]
    page = cook.get(DAY)
    form = f"adults-{planning.activity.units['Repas']}"
    name = next(field.get("name") for field in page.form(form).iter("input") if field.get("type") == "text")
    assert name is not None
    page = cook.submit(form, status=422, **{name: "beaucoup"})
    assert "beaucoup" in page.body
    page = cook.submit(form, **{name: "3"})
    assert "6 repas à préparer, dont 3 pour l’équipe" in page.text
    assert "Adultes 3" in page.text and "Marge 1" in page.text and "6 à 11 ans" in page.text


def test_the_deadline_of_the_caterer_is_said_in_words(planning: PlanningSetup, sqlite_client: Client) -> None:
    with write_transaction() as session:
        for site in session.scalars(select(Site)):
            site.meal_notice = simple_rule(DaysBefore(1, time(10)))
    clock.start_at(datetime(2026, 11, 30, 8, 40), frozen=True)
    cook = sqlite_client.sign_in(factories.make_staff(Role.KITCHEN))
    said = "Commande possible jusqu’au mardi 1er décembre à 10 h (encore 1 jour et 1 h)."
    assert said in cook.get(DAY).text
    clock.start_at(datetime(2026, 12, 1, 10, 1), frozen=True)
    cook = sqlite_client.sign_in(factories.make_staff(Role.KITCHEN))
    page = cook.get(DAY)
    assert "La limite du traiteur est passée depuis le mardi 1er décembre à 10 h : appelez-le." in page.text
    assert "Après la limite" in cook.submit("order").text


def test_names_are_shown_on_demand_alone_and_noted(planning: PlanningSetup, cook: Client) -> None:
    assert "Aucun enfant attendu" in cook.get(f"{DAY}&noms=1").text
    fill(planning.family, planning.child_id, SectionKind.HEALTH, has_allergies="yes", food_allergies="Arachide")
    assert not db.session.scalar(select(func.count(HealthAccess.id)))
    page = cook.get(f"{DAY}&noms=1")
    assert "TEST Léa 7 ans" in page.text and "Arachide" in page.text and "AUTRE" not in page.text
    db.session.rollback()
    assert db.session.scalars(select(HealthAccess.child_id)).all() == [planning.child_id]


def test_week_adds_up_and_goes_to_a_spreadsheet(planning: PlanningSetup, cook: Client) -> None:
    page = cook.get(f"{DAY}&vue=semaine")
    assert page.heading == "Repas, semaine du lundi 30 novembre 2026" and "Mercredi 2 décembre, Repas" in page.text
    cook.submit("order")
    text = cook.get(f"{MEALS}/fichier?jour={NEXT_WEDNESDAY}&vue=semaine").body
    assert "02/12/2026;Mercredi;Repas;Sans porc;6\xa0ans et plus;1;1;0" in text


def test_cook_sees_what_was_served_and_who_came_without_a_booking(planning: PlanningSetup, cook: Client) -> None:
    cook.get(DAY)
    assert "servi" not in cook.submit("order").text
    clock.start_at(datetime.combine(NEXT_WEDNESDAY, time(14)), frozen=True)
    cook.sign_in(factories.make_staff(Role.KITCHEN))  # the session of before is over
    opening = planning.opening(NEXT_WEDNESDAY, "Repas")
    factories.tick(planning.child_id, opening)
    page = cook.get(DAY)
    assert "1 repas servi d’après le pointage, 1 de moins que commandé ; un enfant n’est pas pointé." in page.text
    assert "Sans porc 1 1 1" in page.text and "Régime non renseigné 1 1 0" in page.text
    guest = factories.make_child(factories.make_family("INVITE"), "Invité")
    fill(planning.family, planning.child_id, SectionKind.HEALTH, has_allergies="yes", food_allergies="Arachide")
    factories.tick(guest, opening)
    page = cook.get(DAY)
    assert "3 repas à préparer" in page.text and "2 repas servis d’après le pointage ; un enfant" in page.text
    assert "Régime non renseigné 2 2 1" in page.text
    text = cook.get(f"{MEALS}/fichier?jour={NEXT_WEDNESDAY}").body
    assert "Sans porc;6\xa0ans et plus;1;1;0;1" in text and "Régime non renseigné;6\xa0ans et plus;2;1;1;1" in text
    assert int(cook.get(f"{MEALS}/pdf?jour={NEXT_WEDNESDAY}").headers["Content-Length"]) > 5_000


def test_meals_on_paper_with_and_without_names(planning: PlanningSetup, cook: Client) -> None:
    fill(planning.family, planning.child_id, SectionKind.HEALTH, has_allergies="yes", food_allergies="Arachide")
    for names in ("", "&noms=1"):
        answer = cook.get(f"{MEALS}/pdf?jour={NEXT_WEDNESDAY}{names}")
        assert answer.headers["Content-Type"] == "application/pdf" and int(answer.headers["Content-Length"]) > 5_000
    db.session.rollback()
    assert db.session.scalar(select(func.count(HealthAccess.id))) == 1


def test_an_agent_of_another_place_sees_no_meal(planning: PlanningSetup, sqlite_client: Client) -> None:
    user_id = factories.make_staff(Role.KITCHEN)
    with write_transaction() as session:
        elsewhere = Site(name="Ailleurs", address="Moreuil")
        session.add(elsewhere)
        session.flush()
        session.execute(update(StaffRole).where(StaffRole.user_id == user_id).values(site_id=elsewhere.id))
    cook = sqlite_client.sign_in(user_id)
    assert "Aucun temps d’accueil de vos lieux n’est un repas" in cook.get(DAY).text
    cook.get(f"{MEALS}/fichier?jour={NEXT_WEDNESDAY}", status=404)
    token = {"csrf_token": cook.get(DAY).value("csrf_token", "/deconnexion")}
    cook.post(f"{MEALS}/{planning.activity.units['Repas']}/adultes?jour={NEXT_WEDNESDAY}", token, status=404)
    cook.post(f"{MEALS}/commande?jour={NEXT_WEDNESDAY}", token, status=404)


def test_meals_cost_the_same_however_many_eat(planning: PlanningSetup, cook: Client) -> None:
    few = len(cook.get(f"{DAY}&vue=semaine").queries)
    for name in ("UN", "DEUX", "TROIS"):
        eat(planning, *factories.add_family(planning, name))
    assert len(cook.get(f"{DAY}&vue=semaine").queries) == few <= 20


def test_administrator_says_how_a_place_orders(planning: PlanningSetup, sqlite_client: Client) -> None:
    boss = sqlite_client.sign_in(factories.make_staff())
    site_id = db.session.scalars(select(Site.id)).one()
    boss.get(f"/gestion/reglages/lieux/{site_id}")
    for limits in ("12, 6", "x", "1,2,3,4,5,6"):
        page = boss.submit("setting", status=422, meal_limits=limits, meal_spare_percent="51")
        assert "Écrivez des âges de 1 à 25" in page.text and "de 0 à 50" in page.text
    boss.submit("setting", meal_limits="6,12", meal_spare_percent="10")
    page = boss.get(DAY)
    assert "Marge 1" in page.text and "6 à 11 ans" in page.text
    address = f"/gestion/reglages/lieux/{site_id}/traiteur"
    boss.get(address)
    page = boss.submit("meal-notice", status=200, button="Ajouter une règle")
    page = boss.submit("meal-notice", status=422, **{"line-0-kind": "days", "line-0-count": "beaucoup"})
    assert "beaucoup" in page.body
    boss.submit("meal-notice", **{"line-0-kind": "days", "line-0-count": "1", "line-0-at": "10:00"})
    assert "Au plus tard la veille à 10 h" in boss.get(address).text
    assert "Commande possible jusqu’au mardi 1er décembre à 10 h" in boss.get(DAY).text
    assert "jamais en ligne" not in boss.get(address).text
    boss.submit("meal-notice", **{"line-0-kind": "never"})
    assert "À présent : Le traiteur ne prend pas de commande." in boss.get(address).text
    shown = boss.get(address)
    with write_transaction() as session:
        session.get_one(Site, site_id).meal_notice = simple_rule(DaysBefore(2, time(9)))
    boss.page = shown
    page = boss.submit("meal-notice", status=409, **{"line-0-count": "3"})
    assert "Un autre agent vient de changer ces règles" in page.text and "2 jours avant" in page.text
