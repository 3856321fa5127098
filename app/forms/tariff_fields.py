"""What the forms of the parts of a grid share: amounts, whole numbers, ticks, and the form that others derive from."""

import re
from collections.abc import Collection, Mapping
from typing import Any, ClassVar

from flask_wtf import FlaskForm
from werkzeug.datastructures import MultiDict
from wtforms import Field, RadioField, SelectField, SelectMultipleField
from wtforms.validators import ValidationError
from wtforms.widgets import CheckboxInput

from app.forms.fields import Filled, Listed, TextField, read_cents, text_field
from app.forms.tariff_rates import LARGEST_PRICE_CENTS, RateEditor, price_typed, read_rate
from app.grid_labels import Names
from app.rules.grid_parts import GridPart
from app.rules.tariff_grids import (
    Grid,
    Rate,
    Span,
    is_unit_code,
)

LONGEST_NAME = 60
MOST_STEPS = 6
NAMED = "named"  # of the price: it has a name of its own
MORE, LESS = "more", "less"
ADD, PERCENT, REPLACE, LOWER, FULL = "add", "percent", "replace", "lower", "full"
ALWAYS, CHEAPER, ONLY = "always", "cheaper", "only"
_NUMBER = re.compile(r"[0-9]{1,4}")
_AMOUNT_HINT = "Écrivez un montant en euros, par exemple 3,20."


class Amount:
    """An amount in euros, or nothing."""

    def __init__(self, most: int = LARGEST_PRICE_CENTS) -> None:
        self._most = most

    def __call__(self, form: FlaskForm, field: Field) -> None:
        """Raises ValidationError."""
        cents = read_cents(field.data) if field.data else 0
        if cents is None:
            is_negative = field.data[0] in "-−–"
            raise ValidationError("Un montant n’est jamais négatif." if is_negative else _AMOUNT_HINT)
        if cents > self._most:
            raise ValidationError("C’est trop.")


class Whole:
    """A whole number between two, or nothing."""

    def __init__(self, least: int, most: int) -> None:
        self._least, self._most = least, most

    def __call__(self, form: FlaskForm, field: Field) -> None:
        """Raises ValidationError."""
        if field.data and not (_NUMBER.fullmatch(field.data) and self._least <= int(field.data) <= self._most):
            raise ValidationError(f"Écrivez un nombre entier, de {self._least} à {self._most}.")


def amount_field(
    label: str, *, required: str | None = None, most: int = LARGEST_PRICE_CENTS, hint: str = ""
) -> TextField:
    """An amount in euros."""
    return text_field(
        label, required=required, longest=12, checks=[Amount(most)], description=hint, inputmode="decimal",
        autocomplete="off",
    )  # fmt: skip


def whole_field(label: str, least: int, most: int, *, required: str | None = None, hint: str = "") -> TextField:
    """A whole number between two."""
    return text_field(
        label, required=required, longest=4, checks=[Whole(least, most)], description=hint, inputmode="numeric",
        autocomplete="off",
    )  # fmt: skip


def ticks_field(label: str, *, required: str | None = None, hint: str = "") -> SelectMultipleField:
    """Several of a list that the form fills in."""
    validators = [Filled(message=required)] if required else []
    return SelectMultipleField(
        label, choices={}, validators=[*validators, Listed()], validate_choice=False, option_widget=CheckboxInput(),
        description=hint,
    )  # fmt: skip


def one_of_field(label: str, choices: Mapping[str, str], default: str) -> RadioField:
    """One of a few, as radio buttons."""
    return RadioField(label, choices=dict(choices), default=default, validators=[Listed()], validate_choice=False)


def list_field(label: str, choices: Mapping[str, str] | None = None, *, required: str, hint: str = "") -> SelectField:
    """One of a list."""
    return SelectField(
        label, choices={"": "Choisissez…", **(choices or {})}, validators=[Filled(message=required), Listed()],
        validate_choice=False, description=hint,
    )  # fmt: skip


class PartForm(FlaskForm):
    """A part of a grid as typed. ``editor`` is there where the part may hold a rate."""

    has_rate: ClassVar[bool] = False

    def __init__(self, grid: Grid, names: Names, sent: MultiDict[str, str] | None = None) -> None:
        super().__init__()
        self.grid, self.names = grid, names
        self.present: Any = None  # the part that is being changed
        self.editor = RateEditor() if sent is None else read_rate(sent)
        self.set_choices()

    def set_choices(self) -> None:
        """Offer what the grid and the activity have."""

    @property
    def asks_rate(self) -> bool:
        """Whether the part as typed holds a rate."""
        return self.has_rate

    def show(self, part: Any) -> None:
        """Fill in with a part that exists."""
        raise NotImplementedError

    def change(self, part: GridPart) -> None:
        """Know the part that is being changed: what it names that is gone stays a choice."""
        self.present = part
        self.set_choices()

    def part(self) -> GridPart | None:
        """What was typed, or None with errors."""
        is_valid = self.validate()
        rate = self.editor.rate() if self.asks_rate else None
        if not is_valid or (self.asks_rate and rate is None):
            return None
        return self.build(rate)

    def build(self, rate: Rate | None) -> GridPart:
        """The part of a valid form."""
        raise NotImplementedError

    def _codes(self, field: SelectMultipleField, present: Collection[str], *, only_units: bool) -> None:
        """Let these be ticked: units, other prices too, and what the part names already."""
        known = self.names.units if only_units else self.names.choices
        field.choices = {**known, **{code: self.names.of(code) for code in sorted(present) if code not in known}}

    def _items(self, field: SelectField) -> None:
        """Let one of the prices of the grid be chosen, those with a name of their own first."""
        items = sorted(self.grid.items, key=lambda item: is_unit_code(item.code))
        field.choices = {"": "Choisissez…", **{item.code: self.names.of(item.code) for item in items}}


def cents_of(field: TextField) -> int | None:
    """What was typed, in cents; None for nothing."""
    return read_cents(field.data) if field.data else None


def typed_cents(cents: int | None) -> str:
    """An amount as it is typed; nothing for None."""
    return "" if cents is None else price_typed(cents)


def typed_span(span: Span | None) -> tuple[str, str]:
    """The two ends of a span of whole numbers as they are typed, both included."""
    if span is None:
        return "", ""
    return str(span.low), "" if span.below is None else str(span.below - 1)


def number_of(text: str) -> int | None:
    """A whole number as typed; None for anything else."""
    return int(text) if _NUMBER.fullmatch(text) else None


def check_span(low: str, last: str) -> None:
    """Raises ValidationError for a span that ends before it begins."""
    if last and not low:
        raise ValidationError("Indiquez aussi le début.")
    first, end = number_of(low), number_of(last)
    if first is not None and end is not None and end < first:
        raise ValidationError(f"Cette limite doit atteindre {low}.")


def span_of(low: str, last: str) -> Span | None:
    """« from 2 to 3 », both included."""
    return Span(low, int(low), int(last) + 1 if last else None) if low else None
