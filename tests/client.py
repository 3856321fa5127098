"""A browser without script for the tests: it checks every page it gets, and sends forms as the page holds them.

    client.sign_in(family.user_id)
    page = client.get("/mes-reservations")                         # 200, valid, well written: see tests/html.py
    page = client.submit("planning", t=[opening_id])               # the form of the last page; 303 and what follows
    page = client.submit("/connexion", email="x", status=422)      # by action; an answer that redisplays the form
    page.text, page.title, page.path, page.queries

A form is found by its id, by the path of its action, or is the only one of the page's content. Fields not named keep
what the page holds, hidden ones and the CSRF token included; `None` unticks or leaves a field out.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from contextvars import Context
from dataclasses import dataclass
from functools import cached_property
from hashlib import sha256
from typing import Any
from urllib.parse import parse_qsl, urlsplit
from xml.etree.ElementTree import Element

import html5lib
from flask import Flask
from werkzeug.test import Client as WerkzeugClient
from werkzeug.test import TestResponse

from app.database import db, write_transaction
from app.kept_forms import OWNER
from app.services import sessions
from tests.html import Document

Fields = list[tuple[str, str]]

_REDIRECTS = (301, 302, 303, 307, 308)
_BLOCKS = {
    "p",
    "li",
    "div",
    "td",
    "th",
    "tr",
    "h1",
    "h2",
    "h3",
    "h4",
    "br",
    "label",
    "option",
    "dt",
    "dd",
    "small",
    "legend",
}


class Recorder:
    """Notes the SQL statements of the request that runs; `BEGIN` is none."""

    def __init__(self) -> None:
        self.statements: list[str] | None = None

    def note(self, _connection: object, _cursor: object, statement: str, *_rest: object) -> None:
        """Called by SQLAlchemy before each statement."""
        if self.statements is not None and not statement.startswith("BEGIN"):
            self.statements.append(statement)


recorder = Recorder()


@dataclass(frozen=True)  # without slots: what is parsed is kept
class Answer:
    """An answer, parsed when somebody looks into it."""

    path: str  # with its query
    status: int
    headers: Mapping[str, str]
    body: str
    queries: tuple[str, ...]  # the SQL statements that it cost
    is_html: bool
    is_fragment: bool

    @cached_property
    def document(self) -> Document:
        """The page as the checker reads it."""
        return Document(self.body, self.is_fragment)

    @cached_property
    def root(self) -> Element:
        """The tree of the page; a fragment is put into an empty one."""
        if self.is_html and self.body and not self.is_fragment:
            return self.document.root
        return html5lib.parse(self.body if self.is_html else "", treebuilder="etree", namespaceHTMLElements=False)

    @property
    def title(self) -> str:
        """The text of `title`."""
        return self.text_of("title")

    @property
    def heading(self) -> str:
        """The text of `h1`."""
        return self.text_of("h1")

    @property
    def text(self) -> str:
        """What a reader sees of the page, in one line; no-break spaces are spaces here, for easy comparing."""
        body = self.root.find(".//body")
        return visible_text(self.root if body is None else body)

    @property
    def location(self) -> str:
        """Where a redirect leads."""
        return self.headers.get("Location", "")

    def text_of(self, tag: str) -> str:
        """The text of the first element of this name, or nothing."""
        element = next(self.root.iter(tag), None)
        return "" if element is None else visible_text(element)

    def all(self, tag: str, **attributes: str) -> list[Element]:
        """The elements of this name whose attributes contain these words; `class_` and `data_x` as Python needs."""
        wanted = {name.rstrip("_").replace("_", "-"): value for name, value in attributes.items()}
        return [
            element
            for element in self.root.iter(tag)
            if all(value in (element.get(name) or "").split() for name, value in wanted.items())
        ]

    def by_id(self, id_: str) -> Element:
        """The element with this id. Raises AssertionError."""
        found = next((element for element in self.root.iter() if element.get("id") == id_), None)
        assert found is not None, f"no element #{id_} on {self.path}"
        return found

    def links(self) -> list[str]:
        """The addresses of all links."""
        return [element.get("href") or "" for element in self.root.iter("a")]

    def form(self, wanted: str | None = None) -> Element:
        """The form with this id, or this path as its action, or the only one in the content. Raises AssertionError."""
        forms = list(self.root.iter("form"))
        if wanted is None:
            content = next((element for element in self.root.iter("main")), self.root)
            forms = list(content.iter("form"))
        elif wanted.startswith("/"):
            forms = [f for f in forms if urlsplit(f.get("action") or self.path).path == urlsplit(wanted).path]
        else:
            forms = [f for f in forms if f.get("id") == wanted]
        described = [f"#{f.get('id')} {f.get('action')}" for f in self.root.iter("form")]
        assert len(forms) == 1, f"{len(forms)} forms match {wanted!r} on {self.path}: {described}"
        return forms[0]

    def value(self, name: str, form: str | None = None) -> str | None:
        """What a field of a form holds, as it would be sent."""
        return dict(form_fields(self.form(form))).get(name)


class Client:
    """A browser without script."""

    def __init__(self, app: Flask) -> None:
        self.app = app
        self.page: Answer | None = None  # the last page, whose forms can be sent
        self._browser = app.test_client()

    def sign_in(self, user_id: int) -> Client:
        """Sign in without the form: a session row, and its cookie."""

        def open_session() -> None:
            with self.app.app_context(), write_transaction() as session:
                token = sessions.open_session(session, user_id, device="tests")
            with self._browser.session_transaction() as cookie:
                cookie.clear()
                cookie["_user_id"] = token
                cookie["_fresh"] = True
                cookie[OWNER] = user_id

        Context().run(open_session)
        return self

    @property
    def cookie(self) -> str | None:
        """What its one cookie holds; to be somebody again later."""
        held = self._browser.get_cookie("session")
        return None if held is None else held.value

    @cookie.setter
    def cookie(self, value: str | None) -> None:
        if value is None:
            self._browser.delete_cookie("session")
        else:
            self._browser.set_cookie("session", value)

    def forget_cookies(self) -> None:
        """Become somebody else's browser."""
        self._browser = self.app.test_client()
        self.page = None

    def get(self, path: str, *, status: int = 200, htmx: bool = False, follow: bool = False, **options: Any) -> Answer:
        """Fetch a page; with `follow`, also where it leads."""
        return self._ask(
            "GET", path, status=None if follow else status, htmx=htmx, follow=follow, final=status, **options
        )

    def post(
        self,
        path: str,
        data: Mapping[str, Any] | Fields | None = None,
        *,
        status: int,
        htmx: bool = False,
        **options: Any,
    ) -> Answer:
        """Send just this, as no form of ours would: for forged requests."""
        return self._ask("POST", path, status=status, htmx=htmx, data=_as_dict(data or {}), **options)

    def get_any(self, path: str, *, htmx: bool = False) -> Answer:
        """Fetch a page, whatever its status."""
        return self._ask("GET", path, status=None, htmx=htmx)

    def post_any(self, path: str, data: Mapping[str, Any], *, htmx: bool = False) -> Answer:
        """Send just this, whatever the status."""
        return self._ask("POST", path, status=None, htmx=htmx, data=dict(data))

    def submit(
        self,
        form: str | None = None,
        *,
        status: int | None = None,
        htmx: bool = False,
        follow: bool = True,
        button: str | None = None,
        to: str | None = None,
        **fields: object,
    ) -> Answer:
        """Fill in and send a form of the last page.

        `status` is that of the answer when it is not a redirect to a good page: 422 for a form refused. `button` is the
        text of the button pressed (its name, value and `formaction` count); `to` sends the form elsewhere.
        """
        assert self.page is not None, "no page to send a form of"
        page = self.page
        element = page.form(form)
        sent = form_fields(element, button)
        known = {name for name, _ in sent} | {e.get("name") for e in element.iter() if e.get("name")}
        for name, value in fields.items():
            assert name in known, (
                f"the form {form or ''} on {page.path} has no field {name!r}: {sorted(filter(None, known))}"
            )
            sent = [pair for pair in sent if pair[0] != name]
            values: Iterable[object] = value if isinstance(value, list | tuple | set | frozenset) else (value,)
            sent += [(name, str(v)) for v in values if v is not None]
        target = to or _target(element, page, button)
        method = (element.get("method") or "get").upper()
        if method == "GET":
            return self._ask("GET", urlsplit(target).path, status=status or 200, htmx=htmx, query_string=sent)
        wants_redirect = status is None
        return self._ask(
            "POST", target, status=303 if wants_redirect else status, htmx=htmx, data=_as_dict(sent),
            follow=follow and wants_redirect,
        )  # fmt: skip

    def _ask(
        self,
        method: str,
        path: str,
        *,
        status: int | None,
        htmx: bool,
        follow: bool = False,
        final: int = 200,
        headers: Mapping[str, str] | None = None,
        **options: Any,
    ) -> Answer:
        sent = {**({"HX-Request": "true"} if htmx else {}), **(headers or {})}
        answer = self._open(method, path, sent, options)
        if status is not None:
            assert answer.status == status, _unexpected(method, answer, status)
        hops = 0
        while follow and answer.status in _REDIRECTS:
            hops += 1
            assert hops <= 5, f"redirects do not end: {answer.location}"
            target = urlsplit(answer.location)
            answer = self._open(
                "GET", target.path + (f"?{target.query}" if target.query else ""), sent if htmx else {}, {}
            )
        if follow:
            assert answer.status == final, _unexpected(method, answer, final)
        return answer

    def _open(self, method: str, path: str, headers: Mapping[str, str], options: dict[str, Any]) -> Answer:
        recorder.statements = statements = []
        try:
            # As a server would: no context of the test is open while the request runs.
            response: TestResponse = Context().run(
                WerkzeugClient.open, self._browser, path=path, method=method, headers=dict(headers), **options
            )
        finally:
            recorder.statements = None
        db.session.rollback()  # the test reads what is stored now
        answer = _parse(path, response, tuple(statements), is_fragment="HX-Request" in headers)
        response.close()
        if answer.is_html and answer.body and answer.status not in _REDIRECTS:
            if (mark := _mark_of(answer)) not in _well_written:
                problems = answer.document.problems(path)
                assert not problems, f"{method} {path} ({answer.status}):\n" + "\n".join(f"- {p}" for p in problems)
                _well_written.add(mark)
            if not answer.is_fragment:
                self.page = answer
        return answer


