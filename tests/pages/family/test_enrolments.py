"""Mes inscriptions: what each child has, and asking for more."""

from datetime import date

from sqlalchemy import select

from app.database import db, write_transaction
from app.models.enrolments import Enrolment
from app.rules.enrolment_rules import Allocation, EnrolmentRules, GroupPlaces
from app.rules.states import EnrolmentStatus, FamilyStatus
from app.services.enrolment_settings import save_enrolment_rules
from app.services.enrolments import refuse_enrolment
from tests.client import Client
from tests.factories import (
    WEDNESDAY,
    enrol,
    make_activity,
    make_child,
    make_family,
    make_openings,
    make_planning,
    make_staff,
    save,
)


def test_parent_asks_for_an_activity(client: Client) -> None:
    activity = make_activity(places=None)
    family = make_family(quotient_cents=50_000)
    child = make_child(family)
    client.sign_in(family.user_id)
    page = client.get("/mes-inscriptions")
    assert "Aucune inscription en cours." in page.text
    page = client.get(f"/mes-inscriptions/{child}/nouvelle")
    assert "Matin 07:30–11:45 quotient de moins de 600 2,10 €" in page.text
    page = client.submit(f"offer-{activity.id}")
    assert page.path == "/mes-inscriptions"
    assert "Votre demande d’inscription est envoyée : Mercredi." in page.text
    assert "Mercredi Demandée" in page.text
    enrolment = db.session.scalars(select(Enrolment)).one()
    assert (enrolment.status, enrolment.starts_on) == (EnrolmentStatus.REQUESTED, date(2026, 11, 23))
    page = client.get(f"/mes-inscriptions/{child}/nouvelle")
    assert "Une demande est déjà en cours." in page.text


def test_without_quotient_the_prices_are_the_maximum_and_it_is_said(client: Client) -> None:
    make_activity(places=None)
    family = make_family()
    page = client.sign_in(family.user_id).get(f"/mes-inscriptions/{make_child(family)}/nouvelle")
    assert "Tarif maximum" in page.text
    assert "4,20 €" in page.text and "2,10 €" not in page.text


def test_activities_that_are_not_for_the_child_say_why(client: Client) -> None:
    make_activity("CAJ", places=None, ages=(11, 17))
    make_activity("Fini", places=None, starts_on=date(2025, 9, 1), ends_on=date(2026, 8, 31))
    family = make_family()
    page = client.sign_in(family.user_id).get(f"/mes-inscriptions/{make_child(family)}/nouvelle")
    assert "CAJ Votre enfant est encore trop jeune pour cette activité." in page.text
    assert "Fini" not in page.text
    assert "Aucune activité n’est ouverte à Léa" in page.text


def test_request_sent_twice_makes_one(client: Client) -> None:
    activity = make_activity(places=None)
    family = make_family()
    path = f"/mes-inscriptions/{make_child(family)}/nouvelle"
    client.sign_in(family.user_id).get(path)
    token = client.page.value("csrf_token", f"offer-{activity.id}") if client.page else None
    sent = {"csrf_token": token, "activity_id": activity.id}
    client.post(path, sent, status=303)
    page = client.post(path, sent, status=422)
    assert "Cette demande n’a pas pu être envoyée." in page.text
    assert len(db.session.scalars(select(Enrolment)).all()) == 1


def test_forged_requests_find_nothing(client: Client) -> None:
    activity = make_activity(places=None)
    family, other = make_family(), make_family("AUTRE")
    mine, theirs = make_child(family), make_child(other)
    client.sign_in(family.user_id).get(f"/mes-inscriptions/{mine}/nouvelle")
    token = client.page.value("csrf_token", f"offer-{activity.id}") if client.page else None
    client.get(f"/mes-inscriptions/{theirs}/nouvelle", status=404)
    for child, wanted in ((theirs, activity.id), (mine, 999), (mine, "x"), (mine, "")):
        client.post(f"/mes-inscriptions/{child}/nouvelle", {"csrf_token": token, "activity_id": wanted}, status=404)
    assert db.session.scalars(select(Enrolment)).all() == []


def test_refused_request_shows_its_reason(client: Client) -> None:
    activity = make_activity(places=None)
    family = make_family()
    enrolment = enrol(make_child(family), family, activity, EnrolmentStatus.REQUESTED)
    agent = make_staff()
    with write_transaction() as session:
        refuse_enrolment(session, enrolment, agent, "Le groupe est complet.")
    page = client.sign_in(family.user_id).get("/mes-inscriptions")
    assert "Refusée" in page.text
    assert "Motif : Le groupe est complet." in page.text


def test_accepted_enrolment_leads_to_the_bookings(client: Client) -> None:
    activity = make_activity(places=None)
    family = make_family()
    child = make_child(family)
    enrol(child, family, activity)
    page = client.sign_in(family.user_id).get("/mes-inscriptions")
    assert "Mercredi Acceptée" in page.text
    assert f"/mes-reservations/{child}" in page.links()


def test_no_child_no_enrolment_but_a_way_on(client: Client) -> None:
    page = client.sign_in(make_family().user_id).get("/mes-inscriptions")
    assert "/ma-famille/enfants/nouveau" in page.links()


