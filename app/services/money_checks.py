"""Whether the stored invoices, credit notes, aids and payments agree, to the cent: a part of `services.checks`."""

from collections import Counter, defaultdict
from collections.abc import Iterator
from datetime import date, datetime

from sqlalchemy import func, select, union_all
from sqlalchemy.orm import Session

from app import clock
from app.models.activities import Activity, Unit
from app.models.aids import AidUse, ChildAid
from app.models.attendances import Attendance, AttendanceEvent
from app.models.bookings import Booking, BookingEvent, Opening
from app.models.cash_desks import Deposit, DepositItem, JournalLine, PaymentReversal, Refund, RefundShare
from app.models.credits import (
    Correction,
    CorrectionBooking,
    CreditAllocation,
    CreditedBooking,
    CreditLine,
    CreditNote,
)
from app.models.direct_debits import DebitBatch, DebitLine
from app.models.invoices import CarriedMonth, DocumentSeries, Invoice, InvoicedBooking, InvoiceLine
from app.models.payments import BasketBooking, BasketInvoice, Payment, PaymentAllocation, PaymentBasket
from app.models.prepaid_books import PrepaidBook
from app.rules.baskets import BasketState
from app.rules.bills import CARRYING, LineKind
from app.rules.cash_desks import IN_HAND_MODES, PaymentMode
from app.rules.invoicing import is_charged
from app.rules.numbers import DocumentKind, read_document_number
from app.rules.states import BookingStatus
from app.services.debit_terms import open_lines
from app.services.deposits import cents_in_hand, items_in_hand
from app.services.households import is_charged_booking
from app.services.inconsistencies import Inconsistency, Problem
from app.services.payment_terms import stands


def wrong_money(session: Session) -> Iterator[Inconsistency]:
    """All that is wrong with invoices, credit notes, aids, payments and the régie. Reads all of them."""
    yield from _wrong_totals(session)
    yield from _wrongly_invoiced(session)
    yield from _lost_months(session)
    yield from _wrong_books(session)
    yield from _wrong_aids(session)
    yield from _wrong_credits(session)
    yield from _wrong_allocations(session)
    yield from _wrong_baskets(session)
    yield from _unplaced(session)
    yield from _wrong_debits(session)
    yield from _wrong_cash_desks(session)
    yield from _wrong_journals(session)
    yield from _wrong_numbers(session)


def _wrong_totals(session: Session) -> Iterator[Inconsistency]:
    sums = select(InvoiceLine.invoice_id, func.sum(InvoiceLine.amount_cents)).group_by(InvoiceLine.invoice_id)
    of_lines = dict(session.execute(sums).tuples().all())
    for id_, total_cents in session.execute(select(Invoice.id, Invoice.total_cents).order_by(Invoice.id)):
        if of_lines.get(id_, 0) != total_cents:
            yield Inconsistency(Problem.INVOICE_TOTAL, f"invoice {id_}: {total_cents}, lines {of_lines.get(id_, 0)}")


