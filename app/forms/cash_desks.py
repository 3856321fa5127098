"""The régie: which lines of its journal are wanted, what is handed in, what is exported, and how it is set."""

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any

from flask_wtf import FlaskForm
from werkzeug.datastructures import MultiDict
from wtforms import BooleanField, Field, HiddenField, IntegerField, SelectField
from wtforms.validators import NumberRange, Optional, ValidationError

from app.filters import NBSP, euros, in_sentence, spaced
from app.forms.fields import (
    DATE_FORMATS,
    AmountField,
    DateField,
    Filled,
    Listed,
    amount_typed,
    at_most,
    id_of,
    read_cents,
    strip,
    text_field,
)
from app.forms.months import chosen_month
from app.labels import choices_of, label
from app.rules.calendars import add_months
from app.rules.cash_desks import COUNTER_MODES, IN_HAND_MODES, JournalKind, Keeper, KeeperRole, PaymentMode
from app.services.cash_desks import DeskSettings, KeeperRow, ModeSetting
from app.services.cash_exports import ExportKind
from app.services.deposits import DepositInput
from app.services.journals import JournalFilter

LONGEST_PERIOD = timedelta(days=3 * 366)
_LONGEST_TO_PAY = 120  # days
_HIGHEST_MINIMUM = 100_00  # what families would wait for without end is a mistake of typing
_AMOUNT = "Écrivez un montant en euros, par exemple 1 200,00."
_EXPORTS = {
    ExportKind.JOURNAL.value: "Journal de la régie", ExportKind.RECEIPTS.value: "Encaissements",
    ExportKind.INVOICES.value: "Factures", ExportKind.CREDITS.value: "Avoirs",
}  # fmt: skip


class _Address(FlaskForm):
    class Meta:
        """Read from the address."""

        csrf = False


class JournalForm(_Address):
    """Which lines of the journal; what the address does not say, or says wrongly, is all."""

    month = SelectField("Mois", name="mois", choices={}, validate_choice=False)
    day = DateField("Jour", name="jour", format=DATE_FORMATS, validators=[Optional()], render_kw={"type": "date"})
    kind = SelectField("Nature", name="nature", choices={}, validate_choice=False)
    mode = SelectField("Mode", name="mode", choices={}, validate_choice=False)
    agent = SelectField("Agent", name="agent", choices={}, validate_choice=False)

    def __init__(self, sent: MultiDict[str, str], today: date, agents: Sequence[tuple[int, str]], months: Any) -> None:
        super().__init__(sent)
        self.month.choices = months
        self.kind.choices = {"": "Toutes", **choices_of(JournalKind)}
        self.mode.choices = {"": "Tous", **choices_of(PaymentMode)}
        self.agent.choices = {"": "Tous", **{str(id_): name for id_, name in agents}}
        self._today = today
        self.validate()

    def wanted(self, office_id: int) -> JournalFilter:
        """The lines of an office: of the day, where one is named, else of the month."""
        first = chosen_month(self.month.data or "", self._today)
        last = add_months(first, 1) - timedelta(days=1)
        if self.day.data and not self.day.errors:
            first = last = self.day.data
        kind, mode = self.kind.data or "", self.mode.data or ""
        return JournalFilter(
            office_id,
            first,
            last,
            PaymentMode(mode) if mode in set(PaymentMode) else None,
            JournalKind(kind) if kind in set(JournalKind) else None,
            id_of(self.agent.data) or None,
        )

    def kept(self) -> dict[str, str]:
        """What the address of another page of it says."""
        return {field.name: field.raw_data[0] for field in self if field.raw_data and field.raw_data[0]}


class DepositForm(FlaskForm):
    """What is handed in: all that was shown, or what is ticked of it."""

    office_id = HiddenField()
    mode = HiddenField()
    until = HiddenField()
    total = HiddenField()
    form_key = HiddenField()

    def typed(self, ticked: Sequence[str] | None) -> DepositInput | None:
        """What was sent; None for what no form of ours sends."""
        if self.mode.data not in set(IN_HAND_MODES):
            return None
        try:
            until = date.fromisoformat(self.until.data or "")
            total = int(self.total.data or "")
        except ValueError:
            return None
        ids = None if ticked is None else read_ticked(ticked)
        return DepositInput(
            id_of(self.office_id.data), PaymentMode(self.mode.data), until, ids, total if ids is None else None
        )


def read_ticked(sent: Sequence[str]) -> frozenset[int]:
    """The payments that were ticked, of this page and of those before."""
    return frozenset(id_of(each) for each in sent)


class ExportForm(_Address):
    """What is exported, of which days."""

    kind = SelectField("Quoi", name="quoi", choices=_EXPORTS, validators=[Listed()], validate_choice=False)
    first = DateField(
        "Du", name="du", format=DATE_FORMATS, validators=[Filled(message="Indiquez le premier jour.")],
        render_kw={"type": "date"},
    )  # fmt: skip
    last = DateField(
        "au", name="au", format=DATE_FORMATS, validators=[Filled(message="Indiquez le dernier jour.")],
        render_kw={"type": "date"},
    )  # fmt: skip

    def __init__(self, sent: MultiDict[str, str], today: date) -> None:
        """Without days in the address: the month before the present one."""
        this_month = today.replace(day=1)
        usual = {
            "quoi": ExportKind.JOURNAL.value, "du": add_months(this_month, -1).isoformat(),
            "au": (this_month - timedelta(days=1)).isoformat(),
        }  # fmt: skip
        super().__init__(sent if "du" in sent else MultiDict({**usual, **sent}))

    def validate_last(self, field: Field) -> None:
        """Raises ValidationError."""
        if self.first.data and field.data:
            if field.data < self.first.data:
                raise ValidationError("Ce jour est avant le premier.")
            if field.data - self.first.data > LONGEST_PERIOD:
                raise ValidationError(f"Trois ans au plus en une fois{NBSP}: choisissez une période plus courte.")


