"""« À traiter »: bookings that parents asked for, accepted and refused by day, without JavaScript."""

from __future__ import annotations

from datetime import datetime

import pytest
from sqlalchemy import select, update

from app import clock
from app.database import db, write_transaction
from app.models.accounts import StaffRole
from app.models.bookings import Booking, CapacityCounter
from app.models.mails import OutboxMail
from app.rules.capabilities import Role
from app.services import booking_requests
from tests import factories
from tests.client import Answer, Client
from tests.factories import NEXT_WEDNESDAY, WEDNESDAY, add_family, bookings_of, make_planning, put_on_request, save

QUEUE = "/gestion/a-traiter?type=reservations"
ACCEPT, REFUSE = "/gestion/a-traiter/reservations/accepter", "/gestion/a-traiter/reservations/refuser"


@pytest.fixture
def clerk(client: Client) -> Client:
    return client.sign_in(factories.make_staff(Role.FILE_CLERK))


@pytest.fixture
def planning() -> factories.PlanningSetup:
    planning = make_planning(places=2)
    put_on_request(planning.activity)
    book = [planning.opening(WEDNESDAY, "Matin"), planning.opening(WEDNESDAY, "Repas")]
    save(planning.family, planning.child_id, book=[*book, planning.opening(NEXT_WEDNESDAY, "Matin")])
    return planning


def statuses(child_id: int) -> list[str]:
    db.session.rollback()
    return [status for _, status in bookings_of(child_id)]


def mails() -> list[str]:
    return list(db.session.scalars(select(OutboxMail.template).order_by(OutboxMail.id)))


def first_id() -> int:
    return db.session.scalars(select(Booking.id).order_by(Booking.id)).first() or 0


def post(clerk: Client, to: str, *, status: int, **fields: object) -> Answer:
    """What a form of the page would send, or somebody who forges one."""
    token = clerk.get(QUEUE).all("input", name="csrf_token")[0].get("value")
    return clerk.post(to, {"csrf_token": token, **fields}, status=status)


def test_clerk_sees_by_day_and_child_what_is_asked_with_places_and_price(
    clerk: Client, planning: factories.PlanningSetup
) -> None:
    page = clerk.get(QUEUE)
    for words in (
        "Réservations 2", "mercredi 25 novembre, Mercredi : Matin, Repas", "8,40 €", "mercredi 2 décembre",
        "2 sur 2 (1 enfant en demande)", "À décider avant", "mercredi 25 novembre à 7 h 30, sinon la demande tombe",
    ):  # fmt: skip
        assert words in page.text, words
    assert len(page.queries) <= 12


def test_one_click_accepts_a_day_and_ticked_rows_are_one_mail(clerk: Client, planning: factories.PlanningSetup) -> None:
    clerk.get(QUEUE)
    page = clerk.submit(f"accept-booking-{first_id()}")
    assert "Léa TEST, mercredi 25 novembre, Matin, Repas : demande acceptée" in page.text
    assert statuses(planning.child_id) == ["confirmed", "confirmed", "requested"]
    other, child_id = add_family(planning)
    save(other, child_id, book=[planning.opening(NEXT_WEDNESDAY, "Matin"), planning.opening(WEDNESDAY, "Matin")])
    page = clerk.get(QUEUE)
    rows = [box.get("value") or "" for box in page.all("input", type="checkbox") if box.get("form") == "batch-bookings"]
    assert len(rows) == 3
    post(clerk, ACCEPT, status=303, rows=rows)
    assert "3 demandes acceptées : les parents sont prévenus par courriel" in clerk.get(QUEUE).text
    assert set(statuses(child_id)) == {"confirmed"} == set(statuses(planning.child_id))
    assert mails() == ["bookings_accepted"] * 3  # the first click, then one for each family


def test_refusal_wants_a_reason_and_what_is_ticked_stays(clerk: Client, planning: factories.PlanningSetup) -> None:
    clerk.get(QUEUE)
    meal = first_id() + 1
    answer = post(clerk, REFUSE, status=422, row=first_id(), rows=[meal], reason=" ")
    assert "Indiquez le motif" in answer.text
    ticked = [box.get("value") for box in answer.all("input", name="rows") if box.get("checked") is not None]
    assert ticked == [str(meal)]
    answer = post(clerk, REFUSE, status=422, row=first_id(), reason="Pas de repas")
    assert "Cochez ce que vous refusez" in answer.text and "Pas de repas" in answer.text
    post(clerk, REFUSE, status=303, row=first_id(), rows=[meal], reason="Pas de repas")
    assert statuses(planning.child_id) == ["requested", "refused", "requested"]
    assert post(clerk, REFUSE, status=422, rows=[first_id()], reason="").by_id("reason-batch") is not None
    post(clerk, REFUSE, status=303, rows=[f"{first_id()}", f"{first_id() + 2}"], reason="Complet")
    assert statuses(planning.child_id) == ["refused"] * 3
    assert mails() == ["bookings_refused"] * 2


