"""« Textes à accepter »: what families are asked to accept, in which version, and who did."""

from typing import Any

from flask import Blueprint, Response, flash, request, url_for
from werkzeug.wrappers import Response as BaseResponse

from app import clock
from app.access import FAMILY_IN_QUERY, current_account, requires
from app.blueprints.staff.seen import read_anew, shown_marks
from app.database import db, write_transaction
from app.document_labels import acceptance_table
from app.downloads import send_pdf, send_table
from app.filters import NBSP
from app.forms.fields import id_of
from app.forms.texts_to_accept import NewTextForm, PaperForm, TextForm, VersionForm
from app.htmx import go_to, render_page
from app.rules.capabilities import Capability
from app.rules.light_texts import blocks_of
from app.rules.publications import version_in_force
from app.services import family_files, publications, text_settings, texts_to_accept
from app.services.catalogue import TextInfo, catalogue
from app.services.errors import NameTaken, NotFound, StillUsed, TextChanged
from app.setting_labels import cannot_delete

blueprint = Blueprint("texts", __name__)

_NAME_TAKEN = "Un autre texte porte déjà ce titre."
ACCEPTED, MISSING = "acceptes", "manquants"


@blueprint.get("")
@requires(Capability.PUBLISH)
def show() -> Response:
    """The texts, with the version in force of each."""
    found, today = catalogue().texts, clock.today()
    return render_page(
        "staff/texts/list.html", layout="staff", texts=found, known=catalogue(),
        in_force={info.id: version_in_force(info.versions, today) for info in found},
    )  # fmt: skip


@blueprint.get("/nouveau")
@requires(Capability.PUBLISH)
def new() -> Response:
    """A new one, with its first version."""
    return _edit_page(None, NewTextForm(), None)


@blueprint.post("/nouveau")
@requires(Capability.PUBLISH)
def add() -> BaseResponse:
    """Store it."""
    form = NewTextForm()
    if not form.validate():
        return _edit_page(None, form, None, status=422)
    try:
        with write_transaction() as session:
            text_settings.add_text(session, current_account().user_id, form.typed(), form.version())
    except NameTaken:
        form.name.errors = [_NAME_TAKEN]
        return _edit_page(None, form, None, status=422)
    flash("Le texte est enregistré.", "success")
    return go_to(url_for("staff.texts.show"))


@blueprint.get("/<int:text_id>")
@requires(Capability.PUBLISH)
def edit(text_id: int) -> Response:
    """Whom it concerns, its versions, and the form of another one."""
    info = texts_to_accept.find_text(text_id)
    return _edit_page(info, TextForm(info), _next_version(info))


@blueprint.post("/<int:text_id>")
@requires(Capability.PUBLISH)
def save(text_id: int) -> BaseResponse:
    """Change whom it concerns."""
    info = texts_to_accept.find_text(text_id)
    form = TextForm(info)
    if not form.validate():
        return _edit_page(info, form, _next_version(info), status=422)
    try:
        with write_transaction() as session:
            form, is_moved = read_anew(session, lambda: TextForm(texts_to_accept.find_text(text_id)))
            if not is_moved:
                text_settings.save_text(session, text_id, form.typed())
    except NameTaken:
        form.name.errors = [_NAME_TAKEN]
        return _edit_page(info, form, _next_version(info), status=422)
    if is_moved:
        return _edit_page(info, form, _next_version(info), status=409)
    flash("Le texte est enregistré.", "success")
    return go_to(url_for("staff.texts.show"))


@blueprint.post("/<int:text_id>/versions")
@requires(Capability.PUBLISH)
def add_version(text_id: int) -> BaseResponse:
    """Another version: whoever accepted the text is asked again."""
    info = texts_to_accept.find_text(text_id)
    version = VersionForm()
    if not version.validate():
        return _edit_page(info, TextForm(info, formdata=None), version, status=422)
    with write_transaction() as session:
        text_settings.add_version(session, text_id, current_account().user_id, version.version())
    flash("La nouvelle version est enregistrée.", "success")
    return go_to(url_for("staff.texts.edit", text_id=text_id))


@blueprint.get("/<int:text_id>/version")
@requires(Capability.PUBLISH)
def show_version(text_id: int) -> Response:
    """What a version says; the last one unless the address says another."""
    info = texts_to_accept.find_text(text_id)
    wanted = request.args.get("numero", info.versions[-1].id, type=int)
    version = texts_to_accept.read_version(info, wanted)
    return render_page(
        "staff/texts/version.html", layout="staff", info=info, version=version, blocks=blocks_of(version.body)
    )