# What has been read once need not be read again: pages that came before with another token, by their digests.
_well_written: set[bytes] = set()
_TOKEN = re.compile(r'(name="csrf_token" (?:type="hidden" )?value=")[^"]+')


def _mark_of(answer: Answer) -> bytes:
    body = _TOKEN.sub(r"\1x", answer.body)
    return sha256(f"{answer.is_fragment} {body}".encode()).digest()


def visible_text(element: Element) -> str:
    """The text of an element as it reads, in one line; no-break spaces become spaces."""
    parts: list[str] = []

    def walk(node: Element) -> None:
        if node.tag in ("script", "style", "template") or not isinstance(node.tag, str):
            return
        if node.tag in _BLOCKS:
            parts.append(" ")
        parts.append(node.text or "")
        for child in node:
            walk(child)
            parts.append(child.tail or "")
        if node.tag in _BLOCKS:
            parts.append(" ")

    walk(element)
    return re.sub(r"\s+", " ", "".join(parts)).strip()


def form_fields(form: Element, button: str | None = None) -> Fields:
    """What a browser would send of a form as it stands, in its order."""
    fields: Fields = []
    for element in form.iter():
        name = element.get("name")
        if element.tag == "button" or (
            element.tag == "input" and element.get("type") in ("submit", "image", "reset", "button")
        ):
            if name and button is not None and _button_text(element) == button:
                fields.append((name, element.get("value") or ""))
            continue
        if not name or element.get("disabled") is not None:
            continue
        if element.tag == "textarea":
            fields.append((name, (element.text or "").removeprefix("\n")))
        elif element.tag == "select":
            options = list(element.iter("option"))
            chosen = [o for o in options if o.get("selected") is not None] or options[:1]
            fields += [(name, o.get("value") if o.get("value") is not None else visible_text(o)) for o in chosen]
        elif element.tag == "input":
            if element.get("type") in ("checkbox", "radio"):
                if element.get("checked") is not None:
                    fields.append((name, element.get("value") or "on"))
            elif element.get("type") != "file":
                fields.append((name, element.get("value") or ""))
    return fields


