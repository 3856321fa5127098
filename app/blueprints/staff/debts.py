"""« Relances »: who is reminded of what, what was sent, what holds an invoice back, what is given up."""

from pathlib import Path

from flask import Blueprint, Response, current_app, flash, request, url_for
from flask_wtf import FlaskForm
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
from app.blueprints.staff.seen import read_anew, shown_marks
from app.database import db, write_transaction
from app.downloads import send_made, send_pdf, send_table
from app.filters import NBSP, euros, spaced
from app.forms.debts import CancelMoveForm, GiveUpForm, HoldForm, MoveFilterForm, ReminderRuleForm
from app.forms.keys import new_key, sent_key
from app.htmx import go_to, render_page
from app.jobs.pdfs import print_now, printed_together
from app.rules.capabilities import Capability
from app.rules.debts import DebtMoveKind, HoldKind
from app.services import debt_papers, debt_reminders, debts
from app.services.errors import MoveRefused, NotFound
from app.services.offices import OfficeView

blueprint = Blueprint("debts", __name__)
blueprint.before_request(guard_offices)


@blueprint.get("")
@requires(Capability.VIEW_PAYMENTS)
def show() -> Response:
    """Whom each level would remind today."""
    return _reminders_page()


@blueprint.get("/fichier")
@requires(Capability.VIEW_PAYMENTS)
def show_unpaid_file() -> Response:
    """All that an office is owed past its date, for a spreadsheet."""
    office = reached_office(Capability.VIEW_PAYMENTS, request.args.get("service", type=int))
    return send_table(debt_papers.unpaid_table(office.id), f"impayes-{office.id}-{clock.today().isoformat()}")


@blueprint.post("")
@requires(Capability.FOLLOW_DEBTS)
def send() -> BaseResponse:
    """Remind the families that stay ticked: by mail, or with a letter to print."""
    office = reached_office(Capability.FOLLOW_DEBTS, request.form.get("service", 0, type=int))
    level = _level(request.form.get("niveau", type=int))
    ticked = [id_ for id_ in request.form.getlist("famille", type=int) if id_ > 0]
    if not ticked:
        return _reminders_page(status=422, problem="Cochez au moins une famille.")
    key = sent_key(request.form.get("form_key"))
    with write_transaction() as session:
        sending_id = debt_reminders.send(session, office.id, level, ticked, current_account().user_id, key)
    if sending_id is None:
        flash("Ces familles n’ont plus rien à régler, ou viennent d’être relancées.", "info")
        return go_to(url_for("staff.debts.show", service=office.id, niveau=level))
    row, _families = debt_reminders.read_run(sending_id)
    several = "s" if row.family_count > 1 else ""
    letters = f", dont {row.letter_count} par lettre à imprimer" if row.letter_count else ""
    flash(f"{row.family_count} famille{several} relancée{several}{letters}.", "success")
    return go_to(url_for("staff.debts.show_run", sending_id=sending_id))


@blueprint.get("/envois")
@requires(Capability.VIEW_PAYMENTS)
def show_runs() -> Response:
    """What was sent."""
    return render_page(
        "staff/debts/runs.html", layout="staff",
        runs=debt_reminders.list_runs(
            request.args.get("page", 1, type=int), reached_office_ids(Capability.VIEW_PAYMENTS)
        ),
    )  # fmt: skip


@blueprint.get("/envois/<int:sending_id>")
@requires(Capability.VIEW_PAYMENTS)
def show_run(sending_id: int) -> Response:
    """A sending: whom, by mail or by letter."""
    run, families = debt_reminders.read_run(sending_id)
    return render_page("staff/debts/run.html", layout="staff", run=run, families=families)


@blueprint.get("/envois/<int:sending_id>/lettres/pdf")
@requires(Capability.VIEW_PAYMENTS)
def show_letters_pdf(sending_id: int) -> BaseResponse:
    """All letters of a sending, one after the other, to print; where some are still to be made, its page."""
    run, _families = debt_reminders.read_run(sending_id)
    paths = debt_reminders.letter_paths(sending_id)
    if not paths or len(paths) < run.letter_count:
        flash("Les lettres ne sont pas toutes prêtes. Réessayez dans une minute.", "info")
        return go_to(url_for("staff.debts.show_run", sending_id=sending_id))
    db.session.rollback()  # no transaction stays open while files are read
    return send_made(
        printed_together(Path(current_app.instance_path), paths), "application/pdf", f"relances-{sending_id}.pdf"
    )


