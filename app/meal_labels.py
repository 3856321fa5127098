"""The French words of meals: « Sans porc, sans gluten », « 6 à 11 ans », « +2 sans porc », how long one may order."""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta

from app.filters import NBSP, enumeration, in_sentence, moment
from app.labels import label
from app.rules.child_files import Diet
from app.rules.deadlines import Never
from app.rules.meals import Eater, Meal, MealChange, Served, total

_EATERS = {Eater.ADULT: "Adultes", Eater.SPARE: "Marge"}
NOT_SAID = "Régime non renseigné"


def diets_words(diets: Iterable[Diet]) -> str:
    """« Sans porc, sans gluten »; « Régime non renseigné » for none."""
    words = [label(diet) for diet in diets]
    return ", ".join([*words[:1], *(in_sentence(each) for each in words[1:])]) or NOT_SAID


def ages_words(first: int, last: int | None) -> str:
    """« moins de 6 ans », « 6 à 11 ans », « 12 ans et plus », « tous âges »."""
    if last is None:
        return f"{first}{NBSP}ans et plus" if first else "tous âges"
    return f"{first} à {last}{NBSP}ans" if first else f"moins de {last + 1}{NBSP}an{'s' if last else ''}"


def meal_words(meal: Meal) -> str:
    """« Sans porc (6 à 11 ans) », « Adultes », « Marge »."""
    if meal.eater is not Eater.CHILD:
        return _EATERS[meal.eater]
    ages = "" if (meal.from_age, meal.to_age) == (0, None) else f" ({ages_words(meal.from_age, meal.to_age)})"
    return diets_words(meal.diets) + ages


def kind_words(meal: Meal) -> str:
    """The same without the age: the head of a row."""
    return diets_words(meal.diets) if meal.eater is Eater.CHILD else _EATERS[meal.eater]


def change_words(change: MealChange) -> str:
    """« +2 sans porc (6 à 11 ans) », « −1 repas habituel »: with a true minus."""
    words = meal_words(change.meal)
    sign = "+" if change.difference > 0 else "−"
    return f"{sign}{abs(change.difference)}{NBSP}{in_sentence(words)}"


def served_by_kind(served: Served) -> Mapping[str, int]:
    """How many were eaten, by the head of a row of `table_of()`."""
    found: dict[str, int] = {}
    for meal, number in served.counts.items():
        found[kind_words(meal)] = found.get(kind_words(meal), 0) + number
    return found


def served_words(served: Served, ordered: int | None) -> str:
    """« 41 repas servis d’après le pointage, 3 de moins que commandé ; 2 enfants ne sont pas pointés »."""
    number = total(served.counts)
    words = f"{number} repas servi{'s' if number > 1 else ''} d’après le pointage"
    if ordered is not None and number != ordered:
        words += f", {abs(number - ordered)} de {'plus' if number > ordered else 'moins'} que commandé"
    if served.unticked > 1:
        words += f"{NBSP}; {served.unticked} enfants ne sont pas pointés"
    elif served.unticked:
        words += f"{NBSP}; un enfant n’est pas pointé"
    return f"{words}."


def deadline_words(deadline: datetime | Never | None, now: datetime) -> str:
    """« jusqu’au lundi 30 novembre à 10 h (encore 2 jours et 3 h) », or that it is over; « » where none is set."""
    if deadline is None:
        return ""
    if isinstance(deadline, Never):
        return "Le traiteur ne prend pas de commande pour ce repas."
    if deadline < now:
        return f"La limite du traiteur est passée depuis le {moment(deadline)}{NBSP}: appelez-le."
    return f"Commande possible jusqu’au {moment(deadline)} (encore {left_words(deadline - now)})."


def left_words(left: timedelta) -> str:
    """« 2 jours et 3 h », « 1 h et 20 min », « moins d’une minute »: rounded down."""
    minutes = int(left.total_seconds()) // 60
    if minutes < 1:
        return "moins d’une minute"
    days, rest = divmod(minutes, 24 * 60)
    parts = [
        f"{days}{NBSP}jour{'s' if days > 1 else ''}" if days else "",
        f"{rest // 60}{NBSP}h" if rest // 60 else "",
        f"{rest % 60}{NBSP}min" if rest % 60 and not days else "",
    ]
    return enumeration([part for part in parts if part])


def table_of(counts: Mapping[Meal, int]) -> tuple[tuple[str, ...], tuple[tuple[str, tuple[int | None, ...], int], ...]]:
    """A table of what was counted: the words of the ages in columns; by kind its words, its numbers by age, their sum.

    Those of adults and the spare ones are of no age.
    """
    bands = sorted({(meal.from_age, meal.to_age) for meal in counts if meal.eater is Eater.CHILD}, key=lambda b: b[0])
    rows: dict[str, dict[tuple[int, int | None] | None, int]] = {}
    for meal, number in counts.items():
        band = (meal.from_age, meal.to_age) if meal.eater is Eater.CHILD else None
        rows.setdefault(kind_words(meal), {})[band] = number
    return (
        tuple(ages_words(*band) for band in bands),
        tuple(
            (words, tuple(row.get(band, 0) if None not in row else None for band in bands), sum(row.values()))
            for words, row in rows.items()
        ),
    )
