"""What the staff set of absences: the reasons that excuse, and per activity until when and at what price."""

from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.database import take_turns
from app.models.absences import AbsenceJustification, AbsenceReason
from app.models.activities import Activity
from app.rules.absences import JustifyRule
from app.services.catalogue import AbsenceReasonInfo, catalogue
from app.services.errors import NameTaken, NotFound, Usage, UsageKind
from app.services.usages import check_unused


@dataclass(frozen=True, slots=True)
class ReasonInput:
    """A reason as the staff set it."""

    name: str
    position: int
    needs_proof: bool
    is_offered: bool


def find_reason(reason_id: int) -> AbsenceReasonInfo:
    """A reason that is offered, or was. Raises NotFound."""
    for info in catalogue().absence_reasons:
        if info.id == reason_id:
            return info
    raise NotFound("reason")


def save_reason(session: Session, reason_id: int | None, typed: ReasonInput) -> int:
    """Add a reason (None), or change it; returns its id. Raises NotFound, NameTaken."""
    take_turns(session, "settings")
    row = AbsenceReason() if reason_id is None else _existing(session, reason_id)
    namesake = select(AbsenceReason.id).where(AbsenceReason.name == typed.name, AbsenceReason.id != (reason_id or 0))
    if session.scalar(namesake) is not None:
        raise NameTaken
    row.name, row.position = typed.name, typed.position
    row.needs_proof, row.is_offered = typed.needs_proof, typed.is_offered
    session.add(row)
    session.flush()
    return row.id


def delete_reason(session: Session, reason_id: int) -> None:
    """Delete a reason that nobody gave. Raises NotFound, StillUsed."""
    take_turns(session, "settings")
    row = _existing(session, reason_id)
    given = select(func.count()).where(AbsenceJustification.reason_id == reason_id)
    check_unused([Usage(UsageKind.JUSTIFICATION, session.scalar(given) or 0)])
    session.delete(row)
    session.flush()


def save_rule(session: Session, activity_id: int, rule: JustifyRule) -> None:
    """Set until when absences of an activity are justified, and what stays charged. Raises NotFound."""
    row = session.get(Activity, activity_id)
    if row is None:
        raise NotFound("activity")
    row.justify_days, row.absence_days_kept = rule.days, rule.kept_days
    session.flush()


def _existing(session: Session, reason_id: int) -> AbsenceReason:
    row = session.get(AbsenceReason, reason_id)
    if row is None:
        raise NotFound("reason")
    return row
