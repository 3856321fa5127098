"""Queue"""

from flask import Blueprint, Response, make_response

blueprint = Blueprint("queue", __name__)


@blueprint.get("")
def show() -> Response:
    """The section."""
    return make_response("")
