"""Months carried forward: what a run did not invoice, because it was less than the minimum of the office.

Their bookings are as those that no run has looked at; what is stored here says which months the next run takes too.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import CompoundSelect, Select, and_, false, func, null, or_, select, union_all
from sqlalchemy.orm import Session

from app import clock
from app.database import db
from app.models.activities import Activity, Office, Unit
from app.models.bookings import Booking, Opening
from app.models.cash_desks import CashDesk
from app.models.invoices import CarriedMonth, InvoicedBooking, InvoiceRun
from app.rules.calendars import add_months
from app.rules.invoicing import InvoiceDraft, carried_cents, parts_by_month
from app.services.households import is_charged_booking
from app.services.offices import of_offices


@dataclass(frozen=True, slots=True)
class CarriedView:
    """A month that will come with a later invoice, in cents.

    ``amount_cents`` is None where it changed since, and a fee, a deduction or an aid belongs to it: the next run says
    how much. ``days_cents`` is what its bookings alone cost now.
    """

    office_name: str
    month: date
    amount_cents: int | None
    days_cents: int
    minimum_cents: int | None  # of the office now


def families_carried(office_id: int, before: date) -> Select[tuple[int]]:
    """The families with months carried forward that a run of the month ``before`` takes."""
    return select(CarriedMonth.family_id).where(
        CarriedMonth.office_id == office_id, CarriedMonth.settled_at.is_(None), CarriedMonth.month < before
    )


def months_carried(
    session: Session, office_id: int, before: date, family_ids: Collection[int]
) -> Mapping[date, Sequence[int]]:
    """Those of some families that carry something of each month before another, the months in order. One query."""
    query = families_carried(office_id, before).add_columns(CarriedMonth.month)
    query = query.where(CarriedMonth.family_id.in_(family_ids))
    found: defaultdict[date, list[int]] = defaultdict(list)
    for family_id, month in session.execute(query.order_by(CarriedMonth.month, CarriedMonth.family_id)):
        found[month].append(family_id)
    return found


def count_carried_of_activity(session: Session, office_id: int, activity_id: int) -> int:
    """How many months of families an office carries with days of an activity that no invoice holds. Two queries."""
    is_open = and_(CarriedMonth.office_id == office_id, CarriedMonth.settled_at.is_(None))
    months = session.scalars(select(CarriedMonth.month).where(is_open).distinct()).all()
    in_month = or_(
        false(),
        *(and_(CarriedMonth.month == each, Booking.day >= each, Booking.day < add_months(each, 1)) for each in months),
    )
    statement = (
        select(func.count(CarriedMonth.id.distinct()))
        .join(Booking, Booking.family_id == CarriedMonth.family_id)
        .join(Opening, Opening.id == Booking.opening_id)
        .join(Unit, Unit.id == Opening.unit_id)
        .outerjoin(InvoicedBooking, InvoicedBooking.booking_id == Booking.id)
        .where(
            is_open, in_month, Unit.activity_id == activity_id, InvoicedBooking.booking_id.is_(None),
            is_charged_booking(),
        )
    )  # fmt: skip
    return session.scalar(statement) or 0


class CarriedMonths:
    """What some families carry up to the month of a run, as the run that has taken the office writes it down."""

    def __init__(self, session: Session, run: InvoiceRun, family_ids: Collection[int]) -> None:
        """One query."""
        self._session = session
        self._run = run
        self._rows: defaultdict[int, dict[date, CarriedMonth]] = defaultdict(dict)
        for row in session.scalars(
            select(CarriedMonth).where(
                CarriedMonth.office_id == run.office_id, CarriedMonth.settled_at.is_(None),
                CarriedMonth.month <= run.month, CarriedMonth.family_id.in_(family_ids),
            )
        ):  # fmt: skip
            self._rows[row.family_id][row.month] = row

    def carry(self, family_id: int, draft: InvoiceDraft) -> None:
        """A draft is less than the minimum: its months wait for a later run. Those with nothing left are over."""
        rows = self._rows[family_id]
        for part in parts_by_month(draft, self._run.month):
            row = rows.pop(part.month, None)
            if row is None:
                row = CarriedMonth(office_id=self._run.office_id, family_id=family_id, month=part.month)
                self._session.add(row)
            row.total_cents, row.days_cents = part.total_cents, part.days_cents
            row.run_id, row.carried_at = self._run.id, clock.now()
        self.settle(family_id, None)

    def settle(self, family_id: int, invoice_id: int | None) -> None:
        """What a family carried is on an invoice, or nothing is left of it."""
        for row in self._rows.pop(family_id, {}).values():
            row.settled_at, row.invoice_id = clock.now(), invoice_id


def carried_of(family_id: int, office_ids: Collection[int] | None = None) -> tuple[CarriedView, ...]:
    """What a family has to come with its next invoices, of these offices or of all, oldest month first. One query."""
    return carried_views(CarriedRow(*row) for row in db.session.execute(carried_rows(family_id, office_ids)))


@dataclass(frozen=True, slots=True)
class CarriedRow:
    """A month of an office that waits; or, without what is said of a month, a day's bookings that no invoice holds."""

    office_id: int
    day: date  # the first of a month
    cents: int
    days_cents: int | None
    carried_at: datetime | None
    office_name: str | None
    minimum_cents: int | None


