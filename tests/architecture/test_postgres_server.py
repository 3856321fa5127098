"""The throw-away PostgreSQL server of the tests does what tests/postgres.py says."""

import psycopg
import pytest

from tests.postgres import PostgresServer

pytestmark = pytest.mark.postgres


def test_database_is_fresh_and_empty_each_time(postgres_server: PostgresServer):
    for _ in range(2):
        with postgres_server.fresh_database() as url, psycopg.connect(url) as connection:
            connection.execute("CREATE TABLE only_here (id integer)")
    with pytest.raises(psycopg.OperationalError, match="does not exist"):
        psycopg.connect(url)


def test_copy_of_a_template_holds_its_rows_and_leaves_it_alone(postgres_server: PostgresServer):
    def fill(url: str) -> None:
        with psycopg.connect(url) as connection:
            connection.execute("CREATE TABLE thing AS SELECT 1 AS id")

    template = postgres_server.make_template("with_a_thing", fill)
    for _ in range(2):
        with postgres_server.fresh_database(template) as url, psycopg.connect(url) as connection:
            connection.execute("INSERT INTO thing VALUES (2)")
            assert connection.execute("SELECT count(*) FROM thing").fetchone() == (2,)


def test_database_with_a_forgotten_connection_is_dropped_all_the_same(postgres_server: PostgresServer):
    with postgres_server.fresh_database() as url:
        forgotten = psycopg.connect(url)
    with pytest.raises(psycopg.OperationalError):
        forgotten.execute("SELECT 1")
    forgotten.close()


def test_server_sorts_and_stores_utf8_and_keeps_time_in_utc(postgres_url: str):
    with psycopg.connect(postgres_url) as connection:
        assert connection.execute("SHOW server_encoding").fetchone() == ("UTF8",)
        assert connection.execute("SHOW timezone").fetchone() == ("UTC",)
