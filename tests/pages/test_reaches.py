"""A role that names an office or a site: what others have is neither listed nor found, its own works as without.

The sections of money have their own in test_access.py.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import time
from urllib.parse import urlencode

import pytest
from flask import Flask
from sqlalchemy import delete, select, update

from app.database import db, write_transaction
from app.models.accounts import StaffRole
from app.models.activities import Activity, Office, Site
from app.models.families import Child, Family
from app.models.messages import MessageThread
from app.rules.capabilities import Role, capabilities_of
from app.services import message_inbox
from app.services.errors import NotFound
from tests import factories
from tests.client import Answer, Client
from tests.pages.test_access import ask, browser_of, changed, routes, stored, token_of
from tests.routes import Door, World

__all__ = ["browser_of"]

NARROW = (Role.SITE_DIRECTOR, Role.YOUTH_WORKER, Role.KITCHEN, Role.READ_ONLY, Role.REGISSEUR)
REACHED = (
    "family_id", "child_id", "enrolment_id", "quotient_id", "thread_id", "message_id", "entry_id", "activity_id",
    "version_id", "draft_id", "book_id", "closure_id", "urgent_message_id", "group_id", "meal_unit_id",
)  # fmt: skip
AT_THE_DOOR = "staff.attendances.search"  # who stands there is found, whoever it is: docs/rules/capabilities.md


def elsewhere() -> tuple[int, int]:
    """An office and a site with an activity of their own, in which nobody is enrolled."""
    with write_transaction() as session:
        office, site = Office(name="Musique", prefix="mus"), Site(name="École de musique", address="2 rue du Parc")
        session.add_all([office, site])
        session.flush()
        places = office.id, site.id
    activity = factories.make_activity("Éveil musical")
    with write_transaction() as session:
        there = {"office_id": places[0], "site_id": places[1]}
        session.execute(update(Activity).where(Activity.id == activity.id).values(**there))
    return places


def bind(user_id: int, office_id: int | None, site_id: int | None) -> None:
    with write_transaction() as session:
        session.execute(
            update(StaffRole).where(StaffRole.user_id == user_id).values(office_id=office_id, site_id=site_id)
        )


def sent_in_addresses(world: World) -> tuple[str, str]:
    """What names a family, then all else that is narrowed in an address, of what others have."""
    activity = world.planning.activity
    site_id = db.session.get_one(Activity, activity.id).site_id
    narrowed = {
        "enfant": world.planning.child_id, "activite": activity.id, "groupe": activity.group_id, "lieu": site_id,
        "unite": activity.units["Matin"], "temps": activity.units["Matin"],
    }  # fmt: skip
    return f"?famille={world.planning.family.family_id}", f"?{urlencode(narrowed)}"


@pytest.mark.parametrize("role", NARROW)
def test_of_other_places_an_agent_finds_nothing(
    world: World, browser_of: Callable[[int | None], Client], role: Role
) -> None:
    office_id, site_id = elsewhere()
    bind(world.staff[role], *((office_id, None) if role is Role.REGISSEUR else (None, site_id)))
    names = {family.name for family in db.session.scalars(select(Family))}
    names |= {child.full_name for child in db.session.scalars(select(Child))}
    client, before = browser_of(world.staff[role]), stored()
    problems = []
    for endpoint, route in routes(Door.STAFF):
        if route.capabilities.isdisjoint(capabilities_of([role])) or endpoint == AT_THE_DOOR:
            continue
        if route.argument in REACHED:
            status, _ = ask(client, route, world.address(endpoint))
            if status != 404:
                problems.append(f"{endpoint}: {status}")
        elif route.method == "GET" and route.argument is None:
            for asked in ("", *sent_in_addresses(world)):
                answer = client._ask("GET", world.address(endpoint) + asked, status=None, htmx=not route.is_page)
                if any(name in answer.body for name in names):
                    problems.append(f"{endpoint}{asked} names a family of others")
    assert not problems and not changed(before), (problems, changed(before))


@pytest.mark.parametrize("role", NARROW)
@pytest.mark.parametrize("kind", ["office", "site"])
def test_at_the_places_of_the_role_all_is_as_without(
    world: World, browser_of: Callable[[int | None], Client], role: Role, kind: str
) -> None:
    elsewhere()
    activity = db.session.get_one(Activity, world.planning.activity.id)
    bind(world.staff[role], *((activity.office_id, None) if kind == "office" else (None, activity.site_id)))
    client = browser_of(world.staff[role])
    problems = []
    for endpoint, route in routes(Door.STAFF, method="GET"):
        if route.capabilities.isdisjoint(capabilities_of([role])):
            continue
        status, _ = ask(client, route, world.address(endpoint))
        of_other_office = route.argument in ("sending_id", "letter_id", "move_id", "hold_id")
        if status != (404 if of_other_office else route.answers):
            problems.append(f"{endpoint}: {status}")
    assert not problems


@pytest.mark.parametrize("address", ["encaissements", "encaissements/fichier", "messages"])
def test_a_family_in_a_query_is_found_where_one_in_a_path_is(
    world: World, browser_of: Callable[[int | None], Client], address: str
) -> None:
    office_id, _ = elsewhere()
    family_id = world.planning.family.family_id
    of_its_office = db.session.get_one(Activity, world.planning.activity.id).office_id
    for office, status in ((office_id, 404), (of_its_office, 200)):
        bind(world.staff[Role.REGISSEUR], office, None)
        client = browser_of(world.staff[Role.REGISSEUR])
        for written in (f"{family_id}", f"%20{family_id}"):
            client._ask("GET", f"/gestion/{address}?famille={written}", status=status, htmx=False)
    for written in ("", "0", "x", "٣", "9" * 30):  # no family: as if none was asked for
        client._ask("GET", f"/gestion/{address}?famille={written}", status=200, htmx=False)


def test_several_sites_add_up_and_a_family_is_read_whole(world: World, sqlite_app: Flask) -> None:
    _, site_id = elsewhere()
    user_id = world.staff[Role.SITE_DIRECTOR]
    bind(user_id, None, site_id)
    activity = db.session.get_one(Activity, world.planning.activity.id)
    address = f"/gestion/familles/{world.planning.family.family_id}"
    client = Client(sqlite_app)
    client.sign_in(user_id).get(address, status=404)
    with write_transaction() as session:
        session.add(StaffRole(user_id=user_id, role=Role.SITE_DIRECTOR, site_id=activity.site_id))
    page = client.get(address)  # in the same session: at once
    assert world.planning.family.name in page.text
    factories.make_family("SANSPLACE")
    page = client.get("/gestion/familles")
    assert world.planning.family.name in page.text and "SANSPLACE" not in page.text


def test_an_agent_of_a_site_ticks_and_books_there_alone(world: World, sqlite_app: Flask) -> None:
    _, site_id = elsewhere()
    music = db.session.scalars(select(Activity).where(Activity.name == "Éveil musical")).one()
    user_id = world.staff[Role.SITE_DIRECTOR]
    bind(user_id, None, site_id)
    with write_transaction() as session:
        session.add(StaffRole(user_id=user_id, role=Role.READ_ONLY))  # reads everywhere, acts there alone
    family, child_id = world.planning.family.family_id, world.planning.child_id
    client = Client(sqlite_app)
    client.sign_in(user_id).get(f"/gestion/familles/{family}")
    client.get(f"/gestion/familles/{family}/enfants/{child_id}/planning", status=404)
    client.get(f"/gestion/pointage/{world.planning.activity.group_id}/2026-10-07", status=404)
    assert "Mercredi" not in client.get("/gestion/fermetures/nouvelle").text
    assert music.name in client.get("/gestion/fermetures/nouvelle").text


def test_of_other_activities_a_planning_tells_no_money_and_books_nothing(
    world: World, browser_of: Callable[[int | None], Client]
) -> None:
    planning = world.planning
    _, site_id = elsewhere()
    music = factories.make_activity("Chorale", {"Soir": (time(17), time(18))}, needs={})
    with write_transaction() as session:
        session.get_one(Activity, music.id).site_id = site_id
    factories.enrol(planning.child_id, planning.family, music)
    song = factories.make_openings(music, [factories.NEXT_WEDNESDAY])[factories.NEXT_WEDNESDAY, "Soir"]
    morning = planning.opening(factories.NEXT_WEDNESDAY, "Matin")
    factories.save(planning.family, planning.child_id, book=[morning])
    address = f"/gestion/familles/{planning.family.family_id}/enfants/{planning.child_id}/planning"
    bind(world.staff[Role.SITE_DIRECTOR], None, site_id)
    bound, clerk = browser_of(world.staff[Role.SITE_DIRECTOR]), browser_of(world.staff[Role.FILE_CLERK])
    told = ("Mercredi :", "Total du jour 2,10", "toute la famille : 2,10", "Carnet de 10")
    whole = plain(clerk.get(f"{address}?jour={factories.NEXT_WEDNESDAY}"))
    assert [words for words in told if words not in whole] == []
    page = bound.get(f"{address}?jour={factories.NEXT_WEDNESDAY}")
    assert [words for words in told if words in plain(page)] == []
    assert "toute la famille, vos activités : 0,00" in plain(page) and "1 réservé" not in plain(page)
    assert page.all("input", name="shown")[0].get("value") == str(song)
    sent = {
        "csrf_token": token_of(bound), "key": "2" * 32, "shown": f"{morning}h", "jour": factories.NEXT_WEDNESDAY,
        "staff_class": "in_time",
    }  # fmt: skip
    for action, reason in (("/verification", "Appel"), ("", "Appel"), ("", "")):
        for htmx in (True, False):
            data = {**sent, "reason": reason}
            bound._ask("POST", address + action, status=404, htmx=htmx, data=data)
    bound.get(f"{address}?jour={factories.NEXT_WEDNESDAY}")
    bound.submit("planning", t=[song], reason="Appel du père")
    held = factories.bookings_of(planning.child_id)
    assert (morning, "confirmed") in held and (song, "confirmed") in held
    assert "vos activités : 2,10" in plain(bound.get(f"{address}?jour={factories.NEXT_WEDNESDAY}"))


def test_a_rule_broken_with_another_place_names_nothing_of_it(
    world: World, browser_of: Callable[[int | None], Client]
) -> None:
    planning = world.planning
    _, site_id = elsewhere()
    choir = factories.make_activity("Chorale", {"Répétition": (time(9), time(10))}, needs={})
    with write_transaction() as session:
        session.get_one(Activity, choir.id).site_id = site_id
    factories.enrol(planning.child_id, planning.family, choir)
    song = factories.make_openings(choir, [factories.NEXT_WEDNESDAY])[factories.NEXT_WEDNESDAY, "Répétition"]
    morning = planning.opening(factories.NEXT_WEDNESDAY, "Matin")
    factories.save(planning.family, planning.child_id, book=[morning])
    bind(world.staff[Role.SITE_DIRECTOR], None, site_id)
    path = f"/gestion/familles/{planning.family.family_id}/enfants/{planning.child_id}/planning"
    for role, ticks, other in (
        (Role.FILE_CLERK, [morning, song], "que Matin (Mercredi)"),
        (Role.SITE_DIRECTOR, [song], "qu’un temps d’accueil d’un autre lieu"),
    ):
        agent = browser_of(world.staff[role])
        agent.get(f"{path}?jour={factories.NEXT_WEDNESDAY}")
        page = agent.submit("planning", to=f"{path}/verification", status=200, t=ticks)
        assert f"Répétition (Chorale) est aux mêmes heures {other}." in plain(page)
    assert "Matin" not in plain(page) and "Mercredi :" not in plain(page)


def test_a_thread_is_given_to_who_reaches_its_family(world: World, browser_of: Callable[[int | None], Client]) -> None:
    office_id, _ = elsewhere()
    activity = db.session.get_one(Activity, world.planning.activity.id)
    near, far = world.staff[Role.SITE_DIRECTOR], world.staff[Role.REGISSEUR]
    bind(near, None, activity.site_id)
    bind(far, office_id, None)
    thread_id = factories.write_message(world.planning.family).thread_id
    clerk = browser_of(world.staff[Role.FILE_CLERK])
    page = clerk.get(f"/gestion/messages/{thread_id}")
    offered = {option.get("value") for option in page.all("option")}
    assert str(near) in offered and str(far) not in offered and str(world.staff[Role.FILE_CLERK]) in offered
    clerk.submit("assignment", status=422, agent=far)
    with pytest.raises(NotFound), write_transaction() as session:
        message_inbox.assign_thread(session, thread_id, world.staff[Role.FILE_CLERK], far)
    clerk.get(f"/gestion/messages/{thread_id}")
    clerk.submit("assignment", agent=near)
    assert db.session.get_one(MessageThread, thread_id).assigned_to_id == near
    with write_transaction() as session:  # several roles add up
        session.add(StaffRole(user_id=far, role=Role.SITE_DIRECTOR, site_id=activity.site_id))
    assert far in message_inbox.answering_agents(world.planning.family.family_id)


def test_a_thread_whose_agent_lost_its_family_is_to_be_taken_over(
    world: World, browser_of: Callable[[int | None], Client]
) -> None:
    office_id, _ = elsewhere()
    clerk_id, far = world.staff[Role.FILE_CLERK], world.staff[Role.REGISSEUR]
    thread_id = factories.write_message(world.planning.family).thread_id
    with write_transaction() as session:
        message_inbox.assign_thread(session, thread_id, clerk_id, far)
    clerk, pages = browser_of(clerk_id), ("/gestion/messages", "/gestion/a-traiter?type=messages")
    assert not any("à reprendre" in clerk.get(path).text for path in pages)
    assert "Prendre cet échange" not in clerk.get(f"/gestion/messages/{thread_id}").text
    bind(far, office_id, None)
    assert all("à reprendre" in clerk.get(path).text for path in pages)
    page = clerk.get(f"/gestion/messages/{thread_id}")
    assert "ne donne plus accès à cette famille" in page.text
    clerk.submit("taking")
    assert db.session.get_one(MessageThread, thread_id).assigned_to_id == clerk_id
    assert not any("à reprendre" in clerk.get(path).text for path in pages)
    with write_transaction() as session:
        message_inbox.assign_thread(session, thread_id, clerk_id, None)
        session.execute(update(MessageThread).values(assigned_to_id=far))
        session.execute(delete(StaffRole).where(StaffRole.user_id == far))
    assert all("à reprendre" in clerk.get(path).text for path in pages)


def test_a_history_tells_messages_to_who_reaches_the_family_for_them(
    world: World, browser_of: Callable[[int | None], Client]
) -> None:
    _, site_id = elsewhere()
    family = world.planning.family
    factories.write_message(family)
    user_id = world.staff[Role.SITE_DIRECTOR]
    bind(user_id, None, site_id)
    with write_transaction() as session:
        session.add(StaffRole(user_id=user_id, role=Role.READ_ONLY))  # reads all files, answers there alone
    address = f"/gestion/familles/{family.family_id}/historique"
    kinds = [f"{address}?genre=messages", f"{address}?genre=reservations"]
    assert {*kinds} <= {*browser_of(world.staff[Role.FILE_CLERK]).get(address).links()}
    page = browser_of(user_id).get(address)
    assert kinds[0] not in page.links() and kinds[1] in page.links() and "Une question" not in page.text


def plain(page: Answer) -> str:
    return page.text.replace("\xa0", " ")
