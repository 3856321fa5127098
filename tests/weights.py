"""What pages weigh: compressed bodies as sent, and requests, on a first and on a later visit (product.md section 8)."""

from __future__ import annotations

import gzip
import re
from collections.abc import Mapping
from contextvars import Context
from dataclasses import dataclass

from flask import Flask
from werkzeug.test import Client as WerkzeugClient

GZIP = {"Accept-Encoding": "gzip"}
_FILES = re.compile(r'(?:href|src)="(/static/[^"]+)"')
_LINKED_ONLY = re.compile(r'<a [^>]*href="(/static/[^"]+)"')


@dataclass(frozen=True, slots=True)
class Weight:
    """Bytes of a page; 1 kB is 1,000 bytes."""

    html: int
    files: Mapping[str, int]  # what the page makes a browser fetch, the icon counted

    @property
    def cold_bytes(self) -> int:
        """A first visit, everything included."""
        return self.html + sum(self.files.values())

    @property
    def cold_requests(self) -> int:
        """How many requests a first visit takes."""
        return 1 + len(self.files)


def fetch(browser: WerkzeugClient, path: str, headers: Mapping[str, str] | None = None) -> tuple[bytes, str]:
    """The body as sent, and as text. Raises AssertionError unless the answer is 200."""
    response = Context().run(browser.get, path, headers={**GZIP, **(headers or {})})
    assert response.status_code == 200, f"{path} answered {response.status_code}"
    sent = response.get_data()
    response.close()
    return sent, _plain(sent, response.headers.get("Content-Encoding"))


def weigh(browser: WerkzeugClient, path: str) -> Weight:
    """Weigh a page and all it makes a browser fetch."""
    sent, text = fetch(browser, path)
    addresses = sorted(set(_FILES.findall(text)) - set(_LINKED_ONLY.findall(text)))
    return Weight(len(sent), {address: len(fetch(browser, address)[0]) for address in addresses})


def signed_in(app: Flask, cookie: str) -> WerkzeugClient:
    """A browser with this cookie (`DemoCopy.cookie_of`)."""
    browser = app.test_client()
    name, _, value = cookie.partition("=")
    browser.set_cookie(name, value)
    return browser


def _plain(body: bytes, encoding: str | None) -> str:
    return (gzip.decompress(body) if encoding == "gzip" else body).decode()
