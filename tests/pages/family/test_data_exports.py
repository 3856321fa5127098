"""« Mes données »: what was agreed to, and the copy of everything."""

from datetime import date

from sqlalchemy import update

from app.database import write_transaction
from app.models.accounts import UserSession
from app.models.families import Consent, ConsentText
from tests import factories
from tests.client import Client


def test_parent_reads_what_was_agreed_to(client: Client) -> None:
    planning = factories.make_planning()
    client.sign_in(planning.family.user_id)
    assert client.get("/mes-donnees").text.count("Accord donné le") == 1
    with write_transaction() as session:
        text = ConsentText(body="Nous gardons ceci.\nEt cela.", starts_on=date(2026, 1, 1))
        session.add(text)
        session.flush()
        session.add(Consent(family_id=planning.family.family_id, text_id=text.id, on_paper=True))
    page = client.get("/mes-donnees")
    assert ", sur papier" in page.text and "Nous gardons ceci. Et cela." in page.text
    assert "/mes-donnees" in client.get("/ma-famille").links()


def test_parent_downloads_the_copy(client: Client) -> None:
    client.sign_in(factories.make_planning().family.user_id).get("/mes-donnees")
    answer = client.submit(button="Télécharger mes données", status=200)
    assert answer.headers["Content-Type"] == "application/zip" and answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["Content-Disposition"] == "attachment; filename=mes-donnees.zip"


def test_the_copy_asks_for_the_password_after_a_while(client: Client) -> None:
    client.sign_in(factories.make_planning().family.user_id).get("/mes-donnees")
    with write_transaction() as session:
        session.execute(update(UserSession).values(confirmed_at=None))
    assert client.submit(button="Télécharger mes données").heading == "Est-ce bien vous ?"
