"""Invoices as families and staff read them: balances are derived, others' invoices do not exist."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from flask import Flask
from sqlalchemy import event, select

from app import clock
from app.database import db
from app.jobs.payments import ask_payment_site
from app.models.activities import Office
from app.rules.allocation import InvoiceState
from app.rules.capabilities import Role
from app.services.errors import NotFound
from app.services.invoices import (
    Due,
    due_of,
    invoice_for_staff,
    invoice_of,
    invoices_of,
    open_invoices,
    payment_of,
    payments_of,
)
from tests.factories import (
    FamilySetup,
    book_past,
    issue,
    make_basket,
    make_family,
    make_invoice,
    make_planning,
    make_staff,
)
from tests.payment_site import PaymentSite


@pytest.fixture
def family(app: Flask) -> FamilySetup:
    return make_family()


def test_what_is_due_is_the_total_less_what_was_paid(family) -> None:
    unpaid = make_invoice(family, 620, issued_on=date(2026, 9, 30))
    partial = make_invoice(family, 3_500, paid_cents=2_000, issued_on=date(2026, 10, 31))
    paid = make_invoice(family, 900, paid_cents=900)
    views = invoices_of(family.family_id)
    assert [view.id for view in views] == [paid, partial, unpaid]  # latest first
    assert [(view.total_cents, view.balance_cents, view.state) for view in views] == [
        (900, 0, InvoiceState.PAID), (3_500, 1_500, InvoiceState.PARTIAL), (620, 620, InvoiceState.UNPAID),
    ]  # fmt: skip
    assert due_of(family.family_id) == Due(2, 2_120)
    office_id = db.session.scalars(select(Office.id)).one()
    due = open_invoices(db.session(), family.family_id, office_id)
    assert {each.invoice_id: each.balance_cents for each in due} == {unpaid: 620, partial: 1_500}


def test_nothing_due_is_said_as_such(family) -> None:
    assert due_of(family.family_id) == Due(0, 0)
    assert invoices_of(family.family_id) == () == payments_of(family.family_id)


def test_another_familys_invoice_and_payment_do_not_exist(family) -> None:
    others = make_family("AUTRE", "Dominique")
    invoice = make_invoice(others, 900, paid_cents=100)
    (payment,) = payments_of(others.family_id)
    with pytest.raises(NotFound):
        invoice_of(family.family_id, invoice)
    with pytest.raises(NotFound):
        payment_of(family.family_id, payment.id)
    with pytest.raises(NotFound):
        invoice_for_staff(999)
    assert invoice_for_staff(invoice) == invoice_of(others.family_id, invoice)


def test_an_invoice_tells_its_lines_payer_and_payments(app) -> None:  # type: ignore[no-untyped-def]
    planning = make_planning(quotient_cents=50_000)
    book_past(planning.family, planning.child_id, planning.activity, [date(2026, 10, 7)], ("Matin", "Repas"))
    (invoice_id,) = issue(planning.activity, date(2026, 10, 1), make_staff(Role.REGISSEUR), date(2026, 11, 2))
    detail = invoice_of(planning.family.family_id, invoice_id)
    assert detail.payer_name == "TEST Fabrice"
    assert [(line.label, line.days, line.amount_cents) for line in detail.lines] == [
        ("Mercredi, Matin", "7 octobre 2026", 210), ("Mercredi, Repas", "7 octobre 2026", 210),
    ]  # fmt: skip
    assert all(line.explanation for line in detail.lines)
    assert detail.payments == ()
    assert sum(line.amount_cents for line in detail.lines) == detail.invoice.total_cents


def test_an_invoice_says_while_it_is_being_paid_online(family, payment_site: PaymentSite) -> None:
    invoice = make_invoice(family)
    ask_payment_site(payment_site, make_basket(family, [invoice]))
    assert invoices_of(family.family_id)[0].has_live_attempt
    clock.start_at(clock.now() + timedelta(minutes=20), frozen=True)
    assert not invoices_of(family.family_id)[0].has_live_attempt


def test_an_overpayment_is_told_with_its_payment(family) -> None:
    make_invoice(family, 900, paid_cents=1_000)
    (payment,) = payments_of(family.family_id)
    assert (payment.amount_cents, payment.unallocated_cents) == (1_000, 100)
    assert payment_of(family.family_id, payment.id) == payment


def test_many_invoices_take_as_many_queries_as_one(family) -> None:
    def queries() -> int:
        seen: list[str] = []

        def note(_connection: object, _cursor: object, statement: str, *_more: object) -> None:
            seen.append(statement)

        event.listen(db.engine, "before_cursor_execute", note)
        invoices_of(family.family_id)
        event.remove(db.engine, "before_cursor_execute", note)
        return sum(statement.startswith("SELECT") for statement in seen)

    make_invoice(family)
    one = queries()
    for _ in range(20):
        make_invoice(family)
    assert queries() == one == 1
