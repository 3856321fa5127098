"""The dashboard: what to do first, the next days, and the sections."""

from sqlalchemy import update

from app.database import write_transaction
from app.models.families import Family, Regime
from app.rules.states import EnrolmentStatus, FamilyStatus
from app.services.enrolments import refuse_enrolment
from tests.client import Client
from tests.factories import (
    WEDNESDAY,
    FamilySetup,
    enrol,
    make_activity,
    make_child,
    make_family,
    make_planning,
    make_staff,
    save,
)


def complete(family: FamilySetup) -> None:
    with write_transaction() as session:
        session.execute(update(Family).where(Family.id == family.family_id).values(regime=Regime.OTHER))


def test_new_family_is_told_how_to_begin(client: Client) -> None:
    page = client.sign_in(make_family().user_id).get("/tableau-de-bord")
    assert "Ajoutez votre enfant" in page.text
    assert "Il manque votre régime allocataire et votre quotient familial." in page.text
    for path in ("/ma-famille/enfants/nouveau", "/ma-famille/coordonnees", "/ma-famille", "/mes-inscriptions"):
        assert path in page.links()


def test_child_without_enrolment_and_family_without_quotient(client: Client) -> None:
    family = make_family()
    complete(family)
    make_child(family)
    page = client.sign_in(family.user_id).get("/tableau-de-bord")
    assert "Il manque votre quotient familial. Vous payez le tarif maximum." in page.text
    assert "Aucune inscription en cours pour Léa." in page.text


def test_enrolled_is_not_booked(client: Client) -> None:
    planning = make_planning(quotient_cents=50_000)
    complete(planning.family)
    page = client.sign_in(planning.family.user_id).get("/tableau-de-bord")
    assert "Inscrire n’est pas réserver : choisissez les jours de Léa." in page.text
    assert "quotient" not in page.text


def test_next_days_are_said_in_words(client: Client) -> None:
    planning = make_planning(quotient_cents=50_000)
    complete(planning.family)
    book = [planning.opening(WEDNESDAY, unit) for unit in ("Matin", "Repas")]
    save(planning.family, planning.child_id, book=book)
    page = client.sign_in(planning.family.user_id).get("/tableau-de-bord")
    assert "mercredi 25 novembre : Matin, Repas" in page.text
    assert "À faire" not in page.text
    assert "1 jour réservé" in page.text


def test_refusal_is_shown(client: Client) -> None:
    activity, family, agent = make_activity(places=None), make_family(), make_staff()
    enrolment = enrol(make_child(family), family, activity, EnrolmentStatus.REQUESTED)
    client.sign_in(family.user_id)
    assert "Nous étudions votre demande d’inscription : Mercredi." in client.get("/tableau-de-bord").text
    with write_transaction() as session:
        refuse_enrolment(session, enrolment, agent, "Le groupe est complet.")
    assert "Mercredi : la demande pour Léa n’a pas été acceptée." in client.get("/tableau-de-bord").text


def test_closed_file_is_told_so(client: Client) -> None:
    page = client.sign_in(make_family(status=FamilyStatus.CLOSED).user_id).get("/tableau-de-bord")
    assert "Votre dossier est fermé" in page.text
    assert "Ajoutez votre enfant" not in page.text


def test_queries_do_not_grow_with_the_family(client: Client) -> None:
    planning = make_planning()
    client.sign_in(planning.family.user_id)
    pages = ("/tableau-de-bord", "/ma-famille", "/mes-inscriptions", f"/mes-inscriptions/{planning.child_id}/nouvelle",
             "/ma-famille/coordonnees")  # fmt: skip
    client.get("/tableau-de-bord")
    before = [len(client.get(path).queries) for path in pages]
    for number in range(4):
        enrol(make_child(planning.family, f"Enfant{'abcd'[number]}"), planning.family, planning.activity)
    make_activity("Périscolaire", places=None)
    client.get("/tableau-de-bord")
    after = [len(client.get(path).queries) for path in pages]
    assert after == before
    assert max(after) <= 12
