"""What each parents' page costs: bytes and requests, cold and warm; queries; CPU as a ratio to an empty route.

.venv/bin/python -m bench.pages [--families 2000]
"""

from __future__ import annotations

import argparse
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path

from sqlalchemy import event, select
from werkzeug.test import Client as WerkzeugClient

from app.database import db
from app.models.accounts import User
from app.models.families import FamilyChild, Guardian
from bench.council import demo_council
from tests import factories
from tests.client import recorder
from tests.weights import fetch, signed_in, weigh

ROUNDS = 30
EMPTY_ROUTE = "/sante-vide"


def cpu_ms(browser: WerkzeugClient, path: str) -> float:
    """CPU of one request in milliseconds: the median of many, so that a busy machine matters little."""
    times = []
    for _ in range(ROUNDS):
        started = time.process_time()
        fetch(browser, path)
        times.append(time.process_time() - started)
    return sorted(times)[ROUNDS // 2] * 1_000


def count_queries(browser: WerkzeugClient, path: str) -> int:
    """SQL statements of one request."""
    recorder.statements = statements = []
    fetch(browser, path)
    recorder.statements = None
    return len(statements)


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--families", type=int, default=0, help="how many more families the demo gets")
    families = parser.parse_args().families
    with tempfile.TemporaryDirectory() as folder, ExitStack() as stack:
        copy = demo_council(Path(folder), families)
        copy.app.add_url_rule(EMPTY_ROUTE, "bench.empty", lambda: "")
        app = stack.enter_context(copy.people())
        stack.callback(copy.close)
        event.listen(db.engine, "before_cursor_execute", recorder.note)
        user_id, family_id = db.session.execute(
            select(User.id, Guardian.family_id).join(Guardian).where(User.email == "parent@example.org")
        ).one()
        child_id = db.session.scalars(
            select(FamilyChild.child_id).where(FamilyChild.family_id == family_id).order_by(FamilyChild.child_id)
        ).first()
        browser = signed_in(app, copy.cookie_of(user_id))
        db.session.rollback()
        empty = cpu_ms(browser, EMPTY_ROUTE)
        print(f"demo with {families} more families; an empty route takes {empty:.2f} ms of CPU")
        print(f"{'page':42} {'html':>7} {'cold':>8} {'requests':>9} {'queries':>8} {'CPU ms':>8} {'ratio':>7}")
        for path in (
            "/tableau-de-bord",
            "/ma-famille",
            "/ma-famille/coordonnees",
            "/mes-inscriptions",
            f"/mes-inscriptions/{child_id}/nouvelle",
            "/mes-reservations",
            f"/mes-reservations/{child_id}?jour={factories.WEDNESDAY}",
        ):
            weight = weigh(browser, path)
            cpu = cpu_ms(browser, path)
            print(
                f"{path:42} {weight.html:7,} {weight.cold_bytes:8,} {weight.cold_requests:9} "
                f"{count_queries(browser, path):8} {cpu:8.2f} {cpu / empty:7.1f}"
            )


if __name__ == "__main__":
    main()
