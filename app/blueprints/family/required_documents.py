"""Mes documents: what is asked of the family and of each of its members, what was handed in, and handing in."""

from pathlib import Path

from flask import Blueprint, Response, current_app, flash, url_for
from werkzeug.wrappers import Response as BaseResponse

from app import clock
from app.access import current_account, current_family, resumed_at, takes_files
from app.blueprints.hand_ins import hand_in_files
from app.document_labels import end_words, validity_words
from app.downloads import send_handed_in, send_pdf
from app.forms.required_documents import HandInForm
from app.htmx import go_to, render_page
from app.integrations.kept_files import read_sealed
from app.services import required_documents, texts_to_accept
from app.services.errors import FamilyNotActive, NotFound
from app.services.required_documents import AskedDocument

blueprint = Blueprint("required_documents", __name__, url_prefix="/mes-documents")


def _page_of(asked: str) -> str:
    return url_for("family.required_documents.show_document", asked=asked)


@blueprint.get("")
def show() -> Response:
    """What is asked, by member, and where the family stands with each; and the texts to accept."""
    family = current_family()
    found = required_documents.asked_of_family(family.id)
    holders = list(dict.fromkeys(document.holder for document in found))
    return render_page(
        "family/required_documents/show.html",
        layout="family",
        groups=[(holder, [document for document in found if document.holder == holder]) for holder in holders],
        to_do=sum(document.is_to_do for document in found),
        ends={document.key: end_words(document.valid_until, clock.today()) for document in found},
        texts=texts_to_accept.texts_of_family(family.id),
    )


@blueprint.get("/<string:asked>")
def show_document(asked: str) -> Response:
    """A document with all its versions, and the form to hand one in."""
    document = required_documents.asked_document(current_family().id, asked)
    return _document_page(document, HandInForm(document.info))


@blueprint.post("/<string:asked>")
@takes_files
@resumed_at(_page_of)
def hand_in(asked: str) -> BaseResponse:
    """Decode what is sent, write it, and hand it in."""
    family = current_family()
    document = required_documents.asked_document(family.id, asked)
    if not family.may_act:
        raise FamilyNotActive
    form = HandInForm(document.info)
    if not hand_in_files(family, document, form, current_account().user_id):
        return _document_page(document, form, status=422)
    flash("Votre document est envoyé. Nous le vérifions et vous écrivons.", "success")
    return go_to(_page_of(asked))


@blueprint.get("/<string:asked>/modele")
def show_template_file(asked: str) -> Response:
    """The form to fill in of a document that the family is asked for: to others there is no such page."""
    document = required_documents.asked_document(current_family().id, asked)
    if not document.is_asked or document.info.template is None:
        raise NotFound("template")
    return send_pdf(document.info.template.path, document.info.name)


@blueprint.get("/fichiers/<int:submission_id>")
def show_pdf(submission_id: int) -> Response:
    """A file that the family handed in."""
    sealed, document = required_documents.own_file(current_family().id, submission_id)
    content = read_sealed(Path(current_app.instance_path), sealed)
    return send_handed_in(content, "application/pdf", f"{document.info.name} - {document.holder.name}.pdf")


def _document_page(document: AskedDocument, form: HandInForm, *, status: int = 200) -> Response:
    return render_page(
        "family/required_documents/document.html",
        layout="family",
        status=status,
        document=document,
        form=form,
        family=current_family(),
        validity=validity_words(document.info.validity),
        end=end_words(document.valid_until, clock.today()),
    )
