"""« Relevé de compte » of a family, on screen and as a PDF."""

from flask import Blueprint, Response, request

from app import clock
from app.access import reached_office_ids, requires
from app.blueprints.statement_papers import send_statement
from app.forms.account_statements import StatementForm
from app.htmx import render_page
from app.rules.capabilities import Capability
from app.services import account_statements
from app.services.family_files import read_family_name

blueprint = Blueprint("account_statements", __name__)


@blueprint.get("/<int:family_id>/releve")
@requires(Capability.VIEW_PAYMENTS)
def show(family_id: int) -> Response:
    """What moved on a family's account between two days."""
    name = read_family_name(family_id)
    form = StatementForm(clock.today(), request.args)
    is_valid = form.validate()
    return render_page(
        "staff/account_statements/show.html", layout="staff", status=200 if is_valid else 422, family_id=family_id,
        family_name=name, form=form,
        statement=account_statements.statement_of(
            family_id, form.first, form.last, reached_office_ids(Capability.VIEW_PAYMENTS)
        ) if is_valid else None,
    )  # fmt: skip


@blueprint.get("/<int:family_id>/releve/pdf")
@requires(Capability.VIEW_PAYMENTS)
def show_statement_pdf(family_id: int) -> Response:
    """The same on paper."""
    read_family_name(family_id)
    form = StatementForm(clock.today(), request.args)
    if not form.validate():
        return show(family_id)
    return send_statement(
        account_statements.statement_of(family_id, form.first, form.last, reached_office_ids(Capability.VIEW_PAYMENTS))
    )
