"""« Attestations fiscales »: what a year's would say, publishing them, and each as a PDF."""

from flask import Blueprint, Response, flash, request, url_for
from werkzeug.wrappers import Response as BaseResponse

from app import clock
from app.access import current_account, current_capabilities, guard_offices, reached_office, reached_offices, requires
from app.database import write_transaction
from app.downloads import send_pdf
from app.htmx import go_to, render_page
from app.rules.capabilities import Capability
from app.services import tax_certificates

blueprint = Blueprint("tax_certificates", __name__)
blueprint.before_request(guard_offices)


@blueprint.get("")
@requires(Capability.VIEW_PAYMENTS)
def show() -> Response:
    """A year of an office: what was published, else what would be."""
    offices, years = reached_offices(Capability.VIEW_PAYMENTS), tax_certificates.years_offered(clock.today())
    wanted, year = request.args.get("service", type=int), request.args.get("annee", type=int)
    office_id = reached_office(Capability.VIEW_PAYMENTS, wanted).id if offices else 0
    year = year if year in years else years[0]
    page = request.args.get("page", 1, type=int)
    publication = tax_certificates.last_publication(office_id, year)
    wants_preview = publication is None or "apercu" in request.args
    return render_page(
        "staff/tax_certificates/list.html", layout="staff", offices=offices, office_id=office_id, years=years,
        year=year, publication=publication, wants_preview=wants_preview,
        preview=tax_certificates.preview(office_id, year, page) if wants_preview else None,
        certificates=None if wants_preview else tax_certificates.published(office_id, year, page),
        may_publish=Capability.FOLLOW_DEBTS in current_capabilities(),
    )  # fmt: skip


@blueprint.post("")
@requires(Capability.FOLLOW_DEBTS)
def publish() -> BaseResponse:
    """Publish a year: the worker makes the certificates, family by family."""
    office_id = reached_office(Capability.FOLLOW_DEBTS, request.form.get("service", 0, type=int)).id
    year = request.form.get("annee", 0, type=int)
    with write_transaction() as session:
        tax_certificates.start_publication(
            session, office_id, year, current_account().user_id, sends_mails="courriels" in request.form
        )
    flash("Les attestations se publient, famille par famille. Vous pouvez quitter cette page.", "success")
    return go_to(url_for("staff.tax_certificates.show", service=office_id, annee=year))


@blueprint.get("/<int:certificate_id>/pdf")
@requires(Capability.VIEW_PAYMENTS)
def show_certificate_pdf(certificate_id: int) -> Response:
    """A certificate, or a page that says to wait for it."""
    certificate = tax_certificates.find_certificate(certificate_id)
    path = tax_certificates.path_of_certificate(certificate_id)
    if path is None:
        return render_page("staff/invoices/waiting.html", layout="staff", number="Attestation fiscale")
    return send_pdf(path, f"attestation-fiscale-{certificate.year}-{certificate_id}")
