"""The worker's jobs: papers made once and whole, runs taken up, payments asked about, and no error that ends it."""

from __future__ import annotations

import hashlib
import io
import os
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, datetime, timedelta
from pathlib import Path

import pytest
from flask import Flask
from pypdf import PdfReader
from sqlalchemy import func, select

from app import clock
from app.config import Config
from app.database import db, write_transaction
from app.integrations.kept_files import PUBLISHED_FOLDER, keep_file, keep_sealed
from app.integrations.payments import PaymentOutcome, PaymentUnavailable
from app.integrations.pdf import PdfFailed, PdfMaker
from app.jobs import pdfs
from app.jobs.payments import ask_payment_site
from app.jobs.pdfs import PaperJob
from app.jobs.worker import Worker
from app.models.activities import Activity
from app.models.enrolments import Enrolment
from app.models.invoices import Invoice, InvoiceRun, RunStatus, StoredPdf
from app.models.mails import OutboxMail
from app.models.payments import Payment
from app.models.publications import PublicationFile
from app.models.required_documents import SubmittedDocument
from app.rules.capabilities import Role
from app.rules.required_documents import DocumentScope
from app.rules.states import EnrolmentStatus
from app.services import document_decisions, papers
from app.services.invoice_runs import issue, next_step, prepare
from app.services.papers import PaperSubject, record_paper
from tests.factories import (
    NEXT_WEDNESDAY,
    WEDNESDAY,
    FamilySetup,
    accept_all,
    add_family,
    attach_template,
    book_past,
    give_list,
    hand_in,
    join_list,
    make_basket,
    make_document,
    make_family,
    make_invoice,
    make_planning,
    make_staff,
    publish,
    put_on_request,
    save,
)
from tests.payment_site import PaymentSite
from tests.smtp import smtp_server

BASE_URL = "https://portail.example.org"


@pytest.fixture(scope="module")
def maker() -> Iterator[PdfMaker]:
    with PdfMaker() as running:
        yield running


@pytest.fixture
def instance(tmp_path: Path) -> Path:
    return tmp_path


@pytest.fixture
def job(maker: PdfMaker, instance: Path) -> PaperJob:
    return PaperJob(maker, instance, BASE_URL)


@pytest.fixture
def family(app: Flask) -> FamilySetup:
    return make_family()


@pytest.fixture
def worker(app: Flask) -> Iterator[Worker]:
    config: Config = app.config["PORTAL"]
    made = Worker(app, config)
    yield made
    made.stop()


def make_all(job: PaperJob) -> int:
    count = 0
    while job.make_next(online=True):
        count += 1
    return count


def stored() -> list[StoredPdf]:
    return list(db.session.scalars(select(StoredPdf).order_by(StoredPdf.id)))


def words(instance: Path, row: StoredPdf) -> str:
    content = (instance / row.path).read_bytes()
    assert hashlib.sha256(content).hexdigest() == row.sha256
    return " ".join(page.extract_text() for page in PdfReader(io.BytesIO(content)).pages)


# --- Papers ---------------------------------------------------------------------------------------------------------


def test_invoices_and_receipts_get_their_paper_once(family, job, instance) -> None:
    make_invoice(family, 3_500, paid_cents=2_000)
    assert make_all(job) == 2
    invoice, receipt = stored()
    said = words(instance, invoice)
    for word in ("pop-F261100001", "Mercredi, Matin", "35,00", "15,00", "Démuin", BASE_URL):
        assert word in said
    said = words(instance, receipt)
    for word in ("pop-Q261100001", "20,00", "pop-F261100001", "espèces"):
        assert word in said
    assert make_all(job) == 0
    assert make_all(PaperJob(job._maker, instance, BASE_URL)) == 0  # after a restart
    assert len(list(instance.rglob("*.pdf"))) == 2
    assert list(instance.rglob("*.partial")) == []


def test_a_paper_is_for_its_owner_alone_and_its_name_says_nothing(family, job, instance) -> None:
    make_invoice(family)
    make_all(job)
    (path,) = instance.rglob("*.pdf")
    assert path.stat().st_mode & 0o077 == 0
    assert "pop" not in path.name and len(path.stem) == 48


def test_a_receipt_for_more_than_was_due_says_so(family, job, instance) -> None:
    make_invoice(family, 1_000, paid_cents=1_500)
    make_all(job)
    assert "Trop-perçu" in words(instance, stored()[1])


def test_without_online_payment_the_paper_does_not_speak_of_it(family, job, instance) -> None:
    make_invoice(family)
    job.make_next(online=False)
    said = words(instance, stored()[0])
    assert "guichet" in said and BASE_URL not in said


