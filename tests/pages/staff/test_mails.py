"""« Courriels »: whole in the demo; elsewhere the text for the administrator alone, secrets masked."""

from datetime import timedelta

import pytest
from sqlalchemy import select, update

from app import clock
from app.database import db, write_transaction
from app.models.accounts import UserToken
from app.models.councils import Council
from app.models.families import Family, Guardian
from app.models.mails import MailResending, MailStatus, OutboxMail
from app.rules.capabilities import Role
from app.rules.sign_ins import STEP_UP_WITHIN
from app.services import sign_ups
from app.services.mails import RETRY_AFTER, claim_mail, record_failure, record_sent
from tests import factories
from tests.client import Client

MAILS = "/gestion/courriels"


@pytest.fixture
def secret(app: object) -> str:
    """The secret of a waiting activation mail, the only mail."""
    agent = factories.make_staff(Role.FILE_CLERK)
    family_id = factories.make_pending_family(email="alix@example.org")
    with write_transaction() as session:
        sign_ups.accept_sign_up(session, family_id, agent)
    return db.session.scalars(select(OutboxMail.secret)).one() or ""


def mail_id() -> int:
    return db.session.scalars(select(OutboxMail.id)).one()


def fail(times: int) -> None:
    for _time in range(times):
        with write_transaction() as session:
            mail = claim_mail(session, "http://localhost")
            assert mail is not None
            record_failure(session, mail.id, "SMTPServerDisconnected: nobody there")
            session.execute(update(OutboxMail).values(not_before=clock.now()))


def test_demo_shows_the_mail_whole_with_a_link_that_works(client: Client, secret: str) -> None:
    with write_transaction() as session:
        session.get_one(Council, 1).is_demo = True
        session.get_one(Council, 1).settings_version += 1
    client.sign_in(factories.make_staff(Role.FILE_CLERK))
    assert "La démonstration n’envoie rien" in client.get(MAILS).text
    page = client.get(f"{MAILS}/{mail_id()}")
    (link,) = [link for link in page.links() if secret in link]
    client.get(link.removeprefix("http://localhost"))


@pytest.mark.parametrize(("role", "reads"), [(Role.ADMINISTRATOR, True), (Role.FILE_CLERK, False)])
def test_outside_the_demo_secrets_are_masked(client: Client, secret: str, role: Role, reads: bool) -> None:
    client.sign_in(factories.make_staff(role))
    assert "alix@example.org" in client.get(MAILS).text
    page = client.get(f"{MAILS}/{mail_id()}")
    assert "alix@example.org" in page.text
    assert secret not in page.body
    assert ("••••••" in page.text) is reads
    assert ("Le texte n’est montré qu’à l’administration." in page.text) is not reads


def test_list_says_status_and_error_and_filters(client: Client, secret: str) -> None:
    client.sign_in(factories.make_staff())
    page = client.get(MAILS)
    assert "L’envoi n’est pas encore réglé" in page.text
    assert "Tout 1 En attente 1" in page.text
    fail(1)
    assert "SMTPServerDisconnected: nobody there ; nouvel essai le 23/11/2026" in client.get(MAILS).text
    assert "Aucun courriel dans cet état." in client.get(f"{MAILS}?etat=envoyes").text
    assert "alix@example.org" in client.get(f"{MAILS}?etat=autre&page=99").text
    assert secret


def test_sent_mail_says_when_and_has_no_secret_left(client: Client, secret: str) -> None:
    with write_transaction() as session:
        record_sent(session, mail_id())
    page = client.sign_in(factories.make_staff()).get(f"{MAILS}/{mail_id()}")
    assert "Envoyé le 23/11/2026 à 08:30" in page.text
    assert secret not in page.body


def give_up(template: str, recipient: str, family: factories.FamilySetup | None = None) -> int:
    """A mail that was given up."""
    with write_transaction() as session:
        mail = OutboxMail(
            template=template, recipient=recipient, subject="Sujet", body="Bonjour", status=MailStatus.FAILED,
            family_id=family.family_id if family else None,
        )  # fmt: skip
        session.add(mail)
        session.flush()
        return mail.id


