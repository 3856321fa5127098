"""Mails"""

from flask import Blueprint, Response, make_response

blueprint = Blueprint("mails", __name__)


@blueprint.get("")
def show() -> Response:
    """The section."""
    return make_response("")


@blueprint.get("/<int:mail_id>")
def show_mail(mail_id: int) -> Response:
    """The mail."""
    return make_response("")
