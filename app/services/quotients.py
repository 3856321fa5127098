"""Quotients that families declared: accepting one, with the day it ends, or refusing it with a reason.

A decision gives the family's bookings that no invoice holds yet the price that counts now.
"""

from datetime import date

from sqlalchemy import select
from sqlalchemy.orm import Session

from app import clock
from app.models.families import Family, FamilyQuotient
from app.services.errors import AlreadyDecided, NotFound
from app.services.families import check_not_own
from app.services.mails import queue_mail
from app.services.prices import PriceChangeReason, Repricing, reprice_family


def accept_quotient(session: Session, quotient_id: int, decided_by: int, ends_on: date) -> Repricing:
    """Let a declared quotient count until `ends_on`, included, and reprice the family's bookings.

    Raises NotFound, AlreadyDecided (another agent was faster) and OwnFamily; ValueError for an end before the start.
    """
    quotient = _declared(session, quotient_id, decided_by)
    if ends_on < quotient.starts_on:
        raise ValueError("a quotient ends before it starts")
    quotient.verified_at = clock.now()
    quotient.verified_by_id = decided_by
    quotient.ends_on = ends_on
    session.flush()
    return reprice_family(session, quotient.family_id, PriceChangeReason.QUOTIENT)


def refuse_quotient(session: Session, quotient_id: int, decided_by: int, reason: str) -> None:
    """Refuse a declared quotient: it never counts. The mail gives the reason. Raises like `accept_quotient`."""
    quotient = _declared(session, quotient_id, decided_by)
    quotient.refused_at = clock.now()
    quotient.refused_by_id = decided_by
    quotient.refusal_reason = reason
    session.flush()
    reprice_family(session, quotient.family_id, PriceChangeReason.QUOTIENT)
    family = session.get_one(Family, quotient.family_id)
    for email in (guardian.email for guardian in family.guardians if guardian.email):
        queue_mail(session, "quotient_refused", email, family_id=family.id, family=family, quotient=quotient)


def _declared(session: Session, quotient_id: int, decided_by: int) -> FamilyQuotient:
    quotient = session.scalar(select(FamilyQuotient).where(FamilyQuotient.id == quotient_id).with_for_update())
    if quotient is None:
        raise NotFound("quotient")
    if quotient.verified_at is not None or quotient.refused_at is not None:
        raise AlreadyDecided
    check_not_own(quotient.family_id, decided_by)
    return quotient
