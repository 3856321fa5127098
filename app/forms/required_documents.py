"""The shape of documents (pièces): what is handed in, what the staff decide, and what they ask for."""

from collections.abc import Mapping
from datetime import date
from typing import Any

from flask_wtf import FlaskForm
from flask_wtf.file import FileField, MultipleFileField
from wtforms import BooleanField, Field, HiddenField, TextAreaField
from wtforms.validators import Optional, ValidationError

from app import clock, labels
from app.filters import spaced
from app.forms.fields import DATE_FORMATS, DateField, at_most, strip_lines, text_field
from app.forms.keys import key_of, new_key
from app.forms.publications import council_file
from app.forms.reasons import reason_field
from app.forms.tariff_fields import one_of_field, ticks_field, whole_field
from app.rules.child_files import LEVELS
from app.rules.required_documents import (
    DocumentDemand,
    DocumentScope,
    FilesWanted,
    Validity,
    ValidityKind,
)
from app.services.catalogue import DocumentInfo
from app.services.required_document_settings import DocumentInput

_PHOTOS = "image/jpeg,image/png,image/webp,image/heic,image/heif"
ACCEPTED = {
    FilesWanted.ANY: f"application/pdf,{_PHOTOS}",
    FilesWanted.PDF: "application/pdf",
    FilesWanted.PHOTOS: _PHOTOS,
}
_OLDEST = date(1990, 1, 1)


def _day(label: str, description: str) -> DateField:
    return DateField(
        label, format=DATE_FORMATS, validators=[Optional()], description=description, render_kw={"type": "date"}
    )


def _check_past(field: Field) -> None:
    if field.data is not None and not _OLDEST <= field.data <= clock.today():
        raise ValidationError("Cette date n’est pas celle d’un document déjà fait.")


class HandInForm(FlaskForm):
    """Files, or a photo that is taken now, and the date of the document where one counts from it."""

    files = MultipleFileField("Fichiers")
    camera = FileField("Ou prendre une photo")
    dated_on = _day("Date du document", "Celle qui est écrite dessus, si vous la voyez.")
    key = HiddenField()

    def __init__(self, info: DocumentInfo, **data: Any) -> None:
        super().__init__(**data)
        self.files.render_kw = {"accept": ACCEPTED[info.wanted]}
        self.camera.render_kw = {"accept": "image/*", "capture": "environment"}
        if info.wanted is FilesWanted.PDF:
            del self.camera
        if info.validity.kind not in (ValidityKind.MONTHS, ValidityKind.SCHOOL_YEAR):
            del self.dated_on
        if not self.key.data:
            self.key.data = new_key()

    def once(self, asked: str, files: str) -> str:
        """The key of what is handed in: `files` is what tells them from others."""
        return key_of(self.key.data, asked, files, self.day, "is_accepted" in self and self.is_accepted.data)

    def validate_dated_on(self, field: Field) -> None:
        """Raises ValidationError."""
        _check_past(field)

    def validate_key(self, field: Field) -> None:
        """Raises ValidationError."""
        if len(field.data or "") > 60:
            raise ValidationError("Rechargez la page.")

    @property
    def day(self) -> date | None:
        """The date of the document, where the family gave it."""
        return self.dated_on.data if "dated_on" in self else None


class CounterForm(HandInForm):
    """What an agent scans for a family at the counter."""

    is_accepted = BooleanField("L’accepter tout de suite", default=True)


class AcceptanceForm(FlaskForm):
    """The date of a document, and its last day where it is not the rule's."""

    dated_on = _day("Date du document", "Celle qui est écrite dessus.")
    valid_until = _day("Valable jusqu’au", "Laissez vide pour appliquer la règle de cette pièce.")

    def validate_dated_on(self, field: Field) -> None:
        """Raises ValidationError."""
        _check_past(field)

    def validate_valid_until(self, field: Field) -> None:
        """Raises ValidationError."""
        if field.data is not None and field.data < clock.today():
            raise ValidationError(spaced("Ce jour est passé : refusez plutôt le document, avec ce motif."))


class RefusalForm(FlaskForm):
    """Why a document is refused: the parents read it."""

    reason = reason_field("Motif du refus", spaced("Indiquez le motif : les parents le liront."), longest=500)


class TemplateForm(FlaskForm):
    """A form to fill in, that families download and hand in."""

    file = council_file("Modèle", "Un PDF, ou une image que nous mettons en PDF. Il remplace celui d’avant.")


