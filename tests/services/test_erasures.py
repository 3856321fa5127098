"""Erasing families: nothing that names them is left but what the plan keeps, and the other home is as it was."""

from __future__ import annotations

import threading
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from flask import Flask, current_app
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select, update

from app import clock
from app.database import Base, db, write_transaction
from app.models.accounts import CalendarFeed, SignInEvent, User, UserSession
from app.models.bookings import Booking
from app.models.child_files import ChildAuthorisation, ChildSection, HealthAccess
from app.models.enrolments import Enrolment
from app.models.families import Child, Consent, Family, FamilyChild, FamilyQuotient, Guardian
from app.models.invoices import Invoice, StoredPdf
from app.models.mails import OutboxMail
from app.models.payments import Payment, PaymentBasket
from app.models.required_documents import SubmittedDocument
from app.models.retention import ErasureRequest
from app.retention_labels import plan_words
from app.rules.cash_desks import PaymentMode
from app.rules.child_files import AuthorisationKind, SectionKind
from app.rules.erasures import Fate, Obstacle
from app.rules.retention import DataClass
from app.rules.states import EnrolmentStatus, ErasureCause, ErasureStatus, FamilyStatus
from app.services import agendas, closings, document_decisions, erasures, invoices, mails, required_documents
from app.services.closings import close_account
from app.services.errors import AlreadyDecided, ErasureHeld, FamilyNotActive, NotFound, OwnFamily
from app.services.mails import queue_mail
from tests import factories
from tests.factories import FamilySetup

WORDS = ("ZINZOLIN", "Philomène", "Balthazar", "zinzolin-parent@example.org", "+33611223344", "rue des Coquelicots")
"""What names the family and nobody else; looked for everywhere afterwards."""


@dataclass(frozen=True, slots=True)
class Case:
    """A family that has something of everything, and the other home of one of its children."""

    family: FamilySetup
    child_id: int
    shared_id: int
    other: FamilySetup
    agent_id: int


def make_case(*, with_money: bool = True, is_shared: bool = True) -> Case:
    family = factories.make_family("ZINZOLIN", "Philomène", email="zinzolin-parent@example.org")
    other = factories.make_family("AUTRE", "Dominique")
    child_id = factories.make_child(family, "Balthazar", last_name="ZINZOLIN")
    shared_id = factories.make_child(other, "Sacha", last_name="AUTRE")
    if is_shared:
        factories.share_child(shared_id, family)
    agent_id = factories.make_staff()
    activity = factories.make_activity()
    factories.enrol(child_id, family, activity)
    factories.enrol(shared_id, other, activity)
    if with_money:
        factories.book_past(family, child_id, activity, [date(2026, 10, 7)])
        (invoice_id,) = factories.issue(activity, date(2026, 10, 1), agent_id)
        _pay(family, invoice_id)
    document_id = factories.make_document()
    factories.hand_in(family, f"{document_id}-{child_id}")
    factories.hand_in(other, f"{document_id}-{shared_id}")
    factories.make_contact(family.family_id, child_id, "Balthazar", "+33611223344")
    factories.make_contact(other.family_id, shared_id)
    factories.ask_change(family, last_name="ZINZOLIN", first_name="Philomène Balthazar")
    factories.declare_quotient(family)
    with write_transaction() as session:
        row = session.get_one(Family, family.family_id)
        row.mobile_phone, row.fund_holder_name, row.fund_number = "+33611223344", "ZINZOLIN", "ZINZOLIN1"
        row.addresses[0].street = "rue des Coquelicots"
        for each in (child_id, shared_id) if is_shared else (child_id,):
            body = '{"food_allergies": "arachide, dit ZINZOLIN"}' if each == child_id else '{"food_allergies": "noix"}'
            session.add(ChildSection(child_id=each, kind=SectionKind.HEALTH, body=body, changed_by_id=family.user_id))
            session.add(
                ChildAuthorisation(
                    child_id=each, school_year=2026, kind=AuthorisationKind.OUTINGS, is_allowed=True,
                    signed_by_id=family.guardian_id,
                )
            )  # fmt: skip
            session.add(HealthAccess(child_id=each, user_id=agent_id))
        session.add(SignInEvent(user_id=family.user_id, device="ZINZOLIN’s phone"))
        session.add(UserSession(user_id=family.user_id, token_hash="x", device="essai", expires_at=clock.now()))
        queue_mail(session, "sign_up_known", family.email)
        queue_mail(session, "account_closed", family.email, family_id=family.family_id, families=[row])
        agendas.renew_feed(session, family.user_id, family.family_id)
    return Case(family, child_id, shared_id, other, agent_id)


