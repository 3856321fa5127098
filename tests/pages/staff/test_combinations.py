"""« Réglages › Combinaisons »: which units go together is set, shown as choices, and is what the save checks."""

from __future__ import annotations

from datetime import date, time

import pytest

from app.combination_labels import combination_rule_words
from app.forms.staff_combinations import combinations_form, read_combinations_form
from app.rules.capabilities import Role
from app.rules.combinations import (
    EVERY_DAY,
    CombinationRule,
    Combinations,
    DayCount,
    Exclusion,
    Requirement,
    Together,
    WeekCount,
)
from app.rules.deadlines import Days, When
from app.services.catalogue import UnitInfo, catalogue
from app.services.verdicts import Result
from tests import factories
from tests.client import Client
from tests.factories import WEDNESDAY, make_planning, save

UNITS = tuple(
    UnitInfo(id_, 1, name, time(7), time(11), False) for id_, name in ((1, "Matin"), (2, "Repas"), (3, "Après-midi"))
)
RULES: tuple[tuple[CombinationRule, str], ...] = (
    (Requirement(2, frozenset({1, 3})), "Repas se réserve avec Matin ou Après-midi."),
    (Exclusion(frozenset({1, 3})), "Un seul de ces temps par jour : Matin et Après-midi."),
    (Together(frozenset({1, 2, 3})), "Tous ces temps, ou aucun : Matin, Repas et Après-midi."),
    (DayCount(frozenset({1, 2, 3}), least=2), "Au moins 2 de ces temps par jour : Matin, Repas et Après-midi."),
    (DayCount(frozenset({1, 2}), most=1), "Au plus 1 de ces temps par jour : Matin et Repas."),
    (WeekCount(Days(units=frozenset({1})), 3), "Au moins 3 jours par semaine : Matin."),
    (
        WeekCount(Days(when=When.SCHOOL_HOLIDAYS, starts_on=date(2027, 7, 3), units=frozenset({1, 3})), EVERY_DAY),
        "Toute la semaine, ou aucun jour : Matin et Après-midi, pendant les vacances scolaires, à partir du samedi 3 juillet 2027.",
    ),
    (WeekCount(Days(units=frozenset({1, 2})), most=2), "Au plus 2 jours par semaine : Matin et Repas."),
)


@pytest.mark.parametrize(("rule", "words"), RULES)
def test_every_rule_is_typed_read_back_and_said_in_words(rule: CombinationRule, words: str) -> None:
    found = read_combinations_form(combinations_form(Combinations((rule,)), UNITS).as_sent(), UNITS).combinations()
    assert found is not None and found.rules == (rule,)
    may_overlap = combinations_form(Combinations((rule,), may_overlap=True), UNITS)
    assert may_overlap.overlap.may_overlap.data
    assert combination_rule_words(rule, {unit.id: unit.name for unit in UNITS}).replace("\u00a0", " ") == words


def test_administrator_sets_a_rule_sees_the_choices_and_the_save_follows(sqlite_client: Client) -> None:
    planning = make_planning()
    client = sqlite_client
    address = f"/gestion/reglages/combinaisons/{planning.activity.id}"
    assert (
        "Repas se réserve avec Matin ou Après-midi."
        in client.sign_in(factories.make_staff()).get("/gestion/reglages/combinaisons").text
    )
    page = client.get(address)
    assert "Choix refusés Repas : Repas se réserve avec Matin ou Après-midi. Choix permis Matin Après-midi" in page.text
    client.submit("combinations", status=200, button="Ajouter une règle")
    half_days = [str(planning.activity.units[name]) for name in ("Matin", "Après-midi")]
    typed = {"line-1-kind": "one_of", "line-1-units": half_days}
    page = client.submit("combinations", status=200, button="Aperçu", **typed)
    assert "Matin + Après-midi : Matin ne se réserve pas le même jour que Après-midi." in page.text
    assert len(catalogue().activities[planning.activity.id].combinations) == 1
    page = client.submit("combinations")
    assert "les combinaisons sont enregistrées" in page.text
    both = [planning.opening(WEDNESDAY, name) for name in ("Matin", "Après-midi")]
    outcome = save(planning.family, planning.child_id, book=both)
    assert {choice.result for choice in outcome.choices} == {Result.REFUSED}
    page = client.sign_in(planning.family.user_id).get(f"/mes-reservations/{planning.child_id}?jour={WEDNESDAY}")
    page = client.submit("planning", t=both)
    assert "Matin ne se réserve pas le même jour que Après-midi." in page.text