def _wrongly_invoiced(session: Session) -> Iterator[Inconsistency]:
    """That a booking is on one line at most is a primary key; here: that what is on one belongs there.

    What was credited counts for its line. Days that were closed, or absences that were justified, stay on their line
    until the worker credits them.
    """
    count: Counter[int] = Counter()
    cents: Counter[int] = Counter()
    to_correct = set(
        session.scalars(
            select(CorrectionBooking.booking_id)
            .join(Correction, Correction.id == CorrectionBooking.correction_id)
            .where(Correction.ended_at.is_(None))
        )
    )
    for line_id, amount_cents in session.execute(select(CreditedBooking.line_id, CreditedBooking.amount_cents)):
        count[line_id] += 1
        cents[line_id] += amount_cents
    settled = select(CarriedMonth.invoice_id, CarriedMonth.month).where(CarriedMonth.invoice_id.is_not(None))
    carried = set(session.execute(settled).tuples())
    rows = session.execute(
        select(
            InvoicedBooking.line_id, Booking.id, Booking.status, Booking.cancel_class, Booking.price_cents,
            Booking.family_id, Booking.day, Invoice.family_id, Invoice.month, Invoice.id,
        )
        .join(Booking, Booking.id == InvoicedBooking.booking_id)
        .join(InvoiceLine, InvoiceLine.id == InvoicedBooking.line_id)
        .join(Invoice, Invoice.id == InvoiceLine.invoice_id)
        .order_by(Booking.id)
    )  # fmt: skip
    for line_id, booking_id, status, cancel_class, price_cents, family_id, day, payer_id, month, invoice_id in rows:
        count[line_id] += 1
        cents[line_id] += price_cents
        first = day.replace(day=1)
        belongs = family_id == payer_id and (first == month or (invoice_id, first) in carried)
        is_due = is_charged(status, cancel_class) or booking_id in to_correct
        if not belongs or not is_due:
            yield Inconsistency(Problem.INVOICED_BOOKING, f"booking {booking_id} on line {line_id}")
    for line_id, kind, quantity, amount_cents in session.execute(
        select(InvoiceLine.id, InvoiceLine.kind, InvoiceLine.quantity, InvoiceLine.amount_cents).order_by(
            InvoiceLine.id
        )
    ):
        if kind not in CARRYING:
            is_right = count[line_id] == 0
        elif kind is LineKind.UNIT:
            is_right = (count[line_id], cents[line_id]) == (quantity, amount_cents)
        else:  # a package or a combination has several bookings for one
            is_right = count[line_id] >= quantity and cents[line_id] == amount_cents
        if not is_right:
            yield Inconsistency(Problem.INVOICED_BOOKING, f"line {line_id}: {count[line_id]} bookings")


def _lost_months(session: Session) -> Iterator[Inconsistency]:
    """What was carried forward ends on an invoice, or nothing is left of it.

    A booking that was made, or became due, after its month was carried is no part of it: a run of that month takes it.
    What was credited is told elsewhere (`services.corrections.months_to_invoice_again()`).
    """
    rows = session.execute(
        select(CarriedMonth.office_id, CarriedMonth.family_id, CarriedMonth.month, CarriedMonth.settled_at)
        .add_columns(CarriedMonth.invoice_id, CarriedMonth.carried_at)
        .order_by(CarriedMonth.id)
    )
    ended: dict[tuple[int, int, date], datetime] = {}
    for office_id, family_id, month, settled_at, invoice_id, carried_at in rows:
        key = (office_id, family_id, month)
        ended.pop(key, None)  # it was carried once more since
        if settled_at is not None and invoice_id is None:
            ended[key] = carried_at
    if not ended:
        return
    changed = select(BookingEvent.booking_id, func.max(BookingEvent.at).label("at")).group_by(BookingEvent.booking_id)
    marked = (
        select(Attendance.booking_id, func.max(AttendanceEvent.at).label("at"))
        .join(AttendanceEvent, AttendanceEvent.attendance_id == Attendance.id)
        .group_by(Attendance.booking_id)
    )
    last_change, last_mark = changed.subquery(), marked.subquery()
    bookings = session.execute(
        select(Booking.id, Activity.office_id, Booking.family_id, Booking.day, last_change.c.at, last_mark.c.at)
        .join(Opening, Opening.id == Booking.opening_id)
        .join(Unit, Unit.id == Opening.unit_id)
        .join(Activity, Activity.id == Unit.activity_id)
        .outerjoin(last_change, last_change.c.booking_id == Booking.id)
        .outerjoin(last_mark, last_mark.c.booking_id == Booking.id)
        .where(
            Booking.family_id.in_({family_id for _office_id, family_id, _month in ended}), is_charged_booking(),
            Booking.price_cents > 0, Booking.book_id.is_(None),
            Booking.id.not_in(select(InvoicedBooking.booking_id)),
            Booking.id.not_in(select(CreditedBooking.booking_id)),
        )
        .order_by(Booking.id)
    )  # fmt: skip
    for booking_id, office_id, family_id, day, *changes in bookings:
        carried_at = ended.get((office_id, family_id, day.replace(day=1)))
        if carried_at is None or day >= carried_at.astimezone(clock.PARIS).date():
            continue
        if all(at is None or at <= carried_at for at in changes):
            yield Inconsistency(Problem.CARRIED, f"booking {booking_id}: carried from {day:%Y-%m}, and on no invoice")


