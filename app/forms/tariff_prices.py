"""The shape of a price of a grid: of a unit, or with a name of its own."""

from wtforms import Field
from wtforms.validators import ValidationError

from app.filters import spaced
from app.forms.fields import read_cents, text_field
from app.forms.tariff_fields import (
    LONGEST_NAME,
    NAMED,
    PartForm,
    amount_field,
    cents_of,
    list_field,
    number_of,
    one_of_field,
    typed_cents,
    whole_field,
)
from app.forms.tariff_rates import RateEditor, price_typed
from app.labels import choices_of
from app.rules.grid_parts import codes_in_use, named_item_code
from app.rules.tariff_grids import (
    Duration,
    Item,
    Nature,
    Rate,
    is_unit_code,
)


class ItemForm(PartForm):
    """A price: of a unit, or with a name of its own."""

    has_rate = True

    unit = list_field("Ce qui a ce prix", required="Choisissez ce qui a ce prix.")
    name = text_field(
        "Nom du prix", longest=LONGEST_NAME, autocomplete="off",
        description=spaced("Pour un prix qui a un nom à lui : « Forfait semaine », « Cotisation »…"),
    )  # fmt: skip
    nature = one_of_field("C’est un prix de", choices_of(Nature), Nature.CARE)
    meal = amount_field("Dont repas", hint="La part du repas dans un prix de garde, pour l’attestation fiscale.")
    step = whole_field(
        "Toute période commencée est due, en minutes",
        1,
        1440,
        hint="Par exemple 15, 30 ou 60. Vide si le prix ne dépend pas de la durée.",
    )
    per = whole_field("Le prix est celui de (minutes)", 1, 1440, hint="60 pour un prix par heure.")
    least = whole_field("Durée facturée au moins (minutes)", 0, 1440)
    most = whole_field("Durée facturée au plus (minutes)", 1, 1440)
    floor = amount_field("Jamais moins de", hint="Après toutes les réductions.")
    ceiling = amount_field("Jamais plus de")

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
        self.floor.data, self.ceiling.data = typed_cents(part.floor_cents), typed_cents(part.ceiling_cents)
        if part.duration is not None:
            self.step.data, self.per.data = str(part.duration.step_minutes), str(part.duration.per_minutes)
            self.least.data = str(part.duration.least_minutes or "")
            self.most.data = str(part.duration.most_minutes or "")

    def validate_unit(self, field: Field) -> None:
        """Raises ValidationError."""
        if self.present is None or self.present.code not in codes_in_use(self.grid):
            return
        if field.data != (self.present.code if is_unit_code(self.present.code) else NAMED):
            raise ValidationError(spaced("Une autre règle de la grille utilise ce prix : il reste ce qu’il est."))

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
        first, end = number_of(least), number_of(field.data)
        if first is not None and end is not None and end < first:
            raise ValidationError(f"Cette durée doit atteindre {first} minutes.")

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
            code, rate, Nature(self.nature.data), duration, cents_of(self.meal) or 0, cents_of(self.floor),
            cents_of(self.ceiling), label,
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
