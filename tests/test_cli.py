"""The commands of the council's IT."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from click.testing import Result
from flask import Flask
from sqlalchemy import select

from app import clock, create_app
from app.database import db, write_transaction
from app.integrations.communes import read_communes
from app.models.accounts import StaffRole, User
from app.models.bookings import BookingEvent, CapacityCounter
from app.models.councils import Council
from app.models.mails import MailStatus
from app.models.reference_data import SchoolHoliday
from app.rules.capabilities import Role
from app.services import reference_data, sign_ups
from app.services.credentials import password_matches
from app.services.installations import is_demo
from app.services.mails import queue_mail
from tests.conftest import make_config

PASSWORD = "quatre-tortues-violettes"

Run = Callable[..., Result]


@pytest.fixture
def portal(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Flask:
    """An application whose database does not exist yet."""
    whole = read_communes()
    few = replace(whole, communes=tuple(c for c in whole.communes if c.insee_code.startswith("80")))
    monkeypatch.setattr(reference_data, "read_communes", lambda: few)
    return create_app(make_config(tmp_path, f"sqlite:///{tmp_path / 'portal.sqlite3'}"))


@pytest.fixture
def run(portal: Flask) -> Run:
    return lambda *words, typed="": portal.test_cli_runner().invoke(args=list(words), input=typed)


def create_admin(run: Run, *more: str, email: str = "admin@example.org", password: str = PASSWORD) -> Result:
    return run(
        "create-admin", "--email", email, "--name", "Anne Martin", "--password-stdin", *more, typed=f"{password}\n"
    )


def test_the_first_administrator_of_a_new_installation(portal, run):
    done = create_admin(run, "--council", "CC des Essais", "--zone", "C", "--council-email", "accueil@example.org")
    assert (done.exit_code, "admin@example.org" in done.output) == (0, True)
    with portal.app_context():
        user = db.session.scalars(select(User)).one()
        assert password_matches(user.password_hash, PASSWORD)
        assert db.session.scalars(select(StaffRole.role)).all() == [Role.ADMINISTRATOR]
        council = db.session.get_one(Council, 1)
        assert (council.name, council.school_zone, council.email) == ("CC des Essais", "C", "accueil@example.org")
        assert set(db.session.scalars(select(SchoolHoliday.zone))) == {"C"}
        assert not is_demo(db.session())
        consent = sign_ups.current_consent_text()
        assert consent is not None and "CC des Essais" in consent.body  # families can sign up at once


def test_the_password_is_asked_for_twice_and_never_shown(portal, run):
    typed = f"{PASSWORD}\n{PASSWORD}\n"
    done = run("create-admin", "--email", "admin@example.org", "--name", "Anne Martin", typed=typed)
    assert done.exit_code == 0
    assert PASSWORD not in done.output


@pytest.mark.parametrize(
    ("password", "email", "said"),
    [
        ("court", "admin@example.org", "12 caractères"),
        ("anne-martin-2026", "admin@example.org", "Mot de passe refusé"),
        (PASSWORD, "admin", "pas une adresse"),
    ],
)
def test_a_weak_password_or_a_wrong_address_creates_nothing(portal, run, password, email, said):
    done = create_admin(run, email=email, password=password)
    assert done.exit_code == 1
    assert said in done.output
    assert password not in done.output
    assert not (Path(portal.instance_path) / "portal.sqlite3").exists()


def test_an_address_that_has_an_account_is_refused(run):
    assert create_admin(run).exit_code == 0
    again = create_admin(run, email="Admin@Example.org")
    assert again.exit_code == 1
    assert "a déjà un compte" in again.output


def test_reference_data_are_refreshed_and_counted(run):
    done = run("refresh-reference-data")
    assert done.exit_code == 0
    assert "Communes : " in done.output
    assert "zone B" in done.output


def test_the_demo_is_built_on_demand_into_an_empty_database_only(portal, run):
    assert run("demo", "build", "--families", "2").exit_code == 0
    with portal.app_context():
        assert is_demo(db.session())
        assert db.session.scalar(select(User.id).where(User.email == "parent0002@example.org")) is not None
    refused = run("demo", "build")
    assert refused.exit_code == 1
    assert "n’est pas vide" in refused.output


def test_the_checks_name_what_is_wrong_and_fail_and_tell_apart_what_the_staff_wanted(portal, run):
    assert run("demo", "build").exit_code == 0
    assert run("checks").output == "Tout s’accorde.\n"
    with portal.app_context(), write_transaction() as session:
        counter = session.scalars(select(CapacityCounter).where(CapacityCounter.taken > 0)).first()
        counter.places = counter.taken - 1
    failed = run("checks")
    assert failed.exit_code == 1 and "Anomalie : oversold, scope " in failed.output
    with portal.app_context(), write_transaction() as session:
        for event in session.scalars(select(BookingEvent)):
            event.beyond_places = True
    told = run("checks")
    assert told.exit_code == 0 and "Par décision du service : " in told.output


def test_a_purge_says_what_it_would_take_and_takes_it(portal, run):
    assert create_admin(run).exit_code == 0
    with portal.app_context(), write_transaction() as session:
        mail = queue_mail(session, "sign_up_known", "parent@example.org")
        mail.status, mail.created_at = MailStatus.SENT, clock.now() - timedelta(days=500)
    told = run("purge", "--dry-run")
    assert told.exit_code == 0 and "Courriels : 1, du " in told.output and "parent@example.org" not in told.output
    assert "Courriels : 1\n" in run("purge").output
    assert "Courriels : 0\n" in run("purge").output
