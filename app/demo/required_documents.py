"""What the demo council asks its families for, and what two of them handed in: of each state one, one for the queue."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from pathlib import Path

from sqlalchemy.orm import Session

from app import clock
from app.demo.publications import made_pdf, written_file
from app.integrations.kept_files import HandedInFile, keep_sealed
from app.rules.required_documents import (
    WARNED_BEFORE,
    DocumentDemand,
    DocumentScope,
    FilesWanted,
    Validity,
    ValidityKind,
)
from app.services import document_decisions, required_document_settings, required_documents
from app.services.families import FamilyRef
from app.services.required_document_settings import DocumentInput

_FUND, _HOME, _INSURANCE = "Attestation CAF", "Justificatif de domicile", "Attestation d’assurance"
_EMPLOYER = "Attestation employeur"

# Nothing here keeps anybody from enrolling or booking: whoever tries the demo is stopped by nothing.
_ASKED = (
    (_FUND, "Celle de ce mois, sur le site de la CAF ou de la MSA.", DocumentScope.FAMILY,
     DocumentDemand.MANDATORY, Validity(ValidityKind.MONTHS, 12)),
    (_HOME, "Une facture d’eau, d’énergie ou de téléphone.", DocumentScope.FAMILY,
     DocumentDemand.MANDATORY, Validity(ValidityKind.FOREVER)),
    (_INSURANCE, "Responsabilité civile, avec le nom de l’enfant.", DocumentScope.CHILD,
     DocumentDemand.MANDATORY, Validity(ValidityKind.SCHOOL_YEAR)),
    (_EMPLOYER, "À faire remplir par votre employeur.", DocumentScope.GUARDIAN,
     DocumentDemand.OPTIONAL, Validity(ValidityKind.MONTHS, 12)),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Household:
    """A family of the demo, the parent who acts for it, and its children by their first names."""

    family: FamilyRef
    user_id: int
    children: Mapping[str, int]


def ask_documents(
    session: Session, instance_path: Path, clerk_id: int, now: datetime, first: Household, second: Household
) -> None:
    """Of the first family one is accepted, one ends, one was refused and one is missing; the second one's waits."""
    today = now.date()
    ids = {}
    for name, instructions, scope, demand, validity in _ASKED:
        typed = DocumentInput(
            name=name, instructions=instructions, scope=scope, demand=demand, wanted=FilesWanted.ANY,
            activities=frozenset(), min_age=None, max_age=None, levels=(), validity=validity, is_health=False,
            is_asked=True,
        )  # fmt: skip
        ids[name] = required_document_settings.save_document(session, None, typed)
    lines = [_EMPLOYER, "", "Nous attestons que", "travaille dans notre entreprise.", "", "Date, cachet et signature"]
    required_document_settings.attach_template(session, ids[_EMPLOYER], written_file(instance_path, lines))

    def hand_in(of: Household, name: str, child: str = "") -> int:
        content = made_pdf([name, "", f"Famille {of.family.name}", child])
        file = HandedInFile(keep_sealed(instance_path, content), "scan.pdf", len(content), 1)
        key = f"{ids[name]}-{of.children[child]}" if child else f"{ids[name]}"
        return required_documents.hand_in(
            session, of.family, of.user_id, key, file, form_key=f"demo-{key}-{of.family.id}", dated_on=None
        ).id

    elder = next(iter(first.children))
    _move_to(today - timedelta(days=60), time(20, 30))
    insured, on_benefits = hand_in(first, _INSURANCE, elder), hand_in(first, _FUND)
    _move_to(today - timedelta(days=58), time(10, 20))
    document_decisions.accept(session, insured, clerk_id, dated_on=None, valid_until=None)
    last_day = today + timedelta(days=18)
    document_decisions.accept(session, on_benefits, clerk_id, dated_on=None, valid_until=last_day)
    _move_to(last_day - WARNED_BEFORE, time(6))
    document_decisions.warn_of_ends(session, first.family.id)
    _move_to(today - timedelta(days=6), time(21, 5))
    unread = hand_in(first, _HOME)
    _move_to(today - timedelta(days=5), time(9, 40))
    reason = "La photo est floue : on ne lit pas l’adresse. Photographiez la facture à plat, bien éclairée."
    document_decisions.refuse(session, unread, clerk_id, reason.replace(" :", "\u00a0:"))
    clock.start_at(now - timedelta(hours=14), frozen=True)
    hand_in(second, _INSURANCE, next(iter(second.children)))


def _move_to(day: date, at: time) -> None:
    clock.start_at(datetime.combine(day, at), frozen=True)
