"""Funds that pay aids, and the aids of a child: the shape of what is typed."""

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from fractions import Fraction
from typing import Any

from flask_wtf import FlaskForm
from werkzeug.datastructures import MultiDict
from wtforms import BooleanField, Field, SelectField, SelectMultipleField, TextAreaField
from wtforms.validators import ValidationError
from wtforms.widgets import CheckboxInput

from app.filters import spaced
from app.forms.bases import SectionForm
from app.forms.fields import (
    DATE_FORMATS,
    AmountField,
    DateField,
    Filled,
    Listed,
    amount_typed,
    at_most,
    read_cents,
    strip,
    strip_lines,
    text_field,
)
from app.labels import label
from app.price_labels import percent_text
from app.rules.calendars import DayKind, add_months
from app.services.aids import AidInput, AidView, FundInput, FundView

LONGEST_REASON = 300
MOST_DAYS = 366
LARGEST_AMOUNT_CENTS = 10_000_00


class FundForm(FlaskForm):
    """Who pays aids."""

    name = text_field("Nom de l’organisme", required="Indiquez qui paie.", longest=80, autocomplete="off")
    address = TextAreaField(
        "Adresse", filters=[strip_lines], validators=[at_most(300)], render_kw={"rows": 3, "maxlength": 300}
    )
    reference = text_field("Référence de la convention", longest=60, autocomplete="off")
    is_council = BooleanField("C’est notre collectivité elle-même, pour un geste exceptionnel")

    @classmethod
    def of(cls, fund: FundView | None) -> "FundForm":
        """The form of a fund; of a new one (None)."""
        return cls(obj=fund)

    def typed(self) -> FundInput:
        """What was typed; only of a valid form."""
        return FundInput(self.name.data, self.address.data or "", self.reference.data, self.is_council.data)


class AidWordsForm(SectionForm):
    """An aid as the history of a family's file tells it."""

    aid = text_field("Aide")


class PeriodForm(FlaskForm):
    """Of which days a statement is; what the address says counts, and nothing else."""

    class Meta:
        """Read from the address."""

        csrf = False

    first = DateField(
        "Factures émises du", format=DATE_FORMATS, name="du", validators=[Filled(message="Indiquez le premier jour.")],
        render_kw={"type": "date"},
    )  # fmt: skip
    last = DateField(
        "au", format=DATE_FORMATS, name="au", validators=[Filled(message="Indiquez le dernier jour.")],
        render_kw={"type": "date"},
    )  # fmt: skip

    def __init__(self, sent: Any, today: date) -> None:
        """Without days in the address: the month before the present one."""
        this_month = today.replace(day=1)
        before = add_months(this_month, -1)
        usual = {"du": before.isoformat(), "au": (this_month - timedelta(days=1)).isoformat()}
        super().__init__(sent or MultiDict(usual))

    def validate_last(self, field: Field) -> None:
        """Raises ValidationError."""
        if self.first.data and field.data and field.data < self.first.data:
            raise ValidationError("Ce jour est avant le premier.")

    def period(self) -> tuple[date, date] | None:
        """The first and the last day, or None where they are not good; then the fields say why."""
        if not self.validate() or self.first.data is None or self.last.data is None:
            return None
        return self.first.data, self.last.data


def _amount(text: str, **attributes: Any) -> AmountField:
    return AmountField(
        text, filters=[strip], validators=[at_most(10)],
        render_kw={"maxlength": 10, "inputmode": "decimal", "autocomplete": "off", **attributes},
    )  # fmt: skip


