"""The pool of an invoice run: every family's draft as it was prepared, and what is odd in it.

The worker drafts some families at a time, outside of any transaction that writes, and stores them in a short one. What
nobody has seen is never issued: a draft is known again by its fingerprint.
"""

import hashlib
import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import Select, delete, func, insert, select, union
from sqlalchemy.orm import Session

from app import clock
from app.models.absences import AbsenceJustification, JustifiedAbsence
from app.models.activities import Activity, Unit
from app.models.bookings import Booking, Opening
from app.models.invoices import (
    CarriedMonth,
    InvoicedBooking,
    InvoiceRun,
    InvoiceRunDraft,
    InvoiceRunOddity,
    RunAcceptance,
    RunStatus,
)
from app.models.prepaid_books import PrepaidBook
from app.rules.calendars import add_months
from app.rules.invoicing import DraftLine, InvoiceDraft, Oddity, OddityKind, must_be_settled, standing_of
from app.services.absences import is_in_queue
from app.services.carried_months import families_carried
from app.services.cash_desks import minimum_of
from app.services.catalogue import catalogue
from app.services.errors import NotFound, PoolGone
from app.services.households import is_charged_booking
from app.services.invoice_drafts import books_to_invoice, drafts_of
from app.services.validated_days import days_to_validate, unbilled_presences

