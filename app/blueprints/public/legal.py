"""What the law asks every public site to say, and whom to ask."""

from flask import Blueprint, Response, url_for
from werkzeug.wrappers import Response as BaseResponse

from app.access import enter_family_door
from app.blueprints.family.messages import show_section
from app.htmx import is_htmx, leave_for, render_page

blueprint = Blueprint("legal", __name__)


@blueprint.get("/mentions-legales")
def notices() -> Response:
    """Legal notices and personal data."""
    return render_page("public/legal/notices.html", layout="public")


@blueprint.get("/accessibilite")
def accessibility() -> Response:
    """The declaration of accessibility (RGAA)."""
    return render_page("public/legal/accessibility.html", layout="public")


@blueprint.get("/contact")
def contact() -> BaseResponse:
    """How to reach the council; for a signed-in parent the section « Contacter la structure »."""
    if enter_family_door():
        return show_section()
    if is_htmx():  # from a page of a family whose session has ended
        return leave_for(url_for("public.legal.contact"))
    return render_page("public/legal/contact.html", layout="public")
