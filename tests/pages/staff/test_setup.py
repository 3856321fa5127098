"""« Mise en route »: an empty council is led through what is missing, in order."""

from __future__ import annotations

from flask import Flask
from sqlalchemy import select

from app.database import db, write_transaction
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


def test_every_setting_is_found_from_the_one_page(sqlite_app: Flask) -> None:
    factories.make_activity()
    client = Client(sqlite_app)
    page = client.sign_in(factories.make_staff()).get("/gestion/reglages")
    office_id = db.session.scalars(select(Office.id)).one()
    adapter = sqlite_app.url_map.bind("localhost")
    wanted = {
        adapter.build(rule.endpoint)
        for rule in sqlite_app.url_map.iter_rules()
        if rule.endpoint.startswith("staff.settings.")
        and rule.endpoint.split(".")[-1].startswith(("show", "edit"))
        and not rule.arguments
        and "GET" in (rule.methods or set())
    } - {"/gestion/reglages", "/gestion/reglages/conservation/purge"}  # the page itself; from « Conservation »
    wanted |= {f"/gestion/reglages/regies/{office_id}", f"/gestion/relances/reglages/{office_id}", "/gestion/agents"}
    assert len(wanted) > 14 and not wanted - set(page.links())
    groups = [heading.get("id") for heading in page.all("h2") if heading.get("id")]
    assert len(groups) > 5 and all(f"#{group}" in page.body for group in groups)
    assert len(client.get("/gestion/reglages").queries) <= 12
