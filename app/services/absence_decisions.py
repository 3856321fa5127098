"""What the staff decide on absences that a family wants excused, and what that does to what it pays."""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import select
from sqlalchemy.orm import Session

from app import clock
from app.absence_labels import outcome_words
from app.filters import day_long
from app.models.absences import AbsenceJustification, JustifiedAbsence
from app.models.bookings import Booking, BookingEvent
from app.rules.absences import JustificationStatus, Outcome, outcome_of, status_of
from app.rules.credits import CreditCause
from app.rules.reaches import DaySpan
from app.rules.states import Actor, BookingStatus, CancelClass
from app.services import attendances
from app.services.absences import AbsenceRow, kept_of, read_absences, views_of
from app.services.corrections import propose
from app.services.errors import AlreadyDecided, NotFound
from app.services.families import check_not_own, emails_of_adults, lock_children, stays_active
from app.services.households import load_prices, spans_to_tell
from app.services.mails import queue_mail
from app.services.prices import move_prices
from app.services.proposed_prices import ProposedPrices

EXCUSED = "Absence justifiée"
"""What the log of a booking says: what the family gave as its reason may be about health."""


@dataclass(frozen=True, slots=True)
class Decided:
    """What a decision did."""

    status: JustificationStatus
    outcomes: Counter[Outcome]
    difference_cents: int  # of what the family will be invoiced; negative: it pays less


@dataclass(frozen=True, slots=True)
class Effect:
    """What accepting all that can be accepted would do to what the family pays (cents), and to what else."""

    difference_cents: int
    sentences: tuple[str, ...]


def effect_of_accepting(session: Session, justification_id: int) -> Effect:
    """What the agent reads before deciding. A constant number of queries."""
    rows = read_absences(session, JustifiedAbsence.justification_id == justification_id)
    kept = kept_of(session, rows)
    lifted = [
        row for row in rows
        if row.is_charged and _outcome(row, kept, True) is Outcome.ACCEPTED
    ]  # fmt: skip
    if not lifted:
        return Effect(0, ())
    prices = _prices_without(session, lifted)
    return Effect(prices.change_cents, prices.effects())


def decide(
    session: Session, justification_id: int, decided_by: int, accepted: Collection[int], refusal_reason: str | None
) -> Decided:
    """Accept some of the absences that a family asked for and refuse the others; tell the parents once.

    `accepted` are bookings; those of others count for nothing. Raises NotFound, AlreadyDecided, OwnFamily.
    """
    family_id = session.scalar(
        select(AbsenceJustification.family_id).where(AbsenceJustification.id == justification_id)
    )  # fmt: skip
    if family_id is None:
        raise NotFound("justification")
    # In the order of a save (PostgreSQL): the family, its children; whoever invoices them waits.
    stays_active(session, family_id)
    check_not_own(family_id, decided_by)
    lock_children(session, [family_id])
    made = session.scalars(
        select(AbsenceJustification)
        .where(AbsenceJustification.id == justification_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).one()
    if made.status is not JustificationStatus.WAITING:
        raise AlreadyDecided
    rows = read_absences(session, JustifiedAbsence.justification_id == justification_id)
    kept = kept_of(session, rows)
    outcomes = {row.booking_id: _outcome(row, kept, row.booking_id in accepted) for row in rows}
    now = clock.now()
    for absence in made.absences:
        absence.outcome = outcomes[absence.booking_id]
    lifted = [
        row for row in rows
        if outcomes[row.booking_id] is Outcome.ACCEPTED and row.is_charged
    ]  # fmt: skip
    difference_cents = 0
    if lifted:
        prices = _prices_without(session, lifted)
        difference_cents = prices.change_cents
        attendances.justify(session, [row.booking_id for row in lifted if row.is_recorded], decided_by, now)
        ids = [row.booking_id for row in lifted if not row.is_recorded]
        for booking in session.scalars(select(Booking).where(Booking.id.in_(ids)).order_by(Booking.id)):
            booking.cancel_class = CancelClass.JUSTIFIED
            session.add(
                BookingEvent(
                    booking_id=booking.id, from_status=BookingStatus.CANCELLED, to_status=BookingStatus.CANCELLED,
                    actor=Actor.STAFF, user_id=decided_by, reason=EXCUSED, at=now,
                )
            )  # fmt: skip
        move_prices(session, prices, now)
        lifted_ids = [row.booking_id for row in lifted]
        propose(session, family_id, lifted_ids, CreditCause.ABSENCE, EXCUSED, decided_by, is_automatic=True)
    made.status = status_of(list(outcomes.values()))
    made.refusal_reason = refusal_reason if Outcome.REFUSED in outcomes.values() else None
    made.difference_cents = difference_cents
    made.decided_at, made.decided_by_id = now, decided_by
    session.flush()
    _tell_parents(session, made)
    return Decided(made.status, Counter(outcomes.values()), difference_cents)


def _outcome(row: AbsenceRow, kept: Mapping[tuple[int, int], frozenset[date]], is_accepted: bool) -> Outcome:
    is_kept = row.day in kept.get((row.child_id, row.unit.activity_id), frozenset())
    return outcome_of(is_accepted=is_accepted, is_kept=is_kept, was_there=row.was_there)


def _prices_without(session: Session, lifted: Sequence[AbsenceRow]) -> ProposedPrices:
    """The prices of the family if it had cancelled these in time."""
    family_id = lifted[0].family_id
    days = [row.day for row in lifted]
    spans = spans_to_tell({row.unit.activity_id for row in lifted}, DaySpan(min(days), max(days)))
    prices = load_prices(session, [family_id], spans)[family_id]
    given_back = prices.booked.keys() & {row.booking_id for row in lifted}
    return ProposedPrices(prices, lifted[0].child_id, (), given_back)


def _tell_parents(session: Session, made: AbsenceJustification) -> None:
    rows = read_absences(session, JustifiedAbsence.justification_id == made.id)
    absences = tuple(reversed(views_of(rows, {})))
    names = ", ".join(dict.fromkeys(each.child_name for each in absences))
    lines = [
        f"{each.child_name}, {each.activity_name}, {day_long(each.day)} : {each.words}. {outcome_words(each.outcome)}"
        for each in absences
    ]
    for email in emails_of_adults(session, made.family_id):
        queue_mail(
            session, "absences_decided", email, family_id=made.family_id, names=names, lines=lines,
            difference_cents=made.difference_cents, reason=made.refusal_reason,
        )  # fmt: skip
