"""The sections of a child's file: what they ask, in which groups. Values go in and out as text by name of field."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import ClassVar

from wtforms import Field, RadioField, SelectField, SelectMultipleField, TextAreaField
from wtforms.validators import Optional, ValidationError
from wtforms.widgets import CheckboxInput

from app import clock
from app.filters import NBSP, day_plain, spaced
from app.forms.bases import SectionForm, from_text
from app.forms.fields import (
    DATE_FORMATS,
    LONGEST_NAME,
    DateField,
    Filled,
    Listed,
    PersonName,
    at_most,
    phone_field,
    strip_lines,
    text_field,
)
from app.labels import label
from app.rules.child_files import LEVELS, AuthorisationKind, Diet, SectionKind, leaves_school, next_level
from app.rules.school_years import first_day_of, name_of, school_year_of
from app.rules.vaccinations import VaccineRule
from app.services.authorisations import LEAVES_AT
from app.services.child_files import BOOSTER, CONTRA_INDICATED, DOSE

LONGEST_TEXT = 1_000
YES_NO = {"yes": "Oui", "no": "Non"}
OTHER_SCHOOL = "Autre établissement"

Group = tuple[str, Sequence[str]]


def _date_field(name: str, hint: str = "") -> DateField:
    return DateField(
        name, format=DATE_FORMATS, validators=[Optional()], description=hint,
        render_kw={"autocomplete": "off", "type": "date"},
    )  # fmt: skip


def _text_area(name: str, hint: str = "") -> TextAreaField:
    return TextAreaField(
        name, filters=[strip_lines], validators=[at_most(LONGEST_TEXT)], description=hint,
        render_kw={"rows": 3, "maxlength": LONGEST_TEXT, "autocomplete": "off"},
    )  # fmt: skip


def _yes_no(name: str, hint: str = "") -> RadioField:
    return RadioField(name, choices=YES_NO, validators=[Optional(), Listed()], validate_choice=False, description=hint)


class FileForm(SectionForm):
    """A section of a child's file, or somebody around the child."""

    groups: ClassVar[Sequence[Group]] = ()
    intro: str = ""

    @property
    def shown_groups(self) -> Sequence[Group]:
        """The fields by heading, in the order of the page."""
        return self.groups


def filled(form_class: type[FileForm], values: Mapping[str, str]) -> FileForm:
    """The form as it was sent or left; else with what is stored."""
    form = form_class()
    form.fill(values)
    return form


def readable(form_class: type[FileForm], values: Mapping[str, str]) -> Sequence[tuple[str, str]]:
    """The answers of a section as the staff read them: question and answer; nothing where nothing was said.

    A detail that was left out is left out; a question of yes or no shows that it has no answer. One line per vaccine.
    """
    if not any(values.values()):
        return ()
    form = form_class(formdata=None)
    found = []
    for title, names in form.shown_groups:
        if names[0].startswith(DOSE):
            dose, booster = (_in_words(form[name], values.get(name, "")) for name in names)
            found.append((title, ", ".join(filter(None, (dose, booster and f"rappel le {booster}")))))
            continue
        found += [
            (str(form[name].label.text), _in_words(form[name], values.get(name, "")))
            for name in names
            if values.get(name) or isinstance(form[name], RadioField)
        ]
    return found


def _in_words(field: Field, value: str) -> str:
    found = from_text(field, value)
    if isinstance(found, date):
        return day_plain(found)
    if isinstance(field, RadioField | SelectMultipleField):
        words = {choice: str(text) for choice, text, *_ in field.iter_choices()}
        return ", ".join(words.get(each, each) for each in (value.split(",") if value else ()))
    if field.name == "school_year" and value:
        return name_of(int(value))
    return str(found or "")