def test_a_crash_before_the_row_leaves_no_row_and_the_paper_is_made_again(family, job, instance, monkeypatch) -> None:
    make_invoice(family)

    def die(*_arguments: object) -> bool:
        raise KeyboardInterrupt

    with monkeypatch.context() as broken:
        broken.setattr(papers, "record_paper", die)
        with pytest.raises(KeyboardInterrupt):
            job.make_next(online=True)
    assert stored() == []
    assert make_all(PaperJob(job._maker, instance, BASE_URL)) == 1
    assert words(instance, stored()[0])


def test_a_paper_that_fails_is_left_for_later_and_holds_up_no_other(family, job, instance, monkeypatch) -> None:
    first, second = make_invoice(family), make_invoice(family)
    true_render = job._maker.render
    failed: list[object] = []

    def render(template: str, context: dict[str, object]) -> bytes:
        if not failed:
            failed.append(context)
            raise PdfFailed("no")
        return true_render(template, context)

    monkeypatch.setattr(job._maker, "render", render)
    assert make_all(job) == 2
    assert [row.invoice_id for row in stored()] == [second]
    monkeypatch.setattr(pdfs, "LOOK_AGAIN_SECONDS", 0.0)
    assert job.make_next(online=True)
    assert {row.invoice_id for row in stored()} == {first, second}


def test_two_processes_keep_one_paper(family, job, instance, monkeypatch) -> None:
    invoice_id = make_invoice(family)
    other = pdfs.keep_paper(instance, b"%PDF-of-the-other")

    def render(_template: str, _context: object) -> bytes:
        with write_transaction() as session:
            assert record_paper(session, PaperSubject(invoice_id=invoice_id), other)
        return b"%PDF-of-mine"

    monkeypatch.setattr(job._maker, "render", render)
    assert job.make_next(online=True)
    assert [row.sha256 for row in stored()] == [other.sha256]
    assert [path.read_bytes() for path in instance.rglob("*.pdf")] == [b"%PDF-of-the-other"]


# --- The worker's turns -----------------------------------------------------------------------------------------------


def test_the_worker_issues_what_a_run_has_left(app, worker) -> None:
    planning = make_planning()
    book_past(planning.family, planning.child_id, planning.activity, [date(2026, 10, 7)])
    staff_id = make_staff(Role.REGISSEUR)
    with write_transaction() as session:
        office_id = session.get_one(Activity, planning.activity.id).office_id
        run_id = prepare(session, office_id, date(2026, 10, 1), staff_id)
    assert worker.issue_invoices() > 0
    assert db.session.get_one(InvoiceRun, run_id).status is RunStatus.PREPARED
    assert worker.issue_invoices() == 0
    accept_all(run_id, staff_id)
    with write_transaction() as session:
        issue(session, run_id, date(2026, 11, 2), date(2026, 12, 2), staff_id)
    assert worker.issue_invoices() > 0
    assert next_step(db.session()) is None
    assert db.session.scalar(select(func.count()).select_from(Invoice)) == 1
    assert worker.issue_invoices() == 0


def test_the_worker_asks_about_payments_whose_time_has_come(family, worker, payment_site: PaymentSite) -> None:
    ask_payment_site(payment_site, make_basket(family, [make_invoice(family)]))
    assert worker.check_payments() == 0
    clock.start_at(clock.now() + timedelta(minutes=2), frozen=True)
    payment_site.outcome = PaymentOutcome.PAID_CARD
    assert worker.check_payments() == 1
    assert db.session.scalars(select(Payment.amount_cents)).all() == [2_000]


def test_without_a_payment_site_nothing_is_asked(family, worker) -> None:
    assert worker.check_payments() == 0


