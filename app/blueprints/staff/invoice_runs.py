"""« Facturation »: a month is prepared, what is odd is settled or accepted with a word, then it is issued."""

from flask import Blueprint, Response, flash, request, url_for
from werkzeug.wrappers import Response as BaseResponse

from app import clock
from app.access import current_account, guard_offices, reached_office, reached_office_ids, reached_offices, requires
from app.database import db, write_transaction
from app.downloads import send_table
from app.filters import in_sentence
from app.forms.months import months_offered, read_month
from app.forms.staff_invoice_runs import (
    CODES,
    KINDS,
    STANDINGS,
    AcceptForm,
    IssueForm,
    read_wanted,
)
from app.htmx import go_to, render_page
from app.jobs import invoices
from app.labels import label
from app.models.invoices import RunStatus
from app.rules.calendars import add_months
from app.rules.capabilities import Capability
from app.rules.invoicing import OddityKind
from app.services import cash_desks, cash_exports, invoice_runs, run_pools, run_views
from app.services.corrections import MONTHS_TO_INVOICE, count_open, months_to_invoice_again
from app.services.errors import NotFound, OdditiesLeft
from app.services.run_views import OF_THE_MONTH, RunView

blueprint = Blueprint("invoice_runs", __name__)
blueprint.before_request(guard_offices)


@blueprint.get("")
@requires(Capability.ISSUE_INVOICES)
def show() -> Response:
    """The runs so far, and the choice of office and month of the next one."""
    return _list_page()


@blueprint.post("")
@requires(Capability.ISSUE_INVOICES)
def prepare() -> BaseResponse:
    """Begin to prepare a month; where it is prepared or issued just now, show that."""
    month, office = read_month(request.form.get("mois", "")), request.form.get("service", "")
    if month is None or not office.isdecimal() or len(office) > 9:
        return _list_page(status=422, sentence="Choisissez un service et un mois.")
    office_id = reached_office(Capability.ISSUE_INVOICES, int(office)).id
    with write_transaction() as session:
        run_id = invoice_runs.prepare(session, office_id, month, current_account().user_id)
    return _go_to_run(run_id)


@blueprint.get("/<int:run_id>")
@requires(Capability.ISSUE_INVOICES)
def show_run(run_id: int) -> Response:
    """A run: how far it is, what was prepared, or its invoices."""
    return _run_page(run_views.read_run(run_id))


@blueprint.get("/<int:run_id>/fichier")
@requires(Capability.ISSUE_INVOICES)
def show_run_file(run_id: int) -> Response:
    """Its invoices for a spreadsheet."""
    run = run_views.read_run(run_id)
    return send_table(cash_exports.run_table(run_id), f"factures-{run.month:%Y-%m}-{run_id}")


@blueprint.post("/<int:run_id>/continuer")
@requires(Capability.ISSUE_INVOICES)
def carry_on(run_id: int) -> BaseResponse:
    """Take a run one step further without waiting for the worker, even where it rests after a failure."""
    run = run_views.read_run(run_id)
    if run.is_at_work:
        step = invoice_runs.Step(run.id, run.status, run.failure_count)
        if not invoices.attempt(step, issued_at_once=invoices.PREPARED_AT_ONCE):
            flash("Cette facturation n’a pas pu avancer.", "error")
    run = run_views.read_run(run_id)
    if run.status is RunStatus.ISSUED and not run.left_count:
        flash("Toutes les factures sont émises.", "success")
    return _go_to_run(run_id)


@blueprint.post("/<int:run_id>/de-nouveau")
@requires(Capability.ISSUE_INVOICES)
def prepare_again(run_id: int) -> BaseResponse:
    """Prepare the month anew: what was prepared gives way."""
    run = run_views.read_run(run_id)
    with write_transaction() as session:
        again = invoice_runs.prepare(session, run.office_id, run.month, current_account().user_id, instead_of=run_id)
    return _go_to_run(again)


@blueprint.post("/<int:run_id>/abandonner")
@requires(Capability.ISSUE_INVOICES)
def give_up(run_id: int) -> BaseResponse:
    """Let a preparation go."""
    with write_transaction() as session:
        invoice_runs.give_up(session, run_id, current_account().user_id)
    flash("La préparation est abandonnée : rien n’a été facturé.", "success")
    return go_to(url_for("staff.invoice_runs.show"))


