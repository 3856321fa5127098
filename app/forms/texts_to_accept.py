"""The shape of texts to accept: as the staff set them, and of what a family answers."""

from collections.abc import Mapping
from datetime import date
from typing import Any

from flask_wtf import FlaskForm
from wtforms import BooleanField, Field, HiddenField, SelectField, TextAreaField
from wtforms.validators import ValidationError

from app import clock, labels
from app.filters import spaced
from app.forms.fields import Filled, Listed, at_most, id_of, strip_lines, text_field
from app.forms.publications import ReadersForm, day_field, readers_shown
from app.forms.tariff_fields import one_of_field
from app.rules.required_documents import DocumentDemand
from app.services.catalogue import TextInfo, catalogue
from app.services.text_settings import TextInput, VersionInput

LONGEST_BODY = 60_000
_OLDEST = date(1990, 1, 1)
_DEMANDS = (DocumentDemand.MANDATORY, DocumentDemand.BLOCKS_ENROLMENT)


class AcceptanceForm(FlaskForm):
    """« J’ai lu et j’accepte », and the version that was read."""

    accepts = BooleanField(
        "J’ai lu ce texte et je l’accepte", validators=[Filled(message="Cochez la case pour accepter.")]
    )
    version = HiddenField()

    @property
    def version_id(self) -> int:
        """The version that was shown; 0 where the form does not say."""
        return id_of(self.version.data)


class PaperForm(FlaskForm):
    """That a family signed on paper: who, and when."""

    signed_by = text_field("Signé par", required="Indiquez qui a signé.", longest=80, autocomplete="off")
    signed_on = day_field("Signé le", required="Indiquez le jour de la signature.")
    family_id = HiddenField()
    version = HiddenField()

    def validate_signed_on(self, field: Field) -> None:
        """Raises ValidationError."""
        if field.data is not None and not _OLDEST <= field.data <= clock.today():
            raise ValidationError("Ce jour n’est pas celui d’une signature déjà faite.")


class _VersionFields:
    """What a text says, and from when on."""

    body = TextAreaField(
        "Texte", filters=[strip_lines], validators=[at_most(LONGEST_BODY)], render_kw={"rows": 14},
        description=spaced(
            "Une ligne vide sépare deux paragraphes ; « # » au début d’une ligne fait un titre, « - » une liste."
        ),
    )  # fmt: skip
    publication_id = SelectField(
        "Fichier joint", validators=[Listed()], validate_choice=False, default="",
        description="Le fichier d’une publication, tel qu’il est aujourd’hui, lu avec le texte ou à sa place.",
    )  # fmt: skip
    starts_on = day_field("En vigueur à partir du", required="Indiquez le premier jour.")
    is_told = BooleanField(
        "Prévenir les familles par courriel", default=True,
        description="Celles qui doivent l’accepter, le jour où il entre en vigueur.",
    )  # fmt: skip


class _VersionForm(_VersionFields, FlaskForm):
    def offer_files(self) -> None:
        """List the publications."""
        files = {str(each.id): each.name for each in catalogue().publications if each.files}
        self.publication_id.choices = {"": "Aucun", **files}

    def validate_body(self, field: Field) -> None:
        """Raises ValidationError."""
        if not field.data and not self.publication_id.data:
            raise ValidationError("Écrivez le texte, ou choisissez un fichier.")

    def validate_starts_on(self, field: Field) -> None:
        """Raises ValidationError."""
        if field.data is not None and field.data < clock.today():
            raise ValidationError(spaced("Ce jour est passé : personne n’a pu lire ce texte plus tôt."))

    def version(self) -> VersionInput:
        """What a valid form says."""
        publication_id = int(self.publication_id.data) if self.publication_id.data else None
        starts_on = self.starts_on.data or clock.today()
        return VersionInput(self.body.data or "", publication_id, starts_on, bool(self.is_told.data))


class VersionForm(_VersionForm):
    """Another version of a text."""

    def __init__(self, body: str = "", **data: Any) -> None:
        super().__init__(data={"body": body, "starts_on": clock.today()}, **data)
        self.offer_files()


class TextForm(ReadersForm):
    """Whom a text concerns, and what it means to have accepted it."""

    name = text_field("Titre", required="Indiquez le titre.", longest=80, autocomplete="off")
    demand = one_of_field("Exigence", {each: labels.label(each).lower() for each in _DEMANDS}, DocumentDemand.MANDATORY)
    is_asked = BooleanField("Le faire accepter aux familles", default=True)

    def __init__(self, info: TextInfo | None, **data: Any) -> None:
        super().__init__(data={} if info is None else _shown(info), **data)

    def typed(self) -> TextInput:
        """What a valid form says."""
        return TextInput(self.name.data, DocumentDemand(self.demand.data), bool(self.is_asked.data), self.readers())


class NewTextForm(TextForm, _VersionForm):
    """A text with its first version."""

    def __init__(self, **data: Any) -> None:
        super().__init__(None, **data)
        self.offer_files()
        if self.starts_on.data is None and not self.is_submitted():
            self.starts_on.data = clock.today()


def _shown(info: TextInfo) -> Mapping[str, object]:
    return {"name": info.name, "demand": info.demand, "is_asked": info.is_asked, **readers_shown(info.readers)}
