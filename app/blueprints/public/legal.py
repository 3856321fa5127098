"""What the law asks every public site to say, and whom to ask."""

from flask import Blueprint, Response

from app.htmx import render_page

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
def contact() -> Response:
    """How to reach the council."""
    return render_page("public/legal/contact.html", layout="public")
