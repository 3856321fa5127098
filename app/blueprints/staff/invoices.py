"""« Factures » of the staff: any invoice and credit note, whole, and their PDFs."""

from flask import Blueprint, Response

from app.access import current_capabilities, guard_offices, requires
from app.downloads import send_pdf
from app.htmx import render_page
from app.rules.capabilities import Capability
from app.services import credits, invoices, line_corrections, refunds
from app.services.documents import pdf_of_credit, pdf_of_invoice

blueprint = Blueprint("invoices", __name__)
blueprint.before_request(guard_offices)


@blueprint.get("/<int:invoice_id>")
@requires(Capability.VIEW_PAYMENTS)
def show(invoice_id: int) -> Response:
    """An invoice."""
    detail = invoices.invoice_for_staff(invoice_id)
    may_correct = Capability.ISSUE_INVOICES in current_capabilities()
    return render_page(
        "staff/invoices/show.html", layout="staff", detail=detail, credits=credits.credits_on(invoice_id),
        correctable=line_corrections.correctable_lines(invoice_id) if may_correct else frozenset(),
    )  # fmt: skip


@blueprint.get("/<int:invoice_id>/pdf")
@requires(Capability.VIEW_PAYMENTS)
def show_pdf(invoice_id: int) -> Response:
    """Its PDF, or a page that says to wait for it."""
    detail = invoices.invoice_for_staff(invoice_id)
    path = pdf_of_invoice(invoice_id)
    if path is None:
        return render_page("staff/invoices/waiting.html", layout="staff", number=detail.invoice.number)
    return send_pdf(path, detail.invoice.number)


@blueprint.get("/avoirs/<int:credit_id>")
@requires(Capability.VIEW_PAYMENTS)
def show_credit(credit_id: int) -> Response:
    """A credit note."""
    return render_page(
        "staff/invoices/credit.html", layout="staff", detail=credits.credit_for_staff(credit_id),
        refunds=refunds.refunds_from_credit(credit_id),
    )  # fmt: skip


@blueprint.get("/avoirs/<int:credit_id>/pdf")
@requires(Capability.VIEW_PAYMENTS)
def show_credit_pdf(credit_id: int) -> Response:
    """Its PDF, or a page that says to wait for it."""
    number = credits.credit_for_staff(credit_id).credit.number
    path = pdf_of_credit(credit_id)
    if path is None:
        return render_page("staff/invoices/waiting.html", layout="staff", number=number)
    return send_pdf(path, number)
