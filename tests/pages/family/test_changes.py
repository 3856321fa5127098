"""What parents ask to change: shown beside each field, replaced, taken back; kept through errors and ended sessions."""

import pytest
from sqlalchemy import select

from app.database import db, write_transaction
from app.models.changes import ChangeRequest
from app.models.families import Family, FamilyAddress
from app.rules.changes import FieldPolicy
from app.rules.file_fields import FileField, FileKind
from app.rules.states import ChangeStatus
from app.services.field_settings import save_policies
from app.services.file_histories import read_changes
from tests import factories
from tests.client import Answer, Client
from tests.factories import FamilySetup

COORDINATES = "/ma-famille/coordonnees"
TYPED = {
    "last_name": "TEST", "first_name": "Fabrice", "mobile_phone": "06 00 00 00 07", "number": "3",
    "street": "Rue du Moulin", "postal_code": "80110", "city": "Moreuil", "regime": "general",
    "fund_number": "123456", "fund_holder_name": "Fabrice TEST",
}  # fmt: skip


@pytest.fixture
def family(sqlite_client: Client) -> FamilySetup:
    family = factories.make_family()
    sqlite_client.sign_in(family.user_id)
    return family


def save(client: Client, status: int | None = None, *, htmx: bool = False, **typed: str) -> Answer:
    client.get(COORDINATES)
    return client.submit("coordinates", status=status, htmx=htmx, **{**TYPED, **typed})


def requests() -> list[ChangeRequest]:
    db.session.rollback()
    return list(db.session.scalars(select(ChangeRequest).order_by(ChangeRequest.id)))


def asked(request: ChangeRequest) -> dict[str, str]:
    return {name: c.after for name, c in read_changes(request.body).items() if c.before != c.after}


def choose(policy: FieldPolicy, *fields: FileField) -> None:
    with write_transaction() as session:
        save_policies(session, dict.fromkeys(fields, policy))


def test_free_fields_apply_and_the_rest_is_one_request(sqlite_client: Client, family: FamilySetup) -> None:
    page = save(sqlite_client)
    assert "Votre demande est envoyée : adresse, régime allocataire, num. allocataire et nom allocataire." in page.text
    assert "Le reste est enregistré." in page.text
    row = db.session.get_one(Family, family.family_id)
    assert (row.mobile_phone, row.regime) == ("+33600000007", None)
    assert len(db.session.scalars(select(FamilyAddress)).all()) == 1
    (request,) = requests()
    assert (request.kind, request.status) == (FileKind.COORDINATES, ChangeStatus.PENDING)
    assert asked(request)["fund_number"] == "123456"
    page = sqlite_client.get(COORDINATES)
    assert page.value("regime", "coordinates") == "general"
    assert "En attente de validation : « Régime général (CAF) ». Aujourd’hui : « vide »." in page.text
    assert (
        "régime allocataire" not in sqlite_client.get("/ma-famille").text.split("Vos demandes")[0]
    )  # given, so no gap
    assert len(sqlite_client.get("/ma-famille").queries) <= 12 and len(page.queries) <= 12


def test_second_value_takes_the_place_of_the_first_and_the_stored_one_takes_it_back(
    sqlite_client: Client, family: FamilySetup
) -> None:
    save(sqlite_client)
    page = save(sqlite_client)  # the same again
    assert "Rien n’a changé." in page.text and requests()[0].version == 1
    save(sqlite_client, number="5", regime="agricultural")
    (request,) = requests()
    assert request.version == 2
    assert (asked(request)["number"], asked(request)["regime"]) == ("5", "agricultural")
    page = save(sqlite_client, number="12", street="rue des Tilleuls", city="Démuin", regime="agricultural")
    assert "Votre demande est retirée : adresse." in page.text
    assert set(asked(requests()[0])) == {"regime", "fund_number", "fund_holder_name"}


def test_request_is_listed_and_may_be_withdrawn_once(sqlite_client: Client, family: FamilySetup) -> None:
    save(sqlite_client)
    (request,) = requests()
    page = sqlite_client.get("/ma-famille")
    for words in ("Vos demandes", "En attente de validation", "Régime allocataire : vide → Régime général (CAF)"):
        assert words in page.text
    form = sqlite_client.page
    page = sqlite_client.submit(f"/ma-famille/demandes/{request.id}/retirer")
    assert "Votre demande est retirée." in page.text and "Vos demandes" not in page.text
    assert requests()[0].status is ChangeStatus.WITHDRAWN
    sqlite_client.page = form
    page = sqlite_client.submit(f"/ma-famille/demandes/{request.id}/retirer")
    assert "Trop tard" in page.text


