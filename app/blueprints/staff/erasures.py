"""A family that asks to be erased, as the staff look at it: the plan, and the decision."""

from pathlib import Path

from flask import Blueprint, Response, current_app, flash, url_for
from werkzeug.wrappers import Response as BaseResponse

from app import retention_labels
from app.access import current_account, requires, resumed_at
from app.database import db, write_transaction
from app.forms.erasures import AcceptanceForm
from app.forms.staff_queue import RefusalForm
from app.htmx import go_to, render_page
from app.integrations.kept_files import remove_file
from app.rules.capabilities import Capability
from app.rules.states import ErasureStatus
from app.services import erasures, families
from app.services.errors import ErasureHeld
from app.step_up import confirmed_lately

blueprint = Blueprint("erasures", __name__)


def _address(erasure_id: int) -> str:
    return url_for("staff.erasures.show", erasure_id=erasure_id)


@blueprint.get("/effacements/<int:erasure_id>")
@requires(Capability.REVIEW_ERASURES)
def show(erasure_id: int) -> Response:
    """What would become of the family's data, and the decision where it waits."""
    return _page(erasure_id)


@blueprint.post("/effacements/<int:erasure_id>/accepter")
@requires(Capability.REVIEW_ERASURES)
@resumed_at(_address)
@confirmed_lately
def accept(erasure_id: int) -> BaseResponse:
    """Erase the family as the plan says; its files go after the commit."""
    form = AcceptanceForm()
    if not form.validate():
        return _page(erasure_id, form, status=422)
    family_id = erasures.find_request(erasure_id).family_id
    words = retention_labels.plan_words(erasures.plan_of(db.session(), family_id))
    try:
        with write_transaction() as session:
            erased = erasures.accept_request(session, erasure_id, current_account().user_id, words)
    except ErasureHeld:
        return _page(erasure_id, form, status=409)
    for path in erased.paths:
        remove_file(Path(current_app.instance_path), path)
    flash("La famille est effacée. Un dernier courriel le lui dit.", "success")
    return go_to(_address(erasure_id))


@blueprint.post("/effacements/<int:erasure_id>/refuser")
@requires(Capability.REVIEW_ERASURES)
def refuse(erasure_id: int) -> BaseResponse:
    """Refuse, with a reason."""
    form = RefusalForm("erasure", is_sent=True)
    if not form.validate():
        return _page(erasure_id, refusal=form, status=422)
    with write_transaction() as session:
        erasures.refuse_request(session, erasure_id, current_account().user_id, form.reason.data or "")
    flash("La demande est refusée. Les parents reçoivent le motif par courriel.", "success")
    return go_to(url_for("staff.queue.show", type="effacements"))


@blueprint.post("/familles/<int:family_id>/effacement")
@requires(Capability.REVIEW_ERASURES)
def ask(family_id: int) -> BaseResponse:
    """Write down what a family asked by letter or at the counter."""
    with write_transaction() as session:
        erasure_id = erasures.ask_at_counter(session, family_id, current_account().user_id)
    flash("La demande est enregistrée. Rien n’est effacé tant qu’elle n’est pas acceptée.", "success")
    return go_to(_address(erasure_id))


def _page(
    erasure_id: int, form: AcceptanceForm | None = None, refusal: RefusalForm | None = None, *, status: int = 200
) -> Response:
    request = erasures.find_request(erasure_id)
    waits = request.status is ErasureStatus.PENDING
    return render_page(
        "staff/erasures/show.html", layout="staff", status=status, request=request, words=retention_labels,
        plan=erasures.plan_of(db.session(), request.family_id) if waits else None,
        form=form or AcceptanceForm(formdata=None), refusal=refusal or RefusalForm("erasure"),
        is_own=request.family_id in families.own_family_ids(current_account().user_id),
    )  # fmt: skip
