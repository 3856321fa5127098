"""The French words of a grid's parts, as the staff read them: its sections, each part in a sentence, tables as tables.

sections_of(grid, names)    →  « Forfaits » : « Semaine complète : 40,00 € par semaine, à partir de 5 jours… »
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

from app.filters import NBSP, enumeration, euros, month_name, spaced
from app.labels import LABELS
from app.price_labels import CRITERION_WORDS, column_words, effort_words, grid_problem_words, percent_text
from app.rules.explanations import Chosen
from app.rules.grid_checks import GridProblem, GridProblemKind, Part
from app.rules.grid_parts import GridPart, Section, parts_of
from app.rules.tariff_grids import (
    AddCents,
    AddRate,
    Axis,
    ChangePercent,
    Combination,
    Condition,
    CostShare,
    CreditBook,
    Criterion,
    DaysDeduction,
    Duration,
    Effect,
    EffortRate,
    FullPrice,
    Grid,
    Item,
    LowerBracket,
    Modifier,
    NumberAxis,
    Package,
    PartlyCancelled,
    Period,
    Rate,
    Rational,
    ReplaceRate,
    Surcharge,
    SurchargeCause,
    Table,
    WordAxis,
    YearlyFee,
    is_unit_code,
)

SECTION_TITLES: Mapping[Section, str] = {
    Section.ITEMS: "Prix des prestations",
    Section.MODIFIERS: "Réductions et majorations, dans l’ordre",
    Section.PACKAGES: "Forfaits",
    Section.COMBINATIONS: "Prix de la journée",
    Section.DEDUCTIONS: "Réductions pour le nombre de jours",
    Section.FEES: "Frais annuels",
    Section.CREDIT_BOOKS: "Carnets",
    Section.SURCHARGES: "Pénalités",
}
PART_TITLES: Mapping[Section, str] = {
    Section.ITEMS: "un prix",
    Section.MODIFIERS: "une réduction ou majoration",
    Section.PACKAGES: "un forfait",
    Section.COMBINATIONS: "un prix de la journée",
    Section.DEDUCTIONS: "une réduction pour le nombre de jours",
    Section.FEES: "des frais annuels",
    Section.CREDIT_BOOKS: "un carnet",
    Section.SURCHARGES: "une pénalité",
}
SECTION_HINTS: Mapping[Section, str] = {
    Section.ITEMS: (
        "Un prix par temps d’accueil, et ceux qui ont un nom à eux : forfait, journée entière, cotisation, carnet…"
    ),
    Section.MODIFIERS: "Elles s’appliquent l’une après l’autre, de haut en bas.",
    Section.PACKAGES: "Un prix pour tout ce qu’un enfant a dans la période. Le premier qui convient compte.",
    Section.COMBINATIONS: "Plusieurs temps d’accueil du même jour pour un seul prix.",
    Section.DEDUCTIONS: (
        "Ce qui est ôté quand un enfant vient assez de jours. Un nombre minimum de jours par semaine n’est pas un "
        "prix : il se règle dans « Combinaisons »."
    ),
    Section.FEES: (
        "Dus une fois par an, avant le premier temps d’accueil. Pour les appeler autrement, changez le nom de leur "
        "prix : ce sont les mêmes frais. Un autre prix fait d’autres frais."
    ),
    Section.CREDIT_BOOKS: (
        "Des entrées payées d’avance. Les parents achètent le carnet dans « Mes inscriptions » ; ce qui est vendu "
        "garde ses entrées, ses temps d’accueil et sa durée, même si la grille change."
    ),
    Section.SURCHARGES: (
        "Ce que coûte une venue sans réservation, une annulation tardive, un retard… Une annulation tardive suit "
        "ces règles ; sans règle, elle coûte le prix réservé. Les autres sont gardées pour plus tard : le portail ne "
        "note encore ni pointage, ni relance, rien n’est facturé d’ici là."
    ),
}
_PERIODS = {Period.WEEK: "par semaine", Period.MONTH: "par mois", Period.SEASON: "pour la saison"}
_SECTION_OF: Mapping[Part, Section] = {
    Part.ITEM: Section.ITEMS,
    Part.MODIFIER: Section.MODIFIERS,
    Part.SURCHARGE: Section.SURCHARGES,
    Part.COMBINATION: Section.COMBINATIONS,
    Part.PACKAGE: Section.PACKAGES,
    Part.DEDUCTION: Section.DEDUCTIONS,
    Part.BOOK: Section.CREDIT_BOOKS,
}


@dataclass(frozen=True, slots=True)
class TableWords:
    """A table to read: ``caption`` is the value of its third axis."""

    caption: str
    corner: str  # what its rows are
    columns: tuple[str, ...]
    rows: tuple[tuple[str, tuple[str, ...]], ...]


@dataclass(frozen=True, slots=True)
class PartWords:
    """A part in words; ``place`` counts from 0."""

    place: int
    title: str
    words: str
    tables: tuple[TableWords, ...] = ()
    problems: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class SectionWords:
    """A list of parts in words."""

    section: Section
    title: str
    add: str  # what is added to it
    hint: str
    parts: tuple[PartWords, ...]


class Names:
    """What the prices of a grid are called: units by their own names (by code), others by their labels."""

    def __init__(self, grid: Grid, units: Mapping[str, str]) -> None:
        self.units = units
        self._known = {**{item.code: item.label or item.code for item in grid.items}, **units}

    def of(self, code: str) -> str:
        """The name of one. A unit that is gone has none."""
        return self._known.get(code, "un temps d’accueil disparu" if is_unit_code(code) else code)

    def all(self, codes: Iterable[str]) -> str:
        """Their names in a list, units in the order of the day."""
        order = {code: place for place, code in enumerate(self._known)}
        return enumeration([self.of(code) for code in sorted(codes, key=lambda code: (order.get(code, 999), code))])

    @property
    def choices(self) -> dict[str, str]:
        """Name of all by code, units first."""
        return {**self.units, **self._known}


def sections_of(grid: Grid, names: Names, problems: Sequence[GridProblem] = ()) -> tuple[SectionWords, ...]:
    """A grid, section by section, with what is wrong beside each part."""
    wrong: dict[tuple[Section, int], list[str]] = {}
    for problem in problems:
        wrong.setdefault((_SECTION_OF[problem.part], problem.place), []).append(problem_sentence(problem, names))
    return tuple(
        SectionWords(
            section,
            SECTION_TITLES[section],
            PART_TITLES[section],
            spaced(SECTION_HINTS[section]),
            tuple(
                _part(place, part, names, tuple(wrong.get((section, place), ())))
                for place, part in enumerate(parts_of(grid, section))
            ),
        )
        for section in Section
    )


def problem_sentence(problem: GridProblem, names: Names) -> str:
    """What is wrong, with the name of what is not known."""
    if problem.kind is GridProblemKind.UNKNOWN_UNIT:
        return spaced(f"« {names.of(problem.name)} » n’a pas de prix dans cette grille.")
    return grid_problem_words(problem)


def family_words(grid: Grid) -> str:
    """How siblings count, and how prices are rounded."""
    counted = LABELS[type(grid.counted_siblings)][grid.counted_siblings]
    first = LABELS[type(grid.sibling_order)][grid.sibling_order]
    rounding = LABELS[type(grid.rounding)][grid.rounding]
    return (
        f"Frères et sœurs qui comptent{NBSP}: {_small(counted)}. {first} est le premier enfant. "
        f"Chaque prix est arrondi {_small(rounding)}, la moitié vers le haut."
    )


def rate_words(rate: Rate) -> str:
    """A rate in words: of a table, what it depends on."""
    match rate:
        case Table(axes=()):
            return " ".join(euros(cents) for cents in rate.values.values())
        case Table():
            return f"prix selon {_axes(rate)}"
        case CostShare(percents=Table(axes=())):
            return " ".join(f"{percent}{NBSP}% du coût réel" for percent in rate.percents.values.values())
        case CostShare():
            return f"part du coût réel, selon {_axes(rate.percents)}"
        case EffortRate():
            return effort_words(rate)


def tables_of(rate: Rate) -> tuple[TableWords, ...]:
    """The tables of a rate: one for each value of its third axis; none where it is one price."""
    is_share = isinstance(rate, CostShare)
    table = rate.percents if isinstance(rate, CostShare) else rate
    if not isinstance(table, Table) or not table.axes:
        return ()
    first, *others = table.axes
    second = others[0] if others else None
    third = others[1] if len(others) > 1 else None

    def cell(key: tuple[str, ...]) -> str:
        value = table.values.get(key)
        if value is None:
            return "–"
        return f"{value}{NBSP}%" if is_share else euros(value)

    return tuple(
        TableWords(
            caption,
            axis_name(first.criterion),
            ("Part" if is_share else "Prix",) if second is None else _columns(second),
            tuple(
                (
                    words,
                    tuple(
                        cell((code, *column, *slab)) for column in ([()] if second is None else _keys(second))
                    ),
                )
                for code, words in zip(first.codes, _columns(first), strict=True)
            ),
        )
        for slab, caption in zip(
            [()] if third is None else _keys(third), ("",) if third is None else _columns(third), strict=True
        )
    )  # fmt: skip


def axis_name(criterion: Criterion) -> str:
    """What a criterion is called."""
    return LABELS[Criterion][criterion]


def _axes(table: Table) -> str:
    return enumeration([CRITERION_WORDS[axis.criterion] for axis in table.axes])


def _keys(axis: Axis) -> list[tuple[str, ...]]:
    return [(code,) for code in axis.codes]


def _columns(axis: Axis) -> tuple[str, ...]:
    match axis:
        case NumberAxis():
            chosen = (Chosen(axis.criterion, span.code, span.low, span.below) for span in axis.spans)
        case WordAxis():
            chosen = (Chosen(axis.criterion, word) for word in axis.words)
    return tuple(_capital(column_words(each)) for each in chosen)


def _part(place: int, part: GridPart, names: Names, problems: tuple[str, ...]) -> PartWords:
    title, words, rate = _told(part, names)
    return PartWords(place, title, _sentence(words), () if rate is None else tables_of(rate), problems)


def _told(part: GridPart, names: Names) -> tuple[str, Sequence[str], Rate | None]:
    """What a part is called, what it says, and the rate that it holds."""
    match part:
        case Item():
            return names.of(part.code), _item(part), part.rate
        case Modifier():
            rate = part.effect.rate if isinstance(part.effect, ReplaceRate) else None
            kind = LABELS[type(part.kind)][part.kind]
            return kind, [_effect(part.effect), *_condition(part.when, names)], rate
        case Package():
            return names.of(part.item), _package(part, names), None
        case Combination():
            return names.of(part.item), [f"pour {names.all(part.units)} du même jour"], None
        case DaysDeduction():
            steps = [f"{days} jours{NBSP}: −{euros(cents)}" for days, cents in sorted(part.steps)]
            return part.code, [f"{enumeration(steps)} {_PERIODS[part.period]}", f"sur {names.all(part.units)}"], None
        case YearlyFee():
            who = "par enfant" if part.is_per_child else "par famille"
            return (
                names.of(part.item),
                [f"une fois par an {who}", f"l’année commence en {month_name(part.first_month)}"],
                None,
            )
        case CreditBook():
            months = part.valid_months
            valid = "jusqu’à la fin de la saison" if months is None else f"{months}{NBSP}mois à partir de l’achat"
            return (
                names.of(part.item),
                [f"{part.entries} entrées pour {names.all(part.units)}", f"valable {valid}"],
                None,
            )
        case Surcharge():
            rate = part.effect.rate if isinstance(part.effect, AddRate | ReplaceRate) else None
            cause = LABELS[SurchargeCause][part.cause]
            words = [_effect(part.effect)]
            if part.cause is SurchargeCause.LATE_PAYMENT:
                words.append(f"après {part.reminders} relance{'s' if part.reminders > 1 else ''}")
            if part.items:
                words.append(f"pour {names.all(part.items)}")
            return cause, words, rate


def _item(item: Item) -> list[str]:
    words = [rate_words(item.rate)]
    if item.duration is not None:
        words.append(duration_words(item.duration))
    if item.meal_cents:
        words.append(f"dont repas {euros(item.meal_cents)}")
    if item.floor_cents is not None:
        words.append(f"jamais moins de {euros(item.floor_cents)} après réductions")
    if item.ceiling_cents is not None:
        words.append(f"jamais plus de {euros(item.ceiling_cents)}")
    words.append(_small(LABELS[type(item.nature)][item.nature]))
    return words


def duration_words(duration: Duration) -> str:
    """How the length of a stay is charged."""
    words = (
        f"pour {_minutes(duration.per_minutes)}, toute période de {_minutes(duration.step_minutes)} commencée est due"
    )
    if duration.least_minutes:
        words += f", {_minutes(duration.least_minutes)} au moins"
    if duration.most_minutes is not None:
        words += f", {_minutes(duration.most_minutes)} au plus"
    return words


def _effect(effect: Effect | AddRate) -> str:
    match effect:
        case AddCents():
            return f"{'−' if effect.cents < 0 else '+'}{euros(abs(effect.cents))}"
        case ChangePercent():
            return f"{signed_percent(effect.percent)}{NBSP}%"
        case ReplaceRate():
            return f"un autre prix{NBSP}: {rate_words(effect.rate)}"
        case LowerBracket():
            return "la tranche du dessous" if effect.places == 1 else f"{effect.places} tranches plus bas"
        case FullPrice():
            return "le prix maximum, quel que soit le quotient"
        case AddRate():
            return f"en plus{NBSP}: {rate_words(effect.rate)}"


def signed_percent(percent: Rational) -> str:
    """« +20 », « −12,5 »."""
    return f"{'−' if percent < 0 else '+'}{percent_text(abs(Fraction(percent)))}"


def _condition(when: Condition, names: Names) -> list[str]:
    words = []
    if when.items:
        words.append(f"sur {names.all(when.items)}")
    if when.natures:
        words.append(
            f"sur ce qui est {enumeration([_small(LABELS[type(each)][each]) for each in sorted(when.natures)])}"
        )
    if when.residences:
        chosen = [column_words(Chosen(Criterion.RESIDENCE, word)) for word in sorted(when.residences)]
        words.append(f"si la famille est {' ou '.join(chosen)}")
    spans = (
        (Criterion.RANK, when.ranks, "pour"),
        (Criterion.CHILDREN, when.children, "avec"),
        (Criterion.QUOTIENT, when.quotients, "pour un"),
    )
    words += [
        f"{before} {column_words(Chosen(criterion, '', span.low, span.below))}"
        for criterion, span, before in spans
        if span is not None
    ]
    if when.standings:
        words.append(f"si{NBSP}: {enumeration([_small(LABELS[type(each)][each]) for each in sorted(when.standings)])}")
    return words


def _package(package: Package, names: Names) -> list[str]:
    words = [f"{_PERIODS[package.period]} pour {names.all(package.units)}"]
    if package.least_days > 1:
        words.append(f"à partir de {package.least_days} jours")
    if package.only_if_cheaper:
        words.append("s’il est moins cher que les prix un par un")
    if package.is_the_only_price:
        words.append("leur seul prix")
    if package.when_partly_cancelled is PartlyCancelled.REFUND:
        words.append(f"{euros(package.refund_cents)} rendus par temps d’accueil annulé")
    elif package.when_partly_cancelled is PartlyCancelled.KEEP:
        words.append("dû en entier même annulé en partie")
    return words


def _minutes(minutes: int) -> str:
    if minutes % 60:
        return f"{minutes} minutes"
    hours = minutes // 60
    return f"{hours} heure{'s' if hours > 1 else ''}"


def _sentence(words: Sequence[str]) -> str:
    return _capital(", ".join(words)) + "."


def _capital(words: str) -> str:
    return words[:1].upper() + words[1:]


def _small(words: str) -> str:
    return words if words[:2].isupper() else words[:1].lower() + words[1:]
