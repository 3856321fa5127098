"""Mes factures: what is to pay, ticked and paid online, what is settled, and the papers of each."""

import logging

from flask import Blueprint, Response, request, session, url_for
from werkzeug.wrappers import Response as BaseResponse

from app.access import current_account, current_family, resumed_at
from app.blueprints.online_payments import payment_addresses, payment_gateway
from app.blueprints.receipts import send_reversed_receipt
from app.database import write_transaction
from app.downloads import send_pdf
from app.forms.invoices import read_page, read_ticks
from app.htmx import go_to, render_fragment, render_page, wants_fragment
from app.integrations.payments import PaymentGateway, PaymentRefused, PaymentUnavailable
from app.jobs.payments import ask_payment_site
from app.rules.direct_debits import MandateState
from app.services import credits, invoice_lists, invoices, payments
from app.services.carried_months import carried_of
from app.services.debit_mandates import mandates_of
from app.services.documents import pdf_of_credit, pdf_of_invoice, pdf_of_payment
from app.services.errors import NothingToPay
from app.services.household_credits import credit_of_family
from app.services.payments import StartedBasket

blueprint = Blueprint("invoices", __name__, url_prefix="/mes-factures")

logger = logging.getLogger(__name__)


@blueprint.get("")
def show() -> Response:
    """The invoices to pay, or behind their button those that are settled."""
    if "soldees" in request.args:
        settled = invoice_lists.settled_invoices_of(current_family().id, read_page(request.args))
        return render_page(
            "family/invoices/settled.html", layout="family", invoices=settled,
            credits=credits.credits_of(current_family().id),
        )  # fmt: skip
    return _open_page(read_ticks(request.args), read_page(request.args))


def _address_with_ticks() -> str:
    return url_for("family.invoices.show", f=read_ticks(request.form))


@blueprint.post("/total")
@resumed_at(_address_with_ticks)
def show_total() -> Response:
    """What the ticked invoices come to. Reads only; htmx gets the sum alone, a browser without it the page."""
    ticked = read_ticks(request.form)
    if wants_fragment():
        selection = invoice_lists.select_invoices(current_family().id, ticked, is_online=payment_gateway() is not None)
        return render_fragment("family/invoices/_invoice_summary.html", selection=selection)
    return _open_page(ticked, read_page(request.form))


@blueprint.post("/payer")
@resumed_at(_address_with_ticks)
def pay() -> BaseResponse:
    """PAYER EN LIGNE: off to the payment site, or back to the list with the reason why not."""
    ticked, gateway = read_ticks(request.form), payment_gateway()
    if gateway is None or not ticked:
        return _open_page(ticked, read_page(request.form), status=422, problem="nothing")
    try:
        started = _start(gateway, ticked)
        address = ask_payment_site(gateway, started)
    except NothingToPay:
        return _open_page(ticked, read_page(request.form), status=422, problem="unpayable")
    except (PaymentRefused, PaymentUnavailable) as error:
        logger.error("the payment site opened no payment: %s", error)
        problem = "refused" if isinstance(error, PaymentRefused) else "unavailable"
        return _open_page(ticked, read_page(request.form), status=503, problem=problem)
    # What follows with another PayFiP number: the page that tells of this payment offers it.
    session["next_payment"] = [started.public_token, started.next_invoice_ids]
    return go_to(address)


@blueprint.get("/<int:invoice_id>")
def show_invoice(invoice_id: int) -> Response:
    """An invoice as a page: its lines with their explanations, and what was paid."""
    detail = invoices.invoice_of(current_family().id, invoice_id)
    return render_page(
        "family/invoices/invoice.html", layout="family", detail=detail, credits=credits.credits_on(invoice_id)
    )


@blueprint.get("/<int:invoice_id>/pdf")
def show_pdf(invoice_id: int) -> Response:
    """Its PDF, or a page that says to wait for it."""
    number = invoices.invoice_of(current_family().id, invoice_id).invoice.number
    address = url_for("family.invoices.show_invoice", invoice_id=invoice_id)
    return _paper(pdf_of_invoice(invoice_id), f"Facture {number}", number, address)


@blueprint.get("/avoirs/<int:credit_id>")
def show_credit(credit_id: int) -> Response:
    """A credit note as a page: what it takes back, why, and where it went."""
    detail = credits.credit_of(current_family().id, credit_id)
    return render_page("family/invoices/credit.html", layout="family", detail=detail)


@blueprint.get("/avoirs/<int:credit_id>/pdf")
def show_credit_pdf(credit_id: int) -> Response:
    """Its PDF, or a page that says to wait for it."""
    number = credits.credit_of(current_family().id, credit_id).credit.number
    address = url_for("family.invoices.show_credit", credit_id=credit_id)
    return _paper(pdf_of_credit(credit_id), f"Avoir {number}", number, address)


@blueprint.get("/recus/<int:payment_id>/pdf")
def show_receipt(payment_id: int) -> Response:
    """The PDF of a payment's receipt, or a page that says to wait for it; of a reversed payment one that says so."""
    payment = invoices.payment_of(current_family().id, payment_id)
    number = payment.receipt_number
    if payment.reversed_as is not None:
        return send_reversed_receipt(payment_id, number)
    address = url_for("family.invoices.show", soldees=1)
    return _paper(pdf_of_payment(payment_id), f"Reçu {number}", number, address)


def _paper(path: str | None, title: str, number: str, back_href: str) -> Response:
    if path is None:
        return render_page("family/invoices/waiting.html", layout="family", paper=title, back_href=back_href)
    return send_pdf(path, number)


def _start(gateway: PaymentGateway, ticked: tuple[int, ...]) -> StartedBasket:
    account = current_account()
    with write_transaction() as database_session:
        return payments.start_basket(
            database_session, current_family(), account.user_id, account.email, ticked, payment_addresses(gateway)
        )


def _open_page(ticked: tuple[int, ...], page: int, *, status: int = 200, problem: str | None = None) -> Response:
    is_online = payment_gateway() is not None
    family = current_family()
    return render_page(
        "family/invoices/show.html",
        layout="family",
        status=status,
        family=family,
        is_online=is_online,
        invoices=invoice_lists.open_invoices_of(family.id, ticked, page, is_online=is_online),
        credit=credit_of_family(family.id),
        carried=carried_of(family.id),
        collected=[each for each in mandates_of(family.id) if each.state is MandateState.ACTIVE],
        problem=problem,
    )