@blueprint.get("/lettres/<int:letter_id>/pdf")
@requires(Capability.VIEW_PAYMENTS)
def show_letter_pdf(letter_id: int) -> Response:
    """One letter, or a page that says to wait for it."""
    path = debt_reminders.path_of_letter(letter_id)
    if path is None:
        return render_page("staff/invoices/waiting.html", layout="staff", number="Lettre de relance")
    return send_pdf(path, f"relance-{letter_id}")


@blueprint.get("/reglages/<int:office_id>")
@requires(Capability.FOLLOW_DEBTS)
def edit_rule(office_id: int) -> Response:
    """When an office reminds."""
    office = reached_office(Capability.FOLLOW_DEBTS, office_id)
    return _rule_page(office, ReminderRuleForm(debt_reminders.rule_of(db.session(), office_id)))


@blueprint.post("/reglages/<int:office_id>")
@requires(Capability.FOLLOW_DEBTS)
def save_rule(office_id: int) -> BaseResponse:
    """Store it."""
    office = reached_office(Capability.FOLLOW_DEBTS, office_id)
    form = ReminderRuleForm(debt_reminders.rule_of(db.session(), office_id))
    if not form.validate():
        return _rule_page(office, form, status=422)
    with write_transaction() as session:
        form, is_moved = read_anew(session, lambda: ReminderRuleForm(debt_reminders.rule_of(session, office_id)))
        if not is_moved:
            debt_reminders.save_rule(session, office_id, form.typed(), current_account().user_id)
    if is_moved:
        return _rule_page(office, form, status=409)
    flash(f"«{NBSP}{office.name}{NBSP}»{NBSP}: les délais de relance sont enregistrés.", "success")
    return go_to(url_for("staff.debts.show", service=office_id))


@blueprint.get("/factures/<int:invoice_id>")
@requires(Capability.VIEW_PAYMENTS)
def show_invoice(invoice_id: int) -> Response:
    """What was done to get an invoice paid, and what may be done."""
    return _invoice_page(invoice_id, HoldForm(), GiveUpForm())


@blueprint.post("/factures/<int:invoice_id>/suspension")
@requires(Capability.FOLLOW_DEBTS)
def hold_back(invoice_id: int) -> BaseResponse:
    """Remind no more, because of a dispute or a plan."""
    form = HoldForm()
    if not form.validate():
        return _invoice_page(invoice_id, form, GiveUpForm(), sent=form, status=422)
    kind = HoldKind(form.kind.data)
    with write_transaction() as session:
        debts.hold_back(session, invoice_id, kind, form.until.data, form.reason.data or "", current_account().user_id)
    flash("Cette facture n’est plus relancée.", "success")
    return go_to(url_for("staff.debts.show_invoice", invoice_id=invoice_id))


@blueprint.post("/suspensions/<int:hold_id>/levee")
@requires(Capability.FOLLOW_DEBTS)
def end_hold(hold_id: int) -> BaseResponse:
    """Let an invoice be reminded of again."""
    with write_transaction() as session:
        invoice_id = debts.end_hold(session, hold_id, current_account().user_id)
    flash("Cette facture peut de nouveau être relancée.", "success")
    return go_to(url_for("staff.debts.show_invoice", invoice_id=invoice_id))


@blueprint.post("/factures/<int:invoice_id>/abandon")
@requires(Capability.FOLLOW_DEBTS)
def give_up(invoice_id: int) -> BaseResponse:
    """Write off what is due, or transfer it to the Treasury."""
    form = GiveUpForm()
    if not form.validate():
        return _invoice_page(invoice_id, HoldForm(), form, sent=form, status=422)
    kind = DebtMoveKind(form.kind.data)
    try:
        with write_transaction() as session:
            cents = debts.give_up(session, invoice_id, kind, form.reason.data or "", current_account().user_id)
    except MoveRefused:
        return _invoice_page(invoice_id, HoldForm(), form, status=409)
    done = "admis en non-valeur" if kind is DebtMoveKind.WRITE_OFF else "transmis au Trésor public"
    flash(f"{euros(cents)} {done}.", "success")
    return go_to(url_for("staff.debts.show_invoice", invoice_id=invoice_id))


@blueprint.get("/sans-suite")
@requires(Capability.VIEW_PAYMENTS)
def show_moves() -> Response:
    """Write-offs and transfers, for the accountant."""
    form = MoveFilterForm(reached_offices(Capability.VIEW_PAYMENTS), request.args)
    is_valid = form.validate()
    wanted = form.wanted()
    return render_page(
        "staff/debts/moves.html", layout="staff", status=200 if is_valid else 422, form=form,
        moves=debts.list_moves(wanted, request.args.get("page", 1, type=int)), totals=debts.move_totals(wanted),
        may_follow=Capability.FOLLOW_DEBTS in current_capabilities(),
    )  # fmt: skip


