"""The shape of « Coordonnées » and of a child."""

import re
from datetime import date

from flask_wtf import FlaskForm
from wtforms import Field, RadioField, SelectField, SelectMultipleField
from wtforms.validators import ValidationError
from wtforms.widgets import CheckboxInput

from app import clock
from app.filters import NBSP, month_long, spaced
from app.forms.bases import SectionForm, as_text
from app.forms.fields import (
    DATE_FORMATS,
    LONGEST_NAME,
    AmountField,
    CommuneChecks,
    DateField,
    Filled,
    Listed,
    MonthField,
    PersonName,
    TextField,
    at_most,
    city_field,
    phone_field,
    postal_code_field,
    read_cents,
    strip,
    text_field,
)
from app.forms.months import months_offered
from app.labels import CUSTODY_CHOICES, CUSTODY_WEEK_CHOICES, QUOTIENT_SOURCE_CHOICES, REGIME_CHOICES
from app.rules.addresses import REPETITIONS
from app.rules.enrolments import age_on
from app.rules.file_fields import QUOTIENT_FIELDS, Custody

ADULT_AGE = 18
LARGEST_QUOTIENT_CENTS = 10_000_000

DECLARED = "declared"

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


class FundChecks:
    """The benefit fund: whose regime has one must say its number and its holder."""

    regime: SelectField
    fund_number: TextField
    fund_holder_name: TextField

    @property
    def asks_fund(self) -> bool:
        """Whether the regime chosen has a number and a holder."""
        return self.regime.data in _FUND_REGIMES

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


def check_quotient(field: Field) -> None:
    """Raises ValidationError for what is no quotient."""
    cents = read_cents(field.data)
    if cents is None or cents > LARGEST_QUOTIENT_CENTS:
        raise ValidationError("Indiquez le quotient en euros, par exemple 812 ou 812,50.")


class CoordinatesForm(CommuneChecks, FundChecks, SectionForm):
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
    quotient = AmountField(
        "Quotient familial", filters=[strip], validators=[at_most(10)],
        render_kw={"maxlength": 10, "inputmode": "decimal", "autocomplete": "off"},
    )  # fmt: skip
    quotient_month = MonthField("Mois du quotient", validate_choice=False)
    quotient_source = SelectField(
        "Où ce quotient est-il écrit" + NBSP + "?", choices={"": "Choisissez…", **QUOTIENT_SOURCE_CHOICES},
        validators=[Listed()], validate_choice=False,
    )  # fmt: skip

    declines_quotient = SelectMultipleField(
        "Quotient non communiqué", choices={"yes": "Je ne souhaite pas communiquer mon quotient familial"},
        option_widget=CheckboxInput(), validators=[Listed()], validate_choice=False,
    )  # fmt: skip

    has_quotient = False  # whether one was declared before: a newer one follows it, nothing takes it away

    def offer_months(self, today: date, given: str) -> None:
        """Fill the list of months: the last two years, and the one that the family gave if it is older."""
        present = date.fromisoformat(given) if given else None
        self.has_quotient = present is not None
        months = list(months_offered(today).values())
        if present is not None and present not in months:
            months.append(present)
        self.quotient_month.choices = {"": "Choisissez…", **{month.isoformat(): month_long(month) for month in months}}

    def values(self) -> dict[str, str]:
        """What was typed, as `services.families` stores it; only of a valid form."""
        found = super().values()
        if not found["quotient"]:
            found.update(dict.fromkeys(QUOTIENT_FIELDS, ""))
        elif not found["quotient_source"]:
            found["quotient_source"] = DECLARED
        return found

    def validate_mobile_phone(self, field: Field) -> None:
        """One phone is enough, but we need one. Raises ValidationError."""
        if not field.data and not self.home_phone.data:
            raise ValidationError("Indiquez au moins un numéro de téléphone, fixe ou portable.")

    def validate_quotient(self, field: Field) -> None:
        """Raises ValidationError."""
        if not field.data and self.has_quotient:
            raise ValidationError("Un quotient déclaré ne s’efface pas. Indiquez celui de votre dernière attestation.")
        if field.data:
            check_quotient(field)

    def validate_declines_quotient(self, field: Field) -> None:
        """Raises ValidationError."""
        told = [as_text(self[name]) for name in QUOTIENT_FIELDS[:2]]
        if field.data and told[0] and told != [self.shown().get(name, "") for name in QUOTIENT_FIELDS[:2]]:
            raise ValidationError(
                "Vous indiquez un nouveau quotient. Décochez cette case pour qu’il compte, ou laissez l’ancien."
            )

    def validate_quotient_month(self, field: Field) -> None:
        """Raises ValidationError."""
        if self.quotient.data and not field.data:
            raise ValidationError("Choisissez le mois de ce quotient : il est écrit sur votre attestation.")
        if field.data and field.data not in {value for value, *_ in self.quotient_month.iter_choices()}:
            raise ValidationError("Choisissez un mois de la liste.")


class ChildFields:
    """A child's identity, and what is asked of it."""

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

    def validate_birth_date(self, field: Field) -> None:
        """Raises ValidationError."""
        today = clock.today()
        if field.data > today:
            raise ValidationError("Cette date n’est pas encore arrivée. Vérifiez l’année.")
        if age_on(field.data, today) >= ADULT_AGE:
            raise ValidationError("Nos activités s’adressent aux moins de 18 ans. Vérifiez l’année.")


class ChildForm(ChildFields, SectionForm):
    """A child's identity."""


class CustodyForm(SectionForm):
    """With whom a child lives, in neutral words."""

    arrangement = RadioField(
        "Avec qui l’enfant vit-il" + NBSP + "?", choices=CUSTODY_CHOICES,
        validators=[Filled(message="Choisissez une réponse."), Listed()], validate_choice=False,
    )  # fmt: skip
    with_whom = text_field("Nom de ce parent", longest=2 * LONGEST_NAME, autocomplete="off")
    weeks = SelectField(
        "Semaines passées dans votre foyer", choices={"": "Choisissez…", **CUSTODY_WEEK_CHOICES},
        validators=[Listed()], validate_choice=False,
    )  # fmt: skip
    detail = text_field("Précisions", longest=200, autocomplete="off")

    def values(self) -> dict[str, str]:
        """What was typed, without what the answer makes meaningless; only of a valid form."""
        found = super().values()
        if found["arrangement"] != Custody.ONE_PARENT:
            found["with_whom"] = ""
        if found["arrangement"] != Custody.ALTERNATING:
            found["weeks"] = ""
        return found

    def validate_with_whom(self, field: Field) -> None:
        """Raises ValidationError."""
        if self.arrangement.data == Custody.ONE_PARENT and not field.data:
            raise ValidationError("Indiquez le nom du parent chez qui l’enfant vit.")

    def validate_weeks(self, field: Field) -> None:
        """Raises ValidationError."""
        if self.arrangement.data == Custody.ALTERNATING and not field.data:
            raise ValidationError("Indiquez les semaines que l’enfant passe chez vous.")

    def validate_detail(self, field: Field) -> None:
        """Raises ValidationError."""
        if self.arrangement.data == Custody.OTHER and not field.data:
            raise ValidationError("Dites en quelques mots avec qui l’enfant vit.")
