"""The planning of a child, as an agent acts on it: from the family's file, with and without htmx, with a reason."""

from __future__ import annotations

from datetime import datetime, time

import pytest
from sqlalchemy import select

from app import clock
from app.database import db
from app.models.bookings import Booking, BookingEvent
from app.models.mails import OutboxMail
from app.rules.capabilities import Role
from app.rules.deadlines import DaysBefore, Deadline
from app.rules.states import CancelClass
from tests import factories
from tests.client import Answer, Client
from tests.factories import WEDNESDAY, PlanningSetup, add_family, bookings_of, make_planning, save, set_notice, taken


@pytest.fixture
def planning() -> PlanningSetup:
    return make_planning(places=1)


@pytest.fixture
def clerk(client: Client) -> Client:
    return client.sign_in(factories.make_staff(Role.FILE_CLERK))


def address(planning: PlanningSetup) -> str:
    return f"/gestion/familles/{planning.family.family_id}/enfants/{planning.child_id}/planning"


def week(clerk: Client, planning: PlanningSetup) -> Answer:
    return clerk.get(f"{address(planning)}?jour={WEDNESDAY}")


def test_the_planning_is_a_link_away_from_both_files(clerk: Client, planning: PlanningSetup) -> None:
    for file in (f"/gestion/familles/{planning.family.family_id}", f"/gestion/enfants/{planning.child_id}"):
        assert address(planning) in clerk.get(file).links()
    page = week(clerk, planning)
    assert page.heading == "Planning de Léa TEST" and "Retour" not in page.title
    assert len(page.queries) <= 14, page.queries


def test_an_agent_books_with_a_reason_what_is_too_late_online(clerk: Client, planning: PlanningSetup) -> None:
    set_notice(planning.activity, Deadline.BOOK, DaysBefore(7, time(10)))
    morning = planning.opening(WEDNESDAY, "Matin")
    assert "Trop tard" in week(clerk, planning).text
    refused = clerk.submit("planning", status=422, t=[morning])
    assert "Indiquez le motif" in refused.text
    assert [box.get("value") for box in refused.all("input", name="t") if box.get("checked") is not None] == [
        str(morning)
    ]
    done = clerk.submit("planning", reason="Appel du père")
    assert "1 réservation enregistrée" in done.text
    assert bookings_of(planning.child_id) == [(morning, "confirmed")]
    assert [mail.template for mail in db.session.scalars(select(OutboxMail))] == ["bookings_by_staff"]


def test_a_full_day_asks_again_and_only_then_takes_one_more(clerk: Client, planning: PlanningSetup) -> None:
    other, other_child = add_family(planning)
    morning = planning.opening(WEDNESDAY, "Matin")
    save(other, other_child, book=[morning])
    week(clerk, planning)
    asked = clerk.submit("planning", status=409, t=[morning], reason="Fratrie")
    assert "il n’y a plus de place" in asked.text
    assert "mercredi 25 novembre, Matin : il y aurait 1 enfant de plus que de places" in asked.text.replace(
        "\u00a0", " "
    ).replace("Mercredi 25", "mercredi 25")
    assert bookings_of(planning.child_id) == [] and asked.value("reason", "planning") == "Fratrie"
    assert clerk.submit("planning", status=409).status == 409  # without the tick: asked again
    done = clerk.submit("planning", depasser=str(morning))
    assert "1 réservation enregistrée" in done.text
    assert taken(WEDNESDAY, planning.activity.scope_id) == 2
    assert db.session.scalars(select(BookingEvent.beyond_places).order_by(BookingEvent.id)).all() == [False, True]


def test_a_cancellation_has_the_class_that_was_chosen_and_is_told_unless_unticked(
    client: Client, planning: PlanningSetup
) -> None:
    save(planning.family, planning.child_id, book=[planning.opening(WEDNESDAY, "Matin")])
    clock.start_at(datetime(2026, 11, 24, 20), frozen=True)
    clerk = client.sign_in(factories.make_staff(Role.FILE_CLERK))
    week(clerk, planning)
    done = clerk.submit("planning", t=[], reason="Grève du bus", cancel_class="structure", tells=None)
    assert "1 réservation annulée" in done.text
    assert db.session.scalars(select(Booking.cancel_class)).one() is CancelClass.STRUCTURE
    assert db.session.scalars(select(OutboxMail.id)).all() == []


