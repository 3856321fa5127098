"""« Mise en route »: an empty council is led through what is missing, in order."""

from __future__ import annotations

from app.database import write_transaction
from app.models.activities import Office
from app.services.setup_steps import OPTIONAL_STEPS, SetupStep, setup_steps
from tests import factories
from tests.client import Client


def done() -> set[SetupStep]:
    return {each.step for each in setup_steps() if each.is_done}


def test_empty_settings_lead_to_what_is_missing(sqlite_client: Client) -> None:
    client = sqlite_client.sign_in(factories.make_staff())
    assert "8 étapes avant que les familles puissent réserver" in client.get("/gestion/reglages").text
    page = client.get("/gestion/reglages/mise-en-route")
    assert "/gestion/reglages/services/nouveau" in page.links() and len(page.queries) <= 12
    with write_transaction() as session:
        session.add(Office(prefix="pop", name="Enfance", payfip_number=None))
    page = client.get("/gestion/reglages/mise-en-route")
    assert "Un service qui facture fait" in page.text and "/gestion/reglages/services/nouveau" not in page.links()


def test_each_activity_is_asked_for_what_it_lacks(sqlite_client: Client) -> None:
    activity = factories.make_activity(places=None, notice=None, prices=())
    assert set(SetupStep) - done() == {SetupStep.PLACES, SetupStep.OPENINGS, SetupStep.DEADLINES}
    client = sqlite_client.sign_in(factories.make_staff())
    page = client.get("/gestion/reglages/mise-en-route")
    for path in ("places/nouveau", "ouvertures", "delais"):
        assert f"/gestion/reglages/{path}/{activity.id}" in page.links()
    factories.make_openings(activity, [factories.WEDNESDAY])
    assert set(SetupStep) - done() == OPTIONAL_STEPS
    assert "Rien ne manque" in client.get("/gestion/reglages/mise-en-route").text
    assert "avant que les familles" not in client.get("/gestion/reglages").text
