"""What stands around the gateway and the simulator in their tests: a council's site, and servers that misbehave."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from time import monotonic, sleep
from urllib.error import HTTPError
from urllib.parse import parse_qs, urlencode, urlsplit
from urllib.request import HTTPRedirectHandler, Request, build_opener

from app.integrations.payments import PaymentRequest


@dataclass(frozen=True, slots=True)
class Received:
    """One request that a server got."""

    method: str
    path: str
    body: bytes
    cookie: str | None

    @property
    def fields(self) -> dict[str, list[str]]:
        return parse_qs(self.body.decode())


@dataclass
class Server:
    """A listener on loopback that answers everything alike and keeps what it received."""

    url: str
    received: list[Received] = field(default_factory=list)

    def at(self, path: str) -> list[Received]:
        return [each for each in self.received if urlsplit(each.path).path == path]

    def wait_for(self, path: str, count: int = 1) -> list[Received]:
        """What came to `path`, once `count` requests did."""
        wait_until(lambda: len(self.at(path)) >= count)
        return self.at(path)


@contextmanager
def server(
    status: int = 200,
    body: bytes = b"<!DOCTYPE html><html lang=fr><title>Merci</title><p>Merci",
    *,
    content_type: str = "text/html; charset=utf-8",
    location: str | None = None,
    seconds: float = 0,
) -> Iterator[Server]:
    """A server that gives this answer to everything, after so many seconds."""

    class Handler(BaseHTTPRequestHandler):
        def answer(self) -> None:
            sent = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            running.received.append(Received(self.command, self.path, sent, self.headers.get("Cookie")))
            sleep(seconds)
            try:
                self.send_response(status)
                self.send_header("Content-Type", content_type)
                self.send_header("Content-Length", str(len(body)))
                self.send_header("Set-Cookie", "session=1; Path=/; SameSite=Lax")
                if location:
                    self.send_header("Location", location)
                self.end_headers()
                self.wfile.write(body)
            except ConnectionError:
                pass  # whoever asked has gone

        do_GET = do_POST = answer  # noqa: N815 (the names that http.server calls)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    listener = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    running = Server(f"http://127.0.0.1:{listener.server_port}")
    thread = threading.Thread(target=listener.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield running
    finally:
        listener.shutdown()
        listener.server_close()
        thread.join()


def payment_request(site: str = "http://127.0.0.1:9", **changes: object) -> PaymentRequest:
    """A request that PayFiP takes, of the council at `site`."""
    fields: dict[str, object] = {
        "client_number": "090909",
        "reference": "EF00000000000001",
        "amount_cents": 2120,
        "subject": "Factures pop-F200300001",
        "email": "parent@example.org",
        "year": 2026,
        "notify_url": f"{site}/notification",
        "return_url": f"{site}/retour",
    }
    return PaymentRequest(**{**fields, **changes})  # type: ignore[arg-type]


@dataclass(frozen=True, slots=True)
class Page:
    """An answer to a browser that follows 303 but never repeats a POST elsewhere by itself."""

    status: int
    url: str
    text: str
    headers: dict[str, str]


class _SameSiteRedirects(HTTPRedirectHandler):
    def redirect_request(self, req, fp, code, msg, headers, newurl):  # type: ignore[no-untyped-def]
        return super().redirect_request(req, fp, code, msg, headers, newurl) if code == 303 else None


def fetch(url: str, method: str | None = None, data: bytes | None = None, **form: object) -> Page:
    """GET `url`, or POST `form` or `data` to it."""
    body = data if data is not None else urlencode(form).encode() if form else None
    try:
        answer = build_opener(_SameSiteRedirects).open(Request(url, body, method=method), timeout=15)
    except HTTPError as error:
        answer = error
    with answer:
        return Page(answer.status, answer.url, answer.read().decode(), dict(answer.headers))


def pay(redirect_url: str, result: str = "P", **options: object) -> Page:
    """Open the payment page and choose how it ends."""
    opened = fetch(redirect_url)
    assert opened.status == 200, opened.text
    operation_id = parse_qs(urlsplit(redirect_url).query)["idop"][0]
    return fetch(redirect_url.split("?")[0], idop=operation_id, result=result, **options)


def wait_until(holds, seconds: float = 10) -> None:  # type: ignore[no-untyped-def]
    """Wait until `holds()`; raises AssertionError when it does not within so many seconds."""
    deadline = monotonic() + seconds
    while not holds():
        assert monotonic() < deadline, "it did not happen"
        sleep(0.02)
