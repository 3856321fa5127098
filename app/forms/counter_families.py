"""The shape of a family that the counter makes."""

from collections.abc import Sequence
from typing import Any

from flask_wtf import FlaskForm
from wtforms import BooleanField, Field, RadioField
from wtforms.validators import Optional, ValidationError

from app import clock
from app.filters import spaced
from app.forms.families import ADULT_AGE
from app.forms.fields import (
    DATE_FORMATS,
    LONGEST_EMAIL,
    LONGEST_NAME,
    CommuneChecks,
    DateField,
    EmailAddress,
    Filled,
    Listed,
    PersonName,
    city_field,
    phone_field,
    postal_code_field,
    text_field,
)
from app.labels import TITLE_CHOICES
from app.rules.addresses import split_street_line
from app.rules.enrolments import age_on
from app.rules.phones import normalise_phone
from app.services.counter_families import NewFamily
from app.services.families import AddressInput, ChildInput

CHILDREN = 4
"""Rows for children; others are added in the file afterwards."""


def _date_field(label: str, *checks: Any) -> DateField:
    return DateField(label, format=DATE_FORMATS, validators=checks, render_kw={"type": "date", "autocomplete": "off"})


class AdultFields:
    """An adult, with what is asked of them."""

    title = RadioField(
        "Civilité", choices=TITLE_CHOICES, validators=[Filled(message="Choisissez la civilité."), Listed()],
        validate_choice=False,
    )  # fmt: skip
    last_name = text_field(
        "Nom", required="Indiquez le nom.", longest=LONGEST_NAME, checks=[PersonName()], autocomplete="off"
    )
    first_name = text_field(
        "Prénom", required="Indiquez le prénom.", longest=LONGEST_NAME, checks=[PersonName()], autocomplete="off"
    )
    email = text_field(
        "Email", longest=LONGEST_EMAIL, checks=[Optional(), EmailAddress()], type="email", inputmode="email",
        autocomplete="off", spellcheck="false",
    )  # fmt: skip
    mobile_phone = phone_field("Tél. Portable", autocomplete="off")


class CounterFamilyForm(AdultFields, CommuneChecks, FlaskForm):
    """An address, an adult, children and the consent that was signed on paper."""

    home_phone = phone_field("Tél. Fixe", autocomplete="off")
    street_line = text_field("Adresse", required="Indiquez l’adresse.", autocomplete="off")
    complement = text_field("Complément", autocomplete="off")
    postal_code = postal_code_field()
    city = city_field()
    consent_on = _date_field("Accord signé le", Filled(message="Indiquez la date de l’accord signé sur papier."))
    is_new = BooleanField("Ce n’est aucune de ces familles")

    def validate_consent_on(self, field: Field) -> None:
        """Raises ValidationError."""
        if field.data > clock.today():
            raise ValidationError("Cette date n’est pas encore arrivée. Vérifiez l’année.")

    @property
    def child_rows(self) -> Sequence[tuple[Field, Field, Field]]:
        """First name, last name and birth date of each row."""
        return [
            (self[f"child_{row}_first_name"], self[f"child_{row}_last_name"], self[f"child_{row}_birth_date"])
            for row in range(1, CHILDREN + 1)
        ]

    def validate(self, extra_validators: Any = None) -> bool:
        """A row of a child is empty or whole; without a last name, the child bears the adult's."""
        valid: bool = super().validate(extra_validators)
        for first_name, last_name, birth_date in self.child_rows:
            if not (first_name.data or last_name.data or (birth_date.raw_data and birth_date.raw_data[0])):
                continue
            if not first_name.data:
                first_name.errors = ["Indiquez le prénom de l’enfant."]
            if birth_date.data is None and not birth_date.errors:
                birth_date.errors = ["Indiquez la date de naissance."]
            valid = valid and not first_name.errors and not birth_date.errors
        return valid

    def family(self, consent_text_id: int) -> NewFamily:
        """What was typed; only of a valid form."""
        line = split_street_line(self.street_line.data)
        assert self.commune is not None and self.consent_on.data is not None
        return NewFamily(
            title=self.title.data,
            last_name=self.last_name.data,
            first_name=self.first_name.data,
            email=self.email.data or None,
            mobile_phone=normalise_phone(self.mobile_phone.data) if self.mobile_phone.data else None,
            home_phone=normalise_phone(self.home_phone.data) if self.home_phone.data else None,
            address=AddressInput(line.number, line.repetition, line.street, self.complement.data, self.commune),
            children=tuple(
                ChildInput(last_name.data or self.last_name.data, first_name.data, birth_date.data)
                for first_name, last_name, birth_date in self.child_rows
                if first_name.data
            ),
            consent_on=self.consent_on.data,
            consent_text_id=consent_text_id,
        )


def _check_birth(_form: FlaskForm, field: Field) -> None:
    today = clock.today()
    if field.data and (field.data > today or age_on(field.data, today) >= ADULT_AGE):
        raise ValidationError(spaced("Vérifiez l’année : un enfant a moins de 18 ans."))


def _child_fields() -> dict[str, Any]:
    fields: dict[str, Any] = {}
    for row in range(1, CHILDREN + 1):
        for name, label in (("first_name", "Prénom"), ("last_name", "Nom")):
            fields[f"child_{row}_{name}"] = text_field(
                label, longest=LONGEST_NAME, checks=[PersonName()], autocomplete="off"
            )
        fields[f"child_{row}_birth_date"] = _date_field("Date de naissance", Optional(), _check_birth)
    return fields


def counter_family_form() -> CounterFamilyForm:
    """The form, with its rows of children."""
    form: CounterFamilyForm = type("CounterFamilyFormWithChildren", (CounterFamilyForm,), _child_fields())()
    return form
