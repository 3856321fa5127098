"""« À traiter »: rows with all that is needed to decide, one click to accept, a reason to refuse."""

import pytest
from sqlalchemy import func, select

from app import clock
from app.database import db, write_transaction
from app.models.enrolments import Enrolment
from app.models.families import Family
from app.models.mails import OutboxMail
from app.rules.capabilities import Role
from app.rules.enrolment_rules import EnrolmentRules, GroupPlaces
from app.rules.states import EnrolmentStatus, FamilyStatus
from app.services.enrolment_settings import save_enrolment_rules
from tests import factories
from tests.client import Client

QUEUE = "/gestion/a-traiter"


def status_of(family_id: int) -> FamilyStatus:
    db.session.rollback()
    return db.session.scalars(select(Family.status).where(Family.id == family_id)).one()


def enrolment_status(enrolment_id: int) -> EnrolmentStatus:
    db.session.rollback()
    return db.session.scalars(select(Enrolment.status).where(Enrolment.id == enrolment_id)).one()


def mails() -> list[str]:
    return list(db.session.scalars(select(OutboxMail.template).order_by(OutboxMail.id)))


@pytest.fixture
def clerk(client: Client) -> Client:
    return client.sign_in(factories.make_staff(Role.FILE_CLERK))


def pending_enrolment() -> tuple[int, factories.FamilySetup]:
    activity = factories.make_activity(places=24)
    family = factories.make_family()
    child_id = factories.make_child(family)
    return factories.enrol(child_id, family, activity, EnrolmentStatus.REQUESTED), family


def test_clerk_sees_everything_that_waits_oldest_first(client: Client) -> None:
    enrolment_id, _family = pending_enrolment()
    clock.start_at(factories.NOW.replace(day=26), frozen=True)
    family_id = factories.make_pending_family("LEROY", "Sophie", email="sophie@example.org")
    page = client.sign_in(factories.make_staff(Role.FILE_CLERK)).get(QUEUE)
    assert page.heading == "À traiter"
    for words in ("Tout 2", "Comptes 1", "Inscriptions 1", "LEROY Sophie", "M. Sophie LEROY", "sophie@example.org",
                  "3 rue du Moulin, 80110 Moreuil", "Léa TEST", "7 ans", "Mercredi", "24 places", "depuis 3 jours"):  # fmt: skip
        assert words in page.text, words
    rows = [row.get("id") for row in page.all("li", class_="item")]
    assert rows == [f"item-enrolment-{enrolment_id}", f"item-sign_up-{family_id}"]


def test_filter_keeps_one_kind_and_an_unknown_one_keeps_all(clerk: Client) -> None:
    pending_enrolment()
    factories.make_pending_family()
    assert len(clerk.get(f"{QUEUE}?type=comptes").all("li", class_="item")) == 1
    assert "Léa TEST" not in clerk.get(f"{QUEUE}?type=comptes").text
    assert "NOUVEAU" not in clerk.get(f"{QUEUE}?type=inscriptions").text
    assert len(clerk.get(f"{QUEUE}?type=autre").all("li", class_="item")) == 2


def test_empty_queue_says_that_all_is_done(clerk: Client) -> None:
    assert "Tout est traité" in clerk.get(QUEUE).text
    factories.make_pending_family()
    assert "Voir toutes les demandes" in clerk.get(f"{QUEUE}?type=inscriptions").text


def test_clerk_accepts_an_account_in_one_click(clerk: Client) -> None:
    family_id = factories.make_pending_family()
    clerk.get(f"{QUEUE}?type=comptes")
    page = clerk.submit(f"{QUEUE}/comptes/{family_id}/accepter")
    assert page.path == f"{QUEUE}?type=comptes"
    assert "Le compte de la famille NOUVEAU Alix est activé" in page.text
    assert status_of(family_id) is FamilyStatus.ACTIVE
    assert mails() == ["activation"]