def _wrong_books(session: Session) -> Iterator[Inconsistency]:
    """A book is asked for at its price, and spends no more entries than it has; what is closed otherwise is free."""
    spent = Counter(session.scalars(select(Booking.book_id).where(Booking.book_id.is_not(None), is_charged_booking())))
    rows = session.execute(
        select(PrepaidBook, InvoiceLine.amount_cents).outerjoin(InvoiceLine, InvoiceLine.id == PrepaidBook.line_id)
    )
    for book, amount_cents in rows:
        if amount_cents is not None and (amount_cents != book.price_cents or book.taken_back_at is not None):
            yield Inconsistency(Problem.BOOK, f"book {book.id}: {book.price_cents} cents, invoiced {amount_cents}")
        if spent[book.id] > book.entries:
            yield Inconsistency(Problem.BOOK, f"book {book.id}: {spent[book.id]} entries spent")
    paid = (
        select(InvoicedBooking.booking_id)
        .join(Booking, Booking.id == InvoicedBooking.booking_id)
        .where(InvoicedBooking.line_id.is_(None) | Booking.book_id.is_not(None), Booking.price_cents != 0)
    )
    for booking_id in session.scalars(paid):
        yield Inconsistency(Problem.INVOICED_BOOKING, f"booking {booking_id} is closed at a price")


def _wrong_aids(session: Session) -> Iterator[Inconsistency]:
    used = select(AidUse.line_id, func.sum(AidUse.amount_cents)).where(AidUse.credit_line_id.is_(None))
    used = used.group_by(AidUse.line_id)
    of_lines: dict[int, int] = dict(session.execute(used).tuples().all())
    for line_id, amount_cents in session.execute(
        select(InvoiceLine.id, InvoiceLine.amount_cents).where(InvoiceLine.kind == LineKind.AID)
    ):
        if of_lines.pop(line_id, 0) != -amount_cents:
            yield Inconsistency(Problem.AID, f"line {line_id}: {amount_cents}")
    for line_id in of_lines:
        yield Inconsistency(Problem.AID, f"line {line_id}: no aid")
    uses: defaultdict[int, Counter[date]] = defaultdict(Counter)
    for aid_id, day, cents in session.execute(select(AidUse.aid_id, AidUse.day, AidUse.amount_cents)):
        uses[aid_id][day] += cents
    for aid in session.scalars(select(ChildAid).where(ChildAid.id.in_(uses)).order_by(ChildAid.id)):
        days = [day for day, cents in uses[aid.id].items() if cents]
        is_right = (
            (aid.ceiling_cents is None or uses[aid.id].total() <= aid.ceiling_cents)
            and (aid.most_days is None or len(days) <= aid.most_days)
            and all(aid.starts_on <= day <= aid.ends_on for day in days)
        )
        if not is_right:
            yield Inconsistency(Problem.AID, f"aid {aid.id}: {uses[aid.id].total()} on {len(days)} days")


