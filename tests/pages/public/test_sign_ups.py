"""Creating an account: three steps, nothing typed is lost, and nobody learns who has an account."""

import pytest
from sqlalchemy import func, select

from app import clock
from app.database import db, write_transaction
from app.models.councils import Council
from app.models.families import Consent, ConsentText, Family, FamilyAddress, Guardian
from app.models.mails import OutboxMail
from app.rules.states import FamilyStatus
from app.services.mails import LINK_EVERY
from tests.client import Answer, Client
from tests.factories import make_family

FAMILY = {"street_line": "12 bis rue des Tilleuls", "postal_code": "80110", "city": "Démuin", "consent": "oui"}
GUARDIAN = {
    "title": "madam", "last_name": "MARTIN", "first_name": "Zoé",
    "email": "Zoe.Martin@example.org", "email_again": "zoe.martin@example.org",
}  # fmt: skip


def fill_first_step(client: Client, **changes: str) -> Answer:
    client.get("/creer-un-compte")
    return client.submit(**{**FAMILY, **changes})


def fill_two_steps(client: Client, **changes: str) -> Answer:
    fill_first_step(client)
    return client.submit(**{**GUARDIAN, **changes})


def count(table: type) -> int:
    return db.session.scalar(select(func.count()).select_from(table)) or 0


def test_parent_signs_up_in_three_steps(client: Client) -> None:
    page = fill_first_step(client, city="DEMUIN")
    assert page.heading == "Étape 2 : Création d’un parent"
    page = client.submit(**GUARDIAN)
    assert page.path == "/creer-un-compte/verification"
    for typed in ("12 bis rue des Tilleuls", "80110", "Démuin", "Mme", "MARTIN", "Zoé", "Zoe.Martin@example.org"):
        assert typed in page.text
    page = client.submit()
    assert page.heading == "Merci, votre demande est envoyée"
    family = db.session.scalars(select(Family)).one()
    assert (family.status, family.name) == (FamilyStatus.PENDING, "MARTIN Zoé")
    address = db.session.scalars(select(FamilyAddress)).one()
    assert (address.number, address.repetition, address.street) == ("12", "bis", "rue des Tilleuls")
    assert (address.city, address.insee_code) == ("Démuin", "80237")
    assert db.session.scalars(select(Guardian)).one().email == "zoe.martin@example.org"
    assert count(Consent) == 1
    mails = db.session.execute(select(OutboxMail.template, OutboxMail.recipient).order_by(OutboxMail.id)).all()
    council = db.session.scalars(select(Council.email)).one()
    assert mails == [("sign_up_received", "zoe.martin@example.org"), ("sign_up_to_review", council)]


def test_known_address_gets_the_same_answer_and_another_mail(client: Client) -> None:
    make_family(email="zoe.martin@example.org")
    known = fill_two_steps(client) and client.submit()
    stranger = Client(client.app)
    unknown = fill_two_steps(stranger, email="x@example.org", email_again="x@example.org") and stranger.submit()
    assert (known.path, known.status, known.body) == (unknown.path, unknown.status, unknown.body)
    mails = db.session.scalars(select(OutboxMail.template).order_by(OutboxMail.id)).all()
    assert mails == ["sign_up_known", "sign_up_received", "sign_up_to_review"]
    assert count(Family) == 2


def test_known_address_is_not_flooded_by_repeated_sign_ups(client: Client) -> None:
    make_family(email="zoe.martin@example.org")
    for _ in range(3):
        assert fill_two_steps(client) and client.submit().path == "/creer-un-compte/merci"
    assert db.session.scalars(select(OutboxMail.template)).all() == ["sign_up_known"]
    clock.start_at(clock.now() + LINK_EVERY, frozen=True)
    assert fill_two_steps(client) and client.submit()
    assert count(OutboxMail) == 2


def test_text_is_kept_as_people_read_it(client: Client) -> None:
    # An accent as a character of its own, a character that turns the order of the text round, and one without width.
    page = fill_first_step(client, street_line="Rue de l\u2019E\u0301glise \u202e12\u200b")
    page = client.submit(
        **{**GUARDIAN, "first_name": "Zoe\u0301", "email": "Z@M\u00e9l.example.org", "email_again": "z@mél.example.org"}
    )
    assert "Rue de l’Église 12" in page.text and "Zoé" in page.text
    client.submit()
    assert db.session.scalars(select(Guardian)).one().email == "z@xn--ml-bja.example.org"


