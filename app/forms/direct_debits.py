"""Direct debits: how an office collects, what a family signed, when is collected, and why something came back."""

from datetime import date, timedelta
from typing import Any

from flask_wtf import FlaskForm
from werkzeug.datastructures import MultiDict
from wtforms import BooleanField, Field, HiddenField, SelectField
from wtforms.validators import ValidationError

from app.filters import spaced
from app.forms.fields import DATE_FORMATS, DateField, Filled, Listed, text_field
from app.forms.tariff_fields import whole_field
from app.labels import choices_of, label
from app.rules.calendars import add_months
from app.rules.direct_debits import (
    BANK_REFUSALS,
    FURTHEST_DAYS,
    LAPSES_AFTER_MONTHS,
    DebitRefusal,
    LeftOut,
    LineState,
    day_obstacle,
    first_collection_day,
    read_bic,
    read_creditor_identifier,
)
from app.rules.ibans import read_iban
from app.services.catalogue import catalogue
from app.services.debit_batches import PreviewSum
from app.services.debit_mandates import DebitDesk, MandateInput

LONGEST_NOTICE = 60  # days
_WRONG_IBAN = spaced("Cet IBAN n’est pas juste : vérifiez ses chiffres, par exemple sur un RIB.")


class DebitDeskForm(FlaskForm):
    """Whether an office collects, and as which creditor; an IBAN that is stored stays unless another is typed."""

    is_on = BooleanField("Ce service prélève les familles qui ont signé un mandat")
    creditor_identifier = text_field(
        "Identifiant créancier SEPA (ICS)", longest=42, autocomplete="off", spellcheck="false",
        description=spaced("13 caractères, donnés par la Banque de France : FR72 ZZZ 123456."),
    )  # fmt: skip
    creditor_name = text_field(
        "Nom du créancier",
        longest=70,
        autocomplete="off",
        description="Les familles le lisent sur leur relevé bancaire.",
    )
    iban = text_field(
        "IBAN à créditer", longest=42, autocomplete="off", spellcheck="false", autocapitalize="characters"
    )
    bic = text_field(
        "BIC", longest=14, autocomplete="off", spellcheck="false", autocapitalize="characters",
        description=spaced("Facultatif : la banque le déduit de l’IBAN."),
    )  # fmt: skip
    notice_days = whole_field(
        "Jours entre l’annonce et le prélèvement", 1, LONGEST_NOTICE, required="Indiquez un nombre de jours.",
        hint="14 jours si rien d’autre n’est convenu avec les familles.",
    )  # fmt: skip

    def __init__(self, desk: DebitDesk) -> None:
        super().__init__(
            data={
                "is_on": desk.is_on, "creditor_identifier": desk.creditor_identifier,
                "creditor_name": desk.creditor_name, "bic": desk.bic, "notice_days": str(desk.notice_days),
            }
        )  # fmt: skip
        self._desk = desk

    def validate_creditor_identifier(self, field: Field) -> None:
        """Raises ValidationError."""
        if not field.data and self.is_on.data:
            raise ValidationError(spaced("Indiquez l’ICS : sans lui, aucun prélèvement ne part."))
        if field.data and read_creditor_identifier(field.data) is None:
            raise ValidationError(spaced("Cet ICS n’est pas juste : vérifiez ses caractères."))

    def validate_creditor_name(self, field: Field) -> None:
        """Raises ValidationError."""
        if not field.data and self.is_on.data:
            raise ValidationError("Indiquez le nom du créancier.")

    def validate_iban(self, field: Field) -> None:
        """Raises ValidationError."""
        if not field.data and self.is_on.data and not self._desk.iban:
            raise ValidationError("Indiquez l’IBAN sur lequel arrivent les prélèvements.")
        if field.data and read_iban(field.data) is None:
            raise ValidationError(_WRONG_IBAN)

    def validate_bic(self, field: Field) -> None:
        """Raises ValidationError."""
        if field.data and read_bic(field.data) is None:
            raise ValidationError("Un BIC a 8 ou 11 caractères, par exemple BDFEFRPP.")

    def typed(self) -> DebitDesk:
        """What was typed; only of a valid form."""
        return DebitDesk(
            bool(self.is_on.data), read_creditor_identifier(self.creditor_identifier.data) or "",
            self.creditor_name.data, read_iban(self.iban.data) or self._desk.iban, read_bic(self.bic.data) or "",
            int(self.notice_days.data),
        )  # fmt: skip


