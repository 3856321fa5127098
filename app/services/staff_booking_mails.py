"""What a family is told of bookings that the staff made or cancelled for it: one mail to each adult, once a save."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy.orm import Session

from app.labels import label
from app.rules.staff_bookings import Became
from app.rules.states import BookingStatus, CancelClass
from app.services.catalogue import UnitInfo
from app.services.families import ChildView, FamilyRef, emails_of_adults
from app.services.mails import queue_mail
from app.services.verdicts import Verdict


@dataclass(frozen=True, slots=True)
class ChangedDay:
    """What became of units of an activity on a day. Cents; None where nothing is due."""

    day: date
    activity_name: str
    words: str  # « Matin, Repas »
    became: Became
    price_cents: int | None

    @property
    def said(self) -> str:
        """What became of them, in words."""
        return label(self.became)


def tell_changes(session: Session, family: FamilyRef, child: ChildView, verdict: Verdict, reason: str) -> None:
    """Write to the adults of the family what a save of the staff did; nothing where it did nothing."""
    days = _changed_days(verdict)
    if days:
        tell_family(session, family, child, days, reason)


def tell_family(session: Session, family: FamilyRef, child: ChildView, days: Sequence[ChangedDay], reason: str) -> None:
    """Write to the adults of the family what the staff did."""
    for email in emails_of_adults(session, family.id):
        queue_mail(session, "bookings_by_staff", email, family_id=family.id, child=child, days=days, reason=reason)


def _changed_days(verdict: Verdict) -> tuple[ChangedDay, ...]:
    facts = verdict.facts
    units: defaultdict[tuple[date, int, Became], list[UnitInfo]] = defaultdict(list)
    cents: defaultdict[tuple[date, int, Became], int] = defaultdict(int)
    for wish in verdict.accepted:
        for id_ in (*wish.removals, *wish.additions):
            unit = facts.openings[id_].unit
            became = Became.BOOKED if id_ in wish.additions else _given_back(verdict, id_)
            key = wish.day, unit.activity_id, became
            units[key].append(unit)
            if became is Became.BOOKED:
                share = verdict.prices.share_of(id_)
                cents[key] += 0 if share is None else share.amount_cents
            elif became is Became.CANCELLED_CHARGED:
                cents[key] += verdict.prices.late_cents(facts.held[id_].id)
    return tuple(
        ChangedDay(
            day, facts.catalogue.activities[activity_id].name,
            ", ".join(unit.name for unit in sorted(found, key=lambda unit: unit.starts_at)), became,
            cents.get((day, activity_id, became)),
        )
        for (day, activity_id, became), found in sorted(units.items())
    )  # fmt: skip


def _given_back(verdict: Verdict, opening_id: int) -> Became:
    if verdict.facts.held[opening_id].status is BookingStatus.REQUESTED:
        return Became.WITHDRAWN
    if opening_id in verdict.late:
        return Became.CANCELLED_CHARGED
    by_structure = verdict.facts.staff_class is CancelClass.STRUCTURE
    return Became.CANCELLED_BY_STRUCTURE if by_structure else Became.CANCELLED