@blueprint.get("/<int:text_id>/fichier")
@requires(Capability.PUBLISH)
def show_file(text_id: int) -> Response:
    """The file of a version."""
    info = texts_to_accept.find_text(text_id)
    version = texts_to_accept.read_version(info, request.args.get("numero", info.versions[-1].id, type=int))
    if version.path is None:
        raise NotFound("file")
    return send_pdf(version.path, info.name)


@blueprint.get("/<int:text_id>/reponses")
@requires(Capability.PUBLISH)
def show_answers(text_id: int) -> Response:
    """Who accepted the version in force, and who did not."""
    info = texts_to_accept.find_text(text_id)
    version = version_in_force(info.versions, clock.today())
    shown = request.args.get("etat", "")
    wanted = {ACCEPTED: True, MISSING: False}.get(shown)
    answers = None
    if version is not None:
        number = request.args.get("page", 1, type=int)
        answers = texts_to_accept.page_of_answers(db.session(), info, version.id, number, is_accepted=wanted)
    return render_page(
        "staff/texts/answers.html", layout="staff", info=info, shown=shown, states=(ACCEPTED, MISSING),
        answers=answers, version=version,
    )  # fmt: skip


@blueprint.get("/<int:text_id>/reponses/fichier")
@requires(Capability.PUBLISH)
def show_answers_file(text_id: int) -> Response:
    """The same for a spreadsheet, all of them."""
    info = texts_to_accept.find_text(text_id)
    in_force = version_in_force(info.versions, clock.today())
    answers = () if in_force is None else texts_to_accept.answers_to(db.session(), info, in_force.id)
    return send_table(acceptance_table(answers), f"acceptations-{text_id}-{clock.today()}")


@blueprint.get("/<int:text_id>/papier")
@requires(Capability.PUBLISH)
def new_paper(text_id: int) -> Response:
    """A signature on paper, of the family that the address names."""
    info = texts_to_accept.find_text(text_id)
    in_force = version_in_force(info.versions, clock.today())
    if in_force is None:
        raise NotFound("version")
    family_id = id_of(request.args.get(FAMILY_IN_QUERY))
    form = PaperForm(formdata=None, data={"family_id": family_id, "version": in_force.id, "signed_on": clock.today()})
    return _paper_page(info, family_id, form)


@blueprint.post("/<int:text_id>/papier")
@requires(Capability.PUBLISH)
def record_paper(text_id: int) -> BaseResponse:
    """Note it."""
    info = texts_to_accept.find_text(text_id)
    form = PaperForm()
    family_id, version_id = (id_of(field.data) for field in (form.family_id, form.version))
    if not form.validate() or form.signed_on.data is None:
        return _paper_page(info, family_id, form, status=422)
    try:
        with write_transaction() as session:
            texts_to_accept.record_paper(
                session, family_id, current_account().user_id, text_id, version_id, signed_by=form.signed_by.data,
                signed_on=form.signed_on.data,
            )  # fmt: skip
    except TextChanged:
        flash(f"Une autre version est en vigueur depuis{NBSP}: vérifiez celle que la famille a signée.", "error")
        return go_to(url_for("staff.texts.show_answers", text_id=text_id))
    flash("La signature est enregistrée.", "success")
    return go_to(url_for("staff.texts.show_answers", text_id=text_id))


@blueprint.post("/<int:text_id>/supprimer")
@requires(Capability.PUBLISH)
def delete(text_id: int) -> BaseResponse:
    """Delete one that nobody accepted."""
    try:
        with write_transaction() as session:
            text_settings.delete_text(session, text_id)
    except StillUsed as error:
        flash(cannot_delete(error.usages), "error")
        return go_to(url_for("staff.texts.edit", text_id=text_id))
    flash("Le texte est supprimé.", "success")
    return go_to(url_for("staff.texts.show"))


def _next_version(info: TextInfo) -> VersionForm:
    return VersionForm(texts_to_accept.read_version(info, info.versions[-1].id).body, formdata=None)


def _paper_page(info: TextInfo, family_id: int, form: PaperForm, *, status: int = 200) -> Response:
    return render_page(
        "staff/texts/paper.html", layout="staff", status=status, info=info, form=form,
        family_name=family_files.read_family_name(family_id),
    )  # fmt: skip


def _edit_page(info: TextInfo | None, form: Any, version: VersionForm | None, *, status: int = 200) -> Response:
    concerned = None if info is None else publications.concerned_families(db.session(), info.readership)
    return render_page(
        "staff/texts/edit.html", layout="staff", status=status, info=info, form=form, version=version,
        concerned=concerned, shown=shown_marks(form, is_moved=status == 409),
    )  # fmt: skip
