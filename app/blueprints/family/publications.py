"""Documentation structure: what the council offers for download, and the texts that it asks families to accept."""

from itertools import groupby

from flask import Blueprint, Response, flash, request, url_for
from werkzeug.wrappers import Response as BaseResponse

from app.access import current_account, current_family, resumed_at
from app.blueprints.family.members import active_family
from app.database import write_transaction
from app.downloads import send_pdf
from app.forms.texts_to_accept import AcceptanceForm
from app.htmx import go_to, render_page
from app.rules.light_texts import blocks_of
from app.services import publications, texts_to_accept
from app.services.errors import NotFound, TextChanged

blueprint = Blueprint("publications", __name__, url_prefix="/documentation")


@blueprint.get("")
def show() -> Response:
    """The files, under their headings."""
    found = sorted(publications.offered_to(current_family().id), key=lambda each: each.info.category != "")
    headings = list(dict.fromkeys(each.info.category for each in found))
    found.sort(key=lambda each: headings.index(each.info.category))
    return render_page(
        "family/publications/show.html",
        layout="family",
        texts=texts_to_accept.texts_of_family(current_family().id),
        groups=[(name, list(each)) for name, each in groupby(found, key=lambda each: each.info.category)],
    )


@blueprint.get("/fichiers/<int:publication_id>")
def show_file(publication_id: int) -> Response:
    """A file that is offered to this family: to others there is no such page."""
    info, file = publications.offered_file(current_family().id, publication_id)
    return send_pdf(file.path, info.name)


def _text_page(text_id: int) -> str:
    return url_for("family.publications.show_text", text_id=text_id)


@blueprint.get("/textes/<int:text_id>")
def show_text(text_id: int) -> Response:
    """A text in force, and the family's answer or the form for it."""
    return _show_text(text_id, AcceptanceForm())


@blueprint.post("/textes/<int:text_id>")
@resumed_at(_text_page)
def accept_text(text_id: int) -> BaseResponse:
    """Accept the version that was read."""
    family, form = active_family(), AcceptanceForm()
    if not form.validate():
        return _show_text(text_id, form, status=422)
    try:
        with write_transaction() as session:
            texts_to_accept.accept(
                session, family, current_account().user_id, text_id, form.version_id,
                device=request.user_agent.string,
            )  # fmt: skip
    except TextChanged:
        form.accepts.data = False
        form.accepts.errors = ["Ce texte vient de changer. Relisez-le, puis acceptez à nouveau."]
        return _show_text(text_id, form, status=422)
    flash("Votre accord est enregistré.", "success")
    return go_to(url_for("family.publications.show"))


@blueprint.get("/textes/<int:text_id>/fichier")
def show_text_file(text_id: int) -> Response:
    """The file of the version in force."""
    asked, version = texts_to_accept.text_of_family(current_family().id, text_id)
    if version.path is None:
        raise NotFound("file")
    return send_pdf(version.path, asked.info.name)


def _show_text(text_id: int, form: AcceptanceForm, *, status: int = 200) -> Response:
    family = current_family()
    asked, version = texts_to_accept.text_of_family(family.id, text_id)
    form.version.data = str(version.id)
    return render_page(
        "family/publications/text.html", layout="family", status=status, family=family, asked=asked, version=version,
        blocks=blocks_of(version.body), form=form,
    )  # fmt: skip
