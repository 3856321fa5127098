"""« Fermetures »: days on which a place cannot open, though children are expected; seen before it is done."""

from flask import Blueprint, Response, flash, request, url_for
from werkzeug.wrappers import Response as BaseResponse

from app.access import current_account, reach, requires
from app.database import db, write_transaction
from app.forms.closures import ClosureForm
from app.htmx import go_to, render_page
from app.rules.capabilities import Capability
from app.services import closures
from app.services.closures import ClosurePlan
from app.services.errors import ClosureMoved

blueprint = Blueprint("closures", __name__)


@blueprint.get("")
@requires(Capability.CLOSE_DAYS)
def show() -> Response:
    """What was closed."""
    found = closures.closures(request.args.get("page", 1, type=int), reach(Capability.CLOSE_DAYS))
    return render_page("staff/closures/list.html", layout="staff", closures=found)


@blueprint.get("/nouvelle")
@requires(Capability.CLOSE_DAYS)
def new() -> Response:
    """Choose what closes, and see who is touched. Reads only."""
    form = ClosureForm(closures.places(reach(Capability.CLOSE_DAYS)), formdata=request.args)
    if not request.args:
        return _page(form)
    if not form.validate():
        return _page(form, status=422)
    return _page(form, closures.plan_closure(db.session(), form.wish()))


@blueprint.post("/nouvelle")
@requires(Capability.CLOSE_DAYS)
def close() -> BaseResponse:
    """Close, once what it does is what was read."""
    form = ClosureForm(closures.places(reach(Capability.CLOSE_DAYS)), formdata=request.form)
    if not form.validate():
        return _page(form, status=422)
    wish = form.wish()
    try:
        with write_transaction() as session:
            closure_id = closures.close(session, wish, current_account().user_id, request.form.get("vu", ""))
    except ClosureMoved:
        flash("Les réservations ont changé depuis que vous les avez lues. Relisez-les avant de confirmer.", "warning")
        return _page(form, closures.plan_closure(db.session(), wish), status=409)
    flash("C’est fermé. Les familles sont prévenues par courriel.", "success")
    return go_to(url_for("staff.closures.show_closure", closure_id=closure_id))


@blueprint.get("/<int:closure_id>")
@requires(Capability.CLOSE_DAYS)
def show_closure(closure_id: int) -> Response:
    """A closure: what it did, whom to call."""
    return render_page("staff/closures/closure.html", layout="staff", closure=closures.read_closure(closure_id))


@blueprint.post("/<int:closure_id>/reouverture")
@requires(Capability.CLOSE_DAYS)
def reopen(closure_id: int) -> BaseResponse:
    """Open the days again; no booking comes back."""
    with write_transaction() as session:
        closures.reopen(session, closure_id, current_account().user_id)
    flash("Les jours sont rouverts\u00a0: les familles peuvent réserver à nouveau.", "success")
    return go_to(url_for("staff.closures.show_closure", closure_id=closure_id))


def _page(form: ClosureForm, plan: ClosurePlan | None = None, status: int = 200) -> Response:
    return render_page("staff/closures/new.html", layout="staff", status=status, form=form, plan=plan)
