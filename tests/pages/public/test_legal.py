"""Pages that the law asks for, help with the address, and the health page."""

from datetime import timedelta
from types import SimpleNamespace

import pytest
from sqlalchemy.exc import OperationalError

from app import clock
from app.database import write_transaction
from app.services import health
from app.services.mails import queue_mail
from tests.client import Client
from tests.factories import NOW, make_family


@pytest.mark.parametrize(
    ("path", "sentence"),
    [
        ("/mentions-legales", "Communauté de communes des essais"),
        ("/accessibilite", "L’Espace famille est non conforme"),
        ("/contact", "Vous pouvez nous contacter"),
    ],
)
@pytest.mark.parametrize("signed_in", [False, True])
def test_anyone_may_read(client: Client, path: str, sentence: str, signed_in: bool) -> None:
    if signed_in:
        client.sign_in(make_family().user_id)
    assert sentence in client.get(path).text


@pytest.mark.parametrize(
    ("asked", "said", "filled"),
    [
        ({"postal_code": "80110", "city": ""}, "Démuin, Moreuil", ""),
        ({"postal_code": "80080", "city": ""}, "Cinq chiffres", "Amiens"),
        ({"postal_code": "", "city": "demuin"}, "Cinq chiffres", "80110"),
        ({"postal_code": "", "city": "AMIENS"}, "Amiens : 80000, 80080, 80090", ""),
        ({"postal_code": "1", "city": ""}, "Cinq chiffres", ""),
        ({"postal_code": "80110", "city": "Paris"}, "Démuin, Moreuil", ""),
    ],
)
def test_postal_code_and_city_help_each_other(client: Client, asked: dict[str, str], said: str, filled: str) -> None:
    answer = client.get("/communes", htmx=True, query_string=asked)
    assert said in answer.text
    assert [element.get("value") for element in answer.all("input")] == ([filled] if filled else [])


def test_health_says_what_works(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    def ask(status: int) -> dict[str, object]:
        answer = client.app.test_client().get("/sante")
        assert answer.status_code == status
        return answer.get_json()  # type: ignore[no-any-return]

    monkeypatch.setitem(client.app.extensions, "worker", SimpleNamespace(is_alive=True))
    assert ask(200) == {
        "status": "ok",
        "database": "ok",
        "worker": "ok",
        "mail": {"oldest_waiting_seconds": None},
        "payments": {"oldest_pending_seconds": None},
        "invoices": {"stuck_runs": 0},
        "backup": {"age_seconds": None},
    }
    with write_transaction() as session:
        queue_mail(session, "password_changed", "parent@example.org")
    clock.start_at(NOW + timedelta(minutes=2), frozen=True)
    assert ask(200)["mail"] == {"oldest_waiting_seconds": 120}
    monkeypatch.setitem(client.app.extensions, "worker", SimpleNamespace(is_alive=False))
    assert ask(503)["worker"] == "error"

    def fail(_engine: object) -> None:
        raise OperationalError("SELECT 1", {}, Exception("away"))

    monkeypatch.setattr(health, "_ask", fail)
    assert ask(503)["database"] == "error"
