"""« Santé et sécurité »: what parents changed in the files of their children; it holds already."""

from flask import Blueprint, Response, flash, request, url_for
from werkzeug.wrappers import Response as BaseResponse

from app.access import current_account, reach, requires
from app.database import write_transaction
from app.filters import spaced
from app.htmx import go_to, render_page
from app.rules.capabilities import Capability
from app.rules.child_files import HEALTH_SECTIONS
from app.services import notices

blueprint = Blueprint("notices", __name__)


@blueprint.get("")
@requires(Capability.VIEW_CHILD_FILES)
def show() -> Response:
    """The changes that nobody has seen yet, oldest first."""
    return render_page(
        "staff/notices/list.html",
        layout="staff",
        notices=notices.list_unseen(request.args.get("page", 1, type=int), reach(Capability.VIEW_CHILD_FILES)),
        health_sections=HEALTH_SECTIONS,
    )


@blueprint.post("")
@requires(Capability.VIEW_CHILD_FILES)
def mark_seen() -> BaseResponse:
    """Note that somebody has seen one change, or all of a child's that are on the screen."""
    shown = dict(filter(None, map(notices.read_token, request.form.getlist("vu"))))
    with write_transaction() as session:
        count = notices.mark_seen(session, shown, current_account().user_id, reach(Capability.VIEW_CHILD_FILES))
    if count < len(shown):
        flash(spaced("Un changement est plus récent que cette page, ou déjà vu : relisez la liste."), "info")
    return go_to(url_for("staff.notices.show"))
