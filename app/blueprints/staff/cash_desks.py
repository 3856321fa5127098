"""« Régie »: what is in hand, the journal, deposits with their slips, the statement of a month, exports."""

from datetime import date

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
from app.downloads import send_made, send_table
from app.filters import month_long
from app.forms.cash_desks import DepositForm, ExportForm, JournalForm, read_ticked
from app.forms.fields import id_of
from app.forms.keys import new_key, sent_key
from app.forms.months import chosen_month, months_offered
from app.htmx import go_to, render_page
from app.jobs.pdfs import print_now
from app.rules.capabilities import Capability
from app.rules.cash_desks import IN_HAND_MODES, PaymentMode, ceiling_state
from app.services import cash_desks, cash_exports, cash_papers, cash_statements, deposits, journals
from app.services.cash_exports import ExportKind
from app.services.errors import NotFound, NothingToHandIn
from app.services.offices import OfficeView

blueprint = Blueprint("cash_desks", __name__)
blueprint.before_request(guard_offices)


@blueprint.get("")
@requires(Capability.VIEW_PAYMENTS)
def show() -> Response:
    """What is in hand, against the ceiling, and the last deposits."""
    office, offices = _office()
    held = deposits.cents_in_hand(db.session(), [office.id])
    desk = cash_desks.read_desk(office.id)
    cash_cents = held.get((office.id, PaymentMode.CASH), 0)
    return render_page(
        "staff/cash_desks/show.html", layout="staff", office=office, offices=offices, desk=desk,
        held=[(mode, held.get((office.id, mode), 0)) for mode in IN_HAND_MODES], cash_cents=cash_cents,
        ceiling=ceiling_state(cash_cents, desk.ceiling_cents),
        named=cash_desks.named_on(db.session(), office.id, clock.today()),
        deposits=deposits.list_deposits(request.args.get("page", 1, type=int), [office.id]), **_rights(),
    )  # fmt: skip


@blueprint.get("/journal")
@requires(Capability.VIEW_PAYMENTS)
def show_journal() -> Response:
    """The journal, line by line, with what the lines come to."""
    office, offices = _office()
    today = clock.today()
    months = {code: month_long(month) for code, month in months_offered(today).items()}
    form = JournalForm(request.args, today, journals.agents_in(office.id), months)
    wanted = form.wanted(office.id)
    return render_page(
        "staff/cash_desks/journal.html", layout="staff", office=office, offices=offices, form=form, wanted=wanted,
        journal=journals.list_journal(wanted, request.args.get("page", 1, type=int)), totals=journals.totals_of(wanted),
    )  # fmt: skip


@blueprint.get("/versements/nouveau")
@requires(Capability.RECORD_PAYMENTS)
def new_deposit() -> Response:
    """What is in hand of a mode, to hand in all of it or some."""
    return _choice_page(frozenset(), new_key())


@blueprint.post("/versements/nouveau")
@requires(Capability.RECORD_PAYMENTS)
def turn_page() -> Response:
    """Another page of the same, with what was ticked. Reads only. Raises NotFound for ticks of another office."""
    shown = request.form.get("office_id")
    if shown is not None and id_of(shown) != _office(Capability.RECORD_PAYMENTS)[0].id:
        raise NotFound("office")
    return _choice_page(read_ticked(request.form.getlist("payment")), sent_key(request.form.get("form_key")))


def _choice_page(ticked: frozenset[int], form_key: str) -> Response:
    office, offices = _office(Capability.RECORD_PAYMENTS)
    mode = request.args.get("mode", "")
    if mode not in set(IN_HAND_MODES):
        mode = PaymentMode.CASH
    until = request.args.get("jusque", type=date.fromisoformat) or clock.today()
    page = request.args.get("page", 1, type=int)
    choice = deposits.page_in_hand(office.id, PaymentMode(mode), until, page, ticked)
    form = DepositForm(
        formdata=None,
        data={
            "office_id": str(office.id), "mode": str(mode), "until": until.isoformat(),
            "total": str(choice.total_cents), "form_key": form_key,
        },
    )  # fmt: skip
    return render_page(
        "staff/cash_desks/new_deposit.html", layout="staff", office=office, offices=offices, mode=PaymentMode(mode),
        modes=IN_HAND_MODES, until=until, choice=choice, items=choice.items, total_cents=choice.total_cents, form=form,
    )  # fmt: skip


