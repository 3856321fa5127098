"""« Factures » of the staff: any invoice, whole, and its PDF."""

from flask import Blueprint, Response

from app.access import requires
from app.downloads import send_pdf
from app.htmx import render_page
from app.rules.capabilities import Capability
from app.services import invoices
from app.services.documents import pdf_of_invoice

blueprint = Blueprint("invoices", __name__)


@blueprint.get("/<int:invoice_id>")
@requires(Capability.VIEW_PAYMENTS)
def show(invoice_id: int) -> Response:
    """An invoice."""
    return render_page("staff/invoices/show.html", layout="staff", detail=invoices.invoice_for_staff(invoice_id))


@blueprint.get("/<int:invoice_id>/pdf")
@requires(Capability.VIEW_PAYMENTS)
def show_pdf(invoice_id: int) -> Response:
    """Its PDF, or a page that says to wait for it."""
    detail = invoices.invoice_for_staff(invoice_id)
    path = pdf_of_invoice(invoice_id)
    if path is None:
        return render_page("staff/invoices/waiting.html", layout="staff", number=detail.invoice.number)
    return send_pdf(path, detail.invoice.number)
