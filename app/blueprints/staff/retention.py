"""« Réglages › Conservation des données »: how long data is kept, and what purges take."""

from flask import Blueprint, Response, flash, url_for
from werkzeug.wrappers import Response as BaseResponse

from app import retention_labels
from app.access import current_account, requires
from app.blueprints.staff.seen import read_anew, shown_marks
from app.database import db, write_transaction
from app.forms.staff_retention import DurationsForm, durations_form
from app.htmx import go_to, render_page
from app.rules.capabilities import Capability
from app.services import purges

retention = Blueprint("retention", __name__)


@retention.get("")
@requires(Capability.EDIT_SETTINGS)
def edit() -> Response:
    """The durations."""
    return _page(durations_form(purges.durations()))


@retention.post("")
@requires(Capability.EDIT_SETTINGS)
def save() -> BaseResponse:
    """Store them."""
    form = durations_form(purges.durations())
    if not form.validate():
        return _page(form, status=422)
    with write_transaction() as session:
        form, is_moved = read_anew(session, lambda: durations_form(purges.durations()))
        is_changed = not is_moved and purges.save_durations(session, current_account().user_id, form.amounts())
    if is_moved:
        return _page(form, status=409)
    flash("Les durées sont enregistrées." if is_changed else "Rien n’a changé.", "success" if is_changed else "info")
    return go_to(url_for("staff.settings.retention.edit"))


@retention.get("/purge")
@requires(Capability.EDIT_SETTINGS)
def show_purge() -> Response:
    """What a purge would take now."""
    return render_page(
        "staff/settings/purge.html", layout="staff", lines=purges.dry_run(db.session()), last=purges.last_purge(),
        words=retention_labels,
    )  # fmt: skip


def _page(form: DurationsForm, status: int = 200) -> Response:
    return render_page(
        "staff/settings/retention.html", layout="staff", status=status, form=form, words=retention_labels,
        classes=tuple(purges.durations()), shown=shown_marks(form, is_moved=status == 409),
    )  # fmt: skip
