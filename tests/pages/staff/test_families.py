"""« Familles »: found without accents, the file, and an account that was never confirmed."""

import pytest
from sqlalchemy import select

from app import clock
from app.database import db, write_transaction
from app.models.families import Child, FamilyQuotient, Guardian
from app.models.mails import OutboxMail
from app.rules.capabilities import Role
from app.rules.states import EnrolmentStatus
from app.services import sign_ups
from tests import factories
from tests.client import Client

FAMILIES = "/gestion/familles"


@pytest.fixture
def clerk(client: Client) -> Client:
    return client.sign_in(factories.make_staff(Role.FILE_CLERK, email="agent@example.org"))


@pytest.fixture
def clerk_id(app: object) -> int:
    return factories.make_staff(Role.FILE_CLERK)


def accepted_family(clerk_id: int, email: str = "alix@example.org") -> int:
    family_id = factories.make_pending_family(email=email)
    with write_transaction() as session:
        sign_ups.accept_sign_up(session, family_id, clerk_id)
    return family_id


@pytest.mark.parametrize(
    "text",
    [
        "lefevre",
        "LEFÈVRE zoé",
        "zoé lefèvre",
        "  Lefèvre   Zoe ",
        "zoe.lefevre@EXAMPLE.org",
        "zoe.lef",
        "noa",
        "NOÄ lefevre",
        "d'arc",
    ],
)
def test_clerk_finds_a_family_by_name_child_or_email_without_accents(clerk: Client, text: str) -> None:
    family = factories.make_family("Lefèvre", "Zoé", email="zoe.lefevre@example.org")
    factories.make_child(family, "Noa", last_name="D’Arc")
    factories.make_family("MARTIN", "Paul")
    clerk.get(FAMILIES)
    page = clerk.submit(FAMILIES, q=text)
    assert "Lefèvre Zoé" in page.text
    assert "MARTIN" not in page.text
    assert "1 famille" in page.text


@pytest.mark.parametrize("text", ["%", "_", "inconnu", "lefevre paul", "’", "\\"])
def test_search_without_result_says_what_to_try(clerk: Client, text: str) -> None:
    factories.make_family("LEFÈVRE", "Zoé")
    factories.make_family("MARTIN", "Paul")
    page = clerk.get(FAMILIES, query_string={"q": text})
    assert "Aucune famille ne correspond" in page.text


def test_families_found_are_taken_away(clerk: Client) -> None:
    first = factories.make_family("AAA")
    factories.make_child(first, "Léa", last_name="=AAA")
    factories.make_family("BBB")
    clerk.get("/gestion/familles")  # the settings are read once
    answer = clerk.get("/gestion/familles/fichier?q=AAA")
    head, *lines = answer.body.removeprefix("\ufeff").splitlines()
    assert head == "Famille;État;Adresse;Commune;Téléphone;Adultes;Emails;Enfants;Nombre d’enfants" and len(lines) == 1
    assert lines[0].startswith("AAA ") and "'=AAA Léa (14/05/2019);1" in lines[0] and "@example.org" in lines[0]
    assert len(clerk.get("/gestion/familles/fichier").queries) == len(answer.queries) <= 20
    assert "/gestion/familles/fichier?format=xlsx&q=AAA" in clerk.get("/gestion/familles?q=AAA").links()


def test_search_takes_whatever_is_typed(clerk: Client) -> None:
    factories.make_family("LEFÈVRE", "Zoé")
    for text in ("x" * 5000, "a " * 300, "😀", "' OR 1=1 --"):
        clerk.get(FAMILIES, query_string={"q": text})
    clerk.get(FAMILIES, query_string={"q": "lefe\0vre"}, status=400)


def test_search_follows_a_changed_name(clerk: Client) -> None:
    family = factories.make_family("ANCIEN", "Nom")
    child_id = factories.make_child(family, "Tom", last_name="ANCIEN")
    with write_transaction() as session:
        guardian = session.get_one(Guardian, family.guardian_id)
        guardian.last_name = "GÉRARD"
        session.get_one(Child, child_id).last_name = "NOËL"
    assert "1 famille" in clerk.get(f"{FAMILIES}?q=gerard").text
    assert "1 famille" in clerk.get(f"{FAMILIES}?q=noel").text


