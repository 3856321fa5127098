"""« Mes factures »: what is to pay and what the ticks come to, and what is settled. Every amount is read here anew."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date

from app.database import db
from app.rules.baskets import MINIMUM_CENTS, BasketPlan, TickedInvoice, UnpayableReason, plan_baskets
from app.services.errors import NotFound
from app.services.invoices import InvoiceView, invoices_of, months_of
from app.services.pages import Page, page_of


@dataclass(frozen=True, slots=True)
class OpenRow:
    """An invoice to pay, and the months that it asks for, by their first days."""

    invoice: InvoiceView
    months: tuple[date, ...]
    obstacle: UnpayableReason | None  # why it cannot be paid online now, whatever else is ticked
    is_ticked: bool

    @property
    def needs_company(self) -> bool:
        """Whether it can only be paid together with another invoice: alone it is too little."""
        return self.obstacle is None and self.invoice.balance_cents < MINIMUM_CENTS


@dataclass(frozen=True, slots=True)
class SettledRow:
    """An invoice that is settled, and the months that it asks for, by their first days."""

    invoice: InvoiceView
    months: tuple[date, ...]


@dataclass(frozen=True, slots=True)
class RefusedTick:
    """A ticked invoice that cannot be paid now, and why."""

    invoice: InvoiceView
    reason: UnpayableReason


@dataclass(frozen=True, slots=True)
class Selection:
    """What the ticked invoices come to. Amounts in cents."""

    count: int  # of those that will be paid
    amounts_cents: tuple[int, ...]  # one payment after the other, one for each PayFiP number
    refused: tuple[RefusedTick, ...]

    @property
    def total_cents(self) -> int:
        """All payments together."""
        return sum(self.amounts_cents)


@dataclass(frozen=True, slots=True)
class OpenInvoices:
    """The invoices to pay, a page of them, with what is ticked on it and on other pages."""

    page: Page[OpenRow]
    ticked_elsewhere: tuple[int, ...]  # ids: the form keeps them
    selection: Selection
    due_cents: int
    settled_count: int

    @property
    def may_tick(self) -> bool:
        """Whether any invoice of the page can be paid online."""
        return any(row.obstacle is None for row in self.page.rows)


def open_invoices_of(family_id: int, ticked: Collection[int], page: int, *, is_online: bool) -> OpenInvoices:
    """The invoices that a family has to pay, latest first as in the guide. Two queries.

    `is_online`: whether anything can be paid online at all. Raises NotFound for a tick of another family's invoice.
    """
    views = invoices_of(family_id)
    due = [view for view in views if view.balance_cents > 0]
    obstacles = {each.invoice_id: each.reason for each in _plan(due, is_online=is_online).unpayable}
    place: Page[OpenRow] = page_of(page, len(due))
    shown = due[place.offset : place.offset + place.size]
    months = months_of(db.session(), [view.id for view in shown])
    rows = tuple(
        OpenRow(view, months[view.id], obstacles.get(view.id), view.id in ticked and view.id not in obstacles)
        for view in shown
    )
    shown_ids = {view.id for view in shown}
    return OpenInvoices(
        page=place.filled(rows),
        ticked_elsewhere=tuple(
            view.id for view in due if view.id in ticked and view.id not in shown_ids and view.id not in obstacles
        ),
        selection=_select(views, ticked, is_online=is_online),
        due_cents=sum(view.balance_cents for view in due),
        settled_count=len(views) - len(due),
    )


def select_invoices(family_id: int, ticked: Collection[int], *, is_online: bool) -> Selection:
    """What these ticks come to. One query. Raises NotFound for another family's invoice."""
    return _select(invoices_of(family_id), ticked, is_online=is_online)


def settled_invoices_of(family_id: int, page: int) -> Page[SettledRow]:
    """The invoices of a family that are settled, latest first. Two queries."""
    settled = [view for view in invoices_of(family_id) if view.balance_cents <= 0]
    place: Page[SettledRow] = page_of(page, len(settled))
    shown = settled[place.offset : place.offset + place.size]
    months = months_of(db.session(), [view.id for view in shown])
    return place.filled(tuple(SettledRow(view, months[view.id]) for view in shown))


def _plan(views: Sequence[InvoiceView], *, is_online: bool) -> BasketPlan:
    return plan_baskets(
        [
            TickedInvoice(
                v.id,
                v.payfip_number if is_online else None,
                v.balance_cents,
                v.has_live_attempt,
                v.debit_on is not None,
            )
            for v in views
        ]
    )


def _select(views: Sequence[InvoiceView], ticked: Collection[int], *, is_online: bool) -> Selection:
    by_id = {view.id: view for view in views}
    if not by_id.keys() >= set(ticked):
        raise NotFound("invoice")
    plan = _plan([by_id[id_] for id_ in dict.fromkeys(ticked)], is_online=is_online)
    return Selection(
        count=sum(len(draft.allocations) for draft in plan.baskets),
        amounts_cents=tuple(draft.amount_cents for draft in plan.baskets),
        refused=tuple(RefusedTick(by_id[each.invoice_id], each.reason) for each in plan.unpayable),
    )
