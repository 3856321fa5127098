"""The shape of « Coordonnées » and of a child."""

import re
from datetime import date, timedelta

from flask_wtf import FlaskForm
from wtforms import DateField, Field, SelectField
from wtforms.validators import ValidationError

from app import clock
from app.filters import month_long, spaced
from app.forms.fields import (
    DATE_FORMATS,
    LONGEST_NAME,
    CommuneChecks,
    Filled,
    Listed,
    PersonName,
    city_field,
    phone_field,
    postal_code_field,
    read_cents,
    text_field,
)
from app.labels import REGIME_CHOICES
from app.rules.addresses import REPETITIONS
from app.rules.enrolments import age_on
from app.rules.phones import normalise_phone
from app.services.families import AddressInput, ChildInput, QuotientInput

ADULT_AGE = 18
MONTHS_OFFERED = 24
LARGEST_QUOTIENT_CENTS = 10_000_000

_FUND_REGIMES = ("general", "agricultural")
_HOUSE_NUMBER = re.compile(r"(?:\d{1,5}(?:[-/]\d{1,5})?)?")


class HouseNumber:
    """A house number (12, 12-14), or none: a « lieu-dit » has no number."""

    def __call__(self, form: FlaskForm, field: Field) -> None:
        """Raises ValidationError."""
        number = field.data.replace(" ", "")
        if not _HOUSE_NUMBER.fullmatch(number):
            raise ValidationError(
                spaced("Indiquez seulement le numéro, par exemple 12. « Bis » ou « ter » se choisit à côté.")
            )
        field.data = number


class CoordinatesForm(CommuneChecks, FlaskForm):
    """Every field of the guide's « Coordonnées »."""

    last_name = text_field(
        "Nom", required="Indiquez le nom de la famille.", longest=LONGEST_NAME, checks=[PersonName()],
        autocomplete="family-name",
    )  # fmt: skip
    first_name = text_field(
        "Prénom", required="Indiquez le prénom.", longest=LONGEST_NAME, checks=[PersonName()], autocomplete="given-name"
    )
    home_phone = phone_field("Tél. Fixe")
    postal_code = postal_code_field()
    city = city_field()
    mobile_phone = phone_field("Tél. Portable")
    number = text_field("Numéro", longest=11, checks=[HouseNumber()])
    repetition = SelectField(
        "Bis, Ter, etc.", choices={"": "Aucun", **{word: word for word in REPETITIONS}}, validators=[Listed()],
        validate_choice=False,
    )  # fmt: skip
    street = text_field("Voie", required="Indiquez votre rue ou votre lieu-dit.", autocomplete="address-line1")
    complement = text_field("Complément", autocomplete="address-line2")
    regime = SelectField(
        "Régime allocataire",
        choices={"": "Choisissez…", **REGIME_CHOICES},
        validators=[Filled(message="Choisissez votre régime. « Aucun » est aussi une réponse."), Listed()],
        validate_choice=False,
    )
    fund_number = text_field("Num. allocataire", longest=15, autocomplete="off")
    fund_holder_name = text_field("Nom allocataire", longest=2 * LONGEST_NAME)
    quotient = text_field("Quotient familial", longest=10, inputmode="decimal", autocomplete="off")
    quotient_month = SelectField("Mois du quotient", validate_choice=False)

    has_quotient = False  # whether one was declared before: a newer one follows it, nothing takes it away

    def offer_months(self, today: date, present: date | None) -> None:
        """Fill the list of months: the last two years, and the one that the family gave if it is older."""
        self.has_quotient = present is not None
        months = [today.replace(day=1)]
        while len(months) < MONTHS_OFFERED:
            months.append((months[-1] - timedelta(days=1)).replace(day=1))
        if present is not None and present not in months:
            months.append(present)
        self.quotient_month.choices = {"": "Choisissez…", **{month.isoformat(): month_long(month) for month in months}}

    @property
    def asks_fund(self) -> bool:
        """Whether the regime chosen has a number and a holder."""
        return self.regime.data in _FUND_REGIMES

    def address(self) -> AddressInput:
        """The address; only of a valid form."""
        assert self.commune is not None
        return AddressInput(
            self.number.data, self.repetition.data, self.street.data, self.complement.data, self.commune
        )

    def phones(self) -> tuple[str | None, str | None]:
        """Home and mobile phone as stored; only of a valid form."""
        home, mobile = (normalise_phone(f.data) if f.data else None for f in (self.home_phone, self.mobile_phone))
        return home, mobile

    def quotient_input(self) -> QuotientInput | None:
        """The quotient that was declared, if any; only of a valid form."""
        cents = read_cents(self.quotient.data)
        return None if cents is None else QuotientInput(cents, date.fromisoformat(self.quotient_month.data))

    def validate_mobile_phone(self, field: Field) -> None:
        """One phone is enough, but we need one. Raises ValidationError."""
        if not field.data and not self.home_phone.data:
            raise ValidationError("Indiquez au moins un numéro de téléphone, fixe ou portable.")

    def validate_fund_number(self, field: Field) -> None:
        """Raises ValidationError."""
        if not self.asks_fund:
            return
        if not field.data:
            raise ValidationError("Indiquez votre numéro d’allocataire CAF ou MSA.")
        digits = field.data.replace(" ", "")
        if re.fullmatch(r"[12]\d{12}(\d{2})?", digits):
            raise ValidationError(
                "C’est un numéro de sécurité sociale. Le numéro d’allocataire est sur votre attestation CAF ou MSA."
            )
        if not re.fullmatch(r"[0-9]{3,13}[A-Za-z]?", digits):
            raise ValidationError("Un numéro d’allocataire est fait de chiffres, parfois suivis d’une lettre.")

    def validate_fund_holder_name(self, field: Field) -> None:
        """Raises ValidationError."""
        if self.asks_fund and not field.data:
            raise ValidationError("Indiquez le nom de l’allocataire, comme sur l’attestation.")

    def validate_quotient(self, field: Field) -> None:
        """Raises ValidationError."""
        if not field.data and self.has_quotient:
            raise ValidationError("Un quotient déclaré ne s’efface pas. Indiquez celui de votre dernière attestation.")
        if not field.data:
            return
        cents = read_cents(field.data)
        if cents is None or cents > LARGEST_QUOTIENT_CENTS:
            raise ValidationError("Indiquez le quotient en euros, par exemple 812 ou 812,50.")

    def validate_quotient_month(self, field: Field) -> None:
        """Raises ValidationError."""
        if self.quotient.data and not field.data:
            raise ValidationError("Choisissez le mois de ce quotient : il est écrit sur votre attestation.")
        if field.data and field.data not in {value for value, *_ in self.quotient_month.iter_choices()}:
            raise ValidationError("Choisissez un mois de la liste.")


