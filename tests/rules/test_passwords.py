import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.rules.passwords import COMMON, Weakness, weaknesses
from app.rules.texts import fold
from tests.rules.tables import Row, cases, words

PERSONAL = ("DUPONT", "Léa", "Démuin", "jean.dupont@example.org")


@pytest.mark.parametrize("row", cases("passwords", "passwords"))
def test_passwords_of_the_page(row: Row) -> None:
    assert set(weaknesses(row["password"], PERSONAL)) == {Weakness(word) for word in words(row["refused because"])}


@pytest.mark.parametrize(
    ("password", "weakness"),
    [
        pytest.param("x" * 11, Weakness.TOO_SHORT, id="11 characters"),
        pytest.param("x" * 129, Weakness.TOO_LONG, id="129 characters"),
        pytest.param("", Weakness.TOO_SHORT, id="empty"),
    ],
)
def test_length_is_bounded(password: str, weakness: Weakness) -> None:
    assert weakness in weaknesses(password, ())


def test_twelve_and_128_characters_will_do() -> None:
    assert weaknesses("vupemi-tarok", ()) == ()
    long = (
        "Le facteur de Moreuil passe avant midi, sauf quand la Somme monte au pont ; "
        "alors le chien du meunier aboie deux fois. "
    ).ljust(128, "?")
    assert len(long) == 128
    assert weaknesses(long, ()) == ()


def test_short_personal_words_do_not_count() -> None:
    assert weaknesses("vupemi-tarok-lea", ("Léa", "Eu", "2026")) == ()


@pytest.mark.parametrize("word", sorted(COMMON))
def test_a_common_word_with_numbers_around_is_refused(word: str) -> None:
    assert word == fold(word)
    assert Weakness.TOO_COMMON in weaknesses(f"{word.capitalize()}-20262026!", ())


@given(st.text(max_size=140), st.lists(st.text(max_size=20), max_size=4))
@settings(max_examples=60)
def test_any_text_gets_an_answer(password: str, personal: list[str]) -> None:
    found = weaknesses(password, personal)
    assert len(set(found)) == len(found)
