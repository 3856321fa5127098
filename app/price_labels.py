"""The French words of a price: why it is what it is, made from its steps; the engine itself knows none.

explained(steps)    →  « quotient de 600 à moins de 900, résident, 2e enfant −20 % »
"""

from collections.abc import Iterable, Mapping, Sequence
from fractions import Fraction

from app.filters import NBSP, euros, month_name, spaced
from app.rules.explanations import Cause, Chosen, Operation, Step
from app.rules.grid_checks import GridProblem, GridProblemKind
from app.rules.quotients import QuotientOutcome
from app.rules.rates import PriceProblem, ProblemKind
from app.rules.tariff_grids import Criterion, EffortPiece, EffortRate, Rational

_MAXIMUM: Mapping[QuotientOutcome, str] = {
    QuotientOutcome.MISSING: "tarif maximum, sans quotient familial",
    QuotientOutcome.OUT_OF_DATE: "tarif maximum, quotient familial à mettre à jour",
    QuotientOutcome.UNVERIFIED: "tarif maximum, quotient familial à vérifier",
    QuotientOutcome.DECLINED: "tarif maximum, quotient familial non communiqué",
}

_CAUSES: Mapping[Cause, str] = {
    Cause.RESIDENCE: "lieu de résidence",
    Cause.SIBLING: "fratrie",
    Cause.STAFF: "agent de la collectivité",
    Cause.SOCIAL: "tarif social (CCAS)",
    Cause.FUND: "allocataire",
    Cause.MEAL_PLAN: "repas apporté (PAI)",
    Cause.CARD: "avec la carte",
    Cause.FLOOR: "minimum",
    Cause.CEILING: "maximum",
    Cause.UNBOOKED: "sans réservation",
    Cause.CANCELLED_LATE: "annulé trop tard",
    Cause.ABSENT: "absence sans prévenir",
    Cause.LATE_PICKUP: "retard le soir",
    Cause.LATE_PAYMENT: "retard de paiement",
    Cause.DAYS: "réduction pour le nombre de jours",
    Cause.CANCELLED_UNIT: "temps d’accueil annulés",
    Cause.IN_PACKAGE: "compris dans le forfait",
    Cause.IN_COMBINATION: "compris avec les autres temps du jour",
    Cause.IN_BOOK: "compris dans votre carnet",
    Cause.AID: "aide",
    Cause.INVOICED: "déjà facturé",
    Cause.COST: "coût",
    Cause.SHARE: "part de la famille",
}

_INCLUDED = {_CAUSES[cause] for cause in (Cause.IN_PACKAGE, Cause.IN_COMBINATION, Cause.IN_BOOK)}
_RESIDENCES = {"resident": "résident", "outside": "extérieur"}
_RHYTHMS = {"regular": "régulier", "occasional": "occasionnel"}
_WORDS: Mapping[Criterion, Mapping[str, str]] = {Criterion.RESIDENCE: _RESIDENCES, Criterion.RHYTHM: _RHYTHMS}


def explained(steps: Sequence[Step]) -> str:
    """Why a price is what it is, in one line."""
    return ", ".join(words for step in steps for words in _words(step))


def is_included(explanation: str) -> bool:
    """Whether a price is nothing because another line holds it, as `explained` says."""
    return explanation in _INCLUDED


def residence_label(word: str) -> str:
    """« résident », « extérieur », or the council's own word."""
    return _RESIDENCES.get(word, word)


def quotient_span(low_cents: int, below_cents: int | None) -> str:
    """A bracket of quotients, as councils write them: « quotient de 451 à 550 », « quotient de 600 à moins de 900 »."""
    above = low_cents % 100 == 1
    low = _plain(low_cents - 1 if above else low_cents)
    if below_cents is None:
        if low_cents == 0:
            return "tous les quotients"
        return f"quotient de plus de {low}" if above else f"quotient à partir de {low}"
    until = below_cents % 100 == 1
    high = _plain(below_cents - 1) if until else f"moins de {_plain(below_cents)}"
    if low_cents == 0:
        return f"quotient jusqu’à {high}" if until else f"quotient de {high}"
    return f"quotient de {'plus de ' if above else ''}{low} à {high}"