class RequiredDocumentForm(FlaskForm):
    """A document that families are asked for."""

    name = text_field("Nom", required="Indiquez le nom de la pièce.", longest=80, autocomplete="off")
    instructions = TextAreaField(
        "Consignes", filters=[strip_lines], validators=[at_most(600)], render_kw={"rows": 3, "maxlength": 600},
        description="Ce que les parents lisent avant de l’envoyer.",
    )  # fmt: skip
    scope = one_of_field("Demandée", {each: labels.label(each) for each in DocumentScope}, DocumentScope.FAMILY)
    demand = one_of_field(
        "Exigence", {each: labels.label(each).lower() for each in DocumentDemand}, DocumentDemand.MANDATORY
    )
    grace_days = whole_field(
        "Jours de grâce", 0, 365,
        hint=spaced("Si elle est obligatoire pour réserver : les premiers jours de l’inscription sans elle."),
    )  # fmt: skip
    wanted = one_of_field("Fichiers acceptés", {each: labels.label(each) for each in FilesWanted}, FilesWanted.ANY)
    activities = ticks_field("Activités", hint=spaced("Aucune cochée : demandée quelle que soit l’activité."))
    min_age = whole_field("Âge minimum", 0, 99, hint="En années, pour une pièce demandée à chaque enfant.")
    max_age = whole_field("Âge maximum", 0, 99, hint="Celui-ci compris.")
    levels = ticks_field("Classes", hint=spaced("Aucune cochée : toutes."))
    validity = one_of_field(
        "Elle est valable", {each: labels.label(each) for each in ValidityKind}, ValidityKind.SCHOOL_YEAR
    )
    validity_months = whole_field("Nombre de mois", 1, 240, hint="Si elle est valable un nombre de mois.")
    validity_until = _day("Dernier jour", "Si elle est valable jusqu’à une date.")
    is_health = BooleanField(spaced("Elle parle de la santé de l’enfant : chaque lecture par un agent est notée"))
    is_asked = BooleanField("La demander aux familles", default=True)

    def __init__(self, info: DocumentInfo | None, activities: Mapping[int, str], **data: Any) -> None:
        super().__init__(data=None if info is None else _shown(info), **data)
        self.activities.choices = {str(id_): name for id_, name in activities.items()}
        self.levels.choices = {level: level for level in LEVELS}

    def validate_max_age(self, field: Field) -> None:
        """Raises ValidationError."""
        ages = (self.min_age.data or "", field.data or "")
        if all(age.isdigit() for age in ages) and int(ages[0]) > int(ages[1]):
            raise ValidationError("L’âge maximum est plus petit que l’âge minimum.")

    def validate_validity_months(self, field: Field) -> None:
        """Raises ValidationError."""
        if self.validity.data == ValidityKind.MONTHS and not field.data:
            raise ValidationError("Indiquez le nombre de mois.")

    def validate_validity_until(self, field: Field) -> None:
        """Raises ValidationError."""
        if self.validity.data == ValidityKind.UNTIL and field.data is None:
            raise ValidationError("Indiquez le dernier jour.")

    def validate_is_health(self, field: Field) -> None:
        """Raises ValidationError."""
        if field.data and self.scope.data != DocumentScope.CHILD:
            raise ValidationError(spaced("Seule une pièce demandée à chaque enfant parle de sa santé."))

    def typed(self) -> DocumentInput:
        """What a valid form says."""
        kind = ValidityKind(self.validity.data)
        scope = DocumentScope(self.scope.data)
        of_child = scope is DocumentScope.CHILD
        return DocumentInput(
            name=self.name.data,
            instructions=self.instructions.data or "",
            scope=scope,
            demand=DocumentDemand(self.demand.data),
            wanted=FilesWanted(self.wanted.data),
            activities=frozenset(int(id_) for id_ in self.activities.data or []),
            min_age=int(self.min_age.data) if of_child and self.min_age.data else None,
            max_age=int(self.max_age.data) if of_child and self.max_age.data else None,
            levels=tuple(level for level in LEVELS if of_child and level in (self.levels.data or [])),
            validity=Validity(
                kind,
                int(self.validity_months.data) if kind is ValidityKind.MONTHS else None,
                self.validity_until.data if kind is ValidityKind.UNTIL else None,
            ),
            is_health=bool(self.is_health.data),
            is_asked=bool(self.is_asked.data),
            grace_days=int(self.grace_days.data or 0),
        )


def _shown(info: DocumentInfo) -> Mapping[str, object]:
    asked, validity = info.applicability, info.validity
    return {
        "name": info.name, "instructions": info.instructions, "scope": asked.scope, "demand": info.demand,
        "wanted": info.wanted, "activities": [str(id_) for id_ in asked.activities],
        "min_age": "" if asked.min_age is None else str(asked.min_age),
        "max_age": "" if asked.max_age is None else str(asked.max_age), "levels": list(asked.levels),
        "validity": validity.kind, "validity_months": "" if validity.months is None else str(validity.months),
        "validity_until": validity.until, "is_health": info.is_health, "is_asked": info.is_asked,
        "grace_days": str(info.grace_days) if info.grace_days else "",
    }  # fmt: skip
