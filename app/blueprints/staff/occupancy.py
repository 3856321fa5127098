"""« Occupation »: how full the units of groups are, on screen and for spreadsheets."""

from datetime import date, timedelta
from typing import Any

from flask import Blueprint, Response, request, url_for

from app import clock
from app.access import reached_activities, requires
from app.downloads import send_table
from app.filters import day_long, month_long
from app.forms.bookings import read_day
from app.forms.sheets import asked_words, read_asked
from app.htmx import render_page
from app.rules.calendars import ONE_DAY, add_months, week_of
from app.rules.capabilities import Capability
from app.rules.occupancy import Level
from app.services import occupancy, sheet_papers
from app.services.sheet_scopes import SheetScope, sheet_scope

blueprint = Blueprint("occupancy", __name__)

DAY, WEEK, MONTH = "jour", "semaine", "mois"
VIEWS = {DAY: "le jour", WEEK: "la semaine", MONTH: "le mois"}


@blueprint.get("")
@requires(Capability.VIEW_DAY_PLANNING)
def show() -> Response:
    """The rows of a day, a week (this one's without a date) or a month."""
    first, last = _span()
    found = occupancy.read_occupancy(_scope(), first, last, _level(), request.args.get("page", 1, type=int))
    return render_page(
        "staff/occupancy/show.html", layout="staff", found=found, scope=_scope(), day=_day(), view=_view(),
        views=VIEWS, level=_level(), levels=[level for level in Level if level is not Level.UNLIMITED],
        when=_words(first), arguments=_arguments(), is_one_day=first == last,
        hrefs={name: url_for(".show", **_arguments(jour=day)) for name, day in _neighbours(first, last).items()},
    )  # fmt: skip


@blueprint.get("/fichier")
@requires(Capability.VIEW_DAY_PLANNING)
def occupancy_file() -> Response:
    """All rows for a spreadsheet."""
    first, last = _span()
    found = occupancy.read_occupancy(_scope(), first, last, _level(), None)
    return send_table(sheet_papers.occupancy_table(found.rows), f"occupation-{first.isoformat()}-{last.isoformat()}")


def _day() -> date:
    return read_day(request.args.get("jour"), clock.today())


def _view() -> str:
    asked = request.args.get("vue", WEEK)
    return asked if asked in VIEWS else WEEK


def _level() -> Level | None:
    asked = request.args.get("etat", "")
    return Level(asked) if asked in list(Level) else None


def _span() -> tuple[date, date]:
    day = _day()
    if _view() == DAY:
        return day, day
    if _view() == MONTH:
        first = day.replace(day=1)
        return first, add_months(first, 1) - ONE_DAY
    return week_of(day)[0], week_of(day)[-1]


def _neighbours(first: date, last: date) -> dict[str, date]:
    before = add_months(first, -1) if _view() == MONTH else first - timedelta(days=(last - first).days + 1)
    return {"previous": before, "next": last + ONE_DAY}


def _words(first: date) -> str:
    words = {DAY: day_long(first), WEEK: f"semaine du {day_long(first)}", MONTH: month_long(first)}
    return words[_view()]


def _scope() -> SheetScope:
    return sheet_scope(reached_activities(Capability.VIEW_DAY_PLANNING), read_asked(request.args), *_span())


def _arguments(**more: object) -> dict[str, Any]:
    level = _level()
    found = {**asked_words(read_asked(request.args)), "jour": _day().isoformat(), "vue": _view()}
    return {**found, "etat": level.value if level else None, **more}
