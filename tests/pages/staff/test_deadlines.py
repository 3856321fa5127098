"""« Réglages › Délais »: every rule that councils publish can be typed, is shown on real days, and is what the save checks."""

from __future__ import annotations

from datetime import date, datetime, time

import pytest
from flask import Flask
from werkzeug.datastructures import MultiDict

from app import clock
from app.database import write_transaction
from app.forms.staff_deadlines import deadline_form, read_deadline_form, read_hour, write_hour
from app.notice_labels import instant_words, line_words
from app.rules.capabilities import Role
from app.rules.deadlines import (
    ALL_WEEK,
    PARIS,
    Counted,
    CountedFrom,
    Days,
    DaysAfter,
    DaysBefore,
    Deadline,
    FixedMoment,
    HoursBefore,
    MonthDayBefore,
    MonthsBefore,
    Never,
    NoNotice,
    NoticeLine,
    NoticeRule,
    WeekdayBefore,
    When,
    simple_rule,
)
from app.services.catalogue import UnitInfo, catalogue
from app.services.deadline_settings import save_rule
from tests import factories
from tests.client import Client
from tests.factories import WEDNESDAY, make_planning
from tests.rules.published_notices import notices, periods

UNITS = (UnitInfo(1, 1, "Matin", time(7, 30), time(11, 45), False), UnitInfo(2, 1, "Repas", time(12), time(13), True))
# The proof of an absence (« days after ») is no deadline of booking: nothing asks for one yet.
PUBLISHED = {
    f"{a} {b}": found
    for (a, b), found in (notices() | periods()).items()
    if not isinstance(found[1].lines[0].notice, DaysAfter)
}
OWN = {
    "the 20th of the month before": simple_rule(MonthDayBefore(1, 20, time(18))),
    "a date for the autumn holidays": NoticeRule(
        (
            NoticeLine(FixedMoment(date(2026, 10, 2), time(18)), Days(frozenset(), When.ALWAYS, date(2026, 10, 17), date(2026, 11, 1))),
            NoticeLine(Never(), Days(when=When.SCHOOL_HOLIDAYS)),
            NoticeLine(NoNotice()),
        )
    ),
    "meals and others": NoticeRule(
        (
            NoticeLine(WeekdayBefore(2, 3, time(8, 59, 59)), Days(frozenset({0, 1}), When.MONDAY_OFF, units=frozenset({2}))),
            NoticeLine(HoursBefore(48, None, frozenset({5, 6}), True), Days(ALL_WEEK, When.SCHOOL_TIME)),
            NoticeLine(DaysBefore(2, time(10, 30), Counted.SITE, True), counted_from=CountedFrom.WEEK),
            NoticeLine(MonthsBefore(2, time(0), False), counted_from=CountedFrom.HOLIDAYS),
        )
    ),
    "seconds of an older database": simple_rule(DaysBefore(1, time(10, 0, 30))),
    "none": NoticeRule(()),
}  # fmt: skip


def typed(deadline: Deadline, rule: NoticeRule) -> MultiDict[str, str]:
    """What a browser sends for a rule: the form of the rule, as it stands."""
    return deadline_form(deadline, rule, UNITS).as_sent()


@pytest.mark.parametrize(
    ("deadline", "rule"),
    [pytest.param(*found, id=name) for name, found in PUBLISHED.items()]
    + [pytest.param(Deadline.CANCEL, rule, id=name) for name, rule in OWN.items()],
)
def test_every_rule_is_typed_and_read_back(deadline: Deadline, rule: NoticeRule) -> None:
    assert read_deadline_form(typed(deadline, rule), deadline, UNITS).rule() == rule


@pytest.mark.parametrize(
    ("text", "is_before", "at"),
    [
        ("9:00", False, time(9)), ("9", False, time(9)), ("9 h", False, time(9)), ("9h30", False, time(9, 30)),
        ("9 h 30", True, time(9, 29, 59)), ("09:00", True, time(8, 59, 59)), ("24:00", False, time(23, 59, 59)),
        ("24 h", True, time(23, 59, 59)), ("23:59", False, time(23, 59, 59)), ("23:59", True, time(23, 58, 59)),
        ("0:00", False, time(0)), ("0:00", True, None), ("24:01", False, None), ("9:60", False, None),
        ("midi", False, None), ("", False, None), ("25", False, None), ("10:00:30", False, time(10, 0, 30)),
    ],
)  # fmt: skip
def test_hours_are_read_as_people_type_them(text: str, is_before: bool, at: time | None) -> None:
    assert read_hour(text, is_before=is_before, ends=True) == at
    if at is not None:
        again, bound = write_hour(at)
        assert read_hour(again, is_before=bound == "before", ends=True) == at


