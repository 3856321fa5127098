"""What the staff print: the page's own table on A4, without what is only pressed or chosen."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests import factories
from tests.browser import DESKTOP, OpenPage
from tests.served import DemoCopy, environment, served

pytestmark = pytest.mark.browser

A4 = {"width": 718, "height": 1_000}  # between margins of a centimetre, in pixels
PRINTED = (
    "/gestion/planning?jour={day}", "/gestion/repas?jour={day}", "/gestion/fiches/securite?jour={day}",
    "/gestion/familles/{family_id}/releve", "/gestion/regie/releve", "/gestion/encaissements", "/gestion/facturation",
    "/gestion/presences",
)  # fmt: skip


def test_paper_shows_the_table_and_no_control(sqlite_demo: Path, tmp_path: Path, open_page: OpenPage) -> None:
    shutil.copytree(sqlite_demo, tmp_path / "instance")
    copy = DemoCopy(tmp_path / "instance", None)
    with copy.people():
        planning = factories.make_planning()
        opening = planning.opening(factories.NEXT_WEDNESDAY, "Matin")
        factories.save(planning.family, planning.child_id, book=[opening])
        cookie = copy.cookie_of(factories.make_staff()).partition("=")[2]
    with served(environment(copy.instance), tmp_path / "served.log") as server:
        page = open_page(DESKTOP)
        page.context.add_cookies([{"name": "session", "value": cookie, "url": server.address}])
        page.set_viewport_size(A4)
        page.emulate_media(media="print")
        for path in PRINTED:
            known = {"day": factories.NEXT_WEDNESDAY, "family_id": planning.family.family_id}
            page.goto(server.address + path.format(**known))
            expect(page.locator("h1")).to_be_visible()
            for control in ("#sections", "main nav", "main button", "main .button", "main select", "main [type=date]"):
                for each in page.locator(control).all():
                    expect(each, path).to_be_hidden()
            for head in page.locator("main table.list > thead, main table.presences > thead").all():
                assert head.evaluate("head => getComputedStyle(head).display") == "table-header-group", path
            wide = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
            assert wide <= 0, f"{path} is wider than the paper by {wide} pixels"
    copy.close()
