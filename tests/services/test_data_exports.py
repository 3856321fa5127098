"""The copy of all that is kept of a family."""

import io
import json
import zipfile
from typing import Any

from app import clock
from app.database import Base, db, write_transaction
from app.forms.data_copies import in_french
from app.integrations.archives import make_archive
from app.models.accounts import User
from app.models.child_files import ChildSection
from app.models.families import FamilyChild
from app.rules.child_files import SectionKind
from app.services.catalogue import catalogue
from app.services.data_export_parts import PARTS
from app.services.data_exports import copy_of
from tests import factories

# What no copy holds, and why.
_NOT_OF_A_FAMILY = {
    "settings": {
        "activity", "activity_group", "activity_notice_rule", "aid_fund", "capacity_counter", "capacity_scope", "closure",
        "closure_opening",
        "capacity_scope_group", "capacity_scope_unit", "cash_desk", "commune", "commune_postal_code", "consent_text", "council",
        "deposit", "document_series", "field_policy", "installation", "invoice_run", "office", "meal_adults", "meal_order", "office_mode", "opening", "public_holiday",
        "reference_dataset", "run_acceptance", "message_recipient", "absence_reason", "required_document", "required_document_activity", "residence_commune", "school", "school_holiday", "season", "site", "tariff_version",
        "unit", "retention_choice", "vaccine_obligation", "allocation_batch", "publication", "publication_activity", "publication_file",
        "text_activity", "text_mailing", "text_to_accept", "text_version", "debit_settings", "figure_settings", "mail_text", "reminder_settings", "reminder_run",
        "tax_publication",
        "validated_day",
    },
    "secrets of links and codes": {
        "claim_code", "imported_family", "guardian_invitation", "recovery_code", "second_factor", "user_token",
    },
    "of agents": {"cash_keeper", "family_import", "mail_resending", "staff_action", "staff_role"},
    "says nothing that another part does not": {
        "basket_booking", "basket_event", "basket_invoice", "correction_booking", "credited_booking", "deposit_item", "invoiced_booking", "journal_line",
        "save_receipt", "stored_pdf", "invoice_run_draft", "invoice_run_oddity",
        "text_recipient",
    },
    "names nobody": {"sign_in_failure", "purge_run"},
}  # fmt: skip


def test_every_table_is_in_the_copy_or_has_its_reason() -> None:
    copied = {table.__tablename__ for tables, _statement in PARTS.values() for table in tables}
    left_out = set().union(*_NOT_OF_A_FAMILY.values())
    assert not copied & left_out
    assert copied | left_out == set(Base.metadata.tables)


def test_a_copy_holds_all_of_one_family_and_nothing_of_others(app: object) -> None:
    planning, others = factories.make_planning(), factories.make_family("AUTRE")
    factories.share_child(planning.child_id, others)
    factories.save(planning.family, planning.child_id, book=[planning.opening(factories.WEDNESDAY, "Matin")])
    factories.declare_quotient(planning.family, 45_000)
    copy = copy_of(db.session(), planning.family.family_id, planning.family.user_id, in_french)
    data: dict[str, Any] = json.loads(copy.as_json())
    (booking,) = data["réservations"]
    assert booking["enfant"].startswith("Léa") and booking["temps d’accueil"] == "Matin"
    assert booking["état"] == "Confirmée" and booking["jour"] == factories.WEDNESDAY.isoformat()
    assert data["historique des réservations"][0]["par"] == "vous"
    assert data["quotients familiaux"][-1]["quotient en centimes"] == 45_000
    assert "AUTRE" not in copy.as_json() and "hash" not in copy.as_json()
    theirs = copy_of(db.session(), others.family_id, others.user_id, in_french)
    assert not theirs.parts["réservations"] and len(theirs.parts["enfants"]) == 1


def test_papers_are_in_the_archive_once_they_are_made(app: object) -> None:
    planning = factories.make_planning()
    invoice = factories.make_invoice(planning.family)
    (paper,) = copy_of(db.session(), planning.family.family_id, planning.family.user_id, in_french).papers
    assert paper.path is None and paper.name.startswith("factures/") and invoice
    with make_archive([("lisez-moi.txt", "é")], [("1.pdf", b"%PDF")]) as archive:
        found = zipfile.ZipFile(io.BytesIO(archive.read()))
    assert found.namelist() == ["lisez-moi.txt", "1.pdf"] and found.read("1.pdf") == b"%PDF"


def test_what_the_other_home_changed_is_not_said_to_be_the_councils(sqlite_app: object) -> None:
    family, other = factories.make_family(), factories.make_family("AUTRE")
    child_id = factories.make_child(family)
    factories.share_child(child_id, other)
    with write_transaction() as session:
        session.add(ChildSection(child_id=child_id, kind=SectionKind.SCHOOL, body="{}", changed_by_id=other.user_id))
    (section,) = copy_of(db.session(), family.family_id, family.user_id, in_french).parts["dossiers des enfants"]
    assert section["par"] == "l’autre foyer de l’enfant"


def test_the_copy_asks_what_the_forms_ask(sqlite_app: object) -> None:
    family = factories.make_family()
    child_id = factories.make_child(family)
    vaccine_id = catalogue().vaccines[0].id
    with write_transaction() as session:
        for kind, body in (
            (SectionKind.HEALTH, '{"has_allergies": "yes", "food_allergies": "arachide", "aids": "glasses,hearing"}'),
            (SectionKind.SCHOOL, '{"level": "CP", "past": "2025\\tGS\\tJules-Verne", "left_out": "x"}'),
            (SectionKind.VACCINATIONS, f'{{"dose_{vaccine_id}": "2020-02-01"}}'),
        ):
            session.add(ChildSection(child_id=child_id, kind=kind, body=body, changed_by_id=family.user_id))
        link = session.get_one(FamilyChild, (family.family_id, child_id))
        link.custody = '{"arrangement": "here"}'
    factories.ask_change(family, regime="other")
    copy = copy_of(db.session(), family.family_id, family.user_id, in_french)
    found = {row["rubrique"]: row["contenu"] for row in copy.parts["dossiers des enfants"]}
    assert found["Santé"] == {
        "Votre enfant a-t-il une allergie\u00a0?": "Oui", "Allergies alimentaires": "arachide",
        "Votre enfant porte": "des lunettes, un appareil auditif",
    }  # fmt: skip
    assert found["École et classe"] == {"Classe": "CP", "Classes passées": ["2025, GS, Jules-Verne"], "left_out": "x"}
    assert found["Vaccinations"] == {"DTP, dernière dose": "2020-02-01"}
    (asked,) = copy.parts["demandes de modification"]
    assert asked["avant et après"] == {"Régime allocataire": {"avant": "", "après": "Autre régime"}}
    assert list(copy.parts["enfants"][0]["lieu de vie"]) != ["arrangement"]


def test_who_closed_their_account_is_not_the_council(sqlite_app: object) -> None:
    family = factories.make_family()
    other_id = factories.make_user("partie@example.org", "Claire TEST")
    child_id = factories.make_child(family)
    with write_transaction() as session:
        session.get_one(User, other_id).closed_at = clock.now()
        session.add(ChildSection(child_id=child_id, kind=SectionKind.SCHOOL, body="{}", changed_by_id=other_id))
    (section,) = copy_of(db.session(), family.family_id, family.user_id, in_french).parts["dossiers des enfants"]
    assert section["par"] == "un parent (compte fermé)"