def test_closed_file_may_only_be_read(client: Client) -> None:
    activity = make_activity(places=None)
    family = make_family(status=FamilyStatus.CLOSED)
    child = make_child(family)
    page = client.sign_in(family.user_id).get(f"/mes-inscriptions/{child}/nouvelle")
    assert "Demander l’inscription" not in page.text
    token = page.value("csrf_token", "/deconnexion")
    path = f"/mes-inscriptions/{child}/nouvelle"
    client.post(path, {"csrf_token": token, "activity_id": activity.id}, status=403)


def test_blockers_lead_to_what_removes_them(sqlite_client: Client) -> None:
    activity, family = make_activity(places=None), make_family()
    child = make_child(family)
    rules = EnrolmentRules(levels=frozenset({"CP"}), residences=frozenset({"resident"}), needs_insurance=True)
    with write_transaction() as session:
        save_enrolment_rules(session, activity.id, rules)
    make_openings(activity, [WEDNESDAY])
    page = sqlite_client.sign_in(family.user_id).get(f"/mes-inscriptions/{child}/nouvelle")
    assert "Nous avons besoin de connaître la classe de votre enfant. Indiquer sa classe" in page.text
    for path in (
        f"/ma-famille/enfants/{child}/ecole",
        "/ma-famille/coordonnees",
        f"/ma-famille/enfants/{child}/assurance",
    ):
        assert any(link.startswith(path) for link in page.links()), (path, page.links())


def test_enrolments_are_filtered_and_a_request_is_taken_back(sqlite_client: Client) -> None:
    client, family = sqlite_client, make_family()
    wednesday, music = make_activity(places=None), make_activity("Musique", places=None)
    child = make_child(family)
    enrol(child, family, wednesday)
    asked = enrol(child, family, music, EnrolmentStatus.REQUESTED)
    client.sign_in(family.user_id)
    text = client.get("/mes-inscriptions?afficher=demandees").text
    assert "Musique Demandée" in text and "Mercredi Acceptée" not in text
    text = client.get("/mes-inscriptions?afficher=en-cours").text
    assert "Mercredi Acceptée" in text and "Musique Demandée" not in text
    text = client.get(f"/mes-inscriptions?activite={music.id}").text
    assert "Musique Demandée" in text and "Mercredi Acceptée" not in text
    assert "Aucune inscription de ce genre." in client.get("/mes-inscriptions?afficher=passees").text
    assert "Musique Demandée" in client.get("/mes-inscriptions?afficher=nimporte&activite=x").text
    page = client.submit(f"withdrawal-{asked}")
    assert "Votre demande est retirée." in page.text and "Musique Demandée" not in page.text
    assert "Musique Annulée" in client.get("/mes-inscriptions?afficher=passees").text


def test_an_activity_may_accept_at_once(sqlite_client: Client) -> None:
    activity, family = make_activity(places=None), make_family()
    places = (GroupPlaces(activity.group_id, 1),)
    with write_transaction() as session:
        save_enrolment_rules(session, activity.id, EnrolmentRules(allocation=Allocation.AUTOMATIC, places=places))
    client = sqlite_client
    for name, sentence in (("Léa", "L’inscription est acceptée"), ("Hugo", "votre demande est sur liste d’attente")):
        child = make_child(family, name)
        client.sign_in(family.user_id).get(f"/mes-inscriptions/{child}/nouvelle")
        assert sentence in client.submit(f"offer-{activity.id}").text


def test_parent_and_agent_end_an_enrolment_after_reading_what_it_cancels(sqlite_client: Client) -> None:
    planning, client = make_planning(), sqlite_client
    with write_transaction() as session:
        save_enrolment_rules(session, planning.activity.id, EnrolmentRules(parents_may_end=True))
    save(planning.family, planning.child_id, book=[planning.opening(WEDNESDAY, "Matin")])
    enrolment = db.session.scalars(select(Enrolment.id)).one()
    page = client.sign_in(planning.family.user_id).get("/mes-inscriptions")
    address = f"/mes-inscriptions/{enrolment}/fin"
    assert address in page.links()
    client.get(address)
    assert (
        "Indiquez le premier jour sans inscription."
        in client.submit("end", status=422, button="Voir ce qui sera annulé").text
    )
    page = client.submit("end", status=422, button="Voir ce qui sera annulé", from_day="2026-11-22")
    assert "Cette date est déjà passée." in page.text
    page = client.submit("end", status=200, button="Voir ce qui sera annulé", from_day="2026-11-24")
    assert "mercredi 25 novembre 2026 : Matin (4,20 €)" in page.text
    page = client.submit("end", status=409, button="Mettre fin à l’inscription", vu="autre")
    assert "Relisez-les avant de confirmer." in page.text
    page = client.submit("end", button="Mettre fin à l’inscription")
    assert "L’inscription prend fin le lundi 23 novembre 2026." in page.text
    client.sign_in(make_staff()).get(f"/gestion/familles/{planning.family.family_id}")
    client.get(f"/gestion/inscriptions/{enrolment}/fin")
    page = client.submit("end", status=422, button="Voir ce qui sera annulé", from_day="2026-11-23")
    assert "Indiquez le motif" in page.text
    client.submit("end", status=200, button="Voir ce qui sera annulé", reason="Déménagement")
    page = client.submit("end", button="Mettre fin à l’inscription")
    assert "Terminée" in page.text and "motif de la fin : Déménagement" in page.text
