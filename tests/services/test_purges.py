"""The purge: what goes, what stays, and that it may be cut off."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from pathlib import Path

import pytest
from flask import Flask, current_app
from sqlalchemy import func, select, update

from app import clock
from app.clock import PARIS
from app.database import Base, db, write_transaction
from app.integrations.kept_files import keep_file
from app.models.accounts import SignInEvent, User, UserSession
from app.models.attendances import ValidatedDay
from app.models.changes import FileChange
from app.models.child_files import ChildSection, HealthAccess
from app.models.credits import Correction
from app.models.debts import InvoiceHold
from app.models.families import Child, Family, Guardian
from app.models.invoices import Invoice, InvoiceLine, InvoiceRun, RunAcceptance, StoredPdf
from app.models.mails import MailStatus, OutboxMail
from app.models.messages import Message, MessageThread
from app.models.payments import Payment
from app.models.required_documents import SubmittedDocument
from app.models.retention import PurgeRun
from app.models.urgent_messages import UrgentMessage, UrgentRecipient
from app.rules.child_files import SectionKind
from app.rules.credits import CreditCause
from app.rules.debts import HoldKind
from app.rules.file_fields import FileKind
from app.rules.invoicing import OddityKind
from app.rules.messages import ThreadState
from app.rules.required_documents import DocumentScope, SubmissionStatus
from app.rules.retention import DataClass
from app.rules.states import FamilyStatus
from app.services import invoices, papers, purges
from app.services.mails import queue_mail
from tests import factories
from tests.rules.tables import Row, cases

LATER = datetime(2032, 11, 24, 8, 30)  # more than five years after all that the factories make
MUCH_LATER = datetime(2038, 1, 5, 8, 30)


def purge(*classes: DataClass) -> dict[DataClass, int]:
    """The whole purge, or that of some classes, as the command does it; how many rows went."""
    with write_transaction() as session:
        run_id = purges.begin_purge(session)
    for data in classes or purges.SOURCES:
        step = purges.Step(0)
        while not step.is_last:
            with write_transaction() as session:
                step = purges.purge_next(session, run_id, data, step.after)
    with write_transaction() as session:
        purges.end_purge(session, run_id)
    last = purges.last_purge()
    assert last is not None and last.ended_at is not None
    return dict(last.counts)


def planned() -> dict[DataClass, int]:
    return {line.data: line.count for line in purges.dry_run(db.session()) if line.count}


def test_a_purge_takes_what_the_dry_run_tells_and_nothing_twice(app: Flask) -> None:
    family = factories.make_family()
    child_id = factories.make_child(family)
    staff_id = factories.make_staff()
    document_id = factories.make_document()
    submission_id = factories.hand_in(family, f"{document_id}-{child_id}")
    old = clock.now() - timedelta(days=400)
    with write_transaction() as session:
        queue_mail(session, "sign_up_known", "parent@example.org").status = MailStatus.SENT
        queue_mail(session, "sign_up_known", "parent@example.org")
        session.add(SignInEvent(user_id=family.user_id, at=old, device="essai"))
        session.add(SignInEvent(user_id=family.user_id, device="essai"))
        session.add(HealthAccess(child_id=child_id, user_id=staff_id, at=old))
        session.add(ChildSection(child_id=child_id, kind=SectionKind.HEALTH, body="{}", changed_at=old))
        session.add(ChildSection(child_id=child_id, kind=SectionKind.SCHOOL, body="{}", changed_at=old))
        urgent = UrgentMessage(key="essai", audience="Mercredi", subject="Fermé", body="Neige", sent_by_id=staff_id)
        session.add(urgent)
        session.flush()
        session.add(UrgentRecipient(message_id=urgent.id, family_id=family.family_id, queued_at=old))
        session.execute(update(OutboxMail).values(created_at=old))
        session.execute(update(SubmittedDocument).values(status=SubmissionStatus.REFUSED, handed_in_at=old))
    before = planned()
    assert before == {
        DataClass.HEALTH: 1, DataClass.HEALTH_READS: 1, DataClass.DOCUMENTS: 1, DataClass.MAILS: 2,
        DataClass.SIGN_INS: 1,
    }  # fmt: skip
    assert next(line for line in purges.dry_run(db.session()) if line.data is DataClass.MAILS).oldest == old.date()
    assert purge() == before
    assert planned() == {} and purge() == {}
    assert db.session.scalars(select(ChildSection.kind)).all() == [SectionKind.SCHOOL]
    assert db.session.get(SubmittedDocument, submission_id) is None
    assert db.session.scalar(select(func.count(PurgeRun.id))) == 2


def test_a_thread_goes_whole_three_years_after_its_last_message(app: Flask) -> None:
    family, staff_id = factories.make_family(), factories.make_staff()
    answered, waiting = (factories.write_message(family, subject=name) for name in ("Un", "Deux"))
    factories.answer_message(answered.thread_id, staff_id)
    with write_transaction() as session:
        session.execute(update(Message).where(Message.id == answered.message_id).values(path="documents/aa/x.pdf"))
    clock.start_at(datetime(2029, 11, 22, 8, 30), frozen=True)
    assert DataClass.MESSAGES not in planned()
    clock.start_at(datetime(2029, 11, 24, 8, 30), frozen=True)
    assert planned()[DataClass.MESSAGES] == 1  # the other waits for an answer
    with write_transaction() as session:
        step = purges.purge_next(session, purges.begin_purge(session), DataClass.MESSAGES)
    assert step.paths == ("documents/aa/x.pdf",)
    assert db.session.scalars(select(Message.thread_id).distinct()).all() == [waiting.thread_id]


def test_a_family_that_wrote_lately_is_no_inactive_one(sqlite_app: Flask) -> None:
    family = factories.make_family()
    clock.start_at(datetime(2030, 3, 1, 8, 30), frozen=True)
    factories.write_message(family)
    clock.start_at(LATER, frozen=True)
    assert DataClass.FAMILY_FILE not in planned() and not purges.dry_run(db.session())[0].to_tell


def leave_trace(family: factories.FamilySetup, did: str, day: date) -> None:
    """The one thing that shows that a family was active on a day, as it is stored."""
    at = datetime.combine(day, time(12)).astimezone()
    with write_transaction() as session:
        match did:
            case "sign_in":
                session.add(SignInEvent(user_id=family.user_id, device="essai", at=at))
            case "session":
                session.add(
                    UserSession(
                        user_id=family.user_id, token_hash="x", device="essai", last_seen_at=at, created_at=at,
                        expires_at=at + timedelta(days=30),
                    )
                )  # fmt: skip
            case "change":
                session.add(
                    FileChange(
                        family_id=family.family_id, kind=FileKind.COORDINATES, subject_id=family.family_id, body="[]",
                        changed_by_id=family.user_id, changed_at=at,
                    )
                )  # fmt: skip
    if did == "message":
        sent = factories.write_message(family)
        with write_transaction() as session:
            thread = session.get_one(MessageThread, sent.thread_id)
            thread.last_at, thread.state = at, ThreadState.CLOSED
    if did == "document":
        version = factories.hand_in(family, f"{factories.make_document(scope=DocumentScope.FAMILY)}")
        with write_transaction() as session:
            row = session.get_one(SubmittedDocument, version)
            row.handed_in_at, row.status = at, SubmissionStatus.REFUSED


@pytest.mark.parametrize("row", cases("retention", "traces"))
def test_the_purge_of_traces_makes_no_family_look_inactive_earlier(app: Flask, row: Row) -> None:
    family = factories.make_family()
    long_ago = datetime(2015, 1, 1, tzinfo=PARIS)
    with write_transaction() as session:
        session.execute(update(Family).where(Family.id == family.family_id).values(created_at=long_ago))
    leave_trace(family, row["did"], date.fromisoformat(row["on"]))
    traces = (DataClass.SIGN_INS, DataClass.ACCESS, DataClass.FILE_CHANGES, DataClass.MESSAGES, DataClass.DOCUMENTS)
    gone = set(planned()) & set(traces)
    assert purges.dry_run(db.session())[0].to_tell == (row["told"] == "yes")
    for _ in range(2):
        assert set(purge(*traces)) == gone
        gone = set()
    assert purges.dry_run(db.session())[0].to_tell == (row["told"] == "yes")


def test_health_stays_as_long_as_the_child_comes(sqlite_app: Flask) -> None:
    planning = factories.make_planning()
    with write_transaction() as session:
        session.add(
            ChildSection(
                child_id=planning.child_id, kind=SectionKind.HEALTH, body="{}",
                changed_at=clock.now() - timedelta(days=900),
            )
        )  # fmt: skip
    assert DataClass.HEALTH not in planned()
    clock.start_at(datetime(2028, 3, 15, 8, 30), frozen=True)  # its enrolment ended in the summer of 2027
    assert planned()[DataClass.HEALTH] == 1


def test_a_batch_that_is_cut_off_is_just_taken_up_again(sqlite_app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    family = factories.make_family()
    monkeypatch.setattr(purges, "BATCH_ROWS", 2)
    with write_transaction() as session:
        for _ in range(5):
            session.add(SignInEvent(user_id=family.user_id, at=clock.now() - timedelta(days=400), device="essai"))
        run_id = purges.begin_purge(session)
    with write_transaction() as session:
        assert purges.purge_next(session, run_id, DataClass.SIGN_INS).count == 2
    cut_off = purges.last_purge()
    assert cut_off is not None and cut_off.ended_at is None and planned() == {DataClass.SIGN_INS: 3}
    assert purge() == {DataClass.SIGN_INS: 3}


def test_a_family_without_activity_goes_and_one_that_owes_is_held(app: Flask) -> None:
    gone, owing = factories.make_family("PARTI", "Paul"), factories.make_family("DOIT", "Denis")
    factories.make_child(gone, "Prune", last_name="PARTI")
    paid_id = factories.make_invoice(gone, 2_000, paid_cents=2_000)
    factories.make_invoice(owing, 2_000)
    refused_id = factories.make_pending_family("REFUS", "Remi")
    with write_transaction() as session:
        session.get_one(Family, refused_id).status = FamilyStatus.REFUSED
        session.get_one(Family, refused_id).decided_at = clock.now()
    clock.start_at(LATER, frozen=True)
    active = factories.make_family("RESTE", "Rose")
    with write_transaction() as session:
        session.execute(
            update(Family).where(Family.id == active.family_id).values(created_at=factories.NOW.astimezone())
        )
        session.add(UserSession(user_id=active.user_id, token_hash="x", device="essai", expires_at=clock.now()))
    assert DataClass.FAMILY_FILE not in planned() and planned()[DataClass.SIGN_UPS] == 1
    assert purges.dry_run(db.session())[0].to_tell == 2
    assert purge()[DataClass.SIGN_UPS] == 1
    last = purges.last_purge()
    assert last is not None and (last.told, last.held) == (1, 1)
    told = db.session.scalars(select(OutboxMail).where(OutboxMail.template == "purge_soon")).one()
    assert told.recipient == gone.email and "à partir du vendredi 24 décembre 2032" in told.body
    clock.start_at(datetime(2032, 12, 23, 8, 30), frozen=True)
    assert DataClass.FAMILY_FILE not in purge()
    clock.start_at(datetime(2032, 12, 24, 8, 30), frozen=True)
    assert planned()[DataClass.FAMILY_FILE] == 1
    assert purge()[DataClass.FAMILY_FILE] == 1
    done = db.session.scalars(select(OutboxMail).where(OutboxMail.template == "erasure_done")).one()
    assert done.recipient == gone.email and "depuis 5 ans" in done.body
    statuses = dict(db.session.execute(select(Family.id, Family.status)).tuples().all())
    assert statuses[gone.family_id] is statuses[refused_id] is FamilyStatus.ERASED
    assert statuses[owing.family_id] is statuses[active.family_id] is FamilyStatus.ACTIVE
    assert not db.session.scalar(select(func.count(Child.id)))  # no invoice line names the child by its row
    assert db.session.get_one(Invoice, paid_id).payer_name == "PARTI Paul"  # accounting: ten years


def test_a_family_that_comes_back_is_kept_and_one_without_address_is_not_waited_for(sqlite_app: Flask) -> None:
    back, silent = factories.make_family("REVIENT", "Rose"), factories.make_family("SANS", "Simone")
    with write_transaction() as session:
        session.execute(update(Guardian).where(Guardian.family_id == silent.family_id).values(email=None, user_id=None))
    clock.start_at(LATER, frozen=True)
    assert purge() == {DataClass.FAMILY_FILE: 1}
    last = purges.last_purge()
    assert last is not None and last.told == 1
    with write_transaction() as session:
        session.add(SignInEvent(user_id=back.user_id, device="essai"))
    clock.start_at(datetime(2032, 12, 24, 8, 30), frozen=True)
    assert DataClass.FAMILY_FILE not in purge()
    assert db.session.get_one(Family, back.family_id).status is FamilyStatus.ACTIVE
    clock.start_at(datetime(2038, 1, 5, 8, 30), frozen=True)  # it was told, but before it came back
    purge(DataClass.FAMILY_FILE)
    assert db.session.get_one(Family, back.family_id).status is FamilyStatus.ACTIVE
    mails = db.session.scalars(select(OutboxMail.recipient).where(OutboxMail.template == "purge_soon")).all()
    assert mails == [back.email] * 2


def test_after_ten_years_invoices_name_nobody_and_add_up(sqlite_app: Flask) -> None:
    family = factories.make_family()
    paid_id, open_id = factories.make_invoice(family, 2_000, paid_cents=2_500), factories.make_invoice(family, 900)
    folder = Path(current_app.instance_path)
    path = keep_file(folder, "documents", b"%PDF-1.4", ".pdf")
    with write_transaction() as session:
        session.add(StoredPdf(invoice_id=paid_id, path=str(path), sha256="0"))
        session.execute(update(Payment).values(reference="Chèque 12 BANQUE"))
        session.add_all(
            InvoiceHold(invoice_id=id_, kind=HoldKind.DISPUTE, reason="Séparés", made_by_id=family.user_id)
            for id_ in (paid_id, open_id)
        )
        session.add(
            Correction(
                family_id=family.family_id, cause=CreditCause.ATTENDANCE, reason="Absente", is_automatic=False,
                asked_by_id=family.user_id, ended_at=clock.now(), ended_by_id=family.user_id, left_because="Vue",
            )
        )  # fmt: skip
    before = (
        invoices.balances(db.session(), [paid_id, open_id]),
        db.session.scalar(select(func.sum(Invoice.total_cents))),
    )
    clock.start_at(MUCH_LATER, frozen=True)
    with write_transaction() as session:
        run_id = purges.begin_purge(session)
        step = purges.purge_next(session, run_id, DataClass.ACCOUNTING)
    assert step.paths == (str(path),)
    purge(DataClass.ACCOUNTING)
    assert before == (
        invoices.balances(db.session(), [paid_id, open_id]), db.session.scalar(select(func.sum(Invoice.total_cents))),
    )  # fmt: skip
    assert set(db.session.scalars(select(Invoice.payer_name).order_by(Invoice.id))) == {"effacé", family.name}
    assert db.session.scalars(select(InvoiceLine.child_name).where(InvoiceLine.invoice_id == paid_id)).all() == [
        "effacé"
    ]
    assert db.session.scalars(select(Payment.reference)).all() == [""]
    # A dispute that nobody ended goes with its invoice.
    assert db.session.scalars(select(InvoiceHold.reason).order_by(InvoiceHold.id)).all() == ["", "Séparés"]
    assert db.session.execute(select(Correction.reason, Correction.left_because)).tuples().all() == [("", "")]
    assert papers.invoices_without_paper(db.session(), 0, 9) == [papers.PaperSubject(invoice_id=open_id)]
    assert not papers.receipts_without_paper(db.session(), 0, 9) and not papers.stored_paths(db.session())


def test_why_a_day_was_opened_again_goes_with_its_bookings(sqlite_app: Flask) -> None:
    planning, agent_id = factories.make_planning(), factories.make_user("journal@example.org")
    with write_transaction() as session:
        session.add(
            ValidatedDay(
                group_id=planning.activity.group_id, day=clock.today(), validated_by_id=agent_id,
                reopened_at=clock.now(), reopened_by_id=agent_id, reopen_reason="Léa n’était pas là",
            )
        )  # fmt: skip
    clock.start_at(LATER, frozen=True)
    assert purge(DataClass.BOOKINGS)[DataClass.BOOKINGS] >= 1
    assert db.session.scalars(select(ValidatedDay.reopen_reason)).all() == [""]
    assert planned().get(DataClass.BOOKINGS) is None


def test_the_word_that_accepted_what_is_odd_goes_with_the_accounting(sqlite_app: Flask) -> None:
    agent_id = factories.make_user("regie@example.org")
    factories.make_invoice(factories.make_family())
    with write_transaction() as session:
        run_id = session.scalars(select(InvoiceRun.id)).one()
        session.add(
            RunAcceptance(
                run_id=run_id, kind=OddityKind.ALL_FREE, count=1, reason="Vu avec Mme TEST", accepted_by_id=agent_id
            )
        )
    clock.start_at(MUCH_LATER, frozen=True)
    purge(DataClass.ACCOUNTING)
    assert db.session.scalars(select(RunAcceptance.reason)).all() == [""]


def test_who_closed_their_account_is_forgotten_in_the_end(sqlite_app: Flask) -> None:
    family = factories.make_family()
    with write_transaction() as session:
        session.get_one(User, family.user_id).closed_at = clock.now()
    clock.start_at(LATER, frozen=True)
    assert purge(DataClass.ACCOUNTS) == {DataClass.ACCOUNTS: 1}
    assert db.session.get_one(User, family.user_id).display_name == "Compte effacé" and not purge(DataClass.ACCOUNTS)


def test_the_staff_choose_within_bounds(sqlite_app: Flask) -> None:
    staff_id = factories.make_staff()
    with write_transaction() as session:
        assert purges.save_durations(session, staff_id, {DataClass.MAILS: 3})
    assert purges.durations()[DataClass.MAILS] == 3
    with write_transaction() as session:
        assert not purges.save_durations(session, staff_id, {DataClass.MAILS: 3})
    with pytest.raises(ValueError, match="accounting"), write_transaction() as session:
        purges.save_durations(session, staff_id, {DataClass.ACCOUNTING: 12})


def test_an_empty_council_purges_nothing(sqlite_app: Flask) -> None:
    before = {
        table.name: db.session.scalar(select(func.count()).select_from(table)) for table in Base.metadata.sorted_tables
    }
    clock.start_at(datetime(2026 + 30, 1, 1), frozen=True)
    assert purge() == {}
    before["purge_run"] = 1
    assert before == {
        table.name: db.session.scalar(select(func.count()).select_from(table)) for table in Base.metadata.sorted_tables
    }
    assert date(2056, 1, 1) == clock.today()
