"""What several forms share: French messages, names, e-mail addresses, phones, and postal code with town.

Forms check the shape of what was typed. Nothing here changes data.
"""

import re
import unicodedata
from collections.abc import Callable, Sequence
from typing import Any

from email_validator import EmailNotValidError, validate_email
from flask_wtf import FlaskForm
from wtforms import DateField as WTFormsDateField
from wtforms import Field, PasswordField, RadioField, SelectField, SelectMultipleField, StringField
from wtforms.validators import InputRequired, Length, StopValidation, ValidationError

from app.rules.addresses import is_postal_code
from app.rules.phones import InvalidPhone, normalise_phone
from app.rules.texts import fold
from app.services.families import CommuneChoice, communes_named, communes_of_postal_code

DATE_FORMATS = ["%Y-%m-%d", "%d/%m/%Y", "%d.%m.%Y", "%d-%m-%Y", "%d %m %Y"]
"""A date as a browser's picker sends it, and as people type it."""

LONGEST_NAME = 60
LONGEST_EMAIL = 120
LONGEST_LINE = 100
_LISTED_AT_MOST = 12

_NAME = re.compile(r"[^\W\d_](?:[^\W\d_]|[ ’'.\-])*")
# Names stand in mails to addresses that nobody has confirmed: none may read as the address of a site.
_ADDRESS_OF_A_SITE = re.compile(r"\.[^\W\d_]{2}")
_AMOUNT = re.compile(r"([0-9]{1,6})(?:[.,]([0-9]{1,2}))?")
_ABBREVIATIONS = {"st": "saint", "ste": "sainte", "s": "sur"}


def read_cents(text: str) -> int | None:
    """« 1 234,50 » or « 812 », in cents; None for what is no amount of at most six digits before the comma."""
    match = _AMOUNT.fullmatch(re.sub(r"[\s€]", "", text))
    if match is None:
        return None
    euros, rest = match.groups()
    return int(euros) * 100 + int((rest or "0").ljust(2, "0"))


def amount_typed(cents: int) -> str:
    """« 812,50 », as a person would type it."""
    euros, rest = divmod(cents, 100)
    return f"{euros},{rest:02d}" if rest else str(euros)


def strip(text: str | None) -> str:
    """One line as people read it; also what a field keeps when nothing was sent.

    Single spaces, no invisible characters (they could show a text in another order), and an accent that came as a
    character of its own (Apple's keyboards and files) joined to its letter.
    """
    if not text:
        return ""
    visible = "".join(char for char in text if char.isspace() or unicodedata.category(char) not in ("Cc", "Cf"))
    return unicodedata.normalize("NFC", " ".join(visible.split()))


def id_of(text: str | None) -> int:
    """The id that a field says; 0 for what is none."""
    cleaned = strip(text)
    return int(cleaned) if cleaned.isascii() and cleaned.isdigit() and len(cleaned) < 10 else 0


def strip_lines(text: str | None) -> str:
    """The same for a text of several lines; those that are empty at its ends go."""
    return "\n".join(strip(line) for line in (text or "").splitlines()).strip()


def _without_spaces(text: str | None) -> str:
    return strip(text).replace(" ", "")


class TextField(StringField):
    """A line of text: its data is never None, because of `strip`."""

    data: str


class DateField(WTFormsDateField):
    """A day; what is none is refused in French."""

    def process_formdata(self, valuelist: list[str]) -> None:
        """Raises ValueError."""
        try:
            super().process_formdata(valuelist)
        except ValueError:
            raise ValueError("Indiquez une date, par exemple 14/05/2019.") from None


class SecretField(PasswordField):
    """A password; its data is None only where nothing was sent, which `Filled` refuses."""

    data: str


class AmountField(TextField):
    """An amount in euros, as people type it."""


class MonthField(SelectField):
    """A month, by its first day."""


