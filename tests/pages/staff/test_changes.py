"""« À traiter », what families ask to change: old beside new, accepted, corrected, refused, one by one or several."""

import pytest
from sqlalchemy import select

from app.database import db, write_transaction
from app.models.changes import ChangeRequest
from app.models.families import Family, FamilyAddress, Regime
from app.rules.capabilities import Role
from app.rules.states import ChangeStatus
from app.services import change_requests
from tests import factories
from tests.client import Client
from tests.factories import ask_change, make_family

QUEUE = "/gestion/a-traiter"
MOVE = {"number": "3", "street": "Rue du Moulin", "city": "Moreuil"}


@pytest.fixture
def clerk(sqlite_client: Client) -> Client:
    return sqlite_client.sign_in(factories.make_staff(Role.FILE_CLERK))


def status(request_id: int) -> ChangeStatus:
    db.session.rollback()
    return db.session.get_one(ChangeRequest, request_id).status


def set_regime(family: factories.FamilySetup, regime: Regime) -> None:
    with write_transaction() as session:
        session.get_one(Family, family.family_id).regime = regime


def test_row_shows_old_beside_new_and_accepts_in_one_click(clerk: Client) -> None:
    family = make_family()
    request_id = ask_change(family, **MOVE)
    page = clerk.get(QUEUE)
    for words in ("Tout 1", "Dossiers 1", "TEST Fabrice", "Ville Démuin Moreuil", "Numéro 12 3"):
        assert words in page.text, words
    page = clerk.submit(f"{QUEUE}/demandes/{request_id}/accepter", starts_on="01/11/2026")
    assert "La demande de la famille TEST Fabrice est acceptée" in page.text
    days = select(FamilyAddress.starts_on).order_by(FamilyAddress.starts_on.desc())
    assert str(db.session.scalars(days).first()) == "2026-11-01"


@pytest.mark.parametrize("htmx", [False, True])
def test_refusal_needs_a_reason_and_a_day_is_a_day(clerk: Client, htmx: bool) -> None:
    request_id = ask_change(make_family(), **MOVE)
    clerk.get(QUEUE)
    page = clerk.submit(f"{QUEUE}/demandes/{request_id}/refuser", status=422, htmx=htmx, reason="")
    assert "Indiquez le motif" in page.text
    clerk.get(QUEUE)
    page = clerk.submit(f"{QUEUE}/demandes/{request_id}/accepter", status=422, htmx=htmx, starts_on="un jour")
    assert "Indiquez depuis quand" in page.text
    clerk.get(QUEUE)
    clerk.submit(f"{QUEUE}/demandes/{request_id}/refuser", reason="Il manque un justificatif.")
    assert status(request_id) is ChangeStatus.REFUSED


def test_agent_corrects_then_accepts(clerk: Client) -> None:
    family = make_family()
    request_id = ask_change(family, regime="general", fund_number="12345")
    clerk.get(QUEUE)
    clerk.get(f"{QUEUE}/demandes/{request_id}")
    page = clerk.submit("change", status=422, fund_number="douze")
    assert "Un numéro d’allocataire est fait de chiffres" in page.text
    assert page.value("fund_number", "change") == "douze"
    page = clerk.submit("change", fund_number="123456")
    assert page.path == f"{QUEUE}?type=demandes" and "est acceptée" in page.text
    row = db.session.get_one(Family, family.family_id)
    assert (row.fund_number, row.regime, row.last_name) == ("123456", Regime.GENERAL, "TEST")
    parent = clerk.sign_in(family.user_id).get("/ma-famille")
    assert "Enregistré, après correction par nos services :" in parent.text
    assert "Num. allocataire 123456." in parent.text


@pytest.mark.parametrize("htmx", [False, True])
def test_three_values_are_shown_when_the_file_has_moved(clerk: Client, htmx: bool) -> None:
    family = make_family()
    request_id = ask_change(family, regime="general")
    set_regime(family, Regime.OTHER)
    clerk.get(QUEUE)
    address = f"{QUEUE}/demandes/{request_id}"
    answer = clerk.submit(f"{address}/accepter", status=204 if htmx else 303, follow=False, htmx=htmx)
    assert (answer.headers["HX-Redirect"] if htmx else answer.location) == address
    page = clerk.get(address)
    assert "À la demande : « vide ». Aujourd’hui : « Autre régime ». Demandé : « Régime général (CAF) »." in page.text
    set_regime(family, Regime.NONE)  # moved again
    page = clerk.submit("change", status=409)
    assert "Quelqu’un d’autre vient de changer ce champ : « Aucun »." in page.text
    clerk.submit("change")
    assert db.session.get_one(Family, family.family_id).regime is Regime.GENERAL