@pytest.mark.parametrize(
    ("line", "words"),
    [
        (NoticeLine(WeekdayBefore(1, 4, time(9))), "Au plus tard le vendredi de la semaine précédente à 9 h"),
        (NoticeLine(DaysBefore(1, time(10), Counted.WORKING)), "Au plus tard 1 jour ouvré avant, à 10 h"),
        (NoticeLine(DaysBefore(0, time(8, 59, 59))), "Au plus tard le jour même, avant 9 h"),
        (NoticeLine(DaysBefore(2, time(23, 59, 59), Counted.SITE)), "Au plus tard 2 jours d’ouverture avant, à 24 h"),
        (NoticeLine(HoursBefore(1, None, frozenset({6}), True)), "Au plus tard 1 heure avant le début, sans compter les dimanches et les jours fériés"),
        (NoticeLine(MonthDayBefore(1, 1, time(18))), "Au plus tard le 1er du mois précédent à 18 h"),
        (NoticeLine(MonthDayBefore(0, 5, time(18))), "Au plus tard le 5 du même mois à 18 h"),
        (NoticeLine(MonthDayBefore(2, 5, time(18))), "Au plus tard le 5, 2 mois avant, à 18 h"),
        (NoticeLine(WeekdayBefore(2, 0, time(18))), "Au plus tard le lundi, 2 semaines avant, à 18 h"),
        (NoticeLine(MonthsBefore(0, time(7))), "Au plus tard le jour même à 7 h"),
        (NoticeLine(Never(), Days(units=frozenset({2}))), "Repas : jamais en ligne"),
        (NoticeLine(NoNotice(), Days(ends_on=date(2026, 12, 1))), "Jusqu’au mardi 1er décembre 2026 : jusqu’au début du temps d’accueil"),
        (NoticeLine(FixedMoment(date(2026, 10, 2), time(18)), Days(starts_on=date(2026, 10, 17), ends_on=date(2026, 11, 1))), "Du samedi 17 octobre 2026 au dimanche 1er novembre 2026 : au plus tard le vendredi 2 octobre 2026 à 18 h"),
        (NoticeLine(DaysBefore(3, time(9)), Days(frozenset({2}), When.SCHOOL_TIME, date(2026, 9, 1)), CountedFrom.WEEK), "Le mercredi, en période scolaire, à partir du mardi 1er septembre 2026 : au plus tard 3 jours avant, à 9 h, compté à partir du lundi de la semaine réservée"),
    ],
)  # fmt: skip
def test_rules_are_said_in_words(line: NoticeLine, words: str) -> None:
    assert line_words(line, Deadline.BOOK, {1: "Matin", 2: "Repas"}).replace("\u00a0", " ") == words


def test_what_a_rule_gives_is_said_in_words() -> None:
    start = datetime(2026, 12, 2, 7, 30, tzinfo=PARIS)
    monday = datetime(2026, 11, 30, 9, tzinfo=PARIS)

    def said(instant: datetime | Never | None, deadline: Deadline) -> str:
        return instant_words(instant, start, deadline).replace("\u00a0", " ")

    assert said(monday, Deadline.BOOK) == "réserver jusqu’au lundi 30 novembre à 9 h"
    assert said(monday, Deadline.OPENING) == "réserver à partir du lundi 30 novembre à 9 h"
    assert (
        said(monday.replace(hour=8, minute=59, second=59), Deadline.CANCEL)
        == "annuler jusqu’au lundi 30 novembre, avant 9 h"
    )
    assert said(start, Deadline.BOOK) == said(None, Deadline.BOOK) == "réserver jusqu’au début"
    assert said(Never(), Deadline.CANCEL) == "annuler : jamais en ligne"
    assert said(None, Deadline.OPENING) == "réserver dès maintenant"
    assert said(monday, Deadline.CANCEL_LATE) == "annuler, facturé, jusqu’au lundi 30 novembre à 9 h"
    assert said(start, Deadline.CANCEL_LATE) == "annuler, facturé, jusqu’au début"
    assert said(Never(), Deadline.CANCEL_LATE) == "annuler, facturé : jamais en ligne"