def test_clerk_refuses_an_account_with_a_reason_in_the_mail(clerk: Client) -> None:
    family_id = factories.make_pending_family()
    clerk.get(QUEUE)
    page = clerk.submit(f"{QUEUE}/comptes/{family_id}/refuser", reason="Vous habitez hors du territoire.")
    assert "est refusée" in page.text
    assert status_of(family_id) is FamilyStatus.REFUSED
    assert "Vous habitez hors du territoire." in db.session.scalars(select(OutboxMail.body)).one()


@pytest.mark.parametrize(
    ("typed", "said"), [("", "Indiquez le motif"), ("   ", "Indiquez le motif"), ("x" * 501, "trop long")]
)
def test_refusal_needs_a_reason_and_keeps_what_was_typed(clerk: Client, typed: str, said: str) -> None:
    family_id = factories.make_pending_family()
    other_id = factories.make_pending_family("AUTRE")
    clerk.get(QUEUE)
    page = clerk.submit(f"{QUEUE}/comptes/{family_id}/refuser", status=422, reason=typed)
    assert said in page.text
    assert page.value("reason", f"{QUEUE}/comptes/{family_id}/refuser") == typed.strip()
    assert page.value("reason", f"{QUEUE}/comptes/{other_id}/refuser") == ""
    assert page.by_id(f"item-sign_up-{family_id}").find("details").get("open") is not None  # type: ignore[union-attr]
    assert status_of(family_id) is FamilyStatus.PENDING
    assert mails() == []


def test_reason_takes_whatever_is_typed(clerk: Client) -> None:
    family_id = factories.make_pending_family()
    clerk.get(QUEUE)
    late_page = clerk.page
    clerk.submit(f"{QUEUE}/comptes/{family_id}/refuser", reason="Hors\0 du territoire", status=400)
    clerk.page = late_page
    clerk.submit(f"{QUEUE}/comptes/{family_id}/refuser", reason="Hors du\r\n<b>territoire</b> {{ secret }} [[secret]]")
    assert status_of(family_id) is FamilyStatus.REFUSED


def test_under_htmx_the_row_answers_alone_with_the_counts(clerk: Client) -> None:
    family_id = factories.make_pending_family()
    enrolment_id, _family = pending_enrolment()
    clerk.get(QUEUE)
    refused = clerk.submit(f"{QUEUE}/comptes/{family_id}/refuser", status=422, htmx=True, reason="")
    assert refused.is_fragment
    assert "Indiquez le motif" in refused.text
    assert "Léa" not in refused.text
    clerk.get(QUEUE)
    decided = clerk.submit(f"{QUEUE}/inscriptions/{enrolment_id}/accepter", status=200, htmx=True)
    assert decided.is_fragment
    assert "L’inscription de Léa TEST à « Mercredi » est acceptée" in decided.text
    assert "Inscriptions 0" in decided.text
    assert enrolment_status(enrolment_id) is EnrolmentStatus.ACCEPTED


def test_clerk_accepts_and_refuses_enrolments_and_parents_are_told(clerk: Client) -> None:
    first, family = pending_enrolment()
    second = factories.enrol(
        factories.make_child(family, "Hugo"), family, factories.make_activity("Périscolaire"), EnrolmentStatus.REQUESTED
    )
    clerk.get(QUEUE)
    clerk.submit(f"{QUEUE}/inscriptions/{first}/accepter")
    clerk.submit(f"{QUEUE}/inscriptions/{second}/refuser", reason="Le groupe est complet.")
    assert enrolment_status(first) is EnrolmentStatus.ACCEPTED
    assert enrolment_status(second) is EnrolmentStatus.REFUSED
    assert mails() == ["enrolment_accepted", "enrolment_refused"]