def _wrong_credits(session: Session) -> Iterator[Inconsistency]:
    """A credit note is the sum of its lines, which take back no more of a line than it asked; aids come back whole."""
    of_note: Counter[int] = Counter()
    of_line: Counter[int] = Counter()
    rows = session.execute(
        select(CreditLine.id, CreditLine.credit_note_id, CreditLine.line_id, CreditLine.amount_cents, InvoiceLine.kind)
        .join(InvoiceLine, InvoiceLine.id == CreditLine.line_id)
    )  # fmt: skip
    given_back = dict(
        session.execute(
            select(AidUse.credit_line_id, func.sum(AidUse.amount_cents))
            .where(AidUse.credit_line_id.is_not(None))
            .group_by(AidUse.credit_line_id)
        )
        .tuples()
        .all()
    )
    taken = Counter[int]()
    booked = select(CreditedBooking.credit_line_id, CreditedBooking.amount_cents)
    for line_id, cents in session.execute(booked.where(CreditedBooking.credit_line_id.is_not(None))):
        taken[line_id] += cents
    for id_, note_id, line_id, cents, kind in rows:
        of_note[note_id] += cents
        of_line[line_id] += cents
        expected = given_back.get(id_, 0) if kind is LineKind.AID else taken[id_] if kind in CARRYING else cents
        if cents != expected:
            yield Inconsistency(Problem.CREDIT, f"credit line {id_}: {cents}, for {expected}")
    for id_, cents in session.execute(select(CreditNote.id, CreditNote.total_cents).order_by(CreditNote.id)):
        if of_note[id_] != cents:
            yield Inconsistency(Problem.CREDIT, f"credit note {id_}: {cents}, lines {of_note[id_]}")
    for id_, cents in session.execute(
        select(InvoiceLine.id, InvoiceLine.amount_cents).where(InvoiceLine.id.in_(of_line))
    ):
        if abs(of_line[id_]) > abs(cents) or of_line[id_] * cents < 0:
            yield Inconsistency(Problem.CREDIT, f"line {id_}: {of_line[id_]} taken back of {cents}")


def _wrong_allocations(session: Session) -> Iterator[Inconsistency]:
    rows = session.execute(
        select(
            PaymentAllocation.payment_id, PaymentAllocation.invoice_id, PaymentAllocation.amount_cents,
            Payment.amount_cents, Invoice.total_cents,
            (Payment.family_id == Invoice.family_id) & (Payment.office_id == Invoice.office_id),
            stands(PaymentAllocation.payment_id),
        )
        .join(Payment, Payment.id == PaymentAllocation.payment_id)
        .join(Invoice, Invoice.id == PaymentAllocation.invoice_id)
    ).all()  # fmt: skip
    credited = session.execute(
        select(
            CreditAllocation.credit_note_id, CreditAllocation.invoice_id, CreditAllocation.amount_cents,
            CreditNote.total_cents, Invoice.total_cents,
            (CreditNote.family_id == Invoice.family_id) & (CreditNote.office_id == Invoice.office_id),
        )
        .join(CreditNote, CreditNote.id == CreditAllocation.credit_note_id)
        .join(Invoice, Invoice.id == CreditAllocation.invoice_id)
    ).all()  # fmt: skip
    of_payment: Counter[tuple[int, int]] = Counter()
    of_invoice: Counter[tuple[int, int]] = Counter()
    of_credit: Counter[tuple[int, int]] = Counter()
    for note_id, invoice_id, cents, note_cents, invoice_cents, fits in credited:
        of_credit[note_id, note_cents] += cents
        of_invoice[invoice_id, invoice_cents] += cents
        if not fits:
            yield Inconsistency(Problem.ALLOCATION, f"credit note {note_id} on invoice {invoice_id} of others")
    for payment_id, invoice_id, cents, payment_cents, invoice_cents, fits, counts in rows:
        of_payment[payment_id, payment_cents] += cents
        of_invoice[invoice_id, invoice_cents] += cents if counts else 0
        if not fits:
            yield Inconsistency(Problem.ALLOCATION, f"payment {payment_id} on invoice {invoice_id} of others")
    refunds = session.execute(
        select(
            RefundShare.refund_id, RefundShare.payment_id, RefundShare.amount_cents, Payment.amount_cents,
            (Payment.family_id == Refund.family_id) & (Payment.office_id == Refund.office_id) & stands(Payment.id),
        )
        .join(Payment, Payment.id == RefundShare.payment_id)
        .join(Refund, Refund.id == RefundShare.refund_id)
    )  # fmt: skip
    refunded_credits = session.execute(
        select(
            RefundShare.refund_id, RefundShare.credit_note_id, RefundShare.amount_cents, CreditNote.total_cents,
            (CreditNote.family_id == Refund.family_id) & (CreditNote.office_id == Refund.office_id),
        )
        .join(CreditNote, CreditNote.id == RefundShare.credit_note_id)
        .join(Refund, Refund.id == RefundShare.refund_id)
    )  # fmt: skip
    for refund_id, note_id, cents, note_cents, fits in refunded_credits:
        of_credit[note_id, note_cents] += cents
        if not fits:
            yield Inconsistency(Problem.ALLOCATION, f"refund {refund_id} of credit note {note_id}")
    for refund_id, payment_id, cents, payment_cents, fits in refunds:
        of_payment[payment_id, payment_cents] += cents
        if not fits:
            yield Inconsistency(Problem.ALLOCATION, f"refund {refund_id} of payment {payment_id}")
    for name, sums in (("payment", of_payment), ("credit note", of_credit), ("invoice", of_invoice)):
        for (id_, limit_cents), cents in sums.items():
            if cents > limit_cents:
                yield Inconsistency(Problem.ALLOCATION, f"{name} {id_}: {cents} of {limit_cents}")