class Starred:
    """Marks a field as required where its own check says so better than the browser can."""

    field_flags = {"required": True}  # noqa: RUF012  (read by WTForms)

    def __call__(self, form: FlaskForm, field: Field) -> None:
        """Nothing to check here."""


class Filled(InputRequired):
    """A required field, with its own sentence; a field of spaces is empty."""

    def __call__(self, form: FlaskForm, field: Field) -> None:
        """Raises StopValidation."""
        super().__call__(form, field)
        if not field.data:
            field.errors = []
            raise StopValidation(self.message or "")


class PersonName:
    """A name as people bear it: letters, spaces, hyphens and apostrophes."""

    def __call__(self, form: FlaskForm, field: Field) -> None:
        """Raises ValidationError."""
        if not field.data:
            return
        if not _NAME.fullmatch(field.data):
            raise ValidationError("Utilisez seulement des lettres, des espaces, des tirets et des apostrophes.")
        if _ADDRESS_OF_A_SITE.search(field.data):
            raise ValidationError("Laissez un espace après le point.")


class EmailAddress:
    """An e-mail address that can exist; nobody asks the network."""

    def __call__(self, form: FlaskForm, field: Field) -> None:
        """Raises ValidationError."""
        try:
            validate_email(field.data or "", check_deliverability=False, allow_smtputf8=False)
        except EmailNotValidError:
            raise ValidationError(
                "Cette adresse n’est pas complète. Elle ressemble à prenom.nom@example.org."
            ) from None


class PhoneNumber:
    """A phone number, French unless it begins with + or 00."""

    def __call__(self, form: FlaskForm, field: Field) -> None:
        """Raises ValidationError."""
        if not field.data:
            return
        try:
            normalise_phone(field.data)
        except InvalidPhone:
            raise ValidationError("Un numéro de téléphone a dix chiffres, par exemple 06 00 00 00 00.") from None


def at_most(length: int) -> Length:
    """A limit of characters, with its sentence."""
    return Length(max=length, message=f"Écrivez au plus {length} caractères.")


def text_field(
    label: str, *, required: str | None = None, longest: int = LONGEST_LINE, checks: Sequence[Callable[..., None]] = (),
    description: str = "", **attributes: Any,
) -> TextField:  # fmt: skip
    """A line of text. `required`: the sentence that asks for it; `description`: the hint; attributes: the HTML's."""
    validators = [Filled(message=required)] if required else []
    return TextField(
        label, filters=[strip], validators=[*validators, at_most(longest), *checks], description=description,
        render_kw={"maxlength": longest, **attributes},
    )  # fmt: skip


def email_field(label: str, *, required: str, **attributes: Any) -> TextField:
    """An e-mail address."""
    return text_field(
        label, required=required, longest=LONGEST_EMAIL, checks=[EmailAddress()],
        **{"type": "email", "inputmode": "email", "autocomplete": "email", "spellcheck": "false", **attributes},
    )  # fmt: skip


def phone_field(label: str, *, required: str | None = None, autocomplete: str = "tel") -> TextField:
    """A phone number. `required` is the sentence that asks for it."""
    return text_field(
        label, required=required, longest=25, checks=[PhoneNumber()], type="tel", inputmode="tel",
        autocomplete=autocomplete,
    )  # fmt: skip


class Listed:
    """One of the answers that the list offers, or several of them where several may be ticked."""

    def __call__(self, form: FlaskForm, field: SelectField | RadioField | SelectMultipleField) -> None:
        """Raises ValidationError."""
        chosen = field.data or [] if isinstance(field, SelectMultipleField) else [field.data]
        if not {value for value, *_ in field.iter_choices()}.issuperset(chosen):
            raise ValidationError("Choisissez une réponse de la liste.")


def postal_code_field() -> TextField:
    """« CP »; declare it before the town."""
    return TextField(
        "CP", filters=[_without_spaces], validators=[Starred()],
        render_kw={
            "maxlength": 10, "inputmode": "numeric", "autocomplete": "postal-code", "required": False,
            "aria-required": "true",
        },
    )  # fmt: skip


