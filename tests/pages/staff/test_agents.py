"""« Agents »: who works with the portal, and what an administrator may do to their accounts."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from app import clock
from app.database import db, write_transaction
from app.models.accounts import StaffAction, StaffActionKind, StaffRole, User
from app.models.activities import Office, Site
from app.models.mails import OutboxMail
from app.rules.capabilities import Post, Role
from app.rules.sign_ins import STEP_UP_WITHIN
from app.services import staff_accounts
from app.services.errors import LastAdministrator
from tests.client import Client
from tests.factories import PASSWORD, make_activity, make_family, make_staff
from tests.html import check_text

GOOD = "lampe violette quatorze girafes"


@pytest.fixture
def boss_id(sqlite_app: object) -> int:
    return make_staff(email="chef@example.org")


@pytest.fixture
def boss(boss_id: int, sqlite_client: Client) -> Client:
    return sqlite_client.sign_in(boss_id)


def roles_of(user_id: int) -> set[Role]:
    return set(db.session.scalars(select(StaffRole.role).where(StaffRole.user_id == user_id)))


def kinds() -> list[StaffActionKind]:
    return list(db.session.scalars(select(StaffAction.kind).order_by(StaffAction.id)))


def mails() -> list[tuple[str, str]]:
    return [(mail.template, mail.recipient) for mail in db.session.scalars(select(OutboxMail).order_by(OutboxMail.id))]


def add(client: Client, email: str, *roles: Role) -> None:
    client.get("/gestion/agents/nouveau")
    page = client.submit("agent", name="Dominique Petit", email=email, roles=[role.value for role in roles])
    assert "L’agent est ajouté." in page.text


def test_new_agent_is_invited_and_chooses_a_password(boss: Client) -> None:
    add(boss, "nouveau@example.org", Role.KITCHEN, Role.READ_ONLY)
    assert mails() == [("staff_invited", "nouveau@example.org")]
    page = boss.get("/gestion/agents")
    assert "Dominique Petit" in page.text and "Invitation envoyée" in page.text
    assert "Agent ajouté : Cuisine, Lecture seule" in page.text
    mail = db.session.scalars(select(OutboxMail)).one()
    assert check_text(mail.subject) == [] and check_text(mail.body.replace("[[secret]]", "x")) == []
    agent = Client(boss.app)
    agent.get(f"/activation/{mail.secret}")
    assert agent.submit(password=GOOD, confirmation=GOOD).path == "/gestion/planning"


def test_invitation_is_sent_again_on_demand_of_either(boss: Client) -> None:
    add(boss, "nouveau@example.org", Role.KITCHEN)
    user = db.session.scalars(select(User).where(User.email == "nouveau@example.org")).one()
    clock.start_at(clock.now().replace(minute=40), frozen=True)
    boss.get(f"/gestion/agents/{user.id}")
    assert "Un nouveau lien part" in boss.submit("invitation").text
    clock.start_at(clock.now().replace(minute=44), frozen=True)
    agent = Client(boss.app)
    agent.get("/activation/nouveau-lien")
    agent.submit(email="nouveau@example.org")
    assert mails() == [("staff_invited", "nouveau@example.org")] * 3


def test_parent_becomes_an_agent_with_the_same_login(boss: Client) -> None:
    family = make_family(email="parent@example.org")
    parent = Client(boss.app).sign_in(family.user_id)
    add(boss, "Parent@example.org", Role.READ_ONLY)
    assert mails() == [("staff_added", "parent@example.org")]
    assert roles_of(family.user_id) == {Role.READ_ONLY}
    parent.get("/tableau-de-bord", status=303)  # a parent's month would be too long
    parent.get("/connexion")
    page = parent.submit("/connexion", email="parent@example.org", password=PASSWORD)
    assert page.path == "/gestion/planning" and f"Famille {family.name}" in page.text


def test_address_of_an_agent_is_refused_and_what_was_typed_stays(boss: Client) -> None:
    boss.get("/gestion/agents/nouveau")
    page = boss.submit("agent", status=422, name="X", email="chef@example.org", roles=["kitchen"])
    assert "Cette adresse est déjà celle d’un agent." in page.text and page.value("name") == "X"
    page = boss.submit("agent", status=422, email="x@example.org", roles=[])
    assert "Cochez au moins un rôle." in page.text


def test_changed_roles_end_the_sessions(boss: Client) -> None:
    agent_id = make_staff(Role.KITCHEN)
    agent = Client(boss.app).sign_in(agent_id)
    boss.get(f"/gestion/agents/{agent_id}")
    page = boss.submit("agent-roles", roles=["kitchen", "file_clerk"])
    assert "Les rôles de Camille AGENT sont changés." in page.text
    assert roles_of(agent_id) == {Role.KITCHEN, Role.FILE_CLERK}
    agent.get("/gestion/planning", status=303)
    boss.get(f"/gestion/agents/{agent_id}")
    assert "Rien n’a changé." in boss.submit("agent-roles").text
    assert kinds() == [StaffActionKind.ROLES_CHANGED]


def test_roles_that_a_colleague_changed_meanwhile_are_not_overwritten(boss: Client) -> None:
    agent_id, other = make_staff(Role.KITCHEN), make_staff()
    boss.get(f"/gestion/agents/{agent_id}")
    with write_transaction() as session:
        staff_accounts.change_roles(session, other, agent_id, {Post(Role.REGISSEUR)}, {Post(Role.KITCHEN)})
    boss.submit("agent-roles", status=409, roles=["kitchen", "file_clerk"])
    assert roles_of(agent_id) == {Role.REGISSEUR}


def test_agent_who_leaves_has_no_door_left_and_a_parent_keeps_theirs(boss: Client) -> None:
    family = make_family(email="parent@example.org")
    with write_transaction() as session:
        session.add(StaffRole(user_id=family.user_id, role=Role.KITCHEN))
    agent_id = make_staff(Role.KITCHEN, email="part@example.org")
    for user_id in (family.user_id, agent_id):
        boss.get(f"/gestion/agents/{user_id}")
        assert "Le compte d’agent est désactivé." in boss.submit("deactivation").text
    leaver, parent = Client(boss.app), Client(boss.app)
    leaver.get("/connexion")
    leaver.submit("/connexion", status=422, email="part@example.org", password=PASSWORD)
    parent.get("/connexion")
    assert parent.submit("/connexion", email="parent@example.org", password=PASSWORD).path == "/tableau-de-bord"
    leaver.get("/mot-de-passe-oublie")
    leaver.submit(email="part@example.org")
    assert mails() == []


def test_nobody_touches_their_own_account(boss: Client, boss_id: int) -> None:
    page = boss.get(f"/gestion/agents/{boss_id}")
    assert "C’est votre compte" in page.text and not page.all("form", id="agent-roles")
    token = boss.get("/gestion/agents/nouveau").value("csrf_token", "agent")
    for path in ("", "/desactiver", "/double-verification"):
        data = {"csrf_token": token, "roles": "kitchen", "shown_roles": "administrator"}
        boss.post(f"/gestion/agents/{boss_id}{path}", data, status=403)
    assert roles_of(boss_id) == {Role.ADMINISTRATOR}


def test_an_administrator_is_left(boss: Client, boss_id: int) -> None:
    """The one who acts is one; but by the time the command runs, a colleague may have taken that away."""
    other = make_staff()
    with write_transaction() as session:
        staff_accounts.change_roles(session, other, boss_id, {Post(Role.KITCHEN)}, {Post(Role.ADMINISTRATOR)})
    for command in (
        lambda session: staff_accounts.change_roles(
            session, boss_id, other, {Post(Role.KITCHEN)}, {Post(Role.ADMINISTRATOR)}
        ),
        lambda session: staff_accounts.change_roles(
            session, boss_id, other, {Post(Role.ADMINISTRATOR, site_id=1)}, {Post(Role.ADMINISTRATOR)}
        ),
        lambda session: staff_accounts.deactivate(session, boss_id, other),
    ):
        with pytest.raises(LastAdministrator), write_transaction() as session:
            command(session)
    assert roles_of(other) == {Role.ADMINISTRATOR}


def test_managing_agents_asks_for_the_password_first_and_keeps_what_was_typed(boss: Client) -> None:
    boss.get("/gestion/agents/nouveau")
    clock.start_at(clock.now() + STEP_UP_WITHIN, frozen=True)
    page = boss.submit(
        "agent", status=401, name="Dominique Petit", email="nouveau@example.org", roles=["kitchen", "read_only"]
    )
    assert page.heading == "Est-ce bien vous ?"
    assert boss.submit("confirm", status=200, password=PASSWORD).heading == "Votre saisie est encore là"
    assert "L’agent est ajouté." in boss.submit("kept").text
    user_id = db.session.scalars(select(User.id).where(User.email == "nouveau@example.org")).one()
    assert roles_of(user_id) == {Role.KITCHEN, Role.READ_ONLY}


@pytest.fixture
def places(sqlite_app: object) -> tuple[int, int, int]:
    """An office, and two sites: « Les Tilleuls » and « Le Parc »."""
    make_activity()
    with write_transaction() as session:
        session.add(Site(name="Le Parc", address="1 rue du Parc"))
        session.flush()
        sites = dict(session.execute(select(Site.name, Site.id)).tuples().all())
        other = next(id_ for name, id_ in sites.items() if name != "Le Parc")
        return session.scalars(select(Office.id).order_by(Office.id)).all()[0], other, sites["Le Parc"]


def posts_of(user_id: int) -> set[Post]:
    rows = select(StaffRole.role, StaffRole.office_id, StaffRole.site_id).where(StaffRole.user_id == user_id)
    return {Post(*row) for row in db.session.execute(rows)}


def test_a_role_is_given_for_two_sites_and_an_office(boss: Client, places: tuple[int, int, int]) -> None:
    office_id, one, two = places
    agent_id = make_staff(Role.YOUTH_WORKER)
    agent = Client(boss.app).sign_in(agent_id)
    page = boss.get(f"/gestion/agents/{agent_id}")
    offered = {box.get("value") for box in page.all("input", name="roles")}
    assert {f"regisseur:office-{office_id}", f"kitchen:site-{two}", "administrator", "file_clerk"} <= offered
    assert not [
        code for code in offered if code and code.startswith(("administrator:", "file_clerk:", "regisseur:site"))
    ]
    ticked = [f"youth_worker:site-{one}", f"youth_worker:site-{two}", f"kitchen:office-{office_id}"]
    assert "sont changés" in boss.submit("agent-roles", roles=ticked).text
    wanted = {Post(Role.YOUTH_WORKER, site_id=one), Post(Role.YOUTH_WORKER, site_id=two), Post(Role.KITCHEN, office_id)}
    assert posts_of(agent_id) == wanted
    agent.get("/gestion/planning", status=303)  # the session is closed
    text = boss.get("/gestion/agents").text
    assert text.count("Le Parc") == 2 and "Rôles changés" in text  # in the list, and in the log
    boss.get(f"/gestion/agents/{agent_id}")
    assert "Rien n’a changé." in boss.submit("agent-roles").text
    boss.get(f"/gestion/agents/{agent_id}")
    boss.submit("agent-roles", roles=[f"youth_worker:site-{two}"])
    assert posts_of(agent_id) == {Post(Role.YOUTH_WORKER, site_id=two)}


def test_everywhere_and_somewhere_is_refused_and_stays_ticked(boss: Client, places: tuple[int, int, int]) -> None:
    agent_id = make_staff(Role.YOUTH_WORKER)
    boss.get(f"/gestion/agents/{agent_id}")
    ticked = ["youth_worker", f"youth_worker:site-{places[1]}"]
    page = boss.submit("agent-roles", status=422, roles=ticked)
    assert "gardez « Partout », ou certains endroits." in page.text
    assert [box.get("value") for box in page.all("input", name="roles") if box.get("checked") is not None] == ticked
    page = boss.submit("agent-roles", status=422, roles=["youth_worker:site-98765"])
    assert "Choisissez une réponse de la liste." in page.text
    assert posts_of(agent_id) == {Post(Role.YOUTH_WORKER)}


def test_what_the_screen_does_not_offer_stays_with_who_has_it(boss: Client, places: tuple[int, int, int]) -> None:
    agent_id = make_staff(Role.FILE_CLERK, office_id=places[0], site_id=places[1])
    boss.get(f"/gestion/agents/{agent_id}")
    held = Post(Role.FILE_CLERK, places[0], places[1])
    boss.submit("agent-roles", roles=[held.code, "kitchen"])
    assert posts_of(agent_id) == {held, Post(Role.KITCHEN)}


def test_new_agent_is_bound_at_once(boss: Client, places: tuple[int, int, int]) -> None:
    boss.get("/gestion/agents/nouveau")
    boss.submit("agent", name="Dominique Petit", email="n@example.org", roles=[f"regisseur:office-{places[0]}"])
    user_id = db.session.scalars(select(User.id).where(User.email == "n@example.org")).one()
    assert posts_of(user_id) == {Post(Role.REGISSEUR, places[0])}