class ChildForm(FlaskForm):
    """A child's identity."""

    last_name = text_field(
        "Nom", required="Indiquez le nom de l’enfant.", longest=LONGEST_NAME, checks=[PersonName()], autocomplete="off"
    )
    first_name = text_field(
        "Prénom", required="Indiquez le prénom de l’enfant.", longest=LONGEST_NAME, checks=[PersonName()],
        autocomplete="off",
    )  # fmt: skip
    birth_date = DateField(
        "Date de naissance",
        format=DATE_FORMATS,
        validators=[Filled(message="Indiquez la date de naissance, par exemple 14/05/2018.")],
        render_kw={"autocomplete": "off"},
    )

    def child(self) -> ChildInput:
        """What was typed; only of a valid form."""
        assert self.birth_date.data is not None
        return ChildInput(self.last_name.data, self.first_name.data, self.birth_date.data)

    def validate_birth_date(self, field: Field) -> None:
        """Raises ValidationError."""
        today = clock.today()
        if field.data > today:
            raise ValidationError("Cette date n’est pas encore arrivée. Vérifiez l’année.")
        if age_on(field.data, today) >= ADULT_AGE:
            raise ValidationError("Nos activités s’adressent aux moins de 18 ans. Vérifiez l’année.")


def month_code(month: date | None) -> str:
    """The value of a month in the list."""
    return "" if month is None else month.isoformat()


def amount_typed(cents: int | None) -> str:
    """« 812,50 », as a person would type it."""
    if cents is None:
        return ""
    euros, rest = divmod(cents, 100)
    return f"{euros},{rest:02d}" if rest else str(euros)