class SchoolForm(FileForm):
    """« École et classe »."""

    groups = (("", ("school", "other_school", "level", "school_year")),)
    school = SelectField("Établissement", validators=[Listed()], validate_choice=False)
    other_school = text_field("Nom de l’établissement", description="Seulement s’il n’est pas dans la liste.")
    level = SelectField("Classe", validators=[Listed()], validate_choice=False)
    school_year = SelectField("Année scolaire", validators=[Listed()], validate_choice=False)

    def offer(self, schools: Sequence[str], values: Mapping[str, str]) -> None:
        """Fill the lists; what was chosen before stays in them."""
        chosen = values.get("school", "")
        names = [*schools, *([chosen] if chosen and chosen not in (*schools, OTHER_SCHOOL) else [])]
        self.school.choices = {"": "Choisissez…", **{name: name for name in names}, OTHER_SCHOOL: OTHER_SCHOOL}
        self.level.choices = {"": "Choisissez…", **{level: level for level in LEVELS}}
        year = school_year_of(clock.today())
        years = {str(each): name_of(each) for each in (year, year + 1)}
        before = values.get("school_year", "")
        if before and before not in years:
            years = {before: name_of(int(before)), **years}
        self.school_year.choices = years
        if before and int(before) < year and not self.shown_values.raw_data:
            self._propose_next_class(values, year)
        if not self.school_year.data:
            self.school_year.data = str(year)

    def _propose_next_class(self, values: Mapping[str, str], year: int) -> None:
        """September: the class after last year's, to be checked and saved."""
        level = values.get("level", "")
        is_next_year = values.get("school_year") == str(year - 1)
        self.level.data = next_level(level) if is_next_year else ""
        self.school_year.data = str(year)
        if leaves_school(level) or not is_next_year:
            self.school.data = self.other_school.data = ""
        self.intro = spaced(
            f"L’an dernier : {level}. Nous proposons la classe suivante : vérifiez-la, puis enregistrez."
        )

    def validate_other_school(self, field: Field) -> None:
        """Raises ValidationError."""
        if self.school.data == OTHER_SCHOOL and not field.data:
            raise ValidationError("Indiquez le nom de l’établissement.")


class DoctorForm(FileForm):
    """« Médecin traitant »."""

    groups = (("", ("name", "phone", "town", "hospital")),)

    name = text_field("Nom du médecin", longest=LONGEST_NAME, autocomplete="off")
    phone = phone_field("Téléphone du médecin")
    town = text_field("Ville du médecin", autocomplete="off")
    hospital = text_field(
        "Hôpital souhaité en cas d’urgence", autocomplete="off",
        description=spaced("Les secours choisissent l’hôpital ; votre souhait les aide."),
    )  # fmt: skip


class HealthForm(FileForm):
    """« Santé »: allergies, care plan, treatment, needs."""

    intro = "Ces informations sont chiffrées. Peu de personnes peuvent les lire, et vous voyez qui l’a fait."
    groups = (
        ("Allergies", ("has_allergies", "food_allergies", "drug_allergies", "other_allergies", "reaction")),
        (
            "Projet d’accueil individualisé (PAI)",
            ("has_care_plan", "care_plan_starts_on", "care_plan_ends_on", "care_plan_kit"),
        ),
        ("Traitement", ("has_treatment", "treatment")),
        ("Besoins et précautions", ("aids", "needs", "history", "swims", "emergency_notes")),
    )

    has_allergies = _yes_no(spaced("Votre enfant a-t-il une allergie ?"))
    food_allergies = _text_area("Allergies alimentaires", spaced("Par exemple : arachide, œuf."))
    drug_allergies = _text_area("Allergies à un médicament")
    other_allergies = _text_area("Autres allergies", spaced("Par exemple : guêpe, pollen."))
    reaction = _text_area(spaced("Que faire en cas de réaction ?"))
    has_care_plan = _yes_no(spaced("Votre enfant a-t-il un PAI ?"))
    care_plan_starts_on = _date_field("Début du PAI")
    care_plan_ends_on = _date_field("Fin du PAI", "Un PAI se renouvelle chaque année scolaire.")
    care_plan_kit = _yes_no(spaced("Une trousse d’urgence est-elle remise à l’accueil ?"))
    has_treatment = _yes_no(spaced("Votre enfant suit-il un traitement de longue durée ?"))
    treatment = _text_area(
        spaced("Quel traitement ?"),
        "Avec l’ordonnance, et les médicaments dans leur emballage au nom de l’enfant.",
    )
    aids = SelectMultipleField(
        "Votre enfant porte", choices={
            "glasses": "des lunettes", "lenses": "des lentilles", "hearing": "un appareil auditif",
            "dental": "un appareil dentaire",
        },
        option_widget=CheckboxInput(), validators=[Listed()], validate_choice=False,
    )  # fmt: skip
    needs = _text_area(
        spaced("De quoi votre enfant a-t-il besoin pour être bien accueilli ?"),
        spaced("Dites l’aide utile, pas le diagnostic : « un adulte à ses côtés pendant le repas »."),
    )
    history = _text_area("Maladies, opérations ou accidents à connaître")
    swims = _yes_no(spaced("Votre enfant a-t-il une attestation de natation ?"))
    emergency_notes = _text_area("Autre chose à savoir en cas d’urgence")

    def validate_food_allergies(self, field: Field) -> None:
        """A « yes » says to what. Raises ValidationError."""
        said = (field.data, self.drug_allergies.data, self.other_allergies.data)
        if self.has_allergies.data == "yes" and not any(said):
            raise ValidationError(spaced("Indiquez à quoi votre enfant est allergique, ici ou plus bas : c’est vital."))

    def validate_care_plan_ends_on(self, field: Field) -> None:
        """Raises ValidationError."""
        if self.has_care_plan.data == "yes" and not field.data:
            raise ValidationError("Indiquez jusqu’à quand le PAI est valable.")
        starts_on = self.care_plan_starts_on.data
        if field.data and starts_on and field.data < starts_on:
            raise ValidationError("Le PAI finit avant de commencer. Vérifiez les deux dates.")

    def validate_treatment(self, field: Field) -> None:
        """Raises ValidationError."""
        if self.has_treatment.data == "yes" and not field.data:
            raise ValidationError("Indiquez le traitement.")


