"""« Aides »: the funds that pay, what each owes for a time, and the aids of a family's children."""

from flask import Blueprint, Response, flash, request, url_for
from werkzeug.wrappers import Response as BaseResponse

from app import clock
from app.access import current_account, current_capabilities, reached_office_ids, requires
from app.database import db, write_transaction
from app.downloads import send_made, send_table
from app.forms.aids import AidForm, FundForm, PeriodForm, aid_form
from app.htmx import go_to, render_page
from app.jobs.pdfs import print_now
from app.rules.capabilities import Capability
from app.services import aids, families, family_files, papers
from app.services.aids import AidView, FundStatement, FundView
from app.services.errors import AidSpent, NameTaken

blueprint = Blueprint("aids", __name__)
family_blueprint = Blueprint("family_aids", __name__)


@blueprint.get("")
@requires(Capability.ISSUE_INVOICES)
def show() -> Response:
    """The funds."""
    return render_page("staff/aids/list.html", layout="staff", funds=aids.funds())


@blueprint.get("/nouveau")
@requires(Capability.ISSUE_INVOICES)
def new_fund() -> Response:
    """A new fund."""
    return _fund_page(None, FundForm())


@blueprint.post("/nouveau")
@requires(Capability.ISSUE_INVOICES)
def add_fund() -> BaseResponse:
    """Store a new fund."""
    return _save_fund(None)


@blueprint.get("/<int:fund_id>")
@requires(Capability.ISSUE_INVOICES)
def edit_fund(fund_id: int) -> Response:
    """Change a fund."""
    fund = aids.find_fund(fund_id)
    return _fund_page(fund, FundForm.of(fund))


@blueprint.post("/<int:fund_id>")
@requires(Capability.ISSUE_INVOICES)
def save_fund(fund_id: int) -> BaseResponse:
    """Store a fund."""
    return _save_fund(aids.find_fund(fund_id))


@blueprint.get("/<int:fund_id>/releve")
@requires(Capability.ISSUE_INVOICES)
def show_statement(fund_id: int) -> Response:
    """What a fund owes for the invoices of a time, child by child: also on paper."""
    fund, form = aids.find_fund(fund_id), PeriodForm(request.args, clock.today())
    statement = None
    if (period := form.period()) is not None:
        statement = aids.statement_page(
            fund_id, *period, request.args.get("page", 1, type=int), reached_office_ids(Capability.ISSUE_INVOICES)
        )
    return render_page(
        "staff/aids/statement.html", layout="staff", fund=fund, form=form, statement=statement,
        status=200 if statement is not None else 422,
    )  # fmt: skip


@blueprint.get("/<int:fund_id>/releve/fichier")
@requires(Capability.ISSUE_INVOICES)
def show_file(fund_id: int) -> Response:
    """The statement for a spreadsheet."""
    statement = _statement(fund_id)
    if statement is None:
        return show_statement(fund_id)
    return send_table(papers.statement_table(statement), _file_name(statement))


@blueprint.get("/<int:fund_id>/releve/pdf")
@requires(Capability.ISSUE_INVOICES)
def show_pdf(fund_id: int) -> Response:
    """The statement for the fund, as a letter."""
    statement = _statement(fund_id)
    if statement is None:
        return show_statement(fund_id)
    paper = papers.statement_paper(statement)
    db.session.rollback()  # no transaction stays open while the child process works
    content = print_now("statement.html", {"statement": paper})
    return send_made(content, "application/pdf", f"{_file_name(statement)}.pdf")


@family_blueprint.get("/<int:family_id>/aides")
@requires(Capability.VERIFY_QUOTIENTS)
def show_family(family_id: int) -> Response:
    """The aids of a family's children, with what is left of each."""
    return render_page(
        "staff/aids/family.html", layout="staff", family_id=family_id,
        family_name=family_files.read_family_name(family_id), aids=aids.aids_of_family(family_id),
        may_edit_funds=Capability.ISSUE_INVOICES in current_capabilities(),
        items=dict(aids.items_to_aid()),
    )  # fmt: skip


@family_blueprint.get("/<int:family_id>/aides/nouvelle")
@requires(Capability.VERIFY_QUOTIENTS)
def new_aid(family_id: int) -> Response:
    """A new aid of one of its children."""
    return _aid_page(family_id, None, _aid_form(family_id, None))


