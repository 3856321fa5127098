"""Whether families that a file brought have done anything since: then they are not taken away again.

Any row that names one of them, one of their adults or of their children counts, but for what the import itself made; a
table that is added later counts without being named here.
"""

from collections import defaultdict
from collections.abc import Mapping
from typing import Any

from sqlalchemy import Column, Select, Table, literal, select, union_all
from sqlalchemy.orm import Session

from app.database import Base
from app.models.families import FamilyChild, Guardian
from app.rules.imports import Trace

_OWN = frozenset(
    {"family_address", "family_quotient", "guardian", "family_child", "claim_code", "outbox_mail", "imported_family"}
)
"""What an import makes."""

_TRACES: Mapping[str, Trace] = {
    **dict.fromkeys(("guardian_invitation", "consent"), Trace.ACCOUNT),
    "enrolment": Trace.ENROLMENT,
    **dict.fromkeys(("booking", "waiting_entry", "attendance"), Trace.BOOKING),
    **dict.fromkeys(
        ("invoice", "payment", "refund", "credit_note", "child_aid", "prepaid_book", "payment_basket"), Trace.MONEY
    ),
    **dict.fromkeys(
        (
            "change_request", "file_change", "file_certification", "child_contact", "child_authorisation",
            "child_section", "submitted_document", "family_residence", "family_standing", "text_acceptance",
        ),
        Trace.FILE,
    ),
    **dict.fromkeys(("message_thread", "urgent_recipient"), Trace.MESSAGE),
}  # fmt: skip


def traces_of(session: Session, family_ids: Select[Any]) -> Mapping[int, frozenset[Trace]]:
    """By family of those that a statement names, what it did; nothing for one that did nothing. One query."""
    parts: list[Select[Any]] = [
        select(Guardian.family_id, literal(Trace.ACCOUNT.value))
        .where(Guardian.family_id.in_(family_ids), Guardian.user_id.is_not(None)),
        _other_homes(family_ids),
    ]  # fmt: skip
    for table in Base.metadata.sorted_tables:
        if table.name not in _OWN:
            trace = _TRACES.get(table.name, Trace.OTHER)
            parts += [_part(column, family_ids, trace) for column in table.columns if _owner(column) is not None]
    found: defaultdict[int, set[Trace]] = defaultdict(set)
    for family_id, trace in session.execute(union_all(*parts)):
        found[family_id].add(Trace(trace))
    return {family_id: frozenset(traces) for family_id, traces in found.items()}


def _owner(column: Column[Any]) -> Table | None:
    for key in column.foreign_keys:
        if key.column.table.name in ("family", "guardian", "child"):
            return key.column.table
    return None


def _part(column: Column[Any], family_ids: Select[Any], trace: Trace) -> Select[Any]:
    owner = _owner(column)
    word = literal(trace.value)
    if owner is not None and owner.name == "guardian":
        own = select(Guardian.family_id, word).join(column.table, column == Guardian.id)
        return own.where(Guardian.family_id.in_(family_ids)).distinct()
    if owner is not None and owner.name == "child":
        own = select(FamilyChild.family_id, word).join(column.table, column == FamilyChild.child_id)
        return own.where(FamilyChild.family_id.in_(family_ids)).distinct()
    return select(column, word).where(column.in_(family_ids)).distinct()


def _other_homes(family_ids: Select[Any]) -> Select[Any]:
    other = FamilyChild.__table__.alias("other")
    return (
        select(FamilyChild.family_id, literal(Trace.OTHER_HOME.value))
        .join(other, other.c.child_id == FamilyChild.child_id)
        .where(FamilyChild.family_id.in_(family_ids), other.c.family_id != FamilyChild.family_id)
        .distinct()
    )
