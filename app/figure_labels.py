"""The French words of « Chiffres », and its tables as the page and the file have them."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from app.filters import NBSP, month_long
from app.labels import label
from app.price_labels import quotient_span, residence_label
from app.rules.calendars import DayKind
from app.rules.figures import AgeBand, FigureAxis, RegimeBand
from app.rules.spreadsheets import Cell, Table, euros_of
from app.rules.tariff_grids import Span
from app.services.attendance_months import hours_of
from app.services.catalogue import catalogue
from app.services.figures import NOT_KNOWN, FigureRow, Figures
from app.services.revenues import Revenue

_FIRST_COLUMNS = {
    FigureAxis.ACTIVITY: "Activité",
    FigureAxis.REGIME: "Régime",
    FigureAxis.AGE: "Âge",
    FigureAxis.QUOTIENT: "Quotient familial",
    FigureAxis.RESIDENCE: "Résidence",
    FigureAxis.DAY: "Jours",
}
_UNKNOWN = {
    FigureAxis.QUOTIENT: "Sans quotient vérifié",
    FigureAxis.RESIDENCE: "Résidence inconnue",
}
_HEADINGS = (
    "Répartition", "Ligne", "Heures prévues", "Heures facturées", "Heures réalisées", "Heures d’absence",
    "Places non pointées", "Enfants prévus", "Enfants facturés", "Enfants venus",
)  # fmt: skip
_REVENUE_HEADINGS = ("Mois", "Activité", "Facturé (€)", "Avoirs (€)", "Net (€)", "Réglé (€)")
WHOLE = "Ensemble"
NO_ACTIVITY = "Sans activité"


@dataclass(frozen=True, slots=True)
class ToldRow:
    """A row with its words; ``is_untold``: its numbers are not shown."""

    words: str
    row: FigureRow
    is_untold: bool


@dataclass(frozen=True, slots=True)
class ToldAxis:
    """An axis with its words, and the longest of its hours (minutes), by which its plot is drawn."""

    axis: FigureAxis
    title: str
    first_column: str
    rows: tuple[ToldRow, ...]
    most_minutes: int


def axes_told(found: Figures) -> tuple[ToldAxis, ...]:
    """The ways to cut the whole that say something: the activities where there are several."""
    return tuple(
        _axis(axis, found, rows)
        for axis, rows in found.axes.items()
        if axis is not FigureAxis.ACTIVITY or len(rows) > 1
    )


def _axis(axis: FigureAxis, found: Figures, rows: Sequence[FigureRow]) -> ToldAxis:
    told = tuple(ToldRow(_words(axis, row.code, found.brackets), row, row.code in found.untold[axis]) for row in rows)
    shown = [each.row for each in told if not each.is_untold]
    most = max((max(row.booked_minutes, row.invoiced_minutes, row.came_minutes) for row in shown), default=0)
    return ToldAxis(axis, label(axis), _FIRST_COLUMNS[axis], told, most)


def _words(axis: FigureAxis, code: str, brackets: Sequence[Span]) -> str:
    if code == NOT_KNOWN and axis in _UNKNOWN:
        return _UNKNOWN[axis]
    match axis:
        case FigureAxis.ACTIVITY:
            activity = catalogue().activities[int(code)]
            return f"{activity.name}, {activity.site_name} ({activity.season.name})"
        case FigureAxis.REGIME:
            return label(RegimeBand(code))
        case FigureAxis.AGE:
            return label(AgeBand(code))
        case FigureAxis.QUOTIENT:
            span = next(span for span in brackets if span.code == code)
            words = quotient_span(span.low, span.below).removeprefix("quotient ")
            return words.removeprefix("de " if span.low == 0 else "").capitalize()
        case FigureAxis.RESIDENCE:
            return residence_label(code).capitalize()
        case FigureAxis.DAY:
            return label(DayKind(code))


def figures_table(found: Figures, least_children: int) -> Table:
    """The whole and each axis, one row for each line; what is untold says so."""
    return Table(_HEADINGS, _figure_rows(found, least_children))


def _figure_rows(found: Figures, least_children: int) -> Iterator[Sequence[Cell]]:
    untold = f"moins de {least_children}"
    for head, words, row, is_untold in (
        (WHOLE, WHOLE, found.whole, found.is_whole_untold),
        *((axis.title, each.words, each.row, each.is_untold) for axis in axes_told(found) for each in axis.rows),
    ):
        if is_untold or found.is_whole_untold:
            yield (head, words, *[untold] * (len(_HEADINGS) - 2))
            continue
        minutes = (row.booked_minutes, row.invoiced_minutes, row.came_minutes, row.missed_minutes)
        yield (head, words, *map(hours_of, minutes), row.unticked, *row.children)


def revenue_table(found: Sequence[Revenue]) -> Table:
    """By month and activity, one row each."""
    return Table(
        _REVENUE_HEADINGS,
        (
            (
                month_long(row.month), row.activity_name or NO_ACTIVITY, euros_of(row.invoiced_cents),
                euros_of(row.credited_cents), euros_of(row.net_cents), euros_of(row.paid_cents),
            )
            for row in found
        ),
    )  # fmt: skip


def untold_words(least_children: int) -> str:
    """« moins de 3 enfants »."""
    return f"moins de {least_children}{NBSP}enfants"