def test_failed_mail_is_sent_again_once_and_says_by_whom(client: Client, secret: str) -> None:
    client.sign_in(factories.make_staff(Role.FILE_CLERK))
    assert "Renvoyer" not in client.get(f"{MAILS}/{mail_id()}").text
    fail(len(RETRY_AFTER) + 1)
    page = client.get(f"{MAILS}/{mail_id()}")
    assert "Échec" in page.text and "vers la même adresse" in page.text
    late_page = page
    page = client.submit("resend")
    assert "Le courriel repart" in page.text and "Renvoyé le 23/11/2026 à 08:30 par Camille AGENT." in page.text
    mail = db.session.scalars(select(OutboxMail)).one()
    assert (mail.status, mail.attempts, mail.secret) == (MailStatus.QUEUED, 0, secret)
    client.page = late_page
    client.submit("resend", status=409)
    assert len(db.session.scalars(select(MailResending)).all()) == 1


def test_mail_goes_to_the_address_that_the_family_has_now(sqlite_client: Client) -> None:
    family = factories.make_family(email="nouvelle@example.org")
    given_up = give_up("invoice_issued", "ancienne@example.org", family)
    client = sqlite_client.sign_in(factories.make_staff())
    page = client.get(f"{MAILS}/{given_up}")
    assert "nouvelle@example.org (Fabrice TEST)" in page.text
    assert "Choisissez" in client.submit("resend", status=422, recipient="ailleurs@example.org").text
    client.page = page
    page = client.submit("resend")
    assert "à la place de ancienne@example.org" in page.text
    assert db.session.get_one(OutboxMail, given_up).recipient == "nouvelle@example.org"


def test_security_mail_stays_with_its_address(sqlite_client: Client) -> None:
    family = factories.make_family(email="nouvelle@example.org")
    given_up = give_up("email_changed", "ancienne@example.org", family)
    client = sqlite_client.sign_in(factories.make_staff())
    assert "vers la même adresse" in client.get(f"{MAILS}/{given_up}").text
    client.submit("resend")
    assert db.session.get_one(OutboxMail, given_up).recipient == "ancienne@example.org"


@pytest.mark.parametrize(
    ("values", "why"),
    [
        ({"secret": None}, "ce qu’il avait de secret est effacé"),
        ({"secret": "un-autre"}, "son lien personnel a servi, a été remplacé ou a expiré"),
        ({"not_after": "past"}, "ce qu’il annonce est passé"),
        ({"body": ""}, "son texte est effacé"),
    ],
)
def test_what_cannot_be_sent_again_says_why(sqlite_client: Client, values: dict[str, object], why: str) -> None:
    agent = factories.make_staff(Role.FILE_CLERK)
    family_id = factories.make_pending_family(email="alix@example.org")
    with write_transaction() as session:
        sign_ups.accept_sign_up(session, family_id, agent)
        mail = session.scalars(select(OutboxMail)).one()
        mail.status = MailStatus.FAILED
        for name, value in values.items():
            setattr(mail, name, clock.now() - STEP_UP_WITHIN if name == "not_after" else value)
    client = sqlite_client.sign_in(agent)
    page = client.get(f"{MAILS}/{mail_id()}")
    assert why in page.text and "Renvoyer" not in page.text
    token = {"csrf_token": page.value("csrf_token", "/deconnexion"), "recipient": "alix@example.org"}
    client.post(f"{MAILS}/{mail_id()}/renvoyer", token, status=409)


def test_used_link_is_not_sent_again(sqlite_client: Client) -> None:
    agent = factories.make_staff(Role.FILE_CLERK)
    family_id = factories.make_pending_family(email="alix@example.org")
    with write_transaction() as session:
        sign_ups.accept_sign_up(session, family_id, agent)
        session.scalars(select(OutboxMail)).one().status = MailStatus.FAILED
        session.execute(update(UserToken).values(used_at=clock.now()))
    assert "son lien personnel a servi" in sqlite_client.sign_in(agent).get(f"{MAILS}/{mail_id()}").text


