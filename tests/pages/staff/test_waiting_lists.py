"""« Listes d'attente » of the staff: order, offers, and a move with its reason."""

from __future__ import annotations

from sqlalchemy import select

from app.database import db, write_transaction
from app.models.accounts import StaffRole
from app.models.mails import OutboxMail
from app.models.waiting_lists import WaitingMove
from app.rules.capabilities import Role
from app.services.checks import find_inconsistencies
from tests import factories
from tests.client import Client
from tests.factories import NEXT_WEDNESDAY, add_family, bookings_of, give_list, join_list, make_staff, save

LISTS = "/gestion/listes-d-attente"


def test_an_agent_moves_an_entry_with_a_reason_and_the_place_goes_to_it(sqlite_client: Client) -> None:
    planning = factories.make_planning(places=1)
    give_list(planning.activity)
    morning = planning.opening(NEXT_WEDNESDAY, "Matin")
    save(planning.family, planning.child_id, book=[morning])
    (first, first_child), (second, second_child) = add_family(planning, "UN"), add_family(planning, "DEUX")
    for family, child_id in ((first, first_child), (second, second_child)):
        join_list(family, child_id, [morning])
    sqlite_client.sign_in(make_staff(Role.FILE_CLERK))
    page = sqlite_client.get(LISTS)
    assert "mercredi 2 décembre : 2 en attente" in page.text.replace("\u00a0", " ")
    assert page.text.index("Sacha UN") < page.text.index("Sacha DEUX")
    sqlite_client.get(f"{LISTS}/2")
    page = sqlite_client.submit(f"{LISTS}/2", status=422, to_rank="1")
    assert "Indiquez le motif" in page.text
    page = sqlite_client.submit(f"{LISTS}/2", to_rank="1", reason="Seul adulte du foyer, à l’hôpital")
    assert page.text.index("Sacha DEUX") < page.text.index("Sacha UN")
    assert "Seul adulte du foyer" in sqlite_client.get(f"{LISTS}/2").text
    save(planning.family, planning.child_id, cancel=[morning])
    assert bookings_of(second_child)[-1][1] == "confirmed" and bookings_of(first_child)[-1][1] == "waiting"
    kept = db.session.scalars(select(WaitingMove)).one()
    assert (kept.from_rank, kept.to_rank) == (2, 1)


def test_a_list_that_changed_is_read_again_and_nobody_moves_their_own(sqlite_client: Client) -> None:
    planning = factories.make_planning(places=0)
    give_list(planning.activity)
    morning = planning.opening(NEXT_WEDNESDAY, "Matin")
    for number in range(3):
        family, child_id = add_family(planning, f"RIVAL{number}")
        join_list(family, child_id, [morning])
    sqlite_client.sign_in(make_staff(Role.FILE_CLERK))
    sqlite_client.get(f"{LISTS}/3")
    page = sqlite_client.submit(f"{LISTS}/3", status=409, seen_rank="2", to_rank="1", reason="Essai")
    assert "La liste a changé" in page.text
    with write_transaction() as session:
        session.add(StaffRole(user_id=family.user_id, role=Role.FILE_CLERK))
    sqlite_client.sign_in(family.user_id).get(f"{LISTS}/3")
    sqlite_client.submit(f"{LISTS}/3", status=403, to_rank="1", reason="Essai")
    # Nor others, so that their own comes up, or gets the place.
    first = sqlite_client.get(f"{LISTS}/1")
    sqlite_client.submit(f"{LISTS}/1", status=403, seen_rank="1", to_rank="3", reason="Essai")
    sqlite_client.page = first
    sqlite_client.submit(f"{LISTS}/1", seen_rank="1", to_rank="2", reason="Essai")
    sqlite_client.sign_in(make_staff(Role.FILE_CLERK)).get(f"{LISTS}/1")
    assert "C’est noté : rang 3." in sqlite_client.submit(f"{LISTS}/1", to_rank="99", reason="Essai").text
    sqlite_client.get(f"{LISTS}/1")
    sqlite_client.submit(f"{LISTS}/1", to_rank="2", reason="Essai")
    sqlite_client.sign_in(family.user_id)
    sqlite_client.get(f"{LISTS}/1/retirer")
    sqlite_client.submit(f"{LISTS}/1/retirer", status=403, reason="Essai")
    moves = db.session.scalars(select(WaitingMove).order_by(WaitingMove.id))
    assert [(move.from_rank, move.to_rank) for move in moves] == [(1, 2), (2, 3), (3, 2)]


def test_an_agent_takes_back_an_offer_tells_why_and_books_for_the_family(sqlite_client: Client) -> None:
    planning = factories.make_planning(places=1)
    give_list(planning.activity)
    morning = planning.opening(NEXT_WEDNESDAY, "Matin")
    save(planning.family, planning.child_id, book=[morning])
    (first, first_child), (second, second_child) = add_family(planning, "UN"), add_family(planning, "DEUX")
    for family, child_id in ((first, first_child), (second, second_child)):
        join_list(family, child_id, [morning], wants_booking=False)
    save(planning.family, planning.child_id, cancel=[morning])
    sqlite_client.sign_in(make_staff(Role.FILE_CLERK)).get(f"{LISTS}/1")
    assert f"{LISTS}/1/retirer" in sqlite_client.get(f"{LISTS}?jour={NEXT_WEDNESDAY}").links()
    sqlite_client.get(f"{LISTS}/1/retirer")
    assert "Indiquez le motif" in sqlite_client.submit(f"{LISTS}/1/retirer", status=422).text
    assert "n’attend plus" in sqlite_client.submit(f"{LISTS}/1/retirer", reason="Place promise par erreur").text
    assert bookings_of(first_child)[-1][1] == "cancelled" and bookings_of(second_child)[-1][1] == "offered"
    mail = db.session.scalars(select(OutboxMail).where(OutboxMail.template == "waiting_removed")).one()
    assert mail.recipient == first.email and "Place promise par erreur" in mail.body
    assert "Place promise par erreur" in sqlite_client.sign_in(first.user_id).get("/historique").text
    sqlite_client.sign_in(make_staff(Role.FILE_CLERK)).get(f"{LISTS}/1", status=404)
    assert find_inconsistencies(db.session()) == ()


def test_an_agent_gives_an_activity_a_waiting_list(sqlite_client: Client) -> None:
    planning = factories.make_planning()
    sqlite_client.sign_in(make_staff())
    address = f"/gestion/reglages/activites/{planning.activity.id}"
    sqlite_client.get(address)
    sqlite_client.submit(address, waiting_hours="48", position="1")
    page = sqlite_client.get(f"{address}/fiche")
    assert "avec une liste d’attente (réponse en 48 h)" in page.text.replace("\u00a0", " ")
