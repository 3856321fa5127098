"""« Présences du mois »: how many times and how many hours children came, on screen and for spreadsheets."""

from datetime import date

from flask import Blueprint, Response, request, url_for

from app import clock
from app.access import current_capabilities, reached_activities, requires
from app.downloads import send_table
from app.forms.months import chosen_month, months_offered
from app.forms.sheets import asked_words, read_asked
from app.htmx import render_page
from app.rules.capabilities import Capability
from app.services import attendance_months
from app.services.sheet_scopes import SheetScope, sheet_scope

blueprint = Blueprint("attendance_months", __name__)

_READERS = (Capability.VIEW_DAY_PLANNING, Capability.ISSUE_INVOICES)
"""Who knows the children of the day, and who invoices what they came for."""


@blueprint.get("")
@requires(*_READERS)
def show() -> Response:
    """The units of a month, the present one without a date."""
    month, scope = _asked()
    rows = attendance_months.read_month(scope, month)
    if Capability.VIEW_DAY_PLANNING in current_capabilities():
        back = ("Fiches et états", url_for("staff.sheets.show"))
    else:
        back = ("Régie", url_for("staff.cash_desks.show"))
    return render_page(
        "staff/attendance_months/show.html", layout="staff", rows=rows, scope=scope, month=month, back_link=back,
        months=months_offered(clock.today()), may_see_figures=Capability.VIEW_FIGURES in current_capabilities(),
        hours_of=attendance_months.hours_of,
        arguments={**asked_words(read_asked(request.args)), "mois": f"{month:%Y-%m}"},
    )  # fmt: skip


@blueprint.get("/fichier")
@requires(*_READERS)
def show_file() -> Response:
    """The same child by child, for a spreadsheet."""
    month, scope = _asked()
    return send_table(attendance_months.month_table(scope, month), f"presences-{month:%Y-%m}")


def _asked() -> tuple[date, SheetScope]:
    month = chosen_month(request.args.get("mois", ""), clock.today())
    reached = {
        activity.id: activity
        for capability in _READERS
        if capability in current_capabilities()
        for activity in reached_activities(capability)
    }
    scope = sheet_scope(tuple(reached.values()), read_asked(request.args), *attendance_months.month_span(month))
    return month, scope
