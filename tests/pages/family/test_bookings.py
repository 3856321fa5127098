"""Mes réservations: what parents see, tick, check and save, with and without htmx."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, time, timedelta

import pytest
from sqlalchemy import func, select, update

from app import clock
from app.database import db, write_transaction
from app.models.activities import Activity
from app.models.bookings import Booking, CapacityCounter, Opening, PriceChangeReason, SaveReceipt
from app.models.councils import Council
from app.models.families import FamilyQuotient
from app.models.invoices import InvoicedBooking, InvoiceLine
from app.rules.cells import Reason
from app.rules.combinations import Combinations, Exclusion, WeekCount
from app.rules.deadlines import Days, DaysBefore, Deadline, FixedMoment
from app.rules.states import FamilyStatus
from app.services import booking_requests
from app.services.prices import reprice_family
from tests import factories
from tests.client import Answer, Client
from tests.factories import NEXT_WEDNESDAY, WEDNESDAY, add_family, bookings_of, make_planning, save


def address(planning: factories.PlanningSetup, day: date = WEDNESDAY) -> str:
    return f"/mes-reservations/{planning.child_id}?jour={day}"


def count(table: type) -> int:
    return db.session.scalar(select(func.count()).select_from(table)) or 0


def test_parent_sees_the_people_and_when_they_come_next(client: Client) -> None:
    planning = make_planning()
    factories.make_child(planning.family, "Hugo")
    save(planning.family, planning.child_id, book=[planning.opening(WEDNESDAY, "Matin")])
    page = client.sign_in(planning.family.user_id).get("/mes-reservations")
    assert page.heading == "Mes réservations"
    assert "Prochaine venue : mercredi 25 novembre (Matin)" in page.text
    assert "Pas encore d’inscription" in page.text
    assert f"/mes-reservations/{planning.child_id}" in page.links()


def test_family_without_child_is_told_what_to_do_first(client: Client) -> None:
    page = client.sign_in(factories.make_family().user_id).get("/mes-reservations")
    assert "Aucun enfant n’est encore dans votre dossier" in page.text
    assert "/ma-famille" in page.links()


def test_child_without_enrolment_is_told_that_enrolling_comes_first(client: Client) -> None:
    family = factories.make_family()
    child_id = factories.make_child(family)
    page = client.sign_in(family.user_id).get(f"/mes-reservations/{child_id}")
    assert "Inscrire n’est pas réserver" in page.text
    assert "/mes-inscriptions" in page.links()


def test_parent_books_a_day_and_the_page_says_so_and_shows_it(client: Client) -> None:
    planning = make_planning()
    morning, meal = planning.opening(WEDNESDAY, "Matin"), planning.opening(WEDNESDAY, "Repas")
    client.sign_in(planning.family.user_id).get(address(planning))
    page = client.submit("planning", t=[morning, meal])
    assert page.path.startswith(f"/mes-reservations/{planning.child_id}?jour=2026-11-25")
    assert "2 réservations enregistrées · 8,40 €" in page.text
    assert [e.get("value") for e in page.all("input", name="t") if e.get("checked") is not None] == [
        str(morning),
        str(meal),
    ]
    assert bookings_of(planning.child_id) == [(morning, "confirmed"), (meal, "confirmed")]
    again = client.get(address(planning))
    assert again.value("shown", "planning") == f"{morning}h,{meal}h,{planning.opening(WEDNESDAY, 'Après-midi')}"
    assert "enregistrée" not in again.text


def test_parent_unticks_and_the_booking_is_cancelled(client: Client) -> None:
    planning = make_planning()
    morning = planning.opening(WEDNESDAY, "Matin")
    save(planning.family, planning.child_id, book=[morning])
    client.sign_in(planning.family.user_id).get(address(planning))
    page = client.submit("planning", t=None)
    assert bookings_of(planning.child_id) == [(morning, "cancelled")]
    assert "annul" in page.text.lower()


def test_parent_says_after_the_deadline_that_the_child_does_not_come(sqlite_client: Client) -> None:
    planning = make_planning()
    factories.set_notice(planning.activity, Deadline.CANCEL_LATE, DaysBefore(0, time(7)))
    morning = planning.opening(WEDNESDAY, "Matin")
    save(planning.family, planning.child_id, book=[morning])
    client = sqlite_client.sign_in(planning.family.user_id)
    page = client.get(address(planning))
    note = "Modifiable sans frais jusqu’au mardi 24 novembre à 10 h, annulation facturée ensuite"
    assert note in page.text, page.text
    stale = client.page
    clock.start_at(datetime(2026, 11, 24, 12), frozen=True)
    # The form still says that it is free: nothing is done, and the page says why.
    client.page = stale
    page = client.submit("planning", t=None)
    assert "L’annulation était gratuite jusqu’au mardi 24 novembre à 10 h." in page.text
    assert bookings_of(planning.child_id) == [(morning, "confirmed")]
    assert page.value("shown", "planning") == f"{morning}c"
    assert "Annulation possible jusqu’au mercredi 25 novembre à 7 h, mais facturée" in page.text
    # Without script, « Vérifier » says it before anything is saved.
    page = client.submit("planning", status=200, button="Vérifier", t=None)
    assert "1 absence (prix dû) · 0,00 €" in page.text and "La place est rendue, le prix reste dû." in page.text
    page = client.submit("planning", t=None)
    assert "1 absence annoncée : annulé hors délai, reste facturé (4,20 €)." in page.text
    assert "Annulé après le délai : le prix reste dû. Pour revenir, appelez-nous au " in page.text
    assert "4,20 €" in page.text.split("Légende")[0]
    assert "toute la famille : 4,20 €" in page.text
    assert bookings_of(planning.child_id) == [(morning, "cancelled")]
    clock.start_at(datetime(2026, 11, 25, 12), frozen=True)
    past = client.sign_in(planning.family.user_id).get(address(planning)).text
    assert "Annulé après le délai : le prix reste dû." in past and "Pour revenir" not in past


def test_nothing_ticked_and_nothing_held_changes_nothing(client: Client) -> None:
    planning = make_planning()
    client.sign_in(planning.family.user_id).get(address(planning))
    client.submit("planning")
    assert (count(Booking), factories.event_count()) == (0, 0)


def test_week_in_which_nothing_can_be_ticked_any_more_is_saved_as_it_is(client: Client) -> None:
    planning = make_planning()
    clock.start_at(datetime(2026, 11, 28, 9), frozen=True)
    page = client.sign_in(planning.family.user_id).get(f"{address(planning)}?jour={WEDNESDAY}")
    assert page.all("input", name="shown")[0].get("value") == ""
    client.submit("planning")
    assert (count(Booking), factories.event_count()) == (0, 0)


def test_form_sent_twice_books_once_and_shows_the_same(client: Client) -> None:
    planning = make_planning()
    page = client.sign_in(planning.family.user_id).get(address(planning))
    first = client.submit("planning", t=[planning.opening(WEDNESDAY, "Matin")])
    client.page = page
    second = client.submit("planning", t=[planning.opening(WEDNESDAY, "Matin")])
    assert second.path == first.path
    assert "1 réservation enregistrée · 4,20 €" in second.text
    assert (count(Booking), count(SaveReceipt)) == (1, 1)


def test_form_that_back_brings_again_does_not_tell_as_booked_what_was_cancelled_since(sqlite_client: Client) -> None:
    client, planning = sqlite_client, make_planning()
    morning = planning.opening(WEDNESDAY, "Matin")
    page = client.sign_in(planning.family.user_id).get(address(planning))
    client.submit("planning", t=[morning])
    client.submit("planning", t=None)
    client.page = page
    again = client.submit("planning", t=[morning])
    assert "1 réservation enregistrée" not in again.text and "Rien n’a changé" not in again.text
    assert "Enregistré, mais annulé depuis, refusé, ou rendu faute de paiement mercredi 25 novembre" in again.text
    assert bookings_of(planning.child_id) == [(morning, "cancelled")]


def test_stale_form_is_told_what_happened_meanwhile(client: Client) -> None:
    planning = make_planning()
    morning, afternoon = planning.opening(WEDNESDAY, "Matin"), planning.opening(WEDNESDAY, "Après-midi")
    save(planning.family, planning.child_id, book=[morning])
    client.sign_in(planning.family.user_id).get(address(planning))
    save(planning.family, planning.child_id, cancel=[morning], book=[afternoon])
    page = client.submit("planning", t=[morning])
    assert "Annulé entre-temps par une autre personne" in page.text
    assert bookings_of(planning.child_id) == [(morning, "cancelled"), (afternoon, "confirmed")]


def checked(client: Client, page: Answer, ticks: Sequence[int]) -> Answer:
    """What a tick in a page that is still open is answered."""
    client.page = page
    to = page.all("fieldset", class_="week")[0].get("data-hx-post")
    fragment = client.submit("planning", to=to, htmx=True, status=200, follow=False, t=list(ticks))
    client.page = page
    return fragment


def words_of(fragment: Answer, opening_id: int) -> str:
    (cell,) = [e for e in fragment.root.iter("span") if e.get("id") == f"c{opening_id}"]
    return " ".join(cell.itertext())


def test_check_of_a_stale_form_counts_what_a_save_would_do_and_says_what_changed(sqlite_client: Client) -> None:
    client, planning = sqlite_client, make_planning()
    morning, afternoon = planning.opening(WEDNESDAY, "Matin"), planning.opening(WEDNESDAY, "Après-midi")
    save(planning.family, planning.child_id, book=[morning])
    page = client.sign_in(planning.family.user_id).get(address(planning))
    save(planning.family, planning.child_id, cancel=[morning], book=[afternoon])
    fragment = checked(client, page, [morning])  # as the other tab still shows it
    assert "Aucun changement" in fragment.text
    assert "Annulé entre-temps par une autre personne" in words_of(fragment, morning)
    assert "cela reste réservé" in words_of(fragment, afternoon)
    assert "Mercredi 25 novembre : Matin. Annulé entre-temps" in fragment.text
    client.submit("planning", t=[morning])
    assert bookings_of(planning.child_id) == [(morning, "cancelled"), (afternoon, "confirmed")]


def test_check_says_in_its_cell_what_cannot_be_had_any_more(sqlite_client: Client) -> None:
    client, planning = sqlite_client, make_planning(places=2)
    other, other_child = add_family(planning)
    morning, afternoon = planning.opening(WEDNESDAY, "Matin"), planning.opening(NEXT_WEDNESDAY, "Matin")
    save(planning.family, planning.child_id, book=[afternoon])
    page = client.sign_in(planning.family.user_id).get(address(planning))
    save(other, other_child, book=[morning])
    with write_transaction() as session:  # the staff lower the places, over what the parent sees
        session.execute(update(CapacityCounter).where(CapacityCounter.day == WEDNESDAY).values(places=1))
    fragment = checked(client, page, [morning])
    assert "Complet Il n’y a plus de place." in " ".join(words_of(fragment, morning).split())
    assert "Mercredi 25 novembre : Matin. Il n’y a plus de place." in fragment.text
    page = client.get(address(planning, NEXT_WEDNESDAY))
    clock.start_at(datetime(2026, 12, 1, 10, 1), frozen=True)
    fragment = checked(client, page, [])  # a removal whose deadline passed while the page was open
    assert "Ne peut plus être annulé : c’était possible jusqu’au mardi 1er décembre à 10 h." in fragment.text
    shown = client.submit("planning", button="Vérifier", status=200, t=None)
    assert "Ne peut plus être annulé" in shown.text
    assert shown.all("input", name="t", value=str(afternoon)) == []


def test_place_taken_meanwhile_is_said_in_its_cell_and_the_other_day_is_saved(client: Client) -> None:
    planning = make_planning(places=1, weeks=1)
    other, other_child = add_family(planning)
    thursday = factories.make_activity("Jeudi", places=5, needs={})
    free = factories.make_openings(thursday, [date(2026, 11, 26)])[date(2026, 11, 26), "Matin"]
    factories.enrol(planning.child_id, planning.family, thursday)
    full = planning.opening(WEDNESDAY, "Matin")
    client.sign_in(planning.family.user_id).get(address(planning))
    save(other, other_child, book=[full])
    page = client.submit("planning", t=[full, free])
    assert "Il n’y a plus de place" in page.text
    assert "1 réservation enregistrée" in page.text
    assert bookings_of(planning.child_id) == [(free, "confirmed")]


def test_legend_says_the_words_of_the_guide(sqlite_client: Client) -> None:
    planning = make_planning()
    page = sqlite_client.sign_in(planning.family.user_id).get(address(planning))
    (legend,) = page.all("aside", class_="legend")
    said = ["".join(item.itertext()).strip() for item in legend.iter("li")]
    for words in (
        "Présence", "Présence spéciale", "Absence", "Réservation/annulation impossible",
        "Non autorisée (choix des temps d’accueil non valide)", "Limite de capacité atteinte", "Réel (verrouillé)",
        "En attente de validation", "Payante (à régler)", "Facturé", "Déclenche un forfait",
        "Réservation en liste d’attente",
    ):  # fmt: skip
        assert said.count(words) == 1, said


def test_places_that_the_service_keeps_are_said_and_are_not_full(sqlite_client: Client) -> None:
    client, planning = sqlite_client, make_planning(places=3)
    morning = planning.opening(WEDNESDAY, "Matin")
    page = client.sign_in(planning.family.user_id).get(address(planning))
    with write_transaction() as session:
        session.execute(update(CapacityCounter).where(CapacityCounter.day == WEDNESDAY).values(online_places=0))
    said = "Les places qui restent sont gardées par le service : appelez-nous au 03 00 00 00 00."
    assert said in checked(client, page, [morning]).text
    client.page = page
    refused = client.submit("planning", t=[morning])
    assert f"Non enregistré. {said}" in refused.text
    with write_transaction() as session:
        session.get_one(Council, 1).phone = ""
    shown = client.get(address(planning)).text.split("Légende")[0]
    assert "gardées par le service : contactez-nous." in shown
    assert "Places gardées" in shown and "Complet" not in shown


def test_page_says_when_bookings_open_and_counts_down_by_the_portals_clock(sqlite_client: Client) -> None:
    planning = make_planning()
    sqlite_client.sign_in(planning.family.user_id)
    assert "data-opens-in" not in sqlite_client.get(address(planning)).body
    factories.set_notice(planning.activity, Deadline.OPENING, FixedMoment(date(2026, 11, 24), time(8, 30)))
    clock.start_at(datetime(2026, 11, 23, 8, 29, 59), frozen=True)
    page = sqlite_client.get(address(planning))
    assert "Mercredi : les réservations ouvrent mardi 24 novembre à 8 h 30." in page.text  # nobody waits a whole day
    assert "data-opens-in" not in page.body
    clock.start_at(datetime(2026, 11, 24, 8, 29, 48, 500_000), frozen=True)
    page = sqlite_client.get(address(planning))
    assert 'data-opens-in="11500"' in page.body
    assert "Pour le portail, il est 8 h 29 min 48 s." in page.text
    clock.start_at(datetime(2026, 11, 24, 8, 30), frozen=True)
    page = sqlite_client.get(address(planning))
    assert "les réservations ouvrent" not in page.text and 'name="t"' in page.body


def test_meal_alone_is_refused_with_its_rule(client: Client) -> None:
    planning = make_planning()
    client.sign_in(planning.family.user_id).get(address(planning))
    page = client.submit("planning", t=[planning.opening(WEDNESDAY, "Repas")])
    assert "Repas se réserve avec Matin ou Après-midi." in page.text
    assert count(Booking) == 0


def test_deadline_that_passes_while_the_page_is_open_refuses_with_the_deadline(client: Client) -> None:
    planning = make_planning()
    client.sign_in(planning.family.user_id).get(address(planning))
    clock.start_at(datetime(2026, 11, 24, 10, 1), frozen=True)
    page = client.submit("planning", t=[planning.opening(WEDNESDAY, "Matin")])
    assert "il fallait réserver avant le mardi 24 novembre à 10 h" in page.text
    assert count(Booking) == 0


def test_check_without_javascript_shows_the_page_with_the_ticks_kept(client: Client) -> None:
    planning = make_planning()
    meal = planning.opening(WEDNESDAY, "Repas")
    client.sign_in(planning.family.user_id).get(address(planning))
    page = client.submit("planning", button="Vérifier", status=200, t=[meal])
    assert "Repas se réserve avec Matin ou Après-midi." in page.text
    assert [e.get("value") for e in page.all("input", name="t") if e.get("checked") is not None] == [str(meal)]
    page = client.submit("planning", button="Vérifier", status=200, t=[meal, planning.opening(WEDNESDAY, "Matin")])
    assert "2 ajouts · 8,40 €" in page.text
    assert (count(Booking), count(SaveReceipt)) == (0, 0)


def test_check_by_htmx_answers_the_cells_and_the_summary_alone(client: Client) -> None:
    planning = make_planning()
    page = client.sign_in(planning.family.user_id).get(address(planning))
    week = page.all("fieldset", class_="week")[0]
    fragment = client.submit(
        "planning",
        to=week.get("data-hx-post"),
        htmx=True,
        status=200,
        follow=False,
        t=[planning.opening(WEDNESDAY, "Repas")],
    )
    assert "<html" not in fragment.body and "<input" not in fragment.body
    assert "Repas se réserve avec Matin ou Après-midi." in fragment.text
    cells = {f"c{planning.opening(WEDNESDAY, unit)}" for unit in planning.activity.units}
    total_of_wednesday = {"s2"}
    assert {e.get("id") for e in fragment.root.iter("span") if e.get("id")} == cells | total_of_wednesday
    assert count(Booking) == 0


def test_week_around_any_day_and_nonsense_is_today(client: Client) -> None:
    planning = make_planning()
    client.sign_in(planning.family.user_id)
    assert "lundi 30 novembre" in client.get(address(planning, NEXT_WEDNESDAY)).text
    for nonsense in ("hier", "2026-13-45", "0001-01-01", "9999-12-31", "", "2026-11-25%C2%85"):
        page = client.get(f"/mes-reservations/{planning.child_id}?jour={nonsense}")
        assert "lundi 23 novembre" in page.text, nonsense


def test_previous_next_and_today_lead_to_their_weeks(client: Client) -> None:
    planning = make_planning()
    page = client.sign_in(planning.family.user_id).get(address(planning, NEXT_WEDNESDAY))
    for day in (WEDNESDAY, NEXT_WEDNESDAY + timedelta(weeks=1), factories.MONDAY):
        assert address(planning, day) in page.links()


def test_child_of_another_family_is_not_found_whatever_is_asked(client: Client) -> None:
    planning = make_planning()
    other, _ = add_family(planning)
    page = client.sign_in(planning.family.user_id).get(address(planning))
    client.forget_cookies()
    client.sign_in(other.user_id).get("/mes-reservations")
    client.get(address(planning), status=404)
    client.get("/mes-reservations/999999", status=404)
    client.page = page
    token = client.get("/mes-reservations").all("input", name="csrf_token")[0].get("value")
    client.page = page
    client.submit("planning", status=404, csrf_token=token, t=[planning.opening(WEDNESDAY, "Matin")])
    client.page = page
    client.submit("planning", button="Vérifier", status=404, csrf_token=token)
    assert count(Booking) == 0


def test_forged_openings_are_not_found_and_store_nothing(client: Client) -> None:
    planning = make_planning()
    stranger = factories.make_openings(factories.make_activity("Ados"), [WEDNESDAY])[WEDNESDAY, "Matin"]
    page = client.sign_in(planning.family.user_id).get(address(planning))
    morning = planning.opening(WEDNESDAY, "Matin")
    for shown, ticked in (
        ("999", [999]),
        (f"{stranger}", [stranger]),
        (f"{morning}", [stranger]),
        ("", [morning]),
    ):
        client.page = page
        client.submit("planning", status=404, shown=shown, t=ticked)
    assert (count(Booking), count(SaveReceipt)) == (0, 0)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("shown", "1;2"), ("shown", "-1"), ("shown", "1," * 501 + "1"), ("shown", "9" * 10), ("t", "x"), ("t", "9" * 10),
        ("key", ""), ("key", "court"), ("key", "é" * 20), ("key", "k" * 65),
    ],
)  # fmt: skip
def test_form_that_no_page_of_ours_sends_is_refused_kindly(client: Client, field: str, value: str) -> None:
    planning = make_planning()
    client.sign_in(planning.family.user_id).get(address(planning))
    page = client.submit("planning", status=400, **{field: value})
    assert "Ce formulaire n’est pas complet" in page.text
    assert (count(Booking), count(SaveReceipt)) == (0, 0)


def test_opening_ids_beyond_the_database_are_not_found(client: Client) -> None:
    planning = make_planning()
    client.sign_in(planning.family.user_id).get(address(planning))
    client.submit("planning", status=404, shown="999999999", t=["999999999"])
    client.get(f"/mes-reservations/{'9' * 30}", status=404)


def test_body_too_large_is_refused_with_a_page(client: Client) -> None:
    planning = make_planning()
    client.sign_in(planning.family.user_id).get(address(planning))
    page = client.submit("planning", status=413, key="k" * 1_100_000)
    assert page.heading == "Cet envoi est trop lourd"
    assert count(Booking) == 0


def test_closed_family_sees_its_planning_and_cannot_change_it(client: Client) -> None:
    planning = make_planning()
    morning = planning.opening(WEDNESDAY, "Matin")
    save(planning.family, planning.child_id, book=[morning])
    page = client.sign_in(planning.family.user_id).get(address(planning))
    with write_transaction() as session:
        session.execute(update(factories.Family).values(status=FamilyStatus.CLOSED))
    looked = client.get(address(planning))
    assert looked.all("input", name="t") == []
    client.page = page
    refused = client.submit("planning", status=403, t=None)
    assert "Votre dossier est fermé" in refused.text
    assert bookings_of(planning.child_id) == [(morning, "confirmed")]


def test_closed_opening_says_why_and_offers_nothing(client: Client) -> None:
    planning = make_planning()
    with write_transaction() as session:
        session.execute(update(Opening).values(is_open=False, closing_reason="Grève du personnel"))
    page = client.sign_in(planning.family.user_id).get(address(planning))
    assert "Fermé : Grève du personnel." in page.text
    assert page.all("input", name="t") == []


def test_other_users_outcome_is_not_shown(client: Client) -> None:
    planning = make_planning()
    other, other_child = add_family(planning)
    save(planning.family, planning.child_id, book=[planning.opening(WEDNESDAY, "Matin")], key="key-of-the-first-family")
    client.sign_in(other.user_id)
    page = client.get(f"/mes-reservations/{other_child}?jour=2026-11-25&enregistrement=key-of-the-first-family")
    assert "enregistrée" not in page.text


def test_expired_session_leads_to_sign_in_and_back_to_the_planning(client: Client) -> None:
    planning = make_planning()
    client.sign_in(planning.family.user_id).get(address(planning))
    page = client.page
    clock.start_at(clock.now() + timedelta(days=30, seconds=1), frozen=True)
    gone = client.get(address(planning), status=303)
    assert gone.location.startswith("/connexion?suite=/mes-reservations/")
    client.page = page
    sent = client.submit("planning", status=303, follow=False, t=[planning.opening(NEXT_WEDNESDAY, "Matin")])
    assert sent.location.startswith("/connexion")
    assert count(Booking) == 0
    fragment = client.get(address(planning), htmx=True, status=204)
    assert fragment.headers["HX-Redirect"].startswith("/connexion")


def test_page_that_back_brings_back_saves_its_new_choices(client: Client) -> None:
    planning = make_planning()
    morning, afternoon = (planning.opening(WEDNESDAY, unit) for unit in ("Matin", "Après-midi"))
    page = client.sign_in(planning.family.user_id).get(address(planning))
    client.submit("planning", t=[morning])
    client.page = page  # as it was before the save, with its key
    again = client.submit("planning", t=[morning, afternoon])
    assert "2 réservations enregistrées" in again.text
    assert {id_ for id_, _ in bookings_of(planning.child_id)} == {morning, afternoon}
    client.page = page
    client.submit("planning", t=[morning, afternoon])  # a retry of the very same: nothing more
    assert count(Booking) == 2
    assert count(SaveReceipt) == 2


def test_choices_survive_a_lost_cookie(client: Client) -> None:
    planning = make_planning()
    morning = planning.opening(WEDNESDAY, "Matin")
    page = client.sign_in(planning.family.user_id).get(address(planning))
    client.forget_cookies()
    client.page = page
    refused = client.submit("planning", status=400, t=[morning])
    (back,) = [link for link in refused.links() if "shown=" in link]
    client.sign_in(planning.family.user_id)
    shown = client.get(back)
    assert "ils ne sont pas encore enregistrés" in shown.text
    assert [e.get("value") for e in shown.all("input", name="t") if e.get("checked") is not None] == [str(morning)]
    assert count(Booking) == 0
    client.submit("planning")
    assert bookings_of(planning.child_id) == [(morning, "confirmed")]


def test_mere_looking_is_at_most_twelve_queries_however_many_children_and_bookings(client: Client) -> None:
    planning = make_planning()
    client.sign_in(planning.family.user_id).get(address(planning))
    before = {path: len(client.get(path).queries) for path in ("/mes-reservations", address(planning))}
    week = [factories.MONDAY + timedelta(days=n) for n in range(5)]
    for number in range(4):
        activity = factories.make_activity(f"Activité {number}")
        openings = factories.make_openings(activity, week)
        child_id = factories.make_child(planning.family, f"Enfant {number}")
        for id_ in (child_id, planning.child_id):
            factories.enrol(id_, planning.family, activity)
            save(planning.family, id_, book=[id for (day, _), id in openings.items() if day > WEDNESDAY])
    client.get("/mes-reservations")  # the catalogue changed: loaded once
    after = {path: len(client.get(path).queries) for path in before}
    assert after == before
    assert max(after.values()) <= 12


def put_on_an_invoice(planning: factories.PlanningSetup) -> None:
    """All that the family booked, past or to come, on one invoice."""
    invoice_id = factories.make_invoice(planning.family)
    line_id = db.session.scalars(select(InvoiceLine.id).where(InvoiceLine.invoice_id == invoice_id)).one()
    with write_transaction() as session:
        ids = session.scalars(select(Booking.id).where(Booking.family_id == planning.family.family_id))
        session.add_all(InvoicedBooking(booking_id=id_, line_id=line_id) for id_ in ids)


def test_what_is_on_an_invoice_is_locked_and_says_so(client: Client) -> None:
    planning = make_planning()
    morning = planning.opening(WEDNESDAY, "Matin")
    save(planning.family, planning.child_id, book=[morning])
    put_on_an_invoice(planning)
    page = client.sign_in(planning.family.user_id).get(address(planning))
    assert "Facturé" in page.text.split("Légende")[0]
    free = [planning.opening(WEDNESDAY, unit) for unit in ("Repas", "Après-midi")]
    assert page.value("shown", "planning") == f"{free[0]},{free[1]}"
    outcome = save(planning.family, planning.child_id, cancel=[morning])
    assert [choice.reason for choice in outcome.choices] == [Reason.INVOICED]
    assert bookings_of(planning.child_id) == [(morning, "confirmed")]


def test_other_family_does_not_see_what_is_invoiced_to_the_first(client: Client) -> None:
    planning = make_planning()
    save(planning.family, planning.child_id, book=[planning.opening(WEDNESDAY, "Matin")])
    put_on_an_invoice(planning)
    other = factories.make_family("AUTRE")
    factories.share_child(planning.child_id, other)
    factories.enrol(planning.child_id, other, planning.activity)
    page = client.sign_in(other.user_id).get(address(planning))
    assert "Facturé" not in page.text.split("Légende")[0]
    assert "Réservé par l’autre foyer de votre enfant." in page.text


def test_parent_reads_why_before_saving_and_when_a_price_changed(client: Client) -> None:
    planning = make_planning()
    page = client.sign_in(planning.family.user_id).get(address(planning))
    assert "Pourquoi ces prix ? Mercredi : tarif maximum, sans quotient familial." in page.text
    save(planning.family, planning.child_id, book=[planning.opening(WEDNESDAY, "Matin")])
    with write_transaction() as session:
        session.add(
            FamilyQuotient(
                family_id=planning.family.family_id, value_cents=50_000, starts_on=date(2026, 1, 1),
                verified_at=clock.now(),
            )
        )  # fmt: skip
    with write_transaction() as session:
        change = reprice_family(session, planning.family.family_id, PriceChangeReason.QUOTIENT)
    assert (change.count, change.difference_cents) == (1, -210)
    client.get(address(planning))
    page = client.get(address(planning))
    assert "Mercredi 25 novembre, Matin : 2,10 € au lieu de 4,20 € (votre quotient familial" in page.text
    assert "tarif maximum" not in page.text
    assert len(page.queries) <= 12
    assert "au lieu de" not in client.get(address(planning, NEXT_WEDNESDAY)).text


def test_the_bar_tells_two_points_and_how_many_more_the_cells_tell(sqlite_client: Client) -> None:
    planning = make_planning()
    with write_transaction() as session:
        rule = Exclusion(frozenset(planning.activity.units.values()))
        session.get_one(Activity, planning.activity.id).combinations = Combinations((rule,))
    page = sqlite_client.sign_in(planning.family.user_id).get(address(planning))
    ticks = [planning.opening(WEDNESDAY, unit) for unit in planning.activity.units]
    fragment = checked(sqlite_client, page, ticks)
    assert fragment.text.count("Mercredi 25 novembre : ") == 2
    assert "Et 1 autre point, dit dans les cases." in fragment.text
    for opening_id in ticks:
        assert "ne se réserve pas le même jour" in words_of(fragment, opening_id)
    assert "autre point" not in checked(sqlite_client, page, ticks[:2]).text


def test_parent_ticks_too_few_days_of_a_week_and_every_cell_and_the_page_after_say_how_many_more(
    client: Client,
) -> None:
    activity = factories.make_activity("Vacances", {"Journée": (time(9), time(17))}, needs={}, notice=None)
    days = [WEDNESDAY + timedelta(days=offset) for offset in range(3)]
    openings = list(factories.make_openings(activity, days).values())
    with write_transaction() as session:
        rule = WeekCount(Days(units=frozenset(activity.units.values())), 3)
        session.get_one(Activity, activity.id).combinations = Combinations((rule,))
    family = factories.make_family()
    child_id = factories.make_child(family)
    factories.enrol(child_id, family, activity)
    client.sign_in(family.user_id).get(f"/mes-reservations/{child_id}?jour={WEDNESDAY}")
    page = client.submit("planning", status=200, button="Vérifier", htmx=True, t=openings[:2])
    assert page.text.count("Choisissez au moins 3 jours cette semaine : encore 1.") == 3  # both cells, and the summary
    client.get(f"/mes-reservations/{child_id}?jour={WEDNESDAY}")
    page = client.submit("planning", t=openings[:2])
    assert "Non enregistré. Choisissez au moins 3 jours cette semaine : encore 1." in page.text
    assert bookings_of(child_id) == []
    page = client.submit("planning", t=openings)
    assert [status for _, status in bookings_of(child_id)] == ["confirmed"] * 3


def test_parent_asks_where_the_staff_decide_and_withdraws_without_script(client: Client) -> None:
    planning = make_planning()
    factories.put_on_request(planning.activity)
    morning = planning.opening(WEDNESDAY, "Matin")
    client.sign_in(planning.family.user_id).get(address(planning))
    checked = client.submit(
        "planning", t=[morning], to=f"/mes-reservations/{planning.child_id}/verification", status=200
    )
    assert "1 demande · 4,20 € si le service accepte" in checked.text
    page = client.submit("planning", t=[morning])
    assert "1 réservation demandée · 4,20 € si le service accepte" in page.text
    assert "Vous recevrez la réponse par courriel, au plus tard le mercredi 25 novembre à 7 h 30" in page.text
    assert "En attente" in page.text
    assert "Novembre 2026, toute la famille : 0,00 €" in page.text
    assert bookings_of(planning.child_id) == [(morning, "requested")]
    assert (page.value("shown", "planning") or "").startswith(f"{morning}h,")
    page = client.submit("planning", t=None)
    assert "1 demande retirée" in page.text
    assert bookings_of(planning.child_id) == [(morning, "cancelled")]


def test_parent_reads_in_the_planning_why_a_request_was_refused(client: Client) -> None:
    planning = make_planning()
    factories.put_on_request(planning.activity)
    save(planning.family, planning.child_id, book=[planning.opening(WEDNESDAY, "Matin")])
    agent = factories.make_staff()
    with write_transaction() as session:
        [booking_id] = session.scalars(select(Booking.id))
        booking_requests.refuse_requests(session, planning.family.family_id, [(booking_id,)], agent, "Car complet")
    page = client.sign_in(planning.family.user_id).get(address(planning))
    assert "Demande refusée : Car complet" in page.text