def _pay(family: FamilySetup, invoice_id: int) -> None:
    from app.services import payments

    with write_transaction() as session:
        invoice = session.get_one(Invoice, invoice_id)
        payments.record_counter_payment(
            session, office_id=invoice.office_id, family_id=family.family_id, mode=PaymentMode.CASH,
            amount_cents=invoice.total_cents, received_on=clock.today(), reference="", recorded_by=None,
        )  # fmt: skip


def accept(case: Case, request_id: int | None = None) -> erasures.Erased:
    request_id = request_id or factories.ask_erasure(case.family)
    words = plan_words(erasures.plan_of(db.session(), case.family.family_id))
    with write_transaction() as session:
        return erasures.accept_request(session, request_id, case.agent_id, words)


def dump(but: Collection[str] = ()) -> Mapping[str, str]:
    """Every row of every table as text, encrypted columns read."""
    db.session.rollback()
    return {
        table.name: "\n".join(str(tuple(row)) for row in db.session.execute(select(table)))
        for table in Base.metadata.sorted_tables
        if table.name not in but
    }


def found_in(words: Collection[str], where: Mapping[str, str]) -> set[tuple[str, str]]:
    return {(name, word) for name, text in where.items() for word in words if word.lower() in text.lower()}


def rows_of_other(case: Case) -> dict[str, list[tuple[Any, ...]]]:
    """What the other home and its child have."""
    child, family = case.shared_id, case.other.family_id
    conditions = {
        Family: Family.id == family, Guardian: Guardian.family_id == family, Child: Child.id == child,
        ChildSection: ChildSection.child_id == child, ChildAuthorisation: ChildAuthorisation.child_id == child,
        HealthAccess: HealthAccess.child_id == child, Enrolment: Enrolment.family_id == family,
        SubmittedDocument: SubmittedDocument.family_id == family, Consent: Consent.family_id == family,
        FamilyQuotient: FamilyQuotient.family_id == family, User: User.id == case.other.user_id,
    }  # fmt: skip
    conditions[FamilyChild] = FamilyChild.family_id == family
    db.session.rollback()
    return {
        model.__tablename__: [tuple(row) for row in db.session.execute(select(model.__table__).where(condition))]
        for model, condition in conditions.items()
    }


# Accounting documents keep the payer's name and the children's: the plan says so.
_KEPT_WITH_NAMES = ("invoice", "invoice_line")


def test_nothing_names_an_erased_family_but_what_the_plan_keeps(app: Flask) -> None:
    case = make_case()
    before, theirs = dump(), rows_of_other(case)
    assert {name for name, _ in found_in(WORDS, before)} >= {
        "family",
        "guardian",
        "child",
        "user_account",
        "outbox_mail",
    }
    money = (
        db.session.scalar(select(func.sum(Invoice.total_cents))),
        db.session.scalar(select(func.sum(Payment.amount_cents))),
    )
    erased = accept(case)
    left = dump(_KEPT_WITH_NAMES)
    told = left.pop("outbox_mail")
    assert not found_in(WORDS, left)
    assert "zinzolin-parent@example.org" in told and "Balthazar" not in told and "Philomène" not in told
    with write_transaction() as session:
        for mail_id in session.scalars(select(OutboxMail.id)).all():
            mails.record_sent(session, mail_id)
    assert not found_in(WORDS, {"outbox_mail": dump()["outbox_mail"]})
    assert rows_of_other(case) == theirs
    assert db.session.get_one(Family, case.family.family_id).status is FamilyStatus.ERASED
    assert money == (
        db.session.scalar(select(func.sum(Invoice.total_cents))), db.session.scalar(select(func.sum(Payment.amount_cents))),
    )  # fmt: skip
    assert [each.balance_cents for each in invoices.invoices_of(case.family.family_id)] == [0]
    assert len(erased.paths) == 1 and (Path(current_app.instance_path) / erased.paths[0]).exists()
    assert not db.session.scalar(select(func.count(UserSession.id))) and not db.session.scalar(
        select(func.count(CalendarFeed.user_id))
    )
    child = db.session.get_one(Child, case.child_id)
    assert (child.full_name, child.birth_date) == (f"n° {case.child_id} Enfant effacé", date(2019, 1, 1))
    assert db.session.scalars(select(Enrolment.status).where(Enrolment.child_id == case.child_id)).all() == [
        EnrolmentStatus.ENDED
    ]
    assert db.session.scalar(select(func.count(Booking.id))) == 1
    user = db.session.get_one(User, case.family.user_id)
    assert user.password_hash is None and user.closed_at is not None
    with pytest.raises(NotFound), write_transaction() as session:
        closings.reopen_family(session, case.family.family_id, case.agent_id)


