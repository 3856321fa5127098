"""Mails about days of children that were decided on, or that a place was found for: one mail, whatever the number."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy.orm import Session

from app.services.families import emails_of_adults
from app.services.mails import queue_mail


@dataclass(frozen=True, slots=True)
class DecidedUnit:
    """A booking that was decided on, for the mail. Cents; `asked_cents` is what the parent saw."""

    unit_name: str
    price_cents: int
    asked_cents: int


@dataclass(frozen=True, slots=True)
class DecidedDay:
    """A day of a child that was decided on, for the mail."""

    child_name: str
    activity_name: str
    day: date
    units: tuple[DecidedUnit, ...]
    until: datetime | None = None  # of an offered place

    @property
    def words(self) -> str:
        """« Journée, Veillée »."""
        return ", ".join(each.unit_name for each in self.units)

    @property
    def price_cents(self) -> int:
        """What all of it costs."""
        return sum(each.price_cents for each in self.units)

    @property
    def has_other_price(self) -> bool:
        """Whether it costs something else than what the parent saw."""
        return any(each.price_cents != each.asked_cents for each in self.units)


def tell_family(
    session: Session, family_id: int, template: str, days: Sequence[DecidedDay], *, reason: str | None = None
) -> None:
    """Write to the adults of the family, once for all these days; none, nothing is written."""
    if not days:
        return
    for email in emails_of_adults(session, family_id):
        queue_mail(
            session, template, email, family_id=family_id, days=sorted(days, key=lambda each: (each.day, each.words)),
            reason=reason,
        )  # fmt: skip
