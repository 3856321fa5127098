"""Planning pages and saves per second of the served process, with 8 clients.

.venv/bin/python -m bench.rush [--families 2000] [--seconds 10] [--clients 8]
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import threading
import time
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path

from bench.council import demo_council
from tests import factories
from tests.guarantees.test_rush import Saver, make_savers, planning_form
from tests.served import Server, environment, served

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


def main() -> None:
    """Print the rates."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--families", type=int, default=0)
    parser.add_argument("--seconds", type=float, default=10.0)
    parser.add_argument("--clients", type=int, default=8)
    asked = parser.parse_args()
    mondays = [date(2027, 1, 4) + timedelta(weeks=week) for week in range(WEEKS)]
    with tempfile.TemporaryDirectory() as folder:
        copy = demo_council(Path(folder), asked.families)
        with copy.people():
            activity = factories.make_activity("Sortie", places=1_000, needs={})
            openings = factories.make_openings(activity, [m + timedelta(days=d) for m in mondays for d in range(5)])
            savers = make_savers(copy, activity, asked.clients)
        copy.close()
        with served(environment(copy.instance), Path(folder) / "served.log") as server:
            print(f"{asked.clients} clients, {asked.families} more families than the demo, SQLite")
            run(server, savers, openings, mondays, asked.seconds)


if __name__ == "__main__":
    main()
