"""« Documentation »: the files that families download, and who reads which."""

from typing import Any

from flask import Blueprint, Response, flash, request, url_for
from werkzeug.wrappers import Response as BaseResponse

from app import clock
from app.access import current_account, requires, resumed_at, takes_files
from app.blueprints.staff.seen import read_anew, shown_marks
from app.blueprints.uploads import publish_file, removed_unless_named
from app.database import db, write_transaction
from app.downloads import send_pdf
from app.forms.publications import NewPublicationForm, PublicationForm, ReplacementForm
from app.htmx import go_to, render_page
from app.rules.capabilities import Capability
from app.rules.publications import is_new, is_offered
from app.services import publications
from app.services.catalogue import PublicationInfo, catalogue
from app.services.errors import NameTaken, NotFound, StillUsed
from app.setting_labels import cannot_delete

blueprint = Blueprint("publications", __name__)

_NAME_TAKEN = "Une autre publication porte déjà ce titre."


@blueprint.get("")
@requires(Capability.PUBLISH)
def show() -> Response:
    """All of them, in the order in which families see them."""
    today = clock.today()
    found = catalogue().publications
    return render_page(
        "staff/publications/list.html", layout="staff", publications=found, known=catalogue(), today=today,
        offered={each.id for each in found if is_offered(each.shown, today)},
        new={each.id for each in found if is_new(each.shown, each.files[-1].added_at.date(), today)},
    )  # fmt: skip


def _new_page(**_: int) -> str:
    return url_for("staff.publications.new")


def _edit_page(publication_id: int) -> str:
    return url_for("staff.publications.edit", publication_id=publication_id)


@blueprint.get("/nouvelle")
@requires(Capability.PUBLISH)
def new() -> Response:
    """A new one."""
    return _page(None, NewPublicationForm(None))


@blueprint.post("/nouvelle")
@takes_files
@resumed_at(_new_page)
@requires(Capability.PUBLISH)
def add() -> BaseResponse:
    """Decode the file, write it, and offer it."""
    form = NewPublicationForm(None)
    file = publish_file(form.file) if form.validate() else None
    if file is None:
        return _page(None, form, status=422)
    try:
        with removed_unless_named(file.path) as lying:
            with write_transaction() as session:
                publications.add_publication(session, current_account().user_id, form.typed(), file)
            lying.is_named = True
    except NameTaken:
        form.name.errors = [_NAME_TAKEN]
        return _page(None, form, status=422)
    flash("La publication est enregistrée.", "success")
    return go_to(url_for("staff.publications.show"))


@blueprint.get("/<int:publication_id>")
@requires(Capability.PUBLISH)
def edit(publication_id: int) -> Response:
    """What is said of one, its files, and the families who see it."""
    info = publications.find_publication(publication_id)
    return _page(info, PublicationForm(info))


@blueprint.post("/<int:publication_id>")
@requires(Capability.PUBLISH)
def save(publication_id: int) -> BaseResponse:
    """Change it, or withdraw it."""
    info = publications.find_publication(publication_id)
    form = PublicationForm(info)
    if not form.validate():
        return _page(info, form, status=422)
    try:
        with write_transaction() as session:
            form, is_moved = read_anew(session, lambda: PublicationForm(publications.find_publication(publication_id)))
            if not is_moved:
                publications.save_publication(session, publication_id, form.typed())
    except NameTaken:
        form.name.errors = [_NAME_TAKEN]
        return _page(info, form, status=422)
    if is_moved:
        return _page(info, form, status=409)
    flash("La publication est enregistrée.", "success")
    return go_to(url_for("staff.publications.show"))


@blueprint.post("/<int:publication_id>/fichier")
@takes_files
@resumed_at(_edit_page)
@requires(Capability.PUBLISH)
def replace_file(publication_id: int) -> BaseResponse:
    """Offer another file; those before stay, for the staff."""
    info = publications.find_publication(publication_id)
    replacement = ReplacementForm()
    file = publish_file(replacement.file) if replacement.validate() else None
    if file is None:
        return _page(info, PublicationForm(info, formdata=None), replacement, status=422)
    with removed_unless_named(file.path) as lying:
        with write_transaction() as session:
            publications.replace_file(session, publication_id, current_account().user_id, file)
        lying.is_named = True
    flash("Le fichier est remplacé.", "success")
    return go_to(_edit_page(publication_id))


@blueprint.get("/<int:publication_id>/fichier")
@requires(Capability.PUBLISH)
def show_file(publication_id: int) -> Response:
    """One of its files; the last one unless the address says another."""
    info = publications.find_publication(publication_id)
    wanted = request.args.get("version", info.files[-1].id, type=int)
    for file in info.files:
        if file.id == wanted:
            return send_pdf(file.path, info.name)
    raise NotFound("file")


@blueprint.post("/<int:publication_id>/monter")
@requires(Capability.PUBLISH)
def move_up(publication_id: int) -> BaseResponse:
    """Put it one place higher."""
    with write_transaction() as session:
        publications.move_up(session, publication_id)
    return go_to(url_for("staff.publications.show"))


@blueprint.post("/<int:publication_id>/supprimer")
@requires(Capability.PUBLISH)
def delete(publication_id: int) -> BaseResponse:
    """Delete it with its files, unless a text to accept includes one."""
    try:
        with write_transaction() as session:
            publications.delete_publication(session, publication_id)
    except StillUsed as error:
        flash(cannot_delete(error.usages), "error")
        return go_to(_edit_page(publication_id))
    flash("La publication est supprimée.", "success")
    return go_to(url_for("staff.publications.show"))


def _page(
    info: PublicationInfo | None, form: Any, replacement: ReplacementForm | None = None, *, status: int = 200
) -> Response:
    concerned = None if info is None else publications.concerned_families(db.session(), info.readership)
    return render_page(
        "staff/publications/edit.html", layout="staff", status=status, info=info, form=form,
        replacement=replacement or ReplacementForm(formdata=None), concerned=concerned,
        shown=shown_marks(form, is_moved=status == 409),
    )  # fmt: skip
