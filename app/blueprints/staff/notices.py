"""« Santé et sécurité »: what parents changed in the files of their children; it holds already."""

from flask import Blueprint, Response, request, url_for
from werkzeug.wrappers import Response as BaseResponse

from app.access import current_account, requires
from app.database import write_transaction
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
        notices=notices.list_unseen(request.args.get("page", 1, type=int)),
        health_sections=HEALTH_SECTIONS,
    )


@blueprint.post("/<int:notice_id>/vu")
@requires(Capability.VIEW_CHILD_FILES)
def mark_seen(notice_id: int) -> BaseResponse:
    """Note that somebody has seen a change."""
    with write_transaction() as session:
        notices.mark_seen(session, notice_id, current_account().user_id)
    return go_to(url_for("staff.notices.show"))
