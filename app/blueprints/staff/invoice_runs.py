"""« Facturation »: what a run would issue, the run, and how far it is."""

from datetime import date

from flask import Blueprint, Response, flash, request, url_for
from werkzeug.wrappers import Response as BaseResponse

from app import clock
from app.access import current_account, guard_offices, reached_office, reached_office_ids, reached_offices, requires
from app.database import write_transaction
from app.downloads import send_table
from app.forms.staff_invoice_runs import RunForm, months_offered, read_month
from app.htmx import go_to, render_page
from app.models.invoices import RunStatus
from app.rules.capabilities import Capability
from app.services import cash_exports, invoice_runs
from app.services.corrections import count_open
from app.services.pages import Page, page_of

blueprint = Blueprint("invoice_runs", __name__)
blueprint.before_request(guard_offices)


@blueprint.get("")
@requires(Capability.ISSUE_INVOICES)
def show() -> Response:
    """The runs so far, and the choice of office and month of the next one."""
    return _list_page()


@blueprint.get("/apercu")
@requires(Capability.ISSUE_INVOICES)
def preview() -> Response:
    """What a run would issue."""
    office_id, month = request.args.get("service", 0, type=int), read_month(request.args.get("mois", ""))
    if month is None or office_id not in reached_office_ids(Capability.ISSUE_INVOICES):
        return _list_page(status=422, sentence="Choisissez un service et un mois.")
    return _preview_page(office_id, month, RunForm(clock.today()))


@blueprint.post("")
@requires(Capability.ISSUE_INVOICES)
def start() -> BaseResponse:
    """Begin a run; the worker issues its invoices."""
    form = RunForm(clock.today())
    month, office_id = read_month(form.month.data or ""), _id(form.office_id.data)
    if month is None or office_id is None:
        return _list_page(status=422, sentence="Choisissez un service et un mois.")
    if not form.validate() or form.invoice_date.data is None or form.due_on.data is None:
        return _preview_page(office_id, month, form, status=422)
    if not invoice_runs.preview_run(office_id, month).has_work:
        flash("Il n’y a plus rien à facturer pour ce mois et ce service.", "info")
        return go_to(url_for("staff.invoice_runs.show"))
    with write_transaction() as session:
        run_id = invoice_runs.start_run(
            session, office_id, month, form.invoice_date.data, form.due_on.data, current_account().user_id,
            whatever_it_is=bool(form.whatever_it_is.data),
        )  # fmt: skip
    return go_to(url_for("staff.invoice_runs.show_run", run_id=run_id))


@blueprint.get("/<int:run_id>")
@requires(Capability.ISSUE_INVOICES)
def show_run(run_id: int) -> Response:
    """A run, how far it is, and its invoices."""
    return render_page(
        "staff/invoice_runs/run.html",
        layout="staff",
        run=invoice_runs.read_run(run_id),
        invoices=invoice_runs.invoices_of_run(run_id, request.args.get("page", 1, type=int)),
    )


@blueprint.get("/<int:run_id>/fichier")
@requires(Capability.ISSUE_INVOICES)
def show_run_file(run_id: int) -> Response:
    """Its invoices for a spreadsheet."""
    run = invoice_runs.read_run(run_id)
    return send_table(cash_exports.run_table(run_id), f"factures-{run.month:%Y-%m}-{run_id}")


@blueprint.post("/<int:run_id>/continuer")
@requires(Capability.ISSUE_INVOICES)
def carry_on(run_id: int) -> BaseResponse:
    """Issue the next invoices of a run without waiting for the worker."""
    invoice_runs.read_run(run_id)
    with write_transaction() as session:
        invoice_runs.issue_next(session, run_id)
    if invoice_runs.read_run(run_id).status is RunStatus.ISSUED:
        flash("Toutes les factures sont émises.", "success")
    return go_to(url_for("staff.invoice_runs.show_run", run_id=run_id))


def _list_page(status: int = 200, sentence: str | None = None) -> Response:
    office_ids = reached_office_ids(Capability.ISSUE_INVOICES)
    return render_page(
        "staff/invoice_runs/list.html", layout="staff", status=status, sentence=sentence,
        runs=invoice_runs.runs(office_ids), offices=reached_offices(Capability.ISSUE_INVOICES),
        months=months_offered(clock.today()), to_correct=count_open(office_ids),
    )  # fmt: skip


def _preview_page(office_id: int, month: date, form: RunForm, status: int = 200) -> Response:
    found = invoice_runs.preview_run(office_id, month)
    form.office_id.data, form.month.data = str(office_id), f"{month:%Y-%m}"
    place: Page[invoice_runs.FamilyDraft] = page_of(request.args.get("page", 1, type=int), len(found.issuable))
    drafts = place.filled(found.issuable[place.offset : place.offset + place.size])
    return render_page(
        "staff/invoice_runs/preview.html", layout="staff", status=status, preview=found, drafts=drafts, form=form,
        groups=found.oddity_groups(), unsettled=invoice_runs.unsettled_of(office_id, month),
    )  # fmt: skip


def _id(text: str | None) -> int | None:
    if text is None or not text.isdecimal() or len(text) > 9:
        return None
    return reached_office(Capability.ISSUE_INVOICES, int(text)).id
