"""Direct debits: how an office collects, and the mandates of families (docs/rules/direct_debits.md).

A family has one mandate of an office at a time. Its IBAN is encrypted; what is shown of it is `masked_iban()`.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session, aliased

from app import clock
from app.database import db
from app.models.accounts import User
from app.models.activities import Office
from app.models.direct_debits import DebitBatch, DebitLine, DebitMandate, DebitSettings
from app.models.families import Family, Guardian
from app.models.invoices import Invoice
from app.rules.direct_debits import (
    USUAL_NOTICE_DAYS,
    DebitRefusal,
    MandateState,
    holds_until,
    mandate_reference,
    mandate_state,
)
from app.rules.ibans import masked_iban
from app.services.debit_terms import last_collected, open_lines
from app.services.errors import MandateExists, NotFound
from app.services.families import check_not_own
from app.services.journals import lock_office
from app.services.offices import of_offices


@dataclass(frozen=True, slots=True)
class DebitDesk:
    """How an office collects. ``iban`` is whole: show it masked."""

    is_on: bool = False
    creditor_identifier: str = ""
    creditor_name: str = ""
    iban: str = ""
    bic: str = ""
    notice_days: int = USUAL_NOTICE_DAYS

    @property
    def masked_iban(self) -> str:
        """What is shown of its account."""
        return masked_iban(self.iban)


@dataclass(frozen=True, slots=True)
class MandateInput:
    """A mandate as typed from its paper; the IBAN as rules.ibans reads it."""

    holder: str
    iban: str
    signed_on: date


@dataclass(frozen=True, slots=True)
class MandateView:
    """A mandate; of its IBAN only what is shown."""

    id: int
    office_id: int
    office_name: str
    family_id: int
    reference: str
    holder: str
    masked_iban: str
    signed_on: date
    recorded_at: datetime
    recorded_by: str
    ended_at: datetime | None
    ended_by: str
    is_ended_by_family: bool
    end_reason: str
    state: MandateState
    holds_until: date


@dataclass(frozen=True, slots=True)
class PlannedDebit:
    """What will be collected of a family, and when."""

    invoice_id: int
    invoice_number: str
    office_name: str
    amount_cents: int
    collected_on: date
    mandate_id: int
    is_sent: bool  # the bank has it: ending the mandate comes too late for it


def read_debit_desk(office_id: int) -> DebitDesk:
    """How an office collects. Raises NotFound. Two queries."""
    session = db.session()
    if session.get(Office, office_id) is None:
        raise NotFound("office")
    return debit_desk(session, office_id)


def debit_desk(session: Session, office_id: int) -> DebitDesk:
    """The same of an office that exists. One query."""
    row = session.get(DebitSettings, office_id)
    if row is None:
        return DebitDesk()
    return DebitDesk(row.is_on, row.creditor_identifier, row.creditor_name, row.iban, row.bic, row.notice_days)


def save_debit_desk(session: Session, office_id: int, typed: DebitDesk) -> None:
    """Store how an office collects; mandates and collections that are there stay as they are. Raises NotFound."""
    if session.get(Office, office_id, with_for_update=True) is None:
        raise NotFound("office")
    row = session.get(DebitSettings, office_id) or DebitSettings(office_id=office_id)
    row.is_on, row.creditor_identifier, row.creditor_name = typed.is_on, typed.creditor_identifier, typed.creditor_name
    row.iban, row.bic, row.notice_days = typed.iban, typed.bic, typed.notice_days
    session.add(row)
    session.flush()


def collecting_offices(office_ids: Collection[int]) -> frozenset[int]:
    """Those of some offices that collect. One query."""
    return frozenset(
        db.session.scalars(
            select(DebitSettings.office_id).where(DebitSettings.office_id.in_(office_ids), DebitSettings.is_on)
        )
    )


def mandates_of(family_id: int, office_ids: Collection[int] | None = None) -> tuple[MandateView, ...]:
    """The mandates of a family for these offices (None: for all), the latest first. One query."""
    return _views((DebitMandate.family_id == family_id) & of_offices(DebitMandate.office_id, office_ids))


def read_mandate(mandate_id: int) -> MandateView:
    """A mandate. Raises NotFound. One query."""
    found = _views(DebitMandate.id == mandate_id)
    if not found:
        raise NotFound("mandate")
    return found[0]


def mandate_of_family(family_id: int, mandate_id: int) -> MandateView:
    """A mandate of the family. Raises NotFound for any other. One query."""
    found = _views((DebitMandate.id == mandate_id) & (DebitMandate.family_id == family_id))
    if not found:
        raise NotFound("mandate")
    return found[0]


def next_reference(session: Session, office_id: int, family_id: int) -> str:
    """The RUM of the next mandate of a family for an office: what its paper says. Raises NotFound. Two queries."""
    prefix = session.scalar(select(Office.prefix).where(Office.id == office_id))
    if prefix is None:
        raise NotFound("office")
    count = select(func.count()).where(DebitMandate.office_id == office_id, DebitMandate.family_id == family_id)
    return mandate_reference(prefix, family_id, (session.scalar(count) or 0) + 1)


def record_mandate(session: Session, office_id: int, family_id: int, typed: MandateInput, user_id: int) -> int:
    """Record what a family signed, and return the mandate's id; the same a second time records nothing more.

    Raises NotFound, also for an office that does not collect, OwnFamily, and MandateExists where the family has one.
    """
    if session.get(Family, family_id, with_for_update={"key_share": True}) is None:
        raise NotFound("family")
    check_not_own(family_id, user_id)
    if not debit_desk(session, office_id).is_on:
        raise NotFound("office that collects")
    present = session.scalar(
        select(DebitMandate).where(
            DebitMandate.office_id == office_id, DebitMandate.family_id == family_id, DebitMandate.ended_at.is_(None)
        )
    )
    if present is not None:
        if (present.iban, present.holder, present.signed_on) == (typed.iban, typed.holder, typed.signed_on):
            return present.id
        raise MandateExists
    row = DebitMandate(
        office_id=office_id, family_id=family_id, reference=next_reference(session, office_id, family_id),
        holder=typed.holder, iban=typed.iban, signed_on=typed.signed_on, recorded_at=clock.now(),
        recorded_by_id=user_id,
    )  # fmt: skip
    session.add(row)
    session.flush()
    return row.id


def end_mandate(session: Session, mandate_id: int, user_id: int, reason: str) -> None:
    """End a mandate for a family; one that has ended stays as it is. Raises NotFound, OwnFamily."""
    family_id = session.scalar(select(DebitMandate.family_id).where(DebitMandate.id == mandate_id))
    if family_id is None:
        raise NotFound("mandate")
    check_not_own(family_id, user_id)
    _end(session, family_id, mandate_id, user_id, reason)


def end_own_mandate(session: Session, family_id: int, mandate_id: int, user_id: int) -> None:
    """The family ends its mandate itself; one that has ended stays as it is. Raises NotFound for another family's."""
    owned = select(DebitMandate.id).where(DebitMandate.id == mandate_id, DebitMandate.family_id == family_id)
    if session.scalar(owned) is None:
        raise NotFound("mandate")
    _end(session, family_id, mandate_id, user_id, "")


