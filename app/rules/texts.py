"""Comparing and searching French text.

Source: docs/rules/texts.md.
"""

import re
import unicodedata

_LIGATURES = str.maketrans({"œ": "oe", "æ": "ae", "ø": "o", "ł": "l", "đ": "d"})
_SEPARATORS = re.compile(r"[\s'’‘ʼ`´_\-\u2010-\u2015\u2212]+")


def fold(text: str) -> str:
    """``text`` without case or accents; apostrophes, hyphens and runs of spaces become one space.

    « L’Haÿ-les-Roses », « l'hay les roses » and « L HAY LES ROSES » fold alike.
    """
    separated = _SEPARATORS.sub(" ", text)
    decomposed = unicodedata.normalize("NFKD", separated.casefold().translate(_LIGATURES))
    bare = "".join(char for char in decomposed if not unicodedata.combining(char))
    return _SEPARATORS.sub(" ", bare.casefold()).strip()
