"""Dates, names and labels as French text."""

from datetime import date

import pytest

from app.filters import day_list, in_sentence, months_long, of


@pytest.mark.parametrize(
    ("days", "told"),
    [
        pytest.param([], "", id="none"),
        pytest.param([date(2026, 11, 4)], "4 novembre 2026", id="one"),
        pytest.param([date(2026, 11, 4), date(2026, 11, 1)], "1er et 4 novembre 2026", id="in their order"),
        pytest.param([date(2026, 11, day) for day in (4, 18, 25)], "4, 18 et 25 novembre 2026", id="a month"),
        pytest.param([date(2026, 11, 30), date(2026, 12, 2)], "30 novembre et 2 décembre 2026", id="two months"),
        pytest.param(
            [date(2026, 11, 25), date(2026, 11, 30), date(2026, 12, 2)],
            "25 et 30 novembre, 2 décembre 2026",
            id="several of a month",
        ),
        pytest.param(
            [date(2026, 12, 30), date(2027, 1, 6)], "30 décembre 2026 et 6 janvier 2027", id="over the new year"
        ),
        pytest.param([date(2026, 11, 4), date(2026, 11, 4)], "4 novembre 2026", id="said once"),
    ],
)
def test_days_are_told_month_by_month(days: list[date], told: str) -> None:
    assert day_list(days) == told


@pytest.mark.parametrize(
    ("name", "told"),
    [("Léa", "de Léa"), ("Awa", "d’Awa"), ("Émile", "d’Émile"), ("Œdipe", "d’Œdipe"), ("Hugo", "de Hugo"), ("", "de ")],
)
def test_a_name_that_begins_with_a_vowel_is_elided(name: str, told: str) -> None:
    assert of(name) == told


@pytest.mark.parametrize(
    ("label", "told"),
    [("Espèces", "espèces"), ("CESU", "CESU"), ("À venir", "à venir"), ("Virement de la CAF", "virement de la CAF")],
)
def test_a_label_inside_a_sentence_begins_small_unless_it_is_made_of_initials(label: str, told: str) -> None:
    assert in_sentence(label) == told


@pytest.mark.parametrize(
    "months, told",
    [
        ([date(2026, 10, 1)], "octobre 2026"),
        ([date(2026, 11, 1), date(2026, 10, 7), date(2026, 10, 1)], "octobre et novembre 2026"),
        ([date(2026, 11, 1), date(2026, 12, 1), date(2027, 1, 1)], "novembre, décembre 2026 et janvier 2027"),
    ],
)
def test_months_in_a_sentence(months: list[date], told: str) -> None:
    assert months_long(months) == told