def test_a_tick_is_judged_at_once_and_says_what_it_goes_beyond(clerk: Client, planning: PlanningSetup) -> None:
    other, other_child = add_family(planning)
    morning = planning.opening(WEDNESDAY, "Matin")
    save(other, other_child, book=[morning])
    page = week(clerk, planning)
    form = {name: page.value(name, "planning") for name in ("csrf_token", "key", "shown")}
    told = clerk.post(
        f"{address(planning)}/verification", {**form, "jour": WEDNESDAY, "t": morning}, status=200, htmx=True
    )
    assert "plus de place, il y aurait 1 enfant de plus que de places" in told.text.replace("\u00a0", " ")
    assert len(told.queries) <= 14
    whole = clerk.post(f"{address(planning)}/verification", {**form, "jour": WEDNESDAY, "t": morning}, status=200)
    assert whole.heading == "Planning de Léa TEST"
    assert bookings_of(planning.child_id) == []


def test_what_changed_since_the_form_was_shown_is_said_cell_by_cell(clerk: Client, planning: PlanningSetup) -> None:
    morning, meal = (planning.opening(WEDNESDAY, unit) for unit in ("Matin", "Repas"))
    save(planning.family, planning.child_id, book=[morning, meal])
    week(clerk, planning)
    save(planning.family, planning.child_id, cancel=[meal])
    done = clerk.submit("planning", reason="Appel")
    assert "Annulé entre-temps par une autre personne" in done.text
    assert (meal, "cancelled") in bookings_of(planning.child_id)


def test_a_presence_is_marked_and_the_parents_read_the_note(
    clerk: Client, planning: PlanningSetup, client: Client
) -> None:
    save(planning.family, planning.child_id, book=[planning.opening(WEDNESDAY, "Matin")])
    week(clerk, planning)
    form = next(
        form for form in clerk.page.document.root.iter("form") if (form.get("action") or "").endswith("speciale")
    ) if clerk.page else None  # fmt: skip
    assert form is not None
    token = week(clerk, planning).value("csrf_token", "planning")
    mark = {"csrf_token": token, "jour": WEDNESDAY, "opening": planning.opening(WEDNESDAY, "Matin")}
    refused = clerk.post(f"{address(planning)}/presence-speciale", mark, status=422)
    assert "Dites ce qui est spécial ce jour-là" in refused.text
    clerk.post(f"{address(planning)}/presence-speciale", {**mark, "note": "Arrive à dix heures"}, status=303)
    shown = week(clerk, planning)
    assert "Présences spéciales de la semaine" in shown.text
    parents = client.sign_in(planning.family.user_id).get(f"/mes-reservations/{planning.child_id}?jour={WEDNESDAY}")
    assert "Présence spéciale" in parents.text and "Arrive à dix heures" in parents.text


def test_who_may_not_decide_on_bookings_sees_no_link_and_no_page(client: Client, planning: PlanningSetup) -> None:
    regie = client.sign_in(factories.make_staff(Role.REGISSEUR))
    assert address(planning) not in regie.get(f"/gestion/familles/{planning.family.family_id}").links()
    regie.get(address(planning), status=403)


def test_a_child_of_another_family_is_not_found(clerk: Client, planning: PlanningSetup) -> None:
    other, _ = add_family(planning)
    clerk.get(f"/gestion/familles/{other.family_id}/enfants/{planning.child_id}/planning", status=404)


def test_an_agent_answers_for_who_waits_or_is_offered_a_place(clerk: Client, planning: PlanningSetup) -> None:
    factories.give_list(planning.activity)
    morning = planning.opening(WEDNESDAY, "Matin")
    holder, holding_child = add_family(planning, "PREMIER")
    save(holder, holding_child, book=[morning])
    factories.join_list(planning.family, planning.child_id, [morning], wants_booking=False)
    page = week(clerk, planning)
    assert "Mercredi 25 novembre, Matin : retirer de la liste d’attente" in page.text and "Quitter" not in page.text
    assert "#list-answer" in page.links()
    assert len(page.queries) <= 20
    refused = clerk.submit("list-answer", status=422)
    assert "Indiquez le motif" in refused.text
    save(holder, holding_child, cancel=[morning])
    page = week(clerk, planning)
    assert "Matin : accepter la place proposée" in page.text and "Matin : reprendre la place proposée" in page.text
    choices = [option.get("value") or "" for option in page.by_id("answer").iter() if option.get("value")]
    accept = next(each for each in choices if each.startswith("accept-"))
    done = clerk.submit("list-answer", answer=accept, list_reason="Appel du père")
    assert "La place est réservée. La famille en est avertie." in done.text
    assert bookings_of(planning.child_id) == [(morning, "confirmed")]
    assert "Répondre pour la liste d’attente" not in done.text