def carried_rows(
    family_id: int, office_ids: Collection[int] | None = None
) -> CompoundSelect[tuple[int, date, int, int, datetime, str, int]]:
    """What `carried_views()` wants to know of a family: a `CarriedRow` each, no row where nothing is carried."""
    is_open = and_(CarriedMonth.family_id == family_id, CarriedMonth.settled_at.is_(None))
    months = (
        select(
            CarriedMonth.office_id, CarriedMonth.month.label("day"), CarriedMonth.total_cents.label("cents"),
            CarriedMonth.days_cents, CarriedMonth.carried_at, Office.name.label("office_name"), CashDesk.minimum_cents,
        )
        .join(Office, Office.id == CarriedMonth.office_id)
        .outerjoin(CashDesk, CashDesk.office_id == CarriedMonth.office_id)
        .where(is_open, of_offices(CarriedMonth.office_id, office_ids))
    )  # fmt: skip
    days = (
        select(
            Activity.office_id, Booking.day, func.coalesce(func.sum(Booking.price_cents), 0), null(), null(), null(),
            null(),
        )
        .join(Opening, Opening.id == Booking.opening_id)
        .join(Unit, Unit.id == Opening.unit_id)
        .join(Activity, Activity.id == Unit.activity_id)
        .outerjoin(InvoicedBooking, InvoicedBooking.booking_id == Booking.id)
        .where(
            Booking.family_id == family_id, InvoicedBooking.booking_id.is_(None), is_charged_booking(),
            Booking.day >= select(func.min(CarriedMonth.month)).where(is_open).scalar_subquery(),
        )
        .group_by(Activity.office_id, Booking.day)
    )  # fmt: skip
    return union_all(months, days)


def carried_views(rows: Iterable[CarriedRow]) -> tuple[CarriedView, ...]:
    """What a family has to come with its next invoices, oldest month first."""
    months: list[tuple[date, str, datetime, CarriedRow]] = []
    present: list[CarriedRow] = []
    for row in rows:
        if row.carried_at is None or row.office_name is None:
            present.append(row)
        else:
            months.append((row.day, row.office_name, row.carried_at, row))
    found = []
    for month, office_name, carried_at, row in sorted(months, key=lambda each: each[:2]):
        end = min(add_months(month, 1), carried_at.astimezone(clock.PARIS).date())
        days_cents = sum(each.cents for each in present if each.office_id == row.office_id and month <= each.day < end)
        amount_cents = carried_cents(row.cents, row.days_cents or 0, days_cents)
        if amount_cents != 0:
            found.append(CarriedView(office_name, month, amount_cents, days_cents, row.minimum_cents))
    return tuple(found)