def test_long_list_comes_in_pages_at_a_constant_cost(clerk: Client) -> None:
    factories.make_family("AAA", "Anne")
    clerk.get(FAMILIES)
    few = len(clerk.get(FAMILIES).queries)
    for number in range(29):
        factories.make_child(factories.make_family(f"FAMILLE{number:02}", "Paul", user_id=None), "Tom")
    page = clerk.get(FAMILIES)
    assert len(page.queries) <= few + 1 <= 12  # the children's, of whom there were none
    assert "30 familles" in page.text
    assert "Page 1 sur 2" in page.text
    assert "AAA Anne" in page.text
    assert "FAMILLE28" in clerk.get(f"{FAMILIES}?page=2").text
    for wrong in ("99", "0", "-3", "x", "9" * 30):
        assert "sur 2" in clerk.get(f"{FAMILIES}?page={wrong}").text
    assert f"{FAMILIES}?page=2&q=famille" in clerk.get(f"{FAMILIES}?q=famille").links()


def test_file_shows_the_family_at_a_constant_cost(clerk: Client) -> None:
    family = factories.make_family(quotient_cents=45_000)
    other = factories.make_family("AUTRE", "Dominique")
    child_id = factories.make_child(family)
    factories.share_child(child_id, other)
    activity = factories.make_activity()
    factories.enrol(child_id, family, activity, EnrolmentStatus.REQUESTED)
    with write_transaction() as session:
        session.add(
            FamilyQuotient(family_id=family.family_id, value_cents=52_000, starts_on=factories.MONDAY.replace(day=1))
        )
    address = f"{FAMILIES}/{family.family_id}"
    clerk.get(address)
    page = clerk.get(address)
    assert page.heading == "Famille TEST Fabrice"
    for words in ("Active", "Mme Fabrice TEST", family.email, "Compte confirmé", "12 rue des Tilleuls, 80110 Démuin",
                  "06 00 00 00 00", "Léa TEST, 7 ans", "Aussi dans la famille AUTRE Dominique", "Mercredi", "Demandée",
                  "520,00 € à partir de novembre 2026 (Déclaré, sans justificatif) À vérifier", "450,00 € à partir de janvier 2026 (Déclaré, sans justificatif) Vérifié",
                  "Accord donné le"):  # fmt: skip
        assert words in page.text, words
    assert "Corriger l’adresse email" not in page.text
    few = len(page.queries)
    assert few <= 12
    for number in range(5):
        factories.enrol(factories.make_child(family, f"Enfant{number}"), family, activity)
    assert len(clerk.get(address).queries) == few


def test_unknown_family_is_not_found(clerk: Client) -> None:
    clerk.get(f"{FAMILIES}/999", status=404)
    token = {"csrf_token": clerk.get(FAMILIES).value("csrf_token", "/deconnexion")}
    clerk.post(f"{FAMILIES}/999/email", token | {"email": "a@example.org"}, status=404)
    clerk.post(f"{FAMILIES}/999/invitation", token, status=404)


def test_clerk_resends_an_invitation_and_older_links_end(clerk: Client, clerk_id: int) -> None:
    family_id = accepted_family(clerk_id)
    page = clerk.get(f"{FAMILIES}/{family_id}")
    assert "Invitation envoyée le 23/11/2026 à 08:30" in page.text
    page = clerk.submit(f"{FAMILIES}/{family_id}/invitation")
    assert "Une nouvelle invitation part vers alix@example.org" in page.text
    first, second = db.session.scalars(select(OutboxMail).order_by(OutboxMail.id)).all()
    assert (first.template, second.template) == ("activation", "activation")
    assert first.secret != second.secret