def test_administrator_sets_a_rule_sees_real_days_and_the_planning_follows(sqlite_client: Client) -> None:
    planning = make_planning()
    client = sqlite_client
    page = client.sign_in(factories.make_staff()).get("/gestion/reglages/delais")
    assert "Au plus tard 1 jour ouvré avant, à 10 h." in page.text
    address = f"/gestion/reglages/delais/{planning.activity.id}?pour=reservation"
    page = client.get(address)
    assert (
        "mercredi 25 novembre, Matin (7 h 30), Repas (12 h 15), Après-midi (13 h 45) : réserver jusqu’au mardi 24 novembre à 10 h"
        in page.text
    )
    values = {"line-0-kind": "weekday", "line-0-count": "1", "line-0-weekday": "4", "line-0-at": "9 h"}
    page = client.submit("deadline", **values)
    assert page.path.startswith("/gestion/reglages/delais/") and "la règle est enregistrée" in page.text
    assert "réserver jusqu’au vendredi 20 novembre à 9 h" in page.text
    stored = catalogue().activities[planning.activity.id].notices[Deadline.BOOK]
    assert stored == simple_rule(WeekdayBefore(1, 4, time(9)))
    clock.start_at(datetime(2026, 11, 20, 9, 0, 1), frozen=True)
    page = client.sign_in(planning.family.user_id).get(f"/mes-reservations/{planning.child_id}?jour={WEDNESDAY}")
    assert "il fallait réserver avant le vendredi 20 novembre à 9 h" in page.text


def test_administrator_lets_parents_cancel_late_and_sees_where_it_is_free_anyway(sqlite_client: Client) -> None:
    planning = make_planning()
    client = sqlite_client
    page = client.sign_in(factories.make_staff()).get("/gestion/reglages/delais")
    assert "Annuler, facturé : Rien ne s’annule en ligne après le délai gratuit." in page.text
    page = client.get(f"/gestion/reglages/delais/{planning.activity.id}?pour=annulation-facturee")
    assert "la place est rendue aux autres familles, le prix reste dû" in page.text
    client.submit("deadline", status=200, button="Ajouter une règle")
    values = {"line-0-kind": "days", "line-0-count": "0", "line-0-at": "13 h", "line-0-units": ["1"]}
    page = client.submit("deadline", status=200, button="Aperçu", **values)
    assert "Matin (7 h 30) : annuler, facturé, jusqu’au début" in page.text
    # No line is about the others: they cannot be cancelled late.
    assert "Repas (12 h 15), Après-midi (13 h 45) : annuler, facturé : jamais en ligne" in page.text
    earlier = {"line-0-count": "3", "line-0-at": "10 h", "line-0-units": []}
    page = client.submit("deadline", **earlier)
    assert "« Mercredi », annuler, facturé : la règle est enregistrée." in page.text
    assert "annulation encore gratuite à ce moment, rien n’est facturé" in page.text
    stored = catalogue().activities[planning.activity.id].notices[Deadline.CANCEL_LATE]
    assert stored == simple_rule(DaysBefore(3, time(10)))


def test_every_published_rule_can_be_set_on_the_screen(sqlite_client: Client) -> None:
    planning = make_planning()
    client = sqlite_client
    client.sign_in(factories.make_staff())
    words = {Deadline.OPENING: "ouverture", Deadline.BOOK: "reservation", Deadline.CANCEL: "annulation"}
    for name, (deadline, rule) in PUBLISHED.items():
        address = f"/gestion/reglages/delais/{planning.activity.id}?pour={words[deadline]}"
        page = client.get(address)
        own = [(field, page.value(field, "deadline") or "") for field in ("csrf_token", "seen")]
        client.post(address, [*own, *typed(deadline, rule).items(multi=True)], status=303)
        assert catalogue().activities[planning.activity.id].notices[deadline] == rule, name
        # And the page draws what it was sent: sent again untouched, it says the same.
        client.get(address)
        client.submit("deadline")
        assert catalogue().activities[planning.activity.id].notices[deadline] == rule, name