def _words(step: Step) -> Iterable[str]:
    match step.operation:
        case Operation.SET:
            yield from _first_words(step)
        case Operation.TIMES:
            if step.value != 1:
                yield f"×{NBSP}{_number(step.value)}"
        case Operation.TAKE_PERCENT:
            yield from (column_words(chosen) for chosen in step.chosen)
            yield f"{_number(step.value)}{NBSP}% du {'quotient' if step.cause is Cause.EFFORT else 'coût'}"
        case Operation.CHANGE_PERCENT:
            yield f"{_why(step)} {_signed(step.value)}{NBSP}%"
        case Operation.ADD:
            sign = "−" if step.value < 0 else "+"
            amount = f"{sign}{euros(abs(int(step.value)))}"
            yield amount if step.cause is Cause.TABLE else f"{_why(step)} {amount}"
        case Operation.AT_LEAST | Operation.AT_MOST:
            yield f"{_CAUSES[step.cause]} {euros(int(step.value))}"
        case Operation.ROUND:
            yield "arrondi au centime" if step.value == 1 else f"arrondi à {euros(int(step.value))} près"


def _first_words(step: Step) -> Iterable[str]:
    if step.because is not None:
        yield _CAUSES[step.because]
    if step.cause not in (Cause.TABLE, Cause.QUOTIENT, Cause.CEILING):
        yield _CAUSES[step.cause] if step.cause is not Cause.COST else f"coût {euros(int(step.value))}"
    if step.is_full_price:
        yield "plein tarif"
    elif step.outcome is not None and step.outcome is not QuotientOutcome.VERIFIED:
        yield _MAXIMUM[step.outcome]
    is_maximum = step.is_full_price or (step.outcome is not None and step.outcome is not QuotientOutcome.VERIFIED)
    columns = [
        column_words(chosen) for chosen in step.chosen if not (is_maximum and chosen.criterion is Criterion.QUOTIENT)
    ]
    yield from columns
    if step.brackets_below:
        yield "tranche du dessous"
    if not columns and not is_maximum and step.because is None and step.cause is Cause.TABLE:
        yield "tarif unique"


def _why(step: Step) -> str:
    """What a modifier looked at, else its cause."""
    return ", ".join(column_words(chosen) for chosen in step.chosen) or _CAUSES[step.cause]


def column_words(chosen: Chosen) -> str:
    """What a column of a table is for."""
    low, below = chosen.low or 0, chosen.below
    match chosen.criterion:
        case Criterion.QUOTIENT:
            return quotient_span(low, below)
        case Criterion.RANK:
            rank = "1er enfant" if low == 1 else f"{low}e enfant"
            return rank if below == low + 1 else f"{rank} et suivants"
        case Criterion.CHILDREN:
            children = f"{low} enfant{'s' if low > 1 else ''}"
            return children if below == low + 1 else f"{children} et plus"
        case Criterion.DURATION:
            return f"{low} minutes et plus" if below is None else f"jusqu’à {below - 1} minutes"
        case Criterion.DAYS:
            days = f"{low} jour{'s' if low > 1 else ''}"
            return days if below == low + 1 else f"{days} et plus"
        case Criterion.MONTH:
            last = 12 if below is None else below - 1
            return month_name(low) if last == low else f"de {month_name(low)} à {month_name(last)}"
        case Criterion.RESIDENCE:
            return residence_label(chosen.code)
        case Criterion.RHYTHM:
            return word_text(Criterion.RHYTHM, chosen.code)
        case Criterion.CATEGORY:
            return f"catégorie {chosen.code}"


def word_text(criterion: Criterion, code: str) -> str:
    """A word of a table as people write it: « résident »."""
    return _WORDS.get(criterion, {}).get(code, code)


def word_code(criterion: Criterion, text: str) -> str:
    """The word of a table that somebody wrote: « résident » is « resident », what is not known is itself."""
    return next((code for code, word in _WORDS.get(criterion, {}).items() if word == text.lower()), text)


def _number(value: Rational) -> str:
    """A number with a comma: « 0,42 », « 1,25 »; a fraction that has no short decimal stays one: « 1/3 »."""
    as_fraction = Fraction(value)
    for decimals in range(5):
        scaled = as_fraction * 10**decimals
        if scaled.denominator == 1:
            digits = f"{abs(int(scaled)):0{decimals + 1}d}"
            whole, rest = digits[: len(digits) - decimals], digits[len(digits) - decimals :]
            return f"{'−' if value < 0 else ''}{whole}{',' + rest if rest else ''}"
    return f"{as_fraction.numerator}/{as_fraction.denominator}"


def _signed(value: Rational) -> str:
    return _number(value) if value < 0 else f"+{_number(value)}"


def _plain(cents: int) -> str:
    whole, rest = divmod(cents, 100)
    return f"{whole},{rest:02d}" if rest else str(whole)


CRITERION_WORDS: Mapping[Criterion, str] = {
    Criterion.QUOTIENT: "le quotient familial",
    Criterion.RANK: "le rang de l’enfant",
    Criterion.CHILDREN: "le nombre d’enfants",
    Criterion.DURATION: "la durée",
    Criterion.DAYS: "le nombre de jours",
    Criterion.MONTH: "le mois",
    Criterion.RESIDENCE: "le lieu de résidence",
    Criterion.CATEGORY: "la catégorie",
    Criterion.RHYTHM: "la fréquentation",
}

