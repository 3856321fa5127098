"""The morning when bookings open: families who arrive one after the other, whether or not the portal keeps up; then how
many planning pages and saves a second it serves at most.

.venv/bin/python -m bench.rush [--arrivals 500] [--within 60] [--families 2000] [--seconds 10] [--clients 8]

Each family signs in with its password, opens the planning, and saves three weeks; the first Wednesday has a place for
one in ten. Waiting is counted from the moment at which the family meant to come, so that a portal that is late is not
forgiven for it. The families run on the same cores as the portal.
"""

from __future__ import annotations

import argparse
import random
import statistics
import tempfile
import threading
import time
from collections import Counter, defaultdict
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path

from sqlalchemy import update

from app.database import db, write_transaction
from app.models.bookings import CapacityCounter
from app.services.checks import find_inconsistencies
from bench.council import demo_council
from tests import factories
from tests.guarantees.test_rush import Saver, make_savers, planning_form
from tests.served import Reply, Server, environment, hidden, path_of, served

WEEKS = 30


def measure(name: str, clients: int, seconds: float, act: Callable[[int, int], int]) -> None:
    """Let all clients act for some seconds and print how often they did, and how long it took."""
    times: list[float] = []
    statuses: dict[int, int] = {}
    lock = threading.Lock()
    end = time.monotonic() + seconds

    def run(client: int) -> None:
        turn = 0
        while time.monotonic() < end:
            started = time.monotonic()
            status = act(client, turn)
            turn += 1
            with lock:
                times.append(time.monotonic() - started)
                statuses[status] = statuses.get(status, 0) + 1

    threads = [threading.Thread(target=run, args=(client,)) for client in range(clients)]
    started = time.monotonic()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    elapsed = time.monotonic() - started
    times.sort()
    print(
        f"{name:12} {len(times) / elapsed:8.1f} per second   median {statistics.median(times) * 1000:6.0f} ms   "
        f"95 % {times[int(len(times) * 0.95)] * 1000:6.0f} ms   answers {statuses}"
    )


