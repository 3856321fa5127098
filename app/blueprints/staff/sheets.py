"""« Fiches et états »: what the teams print or look up for a day."""

from dataclasses import dataclass
from datetime import date

from flask import Blueprint, Response, request, url_for

from app import clock
from app.access import (
    current_account,
    current_capabilities,
    reached_activities,
    record_health_access,
    requires,
)
from app.database import db
from app.downloads import send_made
from app.filters import spaced
from app.forms.bookings import read_day
from app.forms.sheets import asked_words, read_asked
from app.htmx import render_page
from app.jobs.pdfs import print_now
from app.rules.capabilities import Capability
from app.rules.sheets import MOST_CHILDREN, SheetKind, may_be_made
from app.services import presences, safety_sheets, sheet_papers
from app.services.safety_sheets import Expected
from app.services.sheet_scopes import SheetScope, sheet_scope

blueprint = Blueprint("sheets", __name__)


@dataclass(frozen=True, slots=True)
class Door:
    """A sheet, and what it is for."""

    label: str
    detail: str
    endpoint: str
    icon: str
    capability: Capability


DOORS = (
    Door(
        "Qui vient", "Le planning du jour ou de la semaine, à imprimer", "staff.day.show", "bookings",
        Capability.VIEW_DAY_PLANNING,
    ),
    Door(
        "Repas", spaced("Combien, de quel régime ; commander, voir ce qui a changé"), "staff.meals.show", "queue",
        Capability.PREPARE_MEALS,
    ),
    Door(
        "Urgence et sortie", spaced("Qui appeler, santé, autorisations : en PDF"), "staff.sheets.show_safety",
        "family", Capability.PRINT_SHEETS,
    ),
    Door(
        "Présents maintenant", spaced("Pour une évacuation : qui est là, qui chercher"), "staff.sheets.show_present",
        "family", Capability.VIEW_DAY_PLANNING,
    ),
    Door(
        "Occupation", "Places, places prises, attente, taux", "staff.occupancy.show", "history",
        Capability.VIEW_DAY_PLANNING,
    ),
    Door(
        "Présences du mois", "Présences et heures, enfant par enfant", "staff.attendance_months.show",
        "bookings", Capability.VIEW_DAY_PLANNING,
    ),
)  # fmt: skip


@blueprint.get("")
@requires(*(door.capability for door in DOORS))
def show() -> Response:
    """The sheets that this agent may have."""
    own = current_capabilities()
    return render_page(
        "staff/sheets/show.html", layout="staff",
        doors=[(door, url_for(door.endpoint)) for door in DOORS if door.capability in own],
    )  # fmt: skip


@blueprint.get("/securite")
@requires(Capability.PRINT_SHEETS)
def show_safety() -> Response:
    """The choice of an emergency or outing sheet, and who would stand on it; nothing about health yet."""
    day, scope, children = _expected()
    return render_page(
        "staff/sheets/safety.html", layout="staff", day=day, scope=scope, children=children, kinds=list(SheetKind),
        may_be_made=may_be_made(day, clock.today()), most=MOST_CHILDREN, asked=asked_words(read_asked(request.args)),
    )  # fmt: skip


@blueprint.get("/securite/pdf")
@requires(Capability.PRINT_SHEETS)
def safety_pdf() -> Response:
    """The sheet, made for this answer alone; that each child's health is read is noted before."""
    day, scope, children = _expected()
    asked = request.args.get("fiche", "")
    is_made = may_be_made(day, clock.today()) and 0 < len(children) <= MOST_CHILDREN
    if not is_made or asked not in list(SheetKind):
        return show_safety()
    kind = SheetKind(asked)
    record_health_access(*(child.child_id for child in children))
    lines = safety_sheets.safety_lines(kind, day, children)
    paper = sheet_papers.safety_paper(kind, day, scope.title, lines, current_account().display_name)
    db.session.rollback()  # no transaction stays open while the child process works
    content = print_now("safety_sheet.html", {"sheet": paper})
    return send_made(content, "application/pdf", f"fiche-{day.isoformat()}.pdf")


@blueprint.get("/presents")
@requires(Capability.VIEW_DAY_PLANNING)
def show_present() -> Response:
    """Who is there at this moment; the page asks for itself again, where JavaScript runs."""
    now = clock.now()
    reached = reached_activities(Capability.VIEW_DAY_PLANNING)
    scope = sheet_scope(reached, read_asked(request.args), now.date(), now.date())
    return render_page(
        "staff/sheets/present.html", layout="staff", scope=scope, now=now, sites=presences.present_now(scope, now),
        asked=asked_words(read_asked(request.args)),
    )  # fmt: skip


def _expected() -> tuple[date, SheetScope, tuple[Expected, ...]]:
    day = read_day(request.args.get("jour"), clock.today())
    scope = sheet_scope(reached_activities(Capability.PRINT_SHEETS), read_asked(request.args), day, day)
    return day, scope, safety_sheets.expected_children(day, scope)