class DietForm(FileForm):
    """« Régime alimentaire »."""

    groups = (("", ("diets", "remarks")),)

    diets = SelectMultipleField(
        "Votre enfant mange",
        choices={diet.value: label(diet) for diet in Diet},
        option_widget=CheckboxInput(),
        validators=[Listed()],
        validate_choice=False,
    )
    remarks = _text_area("Remarque pour la cuisine")

    def validate_diets(self, field: Field) -> None:
        """« Everything » goes with nothing else. Raises ValidationError."""
        if Diet.STANDARD in (field.data or []) and len(field.data) > 1:
            raise ValidationError(spaced("« Repas habituel » ne va pas avec un autre choix."))


class InsuranceForm(FileForm):
    """« Assurance »."""

    intro = spaced("L’assurance « responsabilité civile » couvre les dégâts que votre enfant pourrait causer.")
    groups = (("", ("insurer", "policy_number", "starts_on", "ends_on")),)

    insurer = text_field("Assureur", autocomplete="off")
    policy_number = text_field("Numéro de contrat", longest=40, autocomplete="off")
    starts_on = _date_field("Début")
    ends_on = _date_field("Fin", "Sur l’attestation de votre assureur.")

    def validate_ends_on(self, field: Field) -> None:
        """Raises ValidationError."""
        if field.data and self.starts_on.data and field.data < self.starts_on.data:
            raise ValidationError("L’assurance finit avant de commencer. Vérifiez les deux dates.")


class VaccinationsForm(FileForm):
    """« Vaccinations »: one line for each vaccine that the law asks of this child."""

    intro = "Recopiez le carnet de santé."
    last_group: ClassVar[Group] = ("Contre-indication", (CONTRA_INDICATED, "remarks"))

    contra_indicated = _yes_no(
        spaced("Un médecin a-t-il certifié une contre-indication ?"), "Le certificat sera à remettre."
    )
    remarks = _text_area("Remarque")

    @property
    def shown_groups(self) -> Sequence[Group]:
        """One group for each vaccine."""
        return (*self.groups, self.last_group)


def vaccinations_form(asked: Sequence[VaccineRule], birth_date: date) -> type[VaccinationsForm]:
    """The form of a child: the last dose and the next booster of each vaccine asked."""

    def check_dose(_form: VaccinationsForm, field: Field) -> None:
        if field.data and field.data > clock.today():
            raise ValidationError("Cette date n’est pas encore arrivée. Vérifiez l’année.")
        if field.data and field.data < birth_date:
            raise ValidationError("Cette date est avant la naissance. Vérifiez l’année.")

    members: dict[str, object] = {
        "groups": tuple((rule.name, (f"{DOSE}{rule.id}", f"{BOOSTER}{rule.id}")) for rule in asked)
    }
    for rule in asked:
        members[f"{DOSE}{rule.id}"] = _date_field("Dernière dose")
        members[f"validate_{DOSE}{rule.id}"] = check_dose
        members[f"{BOOSTER}{rule.id}"] = _date_field("Prochain rappel")
    return type("ChildVaccinationsForm", (VaccinationsForm,), members)


