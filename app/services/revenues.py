"""« Recettes »: what offices invoiced, took back and were paid, by month and activity; what is due, by its age.

All amounts in cents (docs/rules/figures.md).
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import groupby
from typing import Any

from sqlalchemy import Row, case, func, select

from app import clock
from app.database import db
from app.models.activities import Activity
from app.models.credits import CreditLine
from app.models.invoices import Invoice, InvoiceLine
from app.models.payments import PaymentAllocation
from app.rules.figures import DebtAge, cents_shared, debt_age
from app.services.invoices import balance_in_sql
from app.services.payment_terms import stands


@dataclass(frozen=True, slots=True)
class Revenue:
    """What the invoices of a month ask for an activity (None: what is of none), less what was taken back; and paid."""

    month: date  # of the services, its first day
    activity_id: int | None
    activity_name: str
    invoiced_cents: int
    credited_cents: int
    paid_cents: int

    @property
    def net_cents(self) -> int:
        """What is asked for in the end."""
        return self.invoiced_cents - self.credited_cents


@dataclass(frozen=True, slots=True)
class Total:
    """Some revenues added up."""

    invoiced_cents: int
    credited_cents: int
    net_cents: int
    paid_cents: int


@dataclass(frozen=True, slots=True)
class DebtRow:
    """What is due of one age."""

    age: DebtAge
    invoices: int
    cents: int


def read_revenues(office_ids: Collection[int], first: date, last: date) -> tuple[Revenue, ...]:
    """What the invoices of the months from a first to a last come to, by month and activity. Two queries.

    What is paid is shared out over the activities of each invoice; those of a month add up to what was paid of it.
    """
    wanted = (Invoice.office_id.in_(office_ids), Invoice.month.between(first.replace(day=1), last))
    paid = (
        select(PaymentAllocation.invoice_id, func.sum(PaymentAllocation.amount_cents).label("cents"))
        .join(Invoice, Invoice.id == PaymentAllocation.invoice_id)
        .where(*wanted, stands(PaymentAllocation.payment_id))
        .group_by(PaymentAllocation.invoice_id)
        .subquery()
    )
    credited = (
        select(CreditLine.line_id, func.sum(CreditLine.amount_cents).label("cents"))
        .group_by(CreditLine.line_id)
        .subquery()
    )
    asked, taken_back = func.sum(InvoiceLine.amount_cents), func.sum(func.coalesce(credited.c.cents, 0))
    parts = (
        select(
            InvoiceLine.invoice_id, Invoice.month, InvoiceLine.activity_id, asked.label("asked"),
            taken_back.label("taken_back"),
            # What the shares of its activities are of: what is left of it, or where nothing is what it asked for.
            func.sum(asked - taken_back).over(partition_by=InvoiceLine.invoice_id).label("net"),
            func.sum(asked).over(partition_by=InvoiceLine.invoice_id).label("whole"),
        )
        .join(Invoice, Invoice.id == InvoiceLine.invoice_id)
        .outerjoin(credited, credited.c.line_id == InvoiceLine.id)
        .where(*wanted)
        .group_by(InvoiceLine.invoice_id, Invoice.month, InvoiceLine.activity_id)
        .subquery()
    )  # fmt: skip
    part, of_whole = parts.c.asked - parts.c.taken_back, parts.c.net
    thousandths = case(
        (of_whole != 0, paid.c.cents * 1_000 * part // of_whole),
        (parts.c.whole != 0, paid.c.cents * 1_000 * parts.c.asked // parts.c.whole),
        else_=0,
    )
    rows = db.session.execute(
        select(
            parts.c.month, parts.c.activity_id, Activity.name, func.sum(parts.c.asked), func.sum(parts.c.taken_back),
            func.coalesce(func.sum(thousandths), 0),
        )
        .select_from(parts)
        .outerjoin(Activity, Activity.id == parts.c.activity_id)
        .outerjoin(paid, paid.c.invoice_id == parts.c.invoice_id)
        .group_by(parts.c.month, parts.c.activity_id, Activity.name, Activity.position)
        .order_by(parts.c.month, Activity.position.is_(None), Activity.position, Activity.name, parts.c.activity_id)
    )  # fmt: skip
    paid_of_months = dict(
        db.session.execute(
            select(Invoice.month, func.sum(paid.c.cents))
            .join(paid, paid.c.invoice_id == Invoice.id)
            .group_by(Invoice.month)
        )
        .tuples()
        .all()
    )
    return tuple(
        revenue
        for month, of_month in groupby(rows, key=lambda row: row[0])
        for revenue in _rounded(month, list(of_month), int(paid_of_months.get(month, 0)))
    )


def _rounded(month: date, rows: Sequence[Row[Any]], paid_cents: int) -> Iterator[Revenue]:
    paid = cents_shared([int(row[5]) for row in rows], paid_cents)
    for (_, activity_id, name, asked, taken_back, _thousandths), cents in zip(rows, paid, strict=True):
        yield Revenue(month, activity_id, name or "", int(asked), int(taken_back), cents)


def by_month(found: Iterable[Revenue]) -> Mapping[date, Total]:
    """Each month as a whole, in order."""
    months: defaultdict[date, list[Revenue]] = defaultdict(list)
    for row in found:
        months[row.month].append(row)
    return {month: total_of(rows) for month, rows in sorted(months.items())}


def by_activity(found: Iterable[Revenue]) -> Mapping[str, Total]:
    """Each activity over all months, by its name; « » is what is of none."""
    activities: defaultdict[str, list[Revenue]] = defaultdict(list)
    for row in found:
        activities[row.activity_name].append(row)
    return {name: total_of(rows) for name, rows in activities.items()}


def total_of(rows: Sequence[Revenue]) -> Total:
    """Some added up."""
    invoiced, credited = sum(row.invoiced_cents for row in rows), sum(row.credited_cents for row in rows)
    return Total(invoiced, credited, invoiced - credited, sum(row.paid_cents for row in rows))


def debts_by_age(office_ids: Collection[int]) -> tuple[DebtRow, ...]:
    """What these offices are owed today, by age, each age that there may be. One query."""
    due = select(Invoice.due_on, balance_in_sql().label("cents")).where(Invoice.office_id.in_(office_ids)).subquery()
    rows = db.session.execute(
        select(due.c.due_on, func.count(), func.sum(due.c.cents)).where(due.c.cents > 0).group_by(due.c.due_on)
    )
    found: defaultdict[DebtAge, list[tuple[int, int]]] = defaultdict(list)
    for due_on, invoices, cents in rows:
        found[debt_age(due_on, clock.today())].append((invoices, int(cents)))
    return tuple(
        DebtRow(age, sum(invoices for invoices, _ in found[age]), sum(cents for _, cents in found[age]))
        for age in DebtAge
    )
