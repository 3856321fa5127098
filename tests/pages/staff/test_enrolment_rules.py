"""« Réglages › Inscriptions »: every rule can be typed, is said in words, and is what parents find."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, time

import pytest
from werkzeug.datastructures import MultiDict

from app.database import write_transaction
from app.enrolment_labels import rules_words
from app.forms.staff_enrolment_rules import enrolment_rules_form, read_enrolment_rules_form
from app.rules.audiences import Audience
from app.rules.capabilities import Role
from app.rules.enrolment_rules import (
    AgeOn,
    Allocation,
    EnrolmentRules,
    GroupPlaces,
    RankCriterion,
    RankFact,
    Ranking,
    Ties,
)
from app.rules.price_facts import RESIDENT
from app.rules.windows import Window
from app.services import price_facts
from app.services.catalogue import ActivityInfo, catalogue
from tests import factories
from tests.client import Client

RULES = EnrolmentRules(
    age_on=AgeOn.DAY,
    age_day=date(2026, 10, 1),
    levels=frozenset({"CP", "CE1"}),
    residences=frozenset({"resident"}),
    windows=(
        Window(date(2026, 6, 1), time(7), date(2026, 6, 14), time(17, 59, 59), frozenset({Audience.RESIDENTS})),
        Window(date(2026, 6, 8), time(7, 30)),
    ),
    needs_certification=True,
    needs_insurance=True,
    most_unpaid_cents=50_50,
    allocation=Allocation.AUTOMATIC,
)
WORDS = [
    "L’âge compte au jeudi 1er octobre 2026.",
    "Classes : CP et CE1.",
    "Familles : résident.",
    "Les habitants : du lundi 1er juin 2026 à 7 h au dimanche 14 juin 2026, avant 18 h.",
    "Toutes les familles : à partir du lundi 8 juin 2026 à 7 h 30.",
    "Il faut d’abord : un dossier certifié cette année scolaire, une assurance en cours et aucun retard de paiement au-dessus de 50,50 € (jamais pour les repas des jours d’école).",
    "Acceptée aussitôt, tant qu’il reste des places.",
    "Les enfants : 12 inscriptions au plus.",
]


def activity_and_rules() -> tuple[ActivityInfo, EnrolmentRules]:
    activity = factories.make_activity(places=None)
    rules = replace(RULES, places=(GroupPlaces(activity.group_id, 12),))
    return catalogue().activities[activity.id], rules


@pytest.mark.usefixtures("sqlite_app")
def test_every_rule_is_typed_read_back_and_said_in_words() -> None:
    activity, full = activity_and_rules()
    points = Ranking((RankCriterion(RankFact.RESIDENT, 10), RankCriterion(RankFact.SIBLING, 10)), True, Ties.DRAW)
    ranked = replace(full, allocation=Allocation.RANKED, ranking=points)
    assert "Critères, par points : habite la collectivité (10), frère ou sœur déjà inscrit (10)." in [
        words.replace("\u00a0", " ") for words in rules_words(activity, ranked)
    ]
    for rules in (full, EnrolmentRules(), replace(full, most_unpaid_cents=0, windows=()), ranked):
        sent = enrolment_rules_form(rules, activity, ["resident"]).as_sent()
        assert read_enrolment_rules_form(sent, activity, ["resident"]).rules() == rules
    assert [words.replace("\u00a0", " ") for words in rules_words(activity, full)] == WORDS


@pytest.mark.usefixtures("sqlite_app")
def test_what_cannot_be_is_refused_beside_its_field() -> None:
    activity, rules = activity_and_rules()
    place = f"places_{activity.groups[0].id}"
    for name, value, sentence in (
        ("age_day", "", "Indiquez la date."),
        ("most_unpaid", "peu", "Indiquez un montant"),
        ("weight_sibling", "0", "Indiquez un nombre de 1 à 1000"),
        (place, "beaucoup", "Indiquez un nombre de 0 à 9999"),
        ("line-0-opens_on", "", "Indiquez la date d’ouverture."),
        ("line-0-opens_at", "bientôt", "Indiquez une heure"),
        ("line-0-closes_on", "2026-05-01", "La fin est avant l’ouverture."),
        ("line-0-audiences", "", "Cochez au moins une case."),
        ("levels", "CM3", "Choisissez une réponse de la liste."),
    ):
        sent = MultiDict(enrolment_rules_form(rules, activity, ["resident"]).as_sent())
        sent.setlist(name, [value] if value else [])
        form = read_enrolment_rules_form(sent, activity, ["resident"])
        assert form.rules() is None
        assert [sentence in " ".join(field.errors) for _, field in form.errors] == [True], name


def test_administrator_opens_a_window_and_parents_find_it(sqlite_client: Client) -> None:
    client, activity = sqlite_client, factories.make_activity(places=None)
    page = client.sign_in(factories.make_staff()).get("/gestion/reglages/inscriptions")
    assert "Inscriptions ouvertes toute l’année." in page.text
    client.get(f"/gestion/reglages/inscriptions/{activity.id}")
    page = client.submit("enrolment-rules", status=200, button="Ajouter une ouverture", levels=["CP"])
    assert page.value("levels", "enrolment-rules") == "CP" and "Ouverture 1" in page.text
    typed = {
        "line-0-kind": "some",
        "line-0-audiences": ["residents"],
        "line-0-opens_on": "2026-12-01",
        "line-0-opens_at": "7 h",
    }
    page = client.submit("enrolment-rules", status=200, button="Aperçu", **typed)
    assert "Les habitants : à partir du mardi 1er décembre 2026 à 7 h." in page.text
    assert "tant qu’aucune commune n’est désignée" in page.text
    with write_transaction() as session:
        price_facts.list_commune(session, factories.COMMUNES[0][0], RESIDENT)
    page = client.submit("enrolment-rules", levels=[])
    assert "les règles d’inscription sont enregistrées" in page.text and "aucune commune" not in page.text
    family = factories.make_family()
    child = factories.make_child(family)
    page = client.sign_in(family.user_id).get(f"/mes-inscriptions/{child}/nouvelle")
    assert "Les inscriptions ouvrent pour vous le mardi 1er décembre à 7 h." in page.text


def test_clerk_sets_no_rule_and_nothing_is_lost_when_refused(sqlite_client: Client) -> None:
    client, activity = sqlite_client, factories.make_activity(places=None)
    client.sign_in(factories.make_staff(Role.FILE_CLERK)).get("/gestion/reglages/inscriptions", status=403)
    client.sign_in(factories.make_staff()).get(f"/gestion/reglages/inscriptions/{activity.id}")
    page = client.submit("enrolment-rules", status=422, age_on="day", levels=["CE2"], most_unpaid="douze")
    assert page.value("levels", "enrolment-rules") == "CE2" and page.value("most_unpaid", "enrolment-rules") == "douze"
    assert catalogue().activities[activity.id].enrolment_rules == EnrolmentRules()
