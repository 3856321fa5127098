"""What the history tells of the logs, on both databases: the statements that are put together must agree in their types."""

from __future__ import annotations

from collections.abc import Callable, Collection
from datetime import date, datetime, timedelta

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from app import clock
from app.database import db, write_transaction
from app.history_labels import event_sentence
from app.models.accounts import SignInEvent
from app.models.cash_desks import Refund
from app.models.debts import DebtMove, InvoiceHold
from app.models.invoices import Invoice
from app.models.payments import Payment, PaymentMode
from app.rules.cash_desks import ReversalKind
from app.rules.debts import DebtMoveKind, HoldKind
from app.services import debt_reminders, debts, histories, payments, reminders, reversals
from app.services.enrolments import request_enrolment, withdraw
from app.services.histories import HistoryEvent, Span, StaffView, period_around
from app.services.history_sources import Act, HistoryKind
from tests.factories import (
    WEDNESDAY,
    FamilySetup,
    PlanningSetup,
    make_activity,
    make_basket,
    make_family,
    make_invoice,
    make_planning,
    make_refund,
    make_user,
    save,
    share_child,
)


def november(family: FamilySetup, kind: HistoryKind | None = None) -> tuple[HistoryEvent, ...]:
    month = period_around(date(2026, 11, 23), Span.MONTH)
    return histories.whole_history(family.user_id, family.family_id, month, kind)


def test_payments_of_a_period_are_bounded_by_paris_midnight(app: Flask) -> None:
    family = make_family()
    clock.start_at(datetime(2026, 12, 1, 0, 0), frozen=True)
    make_basket(family, [make_invoice(family)])
    december = period_around(date(2026, 12, 1), Span.MONTH)
    assert november(family, HistoryKind.PAYMENTS) == ()
    assert len(histories.whole_history(family.user_id, family.family_id, december, HistoryKind.PAYMENTS)) == 1


@pytest.fixture
def busy(app: Flask) -> PlanningSetup:
    """A family whose parents did one thing of nearly each kind."""
    planning = make_planning()
    family, child_id = planning.family, planning.child_id
    book = [planning.opening(WEDNESDAY, unit) for unit in ("Matin", "Repas")]
    save(family, child_id, book=book)
    save(family, child_id, cancel=book)
    other = make_activity("Périscolaire", places=None)
    with write_transaction() as session:
        asked = request_enrolment(session, family.ref, family.user_id, child_id, other.id)
        withdraw(session, family.ref, asked)
    make_basket(family, [make_invoice(family, 1_500)])
    with write_transaction() as session:
        session.add(SignInEvent(user_id=family.user_id, device=""))
    return planning


def test_what_parents_did_is_told_in_sentences(busy: PlanningSetup) -> None:
    told = {(event.act, event_sentence(event).replace("\u00a0", " ")) for event in november(busy.family)}
    assert told >= {
        (Act.BOOKED, "2 réservations pour Léa TEST, mercredi 25 novembre"),
        (Act.CANCELLED, "2 annulations pour Léa TEST, mercredi 25 novembre"),
        (Act.WITHDREW_ENROLMENT, "Demande d’inscription retirée pour Léa TEST : Périscolaire"),
        (Act.ASKED_ENROLMENT, "Demande d’inscription pour Léa TEST : Périscolaire"),
    }
    assert any(act is Act.PAID and words.startswith("15,00 €") for act, words in told)


def test_each_kind_shows_its_own(busy: PlanningSetup) -> None:
    by_kind = {kind: november(busy.family, kind) for kind in HistoryKind}
    assert all(event.kind is kind for kind, events in by_kind.items() for event in events)
    assert sum(map(len, by_kind.values())) == len(november(busy.family))
    assert len(by_kind[HistoryKind.BOOKINGS]) == 2
    assert len(by_kind[HistoryKind.ENROLMENTS]) >= 2


def test_another_family_sees_nothing_of_it_even_of_a_shared_child(busy: PlanningSetup) -> None:
    other = make_family("AUTRE")
    share_child(busy.child_id, other)
    assert [event.act for event in november(other)] == [Act.CONSENTED]


def staff_view(*kinds: HistoryKind, office_ids: Collection[int]) -> StaffView:
    return StaffView(frozenset(kinds or HistoryKind), frozenset(office_ids))


def told_to_staff(family: FamilySetup, view: StaffView, kind: HistoryKind | None = None) -> list[tuple[Act, str, str]]:
    found = histories.family_history(family.family_id, view, kind, 1)
    assert found.total == len(found.rows)
    return [(event.act, event_sentence(event).replace("\u00a0", " "), event.by) for event in found.rows]