def _amount_field(text: str, hint: str) -> AmountField:
    return AmountField(
        text, filters=[strip], validators=[at_most(12)], description=hint,
        render_kw={"maxlength": 12, "inputmode": "decimal", "autocomplete": "off"},
    )  # fmt: skip


class DeskForm(FlaskForm):
    """The ceiling, the float, the minimum of invoices, the time to pay them, and the modes, each with a sentence."""

    ceiling = _amount_field(
        "Plafond d’encaisse",
        spaced("Le plus d’espèces que la régie peut garder, en euros. Vide : sans plafond."),
    )
    float_ = _amount_field("Fonds de caisse", "La monnaie confiée à la régie, en euros. Elle ne compte pas.")

    days_to_pay = IntegerField(
        "Jours pour payer",
        description=spaced(
            "Entre la date d’une facture et la date limite de paiement. Une facturation la propose et peut en dire une "
            "autre ; une facture corrigée la prend."
        ),
        validators=[
            Filled(message="Indiquez un nombre de jours, en chiffres."),
            NumberRange(1, _LONGEST_TO_PAY, message=f"De 1 à {_LONGEST_TO_PAY} jours."),
        ],
        render_kw={"inputmode": "numeric"},
    )
    minimum = _amount_field(
        "Minimum d’une facture",
        spaced(
            f"En euros, par exemple 15,00 : un titre ne peut pas être émis au-dessous de 15{NBSP}€. Ce qui est "
            "au-dessous attend, et s’ajoute à la facture d’un mois suivant. Vide : sans minimum."
        ),
    )

    @classmethod
    def of(cls, desk: DeskSettings) -> "DeskForm":
        """The form of what is set."""
        data: dict[str, Any] = {
            "ceiling": "" if desk.ceiling_cents is None else amount_typed(desk.ceiling_cents),
            "float_": amount_typed(desk.float_cents),
            "minimum": amount_typed(desk.minimum_cents) if desk.minimum_cents else "",
            "days_to_pay": desk.days_to_pay,
        }
        for each in desk.modes:
            data |= {f"takes_{each.mode}": each.is_taken, f"note_{each.mode}": each.note}
        return cls(data=data)

    def mode_fields(self) -> list[tuple[Field, Field]]:
        """The two fields of each mode."""
        return [(self[f"takes_{mode}"], self[f"note_{mode}"]) for mode in COUNTER_MODES]

    def validate_ceiling(self, field: Field) -> None:
        """Raises ValidationError."""
        if field.data and read_cents(field.data) is None:
            raise ValidationError(_AMOUNT)

    def validate_float_(self, field: Field) -> None:
        """Raises ValidationError."""
        if field.data and read_cents(field.data) is None:
            raise ValidationError(_AMOUNT)

    def validate_minimum(self, field: Field) -> None:
        """Raises ValidationError."""
        cents = read_cents(field.data) if field.data else 0
        if cents is None:
            raise ValidationError(_AMOUNT)
        if cents > _HIGHEST_MINIMUM:
            raise ValidationError(f"Le minimum d’une facture ne peut pas dépasser {euros(_HIGHEST_MINIMUM)}.")

    def typed(self) -> DeskSettings:
        """What was typed; only of a valid form."""
        modes = tuple(
            ModeSetting(mode, bool(takes.data), note.data)
            for mode, (takes, note) in zip(COUNTER_MODES, self.mode_fields(), strict=True)
        )
        ceiling = read_cents(self.ceiling.data) if self.ceiling.data else None
        minimum = (read_cents(self.minimum.data) if self.minimum.data else None) or None
        return DeskSettings(
            modes, ceiling, read_cents(self.float_.data or "0") or 0, minimum, self.days_to_pay.data or 0
        )


for _mode in COUNTER_MODES:
    setattr(DeskForm, f"takes_{_mode}", BooleanField(label(_mode)))
    setattr(
        DeskForm,
        f"note_{_mode}",
        text_field(f"Précision ({in_sentence(label(_mode))})", longest=120, autocomplete="off"),
    )


class KeeperForm(FlaskForm):
    """Who is named for a régie."""

    name = text_field("Nom et prénom", required="Indiquez qui est nommé.", longest=80, autocomplete="off")
    role = SelectField("Fonction", choices=choices_of(KeeperRole), validators=[Listed()], validate_choice=False)
    starts_on = DateField("À partir du", format=DATE_FORMATS, validators=[Filled(message="Indiquez le premier jour.")])
    ends_on = DateField(
        "Jusqu’au", format=DATE_FORMATS, validators=[Optional()], description=spaced("Vide : jusqu’à nouvel ordre.")
    )

    def __init__(self, row: KeeperRow | None) -> None:
        super().__init__(obj=row)

    def validate_ends_on(self, field: Field) -> None:
        """Raises ValidationError."""
        if field.data and self.starts_on.data and field.data < self.starts_on.data:
            raise ValidationError("Ce jour est avant le premier.")

    def typed(self) -> Keeper:
        """What was typed; only of a valid form."""
        starts_on = self.starts_on.data
        assert starts_on is not None
        return Keeper(self.name.data, KeeperRole(self.role.data), starts_on, self.ends_on.data)