class AuthorisationsForm(FileForm):
    """« Autorisations »: yes or no to each question, for a school year."""

    intro = "Sans réponse de votre part, c’est non. Vous pouvez changer d’avis à tout moment."
    groups = (("", (AuthorisationKind.LEAVE_ALONE.value, LEAVES_AT)), ("Soins", ("emergency_care", "medicine")),
              ("Activités", ("transport", "swimming", "outings")),
              ("Photos et vidéos", ("photo_inside", "photo_press", "photo_online")))  # fmt: skip

    leave_alone = _yes_no(label(AuthorisationKind.LEAVE_ALONE))
    leaves_at = text_field(spaced("À partir de quelle heure ?"), longest=5, type="time", autocomplete="off")
    emergency_care = _yes_no(label(AuthorisationKind.EMERGENCY_CARE))
    medicine = _yes_no(label(AuthorisationKind.MEDICINE), "Sur ordonnance seulement.")
    transport = _yes_no(label(AuthorisationKind.TRANSPORT))
    swimming = _yes_no(label(AuthorisationKind.SWIMMING))
    outings = _yes_no(label(AuthorisationKind.OUTINGS))
    photo_inside = _yes_no(label(AuthorisationKind.PHOTO_INSIDE))
    photo_press = _yes_no(label(AuthorisationKind.PHOTO_PRESS))
    photo_online = _yes_no(label(AuthorisationKind.PHOTO_ONLINE))

    def validate_leaves_at(self, field: Field) -> None:
        """Raises ValidationError."""
        if self.leave_alone.data != "yes":
            field.data = ""
        elif not field.data:
            raise ValidationError(f"Indiquez l’heure, par exemple 17{NBSP}h{NBSP}30.")
        else:
            field.data = _read_hour(field.data)


def _read_hour(text: str) -> str:
    digits = text.lower().replace("h", ":").replace(" ", "").replace(NBSP, "")
    hour, _, minute = digits.partition(":")
    if not (hour.isdecimal() and (minute or "0").isdecimal() and int(hour) < 24 and int(minute or "0") < 60):
        raise ValidationError(f"Indiquez l’heure, par exemple 17{NBSP}h{NBSP}30.")
    return f"{int(hour):02d}:{int(minute or '0'):02d}"


class ContactForm(FileForm):
    """Somebody who may collect the child, or be called."""

    groups = (
        ("", ("first_name", "last_name", "link", "phone", "other_phone")),
        ("Ce que cette personne peut faire", ("may_collect", "may_be_called")),
        (spaced("Seulement pendant quelques jours ?"), ("starts_on", "ends_on")),
    )

    first_name = text_field(
        "Prénom", required="Indiquez le prénom.", longest=LONGEST_NAME, checks=[PersonName()], autocomplete="off"
    )
    last_name = text_field(
        "Nom", required="Indiquez le nom.", longest=LONGEST_NAME, checks=[PersonName()], autocomplete="off"
    )
    link = text_field(
        "Lien avec l’enfant", required=spaced("Indiquez le lien, par exemple : grand-mère, voisin."), longest=40,
        autocomplete="off", description=spaced("Par exemple : grand-mère, voisin."),
    )  # fmt: skip
    phone = phone_field("Téléphone", required="Indiquez un numéro de téléphone.", autocomplete="off")
    other_phone = phone_field("Autre téléphone", autocomplete="off")
    may_collect = RadioField(
        "Peut venir chercher l’enfant", choices=YES_NO, validate_choice=False,
        validators=[Filled(message="Répondez par oui ou par non."), Listed()],
    )  # fmt: skip
    may_be_called = RadioField(
        "Peut être appelée en cas d’urgence", choices=YES_NO, validate_choice=False,
        validators=[Filled(message="Répondez par oui ou par non."), Listed()],
    )  # fmt: skip
    starts_on = _date_field("Du", "Laissez vide si c’est toute l’année.")
    ends_on = _date_field("Au")

    def validate_ends_on(self, field: Field) -> None:
        """Raises ValidationError."""
        if field.data and self.starts_on.data and field.data < self.starts_on.data:
            raise ValidationError("La fin est avant le début. Vérifiez les deux dates.")


SECTION_FORMS: Mapping[SectionKind, type[FileForm]] = {
    SectionKind.SCHOOL: SchoolForm,
    SectionKind.DOCTOR: DoctorForm,
    SectionKind.HEALTH: HealthForm,
    SectionKind.DIET: DietForm,
    SectionKind.INSURANCE: InsuranceForm,
    SectionKind.AUTHORISATIONS: AuthorisationsForm,
}
"""All but the vaccinations, whose form depends on the child, and the contacts, who are a list."""


def school_year_note() -> str:
    """« Pour l’année scolaire 2026-2027, jusqu’au 31 août 2027. »"""
    year = school_year_of(clock.today())
    return f"Pour l’année scolaire {name_of(year)}, jusqu’au 31 août {first_day_of(year + 1).year}."