@family_blueprint.post("/<int:family_id>/aides/nouvelle")
@requires(Capability.VERIFY_QUOTIENTS)
def add_aid(family_id: int) -> BaseResponse:
    """Store it."""
    form = _aid_form(family_id, None)
    if not form.validate():
        return _aid_page(family_id, None, form, status=422)
    with write_transaction() as session:
        aids.add_aid(
            session, family_id, current_account().user_id, int(form.child_id.data), int(form.fund_id.data), form.typed()
        )
    flash("L’aide est enregistrée. Elle compte dès la prochaine facturation.", "success")
    return go_to(url_for("staff.family_aids.show_family", family_id=family_id))


@family_blueprint.get("/<int:family_id>/aides/<int:aid_id>")
@requires(Capability.VERIFY_QUOTIENTS)
def edit_aid(family_id: int, aid_id: int) -> Response:
    """Change an aid, or end it."""
    aid = aids.find_aid(family_id, aid_id)
    return _aid_page(family_id, aid, _aid_form(family_id, aid))


@family_blueprint.post("/<int:family_id>/aides/<int:aid_id>")
@requires(Capability.VERIFY_QUOTIENTS)
def save_aid(family_id: int, aid_id: int) -> BaseResponse:
    """Store it."""
    aid = aids.find_aid(family_id, aid_id)
    form = _aid_form(family_id, aid)
    if not form.validate():
        return _aid_page(family_id, aid, form, status=422)
    try:
        with write_transaction() as session:
            aids.change_aid(session, family_id, current_account().user_id, aid_id, form.typed())
    except AidSpent:
        form.form_errors = ["Cette aide a déjà payé davantage, ou des jours hors de ces dates. Voyez ce qui est payé."]
        return _aid_page(family_id, aids.find_aid(family_id, aid_id), form, status=422)
    flash("L’aide est à jour. Ce qui est déjà facturé ne change pas.", "success")
    return go_to(url_for("staff.family_aids.show_family", family_id=family_id))


def _save_fund(fund: FundView | None) -> BaseResponse:
    form = FundForm.of(fund)
    if not form.validate_on_submit():
        return _fund_page(fund, form, status=422)
    try:
        with write_transaction() as session:
            aids.save_fund(session, fund.id if fund else None, form.typed())
    except NameTaken:
        form.name.errors = ["Un organisme porte déjà ce nom."]
        return _fund_page(fund, form, status=422)
    flash("L’organisme est enregistré.", "success")
    return go_to(url_for("staff.aids.show"))


def _fund_page(fund: FundView | None, form: FundForm, status: int = 200) -> Response:
    return render_page("staff/aids/fund.html", layout="staff", status=status, fund=fund, form=form)


def _statement(fund_id: int) -> FundStatement | None:
    aids.find_fund(fund_id)
    period = PeriodForm(request.args, clock.today()).period()
    if period is None:
        return None
    return aids.statement_of(fund_id, *period, reached_office_ids(Capability.ISSUE_INVOICES))


def _file_name(statement: FundStatement) -> str:
    return f"releve-aides-{statement.fund.id}-{statement.first.isoformat()}-{statement.last.isoformat()}"


def _aid_form(family_id: int, aid: AidView | None) -> AidForm:
    family_files.read_family_name(family_id)
    items = dict(aids.items_to_aid())
    if aid is not None:
        items.update({code: items.get(code, code) for code in aid.amounts})
    form = aid_form(tuple(items.items()))
    if aid is None:
        form.offer([(child.id, child.full_name) for child in families.children_of(family_id)], aids.funds())
    else:
        # Whose it is and who pays is said once: another child or fund is another aid.
        form.offer([(aid.child_id, aid.child_name)], [aids.find_fund(aid.fund_id)])
        form.child_id.data, form.fund_id.data = str(aid.child_id), str(aid.fund_id)
        form.show(aid)
    return form


def _aid_page(family_id: int, aid: AidView | None, form: AidForm, status: int = 200) -> Response:
    return render_page(
        "staff/aids/aid.html", layout="staff", status=status, family_id=family_id, aid=aid, form=form,
        family_name=family_files.read_family_name(family_id),
        is_own=family_id in families.own_family_ids(current_account().user_id),
    )  # fmt: skip
