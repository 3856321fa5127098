"""Invoice runs: what a preview says, what issuing writes, and that nothing is invoiced twice or forgotten."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextvars import Context
from datetime import date, timedelta

import pytest
from sqlalchemy import func, select

from app import clock
from app.database import db, write_transaction
from app.models.activities import Activity
from app.models.bookings import Booking
from app.models.families import FamilyAddress
from app.models.invoices import Invoice, InvoicedBooking, InvoiceLine, InvoiceRun, RunStatus
from app.models.mails import OutboxMail
from app.rules.capabilities import Role
from app.rules.cash_desks import PaymentMode
from app.rules.invoicing import OddityKind
from app.rules.states import BookingStatus, CancelClass
from app.services import invoice_runs, payments
from app.services.checks import find_inconsistencies
from app.services.errors import NotFound
from app.services.invoice_runs import issue_next, preview_run, runs, start_run, unfinished_run
from tests.factories import (
    ActivitySetup,
    FamilySetup,
    PlanningSetup,
    add_family,
    book_past,
    issue,
    make_planning,
    make_staff,
)

OCTOBER = date(2026, 10, 1)
WEDNESDAYS = [date(2026, 10, day) for day in (7, 14)]
FIRST = date(2026, 11, 2)


@pytest.fixture
def planning(app) -> PlanningSetup:  # type: ignore[no-untyped-def]
    """Léa came on two mornings of October, at 4,20 €, for want of a quotient."""
    made = make_planning()
    book_past(made.family, made.child_id, made.activity, WEDNESDAYS)
    return made


@pytest.fixture
def staff_id(app) -> int:  # type: ignore[no-untyped-def]
    return make_staff(Role.REGISSEUR)


def office_of(activity: ActivitySetup) -> int:
    return db.session.get_one(Activity, activity.id).office_id


def start(activity: ActivitySetup, staff_id: int) -> int:
    with write_transaction() as session:
        return start_run(session, office_of(activity), OCTOBER, FIRST, FIRST + timedelta(days=30), staff_id)


def issue_some(run_id: int, limit: int = 50) -> int:
    with write_transaction() as session:
        return issue_next(session, run_id, limit)


def more_families(planning: PlanningSetup, count: int) -> list[FamilySetup]:
    made = []
    for number in range(count):
        family, child_id = add_family(planning, f"FAMILLE {number}")
        with write_transaction() as session:
            template = session.scalars(select(Booking).where(Booking.child_id == planning.child_id)).first()
            assert template is not None
            session.add(
                Booking(
                    child_id=child_id, family_id=family.family_id, enrolment_id=template.enrolment_id,
                    opening_id=template.opening_id, day=template.day, status=BookingStatus.CONFIRMED, price_cents=420,
                    price_outcome=template.price_outcome,
                )
            )  # fmt: skip
        made.append(family)
    return made


def test_a_preview_writes_nothing_and_names_what_is_odd(planning, staff_id) -> None:
    preview = preview_run(office_of(planning.activity), OCTOBER)
    (entry,) = preview.issuable
    assert (entry.family_name, preview.total_cents) == ("TEST Fabrice", 840)
    assert [oddity.kind for oddity in entry.draft.oddities] == [OddityKind.QUOTIENT_MISSING]
    assert db.session.scalar(select(func.count()).select_from(Invoice)) == 0
    with pytest.raises(NotFound):
        preview_run(999, OCTOBER)


def test_an_issued_invoice_says_who_what_and_why(planning, staff_id) -> None:
    (invoice_id,) = issue(planning.activity, OCTOBER, staff_id, FIRST)
    invoice = db.session.get_one(Invoice, invoice_id)
    assert (invoice.number, invoice.total_cents, invoice.issued_on) == ("pop-F261100001", 840, FIRST)
    assert (invoice.payer_name, invoice.payer_address) == ("TEST Fabrice", "12 rue des Tilleuls\n80110 Démuin")
    (line,) = invoice.lines
    assert (line.child_name, line.label, line.days) == ("Léa TEST", "Mercredi, Matin", "7 et 14 octobre 2026")
    assert (line.quantity, line.unit_cents, line.amount_cents) == (2, 420, 840)
    assert "maximum" in line.explanation
    mail = db.session.scalars(select(OutboxMail).where(OutboxMail.template == "invoice_issued")).one()
    assert mail.recipient == planning.family.email
    assert "pop-F261100001" in mail.subject + mail.body
    (run,) = runs()
    assert (run.status, run.invoice_count, run.total_cents) == (RunStatus.ISSUED, 1, 840)
    assert run.ended_at is not None


def test_a_later_change_of_the_family_leaves_the_invoice_as_it_was(planning, staff_id) -> None:
    (invoice_id,) = issue(planning.activity, OCTOBER, staff_id, FIRST)
    with write_transaction() as session:
        session.scalars(select(FamilyAddress)).one().street = "autre rue"
    assert db.session.get_one(Invoice, invoice_id).payer_address == "12 rue des Tilleuls\n80110 Démuin"


def test_a_second_run_finds_nothing_left(planning, staff_id) -> None:
    assert len(issue(planning.activity, OCTOBER, staff_id, FIRST)) == 1
    assert preview_run(office_of(planning.activity), OCTOBER).issuable == ()
    assert issue(planning.activity, OCTOBER, staff_id, FIRST) == []
    assert db.session.scalar(select(func.count()).select_from(InvoicedBooking)) == 2
    assert find_inconsistencies(db.session()) == ()


def test_two_runs_that_take_turns_invoice_each_family_once(planning, staff_id) -> None:
    more_families(planning, 4)
    first, second = start(planning.activity, staff_id), start(planning.activity, staff_id)
    while issue_some(first, 1) + issue_some(second, 2):
        pass
    numbers = db.session.scalars(select(Invoice.number).order_by(Invoice.number)).all()
    assert numbers == [f"pop-F26110000{n}" for n in range(1, 6)]
    assert len(set(db.session.scalars(select(Invoice.family_id)))) == 5
    assert unfinished_run(db.session()) is None


def test_a_run_and_a_payment_of_the_same_family_do_not_wait_for_each_other(
    app, planning, staff_id, monkeypatch
) -> None:
    """The run holds the office and names the family in its invoice; the payment holds the family and wants a number."""
    run_id, office_id = start(planning.activity, staff_id), office_of(planning.activity)
    has_office, has_family = threading.Event(), threading.Event()
    issue_one, next_number = invoice_runs._issue, payments.next_number

    def issue_later(*arguments) -> Invoice:
        has_office.set()
        has_family.wait(timeout=0.5)  # SQLite has one writer: the payment comes after the run
        return issue_one(*arguments)

    def number_later(*arguments) -> str:
        has_family.set()
        return next_number(*arguments)

    monkeypatch.setattr(invoice_runs, "_issue", issue_later)
    monkeypatch.setattr(payments, "next_number", number_later)

    def issue_all() -> int:
        return issue_some(run_id)

    def take_cash() -> int:
        assert has_office.wait(timeout=10)
        with write_transaction() as session:
            return payments.record_counter_payment(
                session, office_id=office_id, family_id=planning.family.family_id, mode=PaymentMode.CASH,
                amount_cents=500, received_on=FIRST, reference="", recorded_by=staff_id,
            )  # fmt: skip

    def within_app(action: Callable[[], int]) -> int:
        with app.app_context():
            return action()

    with ThreadPoolExecutor(2) as threads:
        done = [threads.submit(Context().run, within_app, action) for action in (issue_all, take_cash)]
        assert done[0].result(timeout=30) == 1
        assert done[1].result(timeout=30)
    assert find_inconsistencies(db.session()) == ()


def test_an_interrupted_run_is_taken_up_where_it_stopped(planning, staff_id) -> None:
    more_families(planning, 4)
    run_id = start(planning.activity, staff_id)
    assert issue_some(run_id, 2) == 2
    with pytest.raises(RuntimeError), write_transaction() as session:
        issue_next(session, run_id, 2)
        raise RuntimeError  # the process dies before the commit
    assert unfinished_run(db.session()) == run_id
    while issue_some(run_id, 2):
        pass
    numbers = db.session.scalars(select(Invoice.number).order_by(Invoice.number)).all()
    assert numbers == [f"pop-F26110000{n}" for n in range(1, 6)]
    assert db.session.get_one(InvoiceRun, run_id).status is RunStatus.ISSUED


def test_only_what_costs_something_is_invoiced(planning, staff_id) -> None:
    with write_transaction() as session:
        late, in_time = session.scalars(select(Booking).order_by(Booking.id)).all()
        late.status, late.cancel_class = BookingStatus.CANCELLED, CancelClass.LATE_CHARGED
        in_time.status, in_time.cancel_class = BookingStatus.CANCELLED, CancelClass.IN_TIME
    (invoice_id,) = issue(planning.activity, OCTOBER, staff_id, FIRST)
    (line,) = db.session.get_one(Invoice, invoice_id).lines
    assert (line.quantity, line.amount_cents) == (1, 420)
    assert line.label != "Mercredi, Matin"  # says that it is an absence
    assert line.is_absence


def test_a_month_that_is_not_over_is_invoiced_up_to_yesterday_and_its_rest_later(planning, staff_id) -> None:
    clock.start_at(clock.now().replace(year=2026, month=10, day=8), frozen=True)
    today = clock.today()
    (first,) = issue(planning.activity, OCTOBER, staff_id, today)
    clock.start_at(clock.now().replace(month=11, day=2), frozen=True)
    (second,) = issue(planning.activity, OCTOBER, staff_id, FIRST)
    days = [db.session.get_one(Invoice, id_).lines[0].days for id_ in (first, second)]
    assert days == ["7 octobre 2026", "14 octobre 2026"]


def test_a_family_that_owes_nothing_gets_no_invoice(planning, staff_id) -> None:
    with write_transaction() as session:
        for booking in session.scalars(select(Booking)):
            booking.price_cents = 0
    assert issue(planning.activity, OCTOBER, staff_id, FIRST) == []


def test_lines_differ_where_prices_or_reasons_do(planning, staff_id) -> None:
    with write_transaction() as session:
        session.scalars(select(Booking).order_by(Booking.id)).first().price_cents = 210  # type: ignore[union-attr]
    issue(planning.activity, OCTOBER, staff_id, FIRST)
    rows = db.session.execute(select(InvoiceLine.unit_cents, InvoiceLine.quantity).order_by(InvoiceLine.unit_cents))
    assert [tuple(row) for row in rows] == [(210, 1), (420, 1)]


def test_an_unknown_office_is_refused(app, staff_id) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(NotFound), write_transaction() as session:
        start_run(session, 999, OCTOBER, FIRST, FIRST, staff_id)
