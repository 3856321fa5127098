"""An agent corrects one line of an issued invoice: a credit note, and what is right instead. Seen before it is done."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from hashlib import sha256

from sqlalchemy import select
from sqlalchemy.orm import Session

from app import clock
from app.database import db
from app.models.bookings import Booking, PriceChangeReason
from app.models.credits import CreditNote
from app.models.invoices import Invoice, InvoicedBooking
from app.rules.aided_invoices import with_aids
from app.rules.bills import CARRYING
from app.rules.credits import Afterwards, CreditCause, CreditDraft, LineFacts, draft_credit, group_of, may_be_credited
from app.rules.invoicing import DraftLine, InvoiceDraft
from app.rules.shares import spread
from app.services.aids import aids_for_run
from app.services.cash_desks import last_day_to_pay
from app.services.catalogue import catalogue
from app.services.corrections import PreviewLine, take_back_and_reprice
from app.services.credits import CreditHead, InvoiceFacts, credit_invoice, hold_for_credit, read_invoices
from app.services.errors import CorrectionMoved, NotFound
from app.services.families import check_not_own
from app.services.household_credits import take_credit
from app.services.invoice_issues import InvoiceHead, issue_invoice, tell_of_invoices
from app.services.prices import AgreedPrice, agree_price


@dataclass(frozen=True, slots=True)
class Part:
    """What of a line can be taken back by itself: a day of a unit, a day of a combination, a whole package or fee."""

    key: str
    days: tuple[date, ...]
    amount_cents: int
    booking_ids: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class CorrectableLine:
    """A line of an issued invoice, with what is left on it to take back."""

    invoice_id: int
    invoice_number: str
    family_id: int
    payer_name: str
    line_id: int
    child_name: str
    label: str
    unit_cents: int
    parts: tuple[Part, ...]
    is_of_bookings: bool  # else nothing of it can be invoiced again by a run


@dataclass(frozen=True, slots=True)
class LineWish:
    """What an agent wants: which parts, what becomes of them (at which price, in cents), and why."""

    keys: frozenset[str]
    afterwards: Afterwards
    unit_cents: int | None
    reason: str


@dataclass(frozen=True, slots=True)
class LinePlan:
    """What a correction would do. The fingerprint is the same as long as it would do the same."""

    lines: tuple[PreviewLine, ...]
    new_cents: int | None  # of the invoice that follows at once
    fingerprint: str

    @property
    def credit_cents(self) -> int:
        """What the credit note comes to."""
        return sum(line.amount_cents for line in self.lines)


def read_line(invoice_id: int, line_id: int) -> CorrectableLine:
    """A line that staff may correct. Raises NotFound for others, and where nothing is left of it."""
    facts, line = _facts(db.session(), invoice_id, line_id)
    parts = _parts(facts, line)
    if not parts:
        raise NotFound("line")
    row = facts.rows[line_id]
    return CorrectableLine(
        invoice_id, facts.invoice.number, facts.invoice.family_id, facts.invoice.payer_name, line_id, row.child_name,
        row.label, row.unit_cents, parts, line.kind in CARRYING,
    )  # fmt: skip


def correctable_lines(invoice_id: int) -> frozenset[int]:
    """The lines of an invoice of which something can be taken back. A constant number of queries."""
    facts = read_invoices(db.session(), [invoice_id])[invoice_id]
    return frozenset(
        line.id for line in facts.lines if may_be_credited(line) and _parts(facts, line)
    )  # fmt: skip


def credit_of_form(form_key: str) -> int | None:
    """The credit note that a form made already: sent twice, it does nothing more."""
    return db.session.scalar(select(CreditNote.id).where(CreditNote.form_key == form_key))


def plan_line(invoice_id: int, line_id: int, wish: LineWish) -> LinePlan:
    """What a correction would do now. Raises NotFound, and CorrectionMoved for parts that are on the line no more."""
    facts, line = _facts(db.session(), invoice_id, line_id)
    return _plan(facts, wish, _draft(facts, line, wish))


def correct_line(
    session: Session, invoice_id: int, line_id: int, wish: LineWish, agent_id: int, *, fingerprint: str, form_key: str
) -> int:
    """Issue the credit note, and do what follows; returns its id. The same form twice does it once.

    Raises NotFound, OwnFamily, and CorrectionMoved where it would do something else than was read.
    """
    invoice = session.get(Invoice, invoice_id)
    if invoice is None:
        raise NotFound("invoice")
    check_not_own(invoice.family_id, agent_id)
    hold_for_credit(session, invoice.family_id, [invoice.office_id])
    done = session.scalar(select(CreditNote.id).where(CreditNote.form_key == form_key))
    if done is not None:
        return done
    facts, line = _facts(session, invoice_id, line_id)
    draft = _draft(facts, line, wish)
    if _plan(facts, wish, draft).fingerprint != fingerprint or not draft.is_issuable:
        raise CorrectionMoved
    head = CreditHead(CreditCause.CORRECTION, wish.reason, agent_id, form_key=form_key)
    chosen = [part for part in _parts(facts, line) if part.key in wish.keys]
    released = [id_ for part in chosen for id_ in part.booking_ids]
    if wish.afterwards is Afterwards.AGAIN:
        (note,) = take_back_and_reprice(session, invoice.family_id, released, head)
        return note.id
    issued = credit_invoice(session, facts, draft, head)
    assert issued is not None
    prices = {id_: 0 for part in chosen for id_ in part.booking_ids}
    if wish.afterwards is Afterwards.AT_PRICE:
        assert wish.unit_cents is not None
        prices |= {part.booking_ids[0]: wish.unit_cents for part in chosen if part.booking_ids}
    _keep_prices(session, prices, wish.reason)
    if wish.afterwards is Afterwards.AT_PRICE:
        _invoice_again(session, facts, line, chosen, wish)
    else:
        session.add_all(InvoicedBooking(booking_id=id_, credit_note_id=issued.id) for id_ in released)
        session.flush()
    return issued.id


def _facts(session: Session, invoice_id: int, line_id: int) -> tuple[InvoiceFacts, LineFacts]:
    facts = read_invoices(session, [invoice_id]).get(invoice_id)
    line = None if facts is None else next((each for each in facts.lines if each.id == line_id), None)
    if facts is None or line is None or not may_be_credited(line):
        raise NotFound("line")
    return facts, line


def _parts(facts: InvoiceFacts, line: LineFacts) -> tuple[Part, ...]:
    """What is left on a line; what costs nothing needs no credit note."""
    return tuple(part for part in _all_parts(facts, line) if part.amount_cents)


def _all_parts(facts: InvoiceFacts, line: LineFacts) -> tuple[Part, ...]:
    if line.kind not in CARRYING:
        days = () if line.first_day is None else (line.first_day,)
        return (Part("ligne", days, line.amount_cents, ()),)
    groups: dict[tuple[object, ...], list[tuple[int, date, int]]] = {}
    for share in facts.shares:
        if share.line_id == line.id:
            groups.setdefault(group_of(line.kind, share), []).append((share.booking_id, share.day, share.amount_cents))
    return tuple(
        Part(
            str(min(id_ for id_, _, _ in group)), tuple(dict.fromkeys(day for _, day, _ in group)),
            sum(cents for _, _, cents in group),
            # The one that carries the price first.
            tuple(id_ for id_, _, _ in sorted(group, key=lambda each: (-each[2], each[0]))),
        )
        for group in groups.values()
    )  # fmt: skip


def _draft(facts: InvoiceFacts, line: LineFacts, wish: LineWish) -> CreditDraft:
    parts = {part.key: part for part in _parts(facts, line)}
    if not wish.keys or not wish.keys <= parts.keys():
        raise CorrectionMoved
    released = {id_ for key in wish.keys for id_ in parts[key].booking_ids}
    whole = () if line.kind in CARRYING else (line.id,)
    return draft_credit(facts.lines, facts.shares, facts.aids, released, whole)


def _plan(facts: InvoiceFacts, wish: LineWish, draft: CreditDraft) -> LinePlan:
    lines = tuple(
        PreviewLine(
            facts.invoice.number, facts.rows[line.line_id].child_name, facts.rows[line.line_id].label, line.days,
            line.quantity, line.unit_cents, line.amount_cents,
        )
        for line in draft.lines
    )  # fmt: skip
    new_cents = None
    if wish.afterwards is Afterwards.AT_PRICE and wish.unit_cents is not None:
        new_cents = wish.unit_cents * len(wish.keys)
    told = lines, sorted(wish.keys), wish.afterwards.value, wish.unit_cents, wish.reason
    return LinePlan(lines, new_cents, sha256(repr(told).encode()).hexdigest()[:16])


def _keep_prices(session: Session, prices: Mapping[int, int], reason: str) -> None:
    now = clock.now()
    for booking in session.scalars(select(Booking).where(Booking.id.in_(prices)).order_by(Booking.id)):
        agree_price(session, booking, AgreedPrice(prices[booking.id], reason), PriceChangeReason.CREDITED, now)
    session.flush()


def _invoice_again(
    session: Session, facts: InvoiceFacts, line: LineFacts, chosen: Sequence[Part], wish: LineWish
) -> None:
    """A new invoice, at once: what the agent typed is never priced anew by anybody."""
    row, old = facts.rows[line.id], facts.invoice
    assert wish.unit_cents is not None and row.activity_id is not None
    amount_cents = wish.unit_cents * len(chosen)
    parts = row.care_cents, row.meal_cents, row.other_cents
    care, meal, _other = spread(amount_cents, parts) if min(parts) >= 0 and any(parts) else (0, 0, amount_cents)
    drafted = DraftLine(
        kind=row.kind, item=row.item, child_id=row.child_id, child_name=row.child_name, activity_id=row.activity_id,
        activity_name="", name=row.label, is_absence=row.is_absence, quantity=len(chosen),
        unit_price_cents=wish.unit_cents, explanation=wish.reason, days=_days(chosen),
        booking_ids=tuple(id_ for part in chosen for id_ in part.booking_ids), care_cents=care, meal_cents=meal,
    )  # fmt: skip
    draft = InvoiceDraft((drafted,), ())
    # Of a month that was carried forward to the invoice, the new one is of that month.
    month = drafted.days[0].replace(day=1) if drafted.days else old.month
    helped = aids_for_run(session, [old.family_id], month, lock=True).get(old.family_id)
    if helped is not None:
        draft = with_aids(draft, helped.aids, helped.ledger, catalogue().calendar.kind, helped.names)
    today = clock.today()
    head = InvoiceHead(old.office_id, month, today, last_day_to_pay(session, old.office_id, today))
    invoice = issue_invoice(session, old.family_id, head, draft)
    take_credit(session, old.office_id, [old.family_id])
    tell_of_invoices(session, [invoice])


def _days(chosen: Collection[Part]) -> tuple[date, ...]:
    return tuple(sorted({day for part in chosen for day in part.days}))
