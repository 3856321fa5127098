"""« Réglages › Pièces demandées »."""

from typing import Any

from flask import Response, url_for
from flask_wtf import FlaskForm
from sqlalchemy.orm import Session

from app.access import requires
from app.blueprints.staff.setting_forms import Setting, Way, setting_blueprint
from app.document_labels import validity_words
from app.forms.required_documents import RequiredDocumentForm
from app.htmx import render_page
from app.rules.capabilities import Capability
from app.services import required_document_settings
from app.services.catalogue import catalogue


class RequiredDocumentSetting(Setting):
    """A document that families are asked for."""

    code, argument = "required_documents", "document_id"
    new_title, edit_title = "Ajouter une pièce", "Modifier une pièce"
    saved, deleted = "La pièce est enregistrée.", "La pièce est supprimée."
    name_taken = "Une pièce porte déjà ce nom."

    def find(self, id_: int) -> Any:
        """Raises NotFound."""
        return required_document_settings.find_document(id_)

    def form(self, row: Any | None, parent_id: int | None) -> FlaskForm:
        """Of a document, or of a new one."""
        names = {id_: f"{each.name} ({each.season.name})" for id_, each in catalogue().activities.items()}
        return RequiredDocumentForm(row, names)

    def way_back(self, row: Any | None, parent_id: int | None) -> Way:
        """The list."""
        return Way("Pièces demandées", url_for("staff.settings.required_documents.show"))

    def save(self, session: Session, row: Any | None, parent_id: int | None, form: Any) -> int:
        """Raises NameTaken, StillUsed."""
        return required_document_settings.save_document(session, row.id if row else None, form.typed())

    def delete(self, session: Session, id_: int) -> None:
        """Raises NotFound, StillUsed."""
        required_document_settings.delete_document(session, id_)


required_documents = setting_blueprint(RequiredDocumentSetting())


@required_documents.get("")
@requires(Capability.EDIT_SETTINGS)
def show() -> Response:
    """The documents."""
    found = catalogue().documents
    return render_page(
        "staff/settings/required_documents.html",
        layout="staff",
        documents=found,
        activities=catalogue().activities,
        validities={info.id: validity_words(info.validity) for info in found},
    )