def test_an_accepted_document_of_a_shared_child_stays_for_its_other_home(sqlite_app: Flask) -> None:
    case = make_case(with_money=False)
    document_id = factories.make_document("Carnet de vaccination ZINZOLIN")
    kept_id, waiting_id = (factories.hand_in(case.family, f"{id_}-{case.shared_id}") for id_ in (document_id, 1))
    with write_transaction() as session:
        document_decisions.accept(session, kept_id, case.agent_id, dated_on=None, valid_until=date(2026, 12, 10))
    plan = erasures.plan_of(db.session(), case.family.family_id)
    assert [line.count for line in plan.exceptions if line.data is DataClass.DOCUMENTS] == [1]
    assert "1 document d’un enfant partagé" in "".join(plan_words(plan))
    accept(case)
    assert db.session.get(SubmittedDocument, waiting_id) is None
    assert db.session.get_one(SubmittedDocument, kept_id).file_name == "document.pdf"
    asked = required_documents.asked_document(case.other.family_id, f"{document_id}-{case.shared_id}")
    assert [(version.id, version.is_own) for version in asked.versions] == [(kept_id, False)]
    with pytest.raises(NotFound):
        required_documents.own_file(case.other.family_id, kept_id)
    with write_transaction() as session:
        assert document_decisions.family_to_warn(session) == case.other.family_id
        assert document_decisions.warn_of_ends(session, case.other.family_id) == 1
        assert document_decisions.family_to_warn(session) is None
    told = db.session.scalars(select(OutboxMail).where(OutboxMail.template == "document_ends")).one()
    assert (told.recipient, told.family_id) == (case.other.email, case.other.family_id)
    path = db.session.get_one(SubmittedDocument, kept_id).path
    with write_transaction() as session:
        assert path in erasures.erase(session, case.other.family_id).paths


def test_without_kept_rows_nothing_is_left_at_all(sqlite_app: Flask) -> None:
    case = make_case(with_money=False, is_shared=False)
    with write_transaction() as session:
        erasures.erase(session, case.family.family_id)
    for model, id_ in ((Child, case.child_id), (Guardian, case.family.guardian_id), (User, case.family.user_id)):
        assert db.session.get(model, id_) is None
    assert not db.session.scalar(select(func.count()).select_from(Enrolment).where(Enrolment.child_id == case.child_id))


_kinds = st.fixed_dictionaries(
    {
        "money": st.booleans(),
        "shared": st.booleans(),
        "closed": st.booleans(),
        "agent": st.booleans(),
        "two": st.booleans(),
    }
)


