"""Whatever is typed or forged, anywhere on the line: a clear page in French or a 404, and nothing stored.

What each screen says about its own mistakes is tested with that screen (tests/pages); here every field of every form,
and every word of every address, gets what nobody should send: a sixth of the texts each, in turns, so that each text goes
to many. `script/drill wrong` sends all of them to all.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from urllib.parse import quote

import pytest
from sqlalchemy import func, select

from app import clock
from app.database import db, write_transaction
from app.models.accounts import User
from app.models.enrolments import Enrolment
from app.models.families import Child, Family
from app.rules.capabilities import Role
from app.services import links
from app.services.catalogue import forget_catalogue
from app.services.errors import LinkExpired
from tests import factories
from tests.client import Answer, Client, form_fields
from tests.conftest import TestBed, running
from tests.long import IS_LONG
from tests.routes import ENDS_THE_SESSION, ROUTES, Door, World, make_world, secret_for

NASTY = (
    "\x00", "a\x00b", " \t ", "é" * 5_000, "<script>alert(1)</script>", "' OR 1=1 --", "{{7*7}}", "😀", "a\r\nX-Y: z",
    "-1", "9" * 30, "1e309", "2026-02-30", "0000-00-00", "\u202e\u200b", "../../etc/passwd", "[]", "nan",
)  # fmt: skip
PARTS = 6
FOR_POSTGRES = ("\x00", "a\x00b", "9" * 30, "😀", "-1", "é" * 5_000)

WRITES = ("INSERT", "UPDATE", "DELETE")
KIND = {200, 204, 303, 302, 400, 403, 404, 409, 410, 413, 422, 429}

# What each door has at least: a walk that finds nothing tries nothing.
FORMS = {Door.PUBLIC: 8, Door.FAMILY: 20, Door.STAFF: 25}


@dataclass(frozen=True, slots=True)
class Trial:
    """A world in which everything is tried anew: what an answer wrote is taken back before the next text."""

    world: World
    client: Client
    door: Door
    texts: tuple[str, ...]
    bring_back: Callable[[], None]

    def texts_for(self, turn: int) -> tuple[str, ...]:
        """What a form or an address gets: all, or one in six."""
        return self.texts if IS_LONG else self.texts[turn % PARTS :: PARTS]

    def post(self, action: str, data: Mapping[str, object]) -> Answer:
        """Send this, as if nothing had been sent before."""
        cookie = self.client.cookie
        answer = self.client.post_any(action, data)
        if any(query.startswith(WRITES) for query in answer.queries):
            db.session.remove()
            self.bring_back()
            forget_catalogue()
        self.client.cookie = cookie
        return answer


@pytest.fixture(
    params=[("sqlite", door) for door in Door]
    + [pytest.param(("postgresql", door), marks=pytest.mark.postgres) for door in Door],
    ids=lambda param: f"{param[0]}-{param[1].name.lower()}",
)
def trial(request: pytest.FixtureRequest) -> Iterator[Trial]:
    """Somebody at a door, and what to send; all of it to SQLite, to PostgreSQL what it is stricter about."""
    kind, door = request.param
    bed: TestBed = request.getfixturevalue("sqlite_bed" if kind == "sqlite" else "postgres_bed")
    with running(bed) as app:
        world = make_world(app)
        client = Client(app)
        if door is not Door.PUBLIC:
            client.sign_in(world.parent_id if door is Door.FAMILY else world.staff[Role.ADMINISTRATOR])
        with bed.kept() as bring_back:
            yield Trial(world, client, door, NASTY if kind == "sqlite" else FOR_POSTGRES, bring_back)


def writes_of(answer: Answer) -> list[str]:
    """The statements of a request that change data, but the meant ones: a failed sign-in, who reads health data."""
    meant = ("sign_in_failure", "health_access")
    return [q for q in answer.queries if q.startswith(WRITES) and not any(table in q for table in meant)]


def forms_of(page: Answer) -> list[tuple[str, list[str]]]:
    """Action and visible fields of the forms in a page's content that change something."""
    main = next(page.root.iter("main"))
    return [
        (form.get("action") or page.path, [name for name in field_names(form) if name != "csrf_token"])
        for form in main.iter("form")
        if (form.get("method") or "get").lower() == "post"
    ]


def field_names(form: object) -> list[str]:
    names = [e.get("name") for e in form.iter() if e.tag in ("input", "select", "textarea") and e.get("name")]  # type: ignore[attr-defined]
    return list(dict.fromkeys(names))


def test_every_field_of_every_form_stands_it(trial: Trial) -> None:
    seen = set()
    for endpoint, route in ROUTES.items():
        if route.door is not trial.door or route.method != "GET" or not route.is_page or route.answers != 200:
            continue
        page = trial.client.get(trial.world.address(endpoint))
        if not page.is_html:
            continue  # a file
        for action, fields in forms_of(page):
            if action in seen or not fields or action.startswith(ENDS_THE_SESSION):
                continue
            seen.add(action)
            main = next(page.root.iter("main"))
            form = next(f for f in main.iter("form") if (f.get("action") or page.path) == action)
            sent = dict(form_fields(form))
            for text in trial.texts_for(len(seen)):
                answer = trial.post(action, {**sent, **dict.fromkeys(fields, text)})
                assert answer.status in KIND, (action, text, answer.status, answer.text[:300])
                if answer.status != 303:
                    assert not writes_of(answer), (action, text, answer.status, writes_of(answer))
    assert len(seen) >= FORMS[trial.door], seen


