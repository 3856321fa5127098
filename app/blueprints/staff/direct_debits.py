"""« Régie › Prélèvements »: what is collected when, the bank's file, the payments, and what came back."""

import logging

from flask import Blueprint, Response, flash, request, url_for
from werkzeug.wrappers import Response as BaseResponse

from app import clock
from app.access import (
    current_account,
    current_capabilities,
    guard_offices,
    reached_office,
    reached_offices,
    requires,
)
from app.database import db, write_transaction
from app.downloads import send_made, send_table
from app.filters import day_long, euros, spaced
from app.forms.direct_debits import CollectionForm, LineFilterForm, PrepareForm, RefusalForm
from app.forms.fields import id_of
from app.forms.keys import new_key, sent_key
from app.htmx import go_to, render_page
from app.integrations.debit_files import write_debit_file
from app.rules.capabilities import Capability
from app.rules.direct_debits import BatchState, DebitRefusal
from app.services import debit_batches, debit_mandates, debit_papers
from app.services.debit_batches import LineView
from app.services.errors import DebitMoved, NotFound
from app.services.offices import OfficeView
from app.step_up import confirmed_lately

blueprint = Blueprint("direct_debits", __name__)
logger = logging.getLogger(__name__)
blueprint.before_request(guard_offices)


@blueprint.get("")
@requires(Capability.VIEW_PAYMENTS)
def show() -> Response:
    """The collections of an office."""
    office, offices = _office()
    return render_page(
        "staff/direct_debits/list.html", layout="staff", office=office, offices=offices,
        desk=debit_mandates.debit_desk(db.session(), office.id),
        batches=debit_batches.list_batches(office.id, request.args.get("page", 1, type=int)),
        may_record=Capability.RECORD_PAYMENTS in current_capabilities(),
        may_set=Capability.EDIT_SETTINGS in current_capabilities(),
    )  # fmt: skip


@blueprint.get("/nouveau")
@requires(Capability.RECORD_PAYMENTS)
def new() -> Response:
    """What a collection on a day would take, and what it leaves out, and why."""
    office, offices = _office(Capability.RECORD_PAYMENTS)
    desk = debit_mandates.debit_desk(db.session(), office.id)
    if not desk.is_on:
        raise NotFound("office that collects")
    form = CollectionForm(request.args, clock.today(), desk.notice_days)
    is_valid, page = form.validate(), request.args.get("page", 1, type=int)
    day = form.day.data
    preview = debit_batches.preview(office.id, day) if is_valid and day is not None else None
    prepare = None
    if preview is not None and day is not None:
        prepare = PrepareForm(
            formdata=None,
            data={
                "service": str(office.id), "day": day.isoformat(), "count": str(preview.taken.count),
                "total": str(preview.taken.amount_cents), "form_key": new_key(),
            },
        )  # fmt: skip
    return render_page(
        "staff/direct_debits/new.html", layout="staff", status=200 if is_valid else 422, office=office,
        offices=offices, form=form, desk=desk, preview=preview, prepare=prepare,
        candidates=None if preview is None or day is None else debit_batches.list_candidates(
            office.id, day, form.reason, page
        ),
    )  # fmt: skip


@blueprint.post("")
@requires(Capability.RECORD_PAYMENTS)
def prepare() -> BaseResponse:
    """Store what the preview showed, and tell the families."""
    form = PrepareForm()
    typed = form.typed()
    if not form.validate() or typed is None:
        raise DebitMoved
    office = reached_office(Capability.RECORD_PAYMENTS, id_of(form.service.data))
    day, shown = typed
    with write_transaction() as session:
        batch_id = debit_batches.prepare(
            session, office.id, day, shown, current_account().user_id, sent_key(form.form_key.data)
        )
    flash(spaced(f"Le prélèvement du {day_long(day)} est préparé : les familles sont prévenues."), "success")
    return go_to(url_for("staff.direct_debits.show_batch", batch_id=batch_id))


@blueprint.get("/<int:batch_id>")
@requires(Capability.VIEW_PAYMENTS)
def show_batch(batch_id: int) -> Response:
    """A collection, line by line, with what may be done now."""
    form, batch = LineFilterForm(request.args), debit_batches.read_batch(batch_id)
    too_high: tuple[LineView, ...] = ()
    if batch.state is BatchState.PREPARED:
        too_high = debit_batches.lines_too_high(batch_id, current_account().user_id)
    return render_page(
        "staff/direct_debits/batch.html", layout="staff", batch=batch, form=form, too_high=too_high,
        lines=debit_batches.list_lines(
            batch_id, form.state, request.args.get("page", 1, type=int), current_account().user_id
        ),
        may_record=Capability.RECORD_PAYMENTS in current_capabilities(),
    )  # fmt: skip


