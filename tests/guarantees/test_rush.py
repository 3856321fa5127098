"""The morning when bookings open, and a power cut in its midst: through HTTP, against the served process."""

from __future__ import annotations

import http.client
import threading
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta

from sqlalchemy import func, select

from app.database import db
from app.models.bookings import Booking, SaveReceipt
from app.services.checks import find_inconsistencies
from tests import factories
from tests.factories import ActivitySetup
from tests.served import Browser, DemoCopy, Reply, Serve, hidden, path_of

SAVERS = 50
PLACES = 5
SAVES = 200


@dataclass(frozen=True, slots=True)
class Saver:
    """A parent with a child."""

    family: factories.FamilySetup
    child_id: int
    cookie: str


def make_savers(copy: DemoCopy, activity: ActivitySetup, count: int) -> list[Saver]:
    """So many families, each with a child enrolled in the activity, and signed in."""
    savers = []
    for number in range(count):
        family = factories.make_family(
            f"FAMILLE {number}", "Alix", user_id=factories.make_user(f"f{number}@example.org")
        )
        child_id = factories.make_child(family, "Sacha", last_name=f"FAMILLE {number}")
        factories.enrol(child_id, family, activity)
        savers.append(Saver(family, child_id, copy.cookie_of(family.user_id)))
    return savers


def planning_form(browser: Browser, saver: Saver, day: date) -> dict[str, object]:
    """The form of a week, as the page holds it."""
    page = browser.get(f"/mes-reservations/{saver.child_id}?jour={day}")
    assert page.status == 200
    fields = {name: hidden(page.body, name) for name in ("csrf_token", "key", "shown")}
    return {**fields, "jour": day.isoformat()}


def together(actions: list[Callable[[], object]]) -> list[object]:
    """Run all at the same moment; what each returned or raised."""
    answers: list[object] = [None] * len(actions)
    start = threading.Barrier(len(actions))

    def run(index: int) -> None:
        start.wait(timeout=60)
        try:
            answers[index] = actions[index]()
        except Exception as error:
            answers[index] = error

    threads = [threading.Thread(target=run, args=(index,)) for index in range(len(actions))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=120)
    return answers


def test_fifty_savers_for_five_places_and_a_double_tap(demo_copy: DemoCopy, serve: Serve) -> None:
    with demo_copy.people():
        activity = factories.make_activity("Sortie", places=PLACES, needs={})
        opening = factories.make_openings(activity, [factories.WEDNESDAY])[factories.WEDNESDAY, "Matin"]
        savers = make_savers(demo_copy, activity, SAVERS)
    with serve(demo_copy) as server:
        browsers = [server.browser(saver.cookie) for saver in savers]
        forms = [
            planning_form(browser, saver, factories.WEDNESDAY) for browser, saver in zip(browsers, savers, strict=True)
        ]

        def save(index: int) -> Reply:
            answer = browsers[index].post(f"/mes-reservations/{savers[index].child_id}", {**forms[index], "t": opening})
            assert answer.status == 303, (answer.status, answer.body[:300])
            return browsers[index].get(path_of(answer.location))

        pages = together([lambda i=i: save(i) for i in range(SAVERS)])
        assert all(isinstance(page, Reply) and page.status == 200 for page in pages), pages
        told = Counter(
            (
                "booked"
                if "1 réservation enregistrée" in page.body
                else "full"
                if "plus de place" in page.body
                else page.body
            )
            for page in pages
            if isinstance(page, Reply)
        )
        assert told == {"booked": PLACES, "full": SAVERS - PLACES}

        # A double tap: the same form, twice at once, over two connections; a place was given back for it.
        winner = next(
            i for i, page in enumerate(pages) if isinstance(page, Reply) and "1 réservation enregistrée" in page.body
        )
        form = planning_form(browsers[winner], savers[winner], factories.WEDNESDAY)
        assert browsers[winner].post(f"/mes-reservations/{savers[winner].child_id}", form).status == 303  # unticked
        form = planning_form(browsers[winner], savers[winner], factories.WEDNESDAY)
        taps = [server.browser(browsers[winner].cookie) for _ in range(2)]
        answers = together(
            [lambda b=b: b.post(f"/mes-reservations/{savers[winner].child_id}", {**form, "t": opening}) for b in taps]
        )
        assert [a.status for a in answers if isinstance(a, Reply)] == [303, 303], answers
        assert len({a.location for a in answers if isinstance(a, Reply)}) == 1

    with demo_copy.people():
        active = select(Booking.child_id).where(Booking.opening_id == opening, Booking.status == "confirmed")
        booked = db.session.scalars(active).all()
        assert len(booked) == len(set(booked)) == PLACES
        assert savers[winner].child_id in booked
        assert factories.taken(factories.WEDNESDAY, activity.scope_id) == PLACES
        assert find_inconsistencies(db.session()) == ()


def test_killed_in_the_middle_of_two_hundred_saves(demo_copy: DemoCopy, serve: Serve) -> None:
    savers_count, weeks = 10, SAVES // 10
    mondays = [date(2027, 1, 4) + timedelta(weeks=week) for week in range(weeks)]
    days = [monday + timedelta(days=d) for monday in mondays for d in range(5)]
    with demo_copy.people():
        activity = factories.make_activity("Sortie", places=100, needs={})
        openings = factories.make_openings(activity, days)
        savers = make_savers(demo_copy, activity, savers_count)
    answered: list[tuple[int, date]] = []
    sent: list[tuple[int, date]] = []
    enough = threading.Event()

    def keep_saving(server_port: int, index: int) -> None:
        browser = Browser(server_port, savers[index].cookie)
        for monday in mondays:
            try:
                form = planning_form(browser, savers[index], monday)
                ticks = [openings[monday + timedelta(days=d), "Matin"] for d in range(5)]
                sent.append((index, monday))
                answer = browser.post(f"/mes-reservations/{savers[index].child_id}", {**form, "t": ticks})
            except (OSError, http.client.HTTPException):
                return  # the server is gone
            assert answer.status == 303
            answered.append((index, monday))
            if len(answered) >= SAVES // 3:
                enough.set()

    with serve(demo_copy) as server:
        threads = [threading.Thread(target=keep_saving, args=(server.port, i)) for i in range(savers_count)]
        for thread in threads:
            thread.start()
        assert enough.wait(timeout=120)
        server.kill()
        for thread in threads:
            thread.join(timeout=60)
    assert SAVES // 3 <= len(answered) < SAVES

    with serve(demo_copy) as server:
        for index, saver in enumerate(savers):
            mine = [monday for i, monday in answered if i == index]
            if mine:
                page = server.browser(saver.cookie).get(f"/mes-reservations/{saver.child_id}?jour={mine[-1]}")
                assert page.status == 200
                assert hidden(page.body, "shown").count("h") == 5
    with demo_copy.people():
        for index, monday in set(sent):
            week = [openings[monday + timedelta(days=d), "Matin"] for d in range(5)]
            count = db.session.scalar(
                select(func.count()).where(Booking.child_id == savers[index].child_id, Booking.opening_id.in_(week))
            )
            assert count == 5 or (count == 0 and (index, monday) not in answered), (index, monday, count)
        receipts = db.session.scalar(
            select(func.count()).where(SaveReceipt.user_id.in_([saver.family.user_id for saver in savers]))
        )
        bookings = db.session.scalar(
            select(func.count()).where(Booking.child_id.in_([saver.child_id for saver in savers]))
        )
        assert bookings == 5 * (receipts or 0)
        assert find_inconsistencies(db.session()) == ()
