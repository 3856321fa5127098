"""/gestion: each member of the staff starts at the first section that they may see."""

from flask import Blueprint, abort
from werkzeug.wrappers import Response

from app.htmx import go_to
from app.navigation import navigation

blueprint = Blueprint("home", __name__)


@blueprint.get("")
def show() -> Response:
    """Go to the first section."""
    sections = navigation()
    if not sections:
        abort(403)
    return go_to(sections[0].href)