@blueprint.get("/<int:batch_id>/lignes")
@requires(Capability.VIEW_PAYMENTS)
def show_lines_file(batch_id: int) -> Response:
    """Its lines for a spreadsheet."""
    return send_table(debit_batches.batch_table(batch_id), debit_batches.read_batch(batch_id).reference)


@blueprint.post("/<int:batch_id>/fichier")
@requires(Capability.RECORD_PAYMENTS)
def take_file(batch_id: int) -> BaseResponse:
    """Note that the bank's file is taken away, and lead to it."""
    with write_transaction() as session:
        debit_batches.note_sent(session, batch_id, current_account().user_id)
    flash(spaced("Le fichier peut être téléchargé autant de fois que voulu : il ne change plus."), "info")
    return go_to(url_for("staff.direct_debits.show_batch", batch_id=batch_id))


@blueprint.get("/<int:batch_id>/fichier")
@requires(Capability.RECORD_PAYMENTS)
@confirmed_lately
def show_file(batch_id: int) -> BaseResponse:
    """The bank's file, with whole IBANs: the same each time."""
    file = debit_papers.debit_file(batch_id)
    logger.info("bank file of %s by user %s", file.reference, current_account().user_id)
    return send_made(write_debit_file(file), "text/xml", f"{file.reference}.xml")


@blueprint.get("/<int:batch_id>/abandon")
@requires(Capability.RECORD_PAYMENTS)
def confirm_abandon(batch_id: int) -> Response:
    """What giving it up does."""
    batch = debit_batches.read_batch(batch_id)
    if batch.state is not BatchState.PREPARED:
        raise DebitMoved
    return render_page("staff/direct_debits/abandon.html", layout="staff", batch=batch)


@blueprint.post("/<int:batch_id>/abandon")
@requires(Capability.RECORD_PAYMENTS)
def abandon(batch_id: int) -> BaseResponse:
    """Give it up before its file ever left, and tell the families."""
    with write_transaction() as session:
        debit_batches.abandon(session, batch_id, current_account().user_id)
    flash(spaced("Le prélèvement est abandonné : les familles sont prévenues."), "success")
    return go_to(url_for("staff.direct_debits.show_batch", batch_id=batch_id))


@blueprint.post("/<int:batch_id>/encaissements")
@requires(Capability.RECORD_PAYMENTS)
def record(batch_id: int) -> BaseResponse:
    """Order that its payments be recorded; the worker does it, line by line."""
    with write_transaction() as session:
        debit_batches.order_recording(session, batch_id, current_account().user_id)
    flash("Les encaissements s’enregistrent, ligne par ligne.", "success")
    return go_to(url_for("staff.direct_debits.show_batch", batch_id=batch_id))


@blueprint.get("/lignes/<int:debit_id>/rejet")
@requires(Capability.RECORD_PAYMENTS)
def confirm_refusal(debit_id: int) -> Response:
    """Why it was not collected, or came back."""
    return _refusal_page(debit_id, RefusalForm())


@blueprint.post("/lignes/<int:debit_id>/rejet")
@requires(Capability.RECORD_PAYMENTS)
def refuse(debit_id: int) -> BaseResponse:
    """Note it: the invoice is due again, and the family is told."""
    line = debit_batches.read_line(debit_id, current_account().user_id)
    is_sent = debit_batches.read_batch(line.batch_id).sent_at is not None
    form = RefusalForm()
    if is_sent and not form.validate():
        return _refusal_page(debit_id, form, status=422)
    code = form.typed() if is_sent else DebitRefusal.TAKEN_OUT
    with write_transaction() as session:
        debit_batches.refuse_line(session, debit_id, current_account().user_id, code)
    flash(
        spaced(f"Facture {line.invoice_number}, {euros(line.amount_cents)} : elle est de nouveau à régler."), "success"
    )
    return go_to(url_for("staff.direct_debits.show_batch", batch_id=line.batch_id))


def _office(capability: Capability = Capability.VIEW_PAYMENTS) -> tuple[OfficeView, tuple[OfficeView, ...]]:
    """The office asked for, else the agent's first; and all of theirs."""
    return reached_office(capability, request.args.get("service", type=int)), reached_offices(capability)


def _refusal_page(debit_id: int, form: RefusalForm, status: int = 200) -> Response:
    line = debit_batches.read_line(debit_id, current_account().user_id)
    return render_page(
        "staff/direct_debits/refusal.html", layout="staff", status=status, form=form, line=line,
        batch=debit_batches.read_batch(line.batch_id),
    )  # fmt: skip
