"""« Parents »: every field of the guide, kept whatever happens; nobody overwrites what they have not seen."""

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from sqlalchemy import delete, select

from app.database import db, write_transaction
from app.forms.fields import LONGEST_NAME
from app.models.families import Guardian
from app.rules.file_fields import FileKind
from app.rules.states import FamilyStatus
from app.services import changes, guardians
from tests import factories
from tests.client import Client
from tests.factories import FamilySetup

MARIE = {
    "title": "madam", "last_name": "D’HOOGE-LEFÈVRE", "first_name": "Marie Ève", "situation": "civil_union",
    "birth_date": "1988-04-02", "home": "own", "number": "3", "repetition": "ter", "street": "Rue du Moulin",
    "complement": "Appartement 2", "postal_code": "80110", "city": "Moreuil", "email": "Marie@Example.org",
    "mobile_phone": "06 00 00 00 02", "home_phone": "03 22 00 00 02", "work_phone": "03 22 00 00 03",
    "work_mobile_phone": "06 00 00 00 03", "occupation": "executives", "profession": "Ingénieure",
    "employer": "Une entreprise",
}  # fmt: skip
LEAST = {"title": "mister", "last_name": "O", "first_name": "Ô", "home": "family"}


@pytest.fixture
def family(client: Client) -> FamilySetup:
    family = factories.make_family()
    client.sign_in(family.user_id)
    return family


def rows(family: FamilySetup) -> list[Guardian]:
    db.session.rollback()
    found = select(Guardian).where(Guardian.family_id == family.family_id).order_by(Guardian.id)
    return list(db.session.scalars(found))


def test_second_parent_is_added_with_every_field_of_the_guide(client: Client, family: FamilySetup) -> None:
    client.get("/ma-famille/famille")
    page = client.get("/ma-famille/parents")
    assert "Fabrice TEST" in page.text and "/ma-famille/parents/nouveau" in page.links()
    client.get("/ma-famille/parents/nouveau")
    page = client.submit("guardian", **MARIE)
    assert page.path == "/ma-famille/parents"
    assert "Cette personne fait maintenant partie de votre famille." in page.text
    assert "Marie Ève D’HOOGE-LEFÈVRE 06 00 00 00 02, marie@example.org" in page.text
    _, added = rows(family)
    assert added.user_id is None and added.mobile_phone == "+33600000002"
    page = client.get(f"/ma-famille/parents/{added.id}")
    assert page.heading == "Marie Ève D’HOOGE-LEFÈVRE"
    assert {name: page.value(name, "guardian") for name in MARIE} == {**MARIE, "email": "marie@example.org"}


def test_least_is_a_title_and_a_name_and_a_double_tap_is_one(client: Client, family: FamilySetup) -> None:
    form = client.get("/ma-famille/parents/nouveau")
    client.submit("guardian", **LEAST)
    client.page = form
    client.submit("guardian", **LEAST)
    client.page = form
    client.submit("guardian", **{**LEAST, "birth_date": "1960-01-01"})  # a father and his son of one name
    assert [row.first_name for row in rows(family)] == ["Fabrice", "Ô", "Ô"]


@pytest.mark.parametrize("is_htmx", [False, True])
def test_error_keeps_everything_that_was_typed(client: Client, family: FamilySetup, is_htmx: bool) -> None:
    client.get("/ma-famille/parents/nouveau")
    wrong = {**MARIE, "first_name": "", "postal_code": "80999", "mobile_phone": "06"}
    page = client.submit("guardian", status=422, htmx=is_htmx, **wrong)
    for sentence in ("Indiquez le prénom.", "Nous ne connaissons pas ce code postal.", "a dix chiffres"):
        assert sentence in page.text
    assert {name: page.value(name, "guardian") for name in MARIE} == wrong
    assert len(rows(family)) == 1
    client.page = page
    client.submit("guardian", first_name="Marie", postal_code="80110", mobile_phone="")
    assert rows(family)[1].employer == "Une entreprise"


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"title": ""}, "Choisissez la civilité."),
        ({"title": "miss"}, "Choisissez une réponse de la liste."),
        ({"last_name": "X9"}, "Utilisez seulement des lettres"),
        ({"birth_date": "2030-01-01"}, "Vérifiez l’année de naissance."),
        ({"birth_date": "0188-04-02"}, "Vérifiez l’année de naissance."),
        ({"home": ""}, "Choisissez une des deux réponses."),
        ({"street": ""}, "Indiquez la rue ou le lieu-dit."),
        ({"city": "Amiens"}, "Au code postal 80110 correspondent"),
        ({"number": "douze"}, "Indiquez seulement le numéro"),
        ({"email": "marie@"}, "Cette adresse n’est pas complète."),
        ({"occupation": "spy"}, "Choisissez une réponse de la liste."),
    ],
)
def test_wrong_answers_are_refused_kindly(
    client: Client, family: FamilySetup, changes: dict[str, str], sentence: str
) -> None:
    client.get("/ma-famille/parents/nouveau")
    page = client.submit("guardian", status=422, **{**MARIE, **changes})
    assert sentence in page.text
    assert len(rows(family)) == 1


