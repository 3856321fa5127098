"""« Documentation »: the files that families download, and who reads which."""

import hashlib
from pathlib import Path
from typing import Any

from flask import Blueprint, Response, current_app, flash, request, url_for
from werkzeug.datastructures import FileStorage
from werkzeug.wrappers import Response as BaseResponse

from app import clock
from app.access import current_account, requires, resumed_at, takes_files
from app.config import Config
from app.database import db, write_transaction
from app.document_labels import refusal_sentence
from app.downloads import send_pdf
from app.forms.publications import NewPublicationForm, PublicationForm, ReplacementForm, uploaded
from app.htmx import go_to, render_page
from app.integrations.handed_in_files import FileRefused, receive_files
from app.integrations.kept_files import PUBLISHED_FOLDER, keep_file, remove_file
from app.rules.capabilities import Capability
from app.rules.publications import is_new, is_offered
from app.rules.required_documents import FilesWanted
from app.services import publications
from app.services.catalogue import PublicationInfo, catalogue
from app.services.errors import NameTaken, NotFound, StillUsed
from app.services.publications import NewFile
from app.setting_labels import cannot_delete

blueprint = Blueprint("publications", __name__)

_NAME_TAKEN = "Une autre publication porte déjà ce titre."
_NO_FILE = "Choisissez un fichier."


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
    upload = uploaded(form)
    if not form.validate() or upload is None:
        if upload is None:
            form.file.errors = [_NO_FILE]
        return _page(None, form, status=422)
    try:
        file = _write(upload)
    except FileRefused as refused:
        form.file.errors = [refusal_sentence(refused.judgement, [upload.filename or ""])]
        return _page(None, form, status=422)
    is_kept = False
    try:
        with write_transaction() as session:
            publications.add_publication(session, current_account().user_id, form.typed(), file)
        is_kept = True
    except NameTaken:
        form.name.errors = [_NAME_TAKEN]
        return _page(None, form, status=422)
    finally:
        if not is_kept:
            remove_file(Path(current_app.instance_path), file.path)
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
            publications.save_publication(session, publication_id, form.typed())
    except NameTaken:
        form.name.errors = [_NAME_TAKEN]
        return _page(info, form, status=422)
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
    upload = uploaded(replacement)
    if not replacement.validate() or upload is None:
        replacement.file.errors = [_NO_FILE]
        return _page(info, PublicationForm(info, formdata=None), replacement, status=422)
    try:
        file = _write(upload)
    except FileRefused as refused:
        replacement.file.errors = [refusal_sentence(refused.judgement, [upload.filename or ""])]
        return _page(info, PublicationForm(info, formdata=None), replacement, status=422)
    is_kept = False
    try:
        with write_transaction() as session:
            publications.replace_file(session, publication_id, current_account().user_id, file)
        is_kept = True
    finally:
        if not is_kept:
            remove_file(Path(current_app.instance_path), file.path)
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


def _write(upload: FileStorage) -> NewFile:
    """The file as one PDF, decoded like those of families, and written. Raises FileRefused."""
    portal: Config = current_app.config["PORTAL"]
    db.session.rollback()  # no transaction stays open while the child process works
    decoded = receive_files([upload.read()], FilesWanted.ANY.kinds, portal.clamd)
    path = keep_file(Path(current_app.instance_path), PUBLISHED_FOLDER, decoded.content, ".pdf")
    digest = hashlib.sha256(decoded.content).hexdigest()
    return NewFile(str(path), len(decoded.content), decoded.page_count, digest)


def _page(
    info: PublicationInfo | None, form: Any, replacement: ReplacementForm | None = None, *, status: int = 200
) -> Response:
    concerned = () if info is None else publications.concerned_families(db.session(), info.readership)
    return render_page(
        "staff/publications/edit.html", layout="staff", status=status, info=info, form=form,
        replacement=replacement or ReplacementForm(formdata=None), concerned=concerned,
        most_names=publications.MOST_NAMES,
    )  # fmt: skip
