"""Every route once on each database, by whoever may: the other tests of pages run on SQLite (see conftest.py)."""

from __future__ import annotations

from urllib.parse import urlsplit

import pytest
from flask import Flask

from app.rules.capabilities import Role
from tests.client import Answer, Client
from tests.conftest import TestBed, running
from tests.routes import ROUTES, Door, Route, World, make_world

# Where it stands in the order matters: afterwards, nobody is signed in.
LAST = ("public.sign_in.sign_out_user",)

# What a page asks of the database when it is told what to look for.
SEARCHES = {
    "staff.families.search": "?q=te",
    "staff.day.show": "?jour=2026-11-25",
    "staff.mails.show": "?page=1",
    "staff.payments.show": "?page=1",
    "family.bookings.show_week": "?jour=2026-11-25",
    "family.invoices.show": "?soldees=1",
    "family.history.show": "?periode=mois",
    "public.communes.suggest": "?cp=80110",
}

Answers = dict[str, tuple[int, str]]


def browsers_of(app: Flask, world: World) -> dict[Door, Client]:
    """A browser for each door, with a page open whose token it sends."""
    browsers = {door: Client(app) for door in Door}
    browsers[Door.FAMILY].sign_in(world.parent_id)
    browsers[Door.STAFF].sign_in(world.staff[Role.ADMINISTRATOR])
    return browsers


def answers_of(app: Flask, method: str) -> Answers:
    """What each route of this method answers: its status, and the heading of the page or where it leads."""
    world = make_world(app)
    browsers = browsers_of(app, world)
    answers: Answers = {}
    routes = [(endpoint, route) for endpoint, route in ROUTES.items() if route.method == method]
    for endpoint, route in sorted(routes, key=lambda pair: pair[0] in LAST):
        answer = ask(browsers[route.door], route, world.address(endpoint))
        answers[endpoint] = (answer.status, urlsplit(answer.location).path or answer.heading)
        if method == "GET" and endpoint in SEARCHES:
            found = ask(browsers[route.door], route, world.address(endpoint) + SEARCHES[endpoint])
            answers[f"{endpoint}, searching"] = (found.status, found.heading)
    return answers


def ask(browser: Client, route: Route, path: str) -> Answer:
    if route.method == "GET":
        return browser.get_any(path, htmx=not route.is_page)
    # To sign in, or the page of somebody who is: either holds a form with the token.
    page = browser.get("/connexion", follow=True)
    token = next(field.get("value") for field in page.all("input", name="csrf_token"))
    return browser.post_any(path, {**route.sends, "csrf_token": token or ""})


@pytest.mark.postgres
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_every_route_answers_alike_on_both_databases(sqlite_bed: TestBed, postgres_bed: TestBed, method: str) -> None:
    answers = []
    for bed in (sqlite_bed, postgres_bed):
        with running(bed) as app:
            answers.append(answers_of(app, method))
    on_sqlite, on_postgresql = answers
    assert on_postgresql == on_sqlite
    failed = {endpoint: told for endpoint, told in on_sqlite.items() if told[0] >= 500}
    assert not failed or failed.keys() == {"public.health.show"}, failed
    if method == "POST":  # they do something: most forms are sent as they should be filled in
        done = [endpoint for endpoint, (status, _) in on_sqlite.items() if status in (200, 303)]
        assert len(done) > len(on_sqlite) / 3, on_sqlite


def test_a_page_that_htmx_swaps_in_sends_its_menu_elsewhere_and_nothing_else(sqlite_app: Flask, world: World) -> None:
    browsers = browsers_of(sqlite_app, world)
    seen = 0
    for endpoint, route in ROUTES.items():
        if route.method != "GET" or not route.is_page or route.door is Door.PUBLIC:
            continue
        answer = browsers[route.door].get_any(world.address(endpoint), htmx=True)
        if answer.status == 200 and answer.text:
            elsewhere = [part.get("id") for part in answer.root.iter() if part.get("data-hx-swap-oob")]
            assert elsewhere in (["sections"], []), endpoint  # two-page papers have no menu
            seen += bool(elsewhere)
    assert seen > 50
