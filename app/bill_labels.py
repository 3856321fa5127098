"""The French words of a family's bill: what its lines are called, and what changes between two bills."""

from collections import Counter
from collections.abc import Iterable, Mapping

from app.filters import NBSP, euros, in_sentence, signed_euros
from app.rules.bill_changes import BillChange, BillChangeKind
from app.rules.bills import LineKind, PricedLine
from app.rules.tariff_grids import CreditBook, Grid, Period

_PERIODS: Mapping[Period, str] = {Period.WEEK: "semaine", Period.MONTH: "mois", Period.SEASON: "année"}
_WHOLE_DAY = "Journée"
THE_FAMILY = "Famille"
"""Where the name of a child stands, for what is the family's."""


def line_name(line: PricedLine, grid: Grid, units: Mapping[str, str]) -> str:
    """« Matin », « Journée (Matin, Repas, Après-midi) », « Forfait semaine ». ``units``: names by code.

    What the staff called a price with a name of its own comes first.
    """
    label = grid.by_code[line.item].label if line.item in grid.by_code else ""
    match line.kind:
        case LineKind.PACKAGE if label:
            return label if label.lower().startswith("forfait") else f"Forfait «{NBSP}{label}{NBSP}»"
        case LineKind.COMBINATION | LineKind.BOOK | LineKind.FEE | LineKind.BOOK_SALE if label:
            return label
        case LineKind.PACKAGE:
            return f"Forfait {_period(line, grid)}"
        case LineKind.COMBINATION:
            combination = next((each for each in grid.combinations if each.item == line.item), None)
            codes = combination.units if combination is not None else frozenset()
            named = ", ".join(name for code, name in units.items() if code in codes)
            return units.get(line.item, f"{_WHOLE_DAY} ({named})")
        case LineKind.BOOK | LineKind.BOOK_SALE:
            return "Carnet"
        case LineKind.DEDUCTION:
            return "Réduction pour le nombre de jours"
        case LineKind.FEE:
            return "Cotisation de l’année"
        case LineKind.SURCHARGE:
            return f"Supplément, {units.get(line.item, label or line.item)}"
        case _:
            return units.get(line.item, label or line.item)


def book_name(grid: Grid, book: CreditBook) -> str:
    """« Carnet de 10 entrées », or what the staff called its price."""
    return grid.by_code[book.item].label or f"Carnet de {book.entries} entrées"


def change_sentences(
    changes: Iterable[tuple[BillChange, Grid]], units: Mapping[str, str], moved: Iterable[int] = ()
) -> tuple[str, ...]:
    """What some choices change besides their own prices. ``moved``: by how much each other booking does (cents)."""
    counted = Counter(_sentence(change, line_name(change.line, grid, units)) for change, grid in changes)
    sentences = [text if times == 1 else f"{text} ({times}{NBSP}fois)" for text, times in counted.items()]
    differences = list(moved)
    if differences:
        others = "d’une autre réservation" if len(differences) == 1 else f"de {len(differences)} autres réservations"
        total = sum(differences)
        sentences.append(f"Change aussi le prix {others}{NBSP}: {signed_euros(total)}")
    return tuple(sentences)


def _sentence(change: BillChange, name: str) -> str:
    now = euros(change.now_cents)
    named = _with_article(change.line, name)
    match change.kind:
        case BillChangeKind.REACHED:
            instead = (
                ""
                if change.was_cents is None or change.was_cents == change.now_cents
                else f" au lieu de {euros(change.was_cents)}"
            )
            return f"Déclenche {named}{NBSP}: {now}{instead}"
        case BillChangeKind.LOST:
            one_day = len(change.line.days) == 1
            back = "ce jour revient" if one_day else "les autres jours reviennent"
            return f"Sans {named}, {back} au prix à l’unité{NBSP}: {now} au lieu de {euros(change.was_cents or 0)}"
        case BillChangeKind.CHANGED:
            return f"{named[0].upper()}{named[1:]} passe de {euros(change.was_cents or 0)} à {now}"
        case BillChangeKind.FEE:
            return f"S’ajoute la cotisation de l’année{NBSP}: {now}"
        case BillChangeKind.SURCHARGE:
            return f"S’ajoute une pénalité{NBSP}: {name}, {now}"
        case BillChangeKind.DEDUCTION:
            if not change.was_cents:
                days = len(change.line.days)
                return f"Réduction pour {days} jour{'s' if days > 1 else ''}{NBSP}: {signed_euros(change.now_cents)}"
            was = euros(-change.was_cents)
            return f"La réduction pour le nombre de jours passe de {was} à {euros(-change.now_cents)}"


def _with_article(line: PricedLine, name: str) -> str:
    if line.kind is LineKind.PACKAGE:
        return f"le {in_sentence(name)}"
    return f"le prix «{NBSP}{name}{NBSP}»"


def _period(line: PricedLine, grid: Grid) -> str:
    package = next((each for each in grid.packages if each.item == line.item), None)
    return _PERIODS[package.period] if package is not None else ""
