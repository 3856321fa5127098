"""The same address, link or code from two browsers at the same instant: it counts once."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial

from flask import Flask
from pyotp import TOTP
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app import clock
from app.database import db, write_transaction
from app.models.accounts import SecondFactor, User, UserToken
from app.models.families import ConsentText, Family, Guardian, Title
from app.models.mails import OutboxMail
from app.rules.capabilities import Role
from app.rules.states import FamilyStatus
from app.services import claims, closings, email_changes, guardians, invitations, second_factors, staff_accounts
from app.services.errors import DomainError
from app.services.families import AddressInput, communes_of_postal_code
from app.services.links import request_password_reset
from app.services.sign_ups import SignUp, accept_sign_up, request_sign_up
from tests.factories import guardian_values, make_family, make_pending_family, make_staff, make_user


def at_once(app: Flask, *commands: Callable[[Session], object]) -> None:
    """Run each command in its own thread and transaction; all have begun before any goes on."""
    start = threading.Barrier(len(commands))

    def run(command: Callable[[Session], object]) -> None:
        with app.app_context():
            start.wait(timeout=10)
            with write_transaction() as session:
                command(session)

    with ThreadPoolExecutor(len(commands)) as threads:
        list(threads.map(run, commands))


def count(table: type[object]) -> int:
    db.session.rollback()
    return db.session.scalar(select(func.count()).select_from(table)) or 0


def test_two_sign_ups_at_once_are_one_request(app: Flask) -> None:
    (commune, *_others) = communes_of_postal_code("80110")
    text_id = db.session.scalars(select(ConsentText.id)).one()
    sign_up = SignUp(
        AddressInput("1", "", "rue des Tilleuls", "", commune),
        Title.MADAM, "NOUVEAU", "Alix", "alix@example.org", text_id,
    )  # fmt: skip
    at_once(app, *[lambda session: request_sign_up(session, sign_up)] * 6)
    assert count(Family) == 1


def test_two_agents_accepting_two_requests_of_one_address_make_one_account(app: Flask) -> None:
    agent_id = make_staff(Role.FILE_CLERK)
    one, other = (make_pending_family(email="twice@example.org") for _request in range(2))
    before = count(User)
    at_once(
        app,
        lambda session: accept_sign_up(session, one, agent_id),
        lambda session: accept_sign_up(session, other, agent_id),
    )
    assert count(User) == before + 1


def test_asking_twice_at_once_for_a_link_sends_one(app: Flask) -> None:
    family = make_family()
    at_once(app, *[lambda session: request_password_reset(session, family.email)] * 4)
    assert count(UserToken) == 1


# --- Changing the address, recovery codes, the last administrator, the last parent --------------------------------------


def outcomes(app: Flask, *commands: Callable[[Session], object]) -> list[str]:
    """Run them at once; for each, the name of the refusal or « done »."""
    said: list[str] = []

    def noting(command: Callable[[Session], object]) -> Callable[[Session], object]:
        def run(session: Session) -> None:
            try:
                command(session)
                session.flush()
            except DomainError as refusal:
                session.rollback()
                said.append(type(refusal).__name__)
            else:
                said.append("done")

        return run

    at_once(app, *(noting(command) for command in commands))
    return sorted(said)


def asked_change(user_id: int, email: str) -> str:
    """The secret of the link that confirms another address."""
    with write_transaction() as session:
        email_changes.request_email_change(session, user_id, email)
    return (
        db.session.scalars(
            select(OutboxMail.secret).where(OutboxMail.template == "email_change").order_by(OutboxMail.id.desc())
        ).first()
        or ""
    )


def test_an_address_confirmed_twice_at_once_changes_once(app: Flask) -> None:
    family = make_family()
    secret = asked_change(family.user_id, "new@example.org")
    confirm = partial(email_changes.confirm_email_change, secret=secret, session_id=None)
    assert outcomes(app, *[lambda session: confirm(session)] * 3) == ["LinkExpired", "LinkExpired", "done"]
    db.session.rollback()
    told = db.session.scalars(select(OutboxMail).where(OutboxMail.template == "email_changed")).all()
    assert len(told) == 1


def test_two_accounts_that_want_one_address_at_once_do_not_both_get_it(app: Flask) -> None:
    one, other = make_family("UN"), make_family("DEUX")
    first, second = (asked_change(family.user_id, "new@example.org") for family in (one, other))
    agent_id = make_staff(Role.FILE_CLERK)
    pending = make_pending_family(email="new@example.org")
    said = outcomes(
        app,
        lambda session: email_changes.confirm_email_change(session, first, None),
        lambda session: email_changes.confirm_email_change(session, second, None),
        lambda session: accept_sign_up(session, pending, agent_id),
    )
    # A sign-up of an address that has a login gets that login.
    assert said == ["EmailTaken", "EmailTaken", "done"] or said == ["EmailTaken", "done", "done"]
    db.session.rollback()
    assert len(db.session.scalars(select(User.id).where(User.email == "new@example.org")).all()) == 1


def test_a_recovery_code_used_twice_at_once_serves_once(app: Flask) -> None:
    agent_id = make_staff()
    with write_transaction() as session:
        second_factors.begin_set_up(session, agent_id)
        session.flush()
        secret = session.get_one(SecondFactor, agent_id).secret
        codes = second_factors.finish_set_up(session, agent_id, TOTP(secret).at(clock.now()))
    use = [lambda session: second_factors.use_code(session, agent_id, codes[0])] * 4
    assert outcomes(app, *use) == ["WrongCode", "WrongCode", "WrongCode", "done"]


def test_two_administrators_who_take_each_other_off_leave_one(app: Flask) -> None:
    one, other = make_staff(), make_staff()
    said = outcomes(
        app,
        lambda session: staff_accounts.deactivate(session, one, other),
        lambda session: staff_accounts.deactivate(session, other, one),
    )
    assert said == ["LastAdministrator", "done"]


def test_two_parents_who_leave_at_once_close_the_file(app: Flask) -> None:
    family = make_family()
    other_id = make_user("autre@example.org")
    with write_transaction() as session:
        guardian_id = guardians.add_guardian(session, family.family_id, guardian_values("autre@example.org"))
        session.get_one(Guardian, guardian_id).user_id = other_id
    said = outcomes(
        app,
        lambda session: closings.close_account(session, family.user_id),
        lambda session: closings.close_account(session, other_id),
    )
    assert said == ["done", "done"]
    db.session.rollback()
    assert db.session.get_one(Family, family.family_id).status is FamilyStatus.CLOSED


def test_an_invitation_accepted_and_withdrawn_at_once_does_one_of_both(app: Flask) -> None:
    family = make_family()
    with write_transaction() as session:
        guardian_id = guardians.add_guardian(session, family.family_id, guardian_values("autre@example.org"))
        invitations.invite(session, family.family_id, guardian_id, family.user_id)
    secret = db.session.scalars(select(OutboxMail.secret).where(OutboxMail.template == "guardian_invited")).one() or ""
    said = outcomes(
        app,
        lambda session: invitations.accept_with_password(session, secret, "hash"),
        lambda session: invitations.accept_with_password(session, secret, "hash"),
        lambda session: invitations.withdraw(session, family.family_id, guardian_id),
    )
    db.session.rollback()
    joined = db.session.get_one(Guardian, guardian_id).user_id is not None
    assert said == (["LinkExpired", "NotFound", "done"] if joined else ["LinkExpired", "LinkExpired", "done"])


def test_an_invitation_and_a_claim_code_used_at_once_give_one_login(app: Flask) -> None:
    family, agent_id = make_family(), make_staff(Role.FILE_CLERK)
    with write_transaction() as session:
        guardian_id = guardians.add_guardian(session, family.family_id, guardian_values("autre@example.org"))
        invitations.invite(session, family.family_id, guardian_id, family.user_id)
        claims.issue_code(session, family.family_id, guardian_id, agent_id, "hash of a code")
        text_id = session.scalars(select(ConsentText.id)).one()
    secret = db.session.scalars(select(OutboxMail.secret).where(OutboxMail.template == "guardian_invited")).one() or ""
    said = outcomes(
        app,
        lambda session: invitations.accept_with_password(session, secret, "hash"),
        lambda session: claims.claim(session, "hash of a code", "encore@example.org", text_id),
    )
    assert said == ["LinkExpired", "done"]