def city_field() -> TextField:
    """« Ville »."""
    return TextField(
        "Ville", filters=[strip], validators=[Starred()],
        render_kw={
            "maxlength": LONGEST_LINE, "autocomplete": "address-level2", "required": False, "aria-required": "true",
        },
    )  # fmt: skip


class CommuneChecks:
    """Postal code and town: each helps to find the other, and together they must be a commune of France."""

    postal_code: TextField
    city: TextField
    commune: CommuneChoice | None = None  # once valid
    commune_choices: Sequence[CommuneChoice] = ()  # once checked: those of the postal code

    def communes_at(self, postal_code: str) -> Sequence[CommuneChoice]:
        """The communes of a postal code, as far as this form can know."""
        return communes_of_postal_code(postal_code)

    def validate_postal_code(self, field: Field) -> None:
        """Fills the field from the town when it is empty. Raises ValidationError."""
        if field.data:
            self._check_postal_code(field.data)
        elif not self.city.data:
            raise ValidationError("Indiquez le code postal.")
        else:
            field.data = _only_postal_code(self.city.data)

    def validate_city(self, field: Field) -> None:
        """Fills the field from the postal code when only one commune has it. Raises ValidationError."""
        postal_code = self.postal_code.data
        self.commune_choices = self.communes_at(postal_code) if is_postal_code(postal_code) else ()
        if not self.commune_choices:
            if not field.data:
                raise ValidationError("Indiquez la ville.")
            return
        self.commune = _find_commune(postal_code, field.data, self.commune_choices)
        field.data = self.commune.name

    def _check_postal_code(self, postal_code: str) -> None:
        if not re.fullmatch("[0-9]{5}", postal_code):
            raise ValidationError("Un code postal a cinq chiffres, par exemple 80110.")
        if not self.communes_at(postal_code):
            raise ValidationError("Nous ne connaissons pas ce code postal. Vérifiez-le.")


class CommuneForm(CommuneChecks, FlaskForm):
    """Both fields alone, for the suggestions while an address is typed."""

    postal_code = postal_code_field()
    city = city_field()


def _only_postal_code(city: str) -> str:
    codes = sorted({choice.postal_code for choice in communes_named(_spelt_out(city))})
    if not codes:
        raise ValidationError("Indiquez le code postal.")
    if len(codes) > 1:
        raise ValidationError(f"Plusieurs codes postaux sont possibles : {_listed(codes)}. Indiquez le vôtre.")
    return codes[0]


def _find_commune(postal_code: str, city: str, choices: Sequence[CommuneChoice]) -> CommuneChoice:
    if not city:
        if len(choices) == 1:
            return choices[0]
        raise ValidationError(f"Plusieurs communes ont ce code postal : {_names(choices)}. Indiquez la vôtre.")
    wanted = fold(_spelt_out(city))
    for choice in choices:
        if fold(choice.name) == wanted:
            return choice
    if len(choices) == 1:
        raise ValidationError(f"Au code postal {postal_code} correspond la commune {choices[0].name}.")
    raise ValidationError(f"Au code postal {postal_code} correspondent : {_names(choices)}.")


def _spelt_out(city: str) -> str:
    """« St Sauflieu » → « saint sauflieu »."""
    words = fold(city).split()
    return " ".join(
        _ABBREVIATIONS.get(word, word) if place < len(words) - 1 else word for place, word in enumerate(words)
    )


def _names(choices: Sequence[CommuneChoice]) -> str:
    return _listed([choice.name for choice in choices])


def _listed(words: Sequence[str]) -> str:
    more = len(words) - _LISTED_AT_MOST
    return ", ".join(words[:_LISTED_AT_MOST]) + (f" et {more} autres" if more > 0 else "")
