"""Direct debits: mandates, what a collection takes, its file, its payments, and what comes back."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import date, timedelta
from typing import Any
from xml.etree import ElementTree

import pytest
from flask import Flask
from sqlalchemy import func, select, text

from app import clock
from app.database import db, write_transaction
from app.integrations.debit_files import SCHEMA, write_debit_file
from app.jobs.debits import DebitJob
from app.models.cash_desks import JournalLine, PaymentReversal
from app.models.direct_debits import DebitBatch, DebitLine, DebitMandate
from app.models.invoices import Invoice
from app.models.mails import OutboxMail
from app.models.payments import Payment, PaymentAllocation
from app.rules.baskets import UnpayableReason
from app.rules.cash_desks import PaymentMode
from app.rules.debts import DebtMoveKind, HoldKind, MoveObstacle
from app.rules.direct_debits import (
    BatchState,
    Collectable,
    DebitRefusal,
    DebitSequence,
    LeftOut,
    LineState,
    MandateState,
    left_out,
)
from app.rules.retention import DataClass
from app.services import (
    debit_batches,
    debit_mandates,
    debit_papers,
    debt_reminders,
    debts,
    deposits,
    invoices,
    payments,
    purges,
)
from app.services.checks import find_inconsistencies
from app.services.debit_mandates import MandateInput
from app.services.erasures import erase
from app.services.errors import DebitMoved, DebitTooHigh, MandateExists, MoveRefused, NotFound, NothingToPay, OwnFamily
from tests import factories
from tests.factories import AN_IBAN, FamilySetup

DAY = date(2026, 12, 7)


def an_agent() -> int:
    return factories.make_user("regie-debits@example.org")


def office_of(invoice_id: int) -> int:
    return db.session.get_one(Invoice, invoice_id).office_id


def a_family_with_mandate(name: str, agent_id: int, cents: int = 2_000) -> tuple[FamilySetup, int, int]:
    """A family, its invoice and its mandate."""
    family = factories.make_family(name)
    invoice_id = factories.make_invoice(family, cents)
    factories.let_collect(office_of(invoice_id))
    return family, invoice_id, factories.make_mandate(family, office_of(invoice_id), agent_id)


def send_and_wait(batch_id: int, agent_id: int) -> None:
    """The file is taken away, and its day has come."""
    with write_transaction() as session:
        debit_batches.note_sent(session, batch_id, agent_id)
    clock.start_at(factories.NOW + timedelta(days=14), frozen=True)


def order(batch_id: int, agent_id: int) -> None:
    with write_transaction() as session:
        debit_batches.order_recording(session, batch_id, agent_id)


def record_all() -> int:
    job, count = DebitJob(), 0
    while job.record_next():
        count += 1
    return count


def refuse(line_id: int, agent_id: int, code: DebitRefusal = DebitRefusal.AM04) -> None:
    with write_transaction() as session:
        debit_batches.refuse_line(session, line_id, agent_id, code)


def pay_at_counter(family: FamilySetup, invoice_id: int, cents: int, agent_id: int) -> None:
    with write_transaction() as session:
        payments.record_counter_payment(
            session, office_id=office_of(invoice_id), family_id=family.family_id, mode=PaymentMode.CASH,
            amount_cents=cents, received_on=clock.today(), reference="", recorded_by=agent_id,
        )  # fmt: skip


def line_of(invoice_id: int) -> DebitLine:
    return db.session.scalars(select(DebitLine).where(DebitLine.invoice_id == invoice_id)).one()


def mails(template: str) -> list[OutboxMail]:
    return list(db.session.scalars(select(OutboxMail).where(OutboxMail.template == template)))


def problems() -> list[str]:
    return [
        f"{each.problem}: {each.where}"
        for each in find_inconsistencies(db.session())
        if each.problem != "invoiced_booking"
    ]


def balance_of(invoice_id: int) -> int:
    return invoices.balances(db.session(), [invoice_id])[invoice_id]


def together(actions: list[Callable[[], object]], app: Flask) -> list[object]:
    """What some actions return or raise, begun at once."""
    results: list[object] = [None] * len(actions)
    barrier = threading.Barrier(len(actions))

    def run(n: int) -> None:
        with app.app_context():
            barrier.wait()
            try:
                results[n] = actions[n]()
            except Exception as error:
                results[n] = error

    threads = [threading.Thread(target=run, args=(n,)) for n in range(len(actions))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    return results


def test_a_family_has_one_mandate_of_an_office_until_it_ends(app: Flask) -> None:
    agent_id = an_agent()
    family, invoice_id, mandate_id = a_family_with_mandate("AAA", agent_id)
    office_id = office_of(invoice_id)
    assert factories.make_mandate(family, office_id, agent_id) == mandate_id  # a double tap
    with pytest.raises(MandateExists), write_transaction() as session:
        other = MandateInput("Autre", factories.ANOTHER_IBAN, date(2026, 11, 3))
        debit_mandates.record_mandate(session, office_id, family.family_id, other, agent_id)
    (mandate,) = debit_mandates.mandates_of(family.family_id)
    assert (mandate.reference, mandate.masked_iban) == (f"pop-M{family.family_id:06}-1", "FR76 … 0189")
    assert (mandate.state, mandate.holds_until) == (MandateState.ACTIVE, date(2029, 11, 2))
    with write_transaction() as session:
        debit_mandates.end_own_mandate(session, family.family_id, mandate_id, family.user_id)
    with write_transaction() as session:
        debit_mandates.end_mandate(session, mandate_id, agent_id, "encore")  # has ended: it stays as it is
    (mandate,) = debit_mandates.mandates_of(family.family_id)
    assert (mandate.state, mandate.is_ended_by_family, mandate.end_reason) == (MandateState.ENDED, True, "")
    factories.make_mandate(family, office_id, agent_id, date(2026, 11, 23))
    assert debit_mandates.mandates_of(family.family_id)[0].reference == f"pop-M{family.family_id:06}-2"
    stranger = factories.make_family("BBB")
    with pytest.raises(NotFound), write_transaction() as session:
        debit_mandates.end_own_mandate(session, stranger.family_id, mandate_id, stranger.user_id)


def test_nobody_records_or_ends_a_mandate_of_their_own_family(sqlite_app: Flask) -> None:
    agent_id = an_agent()
    family, invoice_id, mandate_id = a_family_with_mandate("AAA", agent_id)
    with pytest.raises(OwnFamily), write_transaction() as session:
        debit_mandates.end_mandate(session, mandate_id, family.user_id, "à moi")
    own = factories.make_family("BBB")
    with pytest.raises(OwnFamily):
        factories.make_mandate(own, office_of(invoice_id), own.user_id)
    batch_id = factories.prepare_debit(office_of(invoice_id), agent_id)
    send_and_wait(batch_id, agent_id)
    with pytest.raises(OwnFamily):
        refuse(line_of(invoice_id).id, family.user_id)


def test_two_who_record_a_mandate_at_once_record_one(app: Flask) -> None:
    agent_id, family = an_agent(), factories.make_family("AAA")
    office_id = office_of(factories.make_invoice(family))
    factories.let_collect(office_id)
    found = together([lambda: factories.make_mandate(family, office_id, agent_id)] * 2, app)
    assert len(set(found)) == 1 and isinstance(found[0], int)


def test_what_is_collected_and_what_is_left_out_is_the_rule(app: Flask) -> None:
    agent_id = an_agent()
    names = ("taken", "none", "lapsed", "transferred", "paying", "disputed", "plan", "ended", "later")
    families = {name: factories.make_family(name) for name in names}
    invoice_ids = {
        name: factories.make_invoice(
            family, 1_000 + number, issued_on=date(2026, 11, 20) if name == "later" else date(2026, 10, 1)
        )
        for number, (name, family) in enumerate(families.items())
    }
    office_id = office_of(invoice_ids["taken"])
    factories.let_collect(office_id)
    for name, family in families.items():
        if name != "none":
            signed_on = date(2023, 12, 6) if name == "lapsed" else date(2023, 12, 7)
            factories.make_mandate(family, office_id, agent_id, signed_on)
    factories.make_basket(families["paying"], [invoice_ids["paying"]])
    with write_transaction() as session:
        debts.give_up(session, invoice_ids["transferred"], DebtMoveKind.TRANSFER, "Bordereau", agent_id)
        debts.hold_back(session, invoice_ids["disputed"], HoldKind.DISPUTE, None, "Non", agent_id)
        debts.hold_back(session, invoice_ids["plan"], HoldKind.PLAN, clock.today(), "Trois fois", agent_id)
        ended = session.scalars(select(DebitMandate).where(DebitMandate.family_id == families["ended"].family_id)).one()
        debit_mandates.end_mandate(session, ended.id, agent_id, "Compte clos")
    facts = {
        "taken": Collectable(mandate=MandateState.ACTIVE),
        "none": Collectable(),
        "lapsed": Collectable(mandate=MandateState.LAPSED),
        "transferred": Collectable(is_transferred=True, mandate=MandateState.ACTIVE),
        "paying": Collectable(is_paying=True, mandate=MandateState.ACTIVE),
        "disputed": Collectable(is_disputed=True, mandate=MandateState.ACTIVE),
        "plan": Collectable(has_plan=True, mandate=MandateState.ACTIVE),
        "ended": Collectable(mandate=MandateState.ENDED),
    }
    found = {
        row.invoice_id: reason
        for reason in (None, *LeftOut)
        for row in debit_batches.list_candidates(office_id, DAY, reason, 1).rows
    }
    assert found == {invoice_ids[name]: left_out(fact) for name, fact in facts.items()}
    seen = debit_batches.preview(office_id, DAY)
    assert seen.taken == debit_batches.PreviewSum(1, 1_000)
    assert {type(each.amount_cents) for each in (seen.taken, *seen.left_out.values())} == {int}
    assert seen.left_out[LeftOut.NO_MANDATE] == debit_batches.PreviewSum(2, 1_001 + 1_007)
    factories.prepare_debit(office_id, agent_id)
    assert debit_batches.preview(office_id, DAY).left_out[LeftOut.IN_BATCH].count == 1


def test_a_collection_from_its_preview_to_its_payments(app: Flask) -> None:
    agent_id = an_agent()
    family, invoice_id, mandate_id = a_family_with_mandate("AAA", agent_id, 2_000)
    second_id = factories.make_invoice(family, 1_500)
    other, third_id, _ = a_family_with_mandate("BBB", agent_id, 700)
    office_id = office_of(invoice_id)
    batch_id = factories.prepare_debit(office_id, agent_id)
    assert factories.prepare_debit(office_id, agent_id) == batch_id  # a double tap
    told = mails("debit_planned")
    assert sorted(mail.family_id or 0 for mail in told) == [family.family_id, other.family_id]
    assert "35,00" in told[0].body and "FR76 … 0189" in told[0].body and AN_IBAN not in told[0].body
    planned = debit_mandates.planned_debits(family.family_id)
    assert [(each.amount_cents, each.collected_on) for each in planned] == [(2_000, DAY), (1_500, DAY)]
    # Meanwhile nobody pays, reminds of or gives up what will be collected.
    assert {view.debit_on for view in invoices.invoices_of(family.family_id)} == {DAY}
    with pytest.raises(NothingToPay) as refusal:
        factories.make_basket(family, [invoice_id])
    assert [each.reason for each in refusal.value.unpayable] == [UnpayableReason.DEBITED]
    with pytest.raises(DebitMoved):
        order(batch_id, agent_id)  # no bank was asked yet
    with pytest.raises(NotFound):
        debit_papers.debit_file(batch_id)
    send_and_wait(batch_id, agent_id)
    with pytest.raises(MoveRefused) as late, write_transaction() as session:
        debts.give_up(session, invoice_id, DebtMoveKind.WRITE_OFF, "non", agent_id)
    assert late.value.obstacle is MoveObstacle.UNDER_WAY
    order(batch_id, agent_id)
    order(batch_id, agent_id)  # a double tap
    assert debit_batches.read_batch(batch_id).state is BatchState.RECORDING
    assert record_all() == 3 and record_all() == 0
    row = debit_batches.read_batch(batch_id)
    assert (row.state, row.recorded_count, row.recorded_cents) == (BatchState.RECORDED, 3, 4_200)
    paid = db.session.scalars(select(Payment).order_by(Payment.id)).all()
    assert {(each.mode, each.received_on, each.recorded_by_id) for each in paid} == {
        (PaymentMode.DIRECT_DEBIT, DAY, agent_id)
    }
    allocated = db.session.execute(select(PaymentAllocation.invoice_id, PaymentAllocation.amount_cents)).tuples().all()
    assert sorted(allocated) == sorted([(invoice_id, 2_000), (second_id, 1_500), (third_id, 700)])
    assert deposits.cents_in_hand(db.session(), [office_id]) == {}  # it lies in no till, and goes on no slip
    assert db.session.scalar(select(func.count(JournalLine.id))) == 3
    assert problems() == []
    # The mandate was used: it holds on from there, and the next collection follows.
    assert debit_mandates.read_mandate(mandate_id).holds_until == date(2029, 12, 7)
    factories.make_invoice(family, 900, issued_on=date(2026, 12, 2))
    again_id = factories.prepare_debit(office_id, agent_id, date(2027, 1, 4), "encore")
    sequences = db.session.scalars(select(DebitLine.sequence).where(DebitLine.batch_id == again_id)).all()
    assert sequences == [DebitSequence.RECURRENT]
    of_first = select(DebitLine.sequence).where(DebitLine.mandate_id == mandate_id, DebitLine.batch_id == batch_id)
    assert db.session.scalars(of_first.order_by(DebitLine.id)).all() == [DebitSequence.FIRST, DebitSequence.RECURRENT]


def test_the_file_is_the_same_each_time_and_its_sums_are_right(sqlite_app: Flask) -> None:
    agent_id = an_agent()
    _family, invoice_id, _ = a_family_with_mandate("AAA", agent_id, 12_345)
    _other, other_id, _ = a_family_with_mandate("BBB", agent_id, 5)
    _gone, gone_id, _ = a_family_with_mandate("CCC", agent_id, 800)
    batch_id = factories.prepare_debit(office_of(invoice_id), agent_id)
    refuse(line_of(gone_id).id, agent_id, DebitRefusal.TAKEN_OUT)
    send_and_wait(batch_id, agent_id)
    first = write_debit_file(debit_papers.debit_file(batch_id))
    refuse(line_of(other_id).id, agent_id)  # came back: the file is what the bank has
    with write_transaction() as session:
        debit_mandates.end_mandate(session, line_of(invoice_id).mandate_id, agent_id, "Nouveau compte")
    factories.let_collect(office_of(invoice_id))
    assert write_debit_file(debit_papers.debit_file(batch_id)) == first
    names = {"p": f"urn:iso:std:iso:20022:tech:xsd:{SCHEMA}"}
    root = ElementTree.fromstring(first)
    asked = root.findall(".//p:DrctDbtTxInf", names)
    assert root.findtext(".//p:GrpHdr/p:NbOfTxs", namespaces=names) == "2" == str(len(asked))
    assert root.findtext(".//p:GrpHdr/p:CtrlSum", namespaces=names) == "123.50"
    assert [each.findtext("p:InstdAmt", namespaces=names) for each in asked] == ["123.45", "0.05"]
    assert asked[0].findtext(".//p:DbtrAcct//p:IBAN", namespaces=names) == AN_IBAN
    assert root.findtext(".//p:Cdtr/p:Nm", namespaces=names) == "Regie de l'Ile"


def test_what_comes_back_is_due_again_and_told(app: Flask) -> None:
    agent_id = an_agent()
    family, before_id, _ = a_family_with_mandate("AAA", agent_id, 2_000)
    after_id = factories.make_invoice(family, 1_500)
    batch_id = factories.prepare_debit(office_of(before_id), agent_id)
    with pytest.raises(DebitMoved):
        refuse(line_of(before_id).id, agent_id)  # no bank has it yet
    send_and_wait(batch_id, agent_id)
    with pytest.raises(DebitMoved):
        refuse(line_of(before_id).id, agent_id, DebitRefusal.TAKEN_OUT)
    for _ in range(2):  # a double tap
        refuse(line_of(before_id).id, agent_id)
    assert [("20,00" in mail.body, "provision" in mail.body) for mail in mails("debit_refused")] == [(True, True)]
    order(batch_id, agent_id)
    assert record_all() == 1
    for _ in range(2):
        refuse(line_of(after_id).id, agent_id, DebitRefusal.MD06)
    assert db.session.scalar(select(func.count(PaymentReversal.payment_id))) == 1
    assert len(mails("payment_reversed")) == 1 and len(mails("debit_refused")) == 1
    assert (balance_of(before_id), balance_of(after_id)) == (2_000, 1_500)
    assert {view.debit_on for view in invoices.invoices_of(family.family_id)} == {None}
    states = {line.invoice_id: line.state for line in debit_batches.list_lines(batch_id, None, 1, agent_id).rows}
    assert states == {before_id: LineState.REFUSED, after_id: LineState.RETURNED}
    row = debit_batches.read_batch(batch_id)
    assert (row.state, row.recorded_cents, row.refused_count) == (BatchState.RECORDED, 0, 2)
    assert problems() == []


def test_what_was_paid_otherwise_meanwhile_stays_the_familys(sqlite_app: Flask) -> None:
    agent_id = an_agent()
    family, invoice_id, _ = a_family_with_mandate("AAA", agent_id, 2_000)
    batch_id = factories.prepare_debit(office_of(invoice_id), agent_id)
    send_and_wait(batch_id, agent_id)
    pay_at_counter(family, invoice_id, 500, agent_id)
    order(batch_id, agent_id)
    record_all()
    assert balance_of(invoice_id) == 0
    assert [view.unallocated_cents for view in invoices.payments_of(family.family_id)] == [500, 0]
    assert problems() == []


def test_a_collection_is_abandoned_only_before_its_file_left(app: Flask) -> None:
    agent_id = an_agent()
    family, invoice_id, _ = a_family_with_mandate("AAA", agent_id)
    batch_id = factories.prepare_debit(office_of(invoice_id), agent_id)
    for _ in range(2):
        with write_transaction() as session:
            debit_batches.abandon(session, batch_id, agent_id)
    assert len(mails("debit_abandoned")) == 1
    assert invoices.invoices_of(family.family_id)[0].debit_on is None
    with pytest.raises(DebitMoved), write_transaction() as session:
        debit_batches.note_sent(session, batch_id, agent_id)
    with pytest.raises(DebitMoved):
        refuse(line_of(invoice_id).id, agent_id, DebitRefusal.TAKEN_OUT)
    again_id = factories.prepare_debit(office_of(invoice_id), agent_id, key="encore")
    send_and_wait(again_id, agent_id)
    with pytest.raises(DebitMoved), write_transaction() as session:
        debit_batches.abandon(session, again_id, agent_id)
    assert debit_batches.read_batch(again_id).reference == "pop-PRLV00002"


def test_what_is_paid_before_the_file_leaves_is_taken_out_first(app: Flask) -> None:
    """Else a family would pay a second time, by its bank."""
    agent_id = an_agent()
    family, paid_id, _ = a_family_with_mandate("AAA", agent_id)
    a_family_with_mandate("BBB", agent_id)
    batch_id = factories.prepare_debit(office_of(paid_id), agent_id)
    assert debit_batches.lines_too_high(batch_id, agent_id) == ()
    pay_at_counter(family, paid_id, 500, agent_id)
    with pytest.raises(DebitTooHigh), write_transaction() as session:
        debit_batches.note_sent(session, batch_id, agent_id)
    (line,) = debit_batches.lines_too_high(batch_id, agent_id)
    assert (line.invoice_id, line.amount_cents) == (paid_id, 2_000)
    refuse(line.id, agent_id, DebitRefusal.TAKEN_OUT)
    assert debit_batches.lines_too_high(batch_id, agent_id) == ()
    send_and_wait(batch_id, agent_id)
    assert debit_batches.read_batch(batch_id).amount_cents == 2_000
    assert balance_of(paid_id) == 1_500


def test_a_mandate_that_ends_takes_along_what_no_bank_was_asked_for(app: Flask) -> None:
    agent_id = an_agent()
    family, sent_id, mandate_id = a_family_with_mandate("AAA", agent_id)
    batch_id = factories.prepare_debit(office_of(sent_id), agent_id)
    with write_transaction() as session:
        debit_batches.note_sent(session, batch_id, agent_id)
    waiting_id = factories.make_invoice(family, 900)
    factories.prepare_debit(office_of(sent_id), agent_id, key="encore")
    with write_transaction() as session:
        debit_mandates.end_own_mandate(session, family.family_id, mandate_id, family.user_id)
    (planned,) = debit_mandates.planned_debits(family.family_id)
    assert (planned.invoice_id, planned.is_sent) == (sent_id, True)
    assert line_of(waiting_id).refusal is DebitRefusal.MANDATE_ENDED and not line_of(waiting_id).is_in_file


def test_what_was_shown_is_what_is_prepared(sqlite_app: Flask) -> None:
    agent_id = an_agent()
    _family, invoice_id, _ = a_family_with_mandate("AAA", agent_id)
    office_id = office_of(invoice_id)
    shown = debit_batches.preview(office_id, DAY).taken
    a_family_with_mandate("BBB", agent_id)
    for day, expected in (
        (DAY, shown),
        (date(2026, 12, 4), debit_batches.preview(office_id, date(2026, 12, 4)).taken),  # too soon
        (date(2026, 12, 12), debit_batches.preview(office_id, date(2026, 12, 12)).taken),  # a Saturday
    ):
        with pytest.raises(DebitMoved), write_transaction() as session:
            debit_batches.prepare(session, office_id, day, expected, agent_id, "key")


def test_nobody_is_reminded_of_what_will_be_collected(sqlite_app: Flask) -> None:
    agent_id = an_agent()
    family = factories.make_family("AAA")
    invoice_id = factories.make_invoice(family, 2_000, issued_on=date(2026, 9, 1))
    office_id = office_of(invoice_id)
    factories.let_collect(office_id)
    factories.make_mandate(family, office_id, agent_id)
    assert debt_reminders.count_due(office_id)[1] == 1
    factories.prepare_debit(office_id, agent_id)
    assert debt_reminders.count_due(office_id)[1] == 0
    with write_transaction() as session:
        assert debt_reminders.send(session, office_id, 1, [family.family_id], agent_id, "key") is None


def test_two_who_record_or_refuse_at_once_do_one_of_both(app: Flask) -> None:
    agent_id = an_agent()
    _family, invoice_id, _ = a_family_with_mandate("AAA", agent_id)
    batch_id = factories.prepare_debit(office_of(invoice_id), agent_id)
    send_and_wait(batch_id, agent_id)
    order(batch_id, agent_id)
    line_id = line_of(invoice_id).id

    def record() -> None:
        with write_transaction() as session:
            debit_batches.record_line(session, line_id)

    db.session.rollback()
    found = together([record, record, lambda: refuse(line_id, agent_id)], app)
    assert found == [None, None, None]
    assert db.session.scalar(select(func.count(Payment.id))) in (0, 1)
    assert balance_of(invoice_id) == 2_000
    assert problems() == []


def test_two_who_prepare_and_pay_at_once_ask_once(app: Flask) -> None:
    agent_id = an_agent()
    family, invoice_id, _ = a_family_with_mandate("AAA", agent_id)
    office_id = office_of(invoice_id)
    db.session.rollback()
    found = together(
        [lambda: factories.prepare_debit(office_id, agent_id), lambda: factories.make_basket(family, [invoice_id])], app
    )
    assert sum(isinstance(each, NothingToPay | DebitMoved) for each in found) == 1, found


def test_killed_between_two_lines_it_goes_on_where_it_stood(sqlite_app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    agent_id = an_agent()
    _family, invoice_id, _ = a_family_with_mandate("AAA", agent_id)
    a_family_with_mandate("BBB", agent_id)
    batch_id = factories.prepare_debit(office_of(invoice_id), agent_id)
    send_and_wait(batch_id, agent_id)
    order(batch_id, agent_id)

    class Killed(BaseException):
        """Nothing catches it, as nothing catches the end of a process."""

    real = debit_batches.record_direct_debit

    def die_after(*args: Any, **kwargs: Any) -> int:
        payment_id = real(*args, **kwargs)
        if db.session.scalar(select(func.count(Payment.id))) == 2:
            raise Killed
        return payment_id

    monkeypatch.setattr(debit_batches, "record_direct_debit", die_after)
    job = DebitJob()
    assert job.record_next()
    with pytest.raises(Killed):
        job.record_next()
    db.session.rollback()
    assert debit_batches.read_batch(batch_id).state is BatchState.RECORDING
    monkeypatch.setattr(debit_batches, "record_direct_debit", real)
    assert record_all() == 1
    assert db.session.scalars(select(Payment.receipt_number).order_by(Payment.id)).all() == [
        "pop-Q261200001", "pop-Q261200002",
    ]  # fmt: skip
    assert debit_batches.read_batch(batch_id).state is BatchState.RECORDED
    assert problems() == []


def test_what_is_wrong_with_collections_is_found(sqlite_app: Flask) -> None:
    agent_id = an_agent()
    _family, invoice_id, _ = a_family_with_mandate("AAA", agent_id)
    batch_id = factories.prepare_debit(office_of(invoice_id), agent_id)
    send_and_wait(batch_id, agent_id)
    order(batch_id, agent_id)
    record_all()
    for wrong in (
        "UPDATE debit_line SET payment_id = NULL",
        "UPDATE debit_line SET amount_cents = 1",
        "UPDATE debit_line SET refusal = 'AM04', refused_at = recorded_at FROM debit_batch",
    ):
        with write_transaction() as session:
            kept = session.get_one(DebitLine, line_of(invoice_id).id)
            session.execute(text(wrong))
            found = {each.problem for each in find_inconsistencies(session)}
            session.refresh(kept)
            session.rollback()
        assert "debit" in found, wrong


def test_what_is_left_of_a_family_that_is_erased_and_of_what_is_over(sqlite_app: Flask) -> None:
    agent_id = an_agent()
    family, invoice_id, _ = a_family_with_mandate("AAA", agent_id)
    batch_id = factories.prepare_debit(office_of(invoice_id), agent_id)
    send_and_wait(batch_id, agent_id)
    order(batch_id, agent_id)
    record_all()
    with write_transaction() as session:
        erase(session, family.family_id)
    mandate = db.session.scalars(select(DebitMandate)).one()  # what was collected with it names it still
    assert (mandate.holder, mandate.iban) == ("", "") and mandate.ended_at is not None
    assert line_of(invoice_id).iban == AN_IBAN  # as long as the accounting is kept
    assert AN_IBAN in write_debit_file(debit_papers.debit_file(batch_id)).decode()
    clock.start_at(factories.NOW.replace(year=2037), frozen=True)
    with write_transaction() as session:
        run_id = purges.begin_purge(session)
    step = purges.Step(0)
    while not step.is_last:
        with write_transaction() as session:
            step = purges.purge_next(session, run_id, DataClass.ACCOUNTING, step.after)
    db.session.expire_all()
    assert (line_of(invoice_id).holder, line_of(invoice_id).iban) == ("", "")
    with pytest.raises(NotFound):
        debit_papers.debit_file(batch_id)


def test_what_is_stored_of_an_account_is_encrypted(sqlite_app: Flask) -> None:
    agent_id = an_agent()
    _family, invoice_id, _ = a_family_with_mandate("AAA", agent_id)
    factories.prepare_debit(office_of(invoice_id), agent_id)
    with db.engine.connect() as connection:
        for table in ("debit_mandate", "debit_line", "debit_batch", "debit_settings"):
            for row in connection.execute(text(f"SELECT * FROM {table}")).mappings():
                assert not {AN_IBAN, factories.ANOTHER_IBAN, "Élodie TEST"} & {str(value) for value in row.values()}
    assert db.session.scalars(select(DebitBatch.iban)).one() == factories.ANOTHER_IBAN