@pytest.mark.parametrize("htmx", [False, True])
def test_what_the_family_changed_meanwhile_is_read_again_first(clerk: Client, htmx: bool) -> None:
    family = make_family()
    request_id = ask_change(family, regime="general")
    clerk.get(QUEUE)
    ask_change(family, regime="agricultural")
    page = clerk.submit(f"{QUEUE}/demandes/{request_id}/accepter", status=409, htmx=htmx)
    assert "La famille vient de modifier sa demande." in page.text and "MSA" in page.text
    old = clerk.get(QUEUE)
    with write_transaction() as session:
        change_requests.withdraw(session, family.family_id, request_id)
    clerk.page = old
    page = clerk.submit(f"{QUEUE}/demandes/{request_id}/accepter", status=409, htmx=htmx)
    assert "Trop tard : la famille TEST Fabrice a retiré sa demande." in page.text


def test_several_are_accepted_at_once_with_a_report_of_each(clerk: Client) -> None:
    good, moved, changed, decided = (make_family(name) for name in ("BON", "BOUGE", "CHANGE", "DECIDE"))
    ids_in_order = [ask_change(family, regime="general") for family in (good, moved, changed, decided)]
    page = clerk.get(f"{QUEUE}?type=demandes")
    boxes = [box.get("value") for box in page.all("input", name="ticked")]
    assert boxes == [f"{request_id}:1" for request_id in ids_in_order]
    set_regime(moved, Regime.OTHER)
    ask_change(changed, regime="agricultural")
    colleague = factories.make_staff(Role.FILE_CLERK)
    with write_transaction() as session:
        change_requests.refuse(session, ids_in_order[3], colleague, "non")
    sent = [("csrf_token", page.value("csrf_token", "batch") or ""), *(("ticked", box or "") for box in boxes)]
    answer = clerk.post(f"{QUEUE}/demandes/accepter", sent, status=303)
    page = clerk.get(answer.location)
    for words in ("BON Fabrice est acceptée", "BOUGE Fabrice : le dossier a changé", "CHANGE Fabrice : la famille vient",
                  "Déjà traité : Camille AGENT a refusé"):  # fmt: skip
        assert words in page.text, words
    assert [status(request_id) for request_id in ids_in_order] == [
        ChangeStatus.ACCEPTED, ChangeStatus.PENDING, ChangeStatus.PENDING, ChangeStatus.REFUSED,
    ]  # fmt: skip


def test_address_whose_commune_left_the_list_is_corrected_first(clerk: Client) -> None:
    family, other = make_family(), make_family("AUTRE")
    moving, following = ask_change(family, postal_code="80110", city="Ailleurs", street="Rue Neuve"), ask_change(other)
    clerk.get(f"{QUEUE}?type=demandes")
    page = clerk.submit(f"{QUEUE}/demandes/{moving}/accepter", status=409)
    assert "La commune demandée n’est plus dans notre liste." in page.text and status(moving) is ChangeStatus.PENDING
    sent = [("csrf_token", page.value("csrf_token", "batch") or "")]
    sent += [("ticked", f"{request_id}:1") for request_id in (moving, following)]
    page = clerk.get(clerk.post(f"{QUEUE}/demandes/accepter", sent, status=303).location)
    assert "TEST Fabrice : la commune demandée" in page.text and status(following) is ChangeStatus.ACCEPTED


def test_own_family_is_a_colleagues(sqlite_client: Client) -> None:
    agent = factories.make_staff(Role.FILE_CLERK)
    request_id = ask_change(make_family(user_id=agent))
    page = sqlite_client.sign_in(agent).get(QUEUE)
    assert "C’est votre propre famille" in page.text and not page.all("input", name="ticked")
    assert "C’est votre propre famille" in sqlite_client.get(f"{QUEUE}/demandes/{request_id}").text
    token = {"csrf_token": page.value("csrf_token", "/deconnexion"), "version": "1"}
    sqlite_client.post(f"{QUEUE}/demandes/{request_id}/accepter", token, status=403)
    assert status(request_id) is ChangeStatus.PENDING


def test_queue_costs_the_same_however_many_ask(clerk: Client) -> None:
    ask_change(make_family())
    clerk.get(QUEUE)
    few = len(clerk.get(QUEUE).queries)
    for number in range(5):
        ask_change(make_family(f"FAMILLE{number}"))
    assert len(clerk.get(QUEUE).queries) == few <= 12