class MandateForm(FlaskForm):
    """A mandate as its paper says it."""

    service = HiddenField()
    holder = text_field("Titulaire du compte", required="Indiquez à qui est le compte.", longest=70, autocomplete="off")
    iban = text_field(
        "IBAN du compte", required="Indiquez l’IBAN du compte.", longest=42, autocomplete="off", spellcheck="false",
        autocapitalize="characters",
    )  # fmt: skip
    signed_on = DateField(
        "Signé le", format=DATE_FORMATS, validators=[Filled(message="Indiquez la date de la signature.")],
        render_kw={"type": "date"},
    )  # fmt: skip

    def __init__(self, office_id: int, holder: str, today: date) -> None:
        super().__init__(data={"holder": holder})
        self.service.data = str(office_id)
        self._today = today

    def validate_iban(self, field: Field) -> None:
        """Raises ValidationError."""
        if field.data and read_iban(field.data) is None:
            raise ValidationError(_WRONG_IBAN)

    def validate_signed_on(self, field: Field) -> None:
        """Raises ValidationError."""
        if field.data > self._today:
            raise ValidationError("Cette date n’est pas encore arrivée.")
        if field.data <= add_months(self._today, -LAPSES_AFTER_MONTHS):
            raise ValidationError(spaced("Ce mandat est caduc : il a plus de 36 mois. Faites-en signer un autre."))

    def typed(self) -> MandateInput:
        """What was typed; only of a valid form."""
        iban, signed_on = read_iban(self.iban.data), self.signed_on.data
        assert iban is not None and signed_on is not None
        return MandateInput(self.holder.data, iban, signed_on)


class EndMandateForm(FlaskForm):
    """Why a mandate ends."""

    reason = text_field(
        "Motif", required=spaced("Indiquez le motif, par exemple : nouveau compte."), longest=200,
        autocomplete="off",
    )  # fmt: skip


class CollectionForm(FlaskForm):
    """On which day is collected; and which invoices of its preview are shown. Read from the address."""

    class Meta:
        """A form that only asks has no token."""

        csrf = False

    day = DateField(
        "Prélever le", name="jour", format=DATE_FORMATS, validators=[Filled(message="Indiquez le jour.")],
        render_kw={"type": "date"},
    )  # fmt: skip
    shown = SelectField("Montrer", name="montrer", choices={}, validate_choice=False)

    def __init__(self, sent: MultiDict[str, str], today: date, notice_days: int) -> None:
        """Without a day in the address: the first that may be."""
        self.first = first_collection_day(today, notice_days, catalogue().calendar.is_working_day)
        usual: dict[str, Any] = {"jour": self.first.isoformat()}
        super().__init__(MultiDict({**usual, **{name: sent[name] for name in ("jour", "montrer") if name in sent}}))
        self.shown.choices = {"": "Ce qui est prélevé", **choices_of(LeftOut)}
        self._today, self._notice_days = today, notice_days

    def validate_day(self, field: Field) -> None:
        """Raises ValidationError."""
        obstacle = day_obstacle(field.data, self._today, self._notice_days, catalogue().calendar.is_working_day)
        if obstacle is not None:
            raise ValidationError(label(obstacle))

    @property
    def reason(self) -> LeftOut | None:
        """Of which reason the invoices are shown; None: those that are collected."""
        return LeftOut(self.shown.data) if self.shown.data in set(LeftOut) else None

    @property
    def last(self) -> date:
        """The last day that may be."""
        return self._today + timedelta(days=FURTHEST_DAYS)


class PrepareForm(FlaskForm):
    """What the preview showed, to be collected."""

    service = HiddenField()
    day = HiddenField()
    count = HiddenField()
    total = HiddenField()
    form_key = HiddenField()

    def typed(self) -> tuple[date, PreviewSum] | None:
        """The day, and what was shown; None for what no form of ours sends."""
        try:
            day = date.fromisoformat(self.day.data or "")
            return day, PreviewSum(int(self.count.data or ""), int(self.total.data or ""))
        except ValueError:
            return None


class LineFilterForm(FlaskForm):
    """Which lines of a collection are shown; read from the address."""

    class Meta:
        """A form that only asks has no token."""

        csrf = False

    shown = SelectField("Montrer", name="etat", choices={}, validate_choice=False)

    def __init__(self, sent: MultiDict[str, str]) -> None:
        super().__init__(sent)
        self.shown.choices = {"": "Toutes les lignes", **choices_of(LineState)}

    @property
    def state(self) -> LineState | None:
        """Of which state; None: all."""
        return LineState(self.shown.data) if self.shown.data in set(LineState) else None


class RefusalForm(FlaskForm):
    """Why a bank did not collect, or sent back."""

    code = SelectField(
        "Motif de la banque", choices={"": "Choisissez", **{each.value: label(each) for each in BANK_REFUSALS}},
        validators=[Filled(message="Choisissez le motif que la banque a donné."), Listed()], validate_choice=False,
    )  # fmt: skip

    def typed(self) -> DebitRefusal:
        """What was chosen; only of a valid form."""
        return DebitRefusal(self.code.data)