@pytest.mark.parametrize("htmx", [False, True])
def test_a_full_group_is_said_with_its_numbers_and_a_reason_or_the_waiting_list_goes_on(
    clerk: Client, htmx: bool
) -> None:
    activity, family = factories.make_activity(), factories.make_family()
    with write_transaction() as session:
        save_enrolment_rules(session, activity.id, EnrolmentRules(places=(GroupPlaces(activity.group_id, 1),)))
    first, *asked = (
        factories.enrol(factories.make_child(family, name), family, activity, EnrolmentStatus.REQUESTED)
        for name in ("Léa", "Hugo", "Zoé")
    )
    clerk.get(QUEUE)
    clerk.submit(f"{QUEUE}/inscriptions/{first}/accepter")
    clerk.get(QUEUE)
    accept = f"{QUEUE}/inscriptions/{asked[0]}/accepter"
    full = clerk.submit(accept, status=409, htmx=htmx)
    assert full.is_fragment is htmx and "est complet : 1 enfant inscrit pour 1 place." in full.text
    token = {"csrf_token": full.all("input", name="csrf_token")[0].get("value")}
    again = clerk.post(accept, {**token, "despite": "1", "reason": " "}, status=422, htmx=htmx)
    assert "pour 1 place. Indiquez le motif" in again.text  # beside the field
    assert enrolment_status(asked[0]) is EnrolmentStatus.REQUESTED
    clerk.post(accept, {**token, "despite": "1", "reason": "Fratrie."}, status=200 if htmx else 303, htmx=htmx)
    assert enrolment_status(asked[0]) is EnrolmentStatus.ACCEPTED
    assert "Fratrie." in clerk.get(f"/gestion/familles/{family.family_id}").text
    clerk.get(QUEUE)
    listed = clerk.submit(f"{QUEUE}/inscriptions/{asked[1]}/liste-d-attente", status=200 if htmx else None, htmx=htmx)
    assert enrolment_status(asked[1]) is EnrolmentStatus.WAITING
    assert "sur liste d’attente" in listed.text
    clerk.post(accept.replace(str(asked[0]), str(asked[1])), token, status=409)
    parent = clerk.sign_in(family.user_id).get("/mes-inscriptions")
    assert "Votre demande est sur liste d’attente, au rang 1 dans l’ordre d’arrivée." in parent.text


@pytest.mark.parametrize("htmx", [False, True])
def test_second_agent_on_the_same_row_reads_who_was_faster(clerk: Client, htmx: bool) -> None:
    family_id = factories.make_pending_family()
    clerk.get(QUEUE)
    late_page = clerk.page
    clerk.submit(f"{QUEUE}/comptes/{family_id}/accepter")
    for address, fields in (("accepter", {}), ("refuser", {"reason": "Trop tard."}), ("refuser", {"reason": ""})):
        clerk.page = late_page
        page = clerk.submit(f"{QUEUE}/comptes/{family_id}/{address}", status=409, htmx=htmx, **fields)
        assert "Déjà traité : Camille AGENT a accepté cette demande le 23/11/2026 à 08:30." in page.text
        assert page.is_fragment is htmx
    assert status_of(family_id) is FamilyStatus.ACTIVE
    assert mails() == ["activation"]


def test_nobody_decides_on_their_own_family(client: Client) -> None:
    agent_id = factories.make_staff(Role.FILE_CLERK, email="agent@example.org")
    own = factories.make_pending_family(email="agent@example.org")
    family = factories.make_family(user_id=agent_id)
    enrolment_id = factories.enrol(
        factories.make_child(family), family, factories.make_activity(), EnrolmentStatus.REQUESTED
    )
    client.sign_in(agent_id)
    page = client.get(QUEUE)
    assert page.text.count("C’est votre propre famille") == 2
    assert not page.all("form", class_="accept")
    token = {"csrf_token": client.get(f"/gestion/familles/{own}").value("csrf_token", "/deconnexion")}
    assert "votre propre famille" in client.post(f"{QUEUE}/comptes/{own}/accepter", token, status=403).text
    client.post(f"{QUEUE}/inscriptions/{enrolment_id}/accepter", token, status=403)
    assert status_of(own) is FamilyStatus.PENDING
    assert enrolment_status(enrolment_id) is EnrolmentStatus.REQUESTED