def _button_text(element: Element) -> str:
    return element.get("value") or "" if element.tag == "input" else visible_text(element)


def _target(form: Element, page: Answer, button: str | None) -> str:
    if button is not None:
        pressed = [e for e in form.iter() if e.tag in ("button", "input") and _button_text(e) == button]
        assert len(pressed) == 1, f"{len(pressed)} buttons say {button!r} on {page.path}"
        if pressed[0].get("formaction"):
            return pressed[0].get("formaction") or ""
    return form.get("action") or page.path


def _as_dict(fields: Mapping[str, Any] | Sequence[tuple[str, str]]) -> dict[str, Any]:
    if isinstance(fields, Mapping):
        return dict(fields)
    grouped: dict[str, Any] = {}
    for name, value in fields:
        grouped.setdefault(name, []).append(value)
    return grouped


def _parse(path: str, response: TestResponse, queries: tuple[str, ...], *, is_fragment: bool) -> Answer:
    body = response.get_data(as_text=True) if response.mimetype.startswith(("text/", "application/json")) else ""
    is_html = response.mimetype == "text/html"
    return Answer(path, response.status_code, dict(response.headers), body, queries, is_html, is_fragment)


def _unexpected(method: str, answer: Answer, wanted: int) -> str:
    said = f" → {answer.location}" if answer.location else f": {answer.text[:600]}"
    return f"{method} {answer.path} answered {answer.status}, not {wanted}{said}"


def query_of(address: str) -> dict[str, str]:
    """The query of an address."""
    return dict(parse_qsl(urlsplit(address).query))