def test_an_error_of_one_job_ends_neither_the_worker_nor_the_others(
    sqlite_app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.jobs.worker.PAUSE_SECONDS", 0.01)
    worker = Worker(sqlite_app, sqlite_app.config["PORTAL"])
    rounds: list[str] = []

    def fail() -> int:
        rounds.append("mails")
        raise RuntimeError("the database is away")

    worker.send_due_mails = fail  # type: ignore[method-assign]
    worker.check_payments = lambda: rounds.append("payments") or 0  # type: ignore[method-assign, func-returns-value]
    worker.start()
    deadline = time.monotonic() + 20
    while rounds.count("payments") < 3 and time.monotonic() < deadline:
        time.sleep(0.02)
    assert worker.is_alive
    worker.stop()
    assert rounds.count("mails") >= 3 and rounds.count("payments") >= 3


def test_health_tells_how_long_a_payment_has_been_waiting(client, payment_site: PaymentSite) -> None:
    family = make_family()
    payment_site.fault = PaymentUnavailable("down")
    make_basket(family, [make_invoice(family)])
    clock.start_at(clock.now() + timedelta(hours=2), frozen=True)
    answer = client.app.test_client().get("/sante").get_json()
    assert answer["payments"] == {"oldest_pending_seconds": 7200}


def test_enrolments_end_on_the_day_after_their_last(worker: Worker) -> None:
    make_planning()
    with write_transaction() as session:
        row = session.scalars(select(Enrolment)).one()
        row.ends_on, row.ended_at = clock.today(), clock.now()
    assert worker.end_enrolments() == 0
    clock.start_at(clock.now() + timedelta(days=1), frozen=True)
    assert worker.end_enrolments() == 1
    assert worker.end_enrolments() == 0  # looked at once a day
    assert db.session.scalars(select(Enrolment.status)).one() is EnrolmentStatus.ENDED


def test_requests_expire_as_the_first_of_them_begins_and_each_family_is_told_once(worker: Worker) -> None:
    planning = make_planning()
    put_on_request(planning.activity)
    other, child_id = add_family(planning)
    for family, child in ((planning.family, planning.child_id), (other, child_id)):
        save(family, child, book=[planning.opening(WEDNESDAY, "Matin"), planning.opening(WEDNESDAY, "Repas")])
    assert worker.expire_requests() == 0
    clock.start_at(datetime(2026, 11, 25, 7, 30), frozen=True)
    assert worker.expire_requests() == 2
    assert worker.expire_requests() == 0
    mails = db.session.execute(select(OutboxMail.template, OutboxMail.recipient).order_by(OutboxMail.id)).all()
    assert mails == [("bookings_unanswered", planning.family.email), ("bookings_unanswered", other.email)]


def test_offers_expire_go_to_the_next_one_and_mails_survive_a_dead_server(app: Flask, worker: Worker) -> None:
    planning = make_planning(places=1)
    give_list(planning.activity)
    morning = planning.opening(NEXT_WEDNESDAY, "Matin")
    save(planning.family, planning.child_id, book=[morning])
    (first, first_child), (second, second_child) = add_family(planning), add_family(planning, "SUIVANT")
    for family, child_id in ((first, first_child), (second, second_child)):
        join_list(family, child_id, [morning], wants_booking=False)
    save(planning.family, planning.child_id, cancel=[morning])
    assert worker.look_after_lists() == 0
    clock.start_at(datetime(2026, 11, 24, 8, 30, 1), frozen=True)
    assert worker.look_after_lists() == 1
    assert worker.look_after_lists() == 0
    mails = db.session.execute(select(OutboxMail.template, OutboxMail.recipient).order_by(OutboxMail.id)).tuples().all()
    told = [
        ("waiting_offered", first.email), ("waiting_unanswered", first.email), ("waiting_offered", second.email),
    ]  # fmt: skip
    assert mails == told
    config: Config = app.config["PORTAL"]
    away = Worker(app, replace(config, mail_url="smtp://127.0.0.1:9"))
    assert away.send_due_mails() == 0
    clock.start_at(clock.now() + timedelta(minutes=10), frozen=True)
    assert worker.look_after_lists() == 0
    with smtp_server() as server:
        back = Worker(app, replace(config, mail_url=server.url))
        assert back.send_due_mails() == 3 and back.send_due_mails() == 0
        assert len(server.received) == 3


def test_families_are_told_of_documents_that_end_and_files_that_nobody_names_go(app: Flask, worker: Worker) -> None:
    document, agent = make_document(scope=DocumentScope.FAMILY), make_staff()
    families = [make_family(), make_family("AUTRE")]
    versions = [hand_in(family, f"{document}") for family in families]
    with write_transaction() as session:
        for version in versions:
            last_day = clock.today() + timedelta(days=20)
            document_decisions.accept(session, version, agent, dated_on=None, valid_until=last_day)
    folder = Path(app.instance_path)
    publish()
    unpublished = str(keep_file(folder, PUBLISHED_FOLDER, b"nobody's", ".pdf"))
    replaced, template = (attach_template(document) for _ in range(2))
    orphans = [keep_sealed(folder, b"nobody's").path, unpublished, replaced]
    for path in (*orphans, template):
        os.utime(folder / path, (0, 0))
    assert worker.look_after_documents() == 2
    assert worker.look_after_documents() == 0  # looked at once a day
    warned = select(OutboxMail.recipient).where(OutboxMail.template == "document_ends").order_by(OutboxMail.id)
    assert db.session.scalars(warned).all() == [family.email for family in families]
    kept = {template}.union(*(db.session.scalars(select(each.path)) for each in (SubmittedDocument, PublicationFile)))
    assert len(kept) == 4 and all((folder / path).exists() for path in kept)
    assert not any((folder / path).exists() for path in orphans)
