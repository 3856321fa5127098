"""The French sentences of imports: why a file is refused."""

from collections.abc import Mapping

from app.filters import spaced
from app.integrations.uploaded_tables import TableRefusal, TableRefused
from app.rules.imports import LONGEST_CELL, MOST_BYTES, MOST_COLUMNS, MOST_LINES, Headings

_SENTENCES: Mapping[TableRefusal, str] = {
    TableRefusal.EMPTY: "Ce fichier est vide.",
    TableRefusal.UNKNOWN_KIND: (
        "Ce n’est pas un fichier CSV ou XLSX, quel que soit son nom. Dans votre tableur, choisissez « Enregistrer "
        "sous », puis « Classeur Excel (.xlsx) » ou « CSV UTF-8 »."
    ),
    TableRefusal.BROKEN: "Ce fichier est abîmé. Enregistrez-le de nouveau depuis votre tableur.",
    TableRefusal.TOO_HEAVY: (
        f"Ce fichier dépasse {MOST_BYTES // 1_000_000} Mo, ou contient trop de texte. Coupez-le en deux."
    ),
    TableRefusal.TOO_LONG: "Ce fichier a plus de {lines} lignes. Coupez-le, sans séparer les lignes d’une famille.",
    TableRefusal.TOO_WIDE: f"Ce fichier a plus de {MOST_COLUMNS} colonnes. Partez du modèle.",
    TableRefusal.LONG_CELL: f"Une case a plus de {LONGEST_CELL:,} caractères.".replace(",", "\u202f"),
    TableRefusal.INFECTED: "L’antivirus refuse ce fichier.",
    TableRefusal.NOT_SCANNED: "L’antivirus ne répond pas : réessayez dans quelques minutes.",
    TableRefusal.BUSY: "Un autre fichier est en cours de lecture : réessayez dans une minute.",
}


def refusal_sentence(refused: TableRefused) -> str:
    """Why a file is not read, and what to do."""
    sentence = _SENTENCES[refused.refusal].replace("{lines}", f"{MOST_LINES:,}".replace(",", "\u202f"))
    return spaced(sentence if refused.line is None else f"Ligne {refused.line} : {sentence}")


def headings_sentence(headings: Headings) -> str:
    """What is wrong with the first line of a file."""
    sentences = []
    if headings.missing:
        sentences.append(f"Il manque {_listed(headings.missing)} à la première ligne.")
    if headings.twice:
        sentences.append(f"La première ligne a deux fois {_listed(headings.twice)}.")
    return spaced(" ".join(sentences) + " Les titres des colonnes sont ceux du modèle.")


def _listed(names: tuple[str, ...]) -> str:
    return ", ".join(f"« {name} »" for name in names)
