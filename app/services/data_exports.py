"""« Mes données »: all that is kept of a family, for its own copy (RGPD, articles 15 and 20), and what it agreed to."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import Row, select
from sqlalchemy.orm import Session

from app import clock
from app.clock import PARIS
from app.database import db
from app.labels import label
from app.models.absences import AbsenceJustification
from app.models.accounts import User
from app.models.credits import CreditNote
from app.models.debts import ReminderLetter, TaxCertificate
from app.models.families import (
    Consent,
    ConsentText,
    Family,
)
from app.models.invoices import Invoice, StoredPdf
from app.models.messages import Message, MessageThread
from app.models.payments import Payment
from app.models.required_documents import SubmittedDocument
from app.rules.file_fields import FileKind
from app.services.data_export_parts import PARTS, Whose


@dataclass(frozen=True, slots=True)
class Agreement:
    """That the family said yes to a text on personal data: which, when, whether on paper; and who took it back."""

    text: str
    given_at: datetime
    on_paper: bool
    withdrawn_at: datetime | None
    withdrawn_by: str | None


def agreements_of(family_id: int) -> tuple[Agreement, ...]:
    """All of a family, the last one first. One query."""
    rows = db.session.execute(
        select(ConsentText.body, Consent.given_at, Consent.on_paper, Consent.withdrawn_at, User.display_name)
        .join(Consent, Consent.text_id == ConsentText.id)
        .outerjoin(User, User.id == Consent.withdrawn_by_id)
        .where(Consent.family_id == family_id)
        .order_by(Consent.given_at.desc(), Consent.id.desc())
    )
    return tuple(Agreement(*row) for row in rows)


@dataclass(frozen=True, slots=True)
class Paper:
    """A PDF of the copy: its name in it, where it lies in the instance folder (None: not made yet), and its key."""

    name: str
    path: str | None
    key: str | None = None  # of what the family handed in, which lies there encrypted


@dataclass(frozen=True, slots=True)
class DataCopy:
    """All that is kept of a family: texts and numbers by part, and its papers."""

    made_at: datetime
    family_name: str
    parts: Mapping[str, Sequence[Mapping[str, Any]]]
    papers: Sequence[Paper]

    def as_json(self) -> str:
        """What the file « donnees.json » holds; amounts are in cents, moments in Paris time (ISO 8601)."""
        head = {"famille": self.family_name, "copie du": _plain(self.made_at)}
        return json.dumps({**head, **self.parts}, ensure_ascii=False, indent=2)


_KINDS = {"contenu": "rubrique", "avant et après": "sujet"}  # the column that says whose form a document's names are of

InFrench = Callable[[StrEnum, Mapping[str, Any]], Mapping[str, Any]]
"""The answers of a part of the file by question, from those by name of field (forms.data_copies)."""


def copy_of(session: Session, family_id: int, user_id: int, in_french: InFrench) -> DataCopy:
    """All that is kept of a family, as one of its adults may have it. One query a part."""
    user = session.get_one(User, user_id)
    whose = Whose(family_id, user_id, user.email)
    parts = {
        name: [_row(row, in_french) for row in session.execute(statement(whose))]
        for name, (_tables, statement) in PARTS.items()
    }
    return DataCopy(clock.now(), session.get_one(Family, family_id).name, parts, _papers(session, whose))


def _papers(session: Session, whose: Whose) -> list[Paper]:
    invoices = session.execute(
        select(Invoice.number, StoredPdf.path)
        .outerjoin(StoredPdf, StoredPdf.invoice_id == Invoice.id)
        .where(Invoice.family_id == whose.family_id)
        .order_by(Invoice.id)
    )
    receipts = session.execute(
        select(Payment.receipt_number, StoredPdf.path)
        .outerjoin(StoredPdf, StoredPdf.payment_id == Payment.id)
        .where(Payment.family_id == whose.family_id)
        .order_by(Payment.id)
    )
    credits = session.execute(
        select(CreditNote.number, StoredPdf.path)
        .outerjoin(StoredPdf, StoredPdf.credit_note_id == CreditNote.id)
        .where(CreditNote.family_id == whose.family_id)
        .order_by(CreditNote.id)
    )
    letters = session.execute(
        select(ReminderLetter.id, ReminderLetter.path)
        .where(ReminderLetter.family_id == whose.family_id)
        .order_by(ReminderLetter.id)
    )
    tax_certificates = session.execute(
        select(TaxCertificate.year, TaxCertificate.id, TaxCertificate.path)
        .where(TaxCertificate.family_id == whose.family_id)
        .order_by(TaxCertificate.id)
    )
    handed_in = session.execute(
        select(SubmittedDocument.id, SubmittedDocument.path, SubmittedDocument.file_key)
        .where(SubmittedDocument.family_id == whose.family_id)
        .order_by(SubmittedDocument.id)
    )
    certificates = session.execute(
        select(AbsenceJustification.id, AbsenceJustification.path, AbsenceJustification.file_key)
        .where(AbsenceJustification.family_id == whose.family_id, AbsenceJustification.path.is_not(None))
        .order_by(AbsenceJustification.id)
    )
    attached = session.execute(
        select(Message.id, Message.path, Message.file_key)
        .join(MessageThread, MessageThread.id == Message.thread_id)
        .where(MessageThread.family_id == whose.family_id, Message.path.is_not(None))
        .order_by(Message.id)
    )
    return [
        *(Paper(f"factures/{number}.pdf", path) for number, path in invoices),
        *(Paper(f"avoirs/{number}.pdf", path) for number, path in credits),
        *(Paper(f"relances/{number}.pdf", path) for number, path in letters),
        *(Paper(f"attestations/{year}-{number}.pdf", path) for year, number, path in tax_certificates),
        *(Paper(f"recus/{number}.pdf", path) for number, path in receipts),
        *(Paper(f"pieces/{id_}.pdf", path, key) for id_, path, key in handed_in),
        *(Paper(f"absences/{id_}.pdf", path, key) for id_, path, key in certificates),
        *(Paper(f"messages/{id_}.pdf", path, key) for id_, path, key in attached),
    ]


def _row(row: Row[Any], in_french: InFrench) -> dict[str, Any]:
    stored = row._mapping
    found = {name: _plain(value) for name, value in stored.items()}
    for name, kind in _KINDS.items():
        if stored.get(name):
            found[name] = in_french(stored[kind], json.loads(stored[name]))
    if stored.get("lieu de vie"):
        found["lieu de vie"] = in_french(FileKind.CUSTODY, json.loads(stored["lieu de vie"]))
    if stored.get("montants en centimes"):
        found["montants en centimes"] = json.loads(stored["montants en centimes"])
    return found


def _plain(value: Any) -> Any:
    match value:
        case StrEnum():
            return label(value)
        case datetime():
            return value.astimezone(PARIS).isoformat(timespec="seconds")
        case date():
            return value.isoformat()
        case _:
            return value