def _wrong_baskets(session: Session) -> Iterator[Inconsistency]:
    parts = union_all(
        select(BasketInvoice.basket_id, BasketInvoice.amount_cents),
        select(BasketBooking.basket_id, BasketBooking.amount_cents),
    ).subquery()
    asked = select(parts.c.basket_id, func.sum(parts.c.amount_cents)).group_by(parts.c.basket_id)
    received = (
        select(Payment.basket_id, func.sum(Payment.amount_cents))
        .where(Payment.basket_id.is_not(None))
        .group_by(Payment.basket_id)
    )
    asked_cents = dict(session.execute(asked).tuples().all())
    received_cents = dict(session.execute(received).tuples().all())
    for id_, state, cents in session.execute(
        select(PaymentBasket.id, PaymentBasket.state, PaymentBasket.amount_cents).order_by(PaymentBasket.id)
    ):
        expected = cents if state is BasketState.PAID else 0
        if asked_cents.get(id_, 0) != cents or received_cents.get(id_, 0) != expected:
            yield Inconsistency(Problem.BASKET, f"basket {id_}, {state}: {received_cents.get(id_, 0)} of {cents}")


def _unplaced(session: Session) -> Iterator[Inconsistency]:
    """What was paid for a booking is on an invoice that this payment pays, or is left over, for the staff to settle."""
    # A line that was credited since was paid all the same: what it leaves is the credit note's.
    on_lines = union_all(
        select(InvoicedBooking.booking_id, InvoicedBooking.line_id),
        select(CreditedBooking.booking_id, CreditedBooking.line_id),
    ).subquery()
    places = (
        select(BasketBooking.basket_id, BasketBooking.booking_id, BasketBooking.amount_cents, InvoiceLine.invoice_id)
        .join(PaymentBasket, PaymentBasket.id == BasketBooking.basket_id)
        .join(on_lines, on_lines.c.booking_id == BasketBooking.booking_id)
        .join(InvoiceLine, InvoiceLine.id == on_lines.c.line_id)
        .where(PaymentBasket.state == BasketState.PAID)
    )
    paid_cents: dict[tuple[int, int], int] = {
        (basket_id, invoice_id): cents
        for basket_id, invoice_id, cents in session.execute(
            select(Payment.basket_id, PaymentAllocation.invoice_id, PaymentAllocation.amount_cents)
            .join(PaymentAllocation, PaymentAllocation.payment_id == Payment.id)
            .where(Payment.basket_id.in_(select(BasketBooking.basket_id)))
        )
    }
    taken_cents: Counter[int] = Counter()
    invoiced_cents: Counter[int] = Counter()
    seen: set[tuple[int, int]] = set()
    for basket_id, booking_id, cents, invoice_id in session.execute(places):
        if (basket_id, invoice_id) in paid_cents and (basket_id, booking_id) not in seen:
            seen.add((basket_id, booking_id))
            invoiced_cents[basket_id] += cents
    for basket_id, invoice_id in {(row[0], row[3]) for row in session.execute(places)} & paid_cents.keys():
        taken_cents[basket_id] += paid_cents[basket_id, invoice_id]
    paid = select(BasketBooking.basket_id).join(PaymentBasket, PaymentBasket.id == BasketBooking.basket_id)
    paid = paid.where(PaymentBasket.state == BasketState.PAID).distinct().order_by(BasketBooking.basket_id)
    for basket_id in session.scalars(paid):
        if taken_cents[basket_id] != invoiced_cents[basket_id]:
            yield Inconsistency(Problem.BASKET, f"basket {basket_id}: bookings neither confirmed nor left over")
    never_invoiced = (
        select(BasketBooking.basket_id, BasketBooking.booking_id)
        .join(PaymentBasket, PaymentBasket.id == BasketBooking.basket_id)
        .join(Booking, Booking.id == BasketBooking.booking_id)
        .outerjoin(on_lines, on_lines.c.booking_id == BasketBooking.booking_id)
        .where(
            PaymentBasket.state == BasketState.PAID,
            Booking.status == BookingStatus.CONFIRMED,
            on_lines.c.booking_id.is_(None),
        )
        .order_by(BasketBooking.basket_id, BasketBooking.booking_id)
    )
    for basket_id, booking_id in session.execute(never_invoiced):
        yield Inconsistency(Problem.BASKET, f"basket {basket_id}: booking {booking_id} is paid and on no invoice")


