"""Credit notes: what they take back, where they go, and that nothing is counted twice or lost."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from sqlalchemy import delete, func, select, update
from sqlalchemy.exc import IntegrityError

from app import clock
from app.database import db, write_transaction
from app.models.activities import Activity
from app.models.bookings import Booking
from app.models.credits import CreditAllocation, CreditedBooking, CreditNote
from app.models.debts import DebtMove
from app.models.invoices import Invoice, InvoicedBooking, InvoiceLine, StoredPdf
from app.models.mails import OutboxMail
from app.rules.allocation import InvoiceState
from app.rules.bills import LineKind
from app.rules.capabilities import Role
from app.rules.cash_desks import PaymentDetails, PaymentMode, RefusedRefund
from app.rules.credits import CreditCause, draft_credit
from app.rules.debts import DebtMoveKind
from app.rules.states import BookingStatus, CancelClass
from app.services import debts
from app.services.cash_desks import DeskSettings, ModeSetting, save_desk
from app.services.checks import Problem, find_inconsistencies
from app.services.credits import (
    CreditHead,
    credit_for_staff,
    credit_invoice,
    credit_of,
    credits_of,
    credits_on,
    hold_for_credit,
    invoices_holding,
    read_invoices,
    take_back,
)
from app.services.errors import NotFound
from app.services.household_credits import OfficeCredit, credit_of_family, take_credit
from app.services.invoices import invoice_of, invoices_of
from app.services.line_corrections import correctable_lines, read_line
from app.services.payments import record_counter_payment
from app.services.refunds import RefundInput, refund, refundable_of
from tests.factories import PlanningSetup, book_past, issue, make_family, make_invoice, make_planning, make_staff

OCTOBER = date(2026, 10, 1)
WEDNESDAYS = [date(2026, 10, day) for day in (7, 14)]
FIRST = date(2026, 11, 2)


@pytest.fixture
def planning(app) -> PlanningSetup:  # type: ignore[no-untyped-def]
    """Léa came on two mornings of October, at 4,20 €."""
    made = make_planning()
    book_past(made.family, made.child_id, made.activity, WEDNESDAYS)
    return made


@pytest.fixture
def staff_id(app) -> int:  # type: ignore[no-untyped-def]
    return make_staff(Role.REGISSEUR)


def bookings() -> list[int]:
    return list(db.session.scalars(select(Booking.id).order_by(Booking.day)))


def cancel_and_take_back(family_id: int, wanted: list[int], staff_id: int) -> list[int]:
    """As after a closure."""
    with write_transaction() as session:
        hold_for_credit(session, family_id, invoices_holding(session, wanted).values())
        for booking in session.scalars(select(Booking).where(Booking.id.in_(wanted))):
            booking.status, booking.cancel_class = BookingStatus.CANCELLED, CancelClass.STRUCTURE
        notes = take_back(session, wanted, CreditHead(CreditCause.CLOSURE, "Fermé par la neige", staff_id))
        return [note.id for note in notes]


def money_problems() -> list[str]:
    """The bookings are cancelled here by hand: counters and histories are another matter."""
    other = {Problem.COUNTER, Problem.LOG}
    return [str(each) for each in find_inconsistencies(db.session()) if each.problem not in other]


def pay(planning: PlanningSetup, cents: int, staff_id: int) -> None:
    with write_transaction() as session:
        record_counter_payment(
            session, office_id=session.scalars(select(Activity.office_id)).one(), family_id=planning.family.family_id,
            mode=PaymentMode.CASH, amount_cents=cents, received_on=clock.today(), reference="", recorded_by=staff_id,
        )  # fmt: skip


def test_a_credit_note_lowers_what_is_due_and_says_what_it_takes_back(planning, staff_id) -> None:
    (invoice_id,) = issue(planning.activity, OCTOBER, staff_id, FIRST)
    (note_id,) = cancel_and_take_back(planning.family.family_id, bookings()[:1], staff_id)
    detail = credit_of(planning.family.family_id, note_id)
    assert (detail.credit.number, detail.credit.total_cents, detail.credit.left_cents) == ("pop-A261100001", 420, 0)
    assert (detail.credit.invoice_number, detail.payer_name) == ("pop-F261100001", "TEST Fabrice")
    ((line,), (use,)) = detail.lines, detail.uses
    assert (line.label, line.days, line.quantity, line.amount_cents) == ("Mercredi, Matin", "7 octobre 2026", 1, 420)
    assert (use.invoice_id, use.amount_cents) == (invoice_id, 420)
    (view,) = invoices_of(planning.family.family_id)
    assert (view.total_cents, view.balance_cents, view.state) == (840, 420, InvoiceState.PARTIAL)
    assert invoice_of(planning.family.family_id, invoice_id).credited_cents == 420
    assert credits_on(invoice_id) == credits_of(planning.family.family_id) == (detail.credit,)
    mail = db.session.scalars(select(OutboxMail).where(OutboxMail.template == "credit_issued")).one()
    assert "pop-A261100001" in mail.subject and "Fermé par la neige" in mail.body
    assert money_problems() == []


def test_a_whole_invoice_is_credited(planning, staff_id) -> None:
    issue(planning.activity, OCTOBER, staff_id, FIRST)
    cancel_and_take_back(planning.family.family_id, bookings(), staff_id)
    (view,) = invoices_of(planning.family.family_id)
    assert (view.balance_cents, view.state) == (0, InvoiceState.CREDITED)
    assert cancel_and_take_back(planning.family.family_id, bookings(), staff_id) == []  # on no invoice any more
    assert money_problems() == []


def test_another_familys_credit_note_does_not_exist(planning, staff_id) -> None:
    issue(planning.activity, OCTOBER, staff_id, FIRST)
    (note_id,) = cancel_and_take_back(planning.family.family_id, bookings(), staff_id)
    other = make_family("AUTRE", "Dominique")
    with pytest.raises(NotFound):
        credit_of(other.family_id, note_id)
    assert credit_for_staff(note_id) == credit_of(planning.family.family_id, note_id)


def test_what_was_paid_is_the_households_and_the_next_invoice_takes_it(planning, staff_id) -> None:
    issue(planning.activity, OCTOBER, staff_id, FIRST)
    pay(planning, 1_000, staff_id)  # 1,60 € too much
    cancel_and_take_back(planning.family.family_id, bookings()[:1], staff_id)
    office_id = db.session.scalars(select(Activity.office_id)).one()
    assert credit_of_family(planning.family.family_id) == (OfficeCredit(office_id, "Enfance", 580, 580),)
    clock.start_at(clock.now() + timedelta(days=40), frozen=True)
    book_past(planning.family, planning.child_id, planning.activity, [date(2026, 11, 4), date(2026, 11, 18)])
    (invoice_id,) = issue(planning.activity, date(2026, 11, 1), staff_id)
    assert {view.id: view.balance_cents for view in invoices_of(planning.family.family_id)}[invoice_id] == 840 - 580
    assert credit_of_family(planning.family.family_id) == ()
    mail = db.session.scalars(select(OutboxMail).order_by(OutboxMail.id.desc())).first()
    assert mail is not None and "2,60" in mail.body and "avoir disponible" in mail.body
    assert money_problems() == []
    with write_transaction() as session:
        take_credit(session, office_id, [planning.family.family_id])  # nothing is left to take
    assert db.session.scalar(select(func.count()).select_from(CreditAllocation)) == 1


def test_a_booking_is_on_one_line_that_counts_at_most(planning, staff_id) -> None:
    """Credited, it may be invoiced again; never twice at once, and the database says so."""
    (first,) = issue(planning.activity, OCTOBER, staff_id, FIRST)
    with write_transaction() as session:
        hold_for_credit(session, planning.family.family_id, invoices_holding(session, bookings()).values())
        take_back(session, bookings(), CreditHead(CreditCause.CORRECTION, "Prix faux", staff_id))
    (second,) = issue(planning.activity, OCTOBER, staff_id, FIRST)
    assert first != second
    assert db.session.scalar(select(func.count()).select_from(CreditedBooking)) == 2
    line_id = db.session.get_one(Invoice, first).lines[0].id
    with pytest.raises(IntegrityError), write_transaction() as session:
        session.add(InvoicedBooking(booking_id=bookings()[0], line_id=line_id))
        session.flush()
    with pytest.raises(IntegrityError), write_transaction() as session:  # in one place
        session.execute(delete(InvoicedBooking).where(InvoicedBooking.booking_id == bookings()[0]))
        note_id = session.scalars(select(CreditNote.id)).one()
        session.add(InvoicedBooking(booking_id=bookings()[0], line_id=line_id, credit_note_id=note_id))
        session.flush()
    with pytest.raises(IntegrityError), write_transaction() as session:
        session.add(StoredPdf(path="x.pdf", sha256="", invoice_id=first, credit_note_id=note_id))
        session.flush()
    assert money_problems() == []


def test_credit_never_crosses_families(planning, staff_id) -> None:
    issue(planning.activity, OCTOBER, staff_id, FIRST)
    pay(planning, 840, staff_id)
    cancel_and_take_back(planning.family.family_id, bookings(), staff_id)
    other = make_family("AUTRE", "Dominique")
    make_invoice(other, 900)
    office_id = db.session.scalars(select(Activity.office_id)).one()
    with write_transaction() as session:
        take_credit(session, office_id, [planning.family.family_id, other.family_id])
    assert invoices_of(other.family_id)[0].balance_cents == 900


@pytest.mark.parametrize("kind", DebtMoveKind)
def test_what_was_given_up_is_credited_before_the_family_is_given_anything(planning, staff_id, kind) -> None:
    (invoice_id,) = issue(planning.activity, OCTOBER, staff_id, FIRST)
    pay(planning, 100, staff_id)
    clock.start_at(clock.now() + timedelta(days=90), frozen=True)
    with write_transaction() as session:
        assert debts.give_up(session, invoice_id, kind, "Délibération", staff_id) == 740
    first_id, second_id = bookings()
    (note_id,) = cancel_and_take_back(planning.family.family_id, [first_id], staff_id)
    assert credit_of_family(planning.family.family_id) == ()
    moves = db.session.execute(select(DebtMove.kind, DebtMove.amount_cents, DebtMove.cancels_id).order_by(DebtMove.id))
    first = db.session.scalars(select(func.min(DebtMove.id))).one()
    assert [tuple(row) for row in moves] == [(kind, 740, None), (kind, 740, first), (kind, 320, None)]
    why = db.session.scalars(select(DebtMove.reason).order_by(DebtMove.id.desc())).first()
    assert why == f"Avoir {credit_of(planning.family.family_id, note_id).credit.number}"
    (view,) = invoices_of(planning.family.family_id)
    assert (view.balance_cents, view.written_off_cents + view.transferred_cents) == (0, 320)
    cancel_and_take_back(planning.family.family_id, [second_id], staff_id)  # 1,00 € of it was paid
    assert [each.amount_cents for each in credit_of_family(planning.family.family_id)] == [100]
    (view,) = invoices_of(planning.family.family_id)
    assert (view.balance_cents, view.written_off_cents + view.transferred_cents) == (0, 0)
    assert money_problems() == []


def test_an_invoice_that_is_due_again_takes_what_the_office_has(planning, staff_id) -> None:
    """Given up by mistake."""
    (invoice_id,) = issue(planning.activity, OCTOBER, staff_id, FIRST)
    clock.start_at(clock.now() + timedelta(days=90), frozen=True)
    with write_transaction() as session:
        debts.give_up(session, invoice_id, DebtMoveKind.TRANSFER, "Délibération", staff_id)
        move_id = session.scalars(select(DebtMove.id)).one()
        record_counter_payment(
            session, office_id=session.scalars(select(Activity.office_id)).one(), family_id=planning.family.family_id,
            mode=PaymentMode.CASH, amount_cents=500, received_on=clock.today(), reference="", recorded_by=staff_id,
            wanted=[],
        )  # fmt: skip
    with write_transaction() as session:
        debts.cancel_move(session, move_id, "Erreur", staff_id)
    assert [view.balance_cents for view in invoices_of(planning.family.family_id)] == [340]
    assert credit_of_family(planning.family.family_id) == ()


def test_a_surcharge_that_an_agent_took_back_is_not_credited_again_with_its_booking(planning, staff_id) -> None:
    (invoice_id,) = issue(planning.activity, OCTOBER, staff_id, FIRST)
    with write_transaction() as session:
        share, _ = read_invoices(session, [invoice_id])[invoice_id].shares
        row = InvoiceLine(
            invoice_id=invoice_id, position=1, child_name="Léa", label="Retard", days="7 octobre", quantity=1,
            unit_cents=500, amount_cents=500, explanation="", kind=LineKind.SURCHARGE, item=share.item,
            activity_id=share.activity_id, child_id=share.child_id, first_day=share.day,
        )  # fmt: skip
        session.add(row)
        session.get_one(Invoice, invoice_id).total_cents += 500
        session.flush()
        line_id = row.id
    assert line_id in correctable_lines(invoice_id)
    with write_transaction() as session:
        facts = read_invoices(session, [invoice_id])[invoice_id]
        draft = draft_credit(facts.lines, facts.shares, facts.aids, (), {line_id})
        note = credit_invoice(session, facts, draft, CreditHead(CreditCause.CORRECTION, "Excusé", staff_id))
        assert note is not None and note.total_cents == 500
    assert line_id not in correctable_lines(invoice_id)
    with pytest.raises(NotFound):
        read_line(invoice_id, line_id)
    (note_id,) = cancel_and_take_back(planning.family.family_id, bookings()[:1], staff_id)
    assert credit_of(planning.family.family_id, note_id).credit.total_cents == 420


def test_what_costs_nothing_is_not_offered_for_correction(planning, staff_id) -> None:
    (invoice_id,) = issue(planning.activity, OCTOBER, staff_id, FIRST)
    with write_transaction() as session:
        session.execute(update(Booking).values(price_cents=0))
    line_id = db.session.get_one(Invoice, invoice_id).lines[0].id
    assert correctable_lines(invoice_id) == frozenset()
    with pytest.raises(NotFound):
        read_line(invoice_id, line_id)


@pytest.mark.parametrize(("mode", "most"), [(PaymentMode.CASH, 420), (PaymentMode.CESU, 0)])
def test_what_was_paid_with_vouchers_never_goes_back_as_money(planning, staff_id, mode, most) -> None:
    issue(planning.activity, OCTOBER, staff_id, FIRST)
    office_id = db.session.scalars(select(Activity.office_id)).one()
    with write_transaction() as session:
        save_desk(session, office_id, DeskSettings((ModeSetting(mode, True),), None, 0))
        record_counter_payment(
            session, office_id=office_id, family_id=planning.family.family_id, mode=mode, amount_cents=840,
            received_on=clock.today(), reference="", recorded_by=staff_id, details=PaymentDetails(voucher_count=1),
        )  # fmt: skip
    cancel_and_take_back(planning.family.family_id, bookings()[:1], staff_id)
    assert [each.amount_cents for each in credit_of_family(planning.family.family_id)] == [420]
    assert refundable_of(planning.family.family_id, office_id) == most
    assert [each.refundable_cents for each in credit_of_family(planning.family.family_id)] == [most]
    typed = RefundInput(300, "TEST", "FR7630006000011234567890189", "Départ")
    if most:
        with write_transaction() as session:
            refund(session, planning.family.family_id, office_id, staff_id, typed, "form")
        assert refundable_of(planning.family.family_id, office_id) == 120
    else:
        with pytest.raises(RefusedRefund), write_transaction() as session:
            refund(session, planning.family.family_id, office_id, staff_id, typed, "form")