def test_every_word_of_every_address_stands_it(trial: Trial) -> None:
    names = ("jour", "page", "q", "activite", "type", "etat", "suite", "enregistrement", "postal_code", "city")
    for turn, (endpoint, route) in enumerate(ROUTES.items()):
        if route.door is not trial.door or route.method != "GET":
            continue
        address = trial.world.address(endpoint)
        for text in trial.texts_for(turn):
            query = "&".join(f"{name}={quote(text)}" for name in names)
            answer = trial.client.get_any(f"{address}?{query}", htmx=not route.is_page)
            allowed = KIND | {503 if endpoint == "public.health.show" else 200}
            assert answer.status in allowed, (endpoint, text, answer.status)
            assert not writes_of(answer), (endpoint, text)
            if route.argument == "secret":
                other = address.rsplit("/", 1)[0] + "/" + quote(text, safe="")
                assert trial.client.get_any(other).status in KIND, (endpoint, text)


def count(table: type) -> int:
    return db.session.scalar(select(func.count()).select_from(table)) or 0


ADDRESS = {"street_line": "12 rue des Tilleuls", "postal_code": "80110", "city": "Démuin", "consent": "oui"}
PARENT = {
    "title": "madam", "last_name": "ÉTOILE", "first_name": "Zoé", "email": "zoe@example.org",
    "email_again": "zoe@example.org",
}  # fmt: skip


@pytest.mark.parametrize(
    ("step", "wrong", "says"),
    [
        (1, {"consent": "non"}, "Sans votre accord"),
        (1, {"consent": None}, "Répondez par Oui ou par Non"),
        (1, {"postal_code": "99999"}, "code postal"),
        (1, {"postal_code": "8011"}, "code postal"),
        (1, {"city": "Amiens"}, "Démuin"),
        (1, {"street_line": ""}, "Indiquez votre adresse"),
        (2, {"email_again": "autre@example.org"}, "Les deux adresses sont différentes"),
        (2, {"email": "zoe@", "email_again": "zoe@"}, "adresse"),
        (2, {"email": "", "email_again": ""}, "Indiquez votre adresse email"),
        (2, {"last_name": ""}, "Indiquez votre nom"),
        (2, {"title": None}, "civilité"),
    ],
)
def test_sign_up_says_what_is_wrong_and_keeps_the_rest(
    client: Client, step: int, wrong: dict[str, str], says: str
) -> None:
    client.get("/creer-un-compte")
    typed = ADDRESS
    if step == 2:
        client.submit("/creer-un-compte", **ADDRESS)
        typed = PARENT
    path = "/creer-un-compte" if step == 1 else "/creer-un-compte/parent"
    page = client.submit(path, status=422, **{**typed, **wrong})
    assert says in page.text
    kept = {name: value for name, value in typed.items() if name not in wrong}
    assert {name: page.value(name, path) for name in kept} == kept
    assert count(Family) == 0


def future_birth(client: Client, planning: factories.PlanningSetup) -> None:
    client.get("/ma-famille/enfants/nouveau")
    tomorrow = clock.today() + timedelta(days=1)
    page = client.submit(
        "/ma-famille/enfants/nouveau", status=422, last_name="TEST", first_name="Zoé", birth_date=tomorrow.isoformat()
    )
    assert "Cette date n’est pas encore arrivée" in page.text
    assert page.value("first_name", "/ma-famille/enfants/nouveau") == "Zoé"


def impossible_birth(client: Client, planning: factories.PlanningSetup) -> None:
    client.get("/ma-famille/enfants/nouveau")
    page = client.submit(
        "/ma-famille/enfants/nouveau", status=422, last_name="TEST", first_name="Zoé", birth_date="2019-02-30"
    )
    assert "date" in page.text.lower()


def unknown_child(client: Client, planning: factories.PlanningSetup) -> None:
    for path in ("/mes-reservations/4242", "/ma-famille/enfants/4242", "/mes-inscriptions/4242/nouvelle"):
        client.get(path, status=404)


@pytest.mark.parametrize("wrong", [future_birth, impossible_birth, unknown_child])
def test_parent_is_told_and_nothing_is_stored(
    client: Client, wrong: Callable[[Client, factories.PlanningSetup], None]
) -> None:
    planning = factories.make_planning()
    client.sign_in(planning.family.user_id)
    before = count(Child)
    wrong(client, planning)
    assert count(Child) == before


def test_link_that_was_used_has_expired_or_never_was_says_what_to_do(client: Client) -> None:
    user_id = factories.make_user("attend@example.org", confirmed=False)
    factories.make_family("ATTEND", "Alix", email="attend@example.org", user_id=user_id)
    with write_transaction() as session:
        links.request_activation(session, "attend@example.org")
    link = f"/activation/{secret_for('attend@example.org')}"
    unknown = client.get("/activation/rien", status=410)
    client.get(link)
    clock.start_at(clock.now() + links.ACTIVATION_VALIDITY, frozen=True)
    assert client.get(link, status=410).text == unknown.text
    clock.start_at(factories.NOW, frozen=True)
    client.get(link)
    password = "quatre chevaux sans rapport"
    client.submit(link, password=password, confirmation=password)
    client.forget_cookies()
    assert client.get(link, status=410).text == unknown.text
    with pytest.raises(LinkExpired), write_transaction() as session:
        links.confirm_account(session, link.rsplit("/", 1)[1], "other hash")
    assert db.session.get_one(User, user_id).password_hash != "other hash"


def test_stale_planning_of_a_child_that_is_enrolled_no_more_is_not_found(client: Client) -> None:
    planning = factories.make_planning()
    client.sign_in(planning.family.user_id).get(f"/mes-reservations/{planning.child_id}?jour={date(2026, 11, 25)}")
    with write_transaction() as session:
        for enrolment in session.scalars(select(Enrolment)):
            session.delete(enrolment)
    client.submit("planning", status=404, t=[planning.opening(factories.WEDNESDAY, "Matin")])
    assert factories.bookings_of(planning.child_id) == []
