"""Day"""

from flask import Blueprint, Response, make_response

blueprint = Blueprint("day", __name__)


@blueprint.get("")
def show() -> Response:
    """The section."""
    return make_response("")
