"""« Réglages › Textes des courriels »: worded, previewed, refused with the reason, and taken back."""

import pytest
from sqlalchemy import select

from app.database import db, write_transaction
from app.models.mails import OutboxMail
from app.rules.capabilities import Role
from app.services import sign_ups
from app.services.mail_kinds import MAIL_KINDS
from app.services.mail_texts import words_of
from app.services.mails import queue_mail
from tests import factories
from tests.client import Client

TEXTS = "/gestion/reglages/courriels"


@pytest.fixture
def admin(client: Client) -> Client:
    return client.sign_in(factories.make_staff(Role.ADMINISTRATOR))


def activation() -> OutboxMail:
    """The mail of a sign-up that was just accepted."""
    agent = factories.make_staff(Role.FILE_CLERK)
    family_id = factories.make_pending_family("NOUVELLE", email="alix@example.org")
    with write_transaction() as session:
        sign_ups.accept_sign_up(session, family_id, agent)
    return db.session.scalars(select(OutboxMail).order_by(OutboxMail.id.desc()).limit(1)).one()


def test_a_text_is_changed_with_its_preview_and_mails_carry_it(admin: Client) -> None:
    assert "Compte à confirmer" in admin.get(TEXTS).text
    page = admin.get(f"{TEXTS}/activation")
    assert "C’est le texte d’origine." in page.text and "{limite} jusqu’à quand" in page.text
    body = "Chère famille {famille} <b>,\n\nVotre lien :\n{lien}\n\n{collectivite}"
    page = admin.submit("mail-text", button="Aperçu", status=200, subject="Bienvenue à {famille}", body=body)
    assert "Objet : Bienvenue à TEST" in page.text and "Chère famille TEST <b>," in page.text
    assert page.value("body", "mail-text").strip() == body, "what was typed stays"
    assert "{limite}" in activation_text(), "nothing is stored by a preview"
    page = admin.submit(f"{TEXTS}/activation", subject="Bienvenue à {famille}", body=body)
    assert "Le texte est enregistré" in page.text and "Texte modifié le 23/11/2026 à 08:30 par" in page.text
    assert "Texte modifié." in admin.get(TEXTS).text
    mail = activation()
    assert mail.subject == "Bienvenue à NOUVELLE Alix"
    assert mail.body == (
        "Chère famille NOUVELLE Alix <b>,\n\nVotre lien\u00a0:\n[[portail]]/activation/[[secret]]\n\n"
        "Communauté de communes des essais\n"
    )
    admin.get(f"{TEXTS}/activation")
    page = admin.submit(f"{TEXTS}/activation/origine")
    assert "Le texte d’origine est rétabli." in page.text and "C’est le texte d’origine." in page.text
    assert activation().subject == "Confirmez votre compte de l’Espace famille"


def activation_text() -> str:
    return words_of(MAIL_KINDS["activation"]).body


def test_a_text_that_could_not_be_sent_is_refused_beside_its_field(admin: Client) -> None:
    admin.get(f"{TEXTS}/activation")
    for button in ("Aperçu", "Enregistrer"):
        page = admin.submit("mail-text", button=button, status=422, subject="Pour {voisin}", body="Bonjour {famile}")
        assert "Nous ne connaissons pas « {voisin} »." in page.text
        assert "Nous ne connaissons pas « {famile} »." in page.text
        assert page.value("subject", "mail-text") == "Pour {voisin}"
    page = admin.submit(f"{TEXTS}/activation", status=422, subject="Bonjour", body="Bonjour")
    assert "Le texte doit contenir {lien} : ce courriel ne va pas sans." in page.text


def test_the_signature_ends_all_mails(admin: Client) -> None:
    admin.get(f"{TEXTS}/signature")
    admin.submit(f"{TEXTS}/signature", body="L’équipe {collectivite}\n{telephone_collectivite}")
    assert activation().body.endswith("L’équipe Communauté de communes des essais\n03 00 00 00 00\n")
    with write_transaction() as session:
        assert "L’équipe Communauté" in queue_mail(session, "sign_up_known", "x@example.org").body


def test_every_text_has_its_preview(admin: Client) -> None:
    for code in MAIL_KINDS:
        page = admin.get(f"{TEXTS}/{code}")
        assert "{" not in page.text.partition("Aperçu, avec un exemple")[2].partition("Le même")[0], code


def test_an_unknown_kind_is_not_found(admin: Client) -> None:
    admin.get(f"{TEXTS}/password_reset", status=404)
    admin.get(f"{TEXTS}/rien", status=404)
