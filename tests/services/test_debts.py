"""Reminders, what holds them back, and what is not asked for any more."""

from __future__ import annotations

from datetime import date

import pytest
from flask import Flask
from sqlalchemy import func, select, update

from app import clock
from app.database import db, write_transaction
from app.integrations.tables import TableFormat, write_table
from app.models.debts import DebtMove, InvoiceReminder, ReminderLetter
from app.models.families import Guardian
from app.models.invoices import Invoice
from app.models.mails import OutboxMail
from app.models.payments import PaymentMode
from app.rules.allocation import InvoiceState, RefusedAllocations
from app.rules.debts import DebtMoveKind, HoldKind, MoveObstacle, ReminderRule
from app.services import debt_papers, debt_reminders, debts, invoices, payments
from app.services.errors import AlreadyDecided, MoveRefused, NothingToPay, OwnFamily
from tests import factories
from tests.factories import FamilySetup

LONG_AGO = date(2026, 9, 1)  # due on 1 October: 53 days before the tests' day


def an_agent() -> int:
    return factories.make_user("regie-debts@example.org")


def office_of(invoice_id: int) -> int:
    return db.session.get_one(Invoice, invoice_id).office_id


def remind(invoice_id: int, family_ids: list[int], level: int = 1, *, key: str = "key", agent_id: int) -> int | None:
    with write_transaction() as session:
        return debt_reminders.send(session, office_of(invoice_id), level, family_ids, agent_id, key)


def names_due(invoice_id: int, level: int = 1) -> list[str]:
    found = debt_reminders.families_to_remind(office_of(invoice_id), level, 1)
    assert found.total == len(found.rows) == debt_reminders.count_due(office_of(invoice_id))[level]
    return [row.name for row in found.rows]


def without_email(family: FamilySetup) -> None:
    with write_transaction() as session:
        session.execute(update(Guardian).where(Guardian.family_id == family.family_id).values(email=None))


def give_up(invoice_id: int, kind: DebtMoveKind, agent_id: int) -> int:
    with write_transaction() as session:
        return debts.give_up(session, invoice_id, kind, "Délibération", agent_id)


def test_families_are_reminded_by_mail_or_letter_and_once_a_level(app: Flask) -> None:
    agent_id = an_agent()
    mailed, printed, later = factories.make_family("AAA"), factories.make_family("BBB"), factories.make_family("CCC")
    without_email(printed)
    first, second = (
        factories.make_invoice(mailed, 2_000, issued_on=LONG_AGO),
        factories.make_invoice(printed, 1_500, issued_on=LONG_AGO, paid_cents=500),
    )
    factories.make_invoice(later, 900, issued_on=date(2026, 11, 2))  # not due yet
    assert names_due(first) == [mailed.name, printed.name]
    ids = [family.family_id for family in (mailed, printed, later)]
    run_id = remind(first, ids, agent_id=agent_id)
    assert run_id is not None and remind(first, ids, agent_id=agent_id) == run_id  # a double tap
    assert names_due(first) == []
    mails = db.session.scalars(select(OutboxMail).where(OutboxMail.template == "payment_reminder_1")).all()
    assert [(mail.family_id, "20,00" in mail.body) for mail in mails] == [(mailed.family_id, True)]
    run, families = debt_reminders.read_run(run_id)
    assert (run.family_count, run.letter_count, run.letters_made, run.total_cents) == (2, 1, 0, 3_000)
    assert [(each.name, each.letter_id is not None) for each in families] == [
        (printed.name, True),
        (mailed.name, False),
    ]
    letter_id = db.session.scalars(select(ReminderLetter.id)).one()
    paper = debt_papers.letter_paper(letter_id, "http://portail.example.org")
    said = "\n".join(line for lines in paper.paragraphs for line in lines)
    assert "10,00" in said and "http://portail.example.org/mes-factures" in said
    assert paper.recipient_lines[0] == printed.name
    assert [each.level for each in debts.reminders_of_invoice(second)] == [1]
    assert invoices.due_of(mailed.family_id) == invoices.Due(1, 2_000, clock.today())