def test_the_staff_read_what_became_of_a_familys_money_with_the_agents_names(app: Flask) -> None:
    agent_id, family = make_user("regie@example.org", "Régine Régie"), make_family()
    due, paid = make_invoice(family, 2_000, issued_on=date(2026, 9, 1)), make_invoice(family, 800)
    office_id = db.session.get_one(Invoice, due).office_id

    def do(command: Callable[[Session], object]) -> None:
        clock.start_at(clock.now() + timedelta(minutes=1), frozen=True)
        with write_transaction() as session:
            command(session)

    def pay(session: Session) -> None:
        payments.record_counter_payment(
            session, office_id=office_id, family_id=family.family_id, mode=PaymentMode.CHEQUE, amount_cents=800,
            received_on=clock.today(), reference="", recorded_by=agent_id,
        )  # fmt: skip

    do(lambda session: debt_reminders.send(session, office_id, 1, [family.family_id], agent_id, "key"))
    do(lambda session: debts.hold_back(session, due, HoldKind.PLAN, date(2026, 12, 24), "En trois fois", agent_id))
    hold_id = db.session.scalars(select(InvoiceHold.id)).one()
    do(lambda session: debts.end_hold(session, hold_id, agent_id))
    do(lambda session: debts.give_up(session, due, DebtMoveKind.TRANSFER, "Bordereau 12", agent_id))
    do(lambda session: debts.cancel_move(session, db.session.scalars(select(DebtMove.id)).one(), "Erreur", agent_id))
    do(pay)
    payment_id = db.session.scalars(select(Payment.id)).one()
    do(lambda session: reversals.reverse_payment(session, payment_id, agent_id, ReversalKind.UNPAID, "Sans provision"))
    do(lambda session: reminders.choose_reminders(session, family.family_id, family.user_id, wanted=True))
    number = db.session.get_one(Invoice, due).number
    receipt = db.session.get_one(Payment, payment_id).receipt_number
    view = staff_view(office_ids=[office_id])
    agent = "Régine Régie"
    assert told_to_staff(family, view, HistoryKind.ACCOUNT) == [
        (Act.REVERSED, f"Encaissement {receipt} annulé : 8,00 €, impayé (chèque ou prélèvement rejeté) "
         "(motif : Sans provision)", agent),
        (Act.TOOK_UP_AGAIN, f"Transmission au Trésor public annulée, facture {number} : 20,00 € (motif : Erreur)", agent),
        (Act.GAVE_UP, f"Transmission au Trésor public, facture {number} : 20,00 € (motif : Bordereau 12)", agent),
        (Act.ENDED_HOLD, f"Échéancier levé pour la facture {number}", agent),
        (Act.AGREED_PLAN, f"Échéancier accordé pour la facture {number} jusqu’au jeudi 24 décembre "
         "(motif : En trois fois)", agent),
        (Act.REMINDED, "Relance de niveau 1 pour 1 facture : 20,00 €", agent),
    ]  # fmt: skip
    assert paid and ("Modification : Rappel avant la fin des réservations" in told_to_staff(family, view)[0][1])
    assert told_to_staff(family, staff_view(office_ids=[office_id + 99]), HistoryKind.ACCOUNT) == []
    assert told_to_staff(family, staff_view(HistoryKind.ENROLMENTS, office_ids=[office_id])) == []
    parents = {(event.act, event.by) for event in november(family, HistoryKind.ACCOUNT)}
    assert parents == {(Act.REVERSED, histories.STAFF), (Act.REMINDED, histories.STAFF)}
    with write_transaction() as session:
        reminders.choose_reminders(session, family.family_id, family.user_id, wanted=True)
    assert len(told_to_staff(family, view, HistoryKind.FILE)) == 2  # and the consent: nothing changed twice


def test_credit_notes_and_refunds_stand_in_both_histories(app: Flask) -> None:
    agent_id, family = make_user("regie@example.org", "Régine Régie"), make_family()
    invoice_id = make_invoice(family, 800)
    office_id = db.session.get_one(Invoice, invoice_id).office_id
    make_refund(office_id, agent_id)
    refund = db.session.scalars(select(Refund)).one()
    refunded = FamilySetup(refund.family_id, 0, family.user_id, "")
    view = staff_view(HistoryKind.ACCOUNT, office_ids=[office_id])
    told = f"Remboursement {refund.number} : 4,00 € (motif : Trop payé)"
    assert told_to_staff(refunded, view) == [(Act.REFUNDED, told, "Régine Régie")]
    assert [event_sentence(each).replace("\u00a0", " ") for each in november(refunded, HistoryKind.ACCOUNT)] == [told]