def test_families_and_children_that_look_alike_are_pointed_out(clerk: Client) -> None:
    known = factories.make_family("Lefèvre", "Zoé")
    child_id = factories.make_child(known, "Tom", last_name="Lefèvre")
    factories.make_pending_family("LEFEVRE", "Zoe")
    factories.make_pending_family("ZOE", "LEFEVRE")
    factories.make_pending_family("MARTIN", "Zoe")
    other = factories.make_family("MARTIN", "Paul")
    twin = factories.make_child(other, "TOM", last_name="Lefevre")
    factories.enrol(twin, other, factories.make_activity(), EnrolmentStatus.REQUESTED)
    page = clerk.get(QUEUE)
    assert page.text.count("Doublon possible") == 3
    assert f"/gestion/familles/{known.family_id}" in page.links()
    assert "Un autre dossier a un enfant du même nom" in page.text
    assert child_id != twin


def test_site_director_sees_enrolments_and_bookings_only(client: Client) -> None:
    enrolment_id, _family = pending_enrolment()
    family_id = factories.make_pending_family()
    client.sign_in(factories.make_staff(Role.SITE_DIRECTOR))
    page = client.get(f"{QUEUE}?type=comptes")
    assert "Inscriptions 1 Réservations 0" in page.text
    assert "NOUVEAU" not in page.text and "Comptes" not in page.text
    token = {"csrf_token": page.value("csrf_token", "/deconnexion")}
    client.post(f"{QUEUE}/comptes/{family_id}/accepter", token, status=403)
    client.get(QUEUE)
    client.submit(f"{QUEUE}/inscriptions/{enrolment_id}/accepter")
    assert status_of(family_id) is FamilyStatus.PENDING


@pytest.mark.parametrize(
    ("role", "start"),
    [
        (Role.FILE_CLERK, QUEUE),
        (Role.ADMINISTRATOR, QUEUE),
        (Role.SITE_DIRECTOR, QUEUE),
        (Role.REGISSEUR, QUEUE),
        (Role.READ_ONLY, "/gestion/planning"),
        (Role.YOUTH_WORKER, "/gestion/pointage"),
        (Role.KITCHEN, "/gestion/fiches"),
    ],
)
def test_each_role_starts_at_its_first_section(client: Client, role: Role, start: str) -> None:
    client.sign_in(factories.make_staff(role))
    page = client.get("/gestion", follow=True)
    assert page.path == start
    if start != QUEUE:
        client.get(QUEUE, status=403)
        assert QUEUE not in page.links()


def test_unknown_rows_are_not_found(clerk: Client) -> None:
    token = {"csrf_token": clerk.get(QUEUE).value("csrf_token", "/deconnexion")}
    for address in ("comptes/999/accepter", "inscriptions/999/accepter"):
        clerk.post(f"{QUEUE}/{address}", token, status=404)
        clerk.post(f"{QUEUE}/{address.replace('accepter', 'refuser')}", token | {"reason": "non"}, status=404)


def test_queue_costs_the_same_whatever_waits(clerk: Client) -> None:
    enrolment_id, family = pending_enrolment()
    factories.make_pending_family()
    clerk.get(QUEUE)
    few = len(clerk.get(QUEUE).queries)
    for number in range(6):
        factories.make_pending_family(f"FAMILLE{number}")
        activity = factories.make_activity(f"Activité {number}")
        factories.enrol(factories.make_child(family, f"Enfant{number}"), family, activity, EnrolmentStatus.REQUESTED)
    clerk.get(QUEUE)
    assert len(clerk.get(QUEUE).queries) == few <= 12
    assert db.session.scalar(select(func.count()).select_from(Enrolment)) == 7
    assert enrolment_id
