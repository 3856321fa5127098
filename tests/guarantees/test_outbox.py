"""Mails leave once, are tried again when the server is away or refuses, and keep no secret once sent."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextvars import Context
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from flask import Flask
from sqlalchemy import select, text

from app import clock
from app.database import db, write_transaction
from app.integrations import mail as mail_module
from app.jobs import worker as worker_module
from app.jobs.worker import Worker
from app.models.mails import MailStatus, OutboxMail
from app.services import links, mails
from tests import factories
from tests.served import free_port
from tests.smtp import SmtpServer, smtp_server

EMAIL = "attend@example.org"


@pytest.fixture
def smtp() -> Iterator[SmtpServer]:
    with smtp_server() as server:
        yield server


@pytest.fixture
def worker(app: Flask, smtp: SmtpServer, monkeypatch: pytest.MonkeyPatch) -> Worker:
    monkeypatch.setattr(worker_module, "MAIL_REST_SECONDS", 0.0)
    return Worker(app, replace(app.config["PORTAL"], mail_url=smtp.url))


def queue_activation() -> str:
    """An account waits for its link; the secret of the link."""
    user_id = factories.make_user(EMAIL, confirmed=False)
    factories.make_family("ATTEND", "Alix", email=EMAIL, user_id=user_id)
    with write_transaction() as session:
        links.request_activation(session, EMAIL)
    secret = db.session.scalars(select(OutboxMail.secret)).one()
    assert secret is not None
    db.session.rollback()
    return secret


def the_mail() -> OutboxMail:
    db.session.rollback()
    return db.session.scalars(select(OutboxMail)).one()


def after(minutes: float) -> None:
    clock.start_at(clock.now() + timedelta(minutes=minutes), frozen=True)


def test_mail_leaves_once_complete_and_its_secret_is_dropped(app: Flask, worker: Worker, smtp: SmtpServer) -> None:
    secret = queue_activation()
    assert worker.send_due_mails() == 1
    assert worker.send_due_mails() == 0
    (sent,) = smtp.received
    assert sent["To"] == EMAIL and sent["Auto-Submitted"] == "auto-generated"
    plain, html = sent.iter_parts()
    assert (plain.get_content_type(), html.get_content_type()) == ("text/plain", "text/html")
    link = f"http://localhost/activation/{secret}"
    assert (
        link in plain.get_content()
        and f'<a class="button" href="{link}">Confirmer mon compte</a>' in html.get_content()
    )
    mail = the_mail()
    assert (mail.status, mail.secret, mail.sent_at, mail.error) == (MailStatus.SENT, None, clock.now(), None)
    assert secret not in str(db.session.execute(text("SELECT body, secret, error FROM outbox_mail")).all())
    assert "••••••" in mails.complete_body(mail, "http://localhost", show_secret=True)


@pytest.mark.parametrize("mode", ["is busy", "hangs up", "hangs up at the end"])
def test_refused_mail_is_tried_again_later_and_then_leaves(
    app: Flask, worker: Worker, smtp: SmtpServer, mode: str
) -> None:
    queue_activation()
    smtp.mode = mode
    assert worker.send_due_mails() == 0
    mail = the_mail()
    assert (mail.status, mail.attempts, mail.not_before) == (
        MailStatus.QUEUED, 1, clock.now() + mails.RETRY_AFTER[0],
    )  # fmt: skip
    assert mail.error
    smtp.mode = "takes"
    assert worker.send_due_mails() == 0, "not before its time"
    after(1)
    assert worker.send_due_mails() == 1
    assert the_mail().status is MailStatus.SENT


def test_server_that_is_down_gives_mail_up_after_the_last_try_and_staff_may_try_again(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(worker_module, "MAIL_REST_SECONDS", 0.0)
    worker = Worker(app, replace(app.config["PORTAL"], mail_url=f"smtp://127.0.0.1:{free_port()}"))
    queue_activation()
    for attempt, pause in enumerate(mails.RETRY_AFTER, 1):
        assert worker.send_due_mails() == 0
        assert (the_mail().attempts, the_mail().status) == (attempt, MailStatus.QUEUED)
        after(pause.total_seconds() / 60)
    assert worker.send_due_mails() == 0
    mail = the_mail()
    assert (mail.status, mail.attempts) == (MailStatus.FAILED, len(mails.RETRY_AFTER) + 1)
    after(60 * 24 * 30)
    assert not mails.has_due_mail(db.session())
    assert sum(mails.RETRY_AFTER, timedelta()) > timedelta(days=4)


def test_a_pause_lasts_as_long_in_the_night_when_clocks_go_back(sqlite_app: Flask) -> None:
    clock.start_at(datetime(2026, 10, 25, 2, 10, fold=1, tzinfo=clock.PARIS), frozen=True)
    queue_activation()
    with write_transaction() as session:
        claimed = mails.claim_mail(session, "http://localhost")
        assert claimed is not None and mails.claim_mail(session, "http://localhost") is None, "leased for true minutes"
        mails.record_failure(session, claimed.id, "is away")
    assert not mails.has_due_mail(db.session())
    assert the_mail().not_before == clock.later(mails.RETRY_AFTER[0])


def queue_many(count: int) -> list[str]:
    emails = [f"x{number}@example.org" for number in range(count)]
    with write_transaction() as session:
        for email in emails:
            mails.queue_mail(session, "sign_up_known", email)
    return emails


def statuses() -> dict[str, MailStatus]:
    db.session.rollback()
    return {row[0]: row[1] for row in db.session.execute(select(OutboxMail.recipient, OutboxMail.status))}


def test_after_a_day_without_server_every_mail_leaves_once(app: Flask, smtp: SmtpServer) -> None:
    """All are not tried one by one while it is away: the worker has other jobs, and a mail has so many tries."""
    down = Worker(app, replace(app.config["PORTAL"], mail_url=f"smtp://127.0.0.1:{free_port()}"))
    emails = queue_many(30)
    for _hour in range(24):
        down._mail_rests_until = 0.0
        assert down.send_due_mails() == 0
        assert down.send_due_mails() == 0  # rests
        after(60)
    assert set(statuses().values()) == {MailStatus.QUEUED}
    assert sum(db.session.scalars(select(OutboxMail.attempts))) == 24
    after(60 * 4)
    worker = Worker(app, replace(app.config["PORTAL"], mail_url=smtp.url))
    assert worker.send_due_mails() == 30
    assert sorted(mail["To"] for mail in smtp.received) == sorted(emails)


def test_address_that_does_not_exist_is_given_up_at_once_and_the_others_leave(
    app: Flask, worker: Worker, smtp: SmtpServer
) -> None:
    emails = queue_many(5)
    smtp.unknown = {emails[0], emails[3]}
    assert worker.send_due_mails() == 3
    assert {email for email, status in statuses().items() if status is MailStatus.FAILED} == smtp.unknown
    told = db.session.scalars(select(OutboxMail.error).where(OutboxMail.status == MailStatus.FAILED)).all()
    assert told == ["RCPT: 550 no such user"] * 2
    assert not mails.has_due_mail(db.session())


def test_sender_that_the_server_refuses_is_a_fault_of_settings_and_loses_nothing(
    app: Flask, worker: Worker, smtp: SmtpServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(worker_module, "MAIL_REST_SECONDS", 60.0)
    queue_many(3)
    smtp.sender_refused = True
    assert worker.send_due_mails() == 0
    assert smtp.spoken_to == 1 and set(statuses().values()) == {MailStatus.QUEUED}
    smtp.sender_refused = False
    worker._mail_rests_until = 0.0
    after(1)
    assert worker.send_due_mails() == 3


def test_server_that_takes_and_hangs_up_gets_a_mail_twice_at_most_under_one_name(
    app: Flask, worker: Worker, smtp: SmtpServer
) -> None:
    queue_activation()
    smtp.mode = "takes and hangs up"
    for _hour in range(24 * 6):
        worker.send_due_mails()
        after(60)
    first, second = smtp.received
    assert first["Message-ID"] == second["Message-ID"] and first["Message-ID"].endswith("@example.org>")
    mail = the_mail()
    assert mail.status is MailStatus.FAILED and mail.error and mail.secret, "the staff see it, and may send it again"


def test_cut_once_the_mail_arrives_once_more_and_is_done(app: Flask, worker: Worker, smtp: SmtpServer) -> None:
    queue_activation()
    smtp.mode = "takes and hangs up"
    assert worker.send_due_mails() == 0
    smtp.mode = "takes"
    after(1)
    assert worker.send_due_mails() == 1
    after(60)
    assert worker.send_due_mails() == 0
    assert len(smtp.received) == 2 and the_mail().status is MailStatus.SENT


def test_crashes_between_sending_and_recording_double_a_mail_once_at_most(
    app: Flask, worker: Worker, smtp: SmtpServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    def die(*_arguments: object) -> None:
        raise KeyboardInterrupt

    queue_activation()
    with monkeypatch.context() as broken:
        broken.setattr(mails, "record_sent", die)
        for _crash in range(2):
            with pytest.raises(KeyboardInterrupt):
                worker.send_due_mails()
            assert worker.send_due_mails() == 0  # another worker, while the mail is still on its way
            after(5)
    assert worker.send_due_mails() == 0
    assert len({mail["Message-ID"] for mail in smtp.received}) == 1 and len(smtp.received) == 2
    assert the_mail().status is MailStatus.FAILED and the_mail().error


def test_server_that_never_comes_to_an_end_is_left(sqlite_app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mail_module, "WHOLE_SECONDS", 0.3)
    queue_many(2)
    with smtp_server() as smtp:
        smtp.mode = "drips"
        began = time.monotonic()
        assert Worker(sqlite_app, replace(sqlite_app.config["PORTAL"], mail_url=smtp.url)).send_due_mails() == 0
        assert time.monotonic() - began < 10 and smtp.spoken_to == 1


def test_one_time_links_go_before_the_rest(app: Flask, worker: Worker, smtp: SmtpServer) -> None:
    queue_many(3)
    user_id = factories.make_user(EMAIL, confirmed=False)
    factories.make_family("ATTEND", "Alix", email=EMAIL, user_id=user_id)
    with write_transaction() as session:
        links.request_activation(session, EMAIL)
    assert worker.send_due_mails() == 4
    assert smtp.received[0]["To"] == EMAIL


def test_turn_of_mails_ends_for_the_other_jobs(sqlite_app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(worker_module, "TURN_SECONDS", 0.3)
    queue_many(6)
    with smtp_server() as smtp:
        smtp.pause_seconds = 0.2
        worker = Worker(sqlite_app, replace(sqlite_app.config["PORTAL"], mail_url=smtp.url))
        assert 0 < worker.send_due_mails() < 6
        while worker.send_due_mails():
            pass
        assert len(smtp.received) == 6


def test_two_workers_send_each_mail_once(app: Flask, smtp: SmtpServer) -> None:
    smtp.pause_seconds = 0.02
    with write_transaction() as session:
        for number in range(12):
            mails.queue_mail(session, "sign_up_known", f"x{number}@example.org")
    config = replace(app.config["PORTAL"], mail_url=smtp.url)

    def send() -> None:
        with app.app_context():
            Worker(app, config).send_due_mails()

    threads = [threading.Thread(target=Context().run, args=(send,)) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    assert sorted(mail["To"] for mail in smtp.received) == sorted(f"x{number}@example.org" for number in range(12))


def test_mail_of_a_sender_that_died_is_sent_by_another(app: Flask, worker: Worker, smtp: SmtpServer) -> None:
    queue_activation()
    with write_transaction() as session:
        assert mails.claim_mail(session, "http://localhost") is not None  # and then the process is killed
    assert worker.send_due_mails() == 0
    after(5)
    assert worker.send_due_mails() == 1


def test_no_mail_leaves_for_what_was_rolled_back(app: Flask, worker: Worker, smtp: SmtpServer) -> None:
    with pytest.raises(RuntimeError), write_transaction() as session:
        mails.queue_mail(session, "sign_up_known", EMAIL)
        raise RuntimeError
    assert worker.send_due_mails() == 0
    assert smtp.received == []


def test_no_transaction_is_open_while_a_mail_is_on_its_way(app: Flask, worker: Worker, smtp: SmtpServer) -> None:
    """A slow mail server must not keep parents from saving."""
    smtp.pause_seconds = 1.0
    queue_activation()

    def send() -> None:
        with app.app_context():
            worker.send_due_mails()

    thread = threading.Thread(target=Context().run, args=(send,))
    thread.start()
    saved = 0
    while thread.is_alive() and saved < 5:
        factories.make_user(f"pendant-{saved}@example.org")
        saved += 1
    still_sending = thread.is_alive()
    thread.join(timeout=60)
    assert saved == 5 and still_sending
    assert the_mail().status is MailStatus.SENT


def test_without_smtp_mails_wait(app: Flask) -> None:
    queue_activation()
    assert Worker(app, app.config["PORTAL"]).send_due_mails() == 0
    assert the_mail().status is MailStatus.QUEUED


def test_mail_that_cannot_be_written_is_refused_and_the_next_one_leaves(
    app: Flask, worker: Worker, smtp: SmtpServer
) -> None:
    with write_transaction() as session:
        mails.queue_mail(session, "sign_up_known", EMAIL).subject = "Bonjour\r\nBcc: victime@example.org"
        mails.queue_mail(session, "sign_up_known", "suivante@example.org")
    assert worker.send_due_mails() == 1
    assert [sent["To"] for sent in smtp.received] == ["suivante@example.org"]
    stored = db.session.execute(select(OutboxMail.status, OutboxMail.attempts).order_by(OutboxMail.id)).all()
    assert [tuple(row) for row in stored] == [(MailStatus.FAILED, 1), (MailStatus.SENT, 0)]


def test_worker_survives_an_unexpected_failure(
    app: Flask, worker: Worker, smtp: SmtpServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(worker_module, "PAUSE_SECONDS", 0.01)
    failed = threading.Event()
    real: Callable[[object], bool] = mails.has_due_mail

    def fail_once(session: object) -> bool:
        if not failed.is_set():
            failed.set()
            raise ValueError("whatever")
        return real(session)

    monkeypatch.setattr(mails, "has_due_mail", fail_once)
    queue_activation()
    worker.start()
    assert worker.is_alive
    for _ in range(200):
        if smtp.received:
            break
        threading.Event().wait(0.05)
    worker.stop()
    assert failed.is_set() and len(smtp.received) == 1
    assert not worker.is_alive
