"""Yearly tax certificates: what counts, publishing, new versions, what each family reads; the account's statement."""

from __future__ import annotations

from datetime import date

import pytest
from flask import Flask
from sqlalchemy import select, update

from app import clock
from app.database import db, write_transaction
from app.models.debts import TaxCertificate
from app.models.families import Child
from app.models.invoices import Invoice, InvoiceLine
from app.models.mails import OutboxMail
from app.models.payments import Payment, PaymentMode
from app.rules.cash_desks import ReversalKind
from app.rules.debts import DebtMoveKind, EntryKind
from app.services import account_statements, debt_papers, debts, payments, reversals, tax_certificates
from app.services.errors import NotFound, YearNotOver
from app.services.invoices import invoices_of
from tests import factories
from tests.factories import FamilySetup


def an_invoice(family: FamilySetup, child_id: int, care: int, meal: int, issued_on: date = date(2025, 12, 1)) -> int:
    """An invoice of one line for a child."""
    invoice_id = factories.make_invoice(family, care + meal, issued_on=issued_on)
    with write_transaction() as session:
        session.execute(
            update(InvoiceLine)
            .where(InvoiceLine.invoice_id == invoice_id)
            .values(child_id=child_id, care_cents=care, meal_cents=meal, other_cents=0)
        )
    return invoice_id


def born(child_id: int, day: date) -> None:
    with write_transaction() as session:
        session.get_one(Child, child_id).birth_date = day


def pay(family: FamilySetup, invoice_id: int, cents: int, day: date, agent_id: int) -> int:
    with write_transaction() as session:
        return payments.record_counter_payment(
            session, office_id=session.get_one(Invoice, invoice_id).office_id, family_id=family.family_id,
            mode=PaymentMode.CASH, amount_cents=cents, received_on=day, reference="", recorded_by=agent_id,
        )  # fmt: skip


def publish(office_id: int, agent_id: int, year: int = 2025, *, sends_mails: bool = True) -> None:
    with write_transaction() as session:
        publication_id = tax_certificates.start_publication(session, office_id, year, agent_id, sends_mails=sends_mails)
    left = True
    while left:
        with write_transaction() as session:
            left = tax_certificates.publish_next(session, publication_id, limit=1)


def test_care_of_young_children_paid_in_the_year_is_certified_once_and_anew_where_it_changed(app: Flask) -> None:
    agent_id = factories.make_user("regie-tax@example.org")
    family, other = factories.make_family("AAA"), factories.make_family("BBB")
    young, old = factories.make_child(family, "Léa"), factories.make_child(family, "Tom")
    born(young, date(2019, 1, 2))
    born(old, date(2019, 1, 1))
    young_invoice = an_invoice(family, young, 3_000, 1_000)
    old_invoice = an_invoice(family, old, 2_000, 0)
    office_id = db.session.get_one(Invoice, young_invoice).office_id
    pay(family, young_invoice, 2_000, date(2025, 12, 20), agent_id)
    pay(family, old_invoice, 4_000, date(2026, 1, 5), agent_id)  # all of the rest, the year after
    (care,) = tax_certificates.preview(office_id, 2025, 1).rows
    assert [(child.name[:3], child.paid_cents) for child in care.children] == [("Léa", 1_500)]
    publish(office_id, agent_id)
    (certificate,) = tax_certificates.certificates_of(family.family_id)
    assert (certificate.version, certificate.total_cents, certificate.year) == (1, 1_500, 2025)
    assert tax_certificates.certificates_of(other.family_id) == ()
    mails = db.session.scalars(select(OutboxMail.recipient).where(OutboxMail.template == "tax_certificate_published"))
    assert len(mails.all()) == 1
    publish(office_id, agent_id)  # nothing has changed
    assert len(db.session.scalars(select(TaxCertificate)).all()) == 1
    pay(family, young_invoice, 0 + 500, date(2025, 12, 31), agent_id)  # too much: no invoice takes it
    born(old, date(2019, 6, 1))
    second = an_invoice(family, old, 700, 0)
    pay(family, second, 700, date(2025, 12, 31), agent_id)
    publish(office_id, agent_id, sends_mails=False)
    (certificate,) = tax_certificates.certificates_of(family.family_id)
    assert certificate.version == 2 and certificate.total_cents == 2_200
    paper = debt_papers.certificate_paper(certificate.id)
    assert [(each.name[:3], each.paid_cents) for each in paper.children] == [("Léa", 1_500), ("Tom", 700)]
    assert tax_certificates.published(office_id, 2025, 1).total == 1
    with pytest.raises(NotFound):
        tax_certificates.certificate_of(other.family_id, certificate.id)


