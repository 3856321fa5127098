"""The draft of a grid: each part on its form, what is wrong said beside it, and nothing paid by it before its day."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from app.database import db
from app.models.activities import TariffVersion
from app.rules.capabilities import Role
from app.rules.tariff_grids import Grid
from tests import factories
from tests.client import Client

TARIFFS = "/gestion/tarifs"


@pytest.fixture
def regie(sqlite_client: Client) -> Client:
    return sqlite_client.sign_in(factories.make_staff(Role.REGISSEUR))


def grid_of(draft_id: int) -> Grid:
    db.session.rollback()
    return db.session.get_one(TariffVersion, draft_id).grid


def open_draft(regie: Client) -> int:
    """From the version in force, as its page offers it."""
    version_id = db.session.scalars(select(TariffVersion.id).order_by(TariffVersion.id)).first()
    regie.get(f"{TARIFFS}/{version_id}")
    page = next(form for form in regie.page.root.iter("form") if "/brouillon" in (form.get("action") or ""))  # type: ignore[union-attr]
    answer = regie.submit((page.get("action") or "").split("?")[0])
    return int(answer.path.split("/")[-1].split("?")[0].split("#")[0])


def test_draft_begins_with_the_version_and_is_published(regie: Client) -> None:
    factories.make_activity()
    draft_id = open_draft(regie)
    page = regie.get(f"{TARIFFS}/brouillons/{draft_id}")
    assert "Prix des prestations" in page.text
    assert len(page.queries) <= 12
