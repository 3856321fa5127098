"""« Réglages › Combinaisons »: which units go together is set, shown as choices, and is what the save checks."""

from __future__ import annotations

from datetime import time

import pytest

from app.forms.staff_combinations import combinations_form, read_combinations_form
from app.labels import combination_rule_words
from app.rules.capabilities import Role
from app.rules.combinations import CombinationRule, Combinations, DayCount, Exclusion, Requirement, Together
from app.services.bookings import Result
from app.services.catalogue import UnitInfo, catalogue
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
