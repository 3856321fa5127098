"""Who may do what, by real requests over the whole map of addresses (tests/routes.py classifies them)."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import select, update

from app import clock
from app.database import Base, WriteRefused, db, forbid_writes, write_transaction
from app.models.accounts import StaffRole
from app.models.activities import Office
from app.models.families import Family, Guardian
from app.models.invoices import Invoice
from app.models.payments import Payment, PaymentBasket
from app.rules.capabilities import Capability, Role, capabilities_of
from app.rules.states import FamilyStatus
from tests import factories
from tests.client import Client
from tests.routes import ROUTES, Door, Route, World

READINGS = "health_access"
READING = ("staff.child_files.show_health", "staff.absences.show")  # the pages that write them

WRITING = re.compile(r'\s*(?:INSERT INTO|UPDATE|DELETE FROM) "?(\w+)', re.IGNORECASE)

Snapshot = dict[str, list[tuple[object, ...]]]


@pytest.fixture
def browser_of(sqlite_app: Flask) -> Callable[[int | None], Client]:
    """A new browser, signed in as somebody, with a page of theirs open so that there is a CSRF token to send."""

    def open_browser(user_id: int | None) -> Client:
        client = Client(sqlite_app)
        if user_id is None:
            client.get("/connexion")
        else:
            client.sign_in(user_id).get("/mentions-legales")
        return client

    return open_browser


def stored() -> Snapshot:
    """All rows of all tables."""
    db.session.rollback()
    tables = Base.metadata.sorted_tables
    return {table.name: sorted((tuple(row) for row in db.session.execute(select(table))), key=repr) for table in tables}


def changed(before: Snapshot) -> list[str]:
    after = stored()
    return [name for name in before if before[name] != after[name]]


def token_of(client: Client) -> str:
    assert client.page is not None
    field = next((e for e in client.page.all("input", name="csrf_token")), None)
    assert field is not None, f"no form on {client.page.path}"
    return field.get("value") or ""


def ask(client: Client, route: Route, path: str, *, with_token: bool = True, **options: object) -> tuple[int, str]:
    """Status and destination of a request; pages are checked on the way."""
    statuses = range(100, 600)
    if route.method == "GET":
        answer = client._ask("GET", path, status=None, htmx=not route.is_page, **options)  # type: ignore[arg-type]
    else:
        data = {**route.sends, **({"csrf_token": token_of(client)} if with_token else {})}
        answer = client._ask("POST", path, status=None, htmx=False, data=data, **options)  # type: ignore[arg-type]
    assert answer.status in statuses
    return answer.status, answer.location


def routes(*doors: Door, method: str | None = None) -> Iterator[tuple[str, Route]]:
    for endpoint, route in ROUTES.items():
        if route.door in doors and method in (None, route.method):
            yield endpoint, route


def test_every_route_is_classified(sqlite_app: Flask) -> None:
    real = {
        rule.endpoint: (
            (rule.methods or set()) - {"HEAD", "OPTIONS"},
            getattr(sqlite_app.view_functions[rule.endpoint], "capabilities", frozenset()),
        )
        for rule in sqlite_app.url_map.iter_rules()
    }
    assert sorted(real) == sorted(ROUTES), "a new route needs its line in tests/routes.py"
    for endpoint, route in ROUTES.items():
        methods, capabilities = real[endpoint]
        assert methods == {route.method}, endpoint
        if route.capabilities != frozenset(Capability):  # of every agent: their own account, their first section
            assert capabilities == route.capabilities, endpoint
        door = {"assets": Door.PUBLIC, "public": Door.PUBLIC, "family": Door.FAMILY, "staff": Door.STAFF}
        assert route.door is door[endpoint.split(".")[0]], endpoint
        assert (route.door is Door.STAFF) == (bool(route.capabilities)), endpoint


def test_nobody_is_sent_to_sign_in_and_back(world: World, browser_of: Callable[[int | None], Client]) -> None:
    client, before = browser_of(None), stored()
    problems = []
    for endpoint, route in routes(Door.FAMILY, Door.STAFF):
        path = world.address(endpoint)
        status, location = ask(client, route, path)
        wanted = f"/connexion?suite={path}" if route.method == "GET" else "/connexion"
        asks = status == 401 and route.sends  # sign-in on the spot, with what was typed inside
        if not asks and (status != 303 or not location.startswith(wanted)):
            problems.append(f"{endpoint}: {status} {location}")
    assert not problems and not changed(before), (problems, changed(before))


def test_public_pages_are_for_everybody(world: World, browser_of: Callable[[int | None], Client]) -> None:
    client = browser_of(None)
    for endpoint, route in routes(Door.PUBLIC, method="GET"):
        assert (endpoint, ask(client, route, world.address(endpoint))[0]) == (endpoint, route.answers)


def test_wrong_door_is_refused(world: World, browser_of: Callable[[int | None], Client]) -> None:
    before = None
    problems = []
    for user_id, door in ((world.parent_id, Door.STAFF), (world.staff[Role.ADMINISTRATOR], Door.FAMILY)):
        client = browser_of(user_id)
        before = stored()
        for endpoint, route in routes(door):
            status, _ = ask(client, route, world.address(endpoint))
            if status != 403:
                problems.append(f"{endpoint}: {status}")
        assert not changed(before)
    assert not problems


@pytest.mark.parametrize("role", Role)
def test_staff_pass_where_their_capabilities_allow(
    world: World, browser_of: Callable[[int | None], Client], role: Role
) -> None:
    """POSTs aim at things that do not exist: what answers 404 has let the role through."""
    client, before = browser_of(world.staff[role]), stored()
    problems = []
    for endpoint, route in routes(Door.STAFF):
        nowhere = {route.argument: 987_654} if route.argument and route.method == "POST" else {}
        status, _ = ask(client, route, world.address(endpoint, **nowhere))
        may = not route.capabilities.isdisjoint(capabilities_of([role]))
        wanted = (404 if nowhere else route.answers) if may else 403
        if status != wanted:
            problems.append(f"{endpoint}: {status}, not {wanted}")
    assert not problems and set(changed(before)) <= {READINGS}, (problems, changed(before))


def test_parent_passes_everywhere_on_their_side(world: World, browser_of: Callable[[int | None], Client]) -> None:
    client = browser_of(world.parent_id)
    for endpoint, route in routes(Door.FAMILY, method="GET"):
        assert (endpoint, ask(client, route, world.address(endpoint))[0]) == (endpoint, route.answers)


def test_another_familys_objects_are_not_found(world: World, browser_of: Callable[[int | None], Client]) -> None:
    client, before = browser_of(world.parent_id), stored()
    problems = []
    for endpoint, route in routes(Door.FAMILY):
        argument = route.argument or ""
        for foreign in (world.strangers_ids[argument], 987_654) if route.of_family else ():
            status, _ = ask(client, route, world.address(endpoint, **{argument: foreign}))
            if status != 404:
                problems.append(f"{endpoint} of {argument} {foreign}: {status}")
    assert not problems and not changed(before), (problems, changed(before))


def test_what_does_not_exist_is_not_found(world: World, browser_of: Callable[[int | None], Client]) -> None:
    client, before = browser_of(world.staff[Role.ADMINISTRATOR]), stored()
    problems = []
    for endpoint, route in routes(Door.STAFF):
        for unknown in (0, 987_654, 2**31, 10**30) if route.argument else ():
            status, _ = ask(
                client, route, world.address(endpoint, **{route.argument or "": 1}).replace("/1", f"/{unknown}")
            )
            # Where a page and its form share an address, a number that cannot be an id leads to no method (405).
            if status not in ((404,) if unknown < 2**31 else (404, 405)):
                problems.append(f"{endpoint} of {unknown}: {status}")
    assert not problems and not changed(before), (problems, changed(before))


def test_no_get_changes_anything(world: World, browser_of: Callable[[int | None], Client]) -> None:
    people = {
        Door.PUBLIC: browser_of(None),
        Door.FAMILY: browser_of(world.parent_id),
        Door.STAFF: browser_of(world.staff[Role.ADMINISTRATOR]),
    }
    before = stored()
    for door, client in people.items():
        for endpoint, route in routes(door, method="GET"):
            answer = client._ask("GET", world.address(endpoint), status=None, htmx=not route.is_page)
            written = {found[1] for statement in answer.queries if (found := WRITING.match(statement))}
            # The one thing that a GET may write: who of the staff read health data.
            assert written == ({READINGS} if endpoint in READING else set()), endpoint
    assert changed(before) == [READINGS]


def test_a_get_that_tries_to_write_is_stopped(sqlite_app: Flask) -> None:
    forbid_writes(True)
    try:
        with pytest.raises(WriteRefused), write_transaction():
            pass
    finally:
        forbid_writes(False)


def test_post_without_token_or_with_that_of_another_browser_is_refused(
    world: World, browser_of: Callable[[int | None], Client]
) -> None:
    stolen = token_of(browser_of(None))
    people = {
        Door.PUBLIC: browser_of(None),
        Door.FAMILY: browser_of(world.parent_id),
        Door.STAFF: browser_of(world.staff[Role.ADMINISTRATOR]),
    }
    before = stored()
    problems = []
    for door, client in people.items():
        for endpoint, route in routes(door, method="POST"):
            if route.is_from_payment_site:
                continue
            for forged in ({}, {"csrf_token": ""}, {"csrf_token": stolen}):
                answer = client.post(world.address(endpoint), {**route.sends, **forged}, status=400)
                if "restée ouverte trop longtemps" not in answer.text:
                    problems.append(f"{endpoint}: {answer.text[:100]}")
    assert not problems and not changed(before), (problems, changed(before))


def test_post_from_another_site_is_refused(world: World, browser_of: Callable[[int | None], Client]) -> None:
    client, before = browser_of(world.parent_id), stored()
    for site in ("cross-site", "same-site"):
        for endpoint, route in routes(Door.PUBLIC, Door.FAMILY, method="POST"):
            status, _ = ask(client, route, world.address(endpoint), headers={"Sec-Fetch-Site": site})
            assert (status == 403) is not route.is_from_payment_site, endpoint
    assert not changed(before)


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH"])
def test_other_methods_are_refused_with_a_page(
    world: World, browser_of: Callable[[int | None], Client], method: str
) -> None:
    client, before = browser_of(world.parent_id), stored()
    for endpoint, _route in routes(Door.PUBLIC, Door.FAMILY):
        answer = client._ask(method, world.address(endpoint), status=None, htmx=False)
        assert answer.status in (400, 405), endpoint  # 400: no CSRF token
    assert not changed(before)


def test_headers_of_every_page(world: World, browser_of: Callable[[int | None], Client]) -> None:
    people = {
        Door.PUBLIC: browser_of(None),
        Door.FAMILY: browser_of(world.parent_id),
        Door.STAFF: browser_of(world.staff[Role.ADMINISTRATOR]),
    }
    for door, client in people.items():
        for endpoint, route in routes(door, method="GET"):
            headers = client._ask("GET", world.address(endpoint), status=route.answers, htmx=not route.is_page).headers
            policy = headers["Content-Security-Policy"]
            assert "default-src 'none'" in policy and "unsafe" not in policy, endpoint
            assert "frame-ancestors 'none'" in policy and "base-uri 'none'" in policy, endpoint
            assert headers["X-Content-Type-Options"] == "nosniff", endpoint
            assert headers["Referrer-Policy"] == "same-origin", endpoint
            is_file = endpoint == "assets.send_asset"
            assert ("immutable" if is_file else "no-store") in headers["Cache-Control"], endpoint
            if route.is_page and route.answers == 200:
                assert "HX-Request" in headers["Vary"], endpoint


def test_cookie_is_worth_nothing_once_signed_out(world: World, sqlite_app: Flask) -> None:
    client = Client(sqlite_app)
    client.sign_in(world.parent_id).get("/tableau-de-bord")
    cookie = client._browser.get_cookie("session")
    assert cookie is not None and cookie.http_only
    client.submit("/deconnexion")
    client._browser.set_cookie("session", cookie.value)
    client.get("/tableau-de-bord", status=303)


def test_staff_session_ends_after_half_an_hour_of_silence_and_a_parents_does_not(
    world: World, sqlite_app: Flask
) -> None:
    parent, staff = Client(sqlite_app), Client(sqlite_app)
    parent.sign_in(world.parent_id).get("/tableau-de-bord")
    staff.sign_in(world.staff[Role.ADMINISTRATOR]).get("/gestion/a-traiter")
    clock.start_at(clock.now() + timedelta(minutes=29), frozen=True)
    staff.get("/gestion/a-traiter")
    clock.start_at(clock.now() + timedelta(minutes=29), frozen=True)
    staff.get("/gestion/a-traiter")
    clock.start_at(clock.now() + timedelta(minutes=30), frozen=True)
    staff.get("/gestion/a-traiter", status=303)
    parent.get("/tableau-de-bord")
    clock.start_at(clock.now() + timedelta(days=31), frozen=True)
    parent.get("/tableau-de-bord", status=303)


def test_staff_session_lasts_twelve_hours_at_most(world: World, sqlite_app: Flask) -> None:
    staff = Client(sqlite_app)
    staff.sign_in(world.staff[Role.ADMINISTRATOR])
    for _ in range(36):
        staff.get("/gestion/a-traiter")
        clock.start_at(clock.now() + timedelta(minutes=20), frozen=True)
    staff.get("/gestion/a-traiter", status=303)


def test_nobody_decides_on_their_own_family(world: World, sqlite_app: Flask) -> None:
    with write_transaction() as session:
        pending = session.get_one(Family, world.pending_family_id)
        session.add(StaffRole(user_id=world.parent_id, role=Role.FILE_CLERK))
        session.add(StaffRole(user_id=world.parent_id, role=Role.REGISSEUR))
        pending.guardians[0].email = world.planning.family.email
        stranger = session.get_one(Guardian, world.stranger.guardian_id)
        stranger.user_id = world.parent_id
    client = Client(sqlite_app)
    client.sign_in(world.parent_id).get("/gestion/a-traiter")
    before = stored()
    decisions = ("accept_sign_up", "refuse_sign_up", "accept_enrolment", "list_enrolment", "refuse_enrolment",
                 "accept_quotient", "refuse_quotient")  # fmt: skip
    money = [f"staff.payments.{name}" for name in ("record_payment", "reverse_payment", "refund")]
    for endpoint in (*(f"staff.queue.{name}" for name in decisions), *money):
        assert ask(client, ROUTES[endpoint], world.address(endpoint))[0] == 403, endpoint
    assert not changed(before)


MONEY = ("payments", "cash_desks", "debts", "tax_certificates", "invoices", "invoice_runs", "corrections")
OF_DEBTS = ("sending_id", "letter_id", "move_id", "hold_id")  # of the other office of the world


def money_routes() -> Iterator[tuple[str, Route]]:
    """The sections of « Régie », without the settings of the same names."""
    for endpoint, route in routes(Door.STAFF):
        if endpoint.count(".") == 2 and endpoint.split(".")[1] in MONEY:
            yield endpoint, route


def limit_to(office_id: int, user_id: int) -> None:
    with write_transaction() as session:
        session.execute(update(StaffRole).where(StaffRole.user_id == user_id).values(office_id=office_id))


def test_of_other_offices_a_regisseur_finds_nothing(world: World, browser_of: Callable[[int | None], Client]) -> None:
    with write_transaction() as session:
        others = [office.id for office in session.scalars(select(Office))]
        session.add(own := Office(name="Musique", prefix="mus"))
        session.flush()
        own_id = own.id
    limit_to(own_id, world.staff[Role.REGISSEUR])
    numbers = [*db.session.scalars(select(Invoice.number)), *db.session.scalars(select(Payment.receipt_number)),
               *db.session.scalars(select(PaymentBasket.reference))]  # fmt: skip
    client, before = browser_of(world.staff[Role.REGISSEUR]), stored()
    problems = []
    for endpoint, route in money_routes():
        path = world.address(endpoint)
        if route.argument not in (None, "family_id"):
            status, _ = ask(client, route, path)
            if status != 404:
                problems.append(f"{endpoint}: {status}")
        for other in others if route.argument in (None, "family_id") else ():
            asked = {"service": str(other), "office_id": str(other), "mois": "2026-10", "month": "2026-10",
                     "mode": "cash", "niveau": "1", "famille": "1", "until": "2026-11-18", "total": "100"}  # fmt: skip
            if route.method == "POST":
                status, _ = ask(client, replace(route, sends={**route.sends, **asked}), path)
                if status != 404:
                    problems.append(f"{endpoint} for {other}: {status}")
                continue
            for query in ("", f"?service={other}&mois=2026-10"):
                answer = client._ask("GET", path + query, status=None, htmx=not route.is_page)
                if any(number in answer.body for number in numbers):
                    problems.append(f"{endpoint}{query} shows what is of another office")
    assert not problems and not changed(before), (problems, changed(before))


def test_a_regisseur_acts_in_the_office_of_their_role(world: World, browser_of: Callable[[int | None], Client]) -> None:
    own_id = db.session.get_one(Invoice, world.own_ids["invoice_id"]).office_id
    limit_to(own_id, world.staff[Role.REGISSEUR])
    client = browser_of(world.staff[Role.REGISSEUR])
    problems = []
    for endpoint, route in money_routes():
        if route.method == "GET":
            status, _ = ask(client, route, world.address(endpoint))
            if status != (404 if route.argument in OF_DEBTS else route.answers):
                problems.append(f"{endpoint}: {status}")
    assert not problems


@pytest.mark.parametrize("status", [FamilyStatus.PENDING, FamilyStatus.REFUSED])
def test_family_that_is_not_active_has_no_parents_side(sqlite_app: Flask, status: FamilyStatus) -> None:
    family = factories.make_family(status=status)
    client = Client(sqlite_app)
    client.sign_in(family.user_id).get("/tableau-de-bord", status=403)


def test_closed_family_changes_nothing_anywhere(world: World, browser_of: Callable[[int | None], Client]) -> None:
    client = browser_of(world.parent_id)
    with write_transaction() as session:
        session.get_one(Family, world.planning.family.family_id).status = FamilyStatus.CLOSED
    before = stored()
    for endpoint, route in routes(Door.FAMILY, method="POST"):
        # Their own, and what they signed, whatever becomes of the file.
        if endpoint.startswith("family.account.") or endpoint == "family.direct_debits.end":
            continue
        status, _ = ask(client, route, world.address(endpoint))
        reads = endpoint in (
            "family.bookings.check_week", "family.invoices.show_total", "family.data_exports.download",
            "family.messages.read",
        )  # fmt: skip
        still_pays = endpoint == "family.invoices.pay"  # what it owes; nothing is ticked here
        assert status in ((200, 303, 403) if reads else (422,) if still_pays else (403,)), endpoint
    assert not changed(before)
    mandate = "family.direct_debits.end"
    assert ask(client, ROUTES[mandate], world.address(mandate))[0] == 303
