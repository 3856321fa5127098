"""« Planning du jour »: who comes on a day."""

from datetime import timedelta

from flask import Blueprint, Response, request, url_for

from app import clock
from app.access import requires
from app.forms.bookings import read_day
from app.htmx import render_page
from app.rules.capabilities import Capability
from app.services.day_planning import read_day_planning

blueprint = Blueprint("day", __name__)


@blueprint.get("")
@requires(Capability.VIEW_DAY_PLANNING)
def show() -> Response:
    """The planning of a day, today's without a date."""
    day = read_day(request.args.get("jour"), clock.today())
    planning = read_day_planning(day, request.args.get("activite", type=int))
    activity_id = planning.asked[0] if planning.asked else None
    hrefs = {
        "previous": url_for("staff.day.show", jour=day - timedelta(days=1), activite=activity_id),
        "today": url_for("staff.day.show", activite=activity_id),
        "next": url_for("staff.day.show", jour=day + timedelta(days=1), activite=activity_id),
        "open": url_for("staff.day.show", jour=planning.next_open_day, activite=activity_id),
        "all": url_for("staff.day.show", jour=day),
    }
    is_today = day == clock.today()
    return render_page("staff/day/show.html", layout="staff", planning=planning, hrefs=hrefs, is_today=is_today)