def test_administrator_sets_a_minimum_of_days_and_sees_the_week(sqlite_client: Client) -> None:
    planning = make_planning()
    client = sqlite_client
    client.sign_in(factories.make_staff()).get(f"/gestion/reglages/combinaisons/{planning.activity.id}")
    morning = str(planning.activity.units["Matin"])
    typed = {
        "line-0-kind": "week_at_least", "line-0-units": [morning], "line-0-number": "3",
        "line-0-when": "school_holidays", "line-0-starts_on": "2026-10-21", "line-0-ends_on": "2026-10-20",
    }  # fmt: skip
    page = client.submit("combinations", status=422, **typed)
    assert "Cette date est avant la première." in page.text
    page = client.submit("combinations", status=422, **{"line-0-ends_on": "2026-10-30", "line-0-number": "7"})
    assert "Indiquez un nombre de 2 à 6." in page.text
    page = client.submit("combinations", status=422, **{"line-0-units": [], "line-0-number": "3"})
    assert "Cochez au moins un temps d’accueil." in page.text
    page = client.submit("combinations", status=200, button="Aperçu", **{"line-0-units": [morning]})
    assert "du mercredi 21 octobre 2026 au vendredi 30 octobre 2026" in page.text
    assert (
        "Exemple, semaine du lundi 26 octobre 2026, avec 5 jours d’ouverture 1 jour : Choisissez au moins 3 jours"
        in page.text
    )
    assert "2 jours : Choisissez au moins 3 jours cette semaine : encore 1. 3 jours : permis" in page.text
    client.submit("combinations")
    days = Days(
        when=When.SCHOOL_HOLIDAYS, starts_on=date(2026, 10, 21), ends_on=date(2026, 10, 30),
        units=frozenset({planning.activity.units["Matin"]}),
    )  # fmt: skip
    assert catalogue().activities[planning.activity.id].combinations == (WeekCount(days, 3),)
    assert (
        client.get(f"/gestion/reglages/combinaisons/{planning.activity.id}").value("line-0-starts_on", "combinations")
        == "2026-10-21"
    )


def test_rule_that_says_nothing_is_refused_beside_its_field_and_nothing_is_lost(sqlite_client: Client) -> None:
    planning = make_planning()
    client = sqlite_client
    client.sign_in(factories.make_staff()).get(f"/gestion/reglages/combinaisons/{planning.activity.id}")
    page = client.submit("combinations", status=422, **{"line-0-units": []})
    assert "Règle 1, Avec lesquels : Cochez un autre temps d’accueil." in page.text
    page = client.submit("combinations", status=422, **{"line-0-kind": "at_most"})
    assert "Cochez au moins deux temps." in page.text and page.value("line-0-kind", "combinations") == "at_most"
    all_units = [str(id_) for id_ in planning.activity.units.values()]
    page = client.submit("combinations", status=422, **{"line-0-units": all_units, "line-0-number": "3"})
    assert "Indiquez un nombre de 1 à 2." in page.text and page.value("line-0-number", "combinations") == "3"
    fragment = client.submit("combinations", status=200, button="Aperçu", htmx=True)
    assert "Complétez les règles" in fragment.text
    client.submit("combinations", status=200, retirer="0")
    assert "Tous les choix sont permis." in client.submit("combinations").text
    assert catalogue().activities[planning.activity.id].combinations == ()


def test_rule_set_later_bars_nobody_from_undoing(sqlite_client: Client) -> None:
    planning = make_planning()
    half_days = [planning.opening(WEDNESDAY, name) for name in ("Matin", "Après-midi")]
    save(planning.family, planning.child_id, book=half_days)
    client = sqlite_client
    client.sign_in(factories.make_staff()).get(f"/gestion/reglages/combinaisons/{planning.activity.id}")
    units = [str(planning.activity.units[name]) for name in ("Matin", "Après-midi")]
    client.submit("combinations", **{"line-0-kind": "all_of", "line-0-units": units})
    outcome = save(planning.family, planning.child_id, cancel=half_days)
    assert {choice.result for choice in outcome.choices} == {Result.CANCELLED}


def test_clerk_sets_no_combination(sqlite_client: Client) -> None:
    sqlite_client.sign_in(factories.make_staff(Role.FILE_CLERK)).get("/gestion/reglages/combinaisons", status=403)