@pytest.mark.parametrize("htmx", [False, True])
def test_both_parents_on_one_field_see_each_other(sqlite_client: Client, family: FamilySetup, htmx: bool) -> None:
    mine = sqlite_client.get(COORDINATES)
    save(sqlite_client, number="5")
    sqlite_client.page = mine
    page = sqlite_client.submit(
        "coordinates", status=409, htmx=htmx, **TYPED | {"number": "7", "mobile_phone": "06 00 00 00 08"}
    )
    assert "Quelqu’un d’autre vient de changer ce champ : « 5 »." in page.text
    assert page.value("number", "coordinates") == "7"
    assert asked(requests()[0])["number"] == "5"
    sqlite_client.page = page
    sqlite_client.submit("coordinates")  # once more: it is meant
    assert asked(requests()[0])["number"] == "7"


@pytest.mark.parametrize("htmx", [False, True])
def test_form_survives_an_error_and_a_second_tap(sqlite_client: Client, family: FamilySetup, htmx: bool) -> None:
    page = save(sqlite_client, 422, htmx=htmx, fund_number="", complement="Étage 2")
    assert "Indiquez votre numéro d’allocataire" in page.text
    assert page.value("complement", "coordinates") == "Étage 2"
    sqlite_client.page = page
    for _tap in range(2):
        sqlite_client.page = page
        sqlite_client.submit("coordinates", fund_number="123456")
    (request,) = requests()
    assert (asked(request)["complement"], request.version) == ("Étage 2", 1)


def test_read_only_field_is_shown_and_stays(sqlite_client: Client, family: FamilySetup) -> None:
    choose(FieldPolicy.READ_ONLY, FileField.FAMILY_REGIME, FileField.FAMILY_LAST_NAME)
    page = save(sqlite_client, last_name="AUTRE")  # no regime yet, and no way to give one
    assert requests()[0].kind is FileKind.COORDINATES
    assert {"regime", "last_name"}.isdisjoint(asked(requests()[0]))
    assert "Seuls nos services peuvent changer ce champ." in sqlite_client.get(COORDINATES).text
    assert page.path == "/ma-famille/famille"


def test_staff_may_approve_new_children_and_parents(sqlite_client: Client, family: FamilySetup) -> None:
    choose(FieldPolicy.APPROVAL, FileField.ADDED_CHILD, FileField.ADDED_GUARDIAN)
    form = sqlite_client.get("/ma-famille/enfants/nouveau")
    for _tap in range(2):
        sqlite_client.page = form
        page = sqlite_client.submit("child", last_name="TEST", first_name="Zoé", birth_date="2019-02-28")
        assert "Votre demande est envoyée." in page.text and "Ajout d’un enfant : Zoé TEST" in page.text
    sqlite_client.get("/ma-famille/parents/nouveau")
    sqlite_client.submit("guardian", title="madam", last_name="TEST", first_name="Sophie", home="family")
    assert [row.kind for row in requests()] == [FileKind.NEW_CHILD, FileKind.NEW_GUARDIAN]
    assert "Sophie" not in sqlite_client.get("/ma-famille/parents").text
    choose(FieldPolicy.READ_ONLY, FileField.ADDED_CHILD)
    sqlite_client.page = form
    sqlite_client.submit("child", status=404, last_name="TEST", first_name="Tom", birth_date="2019-02-28")
    assert "Ajouter une personne" not in sqlite_client.get("/ma-famille").text


def test_identity_that_parents_may_correct_alone_promises_no_approval(
    sqlite_client: Client, family: FamilySetup
) -> None:
    child = factories.make_child(family)
    factories.enrol(child, family, factories.make_activity())
    address = f"/ma-famille/enfants/{child}/identite"
    assert "Nous validons les corrections" in sqlite_client.get(address).text
    choose(FieldPolicy.EDITABLE, FileField.CHILD_LAST_NAME, FileField.CHILD_FIRST_NAME, FileField.CHILD_BIRTH_DATE)
    assert "Nous validons les corrections" not in sqlite_client.get(address).text


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ({"arrangement": ""}, "Choisissez une réponse."),
        ({"arrangement": "one_parent"}, "Indiquez le nom du parent"),
        ({"arrangement": "alternating"}, "Indiquez les semaines"),
        ({"arrangement": "other"}, "Dites en quelques mots"),
    ],
)
def test_custody_needs_what_its_answer_means(
    sqlite_client: Client, family: FamilySetup, typed: dict[str, str], said: str
) -> None:
    child = factories.make_child(family)
    sqlite_client.get(f"/ma-famille/enfants/{child}/lieu-de-vie")
    assert said in sqlite_client.submit("custody", status=422, **typed).text


def test_custody_is_each_homes_own_and_waits(sqlite_client: Client, family: FamilySetup) -> None:
    child, other = factories.make_child(family), factories.make_family("AUTRE")
    factories.share_child(child, other)
    address = f"/ma-famille/enfants/{child}/lieu-de-vie"
    sqlite_client.get(address)
    page = sqlite_client.submit("custody", arrangement="alternating", weeks="even", with_whom="Personne")
    assert "Votre demande est envoyée : avec qui l’enfant vit." in page.text
    assert asked(requests()[0]) == {"arrangement": "alternating", "weeks": "even"}
    page = sqlite_client.sign_in(other.user_id).get(address)
    assert page.value("arrangement", "custody") is None