@settings(
    max_examples=6, deadline=None, phases=[Phase.explicit, Phase.reuse, Phase.generate],
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)  # fmt: skip
@given(kinds=_kinds)
def test_whatever_a_family_has_nothing_of_it_is_left(sqlite_bed: Any, kinds: Mapping[str, bool]) -> None:
    sqlite_bed.refresh()
    with sqlite_bed.app.app_context():
        clock.start_at(factories.NOW, frozen=True)
        case = make_case(with_money=kinds["money"], is_shared=kinds["shared"])
        if kinds["two"]:
            second = factories.make_user("zinzolin-autre@example.org", "Balthazar ZINZOLIN")
            with write_transaction() as session:
                session.add(
                    Guardian(
                        family_id=case.family.family_id, user_id=second, title="mister", last_name="ZINZOLIN",
                        first_name="Balthazar", email="zinzolin-autre@example.org",
                    )
                )  # fmt: skip
        if kinds["closed"]:
            with write_transaction() as session:
                close_account(session, case.family.user_id)
        theirs = rows_of_other(case)
        with write_transaction() as session:
            erasures.erase(session, case.family.family_id)
        left = dump(_KEPT_WITH_NAMES)
        if kinds["closed"]:  # what was told when the account was closed waits to leave, without the family
            left = {**left, "outbox_mail": ""}
        assert not found_in((*WORDS, "zinzolin-autre@example.org"), left)
        assert rows_of_other(case) == theirs
        db.session.remove()


def test_what_must_be_ended_first(sqlite_app: Flask) -> None:
    planning = factories.make_planning()
    family_id = planning.family.family_id
    factories.save(planning.family, planning.child_id, book=[planning.opening(factories.WEDNESDAY, "Matin")])
    factories.book_past(planning.family, planning.child_id, planning.activity, [date(2026, 11, 18)])
    factories.make_invoice(planning.family, 1_500)
    paid_id = factories.make_invoice(planning.family, 1_000, prefix="AN", payfip_number="000002", paid_cents=1_200)
    factories.make_basket(planning.family, [db.session.scalars(select(func.min(Invoice.id))).one()])
    plan = erasures.plan_of(db.session(), family_id)
    assert set(plan.obstacles) == set(Obstacle) and paid_id
    assert (plan.obstacles[Obstacle.DUE], plan.obstacles[Obstacle.OVERPAID]) == (1_500, 200)
    before = dump()
    with pytest.raises(ErasureHeld), write_transaction() as session:
        erasures.erase(session, family_id)
    assert dump() == before


def test_a_login_that_serves_somebody_else_goes_on(sqlite_app: Flask) -> None:
    family = factories.make_family("ZINZOLIN", "Philomène")
    elsewhere = factories.make_family("AILLEURS", "Dominique", email=family.email, user_id=family.user_id)
    plan = erasures.plan_of(db.session(), family.family_id)
    assert plan.exceptions[0].data is DataClass.ACCOUNTS and plan.fate_of(DataClass.ACCOUNTS) is None
    with write_transaction() as session:
        queue_mail(session, "sign_up_known", family.email)
        erasures.erase(session, family.family_id)
    user = db.session.get_one(User, family.user_id)
    assert user.password_hash and user.closed_at is None and elsewhere.user_id == user.id
    assert db.session.scalars(select(OutboxMail.recipient)).all() == [family.email]


def test_a_request_is_asked_once_told_to_all_and_answered(sqlite_app: Flask) -> None:
    family, agent_id = factories.make_family(), factories.make_staff()
    request_id = factories.ask_erasure(family)
    assert factories.ask_erasure(family) == request_id
    assert db.session.scalars(select(OutboxMail.template)).all() == ["erasure_asked"]
    with write_transaction() as session:
        erasures.refuse_request(session, request_id, agent_id, "Une facture est contestée.")
    assert (
        "Une facture est contestée."
        in db.session.scalars(select(OutboxMail.body).order_by(OutboxMail.id.desc())).first()
    )
    with pytest.raises(AlreadyDecided), write_transaction() as session:
        erasures.refuse_request(session, request_id, agent_id, "Encore")
    again = factories.ask_erasure(family)
    clock.start_at(factories.NOW.replace(month=12, day=24), frozen=True)
    view = erasures.find_request(again)
    assert view.is_late and view.due_on == date(2026, 12, 23)
    with write_transaction() as session:
        erasures.withdraw_request(session, family.family_id, family.user_id, agrees_to=None)
    assert erasures.find_request(again).status is ErasureStatus.WITHDRAWN
    with pytest.raises(AlreadyDecided), write_transaction() as session:
        erasures.withdraw_request(session, family.family_id, family.user_id, agrees_to=None)