_SHOWN = (
    "child_name", "activity_name", "name", "is_absence", "was_recorded", "quantity", "unit_price_cents", "amount_cents",
    "explanation", "days",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class PreparedLine:
    """A line of a prepared draft, as it is shown. Amounts in cents."""

    child_name: str
    activity_name: str
    name: str
    is_absence: bool
    was_recorded: bool
    quantity: int
    unit_price_cents: int
    amount_cents: int
    explanation: str
    days: tuple[date, ...]


@dataclass(frozen=True, slots=True)
class Batch:
    """What was drafted of a run: the next families after `after`; none: all have been."""

    run_id: int
    after: int
    family_ids: Sequence[int]
    drafts: Mapping[int, InvoiceDraft]


def draft_batch(session: Session, run_id: int, limit: int) -> Batch | None:
    """Draft the next families of a run that is being prepared; None once it is not. Writes nothing."""
    run = session.get_one(InvoiceRun, run_id)
    if run.status is not RunStatus.PREPARING:
        return None
    family_ids = session.scalars(_next_families(run, limit)).all()
    drafts = drafts_of(session, run.office_id, run.month, family_ids, lock=False) if family_ids else {}
    return Batch(run_id, run.last_family_id, family_ids, drafts)


def batch_not_drafted(session: Session, run_id: int) -> Batch | None:
    """What to store of the next family of a run that is being prepared, where drafting it raises; None once it is not.

    Nothing is invoiced to it, and the agent is told. Without a family where all have been drafted.
    """
    run = session.get_one(InvoiceRun, run_id)
    if run.status is not RunStatus.PREPARING:
        return None
    family_ids = session.scalars(_next_families(run, 1)).all()
    draft = InvoiceDraft((), (Oddity(OddityKind.NOT_DRAFTED),))
    return Batch(run_id, run.last_family_id, family_ids, dict.fromkeys(family_ids, draft))


def store_batch(session: Session, batch: Batch) -> None:
    """Store what was drafted; the last batch, which is empty, ends the preparation.

    Nothing happens where another process stored the same families, or the run was given up meanwhile.
    """
    run = session.get_one(InvoiceRun, batch.run_id, with_for_update=True)
    if run.status is not RunStatus.PREPARING or run.last_family_id != batch.after:
        return
    if not batch.family_ids:
        _store_month(session, run)
        run.status, run.prepared_at = RunStatus.PREPARED, clock.now()
        return
    kept = {id_: draft for id_, draft in batch.drafts.items() if draft.lines or draft.oddities}
    minimum_cents = minimum_of(session, run.office_id)
    drafts = [
        {
            "run_id": run.id, "family_id": family_id, "standing": standing_of(draft, minimum_cents),
            "total_cents": draft.total_cents, "fingerprint": fingerprint_of(draft), "lines": _as_json(draft.lines),
        }
        for family_id, draft in kept.items()
    ]  # fmt: skip
    oddities = [
        {
            "run_id": run.id, "kind": oddity.kind, "booking_count": len(oddity.booking_ids), "family_id": family_id,
            "kept_cents": oddity.kept_cents, "current_cents": oddity.current_cents,
        }
        for family_id, draft in kept.items()
        for oddity in draft.oddities
    ]  # fmt: skip
    _insert(session, InvoiceRunDraft, drafts)
    _insert(session, InvoiceRunOddity, oddities)
    run.last_family_id = batch.family_ids[-1]
    run.done_count += len(batch.family_ids)


def fingerprint_of(draft: InvoiceDraft) -> str:
    """What tells a draft from any other of the family: its lines, and what is odd that must be settled."""
    odd = [oddity for oddity in draft.oddities if must_be_settled(oddity.kind)]
    return hashlib.sha256(repr((draft.lines, odd)).encode()).hexdigest()


def lines_of(text: str) -> tuple[PreparedLine, ...]:
    """The lines of a stored draft."""
    return tuple(
        PreparedLine(**{**line, "days": tuple(date.fromisoformat(day) for day in line["days"])})
        for line in json.loads(text)
    )


def accept(session: Session, run_id: int, kind: OddityKind, reason: str, agent_id: int) -> None:
    """Let what is odd in one way be, with a word; a later word takes the place of an earlier one.

    Raises NotFound, and PoolGone where the run is not prepared (any more), or has nothing of this kind to be settled.
    """
    run = session.get(InvoiceRun, run_id, with_for_update=True)
    if run is None:
        raise NotFound("invoice run")
    count = count_oddities(session, run_id).get(kind)
    if run.status is not RunStatus.PREPARED or count is None or not must_be_settled(kind):
        raise PoolGone
    row = session.scalar(select(RunAcceptance).where(RunAcceptance.run_id == run_id, RunAcceptance.kind == kind))
    if row is None:
        row = RunAcceptance(run_id=run_id, kind=kind)
        session.add(row)
    row.count, row.reason, row.accepted_at, row.accepted_by_id = count, reason, clock.now(), agent_id
    session.flush()


def count_oddities(session: Session, run_id: int) -> dict[OddityKind, int]:
    """How many families something is odd about, or how many days, children or absences, by kind. One query."""
    rows = session.execute(
        select(
            InvoiceRunOddity.kind, func.count(func.distinct(InvoiceRunOddity.family_id)), func.count(),
            func.sum(InvoiceRunOddity.booking_count),
        )
        .where(InvoiceRunOddity.run_id == run_id)
        .group_by(InvoiceRunOddity.kind)
    )  # fmt: skip
    return {
        kind: bookings if kind is OddityKind.ABSENCE_TO_DECIDE else families or days
        for kind, families, days, bookings in rows
    }


def unsettled_kinds(session: Session, run_id: int) -> tuple[OddityKind, ...]:
    """What must be settled in a run, and nobody accepted. Two queries."""
    accepted = set(session.scalars(select(RunAcceptance.kind).where(RunAcceptance.run_id == run_id)))
    found = count_oddities(session, run_id)
    return tuple(kind for kind in OddityKind if kind in found and must_be_settled(kind) and kind not in accepted)


def empty_pool(session: Session, run_id: int, *, with_changed: bool) -> None:
    """Let go what was prepared; without ``with_changed`` families whose draft changed stay, without their lines."""
    drafts = delete(InvoiceRunDraft).where(InvoiceRunDraft.run_id == run_id)
    session.execute(drafts if with_changed else drafts.where(InvoiceRunDraft.is_changed.is_(False)))
    session.execute(delete(InvoiceRunOddity).where(InvoiceRunOddity.run_id == run_id))


def forget_changed(session: Session, run: InvoiceRun) -> None:
    """Families that earlier runs of this office and month had left were looked at anew: these runs say so no more."""
    earlier = select(InvoiceRun.id).where(
        InvoiceRun.office_id == run.office_id, InvoiceRun.month == run.month, InvoiceRun.id < run.id
    )
    session.execute(delete(InvoiceRunDraft).where(InvoiceRunDraft.run_id.in_(earlier)))


def count_families(session: Session, office_id: int, month: date) -> int:
    """How many families have anything of a month that no invoice holds. One query."""
    found = union(
        _with_bookings(office_id, month).group_by(Booking.family_id),
        _with_books(office_id, month).order_by(None),
        families_carried(office_id, month),
    )
    return session.scalar(select(func.count()).select_from(found.subquery())) or 0


def _next_families(run: InvoiceRun, limit: int) -> Select[tuple[int]]:
    """The next families that have bookings of the month, or books, which no invoice holds, or earlier months."""
    found = union(
        _with_bookings(run.office_id, run.month)
        .where(Booking.family_id > run.last_family_id)
        .group_by(Booking.family_id),
        _with_books(run.office_id, run.month).where(PrepaidBook.family_id > run.last_family_id).order_by(None),
        families_carried(run.office_id, run.month).where(CarriedMonth.family_id > run.last_family_id),
    ).subquery()
    return select(found.c.family_id).order_by(found.c.family_id).limit(limit)


def _with_bookings(office_id: int, month: date) -> Select[tuple[int]]:
    return (
        select(Booking.family_id)
        .join(Opening, Opening.id == Booking.opening_id)
        .join(Unit, Unit.id == Opening.unit_id)
        .join(Activity, Activity.id == Unit.activity_id)
        .outerjoin(InvoicedBooking, InvoicedBooking.booking_id == Booking.id)
        .where(
            Activity.office_id == office_id,
            Booking.day >= month.replace(day=1),
            Booking.day < add_months(month.replace(day=1), 1),
            InvoicedBooking.booking_id.is_(None),
            is_charged_booking(),
        )
    )


def _with_books(office_id: int, month: date) -> Select[tuple[int]]:
    return books_to_invoice(office_id, month).with_only_columns(PrepaidBook.family_id)


def _store_month(session: Session, run: InvoiceRun) -> None:
    """What should be settled of the month as a whole: a run would leave it out, or charge it wrongly."""
    end = add_months(run.month, 1)
    activities = [each for each in catalogue().activities.values() if each.office_id == run.office_id]
    days = [
        {
            "run_id": run.id, "kind": OddityKind.DAY_NOT_VALIDATED, "group_id": each.group.id, "day": each.day,
            "booking_count": each.expected, "ticked_count": each.ticked,
        }
        for each in days_to_validate(session, activities, run.month, end)
    ]  # fmt: skip
    children = [
        {
            "run_id": run.id, "kind": OddityKind.UNBILLED_PRESENCE, "child_id": each.child_id, "unit_id": each.unit_id,
            "day": each.day, "booking_count": 1,
        }
        for each in unbilled_presences(session, run.office_id, run.month)
    ]  # fmt: skip
    waiting = session.scalar(
        select(func.count(JustifiedAbsence.booking_id))
        .join(AbsenceJustification, AbsenceJustification.id == JustifiedAbsence.justification_id)
        .join(Booking, Booking.id == JustifiedAbsence.booking_id)
        .join(Opening, Opening.id == Booking.opening_id)
        .join(Unit, Unit.id == Opening.unit_id)
        .join(Activity, Activity.id == Unit.activity_id)
        .where(is_in_queue(), Activity.office_id == run.office_id, Booking.day >= run.month, Booking.day < end)
    )
    absences = [{"run_id": run.id, "kind": OddityKind.ABSENCE_TO_DECIDE, "booking_count": waiting}] if waiting else []
    for rows in (days, children, absences):
        _insert(session, InvoiceRunOddity, rows)


def _insert(session: Session, table: type[InvoiceRunDraft | InvoiceRunOddity], rows: Collection[Any]) -> None:
    if rows:
        session.execute(insert(table), list(rows))


def _as_json(lines: Iterable[DraftLine]) -> str:
    shown = [{name: getattr(line, name) for name in _SHOWN} for line in lines]
    return json.dumps(shown, default=date.isoformat, ensure_ascii=False, separators=(",", ":"))