def _wrong_debits(session: Session) -> Iterator[Inconsistency]:
    """Each line of a collection that was recorded has a payment of its amount, and each such payment a line.

    One that was sent back is reversed; of a collection that is over no line is open.
    """
    rows = session.execute(
        select(
            DebitLine.id, DebitLine.refused_at, stands(Payment.id),
            (Payment.amount_cents == DebitLine.amount_cents) & (Payment.family_id == DebitLine.family_id)
            & (Payment.office_id == DebitBatch.office_id) & (Payment.mode == PaymentMode.DIRECT_DEBIT)
            & DebitBatch.ordered_at.is_not(None) & DebitBatch.abandoned_at.is_(None),
        )
        .join(DebitBatch, DebitBatch.id == DebitLine.batch_id)
        .join(Payment, Payment.id == DebitLine.payment_id)
        .order_by(DebitLine.id)
    )  # fmt: skip
    for line_id, refused_at, counts, fits in rows:
        if not fits or (refused_at is not None and counts):
            yield Inconsistency(Problem.DEBIT, f"line {line_id}: its payment is another, or counts still")
    of_none = select(Payment.id).where(
        Payment.mode == PaymentMode.DIRECT_DEBIT,
        Payment.id.not_in(select(DebitLine.payment_id).where(DebitLine.payment_id.is_not(None))),
    )
    for payment_id in session.scalars(of_none.order_by(Payment.id)):
        yield Inconsistency(Problem.DEBIT, f"payment {payment_id}: of no line")
    over = open_lines().with_only_columns(DebitLine.id).where(DebitBatch.recorded_at.is_not(None))
    for line_id in session.scalars(over.order_by(DebitLine.id)):
        yield Inconsistency(Problem.DEBIT, f"line {line_id}: open in a collection that is over")


