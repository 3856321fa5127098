"""Invoices and PDFs per second, pages of Mes factures per second, and what serving a stored PDF costs.

.venv/bin/python -m bench.money [--families 500] [--papers 40] [--seconds 10] [--clients 8]
"""

from __future__ import annotations

import argparse
import tempfile
import threading
import time
from contextvars import Context
from pathlib import Path

from flask import render_template_string
from sqlalchemy import select
from werkzeug.test import Client as WerkzeugClient

from app import clock
from app.database import db
from app.integrations.pdf import PdfMaker
from app.jobs.pdfs import PaperJob
from app.models.accounts import User
from app.models.activities import Office
from app.models.families import Guardian
from app.models.invoices import Invoice, StoredPdf
from bench.council import demo_council
from tests.factories import issue_run
from tests.served import DemoCopy, environment, served
from tests.weights import signed_in

ROUNDS = 60
LAYOUT_ONLY = "/bench-layout"
_PAGE = (
    "{% extends 'layouts/family.html' %}{% block title %}Rien{% endblock %}"
    "{% block content %}<h1>Rien</h1>{% endblock %}"
)


def issue(copy: DemoCopy) -> None:
    """Invoice the present month of every office."""
    user_id = db.session.scalars(select(User.id).where(User.email == "regie@example.org")).one()
    month, today = clock.today().replace(day=1), clock.today()
    offices = db.session.scalars(select(Office.id).order_by(Office.id)).all()
    before = len(db.session.scalars(select(Invoice.id)).all())
    started = time.monotonic()
    for office_id in offices:
        issue_run(office_id, month, user_id, today)
    elapsed = time.monotonic() - started
    count = len(db.session.scalars(select(Invoice.id)).all()) - before
    print(f"invoices      {count / elapsed:8.1f} per second   ({count} in {elapsed:.1f} s)")


def make_papers(copy: DemoCopy, count: int) -> None:
    """Make PDFs as the worker does, in one child process."""
    with PdfMaker() as maker:
        job = PaperJob(maker, copy.instance, "https://portail.example.org")
        job.make_next(online=True)  # the child starts
        started = time.monotonic()
        made = sum(job.make_next(online=True) for _ in range(count))
        elapsed = time.monotonic() - started
    print(f"PDFs          {made / elapsed:8.1f} per second   ({made} in {elapsed:.1f} s, one child process)")


def cpu_ms(browser: WerkzeugClient, path: str) -> float:
    """CPU of one request in milliseconds: the median of many."""
    times = []
    for _ in range(ROUNDS):
        started = time.process_time()
        response = Context().run(browser.get, path)
        assert response.status_code == 200, (path, response.status_code)
        response.get_data()
        response.close()
        times.append(time.process_time() - started)
    return sorted(times)[ROUNDS // 2] * 1_000


def compare_cpu(copy: DemoCopy) -> None:
    """A stored PDF against a signed-in page that is nothing but its layout."""
    invoice_id, family_id = db.session.execute(
        select(Invoice.id, Invoice.family_id).join(StoredPdf, StoredPdf.invoice_id == Invoice.id).limit(1)
    ).one()
    user_id = db.session.scalars(
        select(Guardian.user_id).where(Guardian.family_id == family_id, Guardian.user_id.is_not(None))
    ).first()
    assert user_id is not None
    browser = signed_in(copy.app, copy.cookie_of(user_id))
    db.session.rollback()
    layout = cpu_ms(browser, LAYOUT_ONLY)
    pdf = cpu_ms(browser, f"/mes-factures/{invoice_id}/pdf")
    pages = cpu_ms(browser, "/mes-factures")
    print(f"CPU           layout only {layout:.2f} ms, stored PDF {pdf:.2f} ms ({pdf / layout:.1f} ×; 3 × at most), "
          f"Mes factures {pages:.2f} ms ({pages / layout:.1f} ×)")  # fmt: skip


def serve_pages(copy: DemoCopy, folder: Path, clients: int, seconds: float) -> None:
    """Mes factures of several parents at once, over HTTP."""
    with copy.people():
        users = db.session.scalars(
            select(Guardian.user_id)
            .join(Invoice, Invoice.family_id == Guardian.family_id)
            .where(Guardian.user_id.is_not(None))
            .distinct()
            .limit(clients)
        ).all()
        cookies = [copy.cookie_of(user_id) for user_id in users if user_id is not None]
    times: list[float] = []
    with served(environment(copy.instance, copy.database_url), folder / "served.log") as server:
        end = time.monotonic() + seconds

        def ask(cookie: str) -> None:
            browser = server.browser(cookie)
            while time.monotonic() < end:
                started = time.monotonic()
                assert browser.get("/mes-factures").status == 200
                times.append(time.monotonic() - started)

        threads = [threading.Thread(target=ask, args=(cookie,)) for cookie in cookies]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    times.sort()
    print(
        f"Mes factures  {len(times) / seconds:8.1f} per second   median {times[len(times) // 2] * 1000:.0f} ms   "
        f"95 % {times[int(len(times) * 0.95)] * 1000:.0f} ms   {len(cookies)} clients"
    )


def main() -> None:
    """Print the lines."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--families", type=int, default=500, help="how many more families the demo gets")
    parser.add_argument("--papers", type=int, default=40, help="how many PDFs are made")
    parser.add_argument("--seconds", type=float, default=10)
    parser.add_argument("--clients", type=int, default=8)
    wanted = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        copy = demo_council(Path(folder), wanted.families)
        copy.app.add_url_rule(LAYOUT_ONLY, "family.invoices.bench", lambda: render_template_string(_PAGE))
        with copy.people():
            print(f"demo with {wanted.families} more families")
            issue(copy)
            make_papers(copy, wanted.papers)
            compare_cpu(copy)
        serve_pages(copy, Path(folder), wanted.clients, wanted.seconds)
        copy.close()


if __name__ == "__main__":
    main()
