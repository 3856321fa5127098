"""Deciding on what families ask: exactly one decision, nothing overwritten unseen, the family told, all of it kept."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from app.database import db, write_transaction
from app.models.changes import ChangeRequest
from app.models.families import Child, Family, FamilyAddress, FamilyChild, Guardian, Regime
from app.models.mails import OutboxMail
from app.rules.capabilities import Role
from app.rules.changes import FieldPolicy
from app.rules.file_fields import FileField, FileKind
from app.rules.states import ChangeStatus
from app.services import change_requests, changes, file_histories, guardians, staff_queue
from app.services.errors import AlreadyDecided, NotFound, OwnFamily, RequestChanged
from app.services.field_settings import save_policies
from app.services.queue_items import ItemKind
from app.services.staff_scopes import EVERYWHERE
from tests import factories
from tests.factories import NOW, ask_change, make_child, make_family, make_staff

MOVE = {"number": "3", "street": "Rue du Moulin", "city": "Moreuil"}


def accept(request_id: int, agent: int, version: int = 1, **how: Any) -> object:
    with write_transaction() as session:
        return change_requests.accept(session, request_id, agent, version, **how)


def status(request_id: int) -> ChangeStatus:
    db.session.rollback()
    return db.session.get_one(ChangeRequest, request_id).status


def mails() -> list[tuple[str, str]]:
    return list(db.session.execute(select(OutboxMail.template, OutboxMail.recipient).order_by(OutboxMail.id)).tuples())


@pytest.fixture
def agent(sqlite_app: Flask) -> int:
    return make_staff(Role.FILE_CLERK)


def test_accepted_change_is_stored_told_and_kept(agent: int) -> None:
    family = make_family()
    request_id = ask_change(family, regime="general", fund_number="123456")
    assert accept(request_id, agent) == {}
    row = db.session.get_one(Family, family.family_id)
    assert (row.regime, row.fund_number, status(request_id)) == (Regime.GENERAL, "123456", ChangeStatus.ACCEPTED)
    assert mails() == [("change_accepted", family.email)]
    assert "123456" not in db.session.scalars(select(OutboxMail.body)).one()
    (entry,) = file_histories.history_of(family.family_id)
    assert entry.was_asked and entry.changed_by == "Camille AGENT" and entry.changes["regime"].after == "general"
    (view,) = change_requests.requests_of_family(family.family_id)
    assert (view.status, view.was_edited, view.decided_by) == (ChangeStatus.ACCEPTED, False, "Camille AGENT")


def test_nobody_decides_on_the_other_home_of_their_child(agent: int) -> None:
    own, other = make_family(user_id=agent), make_family()
    child = make_child(own)
    with write_transaction() as session:
        session.add(FamilyChild(family_id=other.family_id, child_id=child))
    request_id = ask_change(other, regime="general", fund_number="123456")
    with pytest.raises(OwnFamily):
        accept(request_id, agent)
    with pytest.raises(OwnFamily), write_transaction() as session:
        changes.save_as_staff(
            session, other.family_id, agent, FileKind.CUSTODY, child, {}, {"arrangement": "one_parent"}, NOW.date()
        )


def test_address_that_signs_in_meanwhile_is_not_changed_by_an_older_request(agent: int) -> None:
    family = make_family()
    with write_transaction() as session:
        save_policies(session, {FileField.GUARDIAN_EMAIL: FieldPolicy.APPROVAL})
        guardian = guardians.add_guardian(session, family.family_id, factories.guardian_values("claire@example.org"))
    part = changes.part_of(family.family_id, FileKind.GUARDIAN, guardian)
    user_id = factories.make_user("claire@example.org")
    with write_transaction() as session:
        changes.save(
            session, family.family_id, family.user_id, FileKind.GUARDIAN, guardian, part.values,
            {**part.values, "email": "autre@example.org"},
        )  # fmt: skip
        session.get_one(Guardian, guardian).user_id = user_id
    request_id = db.session.scalars(select(ChangeRequest.id)).one()
    assert accept(request_id, agent) == {}
    assert db.session.get_one(Guardian, guardian).email == "claire@example.org"
    assert change_requests.requests_of_family(family.family_id)[0].was_edited


def test_refusal_and_correction_are_told_once_to_each_address(agent: int) -> None:
    family = make_family()
    with write_transaction() as session:
        session.add(
            Guardian(family_id=family.family_id, title="madam", last_name="T", first_name="S", email=family.email)
        )
    refused = ask_change(family)
    with write_transaction() as session:
        change_requests.refuse(session, refused, agent, "Il manque l’attestation.")
    edited = ask_change(family, regime="general")
    accept(edited, agent, shown={"regime": ""}, typed={"regime": "agricultural"})
    assert mails() == [("change_refused", family.email), ("change_edited", family.email)]
    assert "Il manque l’attestation." in db.session.scalars(select(OutboxMail.body)).all()[0]
    assert change_requests.requests_of_family(family.family_id)[0].was_edited


def test_address_holds_from_the_day_asked_or_the_day_that_the_staff_say(agent: int) -> None:
    for starts_on, wanted in ((None, factories.MONDAY), (date(2026, 11, 2), date(2026, 11, 2))):
        family = make_family()
        accept(ask_change(family, **MOVE), agent, starts_on=starts_on)
        found = select(FamilyAddress.starts_on).where(FamilyAddress.family_id == family.family_id)
        assert list(db.session.scalars(found.order_by(FamilyAddress.starts_on))) == [date(2026, 1, 1), wanted]


def test_what_moved_since_is_never_overwritten_unseen(agent: int) -> None:
    family = make_family()
    request_id = ask_change(family, regime="general")
    with write_transaction() as session:
        changes.save_as_staff(
            session, family.family_id, agent, FileKind.COORDINATES, family.family_id, {"regime": ""},
            {"regime": "other"}, factories.MONDAY,
        )  # fmt: skip
    assert accept(request_id, agent) != {} and status(request_id) is ChangeStatus.PENDING
    review = change_requests.review_of(request_id)
    moved = review.moved["regime"]
    assert (moved.shown, moved.stored, moved.typed) == ("", "other", "general")
    assert accept(request_id, agent, shown={"regime": ""}, typed={"regime": "general"}) != {}  # moved while open
    assert accept(request_id, agent, shown=review.stored, typed={"regime": "general"}) == {}
    assert db.session.get_one(Family, family.family_id).regime is Regime.GENERAL


def test_agent_accepts_what_was_read_and_nothing_newer(agent: int) -> None:
    family = make_family()
    request_id = ask_change(family, regime="general")
    assert ask_change(family, regime="agricultural") == request_id
    with pytest.raises(RequestChanged):
        accept(request_id, agent, 1)
    assert accept(request_id, agent, 2) == {}


def test_nobody_decides_on_their_own_family_or_twice(agent: int) -> None:
    own = make_family(user_id=agent)
    request_id = ask_change(own)
    with pytest.raises(OwnFamily):
        accept(request_id, agent)
    with pytest.raises(OwnFamily), write_transaction() as session:
        change_requests.refuse(session, request_id, agent, "non")
    with pytest.raises(OwnFamily), write_transaction() as session:
        changes.save_as_staff(
            session, own.family_id, agent, FileKind.COORDINATES, own.family_id, {}, {}, factories.MONDAY
        )
    other = make_staff(Role.FILE_CLERK)
    accept(request_id, other)
    with pytest.raises(AlreadyDecided):
        accept(request_id, other)
    with pytest.raises(NotFound):
        accept(999, other)
    stranger = make_family("AUTRE").family_id
    with pytest.raises(NotFound), write_transaction() as session:
        change_requests.withdraw(session, stranger, request_id)


def test_new_child_waits_with_its_namesakes_shown_to_the_staff_alone(agent: int) -> None:
    with write_transaction() as session:
        save_policies(session, {FileField.ADDED_CHILD: FieldPolicy.APPROVAL})
    known, family = make_family("MARTIN"), make_family()
    make_child(known, "Léa", date(2019, 5, 14), "Martin")
    typed = {"last_name": "LEA", "first_name": "Martin", "birth_date": "2019-05-14"}
    with write_transaction() as session:
        added = changes.add_person(
            session, family.family_id, family.user_id, FileKind.NEW_CHILD, typed, is_confirmed=False
        )
    assert added.is_asked and added.namesake is None
    (item,) = staff_queue.read_queue(agent, {ItemKind.CHANGE: EVERYWHERE}).items
    assert [like.family_id for like in item.lookalikes] == [known.family_id]
    accept(item.id, agent)
    child = db.session.scalars(select(Child).order_by(Child.id.desc())).first()
    assert child is not None and child.full_name == "Martin LEA"
    assert file_histories.history_of(family.family_id)[0].kind is FileKind.NEW_CHILD


def both_at_once(app: Flask, first: Callable[[], object], second: Callable[[], object]) -> list[str]:
    """Run two commands at the same moment; the names of what each raised, or « done »."""
    barrier, ends = threading.Barrier(2), []

    def run(command: Callable[[], object]) -> None:
        with app.app_context():
            barrier.wait()
            try:
                command()
                ends.append("done")
            except AlreadyDecided as error:
                ends.append(type(error).__name__)
            finally:
                db.session.remove()

    threads = [threading.Thread(target=run, args=[command]) for command in (first, second)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    return sorted(ends)


@pytest.mark.parametrize("rival", ["withdraws", "refuses", "accepts"])
def test_of_two_who_decide_at_once_exactly_one_wins(app: Flask, rival: str) -> None:
    family, agent, colleague = make_family(), make_staff(Role.FILE_CLERK), make_staff(Role.FILE_CLERK)
    request_id = ask_change(family, regime="general")
    db.session.rollback()

    def rivals() -> None:
        with write_transaction() as session:
            if rival == "withdraws":
                change_requests.withdraw(session, family.family_id, request_id)
            elif rival == "refuses":
                change_requests.refuse(session, request_id, colleague, "non")
            else:
                change_requests.accept(session, request_id, colleague, 1)

    assert both_at_once(app, lambda: accept(request_id, agent), rivals) == ["AlreadyDecided", "done"]
    is_stored = db.session.get_one(Family, family.family_id).regime is Regime.GENERAL
    assert is_stored == (status(request_id) is ChangeStatus.ACCEPTED)
    assert len(mails()) <= 1 and len(file_histories.history_of(family.family_id)) == int(is_stored)


def test_two_homes_that_correct_their_child_at_once_see_each_other(app: Flask) -> None:
    mother, father = make_family(), make_family("AUTRE")
    child = make_child(mother, "Léa")
    factories.share_child(child, father)
    conflicts: list[object] = []

    def correct(family: factories.FamilySetup, first_name: str) -> None:
        with write_transaction() as session:
            saved = changes.save(
                session, family.family_id, family.user_id, FileKind.CHILD, child, {"first_name": "Léa"},
                {"first_name": first_name},
            )  # fmt: skip
            conflicts.extend(saved.conflicts.values())

    db.session.rollback()
    ends = both_at_once(app, lambda: correct(mother, "Léo"), lambda: correct(father, "Lou"))
    assert ends == ["done", "done"] and len(conflicts) == 1


def test_two_parents_who_ask_at_once_make_one_request(app: Flask) -> None:
    family = make_family()
    shown = changes.part_of(family.family_id, FileKind.COORDINATES, family.family_id).values
    db.session.rollback()

    def ask(**typed: str) -> None:
        with write_transaction() as session:
            changes.save(
                session, family.family_id, family.user_id, FileKind.COORDINATES, family.family_id, shown, typed
            )

    assert both_at_once(app, lambda: ask(regime="other"), lambda: ask(fund_number="123")) == ["done", "done"]
    (request,) = db.session.scalars(select(ChangeRequest))
    assert set(file_histories.read_changes(request.body)) == {"regime", "fund_number"} and request.version == 2