def test_withdrawing_the_consent_is_written_down_and_asks_for_the_erasure(sqlite_app: Flask) -> None:
    family = factories.make_family()
    factories.ask_erasure(family)
    with write_transaction() as session:
        request_id = erasures.withdraw_consent(session, family.family_id, family.user_id)
    assert erasures.find_request(request_id).cause is ErasureCause.CONSENT_WITHDRAWN
    consent = db.session.scalars(select(Consent)).one()
    assert consent.withdrawn_at == clock.now() and consent.withdrawn_by_id == family.user_id
    with write_transaction() as session:
        erasures.withdraw_request(session, family.family_id, family.user_id, agrees_to=consent.text_id)
    assert db.session.scalar(select(func.count(Consent.id)).where(Consent.withdrawn_at.is_(None))) == 1


def test_nobody_erases_their_own_family_nor_one_that_waits(sqlite_app: Flask) -> None:
    agent_id = factories.make_staff()
    own = factories.make_family("AGENT", "Camille", user_id=agent_id)
    with pytest.raises(OwnFamily), write_transaction() as session:
        erasures.ask_at_counter(session, own.family_id, agent_id)
    request_id = factories.ask_erasure(own)
    with pytest.raises(OwnFamily), write_transaction() as session:
        erasures.accept_request(session, request_id, agent_id, [])
    waiting_id = factories.make_pending_family()
    with pytest.raises(NotFound), write_transaction() as session:
        erasures.ask_at_counter(session, waiting_id, agent_id)
    closed = factories.make_family("PARTI", "Paul", status=FamilyStatus.CLOSED)
    with pytest.raises(FamilyNotActive), write_transaction() as session:
        erasures.ask_erasure(session, closed.family_id, closed.user_id, ErasureCause.ASKED)
    with write_transaction() as session:
        assert erasures.ask_at_counter(session, closed.family_id, agent_id)


def test_papers_are_kept_and_the_payers_address_is_not(sqlite_app: Flask) -> None:
    case = make_case()
    invoice_id = db.session.scalars(select(Invoice.id)).one()
    with write_transaction() as session:
        session.add(StoredPdf(invoice_id=invoice_id, path="documents/aa/x.pdf", sha256="0"))
        session.execute(update(PaymentBasket).values(email=case.family.email))
    plan = erasures.plan_of(db.session(), case.family.family_id)
    assert plan.fate_of(DataClass.ACCOUNTING) is Fate.KEPT and plan.fate_of(DataClass.BOOKINGS) is Fate.ANONYMISED
    accept(case)
    assert db.session.scalars(select(StoredPdf.path)).all() == ["documents/aa/x.pdf"]
    assert db.session.scalars(select(Invoice.payer_name)).all() == ["ZINZOLIN Philomène"]
    assert db.session.scalars(select(ErasureRequest.status)).all() == [ErasureStatus.DONE]


def test_a_booking_and_an_erasure_at_the_same_moment(app: Flask) -> None:
    """Whoever comes second finds what the first one did: no booking of an erased family."""
    planning = factories.make_planning()
    family, opening = planning.family, planning.opening(factories.WEDNESDAY, "Matin")
    outcomes: list[str] = []

    def erase() -> None:
        with app.app_context():
            try:
                with write_transaction() as session:
                    erasures.erase(session, family.family_id)
                outcomes.append("erased")
            except ErasureHeld:
                outcomes.append("held")

    def book() -> None:
        with app.app_context():
            try:
                factories.save(family, planning.child_id, book=[opening])
                outcomes.append("booked")
            except (FamilyNotActive, NotFound):
                outcomes.append("refused")

    threads = [threading.Thread(target=each) for each in (erase, book)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=30)
    db.session.rollback()
    status = db.session.get_one(Family, family.family_id).status
    active = len(factories.bookings_of(planning.child_id))
    assert (status is FamilyStatus.ERASED) == (active == 0), outcomes
