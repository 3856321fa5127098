"""Migrations: an empty database becomes the one that the models describe, and a newer one is left alone."""

from __future__ import annotations

from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from flask import Flask
from sqlalchemy import inspect, text
from sqlalchemy.engine import make_url

from app import APP_FOLDER, create_app
from app.database import db
from app.services.installations import InstallationRefused
from app.start import migrate_database
from tests.conftest import make_config


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def empty_app(request, tmp_path):
    """An application on a database without any table."""
    url = f"sqlite:///{tmp_path / 'empty.sqlite3'}"
    if request.param == "postgresql":
        made = make_url(request.getfixturevalue("postgres_url")).set(drivername="postgresql+psycopg")
        url = made.render_as_string(hide_password=False)
    app = create_app(make_config(tmp_path, url))
    with app.app_context():
        yield app
        db.session.remove()
        db.engine.dispose()


def differences() -> list[object]:
    with db.engine.connect() as connection:
        return compare_metadata(MigrationContext.configure(connection, opts={"compare_type": True}), db.metadata)


def test_models_and_migrations_agree(empty_app: Flask) -> None:
    migrate_database()
    assert differences() == []


def test_the_index_on_active_bookings_is_partial_and_unique(empty_app: Flask) -> None:
    migrate_database()
    indexes = {index["name"]: index for index in inspect(db.engine).get_indexes("booking")}
    active = indexes["uq_booking_active"]
    assert active["unique"]
    (condition,) = (str(value) for name, value in active["dialect_options"].items() if name.endswith("_where"))
    assert "confirmed" in condition
    assert "cancelled" not in condition


def test_migrating_again_does_nothing(empty_app: Flask) -> None:
    migrate_database()
    before = inspect(db.engine).get_table_names()
    migrate_database()
    assert inspect(db.engine).get_table_names() == before


def test_foreign_keys_hold_again_afterwards(empty_app: Flask) -> None:
    migrate_database()
    if db.engine.dialect.name == "sqlite":
        with db.engine.connect() as connection:
            assert connection.exec_driver_sql("PRAGMA foreign_keys").scalar() == 1


def test_a_database_of_a_newer_version_is_refused_and_left_alone(empty_app: Flask) -> None:
    migrate_database()
    with db.engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(InstallationRefused, match="version plus récente"):
        migrate_database()
    with db.engine.connect() as connection:
        assert connection.scalar(text("SELECT version_num FROM alembic_version")) == "9999"


@pytest.mark.parametrize(
    "path", sorted((APP_FOLDER / "migrations" / "versions").glob("*.py")), ids=lambda path: path.stem
)
def test_a_revision_does_not_depend_on_todays_application(path: Path) -> None:
    assert "import app" not in path.read_text(encoding="utf-8")
    assert "from app" not in path.read_text(encoding="utf-8")
