"""« Mon prélèvement automatique »: the family's mandates, what will be collected when, and their end."""

from flask import Blueprint, Response, flash, url_for
from werkzeug.wrappers import Response as BaseResponse

from app.access import current_account, current_family
from app.database import write_transaction
from app.filters import spaced
from app.htmx import go_to, render_page
from app.services import debit_mandates

blueprint = Blueprint("direct_debits", __name__, url_prefix="/mes-factures/prelevement")


@blueprint.get("")
def show() -> Response:
    """What the family signed, and what will be collected."""
    family_id = current_family().id
    return render_page(
        "family/direct_debits/show.html", layout="family", mandates=debit_mandates.mandates_of(family_id),
        planned=debit_mandates.planned_debits(family_id),
    )  # fmt: skip


@blueprint.get("/<int:mandate_id>/fin")
def confirm_end(mandate_id: int) -> Response:
    """What ending a mandate does."""
    family_id = current_family().id
    mandate = debit_mandates.mandate_of_family(family_id, mandate_id)
    planned = debit_mandates.planned_debits(family_id, [mandate.office_id])
    return render_page(
        "family/direct_debits/end.html", layout="family", mandate=mandate,
        planned=[each for each in planned if each.mandate_id == mandate_id],
    )  # fmt: skip


@blueprint.post("/<int:mandate_id>/fin")
def end(mandate_id: int) -> BaseResponse:
    """End a mandate."""
    with write_transaction() as session:
        debit_mandates.end_own_mandate(session, current_family().id, mandate_id, current_account().user_id)
    flash(spaced("Votre mandat est terminé : vos prochaines factures se règlent autrement."), "success")
    return go_to(url_for("family.direct_debits.show"))
