"""The same address from two browsers at the same instant: one request, one account, one link."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from flask import Flask
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.database import db, write_transaction
from app.models.accounts import User, UserToken
from app.models.families import ConsentText, Family, Title
from app.rules.capabilities import Role
from app.services.families import AddressInput, communes_of_postal_code
from app.services.links import request_password_reset
from app.services.sign_ups import SignUp, accept_sign_up, request_sign_up
from tests.factories import make_family, make_pending_family, make_staff


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
