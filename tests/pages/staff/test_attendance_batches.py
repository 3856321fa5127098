"""What a tablet sends of « Pointage » once the network is back: answered tick by tick, recorded once, refused with words."""

from __future__ import annotations

import gzip
import json
import re
from datetime import datetime, time, timedelta
from typing import Any

import pytest
from sqlalchemy import func, select

from app import clock
from app.database import db, write_transaction
from app.models.accounts import StaffRole
from app.models.activities import Site
from app.models.attendances import Attendance, AttendanceEvent
from app.rules.attendances import Seen, Turnout
from app.rules.capabilities import Role
from app.services.attendances import Mark, record_all
from app.services.sessions import end_sessions
from app.services.validated_days import validate_day
from tests import factories
from tests.client import Client
from tests.factories import WEDNESDAY, PlanningSetup

HEAVIEST = 6_000  # bytes of the script, compressed
SEND = "/gestion/pointage/envoi"
EIGHT = datetime.combine(WEDNESDAY, time(8))


@pytest.fixture
def planning(sqlite_app) -> PlanningSetup:
    """Léa has « Matin » on Wednesday, and it is Wednesday, 8 o'clock."""
    made = factories.make_planning(quotient_cents=70_000)
    factories.save(made.family, made.child_id, book=[made.opening(WEDNESDAY, "Matin")])
    clock.start_at(EIGHT, frozen=True)
    return made


@pytest.fixture
def agent(planning: PlanningSetup) -> int:
    return factories.make_staff(Role.YOUTH_WORKER)


@pytest.fixture
def tablet(agent: int, planning: PlanningSetup, sqlite_client: Client) -> Client:
    client = sqlite_client.sign_in(agent)
    client.get(f"/gestion/pointage/{planning.activity.group_id}/{WEDNESDAY}")
    return client


def tick(planning: PlanningSetup, id_: str, what: str | None = "present", ago: int = 0, **more: Any) -> dict[str, Any]:
    at = round((clock.now() - timedelta(minutes=ago)).timestamp() * 1000)
    opening = planning.opening(WEDNESDAY, "Matin")
    made = {
        "id": id_.ljust(16, "0"),
        "child": planning.child_id,
        "opening": opening,
        "known": 0,
        "at": at,
        "what": what,
    }
    return {**made, **more}


def send(client: Client, agent: int, *ticks: dict[str, Any], status: int = 200, token: str | None = None) -> list[Any]:
    assert client.page is not None
    headers = {"X-CSRFToken": (client.page.value("csrf_token", "/deconnexion") or "") if token is None else token}
    answer = client._ask(
        "POST", SEND, status=status, htmx=False, headers=headers, json={"agent": agent, "marks": list(ticks)}
    )
    return json.loads(answer.body)["answers"] if status == 200 else []


def stored() -> list[tuple[Turnout | None, time | None, time | None]]:
    db.session.expire_all()
    rows = select(Attendance.turnout, Attendance.arrived_at, Attendance.left_at).order_by(Attendance.id)
    return [tuple(row) for row in db.session.execute(rows)]  # type: ignore[misc]


def say(agent_id: int, planning: PlanningSetup, turnout: Turnout) -> None:
    """A colleague's tablet says so, now."""
    mark = Mark(f"autre-{turnout}", planning.child_id, planning.opening(WEDNESDAY, "Matin"), Seen(turnout))
    with write_transaction() as session:
        record_all(session, agent_id, [mark])


def test_a_batch_is_recorded_once_however_often_it_comes(tablet: Client, agent: int, planning: PlanningSetup):
    ticks = [tick(planning, "a", ago=3), tick(planning, "b", "nothing", ago=2), tick(planning, "c", "absent", ago=1)]
    for _ in range(2):
        answers = send(tablet, agent, *ticks)
        assert [answer["result"] for answer in answers] == ["done"] * 3
        assert stored() == [(Turnout.ABSENT, None, None)]
        assert db.session.scalar(select(func.count(AttendanceEvent.id))) == 3
    send(tablet, agent, ticks[0])  # late, by another way
    assert stored() == [(Turnout.ABSENT, None, None)]


def test_hours_are_those_at_which_the_buttons_were_pressed(tablet: Client, agent: int, planning: PlanningSetup):
    send(tablet, agent, tick(planning, "a", "arrived", ago=25), tick(planning, "b", "left", ago=5))
    assert stored() == [(Turnout.PRESENT, time(7, 35), time(7, 55))]
    # Said the day before its button can have been pressed, or by a clock that is ahead: no hour, or now.
    send(tablet, agent, tick(planning, "c", "arrived", ago=-90))
    assert stored() == [(Turnout.PRESENT, time(8), None)]


@pytest.mark.parametrize("times", [1, 2])
def test_what_a_colleague_said_is_told_with_both_ways_also_when_the_answer_was_lost(
    tablet: Client, agent: int, planning: PlanningSetup, times: int
):
    colleague = factories.make_staff(Role.SITE_DIRECTOR)
    say(colleague, planning, Turnout.ABSENT)
    late, over = tick(planning, "late", ago=10), tick(planning, "over")
    for _ in range(times):
        (answer,) = send(tablet, agent, late)
    assert (answer["result"], answer["other"]["stays"], stored()) == ("conflict", True, [(Turnout.ABSENT, None, None)])
    for _ in range(times):
        (answer,) = send(tablet, agent, over)
    other = answer["other"]
    assert (answer["result"], other["stays"], stored()) == ("conflict", False, [(Turnout.PRESENT, None, None)])
    assert (answer["unit"], answer["mine"]) == ("Matin", "présent")
    assert (other["by"], other["words"], other["at"]) == ("Camille AGENT", "absent", "08:00")
    chosen = tick(planning, "chosen", None, seen=other["seen"], known=answer["version"])
    assert send(tablet, agent, chosen)[0]["result"] == "done"
    assert stored() == [(Turnout.ABSENT, None, None)]


