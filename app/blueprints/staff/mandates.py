"""The mandates of a family for direct debits: its paper to sign, what was signed, and its end."""

from flask import Blueprint, Response, flash, request, url_for
from werkzeug.wrappers import Response as BaseResponse

from app import clock
from app.access import (
    current_account,
    current_capabilities,
    guard_offices,
    reached_office,
    reached_office_ids,
    reached_offices,
    requires,
)
from app.database import db, write_transaction
from app.downloads import send_made
from app.filters import spaced
from app.forms.direct_debits import EndMandateForm, MandateForm
from app.forms.fields import id_of
from app.htmx import go_to, render_page
from app.jobs.pdfs import print_now
from app.rules.capabilities import Capability
from app.services import debit_mandates, debit_papers
from app.services.families import check_not_own, own_family_ids
from app.services.family_files import read_family_name
from app.services.offices import OfficeView

blueprint = Blueprint("mandates", __name__)
blueprint.before_request(guard_offices)


@blueprint.get("/famille/<int:family_id>")
@requires(Capability.VIEW_PAYMENTS)
def show(family_id: int) -> Response:
    """What a family signed, and what will be collected; and where it signed nothing, the form for it."""
    name = read_family_name(family_id)
    return _page(family_id, MandateForm(_office_id(request.args.get("service", type=int)), name, clock.today()))


@blueprint.post("/famille/<int:family_id>")
@requires(Capability.RECORD_PAYMENTS)
def record(family_id: int) -> BaseResponse:
    """Record what it signed."""
    name = read_family_name(family_id)
    office = reached_office(Capability.RECORD_PAYMENTS, id_of(request.form.get("service")))
    form = MandateForm(office.id, name, clock.today())
    if not form.validate():
        return _page(family_id, form, status=422)
    with write_transaction() as session:
        debit_mandates.record_mandate(session, office.id, family_id, form.typed(), current_account().user_id)
    flash(spaced("Le mandat est enregistré : cette famille peut être prélevée."), "success")
    return go_to(url_for("staff.mandates.show", family_id=family_id, service=office.id))


@blueprint.get("/famille/<int:family_id>/pdf")
@requires(Capability.RECORD_PAYMENTS)
def show_mandate_pdf(family_id: int) -> Response:
    """The mandate to sign."""
    office = reached_office(Capability.RECORD_PAYMENTS, request.args.get("service", type=int))
    paper = debit_papers.mandate_paper(office.id, family_id)
    db.session.rollback()  # no transaction stays open while the child process works
    content = print_now("debit_mandate.html", {"mandate": paper})
    return send_made(content, "application/pdf", f"mandat-{paper.reference}.pdf")


@blueprint.get("/<int:mandate_id>/fin")
@requires(Capability.RECORD_PAYMENTS)
def confirm_end(mandate_id: int) -> Response:
    """Why it ends."""
    return _end_page(mandate_id, EndMandateForm())


@blueprint.post("/<int:mandate_id>/fin")
@requires(Capability.RECORD_PAYMENTS)
def end(mandate_id: int) -> BaseResponse:
    """End it."""
    form = EndMandateForm()
    if not form.validate():
        return _end_page(mandate_id, form, status=422)
    mandate = debit_mandates.read_mandate(mandate_id)
    with write_transaction() as session:
        debit_mandates.end_mandate(session, mandate_id, current_account().user_id, form.reason.data)
    flash(f"Le mandat {mandate.reference} est terminé.", "success")
    return go_to(url_for("staff.mandates.show", family_id=mandate.family_id, service=mandate.office_id))


def _office_id(wanted: int | None) -> int:
    """The office asked for, else the first that collects, else the first."""
    if wanted is None:
        reached = reached_offices(Capability.VIEW_PAYMENTS)
        collecting = debit_mandates.collecting_offices([office.id for office in reached])
        wanted = next((office.id for office in reached if office.id in collecting), None)
    return reached_office(Capability.VIEW_PAYMENTS, wanted).id


def _page(family_id: int, form: MandateForm, status: int = 200) -> Response:
    reached, offices = reached_office_ids(Capability.VIEW_PAYMENTS), reached_offices(Capability.VIEW_PAYMENTS)
    office: OfficeView = reached_office(Capability.VIEW_PAYMENTS, id_of(form.service.data))
    mandates = debit_mandates.mandates_of(family_id, reached)
    may_record = Capability.RECORD_PAYMENTS in current_capabilities() and family_id not in own_family_ids(
        current_account().user_id
    )
    return render_page(
        "staff/mandates/show.html", layout="staff", status=status, family_id=family_id,
        family_name=read_family_name(family_id), office=office, offices=offices, form=form, mandates=mandates,
        planned=debit_mandates.planned_debits(family_id, reached), may_record=may_record,
        desk=debit_mandates.debit_desk(db.session(), office.id),
        present=next((each for each in mandates if each.office_id == office.id and each.ended_at is None), None),
    )  # fmt: skip


def _end_page(mandate_id: int, form: EndMandateForm, status: int = 200) -> Response:
    mandate = debit_mandates.read_mandate(mandate_id)
    check_not_own(mandate.family_id, current_account().user_id)
    planned = debit_mandates.planned_debits(mandate.family_id, [mandate.office_id])
    return render_page(
        "staff/mandates/end.html", layout="staff", status=status, form=form, mandate=mandate,
        planned=[each for each in planned if each.mandate_id == mandate_id],
    )  # fmt: skip
