"""The copy of all that is kept of a family."""

import io
import json
import zipfile
from typing import Any

from app.database import Base, db, write_transaction
from app.integrations.archives import make_archive
from app.models.child_files import ChildSection
from app.rules.child_files import SectionKind
from app.services.data_exports import PARTS, copy_of
from tests import factories

# What no copy holds, and why.
_NOT_OF_A_FAMILY = {
    "settings": {
        "activity", "activity_group", "activity_notice_rule", "aid_fund", "capacity_counter", "capacity_scope",
        "capacity_scope_group", "capacity_scope_unit", "commune", "commune_postal_code", "consent_text", "council",
        "document_series", "field_policy", "installation", "invoice_run", "office", "opening", "public_holiday",
        "reference_dataset", "required_document", "required_document_activity", "residence_commune", "school", "school_holiday", "season", "site", "tariff_version",
        "unit", "vaccine_obligation", "allocation_batch", "publication", "publication_activity", "publication_file",
        "text_activity", "text_to_accept", "text_version",
    },
    "secrets of links and codes": {
        "claim_code", "guardian_invitation", "recovery_code", "second_factor", "user_token",
    },
    "of agents": {"staff_action", "staff_role"},
    "says nothing that another part does not": {
        "basket_event", "basket_invoice", "invoiced_booking", "save_receipt", "stored_pdf",
    },
    "names nobody": {"sign_in_failure"},
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
    copy = copy_of(db.session(), planning.family.family_id, planning.family.user_id)
    data: dict[str, Any] = json.loads(copy.as_json())
    (booking,) = data["réservations"]
    assert booking["enfant"].startswith("Léa") and booking["temps d’accueil"] == "Matin"
    assert booking["état"] == "Confirmée" and booking["jour"] == factories.WEDNESDAY.isoformat()
    assert data["historique des réservations"][0]["par"] == "vous"
    assert data["quotients familiaux"][-1]["quotient en centimes"] == 45_000
    assert "AUTRE" not in copy.as_json() and "hash" not in copy.as_json()
    theirs = copy_of(db.session(), others.family_id, others.user_id)
    assert not theirs.parts["réservations"] and len(theirs.parts["enfants"]) == 1


def test_papers_are_in_the_archive_once_they_are_made(app: object) -> None:
    planning = factories.make_planning()
    invoice = factories.make_invoice(planning.family)
    (paper,) = copy_of(db.session(), planning.family.family_id, planning.family.user_id).papers
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
    (section,) = copy_of(db.session(), family.family_id, family.user_id).parts["dossiers des enfants"]
    assert section["par"] == "l’autre foyer de l’enfant"