@pytest.mark.parametrize(
    ("field", "typed", "sentence"),
    [
        ("street_line", "", "Indiquez votre adresse."),
        ("postal_code", "8011", "Un code postal a cinq chiffres"),
        ("postal_code", "99999", "Nous ne connaissons pas ce code postal"),
        ("postal_code", "80999", "Nous ne connaissons pas ce code postal"),
        ("city", "Paris", "Au code postal 80110 correspondent : Démuin, Moreuil."),
        ("city", "", "Plusieurs communes ont ce code postal : Démuin, Moreuil."),
        ("consent", "non", "Sans votre accord"),
        ("consent", "", "Répondez par Oui ou par Non"),
        ("consent_text_id", "999", "Ce texte vient de changer"),
    ],
)
def test_wrong_first_step_says_why_and_keeps_what_was_typed(
    client: Client, field: str, typed: str, sentence: str
) -> None:
    client.get("/creer-un-compte")
    page = client.submit(status=422, complement="Bâtiment B", **{**FAMILY, field: typed})
    assert sentence in page.text and "?\u00a0:" not in page.text
    for name, value in {**FAMILY, "complement": "Bâtiment B"}.items():
        if name not in (field, "consent"):
            assert page.value(name) == value
    # Not done: the next step is closed, and the step shows again what was typed.
    again = client.get("/creer-un-compte/parent", follow=True)
    assert again.path == "/creer-un-compte"
    assert again.value("complement") == "Bâtiment B"


@pytest.mark.parametrize(
    ("postal_code", "city", "found"), [("80080", "", "Amiens"), ("80 080", "", "Amiens"), ("", "demuin", "80110")]
)
def test_city_and_postal_code_complete_each_other(client: Client, postal_code: str, city: str, found: str) -> None:
    fill_first_step(client, postal_code=postal_code, city=city)
    client.submit(**GUARDIAN)
    assert found in client.get("/creer-un-compte/verification").text


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"email": "zoe@", "email_again": "zoe@"}, "Cette adresse n’est pas complète."),
        ({"email_again": "zoe@example.org"}, "Les deux adresses sont différentes."),
        ({"email": "", "email_again": ""}, "Indiquez votre adresse email."),
        ({"title": "lord"}, "Choisissez une réponse de la liste."),
        ({"last_name": "  "}, "Indiquez votre nom."),
        ({"first_name": "<b>Zoé</b>"}, "Utilisez seulement des lettres"),
        ({"last_name": "gagnez.example.org"}, "Laissez un espace après le point."),
        ({"last_name": "M" * 61}, "Écrivez au plus 60 caractères."),
    ],
)
def test_wrong_second_step_says_why_and_keeps_what_was_typed(
    client: Client, changes: dict[str, str], sentence: str
) -> None:
    fill_first_step(client)
    page = client.submit(status=422, **{**GUARDIAN, **changes})
    assert sentence in page.text
    assert page.value("email_again") == {**GUARDIAN, **changes}["email_again"]
    assert client.get("/creer-un-compte/verification", follow=True).path == "/creer-un-compte/parent"
    assert count(Family) == 0


def test_going_back_loses_nothing_even_what_is_invalid(client: Client) -> None:
    fill_first_step(client)
    page = client.submit(button="Étape précédente", last_name="MARTIN", email="pas-fini")
    assert page.path == "/creer-un-compte"
    assert page.value("street_line") == FAMILY["street_line"]
    assert page.value("consent") == "oui"
    page = client.submit()
    assert (page.value("last_name"), page.value("email")) == ("MARTIN", "pas-fini")
    page = client.submit(**GUARDIAN)
    page = client.submit(button="Étape précédente")
    assert page.value("email") == GUARDIAN["email"]


def test_giving_up_forgets_everything(client: Client) -> None:
    fill_two_steps(client)
    page = client.submit(button="Annuler")
    assert page.path == "/connexion"
    assert client.get("/creer-un-compte").value("street_line") == ""


def test_nobody_jumps_ahead(client: Client) -> None:
    for path in ("/creer-un-compte/parent", "/creer-un-compte/verification"):
        assert client.get(path, follow=True).path == "/creer-un-compte"
    token = client.get("/creer-un-compte").value("csrf_token")
    answer = client.post("/creer-un-compte/verification", {"csrf_token": token}, status=303)
    assert answer.location == "/creer-un-compte"
    assert count(Family) == 0


def test_nothing_is_left_in_the_browser_after_sending(client: Client) -> None:
    fill_two_steps(client)
    client.submit()
    assert client.get("/creer-un-compte").value("street_line") == ""


def test_a_newer_text_asks_for_a_new_answer(client: Client) -> None:
    fill_two_steps(client)
    with write_transaction() as session:
        session.add(ConsentText(body="Un texte plus récent.", starts_on=clock.today()))
    page = client.submit()
    assert page.path == "/creer-un-compte"
    assert page.value("consent") is None
    assert "Un texte plus récent." in page.text
    assert count(Family) == 0


def test_without_a_consent_text_the_page_says_so(client: Client) -> None:
    with write_transaction() as session:
        session.delete(session.scalars(select(ConsentText)).one())
    page = client.get("/creer-un-compte")
    assert "La création de compte n’est pas encore ouverte" in page.text
    assert client.get("/creer-un-compte/parent", follow=True).path == "/creer-un-compte"


def test_signed_in_parent_is_sent_home(client: Client) -> None:
    client.sign_in(make_family().user_id)
    assert client.get("/creer-un-compte", follow=True).path == "/tableau-de-bord"
