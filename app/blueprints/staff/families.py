"""Families"""

from flask import Blueprint, Response, make_response

blueprint = Blueprint("families", __name__)


@blueprint.get("")
def search() -> Response:
    """The section."""
    return make_response("")


@blueprint.get("/<int:family_id>")
def show(family_id: int) -> Response:
    """The file."""
    return make_response("")