_PROBLEMS: Mapping[ProblemKind, str] = {
    ProblemKind.NO_VERSION: "aucun tarif à cette date",
    ProblemKind.NO_ITEM: "la grille ne dit rien de ce temps d’accueil",
    ProblemKind.NO_BRACKET: "aucune tranche de la grille ne convient",
    ProblemKind.SEVERAL_BRACKETS: "deux tranches de la grille conviennent",
    ProblemKind.NOT_OFFERED: "la grille ne le propose pas",
    ProblemKind.TOO_FEW_DAYS: "trop peu de jours dans la semaine",
    ProblemKind.FACT_MISSING: "il manque un renseignement",
    ProblemKind.NO_MAXIMUM: "la grille n’a pas de tarif maximum",
}


_STEPS = {
    15: "par heure, tout quart d’heure commencé est dû",
    30: "par heure, toute demi-heure commencée est due",
    60: "par heure, toute heure commencée est due",
}


def step_words(step_minutes: int | None) -> str:
    """How the length of a stay is charged."""
    if step_minutes is None:
        return "par temps d’accueil"
    return _STEPS.get(step_minutes, f"par heure, par pas de {step_minutes} minutes")


def effort_words(rate: EffortRate) -> str:
    """« 0,36 % du quotient, 2,60 € au moins, 4,50 € au plus »; by pieces, each with its quotients."""
    words = [_piece_words(piece) for piece in rate.pieces]
    if len(rate.pieces) > 1:
        spans = (quotient_span(piece.span.low, piece.span.below) for piece in rate.pieces)
        words = [f"{span}{NBSP}: {each}" for span, each in zip(spans, words, strict=True)]
    if rate.floor_cents:
        words.append(f"{euros(rate.floor_cents)} au moins")
    if rate.ceiling_cents is not None:
        words.append(f"{euros(rate.ceiling_cents)} au plus")
    return (", " if len(rate.pieces) < 2 else f"{NBSP}; ").join(words)


def _piece_words(piece: EffortPiece) -> str:
    if not piece.percent:
        return euros(piece.plus_cents)
    share = f"{_number(piece.percent)}{NBSP}% du quotient"
    share += f" × {piece.times}" if piece.times > 1 else ""
    return f"{share} + {euros(piece.plus_cents)}" if piece.plus_cents else share


def percent_text(percent: Rational) -> str:
    """A percentage as it is typed: « 0,36 »."""
    return _number(percent)


def problem_words(problem: PriceProblem) -> str:
    """Why there is no price."""
    words = _PROBLEMS[problem.kind]
    return words if problem.criterion is None else f"{words} ({CRITERION_WORDS[problem.criterion]})"


def grid_problem_words(problem: GridProblem) -> str:
    """What is wrong with a grid, and where on its axis."""
    about = CRITERION_WORDS[problem.criterion] if problem.criterion is not None else ""
    match problem.kind:
        case GridProblemKind.GAP:
            return f"Rien n’est prévu de {_at(problem, problem.at)} à {_last(problem)} pour {about}."
        case GridProblemKind.OVERLAP:
            span = f"de {_at(problem, problem.at)} à {_last(problem)}" if problem.below else _from(problem)
            return f"Deux tranches se recouvrent {span} pour {about}."
        case GridProblemKind.NO_OPEN_END:
            return f"Rien n’est prévu {_from(problem)} pour {about}{NBSP}: laissez la dernière limite vide."
        case GridProblemKind.NO_AMOUNT:
            return f"Il manque un montant ({', '.join(problem.columns)})."
        case GridProblemKind.NO_MAXIMUM:
            return f"Indiquez le maximum{NBSP}: c’est le prix d’une famille sans quotient."
        case GridProblemKind.SAME_NAME:
            return f"Deux colonnes portent le même nom ({', '.join(problem.columns)})."
        case GridProblemKind.UNKNOWN_UNIT:
            return spaced(f"« {problem.name} » n’a pas de prix dans cette grille.")


def _from(problem: GridProblem) -> str:
    return f"à partir de {_at(problem, problem.at)}"


def _last(problem: GridProblem) -> str:
    """Where a hole or an overlap ends: quotients are told to the next bracket, other numbers to the last concerned."""
    assert problem.below is not None
    if problem.criterion is Criterion.QUOTIENT:
        return f"moins de {_plain(problem.below)}"
    return str(problem.below - 1)


def _at(problem: GridProblem, number: int | None) -> str:
    assert number is not None
    return _plain(number) if problem.criterion is Criterion.QUOTIENT else str(number)