def test_address_is_the_familys_unless_another_is_given(client: Client, family: FamilySetup) -> None:
    client.get("/ma-famille/parents/nouveau")
    client.submit("guardian", **{**MARIE, "home": "family", "street": "", "postal_code": "1"})
    added = rows(family)[1]
    assert (added.street, added.city) == ("", "")
    client.get(f"/ma-famille/parents/{added.id}")
    client.submit("guardian", home="own", street="La Ferme", postal_code="", city="Moreuil")  # no number: a lieu-dit
    lives_at = guardians.guardian_of(family.family_id, added.id).values
    assert (lives_at["street"], lives_at["postal_code"], lives_at["city"]) == ("La Ferme", "80110", "Moreuil")
    client.get(f"/ma-famille/parents/{added.id}")
    client.submit("guardian", home="family")
    assert guardians.guardian_of(family.family_id, added.id).values["home"] == "family"


def test_two_parents_may_share_an_address_of_email(client: Client, family: FamilySetup) -> None:
    client.get("/ma-famille/parents/nouveau")
    client.submit("guardian", **{**LEAST, "email": family.email.upper()})
    assert [row.email for row in rows(family)] == [family.email] * 2


def test_address_that_signs_in_is_not_changed_here(client: Client, family: FamilySetup) -> None:
    page = client.get(f"/ma-famille/parents/{family.guardian_id}")
    assert family.email in page.text and "Cette adresse sert aussi à se connecter." in page.text
    shown = guardians.guardian_of(family.family_id, family.guardian_id).values
    with write_transaction() as session:  # a forged form
        typed = {**shown, "first_name": "Fabien", "email": "intrus@example.org"}
        changes.save(session, family.family_id, family.user_id, FileKind.GUARDIAN, family.guardian_id, shown, typed)
    (row,) = rows(family)
    assert (row.first_name, row.email) == ("Fabien", family.email)


def test_change_of_the_other_parent_is_shown_and_kept(client: Client, family: FamilySetup) -> None:
    address = f"/ma-famille/parents/{family.guardian_id}"
    mine = client.get(address)
    client.submit("guardian", mobile_phone="06 00 00 00 09", profession="Boulangère")
    client.page = mine
    page = client.submit("guardian", status=409, mobile_phone="06 00 00 00 05", employer="La Mairie")
    assert "« 06 00 00 00 09 »" in page.text
    assert page.value("mobile_phone", "guardian") == "06 00 00 00 05"
    assert rows(family)[0].employer == ""  # nothing is stored while there is a conflict
    client.submit("guardian")  # once more: it is meant
    row = rows(family)[0]
    assert (row.mobile_phone, row.employer, row.profession) == ("+33600000005", "La Mairie", "Boulangère")


def test_two_changes_of_one_address_never_make_a_third(client: Client, family: FamilySetup) -> None:
    address = f"/ma-famille/parents/{family.guardian_id}"
    client.get(address)
    client.submit("guardian", home="own", number="1", street="Rue A", postal_code="80110", city="Moreuil")
    mine = client.get(address)
    client.submit("guardian", street="Rue B")
    client.page = mine
    page = client.submit("guardian", status=409, number="2")
    assert "« Rue B »" in page.text


def test_other_families_parents_do_not_exist(client: Client, family: FamilySetup) -> None:
    stranger = factories.make_family("AUTRE")
    client.get(f"/ma-famille/parents/{stranger.guardian_id}", status=404)


def test_closed_file_may_only_be_read(client: Client) -> None:
    family = factories.make_family(status=FamilyStatus.CLOSED)
    client.sign_in(family.user_id)
    assert "Ajouter un parent" not in client.get("/ma-famille/parents").text
    assert "Enregistrer" not in client.get(f"/ma-famille/parents/{family.guardian_id}").text


NAMES = st.from_regex(r"[A-Za-zÀ-ÖØ-öø-ÿ]([A-Za-zÀ-ÖØ-öø-ÿ]|[-’' ][A-Za-zÀ-ÖØ-öø-ÿ]){0,20}", fullmatch=True).filter(
    lambda name: len(name) <= LONGEST_NAME
)
PHONES = st.integers(100_000_000, 999_999_999).map(lambda number: f"0{number}")


@settings(
    max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture],
    phases=[Phase.explicit, Phase.generate],  # shrinking through HTTP takes minutes
)  # fmt: skip
@given(last_name=NAMES, first_name=NAMES, phone=PHONES, number=st.sampled_from(["", "7", "12-14"]))
def test_any_name_phone_and_address_reads_back_as_typed(
    client: Client, family: FamilySetup, last_name: str, first_name: str, phone: str, number: str
) -> None:
    values = {**LEAST, "last_name": last_name, "first_name": first_name, "home": "own", "number": number,
              "street": "Le Bout d’En-Haut", "postal_code": "80110", "city": "Demuin", "mobile_phone": phone}  # fmt: skip
    client.get("/ma-famille/parents/nouveau")
    with write_transaction() as session:  # each example begins with the family alone
        session.execute(delete(Guardian).where(Guardian.id != family.guardian_id))
    client.submit("guardian", **values)
    added = guardians.guardian_of(family.family_id, rows(family)[-1].id).values
    assert (added["last_name"], added["first_name"]) == (last_name, first_name)
    assert (added["mobile_phone"], added["number"], added["city"]) == (f"+33{phone[1:]}", number, "Démuin")


@pytest.mark.usefixtures("app")
def test_values_are_what_the_columns_say() -> None:
    family = factories.make_family()
    values = {**MARIE, "email": "marie@example.org", "mobile_phone": "+33600000002", "home_phone": "",
              "work_phone": "", "work_mobile_phone": ""}  # fmt: skip
    with write_transaction() as session:
        added = guardians.add_guardian(session, family.family_id, values)
    assert guardians.guardian_of(family.family_id, added).values == values