def planned_debits(family_id: int, office_ids: Collection[int] | None = None) -> tuple[PlannedDebit, ...]:
    """What these offices (None: all) will collect of a family, the next first. One query."""
    rows = db.session.execute(
        open_lines()
        .with_only_columns(
            DebitLine.invoice_id, DebitLine.amount_cents, DebitBatch.collected_on, DebitLine.mandate_id,
            DebitBatch.sent_at.is_not(None), Office.name, Invoice.number,
        )
        .join(Office, Office.id == DebitBatch.office_id)
        .join(Invoice, Invoice.id == DebitLine.invoice_id)
        .where(DebitLine.family_id == family_id, of_offices(DebitBatch.office_id, office_ids))
        .order_by(DebitBatch.collected_on, DebitLine.id)
    )  # fmt: skip
    return tuple(
        PlannedDebit(invoice_id, number, office, cents, day, mandate_id, bool(is_sent))
        for invoice_id, cents, day, mandate_id, is_sent, office, number in rows
    )


def _end(session: Session, family_id: int, mandate_id: int, user_id: int, reason: str) -> None:
    """What the bank was not asked for yet is not collected any more."""
    session.get_one(Family, family_id, with_for_update={"key_share": True})
    row = session.get_one(DebitMandate, mandate_id, populate_existing=True)
    if row.ended_at is not None:
        return
    lock_office(session, row.office_id)
    row.ended_at, row.ended_by_id, row.end_reason = clock.now(), user_id, reason
    lines = open_lines().where(DebitLine.mandate_id == mandate_id, DebitBatch.sent_at.is_(None))
    for line in session.scalars(lines).all():
        line.refusal, line.refused_at, line.refused_by_id = DebitRefusal.MANDATE_ENDED, clock.now(), user_id
        line.is_in_file = False
    session.flush()


def _views(condition: ColumnElement[bool]) -> tuple[MandateView, ...]:
    ended_by = aliased(User)
    is_own = select(Guardian.id).where(
        Guardian.family_id == DebitMandate.family_id, Guardian.user_id == DebitMandate.ended_by_id
    )
    rows = db.session.execute(
        select(
            DebitMandate, Office.name, User.display_name, ended_by.display_name, last_collected(), is_own.exists()
        )
        .join(Office, Office.id == DebitMandate.office_id)
        .join(User, User.id == DebitMandate.recorded_by_id)
        .outerjoin(ended_by, ended_by.id == DebitMandate.ended_by_id)
        .where(condition)
        .order_by(DebitMandate.id.desc())
    )  # fmt: skip
    today = clock.today()
    return tuple(
        MandateView(
            id=row.id,
            office_id=row.office_id,
            office_name=office_name,
            family_id=row.family_id,
            reference=row.reference,
            holder=row.holder,
            masked_iban=masked_iban(row.iban),
            signed_on=row.signed_on,
            recorded_at=row.recorded_at,
            recorded_by=recorded_by,
            ended_at=row.ended_at,
            ended_by=ended_by_name or "",
            is_ended_by_family=bool(by_family) and row.ended_at is not None,
            end_reason=row.end_reason,
            state=mandate_state(row.signed_on, collected_on, today, is_ended=row.ended_at is not None),
            holds_until=holds_until(row.signed_on, collected_on),
        )
        for row, office_name, recorded_by, ended_by_name, collected_on, by_family in rows
    )
