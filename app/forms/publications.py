"""The shape of publications and of texts to accept, as the staff set them, and of a family's acceptance."""

from collections.abc import Mapping
from datetime import date
from typing import Any

from flask_wtf import FlaskForm
from flask_wtf.file import FileField, FileRequired
from wtforms import BooleanField, Field, SelectField, TextAreaField
from wtforms.validators import Optional, ValidationError

from app import clock
from app.filters import spaced
from app.forms.fields import DATE_FORMATS, DateField, Filled, Listed, at_most, strip_lines, text_field
from app.forms.tariff_fields import ticks_field
from app.rules.child_files import LEVELS
from app.services.catalogue import PublicationInfo, Readers, catalogue
from app.services.publications import PublicationInput

_ACCEPTED = "application/pdf,image/jpeg,image/png,image/webp,image/heic,image/heif"
_LATEST = date(2100, 1, 1)


def council_file(label: str, hint: str = "") -> FileField:
    """A file that the council offers for download."""
    required = FileRequired(message="Choisissez un fichier.")
    return FileField(label, validators=[required], description=hint, render_kw={"accept": _ACCEPTED})


def day_field(label: str, *, required: str | None = None, hint: str = "") -> DateField:
    """A day, or none where it is not asked for."""
    validators = [Filled(message=required)] if required else [Optional()]
    return DateField(label, format=DATE_FORMATS, validators=validators, description=hint, render_kw={"type": "date"})


class ReadersForm(FlaskForm):
    """Whom something is for."""

    season_id = SelectField(
        "Saison", validators=[Listed()], validate_choice=False, default="",
        description="Les familles dont un enfant a une inscription, ou une demande, dans cette saison.",
    )  # fmt: skip
    activities = ticks_field(
        "Activités", hint=spaced("Ou une inscription dans l’une de celles-ci. Aucune cochée, sans saison : toutes.")
    )
    levels = ticks_field("Classes", hint=spaced("Aucune cochée : toutes."))

    def __init__(self, **data: Any) -> None:
        super().__init__(**data)
        known = catalogue().activities
        seasons = {str(each.season.id): each.season.name for each in known.values()}
        self.season_id.choices = {"": "Toutes les familles", **seasons}
        self.activities.choices = {str(id_): f"{each.name} ({each.season.name})" for id_, each in known.items()}
        self.levels.choices = {level: level for level in LEVELS}

    def readers(self) -> Readers:
        """What a valid form says."""
        return Readers(
            int(self.season_id.data) if self.season_id.data else None,
            frozenset(int(id_) for id_ in self.activities.data or []),
            frozenset(self.levels.data or []),
        )


class PublicationForm(ReadersForm):
    """What is said of a publication."""

    name = text_field("Titre", required="Indiquez le titre.", longest=80, autocomplete="off")
    description = TextAreaField(
        "Description", filters=[strip_lines], validators=[at_most(600)], render_kw={"rows": 3, "maxlength": 600},
        description="Ce que les parents lisent à côté du fichier.",
    )  # fmt: skip
    category = text_field(
        "Rubrique", longest=60, description="Le titre sous lequel il est rangé, par exemple Inscriptions.",
        autocomplete="off",
    )  # fmt: skip
    document_id = SelectField(
        "À retourner", validators=[Listed()], validate_choice=False, default="",
        description="La pièce demandée que les familles envoient une fois ce document rempli.",
    )  # fmt: skip
    shown_from = day_field("Visible à partir du", required="Indiquez le premier jour.")
    shown_until = day_field("Visible jusqu’au", hint="Ce jour compris. Laissez vide s’il n’a pas de fin.")
    is_shown = BooleanField("Le proposer aux familles", default=True)

    def __init__(self, info: PublicationInfo | None, **data: Any) -> None:
        shown: Mapping[str, object] = {"shown_from": clock.today()} if info is None else _shown(info)
        super().__init__(data=shown, **data)
        documents = {str(each.id): each.name for each in catalogue().documents if each.is_asked}
        self.document_id.choices = {"": "Non, rien à retourner", **documents}
        if info is not None and str(info.document_id) not in documents and not self.is_submitted():
            self.document_id.data = ""

    def validate_shown_until(self, field: Field) -> None:
        """Raises ValidationError."""
        if field.data is None:
            return
        if self.shown_from.data is not None and field.data < self.shown_from.data:
            raise ValidationError("Le dernier jour est avant le premier.")
        if field.data > _LATEST:
            raise ValidationError("Cette date est trop lointaine.")

    def typed(self) -> PublicationInput:
        """What a valid form says."""
        return PublicationInput(
            name=self.name.data,
            description=self.description.data or "",
            category=self.category.data,
            shown_from=self.shown_from.data or clock.today(),
            shown_until=self.shown_until.data,
            is_shown=bool(self.is_shown.data),
            readers=self.readers(),
            document_id=int(self.document_id.data) if self.document_id.data else None,
        )


class NewPublicationForm(PublicationForm):
    """A publication with its first file."""

    file = council_file("Fichier", "Un PDF, ou une image que nous mettons en PDF. Ni programme ni pièce jointe dedans.")


class ReplacementForm(FlaskForm):
    """Another file in the place of the last one."""

    file = council_file("Nouveau fichier")


def readers_shown(readers: Readers) -> Mapping[str, object]:
    """The fields of readers, as they are shown."""
    return {
        "season_id": "" if readers.season_id is None else str(readers.season_id),
        "activities": [str(id_) for id_ in readers.activities],
        "levels": [level for level in LEVELS if level in readers.levels],
    }


def _shown(info: PublicationInfo) -> Mapping[str, object]:
    return {
        "name": info.name, "description": info.description, "category": info.category,
        "document_id": "" if info.document_id is None else str(info.document_id),
        "shown_from": info.shown.first, "shown_until": info.shown.last, "is_shown": not info.shown.is_withdrawn,
        **readers_shown(info.readers),
    }  # fmt: skip