def test_conflict_says_why_and_a_reason_accepts_all_the_same(clerk: Client, planning: factories.PlanningSetup) -> None:
    other, child_id = add_family(planning)
    put_on_request(planning.activity, on_request=False)
    save(other, child_id, book=[planning.opening(WEDNESDAY, "Matin")])
    with write_transaction() as session:
        session.execute(update(CapacityCounter).values(places=1))
    row = f"{first_id()},{first_id() + 1}"
    answer = post(clerk, ACCEPT + "?type=reservations", status=409, rows=row)
    assert "Il n’y a plus de place ce jour-là" in answer.text and "Accepter quand même" in answer.text
    assert "aucune sur 1" in answer.text
    answer = post(clerk, ACCEPT, status=422, rows=row, despite="1", reason="")
    assert "Il n’y a plus de place ce jour-là. Indiquez le motif" in answer.text  # beside the field
    post(clerk, ACCEPT, status=400, rows=[f"{first_id()}", f"{first_id() + 1}"], despite="1", reason="Fratrie")
    post(clerk, ACCEPT, status=303, rows=row, despite="1", reason="Fratrie")
    assert statuses(planning.child_id)[:2] == ["confirmed", "confirmed"]


def test_without_a_reason_it_is_accepted_once_nothing_stands_in_the_way(
    clerk: Client, planning: factories.PlanningSetup
) -> None:
    post(clerk, ACCEPT, status=303, rows=f"{first_id()},{first_id() + 1}", despite="1", reason="")
    assert statuses(planning.child_id)[:2] == ["confirmed", "confirmed"]


def test_what_was_withdrawn_or_decided_meanwhile_is_said(clerk: Client, planning: factories.PlanningSetup) -> None:
    meal = planning.opening(WEDNESDAY, "Repas")
    save(planning.family, planning.child_id, cancel=[meal])
    row = f"{first_id()},{first_id() + 1}"
    answer = post(clerk, ACCEPT + "?type=reservations", status=409, rows=row)
    assert "La famille ou un collègue a changé cette demande" in answer.text
    post(clerk, ACCEPT, status=303, rows=f"{first_id()}")
    answer = post(clerk, ACCEPT, status=409, rows=f"{first_id()}")
    assert "Léa TEST, mercredi 25 novembre : la famille ou un collègue" in answer.text
    assert mails() == ["bookings_accepted"]


@pytest.mark.parametrize("rows", ["", "x", "-1", "1;2", "9" * 40, ","])
def test_what_names_no_booking_decides_nothing(clerk: Client, planning: factories.PlanningSetup, rows: str) -> None:
    page = post(clerk, ACCEPT, status=303, rows=rows)
    assert page.location.endswith(QUEUE)
    assert set(statuses(planning.child_id)) == {"requested"}


def test_unknown_bookings_and_rows_of_two_families_are_not_found(
    clerk: Client, planning: factories.PlanningSetup
) -> None:
    other, child_id = add_family(planning)
    save(other, child_id, book=[planning.opening(NEXT_WEDNESDAY, "Matin")])
    theirs = db.session.scalars(select(Booking.id).where(Booking.child_id == child_id)).one()
    for rows in ("999", f"{first_id()},999", f"{first_id()},{theirs}"):
        post(clerk, ACCEPT, status=404, rows=rows)
        post(clerk, REFUSE, status=404, rows=rows, reason="Non")
    assert set(statuses(planning.child_id)) == {"requested"}


def test_nobody_decides_on_their_own_family(client: Client, planning: factories.PlanningSetup) -> None:
    with write_transaction() as session:
        session.add(StaffRole(user_id=planning.family.user_id, role=Role.FILE_CLERK))
    page = client.sign_in(planning.family.user_id).get(QUEUE)
    assert "C’est votre propre famille" in page.text and not page.all("form", class_="accept")
    post(client, ACCEPT, status=303, rows=f"{first_id()}")
    assert set(statuses(planning.child_id)) == {"requested"}


def test_staff_see_what_nobody_decided_in_time(client: Client, planning: factories.PlanningSetup) -> None:
    clock.start_at(datetime(2026, 11, 25, 7, 30), frozen=True)
    with write_transaction() as session:
        booking_requests.expire_requests(session, planning.family.family_id)
    page = client.sign_in(factories.make_staff(Role.FILE_CLERK)).get(QUEUE)
    assert "Restées sans réponse" in page.text
    assert "mercredi 25 novembre, Mercredi : Matin, Repas" in page.text
