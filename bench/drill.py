"""The long versions of the guarantees: what is too slow, or needs too calm a machine, for every run of the tests.

    script/drill                       everything, about half an hour
    script/drill rush timing           some of it
    script/drill kills --rounds 20     more of it

Prints a line for each drill; exit status 1 when one of them found something.
"""

from __future__ import annotations

import argparse
import http.client
import os
import statistics
import string
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from datetime import date, timedelta
from pathlib import Path

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from sqlalchemy import select
from sqlalchemy.engine import make_url

from app import clock
from app.crypto import cipher
from app.database import db, write_transaction
from app.models.accounts import SignInFailure, User
from app.models.bookings import Booking
from app.services.checks import find_inconsistencies
from bench.council import demo_council
from tests import factories, histories
from tests.conftest import DATA_KEY, fill_template, make_app, make_sqlite_bed
from tests.guarantees import test_booking_histories, test_ledgers
from tests.guarantees.test_rush import make_savers, planning_form
from tests.guarantees.test_screen_and_save import Undo, compare_all
from tests.postgres import running_server, server_binaries
from tests.served import Browser, environment, hidden, path_of, served

RUSH_FAMILIES = 500
RUSH_CLIENTS = 60


class Found(Exception):
    """A drill found something wrong; the text says what."""


def drill_kills(folder: Path, rounds: int) -> str:
    """Kill the server at a random moment of many saves, start it again, and compare: round after round."""
    copy = demo_council(folder)
    mondays = [date(2027, 1, 4) + timedelta(weeks=week) for week in range(20)]
    days = [monday + timedelta(days=d) for monday in mondays for d in range(5)]
    with copy.people():
        activity = factories.make_activity("Sortie", places=1_000, needs={})
        openings = factories.make_openings(activity, days)
        savers = make_savers(copy, activity, 8)
    held: dict[tuple[int, date], bool] = {}
    for number in range(rounds):
        unknown: set[tuple[int, date]] = set()
        stop = threading.Event()

        wrong: list[str] = []

        def keep_saving(
            port: int,
            index: int,
            stop: threading.Event = stop,
            unknown: set[tuple[int, date]] = unknown,
            wrong: list[str] = wrong,
        ) -> None:
            browser = Browser(port, savers[index].cookie)
            turn = 0
            while not stop.is_set():
                monday = mondays[(turn * 7 + index) % len(mondays)]
                turn += 1
                key = (index, monday)
                with suppress(OSError, http.client.HTTPException):
                    form = planning_form(browser, savers[index], monday)
                    ticks = [] if held.get(key) else [openings[monday + timedelta(days=d), "Matin"] for d in range(5)]
                    unknown.add(key)
                    status = browser.post(f"/mes-reservations/{savers[index].child_id}", {**form, "t": ticks}).status
                    if status != 303:
                        wrong.append(f"a save was answered {status}")
                    held[key] = bool(ticks)
                    unknown.discard(key)
                    continue
                return

        with served(environment(copy.instance), folder / "served.log") as server:
            threads = [threading.Thread(target=keep_saving, args=(server.port, i)) for i in range(len(savers))]
            for thread in threads:
                thread.start()
            time.sleep(1.0 + (number * 0.37) % 2)
            server.kill()
            stop.set()
            for thread in threads:
                thread.join()
        if wrong:
            raise Found(wrong[0])
        with copy.people():
            problems = find_inconsistencies(db.session())
            if problems:
                raise Found(f"after kill {number + 1}: {problems[:3]}")
            for index, monday in {*held, *unknown}:
                week = [openings[monday + timedelta(days=d), "Matin"] for d in range(5)]
                rows = db.session.scalars(
                    select(Booking.id).where(
                        Booking.child_id == savers[index].child_id,
                        Booking.opening_id.in_(week),
                        Booking.status == "confirmed",
                    )
                ).all()
                if len(rows) not in (0, 5):
                    raise Found(f"after kill {number + 1}: half a save")
                if (index, monday) in unknown:
                    held[index, monday] = bool(rows)
                elif held[index, monday] != bool(rows):
                    raise Found(f"after kill {number + 1}: an answered save is lost")
            db.session.rollback()
    copy.close()
    return f"{rounds} kills, {len(held)} weeks looked at after each, all whole"


