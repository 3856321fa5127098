"""« Planning du jour »: who comes on a day or in a week, on screen, on paper and for spreadsheets."""

from datetime import date, timedelta
from typing import Any

from flask import Blueprint, Response, request, url_for

from app import clock
from app.access import current_capabilities, reached_activities, requires
from app.database import db
from app.downloads import send_made, send_table
from app.forms.bookings import read_day
from app.forms.sheets import asked_words, read_asked
from app.htmx import render_page
from app.jobs.pdfs import print_now
from app.rules.calendars import week_of
from app.rules.capabilities import Capability
from app.services import sheet_papers
from app.services.day_planning import DayPlanning, WeekPlanning, read_day_planning, read_week_planning
from app.services.sheet_scopes import sheet_scope
from app.sheet_labels import called_words, leaving_words

blueprint = Blueprint("day", __name__)

WEEK = "semaine"


@blueprint.get("")
@requires(Capability.VIEW_DAY_PLANNING)
def show() -> Response:
    """The planning of a day or a week, today's without a date."""
    day, today = _day(), clock.today()
    step = timedelta(days=7 if _is_week() else 1)
    hrefs = {
        "previous": _address(jour=day - step),
        "today": _address(),
        "next": _address(jour=day + step),
        "all": url_for(".show", jour=day, vue=request.args.get("vue")),
    }
    planning = _week_planning() if _is_week() else _day_planning()
    if isinstance(planning, DayPlanning):
        hrefs["open"] = _address(jour=planning.next_open_day)
    return render_page(
        f"staff/day/{'week' if _is_week() else 'show'}.html", layout="staff", planning=planning, hrefs=hrefs, day=day,
        is_today=today in week_of(day) if _is_week() else day == today, is_week=_is_week(),
        files=_arguments(jour=day), called_words=called_words, leaving_words=leaving_words,
    )  # fmt: skip


@blueprint.get("/fichier")
@requires(Capability.VIEW_DAY_PLANNING)
def planning_file() -> Response:
    """The same for a spreadsheet."""
    table = sheet_papers.week_table(_week_planning()) if _is_week() else sheet_papers.day_table(_day_planning())
    return send_table(table, f"qui-vient-{_day().isoformat()}")


@blueprint.get("/pdf")
@requires(Capability.VIEW_DAY_PLANNING)
def planning_pdf() -> Response:
    """The same on paper."""
    if _is_week():
        paper = sheet_papers.week_paper(_day(), _week_planning())
    else:
        paper = sheet_papers.day_paper(_day_planning())
    db.session.rollback()  # no transaction stays open while the child process works
    content = print_now("who_comes.html", {"sheet": paper})
    return send_made(content, "application/pdf", f"qui-vient-{_day().isoformat()}.pdf")


def _day() -> date:
    return read_day(request.args.get("jour"), clock.today())


def _is_week() -> bool:
    return request.args.get("vue") == WEEK


def _day_planning() -> DayPlanning:
    day = _day()
    scope = sheet_scope(reached_activities(Capability.VIEW_DAY_PLANNING), read_asked(request.args), day, day)
    # Notes may be about health, and who collects a child is for who hands it over.
    return read_day_planning(day, scope, with_details=Capability.PRINT_SHEETS in current_capabilities())


def _week_planning() -> WeekPlanning:
    days = week_of(_day())
    reached = reached_activities(Capability.VIEW_DAY_PLANNING)
    return read_week_planning(days, sheet_scope(reached, read_asked(request.args), days[0], days[-1]))


def _arguments(**more: object) -> dict[str, Any]:
    return {**asked_words(read_asked(request.args)), "vue": WEEK if _is_week() else None, **more}


def _address(**more: object) -> str:
    return url_for(".show", **_arguments(**more))
