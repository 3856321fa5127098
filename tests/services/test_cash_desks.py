"""The régie: modes, reversals, refunds, deposits and the journal. To the cent, receipts = deposits + what is in hand."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import date

import pytest
from flask import Flask
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select, update
from sqlalchemy.exc import IntegrityError

from app import clock
from app.database import db, write_transaction
from app.models.accounts import StaffRole
from app.models.activities import Office
from app.models.cash_desks import Deposit, JournalLine, PaymentReversal, Refund
from app.models.invoices import Invoice
from app.models.payments import Payment
from app.rules.capabilities import Capability, Role
from app.rules.cash_desks import (
    COUNTER_MODES,
    IN_HAND_MODES,
    JournalKind,
    Keeper,
    KeeperRole,
    PaymentDetails,
    PaymentMode,
    RefusedRefund,
    ReversalKind,
)
from app.services.cash_desks import (
    DeskSettings,
    ModeSetting,
    delete_keeper,
    find_keeper,
    keepers_of,
    named_on,
    read_desk,
    save_desk,
    save_keeper,
    taken_modes,
)
from app.services.checks import Inconsistency, find_inconsistencies
from app.services.deposits import DepositInput, cents_in_hand, hand_in, items_in_hand, list_deposits, read_deposit
from app.services.errors import (
    AlreadyReversed,
    DomainError,
    ModeNotTaken,
    NotFound,
    NothingToHandIn,
    OwnFamily,
    PartlyRefunded,
)
from app.services.invoices import balances, payment_of
from app.services.payments import record_counter_payment
from app.services.refunds import RefundInput, refund, refundable_of
from app.services.reversals import reverse_payment
from app.services.staff_scopes import scope_of
from tests.factories import FamilySetup, make_family, make_invoice, make_staff
from tests.services.test_payments import together

IBAN = "FR7630006000011234567890189"


@pytest.fixture
def family(app: Flask) -> FamilySetup:
    return make_family()


@pytest.fixture
def agent_id(family: FamilySetup) -> int:
    return make_staff(Role.REGISSEUR)


@pytest.fixture
def office_id(family: FamilySetup, agent_id: int) -> int:
    make_invoice(family, 620)
    return pop()


def pop() -> int:
    return db.session.scalars(select(Office.id).where(Office.prefix == "pop")).one()


def take(office_id: int, modes: Sequence[PaymentMode] = COUNTER_MODES) -> None:
    """The office takes these modes."""
    chosen = tuple(ModeSetting(mode, mode in modes) for mode in COUNTER_MODES)
    with write_transaction() as session:
        save_desk(session, office_id, DeskSettings(chosen, None, 0))


def pay(
    family: FamilySetup, office_id: int, agent_id: int, cents: int, mode: PaymentMode = PaymentMode.CASH, **more: object
) -> int:
    with write_transaction() as session:
        return record_counter_payment(
            session, office_id=office_id, family_id=family.family_id, mode=mode, amount_cents=cents,
            received_on=clock.today(), reference="", recorded_by=agent_id, **more,  # type: ignore[arg-type]
        )  # fmt: skip


def reverse(payment_id: int, agent_id: int, kind: ReversalKind = ReversalKind.MISTAKE) -> None:
    with write_transaction() as session:
        reverse_payment(session, payment_id, agent_id, kind, "Saisi deux fois")


def deposit(
    office_id: int, agent_id: int, total: int, mode: PaymentMode = PaymentMode.CASH, key: str = "k",
    payment_ids: Sequence[int] | None = None,
) -> int:  # fmt: skip
    with write_transaction() as session:
        return hand_in(session, DepositInput(office_id, mode, None, payment_ids, total), agent_id, key)


def give_back(family: FamilySetup, office_id: int, agent_id: int, cents: int, key: str = "r") -> int:
    typed = RefundInput(cents, "TEST Marie", IBAN, "Trop payé")
    with write_transaction() as session:
        return refund(session, family.family_id, office_id, agent_id, typed, key)


def journal(office_id: int) -> list[tuple[int, JournalKind, PaymentMode, int]]:
    rows = db.session.scalars(select(JournalLine).where(JournalLine.office_id == office_id).order_by(JournalLine.n))
    return [(row.n, row.kind, row.mode, row.amount_cents) for row in rows]


def wrong_money() -> list[Inconsistency]:
    """What the checks find, but for the invoices of the factory, which have no bookings."""
    return [found for found in find_inconsistencies(db.session()) if "0 bookings" not in found.where]


def test_an_office_takes_cash_and_cheques_until_somebody_chooses(family, agent_id, office_id) -> None:
    assert [each.mode for each in taken_modes(db.session(), office_id)] == [PaymentMode.CASH, PaymentMode.CHEQUE]
    with pytest.raises(ModeNotTaken):
        pay(family, office_id, agent_id, 100, PaymentMode.CESU)
    take(office_id, [PaymentMode.CESU])
    pay(family, office_id, agent_id, 100, PaymentMode.CESU)
    with pytest.raises(ModeNotTaken):
        pay(family, office_id, agent_id, 100, PaymentMode.CASH)


def test_only_what_the_mode_asks_is_kept(family, agent_id, office_id) -> None:
    take(office_id)
    details = PaymentDetails("0001234", "Banque des essais", "TEST", 4, date(2026, 11, 20))
    for mode in (PaymentMode.CHEQUE, PaymentMode.CESU, PaymentMode.TRANSFER):
        pay(family, office_id, agent_id, 100, mode, details=details)
    rows = db.session.execute(
        select(Payment.reference, Payment.bank, Payment.drawer, Payment.voucher_count, Payment.value_on).order_by(
            Payment.id
        )
    ).all()
    assert [tuple(row) for row in rows] == [
        ("0001234", "Banque des essais", "TEST", None, None),
        ("0001234", "", "", 4, None),
        ("0001234", "", "", None, date(2026, 11, 20)),
    ]


def test_a_reversed_payment_pays_nothing_any_more_and_stays(family, agent_id, office_id) -> None:
    (invoice_id,) = balances(db.session(), [1, 2, 3])
    payment_id = pay(family, office_id, agent_id, 700)
    assert balances(db.session(), [invoice_id]) == {invoice_id: 0}
    assert refundable_of(family.family_id, office_id) == 80
    reverse(payment_id, agent_id, ReversalKind.UNPAID)
    assert balances(db.session(), [invoice_id]) == {invoice_id: 620}
    view = payment_of(family.family_id, payment_id)
    assert (view.reversed_as, view.amount_cents, view.unallocated_cents) == (ReversalKind.UNPAID, 700, 0)
    assert refundable_of(family.family_id, office_id) == 0
    again = pay(family, office_id, agent_id, 620)
    assert balances(db.session(), [invoice_id]) == {invoice_id: 0}
    assert journal(office_id) == [
        (1, JournalKind.RECEIPT, PaymentMode.CASH, 700), (2, JournalKind.REVERSAL, PaymentMode.CASH, -700),
        (3, JournalKind.RECEIPT, PaymentMode.CASH, 620),
    ]  # fmt: skip
    assert [each.payment_id for each in items_in_hand(db.session(), office_id, PaymentMode.CASH)] == [again]
    with pytest.raises(AlreadyReversed):
        reverse(payment_id, agent_id)
    assert not wrong_money()


def test_what_a_reversed_payment_paid_takes_what_the_office_has(family, agent_id, office_id) -> None:
    payment_id = pay(family, office_id, agent_id, 620)
    other_id = pay(family, office_id, agent_id, 700)
    reverse(payment_id, agent_id, ReversalKind.UNPAID)
    assert list(balances(db.session(), db.session.scalars(select(Invoice.id)).all()).values()) == [0]
    assert payment_of(family.family_id, other_id).unallocated_cents == 80


def test_the_database_keeps_one_reversal_a_payment(family, agent_id, office_id) -> None:
    payment_id = pay(family, office_id, agent_id, 700)
    reverse(payment_id, agent_id)
    row = PaymentReversal(payment_id=payment_id, kind=ReversalKind.MISTAKE, reason="", reversed_by_id=agent_id)
    with pytest.raises(IntegrityError), write_transaction() as session:
        session.expunge_all()
        session.add(row)
        session.flush()


def test_two_agents_who_reverse_at_once_reverse_once(app, family, agent_id, office_id) -> None:
    payment_id = pay(family, office_id, agent_id, 700)
    answers = together(app, lambda: reverse(payment_id, agent_id), 3)
    assert sorted(map(type, answers), key=str) == sorted([type(None), AlreadyReversed, AlreadyReversed], key=str)
    db.session.rollback()
    assert not wrong_money()


def test_nobody_reverses_or_refunds_their_own_family(family, agent_id, office_id) -> None:
    payment_id = pay(family, office_id, agent_id, 700)
    with pytest.raises(OwnFamily):
        reverse(payment_id, family.user_id)
    with pytest.raises(OwnFamily):
        give_back(family, office_id, family.user_id, 80)
    with pytest.raises(NotFound):
        reverse(payment_id + 1, agent_id)


def test_a_refund_takes_what_no_invoice_took_and_no_more(family, agent_id, office_id) -> None:
    payment_id = pay(family, office_id, agent_id, 700)
    with pytest.raises(RefusedRefund) as caught:
        give_back(family, office_id, agent_id, 81)
    assert caught.value.limit_cents == 80
    refund_id = give_back(family, office_id, agent_id, 50)
    assert give_back(family, office_id, agent_id, 50) == refund_id  # the same form
    row = db.session.get_one(Refund, refund_id)
    assert (row.number, row.iban, row.amount_cents) == ("pop-R261100001", IBAN, 50)
    assert [(each.payment_id, each.amount_cents) for each in row.parts] == [(payment_id, 50)]
    assert payment_of(family.family_id, payment_id).unallocated_cents == 30
    with pytest.raises(PartlyRefunded):
        reverse(payment_id, agent_id)
    assert journal(office_id)[-1] == (2, JournalKind.REFUND, PaymentMode.TRANSFER, -50)
    assert cents_in_hand(db.session(), [office_id]) == {(office_id, PaymentMode.CASH): 700}
    assert not wrong_money()


def test_the_same_money_is_not_refunded_twice(app, family, agent_id, office_id) -> None:
    pay(family, office_id, agent_id, 700)
    keys = iter("abc")
    answers = together(app, lambda: give_back(family, office_id, agent_id, 60, next(keys)), 3)
    assert sum(isinstance(each, RefusedRefund) for each in answers) == 2
    db.session.rollback()
    assert db.session.scalar(select(func.sum(Refund.amount_cents))) == 60
    assert not wrong_money()


def test_a_deposit_hands_in_what_is_in_hand_once(family, agent_id, office_id) -> None:
    pay(family, office_id, agent_id, 300)
    kept = pay(family, office_id, agent_id, 200)
    details = PaymentDetails("12", "Banque des essais", "TEST")
    pay(family, office_id, agent_id, 100, PaymentMode.CHEQUE, details=details)
    with pytest.raises(NothingToHandIn):
        deposit(office_id, agent_id, 499)  # the agent saw something else
    first = deposit(office_id, agent_id, 300, payment_ids=[kept - 1])
    assert deposit(office_id, agent_id, 300, payment_ids=[kept - 1]) == first  # the same form
    with pytest.raises(NothingToHandIn):
        deposit(office_id, agent_id, 300, payment_ids=[kept - 1], key="other")
    file = read_deposit(first, [office_id])
    assert (file.row.number, file.row.total_cents, file.row.item_count) == ("pop-V261100001", 300, 1)
    cheques = deposit(office_id, agent_id, 100, PaymentMode.CHEQUE, key="cheques")
    (item,) = read_deposit(cheques, [office_id]).items
    assert (item.bank, item.reference, item.drawer) == ("Banque des essais", "12", "TEST")
    assert cents_in_hand(db.session(), [office_id]) == {
        (office_id, PaymentMode.CASH): 200, (office_id, PaymentMode.CHEQUE): 0,
    }  # fmt: skip
    assert [row.id for row in list_deposits(1, [office_id]).rows] == [cheques, first]
    with pytest.raises(NotFound):
        read_deposit(first, [])
    with pytest.raises(NothingToHandIn):
        deposit(office_id, agent_id, 0, PaymentMode.CHEQUE, key="none")
    assert not wrong_money()


def test_what_is_reversed_after_its_deposit_is_taken_off_the_next_one(family, agent_id, office_id) -> None:
    bounced = pay(family, office_id, agent_id, 300, PaymentMode.CHEQUE)
    first = deposit(office_id, agent_id, 300, PaymentMode.CHEQUE)
    reverse(bounced, agent_id, ReversalKind.UNPAID)
    assert cents_in_hand(db.session(), [office_id]) == {(office_id, PaymentMode.CHEQUE): -300}
    with pytest.raises(NothingToHandIn):
        deposit(office_id, agent_id, -300, PaymentMode.CHEQUE, key="minus")
    pay(family, office_id, agent_id, 500, PaymentMode.CHEQUE)
    second = deposit(office_id, agent_id, 200, PaymentMode.CHEQUE, key="next")
    assert [each.amount_cents for each in read_deposit(second, [office_id]).items] == [-300, 500]
    assert [each.amount_cents for each in read_deposit(first, [office_id]).items] == [300]
    assert cents_in_hand(db.session(), [office_id]) == {(office_id, PaymentMode.CHEQUE): 0}
    assert not wrong_money()


def test_two_agents_hand_in_the_same_cash_once(app, family, agent_id, office_id) -> None:
    pay(family, office_id, agent_id, 300)
    keys = iter("abc")
    answers = together(app, lambda: deposit(office_id, agent_id, 300, key=next(keys)), 3)
    assert sum(isinstance(each, NothingToHandIn) for each in answers) == 2
    db.session.rollback()
    assert db.session.scalar(select(func.count(Deposit.id))) == 1
    assert not wrong_money()


def test_a_payment_that_is_deposited_while_it_is_reversed_leaves_no_cent(app, family, agent_id, office_id) -> None:
    payment_id = pay(family, office_id, agent_id, 300)
    acts: list[Callable[[], object]] = [
        lambda: reverse(payment_id, agent_id), lambda: deposit(office_id, agent_id, 300),
    ]  # fmt: skip
    left = iter(acts)
    answers = together(app, lambda: next(left)(), 2)
    assert all(each is None or isinstance(each, int | DomainError) for each in answers)
    db.session.rollback()
    assert not wrong_money()


def test_what_is_set_for_a_desk_is_read_again(family, agent_id, office_id) -> None:
    typed = DeskSettings(tuple(ModeSetting(mode, True, "note") for mode in COUNTER_MODES), 120_000, 5_000, 1_500)
    for _ in range(2):  # saving again changes nothing
        with write_transaction() as session:
            save_desk(session, office_id, typed)
        assert read_desk(office_id) == typed
    with pytest.raises(NotFound):
        read_desk(99)


def test_a_slip_keeps_who_was_named_on_its_day(family, agent_id, office_id) -> None:
    with write_transaction() as session:
        for name, role, first in (
            ("Jeanne MARTIN", KeeperRole.KEEPER, date(2026, 1, 1)),
            ("Paul DURAND", KeeperRole.KEEPER, date(2026, 12, 1)), ("Anne PETIT", KeeperRole.DEPUTY, date(2026, 1, 1)),
        ):  # fmt: skip
            keeper_id = save_keeper(session, None, office_id, Keeper(name, role, first, None))
    assert [each.name for each in named_on(db.session(), office_id, clock.today())] == ["Jeanne MARTIN", "Anne PETIT"]
    pay(family, office_id, agent_id, 300)
    slip = deposit(office_id, agent_id, 300)
    with write_transaction() as session:
        first = keepers_of(session, office_id)[0]
        save_keeper(session, first.id, office_id, Keeper("Autre", KeeperRole.KEEPER, first.starts_on, None))
        delete_keeper(session, keeper_id)
    assert read_deposit(slip, [office_id]).row.keeper_name == "Jeanne MARTIN"
    with pytest.raises(NotFound):
        find_keeper(keeper_id)


def test_an_agent_of_one_office_sees_its_desk_only(family, agent_id, office_id) -> None:
    make_invoice(family, 100, prefix="AN")
    assert len(scope_of(db.session(), agent_id, Capability.VIEW_PAYMENTS).offices()) == 2
    with write_transaction() as session:
        session.execute(update(StaffRole).where(StaffRole.user_id == agent_id).values(office_id=office_id))
    assert [each.id for each in scope_of(db.session(), agent_id, Capability.VIEW_PAYMENTS).offices()] == [office_id]
    assert scope_of(db.session(), agent_id, Capability.REVIEW_SIGN_UPS).offices() == ()


@dataclass
class Desk:
    """A régie of which the test knows by itself what must be in hand."""

    family: FamilySetup
    agent_id: int
    office_id: int
    in_hand: Counter[PaymentMode]
    payments: dict[int, tuple[PaymentMode, int]]  # those that stand
    count: int = 0

    def act(self, what: str, which: int, cents: int) -> None:
        """Do something, where it can be done."""
        self.count += 1
        key = f"{what}-{self.count}"
        mode = COUNTER_MODES[which]
        if what == "pay":
            id_ = pay(self.family, self.office_id, self.agent_id, cents, mode)
            self.payments[id_] = (mode, cents)
            self.in_hand[mode] += cents
        elif what == "reverse" and self.payments:
            id_ = list(self.payments)[-1 - which % len(self.payments)]
            with suppress(PartlyRefunded):
                reverse(id_, self.agent_id)
                mode, paid_cents = self.payments.pop(id_)
                self.in_hand[mode] -= paid_cents
        elif what == "deposit" and mode in IN_HAND_MODES:
            with suppress(NothingToHandIn):
                deposit(self.office_id, self.agent_id, self.in_hand[mode], mode, key)
                self.in_hand[mode] = 0
        elif what == "refund":
            limit_cents = refundable_of(self.family.family_id, self.office_id)
            if limit_cents:
                give_back(self.family, self.office_id, self.agent_id, min(cents, limit_cents), key)


@pytest.fixture
def desk(sqlite_app: Flask) -> Desk:
    family = make_family()
    for cents in (620, 1_500, 9_000):
        make_invoice(family, cents)
    desk = Desk(family, make_staff(Role.REGISSEUR), pop(), Counter(), {})
    take(desk.office_id)
    return desk


_ACTS = st.lists(
    st.tuples(st.sampled_from(("pay", "pay", "reverse", "deposit", "refund")), st.integers(0, 5), st.integers(1, 900)),
    min_size=4,
    max_size=14,
)


@given(acts=_ACTS)
@settings(
    max_examples=12, deadline=None, phases=[Phase.explicit, Phase.reuse, Phase.generate],
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)  # fmt: skip
def test_whatever_happens_receipts_are_deposits_and_what_is_in_hand(
    desk: Desk, acts: list[tuple[str, int, int]]
) -> None:
    for act in acts:
        desk.act(*act)
    db.session.rollback()
    held = cents_in_hand(db.session(), [desk.office_id])
    for mode in IN_HAND_MODES:
        assert held.get((desk.office_id, mode), 0) == desk.in_hand[mode]
    assert not wrong_money()