def test_levels_follow_each_other_in_time(sqlite_app: Flask) -> None:
    family, agent_id = factories.make_family(), an_agent()
    invoice_id = factories.make_invoice(family, 2_000, issued_on=LONG_AGO)
    for level, day in ((1, date(2026, 10, 16)), (2, date(2026, 10, 31)), (3, date(2026, 11, 15))):
        clock.start_at(factories.NOW.replace(month=day.month, day=day.day), frozen=True)
        assert names_due(invoice_id, level) == [family.name]
        assert [names_due(invoice_id, other) for other in (1, 2, 3) if other != level] == [[], []]
        assert remind(invoice_id, [family.family_id], level, key=str(level), agent_id=agent_id)
        assert remind(invoice_id, [family.family_id], level, key=f"again {level}", agent_id=agent_id) is None
    assert db.session.scalar(select(func.count(InvoiceReminder.id))) == 3


def test_nobody_is_reminded_of_what_is_held_back_being_paid_or_covered(sqlite_app: Flask) -> None:
    agent_id = an_agent()
    disputed, agreed, paying, covered, small = (factories.make_family(f"F{n}") for n in range(5))
    of_disputed, of_agreed, of_paying, of_covered, _of_small = (
        factories.make_invoice(family, cents, issued_on=LONG_AGO)
        for family, cents in ((disputed, 2_000), (agreed, 2_000), (paying, 2_000), (covered, 900), (small, 499))
    )
    with write_transaction() as session:
        debt_reminders.save_rule(session, office_of(of_disputed), ReminderRule(minimum_cents=500), agent_id)
    assert names_due(of_disputed) == [disputed.name, agreed.name, paying.name, covered.name]
    with write_transaction() as session:
        debts.hold_back(session, of_disputed, HoldKind.DISPUTE, None, "Absence contestée", agent_id)
        debts.hold_back(session, of_agreed, HoldKind.PLAN, clock.today(), "Trois fois", agent_id)
    factories.make_basket(paying, [of_paying])
    with write_transaction() as session:
        payments.record_counter_payment(
            session, office_id=office_of(of_covered), family_id=covered.family_id, mode=PaymentMode.CASH,
            amount_cents=1_000, received_on=clock.today(), reference="", recorded_by=agent_id, wanted=[],
        )  # fmt: skip
    assert names_due(of_disputed) == []
    ids = [family.family_id for family in (disputed, agreed, paying, covered, small)]
    assert remind(of_disputed, ids, agent_id=agent_id) is None
    (hold,) = debts.follow(of_disputed, agent_id).holds
    assert hold.lasts and hold.reason == "Absence contestée"
    with write_transaction() as session:
        assert debts.end_hold(session, hold.id, agent_id) == of_disputed
    assert names_due(of_disputed) == [disputed.name]
    with write_transaction() as session:
        debt_reminders.save_rule(session, office_of(of_disputed), ReminderRule(is_on=False), agent_id)
    assert names_due(of_disputed) == []