def test_family_without_any_address_gets_nothing(sqlite_client: Client) -> None:
    family = factories.make_family()
    given_up = give_up("invoice_issued", "ancienne@example.org", family)
    with write_transaction() as session:
        session.execute(update(Guardian).values(email=None, user_id=None))
    page = sqlite_client.sign_in(factories.make_staff()).get(f"{MAILS}/{given_up}")
    assert "la famille n’a plus d’adresse de courriel" in page.text


def test_mails_are_filtered_by_address_kind_state_and_period(sqlite_client: Client) -> None:
    client = sqlite_client.sign_in(factories.make_staff())
    give_up("invoice_issued", "un@example.org")
    give_up("payment_received", "deux@example.org")
    with write_transaction() as session:
        session.execute(
            update(OutboxMail)
            .where(OutboxMail.recipient == "un@example.org")
            .values(created_at=clock.now() - timedelta(days=3), subject="La facture")
        )
    assert "Tout 2 Échec 2" in client.get(MAILS).text
    for query, found in (
        ("adresse=UN@", {"un@example.org"}),
        ("adresse=%25", set()),  # a sign of the database's own is only a sign
        ("genre=payment_received", {"deux@example.org"}),
        ("du=2026-11-21", {"deux@example.org"}),
        ("au=2026-11-20", {"un@example.org"}),
        ("du=20/11/2026&au=20/11/2026", {"un@example.org"}),
        ("etat=envoyes&adresse=un", set()),
    ):
        page = client.get(f"{MAILS}?{query}")
        assert {each for each in ("un@example.org", "deux@example.org") if each in page.text} == found, query
    assert "Aucun courriel ne correspond." in page.text and "Échec 1" in page.text
    assert f"{MAILS}?etat=echecs&adresse=un" in page.links()
    assert page.value("adresse", "filter") == "un" and page.value("etat", "filter") == "envoyes"
    page = client.get(f"{MAILS}?du=2026-11-21&au=2026-11-20", status=422)
    assert "Ce jour est avant le premier." in page.text


def test_unknown_mail_is_not_found_and_other_roles_are_kept_out(client: Client, secret: str) -> None:
    client.sign_in(factories.make_staff())
    token = {"csrf_token": client.get(MAILS).value("csrf_token", "/deconnexion")}
    client.get(f"{MAILS}/999", status=404)
    client.post(f"{MAILS}/999/renvoyer", token, status=404)
    client.sign_in(factories.make_staff(Role.SITE_DIRECTOR))
    client.get(MAILS, status=403)
    client.get(f"{MAILS}/{mail_id()}", status=403)
    assert secret


def test_list_in_pages_at_a_constant_cost(client: Client, secret: str) -> None:
    client.sign_in(factories.make_staff())
    client.get(MAILS)
    few = len(client.get(MAILS).queries)
    with write_transaction() as session:
        session.add_all(
            OutboxMail(template="activation", recipient=f"parent{n}@example.org", subject=f"Sujet {n}", body="Bonjour")
            for n in range(30)
        )
    page = client.get(MAILS)
    assert len(page.queries) == few <= 12
    assert "Page 1 sur 2" in page.text
    assert "alix@example.org" in client.get(f"{MAILS}?page=2").text
    assert secret


def test_text_of_a_mail_wants_the_password_given_lately(sqlite_client: Client) -> None:
    factories.make_pending_family(email="alix@example.org")
    agent = factories.make_staff(Role.FILE_CLERK)
    with write_transaction() as session:
        sign_ups.accept_sign_up(session, session.scalars(select(Family.id)).one(), agent)
    sqlite_client.sign_in(factories.make_staff())
    clerk = Client(sqlite_client.app).sign_in(agent)
    clock.start_at(clock.now() + STEP_UP_WITHIN, frozen=True)
    assert sqlite_client.get(f"{MAILS}/{mail_id()}", follow=True).heading == "Est-ce bien vous ?"
    assert sqlite_client.submit("confirm", password=factories.PASSWORD).path == f"{MAILS}/{mail_id()}"
    clerk.get(f"{MAILS}/{mail_id()}")  # sees no text anyway
