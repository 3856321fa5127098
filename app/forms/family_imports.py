"""What a file of families says, checked by the rules of the forms; and the forms of the import itself."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from types import MappingProxyType

from flask_wtf import FlaskForm
from flask_wtf.file import FileField, FileRequired
from werkzeug.datastructures import MultiDict
from wtforms import BooleanField, Field, Form, SelectField
from wtforms.validators import ValidationError

from app import clock
from app.filters import spaced
from app.forms.counter_families import AdultFields
from app.forms.families import ChildFields, FundChecks, check_quotient
from app.forms.fields import (
    LONGEST_NAME,
    CommuneChecks,
    Listed,
    city_field,
    phone_field,
    postal_code_field,
    read_cents,
    text_field,
)
from app.forms.months import months_offered
from app.labels import REGIME_CHOICES
from app.rules.addresses import split_street_line
from app.rules.imports import BY_KEY, LONGEST_FAMILY, FamilyLines, read_cell
from app.rules.phones import normalise_phone
from app.services.counter_families import BroughtFamily, NewAdult
from app.services.families import AddressInput, ChildInput, CommuneChoice, communes_of_postal_codes
from app.services.family_imports import Problem, Reading

_ADULT_KEYS = ("title", "last_name", "first_name", "email", "mobile_phone")
_HOME_KEYS = (
    "home_phone", "street_line", "complement", "postal_code", "city", "regime", "fund_number", "fund_holder_name",
    "quotient", "quotient_month",
)  # fmt: skip
_SENTENCES = {
    "Choisissez une réponse de la liste.": {
        "title": "Écrivez M. ou Mme, rien d’autre.",
        "regime": spaced("Écrivez CAF, MSA, autre ou aucun."),
    },
    "Choisissez la civilité.": {"title": "Écrivez M. ou Mme, rien d’autre."},
}
"""What a form asks to choose, a file asks to write."""

Communes = Mapping[str, Sequence[CommuneChoice]]


class UploadForm(FlaskForm):
    """The file."""

    file = FileField(
        "Fichier des familles", validators=[FileRequired("Choisissez un fichier CSV ou XLSX.")],
        render_kw={"accept": ".csv,.xlsx,text/csv"},
    )  # fmt: skip


class ConfirmForm(FlaskForm):
    """How the families are made."""

    mails_codes = BooleanField("Envoyer leur code par courriel aux adultes qui ont une adresse dans le fichier")
    verifies_quotients = BooleanField("Les quotients du fichier ont été vérifiés")


class _ImportedAdult(AdultFields, Form):
    """An adult; a file has nobody's choice of a list."""


class _ImportedHome(CommuneChecks, FundChecks, Form):
    """What is the family's."""

    home_phone = phone_field("Tél. fixe")
    street_line = text_field("Adresse", required="Indiquez l’adresse.")
    complement = text_field("Complément")
    postal_code = postal_code_field()
    city = city_field()
    regime = SelectField("Régime", choices={"": "", **REGIME_CHOICES}, validators=[Listed()], validate_choice=False)
    fund_number = text_field("N° allocataire", longest=15)
    fund_holder_name = text_field("Nom allocataire", longest=2 * LONGEST_NAME)
    quotient = text_field("Quotient", longest=10)
    quotient_month = text_field("Mois du quotient", longest=20)

    communes: Communes = MappingProxyType({})

    def communes_at(self, postal_code: str) -> Sequence[CommuneChoice]:
        """Those that were read for several families together."""
        return self.communes.get(postal_code, ()) or super().communes_at(postal_code)

    def validate_quotient(self, field: Field) -> None:
        """Raises ValidationError."""
        if field.data:
            check_quotient(field)

    def validate_quotient_month(self, field: Field) -> None:
        """Raises ValidationError."""
        if not self.quotient.data:
            return
        if not field.data:
            raise ValidationError("Indiquez le mois de ce quotient, par exemple 10/2026.")
        if field.data not in {month.isoformat() for month in months_offered(clock.today()).values()}:
            raise ValidationError("Indiquez un mois des deux dernières années, par exemple 10/2026.")


class _ImportedChild(ChildFields, Form):
    """A child."""


def read_families(families: Sequence[FamilyLines]) -> list[Reading]:
    """What some families of a file are, or what is wrong with them. One query, but for a town without postal code."""
    codes = {read_cell("postal_code", each.home().get("postal_code", (0, ""))[1]) for each in families}
    communes = communes_of_postal_codes(codes)
    return [_read_family(each, communes) for each in families]


