"""Absences that a family wants excused, as the staff look at them: the certificate, and the decision."""

from pathlib import Path

from flask import Blueprint, Response, current_app, flash, request, url_for
from werkzeug.exceptions import NotFound as PageNotFound
from werkzeug.wrappers import Response as BaseResponse

from app.absence_labels import decided_sentence
from app.access import current_account, record_health_access, requires
from app.database import db, write_transaction
from app.downloads import send_handed_in
from app.forms.absences import DecisionForm
from app.htmx import go_to, render_page
from app.integrations.handed_in_files import FileRefused, page_picture
from app.integrations.kept_files import read_sealed
from app.rules.absences import JustificationStatus
from app.rules.capabilities import Capability
from app.services import absence_decisions, absences, child_files
from app.services.absences import JustificationView
from app.services.errors import AlreadyDecided

blueprint = Blueprint("absences", __name__)


@blueprint.get("/<int:justification_id>")
@requires(Capability.REVIEW_ABSENCES)
def show(justification_id: int) -> Response:
    """What a family sent, and the decision where it waits."""
    found = absences.find_justification(justification_id, current_account().user_id)
    return _page(found, DecisionForm(found))


@blueprint.get("/<int:justification_id>/page")
@requires(Capability.REVIEW_ABSENCES)
def show_picture(justification_id: int) -> Response:
    """A page of the certificate as a picture; the first one unless the address says another."""
    found = absences.find_justification(justification_id, current_account().user_id)
    number = request.args.get("n", 1, type=int)
    if found.certificate is None or not 1 <= number <= found.certificate.page_count:
        raise PageNotFound
    try:
        picture = page_picture(_read(found), number - 1)
    except FileRefused:
        raise PageNotFound from None
    return send_handed_in(picture, "image/jpeg", f"page-{number}.jpg", shown=True)


@blueprint.get("/<int:justification_id>/fichier")
@requires(Capability.REVIEW_ABSENCES)
def show_pdf(justification_id: int) -> Response:
    """The certificate."""
    found = absences.find_justification(justification_id, current_account().user_id)
    return send_handed_in(_read(found), "application/pdf", f"justificatif - {found.family_name}.pdf")


@blueprint.post("/<int:justification_id>")
@requires(Capability.REVIEW_ABSENCES)
def decide(justification_id: int) -> BaseResponse:
    """Accept the absences that are ticked, and refuse the others."""
    found = absences.find_justification(justification_id, current_account().user_id)
    form = DecisionForm(found, is_sent=True)
    is_waiting = found.status is JustificationStatus.WAITING
    if is_waiting and not form.validate():
        return _page(found, form, status=422)
    try:
        with write_transaction() as session:
            decided = absence_decisions.decide(
                session, justification_id, current_account().user_id, form.accepted_ids, form.refusal.data or None
            )
    except AlreadyDecided:
        found = absences.find_justification(justification_id, current_account().user_id)
        return _page(found, DecisionForm(found), status=409)
    is_refused = decided.status is JustificationStatus.REFUSED
    flash(decided_sentence(decided.outcomes, decided.difference_cents), "info" if is_refused else "success")
    return go_to(url_for("staff.queue.show", type="absences"))


def _read(found: JustificationView) -> bytes:
    """The certificate, once it was noted who reads it: it is about the health of a child, or of its family."""
    _note_reading(found)
    return read_sealed(Path(current_app.instance_path), absences.certificate_for_staff(found.id))


def _note_reading(found: JustificationView) -> None:
    user_id = current_account().user_id
    for child_id in found.child_ids:
        if not child_files.has_just_read(child_id, user_id):
            record_health_access(child_id)


def _page(found: JustificationView, form: DecisionForm, *, status: int = 200) -> Response:
    _note_reading(found)  # the reason and the remark are about health too
    is_waiting = found.status is JustificationStatus.WAITING
    return render_page(
        "staff/absences/show.html",
        layout="staff",
        status=status,
        found=found,
        form=form,
        is_waiting=is_waiting,
        is_late=status == 409,
        effect=absence_decisions.effect_of_accepting(db.session(), found.id) if is_waiting else None,
    )
