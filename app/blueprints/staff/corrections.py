"""« Corrections à faire »: what invoices hold and is not charged any more, and lines that an agent corrects."""

from flask import Blueprint, Response, flash, request, url_for
from werkzeug.wrappers import Response as BaseResponse

from app.access import current_account, guard_offices, reached_office_ids, requires
from app.database import write_transaction
from app.filters import euros, spaced
from app.forms.corrections import LeaveForm, LineForm
from app.forms.keys import new_key, sent_key
from app.htmx import go_to, render_page
from app.rules.capabilities import Capability
from app.services import corrections, families, line_corrections
from app.services.errors import CorrectionMoved
from app.services.line_corrections import CorrectableLine, LinePlan

blueprint = Blueprint("corrections", __name__)
blueprint.before_request(guard_offices)


@blueprint.get("")
@requires(Capability.ISSUE_INVOICES)
def show() -> Response:
    """What waits, what was done, and the months in which something is to be invoiced again."""
    is_open, office_ids = "faites" not in request.args, reached_office_ids(Capability.ISSUE_INVOICES)
    return render_page(
        "staff/corrections/list.html", layout="staff", is_open=is_open,
        corrections=corrections.corrections(request.args.get("page", 1, type=int), office_ids, is_open=is_open),
        again=corrections.months_to_invoice_again(office_ids) if is_open else (),
    )  # fmt: skip


@blueprint.get("/<int:correction_id>")
@requires(Capability.ISSUE_INVOICES)
def show_correction(correction_id: int) -> Response:
    """One of them: what its credit note would say."""
    return _page(correction_id, LeaveForm())


@blueprint.post("/<int:correction_id>/avoir")
@requires(Capability.ISSUE_INVOICES)
def carry_out(correction_id: int) -> BaseResponse:
    """Issue its credit notes."""
    with write_transaction() as session:
        notes = corrections.carry_out(session, correction_id, current_account().user_id)
        numbers, cents = [note.number for note in notes], sum(note.total_cents for note in notes)
    if numbers:
        flash(spaced(f"Avoir émis : {', '.join(numbers)}, {euros(cents)}. La famille est prévenue."), "success")
    else:
        flash("Il n’y avait rien à rendre. Ces jours ne coûtaient rien, ou ne sont plus sur une facture.", "info")
    return go_to(url_for("staff.corrections.show"))


@blueprint.post("/<int:correction_id>/laisser")
@requires(Capability.ISSUE_INVOICES)
def leave(correction_id: int) -> BaseResponse:
    """Leave the invoice as it is, for a reason."""
    form = LeaveForm()
    if not form.validate():
        return _page(correction_id, form, status=422)
    with write_transaction() as session:
        corrections.leave(session, correction_id, current_account().user_id, form.because.data)
    flash("La facture reste comme elle est.", "success")
    return go_to(url_for("staff.corrections.show"))


@blueprint.get("/facture/<int:invoice_id>/ligne/<int:line_id>")
@requires(Capability.ISSUE_INVOICES)
def new_line(invoice_id: int, line_id: int) -> Response:
    """Choose what of a line is taken back."""
    line = line_corrections.read_line(invoice_id, line_id)
    return _line_page(line, LineForm(line, formdata=None))


@blueprint.post("/facture/<int:invoice_id>/ligne/<int:line_id>")
@requires(Capability.ISSUE_INVOICES)
def correct_line(invoice_id: int, line_id: int) -> BaseResponse:
    """Show what that does, the reason in no address; then do it, once it is what was read."""
    key = sent_key(request.form.get("cle"))
    done = line_corrections.credit_of_form(key)
    if done is not None:
        return go_to(url_for("staff.invoices.show_credit", credit_id=done))
    line = line_corrections.read_line(invoice_id, line_id)
    form = LineForm(line, formdata=request.form)
    if not form.validate():
        return _line_page(line, form, status=422)
    if "voir" in request.form:
        return _line_page(line, form, line_corrections.plan_line(invoice_id, line_id, form.wish()))
    try:
        with write_transaction() as session:
            credit_id = line_corrections.correct_line(
                session, invoice_id, line_id, form.wish(), current_account().user_id,
                fingerprint=request.form.get("vu", ""), form_key=key,
            )  # fmt: skip
    except CorrectionMoved:
        flash("Cette facture a changé depuis que vous l’avez lue. Relisez avant de confirmer.", "warning")
        return _line_page(line, form, line_corrections.plan_line(invoice_id, line_id, form.wish()), status=409)
    flash("L’avoir est émis. La famille est prévenue.", "success")
    return go_to(url_for("staff.invoices.show_credit", credit_id=credit_id))


def _page(correction_id: int, form: LeaveForm, *, status: int = 200) -> Response:
    found = corrections.read_correction(correction_id)
    return render_page(
        "staff/corrections/show.html", layout="staff", status=status, found=found, form=form,
        is_own=found.row.family_id in families.own_family_ids(current_account().user_id),
    )  # fmt: skip


def _line_page(line: CorrectableLine, form: LineForm, plan: LinePlan | None = None, *, status: int = 200) -> Response:
    return render_page(
        "staff/corrections/line.html", layout="staff", status=status, line=line, form=form, plan=plan,
        key=new_key(), is_own=line.family_id in families.own_family_ids(current_account().user_id),
    )  # fmt: skip
