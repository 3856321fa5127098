"""Documents that families hand in, while the staff decide at the same moment."""

import threading
import time
from contextlib import suppress
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import event, select
from sqlalchemy.orm import Session

from app.database import db, write_transaction
from app.models.required_documents import SubmittedDocument
from app.rules.capabilities import Role
from app.rules.required_documents import DocumentScope, SubmissionStatus
from app.services import document_decisions, required_documents
from app.services.errors import AlreadyDecided
from tests.factories import hand_in, make_child, make_document, make_family, make_staff, share_child
from tests.services.test_bookings import run_together


def test_a_new_version_and_a_decision_at_once_do_not_overwrite_each_other(app: Flask) -> None:
    family, agent = make_family(), make_staff(Role.FILE_CLERK)
    document = make_document(scope=DocumentScope.FAMILY)
    first = hand_in(family, f"{document}")
    replaces = threading.Event()

    def wait_before_writing(session: Session, *_rest: object) -> None:
        if any(isinstance(each, SubmittedDocument) for each in session.new):
            replaces.set()
            time.sleep(0.5)

    def decide() -> None:
        assert replaces.wait(10)
        with write_transaction() as session:
            document_decisions.accept(session, first, agent, dated_on=None, valid_until=None)

    event.listen(Session, "before_flush", wait_before_writing)
    try:
        _second, answer = run_together(app, lambda: hand_in(family, f"{document}"), decide)
    finally:
        event.remove(Session, "before_flush", wait_before_writing)
    assert isinstance(answer, AlreadyDecided)
    assert db.session.get_one(SubmittedDocument, first).status is SubmissionStatus.REPLACED


@pytest.mark.postgres
@pytest.mark.parametrize("app", ["postgresql"], indirect=True)
def test_of_two_homes_versions_that_are_accepted_at_once_one_counts(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    family, other, agent = make_family(), make_family("AUTRE"), make_staff(Role.FILE_CLERK)
    child = make_child(family)
    share_child(child, other)
    asked = f"{make_document()}-{child}"
    handed_in = [hand_in(each, asked) for each in (family, other)]
    both_inside = threading.Barrier(2)
    tell_parents = document_decisions._tell_parents

    def tell_after_a_while(*args: Any) -> int:
        with suppress(threading.BrokenBarrierError):
            both_inside.wait(timeout=1)
        return tell_parents(*args)

    def accept(submission_id: int) -> None:
        with write_transaction() as session:
            document_decisions.accept(session, submission_id, agent, dated_on=None, valid_until=None)

    monkeypatch.setattr(document_decisions, "_tell_parents", tell_after_a_while)
    assert run_together(app, lambda: accept(handed_in[0]), lambda: accept(handed_in[1])) == [None, None]
    statuses = db.session.scalars(select(SubmittedDocument.status))
    assert sorted(statuses) == sorted([SubmissionStatus.ACCEPTED, SubmissionStatus.REPLACED])


@pytest.mark.postgres
@pytest.mark.parametrize("app", ["postgresql"], indirect=True)
def test_two_versions_at_once_wait_for_each_other_in_turn(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    family = make_family()
    document = make_document(scope=DocumentScope.FAMILY)
    both_inside = threading.Barrier(2)
    stays_active = required_documents.stays_active

    def stay_a_while(session: Session, family_id: int, **how: bool) -> bool:
        answer = stays_active(session, family_id, **how)
        with suppress(threading.BrokenBarrierError):
            both_inside.wait(timeout=1)
        return answer

    monkeypatch.setattr(required_documents, "stays_active", stay_a_while)
    ids = run_together(app, lambda: hand_in(family, f"{document}"), lambda: hand_in(family, f"{document}"))
    assert all(isinstance(each, int) for each in ids), ids
    statuses = db.session.scalars(select(SubmittedDocument.status))
    assert sorted(statuses) == sorted([SubmissionStatus.HANDED_IN, SubmissionStatus.REPLACED])