def test_a_child_of_two_homes_is_on_the_certificate_of_who_paid_and_it_says_so(sqlite_app: Flask) -> None:
    agent_id = factories.make_user("regie-tax@example.org")
    family, other = factories.make_family("AAA"), factories.make_family("BBB")
    child_id = factories.make_child(family, "Léa")
    factories.share_child(child_id, other)
    born(child_id, date(2022, 5, 14))
    invoice_id = an_invoice(family, child_id, 1_000, 0)
    pay(family, invoice_id, 1_000, date(2025, 6, 1), agent_id)
    publish(db.session.get_one(Invoice, invoice_id).office_id, agent_id)
    (certificate,) = tax_certificates.certificates_of(family.family_id)
    assert debt_papers.certificate_paper(certificate.id).children[0].is_shared
    assert not tax_certificates.certificates_of(other.family_id)


def test_a_year_is_certified_once_it_is_over(sqlite_app: Flask) -> None:
    invoice_id = factories.make_invoice(factories.make_family())
    agent_id = factories.make_user("regie-tax@example.org")
    with pytest.raises(YearNotOver):
        publish(db.session.get_one(Invoice, invoice_id).office_id, agent_id, 2026)


def test_an_issued_invoice_says_what_is_care_and_what_is_meal(sqlite_app: Flask) -> None:
    planning = factories.make_planning()
    agent_id = factories.make_user("regie-tax@example.org")
    factories.book_past(planning.family, planning.child_id, planning.activity, [date(2026, 10, 7)])
    (invoice_id,) = factories.issue(planning.activity, date(2026, 10, 1), agent_id)
    lines = db.session.scalars(select(InvoiceLine).where(InvoiceLine.invoice_id == invoice_id)).all()
    assert lines
    for line in lines:
        assert line.care_cents + line.meal_cents + line.other_cents == line.amount_cents
    assert sum(line.care_cents for line in lines) > 0


def test_a_statement_tells_all_that_moved_and_what_it_came_to(app: Flask) -> None:
    agent_id = factories.make_user("regie-tax@example.org")
    family = factories.make_family()
    first = factories.make_invoice(family, 2_000, issued_on=date(2026, 8, 1))
    second = factories.make_invoice(family, 1_500, issued_on=date(2026, 9, 1))
    pay(family, first, 2_500, date(2026, 10, 2), agent_id)
    with write_transaction() as session:
        debts.give_up(session, second, DebtMoveKind.TRANSFER, "Bordereau", agent_id)
    statement = account_statements.statement_of(family.family_id, date(2026, 9, 1), clock.today())
    assert statement.opening_cents == 2_000
    assert [(each.kind, each.cents, each.balance_cents) for each in statement.entries] == [
        (EntryKind.INVOICE, 1_500, 3_500),
        (EntryKind.PAYMENT, -2_500, 1_000),
        (EntryKind.TRANSFER, -1_000, 0),
    ]
    move_id = debts.follow(second, agent_id).moves[0].id
    with write_transaction() as session:
        debts.cancel_move(session, move_id, "Erreur", agent_id)
    again = account_statements.statement_of(family.family_id, date(2026, 9, 1), clock.today())
    assert again.entries[-1].kind is EntryKind.CANCELLED and again.closing_cents == 1_000
    payment_id = db.session.scalars(select(Payment.id)).one()
    with write_transaction() as session:
        reversals.reverse_payment(session, payment_id, agent_id, ReversalKind.MISTAKE, "Erreur")
    reversed_ = account_statements.statement_of(family.family_id, clock.today(), clock.today())
    assert (EntryKind.REVERSAL, 2_500) in [(each.kind, each.cents) for each in reversed_.entries]
    assert reversed_.closing_cents == 3_500 == sum(each.balance_cents for each in invoices_of(family.family_id))
    nothing = account_statements.statement_of(family.family_id, date(2024, 1, 1), date(2024, 12, 31))
    assert (nothing.entries, nothing.closing_cents) == ((), 0)
