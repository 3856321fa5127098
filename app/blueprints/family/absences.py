"""« Mes absences »: what is charged though the child did not come, and asking that it is not."""

from flask import Blueprint, Response, flash, url_for
from werkzeug.wrappers import Response as BaseResponse

from app.access import current_account, current_family, takes_files
from app.blueprints.attachments import kept, receive_attachment, send_attachment
from app.database import write_transaction
from app.document_labels import refusal_sentence
from app.filters import NBSP
from app.forms.absences import JustifyForm
from app.forms.fields import id_of
from app.htmx import go_to, render_page
from app.rules.handed_in_files import Judgement
from app.services import absences
from app.services.absences import FamilyAbsences
from app.services.errors import AbsencesMoved, FamilyNotActive, NoRoomForFile

blueprint = Blueprint("absences", __name__, url_prefix="/mes-reservations/absences")


def _page_again() -> str:
    return url_for("family.absences.show")


@blueprint.get("")
def show() -> Response:
    """The absences of the last year, the form for those that may be justified, and what was asked."""
    found = absences.absences_of(current_family().id)
    return _page(found, JustifyForm(found.to_justify, absences.offered_reasons()))


@blueprint.post("")
@takes_files
def send() -> BaseResponse:
    """Decode the certificate, write it, and ask."""
    family = current_family()
    if not family.may_act:
        raise FamilyNotActive
    found, reasons = absences.absences_of(family.id), absences.offered_reasons()
    form = JustifyForm(found.to_justify, reasons, is_sent=True)
    is_valid = form.validate()
    received = receive_attachment(form.files, form.camera) if is_valid else None
    reason = next((each for each in reasons if each.id == id_of(form.reason.data)), None)
    if is_valid and received is None and not form.files.errors and reason is not None and reason.needs_proof:
        form.files.errors = [f"Ce motif demande un justificatif{NBSP}: joignez une photo ou un PDF."]
    if not is_valid or form.files.errors:
        return _page(found, form, status=422)
    try:
        with kept(received) as file:
            with write_transaction() as session:
                sent = absences.send(session, family, current_account().user_id, form.typed(), file.file)
            file.is_named = sent.is_new
    except NoRoomForFile as full:
        form.files.errors = [refusal_sentence(Judgement(full.refusal), [])]
        return _page(found, form, status=422)
    except AbsencesMoved:
        return _page(absences.absences_of(family.id), form, status=409)
    flash("Votre demande est envoyée. Nous la lisons et vous répondons par courriel.", "success")
    return go_to(_page_again())


@blueprint.get("/<int:justification_id>/justificatif")
def show_pdf(justification_id: int) -> Response:
    """The certificate that the family sent."""
    return send_attachment(absences.own_certificate(current_family().id, justification_id), "justificatif.pdf")


def _page(found: FamilyAbsences, form: JustifyForm, *, status: int = 200) -> Response:
    return render_page(
        "family/absences/show.html", layout="family", status=status, found=found, form=form,
        family=current_family(), is_moved=status == 409,
    )  # fmt: skip