def test_a_colleague_who_said_the_same_is_no_conflict(tablet: Client, agent: int, planning: PlanningSetup):
    say(factories.make_staff(Role.SITE_DIRECTOR), planning, Turnout.PRESENT)
    answers = send(tablet, agent, tick(planning, "late", ago=10), tick(planning, "over"))
    assert [answer["result"] for answer in answers] == ["done", "done"]


def test_what_is_refused_says_why(tablet: Client, agent: int, planning: PlanningSetup):
    director = factories.make_staff(Role.SITE_DIRECTOR)
    gone = tick(planning, "gone", child=999_999)
    with write_transaction() as session:
        validate_day(session, director, planning.activity.group_id, WEDNESDAY, Turnout.ABSENT)
    answers = send(tablet, agent, tick(planning, "late", ago=5), gone)
    assert [answer["result"] for answer in answers] == ["refused", "refused"]
    assert "La journée est validée" in answers[0]["reason"] and "n’existe pas" in answers[1]["reason"]
    assert stored() == [(Turnout.ABSENT, None, None)]


def test_another_site_is_refused_and_named_by_nothing(tablet: Client, agent: int, planning: PlanningSetup):
    with write_transaction() as session:
        elsewhere = Site(name="Ailleurs", address="")
        session.add(elsewhere)
        session.flush()
        session.scalars(select(StaffRole).where(StaffRole.user_id == agent)).one().site_id = elsewhere.id
    (answer,) = send(tablet, agent, tick(planning, "a"))
    assert (answer["result"], answer["unit"], stored()) == ("refused", "", [])


@pytest.mark.parametrize(
    "change",
    [
        {"id": "short"}, {"id": 7}, {"child": "1"}, {"child": -1}, {"child": True}, {"opening": 2**40}, {"known": None},
        {"at": "now"}, {"at": 10**18}, {"what": "gone"}, {"what": ["present"]}, {"what": None}, {"seen": {}},
        {"what": None, "seen": {"turnout": "late"}}, {"what": None, "seen": {"turnout": "present", "arrived": "25:00"}},
        {"what": None, "seen": {"turnout": "absent", "justified": 1}}, {"what": None, "seen": "present"},
    ],
    ids=str,
)  # fmt: skip
def test_what_no_tablet_sends_is_refused(tablet: Client, agent: int, planning: PlanningSetup, change: dict[str, Any]):
    send(tablet, agent, tick(planning, "a") | change, status=400)
    assert stored() == []


def test_a_batch_of_somebody_else_too_large_or_without_a_token_is_refused(
    tablet: Client, agent: int, planning: PlanningSetup
):
    send(tablet, agent + 1, tick(planning, "a"), status=400)
    send(tablet, agent, *(tick(planning, f"a{number}") for number in range(201)), status=400)
    send(tablet, agent, tick(planning, "a"), status=400, token="forged")
    for body in (None, [], {"agent": agent}, {"agent": agent, "marks": {}}):
        tablet._ask("POST", SEND, status=400, htmx=False, json=body)
    assert stored() == []


def test_the_list_says_for_whom_it_is_kept_and_the_worker_what_it_looks_at(
    tablet: Client, agent: int, planning: PlanningSetup
):
    page = tablet.get(f"/gestion/pointage/{planning.activity.group_id}/{WEDNESDAY}")
    assert (page.headers["X-Kept-For"], page.headers["Cache-Control"]) == (str(agent), "no-store")
    script = re.search(r"/static/js/attendance[.][^\"]+", page.body)
    assert script is not None and "attendance." not in tablet.get("/gestion/pointage").body
    sent = tablet._ask("GET", script[0], status=200, htmx=True)
    assert len(gzip.compress(sent.body.encode(), 9)) <= HEAVIEST
    worker = tablet._ask("GET", "/gestion/pointage/travail-hors-connexion.js", status=200, htmx=True)
    assert worker.headers["Service-Worker-Allowed"] == "/gestion/pointage"
    assert worker.headers["Cache-Control"] == "no-store" and "javascript" in worker.headers["Content-Type"]
    assert "default-src 'none'" in worker.headers["Content-Security-Policy"]


def test_who_signs_out_and_who_signs_in_after_another_leave_nothing_in_the_browser(
    planning: PlanningSetup, sqlite_client: Client
):
    users = [factories.make_staff(Role.YOUTH_WORKER, email=f"{name}@example.org") for name in ("un", "deux")]

    def enter(name: str) -> str | None:
        sqlite_client.get("/connexion")
        answer = sqlite_client.submit(
            "/connexion", email=f"{name}@example.org", password=factories.PASSWORD, follow=False
        )
        return answer.headers.get("Clear-Site-Data")

    def end_all() -> None:
        with write_transaction() as session:
            for user_id in users:
                end_sessions(session, user_id)

    assert enter("un") == '"storage"'  # nobody knows who was here
    end_all()
    assert enter("un") is None  # what waits is sent now
    end_all()
    assert enter("deux") == '"storage"'
    sqlite_client.get("/gestion/pointage")
    answer = sqlite_client.submit("/deconnexion", follow=False)
    assert answer.headers["Clear-Site-Data"] == '"storage"'
