"""« Encaissements »: money received, money taken at the counter, and the life of each online payment."""

from flask import Blueprint, Response, flash, request, url_for
from werkzeug.wrappers import Response as BaseResponse

from app import clock
from app.access import (
    FAMILY_IN_QUERY,
    current_account,
    current_capabilities,
    guard_offices,
    reached_office,
    reached_office_ids,
    reached_offices,
    requires,
)
from app.blueprints.receipts import send_reversed_receipt
from app.database import db, write_transaction
from app.downloads import send_pdf, send_table
from app.filters import euros
from app.forms.fields import id_of
from app.forms.keys import new_key, sent_key
from app.forms.staff_payments import CounterPaymentForm, RefundForm, ReversalForm, Shares, read_shares
from app.htmx import go_to, render_page
from app.payment_labels import detail_words
from app.rules.allocation import RefusedAllocations, allocate_oldest_first
from app.rules.capabilities import Capability
from app.rules.cash_desks import VOUCHERS, PaymentMode, RefusedRefund, ReversalKind
from app.services import cash_exports, payment_lists, payments, refunds, reversals
from app.services.cash_desks import taken_modes
from app.services.documents import pdf_of_payment
from app.services.families import check_not_own, own_family_ids
from app.services.family_files import read_family_name
from app.services.invoices import due_invoices, office_owed, open_invoices
from app.step_up import confirmed_lately

blueprint = Blueprint("payments", __name__)
blueprint.before_request(guard_offices)


@blueprint.get("")
@requires(Capability.VIEW_PAYMENTS)
def show() -> Response:
    """The payments, latest first."""
    office_ids, only_overpaid, family_id = _shown()
    return render_page(
        "staff/payments/list.html",
        layout="staff",
        payments=payment_lists.list_payments(
            request.args.get("page", 1, type=int), office_ids, only_overpaid=only_overpaid, family_id=family_id
        ),
        only_overpaid=only_overpaid,
        overpaid_count=payment_lists.count_overpaid(office_ids),
        family_id=family_id,
        family_name=None if family_id is None else read_family_name(family_id),
    )


@blueprint.get("/fichier")
@requires(Capability.VIEW_PAYMENTS)
def show_file() -> Response:
    """The same for a spreadsheet, all of them."""
    office_ids, only_overpaid, family_id = _shown()
    table = cash_exports.payments_table(office_ids, only_overpaid=only_overpaid, family_id=family_id)
    return send_table(table, f"{'trop-percus' if only_overpaid else 'encaissements'}-{clock.today().isoformat()}")


@blueprint.get("/en-ligne")
@requires(Capability.VIEW_PAYMENTS)
def show_operations() -> Response:
    """Online payments with all that happened to each."""
    only_pending = request.args.get("etat") == "en-attente"
    return render_page(
        "staff/payments/operations.html",
        layout="staff",
        operations=payments.operations(
            request.args.get("page", 1, type=int),
            reached_office_ids(Capability.VIEW_PAYMENTS),
            only_pending=only_pending,
        ),
        only_pending=only_pending,
    )


@blueprint.get("/<int:payment_id>")
@requires(Capability.VIEW_PAYMENTS)
def show_payment(payment_id: int) -> Response:
    """A payment, the invoices that it paid, and whether it was reversed."""
    return _payment_page(payment_id, ReversalForm())


@blueprint.post("/<int:payment_id>/annuler")
@requires(Capability.RECORD_PAYMENTS)
def reverse_payment(payment_id: int) -> BaseResponse:
    """Make that a payment counts no more."""
    payment = payment_lists.read_payment(payment_id)
    form = ReversalForm()
    if not form.validate():
        return _payment_page(payment_id, form, status=422)
    with write_transaction() as session:
        reversals.reverse_payment(
            session, payment_id, current_account().user_id, ReversalKind(form.kind.data), form.reason.data
        )
    handed_in = f" Il était sur le bordereau {payment.deposit_number} : le prochain versement le déduit."
    flash(
        f"Le règlement {payment.row.receipt_number} est annulé : ses factures sont de nouveau à payer."
        f"{handed_in if payment.deposit_number else ''}",
        "success",
    )
    return go_to(url_for("staff.payments.show_payment", payment_id=payment_id))