class AidForm(FlaskForm):
    """An aid of a child; the amounts by item are added by `aid_form`."""

    child_id = SelectField(
        "Enfant", coerce=str, validators=[Listed()], validate_choice=False, render_kw={"translate": "no"}
    )
    fund_id = SelectField(
        "Qui paie", coerce=str, validators=[Listed()], validate_choice=False, render_kw={"translate": "no"}
    )
    name = text_field("Nom de l’aide", required="Nommez cette aide comme la facture l’écrira.", longest=60)
    starts_on = DateField(
        "Premier jour", format=DATE_FORMATS, validators=[Filled(message="Indiquez le premier jour.")],
        render_kw={"type": "date"},
    )  # fmt: skip
    ends_on = DateField(
        "Dernier jour", format=DATE_FORMATS, validators=[Filled(message="Indiquez le dernier jour.")],
        render_kw={"type": "date"},
    )  # fmt: skip
    day_kinds = SelectMultipleField(
        "Quels jours", choices={kind.value: label(kind) for kind in DayKind}, option_widget=CheckboxInput(),
        validators=[Listed()], validate_choice=False,
    )  # fmt: skip
    percent = text_field("Pourcentage du prix", longest=6, inputmode="decimal", autocomplete="off")
    ceiling = _amount("Plafond en euros")
    most_days = text_field("Nombre de jours au plus", longest=3, inputmode="numeric", autocomplete="off")
    floor = _amount("La famille paie au moins, par jour")
    is_exclusive = BooleanField("Ne se cumule pas avec une autre aide du même jour")
    reason = TextAreaField(
        "Motif", filters=[strip_lines], validators=[at_most(LONGEST_REASON)],
        render_kw={"rows": 3, "maxlength": LONGEST_REASON},
    )  # fmt: skip

    item_names: tuple[str, ...] = ()  # of the fields of amounts
    council_funds: frozenset[str] = frozenset()
    item_codes: Mapping[str, str] = {}  # by the name of its field

    @property
    def item_fields(self) -> list[Field]:
        """The amounts, item by item."""
        return [self[name] for name in self.item_names]

    def offer(self, children: Sequence[tuple[int, str]], funds: Sequence[FundView]) -> None:
        """Who may get the aid, and who may pay it."""
        self.child_id.choices = {str(id_): name for id_, name in children}
        self.fund_id.choices = {str(fund.id): fund.name for fund in funds}
        self.council_funds = frozenset(str(fund.id) for fund in funds if fund.is_council)

    def show(self, aid: AidView) -> None:
        """Fill in what is stored; a form that was sent keeps its own."""
        if self.is_submitted():
            return
        self.name.data, self.starts_on.data, self.ends_on.data = aid.name, aid.starts_on, aid.ends_on
        self.day_kinds.data = [kind.value for kind in DayKind if kind in aid.day_kinds]
        self.percent.data = percent_text(Fraction(aid.percent_hundredths, 100)) if aid.percent_hundredths else ""
        self.ceiling.data = "" if aid.ceiling_cents is None else amount_typed(aid.ceiling_cents)
        self.most_days.data = "" if aid.most_days is None else str(aid.most_days)
        self.floor.data = amount_typed(aid.floor_cents) if aid.floor_cents else ""
        self.is_exclusive.data, self.reason.data = not aid.is_cumulative, aid.reason
        for name, code in self.item_codes.items():
            if code in aid.amounts:
                self[name].data = amount_typed(aid.amounts[code])

    def typed(self) -> AidInput:
        """What was typed; only of a valid form."""
        assert self.starts_on.data is not None and self.ends_on.data is not None
        amounts = {code: read_cents(self[name].data) or 0 for name, code in self.item_codes.items() if self[name].data}
        return AidInput(
            name=self.name.data,
            starts_on=self.starts_on.data,
            ends_on=self.ends_on.data,
            amounts=amounts,
            percent_hundredths=read_cents(self.percent.data) or 0 if self.percent.data else 0,
            day_kinds=frozenset(DayKind(code) for code in self.day_kinds.data or ()),
            ceiling_cents=read_cents(self.ceiling.data) if self.ceiling.data else None,
            most_days=int(self.most_days.data) if self.most_days.data else None,
            floor_cents=read_cents(self.floor.data) or 0 if self.floor.data else 0,
            is_cumulative=not self.is_exclusive.data,
            reason=self.reason.data or "",
        )

    def validate(self, extra_validators: Any = None) -> bool:
        """Check each field, and that the aid pays something."""
        is_valid: bool = super().validate(extra_validators)
        for field in (*self.item_fields, self.ceiling, self.floor):
            cents = read_cents(field.data) if field.data else 0
            if cents is None or cents > LARGEST_AMOUNT_CENTS:
                field.errors = ["Indiquez un montant en euros, par exemple 4 ou 4,50."]
                is_valid = False
        if is_valid and not self.percent.data and not any(field.data for field in self.item_fields):
            self.percent.errors = [spaced("Indiquez ce que l’aide paie : un pourcentage, ou un montant ci-dessous.")]
            is_valid = False
        return is_valid

    def validate_ends_on(self, field: Field) -> None:
        """Raises ValidationError."""
        if self.starts_on.data and field.data and field.data < self.starts_on.data:
            raise ValidationError("Ce jour est avant le premier jour.")

    def validate_percent(self, field: Field) -> None:
        """Raises ValidationError."""
        hundredths = read_cents(field.data) if field.data else 0
        if hundredths is None or hundredths > 100_00:
            raise ValidationError("Indiquez un pourcentage de 0 à 100, par exemple 50.")

    def validate_most_days(self, field: Field) -> None:
        """Raises ValidationError."""
        if field.data and not (field.data.isascii() and field.data.isdigit() and 1 <= int(field.data) <= MOST_DAYS):
            raise ValidationError(f"Indiquez un nombre de jours, de 1 à {MOST_DAYS}.")

    def validate_reason(self, field: Field) -> None:
        """Raises ValidationError."""
        if self.fund_id.data in self.council_funds and not field.data:
            raise ValidationError(spaced("Dites pourquoi : c’est un geste de la collectivité."))


def amount_name(code: str) -> str:
    """What the field of an item is called: codes hold any letter."""
    return f"amount-{code.encode().hex()}"


def aid_form(items: Sequence[tuple[str, str]]) -> AidForm:
    """The form of an aid, with an amount for each of these items (code and name)."""
    # Named by the item, not by its place: a grid published meanwhile moves no amount to another item.
    codes = {amount_name(code): code for code, _ in items}
    fields = {name: _amount(text) for name, (_, text) in zip(codes, items, strict=True)}
    made = type("AidFormOfItems", (AidForm,), {**fields, "item_names": tuple(codes), "item_codes": codes})
    form: AidForm = made()
    return form
