"""What the history tells of the logs, on both databases: the statements that are put together must agree in their types."""

from __future__ import annotations

from datetime import date, datetime

import pytest
from flask import Flask

from app import clock
from app.database import write_transaction
from app.history_labels import event_sentence
from app.models.accounts import SignInEvent
from app.services import histories
from app.services.enrolments import request_enrolment, withdraw
from app.services.histories import Act, HistoryEvent, HistoryKind, Span, period_around
from tests.factories import (
    WEDNESDAY,
    FamilySetup,
    PlanningSetup,
    make_activity,
    make_basket,
    make_family,
    make_invoice,
    make_planning,
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
