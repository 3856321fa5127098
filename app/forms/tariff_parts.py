"""The shape of each part of a grid, on a small form of its own.

form = part_form(section, grid, names)      # reads what was sent, if something was
form.show(part)                             # filled in with a part that exists
form.part()                                 # None: the errors are beside the fields
"""

from collections.abc import Mapping

from flask_wtf import FlaskForm
from werkzeug.datastructures import MultiDict
from wtforms import Field
from wtforms.validators import ValidationError

from app.filters import month_name, spaced
from app.forms.fields import read_cents, text_field
from app.forms.tariff_changes import ModifierForm, SurchargeForm
from app.forms.tariff_fields import (
    ALWAYS,
    CHEAPER,
    LONGEST_NAME,
    MOST_STEPS,
    ONLY,
    PartForm,
    amount_field,
    cents_of,
    list_field,
    one_of_field,
    ticks_field,
    whole_field,
)
from app.forms.tariff_prices import ItemForm
from app.forms.tariff_rates import price_typed
from app.grid_labels import Names
from app.labels import choices_of
from app.rules.grid_parts import Section
from app.rules.tariff_grids import (
    Combination,
    CountedSiblings,
    CreditBook,
    DaysDeduction,
    Grid,
    Package,
    PartlyCancelled,
    Period,
    Rate,
    Rounding,
    SiblingOrder,
    YearlyFee,
)


class PackageForm(PartForm):
    """One price for a period."""

    item = list_field(
        "Son prix", required="Choisissez le prix du forfait.",
        hint=spaced("Ajoutez d’abord ce prix sous « Prix des prestations »."),
    )  # fmt: skip
    period = one_of_field("Par", choices_of(Period), Period.WEEK)
    units = ticks_field("Il couvre", required="Cochez au moins un temps d’accueil.")
    least_days = whole_field("À partir de combien de jours", 1, 31, hint=spaced("Vide : dès le premier."))
    when = one_of_field(
        "Par rapport aux prix un par un",
        {
            ALWAYS: "Il les remplace toujours",
            CHEAPER: "Seulement s’il est moins cher",
            ONLY: "Il est leur seul prix",
        },
        ALWAYS,
    )  # fmt: skip
    cancelled = one_of_field(
        "S’il est annulé en partie, dans les délais", choices_of(PartlyCancelled), PartlyCancelled.FALL_BACK
    )
    refund = amount_field("Montant rendu par temps d’accueil annulé")

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
            cancelled, (cents_of(self.refund) or 0) if cancelled is PartlyCancelled.REFUND else 0,
            only_if_cheaper=self.when.data == CHEAPER, is_the_only_price=self.when.data == ONLY,
        )  # fmt: skip


class CombinationForm(PartForm):
    """One price for several units of a day."""

    item = list_field(
        "Leur prix ensemble", required="Choisissez le prix.",
        hint=spaced("Ajoutez d’abord ce prix sous « Prix des prestations »."),
    )  # fmt: skip
    units = ticks_field("Quand un enfant a le même jour")

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
        description=spaced("Pour vous y retrouver : « Semaine de 5 jours »."),
    )  # fmt: skip
    period = one_of_field("Par", choices_of(Period), Period.WEEK)
    units = ticks_field("Les jours comptent avec", required="Cochez au moins un temps d’accueil.")
    days_0, cents_0 = whole_field("À partir de (jours)", 1, 31), amount_field("on ôte")
    days_1, cents_1 = whole_field("À partir de (jours)", 1, 31), amount_field("on ôte")
    days_2, cents_2 = whole_field("À partir de (jours)", 1, 31), amount_field("on ôte")
    days_3, cents_3 = whole_field("À partir de (jours)", 1, 31), amount_field("on ôte")
    days_4, cents_4 = whole_field("À partir de (jours)", 1, 31), amount_field("on ôte")
    days_5, cents_5 = whole_field("À partir de (jours)", 1, 31), amount_field("on ôte")

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

    def validate_name(self, field: Field) -> None:
        """Raises ValidationError."""
        others = (each for each in self.grid.deductions if each is not self.present)
        if any(each.code.casefold() == field.data.casefold() for each in others):
            raise ValidationError("Une autre réduction de cette grille porte ce nom.")

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


class BookForm(PartForm):
    """A book of prepaid entries."""

    item = list_field(
        "Prix du carnet", required="Choisissez le prix du carnet.",
        hint=spaced("Ajoutez d’abord ce prix sous « Prix des prestations »."),
    )  # fmt: skip
    entries = whole_field("Nombre d’entrées", 1, 200, required="Indiquez le nombre d’entrées.")
    valid_months = whole_field(
        "Valable combien de mois", 1, 24, hint="Dès l’achat. Vide : jusqu’à la fin de la saison de l’activité."
    )
    units = ticks_field("Elles paient", required="Cochez au moins un temps d’accueil.")

    def set_choices(self) -> None:
        """Prices and units."""
        self._items(self.item)
        self._codes(self.units, () if self.present is None else self.present.units, only_units=True)

    def show(self, part: CreditBook) -> None:
        """Fill in."""
        self.item.data, self.units.data, self.entries.data = part.item, sorted(part.units), str(part.entries)
        self.valid_months.data = "" if part.valid_months is None else str(part.valid_months)

    def build(self, rate: Rate | None) -> CreditBook:
        """The book of a valid form."""
        months = int(self.valid_months.data) if self.valid_months.data else None
        return CreditBook(self.item.data, frozenset(self.units.data or ()), int(self.entries.data), months)


class FeeForm(PartForm):
    """A yearly fee."""

    item = list_field(
        "Montant", required="Choisissez le prix.",
        hint=spaced("Ajoutez d’abord ce prix sous « Prix des prestations »."),
    )  # fmt: skip
    first_month = list_field(
        "L’année commence en", {str(month): month_name(month) for month in range(1, 13)},
        required="Choisissez le mois.",
    )  # fmt: skip
    who = one_of_field("Une fois par an et", {"family": "par famille", "child": "par enfant"}, "family")

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


class RulesForm(FlaskForm):
    """How siblings count, and how prices are rounded."""

    counted = one_of_field("Frères et sœurs qui comptent", choices_of(CountedSiblings), CountedSiblings.SAME_MONTH)
    order = one_of_field("Le premier enfant est", choices_of(SiblingOrder), SiblingOrder.ELDEST_FIRST)
    rounding = one_of_field("Arrondi de chaque prix", choices_of(Rounding), Rounding.CENT)


_FORMS: Mapping[Section, type[PartForm]] = {
    Section.ITEMS: ItemForm,
    Section.MODIFIERS: ModifierForm,
    Section.PACKAGES: PackageForm,
    Section.COMBINATIONS: CombinationForm,
    Section.DEDUCTIONS: DeductionForm,
    Section.FEES: FeeForm,
    Section.CREDIT_BOOKS: BookForm,
    Section.SURCHARGES: SurchargeForm,
}


def part_form(
    section: Section, grid: Grid, names: Names, sent: MultiDict[str, str] | None = None
) -> PartForm:  # fmt: skip
    """The form of a part of this section, with what was sent."""
    return _FORMS[section](grid, names, sent)
