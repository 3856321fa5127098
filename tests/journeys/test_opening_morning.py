"""The moment at which bookings open: who waits on the page sees it open by itself, and loses no tick."""

from __future__ import annotations

import re
import shutil
from datetime import date, datetime, time, timedelta
from pathlib import Path

import pytest
from playwright.sync_api import expect

from app.rules.deadlines import Deadline, FixedMoment
from tests import factories
from tests.browser import PHONE, OpenPage, assert_nothing_is_cut_off, run_axe
from tests.served import DemoCopy, environment, served

pytestmark = pytest.mark.browser

OPENS = datetime(2026, 11, 24, 8, 30)


def test_the_planning_opens_by_itself_to_the_second_and_keeps_what_is_ticked(
    sqlite_demo: Path, tmp_path: Path, open_page: OpenPage
) -> None:
    shutil.copytree(sqlite_demo, tmp_path / "instance")
    copy = DemoCopy(tmp_path / "instance", None)
    with copy.people():
        planning = factories.make_planning()
        rushed = factories.make_activity("Sortie", places=5, needs={})
        factories.make_openings(rushed, [factories.WEDNESDAY])
        factories.set_notice(rushed, Deadline.OPENING, FixedMoment(date(2026, 11, 24), time(8, 30)))
        factories.enrol(planning.child_id, planning.family, rushed)
        cookie = copy.cookie_of(planning.family.user_id).partition("=")[2]
    page = open_page(PHONE)
    for margin in (12, 40, 90):  # seconds; a busy machine may take longer than the first to show the page
        began = OPENS - timedelta(seconds=margin)
        with served(environment(copy.instance, ESPACE_FAMILLE_NOW=began.isoformat()), tmp_path / "log") as server:
            page.context.add_cookies([{"name": "session", "value": cookie, "url": server.address}])
            page.goto(f"{server.address}/mes-reservations/{planning.child_id}?jour={factories.WEDNESDAY}")
            coming = page.locator("#coming")
            if not coming.count():
                continue
            expect(coming).to_contain_text(re.compile(r"Ouverture dans (1\smin\s)?\d+\ss\."))
            assert_nothing_is_cut_off(page)
            run_axe(page)
            kept = page.get_by_role("checkbox", name=re.compile("Après-midi, mercredi 25")).first
            page.locator("label.cell", has=kept).click()
            expect(page.locator("#booking-summary")).to_contain_text("1 ajout")
            boxes, address = page.locator("input[name=t]").count(), page.url
            expect(coming).to_have_count(0, timeout=(margin + 20) * 1000)
            assert page.locator("input[name=t]").count() > boxes
            expect(kept).to_be_checked()
            expect(page.locator("#booking-summary")).to_contain_text("1 ajout")
            assert page.url == address  # a reload shows the planning
            copy.close()
            return
    raise AssertionError("the page was never shown before the opening")