@blueprint.get("/remboursement/<int:family_id>")
@requires(Capability.RECORD_PAYMENTS)
def new_refund(family_id: int) -> Response:
    """Give money back to a family by transfer."""
    office_id = _office_to_refund(family_id, request.args.get("service", type=int))
    return _refund_page(family_id, office_id, _refund_form(family_id, office_id))


@blueprint.post("/remboursement/<int:family_id>")
@requires(Capability.RECORD_PAYMENTS)
def refund(family_id: int) -> BaseResponse:
    """Record a transfer to a family."""
    read_family_name(family_id)
    office_id = _office_to_refund(family_id, request.form.get("office_id", type=int))
    form = _refund_form(family_id, office_id)
    if not form.validate():
        return _refund_page(family_id, office_id, form, status=422)
    try:
        with write_transaction() as session:
            refund_id = refunds.refund(
                session, family_id, office_id, current_account().user_id, form.typed(),
                sent_key(form.form_key.data),
            )  # fmt: skip
    except RefusedRefund as refusal:
        form.amount.errors = [f"Il ne reste que {euros(refusal.limit_cents)} à rembourser."]
        return _refund_page(family_id, office_id, form, status=422)
    flash(f"Remboursement enregistré : {euros(form.typed().amount_cents)} par virement.", "success")
    return go_to(url_for("staff.payments.show_refund", refund_id=refund_id))


@blueprint.get("/remboursements/<int:refund_id>")
@requires(Capability.VIEW_PAYMENTS)
def show_refund(refund_id: int) -> Response:
    """A refund: to whom, how much, out of what; of its IBAN only the ends."""
    found = refunds.read_refund(refund_id)
    may_pay = Capability.RECORD_PAYMENTS in current_capabilities() and found.family_id not in own_family_ids(
        current_account().user_id
    )
    return render_page("staff/payments/refunded.html", layout="staff", refund=found, may_pay=may_pay)


@blueprint.get("/remboursements/<int:refund_id>/iban")
@requires(Capability.RECORD_PAYMENTS)
@confirmed_lately
def show_iban(refund_id: int) -> Response:
    """What the bank asks for to carry the transfer out, with the whole IBAN."""
    iban = refunds.iban_to_pay(refund_id, current_account().user_id)
    return render_page(
        "staff/payments/refund_iban.html", layout="staff", refund=refunds.read_refund(refund_id), iban=iban
    )


@blueprint.get("/<int:payment_id>/pdf")
@requires(Capability.VIEW_PAYMENTS)
def show_receipt(payment_id: int) -> Response:
    """The receipt, or a page that says to wait for it; of a reversed payment one that says so."""
    payment = payment_lists.read_payment(payment_id)
    number = payment.row.receipt_number
    if payment.reversal is not None:
        return send_reversed_receipt(payment_id, number)
    path = pdf_of_payment(payment_id)
    if path is None:
        return render_page("staff/invoices/waiting.html", layout="staff", number=number)
    return send_pdf(path, number)


@blueprint.get("/guichet/<int:family_id>")
@requires(Capability.RECORD_PAYMENTS)
def new_payment(family_id: int) -> Response:
    """Take money from a family, for an office."""
    office_id = _office(family_id, request.args.get("service", type=int))
    return _form_page(family_id, office_id, _form(family_id, office_id), Shares({}))


