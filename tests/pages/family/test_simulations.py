"""« Combien vais-je payer ? », for a parent and at the counter."""

from dataclasses import replace

from sqlalchemy import select

from app.database import write_transaction
from app.models.activities import TariffVersion
from app.rules.capabilities import Role
from app.rules.tariff_grids import ChangePercent, Condition, Modifier, ModifierKind
from app.services import price_facts
from tests import factories
from tests.client import Client

PATH = "/combien-vais-je-payer"
DECEMBER = "2026-12-01"


def ask(planning: factories.PlanningSetup, units: tuple[str, ...] = ("Matin",), **fields: object) -> str:
    """The address of a simulation of Wednesdays in December."""
    days = "&".join(f"jour={planning.activity.units[name]}-2" for name in units)
    values = {"activite": planning.activity.id, "mois": DECEMBER, "enfants": 1, "quotient": ""} | fields
    return "?" + "&".join([*(f"{name}={value}" for name, value in values.items()), days])


def test_parent_sees_what_a_month_would_cost_and_why(client: Client) -> None:
    planning = factories.make_planning(quotient_cents=50_000, weeks=5)
    client.sign_in(planning.family.user_id)
    assert "Combien vais-je payer ?" in client.get("/mes-inscriptions").text
    page = client.get(PATH)
    assert "Cochez des jours de la semaine type" in page.text
    page = client.submit(
        "simulation",
        status=200,
        mois=DECEMBER,
        jour=[f"{planning.activity.units[name]}-2" for name in ("Matin", "Repas")],
    )
    assert "quotient de moins de 600" in page.text
    assert "Total du mois : 16,80 €" in page.text and "pour 4 jours" in page.text
    assert page.value("mois", "simulation") == DECEMBER
    assert len(page.queries) <= 12


def test_another_quotient_and_more_children_are_simulated(sqlite_client: Client) -> None:
    planning = factories.make_planning(weeks=5)
    page = sqlite_client.sign_in(planning.family.user_id).get(PATH + ask(planning))
    assert "tarif maximum, sans quotient familial" in page.text and "Total du mois : 16,80 €" in page.text
    assert "Tarif maximum : nous n’avons pas votre quotient familial." in page.text
    page = sqlite_client.get(PATH + ask(planning, quotient="0", enfants=2))
    assert "Enfant 2" in page.text and "Total du mois : 16,80 €" in page.text
    assert "Tarif maximum" not in page.text


def test_what_cannot_be_simulated_is_said_beside_its_field(sqlite_client: Client) -> None:
    planning = factories.make_planning()
    sqlite_client.sign_in(planning.family.user_id)
    page = sqlite_client.get(PATH + ask(planning, quotient="beaucoup"), status=422)
    assert "Écrivez un quotient en euros" in page.text
    page = sqlite_client.get(PATH + ask(planning, mois="2020-01-01", activite=999, enfants=99), status=422)
    assert page.text.count("Choisissez une réponse de la liste.") >= 3
    page = sqlite_client.get(PATH + ask(planning, mois="2027-10-01"))
    assert "n’a pas d’ouverture en octobre 2027" in page.text


def test_without_any_price_there_is_nothing_to_simulate(sqlite_client: Client) -> None:
    page = sqlite_client.sign_in(factories.make_family().user_id).get(PATH)
    assert "Aucune activité n’a de tarif" in page.text


def test_the_counter_simulates_for_a_family_that_asks(sqlite_client: Client) -> None:
    planning = factories.make_planning(weeks=5)
    sqlite_client.sign_in(factories.make_staff(Role.FILE_CLERK))
    page = sqlite_client.get("/gestion/simulateur" + ask(planning, quotient="500"))
    assert "Total du mois : 8,40 €" in page.text
    page = sqlite_client.get("/gestion/simulateur" + ask(planning))
    assert "Total du mois : 16,80 €" in page.text


def test_where_the_family_lives_counts_where_a_price_depends_on_it(sqlite_client: Client) -> None:
    planning = factories.make_planning(quotient_cents=50_000, weeks=5)
    dearer = Modifier(ModifierKind.RESIDENCE, Condition(residences=frozenset({"outside"})), ChangePercent(20))
    with write_transaction() as session:
        price_facts.list_commune(session, "80570", "resident")  # Moreuil; the family lives in Démuin
        for version in session.scalars(select(TariffVersion)):
            version.grid = replace(version.grid, modifiers=(dearer,))
    parent = sqlite_client.sign_in(planning.family.user_id)
    page = parent.get(PATH + ask(planning))
    assert page.value("lieu", "simulation") == "outside" and "extérieur +20 %" in page.text
    staff = Client(sqlite_client.app).sign_in(factories.make_staff(Role.FILE_CLERK))
    page = staff.get("/gestion/simulateur" + ask(planning, quotient=500, lieu="outside"))
    assert "Total du mois : 10,08 €" in page.text
    assert (
        "Choisissez une réponse de la liste."
        in staff.get("/gestion/simulateur" + ask(planning, lieu="mars"), status=422).text
    )
