"""Nothing that a parent typed is lost: not to a mistake, not to a session that ended, not to a double tap.

Every form of every page behind the family's door, found by walking `tests.routes`, with htmx and without.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from importlib import import_module
from urllib.parse import urlsplit
from xml.etree.ElementTree import Element

import pytest
from sqlalchemy import delete, func, select, update

from app import clock
from app.crypto import cipher
from app.database import Base, db, write_transaction
from app.models.accounts import UserSession
from tests.client import Answer, Client, form_fields
from tests.routes import ENDS_THE_SESSION, ROUTES, Door, World

MARK = "Saisie7"
TYPED = ("text", "search", "tel", "email", "date", "month", "time", "number", "url")

# Forms that what they do takes away: a text is accepted once.
ONCE = re.compile(r"/documentation/textes/\d+")

Sent = list[tuple[str, str]]


@pytest.fixture
def parent(world: World, monkeypatch: pytest.MonkeyPatch) -> Client:
    views = import_module("app.blueprints.public.sign_in")
    monkeypatch.setattr(views, "password_matches", lambda *_: True)  # slow, and not the subject
    return Client(world.app).sign_in(world.parent_id)


def pages(world: World) -> list[str]:
    return [
        world.address(endpoint)
        for endpoint, route in ROUTES.items()
        if route.door is Door.FAMILY and route.method == "GET" and route.is_page and route.answers == 200
    ]


def action_of(form: Element, path: str) -> str:
    return form.get("action") or path


def forms_of(page: Answer) -> Iterator[Element]:
    if not page.is_html:
        return  # a file
    for form in next(page.root.iter("main"), page.root).iter("form"):
        if (form.get("method") or "get").lower() == "post":
            yield form


def forms_to(page: Answer, action: str) -> list[Element]:
    return [form for form in forms_of(page) if urlsplit(action_of(form, page.path)).path == urlsplit(action).path]


def find_form(page: Answer, action: str) -> Element:
    found = forms_to(page, action)
    assert found, f"the form to {action} is not on the page that answered"
    return found[0]


def secrets_of(form: Element) -> set[str]:
    return {e.get("name") or "" for e in form.iter("input") if e.get("type") == "password"}


def filled_in(form: Element) -> tuple[Sent, dict[str, str]]:
    """What a browser sends once somebody typed in every field; and what they typed, by field."""
    sent, typed = form_fields(form), {}
    for field in form.iter():
        name, kind = field.get("name"), field.get("type", "text")
        if not name or name in typed:
            continue
        if field.tag == "textarea" or (field.tag == "input" and kind in TYPED):
            typed[name] = MARK
        elif field.tag == "select":
            typed[name] = [option.get("value") or "" for option in field.iter("option")][-1]
        elif field.tag == "input" and kind in ("radio", "checkbox"):
            typed[name] = field.get("value") or "on"
        elif field.tag == "input" and kind == "password":
            sent = [(other, value) for other, value in sent if other != name] + [(name, MARK)]
    return [pair for pair in sent if pair[0] not in typed] + list(typed.items()), typed


def as_dict(sent: Sent) -> dict[str, list[str]]:
    grouped: dict[str, list[str]] = {}
    for name, value in sent:
        grouped.setdefault(name, []).append(value)
    return grouped


def walk(world: World, client: Client) -> list[tuple[str, str, bool]]:
    """Page, action, and whether anything can be typed: every form once, buttons alone later, closing the account last."""
    found: dict[str, tuple[str, str, bool]] = {}
    for path in pages(world):
        for form in forms_of(client.get(path)):
            action = action_of(form, path)
            if action.startswith(ENDS_THE_SESSION):
                continue
            found.setdefault(action, (path, action, bool(filled_in(form)[1])))
    return sorted(found.values(), key=lambda each: (each[1].endswith("/fermer"), not each[2]))


def test_mistake_keeps_everything_that_was_typed(world: World, parent: Client) -> None:
    refused = 0
    for path, action, is_typed in walk(world, parent):
        if not is_typed:
            continue
        for htmx in (False, True):
            page = parent.get_any(path)
            if page.status != 200:
                break  # the account is closed: that was the last form
            if htmx and ONCE.fullmatch(action) and not forms_to(page, action):
                break  # it was done the first time
            sent, typed = filled_in(find_form(page, action))
            answer = parent.post_any(action, as_dict(sent), htmx=htmx)
            assert answer.status < 500, (action, answer.status)
            if answer.status != 422:
                continue  # accepted, or judged as a whole: each screen's own tests say how
            refused += 1
            form = find_form(answer, action)
            shown = form_fields(form)
            lost = {name: value for name, value in typed.items() if (name, value) not in shown}
            assert not lost, (action, htmx, lost)
            assert any(e.get("aria-invalid") == "true" or "wrong" in (e.get("class") or "") for e in form.iter()), (
                action
            )
    assert refused >= 10


def test_session_that_ended_keeps_everything_that_was_typed(world: World, parent: Client) -> None:
    asked = 0
    for path, action, is_typed in walk(world, parent):
        if not is_typed:
            continue
        page = parent.get(path)
        form = find_form(page, action)
        sent, _ = filled_in(form)
        hidden = secrets_of(form)
        end_sessions()
        for htmx in (True, False):
            answer = parent.post_any(action, as_dict(sent), htmx=htmx)
            carried = f"{answer.headers} {cookie_of(parent)}"
            assert MARK not in carried, (action, carried)
            if answer.status != 401:  # its choices stand in the address: ticks and days, nothing more
                assert "/connexion?suite=" in answer.location + answer.headers.get("HX-Redirect", ""), action
        if answer.status == 401:
            asked += 1
            assert MARK not in answer.body  # whoever looks at this screen has not signed in yet
            kept = parent.submit("/connexion", email=world.planning.family.email, password="x", status=200)
            assert kept.heading == "Votre saisie est encore là", action
            found = find_form(kept, action)
            wanted = [pair for pair in sent if pair[0] != "csrf_token" and pair[0] not in hidden]
            assert sorted(pair for pair in form_fields(found) if pair[0] != "csrf_token") == sorted(wanted), action
            again = parent.post_any(action, as_dict(form_fields(found)))
            assert again.status in (303, 404, 409, 422), (action, again.status)
        else:
            parent.sign_in(world.parent_id)
    assert asked >= 10


def test_form_sent_with_the_token_of_an_earlier_session_is_one_press_away(world: World, parent: Client) -> None:
    path = world.address("family.child_files.edit_health")
    sent, _ = filled_in(find_form(parent.get(path), path))
    parent.sign_in(world.parent_id)  # in another tab
    own = {"Sec-Fetch-Site": "same-origin"}
    answer = parent.post(path, as_dict(sent), status=400, headers=own)
    assert answer.heading == "Votre saisie est encore là"
    assert find_form(answer, path) is not None
    parent.post(path, as_dict(form_fields(find_form(answer, path))), status=422)
    forged = parent.post(path, {"food_allergies": MARK}, status=400)
    assert MARK not in forged.body and "restée ouverte trop longtemps" in forged.heading
    parent.forget_cookies()
    answer = parent.post(path, as_dict(sent), status=401, headers=own)
    assert MARK not in answer.body and answer.value("kept", "/connexion")


def test_what_somebody_else_typed_on_this_device_is_not_offered(world: World, parent: Client) -> None:
    path = world.address("family.child_files.edit_doctor")
    sent, _ = filled_in(find_form(parent.get(path), path))
    end_sessions()
    parent.post(path, as_dict(sent), status=401)
    page = parent.submit("/connexion", email=world.stranger.email, password="x")
    assert page.path == "/tableau-de-bord" and MARK not in page.body
    sent, _ = filled_in(find_form(parent.sign_in(world.parent_id).get(path), path))
    with write_transaction() as session:
        session.execute(delete(UserSession))  # « déconnecter partout », from another device
    parent.post(path, as_dict(sent), status=401)
    page = parent.submit("/connexion", email=world.stranger.email, password="x")
    assert page.path == "/tableau-de-bord" and MARK not in page.body


@pytest.mark.parametrize("text", ["[1]", "{}", "no JSON"])
def test_what_was_encrypted_for_something_else_is_no_draft(world: World, parent: Client, text: str) -> None:
    parent.forget_cookies()
    parent.get("/connexion")
    answer = parent.submit(
        "/connexion", email=world.planning.family.email, password="x", kept=cipher.encrypt(text)
    )  # fmt: skip
    assert answer.path == "/tableau-de-bord"


def test_double_tap_changes_nothing_more(world: World, parent: Client) -> None:
    tried = 0
    for path, action, _ in walk(world, parent):
        page = parent.get_any(path)
        if page.status != 200 or not any(action_of(form, path) == action for form in forms_of(page)):
            continue  # gone with the person that an earlier form took away
        endpoint, _ = world.app.url_map.bind("localhost").match(urlsplit(action).path, "POST")
        sends = ROUTES[endpoint].sends
        sent = [pair for pair in form_fields(find_form(page, action)) if pair[0] not in sends] + list(sends.items())
        first = parent.post_any(action, as_dict(sent))
        counts = count_rows()
        second = parent.post_any(action, as_dict(sent))
        assert first.status < 500 and second.status < 500, (action, first.status, second.status)
        assert count_rows() == counts, (action, first.status, second.status)
        tried += 1
    assert tried >= 15


def end_sessions() -> None:
    """All sessions end, as after thirty days."""
    with write_transaction() as session:
        session.execute(update(UserSession).values(expires_at=clock.now()))


def cookie_of(client: Client) -> str:
    with client._browser.session_transaction() as cookie:
        return repr(dict(cookie))


def count_rows() -> dict[str, int]:
    return {
        table.name: db.session.scalar(select(func.count()).select_from(table)) or 0
        for table in Base.metadata.sorted_tables
    }