@blueprint.post("/versements")
@requires(Capability.RECORD_PAYMENTS)
def hand_in() -> BaseResponse:
    """Record a deposit."""
    form = DepositForm()
    ticked = request.form.getlist("payment") if "cochees" in request.form else None
    typed = form.typed(ticked)
    if not form.validate() or typed is None:
        raise NothingToHandIn
    reached_office(Capability.RECORD_PAYMENTS, typed.office_id)
    if ticked == []:
        flash("Cochez ce que vous versez, ou versez tout.", "error")
        return go_to(url_for("staff.cash_desks.new_deposit", service=typed.office_id, mode=typed.mode.value))
    with write_transaction() as session:
        deposit_id = deposits.hand_in(session, typed, current_account().user_id, sent_key(form.form_key.data))
    flash("Versement enregistré : le bordereau est prêt à imprimer.", "success")
    return go_to(url_for("staff.cash_desks.show_deposit", deposit_id=deposit_id))


@blueprint.get("/versements/<int:deposit_id>")
@requires(Capability.VIEW_PAYMENTS)
def show_deposit(deposit_id: int) -> Response:
    """A deposit, and what it handed in."""
    reached, page = reached_office_ids(Capability.VIEW_PAYMENTS), request.args.get("page", 1, type=int)
    row, items = deposits.page_of_deposit(deposit_id, reached, page)
    return render_page("staff/cash_desks/deposit.html", layout="staff", row=row, items=items)


@blueprint.get("/versements/<int:deposit_id>/pdf")
@requires(Capability.VIEW_PAYMENTS)
def show_slip_pdf(deposit_id: int) -> Response:
    """Its slip."""
    deposit = deposits.read_deposit(deposit_id, reached_office_ids(Capability.VIEW_PAYMENTS))
    paper = cash_papers.slip_paper(deposit)
    db.session.rollback()  # no transaction stays open while the child process works
    content = print_now("deposit_slip.html", {"slip": paper})
    return send_made(content, "application/pdf", f"{deposit.row.number}.pdf")


@blueprint.get("/releve")
@requires(Capability.VIEW_PAYMENTS)
def show_statement() -> Response:
    """The statement of a month."""
    office, offices = _office()
    month = chosen_month(request.args.get("mois", ""), clock.today())
    return render_page(
        "staff/cash_desks/statement.html", layout="staff", office=office, offices=offices, month=month,
        months=months_offered(clock.today()), statement=cash_statements.statement_of(office.id, month),
    )  # fmt: skip


@blueprint.get("/releve/pdf")
@requires(Capability.VIEW_PAYMENTS)
def show_statement_pdf() -> Response:
    """The same as a paper to sign."""
    office, _ = _office()
    month = chosen_month(request.args.get("mois", ""), clock.today())
    paper = cash_papers.statement_paper(cash_statements.statement_of(office.id, month))
    db.session.rollback()  # no transaction stays open while the child process works
    content = print_now("cash_statement.html", {"statement": paper})
    return send_made(content, "application/pdf", f"releve-regie-{office.id}-{month:%Y-%m}.pdf")


@blueprint.get("/releve/fichier")
@requires(Capability.VIEW_PAYMENTS)
def show_statement_file() -> Response:
    """The same for a spreadsheet."""
    office, _ = _office()
    month = chosen_month(request.args.get("mois", ""), clock.today())
    table = cash_exports.statement_table(cash_statements.statement_of(office.id, month))
    return send_table(table, f"releve-regie-{office.id}-{month:%Y-%m}")


@blueprint.get("/exports")
@requires(Capability.VIEW_PAYMENTS)
def show_exports() -> Response:
    """What an accountant may take away."""
    office, offices = _office()
    form = ExportForm(request.args, clock.today())
    return _exports_page(office, offices, form)


@blueprint.get("/exports/fichier")
@requires(Capability.VIEW_PAYMENTS)
def show_export_file() -> Response:
    """The file."""
    office, offices = _office()
    form = ExportForm(request.args, clock.today())
    if not form.validate() or form.first.data is None or form.last.data is None:
        return _exports_page(office, offices, form, status=422)
    kind, first, last = ExportKind(form.kind.data), form.first.data, form.last.data
    table = cash_exports.export(kind, office.id, first, last)
    return send_table(table, f"{kind}-{office.id}-{first.isoformat()}-{last.isoformat()}")


def _exports_page(office: OfficeView, offices: tuple[OfficeView, ...], form: ExportForm, status: int = 200) -> Response:
    return render_page(
        "staff/cash_desks/exports.html", layout="staff", status=status, office=office, offices=offices, form=form,
        may_count=Capability.ISSUE_INVOICES in current_capabilities(),
    )  # fmt: skip


def _office(capability: Capability = Capability.VIEW_PAYMENTS) -> tuple[OfficeView, tuple[OfficeView, ...]]:
    """The office asked for, else the agent's first; and all of theirs."""
    return reached_office(capability, request.args.get("service", type=int)), reached_offices(capability)


def _rights() -> dict[str, bool]:
    may = current_capabilities()
    return {
        "may_hand_in": Capability.RECORD_PAYMENTS in may, "may_set": Capability.EDIT_SETTINGS in may,
    }  # fmt: skip