@pytest.mark.parametrize(
    ("kind", "state"),
    [(DebtMoveKind.WRITE_OFF, InvoiceState.WRITTEN_OFF), (DebtMoveKind.TRANSFER, InvoiceState.TRANSFERRED)],
)
def test_what_is_given_up_is_not_due_until_it_is_taken_back(
    app: Flask, kind: DebtMoveKind, state: InvoiceState
) -> None:
    family, agent_id = factories.make_family(), an_agent()
    invoice_id = factories.make_invoice(family, 2_000, issued_on=LONG_AGO, paid_cents=500)
    assert give_up(invoice_id, kind, agent_id) == 1_500
    (view,) = invoices.invoices_of(family.family_id)
    assert (view.balance_cents, view.state) == (0, state)
    assert invoices.due_of(family.family_id).count == 0
    with pytest.raises(NothingToPay):
        factories.make_basket(family, [invoice_id])
    with pytest.raises(RefusedAllocations), write_transaction() as session:
        payments.record_counter_payment(
            session, office_id=view.office_id, family_id=family.family_id, mode=PaymentMode.CASH, amount_cents=100,
            received_on=clock.today(), reference="", recorded_by=agent_id,
            wanted=[payments.Allocation(invoice_id, 100)],
        )  # fmt: skip
    with pytest.raises(MoveRefused) as refused:
        give_up(invoice_id, kind, agent_id)
    assert refused.value.obstacle is MoveObstacle.NOTHING_DUE
    move_id = db.session.scalars(select(DebtMove.id)).one()
    with write_transaction() as session:
        assert debts.cancel_move(session, move_id, "Erreur", agent_id) == invoice_id
    with pytest.raises(AlreadyDecided), write_transaction() as session:
        debts.cancel_move(session, move_id, "Erreur", agent_id)
    (view,) = invoices.invoices_of(family.family_id)
    assert (view.balance_cents, view.state) == (1_500, InvoiceState.PARTIAL)
    assert db.session.scalars(select(DebtMove.amount_cents)).all() == [1_500, 1_500]
    in_sql = db.session.scalars(select(invoices.balance_in_sql()).where(Invoice.id == invoice_id)).one()
    assert in_sql == 1_500


def test_what_is_being_paid_is_not_given_up_and_late_money_stays_the_familys(sqlite_app: Flask) -> None:
    family, agent_id = factories.make_family(), an_agent()
    invoice_id = factories.make_invoice(family, 2_000, issued_on=LONG_AGO)
    factories.make_basket(family, [invoice_id])
    with pytest.raises(MoveRefused) as refused:
        give_up(invoice_id, DebtMoveKind.TRANSFER, agent_id)
    assert refused.value.obstacle is MoveObstacle.UNDER_WAY


def test_nobody_decides_on_their_own_family(sqlite_app: Flask) -> None:
    family = factories.make_family()
    invoice_id = factories.make_invoice(family, 2_000, issued_on=LONG_AGO)
    with pytest.raises(OwnFamily):
        give_up(invoice_id, DebtMoveKind.WRITE_OFF, family.user_id)
    with pytest.raises(OwnFamily), write_transaction() as session:
        debts.hold_back(session, invoice_id, HoldKind.DISPUTE, None, "Non", family.user_id)
    assert debts.follow(invoice_id, family.user_id).is_own_family


def test_the_accountants_list_adds_up(sqlite_app: Flask) -> None:
    agent_id = an_agent()
    ids = [factories.make_invoice(factories.make_family(f"F{n}"), 1_000 + n, issued_on=LONG_AGO) for n in range(3)]
    give_up(ids[0], DebtMoveKind.WRITE_OFF, agent_id)
    give_up(ids[1], DebtMoveKind.TRANSFER, agent_id)
    give_up(ids[2], DebtMoveKind.TRANSFER, agent_id)
    move_id = db.session.scalars(select(DebtMove.id).where(DebtMove.invoice_id == ids[2])).one()
    with write_transaction() as session:
        debts.cancel_move(session, move_id, "=Erreur", agent_id)
    everything = debts.MoveFilter()
    totals = debts.move_totals(everything)
    assert (totals.written_off_cents, totals.transferred_cents) == (1_000, 1_001)
    transfers = debts.list_moves(debts.MoveFilter(kind=DebtMoveKind.TRANSFER), 1)
    assert [each.signed_cents for each in transfers.rows] == [-1_002, 1_002, 1_001]
    assert [each.is_cancelled for each in transfers.rows] == [False, True, False]
    with write_table(TableFormat.CSV, debt_papers.moves_table(debts.all_moves(everything))) as file:
        text = file.read().decode()
    assert "'=Erreur" in text and "-10,02" in text and text.count("\r\n") == 5
    paper = debt_papers.moves_paper(everything, debts.all_moves(everything), totals)
    assert sum(line.amount_cents for line in paper.lines) == 2_001
    assert debts.list_moves(debts.MoveFilter(last=date(2026, 1, 1)), 1).total == 0