def drill_rush(folder: Path, rounds: int) -> str:
    """Many families sign in with their password and save at the same moment; few places."""
    copy = demo_council(folder)
    places = RUSH_FAMILIES // 10
    with copy.people():
        activity = factories.make_activity("Sortie", places=places, needs={})
        opening = factories.make_openings(activity, [factories.WEDNESDAY])[factories.WEDNESDAY, "Matin"]
        savers = make_savers(copy, activity, RUSH_FAMILIES)
    waiting = iter(range(RUSH_FAMILIES))
    lock = threading.Lock()
    told: Counter[str] = Counter()
    times: list[float] = []

    def visit(port: int) -> None:
        while True:
            with lock:
                index = next(waiting, None)
            if index is None:
                return
            started = time.monotonic()
            browser = Browser(port)
            page = browser.get("/connexion")
            answer = browser.post(
                "/connexion",
                {
                    "csrf_token": hidden(page.body, "csrf_token"), "email": f"f{index}@example.org",
                    "password": factories.PASSWORD,
                },
            )  # fmt: skip
            if answer.status != 303:
                told[f"sign-in answered {answer.status}"] += 1
                continue
            form = planning_form(browser, savers[index], factories.WEDNESDAY)
            if str(opening) in str(form["shown"]).replace("h", "").split(","):
                answer = browser.post(f"/mes-reservations/{savers[index].child_id}", {**form, "t": opening})
                body = browser.get(path_of(answer.location)).body if answer.status == 303 else ""
                kind = "booked" if "1 réservation enregistrée" in body else "full" if "plus de place" in body else body
            else:
                kind = "full"  # and the page said so
            with lock:
                told[kind] += 1
                times.append(time.monotonic() - started)

    with served(environment(copy.instance), folder / "served.log") as server:
        started = time.monotonic()
        threads = [threading.Thread(target=visit, args=(server.port,)) for _ in range(RUSH_CLIENTS)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        elapsed = time.monotonic() - started
    with copy.people():
        problems = find_inconsistencies(db.session())
        db.session.rollback()
    copy.close()
    if told != {"booked": places, "full": RUSH_FAMILIES - places} or problems:
        raise Found(f"{dict(told)}, {problems[:3]}")
    return (
        f"{RUSH_FAMILIES} families signed in and saved in {elapsed:.0f} s ({RUSH_FAMILIES / elapsed:.1f} per second, "
        f"median {statistics.median(times):.1f} s, slowest {max(times):.1f} s); {places} places, {places} booked"
    )


def drill_timing(folder: Path, rounds: int) -> str:
    """Whether time tells a known address from an unknown one: medians of many sign-ins, taken in turns."""
    copy = demo_council(folder)
    known, unknown = "parent@example.org", "personne@example.org"
    times: dict[str, list[float]] = {known: [], unknown: []}
    with served(environment(copy.instance), folder / "served.log") as server:
        browser = server.browser()
        token = hidden(browser.get("/connexion").body, "csrf_token")
        for number in range(rounds * 20):
            for email in (known, unknown) if number % 2 else (unknown, known):
                started = time.perf_counter()
                reply = browser.post("/connexion", {"csrf_token": token, "email": email, "password": f"faux {number}"})
                times[email].append(time.perf_counter() - started)
                if reply.status != 422:
                    raise Found(f"a wrong password was answered {reply.status}")
            if number % 3 == 2:  # below the number of failures that slows down
                with copy.people(), write_transaction() as session:
                    for failure in session.scalars(select(SignInFailure)):
                        session.delete(failure)
    copy.close()
    medians = {email: statistics.median(values) * 1_000 for email, values in times.items()}
    spread = statistics.quantiles(times[known], n=4)
    noise = (spread[2] - spread[0]) * 1_000
    difference = abs(medians[known] - medians[unknown])
    if difference > max(noise / 2, 3.0):
        raise Found(f"medians {medians[known]:.1f} and {medians[unknown]:.1f} ms, noise {noise:.1f} ms")
    return f"known {medians[known]:.1f} ms, unknown {medians[unknown]:.1f} ms, noise {noise:.1f} ms"


def drill_screen(folder: Path, rounds: int) -> str:
    """What the screen allows the save accepts: every cell of the demo, at several moments around its deadlines."""
    copy = demo_council(folder)
    total: Counter[str] = Counter()
    moments = (
        "2026-11-23T08:30",
        "2026-11-23T12:00:00",
        "2026-11-23T12:00:01",
        "2026-11-24T10:00:01",
        "2026-12-21T07:59",
    )
    with copy.people():
        for number, moment in enumerate(moments[: max(1, rounds)]):
            clock.start_at(factories.NOW.fromisoformat(moment), frozen=True)
            with suppress(Undo), write_transaction() as session:
                total.update(compare_all(session, None if number == 0 else (0, 1, 2, 4), 500))
                raise Undo
    copy.close()
    return ", ".join(f"{count} {kind}" for kind, count in total.items())


def drill_books(folder: Path, rounds: int) -> str:
    """Long histories of parents, staff and the clock (Hypothesis)."""
    examples = 60 * rounds
    phases = (Phase.generate, Phase.shrink)
    test_booking_histories.run(make_sqlite_bed(folder), examples=examples, steps=60, phases=phases)
    return f"{examples} histories of up to 60 steps, all is well after each step"


def drill_ledgers(folder: Path, rounds: int) -> str:
    """Long histories of days, invoices, aids, payments, credit notes, write-offs and crashes (Hypothesis)."""
    examples = 40 * rounds
    phases = (Phase.generate, Phase.shrink)
    test_ledgers.run(make_sqlite_bed(folder), examples=examples, steps=80, phases=phases)
    return f"{examples} histories of up to 80 steps, the money is right to the cent after each step"


def drill_crowd(folder: Path, rounds: int) -> str:
    """Parents of shared children and many rivals save at once beside the staff, on PostgreSQL: so many times 20 s."""
    binaries = server_binaries()
    if binaries is None:
        raise Found("no PostgreSQL server binaries on this machine")
    with running_server(binaries) as server:
        name = server.make_template("crowd", lambda url: fill_template(make_app(folder, _driver(url))))
        app = make_app(folder, _driver(server.url(name)))
        clock.start_at(factories.NOW, frozen=True)
        with app.app_context():
            cipher.use_key(DATA_KEY)
            told = histories.live_at_once(app, histories.make_council(rivals=8), 20.0 * rounds)
            db.session.remove()
            db.engine.dispose()
    return ", ".join(f"{count} {kind}" for kind, count in sorted(told.items()))


def _driver(url: str) -> str:
    return make_url(url).set(drivername="postgresql+psycopg").render_as_string(hide_password=False)


def drill_wrong(folder: Path, rounds: int) -> str:
    """Every wrong text in every field of every form and every word of every address; the tests send a sixth."""
    return _run_tests("tests/guarantees/test_wrong_input.py", "stands_it", LONG="1")


def drill_line(folder: Path, rounds: int) -> str:
    """The whole line of a parent on both screens, with and without JavaScript; the tests go two of the four ways."""
    return _run_tests("tests/journeys/test_line.py", "the_line", LONG="1")


def drill_days(folder: Path, rounds: int) -> str:
    """The demo built on ten awkward days; the tests try four."""
    return _run_tests("tests/demo/test_demo.py", "on_any_day", LONG="1")


def drill_list(folder: Path, rounds: int) -> str:
    """200 rivals for one place, on both databases: one has it, the others wait in the order in which they came."""
    return _run_tests("tests/services/test_waiting_lists.py", "rivals_at_once", RIVALS="200")


def _run_tests(path: str, names: str, **settings: str) -> str:
    """Tests in their long version; what pytest says at the end. Raises Found."""
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", path, "-k", names]
    done = subprocess.run(command, env={**os.environ, **settings}, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise Found(done.stdout[-3000:])
    return done.stdout.strip().splitlines()[-1]


def drill_fuzz(folder: Path, rounds: int) -> str:
    """Random text in every field of every form, through HTTP: no answer is an error of ours."""
    copy = demo_council(folder)
    statuses: Counter[int] = Counter()
    fields = {
        "/creer-un-compte": ("street_line", "complement", "postal_code", "city", "consent", "consent_text_id"),
        "/creer-un-compte/parent": ("title", "last_name", "first_name", "email", "email_again"),
        "/connexion": ("email", "password", "suite"),
        "/mot-de-passe-oublie": ("email",),
        "/ma-famille/coordonnees": (
            "last_name", "first_name", "home_phone", "mobile_phone", "postal_code", "city", "number", "repetition",
            "street", "complement", "regime", "fund_number", "fund_holder_name", "quotient", "quotient_month",
        ),
        "/ma-famille/enfants/nouveau": ("last_name", "first_name", "birth_date"),
    }  # fmt: skip
    with copy.people():
        user_id = db.session.scalars(select(User.id).where(User.email == "parent@example.org")).one()
        cookie = copy.cookie_of(user_id)
    with served(environment(copy.instance), folder / "served.log") as server:
        for path, names in fields.items():
            browser = server.browser(cookie if path.startswith("/ma-famille") else "")
            token = hidden(browser.get("/connexion" if not path.startswith("/ma") else path).body, "csrf_token")

            _send_anything(browser, path, token, names, 40 * rounds, statuses)
    copy.close()
    return f"{sum(statuses.values())} forms, answers {dict(statuses)}"


NASTY = st.one_of(
    st.text(max_size=40),
    st.text(alphabet=string.printable, max_size=20),
    st.sampled_from(["", "\x00", "0" * 200]),
)


def _send_anything(
    browser: Browser, path: str, token: str, names: tuple[str, ...], examples: int, statuses: Counter[int]
) -> None:
    @settings(max_examples=examples, deadline=None, suppress_health_check=list(HealthCheck), database=None)
    @given(values=st.fixed_dictionaries(dict.fromkeys(names, NASTY)))
    def send(values: dict[str, str]) -> None:
        encoded = {name: value.encode("utf-8", "replace") for name, value in values.items()}
        status = browser.post(path, {**encoded, "csrf_token": token}).status
        statuses[status] += 1
        has_nul = any("\x00" in value for value in values.values())  # refused before any form reads it
        if status >= 500 or (status == 400 and not has_nul):
            raise Found(f"{path} answered {status} to {values!r}")

    send()


DRILLS: dict[str, Callable[[Path, int], str]] = {
    "kills": drill_kills,
    "rush": drill_rush,
    "timing": drill_timing,
    "screen": drill_screen,
    "books": drill_books,
    "ledgers": drill_ledgers,
    "crowd": drill_crowd,
    "wrong": drill_wrong,
    "list": drill_list,
    "line": drill_line,
    "days": drill_days,
    "fuzz": drill_fuzz,
}


def main() -> int:
    """Run the drills asked for and print what each found."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("drills", nargs="*", choices=[*DRILLS, []], default=[])
    parser.add_argument("--rounds", type=int, default=10, help="how long: 1 is a taste, 10 the usual")
    asked = parser.parse_args()
    failed = False
    for name in asked.drills or DRILLS:
        started = time.monotonic()
        with tempfile.TemporaryDirectory(prefix=f"drill-{name}-") as folder:
            try:
                line, verdict = DRILLS[name](Path(folder), asked.rounds), "holds"
            except Exception as error:
                line, verdict, failed = f"{type(error).__name__}: {error}", "FOUND", True
        print(f"{verdict:6} {name:8} {time.monotonic() - started:5.0f} s  {line}", flush=True)
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
