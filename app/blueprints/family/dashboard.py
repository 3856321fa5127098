"""The dashboard: what to do first, the next days of each child, and a tile per section."""

from datetime import timedelta

from flask import Blueprint, Response

from app import clock
from app.access import current_account, current_family
from app.htmx import render_page
from app.services.dashboards import dashboard_of

blueprint = Blueprint("dashboard", __name__)


@blueprint.get("/tableau-de-bord")
def show() -> Response:
    """The first page after sign-in."""
    family, today = current_family(), clock.today()
    return render_page(
        "family/dashboard/show.html",
        layout="family",
        family=family,
        dashboard=dashboard_of(family.id, current_account().user_id),
        today=today,
        tomorrow=today + timedelta(days=1),
    )