def run(
    server: Server, savers: list[Saver], openings: dict[tuple[date, str], int], mondays: list[date], seconds: float
) -> None:
    """Measure pages, then saves: each client books and gives back one week after the other."""
    browsers = [server.browser(saver.cookie) for saver in savers]

    def look(client: int, turn: int) -> int:
        day = mondays[turn % len(mondays)]
        return browsers[client].get(f"/mes-reservations/{savers[client].child_id}?jour={day}").status

    def save(client: int, turn: int) -> int:
        monday = mondays[turn // 2 % len(mondays)]
        days = [monday + timedelta(days=d) for d in range(5)]
        ids = [openings[day, "Matin"] for day in days]
        held = turn % 2 == 1
        fields = {
            "csrf_token": tokens[client], "key": f"bench-{client}-{turn:08}", "jour": monday.isoformat(),
            "shown": ",".join(f"{id_}{'h' if held else ''}" for id_ in ids), "t": [] if held else ids,
        }  # fmt: skip
        return browsers[client].post(f"/mes-reservations/{savers[client].child_id}", fields).status

    tokens = [str(planning_form(b, s, mondays[0])["csrf_token"]) for b, s in zip(browsers, savers, strict=True)]
    measure("planning", len(savers), seconds, look)
    measure("save", len(savers), seconds, save)


def morning(
    server: Server, savers: list[Saver], openings: dict[tuple[date, str], int], mondays: list[date], within: float
) -> Counter[str]:
    """Let the families arrive at random moments of so many seconds (open loop); print what each step took.

    What became of the place that they all want, and every answer that was not the expected one, is counted.
    """
    times: defaultdict[str, list[float]] = defaultdict(list)
    told: Counter[str] = Counter()
    lock = threading.Lock()

    def visit(index: int, due: float) -> None:
        browser, saver = server.browser(), savers[index]
        since = due

        def step(name: str, reply: Reply, expected: int) -> Reply:
            nonlocal since
            now = time.monotonic()
            with lock:
                times[name].append(now - since)
                told[f"{name}: {reply.status}"] += reply.status != expected
            since = now
            return reply

        page = step("first page", browser.get("/connexion"), 200)
        fields = {"csrf_token": hidden(page.body, "csrf_token"), "email": f"f{index}@example.org"}
        step("sign-in", browser.post("/connexion", {**fields, "password": factories.PASSWORD}), 303)
        for number, monday in enumerate(mondays[:3]):
            address = f"/mes-reservations/{saver.child_id}"
            page = step("planning", browser.get(f"{address}?jour={monday}"), 200)
            fields = {name: hidden(page.body, name) for name in ("csrf_token", "key", "shown")}
            wednesday = openings[monday + timedelta(days=2), "Matin"]
            can_be_had = str(wednesday) in fields["shown"].replace("h", "").split(",")
            ticks = [wednesday] if can_be_had else []
            answer = step("save", browser.post(address, {**fields, "jour": monday, "t": ticks}), 303)
            page = step("what was saved", browser.get(path_of(answer.location)), 200)
            if number == 0:
                booked = "1 réservation enregistrée" in page.body
                with lock:
                    told["booked" if booked else "full" if not can_be_had or "plus de place" in page.body else "?"] += 1
        with lock:
            times["all of it"].append(time.monotonic() - due)

    start = time.monotonic()
    chance = random.Random(8)
    threads = []
    for index, after in enumerate(sorted(chance.uniform(0, within) for _ in savers)):
        time.sleep(max(0.0, start + after - time.monotonic()))
        threads.append(threading.Thread(target=visit, args=(index, start + after)))
        threads[-1].start()
    for thread in threads:
        thread.join()
    print(f"{len(savers)} families within {within:.0f} s; the last one was done after {time.monotonic() - start:.0f} s")
    for name, values in times.items():
        values.sort()
        print(
            f"{name:14} {len(values):5}   median {statistics.median(values) * 1000:6.0f} ms   "
            f"95 % {values[int(len(values) * 0.95)] * 1000:6.0f} ms   slowest {values[-1] * 1000:6.0f} ms"
        )
    return +told


def main() -> None:
    """Print the latencies and the rates."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--arrivals", type=int, default=500)
    parser.add_argument("--within", type=float, default=60.0)
    parser.add_argument("--families", type=int, default=0)
    parser.add_argument("--seconds", type=float, default=10.0)
    parser.add_argument("--clients", type=int, default=8)
    asked = parser.parse_args()
    mondays = [date(2027, 1, 4) + timedelta(weeks=week) for week in range(WEEKS)]
    days = [monday + timedelta(days=d) for monday in mondays for d in range(5)]
    with tempfile.TemporaryDirectory() as folder:
        copy = demo_council(Path(folder), asked.families)
        with copy.people():
            activity = factories.make_activity("Sortie", places=1_000, needs={})
            openings = factories.make_openings(activity, days)
            places = asked.arrivals // 10
            with write_transaction() as session:
                day = mondays[0] + timedelta(days=2)
                counter = (CapacityCounter.scope_id == activity.scope_id, CapacityCounter.day == day)
                session.execute(update(CapacityCounter).where(*counter).values(places=places))
            savers = make_savers(copy, activity, max(asked.arrivals, asked.clients))
        with served(environment(copy.instance), Path(folder) / "served.log") as server:
            print(f"{asked.families} more families than the demo, SQLite")
            told = morning(server, savers[: asked.arrivals], openings, mondays, asked.within)
            print(f"{places} places on the first Wednesday: {dict(told)}")
            print(f"{asked.clients} clients, one request after the other")
            run(server, savers[: asked.clients], openings, mondays[3:], asked.seconds)
        with copy.people():
            taken = factories.taken(mondays[0] + timedelta(days=2), activity.scope_id)
            print(f"taken: {taken}; inconsistencies: {find_inconsistencies(db.session()) or 'none'}")
            db.session.rollback()
        copy.close()


if __name__ == "__main__":
    main()
