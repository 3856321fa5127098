"""A preview asked for by its button, with JavaScript: the form stays on the page with all that was typed."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests import factories
from tests.browser import PHONE, OpenPage
from tests.served import DemoCopy, environment, served

pytestmark = pytest.mark.browser


def test_a_preview_by_its_button_keeps_the_form(sqlite_demo: Path, tmp_path: Path, open_page: OpenPage) -> None:
    shutil.copytree(sqlite_demo, tmp_path / "instance")
    copy = DemoCopy(tmp_path / "instance", None)
    with copy.people():
        activity_id = factories.make_planning().activity.id
        cookie = copy.cookie_of(factories.make_staff()).partition("=")[2]
    with served(environment(copy.instance), tmp_path / "served.log") as server:
        page = open_page(PHONE)
        page.context.add_cookies([{"name": "session", "value": cookie, "url": server.address}])

        page.goto(f"{server.address}/gestion/reglages/combinaisons/{activity_id}")
        line = page.locator("#combinations [name$=-kind]").count()  # the one that the button adds
        page.get_by_role("button", name="Ajouter une règle").click()
        kind, number = (page.locator(f"#combinations [name=line-{line}-{name}]") for name in ("kind", "number"))
        kind.select_option("at_most")
        page.get_by_role("button", name="Aperçu").click()
        expect(page.get_by_role("alert")).to_be_visible()  # the number is missing
        expect(kind).to_have_value("at_most")
        number.fill("1")
        for unit in range(2):
            page.locator(f"#combinations [name=line-{line}-units]").nth(unit).check()
        page.get_by_role("button", name="Aperçu").click()
        expect(page.get_by_role("alert")).to_have_count(0)
        expect(number).to_have_value("1")
        expect(page.locator("#combinations-preview")).to_contain_text("Au plus 1")

        page.goto(f"{server.address}/gestion/reglages/ouvertures/{activity_id}")
        page.get_by_role("checkbox", name="mercredi").check()
        with page.expect_response(lambda answer: answer.request.headers.get("hx-boosted") == "true"):
            page.locator("[name=starts_on]").press("Enter")  # what Enter asks for here is the preview, too
        expect(page.locator("h1:focus")).to_be_visible()  # the page has been swapped in
        expect(page.locator("#openings").get_by_role("checkbox", name="mercredi")).to_be_checked()
        assert page.url.endswith(
            f"/ouvertures/{activity_id}"
        )  # a reload shows the form: the preview's address has no page
    copy.close()