def _read_family(family: FamilyLines, communes: Communes) -> Reading:
    said = family.home()
    problems = [_conflict(each.line, each.key, each.first_line, family) for each in family.conflicts()]
    for line, first_line in family.repeated():
        text = next(cells["child_first_name"] for number, cells in family.lines if number == line)
        sentence = f"Cet enfant est déjà à la ligne {first_line}. Supprimez une des deux."
        problems.append(Problem(line, BY_KEY["child_first_name"].heading, text, sentence))
    if not family.reference:
        problems.append(Problem(family.first_line, BY_KEY["family"].heading, "", "Indiquez le numéro de la famille."))
    if len(family.lines) > LONGEST_FAMILY:
        sentence = f"Ce numéro est sur {len(family.lines)} lignes. Vérifiez qu’il est bien celui d’une seule famille."
        problems.append(Problem(family.first_line, BY_KEY["family"].heading, family.reference, sentence))

    def check(form: Form, cells: Mapping[str, tuple[int, str]], keys: Mapping[str, str]) -> None:
        form.validate()
        for name, sentences in ((field.name, field.errors) for field in form if field.errors):
            line, text = cells.get(keys[name], (family.first_line, ""))
            worded = _SENTENCES.get(sentences[0], {}).get(name, sentences[0])
            problems.append(Problem(line, BY_KEY[keys[name]].heading, text, worded))

    adults = []
    for number in (1, 2):
        keys = {name: f"{name}_{number}" for name in _ADULT_KEYS}
        if number == 2 and not any(key in said for key in keys.values()):
            continue
        adult = _ImportedAdult(_typed((name, said.get(key, (0, ""))[1], key) for name, key in keys.items()))
        check(adult, said, keys)
        adults.append(adult)
    first = adults[0]
    home_cells = {key: said.get(key, (family.first_line, ""))[1] for key in _HOME_KEYS}
    if read_cell("regime", home_cells["regime"]) in ("general", "agricultural") and not home_cells["fund_holder_name"]:
        home_cells["fund_holder_name"] = f"{first.last_name.data} {first.first_name.data}".strip()
    home = _ImportedHome(_typed((key, text, key) for key, text in home_cells.items()))
    home.communes = communes
    check(home, said, {key: key for key in _HOME_KEYS})
    children = []
    for line, cells in family.children():
        own = {
            "last_name": cells.get("child_last_name") or first.last_name.data,
            "first_name": cells.get("child_first_name", ""), "birth_date": cells.get("child_birth_date", ""),
        }  # fmt: skip
        child = _ImportedChild(_typed((name, text, f"child_{name}") for name, text in own.items()))
        check(child, {f"child_{name}": (line, text) for name, text in own.items()},
              {name: f"child_{name}" for name in own})  # fmt: skip
        children.append(child)
    name = f"{first.last_name.data} {first.first_name.data}".strip()
    if problems:
        return Reading(name, len(adults), len(children), None, tuple(sorted(problems, key=lambda each: each.line)))
    return Reading(name, len(adults), len(children), _brought(adults, home, children), ())


def _conflict(line: int, key: str, first_line: int, family: FamilyLines) -> Problem:
    text = next(cells[key] for number, cells in family.lines if number == line)
    sentence = (
        f"Ce n’est pas ce que dit la ligne {first_line} pour la même famille. Corrigez l’une des deux, ou donnez un "
        "autre numéro à l’autre famille."
    )
    return Problem(line, BY_KEY[key].heading, text, sentence)


def _typed(cells: Iterable[tuple[str, str, str]]) -> MultiDict[str, str]:
    return MultiDict([(name, read_cell(key, text)) for name, text, key in cells])


def _brought(
    adults: Sequence[_ImportedAdult], home: _ImportedHome, children: Sequence[_ImportedChild]
) -> BroughtFamily:
    line = split_street_line(home.street_line.data)
    assert home.commune is not None
    return BroughtFamily(
        adults=tuple(
            NewAdult(
                each.title.data, each.last_name.data, each.first_name.data, each.email.data or None,
                normalise_phone(each.mobile_phone.data) if each.mobile_phone.data else None,
            )
            for each in adults
        ),
        home_phone=normalise_phone(home.home_phone.data) if home.home_phone.data else None,
        address=AddressInput(line.number, line.repetition, line.street, home.complement.data, home.commune),
        regime=home.regime.data,
        fund_number=home.fund_number.data if home.asks_fund else "",
        fund_holder_name=home.fund_holder_name.data if home.asks_fund else "",
        quotient_cents=read_cents(home.quotient.data) if home.quotient.data else None,
        quotient_month=date.fromisoformat(home.quotient_month.data) if home.quotient.data else None,
        children=tuple(
            ChildInput(each.last_name.data, each.first_name.data, date.fromisoformat(str(each.birth_date.data)))
            for each in children
        ),
    )  # fmt: skip
