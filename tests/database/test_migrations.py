"""Migrations: an empty database becomes the one that the models describe, and a newer one is left alone."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import date, time
from pathlib import Path
from typing import Any

import flask_migrate
import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from flask import Flask
from sqlalchemy import inspect, select, text
from sqlalchemy.engine import make_url

from app import APP_FOLDER, clock, create_app
from app.crypto import cipher
from app.database import db, write_transaction
from app.models.accounts import User
from app.models.activities import Activity, ActivityNoticeRule, Office, TariffVersion
from app.models.bookings import Booking
from app.models.families import Family
from app.models.invoices import Invoice
from app.rules.combinations import Requirement, WeekCount
from app.rules.deadlines import Counted, Days, DaysBefore, Deadline, HoursBefore, WeekdayBefore, simple_rule
from app.rules.tariff_grids import Table
from app.services.catalogue import forget_catalogue
from app.services.checks import find_inconsistencies
from app.services.installations import InstallationRefused
from app.start import migrate_database
from tests.conftest import DATA_KEY, make_config
from tests.factories import NOW, issue_run

DUMPS = Path(__file__).resolve().parent / "data"
VERSIONS = sorted({path.name.split(".")[0].removeprefix("version-") for path in DUMPS.glob("version-*.sql")})


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


def load_dump(version: str) -> dict[str, int]:
    """Make the empty database one of an earlier version, with data in it; how many rows each table has."""
    dialect = db.engine.dialect.name
    statements = (DUMPS / f"version-{version}.{dialect}.sql").read_text(encoding="utf-8")
    raw = db.engine.raw_connection()
    try:
        driver: Any = raw.driver_connection
        if dialect == "sqlite":
            driver.executescript(statements)
        else:
            driver.execute(statements)
            raw.commit()
    finally:
        raw.detach()  # a dump changes settings of its connection
        raw.close()
    return count_rows()


def count_rows() -> dict[str, int]:
    with db.engine.connect() as connection:
        return {
            name: connection.scalar(text(f"SELECT count(*) FROM {name}")) or 0
            for name in inspect(db.engine).get_table_names()
        }


@pytest.fixture
def demo_data_key() -> Iterator[None]:
    cipher.use_key(DATA_KEY)
    clock.start_at(NOW, frozen=True)
    yield
    clock.follow_real_time()


@pytest.mark.parametrize("version", VERSIONS)
def test_an_earlier_version_is_upgraded_with_all_its_data(empty_app: Flask, demo_data_key: None, version: str) -> None:
    before = load_dump(version)
    assert before["booking"] > 100 and before["family"] > 10
    migrate_database()
    assert differences() == []
    after = count_rows()
    brackets = before.pop("tariff_bracket", None)  # they are in the versions' grids since 0007
    requirements = before.pop("combination_rule", None)  # in the activities since 0011
    before.pop("combination_rule_unit", None)
    assert {name: after[name] for name in before} == before
    if requirements is not None:
        kept = [rule for found in db.session.scalars(select(Activity.combinations)) for rule in found.rules]
        assert len(kept) == requirements > 0 and all(isinstance(rule, Requirement) for rule in kept)
    if brackets is not None:
        rates = [item.rate for grid in db.session.scalars(select(TariffVersion.grid)) for item in grid.items]
        assert sum(len(rate.values) for rate in rates if isinstance(rate, Table)) == brackets > 20
    forget_catalogue()
    assert find_inconsistencies(db.session()) == ()
    # Encrypted columns open, and the dated rows are those of the demo.
    family = db.session.scalars(select(Family).where(Family.last_name == "TEST")).one()
    assert family.fund_number == "123456"
    assert family.quotients[0].refused_at is None
    assert db.session.scalars(select(Booking.price_explanation).distinct()).all() == [""]


@pytest.mark.parametrize("version", VERSIONS)
def test_an_upgraded_council_can_invoice_what_was_booked_before(
    empty_app: Flask, demo_data_key: None, version: str
) -> None:
    load_dump(version)
    migrate_database()
    forget_catalogue()
    with write_transaction() as session:
        office_id = session.scalars(select(Office.id).where(Office.prefix == "pop")).one()
        user_id = session.scalars(select(User.id).where(User.email == "regie@example.org")).one()
    issue_run(office_id, date(2026, 11, 1), user_id, NOW.date(), NOW.date())
    assert db.session.scalars(select(Invoice.number).order_by(Invoice.id)).all()[0] == "pop-F261100001"
    assert find_inconsistencies(db.session()) == ()


def test_notice_rules_of_an_earlier_version_become_documents(empty_app: Flask, demo_data_key: None) -> None:
    load_dump("0001")
    with db.engine.begin() as connection:
        connection.execute(text("UPDATE activity_notice_rule SET kind = 'calendar_days_before' WHERE id = 2"))
        connection.execute(
            text("UPDATE activity_notice_rule SET kind = 'hours_before', count = 48, at = NULL WHERE id = 3")
        )
        connection.execute(text("UPDATE activity_notice_rule SET kind = 'weekday_before', weekday = 4 WHERE id = 4"))
    migrate_database()
    rows = db.session.scalars(select(ActivityNoticeRule).order_by(ActivityNoticeRule.id)).all()
    assert {(row.activity_id, row.deadline): row.rule for row in rows[:4]} == {
        (1, Deadline.BOOK): simple_rule(DaysBefore(2, time(12), Counted.WORKING)),
        (1, Deadline.CANCEL): simple_rule(DaysBefore(2, time(12))),
        (2, Deadline.BOOK): simple_rule(HoursBefore(48)),
        (2, Deadline.CANCEL): simple_rule(WeekdayBefore(1, 4, time(10))),
    }


def test_a_least_number_of_days_in_prices_becomes_a_rule_of_the_week(empty_app: Flask, demo_data_key: None) -> None:
    load_dump("0001")
    flask_migrate.upgrade(revision="0017")
    least = [{"is": "LeastDays", "units": ["unit-1", "week"], "days": 3}]
    with db.engine.begin() as connection:
        rows = connection.execute(
            text("SELECT id, grid FROM tariff_version WHERE activity_id = 1 ORDER BY starts_on")
        ).all()
        for id_, grid in rows[1:]:
            changed = json.dumps(json.loads(grid) | {"least_days": least})
            connection.execute(
                text("UPDATE tariff_version SET grid = :grid WHERE id = :id"), {"grid": changed, "id": id_}
            )
    migrate_database()
    versions = db.session.scalars(
        select(TariffVersion).where(TariffVersion.activity_id == 1).order_by(TariffVersion.starts_on)
    ).all()
    rules = db.session.get_one(Activity, 1).combinations.rules
    assert len(versions) > 1
    assert [rule for rule in rules if isinstance(rule, WeekCount)] == [
        WeekCount(Days(starts_on=versions[1].starts_on, units=frozenset({1})), 3)
    ]


def test_a_broken_reference_undoes_the_migration(empty_app: Flask, demo_data_key: None) -> None:
    if db.engine.dialect.name != "sqlite":
        return  # PostgreSQL keeps its foreign keys on all the time
    load_dump("0001")
    raw = db.engine.raw_connection()
    driver: Any = raw.driver_connection
    driver.execute("PRAGMA foreign_keys=OFF")
    driver.execute("DELETE FROM child WHERE id = (SELECT min(child_id) FROM booking)")
    raw.detach()
    raw.close()
    with pytest.raises(Exception) as refusal:
        migrate_database()
    assert type(refusal.value).__name__ == "BrokenReferences"
    with db.engine.connect() as connection:
        assert connection.scalar(text("SELECT version_num FROM alembic_version")) == "0001"
        assert "invoice" not in inspect(db.engine).get_table_names()
        assert connection.exec_driver_sql("PRAGMA foreign_keys").scalar() == 1


@pytest.mark.parametrize(
    "path", sorted((APP_FOLDER / "migrations" / "versions").glob("*.py")), ids=lambda path: path.stem
)
def test_a_revision_does_not_depend_on_todays_application(path: Path) -> None:
    assert "import app" not in path.read_text(encoding="utf-8")
    assert "from app" not in path.read_text(encoding="utf-8")