@blueprint.post("/guichet/<int:family_id>")
@requires(Capability.RECORD_PAYMENTS)
def record_payment(family_id: int) -> BaseResponse:
    """Show where the money would go, or record it."""
    read_family_name(family_id)
    office_id = _office(family_id, request.form.get("office_id", type=int))
    form, shares = _form(family_id, office_id), read_shares(request.form)
    is_valid = form.validate_on_submit()
    wanted = shares.allocations()
    if not is_valid or shares.is_wrong:
        return _form_page(family_id, office_id, form, shares, status=422)
    if "repartir" in request.form:
        plan = allocate_oldest_first(form.amount_cents, open_invoices(db.session(), family_id, office_id))
        shares.fill(plan.allocations)
        return _form_page(family_id, office_id, form, shares)
    try:
        with write_transaction() as session:
            payment_id = payments.record_counter_payment(
                session,
                office_id=office_id,
                family_id=family_id,
                mode=PaymentMode(form.mode.data),
                amount_cents=form.amount_cents,
                received_on=form.received_on.data or clock.today(),
                reference="",
                details=form.details,
                recorded_by=current_account().user_id,
                wanted=wanted,
                form_key=sent_key(form.form_key.data),
            )
    except RefusedAllocations as refusal:
        shares.refuse(refusal.problems)
        return _form_page(family_id, office_id, form, shares, status=422)
    row = payment_lists.read_payment(payment_id).row
    flash(f"Règlement enregistré : reçu {row.receipt_number}, {euros(row.amount_cents)}.", "success")
    return go_to(url_for("staff.payments.show_payment", payment_id=payment_id))


def _shown() -> tuple[frozenset[int], bool, int | None]:
    """Of which offices the list is, whether of what was too much alone, and of which family."""
    return (
        reached_office_ids(Capability.VIEW_PAYMENTS), request.args.get("etat") == "trop-percus",
        id_of(request.args.get(FAMILY_IN_QUERY)) or None,
    )  # fmt: skip


def _payment_page(payment_id: int, form: ReversalForm, status: int = 200) -> Response:
    payment = payment_lists.read_payment(payment_id)
    may_record = Capability.RECORD_PAYMENTS in current_capabilities()
    may_reverse = may_record and reversals.may_reverse(payment, current_account().user_id)
    return render_page(
        "staff/payments/payment.html", layout="staff", status=status, payment=payment, form=form,
        may_reverse=may_reverse, is_refundable=may_reverse and payment.row.mode not in VOUCHERS,
        detail_words=detail_words(payment.row.mode, payment.details), refunds=refunds.refunds_from_payment(payment_id),
    )  # fmt: skip


def _refund_form(family_id: int, office_id: int) -> RefundForm:
    return RefundForm(refunds.refundable_of(family_id, office_id), new_key(), read_family_name(family_id))


def _office_to_refund(family_id: int, wanted: int | None) -> int:
    """The office asked for, else the first that has something of the family."""
    if wanted is None:
        offices = reached_offices(Capability.RECORD_PAYMENTS)
        wanted = refunds.office_to_refund(family_id, [office.id for office in offices])
    return reached_office(Capability.RECORD_PAYMENTS, wanted).id


def _refund_page(family_id: int, office_id: int, form: RefundForm, status: int = 200) -> Response:
    name = read_family_name(family_id)
    check_not_own(family_id, current_account().user_id)
    form.office_id.data = str(office_id)
    return render_page(
        "staff/payments/refund.html", layout="staff", status=status, form=form, family_id=family_id, family_name=name,
        offices=reached_offices(Capability.RECORD_PAYMENTS), office_id=office_id,
    )  # fmt: skip


def _form(family_id: int, office_id: int) -> CounterPaymentForm:
    session = db.session()
    return CounterPaymentForm(
        clock.today(), open_invoices(session, family_id, office_id), new_key(), taken_modes(session, office_id),
        read_family_name(family_id),
    )  # fmt: skip


def _office(family_id: int, wanted: int | None) -> int:
    """The office asked for, else one that the family owes something, else the first."""
    if wanted is None:
        wanted = office_owed(family_id, reached_office_ids(Capability.RECORD_PAYMENTS))
    return reached_office(Capability.RECORD_PAYMENTS, wanted).id


def _form_page(family_id: int, office_id: int, form: CounterPaymentForm, shares: Shares, status: int = 200) -> Response:
    name = read_family_name(family_id)
    check_not_own(family_id, current_account().user_id)
    form.office_id.data = str(office_id)
    return render_page(
        "staff/payments/new.html", layout="staff", status=status, form=form, shares=shares, family_id=family_id,
        family_name=name, offices=reached_offices(Capability.RECORD_PAYMENTS), office_id=office_id,
        invoices=due_invoices(family_id, office_id),
        may_set=Capability.EDIT_SETTINGS in current_capabilities(),
    )  # fmt: skip
