"""« Relevé de compte » of the family, and its tax certificates: behind « Mes factures »."""

from flask import Blueprint, Response, request, url_for

from app import clock
from app.access import current_family
from app.blueprints.statement_papers import send_statement
from app.downloads import send_pdf
from app.forms.account_statements import StatementForm
from app.htmx import render_page
from app.services import account_statements, tax_certificates

blueprint = Blueprint("account_statements", __name__, url_prefix="/mes-factures")


@blueprint.get("/releve")
def show() -> Response:
    """What moved on the account between two days."""
    family_id = current_family().id
    form = StatementForm(clock.today(), request.args)
    is_valid = form.validate()
    return render_page(
        "family/account_statements/show.html", layout="family", status=200 if is_valid else 422, form=form,
        certificates=tax_certificates.certificates_of(family_id),
        statement=account_statements.statement_of(family_id, form.first, form.last) if is_valid else None,
    )  # fmt: skip


@blueprint.get("/releve/pdf")
def show_statement_pdf() -> Response:
    """The same on paper."""
    form = StatementForm(clock.today(), request.args)
    if not form.validate():
        return show()
    return send_statement(account_statements.statement_of(current_family().id, form.first, form.last))


@blueprint.get("/attestations/<int:certificate_id>/pdf")
def show_certificate_pdf(certificate_id: int) -> Response:
    """A tax certificate, or a page that says to wait for it."""
    certificate = tax_certificates.certificate_of(current_family().id, certificate_id)
    path = tax_certificates.path_of_certificate(certificate_id)
    title = f"Attestation fiscale {certificate.year}"
    if path is None:
        back = url_for("family.account_statements.show")
        return render_page("family/invoices/waiting.html", layout="family", paper=title, back_href=back)
    return send_pdf(path, f"attestation-fiscale-{certificate.year}-{certificate_id}")
