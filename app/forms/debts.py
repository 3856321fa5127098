"""What is typed about debts: how an office reminds, what holds an invoice back, what is given up and why."""

from datetime import date
from typing import Any

from flask_wtf import FlaskForm
from werkzeug.datastructures import MultiDict
from wtforms import BooleanField, Field, RadioField, SelectField
from wtforms.validators import Optional, ValidationError

from app import clock
from app.filters import spaced
from app.forms.fields import DATE_FORMATS, DateField, Filled, Listed, amount_typed, id_of, read_cents
from app.forms.reasons import reason_field
from app.forms.tariff_fields import amount_field, whole_field
from app.labels import DEBT_MOVE_CHOICES, HOLD_CHOICES
from app.rules.debts import DebtMoveKind, HoldKind, ReminderRule
from app.services.debts import MoveFilter
from app.services.offices import OfficeView

LONGEST_DEBT_REASON = 300
LATEST_LEVEL_DAYS = 365
LONGEST_PLAN_DAYS = 1100


class ReminderRuleForm(FlaskForm):
    """When an office reminds."""

    is_on = BooleanField("Ce service envoie des relances")
    first = whole_field(
        "Première relance", 1, LATEST_LEVEL_DAYS, required="Indiquez un nombre de jours.",
        hint="En jours après l’échéance de la facture.",
    )  # fmt: skip
    second = whole_field(
        "Deuxième relance", 1, LATEST_LEVEL_DAYS, required="Indiquez un nombre de jours.",
        hint="En jours après l’échéance.",
    )  # fmt: skip
    third = whole_field(
        "Dernière relance", 1, LATEST_LEVEL_DAYS, required="Indiquez un nombre de jours.",
        hint="En jours après l’échéance.",
    )  # fmt: skip
    minimum = amount_field(
        "Ne pas relancer en dessous de", required="Indiquez un montant, 0 pour toujours relancer.", most=100_000,
        hint="En euros, pour une famille. Les petites sommes s’ajoutent jusqu’à valoir une relance.",
    )  # fmt: skip

    def __init__(self, rule: ReminderRule) -> None:
        first, second, third = map(str, rule.days)
        super().__init__(
            data={
                "is_on": rule.is_on, "first": first, "second": second, "third": third,
                "minimum": amount_typed(rule.minimum_cents),
            }
        )  # fmt: skip

    def validate_second(self, field: Field) -> None:
        """Raises ValidationError."""
        _check_order(self.first, field)

    def validate_third(self, field: Field) -> None:
        """Raises ValidationError."""
        _check_order(self.second, field)

    def typed(self) -> ReminderRule:
        """What a valid form says."""
        days = int(self.first.data), int(self.second.data), int(self.third.data)
        return ReminderRule(bool(self.is_on.data), days, read_cents(self.minimum.data) or 0)


class HoldForm(FlaskForm):
    """Why an invoice is not reminded of, and until when."""

    class Meta:
        """No token field: two such forms stand on a page, which draws it for each."""

        csrf = False

    kind = RadioField(
        "Pourquoi ne plus relancer", choices=HOLD_CHOICES,
        validators=[Filled(message="Choisissez litige ou échéancier."), Listed()], validate_choice=False,
    )  # fmt: skip
    until = DateField(
        "Échéancier convenu jusqu’au", format=DATE_FORMATS, validators=[Optional()], render_kw={"type": "date"}
    )
    reason = reason_field("Motif", spaced("Indiquez le motif : il reste dans le suivi."), longest=LONGEST_DEBT_REASON)

    def __init__(self) -> None:
        super().__init__(prefix="suspension-")

    def validate_kind(self, field: Field) -> None:
        """A plan says until when, which belongs beside its field."""
        if field.data == HoldKind.PLAN and not self.until.data and not self.until.errors:
            self.until.validators = [Filled(message="Indiquez le dernier jour de l’échéancier.")]

    def validate_until(self, field: Field) -> None:
        """Raises ValidationError."""
        if self.kind.data != HoldKind.PLAN or field.data is None:
            return
        days = (field.data - clock.today()).days
        if days < 0:
            raise ValidationError("Cette date est passée.")
        if days > LONGEST_PLAN_DAYS:
            raise ValidationError("Trois ans au plus.")


class GiveUpForm(FlaskForm):
    """How what is due is given up, and why."""

    class Meta:
        """No token field: two such forms stand on a page, which draws it for each."""

        csrf = False

    kind = RadioField(
        "Ce qui reste à payer est", choices=DEBT_MOVE_CHOICES,
        validators=[Filled(message="Choisissez une des deux réponses."), Listed()], validate_choice=False,
    )  # fmt: skip
    reason = reason_field(
        "Motif", spaced("Indiquez le motif : la délibération, le bordereau…"), longest=LONGEST_DEBT_REASON
    )

    def __init__(self) -> None:
        super().__init__(prefix="abandon-")


class CancelMoveForm(FlaskForm):
    """Why a write-off or transfer is taken back."""

    reason = reason_field("Motif de l’annulation", "Indiquez le motif.", longest=LONGEST_DEBT_REASON)


class MoveFilterForm(FlaskForm):
    """Which write-offs and transfers are listed; by GET, so that the choice is in the address."""

    class Meta:
        """A form that only asks has no token."""

        csrf = False

    service = SelectField("Service", validators=[Listed()], validate_choice=False)
    quoi = SelectField("Quoi", validators=[Listed()], validate_choice=False)
    du = DateField("Du", format=DATE_FORMATS, validators=[Optional()], render_kw={"type": "date"})
    au = DateField("Au", format=DATE_FORMATS, validators=[Optional()], render_kw={"type": "date"})

    def __init__(self, offices: tuple[OfficeView, ...], sent: MultiDict[str, str]) -> None:
        """`offices` are those of whoever asks: nothing of others is listed."""
        super().__init__(sent)
        self._among = tuple(office.id for office in offices)
        self.service.choices = [("", "Tous"), *((str(office.id), office.name) for office in offices)]
        self.quoi.choices = [("", "Tout"), *DEBT_MOVE_CHOICES.items()]
        self.service.data, self.quoi.data = self.service.data or "", self.quoi.data or ""

    def validate_au(self, field: Field) -> None:
        """Raises ValidationError."""
        if self.du.data and field.data and field.data < self.du.data:
            raise ValidationError("Ce jour est avant le premier.")

    def wanted(self) -> MoveFilter:
        """What was chosen; all where it was wrong."""
        if self.errors:
            return MoveFilter(among=self._among)
        kind = DebtMoveKind(self.quoi.data) if self.quoi.data else None
        first: date | None = self.du.data
        last: date | None = self.au.data
        return MoveFilter(id_of(self.service.data) or None, kind, first, last, self._among)

    def address(self) -> dict[str, Any]:
        """The choice, for links."""
        days = {name: day.isoformat() for name, day in (("du", self.du.data), ("au", self.au.data)) if day}
        return {"service": self.service.data or None, "quoi": self.quoi.data or None, **days}


def _check_order(before: Field, field: Field) -> None:
    if before.data and field.data and not before.errors and int(field.data) <= int(before.data):
        raise ValidationError(spaced("Cette relance part après la précédente : indiquez davantage de jours."))
