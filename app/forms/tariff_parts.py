"""The shape of each part of a grid, on a small form of its own.

form = part_form(section, grid, names)      # reads what was sent, if something was
form.show(part)                             # filled in with a part that exists
form.part()                                 # None: the errors are beside the fields
"""

import re
from collections.abc import Collection, Mapping
from fractions import Fraction
from typing import Any, ClassVar

from flask_wtf import FlaskForm
from werkzeug.datastructures import MultiDict
from wtforms import Field, RadioField, SelectField, SelectMultipleField
from wtforms.validators import ValidationError
from wtforms.widgets import CheckboxInput

from app.filters import NBSP, month_name, spaced
from app.forms.fields import Filled, Listed, TextField, amount_typed, read_cents, strip, text_field
from app.forms.tariff_rates import LARGEST_PRICE_CENTS, RateEditor, price_typed, read_percent, read_rate
from app.grid_labels import Names
from app.labels import choices_of
from app.price_labels import percent_text, word_code, word_text
from app.rules.grid_parts import GridPart, Section, named_item_code
from app.rules.tariff_grids import (
    AddCents,
    AddRate,
    ChangePercent,
    Combination,
    Condition,
    CountedSiblings,
    CreditBook,
    Criterion,
    DaysDeduction,
    Duration,
    Effect,
    FullPrice,
    Grid,
    Item,
    LeastDays,
    LowerBracket,
    Modifier,
    ModifierKind,
    Nature,
    Package,
    PartlyCancelled,
    Period,
    Rate,
    ReplaceRate,
    Rounding,
    SiblingOrder,
    Span,
    Standing,
    Surcharge,
    SurchargeCause,
    YearlyFee,
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


class _Amount:
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


class _Whole:
    """A whole number between two, or nothing."""

    def __init__(self, least: int, most: int) -> None:
        self._least, self._most = least, most

    def __call__(self, form: FlaskForm, field: Field) -> None:
        """Raises ValidationError."""
        if field.data and not (_NUMBER.fullmatch(field.data) and self._least <= int(field.data) <= self._most):
            raise ValidationError(f"Écrivez un nombre entier, de {self._least} à {self._most}.")


def _amount(label: str, *, required: str | None = None, most: int = LARGEST_PRICE_CENTS, hint: str = "") -> TextField:
    return text_field(
        label, required=required, longest=12, checks=[_Amount(most)], description=hint, inputmode="decimal",
        autocomplete="off",
    )  # fmt: skip


def _whole(label: str, least: int, most: int, *, required: str | None = None, hint: str = "") -> TextField:
    return text_field(
        label, required=required, longest=4, checks=[_Whole(least, most)], description=hint, inputmode="numeric",
        autocomplete="off",
    )  # fmt: skip


def _ticks(label: str, *, required: str | None = None, hint: str = "") -> SelectMultipleField:
    validators = [Filled(message=required)] if required else []
    return SelectMultipleField(
        label, choices={}, validators=[*validators, Listed()], validate_choice=False, option_widget=CheckboxInput(),
        description=hint,
    )  # fmt: skip


def _one_of(label: str, choices: Mapping[str, str], default: str) -> RadioField:
    return RadioField(label, choices=dict(choices), default=default, validators=[Listed()], validate_choice=False)


def _list(label: str, choices: Mapping[str, str] | None = None, *, required: str, hint: str = "") -> SelectField:
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


class ItemForm(PartForm):
    """A price: of a unit, or with a name of its own."""

    has_rate = True

    unit = _list("Ce qui a ce prix", required="Choisissez ce qui a ce prix.")
    name = text_field(
        "Nom du prix", longest=LONGEST_NAME, autocomplete="off",
        description=spaced("Pour un prix qui a un nom à lui : « Forfait semaine », « Cotisation »…"),
    )  # fmt: skip
    nature = _one_of("C’est un prix de", choices_of(Nature), Nature.CARE)
    meal = _amount("Dont repas", hint="La part du repas dans un prix de garde, pour l’attestation fiscale.")
    step = _whole(
        "Toute période commencée est due, en minutes",
        1,
        1440,
        hint="Par exemple 15, 30 ou 60. Vide si le prix ne dépend pas de la durée.",
    )
    per = _whole("Le prix est celui de (minutes)", 1, 1440, hint="60 pour un prix par heure.")
    least = _whole("Durée facturée au moins (minutes)", 0, 1440)
    most = _whole("Durée facturée au plus (minutes)", 1, 1440)
    floor = _amount("Jamais moins de", hint="Après toutes les réductions.")
    ceiling = _amount("Jamais plus de")

    def set_choices(self) -> None:
        """The units that have no price yet, or a name."""
        taken = {item.code for item in self.grid.items} - ({self.present.code} if self.present else set())
        units = {code: name for code, name in self.names.units.items() if code not in taken}
        if self.present is not None and is_unit_code(self.present.code):
            units.setdefault(self.present.code, self.names.of(self.present.code))
        self.unit.choices = {"": "Choisissez…", **units, NAMED: "Un prix qui a un nom à lui"}

    def suggest(self, unit_code: str, *, is_meal: bool) -> None:
        """Begin with a unit that has no price yet."""
        self.unit.data, self.nature.data = unit_code, (Nature.MEAL if is_meal else Nature.CARE).value

    def show(self, part: Item) -> None:
        """Fill in."""
        self.editor = RateEditor.of(part.rate)
        is_unit = is_unit_code(part.code)
        self.unit.data, self.name.data = (part.code, "") if is_unit else (NAMED, part.label or part.code)
        self.nature.data = part.nature.value
        self.meal.data = price_typed(part.meal_cents) if part.meal_cents else ""
        self.floor.data, self.ceiling.data = _typed(part.floor_cents), _typed(part.ceiling_cents)
        if part.duration is not None:
            self.step.data, self.per.data = str(part.duration.step_minutes), str(part.duration.per_minutes)
            self.least.data = str(part.duration.least_minutes or "")
            self.most.data = str(part.duration.most_minutes or "")

    def validate_name(self, field: Field) -> None:
        """Raises ValidationError."""
        if self.unit.data != NAMED:
            return
        if not field.data:
            raise ValidationError("Donnez un nom à ce prix.")
        same = (item for item in self.grid.items if item is not self.present and not is_unit_code(item.code))
        if any(self.names.of(item.code).casefold() == field.data.casefold() for item in same):
            raise ValidationError("Un autre prix de cette grille porte ce nom.")

    def validate_meal(self, field: Field) -> None:
        """Raises ValidationError."""
        if read_cents(field.data or "") and self.nature.data != Nature.CARE:
            raise ValidationError("Seul un prix de garde contient un repas.")

    def validate_per(self, field: Field) -> None:
        """Raises ValidationError."""
        if bool(field.data) is not bool(self.step.data):
            raise ValidationError("Indiquez les deux durées, ou aucune.")

    def validate_most(self, field: Field) -> None:
        """Raises ValidationError."""
        least = self.least.data or "0"
        if not self.step.data and (field.data or self.least.data):
            raise ValidationError("Indiquez d’abord la période qui est due.")
        if field.data.isdigit() and least.isdigit() and int(field.data) < int(least):
            raise ValidationError(f"Cette durée doit atteindre {least} minutes.")

    def validate_ceiling(self, field: Field) -> None:
        """Raises ValidationError."""
        floor, ceiling = read_cents(self.floor.data or ""), read_cents(field.data or "")
        if floor is not None and ceiling is not None and ceiling < floor:
            raise ValidationError("Ce maximum est au-dessous du minimum.")

    def build(self, rate: Rate | None) -> Item:
        """The price of a valid form."""
        assert rate is not None
        code, label = self._code_and_label()
        duration = None
        if self.step.data:
            least, most = int(self.least.data or 0), int(self.most.data) if self.most.data else None
            duration = Duration(int(self.step.data), int(self.per.data), least, most)
        return Item(
            code, rate, Nature(self.nature.data), duration, _cents(self.meal) or 0, _cents(self.floor),
            _cents(self.ceiling), label,
        )  # fmt: skip

    def _code_and_label(self) -> tuple[str, str]:
        """A name that is its own code needs no label; a price keeps its code under a new name."""
        if self.unit.data != NAMED:
            return self.unit.data, ""
        if self.present is not None and not is_unit_code(self.present.code):
            code = self.present.code
        else:
            code = named_item_code(self.name.data, {item.code for item in self.grid.items})
        return code, "" if self.name.data == code else self.name.data


class _EffectForm(PartForm):
    """What a change of price does."""

    direction = _one_of("Le montant ou le pourcentage est", {LESS: "En moins", MORE: "En plus"}, LESS)
    percent = text_field(
        "Pourcentage", longest=12, inputmode="decimal", autocomplete="off", description="Par exemple 20 ou 12,5."
    )

    def _read_percent(self) -> ChangePercent:
        percent = read_percent(self.percent.data)
        assert percent is not None
        return ChangePercent(-percent if self.direction.data == LESS else percent)

    def _check_percent(self, text: str) -> None:
        percent = read_percent(text)
        if percent is None:
            raise ValidationError("Écrivez un pourcentage, par exemple 20.")
        if self.direction.data == LESS and percent > 100:
            raise ValidationError("On ne peut pas ôter plus de 100 %.".replace(" %", f"{NBSP}%"))

    def _show_percent(self, effect: ChangePercent) -> None:
        self.direction.data = LESS if effect.percent < 0 else MORE
        self.percent.data = percent_text(abs(Fraction(effect.percent)))


class ModifierForm(_EffectForm):
    """A reduction or supplement, and for whom."""

    has_rate = True

    kind = _list("Pour quelle raison", choices_of(ModifierKind), required="Choisissez la raison.")
    effect = _one_of(
        "Ce qui change",
        {
            PERCENT: "Un pourcentage en plus ou en moins",
            ADD: "Un montant en plus ou en moins",
            REPLACE: "Un autre prix",
            LOWER: "La tranche de quotient du dessous",
            FULL: "Le prix maximum, quel que soit le quotient",
        },
        PERCENT,
    )
    cents = _amount("Montant")
    places = _whole("Combien de tranches plus bas", 1, 20)
    items = _ticks("Sur quels prix", hint="Aucune case cochée : tous.".replace(" :", f"{NBSP}:"))
    natures = _ticks("Sur quelle sorte de prix", hint="Aucune case cochée : toutes.".replace(" :", f"{NBSP}:"))
    residences = text_field(
        "Lieu de résidence", autocomplete="off",
        description=spaced("« résident », « extérieur » ou un mot à vous ; plusieurs avec des virgules."),
    )  # fmt: skip
    rank_low = _whole("Rang de l’enfant, du", 1, 20, hint="2 pour le deuxième enfant.")
    rank_last = _whole("jusqu’au", 1, 20, hint=spaced("Vide : et les suivants."))
    children_low = _whole("Nombre d’enfants, de", 1, 20)
    children_last = _whole("jusqu’à", 1, 20, hint=spaced("Vide : et plus."))
    quotient_low = _amount("Quotient, à partir de", most=10_000_000)
    quotient_below = _amount(
        "à moins de",
        most=10_000_000,
        hint=spaced("Une condition sur le quotient ne vaut que pour un quotient vérifié."),
    )
    standings = _ticks("Seulement si la famille ou l’enfant est")

    def set_choices(self) -> None:
        """All prices, natures and standings."""
        present = self.present.when.items if isinstance(self.present, Modifier) else ()
        self._codes(self.items, present, only_units=False)
        self.natures.choices, self.standings.choices = choices_of(Nature), choices_of(Standing)

    @property
    def asks_rate(self) -> bool:
        """Whether another price is typed."""
        return bool(self.effect.data == REPLACE)

    def show(self, part: Modifier) -> None:
        """Fill in."""
        self.kind.data, when = part.kind.value, part.when
        match part.effect:
            case AddCents():
                self.effect.data, self.cents.data = ADD, price_typed(abs(part.effect.cents))
                self.direction.data = LESS if part.effect.cents < 0 else MORE
            case ChangePercent():
                self.effect.data = PERCENT
                self._show_percent(part.effect)
            case ReplaceRate():
                self.effect.data, self.editor = REPLACE, RateEditor.of(part.effect.rate)
            case LowerBracket():
                self.effect.data, self.places.data = LOWER, str(part.effect.places)
            case FullPrice():
                self.effect.data = FULL
        self.items.data, self.natures.data = sorted(when.items), sorted(when.natures)
        self.residences.data = ", ".join(word_text(Criterion.RESIDENCE, word) for word in sorted(when.residences))
        self.rank_low.data, self.rank_last.data = _typed_span(when.ranks)
        self.children_low.data, self.children_last.data = _typed_span(when.children)
        if when.quotients is not None:
            self.quotient_low.data = amount_typed(when.quotients.low)
            below = when.quotients.below
            self.quotient_below.data = "" if below is None else amount_typed(below)
        self.standings.data = sorted(when.standings)

    def validate_percent(self, field: Field) -> None:
        """Raises ValidationError."""
        if self.effect.data == PERCENT:
            self._check_percent(field.data)

    def validate_cents(self, field: Field) -> None:
        """Raises ValidationError."""
        if self.effect.data == ADD and not field.data:
            raise ValidationError("Indiquez le montant.")

    def validate_rank_last(self, field: Field) -> None:
        """Raises ValidationError."""
        _check_span(self.rank_low.data, field.data)

    def validate_children_last(self, field: Field) -> None:
        """Raises ValidationError."""
        _check_span(self.children_low.data, field.data)

    def validate_quotient_below(self, field: Field) -> None:
        """Raises ValidationError."""
        low, below = read_cents(self.quotient_low.data or "0"), read_cents(field.data or "")
        if low is not None and below is not None and below <= low:
            raise ValidationError("Cette limite doit dépasser l’autre.")

    def build(self, rate: Rate | None) -> Modifier:
        """The modifier of a valid form."""
        words = (word_code(Criterion.RESIDENCE, strip(word)) for word in self.residences.data.split(","))
        when = Condition(
            items=frozenset(self.items.data or ()),
            natures=frozenset(Nature(each) for each in self.natures.data or ()),
            residences=frozenset(word for word in words if word),
            ranks=_span(self.rank_low.data, self.rank_last.data),
            children=_span(self.children_low.data, self.children_last.data),
            quotients=self._quotients(),
            standings=frozenset(Standing(each) for each in self.standings.data or ()),
        )
        return Modifier(ModifierKind(self.kind.data), when, self._effect(rate))

    def _effect(self, rate: Rate | None) -> Effect:
        match self.effect.data:
            case "add":
                cents = _cents(self.cents) or 0
                return AddCents(-cents if self.direction.data == LESS else cents)
            case "replace":
                assert rate is not None
                return ReplaceRate(rate)
            case "lower":
                return LowerBracket(int(self.places.data or 1))
            case "full":
                return FullPrice()
            case _:
                return self._read_percent()

    def _quotients(self) -> Span | None:
        if not self.quotient_low.data and not self.quotient_below.data:
            return None
        return Span("quotients", _cents(self.quotient_low) or 0, _cents(self.quotient_below))


class PackageForm(PartForm):
    """One price for a period."""

    item = _list(
        "Son prix", required="Choisissez le prix du forfait.",
        hint=spaced("Ajoutez d’abord ce prix sous « Prix des prestations »."),
    )  # fmt: skip
    period = _one_of("Par", choices_of(Period), Period.WEEK)
    units = _ticks("Il couvre", required="Cochez au moins un temps d’accueil.")
    least_days = _whole("À partir de combien de jours", 1, 31, hint=spaced("Vide : dès le premier."))
    when = _one_of(
        "Par rapport aux prix un par un",
        {
            ALWAYS: "Il les remplace toujours",
            CHEAPER: "Seulement s’il est moins cher",
            ONLY: "Il est leur seul prix",
        },
        ALWAYS,
    )  # fmt: skip
    cancelled = _one_of(
        "S’il est annulé en partie, dans les délais", choices_of(PartlyCancelled), PartlyCancelled.FALL_BACK
    )
    refund = _amount("Montant rendu par temps d’accueil annulé")

    def set_choices(self) -> None:
        """Prices and units."""
        self._items(self.item)
        self._codes(self.units, () if self.present is None else self.present.units, only_units=True)

    def show(self, part: Package) -> None:
        """Fill in."""
        self.item.data, self.period.data, self.units.data = part.item, part.period.value, sorted(part.units)
        self.least_days.data = str(part.least_days)
        self.when.data = CHEAPER if part.only_if_cheaper else ONLY if part.is_the_only_price else ALWAYS
        self.cancelled.data = part.when_partly_cancelled.value
        self.refund.data = price_typed(part.refund_cents) if part.refund_cents else ""

    def validate_refund(self, field: Field) -> None:
        """Raises ValidationError."""
        if self.cancelled.data == PartlyCancelled.REFUND and not field.data:
            raise ValidationError("Indiquez le montant rendu.")

    def build(self, rate: Rate | None) -> Package:
        """The package of a valid form."""
        cancelled = PartlyCancelled(self.cancelled.data)
        return Package(
            self.item.data, Period(self.period.data), frozenset(self.units.data or ()), int(self.least_days.data or 1),
            cancelled, (_cents(self.refund) or 0) if cancelled is PartlyCancelled.REFUND else 0,
            only_if_cheaper=self.when.data == CHEAPER, is_the_only_price=self.when.data == ONLY,
        )  # fmt: skip


class CombinationForm(PartForm):
    """One price for several units of a day."""

    item = _list(
        "Leur prix ensemble", required="Choisissez le prix.",
        hint=spaced("Ajoutez d’abord ce prix sous « Prix des prestations »."),
    )  # fmt: skip
    units = _ticks("Quand un enfant a le même jour")

    def set_choices(self) -> None:
        """Prices and units."""
        self._items(self.item)
        self._codes(self.units, () if self.present is None else self.present.units, only_units=True)

    def show(self, part: Combination) -> None:
        """Fill in."""
        self.item.data, self.units.data = part.item, sorted(part.units)

    def validate_units(self, field: Field) -> None:
        """Raises ValidationError."""
        if len(field.data or ()) < 2:
            raise ValidationError("Cochez au moins deux temps d’accueil.")
        others = (each for each in self.grid.combinations if each is not self.present)
        if any(each.units == frozenset(field.data) for each in others):
            raise ValidationError("Ces temps d’accueil ont déjà un prix ensemble.")

    def build(self, rate: Rate | None) -> Combination:
        """The combination of a valid form."""
        return Combination(frozenset(self.units.data or ()), self.item.data)


class DeductionForm(PartForm):
    """What is taken off for a number of days."""

    name = text_field(
        "Nom", required="Donnez un nom à cette réduction.", longest=LONGEST_NAME, autocomplete="off",
        description=spaced("Comme il sera écrit sur la facture : « Semaine de 5 jours »."),
    )  # fmt: skip
    period = _one_of("Par", choices_of(Period), Period.WEEK)
    units = _ticks("Les jours comptent avec", required="Cochez au moins un temps d’accueil.")
    days_0, cents_0 = _whole("À partir de (jours)", 1, 31), _amount("on ôte")
    days_1, cents_1 = _whole("À partir de (jours)", 1, 31), _amount("on ôte")
    days_2, cents_2 = _whole("À partir de (jours)", 1, 31), _amount("on ôte")
    days_3, cents_3 = _whole("À partir de (jours)", 1, 31), _amount("on ôte")
    days_4, cents_4 = _whole("À partir de (jours)", 1, 31), _amount("on ôte")
    days_5, cents_5 = _whole("À partir de (jours)", 1, 31), _amount("on ôte")

    @property
    def steps(self) -> list[tuple[Field, Field]]:
        """The lines of days and amounts."""
        return [(self[f"days_{place}"], self[f"cents_{place}"]) for place in range(MOST_STEPS)]

    def set_choices(self) -> None:
        """Units."""
        self._codes(self.units, () if self.present is None else self.present.units, only_units=True)

    def show(self, part: DaysDeduction) -> None:
        """Fill in."""
        self.name.data, self.period.data, self.units.data = part.code, part.period.value, sorted(part.units)
        for (days, cents), step in zip(self.steps, part.steps, strict=False):
            days.data, cents.data = str(step[0]), price_typed(step[1])

    def validate_days_0(self, field: Field) -> None:
        """Raises ValidationError."""
        told = [days.data for days, cents in self.steps if days.data or cents.data]
        if not told:
            raise ValidationError("Indiquez au moins un nombre de jours et ce qui est ôté.")
        if "" in told or any(days.data and not cents.data for days, cents in self.steps):
            raise ValidationError("Chaque ligne a un nombre de jours et un montant.")
        if len(set(told)) < len(told):
            raise ValidationError("Un nombre de jours est écrit deux fois.")

    def build(self, rate: Rate | None) -> DaysDeduction:
        """The deduction of a valid form."""
        steps = tuple((int(days.data), read_cents(cents.data) or 0) for days, cents in self.steps if days.data)
        return DaysDeduction(self.name.data, Period(self.period.data), frozenset(self.units.data or ()), steps)


class LeastDaysForm(PartForm):
    """How many days a week are accepted at least."""

    units = _ticks("Les jours comptent avec", required="Cochez au moins un temps d’accueil.")
    days = _whole("Nombre minimum de jours par semaine", 2, 7, required="Indiquez le nombre de jours.")

    def set_choices(self) -> None:
        """Units."""
        self._codes(self.units, () if self.present is None else self.present.units, only_units=True)

    def show(self, part: LeastDays) -> None:
        """Fill in."""
        self.units.data, self.days.data = sorted(part.units), str(part.days)

    def build(self, rate: Rate | None) -> LeastDays:
        """The rule of a valid form."""
        return LeastDays(frozenset(self.units.data or ()), int(self.days.data))


class BookForm(PartForm):
    """A book of prepaid entries."""

    item = _list(
        "Prix du carnet", required="Choisissez le prix du carnet.",
        hint=spaced("Ajoutez d’abord ce prix sous « Prix des prestations »."),
    )  # fmt: skip
    entries = _whole("Nombre d’entrées", 1, 200, required="Indiquez le nombre d’entrées.")
    units = _ticks("Elles paient", required="Cochez au moins un temps d’accueil.")

    def set_choices(self) -> None:
        """Prices and units."""
        self._items(self.item)
        self._codes(self.units, () if self.present is None else self.present.units, only_units=True)

    def show(self, part: CreditBook) -> None:
        """Fill in."""
        self.item.data, self.units.data, self.entries.data = part.item, sorted(part.units), str(part.entries)

    def build(self, rate: Rate | None) -> CreditBook:
        """The book of a valid form."""
        return CreditBook(self.item.data, frozenset(self.units.data or ()), int(self.entries.data))


class FeeForm(PartForm):
    """A yearly fee."""

    item = _list(
        "Montant", required="Choisissez le prix.",
        hint=spaced("Ajoutez d’abord ce prix sous « Prix des prestations »."),
    )  # fmt: skip
    first_month = _list(
        "L’année commence en", {str(month): month_name(month) for month in range(1, 13)},
        required="Choisissez le mois.",
    )  # fmt: skip
    who = _one_of("Une fois par an et", {"family": "par famille", "child": "par enfant"}, "family")

    def set_choices(self) -> None:
        """Prices."""
        self._items(self.item)

    def show(self, part: YearlyFee) -> None:
        """Fill in."""
        self.item.data, self.first_month.data = part.item, str(part.first_month)
        self.who.data = "child" if part.is_per_child else "family"

    def build(self, rate: Rate | None) -> YearlyFee:
        """The fee of a valid form."""
        return YearlyFee(self.item.data, int(self.first_month.data), is_per_child=self.who.data == "child")


class SurchargeForm(_EffectForm):
    """What a cause costs."""

    has_rate = True

    cause = _list("Quand", choices_of(SurchargeCause), required="Choisissez ce qui coûte plus.")
    effect = _one_of(
        "Ce que cela coûte",
        {
            ADD: "Un montant en plus, sur une ligne à part",
            PERCENT: "Un pourcentage en plus ou en moins",
            REPLACE: "Un autre prix à la place",
        },
        ADD,
    )
    reminders = _whole("Après combien de relances", 1, 9, hint="Pour un retard de paiement.")
    items = _ticks("Pour quels prix", hint="Aucune case cochée : tous.".replace(" :", f"{NBSP}:"))

    def set_choices(self) -> None:
        """All prices."""
        present = self.present.items if isinstance(self.present, Surcharge) else ()
        self._codes(self.items, present, only_units=False)

    @property
    def asks_rate(self) -> bool:
        """Whether a price is typed."""
        return bool(self.effect.data != PERCENT)

    def show(self, part: Surcharge) -> None:
        """Fill in."""
        self.cause.data, self.items.data = part.cause.value, sorted(part.items)
        self.reminders.data = str(part.reminders or "")
        if isinstance(part.effect, ChangePercent):
            self.effect.data = PERCENT
            self._show_percent(part.effect)
        else:
            self.effect.data = ADD if isinstance(part.effect, AddRate) else REPLACE
            self.editor = RateEditor.of(part.effect.rate)

    def validate_effect(self, field: Field) -> None:
        """Raises ValidationError."""
        if self.cause.data == SurchargeCause.LATE_PICKUP and field.data != ADD:
            raise ValidationError("Un retard le soir est un montant en plus.")
        if self.cause.data == SurchargeCause.LATE_PAYMENT and field.data != PERCENT:
            raise ValidationError("Un retard de paiement coûte un pourcentage de la facture.")

    def validate_percent(self, field: Field) -> None:
        """Raises ValidationError."""
        if self.effect.data == PERCENT:
            self._check_percent(field.data)

    def validate_reminders(self, field: Field) -> None:
        """Raises ValidationError."""
        if self.cause.data == SurchargeCause.LATE_PAYMENT and not field.data:
            raise ValidationError("Indiquez après combien de relances.")

    def build(self, rate: Rate | None) -> Surcharge:
        """The surcharge of a valid form."""
        effect: AddRate | ChangePercent | ReplaceRate
        if rate is None:
            effect = self._read_percent()
        else:
            effect = AddRate(rate) if self.effect.data == ADD else ReplaceRate(rate)
        is_late_payment = self.cause.data == SurchargeCause.LATE_PAYMENT
        return Surcharge(
            SurchargeCause(self.cause.data), effect, frozenset(self.items.data or ()),
            int(self.reminders.data) if is_late_payment else 0,
        )  # fmt: skip


class RulesForm(FlaskForm):
    """How siblings count, and how prices are rounded."""

    counted = _one_of("Frères et sœurs qui comptent", choices_of(CountedSiblings), CountedSiblings.SAME_MONTH)
    order = _one_of("Le premier enfant est", choices_of(SiblingOrder), SiblingOrder.ELDEST_FIRST)
    rounding = _one_of("Arrondi de chaque prix", choices_of(Rounding), Rounding.CENT)


_FORMS: Mapping[Section, type[PartForm]] = {
    Section.ITEMS: ItemForm,
    Section.MODIFIERS: ModifierForm,
    Section.PACKAGES: PackageForm,
    Section.COMBINATIONS: CombinationForm,
    Section.DEDUCTIONS: DeductionForm,
    Section.LEAST_DAYS: LeastDaysForm,
    Section.FEES: FeeForm,
    Section.CREDIT_BOOKS: BookForm,
    Section.SURCHARGES: SurchargeForm,
}


def part_form(
    section: Section, grid: Grid, names: Names, sent: MultiDict[str, str] | None = None
) -> PartForm:  # fmt: skip
    """The form of a part of this section, with what was sent."""
    return _FORMS[section](grid, names, sent)


def _cents(field: TextField) -> int | None:
    return read_cents(field.data) if field.data else None


def _typed(cents: int | None) -> str:
    return "" if cents is None else price_typed(cents)


def _typed_span(span: Span | None) -> tuple[str, str]:
    if span is None:
        return "", ""
    return str(span.low), "" if span.below is None else str(span.below - 1)


def _check_span(low: str, last: str) -> None:
    if last and not low:
        raise ValidationError("Indiquez aussi le début.")
    if low.isdigit() and last.isdigit() and int(last) < int(low):
        raise ValidationError(f"Cette limite doit atteindre {low}.")


def _span(low: str, last: str) -> Span | None:
    """« from 2 to 3 », both included."""
    return Span(low, int(low), int(last) + 1 if last else None) if low else None
