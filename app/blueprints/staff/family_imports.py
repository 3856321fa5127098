"""« Importer des familles »: a file of another software is read, looked at, then its families are made."""

import hashlib
import logging
from collections.abc import Mapping, Sequence

from flask import Blueprint, Response, current_app, flash, request, url_for
from werkzeug.wrappers import Response as BaseResponse

from app import clock
from app.access import current_account, requires, takes_files
from app.config import Config
from app.database import db, write_transaction
from app.downloads import send_made, send_table
from app.filters import spaced
from app.forms.family_imports import ConfirmForm, UploadForm
from app.forms.fields import id_of, strip
from app.htmx import go_to, render_page
from app.import_labels import headings_sentence, refusal_sentence
from app.integrations.uploaded_tables import Limits, TableRefused, read_table
from app.jobs import imports
from app.jobs.pdfs import print_now
from app.models.family_imports import ImportedState, ImportStatus
from app.rules.capabilities import Capability
from app.rules.imports import (
    COLUMNS,
    LONGEST_CELL,
    MOST_BYTES,
    MOST_COLUMNS,
    MOST_LINES,
    FamilyLines,
    gather,
    is_explanation,
    read_headings,
)
from app.services import family_imports, import_views
from app.services.errors import ImportUsed, NotFound
from app.services.family_imports import Step
from app.services.import_views import LETTERS_AT_ONCE, ImportView
from app.services.papers import letterhead

blueprint = Blueprint("family_imports", __name__)
logger = logging.getLogger(__name__)

_LIMITS = Limits(most_bytes=MOST_BYTES, most_lines=MOST_LINES + 2, most_columns=MOST_COLUMNS, longest_cell=LONGEST_CELL)
_LONGEST_FILE_NAME = 100

STATES = {
    "problemes": ImportedState.WRONG,
    "doubles": ImportedState.ALIKE,
    "pretes": ImportedState.READY,
    "creees": ImportedState.CREATED,
    "echecs": ImportedState.FAILED,
    "supprimees": ImportedState.DELETED,
    "gardees": ImportedState.KEPT,
}
"""What the address calls the families in one state, in the order in which the page shows them."""


@blueprint.get("")
@requires(Capability.EDIT_FAMILIES)
def show() -> Response:
    """The imports so far, and the form for a file."""
    return _list_page(UploadForm())


@blueprint.get("/modele")
@requires(Capability.EDIT_FAMILIES)
def show_model_file() -> Response:
    """The model of the file."""
    return send_table(import_views.model_table(), "modele-import-familles")


@blueprint.post("")
@takes_files
@requires(Capability.EDIT_FAMILIES)
def upload() -> BaseResponse:
    """Read a file and keep what it says; nothing is made of it yet."""
    form = UploadForm()
    if not form.validate():
        return _list_page(form, status=422)
    content = form.file.data.read()
    name = strip(form.file.data.filename)[-_LONGEST_FILE_NAME:]
    config: Config = current_app.config["PORTAL"]
    db.session.rollback()  # no transaction stays open while the file is read
    try:
        lines = read_table(content, _LIMITS, lambda cells: len(read_headings(cells).places), config.clamd)
    except TableRefused as refused:
        form.file.errors = [refusal_sentence(refused)]
        return _list_page(form, status=422)
    headings = read_headings(lines[0][1])
    if not headings.is_usable:
        form.file.errors = [headings_sentence(headings)]
        return _list_page(form, status=422)
    families = _gathered(lines[1:], headings.places)
    if not families:
        form.file.errors = [spaced("Ce fichier n’a que des titres : aucune famille à lire.")]
        return _list_page(form, status=422)
    digest = hashlib.sha256(content).hexdigest()
    with write_transaction() as session:
        import_id = family_imports.begin(session, current_account().user_id, name, digest, headings.unknown, families)
    logger.info("import %s: %s families read by user %s", import_id, len(families), current_account().user_id)
    return _go_to(import_id)


@blueprint.get("/<int:import_id>")
@requires(Capability.EDIT_FAMILIES)
def show_import(import_id: int) -> Response:
    """How far an import is, what was found, what became of its families."""
    return _import_page(import_views.read_import(import_id))


@blueprint.get("/<int:import_id>/rapport")
@requires(Capability.EDIT_FAMILIES)
def show_report_file(import_id: int) -> Response:
    """What was found, for a spreadsheet."""
    view = import_views.read_import(import_id)
    return send_table(import_views.report_table(view.id), f"import-{view.id}")


@blueprint.post("/<int:import_id>/choix")
@requires(Capability.EDIT_FAMILIES)
def choose(import_id: int) -> BaseResponse:
    """Keep which of the families shown are to be made."""
    shown, wanted = (frozenset(map(id_of, request.form.getlist(name)[:100])) for name in ("vue", "creer"))
    with write_transaction() as session:
        family_imports.choose(session, import_id, shown, wanted)
    flash("Vos choix sont enregistrés.", "success")
    return go_to(
        url_for(
            "staff.family_imports.show_import", import_id=import_id,
            voir=request.form.get("voir") if request.form.get("voir") in STATES else None,
            page=request.form.get("page", type=int),
        )
    )  # fmt: skip


