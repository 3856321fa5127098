"""The tests of pages run on SQLite alone, unless TEST_DATABASES=all.

What their requests ask of a database runs on PostgreSQL as well in the tests of services and guarantees, and
test_every_route.py goes through all routes on both.
"""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest
from flask import Flask

from tests.conftest import TestBed, running

ALL = os.environ.get("TEST_DATABASES") == "all"


@pytest.fixture(params=["sqlite", *([pytest.param("postgresql", marks=pytest.mark.postgres)] if ALL else [])])
def app(request: pytest.FixtureRequest) -> Iterator[Flask]:
    """The application on a fresh database, its context open and its clock standing still."""
    bed: TestBed = request.getfixturevalue("sqlite_bed" if request.param == "sqlite" else "postgres_bed")
    with running(bed) as flask_app:
        yield flask_app