@blueprint.get("/sans-suite/fichier")
@requires(Capability.VIEW_PAYMENTS)
def show_moves_file() -> Response:
    """The same for a spreadsheet."""
    form = MoveFilterForm(reached_offices(Capability.VIEW_PAYMENTS), request.args)
    if not form.validate():
        return show_moves()
    return send_table(debt_papers.moves_table(debts.all_moves(form.wanted())), "non-valeurs-et-tresor")


@blueprint.get("/sans-suite/pdf")
@requires(Capability.VIEW_PAYMENTS)
def show_moves_pdf() -> Response:
    """The same to print and sign."""
    form = MoveFilterForm(reached_offices(Capability.VIEW_PAYMENTS), request.args)
    if not form.validate():
        return show_moves()
    wanted = form.wanted()
    paper = debt_papers.moves_paper(wanted, debts.all_moves(wanted), debts.move_totals(wanted))
    db.session.rollback()  # no transaction stays open while the child process works
    return send_made(print_now("debt_moves.html", {"list": paper}), "application/pdf", "non-valeurs-et-tresor.pdf")


@blueprint.get("/sans-suite/<int:move_id>/annulation")
@requires(Capability.FOLLOW_DEBTS)
def confirm_cancellation(move_id: int) -> Response:
    """Why it is taken back."""
    return _cancel_page(move_id, CancelMoveForm())


@blueprint.post("/sans-suite/<int:move_id>/annulation")
@requires(Capability.FOLLOW_DEBTS)
def cancel_move(move_id: int) -> BaseResponse:
    """Take it back: the invoice is due again."""
    form = CancelMoveForm()
    if not form.validate():
        return _cancel_page(move_id, form, status=422)
    with write_transaction() as session:
        invoice_id = debts.cancel_move(session, move_id, form.reason.data or "", current_account().user_id)
    flash(spaced("C’est annulé : la facture est de nouveau à payer."), "success")
    return go_to(url_for("staff.debts.show_invoice", invoice_id=invoice_id))


def _level(level: int | None) -> int:
    if level not in debt_reminders.LEVELS:
        raise NotFound("level")
    return level


def _reminders_page(status: int = 200, problem: str | None = None) -> Response:
    offices = reached_offices(Capability.VIEW_PAYMENTS)
    wanted_office = request.values.get("service", type=int)
    if wanted_office is None:  # nobody has to look through them all for one that has somebody to remind
        wanted_office = debt_reminders.office_with_debts([office.id for office in offices])
    office_id = reached_office(Capability.VIEW_PAYMENTS, wanted_office).id if offices else 0
    counts = debt_reminders.count_due(office_id)
    first = next((level for level in debt_reminders.LEVELS if counts[level]), 1)
    wanted = request.values.get("niveau", type=int)
    level = wanted if wanted in debt_reminders.LEVELS else first
    page = request.values.get("page", 1, type=int)
    return render_page(
        "staff/debts/reminders.html", layout="staff", status=status, offices=offices, office_id=office_id, level=level,
        counts=counts, rule=debt_reminders.rule_of(db.session(), office_id), problem=problem, form_key=new_key(),
        families=debt_reminders.families_to_remind(office_id, level, page),
        may_follow=Capability.FOLLOW_DEBTS in current_capabilities(),
    )  # fmt: skip


def _rule_page(office: OfficeView, form: ReminderRuleForm, status: int = 200) -> Response:
    return render_page(
        "staff/debts/rule.html", layout="staff", status=status, office=office, form=form,
        shown=shown_marks(form, is_moved=status == 409),
    )  # fmt: skip


def _invoice_page(
    invoice_id: int, hold: HoldForm, give_up: GiveUpForm, *, sent: FlaskForm | None = None, status: int = 200
) -> Response:  # fmt: skip
    return render_page(
        "staff/debts/invoice.html", layout="staff", status=status, sent=sent, hold=hold, give_up=give_up,
        followed=debts.follow(invoice_id, current_account().user_id),
        may_follow=Capability.FOLLOW_DEBTS in current_capabilities(),
    )  # fmt: skip


def _cancel_page(move_id: int, form: CancelMoveForm, status: int = 200) -> Response:
    return render_page(
        "staff/debts/cancel.html", layout="staff", status=status, form=form, move=debts.find_move(move_id)
    )  # fmt: skip
