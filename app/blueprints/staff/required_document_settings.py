"""« Réglages › Pièces demandées »."""

from typing import Any

from flask import Response, flash, url_for
from flask_wtf import FlaskForm
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response as BaseResponse

from app.access import requires, resumed_at, takes_files
from app.blueprints.staff.setting_forms import Setting, Way, setting_blueprint, setting_page
from app.blueprints.uploads import publish_file, removed_unless_named
from app.database import write_transaction
from app.document_labels import validity_words
from app.downloads import send_pdf
from app.filters import NBSP
from app.forms.required_documents import RequiredDocumentForm, TemplateForm
from app.htmx import go_to, render_page
from app.rules.capabilities import Capability
from app.services import required_document_settings
from app.services.catalogue import DocumentInfo, catalogue
from app.services.errors import NotFound


class RequiredDocumentSetting(Setting):
    """A document that families are asked for."""

    code, argument = "required_documents", "document_id"
    new_title, edit_title = "Ajouter une pièce", "Modifier une pièce"
    saved, deleted = "La pièce est enregistrée.", "La pièce est supprimée."
    name_taken = "Une pièce porte déjà ce nom."
    template = "staff/settings/required_document.html"

    def find(self, id_: int) -> Any:
        """Raises NotFound."""
        return required_document_settings.find_document(id_)

    def form(self, row: Any | None, parent_id: int | None) -> FlaskForm:
        """Of a document, or of a new one."""
        return _form(row)

    def way_back(self, row: Any | None, parent_id: int | None) -> Way:
        """The list."""
        return Way("Pièces demandées", url_for("staff.settings.required_documents.show"))

    def save(self, session: Session, row: Any | None, parent_id: int | None, form: Any) -> int:
        """Raises NameTaken, StillUsed."""
        return required_document_settings.save_document(session, row.id if row else None, form.typed())

    def delete(self, session: Session, id_: int) -> None:
        """Raises NotFound, StillUsed."""
        required_document_settings.delete_document(session, id_)

    def context(self, row: Any | None) -> dict[str, object]:
        """The form of the template."""
        return {"template_form": TemplateForm(formdata=None)}


def _form(row: DocumentInfo | None, **data: Any) -> RequiredDocumentForm:
    names = {id_: f"{each.name} ({each.season.name})" for id_, each in catalogue().activities.items()}
    return RequiredDocumentForm(row, names, **data)


_SETTING = RequiredDocumentSetting()
required_documents = setting_blueprint(_SETTING)


def _page_of(document_id: int) -> str:
    return url_for("staff.settings.required_documents.edit", document_id=document_id)


@required_documents.post("/<int:document_id>/modele")
@takes_files
@resumed_at(_page_of)
@requires(Capability.EDIT_SETTINGS)
def attach_template(document_id: int) -> BaseResponse:
    """Decode a form to fill in, write it, and let families download it."""
    info = required_document_settings.find_document(document_id)
    template = TemplateForm()
    file = publish_file(template.file) if template.validate() else None
    if file is None:
        return setting_page(_SETTING, info, None, _form(info, formdata=None), status=422, template_form=template)
    with removed_unless_named(file.path) as lying:
        with write_transaction() as session:
            required_document_settings.attach_template(session, document_id, file)
        lying.is_named = True
    flash(f"Le modèle est enregistré{NBSP}: les familles peuvent le télécharger.", "success")
    return go_to(_page_of(document_id))


@required_documents.get("/<int:document_id>/modele")
@requires(Capability.EDIT_SETTINGS)
def show_template_file(document_id: int) -> Response:
    """The form to fill in."""
    info = required_document_settings.find_document(document_id)
    if info.template is None:
        raise NotFound("template")
    return send_pdf(info.template.path, info.name)


@required_documents.post("/<int:document_id>/modele/retirer")
@requires(Capability.EDIT_SETTINGS)
def remove_template(document_id: int) -> BaseResponse:
    """Take it away."""
    with write_transaction() as session:
        required_document_settings.remove_template(session, document_id)
    flash("Le modèle est retiré.", "success")
    return go_to(_page_of(document_id))


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
