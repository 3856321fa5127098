"""Dump a small demo of the present version as SQL text: what the next versions must be able to upgrade.

    python -m tests.database.make_dump 0001        # in the checkout of that version, before the next migration

Run once per released version; the dumps are committed, and never made anew.
"""

from __future__ import annotations

import re
import sqlite3
import subprocess
import sys
import tempfile
from pathlib import Path

from flask import Flask
from sqlalchemy import insert, select, text
from sqlalchemy.engine import make_url

from app import clock, create_app
from app.crypto import cipher
from app.database import Base, db, write_transaction
from app.demo.council import build_demo
from app.services.catalogue import forget_catalogue
from app.services.installations import install_data_key, make_council
from app.services.reference_data import refresh_reference_data
from app.start import migrate_database
from tests.conftest import DATA_KEY, make_config
from tests.factories import NOW
from tests.postgres import running_server, server_binaries

FAMILIES_KEPT = "('TEST', 'DUBOIS', 'MOREAU')"

# What is left of the demo: three families with their bookings, and only what these refer to.
_TRIM = f"""
DELETE FROM booking_event WHERE booking_id IN (SELECT booking.id FROM booking JOIN family ON family.id = family_id
    WHERE last_name NOT IN {FAMILIES_KEPT});
DELETE FROM booking WHERE family_id NOT IN (SELECT id FROM family WHERE last_name IN {FAMILIES_KEPT});
DELETE FROM enrolment WHERE family_id NOT IN (SELECT id FROM family WHERE last_name IN {FAMILIES_KEPT});
DELETE FROM capacity_counter WHERE day NOT IN (SELECT day FROM booking);
DELETE FROM opening WHERE id NOT IN (SELECT opening_id FROM booking);
DELETE FROM save_receipt;
DELETE FROM outbox_mail WHERE id > 5;
DELETE FROM commune_postal_code WHERE insee_code NOT IN (SELECT insee_code FROM family_address);
DELETE FROM commune WHERE insee_code NOT IN (SELECT insee_code FROM family_address);
"""
_RECOUNT = """
UPDATE capacity_counter SET taken = (
    SELECT count(DISTINCT booking.child_id) FROM booking JOIN opening ON opening.id = booking.opening_id
    WHERE opening.day = capacity_counter.day
    AND booking.status IN ('requested', 'confirmed', 'offered', 'awaiting_payment')
    AND opening.unit_id IN (SELECT unit_id FROM capacity_scope_unit s WHERE s.scope_id = capacity_counter.scope_id)
    AND opening.group_id IN (SELECT group_id FROM capacity_scope_group s WHERE s.scope_id = capacity_counter.scope_id)
)
"""


def build(app: Flask) -> None:
    """A demo, trimmed."""
    clock.start_at(NOW, frozen=True)
    with app.app_context():
        migrate_database()
        with write_transaction() as session:
            make_council(session)
            install_data_key(session, DATA_KEY, app.config["PORTAL"].data_key_file)
            refresh_reference_data(session)
            build_demo(session)
            for statement in (*filter(str.strip, _TRIM.split(";")), _RECOUNT):
                session.execute(text(statement))
        db.session.remove()
        db.engine.dispose()
        forget_catalogue()


def dump_sqlite(path: Path) -> str:
    """The whole database as SQL."""
    connection = sqlite3.connect(path)
    connection.execute("VACUUM")
    lines = [line for line in connection.iterdump() if "sqlite_sequence" not in line]
    connection.close()
    return "\n".join(["PRAGMA foreign_keys=OFF;", *lines]) + "\n"


def copy_rows(source: Flask, target: Flask) -> None:
    """All rows of a SQLite database into a PostgreSQL one that has the same tables."""
    with source.app_context():
        rows = {
            table.name: [dict(row) for row in db.session.execute(select(table)).mappings()]
            for table in Base.metadata.sorted_tables
        }
        db.session.remove()
    with target.app_context():
        migrate_database()
        with db.engine.begin() as connection:
            for table in Base.metadata.sorted_tables:
                if rows[table.name]:
                    connection.execute(insert(table), rows[table.name])
                if "id" in table.columns and table.name not in ("council", "installation"):
                    connection.execute(
                        text(
                            f"SELECT setval(pg_get_serial_sequence('{table.name}', 'id'), "
                            f"(SELECT coalesce(max(id), 0) + 1 FROM {table.name}), false)"
                        )
                    )
        db.engine.dispose()


def dump_postgres(binaries: Path, url: str) -> str:
    """The whole database as SQL that any connection can run: without psql's own commands."""
    done = subprocess.run(
        [binaries / "pg_dump", "--inserts", "--rows-per-insert=200", "--no-owner", "--no-privileges", "--no-comments", url],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    kept = (line for line in done.stdout.splitlines() if line and not re.match(r"--|\\|SET transaction_timeout", line))
    return "\n".join(kept) + "\n"


def main(version: str) -> None:
    """Write both dumps beside this file."""
    here = Path(__file__).resolve().parent
    cipher.use_key(DATA_KEY)
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        source = create_app(make_config(home, f"sqlite:///{home / 'demo.sqlite3'}"))
        build(source)
        (here / "data" / f"version-{version}.sqlite.sql").write_text(
            dump_sqlite(home / "demo.sqlite3"), encoding="utf-8"
        )
        binaries = server_binaries()
        assert binaries is not None
        with running_server(binaries) as server, server.fresh_database() as url:
            engine_url = make_url(url).set(drivername="postgresql+psycopg").render_as_string(hide_password=False)
            copy_rows(source, create_app(make_config(home, engine_url)))
            (here / "data" / f"version-{version}.postgresql.sql").write_text(
                dump_postgres(binaries, url), encoding="utf-8"
            )


if __name__ == "__main__":
    main(sys.argv[1])
