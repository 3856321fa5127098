"""The shape of an adult of the family: every field of the guide's « Parents »."""

from wtforms import Field, RadioField, SelectField
from wtforms.validators import Optional, ValidationError

from app import clock
from app.filters import NBSP
from app.forms.bases import SectionForm
from app.forms.families import HouseNumber
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
    phone_field,
    text_field,
)
from app.labels import OCCUPATION_CHOICES, SITUATION_CHOICES, TITLE_CHOICES
from app.rules.addresses import REPETITIONS
from app.rules.file_fields import OWN_ADDRESS_FIELDS
from app.services.guardians import FAMILY_HOME, OWN_HOME

FIRST_BIRTH_YEAR = 1900


class GuardianForm(CommuneChecks, SectionForm):
    """An adult; the address counts only for one who does not live with the family."""

    title = RadioField(
        "Civilité", choices=TITLE_CHOICES, validators=[Filled(message="Choisissez la civilité."), Listed()],
        validate_choice=False,
    )  # fmt: skip
    last_name = text_field("Nom", required="Indiquez le nom.", longest=LONGEST_NAME, checks=[PersonName()])
    first_name = text_field("Prénom", required="Indiquez le prénom.", longest=LONGEST_NAME, checks=[PersonName()])
    situation = SelectField(
        "Situation familiale", choices={"": "Non renseignée", **SITUATION_CHOICES}, validators=[Listed()],
        validate_choice=False,
    )  # fmt: skip
    birth_date = DateField(
        "Date de naissance", format=DATE_FORMATS, validators=[Optional()], render_kw={"type": "date"}
    )
    home = RadioField(
        "Où vit cette personne" + NBSP + "?",
        choices={FAMILY_HOME: "À l’adresse de la famille", OWN_HOME: "À une autre adresse, indiquée ici"},
        validators=[Filled(message="Choisissez une des deux réponses."), Listed()], validate_choice=False,
    )  # fmt: skip
    number = text_field("Numéro", longest=11, checks=[HouseNumber()])
    repetition = SelectField(
        "Bis, Ter, etc.", choices={"": "Aucun", **{word: word for word in REPETITIONS}}, validators=[Listed()],
        validate_choice=False,
    )  # fmt: skip
    street = text_field("Voie")
    complement = text_field("Complément")
    postal_code = text_field("CP", longest=10, inputmode="numeric")
    city = text_field("Ville")
    email = text_field(
        "Email", longest=LONGEST_EMAIL, checks=[Optional(), EmailAddress()], type="email", inputmode="email",
        spellcheck="false",
    )  # fmt: skip
    mobile_phone = phone_field("Tél. Portable", autocomplete="off")
    home_phone = phone_field("Tél. Fixe", autocomplete="off")
    work_phone = phone_field("Tél. Travail", autocomplete="off")
    work_mobile_phone = phone_field("Tél. Portable Professionnel", autocomplete="off")
    occupation = SelectField(
        "Catégorie socio-professionnelle", choices={"": "Non renseignée", **OCCUPATION_CHOICES},
        validators=[Listed()], validate_choice=False,
    )  # fmt: skip
    profession = text_field("Profession")
    employer = text_field("Employeur")

    @property
    def lives_elsewhere(self) -> bool:
        """Whether the address typed here counts."""
        return bool(self.home.data == OWN_HOME)

    def values(self) -> dict[str, str]:
        """What was typed, as `services.guardians` compares it; only of a valid form."""
        found = super().values()
        if not self.lives_elsewhere:
            found.update(dict.fromkeys(OWN_ADDRESS_FIELDS, ""), home=FAMILY_HOME)
        if "email" in found:
            found["email"] = found["email"].lower()
        return found

    def validate_birth_date(self, field: Field) -> None:
        """Raises ValidationError."""
        if field.data and (field.data.year < FIRST_BIRTH_YEAR or field.data > clock.today()):
            raise ValidationError("Vérifiez l’année de naissance.")

    def validate_street(self, field: Field) -> None:
        """Raises ValidationError."""
        if self.lives_elsewhere and not field.data:
            raise ValidationError("Indiquez la rue ou le lieu-dit.")

    def validate_postal_code(self, field: Field) -> None:
        """Raises ValidationError."""
        if self.lives_elsewhere:
            field.data = field.data.replace(" ", "")
            super().validate_postal_code(field)

    def validate_city(self, field: Field) -> None:
        """Raises ValidationError."""
        if self.lives_elsewhere:
            super().validate_city(field)