def test_expired_invitation_is_said(client: Client, clerk_id: int) -> None:
    family_id = accepted_family(clerk_id)
    clock.start_at(factories.NOW.replace(day=30, hour=9), frozen=True)
    page = client.sign_in(clerk_id).get(f"{FAMILIES}/{family_id}")
    assert "Invitation expirée envoyée le 23/11/2026 à 08:30" in page.text
    assert "Renvoyer l’invitation" in page.text


def test_clerk_corrects_the_address_of_an_invited_family(clerk: Client, clerk_id: int) -> None:
    family_id = accepted_family(clerk_id, "faux@example.org")
    clerk.get(f"{FAMILIES}/{family_id}")
    page = clerk.submit(f"{FAMILIES}/{family_id}/email", email=" Juste@Example.org ")
    assert "Un courriel part vers juste@example.org" in page.text
    mail = db.session.scalars(select(OutboxMail).order_by(OutboxMail.id.desc())).first()
    assert mail is not None
    assert (mail.template, mail.recipient) == ("activation", "juste@example.org")


def test_clerk_corrects_the_address_of_a_waiting_family_and_its_mail_is_sent_again(clerk: Client) -> None:
    family_id = factories.make_pending_family(email="faux@example.org")
    page = clerk.get(f"{FAMILIES}/{family_id}")
    assert "Ce compte attend une décision" in page.text
    assert "Renvoyer l’invitation" not in page.text
    clerk.submit(f"{FAMILIES}/{family_id}/email", email="juste@example.org")
    mail = db.session.scalars(select(OutboxMail)).one()
    assert (mail.template, mail.recipient) == ("sign_up_received", "juste@example.org")


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("", "Indiquez l’adresse email."),
        ("pas-une-adresse", "n’est pas complète"),
        ("pris@example.org", "déjà celle d’un autre compte"),
        ("x" * 260 + "@example.org", "au plus 120 caractères"),
    ],
)
def test_wrong_address_is_refused_beside_the_field(clerk: Client, clerk_id: int, typed: str, said: str) -> None:
    factories.make_family("AUTRE", email="pris@example.org")
    family_id = accepted_family(clerk_id)
    clerk.get(f"{FAMILIES}/{family_id}")
    page = clerk.submit(f"{FAMILIES}/{family_id}/email", status=422, email=typed)
    assert said in page.text
    assert page.value("email", f"{FAMILIES}/{family_id}/email") == typed
    assert len(db.session.scalars(select(OutboxMail)).all()) == 1


def test_confirmed_account_is_left_alone(clerk: Client) -> None:
    family = factories.make_family()
    token = {"csrf_token": clerk.get(f"{FAMILIES}/{family.family_id}").value("csrf_token", "/deconnexion")}
    clerk.post(f"{FAMILIES}/{family.family_id}/email", token | {"email": "autre@example.org"}, status=404)
    clerk.post(f"{FAMILIES}/{family.family_id}/invitation", token, status=404)
    assert db.session.scalars(select(Guardian.email)).one() == family.email


def test_who_may_only_look_has_no_button(client: Client, clerk_id: int) -> None:
    family_id = accepted_family(clerk_id)
    page = client.sign_in(factories.make_staff(Role.READ_ONLY)).get(f"{FAMILIES}/{family_id}")
    assert "Renvoyer l’invitation" not in page.text
    assert "Corriger" not in page.text
    token = {"csrf_token": page.value("csrf_token", "/deconnexion")}
    client.post(f"{FAMILIES}/{family_id}/invitation", token, status=403)
    client.post(f"{FAMILIES}/{family_id}/email", token, status=403)


def test_refused_family_shows_the_reason(clerk: Client, clerk_id: int) -> None:
    family_id = factories.make_pending_family()
    with write_transaction() as session:
        sign_ups.refuse_sign_up(session, family_id, clerk_id, "Hors du territoire.")
    page = clerk.get(f"{FAMILIES}/{family_id}")
    assert "Demande refusée le 23/11/2026 à 08:30 par Camille AGENT. Motif : Hors du territoire." in page.text
    assert "Corriger l’adresse" not in page.text
