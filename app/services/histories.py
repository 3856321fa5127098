"""« Historique »: when one signed in, what the family paid online, what became of its account and what else its parents
did, by week or by month; for the staff whole, with what keeps invoices from being asked for and with the agents' names.

`history_sources` says what is told to whom.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Subquery,
    and_,
    func,
    select,
    union,
    union_all,
)
from sqlalchemy.orm import InstrumentedAttribute

from app.clock import PARIS
from app.database import db
from app.models.accounts import User
from app.models.invoices import Invoice
from app.models.payments import BasketInvoice, Payment, PaymentAllocation
from app.services.catalogue import catalogue
from app.services.history_sources import SOURCES, Act, HistoryKind, sources_for_staff
from app.services.pages import Page, page_of


class Span(StrEnum):
    """How long a stretch of the history is; the codes stand in the page's address."""

    WEEK = "semaine"
    MONTH = "mois"


@dataclass(frozen=True, slots=True)
class Period:
    """A week from Monday to Sunday, or a month."""

    span: Span
    first: date
    last: date

    @property
    def previous_day(self) -> date:
        """A day of the period before."""
        return self.first - timedelta(days=1)

    @property
    def next_day(self) -> date:
        """A day of the period after."""
        return self.last + timedelta(days=1)


STAFF = "Le service"
"""By whom what the staff do was done, for the parents: an agent acts for the council."""

_BY_STAFF = frozenset(
    {
        Act.BOOKED_BY_STAFF, Act.CANCELLED_BY_STAFF, Act.FREED_BY_STAFF, Act.MARKED_BY_STAFF, Act.GIVEN_PLACE,
        Act.OFFERED_PLACE, Act.REMINDED, Act.CREDITED, Act.REVERSED, Act.REFUNDED,
    }
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class HistoryEvent:
    """One thing that was done; what does not apply is empty, or 0."""

    kind: HistoryKind
    act: Act
    at: datetime
    by: str  # the name of the parent, or of the agent; empty where only one's own are shown, or where it was not kept
    subject: str  # the child or adult whom it is about, or the number of a document
    what: str  # a device, the code of a part of the file or of a payment's state, a book or document by its name, why
    activity_name: str
    count: int  # bookings
    first: date | None  # and their days
    last: date | None
    amount_cents: int
    invoice_numbers: tuple[str, ...]
    public_token: str  # of an online payment
    detail: str  # the code of a kind, where `what` is somebody's words


@dataclass(frozen=True, slots=True)
class History:
    """A page of what happened in a period, latest first."""

    period: Period
    kind: HistoryKind | None  # None: all
    page: Page[HistoryEvent]


def period_around(day: date, span: Span) -> Period:
    """The week or the month in which a day lies."""
    if span is Span.WEEK:
        monday = day - timedelta(days=day.weekday())
        return Period(span, monday, monday + timedelta(days=6))
    first = day.replace(day=1)
    return Period(span, first, (first + timedelta(days=31)).replace(day=1) - timedelta(days=1))


def history_of(user_id: int, family_id: int, period: Period, kind: HistoryKind | None, page: int) -> History:
    """One's own sign-ins, what the family paid online and what else its parents did. Three queries."""
    found = _events(user_id, family_id, period, kind)
    total = db.session.scalar(select(func.count()).select_from(found)) or 0
    place: Page[HistoryEvent] = page_of(page, total)
    return History(period, kind, place.filled(_read(found, place.offset, place.size)))


def whole_history(user_id: int, family_id: int, period: Period, kind: HistoryKind | None) -> tuple[HistoryEvent, ...]:
    """The same without pages, for the download. Two queries."""
    return _read(_events(user_id, family_id, period, kind))


@dataclass(frozen=True, slots=True)
class StaffView:
    """What of a family's history an agent may read, and at which offices its money."""

    kinds: frozenset[HistoryKind]
    office_ids: frozenset[int]


def family_history(family_id: int, view: StaffView, kind: HistoryKind | None, page: int) -> Page[HistoryEvent]:
    """All that a family's parents did and that became of its money, for the staff, latest first. Three queries.

    `kind`: one of those of the view alone. Nobody's sign-ins are told.
    """
    read = view.kinds - {HistoryKind.SIGN_INS}
    statements = [
        statement for of, found in sources_for_staff(view.office_ids).items() if of in read and kind in (None, of)
        for source in found for statement in source(0, family_id, _whenever)
    ]  # fmt: skip
    events = union_all(*statements).subquery()
    place: Page[HistoryEvent] = page_of(page, db.session.scalar(select(func.count()).select_from(events)) or 0)
    return place.filled(_read(events, place.offset, place.size, names_agents=True))


def _whenever(at: InstrumentedAttribute[Any]) -> ColumnElement[bool]:
    return at.is_not(None)


def _read(
    found: Subquery, offset: int = 0, limit: int | None = None, *, names_agents: bool = False
) -> tuple[HistoryEvent, ...]:
    rows = db.session.execute(
        select(found, User.display_name)
        .outerjoin(User, and_(User.id == found.c.user_id, found.c.kind != HistoryKind.SIGN_INS.value))
        .order_by(found.c.at.desc(), found.c.act, found.c.id.desc())
        .offset(offset)
        .limit(limit)
    ).all()
    numbers = _invoice_numbers([row.id for row in rows if row.act == Act.PAID])
    activities = catalogue().activities
    return tuple(
        HistoryEvent(
            kind=HistoryKind(row.kind),
            act=Act(row.act),
            at=row.at,
            by=STAFF if row.act in _BY_STAFF and not names_agents else row.display_name or "",
            subject=row.subject,
            what=row.what,
            activity_name=activities[row.activity_id].name if row.activity_id else "",
            count=row.count_,
            first=row.first_,
            last=row.last_,
            amount_cents=row.amount_cents,
            invoice_numbers=tuple(numbers.get(row.id, ())) if row.act == Act.PAID else (),
            public_token=row.token if row.act == Act.PAID else "",
            detail=row.token if row.act != Act.PAID else "",
        )
        for row in rows
    )


def _invoice_numbers(basket_ids: list[int]) -> Mapping[int, list[str]]:
    numbers: dict[int, list[str]] = {}
    asked = select(BasketInvoice.basket_id, BasketInvoice.invoice_id).where(BasketInvoice.basket_id.in_(basket_ids))
    paid = select(Payment.basket_id, PaymentAllocation.invoice_id).join(PaymentAllocation)  # bookings become an invoice
    both = union(asked, paid.where(Payment.basket_id.in_(basket_ids))).subquery()
    for basket_id, number in db.session.execute(
        select(both.c.basket_id, Invoice.number).join(Invoice, Invoice.id == both.c.invoice_id).order_by(Invoice.number)
    ):
        numbers.setdefault(basket_id, []).append(number)
    return numbers


def _events(user_id: int, family_id: int, period: Period, kind: HistoryKind | None) -> Subquery:
    """What is in the logs, one statement for each, with the same columns."""
    since = datetime.combine(period.first, time(), PARIS)
    until = datetime.combine(period.next_day, time(), PARIS)

    def inside(at: InstrumentedAttribute[Any]) -> ColumnElement[bool]:
        return and_(at >= since, at < until)

    statements = [
        statement for of, sources in SOURCES.items() if kind in (None, of)
        for source in sources for statement in source(user_id, family_id, inside)
    ]  # fmt: skip
    return union_all(*statements).subquery()
