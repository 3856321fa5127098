"""The bare address: to the sign-in page, or to where the signed-in user starts."""

from flask import Blueprint, redirect, url_for
from flask_login import current_user
from werkzeug.wrappers import Response

from app.access import home_address

blueprint = Blueprint("home", __name__)


@blueprint.get("/")
def show() -> Response:
    """Send everybody to their first page."""
    return redirect(home_address() if current_user.is_authenticated else url_for("public.sign_in.show"))
