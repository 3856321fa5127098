"""A rate as it is typed: one price, a table by up to three criteria, an effort rate, or a share of the real cost.

    editor = read_rate(request.form)        # or RateEditor.of(rate), RateEditor()
    editor.press("rows-0-5")                # five lines more, as a button of the page asks: no script is needed
    editor.rate()                           # None: editor.errors says why, field by field

The first criterion makes the lines of the table, the second its columns, the third a table for each of its values.
A line that is left blank altogether is none. Quotients go « from » included « to » excluded; other numbers are counted,
so that both ends are included.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum, auto
from fractions import Fraction
from itertools import product

from werkzeug.datastructures import MultiDict

from app.filters import NBSP, euros
from app.forms.fields import amount_typed, read_cents, strip
from app.grid_labels import axis_name
from app.price_labels import column_words, grid_problem_words, percent_text, residence_label, word_code, word_text
from app.rules.explanations import Chosen
from app.rules.grid_checks import FIRST_NUMBERS, GridProblem, GridProblemKind, grid_problems
from app.rules.tariff_grids import (
    MOST_AXES,
    WORD_CRITERIA,
    Axis,
    CostShare,
    Criterion,
    EffortPiece,
    EffortRate,
    Grid,
    Item,
    NumberAxis,
    Rate,
    Span,
    Table,
    WordAxis,
)
from app.services.errors import ForgedForm
from app.services.price_facts import residence_words

MOST_ROWS = (20, 12, 6)  # of each axis
MOST_PIECES = 8
LARGEST_PRICE_CENTS = 1_000_000
LARGEST_QUOTIENT_CENTS = 10_000_000
_LARGEST_NUMBER = 9_999
_LONGEST = 40
_WHOLE = re.compile(r"[0-9]{1,4}")
_PERCENT = re.compile(r"([0-9]{1,4})(?:[.,]([0-9]{1,6}))?")
_SHARE = re.compile(r"([0-9]{1,6})/([1-9][0-9]{0,5})")
_BUTTON = re.compile(r"(rows|drop)-([012])-([0-9]{1,2})|(show|piece)|piece-drop-([0-9])")
_NO_AMOUNT = "Indiquez un montant."


class RateKind(StrEnum):
    """How a rate is said."""

    TABLE = auto()
    EFFORT = auto()
    SHARE = auto()


@dataclass(slots=True)
class TypedRow:
    """A line or column as typed; of a word, ``low`` is the word."""

    low: str = ""
    last: str = ""


@dataclass(slots=True)
class TypedAxis:
    """A criterion and its lines."""

    criterion: Criterion
    rows: list[TypedRow]

    @property
    def is_words(self) -> bool:
        """Whether it is read by words."""
        return self.criterion in WORD_CRITERIA

    @property
    def name(self) -> str:
        """What it is called."""
        return axis_name(self.criterion)

    def heading(self, place: int) -> str:
        """What a line is for, as far as it can be read."""
        row = self.rows[place]
        if self.is_words:
            return row.low or f"Ligne {place + 1}"
        low, last = _number(self.criterion, row.low), _number(self.criterion, row.last)
        below = None if last is None else _below(self.criterion, last)
        if low is None or (below is not None and below <= low):
            return f"Ligne {place + 1}"
        words = column_words(Chosen(self.criterion, "", low, below))
        return words[:1].upper() + words[1:]


@dataclass(slots=True)
class TypedPiece:
    """A piece of an effort rate as typed."""

    low: str = ""
    last: str = ""
    percent: str = ""
    times: str = ""
    plus: str = ""

    @property
    def is_blank(self) -> bool:
        """Whether nothing was typed in it."""
        return not any((self.low, self.last, self.percent, self.times, self.plus))


Place = tuple[int, int, int]


@dataclass(slots=True)
class RateEditor:
    """A rate as typed, and what is wrong with it."""

    kind: RateKind = RateKind.TABLE
    axes: list[TypedAxis] = field(default_factory=list)
    values: dict[Place, str] = field(default_factory=dict)
    pieces: list[TypedPiece] = field(default_factory=lambda: [TypedPiece("0")])
    floor: str = ""
    ceiling: str = ""
    errors: dict[str, str] = field(default_factory=dict)  # by the name of the field

    @classmethod
    def of(cls, rate: Rate) -> "RateEditor":
        """The editor of a rate that exists."""
        match rate:
            case EffortRate():
                pieces = [
                    TypedPiece(
                        amount_typed(piece.span.low),
                        "" if piece.span.below is None else amount_typed(piece.span.below),
                        percent_text(piece.percent),
                        "" if piece.times == 1 else str(piece.times),
                        amount_typed(piece.plus_cents) if piece.plus_cents else "",
                    )
                    for piece in rate.pieces
                ]
                floor, ceiling = (
                    "" if end is None else amount_typed(end) for end in (rate.floor_cents, rate.ceiling_cents)
                )
                return cls(RateKind.EFFORT, [], {}, pieces, floor, ceiling)
            case CostShare():
                return cls(RateKind.SHARE, *_typed_table(rate.percents, is_share=True))
            case Table():
                return cls(RateKind.TABLE, *_typed_table(rate, is_share=False))

    @property
    def sizes(self) -> Place:
        """How many lines, columns and tables there are."""
        sizes = [len(axis.rows) for axis in self.axes] + [1] * MOST_AXES
        return sizes[0], sizes[1], sizes[2]

    def value(self, row: int, column: int, table: int) -> str:
        """An amount as typed."""
        return self.values.get((row, column, table), "")

    def press(self, button: str) -> None:
        """Do what a button of the page asks; one that only draws the table anew does nothing. Raises ForgedForm."""
        match = _BUTTON.fullmatch(button)
        if match is None:
            raise ForgedForm
        what, axis, number, other, piece = match.groups()
        if what and int(axis) >= len(self.axes):
            raise ForgedForm
        if what == "rows":
            rows = self.axes[int(axis)].rows
            rows += [TypedRow() for _ in range(min(int(number), MOST_ROWS[int(axis)] - len(rows)))]
        elif what == "drop":
            self._drop(int(axis), int(number))
        elif other == "piece" and len(self.pieces) < MOST_PIECES:
            self.pieces.append(TypedPiece())
        elif piece and int(piece) < len(self.pieces) > 1:
            del self.pieces[int(piece)]

    def _drop(self, axis: int, row: int) -> None:
        """Without a line; those after it move up with their amounts."""
        if row >= len(self.axes[axis].rows) or len(self.axes[axis].rows) < 2:
            return
        del self.axes[axis].rows[row]
        kept: dict[Place, str] = {}
        for place, text in self.values.items():
            if place[axis] != row:
                moved = list(place)
                moved[axis] -= place[axis] > row
                kept[moved[0], moved[1], moved[2]] = text
        self.values = kept

    def label_of(self, name: str) -> str:
        """What a field is called."""
        kind, *numbers = name.rsplit("-", name.count("-") - (name.startswith(("rate", "piece"))))
        places = [int(number) for number in numbers if number.isdigit()]
        if kind.startswith("rate"):
            return "Minimum" if kind == "rate-floor" else "Maximum"
        if kind.startswith("piece"):
            return f"Taux d’effort, ligne {places[0] + 1}"
        if kind == "value":
            named = [axis.heading(place) for axis, place in zip(self.axes, places, strict=False)]
            return ", ".join(["Pourcentage" if self.kind is RateKind.SHARE else "Prix", *named])
        axis = self.axes[places[0]]
        return axis.name if kind == "axis" else f"{axis.name}, ligne {places[1] + 1}"

    def rate(self) -> Rate | None:
        """What was typed, or None with `errors`."""
        self.errors = {}
        if self.kind is RateKind.EFFORT:
            rate: Rate | None = self._effort()
            if isinstance(rate, EffortRate):
                self._place_piece_problems(rate)
        else:
            rate = self._table()
        return None if self.errors else rate

    # -- tables --------------------------------------------------------------------------------------------------------

    def _table(self) -> Rate | None:
        kept = [self._kept(place) for place in range(len(self.axes))]
        axes = [self._axis(place, rows) for place, rows in enumerate(kept)]
        values: dict[tuple[str, ...], int] = {}
        complete = [axis for axis in axes if axis is not None]
        for rows in product(*kept):
            row, column, slab = (*rows, *[0] * (MOST_AXES - len(rows)))
            value = self._value(f"value-{row}-{column}-{slab}", self.value(row, column, slab))
            if value is not None and len(complete) == len(axes):
                key = [axis.codes[lines.index(line)] for axis, lines, line in zip(complete, kept, rows, strict=True)]
                values[tuple(key)] = value
        if len(complete) < len(axes):
            return None
        table = Table(tuple(complete), values)
        for problem in grid_problems(Grid((Item("rate", table),))):
            self._place_problem(problem, complete, kept)
        return CostShare(table) if self.kind is RateKind.SHARE else table

    def _kept(self, axis: int) -> list[int]:
        """The lines of an axis that something was typed in."""
        rows = self.axes[axis].rows
        with_value = {place[axis] for place, text in self.values.items() if text}
        return [place for place, row in enumerate(rows) if row.low or row.last or place in with_value]

    def _axis(self, place: int, rows: Sequence[int]) -> Axis | None:
        axis = self.axes[place]
        if not rows:
            self.errors[f"axis-{place}"] = "Écrivez au moins une ligne pour ce critère."
            return None
        if axis.is_words:
            return self._words(place, rows)
        spans = [self._span(place, row, is_first=row == rows[0]) for row in rows]
        complete = [span for span in spans if span is not None]
        return NumberAxis(axis.criterion, tuple(complete)) if len(complete) == len(spans) else None

    def _words(self, place: int, rows: Sequence[int]) -> Axis | None:
        criterion, words = self.axes[place].criterion, []
        for row in rows:
            word = word_code(criterion, self.axes[place].rows[row].low)
            if not word:
                self.errors[f"low-{place}-{row}"] = "Écrivez un mot, ou effacez les montants de cette ligne."
            elif word in words:
                self.errors[f"low-{place}-{row}"] = "Ce mot est déjà pris par une autre ligne."
            words.append(word)
        is_wrong = any(name.startswith(f"low-{place}-") for name in self.errors)
        return None if is_wrong else WordAxis(criterion, tuple(words))

    def _span(self, axis: int, row: int, *, is_first: bool) -> Span | None:
        criterion, typed = self.axes[axis].criterion, self.axes[axis].rows[row]
        begin = str(FIRST_NUMBERS.get(criterion, 1)) if is_first else ""
        return self._read_span(criterion, typed.low or begin, typed.last, f"low-{axis}-{row}", f"last-{axis}-{row}")

    def _read_span(
        self, criterion: Criterion, low_text: str, last_text: str, low_name: str, last_name: str
    ) -> Span | None:
        low = self._bound(criterion, low_name, low_text)
        last = self._bound(criterion, last_name, last_text) if last_text else None
        if low is None or last_name in self.errors:
            return None
        below = None if last is None else _below(criterion, last)
        if below is not None and below <= low:
            says = f"dépasser {euros(low)}" if criterion is Criterion.QUOTIENT else f"atteindre {low}"
            self.errors[last_name] = f"Cette limite doit {says}."
            return None
        return Span(f"{criterion.value[0]}{low}", low, below)

    def _bound(self, criterion: Criterion, name: str, text: str) -> int | None:
        number = _number(criterion, text)
        most = LARGEST_QUOTIENT_CENTS if criterion is Criterion.QUOTIENT else _LARGEST_NUMBER
        if criterion is Criterion.MONTH:
            most = 12
        if number is not None and number <= most and (number or criterion is Criterion.QUOTIENT):
            return number
        if criterion is Criterion.QUOTIENT:
            self.errors[name] = "Écrivez un quotient, par exemple 600."
        else:
            self.errors[name] = f"Écrivez un nombre entier, de 1 à {most}."
        return None

    def _value(self, name: str, text: str) -> int | None:
        if self.kind is RateKind.SHARE:
            if _WHOLE.fullmatch(text) and int(text) <= 100:
                return int(text)
            self.errors[name] = "Écrivez un pourcentage entier, de 0 à 100."
            return None
        return self._amount(name, text)

    def _amount(self, name: str, text: str) -> int | None:
        cents = read_cents(text)
        if cents is not None and cents <= LARGEST_PRICE_CENTS:
            return cents
        if not text:
            self.errors[name] = _NO_AMOUNT
        elif cents is not None:
            self.errors[name] = f"C’est trop{NBSP}: {euros(LARGEST_PRICE_CENTS)} au plus."
        elif text[0] in "-−–":
            self.errors[name] = "Un montant n’est jamais négatif."
        else:
            self.errors[name] = "Écrivez un montant en euros, par exemple 3,20."
        return None

    def _place_problem(self, problem: GridProblem, axes: Sequence[Axis], kept: Sequence[Sequence[int]]) -> None:
        """Say a hole or an overlap beside the limit that is wrong; missing amounts are said beside their fields."""
        for place, axis in enumerate(axes):
            if isinstance(axis, NumberAxis) and axis.criterion is problem.criterion and problem.at is not None:
                lines = list(zip(kept[place], axis.spans, strict=True))
                row, is_low = _wrong_bound(problem, lines)
                name = f"{'low' if is_low else 'last'}-{place}-{row}"
                self.errors.setdefault(name, grid_problem_words(problem))

    # -- effort rates --------------------------------------------------------------------------------------------------

    def _effort(self) -> EffortRate | None:
        typed = [(place, piece) for place, piece in enumerate(self.pieces) if not piece.is_blank]
        pieces = [self._piece(place, piece, is_first=place == typed[0][0]) for place, piece in typed]
        floor = self._amount("rate-floor", self.floor) if self.floor else None
        ceiling = self._amount("rate-ceiling", self.ceiling) if self.ceiling else None
        if floor is not None and ceiling is not None and ceiling < floor:
            self.errors["rate-ceiling"] = f"Le maximum doit atteindre le minimum ({euros(floor)})."
        complete = [piece for piece in pieces if piece is not None]
        if not pieces:
            self.errors["piece-percent-0"] = "Écrivez un pourcentage du quotient, par exemple 0,36."
        if self.errors or len(complete) < len(pieces):
            return None
        return EffortRate(tuple(complete), floor, ceiling)

    def _piece(self, place: int, typed: TypedPiece, *, is_first: bool) -> EffortPiece | None:
        span = self._read_span(
            Criterion.QUOTIENT, typed.low or ("0" if is_first else ""), typed.last,
            f"piece-low-{place}", f"piece-last-{place}",
        )  # fmt: skip
        percent = read_percent(typed.percent) if typed.percent else Fraction(0)
        plus = self._amount(f"piece-plus-{place}", typed.plus) if typed.plus else 0
        times = int(typed.times) if _WHOLE.fullmatch(typed.times) else 1 if not typed.times else 0
        if percent is None or percent > 100 or (not typed.percent and not typed.plus):
            self.errors[f"piece-percent-{place}"] = "Écrivez un pourcentage du quotient, par exemple 0,36."
        if not 1 <= times <= 31:
            self.errors[f"piece-times-{place}"] = "Écrivez un nombre de fois, de 1 à 31."
        if span is None or percent is None or percent > 100 or plus is None or not 1 <= times <= 31:
            return None
        return EffortPiece(Span(span.code, span.low, span.below), percent, times, plus)

    def _place_piece_problems(self, rate: EffortRate) -> None:
        rows = [place for place, piece in enumerate(self.pieces) if not piece.is_blank]
        lines = [(row, piece.span) for row, piece in zip(rows, rate.pieces, strict=True)]
        for problem in grid_problems(Grid((Item("rate", rate),))):
            name = "rate-ceiling"
            if problem.kind is not GridProblemKind.NO_MAXIMUM:
                row, is_low = _wrong_bound(problem, lines)
                name = f"piece-{'low' if is_low else 'last'}-{row}"
            self.errors.setdefault(name, grid_problem_words(problem))


def read_rate(form: MultiDict[str, str]) -> RateEditor:
    """The rate that was sent. Raises ForgedForm for more lines than our pages have."""
    axes: list[tuple[int, TypedAxis]] = []
    for place in range(MOST_AXES):
        if f"low-{place}-{MOST_ROWS[place]}" in form:
            raise ForgedForm
        criterion = _criterion(form.get(f"axis-{place}", ""))
        if criterion is None or criterion in (axis.criterion for _, axis in axes):
            continue
        rows = [
            TypedRow(_text(form, f"low-{place}-{row}"), _text(form, f"last-{place}-{row}"))
            for row in range(MOST_ROWS[place])
            if f"low-{place}-{row}" in form
        ]
        if form.get(f"was-{place}") != criterion.value or not rows:
            rows = _usual_rows(criterion)
        axes.append((place, TypedAxis(criterion, rows)))
    try:
        kind = RateKind(form.get("rate-kind", ""))
    except ValueError:
        kind = RateKind.TABLE
    pieces = [
        TypedPiece(*(_text(form, f"piece-{name}-{place}") for name in ("low", "last", "percent", "times", "plus")))
        for place in range(MOST_PIECES)
        if f"piece-low-{place}" in form
    ]
    return RateEditor(
        kind,
        [axis for _, axis in axes],
        _read_values(form, [place for place, _ in axes], [axis for _, axis in axes]),
        pieces or [TypedPiece("0")],
        _text(form, "rate-floor"),
        _text(form, "rate-ceiling"),
    )


def _read_values(form: MultiDict[str, str], places: Sequence[int], axes: Sequence[TypedAxis]) -> dict[Place, str]:
    """The amounts, by where they stand now: a criterion that was taken away leaves those of its first line."""
    values: dict[Place, str] = {}
    sizes = [len(axis.rows) for axis in axes] + [1] * (MOST_AXES - len(axes))
    for row, column, slab in product(*(range(size) for size in sizes)):
        sent = [0] * MOST_AXES
        for place, index in zip(places, (row, column, slab), strict=False):
            sent[place] = index
        text = _text(form, f"value-{sent[0]}-{sent[1]}-{sent[2]}")
        if text:
            values[row, column, slab] = text
    return values


def read_percent(text: str) -> Fraction | None:
    """« 0,36 » or « 1/3 » as an exact fraction; None for what is no percentage."""
    plain = text.replace("%", "").strip()
    if match := _PERCENT.fullmatch(plain):
        return Fraction(f"{match[1]}.{match[2] or 0}")
    if match := _SHARE.fullmatch(plain):
        return Fraction(int(match[1]), int(match[2]))
    return None


def _wrong_bound(problem: GridProblem, lines: Sequence[tuple[int, Span]]) -> tuple[int, bool]:
    """The line whose limit makes a hole or an overlap, and whether it is its lower one."""
    if problem.kind is GridProblemKind.OVERLAP:
        return [row for row, span in lines if span.low == problem.at][-1], True
    after = [row for row, span in lines if span.low == problem.below]
    if problem.kind is GridProblemKind.GAP and after:
        return after[0], True
    return next(row for row, span in lines if span.below == problem.at), False


def _typed_table(table: Table, *, is_share: bool) -> tuple[list[TypedAxis], dict[Place, str]]:
    axes = []
    for axis in table.axes:
        match axis:
            case WordAxis():
                rows = [TypedRow(word_text(axis.criterion, word)) for word in axis.words]
            case NumberAxis():
                rows = [_typed_span(axis.criterion, span) for span in axis.spans]
        axes.append(TypedAxis(axis.criterion, rows))
    values: dict[Place, str] = {}
    for places in product(*(range(len(axis.codes)) for axis in table.axes)):
        value = table.values.get(tuple(axis.codes[place] for axis, place in zip(table.axes, places, strict=True)))
        if value is not None:
            row, column, slab = (*places, *[0] * (MOST_AXES - len(places)))
            values[row, column, slab] = str(value) if is_share else price_typed(value)
    return axes, values


def _typed_span(criterion: Criterion, span: Span) -> TypedRow:
    if criterion is Criterion.QUOTIENT:
        return TypedRow(amount_typed(span.low), "" if span.below is None else amount_typed(span.below))
    return TypedRow(str(span.low), "" if span.below is None else str(span.below - 1))


def price_typed(cents: int) -> str:
    """« 3,20 », as a price is typed."""
    return f"{cents // 100},{cents % 100:02d}"


_USUAL_WORDS: Mapping[Criterion, Sequence[str]] = {
    Criterion.RHYTHM: ("régulier", "occasionnel"),
    Criterion.CATEGORY: ("A", "B", ""),
}
_USUAL_NUMBERS: Mapping[Criterion, Sequence[tuple[str, str]]] = {
    Criterion.QUOTIENT: (("0", ""), ("", ""), ("", "")),
    Criterion.RANK: (("1", "1"), ("2", "2"), ("3", "")),
    Criterion.CHILDREN: (("1", "1"), ("2", "2"), ("3", "")),
    Criterion.DURATION: (("1", ""), ("", ""), ("", "")),
    Criterion.DAYS: (("1", "1"), ("2", "2"), ("3", "3"), ("4", "4"), ("5", "5")),
    Criterion.MONTH: (("1", "6"), ("7", "12")),
}


def _usual_rows(criterion: Criterion) -> list[TypedRow]:
    if criterion is Criterion.RESIDENCE:
        return [TypedRow(residence_label(word)) for word in residence_words()[: min(MOST_ROWS)]]
    if criterion in WORD_CRITERIA:
        return [TypedRow(word) for word in _USUAL_WORDS[criterion]]
    return [TypedRow(low, last) for low, last in _USUAL_NUMBERS[criterion]]


def _criterion(code: str) -> Criterion | None:
    try:
        return Criterion(code)
    except ValueError:
        return None


def _number(criterion: Criterion, text: str) -> int | None:
    if criterion is Criterion.QUOTIENT:
        return read_cents(text)
    return int(text) if _WHOLE.fullmatch(text) else None


def _below(criterion: Criterion, last: int) -> int:
    """Where a span ends, excluded: quotients are typed so, other numbers are included."""
    return last if criterion is Criterion.QUOTIENT else last + 1


def _text(form: MultiDict[str, str], name: str) -> str:
    return strip(form.get(name))[:_LONGEST]