@blueprint.post("/<int:import_id>/confirmer")
@requires(Capability.EDIT_FAMILIES)
def confirm(import_id: int) -> BaseResponse:
    """Have the families made; the worker does it."""
    form = ConfirmForm()
    view = import_views.read_import(import_id)
    if not form.validate():
        return _import_page(view, form, status=422)
    with write_transaction() as session:
        family_imports.order(
            session, import_id, current_account().user_id, mails_codes=bool(form.mails_codes.data),
            verifies_quotients=bool(form.verifies_quotients.data),
        )  # fmt: skip
    logger.info("import %s ordered by user %s", import_id, current_account().user_id)
    return _go_to(import_id)


@blueprint.post("/<int:import_id>/abandonner")
@requires(Capability.EDIT_FAMILIES)
def abandon(import_id: int) -> BaseResponse:
    """Let a file go before anything was made of it."""
    with write_transaction() as session:
        family_imports.abandon(session, import_id)
    flash(spaced("L’import est abandonné : rien n’a été créé, et le contenu du fichier est effacé."), "success")
    return go_to(url_for("staff.family_imports.show"))


@blueprint.post("/<int:import_id>/continuer")
@requires(Capability.EDIT_FAMILIES)
def carry_on(import_id: int) -> BaseResponse:
    """Take an import one step further without waiting for the worker."""
    view = import_views.read_import(import_id)
    if view.is_at_work:
        imports.take(Step(view.id, view.status))
    return _go_to(import_id)


@blueprint.post("/<int:import_id>/annuler")
@requires(Capability.EDIT_FAMILIES)
def undo(import_id: int) -> BaseResponse:
    """Have what an import made deleted, as long as none of its families did anything."""
    try:
        with write_transaction() as session:
            family_imports.undo(session, import_id, current_account().user_id)
    except ImportUsed:
        return _import_page(import_views.read_import(import_id), is_used=True, status=409)
    logger.info("import %s undone by user %s", import_id, current_account().user_id)
    return _go_to(import_id)


@blueprint.get("/<int:import_id>/codes")
@requires(Capability.EDIT_FAMILIES)
def show_codes_file(import_id: int) -> Response:
    """The codes of its adults, for a spreadsheet."""
    view = import_views.read_import(import_id)
    return send_table(import_views.codes_table(view.id), f"codes-import-{view.id}")


@blueprint.get("/<int:import_id>/lettres")
@requires(Capability.EDIT_FAMILIES)
def show_letters_pdf(import_id: int) -> Response:
    """Some of the letters with the codes, to print. Raises NotFound where there are none."""
    view, number = import_views.read_import(import_id), request.args.get("lot", 1, type=int)
    if not 1 <= number <= MOST_LINES:
        raise NotFound("letters")
    letters = list(import_views.codes_of(view.id, offset=(number - 1) * LETTERS_AT_ONCE, limit=LETTERS_AT_ONCE))
    if not letters:
        raise NotFound("letters")
    config: Config = current_app.config["PORTAL"]
    logger.info("letters of import %s by user %s", view.id, current_account().user_id)
    context = {
        "letters": letters, "letterhead": letterhead(""), "written_on": clock.today(),
        "address": config.base_url + url_for("public.claims.show"),
    }  # fmt: skip
    db.session.rollback()  # no transaction stays open while the PDF is made
    return send_made(print_now("claim_letters.html", context), "application/pdf", f"lettres-{view.id}-{number}.pdf")


def _gathered(lines: Sequence[tuple[int, Sequence[str]]], places: Mapping[str, int]) -> tuple[FamilyLines, ...]:
    read = (
        (number, {key: cells[place] for key, place in places.items() if place < len(cells)}) for number, cells in lines
    )
    return gather((number, cells) for number, cells in read if any(cells.values()) and not is_explanation(cells))


def _go_to(import_id: int) -> BaseResponse:
    return go_to(url_for("staff.family_imports.show_import", import_id=import_id))


def _list_page(form: UploadForm, status: int = 200) -> Response:
    return render_page(
        "staff/family_imports/list.html", layout="staff", status=status, form=form, columns=COLUMNS,
        imports=import_views.imports(request.args.get("page", 1, type=int)), most_lines=MOST_LINES,
        most_megabytes=MOST_BYTES // 1_000_000,
    )  # fmt: skip


def _import_page(
    view: ImportView, form: ConfirmForm | None = None, *, is_used: bool = False, status: int = 200
) -> Response:
    present = [code for code, state in STATES.items() if view.counts.get(state)]
    asked = request.args.get("voir", "")
    code = asked if asked in present else next(iter(present), "")
    shown = None
    if code and not view.purged_at and view.status is not ImportStatus.ABANDONED:
        shown = import_views.families_of(view.id, STATES[code], request.args.get("page", 1, type=int))
    code_count = import_views.count_codes(view.id) if view.status is ImportStatus.CREATED else 0
    return render_page(
        "staff/family_imports/show.html", layout="staff", status=status, view=view, form=form or ConfirmForm(),
        states={each: STATES[each] for each in present}, code=code, shown=shown, code_count=code_count,
        letter_count=LETTERS_AT_ONCE, used=import_views.used_families(view.id) if is_used else None,
    )  # fmt: skip