def _wrong_cash_desks(session: Session) -> Iterator[Inconsistency]:
    """To the cent, office by office and mode by mode: receipts less reversals = deposits and what is in hand."""
    received: Counter[tuple[int, PaymentMode]] = Counter()
    handed_in: Counter[tuple[int, PaymentMode]] = Counter()
    rows = session.execute(
        select(Payment.office_id, Payment.mode, Payment.amount_cents, stands(Payment.id)).where(
            Payment.mode.in_(IN_HAND_MODES)
        )
    )
    for office_id, mode, cents, counts in rows:
        received[office_id, mode] += cents if counts else 0
    for office_id, mode, cents in session.execute(select(Deposit.office_id, Deposit.mode, Deposit.total_cents)):
        handed_in[office_id, mode] += cents
    said = cents_in_hand(session, {office_id for office_id, _mode in received | handed_in})
    for office_id, mode in sorted(received.keys() | handed_in.keys() | said.keys()):
        key = (office_id, mode)
        in_hand = sum(each.amount_cents for each in items_in_hand(session, office_id, mode))
        if not received[key] - handed_in[key] == in_hand == said.get(key, 0):
            yield Inconsistency(
                Problem.CASH_DESK,
                f"office {office_id}, {mode}: {received[key]} received, {handed_in[key]} handed in, {in_hand} in hand, "
                f"the journal says {said.get(key, 0)}",
            )
    totals = select(DepositItem.deposit_id, func.sum(DepositItem.amount_cents)).group_by(DepositItem.deposit_id)
    of_items = dict(session.execute(totals).tuples().all())
    for id_, cents in session.execute(select(Deposit.id, Deposit.total_cents)):
        if of_items.get(id_, 0) != cents:
            yield Inconsistency(Problem.CASH_DESK, f"deposit {id_}: {cents}, items {of_items.get(id_, 0)}")


def _wrong_journals(session: Session) -> Iterator[Inconsistency]:
    """Every receipt, reversal, refund and deposit is one line of its office's journal, and nothing else is."""
    transfer = PaymentMode.TRANSFER
    expected = {
        *(("payment", *row) for row in session.execute(
            select(Payment.id, Payment.office_id, Payment.mode, Payment.amount_cents))),
        *(("reversed", *row) for row in session.execute(
            select(Payment.id, Payment.office_id, Payment.mode, -Payment.amount_cents).join(
                PaymentReversal, PaymentReversal.payment_id == Payment.id))),
        *(("refund", id_, office_id, transfer, -cents) for id_, office_id, cents in session.execute(
            select(Refund.id, Refund.office_id, Refund.amount_cents))),
        *(("deposit", *row) for row in session.execute(
            select(Deposit.id, Deposit.office_id, Deposit.mode, -Deposit.total_cents))),
    }  # fmt: skip
    found = set()
    last: Counter[int] = Counter()
    for row in session.scalars(select(JournalLine).order_by(JournalLine.office_id, JournalLine.n)):
        for name in ("payment", "reversed", "refund", "deposit"):
            if (id_ := getattr(row, f"{name}_id")) is not None:
                found.add((name, id_, row.office_id, row.mode, row.amount_cents))
        last[row.office_id] += 1
        if row.n != last[row.office_id]:
            yield Inconsistency(Problem.CASH_DESK, f"journal of office {row.office_id}: a gap before line {row.n}")
    for name, id_, *_rest in sorted(expected ^ found):
        yield Inconsistency(Problem.CASH_DESK, f"the journal and {name} {id_}")


def _wrong_numbers(session: Session) -> Iterator[Inconsistency]:
    """Gapless: the numbers of a series are 1 to the last that it says, each once."""
    given: defaultdict[tuple[int, DocumentKind, date], list[int]] = defaultdict(list)
    for office_id, text in (
        *session.execute(select(Invoice.office_id, Invoice.number)),
        *session.execute(select(Payment.office_id, Payment.receipt_number)),
        *session.execute(select(CreditNote.office_id, CreditNote.number)),
        *session.execute(select(Refund.office_id, Refund.number)),
        *session.execute(select(Deposit.office_id, Deposit.number)),
    ):
        number = read_document_number(text)
        given[office_id, number.kind, number.month].append(number.n)
    series = {(row.office_id, row.kind, row.month): row.last_number for row in session.scalars(select(DocumentSeries))}
    for key in sorted(given.keys() | series.keys()):
        if sorted(given[key]) != list(range(1, series.get(key, 0) + 1)):
            yield Inconsistency(
                Problem.NUMBERS, f"office {key[0]}, {key[1]}, {key[2]:%Y-%m}: {len(given[key])} of {series.get(key, 0)}"
            )
