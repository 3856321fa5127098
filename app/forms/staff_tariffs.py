"""The shape of a grid of prices: brackets of quotients in rows, units in columns, as typed in euros.

    form = read_tariff_form(request.form, units)
    typed = form.tariff_input()          # None: form.errors says why, field by field

A row that is left blank altogether is no bracket. What this form does not show of the version that it was filled in
from (prices of another kind, modifiers, packages, fees…) is kept as it is; so is a price that was not changed.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from fractions import Fraction

from flask_wtf import FlaskForm
from werkzeug.datastructures import MultiDict

from app.filters import NBSP, day_plain, euros
from app.forms.fields import DATE_FORMATS, DateField, Filled, read_cents
from app.price_labels import percent_text
from app.rules.grid_checks import GridProblemKind, grid_problems, priced_codes
from app.rules.tariff_grids import (
    Criterion,
    Duration,
    EffortPiece,
    EffortRate,
    Grid,
    Item,
    Nature,
    NumberAxis,
    Rate,
    Rounding,
    Span,
    Table,
    flat,
    unit_code,
)
from app.services.catalogue import UnitInfo
from app.services.errors import ForgedForm
from app.services.tariffs import TariffInput, VersionView, amounts_by_quotient

EFFORT = "effort"  # the mode of a unit that costs a share of the quotient
STEPS = ("15", "30", "60")
MINUTES_OF_AN_HOUR = 60
_QUICK_STAYS = tuple(Duration(int(step), MINUTES_OF_AN_HOUR) for step in STEPS)
MAX_BRACKETS = 12
LARGEST_PRICE_CENTS = 1_000_000
LARGEST_QUOTIENT_CENTS = 10_000_000
_NO_SUCH_DAY = "Choisissez un jour à venir (ou aujourd’hui) où aucune autre version ne commence."
_LONGEST = 20
_PERCENT = re.compile(r"[0-9]{1,3}(?:[.,][0-9]{1,4})?")
_OTHER_LABELS = {"starts_on": "Premier jour", "brouillon": "Brouillon"}
_EFFORT_LABELS = {"percent": "part du quotient", "floor": "minimum", "ceiling": "maximum"}


@dataclass(frozen=True, slots=True)
class TypedBracket:
    """A row as typed."""

    low: str
    below: str
    prices: Mapping[int, str]  # by unit

    @property
    def is_blank(self) -> bool:
        """Whether nothing was typed in it."""
        return not any((self.low, self.below, *self.prices.values()))


@dataclass(frozen=True, slots=True)
class TypedMode:
    """How the price of a unit is said: by the table, or as a share of the quotient; and whether it is that of an hour.

    ``step`` is the number of minutes of which each begun one is due; empty: the price is that of the unit.
    """

    is_effort: bool = False
    percent: str = ""
    floor: str = ""
    ceiling: str = ""
    step: str = ""


class TariffForm:
    """A grid as typed, and what is wrong with it."""

    def __init__(
        self, starts_on: str, rows: Sequence[TypedBracket], units: Sequence[UnitInfo],
        modes: Mapping[int, TypedMode] | None = None, rounding: Rounding = Rounding.CENT, model: Grid | None = None,
    ) -> None:  # fmt: skip
        self.model = model or Grid(())
        self.all_units = tuple(units)
        units = [unit for unit in units if _asks_price(self.model, unit)]
        self.modes = {unit.id: (modes or {}).get(unit.id, TypedMode()) for unit in units}
        self.rounding = rounding
        self.starts_on = starts_on
        self.rows = list(rows)
        self.units = tuple(units)  # those whose price this form can say
        self.errors: dict[str, str] = {}  # by the name of the field

    @property
    def kept_units(self) -> tuple[UnitInfo, ...]:
        """Those whose price is of another kind: it is kept."""
        return tuple(unit for unit in self.all_units if unit not in self.units)

    @property
    def keeps_rules(self) -> bool:
        """Whether the version has more than prices of units: it is kept."""
        codes = {unit_code(unit.id) for unit in self.all_units}
        bare = Grid(tuple(item for item in self.model.items if item.code in codes), rounding=self.model.rounding)
        return bare != self.model

    def add_row(self) -> None:
        """One more bracket to fill in."""
        if len(self.rows) < MAX_BRACKETS:
            self.rows.append(TypedBracket("", "", {unit.id: "" for unit in self.units}))

    def remove_row(self, place: int) -> None:
        """Without the bracket at this place (from 0); the others keep their bounds."""
        if len(self.rows) > 1 and 0 <= place < len(self.rows):
            del self.rows[place]

    def label_of(self, name: str) -> str:
        """What a field is called."""
        if name in _OTHER_LABELS:
            return _OTHER_LABELS[name]
        kind, _, rest = name.partition("-")
        if kind in _EFFORT_LABELS:
            unit = next(unit for unit in self.units if unit.id == int(rest))
            return f"{unit.name}, {_EFFORT_LABELS[kind]}"
        place, _, unit_id = rest.partition("-")
        row = f"tranche {int(place) + 1}"
        if kind == "price":
            unit = next(unit for unit in self.units if unit.id == int(unit_id))
            return f"{unit.name}, {row}"
        return f"{'À partir de' if kind == 'low' else 'À moins de'}, {row}"

    def tariff_input(self) -> TariffInput | None:
        """What was typed, or None with `errors`."""
        typed = self._read()
        starts_on = self._read_day()
        if self.errors or typed is None or starts_on is None:
            return None
        return TariffInput(starts_on, self._grid(*typed))

    def _read(
        self,
    ) -> "tuple[Sequence[tuple[int, int, int | None, dict[int, int]]], Mapping[int, EffortRate | None]] | None":
        """The brackets and the rates of effort, with `errors`."""
        self.errors = {}
        efforts = {unit.id: self._read_effort(unit) for unit in self.units if self.modes[unit.id].is_effort}
        brackets = [self._read_row(place, row) for place, row in enumerate(self.rows) if not row.is_blank]
        if not brackets and len(efforts) < len(self.units):
            self.errors.setdefault("low-0", "Indiquez au moins une tranche.")
        complete = [bracket for bracket in brackets if bracket is not None]
        if brackets and len(complete) == len(brackets):
            self._check_brackets(complete)
        return None if self.errors else (complete, efforts)

    def _grid(
        self,
        brackets: "Sequence[tuple[int, int, int | None, dict[int, int]]]",
        efforts: Mapping[int, EffortRate | None],
    ) -> Grid:
        """The model with the prices that were typed; one price alone where a unit costs the same for everybody."""
        typed = {}
        for unit in self.units:
            rate: Rate | None = efforts.get(unit.id)
            if rate is None:
                amounts = [prices[unit.id] for _, _, _, prices in brackets]
                rate = flat(amounts[0]) if len(set(amounts)) == 1 else _table(brackets, amounts)
            step = self.modes[unit.id].step
            duration = Duration(int(step), MINUTES_OF_AN_HOUR) if step else None
            code = unit_code(unit.id)
            present = self.model.by_code.get(code)
            if present is None:
                typed[code] = Item(code, rate, Nature.MEAL if unit.is_meal else Nature.CARE, duration)
            else:
                rate = present.rate if _costs_the_same(present.rate, rate) else rate
                typed[code] = replace(present, rate=rate, duration=duration)
        items = [typed.pop(item.code, item) for item in self.model.items]
        return replace(self.model, items=(*items, *typed.values()), rounding=self.rounding)

    def grid_input(self) -> Grid | None:
        """The grid that was typed, whatever its first day, or None with `errors`."""
        typed = self._read()
        return None if self.errors or typed is None else self._grid(*typed)

    def refuse_draft(self) -> None:
        """The activity has a draft already."""
        self.errors["brouillon"] = "Cette activité a déjà un brouillon : terminez-le, ou supprimez-le d’abord."

    def refuse_day(self) -> None:
        """The day cannot be had: it has passed, or other prices begin on it."""
        self.errors["starts_on"] = _NO_SUCH_DAY

    def _read_day(self) -> date | None:
        for form in DATE_FORMATS:
            try:
                day = datetime.strptime(self.starts_on, form).date()  # noqa: DTZ007  (a day has no zone)
            except ValueError:
                continue
            if 2000 <= day.year <= 2100:
                return day
        self.errors["starts_on"] = "Indiquez le premier jour de ces tarifs, par exemple 01/01/2027."
        return None

    def _read_row(self, place: int, row: TypedBracket) -> "tuple[int, int, int | None, dict[int, int]] | None":
        low = self._read_amount(f"low-{place}", row.low or ("0" if place == 0 else ""), LARGEST_QUOTIENT_CENTS)
        below = self._read_amount(f"below-{place}", row.below, LARGEST_QUOTIENT_CENTS) if row.below else None
        if low is not None and below is not None and below <= low:
            self.errors[f"below-{place}"] = f"Cette limite doit dépasser {euros(low)}."
        prices = {}
        for unit in (unit for unit in self.units if not self.modes[unit.id].is_effort):
            cents = self._read_amount(f"price-{place}-{unit.id}", row.prices.get(unit.id, ""), LARGEST_PRICE_CENTS)
            if cents is not None:
                prices[unit.id] = cents
        if low is None or f"below-{place}" in self.errors:
            return None
        return place, low, below, prices

    def _read_effort(self, unit: UnitInfo) -> EffortRate | None:
        mode = self.modes[unit.id]
        percent = read_percent(mode.percent)
        if percent is None:
            self.errors[f"percent-{unit.id}"] = "Écrivez un pourcentage du quotient, par exemple 0,36."
        floor = self._read_amount(f"floor-{unit.id}", mode.floor, LARGEST_PRICE_CENTS) if mode.floor else 0
        if mode.ceiling:
            ceiling = self._read_amount(f"ceiling-{unit.id}", mode.ceiling, LARGEST_PRICE_CENTS)
        else:
            ceiling = None
            self.errors[f"ceiling-{unit.id}"] = f"Indiquez le maximum{NBSP}: c’est le prix d’une famille sans quotient."
        if percent is None or floor is None or ceiling is None:
            return None
        if ceiling < floor:
            self.errors[f"ceiling-{unit.id}"] = f"Le maximum doit atteindre le minimum ({euros(floor)})."
            return None
        return EffortRate((EffortPiece(Span("all", 0, None), percent),), floor, ceiling)

    def _read_amount(self, name: str, text: str, most: int) -> int | None:
        cents = read_cents(text)
        if cents is not None and cents <= most:
            return cents
        if not text:
            self.errors[name] = "Indiquez un montant." if name.startswith("price") else "Indiquez un quotient."
        elif read_cents(text.lstrip("-−– ")) is not None and text[0] in "-−–":
            self.errors[name] = "Un montant n’est jamais négatif."
        elif cents is not None:
            self.errors[name] = f"C’est trop : {euros(most)} au plus."
        else:
            self.errors[name] = "Écrivez un montant en euros, par exemple 3,20."
        return None

    def _check_brackets(self, brackets: "Sequence[tuple[int, int, int | None, dict[int, int]]]") -> None:
        """Refuse gaps, overlaps and a missing open end, each beside the bound that is wrong."""
        in_order = sorted(brackets, key=lambda bracket: bracket[1])
        for problem in grid_problems(Grid((Item("all", _table(brackets, [0] * len(brackets))),))):
            at = problem.at
            assert at is not None  # an axis of quotients: each problem has its place
            if problem.kind is GridProblemKind.GAP:
                place, low = next((place, low) for place, low, _, _ in in_order if low > at)
                self.errors.setdefault(f"low-{place}", f"Il manque les quotients de {euros(at)} à {euros(low)}.")
            elif problem.kind is GridProblemKind.OVERLAP:
                place = [place for place, low, _, _ in in_order if low == at][-1]
                self.errors.setdefault(f"low-{place}", "Cette tranche en recouvre une autre.")
            else:
                place = next(place for place, _, below, _ in in_order if below == at)
                self.errors.setdefault(
                    f"below-{place}", "La dernière tranche n’a pas de limite : laissez cette case vide."
                )


def _asks_price(grid: Grid, unit: UnitInfo) -> bool:
    item = grid.by_code.get(unit_code(unit.id))
    return unit_code(unit.id) not in priced_codes(grid) if item is None else is_quick(item)


def is_quick(item: Item) -> bool:
    """Whether this form can say the price of an item: one price, by quotients, or a share of the quotient."""
    if item.duration is not None and item.duration not in _QUICK_STAYS:
        return False
    match item.rate:
        case Table(axes=axes):
            return all(axis.criterion is Criterion.QUOTIENT for axis in axes)
        case EffortRate(pieces=(EffortPiece(span=Span(low=0, below=None), times=1, plus_cents=0),)):
            return item.rate.ceiling_cents is not None
        case _:
            return False


def _costs_the_same(one: Rate, other: Rate) -> bool:
    """Whether two rates that this form can say are one: cut into brackets otherwise, they cost the same."""
    if isinstance(one, EffortRate) and isinstance(other, EffortRate):
        said = [(r.pieces[0].percent, r.floor_cents or 0, r.ceiling_cents) for r in (one, other)]
        return said[0] == said[1]
    if not isinstance(one, Table) or not isinstance(other, Table):
        return False
    lows = {span.low for table in (one, other) for span, _ in amounts_by_quotient(table)}
    return all(_amounts_at(one, low) == _amounts_at(other, low) for low in lows)


def _amounts_at(table: Table, quotient_cents: int) -> list[int]:
    return [cents for span, cents in amounts_by_quotient(table) if span.covers(quotient_cents)]


class FirstDayForm(FlaskForm):
    """The day from which a draft holds."""

    starts_on = DateField(
        "Premier jour", format=DATE_FORMATS, render_kw={"type": "date"},
        validators=[Filled(message="Indiquez le premier jour de ces tarifs, par exemple 01/01/2027.")],
    )  # fmt: skip

    def day(self) -> date | None:
        """What was typed, or None with errors."""
        if not self.validate() or self.starts_on.data is None:
            return None
        if not 2000 <= self.starts_on.data.year <= 2100:
            self.refuse()
            return None
        day: date = self.starts_on.data
        return day

    def refuse(self) -> None:
        """The day cannot be had: it has passed, or prices in force begin on it."""
        self.starts_on.errors = [_NO_SUCH_DAY]


def read_tariff_form(
    form: MultiDict[str, str], units: Sequence[UnitInfo], model: VersionView | None = None
) -> TariffForm:
    """The grid that was sent, on top of a version. Raises ForgedForm for more rows than our pages have."""
    if f"low-{MAX_BRACKETS}" in form:
        raise ForgedForm
    rows = [
        TypedBracket(
            _text(form, f"low-{place}"),
            _text(form, f"below-{place}"),
            {unit.id: _text(form, f"price-{place}-{unit.id}") for unit in units},
        )
        for place in range(MAX_BRACKETS)
        if f"low-{place}" in form
    ]
    modes = {
        unit.id: TypedMode(
            is_effort=form.get(f"mode-{unit.id}") == EFFORT,
            percent=_text(form, f"percent-{unit.id}"),
            floor=_text(form, f"floor-{unit.id}"),
            ceiling=_text(form, f"ceiling-{unit.id}"),
            step=step if (step := _text(form, f"step-{unit.id}")) in STEPS else "",
        )
        for unit in units
    }
    rounding = Rounding.FIVE_CENTS if form.get("rounding") == Rounding.FIVE_CENTS else Rounding.CENT
    typed = TariffForm(
        _text(form, "starts_on"), rows, units, modes, rounding, None if model is None else model.prices
    )  # fmt: skip
    if not rows:
        typed.add_row()
    return typed


def tariff_form(starts_on: date | None, model: VersionView | None, units: Sequence[UnitInfo]) -> TariffForm:
    """The form of a version that exists, or an empty one."""
    if model is None:
        form = TariffForm("", (), units)
        form.add_row()
        return form
    rows = [
        TypedBracket(
            _quotient(row.qf_from_cents),
            "" if row.qf_below_cents is None else _quotient(row.qf_below_cents),
            {unit.id: _price(row.amounts_cents[unit.id]) if unit.id in row.amounts_cents else "" for unit in units},
        )
        for row in model.grid
    ]
    steps = {unit.id: str(duration.step_minutes) for unit, duration in model.stays}
    efforts = {unit.id: rate for unit, rate in model.efforts if is_quick(model.prices.by_code[unit_code(unit.id)])}
    modes = {unit.id: _mode(efforts.get(unit.id), steps.get(unit.id, "")) for unit in units}
    form = TariffForm(
        "" if starts_on is None else day_plain(starts_on), rows, units, modes, model.prices.rounding, model.prices
    )  # fmt: skip
    if not rows:
        form.add_row()
    return form


def read_percent(text: str) -> Fraction | None:
    """« 0,36 » as an exact fraction; None for what is no percentage above 0 and up to 100."""
    if not _PERCENT.fullmatch(text.replace("%", "").strip()):
        return None
    percent = Fraction(text.replace("%", "").strip().replace(",", "."))
    return percent if 0 < percent <= 100 else None


def _mode(rate: EffortRate | None, step: str) -> TypedMode:
    if rate is None:
        return TypedMode(step=step)
    percent = percent_text(rate.pieces[0].percent)
    floor = _price(rate.floor_cents) if rate.floor_cents else ""
    return TypedMode(True, percent, floor, "" if rate.ceiling_cents is None else _price(rate.ceiling_cents), step)


def _table(brackets: "Sequence[tuple[int, int, int | None, dict[int, int]]]", amounts: Sequence[int]) -> Table:
    spans = [Span(f"q{place + 1}", low, below) for place, low, below, _ in brackets]
    values: dict[tuple[str, ...], int] = {(span.code,): cents for span, cents in zip(spans, amounts, strict=True)}
    return Table((NumberAxis(Criterion.QUOTIENT, tuple(spans)),), values)


def _text(form: MultiDict[str, str], name: str) -> str:
    return form.get(name, "").strip()[:_LONGEST]


def _price(cents: int) -> str:
    return f"{cents // 100},{cents % 100:02d}"


def _quotient(cents: int) -> str:
    return _price(cents) if cents % 100 else str(cents // 100)