@blueprint.post("/<int:run_id>/accepter")
@requires(Capability.ISSUE_INVOICES)
def accept(run_id: int) -> BaseResponse:
    """Let what is odd in one way be issued as it is, with a word."""
    code = request.form.get("quoi", "")
    kind = KINDS.get(code)
    if kind is None:
        raise NotFound("kind")
    form = AcceptForm(code, is_sent=True)
    if not form.validate():
        return _run_page(run_views.read_run(run_id), accepting=(kind, form), status=422)
    with write_transaction() as session:
        run_pools.accept(session, run_id, kind, form.reason.data or "", current_account().user_id)
    return _go_to_run(run_id)


@blueprint.post("/<int:run_id>/emettre")
@requires(Capability.ISSUE_INVOICES)
def issue(run_id: int) -> BaseResponse:
    """Have what was prepared issued; the worker does it."""
    run = run_views.read_run(run_id)
    form = IssueForm(clock.today(), run.month)
    if not form.validate() or form.invoice_date.data is None or form.due_on.data is None:
        return _run_page(run, issuing=form, status=422)
    try:
        with write_transaction() as session:
            invoice_runs.issue(
                session, run_id, form.invoice_date.data, form.due_on.data, current_account().user_id,
                whatever_it_is=bool(form.whatever_it_is.data),
            )  # fmt: skip
    except OdditiesLeft as left:
        return _run_page(run, issuing=form, left=left.kinds, status=422)
    return _go_to_run(run_id)


def _go_to_run(run_id: int) -> BaseResponse:
    return go_to(url_for("staff.invoice_runs.show_run", run_id=run_id))


def _list_page(status: int = 200, sentence: str | None = None) -> Response:
    office_ids, today = reached_office_ids(Capability.ISSUE_INVOICES), clock.today()
    chosen = read_month(request.values.get("mois", "")) or add_months(today.replace(day=1), -1)
    return render_page(
        "staff/invoice_runs/list.html", layout="staff", status=status, sentence=sentence,
        runs=run_views.runs(request.args.get("page", 1, type=int), office_ids),
        offices=reached_offices(Capability.ISSUE_INVOICES), office_id=request.values.get("service", type=int),
        months={**months_offered(today, MONTHS_TO_INVOICE), f"{chosen:%Y-%m}": chosen}, month=chosen,
        to_correct=count_open(office_ids), again=months_to_invoice_again(office_ids),
        months_looked_at=MONTHS_TO_INVOICE,
    )  # fmt: skip


def _proposed(run: RunView) -> IssueForm:
    """The dates that the invoices of a run bear unless the régisseur says otherwise."""
    today = clock.today()
    return IssueForm(today, run.month, cash_desks.last_day_to_pay(db.session(), run.office_id, today))


def _run_page(
    run: RunView,
    *,
    accepting: tuple[OddityKind, AcceptForm] | None = None,
    issuing: IssueForm | None = None,
    left: tuple[OddityKind, ...] = (),
    status: int = 200,
) -> Response:
    page = request.args.get("page", 1, type=int)
    if run.status is RunStatus.PREPARED:
        return _pool_page(run, page, accepting, issuing, left, status)
    return render_page(
        "staff/invoice_runs/run.html", layout="staff", status=status, run=run,
        invoices=run_views.invoices_of_run(run.id, page), acceptances=run_views.acceptances_of(run.id),
        changed=run_views.changed_families(run.id, request.args.get("changees", 1, type=int)),
    )  # fmt: skip


def _pool_page(
    run: RunView,
    page: int,
    accepting: tuple[OddityKind, AcceptForm] | None,
    issuing: IssueForm | None,
    left: tuple[OddityKind, ...],
    status: int,
) -> Response:
    pool, wanted = run_views.read_pool(run.id, run.office_id), read_wanted(request.args)
    forms, words = {}, run_views.words_before(run.id)
    for kind in pool.open_kinds:
        forms[kind] = AcceptForm(CODES[kind])
        forms[kind].reason.data = words.get(kind)
    if accepting is not None and accepting[0] in forms:
        forms[accepting[0]] = accepting[1]
    of_month = wanted.kind if wanted.kind in OF_THE_MONTH else None
    return render_page(
        "staff/invoice_runs/pool.html", layout="staff", status=status, run=run, pool=pool, wanted=wanted, codes=CODES,
        forms=forms, form=issuing or _proposed(run), left=left,
        shown=next((code for code in (*KINDS, *STANDINGS) if code == request.args.get("voir")), None),
        month_rows=None if of_month is None else run_views.month_rows(run.id, of_month, page),
        families=None if of_month is not None else run_views.families_of_pool(run.id, wanted, page),
        open_words=[in_sentence(label(kind)) for kind in pool.open_kinds],
    )  # fmt: skip
