"""« Messages urgents »: whom they concern, who must be called, and that they leave once."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from app.database import db, write_transaction
from app.models.families import Guardian
from app.models.mails import OutboxMail
from app.models.urgent_messages import UrgentMessage, UrgentRecipient
from app.rules.capabilities import Role
from app.services import urgent_messages
from tests import factories
from tests.client import Client
from tests.factories import WEDNESDAY, PlanningSetup

URGENT = "/gestion/messages-urgents"


@pytest.fixture
def planning(app: object) -> PlanningSetup:
    """Two families of « Mercredi »; only the first comes on Wednesday, and the other has no e-mail."""
    made = factories.make_planning()
    factories.save(made.family, made.child_id, book=[made.opening(WEDNESDAY, "Matin")])
    other, _child_id = factories.add_family(made)
    with write_transaction() as session:
        guardian = session.get_one(Guardian, other.guardian_id)
        guardian.email, guardian.mobile_phone = None, "+33600000009"
    return made


@pytest.fixture
def director(client: Client, planning: PlanningSetup) -> Client:
    return client.sign_in(factories.make_staff(Role.SITE_DIRECTOR))


def queue_all() -> None:
    while urgent_messages.has_unqueued(db.session()):
        with write_transaction() as session:
            urgent_messages.queue_some(session)


def test_a_message_is_read_before_it_leaves_and_leaves_once(director: Client, planning: PlanningSetup) -> None:
    assert "Aucun message n’a été envoyé." in director.get(URGENT).text
    director.get(f"{URGENT}/nouveau")
    page = director.submit("audience", status=200, cible=f"activity-{planning.activity.id}")
    assert "2 familles concernées" in page.text and "1 reçoit le message par courriel." in page.text
    assert "06 00 00 00 09" in page.text and "Envoyer" not in page.text, "not before it is read"
    page = director.submit(
        "message", button="Aperçu", status=200, subject="Centre\r\nfermé",
        text="Plus d’eau : fermé <b>.\n\nVenez à 16 h.",
    )  # fmt: skip
    assert "Ce que les familles liront" in page.text and "À bientôt," in page.text
    assert db.session.scalars(select(UrgentMessage)).all() == []
    page = director.submit("message", button="Envoyer à 2 familles")
    assert "Le message part." in page.text and "2 familles encore à servir." in page.text
    director.page = page
    for _again in range(2):
        queue_all()
    (mail,) = db.session.scalars(select(OutboxMail).where(OutboxMail.template == "urgent_message"))
    assert (mail.recipient, mail.family_id) == (planning.family.email, planning.family.family_id)
    assert mail.subject == "Centre fermé" and "fermé <b>." in mail.body
    page = director.get(page.path)
    assert "1 courriel : en attente" in page.text and "06 00 00 00 09" in page.text
    assert "2 familles" in director.get(URGENT).text


def test_the_same_form_sent_twice_is_one_message(director: Client, planning: PlanningSetup) -> None:
    page = director.get(f"{URGENT}/nouveau?cible=activity-{planning.activity.id}&jour=")
    page = director.submit("message", button="Aperçu", status=200, subject="Fermé", text="Fermé.")
    first = director.submit("message", button="Envoyer à 2 familles")
    director.page = page
    assert director.submit("message", button="Envoyer à 2 familles").path == first.path
    assert len(db.session.scalars(select(UrgentMessage)).all()) == 1


def test_a_day_concerns_who_is_expected_and_a_group_its_own(director: Client, planning: PlanningSetup) -> None:
    page = director.get(f"{URGENT}/nouveau?cible=activity-{planning.activity.id}&jour={WEDNESDAY}")
    assert "1 famille concernée" in page.text
    page = director.get(f"{URGENT}/nouveau?cible=activity-{planning.activity.id}&jour={WEDNESDAY + timedelta(days=1)}")
    assert "Aucune famille n’est concernée." in page.text and "Votre message" not in page.text
    page = director.get(f"{URGENT}/nouveau?cible=activity-99&jour=hier", status=422)
    assert "Choisissez une réponse de la liste." in page.text and "Indiquez une date" in page.text
    director.get(f"{URGENT}/nouveau?cible=activity-{planning.activity.id}")
    page = director.submit("message", button="Aperçu", status=422, subject="", text="")
    assert "Indiquez l’objet du message." in page.text and "Écrivez le message." in page.text


def test_many_families_are_queued_a_few_at_a_time(sqlite_client: Client) -> None:
    planning = factories.make_planning()
    for number in range(urgent_messages.FAMILIES_AT_ONCE + 2):
        factories.add_family(planning, f"VOISIN {number}")
    agent = factories.make_staff()
    with write_transaction() as session:
        audience = urgent_messages.find_audience(f"activity-{planning.activity.id}")
        urgent_messages.send_message(session, agent, "a-key-of-a-test-", audience, None, "Fermé", "Fermé.")
    counts = []
    while urgent_messages.has_unqueued(db.session()):
        with write_transaction() as session:
            counts.append(urgent_messages.queue_some(session))
    assert counts == [urgent_messages.FAMILIES_AT_ONCE, 3]
    assert db.session.scalars(select(UrgentRecipient.family_id).where(UrgentRecipient.queued_at.is_(None))).all() == []


def test_who_has_no_such_role_writes_to_nobody(client: Client) -> None:
    client.sign_in(factories.make_staff(Role.KITCHEN)).get(URGENT, status=403)
