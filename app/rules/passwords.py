"""Which passwords are refused.

Source: CNIL 2022-100 through quality.md 3.3, docs/rules/passwords.md.
"""

import re
from collections.abc import Sequence
from enum import StrEnum, auto

from app.rules.texts import fold

SHORTEST = 12
LONGEST = 128
SHORTEST_DIGITS = 16
LEAST_SCORE = 3
READ_BY_ZXCVBN = 72
"""zxcvbn refuses longer texts; what follows can only make a password stronger."""

LITTLE_ELSE = 5
"""Fewer letters than this beside a personal word are « little else »; digits and signs do not count."""
SHORTEST_PERSONAL_WORD = 4
SHORTEST_RUN = 3
SHORTEST_REST = 4

_LEET = str.maketrans(
    {"0": "o", "1": "i", "3": "e", "4": "a", "5": "s", "7": "t", "@": "a", "$": "s", "!": "i", "€": "e"}
)
_ROWS = (
    "abcdefghijklmnopqrstuvwxyz",
    "azertyuiopqsdfghjklmwxcvbn",
    "qwertyuiopasdfghjklzxcvbnm",
    "qwertzuiopasdfghjklyxcvbnm",
    "01234567890123456789",
)
_RUNS = _ROWS + tuple(row[::-1] for row in _ROWS)

COMMON = frozenset(
    """
    admin administrateur administrator alexandre amour anniversaire azerty azertyuiop basketball batman bienvenue
    bisous bonjour camille caramel changeme changezmoi cheval chocolat chouchou coucou demo demonstration doudou
    ecole enfant enfants espacefamille famille familles football france frederic garderie internet jetadore jetaime
    jetaimetrop julien lapinou letmein iloveyou liberte login loulou louloute maman mamancherie mamanjetaime mamanpapa
    mairie marseille maternelle mercredi mesenfants michel minou monamour monange monbebe moncoeur monmotdepasse
    monportail motdepass motdepasse mdp nathalie nicolas nounours nouveaumotdepasse olympiquedemarseille papa
    papamaman paris parissaintgermain passe passepartout password patate periscolaire pitchoune pokemon portail
    portailfamille princesse qwerty qwertyuiop qwertz reservation samsung sebastien secret sesame soleil starwars
    superman sunshine test tigrou toutou vacances vivelafrance voiture welcome
    """.split()  # noqa: SIM905 (words to read, not a list)
)
"""What French families and offices really choose, in folded form; the world's own list is inside zxcvbn."""


class Weakness(StrEnum):
    """Why a password is refused."""

    TOO_SHORT = auto()
    TOO_LONG = auto()
    ONLY_DIGITS = auto()
    TOO_COMMON = auto()
    PERSONAL = auto()


def weaknesses(password: str, personal: Sequence[str]) -> tuple[Weakness, ...]:
    """Everything that is wrong with ``password``; empty when it will do. Any mix of characters is welcome.

    ``personal`` are the names, towns and e-mail addresses that somebody who knows the family would try.
    """
    found: list[Weakness] = []
    if len(password) < SHORTEST:
        found.append(Weakness.TOO_SHORT)
    if len(password) > LONGEST:
        found.append(Weakness.TOO_LONG)
    if password.isdigit() and len(password) < SHORTEST_DIGITS:
        found.append(Weakness.ONLY_DIGITS)
    if _is_personal(password, personal):
        found.append(Weakness.PERSONAL)
    if _is_pattern(password) or (len(password) >= SHORTEST and _is_guessable(password)):
        found.append(Weakness.TOO_COMMON)
    return tuple(found)


def _is_guessable(password: str) -> bool:
    core = _core(password)
    if core in COMMON or _repeated(core) in COMMON:
        return True
    # Imported here: its lists take memory and time that only a change of password needs.
    from zxcvbn import zxcvbn

    return int(zxcvbn(password[:READ_BY_ZXCVBN])["score"]) < LEAST_SCORE


def _is_pattern(password: str) -> bool:
    """Whether it is one short piece again and again, or runs of the keyboard, the alphabet or the digits."""
    text = _letters_and_digits(fold(password))
    if len(text) < SHORTEST:
        return False
    if 3 * len(_repeated(text)) <= len(text):
        return True
    return len(_without_runs(text)) < SHORTEST_REST


def _is_personal(password: str, personal: Sequence[str]) -> bool:
    words = sorted(_personal_words(personal), key=len, reverse=True)
    return any(_has_little_but(words, text) for text in (_letters_and_digits(fold(password)), _core(password)))


def _has_little_but(words: Sequence[str], text: str) -> bool:
    rest = text
    for word in words:
        rest = rest.replace(word, "")
    return rest != text and sum(char.isalpha() for char in rest) < LITTLE_ELSE


def _personal_words(personal: Sequence[str]) -> frozenset[str]:
    words: set[str] = set()
    for text in personal:
        name = fold(text.partition("@")[0])
        words.update((*re.split(r"[^a-z0-9]+", name), _letters_and_digits(name)))
    return frozenset(word for word in words if len(word) >= SHORTEST_PERSONAL_WORD and not word.isdigit())


def _core(password: str) -> str:
    """The password without the numbers and signs in it, and with « 0 » read as « o », « @ » as « a »…"""
    return _letters_and_digits(re.sub(r"^[^a-z]+|[^a-z]+$|[0-9]{2,}", "", fold(password)).translate(_LEET))


def _letters_and_digits(text: str) -> str:
    return "".join(char for char in text if char.isalnum())


def _repeated(text: str) -> str:
    """The shortest piece that makes ``text`` by repetition, its last turn perhaps cut short."""
    return next((text[:size] for size in range(1, len(text)) if text == (text[:size] * len(text))[: len(text)]), text)


def _without_runs(text: str) -> str:
    """``text`` without its runs of three neighbours or more."""
    rest, start = "", 0
    while start < len(text):
        end = start + 1
        while end < len(text) and any(text[start : end + 1] in row for row in _RUNS):
            end += 1
        if end - start < SHORTEST_RUN:
            end = start + 1
            rest += text[start]
        start = end
    return rest
