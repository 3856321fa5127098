"""« Champs du dossier »: what parents may change is one choice a field, and counts at once."""

from flask import Flask

from app.database import db, write_transaction
from app.models.changes import FieldPolicyChoice
from app.models.families import Family
from app.rules.capabilities import Role
from app.rules.changes import FieldPolicy
from app.rules.file_fields import FIELD_RULES, FileField
from app.services.field_settings import read_policies, save_policies
from tests import factories
from tests.client import Client

SCREEN = "/gestion/reglages/champs"


def test_administrator_frees_a_field_and_parents_change_it_alone(sqlite_client: Client) -> None:
    client, family = sqlite_client, factories.make_family()
    page = client.sign_in(factories.make_staff()).get(SCREEN)
    assert {page.value(field.value.replace(".", "_"), "field-policies") for field in FileField} == {
        "editable",
        "approval",
    }
    assert "Un quotient familial attend toujours votre vérification" in page.text
    page = client.submit("field-policies", coordinates_regime="editable", coordinates_mobile_phone="read_only")
    assert page.path == SCREEN and "Vos choix sont enregistrés." in page.text
    assert page.value("coordinates_mobile_phone", "field-policies") == "read_only"
    assert "Rien n’a changé." in client.submit("field-policies").text
    client.sign_in(family.user_id).get("/ma-famille/coordonnees")
    client.submit("coordinates", regime="other")
    assert db.session.get_one(Family, family.family_id).regime == "other"


def test_answer_that_is_no_policy_is_refused_and_the_rest_is_kept(sqlite_client: Client) -> None:
    sqlite_client.sign_in(factories.make_staff()).get(SCREEN)
    page = sqlite_client.submit("field-policies", status=422, coordinates_regime="toujours", guardian_email="read_only")
    assert "Choisissez une réponse de la liste." in page.text
    assert page.value("guardian_email", "field-policies") == "read_only"
    assert not db.session.query(FieldPolicyChoice).count()


def test_clerk_does_not_choose(sqlite_client: Client) -> None:
    sqlite_client.sign_in(factories.make_staff(Role.FILE_CLERK)).get(SCREEN, status=403)


def test_choice_made_back_to_the_default_is_the_default(sqlite_app: Flask) -> None:
    for policy in (FieldPolicy.READ_ONLY, FieldPolicy.APPROVAL):
        with write_transaction() as session:
            save_policies(session, {FileField.FAMILY_REGIME: policy})
        assert read_policies()[FileField.FAMILY_REGIME] is policy
    assert read_policies() == {field: rule.default for field, rule in FIELD_RULES.items()}
