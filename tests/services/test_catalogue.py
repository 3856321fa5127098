"""The snapshot of settings: what a process keeps is never older than what is committed, and never somebody's draft."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from flask import Flask
from sqlalchemy import delete, insert, update
from sqlalchemy.orm import Session

from app.database import db, write_transaction
from app.models.activities import Season, Unit
from app.models.councils import Council
from app.services.catalogue import catalogue
from app.services.staff_accounts import describe_council
from tests.factories import WEDNESDAY, make_activity


def rename_through_the_object(session: Session) -> None:
    session.query(Unit).filter_by(name="Matin").one().name = "Aube"


def rename_in_bulk(session: Session) -> None:
    session.execute(update(Unit).where(Unit.name == "Matin").values(name="Aube"))


@pytest.mark.parametrize("rename", [rename_through_the_object, rename_in_bulk])
def test_a_changed_setting_is_seen_at_once_by_its_transaction_and_then_by_all(
    app: Flask, rename: Callable[[Session], None]
) -> None:
    make_activity()
    before = catalogue()
    with write_transaction() as session:
        rename(session)
        assert "Aube" in {unit.name for unit in catalogue().units.values()}
    after = catalogue()
    assert "Aube" in {unit.name for unit in after.units.values()}
    assert after.version > before.version


@pytest.mark.parametrize("rename", [rename_through_the_object, rename_in_bulk])
def test_a_setting_rolled_back_was_never_seen(app: Flask, rename: Callable[[Session], None]) -> None:
    make_activity()
    before = catalogue()
    with pytest.raises(RuntimeError), write_transaction() as session:
        rename(session)
        catalogue()
        raise RuntimeError
    assert catalogue() is before


@pytest.mark.parametrize(
    "change",
    [
        pytest.param(
            lambda session: session.execute(
                insert(Season), [{"name": "Une autre", "starts_on": WEDNESDAY, "ends_on": WEDNESDAY}]
            ),
            id="bulk insert",
        ),
        pytest.param(lambda session: session.execute(delete(Season).where(Season.name == "nobody")), id="bulk delete"),
        pytest.param(lambda session: describe_council(session, name="Autre nom"), id="the council's own row"),
        pytest.param(lambda session: setattr(session.get_one(Council, 1), "is_demo", True), id="the demo's mark"),
    ],
)
def test_every_way_of_writing_settings_moves_the_version(app: Flask, change: Callable[[Session], object]) -> None:
    before = catalogue().version
    with write_transaction() as session:
        change(session)
    assert catalogue().version > before


def test_writing_something_else_leaves_the_catalogue_alone(app: Flask) -> None:
    before = catalogue()
    with write_transaction() as session:
        describe_council(session, name=before.council.name)
    db.session.rollback()
    assert catalogue() is before