def test_lines_are_added_moved_and_removed_and_nothing_typed_is_lost(sqlite_client: Client) -> None:
    planning = make_planning()
    client = sqlite_client
    client.sign_in(factories.make_staff()).get(f"/gestion/reglages/delais/{planning.activity.id}?pour=annulation")
    typed = {"line-0-at": "bientôt", "line-0-weekdays": ["0"]}
    page = client.submit("deadline", status=200, button="Ajouter une règle", **typed)
    assert (page.value("line-0-at", "deadline"), page.value("line-0-weekdays", "deadline")) == ("bientôt", "0")
    assert page.value("line-1-kind", "deadline") == "days"
    page = client.submit("deadline", status=422, **{"line-1-kind": "never", "line-0-count": "mille"})
    assert "Indiquez une heure, par exemple 9:00" in page.text and "Indiquez un nombre de 0 à 366." in page.text
    assert page.value("line-0-at", "deadline") == "bientôt"
    page = client.submit("deadline", status=200, monter="1")
    assert (page.value("line-0-kind", "deadline"), page.value("line-1-at", "deadline")) == ("never", "bientôt")
    page = client.submit("deadline", status=200, retirer="1")
    assert page.value("line-0-kind", "deadline") == "never" and "Règle 2" not in page.text
    assert "annuler : jamais en ligne" in client.submit("deadline").text
    client.submit("deadline", status=200, retirer="0")
    client.submit("deadline")
    assert Deadline.CANCEL not in catalogue().activities[planning.activity.id].notices


def test_preview_shows_what_the_save_would_and_stores_nothing(sqlite_client: Client) -> None:
    planning = make_planning()
    client = sqlite_client
    client.sign_in(factories.make_staff()).get(f"/gestion/reglages/delais/{planning.activity.id}?pour=ouverture")
    client.submit("deadline", status=200, button="Ajouter une règle")
    typed = {"line-0-kind": "fixed", "line-0-on": "2026-11-24", "line-0-at": "8:30"}
    page = client.submit("deadline", status=200, button="Aperçu", **typed)
    assert "réserver à partir du mardi 24 novembre à 8 h 30" in page.text
    assert page.value("line-0-on", "deadline") == "2026-11-24"
    fragment = client.submit("deadline", status=200, button="Aperçu", htmx=True)
    assert "réserver à partir du mardi 24 novembre à 8 h 30" in fragment.text and not fragment.all("form")
    assert not catalogue().activities[planning.activity.id].notices.get(Deadline.OPENING)
    client.get(f"/gestion/reglages/delais/{planning.activity.id}?pour=ouverture")
    client.submit("deadline", status=200, button="Ajouter une règle")
    broken = client.submit("deadline", status=200, button="Aperçu", htmx=True, **{"line-0-kind": "fixed"})
    assert "Complétez la règle" in broken.text


def test_a_line_that_no_opening_needs_is_told(sqlite_client: Client) -> None:
    planning = make_planning()
    rule = NoticeRule((NoticeLine(Never()), NoticeLine(NoNotice(), Days(frozenset({0})))))
    with write_transaction() as session:
        save_rule(session, planning.activity.id, Deadline.BOOK, rule)
    address = f"/gestion/reglages/delais/{planning.activity.id}"
    page = sqlite_client.sign_in(factories.make_staff()).get(address)
    assert "La règle 2 ne sert pour aucun jour d’ouverture connu." in page.text


def test_what_is_no_deadline_or_no_activity_is_not_found(sqlite_client: Client) -> None:
    client = sqlite_client
    client.sign_in(factories.make_staff()).get("/gestion/reglages/delais/999", status=404)
    client.get(f"/gestion/reglages/delais/{make_planning().activity.id}?pour=jamais", status=404)


def test_clerk_sets_no_deadline(sqlite_client: Client) -> None:
    sqlite_client.sign_in(factories.make_staff(Role.FILE_CLERK)).get("/gestion/reglages/delais", status=403)


def test_an_activity_without_openings_says_so(sqlite_app: Flask, sqlite_client: Client) -> None:
    activity = factories.make_activity("Musique")
    page = sqlite_client.sign_in(factories.make_staff()).get(f"/gestion/reglages/delais/{activity.id}")
    assert "Aucun jour d’ouverture à venir pour l’instant." in page.text
